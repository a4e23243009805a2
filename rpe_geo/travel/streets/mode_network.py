"""The street network of one mode as arrays on disk: edges with their shape, and the graph that is searched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rpe_geo.errors import InvalidFile, Where

__all__ = ["ENTRY_TICKS", "NO_WAY", "TICKS_PER_MIN", "ModeNetwork"]

TICKS_PER_MIN = 1_200_000
"""Search weights are whole ticks of 0.05 ms, so that every search engine gives the same time to the bit."""

NO_WAY = 2_147_483_647
"""Weight of a direction that is forbidden."""

ENTRY_TICKS = 936_000_000
"""
What entering an area of restricted access weighs: 13 hours, more than the longest trip that may be asked for.

Ways that enter no such area come first whatever their time, then those that enter one; the rest of the division by it is the
time itself, so that the way to a door inside costs nothing more. Twice this and 12 hours stay below the greatest weight.
"""


Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ModeNetwork:
    """
    The network of one mode.

    A *state* is a node of the searched graph: a junction, or a copy of it that remembers by which street one arrived,
    where turns differ by it. An *edge* runs between two junctions and owns a shape; each direction that is allowed is one
    arc from its tail state to its head state. Further arcs link the copies of a junction: their weight is 0, or what the
    turn costs more. An edge on the path of a restriction through ways is passed by several arcs, one for each memory of
    the way that one has come; its tail state then is only where its places are entered.

    Parameters
    ----------
    state_longitude, state_latitude
        Place of each state, EPSG:4326.
    indptr, indices, weights
        The graph in CSR form, weights in ticks, the fastest of parallel arcs only.
    tail_forward, head_forward, tail_backward, head_backward
        States of each edge, by direction; -1 where the direction is forbidden.
    time_forward, time_backward
        Ticks along each edge, delays at both ends included, and `ENTRY_TICKS` where it enters an area of restricted access;
        `NO_WAY` where forbidden.
    delay_start, delay_end
        Seconds lost at each end of an edge, in whichever direction it is passed.
    edge_start, edge_end
        Junctions of each edge.
    edge_ends
        Whether the edge is open only to those who live or go there.
    edge_condition
        Which of the `conditions` of the settings holds for the edge at some hours; -1 for none.
    edge_region
        Number of the access-restricted area that an edge belongs to; -1 for none.
    edge_open
        Whether addresses may be attached to the edge: it is part of the connected network.
    edge_fast
        Whether no door opens on the edge: motorways, and tracks for cars.
    copy_tail, copy_head, copy_arc
        All arcs along the edges that are passed by several; arc 2e is edge e as drawn, 2e + 1 against it.
    turn_tail, turn_head
        Links between the copies of a junction; they weigh nothing.
    shape_ptr
        Vertices of edge `e`: `shape_ptr[e]` to `shape_ptr[e + 1]`.
    shape_longitude, shape_latitude
        Vertices, EPSG:4326.
    shape_forward, shape_backward
        Seconds from the first vertex of the edge on, and from each vertex back to the first.
    shape_way
        Way that each vertex begins (the last vertex of an edge repeats).
    settings
        Mode, version, restricted-area penalty and what else a reader needs.
    """

    state_longitude: Floats
    state_latitude: Floats
    indptr: NDArray[np.int32]
    indices: NDArray[np.int32]
    weights: Floats
    tail_forward: Ints
    head_forward: Ints
    tail_backward: Ints
    head_backward: Ints
    time_forward: Ints
    time_backward: Ints
    delay_start: Floats
    delay_end: Floats
    edge_start: Ints
    edge_end: Ints
    edge_ends: NDArray[np.bool_]
    edge_condition: Ints
    edge_region: Ints
    edge_open: NDArray[np.bool_]
    edge_fast: NDArray[np.bool_]
    copy_tail: Ints
    copy_head: Ints
    copy_arc: Ints
    turn_tail: Ints
    turn_head: Ints
    shape_ptr: Ints
    shape_longitude: Floats
    shape_latitude: Floats
    shape_forward: Floats
    shape_backward: Floats
    shape_way: Ints
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def state_count(self) -> int:
        """Number of states of the searched graph."""
        return int(self.state_longitude.size)

    @property
    def edge_count(self) -> int:
        """Number of edges, each counted once whatever its directions."""
        return int(self.shape_ptr.size - 1)

    def arcs(self, *, closed: bool = False) -> tuple[Ints, Ints, Ints, Ints]:
        """
        Return every arc that follows an edge; the other arcs of the graph are turns.

        Parameters
        ----------
        closed
            Return those too that are closed now and open at other hours, their ticks being `NO_WAY`.

        Returns
        -------
        tuple of ndarray
            Tail states, head states, arcs (2e is edge e as drawn, 2e + 1 against it), ticks.
        """
        forward = np.flatnonzero(self.tail_forward >= 0 if closed else self.time_forward < NO_WAY)
        backward = np.flatnonzero(
            self.tail_backward >= 0 if closed else self.time_backward < NO_WAY
        )
        arc = np.concatenate([2 * forward, 2 * backward + 1])
        tail = np.concatenate([self.tail_forward[forward], self.tail_backward[backward]])
        head = np.concatenate([self.head_forward[forward], self.head_backward[backward]])
        single = ~np.isin(arc, self.copy_arc)
        arc = np.concatenate([arc[single], self.copy_arc])
        ticks = np.where(arc & 1, self.time_backward[arc >> 1], self.time_forward[arc >> 1])
        tail = np.concatenate([tail[single], self.copy_tail])
        head = np.concatenate([head[single], self.copy_head])
        kept = slice(None) if closed else ticks < NO_WAY
        return tail[kept], head[kept], arc[kept], ticks[kept]

    def save(self, directory: Path) -> None:
        """Write each array as `.npy` into a folder."""
        directory.mkdir(parents=True, exist_ok=True)
        for item in fields(self):
            if item.name != "settings":
                np.save(directory / f"{item.name}.npy", getattr(self, item.name))

    @classmethod
    def load(cls, directory: Path, settings: Mapping[str, Any]) -> Self:
        """
        Open a network; the arrays stay on disk until they are read.

        Parameters
        ----------
        directory
            Folder that `save` wrote.
        settings
            What the meta file of the streets says of this mode.

        Returns
        -------
        ModeNetwork
            With memory-mapped arrays.

        Raises
        ------
        InvalidFile
            When an array is missing or damaged.
        """
        arrays: dict[str, Any] = {}
        for item in fields(cls):
            if item.name == "settings":
                continue
            path = directory / f"{item.name}.npy"
            try:
                arrays[item.name] = np.asarray(np.load(path, mmap_mode="r"))
            except (OSError, ValueError, EOFError) as error:
                raise InvalidFile("streets_damaged", where=Where(file=str(path))) from error
        return cls(**arrays, settings=settings)
