"""`rpe-geo template`: an empty workbook to fill in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rpe_geo.formats.records import RecordKind
from rpe_geo.formats.templates import write_template

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(template)


def template(
    kind: Annotated[RecordKind, typer.Option("--kind", help="Ce que contiendra le fichier.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Classeur à écrire (.xlsx).")],
) -> None:
    """Écrire un classeur vide, avec titres en français, aide et exemple."""
    write_template(kind, output)
    typer.echo(
        f"{output} : remplissez la première feuille, puis rpe-geo import {output} --kind {kind}"
    )
