"""The ground of a map as short text: the territory's own streets, water and communes, lines as encoded polylines."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["Bounds", "encode_line", "ground_bounds", "ground_layers"]

Bounds = tuple[float, float, float, float]
"""West, south, east, north, in degrees (EPSG:4326)."""

_ROADS = {
    "motorway",
    "motorway_link",
    "trunk",
    "trunk_link",
    "primary",
    "primary_link",
    "secondary",
    "secondary_link",
    "tertiary",
    "tertiary_link",
}
_PATHS = {"path", "footway", "cycleway", "steps", "pedestrian", "track", "bridleway", "corridor"}


def encode_line(coordinates: NDArray[np.float64]) -> str:
    """
    Write a line as an encoded polyline with five decimals (about a metre).

    Parameters
    ----------
    coordinates
        Longitude and latitude in degrees (EPSG:4326), shape (n, 2).

    Returns
    -------
    str
        Google's polyline encoding, latitude first.
    """
    steps = np.round(coordinates[:, 1::-1] * 1e5).astype(np.int64)
    deltas = np.diff(steps, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel()
    text = []
    for delta in np.where(deltas < 0, -2 * deltas - 1, 2 * deltas).tolist():
        rest = delta
        while rest >= 32:
            text.append(chr((rest & 31) + 95))
            rest >>= 5
        text.append(chr(rest + 63))
    return "".join(text)


def _lines(geometries: Iterable[Any]) -> list[str]:
    parts = shapely.get_parts(np.asarray(list(geometries), dtype=object))
    parts = parts[shapely.get_type_id(parts) == 1]
    return [encode_line(shapely.get_coordinates(part)) for part in parts]


def _rings(geometries: Iterable[Any]) -> list[list[str]]:
    parts = shapely.get_parts(np.asarray(list(geometries), dtype=object))
    parts = parts[shapely.get_type_id(parts) == 3]
    return [
        [encode_line(shapely.get_coordinates(ring)) for ring in (part.exterior, *part.interiors)]
        for part in parts
    ]


def _clip(frame: gpd.GeoDataFrame | None, bounds: Bounds) -> gpd.GeoDataFrame | None:
    """Keep what the map can show, in degrees, a metre of detail."""
    if frame is None or len(frame) == 0:
        return None
    if frame.crs is not None and frame.crs.to_epsg() != 4326:
        frame = frame.to_crs(4326)
    near = frame.iloc[np.sort(frame.sindex.intersection(bounds))]
    kept = near.assign(geometry=near.geometry.clip_by_rect(*bounds).simplify(0.00001))
    shapes = kept.geometry.to_numpy()
    kept = kept[~(shapely.is_empty(shapes) | shapely.is_missing(shapes))]
    return kept if len(kept) else None


def _column(frame: gpd.GeoDataFrame, *names: str) -> list[str]:
    for name in names:
        if name in frame.columns:
            values = frame[name]
            return [
                str(value) if present else ""
                for value, present in zip(values, values.notna(), strict=True)
            ]
    return [""] * len(frame)


def ground_bounds(bounds: Bounds, share: float = 0.8) -> Bounds:
    """
    Widen what a map must show to what its ground should hold, for a screen is often wider or taller.

    Parameters
    ----------
    bounds
        EPSG:4326.
    share
        How far to go on each side, as a share of the longer side.

    Returns
    -------
    Bounds
        What to read of a territory's streets, water and communes.
    """
    west, south, east, north = bounds
    lengthening = math.cos(math.radians((south + north) / 2))
    side = max((east - west) * lengthening, north - south, 0.01)
    x = (side * (1 + 2 * share) / lengthening - (east - west)) / 2
    y = (side * (1 + 2 * share) - (north - south)) / 2
    return west - x, south - y, east + x, north + y


def _street_class(highway: str) -> str:
    if highway in _ROADS:
        return "road"
    return "path" if highway in _PATHS else "street"


def _street_names(streets: gpd.GeoDataFrame) -> list[list[str]]:
    """Join the pieces of each named street, so that its name finds room."""
    names = _column(streets, "name", "nom")
    by_name: dict[str, list[Any]] = {}
    for name, geometry in zip(names, streets.geometry, strict=True):
        if name:
            by_name.setdefault(name, []).append(geometry)
    labelled = []
    for name, pieces in by_name.items():
        merged = shapely.line_merge(shapely.union_all(shapely.get_parts(pieces)))
        for part in shapely.get_parts(merged):
            smooth = shapely.simplify(part, 0.00012)
            if shapely.get_type_id(smooth) == 1 and smooth.length > 0.0006:
                labelled.append((smooth.length, name, encode_line(shapely.get_coordinates(smooth))))
    labelled.sort(reverse=True)
    return [[name, line] for _, name, line in labelled[:1500]]


def _area_names(frame: gpd.GeoDataFrame, kind: str) -> list[dict[str, Any]]:
    """Place one label for each name, inside the largest part that carries it."""
    largest: dict[str, Any] = {}
    for name, geometry in zip(_column(frame, "nom", "name"), frame.geometry, strict=True):
        size = geometry.area or geometry.length
        if name and (name not in largest or size > largest[name][0]):
            largest[name] = (size, geometry)
    labels = []
    for name, (_, geometry) in largest.items():
        point = geometry.representative_point()
        labels.append(
            {"text": name, "kind": kind, "lat": round(point.y, 5), "lon": round(point.x, 5)}
        )
    return labels


def ground_layers(
    bounds: Bounds,
    *,
    streets: gpd.GeoDataFrame | None = None,
    communes: gpd.GeoDataFrame | None = None,
    water: gpd.GeoDataFrame | None = None,
    parks: gpd.GeoDataFrame | None = None,
    woods: gpd.GeoDataFrame | None = None,
    rails: gpd.GeoDataFrame | None = None,
    margin: float = 0.8,
) -> dict[str, Any]:
    """
    Pack the territory's own streets, water and communes for drawing below everything.

    Parameters
    ----------
    bounds
        What the map shows at first, EPSG:4326.
    streets
        Lines; `highway` or `class` (OSM classes) chooses their width, `name` is written along them.
    communes, water, parks, woods, rails
        Areas or lines; `nom` or `name` is written on communes and water.
    margin
        How far around the bounds the ground goes on, as a share of their longer side.

    Returns
    -------
    dict
        Plain data for `rpe-map.js`, lines as encoded polylines.
    """
    around = ground_bounds(bounds, margin)
    ground: dict[str, Any] = {"names": []}
    clipped = _clip(streets, around)
    if clipped is not None:
        classes: dict[str, list[Any]] = {}
        for highway, geometry in zip(
            _column(clipped, "highway", "class"), clipped.geometry, strict=True
        ):
            classes.setdefault(_street_class(highway), []).append(geometry)
        ground["streets"] = {kind: _lines(lines) for kind, lines in classes.items()}
        ground["street_names"] = _street_names(clipped)
    clipped = _clip(communes, around)
    if communes is not None and clipped is not None:
        outlines = _clip(communes.assign(geometry=communes.geometry.boundary), around)
        ground["communes"] = [] if outlines is None else _lines(outlines.geometry)
        names = _area_names(clipped, "big" if len(clipped) < 20 else "commune")
        ground["names"] += names if len(names) <= 60 else []
    clipped = _clip(water, around)
    if clipped is not None:
        ground["water"] = _rings(clipped.geometry)
        ground["waterlines"] = _lines(clipped.geometry)
        ground["names"] += _area_names(clipped, "water")
    for kind, frame in (("parks", parks), ("woods", woods)):
        clipped = _clip(frame, around)
        if clipped is not None:
            ground[kind] = _rings(clipped.geometry)
    clipped = _clip(rails, around)
    if clipped is not None:
        ground["rails"] = _lines(clipped.geometry)
    return ground
