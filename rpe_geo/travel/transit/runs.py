"""The trips of a feed as vehicles run them: those that one may stay aboard of from one trip to the next are one run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rpe_geo.travel.transit.gtfs import Feed

__all__ = ["Run", "runs_of"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Days = frozenset[int]

_STAYS, _LEAVES = 4, 5
_SEATED_WAIT_S = 59.0
_TRIPS_MOST = 3
_BACK_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class Run:
    """
    One trip, or several that follow one another in the same vehicle.

    Parameters
    ----------
    trip_ids
        In order.
    route
        Names of its lines, `1 → 2` where it changes.
    days
        On which it runs (proleptic ordinals).
    stops, boards, alights, arrivals, departures
        By call; stops are numbers of the timetable, times seconds.
    """

    trip_ids: tuple[str, ...]
    route: str
    days: Days
    stops: Ints
    boards: Bools
    alights: Bools
    arrivals: Floats
    departures: Floats

    def then(self, other: Run, days: Days) -> Run:
        """Stay aboard: this run and another behind it, on some days."""
        same = int(self.stops[-1]) == int(other.stops[0])
        cut = 1 if same else 0
        arrivals = np.concatenate([self.arrivals, other.arrivals[cut:]])
        last = self.stops.size - 1
        departures = np.concatenate([self.departures, other.departures[cut:]])
        boards = np.concatenate([self.boards, other.boards[cut:]])
        alights = np.concatenate([self.alights, other.alights[cut:]])
        if same:
            departures[last], boards[last] = other.departures[0], other.boards[0]
        else:
            boards[last], alights[last + 1] = False, False
        names = self.route.split(" → ")
        route = self.route if names[-1] == other.route else f"{self.route} → {other.route}"
        return Run(
            (*self.trip_ids, *other.trip_ids), route, days,
            np.concatenate([self.stops, other.stops[cut:]]), boards, alights, arrivals, departures,
        )  # fmt: skip


def runs_of(feed: Feed, stop_numbers: Ints) -> tuple[list[Run], dict[str, Run]]:
    """
    Join the trips of a feed into runs.

    Parameters
    ----------
    feed
        Its trips.
    stop_numbers
        Number of the stop of each row of `feed.stop_times`.

    Returns
    -------
    tuple
        Runs; and, by trip, the templates of those that are run again and again, which are no runs of their own.

    Notes
    -----
    One stays aboard where `transfers.txt` says so (type 4), and by default where two trips of a `block_id` follow one another on the
    same day within a minute, unless a row of type 5 forbids it; where the vehicle stands for longer an ordinary change reaches it as well, and nobody stays aboard to ride back along most of the same stops. A
    run holds few trips (a tram that goes to and fro all day would be one), and the last of them begins the next run as well. A trip runs alone on the days on which the other does not.
    """
    days = {
        str(service): frozenset(part.tolist())
        for service, part in feed.running.groupby("service_id")["day"]
    }
    trips = _single(feed, stop_numbers, days)
    repeated = set(feed.frequencies["trip_id"])
    templates = {trip: run for trip, run in trips.items() if trip in repeated}
    alone = {trip: run for trip, run in trips.items() if trip not in repeated}
    return list(_joined(alone, _following(feed, alone))), templates


def _single(feed: Feed, stop_numbers: Ints, days: Mapping[str, Days]) -> dict[str, Run]:
    times = feed.stop_times
    boards, alights = times["boards"].to_numpy(dtype=bool), times["alights"].to_numpy(dtype=bool)
    arrival, departure = (
        times["arrival"].to_numpy(dtype=float),
        times["departure"].to_numpy(dtype=float),
    )
    trip_ids = times["trip_id"].to_numpy()
    cuts = np.flatnonzero(np.concatenate([[True], trip_ids[1:] != trip_ids[:-1], [True]]))
    if not trip_ids.size:
        return {}
    route = dict(zip(feed.trips.index, feed.trips["route"], strict=True))
    service = dict(zip(feed.trips.index, feed.trips["service_id"], strict=True))
    found: dict[str, Run] = {}
    for begin, end in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
        part, trip = slice(begin, end), str(trip_ids[begin])
        found[trip] = Run(
            (trip,), str(route[trip]), days.get(str(service[trip]), frozenset()), stop_numbers[part],
            boards[part], alights[part], arrival[part], departure[part],
        )  # fmt: skip
    return found


def _following(feed: Feed, trips: Mapping[str, Run]) -> dict[str, list[str]]:
    """Trips that one may stay aboard for, by the trip before."""
    rows = feed.transfers[feed.transfers["kind"].isin((_STAYS, _LEAVES))]
    told = list(zip(rows["kind"], rows["from_trip"], rows["to_trip"], strict=True))
    forbidden = {(a, b) for kind, a, b in told if kind == _LEAVES}
    pairs = [(a, b) for kind, a, b in told if kind == _STAYS]
    blocks = feed.trips.loc[feed.trips["block_id"] != "", "block_id"]
    if len(blocks):
        calls = feed.stop_times[feed.stop_times["trip_id"].isin(blocks.index)]
        passed = calls["stop_id"].map(feed.stops["stop_name"]).groupby(calls["trip_id"]).agg(set)
        for _, members in blocks.groupby(blocks):
            pairs += [
                (one, other)
                for one, other in _along_block(
                    [trip for trip in members.index if trip in trips], trips
                )
                # Nobody stays aboard to ride back to where one came from.
                if len(passed[one] & passed[other]) <= _BACK_SHARE * len(passed[other])
            ]
    following: dict[str, list[str]] = {}
    for a, b in dict.fromkeys(pairs):
        if (a, b) in forbidden or a not in trips or b not in trips or a == b:
            continue
        if trips[a].arrivals[-1] <= trips[b].departures[0]:
            following.setdefault(a, []).append(b)
    return following


def _along_block(members: list[str], trips: Mapping[str, Run]) -> Iterator[tuple[str, str]]:
    """Each trip of a block with the next one of its days."""
    ordered = sorted(members, key=lambda trip: float(trips[trip].departures[0]))
    for place, trip in enumerate(ordered):
        left = trips[trip].days
        for other in ordered[place + 1 :]:
            waits = float(trips[other].departures[0] - trips[trip].arrivals[-1])
            if left & trips[other].days and waits >= 0:
                # Where the vehicle stands for longer, an ordinary change reaches it too.
                if waits <= _SEATED_WAIT_S:
                    yield trip, other
                left -= trips[other].days
            if not left:
                break


def _joined(trips: Mapping[str, Run], following: Mapping[str, list[str]]) -> Iterator[Run]:
    """Join trips along what follows, day by day: each day of each trip is in some run."""
    if not following:
        yield from trips.values()
        return
    left = {trip: run.days for trip, run in trips.items()}

    def onward(run: Run, last: str, days: Days) -> Iterator[Run]:
        rest = days
        if len(run.trip_ids) < _TRIPS_MOST:
            for other in following.get(last, ()):
                common = days & trips[other].days
                if common and other not in run.trip_ids:
                    # The last trip of a full run begins the next one too.
                    if len(run.trip_ids) + 1 < _TRIPS_MOST or not following.get(other):
                        left[other] -= common
                    rest -= common
                    yield from onward(run.then(trips[other], common), other, common)
        if rest:
            yield replace(run, days=rest)

    behind = {other for others in following.values() for other in others}
    ordered = sorted(trips, key=lambda trip: (trip in behind, float(trips[trip].departures[0])))
    for trip in ordered:
        if left[trip]:
            yield from onward(trips[trip], trip, left[trip])
