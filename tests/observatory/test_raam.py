"""The rational agent access model: the conditions of its equilibrium, fractional demand, a peer."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpe_geo.observatory.decay import Binary
from rpe_geo.observatory.pairs import TravelPairs
from rpe_geo.observatory.raam import raam, raam_equilibrium

FAR = Binary(1e6)


def case(seed, n=15, m=5, *, share_reachable=1.0):
    rng = np.random.default_rng(seed)
    demand = pd.Series(rng.uniform(0.05, 9, n))
    supply = pd.Series(rng.uniform(0.5, 12, m))
    minutes = rng.uniform(1, 60, (n, m))
    minutes[rng.uniform(size=(n, m)) > share_reachable] = np.inf
    return demand, supply, pd.DataFrame(minutes)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1.0, 0.6, 0.3]), st.sampled_from([5.0, 60.0]))
def test_equilibrium_used_options_cost_the_same_and_none_is_cheaper(seed, share, tau):
    demand, supply, minutes = case(seed, share_reachable=share)
    pairs = TravelPairs.from_matrix(minutes)
    found = raam_equilibrium(demand, supply, pairs, FAR, tau_min=tau)
    flows = found.flows.pivot_table(
        index="origin_id", columns="destination_id", values="children", fill_value=0.0
    ).reindex(index=demand.index, columns=supply.index, fill_value=0.0)
    reachable = np.isfinite(minutes).any(axis=1)
    # Nobody is lost or invented, however fractional.
    np.testing.assert_allclose(flows.sum(axis=1)[reachable], demand[reachable], rtol=1e-9)
    rho = demand.sum() / supply.sum()
    cost = flows.sum(axis=0) / (rho * supply) + minutes / tau
    cheapest = cost.min(axis=1)
    used = flows > 1e-9
    excess = cost.sub(cheapest, axis=0)[used].max().max()
    assert excess < 1e-8
    np.testing.assert_allclose(found.cost[reachable], cheapest[reachable], atol=1e-8)
    assert (found.cost[~reachable] == np.inf).all()
    assert found.gap < 1e-9


def test_one_zone_and_one_place():
    pairs = TravelPairs.from_matrix(pd.DataFrame({"x": [30.0]}, index=["a"]))
    cost = raam(pd.Series({"a": 2.5}), pd.Series({"x": 5.0}), pairs, FAR)
    assert cost["a"] == pytest.approx(1 + 30 / 60)


def test_ties_between_options_are_no_trouble():
    minutes = pd.DataFrame(np.full((6, 4), 10.0))
    found = raam_equilibrium(
        pd.Series(np.full(6, 2.0)),
        pd.Series(np.full(4, 3.0)),
        TravelPairs.from_matrix(minutes),
        FAR,
    )
    np.testing.assert_allclose(found.cost, 1 + 10 / 60, atol=1e-9)
    assert found.flows["children"].sum() == pytest.approx(12)


def test_nobody_to_serve():
    pairs = TravelPairs.from_matrix(pd.DataFrame({"x": [np.inf]}, index=["a"]))
    assert raam(pd.Series({"a": 2.5}), pd.Series({"x": 5.0}), pairs, FAR)["a"] == np.inf
    assert np.isnan(raam(pd.Series({"a": 0.0}), pd.Series({"x": 5.0}), pairs, FAR)["a"])


def test_pysal_access_comes_near_with_whole_persons_and_fails_with_fractions():
    demand, supply, minutes = case(5, n=30, m=8)
    whole = (demand * 200).round()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = pytest.importorskip("access.raam")
        costs = (
            minutes.rename_axis("origin")
            .reset_index()
            .melt("origin", var_name="dest", value_name="cost")
        )

        def theirs(children):
            return peer.raam(
                children.to_frame("demand"), supply.to_frame("supply"), costs, max_cycles=400
            ).sort_index()

        ours = raam(whole, supply, TravelPairs.from_matrix(minutes), FAR)
        np.testing.assert_allclose(theirs(whole.astype(int)), ours, atol=0.02)
        # Fractions: whole persons never move from demand below 1, so it stays at the nearest place.
        small = demand / 20
        exact = raam(small, supply, TravelPairs.from_matrix(minutes), FAR)
        try:
            stuck = theirs(small)
        except AssertionError:
            return
        assert np.abs(stuck - exact).max() > 0.05
