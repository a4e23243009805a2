"""Coverage, calibration, inequality, hot spots: worked examples and laws."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpe_geo.observatory.calibration import calibrate, compare
from rpe_geo.observatory.coverage import (
    age_weighted_demand,
    coverage_rate,
    freshness,
    tension,
    vacancy_rate,
)
from rpe_geo.observatory.hotspots import (
    Neighbours,
    false_discoveries,
    getis_ord,
    local_moran,
    unmet_clusters,
)
from rpe_geo.observatory.inequality import gini_index, palma_ratio, theil_index


def test_coverage_is_nan_without_children_or_figures():
    places = pd.Series({"a": 30.0, "b": 5.0, "c": np.nan, "d": 0.0})
    children = pd.Series({"a": 50.0, "b": 0.0, "c": 10.0, "d": 8.0})
    rate = coverage_rate(places, children)
    assert rate["a"] == 60
    assert np.isnan(rate["b"])
    assert np.isnan(rate["c"])
    assert rate["d"] == 0


def test_need_tension_vacancy_and_freshness():
    births = pd.DataFrame({0: [10.0, 0], 1: [10.0, 0], 2: [10.0, 0]}, index=["a", "b"])
    need = age_weighted_demand(births, {0: 0.4, 1: 0.6, 2: 0.5})
    assert need["a"] == pytest.approx(15)
    ratio = tension(need, pd.Series({"a": 7.5, "b": 1.0}))
    assert ratio["a"] == 2
    assert np.isnan(ratio["b"])
    assert vacancy_rate(pd.Series({"a": 10.0}), pd.Series({"a": 40.0}))["a"] == 25
    days = pd.Series([10, 400, np.nan, 183.0])
    fresh = freshness(days, pd.Series(["z", "z", "z", "y"]))
    assert fresh["z"] == pytest.approx(1 / 3)
    assert fresh["y"] == 1


@given(
    st.lists(st.integers(0, 400), min_size=3, max_size=40),
    st.integers(1, 3),
    st.integers(1, 5000),
)
def test_calibrated_zones_sum_exactly_to_the_published_total(values, groups, total):
    values = pd.Series(values, index=[f"z{i}" for i in range(len(values))], dtype=float)
    group = pd.Series([f"g{i % groups}" for i in range(len(values))], index=values.index)
    totals = pd.Series({f"g{g}": float(total) + g for g in range(groups)})
    ours = calibrate(values, group, totals, spread=pd.Series(1.0, index=values.index))
    for name, wanted in totals.items():
        if (group == name).any():
            assert math.fsum(ours[group == name]) == pytest.approx(wanted, rel=1e-15)
    assert (ours >= 0).all()


def test_calibration_keeps_the_missing_missing_and_the_unpublished_as_they_are():
    values = pd.Series({"a": 10.0, "b": np.nan, "c": 7.0, "d": 0.0})
    group = pd.Series({"a": "1", "b": "1", "c": "2", "d": "1"})
    ours = calibrate(values, group, pd.Series({"1": 12.0, "2": np.nan}))
    assert ours["a"] == 12
    assert np.isnan(ours["b"])
    assert ours["c"] == 7
    assert ours["d"] == 0


def test_checks_name_what_is_not_published():
    checks = compare(
        pd.Series({"01": 98.0, "976": np.nan}),
        pd.Series({"01": 100.0, "976": np.nan}),
        what="places",
        level="departement",
        unit="places",
        why="…",
    )
    assert checks[0].difference == -2
    assert checks[0].difference_percent == pytest.approx(-2)
    assert checks[1].ours is None
    assert checks[1].difference is None


def test_inequality_worked_by_hand():
    access, children = pd.Series([0.0, 1.0, np.nan]), pd.Series([1.0, 1.0, 4.0])
    assert gini_index(access, children) == pytest.approx(0.5)
    assert gini_index(pd.Series([0.3] * 5), pd.Series([1.0, 2, 3, 4, 5])) == pytest.approx(0)
    assert palma_ratio(pd.Series([0.3] * 5), pd.Series([1.0, 2, 3, 4, 5])) == pytest.approx(1)
    # Ten equal groups of 1 to 10: the richest has 10, the four poorest 2.5 on average.
    assert palma_ratio(pd.Series(np.arange(1.0, 11)), pd.Series(np.ones(10))) == pytest.approx(4)
    total, between, within = theil_index(
        pd.Series([1.0, 3.0, 2.0, 2.0]), pd.Series(np.ones(4)), pd.Series(list("aabb"))
    )
    assert between == pytest.approx(0)
    assert total == pytest.approx(within)
    assert total == pytest.approx((0.5 * math.log(0.5) + 1.5 * math.log(1.5)) / 4)


@given(st.lists(st.tuples(st.floats(0.01, 10), st.floats(0.1, 50)), min_size=2, max_size=30))
def test_inequality_ignores_scale_and_the_cutting_of_zones(rows):
    access = pd.Series([a for a, _ in rows])
    children = pd.Series([c for _, c in rows])
    halves = pd.concat([access, access], ignore_index=True)
    half_children = pd.concat([children / 2, children / 2], ignore_index=True)
    for index in (gini_index, palma_ratio, lambda a, c: theil_index(a, c)[0]):
        assert index(access, children) == pytest.approx(index(7 * access, children), abs=1e-9)
        assert index(access, children) == pytest.approx(index(halves, half_children), abs=1e-9)


def lattice(side):
    at = np.arange(side * side).reshape(side, side)
    pairs = np.concatenate(
        [
            np.column_stack([at[:, :-1].ravel(), at[:, 1:].ravel()]),
            np.column_stack([at[:-1].ravel(), at[1:].ravel()]),
        ]
    )
    both = np.concatenate([pairs, pairs[:, ::-1]])
    return Neighbours(pd.RangeIndex(side * side), both[:, 0], both[:, 1])


def test_hot_spots_equal_those_of_esda_and_find_the_corner():
    neighbours = lattice(12)
    rng = np.random.default_rng(4)
    values = pd.Series(rng.normal(50, 5, 144))
    values[[0, 1, 2, 12, 13, 14, 24, 25, 26]] -= 30
    found = getis_ord(values, neighbours)
    assert (found.kind[[0, 1, 12, 13]] == "froid").all()
    assert (found.kind[100:] == "").all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        esda = pytest.importorskip("esda")
        libpysal = pytest.importorskip("libpysal")
        links = {
            int(i): [int(j) for j in neighbours.second[neighbours.first == i]] for i in range(144)
        }
        theirs = esda.G_Local(
            values.to_numpy(), libpysal.weights.W(links), star=True, transform="B", permutations=0
        )
    np.testing.assert_allclose(found.statistic, theirs.Zs, atol=1e-12)
    moran = local_moran(values, neighbours)
    assert moran.kind[0] == "bas-bas"
    assert (moran.kind == "").mean() > 0.85


def test_missing_zones_take_no_part_in_hot_spots():
    neighbours = lattice(6)
    values = pd.Series(np.arange(36.0))
    values[7] = np.nan
    found = getis_ord(values, neighbours)
    assert np.isnan(found.statistic[7])
    assert found.statistic.notna().sum() == 35
    same = getis_ord(pd.Series(np.ones(36)), neighbours)
    assert (same.kind == "").all()


def test_false_discoveries_follow_benjamini_and_hochberg():
    p = np.array([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216])
    assert false_discoveries(p, rate=0.05).sum() == 2
    assert not false_discoveries(np.array([]), rate=0.05).any()


def test_unmet_requests_gather():
    rng = np.random.default_rng(0)
    near = rng.normal(0, 30, (25, 2))
    far = rng.uniform(3000, 60000, (10, 2))
    x, y = np.concatenate([near, far]).T
    labels = unmet_clusters(x, y)
    assert (labels[:25] >= 0).mean() > 0.8
    assert (unmet_clusters(x[:3], y[:3]) == -1).all()
