"""An observatory as layers with shapes: GeoPackage, FlatGeobuf, GeoParquet 1.1, GeoJSON (RFC 7946)."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pa_parquet
import pyogrio
import shapely

from rpe_geo.crs import WGS84
from rpe_geo.errors import InvalidFile, Where
from rpe_geo.files import read_bytes, reading_file, replacing
from rpe_geo.observatory.results import Source
from rpe_geo.publishing.export.layers import Layer, typed

__all__ = [
    "about_layer",
    "feature_collection",
    "read_geojson",
    "read_geoparquet",
    "read_layers",
    "write_flatgeobuf",
    "write_geojson",
    "write_geopackage_layers",
    "write_geoparquet",
]

_OUT_OF_REACH = "hors_de_portee"


def about_layer(
    layer: Layer, sources: Sequence[Source], parameters: dict[str, Any]
) -> dict[str, Any]:
    """
    Say what a layer is, as plain data.

    Parameters
    ----------
    layer
        Its title and columns.
    sources, parameters
        Where the figures come from.

    Returns
    -------
    dict
        `title, year, columns, sources`.
    """
    return {
        "title": layer.title,
        "year": int(parameters["year"]),
        "columns": [asdict(column) for column in layer.columns],
        "sources": [asdict(source) for source in sources],
    }


def _geometry_type(layer: Layer) -> str:
    return "MultiPolygon" if _has_areas(layer) else "Point"


def _has_areas(layer: Layer) -> bool:
    return not set(layer.rows.geom_type.dropna()) <= {"Point"}


def write_geopackage_layers(
    layers: Sequence[Layer], about: Sequence[dict[str, Any]], temporary: Path
) -> None:
    """
    Write the layers of a GeoPackage; styles and descriptions come after.

    Parameters
    ----------
    layers
        What is written.
    about
        What each layer is (see `about_layer`).
    temporary
        A file that does not exist yet.
    """
    for layer, told in zip(layers, about, strict=True):
        pyogrio.write_dataframe(
            layer.rows,
            temporary,
            layer=layer.name,
            driver="GPKG",
            geometry_type=_geometry_type(layer),
            promote_to_multi=_has_areas(layer),
            append=temporary.exists(),
            # What programs of the last ten years read without a warning.
            dataset_options={} if temporary.exists() else {"VERSION": "1.2"},
            layer_options={"IDENTIFIER": layer.title, "DESCRIPTION": _credits(told)},
            layer_metadata={"rpe_geo": json.dumps(told, ensure_ascii=False)},
        )


def _credits(about: dict[str, Any]) -> str:
    told = dict.fromkeys(
        f"{source['producer']} ({source['licence']})" for source in about["sources"]
    )
    return f"Année {about['year']}. Sources : {', '.join(told)}"


def write_flatgeobuf(layer: Layer, about: dict[str, Any], path: Path) -> None:
    """
    Write one layer as FlatGeobuf.

    Parameters
    ----------
    layer, about
        What is written, and what it is.
    path
        Whole or not at all.
    """
    whole = not layer.rows.geometry.isna().any()
    with replacing(path) as temporary:
        pyogrio.write_dataframe(
            layer.rows,
            temporary,
            layer=layer.name,
            driver="FlatGeobuf",
            geometry_type=_geometry_type(layer),
            promote_to_multi=_has_areas(layer),
            # The index holds no row without a shape.
            layer_options={
                "SPATIAL_INDEX": "YES" if whole else "NO",
                "TITLE": layer.title,
                "DESCRIPTION": json.dumps(about, ensure_ascii=False),
            },
        )


def read_layers(path: Path) -> dict[str, gpd.GeoDataFrame]:
    """
    Read back the layers of a GeoPackage or FlatGeobuf file.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    dict
        Layer name to its rows, EPSG:4326.

    Raises
    ------
    InvalidFile
        When it cannot be read.
    """
    read_bytes(path)
    with reading_file(path):
        names = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
        layers = {name: gpd.read_file(path, layer=name, engine="pyogrio") for name in names}
    return {name: _plain_texts(rows) for name, rows in layers.items()}


def _plain_texts(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give texts as Python strings, None where there is none."""
    for name in rows.columns.drop("geometry"):
        if not pd.api.types.is_numeric_dtype(rows[name]):
            texts = rows[name].astype(object)
            rows[name] = texts.where(texts.notna(), None)
    return rows


def write_geoparquet(layer: Layer, about: dict[str, Any], path: Path) -> None:
    """
    Write GeoParquet 1.1, each row with its box, so that a reader fetches only what lies in a window.

    Parameters
    ----------
    layer, about
        What is written, and what it is.
    path
        Whole or not at all.
    """
    buffer = io.BytesIO()
    layer.rows.to_parquet(buffer, index=False, schema_version="1.1.0", write_covering_bbox=True)
    table = pa_parquet.read_table(buffer)
    told = {b"rpe_geo": json.dumps(about, ensure_ascii=False).encode()}
    with replacing(path) as temporary:
        pa_parquet.write_table(
            table.replace_schema_metadata((table.schema.metadata or {}) | told), temporary
        )


def read_geoparquet(path: Path) -> gpd.GeoDataFrame:
    """
    Read back what `write_geoparquet` wrote.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    GeoDataFrame
        EPSG:4326, without the boxes.

    Raises
    ------
    InvalidFile
        When it cannot be read.
    """
    content = read_bytes(path)
    with reading_file(path):
        rows = gpd.read_parquet(io.BytesIO(content))
        return _plain_texts(rows)


def feature_collection(layer: Layer, about: dict[str, Any]) -> dict[str, Any]:
    """
    Lay a layer out as GeoJSON (RFC 7946).

    Parameters
    ----------
    layer, about
        What is written, and what it is.

    Returns
    -------
    dict
        A FeatureCollection. JSON has no infinity: the columns of a row that are out of reach are null and named by its
        property `hors_de_portee`.
    """
    names = [column.name for column in layer.columns]
    rows = layer.rows[names].to_dict("records")
    features = [
        _feature(row, shape)
        for row, shape in zip(rows, layer.rows.geometry.to_numpy(), strict=True)
    ]
    return {"type": "FeatureCollection", "features": features, "rpe_geo": about}


def _feature(row: dict[Any, Any], shape: Any) -> dict[str, Any]:
    beyond = [name for name, value in row.items() if isinstance(value, float) and math.isinf(value)]
    properties = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
    }
    if beyond:
        properties[_OUT_OF_REACH] = beyond
    geometry = None if shape is None or shapely.is_empty(shape) else shapely.geometry.mapping(shape)
    identity = {"id": str(row["code"])} if "code" in row else {}
    return {"type": "Feature", **identity, "geometry": geometry, "properties": properties}


def write_geojson(layer: Layer, about: dict[str, Any], path: Path) -> None:
    """
    Write one layer as GeoJSON.

    Parameters
    ----------
    layer, about
        What is written, and what it is.
    path
        Whole or not at all.
    """
    text = json.dumps(feature_collection(layer, about), ensure_ascii=False, allow_nan=False)
    with replacing(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def read_geojson(path: Path) -> gpd.GeoDataFrame:
    """
    Read back what `write_geojson` wrote.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    GeoDataFrame
        EPSG:4326, with the types it had.

    Raises
    ------
    InvalidFile
        When it cannot be read, or does not describe its columns.
    """
    content = read_bytes(path)
    with reading_file(path):
        collection = json.loads(content)
    if "rpe_geo" not in collection:
        raise InvalidFile("export_undescribed", where=Where(file=path.name), part="rpe_geo")
    with reading_file(path):
        datatypes = [
            (column["name"], column["datatype"]) for column in collection["rpe_geo"]["columns"]
        ]
        rows = []
        for feature in collection["features"]:
            row = feature["properties"]
            rows.append(row | dict.fromkeys(row.get(_OUT_OF_REACH, ()), math.inf))
        shapes = [
            None if feature["geometry"] is None else shapely.geometry.shape(feature["geometry"])
            for feature in collection["features"]
        ]
        columns = [name for name, _ in datatypes]
        table = typed(pd.DataFrame(rows, columns=columns, dtype=object), datatypes)
        return gpd.GeoDataFrame(table, geometry=shapes, crs=WGS84)
