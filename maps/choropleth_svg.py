"""
The choropleth as one SVG element for a page.

It needs no script, holds under a strict Content-Security-Policy, and every zone is a link with its figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from maps.choropleth import Classes
from maps.insets import Plane
from maps.style import CATEGORICAL, INK, NO_DATA, PAPER, facility_place
from rpe_geo.crs import WGS84

__all__ = ["Drawing", "Zone", "choropleth_svg"]

_WIDE = 1000.0
_TALLEST = 860.0
_EDGE = 16.0
_DETAIL = 0.7
_FOCUSABLE = 60
_NAMED = 400


@dataclass(frozen=True)
class Zone:
    """
    One zone as drawn.

    Parameters
    ----------
    name
        Written on it where it fits.
    link
        Where it leads.
    words
        Lines of its tooltip; the first is its name.
    value
        What is written on it, already in French; empty where there is no figure.
    uncertain, tense
        Hatched; inside the outline of zones in tension.
    """

    name: str
    link: str
    words: tuple[str, ...]
    value: str
    uncertain: bool = False
    tense: bool = False


@dataclass(frozen=True)
class Drawing:
    """
    What lies over the zones.

    Parameters
    ----------
    supply
        Places of care: `longitude, latitude, kind, words`.
    areas
        Gatherings of requests: `longitude, latitude, radius_m, requests, words`.
    chosen
        The zone outlined, by code.
    """

    supply: Sequence[Mapping[str, Any]] = ()
    areas: Sequence[Mapping[str, Any]] = ()
    chosen: str = ""


def choropleth_svg(
    plane: Plane,
    zones: Mapping[str, Zone],
    kinds: Sequence[int],
    classes: Classes,
    *,
    label: str,
    over: Drawing | None = None,
) -> str:
    """
    Draw a choropleth.

    Parameters
    ----------
    plane
        Contours laid out, in the order of `zones`.
    zones
        By code, in the order of `plane`.
    kinds
        Class of each zone (see `Classes.of`), −1 where there is no figure.
    classes
        Colours.
    label
        What the drawing is, for who does not see it.
    over
        What lies over the zones.

    Returns
    -------
    str
        `<svg class="choro">…</svg>`: widths and colours are attributes, nothing is a style.
    """
    over = over or Drawing()
    frame = _Frame.around(plane)
    shapes = frame.fitted(plane.shapes.to_numpy())
    exact = len(shapes) <= 120
    drawn: list[str] = []
    hatches: list[str] = []
    focus = len(zones) <= _FOCUSABLE
    outlines = shapely.simplify(shapes, _DETAIL if len(shapes) <= _NAMED else 1.6 * _DETAIL)
    for at, (code, zone) in enumerate(zones.items()):
        if shapely.is_empty(shapes[at]):
            continue
        fill = NO_DATA if kinds[at] < 0 else classes.colors[kinds[at]]
        path = _path(outlines[at], exact=exact)
        title = escape("\n".join(zone.words))
        around = ' class="on"' if code == over.chosen else ""
        reach = "" if focus else ' tabindex="-1"'
        kind = "z" if kinds[at] >= 0 else "z none"
        drawn.append(
            f'<a href="{escape(zone.link)}"{around}{reach} fill="{fill}"><path class="{kind}" id="z{at}" d="{path}">'
            f"<title>{title}</title></path></a>"
        )
        if zone.uncertain and kinds[at] >= 0:
            dark = classes.inks[kinds[at]] == PAPER
            hatches.append(
                f'<use class="unc" href="#z{at}" fill="url(#hatch-{"light" if dark else "dark"})"/>'
            )
    tense = shapes[np.array([zone.tense for zone in zones.values()], dtype=bool)]
    parts = [
        _open(frame, label, exact=exact),
        _PATTERNS,
        *(_inset(inset.label, frame, inset.box) for inset in plane.insets),
        *drawn,
        *hatches,
        _outline(tense),
    ]
    if over.chosen in zones:
        at = list(zones).index(over.chosen)
        parts.append(f'<use class="chosen" href="#z{at}" fill="none"/>')
    parts += _labels(shapes, list(zones.values()), kinds, classes, plane)
    if not plane.insets:
        parts += [_place(place, frame, plane) for place in over.supply]
        parts += [_area(area, frame, plane) for area in over.areas]
    return "".join(parts) + "</svg>"


def _open(frame: _Frame, label: str, *, exact: bool) -> str:
    name = "choro" if exact else "choro many"
    box = f"0 0 {_WIDE:.0f} {frame.tall:.0f}"
    return f'<svg class="{name}" viewBox="{box}" role="group" aria-label="{escape(label)}">'


@dataclass(frozen=True)
class _Frame:
    """From metres on the plane to units of the drawing."""

    left: float
    top: float
    scale: float
    shift: float
    tall: float

    @classmethod
    def around(cls, plane: Plane) -> _Frame:
        boxes = [tuple(map(float, plane.shapes.total_bounds)), *(one.box for one in plane.insets)]
        corners = np.array([box for box in boxes if np.isfinite(box).all()] or [(0, 0, 1, 1)])
        left, bottom = corners[:, :2].min(axis=0)
        right, top = corners[:, 2:].max(axis=0)
        room = _WIDE - 2 * _EDGE
        scale = min(room / max(right - left, 1.0), (_TALLEST - 2 * _EDGE) / max(top - bottom, 1.0))
        shift = (_WIDE - scale * (right - left)) / 2
        return cls(
            float(left), float(top), float(scale), float(shift), scale * (top - bottom) + 2 * _EDGE
        )

    def fitted(self, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
        fitted: NDArray[np.object_] = shapely.transform(shapes, self.at)
        return fitted

    def at(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        x = (points[:, 0] - self.left) * self.scale + self.shift
        y = (self.top - points[:, 1]) * self.scale + _EDGE
        return np.column_stack([x, y])


def _path(shape: shapely.Geometry, *, exact: bool) -> str:
    """Write the rings of a shape, each corner by its distance from the one before."""
    written: list[str] = []
    for part in shapely.get_parts(shape):
        if shapely.get_type_id(part) != 3:
            continue
        for ring in (part.exterior, *part.interiors):
            scaled = np.round(shapely.get_coordinates(ring) * (10 if exact else 1)).astype(int)[:-1]
            kept = scaled[np.append(True, (np.diff(scaled, axis=0) != 0).any(axis=1))]
            if len(kept) < 3:
                continue
            unit = _tenths if exact else str
            corners = [f"{unit(x)},{unit(y)}" for x, y in np.diff(kept, axis=0).tolist()]
            x, y = kept[0].tolist()
            written.append(f"M{unit(x)},{unit(y)}l{' '.join(corners)}z")
    return "".join(written)


def _tenths(value: int) -> str:
    return f"{value / 10:g}"


def _outline(shapes: NDArray[np.object_]) -> str:
    """Draw one line around the zones in tension that touch."""
    if not len(shapes):
        return ""
    grown = shapely.union_all(shapely.buffer(shapes, 3.0, quad_segs=2))
    line = shapely.simplify(shapely.buffer(grown, -4.5, quad_segs=2), 1.0)
    path = _path(line, exact=True)
    return f'<path class="hot-under" d="{path}"/><path class="hot" d="{path}"/>'


def _inset(label: str, frame: _Frame, box: tuple[float, float, float, float]) -> str:
    (x0, y0), (x1, y1) = frame.at(np.array([[box[0], box[3]], [box[2], box[1]]]))
    return (
        f'<rect class="inset" x="{x0:.0f}" y="{y0:.0f}" width="{x1 - x0:.0f}" height="{y1 - y0:.0f}" rx="8"/>'
        f'<text class="inset-name" x="{(x0 + x1) / 2:.0f}" y="{y1 - 9:.0f}">{escape(label)}</text>'
    )


def _points(place: Mapping[str, Any], frame: _Frame, plane: Plane) -> tuple[float, float]:
    there = gpd.GeoSeries([shapely.Point(place["longitude"], place["latitude"])], crs=WGS84)
    flat = there.to_crs(plane.shapes.crs)
    x, y = frame.at(np.array([[flat.x.iloc[0], flat.y.iloc[0]]]))[0]
    return float(x), float(y)


def _area(area: Mapping[str, Any], frame: _Frame, plane: Plane) -> str:
    x, y = _points(area, frame, plane)
    radius = float(area["radius_m"]) * frame.scale
    count = escape(str(area["requests"]))
    half = 12 + 6 * len(count)
    return (
        f'<g class="area"><title>{escape(area["words"])}</title><circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>'
        f'<g class="badge" transform="translate({x:.1f} {y - radius:.1f})"><rect x="{-half}" y="-15" width="{2 * half}" '
        f'height="30" rx="15"/><text y="6.500">{count}</text></g></g>'
    )


def _place(place: Mapping[str, Any], frame: _Frame, plane: Plane) -> str:
    x, y = _points(place, frame, plane)
    kind = facility_place(str(place["kind"]))
    turn = ' transform="rotate(45)"' if kind == "rpe" else ""
    return (
        f'<g class="spot" transform="translate({x:.1f} {y:.1f})"><rect x="-7" y="-7" width="14" height="14" rx="2" '
        f'fill="{CATEGORICAL[kind]}" stroke="{PAPER}" stroke-width="2.5"{turn}><title>{escape(place["words"])}</title>'
        "</rect></g>"
    )


def _labels(
    shapes: NDArray[np.object_],
    zones: Sequence[Zone],
    kinds: Sequence[int],
    classes: Classes,
    plane: Plane,
) -> list[str]:
    """Write values and names where a circle inside the zone has room for them."""
    if len(shapes) > _NAMED * 4:
        return []
    filled = np.flatnonzero(~shapely.is_empty(shapes))
    whole = np.array([_largest(shapes[at]) for at in filled], dtype=object)
    circles = shapely.maximum_inscribed_circle(whole, tolerance=2.0)
    centres = shapely.get_coordinates(shapely.get_point(circles, 0))
    written = []
    for at, room, (x, y) in zip(filled.tolist(), shapely.length(circles), centres, strict=True):
        zone = zones[at]
        if not zone.value or room < 8 + 4.2 * len(zone.value):
            continue
        ink = "l" if kinds[at] >= 0 and classes.inks[kinds[at]] == PAPER else "d"
        size = " big" if room > 14 + 12 * len(zone.value) else ""
        named = room > 26 and 8.6 * len(zone.name) < 2.5 * room and not plane.insets
        up, down = (-6, 18) if named else (7, 7)
        name = (
            f'<tspan class="nm" x="{x:.0f}" y="{y + up:.0f}">{escape(zone.name)}</tspan>'
            if named
            else ""
        )
        written.append(
            f'<text class="{ink}{size}" aria-hidden="true">{name}'
            f'<tspan class="v" x="{x:.0f}" y="{y + down:.0f}">{escape(zone.value)}</tspan></text>'
        )
    return written


def _largest(shape: shapely.Geometry) -> shapely.Geometry:
    parts = [part for part in shapely.get_parts(shape) if shapely.get_type_id(part) == 3]
    return max(parts, key=lambda part: part.area) if parts else shapely.Point()


_PATTERNS = (
    "<defs>"
    + "".join(
        f'<pattern id="hatch-{name}" width="9" height="9" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<path d="M0 0v9" stroke="{color}" stroke-width="2.2" stroke-opacity="{opacity}"/></pattern>'
        for name, color, opacity in (("dark", INK, 0.5), ("light", PAPER, 0.6))
    )
    + "</defs>"
)
