"""Contours: polygons of communes from any file, mended where they are malformed, refused where they are in metres."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pa_parquet
import shapely

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.files import read_bytes
from rpe_geo.observatory.results import Note
from rpe_geo.open_data.commune_codes import check_codes

__all__ = ["mend", "read_contours", "refuse_metres"]

_CONTOUR_CODES = ("code_commune", "code", "INSEE_COM")


def read_contours(
    path: Path, codes: Sequence[str] | None = None
) -> tuple[gpd.GeoSeries, list[Note]]:
    """
    Read commune polygons, and mend the invalid ones.

    Parameters
    ----------
    path
        GeoParquet, or any vector file that GDAL reads; the code is in `code_commune`, `code` or `INSEE_COM`.
    codes
        Only these, if given.

    Returns
    -------
    tuple of GeoSeries and list of Note
        Polygons by code, EPSG:4326; what was mended.
    """
    read_bytes(path)
    try:
        if path.suffix.lower() == ".parquet":
            # Plain Parquet with a WKB column is as common as GeoParquet.
            table = pa_parquet.read_table(path).to_pandas()
            shapes = gpd.GeoDataFrame(
                table.drop(columns="geometry"),
                geometry=shapely.from_wkb(table["geometry"].to_numpy()),
                crs=4326,
            )
        else:
            shapes = gpd.read_file(path).to_crs(4326)
    except (pa.ArrowInvalid, KeyError, ValueError, RuntimeError, shapely.errors.ShapelyError):
        raise InvalidFile("contours_unreadable", where=Where(file=path.name)) from None
    column = next((name for name in _CONTOUR_CODES if name in shapes), None)
    if column is None:
        raise InvalidFile(
            "column_missing",
            where=Where(file=path.name),
            missing=[" / ".join(_CONTOUR_CODES)],
            found=list(map(str, shapes.columns)),
        )
    check_codes(shapes[column], path, column)
    series = gpd.GeoSeries(shapes.geometry.array, index=shapes[column].astype(str), crs=4326)
    refuse_metres(series, path)
    if codes is not None:
        series = series[pd.Index(codes).get_indexer(series.index) >= 0]
    return mend(series)


def refuse_metres(shapes: gpd.GeoSeries, path: Path) -> None:
    """Refuse polygons in metres that are given as degrees (a Lambert-93 file that does not say so)."""
    west, south, east, north = shapes.total_bounds
    if west < -180.001 or south < -90.001 or east > 180.001 or north > 90.001:
        raise InvalidFile(
            "contours_not_degrees",
            where=Where(file=path.name),
            x=f"{west:.0f}",
            y=f"{south:.0f}",
        )


def mend(shapes: gpd.GeoSeries) -> tuple[gpd.GeoSeries, list[Note]]:
    """Make invalid polygons valid, keeping their surface; say how many there were."""
    notes = []
    empty = shapes.isna() | shapes.is_empty
    if empty.any():
        notes.append(
            Note("zones_empty", {"count": int(empty.sum()), "first": str(shapes.index[empty][0])})
        )
    invalid = ~shapes.is_valid & ~empty
    if invalid.any():
        fixed = shapes.copy()
        fixed[invalid] = [_surface(shapely.make_valid(shape)) for shape in shapes[invalid]]
        notes.append(
            Note(
                "zones_mended",
                {"count": int(invalid.sum()), "first": str(shapes.index[invalid][0])},
            )
        )
        shapes = fixed
    return shapes, notes


def _surface(shape: shapely.Geometry) -> shapely.Geometry:
    """Keep the surfaces of what mending a polygon leaves."""
    parts = [
        part
        for part in shapely.get_parts(shape, return_index=False)
        if part.geom_type.endswith("Polygon")
    ]
    return shapely.union_all(parts) if parts else shape
