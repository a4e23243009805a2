"""The travel-time engine on the street network of a territory: on foot, by bike, by car, and by public transport."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from shapely import Point

from rpe_geo.crs import WGS84
from rpe_geo.errors import InputError
from rpe_geo.parameters import parameter_table
from rpe_geo.protocols import Mode, Route
from rpe_geo.travel.isochrones import Clock, draw_areas
from rpe_geo.travel.mode_search import ModeSearch
from rpe_geo.travel.points import check_cutoff, coordinates_of
from rpe_geo.travel.snapping import SegmentGrid, Snapped
from rpe_geo.travel.streets.conditional import ordinary_day
from rpe_geo.travel.streets.mode_network import ModeNetwork
from rpe_geo.travel.streets.network import Ways, read_meta
from rpe_geo.travel.streets.openings import access_at, weighed
from rpe_geo.travel.streets.tags import NetworkMode, WayRules
from rpe_geo.travel.transit.journeys import trace_journey
from rpe_geo.travel.transit.search import Places, TransitSearch
from rpe_geo.travel.transit.timetable import Timetable

__all__ = ["MAX_CUTOFF_MIN", "StreetEngine"]

MAX_CUTOFF_MIN = 720.0
_REMEMBERED_POINT_SETS = 16
_REMEMBERED_MOMENTS = 64
_REMEMBERED_HOURS = 6
_FEW_CELLS = 20_000

Floats = NDArray[np.float64]


class StreetEngine:
    """
    Travel times, routes and isochrones on the streets of a territory.

    Parameters
    ----------
    directory
        The folder that `rpe_geo.travel.streets.network.build_streets` made. A folder `transit` beside it serves the mode
        transit.
    pushchair
        Walk always as with a pushchair: the mode walk then means the mode pushchair.
    networks, source
        Networks in memory instead of a folder; see `of_networks`.

    Notes
    -----
    Times are door to door: the way from the door to the street, and from the street to the door, is walked in a straight
    line; the part of the edge that is followed counts, in a direction that is allowed there. Opening reads only what
    says where the arrays are; they stay on disk until they are used.
    """

    def __init__(
        self,
        directory: Path | None,
        *,
        pushchair: bool = False,
        networks: Mapping[NetworkMode, ModeNetwork] | None = None,
        source: str = "",
    ) -> None:
        self._directory = directory
        self._meta = read_meta(directory) if directory else _meta_of(networks or {}, source)
        self._pushchair = pushchair
        self._searches: dict[str, ModeSearch] = {
            mode: ModeSearch(network, SegmentGrid.build(network))
            for mode, network in (networks or {}).items()
        }
        self._at_hours: OrderedDict[tuple[str, bytes], ModeSearch] = OrderedDict()
        self._moments: OrderedDict[tuple[str, datetime], ModeSearch] = OrderedDict()
        self._snapped: OrderedDict[tuple[str, bytes], Snapped] = OrderedDict()
        self._ways: Ways | None = None
        self._transit: TransitSearch | None = None
        self._lock = threading.RLock()

    @classmethod
    def of_networks(
        cls, networks: Mapping[NetworkMode, ModeNetwork], *, source: str = ""
    ) -> StreetEngine:
        """
        Make an engine of networks in memory, from osmnx graphs for instance.

        Parameters
        ----------
        networks
            One network per mode.
        source
            What results say of their origin.

        Returns
        -------
        StreetEngine
            Without names of streets, nor public transport.
        """
        return cls(None, networks=networks, source=source)

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
            walk, pushchair, bike, car or transit.
        cutoff_min
            Times above are `inf`; from 1 to 720.
        departure
            When one leaves. By public transport a clock time alone is one of an ordinary Tuesday of the feed, None eight o'clock;
            otherwise it decides what is closed at that hour (school streets), and None is no hour: what holds at some hours only
            does not count.
        arrival
            When one must be there instead; by public transport minutes are then counted from the latest departure to that time.

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
        leaving, arriving = coordinates_of(origins), coordinates_of(destinations)
        if not origins.size or not destinations.size:
            minutes = np.empty((origins.size, destinations.size))
        elif mode == "transit":
            if departure is not None and arrival is not None:
                raise InputError("departure_and_arrival")
            transit = self._open_transit()
            self._check_places(leaving, origins)
            self._check_places(arriving, destinations)
            when = transit.check_departure(departure if arrival is None else arrival)
            found = (
                transit.journeys(leaving, arriving, [when], limit_min=cutoff_min)
                if arrival is None
                else transit.journeys_until(leaving, arriving, when, limit_min=cutoff_min)
            )
            minutes = found.minutes[:, 0, :]
        else:
            search = self._search(mode, departure if arrival is None else arrival)
            start = self._snap(search, mode, *leaving, ids=origins)
            stop = self._snap(search, mode, *arriving, ids=destinations)
            minutes = self._door_to_door(search, start, stop, cutoff_min)
        _stay_at_the_same_door(minutes, leaving, arriving)
        minutes[minutes > cutoff_min] = np.inf
        return pd.DataFrame(minutes, index=origins.index, columns=destinations.index)

    @staticmethod
    def _door_to_door(
        search: ModeSearch, start: Snapped, stop: Snapped, cutoff_min: float
    ) -> Floats:
        """Minutes along the streets, and on foot between them and the doors."""
        minutes = search.minutes(start, stop, cutoff_min)
        if start.island is not None and stop.island is not None:
            # Neighbours on streets that are cut off reach each other there.
            among = StreetEngine._door_to_door(search, start.island, stop.island, cutoff_min)
            cells = np.ix_(start.islanders, stop.islanders)
            minutes[cells] = np.minimum(minutes[cells], among)
        return minutes

    def _walk(self, origins: Places, destinations: Places, limit_min: float) -> Floats:
        """Minutes on foot; `inf` beyond the limit, `nan` where an end is off the streets."""
        search = self._search("walk")
        start = self._snap(search, "walk", *origins, refuse=False)
        stop = self._snap(search, "walk", *destinations, refuse=False)
        minutes = self._door_to_door(search, start, stop, limit_min)
        _stay_at_the_same_door(minutes, origins, destinations)
        minutes[minutes > limit_min] = np.inf
        minutes[~np.isfinite(start.distance_m)] = np.nan
        minutes[:, ~np.isfinite(stop.distance_m)] = np.nan
        return minutes

    def _check_places(self, places: Places, ids: gpd.GeoSeries) -> None:
        self._snap(self._search("walk"), "walk", *places, ids=ids)

    def transit_profile(
        self,
        origins: gpd.GeoSeries,
        destinations: gpd.GeoSeries,
        *,
        departure: datetime | None = None,
        window_min: int = 60,
        cutoff_min: float = 120.0,
    ) -> pd.DataFrame:
        """
        Describe journeys by public transport over a window of departures, one per minute.

        Parameters
        ----------
        origins, destinations
            Points in EPSG:4326, indexed by id.
        departure
            Start of the window, local time; None is a Tuesday at eight.
        window_min
            Its length in minutes.
        cutoff_min
            Journeys above count as impossible.

        Returns
        -------
        DataFrame
            Columns `origin_id, destination_id, median_min, p90_min, transfers` (the median over the departures that find a
            way); `inf` where more than half, or a tenth, of the departures find none. Medians are the lower ones.
        """
        check_cutoff(cutoff_min, MAX_CUTOFF_MIN)
        check_cutoff(window_min, MAX_CUTOFF_MIN)
        transit = self._open_transit()
        leaving, arriving = coordinates_of(origins), coordinates_of(destinations)
        self._check_places(leaving, origins)
        self._check_places(arriving, destinations)
        first = transit.check_departure(departure)
        window = [first + timedelta(minutes=minute) for minute in range(int(window_min))]
        found = transit.journeys(leaving, arriving, window, limit_min=cutoff_min)
        return found.over_window(origins.index, destinations.index)

    def last_return(
        self,
        origins: gpd.GeoSeries,
        home: Point,
        *,
        day: date | None = None,
        cutoff_min: float = 120.0,
    ) -> pd.Series:
        """
        Tell when one must leave each place at the latest to come home by public transport.

        Parameters
        ----------
        origins
            Points in EPSG:4326, indexed by id: childminders, work.
        home
            Point in EPSG:4326.
        day
            The service day; its last trips run after midnight. None is an ordinary Tuesday.
        cutoff_min
            The longest journey, waiting included.

        Returns
        -------
        Series
            Local times, by id; NaT where nothing runs.
        """
        transit = self._open_transit()
        day = transit.check_departure(None if day is None else datetime.combine(day, time())).date()
        lon, lat = coordinates_of(origins)
        target = (np.array([home.x]), np.array([home.y]))
        times = transit.last_departures((lon, lat), target, day, limit_min=cutoff_min)
        return pd.Series(
            pd.to_datetime(pd.Series(times, dtype="object")).to_numpy(), index=origins.index
        )

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
        Compute what a stop on the way to work costs, in minutes; on the way home, with home and work exchanged.

        Parameters
        ----------
        home, work
            Points in EPSG:4326.
        stops
            Points in EPSG:4326, indexed by id: childminders, schools.
        mode
            walk, pushchair, bike, car or transit.
        cutoff_min
            Legs above are `inf`.
        departure
            When one leaves home, for transit, as in `travel_times`; one leaves each stop when one comes there.

        Returns
        -------
        DataFrame
            Index of stops; columns `to_stop_min`, `stop_to_work_min`, `direct_min`, `detour_min` (the first two less
            the third; `inf` when a leg is).
        """
        ends = gpd.GeoSeries([home, work], index=["home", "work"], crs=WGS84)
        to_stop = self.travel_times(
            ends.iloc[:1], stops, mode=mode, cutoff_min=cutoff_min, departure=departure
        ).to_numpy()[0]
        if mode == "transit" and stops.size:
            to_work = self._onwards(stops, ends.iloc[1:], to_stop, departure, cutoff_min)
        else:
            to_work = self.travel_times(
                stops, ends.iloc[1:], mode=mode, cutoff_min=cutoff_min, departure=departure
            ).to_numpy()[:, 0]
        direct = self.travel_times(
            ends.iloc[:1],
            ends.iloc[1:],
            mode=mode,
            cutoff_min=MAX_CUTOFF_MIN,
            departure=departure,
        )
        direct_min = float(direct.to_numpy()[0, 0])
        legs = to_stop + to_work
        detour = legs - direct_min if math.isfinite(direct_min) else np.full(legs.size, np.inf)
        return pd.DataFrame(
            {
                "to_stop_min": to_stop,
                "stop_to_work_min": to_work,
                "direct_min": direct_min,
                "detour_min": np.maximum(detour, 0.0),
            },
            index=stops.index,
        )

    def _onwards(
        self,
        stops: gpd.GeoSeries,
        work: gpd.GeoSeries,
        reached_min: Floats,
        departure: datetime | time | None,
        cutoff_min: float,
    ) -> Floats:
        """Minutes by public transport from each stop to work, leaving when one comes there."""
        transit = self._open_transit()
        when = transit.check_departure(departure)
        minutes = np.full(reached_min.size, np.inf)
        reached = np.flatnonzero(np.isfinite(reached_min))
        if reached.size:
            leaving = [when + timedelta(minutes=float(spent)) for spent in reached_min[reached]]
            ends = coordinates_of(stops.iloc[reached]), coordinates_of(work)
            found = transit.journeys_leaving(*ends, leaving, limit_min=cutoff_min)
            minutes[reached] = found.minutes[:, 0, 0]
        return minutes

    def routes(
        self,
        origin: Point,
        destinations: gpd.GeoSeries,
        *,
        mode: Mode,
        departure: datetime | time | None = None,
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
            walk, pushchair, bike, car or transit.
        departure
            As in `travel_times`.

        Returns
        -------
        list of Route
            Minutes as `travel_times` gives them, metres, the line from door to door, and a step per street name.
        """
        lon, lat = coordinates_of(gpd.GeoSeries([origin], crs=WGS84))
        to_lon, to_lat = coordinates_of(destinations)
        if not to_lon.size:
            return []
        if mode == "transit":
            transit = self._open_transit()
            when = transit.check_departure(departure)
            return [
                trace_journey(transit, self._walk_route, origin, destination, when)
                for destination in destinations
            ]
        search = self._search(mode, departure)
        start = self._snap(search, mode, lon, lat)
        stop = self._snap(search, mode, to_lon, to_lat, ids=destinations)
        tracer = search.tracer(self._open_ways(), mode)
        door = (float(lon[0]), float(lat[0]))
        doors = list(zip(to_lon.tolist(), to_lat.tolist(), strict=True))
        places = [stop.one(number) for number in range(to_lon.size)]
        found = tracer.routes(door, doors, start, places)
        for number, place in enumerate(places):
            if start.island is not None and place.island is not None:
                there = tracer.routes(door, [doors[number]], start.island, [place.island])[0]
                if there.travel_time_min < found[number].travel_time_min:
                    found[number] = there
        return found

    def _walk_route(self, origin: Point, destination: Point) -> Route:
        return self.routes(origin, gpd.GeoSeries([destination], crs=WGS84), mode="walk")[0]

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
            walk, pushchair, bike, car or transit.
        minutes
            Limits, each from 1 to 720.
        departure
            As in `travel_times`.

        Returns
        -------
        GeoDataFrame
            Rows `minutes, geometry` (polygons, EPSG:4326), widest last; each area holds the narrower ones.
        """
        wanted = sorted({float(value) for value in minutes})
        if not wanted:
            raise InputError("minutes_missing")
        for value in wanted:
            check_cutoff(value, MAX_CUTOFF_MIN)
        search = self._search("walk") if mode == "transit" else self._search(mode, departure)
        lon, lat = coordinates_of(gpd.GeoSeries([origin], crs=WGS84))
        places = self._snap(search, mode, lon, lat)
        leave_min = np.zeros(1)
        if mode == "transit":
            transit = self._open_transit()
            stops, reached = transit.stops_reached(
                (lon, lat), transit.check_departure(departure), within_min=wanted[-1]
            )
            lon, lat = np.append(lon, stops[0]), np.append(lat, stops[1])
            leave_min = np.append(leave_min, reached)
            places = self._snap(search, mode, lon, lat, refuse=False)
        clock = Clock.start(search.network, places, wanted[-1], leave_min)
        areas = draw_areas(clock, (origin.x, origin.y), wanted)
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
    def modes(self) -> list[Mode]:
        """Modes that this territory can serve."""
        modes: tuple[Mode, ...] = ("walk", "pushchair", "bike", "car")
        found: list[Mode] = [mode for mode in modes if mode in self._meta["nodes"]]
        return [*found, "transit"] if self._transit_folder() else found

    def _search(self, mode: str, when: datetime | time | None = None) -> ModeSearch:
        """Open a mode, as it is at an hour where one is given."""
        base = self._without_hour(mode)
        if when is None or not base.network.settings.get("conditions"):
            return base
        moment = when if isinstance(when, datetime) else ordinary_day(when)
        with self._lock:
            key = (base.network.settings["mode"], moment.replace(tzinfo=None))
            if key not in self._moments:
                self._moments[key] = self._at(base, key[1])
                while len(self._moments) > _REMEMBERED_MOMENTS:
                    self._moments.popitem(last=False)
            return self._moments[key]

    def _at(self, base: ModeSearch, moment: datetime) -> ModeSearch:
        """Open a mode at a moment; moments at which the same is open share one network."""
        today = date.today()  # noqa: DTZ011 - the table in force
        french = bool(base.network.settings.get("french", True))
        access = access_at(
            base.network, WayRules(parameter_table("speeds", today), french=french), moment
        )
        if access is None:
            return base
        shape = (access.forward, access.backward, access.ends)
        key = (str(base.network.settings["mode"]), b"".join(part.tobytes() for part in shape))
        if key not in self._at_hours:
            network = weighed(base.network, access, self._meta["settings"]["snapping"])
            self._at_hours[key] = ModeSearch(network, base.grid, base.directory)
            while len(self._at_hours) > _REMEMBERED_HOURS:
                self._at_hours.popitem(last=False)
        return self._at_hours[key]

    def _without_hour(self, mode: str) -> ModeSearch:
        key = "pushchair" if self._pushchair and mode == "walk" else mode
        with self._lock:
            if key not in self._searches:
                if mode not in {"walk", "pushchair", "bike", "car"}:
                    raise InputError("mode_unknown", mode=mode, modes=self.modes)
                if key not in self._meta["nodes"] or self._directory is None:
                    raise InputError("mode_unavailable", mode=mode, modes=self.modes)
                folder = self._directory / key
                settings: Mapping[str, Any] = self._meta["settings"]["modes"][key]
                self._searches[key] = ModeSearch(
                    ModeNetwork.load(folder, settings), SegmentGrid.load(folder), folder
                )
            return self._searches[key]

    def _open_transit(self) -> TransitSearch:
        with self._lock:
            if self._transit is None:
                folder = self._transit_folder()
                if folder is None:
                    raise InputError("transit_missing")
                self._transit = TransitSearch(Timetable(folder), self._walk)
            return self._transit

    def _transit_folder(self) -> Path | None:
        if self._directory is None:
            return None
        beside = self._directory.parent / "transit"
        return beside if (beside / "transit.json").is_file() else None

    def _open_ways(self) -> Ways | None:
        with self._lock:
            if self._ways is None and self._directory is not None:
                self._ways = Ways.load(self._directory)
            return self._ways

    def serves(self, points: gpd.GeoSeries, *, mode: Mode) -> NDArray[np.bool_]:
        """Tell which points (EPSG:4326) lie near enough to a street of the mode to be reached at all."""
        search = self._search("walk" if mode == "transit" else mode)
        longitude, latitude = coordinates_of(points)
        snapped = self._snap(search, mode, longitude, latitude, refuse=False)
        return np.isfinite(snapped.distance_m)

    def left_out(self, points: gpd.GeoSeries, *, mode: Mode) -> pd.DataFrame:
        """
        Tell which points lie too far from every street of a mode to be reached at all.

        Parameters
        ----------
        points
            Points in EPSG:4326, indexed by id.
        mode
            walk, pushchair, bike, car or transit.

        Returns
        -------
        DataFrame
            Indexed by id; columns `longitude, latitude`, `distance_m` to the nearest street, and `limit_m`, the farthest that is
            served.
        """
        search = self._search("walk" if mode == "transit" else mode)
        longitude, latitude = coordinates_of(points)
        snapped = self._snap(search, mode, longitude, latitude, refuse=False)
        far = np.flatnonzero(~np.isfinite(snapped.distance_m))
        metres = [
            search.grid.distance_to_network(
                search.network, float(longitude[number]), float(latitude[number])
            )
            for number in far
        ]
        return pd.DataFrame(
            {
                "longitude": longitude[far],
                "latitude": latitude[far],
                "distance_m": np.array(metres, dtype=np.float64),
                "limit_m": float(self._meta["settings"]["snapping"]["limit_m"]),
            },
            index=points.index[far],
        )

    def _snap(
        self,
        search: ModeSearch,
        mode: str,
        longitude: Floats,
        latitude: Floats,
        *,
        ids: gpd.GeoSeries | None = None,
        refuse: bool = True,
    ) -> Snapped:
        """Attach points to the network; the last few sets are remembered, since childminders stay where they are."""
        key = (f"{mode}{refuse}{search.number}", longitude.tobytes() + latitude.tobytes())
        with self._lock:
            if key in self._snapped:
                self._snapped.move_to_end(key)
                return self._snapped[key]
        rules = self._meta["settings"]["snapping"]
        try:
            snapped = search.grid.snap(search.network, longitude, latitude, rules, refuse=refuse)
        except InputError as error:
            if ids is not None and "position" in error.values:
                error.values["point"] = str(ids.index[error.values["position"]])
            raise
        with self._lock:
            self._snapped[key] = snapped
            while len(self._snapped) > _REMEMBERED_POINT_SETS:
                self._snapped.popitem(last=False)
        return snapped


def _meta_of(networks: Mapping[NetworkMode, ModeNetwork], source: str) -> dict[str, Any]:
    """Say of networks in memory what `streets.json` says of a folder."""
    today = date.today()  # noqa: DTZ011 - the table in force
    lon = np.concatenate([network.state_longitude for network in networks.values()])
    lat = np.concatenate([network.state_latitude for network in networks.values()])
    return {
        "network_version": "-".join(
            str(network.settings.get("version", "")) for network in networks.values()
        ),
        "source": source,
        "built_on": today.isoformat(),
        "nodes": {mode: network.state_count for mode, network in networks.items()},
        "bbox": [float(v) for v in (lon.min(), lat.min(), lon.max(), lat.max())],
        "settings": {"snapping": parameter_table("speeds", today)["snapping"]},
    }


def _stay_at_the_same_door(
    minutes: Floats, origins: tuple[Floats, Floats], destinations: tuple[Floats, Floats]
) -> None:
    """The same point is 0 minutes away from itself."""
    if minutes.size <= _FEW_CELLS:
        same = (origins[0][:, None] == destinations[0]) & (origins[1][:, None] == destinations[1])
        minutes[same] = 0.0
        return
    from_keys = origins[0] + 1j * origins[1]
    to_keys = destinations[0] + 1j * destinations[1]
    shared = np.intersect1d(from_keys, to_keys)
    for key in shared:
        minutes[np.ix_(from_keys == key, to_keys == key)] = 0.0
