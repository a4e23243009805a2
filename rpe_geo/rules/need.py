"""A request as arrays: the hours asked, the children's birthdays, the days on which care may begin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from rpe_geo.domain import Request, months_after, nth_birthday
from rpe_geo.rules.compiled import FOREVER
from rpe_geo.rules.patterns import REFERENCE_ORDINAL, rows_of
from rpe_geo.schedule import Timetable, monday_of

__all__ = ["Need", "compile_need", "hours_within"]


@dataclass(frozen=True)
class Need:
    """
    What a family asks, compiled.

    Parameters
    ----------
    week_1
        Ordinal of the Monday of the week that holds the wanted start.
    heads, tails
        Rows of the schedule, shape (weeks of the cycle, 672); see `rpe_geo.rules.patterns`.
    begins
        Days on which asked hours begin, shape (weeks × 7,).
    births, thirds, elevenths
        Ordinals, one per child.
    start, end
        Wanted first day and last day; `end` is FOREVER when open.
    horizon_months
        How far an open need is looked at.
    """

    request: Request
    week_1: int
    heads: NDArray[np.bool_]
    tails: NDArray[np.bool_]
    begins: NDArray[np.bool_]
    births: NDArray[np.int64]
    thirds: NDArray[np.int64]
    elevenths: NDArray[np.int64]
    start: int
    end: int
    horizon_months: int

    @property
    def children(self) -> int:
        """How many siblings are asked for."""
        return len(self.births)

    def last_days(self, starts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the last day looked at when care begins on some days."""
        if self.end != FOREVER:
            return np.full(len(starts), self.end, dtype=np.int64)
        distinct, inverse = np.unique(starts, return_inverse=True)
        ends = [
            months_after(date.fromordinal(int(day)), self.horizon_months).toordinal() - 1
            for day in distinct
        ]
        return np.array(ends, dtype=np.int64)[inverse]

    def next_asked_day(self, days: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the first day on or after some days on which asked hours begin; FOREVER when none ever does."""
        if not self.begins.any():
            return np.full(len(days), FOREVER, dtype=np.int64)
        length = len(self.begins)
        position = (days - self.week_1) % length
        asked = np.flatnonzero(np.concatenate((self.begins, self.begins)))
        found = asked[np.searchsorted(asked, position)]
        return days + found - position


def compile_need(request: Request, horizon_months: int) -> Need:
    """
    Compile a request.

    Parameters
    ----------
    request
        A family's need.
    horizon_months
        How far an open need is looked at (`law.horizon_months`).

    Returns
    -------
    Need
        The same, as arrays.
    """
    heads, tails = rows_of(request.schedule)
    births = [child.birth_date for child in request.children]
    return Need(
        request=request,
        week_1=monday_of(request.start).toordinal(),
        heads=heads,
        tails=tails,
        begins=np.array([bool(day) for week in request.schedule.weeks for day in week.days[:7]]),
        births=np.array([birth.toordinal() for birth in births], dtype=np.int64),
        thirds=np.array([nth_birthday(birth, 3).toordinal() for birth in births], dtype=np.int64),
        elevenths=np.array(
            [nth_birthday(birth, 11).toordinal() for birth in births], dtype=np.int64
        ),
        start=request.start.toordinal(),
        end=FOREVER if request.end is None else request.end.toordinal(),
        horizon_months=horizon_months,
    )


def hours_within(
    asked: Timetable, week_1: int, offered: Timetable | None
) -> tuple[Fraction, Fraction]:
    """
    Measure the asked hours that lie in the hours offered, over the common cycle, public holidays as an eighth day.

    Parameters
    ----------
    asked
        The hours asked.
    week_1
        Ordinal of the Monday of their week 1.
    offered
        The hours offered, counted from the reference Monday; None when not known.

    Returns
    -------
    tuple of Fraction
        Share of the asked hours (1 when the offer is not known), and asked hours inside in a mean week.
    """
    ordinary, holidays = asked.slots.sum(), asked.holiday_slots.sum()
    per_week = Fraction(int(ordinary + holidays), 4 * len(asked))
    if offered is None:
        return Fraction(1), per_week
    shift = (week_1 - REFERENCE_ORDINAL) // 7 % len(offered)
    turned = (
        Timetable(offered.weeks[shift:] + offered.weeks[:shift]) if len(offered) > 1 else offered
    )
    share = turned.share_of(asked)
    return share, share * per_week
