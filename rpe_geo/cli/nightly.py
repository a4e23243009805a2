"""`rpe-geo nightly`: what a deployment does every night, in an order in which no step hides the failure of another."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from rpe_geo.deployment.backup import back_up, drop_old_backups
from rpe_geo.errors import RpeGeoError
from rpe_geo.messages import explain
from rpe_geo.messages.french import plural
from rpe_geo.settings import Settings
from rpe_geo.wiring import open_casework, open_registry, open_territory

__all__ = ["register"]


def nightly(
    backups: Annotated[Path, typer.Option(help="Dossier des sauvegardes.")],
    keep: Annotated[int, typer.Option(min=1, help="Sauvegardes gardées.")] = 14,
    database: Annotated[
        str | None, typer.Option("--database", help="Base du registre ; à défaut RPE_DATABASE_URL.")
    ] = None,
    rpe: Annotated[
        list[str] | None, typer.Option(help="RPE concerné ; à répéter. À défaut RPE_RPE_ID.")
    ] = None,
) -> None:
    """Sauvegarder, purger ce qui est trop ancien, et ne garder que les dernières sauvegardes."""
    settings = Settings().override(database_url=database)
    failures: list[RpeGeoError] = []
    try:
        territory = open_territory(settings)
        noted = None
        if territory is not None:
            built = str(territory.manifest["built_at"])
            noted = {"identity": territory.identity, "built_at": built}
        typer.echo(f"Sauvegarde complète : {back_up(settings, backups, noted)}")
        # Only once a new one is there.
        dropped = drop_old_backups(backups, keep)
        if dropped:
            typer.echo(
                f"{plural(dropped, 'ancienne sauvegarde retirée', 'anciennes sauvegardes retirées')}."
            )
    except RpeGeoError as error:
        failures.append(error)
    try:
        _purge(settings, rpe or [settings.rpe_id])
    except RpeGeoError as error:
        failures.append(error)
    for failure in failures[:-1]:
        typer.echo(explain(failure), err=True)
    if failures:
        raise failures[-1]


def _purge(settings: Settings, rpe_ids: list[str]) -> None:
    repository = open_registry(settings)
    try:
        for rpe_id in rpe_ids:
            done = open_casework(repository, settings, rpe_id).purge(datetime.now(UTC).date())
            purged = plural(len(done.purged), "demande rendue anonyme", "demandes rendues anonymes")
            typer.echo(
                f"{rpe_id} : {purged}, {plural(done.trail, 'ligne')} de journal parvenues à leur terme."
            )
    finally:
        repository.close()


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("nightly")(nightly)
