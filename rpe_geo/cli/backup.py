"""`rpe-geo backup` and `rpe-geo restore`: the registry in one folder, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rpe_geo.deployment.backup import back_up, restore, verify
from rpe_geo.errors import InvalidFile, Where
from rpe_geo.messages import phrase
from rpe_geo.messages.french import number, plural
from rpe_geo.settings import Settings
from rpe_geo.wiring import open_territory

__all__ = ["register"]

Database = Annotated[
    str | None, typer.Option("--database", help="Base du registre ; à défaut RPE_DATABASE_URL.")
]


def backup_command(
    directory: Annotated[Path, typer.Argument(help="Dossier où ranger les sauvegardes.")],
    database: Database = None,
    territory: Annotated[
        Path | None,
        typer.Option(help="Territoire dont l’identité est notée ; à défaut RPE_TERRITORY."),
    ] = None,
) -> None:
    """Sauvegarder le registre, service ouvert : un dossier complet, ou rien."""
    settings = Settings().override(database_url=database, territory=territory)
    opened = open_territory(settings)
    noted = None
    if opened is not None:
        noted = {"identity": opened.identity, "built_at": str(opened.manifest["built_at"])}
    made = back_up(settings, directory, noted)
    typer.echo(f"Sauvegarde complète : {made}")


def restore_command(
    directory: Annotated[Path, typer.Argument(help="Dossier d’une sauvegarde.")],
    database: Database = None,
    *,
    only_verify: Annotated[
        bool, typer.Option("--verify", help="Vérifier la sauvegarde sans rien écrire.")
    ] = False,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Prendre la place d’un registre déjà là (service arrêté)."),
    ] = False,
) -> None:
    """Remettre une sauvegarde en place, après l’avoir vérifiée."""
    settings = Settings().override(database_url=database)
    if not only_verify:
        for finding in restore(settings, directory, replace=replace):
            typer.echo(phrase(finding.code, **finding.values), err=True)
        typer.echo(f"Registre remis en place depuis {directory}.")
        return
    saved, findings = verify(settings, directory)
    for finding in findings:
        if finding.stops:
            raise InvalidFile(finding.code, where=Where(file=str(directory)), **finding.values)
        typer.echo(phrase(finding.code, **finding.values), err=True)
    records = sum(
        saved.rows.get(name, 0) for name in ("childminders", "mams", "facilities", "requests")
    )
    counted = f", {plural(records, 'fiche')}" if saved.rows else ""
    typer.echo(
        f"Sauvegarde du {saved.made_at}, révision {saved.revision}{counted}, {number(saved.bytes)} octets :"
        " entière et lisible avec les clés d’ici."
    )


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("backup")(backup_command)
    app.command("restore")(restore_command)
