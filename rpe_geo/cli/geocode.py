"""`rpe-geo geocode`: a CSV file of addresses becomes one with places."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from rpe_geo.cli.screen import progress_bar
from rpe_geo.errors import InputError
from rpe_geo.geocoding.batch import BatchReport, OpenGeocoder, geocode_csv
from rpe_geo.geocoding.geoplateforme import GeoplateformeGeocoder
from rpe_geo.geocoding.local import LocalGeocoder
from rpe_geo.messages.french import number
from rpe_geo.settings import Settings

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(geocode)


def geocode(
    source: Annotated[Path, typer.Argument(help="Fichier CSV des adresses.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Fichier CSV à écrire.")],
    territory: Annotated[
        Path | None, typer.Option(help="Dossier du territoire (sinon RPE_TERRITORY).")
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(help="Colonne de l’adresse ; sans elle, reconnue : adresse, address…"),
    ] = None,
    postcode_column: Annotated[str | None, typer.Option(help="Colonne du code postal.")] = None,
    city_column: Annotated[str | None, typer.Option(help="Colonne de la commune.")] = None,
    online: Annotated[
        bool,
        typer.Option(
            "--online", help="Interroger la Géoplateforme (seules les adresses sont envoyées)."
        ),
    ] = False,
    processes: Annotated[
        int | None,
        typer.Option(min=1, help="Nombre de processus (sinon : les cœurs de la machine)."),
    ] = None,
) -> None:
    """Situer les adresses d’un fichier CSV : coordonnées, précision, et ce qui reste à vérifier."""
    settings = Settings()
    opened, single = _geocoder(settings, territory, online=online)
    with progress_bar() as progress:
        report = geocode_csv(
            source,
            output,
            opened,
            column=column,
            postcode_column=postcode_column,
            city_column=city_column,
            progress=progress,
            processes=1 if single else processes,
        )
    typer.echo(_summary(report, output))


def _geocoder(
    settings: Settings, territory: Path | None, *, online: bool
) -> tuple[OpenGeocoder, bool]:
    """Choose where to look; the online service is asked by one process only."""
    if online or (settings.geocoder == "geoplateforme" and territory is None):
        return partial(GeoplateformeGeocoder, settings.geoplateforme_url), True
    folder = territory or settings.territory
    if folder is None:
        raise InputError("geocode_no_territory")
    LocalGeocoder(folder / "addresses").close()  # an absent index is told before any process starts
    return partial(LocalGeocoder, folder / "addresses"), False


def _summary(report: BatchReport, output: Path) -> str:
    return (
        f"{number(report.rows)} adresses : {number(report.accepted)} situées, {number(report.review)} à vérifier, "
        f"{number(report.not_found)} introuvables. Résultat : {output}"
    )
