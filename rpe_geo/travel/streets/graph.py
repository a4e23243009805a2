"""From ways to the graph of one mode: junctions, and edges with their shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpe_geo.crs import great_circle_m
from rpe_geo.travel.streets.junctions import arm_delays, connected_edges
from rpe_geo.travel.streets.mode_network import NO_WAY, TICKS_PER_MIN, ModeNetwork
from rpe_geo.travel.streets.openings import EdgeAccess, set_access, weighed
from rpe_geo.travel.streets.osm_file import ParsedStreets
from rpe_geo.travel.streets.slopes import elevation_along, slope_factor
from rpe_geo.travel.streets.tags import NetworkMode
from rpe_geo.travel.streets.turns import Arms, expand_turns

__all__ = ["build_mode_network"]

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
    # What the condition that opens most leaves open is part of the network; hours close it again.
    best = [(m.at_best or m.speeds).get(mode, (0.0, 0.0)) for m in parsed.meanings]
    forward, backward = np.array([pair[0] for pair in best]), np.array([pair[1] for pair in best])
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
    private = np.zeros(parsed.longitude.size, dtype=bool)
    for index, meaning in parsed.node_meaning.items():
        delay_of[index] = meaning.delay_s.get(mode, 0.0)
        blocked[index] = mode in meaning.blocked
        private[index] = mode in meaning.ends
    kept = np.zeros(parsed.longitude.size, dtype=bool)
    for restriction in parsed.restrictions:
        if mode in restriction.modes:
            kept[[restriction.via_nodes[0], restriction.via_nodes[-1]]] = True

    longitude, latitude, delay = parsed.longitude[node], parsed.latitude[node], delay_of[node]
    elevation = elevation_along(parsed)[inside]
    torn = _tear(node, last, blocked, private, parsed.longitude.size)
    node, last, node_count, at = torn.node, torn.last, torn.node_count, torn.source
    way, longitude, latitude = way[at], longitude[at], latitude[at]
    elevation, delay = elevation[at], np.where(torn.gate, 0.0, delay[at])
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
            + 128 * (number + 1 if m.conditional else 0)
            for number, (m, f, b) in enumerate(zip(meanings, forward, backward, strict=True))
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
        pattern=pattern_of[parsed.way_meaning[way]] | np.where(torn.gate, 8, 0),
        kept=np.concatenate([kept, np.zeros(node_count - kept.size, dtype=bool)]),
    )


@dataclass
class _Torn:
    """Vertices once the barriers are in place: where each comes from, its node, whether it ends its run, whether a gate begins."""

    source: Ints
    node: Ints
    last: Bools
    gate: Bools
    node_count: int


def _tear(node: Ints, last: Bools, blocked: Bools, private: Bools, node_count: int) -> _Torn:
    """
    Tear the network apart at barriers: each segment that touches one ends in a node of its own.

    A gate that only those pass who live or go behind it is a stretch without length between two such nodes, or between one and
    the node itself where a way ends there.
    """
    every = np.arange(node.size)
    if not (blocked[node].any() or private[node].any()):
        return _Torn(every, node, last, np.zeros(node.size, dtype=bool), node_count)
    begins = np.concatenate([[True], last[:-1]])
    inner = ~begins & ~last
    wall, gate = blocked[node], private[node] & ~blocked[node]
    # Copies of each vertex: two at a wall inside a way, three or four at a gate (the end of a run, the gate, the next run).
    repeats = np.where(wall & inner, 2, np.where(gate, np.where(inner, 4, 3), 1))
    source = np.repeat(every, repeats)
    copy = np.arange(source.size) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    kind = np.where(gate, np.where(inner, 2, np.where(last, 3, 4)), np.where(wall & inner, 1, 0))[
        source
    ]
    new_last = last[source].copy()
    new_last[(kind == 1) & (copy == 0)] = True
    # An inner gate: A| A.B| B ; at the end of a way: A| A.N| ; at its beginning: N.A| A
    new_last[kind == 2] = np.isin(copy[kind == 2], (0, 2))
    new_last[kind == 3] = copy[kind == 3] != 1
    new_last[kind == 4] = copy[kind == 4] == 1
    is_gate = ((kind == 2) | (kind == 3)) & (copy == 1) | ((kind == 4) & (copy == 0))
    # Torn nodes: each run's end has its own; both sides of a gate share theirs with the gate.
    own = wall[source] & (kind <= 1)
    side = np.zeros(source.size, dtype=np.int64)
    side[(kind == 2) & (copy >= 2)] = 1
    torn_gate = (kind == 2) | ((kind == 3) & (copy <= 1)) | ((kind == 4) & (copy >= 1))
    new_node = node[source].copy()
    new_node[own] = node_count + np.arange(int(own.sum()))
    beyond = node_count + int(own.sum())
    keys = 2 * source[torn_gate] + side[torn_gate]
    numbers, compact = np.unique(keys, return_inverse=True)
    new_node[torn_gate] = beyond + compact
    return _Torn(source, new_node, new_last, is_gate, beyond + numbers.size)


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
    # So do those with conditions, whose direction counts at their hours.
    directed = ((pattern & 3) == 1) | ((pattern & 3) == 2) | (pattern >= 128)
    one_way = directed[piece_one]
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
        if chain[0] < 0 and directed[-chain[0] - 1]:
            chain = [-signed - 1 for signed in reversed(chain)]
        chains.append(chain)
    return chains


def _network(  # noqa: PLR0915 - one pass, step by step
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
    delay_start, delay_end = arm_delays(
        parsed, mode, speeds, start, end, pattern, shape_ptr, shape_longitude, shape_latitude,
        shape_way, node_delay[nodes],
    )  # fmt: skip
    access, condition = _access(parsed, mode, pattern, can_forward, can_backward)

    total_forward = delay_start + shape_forward[tail_slot] + delay_end
    total_backward = delay_start + shape_backward[tail_slot] + delay_end
    ticks_forward = np.where(can_forward, np.rint(total_forward * _TICKS_PER_S), NO_WAY)
    ticks_backward = np.where(can_backward, np.rint(total_backward * _TICKS_PER_S), NO_WAY)
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
    network = ModeNetwork(
        state_longitude=lon_of[states.node],
        state_latitude=lat_of[states.node],
        indptr=np.zeros(states.count + 1, dtype=np.int32),
        indices=np.zeros(0, dtype=np.int32),
        weights=np.zeros(0),
        tail_forward=np.where(can_forward, states.tail_forward, -1),
        head_forward=np.where(can_forward, states.head_forward, -1),
        tail_backward=np.where(can_backward, states.tail_backward, -1),
        head_backward=np.where(can_backward, states.head_backward, -1),
        time_forward=ticks_forward.astype(np.int64),
        time_backward=ticks_backward.astype(np.int64),
        delay_start=delay_start,
        delay_end=delay_end,
        edge_start=start,
        edge_end=end,
        edge_ends=access.ends,
        edge_condition=condition,
        edge_region=np.full(edge_count, -1, dtype=np.int64),
        edge_open=np.ones(edge_count, dtype=bool),
        edge_fast=(pattern & (16 + 64)) > 0,
        copy_tail=states.copy_tail,
        copy_head=states.copy_head,
        copy_arc=states.copy_arc,
        turn_tail=states.from_state,
        turn_head=states.to_state,
        shape_ptr=shape_ptr,
        shape_longitude=shape_longitude,
        shape_latitude=shape_latitude,
        shape_forward=shape_forward,
        shape_backward=shape_backward,
        shape_way=shape_way,
        settings={
            "mode": mode,
            "link_kph": speeds["link_kph"][mode],
            "access_kph": speeds["pushchair_kph" if mode == "pushchair" else "walk_kph"],
            "french": parsed.french,
            "conditions": [dict(m.conditional) for m in parsed.meanings if m.conditional]
            if (condition >= 0).any()
            else [],
        },
    )
    network = weighed(network, access, speeds["snapping"])
    is_open = connected_edges(network, edge_length, speeds["snapping"])
    return replace(network, edge_open=is_open & ((pattern & 4) == 0))


def _access(
    parsed: ParsedStreets, mode: NetworkMode, pattern: Ints, can_forward: Bools, can_backward: Bools
) -> tuple[EdgeAccess, Ints]:
    """Say who may use each edge when no hour is given; and which conditions it has, -1 for none."""
    number = (pattern >> 7) - 1
    numbered = [n for n, m in enumerate(parsed.meanings) if m.conditional]
    rank = np.full(len(parsed.meanings) + 1, -1, dtype=np.int64)
    rank[numbered] = np.arange(len(numbered))
    count = pattern.size
    access = EdgeAccess(
        can_forward.copy(), can_backward.copy(), (pattern & 8) > 0, np.ones(count), np.ones(count)
    )
    for meaning in numbered:
        usual = parsed.meanings[meaning]
        at = np.flatnonzero(number == meaning)
        set_access(access, at, usual, usual, mode, keep_doors=False)
    return access, rank[number]


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
