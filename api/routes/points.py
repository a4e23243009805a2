"""Points, rectangles and minutes as they stand in a URL."""

from __future__ import annotations

import math

from shapely import Point, Polygon, box

from rpe_geo.errors import InputError, Where

__all__ = ["read_box", "read_minutes", "read_point"]


def _numbers(text: str, code: str, field: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(code, where=Where(field=field), given=text) from None
    if not all(math.isfinite(number) for number in numbers):
        raise InputError(code, where=Where(field=field), given=text)
    return numbers


def read_point(text: str, *, field: str) -> Point:
    """Read « longitude,latitude » (EPSG:4326)."""
    numbers = _numbers(text, "near_unreadable", field)
    if len(numbers) != 2 or not (-180 <= numbers[0] <= 180 and -90 <= numbers[1] <= 90):
        raise InputError("near_unreadable", where=Where(field=field), given=text)
    return Point(numbers[0], numbers[1])


def read_box(text: str, *, field: str) -> Polygon:
    """Read « west,south,east,north » (EPSG:4326)."""
    numbers = _numbers(text, "bbox_unreadable", field)
    if len(numbers) != 4:
        raise InputError("bbox_unreadable", where=Where(field=field), given=text)
    west, south, east, north = numbers
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise InputError("bbox_unreadable", where=Where(field=field), given=text)
    return box(west, south, east, north)


def read_minutes(text: str, *, field: str, most: int = 6, limit: float = 120) -> list[float]:
    """Read « 5,10,15 »."""
    numbers = _numbers(text, "durations_unreadable", field)
    if not (0 < len(numbers) <= most and all(0 < number <= limit for number in numbers)):
        raise InputError("durations_unreadable", where=Where(field=field), given=text)
    return sorted(set(numbers))
