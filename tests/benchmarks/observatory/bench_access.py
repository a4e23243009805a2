"""
Compare our E2SFCA with pysal/access, and measure the national sizes; run as a script, never by pytest.

    python tests/benchmarks/observatory/bench_access.py [--large]

Both start from the same long table of travel times (36,000 zones × 250,000 places of care, about 5 million pairs).
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np
import pandas as pd

from rpe_geo.observatory.accessibility import three_step_fca, two_step_fca
from rpe_geo.observatory.decay import Step
from rpe_geo.observatory.neighbours import StraightPace, straight_pairs
from rpe_geo.observatory.pairs import TravelPairs
from rpe_geo.observatory.tiles import tiled_access_profile

PACE = StraightPace(1.45, 43.5, 2.5)
STEP = Step({5: 1, 10: 0.3, 15: 0.1})


def country(zones: int, places: int, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw zones and places of care around some hundreds of towns."""
    rng = np.random.default_rng(seed)
    towns = np.column_stack([rng.uniform(-3, 7, 900), rng.uniform(43, 50, 900)])

    def around(count: int) -> pd.DataFrame:
        at = towns[rng.integers(0, len(towns), count)] + rng.normal(0, 0.16, (count, 2))
        return pd.DataFrame({"longitude": at[:, 0], "latitude": at[:, 1]})

    demand = around(zones).assign(children=rng.integers(1, 60, zones).astype(float))
    supply = around(places).assign(places=rng.integers(1, 5, places).astype(float))
    return demand.rename_axis("geoid"), supply.rename_axis("geoid")


def compare() -> None:
    """Time both on one table of pairs, and compare their answers."""
    demand, supply = country(36_000, 250_000)
    pairs = straight_pairs(demand, supply, PACE, 15)
    long = pd.DataFrame(
        {"origin_id": pairs.demand_at, "destination_id": pairs.supply_at, "minutes": pairs.minutes}
    )
    print(f"{len(long):,} pairs")
    start = time.perf_counter()
    aligned = TravelPairs.from_long(long, demand.index, supply.index)
    built = time.perf_counter() - start
    start = time.perf_counter()
    ours = two_step_fca(demand["children"], supply["places"], aligned, STEP)
    measured = time.perf_counter() - start
    print(f"ours: table to pairs {built:.2f} s, E2SFCA {measured:.2f} s")
    start = time.perf_counter()
    three_step_fca(demand["children"], supply["places"], aligned, STEP)
    print(f"ours: 3SFCA {time.perf_counter() - start:.2f} s")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from access import fca, weights

        costs = long.rename(
            columns={"origin_id": "origin", "destination_id": "dest", "minutes": "cost"}
        )
        start = time.perf_counter()
        theirs = fca.two_stage_fca(
            demand[["children"]].reset_index(), supply[["places"]], costs, 15, demand_index="geoid",
            demand_name="children", supply_name="places", weight_fn=weights.step_fn({5: 1, 10: 0.3, 15: 0.1}),
        )  # fmt: skip
        peer = time.perf_counter() - start
    difference = (ours.loc[theirs.index] - theirs).abs().max()
    print(f"pysal/access: E2SFCA {peer:.2f} s; greatest difference {difference:.1e}")
    print(
        f"ratio: {peer / measured:.0f} on the measure, {peer / (measured + built):.0f} with the reading of the table"
    )


def large() -> None:
    """Measure 600,000 cells × 250,000 places, tile by tile, on this thread and on two."""
    demand, supply = country(600_000, 250_000, seed=1)
    start = time.perf_counter()
    alone = tiled_access_profile(demand, supply, PACE, STEP)
    print(f"600k × 250k in turn: {time.perf_counter() - start:.0f} s (five measures)")
    from rpe_geo.deployment.cluster import LocalRunner

    with LocalRunner() as run:
        start = time.perf_counter()
        spread = tiled_access_profile(demand, supply, PACE, STEP, run=run)
        print(f"600k × 250k on two threads: {time.perf_counter() - start:.0f} s")
    print(f"the same bits: {alone.equals(spread)}")


if __name__ == "__main__":
    compare()
    if "--large" in sys.argv:
        large()
