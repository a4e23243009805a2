"""The timetable of a feed as arrays on disk, and the part of it that runs on one day."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.protocols import Progress
from rpe_geo.travel.transit.gtfs import Feed, read_feed

__all__ = ["DayPattern", "Timetable", "Transfers", "TransitReport", "build_timetable"]

_META = "transit.json"
_FORMAT = 2
_DAY_S = 86_400
_ARRAYS = (
    "stop_longitude", "stop_latitude", "pattern_ptr", "pattern_stops", "pattern_boards",
    "pattern_alights", "trip_ptr", "trip_service", "trip_route", "trip_times_ptr", "arrivals",
    "departures", "running_service", "running_day", "transfer_origin", "transfer_target", "transfer_kind",
    "transfer_seconds",
)  # fmt: skip


@dataclass(frozen=True)
class TransitReport:
    """What a build of a feed made: counts, days of validity, agencies."""

    source: str
    stops: int
    trips: int
    patterns: int
    first_day: date
    last_day: date
    agency: str
    transfers_ignored: int = 0


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


def build_timetable(
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
        What was made.

    Raises
    ------
    InvalidFile
        For a feed that cannot be used.
    """
    if progress is not None:
        progress("transit_read", 0, 2)
    feed = read_feed(gtfs)
    if feed.stop_times.empty or feed.running.empty:
        raise InvalidFile("gtfs_no_trip", where=Where(file=str(gtfs)))
    if progress is not None:
        progress("transit_read", 1, 2)
    arrays, names = _arrays(feed)
    days = feed.running["day"]
    report = TransitReport(
        source=gtfs.name,
        stops=len(feed.stops),
        trips=int(arrays["trip_service"].size),
        patterns=int(arrays["pattern_ptr"].size - 1),
        first_day=date.fromordinal(int(days.min())),
        last_day=date.fromordinal(int(days.max())),
        agency=feed.agency,
        transfers_ignored=feed.transfers_ignored,
    )
    directory.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        for name, values in arrays.items():
            np.save(building / f"{name}.npy", values)
        meta = {"format": _FORMAT, **asdict(report), **names}
        (building / _META).write_text(
            json.dumps(meta, ensure_ascii=False, default=date.isoformat), "utf-8"
        )
        building.chmod(0o755)
        if directory.exists():
            shutil.rmtree(directory)
        building.replace(directory)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    if progress is not None:
        progress("transit_read", 2, 2)
    return report


def _arrays(feed: Feed) -> tuple[dict[str, NDArray[Any]], dict[str, list[str]]]:
    stop_number = {stop: number for number, stop in enumerate(feed.stops.index)}
    services = sorted(set(feed.trips["service_id"]) | set(feed.running["service_id"]))
    service_number = {service: number for number, service in enumerate(services)}
    routes = sorted(set(feed.trips["route"]))
    route_number = {route: number for number, route in enumerate(routes)}
    patterns: dict[tuple[bytes, bytes, bytes], list[tuple[str, Any, Any]]] = {}
    times = feed.stop_times
    stop = times["stop_id"].map(stop_number).to_numpy(dtype=np.int64)
    boards, alights = times["boards"].to_numpy(dtype=bool), times["alights"].to_numpy(dtype=bool)
    arrival, departure = times["arrival"].to_numpy(), times["departure"].to_numpy()
    trip_ids = times["trip_id"].to_numpy()
    cuts = np.flatnonzero(np.concatenate([[True], trip_ids[1:] != trip_ids[:-1], [True]]))
    for begin, end in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
        if end - begin < 2:
            continue
        part = slice(begin, end)
        key = (stop[part].tobytes(), boards[part].tobytes(), alights[part].tobytes())
        patterns.setdefault(key, []).append((trip_ids[begin], arrival[part], departure[part]))

    columns: dict[str, list[Any]] = {name: [] for name in _ARRAYS}
    for (stops_key, boards_key, alights_key), trips in patterns.items():
        sequence = np.frombuffer(stops_key, dtype=np.int64)
        columns["pattern_ptr"].append(sequence.size)
        columns["pattern_stops"].append(sequence)
        columns["pattern_boards"].append(np.frombuffer(boards_key, dtype=bool))
        columns["pattern_alights"].append(np.frombuffer(alights_key, dtype=bool))
        columns["trip_ptr"].append(len(trips))
        columns["trip_times_ptr"].append(len(trips) * sequence.size)
        for trip_id, arrives, departs in trips:
            columns["trip_service"].append(service_number[feed.trips.at[trip_id, "service_id"]])
            columns["trip_route"].append(route_number[feed.trips.at[trip_id, "route"]])
            columns["arrivals"].append(arrives)
            columns["departures"].append(departs)

    def pointer(sizes: list[int]) -> NDArray[np.int64]:
        return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    def joined(parts: list[NDArray[Any]], kind: type) -> NDArray[Any]:
        return np.concatenate([np.zeros(0, dtype=kind), *parts]).astype(kind)

    arrays: dict[str, NDArray[Any]] = {
        "stop_longitude": feed.stops["longitude"].to_numpy(dtype=np.float64),
        "stop_latitude": feed.stops["latitude"].to_numpy(dtype=np.float64),
        "pattern_ptr": pointer(columns["pattern_ptr"]),
        "pattern_stops": joined(columns["pattern_stops"], np.int64),
        "pattern_boards": joined(columns["pattern_boards"], np.bool_),
        "pattern_alights": joined(columns["pattern_alights"], np.bool_),
        "trip_ptr": pointer(columns["trip_ptr"]),
        "trip_times_ptr": pointer(columns["trip_times_ptr"]),
        "trip_service": np.array(columns["trip_service"], dtype=np.int64),
        "trip_route": np.array(columns["trip_route"], dtype=np.int64),
        "arrivals": joined(columns["arrivals"], np.float64),
        "departures": joined(columns["departures"], np.float64),
        "running_service": feed.running["service_id"].map(service_number).to_numpy(dtype=np.int64),
        "running_day": feed.running["day"].to_numpy(dtype=np.int64),
        "transfer_origin": feed.transfers["origin"].map(stop_number).to_numpy(dtype=np.int64),
        "transfer_target": feed.transfers["target"].map(stop_number).to_numpy(dtype=np.int64),
        "transfer_kind": feed.transfers["kind"].to_numpy(dtype=np.int64),
        "transfer_seconds": feed.transfers["seconds"].to_numpy(dtype=np.float64),
    }
    names = {"routes": routes, "stop_names": feed.stops["stop_name"].astype(str).tolist()}
    return arrays, names


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
                name: np.load(directory / f"{name}.npy", mmap_mode="r") for name in _ARRAYS
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
        """Return the trips that one can ride on a day: its own, those of the eve after midnight, and the next day's."""
        return self._patterns_of(day, (-1, 0, 1))

    def service_day(self, day: date) -> list[DayPattern]:
        """Return the trips of one day of service alone, those after midnight included."""
        return self._patterns_of(day, (0,))

    def trips_by_day(self) -> dict[date, int]:
        """Count the trips of each day of the feed."""
        arrays = self._arrays
        per_service = np.bincount(
            arrays["trip_service"], minlength=arrays["running_service"].max() + 1
        )
        first = self.first_day.toordinal()
        trips = np.bincount(
            arrays["running_day"] - first,
            weights=per_service[arrays["running_service"]],
            minlength=self.last_day.toordinal() - first + 1,
        )
        return {date.fromordinal(first + shift): int(count) for shift, count in enumerate(trips)}

    def _patterns_of(self, day: date, shifts: tuple[int, ...]) -> list[DayPattern]:
        arrays = self._arrays
        service, running = arrays["running_service"], arrays["running_day"]
        patterns: list[DayPattern] = []
        active = [
            (np.unique(service[running == day.toordinal() + shift]), shift * _DAY_S)
            for shift in shifts
        ]
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
                    runs &= arrives[:, -1] >= _DAY_S
                found_arrivals.append(arrives[runs] + shift)
                found_departures.append(departs[runs] + shift)
                found_routes.append(np.asarray(arrays["trip_route"][first:last])[runs])
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
