"""The travel-time engine on the street network of a territory: on foot, by bike, by car, and by public transport."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from shapely import Point

from rpe_geo.crs import WGS84
from rpe_geo.errors import InputError
from rpe_geo.protocols import Mode, Route
from rpe_geo.travel.contraction import Hierarchy, hierarchy_is_available
from rpe_geo.travel.isochrones import Clock, draw_area
from rpe_geo.travel.mode_network import TICKS_PER_MIN, ModeNetwork
from rpe_geo.travel.network import Ways, read_meta
from rpe_geo.travel.paths import Tracer
from rpe_geo.travel.points import check_cutoff, coordinates_of
from rpe_geo.travel.search import Ends, search_by_hierarchy, search_by_scipy, street_minutes
from rpe_geo.travel.snapping import SegmentGrid, Snapped

__all__ = ["MAX_CUTOFF_MIN", "StreetEngine"]

MAX_CUTOFF_MIN = 720.0
_REMEMBERED_POINT_SETS = 16

Floats = NDArray[np.float64]


class _ModeSearch:
    """One mode, opened: its network, its grid, and its hierarchy once it is first needed."""

    def __init__(
        self, network: ModeNetwork, grid: SegmentGrid, directory: Path | None = None
    ) -> None:
        self.network = network
        self.grid = grid
        self._directory = directory
        self._hierarchy: Hierarchy | None = None
        self._tracer: Tracer | None = None
        self._lock = threading.Lock()

    @property
    def hierarchy(self) -> Hierarchy | None:
        """The hierarchy, or None where pyroutingkit is not installed."""
        with self._lock:
            if self._hierarchy is None and hierarchy_is_available():
                self._hierarchy = Hierarchy(self.network, self._directory)
            return self._hierarchy

    def tracer(self, ways: Ways | None, mode: Mode) -> Tracer:
        """The tracer of routes, made at its first use."""
        hierarchy = self.hierarchy
        with self._lock:
            if self._tracer is None:
                self._tracer = Tracer(self.network, hierarchy, ways, mode)
            return self._tracer

    def minutes(self, origins: Snapped, destinations: Snapped, cutoff_min: float) -> Floats:
        """Minutes along the network; times beyond the cutoff may be `inf`."""
        hierarchy = self.hierarchy
        if hierarchy is not None:

            def search(leaving: Ends, arriving: Ends) -> Floats:
                return search_by_hierarchy(hierarchy, leaving, arriving)

        else:
            penalty = 2 * float(self.network.settings.get("restricted_entry_s", 0.0)) / 60
            limit = (cutoff_min + penalty) * TICKS_PER_MIN

            def search(leaving: Ends, arriving: Ends) -> Floats:
                return search_by_scipy(self.network, leaving, arriving, limit)

        return street_minutes(self.network, origins, destinations, search)


class StreetEngine:
    """
    Travel times, routes and isochrones on the streets of a territory.

    Parameters
    ----------
    directory
        The folder that `rpe_geo.travel.network.build_streets` made. A folder `transit` beside it (or inside it) serves
        the mode transit.
    pushchair
        Walk as with a pushchair: slower, and never by steps without a ramp.

    Notes
    -----
    Times are door to door: the way from the door to the street, and from the street to the door, is walked in a straight
    line; the part of the edge that is followed counts, in a direction that is allowed there. Opening reads only what
    says where the arrays are; they stay on disk until they are used.
    """

    def __init__(self, directory: Path, *, pushchair: bool = False) -> None:
        self._directory = directory
        self._meta = read_meta(directory)
        self._pushchair = pushchair
        self._searches: dict[str, _ModeSearch] = {}
        self._snapped: OrderedDict[tuple[str, bytes], Snapped] = OrderedDict()
        self._ways: Ways | None = None
        self._lock = threading.RLock()

    def travel_times(
        self,
        origins: gpd.GeoSeries,
        destinations: gpd.GeoSeries,
        *,
        mode: Mode,
        cutoff_min: float,
        departure: datetime | None = None,
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
            Times above are `inf`; from 1 to 720.
        departure
            For transit; other modes ignore it.

        Returns
        -------
        DataFrame
            Rows origins, columns destinations, float64 minutes.

        Raises
        ------
        InputError
            A cutoff or a point out of range, a point too far from any street, a mode that the territory lacks.
        """
        check_cutoff(cutoff_min, MAX_CUTOFF_MIN)
        from_lon, from_lat = coordinates_of(origins)
        to_lon, to_lat = coordinates_of(destinations)
        minutes = self._minutes(
            (from_lon, from_lat),
            (to_lon, to_lat),
            mode,
            cutoff_min,
            departure,
            origins,
            destinations,
        )
        return pd.DataFrame(minutes, index=origins.index, columns=destinations.index)

    def _minutes(
        self,
        origins: tuple[Floats, Floats],
        destinations: tuple[Floats, Floats],
        mode: Mode,
        cutoff_min: float,
        departure: datetime | None,
        origin_ids: gpd.GeoSeries,
        destination_ids: gpd.GeoSeries,
    ) -> Floats:
        del departure
        if not origins[0].size or not destinations[0].size:
            return np.empty((origins[0].size, destinations[0].size))
        search = self._search(mode)
        start = self._snap(search, mode, *origins, ids=origin_ids)
        stop = self._snap(search, mode, *destinations, ids=destination_ids)
        minutes = search.minutes(start, stop, cutoff_min)
        pace = 60 / 1000 / float(search.network.settings["access_kph"])  # minutes per metre
        minutes += (start.distance_m * pace)[:, None]
        minutes += (stop.distance_m * pace)[None, :]
        _stay_at_the_same_door(minutes, origins, destinations)
        minutes[minutes > cutoff_min] = np.inf
        return minutes

    def detour_times(
        self, home: Point, stops: gpd.GeoSeries, work: Point, *, mode: Mode, cutoff_min: float
    ) -> pd.DataFrame:
        """
        Compute what a stop on the way to work costs, in minutes.

        Parameters
        ----------
        home, work
            Points in EPSG:4326.
        stops
            Points in EPSG:4326, indexed by id: childminders, schools.
        mode
            walk, bike, car or transit.
        cutoff_min
            Legs above are `inf`.

        Returns
        -------
        DataFrame
            Index of stops; columns `to_stop_min`, `stop_to_work_min`, `direct_min`, `detour_min` (the first two less
            the third; `inf` when a leg is).
        """
        ends = gpd.GeoSeries([home, work], index=["home", "work"], crs=WGS84)
        to_stop = self.travel_times(ends.iloc[:1], stops, mode=mode, cutoff_min=cutoff_min)
        to_work = self.travel_times(stops, ends.iloc[1:], mode=mode, cutoff_min=cutoff_min)
        direct = self.travel_times(
            ends.iloc[:1], ends.iloc[1:], mode=mode, cutoff_min=MAX_CUTOFF_MIN
        )
        direct_min = float(direct.to_numpy()[0, 0])
        legs = to_stop.to_numpy()[0] + to_work.to_numpy()[:, 0]
        detour = legs - direct_min if math.isfinite(direct_min) else np.full(legs.size, np.inf)
        return pd.DataFrame(
            {
                "to_stop_min": to_stop.to_numpy()[0],
                "stop_to_work_min": to_work.to_numpy()[:, 0],
                "direct_min": direct_min,
                "detour_min": np.maximum(detour, 0.0),
            },
            index=stops.index,
        )

    def routes(
        self,
        origin: Point,
        destinations: gpd.GeoSeries,
        *,
        mode: Mode,
        departure: datetime | None = None,
    ) -> list[Route]:
        """
        Trace the way from one point to each destination, in order.

        Parameters
        ----------
        origin
            Point in EPSG:4326.
        destinations
            Points in EPSG:4326.
        mode
            walk, bike, car or transit.
        departure
            For transit; other modes ignore it.

        Returns
        -------
        list of Route
            Minutes as `travel_times` gives them, metres, the line from door to door, and a step per street name.
        """
        del departure
        search = self._search(mode)
        lon, lat = coordinates_of(gpd.GeoSeries([origin], crs=WGS84))
        to_lon, to_lat = coordinates_of(destinations)
        if not to_lon.size:
            return []
        start = self._snap(search, mode, lon, lat)
        stop = self._snap(search, mode, to_lon, to_lat, ids=destinations)
        tracer = search.tracer(self._open_ways(), mode)
        return tracer.routes(
            (float(lon[0]), float(lat[0])),
            list(zip(to_lon.tolist(), to_lat.tolist(), strict=True)),
            start,
            [_one_of(stop, number) for number in range(to_lon.size)],
        )

    def isochrones(
        self,
        origin: Point,
        *,
        mode: Mode,
        minutes: Sequence[float],
        departure: datetime | None = None,
    ) -> gpd.GeoDataFrame:
        """
        Draw what is reached within each number of minutes.

        Parameters
        ----------
        origin
            Point in EPSG:4326.
        mode
            walk, bike or car.
        minutes
            Limits, each from 1 to 720.
        departure
            For transit; other modes ignore it.

        Returns
        -------
        GeoDataFrame
            Rows `minutes, geometry` (polygons, EPSG:4326), widest last; each area holds the narrower ones.
        """
        del departure
        wanted = sorted({float(value) for value in minutes})
        if not wanted:
            raise InputError("minutes_missing")
        for value in wanted:
            check_cutoff(value, MAX_CUTOFF_MIN)
        search = self._search(mode)
        lon, lat = coordinates_of(gpd.GeoSeries([origin], crs=WGS84))
        place = self._snap(search, mode, lon, lat)
        access = float(place.distance_m[0]) * 0.06 / float(search.network.settings["access_kph"])
        clock = Clock.start(search.network, place, wanted[-1], access)
        door = (float(lon[0]), float(lat[0]))
        areas = [draw_area(clock, door, value) for value in wanted]
        return gpd.GeoDataFrame({"minutes": wanted}, geometry=areas, crs=WGS84)

    def describe(self) -> dict[str, Any]:
        """Name the engine, its network version, sources and licence: every result carries them."""
        return {
            "engine": "street",
            "network_version": self._meta["network_version"],
            "source": self._meta["source"],
            "built_on": self._meta["built_on"],
            "modes": self.modes,
            "bbox": self._meta["bbox"],
            "pushchair": self._pushchair,
            "attribution": "© contributeurs OpenStreetMap (ODbL), sauf source indiquée par le territoire",
        }

    @property
    def modes(self) -> list[str]:
        """Modes that this territory can serve."""
        return [mode for mode in ("walk", "bike", "car") if mode in self._meta["nodes"]]

    def _search(self, mode: str) -> _ModeSearch:
        key = "pushchair" if self._pushchair and mode == "walk" else mode
        with self._lock:
            if key not in self._searches:
                if key not in self._meta["nodes"]:
                    raise InputError("mode_unavailable", mode=mode, modes=self.modes)
                folder = self._directory / key
                settings: Mapping[str, Any] = self._meta["settings"]["modes"][key]
                self._searches[key] = _ModeSearch(
                    ModeNetwork.load(folder, settings), SegmentGrid.load(folder), folder
                )
            return self._searches[key]

    def _open_ways(self) -> Ways:
        with self._lock:
            if self._ways is None:
                self._ways = Ways.load(self._directory)
            return self._ways

    def serves(self, points: gpd.GeoSeries, *, mode: Mode) -> NDArray[np.bool_]:
        """Tell which points (EPSG:4326) lie near enough to a street of the mode to be reached at all."""
        search = self._search("walk" if mode == "transit" else mode)
        longitude, latitude = coordinates_of(points)
        table = self._meta["settings"]["snapping"]
        return search.grid.reaches(
            search.network,
            longitude,
            latitude,
            limit_m=table["limit_m"],
            fast_road_handicap_m=table["fast_road_handicap_m"],
        )

    def _snap(
        self,
        search: _ModeSearch,
        mode: str,
        longitude: Floats,
        latitude: Floats,
        *,
        ids: gpd.GeoSeries | None = None,
    ) -> Snapped:
        """Attach points to the network; the last few sets are remembered, since childminders stay where they are."""
        key = (mode, longitude.tobytes() + latitude.tobytes())
        with self._lock:
            if key in self._snapped:
                self._snapped.move_to_end(key)
                return self._snapped[key]
        table = self._meta["settings"]["snapping"]
        try:
            snapped = search.grid.snap(
                search.network,
                longitude,
                latitude,
                limit_m=table["limit_m"],
                fast_road_handicap_m=table["fast_road_handicap_m"],
            )
        except InputError as error:
            if ids is not None and "position" in error.values:
                error.values["point"] = str(ids.index[error.values["position"]])
            raise
        with self._lock:
            self._snapped[key] = snapped
            while len(self._snapped) > _REMEMBERED_POINT_SETS:
                self._snapped.popitem(last=False)
        return snapped


def _one_of(places: Snapped, number: int) -> Snapped:
    part = slice(number, number + 1)
    return Snapped(
        edge=places.edge[part],
        longitude=places.longitude[part],
        latitude=places.latitude[part],
        vertex=places.vertex[part],
        forward_s=places.forward_s[part],
        backward_s=places.backward_s[part],
        distance_m=places.distance_m[part],
    )


def _stay_at_the_same_door(
    minutes: Floats, origins: tuple[Floats, Floats], destinations: tuple[Floats, Floats]
) -> None:
    """The same point is 0 minutes away from itself."""
    by_place: dict[tuple[float, float], list[int]] = {}
    for column, place in enumerate(zip(*map(np.ndarray.tolist, destinations), strict=True)):
        by_place.setdefault(place, []).append(column)
    for row, place in enumerate(zip(*map(np.ndarray.tolist, origins), strict=True)):
        if place in by_place:
            minutes[row, by_place[place]] = 0.0
