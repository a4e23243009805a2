"""
Births by commune of residence in INSEE's own layouts, years 2008 on, brought to one table.

Melodi (`DS_ETAT_CIVIL_NAIS_COMMUNES`, a long table of eleven levels), « base_naissances » and « base-cc » (a column `NAISDyy` a
year), and the wide table `id, naissYY`. A city stands beside its arrondissements; births of an unknown arrondissement
(`751XX`) are already in the city and are left out by their own code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.observatory.results import Note
from rpe_geo.open_data.official_tables import amounts, find_column, read_official_table

__all__ = ["merge_births", "read_civil_births", "years_of"]

_YEAR_COLUMN = re.compile(r"^(?:naisd?|naiss|n)(\d{2}|\d{4})$", re.IGNORECASE)
_CODES = ("CODGEO", "id", "COM", "GEO", "code", "code_commune", "codgeo")
_COMMUNE = r"(?:\d{5}|2[AB]\d{3})"
_KEPT_LEVELS = {"COM", "ARM", "DEP", "REG", "EPCI", "FRANCE"}
_FRANCE = {"F", "FR", "FRANCE"}


def read_civil_births(path: Path) -> tuple[pd.DataFrame, list[Note]]:
    """
    Read births by place and year.

    Parameters
    ----------
    path
        A file of INSEE, in a zip or not.

    Returns
    -------
    tuple
        By `id` (« 01004 », « D01 », « R84 », nine digits, « FR »): a column `naissYY` a year, nan where not published; what to
        say of it.

    Raises
    ------
    InvalidFile
        When no year of births is found.
    """
    table = read_official_table(path, header_with=["CODGEO", "GEO", "id"], sheet="COM")
    if find_column(table, "TIME_PERIOD") and find_column(table, "OBS_VALUE"):
        return _of_melodi(table, path)
    code = find_column(table, *_CODES)
    years = {
        str(column): match[1][-2:]
        for column in table.columns
        if (match := _YEAR_COLUMN.match(str(column)))
    }
    if code is None or not years:
        raise InvalidFile(
            "births_layout", where=Where(file=path.name), found=list(table.columns[:12])
        )
    wide = pd.DataFrame(
        {f"naiss{year}": amounts(table[column], path, column) for column, year in years.items()}
    )
    ids = table[code].fillna("")
    lost = ids.str.fullmatch(r"\d{4}")
    ids = ids.mask(lost, "0" + ids)
    ids = ids.str.replace(r"^D(\d)$", r"D0\1", regex=True).replace(dict.fromkeys(_FRANCE, "FR"))
    nobody = ids.str.contains("X", regex=False) | ids.eq("")
    notes = (
        [Note("zeros_restored", {"file": path.name, "count": int(lost.sum())})]
        if lost.any()
        else []
    )
    return _unique(wide.set_axis(pd.Index(ids, name="id"))[~nobody.to_numpy()], path), notes


def _of_melodi(table: pd.DataFrame, path: Path) -> tuple[pd.DataFrame, list[Note]]:
    """Turn the long table into a wide one, its levels by their own column `GEO_OBJECT`."""
    columns = {
        name: find_column(table, name) for name in ("GEO", "GEO_OBJECT", "TIME_PERIOD", "OBS_VALUE")
    }
    missing = [name for name, column in columns.items() if column is None]
    if missing:
        raise InvalidFile(
            "column_missing",
            where=Where(file=path.name),
            missing=missing,
            found=list(table.columns[:12]),
        )
    measure = find_column(table, "EC_MEASURE")
    if measure is not None:
        table = table[table[measure].eq("LVB")]
    level = table[str(columns["GEO_OBJECT"])].str.upper()
    table = table[level.isin(_KEPT_LEVELS)]
    level = level[level.isin(_KEPT_LEVELS)]
    own = table[str(columns["GEO"])].str.rpartition("-")[2]
    unknown = level.eq("ARM") & own.str.endswith("XX")
    france = level.eq("FRANCE")
    ids = own.mask(level.eq("DEP"), "D" + own).mask(level.eq("REG"), "R" + own)
    ids = ids.mask(france & own.isin(_FRANCE), "FR")
    # Métropole, France without Mayotte…: other totals than that of the whole country.
    kept = ~unknown & ~(france & ids.ne("FR"))
    long = pd.DataFrame(
        {
            "id": ids,
            "year": table[str(columns["TIME_PERIOD"])].str[2:4],
            "births": amounts(
                table[str(columns["OBS_VALUE"])].reset_index(drop=True), path, "OBS_VALUE"
            ).set_axis(table.index),
        }
    )[kept]
    status = find_column(table, "OBS_STATUS")
    if status is not None:
        # K: the births of this commune are counted in another one; its own figure is not known.
        long.loc[table.loc[kept, status].isin(["K", "M"]), "births"] = float("nan")
    if long.empty:
        raise InvalidFile(
            "births_layout", where=Where(file=path.name), found=sorted(set(level))[:12] or ["–"]
        )
    wide = long.drop_duplicates(["id", "year"]).pivot_table(
        index="id", columns="year", values="births", aggfunc="first", dropna=False
    )
    wide.columns = pd.Index([f"naiss{year}" for year in wide.columns])
    notes = []
    if unknown.any():
        count = int(own[unknown].nunique())
        notes.append(Note("births_unknown_arrondissement", {"file": path.name, "count": count}))
    return _unique(wide, path), notes


def _unique(wide: pd.DataFrame, path: Path) -> pd.DataFrame:
    if wide.index.has_duplicates:
        given = str(wide.index[wide.index.duplicated()][0])
        where = Where(file=path.name)
        raise InvalidFile("id_repeated", where=where, id=given, first="–")
    if not wide.index.str.fullmatch(_COMMUNE).any():
        where = Where(file=path.name)
        raise InvalidFile("births_layout", where=where, found=[str(one) for one in wide.index[:6]])
    return wide


def merge_births(files: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put the years of several files together; for a year in two of them the later file of the list prevails."""
    whole = pd.DataFrame()
    for wide in files:
        whole = wide.combine_first(whole)
    return whole[sorted(whole.columns)]


def years_of(wide: pd.DataFrame) -> list[int]:
    """List the years of births of a wide table, in order."""
    return sorted(2000 + int(name[5:]) for name in wide.columns if re.fullmatch(r"naiss\d\d", name))
