"""Read a GTFS feed, zipped or not, into tables that are complete and checked."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpe_geo.errors import InvalidFile, Where

__all__ = ["Feed", "read_feed"]


@dataclass(frozen=True, eq=False)
class Feed:
    """
    The tables of a feed that a timetable needs.

    Parameters
    ----------
    stops
        Index stop_id; `stop_name, longitude, latitude`.
    trips
        Index trip_id; `route, service_id`, route being the name that riders know.
    stop_times
        Sorted by trip and sequence; `trip_id, stop_id, arrival, departure` (seconds after midnight of the service day, past
        24 h after midnight), `boards, alights`.
    running
        One row per service and day on which it runs: `service_id, day` (proleptic ordinal).
    transfers
        What the agency says of changing vehicles between two stops, a station standing for all its stops: `origin, target`
        (stop_id), `kind` (`transfer_type`: 0 to 3), `seconds` (`min_transfer_time`; 0 where none is given).
    transfers_ignored
        Rows that hold between two lines or two trips only, which are not read.
    """

    stops: pd.DataFrame
    trips: pd.DataFrame
    stop_times: pd.DataFrame
    running: pd.DataFrame
    agency: str
    transfers: pd.DataFrame
    transfers_ignored: int


class _Source:
    """The files of a feed, in a zip (perhaps inside one folder of it) or in a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            raise InvalidFile("file_missing", where=Where(file=str(path)))
        self._zip: zipfile.ZipFile | None = None
        if path.is_file():
            try:
                self._zip = zipfile.ZipFile(path)
            except zipfile.BadZipFile as error:
                raise InvalidFile("gtfs_not_zip", where=Where(file=str(path))) from error

    def _bytes(self, table: str) -> bytes | None:
        if self._zip is None:
            file = self.path / table
            return file.read_bytes() if file.is_file() else None
        names = [name for name in self._zip.namelist() if name.split("/")[-1] == table]
        return self._zip.read(min(names, key=len)) if names else None

    def read(self, table: str, columns: Sequence[str], *, needed: bool = True) -> pd.DataFrame:
        """Read one table as text; a table that may be missing comes back empty."""
        content = self._bytes(table)
        if content is None or not content.strip():
            if needed:
                raise InvalidFile(
                    "gtfs_table_missing", where=Where(file=str(self.path)), table=table
                )
            return pd.DataFrame(columns=list(columns), dtype=str)
        try:
            frame = pd.read_csv(
                io.BytesIO(content), dtype=str, encoding="utf-8-sig", keep_default_na=False
            )
        except (pd.errors.ParserError, UnicodeDecodeError) as error:
            raise InvalidFile(
                "gtfs_unreadable", where=Where(file=f"{self.path}/{table}")
            ) from error
        frame.columns = [str(name).strip() for name in frame.columns]
        missing = [name for name in columns if name not in frame.columns]
        if missing:
            raise InvalidFile(
                "gtfs_column_missing", where=Where(file=f"{self.path}/{table}"), column=missing[0]
            )
        return frame


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
        For a feed that is missing, unreadable, or lacks a table or a column.
    """
    source = _Source(path)
    stops = source.read("stops.txt", ["stop_id", "stop_lat", "stop_lon"])
    stops["longitude"] = pd.to_numeric(stops["stop_lon"], errors="coerce")
    stops["latitude"] = pd.to_numeric(stops["stop_lat"], errors="coerce")
    if "stop_name" not in stops:
        stops["stop_name"] = stops["stop_id"]
    stops = stops.drop_duplicates("stop_id").set_index("stop_id")

    routes = source.read("routes.txt", ["route_id"]).set_index("route_id")
    short = routes.get("route_short_name", pd.Series("", index=routes.index))
    long = routes.get("route_long_name", pd.Series("", index=routes.index))
    label = short.where(short != "", long)
    trips = source.read("trips.txt", ["route_id", "service_id", "trip_id"])
    trips["route"] = trips["route_id"].map(label).fillna("")
    trips = trips.drop_duplicates("trip_id").set_index("trip_id")[["route", "service_id"]]

    times = _stop_times(source, trips, stops)
    agency = source.read("agency.txt", [], needed=False)
    names = agency["agency_name"].tolist() if "agency_name" in agency else []
    transfers, ignored = _transfers(source, stops)
    times, trips = _with_frequencies(source, times, trips)
    return Feed(
        stops=stops[["stop_name", "longitude", "latitude"]],
        trips=trips,
        stop_times=times,
        running=_running(source),
        agency=", ".join(dict.fromkeys(str(name) for name in names)),
        transfers=transfers,
        transfers_ignored=ignored,
    )


def _seconds(text: pd.Series, file: str) -> NDArray[np.float64]:
    """Read `HH:MM:SS` as seconds; empty is nan."""
    stripped = text.str.strip()
    parts = stripped.str.extract(r"^(\d{1,3}):(\d{2}):(\d{2})$")
    bad = parts[0].isna() & (stripped != "")
    if bad.any():
        row = int(np.flatnonzero(bad.to_numpy())[0])
        raise InvalidFile(
            "gtfs_time_bad", where=Where(file=file, row=row + 1), time=str(stripped.iloc[row])
        )
    numbers = parts.astype(float).to_numpy()
    seconds: NDArray[np.float64] = numbers @ np.array([3600.0, 60.0, 1.0])
    return seconds


def _stop_times(source: _Source, trips: pd.DataFrame, stops: pd.DataFrame) -> pd.DataFrame:
    table = source.read(
        "stop_times.txt", ["trip_id", "stop_id", "arrival_time", "departure_time", "stop_sequence"]
    )
    file = f"{source.path}/stop_times.txt"
    arrival, departure = (
        _seconds(table["arrival_time"], file),
        _seconds(table["departure_time"], file),
    )
    times = pd.DataFrame(
        {
            "trip_id": table["trip_id"],
            "stop_id": table["stop_id"],
            "sequence": pd.to_numeric(table["stop_sequence"], errors="coerce"),
            "arrival": np.where(np.isnan(arrival), departure, arrival),
            "departure": np.where(np.isnan(departure), arrival, departure),
            "boards": table["pickup_type"] != "1" if "pickup_type" in table else True,
            "alights": table["drop_off_type"] != "1" if "drop_off_type" in table else True,
        }
    )
    times = times[times["trip_id"].isin(trips.index) & times["stop_id"].isin(stops.index)]
    times = times.sort_values(["trip_id", "sequence"], kind="stable").reset_index(drop=True)
    # Stops without a time lie between two that have one: spread them evenly.
    for column in ("arrival", "departure"):
        times[column] = (
            times.groupby("trip_id")[column].transform(
                lambda seconds: seconds.interpolate(limit_area="inside")
            )
            if times[column].isna().any()
            else times[column]
        )
    return times.dropna(subset=["arrival", "departure"]).reset_index(drop=True)


def _with_frequencies(
    source: _Source, times: pd.DataFrame, trips: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write out the trips of `frequencies.txt`, one per headway."""
    columns = ["trip_id", "start_time", "end_time", "headway_secs"]
    table = source.read("frequencies.txt", columns, needed=False)
    if table.empty:
        return times, trips
    file = f"{source.path}/frequencies.txt"
    start, end = _seconds(table["start_time"], file), _seconds(table["end_time"], file)
    headway = pd.to_numeric(table["headway_secs"], errors="coerce").to_numpy()
    templates = dict(list(times.groupby("trip_id")))
    made = [times[~times["trip_id"].isin(table["trip_id"])]]
    copies: dict[str, str] = {}
    for trip_id, first, last, every in zip(table["trip_id"], start, end, headway, strict=True):
        if trip_id not in templates or not every > 0:
            continue
        template = templates[trip_id]
        for number, leaving in enumerate(np.arange(first, last, every)):
            copy = template.copy()
            shift = leaving - template["departure"].iloc[0]
            copy[["arrival", "departure"]] += shift
            copy["trip_id"] = f"{trip_id}@{first:.0f}+{number}"
            copies[copy["trip_id"].iloc[0]] = trip_id
            made.append(copy)
    return pd.concat(made, ignore_index=True), _with_copies(trips, copies)


def _with_copies(trips: pd.DataFrame, copies: dict[str, str]) -> pd.DataFrame:
    """Add the trips that were written out, each like the one it was copied from."""
    added = trips.loc[list(copies.values())].set_axis(list(copies), axis="index")
    return pd.concat([trips, added])


def _transfers(source: _Source, stops: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Read the changes between stops; a row on a station holds for every stop of it, a row on the stop itself wins."""
    table = source.read("transfers.txt", [], needed=False)
    if table.empty or not {"from_stop_id", "to_stop_id"} <= set(table.columns):
        return pd.DataFrame(columns=["origin", "target", "kind", "seconds"]), len(table)
    told = table.get("transfer_type", pd.Series("0", index=table.index))
    kind = pd.to_numeric(told.replace("", "0"), errors="coerce")
    narrow = [
        name
        for name in ("from_route_id", "to_route_id", "from_trip_id", "to_trip_id")
        if name in table
    ]
    read = kind.between(0, 3) & (table[narrow] == "").all(axis=1)
    given = table.get("min_transfer_time", "")
    rows = pd.DataFrame(
        {
            "from": table["from_stop_id"],
            "to": table["to_stop_id"],
            "kind": kind,
            "seconds": pd.to_numeric(given, errors="coerce"),
        }
    )[read].fillna({"seconds": 0.0})
    own = pd.Series(stops.index, index=stops.index)
    parent = stops.get("parent_station", pd.Series("", index=stops.index))
    platforms = pd.concat(
        [
            pd.DataFrame({"named": own, "stop": own, "wide": 0}),
            pd.DataFrame({"named": parent, "stop": own, "wide": 1})[(parent != "").to_numpy()],
        ]
    )
    rows = rows.merge(platforms.add_suffix("_from"), left_on="from", right_on="named_from")
    rows = rows.merge(platforms.add_suffix("_to"), left_on="to", right_on="named_to")
    rows["wide"] = rows["wide_from"] + rows["wide_to"]
    rows = rows.sort_values("wide", kind="stable").drop_duplicates(["stop_from", "stop_to"])
    found = rows.rename(columns={"stop_from": "origin", "stop_to": "target"})
    return found[["origin", "target", "kind", "seconds"]], int((~read).sum())


def _running(source: _Source) -> pd.DataFrame:
    """List the days on which each service runs."""
    weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    calendar = source.read(
        "calendar.txt", ["service_id", *weekdays, "start_date", "end_date"], needed=False
    )
    exceptions = source.read(
        "calendar_dates.txt", ["service_id", "date", "exception_type"], needed=False
    )
    if calendar.empty and exceptions.empty:
        raise InvalidFile(
            "gtfs_table_missing", where=Where(file=str(source.path)), table="calendar.txt"
        )
    days: set[tuple[str, int]] = set()
    for row in calendar.to_dict("records"):
        first, last = (
            _ordinal(row["start_date"], source.path),
            _ordinal(row["end_date"], source.path),
        )
        runs = [row[name] == "1" for name in weekdays]
        # Day 1 of the proleptic calendar was a Monday.
        days.update(
            (row["service_id"], day) for day in range(first, last + 1) if runs[(day - 1) % 7]
        )
    for row in exceptions.to_dict("records"):
        entry = (row["service_id"], _ordinal(row["date"], source.path))
        if row["exception_type"] == "1":
            days.add(entry)
        else:
            days.discard(entry)
    return pd.DataFrame(sorted(days), columns=["service_id", "day"])


def _ordinal(text: str, path: Path) -> int:
    day = pd.to_datetime(str(text).strip(), format="%Y%m%d", errors="coerce")
    if pd.isna(day):
        raise InvalidFile("gtfs_date_bad", where=Where(file=str(path)), date=str(text))
    return int(day.toordinal())
