"""Squares and other areas that one crosses on foot: straight lines between their entrances that stay inside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import osmium
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from rpe_geo.crs import EARTH_RADIUS_M

__all__ = ["Area", "AreaReader", "crossing_lines"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Vertex = tuple[int, int, int]
"""Node id, and its place in 1e-7 degrees: longitude, latitude."""

_MOST_POINTS = 90
_SLACK_M = 0.05
_DETOUR = 1.01
"""A line is drawn where the lines drawn so far are longer than it by more than this."""
_SIMPLE_M = 0.5


@dataclass(frozen=True)
class Area:
    """
    An area that one crosses.

    Parameters
    ----------
    outer, holes
        Rings of vertices, each closed: its last vertex is its first.
    tags
        Of the way or relation.
    """

    outer: tuple[Vertex, ...]
    holes: tuple[tuple[Vertex, ...], ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Relation:
    tags: dict[str, str]
    outer: list[int]
    inner: list[int]


class AreaReader:
    """Gathers the areas of an extract: closed ways, and multipolygon relations of highways."""

    def __init__(self) -> None:
        self.areas: list[Area] = []
        self.incomplete = 0
        self._relations: list[_Relation] = []

    def way(self, ring: Sequence[Vertex], tags: Mapping[str, str]) -> None:
        """Keep a closed way that is an area."""
        if len(ring) > 3 and ring[0][0] == ring[-1][0]:
            self.areas.append(Area(tuple(ring), tags=tags))

    def relation(self, relation: Any) -> None:
        """Keep a multipolygon that one may walk on; its rings are read later."""
        tags = dict(relation.tags)
        if tags.get("type") != "multipolygon" or "highway" not in tags:
            return
        members = [(m.ref, m.role) for m in relation.members if m.type == "w"]
        self._relations.append(
            _Relation(
                tags | {"area": "yes"},
                [ref for ref, role in members if role != "inner"],
                [ref for ref, role in members if role == "inner"],
            )
        )

    def complete(self, source: str) -> None:
        """Read the rings of the relations from the file: their ways, then the nodes of these."""
        wanted = {ref for relation in self._relations for ref in (*relation.outer, *relation.inner)}
        if not wanted:
            return
        refs: dict[int, list[int]] = {}
        way: Any
        for way in osmium.FileProcessor(source, osmium.osm.WAY).with_filter(
            osmium.filter.IdFilter(wanted)
        ):
            refs[way.id] = [node.ref for node in way.nodes]
        nodes = {ref for run in refs.values() for ref in run}
        spots: dict[int, Vertex] = {}
        node: Any
        for node in osmium.FileProcessor(source, osmium.osm.NODE).with_filter(
            osmium.filter.IdFilter(nodes)
        ):
            spots[node.id] = (node.id, node.location.x, node.location.y)
        for relation in self._relations:
            outer, inner = _rings(relation.outer, refs, spots), _rings(relation.inner, refs, spots)
            if outer is None or inner is None:
                self.incomplete += 1
                continue
            for ring in outer:
                whole = _polygon(ring, (), _frame(ring))
                frame = _frame(ring)
                inside = [hole for hole in inner if whole.covers(_polygon(hole, (), frame))]
                self.areas.append(Area(ring, tuple(inside), relation.tags))


def _rings(
    ways: Iterable[int], refs: Mapping[int, list[int]], spots: Mapping[int, Vertex]
) -> list[tuple[Vertex, ...]] | None:
    """Join ways end to end into rings; None where one is missing or a ring does not close."""
    pieces = [refs.get(way) for way in ways]
    waiting = [piece for piece in pieces if piece is not None and len(piece) > 1]
    if len(waiting) < len(pieces):
        return None
    rings: list[tuple[Vertex, ...]] = []
    while waiting:
        run = list(waiting.pop())
        while run[0] != run[-1]:
            found = next(
                (n for n, piece in enumerate(waiting) if run[-1] in (piece[0], piece[-1])), None
            )
            if found is None:
                return None
            piece = waiting.pop(found)
            run += (piece if piece[0] == run[-1] else piece[::-1])[1:]
        if len(run) < 4 or any(ref not in spots for ref in run):
            return None
        rings.append(tuple(spots[ref] for ref in run))
    return rings


def _frame(ring: Sequence[Vertex]) -> Floats:
    """Origin and metres per 1e-7 degree, for a plane around a ring."""
    x, y = np.array([(vertex[1], vertex[2]) for vertex in ring], dtype=np.float64).mean(axis=0)
    per = np.pi / 180 * EARTH_RADIUS_M * 1e-7
    return np.array([x, y, per * np.cos(np.radians(y * 1e-7)), per])


def _plane(ring: Sequence[Vertex], frame: Floats) -> Floats:
    spots = np.array([(vertex[1], vertex[2]) for vertex in ring], dtype=np.float64)
    flat: Floats = (spots - frame[:2]) * frame[2:]
    return flat


def _polygon(
    outer: Sequence[Vertex], holes: Sequence[Sequence[Vertex]], frame: Floats
) -> shapely.Polygon:
    return shapely.Polygon(_plane(outer, frame), [_plane(hole, frame) for hole in holes])


def crossing_lines(area: Area, is_entrance: Mapping[int, bool]) -> list[tuple[Vertex, Vertex]]:
    """
    Draw the lines by which one crosses an area.

    Parameters
    ----------
    area
        Its rings.
    is_entrance
        Whether a node of the rings is one that other ways reach.

    Returns
    -------
    list of pairs of vertices
        Lines that stay inside, between entrances and around corners: a path along them is at most a hundredth longer than the
        shortest one inside. None where fewer than two ways reach the area, or where its outline crosses itself.
    """
    frame = _frame(area.outer)
    shape = _polygon(area.outer, area.holes, frame)
    if not shape.is_valid or shape.is_empty:
        return []
    points = {
        v[0]: v for ring in (area.outer, *area.holes) for v in ring[:-1] if is_entrance.get(v[0])
    }
    entrances = len(points)
    if entrances < 2:
        return []
    for vertex in _corners(area, frame):
        if len(points) >= max(_MOST_POINTS, entrances):
            break
        points.setdefault(vertex[0], vertex)
    vertices = list(points.values())[: 2 * _MOST_POINTS]
    spots = _plane(vertices, frame)
    one, two = np.triu_indices(len(vertices), k=1)
    lines = shapely.linestrings(np.stack([spots[one], spots[two]], axis=1))
    room = shapely.buffer(shape, _SLACK_M, join_style="mitre")
    shapely.prepare(room)
    seen = shapely.covers(room, lines)
    one, two = one[seen], two[seen]
    length = np.hypot(*(spots[one] - spots[two]).T)
    kept = _on_shortest_paths(one, two, length, len(vertices), min(entrances, len(vertices)))
    chosen = _spanner(one[kept], two[kept], length[kept], len(vertices))
    return [(vertices[a], vertices[b]) for a, b in chosen]


def _corners(area: Area, frame: Floats) -> list[Vertex]:
    """Corners that one may have to go around: those that point into the area, sharpest first."""
    found: list[tuple[float, Vertex]] = []
    for number, ring in enumerate((area.outer, *area.holes)):
        flat = _plane(ring[:-1], frame)
        before, after = flat - np.roll(flat, 1, axis=0), np.roll(flat, -1, axis=0) - flat
        turn = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
        left = float(turn.sum()) if len(flat) == 3 else _signed_area(flat)
        inwards = turn * np.sign(left) * (1 if number == 0 else -1) < 0
        size = np.hypot(*before.T) * np.hypot(*after.T)
        bend = np.abs(turn) / np.where(size > 0, size, 1.0)
        sharp = inwards & (np.abs(turn) > _SIMPLE_M * np.sqrt(np.where(size > 0, size, 1.0)) * 0.1)
        found += [(float(bend[at]), ring[at]) for at in np.flatnonzero(sharp)]
    return [vertex for _, vertex in sorted(found, key=lambda pair: -pair[0])]


def _signed_area(flat: Floats) -> float:
    x, y = flat.T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def _on_shortest_paths(
    one: Ints, two: Ints, length: Floats, count: int, entrances: int
) -> NDArray[np.bool_]:
    """Whether each line lies on a shortest path between two entrances (the first points)."""
    weights = np.full((count, count), np.inf)
    weights[one, two] = weights[two, one] = np.maximum(length, 1e-6)
    _, before = dijkstra(weights, indices=np.arange(entrances), return_predecessors=True)
    used = np.zeros((count, count), dtype=bool)
    for row in range(entrances):
        for goal in range(entrances):
            here = goal
            while before[row, here] >= 0:
                used[before[row, here], here] = used[here, before[row, here]] = True
                here = before[row, here]
    kept: NDArray[np.bool_] = used[one, two]
    return kept


def _spanner(one: Ints, two: Ints, length: Floats, count: int) -> list[tuple[int, int]]:
    """Keep lines, shortest first, that shorten the way between their ends by more than a hundredth."""
    apart = np.full((count, count), np.inf)
    np.fill_diagonal(apart, 0.0)
    chosen: list[tuple[int, int]] = []
    for line in np.argsort(length, kind="stable").tolist():
        a, b, metres = int(one[line]), int(two[line]), float(length[line])
        if apart[a, b] <= metres * _DETOUR:
            continue
        chosen.append((a, b))
        through = apart[:, [a]] + metres + apart[[b], :]
        apart = np.minimum(apart, np.minimum(through, through.T))
    return chosen
