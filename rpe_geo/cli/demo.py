"""`rpe-geo demo`: the whole journey on the demonstration territory, from open-data files to a map."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from rpe_geo.cli.screen import console, progress_bar, write_whole
from rpe_geo.cli.suggest import print_answer
from rpe_geo.domain import Child, Household, Request
from rpe_geo.formats.records import read_facilities, write_requests
from rpe_geo.messages.french import number, plural
from rpe_geo.relais import Relais
from rpe_geo.schedule import Timetable
from rpe_geo.settings import Settings
from rpe_geo.synthetic.places import demonstration_folder, places_of_territory
from rpe_geo.synthetic.registry import make_registry, write_registry
from rpe_geo.territory import Territory, TerritoryInputs, build_territory

__all__ = ["register"]

_CHILDMINDERS, _REQUESTS = 120, 30
_OBSERVED_YEAR = 2020
"""The year of the places in the demonstration's communes, as in the CNAF's files."""

_ADDRESS = "3 rue des Ferronniers, 96100 Montvernelle-sur-Aubrelle"
"""Of the demonstration territory, as a parent types it."""


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(demo)


def demo(
    directory: Annotated[Path, typer.Option(help="Dossier à remplir.")] = Path("demo"),
) -> None:
    """Construire le territoire de démonstration et classer des professionnels pour une famille."""
    from rpe_geo.wiring import open_relais

    screen, today = console(), date.today()  # noqa: DTZ011 - the local day of the person who looks
    screen.print("Un territoire inventé, des personnes inventées : rien ici n’est réel.\n")
    territory = _build(directory / "territoire", screen)
    settings = Settings().override(
        territory=territory.directory,
        database_url=f"sqlite:///{(directory / 'registre.sqlite').resolve()}",
        tiles_url="",  # the ground of a fictive territory is its own streets
    )
    family = _family(today)
    with open_relais(settings, create=True) as relais:
        _fill(relais, territory, directory, screen, today)
        write_requests([family], directory / "demande.json")
        answer = relais.suggest(family, today=today, limit=8)
        print_answer(answer, screen)

        from rpe_geo.publishing.suggestion_page import suggestion_page

        page = suggestion_page(answer, relais, territory, settings, today=today)
    map_file = directory / "carte-famille.html"
    write_whole(map_file, page)
    screen.print(f"\n[bold]La carte de cette famille[/bold] : {map_file.resolve()}")
    coverage_file = directory / "carte-observatoire.html"
    write_whole(coverage_file, _observe(directory / "observatoire"))
    screen.print(f"[bold]La carte de l’observatoire[/bold] : {coverage_file.resolve()}")
    _what_next(directory, screen)


def _build(directory: Path, screen: Console) -> Territory:
    files = demonstration_folder()
    inputs = TerritoryInputs(
        streets=files / "streets.osm.pbf",
        addresses=(files / "addresses.csv.gz",),
        communes=files / "communes.parquet",
        contours=files / "contours.parquet",
        cog=files / "communes-cog.json.gz",
        gtfs=files / "gtfs.zip",
        facilities=files / "facilities.geojson",
    )
    with progress_bar() as progress:
        territory = build_territory(directory, inputs, progress=progress)
    addresses = territory.contents["addresses"]["addresses"]
    communes = territory.contents["communes"]["communes"]
    screen.print(
        f"Territoire construit : {plural(communes, 'commune')}, {plural(addresses, 'adresse')}."
    )
    return territory


def _fill(
    relais: Relais, territory: Territory, directory: Path, screen: Console, today: date
) -> None:
    """Replace the registry by an invented one."""
    registry = make_registry(
        places_of_territory(territory.directory),
        childminders=_CHILDMINDERS,
        requests=_REQUESTS,
        on=today,
        facilities=None if territory.facilities is None else read_facilities(territory.facilities),
    )
    write_registry(registry, directory / "registre")
    relais.repository.save(
        childminders=registry.childminders,
        mams=registry.mams,
        facilities=registry.facilities,
        requests=registry.requests,
    )
    screen.print(
        f"Registre rempli : {number(len(registry.childminders))} assistantes et assistants maternels, "
        f"{number(len(registry.mams))} MAM, {plural(len(registry.facilities), 'établissement')}."
    )


def _family(today: date) -> Request:
    """Imagine a family who works from Monday to Thursday and looks for the coming months."""
    start = today + timedelta(days=42)
    return Request(
        request_id="DEMO",
        children=(Child(birth_date=today - timedelta(days=200)),),
        start=start + timedelta(days=-start.weekday() % 7),
        start_tolerance_days=14,
        schedule=Timetable.parse("Mo,Tu,Th,Fr 08:00-17:30"),
        address=_ADDRESS,
        mode="walk",
        max_minutes=20,
        preferences={"travel": 2, "garden": 1},
        household=Household(monthly_income=3000, children_at_charge=1),
    )


def _observe(directory: Path) -> str:
    """Measure the places for the children of each commune, and draw them."""
    from maps.coverage import coverage_map
    from rpe_geo.observatory.inputs import Study
    from rpe_geo.observatory.results import Source
    from rpe_geo.open_data.build import ObservatoryFiles, build_observatory
    from rpe_geo.open_data.commune_files import CommuneFiles
    from rpe_geo.open_data.observatory_files import write_observatory

    files = demonstration_folder()
    own = CommuneFiles(communes=files / "communes.parquet", contours=files / "contours.parquet")
    observatory = build_observatory(ObservatoryFiles(own), Study(year=_OBSERVED_YEAR))
    # Nothing here comes from the producers that such files usually have.
    observatory = replace(
        observatory,
        parameters=observatory.parameters | {"title": observatory.zones["epci_nom"].iloc[0]},
        sources=(
            Source("Territoire de démonstration", "Territoire fictif de rpe_geo", "MIT", "2026"),
        ),
    )
    write_observatory(observatory, directory)
    page: str = coverage_map(observatory).get_root().render()
    return page


def _what_next(directory: Path, screen: Console) -> None:
    territory = directory / "territoire"
    database = f"sqlite:///{directory / 'registre.sqlite'}"
    screen.print(
        "\n[bold]Et maintenant[/bold]\n"
        f"  rpe-geo territory info {territory}\n"
        f"  rpe-geo suggest {directory / 'demande.json'} --territory {territory} --database {database} --format json\n"
        f"  rpe-geo observatory report {directory / 'observatoire'} -o {directory / 'rapport.pdf'}\n"
        f"  RPE_TERRITORY={territory} RPE_DATABASE_URL={database} rpe-geo serve\n"
        "  (la commande est dans .venv/bin/rpe-geo ; chaque commande a --help)",
        soft_wrap=True,
        highlight=False,
    )
