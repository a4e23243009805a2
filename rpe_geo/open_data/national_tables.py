"""
The open data of CNAF and INSEE: communes, places by mode, coverage rates, births.

Codes come back as published elsewhere: five characters for a commune (« 01004 »), two or three for a département; the
CNAF files drop the leading zero and name départements `D1` and regions `R84`. « ND » (non disponible) is nan.
"""

from __future__ import annotations

import gzip
import io
import re
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pa_parquet
from numpy.typing import NDArray

from rpe_geo.csv_text import in_utf8, separator_of
from rpe_geo.errors import InvalidFile, InvalidRecord, Where
from rpe_geo.files import read_bytes
from rpe_geo.observatory.codes import city_of, departement_of
from rpe_geo.observatory.inputs import Births, Communes, OfficialTable
from rpe_geo.open_data.commune_codes import check_codes, refuse_repeated

__all__ = [
    "read_births",
    "read_communes",
    "read_places",
    "read_rates",
    "year_in_name",
]

_METROPOLE = (-6.0, 41.0, 10.5, 52.0)
"""West, south, east and north of métropole, in degrees."""
_YEARS_AROUND = 3
"""Births of so many years before and after the three are read too."""
_SIGNED = r"^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$"


def year_in_name(path: Path) -> int | None:
    """Find the single year that the name of a file holds (« places-2020.parquet »), or None."""
    years = re.findall(r"(?<!\d)(20\d\d)(?!\d)", path.stem)
    return int(years[0]) if len(years) == 1 else None


def _read_table(path: Path) -> pd.DataFrame:
    content = read_bytes(path)
    where = Where(file=path.name)
    frame: pd.DataFrame
    try:
        if path.suffix.lower() == ".parquet":
            frame = pa_parquet.read_table(io.BytesIO(content)).to_pandas()
        else:
            if path.suffix.lower() == ".gz":
                content = gzip.decompress(content)
            content = in_utf8(content, where)
            header = content[:65_536].partition(b"\n")[0]
            sign = separator_of(header.decode("utf-8", "replace"))
            with warnings.catch_warnings():
                warnings.simplefilter("error", pd.errors.ParserWarning)
                frame = pd.read_csv(io.BytesIO(content), dtype=str, sep=sign, index_col=False)
    except pd.errors.ParserWarning:
        # Every row has more fields than the header.
        got = content.split(b"\n", 2)[1].count(sign.encode()) + 1
        expected = header.count(sign.encode()) + 1
        where = Where(file=path.name, row=1)
        raise InvalidRecord("row_fields", where=where, expected=expected, got=got) from None
    except pd.errors.ParserError as error:
        crowded = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error))
        if crowded is None:
            raise InvalidFile("table_unreadable", where=where) from None
        expected, line, got = map(int, crowded.groups())
        where = Where(file=path.name, row=line - 1)
        raise InvalidRecord("row_fields", where=where, expected=expected, got=got) from None
    except (pa.ArrowInvalid, gzip.BadGzipFile, pd.errors.EmptyDataError):
        raise InvalidFile("table_unreadable", where=where) from None
    frame.columns = frame.columns.astype(str).str.strip()
    if frame.empty:
        raise InvalidFile("table_empty", where=where)
    return frame


def _require_columns(table: pd.DataFrame, columns: Iterable[str], path: Path) -> None:
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise InvalidFile(
            "column_missing",
            where=Where(file=path.name),
            missing=missing,
            found=[str(column) for column in table.columns[:12]],
        )


def numbers(
    values: pd.Series,
    path: Path,
    column: str,
    *,
    signed: bool = True,
    unsure: NDArray[np.bool_] | None = None,
) -> pd.Series:
    """
    Read figures: « ND » and empty cells are nan; anything else that is no number is told with its row.

    Parameters
    ----------
    values
        Cells of a column, in the order of the file.
    path, column
        Where they were read.
    signed
        Whether a figure may be negative.
    unsure
        Rows in which a negative figure is one that is not known.

    Returns
    -------
    Series
        Figures, on the same index.

    Raises
    ------
    InvalidRecord
        For the first cell that is no number, with a word for commas, or negative.
    """
    if pd.api.types.is_numeric_dtype(values):
        read = values.astype(np.float64)
        wrong = np.isinf(read.to_numpy())
    else:
        text = values.astype("object").where(values.notna(), "").map(str).str.strip()
        known = ~text.isin(["", "ND", "nd", "NA", "N/A", "NaN", "nan", "s", "nc"])
        fine = text.str.fullmatch(_SIGNED)
        wrong = (known & ~fine).to_numpy(dtype=bool)
        read = text.where(known & fine, "nan").astype(np.float64)
    fault = "cell_not_a_number"
    if not wrong.any() and not signed:
        if unsure is not None:
            read = read.mask((read < 0) & unsure)
        wrong = (read < 0).to_numpy(dtype=bool)
        fault = "cell_negative"
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        given = str(values.iloc[row]).strip()
        if re.fullmatch(r"[+-]?[\d\s\u00a0\u202f]+,\d+", given):
            fault = "cell_decimal_comma"
        where = Where(file=path.name, row=row + 1, field=column)
        raise InvalidRecord(fault, where=where, given=given)
    return read


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
    check_codes(table["code"], path, "code")
    table["code"] = table["code"].astype(str)
    table = table.rename(columns={"centroid_lon": "longitude", "centroid_lat": "latitude"})
    text = {"code", "nom", "departement", "epci", "epci_nom", "type", "region"}
    amounts = re.compile(r"naiss\d\d|enfants_0_2_.*|places_.*|population|superficie_km2")
    for column in table.columns:
        if column not in text:
            signed = amounts.fullmatch(str(column)) is None
            table[column] = numbers(table[column], path, str(column), signed=signed)
    for column in ("epci", "epci_nom"):
        if column not in table:
            table[column] = None
    for column in ("longitude", "latitude", "population", "superficie_km2"):
        if column not in table:
            table[column] = np.nan
    _check_degrees(table, path)
    kinds = table["type"] if "type" in table else pd.Series("commune", index=table.index)
    boroughs = table[kinds.eq("arrondissement-municipal")].set_index("code")
    communes = table[kinds.eq("commune")].set_index("code")
    if "departement" not in communes:
        communes["departement"] = departement_of(communes.index)
    boroughs["commune"] = [city_of(code) for code in boroughs.index]
    return Communes(communes, boroughs)


def _check_degrees(table: pd.DataFrame, path: Path) -> None:
    """Refuse centres that are not in degrees, or that are not in the territory of their code."""
    longitude, latitude = table["longitude"], table["latitude"]
    off = (longitude.abs() > 180) | (latitude.abs() > 90)
    metropole = ~table["code"].str[:2].isin(["97", "98"])
    west, south, east, north = _METROPOLE
    beyond = ~(longitude.between(west, east) & latitude.between(south, north))
    beyond &= metropole & longitude.notna() & latitude.notna()
    wrong = np.flatnonzero((off | beyond).to_numpy(dtype=bool))
    if not wrong.size:
        return
    row = int(wrong[0])
    x, y = float(longitude.iloc[row]), float(latitude.iloc[row])
    if off.iloc[row]:
        fault = "centre_not_degrees"
    elif west <= y <= east and south <= x <= north:
        fault = "centre_swapped"
    else:
        fault = "centre_elsewhere"
    raise InvalidRecord(
        fault,
        where=Where(file=path.name, row=row + 1, field="centroid_lon"),
        code=str(table["code"].iloc[row]),
        longitude=f"{x:g}",
        latitude=f"{y:g}",
    )


def _levels(table: pd.DataFrame, path: Path, columns: dict[str, str]) -> OfficialTable:
    """Sort the rows of a CNAF or INSEE file by level, their codes mended."""
    _require_columns(table, ["id", *columns], path)
    ids = table["id"].astype("object").map(lambda cell: cell if isinstance(cell, str) else "")
    # The CNAF publishes −1 place for an intercommunalité (2020): not known. Elsewhere it is a fault.
    epcis = ids.str.fullmatch(r"\d{9}").to_numpy(dtype=bool)
    figures = pd.DataFrame(
        {
            name: numbers(table[column], path, column, signed=False, unsure=epcis)
            for column, name in columns.items()
        }
    )
    figures.index = pd.Index(ids)
    # A code with and without its zero is the same commune; rows without code are nobody's.
    same = ids.where(~ids.str.fullmatch(r"\d{4}"), "0" + ids)
    refuse_repeated(same.where(ids != "", pd.Series(range(len(ids)), ids.index)), path, "id")

    def pick(pattern: str, rename: str = "") -> pd.DataFrame:
        chosen = figures[figures.index.str.fullmatch(pattern)]
        codes = chosen.index.str.removeprefix(rename)
        return chosen.set_axis(codes)

    communes = pick(r"\d{4,5}|2[AB]\d{3}")
    communes.index = communes.index.str.zfill(5)
    departements = pick(r"D\w{1,3}", "D")
    departements.index = departements.index.str.zfill(2)
    whole = figures[figures.index == "FR"]
    epci_of = None
    if "comp1" in table:
        own = pd.Series(table["comp1"].to_numpy(), figures.index)
        own = own[own.index.str.fullmatch(r"\d{4,5}|2[AB]\d{3}")]
        epci_of = own.set_axis(own.index.str.zfill(5))
    return OfficialTable(
        communes=communes,
        epcis=pick(r"\d{9}"),
        departements=departements,
        regions=pick(r"R\w{1,3}", "R"),
        france=whole.sum(min_count=1),
        year=year_in_name(path),
        epci_of=epci_of,
    )


def read_places(path: Path) -> OfficialTable:
    """
    Read the CNAF places for children under three.

    Parameters
    ----------
    path
        `id, assmat, eaje, autr`, and `source` (« estimé » where a commune has a share of its intercommunalité's).

    Returns
    -------
    OfficialTable
        Columns `places_childminder, places_facility, places_other`. Communes of a département whose own row is « ND »
        are nan: the file writes 0 for them.
    """
    names = {"assmat": "places_childminder", "eaje": "places_facility", "autr": "places_other"}
    table = _read_table(path)
    found = _levels(table, path, names)
    unknown = found.departements.index[found.departements.isna().all(axis=1)]
    hidden = departement_of(found.communes.index).isin(unknown)
    estimated: frozenset[str] = frozenset()
    if "source" in table:
        shared = table.loc[table["source"].eq("estimé"), "id"].astype(str)
        estimated = frozenset(shared.str.zfill(5)) & frozenset(found.communes.index)
    return OfficialTable(
        found.communes.mask(pd.Series(hidden, index=found.communes.index)),
        found.epcis,
        found.departements,
        found.regions,
        found.france,
        found.year,
        found.epci_of,
        estimated,
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


def read_births(path: Path, years: Sequence[int]) -> list[Births]:
    """
    Read the births of the three years that end at a year: the children under three of its December.

    Parameters
    ----------
    path
        INSEE état civil: `id, naiss08 … naiss23`.
    years
        Last of the three years; several are taken from one reading.

    Returns
    -------
    list of Births
        Sums by level, in the order of the years. A département without any birth in a year (Mayotte before 2020) has none
        published: nan.

    Raises
    ------
    InvalidFile
        When one of the years is not in the file; its years are named.
    """
    table = _read_table(path)
    present = sorted(
        2000 + int(name[5:]) for name in table.columns if re.fullmatch(r"naiss\d\d", str(name))
    )
    around: set[int] = set()
    for year in years:
        three = (year - 2, year - 1, year)
        if not set(three) <= set(present):
            raise InvalidFile(
                "years_missing",
                where=Where(file=path.name),
                years=[str(wanted) for wanted in three if wanted not in present],
                present=f"{present[0]} à {present[-1]}" if present else "aucune",
                year=str(year),
            )
        around |= set(_around(present, year))
    found = _levels(table, path, {f"naiss{one % 100:02d}": str(one) for one in sorted(around)})
    return [_births_ending(found, _around(present, year), year) for year in years]


def _around(present: Sequence[int], year: int) -> list[int]:
    """List the years from which the births of the three that end at a year can be told."""
    return [one for one in present if year - 2 - _YEARS_AROUND <= one <= year + _YEARS_AROUND]


def _births_ending(found: OfficialTable, around: Sequence[int], year: int) -> Births:
    """Sum the births of three years; what is zero in a whole département is not published."""
    years = (year - 2, year - 1, year)
    columns = [str(one) for one in around]
    by_departement = found.departements[columns]
    unknown = by_departement.eq(0) | by_departement.isna()
    departements = by_departement.mask(unknown)
    by_commune = found.communes[columns]
    own = departement_of(by_commune.index)
    hidden = unknown.reindex(own).fillna(value=False).astype(bool).to_numpy()
    communes = by_commune.mask(pd.DataFrame(hidden, by_commune.index, by_commune.columns)).rename(
        columns=int
    )
    three = [str(one) for one in years]
    return Births(
        years=years,
        communes=communes[list(years)].sum(axis=1, min_count=3),
        epcis=found.epcis[three].sum(axis=1, min_count=3),
        departements=departements[three].sum(axis=1, min_count=3),
        france=float(found.france[three].sum()),
        by_age=communes[list(years)].set_axis([2, 1, 0], axis=1),
        by_year=communes,
    )
