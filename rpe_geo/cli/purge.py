"""`rpe-geo purge`: forget the families whose last exchange is too old."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from rpe_geo.messages.french import plural
from rpe_geo.settings import Settings
from rpe_geo.wiring import open_casework, open_registry

__all__ = ["register"]


def purge(
    database: Annotated[
        str | None, typer.Option(help="Base du registre ; à défaut RPE_DATABASE_URL.")
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Jour qui compte ; à défaut aujourd’hui."),
    ] = None,
    rpe: Annotated[
        list[str] | None, typer.Option(help="RPE concerné ; à répéter. À défaut RPE_RPE_ID.")
    ] = None,
) -> None:
    """Rendre anonymes les demandes sans échange depuis la durée de conservation (12 mois)."""
    settings = Settings().override(database_url=database)
    day = (on or datetime.now(UTC)).date()
    repository = open_registry(settings)
    try:
        for rpe_id in rpe or [settings.rpe_id]:
            done = open_casework(repository, settings, rpe_id).purge(day)
            typer.echo(
                f"{rpe_id} : {plural(len(done.purged), 'demande rendue anonyme', 'demandes rendues anonymes')}"
                f" (dernier échange il y a plus de {done.months} mois)."
            )
            if done.trail:
                lines = plural(done.trail, "ligne effacée", "lignes effacées")
                typer.echo(f"{rpe_id} : journal des accès, {lines} (parvenues à leur terme).")
    finally:
        repository.close()


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("purge")(purge)
