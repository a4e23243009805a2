"""The providers of a registry as the use cases ask them: compiled once, kept until the registry changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from shapely import Point

from rpe_geo.crs import WGS84, great_circle_m
from rpe_geo.domain import Childminder, Facility, Mam, TravelMode
from rpe_geo.matching.profiles import Profiles
from rpe_geo.matching.unknowns import to_ask
from rpe_geo.protocols import Repository, TravelTimeEngine
from rpe_geo.relais.judged import Judgements
from rpe_geo.rules.compiled import Registry, compile_registry
from rpe_geo.schedule import Timetable

__all__ = ["ProviderBook"]


@dataclass(frozen=True)
class ProviderBook:
    """
    Childminders, MAM and facilities, with their rules, merits and places compiled into arrays.

    Parameters
    ----------
    version
        `Repository.version()` when it was compiled.
    facilities, other_places
        Those where children are left; and relais, LAEP, schools…, which are on the map only.
    registry, profiles
        What the rules and the ranking read; rows are childminders, then facilities, then MAM.
    points
        One point per row, EPSG:4326, indexed by row number; None where the place is not known.
    longitude, latitude
        The same in degrees; nan where the place is not known.
    judgements
        What the rules answered to the needs asked last.
    """

    version: int
    childminders: tuple[Childminder, ...]
    mams: tuple[Mam, ...]
    facilities: tuple[Facility, ...]
    other_places: tuple[Facility, ...]
    registry: Registry
    profiles: Profiles
    points: gpd.GeoSeries
    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]
    judgements: Judgements = field(repr=False, compare=False)
    _served: dict[str, NDArray[np.intp]] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, repository: Repository) -> ProviderBook:
        """Compile what a repository holds."""
        version = repository.version()
        return cls.compile(
            repository.childminders(), repository.mams(), repository.facilities(), version=version
        )

    @classmethod
    def compile(
        cls,
        childminders: Sequence[Childminder],
        mams: Sequence[Mam] = (),
        facilities: Sequence[Facility] = (),
        *,
        version: int = 0,
    ) -> ProviderBook:
        """Compile records; a childminder without a place of her own works where her MAM is."""
        care = tuple(facility for facility in facilities if facility.offers_care)
        homes = {mam.mam_id: (mam.longitude, mam.latitude) for mam in mams}
        places = [
            (minder.longitude, minder.latitude)
            if minder.longitude is not None or minder.mam_id is None
            else homes.get(minder.mam_id, (None, None))
            for minder in childminders
        ]
        places += [(facility.longitude, facility.latitude) for facility in care]
        places += [(mam.longitude, mam.latitude) for mam in mams]
        degrees = np.array(places, dtype=np.float64).reshape(-1, 2)
        longitude, latitude = degrees[:, 0], degrees[:, 1]
        registry = compile_registry(childminders, mams, care)
        return cls(
            version=version,
            childminders=tuple(childminders),
            mams=tuple(mams),
            facilities=care,
            other_places=tuple(f for f in facilities if not f.offers_care),
            registry=registry,
            profiles=Profiles.compile(registry),
            points=gpd.GeoSeries.from_xy(longitude, latitude, crs=WGS84),
            longitude=longitude,
            latitude=latitude,
            judgements=Judgements(registry),
        )

    def __len__(self) -> int:
        return len(self.longitude)

    def provider(self, row: int) -> Childminder | Mam | Facility:
        """Return the record of a row."""
        records = (self.childminders, self.facilities, self.mams)
        for kept in records:
            if row < len(kept):
                return kept[row]
            row -= len(kept)
        raise IndexError(row)

    def hours_offered(self, row: int) -> Timetable | None:
        """Return when a childminder takes children, as the rules read it; None when not known."""
        pattern = int(self.registry.hours[row])
        return None if pattern < 0 else self.registry.patterns.timetables[pattern]

    @cached_property
    def to_ask(self) -> NDArray[np.bool_]:
        """Of whom something must be asked before care can be counted on; rows that the rules answer for."""
        return to_ask(self.registry)

    @property
    def judged(self) -> int:
        """Number of rows that the rules answer for; the MAM after them answer by their members."""
        return len(self.childminders) + len(self.facilities)

    @cached_property
    def _row_of(self) -> dict[tuple[str, str], int]:
        keys = zip(self.profiles.provider_kinds, self.profiles.provider_ids, strict=True)
        return {key: row for row, key in enumerate(keys)}

    @cached_property
    def records(self) -> dict[tuple[str, str], Childminder | Mam | Facility]:
        """Every record by (kind, id); places without care are facilities too."""
        records: dict[tuple[str, str], Childminder | Mam | Facility] = {
            ("facility", place.facility_id): place for place in self.other_places
        }
        return records | {key: self.provider(row) for key, row in self._row_of.items()}

    @cached_property
    def schools(self) -> dict[str, Facility]:
        """Schools with a place, by id and by name; a name that several have is nobody's."""
        placed = [
            place for place in self.other_places if place.is_school and place.longitude is not None
        ]
        names = Counter(place.name for place in placed)
        by_name = {place.name: place for place in placed if names[place.name] == 1}
        return by_name | {place.facility_id: place for place in placed}

    def row(self, kind: str, provider_id: str) -> int:
        """Return the row of a provider that is in the book."""
        return self._row_of[kind, provider_id]

    def served(self, engine: TravelTimeEngine, mode: TravelMode) -> NDArray[np.intp]:
        """Return the rows judged by the rules that the engine can reach at all; asked once per mode."""
        if mode not in self._served:
            known = np.flatnonzero(~np.isnan(self.longitude[: self.judged]))
            within = engine.serves(self.points.iloc[known], mode=mode)
            self._served[mode] = known[within]
        return self._served[mode]

    def left_out(self, engine: TravelTimeEngine, mode: TravelMode) -> list[tuple[str, float]]:
        """Return id and distance (m) of each provider that is too far from every street to be reached."""
        known = np.flatnonzero(~np.isnan(self.longitude[: self.judged]))
        known = np.setdiff1d(known, self.served(engine, mode))
        if not known.size:
            return []
        points = self.points.iloc[known].reset_index(drop=True)
        far = engine.left_out(points, mode=mode)
        return [
            (self.profiles.provider_ids[known[number]], float(metres))
            for number, metres in zip(far.index, far["distance_m"], strict=True)
        ]

    def distance_m(self, point: Point) -> NDArray[np.float64]:
        """Measure the great-circle distance of every row from a point (EPSG:4326); nan where not known."""
        return great_circle_m(np.array(point.x), np.array(point.y), self.longitude, self.latitude)
