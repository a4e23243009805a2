"""Which vehicles a journey rides, read back from the times at which stops were reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rpe_geo.travel.transit.footpaths import Footpaths
from rpe_geo.travel.transit.raptor import Arrivals, DayLines

__all__ = ["Leg", "RideTracer"]


@dataclass(frozen=True)
class Leg:
    """One ride: the line, its stops (numbers), and seconds after midnight of boarding and getting off."""

    route: str
    stops: tuple[int, ...]
    boarded_s: float
    left_s: float


@dataclass(frozen=True, eq=False)
class RideTracer:
    """
    Reads one search for one departure backwards, ride by ride.

    Parameters
    ----------
    lines, footpaths
        What was searched.
    found
        The first departure of it is read.
    routes
        Names of the lines.
    """

    lines: DayLines
    footpaths: Footpaths
    found: Arrivals
    routes: Sequence[str]

    def legs(self, rides: int, stop: int) -> list[Leg]:
        """Return the rides that end at a stop, in order."""
        legs: list[Leg] = []
        while rides > 0:
            leg = self._ride_to(rides, stop)
            legs.append(leg)
            rides, stop = self._came_from(rides - 1, leg.stops[0])
        return legs[::-1]

    def _ride_to(self, rides: int, stop: int) -> Leg:
        """Find the vehicle that lets one off at a stop at the time noted, boarded where one is ready first."""
        arrived = self.found.ridden[rides, stop, 0]
        ready = self.found.ready[rides - 1, :, 0]
        for pattern in self.lines.patterns:
            for position in np.flatnonzero((pattern.stops == stop) & pattern.alights).tolist():
                for trip in np.flatnonzero(pattern.arrivals[:, position] == arrived).tolist():
                    before = ready[pattern.stops[:position]]
                    caught = pattern.boards[:position] & (
                        before <= pattern.departures[trip, :position]
                    )
                    if caught.any():
                        # The nearest stop, not the last one that can be walked to ahead of the vehicle.
                        start = int(np.argmin(np.where(caught, before, np.inf)))
                        return Leg(
                            route=self.routes[int(pattern.routes[trip])],
                            stops=tuple(pattern.stops[start : position + 1].tolist()),
                            boarded_s=float(pattern.departures[trip, start]),
                            left_s=float(arrived),
                        )
        for line in self.lines.frequent:
            for position in np.flatnonzero((line.stops == stop) & line.alights).tolist():
                for start in np.flatnonzero(line.boards[:position])[::-1].tolist():
                    left = float(line.leaves(ready[line.stops[[start]]], start)[0])
                    if left + line.arrivals[position] == arrived:
                        return Leg(
                            route=self.routes[line.route],
                            stops=tuple(line.stops[start : position + 1].tolist()),
                            boarded_s=left + float(line.departures[start]),
                            left_s=float(arrived),
                        )
        raise AssertionError("an arrival without a vehicle")

    def _came_from(self, rides: int, stop: int) -> tuple[int, int]:
        """Tell with how many rides, and off which stop, one was ready at a stop."""
        when = self.found.ready[rides, stop, 0]
        while rides > 0 and self.found.ready[rides - 1, stop, 0] == when:
            rides -= 1
        if rides == 0:
            return rides, stop
        here = np.flatnonzero(self.footpaths.target == stop)
        origins = self.footpaths.origin[here]
        arrived = self.found.ridden[rides, origins, 0] + self.footpaths.seconds[here]
        return rides, int(origins[int(np.argmin(arrived))])
