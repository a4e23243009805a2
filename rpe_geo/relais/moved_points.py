"""Which records of the registry a new index of addresses would place elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rpe_geo.crs import great_circle_m
from rpe_geo.formats.checks import id_of
from rpe_geo.formats.records import KINDS
from rpe_geo.protocols import AddressQuery, Geocoder, Repository
from rpe_geo.relais.registry import records_of

__all__ = ["MovedPoint", "moved_points"]

_AT_ONCE = 200
_MOVED_M = 50.0
"""Below, an entrance was drawn a little better."""


@dataclass(frozen=True)
class MovedPoint:
    """A record whose address is found elsewhere; `distance_m` is None when it is not found any more."""

    record_id: str
    distance_m: float | None


def moved_points(repository: Repository, geocoder: Geocoder) -> list[MovedPoint]:
    """
    Look up every address of the registry again.

    Parameters
    ----------
    repository
        The registry; it is read, never written: somebody may have corrected a place by hand.
    geocoder
        On the new addresses.

    Returns
    -------
    list of MovedPoint
        Farther than 50 m from what is stored, the farthest first; then those not found.
    """
    records = [
        record
        for kind in KINDS
        for record in records_of(repository, kind)
        if record.address and record.longitude is not None
    ]
    moved = []
    for start in range(0, len(records), _AT_ONCE):
        chunk = records[start : start + _AT_ONCE]
        found = geocoder.geocode([AddressQuery(record.address) for record in chunk])
        for record, place in zip(chunk, found, strict=True):
            identity = id_of(record)[1]
            if place.longitude is None or place.latitude is None:
                moved.append(MovedPoint(identity, None))
                continue
            distance = great_circle_m(
                *(
                    np.array([v])
                    for v in (record.longitude, record.latitude, place.longitude, place.latitude)
                )
            )
            if float(distance[0]) > _MOVED_M:
                moved.append(MovedPoint(identity, float(distance[0])))
    return sorted(moved, key=lambda one: (one.distance_m is None, -(one.distance_m or 0.0)))
