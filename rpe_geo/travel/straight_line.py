"""Travel times without any street: the great circle times a measured detour, at a measured speed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely import LineString, Point, Polygon

from rpe_geo.crs import EARTH_RADIUS_M, WGS84, great_circle_m
from rpe_geo.errors import InputError
from rpe_geo.parameters import parameter_table
from rpe_geo.protocols import Mode, Route, RouteStep
from rpe_geo.travel.points import check_cutoff, coordinates_of

__all__ = ["StraightLineEngine"]

_MAX_CUTOFF_MIN = 720.0
_MODES: tuple[Mode, ...] = ("walk", "pushchair", "bike", "car", "transit")
_CIRCLE_POINTS = 72


class StraightLineEngine:
    """
    Travel times from distances alone, for the whole of France or where no street is known.

    Parameters
    ----------
    on
        The day whose parameters hold; None is today.

    Notes
    -----
    minutes = great circle (m) × detour factor ÷ speed. Both figures are measured on real networks and dated in the table
    `speeds`. It meets the same protocol as `StreetEngine`, and serves the tests as a real, simple engine.
    """

    def __init__(self, *, on: date | None = None) -> None:
        table = parameter_table("speeds", on or date.today())  # noqa: DTZ011 - the table in force
        factor, speed = table["detour_factor"], table["straight_line_kph"]
        self._detour = {mode: float(factor[mode]) for mode in _MODES}
        self._pace = {mode: float(factor[mode] * 60 / (speed[mode] * 1000)) for mode in _MODES}

    def _minutes_per_metre(self, mode: Mode) -> float:
        if mode not in self._pace:
            raise InputError("mode_unknown", mode=mode, modes=list(_MODES))
        return self._pace[mode]

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
        Compute travel times in minutes; see `rpe_geo.protocols.TravelTimeEngine`.

        Parameters
        ----------
        origins, destinations
            Points in EPSG:4326, indexed by id.
        mode
            walk, pushchair, bike, car or transit.
        cutoff_min
            Times above are `inf`.
        departure, arrival
            Ignored.

        Returns
        -------
        DataFrame
            Rows origins, columns destinations, float64 minutes.
        """
        del departure, arrival
        check_cutoff(cutoff_min, _MAX_CUTOFF_MIN)
        pace = self._minutes_per_metre(mode)
        from_lon, from_lat = coordinates_of(origins)
        to_lon, to_lat = coordinates_of(destinations)
        minutes = great_circle_m(from_lon[:, None], from_lat[:, None], to_lon, to_lat) * pace
        minutes[minutes > cutoff_min] = np.inf
        return pd.DataFrame(minutes, index=origins.index, columns=destinations.index)

    @property
    def modes(self) -> list[Mode]:
        """The modes that can be asked for here: all of them."""
        return list(_MODES)

    def serves(self, points: gpd.GeoSeries, *, mode: Mode) -> NDArray[np.bool_]:
        """Tell which points can be reached at all: every one, in a straight line."""
        self._minutes_per_metre(mode)
        return np.ones(len(points), dtype=np.bool_)

    def left_out(self, points: gpd.GeoSeries, *, mode: Mode) -> pd.DataFrame:
        """Tell which points are too far to be asked: none."""
        self._minutes_per_metre(mode)
        columns = ("longitude", "latitude", "distance_m", "limit_m")
        return pd.DataFrame({name: np.empty(0) for name in columns}, index=points.index[:0])

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
        Compute what a stop on the way to work costs, in minutes; see `StreetEngine.detour_times`.

        Parameters
        ----------
        home, work
            Points in EPSG:4326.
        stops
            Points in EPSG:4326, indexed by id.
        mode
            walk, pushchair, bike, car or transit.
        cutoff_min
            Legs above are `inf`.
        departure
            Ignored.

        Returns
        -------
        DataFrame
            Index of stops; columns `to_stop_min`, `stop_to_work_min`, `direct_min`, `detour_min`.
        """
        del departure
        check_cutoff(cutoff_min, _MAX_CUTOFF_MIN)
        pace = self._minutes_per_metre(mode)
        lon, lat = coordinates_of(stops)

        def legs(point: Point) -> NDArray[np.float64]:
            minutes = great_circle_m(np.array([point.x]), np.array([point.y]), lon, lat) * pace
            return np.where(minutes > cutoff_min, np.inf, minutes)

        direct = float(
            great_circle_m(*(np.array([v]) for v in (home.x, home.y, work.x, work.y)))[0] * pace
        )
        to_stop, to_work = legs(home), legs(work)
        return pd.DataFrame(
            {
                "to_stop_min": to_stop,
                "stop_to_work_min": to_work,
                "direct_min": direct,
                "detour_min": np.maximum(to_stop + to_work - direct, 0.0),
            },
            index=stops.index,
        )

    def last_return(
        self,
        origins: gpd.GeoSeries,
        home: Point,
        *,
        day: date | None = None,
        cutoff_min: float = 120.0,
    ) -> pd.Series:
        """
        Tell when the last vehicle leaves; see `StreetEngine.last_return`.

        Parameters
        ----------
        origins, home, day, cutoff_min
            Ignored but for the ids of the origins: a straight line has no timetable.

        Returns
        -------
        Series
            NaT, by id.
        """
        del home, day, cutoff_min
        return pd.Series(pd.NaT, index=origins.index, dtype="datetime64[us]")

    def routes(
        self,
        origin: Point,
        destinations: gpd.GeoSeries,
        *,
        mode: Mode,
        departure: datetime | time | None = None,
    ) -> list[Route]:
        """
        Draw a straight line to each destination, in order.

        Parameters
        ----------
        origin
            Point in EPSG:4326.
        destinations
            Points in EPSG:4326.
        mode
            walk, pushchair, bike, car or transit.
        departure
            Ignored.

        Returns
        -------
        list of Route
            One step each; metres are those along supposed streets.
        """
        del departure
        pace = self._minutes_per_metre(mode)
        lon, lat = coordinates_of(destinations)
        direct = great_circle_m(np.array([origin.x]), np.array([origin.y]), lon, lat)
        return [
            Route(
                travel_time_min=crow * pace,
                distance_m=crow * self._detour[mode],
                geometry=LineString([(origin.x, origin.y), (x, y)]),
                steps=(RouteStep("", mode, crow * self._detour[mode], crow * pace),),
            )
            for crow, x, y in zip(direct.tolist(), lon.tolist(), lat.tolist(), strict=True)
        ]

    def isochrones(
        self,
        origin: Point,
        *,
        mode: Mode,
        minutes: Sequence[float],
        departure: datetime | None = None,
    ) -> gpd.GeoDataFrame:
        """
        Draw circles: rows `minutes, geometry`, EPSG:4326, widest last.

        Parameters
        ----------
        origin
            Point in EPSG:4326.
        mode
            walk, pushchair, bike, car or transit.
        minutes
            Minutes of each circle.
        departure
            Ignored.

        Returns
        -------
        GeoDataFrame
            One polygon per number of minutes.
        """
        del departure
        pace = self._minutes_per_metre(mode)
        wanted = sorted(float(value) for value in minutes)
        for value in wanted:
            check_cutoff(value, _MAX_CUTOFF_MIN)
        angle = np.linspace(0, 2 * np.pi, _CIRCLE_POINTS, endpoint=False)
        circles: list[Polygon] = []
        for value in wanted:
            degrees = np.degrees(value / pace / EARTH_RADIUS_M)
            shrink = np.cos(np.radians(origin.y))
            circles.append(
                shapely.Polygon(
                    np.column_stack(
                        [
                            origin.x + degrees * np.cos(angle) / shrink,
                            origin.y + degrees * np.sin(angle),
                        ]
                    )
                )
            )
        return gpd.GeoDataFrame({"minutes": wanted}, geometry=circles, crs=WGS84)

    def describe(self) -> dict[str, Any]:
        """Name the engine and its parameters."""
        return {
            "engine": "straight_line",
            "detour_factor": self._detour,
            "minutes_per_km": {mode: pace * 1000 for mode, pace in self._pace.items()},
        }
