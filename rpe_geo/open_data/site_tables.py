"""The tables of `rpe-geo site`: demand, candidate sites with their limits and prices, times; and lists of ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rpe_geo.errors import InputError, InvalidFile, InvalidRecord, InvalidSchedule, Where
from rpe_geo.observatory.results import Note
from rpe_geo.open_data.access_tables import (
    read_ids,
    read_numbers,
    read_pairs,
    read_text_columns,
)
from rpe_geo.planning.problem import SitingProblem
from rpe_geo.schedule import Timetable

__all__ = ["SiteTables", "read_id_list", "read_site_tables"]

Floats = NDArray[np.float64]

_LIMITS = ("places_min", "places_max", "cost", "cost_per_place")
_OPTIONAL = (*_LIMITS, "longitude", "latitude", "opening_hours", "name")
_MOST_CELLS = 120_000_000


@dataclass(frozen=True)
class SiteTables:
    """
    What a choice of sites needs.

    Parameters
    ----------
    problem
        Zones, sites, minutes.
    site_points, zone_points
        Longitude and latitude (EPSG:4326), axes (site or zone, 2); None where the file has none.
    names
        Names of the sites; ids where the file has none.
    notes
        What was left out, and why.
    """

    problem: SitingProblem
    site_points: Floats | None
    zone_points: Floats | None
    names: list[str]
    notes: tuple[Note, ...]


def read_site_tables(
    demand: Path, candidates: Path, times: Path, *, slots: Sequence[str] = ()
) -> SiteTables:
    """
    Read demand, candidate sites and travel times.

    Parameters
    ----------
    demand
        `id, children[, longitude, latitude][, hours]`; with `hours`, a row per zone and hours asked.
    candidates
        `id[, places_min, places_max, cost, cost_per_place][, longitude, latitude][, opening_hours][, name]`.
    times
        `origin_id` (demand), `destination_id` (candidates), `minutes`; a missing pair is unreachable.
    slots
        Hours that a site must be open for it to count, « Mo-Fr 06:30-08:00 »; without, any site does.

    Returns
    -------
    SiteTables
        Aligned and checked; `notes` name what was left out.

    Raises
    ------
    InputError
        With file, row and field, for anything that cannot be used.
    """
    zones_table = read_text_columns(
        demand, ["id", "children"], optional=("longitude", "latitude", "hours")
    )
    zones = read_ids(zones_table, demand.name)
    if zones.empty:
        raise InvalidFile("table_empty", where=Where(file=demand.name))
    children = read_numbers(zones_table, "children", demand.name, empty_allowed=True)
    table = read_text_columns(candidates, ["id"], optional=_OPTIONAL)
    sites = read_ids(table, candidates.name)
    if sites.empty:
        raise InvalidFile("table_empty", where=Where(file=candidates.name))
    limits = {name: _optional_numbers(table, name, candidates.name) for name in _LIMITS}
    _check_limits(limits, candidates.name)
    if len(zones) * len(sites) > _MOST_CELLS:
        raise InputError("site_table_too_large", zones=len(zones), sites=len(sites))
    pairs, notes = read_pairs(times, (zones, demand), (sites, candidates))
    minutes = np.full((len(zones), len(sites)), np.inf)
    minutes[pairs.demand_at, pairs.supply_at] = pairs.minutes
    missing = np.isnan(children)
    if missing.any():
        first = str(zones[int(np.flatnonzero(missing)[0])])
        notes.append(Note("site_children_missing", {"count": int(missing.sum()), "first": first}))
    _keep_open_hours(minutes, zones_table, table, slots, (demand, candidates))
    problem = SitingProblem(
        zones=zones,
        children=np.nan_to_num(children, nan=0.0),
        sites=sites,
        minutes=minutes,
        places_min=limits["places_min"],
        places_max=limits["places_max"],
        cost=limits["cost"],
        cost_per_place=limits["cost_per_place"],
    )
    names = [str(site) for site in sites]
    if "name" in table.column_names:
        given = table["name"].to_pylist()
        names = [name.strip() or site for name, site in zip(given, names, strict=True)]
    return SiteTables(
        problem,
        _points(table, candidates.name),
        _points(zones_table, demand.name),
        names,
        tuple(notes),
    )


def read_id_list(path: Path) -> tuple[str, ...]:
    """
    Read a list of ids.

    Parameters
    ----------
    path
        A table with a column `id`.

    Returns
    -------
    tuple
        The ids, in the order of the file.

    Raises
    ------
    InputError
        For a missing file or column, an empty or repeated id.
    """
    return tuple(str(name) for name in read_ids(read_text_columns(path, ["id"]), path.name))


def _optional_numbers(table: pa.Table, name: str, file: str) -> Floats:
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    return read_numbers(table, name, file, empty_allowed=True)


def _check_limits(limits: dict[str, Floats], file: str) -> None:
    wrong = limits["places_min"] > limits["places_max"]
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InvalidRecord(
            "site_places_crossed",
            where=Where(file=file, row=row + 1, field="places_max"),
            least=float(limits["places_min"][row]),
            most=float(limits["places_max"][row]),
        )


def _points(table: pa.Table, file: str) -> Floats | None:
    """Read longitude and latitude where both columns are there; EPSG:4326."""
    if not {"longitude", "latitude"} <= set(table.column_names):
        return None
    points = np.empty((table.num_rows, 2))
    for axis, (name, limit) in enumerate((("longitude", 180.0), ("latitude", 90.0))):
        for row, cell in enumerate(table[name].to_pylist()):
            try:
                value = float(cell) if cell.strip() else np.nan
            except ValueError:
                value = np.inf
            if abs(value) > limit:
                raise InvalidRecord(
                    "site_not_degrees", where=Where(file=file, row=row + 1, field=name), given=cell
                )
            points[row, axis] = value
    return points


def _keep_open_hours(
    minutes: Floats,
    zones: pa.Table,
    sites: pa.Table,
    slots: Sequence[str],
    files: tuple[Path, Path],
) -> None:
    """Forget the pairs whose site is closed when the zone's children need it."""
    asked: list[Timetable | None] = [None] * zones.num_rows
    if "hours" in zones.column_names:
        asked = [
            _week(cell, files[0].name, row + 1, "hours") if cell.strip() else None
            for row, cell in enumerate(zones["hours"].to_pylist())
        ]
    wanted = [_week(slot, None, None, "--slots") for slot in slots]
    if not wanted and not any(asked):
        return
    if "opening_hours" not in sites.column_names:
        raise InvalidFile(
            "column_missing",
            where=Where(file=files[1].name),
            missing=["opening_hours"],
            found=sites.column_names,
        )
    open_hours = [
        _week(cell, files[1].name, row + 1, "opening_hours") if cell.strip() else None
        for row, cell in enumerate(sites["opening_hours"].to_pylist())
    ]
    different = {week for week in asked if week is not None}
    covers = {
        week: np.array([hours is not None and hours.covers(week) for hours in open_hours])
        for week in different
    }
    for row, week in enumerate(asked):
        if week is not None:
            minutes[row, ~covers[week]] = np.inf
    for slot in wanted:
        shut = np.array([hours is None or not hours.covers(slot) for hours in open_hours])
        minutes[:, shut] = np.inf


def _week(text: str, file: str | None, row: int | None, field: str) -> Timetable:
    try:
        return Timetable.parse(text)
    except InvalidSchedule as error:
        raise error.at(file=file, row=row, field=field) from None
