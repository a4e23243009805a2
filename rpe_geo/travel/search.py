"""Shortest times between places of a network, by scipy or by the hierarchy, with the same results."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from rpe_geo.crs import EARTH_RADIUS_M, great_circle_m
from rpe_geo.travel.contraction import Hierarchy
from rpe_geo.travel.snapping import Snapped
from rpe_geo.travel.streets.mode_network import ENTRY_TICKS, NO_WAY, TICKS_PER_MIN, ModeNetwork
from rpe_geo.travel.sweep import Places, Sweep

__all__ = [
    "BoundedSearch",
    "Ends",
    "distances_from_all",
    "search_by_hierarchy",
    "street_minutes",
    "swept_minutes",
]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_TICKS_PER_S = TICKS_PER_MIN / 60
_CHUNK_CELLS = 8_000_000
_PLACES = 50
_FEW_CELLS = 20_000
_MANY_STATES = 100_000
_LARGE_PART = 0.3


@dataclass(frozen=True)
class Ends:
    """
    Where searches begin or end: two states per place, with the ticks between the place and each; `inf` is forbidden.

    Parameters
    ----------
    states
        Shape (places, 2): by the drawn direction of the edge, then against it.
    ticks
        Same shape.
    """

    states: Ints
    ticks: Floats

    @classmethod
    def leaving(cls, network: ModeNetwork, places: Snapped) -> Self:
        """Ends from which one leaves along the edge, either way that is allowed."""
        edge = places.edge
        last = network.shape_ptr[edge + 1] - 1
        ahead = network.shape_forward[last] - places.forward_s + network.delay_end[edge]
        behind = places.backward_s + network.delay_start[edge]
        return cls._of(network, edge, ahead, behind, network.head_forward, network.head_backward)

    @classmethod
    def arriving(cls, network: ModeNetwork, places: Snapped) -> Self:
        """Ends at which one arrives along the edge, either way that is allowed."""
        edge = places.edge
        last = network.shape_ptr[edge + 1] - 1
        ahead = places.forward_s + network.delay_start[edge]
        behind = network.shape_backward[last] - places.backward_s + network.delay_end[edge]
        # A door on a street that one enters only to go there: reached by one entry, as those farther inside.
        enters = ENTRY_TICKS / _TICKS_PER_S
        times = network.time_forward[edge], network.time_backward[edge]
        ahead = ahead + enters * ((times[0] >= ENTRY_TICKS) & (times[0] < NO_WAY))
        behind = behind + enters * ((times[1] >= ENTRY_TICKS) & (times[1] < NO_WAY))
        return cls._of(network, edge, ahead, behind, network.tail_forward, network.tail_backward)

    @classmethod
    def _of(
        cls,
        network: ModeNetwork,
        edge: Ints,
        ahead: Floats,
        behind: Floats,
        state_forward: Ints,
        state_backward: Ints,
    ) -> Self:
        forward = network.time_forward[edge] < NO_WAY
        backward = network.time_backward[edge] < NO_WAY
        states = np.column_stack([state_forward[edge], state_backward[edge]])
        ticks = np.column_stack(
            [np.where(forward, ahead, np.inf), np.where(backward, behind, np.inf)]
        )
        # Whole ticks, as the weights of the network: every way of searching then gives the same time to the bit.
        return cls(np.maximum(states, 0), np.rint(ticks * _TICKS_PER_S))


Search = Callable[[Ends, Ends], Floats]


def search_by_hierarchy(hierarchy: Hierarchy, origins: Ends, destinations: Ends) -> Floats:
    """Return ticks from each origin to each destination through the network; `inf` where there is no way."""
    targets, target_at = np.unique(destinations.states, return_inverse=True)
    target_at = target_at.reshape(destinations.states.shape)
    result = np.empty((origins.states.shape[0], destinations.states.shape[0]))
    rows = max(1, _CHUNK_CELLS // max(1, 2 * targets.size))
    for begin in range(0, result.shape[0], rows):
        part = slice(begin, begin + rows)
        sources, source_at = np.unique(origins.states[part], return_inverse=True)
        source_at = source_at.reshape(-1, 2)
        table = hierarchy.table(sources, targets)
        arriving = np.minimum(
            table[:, target_at[:, 0]] + destinations.ticks[:, 0],
            table[:, target_at[:, 1]] + destinations.ticks[:, 1],
        )
        result[part] = np.minimum(
            arriving[source_at[:, 0]] + origins.ticks[part, 0, None],
            arriving[source_at[:, 1]] + origins.ticks[part, 1, None],
        )
    return result


class BoundedSearch:
    """
    Bounded Dijkstra by scipy from places on edges.

    Parameters
    ----------
    network
        The network of one mode.

    Notes
    -----
    Each place is one more node, with an arc to each state where it enters the network. These nodes stand ready behind the
    network's own, so that a search changes a few numbers and copies nothing, however large the network.

    In a large network only the states around the places are searched: nothing farther away, as the crow flies, than the
    limit at the greatest speed of any arc can be reached, so the result is the same.
    """

    def __init__(self, network: ModeNetwork) -> None:
        self._network = network
        self._count = network.state_count
        arcs = network.indices.size
        extra = np.arange(1, _PLACES + 1, dtype=np.int32) * 2
        self._weights = np.concatenate([network.weights, np.full(2 * _PLACES, np.inf)])
        self._indices = np.concatenate([network.indices, np.zeros(2 * _PLACES, dtype=np.int32)])
        self._graph = csr_array(
            (self._weights, self._indices, np.concatenate([network.indptr, arcs + extra])),
            shape=(self._count + _PLACES,) * 2,
        )
        self._arcs = arcs
        self._lock = threading.Lock()
        self._surroundings = _Surroundings(network) if self._count > _MANY_STATES else None
        self._inside = Inside(network) if network.settings.get("has_regions") else None

    def distances(self, origins: Ends, limit_ticks: float) -> Floats:
        """Return ticks from each origin (50 at most) to every state; `inf` beyond the limit."""
        rows = origins.states.shape[0]
        part = slice(self._arcs, self._arcs + 2 * rows)
        with self._lock:
            self._graph.indices[part] = origins.states.ravel()
            self._graph.data[part] = origins.ticks.ravel()
            found: Floats = dijkstra(
                self._graph,
                directed=True,
                indices=np.arange(self._count, self._count + rows),
                limit=limit_ticks,
            )
        return found[:, : self._count]

    def table(self, origins: Ends, destinations: Ends, limit_ticks: float) -> Floats:
        """Return ticks from each origin to each destination, no farther than a limit; `inf` where there is no way."""
        result = np.empty((origins.states.shape[0], destinations.states.shape[0]))
        rows = max(1, min(_PLACES, _CHUNK_CELLS // max(1, self._count)))
        for begin in range(0, result.shape[0], rows):
            part = slice(begin, begin + rows)
            some = Ends(origins.states[part], origins.ticks[part])
            goals = destinations.states
            around = self._surroundings
            near = None if around is None else around.part(some, limit_ticks)
            if near is None:
                found = self.distances(some, limit_ticks)
                if self._inside is not None:
                    found = self._inside.reach(found, limit_ticks)
            else:
                found, goals = near.distances(some, limit_ticks), near.numbers(goals)
                if self._inside is not None:
                    found = near.whole(found, self._count)
                    found, goals = self._inside.reach(found, limit_ticks), destinations.states
            result[part] = np.minimum(
                found[:, goals[:, 0]] + destinations.ticks[:, 0],
                found[:, goals[:, 1]] + destinations.ticks[:, 1],
            )
        return result


class Inside:
    """
    The streets of areas that one enters only to go there, as a graph of their own: what lies inside is reached from their edges.

    Parameters
    ----------
    network
        A network with such areas.
    """

    def __init__(self, network: ModeNetwork) -> None:
        count = network.state_count
        tail, head, arc, ticks = network.arcs()
        within = np.asarray(network.edge_region)[arc >> 1] >= 0
        # Where one can begin to be inside: the tails of the arcs that enter.
        self._gates = np.unique(tail[within & (ticks >= ENTRY_TICKS)])
        self._head = np.concatenate([head[within], network.turn_head])
        self._weight = np.concatenate(
            [(ticks[within] % ENTRY_TICKS).astype(float), np.zeros(network.turn_tail.size)]
        )
        tails = np.concatenate([tail[within], network.turn_tail])
        order = np.lexsort((self._weight, self._head, tails))
        tails, self._head, self._weight = tails[order], self._head[order], self._weight[order]
        first = np.ones(tails.size, dtype=bool)
        first[1:] = (tails[1:] != tails[:-1]) | (self._head[1:] != self._head[:-1])
        tails, self._head, self._weight = tails[first], self._head[first], self._weight[first]
        self._indptr = np.concatenate([[0], np.cumsum(np.bincount(tails, minlength=count))])
        self._count = count

    def reach(self, found: Floats, limit_ticks: float) -> Floats:
        """Complete times to all states (a row per origin) by those inside, one entry more, no farther than a limit."""
        rows = found.shape[0]
        at_gates = np.where(found[:, self._gates] <= limit_ticks, found[:, self._gates], np.inf)
        seeds = np.isfinite(at_gates)
        if not seeds.any():
            return found
        row, column = np.nonzero(seeds)
        begins = self._indptr[-1] + np.concatenate([[0], np.cumsum(seeds.sum(axis=1))])
        graph = csr_array(
            (
                np.concatenate([self._weight, at_gates[row, column]]),
                np.concatenate([self._head, self._gates[column]]).astype(np.int32),
                np.concatenate([self._indptr, begins[1:]]).astype(np.int32),
            ),
            shape=(self._count + rows,) * 2,
        )
        inside: Floats = dijkstra(
            graph, indices=np.arange(self._count, self._count + rows), limit=limit_ticks
        )
        nearest: Floats = np.minimum(found, inside[:, : self._count] + ENTRY_TICKS)
        return nearest


class _Surroundings:
    """Cuts the part out of a large network that can be reached from some places within a limit."""

    def __init__(self, network: ModeNetwork) -> None:
        self._network = network
        self._longitude = np.asarray(network.state_longitude)
        self._latitude = np.asarray(network.state_latitude)
        self._by_latitude = np.argsort(self._latitude, kind="stable")
        self._sorted = self._latitude[self._by_latitude]
        tail = np.repeat(np.arange(network.state_count), np.diff(network.indptr))
        head = network.indices
        metres = great_circle_m(
            self._longitude[tail], self._latitude[tail], self._longitude[head], self._latitude[head]
        )
        moving = metres > 0
        self._top = float(
            (metres[moving] / np.maximum(network.weights[moving], 0.5)).max(initial=0)
        )

    def part(self, origins: Ends, limit_ticks: float) -> _Part | None:
        """Cut out what lies within reach; None where that is a large share of the network."""
        states = origins.states[np.isfinite(origins.ticks)]
        reach = np.degrees(limit_ticks * self._top / EARTH_RADIUS_M) * 1.001 + 1e-6
        south, north = self._latitude[states].min() - reach, self._latitude[states].max() + reach
        shrink = float(np.cos(np.radians(min(max(abs(south), abs(north)), 89.0))))
        west = self._longitude[states].min() - reach / shrink
        east = self._longitude[states].max() + reach / shrink
        first, last = np.searchsorted(self._sorted, [south, north])
        band = self._by_latitude[first:last]
        inside = band[(self._longitude[band] >= west) & (self._longitude[band] <= east)]
        if inside.size > _LARGE_PART * self._latitude.size:
            return None
        return _Part(self._network, np.sort(inside))


class _Part:
    """Part of a network, with states of its own; one more stands for all that lie outside."""

    def __init__(self, network: ModeNetwork, states: Ints) -> None:
        self._states = states
        first = network.indptr[states].astype(np.int64)
        counts = network.indptr[states + 1] - first
        owner = np.repeat(np.arange(states.size), counts)
        at = np.arange(owner.size) + np.repeat(first - np.cumsum(counts) + counts, counts)
        head = self.numbers(network.indices[at])
        kept = head < states.size
        self._head = head[kept].astype(np.int32)
        self._weight = network.weights[at[kept]]
        sizes = np.bincount(owner[kept], minlength=states.size)
        self._indptr = np.concatenate([[0], np.cumsum(sizes)])

    def numbers(self, states: Ints) -> Ints:
        """Numbers of the network's states in the part."""
        if not self._states.size:
            return np.zeros(states.shape, dtype=np.int64)
        at = np.minimum(np.searchsorted(self._states, states), self._states.size - 1)
        return np.where(self._states[at] == states, at, self._states.size)

    def whole(self, found: Floats, count: int) -> Floats:
        """Spread what was found in the part over all states of the network."""
        spread = np.full((found.shape[0], count), np.inf)
        spread[:, self._states] = found[:, : self._states.size]
        return spread

    def distances(self, origins: Ends, limit_ticks: float) -> Floats:
        """Ticks from each origin to every state of the part, and `inf` to the last."""
        rows, count = origins.states.shape[0], self._states.size
        heads = self.numbers(origins.states).ravel()
        indptr = np.concatenate(
            [self._indptr, [self._indptr[-1]], self._indptr[-1] + 2 * np.arange(1, rows + 1)]
        )
        graph = csr_array(
            (
                np.concatenate([self._weight, origins.ticks.ravel()]),
                np.concatenate([self._head, heads.astype(np.int32)]),
                indptr.astype(np.int32),
            ),
            shape=(count + 1 + rows,) * 2,
        )
        found: Floats = dijkstra(
            graph, directed=True, indices=np.arange(count + 1, count + 1 + rows), limit=limit_ticks
        )
        return found[:, : count + 1]


def distances_from_all(network: ModeNetwork, origins: Ends, limit_ticks: float) -> Floats:
    """Return ticks to every state from the nearest of many places, given as one row of states and ticks."""
    count = network.state_count
    allowed = np.isfinite(origins.ticks[0])
    graph = csr_array(
        (
            np.concatenate([network.weights, origins.ticks[0][allowed]]),
            np.concatenate([network.indices, origins.states[0][allowed].astype(np.int32)]),
            np.append(network.indptr, network.indptr[-1] + allowed.sum()).astype(np.int32),
        ),
        shape=(count + 1, count + 1),
    )
    found: Floats = dijkstra(graph, directed=True, indices=np.array([count]), limit=limit_ticks)
    if network.settings.get("has_regions"):
        found = Inside(network).reach(found[:, :count], limit_ticks)
        forget_entries(found)
    return found[0, :count]


def street_minutes(
    network: ModeNetwork, origins: Snapped, destinations: Snapped, search: Search
) -> Floats:
    """
    Return minutes from door to door between snapped places, on foot between the doors and the street.

    Parameters
    ----------
    network
        The network of one mode.
    origins, destinations
        Snapped places.
    search
        How to search between junctions.

    Returns
    -------
    ndarray
        Shape (origins, destinations); `inf` where there is no way.
    """
    ticks = search(Ends.leaving(network, origins), Ends.arriving(network, destinations))
    if network.settings.get("has_regions"):
        forget_entries(ticks)
    row, column, direct = _along_one_edge(network, origins, destinations)
    ticks[row, column] = np.minimum(ticks[row, column], direct)
    ticks /= TICKS_PER_MIN
    ticks += origins.access_min[:, None]
    ticks += destinations.access_min[None, :]
    return ticks


def swept_minutes(
    network: ModeNetwork,
    origins: Snapped,
    destinations: Snapped,
    sweep: Sweep,
    cutoff_min: float,
) -> Floats:
    """Return what `street_minutes` returns, by a sweep; times above the cutoff are `inf`."""
    leaving, arriving = Ends.leaving(network, origins), Ends.arriving(network, destinations)
    minutes = sweep.minutes(
        Places(leaving.states, leaving.ticks, origins.access_min),
        Places(arriving.states, arriving.ticks, destinations.access_min),
        cutoff_min,
    )
    row, column, direct = _along_one_edge(network, origins, destinations)
    direct /= TICKS_PER_MIN
    direct += origins.access_min[row]
    direct += destinations.access_min[column]
    direct[direct > cutoff_min] = np.inf
    minutes[row, column] = np.minimum(minutes[row, column], direct)
    return minutes


def forget_entries(ticks: Floats) -> None:
    """Take the weight of entering areas of restricted access off times that hold it: it is no time that anybody spends."""
    entered = (ticks >= ENTRY_TICKS) & np.isfinite(ticks)
    if entered.any():
        ticks[entered] %= ENTRY_TICKS


def _along_one_edge(
    network: ModeNetwork, origins: Snapped, destinations: Snapped
) -> tuple[Ints, Ints, Floats]:
    """Pairs of places that lie on one edge, with the ticks straight along it, where that is allowed."""
    row, column = _same_edge(origins.edge, destinations.edge)
    edge = origins.edge[row]
    ahead = destinations.forward_s[column] - origins.forward_s[row]
    behind = origins.backward_s[row] - destinations.backward_s[column]
    # Which of the two lies farther along the edge is told by the vertex, then by either running time.
    forward = np.where((network.time_forward[edge] < NO_WAY) & (ahead >= 0), ahead, np.inf)
    backward = np.where((network.time_backward[edge] < NO_WAY) & (behind >= 0), behind, np.inf)
    return row, column, np.minimum(forward, backward) * _TICKS_PER_S


def _same_edge(origins: Ints, destinations: Ints) -> tuple[Ints, Ints]:
    """Pairs of places that lie on one edge."""
    if origins.size * destinations.size <= _FEW_CELLS:
        row, column = np.nonzero(origins[:, None] == destinations[None, :])
        return row, column
    rows = np.flatnonzero(np.isin(origins, destinations))
    order = np.argsort(destinations, kind="stable")
    ordered = destinations[order]
    left = np.searchsorted(ordered, origins[rows], side="left")
    count = np.searchsorted(ordered, origins[rows], side="right") - left
    row = np.repeat(rows, count)
    step = np.arange(row.size) - np.repeat(np.cumsum(count) - count, count)
    return row, order[np.repeat(left, count) + step]
