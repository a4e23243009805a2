"""Where a law is broken: the common answer of every law of this room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rpe_geo.rules.timeline import Timeline
from rpe_geo.verdicts import Rule

__all__ = ["Breaches", "element_breaches", "joined", "no_breach", "slot_breaches"]

Whole = NDArray[np.int64]
Figures = NDArray[np.float64]


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
    have: Figures
    limit: Figures
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


def slot_breaches(
    rule: Rule, timeline: Timeline, have: NDArray[np.int16], limit: NDArray[np.int16]
) -> Breaches:
    """
    Find the asked quarter-hours at which a count passes its limit.

    Parameters
    ----------
    rule
        The law.
    timeline
        Where `have` was counted.
    have, limit
        Shape (rows, 672); `limit` may have one column.

    Returns
    -------
    Breaches
        One per quarter-hour.
    """
    slot = np.flatnonzero(timeline.asked & (have > limit))
    return Breaches(
        rule=rule,
        pair=timeline.pair_of(slot),
        day=timeline.day_of(slot),
        last_start=timeline.first_day_of_span(slot),
        begin=slot,
        end=slot + 1,
        have=have.ravel()[slot].astype(np.float64),
        limit=np.broadcast_to(limit, have.shape).ravel()[slot].astype(np.float64),
        existing=_NOBODY,
    )


def no_breach(rule: Rule) -> Breaches:
    """Answer that a law is broken nowhere."""
    none = np.zeros(0, dtype=np.float64)
    return Breaches(rule, _NOBODY, _NOBODY, _NOBODY, _NOBODY, _NOBODY, none, none, _NOBODY)


def element_breaches(
    rule: Rule,
    timeline: Timeline,
    begin: Whole,
    end: Whole,
    have: Figures,
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
    added = np.flatnonzero(timeline.added)
    first = np.searchsorted(added, begin)
    slot = added[np.minimum(first, max(len(added) - 1, 0))] if len(added) else begin
    takes_part = (first < len(added)) & (slot < end)
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
