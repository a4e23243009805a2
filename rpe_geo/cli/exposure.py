"""`rpe-geo exposure`: whether each professional is shown as often as equal treatment would have it."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from rpe_geo.cli.screen import console, progress_bar
from rpe_geo.formats.records import read_requests
from rpe_geo.messages import explain
from rpe_geo.messages.french import number, plural
from rpe_geo.settings import Settings

__all__ = ["register"]

_NOTABLE = 3.0
"""Standard deviations of the lot beyond which a row is marked."""


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(exposure)


def exposure(
    requests: Annotated[
        Path | None,
        typer.Argument(help="Demandes (.json, .csv, .xlsx) ; par défaut celles du registre."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Suggestions montrées par demande.")] = 10,
    rows: Annotated[int, typer.Option(min=1, help="Lignes montrées.")] = 20,
    territory: Annotated[Path | None, typer.Option(help="Dossier du territoire.")] = None,
    database: Annotated[str | None, typer.Option(help="Base de données du registre.")] = None,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Jour tenu pour aujourd’hui.", show_default=False),
    ] = None,
) -> None:
    """Vérifier la neutralité : dire si chaque professionnel est montré autant que le sort le voudrait, à mérite égal."""
    from rpe_geo.wiring import open_relais

    today = date.today() if on is None else on.date()  # noqa: DTZ011 - the local day of the person who asks
    screen = console()
    with open_relais(Settings().override(territory=territory, database_url=database)) as relais:
        asked = relais.repository.requests() if requests is None else read_requests(requests)
        with progress_bar() as progress:
            counted, left_out = relais.exposure(asked, today=today, limit=limit, progress=progress)
    answered = plural(len(asked) - len(left_out), "demande")
    table = Table(title=f"Exposition sur {answered}, les écarts d’abord", title_justify="left")
    table.add_column("Professionnel")
    for title in ("Possible", "Montré", "Attendu", "Premier", "Attendu premier", "Écart-type"):
        table.add_column(title, justify="right")
    for provider_id, row in counted.head(rows).iterrows():
        table.add_row(
            str(provider_id),
            *(number(row[name], 0) for name in ("feasible", "shown")),
            number(row["expected"], 1),
            number(row["first"], 0),
            number(row["expected_first"], 1),
            number(row["z"], 1),
            style="bold" if abs(row["z"]) > _NOTABLE else None,
        )
    screen.print(table)
    notable = int((counted["z"].abs() > _NOTABLE).sum())
    screen.print(
        f"{plural(notable, 'écart')} de plus de {number(_NOTABLE)} écarts-types sur {plural(len(counted), 'professionnel')}."
    )
    for request, error in left_out:
        screen.print(f"{request.request_id} : sans réponse, {explain(error)}", style="dim")
