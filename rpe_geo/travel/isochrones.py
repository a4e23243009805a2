"""Areas reached within given minutes: clean polygons drawn around the streets that are reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from rpe_geo.crs import EARTH_RADIUS_M
from rpe_geo.travel.mode_network import NO_WAY, TICKS_PER_MIN, ModeNetwork
from rpe_geo.travel.search import Ends, distances_from_all
from rpe_geo.travel.snapping import Snapped

__all__ = ["Clock", "draw_areas", "street_parts"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_WIDE_M = 40.0  # how far a reached street spreads where nothing speaks against it
_CLEAR_M = 14.0  # how far an unreached street pushes the area back
_NARROW_M = 12.0  # what belongs to a reached street in any case
_BLOCK_M2 = 12_000.0  # smaller holes are filled, smaller patches dropped


@dataclass(frozen=True, eq=False)
class Clock:
    """
    When each vertex of a network is passed, in minutes from the door.

    Parameters
    ----------
    network
        The network of one mode.
    along, against
        Minutes at each vertex when its edge is followed as drawn, and against it; `inf` when it is not reached so.
    places, start_min
        Where one starts, and when.
    """

    network: ModeNetwork
    along: Floats
    against: Floats
    places: Snapped
    start_min: Floats

    @classmethod
    def start(
        cls, network: ModeNetwork, places: Snapped, within_min: float, start_min: Floats
    ) -> Clock:
        """
        Search outwards from one place, or from several that are reached at different times.

        Parameters
        ----------
        network
            The network of one mode.
        places
            Where the doors (or the stops) meet the street.
        within_min
            How far to search.
        start_min
            When each place is left, in minutes; `inf` is never.

        Returns
        -------
        Clock
            Times beyond `within_min` may be `inf`.
        """
        penalty = float(network.settings.get("restricted_entry_s", 0.0)) / 60
        minutes = _minutes_at_states(network, places, within_min + 2 * penalty, start_min)
        forward, backward = network.time_forward < NO_WAY, network.time_backward < NO_WAY
        entered = np.where(forward, minutes[np.maximum(network.tail_forward, 0)], np.inf)
        turned = np.where(backward, minutes[np.maximum(network.tail_backward, 0)], np.inf)
        if penalty:
            # The penalty of a restricted area is no time that anybody spends.
            area = int(network.edge_region[int(places.edge[0])])
            inside = np.asarray(network.edge_region)
            gift = penalty * (inside != area) * ((area >= 0) + (inside >= 0).astype(float))
            entered, turned = entered - gift, turned - gift
        counts = np.diff(network.shape_ptr)
        owner = np.repeat(np.arange(counts.size), counts)
        whole = np.asarray(network.shape_backward)[network.shape_ptr[1:] - 1]
        along = entered[owner] + (network.delay_start[owner] + network.shape_forward) / 60
        against = (
            turned[owner] + (network.delay_end[owner] + whole[owner] - network.shape_backward) / 60
        )
        for number, edge in enumerate(places.edge.tolist()):
            part = slice(int(network.shape_ptr[edge]), int(network.shape_ptr[edge + 1]))
            beyond = np.arange(part.start, part.stop) > int(places.vertex[number])
            left = float(start_min[number])
            if forward[edge]:
                ahead = (network.shape_forward[part] - places.forward_s[number]) / 60 + left
                along[part] = np.minimum(along[part], np.where(beyond, ahead, np.inf))
            if backward[edge]:
                behind = (places.backward_s[number] - network.shape_backward[part]) / 60 + left
                against[part] = np.minimum(against[part], np.where(beyond, np.inf, behind))
        return cls(network, along, against, places, start_min)


def _minutes_at_states(
    network: ModeNetwork, places: Snapped, within_min: float, start_min: Floats
) -> Floats:
    """Search from all places at once, as if one door opened on each of them."""
    leaving = Ends.leaving(network, places)
    states = leaving.states.ravel()
    offsets = (leaving.ticks + (start_min * TICKS_PER_MIN)[:, None]).ravel()
    order = np.lexsort((offsets, states))
    first = np.concatenate([[True], np.diff(states[order]) != 0])
    chosen = order[first]
    ends = Ends(states[chosen][None, :], offsets[chosen][None, :])
    return distances_from_all(network, ends, within_min * TICKS_PER_MIN) / TICKS_PER_MIN


def street_parts(clock: Clock, within_min: float) -> tuple[Ints, Floats, Floats]:
    """
    Tell which part of each segment is reached.

    Parameters
    ----------
    clock
        When each vertex is passed.
    within_min
        The limit in minutes.

    Returns
    -------
    tuple of ndarray
        First vertex of every segment, the share reached from its first end on, the share reached from its other end
        back; the street in between is not reached.
    """
    network = clock.network
    begins = np.ones(network.shape_longitude.size, dtype=bool)
    begins[network.shape_ptr[1:] - 1] = False
    segment = np.flatnonzero(begins)

    def share(near: Floats, seconds: Floats) -> Floats:
        known = np.isfinite(near) & (near <= within_min)
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.where(seconds > 0, (within_min - near) * 60 / seconds, 1.0)
        result: Floats = np.where(known, np.clip(part, 0.0, 1.0), 0.0)
        return result

    ahead = network.shape_forward[segment + 1] - network.shape_forward[segment]
    behind = network.shape_backward[segment + 1] - network.shape_backward[segment]
    return segment, share(clock.along[segment], ahead), share(clock.against[segment + 1], behind)


def _around_places(clock: Clock, within_min: float, x: Floats, y: Floats) -> NDArray[np.object_]:
    """Lines along the segments on which one starts, as far as one gets on them."""
    network, places = clock.network, clock.places
    lines = []
    left = (within_min - clock.start_min) * 60
    for number in np.flatnonzero(left > 0).tolist():
        edge, vertex = int(places.edge[number]), int(places.vertex[number])
        spot = _spot(network, places, number, x, y)
        for allowed, end, seconds in (
            (
                network.time_forward[edge] < NO_WAY,
                vertex + 1,
                float(network.shape_forward[vertex + 1] - places.forward_s[number]),
            ),
            (
                network.time_backward[edge] < NO_WAY,
                vertex,
                float(places.backward_s[number] - network.shape_backward[vertex]),
            ),
        ):
            if allowed and seconds > 0:
                share = min(1.0, float(left[number]) / seconds)
                target = np.array([x[end], y[end]])
                lines.append(shapely.LineString([spot, spot + share * (target - spot)]))
    return np.array(lines, dtype=object)


def _spot(network: ModeNetwork, places: Snapped, number: int, x: Floats, y: Floats) -> Floats:
    """The place itself, in the plane of the drawing."""
    vertex = int(places.vertex[number])
    lon, lat = network.shape_longitude, network.shape_latitude
    if lon[vertex + 1] != lon[vertex]:
        share = (places.longitude[number] - lon[vertex]) / (lon[vertex + 1] - lon[vertex])
    elif lat[vertex + 1] != lat[vertex]:
        share = (places.latitude[number] - lat[vertex]) / (lat[vertex + 1] - lat[vertex])
    else:
        share = 0.0
    near, far = np.array([x[vertex], y[vertex]]), np.array([x[vertex + 1], y[vertex + 1]])
    result: Floats = near + float(share) * (far - near)
    return result


def draw_areas(
    clock: Clock, door: tuple[float, float], limits_min: Sequence[float]
) -> list[BaseGeometry]:
    """
    Draw the areas reached within several limits, each holding the narrower ones.

    Parameters
    ----------
    clock
        When each vertex is passed.
    door
        Longitude and latitude of the origin.
    limits_min
        Limits in minutes, increasing.

    Returns
    -------
    list of Polygon or MultiPolygon
        Valid, EPSG:4326.
    """
    areas: list[BaseGeometry] = []
    for limit in limits_min:
        area = _draw_area(clock, door, limit)
        if areas:
            area = shapely.union(area, areas[-1])
        areas.append(shapely.orient_polygons(area))
    return areas


def _draw_area(clock: Clock, door: tuple[float, float], within_min: float) -> BaseGeometry:
    """Keep reached streets inside, unreached streets out, and holes larger than a block."""
    per_latitude = np.pi / 180 * EARTH_RADIUS_M
    per_longitude = per_latitude * float(np.cos(np.radians(door[1])))
    network = clock.network
    segment, ahead, behind = street_parts(clock, within_min)
    x = (network.shape_longitude - door[0]) * per_longitude
    y = (network.shape_latitude - door[1]) * per_latitude
    touched = (ahead > 0) | (behind > 0)
    full = touched & (ahead + behind >= 1)
    reached = _runs(x, y, segment[full])
    pieces = [reached, _around_places(clock, within_min, x, y)]
    missing = []
    for near, far, wanted in (
        (np.zeros(segment.size), ahead, touched & ~full & (ahead > 0)),
        (1 - behind, np.ones(segment.size), touched & ~full & (behind > 0)),
    ):
        pieces.append(_parts(x, y, segment[wanted], near[wanted], far[wanted]))
    half = touched & ~full
    missing.append(_parts(x, y, segment[half], ahead[half], 1 - behind[half]))
    lines = np.concatenate(pieces)
    here = shapely.Point(0.0, 0.0).buffer(_NARROW_M)
    if not lines.size:
        return _to_degrees(here, door, per_longitude, per_latitude)
    bounds = shapely.total_bounds(lines)
    away = segment[~touched]
    middle_x, middle_y = (x[away] + x[away + 1]) / 2, (y[away] + y[away + 1]) / 2
    margin = 3 * _WIDE_M
    close = (
        (middle_x > bounds[0] - margin)
        & (middle_x < bounds[2] + margin)
        & (middle_y > bounds[1] - margin)
        & (middle_y < bounds[3] + margin)
    )
    missing.append(_runs(x, y, away[close]))
    reached_lines = shapely.MultiLineString(list(lines))
    unreached = shapely.MultiLineString(list(np.concatenate(missing)))
    wide = _without_small_holes(reached_lines.buffer(_WIDE_M, quad_segs=2))
    shapely.prepare(wide)
    beside = unreached.intersection(wide.buffer(_CLEAR_M, quad_segs=1))
    kept_out = beside.buffer(_CLEAR_M, quad_segs=2, cap_style="flat")
    narrow = reached_lines.buffer(_NARROW_M, quad_segs=2)
    area = shapely.union_all([wide.difference(kept_out), narrow, here])
    area = _without_small_holes(_without_specks(shapely.simplify(area, 2.0)))
    return _to_degrees(area, door, per_longitude, per_latitude)


def _runs(x: Floats, y: Floats, segment: Ints) -> NDArray[np.object_]:
    """Join segments that follow each other into lines."""
    if not segment.size:
        return np.empty(0, dtype=object)
    fresh = np.concatenate([[True], np.diff(segment) != 1])
    run = np.cumsum(fresh) - 1
    last = np.concatenate([fresh[1:], [True]])
    vertices = np.concatenate([segment, segment[last] + 1])
    owner = np.concatenate([run, run[last]])
    order = np.lexsort((vertices, owner))
    vertices, owner = vertices[order], owner[order]
    lines = shapely.linestrings(np.column_stack([x[vertices], y[vertices]]), indices=owner)
    return np.asarray(lines, dtype=object)


def _parts(x: Floats, y: Floats, segment: Ints, near: Floats, far: Floats) -> NDArray[np.object_]:
    """Cut a share out of each segment."""
    if not segment.size:
        return np.empty(0, dtype=object)
    dx, dy = x[segment + 1] - x[segment], y[segment + 1] - y[segment]
    ends = np.stack(
        [
            np.column_stack([x[segment] + share * dx, y[segment] + share * dy])
            for share in (near, far)
        ],
        axis=1,
    )
    return np.asarray(shapely.linestrings(ends), dtype=object)


def _polygons(area: BaseGeometry) -> list[shapely.Polygon]:
    return [part for part in shapely.get_parts(area) if isinstance(part, shapely.Polygon)]


def _without_small_holes(area: BaseGeometry) -> BaseGeometry:
    """Fill holes smaller than a block."""
    filled = [
        shapely.Polygon(
            polygon.exterior,
            [ring for ring in polygon.interiors if shapely.Polygon(ring).area >= _BLOCK_M2],
        )
        for polygon in _polygons(area)
    ]
    return shapely.union_all(filled)


def _without_specks(area: BaseGeometry) -> BaseGeometry:
    """Drop patches too small to mean anything, unless there is nothing else."""
    polygons = sorted(_polygons(area), key=lambda polygon: -polygon.area)
    kept = polygons[:1] + [polygon for polygon in polygons[1:] if polygon.area >= _BLOCK_M2 / 8]
    return shapely.union_all(kept)


def _to_degrees(
    area: BaseGeometry, door: tuple[float, float], per_longitude: float, per_latitude: float
) -> BaseGeometry:
    scale = np.array([per_longitude, per_latitude])
    degrees = shapely.transform(area, lambda xy: np.round(xy / scale + np.array(door), 6))
    return shapely.make_valid(degrees, method="structure")
