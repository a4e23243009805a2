"""Laws of feasibility that hold whatever the registry: more room never hurts, what is printed is true."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rpe_geo.domain import Agrement, Child, Childminder, Facility, Request
from rpe_geo.formats.verdicts import verdict_json
from rpe_geo.matching.feasibility import compile_registry, evaluate, feasible_mask
from rpe_geo.schedule import Timetable
from tests.strategies import availabilities, childminders, contracts, requests

TODAY = date(2026, 11, 22)
quick = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def feasible(minder: Childminder, request: Request) -> bool:
    return bool(feasible_mask(compile_registry([minder]), request, today=TODAY).feasible[0])


@quick
@given(childminders(max_contracts=3), contracts(9), requests())
def test_a_contract_more_never_helps(minder, contract, request):
    more = replace(minder, contracts=(*minder.contracts, contract))
    if "existing_breach" not in {
        warning.rule
        for warning in evaluate(compile_registry([more]), request, today=TODAY)[0].warnings
    }:
        assert feasible(minder, request) or not feasible(more, request)


@quick
@given(childminders(max_contracts=3), requests())
def test_a_place_more_never_hurts(minder, request):
    agrement = minder.agrement
    more = replace(agrement, places=agrement.places + 1, places_offered=agrement.places_offered + 1)
    assert feasible(replace(minder, agrement=more), request) or not feasible(minder, request)


@quick
@given(childminders(), requests())
def test_what_is_printed_is_feasible(minder, request):
    registry = compile_registry([minder])
    (verdict,) = evaluate(registry, request, today=TODAY, with_relaxations=True)
    for change in verdict.relaxations:
        to = Timetable.parse(change.to) if change.change == "schedule" else change.to
        assert feasible(minder, replace(request, **{change.change: to})), change


@quick
@given(childminders(), requests(), st.one_of(st.none(), st.lists(availabilities(), max_size=2)))
def test_the_short_and_the_long_answer_agree(minder, request, declared):
    minder = replace(
        minder,
        availabilities=None if declared is None else tuple(declared),
        contracts=minder.contracts if len(minder.contracts) > 1 else None,
    )
    registry = compile_registry([minder])
    (verdict,) = evaluate(registry, request, today=TODAY)
    mask = feasible_mask(registry, request, today=TODAY)
    assert mask.feasible[0] == verdict.feasible == (not verdict.refusals)
    assert mask.hours_share[0] == float(verdict.hours_share)
    written = verdict_json(verdict)
    assert all(refusal["message"] for refusal in written["refusals"])


@quick
@given(st.lists(childminders(), min_size=2, max_size=5), requests())
def test_a_registry_is_its_members(minders, request):
    named = [replace(minder, childminder_id=f"AM-{n}") for n, minder in enumerate(minders)]
    registry = compile_registry(named)
    together = evaluate(registry, request, today=TODAY)
    alone = [evaluate(compile_registry([minder]), request, today=TODAY)[0] for minder in named]
    assert together == alone
    assert evaluate(registry, request, today=TODAY, only=[1, 0]) == [together[1], together[0]]
    taken = registry.take([1])
    assert evaluate(taken, request, today=TODAY) == [together[1]]
    assert feasible_mask(taken, request, today=TODAY).feasible.tolist() == [together[1].feasible]


def a_request(schedule: str = "Mo-Fr 08:00-17:30", **fields: object) -> Request:
    values = {
        "request_id": "R",
        "address": "x",
        "children": (Child(date(2026, 5, 1)),),
        "start": date(2027, 1, 4),
        "schedule": Timetable.parse(schedule),
    }
    return Request(**(values | fields))


def facility_verdict(facility: Facility, request: Request) -> dict:
    registry = compile_registry([], [], [facility])
    (verdict,) = evaluate(registry, request, today=TODAY, with_relaxations=True)
    mask = feasible_mask(registry, request, today=TODAY)
    assert mask.feasible.tolist() == [verdict.feasible]
    return verdict_json(verdict)


def creche(**fields: object) -> Facility:
    values = {
        "facility_id": "F-1",
        "kind": "crèche",
        "address": "x",
        "opening_hours": Timetable.parse("Mo-Fr 07:30-18:30"),
        "age_min_months": 3,
        "age_max_months": 36,
    }
    return Facility(**(values | fields))


def test_a_creche_that_fits():
    verdict = facility_verdict(creche(), a_request())
    assert verdict["feasible"]
    assert [warning["rule"] for warning in verdict["warnings"]] == ["places_unknown"]
    assert "childminder_id" not in verdict
    assert (verdict["provider_kind"], verdict["provider_id"]) == ("facility", "F-1")


def test_a_creche_closed_in_the_evening():
    verdict = facility_verdict(creche(), a_request("Mo-Fr 08:00-19:30"))
    (refusal,) = verdict["refusals"]
    assert refusal["rule"] == "opening_hours"
    assert refusal["when"] == "Mo-Fr 18:30-19:30"
    changes = {change["change"]: change["to"] for change in verdict["relaxations"]}
    assert changes == {"schedule": "Mo-Fr 08:00-18:30", "min_hours_share": 105 / 115}


@pytest.mark.parametrize(
    ("birth", "start", "changes"),
    [
        (date(2026, 11, 1), None, {"start": "2027-02-01"}),
        (date(2025, 3, 1), None, {"end": "2028-02-29"}),
        (date(2023, 3, 1), None, {}),
    ],
)
def test_ages_of_a_creche(birth, start, changes):
    verdict = facility_verdict(creche(), a_request(children=(Child(birth),)))
    assert "age" in [refusal["rule"] for refusal in verdict["refusals"]]
    assert {change["change"]: change["to"] for change in verdict["relaxations"]} == changes


def test_an_unknown_capability_and_unknown_hours():
    request = a_request(children=(Child(date(2026, 5, 1), frozenset({"lift"})),))
    verdict = facility_verdict(creche(opening_hours=None), request)
    assert [refusal["rule"] for refusal in verdict["refusals"]] == ["functional_need"]
    assert verdict["hours_share"] == 1
    rules = [warning["rule"] for warning in verdict["warnings"]]
    assert rules == ["places_unknown", "opening_hours_unknown"]


def test_facilities_come_after_childminders():
    minder = Childminder("AM", Agrement(4), address="x")
    registry = compile_registry([minder], [], [creche()])
    verdicts = evaluate(registry, a_request(), today=TODAY)
    assert [verdict.provider_kind for verdict in verdicts] == ["childminder", "facility"]
    (only,) = evaluate(registry, a_request(), today=TODAY, only=[1])
    assert only.provider_id == "F-1"
    mask = feasible_mask(registry, a_request(), today=TODAY)
    assert len(mask) == 2
    assert mask.start.tolist() == [date(2027, 1, 4)] * 2


def test_nobody_asked():
    registry = compile_registry([])
    assert evaluate(registry, a_request(), today=TODAY) == []
    assert len(feasible_mask(registry, a_request(), today=TODAY)) == 0


def test_a_need_of_public_holidays_only_has_no_day():
    registry = compile_registry([Childminder("AM", Agrement(4), address="x")])
    (verdict,) = evaluate(registry, a_request("PH 08:00-12:00"), today=TODAY, with_relaxations=True)
    assert not verdict.feasible
    assert [refusal.rule for refusal in verdict.refusals] == ["start_date"]
    assert verdict.relaxations == ()


def test_many_providers_pass_through_several_turns():
    minders = [Childminder(f"AM-{n}", Agrement(1 + n % 4), address="x") for n in range(5000)]
    mask = feasible_mask(compile_registry(minders), a_request(), today=TODAY)
    assert mask.feasible.all()
    assert (mask.start == np.datetime64("2027-01-04")).all()
