"""
How true isochrones are to the streets: random origins on four real networks, three modes, 5, 10 and 15 minutes.

    python tests/benchmarks/travel/bench_isochrones.py [ORIGINS]

Per network and mode: share of the areas that hold at least 95 % of the reached street length and whose street length
inside is at most 5 % out of reach, the worst of both figures, and the seconds per area.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from rpe_geo.crs import great_circle_m
from rpe_geo.travel.isochrones import Clock, street_parts
from rpe_geo.travel.street import StreetEngine
from rpe_geo.travel.streets.network import build_streets

DATA = Path(os.environ.get("RPE_REAL_DATA", "../shared/data"))
NETWORKS = {
    "Montpellier": "montpellier/montpellier-streets-2014.osm.pbf",
    "Saint-Germain-en-Laye": "saint-germain-en-laye/saint-germain-en-laye_2022-12-20_highways.osm.pbf",
    "Monaco": "monaco/monaco_2016-03-04.osm.pbf",
    "Heidelberg": "heidelberg/heidelberg.osm.pbf",
}
MINUTES = (5, 10, 15)
SAMPLES = np.linspace(0.05, 0.95, 10)


def shares(clock: Clock, area: shapely.Geometry, minutes: float) -> tuple[float, float]:
    """Share of the reached street length inside an area, and share of the length inside out of reach."""
    network = clock.network
    segment, ahead, behind = street_parts(clock, minutes)
    lon, lat = network.shape_longitude, network.shape_latitude
    west, south, east, north = area.bounds
    touched = (ahead > 0) | (behind > 0)
    touched |= (
        (lon[segment] > west)
        & (lon[segment] < east)
        & (lat[segment] > south)
        & (lat[segment] < north)
    )
    segment, ahead, behind = segment[touched], ahead[touched], behind[touched]
    length = great_circle_m(lon[segment], lat[segment], lon[segment + 1], lat[segment + 1])
    shapely.prepare(area)
    inside = reached = both = 0.0
    for share in SAMPLES:
        x = lon[segment] + share * (lon[segment + 1] - lon[segment])
        y = lat[segment] + share * (lat[segment + 1] - lat[segment])
        within = shapely.contains_xy(area, x, y)
        passed = (share <= ahead) | (share >= 1 - behind)
        inside += length[within].sum()
        reached += length[passed].sum()
        both += length[within & passed].sum()
    return both / max(reached, 1e-9), 1 - both / max(inside, 1e-9)


def main() -> None:
    """Print a line per network and mode."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    print("network                mode   areas  both bounds  least held  most foreign  s/area")
    for name, file in NETWORKS.items():
        if not (DATA / file).is_file():
            print(f"no {DATA / file}: set RPE_REAL_DATA")
            continue
        with tempfile.TemporaryDirectory() as temporary:
            build_streets(DATA / file, Path(temporary) / "streets")
            engine = StreetEngine(Path(temporary) / "streets")
            for mode in ("walk", "bike", "car"):
                measure(engine, name, mode, count)


def measure(engine: StreetEngine, name: str, mode: str, count: int) -> None:
    """Print the line of one network and mode; the areas that miss a bound follow it."""
    search = engine._search(mode)
    network = search.network
    rng = np.random.default_rng(7)
    spots = rng.choice(network.shape_longitude.size, count, replace=False)
    noise = rng.normal(0, 2e-4, (2, count))
    doors = gpd.GeoSeries(
        gpd.points_from_xy(
            network.shape_longitude[spots] + noise[0], network.shape_latitude[spots] + noise[1]
        ),
        crs=4326,
    )
    spent, found = 0.0, []
    for door in doors:
        begin = time.process_time()
        areas = engine.isochrones(door, mode=mode, minutes=MINUTES)
        spent += time.process_time() - begin
        at = np.array([door.x]), np.array([door.y])
        start = engine._snap(search, mode, *at)
        clock = Clock.start(network, start, MINUTES[-1], np.zeros(1))
        for minutes, area in zip(MINUTES, areas.geometry, strict=True):
            assert area.is_valid
            found.append((*shares(clock, area, minutes), minutes, door))
    held, foreign = np.array([row[0] for row in found]), np.array([row[1] for row in found])
    good = (held >= 0.95) & (foreign <= 0.05)
    print(
        f"{name:22s} {mode:5s}  {len(found):4d}   {good.mean():8.2%}     {held.min():8.2%}   {foreign.max():8.2%}"
        f"     {spent / len(found):6.3f}",
        flush=True,
    )
    if "--misses" in sys.argv:
        for row in np.flatnonzero(~good).tolist():
            held_share, foreign_share, minutes, door = found[row]
            print(
                f"    {door.x:.5f} {door.y:.5f}  {minutes:2d} min  {held_share:.1%} held  {foreign_share:.1%} foreign"
            )


if __name__ == "__main__":
    main()
