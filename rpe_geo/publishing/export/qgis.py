"""What QGIS reads beside the figures: the colours of an indicator (QML), and a project that opens them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from pyproj import CRS

from maps.choropleth import SHOWN, Classes, classify, shown_values
from maps.style import CATEGORICAL, INK_3, NO_DATA, PAPER, PLACES, facility_place
from rpe_geo.observatory.indicators import Indicator
from rpe_geo.publishing.export.layers import Column, Layer

__all__ = ["indicator_qml", "indicators_of", "places_qml", "project_qgs"]

_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_VERSION = "3.22.0"
_BORDER = "#FFFFFF"
_BLANK_BORDER = "#8A7F92"


def indicators_of(layer: Layer) -> list[Indicator]:
    """List the indicators that a layer of zones holds figures for, in the order of its columns."""
    return [
        SHOWN[column.name]
        for column in layer.columns
        if column.name in SHOWN and layer.rows[column.name].notna().any()
    ]


def indicator_qml(layer: Layer, indicator: Indicator) -> str:
    """
    Write the style of an indicator: the classes and colours of our own maps.

    Parameters
    ----------
    layer
        Zones; their figures choose the classes.
    indicator
        One of its columns.

    Returns
    -------
    str
        QML with a rule a class, hatched where figures are uncertain, white where there is none, and the French names of
        the columns.
    """
    root = ET.Element("qgis", version=_VERSION, styleCategories="Symbology|Fields")
    _add_indicator(root, layer, indicator)
    _add_aliases(root, layer.columns)
    return _DOCTYPE + ET.tostring(root, encoding="unicode")


def _add_indicator(root: ET.Element, layer: Layer, indicator: Indicator) -> None:
    classes = classify(shown_values(layer.rows[indicator.name], indicator), indicator)
    renderer, symbols = _rules(root)
    rules = list(_class_rules(indicator, classes))
    for at, (condition, label, color, border) in enumerate(rules):
        _rule(renderer, at, condition, label)
        _fill(symbols, at, color, border)
    if any(column.name == "uncertain" for column in layer.columns):
        at = len(rules)
        _rule(renderer, at, f'"uncertain" AND "{indicator.name}" IS NOT NULL', "incertain")
        _hatch(symbols, at)


def _class_rules(indicator: Indicator, classes: Classes) -> Iterable[tuple[str, str, str, str]]:
    """Write condition, label, colour and border of each class; limits are those of the unit shown."""
    value = f'"{indicator.name}"'
    if indicator.factor != 1:
        value = f"{value} * {indicator.factor:g}"
    limits = [None, *classes.breaks, None]
    reached = f'"{indicator.name}" < 1e300'
    for low, high, label, color in zip(
        limits[:-1], limits[1:], classes.labels, classes.colors, strict=True
    ):
        parts = [
            f"{value} >= {low!r}" if low is not None else "",
        ]
        parts.append(f"{value} < {high!r}" if high is not None else reached)
        yield " AND ".join(part for part in parts if part), label, color, _BORDER
    yield f'"{indicator.name}" IS NULL', "non publié ou sans enfant", NO_DATA, _BLANK_BORDER
    if indicator.unit == "min":
        yield f'"{indicator.name}" >= 1e300', "hors de portée", NO_DATA, _BLANK_BORDER


def places_qml(layer: Layer) -> str:
    """
    Write the style of places of care: a square a crèche, a diamond a relais, LAEP or PMI.

    Parameters
    ----------
    layer
        Places, with their `kind`.

    Returns
    -------
    str
        QML.
    """
    root = ET.Element("qgis", version=_VERSION, styleCategories="Symbology|Fields")
    _add_places(root, layer)
    _add_aliases(root, layer.columns)
    return _DOCTYPE + ET.tostring(root, encoding="unicode")


def _add_places(root: ET.Element, layer: Layer) -> None:
    renderer, symbols = _rules(root)
    for at, kind in enumerate(sorted(set(layer.rows["kind"].dropna()))):
        mark = facility_place(str(kind))
        escaped = str(kind).replace("'", "''")
        _rule(renderer, at, f"\"kind\" = '{escaped}'", f"{PLACES[mark].label} : {kind}")
        symbol = ET.SubElement(symbols, "symbol", type="marker", name=str(at), alpha="1")
        options = {
            "name": "diamond" if mark == "rpe" else "square",
            "color": _rgba(CATEGORICAL[mark]),
            "outline_color": _rgba(PAPER),
            "outline_width": "0.3",
            "size": "2.6",
        }
        _layer(symbol, "SimpleMarker", options)


def _rules(root: ET.Element) -> tuple[ET.Element, ET.Element]:
    renderer = ET.SubElement(root, "renderer-v2", type="RuleRenderer", symbollevels="0")
    rules = ET.SubElement(renderer, "rules", key="{all}")
    return rules, ET.SubElement(renderer, "symbols")


def _rule(rules: ET.Element, at: int, condition: str, label: str) -> None:
    ET.SubElement(
        rules, "rule", key=f"{{rule-{at}}}", filter=condition, symbol=str(at), label=label
    )


def _fill(symbols: ET.Element, at: int, color: str, border: str) -> None:
    symbol = ET.SubElement(symbols, "symbol", type="fill", name=str(at), alpha="1")
    options = {
        "color": _rgba(color),
        "style": "solid",
        "outline_color": _rgba(border),
        "outline_style": "solid",
        "outline_width": "0.2",
    }
    _layer(symbol, "SimpleFill", options)


def _hatch(symbols: ET.Element, at: int) -> None:
    symbol = ET.SubElement(symbols, "symbol", type="fill", name=str(at), alpha="0.55")
    options = {
        "color": _rgba(INK_3),
        "style": "b_diagonal",
        "outline_style": "no",
    }
    _layer(symbol, "SimpleFill", options)


def _layer(symbol: ET.Element, kind: str, options: dict[str, str]) -> None:
    drawn = ET.SubElement(symbol, "layer", {"class": kind, "enabled": "1", "pass": "0"})
    kept = ET.SubElement(drawn, "Option", type="Map")
    for name, value in options.items():
        ET.SubElement(kept, "Option", name=name, type="QString", value=value)


def _rgba(color: str) -> str:
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},255"


def _add_aliases(root: ET.Element, columns: Sequence[Column]) -> None:
    aliases = ET.SubElement(root, "aliases")
    for at, column in enumerate(columns):
        words = f"{column.label} ({column.unit})" if column.unit else column.label
        ET.SubElement(aliases, "alias", index=str(at), field=column.name, name=words)


def project_qgs(layers: Sequence[Layer], file: str, title: str, shown: str, crs: int) -> str:
    """
    Write a project that opens a GeoPackage with its colours.

    Parameters
    ----------
    layers
        Those of the GeoPackage.
    file
        Its name; the project stands beside it.
    title
        Of the project.
    shown
        Indicator that colours the zones.
    crs
        EPSG code of the project.

    Returns
    -------
    str
        The text of a `.qgs` file.
    """
    root = ET.Element("qgis", projectname=title, version=_VERSION)
    ET.SubElement(root, "title").text = title
    _add_crs(ET.SubElement(root, "projectCrs"), crs)
    # Without it QGIS takes the project for one without projection.
    properties = ET.SubElement(ET.SubElement(root, "properties"), "SpatialRefSys")
    ET.SubElement(properties, "ProjectionsEnabled", type="int").text = "1"
    tree = ET.SubElement(root, "layer-tree-group")
    kept = ET.SubElement(root, "projectlayers")
    # What is listed first lies on top.
    for layer in sorted(layers, key=lambda one: one.name.startswith("indicateurs")):
        identity = f"{layer.name}_rpe_geo"
        source = f"./{file}|layername={layer.name}"
        areas = layer.name.startswith("indicateurs")
        ET.SubElement(
            tree,
            "layer-tree-layer",
            {
                "id": identity,
                "name": layer.title,
                "providerKey": "ogr",
                "source": source,
                "checked": "Qt::Checked",
            },
        )
        one = ET.SubElement(
            kept,
            "maplayer",
            {"type": "vector", "geometry": "Polygon" if areas else "Point"},
        )
        ET.SubElement(one, "id").text = identity
        ET.SubElement(one, "datasource").text = source
        ET.SubElement(one, "layername").text = layer.title
        _add_crs(ET.SubElement(one, "srs"), 4326)
        ET.SubElement(one, "provider", encoding="UTF-8").text = "ogr"
        if areas:
            _add_indicator(one, layer, SHOWN[shown])
        else:
            _add_places(one, layer)
        _add_aliases(one, layer.columns)
    return _DOCTYPE + ET.tostring(root, encoding="unicode")


def _add_crs(parent: ET.Element, crs: int) -> None:
    system = ET.SubElement(parent, "spatialrefsys", nativeFormat="Wkt")
    ET.SubElement(system, "wkt").text = CRS.from_epsg(crs).to_wkt("WKT2_2019")
    ET.SubElement(system, "authid").text = f"EPSG:{crs}"
