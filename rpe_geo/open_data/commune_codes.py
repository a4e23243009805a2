"""Codes of communes in files: what they must look like, what became of those that merged, whose figures find no commune."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpe_geo.errors import InputError, InvalidFile, InvalidRecord, Where
from rpe_geo.files import read_bytes
from rpe_geo.observatory.results import Note

__all__ = [
    "check_codes",
    "city_of",
    "departement_of",
    "former_codes",
    "on_todays_communes",
    "refuse_repeated",
    "today",
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


def departement_of(codes: pd.Index) -> pd.Index:
    """Name the département of each commune code: two characters, three overseas."""
    text = pd.Series(codes.astype(str))
    return pd.Index(np.where(text.str[:2].isin(["97", "98"]), text.str[:3], text.str[:2]))


def city_of(borough: str) -> str:
    """Name the city of a municipal arrondissement of Paris, Lyon or Marseille."""
    return {"75": "75056", "69": "69123", "13": "13055"}[borough[:2]]


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


def today(
    codes: Iterable[str], known: pd.Index, former: Mapping[str, str], where: Where
) -> list[str]:
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


def _among(codes: pd.Index, known: pd.Index) -> NDArray[np.bool_]:
    """Mark the codes that are known; ten times faster than `isin` where many are."""
    there: NDArray[np.bool_] = known.get_indexer(codes) >= 0
    return there


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
    here = _among(figures.index, known)
    if not here.all():
        codes = pd.Index([former.get(code, code) for code in figures.index])
        moved = (codes != figures.index) & _among(codes, known) & ~here
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
            here = _among(figures.index, known)
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
