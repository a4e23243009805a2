"""Which invented schools are near: childminders fetch children there, families name them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from rpe_geo.domain import Facility
from rpe_geo.synthetic.places import Place

__all__ = ["SCHOOL_KIND", "Schools"]

SCHOOL_KIND = "école"
_NEAR = 3


class Schools:
    """
    The schools of a registry.

    Parameters
    ----------
    facilities
        Those of kind « école » are kept.
    """

    def __init__(self, facilities: Sequence[Facility]) -> None:
        schools = [
            (f.name, f.longitude, f.latitude)
            for f in facilities
            if f.kind == SCHOOL_KIND and f.longitude is not None and f.latitude is not None
        ]
        self.names = [name for name, _, _ in schools]
        points = np.array([(lon, lat) for _, lon, lat in schools]).reshape(-1, 2)
        # One degree of longitude is shorter than one of latitude.
        self._stretch = np.cos(np.radians(points[:, 1].mean())) if len(points) else 1.0
        self._tree = cKDTree(points * (self._stretch, 1.0)) if len(points) else None
        self._known: dict[tuple[float, float], tuple[str, ...]] = {}

    def near(self, place: Place) -> tuple[str, ...]:
        """Name the schools nearest to a place, the nearest first."""
        if self._tree is None:
            return ()
        key = (place.longitude, place.latitude)
        if key not in self._known:
            count = min(_NEAR, len(self.names))
            _, found = self._tree.query((key[0] * self._stretch, key[1]), k=count)
            self._known[key] = tuple(self.names[int(n)] for n in np.atleast_1d(found))
        return self._known[key]
