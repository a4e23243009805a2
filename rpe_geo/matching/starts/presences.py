"""
Who is present with whom in the weeks of a common cycle, as bits: what the bounds of `shortcuts` count on.

Weeks are packed: see `rpe_geo.rules.bits`. A pair is one need and one childminder; `pair` and `person` list
the contracts of all pairs, neighbours first.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from rpe_geo.rules.bits import WORDS_PER_WEEK, unpack
from rpe_geo.rules.compiled import Registry
from rpe_geo.rules.need import Needs
from rpe_geo.rules.patterns import FAR, REFERENCE_ORDINAL, day_bounds

__all__ = ["Pairs", "Presences", "Present"]

Whole = NDArray[np.int64]
Words = NDArray[np.uint32]
Bounds = NDArray[np.int16]
Truths = NDArray[np.bool_]
_Figure = TypeVar("_Figure", bound=np.generic)


@dataclass(frozen=True)
class Turns:
    """
    Contracts of some pairs laid in turns.

    Parameters
    ----------
    pairs
        All pairs, those with most contracts first.
    rows
        Per turn the rows of the patterns, shape (n, weeks of the cycle): one contract of each of the first n pairs.
    """

    pairs: Whole
    rows: list[Whole]

    @property
    def some(self) -> Whole:
        """The pairs that have any."""
        return self.pairs[: len(self.rows[0])] if self.rows else self.pairs[:0]

    def in_order(self, figures: NDArray[_Figure]) -> NDArray[_Figure]:
        """Put what was counted in the order of the turns back in the order of the pairs."""
        ordered = np.empty_like(figures)
        ordered[self.pairs] = figures
        return ordered


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

    def from_latest(self) -> Pairs:
        """Begin care on the last start accepted, and end it where it ends from the first."""
        return replace(self, start=self.latest)

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
        self.registry, self.needs, self.law, self.weeks = registry, needs, law, weeks
        self.about(pairs)
        self.pair, self.person = registry.contracts.of(self.providers)
        self._ask()

    def about(self, pairs: Pairs) -> None:
        """Look at some pairs."""
        needs, weeks = self.needs, self.weeks
        self.pairs = pairs
        self.which, self.providers, self.starts = pairs.need, pairs.provider, pairs.start
        self.ends = pairs.end
        self.week_1 = needs.week_1[self.which]
        self.mondays = self.week_1[:, None] + 7 * np.arange(weeks)
        # The first Monday on which every accepted start has begun.
        self.probe = pairs.latest + (1 - pairs.latest) % 7

    def keep(self, chosen: Whole) -> Self:
        """Keep some pairs, in their order."""
        kept = copy(self)
        kept.about(self.pairs.take(chosen))
        place = np.full(len(self.providers), -1, dtype=np.int64)
        place[chosen] = np.arange(len(chosen))
        pair = place[self.pair]
        kept.pair, kept.person = pair[pair >= 0], self.person[pair >= 0]
        for name in ("asked_as", "asked_whole", "asks", "asked_first", "asked_last"):
            setattr(kept, name, np.take(getattr(self, name), chosen, axis=0))
        return kept

    def _ask(self) -> None:
        """Lay the asked hours within the hours offered over the cycle, once for everybody who offers the same."""
        needs, registry = self.needs, self.registry
        offers = registry.hours[self.providers] + 1
        distinct, self.asked_as = np.unique(
            self.which * (int(offers.max(initial=0)) + 1) + offers, return_inverse=True
        )
        which, hours = np.divmod(distinct, int(offers.max(initial=0)) + 1)
        mondays = needs.week_1[which][:, None] + 7 * np.arange(self.weeks)
        rows = needs.rows(which[:, None], mondays)
        wanted = needs.head_words[rows] | needs.tail_words[rows]
        first, last = day_bounds(unpack(wanted))
        asked = wanted.copy()
        known = np.flatnonzero(hours)
        if len(known):
            patterns = registry.patterns
            offered = patterns.rows(hours[known][:, None] - 1, REFERENCE_ORDINAL, mondays[known])
            asked[known] &= patterns.packed[offered]
        self._asked_table = asked
        self.asked_whole = np.asarray((asked == wanted).all(axis=(1, 2)))[self.asked_as]
        self.asks = np.asarray(asked.any(axis=(1, 2)))[self.asked_as]
        days = (len(distinct), 7 * self.weeks)
        self.asked_first = np.take(first.reshape(days), self.asked_as, axis=0)
        self.asked_last = np.take(last.reshape(days), self.asked_as, axis=0)

    def asked(self, pairs: Whole | None = None) -> Words:
        """Return the asked hours of some pairs over the cycle, shape (pairs, weeks, 21)."""
        as_which = self.asked_as if pairs is None else self.asked_as[pairs]
        words: Words = np.take(self._asked_table, as_which, axis=0)
        return words

    def gather(self, chosen: Truths) -> Present:
        """Put the hours of chosen contracts together."""
        patterns = self.registry.patterns
        firsts, lasts = patterns.days
        shape = (len(self.providers), self.weeks)
        hours = np.zeros((*shape, WORDS_PER_WEEK), dtype=np.uint32)
        first = np.full((*shape, 7), FAR, dtype=np.int16)
        last = np.zeros((*shape, 7), dtype=np.int16)
        turns = self.turns(chosen)
        for rows in turns.rows:
            there = slice(0, len(rows))
            hours[there] |= np.take(patterns.packed, rows, axis=0)
            np.minimum(first[there], np.take(firsts, rows, axis=0), out=first[there])
            np.maximum(last[there], np.take(lasts, rows, axis=0), out=last[there])
        days = (len(self.providers), 7 * self.weeks)
        return Present(
            turns.in_order(hours),
            turns.in_order(first).reshape(days),
            turns.in_order(last).reshape(days),
        )

    def turns(self, chosen: Truths) -> Turns:
        """Lay the chosen contracts in turns."""
        contracts, patterns = self.registry.contracts, self.registry.patterns
        person = self.person[chosen]
        count = self.count(chosen)
        offset = np.cumsum(count) - count
        # Those with most contracts come first: each turn is then a slice of the one before.
        pairs = np.argsort(-count.astype(np.int16), kind="stable")
        turns = []
        for turn in range(int(count.max(initial=0))):
            now = pairs[: np.count_nonzero(count > turn)]
            who = person[offset[now] + turn]
            rows = patterns.first[contracts.pattern[who]][:, None]
            if self.weeks > 1:
                rows = patterns.rows(
                    contracts.pattern[who][:, None],
                    contracts.week_1[who][:, None],
                    self.mondays[now],
                )
            turns.append(rows)
        return Turns(pairs, turns)

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
        probed: Truths = self.asks & (self.probe + 7 * self.weeks - 1 <= self.ends)
        return probed

    def count(self, chosen: Truths) -> Whole:
        """Count the chosen contracts of each pair."""
        return np.bincount(self.pair[chosen], minlength=len(self.providers))

    def quarters(self, present: Present) -> Whole:
        """Count the quarter-hours of each week, the asked ones included."""
        words = present.hours | self.asked()
        quarters: Whole = np.bitwise_count(words).sum(axis=2, dtype=np.int64)
        return quarters
