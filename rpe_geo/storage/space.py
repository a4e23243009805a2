"""Searching in space: the boxes that enclose a circle, and how each database finds what lies in them."""

from __future__ import annotations

import math

from sqlalchemy import Table, and_, bindparam, column, func, select, table
from sqlalchemy.sql import ColumnElement

from rpe_geo.crs import EARTH_RADIUS_M
from rpe_geo.storage.tables import SECURED_BY_RPE, place_index

__all__ = ["Box", "boxes_around", "lies_in"]

Box = tuple[float, float, float, float]
"""West, south, east, north, in degrees."""


def lies_in(placed: Table, box: Box, *, on_postgresql: bool) -> ColumnElement[bool]:
    """
    Ask for the rows of a table whose place lies in a box, by its spatial index.

    Parameters
    ----------
    placed
        A table with `place`.
    box
        West, south, east, north (EPSG:4326).
    on_postgresql
        There GiST, or the index on coordinates where rows are secured; R*Tree on SQLite.
    """
    west, south, east, north = box
    if on_postgresql:
        if placed in SECURED_BY_RPE:
            # Row-level security comes first, and PostGIS's operators are not among those that PostgreSQL lets an index
            # answer before it; the comparison of numbers is.
            return and_(
                placed.c.longitude.between(west, east), placed.c.latitude.between(south, north)
            )
        envelope = func.ST_MakeEnvelope(west, south, east, north, 4326)
        return placed.c.place.op("&&")(envelope)
    index = table(
        place_index(placed),
        *(column(name) for name in ("pk", "west", "east", "south", "north")),
    )
    inside = select(index.c.pk).where(
        index.c.west <= bindparam(None, east),
        index.c.east >= bindparam(None, west),
        index.c.south <= bindparam(None, north),
        index.c.north >= bindparam(None, south),
    )
    return placed.c.pk.in_(inside)


def boxes_around(longitude: float, latitude: float, radius_m: float) -> list[Box]:
    """
    Enclose a great circle in boxes of degrees.

    Parameters
    ----------
    longitude, latitude
        Its centre, EPSG:4326.
    radius_m
        Its radius in metres.

    Returns
    -------
    list of (west, south, east, north)
        One box, or two where it crosses the 180th meridian; a circle around a pole takes all longitudes.
    """
    # A hair wider than exact: a point on the circle must not be lost to rounding.
    angle = radius_m / EARTH_RADIUS_M * (1 + 1e-9) + 1e-12
    height = math.degrees(angle)
    south, north = max(latitude - height, -90.0), min(latitude + height, 90.0)
    if latitude - height <= -90 or latitude + height >= 90:
        return [(-180.0, south, 180.0, north)]
    ratio = math.sin(angle) / math.cos(math.radians(latitude))
    width = math.degrees(math.asin(min(ratio, 1.0))) + 1e-9
    west, east = longitude - width, longitude + width
    if west < -180:
        return [(-180.0, south, east, north), (west + 360, south, 180.0, north)]
    if east > 180:
        return [(west, south, 180.0, north), (-180.0, south, east - 360, north)]
    return [(west, south, east, north)]
