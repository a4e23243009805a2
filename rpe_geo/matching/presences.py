"""
Who is present with whom in the weeks of a common cycle, as bits: what the bounds of `shortcuts` count on.

Weeks are packed: see `rpe_geo.rules.bits`. A pair is one need and one childminder; `pair` and `person` list
the contracts of all pairs, neighbours first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpe_geo.rules.bits import WORDS_PER_WEEK, pack
from rpe_geo.rules.compiled import Registry
from rpe_geo.rules.need import Needs
from rpe_geo.rules.patterns import FAR, REFERENCE_ORDINAL, day_bounds

__all__ = ["Pairs", "Presences", "Present"]

Whole = NDArray[np.int64]
Words = NDArray[np.uint32]
Bounds = NDArray[np.int16]
Truths = NDArray[np.bool_]


@dataclass(frozen=True)
class Present:
    """What a set of contracts adds up to, week by week of the common cycle."""

    hours: Words
    first: Bounds
    last: Bounds


@dataclass(frozen=True)
class Pairs:
    """Needs and childminders by number, the first and last day of care, and the last start accepted; aligned."""

    need: Whole
    provider: Whole
    start: Whole
    end: Whole
    latest: Whole

    def take(self, chosen: Whole) -> Pairs:
        """Keep some pairs."""
        return Pairs(
            self.need[chosen],
            self.provider[chosen],
            self.start[chosen],
            self.end[chosen],
            self.latest[chosen],
        )


class Presences:
    """
    Pairs of a need and a childminder whose hours repeat with the same number of weeks.

    Parameters
    ----------
    registry, needs
        Compiled.
    pairs
        Which need, whose hours, from when.
    law
        The dated table `law`.
    weeks
        Length of the common cycle.
    """

    def __init__(
        self,
        registry: Registry,
        needs: Needs,
        pairs: Pairs,
        law: Mapping[str, Any],
        weeks: int,
    ) -> None:
        self.registry, self.needs, self.pairs, self.law = registry, needs, pairs, law
        self.which, self.providers, self.starts = pairs.need, pairs.provider, pairs.start
        self.weeks = weeks
        self.ends = pairs.end
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

    def gather(self, chosen: Truths) -> Present:
        """Put the hours of chosen contracts together."""
        patterns = self.registry.patterns
        shape = (len(self.providers), self.weeks)
        hours = np.zeros((*shape, WORDS_PER_WEEK), dtype=np.uint32)
        first = np.full((*shape, 7), FAR, dtype=np.int16)
        last = np.zeros((*shape, 7), dtype=np.int16)
        for pair, rows in self.turns(chosen):
            hours[pair] |= patterns.packed[rows]
            first[pair] = np.minimum(first[pair], patterns.days[0][rows])
            last[pair] = np.maximum(last[pair], patterns.days[1][rows])
        days = (len(self.providers), 7 * self.weeks)
        return Present(hours, first.reshape(days), last.reshape(days))

    def turns(self, chosen: Truths) -> list[tuple[Whole, Whole]]:
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

    def lasting(self, weeks: Whole) -> Truths:
        """Tell which contracts are there during so many whole weeks from the probe on."""
        contracts = self.registry.contracts
        last = (self.probe + 7 * weeks)[self.pair] - 1
        lasting: Truths = (contracts.start[self.person] < self.probe[self.pair]) & (
            contracts.end[self.person] >= last
        )
        return lasting

    def probed(self) -> Truths:
        """Tell for which pairs the need lasts a whole turn of the cycle from the probe on, and asks something."""
        probed: Truths = self.probe + 7 * self.weeks - 1 <= self.ends
        return probed & self.asked.any(axis=(1, 2))

    def count(self, chosen: Truths) -> Whole:
        """Count the chosen contracts of each pair."""
        return np.bincount(self.pair[chosen], minlength=len(self.providers))

    def quarters(self, present: Present) -> Whole:
        """Count the quarter-hours of each week, the asked ones included."""
        words: Whole = np.bitwise_count(present.hours | self.asked).sum(axis=2, dtype=np.int64)
        return words
