"""Read GTFS feeds into tables that are complete and checked; what cannot be used is left out, counted and named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.travel.transit.calendars import running_days
from rpe_geo.travel.transit.tables import LeftOut, Source, seconds_of
from rpe_geo.travel.transit.transfers import read_transfers

__all__ = ["Feed", "read_feed", "read_feeds"]

_PARENT_ONLY = frozenset({"1", "2", "3", "4"})


@dataclass(frozen=True, eq=False)
class Feed:
    """
    The tables of a feed that a timetable needs.

    Parameters
    ----------
    stops
        Index stop_id; `stop_name, longitude, latitude`.
    trips
        Index trip_id; `route, route_id, service_id, block_id`, route being the name that riders know.
    stop_times
        Sorted by trip and sequence; `trip_id, stop_id, arrival, departure` (seconds after midnight of the service day, past
        24 h after midnight), `boards, alights`.
    running
        One row per service and day on which it runs: `service_id, day` (proleptic ordinal).
    frequencies
        `trip_id, start, end, headway` (seconds) and `exact`: trips that are run again and again.
    transfers
        What the agency says of changing vehicles: `origin, target` (stop_id, a station standing for all its stops), `kind`
        (`transfer_type`: 0 to 5), `seconds` (`min_transfer_time`), `from_route, to_route, from_trip, to_trip` (empty where it holds
        for all).
    left_out
        What could not be used, and why.
    pathways
        Rows of `pathways.txt`, which are not read.
    timezone
        Of the agency.
    """

    stops: pd.DataFrame
    trips: pd.DataFrame
    stop_times: pd.DataFrame
    running: pd.DataFrame
    frequencies: pd.DataFrame
    agency: str
    transfers: pd.DataFrame
    left_out: LeftOut
    pathways: int
    timezone: str


def read_feeds(paths: Sequence[Path]) -> Feed:
    """
    Read several feeds as one: ids are prefixed by the number of the feed, calendars united.

    Parameters
    ----------
    paths
        Zips or folders, at least one.

    Returns
    -------
    Feed
        All of them; one alone keeps its ids.

    Raises
    ------
    InvalidFile
        As `read_feed`; `gtfs_timezones` for feeds of different time zones.
    """
    feeds = [read_feed(path) for path in paths]
    if len(feeds) == 1:
        return feeds[0]
    zones = {feed.timezone for feed in feeds}
    if len(zones) > 1:
        raise InvalidFile(
            "gtfs_timezones", where=Where(file=str(paths[1])), zones=", ".join(sorted(zones))
        )
    named = [_prefixed(feed, f"{number}:") for number, feed in enumerate(feeds, start=1)]
    named = [
        replace(feed, left_out=feed.left_out.of_file(path.name))
        for feed, path in zip(named, paths, strict=True)
    ]
    whole = named[0]
    for feed in named[1:]:
        whole = Feed(
            stops=pd.concat([whole.stops, feed.stops]),
            trips=pd.concat([whole.trips, feed.trips]),
            stop_times=pd.concat([whole.stop_times, feed.stop_times], ignore_index=True),
            running=pd.concat([whole.running, feed.running], ignore_index=True),
            frequencies=pd.concat([whole.frequencies, feed.frequencies], ignore_index=True),
            agency=", ".join(dict.fromkeys(filter(None, (whole.agency, feed.agency)))),
            transfers=pd.concat([whole.transfers, feed.transfers], ignore_index=True),
            left_out=whole.left_out.joined(feed.left_out),
            pathways=whole.pathways + feed.pathways,
            timezone=whole.timezone,
        )
    return whole


def _prefixed(feed: Feed, prefix: str) -> Feed:
    def named(column: pd.Series) -> pd.Series:
        return (prefix + column).where(column != "", "")

    trips = feed.trips.set_axis(prefix + feed.trips.index.astype(str), axis="index")
    times, transfers = feed.stop_times, feed.transfers
    return replace(
        feed,
        stops=feed.stops.set_axis(prefix + feed.stops.index.astype(str), axis="index"),
        trips=trips.assign(
            **{name: named(trips[name]) for name in ("route_id", "service_id", "block_id")}
        ),
        stop_times=times.assign(trip_id=named(times["trip_id"]), stop_id=named(times["stop_id"])),
        running=feed.running.assign(service_id=named(feed.running["service_id"])),
        frequencies=feed.frequencies.assign(trip_id=named(feed.frequencies["trip_id"])),
        transfers=transfers.assign(
            **{
                name: named(transfers[name])
                for name in ("origin", "target", "from_route", "to_route", "from_trip", "to_trip")
            }
        ),
    )


def read_feed(path: Path) -> Feed:
    """
    Read a GTFS feed.

    Parameters
    ----------
    path
        A `.zip`, or the folder of its tables.

    Returns
    -------
    Feed
        Stops, trips, times and days.

    Raises
    ------
    InvalidFile
        For a feed that is missing, no zip, or lacks a table or a column.
    """
    left_out = LeftOut()
    source = Source(path, left_out)
    stops = _stops(source)
    running, services = running_days(source)
    trips = _trips(source, services)
    times = _stop_times(source, trips, stops)
    trips = trips.loc[trips.index.isin(times["trip_id"].unique())]
    agency = source.read("agency.txt", [], needed=False)
    names = agency["agency_name"].tolist() if "agency_name" in agency else []
    zones = agency["agency_timezone"].tolist() if "agency_timezone" in agency else []
    left_out.add("agency_timezone", [zone for zone in zones if zone not in {"", _zone(zones)}])
    pathways = len(source.read("pathways.txt", [], needed=False))
    return Feed(
        stops=stops[["stop_name", "longitude", "latitude"]],
        trips=trips,
        stop_times=times,
        running=running,
        frequencies=_frequencies(source, trips),
        agency=", ".join(dict.fromkeys(str(name) for name in names if name)),
        transfers=read_transfers(source, stops, trips),
        left_out=left_out,
        pathways=pathways,
        timezone=_zone(zones),
    )


def _zone(zones: list[str]) -> str:
    """The time zone of a feed: all its agencies must share one."""
    return next((zone for zone in zones if zone), "Europe/Paris")


def _without_twins(frame: pd.DataFrame, key: str, source: Source, table: str) -> pd.DataFrame:
    """Drop rows without an id, and those whose id is there already."""
    empty = (frame[key] == "").to_numpy()
    source.left_out.add(f"{table}_without_id", [f"{table} {n + 1}" for n in np.flatnonzero(empty)])
    frame = frame[~empty]
    twins = frame[key].duplicated().to_numpy()
    source.left_out.add(f"{table}_twice", frame.loc[twins, key])
    return frame[~twins]


def _stops(source: Source) -> pd.DataFrame:
    stops = source.read("stops.txt", ["stop_id", "stop_lat", "stop_lon"])
    stops = _without_twins(stops, "stop_id", source, "stops").set_index("stop_id")
    for name, column, most in (("longitude", "stop_lon", 180.0), ("latitude", "stop_lat", 90.0)):
        degrees = pd.to_numeric(stops[column].str.replace(",", ".", regex=False), errors="coerce")
        stops[name] = degrees.where(degrees.abs() <= most)
    nowhere = stops["longitude"].isna() | stops["latitude"].isna()
    # 0, 0 is how many programs write nothing; it is a place only where the other stops lie near it.
    middle = stops.loc[~nowhere, ["longitude", "latitude"]].median().abs().max()
    if middle > 1:
        nowhere |= (stops["longitude"] == 0) & (stops["latitude"] == 0)
    stops.loc[nowhere, ["longitude", "latitude"]] = np.nan
    parent = stops["parent_station"] if "parent_station" in stops else pd.Series("", stops.index)
    stops["parent_station"] = parent
    # A platform without a place stands where its station does.
    station = stops[["longitude", "latitude"]].reindex(parent[nowhere])
    stops.loc[nowhere, ["longitude", "latitude"]] = station.to_numpy()
    lost = stops["longitude"].isna()
    if "location_type" in stops:
        lost &= ~stops["location_type"].isin(_PARENT_ONLY)
    source.left_out.add("stop_without_place", stops.index[lost])
    if "stop_name" not in stops:
        stops["stop_name"] = stops.index
    return stops


def _trips(source: Source, services: frozenset[str]) -> pd.DataFrame:
    routes = source.read("routes.txt", ["route_id"])
    routes = _without_twins(routes, "route_id", source, "routes").set_index("route_id")
    nothing = pd.Series("", index=routes.index)
    short, long = routes.get("route_short_name", nothing), routes.get("route_long_name", nothing)
    label = short.where(short != "", long)
    trips = source.read("trips.txt", ["route_id", "service_id", "trip_id"])
    trips = _without_twins(trips, "trip_id", source, "trips").set_index("trip_id")
    source.left_out.add("route_unknown", trips.index[~trips["route_id"].isin(routes.index)])
    trips["route"] = trips["route_id"].map(label).fillna("")
    if "block_id" not in trips:
        trips["block_id"] = ""
    hailed = routes.index[_is_hailed(routes)]
    source.left_out.add("hail_and_ride", trips.index[trips["route_id"].isin(hailed)])
    unknown = ~trips["service_id"].isin(services)
    source.left_out.add("service_unknown", trips.index[unknown])
    return trips.loc[~unknown, ["route", "route_id", "service_id", "block_id"]]


def _is_hailed(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Rows that let riders on or off between stops, on a sign to the driver or by arrangement."""
    columns = table.columns.intersection(["continuous_pickup", "continuous_drop_off"])
    hailed: NDArray[np.bool_] = table[columns].isin(["0", "2", "3"]).any(axis=1).to_numpy(bool)
    return hailed


def _stop_times(source: Source, trips: pd.DataFrame, stops: pd.DataFrame) -> pd.DataFrame:
    """Read the times of all trips; a trip whose times cannot be trusted is left out whole."""
    table = source.read(
        "stop_times.txt", ["trip_id", "stop_id", "arrival_time", "departure_time", "stop_sequence"]
    )
    if table.empty:
        raise InvalidFile("gtfs_no_trip", where=Where(file=str(source.path)))
    left_out = source.left_out
    left_out.add("hail_and_ride", table.loc[_is_hailed(table), "trip_id"].unique())
    arrival, bad_arrival = seconds_of(table["arrival_time"])
    departure, bad_departure = seconds_of(table["departure_time"])
    sequence = pd.to_numeric(table["stop_sequence"], errors="coerce")
    times = pd.DataFrame(
        {
            "trip_id": table["trip_id"],
            "stop_id": table["stop_id"],
            "sequence": sequence,
            "arrival": np.where(np.isnan(arrival), departure, arrival),
            "departure": np.where(np.isnan(departure), arrival, departure),
            "boards": (table["pickup_type"] != "1") if "pickup_type" in table else True,
            "alights": (table["drop_off_type"] != "1") if "drop_off_type" in table else True,
            "along": _distances(table),
            "bad": bad_arrival | bad_departure,
        }
    )
    windows = [name for name in map(str, table) if name.endswith("_pickup_drop_off_window")]
    flexible = (table[windows] != "").any(axis=1)
    left_out.add("on_demand", times.loc[flexible, "trip_id"].unique())
    known = times["trip_id"].isin(trips.index)
    named = set(source.read("trips.txt", ["trip_id"])["trip_id"]) if not known.all() else set()
    strangers = times.loc[~known, "trip_id"]
    left_out.add("trip_unknown", strangers[~strangers.isin(named)].unique())
    times = times[known & ~times["trip_id"].isin(times.loc[flexible, "trip_id"].unique())]
    unordered = times["sequence"].isna()
    left_out.add("sequence_unreadable", times.loc[unordered, "trip_id"])
    nowhere = ~times["stop_id"].isin(stops.index)
    left_out.add("stop_unknown", times.loc[nowhere & ~unordered, "stop_id"])
    times = times[~unordered & ~nowhere]
    times = times.sort_values(["trip_id", "sequence"], kind="stable")
    twins = times.duplicated(["trip_id", "sequence"])
    left_out.add("sequence_twice", times.loc[twins, "trip_id"])
    times = times[~twins].reset_index(drop=True)
    wrong = times.loc[times["bad"], "trip_id"].unique()
    left_out.add("time_unreadable", wrong)
    times = _between_timed_stops(times[~times["trip_id"].isin(wrong)], left_out)
    backwards = _goes_back(times)
    left_out.add("times_go_back", backwards)
    times = times[~times["trip_id"].isin(backwards)]
    alone = times["trip_id"].map(times["trip_id"].value_counts()) < 2
    left_out.add("one_stop", times.loc[alone, "trip_id"].unique())
    times = times[~alone].reset_index(drop=True)
    with_times = set(table["trip_id"])
    left_out.add("trip_without_times", [trip for trip in trips.index if trip not in with_times])
    return times[["trip_id", "stop_id", "arrival", "departure", "boards", "alights"]]


def _distances(table: pd.DataFrame) -> NDArray[np.float64]:
    if "shape_dist_traveled" not in table:
        return np.full(len(table), np.nan)
    distances: NDArray[np.float64] = pd.to_numeric(
        table["shape_dist_traveled"], errors="coerce"
    ).to_numpy(dtype=np.float64)
    return distances


def _between_timed_stops(times: pd.DataFrame, left_out: LeftOut) -> pd.DataFrame:
    """
    Give the stops between two that have a time one in proportion to `shape_dist_traveled`, or evenly where that is not told.

    Stops before the first time of a trip, or after the last, have none: nobody knows when the vehicle comes.
    """
    if not times["arrival"].isna().any():
        return times
    arrival = times["arrival"].to_numpy(dtype=np.float64, copy=True)
    departure = times["departure"].to_numpy(dtype=np.float64, copy=True)
    rank = np.arange(len(times), dtype=np.float64)
    trip = times["trip_id"].to_numpy()
    timed = ~np.isnan(arrival)
    at = np.flatnonzero(timed)
    missing = np.flatnonzero(~timed)
    if at.size:
        after = np.searchsorted(at, missing)
        before, beyond = at[np.maximum(after - 1, 0)], at[np.minimum(after, at.size - 1)]
        inside = (after > 0) & (after < at.size)
        inside &= (trip[before] == trip[missing]) & (trip[beyond] == trip[missing])
        missing, before, beyond = missing[inside], before[inside], beyond[inside]
        along = times["along"].to_numpy()
        span = along[beyond] - along[before]
        told = along[missing] - along[before]
        good = (span > 0) & (told >= 0) & (told <= span)
        even = (rank[missing] - rank[before]) / (rank[beyond] - rank[before])
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(good, told / span, even)
        guessed = np.rint(departure[before] + share * (arrival[beyond] - departure[before]))
        arrival[missing], departure[missing] = guessed, guessed
    times = times.assign(arrival=arrival, departure=departure)
    lost = times["arrival"].isna()
    left_out.add("stop_without_time", times.loc[lost, "trip_id"])
    return times[~lost].reset_index(drop=True)


def _goes_back(times: pd.DataFrame) -> NDArray[np.object_]:
    """Trips that leave before they come, or come before they left the stop before."""
    if times.empty:
        return np.zeros(0, dtype=object)
    trip = times["trip_id"].to_numpy()
    arrival, departure = times["arrival"].to_numpy(), times["departure"].to_numpy()
    wrong = departure < arrival
    wrong[1:] |= (trip[1:] == trip[:-1]) & (arrival[1:] < departure[:-1])
    return np.asarray(pd.unique(trip[wrong]), dtype=object)


def _frequencies(source: Source, trips: pd.DataFrame) -> pd.DataFrame:
    """Read the trips that are run again and again; a row that cannot be used leaves its trip out of it."""
    columns = ["trip_id", "start_time", "end_time", "headway_secs"]
    table = source.read("frequencies.txt", columns, needed=False)
    start, bad_start = seconds_of(table["start_time"].astype(str))
    end, bad_end = seconds_of(table["end_time"].astype(str))
    headway = pd.to_numeric(table["headway_secs"], errors="coerce").to_numpy(dtype=np.float64)
    good = ~(bad_start | bad_end) & (headway > 0) & (start < end)
    source.left_out.add("frequency_unusable", table.loc[~good, "trip_id"])
    exact = table["exact_times"] == "1" if "exact_times" in table else False
    rows = pd.DataFrame(
        {
            "trip_id": table["trip_id"],
            "start": start,
            "end": end,
            "headway": headway,
            "exact": exact,
        }
    )
    rows = rows[good]
    known = rows["trip_id"].isin(trips.index)
    source.left_out.add("frequency_trip_unknown", rows.loc[~known, "trip_id"])
    return rows[known].reset_index(drop=True)
