"""Earliest arrivals by public transport, round by round (RAPTOR), for many departures at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpe_geo.travel.timetable import DayPattern

__all__ = ["Arrivals", "Footpaths", "earliest_arrivals"]

Floats = NDArray[np.float64]

MAX_RIDES = 5


@dataclass(frozen=True, eq=False)
class Footpaths:
    """
    Walks between stops, sorted by the stop that they lead to.

    Parameters
    ----------
    origin, target
        Stops.
    seconds
        Walking time.
    """

    origin: NDArray[np.int64]
    target: NDArray[np.int64]
    seconds: Floats

    @classmethod
    def of(cls, origin: NDArray[np.int64], target: NDArray[np.int64], seconds: Floats) -> Footpaths:
        """Sort walks by their target."""
        order = np.argsort(target, kind="stable")
        return cls(origin[order], target[order], seconds[order])

    def spread(self, arrivals: Floats) -> Floats:
        """Walk on from every stop; arrivals have a row per stop and a column per departure."""
        if not self.target.size:
            return arrivals.copy()
        candidates = arrivals[self.origin] + self.seconds[:, None]
        first = np.flatnonzero(np.concatenate([[True], np.diff(self.target) != 0]))
        best = np.minimum.reduceat(candidates, first, axis=0)
        spread = arrivals.copy()
        targets = self.target[first]
        spread[targets] = np.minimum(spread[targets], best)
        return spread


@dataclass(frozen=True, eq=False)
class Arrivals:
    """
    Seconds after midnight at which each stop is reached, by number of rides.

    Parameters
    ----------
    ridden
        Shape (rounds, stops, departures): getting off the n-th vehicle there; row 0 is all `inf`.
    reached
        Same shape: also by a walk after the n-th ride; row 0 is the walk from the door. Never later than with fewer rides.
    """

    ridden: Floats
    reached: Floats


def earliest_arrivals(
    patterns: list[DayPattern], footpaths: Footpaths, start: Floats, *, max_rides: int = MAX_RIDES
) -> Arrivals:
    """
    Find the earliest arrival at every stop for many departures.

    Parameters
    ----------
    patterns
        What runs that day.
    footpaths
        Walks between stops.
    start
        Shape (stops, departures): seconds after midnight at which each stop is reached on foot from the door; `inf` where
        it is too far.
    max_rides
        Vehicles taken at most.

    Returns
    -------
    Arrivals
        By number of rides.

    Notes
    -----
    Delling, Pajor & Werneck (2012), Round-Based Public Transit Routing. Each round rides every line once, for all
    departures at the same time.
    """
    never = np.full_like(start, np.inf)
    ridden, reached = [never], [start.copy()]
    fresh: NDArray[np.bool_] = np.asarray(np.isfinite(start).any(axis=1))
    for _ in range(max_rides):
        before = reached[-1]
        off = never.copy()
        for pattern in patterns:
            waiting = np.flatnonzero(fresh[pattern.stops])
            if waiting.size and waiting[0] < pattern.stops.size - 1:
                _ride(pattern, int(waiting[0]), before, off)
        walked = np.minimum(footpaths.spread(off), before)
        fresh = np.asarray((walked < before).any(axis=1))
        ridden.append(off)
        reached.append(walked)
        if not fresh.any():
            break
    return Arrivals(np.stack(ridden), np.stack(reached))


def _ride(pattern: DayPattern, first: int, before: Floats, off: Floats) -> None:
    """Board the first trip that can be caught at each stop, and note where it lets one off."""
    trips = pattern.arrivals.shape[0]
    arrivals = np.vstack([pattern.arrivals, np.full(pattern.arrivals.shape[1], np.inf)])
    trip = np.full(before.shape[1], trips, dtype=np.int64)
    for position in range(first, pattern.stops.size):
        stop = int(pattern.stops[position])
        if pattern.alights[position] and position > first:
            np.minimum(off[stop], arrivals[trip, position], out=off[stop])
        if pattern.boards[position]:
            caught = np.searchsorted(pattern.departures[:, position], before[stop], side="left")
            np.minimum(trip, caught, out=trip)
