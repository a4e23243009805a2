"""What a projection reads: births of past years, approvals of childminders by département (DREES)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from rpe_geo.errors import InvalidFile, InvalidRecord, Where
from rpe_geo.observatory.results import Note
from rpe_geo.open_data.civil_births import merge_births, read_civil_births, years_of
from rpe_geo.open_data.official_tables import amounts, find_column, read_official_table

__all__ = ["read_approvals", "read_births_by_year"]

_COMMUNE = r"\d{5}|2[AB]\d{3}"


def read_births_by_year(paths: Sequence[Path]) -> tuple[pd.DataFrame, list[Note]]:
    """
    Read the births of every commune, a column per year.

    Parameters
    ----------
    paths
        Files of INSEE; for a year in two of them the later one prevails.

    Returns
    -------
    DataFrame, list
        By commune and year (whole numbers, ascending); what is to be said.
    """
    notes: list[Note] = []
    files = []
    for path in paths:
        wide, said = read_civil_births(path)
        files.append(wide)
        notes.extend(said)
    wide = merge_births(files)
    wide = wide[wide.index.str.fullmatch(_COMMUNE)]
    years = years_of(wide)
    births = wide[[f"naiss{year % 100:02d}" for year in years]].set_axis(years, axis=1)
    return births, notes


def read_approvals(path: Path) -> pd.DataFrame:
    """
    Read approvals in force by département and year.

    Parameters
    ----------
    path
        DREES: `code_departement, annee, valeur`, a row per département and year.

    Returns
    -------
    DataFrame
        By code and year; the parts of the Rhône (69D, 69M) are one.

    Raises
    ------
    InvalidFile
        When a column is missing or a year cannot be read.
    """
    table = read_official_table(path)
    columns = {name: find_column(table, name) for name in ("code_departement", "annee", "valeur")}
    missing = [name for name, column in columns.items() if column is None]
    where = Where(file=path.name)
    if missing:
        raise InvalidFile(
            "column_missing", where=where, missing=missing, found=list(table.columns[:12])
        )
    years = table[str(columns["annee"])].str.extract(r"^\s*((?:19|20)\d\d)")[0]
    if years.isna().any():
        row = int(years.isna().to_numpy().argmax())
        given = str(table[str(columns["annee"])].iloc[row])
        raise InvalidRecord(
            "year_unreadable", where=Where(file=path.name, row=row + 1, field="annee"), given=given
        )
    code = table[str(columns["code_departement"])].fillna("").str.strip()
    long = pd.DataFrame(
        {
            "code": code.str.replace(r"^(\d)$", r"0\1", regex=True).str.replace(
                r"^69[DM]$", "69", regex=True
            ),
            "year": years.astype(int),
            "approvals": amounts(table[str(columns["valeur"])], path, "valeur"),
        }
    )
    wide = long.pivot_table(index="code", columns="year", values="approvals", aggfunc="sum")
    return wide.replace(0.0, np.nan)
