"""`rpe-geo doctor`: whether a deployment is sound, and what to mend first."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from rpe_geo.deployment.doctor import examine_deployment
from rpe_geo.messages import explain, phrase
from rpe_geo.settings import Settings
from rpe_geo.wiring import open_territory

__all__ = ["register"]

_MARKS = {"ok": "bon", "warning": "à voir", "fault": "à corriger"}


def doctor(
    database: Annotated[
        str | None, typer.Option("--database", help="Base du registre ; à défaut RPE_DATABASE_URL.")
    ] = None,
    territory: Annotated[
        Path | None, typer.Option(help="Dossier du territoire ; à défaut RPE_TERRITORY.")
    ] = None,
    backups: Annotated[
        Path | None,
        typer.Option(help="Dossier des sauvegardes, pour savoir s’il y en a une récente."),
    ] = None,
) -> None:
    """Examiner l’installation sans rien changer : réglages, base, disque, courrier, territoire, horloge, droits."""
    settings = Settings().override(database_url=database, territory=territory)
    opened = open_territory(settings)
    checks = examine_deployment(
        settings,
        territory=None if opened is None else opened.manifest,
        backups=backups,
        on=date.today(),  # noqa: DTZ011 - the local day of the operator
    )
    width = max(len(mark) for mark in _MARKS.values())
    for check in checks:
        said = phrase(check.code, **check.values) if check.error is None else explain(check.error)
        subject = phrase(f"doctor_{check.subject}")
        typer.echo(f"{_MARKS[check.outcome]:<{width}}  {subject} : {said}")
    if any(check.outcome == "fault" for check in checks):
        raise typer.Exit(2)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)
