"""A bound is one whatever the duals, the effort and the clock; prices of a house are exact or said not to be."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from rpe_geo.commission.bound import lagrangian
from rpe_geo.commission.case import build_case
from rpe_geo.commission.linear import linear_prices
from rpe_geo.commission.pricing import RowPrices, best_set
from rpe_geo.commission.rooms import build_rooms
from rpe_geo.commission.values import ValueWeights
from rpe_geo.formats.assignments import assignment_json
from rpe_geo.parameters import parameter_table
from tests.commission.invented import TODAY, crowd, run, times_of


def _case(seed: int, minders: int = 6, families: int = 18):
    requests, who = crowd(seed, minders, families)
    return build_case(
        requests,
        who,
        times=times_of(requests, who),
        today=TODAY,
        law=parameter_table("law", TODAY),
        weights=ValueWeights.of_table(parameter_table("commission", TODAY)),
        limit_min=60.0,
    )


@pytest.mark.parametrize("seed", range(6))
def test_the_best_set_of_a_house_is_that_of_trying_them_all(seed: int) -> None:
    draw = np.random.default_rng(seed)
    case = _case(seed, families=9)
    rooms = build_rooms(case)
    linear = linear_prices(rooms, case.options.value, case.options.family, len(case.requests))
    for room, prices in zip(rooms, linear.rooms, strict=True):
        gains = draw.integers(-200, 900, len(room.options)).tolist()
        best = 0
        for size in range(1, 6):
            for some in combinations(range(len(gains)), size):
                if len({int(room.families[one]) for one in some}) == size and room.passes(some):
                    best = max(best, sum(gains[one] for one in some))
        for row_prices in (None, prices, _rounded(prices)):
            found = best_set(room, gains, row_prices, nodes_max=100_000)
            assert found.worth == found.bound == best
            cut = best_set(room, gains, row_prices, nodes_max=2)
            assert cut.worth <= best <= cut.bound


def _rounded(prices: RowPrices) -> RowPrices:
    return RowPrices(np.rint(prices.lines / 500) * 500, prices.per_option, prices.whole)


@pytest.mark.parametrize("seed", range(6))
def test_rough_duals_and_stopped_searches_are_bounds_all_the_same(seed: int) -> None:
    requests, minders = crowd(seed)
    best = run(requests, minders, policy="welfare").outcome.plan.value
    case = _case(seed)
    rooms = build_rooms(case)
    value = case.options.value
    linear = linear_prices(rooms, value, case.options.family, len(case.requests))
    draw = np.random.default_rng(seed)
    for prices in (
        np.rint(linear.families),
        np.zeros(len(case.requests)),
        np.rint(linear.families / 1000) * 1000,
        draw.integers(0, 90_000, len(case.requests)),
    ):
        bound, _ = lagrangian(rooms, value, np.asarray(prices, dtype=np.int64), linear, nodes=50)
        assert bound >= best
    nothing = replace(
        linear, rooms=[RowPrices(one.lines * 0, one.per_option * 0, 0.0) for one in linear.rooms]
    )
    bound, _ = lagrangian(
        rooms, value, np.rint(linear.families).astype(np.int64), nothing, nodes=50
    )
    assert bound >= best


def test_a_run_stopped_by_the_clock_says_so_and_bounds_still() -> None:
    requests, minders = crowd(2, 10, 40)
    whole = run(requests, minders, policy="welfare")
    stopped = run(requests, minders, policy="welfare", time_limit_s=1e-9)
    assert whole.stopped_by is None
    assert assignment_json(stopped)["stopped_by"] == "time"
    assert stopped.outcome.plan.value <= whole.outcome.plan.value <= stopped.outcome.bound
