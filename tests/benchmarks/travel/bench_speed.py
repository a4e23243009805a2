"""
Reading streets and computing tables of times, against osmnx, networkx, plain scipy and pandana in one run.

    python tests/benchmarks/travel/bench_speed.py [--osmnx]

Needs the Heidelberg extract of RPE_REAL_DATA. `--osmnx` also reads the extract with osmnx.graph_from_xml (slow). pandana
is measured by the Python that RPE_PANDANA_PYTHON names. Minutes are asserted equal wherever two engines search the same weights.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import geopandas as gpd
import networkx as nx
import numpy as np
import osmium
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from rpe_geo.travel.contraction import Hierarchy
from rpe_geo.travel.street import StreetEngine
from rpe_geo.travel.streets.mode_network import TICKS_PER_MIN, ModeNetwork
from rpe_geo.travel.streets.network import build_streets
from rpe_geo.travel.streets.osm_file import read_pbf
from tests.travel.osmnx_graphs import to_osmnx

SOURCE = Path(os.environ.get("RPE_REAL_DATA", "../shared/data")) / "heidelberg/heidelberg.osm.pbf"
CUTOFF_MIN = 30.0
SAMPLE = 25
"""networkx is run from this many origins, and scaled to 1000."""


def timed(action: Callable[[], object], runs: int = 5) -> float:
    """Median seconds of work (not of the clock) of some runs, the first one unmeasured."""
    action()
    spent = []
    for _ in range(runs):
        begin = time.process_time()
        action()
        spent.append(time.process_time() - begin)
    return statistics.median(spent)


def read_with_osmnx(folder: Path) -> float:
    """Seconds of osmnx.graph_from_xml on the streets of the extract."""
    import osmnx

    with osmium.SimpleWriter(str(folder / "streets.osm")) as writer:
        wanted = set()
        for way in osmium.FileProcessor(str(SOURCE), osmium.osm.WAY).with_filter(
            osmium.filter.KeyFilter("highway")
        ):
            wanted.update(node.ref for node in way.nodes)
        for node in osmium.FileProcessor(str(SOURCE), osmium.osm.NODE):
            if node.id in wanted:
                writer.add_node(node)
        for way in osmium.FileProcessor(str(SOURCE), osmium.osm.WAY).with_filter(
            osmium.filter.KeyFilter("highway")
        ):
            writer.add_way(way)
    begin = time.process_time()
    osmnx.graph_from_xml(folder / "streets.osm")
    return time.process_time() - begin


def main() -> None:
    """Print a line per measurement."""
    if not SOURCE.is_file():
        print(f"no {SOURCE}: set RPE_REAL_DATA")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begin = time.process_time()
        read_pbf(SOURCE)
        reading = time.process_time() - begin
        begin = time.process_time()
        build_streets(SOURCE, folder / "streets")
        print(f"read the extract        {reading:6.2f} s")
        print(f"read and build 4 modes  {time.process_time() - begin:6.2f} s")
        if "--osmnx" in sys.argv:
            peer = read_with_osmnx(folder)
            print(f"osmnx.graph_from_xml    {peer:6.2f} s   ({peer / reading:.1f} × our reading)")
        begin = time.process_time()
        engine = StreetEngine(folder / "streets")
        engine._search("car").hierarchy()
        print(f"open, car hierarchy     {1000 * (time.process_time() - begin):6.1f} ms")
        _tables(engine)
    print(
        f"peak memory             {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:6.0f} MB"
    )


def _tables(engine: StreetEngine) -> None:
    network = engine._search("car").network
    rng = np.random.default_rng(1)
    states = rng.choice(network.state_count, 2000, replace=False)
    noise = rng.normal(0, 1e-4, (2, states.size))
    points = gpd.GeoSeries(
        gpd.points_from_xy(
            network.state_longitude[states] + noise[0], network.state_latitude[states] + noise[1]
        ),
        crs=4326,
    )
    points = points[engine.serves(points, mode="car")]

    def ask(origins: int, destinations: int, *, fresh: bool) -> Callable[[], pd.DataFrame]:
        def run() -> pd.DataFrame:
            if fresh:
                engine._snapped.clear()
            return engine.travel_times(
                points.iloc[:origins], points.iloc[:destinations], mode="car", cutoff_min=CUTOFF_MIN
            )

        return run

    few, few_fresh = timed(ask(1, 500, fresh=False), 20), timed(ask(1, 500, fresh=True), 10)
    many = timed(ask(1000, 2000, fresh=True), 3)
    print(
        f"1 × 500, engine         {1000 * few:6.2f} ms  ({1000 * few_fresh:.2f} ms with attaching)"
    )
    print(f"1000 × 2000, engine     {1000 * many:6.0f} ms  (attaching and turns included)")

    hierarchy = engine._search("car").hierarchy()
    if hierarchy is not None and hierarchy.sweep() is not None:
        swept = ask(1000, 2000, fresh=True)()
        with patch.object(hierarchy, "sweep", lambda: None):
            plain = timed(ask(1000, 2000, fresh=True), 3)
            assert swept.equals(ask(1000, 2000, fresh=True)())
        print(f"the same by RoutingKit  {1000 * plain:6.0f} ms  ({plain / many:.1f} × ours)")

    limit = CUTOFF_MIN * TICKS_PER_MIN
    graph = csr_array(
        (np.asarray(network.weights), np.asarray(network.indices), np.asarray(network.indptr)),
        shape=(network.state_count,) * 2,
    )
    sources = states[:1000]

    def plain_scipy() -> None:
        for begin in range(0, sources.size, 50):
            dijkstra(graph, indices=sources[begin : begin + 50], limit=limit)

    scipy_many = timed(plain_scipy, 1)
    scipy_one = timed(lambda: dijkstra(graph, indices=sources[:1], limit=limit), 10)
    exported = to_osmnx(network)
    ours = Hierarchy(network).table(sources[:SAMPLE], states)
    spent = []
    for row, source in enumerate(sources[:SAMPLE].tolist()):
        begin = time.process_time()
        theirs = nx.single_source_dijkstra_path_length(
            exported, source, cutoff=CUTOFF_MIN * 60, weight="travel_time"
        )
        spent.append(time.process_time() - begin)
        expected = np.array([theirs.get(state, np.inf) for state in states.tolist()])
        mine = np.where(ours[row] <= limit, ours[row], np.inf) / TICKS_PER_MIN * 60
        known = np.isfinite(expected) & np.isfinite(mine)
        assert np.abs(mine[known] - expected[known]).max() < 1e-3
        assert (np.isfinite(expected) == np.isfinite(mine)).mean() > 0.999
    peer_one, peer_many = statistics.median(spent), 1000 * statistics.mean(spent)
    print(f"networkx, same weights  {1000 * peer_one:6.1f} ms  ({peer_one / few:.0f} × ours)  "
          f"1000 × 2000 {peer_many:5.1f} s ({peer_many / many:.0f} × ours)")  # fmt: skip
    print(f"plain scipy             {1000 * scipy_one:6.2f} ms  ({scipy_one / few:.1f} × ours)  "
          f"1000 × 2000 {1000 * scipy_many:5.0f} ms ({scipy_many / many:.1f} × ours)")  # fmt: skip
    _pandana(network, states, few, many)


def _pandana(network: ModeNetwork, states: np.ndarray, few: float, many: float) -> None:
    """Ask the Python that has pandana for the same table on the same weights."""
    python = os.environ.get("RPE_PANDANA_PYTHON")
    if not python:
        print(
            "pandana                 not measured: set RPE_PANDANA_PYTHON to a Python that has it"
        )
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.savez(
            folder / "graph.npz",
            longitude=network.state_longitude,
            latitude=network.state_latitude,
            tail=np.repeat(np.arange(network.state_count), np.diff(network.indptr)),
            head=network.indices,
            minutes=np.asarray(network.weights) / TICKS_PER_MIN,
            states=states,
        )
        peer = Path(__file__).with_name("peer_pandana.py")
        subprocess.run(
            [python, str(peer), str(folder / "graph.npz"), str(folder / "out.npz")],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        out = np.load(folder / "out.npz")
        rows = int(out["rows"])
        ours = Hierarchy(network).table(states[:rows], states) / TICKS_PER_MIN
        known = np.isfinite(ours)
        # pandana rounds each arc to a thousandth of its unit.
        assert np.abs(out["minutes"][known] - ours[known]).max() < 0.5
        spent = float(out["many"]) * 1000 / rows
        print(f"pandana, same weights   {1000 * float(out['few']):6.1f} ms  ({float(out['few']) / few:.0f} × ours)  "
              f"1000 × 2000 {spent:5.1f} s ({spent / many:.0f} × ours)")  # fmt: skip


if __name__ == "__main__":
    main()
