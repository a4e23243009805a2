"""Scenarios: read from JSON, each fault at its change and field; the replayed ones written without small counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from shapely import Point

from rpe_geo.errors import InvalidRecord, RpeGeoError, Where
from rpe_geo.files import read_bytes
from rpe_geo.formats.json_files import parse_json
from rpe_geo.planning.changes import Change, Scenario
from rpe_geo.privacy import suppress_small_counts
from rpe_geo.schedule import Timetable

__all__ = ["Place", "counts_told", "read_scenario"]

Place = Callable[[str], Point]
"""Finds the place of an address."""

_ALLOWED = {
    "open": {
        "open",
        "id",
        "kind",
        "name",
        "address",
        "longitude",
        "latitude",
        "places",
        "members",
        "opening_hours",
        "cost",
    },
    "recruit": {"recruit", "near", "longitude", "latitude", "places", "working_hours", "cost"},
    "close": {"close", "cost"},
    "retire": {"retire", "cost"},
    "change": {"change", "working_hours", "opening_hours", "places", "cost"},
}
_AT_LEAST = 5


def read_scenario(path: Path, place_of: Place) -> Scenario:
    """
    Read a scenario.

    Parameters
    ----------
    path
        JSON: `title` and `changes`, see docs/planning.md.
    place_of
        Finds the place of an address, or raises `InputError`.

    Returns
    -------
    Scenario
        Title and changes, places found.

    Raises
    ------
    InputError
        With file, number of the change and field.
    """
    content = parse_json(read_bytes(path), path.name)
    where = Where(file=path.name)
    if not isinstance(content, dict) or not isinstance(content.get("changes"), list):
        raise InvalidRecord("scenario_not_one", where=where)
    unknown = sorted(content.keys() - {"title", "changes"})
    if unknown:
        raise InvalidRecord(
            "scenario_field_unknown", where=where, field=unknown[0], known=["title", "changes"]
        )
    title = content.get("title") or path.stem
    if not isinstance(title, str):
        raise InvalidRecord("scenario_text", where=Where(path.name, None, "title"), given=title)
    changes = []
    for number, written in enumerate(content["changes"], start=1):
        try:
            changes.append(_change(written, place_of))
        except RpeGeoError as error:
            raise error.at(file=path.name, row=number) from None
    return Scenario(title, tuple(changes))


def _change(written: Any, place_of: Place) -> Change:
    kinds = [kind for kind in _ALLOWED if isinstance(written, dict) and kind in written]
    if len(kinds) != 1:
        raise InvalidRecord("scenario_change_kind", known=list(_ALLOWED))
    kind = kinds[0]
    unknown = sorted(written.keys() - _ALLOWED[kind])
    if unknown:
        raise InvalidRecord(
            "scenario_field_unknown",
            where=Where(field=unknown[0]),
            field=unknown[0],
            known=sorted(_ALLOWED[kind]),
        )
    values: dict[str, Any] = {}
    if "cost" in written:
        cost = written["cost"]
        if isinstance(cost, bool) or not isinstance(cost, int | float) or not 0 <= cost < np.inf:
            raise InvalidRecord("scenario_number", where=Where(field="cost"), given=cost)
        values["cost"] = float(cost)
    match kind:
        case "open":
            return _opening(written, values, place_of)
        case "recruit":
            values["count"] = _whole(written, "recruit")
            values["places"] = _whole(written, "places")
            values["working_hours"] = _hours(written, "working_hours")
            return Change(kind, values, _place(written, "near", place_of))
        case "close":
            values["ids"] = _ids(written["close"], "close")
        case "retire":
            values |= _retirement(written["retire"])
        case _:
            if not isinstance(written["change"], str):
                raise InvalidRecord(
                    "scenario_text", where=Where(field="change"), given=written["change"]
                )
            values["id"] = written["change"]
            for name in ("working_hours", "opening_hours"):
                values["hours"] = values.get("hours") or _hours(written, name)
            if "places" in written:
                values["places"] = _whole(written, "places")
            if values.get("hours") is None and "places" not in values:
                raise InvalidRecord("scenario_nothing_changes", where=Where(field="change"))
    return Change(kind, values)


def _opening(written: Mapping[str, Any], values: dict[str, Any], place_of: Place) -> Change:
    what = written["open"]
    if what not in {"facility", "mam"}:
        raise InvalidRecord("scenario_open_kind", where=Where(field="open"), given=what)
    values |= {"what": what, "places": _whole(written, "places")}
    for name in ("id", "kind", "name"):
        if name in written:
            if not isinstance(written[name], str) or not written[name].strip():
                raise InvalidRecord("scenario_text", where=Where(field=name), given=written[name])
            values[name] = written[name]
    if "members" in written:
        values["members"] = _whole(written, "members")
    values["opening_hours"] = _hours(written, "opening_hours")
    return Change("open", values, _place(written, "address", place_of))


def _retirement(written: Any) -> dict[str, Any]:
    if isinstance(written, list):
        return {"ids": _ids(written, "retire")}
    if isinstance(written, dict) and written.keys() == {"age_over"}:
        return {"age_over": _whole(written, "age_over")}
    if isinstance(written, dict) and written.keys() == {"agrement_ends_before"}:
        try:
            return {"agrement_ends_before": date.fromisoformat(written["agrement_ends_before"])}
        except (TypeError, ValueError):
            raise InvalidRecord(
                "date_unreadable",
                where=Where(field="retire"),
                value=written["agrement_ends_before"],
            ) from None
    raise InvalidRecord("scenario_retire", where=Where(field="retire"))


def _whole(written: Mapping[str, Any], name: str) -> int:
    value = written.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1000:
        raise InvalidRecord("scenario_number", where=Where(field=name), given=value)
    return value


def _hours(written: Mapping[str, Any], name: str) -> Timetable | None:
    if written.get(name) is None:
        return None
    try:
        return Timetable.parse(written[name])
    except RpeGeoError as error:
        raise error.at(field=name) from None


def _ids(written: Any, name: str) -> tuple[str, ...]:
    ids = [written] if isinstance(written, str) else written
    if not isinstance(ids, list) or not ids or not all(isinstance(one, str) for one in ids):
        raise InvalidRecord("scenario_ids", where=Where(field=name), given=written)
    return tuple(ids)


def _place(written: Mapping[str, Any], name: str, place_of: Place) -> Point:
    longitude, latitude = written.get("longitude"), written.get("latitude")
    numbers = all(
        isinstance(value, int | float) and not isinstance(value, bool)
        for value in (longitude, latitude)
    )
    if longitude is not None or latitude is not None:
        if not numbers or not (-180 <= longitude <= 180 and -90 <= latitude <= 90):  # type: ignore[operator]
            raise InvalidRecord("scenario_degrees", where=Where(field="longitude"))
        return Point(float(written["longitude"]), float(written["latitude"]))
    if not isinstance(written.get(name), str) or not written[name].strip():
        raise InvalidRecord("scenario_place_missing", where=Where(field=name), field=name)
    try:
        return place_of(written[name])
    except RpeGeoError as error:
        raise error.at(field=name) from None


def counts_told(counts: Mapping[str, int]) -> dict[str, int | None]:
    """
    Blank the counts under five persons, and those from which they could be found.

    Parameters
    ----------
    counts
        Parts of one total.

    Returns
    -------
    dict
        None where a count is not told.
    """
    series = pd.Series(counts, dtype=float)
    whole = pd.Series("all", index=series.index)
    told = suppress_small_counts(series, at_least=_AT_LEAST, totals=[whole])
    return {str(name): None if np.isnan(value) else int(value) for name, value in told.items()}
