"""
The ground of every map: one self-contained file, French controls, the territory's own streets beneath.

Leaflet, the font and the drawing code are written into the file; the only other host that it ever asks is the one of
the tiles, when there are any. Without tiles, or when they do not answer, the streets, water and communes are there.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import folium
import geopandas as gpd
import numpy as np
import shapely
from branca.element import Element, Figure
from folium.template import Template
from numpy.typing import NDArray
from xstatic.pkg import leaflet

from maps.style import GROUND, css_variables
from rpe_geo.messages.french import day

__all__ = [
    "Bounds",
    "TerritoryMap",
    "base_map",
    "encode_line",
    "ground_bounds",
    "ground_layers",
    "script_json",
]

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
_STATIC = files("maps") / "static"


def script_json(value: Any) -> str:
    """
    Write a value as JSON that cannot leave the script element around it.

    folium reads what it is given as a template once more, so braces that would open an expression are escaped too:
    a name with `{{ … }}` in it stays a name.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return re.sub(r"\{(?=[{%#])", r"\\u007b", text)


def _inert(html: str) -> str:
    """Keep folium's templates from reading braces in finished HTML."""
    return html.replace("{", "&#123;")


# ---- geometry as short text ----------------------------------------------------------------------------------


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
    Pack the territory's own streets, water and communes for drawing beneath everything.

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


# ---- the file ------------------------------------------------------------------------------------------------


def _data_url(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


@cache
def _leaflet_js() -> str:
    text = (Path(leaflet.BASE_DIR) / "leaflet.js").read_text(encoding="utf-8")
    return text.partition("//# sourceMappingURL")[0]


@cache
def _leaflet_css() -> str:
    folder = Path(leaflet.BASE_DIR)
    text = (
        (folder / "leaflet.css")
        .read_text(encoding="utf-8")
        .replace("behavior: url(#default#VML);", "")
    )

    def inline(match: re.Match[str]) -> str:
        return f"url({_data_url((folder / match[1]).read_bytes(), 'image/png')})"

    return re.sub(r"url\((images/[\w-]+\.png)\)", inline, text)


@cache
def _own_css() -> str:
    font = _data_url((_STATIC / "figtree-latin-wght-normal.woff2").read_bytes(), "font/woff2")
    text = (_STATIC / "rpe-map.css").read_text(encoding="utf-8")
    return css_variables() + text.replace("__FIGTREE__", font)


@cache
def _own_js() -> str:
    return (_STATIC / "rpe-map.js").read_text(encoding="utf-8")


_FIGURE = Template(
    '<!DOCTYPE html>\n<html lang="fr">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    "<title>{{ this.title|e }}</title>\n{{ this.header.render(**kwargs) }}\n</head>\n<body>\n"
    "{{ this.html.render(**kwargs) }}\n<script>\n{{ this.script.render(**kwargs) }}\n</script>\n</body>\n</html>\n"
)


class TerritoryMap(folium.Map):
    """
    A folium map that stands in a French page of its own: title, map, legend, and its words beside it.

    Add any folium layer to it. `compose` sets what stands around the map.

    Parameters
    ----------
    bounds
        What it shows at first, EPSG:4326.
    options
        Plain data for `rpeMap.create`.
    """

    _template = Template(
        """
        {% macro html(this, kwargs) %}
        <a class="skip" href="#apres-la-carte">Aller après la carte</a>
        <main class="page{% if this.beside %} has-side{% endif %}">
        {% if this.heading or this.lead %}<header class="page-head">
        {% if this.heading %}<h1>{{ this.inert(this.heading)|safe }}</h1>{% endif %}
        {% if this.lead %}<p>{{ this.inert(this.lead)|safe }}</p>{% endif %}</header>{% endif %}
        <div class="page-body">
        <section class="page-map" aria-label="Carte et légende">
        <div class="rpe-map" id="{{ this.get_name() }}"></div>
        {{ this.legend_html }}
        </section>
        <div class="page-side" id="apres-la-carte">{{ this.beside }}</div>
        </div>
        {% if this.foot %}<footer class="page-foot">{{ this.foot }}</footer>{% endif %}
        </main>
        {% endmacro %}
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = rpeMap.create(
            document.getElementById("{{ this.get_name() }}"), {{ this.options_json() }});
        {% endmacro %}
        """
    )
    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - folium reads a class attribute
    default_css: list[tuple[str, str]] = []  # noqa: RUF012 - the same

    def __init__(self, bounds: Bounds, options: dict[str, Any]) -> None:
        west, south, east, north = bounds
        super().__init__(location=[(south + north) / 2, (west + east) / 2], tiles=None)
        self.bounds = bounds
        self.page_options = options
        self.heading = ""
        self.lead = ""
        self.legend_html = ""
        self.beside = ""
        self.foot = ""
        self._figure = figure = cast("Figure", self.get_root())
        figure.title = "Carte"
        figure.height = "640px"
        figure._template = _FIGURE  # noqa: SLF001 - branca has no other door to the page around the map
        figure.header._children.clear()  # noqa: SLF001 - the same
        for content in (
            f"<style>{_leaflet_css()}\n{_own_css()}</style>",
            f"<script>{_leaflet_js()}\n{_own_js()}</script>",
        ):
            figure.header.add_child(_Verbatim(content))

    @staticmethod
    def inert(text: str) -> str:
        """Write plain text as HTML that no template reads again."""
        return _inert(escape(text))

    def options_json(self) -> str:
        """Write the options of the map for its script."""
        return script_json(self.page_options)

    def compose(
        self,
        *,
        title: str | None = None,
        lead: str | None = None,
        legend: str | None = None,
        beside: str | None = None,
        foot: str | None = None,
    ) -> TerritoryMap:
        """
        Set what stands around the map; what is None stays as it was.

        Parameters
        ----------
        title, lead
            Plain text: the heading (also the title of the file) and the sentence under it.
        legend, beside, foot
            HTML: under the map, beside it (below it on a phone), and at the end. The caller has escaped it.

        Returns
        -------
        TerritoryMap
            Itself.
        """
        if title is not None:
            self.heading = title
            self._figure.title = title
            self.page_options["label"] = f"Carte : {title}"
        self.lead = self.lead if lead is None else lead
        self.legend_html = self.legend_html if legend is None else _inert(legend)
        self.beside = self.beside if beside is None else _inert(beside)
        self.foot = self.foot if foot is None else _inert(foot)
        return self

    def render(self, **kwargs: Any) -> str:
        """Render into the figure, and refuse a layer that would ask another host for its code."""
        super().render(**kwargs)
        header = str(cast("Any", self._figure.header).render(**kwargs))
        foreign = re.findall(r"<(?:script|link)[^>]*(?:src|href)=\"(?:https?:)?//[^\"]+", header)
        if foreign:
            raise RuntimeError(
                f"a map file must be self-contained, and this layer is not: {foreign}"
            )
        return ""


class _Verbatim(Element):
    """Text that goes into the page as it is: code holds braces that a template would read."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self._content = content

    def render(self, **_kwargs: Any) -> str:
        return self._content


def base_map(
    bounds: Bounds,
    *,
    streets: gpd.GeoDataFrame | None = None,
    communes: gpd.GeoDataFrame | None = None,
    water: gpd.GeoDataFrame | None = None,
    parks: gpd.GeoDataFrame | None = None,
    woods: gpd.GeoDataFrame | None = None,
    rails: gpd.GeoDataFrame | None = None,
    tiles_url: str | None = None,
    tiles_attribution: str = "",
    attribution: Sequence[str] | str = (),
    data_date: date | None = None,
    max_zoom: int = 19,
    title: str = "Carte",
) -> TerritoryMap:
    """
    Make the map that others draw upon: a self-contained file whose ground is never blank.

    Parameters
    ----------
    bounds
        What it shows at first: west, south, east, north (EPSG:4326).
    streets, communes, water, parks, woods, rails
        The territory's own ground (see `ground_layers`), drawn where no tile is.
    tiles_url
        Template with {z}, {x}, {y}; None or empty for no tiles.
    tiles_attribution
        Credit of the tiles.
    attribution
        Credits of the data drawn, as plain text.
    data_date
        The date of the data, written after the credits.
    max_zoom
        How near one may come; 17 where masked homes are drawn.
    title
        Heading and title of the file.

    Returns
    -------
    TerritoryMap
        A `folium.Map`; nothing is saved or shown.
    """
    credits_ = [attribution] if isinstance(attribution, str) else list(attribution)
    if data_date is not None:
        credits_.append(f"données du {day(data_date)}")
    west, south, east, north = bounds
    options: dict[str, Any] = {
        "bounds": [[south, west], [north, east]],
        "max_zoom": max_zoom,
        "attribution": escape(" · ".join(text for text in credits_ if text)),
        "colours": dict(GROUND),
        "ground": ground_layers(
            bounds,
            streets=streets,
            communes=communes,
            water=water,
            parks=parks,
            woods=woods,
            rails=rails,
        ),
    }
    if tiles_url:
        options["tiles"] = {"url": tiles_url, "attribution": escape(tiles_attribution)}
    return TerritoryMap(bounds, options).compose(title=title)
