"""The laws on arrays and a second judge, written apart from them, say the same of every drawn case."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rpe_geo.domain import Childminder, Mam, Request
from rpe_geo.matching.feasibility import compile_registry, evaluate, feasible_mask
from tests.rules.oracle import (
    Judge,
    first_asked,
    first_start,
    fixed_rules,
    share,
    status_refuses,
    tolerance,
)
from tests.strategies import availabilities, childminders, mams, requests

TODAY = date(2026, 11, 22)
PRESENCE_RULES = {
    "places",
    "under_3",
    "under_11",
    "mam_present",
    "mam_children",
    "legacy_ages",
    "daily_rest",
    "weekly_hours",
    "annual_hours",
    "consecutive_days",
    "weekly_rest",
}
slow = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def compare(
    minder: Childminder,
    request: Request,
    colleagues: tuple[Childminder, ...] = (),
    mam: Mam | None = None,
) -> None:
    registry = compile_registry([minder, *colleagues], [mam] if mam else [])
    (verdict,) = evaluate(registry, request, today=TODAY, only=[0])
    house = {"colleagues": colleagues, "mam": mam}
    start = first_start(minder, request, *tolerance(request), **house)
    assert verdict.start == start
    assert verdict.feasible == (start is not None)
    assert verdict.hours_share == share(minder, request)
    mask = feasible_mask(registry, request, today=TODAY)
    assert mask.feasible[0] == verdict.feasible
    assert mask.start[0].astype(date) == start
    judge = Judge(minder, request, start or first_asked(request), **house)
    standing = [warning for warning in verdict.warnings if warning.rule == "existing_breach"]
    named = set(standing[0].values["rules"]) if standing else set()
    assert named == judge.standing - judge.broken.keys()
    if verdict.feasible:
        assert not verdict.refusals
        return
    found = {refusal.rule: refusal for refusal in verdict.refusals}
    assert found.keys() & PRESENCE_RULES == judge.broken.keys()
    for rule, have in judge.broken.items():
        # Days or presence without any rest have no end but that of the calendar looked at.
        endless = have > 90 and rule in {"consecutive_days", "daily_rest"}
        assert found[rule].have > 90 if endless else found[rule].have == pytest.approx(have), rule
        assert found[rule].limit == judge.limits[rule], rule
        assert found[rule].since == judge.since[rule], rule
    fixed = fixed_rules(minder, request)
    assert found.keys() & {"working_hours", "functional_need", "school_pickup"} == fixed
    assert ("agrement_status" in found) == status_refuses(minder, first_asked(request))
    alone = any(
        first_start(minder, replace(request, children=(child,)), *tolerance(request), **house)
        for child in request.children
    )
    assert ("siblings" in found) == (len(request.children) > 1 and alone)


@slow
@given(childminders(), requests())
def test_at_home(minder, request):
    compare(minder, request)


@settings(parent=slow, max_examples=12)
@given(
    childminders(max_contracts=2),
    st.lists(availabilities(), min_size=1, max_size=3),
    st.booleans(),
    requests(max_days=200),
)
def test_with_declared_availabilities(minder, declared, known, request):
    contracts = minder.contracts if known else None
    minder = replace(minder, availabilities=tuple(declared), contracts=contracts)
    compare(minder, replace(request, start_tolerance_days=min(request.start_tolerance_days, 3)))


@slow
@given(childminders(legacy=True), requests())
def test_with_an_old_attestation(minder, request):
    compare(minder, request)


@slow
@given(
    childminders("AM-1", mam_id="M", max_contracts=3),
    st.lists(childminders("AM-2", mam_id="M", max_contracts=3), min_size=1, max_size=3),
    st.one_of(st.none(), mams("M")),
    requests(),
)
def test_in_a_mam(minder, colleagues, mam, request):
    named = tuple(
        replace(colleague, childminder_id=f"AM-{number}")
        for number, colleague in enumerate(colleagues, 2)
    )
    compare(minder, request, named, mam)


@settings(parent=slow, max_examples=8)
@given(
    childminders("AM-1", mam_id="M", max_contracts=1),
    childminders("AM-2", mam_id="M", max_contracts=2),
    st.integers(-10, 300),
    mams("M"),
    requests(max_children=2, max_days=400),
)
def test_in_a_mam_while_a_suspension_ends(minder, colleague, days, mam, request):
    agrement = replace(
        colleague.agrement,
        status="suspended",
        suspended_until=request.start + timedelta(days=days),
    )
    request = replace(request, start_tolerance_days=0)
    compare(minder, request, (replace(colleague, agrement=agrement),), mam)


@settings(parent=slow, max_examples=4)
@given(childminders(max_contracts=2), requests(max_children=1, max_days=0))
def test_over_two_years(minder, request):
    compare(minder, replace(request, end=None, start_tolerance_days=0))


@settings(parent=slow, max_examples=15)
@given(childminders(max_contracts=2), requests(max_children=2, max_days=500))
def test_over_long_needs(minder, request):
    compare(minder, replace(request, start_tolerance_days=0))


@settings(parent=slow, max_examples=6)
@given(childminders(max_contracts=3), requests(max_children=1, max_days=300))
def test_later_start(minder, request):
    request = replace(request, start_tolerance_days=0, end=request.start + timedelta(days=60))
    if len(request.schedule) > 1:
        return
    (verdict,) = evaluate(compile_registry([minder]), request, today=TODAY, with_relaxations=True)
    found = {change.change: change.to for change in verdict.relaxations}
    if verdict.feasible:
        assert not found
        return
    later = first_start(
        minder,
        request,
        first_asked(request) + timedelta(days=1),
        request.start + timedelta(days=365),
    )
    assert found.get("start") == later
    has_start_date = any(refusal.rule == "start_date" for refusal in verdict.refusals)
    unborn = any(child.birth_date > first_asked(request) for child in request.children)
    begins = request.schedule.spans_on(first_asked(request), request.start)
    if later is not None or unborn:
        assert has_start_date
    elif begins:
        assert not has_start_date
