"""Where a row of a list lies: degrees whichever way round, metres of a French projection, a point in a cell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rpe_geo.crs import to_wgs84
from rpe_geo.formats.checks import in_france

__all__ = ["point_in_cell", "settle"]

_LAMBERT_93, _LAMBERT_2, _MERCATOR, _FIRST_CONIC = 2154, 27572, 3857, 3900

_OVERSEAS = {
    2975: (7_600_000, 7_720_000),
    5490: (1_550_000, 2_010_000),
    2972: (200_000, 680_000),
    4471: (8_540_000, 8_620_000),
}
"""EPSG code → window of y in metres."""


def point_in_cell(value: Any) -> tuple[float, float] | None:
    """
    Read a point that stands in one cell.

    Parameters
    ----------
    value
        « 43.61, 3.87 » (latitude first, as Opendatasoft writes), `{"lon": …, "lat": …}`, `[lon, lat]`, WKT `POINT (3.87 43.61)`.

    Returns
    -------
    tuple or None
        (x, y), longitude first.
    """
    if isinstance(value, Mapping):
        folded = {str(name).lower(): one for name, one in value.items()}
        if "coordinates" in folded and isinstance(folded["coordinates"], list):
            return point_in_cell(folded["coordinates"])
        x = next((folded[n] for n in ("lon", "lng", "longitude", "x") if n in folded), None)
        y = next((folded[n] for n in ("lat", "latitude", "y") if n in folded), None)
        return _pair(x, y)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _pair(value[0], value[1]) if len(value) == 2 else None
    text = str(value).strip()
    if match := re.match(
        r"^(?:SRID=\d+;)?POINT\s*\(\s*(-?[\d.]+)\s+(-?[\d.]+)\s*\)$", text, re.IGNORECASE
    ):
        return _pair(match[1], match[2])
    if text.startswith("{"):
        import json

        try:
            return point_in_cell(json.loads(text))
        except (ValueError, RecursionError):
            return None
    numbers = re.fullmatch(r"\[?\s*(-?\d+(?:\.\d+)?)\s*[,; ]\s*(-?\d+(?:\.\d+)?)\s*\]?", text)
    return _pair(numbers[2], numbers[1]) if numbers else None


def _pair(x: Any, y: Any) -> tuple[float, float] | None:
    try:
        pair = (float(str(x).replace(",", ".")), float(str(y).replace(",", ".")))
    except ValueError:
        return None
    return pair if all(np.isfinite(pair)) else None


def settle(
    points: Sequence[tuple[float, float] | None],
) -> tuple[list[tuple[float, float] | None], str | None, int]:
    """
    Bring the points of a file to degrees, all by the same rule.

    Parameters
    ----------
    points
        (x, y) of each row.

    Returns
    -------
    tuple
        (longitude, latitude) of each row; what was done (`swapped`, `EPSG:2154`…) or None; how many points are none of France.
    """
    answer: list[tuple[float, float] | None]
    known = [point for point in points if point is not None]
    if not known:
        return list(points), None, 0
    degrees = [(x, y) for x, y in known if abs(x) <= 180 and abs(y) <= 180]
    if len(degrees) >= len(known) / 2:
        turned = {one for one in degrees if in_france(*one) and not in_france(one[1], one[0])}
        answer = [
            (point[1], point[0]) if point is not None and point in turned else point
            for point in points
        ]
        outside = sum(not in_france(y, x) for x, y in filter(None, answer))
        return answer, "swapped" if turned else None, outside
    return _from_metres(points, known)


def _from_metres(
    points: Sequence[tuple[float, float] | None], known: Sequence[tuple[float, float]]
) -> tuple[list[tuple[float, float] | None], str | None, int]:
    for epsg in _systems(known):
        answer: list[tuple[float, float] | None] = []
        for point in points:
            if point is None:
                answer.append(None)
                continue
            longitude, latitude = to_wgs84(np.array([point[0]]), np.array([point[1]]), epsg)
            answer.append((float(longitude[0]), float(latitude[0])))
        here = [one for one in answer if one is not None and np.isfinite(one).all()]
        outside = len(known) - sum(in_france(y, x) for x, y in here)
        if outside <= len(known) / 2:
            return answer, f"EPSG:{epsg}", outside
    return [None for _ in points], "unknown", len(known)


def _systems(known: Sequence[tuple[float, float]]) -> list[int]:
    """List the systems that these metres may be of, the likeliest first: each has its own window of x and y."""
    x, y = (float(np.median([point[n] for point in known])) for n in (0, 1))
    likely = []
    if 90_000 <= x <= 1_300_000 and 6_000_000 <= y <= 7_200_000:
        likely.append(_LAMBERT_93)
    if -700_000 <= x <= 1_200_000 and 4_900_000 <= y <= 6_700_000:
        likely.append(_MERCATOR)
    if 0 <= x <= 1_300_000 and 1_600_000 <= y <= 2_750_000:
        likely.append(_LAMBERT_2)
    if x <= 900_000:
        # UTM of La Réunion, the Antilles, Guyane, Mayotte.
        likely += [
            epsg for epsg, (low, high) in _OVERSEAS.items() if x >= 90_000 and low <= y <= high
        ]
    if 1_000_000 <= x <= 2_500_000 and 1_000_000 <= y < 9_600_000:
        likely.append(_FIRST_CONIC + 41 + int(y // 1_000_000))
    return likely
