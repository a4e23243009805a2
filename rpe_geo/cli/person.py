"""`rpe-geo person export` and `erase`: the rights of access, portability and erasure (GDPR art. 15, 17, 20)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from rpe_geo.errors import InputError
from rpe_geo.files import replacing
from rpe_geo.messages import phrase
from rpe_geo.messages.french import plural
from rpe_geo.relais.casework import CaseStore
from rpe_geo.settings import Settings
from rpe_geo.storage.people import SqlPeople
from rpe_geo.wiring import open_casework, open_people, open_registry

__all__ = ["register"]

group = typer.Typer(no_args_is_help=True, help="Droits d’une personne : accès, copie, effacement.")

Database = Annotated[
    str | None, typer.Option("--database", help="Base du registre ; à défaut RPE_DATABASE_URL.")
]
Person = Annotated[
    str,
    typer.Argument(help="Identifiant de la demande ou de la fiche, ou e-mail d’un compte."),
]
Rpe = Annotated[str | None, typer.Option("--rpe", help="RPE concerné ; à défaut RPE_RPE_ID.")]


@contextmanager
def _opened(
    database: str | None, rpe: str | None
) -> Iterator[tuple[Settings, SqlPeople, CaseStore]]:
    settings = Settings().override(database_url=database, rpe_id=rpe)
    repository = open_registry(settings)
    try:
        store = open_casework(repository, settings, settings.rpe_id).store
        yield settings, open_people(repository, settings), store
    finally:
        repository.close()


@group.command("export")
def export(
    person: Person,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Fichier .json à écrire ; le PDF vient à côté.")
    ],
    database: Database = None,
    rpe: Rpe = None,
) -> None:
    """Réunir tout ce que le registre sait d’une personne : JSON, et PDF lisible à côté."""
    from rpe_geo.publishing.person_sheet import person_report
    from rpe_geo.publishing.report_pdf import report_pdf

    with _opened(database, rpe) as (settings, people, store):
        held = people.gather(person)
        store.audit("commande", "person_export", held["kind"], person)
    report = person_report(
        held,
        relais=settings.relais_name,
        contact=settings.privacy_contact,
        on=date.today(),  # noqa: DTZ011 - the local day of the person who asks
    )
    printed = output.with_suffix(".pdf")
    with replacing(output, private=True) as file, replacing(printed, private=True) as sheet:
        file.write_text(json.dumps(held, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        sheet.write_bytes(report_pdf(report))
    typer.echo(
        f"Écrit : {output} et {printed}. Remettez-les à la personne elle-même, puis supprimez-les."
    )


@group.command("erase")
def erase(
    person: Person,
    database: Database = None,
    rpe: Rpe = None,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Confirmer : rien ne pourra être retrouvé.")
    ] = False,
) -> None:
    """Effacer une personne ; ce que la loi demande de garder reste, sans elle."""
    if not yes:
        raise InputError("erasure_unconfirmed")
    with _opened(database, rpe) as (settings, people, store):
        done = people.erase(person)
        store.audit("commande", "person_erase", done.kind, "effacé")
        mails = _erase_mails(settings.outbox, person)
    gone = sum(done.erased.values())
    typer.echo(
        f"Effacé : {plural(gone, 'enregistrement')} et {plural(mails, 'message')} en attente."
    )
    for name, count in done.kept.items():
        typer.echo(f"Gardé : {phrase(f'person_kept_{name}', count=count)}")
    typer.echo(phrase("person_backups"))


def _erase_mails(outbox: Path, person: str) -> int:
    """Remove the mails of the outbox that name the person."""
    if not outbox.is_dir():
        return 0
    named = [file for file in outbox.glob("*.eml") if person.encode() in file.read_bytes()]
    for file in named:
        file.unlink()
    return len(named)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="person")
