"""One mode of a territory, opened: its network, its grid, and the way to search it that pays."""

from __future__ import annotations

import contextlib
import threading
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rpe_geo.protocols import Mode
from rpe_geo.travel.contraction import (
    LARGE_STATES,
    Hierarchy,
    build_hierarchy,
    hierarchy_is_available,
    hierarchy_is_built,
)
from rpe_geo.travel.paths import Tracer
from rpe_geo.travel.search import (
    BoundedSearch,
    Ends,
    search_by_hierarchy,
    street_minutes,
    swept_minutes,
)
from rpe_geo.travel.snapping import SegmentGrid, Snapped
from rpe_geo.travel.streets.mode_network import TICKS_PER_MIN, ModeNetwork
from rpe_geo.travel.streets.network import Ways

__all__ = ["ModeSearch"]

Floats = NDArray[np.float64]

_WORTH_ORDERING = 200
_NUMBERS = count()


class ModeSearch:
    """One mode, opened: its network, its grid, and its hierarchy once it is first needed."""

    def __init__(
        self, network: ModeNetwork, grid: SegmentGrid, directory: Path | None = None
    ) -> None:
        self.network = network
        self.grid = grid
        self.number = next(_NUMBERS)
        self.directory = directory
        self._hierarchy: Hierarchy | None = None
        self._tracer: Tracer | None = None
        self._bounded: BoundedSearch | None = None
        self._lock = threading.Lock()

    def hierarchy(self, searches: int = 1) -> Hierarchy | None:
        """
        Return the hierarchy; None where pyroutingkit is not installed, or where ordering the network would not pay.

        A large network is ordered at the first job that is worth it, and the order kept beside it.
        """
        with self._lock:
            if self._hierarchy is None and hierarchy_is_available():
                ordered = self.directory is not None and hierarchy_is_built(self.directory)
                small = self.network.state_count <= LARGE_STATES
                if not ordered and not small and searches < _WORTH_ORDERING:
                    return None
                if not ordered and not small and self.directory is not None:
                    with contextlib.suppress(OSError):  # a read-only territory: order it in memory
                        build_hierarchy(self.network, self.directory)
                self._hierarchy = Hierarchy(self.network, self.directory)
            return self._hierarchy

    def tracer(self, ways: Ways | None, mode: Mode) -> Tracer:
        """The tracer of routes, made at its first use."""
        hierarchy = self.hierarchy()
        with self._lock:
            if self._tracer is None:
                self._tracer = Tracer(self.network, hierarchy, ways, mode)
            return self._tracer

    def minutes(self, origins: Snapped, destinations: Snapped, cutoff_min: float) -> Floats:
        """Minutes from door to door by the network; times beyond the cutoff may be `inf`."""
        hierarchy = self.hierarchy(origins.edge.size)
        sweep = None if hierarchy is None else hierarchy.sweep()
        if sweep is not None:
            return swept_minutes(self.network, origins, destinations, sweep, cutoff_min)

        def search(leaving: Ends, arriving: Ends) -> Floats:
            if hierarchy is not None:
                return search_by_hierarchy(hierarchy, leaving, arriving)
            with self._lock:
                if self._bounded is None:
                    self._bounded = BoundedSearch(self.network)
            return self._bounded.table(leaving, arriving, cutoff_min * TICKS_PER_MIN)

        return street_minutes(self.network, origins, destinations, search)
