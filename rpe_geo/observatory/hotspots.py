r"""
Hot spots: where low or high access gathers more than chance would.

Gi* (Getis & Ord 1992; Ord & Getis 1995) and local Moran (Anselin 1995), both from sparse neighbours, with the false
discovery rate under control (Benjamini & Hochberg 1995): among thousands of zones, 5 % look remarkable by luck alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.special import ndtr

__all__ = [
    "HotSpots",
    "Neighbours",
    "false_discoveries",
    "getis_ord",
    "local_moran",
    "unmet_clusters",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Neighbours:
    """
    Which zones are neighbours, each pair in both directions.

    Parameters
    ----------
    ids
        Ids of the zones.
    first, second
        Positions of the two zones of each pair; a zone is not its own neighbour.
    """

    ids: pd.Index
    first: NDArray[np.integer]
    second: NDArray[np.integer]

    def matrix(self, *, themselves: bool) -> sp.csr_array:
        """Return binary weights, with each zone itself or not."""
        n = len(self.ids)
        pairs = self.first != self.second
        weights = sp.csr_array(
            (np.ones(int(pairs.sum())), (self.first[pairs], self.second[pairs])), shape=(n, n)
        )
        weights.data[:] = 1.0
        return sp.csr_array(weights + sp.eye_array(n, format="csr")) if themselves else weights

    def within(self, kept: NDArray[np.bool_]) -> Neighbours:
        """Keep some zones, given as a mask, and the pairs between them."""
        position = np.cumsum(kept) - 1
        both = kept[self.first] & kept[self.second]
        return Neighbours(self.ids[kept], position[self.first[both]], position[self.second[both]])


@dataclass(frozen=True)
class HotSpots:
    """
    A local statistic, its chance, and what is left once false discoveries are controlled.

    Parameters
    ----------
    statistic
        z of Gi*, or local I of Moran.
    p_value
        Two-sided.
    kind
        « chaud », « froid » (Gi*) or « haut-haut », « bas-bas », « haut-bas », « bas-haut » (Moran); "" where not significant.
    """

    statistic: pd.Series
    p_value: pd.Series
    kind: pd.Series


def getis_ord(values: pd.Series, neighbours: Neighbours, *, rate: float = 0.05) -> HotSpots:
    r"""
    Compute Gi* and its analytic z.

    $z_i = (\sum_j w_{ij} x_j - \bar x W_i) / (s \sqrt{(n S_i - W_i^2) / (n - 1)})$, with $W_i = \sum_j w_{ij}$ and
    $S_i = \sum_j w_{ij}^2$, $j = i$ included.

    Parameters
    ----------
    values
        Indicator by zone; zones with nan are left out and get nan.
    neighbours
        Binary neighbours on the same zones.
    rate
        False discovery rate.

    Returns
    -------
    HotSpots
        z, p and « chaud » (high values gather) or « froid » (low values gather).
    """
    aligned = values.reindex(neighbours.ids)
    known = np.isfinite(aligned.to_numpy(dtype=np.float64))
    inside = neighbours.within(known)
    x = aligned.to_numpy(dtype=np.float64)[known]
    n = len(x)
    z = np.zeros(n)
    if n > 1 and x.std() > 0:
        weights = inside.matrix(themselves=True)
        degree = np.asarray(weights.sum(axis=1)).ravel()
        spread = np.sqrt(np.maximum(n * degree - degree**2, 0) / (n - 1)) * x.std()
        lag = np.asarray(weights @ x).ravel() - x.mean() * degree
        z = np.divide(lag, spread, out=np.zeros(n), where=spread > 0)
    p = 2 * ndtr(-np.abs(z))
    found = false_discoveries(p, rate=rate)
    kind = np.where(found & (z > 0), "chaud", np.where(found & (z < 0), "froid", ""))
    return _answer(neighbours.ids, known, z, p, kind)


def local_moran(values: pd.Series, neighbours: Neighbours, *, rate: float = 0.05) -> HotSpots:
    r"""
    Compute local Moran's I, with its chance under conditional permutation.

    $I_i = z_i \bar z_i$ with $\bar z_i$ the mean of the $k_i$ neighbours. Were the values of all other zones shuffled,
    $\bar z_i$ would have mean $-z_i / (n - 1)$ and the variance of a mean of $k_i$ drawn without replacement (Sokal,
    Oden & Thomson 1998); its normal limit has no smallest p-value, which a count of permutations would have.

    Parameters
    ----------
    values
        Indicator by zone; zones with nan, or without neighbour, get nan.
    neighbours
        Binary neighbours on the same zones.
    rate
        False discovery rate.

    Returns
    -------
    HotSpots
        I, p and the quadrant.
    """
    aligned = values.reindex(neighbours.ids).to_numpy(dtype=np.float64)
    known = np.isfinite(aligned)
    everyone = neighbours.within(known).matrix(themselves=False)
    linked = np.asarray(everyone.sum(axis=1)).ravel() > 0
    known[np.flatnonzero(known)[~linked]] = False
    weights = neighbours.within(known).matrix(themselves=False)
    x = aligned[known]
    n = len(x)
    z, lag, p = np.zeros(n), np.zeros(n), np.ones(n)
    if n > 2 and x.std() > 0:
        z = (x - x.mean()) / x.std()
        degree = np.asarray(weights.sum(axis=1)).ravel()
        lag = np.asarray(weights @ z).ravel() / degree
        expected = -z / (n - 1)
        variance = (n - z**2) / (n - 1) - expected**2
        spread = np.sqrt(np.maximum(variance * (n - 1 - degree) / ((n - 2) * degree), 0))
        chance = np.divide(lag - expected, spread, out=np.zeros(n), where=spread > 0)
        p = 2 * ndtr(-np.abs(chance))
    found = false_discoveries(p, rate=rate)
    quadrant = np.where(
        z > 0, np.where(lag > 0, "haut-haut", "haut-bas"), np.where(lag > 0, "bas-haut", "bas-bas")
    )
    return _answer(neighbours.ids, known, z * lag, p, np.where(found, quadrant, ""))


def false_discoveries(p_values: Floats, *, rate: float = 0.05) -> NDArray[np.bool_]:
    """
    Keep the discoveries of which at most a share is false (Benjamini & Hochberg 1995).

    Parameters
    ----------
    p_values
        Chance of each zone.
    rate
        Share of false discoveries accepted.

    Returns
    -------
    array of bool
        True where the zone is kept.
    """
    n = len(p_values)
    order = np.argsort(p_values)
    below = p_values[order] <= rate * np.arange(1, n + 1) / max(n, 1)
    kept = np.zeros(n, dtype=bool)
    if below.any():
        kept[order[: int(np.flatnonzero(below)[-1]) + 1]] = True
    return kept


def _answer(
    ids: pd.Index, known: NDArray[np.bool_], statistic: Floats, p: Floats, kind: NDArray[np.str_]
) -> HotSpots:
    values = np.full((2, len(ids)), np.nan)
    values[0, known], values[1, known] = statistic, p
    words = np.full(len(ids), "", dtype=object)
    words[known] = kind
    return HotSpots(
        pd.Series(values[0], ids), pd.Series(values[1], ids), pd.Series(words, ids, dtype=object)
    )


def unmet_clusters(
    x_m: Sequence[float], y_m: Sequence[float], *, smallest: int = 5, apart_m: float = 500
) -> NDArray[np.int_]:
    """
    Find where unanswered requests gather, whatever the shape of the place.

    What is dense at the distance that tells places apart is a cluster (DBSCAN, Ester et al. 1996); beyond it, where people
    live farther from each other, clusters are those that last over distances (HDBSCAN, Campello et al. 2013). This is the
    hybrid of Malzer & Baum (2020), in two steps: scikit-learn's own (`cluster_selection_epsilon`) raises TypeError with
    NumPy 2.4 where groups are nearer than that.

    Parameters
    ----------
    x_m, y_m
        Places of the requests in a metric CRS.
    smallest
        Fewest requests of a cluster; also what keeps a cluster from naming a family.
    apart_m
        Requests nearer than this are not told apart.

    Returns
    -------
    array of int
        Cluster of each request from 0; −1 is in none.
    """
    points = np.column_stack([np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64)])
    if len(points) < smallest:
        return np.full(len(points), -1)
    from sklearn.cluster import DBSCAN, HDBSCAN

    labels: NDArray[np.int_] = DBSCAN(eps=apart_m, min_samples=smallest).fit_predict(points)
    lasting = HDBSCAN(min_cluster_size=smallest, copy=True).fit_predict(points)
    for cluster in range(int(lasting.max(initial=-1)) + 1):
        members = lasting == cluster
        if (labels[members] == -1).all():
            labels[members] = labels.max(initial=-1) + 1
    return labels
