"""Pairs within reach: complete, exact, the same bits whatever is searched with them."""

import numpy as np
import pandas as pd
import pytest

from rpe_geo.crs import great_circle_m
from rpe_geo.observatory.neighbours import StraightPace, straight_pairs, unit_vectors, within_reach


def points(seed, n):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {"longitude": rng.uniform(3, 4, n), "latitude": rng.uniform(43, 44, n)},
        index=[f"{seed}-{i}" for i in range(n)],
    )


def test_every_pair_within_reach_and_no_other():
    a, b = points(1, 80), points(2, 50)
    pace = StraightPace(1.3, 40, 2)
    pairs = straight_pairs(a, b, pace, 20)
    metres = great_circle_m(
        a.longitude.to_numpy()[:, None],
        a.latitude.to_numpy()[:, None],
        b.longitude.to_numpy(),
        b.latitude.to_numpy(),
    )
    minutes = 2 + metres * 1.3 * 60 / 40000
    assert len(pairs) == (minutes <= 20).sum()
    np.testing.assert_allclose(pairs.minutes, minutes[pairs.demand_at, pairs.supply_at], rtol=1e-9)


def test_a_part_of_the_points_gives_the_same_bits():
    a, b = points(3, 300), points(4, 200)
    xyz_a = unit_vectors(a.longitude.to_numpy(), a.latitude.to_numpy())
    xyz_b = unit_vectors(b.longitude.to_numpy(), b.latitude.to_numpy())
    whole = within_reach(xyz_a, xyz_b, 15000)
    part = within_reach(xyz_a[100:137], xyz_b, 15000)
    rows = (whole[0] >= 100) & (whole[0] < 137)
    assert (whole[2][rows] == part[2]).all()
    assert (whole[1][rows] == part[1]).all()


def test_a_zone_has_its_own_minutes_and_nothing_is_near_nothing():
    a = points(5, 4)
    pairs = straight_pairs(
        a, a, StraightPace(1.3, 40), 5, inner_min=pd.Series([1.0, 2, 3, 4], index=a.index)
    )
    own = pairs.minutes[pairs.demand_at == pairs.supply_at]
    assert own.tolist() == [1, 2, 3, 4]
    assert len(straight_pairs(a, a.iloc[:0], StraightPace(1.3, 40), 5)) == 0
    assert StraightPace(1.3, 40, 6).reach_m(5) == 0
    assert StraightPace(1.5, 60).reach_m(15) == pytest.approx(10_000)
