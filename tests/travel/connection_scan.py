"""
A journey planner to be read by eye, against which the engine's is checked. It shares no code with it.

The feed is read with the csv module alone. All connections of a day (one vehicle, from one stop to the next) are looked at
once, in the order in which they leave: whoever is ready at the stop, or already sits in the vehicle, is at the next stop when
it arrives. The rules are those that docs/travel.md states:

- a vehicle is caught when one is ready at the second at which it leaves, or before;
- a change takes `change_s` and the walk, at the same stop too; a row of transfers.txt says otherwise:
  1 the vehicle waits (the walk alone), 2 at least so many seconds, 3 impossible;
- from the last stop one walks at once; waiting counts; walking all the way is a journey too.
"""

import csv
import io
import zipfile
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from math import asin, cos, inf, radians, sin, sqrt
from pathlib import Path
from typing import NamedTuple

DAY_S = 86_400
EARTH_M = 6_371_008.8

Place = tuple[float, float]
Walk = Callable[[Place, Place], float]
"""Minutes on foot between two places (longitude, latitude); inf when one does not walk there."""


def crow_minutes(start: Place, end: Place, kph: float = 4.5) -> float:
    """Walk as the crow flies."""
    x1, y1, x2, y2 = (radians(degrees) for degrees in (*start, *end))
    half = sin((y2 - y1) / 2) ** 2 + cos(y1) * cos(y2) * sin((x2 - x1) / 2) ** 2
    return 2 * EARTH_M * asin(sqrt(half)) * 0.06 / kph


class Connection(NamedTuple):
    """One vehicle from one stop to the next."""

    departs: int
    arrives: int
    order: int
    trip: str
    start: str
    end: str
    boards: bool
    alights: bool


class Call(NamedTuple):
    """A trip at a stop."""

    stop: str
    arrives: int
    departs: int
    boards: bool
    alights: bool


@dataclass
class Feed:
    """The tables of a feed, as the files say them."""

    tables: dict[str, list[dict[str, str]]]
    stops: dict[str, Place] = field(init=False)

    def __post_init__(self) -> None:
        self.stops = {
            row["stop_id"]: (float(row["stop_lon"]), float(row["stop_lat"]))
            for row in self.tables["stops"]
        }

    @classmethod
    def read(cls, path: Path) -> "Feed":
        tables: dict[str, list[dict[str, str]]] = defaultdict(list)
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                text = io.TextIOWrapper(archive.open(name), "utf-8-sig")
                tables[name.removesuffix(".txt")] = list(csv.DictReader(text))
        return cls(tables)

    @cached_property
    def calls(self) -> dict[str, list[Call]]:
        """The stops of each trip, in order."""
        found = defaultdict(list)
        for row in sorted(self.tables["stop_times"], key=lambda row: int(row["stop_sequence"])):
            found[row["trip_id"]].append(
                Call(
                    row["stop_id"],
                    seconds(row["arrival_time"]),
                    seconds(row["departure_time"]),
                    boards=row.get("pickup_type") != "1",
                    alights=row.get("drop_off_type") != "1",
                )
            )
        return found

    def services(self, day: date) -> set[str]:
        """Which services run on a day."""
        text = day.strftime("%Y%m%d")
        running = {
            row["service_id"]
            for row in self.tables["calendar"]
            if row["start_date"] <= text <= row["end_date"]
            and row[day.strftime("%A").lower()] == "1"
        }
        for row in self.tables["calendar_dates"]:
            if row["date"] == text:
                if row["exception_type"] == "1":
                    running.add(row["service_id"])
                else:
                    running.discard(row["service_id"])
        return running

    def connections(self, day: date, *, around: bool = True) -> list[Connection]:
        """All connections of a day, in order; with those of its eve and its morrow, seconds from its midnight."""
        found = list(self._connections_of(day, 0))
        if around:
            found += self._connections_of(day - timedelta(days=1), -DAY_S)
            found += self._connections_of(day + timedelta(days=1), DAY_S)
        return sorted(found)

    def _connections_of(self, day: date, shift: int) -> Iterator[Connection]:
        services = self.services(day)
        for row in self.tables["trips"]:
            trip, its = row["trip_id"], self.calls[row["trip_id"]]
            if row["service_id"] not in services:
                continue
            starts = [0]
            repeated = [row for row in self.tables["frequencies"] if row["trip_id"] == trip]
            if repeated:
                first = its[0].departs
                starts = [
                    leaving - first
                    for row in repeated
                    for leaving in range(
                        seconds(row["start_time"]),
                        seconds(row["end_time"]),
                        int(row["headway_secs"]),
                    )
                ]
            for start in starts:
                for order, (here, there) in enumerate(pairwise(its)):
                    yield Connection(
                        departs=here.departs + start + shift,
                        arrives=there.arrives + start + shift,
                        order=order,
                        trip=f"{trip}+{start}{shift:+}",
                        start=here.stop,
                        end=there.stop,
                        boards=here.boards,
                        alights=there.alights,
                    )

    def changes(
        self, walk: Walk, *, change_s: float = 60, limit_min: float = 10
    ) -> dict[str, dict[str, float]]:
        """Seconds from getting off at a stop to being ready at another, or at the same."""
        served = {row["stop_id"] for row in self.tables["stop_times"]}
        spoken = self._spoken()
        found: dict[str, dict[str, float]] = {stop: {} for stop in served}
        for start in served:
            for end in served:
                minutes = 0.0 if start == end else walk(self.stops[start], self.stops[end])
                walked = minutes * 60 if minutes <= limit_min else inf
                kind, least = spoken.get((start, end), ("0", 0.0))
                if kind == "3":
                    continue
                if kind == "1":
                    taken = walked
                elif kind == "2":
                    taken = max(walked, least) if walked < inf else least
                else:
                    taken = walked + change_s
                if taken < inf:
                    found[start][end] = taken
        return found

    def _spoken(self) -> dict[tuple[str, str], tuple[str, float]]:
        """What transfers.txt says, stations spelled out; a row on the stops themselves wins over one on their stations."""
        inside = defaultdict(set)
        for row in self.tables["stops"]:
            inside[row["stop_id"]].add((row["stop_id"], 0))
            if row.get("parent_station"):
                inside[row["parent_station"]].add((row["stop_id"], 1))
        found = {}
        for row in self.tables["transfers"]:
            if any(
                row.get(f"{end}_{what}_id") for end in ("from", "to") for what in ("route", "trip")
            ):
                continue
            for start, wide in inside[row["from_stop_id"]]:
                for end, wider in inside[row["to_stop_id"]]:
                    kind = row["transfer_type"] or "0"
                    entry = (wide + wider, kind, float(row.get("min_transfer_time") or 0))
                    found[start, end] = min(found.get((start, end), (9,)), entry)
        return {pair: (kind, least) for pair, (_, kind, least) in found.items()}


def seconds(text: str) -> int:
    hours, minutes, rest = map(int, text.strip().split(":"))
    return hours * 3600 + minutes * 60 + rest


def scan(
    connections: list[Connection],
    ready: dict[str, float],
    changes: dict[str, dict[str, float]],
    *,
    until: float = inf,
    most: int = 5,
) -> dict[int, dict[str, float]]:
    """
    When one gets off at each stop, by number of rides, if one is ready at some stops at some seconds.

    Nothing is boarded after `until`.

    Changes must take time, or connections none: two connections in the same second are looked at once.
    """
    ready_after: dict[int, dict[str, float]] = {rides: {} for rides in range(most + 1)}
    ready_after[0] = dict(ready)
    off: dict[int, dict[str, float]] = {rides: {} for rides in range(1, most + 1)}
    riding: dict[str, int] = {}
    earliest = min(ready.values(), default=inf)
    for one in connections[bisect_left(connections, earliest, key=lambda one: one.departs) :]:
        if one.departs > until:
            break
        if one.boards:
            for rides in range(min(riding.get(one.trip, most + 1) - 1, most)):
                if ready_after[rides].get(one.start, inf) <= one.departs:
                    riding[one.trip] = rides + 1
                    break
        if one.trip not in riding or not one.alights:
            continue
        rides = riding[one.trip]
        if one.arrives < off[rides].get(one.end, inf):
            off[rides][one.end] = one.arrives
            for other, taken in changes[one.end].items():
                when = one.arrives + taken
                if when < ready_after[rides].get(other, inf):
                    ready_after[rides][other] = when
    return off


@dataclass(frozen=True)
class Journey:
    """Minutes from door to door, waiting included, and changes of vehicle."""

    minutes: float
    transfers: int
    ridden: bool


def journeys(
    connections: list[Connection],
    changes: dict[str, dict[str, float]],
    leave_s: float,
    access: dict[str, float],
    goals: list[tuple[dict[str, float], float]],
    *,
    limit_min: float = 720,
) -> list[Journey]:
    """
    The earliest arrival at each goal.

    `access` is minutes on foot by stop; a goal is the same from the stops, and minutes on foot all the way.
    """
    ready = {stop: leave_s + minutes * 60 for stop, minutes in access.items()}
    off = scan(connections, ready, changes, until=leave_s + limit_min * 60)
    found = []
    for egress, on_foot in goals:
        best = Journey(on_foot, 0, ridden=False)
        for rides in sorted(off):
            for stop, when in off[rides].items():
                if stop in egress:
                    minutes = (when - leave_s) / 60 + egress[stop]
                    if minutes < best.minutes - 1e-9:
                        best = Journey(minutes, rides - 1, ridden=True)
        found.append(best if best.minutes <= limit_min else NEVER)
    return found


NEVER = Journey(inf, 0, ridden=False)
