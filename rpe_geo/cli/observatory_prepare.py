"""`rpe-geo observatory prepare`: official files as published → the tables that `build` reads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rpe_geo.cli.screen import console
from rpe_geo.messages import phrase

__all__ = ["prepare_tables"]

Files = list[Path] | None


def prepare_tables(
    directory: Annotated[Path, typer.Argument(help="Dossier des tables à écrire.")],
    cog: Annotated[
        Files,
        typer.Option(
            help="Communes : v_commune, v_mvt_commune, composition des EPCI (INSEE), geo.api.gouv.fr ; répétable."
        ),
    ] = None,
    contours: Annotated[
        Files, typer.Option(help="Contours des communes (ADMIN EXPRESS, Etalab) ; répétable.")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Couche des communes dans --contours.")] = None,
    crs: Annotated[
        str | None,
        typer.Option(help="Système de coordonnées de contours qui n’en disent pas : EPSG:2154…"),
    ] = None,
    places: Annotated[
        Files,
        typer.Option(help="CNAF : nbpla_pe_X et txcouv_pe_X, _hist, CSV ou JSON ; répétable."),
    ] = None,
    births: Annotated[
        Files, typer.Option(help="Naissances par commune (INSEE, Melodi ou antérieur) ; répétable.")
    ] = None,
    ages: Annotated[
        Path | None, typer.Option(help="Population par âge détaillé (INSEE, Melodi).")
    ] = None,
    iris: Annotated[
        Files, typer.Option(help="IRIS : contours (IGN) et population par âge (INSEE) ; répétable.")
    ] = None,
    grid: Annotated[Path | None, typer.Option(help="Carreaux de 200 m (INSEE, Filosofi).")] = None,
    approvals: Annotated[
        Path | None,
        typer.Option(help="Agréments par département et année (DREES), pour les projections."),
    ] = None,
    year: Annotated[
        int | None, typer.Option(help="Année des places ; par défaut la dernière publiée.")
    ] = None,
    epci: Annotated[
        list[str] | None, typer.Option(help="Intercommunalité voulue (SIREN) ; répétable.")
    ] = None,
    code: Annotated[
        list[str] | None, typer.Option(help="Commune voulue (code INSEE) ; répétable.")
    ] = None,
    departement: Annotated[
        list[str] | None, typer.Option(help="Toutes les communes d’un département ; répétable.")
    ] = None,
) -> None:
    """Mettre les fichiers officiels, tels que publiés, sous la forme que lisent « build » et le territoire."""
    from rpe_geo.open_data.prepare import OfficialFiles, prepare

    files = OfficialFiles(
        cog=tuple(cog or ()),
        contours=tuple(contours or ()),
        layer=layer,
        crs=crs,
        places=tuple(places or ()),
        births=tuple(births or ()),
        ages=ages,
        iris=tuple(iris or ()),
        grid=grid,
        approvals=approvals,
    )
    done = prepare(
        files, year=year, codes=code or (), epcis=epci or (), departements=departement or ()
    )
    done.write(directory)
    screen = console()
    for file, what in done.read:
        screen.print(f"{file} : {what}", highlight=False)
    for note in done.notes:
        typer.echo(phrase(note.code, **note.values), err=True)
    names = ", ".join(done.tables)
    screen.print(f"Tables écrites dans {directory} : {names}", highlight=False)
