"""
Children under three of communes, by the census in single years of age where it is published, else by births.

Births are counted where a mother lives when she gives birth; the census counts the children of 0, 1 and 2 years where they
live. It is taken when its year is as near to the year observed as the births' last one, or nearer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from rpe_geo.observatory.results import Note

if TYPE_CHECKING:
    from rpe_geo.observatory.inputs import Births

__all__ = ["ages_of", "census_year", "told_census", "with_census"]

CENSUS_COLUMN = re.compile(r"enfants_0_2_(20\d\d)")
"""Name of the column of a table of communes: children of 0 to 2 years, and the year of the census."""


def census_year(columns: Iterable[str], births_year: int, year: int) -> int | None:
    """
    Choose the census whose children are taken.

    Parameters
    ----------
    columns
        Names of the columns of the communes.
    births_year
        Last of the three years of the births.
    year
        Year observed.

    Returns
    -------
    int or None
        Year of the census; None where there is none, or births are of a nearer year.
    """
    years = [int(found[1]) for one in columns if (found := CENSUS_COLUMN.fullmatch(str(one)))]
    nearest = min(years, key=lambda one: (abs(one - year), -one), default=None)
    if nearest is None or abs(nearest - year) > abs(births_year - year):
        return None
    return nearest


def with_census(
    births: pd.Series, communes: pd.DataFrame, year: int | None
) -> tuple[pd.Series, pd.Series]:
    """
    Take the children of the census where it has them.

    Parameters
    ----------
    births
        Births of three years by commune, nan where not published.
    communes
        Their columns, on the same index.
    year
        From `census_year`.

    Returns
    -------
    tuple of Series
        Children, and their source: « recensement 2022 », « observé » (births) or « absent ».
    """
    source = pd.Series("observé", index=births.index).where(births.notna(), "absent")
    if year is None:
        return births, source
    counted = communes[f"enfants_0_2_{year}"].reindex(births.index)
    known = counted.notna()
    return counted.where(known, births), source.mask(known, f"recensement {year}")


def told_census(parts: pd.DataFrame, births: Births) -> tuple[dict[str, Any], list[Note]]:
    """
    Say which census the children are taken from, beside what births count.

    Parameters
    ----------
    parts
        Points of computation, with `children` and `children_source`.
    births
        Births of the three years.

    Returns
    -------
    tuple
        `children_census`, the year, for the parameters of a result; the note, none without a census.
    """
    counted = parts["children_source"].str.startswith("recensement")
    if not counted.any():
        return {}, []
    year = int(parts.loc[counted, "children_source"].iloc[0].rpartition(" ")[2])
    values = {
        "year": str(year),
        "count": int(counted.sum()),
        "children": float(parts.loc[counted, "children"].sum()),
        "births": float(births.communes.reindex(parts.index)[counted].sum()),
        "first": str(births.years[0]),
        "last": str(births.years[-1]),
        "others": int((parts["children_source"] == "observé").sum()),
    }
    return {"children_census": year}, [Note("children_by_census", values)]


def ages_of(parts: pd.DataFrame, births: Births) -> pd.DataFrame:
    """
    Give points of computation the ages of their births, summing to their children.

    Parameters
    ----------
    parts
        Points of computation, with `children` and `children_source`.
    births
        Births of the three years by commune and age.

    Returns
    -------
    DataFrame
        Children by point and completed age; thirds where a census counts children whose births are not published.
    """
    ages = births.by_age.reindex(parts.index)
    counted = parts["children_source"].str.startswith("recensement")
    if not counted.any():
        return ages
    sums = ages.sum(axis=1, skipna=False)
    share = ages.div(sums.where(sums > 0), axis=0).fillna(1 / max(len(ages.columns), 1))
    return ages.mask(counted, share.mul(parts["children"], axis=0))
