"""Exchange networks with osmnx, so that networkx can be asked for the same shortest paths on the same weights."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import networkx as nx
import numpy as np
import shapely

from rpe_geo.crs import WGS84, great_circle_m
from rpe_geo.parameters import parameter_table
from rpe_geo.travel.streets.junctions import connected_edges
from rpe_geo.travel.streets.mode_network import ENTRY_TICKS, NO_WAY, TICKS_PER_MIN, ModeNetwork
from rpe_geo.travel.streets.openings import search_graph
from rpe_geo.travel.streets.tags import NetworkMode

__all__ = ["from_osmnx", "to_osmnx"]

_TICKS_PER_S = TICKS_PER_MIN / 60


def from_osmnx(
    graph: nx.MultiDiGraph, *, mode: NetworkMode, weight: str = "travel_time"
) -> ModeNetwork:
    """
    Make a network of an osmnx graph, with the graph's own weights.

    Parameters
    ----------
    graph
        Nodes with `x, y` (degrees); edges with `length` (m) and the weight; `geometry` where they bend.
    mode
        The mode that the graph was made for.
    weight
        Edge attribute in seconds, as `osmnx.routing.add_edge_travel_times` writes it.

    Returns
    -------
    ModeNetwork
        States are the nodes in the graph's order; the two directions of a street are one edge.
    """
    number = {node: index for index, node in enumerate(graph.nodes)}
    longitude = np.array([float(x) for _, x in graph.nodes(data="x")])
    latitude = np.array([float(y) for _, y in graph.nodes(data="y")])
    streets: dict[tuple[Any, ...], list[float]] = {}
    shapes: dict[tuple[Any, ...], list[tuple[float, float]]] = {}
    for start, end, attributes in graph.edges(data=True):
        tail, head = number[start], number[end]
        line = _line(
            attributes, (longitude[tail], latitude[tail]), (longitude[head], latitude[head])
        )
        there = (tail, head, *line)
        back = (head, tail, *reversed(line))
        seconds = float(attributes[weight])
        if back in streets and tail != head:
            streets[back][1] = min(streets[back][1], seconds)
        else:
            times = streets.setdefault(there, [np.inf, np.inf])
            times[0] = min(times[0], seconds)
            shapes[there] = line
    return _network(streets, shapes, longitude, latitude, mode)


def _line(
    attributes: Mapping[str, Any], start: tuple[float, float], end: tuple[float, float]
) -> list[tuple[float, float]]:
    geometry = attributes.get("geometry")
    if geometry is None:
        return [start, end]
    return [(float(x), float(y)) for x, y in geometry.coords]


def _network(
    streets: Mapping[tuple[Any, ...], list[float]],
    shapes: Mapping[tuple[Any, ...], list[tuple[float, float]]],
    longitude: np.ndarray,
    latitude: np.ndarray,
    mode: NetworkMode,
) -> ModeNetwork:
    speeds = parameter_table("speeds", date.today())  # noqa: DTZ011 - the table in force
    lines = list(shapes.values())
    counts = np.array([len(line) for line in lines], dtype=np.int64)
    shape_ptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    x, y = np.array([point for line in lines for point in line]).T
    step = np.concatenate([[0.0], great_circle_m(x[:-1], y[:-1], x[1:], y[1:])])
    step[shape_ptr[:-1]] = 0.0
    running = np.cumsum(step)
    running -= np.repeat(running[shape_ptr[:-1]], counts)
    metres = np.maximum(running[shape_ptr[1:] - 1], 1e-9)
    share = running / np.repeat(metres, counts)
    seconds = np.array(list(streets.values()))
    ends = np.array([key[:2] for key in streets], dtype=np.int64)
    can = np.isfinite(seconds)
    times = np.where(can, np.rint(np.where(can, seconds, 0.0) * _TICKS_PER_S), NO_WAY)
    tail, head = ends[:, 0], ends[:, 1]
    indptr, indices, weights = search_graph(
        longitude.size,
        np.concatenate([tail[can[:, 0]], head[can[:, 1]]]),
        np.concatenate([head[can[:, 0]], tail[can[:, 1]]]),
        np.concatenate([times[can[:, 0], 0], times[can[:, 1], 1]]),
    )
    finite = np.where(can, seconds, 0.0)
    network = ModeNetwork(
        state_longitude=longitude,
        state_latitude=latitude,
        indptr=indptr,
        indices=indices,
        weights=weights,
        tail_forward=np.where(can[:, 0], tail, -1),
        head_forward=np.where(can[:, 0], head, -1),
        tail_backward=np.where(can[:, 1], head, -1),
        head_backward=np.where(can[:, 1], tail, -1),
        time_forward=times[:, 0].astype(np.int64),
        time_backward=times[:, 1].astype(np.int64),
        delay_start=np.zeros(tail.size),
        delay_end=np.zeros(tail.size),
        edge_start=tail,
        edge_end=head,
        edge_ends=np.zeros(tail.size, dtype=bool),
        edge_condition=np.full(tail.size, -1, dtype=np.int64),
        edge_region=np.full(tail.size, -1, dtype=np.int64),
        edge_open=np.ones(tail.size, dtype=bool),
        edge_fast=np.zeros(tail.size, dtype=bool),
        copy_tail=np.zeros(0, dtype=np.int64),
        copy_head=np.zeros(0, dtype=np.int64),
        copy_arc=np.zeros(0, dtype=np.int64),
        turn_tail=np.zeros(0, dtype=np.int64),
        turn_head=np.zeros(0, dtype=np.int64),
        shape_ptr=shape_ptr,
        shape_longitude=x,
        shape_latitude=y,
        shape_forward=share * np.repeat(finite[:, 0], counts),
        shape_backward=share * np.repeat(finite[:, 1], counts),
        shape_way=np.full(x.size, -1, dtype=np.int64),
        settings={
            "mode": mode,
            "link_kph": speeds["link_kph"][mode],
            "access_kph": speeds["pushchair_kph" if mode == "pushchair" else "walk_kph"],
            "version": hashlib.sha256(weights.tobytes() + x.tobytes() + y.tobytes()).hexdigest()[
                :16
            ],
        },
    )
    return replace(network, edge_open=connected_edges(network, metres, speeds["snapping"]))


def to_osmnx(network: ModeNetwork) -> nx.MultiDiGraph:
    """
    Write a network as an osmnx graph.

    Parameters
    ----------
    network
        The network of one mode.

    Returns
    -------
    MultiDiGraph
        A node per state with `x, y`; a directed edge per allowed direction with `length` (m), `travel_time` (s) and
        `geometry`; copies of a junction that remember a turn are linked by edges without length.
    """
    graph = nx.MultiDiGraph(crs=f"epsg:{WGS84}", mode=network.settings.get("mode", ""))
    for state, (x, y) in enumerate(
        zip(network.state_longitude.tolist(), network.state_latitude.tolist(), strict=True)
    ):
        graph.add_node(state, x=x, y=y)
    x, y = np.asarray(network.shape_longitude), np.asarray(network.shape_latitude)
    steps = np.concatenate([[0.0], great_circle_m(x[:-1], y[:-1], x[1:], y[1:])])
    steps[network.shape_ptr[:-1]] = 0.0
    length = np.add.reduceat(steps, network.shape_ptr[:-1])
    owner = np.repeat(np.arange(network.edge_count), np.diff(network.shape_ptr))
    lines = np.asarray(shapely.linestrings(np.column_stack([x, y]), indices=owner))
    tails, heads, arcs, ticks = network.arcs()
    one_way = (network.time_forward >= NO_WAY) | (network.time_backward >= NO_WAY)
    for tail, head, arc, time in zip(
        tails.tolist(), heads.tolist(), arcs.tolist(), ticks.tolist(), strict=True
    ):
        edge = arc >> 1
        graph.add_edge(
            tail,
            head,
            length=float(length[edge]),
            travel_time=time % ENTRY_TICKS / _TICKS_PER_S,
            geometry=lines[edge].reverse() if arc & 1 else lines[edge],
            oneway=bool(one_way[edge]),
        )
    tails, heads, *_ = network.arcs(closed=True)
    followed = np.unique(tails * network.state_count + heads)
    owner = np.repeat(np.arange(network.state_count), np.diff(network.indptr))
    turns = np.flatnonzero(~np.isin(owner * network.state_count + network.indices, followed))
    for tail, head, weight in zip(
        owner[turns].tolist(),
        network.indices[turns].tolist(),
        network.weights[turns].tolist(),
        strict=True,
    ):
        graph.add_edge(tail, head, length=0.0, travel_time=weight / _TICKS_PER_S, oneway=True)
    return graph
