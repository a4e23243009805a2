"""Large tables on a contracted network, by the compiled kernel `sweep.c` where the installation could build it."""

from __future__ import annotations

import ctypes
import threading
from dataclasses import dataclass
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rpe_geo.travel.streets.mode_network import ENTRY_TICKS, NO_WAY, TICKS_PER_MIN, ModeNetwork

__all__ = ["Places", "Sweep", "sweep_is_available"]

Floats = NDArray[np.float64]
Ticks = NDArray[np.uint32]
Vertices = NDArray[np.int32]

_NO_MEMORY = -2


@cache
def _kernel() -> ctypes.CDLL | None:
    """Open the compiled kernel; None where the installation had no C compiler."""
    for suffix in EXTENSION_SUFFIXES:
        path = Path(__file__).with_name(f"_sweep{suffix}")
        if path.is_file():
            try:
                library = ctypes.CDLL(str(path))
            except OSError:
                continue
            library.sweep_complete.restype = ctypes.c_int64
            library.sweep_select.restype = ctypes.c_int64
            return library
    return None


def sweep_is_available() -> bool:
    """Say whether the kernel was built here; without it RoutingKit computes tables, with the same results."""
    return _kernel() is not None


def _call(name: str, *arguments: int | ctypes.c_double | NDArray[Any]) -> int:
    """Call the kernel: integers as 64 bits, arrays by their address."""
    given = [
        ctypes.c_void_p(value.ctypes.data)
        if isinstance(value, np.ndarray)
        else ctypes.c_int64(value)
        if isinstance(value, int)
        else value
        for value in arguments
    ]
    result = int(getattr(_kernel(), name)(*given))
    if result == _NO_MEMORY:
        raise MemoryError(name)
    return result


@dataclass(frozen=True, eq=False)
class Places:
    """
    Places by the two states where each enters the network.

    Parameters
    ----------
    states
        Shape (places, 2).
    ticks
        Whole ticks between the place and each state, same shape; `inf` is forbidden.
    access_min
        Minutes between the door and the street.
    """

    states: NDArray[np.int64]
    ticks: Floats
    access_min: Floats

    def whole_ticks(self) -> Ticks:
        """The ticks as the kernel takes them."""
        return np.minimum(self.ticks, NO_WAY).astype(np.uint32)


@dataclass(frozen=True, eq=False)
class _Arcs:
    """Arcs by the vertex that they are kept at: those of `v` stand at `ptr[v]` to `ptr[v + 1]`."""

    ptr: NDArray[np.int64]
    heads: Vertices
    weights: Ticks

    @classmethod
    def kept(cls, ptr: NDArray[np.int64], heads: Vertices, weights: Ticks, by_lower: Ticks) -> Self:
        """Leave out what is no way, and what a way by higher vertices strictly beats: no shortest way needs it."""
        wanted = (weights < NO_WAY) & (weights == by_lower)
        before = np.concatenate([[0], np.cumsum(wanted)])
        return cls(before[ptr], heads[wanted], weights[wanted])

    def of(self, vertices: Vertices, number: Vertices) -> Self:
        """Only the arcs of some vertices, in their order, heads by new numbers."""
        first = self.ptr[vertices]
        sizes = self.ptr[vertices + 1] - first
        ptr = np.concatenate([[0], np.cumsum(sizes)])
        at = np.arange(ptr[-1]) + np.repeat(first - ptr[:-1], sizes)
        return type(self)(ptr, number[self.heads[at]], self.weights[at])


@dataclass(frozen=True, eq=False)
class _Selection:
    """What is passed on the way down to some destinations."""

    place: Vertices
    size: int
    down: _Arcs
    places: Vertices
    ticks: Ticks


class Sweep:
    """
    A contracted and customised network, whose tables are swept: upwards from each origin, then down to all destinations at once.

    Parameters
    ----------
    network
        The network.
    order
        Its states, the least important first.

    Notes
    -----
    Restricted PHAST (Delling, Goldberg, Werneck, ATMOS 2011) on a customisable contraction hierarchy (Dibbelt, Strasser, Wagner,
    JEA 2016): sixteen origins share one pass over the vertices above the destinations. Nothing is kept between calls but the
    arrays, so threads may ask at the same time.
    """

    def __init__(self, network: ModeNetwork, order: Ticks) -> None:
        count = network.state_count
        self._rank = np.empty(count, dtype=np.int32)
        self._rank[order] = np.arange(count, dtype=np.int32)
        self._count = count
        self._entry = float(ENTRY_TICKS) if network.settings.get("has_regions") else np.inf
        ptr, heads, climb, fall = self._contract(network)
        first = np.minimum(ptr[:-1], max(heads.size - 1, 0))
        has_parent = np.diff(ptr) > 0
        self._parent = np.full(count, -1, dtype=np.int32)
        self._parent[has_parent] = heads[first[has_parent]]
        by_lower = np.empty_like(climb), np.empty_like(fall)
        _call("sweep_customise", count, ptr, heads, climb, fall, *by_lower)
        self._up = _Arcs.kept(ptr, heads, climb, by_lower[0])
        self._down = _Arcs.kept(ptr, heads, fall, by_lower[1])
        self._selected: tuple[bytes, _Selection] | None = None
        self._lock = threading.Lock()

    def _contract(self, network: ModeNetwork) -> tuple[NDArray[np.int64], Vertices, Ticks, Ticks]:
        """Complete the graph by the arcs that contracting adds, with the weights of those that it has."""
        tail = self._rank[np.repeat(np.arange(self._count), np.diff(network.indptr))]
        head = self._rank[network.indices]
        weight = np.minimum(network.weights, NO_WAY).astype(np.uint32)
        both = np.concatenate([tail, head]), np.concatenate([head, tail])
        links = csr_array((np.ones(both[0].size, dtype=np.int8), both), shape=(self._count,) * 2)
        start, ends = links.indptr.astype(np.int64), links.indices.astype(np.int32)
        ptr, room = np.empty(self._count + 1, dtype=np.int64), 4 * ends.size + 16
        while True:
            heads = np.empty(room, dtype=np.int32)
            used = _call("sweep_complete", self._count, start, ends, room, ptr, heads)
            if used >= 0:
                break
            room *= 2
        heads = heads[:used].copy()
        # One number per arc of the completed graph, ascending: where an arc of the network stands is a search.
        keys = np.repeat(np.arange(self._count), np.diff(ptr)) * self._count + heads
        weights = np.full((2, used), NO_WAY, dtype=np.uint32)
        for side, (low, high) in enumerate([(tail, head), (head, tail)]):
            some = low < high
            at = np.searchsorted(keys, low[some].astype(np.int64) * self._count + high[some])
            np.minimum.at(weights[side], at, weight[some])
        return ptr, heads, weights[0], weights[1]

    def minutes(self, origins: Places, destinations: Places, cutoff_min: float) -> Floats:
        """
        Return minutes from door to door, through the network.

        Parameters
        ----------
        origins, destinations
            Places; ticks are whole.
        cutoff_min
            Times above are `inf`.

        Returns
        -------
        ndarray
            Shape (origins, destinations).
        """
        chosen = self._select(destinations)
        rows, columns = origins.states.shape[0], destinations.states.shape[0]
        minutes = np.empty((rows, columns))
        up, down = self._up, chosen.down
        seeds, ticks = self._rank[origins.states], origins.whole_ticks()
        _call(
            "sweep_table",
            *(self._count, self._parent, up.ptr, up.heads, up.weights),
            *(chosen.place, chosen.size, down.ptr, down.heads, down.weights),
            *(rows, seeds, ticks, np.ascontiguousarray(origins.access_min)),
            *(columns, chosen.places, chosen.ticks, np.ascontiguousarray(destinations.access_min)),
            *(
                ctypes.c_double(TICKS_PER_MIN),
                ctypes.c_double(self._entry),
                ctypes.c_double(cutoff_min),
                minutes,
            ),
        )
        return minutes

    def _select(self, destinations: Places) -> _Selection:
        """Select what lies above the destinations; the last selection is kept, since professionals stay where they are."""
        key = destinations.states.tobytes() + destinations.ticks.tobytes()
        with self._lock:
            if self._selected is not None and self._selected[0] == key:
                return self._selected[1]
        ticks = destinations.whole_ticks()
        allowed = ticks < NO_WAY
        targets = self._rank[destinations.states]
        goals = np.ascontiguousarray(targets[allowed])
        place, vertices = np.empty(self._count, np.int32), np.empty(self._count, np.int32)
        size = _call("sweep_select", self._count, self._parent, goals.size, goals, place, vertices)
        down = self._down.of(vertices[:size], place)
        places = np.where(allowed, place[targets], size).astype(np.int32)
        selection = _Selection(
            place, size, down, places, np.where(allowed, ticks, 0).astype(np.uint32)
        )
        with self._lock:
            self._selected = key, selection
        return selection
