"""Address files that are JSON: addok's NDJSON, a street a line, and GeoJSON points with the columns of BAN or BAL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.geocoding.address_rows import AddressRow, AddressSource, RawAddress, admit, opened
from rpe_geo.geocoding.address_tables import BAL, BAN, PLACES, TableFormat

__all__ = ["read_addok", "read_geojson"]


def read_addok(source: AddressSource) -> Iterator[AddressRow]:
    """
    Read addok's NDJSON: streets with their house numbers, localities; municipalities hold no address.

    Parameters
    ----------
    source
        Whose counts grow: a row is a number, or a place without numbers.

    Yields
    ------
    AddressRow
        The addresses that can be used.

    Raises
    ------
    InvalidFile
        A line is no JSON object.
    """
    with opened(source.path) as (stream, _):
        for line_number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                street = json.loads(line)
                if not isinstance(street, dict):
                    raise TypeError  # noqa: TRY301
                rows = list(_street_rows(street))
            except (ValueError, TypeError, AttributeError) as fault:
                where = Where(file=str(source.path), row=line_number)
                raise InvalidFile("addresses_line_unreadable", where=where) from fault
            for raw in rows:
                source.rows += 1
                address = admit(raw, source)
                if address is not None:
                    yield address


def _street_rows(street: dict[str, Any]) -> Iterator[RawAddress]:
    if street.get("type") == "municipality":
        return
    base = RawAddress(
        identity=_first(street.get("id")),
        number="",
        suffix="",
        street=_first(street.get("name")),
        code_postal=_first(street.get("postcode")),
        code_commune=_first(street.get("citycode")),
        city=_first(street.get("city")),
        old_code=_first(street.get("oldcitycode")),
        old_city=_first(street.get("oldcity")),
        longitude=_text(street.get("lon")),
        latitude=_text(street.get("lat")),
        position="",
        alias="",
        locality="",
    )
    numbers = street.get("housenumbers") or {}
    if not numbers:
        yield base
    for number, place in numbers.items():
        yield base._replace(
            identity=f"{base.identity}_{number.split(' ')[0]}" if base.identity else "",
            number=number,
            longitude=_text(place.get("lon")),
            latitude=_text(place.get("lat")),
            position=_text(place.get("type") or place.get("position")),
        )


def read_geojson(source: AddressSource) -> Iterator[AddressRow]:
    """
    Read a GeoJSON of points whose properties have the columns of BAN, BAL or lieux-dits.

    Parameters
    ----------
    source
        Whose counts grow.

    Yields
    ------
    AddressRow
        The addresses that can be used.

    Raises
    ------
    InvalidFile
        No GeoJSON collection, or its properties name no address.
    """
    where = Where(file=str(source.path))
    with opened(source.path) as (stream, _):
        try:
            features = json.load(stream)["features"]
            named = [(feature["properties"] or {}, feature.get("geometry")) for feature in features]
        except (ValueError, KeyError, TypeError, AttributeError) as fault:
            raise InvalidFile("addresses_geojson", where=where) from fault
    if not named:
        raise InvalidFile("file_empty", where=where)
    header = [str(name).strip().lower() for name in named[0][0]] + ["lon", "lat"]
    form: TableFormat | None = next(
        (form for form in (BAN, PLACES, BAL) if form.find(header) is not None), None
    )
    if form is None:
        missing = [name for name in BAN.required if name not in header]
        raise InvalidFile("addresses_format", where=where, missing=missing)
    for properties, geometry in named:
        source.rows += 1
        cells = {str(name).strip().lower(): _text(value) for name, value in properties.items()}
        cells["lon"], cells["lat"] = _point(geometry)
        raw = {
            field: next((cells[name] for name in names if name in cells), "")
            for field, names in form.columns.items()
        }
        raw["longitude"], raw["latitude"] = cells["lon"], cells["lat"]
        address = admit(
            RawAddress(**{field: raw.get(field, "") for field in RawAddress._fields}), source
        )
        if address is not None:
            yield address


def _point(geometry: Any) -> tuple[str, str]:
    """Read the coordinates of a point; "" when there is none."""
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return "", ""
    coordinates = geometry.get("coordinates") or []
    if len(coordinates) < 2:
        return "", ""
    return _text(coordinates[0]), _text(coordinates[1])


def _first(value: Any) -> str:
    """Take the first of a list, or the value itself, as text."""
    if isinstance(value, list):
        value = value[0] if value else ""
    return _text(value)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
