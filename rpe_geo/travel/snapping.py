"""Attach points to streets: the nearest place on an edge that is part of the connected network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_cdt

from rpe_geo.crs import EARTH_RADIUS_M
from rpe_geo.errors import InputError, InvalidFile, Where
from rpe_geo.messages.french import metres
from rpe_geo.travel.points import degrees
from rpe_geo.travel.streets.mode_network import NO_WAY, ModeNetwork

__all__ = ["SegmentGrid", "Snapped"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_CELL_M = 40.0
_MOST_CELLS = 2_500_000
_CHUNK = 4096


@dataclass(frozen=True)
class Snapped:
    """
    Where points meet the network; every array has one value per point.

    Parameters
    ----------
    edge
        Edge of the network.
    longitude, latitude
        The place on the edge, EPSG:4326.
    vertex
        Vertex that begins the segment of the place.
    forward_s, backward_s
        Seconds along the edge from its first vertex to the place, and from the place back to it.
    distance_m
        From the point to the place; `inf` where there is none within the limits.
    access_min
        Minutes from the door to the place.
    islanders
        Numbers of the points whose nearest street is cut off from the connected network.
    island
        Where these meet their own street: they reach each other by it.
    """

    edge: Ints
    longitude: Floats
    latitude: Floats
    vertex: Ints
    forward_s: Floats
    backward_s: Floats
    distance_m: Floats
    access_min: Floats
    islanders: Ints
    island: Snapped | None = None

    def one(self, number: int) -> Snapped:
        """Return one of the places alone."""
        at = np.array([number])
        inside = np.flatnonzero(self.islanders == number)
        return Snapped(
            edge=self.edge[at],
            longitude=self.longitude[at],
            latitude=self.latitude[at],
            vertex=self.vertex[at],
            forward_s=self.forward_s[at],
            backward_s=self.backward_s[at],
            distance_m=self.distance_m[at],
            access_min=self.access_min[at],
            islanders=np.zeros(inside.size, dtype=np.int64),
            island=self.island.one(int(inside[0])) if self.island and inside.size else None,
        )

    def on_every_street(self) -> tuple[Snapped, Ints]:
        """Return the places, and behind them those of the islanders on their own street; with the point of each."""
        if self.island is None:
            return self, np.arange(self.edge.size)
        joined: dict[str, Any] = {
            item.name: np.concatenate([getattr(self, item.name), getattr(self.island, item.name)])
            for item in fields(self)
            if item.name not in {"islanders", "island"}
        }
        points = np.concatenate([np.arange(self.edge.size), self.islanders])
        return Snapped(**joined, islanders=np.zeros(0, dtype=np.int64)), points


@dataclass(frozen=True, eq=False)
class _Nearest:
    """The nearest place of each point: vertex that begins its segment (-1 is none), share of it, distance (m)."""

    vertex: Ints
    share: Floats
    distance: Floats

    @classmethod
    def none(cls, count: int) -> _Nearest:
        return cls(np.full(count, -1, dtype=np.int64), np.zeros(count), np.full(count, np.inf))

    def part(self, part: slice) -> _Nearest:
        return _Nearest(self.vertex[part], self.share[part], self.distance[part])

    def chosen(self, numbers: Ints) -> _Nearest:
        return _Nearest(self.vertex[numbers], self.share[numbers], self.distance[numbers])


@dataclass(frozen=True, eq=False)
class _Candidates:
    """Segments near points, `sizes[p]` of them for point `p`, with the nearest place on each and its distance (m)."""

    sizes: Ints
    segment: Ints
    share: Floats
    apart: Floats

    def counted(
        self, network: ModeNetwork, edge_of_vertex: NDArray[np.int32], handicap: float
    ) -> Floats:
        """Distances as the connected network counts them: a motorway is farther than it is, an island is not there."""
        edge = edge_of_vertex[self.segment]
        counted = np.where(network.edge_open[edge], self.apart, np.inf)
        counted[network.edge_fast[edge]] += handicap
        return counted

    def keep_least(
        self, measure: Floats, numbers: Ints, result: _Nearest, least: Floats | None = None
    ) -> None:
        """Keep the best candidate of each point in `result` at the point's number, and its measure in `least`."""
        some = np.flatnonzero(self.sizes)
        if not some.size:
            return
        sizes = self.sizes[some]
        lowest = np.minimum.reduceat(measure, np.cumsum(sizes) - sizes)
        group = np.repeat(np.arange(some.size), sizes)
        best = np.flatnonzero((measure == lowest[group]) & np.isfinite(measure))
        winners = group[best]
        first = np.ones(best.size, dtype=bool)
        first[1:] = winners[1:] != winners[:-1]
        chosen = best[first]
        at = numbers[some[winners[first]]]
        result.vertex[at], result.share[at] = self.segment[chosen], self.share[chosen]
        result.distance[at] = self.apart[chosen]
        if least is not None:
            least[numbers[some]] = lowest


@dataclass(frozen=True, eq=False)
class SegmentGrid:
    """
    A grid over the segments of a network, that finds the nearest one of many points at once.

    Parameters
    ----------
    frame
        West, south (degrees), metres per degree of longitude and of latitude, cell size (m), columns, rows.
    cell_ptr, cell_segments
        Segments that touch cell `c`: `cell_segments[cell_ptr[c]:cell_ptr[c + 1]]`; a segment is named by its first vertex.
    open_ptr, open_segments
        The same for the segments of the connected network alone.
    open_steps
        Rows or columns from each cell to the nearest cell that the connected network touches.
    edge_of_vertex
        Edge of each vertex.
    """

    frame: Floats
    cell_ptr: NDArray[np.int32]
    cell_segments: NDArray[np.int32]
    open_ptr: NDArray[np.int32]
    open_segments: NDArray[np.int32]
    open_steps: NDArray[np.uint16]
    edge_of_vertex: NDArray[np.int32]

    @classmethod
    def build(cls, network: ModeNetwork) -> Self:
        """Sort the segments of a network into the cells that their boxes touch."""
        longitude, latitude = network.shape_longitude, network.shape_latitude
        counts = np.diff(network.shape_ptr)
        edge_of_vertex = np.repeat(np.arange(counts.size, dtype=np.int32), counts)
        begins = np.ones(longitude.size, dtype=bool)
        begins[network.shape_ptr[1:] - 1] = False
        # No door opens on a street that is closed but for some hours.
        usable = np.minimum(network.time_forward, network.time_backward) < NO_WAY
        begins &= usable[edge_of_vertex]
        segment = np.flatnonzero(begins)
        west, south = float(longitude.min()), float(latitude.min())
        north = float(latitude.max())
        per_latitude = np.pi / 180 * EARTH_RADIUS_M
        per_longitude = per_latitude * float(np.cos(np.radians((south + north) / 2)))
        width = (float(longitude.max()) - west) * per_longitude
        height = (north - south) * per_latitude
        cell = max(_CELL_M, float(np.sqrt(width * height / _MOST_CELLS)))
        columns, rows = int(width // cell) + 1, int(height // cell) + 1

        def column(values: Floats) -> Ints:
            found: Ints = ((values - west) * per_longitude // cell).astype(np.int64)
            return np.clip(found, 0, columns - 1)

        def row(values: Floats) -> Ints:
            found: Ints = ((values - south) * per_latitude // cell).astype(np.int64)
            return np.clip(found, 0, rows - 1)

        x0 = column(np.minimum(longitude[segment], longitude[segment + 1]))
        x1 = column(np.maximum(longitude[segment], longitude[segment + 1]))
        y0 = row(np.minimum(latitude[segment], latitude[segment + 1]))
        y1 = row(np.maximum(latitude[segment], latitude[segment + 1]))
        wide = x1 - x0 + 1
        touched = wide * (y1 - y0 + 1)
        owner = np.repeat(np.arange(segment.size), touched)
        step = np.arange(owner.size) - np.repeat(np.cumsum(touched) - touched, touched)
        cells = (y0[owner] + step // wide[owner]) * columns + x0[owner] + step % wide[owner]
        order = np.argsort(cells, kind="stable")
        cells, segments = cells[order], segment[owner[order]].astype(np.int32)
        is_open = network.edge_open[edge_of_vertex[segments]]
        sizes = np.bincount(cells, minlength=columns * rows)
        open_sizes = np.bincount(cells[is_open], minlength=columns * rows)
        steps = distance_transform_cdt(
            (open_sizes == 0).reshape(rows, columns), metric="chessboard"
        ).ravel()
        steps[steps < 0] = columns + rows  # no cell at all
        return cls(
            frame=np.array([west, south, per_longitude, per_latitude, cell, columns, rows]),
            cell_ptr=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32),
            cell_segments=segments,
            open_ptr=np.concatenate([[0], np.cumsum(open_sizes)]).astype(np.int32),
            open_segments=segments[is_open],
            open_steps=np.minimum(steps, 65_535).astype(np.uint16),
            edge_of_vertex=edge_of_vertex,
        )

    def save(self, directory: Path) -> None:
        """Write each array as `.npy` into a folder."""
        for item in fields(self):
            np.save(directory / f"grid_{item.name}.npy", getattr(self, item.name))

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Open the grid that `save` wrote, memory-mapped."""
        arrays = {}
        for item in fields(cls):
            path = directory / f"grid_{item.name}.npy"
            try:
                arrays[item.name] = np.asarray(np.load(path, mmap_mode="r"))
            except (OSError, ValueError, EOFError) as error:
                raise InvalidFile("streets_damaged", where=Where(file=str(path))) from error
        return cls(**arrays)

    def snap(
        self,
        network: ModeNetwork,
        longitude: Floats,
        latitude: Floats,
        rules: Mapping[str, float],
        *,
        refuse: bool = True,
    ) -> Snapped:
        """
        Find the nearest place of the connected network for each point.

        Parameters
        ----------
        network
            The network that the grid was built of.
        longitude, latitude
            Points, EPSG:4326.
        rules
            The parameter `snapping`: `limit_m`, the farthest that a point may lie from any street; `link_m`, the farthest that an
            island of streets is linked to the connected network; `fast_road_handicap_m`, by which a motorway
            counts as farther than it is.
        refuse
            Refuse points beyond the limit; else their distance is `inf`.

        Returns
        -------
        Snapped
            One place per point.

        Raises
        ------
        InputError
            `point_too_far`, with the distance, for the first point beyond the limit.

        Notes
        -----
        A point beside streets that are cut off (by the edge of the extract, mostly) keeps its own street for its
        neighbours there, and is linked to the connected network by
        a way that nobody drew, as the crow flies and slowly (the parameter `link_kph`).
        """
        main, beside = _Nearest.none(longitude.size), _Nearest.none(longitude.size)
        for begin in range(0, longitude.size, _CHUNK):
            part = slice(begin, begin + _CHUNK)
            self._nearest(
                network, longitude[part], latitude[part], rules, main.part(part), beside.part(part)
            )
        street = beside.distance
        beyond = np.flatnonzero(~(street <= rules["limit_m"]))
        if beyond.size and refuse:
            first = int(beyond[0])
            far = self.distance_to_network(network, float(longitude[first]), float(latitude[first]))
            raise InputError(
                "point_too_far",
                position=first,
                point=str(first + 1),
                longitude=degrees(float(longitude[first])),
                latitude=degrees(float(latitude[first])),
                distance=metres(far),
                limit=metres(rules["limit_m"]),
                distance_m=far,
                limit_m=rules["limit_m"],
            )
        main.distance[beyond] = np.inf
        main.vertex[beyond] = -1
        on_foot = np.minimum(main.distance, street)
        pace = 0.06 / float(network.settings["access_kph"])  # minutes per metre
        link_pace = 0.06 / float(network.settings["link_kph"])
        linked = np.full(longitude.size, np.inf)
        near = np.isfinite(main.distance)
        linked[near] = (main.distance[near] - on_foot[near]) * link_pace
        islanders = np.flatnonzero(
            (street <= rules["limit_m"])
            & ~network.edge_open[self.edge_of_vertex[np.maximum(beside.vertex, 0)]]
        )
        island = None
        if islanders.size:
            their = beside.chosen(islanders)
            island = self._place(network, their, their.distance * pace)
        return self._place(network, main, on_foot * pace + linked, islanders, island)

    def _place(
        self,
        network: ModeNetwork,
        nearest: _Nearest,
        access_min: Floats,
        islanders: Ints | None = None,
        island: Snapped | None = None,
    ) -> Snapped:
        vertex = np.maximum(nearest.vertex, 0)

        def along(values: Floats) -> Floats:
            near: Floats = values[vertex]
            there: Floats = near + nearest.share * (values[vertex + 1] - near)
            return there

        return Snapped(
            edge=self.edge_of_vertex[vertex].astype(np.int64),
            longitude=along(network.shape_longitude),
            latitude=along(network.shape_latitude),
            vertex=vertex,
            forward_s=along(network.shape_forward),
            backward_s=along(network.shape_backward),
            distance_m=nearest.distance,
            access_min=access_min,
            islanders=np.zeros(0, dtype=np.int64) if islanders is None else islanders,
            island=island,
        )

    def _nearest(
        self,
        network: ModeNetwork,
        longitude: Floats,
        latitude: Floats,
        rules: Mapping[str, float],
        main: _Nearest,
        beside: _Nearest,
    ) -> None:
        """
        Fill in the nearest place of the connected network, and the nearest street whatever.

        Most points find both in the few cells around them. For the others the block widens until nothing nearer can lie
        outside: at once to the distance that is found, or to the first cells that hold anything.
        """
        west, south, per_longitude, per_latitude, cell = self.frame[:5].tolist()
        x, y = (longitude - west) * per_longitude, (latitude - south) * per_latitude
        handicap = rules["fast_road_handicap_m"]
        effective = np.full(longitude.size, np.inf)
        everything = np.arange(longitude.size)
        reach = np.full(longitude.size, cell / 2)
        found = self._candidates(network, self.cell_ptr, self.cell_segments, x, y, reach)
        found.keep_least(found.apart, everything, beside)
        counted = found.counted(network, self.edge_of_vertex, handicap)
        found.keep_least(counted, everything, main, effective)

        limit = rules["limit_m"]
        pending = np.flatnonzero(beside.distance > reach)
        while pending.size:
            reach[pending] = np.minimum(
                np.where(
                    np.isinf(beside.distance[pending]), 2 * reach[pending], beside.distance[pending]
                ),
                limit,
            )
            found = self._candidates(
                network, self.cell_ptr, self.cell_segments, x[pending], y[pending], reach[pending]
            )
            found.keep_least(found.apart, pending, beside)
            pending = pending[
                (beside.distance[pending] > reach[pending]) & (reach[pending] < limit)
            ]

        farthest = rules["link_m"] + handicap
        pending = np.flatnonzero((effective > cell / 2) & (beside.distance <= limit))
        reach[pending] = np.where(
            np.isinf(effective[pending]),
            (self._first_open(x[pending], y[pending]) + 1) * cell,
            effective[pending],
        )
        while pending.size:
            reach[pending] = np.minimum(reach[pending], farthest)
            found = self._candidates(
                network, self.open_ptr, self.open_segments, x[pending], y[pending], reach[pending]
            )
            counted = found.counted(network, self.edge_of_vertex, handicap)
            found.keep_least(counted, pending, main, effective)
            pending = pending[(effective[pending] > reach[pending]) & (reach[pending] < farthest)]
            reach[pending] = np.minimum(effective[pending], 2 * reach[pending])
        far = effective > farthest
        main.vertex[far], main.share[far], main.distance[far] = -1, 0.0, np.inf

    def _first_open(self, x: Floats, y: Floats) -> Ints:
        """Cells to go, in the worst direction, until a cell that the connected network touches."""
        cell, columns, rows = float(self.frame[4]), int(self.frame[5]), int(self.frame[6])
        column, row = np.floor(x / cell).astype(np.int64), np.floor(y / cell).astype(np.int64)
        inside_column = np.clip(column, 0, columns - 1)
        inside_row = np.clip(row, 0, rows - 1)
        outside = np.maximum(np.abs(column - inside_column), np.abs(row - inside_row))
        steps = self.open_steps[inside_row * columns + inside_column]
        first: Ints = steps.astype(np.int64) + outside
        return first

    def _candidates(
        self,
        network: ModeNetwork,
        ptr: NDArray[np.int32],
        segments: NDArray[np.int32],
        x: Floats,
        y: Floats,
        reach: Floats,
    ) -> _Candidates:
        """Measure points (metres from the corner of the grid) against all segments within reach (m), and some more."""
        west, south, per_longitude, per_latitude, cell = self.frame[:5].tolist()
        columns, rows = int(self.frame[5]), int(self.frame[6])

        def cells(metres_from_corner: Floats, most: int) -> Ints:
            whole: Ints = np.floor(metres_from_corner / cell).astype(np.int64)
            return np.minimum(np.maximum(whole, 0), most)

        low_x, high_x = cells(x - reach, columns), cells(x + reach + cell, columns)
        low_y, high_y = cells(y - reach, rows), cells(y + reach + cell, rows)
        tall = np.maximum(high_y - low_y, 0) * (high_x > low_x)
        owner = np.repeat(np.arange(x.size), tall)
        base = (low_y - np.cumsum(tall) + tall)[owner] + np.arange(owner.size)
        # The cells of one row of the block are neighbours, so their segments are one range.
        begin = ptr[base * columns + low_x[owner]].astype(np.int64)
        count = ptr[base * columns + high_x[owner]] - begin
        total = int(count.sum())
        at = np.repeat(begin - np.cumsum(count) + count, count) + np.arange(total)
        segment = segments[at].astype(np.int64)
        sizes = np.bincount(owner, weights=count, minlength=x.size).astype(np.int64)
        point = np.repeat(np.arange(x.size), sizes)
        ax = (network.shape_longitude[segment] - west) * per_longitude
        ay = (network.shape_latitude[segment] - south) * per_latitude
        dx = (network.shape_longitude[segment + 1] - west) * per_longitude - ax
        dy = (network.shape_latitude[segment + 1] - south) * per_latitude - ay
        px, py = x[point] - ax, y[point] - ay
        square = dx * dx + dy * dy
        square[square == 0.0] = np.inf  # no length: its first vertex
        share = np.minimum(np.maximum((px * dx + py * dy) / square, 0.0), 1.0)
        apart = np.hypot(px - share * dx, py - share * dy)
        return _Candidates(sizes, segment, share, apart)

    def distance_to_network(self, network: ModeNetwork, longitude: float, latitude: float) -> float:
        """Distance in metres from a far point to the nearest street."""
        per_latitude = float(self.frame[3])
        shrink = max(float(np.cos(np.radians(latitude))), 0.01) * per_latitude
        x = (np.asarray(network.shape_longitude) - longitude) * shrink
        y = (np.asarray(network.shape_latitude) - latitude) * per_latitude
        # Vertex i begins a segment unless it ends its edge: then the segment is taken as a point.
        dx, dy = np.diff(x, append=x[-1:]), np.diff(y, append=y[-1:])
        ends = network.shape_ptr[1:] - 1
        dx[ends], dy[ends] = 0.0, 0.0
        square = dx * dx + dy * dy
        square[square == 0.0] = np.inf
        share = np.clip(-(x * dx + y * dy) / square, 0.0, 1.0)
        return float(np.hypot(x + share * dx, y + share * dy).min())
