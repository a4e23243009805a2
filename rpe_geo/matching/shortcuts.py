"""
What can be settled without laying a timeline: bounds on the laws, for a whole registry at once.

No law is defined here. A bound looks at two sets of contracts of each provider. *Any*: every contract that touches the
need or the weeks around it, as if all were there all the time; the laws forbid more when more people are present, so
what holds for them holds on every day. *Sure*: the contracts that are there during the whole of some weeks of the need
after the last start accepted; what they break is broken whenever care begins. What neither settles is asked of the
laws themselves (`rpe_geo.rules.laws`). Nights are left to the laws: with a presence over midnight, less presence may
begin on another date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpe_geo.matching.threads import in_threads
from rpe_geo.rules.compiled import FOREVER, NEVER, Registry
from rpe_geo.rules.need import Needs
from rpe_geo.rules.patterns import FAR, REFERENCE_ORDINAL, day_bounds, pack
from rpe_geo.schedule import QUARTERS_PER_DAY

__all__ = ["BLOCKED", "BROKEN", "FREE", "RESTED", "ROOMY", "UNSETTLED", "settle"]

BROKEN, BLOCKED, UNSETTLED, ROOMY, RESTED, FREE = (np.int8(code) for code in range(-2, 4))

_CYCLE_MAX = 4
_PAIRS_AT_ONCE = 4096
_CONTRACTS_SUMMED = 6
_SUMS_AT_ONCE = 512

Whole = NDArray[np.int64]
Words = NDArray[np.uint64]
Bounds = NDArray[np.int16]
Truths = NDArray[np.bool_]


def settle(
    registry: Registry,
    needs: Needs,
    which: Whole,
    providers: Whole,
    starts: Whole,
    law: Mapping[str, Any],
    *,
    latest: Whole,
) -> tuple[NDArray[np.int8], Whole]:
    """
    Settle what bounds can settle.

    Parameters
    ----------
    registry, needs
        Compiled.
    which, providers, starts
        Numbers of the needs and of the childminders, and ordinals of a start of care, aligned.
    law
        The dated table `law`.
    latest
        Last start accepted, ordinals, aligned.

    Returns
    -------
    tuple of ndarray
        What is known. FREE: no law is broken at this start. BROKEN: some law is, at every start until the latest.
        BLOCKED: some law is, until the start has passed the day in the second array. ROOMY: no law of
        places and ages is broken at this start, working time is to be asked. RESTED: of working time, only the sums of
        hours are to be asked. UNSETTLED: everything is to be asked.
    """
    answers = np.full(len(providers), UNSETTLED)
    passed = np.full(len(providers), NEVER, dtype=np.int64)
    special = registry.legacy[providers] | registry.declared[providers]
    cycle = np.lcm(registry.cycle[providers], needs.length[which])
    chunks: list[tuple[int, Whole]] = []
    for weeks in range(1, _CYCLE_MAX + 1):
        pairs = np.flatnonzero(~special & (cycle == weeks))
        chunks.extend(
            (weeks, pairs[first : first + _PAIRS_AT_ONCE])
            for first in range(0, len(pairs), _PAIRS_AT_ONCE)
        )

    def settle_chunk(chunk: tuple[int, Whole]) -> tuple[NDArray[np.int8], Whole]:
        weeks, some = chunk
        pairs = _Pairs(which[some], providers[some], starts[some], latest[some])
        return _Part(registry, needs, pairs, law, weeks).settle()

    for (_, some), found in zip(chunks, in_threads(settle_chunk, chunks), strict=True):
        answers[some], passed[some] = found
    return answers, passed


@dataclass(frozen=True)
class _Present:
    """What a set of contracts adds up to, week by week of the common cycle."""

    hours: Words
    first: Bounds
    last: Bounds


@dataclass(frozen=True)
class _Pairs:
    """Needs and childminders by number, a start of care and the last one accepted; aligned."""

    need: Whole
    provider: Whole
    start: Whole
    latest: Whole

    def take(self, chosen: Whole) -> _Pairs:
        """Keep some pairs."""
        return _Pairs(
            self.need[chosen], self.provider[chosen], self.start[chosen], self.latest[chosen]
        )


class _Part:
    """Providers whose presences repeat with the same number of weeks."""

    def __init__(
        self,
        registry: Registry,
        needs: Needs,
        pairs: _Pairs,
        law: Mapping[str, Any],
        weeks: int,
    ) -> None:
        self.registry, self.needs, self.pairs, self.law = registry, needs, pairs, law
        self.which, self.providers, self.starts = pairs.need, pairs.provider, pairs.start
        self.weeks = weeks
        self.ends = needs.last_days(self.which, self.starts)
        self.week_1 = needs.week_1[self.which]
        self.mondays = self.week_1[:, None] + 7 * np.arange(weeks)
        # The first Monday on which every accepted start has begun.
        self.probe = pairs.latest + (1 - pairs.latest) % 7
        self.pair, self.person = registry.contracts.of(self.providers)
        self._ask()

    def _ask(self) -> None:
        """Lay the asked hours within her hours over the cycle."""
        needs, registry = self.needs, self.registry
        rows = needs.rows(self.which[:, None], self.mondays)
        distinct, row = np.unique(rows, return_inverse=True)
        whole = needs.heads[distinct] | needs.tails[distinct]
        row = row.reshape(rows.shape)
        wanted = pack(whole)[row]
        self.asked = wanted
        first, last = day_bounds(whole)
        self.asked_first = first[row].reshape(len(rows), -1)
        self.asked_last = last[row].reshape(len(rows), -1)
        hours = registry.hours[self.providers]
        known = np.flatnonzero(hours >= 0)
        if len(known):
            patterns = registry.patterns
            offered = patterns.rows(hours[known][:, None], REFERENCE_ORDINAL, self.mondays[known])
            self.asked = self.asked.copy()
            self.asked[known] &= patterns.packed[offered]
        self.asked_whole = (self.asked == wanted).all(axis=(1, 2))

    def _gather(self, chosen: Truths) -> _Present:
        """Put the hours of chosen contracts together."""
        patterns = self.registry.patterns
        shape = (len(self.providers), self.weeks)
        hours = np.zeros((*shape, 11), dtype=np.uint64)
        first = np.full((*shape, 7), FAR, dtype=np.int16)
        last = np.zeros((*shape, 7), dtype=np.int16)
        for pair, rows in self._turns(chosen):
            hours[pair] |= patterns.packed[rows]
            first[pair] = np.minimum(first[pair], patterns.days[0][rows])
            last[pair] = np.maximum(last[pair], patterns.days[1][rows])
        days = (len(self.providers), 7 * self.weeks)
        return _Present(hours, first.reshape(days), last.reshape(days))

    def _turns(self, chosen: Truths) -> list[tuple[Whole, Whole]]:
        """List the chosen contracts so that each provider comes once in a turn: pairs, and rows of the cycle."""
        contracts, patterns = self.registry.contracts, self.registry.patterns
        pair, person = self.pair[chosen], self.person[chosen]
        rank = np.arange(len(pair)) - np.searchsorted(pair, pair)
        turns = []
        for turn in range(int(rank.max(initial=-1)) + 1):
            now = rank == turn
            who = person[now]
            rows = patterns.rows(
                contracts.pattern[who][:, None],
                contracts.week_1[who][:, None],
                self.mondays[pair[now]],
            )
            turns.append((pair[now], rows))
        return turns

    def settle(self) -> tuple[NDArray[np.int8], Whole]:
        """Answer for each provider; see the function of the same name."""
        broken, roomy = self._slots()
        answers = np.where(broken, BROKEN, UNSETTLED)
        passed = np.full(len(answers), NEVER, dtype=np.int64)
        left = np.flatnonzero(~broken)
        if len(left):
            part = _Part(self.registry, self.needs, self.pairs.take(left), self.law, self.weeks)
            broken, rested, light, passed[left] = part.settle_time()
            settled = np.where(rested, np.where(light, FREE, RESTED), ROOMY)
            settled = np.where(roomy[left], settled, UNSETTLED)
            settled = np.where(passed[left] == NEVER, settled, BLOCKED)
            answers[left] = np.where(broken, BROKEN, settled)
        return answers, passed

    def settle_time(self) -> tuple[Truths, Truths, Truths, Whole]:
        """
        Bound the laws of working time.

        Returns
        -------
        tuple of ndarray
            Where one is broken at every start, where every rest is long enough, where no sum of hours is passed, and
            which starts a sum forbids.
        """
        contracts, law = self.registry.contracts, self.law
        pad = np.where(
            self.registry.consent[self.providers],
            law["annual_hours_window"],
            law["weekly_hours_window"],
        )
        around = 7 * pad[self.pair] + 7
        near = (contracts.start[self.person] <= self.ends[self.pair] + around) & (
            contracts.end[self.person] >= self.starts[self.pair] - around
        )
        everyone = self._gather(near)
        nights = self.needs.nocturnal[self.which]
        nocturnal = self.registry.patterns.nights[contracts.pattern[self.person]]
        nights[self.pair[near & nocturnal]] = True
        rested = ~nights & self._rested(everyone)
        window = law["weekly_hours_window"]
        most = self._sums(self._quarters(everyone), window).max(axis=1)
        light = most <= 4 * law["weekly_hours_max"] * window
        broken = np.zeros_like(nights)
        passed = np.full(len(nights), NEVER, dtype=np.int64)
        if not rested.all():
            broken |= self._too_long(everyone, nights)
        if not (broken | light).all():
            broken |= self._too_heavy(everyone, pad)
        doubtful = np.flatnonzero(~broken & ~(light & rested))
        if len(doubtful):
            within, beyond, idle, passed[doubtful] = self._sums_of(doubtful, near, pad[doubtful])
            light[doubtful] |= within
            rested[doubtful] |= idle
            broken[doubtful] |= beyond
        return broken, rested, light, passed

    def _lasting(self, weeks: Whole) -> Truths:
        """Tell which contracts are there during so many whole weeks from the probe on."""
        contracts = self.registry.contracts
        last = (self.probe + 7 * weeks)[self.pair] - 1
        lasting: Truths = (contracts.start[self.person] < self.probe[self.pair]) & (
            contracts.end[self.person] >= last
        )
        return lasting

    def _probed(self) -> Truths:
        """Tell for which pairs the need lasts a whole turn of the cycle from the probe on, and asks something."""
        probed: Truths = self.probe + 7 * self.weeks - 1 <= self.ends
        return probed & self.asked.any(axis=(1, 2))

    # ---- places, children under three and under eleven, MAM --------------------------------------------------

    def _slots(self) -> tuple[Truths, Truths]:
        """Bound the children present together during the asked hours: where too many are, and where enough room is."""
        registry, children = self.registry, self.needs.children[self.which]
        contracts = registry.contracts
        during = (contracts.start[self.person] <= self.ends[self.pair] + 1) & (
            contracts.end[self.person] >= self.starts[self.pair] - 1
        )
        offered = registry.places_offered[self.providers] - children
        under_3, under_11 = self._own_children(3), self._own_children(11)
        room = np.where(
            registry.own_takes_place[self.providers],
            np.minimum(offered, registry.places[self.providers] - children - under_3),
            offered,
        )
        most = self._together(during)
        free = most <= room
        free &= (
            np.minimum(most, self._contracts_under(3, during)) + under_3 + children
            <= (self.law["under_3_max"])
        )
        free &= (
            np.minimum(most, self._contracts_under(11, during)) + under_11 + children
            <= (self.law["under_11_max"])
        )
        free &= self._mam_has_room()
        broken = offered < 0
        if (most > offered).any():
            turn = np.full(len(offered), self.weeks)
            broken |= self._together(self._lasting(turn)) > offered
        if broken.any():
            broken &= self._probed()
        return broken, free

    def _together(self, chosen: Truths) -> Whole:
        """Count the most contract children present together at an asked quarter-hour, six at most."""
        at_least = [np.zeros_like(self.asked) for _ in range(6)]
        patterns = self.registry.patterns
        for pair, rows in self._turns(chosen):
            there = patterns.packed[rows] & self.asked[pair]
            for number in range(len(at_least) - 1, 0, -1):
                at_least[number][pair] |= at_least[number - 1][pair] & there
            at_least[0][pair] |= there
        most = np.zeros(len(self.providers), dtype=np.int64)
        for slots in at_least:
            most += slots.any(axis=(1, 2))
        # Six may be more: no bound then, unless nobody could be.
        return np.where(most == len(at_least), self._count(chosen), most)

    def _count(self, chosen: Truths) -> Whole:
        return np.bincount(self.pair[chosen], minlength=len(self.providers))

    def _contracts_under(self, years: int, during: Truths) -> Whole:
        contracts = self.registry.contracts
        birthday = contracts.third if years == 3 else contracts.eleventh
        return self._count(during & (birthday[self.person] > self.starts[self.pair]))

    def _own_children(self, years: int) -> Whole:
        """Count her own children who are under an age on some day of the need."""
        own = self.registry.own_children
        pair, person = own.of(self.providers)
        birthday = (own.third if years == 3 else own.eleventh)[person]
        counted = (birthday > self.starts[pair]) & (own.birth[person] <= self.ends[pair] + 1)
        return np.bincount(pair[counted], minlength=len(self.providers))

    def _mam_has_room(self) -> Truths:
        """Tell where even all members and all their contracts together pass no limit of the house."""
        registry = self.registry
        mam = registry.mam[self.providers]
        house = np.maximum(mam, 0)
        if not (mam >= 0).any():
            return np.ones(len(mam), dtype=np.bool_)
        present_max, children_max = (
            np.where(limit[house] < 0, default, limit[house])
            for limit, default in (
                (registry.mam_present_max, self.law["mam_present_default"]),
                (registry.mam_children_max, self.law["mam_children_default"]),
            )
        )
        members = registry.mam_first[house + 1] - registry.mam_first[house]
        room = (members <= present_max) & (
            registry.mam_contracts[house] + self.needs.children[self.which] <= children_max
        )
        roomy: Truths = (mam < 0) | room
        return roomy

    # ---- working time ----------------------------------------------------------------------------------------

    def _quarters(self, present: _Present) -> Whole:
        """Count the quarter-hours of each week, the asked ones included."""
        words: Whole = np.bitwise_count(present.hours | self.asked).sum(axis=2, dtype=np.int64)
        return words

    def _rested(self, present: _Present) -> Truths:
        """Tell where every law of rest holds, even with everybody there all the time."""
        law = self.law
        first = np.minimum(present.first, self.asked_first)
        last = np.maximum(present.last, self.asked_last)
        after = np.roll(first, -1, axis=1)
        held: Truths = (last - first <= 4 * law["daily_span_hours"]).all(axis=1)
        held &= (after + QUARTERS_PER_DAY - last >= 4 * law["daily_rest_hours"]).all(axis=1)
        empty = first == FAR
        none = np.zeros_like(held)
        in_a_row = ~empty
        for shift in range(1, law["consecutive_days_max"] + 1):
            in_a_row = in_a_row & ~np.roll(empty, shift, axis=1)
        none |= in_a_row.any(axis=1)
        held &= ~none
        rest = 2 * QUARTERS_PER_DAY - np.roll(last, 1, axis=1) + after
        rested = empty & (rest >= 4 * law["weekly_rest_hours"])
        held &= rested.reshape(-1, self.weeks, 7).any(axis=2).all(axis=1)
        return held

    def _sums(self, quarters: Whole, window: int) -> Whole:
        """Sum every window of the repeating weeks."""
        turns, rest = divmod(window, self.weeks)
        total: Whole = turns * quarters.sum(axis=1, keepdims=True) + np.zeros_like(quarters)
        for shift in range(rest):
            total += np.roll(quarters, -shift, axis=1)
        return total

    def _too_long(self, everyone: _Present, nights: Truths) -> Truths:
        """Tell where a day is surely too long, and the need surely makes it longer."""
        lasting = self._gather(self._lasting(np.full(len(nights), self.weeks)))
        first = np.minimum(lasting.first, self.asked_first)
        last = np.maximum(lasting.last, self.asked_last)
        longer = (self.asked_first < everyone.first) | (self.asked_last > everyone.last)
        longer &= self.asked_last > 0
        long = last - first > 4 * self.law["daily_span_hours"]
        broken: Truths = (long & longer).any(axis=1) & ~nights & self.asked_whole & self._probed()
        return broken

    def _too_heavy(self, everyone: _Present, pad: Whole) -> Truths:
        """Tell where the contracts that last as long as a window pass its limit, and the need surely adds hours."""
        law = self.law
        quarters = self._quarters(self._gather(self._lasting(pad)))
        window, year = law["weekly_hours_window"], law["annual_hours_window"]
        most = 4 * law["weekly_hours_max"] * window
        broken: Truths = self._sums(quarters, window).min(axis=1) > most
        worked = self._sums(quarters, year).min(axis=1) * law["annual_weeks_worked"]
        broken &= ~self.registry.consent[self.providers] | (
            worked > 4 * law["annual_hours_max"] * year
        )
        # Nobody is ever there at some asked hour, so the need adds it.
        broken &= (self.asked & ~everyone.hours).any(axis=(1, 2))
        broken &= self.probe + 7 * pad - 1 <= self.ends
        return broken

    def _sums_of(
        self, pairs: Whole, near: Truths, pad: Whole
    ) -> tuple[Truths, Truths, Truths, Whole]:
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
        count = self._count(near)[pairs]
        for padding in np.unique(pad):
            some = np.flatnonzero((pad == padding) & (count <= _CONTRACTS_SUMMED))
            for first in range(0, len(some), _SUMS_AT_ONCE):
                chunk = some[first : first + _SUMS_AT_ONCE]
                answers = self._sums_at_once(pairs[chunk], near, int(padding))
                within[chunk], beyond[chunk], idle[chunk], passed[chunk] = answers
        return within, beyond, idle, passed

    def _sums_at_once(
        self, pairs: Whole, near: Truths, pad: int
    ) -> tuple[Truths, Truths, Truths, Whole]:
        law = self.law
        starts, ends = self.starts[pairs], self.ends[pairs]
        opening = starts - (starts - 1) % 7 - 7 * pad
        weeks = int(((ends - opening) // 7).max()) + pad + 1
        week = np.arange(weeks, dtype=np.int16)
        upper, lower, total, adds = self._weekly_bounds(pairs, near, opening, week)
        # The first and last week that the need touches, and those that it fills after every accepted start.
        touched = _between(week, (starts - opening) // 7, (ends + 1 - opening) // 7)
        filled = _between(week, (self.probe[pairs] - opening) // 7, (ends - 6 - opening) // 7)
        phase = ((opening - self.week_1[pairs])[:, None] // 7 + week) % self.weeks
        # Positions in the tables of quarters: pair, week of the cycle, set of contracts.
        table = (np.arange(len(pairs))[:, None] * self.weeks + phase) * total.shape[2]
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
        contracts, patterns = self.registry.contracts, self.registry.patterns
        position = np.full(len(self.providers), -1, dtype=np.int64)
        position[pairs] = np.arange(len(pairs))
        nocturnal = near & patterns.nights[contracts.pattern[self.person]]
        position[self.pair[nocturnal]] = -1
        position[self.needs.nocturnal[self.which]] = -1
        calm = position[pairs] >= 0
        chosen = near & (position[self.pair] >= 0)
        pair, person = position[self.pair[chosen]], self.person[chosen]
        quiet = np.flatnonzero(calm)
        edges_pair = np.concatenate((pair, pair, pair, quiet, quiet, quiet))
        days = np.concatenate(
            (
                contracts.start[person],
                contracts.end[person],
                contracts.end[person] + 1,
                self.starts[pairs[quiet]],
                self.ends[pairs[quiet]],
                self.ends[pairs[quiet]] + 1,
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
        words = np.zeros((len(edges), 11), dtype=np.uint64)
        for turn in range(int(count.max(initial=0))):
            there = np.flatnonzero(turn < count)
            who, when = person[first[there] + turn], monday[there]
            rows = patterns.rows(contracts.pattern[who], contracts.week_1[who], when)
            words[there] |= patterns.packed[rows] & _days_of(
                contracts.start[who], contracts.end[who], when
            )
        mine = pairs[edge_pair]
        phase = (monday - self.week_1[mine]) // 7 % self.weeks
        asked = self.asked[mine, phase] & _days_of(self.starts[mine], self.ends[mine], monday)
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
        contracts, patterns = self.registry.contracts, self.registry.patterns
        position = np.full(len(self.providers), -1, dtype=np.int64)
        position[pairs] = np.arange(len(pairs))
        chosen = near & (position[self.pair] >= 0)
        pair, person = position[self.pair[chosen]], self.person[chosen]
        rank = np.arange(len(pair)) - np.searchsorted(pair, pair)
        ranks = int(rank.max(initial=-1)) + 1
        upper = np.zeros((len(pairs), len(week)), dtype=np.int8)
        lower = np.zeros_like(upper)
        sets = np.zeros((len(pairs), self.weeks, 1 << ranks, 11), dtype=np.uint64)
        for turn in range(ranks):
            now = rank == turn
            who, where = person[now], pair[now]
            start = np.clip(contracts.start[who], self.starts.min() - 20_000, None)
            end = np.clip(contracts.end[who], None, self.ends.max() + 20_000)
            since = opening[where]
            rows = patterns.rows(
                contracts.pattern[who][:, None],
                contracts.week_1[who][:, None],
                self.mondays[pairs[where]],
            )
            half = 1 << turn
            sets[:, :, half : 2 * half] = sets[:, :, :half]
            sets[where, :, half : 2 * half] |= patterns.packed[rows][:, :, None, :]
            may = _between(week, (start - since) // 7, (end + 1 - since) // 7)
            does = _between(week, -((since - start - 1) // 7), (end - 6 - since) // 7)
            upper[where] |= may.astype(np.int8) << turn
            lower[where] |= does.astype(np.int8) << turn
        alone = np.bitwise_count(sets).sum(axis=3, dtype=np.int16)
        asked = self.asked[pairs][:, :, None, :]
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
).reshape(7, 7, 11)


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
