"""The layers of an observatory as every format writes them: what each is called, and what each of its columns means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from maps.choropleth import shown_zones
from maps.insets import overseas_of
from rpe_geo.crs import WGS84
from rpe_geo.departements import departement_name
from rpe_geo.observatory.results import Observatory
from rpe_geo.open_data.observatory_files import described_columns

__all__ = ["Column", "Datatype", "Layer", "layers_of", "typed"]

ZONES, PLACES = "indicateurs", "offre"

Datatype = Literal["string", "number", "integer", "boolean"]

_PLACE_LABELS = {
    "kind": "Nature du lieu d’accueil",
    "name": "Nom",
    "places": "Places",
    "estimated": "Places estimées",
}


@dataclass(frozen=True)
class Column:
    """One column: its name, what it is and its unit in French, and the type of its values."""

    name: str
    label: str
    unit: str
    datatype: Datatype


@dataclass(frozen=True)
class Layer:
    """
    One layer of an export.

    Parameters
    ----------
    name
        « indicateurs », « offre »; with the code of the département behind it overseas.
    title
        What it is, for people.
    rows
        Its columns and geometries (EPSG:4326, exterior rings counterclockwise as RFC 7946 asks); a text that says
        nothing is null.
    columns
        Of `rows`, the geometry left out.
    """

    name: str
    title: str
    rows: gpd.GeoDataFrame
    columns: tuple[Column, ...]


def layers_of(observatory: Observatory, *, apart: bool = True) -> tuple[Layer, ...]:
    """
    Lay out what may be published of an observatory.

    Parameters
    ----------
    observatory
        What was found; counts that would tell of too few professionals are blanked.
    apart
        Whether overseas départements get layers of their own beside those of métropole, so that opening a layer of
        métropole shows métropole.

    Returns
    -------
    tuple of Layer
        Zones, then places of care; layers without rows are left out.
    """
    title = str(observatory.parameters["title"])
    zones = shown_zones(observatory).rename_axis("code").reset_index()
    layers = []
    for name, what, frame in (
        (ZONES, f"{title} : indicateurs", zones),
        (PLACES, f"{title} : places d’accueil", observatory.supply),
    ):
        rows = _tidy(frame)
        codes = overseas_of(rows.geometry) if apart else np.full(len(rows), "")
        split = len(set(codes)) > 1
        for code in sorted(set(codes)):
            suffix = f"_{code}" if split and code else ""
            words = f"{what}, {departement_name(code)}" if suffix else what
            part = rows[codes == code].reset_index(drop=True) if split else rows
            layers.append(Layer(f"{name}{suffix}", words, part, _columns(rows)))
    return tuple(layers)


def _tidy(frame: pd.DataFrame) -> gpd.GeoDataFrame:
    rows = gpd.GeoDataFrame(frame, geometry="geometry", crs=WGS84).reset_index(drop=True)
    for name in rows.columns.drop("geometry"):
        if _datatype(rows[name]) == "string":
            texts = rows[name].astype(object)
            rows[name] = texts.where(texts.notna() & (texts != ""), None)
    shapes = rows.geometry.to_numpy()
    rows = rows.set_geometry(shapely.orient_polygons(shapes, exterior_cw=False), crs=WGS84)
    return rows[[*rows.columns.drop("geometry"), "geometry"]]


def _datatype(values: pd.Series) -> Datatype:
    if pd.api.types.is_bool_dtype(values):
        return "boolean"
    if pd.api.types.is_integer_dtype(values):
        return "integer"
    return "number" if pd.api.types.is_float_dtype(values) else "string"


def _columns(rows: gpd.GeoDataFrame) -> tuple[Column, ...]:
    names = [str(name) for name in rows.columns.drop("geometry")]
    return tuple(
        Column(
            row["colonne"],
            _PLACE_LABELS.get(row["colonne"], row["libelle"])
            if row["libelle"] == row["colonne"]
            else row["libelle"],
            row["unite"],
            _datatype(rows[row["colonne"]]),
        )
        for row in described_columns(names)
    )


def typed(rows: pd.DataFrame, datatypes: Sequence[tuple[str, Datatype]]) -> pd.DataFrame:
    """
    Give columns that were read from text or untyped cells their types back.

    Parameters
    ----------
    rows
        Values as read; null is None or nan.
    datatypes
        Name and type of each column.

    Returns
    -------
    DataFrame
        These columns alone, in this order.
    """
    return pd.DataFrame(
        {name: _as_type(rows[name], datatype) for name, datatype in datatypes}, index=rows.index
    )


def _as_type(values: pd.Series, datatype: Datatype) -> Any:
    if datatype == "string":
        texts = values.astype(object)
        return texts.where(texts.notna(), None)
    if datatype == "number":
        return values.astype(np.float64)
    return values.astype(np.int64 if datatype == "integer" else bool)
