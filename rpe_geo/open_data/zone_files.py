"""Zones of any shape with their children: polygons, births by IRIS, which IRIS lies in which zone."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio.errors
import shapely

from rpe_geo.crs import metric_crs
from rpe_geo.errors import InvalidFile, InvalidRecord, Where
from rpe_geo.files import read_bytes
from rpe_geo.observatory.inputs import Zones
from rpe_geo.open_data.commune_codes import refuse_repeated
from rpe_geo.open_data.contours import mend, refuse_metres

__all__ = ["read_iris_births", "read_iris_zones", "read_zones"]

_CODES = (
    "code",
    "zone_id",
    "id",
    "code_iris",
    "CODE_IRIS",
    "DCOMIRIS",
    "code_commune",
    "INSEE_COM",
    "OBJECTID",
    "gid",
)
_NAMES = ("nom", "name", "LIBSQUART", "LIBQUART", "nom_iris", "NOM_IRIS", "libelle", "LIBELLE")  # fmt: skip
_CHILDREN = ("children", "enfants", "enfants_0_2", "enfants_moins_3", "pop0002", "P21_POP0002")
_LENGTHS = {"code_iris": 9, "CODE_IRIS": 9, "DCOMIRIS": 9, "code_commune": 5, "INSEE_COM": 5}
"""Columns of official codes → their number of characters."""
_IRIS = re.compile(r"(?:\d{5}|2[AB]\d{3})\d{4}")
_OVERLAP_TOLERATED = 0.005
_TITLE_LINES = 30


def read_zones(path: Path) -> Zones:
    """
    Read zones from any vector file.

    Parameters
    ----------
    path
        GeoJSON, GeoPackage, shapefile… The code is in `code`, `id`, `code_iris`, `OBJECTID`… (the first of these that
        names each zone once), the name in `nom`, `name`…, the children under three in `children` or `enfants`.

    Returns
    -------
    Zones
        Valid polygons.

    Raises
    ------
    InvalidFile
        When the file holds no polygon, no code that names each zone once, zones that overlap, metres given for degrees,
        or no child in any zone.
    InvalidRecord
        For a number of children that is negative or no number.
    """
    read_bytes(path)
    where = Where(file=path.name)
    try:
        frame = gpd.read_file(path)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError):
        raise InvalidFile("contours_unreadable", where=where) from None
    if not isinstance(frame, gpd.GeoDataFrame) or frame.empty:
        raise InvalidFile("contours_unreadable", where=where)
    frame = frame if frame.crs is not None else frame.set_crs(4326)
    if frame.crs.is_geographic:
        refuse_metres(frame.geometry, path)
    frame = frame.to_crs(4326)
    polygonal = frame.geom_type.isin(["Polygon", "MultiPolygon"]) | frame.geometry.isna()
    if not polygonal.all():
        row = int(np.flatnonzero(~polygonal)[0]) + 1
        raise InvalidRecord("zone_not_a_polygon", where=Where(file=path.name, row=row))
    code = next(
        (
            name
            for name in _CODES
            if name in frame and frame[name].notna().all() and frame[name].is_unique
        ),
        None,
    )
    if code is None:
        raise InvalidFile("zones_without_code", where=where, known=list(_CODES))
    codes = pd.Index([_code_text(value) for value in frame[code]], name="code")
    _refuse_lost_zeros(codes, path, code)
    name = next((name for name in _NAMES if name in frame), None)
    children = next((column for column in _CHILDREN if column in frame), None)
    counts = _counts(frame[children], path, children) if children else np.full(len(frame), np.nan)
    shapes, notes = mend(gpd.GeoSeries(frame.geometry.array, index=codes, crs=4326))
    _refuse_overlaps(shapes, path)
    names = frame[name].astype(str).to_numpy() if name else codes.to_numpy()
    table = gpd.GeoDataFrame(
        {"nom": names, "children": counts}, index=codes, geometry=shapes.array, crs=4326
    )
    known = counts[~np.isnan(counts)]
    if len(known) and not known.any():
        raise InvalidFile("zones_all_without_children", where=where, column=children)
    return Zones(table, bool(len(known)), tuple(notes))


def _refuse_lost_zeros(codes: pd.Index, path: Path, column: str) -> None:
    """Refuse codes of IRIS or of communes that a spreadsheet took for numbers."""
    length = _LENGTHS.get(column)
    if length is None:
        return
    short = codes.str.fullmatch(rf"\d{{{length - 1}}}")
    if short.any():
        row = int(np.flatnonzero(short)[0])
        raise InvalidRecord(
            "code_zero_lost",
            where=Where(file=path.name, row=row + 1, field=column),
            given=str(codes[row]),
            expected=str(codes[row]).zfill(length),
        )


def _code_text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _counts(
    values: pd.Series, path: Path, column: str
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    text = values.astype("object").where(values.notna(), "")
    numbers = pd.to_numeric(
        text.map(lambda cell: str(cell).strip()).replace({"ND": "", "nd": ""}), errors="coerce"
    )
    written = ~text.map(lambda cell: str(cell).strip() in {"", "ND", "nd"}).to_numpy(dtype=bool)
    wrong = np.flatnonzero(written & ~(numbers.to_numpy(dtype=np.float64) >= 0))
    if wrong.size:
        row = int(wrong[0])
        given = str(text.iloc[row])
        fault = "cell_decimal_comma" if "," in given else "cell_not_a_number"
        if numbers.iloc[row] < 0:
            fault = "cell_negative"
        raise InvalidRecord(
            fault, where=Where(file=path.name, row=row + 1, field=column), given=given
        )
    return numbers.to_numpy(dtype=np.float64)


def _refuse_overlaps(shapes: gpd.GeoSeries, path: Path) -> None:
    """Refuse zones of which more than a sliver belongs to two."""
    known = shapes[~(shapes.isna() | shapes.is_empty)]
    if known.empty:
        raise InvalidFile("contours_unreadable", where=Where(file=path.name))
    flat = known.to_crs(_plane(known))
    geometry = flat.to_numpy()
    first, second = shapely.STRtree(geometry).query(geometry, predicate="intersects")
    apart = first < second
    first, second = first[apart], second[apart]
    shared = shapely.area(shapely.intersection(geometry[first], geometry[second]))
    share = float(shared.sum() / shapely.area(geometry).sum())
    if len(shared) and share > _OVERLAP_TOLERATED:
        worst = int(np.argmax(shared))
        raise InvalidFile(
            "zones_overlap",
            where=Where(file=path.name),
            share=100 * share,
            first=str(known.index[first[worst]]),
            second=str(known.index[second[worst]]),
        )


def _plane(shapes: gpd.GeoSeries) -> int:
    """Choose the legal plane projection of the place where the zones are."""
    west, south, _, _ = shapes.total_bounds
    if south > 40:
        return metric_crs()
    departements = {
        (-62, 14): "971",
        (-55, 2): "973",
        (55, -22): "974",
        (45, -13): "976",
        (-57, 46): "975",
    }
    nearest = min(departements, key=lambda at: (at[0] - west) ** 2 + (at[1] - south) ** 2)
    return metric_crs(departements[nearest])


def read_iris_births(path: Path) -> pd.Series:
    """
    Read births by IRIS, summed over the years of the file.

    Parameters
    ----------
    path
        INSEE « Naissances domiciliées, données par IRIS » as CSV: title lines, a row of names (`dc, iris, nais09…`), a row
        of labels.

    Returns
    -------
    Series
        Births by IRIS code (nine characters: the commune's five, then four).

    Raises
    ------
    InvalidFile
        When the names are not found.
    """
    try:
        rows = list(csv.reader(io.StringIO(read_bytes(path).decode("utf-8-sig"))))
    except UnicodeDecodeError:
        raise InvalidFile("file_not_utf8", where=Where(file=path.name)) from None
    start = next(
        (n for n, row in enumerate(rows[:_TITLE_LINES]) if "dc" in row and "iris" in row), None
    )
    if start is None:
        raise InvalidFile(
            "column_missing", where=Where(file=path.name), missing=["dc", "iris"], found=[]
        )
    header = rows[start]
    years = [n for n, name in enumerate(header) if name.startswith("nais")]
    births = {}
    for row in rows[start + 1 :]:
        if len(row) == len(header):
            cells = [row[n] for n in years]
            known = [float(cell) for cell in cells if cell.replace(".", "", 1).isdigit()]
            code = row[header.index("dc")] + row[header.index("iris")]
            if not _IRIS.fullmatch(code):
                continue  # the row of labels
            births[code] = sum(known) if known else float("nan")
    return pd.Series(births, name="births", dtype=np.float64)


def read_iris_zones(path: Path) -> pd.Series:
    """
    Read which IRIS lies in which zone.

    Parameters
    ----------
    path
        CSV with `code_iris` first and the code of the zone in `zone`, `code_zone` or a column that ends with `_objectid`.

    Returns
    -------
    Series
        Code of the zone by IRIS code.

    Raises
    ------
    InvalidFile
        When a column is missing, or an IRIS is given twice or without its leading zero.
    """
    try:
        table = pd.read_csv(
            io.BytesIO(read_bytes(path)), dtype=str, encoding="utf-8-sig", index_col=False
        )
    except UnicodeDecodeError:
        raise InvalidFile("file_not_utf8", where=Where(file=path.name)) from None
    except pd.errors.ParserError:
        raise InvalidFile("table_unreadable", where=Where(file=path.name)) from None
    zone = next(
        (
            name
            for name in table.columns
            if name in {"zone", "code_zone"} or name.endswith("_objectid")
        ),
        None,
    )
    if "code_iris" not in table or zone is None:
        raise InvalidFile(
            "column_missing",
            where=Where(file=path.name),
            missing=["code_iris", "zone"],
            found=list(table.columns[:12]),
        )
    refuse_repeated(table["code_iris"], path, "code_iris")
    _refuse_lost_zeros(pd.Index(table["code_iris"].fillna("")), path, "code_iris")
    return table.set_index("code_iris")[zone]
