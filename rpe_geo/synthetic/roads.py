"""
Roads between settlements, as the cheapest ways over the ground.

Each new road is the least-cost path on a grid where water is expensive, slopes and woods cost a little and existing roads are cheap,
so that roads merge, bend around hills and share the few bridges. After Galin, Peytavie, Guérin and Benes (2011),
"Authoring hierarchical road networks", Computer Graphics Forum 30(7).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from shapely import LineString, contains_xy

from rpe_geo.synthetic.layout import CELL_M, EXTENT_M, Layout

__all__ = ["RoadGrid", "trace_roads"]

Array = NDArray[np.float64]

_STEPS = tuple(
    (dx, dy)
    for dx in range(-2, 3)
    for dy in range(3)
    if (dx, dy) not in {(0, 0), (0, 2), (2, 0), (-2, 0), (2, 2), (-2, 2)} and (dy > 0 or dx > 0)
)
_REUSE = 0.45
_NEIGHBOUR_M = 2_100.0
_RANK = {"secondary": 0, "tertiary": 1, "unclassified": 2, "track": 3}


class RoadGrid:
    """
    The ground as a grid of cells to walk over.

    Parameters
    ----------
    layout
        The ground plan.
    rng
        Source of the small irregularities.
    """

    def __init__(self, layout: Layout, rng: np.random.Generator) -> None:
        self.shape = tuple(int(length / CELL_M) + 1 for length in EXTENT_M)
        columns, rows = np.meshgrid(*(np.arange(n) * CELL_M for n in self.shape), indexing="ij")
        self.x, self.y = columns.ravel(), rows.ravel()
        height = layout.ground.values
        slope = np.hypot(*np.gradient(height)).ravel()
        rough = gaussian_filter(rng.standard_normal(self.shape), 3.2).ravel()
        cost = 1 + 14 * slope + 1.7 * np.clip(rough / rough.std(), -0.5, 1.8)
        cost = np.maximum(cost, 0.45)
        cost[contains_xy(layout.woods, self.x, self.y)] += 0.5
        cost[contains_xy(layout.stream.buffer(40), self.x, self.y)] += 4
        self.wet = contains_xy(layout.river.buffer(45), self.x, self.y)
        cost[self.wet] += 60
        cost[contains_xy(layout.lake.buffer(50), self.x, self.y)] += 400
        self.cost = cost
        self.rank = np.full(cost.size, 9)
        """Best road class that passes through each cell; 9 is none."""
        self._edges()

    def _edges(self) -> None:
        index = np.arange(self.cost.size).reshape(self.shape)
        sources, targets, lengths = [], [], []
        for dx, dy in _STEPS:
            here = index[max(0, -dx) : self.shape[0] - max(0, dx), : self.shape[1] - dy]
            there = index[max(0, dx) : self.shape[0] - max(0, -dx), dy:]
            sources.append(here.ravel())
            targets.append(there.ravel())
            lengths.append(np.full(here.size, np.hypot(dx, dy) * CELL_M))
        self.sources, self.targets = np.concatenate(sources), np.concatenate(targets)
        self.lengths = np.concatenate(lengths)

    def cell(self, x: float, y: float) -> int:
        """Name the cell that holds a point."""
        column = int(np.clip(round(x / CELL_M), 0, self.shape[0] - 1))
        row = int(np.clip(round(y / CELL_M), 0, self.shape[1] - 1))
        return column * self.shape[1] + row

    def graph(self) -> csr_matrix:
        """Weigh every step with the costs of now."""
        cost = np.where(self.rank < 9, np.minimum(self.cost, 1) * _REUSE, self.cost)
        weights = self.lengths * (cost[self.sources] + cost[self.targets]) / 2
        return csr_matrix((weights, (self.sources, self.targets)), shape=(self.cost.size,) * 2)

    def paths(
        self,
        graph: csr_matrix,
        sources: NDArray[np.int64],
        targets: list[int],
        limit: float = np.inf,
    ) -> list[list[int]]:
        """Find the cheapest cells from any source to each target; those dearer than the limit are left out."""
        cost, before, _ = dijkstra(
            graph,
            directed=False,
            indices=sources,
            min_only=True,
            return_predecessors=True,
            limit=limit,
        )
        found = []
        for target in targets:
            if not np.isfinite(cost[target]):
                continue
            cells = [target]
            while before[cells[-1]] >= 0:
                cells.append(int(before[cells[-1]]))
            found.append(cells[::-1])
        return found

    def lay(self, cells: list[int], highway: str) -> None:
        """Turn cells into a road of a class, never lowering a better one."""
        self.rank[cells] = np.minimum(self.rank[cells], _RANK[highway])


def _links(layout: Layout) -> list[tuple[tuple[float, float], tuple[float, float], str]]:
    """Choose what to link: through roads first, then neighbours that nobody stands between (Gabriel graph)."""
    places = {s.code: (s.x, s.y) for s in layout.settlements}
    width, height = EXTENT_M

    def spot(end: str | tuple[float, float]) -> tuple[float, float]:
        return places[end] if isinstance(end, str) else end

    through: list[tuple[str, str | tuple[float, float]]] = [
        ("96001", "96005"),
        ("96005", (0.0, 9_100.0)),
        ("96001", "96003"),
        ("96003", (width, 6_900.0)),
        ("96001", "96002"),
        ("96002", (3_300.0, 0.0)),
        ("96001", "96012"),
        ("96012", (11_300.0, height)),
        ("96001", "96004"),
    ]
    minor = [
        ("96007", (9_300.0, 0.0)),
        ("96008", (5_200.0, height)),
        ("96011", (width, 13_700.0)),
        ("96009", (0.0, 5_700.0)),
        ("96010", (13_600.0, 0.0)),
        ("96005", (0.0, 11_400.0)),
    ]
    suburb = (8_420.0, 6_750.0)
    links = [(places["96001"], suburb, "secondary")]
    links += [(places[a], spot(b), "secondary") for a, b in through]
    links += [(suburb, places["96007"], "tertiary"), (places["96003"], places["96010"], "tertiary")]
    codes = sorted(places)
    for i, a in enumerate(codes):
        for b in codes[i + 1 :]:
            middle = np.add(places[a], places[b]) / 2
            reach = np.hypot(*np.subtract(places[a], places[b])) / 2
            if reach < 3_300 and all(
                np.hypot(*(middle - places[c])) >= 0.9 * reach for c in codes if c not in {a, b}
            ):
                links.append((places[a], places[b], "tertiary"))
    links += [(places[a], b, "tertiary") for a, b in minor]
    return links


def trace_roads(layout: Layout, seed: int) -> list[tuple[LineString, str]]:
    """
    Trace the roads of the country.

    Parameters
    ----------
    layout
        The ground plan.
    seed
        The same seed traces the same roads.

    Returns
    -------
    list of (line, highway)
        Rough lines on the grid, with the OSM class: secondary, tertiary, unclassified or track.
    """
    rng = np.random.default_rng([seed, 2])
    grid = RoadGrid(layout, rng)
    edges: dict[tuple[int, int], str] = {}

    def keep(cells: list[int], highway: str) -> None:
        grid.lay(cells, highway)
        for a, b in pairwise(cells):
            key = (min(a, b), max(a, b))
            if key not in edges or _RANK[highway] < _RANK[edges[key]]:
                edges[key] = highway

    for begin, end, highway in _links(layout):
        for cells in grid.paths(grid.graph(), np.array([grid.cell(*begin)]), [grid.cell(*end)]):
            keep(cells, highway)
    order = rng.permutation(len(layout.hamlets))
    for batch in np.array_split(order, 6):
        graph = grid.graph()
        sources = np.flatnonzero(grid.rank < 3)
        targets = [grid.cell(*layout.hamlets[number][:2]) for number in batch]
        for cells in grid.paths(graph, sources, targets):
            keep(cells, "unclassified")
    spots = np.array(
        [(x, y) for x, y, _ in layout.hamlets] + [(s.x, s.y) for s in layout.settlements]
    )
    for share, highway in ((order[::2], "unclassified"), (order[1::2], "track")):
        graph = grid.graph()
        for number in share:
            away = np.hypot(*(spots - spots[number]).T)
            others = [grid.cell(*spots[o]) for o in np.argsort(away)[1:3] if away[o] < _NEIGHBOUR_M]
            start = np.array([grid.cell(*spots[number])])
            for cells in grid.paths(graph, start, others, limit=2.5 * _NEIGHBOUR_M):
                if not grid.wet[cells].any():
                    keep(cells, highway)
    return [
        (LineString([(grid.x[a], grid.y[a]), (grid.x[b], grid.y[b])]), highway)
        for (a, b), highway in edges.items()
    ]
