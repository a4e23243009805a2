"""The contraction hierarchy of a network: searches without cutoff, and tables of many places, in no time (RoutingKit)."""

from __future__ import annotations

import tempfile
import threading
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from rpe_geo.files import replacing_folder
from rpe_geo.travel.streets.mode_network import NO_WAY, ModeNetwork
from rpe_geo.travel.sweep import Sweep, sweep_is_available

__all__ = [
    "LARGE_STATES",
    "Hierarchy",
    "build_hierarchy",
    "hierarchy_is_available",
    "hierarchy_is_built",
]

LARGE_STATES = 250_000
"""Ordering a larger network takes ten seconds, or a minute without METIS: it waits for a job that needs it."""

_FOLDER = "hierarchy"


def hierarchy_is_available() -> bool:
    """Say whether pyroutingkit can be used here; without it scipy searches, with the same results."""
    try:
        import pyroutingkit  # noqa: F401
    except ImportError:
        return False
    return True


def _tails(network: ModeNetwork) -> NDArray[np.uint32]:
    counts = np.diff(network.indptr)
    return np.repeat(np.arange(counts.size, dtype=np.uint32), counts)


def neighbours(network: ModeNetwork) -> csr_array:
    """Return the graph without directions nor weights, each neighbour once, nobody its own neighbour."""
    shape = (network.state_count,) * 2
    ones = np.ones(network.indices.size, dtype=np.int8)
    arcs = csr_array((ones, np.asarray(network.indices), np.asarray(network.indptr)), shape=shape)
    both = coo_array(arcs + arcs.T)
    apart = both.row != both.col
    links = np.ones(int(apart.sum()), dtype=np.int8)
    return csr_array((links, (both.row[apart], both.col[apart])), shape=shape)


def dissect(network: ModeNetwork) -> NDArray[np.uint32] | None:
    """
    Order the states by nested dissection: halves first, what separates them last (METIS).

    Parameters
    ----------
    network
        The network.

    Returns
    -------
    ndarray or None
        The states, the least important first; None where pymetis is not installed.
    """
    try:
        import pymetis
    except ImportError:
        return None
    links = neighbours(network)
    graph = pymetis.CSRAdjacency(
        adj_starts=links.indptr.astype(np.int32), adjacent=links.indices.astype(np.int32)
    )
    # METIS draws from a generator of its own: the same graph gives the same order every time.
    order, _ = pymetis.nested_dissection(adjacency=graph)
    return np.asarray(order, dtype=np.uint32)


def build_hierarchy(network: ModeNetwork, directory: Path) -> None:
    """Order the states of a network by nested dissection and keep the order in the folder, where pyroutingkit is installed."""
    if not hierarchy_is_available() or not network.indices.size:
        return
    with replacing_folder(directory / _FOLDER) as building:
        order = dissect(network)
        if order is None:
            _build(network).save(str(building))
        else:
            _save_order(network, order, building)


def _save_order(network: ModeNetwork, order: NDArray[np.uint32], folder: Path) -> None:
    """Write an order as pyroutingkit saves its own: it dissects five times more slowly."""
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size, dtype=np.uint32)
    heads = np.asarray(network.indices, dtype=np.uint32)
    for name, values in {
        "order": order,
        "rank": rank,
        "tail": _tails(network),
        "head": heads,
    }.items():
        values.tofile(folder / name)
    np.array([order.size], dtype=np.uint32).tofile(folder / "node_count")


def hierarchy_is_built(directory: Path) -> bool:
    """Say whether a folder holds the order of its network."""
    return (directory / _FOLDER).is_dir()


def _build(network: ModeNetwork) -> Any:
    from pyroutingkit import CCHTopology

    topology = CCHTopology()
    topology.build(
        _tails(network),
        np.asarray(network.indices, dtype=np.uint32),
        np.asarray(network.state_latitude, dtype=np.float32),
        np.asarray(network.state_longitude, dtype=np.float32),
        network.state_count,
    )
    return topology


def _own_order(network: ModeNetwork) -> NDArray[np.uint32]:
    """Order the states as RoutingKit does; it tells its order by saving it."""
    with tempfile.TemporaryDirectory() as folder:
        _build(network).save(folder)
        return np.fromfile(Path(folder) / "order", dtype=np.uint32)


class Hierarchy:
    """
    A customised hierarchy; one search at a time, since the library shares its working memory.

    Parameters
    ----------
    network
        The network.
    directory
        Where `build_hierarchy` left the order; None computes it now.
    """

    def __init__(self, network: ModeNetwork, directory: Path | None = None) -> None:
        folder = None if directory is None else directory / _FOLDER
        self._network = network
        self._folder = folder if folder is not None and folder.is_dir() else None
        self._lock = threading.Lock()
        self._opening = threading.Lock()

    @cached_property
    def _metric(self) -> Any:
        """RoutingKit's own, opened when a way or a table is first asked of it."""
        from pyroutingkit import INF_WEIGHT, CCHMetric, CCHTopology

        if self._folder is None:
            topology = _build(self._network)
        else:
            topology = CCHTopology()
            topology.load(str(self._folder))
        metric = CCHMetric(topology)
        weights = np.asarray(self._network.weights)
        weights = np.where(np.isfinite(weights), weights, INF_WEIGHT)
        metric.customize(weights.astype(np.uint32))
        return metric

    @cached_property
    def _sweep(self) -> Sweep:
        if self._folder is not None:
            order = np.fromfile(self._folder / "order", dtype=np.uint32)
        else:
            dissected = dissect(self._network)
            order = _own_order(self._network) if dissected is None else dissected
        return Sweep(self._network, order)

    def sweep(self) -> Sweep | None:
        """Return the network ready for large tables; None where the installation could not compile their kernel."""
        if not sweep_is_available():
            return None
        with self._opening:
            return self._sweep

    def table(self, sources: NDArray[np.int64], targets: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return ticks from each source state to each target state; `inf` where there is no way."""
        with self._lock:
            ticks = self._metric.distances_many_to_many(
                sources.astype(np.uint32), targets.astype(np.uint32)
            )
        result: NDArray[np.float64] = ticks.reshape(sources.size, targets.size).astype(np.float64)
        result[ticks.reshape(result.shape) >= NO_WAY] = np.inf
        return result

    def path(self, source: int, target: int) -> tuple[float, list[int]]:
        """Return ticks and the states passed, ends included; `inf` and nothing where there is no way."""
        with self._lock:
            ticks, states, _ = self._metric.query(source, target)
        if ticks >= NO_WAY:
            return float("inf"), []
        return float(ticks), [int(state) for state in states]
