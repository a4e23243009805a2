"""The only reprojections: EPSG:4326 at every border, the legal metric CRS of each territory inside."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pyproj import Transformer

__all__ = ["EARTH_RADIUS_M", "WGS84", "great_circle_m", "metric_crs", "to_metric", "to_wgs84"]

WGS84 = 4326
EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the IUGG."""

# Décret 2000-1276 as amended by décret 2019-165 and its arrêté: the legal plane projections of each territory.
_LEGAL_CRS = {
    "971": 5490,
    "972": 5490,
    "973": 2972,
    "974": 2975,
    "975": 4467,
    "976": 4471,
    "977": 5490,
    "978": 5490,
}
_LAMBERT_93 = 2154


def metric_crs(code_departement: str | None = None) -> int:
    """
    Name the legal metric CRS of a département.

    Parameters
    ----------
    code_departement
        "34", "2A", "974"…, or the start of a commune code; None is métropole.

    Returns
    -------
    int
        EPSG code: 2154 (Lambert-93) in métropole, the local UTM overseas.
    """
    return _LEGAL_CRS.get((code_departement or "")[:3], _LAMBERT_93)


@cache
def _transformer(source: int, target: int) -> Transformer:
    # Imported where something is projected: pyproj takes longer to load than a file to check.
    from pyproj import Transformer

    return Transformer.from_crs(source, target, always_xy=True)


def to_metric(
    longitude: NDArray[np.float64], latitude: NDArray[np.float64], crs: int = _LAMBERT_93
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Project degrees (EPSG:4326) to metres in a metric CRS; arrays in, arrays (x, y) out."""
    x, y = _transformer(WGS84, crs).transform(longitude, latitude)
    return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)


def to_wgs84(
    x: NDArray[np.float64], y: NDArray[np.float64], crs: int = _LAMBERT_93
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Project metres back to degrees (EPSG:4326); arrays in, arrays (longitude, latitude) out."""
    longitude, latitude = _transformer(crs, WGS84).transform(x, y)
    return np.asarray(longitude, dtype=np.float64), np.asarray(latitude, dtype=np.float64)


def great_circle_m(
    longitude_a: NDArray[np.float64],
    latitude_a: NDArray[np.float64],
    longitude_b: NDArray[np.float64],
    latitude_b: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Measure great-circle distances in metres by the haversine formula; arrays broadcast."""
    lon_a, lat_a, lon_b, lat_b = map(np.radians, (longitude_a, latitude_a, longitude_b, latitude_b))
    half = (
        np.sin((lat_b - lat_a) / 2) ** 2
        + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    )
    distance: NDArray[np.float64] = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    return distance
