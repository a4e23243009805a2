"""The list of a family's search as a table to keep; masked homes stay masked."""

from __future__ import annotations

import csv
import io

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from api.dependencies import ServiceDep, TodayDep
from api.pages.accounts.sign_in import OwnForm
from api.pages.family.search_form import LISTED, Search
from maps.cards import Card
from maps.suggestions import suggestion_places
from rpe_geo.errors import InputError
from rpe_geo.formats.values import TEXT

__all__ = ["router"]

router = APIRouter()
_COLUMNS = (
    "nom",
    "type",
    "adresse",
    "trajet",
    "part_des_horaires",
    "a_partir_du",
    "reste_a_charge_par_mois",
    "telephone",
    "courriel",
)


@router.post("/liste.csv")
def list_as_csv(service: ServiceDep, today: TodayDep, form: OwnForm) -> Response:
    """Give the places of a search, as they stand in the page."""
    asked = Search.read(form)
    if asked.faults:
        return RedirectResponse("/", 303)
    try:
        answer = service.public.suggest(asked.request(), today=today, limit=LISTED)
    except InputError:
        return RedirectResponse("/", 303)
    _, cards = suggestion_places(
        answer.suggestions,
        answer.providers,
        answer.home,
        known=service.public_registry.places(),
        request=answer.request,
        today=today,
    )
    text = io.StringIO()
    table = csv.writer(text, delimiter=";", lineterminator="\r\n")
    table.writerow(_COLUMNS)
    table.writerows([TEXT.to_cell(cell) or "" for cell in _row(card)] for card in cards)
    return Response(
        text.getvalue().encode("utf-8-sig"),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="lieux-d-accueil.csv"'},
    )


def _row(card: Card) -> list[str]:
    suggestion, contact = card.suggestion, card.provider.contact
    cost, start = suggestion.cost, suggestion.verdict.start
    return [
        card.name,
        card.what,
        card.place.address or "",
        card.travel,
        f"{round(100 * float(suggestion.verdict.hours_share))} %",
        "" if start is None else start.isoformat(),
        "" if cost is None else f"{cost.reste_a_charge:.0f}",
        contact.phone or "",
        contact.email or "",
    ]
