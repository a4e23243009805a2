"""What is legal but fragile: the warnings of a verdict (INTERFACES §4bis 8–10, 13, 20, 23)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from rpe_geo.domain import Childminder
from rpe_geo.matching.starts.first_starts import Question
from rpe_geo.parameters import parameter_table
from rpe_geo.rules.bits import unpack
from rpe_geo.rules.breaches import Breaches, SlotBreaches
from rpe_geo.rules.need import hours_within
from rpe_geo.rules.pay import least_net_rate
from rpe_geo.rules.timeline import Timeline
from rpe_geo.verdicts import VerdictWarning

__all__ = ["warnings_of"]


def warnings_of(
    question: Question,
    childminder: Childminder,
    timeline: Timeline,
    breaches: Sequence[Breaches | SlotBreaches],
    pair: int,
) -> tuple[VerdictWarning, ...]:
    """
    List what makes a verdict fragile.

    Parameters
    ----------
    question
        The request and the day.
    childminder
        The provider's record.
    timeline, breaches, pair
        What the laws answered, and which provider of the timeline she is.

    Returns
    -------
    tuple of VerdictWarning
        Each rule once.
    """
    found = []
    agrement = childminder.agrement
    last_day = date.fromordinal(int(timeline.end[pair]))
    if agrement.valid_until is not None and agrement.valid_until < last_day:
        found.append(VerdictWarning("agrement_renewal", {"valid_until": agrement.valid_until}))
    usual = question.law["places_usual_max"]
    if agrement.places > usual:
        values = {"places": agrement.places, "usual": usual}
        found.append(VerdictWarning("agrement_places", values))
    standing = [law.rule for law in breaches if pair in law.existing]
    refused = {law.rule for law in breaches if pair in law.pair}
    standing = [rule for rule in standing if rule not in refused]
    if standing:
        found.append(VerdictWarning("existing_breach", {"rules": tuple(standing)}))
    provider = int(timeline.provider[pair])
    if question.registry.hours[provider] < 0:
        found.append(VerdictWarning("working_hours_unknown"))
    weeks = question.said.schedule.weeks
    if childminder.accepts_variable_hours is False:
        if question.said.envelope is not None:
            found.append(VerdictWarning("variable_hours", {"variant": "_planning"}))
        elif any(week != weeks[0] for week in weeks):
            found.append(VerdictWarning("variable_hours", {"weeks": len(weeks)}))
    if _declarations_differ(question, childminder, timeline, pair):
        found.append(VerdictWarning("availability_differs"))
    found.extend(rate_below_minimum(question, childminder))
    return (*found, *availability_stale(question, childminder.availability_confirmed_on))


def rate_below_minimum(question: Question, childminder: Childminder) -> tuple[VerdictWarning, ...]:
    """Warn when the net rate is below what the law and the collective agreement allow."""
    if childminder.hourly_rate is None:
        return ()
    minimum = least_net_rate(parameter_table("money", question.today))
    if childminder.hourly_rate >= minimum:
        return ()
    values = {"rate": childminder.hourly_rate, "minimum": minimum}
    return (VerdictWarning("rate_below_minimum", values),)


def availability_stale(question: Question, confirmed_on: date | None) -> tuple[VerdictWarning, ...]:
    """Warn when an availability was never confirmed, or too long ago."""
    fresh_days = question.law["availability_fresh_days"]
    if confirmed_on is not None and (question.today - confirmed_on).days <= fresh_days:
        return ()
    return (VerdictWarning("availability_stale", {"confirmed_on": confirmed_on}),)


def _declarations_differ(
    question: Question, childminder: Childminder, timeline: Timeline, pair: int
) -> bool:
    """Tell whether contracts and declared availabilities leave other hours, or other places at the asked hours."""
    if childminder.contracts is None or not childminder.availabilities:
        return False
    need, registry = question.need, question.registry
    provider = int(timeline.provider[pair])
    by_hours, _ = hours_within(need.request.schedule, need.week_1, childminder.working_hours)
    if by_hours != question.shares[int(registry.hours[provider])]:
        return True
    rows = np.flatnonzero(timeline.row_pair == pair)
    declared = timeline.declared_places.rows(rows)
    taken = timeline.contract_children.rows(rows)
    left = childminder.agrement.places_offered - taken
    if registry.own_takes_place[provider]:
        own = timeline.count(timeline.lay(registry.own_children, under=3)).rows(rows)
        left = np.minimum(left, childminder.agrement.places - taken - own)
    return bool((unpack(timeline.asked[rows]) & (np.maximum(left, 0) != declared)).any())
