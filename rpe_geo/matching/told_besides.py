"""
What a verdict tells besides its rules: notice, leave, school holidays, adaptation, and an excess that might be asked for.

None of it changes what is refused; see INTERFACES §4bis 28.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from rpe_geo.domain import Childminder, Request, RosterDay, SchoolZone
from rpe_geo.errors import InvalidRecord
from rpe_geo.matching.starts.first_starts import Question, ask
from rpe_geo.rules.compiled import FOREVER, compile_registry
from rpe_geo.rules.laws import slot_breaches_of
from rpe_geo.rules.plain_need import plain_need
from rpe_geo.rules.school_calendar import zone_of_address
from rpe_geo.schedule import NO_HOURS, Timetable
from rpe_geo.verdicts import Refusal, VerdictWarning

__all__ = ["excess_possible", "told_besides"]

_ZONES: tuple[SchoolZone, ...] = ("A", "B", "C")
_LIFTED = frozenset({"places", "under_11"})
_BESIDES = frozenset({"start_date", "siblings"})


def told_besides(
    question: Question, request: Request, provider: int, begins: date, *, feasible: bool
) -> Iterator[VerdictWarning]:
    """
    List what is worth telling of one childminder and one need.

    Parameters
    ----------
    question
        The need as the rules read it.
    request
        The need as the family said it.
    provider
        Number of the childminder.
    begins
        The day of the verdict: care's first day, or the first asked day when it is refused.
    feasible
        Whether nothing is refused.

    Yields
    ------
    VerdictWarning
        Each rule once.
    """
    childminder = question.registry.childminders[provider]
    yield from _notice(question, request, childminder)
    yield from _leave(question, childminder, begins)
    if not feasible:
        return
    if request.envelope is not None:
        yield VerdictWarning("envelope")
    yield from _own_children_at_home(question, request, childminder, begins)
    yield from _adaptation(question, request, childminder)


def _notice(
    question: Question, request: Request, childminder: Childminder
) -> Iterator[VerdictWarning]:
    """Tell a notice that puts the start off, or that is longer than the family's planning is known."""
    notice, need = childminder.min_notice_days, question.need
    told = question.today.toordinal() + notice
    if notice and told > need.start:
        possible = int(need.next_asked_day(np.array([told]))[0])
        if not question.lasts(np.array([possible]))[0]:
            yield VerdictWarning("min_notice", {"notice": notice, "variant": "_beyond"})
        else:
            values = {"notice": notice, "possible": date.fromordinal(possible)}
            yield VerdictWarning("min_notice", values)
    elif request.envelope is not None and notice > request.envelope.known_days_ahead:
        values = {"notice": notice, "known": request.envelope.known_days_ahead}
        yield VerdictWarning("min_notice", {**values, "variant": "_planning"})


def _leave(question: Question, childminder: Childminder, begins: date) -> Iterator[VerdictWarning]:
    """Tell the leaves that hold asked days of the need."""
    if not childminder.leave:
        return
    need = question.need
    last = int(need.last_days(np.array([begins.toordinal()]))[0])
    periods = []
    for away in childminder.leave:
        days = np.arange(
            max(begins.toordinal(), away.start.toordinal()), min(last, away.to.toordinal()) + 1
        )
        if len(days) and (need.next_asked_day(days) == days).any():
            periods.append((away.start, away.to))
    if periods:
        yield VerdictWarning("leave", {"periods": periods})


def _own_children_at_home(
    question: Question, request: Request, childminder: Childminder, begins: date
) -> Iterator[VerdictWarning]:
    """Judge the school holidays of the need with the childminder's own children at home."""
    at_home = [child.school_holidays_presence is not None for child in childminder.own_children]
    if childminder.mam_id is not None or not any(at_home) or request.school_holidays == "except":
        return
    children = tuple(
        replace(child, presence=child.presence.union(child.school_holidays_presence))
        if child.presence is not None and child.school_holidays_presence is not None
        else child
        for child in childminder.own_children
    )
    alone = compile_registry([replace(childminder, own_children=children)])
    known = (
        request.school_zone
        or zone_of_address(request.address)
        or zone_of_address(childminder.address)
    )
    for zone in _ZONES if known is None else (known,):
        try:
            asked = plain_need(
                replace(
                    question.need.request,
                    start=begins,
                    start_tolerance_days=0,
                    school_holidays="only",
                    school_zone=zone,
                )
            )
        except InvalidRecord:
            continue
        there = ask(alone, asked, question.today, question.law)
        timeline = there.slot_timeline(alone.rows, np.array([there.need.start]))
        broken = [law for law in slot_breaches_of(timeline, question.law) if len(law.pair)]
        if broken:
            since = date.fromordinal(min(int(law.day.min()) for law in broken))
            values = {"rules": [law.rule for law in broken], "since": since}
            variant = {} if known is not None else {"variant": "_zone"}
            yield VerdictWarning("school_holidays", values | variant)
            return


def _adaptation(
    question: Question, request: Request, childminder: Childminder
) -> Iterator[VerdictWarning]:
    """Judge the short days before the start."""
    adaptation = request.adaptation
    if adaptation is None:
        return
    days = tuple(RosterDay(day, adaptation.hours) for day in adaptation.dates)
    asked = replace(
        request,
        start=adaptation.start,
        end=None,
        start_tolerance_days=0,
        schedule=NO_HOURS,
        envelope=None,
        roster=days,
        school_holidays="all",
        adaptation=None,
    )
    alone = np.array([question.registry.childminders.index(childminder)])
    whole = replace(question.registry, rows=alone, facilities=())
    there = ask(whole, asked, question.today, question.law)
    if there.starts_in_tolerance(alone)[0] != FOREVER:
        return
    timeline = there.timeline(alone, np.array([there.need.start]))
    rules = [law.rule for law in slot_breaches_of(timeline, question.law) if len(law.pair)]
    if not there.shares.accepted(alone)[0]:
        rules.append("working_hours")
    yield VerdictWarning("adaptation", {"rules": rules or ["start_date"]})


def excess_possible(
    question: Question, childminder: Childminder, refusals: Sequence[Refusal]
) -> Iterator[VerdictWarning]:
    """
    Tell where the exceptional excess might lift the refusal of a short need; it is told, never granted.

    CASF L.421-4: two children more under eleven for a while, never more than four under three.
    """
    need, law = question.need, question.law
    rules = {refusal.rule for refusal in refusals}
    if (
        not childminder.agrement.exceptional_excess
        or not rules & _LIFTED
        or rules - _LIFTED - _BESIDES
        or need.end == FOREVER
        or need.end - need.start >= law["excess_days_max"]
    ):
        return
    more = law["excess_under_11_max"] - law["under_11_max"]
    for refusal in refusals:
        if refusal.rule in _LIFTED:
            if (refusal.have or 0) - (refusal.limit or 0) > more:
                return
            weeks = min((need.end - need.start) // 7 + 1, 5)
            hours = Timetable.parse(refusal.when).quarters_per_week / 4 if refusal.when else 0
            if weeks * hours > law["excess_hours_per_month"]:
                return
    yield VerdictWarning("exceptional_excess_possible")
