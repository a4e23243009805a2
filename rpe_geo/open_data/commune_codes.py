"""Codes of communes in files: what they must look like, what became of those that merged, whose figures find no commune."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from rpe_geo.errors import InvalidFile, InvalidRecord, Where
from rpe_geo.files import read_bytes
from rpe_geo.observatory.codes import among, departement_of
from rpe_geo.observatory.results import Note

__all__ = [
    "check_codes",
    "former_codes",
    "on_todays_communes",
    "refuse_repeated",
]

_COMMUNE = re.compile(r"^(?:\d{5}|2[AB]\d{3})$")
_SHORT_COMMUNE = re.compile(r"^\d{4}$")


def check_codes(codes: pd.Series, path: Path, field: str) -> None:
    """
    Refuse codes that are no commune's, or given twice; a lost leading zero is named as such.

    Parameters
    ----------
    codes
        Codes, in the order of the file.
    path, field
        Where they were read.

    Raises
    ------
    InvalidRecord
        For the first fault, with its row.
    """
    text = codes.astype(str)
    wrong = np.flatnonzero(~text.str.fullmatch(_COMMUNE.pattern).to_numpy(dtype=bool))
    if wrong.size:
        row = int(wrong[0])
        given = text.iloc[row]
        where = Where(file=path.name, row=row + 1, field=field)
        if _SHORT_COMMUNE.match(given):
            raise InvalidRecord("code_zero_lost", where=where, given=given, expected=given.zfill(5))
        raise InvalidRecord("code_not_a_commune", where=where, given=given)
    refuse_repeated(text, path, field)


def refuse_repeated(ids: pd.Series, path: Path, field: str) -> None:
    """Refuse an identifier given twice, naming both rows; ids are in the order of the file."""
    repeated = ids.duplicated().to_numpy(dtype=bool)
    if repeated.any():
        row = int(np.flatnonzero(repeated)[0])
        given = ids.iloc[row]
        raise InvalidRecord(
            "id_repeated",
            where=Where(file=path.name, row=row + 1, field=field),
            id=str(given),
            first=int(np.flatnonzero((ids == given).to_numpy(dtype=bool))[0]) + 1,
        )


def former_codes(path: Path) -> dict[str, str]:
    """
    Read which commune of today holds each former code.

    Parameters
    ----------
    path
        Code officiel géographique (`.json` or `.json.gz`), with `code`, `type`, `anciensCodes` or `chefLieu`.

    Returns
    -------
    dict
        Former code → code of today.

    Raises
    ------
    InvalidFile
        When it holds no commune of today.
    """
    content = read_bytes(path)
    where = Where(file=path.name)
    try:
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        entries = json.loads(content)
        current = {e["code"] for e in entries if e.get("type") == "commune-actuelle"}
        former: dict[str, str] = {}
        for entry in entries:
            if entry["code"] in current:
                for old in entry.get("anciensCodes", ()):
                    former[old] = entry["code"]
        for entry in entries:
            if entry["code"] not in current and "chefLieu" in entry:
                former.setdefault(entry["code"], entry["chefLieu"])
    except (gzip.BadGzipFile, ValueError, KeyError, TypeError, AttributeError):
        raise InvalidFile("official_codes_unreadable", where=where) from None
    if not current:
        raise InvalidFile("official_codes_unreadable", where=where)
    return {old: new for old, new in former.items() if old != new}


def on_todays_communes(
    figures: pd.DataFrame,
    known: pd.Index,
    former: Mapping[str, str],
    path: Path,
    *,
    cities: Iterable[str] = (),
) -> tuple[pd.DataFrame, list[Note]]:
    """
    Set the figures of a file on the communes of today: those that merged are summed, and nothing is lost unsaid.

    Parameters
    ----------
    figures
        Amounts by commune code of the file's own year.
    known
        Codes of the communes of today that are computed.
    former
        Former code → code of today; empty when not given.
    path
        Where they were read.
    cities
        Codes that are computed by their arrondissements: their own rows count nothing twice.

    Returns
    -------
    tuple
        Amounts by code of today (nan where any part is missing, or where the file has nothing), and what was merged or
        unknown.

    Raises
    ------
    InvalidFile
        When no code of the file is a commune's.
    """
    where = Where(file=path.name)
    notes = []
    here = among(figures.index, known)
    if not here.all():
        codes = pd.Index([former.get(code, code) for code in figures.index])
        moved = (codes != figures.index) & among(codes, known) & ~here
        if moved.any():
            notes.append(
                Note(
                    "figures_merged",
                    {
                        "file": path.name,
                        "count": int(moved.sum()),
                        "first": str(figures.index[moved][0]),
                        "into": str(codes[moved][0]),
                    },
                )
            )
            names = figures.index.where(~moved, codes)
            figures = figures.groupby(names).sum(skipna=False)
            here = among(figures.index, known)
        # A file for all of France beside the communes of one département is no fault.
        near = departement_of(figures.index).isin(departement_of(known).unique())
        lost = figures.index[~here & near & ~figures.index.isin(list(cities))]
        if len(lost):
            notes.append(
                Note(
                    "figures_unknown",
                    {"file": path.name, "count": len(lost), "first": str(lost[0])},
                )
            )
    if not here.any():
        raise InvalidFile(
            "codes_none_known",
            where=where,
            first=str(figures.index[0]) if len(figures) else "–",
            known=str(known[0]) if len(known) else "–",
        )
    return figures.reindex(known), notes
