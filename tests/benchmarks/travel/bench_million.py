"""
A network of a million junctions: 1 × 500 within 30 minutes, by car and on foot, seconds and memory.

    python tests/benchmarks/travel/bench_million.py

The streets of Montpellier (RPE_REAL_DATA) are laid side by side until they count a million states, and joined by roads
along the seams. Each measurement runs in a process of its own, whose greatest memory is printed. Ordering the network
by car takes minutes; it is done once, when streets are built.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import fields, replace
from pathlib import Path

import geopandas as gpd
import numpy as np

from rpe_geo.travel.contraction import build_hierarchy
from rpe_geo.travel.search import BoundedSearch, Ends
from rpe_geo.travel.snapping import SegmentGrid
from rpe_geo.travel.street import StreetEngine
from rpe_geo.travel.streets.graph import search_graph
from rpe_geo.travel.streets.mode_network import TICKS_PER_MIN, ModeNetwork
from rpe_geo.travel.streets.network import build_streets, read_meta

DATA = Path(os.environ.get("RPE_REAL_DATA", "../shared/data"))
SOURCE = DATA / "montpellier/montpellier-streets-2014.osm.pbf"
STATES = 1_000_000
SEAM_MIN = 1.5
_OF_STATES = {
    "tail_forward", "head_forward", "tail_backward", "head_backward", "copy_tail", "copy_head",
}  # fmt: skip


def laid_side_by_side(network: ModeNetwork) -> ModeNetwork:
    """Repeat a network over a square of tiles, joined at the states nearest to the seams."""
    side = int(np.ceil(np.sqrt(STATES / network.state_count)))
    count, tiles = network.state_count, side * side
    lon, lat = np.asarray(network.state_longitude), np.asarray(network.state_latitude)
    width, height = np.ptp(lon) * 1.02, np.ptp(lat) * 1.02
    column, row = np.divmod(np.arange(tiles), side)
    east, north = column * width, row * height

    def repeated(name: str) -> np.ndarray:
        values = np.asarray(getattr(network, name))
        if name.endswith("longitude"):
            return (values[None, :] + east[:, None]).ravel()
        if name.endswith("latitude"):
            return (values[None, :] + north[:, None]).ravel()
        if name in _OF_STATES:
            moved = values[None, :] + count * np.arange(tiles)[:, None]
            return np.where(values[None, :] < 0, -1, moved).ravel()
        if name == "copy_arc":
            return (values[None, :] + 2 * network.edge_count * np.arange(tiles)[:, None]).ravel()
        if name == "shape_ptr":
            size = int(values[-1])
            steps = (values[None, :-1] + size * np.arange(tiles)[:, None]).ravel()
            return np.append(steps, size * tiles)
        return np.tile(values, tiles)

    arrays = {
        item.name: repeated(item.name) for item in fields(ModeNetwork) if item.name != "settings"
    }
    arcs = np.repeat(np.arange(count), np.diff(network.indptr))
    tails = (arcs[None, :] + count * np.arange(tiles)[:, None]).ravel()
    heads = (np.asarray(network.indices)[None, :] + count * np.arange(tiles)[:, None]).ravel()
    weights = np.tile(network.weights, tiles)
    west, right = np.argsort(lon)[:40:4], np.argsort(-lon)[:40:4]
    low, top = np.argsort(lat)[:40:4], np.argsort(-lat)[:40:4]
    tile = np.arange(tiles)
    seams = [(right + count * t, west + count * (t + side)) for t in tile[column < side - 1]] + [
        (top + count * t, low + count * (t + 1)) for t in tile[row < side - 1]
    ]
    one, two = (np.concatenate(ends) for ends in zip(*seams, strict=True))
    more = np.full(one.size, SEAM_MIN * TICKS_PER_MIN)
    graph = search_graph(
        count * tiles,
        np.concatenate([tails, one, two]),
        np.concatenate([heads, two, one]),
        np.concatenate([weights, more, more]),
    )
    arrays |= dict(zip(("indptr", "indices", "weights"), graph, strict=True))
    return replace(ModeNetwork(**arrays), settings=dict(network.settings))


def build(folder: Path) -> None:
    """Write the large networks, not yet ordered."""
    build_streets(SOURCE, folder / "town")
    meta = read_meta(folder / "town")
    small = StreetEngine(folder / "town")
    for mode in ("car", "walk"):
        large = laid_side_by_side(small._search(mode).network)
        large.save(folder / "streets" / mode)
        SegmentGrid.build(large).save(folder / "streets" / mode)
        meta["nodes"][mode] = large.state_count
        print(
            f"{mode:5s} {large.state_count} states, {large.indices.size} arcs, {large.edge_count} edges"
        )
    (folder / "streets" / "streets.json").write_text(json.dumps(meta))


def measure(folder: Path, mode: str) -> None:
    """Measure 1 × 500 by the engine, and by the bounded search alone; assert the same minutes."""
    begin = time.perf_counter()
    engine = StreetEngine(folder / "streets")
    search = engine._search(mode)
    hierarchy = search.hierarchy()
    opened = time.perf_counter() - begin
    network = search.network
    rng = np.random.default_rng(3)
    tile = 0.03 if mode == "walk" else 0.15
    central = network.state_count // 2
    middle = network.state_longitude[central], network.state_latitude[central]
    near = np.flatnonzero(
        (np.abs(network.state_longitude - middle[0]) < tile)
        & (np.abs(network.state_latitude - middle[1]) < tile)
    )
    chosen = rng.choice(near, 501, replace=False)
    points = gpd.GeoSeries(
        gpd.points_from_xy(network.state_longitude[chosen], network.state_latitude[chosen]),
        crs=4326,
    )
    home, goals = points.iloc[:1], points.iloc[1:]

    def ask() -> np.ndarray:
        return engine.travel_times(home, goals, mode=mode, cutoff_min=30).to_numpy()

    minutes = ask()
    spent = []
    for _ in range(21):
        begin, cpu = time.perf_counter(), time.process_time()
        ask()
        spent.append((time.perf_counter() - begin, time.process_time() - cpu))
    wall, cpu = np.median(spent, axis=0)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    kind = "ordered" if hierarchy is not None else "bounded"
    print(
        f"{mode:5s} {kind}: 1 × 500 in {1000 * wall:.1f} ms ({1000 * cpu:.1f} ms of work), opened in {opened:.2f} s,"
        f" {memory:.0f} MB, {np.isfinite(minutes).sum()} reached",
        flush=True,
    )
    if hierarchy is not None:
        places = [engine._snap(search, mode, s.x.to_numpy(), s.y.to_numpy()) for s in (home, goals)]
        ends = Ends.leaving(network, places[0]), Ends.arriving(network, places[1])
        bounded = BoundedSearch(network).table(*ends, 30 * TICKS_PER_MIN) / TICKS_PER_MIN
        within = np.isfinite(minutes) & (places[0].edge[:, None] != places[1].edge[None, :])
        access = places[0].access_min[:, None] + places[1].access_min[None, :]
        assert np.abs((bounded + access)[within] - minutes[within]).max() < 1e-9


def main() -> None:
    """Build, measure, order, and measure again."""
    if len(sys.argv) > 2:
        folder = Path(sys.argv[2])
        if sys.argv[1] == "build":
            build(folder)
        elif sys.argv[1] == "order":
            network = StreetEngine(folder / "streets")._search("car").network
            begin = time.process_time()
            build_hierarchy(network, folder / "streets" / "car")
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"car   ordered in {time.process_time() - begin:.0f} s of work, {memory:.0f} MB")
        else:
            measure(folder, sys.argv[1])
        return
    if not SOURCE.is_file():
        print(f"no {SOURCE}: set RPE_REAL_DATA")
        return
    with tempfile.TemporaryDirectory() as temporary:
        for step in ("build", "walk", "car", "order", "car"):
            subprocess.run([sys.executable, __file__, step, temporary], check=True)


if __name__ == "__main__":
    main()
