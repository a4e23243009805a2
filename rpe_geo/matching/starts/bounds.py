"""
What can be settled without laying a timeline: bounds on the laws, for a whole registry at once.

No law is defined here. A bound looks at two sets of contracts of each provider. *Any*: every contract that touches the
need or the weeks around it, as if all were there all the time; the laws forbid more when more people are present, so
what holds for them holds on every day. *Sure*: the contracts that are there during the whole of some weeks of the need
after the last start accepted; what they break is broken whenever care begins. What neither settles is asked of the
laws themselves (`rpe_geo.rules.laws`). The rests of nights are left to the laws: with a presence over midnight, less
presence may begin on another date. Sums of hours are weighed exactly (`shortcut_sums`) where a bound settles nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpe_geo.matching.starts.bound_sums import Sums, weigh
from rpe_geo.matching.starts.presences import Pairs, Presences, Present
from rpe_geo.matching.starts.threads import in_threads
from rpe_geo.rules.bits import WORDS_PER_WEEK, Count
from rpe_geo.rules.compiled import NEVER, Registry
from rpe_geo.rules.need import Needs
from rpe_geo.rules.patterns import FAR
from rpe_geo.rules.working_time import pad_weeks
from rpe_geo.schedule import QUARTERS_PER_DAY

__all__ = ["last_refused", "settle"]

BROKEN, BLOCKED, UNSETTLED, TIMELY, ROOMY, FREE = (np.int8(code) for code in range(-3, 3))

_CYCLE_MAX = 4
_PAIRS_AT_ONCE = 4096

Whole = NDArray[np.int64]
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
        places and ages and no sum of hours is broken at this start, working time is to be asked. TIMELY: no law of
        working time is broken at this start, places and ages are to be asked. UNSETTLED: everything is to be asked.
    """
    answers = np.full(len(providers), UNSETTLED)
    passed = np.full(len(providers), NEVER, dtype=np.int64)
    pairs = Pairs(which, providers, starts, needs.last_days(which, starts), latest)
    chunks = _chunks(registry, needs, pairs, np.arange(len(providers)))

    def settle_chunk(chunk: tuple[int, Whole]) -> tuple[NDArray[np.int8], Whole]:
        weeks, some = chunk
        return _Part(registry, needs, pairs.take(some), law, weeks).settle()

    found_of_chunks = in_threads(settle_chunk, chunks, pairs=len(providers))
    for (_, some), found in zip(chunks, found_of_chunks, strict=True):
        answers[some], passed[some] = found
    return answers, passed


def _chunks(
    registry: Registry, needs: Needs, pairs: Pairs, chosen: Whole
) -> list[tuple[int, Whole]]:
    """Put pairs with the same common cycle together, a few at a time: weeks of the cycle, and which pairs."""
    cycle = np.lcm(registry.cycle[pairs.provider[chosen]], needs.length[pairs.need[chosen]])
    # The hours of an envelope are no presence: bounds do not weigh them.
    cycle[needs.envelope_quarters[pairs.need[chosen]] >= 0] = _CYCLE_MAX + 1
    chunks: list[tuple[int, Whole]] = []
    for weeks in range(1, _CYCLE_MAX + 1):
        some = chosen[cycle == weeks]
        chunks.extend(
            (weeks, some[first : first + _PAIRS_AT_ONCE])
            for first in range(0, len(some), _PAIRS_AT_ONCE)
        )
    return chunks


def last_refused(
    registry: Registry,
    needs: Needs,
    which: Whole,
    providers: Whole,
    starts: Whole,
    law: Mapping[str, Any],
    *,
    passed: Whole,
    latest: Whole,
) -> Whole:
    """
    Find how far a start that a sum of hours forbids must surely be put off.

    A window that is refused although care begins later, and ends where it does from the first start, is refused for
    every start between the two: each of them only adds hours to it.

    Parameters
    ----------
    registry, needs
        Compiled.
    which, providers, starts
        Pairs that `settle` answered BLOCKED, and their starts.
    law
        The dated table `law`.
    passed
        The day that `settle` found for each.
    latest
        Last start accepted, ordinals, aligned.

    Returns
    -------
    ndarray of int
        The day that a start must pass: `passed` or a later one, until `latest`.
    """
    ends = needs.last_days(which, starts)
    # The last start has been asked already: it undoes the sum.
    passed, high = passed.copy(), latest - 1
    left = np.flatnonzero(passed < high)
    while len(left):
        trial = (passed + high + 1) // 2
        pairs = Pairs(which, providers, trial, ends, latest)
        chunks = _chunks(registry, needs, pairs, left)

        def refused(chunk: tuple[int, Whole], pairs: Pairs = pairs) -> Truths:
            weeks, some = chunk
            return ~weigh(registry, needs, pairs.take(some), law, weeks).within

        still = np.zeros(len(passed), dtype=np.bool_)
        answers = in_threads(refused, chunks, pairs=len(left))
        for (_, some), found in zip(chunks, answers, strict=True):
            still[some] = found
        passed[left] = np.where(still[left], trial[left], passed[left])
        high[left] = np.where(still[left], high[left], trial[left] - 1)
        left = left[passed[left] < high[left]]
    return passed


class _Part(Presences):
    """Presences, and what they settle."""

    def settle(self) -> tuple[NDArray[np.int8], Whole]:
        """Answer for each provider; see the function of the same name."""
        broken, roomy = self._slots()
        answers = np.where(broken, BROKEN, UNSETTLED)
        passed = np.full(len(answers), NEVER, dtype=np.int64)
        left = np.flatnonzero(~broken)
        if len(left):
            broken, rested, passed[left] = self.keep(left).settle_time()
            settled = np.where(
                rested,
                np.where(roomy[left], FREE, TIMELY),
                np.where(roomy[left], ROOMY, UNSETTLED),
            )
            settled = np.where(passed[left] == NEVER, settled, BLOCKED)
            answers[left] = np.where(broken, BROKEN, settled)
        return answers, passed

    def settle_time(self) -> tuple[Truths, Truths, Whole]:
        """
        Bound the laws of working time.

        Returns
        -------
        tuple of ndarray
            Where one is broken at every start, where every rest is long enough, and which starts a sum forbids
            (NEVER where no sum is passed).
        """
        contracts, law = self.registry.contracts, self.law
        near = self._near()
        everyone = self.gather(near)
        nights = self.needs.nocturnal[self.which]
        nocturnal = self.registry.patterns.nights[contracts.pattern[self.person]]
        nights[self.pair[near & nocturnal]] = True
        rested = ~nights & self._rested(everyone)
        window = law["weekly_hours_window"]
        most = self._sums(self.quarters(everyone), window).max(axis=1)
        light = most <= 4 * law["weekly_hours_max"] * window
        broken = np.zeros_like(nights)
        passed = np.full(len(nights), NEVER, dtype=np.int64)
        if not (light & rested).all():
            idle = self._idle(~(light & rested))
            light |= idle
            rested |= idle
        if not rested.all():
            broken |= self._too_long(everyone, ~nights & ~rested)
        if not (broken | light).all():
            broken |= self._too_heavy(everyone, ~(broken | light))
        doubtful = np.flatnonzero(~broken & ~light)
        if len(doubtful):
            # A window that is refused although care begins last is refused whenever it begins: an earlier start
            # only adds hours to it.
            latest = self._weigh(self.pairs.take(doubtful).from_latest())
            broken[doubtful] = ~latest.within
            doubtful = doubtful[latest.within]
        doubtful = doubtful[self.starts[doubtful] < self.pairs.latest[doubtful]]
        if len(doubtful):
            sums = self._weigh(self.pairs.take(doubtful))
            rested[doubtful] |= sums.idle
            passed[doubtful] = sums.passed
        return broken, rested, passed

    def _weigh(self, pairs: Pairs) -> Sums:
        return weigh(self.registry, self.needs, pairs, self.law, self.weeks)

    def _near(self) -> Truths:
        """Tell which contracts touch the weeks around the need that matter to the sums of hours."""
        contracts = self.registry.contracts
        pad = pad_weeks(self.law, self.registry.consent[self.providers])
        around = 7 * pad[self.pair] + 7
        near: Truths = (contracts.start[self.person] <= self.ends[self.pair] + around) & (
            contracts.end[self.person] >= self.starts[self.pair] - around
        )
        return near

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
        mine_3 = under_3 + children
        mine_11 = under_11 + children
        young, small = self._contracts_under(3, during), self._contracts_under(11, during)

        def enough(most: Whole) -> Truths:
            fits: Truths = most <= room
            fits &= np.minimum(most, young) + mine_3 <= self.law["under_3_max"]
            fits &= np.minimum(most, small) + mine_11 <= self.law["under_11_max"]
            return fits

        # All at once where there is room for all; hour by hour where there is not.
        most = self.count(during)
        free = enough(most)
        if not free.all():
            most = np.where(free, most, self._together(during & ~free[self.pair]))
            free = enough(most)
        free &= self._mam_has_room()
        # Old attestations and declared places have laws of their own, that counting heads does not settle.
        free &= ~(registry.legacy[self.providers] | registry.declared[self.providers])
        broken = offered < 0
        crowded = most > offered
        if crowded.any():
            lasting = self.lasting(np.full(len(offered), self.weeks))
            broken |= self._together(lasting & crowded[self.pair]) > offered
        if broken.any():
            broken &= self.probed()
        return broken, free

    def _together(self, chosen: Truths) -> Whole:
        """Count the most contract children present together at an asked quarter-hour."""
        turns = self.turns(chosen)
        some, patterns = turns.some, self.registry.patterns
        asked = self.asked(some).reshape(-1, WORDS_PER_WEEK)
        children = Count(len(asked))
        for rows in turns.rows:
            there = np.take(patterns.packed, rows.ravel(), axis=0)
            there &= asked[: len(there)]
            children.add(slice(0, len(there)), there)
        most = np.zeros(len(self.providers), dtype=np.int64)
        most[some] = children.most().reshape(-1, self.weeks).max(axis=1, initial=0)
        return most

    def _contracts_under(self, years: int, during: Truths) -> Whole:
        contracts = self.registry.contracts
        birthday = contracts.third if years == 3 else contracts.eleventh
        return self.count(during & (birthday[self.person] > self.starts[self.pair]))

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

    def _rested(self, present: Present) -> Truths:
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

    def _idle(self, doubtful: Truths) -> Truths:
        """Tell which doubtful pairs add nothing: somebody who stays through the whole need is there at every asked hour."""
        contracts = self.registry.contracts
        pair = np.flatnonzero(doubtful[self.pair])
        person, of = self.person[pair], self.pair[pair]
        stays = np.zeros(len(self.pair), dtype=np.bool_)
        stays[pair] = (contracts.start[person] < self.starts[of]) & (
            contracts.end[person] > self.ends[of]
        )
        turns = self.turns(stays)
        left = self.asked(turns.some)
        for rows in turns.rows:
            left[: len(rows)] &= ~np.take(self.registry.patterns.packed, rows, axis=0)
        idle = doubtful & ~self.asks
        idle[turns.some] |= ~left.any(axis=(1, 2))
        return idle & doubtful

    def _too_long(self, everyone: Present, doubtful: Truths) -> Truths:
        """Tell where a day is surely too long, and the need surely makes it longer; without nights."""
        sure = self.lasting(np.full(len(doubtful), self.weeks)) & doubtful[self.pair]
        lasting = self.gather(sure)
        first = np.minimum(lasting.first, self.asked_first)
        last = np.maximum(lasting.last, self.asked_last)
        longer = (self.asked_first < everyone.first) | (self.asked_last > everyone.last)
        longer &= self.asked_last > 0
        long = last - first > 4 * self.law["daily_span_hours"]
        broken: Truths = (long & longer).any(axis=1) & doubtful & self.asked_whole & self.probed()
        return broken

    def _too_heavy(self, everyone: Present, doubtful: Truths) -> Truths:
        """Tell where the contracts that last as long as a window pass its limit, and the need surely adds hours."""
        law = self.law
        pad = pad_weeks(law, self.registry.consent[self.providers])
        quarters = self.quarters(self.gather(self.lasting(pad) & doubtful[self.pair]))
        window, year = law["weekly_hours_window"], law["annual_hours_window"]
        most = 4 * law["weekly_hours_max"] * window
        broken: Truths = doubtful & (self._sums(quarters, window).min(axis=1) > most)
        worked = self._sums(quarters, year).min(axis=1) * law["annual_weeks_worked"]
        broken &= ~self.registry.consent[self.providers] | (
            worked > 4 * law["annual_hours_max"] * year
        )
        # Nobody is ever there at some asked hour, so the need adds it.
        broken &= (self.asked() & ~everyone.hours).any(axis=(1, 2))
        broken &= self.probe + 7 * pad - 1 <= self.ends
        return broken
