"""The completeness report of a list that somebody else laid out, on the screen."""

from __future__ import annotations

from typing import Any

import typer

from rpe_geo.formats.recognition.headings import LABELS
from rpe_geo.formats.records import Reading
from rpe_geo.messages import explain
from rpe_geo.messages.french import number

__all__ = ["tell_recognition"]

_NOTES_SHOWN = 40


def tell_recognition(reading: Reading[Any]) -> None:
    """
    Print what each field was read from, and in how many rows it stands; nothing for a file in our own layout.

    Parameters
    ----------
    reading
        Of a file.
    """
    found = reading.recognition
    if found is None:
        return
    typer.echo(f"{found.file} : ce qui a été compris", err=True)
    for one in found.fields:
        source = ", ".join(one.columns) if one.columns else "rien"
        share = f", {number(one.filled)} sur {number(one.total)}" if one.columns else ""
        typer.echo(f"  {one.label} ← {source}{share}", err=True)
    if found.ignored:
        typer.echo(f"  colonnes non lues : {', '.join(found.ignored)}", err=True)
    for note in reading.warnings[:_NOTES_SHOWN]:
        typer.echo(f"  {explain(note)}", err=True)
    if len(reading.warnings) > _NOTES_SHOWN:
        typer.echo(
            f"  … et {number(len(reading.warnings) - _NOTES_SHOWN)} autres remarques.", err=True
        )
    lacking = [LABELS[one.field] for one in found.fields if not one.columns]
    if lacking:
        typer.echo(
            f"  Pour dire une colonne : --column « {lacking[0]}=COLONNE » (ou « {lacking[0]}==valeur »).",
            err=True,
        )
