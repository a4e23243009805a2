"""Public transport: the timetable and the walks to, between and from its stops."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from cachetools import LRUCache
from numpy.typing import NDArray

from rpe_geo.errors import InputError
from rpe_geo.protocols import Progress
from rpe_geo.travel.transit.footpaths import Footpaths, Places, TransitRules, Walk, link_stops
from rpe_geo.travel.transit.raptor import Arrivals, DayLines, earliest_arrivals
from rpe_geo.travel.transit.rides import Leg, RideTracer
from rpe_geo.travel.transit.timetable import Timetable, TransitReport, build_timetable

__all__ = ["Journeys", "Leg", "Places", "TransitReport", "TransitSearch", "build_transit"]

Floats = NDArray[np.float64]

_CELLS = 6_000_000
_CELLS_KEPT = 1_500_000
_DAYS_KEPT = 8
_WALKS_KEPT = 8
_NEVER_S = 7 * 86_400.0
_WINDOW_MIN = 180


def build_transit(
    gtfs: Path | Sequence[Path], directory: Path, *, progress: Progress | None = None
) -> TransitReport:
    """
    Build the timetable of a territory from GTFS feeds.

    Parameters
    ----------
    gtfs
        A `.zip`, or the folder of its tables; or several.
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
        Shape (origins, times asked, destinations); `inf` where there is no way.
    transfers
        Same shape: changes of vehicle; 0 also for a walk.
    """

    minutes: Floats
    transfers: NDArray[np.int64]

    def over_window(self, origins: pd.Index, destinations: pd.Index) -> pd.DataFrame:
        """
        Describe a window of departures.

        Parameters
        ----------
        origins, destinations
            Their ids.

        Returns
        -------
        DataFrame
            Columns `origin_id, destination_id, median_min, p90_min, transfers`: lower medians, and transfers over the
            departures that find a way only.
        """
        times = self.minutes.shape[1]
        ordered = np.sort(self.minutes, axis=1)
        # Departures that find no way come last, and are not counted.
        ways = np.isfinite(self.minutes)
        changes = np.sort(np.where(ways, self.transfers, np.iinfo(np.int64).max), axis=1)
        usual = np.maximum(ways.sum(axis=1, keepdims=True) - 1, 0) // 2
        transfers = np.take_along_axis(changes, usual, axis=1)[:, 0]
        transfers[~ways.any(axis=1)] = 0
        return pd.DataFrame(
            {
                "origin_id": np.repeat(origins.to_numpy(), destinations.size),
                "destination_id": np.tile(destinations.to_numpy(), origins.size),
                "median_min": ordered[:, (times - 1) // 2].ravel(),
                "p90_min": ordered[:, math.ceil(0.9 * times) - 1].ravel(),
                "transfers": transfers.ravel(),
            }
        )


class TransitSearch:
    """
    Searches in a timetable.

    Parameters
    ----------
    timetable
        The timetable.
    walk
        How one walks between points.
    rules
        Limits of walks and changes; those in force today by default.

    Notes
    -----
    A journey walks to a stop (`walk_limit_min` at most), is ready there at that second, and catches every vehicle that leaves
    at that second or later. Off a vehicle, `change_s` and the walk to the next stop (`change_walk_limit_min` at most) pass
    before one is ready again, be it at the same stop; what the agency says of a change wins. From the last stop one walks at
    once. Waiting counts.
    """

    def __init__(
        self, timetable: Timetable, walk: Walk, *, rules: TransitRules | None = None
    ) -> None:
        self.timetable = timetable
        self.rules = rules or TransitRules.on(date.today())  # noqa: DTZ011 - the rules in force
        self._walk = walk
        # Only stops that are served, and that have a place, can be walked to.
        located = np.isfinite(timetable.stop_longitude) & np.isfinite(timetable.stop_latitude)
        self._near = np.intersect1d(timetable.served, np.flatnonzero(located))
        self._stops: Places = (
            timetable.stop_longitude[self._near],
            timetable.stop_latitude[self._near],
        )
        self._days: LRUCache[tuple[date, str], DayLines] = LRUCache(_DAYS_KEPT)
        self._walks: LRUCache[tuple[bytes, float, bool], Floats] = LRUCache(_WALKS_KEPT)

    @cached_property
    def footpaths(self) -> Footpaths:
        """The changes between stops, by the streets."""
        return link_stops(self.timetable, self._walk, self.rules)

    @cached_property
    def _footpaths_back(self) -> Footpaths:
        return self.footpaths.backwards()

    def _lines(self, day: date, kind: str) -> DayLines:
        """Lay out a day: `around` with the days before and after, `back` the same with time running back, `service`, `service_back`."""
        key = (day, kind)
        lines = self._days.get(key)
        if lines is None:
            alone = kind.startswith("service")
            patterns = self.timetable.service_day(day) if alone else self.timetable.day(day)
            frequent = self.timetable.frequencies(day, alone=alone)
            if kind.endswith("back"):
                patterns = [pattern.backwards() for pattern in patterns]
                frequent = [line.backwards() for line in frequent]
            lines = self._days[key] = DayLines.of(patterns, frequent)
        return lines

    def _to_stops(self, places: Places, limit_min: float, *, leaving: bool) -> Floats:
        """
        Seconds on foot between places and all stops, a row per stop; `inf` beyond the limit.

        Tables are remembered: childminders stay where they are.
        """
        limit = min(self.rules.walk_limit_min, limit_min)
        key = (places[0].tobytes() + places[1].tobytes(), limit, leaving)
        table = self._walks.get(key)
        if table is None and not self._near.size:
            return np.full((self.timetable.stop_longitude.size, places[0].size), np.inf)
        if table is None:
            walked = (
                self._walk(places, self._stops, limit).T
                if leaving
                else self._walk(self._stops, places, limit)
            )
            table = np.full((self.timetable.stop_longitude.size, places[0].size), np.inf)
            table[self._near] = np.where(np.isnan(walked), np.inf, walked) * 60
            if table.size <= _CELLS_KEPT:
                self._walks[key] = table
        return table

    def check_departure(self, departure: datetime | time | None) -> datetime:
        """
        Return the departure; a clock time alone is one of an ordinary Tuesday within the feed, and none eight o'clock.

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
        if not isinstance(departure, datetime):
            day = self._ordinary_tuesday(datetime.now().astimezone().date())
            return datetime.combine(day, time(8) if departure is None else departure)
        if not first <= departure.date() <= last:
            raise InputError(
                "departure_outside_feed", departure=departure.date(), first=first, last=last
            )
        return departure

    def _ordinary_tuesday(self, today: date) -> date:
        """Find the Tuesday nearest to a day that is neither a holiday nor the fringe of the feed."""
        first, last = self.timetable.first_day, self.timetable.last_day
        every = [first + timedelta(days=shift) for shift in range((last - first).days + 1)]
        tuesdays = [day for day in every if day.weekday() == 1] or every
        trips = np.array([self._trips_on[day] for day in tuesdays])
        usual = np.median(trips[trips > 0]) if (trips > 0).any() else 0.0
        ordinary = np.flatnonzero(trips >= self.rules.usual_day_share * usual)
        return tuesdays[min(ordinary, key=lambda number: abs(tuesdays[number] - today))]

    @cached_property
    def _trips_on(self) -> dict[date, int]:
        return self.timetable.trips_by_day()

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
        clock = np.array(
            [self.timetable.clock.elapsed_s(departure, day) for departure in departures]
        )
        return self._table(
            (self._lines(day, "around"), self.footpaths),
            (
                self._to_stops(origins, limit_min, leaving=True),
                self._to_stops(destinations, limit_min, leaving=False),
                self._on_foot(origins, destinations, limit_min),
            ),
            np.repeat(clock[None, :], origins[0].size, axis=0),
            limit_min,
        )

    def journeys_leaving(
        self, origins: Places, destinations: Places, departures: list[datetime], *, limit_min: float
    ) -> Journeys:
        """
        Compute door-to-door minutes when each origin is left at a time of its own.

        Parameters
        ----------
        origins, destinations
            Longitudes and latitudes.
        departures
            One local time per origin; all of one day, or after its midnight.
        limit_min
            Times above may be `inf`.

        Returns
        -------
        Journeys
            One time asked per origin.
        """
        day = min(departures).date()
        clock = np.array(
            [[self.timetable.clock.elapsed_s(departure, day)] for departure in departures]
        )
        return self._table(
            (self._lines(day, "around"), self.footpaths),
            (
                self._to_stops(origins, limit_min, leaving=True),
                self._to_stops(destinations, limit_min, leaving=False),
                self._on_foot(origins, destinations, limit_min),
            ),
            clock,
            limit_min,
        )

    def journeys_until(
        self, origins: Places, destinations: Places, arrival: datetime, *, limit_min: float
    ) -> Journeys:
        """
        Compute how long before a time one must leave, to be there by then.

        Parameters
        ----------
        origins, destinations
            Longitudes and latitudes.
        arrival
            Local time.
        limit_min
            Times above may be `inf`.

        Returns
        -------
        Journeys
            Minutes from the latest departure to the time asked, waiting at the end included; one time asked.
        """
        day = arrival.date()
        clock = np.full((destinations[0].size, 1), -self.timetable.clock.elapsed_s(arrival, day))
        # Time runs back: one leaves the destinations, and comes to the origins.
        found = self._table(
            (self._lines(day, "back"), self._footpaths_back),
            (
                self._to_stops(destinations, limit_min, leaving=False),
                self._to_stops(origins, limit_min, leaving=True),
                self._on_foot(origins, destinations, limit_min).T,
            ),
            clock,
            limit_min,
        )
        return Journeys(
            np.swapaxes(found.minutes, 0, 2).copy(), np.swapaxes(found.transfers, 0, 2).copy()
        )

    def _on_foot(self, origins: Places, destinations: Places, limit_min: float) -> Floats:
        walked = self._walk(origins, destinations, limit_min)
        return np.where(np.isnan(walked), np.inf, walked)

    def _table(
        self,
        service: tuple[DayLines, Footpaths],
        walks: tuple[Floats, Floats, Floats],
        clock: Floats,
        limit_min: float,
    ) -> Journeys:
        """
        Search from each place at each of its times.

        `walks` are seconds to the stops (stops, places left), from them (stops, places reached), and minutes on foot all the
        way; `clock` is seconds, shape (places left, times).
        """
        access, egress, on_foot = walks
        stops, times = access.shape[0], clock.shape[1]
        minutes = np.repeat(on_foot[:, None, :], times, axis=1)
        transfers = np.zeros(minutes.shape, dtype=np.int64)
        rows = max(1, _CELLS // max(1, (self.rules.rides_max + 1) * times * stops))
        for begin in range(0, clock.shape[0], rows):
            part = slice(begin, begin + rows)
            start = (access[:, part, None] + clock[part]).reshape(stops, -1)
            found = earliest_arrivals(*service, start, max_rides=self.rules.rides_max)
            for column in range(egress.shape[1]):
                best, changes = _arrive(found, egress[:, column])
                ridden = (best.reshape(-1, times) - clock[part]) / 60
                faster = ridden < minutes[part, :, column]
                minutes[part, :, column] = np.where(faster, ridden, minutes[part, :, column])
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
        day = departure.date()
        clock = self.timetable.clock.elapsed_s(departure, day)
        found = earliest_arrivals(
            self._lines(day, "around"),
            self.footpaths,
            self._to_stops(origin, within_min, leaving=True) + clock,
            max_rides=self.rules.rides_max,
        )
        minutes = (found.ridden[:, self._near, 0].min(axis=0) - clock) / 60
        within = minutes <= within_min
        return (self._stops[0][within], self._stops[1][within]), minutes[within]

    def last_departures(
        self, origins: Places, destination: Places, day: date, *, limit_min: float
    ) -> list[datetime | None]:
        """
        Find the last minute of a day's service at which one can still leave each place and be carried to another.

        Parameters
        ----------
        origins
            Places that are left.
        destination
            One place.
        day
            The service day; it runs on after midnight, up to its last trip: the first trips of the next day are not its own.
        limit_min
            The longest journey, waiting included.

        Returns
        -------
        list of datetime or None
            None when nothing runs.
        """
        access = self._to_stops(origins, self.rules.walk_limit_min, leaving=True)
        egress = self._to_stops(destination, self.rules.walk_limit_min, leaving=False)
        back = earliest_arrivals(
            self._lines(day, "service_back"),
            self._footpaths_back,
            egress - _NEVER_S,
            max_rides=self.rules.rides_max,
        )
        latest = np.array(
            [-_arrive(back, access[:, place])[0][0] for place in range(access.shape[1])]
        )
        minute = np.floor(latest / 60) * 60
        waiting = np.flatnonzero(np.isfinite(minute))
        found = np.full(minute.size, np.nan)
        width = 1
        # The last departure nearly always is a journey of good length; else look at the minutes before.
        while waiting.size:
            clock = minute[waiting, None] - 60.0 * np.arange(width)
            best = self._carried(day, access[:, waiting], egress, clock)
            possible = best - clock <= limit_min * 60
            possible &= clock >= 0
            done = possible.any(axis=1)
            first = np.argmax(possible, axis=1)
            found[waiting[done]] = clock[done, first[done]]
            minute[waiting] -= 60.0 * width
            waiting = waiting[~done & (minute[waiting] >= 0)]
            width = _WINDOW_MIN
        return [
            None if np.isnan(seconds) else self.timetable.clock.local(seconds, day)
            for seconds in found
        ]

    def _carried(self, day: date, access: Floats, egress: Floats, clock: Floats) -> Floats:
        """Arrivals of the service of one day alone, by vehicle; shape of `clock` (places left, times)."""
        lines = self._lines(day, "service")
        best = np.empty(clock.shape)
        rows = max(1, _CELLS // ((self.rules.rides_max + 1) * clock.shape[1] * access.shape[0]))
        for begin in range(0, clock.shape[0], rows):
            part = slice(begin, begin + rows)
            start = (access[:, part, None] + clock[part]).reshape(access.shape[0], -1)
            found = earliest_arrivals(lines, self.footpaths, start, max_rides=self.rules.rides_max)
            best[part] = _arrive(found, egress[:, 0])[0].reshape(-1, clock.shape[1])
        return best

    def legs(
        self, origin: Places, destination: Places, departure: datetime
    ) -> tuple[float, list[Leg]]:
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
            Minutes from door to door, and the rides in order; `inf` and no ride where there is none.
        """
        day = departure.date()
        clock = self.timetable.clock.elapsed_s(departure, day)
        lines = self._lines(day, "around")
        access = self._to_stops(origin, self.rules.walk_limit_min, leaving=True)
        egress = self._to_stops(destination, self.rules.walk_limit_min, leaving=False)[:, 0]
        found = earliest_arrivals(
            lines, self.footpaths, access + clock, max_rides=self.rules.rides_max
        )
        best, changes = _arrive(found, egress)
        if not np.isfinite(best[0]):
            return float("inf"), []
        rides = int(changes[0]) + 1
        stop = int(np.argmin(found.ridden[rides, :, 0] + egress))
        tracer = RideTracer(lines, self.footpaths, found, self.timetable.routes)
        return float(best[0] - clock) / 60, tracer.legs(rides, stop)


def _arrive(found: Arrivals, egress_s: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Earliest arrival at a door, and the changes of vehicle it takes, for each departure."""
    near = np.flatnonzero(np.isfinite(egress_s))
    columns = found.ridden.shape[2]
    if not near.size or found.ridden.shape[0] < 2:
        return np.full(columns, np.inf), np.zeros(columns, dtype=np.int64)
    by_rides = (found.ridden[1:, near] + egress_s[near, None]).min(axis=1)
    rides = np.argmin(by_rides, axis=0)
    return by_rides[rides, np.arange(columns)], rides
