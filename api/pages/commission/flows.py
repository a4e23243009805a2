"""Who goes where, drawn by commune: lines begin at the middle of a commune, never at a home."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np

__all__ = ["drawn_flows"]

_WIDTH = 760.0
_MARGIN = 30.0


def drawn_flows(
    communes: gpd.GeoDataFrame,
    homes: Mapping[str, str],
    providers: Mapping[str, tuple[str, str, float | None, float | None]],
    assignments: Sequence[Mapping[str, Any]],
    waiting: Sequence[Mapping[str, Any]],
) -> dict[str, Any] | None:
    """
    Draw one assignment.

    Parameters
    ----------
    communes
        Indexed by code, with name and geometry (EPSG:4326).
    homes
        Request id to code of its commune.
    providers
        Provider id to kind, name, longitude, latitude.
    assignments, waiting
        Of a result.

    Returns
    -------
    dict or None
        What the template writes as SVG; None without communes.
    """
    asked = set(homes.values())
    if communes.empty or not asked:
        return None
    shapes = communes[~communes.geometry.is_empty & communes.geometry.notna()]
    shapes = shapes[shapes.index.astype(str).isin(asked | _around(shapes, providers))]
    if shapes.empty:
        return None
    west, south, east, north = shapes.total_bounds
    stretch = np.cos(np.radians((south + north) / 2))
    scale = (_WIDTH - 2 * _MARGIN) / max((east - west) * stretch, 1e-6)
    height = (north - south) * scale + 2 * _MARGIN

    def at(longitude: float, latitude: float) -> tuple[float, float]:
        return (
            round(_MARGIN + (longitude - west) * stretch * scale, 1),
            round(_MARGIN + (north - latitude) * scale, 1),
        )

    lacking = Counter(homes[one["request_id"]] for one in waiting if one["request_id"] in homes)
    middles = {
        str(code): (shape.representative_point().x, shape.representative_point().y)
        for code, shape in shapes.geometry.items()
    }
    land = [
        {
            "path": _path(shape.simplify(0.0008), at),
            "kind": "wait" if lacking[str(code)] > 1 else "ask" if str(code) in asked else "",
        }
        for code, shape in shapes.geometry.items()
    ]
    counts = Counter(
        (homes[one["request_id"]], _target(providers[one["provider_id"]], shapes))
        for one in assignments
        if one["request_id"] in homes and one["provider_id"] in providers
        for _ in range(one["children"])
    )
    received = Counter[tuple[str, float, float]]()
    lines = []
    for (code, (kind, longitude, latitude)), count in sorted(counts.items()):
        received[kind, longitude, latitude] += count
        if code in middles:
            begin, end = at(*middles[code]), at(longitude, latitude)
            bend = (
                (begin[0] + end[0]) / 2 + (end[1] - begin[1]) * 0.12,
                (begin[1] + end[1]) / 2 - (end[0] - begin[0]) * 0.12,
            )
            lines.append(
                {
                    "path": f"M{begin[0]},{begin[1]}Q{bend[0]:.1f},{bend[1]:.1f} {end[0]},{end[1]}",
                    "width": 1 if count < 2 else 2 if count < 4 else 3 if count < 8 else 4,
                }
            )
    wanted = Counter(homes.values())
    served = Counter(homes[one["request_id"]] for one in assignments if one["request_id"] in homes)
    return {
        "width": round(_WIDTH),
        "height": round(height),
        "land": land,
        "lines": lines,
        "pins": [
            {"x": at(x, y)[0], "y": at(x, y)[1], "kind": kind, "count": count}
            for (kind, x, y), count in sorted(received.items())
        ],
        "names": [
            {
                "name": str(shapes.loc[code, "name"]) if code in shapes.index else code,
                "x": at(*middles[code])[0] if code in middles else None,
                "y": at(*middles[code])[1] if code in middles else None,
                "asked": wanted[code],
                "placed": served[code],
            }
            for code in sorted(asked)
        ],
    }


def _around(
    shapes: gpd.GeoDataFrame,
    providers: Mapping[str, tuple[str, str, float | None, float | None]],
) -> set[str]:
    """List the communes of the crèches and MAM: they are public places."""
    found = set()
    for kind, _, longitude, latitude in providers.values():
        if kind == "facility" and longitude is not None and latitude is not None:
            there = shapes.sindex.query(gpd.points_from_xy([longitude], [latitude])[0])
            found |= {str(shapes.index[one]) for one in there}
    return found


def _target(
    provider: tuple[str, str, float | None, float | None], shapes: gpd.GeoDataFrame
) -> tuple[str, float, float]:
    """Place a crèche where it is; a childminder at the middle of her commune, for her place is her home."""
    kind, _, longitude, latitude = provider
    x, y = float(longitude or 0.0), float(latitude or 0.0)
    if kind == "facility":
        return ("creche", x, y)
    point = gpd.points_from_xy([x], [y])[0]
    inside = shapes[shapes.contains(point)]
    if len(inside):
        middle = inside.geometry.iloc[0].representative_point()
    else:
        nearest = shapes.geometry.distance(point).argmin()
        middle = shapes.geometry.iloc[nearest].representative_point()
    return ("am", middle.x, middle.y)


def _path(shape: Any, at: Any) -> str:
    polygons = getattr(shape, "geoms", [shape])
    return "".join(
        "M" + "L".join(f"{x},{y}" for x, y in (at(*one[:2]) for one in part.exterior.coords)) + "Z"
        for part in polygons
        if not part.is_empty
    )
