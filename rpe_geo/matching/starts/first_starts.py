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
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpe_geo.domain import Request, months_after
from rpe_geo.matching.starts.bounds import (
    BLOCKED,
    FREE,
    ROOMY,
    TIMELY,
    UNSETTLED,
    last_refused,
    settle,
)
from rpe_geo.matching.starts.threads import in_threads
from rpe_geo.parameters import parameter_table
from rpe_geo.rules.breaches import Breaches, SlotBreaches
from rpe_geo.rules.compiled import FOREVER, NEVER, Registry
from rpe_geo.rules.laws import every_breach, slot_breaches_of, working_time_breaches
from rpe_geo.rules.need import Need, Needs, compile_need
from rpe_geo.rules.needs import HoursShares, needs_met, schools_served
from rpe_geo.rules.plain_need import plain_need
from rpe_geo.rules.timeline import Timeline, lay_timeline
from rpe_geo.rules.working_time import pad_weeks

__all__ = ["Question", "ask", "first_starts", "starts_of_many", "starts_of_pairs", "timeline_of"]

Whole = NDArray[np.int64]

_PAIRS_AT_ONCE = 256
"""Timelines laid together: few enough to stay in the processor's cache."""

_Laws = Callable[[Timeline, Mapping[str, Any]], Sequence[Breaches | SlotBreaches]]
_TO_ASK: dict[np.int8, _Laws] = {
    ROOMY: working_time_breaches,
    TIMELY: slot_breaches_of,
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
    said
        The need as the family said it; `need` is the same as weekly hours.
    """

    registry: Registry
    need: Need
    law: Mapping[str, Any]
    shares: HoursShares
    today: date
    said: Request

    @property
    def latest(self) -> int:
        """Last day of the tolerance."""
        return self.need.start + self.need.request.start_tolerance_days

    @property
    def latest_later(self) -> int:
        """Last day on which a later start is looked for."""
        request = self.need.request
        return months_after(request.start, self.law["later_start_months"]).toordinal()

    @cached_property
    def possible_starts(self) -> list[int]:
        """The asked days of the tolerance, ordinals, until the need ends."""
        latest = min(self.latest, self.need.end)
        days = np.unique(self.need.next_asked_day(np.arange(self.need.start, latest + 1)))
        possible: list[int] = days[days <= latest].tolist()
        return possible

    @cached_property
    def _endings(self) -> dict[int, Request]:
        return {}

    def ending(self, day: int) -> Request:
        """The request with another end, an ordinal; made once, whoever is asked it."""
        if day not in self._endings:
            self._endings[day] = replace(self.need.request, end=date.fromordinal(day))
        return self._endings[day]

    def timeline(self, providers: Whole, starts: Whole) -> Timeline:
        """Lay every week of some providers when care begins on some days."""
        which = np.zeros(len(providers), dtype=np.int64)
        return timeline_of(
            self.registry, self.need.alone, which, providers, starts, self.law, shortened=False
        )

    def slot_timeline(self, providers: Whole, starts: Whole) -> Timeline:
        """Lay what the laws of places and ages can tell apart when care begins on some days."""
        which = np.zeros(len(providers), dtype=np.int64)
        return timeline_of(
            self.registry,
            self.need.alone,
            which,
            providers,
            starts,
            self.law,
            shortened=True,
            sums=False,
        )

    def about(self, request: Request) -> Question:
        """Ask another request of the same registry."""
        return ask(self.registry, request, self.today, self.law)

    def window(self, providers: Whole) -> tuple[Whole, Whole]:
        """
        Return the first and last start that the verdict looks at: the tolerance, put off by the notice wanted.

        A notice that would leave less than two weeks of a need that has an end puts nothing off: it is told, and
        somebody must ask.
        """
        need, notice = self.need, self.registry.notice[providers]
        told = self.today.toordinal() + notice
        put_off = need.next_asked_day(np.maximum(need.start, told))
        moved = (notice > 0) & (put_off > need.start) & self.lasts(put_off)
        earliest = np.where(moved, put_off, need.start)
        return earliest, np.maximum(self.latest, earliest)

    def lasts(self, starts: Whole) -> NDArray[np.bool_]:
        """Tell from which starts two weeks of care are left until the end."""
        last = self.need.end - int(self.law["shortest_care_days"])
        lasts: NDArray[np.bool_] = starts <= last
        return lasts

    def away(self, provider: int) -> bool:
        """Tell whether a leave covers every asked day of a need that has an end."""
        need, periods = self.need, self.registry.leave.get(provider, ())
        if not periods or need.end == FOREVER:
            return False
        days = np.arange(need.start, need.end + 1)
        asked = days[need.next_asked_day(days) == days]
        there = np.ones(len(asked), dtype=np.bool_)
        for first, last in periods:
            there &= (asked < first) | (asked > last)
        return len(asked) > 0 and not there.any()

    def fixed_rules_hold(self, providers: Whole) -> NDArray[np.bool_]:
        """Tell which providers break none of the rules that no start can change: needs, schools, hours, leave."""
        registry, need = self.registry, self.need
        holds: NDArray[np.bool_] = needs_met(registry, need, providers)
        holds &= schools_served(registry, need, providers)
        holds[holds] = self.shares.accepted(providers[holds])
        if registry.leave:
            holds &= np.array(
                [not self.away(provider) for provider in providers.tolist()], dtype=np.bool_
            )
        return holds

    def starts(self, providers: Whole, *, earliest: Whole | int, latest: Whole | int) -> Whole:
        """Return the first start of each provider on which no rule at all is broken; FOREVER without one."""
        starts = np.full(len(providers), FOREVER, dtype=np.int64)
        candidates = np.flatnonzero(self.fixed_rules_hold(providers))
        chosen = providers[candidates]
        starts[candidates] = first_starts(
            self.registry,
            self.need.alone,
            np.zeros(len(chosen), dtype=np.int64),
            chosen,
            self.law,
            earliest=np.broadcast_to(earliest, len(providers))[candidates],
            latest=np.broadcast_to(latest, len(providers))[candidates],
        )
        return starts

    def starts_in_tolerance(self, providers: Whole) -> Whole:
        """Return the starts that the verdict looks at: on the wanted day, or within the tolerance after it."""
        earliest, latest = self.window(providers)
        return self.starts(providers, earliest=earliest, latest=latest)

    def later_starts(self, providers: Whole) -> Whole:
        """
        Return the earliest start after the tolerance, within a year, that would alone make each provider feasible.

        A need that follows a cycle keeps its real weeks, and must also be feasible when written with the new start,
        from which its week 1 would then be counted.
        """
        _, latest = self.window(providers)
        starts = self.starts(providers, earliest=latest + 1, latest=self.latest_later)
        if len(self.need.heads) == 1:
            return starts
        left = np.flatnonzero(starts != FOREVER)
        while len(left):
            refused = left[self._starts_as_written(providers[left], starts[left]) != starts[left]]
            starts[refused] = self.starts(
                providers[refused], earliest=starts[refused] + 1, latest=self.latest_later
            )
            left = refused[starts[refused] != FOREVER]
        return starts

    def _starts_as_written(self, providers: Whole, starts: Whole) -> Whole:
        """Ask each provider the need written with its own start, without any tolerance."""
        days, which = np.unique(starts, return_inverse=True)
        written = [
            self.about(
                replace(self.need.request, start=date.fromordinal(day), start_tolerance_days=0)
            )
            for day in days.tolist()
        ]
        return starts_of_pairs(written, which, providers)


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
    need = compile_need(plain_need(request), law["horizon_months"])
    return Question(registry, need, law, HoursShares(registry, need), today, request)


def starts_of_many(questions: Sequence[Question]) -> list[Whole]:
    """
    Find the first start in the tolerance of every childminder for many requests at once.

    Parameters
    ----------
    questions
        Asked of the same registry.

    Returns
    -------
    list of ndarray of int
        One per question, aligned with the registry's rows: ordinals, FOREVER without a start.
    """
    if not questions:
        return []
    registry, law = questions[0].registry, questions[0].law
    needs = Needs([question.need for question in questions])
    rows = registry.rows
    holds = np.concatenate([question.fixed_rules_hold(rows) for question in questions])
    pairs = np.flatnonzero(holds)
    which, position = np.divmod(pairs, max(len(rows), 1))
    windows = [question.window(rows) for question in questions]
    earliest, latest = (np.concatenate(side)[pairs] for side in zip(*windows, strict=True))
    starts = np.full(len(holds), FOREVER, dtype=np.int64)
    starts[pairs] = first_starts(
        registry,
        needs,
        which,
        rows[position],
        law,
        earliest=earliest,
        latest=latest,
    )
    return list(starts.reshape(len(questions), len(rows)))


def starts_of_pairs(questions: Sequence[Question], which: Whole, providers: Whole) -> Whole:
    """
    Find the first start in the tolerance of some pairs of a request and a childminder.

    Parameters
    ----------
    questions
        Asked of the same registry.
    which, providers
        Number of the question and of the childminder of each pair, aligned.

    Returns
    -------
    ndarray of int
        Ordinals, FOREVER without a start.
    """
    starts = np.full(len(which), FOREVER, dtype=np.int64)
    if not len(which):
        return starts
    holds = np.zeros(len(which), dtype=np.bool_)
    earliest, latest = np.zeros_like(starts), np.zeros_like(starts)
    for number, question in enumerate(questions):
        pairs = np.flatnonzero(which == number)
        holds[pairs] = question.fixed_rules_hold(providers[pairs])
        earliest[pairs], latest[pairs] = question.window(providers[pairs])
    pairs = np.flatnonzero(holds)
    starts[pairs] = first_starts(
        questions[0].registry,
        Needs([question.need for question in questions]),
        which[pairs],
        providers[pairs],
        questions[0].law,
        earliest=earliest[pairs],
        latest=latest[pairs],
    )
    return starts


def timeline_of(  # noqa: PLR0913 - registry, needs and which pairs
    registry: Registry,
    needs: Needs,
    which: Whole,
    providers: Whole,
    starts: Whole,
    law: Mapping[str, Any],
    *,
    shortened: bool,
    ages: bool = True,
    sums: bool = True,
) -> Timeline:
    """
    Lay the timeline of some pairs when care begins on some days.

    Parameters
    ----------
    registry, needs
        Compiled.
    which, providers, starts
        Numbers of the needs and of the childminders, and ordinals, aligned.
    law
        The dated table `law`.
    shortened
        Whether weeks that repeat may be dropped.
    ages
        Whether laws of places and ages will be asked, or only those of working time.
    sums
        Whether laws of working time will be asked, or only those of places and ages.

    Returns
    -------
    Timeline
        With enough weeks around the need for these laws.
    """
    # Places and ages look at asked hours alone; those of a last night lie in the week after, at most.
    pad = pad_weeks(law, registry.consent[providers]) if sums else np.ones_like(providers)
    return lay_timeline(
        registry,
        needs,
        which,
        providers,
        starts,
        needs.last_days(which, starts),
        pad_weeks=pad,
        shortened=shortened,
        ages=ages,
    )


def first_starts(
    registry: Registry,
    needs: Needs,
    which: Whole,
    providers: Whole,
    law: Mapping[str, Any],
    *,
    earliest: Whole,
    latest: Whole,
) -> Whole:
    """
    Find the first start on which no law of presence, age or agrément is broken.

    Parameters
    ----------
    registry, needs
        Compiled.
    which, providers
        Numbers of the needs and of the childminders, aligned.
    law
        The dated table `law`.
    earliest, latest
        Ordinals between which care may begin, inclusive, aligned.

    Returns
    -------
    ndarray of int
        Ordinals; FOREVER where there is none.
    """
    start = np.maximum(np.maximum(earliest, needs.born[which]), registry.active_from[providers])
    last = np.minimum(np.minimum(latest, needs.end[which]), registry.active_until[providers])
    found = np.full(len(providers), FOREVER, dtype=np.int64)
    left = np.arange(len(providers))
    while len(left):
        start[left] = needs.next_asked_day(which[left], start[left])
        left = left[start[left] <= last[left]]
        settled, blocked = settle(
            registry,
            needs,
            which[left],
            providers[left],
            start[left],
            law,
            latest=last[left],
        )
        free = left[settled == FREE]
        found[free] = start[free]
        again = left[settled == BLOCKED]
        start[again] = 1 + last_refused(
            registry,
            needs,
            which[again],
            providers[again],
            start[again],
            law,
            passed=blocked[settled == BLOCKED],
            latest=last[again],
        )
        still = [again]
        chunks = [
            (laws, pairs)
            for code, laws in _TO_ASK.items()
            for pairs in _chunks(_by_house(registry, providers, left[settled == code]))
        ]

        def asked(chunk: tuple[_Laws, Whole], start: Whole = start) -> Whole:
            laws, pairs = chunk
            return _last_blocked(
                registry, needs, which[pairs], providers[pairs], start[pairs], law, laws
            )

        answers = in_threads(asked, chunks, pairs=len(left))
        for (_, pairs), passed in zip(chunks, answers, strict=True):
            free = pairs[passed == NEVER]
            found[free] = start[free]
            start[pairs] = passed + 1
            still.append(pairs[passed != NEVER])
        left = np.concatenate(still)
    return found


def _by_house(registry: Registry, providers: Whole, pairs: Whole) -> Whole:
    """Put those of a MAM last: only timelines with one of them are asked its laws."""
    return pairs[np.argsort(registry.mam[providers[pairs]] >= 0, kind="stable")]


def _chunks(pairs: Whole) -> list[Whole]:
    return [pairs[first : first + _PAIRS_AT_ONCE] for first in range(0, len(pairs), _PAIRS_AT_ONCE)]


def _last_blocked(
    registry: Registry,
    needs: Needs,
    which: Whole,
    providers: Whole,
    starts: Whole,
    law: Mapping[str, Any],
    laws: _Laws,
) -> Whole:
    """Return the start that must be passed for each pair; NEVER when none of the laws is broken."""
    timeline = timeline_of(
        registry,
        needs,
        which,
        providers,
        starts,
        law,
        shortened=True,
        ages=laws in (every_breach, slot_breaches_of),
        sums=laws != slot_breaches_of,
    )
    blocked = np.full(len(providers), NEVER, dtype=np.int64)
    for breaches in laws(timeline, law):
        np.maximum(blocked, breaches.last_start_by_pair(len(providers), NEVER), out=blocked)
    return blocked
