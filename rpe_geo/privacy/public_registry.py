"""The registry as the public may use it: stand-ins in place of childminders, so that nothing else can come out."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from shapely import Point, Polygon, contains_xy

from rpe_geo.crs import great_circle_m
from rpe_geo.domain import Childminder, Facility, Mam, Request
from rpe_geo.errors import Forbidden, NotFound
from rpe_geo.privacy import (
    Masking,
    PublicPlace,
    is_public,
    public_attributes,
    public_place,
    stand_in,
)
from rpe_geo.protocols import Repository, Standing

__all__ = ["PublicRegistry"]


@dataclass(frozen=True)
class _View:
    """What the public may use of one version of the registry."""

    version: int
    stand_ins: dict[str, Childminder]
    places: dict[str, PublicPlace]


class PublicRegistry:
    """
    A read-only `Repository` of stand-ins.

    Childminders are at the centres of their zones. Who does not consent is left out; a member of a MAM who does not
    consent stays, for her children count in the limits of the house, but offers no place and is never shown.

    Parameters
    ----------
    registry
        The whole registry.
    masking
        The zones of this deployment.
    """

    def __init__(self, registry: Repository, masking: Masking) -> None:
        self._registry = registry
        self._masking = masking
        self._kept: _View | None = None
        self._lock = threading.Lock()

    def _view(self) -> _View:
        version = self._registry.version()
        with self._lock:
            if self._kept is None or self._kept.version != version:
                self._kept = self._look(version)
            return self._kept

    def _look(self, version: int) -> _View:
        houses = {mam.mam_id: mam for mam in self._registry.mams()}
        stand_ins: dict[str, Childminder] = {}
        places: dict[str, PublicPlace] = {}
        for true in self._registry.childminders():
            house = houses.get(true.mam_id or "")
            if not is_public(true) and house is None:
                continue
            placed = true
            if true.longitude is None and house is not None and house.longitude is not None:
                placed = replace(true, longitude=house.longitude, latitude=house.latitude)
            double = stand_in(placed, self._masking)
            if double is None:
                continue
            if is_public(true):
                places[true.childminder_id] = public_place(placed, self._masking)
                double = replace(double, attributes=public_attributes(true))
            else:
                double = replace(double, agrement=replace(double.agrement, places_offered=0))
            stand_ins[true.childminder_id] = double
        return _View(version, stand_ins, places)

    def places(self) -> dict[str, PublicPlace]:
        """Return where each childminder may be shown; who is not in it does not exist for the public."""
        return self._view().places

    def shown(self) -> list[Childminder]:
        """Return the stand-ins of the childminders that the public may know of, ordered by id."""
        view = self._view()
        return [double for identity, double in view.stand_ins.items() if identity in view.places]

    def version(self) -> int:
        """Return the version of the registry below."""
        return self._registry.version()

    def childminders(self) -> list[Childminder]:
        """Return all stand-ins, those that only count for a MAM included."""
        return list(self._view().stand_ins.values())

    def childminder(self, childminder_id: str) -> Childminder:
        """Return one stand-in, or raise `NotFound`."""
        view = self._view()
        if childminder_id not in view.places:
            raise NotFound("childminder_unknown", id=childminder_id)
        return view.stand_ins[childminder_id]

    def childminders_near(self, point: Point, radius_m: float) -> list[Childminder]:
        """Return the public stand-ins whose zone's centre is within a radius; hidden addresses are never near."""
        kept = self._on_the_map()
        if not kept:
            return []
        at = np.array([(one.longitude, one.latitude) for one in kept], dtype=np.float64)
        away = great_circle_m(np.array(point.x), np.array(point.y), at[:, 0], at[:, 1])
        return [one for one, distance in zip(kept, away, strict=True) if distance <= radius_m]

    def childminders_within(self, area: Polygon) -> list[Childminder]:
        """Return the public stand-ins whose zone's centre is inside an area; hidden addresses are never inside."""
        kept = self._on_the_map()
        at = np.array([(one.longitude, one.latitude) for one in kept], dtype=np.float64)
        inside = contains_xy(area, at.reshape(-1, 2))
        return [one for one, within in zip(kept, inside, strict=True) if within]

    def _on_the_map(self) -> list[Childminder]:
        places = self.places()
        return [one for one in self.shown() if places[one.childminder_id].longitude is not None]

    def mams(self) -> list[Mam]:
        """Return all MAM: their addresses are public."""
        return self._registry.mams()

    def mam(self, mam_id: str) -> Mam:
        """Return one MAM, or raise `NotFound`."""
        return self._registry.mam(mam_id)

    def facilities(self) -> list[Facility]:
        """Return all facilities."""
        return self._registry.facilities()

    def facility(self, facility_id: str) -> Facility:
        """Return one facility, or raise `NotFound`."""
        return self._registry.facility(facility_id)

    def facilities_near(self, point: Point, radius_m: float) -> list[Facility]:
        """Return the facilities within a great-circle radius of a point (EPSG:4326)."""
        return self._registry.facilities_near(point, radius_m)

    def requests(self) -> list[Request]:
        """Return nothing: families' requests are never public."""
        return []

    def request(self, request_id: str) -> Request:
        """Refuse: families' requests are never public."""
        raise NotFound("request_unknown", id=request_id)

    def save(self, **_records: Any) -> None:
        """Refuse: the public writes nothing."""
        raise Forbidden("professionals_only")

    def revision_of(self, kind: type[Any], record_id: str) -> int:  # noqa: ARG002 - as the protocol names them
        """Refuse: the public writes nothing."""
        raise Forbidden("professionals_only")

    def revise(self, record: Any, *, revision: int, by: str = "") -> int:  # noqa: ARG002 - the same
        """Refuse: the public writes nothing."""
        raise Forbidden("professionals_only")

    def standings(self, kind: type[Any], record_ids: Any = None) -> dict[str, Standing]:  # noqa: ARG002 - the same
        """Refuse: who changed what is not public."""
        raise Forbidden("professionals_only")

    def cease(
        self,
        kind: type[Any],  # noqa: ARG002 - the same
        record_id: str,  # noqa: ARG002 - the same
        *,
        revision: int,  # noqa: ARG002 - the same
        on: date | None,  # noqa: ARG002 - the same
        by: str = "",  # noqa: ARG002 - the same
    ) -> int:
        """Refuse: the public writes nothing."""
        raise Forbidden("professionals_only")

    def ceased(self, kind: type[Any]) -> list[Any]:  # noqa: ARG002 - the same
        """Return nothing: what is closed is not shown."""
        return []

    def last_imported(
        self,
        kind: type[Any],  # noqa: ARG002 - the same
        record_ids: Sequence[str] | None = None,  # noqa: ARG002 - the same
    ) -> dict[str, Any]:
        """Return nothing: files are the relais's own."""
        return {}

    def save_import(self, *_given: Any, **_more: Any) -> None:
        """Refuse: the public writes nothing."""
        raise Forbidden("professionals_only")

    def delete(self, **_ids: Any) -> int:
        """Refuse: the public deletes nothing."""
        raise Forbidden("professionals_only")

    def close(self) -> None:
        """Leave the registry below to whoever opened it."""
