"""The nearest address of a point."""

from __future__ import annotations

import math

from shapely import Point

from rpe_geo.geocoding.answers import not_found, street_answer
from rpe_geo.geocoding.decision import Doubt
from rpe_geo.geocoding.numbers import NumberFound, metres
from rpe_geo.geocoding.store import AddressStore, Street
from rpe_geo.parameters import ParameterTable
from rpe_geo.protocols import Geocoded

__all__ = ["nearest_address"]

_FIRST_RADIUS_M = 100.0
_GROWTH = 4.0
_METRES_PER_DEGREE = 111_195.0


def nearest_address(point: Point, store: AddressStore, limits: ParameterTable) -> Geocoded:
    """
    Find the nearest address of a point.

    Parameters
    ----------
    point
        EPSG:4326.
    store, limits
        The index and its parameters.

    Returns
    -------
    Geocoded
        The address where it is, accepted when the point lies within `reverse_near_m` of it, for review within
        `reverse_far_m`, not found beyond.
    """
    if point.is_empty or not (-180 <= point.x <= 180 and -90 <= point.y <= 90):
        return not_found(Doubt("address_point_outside"))
    radius = _FIRST_RADIUS_M
    farthest = float(limits["reverse_far_m"])
    while True:
        best = _nearest_within(point, radius, store)
        if best is not None and best[0] <= radius:
            break
        if radius >= farthest:
            return not_found(Doubt("address_point_far", {"distance": farthest}))
        radius = min(farthest, radius * _GROWTH)
    distance, street, number = best
    doubt = None
    if distance > limits["reverse_near_m"]:
        doubt = Doubt("address_nearest_far", {"distance": round(distance)})
    return street_answer(street, number, store, limits, score=1 / (1 + distance / 200), doubt=doubt)


def _nearest_within(
    point: Point, radius_m: float, store: AddressStore
) -> tuple[float, Street, NumberFound | None] | None:
    """Measure every address of the streets whose box comes within a radius."""
    degrees = radius_m / _METRES_PER_DEGREE / max(0.1, math.cos(math.radians(point.y)))
    best: tuple[float, Street, NumberFound | None] | None = None
    for identity in store.streets_near(point.x, point.y, degrees):
        street = store.street(identity)
        if not street.plates:
            distance = metres(point.x, point.y, street.longitude, street.latitude)
            if best is None or distance < best[0]:
                best = distance, street, None
        for plate in street.plates:
            distance = metres(point.x, point.y, plate.longitude, plate.latitude)
            if best is None or distance < best[0]:
                best = distance, street, NumberFound("housenumber", plate, 0.0, exact=True)
    return best
