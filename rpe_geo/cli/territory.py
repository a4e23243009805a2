"""`rpe-geo territory build` and `rpe-geo territory info`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from rpe_geo.cli.areas import codes_of_epcis
from rpe_geo.cli.recognition import tell_recognition
from rpe_geo.cli.screen import console, progress_bar
from rpe_geo.messages import phrase
from rpe_geo.messages.french import number
from rpe_geo.territory import Territory, TerritoryInputs, build_territory

__all__ = ["register", "show"]

_PART_NAMES = {
    "streets": "Rues",
    "addresses": "Adresses",
    "communes": "Communes",
    "transit": "Transports en commun",
    "facilities": "Établissements",
    "tables": "Tables de l’observatoire",
}

_FIGURE_NAMES = {
    "addresses": "adresses",
    "streets": "voies",
    "communes": "communes",
    "contours": "contours",
    "ways": "rues",
    "nodes": "carrefours",
    "edges": "tronçons",
    "restrictions": "interdictions de tourner",
    "areas": "places traversées",
    "areas_incomplete": "places au contour incomplet",
    "stops": "arrêts",
    "trips": "courses",
    "valid_from": "du",
    "valid_until": "au",
    "facilities": "lieux",
    "tables": "tables",
    "network_version": "version",
}
_MODES = {"walk": "à pied", "bike": "à vélo", "car": "en voiture", "pushchair": "en poussette"}

group = typer.Typer(no_args_is_help=True, help="Construire ou décrire un territoire sur disque.")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    from rpe_geo.cli.territory_fetch import fetch, update

    group.command()(fetch)
    group.command()(update)
    app.add_typer(group, name="territory")


@group.command()
def build(
    directory: Annotated[Path, typer.Argument(help="Dossier du territoire à créer.")],
    streets: Annotated[
        Path | None, typer.Option(help="Rues : fichier .osm.pbf, ou graphe osmnx .graphml.")
    ] = None,
    addresses: Annotated[
        list[Path] | None,
        typer.Option(
            help="Adresses : BAN, lieux-dits, base adresse locale, BANO, addok ou GeoJSON, .gz ou non ; répétable."
        ),
    ] = None,
    communes: Annotated[Path | None, typer.Option(help="Communes (.parquet).")] = None,
    contours: Annotated[
        Path | None,
        typer.Option(help="Contours des communes (.parquet, .gpkg, .shp, .zip, .geojson…)."),
    ] = None,
    layer: Annotated[
        str | None, typer.Option(help="Couche des contours, dans un fichier qui en a plusieurs.")
    ] = None,
    crs: Annotated[
        str | None,
        typer.Option(help="Système de coordonnées de contours qui n’en disent pas : EPSG:2154…"),
    ] = None,
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
    gtfs: Annotated[
        list[Path] | None, typer.Option(help="Transports en commun (GTFS .zip) ; répétable.")
    ] = None,
    epci: Annotated[
        list[str] | None,
        typer.Option(help="Intercommunalité à garder (SIREN), avec --communes ; répétable."),
    ] = None,
    facilities: Annotated[
        Path | None,
        typer.Option(
            help="Crèches et autres lieux, comme ils sont publiés (GeoJSON, CSV, Excel…)."
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="Colonne à lire dans --facilities : « nom=EQUIP_NOM » ; répétable."),
    ] = None,
) -> None:
    """Construire un territoire à partir de données ouvertes."""
    codes = [*(code or ()), *codes_of_epcis(communes, epci or ())]
    inputs = TerritoryInputs(
        streets=streets,
        addresses=tuple(addresses or ()),
        communes=communes,
        contours=contours,
        cog=cog,
        gtfs=tuple(gtfs or ()),
        facilities=facilities,
        codes=tuple(dict.fromkeys(codes)),
        columns=tuple(column or ()),
        contours_layer=layer,
        crs=crs,
    )
    with progress_bar() as progress:
        territory = build_territory(directory, inputs, progress=progress, report=tell_recognition)
    show(territory)


def _say_what_was_left_out(territory: Territory) -> None:
    """Say on stderr, reason by reason, what of the timetables could not be used."""
    transit = territory.contents.get("transit", {})
    for reason, told in transit.get("left_out", {}).items():
        named = ", ".join(told["named"]) + (", …" if told["count"] > len(told["named"]) else "")
        typer.echo(
            phrase(f"gtfs_left_{reason}", count=number(told["count"]), named=named), err=True
        )
    if transit.get("pathways"):
        typer.echo(phrase("gtfs_pathways", count=number(transit["pathways"])), err=True)
    if transit and not transit.get("trips"):
        typer.echo(phrase("gtfs_nothing_runs", file=transit["source"]), err=True)


@group.command()
def info(
    directory: Annotated[Path, typer.Argument(help="Dossier du territoire.")],
) -> None:
    """Dire ce que contient un territoire, avec ses sources, licences et dates."""
    show(Territory.open(directory))


def show(territory: Territory) -> None:
    """Print what a territory holds and where it comes from."""
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
    for note in territory.contents.get("communes", {}).get("notes", ()):
        screen.print(phrase(note["code"], **note["values"]), markup=False)
    for line in _address_remarks(territory.contents.get("addresses", {})):
        screen.print(line, markup=False)
    sources = Table(title="Sources", title_justify="left")
    for title in ("Fichier", "Producteur", "Licence", "Date du fichier"):
        sources.add_column(title, overflow="fold")
    for source in territory.sources:
        sources.add_row(source.file, source.producer, source.licence, source.date)
    screen.print(sources)
    _say_what_was_left_out(territory)


def _address_remarks(figures: dict[str, Any]) -> list[str]:
    """Say what was mended or left out of the address files, one line a kind."""
    remarks = [
        f"{Path(source['file']).name} : {phrase(f'addresses_mended_{code}', rows=number(count))}"
        for source in figures.get("sources", ())
        for code, count in source.get("mended", {}).items()
    ]
    left_out = [
        f"{phrase(f'addresses_rejected_{code}')} : {number(count)}"
        for code, count in figures.get("rejected", {}).items()
    ]
    return remarks + ([f"Lignes d’adresses écartées : {', '.join(left_out)}"] if left_out else [])


def _figures(figures: dict[str, object]) -> str:
    """Write the figures that a reader knows; all of them are in `territory.json`."""
    shown = []
    for name, label in _FIGURE_NAMES.items():
        value = figures.get(name)
        if isinstance(value, dict):
            inner = ", ".join(f"{_MODES.get(key, key)} {number(v)}" for key, v in value.items())
            shown.append(f"{label} : {inner}" if inner else f"{label} : aucun")
        elif isinstance(value, (int, float)):
            shown.append(f"{label} : {number(value)}")
        elif isinstance(value, str) and value:
            shown.append(f"{label} : {value}")
    return " · ".join(shown)
