"""The way itself: its line on the map and its steps, street by street."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from shapely import LineString

from rpe_geo.crs import great_circle_m
from rpe_geo.protocols import Mode, Route, RouteStep
from rpe_geo.travel.contraction import Hierarchy
from rpe_geo.travel.search import Ends
from rpe_geo.travel.snapping import Snapped
from rpe_geo.travel.streets.mode_network import ENTRY_TICKS, NO_WAY, TICKS_PER_MIN, ModeNetwork
from rpe_geo.travel.streets.network import Ways

__all__ = ["Tracer"]

_TICKS_PER_S = TICKS_PER_MIN / 60
_UNREACHABLE = Route(travel_time_min=float("inf"), distance_m=float("inf"), geometry=None)


@dataclass
class _Line:
    """Vertices of a way as it grows, with the seconds and the OSM way of each stretch."""

    longitude: list[float]
    latitude: list[float]
    seconds: list[float]
    way: list[int]

    def add(self, longitude: float, latitude: float, seconds: float, way: int) -> None:
        self.longitude.append(longitude)
        self.latitude.append(latitude)
        self.seconds.append(seconds)
        self.way.append(way)


class Tracer:
    """
    Traces routes on one network.

    Parameters
    ----------
    network
        The network of one mode.
    hierarchy
        Its hierarchy, or None to search with scipy.
    ways
        Names of the ways.
    mode
        What the steps say of themselves.
    """

    def __init__(
        self, network: ModeNetwork, hierarchy: Hierarchy | None, ways: Ways | None, mode: Mode
    ) -> None:
        self._network = network
        self._hierarchy = hierarchy
        self._ways = ways
        self._mode = mode
        tail, head, arc, ticks = network.arcs()
        key = tail * network.state_count + head
        order = np.lexsort((ticks, key))
        self._keys, self._arcs = key[order], arc[order]

    def routes(
        self,
        origin: tuple[float, float],
        destinations: list[tuple[float, float]],
        start: Snapped,
        stops: list[Snapped],
    ) -> list[Route]:
        """Trace the way from one place to each other; points are (longitude, latitude) of the doors."""
        leaving = Ends.leaving(self._network, start)
        before = None if self._hierarchy else self._predecessors(leaving)
        return [
            self._route(origin, door, start, stop, leaving, before)
            for door, stop in zip(destinations, stops, strict=True)
        ]

    def _predecessors(self, leaving: Ends) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
        """Search with scipy from both ends of the first edge; the last node is the place itself."""
        network, count = self._network, self._network.state_count
        allowed = np.isfinite(leaving.ticks[0])
        graph = csr_array(
            (
                np.concatenate([network.weights, leaving.ticks[0][allowed]]),
                np.concatenate([network.indices, leaving.states[0][allowed].astype(np.int32)]),
                np.append(network.indptr, network.indptr[-1] + int(allowed.sum())).astype(np.int32),
            ),
            shape=(count + 1, count + 1),
        )
        ticks, before = dijkstra(graph, indices=np.array([count]), return_predecessors=True)
        return ticks[0], before[0].astype(np.int32)

    def _states(
        self,
        leaving: Ends,
        arriving: Ends,
        before: tuple[NDArray[np.float64], NDArray[np.int32]] | None,
    ) -> tuple[float, list[int], int, int]:
        """Find the best of the ways out and in: ticks, states, and which side each end takes."""
        best: tuple[float, list[int], int, int] = (float("inf"), [], 0, 0)
        for side_in in (0, 1):
            target, last = int(arriving.states[0, side_in]), float(arriving.ticks[0, side_in])
            if last == float("inf"):
                continue
            if before is not None:
                ticks = float(before[0][target]) + last
                if ticks < best[0]:
                    states = [target]
                    while (previous := int(before[1][states[-1]])) < self._network.state_count:
                        states.append(previous)
                    states.reverse()
                    side_out = 0 if states[0] == int(leaving.states[0, 0]) else 1
                    if (leaving.states[0, 0] == leaving.states[0, 1]) or not np.isfinite(
                        leaving.ticks[0, side_out]
                    ):
                        side_out = int(np.argmin(leaving.ticks[0]))
                    best = (ticks, states, side_out, side_in)
                continue
            assert self._hierarchy is not None
            for side_out in (0, 1):
                first = float(leaving.ticks[0, side_out])
                if first == float("inf"):
                    continue
                between, states = self._hierarchy.path(int(leaving.states[0, side_out]), target)
                if first + between + last < best[0]:
                    best = (first + between + last, states, side_out, side_in)
        return best

    def _route(
        self,
        origin: tuple[float, float],
        door: tuple[float, float],
        start: Snapped,
        stop: Snapped,
        leaving: Ends,
        before: tuple[NDArray[np.float64], NDArray[np.int32]] | None,
    ) -> Route:
        if origin == door:
            return Route(0.0, 0.0, LineString([origin, door]))
        arriving = Ends.arriving(self._network, stop)
        ticks, states, side_out, side_in = self._states(leaving, arriving, before)
        direct = self._along_one_edge(start, stop)
        line = _Line([float(start.longitude[0])], [float(start.latitude[0])], [0.0], [-1])
        if direct is not None and (np.isinf(ticks) or direct * _TICKS_PER_S <= ticks % ENTRY_TICKS):
            self._follow(
                line, int(start.edge[0]), start, stop, backward=self._is_behind(start, stop)
            )
        elif np.isinf(ticks):
            return _UNREACHABLE
        else:
            self._follow(line, int(start.edge[0]), start, None, backward=side_out == 1)
            for tail, head in pairwise(states):
                arc = self._arc_between(tail, head)
                if arc is None:
                    line.seconds[-1] += self._turn_s(tail, head)
                else:
                    self._follow(line, arc >> 1, None, None, backward=bool(arc & 1))
            self._follow(line, int(stop.edge[0]), None, stop, backward=side_in == 1)
        return self._finish(line, origin, door, start, stop)

    def _arc_between(self, tail: int, head: int) -> int | None:
        """Name the fastest arc along an edge between two states; None for a turn between copies of a junction."""
        key = tail * self._network.state_count + head
        at = int(np.searchsorted(self._keys, key))
        if at == self._keys.size or self._keys[at] != key:
            return None
        return int(self._arcs[at])

    def _turn_s(self, tail: int, head: int) -> float:
        """Seconds of a turn between two copies of a junction."""
        network = self._network
        first, last = int(network.indptr[tail]), int(network.indptr[tail + 1])
        at = first + int(np.flatnonzero(network.indices[first:last] == head)[0])
        return float(network.weights[at]) / _TICKS_PER_S

    def _along_one_edge(self, start: Snapped, stop: Snapped) -> float | None:
        """Seconds straight along the edge that both places share; None when that is not possible."""
        edge = int(start.edge[0])
        if edge != int(stop.edge[0]):
            return None
        found = []
        ahead = float(stop.forward_s[0] - start.forward_s[0])
        behind = float(start.backward_s[0] - stop.backward_s[0])
        if self._network.time_forward[edge] < NO_WAY and ahead >= 0:
            found.append(ahead)
        if self._network.time_backward[edge] < NO_WAY and behind >= 0:
            found.append(behind)
        return min(found) if found else None

    def _is_behind(self, start: Snapped, stop: Snapped) -> bool:
        edge = int(start.edge[0])
        ahead = float(stop.forward_s[0] - start.forward_s[0])
        return ahead < 0 or self._network.time_forward[edge] >= NO_WAY

    def _follow(
        self, line: _Line, edge: int, start: Snapped | None, stop: Snapped | None, *, backward: bool
    ) -> None:
        """Append an edge, or the part of it from `start` and to `stop`, in either direction."""
        network = self._network
        first, last = int(network.shape_ptr[edge]), int(network.shape_ptr[edge + 1]) - 1
        times = network.shape_backward if backward else network.shape_forward
        delay = float(network.delay_start[edge] if start is None else 0.0)
        if backward:
            delay = float(network.delay_end[edge] if start is None else 0.0)
        exit_delay = float(network.delay_start[edge] if backward else network.delay_end[edge])
        low = first if start is None or backward else int(start.vertex[0]) + 1
        high = last if start is None or not backward else int(start.vertex[0])
        if stop is not None:
            if backward:
                low = int(stop.vertex[0]) + 1
            else:
                high = int(stop.vertex[0])
        place = None if start is None else (start.backward_s if backward else start.forward_s)
        clock = float(times[last if backward else first]) if place is None else float(place[0])
        vertices = range(high, low - 1, -1) if backward else range(low, high + 1)
        for vertex in vertices:
            now = float(times[vertex])
            way = int(network.shape_way[vertex if backward else max(vertex - 1, first)])
            line.add(
                float(network.shape_longitude[vertex]),
                float(network.shape_latitude[vertex]),
                abs(now - clock) + delay,
                way,
            )
            clock, delay = now, 0.0
        if stop is not None:
            reached = stop.backward_s if backward else stop.forward_s
            line.add(
                float(stop.longitude[0]),
                float(stop.latitude[0]),
                abs(float(reached[0]) - clock) + delay,
                int(network.shape_way[int(stop.vertex[0])]),
            )
        else:
            line.seconds[-1] += exit_delay

    def _finish(
        self,
        line: _Line,
        origin: tuple[float, float],
        door: tuple[float, float],
        start: Snapped,
        stop: Snapped,
    ) -> Route:
        longitude, latitude = np.array(line.longitude), np.array(line.latitude)
        metres = np.concatenate(
            [[0.0], great_circle_m(longitude[:-1], latitude[:-1], longitude[1:], latitude[1:])]
        )
        out_m, in_m = float(start.distance_m[0]), float(stop.distance_m[0])
        seconds = np.array(line.seconds)
        out_min, in_min = float(start.access_min[0]), float(stop.access_min[0])
        total = float(seconds.sum()) / 60 + out_min + in_min
        coordinates = [origin, *zip(line.longitude, line.latitude, strict=True), door]
        kept = [coordinates[0]]
        kept.extend(
            point
            for point, previous in zip(coordinates[1:], coordinates, strict=False)
            if point != previous
        )
        if len(kept) == 1:
            kept.append(kept[0])
        steps = self._steps(line.way, metres, seconds)
        if out_m >= 1:
            steps = [RouteStep("", "walk", out_m, out_min), *steps]
        if in_m >= 1:
            steps = [*steps, RouteStep("", "walk", in_m, in_min)]
        return Route(
            travel_time_min=total,
            distance_m=float(metres.sum()) + out_m + in_m,
            geometry=LineString(kept),
            steps=tuple(steps),
        )

    def _steps(
        self, ways: list[int], metres: NDArray[np.float64], seconds: NDArray[np.float64]
    ) -> list[RouteStep]:
        """Sum up the stretches that follow the same street."""
        steps: list[RouteStep] = []
        for way, distance, time in zip(
            ways[1:], metres[1:].tolist(), seconds[1:].tolist(), strict=True
        ):
            name = self._ways.name_of(way) if self._ways is not None and way >= 0 else ""
            before = steps.pop() if steps and steps[-1].name == name else None
            steps.append(
                RouteStep(
                    name,
                    self._mode,
                    distance + (before.distance_m if before else 0.0),
                    time / 60 + (before.travel_time_min if before else 0.0),
                )
            )
        return steps
