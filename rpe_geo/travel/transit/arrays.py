"""From a feed to the arrays of a timetable: patterns of stops, trips, frequencies, what holds of changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpe_geo.travel.transit.gtfs import Feed
from rpe_geo.travel.transit.runs import Run, runs_of

__all__ = ["ARRAYS", "timetable_arrays"]

Ints = NDArray[np.int64]

ARRAYS = (
    "stop_longitude", "stop_latitude", "pattern_ptr", "pattern_stops", "pattern_boards",
    "pattern_alights", "trip_ptr", "trip_service", "trip_route", "trip_times_ptr", "arrivals",
    "departures", "running_service", "running_day", "transfer_origin", "transfer_target", "transfer_kind",
    "transfer_seconds", "frequency_pattern", "frequency_service", "frequency_route", "frequency_start",
    "frequency_end", "frequency_headway", "frequency_exact", "frequency_ptr", "frequency_arrivals",
    "frequency_departures",
)  # fmt: skip
_SPECIFIC = ("from_route", "to_route", "from_trip", "to_trip")
_LAST_CHANGE = 3


def timetable_arrays(feed: Feed) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """
    Lay out a feed.

    Parameters
    ----------
    feed
        What was read.

    Returns
    -------
    tuple
        Arrays by the names of `ARRAYS`; and names of stops and lines, with the number of trips.

    Notes
    -----
    Where a change depends on the line or the trip, the stop is copied for those that differ: a copy stands at the same place, and
    changes between copies follow the most specific row (reference, transfers.txt: trips before lines before stops).
    """
    number = {stop: at for at, stop in enumerate(feed.stops.index)}
    stop_numbers = feed.stop_times["stop_id"].map(number).to_numpy(dtype=np.int64)
    changes = feed.transfers[feed.transfers["kind"] <= _LAST_CHANGE].reset_index(drop=True)
    stop_numbers, copies = _copied_stops(feed, changes, stop_numbers, number)
    runs, templates = runs_of(feed, stop_numbers)
    routes = sorted({run.route for run in (*runs, *templates.values())})
    route_number = {route: at for at, route in enumerate(routes)}
    services = _Services()
    patterns = _Patterns()
    for run in runs:
        patterns.add_trip(run, services.of(run.days), route_number[run.route])
    repeated = _frequencies(feed, templates, patterns, services, route_number)
    real = np.concatenate(
        [np.arange(len(feed.stops)), np.array([stop for stop, *_ in copies], np.int64)]
    )
    names = feed.stops["stop_name"].astype(str).to_numpy()
    arrays = {
        "stop_longitude": feed.stops["longitude"].to_numpy(dtype=np.float64)[real],
        "stop_latitude": feed.stops["latitude"].to_numpy(dtype=np.float64)[real],
        **patterns.arrays(),
        **repeated,
        **services.arrays(feed),
        **_change_arrays(changes, copies, number),
    }
    told = {
        "routes": routes,
        "stop_names": names[real].tolist(),
        "trips": len(runs) + len(templates),
    }
    return {name: arrays[name] for name in ARRAYS}, told


class _Services:
    """Sets of days, each a service with a number."""

    def __init__(self) -> None:
        self._numbers: dict[frozenset[int], int] = {}

    def of(self, days: frozenset[int]) -> int:
        return self._numbers.setdefault(days, len(self._numbers))

    def arrays(self, feed: Feed) -> dict[str, NDArray[Any]]:
        pairs = [(number, day) for days, number in self._numbers.items() for day in sorted(days)]
        # Days on which nothing runs still belong to the feed.
        idle = len(self._numbers)
        pairs += [(idle, day) for day in sorted(set(feed.running["day"].tolist()))]
        table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        return {"running_service": table[:, 0], "running_day": table[:, 1]}


class _Patterns:
    """Sequences of stops, with the trips that follow each."""

    def __init__(self) -> None:
        self._trips: dict[tuple[bytes, bytes, bytes], list[tuple[Run, int, int]]] = {}
        self._numbers: dict[tuple[bytes, bytes, bytes], int] = {}

    def number(self, run: Run) -> int:
        """Number of the sequence of a run, new or not."""
        key = (run.stops.tobytes(), run.boards.tobytes(), run.alights.tobytes())
        self._trips.setdefault(key, [])
        return self._numbers.setdefault(key, len(self._numbers))

    def add_trip(self, run: Run, service: int, route: int) -> None:
        key = (run.stops.tobytes(), run.boards.tobytes(), run.alights.tobytes())
        self._numbers.setdefault(key, len(self._numbers))
        self._trips.setdefault(key, []).append((run, service, route))

    def arrays(self) -> dict[str, NDArray[Any]]:
        sequences = [np.frombuffer(stops, dtype=np.int64) for stops, _, _ in self._trips]
        boards = [np.frombuffer(on, dtype=bool) for _, on, _ in self._trips]
        alights = [np.frombuffer(off, dtype=bool) for _, _, off in self._trips]
        trips = list(self._trips.values())
        flat = [trip for some in trips for trip in some]
        lengths = [sequence.size for sequence in sequences]
        return {
            "pattern_ptr": _pointer(lengths),
            "pattern_stops": _joined(sequences, np.int64),
            "pattern_boards": _joined(boards, np.bool_),
            "pattern_alights": _joined(alights, np.bool_),
            "trip_ptr": _pointer([len(some) for some in trips]),
            "trip_times_ptr": _pointer(
                [len(some) * length for some, length in zip(trips, lengths, strict=True)]
            ),
            "trip_service": np.array([service for _, service, _ in flat], dtype=np.int64),
            "trip_route": np.array([route for _, _, route in flat], dtype=np.int64),
            "arrivals": _joined([run.arrivals for run, _, _ in flat], np.float64),
            "departures": _joined([run.departures for run, _, _ in flat], np.float64),
        }


def _pointer(sizes: Sequence[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def _joined(parts: Sequence[NDArray[Any]], kind: type) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype=kind), *parts]).astype(kind)


def _frequencies(
    feed: Feed,
    templates: Mapping[str, Run],
    patterns: _Patterns,
    services: _Services,
    route_number: Mapping[str, int],
) -> dict[str, NDArray[Any]]:
    """Lay out the trips that are run again and again: times from their first departure, and the hours between which they run."""
    rows = [row for row in feed.frequencies.to_dict("records") if row["trip_id"] in templates]
    runs = [templates[row["trip_id"]] for row in rows]
    first = [float(run.departures[0]) for run in runs]
    return {
        "frequency_pattern": np.array([patterns.number(run) for run in runs], dtype=np.int64),
        "frequency_service": np.array([services.of(run.days) for run in runs], dtype=np.int64),
        "frequency_route": np.array([route_number[run.route] for run in runs], dtype=np.int64),
        "frequency_start": np.array([row["start"] for row in rows], dtype=np.float64),
        "frequency_end": np.array([row["end"] for row in rows], dtype=np.float64),
        "frequency_headway": np.array([row["headway"] for row in rows], dtype=np.float64),
        "frequency_exact": np.array([row["exact"] for row in rows], dtype=np.bool_),
        "frequency_ptr": _pointer([run.stops.size for run in runs]),
        "frequency_arrivals": _joined(
            [run.arrivals - begin for run, begin in zip(runs, first, strict=True)], np.float64
        ),
        "frequency_departures": _joined(
            [run.departures - begin for run, begin in zip(runs, first, strict=True)], np.float64
        ),
    }


Copy = tuple[int, frozenset[int], frozenset[int]]
"""A copied stop: the stop, the rows of changes that hold for those who get off there, and for those who get on."""


def _copied_stops(
    feed: Feed, changes: pd.DataFrame, stop_numbers: Ints, number: Mapping[str, int]
) -> tuple[Ints, list[Copy]]:
    """Copy the stops at which changes depend on lines or trips; return the stop of each call, and the copies."""
    specific = changes[(changes[list(_SPECIFIC)] != "").any(axis=1)]
    if specific.empty:
        return stop_numbers, []
    calls = feed.stop_times
    route = calls["trip_id"].map(feed.trips["route_id"]).to_numpy()
    trip = calls["trip_id"].to_numpy()
    wanted = {number[stop] for column in ("origin", "target") for stop in specific[column]}
    at_stop: dict[int, list[int]] = defaultdict(list)
    for row in np.flatnonzero(np.isin(stop_numbers, list(wanted))).tolist():
        at_stop[int(stop_numbers[row])].append(row)
    leaving: dict[int, set[int]] = defaultdict(set)
    going: dict[int, set[int]] = defaultdict(set)
    for rule, said in zip(specific.index.tolist(), specific.to_dict("records"), strict=True):
        for side, stop, held in (("from", said["origin"], leaving), ("to", said["target"], going)):
            line, one = said[f"{side}_route"], said[f"{side}_trip"]
            if not line and not one:
                continue
            for call in at_stop[number[stop]]:
                if (not line or route[call] == line) and (not one or trip[call] == one):
                    held[call].add(rule)
    copies: dict[Copy, int] = {}
    result = stop_numbers.copy()
    for call in {*leaving, *going}:
        key = (
            int(stop_numbers[call]),
            frozenset(leaving.get(call, ())),
            frozenset(going.get(call, ())),
        )
        result[call] = copies.setdefault(key, len(number) + len(copies))
    return result, list(copies)


def _change_arrays(
    changes: pd.DataFrame, copies: Sequence[Copy], number: Mapping[str, int]
) -> dict[str, NDArray[Any]]:
    """Say what holds between stops and their copies; of several rows the most specific one."""
    at_stop: dict[int, list[tuple[int, frozenset[int], frozenset[int]]]] = defaultdict(list)
    for shift, (stop, leaving, going) in enumerate(copies):
        at_stop[stop].append((len(number) + shift, leaving, going))
    rank = sum(
        (changes[name] != "").astype(int) * (2 if name.endswith("trip") else 1)
        for name in _SPECIFIC
    )
    held: dict[tuple[int, int], tuple[int, float]] = {}
    ordered = changes.assign(rank=rank).sort_values("rank", kind="stable")
    for rule, said in zip(ordered.index.tolist(), ordered.to_dict("records"), strict=True):
        origin, target = number[said["origin"]], number[said["target"]]
        from_all = not (said["from_route"] or said["from_trip"])
        to_all = not (said["to_route"] or said["to_trip"])
        starts = [copy for copy, leaving, _ in at_stop[origin] if from_all or rule in leaving]
        goals = [copy for copy, _, going in at_stop[target] if to_all or rule in going]
        for start in [*([origin] if from_all else []), *starts]:
            for goal in [*([target] if to_all else []), *goals]:
                held[start, goal] = (int(said["kind"]), float(said["seconds"]))
    pairs = np.array(list(held), dtype=np.int64).reshape(-1, 2)
    values = list(held.values())
    return {
        "transfer_origin": pairs[:, 0],
        "transfer_target": pairs[:, 1],
        "transfer_kind": np.array([kind for kind, _ in values], dtype=np.int64),
        "transfer_seconds": np.array([seconds for _, seconds in values], dtype=np.float64),
    }
