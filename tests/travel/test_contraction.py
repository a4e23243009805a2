"""The order of a network, and what is searched by it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from rpe_geo.travel import contraction
from rpe_geo.travel.contraction import Hierarchy, build_hierarchy
from rpe_geo.travel.street import StreetEngine
from rpe_geo.travel.streets.mode_network import ENTRY_TICKS, NO_WAY, TICKS_PER_MIN
from rpe_geo.travel.sweep import Places, Sweep, sweep_is_available

from .conftest import grid_town, places

compiled = pytest.mark.skipif(
    not sweep_is_available(), reason="the installation had no C compiler for sweep.c"
)


@pytest.fixture
def network(town):
    return town(*grid_town(8))._search("car").network


def test_a_dissected_order_is_kept_as_the_library_keeps_its_own(network, tmp_path, monkeypatch):
    build_hierarchy(network, tmp_path / "metis")
    with monkeypatch.context() as without:
        without.setattr(contraction, "dissect", lambda _network: None)
        build_hierarchy(network, tmp_path / "own")
    kept = {path.name: path.read_bytes() for path in (tmp_path / "own/hierarchy").iterdir()}
    written = {path.name: path.read_bytes() for path in (tmp_path / "metis/hierarchy").iterdir()}
    assert set(written) == set(kept)
    for name in ("head", "tail", "node_count"):
        assert written[name] == kept[name]
    for name in ("order", "rank"):
        values = np.frombuffer(written[name], dtype=np.uint32)
        assert np.array_equal(np.sort(values), np.arange(network.state_count))


def test_any_order_gives_the_same_table(network, tmp_path):
    build_hierarchy(network, tmp_path)
    every = np.arange(network.state_count)
    ours = Hierarchy(network, tmp_path).table(every, every)
    assert np.array_equal(ours, Hierarchy(network).table(every, every))
    assert np.isfinite(ours).any()


def test_the_same_network_is_ordered_the_same_way(network, tmp_path: Path):
    for name in ("first", "second"):
        build_hierarchy(network, tmp_path / name)
    first, second = (tmp_path / f"{name}/hierarchy/order" for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()


def _random_network(rng: np.random.Generator, count: int, *, regions: bool) -> SimpleNamespace:
    """A network of few states and any shape: pieces that are cut off, arcs of no weight, closed ones, long ones."""
    linked = rng.random((count, count)) < rng.uniform(0.02, 0.4)
    np.fill_diagonal(linked, val=False)
    weights = rng.integers(0, rng.choice([3, 1000, 50 * TICKS_PER_MIN]), (count, count)).astype(
        float
    )
    weights[rng.random((count, count)) < 0.1] = np.inf
    if regions:
        weights[rng.random((count, count)) < 0.05] += ENTRY_TICKS
    tail, head = np.nonzero(linked)
    return SimpleNamespace(
        state_count=count,
        indptr=np.concatenate([[0], np.cumsum(linked.sum(axis=1))]).astype(np.int32),
        indices=head.astype(np.int32),
        weights=weights[tail, head],
        settings={"has_regions": regions},
    )


def _random_places(rng: np.random.Generator, count: int, states: int) -> Places:
    ticks = np.rint(rng.uniform(0, 3 * TICKS_PER_MIN, (count, 2)))
    ticks[rng.random((count, 2)) < 0.2] = np.inf
    return Places(rng.integers(0, states, (count, 2)), ticks, rng.uniform(0, 5, count))


def _minutes_by_dijkstra(
    network: SimpleNamespace, origins: Places, destinations: Places
) -> np.ndarray:
    """The table by scipy, on the same graph."""
    shape = (network.state_count,) * 2
    graph = csr_array((network.weights, network.indices, network.indptr), shape=shape)
    between = dijkstra(graph)
    ticks = np.full((origins.access_min.size, destinations.access_min.size), np.inf)
    for one in range(2):
        for other in range(2):
            way = between[np.ix_(origins.states[:, one], destinations.states[:, other])]
            way = way + origins.ticks[:, one, None]
            way[way >= NO_WAY] = np.inf
            ticks = np.minimum(ticks, way + destinations.ticks[:, other])
    if network.settings["has_regions"]:
        entered = (ticks >= ENTRY_TICKS) & np.isfinite(ticks)
        ticks[entered] %= ENTRY_TICKS
    return ticks / TICKS_PER_MIN + origins.access_min[:, None] + destinations.access_min


@compiled
@settings(deadline=None, max_examples=150)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 45), regions=st.booleans())
def test_a_swept_table_is_dijkstra_s_to_the_bit(seed: int, count: int, regions: bool):
    rng = np.random.default_rng(seed)
    network = _random_network(rng, count, regions=regions)
    sweep = Sweep(network, rng.permutation(count).astype(np.uint32))
    origins = _random_places(rng, int(rng.integers(1, 40)), count)
    destinations = _random_places(rng, int(rng.integers(1, 40)), count)
    expected = _minutes_by_dijkstra(network, origins, destinations)
    for cutoff_min in (720.0, float(rng.uniform(1, 200))):
        within = np.where(expected <= cutoff_min, expected, np.inf)
        assert np.array_equal(sweep.minutes(origins, destinations, cutoff_min), within)


@compiled
def test_threads_sweep_at_the_same_time():
    rng = np.random.default_rng(4)
    network = _random_network(rng, 40, regions=True)
    sweep = Sweep(network, rng.permutation(40).astype(np.uint32))
    asked = [(_random_places(rng, 33, 40), _random_places(rng, 21, 40)) for _ in range(40)]
    alone = [sweep.minutes(*pair, 720.0) for pair in asked]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda pair: sweep.minutes(*pair, 720.0), asked))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


@compiled
@pytest.mark.parametrize("mode", ["walk", "pushchair", "bike", "car"])
def test_without_a_compiler_tables_are_the_same(town, mode, monkeypatch):
    nodes, ways = grid_town(7)
    ways[1] = (ways[1][0], {**ways[1][1], "oneway": "yes"})
    ways[4] = (ways[4][0], {**ways[4][1], "access": "destination"})
    engine = town(nodes, ways, [(1, 3, 9, {"restriction": "no_left_turn"})])
    rng = np.random.default_rng(8)
    points = places(*rng.uniform(0, 1200, (60, 2)).tolist())
    swept = engine.travel_times(points, points, mode=mode, cutoff_min=12)
    monkeypatch.setattr(contraction, "sweep_is_available", lambda: False)
    plain = StreetEngine(engine._directory).travel_times(points, points, mode=mode, cutoff_min=12)
    assert swept.equals(plain)
