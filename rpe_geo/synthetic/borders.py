"""The communes' borders: every place belongs to the centre that it reaches most easily."""

from __future__ import annotations

from typing import cast

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra
from shapely import Polygon

from rpe_geo.synthetic.layout import CELL_M, EXTENT_M, Layout, smooth_curve
from rpe_geo.synthetic.roads import RoadGrid

__all__ = ["Borders", "draw_borders"]


class Borders:
    """
    The territory cut into communes, and delegated communes within.

    Parameters
    ----------
    shapes
        Code to polygon, in metres; delegated communes under their own code.
    """

    def __init__(self, shapes: dict[str, Polygon], layout: Layout) -> None:
        self.merged = {s.code: s.merged_into for s in layout.settlements if s.merged_into}
        self.old = shapes
        self.communes: dict[str, Polygon] = {}
        for code, shape in shapes.items():
            target = self.merged.get(code) or code
            known = self.communes.get(target)
            self.communes[target] = shape if known is None else cast("Polygon", known.union(shape))
        self._codes = sorted(shapes)
        self._tree = shapely.STRtree([shapes[code] for code in self._codes])

    def old_code_at(self, x: float, y: float) -> str | None:
        """Name the commune or delegated commune at a point; None outside the territory."""
        hits = self._tree.query(shapely.Point(x, y), predicate="intersects")
        return self._codes[int(min(hits))] if len(hits) else None

    def code_at(self, x: float, y: float) -> str | None:
        """Name the commune at a point; None outside the territory."""
        code = self.old_code_at(x, y)
        return None if code is None else self.merged.get(code, code)


def draw_borders(layout: Layout, seed: int) -> Borders:
    """
    Cut the territory into communes.

    Parameters
    ----------
    layout
        The ground plan.
    seed
        The same seed cuts the same communes.

    Returns
    -------
    Borders
        Polygons that share their edges; the river is often the border, as water is expensive to cross.
    """
    grid = RoadGrid(layout, np.random.default_rng([seed, 4]))
    grid.cost = np.where(grid.wet, 18.0, np.clip(grid.cost, 0.8, 3.0))
    centres = np.array([grid.cell(s.x, s.y) for s in layout.settlements])
    head_start = np.array([min(s.radius_m, 900.0) for s in layout.settlements])
    distances: NDArray[np.float64] = dijkstra(grid.graph(), directed=False, indices=centres)
    distances -= head_start[:, None]
    owner = distances.argmin(axis=0).reshape(grid.shape)
    within = distances.min(axis=0).reshape(grid.shape) < 2_900
    # The edge of the map is no border: it winds.
    x, y = grid.x.reshape(grid.shape), grid.y.reshape(grid.shape)
    margin = 620 + 420 * layout.fine_ground.at(x, y)
    within &= (np.minimum(x, EXTENT_M[0] - x) > margin) & (np.minimum(y, EXTENT_M[1] - y) > margin)
    shapes = []
    for number, settlement in enumerate(layout.settlements):
        mask = within & (owner == number)
        cells = [
            shapely.box(
                (i - 0.5) * CELL_M, (j - 0.5) * CELL_M, (i + 0.5) * CELL_M, (j + 0.5) * CELL_M
            )
            for i, j in zip(*np.nonzero(mask), strict=True)
        ]
        shape = shapely.coverage_union_all(cells)
        parts = list(getattr(shape, "geoms", [shape]))
        home = shapely.Point(settlement.x, settlement.y)
        main = min(parts, key=lambda part: (part.distance(home), -part.area))
        shapes.append(Polygon(main.exterior))
    return Borders(
        dict(zip([s.code for s in layout.settlements], _smoothed(shapes), strict=True)), layout
    )


def _smoothed(shapes: list[Polygon]) -> list[Polygon]:
    """Turn stairs into lines, the same on both sides of each border."""
    simplified = shapely.coverage_simplify(shapes, 60.0)
    lines = shapely.line_merge(shapely.union_all([shape.boundary for shape in simplified]))
    curves = [
        shapely.LineString(smooth_curve(np.array(line.coords), 1))
        for line in getattr(lines, "geoms", [lines])
    ]
    faces = np.array(shapely.polygonize(curves).geoms)
    taken: list[Polygon] = []
    for shape in simplified:
        best = faces[shapely.area(shapely.intersection(faces, shape)).argmax()]
        taken.append(cast("Polygon", shapely.set_precision(best, 0.1)))
    return taken
