"""
Crèches and the like: age and opening hours are judged, places are not known.

A facility has no contracts here: what is free in it is asked of the facility itself, so every verdict says so.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

import numpy as np

from rpe_geo.domain import Facility, Request, completed_months
from rpe_geo.matching.refusals import hours_refusal
from rpe_geo.matching.single_changes import (
    asked_in_turn,
    later_start,
    latest_end,
    share_found,
    shorter_schedule,
)
from rpe_geo.matching.starts.first_starts import Question
from rpe_geo.matching.unknowns import unknowns_of
from rpe_geo.rules.compiled import FOREVER
from rpe_geo.rules.need import asks_no_day, hours_within
from rpe_geo.rules.needs import age_limits, enough, missing_needs
from rpe_geo.verdicts import Refusal, Relaxation, Verdict, VerdictWarning

__all__ = ["facility_latest_end", "facility_starts", "facility_verdict"]


def facility_starts(
    question: Question, facilities: Sequence[Facility]
) -> list[tuple[int, Fraction]]:
    """
    Ask `facility_start` of each facility; those that open alike and take the same ages are asked once.

    Parameters
    ----------
    question
        The request.
    facilities
        In the order of the answers.

    Returns
    -------
    list of (int, Fraction)
        As `facility_start` returns them.
    """
    known: dict[Hashable, tuple[int, Fraction]] = {}
    answers = []
    for facility in facilities:
        alike = (
            facility.opening_hours,
            facility.age_min_months,
            facility.age_max_months,
            facility.capabilities,
        )
        if alike not in known:
            known[alike] = facility_start(question, facility)
        answers.append(known[alike])
    return answers


def facility_start(question: Question, facility: Facility) -> tuple[int, Fraction]:
    """
    Find the first day on which a facility could take the children, as far as is known.

    Parameters
    ----------
    question
        The request.
    facility
        Age bounds, opening hours, capabilities.

    Returns
    -------
    tuple of int and Fraction
        Ordinal, FOREVER without one; share of the asked hours within the opening hours.
    """
    share = _share(question, facility)
    if not enough(question.need, share) or missing_needs(question.need, facility.capabilities):
        return FOREVER, share
    return _start(question, facility, question.need.start, question.latest), share


def _share(question: Question, facility: Facility) -> Fraction:
    need = question.need
    share, _ = hours_within(need.request.schedule, need.week_1, facility.opening_hours)
    return share


def _start(question: Question, facility: Facility, earliest: int, latest: int) -> int:
    """Find the first asked day on which everybody is born and of the right age to the end; FOREVER without one."""
    need = question.need
    first, last = age_limits(facility, need)
    day = max(earliest, first, int(need.births.max()))
    start = need.next_asked_day(np.array([day]))
    if start[0] > min(latest, need.end) or need.last_days(start)[0] > last:
        return FOREVER
    return int(start[0])


def facility_verdict(question: Question, facility: Facility, *, with_relaxations: bool) -> Verdict:
    """
    Judge a request against a facility.

    Parameters
    ----------
    question
        The request.
    facility
        Its record.
    with_relaxations
        Whether to look for the single changes that would suffice.

    Returns
    -------
    Verdict
        Always with the warning `places_unknown`.
    """
    need = question.need
    start, share = facility_start(question, facility)
    later = FOREVER
    if start == FOREVER and enough(need, share):
        later = _later(question, facility)
    warnings = [VerdictWarning("places_unknown", {"places": facility.places})]
    if facility.opening_hours is None:
        warnings.append(VerdictWarning("opening_hours_unknown"))
    verdict = Verdict(
        request_id=need.request.request_id,
        provider_kind="facility",
        provider_id=facility.facility_id,
        feasible=start != FOREVER,
        start=None if start == FOREVER else date.fromordinal(start),
        hours_share=share,
        warnings=tuple(warnings),
        unknown=unknowns_of(facility),
    )
    if verdict.feasible:
        return verdict
    verdict = replace(verdict, refusals=tuple(_refusals(question, facility, share, later)))
    if with_relaxations:
        verdict = replace(verdict, relaxations=tuple(_changes(question, facility, share, later)))
    return verdict


def _later(question: Question, facility: Facility) -> int:
    if missing_needs(question.need, facility.capabilities):
        return FOREVER
    return _start(question, facility, question.latest + 1, question.latest_later)


def _refusals(question: Question, facility: Facility, share: Fraction, later: int) -> list[Refusal]:
    need = question.need
    wanted = need.request.first_day
    refusals = []
    needs = missing_needs(need, facility.capabilities)
    if needs:
        refusals.append(Refusal(rule="functional_need", since=wanted, values={"needs": needs}))
    born = int(need.births.max())
    no_day = asks_no_day(need)
    if born > need.start or later != FOREVER or no_day:
        values = {
            "possible": None if later == FOREVER else date.fromordinal(later),
            "birth": date.fromordinal(born) if born > need.start else None,
            "last": need.request.end if no_day else None,
        }
        refusals.append(Refusal(rule="start_date", since=wanted, values=values))
    first, last = age_limits(facility, need)
    last_day = int(need.last_days(np.array([need.start]))[0])
    if need.start < first or last_day > last:
        since = need.start if need.start < first or need.start > last else last + 1
        too_young = need.start < first
        day = date.fromordinal(since)
        refusals.append(
            Refusal(
                rule="age",
                since=day,
                have=(min if too_young else max)(
                    completed_months(child.birth_date, day) for child in need.request.children
                ),
                limit=facility.age_min_months if too_young else facility.age_max_months,
                values={"too_young": too_young},
            )
        )
    if not enough(need, share) and facility.opening_hours is not None:
        refusals.append(hours_refusal(need, "opening_hours", facility.opening_hours, share))
    return refusals


def _changes(
    question: Question, facility: Facility, share: Fraction, later: int
) -> Iterator[Relaxation]:
    accepts = _accepts(question, facility)
    nothing = np.zeros(0, dtype=np.int64)
    if later != FOREVER:
        yield later_start(later)
    for search in (
        shorter_schedule(question, facility.opening_hours, [(nothing, nothing)]),
        share_found(question, share),
        latest_end(question, lambda _start, _broken: True),
    ):
        yield from asked_in_turn(search, accepts)


def facility_latest_end(question: Question, facility: Facility) -> int:
    """
    Find the latest end that a facility that refuses the request could accept.

    Parameters
    ----------
    question
        The request.
    facility
        Its record.

    Returns
    -------
    int
        Ordinal; FOREVER where no earlier end would do.
    """
    search = latest_end(question, lambda _start, _broken: True)
    found = asked_in_turn(search, _accepts(question, facility))
    return found[0].to.toordinal() if found else FOREVER


def _accepts(question: Question, facility: Facility) -> Callable[[Sequence[Request]], list[bool]]:
    def accepts(requests: Sequence[Request]) -> list[bool]:
        found = (facility_start(question.about(request), facility) for request in requests)
        return [start != FOREVER for start, _ in found]

    return accepts
