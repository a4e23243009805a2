"""The map of the observatory: a choropleth of any indicator, its legend, and the same figures in a table beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape
from importlib.resources import files
from typing import Any, cast

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from branca.element import MacroElement
from folium.template import Template

from maps.base import base_map
from maps.choropleth import SHOWN, classify, shown_values, shown_zones
from maps.folium_page import TerritoryMap, Verbatim, script_json
from maps.ground import Bounds, encode_line
from maps.style import facility_place, mark_svg
from rpe_geo.messages.french import children_words, number, typeset
from rpe_geo.observatory.results import Observatory

__all__ = ["coverage_data", "coverage_map", "data_credits", "decay_words", "method_notes"]

_METROPOLE = (-6.0, 41.0, 10.0, 52.0)
_MANY = 4000
_THEMES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Couverture", ("coverage_rate", "coverage_rate_calibrated", "coverage_childminder", "coverage_facility")),
    ("Accès", ("access_e2sfca", "access_2sfca", "access_3sfca", "places_within_reach", "minutes_to_closest", "tension", "choices")),
    ("Horaires et besoins", ("access_early", "access_late", "access_saturday", "access_step_free")),
    ("Registre", ("open_requests", "vacancy_rate", "freshness")),
    ("Ce qui vient", ("places_missing", "children_projected")),
    ("Population et places", ("children", "children_age_0", "children_age_1", "children_age_2", "need", "places", "places_childminder", "places_facility", "places_other")),
    ("Analyse", ("kind", "gi_star", "access_margin_effect")),
)  # fmt: skip
_FOR_MANY = {"coverage_rate", "access_e2sfca", "minutes_to_closest", "coverage_childminder", "coverage_facility", "children", "tension", "kind", "gi_star"}  # fmt: skip
_MODES = {
    "car": "en voiture",
    "walk": "à pied",
    "pushchair": "en poussette",
    "bike": "à vélo",
    "transit": "en transports en commun",
}
_STATIC = files("maps") / "static"


def coverage_map(
    observatory: Observatory, *, indicator: str = "coverage_rate", m: TerritoryMap | None = None
) -> folium.Map:
    """
    Draw the zones of an observatory; any other indicator can be chosen in the file.

    Parameters
    ----------
    observatory
        What was found.
    indicator
        The column shown at first (see `maps.choropleth.SHOWN`).
    m
        A map made by `maps.base.base_map`; a new one without tiles if None.

    Returns
    -------
    folium.Map
        Self-contained; nothing is saved or shown.

    Raises
    ------
    KeyError
        For an indicator that the observatory does not hold.
    """
    if indicator not in observatory.zones.columns or indicator not in SHOWN:
        raise KeyError(indicator)
    bounds = _bounds(observatory.zones)
    if m is None:
        m = base_map(bounds, attribution=data_credits(observatory), max_zoom=16)
    parameters = observatory.parameters
    m.compose(
        title=f"{parameters['title']}\u00a0: où manque-t-il des places\u00a0?",
        lead=_lead(observatory),
        legend='<div id="cov-legend"></div>',
        beside='<div id="cov-side"></div>',
        foot="".join(f"<p>{escape(text)}</p>" for text in method_notes(observatory)),
    )
    return add_coverage(m, coverage_data(observatory, indicator=indicator))


def data_credits(observatory: Observatory) -> list[str]:
    """Name the producers once each, with the year of what is drawn."""
    producers = dict.fromkeys(
        name.strip()
        for source in observatory.sources
        for name in source.producer.split(",")
        if name.strip() != "producteur non indiqué"
    )
    return [f"Données : {', '.join(producers)}, {observatory.parameters['year']}"]


def _bounds(zones: gpd.GeoDataFrame) -> Bounds:
    """Show métropole first when there is some; otherwise everything."""
    boxes = zones.geometry[~(zones.geometry.isna() | zones.geometry.is_empty)].bounds
    west, south, east, north = _METROPOLE
    home = boxes[
        (boxes["minx"] > west)
        & (boxes["maxx"] < east)
        & (boxes["miny"] > south)
        & (boxes["maxy"] < north)
    ]
    boxes = home if len(home) else boxes
    if boxes.empty:
        return _METROPOLE
    return (
        float(boxes["minx"].min()),
        float(boxes["miny"].min()),
        float(boxes["maxx"].max()),
        float(boxes["maxy"].max()),
    )


def _lead(observatory: Observatory) -> str:
    parameters, summary = observatory.parameters, observatory.summary
    return (
        f"{number(summary['zones'])} {'communes' if parameters['zones'] == 'communes' else 'zones'}, "
        f"{number(summary['children'], 0)} enfants de moins de 3\u00a0ans ({children_words(parameters)}). "
        f"Accès {_MODES[parameters['mode']]}, {number(parameters['minutes'])}\u00a0min au plus."
    )


def method_notes(observatory: Observatory) -> list[str]:
    """Say where the figures come from, how they were computed, and what the signs of the map mean."""
    parameters = observatory.parameters
    sources = " ; ".join(
        f"{source.producer}, {source.title.lower()}{f' ({source.date})' if source.date else ''}, {source.licence}"
        for source in observatory.sources
    )
    words = [
        f"Sources : {sources}.",
        f"Trajets : {parameters['travel_times']}. Poids des trajets : {decay_words(str(parameters['decay']))}.",
        "Incertain : trop peu d’enfants, sommes éloignées des totaux publiés, ou disponibilités anciennes.",
    ]
    words.append(
        "Zone en tension : l’accès y est bas et chez ses voisines aussi, plus que le hasard ne le ferait "
        "(Gi*, 5\u00a0% de fausses découvertes au plus)."
    )
    if parameters.get("estimated"):
        words.append(
            "Les places dont l’adresse ou le nombre ne sont pas publiés sont celles de la commune, réparties pour le calcul."
        )
    return [typeset(text) for text in words]


def decay_words(decay: str) -> str:
    r"""
    Say in French how travel time weighs.

    >>> decay_words("step:5=1,10=0.3")
    '1 jusqu’à 5\xa0min, 0,3 jusqu’à 10\xa0min'
    """
    kind, _, written = decay.partition(":")
    try:
        if kind == "step":
            steps = [step.partition("=") for step in written.split(",")]
            return ", ".join(
                f"{number(float(weight))} jusqu’à {number(float(bound))}\u00a0min"
                for bound, _, weight in steps
            )
        minutes = f"{number(float(written))}\u00a0min"
    except ValueError:
        return decay
    return {"binary": f"1 jusqu’à {minutes}", "gaussian": f"gaussien, nul à {minutes}"}.get(
        kind, decay
    )


# ---- the data of the map ---------------------------------------------------------------------------------------


def coverage_data(observatory: Observatory, *, indicator: str = "coverage_rate") -> dict[str, Any]:
    """
    Pack an observatory as plain data for `coverage.js`.

    Parameters
    ----------
    observatory
        What was found.
    indicator
        The column shown at first.

    Returns
    -------
    dict
        Zones as encoded polylines, indicators with their classes, places of care, figures of the whole.
    """
    zones = shown_zones(observatory)
    drawable = zones[~(zones.geometry.isna() | zones.geometry.is_empty)]
    many = len(drawable) > _MANY
    shapes = drawable.geometry.to_numpy()
    centres = shapely.point_on_surface(shapes)
    bounds = _bounds(drawable)
    names = [
        name
        for _, group in _THEMES
        for name in group
        if name in drawable
        and drawable[name].notna().any()
        and (not many or name in _FOR_MANY | {indicator})
    ]
    west, south, east, north = bounds
    x, y = shapely.get_x(centres), shapely.get_y(centres)
    group = (
        drawable["epci_nom"] if "epci_nom" in drawable and not many else drawable.get("departement")
    )
    return {
        "bounds": [[south, west], [north, east]],
        "far": bool(((x < west - 3) | (x > east + 3)).any()),
        "word": "commune" if observatory.parameters["zones"] == "communes" else "zone",
        "year": observatory.parameters["year"],
        "id": [str(code) for code in drawable.index],
        "name": [str(name) for name in drawable["nom"]],
        "group": [""] * len(drawable)
        if group is None
        else [f"Département {name}" if many else str(name) for name in group.fillna("")],
        "rings": [_rings(shape) for shape in shapes],
        "at": [[round(float(b), 4), round(float(a), 4)] for a, b in zip(x, y, strict=True)],
        "children": _figures(drawable["children"], 0),
        "places": _figures(drawable["places"], 0),
        "uncertain": [int(flag) for flag in drawable["uncertain"]],
        "why": [str(text) for text in drawable["uncertain_why"]],
        "hot": [{"tension": 1, "aisance": 2}.get(str(kind), 0) for kind in drawable["hotspot"]],
        "outlines": {"tension": _outlines(shapes[(drawable["hotspot"] == "tension").to_numpy()])},
        "frames": _frames(drawable) if many else [],
        "indicators": [_indicator(drawable, name) for name in names],
        "first": names.index(indicator),
        "figures": _tiles(observatory),
        "supply": _supply(observatory.supply),
        "areas": _areas(observatory),
    }


def _areas(observatory: Observatory) -> list[dict[str, Any]]:
    """Tell where open requests gather: circles on a grid of 500 m, never a home."""
    return [
        {
            "lat": area["latitude"],
            "lon": area["longitude"],
            "radius": area["radius_m"],
            "requests": area["requests"],
        }
        for area in observatory.parameters.get("request_areas") or []
    ]


def _figures(values: pd.Series, decimals: int) -> list[float | int | None]:
    return [
        None if not math.isfinite(value) else round(value, decimals) if decimals else round(value)
        for value in values.astype(np.float64)
    ]


def _rings(shape: Any) -> list[str]:
    return [
        encode_line(shapely.get_coordinates(ring))
        for part in shapely.get_parts(shape)
        if shapely.get_type_id(part) == 3
        for ring in (part.exterior, *part.interiors)
    ]


def _outlines(shapes: Any) -> list[str]:
    """Draw one outline around zones that touch; contours of neighbours are never quite the same."""
    if not len(shapes):
        return []
    grown = shapely.union_all(shapely.buffer(shapes, 0.0015, quad_segs=2))
    return [
        encode_line(shapely.get_coordinates(part.exterior))
        for part in shapely.get_parts(
            shapely.simplify(shapely.buffer(grown, -0.0015, quad_segs=2), 0.0005)
        )
        if shapely.get_type_id(part) == 3
    ]


def _frames(zones: gpd.GeoDataFrame) -> list[str]:
    """Outline the départements, to find one's way on the map of a country."""
    lines: list[str] = []
    for _, members in zones.groupby("departement"):
        shapes = shapely.buffer(members.geometry.to_numpy(), 0.006, quad_segs=1)
        whole = shapely.simplify(
            shapely.buffer(shapely.union_all(shapes), -0.006, quad_segs=1), 0.004
        )
        lines += [
            encode_line(shapely.get_coordinates(part.exterior))
            for part in shapely.get_parts(whole)
            if shapely.get_type_id(part) == 3 and part.area > 1e-4
        ]
    return lines


def _indicator(zones: gpd.GeoDataFrame, name: str) -> dict[str, Any]:
    about = SHOWN[name]
    values = shown_values(zones[name], about)
    classes = classify(values, about)
    spread = float(values.max() - values.min()) if values.notna().any() else 0.0
    # One zone far above the others must not flatten every bar.
    most = float(values.quantile(0.98)) if values.notna().any() else 1.0
    if classes.breaks and about.scale != "diverging":
        most = min(most, 1.25 * classes.breaks[-1])
    return {
        "name": name,
        "label": about.label,
        "unit": about.unit,
        "column": "Pour 100"
        if "100" in about.unit
        else about.unit.capitalize()
        if len(about.unit) < 10
        else "Valeur",
        "meaning": about.meaning,
        "theme": next(theme for theme, names in _THEMES if name in names),
        "scale": about.scale,
        "decimals": about.decimals,
        "short": 0 if spread > 12 else min(about.decimals, 1),
        "breaks": list(classes.breaks),
        "labels": list(classes.labels),
        "colors": list(classes.colors),
        "inks": list(classes.inks),
        "values": _figures(values, about.decimals + (0 if len(zones) > _MANY else 1)),
        "most": most if most > 0 else 1.0,
    }


def _tiles(observatory: Observatory) -> list[dict[str, str]]:
    summary = observatory.summary
    per_100 = "pour 100 enfants"
    return [
        {
            "title": "Taux de couverture",
            "value": number(summary["coverage_rate"], 1),
            "unit": per_100,
            "note": f"{number(summary['places'], 0)} places, CNAF {observatory.parameters['year']}",
        },
        {
            "title": "Places accessibles",
            "value": number(100 * summary["access_mean"], 1),
            "unit": per_100,
            "note": f"E2SFCA, {number(observatory.parameters['minutes'])}\u00a0min",
        },
        {
            "title": "Enfants loin de toute place",
            "value": number(summary["children_without_access"], 0),
            "unit": "enfants",
            "note": "Aucune place atteignable",
        },
        {
            "title": "Inégalité d’accès",
            "value": number(summary["gini"], 2),
            "unit": "indice de Gini",
            "note": "0\u00a0: tous pareils ; 1\u00a0: tout pour une zone",
        },
    ]


def _supply(supply: gpd.GeoDataFrame) -> Iterable[dict[str, Any]]:
    return [
        {
            "lat": round(row.geometry.y, 5),
            "lon": round(row.geometry.x, 5),
            "svg": mark_svg(facility_place(str(row.kind)), small=True),
            "name": str(row.name_ or row.kind),
            "places": round(float(row.places)) if row.places > 0 else None,
            "estimated": bool(row.estimated),
        }
        for row in supply.rename(columns={"name": "name_"}).itertuples()
    ]


# ---- on the page -----------------------------------------------------------------------------------------------


class _Coverage(MacroElement):
    """Hand the data to the script of the map."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        rpeMap.coverage({{ this._parent.get_name() }}, {{ this.json() }});
        {% endmacro %}
        """
    )

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__()
        self._name = "Coverage"
        self.data = data

    def json(self) -> str:
        """Write the data for the script."""
        return script_json(self.data)


def add_coverage(m: TerritoryMap, data: dict[str, Any]) -> TerritoryMap:
    """Put a choropleth on a map made by `maps.base.base_map`, and return it."""
    header = cast("Any", m.get_root()).header
    css = (_STATIC / "coverage.css").read_text(encoding="utf-8")
    script = (_STATIC / "coverage.js").read_text(encoding="utf-8")
    header.add_child(Verbatim(f"<style>{css}</style><script>{script}</script>"))
    m.add_child(_Coverage(data))
    return m
