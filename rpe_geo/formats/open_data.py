"""
The open data of CNAF, INSEE and IGN: communes, contours, places by mode, coverage rates, births.

Codes come back as published elsewhere: five characters for a commune (« 01004 »), two or three for a département; the
CNAF files drop the leading zero and name départements `D1` and regions `R84`. « ND » (non disponible) is nan.
"""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pa_parquet
import shapely

from rpe_geo.errors import InputError, InvalidFile, InvalidRecord, Where
from rpe_geo.formats.files import read_bytes
from rpe_geo.observatory.results import Note

__all__ = [
    "Births",
    "Communes",
    "OfficialTable",
    "former_codes",
    "read_births",
    "read_communes",
    "read_contours",
    "read_places",
    "read_rates",
    "year_in_name",
]

_COMMUNE = re.compile(r"^(?:\d{5}|2[AB]\d{3})$")
_SHORT_COMMUNE = re.compile(r"^\d{4}$")
_CONTOUR_CODES = ("code_commune", "code", "INSEE_COM")
_SIGNED = r"^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$"


@dataclass(frozen=True)
class Communes:
    """
    The communes of a file, with the arrondissements of Paris, Lyon and Marseille apart.

    Parameters
    ----------
    table
        By code: `nom, departement, region, epci, epci_nom, population, superficie_km2, longitude, latitude` and what
        else the file holds (`naiss20`, `places_assmat_2020`…).
    boroughs
        The same for the municipal arrondissements, with `commune`, the code of their city.
    notes
        What was mended.
    """

    table: pd.DataFrame
    boroughs: pd.DataFrame
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class OfficialTable:
    """
    A published table with figures at every level.

    Parameters
    ----------
    communes, epcis, departements, regions
        Figures by code (départements « 01 », regions « 84 »); municipal arrondissements stand among the communes.
    france
        The row FR.
    year
        The year found in the name of the file, if any.
    """

    communes: pd.DataFrame
    epcis: pd.DataFrame
    departements: pd.DataFrame
    regions: pd.DataFrame
    france: pd.Series
    year: int | None = None


@dataclass(frozen=True)
class Births:
    """Births of the three years that end at a year, summed; nan where a year is missing; see `OfficialTable`."""

    years: tuple[int, int, int]
    communes: pd.Series
    epcis: pd.Series
    departements: pd.Series
    france: float
    notes: tuple[Note, ...] = field(default=())
    by_age: pd.DataFrame = field(default_factory=pd.DataFrame)
    """Communes by age completed in the last year (columns 0, 1, 2): the births of that year, of the one before…"""


def year_in_name(path: Path) -> int | None:
    """Find the single year that the name of a file holds (« places-2020.parquet »), or None."""
    years = re.findall(r"(?<!\d)(20\d\d)(?!\d)", path.stem)
    return int(years[0]) if len(years) == 1 else None


def _read_table(path: Path) -> pd.DataFrame:
    content = read_bytes(path)
    try:
        if path.suffix.lower() == ".parquet":
            frame: pd.DataFrame = pa_parquet.read_table(io.BytesIO(content)).to_pandas()
            return frame
        if path.suffix.lower() == ".gz":
            content = gzip.decompress(content)
        return pd.read_csv(io.BytesIO(content), dtype=str, sep=None, engine="python")
    except (pa.ArrowInvalid, gzip.BadGzipFile, UnicodeDecodeError, pd.errors.ParserError):
        raise InvalidFile("table_unreadable", where=Where(file=path.name)) from None


def _require_columns(table: pd.DataFrame, columns: Iterable[str], path: Path) -> None:
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise InvalidFile(
            "column_missing",
            where=Where(file=path.name),
            missing=missing,
            found=[str(column) for column in table.columns[:12]],
        )


def _check_codes(codes: pd.Series, path: Path, field: str) -> None:
    """Refuse codes that are no commune's; a lost leading zero is named as such."""
    text = codes.astype(str)
    wrong = np.flatnonzero(~text.str.fullmatch(_COMMUNE.pattern).to_numpy(dtype=bool))
    if wrong.size:
        row = int(wrong[0])
        given = text.iloc[row]
        where = Where(file=path.name, row=row + 1, field=field)
        if _SHORT_COMMUNE.match(given):
            raise InvalidRecord("code_zero_lost", where=where, given=given, expected=given.zfill(5))
        raise InvalidRecord("code_not_a_commune", where=where, given=given)
    if text.duplicated().any():
        row = int(np.flatnonzero(text.duplicated())[0])
        raise InvalidRecord(
            "id_repeated",
            where=Where(file=path.name, row=row + 1, field=field),
            id=text.iloc[row],
            first=int(np.flatnonzero(text == text.iloc[row])[0]) + 1,
        )


def numbers(values: pd.Series, path: Path, column: str, *, first_row: int = 1) -> pd.Series:
    """Read figures: « ND » and empty cells are nan; anything else that is no number is told with its row."""
    if pd.api.types.is_numeric_dtype(values):
        return values.astype(np.float64)
    text = values.astype("object").where(values.notna(), "").map(str).str.strip()
    known = ~text.isin(["", "ND", "nd", "NA", "N/A", "NaN", "nan", "s", "nc"])
    fine = text.str.fullmatch(_SIGNED)
    wrong = np.flatnonzero((known & ~fine).to_numpy(dtype=bool))
    if wrong.size:
        row = int(wrong[0])
        given = text.iloc[row]
        comma = bool(re.fullmatch(r"[+-]?[\d\s\u00a0\u202f]+,\d+", given))
        raise InvalidRecord(
            "cell_decimal_comma" if comma else "cell_not_a_number",
            where=Where(file=path.name, row=row + first_row, field=column),
            given=given,
        )
    return text.where(known & fine, "nan").astype(np.float64)


def departement_of(codes: pd.Index) -> pd.Index:
    """Name the département of each commune code: two characters, three overseas."""
    text = pd.Series(codes.astype(str))
    return pd.Index(np.where(text.str[:2].isin(["97", "98"]), text.str[:3], text.str[:2]))


def read_communes(path: Path) -> Communes:
    """
    Read the communes.

    Parameters
    ----------
    path
        Parquet or CSV with `code, nom`, and if possible `departement, region, epci, epci_nom, population,
        superficie_km2, centroid_lon, centroid_lat, type`.

    Returns
    -------
    Communes
        Communes and arrondissements apart, so that nothing is summed twice.

    Raises
    ------
    InputError
        For a code without its leading zero, given twice, or that is no commune's; for a missing column.
    """
    table = _read_table(path)
    _require_columns(table, ["code", "nom"], path)
    _check_codes(table["code"], path, "code")
    table["code"] = table["code"].astype(str)
    table = table.rename(columns={"centroid_lon": "longitude", "centroid_lat": "latitude"})
    text = {"code", "nom", "departement", "epci", "epci_nom", "type", "region"}
    for column in table.columns:
        if column not in text:
            table[column] = numbers(table[column], path, str(column))
    for column in ("epci", "epci_nom"):
        if column not in table:
            table[column] = None
    for column in ("longitude", "latitude", "population", "superficie_km2"):
        if column not in table:
            table[column] = np.nan
    kinds = table["type"] if "type" in table else pd.Series("commune", index=table.index)
    boroughs = table[kinds.eq("arrondissement-municipal")].set_index("code")
    communes = table[kinds.eq("commune")].set_index("code")
    if "departement" not in communes:
        communes["departement"] = departement_of(communes.index)
    boroughs["commune"] = [_city_of(code) for code in boroughs.index]
    return Communes(communes, boroughs)


def _city_of(code: str) -> str:
    return {"75": "75056", "69": "69123", "13": "13055"}[code[:2]]


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
    _check_codes(shapes[column], path, column)
    series = gpd.GeoSeries(shapes.geometry.array, index=shapes[column].astype(str), crs=4326)
    if codes is not None:
        series = series[series.index.isin(codes)]
    return mend(series)


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


def _levels(table: pd.DataFrame, path: Path, columns: dict[str, str]) -> OfficialTable:
    """Sort the rows of a CNAF or INSEE file by level, their codes mended."""
    _require_columns(table, ["id", *columns], path)
    ids = table["id"].astype("object").map(lambda cell: cell if isinstance(cell, str) else "")
    figures = pd.DataFrame(
        {name: numbers(table[column], path, column) for column, name in columns.items()}
    )
    figures.index = pd.Index(ids)

    def pick(pattern: str, rename: str = "") -> pd.DataFrame:
        chosen = figures[figures.index.str.fullmatch(pattern)]
        codes = chosen.index.str.removeprefix(rename)
        return chosen.set_axis(codes)

    communes = pick(r"\d{4,5}|2[AB]\d{3}")
    communes.index = communes.index.str.zfill(5)
    departements = pick(r"D\w{1,3}", "D")
    departements.index = departements.index.str.zfill(2)
    whole = figures[figures.index == "FR"]
    return OfficialTable(
        communes=communes[~communes.index.duplicated()],
        epcis=pick(r"\d{9}"),
        departements=departements,
        regions=pick(r"R\w{1,3}", "R"),
        france=whole.sum(min_count=1),
        year=year_in_name(path),
    )


def read_places(path: Path) -> OfficialTable:
    """
    Read the CNAF places for children under three.

    Parameters
    ----------
    path
        `id, assmat, eaje, autr`.

    Returns
    -------
    OfficialTable
        Columns `places_childminder, places_facility, places_other`. Communes of a département whose own row is « ND »
        are nan: the file writes 0 for them.
    """
    names = {"assmat": "places_childminder", "eaje": "places_facility", "autr": "places_other"}
    found = _levels(_read_table(path), path, names)
    unknown = found.departements.index[found.departements.isna().all(axis=1)]
    hidden = departement_of(found.communes.index).isin(unknown)
    return OfficialTable(
        found.communes.mask(pd.Series(hidden, index=found.communes.index)),
        found.epcis,
        found.departements,
        found.regions,
        found.france,
        found.year,
    )


def read_rates(path: Path) -> OfficialTable:
    """
    Read the CNAF global coverage rates (places per 100 children under three).

    Parameters
    ----------
    path
        `id, tcg`.

    Returns
    -------
    OfficialTable
        Column `coverage_rate`; « ND » where it is not published.
    """
    return _levels(_read_table(path), path, {"tcg": "coverage_rate"})


def read_births(path: Path, year: int) -> Births:
    """
    Read the births of the three years that end at a year: the children under three of its December.

    Parameters
    ----------
    path
        INSEE état civil: `id, naiss08 … naiss23`.
    year
        Last of the three years.

    Returns
    -------
    Births
        Sums by level. A département without any birth in a year (Mayotte before 2020) has none published: nan.

    Raises
    ------
    InvalidFile
        When one of the years is not in the file; its years are named.
    """
    table = _read_table(path)
    years = (year - 2, year - 1, year)
    columns = {f"naiss{wanted % 100:02d}": f"b{wanted}" for wanted in years}
    present = sorted(
        2000 + int(name[5:]) for name in table.columns if re.fullmatch(r"naiss\d\d", str(name))
    )
    if not set(years) <= set(present):
        raise InvalidFile(
            "years_missing",
            where=Where(file=path.name),
            years=[str(wanted) for wanted in years if wanted not in present],
            present=f"{present[0]} à {present[-1]}" if present else "aucune",
            year=str(year),
        )
    found = _levels(table, path, columns)
    unknown = found.departements.eq(0) | found.departements.isna()
    departements = found.departements.mask(unknown)
    own = departement_of(found.communes.index)
    hidden = unknown.reindex(own).fillna(value=False).astype(bool).to_numpy()
    communes = found.communes.mask(
        pd.DataFrame(hidden, found.communes.index, found.communes.columns)
    )
    return Births(
        years=years,
        communes=communes.sum(axis=1, min_count=3),
        epcis=found.epcis.sum(axis=1, min_count=3),
        departements=departements.sum(axis=1, min_count=3),
        france=float(found.france.sum()),
        by_age=communes[list(columns.values())].set_axis([2, 1, 0], axis=1),
    )


def former_codes(path: Path) -> dict[str, str]:
    """
    Read which commune of today holds each former code.

    Parameters
    ----------
    path
        Code officiel géographique (`.json` or `.json.gz`), with `code`, `anciensCodes` or `chefLieu`.

    Returns
    -------
    dict
        Former code → code of today.
    """
    content = read_bytes(path)
    try:
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        entries = json.loads(content)
        former: dict[str, str] = {}
        for entry in entries:
            if entry.get("type", "commune-actuelle") == "commune-actuelle":
                for old in entry.get("anciensCodes", []):
                    former[old] = entry["code"]
        current = {e["code"] for e in entries if e.get("type") == "commune-actuelle"}
        for entry in entries:
            if entry["code"] not in current and "chefLieu" in entry:
                former.setdefault(entry["code"], entry["chefLieu"])
    except (gzip.BadGzipFile, json.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise InvalidFile("official_codes_unreadable", where=Where(file=path.name)) from None
    return {old: new for old, new in former.items() if old != new}


def today(codes: Iterable[str], known: pd.Index, former: dict[str, str], where: Where) -> list[str]:
    """
    Turn asked codes into communes of today.

    Raises
    ------
    InputError
        For a code that is unknown, that lost its zero, or that belonged to a commune merged since.
    """
    answer = []
    for code in codes:
        if code in known:
            answer.append(code)
        elif former.get(code) in known:
            answer.append(former[code])
        elif code.zfill(5) in known:
            raise InputError("code_zero_lost", where=where, given=code, expected=code.zfill(5))
        else:
            raise InputError("asked_commune_unknown", where=where, given=code)
    return list(dict.fromkeys(answer))
