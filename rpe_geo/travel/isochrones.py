"""Areas reached within given minutes: clean polygons drawn around the streets that are reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, label
from shapely.geometry.base import BaseGeometry

from rpe_geo.crs import EARTH_RADIUS_M
from rpe_geo.travel.search import Ends, distances_from_all
from rpe_geo.travel.snapping import Snapped
from rpe_geo.travel.streets.mode_network import NO_WAY, TICKS_PER_MIN, ModeNetwork

__all__ = ["Clock", "draw_areas", "street_parts"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_CELL_M = 6.0
_FINEST_M = 1.5
_MOST_CELLS = 1_000_000
_MOST_FINE_CELLS = 6_000_000
_FOREIGN_SHARE = (
    0.035  # of the street length inside: with more out of reach the grid is drawn finer
)
_HELD_SHARE = 0.97  # of the street length reached: with less inside the grid is drawn finer
_MARGIN_M = 60.0
_WIDE_M = 40.0  # how far a reached street spreads where nothing speaks against it
_BLOCK_M2 = 12_000.0  # smaller holes are filled
_SHORT_M = 30.0  # a shorter stretch of street decides nothing


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
        cls, network: ModeNetwork, doors: Snapped, within_min: float, leave_min: Floats
    ) -> Clock:
        """
        Search outwards from one place, or from several that are reached at different times.

        Parameters
        ----------
        network
            The network of one mode.
        doors
            Where the doors (or the stops) meet the street; those on streets that are cut off meet their own as well.
        within_min
            How far to search.
        leave_min
            When each door is left, in minutes; `inf` is never.

        Returns
        -------
        Clock
            Times beyond `within_min` may be `inf`.
        """
        places, door = doors.on_every_street()
        start_min = leave_min[door] + places.access_min
        minutes = _minutes_at_states(network, places, within_min, start_min)
        forward, backward = network.time_forward < NO_WAY, network.time_backward < NO_WAY
        entered = np.where(forward, minutes[np.maximum(network.tail_forward, 0)], np.inf)
        turned = np.where(backward, minutes[np.maximum(network.tail_backward, 0)], np.inf)
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


def _around_places(clock: Clock, within_min: float, x: Floats, y: Floats) -> Floats:
    """Ends (n, 2, 2) of the lines along the segments on which one starts, as far as one gets on them."""
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
                lines.append([spot, spot + share * (target - spot)])
    return np.array(lines, dtype=np.float64).reshape(-1, 2, 2)


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
            # A centimetre more: crossing outlines meet at rounded places.
            area = shapely.union(area, shapely.buffer(areas[-1], 1e-7, join_style="mitre"))
        areas.append(shapely.orient_polygons(area))
    return areas


@dataclass(frozen=True, eq=False)
class _Stretches:
    """Stretches of street in the plane of the drawing, in metres from the door: ends, and the share of each that counts."""

    start: Floats
    end: Floats
    near: Floats
    far: Floats


def _draw_area(clock: Clock, door: tuple[float, float], within_min: float) -> BaseGeometry:
    """Colour a grid as fine as the streets ask for, and draw the outline of what is coloured."""
    per_latitude = np.pi / 180 * EARTH_RADIUS_M
    scale = np.array([per_latitude * float(np.cos(np.radians(door[1]))), per_latitude])
    network = clock.network
    segment, ahead, behind = street_parts(clock, within_min)
    x = (network.shape_longitude - door[0]) * scale[0]
    y = (network.shape_latitude - door[1]) * scale[1]
    own = _around_places(clock, within_min, x, y)
    near = [
        np.column_stack([x[segment], y[segment]]),
        np.column_stack([x[segment + 1], y[segment + 1]]),
    ]
    touched = (ahead > 0) | (behind > 0)
    corners = np.vstack([np.zeros((1, 2)), own.reshape(-1, 2), near[0][touched], near[1][touched]])
    low, high = corners.min(axis=0) - _MARGIN_M, corners.max(axis=0) + _MARGIN_M
    inside = ((near[0] > low) & (near[0] < high)).all(axis=1)
    inside |= ((near[1] > low) & (near[1] < high)).all(axis=1)
    start, end = near[0][inside], near[1][inside]
    first, last = ahead[inside], behind[inside]
    zero, one = np.zeros(first.size), np.ones(first.size)
    whole = first + last >= 1
    reached = _Stretches(
        np.vstack([start, start[~whole], own[:, 0]]),
        np.vstack([end, end[~whole], own[:, 1]]),
        np.concatenate([zero, (1 - last)[~whole], np.zeros(len(own))]),
        np.concatenate([np.where(whole, 1.0, first), one[~whole], np.ones(len(own))]),
    )
    missed = _Stretches(start, end, first, 1 - last)
    cell = max(_CELL_M, float(np.sqrt(np.prod(high - low) / _MOST_CELLS)))
    finest = max(_FINEST_M, float(np.sqrt(np.prod(high - low) / _MOST_FINE_CELLS)))
    while True:
        area, good = _colour(reached, missed, low, high, cell)
        if good or cell <= finest:
            break
        cell = max(cell / 2, finest)
    polygons = _outline(area, low, cell)
    degrees = shapely.transform(polygons, lambda xy: np.round(xy / scale + np.array(door), 7))
    return shapely.make_valid(degrees, method="structure")


def _colour(
    reached: _Stretches, missed: _Stretches, low: Floats, high: Floats, cell: float
) -> tuple[NDArray[np.bool_], bool]:
    """
    Colour a grid: cells near a reached street, and nearer to it than to any street that is not.

    Holes smaller than a block are filled, and patches that mean nothing dropped, on the grid as well. Also says whether
    the area is true to the streets: a coarse grid cannot tell streets side by side from each other.
    """
    shape = tuple(((high - low) // cell).astype(int) + 1)
    there, absent = _metres(reached, low, cell, shape), _metres(missed, low, cell, shape)
    held, barred = there > 0, absent > 0
    held[tuple(((np.zeros(2) - low) / cell).astype(int))] = True
    barred &= ~held
    to_held = distance_transform_edt(~held) * cell
    to_barred = distance_transform_edt(~barred) * cell if barred.any() else np.full(shape, np.inf)
    area = (to_held <= cell) | ((to_held <= _WIDE_M) & (to_held < to_barred))
    area &= ~barred
    area = _without_small_parts(area, held, barred, cell)
    inside, foreign = float(there[area].sum()), float(absent[area].sum())
    enough = inside >= _HELD_SHARE * float(there.sum())
    return area, enough and foreign <= _FOREIGN_SHARE * (inside + foreign)


def _metres(
    stretches: _Stretches, low: Floats, cell: float, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Metres of street in each cell."""
    kept = stretches.far > stretches.near
    start, step = stretches.start[kept], (stretches.end - stretches.start)[kept]
    near, far = stretches.near[kept], stretches.far[kept]
    length = np.hypot(*step.T) * (far - near)
    count = np.ceil(length / (cell / 2)).astype(int) + 1
    owner = np.repeat(np.arange(count.size), count)
    index = np.arange(owner.size) - np.repeat(np.cumsum(count) - count, count)
    share = near[owner] + (far - near)[owner] * (index + 0.5) / count[owner]
    at = ((start[owner] + step[owner] * share[:, None] - low) // cell).astype(int)
    within = ((at >= 0) & (at < np.array(shape))).all(axis=1)
    flat = at[within, 0] * shape[1] + at[within, 1]
    weights = np.maximum(length / count, 1e-6)[owner][within]
    metres = np.bincount(flat, weights=weights, minlength=int(np.prod(shape)))
    return np.asarray(metres, dtype=np.float64).reshape(shape)


def _without_small_parts(
    area: NDArray[np.bool_], reached: NDArray[np.bool_], missed: NDArray[np.bool_], cell: float
) -> NDArray[np.bool_]:
    """Fill the holes smaller than a block that hold no street out of reach; drop patches without a street of some length."""
    holes, count = label(~area)
    size = np.bincount(holes.ravel(), minlength=count + 1) * cell**2
    forbidden = np.bincount(holes[missed], minlength=count + 1) * cell > _SHORT_M
    area = area | ((size < _BLOCK_M2) & ~forbidden)[holes]
    patches, count = label(area)
    length = np.bincount(patches[reached], minlength=count + 1) * cell
    length[0] = 0
    keep = (length >= _SHORT_M) | (length == length.max())
    keep[0] = False
    kept: NDArray[np.bool_] = keep[patches]
    return kept


def _outline(area: NDArray[np.bool_], low: Floats, cell: float) -> BaseGeometry:
    """Draw the outline of the coloured cells, its steps smoothed."""
    padded = np.pad(area, ((0, 0), (1, 1))).astype(np.int8)
    change = np.diff(padded, axis=1)
    column, begin = np.nonzero(change == 1)
    _, end = np.nonzero(change == -1)
    west, south = low[0] + column * cell, low[1] + begin * cell
    runs = shapely.box(west, south, west + cell, low[1] + end * cell)
    return shapely.simplify(shapely.union_all(runs), 0.75 * cell)
