"""Squares are crossed in straight lines that stay inside."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import osmium
import osmium.osm.mutable as osm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpe_geo.travel.street import StreetEngine
from rpe_geo.travel.streets.areas import Area, crossing_lines
from rpe_geo.travel.streets.network import build_streets

from .conftest import PER_METRE, places

ROAD = {"highway": "residential"}
SQUARE = {"highway": "pedestrian", "area": "yes", "name": "Place du Marché"}


def vertex(number: int, x_m: float, y_m: float) -> tuple[int, int, int]:
    return number, round(x_m * PER_METRE * 1e7), round(y_m * PER_METRE * 1e7)


def ring(*corners: tuple[float, float], first: int = 1) -> tuple[tuple[int, int, int], ...]:
    points = [vertex(first + number, *corner) for number, corner in enumerate(corners)]
    return (*points, points[0])


def walked(engine: StreetEngine, start: tuple[float, float], end: tuple[float, float], mode="walk"):
    """Metres from a place to another."""
    (route,) = engine.routes(places(start).iloc[0], places(end), mode=mode)
    return route.distance_m


def test_a_square_is_crossed_on_foot_and_with_a_pushchair(town):
    nodes = {
        1: (0, 0), 2: (100, 0), 3: (300, 0), 4: (400, 0),
        5: (100, 150), 6: (300, 150), 7: (100, -150), 8: (300, -150),
    }  # fmt: skip
    engine = town(nodes, [([1, 2], ROAD), ([3, 4], ROAD), ([2, 5, 6, 3, 8, 7, 2], SQUARE)])
    for mode in ("walk", "pushchair"):
        assert walked(engine, (0, 0), (400, 0), mode) == pytest.approx(400, rel=0.01)
    (route,) = engine.routes(places((0, 0)).iloc[0], places((400, 0)), mode="walk")
    assert "Place du Marché" in {step.name for step in route.steps}


def test_a_corner_is_walked_around(town):
    # An L: from one arm to the other along the inner corner.
    nodes = {
        1: (0, 250), 2: (0, 200), 3: (0, 0), 4: (200, 0), 5: (250, 0), 6: (200, 50), 7: (50, 50), 8: (50, 200),
    }  # fmt: skip
    engine = town(nodes, [([1, 2], ROAD), ([4, 5], ROAD), ([2, 3, 4, 6, 7, 8, 2], SQUARE)])
    expected = 50 + (50**2 + 150**2) ** 0.5 * 2 + 50
    assert walked(engine, (0, 250), (250, 0)) == pytest.approx(expected, rel=0.01)


def test_a_square_without_area_is_a_ring(town):
    nodes = {1: (0, 0), 2: (100, 0), 3: (300, 0), 4: (400, 0), 5: (200, 150), 6: (200, -150)}
    tags = {"highway": "pedestrian"}
    engine = town(nodes, [([1, 2], ROAD), ([3, 4], ROAD), ([2, 5, 3, 6, 2], tags)])
    assert walked(engine, (0, 0), (400, 0)) == pytest.approx(560.5, rel=0.01)


@pytest.mark.parametrize("extra", [{"access": "no"}, {"foot": "no"}])
def test_a_closed_square_is_not_crossed(town, extra):
    nodes = {
        1: (0, 0),
        2: (100, 0),
        3: (300, 0),
        4: (400, 0),
        5: (200, 150),
        6: (200, -150),
        7: (200, 900),
    }
    ways = [([1, 2], ROAD), ([3, 4], ROAD), ([1, 7, 4], ROAD), ([2, 5, 3, 6, 2], SQUARE | extra)]
    assert walked(town(nodes, ways), (0, 0), (400, 0)) > 1500


def test_cars_do_not_cross(town):
    nodes = {
        1: (0, 0),
        2: (100, 0),
        3: (300, 0),
        4: (400, 0),
        5: (200, 150),
        6: (200, -150),
        7: (200, 900),
    }
    ways = [([1, 2], ROAD), ([3, 4], ROAD), ([1, 7, 4], ROAD), ([2, 5, 3, 6, 2], SQUARE)]
    assert walked(town(nodes, ways), (0, 0), (400, 0), "car") > 1500


def write_relation(path: Path, *, whole: bool) -> Path:
    """A square of two halves of outline with a fountain in the middle; without `whole` a half is missing."""
    nodes = {
        1: (0, 0), 2: (100, 0), 3: (300, 0), 4: (400, 0), 5: (200, 150), 6: (200, -150),
        11: (160, -60), 12: (240, -60), 13: (240, 60), 14: (160, 60), 20: (200, 900),
    }  # fmt: skip
    ways = {
        1: ([1, 2], ROAD), 2: ([3, 4], ROAD), 3: ([2, 5, 3], {}), 4: ([2, 6, 3], {}),
        5: ([11, 12, 13, 14, 11], {"natural": "water"}), 6: ([1, 20, 4], ROAD),
    }  # fmt: skip
    with osmium.SimpleWriter(str(path)) as writer:
        for number, (x, y) in sorted(nodes.items()):
            writer.add_node(osm.Node(id=number, location=(x * PER_METRE, y * PER_METRE)))
        for number, (refs, tags) in ways.items():
            if whole or number != 4:
                writer.add_way(osm.Way(id=number, nodes=refs, tags=tags))
        members = [("w", 3, "outer"), ("w", 4, "outer"), ("w", 5, "inner")]
        tags = {"type": "multipolygon", "highway": "pedestrian"}
        writer.add_relation(osm.Relation(id=1, members=members, tags=tags))
    return path


def test_a_multipolygon_is_crossed_around_its_holes(tmp_path):
    report = build_streets(write_relation(tmp_path / "a.osm.pbf", whole=True), tmp_path / "streets")
    assert (report.areas, report.areas_incomplete) == (1, 0)
    engine = StreetEngine(tmp_path / "streets")
    around = 100 + 2 * (60**2 + 60**2) ** 0.5 + 80 + 100
    assert walked(engine, (0, 0), (400, 0)) == pytest.approx(around, rel=0.01)
    assert walked(engine, (0, 0), (400, 0), "pushchair") == pytest.approx(around, rel=0.01)


def test_a_multipolygon_cut_by_the_extract_is_counted(tmp_path):
    report = build_streets(
        write_relation(tmp_path / "a.osm.pbf", whole=False), tmp_path / "streets"
    )
    assert (report.areas, report.areas_incomplete) == (0, 1)
    assert walked(StreetEngine(tmp_path / "streets"), (0, 0), (400, 0)) > 1500


def test_an_outline_that_crosses_itself_is_left_alone():
    bow = ring((0, 0), (100, 100), (100, 0), (0, 100))
    assert crossing_lines(Area(bow), {1: True, 3: True}) == []


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(60, 200), st.booleans()), min_size=5, max_size=24))
def test_every_pair_of_entrances_is_joined_at_most_a_hundredth_longer(spokes):
    import networkx as nx
    import numpy as np
    import shapely

    turn = 2 * np.pi / len(spokes)
    corners = [(r * np.cos(turn * n), r * np.sin(turn * n)) for n, (r, _) in enumerate(spokes)]
    outline = ring(*corners)
    entered = {n + 1: is_open for n, (_, is_open) in enumerate(spokes)}
    lines = crossing_lines(Area(outline), entered)
    shape = shapely.Polygon(corners).buffer(0.2, join_style="mitre")
    spot = {v[0]: (v[1] * 1e-7 / PER_METRE, v[2] * 1e-7 / PER_METRE) for v in outline}
    drawn, seen = nx.Graph(), nx.Graph()
    for a, b in lines:
        line = shapely.LineString([spot[a[0]], spot[b[0]]])
        assert shape.covers(line)
        drawn.add_edge(a[0], b[0], length=line.length)
    for (a, here), (b, there) in combinations(spot.items(), 2):
        line = shapely.LineString([here, there])
        if shape.buffer(-0.19, join_style="mitre").covers(line):
            seen.add_edge(a, b, length=line.length)
    doors = [n for n, is_open in entered.items() if is_open]
    for number, a in enumerate(doors):
        for b in doors[number + 1 :]:
            best = nx.dijkstra_path_length(seen, a, b, weight="length")
            found = nx.dijkstra_path_length(drawn, a, b, weight="length")
            assert found <= 1.012 * best + 0.5
