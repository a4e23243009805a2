"""Slopes on small towns: Tobler's walk, a cyclist's climb, and nothing where no elevation is given."""

import math

import networkx as nx
import numpy as np
import osmnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpe_geo.travel.street import StreetEngine
from rpe_geo.travel.streets.network import build_streets
from rpe_geo.travel.streets.slopes import slope_factor

from .conftest import PER_METRE, places

ROAD = {"highway": "residential"}
RULES = {
    "walk_decay": 3.5, "walk_best": -0.05, "bike_loss": 6.7, "bike_gain": 4.0, "bike_least": 0.25,
    "bike_most": 1.3, "steepest": 0.35,
}  # fmt: skip


def both_ways(engine, mode):
    up = engine.travel_times(places((0, 0)), places((1000, 0)), mode=mode, cutoff_min=720)
    down = engine.travel_times(places((1000, 0)), places((0, 0)), mode=mode, cutoff_min=720)
    return float(up.iloc[0, 0]), float(down.iloc[0, 0])


def hill(town, bottom="100", top="200", **tags):
    """A kilometre of 10 %, with a bend whose elevation nobody gives."""
    foot = (0, 0, {"ele": bottom}) if bottom else (0, 0)
    head = (1000, 0, {"ele": top}) if top else (1000, 0)
    return town({1: foot, 2: (400, 0), 3: head}, [([1, 2, 3], {**ROAD, **tags})])


def test_a_climb_is_walked_by_tobler_and_ridden_slowly(town):
    flat, slope = hill(town, "", ""), hill(town)
    level = both_ways(flat, "walk")[0]
    up, down = both_ways(slope, "walk")
    assert up == pytest.approx(level * math.exp(3.5 * 0.10), rel=1e-3)
    assert down == pytest.approx(level, rel=1e-3)  # Tobler: 10 % down is as fast as the flat
    level = both_ways(flat, "bike")[0]
    up, down = both_ways(slope, "bike")
    assert up == pytest.approx(level / (1 - 6.7 * 0.10), rel=1e-2)
    assert down == pytest.approx(level / 1.3, rel=1e-2)
    assert both_ways(slope, "car") == both_ways(flat, "car")


@pytest.mark.parametrize(("bottom", "top"), [("", ""), ("100", ""), ("100", "100"), ("haut", "?")])
def test_without_elevations_at_both_ends_nothing_changes(town, bottom, top):
    flat = hill(town, "", "")
    same = hill(town, bottom, top)
    for mode in ("walk", "bike", "car"):
        assert both_ways(same, mode) == both_ways(flat, mode)


def test_steps_keep_their_own_pace(town):
    steps = {"highway": "steps"}
    assert both_ways(hill(town, **steps), "walk") == both_ways(hill(town, "", "", **steps), "walk")


def test_the_elevations_of_a_saved_graph_are_read(tmp_path):
    graph = nx.MultiDiGraph(crs="epsg:4326")
    for node, (x, height) in enumerate([(0, 100.0), (1000, 200.0)], start=1):
        graph.add_node(node, x=x * PER_METRE, y=0.0, elevation=height)
    for ends in ((1, 2), (2, 1)):
        graph.add_edge(*ends, osmid=1, highway="residential", oneway=False, length=1000.0)
    level = nx.MultiDiGraph(graph)
    for _, attributes in level.nodes(data=True):
        attributes["elevation"] = 100.0
    engines = []
    for name, one in (("hill", graph), ("flat", level)):
        osmnx.save_graphml(one, tmp_path / f"{name}.graphml")
        build_streets(tmp_path / f"{name}.graphml", tmp_path / name)
        engines.append(StreetEngine(tmp_path / name))
    up, down = both_ways(engines[0], "walk")
    flat = both_ways(engines[1], "walk")[0]
    assert up == pytest.approx(flat * math.exp(3.5 * 0.10), rel=1e-3)
    assert down == pytest.approx(flat, rel=1e-3)


@given(st.floats(-500, 500), st.floats(0, 1000), st.sampled_from(["walk", "pushchair", "bike"]))
def test_the_pace_stays_within_reason(climb, length, mode):
    kept = slope_factor(mode, np.array([climb]), np.array([length]), RULES)[0]
    assert 0.2 <= kept <= 1.31
    if mode != "bike" and climb > 0 and length > 1:
        assert kept <= 1
