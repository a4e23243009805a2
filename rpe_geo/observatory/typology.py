"""
Where learning from data truly helps: a typology of zones.

scikit-learn is used for nothing that a formula gives.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["typology"]

_STARTS_ON = 4_000


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
    ranks = known.rank(pct=True).to_numpy()
    # Several starts on some thousands of zones find the kinds; one run from there sets them for all.
    some = np.random.default_rng(seed).permutation(len(ranks))[:_STARTS_ON]
    start = KMeans(n_clusters=kinds, n_init=5, random_state=seed).fit(ranks[some])
    model = KMeans(n_clusters=kinds, init=start.cluster_centers_, n_init=1).fit(ranks)
    order = np.argsort(np.argsort(model.cluster_centers_[:, 0]))
    distances = np.sort(model.transform(ranks), axis=1)
    answer.loc[known.index, "kind"] = order[model.labels_]
    answer.loc[known.index, "typical"] = 1 - distances[:, 0] / np.maximum(distances[:, 1], 1e-12)
    return answer
