"""A GeoPackage that opens coloured: styles, names and units of the columns, and a QGIS project beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from maps.choropleth import SHOWN
from rpe_geo.files import replacing
from rpe_geo.privacy.cells import plane_of
from rpe_geo.publishing.export.layers import PLACES, ZONES, Layer
from rpe_geo.publishing.export.qgis import indicator_qml, indicators_of, places_qml, project_qgs
from rpe_geo.publishing.export.shapes import write_geopackage_layers

__all__ = ["write_geopackage"]

_STYLES = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
  styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30),
  ui TEXT(30), update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
INSERT INTO gpkg_contents (table_name, data_type, identifier, description)
  VALUES ('layer_styles', 'attributes', 'layer_styles', 'Styles de QGIS');
"""
_COLUMNS = """
CREATE TABLE IF NOT EXISTS gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT,
  constraint_name TEXT, CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
  CONSTRAINT gdc_tn UNIQUE (table_name, name)
);
INSERT OR IGNORE INTO gpkg_extensions (table_name, column_name, extension_name, definition, scope)
  VALUES ('gpkg_data_columns', NULL, 'gpkg_schema', 'http://www.geopackage.org/spec/#extension_schema', 'read-write');
"""
"""The tables of the schema extension as the OGC writes them (GeoPackage 1.4, annex F.9)."""


def write_geopackage(
    layers: Sequence[Layer],
    about: Sequence[dict[str, Any]],
    path: Path,
    *,
    indicator: str,
) -> tuple[Path, ...]:
    """
    Write a GeoPackage and the QGIS project that opens it.

    Parameters
    ----------
    layers
        What is written.
    about
        What each layer is (see `about_layer`).
    path
        The GeoPackage; the project takes its name, ending in `.qgs`.
    indicator
        What colours the zones at first; every other indicator is a style to choose.

    Returns
    -------
    tuple of Path
        The two files, each whole.
    """
    with replacing(path) as temporary:
        write_geopackage_layers(layers, about, temporary)
        with closing(sqlite3.connect(temporary)) as connection, connection:
            connection.executescript(_STYLES + _COLUMNS)
            connection.executemany(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,"
                " styleQML, useAsDefault, description, owner) VALUES ('', '', ?, 'geom', ?, ?, ?, ?, '')",
                _styles(layers, indicator),
            )
            connection.executemany(
                "INSERT OR REPLACE INTO gpkg_data_columns (table_name, column_name, name, title, description)"
                " VALUES (?, ?, ?, ?, ?)",
                [
                    (layer.name, column.name, column.name, _alias(column.label), _meaning(column))
                    for layer in layers
                    for column in layer.columns
                ],
            )
    zones = next((layer for layer in layers if layer.name.startswith(ZONES)), None)
    if zones is None or zones.rows.geometry.isna().all():
        return (path,)
    project = path.with_suffix(".qgs")
    with replacing(project) as temporary:
        west, south, east, north = zones.rows.total_bounds
        crs = plane_of(float(np.mean([west, east])), float(np.mean([south, north])))
        text = project_qgs(layers, path.name, zones.title, indicator, crs)
        temporary.write_text(text, encoding="utf-8")
    return path, project


def _styles(layers: Sequence[Layer], indicator: str) -> Iterable[tuple[str, str, str, bool, str]]:
    """Yield table, name, QML, whether it is the first, and description of each style."""
    for layer in layers:
        if layer.name.startswith(PLACES):
            yield layer.name, "Lieux d’accueil", places_qml(layer), True, layer.title
            continue
        for one in indicators_of(layer):
            shown = one.name == indicator
            unit = f" ({one.unit})" if one.unit else ""
            qml = indicator_qml(layer, SHOWN[one.name])
            yield layer.name, one.label, qml, shown, f"{one.label}{unit}"


def _alias(label: str) -> str:
    return label.partition(".")[0].strip()


def _meaning(column: Any) -> str:
    return f"{column.label} Unité : {column.unit}." if column.unit else column.label
