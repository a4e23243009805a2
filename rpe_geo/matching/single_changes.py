"""
The single changes of a request that would make one provider feasible (INTERFACES §4bis 21).

Each is found from what the laws answered and then verified by asking them again: what is not accepted is not printed.

The search of one provider is a generator that yields the requests it wants to ask and receives whether each is accepted.
Those of many providers go forward together, so that every round asks the laws once for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from rpe_geo.domain import Request, months_after
from rpe_geo.errors import InvalidSchedule
from rpe_geo.matching.starts.first_starts import Question, starts_of_pairs
from rpe_geo.rules.compiled import FOREVER
from rpe_geo.rules.laws import every_breach, slot_breaches_of
from rpe_geo.rules.needs import enough, needs_met, schools_served
from rpe_geo.rules.patterns import REFERENCE_ORDINAL
from rpe_geo.schedule import QUARTERS_PER_WEEK, Timetable, timetable_of_slots
from rpe_geo.verdicts import Relaxation

__all__ = [
    "Search",
    "asked_in_turn",
    "changes_of_many",
    "later_start",
    "latest_end",
    "latest_ends_of_many",
    "share_found",
    "shorter_schedule",
]

Search = Generator[Sequence[Request], Sequence[bool], list[Relaxation]]
"""Yields requests to ask, receives whether each is accepted, returns the changes found."""

Whole = NDArray[np.int64]

_LAID_TOGETHER = 128
"""Timelines laid together."""
_SUMS = frozenset({"weekly_hours", "annual_hours"})


def changes_of_many(question: Question, providers: Whole, later: Whole) -> list[list[Relaxation]]:
    """
    List the changes that suffice alone for each of some refused childminders.

    Parameters
    ----------
    question
        The request.
    providers
        Numbers of the childminders.
    later
        The later start already found for each, ordinals; FOREVER without one.

    Returns
    -------
    list of list of Relaxation
        `start`, `schedule`, `min_hours_share`, `end`, as far as they exist.
    """
    hopeful = [
        provider
        for provider in providers.tolist()
        if _agrement_and_needs_hold(question, np.array([provider]))
    ]
    taken = _Taken(question, hopeful)
    searches = [
        _single_changes(question, provider, start, taken if provider in taken.place else None)
        for provider, start in zip(providers.tolist(), later.tolist(), strict=True)
    ]
    return _asked_together(question, searches, providers)


def latest_ends_of_many(question: Question, providers: Whole) -> Whole:
    """
    Find the latest end that each of some refused childminders could accept.

    Parameters
    ----------
    question
        The request.
    providers
        Numbers of the childminders.

    Returns
    -------
    array of int
        Ordinals as long as `providers`; FOREVER where no earlier end would do.
    """
    hopeful = np.array(
        [_agrement_and_needs_hold(question, np.array([one])) for one in providers.tolist()],
        dtype=np.bool_,
    )

    def search(provider: int) -> Search:
        alone = np.array([provider])
        return latest_end(question, lambda day, bad: _changes(question, alone, day, bad))

    asked = providers[hopeful]
    changes = _asked_together(question, [search(one) for one in asked.tolist()], asked)
    ends = np.full(len(providers), FOREVER, dtype=np.int64)
    ends[hopeful] = [found[0].to.toordinal() if found else FOREVER for found in changes]
    return ends


def _asked_together(
    question: Question, searches: Sequence[Search], providers: Whole
) -> list[list[Relaxation]]:
    """Run one search of each provider, round by round: every round asks the laws once for all of them."""
    found: list[list[Relaxation]] = [[] for _ in searches]
    going: dict[int, Sequence[Request]] = {}

    def advance(number: int, answers: Sequence[bool] | None) -> None:
        try:
            going[number] = (
                next(searches[number]) if answers is None else searches[number].send(answers)
            )
        except StopIteration as stop:
            found[number] = stop.value
            going.pop(number, None)

    for number in range(len(searches)):
        advance(number, None)
    while going:
        round_of = [(number, request) for number, asked in going.items() for request in asked]
        rows = providers[[number for number, _ in round_of]]
        accepted = iter(_accepted(question, [request for _, request in round_of], rows))
        for number, asked in list(going.items()):
            advance(number, [next(accepted) for _ in asked])
    return found


def asked_in_turn(
    search: Search, accepts: Callable[[Sequence[Request]], Sequence[bool]]
) -> list[Relaxation]:
    """Run one search, asking whoever is given."""
    try:
        requests = next(search)
        while True:
            requests = search.send(accepts(requests))
    except StopIteration as stop:
        found: list[Relaxation] = stop.value
        return found


def _accepted(question: Question, requests: Sequence[Request], providers: Whole) -> list[bool]:
    """Ask each request of its own provider; those that ask the same are compiled once."""
    questions: list[Question] = []
    numbers: dict[object, int] = {}
    which = np.empty(len(requests), dtype=np.int64)
    for position, request in enumerate(requests):
        # Within one search only these fields change.
        key = (
            request.schedule,
            request.end,
            request.min_hours_share,
            request.start_tolerance_days,
        )
        if key not in numbers:
            numbers[key] = len(questions)
            questions.append(question.about(request))
        which[position] = numbers[key]
    starts = starts_of_pairs(questions, which, providers)
    return [start != FOREVER for start in starts.tolist()]


def _single_changes(question: Question, provider: int, later: int, taken: _Taken | None) -> Search:
    """Search the changes of one childminder; without `taken` only a later start can help."""
    alone = np.array([provider])
    pattern = int(question.registry.hours[provider])
    offered = None if pattern < 0 else question.registry.patterns.timetables[pattern]
    found = [later_start(later)] if later != FOREVER else []
    if taken is not None:
        found += yield from shorter_schedule(question, offered, taken.slots(provider))
        found += yield from share_found(question, question.shares[pattern])
        found += yield from latest_end(
            question, lambda day, bad: _changes(question, alone, day, bad)
        )
    return found


def _agrement_and_needs_hold(question: Question, alone: Whole) -> bool:
    """Tell whether some start in the tolerance has an agrément, and every need is met."""
    registry, need = question.registry, question.need
    begins = max(need.start, int(need.births.max()), int(registry.active_from[alone[0]]))
    if begins > min(question.latest, int(registry.active_until[alone[0]])):
        return False
    met: bool = needs_met(registry, need, alone)[0] & schools_served(registry, need, alone)[0]
    return bool(met)


def later_start(start: int) -> Relaxation:
    """Begin later."""
    return Relaxation(change="start", to=date.fromordinal(int(start)))


def share_found(question: Question, share: Fraction) -> Search:
    """Accept the share of the hours that is offered."""
    if share > 0 and not enough(question.need, share):
        found = float(share)
        (accepted,) = yield [replace(question.need.request, min_hours_share=found)]
        if accepted:
            return [Relaxation(change="min_hours_share", to=found)]
    return []


class _Taken:
    """
    The quarter-hours at which a law forbids the asked hours, for many childminders.

    Parameters
    ----------
    question
        The request.
    providers
        Numbers of the childminders.
    """

    def __init__(self, question: Question, providers: Sequence[int]) -> None:
        need = question.need
        latest = min(question.latest, need.end)
        days = np.arange(need.start, latest + 1)
        asked = need.next_asked_day(days)
        possible = asked[asked <= latest]
        starts = possible if len(possible) else days[:1]
        self.question = question
        self.providers = np.array(providers, dtype=np.int64)
        self.place = {provider: number for number, provider in enumerate(providers)}
        # From the last start accepted fewest hours are taken; then from the first.
        self.starts = list(dict.fromkeys((int(starts[-1]), int(starts[0]))))
        self._known: dict[int, list[tuple[Whole, Whole]]] = {}

    def slots(self, provider: int) -> Iterator[tuple[Whole, Whole]]:
        """Yield the Mondays and quarter-hours that are taken, for each start that is tried."""
        for start in self.starts:
            if start not in self._known:
                self._known[start] = self._from(start)
            yield self._known[start][self.place[provider]]

    def _from(self, start: int) -> list[tuple[Whole, Whole]]:
        """Ask the laws of places and ages of everybody, a few at a time."""
        found = []
        for first in range(0, len(self.providers), _LAID_TOGETHER):
            some = self.providers[first : first + _LAID_TOGETHER]
            # Weeks that repeat are dropped: what is taken in one of them is taken in the same week of every turn.
            timeline = self.question.slot_timeline(some, np.full(len(some), start))
            laws = slot_breaches_of(timeline, self.question.law)
            slots = np.concatenate([law.begin for law in laws])
            pairs = timeline.pair_of(slots)
            for number in range(len(some)):
                mine = slots[pairs == number]
                found.append(
                    (timeline.row_monday[mine // QUARTERS_PER_WEEK], mine % QUARTERS_PER_WEEK)
                )
        return found


def shorter_schedule(
    question: Question,
    offered: Timetable | None,
    taken: Iterable[tuple[Whole, Whole]],
) -> Search:
    """
    Cut the asked hours to those offered and to free slots.

    Parameters
    ----------
    question
        The request.
    offered
        Hours offered, from the reference Monday; None when not known.
    taken
        Mondays (ordinals) and quarter-hours of the week at which no place is free: what to try, in order.

    Returns
    -------
    Search
        Finds at most one change.
    """
    need = question.need
    cut = need.request.schedule
    if offered is not None:
        turn = (need.week_1 - REFERENCE_ORDINAL) // 7 % len(offered)
        try:
            cut = cut.intersection(Timetable(offered.weeks[turn:] + offered.weeks[:turn]))
        except InvalidSchedule:  # the common cycle is longer than a timetable may be
            return []
    for monday, quarter in taken:
        slots = cut.slots.reshape(-1, QUARTERS_PER_WEEK).copy()
        slots[(monday - need.week_1) // 7 % len(slots), quarter] = False
        shorter = timetable_of_slots(slots.ravel(), cut.holiday_slots.ravel())
        if slots.any() and shorter != need.request.schedule:
            request = replace(need.request, schedule=shorter)
            (accepted,) = yield [request]
            if accepted:
                return [Relaxation(change="schedule", to=shorter.write())]
    return []


def latest_end(question: Question, changes: Callable[[int, int], bool]) -> Search:
    """
    End before something that comes later breaks a limit.

    Parameters
    ----------
    question
        The request.
    changes
        Tells whether something changes between a start and the first day that is refused (ordinals).

    Returns
    -------
    Search
        Finds at most one change.
    """
    need = question.need
    request = need.request
    latest = min(question.latest, need.end)
    possible = question.possible_starts
    if not possible:
        return []
    accepted = yield [question.ending(day) for day in possible]
    first = next((day for day, held in zip(possible, accepted, strict=True) if held), None)
    if first is None:
        return []
    held, broken = first, int(need.last_days(np.array([latest]))[0])
    while broken - held > 1:
        middle = (held + broken) // 2
        (longer,) = yield [question.ending(middle)]
        held, broken = (middle, broken) if longer else (held, middle)
    # A few days of care help nobody: it must be possible to begin long enough before that end.
    begins = held - question.law["shortest_care_days"] - need.start
    if begins < 0 or not changes(first, broken):
        return []
    if begins < request.start_tolerance_days:
        end = date.fromordinal(held)
        (early,) = yield [replace(request, end=end, start_tolerance_days=begins)]
        if not early:
            return []
    return [Relaxation(change="end", to=date.fromordinal(held))]


def _changes(question: Question, alone: Whole, start: int, broken: int) -> bool:
    """Tell whether something begins or ends, or somebody has a birthday or comes back, before the first refused day."""
    later = [day for day in _days_of_change(question, alone) if day > start]
    if any(day <= broken + 1 for day in later):
        return True
    # A sum of hours is passed weeks before or after the contract that fills it.
    reach = timedelta(weeks=question.law["annual_hours_window"]).days
    if not any(day <= broken + 1 + reach for day in later):
        return False
    timeline = question.about(question.ending(broken)).timeline(alone, np.array([start]))
    rules = {law.rule for law in every_breach(timeline, question.law) if len(law)}
    return rules <= _SUMS


def _days_of_change(question: Question, alone: Whole) -> list[int]:
    """List the days on which something around one childminder begins, ends or passes an age."""
    registry = question.registry
    childminder = registry.childminders[int(alone[0])]
    house = alone
    if registry.mam[alone[0]] >= 0:
        mam = int(registry.mam[alone[0]])
        house = registry.mam_members[registry.mam_first[mam] : registry.mam_first[mam + 1]]
    _, contracts = registry.contracts.of(house)
    _, own_children = registry.own_children.of(alone)
    _, availabilities = registry.availabilities.of(alone)
    days = [
        *registry.contracts.start[contracts].tolist(),
        *registry.own_children.birth[own_children].tolist(),
        *(registry.availabilities.end[availabilities] + 1).tolist(),
        *registry.availabilities.start[availabilities].tolist(),
        *registry.member_from[house].tolist(),
    ]
    for band in childminder.agrement.legacy_ages or ():
        births = [
            *(child.birth_date for child in question.need.request.children),
            *(contract.child_birth_date for contract in childminder.contracts or ()),
        ]
        for months in (band.min_months, band.max_months):
            days.extend(months_after(birth, months).toordinal() for birth in births if birth)
    return days
