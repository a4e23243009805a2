r"""
Children under three where their births are not published: an estimate, an interval, or a refusal.

The births of the other years of a commune, scaled to three years, are a first guess $b$. Gradient boosting then learns the
quantiles 5 %, 50 % and 95 % of $\log \frac{y + 1}{b + 1}$ from the communes whose $y$ is known. The interval is
conformalised (Romano, Patterson & Candès 2019) on départements held out together, each weighing the same (Dunn, Wasserman &
Ramdas 2023), so that its coverage holds for a département that was never seen, not for one more commune of a known one.

What does not resemble what was learnt from is refused, by its Mahalanobis distance (its leverage): a commune farther
than nearly all of those known, and a whole département without any known commune, farther than every known one in births
for its people and in their trend (Mayotte: twice the births of any other, growing while all others fall). So is a commune
without births of at least two other years: learnt from population and density alone, intervals of 90 % covered 27 % of the
communes of Guyane when it was held out.

References
----------
Romano, Patterson & Candès (2019), Conformalized quantile regression, NeurIPS 32. Dunn, Wasserman & Ramdas (2023),
Distribution-free prediction sets for two-layer hierarchical models, JASA 118.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["MissingChildren", "estimate_children"]

Floats = NDArray[np.float64]

FEWEST_YEARS = 2
"""Years whose births must be known."""
FEWEST_GROUPS = 10
"""Groups needed to hold some out."""
_NEAREST_YEARS = 4
_FOLDS = 5
_LEARNT_FROM = 12_000
_FARTHEST = 0.999


@dataclass(frozen=True)
class MissingChildren:
    """
    Estimates, and how far they can be trusted.

    Parameters
    ----------
    table
        By zone whose children are missing: `children_estimate, children_low, children_high` (nan when refused) and
        `refused`: empty, `years` (too few other years), `domain` (unlike those learnt from) or `learning` (too few to learn
        from).
    coverage
        Share of the communes of groups held out that lie in their interval, each group weighing the same; nan when
        nothing was estimated.
    lowest_coverage, lowest_group
        The same for the group with the lowest.
    learnt_from
        Communes learnt from.
    """

    table: pd.DataFrame
    coverage: float
    lowest_coverage: float
    lowest_group: str
    learnt_from: int


def estimate_children(
    children: pd.Series,
    births: pd.DataFrame,
    zones: pd.DataFrame,
    *,
    years: tuple[int, int, int],
    level: float = 0.9,
    seed: int = 0,
) -> MissingChildren:
    """
    Estimate the children under three of the zones where they are missing.

    Parameters
    ----------
    children
        Births of the three years, by zone; nan where missing.
    births
        Births by zone (rows) and year (columns), nan where not published.
    zones
        By zone: `population` and `group` (département); groups are held out whole.
    years
        The three years.
    level
        Nominal coverage of the intervals.
    seed
        Seed of what is drawn.

    Returns
    -------
    MissingChildren
        One row per zone of `children` that is nan, in its order.
    """
    missing = children.index[children.isna()]
    table = pd.DataFrame(
        {"children_estimate": np.nan, "children_low": np.nan, "children_high": np.nan},
        index=missing,
    ).assign(refused="years")
    nothing = (float("nan"), float("nan"), "")
    births = births.reindex(children.index)
    known = births.loc[missing].notna()
    known[~(zones.loc[missing, "population"] > 0)] = False  # nothing to compare it by
    reports = []
    learnt_from = 0
    # Communes that miss the same years are estimated from the same ones.
    for pattern, rows in known.groupby(list(known.columns)):
        there = np.asarray(pattern, dtype=bool)
        other = [int(year) for year in known.columns[there]]
        other = sorted(sorted(other, key=lambda year: abs(year - years[1]))[:_NEAREST_YEARS])
        if len(other) < FEWEST_YEARS:
            continue
        answer = _estimate(children, births[other], zones, rows.index, level, seed)
        if answer is None:
            table.loc[rows.index, "refused"] = "learning"
            continue
        found, report, learnt_from = answer
        table.loc[rows.index] = found
        if (found["refused"] == "").any():
            reports.append(report)
    coverage, lowest, group = min(reports, key=lambda one: one[0]) if reports else nothing
    return MissingChildren(table, coverage, lowest, group, learnt_from)


def _estimate(
    children: pd.Series,
    others: pd.DataFrame,
    zones: pd.DataFrame,
    wanted: pd.Index,
    level: float,
    seed: int,
) -> tuple[pd.DataFrame, tuple[float, float, str], int] | None:
    """Learn from the communes that know all these years, hold groups out, then answer for the wanted ones."""
    from sklearn.covariance import EmpiricalCovariance
    from sklearn.model_selection import GroupKFold

    guess = 3 * others.mean(axis=1, skipna=False)
    features = _features(others, guess, zones)
    usable = children.notna() & features.notna().all(axis=1)
    group = zones.loc[usable, "group"].astype(str).to_numpy()
    if len(np.unique(group)) < FEWEST_GROUPS:
        return None
    x = features[usable].to_numpy()
    base = guess[usable].to_numpy() + 1
    ratio = np.log((children[usable].to_numpy() + 1) / base)
    rng = np.random.default_rng(seed)
    held_out = np.zeros((len(x), 3))
    fold_of = np.zeros(len(x), dtype=np.intp)
    for number, (learn, test) in enumerate(GroupKFold(_FOLDS).split(x, ratio, group)):
        fold_of[test] = number
        held_out[test] = _quantiles(x, ratio, rng.permutation(learn)[:_LEARNT_FROM], x[test], level)
    score = np.maximum(held_out[:, 0] - ratio, ratio - held_out[:, 2])
    inside = np.zeros(len(x), dtype=bool)
    for number in range(_FOLDS):
        test = fold_of == number
        inside[test] = score[test] <= _conformal(score[~test], group[~test], level)
    by_group = pd.Series(inside).groupby(group).mean()
    report = (float(by_group.mean()), float(by_group.min()), str(by_group.idxmin()))

    widen = _conformal(score, group, level)
    new = features.loc[wanted].to_numpy()
    low, middle, high = _quantiles(x, ratio, rng.permutation(len(x))[:_LEARNT_FROM], new, level).T
    scale = guess[wanted].to_numpy() + 1
    answer = pd.DataFrame(
        {
            "children_estimate": np.exp(middle) * scale - 1,
            "children_low": np.exp(np.minimum(low - widen, middle)) * scale - 1,
            "children_high": np.exp(np.maximum(high + widen, middle)) * scale - 1,
        },
        index=wanted,
    ).clip(lower=0)
    spread = EmpiricalCovariance().fit(x)
    limit = np.quantile(spread.mahalanobis(x), _FARTHEST)
    strange = _strange_groups(others, zones, usable, wanted)
    unlike = (spread.mahalanobis(new) > limit) | zones.loc[wanted, "group"].isin(strange).to_numpy()
    answer[unlike] = np.nan
    return answer.assign(refused=np.where(unlike, "domain", "")), report, int(usable.sum())


def _features(others: pd.DataFrame, guess: pd.Series, zones: pd.DataFrame) -> pd.DataFrame:
    """Describe a commune: how many births, how many for its people, how they change and vary."""
    population = zones["population"].where(zones["population"] > 0)
    first, last = others.iloc[:, 0], others.iloc[:, -1]
    return pd.DataFrame(
        {
            "births": np.log(guess + 1),
            "births_for_people": np.log((guess + 1) / (population + 30)),
            "people": np.log(population),
            "trend": np.log((last + 1) / (first + 1)),
            "variation": others.std(axis=1) / np.sqrt(guess / 3 + 1),
        }
    ).reindex(zones.index)


def _strange_groups(
    others: pd.DataFrame, zones: pd.DataFrame, usable: pd.Series, wanted: pd.Index
) -> list[str]:
    """List the groups without any known zone that lie farther than every known group."""
    from sklearn.covariance import EmpiricalCovariance

    rows = usable | usable.index.isin(wanted)
    births = others[rows].groupby(zones.loc[rows, "group"]).sum()
    people = zones.loc[rows, "population"].groupby(zones.loc[rows, "group"]).sum()
    half = births.shape[1] // 2
    first, last = births.iloc[:, :half].mean(axis=1), births.iloc[:, -half:].mean(axis=1)
    features = pd.DataFrame(
        {"rate": np.log(births.mean(axis=1) / people), "trend": np.log(last / first)}
    )
    known = features.index.isin(zones.loc[usable, "group"].unique())
    spread = EmpiricalCovariance().fit(features[known].to_numpy())
    farthest = spread.mahalanobis(features[known].to_numpy()).max()
    new = features[~known]
    if new.empty:
        return []
    far = pd.Series(spread.mahalanobis(new.to_numpy()), index=new.index) > farthest
    return [str(group) for group in far.index[far]]


def _quantiles(x: Floats, y: Floats, learn: NDArray[np.intp], new: Floats, level: float) -> Floats:
    """Learn three quantiles on some rows and predict them for others: an array (n, 3)."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    threads: Any = import_module("threadpoolctl")
    columns = []
    for quantile in ((1 - level) / 2, 0.5, (1 + level) / 2):
        model = HistGradientBoostingRegressor(
            loss="quantile",
            quantile=quantile,
            max_iter=60,
            max_leaf_nodes=15,
            min_samples_leaf=min(60, max(5, len(learn) // 40)),
            early_stopping=False,
            random_state=0,
        )
        # Threads that wait for each other cost more than they bring at this size.
        with threads.threadpool_limits(1):
            columns.append(model.fit(x[learn], y[learn]).predict(new))
    return np.column_stack(columns)


def _conformal(score: Floats, group: NDArray[np.object_], level: float) -> float:
    """Find how much to widen intervals: the quantile of the scores, each group weighing the same."""
    _, at, counts = np.unique(group, return_inverse=True, return_counts=True)
    groups = len(counts)
    order = np.argsort(score)
    reached = np.cumsum(1 / (groups * counts[at[order]]))
    wanted = min(1.0, level * (groups + 1) / groups)
    position = min(int(np.searchsorted(reached, wanted - 1e-12)), len(score) - 1)
    return float(score[order][position])
