"""Laws that every mode obeys."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpe_geo.crs import great_circle_m
from rpe_geo.travel.straight_line import StraightLineEngine
from rpe_geo.travel.street import StreetEngine
from rpe_geo.travel.streets.network import build_streets

from .conftest import grid_town, place, places, write_pbf

TOP_KPH = {"walk": 6.0, "bike": 30.0, "car": 130.0}

points = st.lists(
    st.tuples(st.floats(-50, 1050), st.floats(-50, 1050)), min_size=3, max_size=6, unique=True
)
modes = st.sampled_from(["walk", "bike", "car"])


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("laws")
    nodes, ways = grid_town(6)
    source = write_pbf(folder / "a.osm.pbf", nodes, ways)
    build_streets(source, folder / "streets")
    return StreetEngine(folder / "streets")


def table(engine, where, mode):
    series = places(*where)
    return engine.travel_times(series, series, mode=mode, cutoff_min=720).to_numpy()


@settings(max_examples=40, deadline=None)
@given(where=points, mode=modes)
def test_two_way_streets_are_as_long_both_ways(engine, where, mode):
    minutes = table(engine, where, mode)
    np.testing.assert_allclose(minutes, minutes.T, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(where=points, mode=modes)
def test_nobody_is_faster_than_the_crow_at_top_speed(engine, where, mode):
    minutes = table(engine, where, mode)
    series = places(*where)
    x, y = series.x.to_numpy(), series.y.to_numpy()
    crow = great_circle_m(x[:, None], y[:, None], x, y) * 0.06 / TOP_KPH[mode]
    assert (minutes >= crow - 1e-6).all()


@settings(max_examples=40, deadline=None)
@given(where=points, mode=modes)
def test_a_stop_on_the_way_never_saves_time(engine, where, mode):
    minutes = table(engine, where, mode)
    by_way_of = (minutes[:, :, None] + minutes[None, :, :]).min(axis=1)
    # A stop adds the way from the street to its door and back, so only more can come of it.
    assert (minutes <= by_way_of + 1e-6).all()


@settings(max_examples=25, deadline=None)
@given(where=points, mode=modes, cutoff=st.floats(1, 60))
def test_the_cutoff_only_hides(engine, where, mode, cutoff):
    series = places(*where)
    cut = engine.travel_times(series, series, mode=mode, cutoff_min=cutoff).to_numpy()
    whole = table(engine, where, mode)
    np.testing.assert_allclose(cut[whole <= cutoff], whole[whole <= cutoff])
    assert np.isinf(cut[whole > cutoff]).all()


@settings(max_examples=25, deadline=None)
@given(where=points, mode=modes)
def test_the_straight_line_engine_is_symmetric_and_obeys_the_triangle(where, mode):
    minutes = table(StraightLineEngine(), where, mode)
    np.testing.assert_allclose(minutes, minutes.T)
    assert (minutes <= (minutes[:, :, None] + minutes[None]).min(axis=1) + 1e-9).all()


def test_both_engines_answer_the_same_questions(engine):
    for one in (engine, StraightLineEngine()):
        ends = places((900, 900), (200, 30))
        assert one.travel_times(places((0, 0)), ends, mode="bike", cutoff_min=60).shape == (1, 2)
        assert len(one.routes(place(0, 0), ends, mode="bike")) == 2
        areas = one.isochrones(place(500, 500), mode="walk", minutes=[5, 2])
        assert areas["minutes"].tolist() == [2, 5]
        assert areas.geometry.is_valid.all()
        assert areas.geometry.iloc[0].within(areas.geometry.iloc[1].buffer(1e-6))
        assert one.serves(ends, mode="walk").all()
        assert one.describe()["engine"]
        detour = one.detour_times(place(0, 0), ends, place(1000, 0), mode="walk", cutoff_min=90)
        assert (detour["detour_min"] >= 0).all()
