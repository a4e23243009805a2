"""`rpe-geo database`: upgrading, sealing anew, and what to do when the cells of masked homes are lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from sqlalchemy import Engine

from rpe_geo.errors import InputError
from rpe_geo.messages.french import plural
from rpe_geo.settings import Settings
from rpe_geo.storage.cells import SqlCells
from rpe_geo.storage.database import connect, head_revision, migrate
from rpe_geo.storage.resealing import reseal_all
from rpe_geo.storage.upgrading import pending_steps, rehearse, upgrade

__all__ = ["register"]

group = typer.Typer(no_args_is_help=True, help="Entretenir la base du registre.")

Database = Annotated[
    str | None, typer.Option("--database", help="Base du registre ; à défaut RPE_DATABASE_URL.")
]


@contextmanager
def _engine(database: str | None) -> Iterator[tuple[Settings, Engine]]:
    settings = Settings().override(database_url=database)
    engine = connect(settings.database_url)
    try:
        yield settings, engine
    finally:
        engine.dispose()


@group.command("upgrade")
def upgrade_command(
    database: Database = None,
    *,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Répéter la mise à niveau sur une copie, sans rien changer."
        ),
    ] = False,
) -> None:
    """Mettre la base au niveau de cette version."""
    with _engine(database) as (_, engine):
        steps = pending_steps(engine)
        if not steps:
            typer.echo(f"La base est à jour (révision {head_revision()}).")
            return
        for step in steps:
            typer.echo(f"{step.revision}  {step.subject}")
        if dry_run:
            rehearse(engine)
            typer.echo(
                f"Répétition réussie ({plural(len(steps), 'étape')}) ; la base n’a pas changé."
            )
            return
        copy = upgrade(engine)
        kept = "" if copy is None else f" L’ancienne base est gardée : {copy}"
        typer.echo(f"Base mise à niveau (révision {head_revision()}).{kept}")


@group.command("reseal")
def reseal_command(database: Database = None) -> None:
    """Chiffrer toutes les données personnelles avec la première clé de RPE_ENCRYPTION_KEYS."""
    with _engine(database) as (settings, engine):
        if not settings.fernet_keys:
            raise InputError("encryption_keys_needed")
        migrate(engine, create=False)
        count = reseal_all(engine, settings.fernet_keys)
        sealed = plural(count, "document chiffré", "documents chiffrés")
        typer.echo(f"{sealed} avec la première clé.")


@group.command("accept-new-zones")
def accept_new_zones(
    database: Database = None,
    *,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="Confirmer : les zones publiées seront tracées de nouveau."),
    ] = False,
) -> None:
    """Oublier les cellules de masquage perdues ; à n’employer que si aucune sauvegarde ne les a."""
    if not yes:
        raise InputError("new_zones_unconfirmed")
    with _engine(database) as (_, engine):
        migrate(engine, create=False)
        count = SqlCells(engine).accept_new_zones()
        if not count:
            typer.echo("Aucune cellule n’est perdue : rien n’a changé.")
            return
        typer.echo(
            f"{plural(count, 'territoire')} : de nouvelles zones seront tracées au prochain démarrage."
        )


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="database")
