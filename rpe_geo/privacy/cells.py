"""Cells: who shares an answer with whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from rpe_geo.crs import metric_crs, to_metric
from rpe_geo.parameters import parameter_table

__all__ = ["Cells", "plane_of"]

_OVERSEAS = (
    ("971", -64.0, -60.0, 14.0, 19.0),
    ("973", -55.0, -51.0, 2.0, 6.0),
    ("974", 55.0, 56.0, -22.0, -20.0),
    ("975", -57.0, -56.0, 46.0, 48.0),
    ("976", 44.5, 46.0, -14.0, -12.0),
)
"""Département, west, east, south, north: where Lambert-93 is not the plane in force."""


_EDGE_M = 1000
"""How far beyond the outermost dwelling a cell still answers for a home."""


def plane_of(longitude: float, latitude: float) -> int:
    """Name the legal metric CRS where a point lies (EPSG:4326): Lambert-93, or the local one overseas."""
    for code, west, east, south, north in _OVERSEAS:
        if west <= longitude <= east and south <= latitude <= north:
            return metric_crs(code)
    return metric_crs()


@dataclass(frozen=True)
class Cells:
    """
    A territory cut into cells of at least k dwellings, by planes that stay when addresses come and go.

    A binary tree: each node cuts its dwellings along one axis, at a wide gap near the middle, as long as both sides keep
    k. Every point of the plane falls into exactly one leaf.

    Parameters
    ----------
    axis
        0 cuts by x, 1 by y, -1 is a leaf; one entry per node, the root first.
    plane
        Where the node cuts, in metres; points below go to the first child.
    child
        Index of the first child, the second follows it.
    begin, end
        The dwellings of the node, as a slice of `dwellings`.
    dwellings
        Metric x, y, shape (n, 2), ordered by leaf.
    crs
        EPSG code of the metric plane.
    """

    axis: NDArray[np.int8]
    plane: NDArray[np.float64]
    child: NDArray[np.int32]
    begin: NDArray[np.int32]
    end: NDArray[np.int32]
    dwellings: NDArray[np.float64]
    crs: int

    @classmethod
    def cut(
        cls,
        longitude: NDArray[np.float64],
        latitude: NDArray[np.float64],
        *,
        crs: int | None = None,
        dwellings_min: int | None = None,
    ) -> Cells:
        """
        Cut a territory from the addresses known there.

        Parameters
        ----------
        longitude, latitude
            One entry per dwelling, EPSG:4326.
        crs
            EPSG code of the metric plane; the legal one of the place when None.
        dwellings_min
            k, the fewest dwellings that share a cell; from the parameters when None.

        Returns
        -------
        Cells
            With fewer than k dwellings: a single cell that hides nothing, see `Masking.zone`.
        """
        k = dwellings_min or int(parameter_table("privacy", date(2021, 9, 1))["dwellings_min"])
        known = np.isfinite(longitude) & np.isfinite(latitude)
        longitude, latitude = longitude[known], latitude[known]
        if crs is None:
            crs = (
                plane_of(float(np.median(longitude)), float(np.median(latitude)))
                if len(longitude)
                else 2154
            )
        points = np.column_stack(to_metric(longitude, latitude, crs))
        axis, plane, child, begin, end = [-1], [0.0], [0], [0], [len(points)]
        order = np.arange(len(points))
        node = 0
        while node < len(axis):
            inside = order[begin[node] : end[node]]
            cut = _widest_gap(points[inside], k)
            if cut is not None:
                axis[node], plane[node] = cut
                below = points[inside, axis[node]] < plane[node]
                order[begin[node] : end[node]] = np.concatenate([inside[below], inside[~below]])
                middle = begin[node] + int(below.sum())
                child[node] = len(axis)
                axis += [-1, -1]
                plane += [0.0, 0.0]
                child += [0, 0]
                begin += [begin[node], middle]
                end += [middle, end[node]]
            node += 1
        return cls(
            axis=np.array(axis, dtype=np.int8),
            plane=np.array(plane),
            child=np.array(child, dtype=np.int32),
            begin=np.array(begin, dtype=np.int32),
            end=np.array(end, dtype=np.int32),
            dwellings=points[order],
            crs=crs,
        )

    def node_of(self, x: float, y: float, dwellings_min: int = 0) -> int:
        """Find the smallest node around a point (metres) that holds at least so many dwellings: a leaf by default."""
        place = (x, y)
        node = 0
        while self.axis[node] >= 0:
            axis = int(self.axis[node])
            below = int(self.child[node]) + int(place[axis] >= self.plane[node])
            if self.end[below] - self.begin[below] < dwellings_min:
                break
            node = below
        return node

    def knows(
        self, longitude: NDArray[np.float64], latitude: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Tell of each point (EPSG:4326) whether it lies where these cells know addresses, within a kilometre."""
        if not len(self.dwellings):
            return np.zeros(len(longitude), dtype=bool)
        points = np.column_stack(to_metric(longitude, latitude, self.crs))
        low, high = self.dwellings.min(axis=0) - _EDGE_M, self.dwellings.max(axis=0) + _EDGE_M
        inside: NDArray[np.bool_] = ((points >= low) & (points <= high)).all(axis=1)
        return inside

    def inside(self, node: int) -> NDArray[np.float64]:
        """Return the dwellings of a node, metric x, y."""
        return self.dwellings[self.begin[node] : self.end[node]]

    def leaf_of_each(
        self, longitude: NDArray[np.float64], latitude: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """Find the leaf of each point (EPSG:4326)."""
        x, y = to_metric(longitude, latitude, self.crs)
        return np.array([self.node_of(*point) for point in zip(x, y, strict=True)], dtype=np.int64)


def _widest_gap(points: NDArray[np.float64], k: int) -> tuple[int, float] | None:
    """Choose where to cut: the widest gap of the middle third, along the longer side first; both sides keep k."""
    count = len(points)
    if count < 2 * k:
        return None
    for axis in np.argsort(-np.ptp(points, axis=0)):
        along = np.sort(points[:, axis])
        low, high = max(k, count // 3), min(count - k, count - count // 3)
        gaps = along[low : high + 1] - along[low - 1 : high]
        widest = int(gaps.argmax())
        plane = (along[low + widest] + along[low + widest - 1]) / 2
        if gaps[widest] > 0 and along[low + widest - 1] < plane:
            return int(axis), float(plane)
    return None
