"""The seams to the world: what the use cases ask of a geocoder, a travel-time engine and a registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from shapely import LineString, Point, Polygon

from rpe_geo.domain import Childminder, Facility, Mam, Request

if TYPE_CHECKING:  # a geocoding process stays small without them
    import geopandas as gpd
    import pandas as pd

__all__ = [
    "AddressLevel",
    "AddressQuery",
    "AddressStatus",
    "Geocoded",
    "Geocoder",
    "Mode",
    "Progress",
    "Repository",
    "Route",
    "RouteStep",
    "Standing",
    "TravelTimeEngine",
    "silent",
]

Mode = Literal["walk", "pushchair", "bike", "car", "transit"]
AddressLevel = Literal["housenumber", "interpolated", "street", "locality", "municipality"]
AddressStatus = Literal["ok", "review", "not-found"]

Progress = Callable[[str, int, int | None], None]
"""`progress(what, done, total)`: long work says where it stands; `total` is None when unknown."""


def silent(_what: str, _done: int, _total: int | None) -> None:
    """Tell nobody about progress."""


@dataclass(frozen=True)
class AddressQuery:
    """An address as typed: one string, or with postcode and city in columns of their own."""

    text: str
    postcode: str | None = None
    city: str | None = None


@dataclass(frozen=True)
class Geocoded:
    """
    The place that an address became, and how sure that is.

    Parameters
    ----------
    status
        ok: may be used without asking; review: the best guess, somebody must look; not-found: no coordinates.
    longitude, latitude
        EPSG:4326; None when not found.
    uncertainty_m
        Radius in metres that holds the true place (at 95 %); None when not found.
    reason
        Why it is not accepted, in French; empty when ok.
    choices
        Other places that could be meant, best first, when in doubt.
    """

    status: AddressStatus
    longitude: float | None = None
    latitude: float | None = None
    score: float = 0.0
    level: AddressLevel | None = None
    label: str = ""
    housenumber: str = ""
    street: str = ""
    code_postal: str = ""
    code_commune: str = ""
    city: str = ""
    uncertainty_m: float | None = None
    reason: str = ""
    choices: tuple[Geocoded, ...] = field(default=(), repr=False)

    @property
    def point(self) -> Point | None:
        """The place as a point, EPSG:4326; None when not found."""
        if self.longitude is None or self.latitude is None:
            return None
        return Point(self.longitude, self.latitude)


class Geocoder(Protocol):
    """Turns French addresses into places."""

    def geocode(self, addresses: Sequence[AddressQuery]) -> list[Geocoded]:
        """Find the place of each address, in order."""
        ...

    def autocomplete(
        self, text: str, *, limit: int = 6, near: Point | None = None
    ) -> list[Geocoded]:
        """Complete what is being typed; the last word may be unfinished."""
        ...

    def reverse(self, point: Point) -> Geocoded:
        """Find the nearest address of a point (EPSG:4326)."""
        ...


@dataclass(frozen=True)
class RouteStep:
    """One leg of a route: what it follows, its length in metres and its time in minutes."""

    name: str
    mode: Mode
    distance_m: float
    travel_time_min: float


@dataclass(frozen=True)
class Route:
    """The way between two points (EPSG:4326), door to door; `inf` minutes and no geometry when unreachable."""

    travel_time_min: float
    distance_m: float
    geometry: LineString | None
    steps: tuple[RouteStep, ...] = ()


class TravelTimeEngine(Protocol):
    """Says how long it takes; unreachable is `inf`, never an error."""

    def travel_times(
        self,
        origins: gpd.GeoSeries,
        destinations: gpd.GeoSeries,
        *,
        mode: Mode,
        cutoff_min: float,
        departure: datetime | time | None = None,
        arrival: datetime | time | None = None,
    ) -> pd.DataFrame:
        """
        Compute travel times in minutes, door to door.

        Parameters
        ----------
        origins, destinations
            Points in EPSG:4326, indexed by id.
        mode
            walk, bike, car or transit.
        cutoff_min
            Times above are `inf`.
        departure
            When one leaves, for transit; a clock time alone is one of an ordinary day, None eight o'clock.
        arrival
            When one must be there instead; other modes ignore both.

        Returns
        -------
        DataFrame
            Rows origins, columns destinations, float64 minutes.
        """
        ...

    def detour_times(
        self,
        home: Point,
        stops: gpd.GeoSeries,
        work: Point,
        *,
        mode: Mode,
        cutoff_min: float,
        departure: datetime | time | None = None,
    ) -> pd.DataFrame:
        """
        Compute what a stop on the way to work costs, in minutes.

        Parameters
        ----------
        home, work
            Points in EPSG:4326.
        stops
            Points in EPSG:4326, indexed by id: childminders.
        mode
            walk, bike, car or transit.
        cutoff_min
            Legs above are `inf`.
        departure
            When one leaves home, for transit.

        Returns
        -------
        DataFrame
            Index of stops; columns `to_stop_min`, `stop_to_work_min`, `direct_min`, `detour_min`.
        """
        ...

    def last_return(
        self,
        origins: gpd.GeoSeries,
        home: Point,
        *,
        day: date | None = None,
        cutoff_min: float = 120.0,
    ) -> pd.Series:
        """Tell when one must leave each place (EPSG:4326) at the latest to be carried home: local times, NaT where nothing runs."""
        ...

    @property
    def modes(self) -> list[Mode]:
        """The modes that can be asked for here."""
        ...

    def serves(self, points: gpd.GeoSeries, *, mode: Mode) -> NDArray[np.bool_]:
        """Tell which points (EPSG:4326) lie near enough to the network to be asked at all."""
        ...

    def left_out(self, points: gpd.GeoSeries, *, mode: Mode) -> pd.DataFrame:
        """
        Tell which points (EPSG:4326, indexed by id) are too far to be asked, and how far.

        Parameters
        ----------
        points
            Any points.
        mode
            How one travels.

        Returns
        -------
        DataFrame
            Indexed by id, those that `serves` refuses alone: `longitude, latitude, distance_m, limit_m`.
        """
        ...

    def routes(
        self,
        origin: Point,
        destinations: gpd.GeoSeries,
        *,
        mode: Mode,
        departure: datetime | time | None = None,
    ) -> list[Route]:
        """Trace the way from one point to each destination, in order (EPSG:4326)."""
        ...

    def isochrones(
        self,
        origin: Point,
        *,
        mode: Mode,
        minutes: Sequence[float],
        departure: datetime | None = None,
    ) -> gpd.GeoDataFrame:
        """Draw what is reached within each number of minutes: rows `minutes, geometry`, EPSG:4326, widest last."""
        ...

    def describe(self) -> dict[str, Any]:
        """Name the engine, its network version, sources and licence: every result carries them."""
        ...


@dataclass(frozen=True)
class Standing:
    """
    Where a stored record stands.

    Parameters
    ----------
    revision
        Its version, for the optimistic lock.
    changed_at
        When it was last written, by hand or not.
    edited_at, edited_by
        When and by which account it was last changed by hand; None and empty when never.
    ceased_on
        Since when a MAM or a facility is closed; None while it is open.
    """

    revision: int
    changed_at: datetime
    edited_at: datetime | None = None
    edited_by: str = ""
    ceased_on: date | None = None


class Repository(Protocol):
    """
    The registry of one RPE: finds and stores, never decides.

    Reads return domain objects ordered by id. A write is all or nothing and replaces records of the same id.
    """

    def version(self) -> int:
        """Return a number that grows with every change of the providers: what was compiled from them may be kept."""
        ...

    def childminders(self) -> list[Childminder]:
        """Return all childminders."""
        ...

    def childminder(self, childminder_id: str) -> Childminder:
        """Return one childminder, or raise `NotFound`."""
        ...

    def childminders_near(self, point: Point, radius_m: float) -> list[Childminder]:
        """Return the childminders within a great-circle radius of a point (EPSG:4326); those without place never."""
        ...

    def childminders_within(self, area: Polygon) -> list[Childminder]:
        """Return the childminders inside an area (EPSG:4326)."""
        ...

    def mams(self) -> list[Mam]:
        """Return all MAM."""
        ...

    def mam(self, mam_id: str) -> Mam:
        """Return one MAM, or raise `NotFound`."""
        ...

    def facilities(self) -> list[Facility]:
        """Return all facilities."""
        ...

    def facility(self, facility_id: str) -> Facility:
        """Return one facility, or raise `NotFound`."""
        ...

    def facilities_near(self, point: Point, radius_m: float) -> list[Facility]:
        """Return the facilities within a great-circle radius of a point (EPSG:4326)."""
        ...

    def requests(self) -> list[Request]:
        """Return all requests."""
        ...

    def request(self, request_id: str) -> Request:
        """Return one request, or raise `NotFound`."""
        ...

    def save(
        self,
        *,
        childminders: Sequence[Childminder] = (),
        mams: Sequence[Mam] = (),
        facilities: Sequence[Facility] = (),
        requests: Sequence[Request] = (),
    ) -> None:
        """Store records in one transaction, replacing those of the same id."""
        ...

    def revision_of(
        self, kind: type[Childminder | Mam | Facility | Request], record_id: str
    ) -> int:
        """Return the version of one record, one more with each change; 0 when there is none."""
        ...

    def revise(
        self, record: Childminder | Mam | Facility | Request, *, revision: int, by: str = ""
    ) -> int:
        """Store one record if its version is still `revision`, else raise `Conflict`; return its version now."""
        ...

    def standings(
        self,
        kind: type[Childminder | Mam | Facility | Request],
        record_ids: Sequence[str] | None = None,
    ) -> dict[str, Standing]:
        """Return where records stand, all of a kind or some: version, last change, by whose hand, whether ceased."""
        ...

    def cease(
        self,
        kind: type[Childminder | Mam | Facility | Request],
        record_id: str,
        *,
        revision: int,
        on: date | None,
        by: str = "",
    ) -> int:
        """Set a MAM or a facility aside, or take it up again with None; it is found by its id alone meanwhile."""
        ...

    def ceased(self, kind: type[Childminder | Mam | Facility | Request]) -> list[Any]:
        """Return the MAM or facilities that were set aside."""
        ...

    def last_imported(
        self,
        kind: type[Childminder | Mam | Facility | Request],
        record_ids: Sequence[str] | None = None,
    ) -> dict[str, Any]:
        """Return the records of a kind, all or some, as a file last gave them, by id."""
        ...

    def save_import(
        self,
        kind: type[Childminder | Mam | Facility | Request],
        records: Sequence[Any],
        *,
        sent: Sequence[Any],
        read: Mapping[str, int],
    ) -> None:
        """Store what an import makes of its records, unless one of them changed since it was read: `Conflict`."""
        ...

    def delete(
        self,
        *,
        childminder_ids: Sequence[str] = (),
        mam_ids: Sequence[str] = (),
        facility_ids: Sequence[str] = (),
        request_ids: Sequence[str] = (),
    ) -> int:
        """Remove records; return how many there were."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...
