"""Calibration: fine zones that sum exactly to what is published above them, and the residuals, each one told."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["Check", "calibrate", "compare"]


@dataclass(frozen=True)
class Check:
    """
    A figure of ours beside the published one.

    Parameters
    ----------
    what
        Name of the figure: `places`, `coverage_rate`…
    level, code
        France, departement, epci or commune, and which.
    ours, published
        Both figures, in `unit`; None is not published, or not computable.
    difference
        Ours − published.
    difference_percent
        The same in percent of the published figure.
    why
        The reason of the difference, in French.
    """

    what: str
    level: str
    code: str
    unit: str
    ours: float | None
    published: float | None
    difference: float | None
    difference_percent: float | None
    why: str

    def as_dict(self) -> dict[str, Any]:
        """Return the check as a row."""
        return asdict(self)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def compare(
    ours: pd.Series,
    published: pd.Series,
    *,
    what: str,
    level: str,
    unit: str,
    why: str | pd.Series,
) -> list[Check]:
    """
    Compare figures with the published ones, code by code.

    Parameters
    ----------
    ours
        Our figures by code.
    published
        Published figures by code; codes of both sides are reported.
    what, level, unit
        See `Check`.
    why
        Reason of the differences, one for all or one by code.

    Returns
    -------
    list of Check
        Sorted by code.
    """
    codes = ours.index.union(published.index).sort_values()
    checks = []
    for code in codes:
        mine = float(ours.get(code, np.nan))
        theirs = float(published.get(code, np.nan))
        gap = mine - theirs
        checks.append(
            Check(
                what=what,
                level=level,
                code=str(code),
                unit=unit,
                ours=_finite(mine),
                published=_finite(theirs),
                difference=_finite(gap),
                difference_percent=_finite(100 * gap / theirs) if theirs else None,
                why=why if isinstance(why, str) else str(why.get(code, "")),
            )
        )
    return checks


def calibrate(
    values: pd.Series, group: pd.Series, totals: pd.Series, *, spread: pd.Series | None = None
) -> pd.Series:
    """
    Scale fine values so that each group sums exactly to its published total.

    Parameters
    ----------
    values
        Figures of the fine zones (places, births); nan stays nan.
    group
        Group of each zone (EPCI, département, commune), on the same index.
    totals
        Published total of each group; a group without total is left as it is.
    spread
        Where a group's values are all zero and its total is not, share the total in proportion to this (children); such
        a group stays at zero if it is not given.

    Returns
    -------
    Series
        Scaled values; `math.fsum` of each group equals its total to the last bits.
    """
    values = values.astype(np.float64)
    sums = values.groupby(group).sum(min_count=1)
    wanted = totals.reindex(sums.index)
    scale = (wanted / sums.where(sums > 0)).where(wanted.notna())
    calibrated = values * group.map(scale).where(group.map(scale).notna(), 1.0)
    if spread is not None:
        empty = sums.index[(sums == 0) & (wanted > 0)]
        for code in empty:
            members = group.index[(group == code) & values.notna()]
            shares = spread.reindex(members).fillna(0)
            if shares.sum() > 0:
                calibrated[members] = shares / shares.sum() * wanted[code]
    # What rounding left over goes to the largest zone of each group.
    figures = calibrated.to_numpy(copy=True)
    codes, labels = pd.factorize(group.reindex(calibrated.index).where(calibrated.notna()))
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(len(labels) + 1))
    for number, label in enumerate(labels):
        members = order[ends[number] : ends[number + 1]]
        total = float(wanted.get(label, np.nan))
        largest = members[np.argmax(figures[members])]
        if math.isfinite(total) and figures[largest] > 0:
            figures[largest] += total - math.fsum(figures[members])
    return pd.Series(figures, index=calibrated.index, name=values.name)
