"""`rpe-geo check`: may these childminders take these children, and if not, why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from rpe_geo.cli.screen import progress_bar, write_whole
from rpe_geo.formats.records import Reading, examine
from rpe_geo.formats.verdicts import verdict_json
from rpe_geo.matching.feasibility import compile_registry, evaluate
from rpe_geo.messages import explain, phrase

__all__ = ["register"]

_DOUBTS_SHOWN = 10


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(check)


def check(
    childminders: Annotated[
        Path, typer.Argument(help="Assistantes maternelles (.json, .csv, .xlsx).")
    ],
    requests: Annotated[Path, typer.Argument(help="Demandes (.json, .csv, .xlsx).")],
    mams: Annotated[Path | None, typer.Option(help="MAM (.json, .csv, .xlsx).")] = None,
    on: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Jour tenu pour aujourd’hui (AAAA-MM-JJ).",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Fichier JSON à écrire, au lieu de la sortie standard."
        ),
    ] = None,
) -> None:
    """Vérifier toutes les règles pour chaque demande et chaque assistante maternelle, sans territoire."""
    readings = [examine(childminders, "childminders")]
    minders = readings[0].usable()
    houses = []
    if mams is not None:
        readings.append(examine(mams, "mams"))
        houses = readings[-1].usable()
    readings.append(examine(requests, "requests"))
    asked = readings[-1].usable()
    _say_doubts(readings)
    today = date.today() if on is None else on.date()  # noqa: DTZ011 - the local day of the person who asks
    registry = compile_registry(minders, houses)
    verdicts: list[dict[str, Any]] = []
    with progress_bar() as progress:
        for done, request in enumerate(asked):
            progress("Demandes", done, len(asked))
            answers = evaluate(registry, request, today=today, with_relaxations=True)
            verdicts.extend(verdict_json(verdict) for verdict in answers)
        progress("Demandes", len(asked), len(asked))
    text = json.dumps(verdicts, ensure_ascii=False, indent=1) + "\n"
    if output is None:
        typer.echo(text, nl=False)
    else:
        write_whole(output, text)


def _say_doubts(readings: Sequence[Reading[Any]]) -> None:
    """Print on stderr what a person should look at in the files: contradictory contracts, unlikely ages."""
    doubts = [doubt for reading in readings for doubt in reading.warnings]
    for doubt in doubts[:_DOUBTS_SHOWN]:
        typer.echo(explain(doubt), err=True)
    if len(doubts) > _DOUBTS_SHOWN:
        typer.echo(phrase("more_doubts", count=len(doubts) - _DOUBTS_SHOWN), err=True)
