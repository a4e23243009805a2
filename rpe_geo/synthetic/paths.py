"""What completes the streets: roundabouts, footpaths, steps, a footbridge, a greenway on an old railway."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import LineString, Point

from rpe_geo.synthetic.layout import Layout, smooth_curve
from rpe_geo.synthetic.streetgraph import StreetGraph

__all__ = ["complete_streets"]

_RANK = ("secondary", "tertiary", "unclassified", "residential")
_GREENWAY = (
    (8_860, 8_070),
    (9_700, 8_020),
    (10_900, 7_900),
    (12_100, 7_500),
    (13_300, 7_330),
    (14_000, 6_960),
    (14_420, 6_480),
)
_ON_FOOT = frozenset({"footway", "steps", "cycleway", "path", "pedestrian"})


def complete_streets(graph: StreetGraph, layout: Layout, rng: np.random.Generator) -> None:
    """
    Add what cars do not use, and the roundabouts.

    Parameters
    ----------
    graph
        The network; it is changed.
    layout
        The ground plan.
    rng
        Source of chance.
    """
    _roundabouts(graph, layout, rng)
    _pedestrian_core(graph, rng)
    _footbridge(graph, layout)
    _greenway(graph)
    _towpath(graph, layout)
    _shortcuts(graph, layout, rng)
    for node, at in graph.at_node.items():
        if len(at) == 1 and graph.pieces[next(iter(at))].kind == "estate":
            graph.node_tags[node] = {"highway": "turning_circle"}


def _other(graph: StreetGraph, number: int, node: int) -> int:
    piece = graph.pieces[number]
    return piece.end if piece.begin == node else piece.begin


def _roundabouts(
    graph: StreetGraph, layout: Layout, rng: np.random.Generator, wanted: int = 9
) -> None:
    """Make roundabouts of crossings of main roads at the edge of settlements."""
    candidates = []
    for node in sorted(graph.at_node):
        around = sorted(graph.at_node[node])
        classes = [graph.pieces[n].highway for n in around]
        if len(around) < 3 or sum(c in {"secondary", "tertiary"} for c in classes) < 2:
            continue
        if any(
            graph.pieces[n].kind in {"ring", "place", "core"} or graph.pieces[n].tags
            for n in around
        ):
            continue
        main = sum(2 * (c == "secondary") + (c == "tertiary") for c in classes)
        density = layout.built(*graph.nodes[node])[0]
        if main >= 3 and density < 0.75:
            candidates.append(
                (-main - 2 * float(0.03 < density < 0.6) + float(rng.uniform(0, 1)), node)
            )
    made: list[tuple[float, float]] = []
    for _, node in sorted(candidates):
        x, y = graph.nodes[node]
        if len(made) == wanted:
            break
        if all(np.hypot(x - a, y - b) > 400 for a, b in made) and _roundabout(graph, node, 17.0):
            made.append((x, y))


def _roundabout(graph: StreetGraph, node: int, radius: float) -> bool:
    """Replace a crossing by a circle that turns to the right of cars; refuse when streets stand too near."""
    x, y = graph.nodes[node]
    arms = []
    for number in sorted(graph.at_node[node]):
        # Follow the road out of the circle, over nodes that are no crossings.
        here, path = number, [number]
        end = _other(graph, here, node)
        while np.hypot(graph.nodes[end][0] - x, graph.nodes[end][1] - y) < radius + 6:
            onward = graph.at_node[end] - {here}
            if len(onward) != 1:
                return False
            here = next(iter(onward))
            path.append(here)
            end = _other(graph, here, end)
        ex, ey = graph.nodes[end]
        angle = float(np.arctan2(ey - y, ex - x))
        arms.append((angle, end, path))
    arms.sort(key=lambda arm: arm[0])
    gaps = [(b[0] - a[0]) % (2 * np.pi) for a, b in zip(arms, [*arms[1:], arms[0]], strict=True)]
    if min(gaps) < 0.5:
        return False
    inner = {number for arm in arms for number in arm[2]}
    if any(
        np.hypot(graph.foot(n, x, y)[0] - x, graph.foot(n, x, y)[1] - y) < radius + 8
        for n in graph.near(x, y, radius + 8)
        if n not in inner
    ):
        return False
    best = min((graph.pieces[arm[2][0]].highway for arm in arms), key=_RANK.index)
    nodes: list[int] = []
    for (angle, end, path), gap in zip(arms, gaps, strict=True):
        piece = graph.pieces[path[0]]
        for number in path:
            graph.remove(number)
        entry = graph.add_node(
            round(x + radius * np.cos(angle), 1), round(y + radius * np.sin(angle), 1)
        )
        graph.add_piece(entry, end, piece.highway, piece.kind)
        nodes.append(entry)
        between = int(gap / 0.7)
        for step in range(1, between + 1):
            turn = angle + gap * step / (between + 1)
            nodes.append(
                graph.add_node(
                    round(x + radius * np.cos(turn), 1), round(y + radius * np.sin(turn), 1)
                )
            )
    tags = {"junction": "roundabout", "oneway": "yes"}
    for a, b in zip(nodes, [*nodes[1:], nodes[0]], strict=True):
        graph.add_piece(a, b, best, "roundabout", tags)
    return True


def _cars_connected(graph: StreetGraph) -> bool:
    """Say whether cars reach every street that is theirs."""
    cars = [p for p in graph.pieces.values() if p.highway not in _ON_FOOT]
    parent: dict[int, int] = {}

    def root(node: int) -> int:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for piece in cars:
        parent[root(piece.begin)] = root(piece.end)
    return len({root(node) for node in list(parent)}) == 1


def _pedestrian_core(graph: StreetGraph, rng: np.random.Generator) -> None:
    """Give some old streets to those who walk, and make steps of a few."""
    core = sorted(n for n, p in graph.pieces.items() if p.kind == "core")
    for wanted, highway in ((7, "pedestrian"), (4, "steps"), (9, "living_street")):
        made = 0
        for number in rng.permutation(core).tolist():
            piece = graph.pieces[number]
            if made == wanted:
                break
            if (
                piece.highway != "residential"
                or min(len(graph.at_node[piece.begin]), len(graph.at_node[piece.end])) < 2
            ):
                continue
            (x1, y1), (x2, y2) = graph.nodes[piece.begin], graph.nodes[piece.end]
            if highway == "steps" and np.hypot(x1 - x2, y1 - y2) > 45:
                continue
            piece.highway = highway
            if _cars_connected(graph):
                made += 1
            else:
                piece.highway = "residential"


def _footbridge(graph: StreetGraph, layout: Layout) -> None:
    """Throw a footbridge from quay to quay, away from the road bridge."""
    bridge = [graph.nodes[p.begin] for p in graph.pieces.values() if p.tags.get("bridge")]
    quays = sorted({n for p in graph.pieces.values() if p.kind == "quay" for n in (p.begin, p.end)})
    best: tuple[float, int, int] | None = None
    for a in quays:
        for b in quays:
            (x1, y1), (x2, y2) = graph.nodes[a], graph.nodes[b]
            width = float(np.hypot(x1 - x2, y1 - y2))
            if (
                b <= a
                or width > 130
                or not layout.river.intersects(LineString([(x1, y1), (x2, y2)]))
            ):
                continue
            if min(np.hypot(x1 - u, y1 - v) for u, v in bridge) < 330:
                continue
            if best is None or width < best[0]:
                best = (width, a, b)
    if best is not None:
        graph.add_piece(
            best[1], best[2], "footway", "path", {"bridge": "yes", "layer": "1", "bicycle": "yes"}
        )


def _greenway(graph: StreetGraph) -> None:
    """Lay a cycle track on the bed of an old railway."""
    line = LineString(smooth_curve(np.array(_GREENWAY, dtype=np.float64), 3)).segmentize(70)
    points = [(float(x), float(y)) for x, y in line.coords]
    for end in (0, -1):
        near = graph.nearest_piece(points[end][0], points[end][1], 400)
        if near is not None:
            node = graph.split(near[1], round(near[2][0], 1), round(near[2][1], 1))
            points[end] = graph.nodes[node]
    graph.lay_path(
        points,
        "cycleway",
        "greenway",
        {"foot": "designated", "bicycle": "designated", "surface": "compacted"},
    )


def _towpath(graph: StreetGraph, layout: Layout) -> None:
    """Go on along the river where the quays end, downstream."""
    quay = sorted(
        n
        for n, at in graph.at_node.items()
        if at
        and all(graph.pieces[i].kind in {"quay", "street"} for i in at)
        and any(graph.pieces[i].kind == "quay" for i in at)
    )
    if not quay:
        return
    west = min(quay, key=lambda n: graph.nodes[n])
    side = 1 if layout.river.offset_curve(40).distance(Point(graph.nodes[west])) < 20 else -1
    path = shapely.offset_curve(shapely.simplify(layout.river, 5), side * 34, quad_segs=16)
    here = path.project(Point(graph.nodes[west]))
    points = [graph.nodes[west]]
    for step in range(1, 40):
        for way in (1, -1):
            spot = path.interpolate(here + way * 60 * step)
            if (
                spot.x < points[-1][0] - 15
                and spot.x > graph.nodes[west][0] - 2_300
                and np.hypot(spot.x - points[-1][0], spot.y - points[-1][1]) < 160
            ):
                points.append((round(spot.x, 1), round(spot.y, 1)))
    graph.lay_path(points, "footway", "path", {"bicycle": "yes", "surface": "ground"})


def _shortcuts(graph: StreetGraph, layout: Layout, rng: np.random.Generator) -> None:
    """Let people walk out of some cul-de-sacs."""
    ends = sorted(
        n
        for n, at in graph.at_node.items()
        if len(at) == 1 and graph.pieces[next(iter(at))].kind in {"estate", "street"}
    )
    for node in ends:
        if rng.random() < 0.55:
            continue
        x, y = graph.nodes[node]
        own = next(iter(graph.at_node[node]))
        options = []
        for number in sorted(graph.near(x, y, 85)):
            if number == own:
                continue
            fx, fy = graph.foot(number, x, y)
            away = float(np.hypot(fx - x, fy - y))
            if 12 < away < 85:
                options.append((away, number, fx, fy))
        for _, number, fx, fy in sorted(options):
            crossing = graph.first_crossing(node, fx, fy)
            if crossing is not None and crossing[0] != number:
                continue
            (ax, ay) = graph.nodes[_other(graph, own, node)]
            if (
                np.dot((fx - x, fy - y), (x - ax, y - ay)) < 0
                or layout.water.distance(LineString([(x, y), (fx, fy)])) < 5
            ):
                continue
            there = graph.split(number, round(fx, 1), round(fy, 1))
            graph.add_piece(node, there, "footway", "path")
            break
