"""
Who can take the children of a request: all rules, the whole registry at once.

Two doors, one set of laws (`rpe_geo.rules`):

>>> # registry = compile_registry(childminders, mams, facilities)          compiled once, asked many times
>>> # feasible_mask(registry, request, today=day)                          arrays: feasible, start, hours_share
>>> # feasible_masks(registry, requests, today=day)                       the same for many requests, much faster
>>> # evaluate(registry, request, today=day, only=[3, 17])                 verdicts with every refusal and warning

Answers come in the order of the registry: its childminders, then its facilities. `registry.take(indices)` asks some
childminders only. `evaluate(…, with_relaxations=True)` adds the single changes that would suffice (INTERFACES §4bis
21). A single verdict is a registry of one, or `only=[i]`. The meaning of every rule is INTERFACES §4bis.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from rpe_geo.domain import Childminder, Request
from rpe_geo.matching.facilities import facility_latest_end, facility_starts, facility_verdict
from rpe_geo.matching.fragility import warnings_of
from rpe_geo.matching.refusals import hours_refusal, refusals_of
from rpe_geo.matching.single_changes import changes_of_many, latest_ends_of_many
from rpe_geo.matching.starts.first_starts import Question, ask, starts_of_many
from rpe_geo.matching.told_besides import excess_possible, told_besides
from rpe_geo.matching.unknowns import unknowns_of
from rpe_geo.rules.atypical import atypical_hours
from rpe_geo.rules.compiled import FOREVER, Registry, compile_registry
from rpe_geo.rules.laws import slot_breaches_of, working_time_breaches
from rpe_geo.rules.need import asks_no_day
from rpe_geo.rules.needs import enough, missing_needs, missing_schools
from rpe_geo.verdicts import Refusal, Relaxation, Rule, Verdict, VerdictWarning

__all__ = [
    "FeasibleMask",
    "compile_registry",
    "evaluate",
    "feasible_mask",
    "feasible_masks",
    "latest_ends",
]

_ORDER = {rule: number for number, rule in enumerate(get_args(Rule))}
_EPOCH = date(1970, 1, 1).toordinal()
_PAIRS_AT_ONCE = 100_000
"""Requests × childminders asked together."""
_DAYS_AT_ONCE = 100 * 1000
"""Days of timelines of every week laid together for the details of verdicts."""


@dataclass(frozen=True)
class FeasibleMask:
    """
    The short answer for a whole registry, as aligned arrays.

    Parameters
    ----------
    feasible
        Whether there is a day on which nothing is refused.
    start
        That day, datetime64[D]; NaT where there is none.
    hours_share
        Asked hours within the hours offered ÷ asked hours.
    """

    feasible: NDArray[np.bool_]
    start: NDArray[np.datetime64]
    hours_share: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.feasible)


def feasible_mask(
    registry: Registry,
    request: Request,
    *,
    today: date,
    law: Mapping[str, Any] | None = None,
) -> FeasibleMask:
    """
    Tell who can take the children of a request, and from when.

    Parameters
    ----------
    registry
        Compiled; every childminder and facility of it is asked.
    request
        A family's need.
    today
        Day on which the parameters must be in force.
    law
        Another table than `law` as in force today.

    Returns
    -------
    FeasibleMask
        Childminders first, then facilities.
    """
    (mask,) = feasible_masks(registry, [request], today=today, law=law)
    return mask


def feasible_masks(
    registry: Registry,
    requests: Sequence[Request],
    *,
    today: date,
    law: Mapping[str, Any] | None = None,
) -> Iterator[FeasibleMask]:
    """
    Tell who can take the children of many requests; see `feasible_mask`.

    Parameters
    ----------
    registry
        Compiled; every childminder and facility of it is asked.
    requests
        Families' needs.
    today
        Day on which the parameters must be in force.
    law
        Another table than `law` as in force today.

    Yields
    ------
    FeasibleMask
        One per request, in order; each request is judged apart from the others.
    """
    at_once = max(1, _PAIRS_AT_ONCE // max(len(registry), 1))
    for first in range(0, len(requests), at_once):
        questions = [
            ask(registry, request, today, law) for request in requests[first : first + at_once]
        ]
        starts = starts_of_many(questions)
        for question, found in zip(questions, starts, strict=True):
            yield _mask(question, found)


def _mask(question: Question, starts: NDArray[np.int64]) -> FeasibleMask:
    registry = question.registry
    shares = question.shares.figures(registry.rows)
    others = facility_starts(question, registry.facilities)
    starts = np.concatenate((starts, np.array([start for start, _ in others], dtype=np.int64)))
    feasible = starts != FOREVER
    days = np.full(len(starts), np.datetime64("NaT"), dtype="datetime64[D]")
    days[feasible] = (starts[feasible] - _EPOCH).astype("datetime64[D]")
    return FeasibleMask(
        feasible=feasible,
        start=days,
        hours_share=np.concatenate((shares, [float(share) for _, share in others])),
    )


def evaluate(
    registry: Registry,
    request: Request,
    *,
    today: date,
    law: Mapping[str, Any] | None = None,
    with_relaxations: bool = False,
    only: Sequence[int] | NDArray[np.int64] | None = None,
) -> list[Verdict]:
    """
    Judge a request against a registry, with every refusal and every warning.

    Parameters
    ----------
    registry
        Compiled.
    request
        A family's need.
    today
        Day on which the parameters must be in force, and on which availabilities are fresh or stale.
    law
        Another table than `law` as in force today.
    with_relaxations
        Whether to look for the single changes that would suffice.
    only
        Positions in the registry (childminders first, then facilities); None for all.

    Returns
    -------
    list of Verdict
        In the order asked.
    """
    question = ask(registry, request, today, law)
    count = len(registry)
    positions = (
        np.arange(count + len(registry.facilities))
        if only is None
        else np.asarray(only, dtype=np.int64)
    )
    rows = registry.rows[positions[positions < count]]
    verdicts = _childminder_verdicts(question, request, rows, with_relaxations=with_relaxations)
    answers = []
    for position in positions.tolist():
        if position < count:
            verdict = next(verdicts)
        else:
            facility = registry.facilities[position - count]
            verdict = facility_verdict(question, facility, with_relaxations=with_relaxations)
        answers.append(replace(verdict, atypical=atypical_hours(request.schedule, today)))
    return answers


def latest_ends(
    registry: Registry,
    request: Request,
    rows: NDArray[np.intp],
    *,
    today: date,
    law: Mapping[str, Any] | None = None,
) -> NDArray[np.int64]:
    """
    Find the latest end that each of some refused providers could accept, two weeks after the start at least.

    Parameters
    ----------
    registry
        Compiled.
    request
        A family's need.
    rows
        Positions of those who refuse it, rising: childminders first, then facilities.
    today, law
        As for `feasible_mask`.

    Returns
    -------
    array of int
        Ordinals as long as `rows`; FOREVER where no earlier end would do.
    """
    question = ask(registry, request, today, law)
    count = len(registry)
    minders = latest_ends_of_many(question, registry.rows[rows[rows < count]])
    facilities = [
        facility_latest_end(question, registry.facilities[row - count])
        for row in rows[rows >= count].tolist()
    ]
    return np.concatenate((minders, np.array(facilities, dtype=np.int64)))


def _childminder_verdicts(
    question: Question,
    request: Request,
    providers: NDArray[np.int64],
    *,
    with_relaxations: bool,
) -> Iterator[Verdict]:
    """Judge some childminders, a few timelines at a time."""
    need = question.need
    starts = question.starts_in_tolerance(providers)
    later = np.full(len(providers), FOREVER, dtype=np.int64)
    refused = np.flatnonzero(starts == FOREVER)
    later[refused] = question.later_starts(providers[refused])
    alone = _accepted_alone(question, providers, refused)
    found_changes: dict[int, list[Relaxation]] = {}
    if with_relaxations:
        found = changes_of_many(question, providers[refused], later[refused])
        found_changes = dict(zip(providers[refused].tolist(), found, strict=True))
    days = int(need.last_days(np.array([question.latest]))[0]) - need.start
    at_once = max(1, _DAYS_AT_ONCE // (days + 365))
    for first in range(0, len(providers), at_once):
        chunk = slice(first, first + at_once)
        begins = np.where(starts[chunk] == FOREVER, need.start, starts[chunk])
        timeline = question.timeline(providers[chunk], begins)
        breaches = working_time_breaches(timeline, question.law)
        # Quarter-hours are counted where something is refused, once where weeks repeat.
        asked = np.flatnonzero(starts[chunk] == FOREVER)
        slots = question.slot_timeline(providers[chunk][asked], begins[asked])
        taken = slot_breaches_of(slots, question.law) if len(asked) else []
        refused_slots = refusals_of(slots, taken, len(asked))
        refused_times = refusals_of(timeline, breaches, len(begins))
        asked_as = dict(zip(asked.tolist(), range(len(asked)), strict=True))
        for pair, provider in enumerate(providers[chunk].tolist()):
            childminder = question.registry.childminders[provider]
            feasible = bool(starts[first + pair] != FOREVER)
            refusals: list[Refusal] = []
            told: Iterable[VerdictWarning] = ()
            changes: list[Relaxation] = []
            if not feasible:
                refusals = refused_slots[asked_as[pair]] + refused_times[pair]
                refusals += _fixed_refusals(question, provider)
                if alone[first + pair]:
                    refusals.append(_at_start(question, "siblings", children=need.children))
                refusals += _start_refusal(question, later[first + pair])
                refusals.sort(key=lambda refusal: _ORDER[refusal.rule])
                told = excess_possible(question, childminder, refusals)
                changes = found_changes.get(provider, [])
            yield Verdict(
                request_id=need.request.request_id,
                provider_kind="childminder",
                provider_id=childminder.childminder_id,
                feasible=feasible,
                start=date.fromordinal(int(begins[pair])) if feasible else None,
                hours_share=question.shares[int(question.registry.hours[provider])],
                refusals=tuple(refusals),
                warnings=(
                    *warnings_of(question, childminder, timeline, breaches, pair),
                    *told_besides(
                        question,
                        request,
                        provider,
                        date.fromordinal(int(begins[pair])),
                        feasible=feasible,
                    ),
                    *told,
                ),
                relaxations=tuple(changes),
                unknown=unknowns_of(childminder),
            )


def _accepted_alone(
    question: Question, providers: NDArray[np.int64], refused: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Tell which refused providers would accept one of several siblings alone."""
    alone = np.zeros(len(providers), dtype=np.bool_)
    request = question.need.request
    if len(request.children) > 1:
        for child in dict.fromkeys(request.children):
            single = question.about(replace(request, children=(child,)))
            alone[refused] |= single.starts_in_tolerance(providers[refused]) != FOREVER
    return alone


def _at_start(
    question: Question,
    rule: Rule,
    *,
    when: str | None = None,
    have: float | None = None,
    limit: float | None = None,
    **values: Any,
) -> Refusal:
    """Build a refusal that holds from the first asked day on."""
    since = question.need.request.first_day
    return Refusal(rule=rule, when=when, since=since, have=have, limit=limit, values=values)


def _fixed_refusals(question: Question, provider: int) -> list[Refusal]:
    """List the broken rules that look at no presence, as of the first asked day."""
    registry, need = question.registry, question.need
    childminder = registry.childminders[provider]
    refusals = []
    if not registry.active_from[provider] <= need.start <= registry.active_until[provider]:
        refusals.append(_at_start(question, "agrement_status", **_agrement_values(childminder)))
    share = question.shares[int(registry.hours[provider])]
    if not enough(need, share):
        pattern = registry.patterns.timetables[int(registry.hours[provider])]
        refusals.append(hours_refusal(need, "working_hours", pattern, share))
    needs = missing_needs(need, childminder.capabilities)
    if needs:
        refusals.append(_at_start(question, "functional_need", needs=needs))
    if question.away(provider):
        periods = [(leave.start, leave.to) for leave in childminder.leave]
        refusals.append(_at_start(question, "leave", periods=periods))
    schools = missing_schools(need, childminder.attributes.schools_served)
    if schools:
        known = sorted(registry.schools, key=str.casefold)
        unknown = [school for school in schools if school not in registry.schools]
        refusals.append(
            _at_start(question, "school_pickup", schools=schools, unknown=unknown, known=known)
        )
    return refusals


def _agrement_values(childminder: Childminder) -> dict[str, Any]:
    agrement = childminder.agrement
    return {
        "status": agrement.status,
        "valid_from": agrement.valid_from,
        "valid_until": agrement.valid_until,
        "suspended_until": agrement.suspended_until,
    }


def _start_refusal(question: Question, later: int) -> list[Refusal]:
    """Say that the start itself is in the way: a child not yet born, or a later start that would do."""
    need = question.need
    born = int(need.births.max())
    possible = None if later == FOREVER else date.fromordinal(int(later))
    unborn = born > need.start
    no_day = asks_no_day(need)
    if not (unborn or possible or no_day):
        return []
    return [
        _at_start(
            question,
            "start_date",
            possible=possible,
            birth=date.fromordinal(born) if unborn else None,
            last=need.request.end if no_day else None,
        )
    ]
