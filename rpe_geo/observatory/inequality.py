"""Inequality of access between children: Gini, Palma, Theil; every child counts the same, not every zone."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["gini_index", "palma_ratio", "theil_index"]

Floats = NDArray[np.float64]


def _ordered(access: pd.Series, children: pd.Series) -> tuple[Floats, Floats]:
    weights = children.reindex(access.index).to_numpy(dtype=np.float64)
    values = access.to_numpy(dtype=np.float64)
    kept = np.isfinite(values) & (weights > 0)
    values, weights = values[kept], weights[kept]
    order = np.argsort(values, kind="stable")
    return values[order], weights[order]


def gini_index(access: pd.Series, children: pd.Series) -> float:
    r"""
    Compute the Gini index, each zone weighted by its children: 0 all the same, 1 one zone has everything.

    $G = 1 - \sum_k (p_k - p_{k-1})(L_k + L_{k-1})$ along the Lorenz curve (Gini 1912).

    Parameters
    ----------
    access
        Access by zone, not negative; nan is left out.
    children
        Children by zone.

    Returns
    -------
    float
        0 to 1; nan when nobody has any access.

    Examples
    --------
    >>> gini_index(pd.Series([0.0, 1.0]), pd.Series([1.0, 1.0]))
    0.5
    """
    values, weights = _ordered(access, children)
    total = float(values @ weights)
    if total <= 0:
        return float("nan")
    people = np.append(0, np.cumsum(weights)) / weights.sum()
    share = np.append(0, np.cumsum(values * weights)) / total
    return float(1 - np.sum(np.diff(people) * (share[1:] + share[:-1])))


def palma_ratio(access: pd.Series, children: pd.Series) -> float:
    """
    Divide the mean access of the 10 % of children who have most by that of the 40 % who have least (Palma 2011).

    Parameters
    ----------
    access, children
        See `gini_index`.

    Returns
    -------
    float
        1 when all is equal; `inf` when the 40 % have nothing. A zone on the limit counts in part.
    """
    values, weights = _ordered(access, children)
    if not len(values):
        return float("nan")
    ends = np.cumsum(weights) / weights.sum()
    starts = ends - weights / weights.sum()
    least = np.clip(np.minimum(ends, 0.4) - starts, 0, None)
    most = np.clip(ends - np.maximum(starts, 0.9), 0, None)
    poor, rich = values @ least / least.sum(), values @ most / most.sum()
    return float(rich / poor) if poor > 0 else float("inf")


def theil_index(
    access: pd.Series, children: pd.Series, group: pd.Series | None = None
) -> tuple[float, float, float]:
    r"""
    Compute Theil's T, and what of it lies between and within groups.

    $T = \sum_i s_i \ln(x_i / \mu)$ with $s_i$ the share of all access that zone $i$ holds (Theil 1967).

    Parameters
    ----------
    access, children
        See `gini_index`; zones without access contribute 0.
    group
        Group of each zone (income decile, EPCI, QPV or not); none puts all in one.

    Returns
    -------
    tuple of float
        Total, between groups, within groups; total = between + within.
    """
    weights = children.reindex(access.index).to_numpy(dtype=np.float64)
    values = access.to_numpy(dtype=np.float64)
    kept = np.isfinite(values) & (weights > 0)
    values, weights = values[kept], weights[kept]
    groups = (
        pd.Series(0, index=access.index) if group is None else group.reindex(access.index)
    ).to_numpy()[kept]
    mean = float(values @ weights / weights.sum()) if len(values) else 0.0
    if mean <= 0:
        return float("nan"), float("nan"), float("nan")

    def term(ratio: Floats) -> Floats:
        logs: Floats = np.log(ratio, out=np.zeros_like(ratio), where=ratio > 0)
        return ratio * logs

    total = float(weights @ term(values / mean) / weights.sum())
    between = 0.0
    for name in pd.unique(pd.Series(groups)):
        inside = groups == name
        own = float(values[inside] @ weights[inside] / weights[inside].sum())
        between += float(weights[inside].sum() / weights.sum() * term(np.array([own / mean]))[0])
    return total, between, total - between
