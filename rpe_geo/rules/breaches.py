"""Where a law is broken: the common answer of every law of this room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpe_geo.rules.bits import next_bits, slots_of
from rpe_geo.rules.timeline import Timeline
from rpe_geo.verdicts import Rule

__all__ = [
    "Breaches",
    "Figures",
    "Measure",
    "SlotBreaches",
    "element_breaches",
    "joined",
    "no_breach",
]

Whole = NDArray[np.int64]
Words = NDArray[np.uint32]


class Figures(NamedTuple):
    """What was counted and what was allowed, per breach; comparable within a rule."""

    have: NDArray[np.float64]
    limit: NDArray[np.float64]


Measure = Callable[[Whole], Figures]


@dataclass(frozen=True)
class Breaches:
    """
    The breaches of one law on one timeline, as aligned arrays of length n.

    Parameters
    ----------
    rule
        The law.
    pair
        Which provider.
    day
        Ordinal of the first day on which the need takes part in the breach.
    last_start
        Latest start of care that leaves the breach as it is: only a later start can undo it.
    begin, end
        The quarter-hours of the line that the breach spans.
    have, limit
        Children, hours or days; comparable within the rule.
    existing
        Pairs with a breach to which the need adds nothing.
    """

    rule: Rule
    pair: Whole
    day: Whole
    last_start: Whole
    begin: Whole
    end: Whole
    have: NDArray[np.float64]
    limit: NDArray[np.float64]
    existing: Whole

    def __len__(self) -> int:
        return len(self.pair)

    def last_start_by_pair(self, pairs: int, nothing: int) -> Whole:
        """Return, per pair, the start that must be passed to undo every breach; `nothing` without breach."""
        latest = np.full(pairs, nothing, dtype=np.int64)
        np.maximum.at(latest, self.pair, self.last_start)
        return latest

    def keep(self, pairs: NDArray[np.bool_], existing: NDArray[np.bool_]) -> Breaches:
        """Keep the breaches of some pairs, and the existing ones of some others."""
        kept = pairs[self.pair]
        columns = {
            name: getattr(self, name)[kept]
            for name in ("pair", "day", "last_start", "begin", "end", "have", "limit")
        }
        return replace(self, **columns, existing=self.existing[existing[self.existing]])


_NOBODY = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class SlotBreaches:
    """
    The asked quarter-hours at which one law is broken; counted one by one only where somebody reads them.

    Parameters
    ----------
    rule
        The law.
    timeline
        Where it was asked.
    over
        Asked quarter-hours at which a count passes its limit, as bits, shape (rows, 21).
    measure
        Tells what was counted and allowed at some quarter-hours of the line.
    """

    rule: Rule
    timeline: Timeline
    over: Words
    measure: Measure

    @property
    def existing(self) -> Whole:
        """Nobody: a breach of these laws always takes an asked child."""
        return _NOBODY

    @cached_property
    def begin(self) -> Whole:
        """The quarter-hours of the line, one breach each."""
        return slots_of(self.over)

    @property
    def end(self) -> Whole:
        """One quarter-hour later."""
        return self.begin + 1

    @cached_property
    def pair(self) -> Whole:
        """Which provider."""
        return self.timeline.pair_of(self.begin)

    @cached_property
    def day(self) -> Whole:
        """Ordinals of the days of the breaches."""
        return self.timeline.day_of(self.begin)

    @cached_property
    def _figures(self) -> Figures:
        return self.measure(self.begin)

    @property
    def have(self) -> NDArray[np.float64]:
        """Heads counted."""
        return self._figures.have

    @property
    def limit(self) -> NDArray[np.float64]:
        """Heads allowed."""
        return self._figures.limit

    def __len__(self) -> int:
        return len(self.begin)

    def last_start_by_pair(self, pairs: int, nothing: int) -> Whole:
        """Return, per pair, the start that must be passed to undo every breach; `nothing` without breach."""
        latest = np.full(pairs, nothing, dtype=np.int64)
        pair, day = self.timeline.last_day_of(self.over)
        latest[pair] = day
        return latest


def no_breach(rule: Rule) -> Breaches:
    """Answer that a law is broken nowhere."""
    none = np.zeros(0, dtype=np.float64)
    return Breaches(rule, _NOBODY, _NOBODY, _NOBODY, _NOBODY, _NOBODY, none, none, _NOBODY)


def element_breaches(
    rule: Rule,
    timeline: Timeline,
    begin: Whole,
    end: Whole,
    have: NDArray[np.float64],
    limit: float,
) -> Breaches:
    """
    Sort broken days, runs or weeks into those that the need makes longer and those that stood before.

    Parameters
    ----------
    rule
        The law.
    timeline
        The line in which the elements lie.
    begin, end
        First quarter-hour of each broken element, and the one after its last.
    have
        What was measured, hours or days.
    limit
        What was allowed.

    Returns
    -------
    Breaches
        One per element with at least one quarter-hour that the need adds; the others, as far as they touch the days
        of the need, make their pair `existing`.
    """
    if not len(begin):
        return no_breach(rule)
    slot = next_bits(timeline.added, begin)
    takes_part = slot < end
    stood = np.flatnonzero(~takes_part)
    pair = timeline.pair_of(begin[stood])
    during = (timeline.day_of(end[stood] - 1) >= timeline.start[pair]) & (
        timeline.day_of(begin[stood]) <= timeline.end[pair]
    )
    slot = slot[takes_part]
    return Breaches(
        rule=rule,
        pair=timeline.pair_of(slot),
        day=timeline.day_of(slot),
        last_start=timeline.first_day_of_span(slot),
        begin=begin[takes_part],
        end=end[takes_part],
        have=have[takes_part],
        limit=np.full(int(takes_part.sum()), limit, dtype=np.float64),
        existing=np.unique(pair[during]),
    )


def joined(parts: Sequence[Breaches]) -> Breaches:
    """Put the breaches of one rule together."""
    return Breaches(
        rule=parts[0].rule,
        pair=np.concatenate([part.pair for part in parts]),
        day=np.concatenate([part.day for part in parts]),
        last_start=np.concatenate([part.last_start for part in parts]),
        begin=np.concatenate([part.begin for part in parts]),
        end=np.concatenate([part.end for part in parts]),
        have=np.concatenate([part.have for part in parts]),
        limit=np.concatenate([part.limit for part in parts]),
        existing=np.unique(np.concatenate([part.existing for part in parts])),
    )
