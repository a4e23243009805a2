"""
Law, money and thresholds as dated tables, with their source.

Each `<table>.toml` beside this file holds one table per parameter:

```toml
[under_3_max]
title = "Enfants de moins de trois ans présents ensemble"
unit = "enfants"
values = [{ value = 4, valid_from = 2021-05-24, source = "CASF L.421-4 [S1]", certainty = "S" }]
```

`certainty`: S stated in a source that was read, M from memory and to be confirmed, D derived, C a convention of ours.
A value holds from its `valid_from` until the next one; before the first, the first one holds (convention).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from rpe_geo.errors import NotFound
from rpe_geo.messages.french import curly

__all__ = ["TABLES", "Parameter", "ParameterTable", "parameter_history", "parameter_table"]

TABLES = tuple(
    sorted(
        entry.name.removesuffix(".toml")
        for entry in files(__name__).iterdir()
        if entry.name.endswith(".toml")
    )
)
"""Every table of this room, by name."""


@dataclass(frozen=True)
class Parameter:
    """
    One value in force: what it is called in French, its unit, since when, and who says so.

    Parameters
    ----------
    revalued
        Days of the year, as (month, day), on which the law gives a new value; none for a value without such a date.
    """

    name: str
    title: str
    unit: str
    value: Any
    valid_from: date
    source: str
    certainty: str
    revalued: tuple[tuple[int, int], ...] = ()

    def overdue(self, day: date) -> date | None:
        """
        Tell since when a newer value should be in force.

        Parameters
        ----------
        day
            The day on which the value is used.

        Returns
        -------
        date or None
            The last of its yearly dates, when the value is older than that; None for a value that is none too old, or
            that has no yearly date.
        """
        dates = [
            date(year, month, dated)
            for year in (day.year - 1, day.year)
            for month, dated in self.revalued
        ]
        due = max((one for one in dates if one <= day), default=None)
        return due if due is not None and self.valid_from < due else None


@dataclass(frozen=True)
class ParameterTable(Mapping[str, Any]):
    """
    The values of one table in force on one day; a mapping from name to value.

    Parameters
    ----------
    name
        Name of the TOML file, without ending.
    day
        The day on which the values hold.
    parameters
        Every parameter of the table, as in force on that day.
    """

    name: str
    day: date
    parameters: Mapping[str, Parameter]

    def __getitem__(self, name: str) -> Any:
        return self.describe(name).value

    def __iter__(self) -> Iterator[str]:
        return iter(self.parameters)

    def __len__(self) -> int:
        return len(self.parameters)

    def __hash__(self) -> int:
        return hash((self.name, self.day))

    def describe(self, name: str) -> Parameter:
        """Return a parameter with its title, unit, date and source."""
        try:
            return self.parameters[name]
        except KeyError:
            raise NotFound("parameter_unknown", name=name, table=self.name) from None


@cache
def _read(table: str) -> dict[str, list[Parameter]]:
    """Read a table: name → its dated values, oldest first."""
    text = files(__name__).joinpath(f"{table}.toml").read_text(encoding="utf-8")
    history = {}
    for name, entry in tomllib.loads(text).items():
        history[name] = sorted(
            (
                Parameter(
                    name=name,
                    title=curly(entry["title"]),
                    unit=curly(entry["unit"]),
                    value=dated["value"],
                    valid_from=dated["valid_from"],
                    source=curly(dated["source"]),
                    certainty=curly(dated["certainty"]),
                    revalued=tuple(
                        (int(one[:2]), int(one[3:])) for one in entry.get("revalued", ())
                    ),
                )
                for dated in entry["values"]
            ),
            key=lambda parameter: parameter.valid_from,
        )
    return history


def parameter_history(table: str) -> dict[str, list[Parameter]]:
    """Return every dated value of a table, oldest first."""
    return _read(table)


@cache
def parameter_table(table: str, day: date) -> ParameterTable:
    """
    Read the values of a table in force on a day.

    Parameters
    ----------
    table
        Name of the table: law, money, scoring, speeds…
    day
        The day on which the values must hold.

    Returns
    -------
    ParameterTable
        A mapping from parameter name to value, each with its source at hand.
    """
    in_force = {}
    for name, history in _read(table).items():
        past = [parameter for parameter in history if parameter.valid_from <= day]
        in_force[name] = past[-1] if past else history[0]
    return ParameterTable(name=table, day=day, parameters=in_force)
