"""Sums of hours over 17 and 52 weeks, bounded week by week for many pairs at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpe_geo.matching.presences import Presences
from rpe_geo.rules.bits import WORDS_PER_WEEK, pack
from rpe_geo.rules.compiled import FOREVER, NEVER
from rpe_geo.schedule import QUARTERS_PER_DAY

__all__ = ["SumsOfHours"]

_CONTRACTS_AT_MOST = 6
_PAIRS_AT_ONCE = 512

Whole = NDArray[np.int64]
Words = NDArray[np.uint32]
Bounds = NDArray[np.int16]
Truths = NDArray[np.bool_]


class SumsOfHours:
    """The sums of the presences of some pairs; every set of contracts of a pair is weighed once."""

    def __init__(self, presences: Presences) -> None:
        self.presences = presences

    def bound(self, pairs: Whole, near: Truths, pad: Whole) -> tuple[Truths, Truths, Truths, Whole]:
        """
        Bound the sums of hours of some pairs week by week.

        A contract that is there for a part of a week counts for all of it in the upper bound, for nothing in the lower.

        Parameters
        ----------
        pairs
            Which.
        near
            Contracts that may matter.
        pad
            Weeks to look at around the need.

        Returns
        -------
        tuple of ndarray
            Where no window can be refused; where one is, at every start until the latest; where the need adds no
            presence at all, so that no law of working time can refuse it; and the day that a start must pass to undo a
            window that is surely refused (NEVER where nothing is that sure).
        """
        within = np.zeros(len(pairs), dtype=np.bool_)
        beyond = np.zeros(len(pairs), dtype=np.bool_)
        idle = np.zeros(len(pairs), dtype=np.bool_)
        passed = np.full(len(pairs), NEVER, dtype=np.int64)
        count = self.presences.count(near)[pairs]
        for padding in np.unique(pad):
            some = np.flatnonzero((pad == padding) & (count <= _CONTRACTS_AT_MOST))
            for first in range(0, len(some), _PAIRS_AT_ONCE):
                chunk = some[first : first + _PAIRS_AT_ONCE]
                answers = self._bound_some(pairs[chunk], near, int(padding))
                within[chunk], beyond[chunk], idle[chunk], passed[chunk] = answers
        return within, beyond, idle, passed

    def _bound_some(
        self, pairs: Whole, near: Truths, pad: int
    ) -> tuple[Truths, Truths, Truths, Whole]:
        law = self.presences.law
        starts, ends = self.presences.starts[pairs], self.presences.ends[pairs]
        opening = starts - (starts - 1) % 7 - 7 * pad
        weeks = int(((ends - opening) // 7).max()) + pad + 1
        week = np.arange(weeks, dtype=np.int16)
        upper, lower, total, adds = self._weekly_bounds(pairs, near, opening, week)
        # The first and last week that the need touches, and those that it fills after every accepted start.
        touched = _between(week, (starts - opening) // 7, (ends + 1 - opening) // 7)
        filled = _between(
            week, (self.presences.probe[pairs] - opening) // 7, (ends - 6 - opening) // 7
        )
        phase = (
            (opening - self.presences.week_1[pairs])[:, None] // 7 + week
        ) % self.presences.weeks
        # Positions in the tables of quarters: pair, week of the cycle, set of contracts.
        table = (np.arange(len(pairs))[:, None] * self.presences.weeks + phase) * total.shape[2]
        table = table.astype(np.int32)
        lowest, highest = table + lower, table + upper
        most = total.reshape(-1)[2 * highest + touched]
        may_add = touched & adds.reshape(-1)[lowest]
        calm = self._weigh_edges(pairs, near, opening, most, may_add)
        limits = [
            (law["weekly_hours_window"], 1, law["weekly_hours_max"] * law["weekly_hours_window"])
        ]
        if pad == law["annual_hours_window"]:
            limits.append((pad, law["annual_weeks_worked"], law["annual_hours_max"] * pad))
        within = np.zeros(len(pairs), dtype=np.bool_)
        passed = np.full(len(pairs), FOREVER, dtype=np.int64)
        for window, factor, hours in limits:
            over = _windows(most, window) * factor > 4 * hours
            over &= _windows(may_add, window) > 0
            within |= ~over.any(axis=1)
            # The first week with added hours of the last refused window must be passed.
            last = over.shape[1] - 1 - over[:, ::-1].argmax(axis=1)
            added = (may_add & (week >= last[:, None])).argmax(axis=1)
            passed = np.minimum(passed, np.maximum(starts, opening + 7 * added))
        passed[within | ~calm] = NEVER
        beyond = np.zeros(len(pairs), dtype=np.bool_)
        unsure = np.flatnonzero(~within & ~calm)
        if len(unsure):
            least = total.reshape(-1)[2 * lowest[unsure] + filled[unsure]]
            surely_adds = filled[unsure] & adds.reshape(-1)[highest[unsure]]
            beyond[unsure] = True
            for window, factor, hours in limits:
                over = _windows(least, window) * factor > 4 * hours
                over &= _windows(surely_adds, window) > 0
                beyond[unsure] &= over.any(axis=1)
        return within, beyond, ~may_add.any(axis=1), passed

    def _weigh_edges(
        self, pairs: Whole, near: Truths, opening: Whole, most: Bounds, may_add: Truths
    ) -> Truths:
        """
        Replace the upper bounds of the weeks in which something begins or ends by what is there, day by day.

        Where presences pass midnight the bounds stay; the answer tells where they do not.
        """
        contracts, patterns = self.presences.registry.contracts, self.presences.registry.patterns
        position = np.full(len(self.presences.providers), -1, dtype=np.int64)
        position[pairs] = np.arange(len(pairs))
        nocturnal = near & patterns.nights[contracts.pattern[self.presences.person]]
        position[self.presences.pair[nocturnal]] = -1
        position[self.presences.needs.nocturnal[self.presences.which]] = -1
        calm = position[pairs] >= 0
        chosen = near & (position[self.presences.pair] >= 0)
        pair, person = position[self.presences.pair[chosen]], self.presences.person[chosen]
        quiet = np.flatnonzero(calm)
        edges_pair = np.concatenate((pair, pair, pair, quiet, quiet, quiet))
        days = np.concatenate(
            (
                contracts.start[person],
                contracts.end[person],
                contracts.end[person] + 1,
                self.presences.starts[pairs[quiet]],
                self.presences.ends[pairs[quiet]],
                self.presences.ends[pairs[quiet]] + 1,
            )
        )
        weeks = most.shape[1]
        number = (days - opening[edges_pair]) // 7
        inside = (number >= 0) & (number < weeks)
        edges = np.unique(edges_pair[inside] * weeks + number[inside])
        edge_pair, edge_week = np.divmod(edges, weeks)
        monday = opening[edge_pair] + 7 * edge_week
        # Contracts of a pair are neighbours: turn by turn, the next one of every edge.
        first = np.searchsorted(pair, edge_pair)
        count = np.searchsorted(pair, edge_pair, side="right") - first
        words = np.zeros((len(edges), WORDS_PER_WEEK), dtype=np.uint32)
        for turn in range(int(count.max(initial=0))):
            there = np.flatnonzero(turn < count)
            who, when = person[first[there] + turn], monday[there]
            rows = patterns.rows(contracts.pattern[who], contracts.week_1[who], when)
            words[there] |= patterns.packed[rows] & _days_of(
                contracts.start[who], contracts.end[who], when
            )
        mine = pairs[edge_pair]
        phase = (monday - self.presences.week_1[mine]) // 7 % self.presences.weeks
        asked = self.presences.asked[mine, phase] & _days_of(
            self.presences.starts[mine], self.presences.ends[mine], monday
        )
        most[edge_pair, edge_week] = np.bitwise_count(words | asked).sum(axis=1)
        may_add[edge_pair, edge_week] = (asked & ~words).any(axis=1)
        return calm

    def _weekly_bounds(
        self, pairs: Whole, near: Truths, opening: Whole, week: Bounds
    ) -> tuple[NDArray[np.int8], NDArray[np.int8], Bounds, Truths]:
        """
        Tell which contracts may be there and are there in each week, as bit sets.

        Of every set follow its quarters, without and with the asked ones, and whether the asked ones add any.
        """
        contracts, patterns = self.presences.registry.contracts, self.presences.registry.patterns
        position = np.full(len(self.presences.providers), -1, dtype=np.int64)
        position[pairs] = np.arange(len(pairs))
        chosen = near & (position[self.presences.pair] >= 0)
        pair, person = position[self.presences.pair[chosen]], self.presences.person[chosen]
        rank = np.arange(len(pair)) - np.searchsorted(pair, pair)
        ranks = int(rank.max(initial=-1)) + 1
        upper = np.zeros((len(pairs), len(week)), dtype=np.int8)
        lower = np.zeros_like(upper)
        sets = np.zeros(
            (len(pairs), self.presences.weeks, 1 << ranks, WORDS_PER_WEEK), dtype=np.uint32
        )
        for turn in range(ranks):
            now = rank == turn
            who, where = person[now], pair[now]
            start = np.clip(contracts.start[who], self.presences.starts.min() - 20_000, None)
            end = np.clip(contracts.end[who], None, self.presences.ends.max() + 20_000)
            since = opening[where]
            rows = patterns.rows(
                contracts.pattern[who][:, None],
                contracts.week_1[who][:, None],
                self.presences.mondays[pairs[where]],
            )
            half = 1 << turn
            sets[:, :, half : 2 * half] = sets[:, :, :half]
            sets[where, :, half : 2 * half] |= patterns.packed[rows][:, :, None, :]
            may = _between(week, (start - since) // 7, (end + 1 - since) // 7)
            does = _between(week, -((since - start - 1) // 7), (end - 6 - since) // 7)
            upper[where] |= may.astype(np.int8) << turn
            lower[where] |= does.astype(np.int8) << turn
        alone = np.bitwise_count(sets).sum(axis=3, dtype=np.int16)
        asked = self.presences.asked[pairs][:, :, None, :]
        both = np.bitwise_count(sets | asked).sum(axis=3, dtype=np.int16)
        return upper, lower, np.stack((alone, both), axis=3), both > alone


def _between(week: Bounds, first: Whole, last: Whole) -> Truths:
    """Tell which weeks lie between two, inclusive, for each pair."""
    between: Truths = (week >= first.astype(np.int16)[:, None]) & (
        week <= last.astype(np.int16)[:, None]
    )
    return between


_DAY = np.arange(7)
_DAY_WORDS = pack(
    np.repeat(
        (_DAY[:, None, None] <= _DAY) & (_DAY[None, :, None] >= _DAY), QUARTERS_PER_DAY, axis=2
    ).reshape(49, -1)
).reshape(7, 7, WORDS_PER_WEEK)


def _days_of(start: Whole, end: Whole, monday: Whole) -> Words:
    """Return the bits of the days of some weeks between a start and an end."""
    first, last = np.maximum(start - monday, 0), np.minimum(end - monday, 6)
    words: Words = _DAY_WORDS[np.minimum(first, 6), np.maximum(last, 0)]
    words[(first > 6) | (last < 0)] = 0
    return words


def _windows(figures: NDArray[Any], window: int) -> NDArray[np.int32]:
    """Sum every window of consecutive columns."""
    total = np.zeros((len(figures), figures.shape[1] + 1), dtype=np.int32)
    np.cumsum(figures, axis=1, out=total[:, 1:])
    sums: NDArray[np.int32] = total[:, window:] - total[:, :-window]
    return sums
