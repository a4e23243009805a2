"""`rpe-geo scenario`: what a change of the supply does to the families who ask today."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rpe_geo.cli.screen import console, progress_bar, write_whole
from rpe_geo.errors import InputError
from rpe_geo.messages import phrase
from rpe_geo.settings import Settings

if TYPE_CHECKING:
    from rpe_geo.relais.scenario import Zones

__all__ = ["register"]

_ENDINGS = (".json", ".html", ".pdf")


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(scenario)


def scenario(
    scenarios: Annotated[list[Path], typer.Argument(help="Scénarios (.json), un ou plusieurs.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Résultat : .json, .html ou .pdf.")
    ],
    requests: Annotated[
        Path | None, typer.Option(help="Demandes ; par défaut celles du registre.")
    ] = None,
    observatory: Annotated[
        Path | None,
        typer.Option(help="Dossier d’« observatory build » : accès par zone, avant et après."),
    ] = None,
    ages: Annotated[
        Path | None, typer.Option(help="Année de naissance des professionnelles : id, birth_year.")
    ] = None,
    desk: Annotated[
        bool, typer.Option("--desk", help="Pour le relais seul : effectifs exacts et identifiants.")
    ] = False,
    draws: Annotated[int, typer.Option(help="Tirages pour les fourchettes.", min=0, max=1000)] = 20,
    seed: Annotated[int, typer.Option(help="Graine des tirages.", min=0)] = 0,
    territory: Annotated[Path | None, typer.Option(help="Dossier du territoire.")] = None,
    database: Annotated[str | None, typer.Option(help="Base de données du registre.")] = None,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Jour tenu pour aujourd’hui.", show_default=False),
    ] = None,
) -> None:
    """Rejouer les demandes réelles sur une offre changée : qui gagne, qui perd, où l’accès change."""
    from rpe_geo.formats.records import read_requests
    from rpe_geo.formats.scenarios import read_scenario
    from rpe_geo.planning.changes import Supply
    from rpe_geo.publishing.scenario_report import scenario_document, scenario_report
    from rpe_geo.relais.location import place_of
    from rpe_geo.relais.scenario import replay
    from rpe_geo.wiring import open_relais

    ending = output.suffix.lower()
    if ending not in _ENDINGS:
        raise InputError("observatory_ending", given=output.name, known=list(_ENDINGS))
    today = date.today() if on is None else on.date()  # noqa: DTZ011 - the local day of the person who asks
    with open_relais(Settings().override(territory=territory, database_url=database)) as relais:

        def find(address: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
            return place_of(address, relais.geocoder, field="address", accept_review=True).point

        written = [read_scenario(path, find) for path in scenarios]
        store = relais.repository
        supply = Supply(tuple(store.childminders()), tuple(store.mams()), tuple(store.facilities()))
        asked = store.requests() if requests is None else read_requests(requests)
        with progress_bar() as progress:
            replayed = replay(
                written,
                supply,
                asked,
                relais.engine,
                relais.geocoder,
                today=today,
                zones=None if observatory is None else _zones(observatory),
                ages=None if ages is None else _ages(ages),
                draws=draws,
                seed=seed,
                progress=progress,
            )
    documents = [scenario_document(one, desk=desk) for one in replayed]
    if ending == ".json":
        content = {"scenarios": documents} if len(documents) > 1 else documents[0]
        text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)
        write_whole(output, text + "\n")
    else:
        report = scenario_report(replayed, on=today)
        if ending == ".html":
            from rpe_geo.publishing.report_html import report_html

            write_whole(output, report_html(report))
        else:
            from rpe_geo.publishing.report_pdf import report_pdf

            write_whole(output, report_pdf(report))
    screen = console()
    for document in documents:
        families = document["families"]
        gain, lose = (
            "moins de 5" if families[side] is None else families[side] for side in ("gain", "lose")
        )
        screen.print(
            phrase("scenario_answer", title=document["title"], gain=gain, lose=lose),
            highlight=False,
        )
    if replayed[0].left_out:
        typer.echo(phrase("scenario_left_out", count=len(replayed[0].left_out)), err=True)
    screen.print(f"Résultat : {output}", highlight=False)


def _zones(directory: Path) -> Zones:
    """Take children, points and decay from an observatory."""
    from rpe_geo.observatory.decay import parse_decay
    from rpe_geo.open_data.observatory_files import read_observatory
    from rpe_geo.relais.scenario import Zones

    found = read_observatory(directory)
    zones = found.zones[~found.zones.geometry.isna()]
    return Zones(
        zones["children"].astype(float),
        zones.geometry.representative_point(),
        zones["nom"].astype(str),
        parse_decay(str(found.parameters["decay"])),
        str(found.parameters.get("mode", "car")),
    )


def _ages(path: Path) -> dict[str, int]:
    from rpe_geo.open_data.access_tables import read_amounts

    years = read_amounts(path, "birth_year", empty_allowed=True).dropna()
    return {str(name): int(year) for name, year in years.items()}
