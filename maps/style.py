"""
The colours, palettes and marks of the maps, once: for folium here, and as JSON for the pages.

Shape says the same as colour: circle, hexagon, square, diamond, triangle, drop. Contrast and lightness of every colour
are computed in the design; change a value here and the maps, their legends and the pages (`api/static/tokens.css`) change together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from rpe_geo.folding import fold

__all__ = [
    "CATEGORICAL",
    "DIVERGING",
    "GROUND",
    "INK",
    "INK_3",
    "ISOCHRONE",
    "NO_DATA",
    "PAPER",
    "PLACES",
    "PRUNE",
    "ROUTE",
    "SEQUENTIAL",
    "SEQUENTIAL_INK",
    "STATES",
    "ZONE",
    "LegendItem",
    "PlaceKind",
    "PlaceStyle",
    "css_variables",
    "facility_place",
    "isochrone_item",
    "legend",
    "mark_svg",
    "palette",
    "place_item",
    "route_item",
    "zone_item",
]

PlaceKind = Literal["home", "work", "childminder", "mam", "facility", "rpe", "school"]

INK = "#241B2A"
INK_2 = "#574C5F"
INK_3 = "#6B6073"
PAPER = "#FFFFFF"
PRUNE = "#5C2A5E"
MIRABELLE = "#F4BC45"
NO_DATA = "#FFFFFF"

SEQUENTIAL = ("#FBF1D5", "#F5CE86", "#E89B72", "#CC7283", "#823F74", "#41204F")
"""Six classes, light = little, dark = much."""
SEQUENTIAL_INK = (INK, INK, INK, INK, PAPER, PAPER)
"""The colour of a label on each class of `SEQUENTIAL`."""
DIVERGING = ("#8A3F0C", "#C9803F", "#EFCFA9", "#F3F1F3", "#B5D4DC", "#579BB2", "#17586F")
"""Seven classes symmetric about zero: brown = loss, blue = gain."""

GROUND: Mapping[str, str] = {
    "land": "#F3F0EE",
    "building": "#E4DFDE",
    "wood": "#DFE8D8",
    "park": "#D3E3CB",
    "water": "#C5DCE8",
    "water_ink": "#356682",
    "street": "#FFFFFF",
    "street_case": "#E0DAD9",
    "road": "#FFFDF6",
    "road_case": "#CFC5BE",
    "rail": "#A79DA0",
    "border": "#A79DA0",
    "label": "#4A4250",
}
"""Nearly grey, so that what is drawn on it stands out."""

STATES: Mapping[str, tuple[str, str]] = {
    "ok": ("#1E6B4C", "#E6F3EC"),
    "warn": ("#7A4B00", "#FFF2D4"),
    "error": ("#A01F3A", "#FCEAED"),
    "info": ("#27577C", "#E7F0F6"),
}
"""State to its text colour and its ground."""

ROUTE: Mapping[str, Any] = {"color": PRUNE, "weight": 5, "casing": PAPER, "casing_weight": 10}
ISOCHRONE: Mapping[str, Any] = {
    "color": PRUNE,
    "weight": 2,
    "dash": "2 5",
    "opacity": 0.75,
    "fill_opacity": 0.035,
}
ZONE: Mapping[str, Any] = {
    "weight": 1.6,
    "dash": "5 4",
    "fill_opacity": 0.13,
    "selected_fill_opacity": 0.26,
    "max_zoom": 17,
}
"""How a masked home is drawn: never a point, and the map goes no closer than `max_zoom`."""


@dataclass(frozen=True)
class PlaceStyle:
    """
    How one kind of place is marked.

    Parameters
    ----------
    label
        Its name in a legend, in French.
    halo, shape
        SVG of the white rim and of the coloured shape, about the origin, some 36 px wide.
    glyph
        SVG drawn in white on the shape where no rank is.
    """

    kind: PlaceKind
    label: str
    color: str
    halo: str
    shape: str
    glyph: str


def _square(half: float, radius: float, *, turned: bool = False) -> str:
    turn = ' transform="rotate(45)"' if turned else ""
    side = 2 * half
    return f'<rect x="{-half:g}" y="{-half:g}" width="{side:g}" height="{side:g}" rx="{radius:g}"{turn}/>'


_HEXAGON_OUT = '<path d="M0-19.5 16.9-9.8V9.7L0 19.5-16.9 9.8V-9.8Z"/>'
_HEXAGON_IN = '<path d="M0-16.5 14.3-8.3V8.2L0 16.5-14.3 8.3V-8.3Z"/>'
_DROP_OUT = '<path d="M0 27C-5 20-19 8-19-2A19 19 0 0 1 19-2C19 8 5 20 0 27Z"/>'
_DROP_IN = '<path d="M0 24C-5 17-16 8-16-2A16 16 0 0 1 16-2C16 8 5 17 0 24Z"/>'

PLACES: Mapping[PlaceKind, PlaceStyle] = {
    place.kind: place
    for place in (
        PlaceStyle(
            "childminder",
            "Assistant·e maternel·le",
            "#6B2668",
            '<circle r="18"/>',
            '<circle r="15"/>',
            '<circle cx="-2.5" cy="-4" r="3"/><path d="M-8 6.5c.4-4.5 2.5-6 5.5-6 1.2 0 2.3.3 3.2.9"/>'
            '<circle cx="5" cy="1" r="2"/><path d="M1.5 7c.3-2.5 1.5-3.5 3.5-3.500S8.2 4.5 8.5 7"/>',
        ),
        PlaceStyle(
            "mam",
            "Maison d’assistants maternels (MAM)",
            "#C25E00",
            _HEXAGON_OUT,
            _HEXAGON_IN,
            '<path d="M-8 0 0-7l8 7M-5.5-1.500V7h11v-8.500M-1.8 7V2.500h3.600V7"/>',
        ),
        PlaceStyle(
            "facility",
            "Crèche",
            "#1F6FA8",
            _square(17.5, 4),
            _square(14.5, 4),
            '<path d="M-6.5 0H0v6.500h-6.500zM0 0h6.500v6.500H0zM-3.2-6.500h6.500V0h-6.500z"/>',
        ),
        PlaceStyle(
            "rpe",
            "Relais petite enfance",
            "#004F45",
            _square(16.5, 3.5, turned=True),
            _square(13.5, 3.5, turned=True),
            '<circle cx="-4.5" cy="3" r="2"/><circle cx="4.5" cy="3" r="2"/><path d="M-5 0C-4-6 4-6 5 0"/>',
        ),
        PlaceStyle(
            "school",
            "École",
            "#7A6A50",
            '<path d="M0-19 19 16q0 2-2 2h-34q-2 0-2-2Z"/>',
            '<path d="M0-16 16 13q0 2-2 2h-28q-2 0-2-2Z"/>',
            '<path d="M-4 6V1h8v5M0-4v3"/>',
        ),
        PlaceStyle(
            "home",
            "Domicile de la famille",
            INK,
            _DROP_OUT,
            _DROP_IN,
            '<path d="M-8-1 0-8l8 7M-5.5-2.500V6h11v-8.5"/>',
        ),
        PlaceStyle(
            "work",
            "Lieu de travail",
            INK,
            _DROP_OUT,
            _DROP_IN,
            '<path d="M-7-3.500H7V6H-7zM-2.5-3.500V-7h5v3.500M-7 1H7"/>',
        ),
    )
}
"""Every kind of place that a map marks; there is no other colour: reuse one with a pattern."""

CATEGORICAL: Mapping[str, str] = {kind: place.color for kind, place in PLACES.items()}

_PUBLIC_PLACES = ("rpe", "relais", "ram", "ripe", "laep", "lieu d’accueil", "pmi")


def facility_place(kind: str) -> PlaceKind:
    """Choose the mark of a facility by its producer's word: a diamond for RPE, LAEP and PMI, else a square."""
    plain = fold(kind)
    words = plain.replace("-", " ").split()
    public = any(word in words or plain.startswith(word) for word in _PUBLIC_PLACES)
    return "rpe" if public else "facility"


def mark_svg(kind: PlaceKind, text: str | None = None, *, small: bool = False) -> str:
    """
    Draw the mark of a place as one SVG element that holds under a strict Content-Security-Policy.

    Parameters
    ----------
    kind
        What stands there.
    text
        The rank in the list; the glyph of the kind when None.
    small
        A plain small mark without number, for what is not in the list.

    Returns
    -------
    str
        `<svg class="mark">…</svg>`, hidden from screen readers: the element around it carries the name.
    """
    place = PLACES[kind]
    box = "-20 -20 40 48" if kind in {"home", "work"} else "-20 -20 40 40"
    if small:
        inside = ""
    elif text is None:
        colour = MIRABELLE if kind in {"home", "work"} else PAPER
        inside = (
            f'<g fill="none" stroke="{colour}" stroke-width="2" stroke-linecap="round" '
            f'stroke-linejoin="round">{place.glyph}</g>'
        )
    else:
        size = 15 if len(text) < 3 else 12
        down = 8.6 if kind == "school" else 5.3
        inside = (
            f'<text y="{down:g}" fill="{PAPER}" font-size="{size}" font-weight="700" '
            f'text-anchor="middle">{escape(text)}</text>'
        )
    return (
        f'<svg class="mark" viewBox="{box}" aria-hidden="true" focusable="false">'
        f'<g class="halo" fill="{PAPER}">{place.halo}</g><g fill="{place.color}">{place.shape}</g>{inside}</svg>'
    )


@dataclass(frozen=True)
class LegendItem:
    """One line of a legend: an SVG sign and its words."""

    sign: str
    text: str


def _swatch(inside: str) -> str:
    return (
        f'<svg class="sign" viewBox="0 0 28 20" aria-hidden="true" focusable="false">{inside}</svg>'
    )


def place_item(kind: PlaceKind, text: str | None = None) -> LegendItem:
    """Explain the mark of a kind of place."""
    return LegendItem(mark_svg(kind), text or PLACES[kind].label)


def zone_item() -> LegendItem:
    """Explain the dashed circle of a masked home."""
    colour = PLACES["childminder"].color
    sign = _swatch(
        f'<circle cx="14" cy="10" r="8.5" fill="{colour}" fill-opacity=".13" stroke="{colour}" '
        'stroke-width="1.6" stroke-dasharray="4 3"/>'
    )
    return LegendItem(sign, "Assistant·e maternel·le : zone, jamais l’adresse")


def route_item(text: str = "Trajet par les rues") -> LegendItem:
    """Explain the line of a route."""
    line = f'<path d="M3 15C10 15 9 5 16 6s4-1 9-2" fill="none" stroke="{PRUNE}" stroke-width="4" stroke-linecap="round"/>'
    return LegendItem(_swatch(line), text)


def isochrone_item(text: str) -> LegendItem:
    """Explain the dotted outline of what can be reached."""
    sign = _swatch(
        f'<ellipse cx="14" cy="10" rx="11" ry="8" fill="{PRUNE}" fill-opacity=".05" stroke="{PRUNE}" '
        'stroke-width="2" stroke-dasharray="1 4" stroke-linecap="round"/>'
    )
    return LegendItem(sign, text)


def hatch_item(text: str = "Incertain : moins de la moitié confirmée depuis 6 mois") -> LegendItem:
    """Explain the ink hatch over a class colour: uncertain."""
    sign = _swatch(
        f'<rect x="1" y="1" width="26" height="18" rx="4" fill="{SEQUENTIAL[1]}" stroke="#8A7F92"/>'
        f'<path d="M2 16 16 2M8 18 24 2M17 18 26 9" stroke="{INK}" stroke-width="1.2"/>'
    )
    return LegendItem(sign, text)


def no_data_item(text: str = "Effectif trop petit ou donnée absente") -> LegendItem:
    """Explain a white zone: suppressed or missing."""
    sign = _swatch(
        f'<rect x="1" y="1" width="26" height="18" rx="4" fill="{NO_DATA}" stroke="#8A7F92"/>'
        f'<text x="14" y="14" fill="{INK_2}" font-size="12" text-anchor="middle">–</text>'
    )
    return LegendItem(sign, text)


def legend(items: Iterable[LegendItem], *, label: str = "Légende") -> str:
    """Write a legend as an HTML list, to stand outside the map."""
    rows = "".join(f"<li>{item.sign}<span>{escape(item.text)}</span></li>" for item in items)
    return f'<ul class="legend" aria-label="{escape(label)}">{rows}</ul>'


def palette() -> dict[str, str]:
    """
    Give every colour by the name that pages and maps know it by.

    Returns
    -------
    dict of str to str
        Name, without dashes before it, to colour: `ink`, `place-mam`, `map-water`, `seq-1`.
    """
    named = {
        "ink": INK,
        "ink-2": INK_2,
        "ink-3": INK_3,
        "paper": PAPER,
        "brume": "#F6F3F7",
        "brume-2": "#ECE6EE",
        "week-end": "#E3DBE6",
        "line": "#DDD5E0",
        "line-strong": "#8A7F92",
        "prune": PRUNE,
        "prune-hover": "#461F48",
        "prune-50": "#F3EAF4",
        "prune-100": "#E6D5E8",
        "prune-300": "#A270A8",
        "on-prune": PAPER,
        "mirabelle": MIRABELLE,
        "mirabelle-50": "#FFF5DE",
    }
    for state, (ink, ground) in STATES.items():
        named |= {state: ink, f"{state}-50": ground}
    named["focus"] = "#1F5FD6"
    named |= {f"place-{kind}": colour for kind, colour in CATEGORICAL.items()}
    named |= {f"map-{name.replace('_', '-')}": colour for name, colour in GROUND.items()}
    # The same by day and by night: the ground under them is.
    named |= {"map-mark": PRUNE, "map-ink": INK, "map-line": "#8A7F92"}
    named |= {f"seq-{number}": colour for number, colour in enumerate(SEQUENTIAL, 1)}
    named |= {f"div-{number}": colour for number, colour in enumerate(DIVERGING, 1)}
    return named | {"no-data": NO_DATA}


def css_variables() -> str:
    """Write the palette as CSS custom properties, for a map that stands in a file of its own."""
    return ":root{" + "".join(f"--{name}:{value};" for name, value in palette().items()) + "}"
