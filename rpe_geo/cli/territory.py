"""`rpe-geo territory build` and `rpe-geo territory info`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from rpe_geo.cli.screen import console, progress_bar
from rpe_geo.messages.french import number
from rpe_geo.territory import Territory, TerritoryInputs, build_territory

__all__ = ["register"]

_PART_NAMES = {
    "streets": "Rues",
    "addresses": "Adresses",
    "communes": "Communes",
    "transit": "Transports en commun",
    "facilities": "Établissements",
}

group = typer.Typer(no_args_is_help=True, help="Construire ou décrire un territoire sur disque.")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(group, name="territory")


@group.command()
def build(
    directory: Annotated[Path, typer.Argument(help="Dossier du territoire à créer.")],
    streets: Annotated[
        Path | None, typer.Option(help="Rues : fichier .osm.pbf, ou graphe osmnx .graphml.")
    ] = None,
    addresses: Annotated[
        list[Path] | None,
        typer.Option(help="Adresses au format BAN ou BANO (.csv, .csv.gz) ; répétable."),
    ] = None,
    communes: Annotated[Path | None, typer.Option(help="Communes (.parquet).")] = None,
    contours: Annotated[Path | None, typer.Option(help="Contours des communes (.parquet).")] = None,
    cog: Annotated[
        Path | None,
        typer.Option(
            help="Code officiel géographique (.json.gz) : codes postaux, anciennes communes."
        ),
    ] = None,
    code: Annotated[
        list[str] | None,
        typer.Option(help="Commune à garder (code INSEE) ; répétable. Ne filtre jamais les rues."),
    ] = None,
    gtfs: Annotated[Path | None, typer.Option(help="Transports en commun (GTFS .zip).")] = None,
    facilities: Annotated[
        Path | None, typer.Option(help="Crèches et autres lieux (.geojson).")
    ] = None,
) -> None:
    """Construire un territoire à partir de données ouvertes."""
    inputs = TerritoryInputs(
        streets=streets,
        addresses=tuple(addresses or ()),
        communes=communes,
        contours=contours,
        cog=cog,
        gtfs=gtfs,
        facilities=facilities,
        codes=tuple(code or ()),
    )
    with progress_bar() as progress:
        territory = build_territory(directory, inputs, progress=progress)
    _show(territory)


@group.command()
def info(
    directory: Annotated[Path, typer.Argument(help="Dossier du territoire.")],
) -> None:
    """Dire ce que contient un territoire, avec ses sources, licences et dates."""
    _show(Territory.open(directory))


def _show(territory: Territory) -> None:
    screen = console()
    screen.print(
        f"Territoire [bold]{territory.directory}[/bold], construit le {territory.manifest['built_at']}"
    )
    contents = Table(title="Contenu", title_justify="left")
    contents.add_column("Partie")
    contents.add_column("Détail", overflow="fold")
    for part, figures in territory.contents.items():
        contents.add_row(_PART_NAMES[part], _figures(figures))
    screen.print(contents)
    sources = Table(title="Sources", title_justify="left")
    for title in ("Fichier", "Producteur", "Licence", "Date"):
        sources.add_column(title, overflow="fold")
    for source in territory.sources:
        sources.add_row(source.file, source.producer, source.licence, source.date)
    screen.print(sources)


def _figures(figures: dict[str, object]) -> str:
    """Write the simple figures of a part on one line; nested ones are for `territory.json`."""
    shown = []
    for name, value in figures.items():
        label = name.replace("_", " ")
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            shown.append(f"{label} {number(value)}")
        elif isinstance(value, str):
            shown.append(f"{label} {value}")
        elif isinstance(value, dict) and all(isinstance(v, (int, float)) for v in value.values()):
            inner = ", ".join(f"{key} {number(v)}" for key, v in value.items())
            shown.append(f"{label} ({inner})" if inner else f"{label} –")
    return " · ".join(shown)
