"""Which edges are open, and which only to those who go there: base access, and access at an hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpe_geo.crs import great_circle_m
from rpe_geo.travel.streets.conditional import tags_at, without_conditions
from rpe_geo.travel.streets.junctions import restricted_regions
from rpe_geo.travel.streets.mode_network import ENTRY_TICKS, NO_WAY, TICKS_PER_MIN, ModeNetwork
from rpe_geo.travel.streets.tags import NetworkMode, WayMeaning, WayRules

__all__ = ["EdgeAccess", "access_at", "search_graph", "set_access", "weighed"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class EdgeAccess:
    """
    Who may use each edge.

    Parameters
    ----------
    forward, backward
        Whether it is open as drawn, and against it.
    ends
        Whether only to those who live or go there.
    slower_forward, slower_backward
        Times what the shape of the edge says (a bike is pushed where it may not be ridden).
    """

    forward: Bools
    backward: Bools
    ends: Bools
    slower_forward: Floats
    slower_backward: Floats


def entering(
    start: Ints,
    end: Ints,
    access: EdgeAccess,
    length_m: Floats,
    node_count: int,
    rules: Mapping[str, Any],
) -> tuple[Ints, Bools, Bools]:
    """
    Find the areas of restricted access, and the arcs that enter them.

    Parameters
    ----------
    start, end
        Junctions of each edge.
    access
        Who may use each edge.
    length_m
        Length of each edge.
    node_count
        Number of junctions.
    rules
        The parameter `snapping`.

    Returns
    -------
    tuple of ndarray
        Area of each edge, -1 for none; whether the edge is entered from outside at its start, and at its end.
    """
    usable = access.forward | access.backward
    ends = access.ends & usable
    if not ends.any():
        nowhere = np.zeros(start.size, dtype=bool)
        return np.full(start.size, -1, dtype=np.int64), nowhere, nowhere
    region = restricted_regions(start, end, ends, usable, length_m, node_count, rules)
    inside = region >= 0
    outside = usable & ~inside
    open_here = np.zeros(node_count, dtype=bool)
    open_here[start[outside]] = True
    open_here[end[outside]] = True
    return region, inside & open_here[start], inside & open_here[end]


def lengths_of(shape_ptr: Ints, longitude: Floats, latitude: Floats) -> Floats:
    """Length of each edge in metres, of its shape (EPSG:4326)."""
    longitude, latitude = np.asarray(longitude), np.asarray(latitude)
    steps = great_circle_m(longitude[:-1], latitude[:-1], longitude[1:], latitude[1:])
    steps = np.concatenate([[0.0], steps])
    steps[shape_ptr[:-1]] = 0.0
    total: Floats = np.add.reduceat(steps, shape_ptr[:-1])
    return total


def weighed(network: ModeNetwork, access: EdgeAccess, rules: Mapping[str, Any]) -> ModeNetwork:
    """
    Give a network the weights that follow from who may use its edges.

    Parameters
    ----------
    network
        Its edges, with the times that they take when they are open.
    access
        Who may use each edge.
    rules
        The parameter `snapping`.

    Returns
    -------
    ModeNetwork
        The same states and arcs, those that are closed with the weight `inf`, so that an order of the states serves both.
    """
    last = network.shape_ptr[1:] - 1
    delays = np.asarray(network.delay_start) + np.asarray(network.delay_end)
    junctions = int(max(network.edge_start.max(), network.edge_end.max())) + 1
    length = lengths_of(network.shape_ptr, network.shape_longitude, network.shape_latitude)
    region, at_start, at_end = entering(
        network.edge_start, network.edge_end, access, length, junctions, rules
    )

    def ticks(running: Floats, possible: Bools, is_open: Bools, enters: Bools) -> Ints:
        whole = np.rint((delays + running[last]) * TICKS_PER_MIN / 60)
        return np.where(possible & is_open, whole + ENTRY_TICKS * enters, NO_WAY).astype(np.int64)

    forward = _slowed(network, network.shape_forward, access.slower_forward)
    backward = _slowed(network, network.shape_backward, access.slower_backward)
    changed = replace(
        network,
        time_forward=ticks(forward, network.tail_forward >= 0, access.forward, at_start),
        time_backward=ticks(backward, network.tail_backward >= 0, access.backward, at_end),
        shape_forward=forward,
        shape_backward=backward,
        edge_region=region,
        settings={**network.settings, "has_regions": bool((region >= 0).any())},
    )
    tail, head, _, weight = changed.arcs(closed=True)
    turns = changed.turn_tail
    indptr, indices, weights = search_graph(
        network.state_count,
        np.concatenate([tail, turns]),
        np.concatenate([head, changed.turn_head]),
        np.concatenate([np.where(weight >= NO_WAY, np.inf, weight), np.zeros(turns.size)]),
    )
    return replace(changed, indptr=indptr, indices=indices, weights=weights)


def _slowed(network: ModeNetwork, running: Floats, slower: Floats) -> Floats:
    """Stretch the seconds along the edges whose pace is another."""
    if (slower == 1.0).all():
        return np.asarray(running)
    return np.asarray(running) * np.repeat(slower, np.diff(network.shape_ptr))


def access_at(network: ModeNetwork, rules: WayRules, when: datetime) -> EdgeAccess | None:
    """
    Say who may use each edge at a moment.

    Parameters
    ----------
    network
        Its `settings` hold the tags of ways with conditions.
    rules
        How tags are read.
    when
        Local time.

    Returns
    -------
    EdgeAccess or None
        None where nothing differs from the access without an hour. What is closed at that hour alone keeps its doors: those who
        live or go there pass.
    """
    conditions: list[dict[str, str]] = network.settings.get("conditions", [])
    mode: NetworkMode = network.settings["mode"]
    if not conditions:
        return None
    now = EdgeAccess(
        np.asarray(network.time_forward) < NO_WAY,
        np.asarray(network.time_backward) < NO_WAY,
        np.asarray(network.edge_ends).copy(),
        np.ones(network.edge_count),
        np.ones(network.edge_count),
    )
    changed = False
    for number, tags in enumerate(conditions):
        at = np.flatnonzero(np.asarray(network.edge_condition) == number)
        usual, meaning = rules.way(tags), rules.way(without_conditions(tags_at(tags, when)))
        if not at.size or usual is None:
            continue
        changed |= _differs(usual, meaning, mode)
        set_access(now, at, usual, meaning, mode, keep_doors=True)
    return now if changed else None


def _differs(usual: WayMeaning, meaning: WayMeaning | None, mode: NetworkMode) -> bool:
    """Whether a way differs at an hour from what it is without one."""
    if meaning is None:
        return mode in usual.speeds
    return usual.speeds.get(mode) != meaning.speeds.get(mode) or (mode in usual.restricted) != (
        mode in meaning.restricted
    )


def set_access(
    access: EdgeAccess,
    at: Ints,
    usual: WayMeaning,
    meaning: WayMeaning | None,
    mode: NetworkMode,
    *,
    keep_doors: bool,
) -> None:
    """
    Set who may use some edges of one way.

    Parameters
    ----------
    access
        Changed in place.
    at
        The edges; they follow the way as drawn.
    usual
        The way with its conditions.
    meaning
        The way as it is now; None where nobody may pass.
    mode
        The mode.
    keep_doors
        Where the way is closed now and open at other times, let those pass who live or go there.
    """
    nothing = (0.0, 0.0)
    best = usual.at_best.get(mode, nothing)
    pair = nothing if meaning is None else meaning.speeds.get(mode, nothing)
    if max(pair) == 0 and keep_doors and max(usual.speeds.get(mode, nothing)) > 0:
        access.ends[at] = True
        pair = usual.speeds[mode]
    else:
        access.ends[at] = meaning is not None and mode in meaning.restricted
    access.forward[at], access.backward[at] = pair[0] > 0, pair[1] > 0
    before = usual.speeds.get(mode, nothing) if keep_doors else nothing
    access.slower_forward[at] = (before[0] or best[0]) / pair[0] if pair[0] else 1.0
    access.slower_backward[at] = (before[1] or best[1]) / pair[1] if pair[1] else 1.0


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
