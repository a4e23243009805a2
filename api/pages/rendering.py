"""Templates: French dates and figures in them, and errors of a page as a page."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from xstatic.pkg import leaflet

from maps.folium_page import script_json
from maps.ribbon import week_ribbon
from maps.style import mark_svg
from rpe_geo.desk.accounts import home_of, reads_observatory, works_on_requests
from rpe_geo.messages import MESSAGES
from rpe_geo.messages.french import (
    curly_page,
    day,
    hours,
    minutes,
    number,
    plural,
    short_day,
    typeset,
)
from rpe_geo.messages.rules import french_hours

__all__ = ["SessionNeeded", "render"]

PARIS = ZoneInfo("Europe/Paris")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
"""A link of the published rules, which are Markdown first."""
_TEMPLATES = Path(__file__).resolve().parents[1] / "templates"


class SessionNeeded(Exception):
    """Somebody must sign in first."""


def _euros(value: float) -> str:
    return f"{number(round(value))} €"


def _ago(moment: datetime | None) -> str:
    """Write how long ago something was: « il y a 2 h », « hier », « 18 nov. »."""
    if moment is None:
        return "importée"
    elapsed = datetime.now(moment.tzinfo) - moment
    if elapsed.total_seconds() < 3600:
        return f"il y a {max(1, round(elapsed.total_seconds() / 60))} min"
    if elapsed.days < 1:
        return f"il y a {round(elapsed.total_seconds() / 3600)} h"
    return "hier" if elapsed.days == 1 else short_day(moment.astimezone(PARIS).date())


def _moment(moment: datetime) -> str:
    local = moment.astimezone(PARIS)
    return f"{day(local.date())} à {hours(local.hour * 4)[:-1]}h {local.minute:02d}"


def _clock(moment: datetime) -> str:
    local = moment.astimezone(PARIS)
    return f"{local.hour}\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}{local.minute:02d}"


def _iso(value: date | None) -> str:
    return "" if value is None else value.isoformat()


_environment = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {
    "jour": day,
    "jour_court": short_day,
    "minutes": minutes,
    "nombre": number,
    "euros": _euros,
    "heures": lambda quarters: hours(round(quarters)),
    "horaires": french_hours,
    "depuis": _ago,
    "moment": _moment,
    "heure": _clock,
    "iso": _iso,
    "reste": lambda session: session.seconds_left(datetime.now(UTC)),
    "typo": typeset,
    "sans_marques": lambda text: _LINK.sub(r"\1", text).replace("`", ""),
}
_environment.globals |= {
    "pluriel": plural,
    "semaine": lambda *given, **options: Markup(week_ribbon(*given, **options)),  # noqa: S704 - its words are escaped there
    "repere": lambda *given: Markup(mark_svg(*given)),  # noqa: S704 - the same
    "donnees": lambda value: Markup(script_json(value)),  # noqa: S704 - escaped for a script element
    "leaflet": leaflet.VERSION,
    "mot": lambda code: MESSAGES[code],
    "suit_les_demandes": works_on_requests,
    "lit_l_observatoire": reads_observatory,
    "accueil_pro": home_of,
}


def render(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """
    Render a page.

    Parameters
    ----------
    request
        Whose state holds the service.
    template
        Name of the template.
    status
        HTTP status.
    headers
        More headers of the answer.
    **values
        What the template names.
    """
    settings = request.state.desk.settings
    # An error is shown to whoever is signed in with her own navigation.
    values.setdefault("session", getattr(request.state, "session", None))
    page = _environment.get_template(template).render(
        relais=settings.relais_name, telephone=settings.relais_phone, **values
    )
    return HTMLResponse(curly_page(page), status, headers=headers)
