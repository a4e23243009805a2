"""
The first day on which nothing is refused, for many providers at once.

A later start only takes quarter-hours away at the beginning, so a breach at one start stays until the start has passed
the first day on which the need takes part in it. Each round asks the laws at one start per provider and jumps past the
last breach found; a few rounds settle a year.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpe_geo.domain import Request, months_after
from rpe_geo.matching.shortcuts import FREE, RESTED, ROOMY, UNSETTLED, settle
from rpe_geo.parameters import parameter_table
from rpe_geo.rules.breaches import Breaches
from rpe_geo.rules.compiled import FOREVER, NEVER, Registry
from rpe_geo.rules.laws import every_breach, working_time_breaches
from rpe_geo.rules.need import Need, compile_need
from rpe_geo.rules.needs import HoursShares, needs_met, schools_served
from rpe_geo.rules.timeline import Timeline, lay_timeline
from rpe_geo.rules.working_time import pad_weeks, summed_hours

__all__ = ["Question", "ask", "first_starts", "timeline_of"]

Whole = NDArray[np.int64]

_PAIRS_AT_ONCE = 256
"""Timelines laid together: few enough to stay in the processor's cache."""

_Laws = Callable[[Timeline, Mapping[str, Any]], Sequence[Breaches]]
_TO_ASK: dict[np.int8, _Laws] = {
    RESTED: summed_hours,
    ROOMY: working_time_breaches,
    UNSETTLED: every_breach,
}


@dataclass(frozen=True)
class Question:
    """
    One request asked of one registry.

    Parameters
    ----------
    registry, need
        Compiled.
    law
        The dated table `law`.
    shares
        Hours shares of the need, by pattern of hours.
    today
        Day on which availabilities are fresh or stale.
    """

    registry: Registry
    need: Need
    law: Mapping[str, Any]
    shares: HoursShares
    today: date

    @property
    def latest(self) -> int:
        """Last day of the tolerance."""
        return self.need.start + self.need.request.start_tolerance_days

    @property
    def latest_later(self) -> int:
        """Last day on which a later start is looked for."""
        request = self.need.request
        return months_after(request.start, self.law["later_start_months"]).toordinal()

    def about(self, request: Request) -> Question:
        """Ask another request of the same registry."""
        return ask(self.registry, request, self.today, self.law)

    def fixed_rules_hold(self, providers: Whole) -> NDArray[np.bool_]:
        """Tell which providers break none of the rules that no start can change: needs, schools, hours."""
        registry, need = self.registry, self.need
        holds: NDArray[np.bool_] = needs_met(registry, need, providers)
        holds &= schools_served(registry, need, providers)
        holds[holds] = self.shares.accepted(registry.hours[providers[holds]])
        return holds

    def starts(self, providers: Whole, *, earliest: int, latest: int) -> Whole:
        """Return the first start of each provider on which no rule at all is broken; FOREVER without one."""
        starts = np.full(len(providers), FOREVER, dtype=np.int64)
        candidates = np.flatnonzero(self.fixed_rules_hold(providers))
        starts[candidates] = first_starts(
            self.registry,
            self.need,
            providers[candidates],
            self.law,
            earliest=earliest,
            latest=latest,
        )
        return starts

    def starts_in_tolerance(self, providers: Whole) -> Whole:
        """Return the starts that the verdict looks at: on the wanted day, or within the tolerance after it."""
        return self.starts(providers, earliest=self.need.start, latest=self.latest)

    def later_starts(self, providers: Whole) -> Whole:
        """
        Return the earliest start after the tolerance, within a year, that would alone make each provider feasible.

        A need that follows a cycle keeps its real weeks, and must also be feasible when written with the new start,
        from which its week 1 would then be counted.
        """
        starts = self.starts(providers, earliest=self.latest + 1, latest=self.latest_later)
        if len(self.need.heads) == 1:
            return starts
        for position in np.flatnonzero(starts != FOREVER):
            starts[position] = self._later_start_as_written(providers[[position]], starts[position])
        return starts

    def _later_start_as_written(self, provider: Whole, start: int) -> int:
        while start != FOREVER:
            day = date.fromordinal(int(start))
            request = replace(self.need.request, start=day, start_tolerance_days=0)
            written = self.about(request)
            if written.starts_in_tolerance(provider)[0] == start:
                break
            start = self.starts(provider, earliest=int(start) + 1, latest=self.latest_later)[0]
        return start


def ask(
    registry: Registry, request: Request, today: date, law: Mapping[str, Any] | None = None
) -> Question:
    """
    Compile a request and ask it of a registry.

    Parameters
    ----------
    registry
        Compiled.
    request
        A family's need.
    today
        Day on which the parameters must be in force.
    law
        Another table than `law` as in force today.

    Returns
    -------
    Question
        Ready to be answered.
    """
    law = law if law is not None else parameter_table("law", today)
    need = compile_need(request, law["horizon_months"])
    return Question(registry, need, law, HoursShares(registry, need), today)


def timeline_of(
    registry: Registry,
    need: Need,
    providers: Whole,
    starts: Whole,
    law: Mapping[str, Any],
    *,
    shortened: bool,
    ages: bool = True,
) -> Timeline:
    """
    Lay the timeline of some providers when care begins on some days.

    Parameters
    ----------
    registry, need
        Compiled.
    providers, starts
        Childminder numbers and ordinals, aligned.
    law
        The dated table `law`.
    shortened
        Whether weeks that repeat may be dropped.
    ages
        Whether laws of places and ages will be asked, or only those of working time.

    Returns
    -------
    Timeline
        With enough weeks around the need for every law.
    """
    return lay_timeline(
        registry,
        need,
        providers,
        starts,
        need.last_days(starts),
        pad_weeks=pad_weeks(law, registry.consent[providers]),
        shortened=shortened,
        ages=ages,
    )


def first_starts(
    registry: Registry,
    need: Need,
    providers: Whole,
    law: Mapping[str, Any],
    *,
    earliest: int,
    latest: int,
) -> Whole:
    """
    Find the first start on which no law of presence, age or agrément is broken.

    Parameters
    ----------
    registry, need
        Compiled.
    providers
        Childminder numbers.
    law
        The dated table `law`.
    earliest, latest
        Ordinals between which care may begin, inclusive.

    Returns
    -------
    ndarray of int
        Ordinals; FOREVER where there is none.
    """
    born = int(need.births.max())
    start = np.maximum(max(earliest, born), registry.active_from[providers])
    last = np.minimum(min(latest, need.end), registry.active_until[providers])
    found = np.full(len(providers), FOREVER, dtype=np.int64)
    open_pairs = np.arange(len(providers))
    while len(open_pairs):
        start[open_pairs] = need.next_asked_day(start[open_pairs])
        open_pairs = open_pairs[start[open_pairs] <= last[open_pairs]]
        settled = settle(
            registry, need, providers[open_pairs], start[open_pairs], law, latest=latest
        )
        free = open_pairs[settled == FREE]
        found[free] = start[free]
        parts = [(laws, open_pairs[settled == code]) for code, laws in _TO_ASK.items()]
        open_pairs = np.concatenate([pairs for _, pairs in parts])
        passed = np.concatenate(
            [
                _last_blocked(registry, need, providers[chunk], start[chunk], law, laws)
                for laws, pairs in parts
                for chunk in _chunks(pairs)
            ]
            or [open_pairs]
        )
        free = passed == NEVER
        found[open_pairs[free]] = start[open_pairs[free]]
        start[open_pairs] = passed + 1
        open_pairs = open_pairs[~free]
    return found


def _chunks(pairs: Whole) -> list[Whole]:
    return [pairs[first : first + _PAIRS_AT_ONCE] for first in range(0, len(pairs), _PAIRS_AT_ONCE)]


def _last_blocked(
    registry: Registry,
    need: Need,
    providers: Whole,
    starts: Whole,
    law: Mapping[str, Any],
    laws: _Laws,
) -> Whole:
    """Return the start that must be passed for each provider; NEVER when none of the laws is broken."""
    # A child's age in months, which old attestations look at, changes too often to shorten anything.
    ages = laws is every_breach
    shortened = not (ages and registry.legacy[providers].any())
    timeline = timeline_of(registry, need, providers, starts, law, shortened=shortened, ages=ages)
    blocked = np.full(len(providers), NEVER, dtype=np.int64)
    for breaches in laws(timeline, law):
        np.maximum(blocked, breaches.last_start_by_pair(len(providers), NEVER), out=blocked)
    return blocked
