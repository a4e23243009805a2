"""
Places and coverage rates by mode as the CNAF itself publishes them (`nbpla_pe_X`, `txcouv_pe_X` and their `_hist`).

X is com, epci, dep, reg or nat. Communes are those above 10,000 inhabitants (arrondissements of Paris, Lyon and Marseille in
place of the city): the others are only known through their intercommunalité. Rows whose own code is `XX` are no place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.observatory.results import Note
from rpe_geo.open_data.official_tables import amounts, find_column, read_official_table

__all__ = [
    "CnafFigures",
    "latest_by_year",
    "places_table",
    "rates_table",
    "read_cnaf",
    "share_rest",
]

_LEVELS = {
    "com": ("numcom", "num_com", "num_commune", "numero_commune"),
    "epci": ("numepci", "num_epci", "numero_epci"),
    "dep": ("numdep", "num_dep", "numero_departement"),
    "reg": ("numregi", "numreg", "num_reg", "numero_region"),
    "nat": (),
}
"""Level → the column of its own code, as the live sets and the older files call it."""
_FIGURE = re.compile(
    r"^(?:pl|txcouv)_(psu_col|hors_psu_col|eaje|prescol|am_ind|gad_ind|ind)_(com|epci|dep|reg|nat)$"
)
_TOTAL = re.compile(r"^(?:tot_offre|txcouv|tauxcouv)_(com|comm|epci|dep|reg|nat)$")
_OLD_FIGURES = {
    "places_eaje_ensemble": "eaje",
    "places_assistante_maternelle": "am_ind",
    "places_salariee_domicile": "gad_ind",
    "places_prescolarisation": "prescol",
    "places_offertes_ensemble": "total",
    "taux_de_couv_eaje_ensemble": "eaje",
    "taux_de_couv_assistante_maternelle": "am_ind",
    "taux_de_couv_salariee_a_domicile": "gad_ind",
    "taux_de_couv_prescolarisation": "prescol",
    "taux_de_couv_global": "total",
}
_NOBODY = re.compile(r"^X+$")
_COMMUNE = re.compile(r"^(?:\d{5}|2[AB]\d{3})$")


@dataclass(frozen=True)
class CnafFigures:
    """
    Figures of one file.

    Parameters
    ----------
    what
        Places, or rates per 100 children.
    level
        com, epci, dep, reg or nat.
    table
        `id` (commune « 01004 », EPCI of nine digits, « D01 », « R84 », « FR »), `year`, `epci` (of the file's year, communes
        only), and the modes `eaje, am_ind, gad_ind, prescol, total`: nan where not published.
    file
        Name of the file; one with `hist` gives way to a recent one.
    dropped
        Rows that are no place (`XX`).
    """

    what: str
    level: str
    table: pd.DataFrame
    file: str
    dropped: int


def read_cnaf(path: Path) -> CnafFigures:
    """
    Read one file of the CNAF, places or rates, of one level and any years.

    Parameters
    ----------
    path
        CSV, JSON or Parquet export, with the technical names of the columns.

    Returns
    -------
    CnafFigures
        Every year of the file.

    Raises
    ------
    InvalidFile
        When the names are labels, or of another set; a code without its zero.
    """
    table = read_official_table(path)
    where = Where(file=path.name)
    modes = _modes(table)
    if not modes:
        raise InvalidFile("cnaf_layout", where=where, found=list(table.columns[:12]))
    names = [column.lower() for column in modes]
    what = "rates" if any("txcouv" in n or "taux" in n for n in names) else "places"
    level = _level(table, names)
    code = find_column(table, *_LEVELS[level]) if level != "nat" else None
    if level != "nat" and code is None:
        raise InvalidFile("cnaf_layout", where=where, found=list(table.columns[:12]))
    read = pd.DataFrame({mode: amounts(table[c], path, c) for c, mode in modes.items()})
    read["year"] = _years(table, path)
    epci = find_column(table, *_LEVELS["epci"]) if level == "com" else None
    read["epci"] = table[epci].where(table[epci].str.fullmatch(r"\d{9}")) if epci else None
    own = pd.Series("FR", index=table.index) if code is None else table[code].fillna("")
    nobody = own.str.fullmatch(_NOBODY.pattern) | own.eq("")
    read["id"] = _identities(own.mask(nobody), level, path, code or "")
    return CnafFigures(what, level, read[~nobody], path.name, int(nobody.sum()))


def _modes(table: pd.DataFrame) -> dict[str, str]:
    found = {}
    for column in table.columns:
        lower = str(column).lower()
        if match := _FIGURE.match(lower):
            found[column] = match[1]
        elif _TOTAL.match(lower):
            found[column] = "total"
        elif lower in _OLD_FIGURES:
            found[column] = _OLD_FIGURES[lower]
    return found


def _level(table: pd.DataFrame, names: Iterable[str]) -> str:
    for name in names:
        end = name.rpartition("_")[2]
        if end in _LEVELS:
            return end
        if end == "comm":
            return "com"
    return next((level for level, codes in _LEVELS.items() if find_column(table, *codes)), "nat")


def _years(table: pd.DataFrame, path: Path) -> pd.Series:
    """Read the year of each row: `annee` (a number, a text or a date), `date_reference`, else the name of the file."""
    column = find_column(table, "annee", "date_reference", "dtreffre", "date", "année")
    if column is None:
        years = re.findall(r"(?<!\d)20\d\d(?!\d)", path.stem)
        if len(years) != 1:
            raise InvalidFile("cnaf_without_year", where=Where(file=path.name))
        return pd.Series(int(years[0]), index=table.index)
    digits: pd.Series = table[column].str.extract(r"(20\d\d)")[0]
    written = pd.Series(digits.astype("float64"))
    if written.isna().any():
        row = int(written.isna().to_numpy().argmax())
        raise InvalidFile(
            "year_unreadable",
            where=Where(file=path.name, row=row + 1, field=column),
            given=str(table[column].iloc[row]),
        )
    return pd.Series(written.astype(int))


def _identities(own: pd.Series, level: str, path: Path, column: str) -> pd.Series:
    """Write the codes of a level as our tables do, and refuse a zero that a spreadsheet dropped."""
    if level == "com":
        wrong = own.notna() & ~own.fillna("").str.fullmatch(_COMMUNE.pattern)
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            given = str(own.iloc[row])
            where = Where(file=path.name, row=row + 1, field=column)
            if re.fullmatch(r"\d{4}", given):
                raise InvalidFile("code_zero_lost", where=where, given=given, expected="0" + given)
            raise InvalidFile("code_not_a_commune", where=where, given=given)
        return own
    if level == "dep":
        short = own.str.replace(r"^0(\d\d)$", r"\1", regex=True).str.zfill(2)
        return "D" + short
    if level == "reg":
        return "R" + own.str.zfill(2)
    return own


def latest_by_year(figures: Iterable[CnafFigures], what: str) -> pd.DataFrame:
    """
    Put the files of one kind together, every level and year; a recent file prevails over a historical one.

    Parameters
    ----------
    figures
        Files read.
    what
        `places` or `rates`.

    Returns
    -------
    DataFrame
        Unique by `id, year`; empty when no file is of this kind.
    """
    chosen = [one for one in figures if one.what == what]
    if not chosen:
        return pd.DataFrame(columns=["id", "year"])
    ordered = sorted(chosen, key=lambda one: "hist" not in one.file.lower())
    whole = pd.concat([one.table for one in ordered], ignore_index=True)
    return whole.drop_duplicates(["id", "year"], keep="last")


def places_table(whole: pd.DataFrame, year: int) -> pd.DataFrame:
    """
    Lay the places of a year out as `observatory build` reads them.

    Parameters
    ----------
    whole
        From `latest_by_year`.
    year
        The year wanted.

    Returns
    -------
    DataFrame
        `id, comp1` (EPCI of the year), `assmat, eaje, autr` (employees at home and pre-school), nan where not published.
    """
    table = whole[whole["year"] == year]
    for mode in ("eaje", "am_ind", "gad_ind", "prescol", "total"):
        if mode not in table:
            table = table.assign(**{mode: np.nan})
    other = table["total"] - table["eaje"] - table["am_ind"]
    other = other.where(other.notna(), table["gad_ind"] + table["prescol"]).clip(lower=0)
    return pd.DataFrame(
        {
            "id": table["id"],
            "comp1": table["epci"],
            "assmat": table["am_ind"],
            "eaje": table["eaje"],
            "autr": other,
        }
    ).reset_index(drop=True)


def rates_table(whole: pd.DataFrame, year: int) -> pd.DataFrame:
    """Lay the global coverage rates of a year out as `observatory build` reads them: `id, tcg`."""
    table = whole[whole["year"] == year]
    return pd.DataFrame({"id": table["id"], "tcg": table["total"]}).reset_index(drop=True)


def share_rest(
    places: pd.DataFrame, members: pd.Series, children: pd.Series
) -> tuple[pd.DataFrame, list[Note]]:
    """
    Share what an intercommunalité has beyond its published communes among the others, by their children.

    A commune of fewer than 10,000 inhabitants has no published places; without this it would count none. What is shared
    out carries `source` « estimé », and the sum over an intercommunalité is its published figure.

    Parameters
    ----------
    places
        From `places_table`: every level of one year.
    members
        EPCI by commune (arrondissements in place of their cities).
    children
        Children under three by the same codes, nan where unknown.

    Returns
    -------
    tuple
        The same with a row for every member commune and `source` (« publié », « estimé », « non publié »); what to say.
    """
    modes = ["assmat", "eaje", "autr"]
    known = places.set_index("id")
    own = known["comp1"].reindex(members.index)
    epci = own.where(own.notna(), members)
    published = known[modes].reindex(members.index)
    is_published = published.notna().all(axis=1)
    totals = known[modes].reindex(known.index[known.index.str.fullmatch(r"\d{9}")])
    # Every published commune of the file counts, those beyond `members` too.
    whole = known[(known.index.str.len() == 5) & known["comp1"].notna()].dropna(subset=modes)
    rest = totals - whole[modes].groupby(whole["comp1"]).sum().reindex(totals.index).fillna(0.0)
    short = rest[(rest < -0.5).any(axis=1)]
    weights = children.reindex(members.index).where(~is_published)
    shares = weights / weights.groupby(epci).transform("sum")
    shared = rest.clip(lower=0.0).reindex(epci).set_axis(members.index).mul(shares, axis=0)
    filled = published.where(is_published, shared)
    source = pd.Series("publié", index=members.index)
    source[~is_published] = "estimé"
    source[filled.isna().any(axis=1)] = "non publié"
    communes = filled.assign(comp1=epci, source=source)
    communes.index.name = "id"
    others = known[~known.index.isin(members.index)].assign(source="publié")
    notes = []
    count = int((source == "estimé").sum())
    if count:
        sums = filled[source == "estimé"].sum()
        notes.append(Note("places_shared_by_epci", {"count": count, "places": float(sums.sum())}))
    missing = int((source == "non publié").sum())
    if missing:
        notes.append(Note("places_not_published", {"count": missing}))
    if len(short):
        notes.append(
            Note("epci_below_communes", {"count": len(short), "first": str(short.index[0])})
        )
    return pd.concat([others, communes]).reset_index(), notes
