"""
Children under three where a census counts them: by commune in single years of age, by IRIS, and by cells of 200 m.

`Y0 + Y1 + Y2` of the Melodi table are the children under three. The cells' `ind_0_3` are four years (0 to 3): three quarters of
them are taken, and this is reported. IRIS publish 0–2 themselves (`P22_POP0002`).
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Collection
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyogrio
import pyogrio.errors
import shapely

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.files import read_bytes
from rpe_geo.observatory.results import Note
from rpe_geo.open_data.official_tables import amounts, find_column, read_official_table

__all__ = ["read_ages", "read_grid", "read_iris_ages"]

FOUR_YEARS_TO_THREE = 0.75
"""Children of 0 to 2 among those of 0 to 3, when births are even: three of four years."""
_UNDER_THREE = ("Y0", "Y1", "Y2")
_IRIS_CHILDREN = re.compile(r"^P(\d\d)_POP0002$", re.IGNORECASE)
_CELL = re.compile(r"^CRS(\d+)RES(\d+)m?N(-?\d+)E(-?\d+)$")
_GRID_COLUMNS = ("idcar_200m", "ind_0_3", "lcog_geo", "i_est_200")


def read_ages(path: Path) -> tuple[pd.Series, int]:
    """
    Read the children under three of each commune by single years of age.

    Parameters
    ----------
    path
        Melodi `DS_RP_TD_POPULATION_AGESEX_PRINC…` as Parquet or CSV, in a zip or not.

    Returns
    -------
    tuple
        Children by commune code (decimals: a census is weighted), nan where one of the three ages is not published; the year.

    Raises
    ------
    InvalidFile
        When a column, or an age of the three, is missing.
    """
    table = read_official_table(path)
    names = {n: find_column(table, n) for n in ("GEO", "AGE", "OBS_VALUE", "TIME_PERIOD")}
    missing = [name for name, column in names.items() if column is None]
    where = Where(file=path.name)
    if missing:
        raise InvalidFile(
            "column_missing", where=where, missing=missing, found=list(table.columns[:12])
        )
    sex = find_column(table, "SEX")
    table = table[table[str(names["AGE"])].isin(_UNDER_THREE)]
    if sex is not None:
        table = table[table[sex].eq("_T")]
    level = find_column(table, "GEO_OBJECT")
    if level is not None:
        table = table[table[level].isin(["COM", "ARM"])]
    codes = table[str(names["GEO"])].str.rpartition("-")[2]
    table = table.assign(code=codes)[codes.str.fullmatch(r"\d{5}|2[AB]\d{3}")]
    if table.empty:
        raise InvalidFile("ages_missing", where=where, ages=list(_UNDER_THREE))
    year = int(table[str(names["TIME_PERIOD"])].str[:4].max())
    table = table[table[str(names["TIME_PERIOD"])].str[:4].eq(str(year))]
    value = amounts(table[str(names["OBS_VALUE"])].reset_index(drop=True), path, "OBS_VALUE")
    long = pd.DataFrame(
        {"code": table["code"].to_numpy(), "age": table[str(names["AGE"])].to_numpy(), "n": value}
    )
    wide = long.pivot_table(index="code", columns="age", values="n", aggfunc="first", dropna=False)
    wide = wide.reindex(columns=list(_UNDER_THREE))
    return wide.sum(axis=1, min_count=3).rename("children"), year


def read_iris_ages(path: Path) -> tuple[pd.Series, int]:
    """
    Read the children under three of each IRIS.

    Parameters
    ----------
    path
        INSEE « base-ic-evol-struct-pop » (`IRIS;COM;…;P22_POP0002`), CSV or XLSX, in a zip or not.

    Returns
    -------
    tuple
        Children by code of IRIS, and the year of the census that the column names.

    Raises
    ------
    InvalidFile
        When the columns are missing, or codes lost their zero.
    """
    table = read_official_table(path, header_with=["IRIS"], sheet="IRIS")
    iris = find_column(table, "IRIS", "CODE_IRIS")
    column = next((str(c) for c in table.columns if _IRIS_CHILDREN.match(str(c))), None)
    where = Where(file=path.name)
    if iris is None or column is None:
        raise InvalidFile(
            "column_missing",
            where=where,
            missing=[n for n, c in (("IRIS", iris), ("Pnn_POP0002", column)) if c is None],
            found=list(table.columns[:12]),
        )
    codes = table[iris].fillna("")
    if codes.str.fullmatch(r"\d{8}").any():
        given = str(codes[codes.str.fullmatch(r"\d{8}")].iloc[0])
        raise InvalidFile("code_zero_lost", where=where, given=given, expected="0" + given)
    children = amounts(table[column], path, column).set_axis(pd.Index(codes, name="code_iris"))
    found = _IRIS_CHILDREN.match(column)
    assert found is not None
    return children.rename("children"), 2000 + int(found[1])


def read_grid(path: Path, communes: Collection[str]) -> tuple[gpd.GeoDataFrame, list[Note]]:
    """
    Read the cells of 200 m of some communes, with their children under three.

    Parameters
    ----------
    path
        Filosofi « carreaux_200m » as CSV or GeoPackage, in a zip or not; never read whole into memory.
    communes
        Codes wanted: a cell that `lcog_geo` puts in several is kept when one of them is.

    Returns
    -------
    tuple
        `code, nom, children, estime` (imputed by INSEE for secrecy) and squares in EPSG:4326, drawn from the cell's own
        identifier; that four years were scaled to three.

    Raises
    ------
    InvalidFile
        When a column is missing, or no cell is of these communes.
    """
    cells = _grid_rows(path, frozenset(communes))
    where = Where(file=path.name)
    if cells.empty:
        raise InvalidFile("grid_elsewhere", where=where, wanted=sorted(communes)[:3])
    parts = cells["idcar_200m"].str.extract(_CELL).astype("float64")
    if parts.isna().any(axis=None):
        given = str(cells["idcar_200m"][parts.isna().any(axis=1)].iloc[0])
        raise InvalidFile("grid_identifier", where=where, given=given)
    crs, size, north, east = (parts[n].to_numpy() for n in range(4))
    squares = shapely.box(east, north, east + size, north + size)
    frames = [
        gpd.GeoSeries(squares[crs == one], cells.index[crs == one], crs=int(one)).to_crs(4326)
        for one in np.unique(crs)
    ]
    children = amounts(cells["ind_0_3"].reset_index(drop=True), path, "ind_0_3").to_numpy()
    grid = gpd.GeoDataFrame(
        {
            "code": cells["idcar_200m"],
            "nom": cells["idcar_200m"],
            "commune": cells["lcog_geo"].str[:5],
            "children": FOUR_YEARS_TO_THREE * children,
            "estime": cells["i_est_200"].eq("1") if "i_est_200" in cells else False,
        },
        geometry=pd.concat(frames).reindex(cells.index),
        crs=4326,
    )
    imputed = int(grid["estime"].sum())
    values = {"file": path.name, "count": len(grid), "imputed": imputed}
    return grid.reset_index(drop=True), [Note("grid_four_years", values)]


def _grid_rows(path: Path, communes: frozenset[str]) -> pd.DataFrame:
    """Read the wanted rows as text."""
    where = Where(file=path.name)
    if path.suffix.lower() == ".gpkg":
        return _grid_of_geopackage(str(path), path, communes)
    if not zipfile.is_zipfile(path):
        if path.suffix.lower() == ".zip":
            read_bytes(path)
            raise InvalidFile("archive_broken", where=where)
        with path.open("rb") as stream:
            return _grid_of_csv(stream, path, communes)
    frames = []
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if "200m" in n.lower()]
        for name in [n for n in names if n.lower().endswith(".csv")]:
            with archive.open(name) as stream:
                frames.append(_grid_of_csv(stream, path, communes))
        if not frames:
            for name in [n for n in names if n.lower().endswith(".gpkg")]:
                inside = f"/vsizip/{path.resolve()}/{name}"
                frames.append(_grid_of_geopackage(inside, path, communes))
    if not frames:
        raise InvalidFile("archive_without_table", where=where, found=names[:8] or ["–"])
    return pd.concat(frames, ignore_index=True)


def _grid_of_csv(
    stream: io.BufferedIOBase | object, path: Path, communes: frozenset[str]
) -> pd.DataFrame:
    raw: io.BufferedIOBase = stream  # type: ignore[assignment]
    head = raw.peek(4096) if hasattr(raw, "peek") else b""
    sign = ";" if head.split(b"\n", 1)[0].count(b";") > head.split(b"\n", 1)[0].count(b",") else ","
    titles = next(
        csv.reader([head.split(b"\n", 1)[0].decode("utf-8-sig").strip()], delimiter=sign), []
    )
    lost = [name for name in _GRID_COLUMNS[:3] if name not in titles]
    if lost:
        where = Where(file=path.name)
        raise InvalidFile("column_missing", where=where, missing=lost, found=titles[:12])
    wanted = [name for name in _GRID_COLUMNS if name in titles]
    kept = []
    try:
        reader = pa_csv.open_csv(
            raw,
            parse_options=pa_csv.ParseOptions(delimiter=sign),
            convert_options=pa_csv.ConvertOptions(
                include_columns=wanted, column_types=dict.fromkeys(wanted, pa.string())
            ),
        )
        for batch in reader:
            frame = batch.to_pandas()
            kept.append(frame[_in_communes(frame["lcog_geo"], communes)])
    except (pa.ArrowInvalid, zipfile.BadZipFile):
        raise InvalidFile("official_table_unreadable", where=Where(file=path.name)) from None
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=wanted)


def _grid_of_geopackage(inside: str, path: Path, communes: frozenset[str]) -> pd.DataFrame:
    """Ask the GeoPackage for the communes' cells only; their geometry is drawn from the identifier."""
    condition = " OR ".join(f"lcog_geo LIKE '%{code}%'" for code in sorted(communes))
    try:
        frame = pyogrio.read_dataframe(inside, where=condition, read_geometry=False)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError):
        raise InvalidFile("official_table_unreadable", where=Where(file=path.name)) from None
    lost = [name for name in _GRID_COLUMNS[:3] if name not in frame]
    if lost:
        where = Where(file=path.name)
        raise InvalidFile(
            "column_missing", where=where, missing=lost, found=list(frame.columns[:12])
        )
    frame = frame[[name for name in _GRID_COLUMNS if name in frame]].astype(str)
    own: pd.DataFrame = frame[_in_communes(frame["lcog_geo"], communes)]
    return own


def _in_communes(
    glued: pd.Series, communes: frozenset[str]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Say which cells lie in one of the communes: `lcog_geo` is codes of five characters, glued together."""
    hits: dict[str, bool] = {
        one: any(one[at : at + 5] in communes for at in range(0, len(one), 5))
        for one in glued.dropna().unique()
    }
    return glued.map(hits).fillna(value=False).to_numpy(dtype=np.bool_)
