"""
Access tile by tile: the same figures to the last bit, on one process, on several, or on a cluster.

Three passes, each over tiles that need nothing of each other: what each demand reaches, how each supply is shared, what
each demand gets. A tile reads the points around it within reach (its halo), in their global order, so that every sum
adds the same terms in the same order as a run in one piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpe_geo.crs import EARTH_RADIUS_M
from rpe_geo.observatory.decay import Binary, Decay
from rpe_geo.observatory.neighbours import StraightPace, unit_vectors, within_reach

__all__ = ["Job", "Runner", "in_turn", "tiled_access_profile"]

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]


@dataclass(frozen=True)
class Job:
    """
    The work of one tile, with all that it needs.

    Parameters
    ----------
    name
        Pass and tile; the same inputs always have the same name.
    function
        A function of this module.
    arguments
        Its arguments: arrays of the tile and of its halo.
    """

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


class Runner(Protocol):
    """Runs jobs anywhere, and gives their results back in the order of the jobs."""

    def __call__(self, jobs: Sequence[Job]) -> Iterable[Any]:
        """Run all jobs."""
        ...


def in_turn(jobs: Sequence[Job]) -> Iterable[Any]:
    """Run jobs one after another in this process."""
    return [job.function(*job.arguments) for job in jobs]


def tiled_access_profile(
    demand: pd.DataFrame,
    supply: pd.DataFrame,
    pace: StraightPace,
    decay: Decay,
    *,
    tile_m: float = 60_000.0,
    run: Runner = in_turn,
) -> pd.DataFrame:
    """
    Compute the measures of access of `access_profile` from great circles, tile by tile.

    Parameters
    ----------
    demand
        By id: `longitude, latitude, children`, and if the zones are supply too, `inner_min` (minutes within the zone).
    supply
        By id: `longitude, latitude, places`.
    pace
        How long a distance takes.
    decay
        Weights of E2SFCA and 3SFCA; its cutoff is that of the others.
    tile_m
        Side of a tile in metres.
    run
        Runs the jobs: `in_turn`, or a cluster.

    Returns
    -------
    DataFrame
        See `access_profile`; the same bits.
    """
    d_xyz = unit_vectors(demand["longitude"].to_numpy(), demand["latitude"].to_numpy())
    s_xyz = unit_vectors(supply["longitude"].to_numpy(), supply["latitude"].to_numpy())
    children = demand["children"].to_numpy(dtype=np.float64)
    people = np.where(children > 0, children, 0.0)
    places = np.nan_to_num(supply["places"].to_numpy(dtype=np.float64), nan=0.0)
    twin = np.full(len(demand), -1)
    inner = np.zeros(len(demand))
    if "inner_min" in demand:
        twin = supply.index.get_indexer(demand.index)
        inner = demand["inner_min"].to_numpy(dtype=np.float64)
    space = _Space(pace, decay, pace.reach_m(decay.cutoff_min))
    demand_tiles = _tiles(demand, tile_m)
    supply_tiles = _tiles(supply, tile_m)
    halo_m = space.reach_m

    def around(xyz: Floats, other: Floats) -> Positions:
        """Positions of the other points that the tile may reach: those in its ball, widened by the reach."""
        centre = xyz.mean(axis=0)
        radius = np.sqrt(((xyz - centre) ** 2).sum(axis=1).max())
        chord = radius + 1.01 * halo_m / EARTH_RADIUS_M + 1e-9
        near: Positions = np.flatnonzero(((other - centre) ** 2).sum(axis=1) <= chord**2)
        return near

    def job(name: str, function: Callable[..., Any], d: Positions, s: Positions, *more: Any) -> Job:
        local_twin = np.full(len(d), -1)
        if (twin >= 0).any():
            at = np.searchsorted(s, twin[d])
            hit = (at < len(s)) & (s[np.minimum(at, len(s) - 1)] == twin[d]) & (twin[d] >= 0)
            local_twin[hit] = at[hit]
        return Job(
            name,
            function,
            (space, d_xyz[d], s_xyz[s], local_twin, inner[d], people[d], places[s], *more),
        )

    # Pass 1: what each demand reaches.
    halos = [around(d_xyz[tile], s_xyz) for tile in demand_tiles]
    jobs = [
        job(f"reach-{n}", _reach, tile, halo)
        for n, (tile, halo) in enumerate(zip(demand_tiles, halos, strict=True))
    ]
    reached = _gather(run(jobs), demand_tiles, len(demand), 3)
    # Pass 2: how each supply is shared.
    around_supply = [around(s_xyz[tile], d_xyz) for tile in supply_tiles]
    jobs = [
        job(f"share-{n}", _share, near, tile, reached[0][near])
        for n, (tile, near) in enumerate(zip(supply_tiles, around_supply, strict=True))
    ]
    ratios = _gather(run(jobs), supply_tiles, len(supply), 3)
    # Pass 3: what each demand gets.
    jobs = [
        job(f"get-{n}", _get, tile, halo, reached[0][tile], ratios[:, halo])
        for n, (tile, halo) in enumerate(zip(demand_tiles, halos, strict=True))
    ]
    got = _gather(run(jobs), demand_tiles, len(demand), 3)
    present = children > 0
    columns = {
        "access_e2sfca": got[0],
        "access_2sfca": got[1],
        "access_3sfca": got[2],
        "places_within_reach": reached[1],
        "minutes_to_closest": reached[2],
    }
    return pd.DataFrame(
        {name: np.where(present, values, np.nan) for name, values in columns.items()}, demand.index
    )


@dataclass(frozen=True)
class _Space:
    """What all tiles share."""

    pace: StraightPace
    decay: Decay
    reach_m: float


def _tiles(points: pd.DataFrame, tile_m: float) -> list[Positions]:
    """Cut points into square tiles; positions in ascending order."""
    if points.empty:
        return []
    row = np.floor(points["latitude"].to_numpy() * 111_195 / tile_m).astype(np.int64)
    # Meridians draw nearer towards the poles: the width of a row follows its latitude.
    shrink = np.maximum(np.cos(np.radians((row + 0.5) * tile_m / 111_195)), 0.05)
    column = np.floor(points["longitude"].to_numpy() * 111_195 * shrink / tile_m).astype(np.int64)
    _, tile = np.unique(np.column_stack([row, column]), axis=0, return_inverse=True)
    order = np.argsort(tile.ravel(), kind="stable")
    counts = np.bincount(tile.ravel())
    return np.split(order, np.cumsum(counts)[:-1])


def _gather(results: Iterable[Any], tiles: Sequence[Positions], size: int, count: int) -> Floats:
    gathered = np.zeros((count, size))
    for tile, found in zip(tiles, results, strict=True):
        gathered[:, tile] = found
    return gathered


def _pairs(
    space: _Space, d_xyz: Floats, s_xyz: Floats, twin: Positions, inner: Floats
) -> tuple[Positions, Positions, Floats]:
    d, s, metres = within_reach(d_xyz, s_xyz, space.reach_m)
    minutes = space.pace.start_min + metres * space.pace.minutes_per_m
    same = twin[d] == s
    minutes[same] = inner[d][same]
    return d.astype(np.intp), s.astype(np.intp), minutes


def _reach(
    space: _Space,
    d_xyz: Floats,
    s_xyz: Floats,
    twin: Positions,
    inner: Floats,
    _people: Floats,
    places: Floats,
) -> Floats:
    """Sum the weights, count the places within reach, find the closest: three rows by demand."""
    d, s, minutes = _pairs(space, d_xyz, s_xyz, twin, inner)
    n = len(d_xyz)
    weight = space.decay(minutes)
    flat = Binary(space.decay.cutoff_min)(minutes)
    closest = np.full(n, np.inf)
    usable = places[s] > 0
    np.minimum.at(closest, d[usable], minutes[usable])
    return np.vstack(
        [
            np.bincount(d, weights=weight, minlength=n),
            np.bincount(d, weights=flat * places[s], minlength=n),
            closest,
        ]
    )


def _share(
    space: _Space,
    d_xyz: Floats,
    s_xyz: Floats,
    twin: Positions,
    inner: Floats,
    people: Floats,
    places: Floats,
    weights: Floats,
) -> Floats:
    """Divide the places of each supply by the demand drawn to it: three rows (E2SFCA, 2SFCA, 3SFCA)."""
    d, s, minutes = _pairs(space, d_xyz, s_xyz, twin, inner)
    weight = space.decay(minutes)
    flat = Binary(space.decay.cutoff_min)(minutes)
    selection = np.divide(weight, weights[d], out=np.zeros_like(weight), where=weights[d] > 0)
    rows = []
    for attraction in (weight, flat, selection * weight):
        counted = attraction > 0
        drawn = np.bincount(
            s[counted], weights=(attraction * people[d])[counted], minlength=len(s_xyz)
        )
        rows.append(np.divide(places, drawn, out=np.zeros(len(s_xyz)), where=drawn > 0))
    return np.vstack(rows)


def _get(
    space: _Space,
    d_xyz: Floats,
    s_xyz: Floats,
    twin: Positions,
    inner: Floats,
    _people: Floats,
    _places: Floats,
    weights: Floats,
    ratios: Floats,
) -> Floats:
    """Sum what each demand gets of the supply it reaches: three rows (E2SFCA, 2SFCA, 3SFCA)."""
    d, s, minutes = _pairs(space, d_xyz, s_xyz, twin, inner)
    weight = space.decay(minutes)
    flat = Binary(space.decay.cutoff_min)(minutes)
    selection = np.divide(weight, weights[d], out=np.zeros_like(weight), where=weights[d] > 0)
    rows = []
    for attraction, ratio in zip((weight, flat, selection * weight), ratios, strict=True):
        counted = attraction > 0
        rows.append(
            np.bincount(d[counted], weights=(attraction * ratio[s])[counted], minlength=len(d_xyz))
        )
    return np.vstack(rows)
