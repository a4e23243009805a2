"""On which days each service of a feed runs."""

from __future__ import annotations

from datetime import date

import pandas as pd

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.travel.transit.tables import Source

__all__ = ["running_days"]

_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_MOST_DAYS = 366 * 12


def running_days(source: Source) -> tuple[pd.DataFrame, frozenset[str]]:
    """
    List the days on which each service runs.

    Parameters
    ----------
    source
        The feed.

    Returns
    -------
    tuple
        One row `service_id, day` (proleptic ordinal) per service and day; and the services that the calendars name, those that
        never run too.

    Raises
    ------
    InvalidFile
        For a feed without a calendar.
    """
    calendar = source.read(
        "calendar.txt", ["service_id", *_WEEKDAYS, "start_date", "end_date"], needed=False
    )
    exceptions = source.read(
        "calendar_dates.txt", ["service_id", "date", "exception_type"], needed=False
    )
    if calendar.empty and exceptions.empty:
        raise InvalidFile(
            "gtfs_table_missing", where=Where(file=str(source.path)), table="calendar.txt"
        )
    days: set[tuple[str, int]] = set()
    odd: list[str] = []
    for row in calendar.to_dict("records"):
        first, last = _ordinal(row["start_date"]), _ordinal(row["end_date"])
        if first is None or last is None or not first <= last <= first + _MOST_DAYS:
            odd.append(row["service_id"])
            continue
        runs = [row[name] == "1" for name in _WEEKDAYS]
        # Day 1 of the proleptic calendar was a Monday.
        days.update(
            (row["service_id"], day) for day in range(first, last + 1) if runs[(day - 1) % 7]
        )
    for row in exceptions.to_dict("records"):
        day = _ordinal(row["date"])
        if day is None or row["exception_type"] not in {"1", "2"}:
            odd.append(row["service_id"])
        elif row["exception_type"] == "1":
            days.add((row["service_id"], day))
        else:
            days.discard((row["service_id"], day))
    source.left_out.add("calendar_unreadable", odd)
    named = frozenset({*calendar["service_id"], *exceptions["service_id"]} - {""})
    running = pd.DataFrame(
        sorted(entry for entry in days if entry[0]), columns=["service_id", "day"]
    )
    return running.astype({"service_id": str, "day": "int64"}), named


def _ordinal(text: str) -> int | None:
    try:
        return (
            date(int(text[:4]), int(text[4:6]), int(text[6:8])).toordinal()
            if len(text) == 8
            else None
        )
    except ValueError:
        return None
