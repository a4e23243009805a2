"""Figures: times and counts as they may be published."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpe_geo.parameters import parameter_table

__all__ = ["public_minutes", "suppress_small_counts", "thresholds"]

_PARAMETERS = parameter_table("privacy", date(2021, 9, 1))


def public_minutes(minutes: float) -> float:
    """
    Round a travel time to a masked home up to five minutes, five at least; unreachable stays `inf`.

    >>> [public_minutes(minutes) for minutes in (0.0, 3.2, 5.0, 11.4)]
    [5.0, 5.0, 5.0, 15.0]
    """
    step = float(_PARAMETERS["public_minutes_step"])
    if not math.isfinite(minutes):
        return minutes
    return max(step, step * math.ceil(round(minutes / step, 9)))


def suppress_small_counts(
    counts: pd.Series[float],
    *,
    at_least: float,
    totals: Sequence[pd.Series[str]] = (),
) -> pd.Series[float]:
    """
    Blank the counts that are too small to publish, and those from which they could be found.

    Parameters
    ----------
    counts
        Figures by area, or by area and class; nan is missing already.
    at_least
        Counts from 1 to below are blanked; zero tells of nobody and stays.
    totals
        Groups whose sum is published too, each a label per row of `counts`: EPCI, age, the whole.

    Returns
    -------
    Series
        float64 on the same index, blanked counts as nan. In every group whose total is published, no blanked count can
        be computed from the others, and the blanked ones sum to `at_least` or more unless the whole group does not.
    """
    values: NDArray[np.float64] = np.array(counts, dtype=np.float64)
    known = ~np.isnan(values)
    blank = known & (values > 0) & (values < at_least)
    groups = [pd.factorize(labels.reindex(counts.index))[0] for labels in totals]
    while True:
        exposed = _exposed(values, blank, known, groups, at_least)
        chosen = _smallest_companion(values, blank, known, groups, exposed)
        if chosen is None:
            break
        blank[chosen] = True
    values[blank] = np.nan
    return pd.Series(values, index=counts.index, name=counts.name)


def _exposed(
    values: NDArray[np.float64],
    blank: NDArray[np.bool_],
    known: NDArray[np.bool_],
    groups: Sequence[NDArray[np.int64]],
    at_least: float,
) -> list[tuple[int, int]]:
    """List (grouping, group) whose published total gives away something blanked."""
    rows = np.flatnonzero(blank)
    if len(rows) == 0 or not groups:
        return []
    equations = []
    names: list[tuple[int, int]] = []
    for index, labels in enumerate(groups):
        for label in np.unique(labels[rows]):
            if label >= 0 and not (~known & (labels == label)).any():
                equations.append((labels[rows] == label).astype(np.float64))
                names.append((index, int(label)))
    if not equations:
        return []
    system = np.array(equations)
    found = [
        name
        for name, member in zip(names, system.astype(bool), strict=True)
        if 0 < values[rows[member]].sum() < at_least
    ]
    # A count is determined when no change of the others can hide a change of it: its row of the null space is empty.
    _, strengths, directions = np.linalg.svd(system, full_matrices=True)
    rank = int((strengths > 1e-9).sum())
    determined = np.abs(directions[rank:]).max(axis=0, initial=0.0) < 1e-9
    for position in np.flatnonzero(determined):
        found += [name for name, member in zip(names, system, strict=True) if member[position]]
    return found


def _smallest_companion(
    values: NDArray[np.float64],
    blank: NDArray[np.bool_],
    known: NDArray[np.bool_],
    groups: Sequence[NDArray[np.int64]],
    exposed: Sequence[tuple[int, int]],
) -> int | None:
    """Choose the smallest count that may be blanked besides, in a group that gives something away; zeros last."""
    best: tuple[bool, float, int] | None = None
    for index, label in dict.fromkeys(exposed):
        for row in np.flatnonzero((groups[index] == label) & known & ~blank):
            candidate = (values[row] == 0, float(values[row]), int(row))
            best = candidate if best is None else min(best, candidate)
    return None if best is None else best[2]


def thresholds() -> Mapping[str, float]:
    """Name the smallest counts that may be published."""
    return {name: float(_PARAMETERS[name]) for name in ("childminders_min", "families_min")}
