"""Bounds settle nothing otherwise than the laws would."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from rpe_geo.domain import Mam
from rpe_geo.matching.feasibility import compile_registry, feasible_mask, feasible_masks
from rpe_geo.matching.starts import bounds, first_starts
from tests.benchmarks.matching.bench_feasibility import TODAY, childminder, request


@pytest.fixture(scope="module")
def registry():
    draw = random.Random(11)
    minders = [childminder(draw, number) for number in range(150)]
    return compile_registry(minders, [Mam(f"MAM-{n}", address="x") for n in range(20)])


@pytest.fixture(scope="module")
def needs():
    draw = random.Random(12)
    drawn = [request(draw, number) for number in range(12)]
    return [
        replace(need, end=need.start + timedelta(days=draw.randrange(0, 400)))
        if draw.random() < 0.4
        else need
        for need in drawn
    ]


def test_bounds_and_laws_agree(registry, needs, monkeypatch):
    with_bounds = list(feasible_masks(registry, needs, today=TODAY))

    def settle_nothing(_registry, _needs, which, *_args, latest):
        return np.full(len(which), bounds.UNSETTLED), latest

    monkeypatch.setattr(first_starts, "settle", settle_nothing)
    for need, bounded in zip(needs, with_bounds, strict=True):
        asked = feasible_mask(registry, need, today=TODAY)
        assert (asked.feasible == bounded.feasible).all(), need
        assert (asked.start[asked.feasible] == bounded.start[asked.feasible]).all(), need


def test_bounds_settle_most_of_a_registry(registry, needs, monkeypatch):
    codes = []
    settle = bounds.settle

    def watched(*args, **named):
        answers, passed = settle(*args, **named)
        codes.append(answers)
        return answers, passed

    monkeypatch.setattr(first_starts, "settle", watched)
    list(feasible_masks(registry, needs, today=TODAY))
    known = np.isin(np.concatenate(codes), [bounds.FREE, bounds.BROKEN, bounds.BLOCKED])
    assert known.mean() > 0.8


def test_many_requests_and_one_at_a_time_agree(registry, needs):
    for need, mask in zip(needs, feasible_masks(registry, needs, today=TODAY), strict=True):
        alone = feasible_mask(registry, need, today=TODAY)
        assert (alone.feasible == mask.feasible).all()
        assert (alone.hours_share == mask.hours_share).all()
