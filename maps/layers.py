"""
What stands on the ground: marks, zones, routes, reach, as plain data that `rpe-map.js` draws.

The same data serves the map files here and the pages of the service; `add_places` puts it on a folium map.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import folium
import geopandas as gpd
import numpy as np
import shapely
from branca.element import MacroElement
from folium.template import Template
from shapely import LineString, Point, Polygon, affinity
from shapely.geometry.base import BaseGeometry

from maps.folium_page import script_json
from maps.ground import encode_line
from maps.style import ISOCHRONE, PLACES, PRUNE, ROUTE, ZONE, PlaceKind, mark_svg
from rpe_geo.messages.french import minutes as in_minutes

__all__ = [
    "IsochroneSpec",
    "MarkSpec",
    "Places",
    "RouteSpec",
    "ZoneSpec",
    "add_places",
    "isochrone_specs",
    "mark_spec",
    "places",
    "route_spec",
    "zone_spec",
]


_BLOCK_DEG = 60 / 111_320
_HOLE_DEG2 = 60_000 / 111_320**2
_ISLAND_DEG2 = 5_000 / 111_320**2


class MarkSpec(TypedDict):
    """A mark: where, its drawing, its words for screen readers, its pop-up (HTML, escaped)."""

    id: str
    kind: str
    what: str
    rank: int | None
    lat: float
    lon: float
    svg: str
    label: str
    popup: str
    small: bool


class ZoneSpec(TypedDict):
    """The dashed circle of a masked home."""

    id: str
    lat: float
    lon: float
    radius: float
    color: str


class RouteSpec(TypedDict):
    """A way as an encoded polyline; `leg` is solid for home, dotted for work."""

    id: str
    line: str
    leg: str


class IsochroneSpec(TypedDict):
    """What is reached within some minutes: rings as encoded polylines, and where its label stands."""

    text: str
    areas: list[list[str]]
    lat: float
    lon: float


class Places(TypedDict):
    """Everything that one map draws on its ground."""

    marks: list[MarkSpec]
    zones: list[ZoneSpec]
    routes: list[RouteSpec]
    isochrones: list[IsochroneSpec]
    refused: list[MarkSpec]
    refused_label: str
    selected: str | None
    style: dict[str, Any]


def mark_spec(
    identity: str,
    kind: PlaceKind,
    point: Point,
    *,
    label: str,
    popup: str = "",
    rank: int | None = None,
    small: bool = False,
) -> MarkSpec:
    """Describe a mark; `point` is in EPSG:4326, `popup` is HTML that the caller has escaped."""
    return {
        "id": identity,
        "kind": kind,
        "what": PLACES[kind].label,
        "rank": rank,
        "lat": round(point.y, 6),
        "lon": round(point.x, 6),
        "svg": mark_svg(kind, None if rank is None else str(rank), small=small),
        "label": label,
        "popup": popup,
        "small": small,
    }


def zone_spec(
    identity: str, point: Point, radius_m: float, kind: PlaceKind = "childminder"
) -> ZoneSpec:
    """Describe the zone of a masked home by its centre (EPSG:4326) and radius in metres."""
    return {
        "id": identity,
        "lat": round(point.y, 5),
        "lon": round(point.x, 5),
        "radius": radius_m,
        "color": PLACES[kind].color,
    }


def route_spec(identity: str, line: LineString, *, leg: str = "home") -> RouteSpec:
    """Describe a way (EPSG:4326)."""
    return {"id": identity, "line": encode_line(shapely.get_coordinates(line)), "leg": leg}


def isochrone_specs(isochrones: gpd.GeoDataFrame, limit: int = 3) -> list[IsochroneSpec]:
    """
    Describe reachable areas, the widest first, three at most.

    Parameters
    ----------
    isochrones
        Columns `minutes` and polygons in EPSG:4326.
    limit
        How many are kept, the widest ones.
    """
    kept = isochrones.sort_values("minutes", ascending=False).iloc[:limit]
    specs: list[IsochroneSpec] = []
    for reach, area in zip(kept["minutes"], kept.geometry, strict=True):
        parts = _calm_outline(area)
        if not parts:
            continue
        edge = shapely.get_coordinates(max(parts, key=lambda part: part.area).exterior)
        top = edge[int(np.argmax(edge[:, 1]))]
        specs.append(
            {
                "text": in_minutes(float(reach)),
                "areas": [
                    [
                        encode_line(shapely.get_coordinates(ring))
                        for ring in (part.exterior, *part.interiors)
                    ]
                    for part in parts
                ],
                "lat": round(float(top[1]), 5),
                "lon": round(float(top[0]), 5),
            }
        )
    return specs


def _calm_outline(area: BaseGeometry) -> list[Polygon]:
    """
    Draw a reach as the eye reads it: gaps narrower than a block closed, small holes and islands left out.

    The list beside the map keeps the true minutes.
    """
    if area.is_empty:
        return []
    shrink = math.cos(math.radians(area.centroid.y))
    flat = affinity.scale(area, shrink, 1.0, origin=(0, 0))
    closed = flat.buffer(_BLOCK_DEG).buffer(-_BLOCK_DEG).simplify(_BLOCK_DEG / 10)
    rounded = affinity.scale(closed, 1 / shrink, 1.0, origin=(0, 0))
    parts = [part for part in shapely.get_parts(rounded) if shapely.get_type_id(part) == 3]
    if not parts:
        return []
    least = min(_ISLAND_DEG2, max(part.area for part in parts))
    return [
        Polygon(
            part.exterior, [hole for hole in part.interiors if Polygon(hole).area >= _HOLE_DEG2]
        )
        for part in parts
        if part.area >= least
    ]


def places(
    marks: Sequence[MarkSpec],
    *,
    zones: Sequence[ZoneSpec] = (),
    routes: Sequence[RouteSpec] = (),
    isochrones: Sequence[IsochroneSpec] = (),
    refused: Sequence[MarkSpec] = (),
    refused_label: str = "",
    selected: str | None = None,
) -> Places:
    """Gather everything that one map draws on its ground; `selected` is the mark chosen at first."""
    return {
        "marks": list(marks),
        "zones": list(zones),
        "routes": list(routes),
        "isochrones": list(isochrones),
        "refused": list(refused),
        "refused_label": refused_label,
        "selected": selected,
        "style": {
            "route": dict(ROUTE),
            "isochrone": dict(ISOCHRONE),
            "zone": dict(ZONE),
            "mark": PRUNE,
        },
    }


class _PlacesLayer(MacroElement):
    """Hand the places to the script of the map."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        rpeMap.places({{ this._parent.get_name() }}, {{ this.json() }});
        {% endmacro %}
        """
    )

    def __init__(self, content: Mapping[str, Any]) -> None:
        super().__init__()
        self._name = "Places"
        self.content = content

    def json(self) -> str:
        """Write the places for the script."""
        return script_json(self.content)


def add_places(m: folium.Map, content: Places) -> folium.Map:
    """Put places on a map made by `maps.base.base_map`, and return it."""
    m.add_child(_PlacesLayer(content))
    return m
