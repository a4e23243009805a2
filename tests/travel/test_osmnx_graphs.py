"""Graphs go to osmnx and come back with the same shortest paths."""

import networkx as nx
import numpy as np
import pytest
from shapely import LineString

from rpe_geo.travel.contraction import Hierarchy
from rpe_geo.travel.street import StreetEngine
from rpe_geo.travel.streets.network import build_streets
from tests.travel.osmnx_graphs import from_osmnx, to_osmnx

from .conftest import PER_METRE, grid_town, places, write_pbf

TICKS_PER_S = 20_000


def random_graph(size=40, seed=3):
    """A random graph as osmnx makes them: some streets two-way, some bent, some parallel."""
    rng = np.random.default_rng(seed)
    graph = nx.MultiDiGraph(crs="epsg:4326")
    spots = rng.uniform(0, 3000, (size, 2)) * PER_METRE
    for node, (x, y) in enumerate(spots):
        graph.add_node(1000 + node, x=float(x), y=float(y))
    for _ in range(4 * size):
        start, end = (int(node) for node in rng.choice(size, 2, replace=False))
        seconds = float(rng.uniform(5, 300))
        bend = LineString([spots[start], spots[[start, end]].mean(axis=0) + 1e-4, spots[end]])
        extra = {"geometry": bend} if rng.random() < 0.3 else {}
        graph.add_edge(1000 + start, 1000 + end, length=100.0, travel_time=seconds, **extra)
        if rng.random() < 0.6:
            back = {"geometry": bend.reverse()} if extra else {}
            graph.add_edge(1000 + end, 1000 + start, length=100.0, travel_time=seconds, **back)
    return graph


def test_the_same_paths_as_networkx_on_the_graphs_own_weights():
    graph = random_graph()
    network = from_osmnx(graph, mode="car")
    hierarchy = Hierarchy(network)
    nodes = list(graph.nodes)
    every = np.arange(len(nodes))
    ours = hierarchy.table(every, every) / TICKS_PER_S
    for start in nodes[:15]:
        theirs = nx.single_source_dijkstra_path_length(graph, start, weight="travel_time")
        row = ours[nodes.index(start)]
        expected = [theirs.get(node, np.inf) for node in nodes]
        np.testing.assert_allclose(row, expected, atol=1e-3)


def test_a_network_goes_out_with_its_turn_restrictions(tmp_path):
    nodes, ways = grid_town(5)
    turns = [
        (1, 2, 7, {"restriction": "no_left_turn"}),
        (2, 8, 8, {"restriction": "only_left_turn"}),
    ]
    build_streets(write_pbf(tmp_path / "a.osm.pbf", nodes, ways, turns), tmp_path / "streets")
    network = StreetEngine(tmp_path / "streets")._search("car").network
    graph = to_osmnx(network)
    assert graph.number_of_nodes() == network.state_count
    every = np.arange(network.state_count)
    ours = Hierarchy(network).table(every, every) / TICKS_PER_S
    for start in range(0, network.state_count, 5):
        theirs = nx.single_source_dijkstra_path_length(graph, start, weight="travel_time")
        expected = [theirs.get(state, np.inf) for state in every]
        np.testing.assert_allclose(ours[start], expected, atol=1e-3)
    lengths = [length for _, _, length in graph.edges(data="length") if length]
    assert min(lengths) == pytest.approx(200, rel=1e-3)


def test_there_and_back(tmp_path):
    nodes, ways = grid_town(4)
    build_streets(write_pbf(tmp_path / "a.osm.pbf", nodes, ways), tmp_path / "streets")
    engine = StreetEngine(tmp_path / "streets")
    again = from_osmnx(to_osmnx(engine._search("bike").network), mode="bike")
    copy = StreetEngine.of_networks({"bike": again}, source="copy")
    points = places((10, 90), (500, 210), (333, 600))
    first = engine.travel_times(points, points, mode="bike", cutoff_min=60)
    second = copy.travel_times(points, points, mode="bike", cutoff_min=60)
    # The delay of a junction is part of the edge now, so a part of an edge takes its share of it.
    np.testing.assert_allclose(first, second, atol=0.15)
    assert copy.describe()["source"] == "copy"
    assert copy.routes(points.iloc[0], points, mode="bike")[1].steps[-1].name == ""


def test_streets_are_built_from_a_saved_graph(tmp_path):
    import osmnx

    graph = nx.MultiDiGraph(crs="epsg:4326")
    for node, (x, y) in enumerate([(0, 0), (500, 0), (500, 500)], start=1):
        graph.add_node(node, x=x * PER_METRE, y=y * PER_METRE)
    for start, end, way in [(1, 2, 1), (2, 1, 1)]:
        graph.add_edge(
            start, end, osmid=way, highway="residential", oneway=False, length=500.0, name="Rue A"
        )
    graph.add_edge(2, 3, osmid=2, highway="residential", oneway=True, length=500.0, name="Rue B")
    osmnx.save_graphml(graph, tmp_path / "g.graphml")
    report = build_streets(tmp_path / "g.graphml", tmp_path / "streets")
    assert report.ways == 2
    engine = StreetEngine(tmp_path / "streets")
    up = engine.travel_times(places((0, 0)), places((500, 400)), mode="walk", cutoff_min=60)
    assert up.iloc[0, 0] == pytest.approx(10.8, rel=1e-2)
    route = engine.routes(places((0, 0)).iloc[0], places((500, 400)), mode="walk")[0]
    assert [step.name for step in route.steps] == ["Rue A", "Rue B"]
