"""France on one plane: métropole in Lambert-93, the overseas départements as insets beside it, each in its own projection."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from rpe_geo.crs import metric_crs

__all__ = ["Inset", "Plane", "overseas_of", "plane_of"]

_METROPOLE = (-6.0, 41.0, 10.0, 52.0)
_OVERSEAS = {
    "971": ("Guadeloupe", (-61.9, 15.8, -60.9, 16.6)),
    "972": ("Martinique", (-61.3, 14.3, -60.7, 15.0)),
    "973": ("Guyane", (-54.7, 2.0, -51.5, 5.9)),
    "974": ("La Réunion", (55.1, -21.5, 55.9, -20.8)),
    "976": ("Mayotte", (44.9, -13.1, 45.4, -12.5)),
}


@dataclass(frozen=True)
class Inset:
    """A frame beside the main map: its name, and its corners on the plane (west, south, east, north)."""

    code: str
    label: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Plane:
    """
    Zones laid out for drawing.

    Parameters
    ----------
    shapes
        By zone, in metres on the plane; empty where a zone is not drawn.
    insets
        Frames of the overseas départements; their scales differ.
    absent
        How many zones are not drawn, for want of a contour or too far away.
    """

    shapes: gpd.GeoSeries
    insets: tuple[Inset, ...]
    absent: int


def plane_of(shapes: gpd.GeoSeries) -> Plane:
    """
    Lay out contours for a static drawing.

    Parameters
    ----------
    shapes
        Contours by zone, EPSG:4326.

    Returns
    -------
    Plane
        One territory in its legal projection; with both métropole and overseas départements, these as insets.
    """
    drawn = ~(shapes.isna() | shapes.is_empty).to_numpy(dtype=bool)
    boxes = shapes.bounds
    home = drawn & _within(boxes, _METROPOLE)
    if not home.any():
        return _one_place(shapes, drawn)
    flat = np.full(len(shapes), shapely.Point(), dtype=object)
    flat[home] = shapes[home].to_crs(metric_crs()).to_numpy()
    placed = home.copy()
    here = {code: drawn & ~home & _within(boxes, box) for code, (_, box) in _OVERSEAS.items()}
    here = {code: inside for code, inside in here.items() if inside.any()}
    insets: list[Inset] = []
    if here:
        west, south, _, north = map(float, shapely.total_bounds(flat[placed]))
        side = (north - south) / len(_OVERSEAS)
        for row, code in enumerate(here):
            top = north - row * side
            box = (west - 1.25 * side, top - 0.96 * side, west - 0.25 * side, top)
            local = shapes[here[code]].to_crs(metric_crs(code)).to_numpy()
            flat[here[code]] = _fitted(local, box)
            placed |= here[code]
            insets.append(Inset(code, _OVERSEAS[code][0], box))
    return Plane(
        gpd.GeoSeries(flat, index=shapes.index, crs=metric_crs()),
        tuple(insets),
        int((~placed).sum()),
    )


def overseas_of(shapes: gpd.GeoSeries) -> NDArray[np.str_]:
    """
    Tell which overseas département each shape lies in.

    Parameters
    ----------
    shapes
        Any geometries, EPSG:4326.

    Returns
    -------
    ndarray of str
        « 971 » to « 976 », in the order of `shapes`; empty elsewhere, and where there is no shape.
    """
    drawn = ~(shapes.isna() | shapes.is_empty).to_numpy(dtype=bool)
    boxes = shapes.bounds
    codes = np.full(len(shapes), "", dtype="U3")
    for code, (_, box) in _OVERSEAS.items():
        codes[drawn & _within(boxes, box)] = code
    return codes


def _within(boxes: pd.DataFrame, box: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    west, south, east, north = box
    inside = (
        (boxes["minx"] > west)
        & (boxes["maxx"] < east)
        & (boxes["miny"] > south)
        & (boxes["maxy"] < north)
    )
    return inside.to_numpy(dtype=bool)


def _one_place(shapes: gpd.GeoSeries, drawn: NDArray[np.bool_]) -> Plane:
    crs = metric_crs(str(shapes.index[0])[:3] if len(shapes) else None)
    flat = shapes.where(drawn, shapely.Point()).to_crs(crs)
    return Plane(flat, (), int((~drawn).sum()))


def _fitted(
    shapes: NDArray[np.object_], box: tuple[float, float, float, float]
) -> NDArray[np.object_]:
    """Scale and move shapes into a box, with room for a name under them."""
    west, south, east, north = box
    left, bottom, right, top = shapely.total_bounds(shapes)
    margin = 0.06 * (east - west)
    under = 0.2 * (north - south)
    scale = min(
        (east - west - 2 * margin) / (right - left),
        (north - south - margin - under) / (top - bottom),
    )
    middle_x, middle_y = (west + east) / 2, (south + under + north - margin) / 2

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        centred = points - np.array([(left + right) / 2, (bottom + top) / 2])
        placed: NDArray[np.float64] = centred * scale + np.array([middle_x, middle_y])
        return placed

    moved: NDArray[np.object_] = shapely.transform(shapes, move)
    return moved
