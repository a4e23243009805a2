"""Tiles give the same bits as one piece, wherever they run, and go on where they stopped."""

import numpy as np
import pandas as pd
import pytest

from rpe_geo.deployment.cluster import LocalRunner
from rpe_geo.observatory.decay import Gaussian, Step
from rpe_geo.observatory.neighbours import StraightPace, straight_pairs
from rpe_geo.observatory.profile import access_profile
from rpe_geo.observatory.tiles import in_turn, tiled_access_profile

PACE = StraightPace(1.45, 43.5, 2.5)


def country(n=900, m=400, seed=0):
    rng = np.random.default_rng(seed)
    demand = pd.DataFrame(
        {
            "longitude": rng.uniform(2, 5, n),
            "latitude": rng.uniform(43, 45.5, n),
            "children": np.where(rng.uniform(size=n) < 0.1, np.nan, rng.integers(0, 60, n)),
        },
        index=[f"d{i}" for i in range(n)],
    )
    supply = pd.DataFrame(
        {
            "longitude": rng.uniform(2, 5, m),
            "latitude": rng.uniform(43, 45.5, m),
            "places": rng.integers(0, 30, m).astype(float),
        },
        index=[f"s{i}" for i in range(m)],
    )
    return demand, supply


@pytest.mark.parametrize("tile_m", [20_000, 60_000, 5_000_000])
@pytest.mark.parametrize("decay", [Step({5: 1, 10: 0.3, 15: 0.1}), Gaussian(25)], ids=str)
def test_tiles_of_any_size_give_the_same_bits(tile_m, decay):
    demand, supply = country()
    times = straight_pairs(demand, supply, PACE, decay.cutoff_min)
    whole = access_profile(demand["children"], supply["places"], times, decay)
    tiled = tiled_access_profile(demand, supply, PACE, decay, tile_m=tile_m)
    pd.testing.assert_frame_equal(tiled, whole, check_exact=True)


def test_zones_that_are_demand_and_supply_keep_their_inner_minutes():
    demand, _ = country(300)
    zones = demand.assign(places=10.0, inner_min=4.0)
    decay = Step({5: 1, 10: 0.3, 15: 0.1})
    times = straight_pairs(zones, zones, PACE, 15, inner_min=zones["inner_min"])
    whole = access_profile(zones["children"], zones["places"], times, decay)
    tiled = tiled_access_profile(zones, zones, PACE, decay, tile_m=30_000)
    pd.testing.assert_frame_equal(tiled, whole, check_exact=True)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_give_the_same_bits_and_restart(tmp_path, threads):
    demand, supply = country(300, 120)
    decay = Step({5: 1, 10: 0.3, 15: 0.1})
    expected = tiled_access_profile(demand, supply, PACE, decay)
    told = []
    with LocalRunner(
        threads=threads, kept_in=tmp_path, progress=lambda *step: told.append(step)
    ) as run:
        first = tiled_access_profile(demand, supply, PACE, decay, run=run)
        kept = len(list(tmp_path.glob("*.npy")))
        again = tiled_access_profile(demand, supply, PACE, decay, run=run)
    pd.testing.assert_frame_equal(first, expected, check_exact=True)
    pd.testing.assert_frame_equal(again, expected, check_exact=True)
    assert kept > 10
    assert told[-1][1] == told[-1][2]


def test_nothing_at_all():
    demand, supply = country(5, 3)
    empty = tiled_access_profile(demand, supply.iloc[:0], PACE, Gaussian(10), run=in_turn)
    known = demand["children"] > 0
    assert (empty.loc[known, "access_e2sfca"] == 0).all()
    assert empty.loc[~known, "access_e2sfca"].isna().all()
