"""A plane graph of street pieces that can be cut, joined and asked what is near; it grows into the street network."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString

__all__ = ["Piece", "StreetGraph", "rounded_chains"]

_BUCKET_M = 80.0

Point2 = tuple[float, float]


@dataclass
class Piece:
    """
    A straight piece of street between two nodes.

    Parameters
    ----------
    highway
        OSM class.
    kind
        What it is for those who name it: road, ring, quay, core, street, place, estate, lane, path…
    """

    begin: int
    end: int
    highway: str
    kind: str
    tags: dict[str, str] = field(default_factory=dict)


class StreetGraph:
    """Nodes and straight pieces, with a spatial hash; pieces never cross without a common node."""

    def __init__(self) -> None:
        self.nodes: list[Point2] = []
        self.node_tags: dict[int, dict[str, str]] = {}
        self.pieces: dict[int, Piece] = {}
        self.at_node: dict[int, set[int]] = defaultdict(set)
        self._buckets: dict[tuple[int, int], set[int]] = defaultdict(set)
        self._node_buckets: dict[tuple[int, int], set[int]] = defaultdict(set)
        self._next = 0

    def add_node(self, x: float, y: float) -> int:
        """Add a node and return its number."""
        self.nodes.append((x, y))
        number = len(self.nodes) - 1
        self._node_buckets[int(x // _BUCKET_M), int(y // _BUCKET_M)].add(number)
        return number

    def add_piece(
        self, begin: int, end: int, highway: str, kind: str, tags: dict[str, str] | None = None
    ) -> int | None:
        """Add a piece between two nodes; nothing when it would be empty or double."""
        if begin == end or any(
            {self.pieces[other].begin, self.pieces[other].end} == {begin, end}
            for other in self.at_node[begin]
        ):
            return None
        number = self._next
        self._next += 1
        self.pieces[number] = Piece(begin, end, highway, kind, dict(tags or {}))
        self.at_node[begin].add(number)
        self.at_node[end].add(number)
        for bucket in self._crossed(begin, end):
            self._buckets[bucket].add(number)
        return number

    def remove(self, number: int) -> None:
        """Remove a piece; its nodes stay."""
        piece = self.pieces.pop(number)
        self.at_node[piece.begin].discard(number)
        self.at_node[piece.end].discard(number)
        for bucket in self._crossed(piece.begin, piece.end):
            self._buckets[bucket].discard(number)

    def split(self, number: int, x: float, y: float) -> int:
        """Cut a piece at a point and return the new node, or an end that is already there."""
        piece = self.pieces[number]
        for end in (piece.begin, piece.end):
            if np.hypot(self.nodes[end][0] - x, self.nodes[end][1] - y) < 4.0:
                return end
        middle = self.add_node(x, y)
        self.remove(number)
        self.add_piece(piece.begin, middle, piece.highway, piece.kind, piece.tags)
        self.add_piece(middle, piece.end, piece.highway, piece.kind, piece.tags)
        return middle

    def _crossed(self, begin: int, end: int) -> set[tuple[int, int]]:
        (x1, y1), (x2, y2) = self.nodes[begin], self.nodes[end]
        steps = int(max(abs(x2 - x1), abs(y2 - y1)) / (_BUCKET_M / 2)) + 2
        return {
            (int(x // _BUCKET_M), int(y // _BUCKET_M))
            for x, y in zip(np.linspace(x1, x2, steps), np.linspace(y1, y2, steps), strict=True)
        }

    def near(self, x: float, y: float, reach: float) -> set[int]:
        """Name the pieces that may pass within `reach` metres of a point."""
        found: set[int] = set()
        for i in range(int((x - reach) // _BUCKET_M), int((x + reach) // _BUCKET_M) + 1):
            for j in range(int((y - reach) // _BUCKET_M), int((y + reach) // _BUCKET_M) + 1):
                found |= self._buckets.get((i, j), set())
        return found

    def nodes_near(self, x: float, y: float, reach: float) -> list[int]:
        """List the nodes within `reach` metres that carry a piece, nearest first."""
        found = [
            (float(np.hypot(self.nodes[n][0] - x, self.nodes[n][1] - y)), n)
            for i in range(int((x - reach) // _BUCKET_M), int((x + reach) // _BUCKET_M) + 1)
            for j in range(int((y - reach) // _BUCKET_M), int((y + reach) // _BUCKET_M) + 1)
            for n in self._node_buckets.get((i, j), ())
            if self.at_node[n]
        ]
        return [n for distance, n in sorted(found) if distance <= reach]

    def nearest_piece(self, x: float, y: float, reach: float) -> tuple[float, int, Point2] | None:
        """Find the nearest piece within reach: distance, number, foot of the perpendicular."""
        best: tuple[float, int, Point2] | None = None
        for number in sorted(self.near(x, y, reach)):
            foot = self.foot(number, x, y)
            distance = float(np.hypot(foot[0] - x, foot[1] - y))
            if distance <= reach and (best is None or distance < best[0]):
                best = (distance, number, foot)
        return best

    def foot(self, number: int, x: float, y: float) -> Point2:
        """Project a point on a piece."""
        piece = self.pieces[number]
        (x1, y1), (x2, y2) = self.nodes[piece.begin], self.nodes[piece.end]
        dx, dy = x2 - x1, y2 - y1
        along = max(0.0, min(1.0, ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy)))
        return x1 + along * dx, y1 + along * dy

    def first_crossing(self, begin: int, x: float, y: float) -> tuple[int, Point2] | None:
        """Find the first piece that a step from a node to a point would cross."""
        x0, y0 = self.nodes[begin]
        best: tuple[float, int] | None = None
        reach = float(np.hypot(x - x0, y - y0)) / 2
        for number in sorted(self.near((x + x0) / 2, (y + y0) / 2, reach + 1)):
            piece = self.pieces[number]
            if begin in {piece.begin, piece.end}:
                continue
            (x1, y1), (x2, y2) = self.nodes[piece.begin], self.nodes[piece.end]
            cross = (x - x0) * (y2 - y1) - (y - y0) * (x2 - x1)
            if abs(cross) < 1e-9:
                continue
            along = ((x1 - x0) * (y2 - y1) - (y1 - y0) * (x2 - x1)) / cross
            across = ((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) / cross
            if 0 < along <= 1 and 0 <= across <= 1 and (best is None or along < best[0]):
                best = (along, number)
        if best is None:
            return None
        return best[1], (x0 + best[0] * (x - x0), y0 + best[0] * (y - y0))

    def lay_path(
        self, points: Iterable[Point2], highway: str, kind: str, tags: dict[str, str] | None = None
    ) -> None:
        """Lay a path through what stands; it gets a node wherever it meets a street."""
        node: int | None = None
        for x, y in points:
            if node is None:
                near = self.nodes_near(x, y, 6)
                node = near[0] if near else self.add_node(x, y)
                continue
            while (crossing := self.first_crossing(node, x, y)) is not None:
                number, (cx, cy) = crossing
                there = self.split(number, round(cx, 1), round(cy, 1))
                if there == node:
                    break
                self.add_piece(node, there, highway, kind, tags)
                node = there
            near = self.nodes_near(x, y, 4)
            there = near[0] if near else self.add_node(x, y)
            self.add_piece(node, there, highway, kind, tags)
            node = there

    def keep_largest(self) -> None:
        """Remove what is not connected with the largest part."""
        seen: set[int] = set()
        largest: set[int] = set()
        for start in sorted(n for n, at in self.at_node.items() if at):
            if start in seen:
                continue
            part, stack = {start}, [start]
            while stack:
                node = stack.pop()
                for number in self.at_node[node]:
                    piece = self.pieces[number]
                    for other in (piece.begin, piece.end):
                        if other not in part:
                            part.add(other)
                            stack.append(other)
            seen |= part
            if len(part) > len(largest):
                largest = part
        for number in [n for n, piece in self.pieces.items() if piece.begin not in largest]:
            self.remove(number)

    def directions(self, node: int) -> list[float]:
        """List the angles at which pieces leave a node, in radians."""
        x, y = self.nodes[node]
        angles = []
        for number in sorted(self.at_node[node]):
            piece = self.pieces[number]
            other = self.nodes[piece.end if piece.begin == node else piece.begin]
            angles.append(float(np.arctan2(other[1] - y, other[0] - x)))
        return angles

    def add_lines(self, lines: Iterable[tuple[LineString, str, str, dict[str, str]]]) -> None:
        """Add lines that may cross one another (not what is there already); every crossing becomes a node."""
        lines = list(lines)
        merged = shapely.union_all([line for line, *_ in lines], grid_size=0.1)
        tree = shapely.STRtree([line for line, *_ in lines])
        numbers: dict[Point2, int] = {}

        def node_of(x: float, y: float) -> int:
            key = (round(x, 1), round(y, 1))
            if key not in numbers:
                numbers[key] = self.add_node(*key)
            return numbers[key]

        for part in getattr(merged, "geoms", [merged]):
            middle = part.interpolate(0.5, normalized=True)
            nearest = [
                int(n) for n in tree.query(middle.buffer(0.3)) if lines[n][0].distance(middle) < 0.2
            ]
            _, highway, kind, tags = lines[min(nearest)]
            for a, b in pairwise(part.coords):
                self.add_piece(node_of(*a), node_of(*b), highway, kind, tags)

    def chains(self) -> Iterator[list[int]]:
        """Walk the runs of nodes between junctions; pieces of a run are of one class and kind."""
        seen: set[int] = set()
        breaks = {
            node
            for node, at in self.at_node.items()
            if at
            and (
                len(at) != 2 or len({(self.pieces[n].highway, self.pieces[n].kind) for n in at}) > 1
            )
        }
        for start in [*sorted(breaks), *range(len(self.nodes))]:
            for first in sorted(self.at_node[start]):
                if first in seen:
                    continue
                run, number, node = [start], first, start
                while True:
                    seen.add(number)
                    piece = self.pieces[number]
                    node = piece.end if piece.begin == node else piece.begin
                    run.append(node)
                    onward = self.at_node[node] - {number}
                    if (
                        node in breaks
                        or node == start
                        or len(onward) != 1
                        or next(iter(onward)) in seen
                    ):
                        break
                    number = next(iter(onward))
                yield run

    def piece_between(self, a: int, b: int) -> int:
        """Name the piece between two neighbouring nodes."""
        return next(iter(self.at_node[a] & self.at_node[b]))


def rounded_chains(
    lines: list[tuple[LineString, str]], smooth: int, tolerance: float
) -> list[tuple[LineString, str]]:
    """
    Make grid roads into curves: chains between junctions, simplified, then rounded.

    Parameters
    ----------
    lines
        Short straight steps with their class.
    smooth
        Passes of corner cutting.
    tolerance
        Metres within which steps are straightened first.

    Returns
    -------
    list of (line, class)
        One curve per chain.
    """
    from rpe_geo.synthetic.layout import smooth_curve

    graph = StreetGraph()
    graph.add_lines((line, highway, "road", {}) for line, highway in lines)
    curves = []
    for run in graph.chains():
        points: NDArray[np.float64] = np.array([graph.nodes[n] for n in run])
        straight = np.array(LineString(points).simplify(tolerance).coords)
        highway = graph.pieces[graph.piece_between(run[0], run[1])].highway
        curve = shapely.simplify(LineString(smooth_curve(straight, smooth)), 0.8)
        curves.append((LineString(curve.coords), highway))
    return curves
