"""Zones of any shape with their children: polygons, births by IRIS, which IRIS lies in which zone."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from rpe_geo.csv_text import decoded, separator_of
from rpe_geo.errors import InvalidFile, InvalidRecord, Where
from rpe_geo.files import read_bytes
from rpe_geo.observatory.inputs import ChildrenColumn, IrisBirths, Zones
from rpe_geo.observatory.zones import plane_of
from rpe_geo.open_data.commune_codes import refuse_repeated
from rpe_geo.open_data.contours import (
    COMMUNE,
    PolygonFile,
    code_texts,
    column_named,
    mend,
    read_polygons,
)

__all__ = ["read_iris_births", "read_iris_zones", "read_zones", "refuse_no_iris"]

_CODES = (
    "code", "zone_id", "id", "code_iris", "dcomiris", "iris", "idcar_200m", "id_car2010", "id_inspire", "code_commune",
    "insee_com", "code_insee", "objectid", "gid", "fid", "cleabs",
)  # fmt: skip
"""Names of the column of codes, lower-case, best first."""
_NAMES = (
    "nom", "name", "libsquart", "libquart", "nom_iris", "nom_quartier", "libelle", "label", "nom_officiel", "nom_com",
)  # fmt: skip
_CHILDREN = ("children", "enfants", "enfants_0_2", "enfants_moins_3", "pop0002")
_CENSUS = re.compile(r"[pPcC](\d\d)_?(?:POP|pop)_?0002")
"""INSEE, population of the IRIS by age: `P22_POP0002` counts the children of 0 to 2 years."""
_COMMUNES = (
    "code_commune",
    "insee_com",
    "code_insee",
    "depcom",
    "commune_insee",
    "codgeo",
    "com",
    "lcog_geo",
    "commune",
)
_IRIS_COLUMNS = ("code_iris", "dcomiris", "iris", "codeiris")
_LAYERS = re.compile(r"iris|quartier|carreau|zone|grid|secteur", re.IGNORECASE)
_LENGTHS = {"code_iris": 9, "dcomiris": 9, "code_commune": 5, "insee_com": 5, "code_insee": 5}
"""Columns of official codes, lower-case → their number of characters."""
_IRIS = re.compile(r"(?:\d{5}|2[AB]\d{3})\d{4}")
_OVERLAP_TOLERATED = 0.005
_TITLE_LINES = 30


def read_zones(source: PolygonFile | Path) -> Zones:
    """
    Read zones from any vector file.

    Parameters
    ----------
    source
        GeoJSON, GeoPackage, shapefile, GeoParquet… The code is in `code`, `id`, `code_iris`, `idcar_200m`, `OBJECTID`… (the
        first of these that names each zone once), the name in `nom`, `name`…, the children under three in `children`,
        `enfants`, `P22_POP0002`… or `ind_0_3`, the commune in `code_commune`, `INSEE_COM`…, or at the head of the IRIS.

    Returns
    -------
    Zones
        Valid polygons.

    Raises
    ------
    InvalidFile
        When the file holds no polygon, no code that names each zone once, zones that overlap, metres given for degrees, no
        coordinate system, or no child in any zone.
    InvalidRecord
        For a number of children that is negative or no number.
    """
    source = PolygonFile(source) if isinstance(source, Path) else source
    path = source.path
    where = Where(file=path.name)
    frame, notes = read_polygons(source, columns=[*_CODES, *_CHILDREN], layers=_LAYERS)
    polygonal = frame.geom_type.isin(["Polygon", "MultiPolygon"]) | frame.geometry.isna()
    if not polygonal.all():
        row = int(np.flatnonzero(~polygonal)[0]) + 1
        raise InvalidRecord("zone_not_a_polygon", where=Where(file=path.name, row=row))
    code = _naming_column(frame)
    if code is None:
        raise InvalidFile("zones_without_code", where=where, known=list(_CODES))
    codes = pd.Index([_code_text(value) for value in frame[code]], name="code")
    _refuse_lost_zeros(codes, path, code)
    name = column_named(frame, _NAMES)
    children = _children_column(frame)
    counts = np.full(len(frame), np.nan)
    if children is not None:
        counts = _counts(frame[children.column], path, children.column)
    shapes, mended = mend(gpd.GeoSeries(frame.geometry.array, index=codes, crs=4326))
    _refuse_overlaps(shapes, path)
    known = counts[~np.isnan(counts)]
    if len(known) and not known.any():
        assert children is not None
        raise InvalidFile("zones_all_without_children", where=where, column=children.column)
    table = gpd.GeoDataFrame(
        {
            "nom": frame[name].fillna(pd.Series(codes)).astype(str).to_numpy() if name else codes,
            "children": counts * (children.share if children is not None else 1.0),
            "commune": _communes(frame, codes),
        },
        index=codes,
        geometry=shapes.array,
        crs=4326,
    )
    return Zones(
        table,
        bool(len(known)),
        (*notes, *mended),
        children_from=children if len(known) else None,
        columns=tuple(str(column) for column in frame.columns if column != frame.geometry.name),
    )


def _naming_column(frame: gpd.GeoDataFrame) -> str | None:
    """Find the first column that names each zone once."""
    lower = {str(column).lower(): str(column) for column in frame.columns}
    named = (lower[name] for name in _CODES if name in lower)
    return next((one for one in named if frame[one].notna().all() and frame[one].is_unique), None)


def _children_column(frame: gpd.GeoDataFrame) -> ChildrenColumn | None:
    """Find what tells the children under three: a count, a census of the latest year, or the grid's children under four."""
    named = column_named(frame, _CHILDREN)
    if named is not None:
        return ChildrenColumn(named, "count")
    census = {
        2000 + int(found[1]): str(column)
        for column in frame.columns
        if (found := _CENSUS.fullmatch(str(column)))
    }
    if census:
        year = max(census)
        return ChildrenColumn(census[year], "census", year)
    grid = column_named(frame, ("ind_0_3",))
    # The grid counts children of 0, 1, 2 and 3 years.
    return None if grid is None else ChildrenColumn(grid, "grid", share=0.75)


def _communes(frame: gpd.GeoDataFrame, codes: pd.Index) -> list[str | None]:
    """Find the commune that the file names for each zone: in a column of codes, or at the head of the code of the IRIS."""
    column = column_named(frame, _COMMUNES)
    if column is not None:
        text, _ = code_texts(frame[column])
        # A cell of the grid that lies in several communes names them one after the other.
        found = text.where(text.str.fullmatch(COMMUNE))
        if found.notna().any():
            return [None if pd.isna(code) else str(code) for code in found]
    iris = column_named(frame, _IRIS_COLUMNS)
    text = pd.Series(codes) if iris is None else pd.Series(map(_code_text, frame[iris]))
    whole = text.str.fullmatch(_IRIS.pattern)
    if not whole.all():
        return [None] * len(frame)
    return [str(code) for code in text.str[:5]]


def _refuse_lost_zeros(codes: pd.Index, path: Path, column: str) -> None:
    """Refuse codes of IRIS or of communes that a spreadsheet took for numbers."""
    length = _LENGTHS.get(column.lower())
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
    flat = known.to_crs(plane_of(known))
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


def read_iris_births(path: Path) -> IrisBirths:
    """
    Read births by IRIS, summed over the years of the file.

    Parameters
    ----------
    path
        INSEE « Naissances domiciliées, données par IRIS » as CSV: title lines, a row of names (`dc, iris, nais09…`), a row
        of labels.

    Returns
    -------
    IrisBirths
        Births by IRIS code (nine characters: the commune's five, then four), and their years.

    Raises
    ------
    InvalidFile
        When the names are not found.
    InvalidRecord
        For births of an IRIS whose code lost its zero, or is none.
    """
    text = decoded(read_bytes(path), Where(file=path.name))
    # Six lines of titles come before the names of the columns.
    names = next(
        (
            line
            for line in text.splitlines()[:_TITLE_LINES]
            if {"dc", "iris"} <= {cell.strip('" ') for cell in re.split(r"[;,\t]", line)}
        ),
        text,
    )
    rows = list(csv.reader(io.StringIO(text), delimiter=separator_of(names)))
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
    for number, row in enumerate(rows[start + 1 :]):
        cells = [row[n] for n in years] if len(row) == len(header) else []
        known = [float(cell) for cell in cells if cell.replace(".", "", 1).isdigit()]
        code = "".join(row[header.index(name)].strip() for name in ("dc", "iris")) if cells else ""
        if not _IRIS.fullmatch(code):
            labels = number == 0 and not re.search(r"\d", code) and code != ""
            if known and not labels:  # Footnotes have no births.
                raise _no_iris(code, Where(file=path.name, row=number + 1, field="dc, iris"))
            continue
        births[code] = sum(known) if known else float("nan")
    told = sorted(2000 + int(header[n][4:6]) for n in years if header[n][4:6].isdigit())
    return IrisBirths(pd.Series(births, name="births", dtype=np.float64), tuple(told))


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
        When a column is missing.
    InvalidRecord
        When an IRIS is given twice, without its leading zero, or is no code of nine characters.
    """
    try:
        text = decoded(read_bytes(path), Where(file=path.name))
        table = pd.read_csv(io.StringIO(text), dtype=str, sep=separator_of(text), index_col=False)
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
    table["code_iris"] = table["code_iris"].fillna("").str.strip()
    refuse_no_iris(table["code_iris"], path, "code_iris")
    refuse_repeated(table["code_iris"], path, "code_iris")
    return table.set_index("code_iris")[zone]


def refuse_no_iris(codes: pd.Series, path: Path, field: str) -> None:
    """Refuse what cannot be a code of an IRIS: it would place no birth and no child, and nobody would know why."""
    wrong = np.flatnonzero(~codes.str.fullmatch(_IRIS.pattern).to_numpy(dtype=bool))
    if wrong.size:
        row = int(wrong[0])
        where = Where(file=path.name, row=row + 1, field=field)
        raise _no_iris(str(codes.iloc[row]), where)


def _no_iris(given: str, where: Where) -> InvalidRecord:
    """Say that a code is no IRIS's; eight digits lost the zero in front."""
    if re.fullmatch(r"\d{8}", given):
        return InvalidRecord("code_zero_lost", where=where, given=given, expected="0" + given)
    return InvalidRecord("code_not_an_iris", where=where, given=given)
