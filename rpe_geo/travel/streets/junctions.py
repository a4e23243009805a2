"""What happens where streets meet: delays, areas of restricted access, islands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from rpe_geo.travel.streets.mode_network import NO_WAY, ModeNetwork
from rpe_geo.travel.streets.osm_file import ParsedStreets
from rpe_geo.travel.streets.tags import NetworkMode

__all__ = ["arm_delays", "connected_edges", "restricted_regions"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def arm_delays(  # noqa: PLR0913 - arrays of one computation
    parsed: ParsedStreets,
    mode: NetworkMode,
    speeds: Mapping[str, Any],
    start: Ints,
    end: Ints,
    pattern: Ints,
    shape_ptr: Ints,
    longitude: Floats,
    latitude: Floats,
    shape_way: Ints,
    node_delay: Floats,
) -> tuple[Floats, Floats]:
    """
    Say how many seconds are lost at both ends of each edge.

    Parameters
    ----------
    parsed
        The streets, for the rank of their ways.
    mode
        walk, pushchair, bike or car.
    speeds
        The table `speeds`.
    start, end
        Junctions of each edge.
    pattern
        Flags of each edge: 4 ferry, 16 motorway, 32 roundabout.
    shape_ptr, longitude, latitude, shape_way
        Vertices of the edges, and the way that each begins.
    node_delay
        Seconds lost by passing each junction: lights, gates.

    Returns
    -------
    tuple of ndarray
        Seconds at the start and at the end of each edge.

    Notes
    -----
    Passing a junction costs the delay of the arm that one comes from plus that of the arm that one leaves by: nothing to
    speak of along the main road, more from and into side streets. Being a sum, it keeps the graph as small as the
    network, and as long both ways.
    """
    table = speeds[f"{'walk' if mode == 'pushchair' else mode}_junction_s"]
    count = start.size
    node = np.concatenate([start, end])
    degree = np.bincount(node)
    first, last = shape_ptr[:-1], shape_ptr[1:] - 1
    here = np.concatenate([first, last])
    beside = np.concatenate([first + 1, last - 1])
    shrink = np.cos(np.radians(latitude[here]))
    bearing = np.arctan2(
        latitude[beside] - latitude[here], (longitude[beside] - longitude[here]) * shrink
    )
    rank_of = np.array([m.rank for m in parsed.meanings])[parsed.way_meaning]
    rank = rank_of[shape_way[here]]
    best = np.full(degree.size, 99)
    np.minimum.at(best, node, rank)
    top = rank == best[node]
    # The through pair: two arms of the best rank that face each other within 45 degrees.
    through = np.zeros(2 * count, dtype=bool)
    crossed = np.zeros(degree.size, dtype=np.int64)
    order = np.argsort(node, kind="stable")
    junction = np.flatnonzero(degree >= 3)
    left = np.searchsorted(node[order], junction)
    widest = int(degree.max()) if degree.size else 0
    for i in range(widest):
        for j in range(i + 1, widest):
            enough = degree[junction] > j
            one, two = order[left[enough] + i], order[left[enough] + j]
            turn = np.abs(np.angle(np.exp(1j * (bearing[one] - bearing[two])))) * 180 / np.pi
            facing = top[one] & top[two] & (turn > 135)
            through[one[facing]] = True
            through[two[facing]] = True
            np.add.at(crossed, node[one[facing]], 1)
    many = degree[node] >= 3
    equal = many & top & ((crossed[node] == 0) | (crossed[node] > 1))
    delay = np.where(
        through & ~equal, table["through"], np.where(equal, table["equal"], table["side"])
    )
    delay = np.where(many, delay, 0.0)
    # Passing the end of a dead end is turning back.
    delay = np.where(degree[node] == 1, speeds["turn_back_s"].get(mode, 0.0) / 2, delay)
    both = np.concatenate([pattern, pattern])
    delay = np.where((both & 32) > 0, 0.0, delay)  # the roundabout itself has priority
    delay = np.where((both & 16) > 0, 0.0, delay)  # merging lanes do not stop
    delay += node_delay[node] / 2
    ferry = (both & 4) > 0
    delay = np.where(ferry & (degree[node] > 1), speeds["ferry_boarding_s"], delay)
    return delay[:count], delay[count:]


def restricted_regions(
    start: Ints,
    end: Ints,
    restricted: Bools,
    usable: Bools,
    length_m: Floats,
    node_count: int,
    rules: Mapping[str, Any],
) -> Ints:
    """
    Number the areas of restricted access: connected restricted edges are one area, with the streets behind them.

    Parameters
    ----------
    start, end
        Junctions of each edge.
    restricted
        Whether only those who live or go there may pass.
    usable
        Whether the edge is open in some direction.
    length_m
        Length of each edge.
    node_count
        Number of junctions.
    rules
        The parameter `snapping`: streets that only restricted edges join to the others lie behind them when they are
        small as an island is.

    Returns
    -------
    ndarray
        Area of each edge; -1 for none. An area that alone joins two large parts of the network is none: somebody forgot to say
        that all may pass.
    """
    region = np.full(start.size, -1, dtype=np.int64)
    if not restricted.any():
        return region
    free = usable & ~restricted
    label = _joined(start, end, free, node_count)
    size = np.bincount(label[start], weights=length_m * free, minlength=node_count)
    behind = size < max(min(rules["island_m"], size.max()), rules["island_share"] * size.max())
    touched = np.zeros(node_count, dtype=bool)
    touched[label[start[restricted]]] = True
    touched[label[end[restricted]]] = True
    inside = usable & (restricted | (behind & touched)[label[start]])
    area = _joined(start, end, inside, node_count)
    region[inside] = area[start[inside]]
    # Large parts that each area touches: pairs of area and label at the ends of its edges.
    pairs = np.concatenate(
        [np.column_stack([region[inside], label[ends[inside]]]) for ends in (start, end)]
    )
    pairs = np.unique(pairs[~behind[pairs[:, 1]]], axis=0)
    bridges = np.flatnonzero(np.bincount(pairs[:, 0], minlength=node_count) > 1)
    region[np.isin(region, bridges)] = -1
    return region


def _joined(start: Ints, end: Ints, edges: Bools, node_count: int) -> Ints:
    """Number the parts of a network that some of its edges join, by junction."""
    links = coo_array(
        (np.ones(int(edges.sum())), (start[edges], end[edges])), shape=(node_count, node_count)
    )
    _, label = connected_components(links, directed=False)
    found: Ints = label.astype(np.int64)
    return found


def connected_edges(network: ModeNetwork, length_m: Floats, rules: Mapping[str, Any]) -> Bools:
    """
    Tell the edges of the connected network from islands.

    Parameters
    ----------
    network
        With its search graph.
    length_m
        Length of each edge.
    rules
        The parameter `snapping`: an island is a strongly connected part smaller than `island_share` of the largest.

    Returns
    -------
    ndarray
        True where both ends of an edge lie in one part that is large enough.
    """
    count = network.state_count
    usable = np.isfinite(network.weights)
    tails = np.repeat(np.arange(count), np.diff(network.indptr))[usable]
    graph = coo_array(
        (np.ones(tails.size, dtype=np.int8), (tails, network.indices[usable])), shape=(count, count)
    )
    _, label = connected_components(graph, directed=True, connection="strong")
    inside = np.full(length_m.size, -1, dtype=np.int64)
    for times, tail, head in (
        (network.time_forward, network.tail_forward, network.head_forward),
        (network.time_backward, network.tail_backward, network.head_backward),
    ):
        joined = (times < NO_WAY) & (label[tail] == label[head])
        inside[joined] = label[tail[joined]]
    found = inside >= 0
    if not found.any():
        return np.ones(length_m.size, dtype=bool)
    size = np.bincount(inside[found], weights=length_m[found], minlength=int(label.max()) + 1)
    enough = size >= max(min(rules["island_m"], size.max()), rules["island_share"] * size.max())
    is_open: Bools = found & enough[np.maximum(inside, 0)]
    return is_open
