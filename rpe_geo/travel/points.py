"""What every engine asks of the points and limits it is given."""

from __future__ import annotations

import math
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from rpe_geo.crs import WGS84
from rpe_geo.errors import InputError, Where
from rpe_geo.messages.french import typed_number

__all__ = ["check_coordinates", "check_cutoff", "coordinates_of", "degrees"]

_FRANCE_LATITUDE, _FRANCE_LONGITUDE = (41.0, 52.0), (-6.0, 10.0)


def check_cutoff(cutoff_min: float, greatest: float) -> None:
    """Refuse a cutoff outside 1 to `greatest` minutes."""
    if not (math.isfinite(cutoff_min) and 1 <= cutoff_min <= greatest):
        raise InputError("cutoff_out_of_range", cutoff=cutoff_min, greatest=greatest)


def check_coordinates(
    longitude: float, latitude: float, *, row: int | None = None, point: str = ""
) -> None:
    """
    Refuse coordinates that are missing, off the Earth, or look swapped.

    Parameters
    ----------
    longitude, latitude
        Degrees, EPSG:4326.
    row
        Row of the file that they stand in.
    point
        Id of the point, to name it.
    """
    where = Where(row=row, field="latitude")
    values: dict[str, Any] = {"longitude": degrees(longitude), "latitude": degrees(latitude)}
    if not (math.isfinite(longitude) and math.isfinite(latitude)):
        raise InputError("coordinates_missing", where=where, point=point)
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise InputError("coordinates_outside", where=where, **values)
    swapped = (
        _FRANCE_LATITUDE[0] <= longitude <= _FRANCE_LATITUDE[1]
        and _FRANCE_LONGITUDE[0] <= latitude <= _FRANCE_LONGITUDE[1]
    )
    if swapped:
        raise InputError("coordinates_swapped", where=where, **values)


def degrees(value: float) -> str:
    """Write degrees the French way, as exactly as they were given."""
    return typed_number(value, 6).rstrip("0").rstrip(",").replace("-", "−\u202f")


def coordinates_of(points: gpd.GeoSeries) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Return longitudes and latitudes of points, checked.

    Parameters
    ----------
    points
        Points indexed by id; without CRS they are taken as EPSG:4326.

    Returns
    -------
    tuple of ndarray
        Longitude, latitude, EPSG:4326.

    Raises
    ------
    InputError
        For a geometry that is missing or no point, coordinates off the Earth or swapped, an id given twice.
    """
    if not points.index.is_unique:
        twice = points.index[points.index.duplicated()][0]
        raise InputError("point_id_twice", point=str(twice))
    if points.crs is not None and points.crs.to_epsg() != WGS84:
        points = points.to_crs(WGS84)
    geometries = points.to_numpy()
    is_point = shapely.get_type_id(geometries) == 0
    if not is_point.all():
        raise InputError("not_a_point", point=str(points.index[int(np.argmin(is_point))]))
    longitude, latitude = shapely.get_x(geometries), shapely.get_y(geometries)
    in_bounds = (np.abs(longitude) <= 180) & (np.abs(latitude) <= 90)
    looks_swapped = (
        (longitude >= _FRANCE_LATITUDE[0])
        & (longitude <= _FRANCE_LATITUDE[1])
        & (latitude >= _FRANCE_LONGITUDE[0])
        & (latitude <= _FRANCE_LONGITUDE[1])
    )
    doubtful = np.flatnonzero(~in_bounds | looks_swapped)
    if doubtful.size:
        first = int(doubtful[0])
        check_coordinates(
            float(longitude[first]), float(latitude[first]), point=str(points.index[first])
        )
    return np.ascontiguousarray(longitude), np.ascontiguousarray(latitude)
