"""
Weeks as bits: a week of 672 quarter-hours is 11 words of 64, and contracts are rows that point to their weeks.

The occupation of every place of every childminder on a given day is then a handful of bitwise operations over the whole
registry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from rpe_geo.schedule import QUARTERS_PER_WEEK, Timetable, Week, monday_of

__all__ = [
    "WORDS_PER_WEEK",
    "Cycles",
    "Occupation",
    "Occupations",
    "count_quarters",
    "lay_end_to_end",
    "pack_week",
]

WORDS_PER_WEEK = -(-QUARTERS_PER_WEEK // 64)
_FIRST_DAY = np.datetime64("0001-01-01", "D")
_LAST_DAY = np.datetime64("9999-12-31", "D")

Occupation = tuple[Timetable, date, date | None, date | None, int]
"""Hours, a day of the week that is week 1 of their cycle, first day, last day, places."""


def pack_week(slots: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Pack the 672 quarter-hours of a week into 11 words; the bits beyond the week are 0."""
    padded = np.zeros(WORDS_PER_WEEK * 64, dtype=np.bool_)
    padded[:QUARTERS_PER_WEEK] = slots
    return np.packbits(padded).view(np.uint64)


class Cycles:
    """The timetables met so far, each once: where its packed weeks begin and how many they are."""

    def __init__(self) -> None:
        self._weeks: list[NDArray[np.uint64]] = []
        self._known: dict[tuple[Week, ...], tuple[int, int]] = {}

    def add(self, timetable: Timetable) -> tuple[int, int]:
        """Return first row and length of a cycle."""
        found = self._known.get(timetable.weeks)
        if found is None:
            found = (len(self._weeks), len(timetable))
            slots = timetable.slots.reshape(len(timetable), QUARTERS_PER_WEEK)
            self._weeks.extend(pack_week(week) for week in slots)
            self._known[timetable.weeks] = found
        return found

    def table(self) -> NDArray[np.uint64]:
        """Return all packed weeks, shape (11, weeks)."""
        weeks = np.array(self._weeks, dtype=np.uint64).reshape(-1, WORDS_PER_WEEK)
        return np.ascontiguousarray(weeks.T)


@dataclass(frozen=True)
class Occupations:
    """Contracts, or free places declared, of all providers, sorted by provider: hours, days in force and places."""

    first: NDArray[np.intp]
    cycle_first: NDArray[np.intp]
    cycle_length: NDArray[np.int64]
    cycle_monday: NDArray[np.datetime64]
    start: NDArray[np.datetime64]
    end: NDArray[np.datetime64]
    places: NDArray[np.int64]

    def of(self, rows: NDArray[np.intp], day: date) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """List those in force on a day: position among `rows`, and number."""
        counts = self.first[rows + 1] - self.first[rows]
        position = np.repeat(np.arange(len(rows)), counts)
        offsets = np.arange(len(position)) - np.repeat(np.cumsum(counts) - counts, counts)
        number = np.repeat(self.first[rows], counts) + offsets
        today = np.datetime64(day, "D")
        in_force = (self.start[number] <= today) & (self.end[number] >= today)
        return position[in_force], number[in_force]

    def week_rows(self, number: NDArray[np.intp], day: date) -> NDArray[np.intp]:
        """Return the packed week in force on a day for each number."""
        monday = np.datetime64(monday_of(day), "D")
        weeks = (monday - self.cycle_monday[number]).astype(np.int64) // 7
        rows: NDArray[np.intp] = self.cycle_first[number] + weeks % self.cycle_length[number]
        return rows


def count_quarters(bits: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Count the quarter-hours of packed weeks laid in columns, shape (11, n) to (n,)."""
    counts: NDArray[np.int64] = np.bitwise_count(bits).sum(axis=0, dtype=np.uint16).astype(np.int64)
    return counts


def lay_end_to_end(rows: Sequence[Sequence[Occupation]], count: int, cycles: Cycles) -> Occupations:
    """Lay (hours, a day of week 1, first day, last day, places) of each provider end to end."""
    flat = [entry for row in rows for entry in row]
    sizes = np.zeros(count + 1, dtype=np.intp)
    sizes[1 : len(rows) + 1] = [len(row) for row in rows]
    found = [cycles.add(hours) for hours, *_ in flat]
    return Occupations(
        first=np.cumsum(sizes),
        cycle_first=np.array([first for first, _ in found], dtype=np.intp),
        cycle_length=np.array([length for _, length in found], dtype=np.int64),
        cycle_monday=np.array([monday_of(entry[1]) for entry in flat], dtype="datetime64[D]"),
        start=np.array([entry[2] or _FIRST_DAY for entry in flat], dtype="datetime64[D]"),
        end=np.array([entry[3] or _LAST_DAY for entry in flat], dtype="datetime64[D]"),
        places=np.array([entry[4] for entry in flat], dtype=np.int64),
    )
