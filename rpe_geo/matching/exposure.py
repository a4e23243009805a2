"""
The exposure audit: how often each professional is shown, against what equal treatment at equal merit would give.

Among candidates of the same score the order is drawn by lot. Over many requests everybody should be shown about as
often as the lot gives a chance to; a professional who is shown much more, or much less, points to a fault.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpe_geo.matching.ranking import Scores

__all__ = ["audit_exposure"]

_COLUMNS = ["feasible", "shown", "expected", "first", "expected_first", "excess", "z"]


def audit_exposure(scored: Iterable[Scores], *, limit: int = 10) -> pd.DataFrame:
    """
    Compare how often each professional is shown with the chance that her score gave her.

    Parameters
    ----------
    scored
        The scored candidates of each request.
    limit
        How many suggestions are shown for a request.

    Returns
    -------
    DataFrame
        Indexed by provider id: `feasible` requests, times `shown` and shown `first`, both as `expected` at equal merit,
        `excess` = shown − expected, and `z`, the excess in standard deviations of the lot (nan where nothing was drawn).
        Most unexpected first.
    """
    tables = [_one_request(scores, limit) for scores in scored]
    if not tables:
        return pd.DataFrame(
            columns=_COLUMNS, index=pd.Index([], name="provider_id"), dtype="float64"
        )
    total = pd.concat(tables).groupby(level=0).sum()
    total["excess"] = total["shown"] - total["expected"]
    deviation = np.sqrt(total.pop("variance").to_numpy())
    with np.errstate(invalid="ignore", divide="ignore"):
        total["z"] = np.where(deviation > 0, total["excess"].to_numpy() / deviation, np.nan)
    order = np.argsort(-np.nan_to_num(np.abs(total["z"].to_numpy())), kind="stable")
    return total.iloc[order][_COLUMNS]


def _one_request(scores: Scores, limit: int) -> pd.DataFrame:
    """Tell for each candidate of one request whether she is shown, and how likely that was."""
    count = len(scores.candidates)
    shown, first = np.zeros(count), np.zeros(count)
    order = scores.order(limit)
    shown[order] = 1.0
    first[order[:1]] = 1.0
    expected = _chance(scores.totals, limit)
    return pd.DataFrame(
        {
            "feasible": np.ones(count),
            "shown": shown,
            "expected": expected,
            "first": first,
            "expected_first": _chance(scores.totals, min(limit, 1)),
            "variance": expected * (1 - expected),
        },
        index=pd.Index(scores.candidates.provider_ids, name="provider_id"),
    )


def _chance(totals: NDArray[np.int64], limit: int) -> NDArray[np.float64]:
    """Give each candidate her chance to be among the first: the seats left for her score ÷ those who share it."""
    ascending = np.sort(totals)
    better = len(totals) - np.searchsorted(ascending, totals, side="right")
    equal = len(totals) - np.searchsorted(ascending, totals, side="left") - better
    chance: NDArray[np.float64] = np.clip((limit - better) / np.maximum(equal, 1), 0.0, 1.0)
    return chance
