"""Small and middling siting problems, invented, and the truth by trying every choice."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from rpe_geo.planning.problem import SitingProblem


def problem(minutes, children=None, **limits) -> SitingProblem:
    minutes = np.asarray(minutes, dtype=float)
    zones, sites = minutes.shape
    empty = np.full(sites, np.nan)
    return SitingProblem(
        zones=pd.Index([f"z{i}" for i in range(zones)], dtype=object),
        children=np.ones(zones) if children is None else np.asarray(children, dtype=float),
        sites=pd.Index([f"s{j}" for j in range(sites)], dtype=object),
        minutes=minutes,
        **{
            name: np.asarray(limits.get(name, empty), dtype=float)
            for name in ("places_min", "places_max", "cost", "cost_per_place")
        },
    )


def plane(seed: int, zones: int, sites: int, width: float = 60.0) -> SitingProblem:
    random = np.random.default_rng(seed)
    homes, places = random.random((zones, 2)) * width, random.random((sites, 2)) * width
    minutes = np.hypot(*(homes[:, None, axis] - places[None, :, axis] for axis in (0, 1)))
    return problem(minutes.round(1), random.integers(1, 30, zones))


def every_choice(sites: int, count: int, existing=()):
    free = [site for site in range(sites) if site not in existing]
    for chosen in itertools.combinations(free, count):
        yield [*chosen, *existing]
