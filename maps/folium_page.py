"""
The page around a folium map: the only place that knows folium's insides.

folium's own page asks other hosts for Leaflet, jQuery and Bootstrap, speaks English, and fills the window with the map. branca
has no door to that page but its private template, so that a figure of ours is set in its place here, with everything
written into the file; `folium-popups.js` stands in for the two calls of jQuery that folium's pop-ups make.
"""

from __future__ import annotations

import base64
import json
import re
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import folium
from branca.element import Element, Figure
from folium.template import Template
from xstatic.pkg import leaflet

from maps.ground import Bounds
from maps.style import css_variables

__all__ = ["TerritoryMap", "Verbatim", "script_json"]

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
    scripts = ("folium-popups.js", "rpe-map.js")
    return "\n".join((_STATIC / name).read_text(encoding="utf-8") for name in scripts)


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
            figure.header.add_child(Verbatim(content))

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


class Verbatim(Element):
    """Text that goes into the page as it is: code holds braces that a template would read."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self._content = content

    def render(self, **_kwargs: Any) -> str:
        """Write the content, unread."""
        return self._content
