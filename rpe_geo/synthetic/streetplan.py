"""
The street plan of the demonstration territory: roads, historic core and ring, quays, suburbs, estates, villages, paths.

Each step adds to one plane graph; later steps see what stands and join it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import cast

import numpy as np
import shapely
from scipy.spatial import Voronoi
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from rpe_geo.synthetic.growth import Habit, grow
from rpe_geo.synthetic.layout import Ground, Layout, Settlement, smooth_curve
from rpe_geo.synthetic.paths import complete_streets
from rpe_geo.synthetic.roads import trace_roads
from rpe_geo.synthetic.streetgraph import Piece, StreetGraph, rounded_chains

__all__ = ["plan_streets"]

_Lines = list[tuple[LineString, str, str, dict[str, str]]]

_CORE = Habit("street", "residential", step_m=42, spacing_m=(85, 140), clear_m=62, density_min=0.45)
_SUBURB = Habit(
    "street", "residential", step_m=50, spacing_m=(110, 200), clear_m=78, density_min=0.2
)
_VILLAGE = Habit(
    "street",
    "residential",
    step_m=46,
    spacing_m=(95, 190),
    clear_m=78,
    density_min=0.24,
    wiggle=0.12,
    length_m=(90, 420),
    side_share=0.5,
)
_ESTATE = Habit(
    "estate",
    "residential",
    step_m=36,
    spacing_m=(60, 85),
    clear_m=42,
    join=False,
    density_min=0.12,
    length_m=(90, 260),
    side_share=0.7,
)
_HAMLET = Habit(
    "lane",
    "residential",
    step_m=38,
    spacing_m=(60, 90),
    clear_m=36,
    density_min=0.0,
    wiggle=0.13,
    length_m=(50, 130),
    side_share=0.3,
)


def _parts(geometry: BaseGeometry) -> list[LineString]:
    return [part for part in getattr(geometry, "geoms", [geometry]) if part.length > 0.5]


def _blob(
    rng: np.random.Generator, x: float, y: float, a: float, b: float, lumps: float
) -> Polygon:
    """Draw a closed, slightly irregular curve around a point."""
    angles = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    phases = rng.uniform(0, 2 * np.pi, 3)
    radius = 1 + lumps * sum(
        np.sin((k + 2) * angles + phase) / (k + 1.5) for k, phase in enumerate(phases)
    )
    ring = np.column_stack((x + a * radius * np.cos(angles), y + b * radius * np.sin(angles)))
    return cast("Polygon", Polygon(smooth_curve(np.vstack((ring, ring[:1])), 1)).simplify(1.0))


def _square(rng: np.random.Generator, settlement: Settlement) -> Polygon:
    """Draw the market place of a village, four crooked sides."""
    size = float(np.clip(settlement.radius_m / 18, 13, 32))
    turn = rng.uniform(0, np.pi)
    angles = turn + np.array([0.6, 2.4, 3.8, 5.6]) + rng.normal(0, 0.15, 4)
    reach = size * rng.uniform(0.85, 1.35, 4)
    return Polygon(
        np.column_stack(
            (settlement.x + reach * np.cos(angles), settlement.y + reach * np.sin(angles))
        )
    )


def _core_lines(rng: np.random.Generator, ring: Polygon, town: Settlement) -> _Lines:
    """Draw the crooked streets inside the ring around the main square."""
    west, south, east, north = ring.bounds
    points = [
        (x + rng.normal(0, 19), y + rng.normal(0, 19))
        for x in np.arange(west - 90, east + 90, 60)
        for y in np.arange(south - 90, north + 90, 60)
    ]
    square = cast("Polygon", _blob(rng, town.x, town.y, 46, 31, 0.12).simplify(6))
    voronoi = Voronoi(np.array(points))
    lines: _Lines = [(LineString(square.exterior.coords), "living_street", "place", {})]
    keep_off = square.buffer(1)
    for a, b in voronoi.ridge_vertices:
        if a < 0 or b < 0:
            continue
        line = LineString([voronoi.vertices[a], voronoi.vertices[b]])
        if rng.random() < 0.24 and line.length > 18:
            continue
        # The ring and the square take the line's loose ends.
        for part in _parts(line.intersection(ring).difference(keep_off)):
            lines.append((part, "residential", "core", {}))
    return lines


def _snap_to_square(lines: _Lines, square: LineString) -> _Lines:
    """Draw loose ends that stop a metre before the square onto it."""
    snapped: _Lines = []
    for line, highway, kind, tags in lines:
        points = [Point(c) for c in line.coords]
        coords = [
            square.interpolate(square.project(p)).coords[0]
            if 0 < square.distance(p) < 3
            else p.coords[0]
            for p in points
        ]
        if kind != "core":
            snapped.append((line, highway, kind, tags))
        elif len(set(coords)) > 1:
            snapped.append((LineString(coords), highway, kind, tags))
    return snapped


def _quays(layout: Layout) -> _Lines:
    """Lay a quay on each bank where the town meets the river."""
    town = layout.town
    lines: _Lines = []
    for side, reach in ((1, 760.0), (-1, 470.0)):
        for part in _parts(
            shapely.offset_curve(shapely.simplify(layout.river, 6), side * 43, quad_segs=16)
        ):
            near = part.intersection(Point(town.x - 60, town.y - 430).buffer(reach))
            for piece in _parts(near):
                if piece.length > 200:
                    lines.append(
                        (
                            LineString(smooth_curve(np.array(piece.simplify(8).coords), 1)),
                            "residential",
                            "quay",
                            {},
                        )
                    )
    return lines


def _bridged(lines: _Lines, layout: Layout) -> _Lines:
    """Cut roads at the banks and mark what passes over water."""
    banks = layout.river.buffer(26)
    cut: _Lines = []
    for line, highway, kind, tags in lines:
        if not line.intersects(banks):
            cut.append((line, highway, kind, tags))
            continue
        cut += [(part, highway, kind, tags) for part in _parts(line.difference(banks))]
        for part in _parts(line.intersection(banks)):
            if part.intersects(layout.river):
                straight = LineString([part.coords[0], part.coords[-1]])
                cut.append((straight, highway, kind, {**tags, "bridge": "yes", "layer": "1"}))
            else:
                cut.append((part, highway, kind, tags))
    return cut


def _seeds_along(
    graph: StreetGraph,
    rng: np.random.Generator,
    spacing_m: tuple[float, float],
    accept: Callable[[Piece, float, float], bool],
) -> list[tuple[int, float]]:
    """Choose where side streets leave the streets that stand: nodes and angles, both sides in turn."""
    seeds: list[tuple[int, float]] = []
    for run in list(graph.chains()):
        left = float(rng.uniform(20, spacing_m[0]))
        for a, b in pairwise(run):
            common = graph.at_node[a] & graph.at_node[b]
            if not common:
                continue
            number = next(iter(common))
            piece = graph.pieces[number]
            (x1, y1), (x2, y2) = graph.nodes[a], graph.nodes[b]
            length = float(np.hypot(x2 - x1, y2 - y1))
            angle = float(np.arctan2(y2 - y1, x2 - x1))
            here, begin = a, 0.0
            while left < length - begin:
                begin += left
                x, y = x1 + begin * np.cos(angle), y1 + begin * np.sin(angle)
                left = float(rng.uniform(*spacing_m))
                if "bridge" in piece.tags or not accept(piece, x, y):
                    continue
                node = graph.split(
                    next(iter(graph.at_node[here] & graph.at_node[b])), round(x, 1), round(y, 1)
                )
                seeds += [
                    (node, angle + side * (np.pi / 2 + float(rng.normal(0, 0.15))))
                    for side in (-1, 1)
                    if rng.random() < 0.7
                ]
                if node == b:
                    break
                here = node
            left -= max(length - begin, 0)
            left = max(left, 8.0)
    return seeds


def _inside(block: Polygon, x: float, y: float) -> float:
    """Density of an estate: the same everywhere in its block, nothing outside."""
    return 0.6 if shapely.contains_xy(block, x, y) else 0.0


def _around(centre_x: float, centre_y: float, x: float, y: float) -> float:
    """Density of a hamlet: full within 190 metres."""
    return float(np.hypot(x - centre_x, y - centre_y) < 190)


def _may_branch(
    density: Callable[[float, float], float], low: float, piece: Piece, x: float, y: float
) -> bool:
    """Say whether side streets may leave a piece at a point."""
    return density(x, y) > low and piece.kind in {"road", "ring", "quay", "street", "place"}


def _estates(graph: StreetGraph, layout: Layout, rng: np.random.Generator) -> None:
    """Fill the large blocks of the outskirts with closes that lead nowhere."""
    lines = [LineString([graph.nodes[p.begin], graph.nodes[p.end]]) for p in graph.pieces.values()]
    faces = [cast("Polygon", face) for face in shapely.polygonize(lines).geoms]
    blocks = sorted(faces, key=lambda block: (-block.area, block.bounds))
    for block in blocks:
        if not 17_000 < block.area < 260_000:
            continue
        centre = block.representative_point()
        if layout.built(centre.x, centre.y)[0] < 0.13 or layout.water.intersects(block.buffer(-10)):
            continue
        shapely.prepare(block)
        entries = 1 + int(block.area > 45_000) + int(block.area > 110_000)
        edge = block.exterior
        for _ in range(entries):
            for _attempt in range(8):
                at = edge.interpolate(float(rng.uniform(0, edge.length)))
                found = graph.nearest_piece(at.x, at.y, 3)
                if found is None or "bridge" in graph.pieces[found[1]].tags:
                    continue
                node = graph.split(found[1], round(at.x, 1), round(at.y, 1))
                x, y = graph.nodes[node]
                before = edge.interpolate(edge.project(Point(x, y)) - 4)
                after = edge.interpolate(edge.project(Point(x, y)) + 4)
                angle = float(np.arctan2(after.y - before.y, after.x - before.x)) + np.pi / 2
                if not block.contains(Point(x + 12 * np.cos(angle), y + 12 * np.sin(angle))):
                    angle += np.pi
                added = grow(
                    graph,
                    layout,
                    [(node, angle)],
                    _ESTATE,
                    rng,
                    density=partial(_inside, block),
                    pieces_max=int(block.area / 2_300) + 3,
                )
                if added:
                    break


def _bent(
    lines: list[tuple[LineString, str]], hollow: BaseGeometry, rng: np.random.Generator
) -> list[tuple[LineString, str]]:
    """Bend roads a little, the same at the same place, so that none is drawn with a ruler; squares stay."""
    east, north = Ground.draw(rng, 900.0), Ground.draw(rng, 900.0)
    bent = []
    for line, highway in lines:
        points = np.array(line.segmentize(45).coords)
        reach = 75 * np.clip(shapely.distance(shapely.points(points), hollow) / 260, 0, 1)
        shift = np.column_stack((east.at(*points.T), north.at(*points.T))) * reach[:, None]
        bent.append((cast("LineString", LineString(points + shift).simplify(1.2)), highway))
    return bent


def plan_streets(layout: Layout, seed: int) -> StreetGraph:
    """
    Draw every street, road and path.

    Parameters
    ----------
    layout
        The ground plan.
    seed
        The same seed draws the same streets.

    Returns
    -------
    StreetGraph
        Classes and kinds set; names and traffic rules come later.
    """
    rng = np.random.default_rng([seed, 3])
    town = layout.town
    ring = _blob(rng, town.x, town.y, 255, 205, 0.07)
    squares = [_square(rng, s) for s in layout.settlements if s is not town]
    hollow = shapely.union_all([ring, *squares])
    lines: _Lines = []
    rough = [
        (part, highway)
        for line, highway in trace_roads(layout, seed)
        for part in _parts(line.difference(hollow))
    ]
    for line, highway in _bent(rounded_chains(rough, 3, 34), hollow, rng):
        # A road never turns back into the place that it has just left.
        lines += [
            (part, highway, "road", {}) for part in _parts(line.difference(hollow.buffer(-0.5)))
        ]
    lines = _bridged(lines, layout)
    lines.append((LineString(ring.exterior.coords), "secondary", "ring", {}))
    lines += [
        (LineString(square.exterior.coords), "residential", "place", {}) for square in squares
    ]
    core = _core_lines(rng, ring, town)
    lines += _snap_to_square(core, core[0][0])
    lines += _quays(layout)
    graph = StreetGraph()
    graph.add_lines(lines)
    _drop_crumbs(graph)

    main = shapely.multilinestrings(
        [line for line, highway, *_ in lines if highway in {"secondary", "tertiary"}]
    )
    shapely.prepare(main)

    def in_town(x: float, y: float) -> float:
        value, owner = layout.built(x, y)
        return value if owner.population > 1_500 and not shapely.contains_xy(ring, x, y) else 0.0

    def in_village(x: float, y: float) -> float:
        value, owner = layout.built(x, y)
        if owner.population > 1_500:
            return 0.0
        # Villages stretch along their roads.
        return value * float(0.55 + 0.55 * np.exp(-shapely.distance(main, Point(x, y)) / 130))

    for habit, field, low in (
        (_CORE, in_town, 0.42),
        (_SUBURB, in_town, 0.2),
        (_VILLAGE, in_village, 0.3),
    ):
        seeds = _seeds_along(
            graph,
            rng,
            (70, 130),
            partial(_may_branch, field, low),
        )
        grow(graph, layout, seeds, habit, rng, density=field)
    _estates(graph, layout, rng)
    _hamlet_lanes(graph, layout, rng)
    graph.keep_largest()
    complete_streets(graph, layout, rng)
    graph.keep_largest()
    return graph


def _hamlet_lanes(graph: StreetGraph, layout: Layout, rng: np.random.Generator) -> None:
    """Give hamlets a lane or two of their own."""
    for x, y, houses in layout.hamlets:
        near = graph.nearest_piece(x, y, 150) if houses >= 3 else None
        if near is None or "bridge" in graph.pieces[near[1]].tags:
            continue
        node = graph.split(near[1], round(near[2][0], 1), round(near[2][1], 1))
        for angle in graph.directions(node)[:1]:
            seeds = [(node, angle + side * np.pi / 2) for side in (-1, 1)[: 1 + int(houses >= 8)]]
            grow(
                graph,
                layout,
                seeds,
                _HAMLET,
                rng,
                density=partial(_around, x, y),
                pieces_max=houses,
            )


def _drop_crumbs(graph: StreetGraph) -> None:
    """Remove dead ends shorter than 25 metres, which noding leaves."""
    for _ in range(3):
        for number in list(graph.pieces):
            piece = graph.pieces[number]
            (x1, y1), (x2, y2) = graph.nodes[piece.begin], graph.nodes[piece.end]
            dead = min(len(graph.at_node[piece.begin]), len(graph.at_node[piece.end])) == 1
            if (
                dead
                and np.hypot(x2 - x1, y2 - y1) < 25
                and piece.highway not in {"secondary", "tertiary"}
            ):
                graph.remove(number)
