"""
Timetables as rows of quarter-hours, each distinct one once.

A row is one week of one timetable: 672 booleans from Monday 00:00. A span belongs to the day on which it begins, so a
row comes in two parts: its *head*, the hours of spans that begin on the same date, and its *tail*, the hours that
spans begun the evening before leave after midnight. A contract that begins on Monday has no tail on that Monday.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rpe_geo.rules.bits import pack
from rpe_geo.schedule import (
    QUARTERS_PER_DAY,
    QUARTERS_PER_WEEK,
    REFERENCE_MONDAY,
    Timetable,
    Week,
)

__all__ = [
    "ALWAYS",
    "FAR",
    "REFERENCE_ORDINAL",
    "PatternTable",
    "Patterns",
    "day_bounds",
    "monday_ordinal",
    "rows_of",
]

REFERENCE_ORDINAL = REFERENCE_MONDAY.toordinal()
"""Week 1 of the timetables that have no start date, as a proleptic ordinal."""

FAR = 255
"""First quarter-hour of a day without presence: later than any."""

ALWAYS = Timetable((Week.parse("Mo-Su 00:00-24:00"),))
"""The presence of somebody who is always there."""


def monday_ordinal(day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the ordinals of the Mondays of the weeks that hold some days (ordinal 1 was a Monday)."""
    monday: NDArray[np.int64] = day - (day - 1) % 7
    return monday


def rows_of(timetable: Timetable) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """
    Lay a timetable as heads and tails.

    Parameters
    ----------
    timetable
        A cycle of n weeks.

    Returns
    -------
    tuple of ndarray of bool, shape (n, 672)
        Heads, then tails; the tail of a Sunday night lies on the Monday of the next week of the cycle.
    """
    weeks = len(timetable)
    heads = np.zeros(weeks * QUARTERS_PER_WEEK, dtype=np.bool_)
    tails = np.zeros_like(heads)
    for number, week in enumerate(timetable.weeks):
        for day, spans in enumerate(week.days[:7]):
            midnight = number * QUARTERS_PER_WEEK + day * QUARTERS_PER_DAY
            next_midnight = (midnight + QUARTERS_PER_DAY) % len(heads)
            for begin, end in spans:
                heads[midnight + begin : midnight + min(end, QUARTERS_PER_DAY)] = True
                if end > QUARTERS_PER_DAY:
                    tails[next_midnight : next_midnight + end - QUARTERS_PER_DAY] = True
    shape = (weeks, QUARTERS_PER_WEEK)
    return heads.reshape(shape), tails.reshape(shape)


def day_bounds(rows: NDArray[np.bool_]) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """
    Find where the presence of each day begins and ends.

    Parameters
    ----------
    rows
        Shape (n, 672).

    Returns
    -------
    tuple of ndarray of int16, shape (n, 7)
        First quarter-hour of each day (far beyond the day when there is none), and the one after its last (0).
    """
    days = rows.reshape(-1, 7, QUARTERS_PER_DAY)
    there = days.any(axis=2)
    first = np.where(there, days.argmax(axis=2), FAR)
    last = np.where(there, QUARTERS_PER_DAY - days[:, :, ::-1].argmax(axis=2), 0)
    return first.astype(np.int16), last.astype(np.int16)


@dataclass(frozen=True)
class PatternTable:
    """
    Every distinct timetable of a registry.

    Parameters
    ----------
    timetables
        By pattern number.
    first, length
        First row and number of weeks of each pattern.
    heads, tails, whole
        Booleans of shape (rows, 672); whole is one or the other.
    """

    timetables: tuple[Timetable, ...]
    first: NDArray[np.int64]
    length: NDArray[np.int64]
    heads: NDArray[np.bool_]
    tails: NDArray[np.bool_]
    whole: NDArray[np.bool_]

    @cached_property
    def packed(self) -> NDArray[np.uint32]:
        """`whole` as bits, shape (rows, 21)."""
        return pack(self.whole)

    @cached_property
    def head_words(self) -> NDArray[np.uint32]:
        """`heads` as bits, shape (rows, 21)."""
        return pack(self.heads)

    @cached_property
    def tail_words(self) -> NDArray[np.uint32]:
        """`tails` as bits, shape (rows, 21)."""
        return pack(self.tails)

    @cached_property
    def days(self) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """First and last quarter-hour of each day of the rows; see `day_bounds`."""
        return day_bounds(self.whole)

    @cached_property
    def nights(self) -> NDArray[np.bool_]:
        """Whether a pattern has hours after midnight of a span begun the evening before."""
        if not len(self.first):
            return np.zeros(0, dtype=np.bool_)
        nights: NDArray[np.bool_] = np.logical_or.reduceat(self.tails.any(axis=1), self.first)
        return nights

    def rows(
        self,
        pattern: NDArray[np.int64],
        week_1: NDArray[np.int64] | int,
        monday: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        """
        Find the row in force in some weeks.

        Parameters
        ----------
        pattern
            Pattern numbers.
        week_1
            Ordinal of the Monday of week 1.
        monday
            Ordinals of the Mondays of the weeks.

        Returns
        -------
        ndarray of int
            Row numbers of `heads`, `tails` and `whole`.
        """
        first, length = self.first[pattern], self.length[pattern]
        if first.shape == monday.shape and (length == 1).all():
            return first
        rows: NDArray[np.int64] = first + (monday - week_1) // 7 % length
        return rows


@dataclass
class Patterns:
    """Collects timetables and numbers the distinct ones."""

    numbers: dict[Timetable, int] = field(default_factory=dict)
    seen: dict[int, int] = field(default_factory=dict)
    kept: list[Timetable] = field(default_factory=list)

    def number(self, timetable: Timetable) -> int:
        """Return the number of a timetable, new or known."""
        known = self.seen.get(id(timetable))
        if known is not None:
            return known
        number = self.numbers.setdefault(timetable, len(self.numbers))
        # Keeping the object keeps its identity its own.
        self.seen[id(timetable)] = number
        self.kept.append(timetable)
        return number

    def table(self) -> PatternTable:
        """Lay all of them as rows."""
        return _table(self.numbers)


def _table(timetables: Iterable[Timetable]) -> PatternTable:
    ordered = tuple(timetables)
    laid = [rows_of(timetable) for timetable in ordered]
    length = np.array([len(timetable) for timetable in ordered], dtype=np.int64)
    none = np.zeros((0, QUARTERS_PER_WEEK), dtype=np.bool_)
    heads = np.concatenate([heads for heads, _ in laid]) if laid else none
    tails = np.concatenate([tails for _, tails in laid]) if laid else none
    return PatternTable(
        timetables=ordered,
        first=np.concatenate(([0], np.cumsum(length)[:-1])) if laid else length,
        length=length,
        heads=heads,
        tails=tails,
        whole=heads | tails,
    )
