"""Factors between what a list says and what is published: those far from 1 are told with both numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rpe_geo.messages.french import number
from rpe_geo.observatory.results import Note
from rpe_geo.parameters import ParameterTable

__all__ = ["FactorsFar", "factors_far"]


@dataclass(frozen=True)
class FactorsFar:
    """
    Factors outside of the limits.

    Parameters
    ----------
    table
        By code: `name, found, published, factor`.
    """

    table: pd.DataFrame

    def __len__(self) -> int:
        return len(self.table)

    @classmethod
    def none(cls) -> FactorsFar:
        """Tell of no factor."""
        return cls(pd.DataFrame({"name": [], "found": [], "published": [], "factor": []}))

    def without(self, codes: pd.Index) -> FactorsFar:
        """Leave some codes out."""
        return FactorsFar(self.table[~self.table.index.isin(codes)])

    @property
    def below(self) -> pd.Index:
        """Codes of which more is found than published."""
        return self.table.index[self.table["factor"] < 1]

    @property
    def above(self) -> pd.Index:
        """Codes of which less is found than published."""
        return self.table.index[self.table["factor"] > 1]

    def note(self, code: str, codes: pd.Index | None = None, **values: Any) -> Note:
        """Tell all of them, or some: name, both numbers, factor."""
        rows = self.table if codes is None else self.table.loc[codes]
        lines = [
            f"{row.name} {number(row.found, 0)} pour {number(row.published, 0)} publiés (× {number(row.factor, 2)})"
            for row in _Row.of(rows)
        ]
        return Note(code, {"count": len(rows), "lines": lines, **values})


@dataclass(frozen=True)
class _Row:
    name: str
    found: float
    published: float
    factor: float

    @classmethod
    def of(cls, rows: pd.DataFrame) -> list[_Row]:
        columns = (rows[name] for name in ("name", "found", "published", "factor"))
        return [cls(str(name), *map(float, rest)) for name, *rest in zip(*columns, strict=True)]


def factors_far(
    found: pd.Series, published: pd.Series, names: pd.Series, table: ParameterTable
) -> FactorsFar:
    """
    Find the factors outside of the limits.

    Parameters
    ----------
    found, published
        Amounts by code: what a list says, and what is published; without the one or the other there is no factor.
    names
        Name by code.
    table
        Parameter `factor_limits`: the least and the largest factor that is applied without a word.

    Returns
    -------
    FactorsFar
        In the order of the published.
    """
    found = found.reindex(published.index)
    usable = (found > 0) & published.notna()
    factor = (published / found).where(usable)
    least, largest = (float(limit) for limit in table["factor_limits"])
    far = (factor < least) | (factor > largest)
    rows = pd.DataFrame(
        {
            "name": names.reindex(published.index),
            "found": found,
            "published": published,
            "factor": factor,
        }
    )
    return FactorsFar(rows[far & np.isfinite(factor)])
