"""Answers kept for a need are those of the rules, whoever asks and in whatever order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rpe_geo.domain import Child, Request
from rpe_geo.matching.feasibility import evaluate, feasible_mask
from rpe_geo.relais.judged import Judgements
from rpe_geo.rules.compiled import compile_registry
from rpe_geo.schedule import Timetable
from tests.matching.registries import PLACE, TODAY, childminders, registries, requests


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_whatever_was_asked_before_the_answer_is_that_of_the_rules(data):
    registry = compile_registry(*data.draw(registries()))
    request = data.draw(requests())
    judgements = Judgements(registry)
    size = len(registry) + len(registry.facilities)
    for _ in range(data.draw(st.integers(0, 3))):
        wanted = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)))
        judgements.of(request, TODAY).mask(wanted)
        judgements.of(request, TODAY).verdicts(np.flatnonzero(wanted), request.request_id)

    judgement = judgements.of(replace(request, **PLACE, mode="walk", max_minutes=5), TODAY)
    found, expected = judgement.mask(), feasible_mask(registry, request, today=TODAY)
    np.testing.assert_array_equal(found.feasible, expected.feasible)
    np.testing.assert_array_equal(found.start, expected.start)
    np.testing.assert_array_equal(found.hours_share, expected.hours_share)
    rows = np.arange(size)
    assert judgement.verdicts(rows, request.request_id) == evaluate(registry, request, today=TODAY)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_who_was_not_asked_is_not_said_to_fit(data):
    registry = compile_registry([data.draw(childminders(number)) for number in range(3)])
    wanted = np.array([True, False, True])
    mask = Judgements(registry).of(data.draw(requests()), TODAY).mask(wanted)
    assert not mask.feasible[1]
    assert np.isnan(mask.hours_share[1])


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_another_need_is_another_answer(data):
    registry = compile_registry([data.draw(childminders(0))])
    request = data.draw(requests())
    judgements = Judgements(registry)
    kept = judgements.of(request, TODAY)
    assert judgements.of(replace(request, request_id="R-other", mode="bike"), TODAY) is kept
    for change in (
        {"min_hours_share": 0.37},
        {"start_tolerance_days": request.start_tolerance_days + 1},
        {"children": (*request.children, *request.children)},
    ):
        assert judgements.of(replace(request, **change), TODAY) is not kept
    (verdict,) = kept.verdicts(np.array([0]), "R-other")
    assert verdict.request_id == "R-other"


def test_the_needs_asked_longest_ago_are_forgotten():
    registry = compile_registry([])
    request = Request("R-1", (Child(TODAY),), TODAY, Timetable.parse("Mo 08:00-17:00"), "Rue X")
    judgements = Judgements(registry)
    first = judgements.of(request, TODAY)
    for days in range(1, 256):
        judgements.of(replace(request, start_tolerance_days=days), TODAY)
    assert judgements.of(request, TODAY) is first
    for days in range(256, 600):
        judgements.of(replace(request, start_tolerance_days=days), TODAY)
    assert judgements.of(request, TODAY) is not first
