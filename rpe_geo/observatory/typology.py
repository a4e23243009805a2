"""
Where learning from data truly helps: a typology of zones.

Lloyd's algorithm is scipy's: one thread, so that every machine finds the same kinds to the last bit (scikit-learn adds up
by thread), and nothing heavy to import.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["typology"]

Floats = NDArray[np.float64]

_STARTS_ON = 4_000
_STARTS = 5
_STEPS = 300


def typology(features: pd.DataFrame, *, kinds: int = 5, seed: int = 0) -> pd.DataFrame:
    """
    Sort zones into a few kinds that resemble each other (k-means on standardised ranks).

    Parameters
    ----------
    features
        Figures by zone (coverage by mode, access, density…); zones with nan in any get no kind.
    kinds
        Number of kinds.
    seed
        Seed of the starts.

    Returns
    -------
    DataFrame
        `kind` (0 is the kind with the lowest mean rank of the first feature; −1 none) and `typical`, the share in [0, 1]
        of the way from the second nearest kind to the nearest: near 0, the zone lies between two kinds.
    """
    answer = pd.DataFrame({"kind": -1, "typical": np.nan}, index=features.index)
    known = features.dropna()
    if len(known) < kinds:
        return answer
    # Ranks: a few extreme communes must not make a kind of their own.
    ranks = known.rank(pct=True).to_numpy()
    # Several starts on some thousands of zones find the kinds; one run from there sets them for all.
    some = ranks[np.random.default_rng(seed).permutation(len(ranks))[:_STARTS_ON]]
    centres = _settled(ranks, _best_start(some, kinds, seed))
    away = np.sqrt(((ranks[:, None, :] - centres) ** 2).sum(axis=2))
    order = np.argsort(np.argsort(centres[:, 0]))
    distances = np.sort(away, axis=1)
    answer.loc[known.index, "kind"] = order[away.argmin(axis=1)]
    answer.loc[known.index, "typical"] = 1 - distances[:, 0] / np.maximum(distances[:, 1], 1e-12)
    return answer


def _best_start(points: Floats, kinds: int, seed: int) -> Floats:
    """Settle several starts (k-means++, Arthur & Vassilvitskii 2007), and keep the one with the least squares."""
    from scipy.cluster.vq import kmeans2, vq

    starts = []
    for number in range(_STARTS):
        first, _ = kmeans2(
            points, kinds, iter=1, minit="++", rng=np.random.default_rng([seed, number])
        )
        centres = _settled(points, first)
        starts.append((float((vq(points, centres)[1] ** 2).sum()), number, centres))
    return min(starts, key=lambda start: start[:2])[2]


def _settled(points: Floats, centres: Floats) -> Floats:
    """Move centres to the mean of their points until they stand still; one that has none stays."""
    from scipy.cluster.vq import vq

    for _ in range(_STEPS):
        nearest = vq(points, centres)[0]
        counts = np.bincount(nearest, minlength=len(centres))
        sums = np.column_stack(
            [np.bincount(nearest, weights=axis, minlength=len(centres)) for axis in points.T]
        )
        moved = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centres)
        if np.array_equal(moved, centres):
            break
        centres = moved
    return centres
