"""`rpe-geo import`, `rpe-geo registry info` and `rpe-geo registry export`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from rpe_geo.cli.recognition import tell_recognition
from rpe_geo.cli.screen import console, progress_bar
from rpe_geo.errors import Where
from rpe_geo.formats.recognition.memory import remember
from rpe_geo.formats.recognition.recognise import told_columns
from rpe_geo.formats.records import KINDS, Reading, RecordKind, examine, write_records
from rpe_geo.messages import explain, phrase
from rpe_geo.messages.french import number, plural
from rpe_geo.protocols import Geocoder, Repository, TravelTimeEngine
from rpe_geo.relais.registry import ImportReport, import_records, records_of, report_faults
from rpe_geo.settings import Settings
from rpe_geo.wiring import (
    open_casework,
    open_geocoder,
    open_registry,
    open_territory,
    open_travel_engine,
)

__all__ = ["register"]

_NAMED = 5
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
def _registry(database: str | None, *, create: bool = False) -> Iterator[Repository]:
    repository = open_registry(Settings().override(database_url=database), create=create)
    try:
        yield repository
    finally:
        repository.close()


def _geocoder(territory: Path | None) -> Geocoder | None:
    settings = Settings().override(territory=territory)
    return open_geocoder(settings, open_territory(settings))


def _engine(territory: Path | None) -> TravelTimeEngine | None:
    """Open the travel times of the territory; None where it has no streets."""
    settings = Settings().override(territory=territory)
    opened = open_territory(settings)
    if opened is None or "streets" not in opened.contents:
        return None
    return open_travel_engine(settings, opened)


def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            help="Fichier .csv, .xlsx, .json, ou liste telle que publiée (.geojson, .gpkg…)."
        ),
    ],
    kind: Kind,
    database: Database = None,
    territory: Annotated[
        Path | None,
        typer.Option(help="Territoire dont les adresses donnent les coordonnées qui manquent."),
    ] = None,
    file_prevails: Annotated[
        bool,
        typer.Option(
            "--file-prevails", help="Remplacer aussi ce qui a été écrit à la main depuis l’import."
        ),
    ] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Refuser le fichier si une fiche est trop loin de toute rue du territoire.",
        ),
    ] = False,
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="Colonne à lire, quand elle n’est pas reconnue : « nom=EQUIP_NOM », ou « nature==crèche » ; répétable, et retenu."
        ),
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Montrer ce qui serait lu, sans rien importer.")
    ] = False,
) -> None:
    """Importer des fiches dans le registre : toutes, ou aucune si l’une est à corriger."""
    memory = Settings().column_memory
    reading = examine(file, kind, columns=column or (), memory=memory)
    tell_recognition(reading)
    if preview:
        _preview(reading)
        return
    if reading.faults:
        report = report_faults(reading, kind)
    else:
        with progress_bar() as progress, _registry(database, create=True) as repository:
            report = import_records(
                reading,
                kind,
                repository=repository,
                geocoder=_geocoder(territory),
                engine=_engine(territory),
                progress=progress,
                file_prevails=file_prevails,
                strict=strict,
            )
    _print(report)
    report.require_stored()
    if column and reading.recognition is not None:
        titles = reading.recognition.titles
        remember(memory, kind, titles, told_columns(kind, column, titles))
    summary = phrase(
        "import_done",
        file=report.file,
        stored=plural(report.stored, "fiche"),
        new=plural(report.count("new"), "ajoutée"),
        replaced=plural(report.count("replaced"), "remplacée"),
        merged=plural(report.count("merged"), "complétée", "complétées"),
        unchanged=plural(report.count("unchanged"), "inchangée"),
        without_place=number(len(report.without_place)),
    )
    typer.echo(summary, err=True)
    far = [
        f"{line.record_id} ({note.values['distance']})"
        for line in report.rows
        for note in line.notes
        if note.code == "import_far_from_streets"
    ]
    if far:
        named = ", ".join(far[:_NAMED]) + (", …" if len(far) > _NAMED else "")
        typer.echo(
            phrase("import_far", records=plural(len(far), "lieu", "lieux"), named=named), err=True
        )


def _preview(reading: Reading[Any]) -> None:
    """Show the first ten rows as they would be read, and every fault."""
    if reading.recognition is not None:
        table = Table(title="Les dix premières lignes", title_justify="left")
        for title in reading.recognition.sample[0] if reading.recognition.sample else ():
            table.add_column(title, overflow="fold")
        for row in reading.recognition.sample:
            table.add_row(*row.values())
        console().print(table)
    for fault in reading.faults:
        typer.echo(explain(fault), err=True)
    typer.echo(
        f"{plural(len(reading.records), 'fiche lisible', 'fiches lisibles')}, "
        f"{plural(len(reading.faults), 'faute')} ; rien n’a été importé."
    )


def _print(report: ImportReport) -> None:
    """Print one line per row, and one more for each remark."""
    width = max((len(line.record_id) for line in report.rows), default=0)
    for line in report.rows:
        row = "fichier" if line.row is None else f"ligne {line.row}"
        state = phrase(f"import_{line.outcome}") + ("" if line.placed else ", sans lieu")
        typer.echo(f"{row:<10}  {line.record_id:<{width}}  {state}")
        for note in line.notes:
            # The line above already says where, unless the fault is in another table.
            said = (note.where.file, note.where.row) == (report.file, line.row)
            shown = replace(note, where=Where(field=note.where.field)) if said else note
            typer.echo(f"            {explain(shown)}")


@group.command()
def info(database: Database = None) -> None:
    """Compter les fiches du registre."""
    table = Table(title="Registre", title_justify="left")
    table.add_column("Fiches")
    for title in ("Nombre", "Sans lieu"):
        table.add_column(title, justify="right")
    with _registry(database) as repository:
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
    settings = Settings().override(database_url=database)
    with _registry(database) as repository:
        records = records_of(repository, kind)
        trail = open_casework(repository, settings, settings.rpe_id).store
        trail.audit("commande", "export", kind, file.name)
    write_records(kind, records, file)
    typer.echo(f"{file} : {plural(len(records), 'fiche')}.")
