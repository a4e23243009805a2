"""Who is near whom: travel times from great circles, for every pair within reach and no other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import KDTree

from rpe_geo.crs import EARTH_RADIUS_M
from rpe_geo.observatory.pairs import TravelPairs

__all__ = ["StraightPace", "straight_pairs", "unit_vectors", "within_reach"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StraightPace:
    """
    How long a great circle takes: minutes = start + distance × detour ÷ speed.

    Parameters
    ----------
    detour_factor
        Length of the way over the great circle, measured on real networks.
    speed_kph
        Speed along the way.
    start_min
        Minutes that any trip takes before it moves at that speed.
    """

    detour_factor: float
    speed_kph: float
    start_min: float = 0.0

    @property
    def minutes_per_m(self) -> float:
        """Minutes for a metre of great circle."""
        return self.detour_factor * 60 / (self.speed_kph * 1000)

    def reach_m(self, minutes: float) -> float:
        """Distance of great circle that some minutes reach."""
        return max(0.0, minutes - self.start_min) / self.minutes_per_m


def unit_vectors(longitude: Floats, latitude: Floats) -> Floats:
    """Place points on the unit sphere: an array (n, 3)."""
    lon, lat = np.radians(longitude), np.radians(latitude)
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def within_reach(
    demand_xyz: Floats, supply_xyz: Floats, reach_m: float
) -> tuple[NDArray[np.int32], NDArray[np.int32], Floats]:
    """
    Find all pairs of unit vectors within a great-circle distance, ordered by (demand, supply).

    Parameters
    ----------
    demand_xyz, supply_xyz
        Unit vectors, arrays (n, 3) and (m, 3).
    reach_m
        Longest distance kept, in metres.

    Returns
    -------
    tuple of arrays
        Position of the demand, position of the supply, distance in metres; the same pair always gets the same bits,
        whatever else is searched with it.
    """
    if not len(demand_xyz) or not len(supply_xyz):
        return np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0)
    chord = 2 * np.sin(min(reach_m / EARTH_RADIUS_M, np.pi) / 2)
    # A hair more than the chord, so that rounding in the tree never decides; the distance below does.
    found = KDTree(demand_xyz).sparse_distance_matrix(
        KDTree(supply_xyz), chord * (1 + 1e-9) + 1e-15, output_type="ndarray"
    )
    order = np.argsort(found["i"] * np.int64(len(supply_xyz)) + found["j"])
    demand_at = found["i"][order].astype(np.int32)
    supply_at = found["j"][order].astype(np.int32)
    delta = demand_xyz[demand_at] - supply_xyz[supply_at]
    squared = delta[:, 0] * delta[:, 0] + delta[:, 1] * delta[:, 1] + delta[:, 2] * delta[:, 2]
    distance_m = 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(np.sqrt(squared) / 2, 1.0))
    near = distance_m <= reach_m
    return demand_at[near], supply_at[near], distance_m[near]


def straight_pairs(
    demand: pd.DataFrame,
    supply: pd.DataFrame,
    pace: StraightPace,
    cutoff_min: float,
    *,
    inner_min: pd.Series | None = None,
) -> TravelPairs:
    """
    Compute the travel times of all pairs within reach, from great circles.

    Parameters
    ----------
    demand, supply
        Points by id: `longitude`, `latitude` (EPSG:4326).
    pace
        How long a distance takes.
    cutoff_min
        Longest travel time kept, in minutes.
    inner_min
        For zones that are demand and supply at once (same id): the minutes within the zone, instead of the start alone.

    Returns
    -------
    TravelPairs
        Minutes by pair.
    """
    demand_at, supply_at, distance_m = within_reach(
        unit_vectors(demand["longitude"].to_numpy(), demand["latitude"].to_numpy()),
        unit_vectors(supply["longitude"].to_numpy(), supply["latitude"].to_numpy()),
        pace.reach_m(cutoff_min),
    )
    minutes = pace.start_min + distance_m * pace.minutes_per_m
    if inner_min is not None:
        twin = supply.index.get_indexer(demand.index)
        same = twin[demand_at] == supply_at
        minutes[same] = inner_min.reindex(demand.index).to_numpy()[demand_at[same]]
    return TravelPairs.from_positions(demand.index, supply.index, demand_at, supply_at, minutes)
