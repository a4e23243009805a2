"""
Our times against two independent routers, OSRM and Valhalla with their default profiles, on four real networks.

    RPE_ROUTERS_PYTHON=/path/to/python3.12 python tests/benchmarks/travel/bench_realism.py [SEED] [along|nodes]

That Python needs osrm-bindings, pyvalhalla and numpy. SEED draws other points: some metres off the streets, by their length,
or the nodes of streets. Prints per network and mode: rank correlation with the mean of the
two, median ratio to it, share of the pairs that both reach and we reach too; and the rank correlation of the two routers
with each other, which is what one may hope for.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import osmium
from scipy.stats import spearmanr

from rpe_geo.travel.street import StreetEngine
from rpe_geo.travel.streets.network import build_streets

DATA = Path(os.environ.get("RPE_REAL_DATA", "../shared/data"))
NETWORKS = {
    "Montpellier": "montpellier/montpellier-streets-2014.osm.pbf",
    "Saint-Germain-en-Laye": "saint-germain-en-laye/saint-germain-en-laye_2022-12-20_highways.osm.pbf",
    "Monaco": "monaco/monaco_2016-03-04.osm.pbf",
    "Heidelberg": "heidelberg/heidelberg.osm.pbf",
}
STREETS = {
    "residential", "living_street", "service", "tertiary", "secondary", "primary", "unclassified",
    "pedestrian",
}  # fmt: skip
COUNT = 250


def points_on_streets(extract: Path, seed: int, kind: str) -> np.ndarray:
    """Draw points some metres off the streets, by their length, or nodes of streets."""
    rng = np.random.default_rng(seed)
    lines = []
    for way in (
        osmium.FileProcessor(str(extract))
        .with_locations()
        .with_filter(osmium.filter.KeyFilter("highway"))
    ):
        if way.is_way() and way.tags["highway"] in STREETS:
            spots = [(node.lon, node.lat) for node in way.nodes if node.location.valid()]
            lines += [(*a, *b) for a, b in pairwise(spots)]
    ends = np.array(lines)
    if kind == "nodes":
        nodes = np.unique(np.vstack([ends[:, :2], ends[:, 2:]]), axis=0)
        return nodes[rng.choice(len(nodes), COUNT, replace=False)]
    length = np.hypot((ends[:, 0] - ends[:, 2]) * 78_000, (ends[:, 1] - ends[:, 3]) * 111_000)
    chosen = ends[rng.choice(len(ends), COUNT, p=length / length.sum())]
    share = rng.random((COUNT, 1))
    points = chosen[:, :2] + share * (chosen[:, 2:] - chosen[:, :2])
    return points + rng.normal(0, 12, (COUNT, 2)) / np.array([78_000, 111_000])


def main() -> None:
    """Print a line per network and mode."""
    python = os.environ.get("RPE_ROUTERS_PYTHON")
    if not python:
        print(
            "no routers: set RPE_ROUTERS_PYTHON to a Python that has osrm-bindings and pyvalhalla"
        )
        return
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    kind = sys.argv[2] if len(sys.argv) > 2 else "along"
    print("network                mode   rank   median ratio   reached   routers' own rank")
    for name, file in NETWORKS.items():
        if not (DATA / file).is_file():
            print(f"no {DATA / file}: set RPE_REAL_DATA")
            continue
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            points = points_on_streets(DATA / file, seed, kind)
            np.save(folder / "points.npy", points)
            peer = Path(__file__).with_name("peer_routers.py")
            subprocess.run(
                [python, str(peer), str((DATA / file).resolve()), "points.npy", "peer.npz", "work"],
                cwd=folder,
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            peers = np.load(folder / "peer.npz")
            build_streets(DATA / file, folder / "streets")
            engine = StreetEngine(folder / "streets")
            series = gpd.GeoSeries(gpd.points_from_xy(*points.T), crs=4326)
            for mode in ("walk", "bike", "car"):
                one, two = peers[f"osrm_{mode}"], peers[f"valhalla_{mode}"]
                served = engine.serves(series, mode=mode)
                ours = np.full(one.shape, np.inf)
                ours[np.ix_(served, served)] = engine.travel_times(
                    series[served], series[served], mode=mode, cutoff_min=720
                )
                both = np.isfinite(one) & np.isfinite(two) & (one > 0) & (two > 0)
                reached = both & np.isfinite(ours)
                mean = (one + two)[reached] / 2
                rank = spearmanr(ours[reached], mean)[0]
                between = spearmanr(one[reached], two[reached])[0]
                ratio = np.median(ours[reached] / mean)
                share = reached.sum() / both.sum()
                print(
                    f"{name:22s} {mode:5s}  {rank:.4f}   {ratio:6.3f}         {share:.4f}    {between:.4f}"
                )


if __name__ == "__main__":
    main()
