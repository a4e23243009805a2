"""Public transport: the timetable and the walks to, between and from its stops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from rpe_geo.crs import EARTH_RADIUS_M
from rpe_geo.errors import InputError
from rpe_geo.protocols import Progress
from rpe_geo.travel.raptor import Arrivals, Footpaths, earliest_arrivals
from rpe_geo.travel.timetable import DayPattern, Timetable, TransitReport, build_timetable

__all__ = ["Journeys", "Leg", "Places", "TransitReport", "TransitSearch", "build_transit"]

Floats = NDArray[np.float64]
Places = tuple[Floats, Floats]
Walk = Callable[[Places, Places, float], Floats]
"""`walk(origins, destinations, limit_min)`: minutes on foot; `inf` beyond the limit or off the streets."""

_TRANSFER_M = 500.0
_TRANSFER_MIN = 12.0
_CHANGE_S = 60.0
_CELLS = 6_000_000
_LAST_DEPARTURE_H = 30


def build_transit(
    gtfs: Path, directory: Path, *, progress: Progress | None = None
) -> TransitReport:
    """
    Build the timetable of a territory from a GTFS feed.

    Parameters
    ----------
    gtfs
        A `.zip`, or the folder of its tables.
    directory
        Folder to make; replaced as a whole when it exists, untouched when the build fails.
    progress
        Told of the steps.

    Returns
    -------
    TransitReport
        Stops, trips and days of validity.

    Raises
    ------
    InvalidFile
        For a feed that is missing, unreadable or empty.
    """
    return build_timetable(gtfs, directory, progress=progress)


@dataclass(frozen=True, eq=False)
class Journeys:
    """
    Door-to-door times by public transport, the walk all the way included where it is faster.

    Parameters
    ----------
    minutes
        Shape (origins, departures, destinations); `inf` where there is no way.
    transfers
        Same shape: changes of vehicle; 0 also for a walk.
    """

    minutes: Floats
    transfers: NDArray[np.int64]


@dataclass(frozen=True)
class Leg:
    """One ride: the line, its stops (numbers), and seconds after midnight of boarding and getting off."""

    route: str
    stops: tuple[int, ...]
    boarded_s: float
    left_s: float


class TransitSearch:
    """
    Searches in a timetable.

    Parameters
    ----------
    timetable
        The timetable.
    walk
        How one walks between points.
    walk_limit_min
        The longest walk to or from a stop.
    """

    def __init__(self, timetable: Timetable, walk: Walk, *, walk_limit_min: float = 20.0) -> None:
        self.timetable = timetable
        self._walk = walk
        self._limit = walk_limit_min
        # A stop without coordinates lies at 0, 0: too far to walk to from anywhere.
        self._stops: Places = (
            np.nan_to_num(timetable.stop_longitude),
            np.nan_to_num(timetable.stop_latitude),
        )
        self._footpaths = self._walks_between_stops()

    def _walks_between_stops(self) -> Footpaths:
        """Link stops that lie close to each other, by the streets where there are some, else straight."""
        longitude, latitude = self._stops
        located = np.flatnonzero((longitude != 0) | (latitude != 0))
        per_degree = np.pi / 180 * EARTH_RADIUS_M
        shrink = float(np.cos(np.radians(latitude[located].mean()))) if located.size else 1.0
        metres = np.column_stack([longitude[located] * shrink, latitude[located]]) * per_degree
        pairs = cKDTree(metres).query_pairs(_TRANSFER_M, output_type="ndarray")
        if not pairs.size:
            none = np.empty(0, dtype=np.int64)
            return Footpaths.of(none, none, np.empty(0))
        origin = np.concatenate([pairs[:, 0], pairs[:, 1]])
        target = np.concatenate([pairs[:, 1], pairs[:, 0]])
        straight = np.hypot(*(metres[origin] - metres[target]).T) * 1.35 * 0.06 / 5.0
        minutes = np.full(origin.size, np.inf)
        order = np.argsort(origin, kind="stable")
        for begin in range(0, order.size, 4096):
            part = order[begin : begin + 4096]
            sources, row = np.unique(origin[part], return_inverse=True)
            targets, column = np.unique(target[part], return_inverse=True)
            table = self._walk(
                (longitude[located[sources]], latitude[located[sources]]),
                (longitude[located[targets]], latitude[located[targets]]),
                _TRANSFER_MIN,
            )
            minutes[part] = table[row, column]
        minutes = np.where(np.isfinite(minutes), minutes, np.where(straight < 5, straight, np.inf))
        kept = np.isfinite(minutes)
        return Footpaths.of(
            located[origin[kept]], located[target[kept]], minutes[kept] * 60 + _CHANGE_S
        )

    def check_departure(self, departure: datetime | None) -> datetime:
        """
        Return the departure, or a Tuesday at eight within the feed where none is given.

        Parameters
        ----------
        departure
            Local time.

        Returns
        -------
        datetime
            A time that the feed covers.

        Raises
        ------
        InputError
            `departure_outside_feed`, with the valid dates.
        """
        first, last = self.timetable.first_day, self.timetable.last_day
        if departure is None:
            day = min(max(datetime.now().astimezone().date(), first), last)
            candidates = [
                day + timedelta(days=shift)
                for shift in sorted(range(-7, 8), key=abs)
                if first <= day + timedelta(days=shift) <= last
            ]
            day = next((other for other in candidates if other.weekday() == 1), day)
            return datetime(day.year, day.month, day.day, 8)  # noqa: DTZ001 - local clock time
        if not first <= departure.date() <= last:
            raise InputError(
                "departure_outside_feed", departure=departure.date(), first=first, last=last
            )
        return departure

    def journeys(
        self,
        origins: Places,
        destinations: Places,
        departures: list[datetime],
        *,
        limit_min: float,
    ) -> Journeys:
        """
        Compute door-to-door minutes for each departure.

        Parameters
        ----------
        origins, destinations
            Longitudes and latitudes.
        departures
            Local times of one day.
        limit_min
            Times above may be `inf`.

        Returns
        -------
        Journeys
            Waiting at the first stop included.
        """
        day = departures[0].date()
        clock = np.array([_seconds_of(departure, day) for departure in departures])
        patterns = self.timetable.day(day)
        access = self._walk(origins, self._stops, min(self._limit, limit_min)) * 60
        egress = self._walk(self._stops, destinations, min(self._limit, limit_min)) * 60
        on_foot = self._walk(origins, destinations, limit_min)
        shape = (origins[0].size, clock.size, destinations[0].size)
        minutes = np.repeat(on_foot[:, None, :], clock.size, axis=1)
        transfers = np.zeros(shape, dtype=np.int64)
        rows = max(1, _CELLS // max(1, 6 * clock.size * self._stops[0].size))
        for begin in range(0, shape[0], rows):
            part = slice(begin, begin + rows)
            start = (access[part].T[:, :, None] + clock).reshape(self._stops[0].size, -1)
            found = earliest_arrivals(patterns, self._footpaths, start)
            for column in range(shape[2]):
                best, changes = _arrive(found, egress[:, column])
                ridden = best.reshape(-1, clock.size) - clock
                faster = ridden / 60 < minutes[part, :, column]
                minutes[part, :, column] = np.where(faster, ridden / 60, minutes[part, :, column])
                transfers[part, :, column] = np.where(faster, changes.reshape(ridden.shape), 0)
        minutes[minutes > limit_min] = np.inf
        transfers[~np.isfinite(minutes)] = 0
        return Journeys(minutes, transfers)

    def stops_reached(
        self, origin: Places, departure: datetime, *, within_min: float
    ) -> tuple[Places, Floats]:
        """
        Return the stops where one can get off within some minutes, and when.

        Parameters
        ----------
        origin
            One place.
        departure
            Local time.
        within_min
            The limit.

        Returns
        -------
        tuple
            Longitudes and latitudes; minutes since the departure.
        """
        clock = _seconds_of(departure, departure.date())
        access = self._walk(origin, self._stops, min(self._limit, within_min))[0] * 60
        found = earliest_arrivals(
            self.timetable.day(departure.date()), self._footpaths, (access + clock)[:, None]
        )
        minutes = (found.ridden[:, :, 0].min(axis=0) - clock) / 60
        near = np.flatnonzero(minutes <= within_min)
        return (self._stops[0][near], self._stops[1][near]), minutes[near]

    def last_departure(
        self, origin: Places, destination: Places, day: date, *, limit_min: float
    ) -> datetime | None:
        """
        Find the last minute of a day's service at which one can still leave and be carried there.

        Parameters
        ----------
        origin, destination
            One place each.
        day
            The service day; it runs on after midnight.
        limit_min
            The longest journey, waiting included.

        Returns
        -------
        datetime or None
            None when nothing runs.
        """
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - local clock time
        access = self._walk(origin, self._stops, self._limit)[0] * 60
        egress = self._walk(self._stops, destination, self._limit)[:, 0] * 60
        patterns = self.timetable.day(day)
        for last_hour in range(_LAST_DEPARTURE_H, 0, -3):
            clock = np.arange((last_hour - 3) * 3600, last_hour * 3600, 60, dtype=np.float64)
            found = earliest_arrivals(patterns, self._footpaths, access[:, None] + clock)
            best, _ = _arrive(found, egress)
            possible = np.flatnonzero(best - clock <= limit_min * 60)
            if possible.size:
                # Later departures of the same journey wait less: the last minute that still catches it.
                return midnight + timedelta(seconds=float(clock[possible[-1]]))
        return None

    def legs(
        self, origin: Places, destination: Places, departure: datetime
    ) -> tuple[float, int, int, list[Leg]]:
        """
        Trace the fastest journey by vehicle.

        Parameters
        ----------
        origin, destination
            One place each.
        departure
            Local time.

        Returns
        -------
        tuple
            Minutes from door to door, first stop, last stop, rides in order; `inf` and no ride where there is none.
        """
        day = departure.date()
        clock = _seconds_of(departure, day)
        access = self._walk(origin, self._stops, self._limit)[0] * 60
        egress = self._walk(self._stops, destination, self._limit)[:, 0] * 60
        patterns = self.timetable.day(day)
        found = earliest_arrivals(patterns, self._footpaths, (access + clock)[:, None])
        best, changes = _arrive(found, egress)
        if not np.isfinite(best[0]):
            return float("inf"), -1, -1, []
        rides = int(changes[0]) + 1
        stop = last = int(np.argmin(found.ridden[rides, :, 0] + egress))
        legs: list[Leg] = []
        while rides > 0:
            leg = self._ride_to(patterns, found, rides, stop)
            legs.append(leg)
            rides, stop = self._came_from(found, rides - 1, leg.stops[0])
        legs.reverse()
        return float(best[0] - clock) / 60, stop, last, legs

    def _ride_to(self, patterns: list[DayPattern], found: Arrivals, rides: int, stop: int) -> Leg:
        """Find the vehicle that lets one off at a stop at the time noted."""
        arrived = found.ridden[rides, stop, 0]
        before = found.reached[rides - 1, :, 0]
        for pattern in patterns:
            for position in np.flatnonzero(pattern.stops == stop).tolist():
                for trip in np.flatnonzero(pattern.arrivals[:, position] == arrived).tolist():
                    for start in range(position - 1, -1, -1):
                        boards = pattern.boards[start] and pattern.alights[position]
                        if (
                            boards
                            and before[pattern.stops[start]] <= pattern.departures[trip, start]
                        ):
                            return Leg(
                                route=self.timetable.routes[int(pattern.routes[trip])],
                                stops=tuple(pattern.stops[start : position + 1].tolist()),
                                boarded_s=float(pattern.departures[trip, start]),
                                left_s=float(arrived),
                            )
        raise AssertionError("an arrival without a vehicle")

    def _came_from(self, found: Arrivals, rides: int, stop: int) -> tuple[int, int]:
        """Tell with how many rides, and off which stop, one came to a stop on foot."""
        when = found.reached[rides, stop, 0]
        while rides > 0 and found.reached[rides - 1, stop, 0] == when:
            rides -= 1
        if rides == 0 or found.ridden[rides, stop, 0] == when:
            return rides, stop
        walks = self._footpaths
        here = np.flatnonzero(walks.target == stop)
        arrived = found.ridden[rides, walks.origin[here], 0] + walks.seconds[here]
        return rides, int(walks.origin[here[int(np.argmin(arrived))]])


def _seconds_of(moment: datetime, day: date) -> float:
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - local clock time
    return (moment.replace(tzinfo=None) - midnight).total_seconds()


def _arrive(found: Arrivals, egress_s: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Earliest arrival at a door, and the changes of vehicle it takes, for each departure."""
    near = np.flatnonzero(np.isfinite(egress_s))
    columns = found.ridden.shape[2]
    if not near.size or found.ridden.shape[0] < 2:
        return np.full(columns, np.inf), np.zeros(columns, dtype=np.int64)
    by_rides = (found.ridden[1:, near] + egress_s[near, None]).min(axis=1)
    rides = np.argmin(by_rides, axis=0)
    return by_rides[rides, np.arange(columns)], rides
