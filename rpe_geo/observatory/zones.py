"""Points and zones: who is where, and children spread over the ground of their zone in small cells."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from rpe_geo.crs import metric_crs

__all__ = ["demand_cells", "plane_of", "zone_of"]


def zone_of(points: gpd.GeoSeries, zones: gpd.GeoSeries) -> pd.Series:
    """
    Find the zone of each point; a point on a border gets one zone, always the same.

    Parameters
    ----------
    points, zones
        In one CRS.

    Returns
    -------
    Series
        Code of the zone by point id; None outside of all.
    """
    at, inside = shapely.STRtree(zones.to_numpy()).query(points.to_numpy(), predicate="intersects")
    order = np.lexsort((inside, at))
    at, inside = at[order], inside[order]
    first = np.append(True, at[1:] != at[:-1]) if len(at) else np.empty(0, bool)
    answer = np.full(len(points), None, dtype=object)
    answer[at[first]] = zones.index.to_numpy()[inside[first]]
    return pd.Series(answer, index=points.index, dtype=object)


def demand_cells(zones: gpd.GeoSeries, size_m: float) -> gpd.GeoDataFrame:
    """
    Cut zones into square cells, so that children are near where they live and not all at one centre.

    Parameters
    ----------
    zones
        Polygons in a metric CRS.
    size_m
        Side of a cell; zones too small for one get a single point inside them.

    Returns
    -------
    GeoDataFrame
        Points in the same CRS, `zone` and `share` (of the zone's cells, each the same).
    """
    points: list[shapely.Point] = []
    owner: list[object] = []
    for code, shape in zones.items():
        if shape is None or shape.is_empty:
            continue
        west, south, east, north = shape.bounds
        # Cells lie on one grid for all zones, whatever else is computed with them.
        x = (np.arange(np.floor(west / size_m), np.ceil(east / size_m)) + 0.5) * size_m
        y = (np.arange(np.floor(south / size_m), np.ceil(north / size_m)) + 0.5) * size_m
        across, along = np.meshgrid(x, y)
        grid = np.asarray(shapely.points(across.ravel(), along.ravel()))
        shapely.prepare(shape)
        inside = grid[shapely.intersects(shape, grid)]
        own = inside.tolist() if len(inside) else [shape.representative_point()]
        points += own
        owner += [code] * len(own)
    cells = gpd.GeoDataFrame({"zone": owner}, geometry=points, crs=zones.crs)
    counts = cells["zone"].map(cells["zone"].value_counts())
    return cells.assign(share=1 / counts).rename(index=lambda n: f"c{n}")


def plane_of(shapes: gpd.GeoSeries) -> int:
    """Choose the legal plane projection (EPSG code) of the place where shapes in degrees are."""
    west, south, _, _ = shapes.total_bounds
    if south > 40:
        return metric_crs()
    departements = {
        (-62, 14): "971",
        (-55, 2): "973",
        (55, -22): "974",
        (45, -13): "976",
        (-57, 46): "975",
    }
    nearest = min(departements, key=lambda at: (at[0] - west) ** 2 + (at[1] - south) ** 2)
    return metric_crs(departements[nearest])
