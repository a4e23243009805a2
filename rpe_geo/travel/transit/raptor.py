"""Earliest arrivals by public transport, round by round (RAPTOR), for many departures at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpe_geo.travel.transit.footpaths import Footpaths
from rpe_geo.travel.transit.timetable import DayPattern, Frequency

__all__ = ["Arrivals", "DayLines", "earliest_arrivals"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SPAN_S = 2.0e6
"""Longer than any two times of a day's journeys are apart: it keeps the columns of the timetable in order, end to end."""


@dataclass(frozen=True, eq=False)
class DayLines:
    """
    The patterns of one day, laid out so that a position along all of them is ridden in one step.

    Parameters
    ----------
    patterns
        Longest first.
    lengths, trips
        Stops and trips of each pattern.
    stops, events
        Stop of each call (pattern and position, pattern by pattern), and where the call stands in `by_stop`.
    cells
        Where the times of each call begin in `arrivals` and `keys`; a call has one entry per trip, in order, and one more that
        never comes.
    arrivals
        Seconds after midnight; `inf` where one may not get off.
    keys
        Departures, shifted so that the whole array is sorted; where one may not board no departure can be caught.
    first_calls
        Where each pattern begins in `stops`.
    frequent
        Trips without exact times.
    stop_starts, stops_called
        Where the calls of each stop that has some begin in `by_stop`, and which stop that is.
    """

    patterns: tuple[DayPattern, ...]
    lengths: Ints
    trips: Ints
    stops: Ints
    events: Ints
    cells: Ints
    arrivals: Floats
    keys: Floats
    first_calls: Ints
    stop_starts: Ints
    stops_called: Ints
    frequent: tuple[Frequency, ...] = ()

    @classmethod
    def of(cls, patterns: Sequence[DayPattern], frequent: Sequence[Frequency] = ()) -> DayLines:
        """Lay out the patterns of a day, and its trips without exact times."""
        ordered = tuple(sorted(patterns, key=lambda pattern: -pattern.stops.size))
        lengths = np.array([pattern.stops.size for pattern in ordered], dtype=np.int64)
        trips = np.array([pattern.arrivals.shape[0] for pattern in ordered], dtype=np.int64)
        first_calls = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        calls = int(first_calls[-1])
        cells = np.concatenate([[0], np.cumsum(np.repeat(trips + 1, lengths))]).astype(np.int64)
        arrivals, keys = np.empty(int(cells[-1])), np.empty(int(cells[-1]))
        for number, pattern in enumerate(ordered):
            part = slice(cells[first_calls[number]], cells[first_calls[number + 1]])
            never = np.full((pattern.stops.size, 1), np.inf)
            off = np.where(pattern.alights[:, None], pattern.arrivals.T, np.inf)
            arrivals[part] = np.hstack([off, never]).ravel()
            on = np.where(pattern.boards[:, None], pattern.departures.T, -_SPAN_S / 2)
            shift = (np.arange(pattern.stops.size) + first_calls[number])[:, None] * _SPAN_S
            keys[part] = (np.hstack([on, np.full_like(never, _SPAN_S / 2)]) + shift).ravel()
        stops = np.concatenate([np.zeros(0, np.int64), *(pattern.stops for pattern in ordered)])
        by_stop = np.argsort(stops, kind="stable")
        events = np.empty(calls, dtype=np.int64)
        events[by_stop] = np.arange(calls)
        called, starts = np.unique(stops[by_stop], return_index=True)
        return cls(
            patterns=ordered,
            lengths=lengths,
            trips=trips,
            stops=stops,
            events=events,
            cells=cells[:-1],
            arrivals=arrivals,
            keys=keys,
            first_calls=first_calls[:-1],
            stop_starts=starts,
            stops_called=called,
            frequent=tuple(frequent),
        )

    def ride(self, ready: Floats, fresh: NDArray[np.bool_]) -> Floats:
        """
        Ride every line once.

        Parameters
        ----------
        ready
            Shape (stops, departures): when one is ready to board.
        fresh
            Stops where that is new; lines that stop at none of them are left out.

        Returns
        -------
        ndarray
            Same shape: when one gets off there.
        """
        off = np.full_like(ready, np.inf)
        for line in self.frequent:
            _ride_often(line, ready, fresh, off)
        if not self.stops.size:
            return off
        candidates = np.full((self.stops.size, ready.shape[1]), np.inf)
        boarded = np.logical_or.reduceat(fresh[self.stops], self.first_calls)
        lines = np.flatnonzero(boarded)
        trip = np.repeat(self.trips[lines, None], ready.shape[1], axis=1)
        longest = int(self.lengths[lines[0]]) if lines.size else 0
        for position in range(longest):
            riding = int(np.searchsorted(-self.lengths[lines], -position, side="left"))
            calls = self.first_calls[lines[:riding]] + position
            cells = self.cells[calls][:, None]
            aboard = trip[:riding]
            if position:
                candidates[self.events[calls]] = self.arrivals[cells + aboard]
            new = np.flatnonzero(fresh[self.stops[calls]])
            if new.size:
                when = np.clip(ready[self.stops[calls[new]]], -_SPAN_S / 2 + 1, _SPAN_S / 2 - 1)
                when += (calls[new] * _SPAN_S)[:, None]
                caught = np.searchsorted(self.keys, when) - cells[new]
                aboard[new] = np.minimum(aboard[new], caught)
        off[self.stops_called] = np.minimum(
            off[self.stops_called], np.minimum.reduceat(candidates, self.stop_starts, axis=0)
        )
        return off


def _ride_often(line: Frequency, ready: Floats, fresh: NDArray[np.bool_], off: Floats) -> None:
    """Ride a trip without exact times, and note in `off` when one gets off."""
    if not fresh[line.stops].any():
        return
    left = np.full(ready.shape[1], np.inf)
    for position, stop in enumerate(line.stops.tolist()):
        if position and line.alights[position]:
            off[stop] = np.minimum(off[stop], left + line.arrivals[position])
        if line.boards[position]:
            left = np.minimum(left, line.leaves(ready[stop], position))


@dataclass(frozen=True, eq=False)
class Arrivals:
    """
    Seconds after midnight at which each stop is reached, by number of rides.

    Parameters
    ----------
    ridden
        Shape (rounds, stops, departures): getting off the n-th vehicle there; row 0 is all `inf`.
    ready
        Same shape: ready to board the next one, the change made; row 0 is the walk from the door. Never later than with fewer
        rides.
    """

    ridden: Floats
    ready: Floats


def earliest_arrivals(
    lines: DayLines, footpaths: Footpaths, start: Floats, *, max_rides: int
) -> Arrivals:
    """
    Find the earliest arrival at every stop for many departures.

    Parameters
    ----------
    lines
        What runs that day.
    footpaths
        Changes between stops and at stops.
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
    departures at the same time. A vehicle is caught when one is ready at the second at which it leaves, or before.
    """
    ridden, ready = [np.full_like(start, np.inf)], [start.copy()]
    fresh: NDArray[np.bool_] = np.asarray(np.isfinite(start).any(axis=1))
    for _ in range(max_rides):
        before = ready[-1]
        off = lines.ride(before, fresh)
        after = np.minimum(footpaths.spread(off), before)
        fresh = np.asarray((after < before).any(axis=1))
        ridden.append(off)
        ready.append(after)
        if not fresh.any():
            break
    return Arrivals(np.stack(ridden), np.stack(ready))
