"""Changing vehicles: the walks between stops, the time that a change takes, and what the agency says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from rpe_geo.crs import EARTH_RADIUS_M
from rpe_geo.parameters import parameter_table
from rpe_geo.travel.transit.timetable import Timetable

__all__ = ["Footpaths", "Places", "TransitRules", "Walk", "link_stops"]

Floats = NDArray[np.float64]
Places = tuple[Floats, Floats]
Walk = Callable[[Places, Places, float], Floats]
"""`walk(origins, destinations, limit_min)`: minutes on foot; `inf` beyond the limit, `nan` where an end is off the streets."""

_PAIRS_AT_ONCE = 4096
_TIMED, _AT_LEAST, _FORBIDDEN = 1, 2, 3


@dataclass(frozen=True)
class TransitRules:
    """
    What holds for every journey; dated parameters, see `parameters/transit.toml`.

    Parameters
    ----------
    walk_limit_min
        The longest walk to the first stop, and from the last one.
    change_walk_limit_min
        The longest walk between two stops.
    change_s
        Time kept for a change, the walk excepted.
    rides_max
        Vehicles taken at most.
    walk_kph
        Walking speed, for what lies off the known streets and to find which stops are near at all.
    off_street_detour, off_street_limit_min
        How one walks between two stops of which one is off the known streets.
    usual_day_share
        Share of the trips of an average Tuesday that makes a Tuesday an ordinary day.
    """

    walk_limit_min: float
    change_walk_limit_min: float
    change_s: float
    rides_max: int
    walk_kph: float
    off_street_detour: float
    off_street_limit_min: float
    usual_day_share: float

    @classmethod
    def on(cls, day: date) -> TransitRules:
        """Read the rules in force on a day."""
        table: dict[str, Any] = dict(parameter_table("transit", day))
        return cls(**table, walk_kph=float(parameter_table("speeds", day)["walk_kph"]))


@dataclass(frozen=True, eq=False)
class Footpaths:
    """
    Changes between stops, sorted by the stop that they lead to; a change at the stop where one got off is one of them.

    Parameters
    ----------
    origin, target
        Stops.
    seconds
        From getting off to being ready to board.
    """

    origin: NDArray[np.int64]
    target: NDArray[np.int64]
    seconds: Floats

    @classmethod
    def of(cls, origin: NDArray[np.int64], target: NDArray[np.int64], seconds: Floats) -> Footpaths:
        """Sort changes by their target."""
        order = np.argsort(target, kind="stable")
        return cls(origin[order], target[order], seconds[order])

    def spread(self, off: Floats) -> Floats:
        """Tell when one is ready to board at each stop; rows are stops, columns departures."""
        ready = np.full_like(off, np.inf)
        if self.target.size:
            candidates = off[self.origin] + self.seconds[:, None]
            first = np.flatnonzero(np.concatenate([[True], np.diff(self.target) != 0]))
            ready[self.target[first]] = np.minimum.reduceat(candidates, first, axis=0)
        return ready

    def backwards(self) -> Footpaths:
        """Return the same changes with time running back."""
        return Footpaths.of(self.target, self.origin, self.seconds)


def link_stops(timetable: Timetable, walk: Walk, rules: TransitRules) -> Footpaths:
    """
    Link the stops between which one may change.

    Parameters
    ----------
    timetable
        Its stops, and what the agency says of changing.
    walk
        How one walks between points.
    rules
        Limits and the time of a change.

    Returns
    -------
    Footpaths
        Between stops by the streets; as the crow flies, and not far, where a stop is off the known streets. What the agency
        says wins, and never makes one walk faster.
    """
    stops = timetable.served
    located = stops[
        np.isfinite(timetable.stop_longitude[stops]) & np.isfinite(timetable.stop_latitude[stops])
    ]
    origin, target, minutes = _walks_between(timetable, located, walk, rules)
    spoken = timetable.transfers
    unknown = ~np.isin(_keys(spoken.origin, spoken.target), _keys(origin, target))
    unknown &= (spoken.origin != spoken.target) & (spoken.kind == _AT_LEAST)
    # Same stop first, then walks, then pairs that only the agency links: nobody knows how far they are.
    origin = np.concatenate([stops, origin, spoken.origin[unknown]])
    target = np.concatenate([stops, target, spoken.target[unknown]])
    walked = np.concatenate([np.zeros(stops.size), minutes, np.zeros(int(unknown.sum()))]) * 60
    seconds = walked + rules.change_s
    order = np.argsort(_keys(origin, target), kind="stable")
    found = np.searchsorted(_keys(origin, target)[order], _keys(spoken.origin, spoken.target))
    for row, place in zip(range(spoken.kind.size), found.tolist(), strict=True):
        if place == order.size:
            continue
        here = order[place]
        if (origin[here], target[here]) != (spoken.origin[row], spoken.target[row]):
            continue
        if spoken.kind[row] == _TIMED:
            seconds[here] = walked[here]
        elif spoken.kind[row] == _AT_LEAST:
            seconds[here] = max(walked[here], float(spoken.seconds[row]))
        elif spoken.kind[row] == _FORBIDDEN:
            seconds[here] = np.inf
    kept = np.isfinite(seconds)
    return Footpaths.of(origin[kept], target[kept], seconds[kept])


def _keys(origin: NDArray[np.int64], target: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number per pair of stops."""
    return origin * np.int64(2**31) + target


def _walks_between(
    timetable: Timetable, located: NDArray[np.int64], walk: Walk, rules: TransitRules
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Pairs of stops near enough to walk, and the minutes it takes."""
    longitude, latitude = timetable.stop_longitude[located], timetable.stop_latitude[located]
    per_degree = np.pi / 180 * EARTH_RADIUS_M
    shrink = float(np.cos(np.radians(latitude.mean()))) if located.size else 1.0
    metres = np.column_stack([longitude * shrink, latitude]) * per_degree
    per_minute = rules.walk_kph * 1000 / 60
    # One degree of longitude is a little longer at the southern end: hence the margin.
    radius = rules.change_walk_limit_min * per_minute * 1.02
    pairs = cKDTree(metres).query_pairs(radius, output_type="ndarray").astype(np.int64)
    origin = np.concatenate([pairs[:, 0], pairs[:, 1]])
    target = np.concatenate([pairs[:, 1], pairs[:, 0]])
    minutes = np.full(origin.size, np.nan)
    order = np.argsort(origin, kind="stable")
    for begin in range(0, order.size, _PAIRS_AT_ONCE):
        part = order[begin : begin + _PAIRS_AT_ONCE]
        sources, row = np.unique(origin[part], return_inverse=True)
        targets, column = np.unique(target[part], return_inverse=True)
        table = walk(
            (longitude[sources], latitude[sources]),
            (longitude[targets], latitude[targets]),
            rules.change_walk_limit_min,
        )
        minutes[part] = table[row, column]
    crow = np.hypot(*(metres[origin] - metres[target]).T)
    straight = crow * rules.off_street_detour / per_minute
    minutes = np.where(
        np.isnan(minutes),
        np.where(straight <= rules.off_street_limit_min, straight, np.inf),
        minutes,
    )
    near = np.isfinite(minutes)
    return located[origin[near]], located[target[near]], minutes[near]
