"""The timetable of a feed as arrays on disk, and the part of it that runs on one day."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.files import replacing_folder
from rpe_geo.protocols import Progress
from rpe_geo.travel.transit.arrays import ARRAYS, timetable_arrays
from rpe_geo.travel.transit.gtfs import read_feeds
from rpe_geo.travel.transit.service_clock import ServiceClock

__all__ = ["DayPattern", "Frequency", "Timetable", "Transfers", "TransitReport", "build_timetable"]

_META = "transit.json"
_FORMAT = 3


@dataclass(frozen=True)
class TransitReport:
    """
    What a build of one feed or several made.

    Parameters
    ----------
    source
        Names of the files.
    stops, trips, patterns, frequencies
        Counts; a trip that is run again and again counts once.
    first_day, last_day
        Days of validity.
    agency
        Names of the agencies.
    left_out
        What could not be used: reason to `count` and `named`, the first of them.
    pathways
        Rows of `pathways.txt`, which are not read.
    """

    source: str
    stops: int
    trips: int
    patterns: int
    first_day: date
    last_day: date
    agency: str
    frequencies: int = 0
    left_out: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    pathways: int = 0


@dataclass(frozen=True, eq=False)
class Transfers:
    """
    What the agency says of changing vehicles between two stops, or at one.

    Parameters
    ----------
    origin, target
        Stops.
    kind
        `transfer_type`: 0 as usual, 1 the vehicle waits, 2 takes at least `seconds`, 3 cannot be done.
    seconds
        `min_transfer_time`.
    """

    origin: NDArray[np.int64]
    target: NDArray[np.int64]
    kind: NDArray[np.int64]
    seconds: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DayPattern:
    """
    Trips of one day that serve the same stops in the same order, none overtaking another.

    Parameters
    ----------
    stops
        Stops in order.
    boards, alights
        Whether one may get on or off at each.
    arrivals, departures
        Seconds after midnight, shape (trips, stops), trips in order.
    routes
        Number of the route's name, by trip.
    """

    stops: NDArray[np.int64]
    boards: NDArray[np.bool_]
    alights: NDArray[np.bool_]
    arrivals: NDArray[np.float64]
    departures: NDArray[np.float64]
    routes: NDArray[np.int64]

    def backwards(self) -> DayPattern:
        """Return the same trips with time running back: the last stop first, times negated."""
        return DayPattern(
            self.stops[::-1],
            self.alights[::-1],
            self.boards[::-1],
            -self.departures[::-1, ::-1],
            -self.arrivals[::-1, ::-1],
            self.routes[::-1],
        )


@dataclass(frozen=True, eq=False)
class Frequency:
    """
    A trip that is run again and again on one day, at no exact times: one waits half a headway on average.

    Parameters
    ----------
    stops, boards, alights
        As of a `DayPattern`.
    arrivals, departures
        Seconds after the first departure, by stop.
    first, last
        Seconds after midnight between which vehicles leave the first stop.
    headway
        Seconds between two of them.
    route
        Number of the route's name.
    """

    stops: NDArray[np.int64]
    boards: NDArray[np.bool_]
    alights: NDArray[np.bool_]
    arrivals: NDArray[np.float64]
    departures: NDArray[np.float64]
    first: float
    last: float
    headway: float
    route: int

    def backwards(self) -> Frequency:
        """Return the same trip with time running back."""
        return Frequency(
            self.stops[::-1],
            self.alights[::-1],
            self.boards[::-1],
            -self.departures[::-1],
            -self.arrivals[::-1],
            -self.last,
            -self.first,
            self.headway,
            self.route,
        )

    def leaves(self, ready: NDArray[np.float64], position: int) -> NDArray[np.float64]:
        """Tell when the vehicle that one catches at a stop has left its first stop; `inf` after the last one."""
        earliest = ready - self.departures[position]
        left = np.maximum(earliest + self.headway / 2, self.first)
        return np.where(left <= self.last, left, np.inf)


def build_timetable(
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
        What was made, and what was left out.

    Raises
    ------
    InvalidFile
        For a feed that cannot be used at all.
    """
    if progress is not None:
        progress("transit_read", 0, 2)
    paths = [gtfs] if isinstance(gtfs, Path) else list(gtfs)
    feed = read_feeds(paths)
    if feed.running.empty:
        raise InvalidFile("gtfs_no_day", where=Where(file=str(paths[0])))
    if progress is not None:
        progress("transit_read", 1, 2)
    arrays, told = timetable_arrays(feed)
    days = feed.running["day"]
    report = TransitReport(
        source=", ".join(path.name for path in paths),
        stops=len(feed.stops),
        trips=told.pop("trips"),
        patterns=int(arrays["pattern_ptr"].size - 1),
        first_day=date.fromordinal(int(days.min())),
        last_day=date.fromordinal(int(days.max())),
        agency=feed.agency,
        frequencies=int(arrays["frequency_start"].size),
        left_out=feed.left_out.as_dict(),
        pathways=feed.pathways,
    )
    with replacing_folder(directory) as building:
        for name, values in arrays.items():
            np.save(building / f"{name}.npy", values)
        meta = {"format": _FORMAT, **asdict(report), **told, "timezone": feed.timezone}
        (building / _META).write_text(
            json.dumps(meta, ensure_ascii=False, default=date.isoformat), "utf-8"
        )
    if progress is not None:
        progress("transit_read", 2, 2)
    return report


class Timetable:
    """
    The timetable of a territory.

    Parameters
    ----------
    directory
        The folder that `build_timetable` made.
    """

    def __init__(self, directory: Path) -> None:
        try:
            self._meta: Mapping[str, Any] = json.loads((directory / _META).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise InvalidFile("transit_damaged", where=Where(file=str(directory))) from error
        if self._meta.get("format") != _FORMAT:
            raise InvalidFile("transit_old_format", where=Where(file=str(directory)))
        try:
            self._arrays = {
                name: np.load(directory / f"{name}.npy", mmap_mode="r") for name in ARRAYS
            }
        except (OSError, ValueError, EOFError) as error:
            raise InvalidFile("transit_damaged", where=Where(file=str(directory))) from error
        self.stop_longitude = np.asarray(self._arrays["stop_longitude"])
        self.stop_latitude = np.asarray(self._arrays["stop_latitude"])
        self.stop_names: list[str] = self._meta["stop_names"]
        self.routes: list[str] = self._meta["routes"]
        self.first_day = date.fromisoformat(self._meta["first_day"])
        self.last_day = date.fromisoformat(self._meta["last_day"])
        self.source: str = self._meta["source"]
        self.agency: str = self._meta["agency"]
        self.clock = ServiceClock(self._meta["timezone"])

    @property
    def transfers(self) -> Transfers:
        """What the agency says of changing vehicles."""
        names = ("transfer_origin", "transfer_target", "transfer_kind", "transfer_seconds")
        return Transfers(*(np.asarray(self._arrays[name]) for name in names))

    @property
    def served(self) -> NDArray[np.int64]:
        """The stops at which some trip of the feed stops."""
        return np.unique(self._arrays["pattern_stops"])

    def day(self, day: date) -> list[DayPattern]:
        """Return the trips that one can ride on a day: its own, those of the day before after midnight, and the next day's."""
        return self._patterns_of(day, (-1, 0, 1))

    def service_day(self, day: date) -> list[DayPattern]:
        """Return the trips of one day of service alone, those after midnight included."""
        return self._patterns_of(day, (0,))

    def frequencies(self, day: date, *, alone: bool = False) -> list[Frequency]:
        """Return the trips without exact times that one can ride on a day; of its own service alone on request."""
        arrays = self._arrays
        found: list[Frequency] = []
        for services, shift in self._active(day, (0,) if alone else (-1, 0, 1)):
            runs = np.isin(arrays["frequency_service"], services) & ~arrays["frequency_exact"]
            for row in np.flatnonzero(runs).tolist():
                pattern = int(arrays["frequency_pattern"][row])
                part = slice(*arrays["pattern_ptr"][pattern : pattern + 2].tolist())
                times = slice(*arrays["frequency_ptr"][row : row + 2].tolist())
                arrives = np.asarray(arrays["frequency_arrivals"][times])
                last = float(arrays["frequency_end"][row]) + shift
                if last + arrives[-1] < 0:
                    continue
                found.append(
                    Frequency(
                        np.asarray(arrays["pattern_stops"][part]),
                        np.asarray(arrays["pattern_boards"][part]),
                        np.asarray(arrays["pattern_alights"][part]),
                        arrives,
                        np.asarray(arrays["frequency_departures"][times]),
                        float(arrays["frequency_start"][row]) + shift,
                        last,
                        float(arrays["frequency_headway"][row]),
                        int(arrays["frequency_route"][row]),
                    )
                )
        return found

    def trips_by_day(self) -> dict[date, int]:
        """Count the trips of each day of the feed."""
        arrays = self._arrays
        services = int(arrays["running_service"].max(initial=0)) + 1
        per_service = np.bincount(arrays["trip_service"], minlength=services).astype(float)
        runs = np.ceil(
            (arrays["frequency_end"] - arrays["frequency_start"]) / arrays["frequency_headway"]
        )
        np.add.at(per_service, arrays["frequency_service"], runs)
        first = self.first_day.toordinal()
        trips = np.bincount(
            arrays["running_day"] - first,
            weights=per_service[arrays["running_service"]],
            minlength=self.last_day.toordinal() - first + 1,
        )
        return {date.fromordinal(first + shift): int(count) for shift, count in enumerate(trips)}

    def _active(self, day: date, shifts: tuple[int, ...]) -> list[tuple[NDArray[np.int64], float]]:
        """Services that run on days beside a day, and the seconds between the origins of the two days."""
        service, running = self._arrays["running_service"], self._arrays["running_day"]
        return [
            (
                np.unique(service[running == day.toordinal() + shift]),
                self.clock.shift_s(day, shift),
            )
            for shift in shifts
        ]

    def _exact_runs(
        self, services: NDArray[np.int64], shift: float
    ) -> dict[int, list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]]]:
        """Times of the trips that are run again and again at exact times, by pattern."""
        arrays = self._arrays
        found: dict[int, list[Any]] = {}
        runs = np.isin(arrays["frequency_service"], services) & arrays["frequency_exact"]
        for row in np.flatnonzero(runs).tolist():
            times = slice(*arrays["frequency_ptr"][row : row + 2].tolist())
            starts = np.arange(
                arrays["frequency_start"][row],
                arrays["frequency_end"][row],
                arrays["frequency_headway"][row],
            )
            starts = starts[:, None] + shift
            route = np.full(starts.size, int(arrays["frequency_route"][row]), dtype=np.int64)
            found.setdefault(int(arrays["frequency_pattern"][row]), []).append(
                (
                    np.asarray(arrays["frequency_arrivals"][times]) + starts,
                    np.asarray(arrays["frequency_departures"][times]) + starts,
                    route,
                )
            )
        return found

    def _patterns_of(self, day: date, shifts: tuple[int, ...]) -> list[DayPattern]:
        arrays = self._arrays
        patterns: list[DayPattern] = []
        active = self._active(day, shifts)
        exact = [(self._exact_runs(*service), service[1]) for service in active]
        for number in range(arrays["pattern_ptr"].size - 1):
            first, last = int(arrays["trip_ptr"][number]), int(arrays["trip_ptr"][number + 1])
            part = slice(int(arrays["pattern_ptr"][number]), int(arrays["pattern_ptr"][number + 1]))
            width = part.stop - part.start
            times = slice(
                int(arrays["trip_times_ptr"][number]), int(arrays["trip_times_ptr"][number + 1])
            )
            arrives = np.asarray(arrays["arrivals"][times]).reshape(-1, width)
            departs = np.asarray(arrays["departures"][times]).reshape(-1, width)
            found_arrivals, found_departures, found_routes = [], [], []
            for services, shift in active:
                runs = np.isin(arrays["trip_service"][first:last], services)
                if shift < 0:
                    runs &= arrives[:, -1] + shift >= 0
                found_arrivals.append(arrives[runs] + shift)
                found_departures.append(departs[runs] + shift)
                found_routes.append(np.asarray(arrays["trip_route"][first:last])[runs])
            for repeated, shift in exact:
                for arrival, departure, route in repeated.get(number, ()):
                    kept = slice(None) if shift >= 0 else arrival[:, -1] >= 0
                    found_arrivals.append(arrival[kept])
                    found_departures.append(departure[kept])
                    found_routes.append(route[kept])
            arrivals, departures = np.concatenate(found_arrivals), np.concatenate(found_departures)
            if not arrivals.size:
                continue
            stops = np.asarray(arrays["pattern_stops"][part])
            boards = np.asarray(arrays["pattern_boards"][part])
            alights = np.asarray(arrays["pattern_alights"][part])
            routes = np.concatenate(found_routes)
            patterns.extend(
                DayPattern(
                    stops, boards, alights, arrivals[chosen], departures[chosen], routes[chosen]
                )
                for chosen in _without_overtaking(arrivals, departures)
            )
        return patterns


def _without_overtaking(
    arrivals: NDArray[np.float64], departures: NDArray[np.float64]
) -> list[NDArray[np.int64]]:
    """Split trips into groups in which a later one is later at every stop."""
    order = np.argsort(departures[:, 0], kind="stable")
    groups: list[list[int]] = []
    for trip in order.tolist():
        for group in groups:
            before = group[-1]
            if (departures[trip] >= departures[before]).all() and (
                arrivals[trip] >= arrivals[before]
            ).all():
                group.append(trip)
                break
        else:
            groups.append([trip])
    return [np.array(group, dtype=np.int64) for group in groups]
