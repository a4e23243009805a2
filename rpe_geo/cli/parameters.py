"""`rpe-geo parameters`: every dated value of law, money and thresholds, who says so, and how old it is."""

from __future__ import annotations

import json
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.table import Table

from rpe_geo.cli.screen import console
from rpe_geo.errors import InputError
from rpe_geo.messages import french
from rpe_geo.parameters import TABLES, Parameter, parameter_table

__all__ = ["register"]

_CERTAINTY = {
    "S": "source lue",
    "M": "de mémoire, à confirmer",
    "D": "déduite",
    "C": "convention",
}


class OutputFormat(StrEnum):
    """How values are written."""

    table = "table"
    json = "json"


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(parameters)


def parameters(
    outdated: Annotated[
        bool,
        typer.Option(
            "--outdated", help="Seulement les valeurs plus anciennes que leur date annuelle."
        ),
    ] = False,
    table: Annotated[
        list[str] | None, typer.Option(help="Une table seulement (law, money…) ; répétable.")
    ] = None,
    output_format: Annotated[
        OutputFormat, typer.Option("--format", help="table ou json.")
    ] = OutputFormat.table,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Jour tenu pour aujourd’hui.", show_default=False),
    ] = None,
) -> None:
    """Lister les valeurs datées : source, certitude, âge, et ce qui aurait dû être revalorisé depuis."""
    day = date.today() if on is None else on.date()  # noqa: DTZ011 - the local day of the person who asks
    for name in table or ():
        if name not in TABLES:
            raise InputError("parameter_table_unknown", given=name, known=", ".join(TABLES))
    rows = [
        (name, parameter)
        for name in table or TABLES
        for parameter in parameter_table(name, day).parameters.values()
        if not outdated or parameter.overdue(day) is not None
    ]
    if output_format is OutputFormat.json:
        written = [_as_json(name, parameter, day) for name, parameter in rows]
        typer.echo(json.dumps(written, ensure_ascii=False, indent=1))
        return
    screen = console()
    if rows:
        screen.print(_as_table(rows, day))
    late = sum(parameter.overdue(day) is not None for _, parameter in rows)
    screen.print(
        f"{french.plural(late, 'valeur plus ancienne', 'valeurs plus anciennes')} que leur date annuelle "
        f"au {french.day(day)}."
        if late
        else f"Aucune valeur plus ancienne que sa date annuelle au {french.day(day)}."
    )


def _as_json(table: str, parameter: Parameter, day: date) -> dict[str, Any]:
    due = parameter.overdue(day)
    return {
        "table": table,
        "name": parameter.name,
        "title": parameter.title,
        "value": parameter.value,
        "unit": parameter.unit,
        "valid_from": parameter.valid_from.isoformat(),
        "age_days": (day - parameter.valid_from).days,
        "source": parameter.source,
        "certainty": parameter.certainty,
        "revalued": [f"{month:02d}-{dated:02d}" for month, dated in parameter.revalued],
        "outdated_since": None if due is None else due.isoformat(),
    }


def _as_table(rows: list[tuple[str, Parameter]], day: date) -> Table:
    listing = Table(header_style="bold")
    for heading in (
        "Table",
        "Paramètre",
        "Valeur",
        "Depuis",
        "Certitude",
        "À revaloriser",
        "Source",
    ):
        listing.add_column(heading, overflow="fold")
    for name, parameter in rows:
        due = parameter.overdue(day)
        value = (
            french.number(parameter.value, _decimals(parameter.value))
            if isinstance(parameter.value, int | float) and not isinstance(parameter.value, bool)
            else str(parameter.value)
        )
        listing.add_row(
            name,
            f"{parameter.title}\n{parameter.name}",
            f"{value} {parameter.unit}",
            f"{french.day(parameter.valid_from)} ({_age(parameter, day)})",
            _CERTAINTY.get(parameter.certainty, parameter.certainty),
            "" if due is None else f"depuis le {french.day(due)}",
            parameter.source,
        )
    return listing


def _age(parameter: Parameter, day: date) -> str:
    months = (day - parameter.valid_from).days * 12 // 365
    if months < 0:
        return "à venir"
    return french.plural(months, "mois", "mois")


def _decimals(value: float) -> int:
    """Count the decimals that a value was written with."""
    return len(repr(value).partition(".")[2])
