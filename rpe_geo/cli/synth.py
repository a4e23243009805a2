"""`rpe-geo synth`: an invented registry, or the demonstration territory itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from rpe_geo.cli.screen import console, progress_bar
from rpe_geo.errors import InputError, Where
from rpe_geo.formats.records import read_facilities
from rpe_geo.messages.french import number
from rpe_geo.settings import Settings
from rpe_geo.synthetic.places import demonstration_places, places_of_territory
from rpe_geo.synthetic.registry import make_registry, write_registry
from rpe_geo.territory import Territory

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(synth)


def synth(
    directory: Annotated[Path, typer.Argument(help="Dossier à remplir.")],
    childminders: Annotated[
        int | None, typer.Option(help="Nombre d’assistant·es maternel·les.", show_default=False)
    ] = None,
    requests: Annotated[
        int | None, typer.Option(help="Nombre de demandes.", show_default=False)
    ] = None,
    territory: Annotated[
        Path | None,
        typer.Option(
            help="Territoire dont on prend les adresses (par défaut RPE_TERRITORY, sinon la démonstration)."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Graine : la même redonne les mêmes données.")] = 0,
    on: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Date du jour, AAAA-MM-JJ (par défaut aujourd’hui)."),
    ] = None,
    demonstration: Annotated[
        bool,
        typer.Option("--demonstration", help="Dessiner le territoire de démonstration lui-même."),
    ] = False,
) -> None:
    """Inventer un registre de toute taille : aucune personne réelle."""
    screen = console()
    if demonstration:
        from rpe_geo.synthetic.demonstration import write_demonstration

        with progress_bar() as progress:
            for path in write_demonstration(directory, seed=seed, progress=progress):
                screen.print(str(path))
        return
    if childminders is None or requests is None:
        raise InputError("synthetic_counts_missing")
    today = _day(on)
    chosen = territory or Settings().territory
    facilities = None
    if chosen is None:
        places = demonstration_places()
    else:
        opened = Territory.open(chosen)
        places = places_of_territory(chosen, seed)
        if opened.facilities is not None:
            facilities = read_facilities(opened.facilities)
    with progress_bar() as progress:
        registry = make_registry(
            places,
            childminders=childminders,
            requests=requests,
            seed=seed,
            on=today,
            facilities=facilities,
            progress=progress,
        )
    paths = write_registry(registry, directory)
    parts = (registry.childminders, registry.mams, registry.facilities, registry.requests)
    for path, records in zip(paths, parts, strict=True):
        screen.print(f"{path} : {number(len(records))}")


def _day(text: str | None) -> date:
    if text is None:
        return date.today()  # noqa: DTZ011 - the local calendar day of the person at the keyboard
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError("synthetic_date", where=Where(field="--on"), value=text) from None
