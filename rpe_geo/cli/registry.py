"""`rpe-geo import`, `rpe-geo registry info` and `rpe-geo registry export`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from rpe_geo.cli.screen import console, progress_bar
from rpe_geo.formats.records import KINDS, RecordKind, examine, write_records
from rpe_geo.messages import explain, phrase
from rpe_geo.messages.french import number, plural
from rpe_geo.protocols import Geocoder
from rpe_geo.relais.registry import ImportReport, import_records, records_of
from rpe_geo.settings import Settings
from rpe_geo.storage.repository import SqlRepository, open_repository

__all__ = ["register"]

_KIND_NAMES: dict[RecordKind, str] = {
    "childminders": "Assistantes maternelles",
    "mams": "MAM",
    "facilities": "Établissements",
    "requests": "Demandes",
}

Kind = Annotated[
    RecordKind, typer.Option("--kind", help="Ce que contient le fichier.", show_default=False)
]
Database = Annotated[
    str | None,
    typer.Option("--database", help="Base : fichier SQLite, ou postgresql+psycopg://… (PostGIS)."),
]

group = typer.Typer(no_args_is_help=True, help="Décrire ou exporter le registre.")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("import")(import_file)
    app.add_typer(group, name="registry")


@contextmanager
def _repository(database: str | None) -> Iterator[SqlRepository]:
    settings = Settings()
    secret = settings.encryption_keys
    keys = secret.get_secret_value().split(",") if secret is not None else []
    repository = open_repository(
        database or settings.database_url, rpe_id=settings.rpe_id, encryption_keys=keys
    )
    try:
        yield repository
    finally:
        repository.close()


def _geocoder(territory: Path | None) -> Geocoder | None:
    """Open the geocoder of a territory that has addresses."""
    folder = territory or Settings().territory
    if folder is None:
        return None
    from rpe_geo.geocoding.local import LocalGeocoder
    from rpe_geo.territory import Territory

    opened = Territory.open(folder)
    return LocalGeocoder(opened.directory / "addresses") if "addresses" in opened.contents else None


def import_file(
    file: Annotated[Path, typer.Argument(help="Fichier .csv, .xlsx ou .json.")],
    kind: Kind,
    database: Database = None,
    territory: Annotated[
        Path | None,
        typer.Option(help="Territoire dont les adresses donnent les coordonnées qui manquent."),
    ] = None,
) -> None:
    """Importer des fiches dans le registre : toutes, ou aucune si l'une est à corriger."""
    reading = examine(file, kind)
    with ExitStack() as stack:
        progress = stack.enter_context(progress_bar())
        geocoder = None if reading.faults else _geocoder(territory)
        repository = stack.enter_context(_repository(database))
        report = import_records(
            reading, kind, repository=repository, geocoder=geocoder, progress=progress
        )
    _print(report)
    report.require_stored()
    summary = phrase(
        "import_done",
        file=report.file,
        stored=plural(report.stored, "fiche"),
        new=plural(report.count("new"), "ajoutée"),
        replaced=plural(report.count("replaced"), "remplacée"),
        unchanged=plural(report.count("unchanged"), "inchangée"),
        without_place=number(len(report.without_place)),
    )
    typer.echo(summary, err=True)


def _print(report: ImportReport) -> None:
    """Print one line per row, and one more for each remark."""
    width = max((len(line.record_id) for line in report.rows), default=0)
    for line in report.rows:
        row = "fichier" if line.row is None else f"ligne {line.row}"
        state = phrase(f"import_{line.outcome}")
        typer.echo(f"{row:<10}  {line.record_id:<{width}}  {state}")
        for note in line.notes:
            typer.echo(f"            {explain(note)}")


@group.command()
def info(database: Database = None) -> None:
    """Compter les fiches du registre."""
    table = Table(title="Registre", title_justify="left")
    table.add_column("Fiches")
    for title in ("Nombre", "Sans lieu"):
        table.add_column(title, justify="right")
    with _repository(database) as repository:
        for kind in KINDS:
            records = records_of(repository, kind)
            lost = sum(record.longitude is None for record in records)
            table.add_row(_KIND_NAMES[kind], number(len(records)), number(lost))
    console().print(table)


@group.command()
def export(
    file: Annotated[Path, typer.Argument(help="Fichier à écrire : .csv, .xlsx ou .json.")],
    kind: Kind,
    database: Database = None,
) -> None:
    """Écrire les fiches du registre dans un fichier."""
    with _repository(database) as repository:
        records = records_of(repository, kind)
    write_records(kind, records, file)
    typer.echo(f"{file} : {number(len(records))} fiches.")
