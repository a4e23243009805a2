"""A journey by public transport as a route: its walks, its waits and its rides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import numpy as np
from shapely import LineString, Point

from rpe_geo.crs import great_circle_m
from rpe_geo.messages import phrase
from rpe_geo.messages.trips import clock_time
from rpe_geo.protocols import Route, RouteStep
from rpe_geo.travel.transit.search import TransitSearch

__all__ = ["trace_journey"]

WalkRoute = Callable[[Point, Point], Route]


def trace_journey(
    transit: TransitSearch,
    walk_route: WalkRoute,
    origin: Point,
    destination: Point,
    departure: datetime,
) -> Route:
    """
    Trace the fastest way by public transport, or on foot where that is faster.

    Parameters
    ----------
    transit
        The timetable search.
    walk_route
        Traces a walk between two points.
    origin, destination
        Points in EPSG:4326.
    departure
        Local time.

    Returns
    -------
    Route
        Minutes with all waits; rides are drawn from stop to stop.
    """
    on_foot = walk_route(origin, destination)
    minutes, legs = transit.legs(_place(origin), _place(destination), departure)
    if on_foot.travel_time_min <= minutes:
        return on_foot
    timetable = transit.timetable

    def stop_point(stop: int) -> Point:
        return Point(float(timetable.stop_longitude[stop]), float(timetable.stop_latitude[stop]))

    steps: list[RouteStep] = []
    line: list[tuple[float, float]] = []
    day = departure.date()
    began = clock = timetable.clock.elapsed_s(departure, day)
    here = origin
    for leg in legs:
        first, last = stop_point(leg.stops[0]), stop_point(leg.stops[-1])
        walk = walk_route(here, first)
        if np.isfinite(walk.travel_time_min) and walk.geometry is not None:
            spent = min(walk.travel_time_min, (leg.boarded_s - clock) / 60)
            if walk.distance_m >= 1:
                steps.append(RouteStep("", "walk", walk.distance_m, spent))
            line.extend((x, y) for x, y in walk.geometry.coords)
            clock += spent * 60
        wait = (leg.boarded_s - clock) / 60
        if wait > 0:
            name = timetable.stop_names[leg.stops[0]]
            steps.append(RouteStep(phrase("transit_wait", stop=name), "transit", 0.0, wait))
        points = [stop_point(stop) for stop in leg.stops]
        line.extend((point.x, point.y) for point in points)
        ride = phrase(
            "transit_ride",
            route=leg.route,
            first=timetable.stop_names[leg.stops[0]],
            boarded=clock_time(timetable.clock.wall_s(leg.boarded_s, day)),
            last=timetable.stop_names[leg.stops[-1]],
            left=clock_time(timetable.clock.wall_s(leg.left_s, day)),
        )
        metres = _length([(point.x, point.y) for point in points])
        steps.append(RouteStep(ride, "transit", metres, (leg.left_s - leg.boarded_s) / 60))
        clock, here = leg.left_s, last
    walk = walk_route(here, destination)
    remaining = minutes - (clock - began) / 60
    if walk.geometry is not None:
        steps.append(RouteStep("", "walk", walk.distance_m, remaining))
        line.extend((x, y) for x, y in walk.geometry.coords)
    return Route(
        travel_time_min=minutes,
        distance_m=sum(step.distance_m for step in steps),
        geometry=LineString(line),
        steps=tuple(steps),
    )


def _place(point: Point) -> tuple[np.ndarray, np.ndarray]:
    return np.array([point.x]), np.array([point.y])


def _length(line: list[tuple[float, float]]) -> float:
    x, y = np.array(line).T
    return float(great_circle_m(x[:-1], y[:-1], x[1:], y[1:]).sum())
