"""Laws of the whole answer to a family, on random registries: nothing shown breaks a rule, nobody is pushed by a newcomer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rpe_geo.domain import Childminder, Mam, Request
from rpe_geo.matching.feasibility import compile_registry, evaluate
from rpe_geo.relais.book import ProviderBook
from rpe_geo.relais.location import locate
from rpe_geo.relais.suggest import Suggestions, suggest
from rpe_geo.travel.straight_line import StraightLineEngine
from tests.matching.registries import TODAY, registries, requests
from tests.matching.registries import childminders as some_childminder
from tests.rules.oracle import first_start, tolerance

ENGINE = StraightLineEngine(on=TODAY)
HOME = (3.0, 43.0)
laws = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NEAR = st.integers(0, 20).map(lambda step: step / 1000)


def answer(people, asked: Request, *, limit: int = 50) -> Suggestions:
    book = ProviderBook.compile(*people)
    located = locate(replace(asked, longitude=HOME[0], latitude=HOME[1]), None)
    return suggest(located, book, ENGINE, today=TODAY, limit=limit)


@st.composite
def spread_registries(draw):
    """A registry whose members live up to a mile and a half away."""
    minders, mams, facilities = draw(registries())
    placed = [replace(one, longitude=3 + draw(NEAR), latitude=43.0) for one in minders]
    return placed, mams, facilities


def allowed_by_the_second_judge(
    minder: Childminder, people: tuple[list[Childminder], list[Mam], object], asked: Request
) -> date | None:
    """Ask the judge of the tests, who knows no declared availabilities."""
    minders, mams, _ = people
    house = {
        "colleagues": tuple(
            other
            for other in minders
            if other is not minder and minder.mam_id and other.mam_id == minder.mam_id
        ),
        "mam": mams[0] if minder.mam_id else None,
    }
    return first_start(minder, asked, *tolerance(asked), **house)


@laws
@given(spread_registries(), requests())
def test_no_suggestion_ever_breaks_a_rule(people, asked):
    given_ = answer(people, asked)
    alone = {
        one.provider_id: one for one in evaluate(compile_registry(*people), asked, today=TODAY)
    }
    for one in given_.suggestions:
        verdict = alone[one.verdict.provider_id]
        assert verdict.feasible
        assert not verdict.refusals
        assert (one.verdict.start, one.verdict.hours_share) == (verdict.start, verdict.hours_share)
        assert round(one.travel_minutes) <= asked.max_minutes
    shown = {one.verdict.provider_id for one in given_.suggestions}
    for refused in given_.refused:
        assert refused.provider_id not in shown
        assert refused.refusals
        far = [refusal for refusal in refused.refusals if refusal.rule == "travel_time"]
        assert far or not alone[refused.provider_id].feasible


@settings(parent=laws, max_examples=10)
@given(spread_registries(), requests())
def test_the_second_judge_accepts_every_suggestion(people, asked):
    asked = replace(asked, end=asked.start + timedelta(days=60))
    minders = {minder.childminder_id: minder for minder in people[0]}
    for one in answer(people, asked).suggestions:
        minder = minders.get(one.verdict.provider_id)
        if minder is not None and not minder.availabilities:
            start = allowed_by_the_second_judge(minder, people, asked)
            assert one.verdict.start == start


@laws
@given(spread_registries(), some_childminder(99), NEAR, requests())
def test_a_newcomer_reorders_nobody(people, newcomer, away, asked):
    minders, mams, facilities = people
    newcomer = replace(newcomer, mam_id=None, longitude=3 + away, latitude=43.0)
    before = answer(people, asked).suggestions
    after = answer(([*minders, newcomer], mams, facilities), asked).suggestions
    known = [one for one in after if one.verdict.provider_id != newcomer.childminder_id]
    assert [one.verdict.provider_id for one in known] == [one.verdict.provider_id for one in before]
    assert [one.score for one in known] == [one.score for one in before]


@laws
@given(spread_registries(), requests())
def test_one_place_more_or_a_contract_less_never_hurts(people, asked):
    minders, mams, facilities = people
    before = {one.verdict.provider_id for one in answer(people, asked).suggestions}
    roomier = [
        replace(
            one,
            agrement=replace(
                one.agrement,
                places=one.agrement.places + 1,
                places_offered=one.agrement.places_offered + 1,
            ),
        )
        for one in minders
    ]
    after = {
        one.verdict.provider_id for one in answer((roomier, mams, facilities), asked).suggestions
    }
    assert before <= after
    # In a MAM a contract may be why she is there already, and one that a rest already breaks excuses the need.
    standing = {
        verdict.provider_id
        for verdict in evaluate(compile_registry(*people), asked, today=TODAY)
        if any(warning.rule == "existing_breach" for warning in verdict.warnings)
    }
    freer = [
        replace(one, contracts=one.contracts[1:])
        if one.contracts and one.mam_id is None and one.childminder_id not in standing
        else one
        for one in minders
    ]
    after = {
        one.verdict.provider_id for one in answer((freer, mams, facilities), asked).suggestions
    }
    assert before <= after


@settings(parent=laws, max_examples=25)
@given(spread_registries(), requests())
def test_an_opening_and_a_printed_change_are_what_they_say(people, asked):
    given_ = answer(people, asked)
    before = given_.feasible_count
    for opening in given_.openings:
        if opening.change.kind != "children":
            assert answer(people, opening.change.request).feasible_count - before == opening.gain
    for verdict in evaluate(compile_registry(*people), asked, today=TODAY, with_relaxations=True):
        for change in verdict.relaxations:
            field = str(change.change)
            to = type(asked.schedule).parse(change.to) if field == "schedule" else change.to
            changed = replace(asked, **{field: to})
            again = evaluate(compile_registry(*people), changed, today=TODAY)
            assert next(one.feasible for one in again if one.provider_id == verdict.provider_id), (
                change
            )
