"""
Where learning from data truly helps: a typology of zones, and missing demand with its interval.

scikit-learn is used for nothing that a formula gives.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["estimate_missing", "typology"]


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
    from sklearn.cluster import KMeans

    answer = pd.DataFrame({"kind": -1, "typical": np.nan}, index=features.index)
    known = features.dropna()
    if len(known) < kinds:
        return answer
    # Ranks: a few extreme communes must not make a kind of their own.
    ranks = known.rank(pct=True)
    model = KMeans(n_clusters=kinds, n_init=5, random_state=seed).fit(ranks.to_numpy())
    order = np.argsort(np.argsort(model.cluster_centers_[:, 0]))
    distances = np.sort(model.transform(ranks.to_numpy()), axis=1)
    answer.loc[known.index, "kind"] = order[model.labels_]
    answer.loc[known.index, "typical"] = 1 - distances[:, 0] / np.maximum(distances[:, 1], 1e-12)
    return answer


def estimate_missing(
    target: pd.Series, features: pd.DataFrame, *, coverage: float = 0.8, seed: int = 0
) -> pd.DataFrame:
    """
    Estimate a figure where it is not published, with an interval (quantile gradient boosting, conformalised).

    The interval is widened, if need be, so that on a held-out quarter of the known zones it holds the asked share of them
    (Romano, Patterson & Candès 2019, conformalized quantile regression).

    Parameters
    ----------
    target
        Figure by zone, nan where it is to be estimated; not negative.
    features
        What is known of every zone; nan is allowed.
    coverage
        Share of the true values that the interval is to hold.
    seed
        Seed of the split.

    Returns
    -------
    DataFrame
        `estimate, low, high` for the zones where the target is nan; empty when fewer than 40 are known.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    wanted = target.index[target.isna()]
    known = target.index[target.notna()]
    empty = pd.DataFrame(columns=["estimate", "low", "high"], index=wanted[:0], dtype=np.float64)
    if len(known) < 40 or not len(wanted):
        return empty
    rng = np.random.default_rng(seed)
    held = rng.permutation(len(known)) < len(known) // 4
    train, test = known[~held], known[held]
    tails = ((1 - coverage) / 2, 0.5, (1 + coverage) / 2)
    models = [
        HistGradientBoostingRegressor(
            loss="quantile", quantile=tail, max_iter=150, min_samples_leaf=10, random_state=seed
        ).fit(features.loc[train], target.loc[train])
        for tail in tails
    ]
    low, _, high = (model.predict(features.loc[test]) for model in models)
    truth = target.loc[test].to_numpy()
    # How far the truth lies outside: the interval grows (never shrinks) by the quantile that covers enough.
    outside = np.maximum(low - truth, truth - high)
    level = min(1.0, np.ceil((len(test) + 1) * coverage) / len(test))
    margin = max(0.0, float(np.quantile(outside, level)))
    low, middle, high = (model.predict(features.loc[wanted]) for model in models)
    low, high = np.minimum(low, middle) - margin, np.maximum(high, middle) + margin
    return pd.DataFrame(
        {
            "estimate": np.maximum(middle, 0),
            "low": np.maximum(low, 0),
            "high": np.maximum(high, 0),
        },
        index=wanted,
    )
