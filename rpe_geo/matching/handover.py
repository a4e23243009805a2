"""Sharing a week between two providers: who has the child when, how often it changes hands, how far one travels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rpe_geo.schedule import QUARTERS_PER_DAY, QUARTERS_PER_WEEK, Timetable, timetable_of_slots

__all__ = ["Manner", "SharedWeek", "days_of", "share_week"]

NOBODY = -1

Manner = Literal["whole", "turns", "halves"]
"""What becomes of the days that both could take."""

_Slots = NDArray[np.bool_]
_Days = Sequence[NDArray[np.intp]]


@dataclass(frozen=True)
class SharedWeek:
    """
    Who has the child at each asked quarter-hour of the cycle.

    Parameters
    ----------
    holder
        Number of the provider for each quarter-hour of the cycle; NOBODY where nothing is asked or nobody can.
    runs
        The holders of each uninterrupted stretch of care, in order.
    weeks
        Length of the cycle.
    """

    holder: NDArray[np.int64]
    runs: tuple[tuple[int, ...], ...]
    weeks: int

    @property
    def handovers_per_week(self) -> Fraction:
        """How often the child goes straight from one provider to the other, in a mean week."""
        return Fraction(sum(len(run) - 1 for run in self.runs), self.weeks)

    @property
    def moves(self) -> NDArray[np.int64]:
        """Quarter-hours of the cycle at which the child goes straight from one provider to the other."""
        before, after = self.holder, np.roll(self.holder, -1)
        moves: NDArray[np.int64] = np.flatnonzero(
            (before != after) & (before != NOBODY) & (after != NOBODY)
        )
        return (moves + 1) % len(self.holder)

    def shortest_stay(self) -> int:
        """Return the shortest stay, in quarter-hours, that begins or ends with a change of hands; a day without one."""
        edges = np.flatnonzero(np.diff(self.holder, prepend=NOBODY, append=NOBODY))
        begins, ends = edges[:-1], edges[1:]
        held = self.holder[begins] != NOBODY
        moves = np.isin(begins, self.moves) | np.isin(ends, self.moves)
        stays = (ends - begins)[held & moves]
        return int(stays.min()) if len(stays) else QUARTERS_PER_DAY

    def hours(self, provider: int, holidays: NDArray[np.bool_] | None = None) -> Timetable:
        """Return the hours of one provider."""
        return timetable_of_slots(self.holder == provider, holidays)

    def quarters(self, provider: int) -> int:
        """Count the quarter-hours of one provider over the cycle."""
        return int(np.count_nonzero(self.holder == provider))

    def travel_minutes_per_week(
        self, from_home: Sequence[float], between: Callable[[int, int], float]
    ) -> float:
        """
        Add up the ways of the child: from home to the first provider, from one to the other, and back home.

        Parameters
        ----------
        from_home
            Minutes from home to each provider.
        between
            Minutes from one provider to another.

        Returns
        -------
        float
            Minutes in a mean week.
        """
        total = 0.0
        for run in self.runs:
            total += from_home[run[0]] + from_home[run[-1]]
            total += sum(between(one, other) for one, other in pairwise(run))
        return total / self.weeks


def days_of(asked: Timetable) -> list[NDArray[np.intp]]:
    """List the asked quarter-hours of the cycle day by day; a night belongs to the day on which it begins."""
    total = len(asked) * QUARTERS_PER_WEEK
    days = []
    for number, week in enumerate(asked.weeks):
        for weekday, spans in enumerate(week.days[:7]):
            midnight = number * QUARTERS_PER_WEEK + weekday * QUARTERS_PER_DAY
            if spans:
                slots = [np.arange(midnight + span.begin, midnight + span.end) for span in spans]
                days.append(np.concatenate(slots) % total)
    return days


def share_week(
    days: _Days,
    free: Sequence[_Slots],
    weeks: int,
    *,
    manner: Manner = "whole",
    filler: int | None = None,
) -> SharedWeek:
    """
    Share the asked hours between providers with few changes of hands.

    A day that one provider can take whole goes to one alone; on the other days one of them has the child whenever it
    can and the others fill in, whichever way round gives fewer changes.

    Parameters
    ----------
    days
        Asked quarter-hours of each day, as from `days_of`.
    free
        When each can have the child, over the cycle; the first is preferred.
    weeks
        Length of the cycle.
    manner
        Days that both could take: whole to the first, by turns (the first days of the week to the first, the last to
        the second), or in halves; with halves, hours of a shared day that both could take go to the second.
    filler
        Number of one who only has what the others cannot take.

    Returns
    -------
    SharedWeek
        The plan.
    """
    holder = np.full(weeks * QUARTERS_PER_WEEK, NOBODY, dtype=np.int64)
    runs: list[tuple[int, ...]] = []
    for number, slots in enumerate(days):
        able = [hours[slots] for hours in free]
        whole = [who for who, hours in enumerate(able) if hours.all() and who != filler]
        best = _whole_day(whole, len(slots), manner, late=2 * number >= len(days))
        if best is None:
            plans = [_fill(able, order) for order in _orders(len(free), filler)]
            if manner == "halves":
                plans.reverse()
            best = min(plans, key=lambda plan: np.count_nonzero(np.diff(plan)))
        holder[slots] = best
        runs.extend(_runs(slots, best))
    return SharedWeek(holder, tuple(runs), weeks)


def _whole_day(
    whole: Sequence[int], length: int, manner: Manner, *, late: bool
) -> NDArray[np.int64] | None:
    """Give a day to those who can take it whole; None when nobody can."""
    if not whole:
        return None
    plan = np.full(length, whole[0], dtype=np.int64)
    if len(whole) > 1 and manner == "turns" and late:
        plan[:] = whole[1]
    elif len(whole) > 1 and manner == "halves":
        plan[length // 2 :] = whole[1]
    return plan


def _orders(count: int, filler: int | None) -> list[tuple[int, ...]]:
    """Let each provider come first in turn, the others in their order, the filler always last."""
    others = [number for number in range(count) if number != filler]
    last = () if filler is None else (filler,)
    return [(first, *(number for number in others if number != first), *last) for first in others]


def _fill(able: Sequence[_Slots], order: Sequence[int]) -> NDArray[np.int64]:
    """Give each quarter-hour to the first provider of the order that can."""
    plan = np.full(len(able[0]), NOBODY, dtype=np.int64)
    for number in order:
        plan[(plan == NOBODY) & able[number]] = number
    return plan


def _stretches(slots: NDArray[np.intp], plan: NDArray[np.int64]) -> list[tuple[int, int]]:
    """List (begin, end) of the uninterrupted parts of a day with one holder."""
    changes = (plan[1:] != plan[:-1]) | (np.diff(slots) != 1)
    edges = [0, *(np.flatnonzero(changes) + 1).tolist(), len(plan)]
    return list(pairwise(edges))


def _runs(slots: NDArray[np.intp], plan: NDArray[np.int64]) -> list[tuple[int, ...]]:
    """List the holders of each uninterrupted stretch of care of a day."""
    runs: list[list[int]] = []
    end_before = -1
    for begin, end in _stretches(slots, plan):
        number = int(plan[begin])
        if number == NOBODY:
            end_before = -1
            continue
        if int(slots[begin]) == end_before and runs:
            runs[-1].append(number)
        else:
            runs.append([number])
        end_before = int(slots[end - 1]) + 1
    return [tuple(run) for run in runs]
