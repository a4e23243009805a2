"""
Measure how long a great circle takes by car on real street networks: minutes = start + distance × detour ÷ speed.

    python tests/benchmarks/observatory/measure_pace.py

The figures of `car_between_zones` in rpe_geo/parameters/observatory.toml come from here.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from rpe_geo.crs import great_circle_m
from rpe_geo.errors import InputError
from rpe_geo.travel.street import StreetEngine
from rpe_geo.travel.streets.network import build_streets, street_lines

DATA = Path(os.environ.get("RPE_REAL_DATA", "../shared/data"))
NETWORKS = (
    "montpellier/montpellier-streets-2014.osm.pbf",
    "saint-germain-en-laye/saint-germain-en-laye_2022-12-20_highways.osm.pbf",
    "heidelberg/heidelberg.osm.pbf",
)


def measure(pbf: Path, points: int = 400) -> None:
    """Print the fit of one network."""
    with tempfile.TemporaryDirectory() as folder:
        streets = Path(folder) / "streets"
        build_streets(pbf, streets)
        engine = StreetEngine(streets)
        lines = street_lines(streets)
        lines = lines.sample(min(points, len(lines)), random_state=0)
        first = shapely.get_point(lines.geometry.array, 0)
        ends = gpd.GeoSeries(first, index=[str(i) for i in range(len(first))], crs=4326)
        while True:
            try:
                minutes = engine.travel_times(ends, ends, mode="car", cutoff_min=60).to_numpy()
                break
            except InputError as error:  # a footpath far from any road
                ends = ends.drop(error.values["point"])
    lon, lat = ends.x.to_numpy(), ends.y.to_numpy()
    metres = great_circle_m(lon[:, None], lat[:, None], lon[None, :], lat[None, :])
    kept = np.isfinite(minutes) & (metres > 500)
    x, y = metres[kept], minutes[kept]
    slope, start = np.polyfit(x, y, 1)
    print(f"{pbf.stem}: {kept.sum()} pairs, up to {x.max() / 1000:.1f} km")
    print(
        f"  minutes = {start:.2f} + {slope * 1000:.3f} per km (residual {np.std(y - start - slope * x):.2f} min)"
    )
    for low, high in ((0.5, 1), (1, 2), (2, 4), (4, 6), (6, 9), (9, 14)):
        band = (x >= low * 1000) & (x < high * 1000)
        if band.sum() > 30:
            print(
                f"  {low}–{high} km: {np.median(y[band]):.1f} min, {np.median(x[band] / y[band]) * 60 / 1000:.1f} km/h as the crow flies"
            )


if __name__ == "__main__":
    for name in NETWORKS:
        measure(DATA / name)
