"""
Sums of hours over 17 and 52 weeks, weighed exactly for many pairs at once.

Between two days on which a contract or the need begins or ends the weeks repeat: one turn of the common cycle stands
for all of them, laid by the same functions as the timelines of the laws. Weighing a pair costs a dozen weeks instead
of some 150, and every window of weeks is then a difference of running totals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpe_geo.matching.starts.presences import Pairs
from rpe_geo.rules.bits import no_words
from rpe_geo.rules.compiled import NEVER, Registry
from rpe_geo.rules.laid_hours import asked_hours, hours_of
from rpe_geo.rules.need import Needs
from rpe_geo.rules.patterns import monday_ordinal
from rpe_geo.rules.working_time import pad_weeks

__all__ = ["Sums", "weigh"]

_PAIRS_AT_ONCE = 1024
_ADDED = 1 << 20
"""A week with added hours, in the same running total as its quarter-hours: 52 weeks hold far less than a million."""

Whole = NDArray[np.int64]
Words = NDArray[np.uint32]
Figures = NDArray[np.int32]
Truths = NDArray[np.bool_]


@dataclass(frozen=True)
class Sums:
    """
    What the sums of hours of some pairs come to when care begins on a day.

    Parameters
    ----------
    within
        Where no sum of hours refuses the need.
    idle
        Where the need adds no presence at all, so that no law of working time can refuse it.
    passed
        The day that a start must pass to undo the last refused window; NEVER where none is refused.
    """

    within: Truths
    idle: Truths
    passed: Whole


def weigh(
    registry: Registry, needs: Needs, pairs: Pairs, law: Mapping[str, Any], cycle: int
) -> Sums:
    """
    Weigh the hours of every window of weeks.

    Parameters
    ----------
    registry, needs
        Compiled.
    pairs
        Whose hours, from when to when.
    law
        The dated table `law`.
    cycle
        Weeks after which the hours of every pair repeat.

    Returns
    -------
    Sums
        Aligned with the pairs.
    """
    within = np.zeros(len(pairs.need), dtype=np.bool_)
    idle, passed = within.copy(), np.full(len(within), NEVER, dtype=np.int64)
    pad = pad_weeks(law, registry.consent[pairs.provider])
    for padding in np.unique(pad).tolist():
        some = np.flatnonzero(pad == padding)
        for first in range(0, len(some), _PAIRS_AT_ONCE):
            chunk = some[first : first + _PAIRS_AT_ONCE]
            weighed = _weigh_some(registry, needs, pairs.take(chunk), law, cycle, padding)
            within[chunk], idle[chunk] = weighed.within, weighed.idle
            passed[chunk] = weighed.passed
    return Sums(within, idle, passed)


def _weigh_some(
    registry: Registry, needs: Needs, pairs: Pairs, law: Mapping[str, Any], cycle: int, pad: int
) -> Sums:
    """Weigh pairs of which the same number of weeks around the need matters."""
    opening = monday_ordinal(pairs.start) - 7 * pad
    weeks = int(((pairs.end - opening) // 7).max()) + pad + 1
    pair, person = registry.contracts.of(pairs.provider)
    start, end = registry.contracts.start[person], registry.contracts.end[person]
    near = (start < opening[pair] + 7 * weeks) & (end + 1 >= opening[pair])
    pair, person = pair[near], person[near]
    # Those with most contracts come first, so that those who have another one are always the first ones.
    count = np.bincount(pair, minlength=len(opening))
    order = np.argsort(-count.astype(np.int16), kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    pairs, opening = pairs.take(order), opening[order]
    first, length = _repeating(pairs, place[pair], start[near], end[near], opening, weeks)
    # One turn of the cycle of each stretch of weeks that repeat.
    shown = np.minimum(length, cycle) if cycle > 1 else np.ones_like(length)
    base = np.cumsum(shown) - shown
    shown_weeks = first
    if cycle > 1:
        shown_weeks = np.repeat(first - base, shown) + np.arange(int(shown.sum()))
    row_pair = shown_weeks // weeks
    monday = opening[row_pair] + 7 * (shown_weeks - row_pair * weeks)
    asked, _ = asked_hours(
        registry,
        needs,
        pairs.need[row_pair],
        pairs.provider[row_pair],
        monday,
        pairs.start[row_pair],
        pairs.end[row_pair],
    )
    taken = no_words(len(monday))
    offset = (np.cumsum(count) - count)[order]
    count = count[order]
    for turn in range(int(count[0])):
        those = np.searchsorted(row_pair, np.count_nonzero(count > turn))
        who = person[offset[row_pair[:those]] + turn]
        taken[:those] |= hours_of(registry.contracts, registry.patterns, who, monday[:those])
    hours = np.bitwise_count(taken | asked).sum(axis=1, dtype=np.int32)
    adds = np.asarray((asked & ~taken).any(axis=1), dtype=np.bool_)
    figures = hours + _ADDED * adds.astype(np.int32)
    if cycle == 1:
        figures = np.repeat(figures, length)
    else:
        turned = (np.arange(weeks * len(opening)) - np.repeat(first, length)) % cycle
        figures = figures[np.repeat(base, length) + turned]
    sums = _judge(pairs, needs, law, figures.reshape(len(opening), weeks), opening, pad)
    return Sums(sums.within[place], sums.idle[place], sums.passed[place])


def _repeating(
    pairs: Pairs, pair: Whole, start: Whole, end: Whole, opening: Whole, weeks: int
) -> tuple[Whole, Whole]:
    """Cut the weeks of every pair where something begins or ends: first week (pair by pair on one line) and length."""
    everyone = np.arange(len(opening))
    of = np.concatenate((pair, pair, pair, everyone, everyone, everyone))
    # What begins on the last day may run past midnight into the day after.
    days = np.concatenate((start, end, end + 1, pairs.start, pairs.end, pairs.end + 1))
    week = (days - opening[of]) // 7
    inside = (week >= 0) & (week < weeks)
    changes = of[inside] * weeks + week[inside]
    cut = np.zeros(len(opening) * weeks + 1, dtype=np.bool_)
    # A week with a change stands alone: the next one begins another stretch.
    cut[changes] = cut[changes + 1] = True
    cut[::weeks] = True
    first = np.flatnonzero(cut)
    return first[:-1], np.diff(first)


def _judge(
    pairs: Pairs, needs: Needs, law: Mapping[str, Any], figures: Figures, opening: Whole, pad: int
) -> Sums:
    """Hold the sums of the weekly figures against the limits of the law."""
    total = np.zeros((len(figures), figures.shape[1] + 1), dtype=np.int32)
    np.cumsum(figures, axis=1, out=total[:, 1:])
    window = law["weekly_hours_window"]
    limits = [(window, 1, law["weekly_hours_max"] * window)]
    if pad == law["annual_hours_window"]:
        limits.append((pad, law["annual_weeks_worked"], law["annual_hours_max"] * pad))
    refused = np.arange(len(opening))
    passed = np.full(len(opening), -NEVER, dtype=np.int64)
    for length, factor, hours in limits:
        sums = total[refused, length:] - total[refused, :-length]
        over = (sums & (_ADDED - 1)) > 4 * hours // factor
        over &= sums >= _ADDED
        some = np.flatnonzero(over.any(axis=1))
        refused, over = refused[some], over[some]
        # The first week with added hours of the last refused window must be passed.
        last = over.shape[1] - 1 - over[:, ::-1].argmax(axis=1)
        week = np.arange(figures.shape[1])
        added = (figures[refused] >= _ADDED) & (week >= last[:, None])
        passed[refused] = np.minimum(passed[refused], opening[refused] + 7 * added.argmax(axis=1))
    within = np.ones(len(opening), dtype=np.bool_)
    within[refused] = False
    # The hours of a Monday may belong to a night that begins the day before.
    passed = np.maximum(passed - needs.nocturnal[pairs.need], pairs.start)
    return Sums(within, total[:, -1] < _ADDED, np.where(within, NEVER, passed))
