"""Measures of access: published answers, worked examples, conservation, a peer as oracle."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rpe_geo.errors import InputError
from rpe_geo.observatory.accessibility import (
    METHODS,
    balanced_fca,
    cost_to_closest,
    count_choices,
    cumulative_opportunities,
    modified_huff_fca,
    three_step_fca,
    two_step_fca,
)
from rpe_geo.observatory.decay import Binary, Gaussian, Inverse, Step
from rpe_geo.observatory.pairs import TravelPairs

DECAYS = [Binary(30), Gaussian(40), Inverse(61), Step({10: 1, 20: 0.68, 30: 0.22})]


def random_case(seed, n=40, m=12, reach=70.0):
    rng = np.random.default_rng(seed)
    demand = pd.Series(rng.uniform(0.1, 80, n), index=[f"d{i}" for i in range(n)])
    supply = pd.Series(rng.integers(1, 60, m).astype(float), index=[f"s{j}" for j in range(m)])
    minutes = pd.DataFrame(rng.uniform(0.5, 90, (n, m)), index=demand.index, columns=supply.index)
    return demand, supply, minutes.where(minutes <= reach, np.inf)


def costs_of(minutes):
    long = minutes.rename_axis("origin").reset_index().melt("origin", var_name="dest")
    return long.rename(columns={"value": "cost"})


def dense(measure, demand, supply, minutes, decay):
    """Compute a measure as its formula is written, on full matrices."""
    w = decay(minutes.to_numpy())
    p, s = demand.to_numpy(), supply.to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        per_demand = np.nan_to_num(w / w.sum(1, keepdims=True))
        if measure is two_step_fca:
            return np.nan_to_num(w * (s / (w.T @ p))).sum(1)
        if measure is three_step_fca:
            return np.nan_to_num(per_demand * w * (s / ((per_demand * w).T @ p))).sum(1)
        if measure is modified_huff_fca:
            huff = np.nan_to_num(s * w / (s * w).sum(1, keepdims=True))
            return np.nan_to_num(huff * w * (s / (huff.T @ p))).sum(1)
        per_supply = np.nan_to_num(w / w.sum(0))
        return np.nan_to_num(per_supply * (s / (per_demand.T @ p))).sum(1)


@pytest.mark.real
@pytest.mark.parametrize("scenario", range(4))
def test_published_hospitals_are_exact(real_data, scenario):
    case = json.loads((real_data / "vectors/fca/fca_vectors.json").read_text())["access_hospital"]
    expected = case["scenarios"][scenario]
    times = pd.DataFrame(
        {"origin_id": case["origin"], "destination_id": case["dest"], "minutes": expected["cost"]}
    )
    demand = pd.Series(case["pop"], index=[1, 2, 3])
    supply = pd.Series(case["doc"], index=[1, 2, 3])
    pairs = TravelPairs.from_long(times, demand.index, supply.index)
    decay = Inverse(case["max_cost"])
    np.testing.assert_allclose(
        two_step_fca(demand, supply, pairs, decay), expected["e2sfca"], atol=1e-9
    )
    np.testing.assert_allclose(
        three_step_fca(demand, supply, pairs, decay),
        expected["sfca3_G_within_catchment"],
        atol=1e-9,
    )


@pytest.mark.real
def test_published_r_figures_to_their_printed_digits(real_data):
    case = json.loads((real_data / "vectors/fca/fca_vectors.json").read_text())["r_fca"]
    weights = np.arange(1, 25).reshape(4, 6)  # R fills by column: demand is the columns
    demand, supply = pd.Series(np.arange(1.0, 5)), pd.Series(np.arange(1.0, 7))
    pairs = TravelPairs.from_matrix(pd.DataFrame(1 / weights))
    decay = Inverse(61)
    two = two_step_fca(demand, supply, pairs, Binary(61))
    np.testing.assert_allclose(two, case["sfca2_step"], rtol=1e-9)
    reached = cumulative_opportunities(demand, supply, pairs, Binary(61))
    np.testing.assert_allclose(reached / demand, case["sfca2_r"], rtol=1e-9)
    three = three_step_fca(demand, supply, pairs, decay)
    np.testing.assert_allclose(three.round(7), case["sfca3"], atol=1e-12)
    huff = modified_huff_fca(demand, supply, pairs, decay)
    np.testing.assert_allclose(huff.round(6), case["mh3sfca"], atol=1e-12)


@pytest.mark.parametrize("measure", [two_step_fca, three_step_fca, modified_huff_fca, balanced_fca])
@pytest.mark.parametrize("decay", DECAYS, ids=str)
def test_measures_equal_their_formula(measure, decay):
    for seed in range(5):
        demand, supply, minutes = random_case(seed)
        answer = measure(demand, supply, TravelPairs.from_matrix(minutes), decay)
        np.testing.assert_allclose(answer, dense(measure, demand, supply, minutes, decay), 1e-12)
        assert answer.index.equals(demand.index)


@settings(max_examples=60)
@given(
    demand=arrays(np.float64, 7, elements=st.just(0.0) | st.floats(0.01, 100)),
    supply=arrays(np.float64, 4, elements=st.just(0.0) | st.floats(0.5, 50)),
    minutes=arrays(np.float64, (7, 4), elements=st.just(np.inf) | st.floats(0.1, 60)),
    decay=st.sampled_from(DECAYS),
)
def test_supply_is_conserved(demand, supply, minutes, decay):
    demand, supply = pd.Series(demand), pd.Series(supply)
    pairs = TravelPairs.from_matrix(pd.DataFrame(minutes))
    weights = decay(minutes)
    reached = ((weights > 0) & (demand.to_numpy() > 0)[:, None]).any(axis=0)
    expected = supply[reached].sum()
    for measure in (two_step_fca, three_step_fca):
        given_out = (measure(demand, supply, pairs, decay) * demand).sum()
        assert given_out == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_balanced_fca_conserves_the_level_of_service():
    demand, supply, minutes = random_case(3)
    decay = Gaussian(60)
    weights = decay(minutes.to_numpy())
    shares = weights / weights.sum(1, keepdims=True)
    level = supply.to_numpy() / (shares.T @ demand.to_numpy())
    answer = balanced_fca(demand, supply, TravelPairs.from_matrix(minutes), decay)
    assert answer.sum() == pytest.approx(level.sum(), rel=1e-12)


def test_twice_the_children_have_half_the_access():
    demand, supply, minutes = random_case(8)
    pairs = TravelPairs.from_matrix(minutes)
    once = two_step_fca(demand, supply, pairs, Gaussian(30))
    twice = two_step_fca(2 * demand, supply, pairs, Gaussian(30))
    np.testing.assert_allclose(twice, once / 2, rtol=1e-12)


def test_the_order_of_rows_changes_nothing():
    demand, supply, minutes = random_case(2)
    shuffled = minutes.sample(frac=1, random_state=1).sample(frac=1, axis=1, random_state=2)
    first = two_step_fca(demand, supply, TravelPairs.from_matrix(minutes), Binary(30))
    second = two_step_fca(demand, supply, TravelPairs.from_matrix(shuffled), Binary(30))
    pd.testing.assert_series_equal(first, second.reindex(first.index), rtol=1e-12)


def test_no_child_is_nan_and_nothing_reachable_is_zero_or_infinite():
    minutes = pd.DataFrame({"x": [5.0, 5.0, np.inf, 5.0]}, index=list("abcd"))
    demand = pd.Series([10.0, 0.0, 3.0, np.nan], index=list("abcd"))
    supply = pd.Series([4.0], index=["x"])
    pairs = TravelPairs.from_matrix(minutes)
    for name, measure in METHODS.items():
        answer = measure(demand, supply, pairs, Binary(15))
        assert np.isnan(answer["b"])
        assert np.isnan(answer["d"])
        assert answer["c"] == (np.inf if name in {"closest", "raam"} else 0)
    assert two_step_fca(demand, supply, pairs, Binary(15))["a"] == pytest.approx(0.4)


def test_closest_ignores_empty_places_and_counts_choices():
    minutes = pd.DataFrame({"x": [5.0], "y": [9.0], "z": [40.0]}, index=["a"])
    demand = pd.Series({"a": 1.0})
    supply = pd.Series({"x": 0.0, "y": 2.0, "z": 3.0})
    pairs = TravelPairs.from_matrix(minutes)
    assert cost_to_closest(demand, supply, pairs)["a"] == 9
    assert cost_to_closest(demand, supply, pairs, Binary(8))["a"] == np.inf
    assert count_choices(demand, supply, pairs, Binary(15))["a"] == 1
    assert cumulative_opportunities(demand, supply, pairs, Binary(60))["a"] == 5


def test_pairs_given_twice_must_agree():
    times = pd.DataFrame(
        {"origin_id": ["a", "a"], "destination_id": ["x", "x"], "minutes": [5.0, 5.0]}
    )
    ids, sites = pd.Index(["a"]), pd.Index(["x"])
    assert len(TravelPairs.from_long(times, ids, sites)) == 1
    with pytest.raises(InputError, match="pair_twice"):
        TravelPairs.from_long(times.assign(minutes=[5.0, 6.0]), ids, sites)


@pytest.mark.parametrize(
    ("demand", "supply", "code"),
    [
        ({"a": -1.0}, {"x": 1.0}, "demand_negative"),
        ({"a": 1.0}, {"x": np.inf}, "supply_negative"),
        ({"b": 1.0}, {"x": 1.0}, "demand_value_missing"),
        ({"a": 1.0}, {"y": 1.0}, "supply_value_missing"),
    ],
)
def test_impossible_amounts_are_refused(demand, supply, code):
    pairs = TravelPairs.from_matrix(pd.DataFrame({"x": [5.0]}, index=["a"]))
    with pytest.raises(InputError) as refused:
        two_step_fca(pd.Series(demand), pd.Series(supply), pairs, Binary(15))
    assert refused.value.code == code


def test_pysal_access_agrees_on_two_steps_and_differs_beyond_the_cutoff_on_three():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fca = pytest.importorskip("access.fca")
        demand, supply, minutes = random_case(11, reach=np.inf)
        costs = costs_of(minutes)
        frames = (
            demand.rename("demand").rename_axis("geoid").reset_index(),
            supply.rename("supply").rename_axis("geoid").to_frame(),
        )
        step = Step({10: 1, 20: 0.68, 30: 0.22})

        def weight(cost):
            return float(step(cost))

        theirs = fca.two_stage_fca(*frames, costs.copy(), 30, weight_fn=weight)
        theirs_three = fca.three_stage_fca(*frames, costs.copy(), 30, weight_fn=weight)
        # 1/t does not vanish at 30 minutes: its selection weight then counts supply out of reach.
        inverse = fca.three_stage_fca(*frames, costs.copy(), 30, weight_fn=lambda cost: 1 / cost)
    pairs = TravelPairs.from_matrix(minutes)
    ours = two_step_fca(demand, supply, pairs, step)
    np.testing.assert_allclose(ours.loc[theirs.index], theirs, atol=1e-12)
    ours_three = three_step_fca(demand, supply, pairs, step)
    np.testing.assert_allclose(ours_three.loc[theirs_three.index], theirs_three, atol=1e-12)
    ours_inverse = three_step_fca(demand, supply, pairs, Inverse(30)).loc[inverse.index]
    assert np.abs(ours_inverse - inverse).max() > 1e-3
    written = pd.Series(dense(three_step_fca, demand, supply, minutes, Inverse(30)), demand.index)
    np.testing.assert_allclose(ours_inverse, written.loc[inverse.index], rtol=1e-9)
