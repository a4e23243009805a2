"""
Streets that grow: from roads outwards, a step at a time, joining what they meet.

The idea is that of Parish and Müller (2001), "Procedural modeling of cities": each new piece is proposed by a global wish (density,
direction) and bent, shortened or refused by what stands near.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import shapely

from rpe_geo.synthetic.layout import Layout
from rpe_geo.synthetic.streetgraph import StreetGraph

__all__ = ["Habit", "grow"]


@dataclass(frozen=True)
class Habit:
    """
    How streets of one kind grow.

    Parameters
    ----------
    step_m
        Length of one piece.
    spacing_m
        Least and greatest distance between two side streets.
    clear_m
        Distance below which a parallel street is refused.
    join
        Whether streets join what they meet; otherwise they end before it, in a cul-de-sac.
    density_min
        Density below which nothing grows.
    """

    kind: str
    highway: str
    step_m: float = 46.0
    spacing_m: tuple[float, float] = (75.0, 125.0)
    clear_m: float = 48.0
    join: bool = True
    density_min: float = 0.24
    wiggle: float = 0.07
    length_m: tuple[float, float] = (180.0, 900.0)
    side_share: float = 0.75


@dataclass(order=True)
class _Tip:
    priority: float
    order: int
    node: int = field(compare=False)
    angle: float = field(compare=False)
    left_m: float = field(compare=False)
    until_side_m: float = field(compare=False)
    curve: float = field(compare=False)
    depth: int = field(compare=False, default=0)


def _turn(angle: float, other: float) -> float:
    """Smallest difference of two angles, in [0, π]."""
    return abs((angle - other + np.pi) % (2 * np.pi) - np.pi)


def grow(
    graph: StreetGraph,
    layout: Layout,
    seeds: list[tuple[int, float]],
    habit: Habit,
    rng: np.random.Generator,
    *,
    density: Callable[[float, float], float],
    pieces_max: int = 100_000,
) -> int:
    """
    Grow streets from seeds until nothing more fits.

    Parameters
    ----------
    graph
        The network; it is added to.
    layout
        For the water, which no street crosses.
    seeds
        Nodes and the angles, in radians, at which streets leave them.
    habit
        How they grow.
    rng
        Source of chance.
    density
        Density at metres, 0 to 1.
    pieces_max
        Stop after so many pieces.

    Returns
    -------
    int
        Number of pieces added.
    """
    shapely.prepare(layout.water)
    queue: list[_Tip] = []
    count = 0
    order = 0

    def push(node: int, angle: float, depth: int) -> None:
        nonlocal order
        order += 1
        here = density(*graph.nodes[node])
        heapq.heappush(
            queue,
            _Tip(
                -here + 0.05 * depth + float(rng.normal(0, 0.05)),
                order,
                node,
                angle,
                float(rng.uniform(*habit.length_m)) * (0.5 + here),
                float(rng.uniform(*habit.spacing_m)),
                float(rng.normal(0, 0.03)),
                depth,
            ),
        )

    for node, angle in seeds:
        push(node, angle, 0)
    while queue and count < pieces_max:
        tip = heapq.heappop(queue)
        if any(_turn(tip.angle, other) < 0.7 for other in graph.directions(tip.node)):
            continue
        reached = _step(graph, layout, tip, habit, rng, density)
        if reached is None:
            continue
        node, length, ended = reached
        count += 1
        if ended:
            continue
        tip.left_m -= length
        tip.until_side_m -= length
        scale = 1.35 - 0.6 * density(*graph.nodes[node])
        if tip.until_side_m <= 0 and tip.depth < 6:
            tip.until_side_m = float(rng.uniform(*habit.spacing_m)) * scale
            for side in (-1, 1):
                if rng.random() < habit.side_share:
                    push(
                        node,
                        tip.angle + side * (np.pi / 2 + float(rng.normal(0, 0.12))),
                        tip.depth + 1,
                    )
        if tip.left_m > 0:
            tip.node = node
            tip.angle += tip.curve + float(rng.normal(0, habit.wiggle))
            tip.order = order = order + 1
            heapq.heappush(queue, tip)
    return count


def _step(
    graph: StreetGraph,
    layout: Layout,
    tip: _Tip,
    habit: Habit,
    rng: np.random.Generator,
    density: Callable[[float, float], float],
) -> tuple[int, float, bool] | None:
    """Lay one piece: the node reached, its length and whether the street ends there; None when refused."""
    x0, y0 = graph.nodes[tip.node]
    length = habit.step_m * float(rng.uniform(0.8, 1.25))
    x, y = x0 + length * np.cos(tip.angle), y0 + length * np.sin(tip.angle)
    here = density(x, y)
    if here < habit.density_min or layout.water.distance(shapely.Point(x, y)) < 22:
        return None
    clear = habit.clear_m * (1.25 - 0.5 * here)
    crossing = graph.first_crossing(tip.node, x, y)
    if crossing is not None:
        if not habit.join:
            return None
        number, (cx, cy) = crossing
        return _join(graph, tip, habit, number, cx, cy)
    ahead = habit.step_m * 0.55
    for number in sorted(graph.near(x, y, clear)):
        piece = graph.pieces[number]
        if tip.node in {piece.begin, piece.end}:
            continue
        fx, fy = graph.foot(number, x, y)
        away = float(np.hypot(fx - x, fy - y))
        (x1, y1), (x2, y2) = graph.nodes[piece.begin], graph.nodes[piece.end]
        slope = _turn(2 * float(np.arctan2(y2 - y1, x2 - x1)), 2 * tip.angle) / 2
        if away < clear and slope < 0.55:
            return None
        if not habit.join and away < clear:
            return None
    if habit.join:
        ex, ey = x + ahead * np.cos(tip.angle), y + ahead * np.sin(tip.angle)
        for node in graph.nodes_near(x, y, ahead):
            if node != tip.node:
                return _join_node(graph, tip, habit, node)
        crossing = graph.first_crossing(tip.node, ex, ey)
        if crossing is not None:
            number, (cx, cy) = crossing
            return _join(graph, tip, habit, number, cx, cy)
    end = graph.add_node(round(x, 1), round(y, 1))
    graph.add_piece(tip.node, end, habit.highway, habit.kind)
    return end, length, False


def _join(
    graph: StreetGraph, tip: _Tip, habit: Habit, number: int, x: float, y: float
) -> tuple[int, float, bool] | None:
    """End a street on a piece, or on its end when that is near."""
    piece = graph.pieces[number]
    for node in (piece.begin, piece.end):
        if np.hypot(graph.nodes[node][0] - x, graph.nodes[node][1] - y) < 16:
            return _join_node(graph, tip, habit, node)
    (x1, y1), (x2, y2) = graph.nodes[piece.begin], graph.nodes[piece.end]
    if (
        _turn(2 * float(np.arctan2(y2 - y1, x2 - x1)), 2 * tip.angle) / 2 < 0.5
        or "bridge" in piece.tags
    ):
        return None
    x0, y0 = graph.nodes[tip.node]
    if np.hypot(x - x0, y - y0) < 14:
        return None
    node = graph.split(number, round(x, 1), round(y, 1))
    graph.add_piece(tip.node, node, habit.highway, habit.kind)
    return node, float(np.hypot(x - x0, y - y0)), True


def _join_node(
    graph: StreetGraph, tip: _Tip, habit: Habit, node: int
) -> tuple[int, float, bool] | None:
    """End a street on a node, unless it would squeeze between streets or cross one."""
    (x0, y0), (x, y) = graph.nodes[tip.node], graph.nodes[node]
    angle = float(np.arctan2(y - y0, x - x0))
    length = float(np.hypot(x - x0, y - y0))
    if length < 12 or len(graph.at_node[node]) > 4 or _turn(angle, tip.angle) > 0.9:
        return None
    if any(_turn(angle + np.pi, other) < 0.75 for other in graph.directions(node)):
        return None
    if any(_turn(angle, other) < 0.6 for other in graph.directions(tip.node)):
        return None
    crossing = graph.first_crossing(tip.node, x, y)
    if crossing is not None and node not in {
        graph.pieces[crossing[0]].begin,
        graph.pieces[crossing[0]].end,
    }:
        return None
    graph.add_piece(tip.node, node, habit.highway, habit.kind)
    return node, length, True
