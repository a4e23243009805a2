"""A request as arrays: the hours asked, the children's birthdays, the days on which care may begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from rpe_geo.domain import Request, months_after, nth_birthday
from rpe_geo.rules.bits import pack
from rpe_geo.rules.compiled import FOREVER
from rpe_geo.rules.patterns import REFERENCE_ORDINAL, rows_of
from rpe_geo.schedule import Timetable, monday_of

__all__ = ["Need", "Needs", "asks_no_day", "compile_need", "hours_within"]


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
        First day with asked hours on or after the wanted start, and last day; `end` is FOREVER when open.
    horizon_months
        How far an open need is looked at.
    envelope_quarters
        Quarter-hours of work a week within an envelope of hours; −1 where the hours are those asked.
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
    envelope_quarters: int = -1

    @property
    def children(self) -> int:
        """How many siblings are asked for."""
        return len(self.births)

    @cached_property
    def alone(self) -> Needs:
        """The need as a set of one."""
        return Needs((self,))

    def last_days(self, starts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the last day looked at when care begins on some days."""
        return self.alone.last_days(np.zeros(len(starts), dtype=np.int64), starts)

    def next_asked_day(self, days: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the first day on or after some days on which asked hours begin; beyond FOREVER when none ever does."""
        return self.alone.next_asked_day(np.zeros(len(days), dtype=np.int64), days)


def asks_no_day(need: Need) -> bool:
    """Tell whether a need has no asked hour up to its end: there is no day to begin on."""
    return int(need.next_asked_day(np.array([need.start]))[0]) > need.end


class Needs:
    """
    Several needs as one set of arrays, so that many of them are asked at once.

    Parameters
    ----------
    needs
        One or more; every method takes their numbers, aligned with its other arguments.
    """

    def __init__(self, needs: Sequence[Need]) -> None:
        self.needs = tuple(needs)
        self.length = np.array([len(need.heads) for need in needs], dtype=np.int64)
        self.first = np.cumsum(self.length) - self.length
        self.heads = np.concatenate([need.heads for need in needs])
        self.tails = np.concatenate([need.tails for need in needs])
        self.head_words, self.tail_words = pack(self.heads), pack(self.tails)
        self.week_1 = np.array([need.week_1 for need in needs], dtype=np.int64)
        self.start = np.array([need.start for need in needs], dtype=np.int64)
        self.end = np.array([need.end for need in needs], dtype=np.int64)
        self.envelope_quarters = np.array(
            [need.envelope_quarters for need in needs], dtype=np.int64
        )
        self.nocturnal = np.array([need.tails.any() for need in needs], dtype=np.bool_)
        self.children = np.array([need.children for need in needs], dtype=np.int64)
        self.born = np.array([need.births.max() for need in needs], dtype=np.int64)
        self.child_first = np.concatenate(([0], np.cumsum(self.children)))
        self.births = np.concatenate([need.births for need in needs])
        self.thirds = np.concatenate([need.thirds for need in needs])
        self.elevenths = np.concatenate([need.elevenths for need in needs])
        self._next = np.concatenate([_steps_to_next(need.begins) for need in needs])
        self._horizon_months = needs[0].horizon_months

    def rows(self, which: NDArray[np.int64], monday: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows of `heads` and `tails` in force in some weeks."""
        first, length = self.first[which], self.length[which]
        if first.shape == monday.shape and (length == 1).all():
            return first
        rows: NDArray[np.int64] = first + (monday - self.week_1[which]) // 7 % length
        return rows

    def last_days(self, which: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the last day looked at when care begins on some days."""
        ends = self.end[which]
        endless = np.flatnonzero(ends == FOREVER)
        if len(endless):
            distinct, inverse = np.unique(starts[endless], return_inverse=True)
            days = [
                months_after(date.fromordinal(int(day)), self._horizon_months).toordinal() - 1
                for day in distinct
            ]
            ends[endless] = np.array(days, dtype=np.int64)[inverse]
        return ends

    def next_asked_day(
        self, which: NDArray[np.int64], days: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return the first day on or after some days on which asked hours begin; beyond FOREVER when none does."""
        position = (days - self.week_1[which]) % (7 * self.length[which])
        next_days: NDArray[np.int64] = days + self._next[7 * self.first[which] + position]
        return next_days

    def of(self, which: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """List the children of some needs: position in `which`, then number of the child."""
        count = self.children[which]
        position = np.repeat(np.arange(len(which)), count)
        step = np.arange(len(position)) - np.repeat(np.cumsum(count) - count, count)
        return position, self.child_first[which][position] + step


def _steps_to_next(begins: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count the days from each day of a cycle to the next one that is marked, itself included."""
    if not begins.any():
        return np.full(len(begins), 2 * FOREVER, dtype=np.int64)
    marked = np.flatnonzero(np.concatenate((begins, begins)))
    days = np.arange(len(begins))
    return marked[np.searchsorted(marked, days)] - days


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
        start=request.first_day.toordinal(),
        end=FOREVER if request.end is None else request.end.toordinal(),
        horizon_months=horizon_months,
        envelope_quarters=-1
        if request.envelope is None
        else round(4 * request.envelope.hours_per_month * 12 / 52),
    )


@lru_cache(maxsize=65536)
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
