"""From ways to the graph of one mode: junctions, and edges with their shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpe_geo.crs import great_circle_m
from rpe_geo.travel.streets.junctions import arm_delays, connected_edges, restricted_regions
from rpe_geo.travel.streets.mode_network import NO_WAY, TICKS_PER_MIN, ModeNetwork
from rpe_geo.travel.streets.osm_file import ParsedStreets
from rpe_geo.travel.streets.slopes import elevation_along, slope_factor
from rpe_geo.travel.streets.tags import NetworkMode
from rpe_geo.travel.streets.turns import Arms, expand_turns

__all__ = ["build_mode_network", "search_graph"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_TICKS_PER_S = TICKS_PER_MIN / 60


@dataclass
class _Pieces:
    """Stretches of way between two nodes that matter: junctions, ends, changes of rule."""

    start: Ints
    end: Ints
    first: Ints  # position in the vertex arrays of the first vertex
    count: Ints  # number of vertices


def build_mode_network(
    parsed: ParsedStreets, mode: NetworkMode, speeds: Mapping[str, Any]
) -> ModeNetwork | None:
    """
    Build the network of one mode.

    Parameters
    ----------
    parsed
        The streets of an extract.
    mode
        walk, pushchair, bike or car.
    speeds
        The table `speeds` in force.

    Returns
    -------
    ModeNetwork or None
        None when no street of the extract serves the mode.
    """
    vertices = _vertices(parsed, mode)
    if vertices is None:
        return None
    pieces = _cut(vertices)
    chains = _chain(pieces, vertices)
    return _network(parsed, mode, speeds, vertices, pieces, chains)


@dataclass
class _Vertices:
    """The ways of a mode as one run of vertices; a segment joins vertex i to i + 1 of the same way."""

    node: Ints  # node of each vertex; blocked nodes are torn apart
    way: Ints
    last: Bools  # the last vertex of its way: no segment begins here
    speed_forward: Floats  # km/h per vertex, of its way
    speed_backward: Floats
    longitude: Floats
    latitude: Floats
    elevation: Floats  # metres; nan where unknown, and on steps
    delay: Floats  # seconds lost when passing the vertex
    node_count: int
    pattern: Ints  # what a chain must not mix
    kept: Bools  # by node: must stay a junction


def _vertices(parsed: ParsedStreets, mode: NetworkMode) -> _Vertices | None:
    forward = np.array([m.speeds.get(mode, (0.0, 0.0))[0] for m in parsed.meanings])
    backward = np.array([m.speeds.get(mode, (0.0, 0.0))[1] for m in parsed.meanings])
    usable = (np.maximum(forward, backward) > 0)[parsed.way_meaning] if forward.size else None
    if usable is None or not usable.any():
        return None
    lengths = np.diff(parsed.way_ptr)
    inside = np.repeat(usable, lengths)
    way = np.repeat(np.arange(lengths.size), lengths)[inside]
    node = parsed.way_nodes[inside]
    last = np.zeros(parsed.way_nodes.size, dtype=bool)
    last[parsed.way_ptr[1:] - 1] = True
    last = last[inside]

    delay_of = np.zeros(parsed.longitude.size)
    blocked = np.zeros(parsed.longitude.size, dtype=bool)
    for index, meaning in parsed.node_meaning.items():
        delay_of[index] = meaning.delay_s.get(mode, 0.0)
        blocked[index] = mode in meaning.blocked
    kept = np.zeros(parsed.longitude.size, dtype=bool)
    for restriction in parsed.restrictions:
        if mode in restriction.modes:
            kept[[restriction.via_nodes[0], restriction.via_nodes[-1]]] = True

    longitude, latitude, delay = parsed.longitude[node], parsed.latitude[node], delay_of[node]
    elevation = elevation_along(parsed)[inside]
    node, way, last, longitude, latitude, elevation, delay, node_count = _tear(
        node, way, last, longitude, latitude, elevation, delay, blocked, parsed.longitude.size
    )
    meanings = parsed.meanings
    pattern_of = np.array(
        [
            (f > 0)
            + 2 * (b > 0)
            + 4 * m.ferry
            + 8 * (mode in m.restricted)
            + 16 * m.fast
            + 32 * m.roundabout
            + 64 * (mode == "car" and m.track)
            for m, f, b in zip(meanings, forward, backward, strict=True)
        ],
        dtype=np.int64,
    )
    return _Vertices(
        node=node,
        way=way,
        last=last,
        speed_forward=forward[parsed.way_meaning[way]],
        speed_backward=backward[parsed.way_meaning[way]],
        longitude=longitude,
        latitude=latitude,
        elevation=elevation,
        delay=delay,
        node_count=node_count,
        pattern=pattern_of[parsed.way_meaning[way]],
        kept=np.concatenate([kept, np.zeros(node_count - kept.size, dtype=bool)]),
    )


def _tear(
    node: Ints,
    way: Ints,
    last: Bools,
    longitude: Floats,
    latitude: Floats,
    elevation: Floats,
    delay: Floats,
    blocked: Bools,
    node_count: int,
) -> tuple[Ints, Ints, Bools, Floats, Floats, Floats, Floats, int]:
    """Tear the network apart at barriers: each segment that touches one ends in a node of its own."""
    barrier = blocked[node]
    if not barrier.any():
        return node, way, last, longitude, latitude, elevation, delay, node_count
    begins = np.concatenate([[True], last[:-1]])
    # A barrier inside a way becomes two vertices: the end of one run, the beginning of the next.
    twice = barrier & ~last & ~begins
    repeats = 1 + twice.astype(np.int64)
    source = np.repeat(np.arange(node.size), repeats)
    first_copy = np.zeros(source.size, dtype=bool)
    position = np.cumsum(repeats) - repeats
    first_copy[position[twice]] = True
    new_last = last[source] | first_copy
    new_node = node[source].copy()
    torn = barrier[source]
    new_node[torn] = node_count + np.arange(int(torn.sum()))
    return (
        new_node, way[source], new_last, longitude[source], latitude[source], elevation[source],
        delay[source], node_count + int(torn.sum()),
    )  # fmt: skip


def _cut(vertices: _Vertices) -> _Pieces:
    """Cut the ways at every node that more than one stretch touches, or that ends a way."""
    node, last = vertices.node, vertices.last
    begins = np.concatenate([[True], last[:-1]])
    touches = np.bincount(node, minlength=vertices.node_count)
    inner = ~begins & ~last
    cut = ~inner | (touches[node] > 1) | vertices.kept[node]
    first = np.flatnonzero(cut & ~last)
    stop = np.flatnonzero(cut & ~begins)
    return _Pieces(start=node[first], end=node[stop], first=first, count=stop - first + 1)


def _chain(pieces: _Pieces, vertices: _Vertices) -> list[list[int]]:
    """
    Join pieces through nodes that only two of them touch; the result lists signed pieces, -p - 1 being p reversed.

    Ways are split in OpenStreetMap wherever a tag changes; most of these nodes are no junctions.
    """
    count = pieces.start.size
    ends = np.concatenate([pieces.start, pieces.end])
    degree = np.bincount(ends, minlength=vertices.node_count)
    pattern = vertices.pattern[pieces.first]
    joinable = (degree == 2) & ~vertices.kept
    order = np.argsort(ends, kind="stable")
    sorted_ends = ends[order]
    left = np.searchsorted(sorted_ends, np.arange(vertices.node_count))
    # The two piece ends at each joinable node: a piece end is p (start) or p + count (end).
    nodes = np.flatnonzero(joinable)
    one, two = order[left[nodes]], order[left[nodes] + 1]
    piece_one, piece_two = one % count, two % count
    same = (pattern[piece_one] == pattern[piece_two]) & (piece_one != piece_two)
    # One-way streets join only head to tail.
    one_way = ((pattern[piece_one] & 3) == 1) | ((pattern[piece_one] & 3) == 2)
    same &= ~one_way | ((one < count) != (two < count))
    partner = np.full(2 * count, -1, dtype=np.int64)
    partner[one[same]] = two[same]
    partner[two[same]] = one[same]

    free_start = partner[:count] < 0
    free_end = partner[count:] < 0
    chains: list[list[int]] = [[p] for p in np.flatnonzero(free_start & free_end).tolist()]
    partner_list = partner.tolist()
    seen = (free_start & free_end).tolist()
    seeds = np.flatnonzero(free_start ^ free_end).tolist()
    rings = np.flatnonzero(~free_start & ~free_end).tolist()
    for seed in [*seeds, *rings]:
        if seen[seed]:
            continue
        # Walk from the free end (rings: from anywhere) to the other.
        chain: list[int] = []
        piece, reverse = seed, not free_start[seed] and bool(free_end[seed])
        while not seen[piece]:
            seen[piece] = True
            chain.append(-piece - 1 if reverse else piece)
            exit_end = piece if reverse else piece + count
            following = partner_list[exit_end]
            if following < 0:
                break
            piece = following % count
            reverse = following >= count
        # Keep the drawing direction of one-way streets.
        if chain[0] < 0 and (pattern[-chain[0] - 1] & 3) in {1, 2}:
            chain = [-signed - 1 for signed in reversed(chain)]
        chains.append(chain)
    return chains


def _network(
    parsed: ParsedStreets,
    mode: NetworkMode,
    speeds: Mapping[str, Any],
    vertices: _Vertices,
    pieces: _Pieces,
    chains: list[list[int]],
) -> ModeNetwork:
    signed = np.array([piece for chain in chains for piece in chain], dtype=np.int64)
    chain_length = np.array([len(chain) for chain in chains], dtype=np.int64)
    piece = np.where(signed < 0, -signed - 1, signed)
    reverse = signed < 0
    # Segments (not vertices) in chain order: each piece gives count - 1 of them.
    segments = pieces.count[piece] - 1
    total = int(segments.sum())
    step = np.arange(total) - np.repeat(np.cumsum(segments) - segments, segments)
    flipped = np.repeat(reverse, segments)
    base = np.repeat(pieces.first[piece], segments)
    size = np.repeat(segments, segments)
    near = np.where(flipped, base + size - step, base + step)
    far = np.where(flipped, near - 1, near + 1)
    owner = np.minimum(near, far)  # the vertex that begins the segment as drawn
    length = great_circle_m(
        vertices.longitude[near],
        vertices.latitude[near],
        vertices.longitude[far],
        vertices.latitude[far],
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        along = np.where(flipped, vertices.speed_backward[owner], vertices.speed_forward[owner])
        against = np.where(flipped, vertices.speed_forward[owner], vertices.speed_backward[owner])
        seconds = _with_durations(parsed, vertices, owner, length)
        plain_along, plain_against = length / (along / 3.6), length / (against / 3.6)
    if not np.isnan(vertices.elevation).all():
        climb = vertices.elevation[far] - vertices.elevation[near]
        plain_along /= slope_factor(mode, climb, length, speeds["slope"])
        plain_against /= slope_factor(mode, -climb, length, speeds["slope"])
    stated = ~np.isnan(seconds)
    time_along = np.where(stated & (along > 0), seconds, plain_along)
    time_against = np.where(stated & (against > 0), seconds, plain_against)

    edge_segments = np.add.reduceat(segments, np.cumsum(chain_length) - chain_length)
    edge_first = np.cumsum(edge_segments) - edge_segments
    edge = np.repeat(np.arange(chain_length.size), edge_segments)
    is_first = np.zeros(total, dtype=bool)
    is_first[edge_first] = True
    # A vertex inside an edge may hold a light or a gate: its delay falls on the segment that leaves it.
    inner_delay = np.where(is_first, 0.0, vertices.delay[near])
    can_forward = np.minimum.reduceat(along, edge_first) > 0
    can_backward = np.minimum.reduceat(against, edge_first) > 0
    finite_along = np.where(can_forward[edge], time_along, 0.0) + inner_delay
    finite_against = np.where(can_backward[edge], time_against, 0.0) + inner_delay

    # Vertex arrays: each edge has one vertex more than segments.
    edge_count = chain_length.size
    shape_ptr = np.concatenate([[0], np.cumsum(edge_segments + 1)]).astype(np.int64)
    at = np.arange(total) + edge  # vertex slot of each segment's near end
    vertex_total = int(shape_ptr[-1])
    shape_longitude, shape_latitude = np.empty(vertex_total), np.empty(vertex_total)
    shape_longitude[at], shape_latitude[at] = vertices.longitude[near], vertices.latitude[near]
    last_segment = edge_first + edge_segments - 1
    tail_slot = shape_ptr[1:] - 1
    shape_longitude[tail_slot] = vertices.longitude[far[last_segment]]
    shape_latitude[tail_slot] = vertices.latitude[far[last_segment]]
    shape_way = np.empty(vertex_total, dtype=np.int64)
    shape_way[at] = vertices.way[owner]
    shape_way[tail_slot] = vertices.way[owner[last_segment]]
    shape_forward = _running(finite_along, at, shape_ptr, vertex_total)
    shape_backward = _running(finite_against, at, shape_ptr, vertex_total)

    start_node = vertices.node[near[edge_first]]
    end_node = vertices.node[far[last_segment]]
    pattern = vertices.pattern[owner[edge_first]]
    nodes, compact = np.unique(np.concatenate([start_node, end_node]), return_inverse=True)
    start, end = compact[:edge_count], compact[edge_count:]
    node_delay = np.zeros(vertices.node_count)
    np.maximum.at(node_delay, vertices.node, vertices.delay)
    edge_length = np.add.reduceat(length, edge_first)
    region = restricted_regions(
        start, end, (pattern & 8) > 0, edge_length, nodes.size, speeds["snapping"]
    )
    delay_start, delay_end = arm_delays(
        parsed, mode, speeds, start, end, pattern, region >= 0, shape_ptr, shape_longitude, shape_latitude,
        shape_way, node_delay[nodes],
    )  # fmt: skip

    total_forward = delay_start + shape_forward[tail_slot] + delay_end
    total_backward = delay_start + shape_backward[tail_slot] + delay_end
    time_forward = np.where(can_forward, np.rint(total_forward * _TICKS_PER_S), NO_WAY)
    time_backward = np.where(can_backward, np.rint(total_backward * _TICKS_PER_S), NO_WAY)
    slot_of_node = np.full(vertices.node_count, -1, dtype=np.int64)
    slot_of_node[nodes] = np.arange(nodes.size)
    lon_of, lat_of = np.empty(nodes.size), np.empty(nodes.size)
    lon_of[start], lat_of[start] = shape_longitude[shape_ptr[:-1]], shape_latitude[shape_ptr[:-1]]
    lon_of[end], lat_of[end] = shape_longitude[tail_slot], shape_latitude[tail_slot]

    arms = Arms(
        start=start,
        end=end,
        can_forward=can_forward,
        can_backward=can_backward,
        way_at_start=shape_way[shape_ptr[:-1]],
        way_at_end=shape_way[tail_slot],
        beside_start=vertices.node[far[edge_first]],
        beside_end=vertices.node[near[last_segment]],
        slot_of_node=slot_of_node,
    )
    rules = [rule for rule in parsed.restrictions if mode in rule.modes]
    states = expand_turns(arms, rules)
    copied = np.where(
        states.copy_arc & 1, time_backward[states.copy_arc >> 1], time_forward[states.copy_arc >> 1]
    )
    indptr, indices, weights = search_graph(
        states.count,
        np.concatenate([states.pass_forward[can_forward], states.pass_backward[can_backward], states.copy_tail, states.from_state]),
        np.concatenate([states.head_forward[can_forward], states.head_backward[can_backward], states.copy_head, states.to_state]),
        np.concatenate([time_forward[can_forward], time_backward[can_backward], copied, np.zeros(states.from_state.size)]),
    )  # fmt: skip
    directions = [
        (can_forward, states.pass_forward, states.head_forward),
        (can_backward, states.pass_backward, states.head_backward),
    ]
    is_open = connected_edges(indptr, indices, directions, edge_length, speeds["snapping"])
    return ModeNetwork(
        state_longitude=lon_of[states.node],
        state_latitude=lat_of[states.node],
        indptr=indptr,
        indices=indices,
        weights=weights,
        tail_forward=np.where(can_forward, states.tail_forward, -1),
        head_forward=np.where(can_forward, states.head_forward, -1),
        tail_backward=np.where(can_backward, states.tail_backward, -1),
        head_backward=np.where(can_backward, states.head_backward, -1),
        time_forward=time_forward.astype(np.int64),
        time_backward=time_backward.astype(np.int64),
        delay_start=delay_start,
        delay_end=delay_end,
        edge_region=region,
        edge_open=is_open & ((pattern & 4) == 0),
        edge_fast=(pattern & (16 + 64)) > 0,
        copy_tail=states.copy_tail,
        copy_head=states.copy_head,
        copy_arc=states.copy_arc,
        shape_ptr=shape_ptr,
        shape_longitude=shape_longitude,
        shape_latitude=shape_latitude,
        shape_forward=shape_forward,
        shape_backward=shape_backward,
        shape_way=shape_way,
        settings={
            "mode": mode,
            "restricted_entry_s": speeds["restricted_entry_s"].get(mode, 0.0),
            "link_kph": speeds["link_kph"][mode],
            "access_kph": speeds["pushchair_kph" if mode == "pushchair" else "walk_kph"],
        },
    )


def _with_durations(
    parsed: ParsedStreets, vertices: _Vertices, owner: Ints, length: Floats
) -> Floats:
    """Seconds of the segments whose way says how long it takes (ferries); nan elsewhere."""
    stated = np.array([m.duration_s for m in parsed.meanings])[parsed.way_meaning]
    if np.isnan(stated).all():
        return np.full(length.size, np.nan)
    way = vertices.way[owner]
    whole = np.bincount(way, weights=length, minlength=parsed.way_meaning.size)
    with np.errstate(divide="ignore", invalid="ignore"):
        seconds: Floats = stated[way] * length / whole[way]
    return seconds


def _running(seconds: Floats, at: Ints, shape_ptr: Ints, vertex_total: int) -> Floats:
    """Sum seconds along each edge, starting from 0 at its first vertex."""
    steps = np.zeros(vertex_total)
    steps[at + 1] = seconds
    running = np.cumsum(steps)
    counts = np.diff(shape_ptr)
    result: Floats = running - np.repeat(running[shape_ptr[:-1]], counts)
    return result


def search_graph(
    count: int, tail: Ints, head: Ints, weight: Floats
) -> tuple[NDArray[np.int32], NDArray[np.int32], Floats]:
    """Sort arcs into CSR and keep the fastest of parallel ones (scipy would add them up)."""
    order = np.lexsort((weight, head, tail))
    tail, head, weight = tail[order], head[order], weight[order]
    fresh = np.ones(tail.size, dtype=bool)
    fresh[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    fresh &= tail != head
    tail, head, weight = tail[fresh], head[fresh], weight[fresh]
    indptr = np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=count))])
    return indptr.astype(np.int32), head.astype(np.int32), weight.astype(np.float64)
