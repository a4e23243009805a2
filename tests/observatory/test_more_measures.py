"""M2SFCA and spatial availability worked out by hand from their formulas, and what holds of every decay."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpe_geo.observatory.accessibility import modified_fca, spatial_availability, two_step_fca
from rpe_geo.observatory.decay import parse_decay
from rpe_geo.observatory.pairs import TravelPairs

DECAYS = [
    "linear:30",
    "exponential:0.1,30",
    "power:1.5,30",
    "gaussian:12,30",
    "logistic:10,4,30",
]


@pytest.mark.parametrize("text", DECAYS)
def test_a_decay_falls_from_one_and_stops_at_its_cutoff(text):
    decay = parse_decay(text)
    weights = decay(np.linspace(0, 30, 301))
    assert weights[0] == pytest.approx(1)
    assert (np.diff(weights) <= 0).all()
    assert ((weights >= 0) & (weights <= 1)).all()
    assert decay([30.01, np.inf]).tolist() == [0, 0]
    assert str(parse_decay(str(decay))) == str(decay)


@pytest.mark.parametrize(
    "text", ["linear:0", "exponential:0.1", "power:-1,30", "gaussian:1,2,3", "logistic:1,2"]
)
def test_a_decay_that_cannot_be_read_is_refused(text):
    with pytest.raises(ValueError, match="decay"):
        parse_decay(text)


def test_curves_at_a_point():
    assert parse_decay("exponential:0.1,30")(10) == pytest.approx(np.exp(-1))
    assert parse_decay("power:2,30")(5) == pytest.approx(1 / 25)
    assert parse_decay("gaussian:10,30")(10) == pytest.approx(np.exp(-0.5))
    assert parse_decay("linear:20")(5) == pytest.approx(0.75)


def test_spatial_availability_of_three_towns():
    """
    Three towns, three centres of jobs, f(c) = exp(−0.1 c), by the formula of Soukhov et al. (2023).

    By hand, town A draws 50,000 e^-1.5 / (50,000 e^-1.5 + 150,000 e^-3 + 10,000 e^-10) = 59.9 % of centre 1.
    """
    times = TravelPairs.from_matrix(
        pd.DataFrame(
            [[15.0, 30, 100], [30, 15, 100], [100, 100, 15]],
            index=["A", "B", "C"],
            columns=[1, 2, 3],
        )
    )
    people = pd.Series({"A": 50_000.0, "B": 150_000.0, "C": 10_000.0})
    jobs = pd.Series({1: 100_000.0, 2: 100_000.0, 3: 10_000.0})
    decay = parse_decay("exponential:0.1,100")
    found = spatial_availability(people, jobs, times, decay)
    assert found.sum() == pytest.approx(210_000)
    shares = [
        spatial_availability(people, jobs.where(jobs.index == job, 0), times, decay)["A"]
        / jobs[job]
        for job in jobs.index
    ]
    assert [round(share, 3) for share in shares] == [0.599, 0.069, 0.001]
    assert (found / people).to_numpy() == pytest.approx(two_step_fca(people, jobs, times, decay))


def test_m2sfca_falls_where_everybody_is_far():
    """Delamater (2013): one supply, one zone; 2SFCA sees no distance, M2SFCA does."""
    for minutes, weight in ((5.0, 1.0), (15.0, 0.68), (25.0, 0.22)):
        times = TravelPairs.from_matrix(pd.DataFrame({"x": [minutes]}, index=["a"]))
        asked = pd.Series({"a": 10.0}), pd.Series({"x": 10.0}), times
        decay = parse_decay("step:10=1,20=0.68,30=0.22")
        assert two_step_fca(*asked, decay)["a"] == pytest.approx(1)
        assert modified_fca(*asked, decay)["a"] == pytest.approx(weight)


@given(st.integers(0, 1000), st.sampled_from(DECAYS))
def test_more_supply_lowers_nobody_and_availability_keeps_every_place(seed, text):
    random = np.random.default_rng(seed)
    matrix = pd.DataFrame(random.integers(1, 45, (6, 4)).astype(float), index=list("abcdef"))
    times = TravelPairs.from_matrix(matrix)
    children = pd.Series(random.integers(1, 40, 6).astype(float), index=matrix.index)
    places = pd.Series(random.integers(1, 30, 4).astype(float), index=matrix.columns)
    decay = parse_decay(text)
    within = pd.Series((decay(matrix.to_numpy()) > 0).any(axis=0), index=places.index)
    kept = spatial_availability(children, places, times, decay).sum()
    assert kept == pytest.approx(places[within].sum())
    more = places.copy()
    more.iloc[int(random.integers(4))] += 5
    for measure in (two_step_fca, modified_fca, spatial_availability):
        after = measure(children, more, times, decay)
        before = measure(children, places, times, decay)
        assert (after >= before).all()
