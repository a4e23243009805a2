"""
Travel times between many points, a block of demand at a time: never all pairs in memory at once.

A block is brute force on unit vectors: with thousands of points within reach of each other, a dense block of distances
costs less than a search tree. Pairs come in the order (demand, supply), with the same bits as `straight_pairs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpe_geo.crs import EARTH_RADIUS_M
from rpe_geo.errors import InputError
from rpe_geo.observatory.neighbours import StraightPace, unit_vectors
from rpe_geo.protocols import Mode, TravelTimeEngine

__all__ = ["PairBlock", "PairBlocks"]

Floats = NDArray[np.float64]

_CELLS = 4_000_000
"""Distances computed at once: blocks of 32 MB."""


@dataclass(frozen=True)
class PairBlock:
    """
    The pairs of consecutive demand points.

    Parameters
    ----------
    first, last
        The points are `first:last` of all.
    demand_at, supply_at
        Positions of each pair's ends: the demand counted from `first`, the supply from 0; in this order.
    minutes
        Travel time of each pair.
    """

    first: int
    last: int
    demand_at: NDArray[np.integer]
    supply_at: NDArray[np.integer]
    minutes: Floats


@dataclass(frozen=True)
class PairBlocks:
    """
    All pairs within a longest travel time; iterate as often as needed.

    Parameters
    ----------
    demand, supply
        Points by id: `longitude`, `latitude` (EPSG:4326).
    pace
        How long great circles take.
    cutoff_min
        Longest travel time kept, in minutes.
    engine, mode
        Travel times on real streets where these are known; None computes all from great circles. Times on streets are
        computed once and kept.
    """

    demand: pd.DataFrame
    supply: pd.DataFrame
    pace: StraightPace
    cutoff_min: float
    engine: TravelTimeEngine | None = None
    mode: Mode = "car"
    _kept: list[PairBlock] = field(default_factory=list, init=False, repr=False, compare=False)

    def __iter__(self) -> Iterator[PairBlock]:
        if self.engine is None:
            yield from self._straight()
            return
        if not self._kept:
            self._kept.extend(self._mixed(self.engine))
        yield from self._kept

    def _blocks(self) -> Iterator[tuple[int, int]]:
        step = max(1, _CELLS // max(len(self.supply), 1))
        for first in range(0, len(self.demand), step):
            yield first, min(first + step, len(self.demand))

    def _straight(self) -> Iterator[PairBlock]:
        demand_xyz, supply_xyz = _vectors(self.demand), _vectors(self.supply)
        reach_m = self.pace.reach_m(self.cutoff_min)
        for first, last in self._blocks():
            near, there, metres = _within(demand_xyz[first:last], supply_xyz, reach_m)
            minutes = self.pace.start_min + metres * self.pace.minutes_per_m
            yield PairBlock(first, last, near, there, minutes)

    def _mixed(self, engine: TravelTimeEngine) -> Iterator[PairBlock]:
        """Take the times on streets between points on them, and great circles for all the others."""
        demand_known, origins = on_streets(self.demand, engine, self.mode)
        supply_known, destinations = on_streets(self.supply, engine, self.mode)
        columns = np.flatnonzero(supply_known)
        rows_before = np.append(0, np.cumsum(demand_known))
        for block in self._straight():
            dense = np.full((block.last - block.first, len(self.supply)), np.inf)
            dense[block.demand_at, block.supply_at] = block.minutes
            rows = np.flatnonzero(demand_known[block.first : block.last])
            if len(rows) and len(columns):
                here = origins.iloc[rows_before[block.first] : rows_before[block.last]]
                matrix = engine.travel_times(
                    here, destinations, mode=self.mode, cutoff_min=self.cutoff_min
                ).to_numpy()
                dense[np.ix_(rows, columns)] = np.where(matrix <= self.cutoff_min, matrix, np.inf)
            demand_at, supply_at = np.nonzero(dense < np.inf)
            minutes = dense[demand_at, supply_at]
            # Kept for a second pass: half the size.
            near, there = demand_at.astype(np.int32), supply_at.astype(np.int32)
            yield PairBlock(block.first, block.last, near, there, minutes)


def _vectors(points: pd.DataFrame) -> Floats:
    return unit_vectors(
        points["longitude"].to_numpy(dtype=np.float64),
        points["latitude"].to_numpy(dtype=np.float64),
    )


def _within(
    demand_xyz: Floats, supply_xyz: Floats, reach_m: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Find the pairs within a great-circle distance, in metres; the bits of `neighbours.within_reach`."""
    chord = 2 * np.sin(min(reach_m / EARTH_RADIUS_M, np.pi) / 2)
    # A hair more than the chord, so that rounding never decides; the distance below does.
    widest = (chord * (1 + 1e-9) + 1e-15) ** 2
    centre = demand_xyz.mean(axis=0)
    radius = np.sqrt(((demand_xyz - centre) ** 2).sum(axis=1).max())
    ball = ((supply_xyz - centre) ** 2).sum(axis=1) <= (radius + chord * 1.001 + 1e-9) ** 2
    candidates = np.flatnonzero(ball)
    squared = np.zeros((len(demand_xyz), len(candidates)))
    for axis in range(3):
        delta = demand_xyz[:, axis, None] - supply_xyz[candidates, axis]
        delta *= delta
        squared += delta
    near, there = np.nonzero(squared <= widest)
    metres = 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(np.sqrt(squared[near, there]) / 2, 1.0))
    kept = metres <= reach_m
    if not kept.all():
        near, there, metres = near[kept], there[kept], metres[kept]
    return near, candidates[there], metres


def on_streets(
    points: pd.DataFrame, engine: TravelTimeEngine, mode: Mode
) -> tuple[NDArray[np.bool_], gpd.GeoSeries]:
    """Keep the points that the streets of the engine can reach: mask and points."""
    series = gpd.GeoSeries(
        gpd.points_from_xy(points["longitude"], points["latitude"]), points.index, crs=4326
    )
    kept = np.ones(len(points), dtype=bool)
    bounds = engine.describe().get("bbox")
    if bounds is not None:
        west, south, east, north = bounds
        kept = (
            points["longitude"].between(west, east) & points["latitude"].between(south, north)
        ).to_numpy(dtype=bool)
    while kept.any():
        try:
            engine.travel_times(series[kept], series[kept].iloc[:1], mode=mode, cutoff_min=1)
            break
        except InputError as error:
            if error.code != "point_too_far":
                raise
            kept = kept & (points.index != error.values["point"])
    return kept, series[kept]
