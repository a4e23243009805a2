r"""
Covering: as many children as p sites can cover (MCLP), or as few sites as cover everybody (LSCP).

MCLP (Church & ReVelle 1974): maximise $\sum_i w_i z_i$ with $z_i \le \sum_{f: t_{if} \le T} y_f$ and $\sum_f y_f \le p$.
LSCP (Toregas, Swain, ReVelle & Bergman 1971): minimise $\sum_f y_f$ with $\sum_{f: t_{if} \le T} y_f \ge 1$.
Zones that the same sites cover are one row; that alone makes the programs several times smaller.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import LinearConstraint
from scipy.sparse import csr_array

from rpe_geo.planning.cost_table import CostTable
from rpe_geo.planning.p_median import Effort, MedianRules, solve_p_median
from rpe_geo.planning.programs import Deadline, solve_program

__all__ = ["Cover", "cheapest_cover", "cover_most", "cover_with_fewest"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Indices = NDArray[np.intp]

_HEURISTIC = Effort(iterations=300, patience=12)


@dataclass(frozen=True)
class Cover:
    """
    A choice of sites that covers.

    Parameters
    ----------
    sites
        Positions of the open sites, fixed ones included; None when no choice is possible.
    value
        Children covered, or number of sites opened.
    bound
        No choice covers more children, or needs fewer sites.
    """

    sites: Indices | None
    value: float
    bound: float


def merged_rows(covers: Bools, weights: Floats) -> tuple[Bools, Floats]:
    """
    Merge the zones that the same sites cover.

    Parameters
    ----------
    covers
        Axes (zone, site).
    weights
        Children of each zone.

    Returns
    -------
    array, array
        The different cover sets, none empty, axes (row, site), and the children of each.
    """
    packed = np.packbits(covers, axis=1)
    different, row = np.unique(packed, axis=0, return_inverse=True)
    children = np.bincount(row.ravel(), weights, minlength=len(different)).astype(np.float64)
    rows: Bools = np.unpackbits(different, axis=1, count=covers.shape[1]).astype(bool)
    some = rows.any(axis=1)
    merged: Bools = rows[some]
    return merged, children[some]


def cover_most(
    covers: Bools,
    weights: Floats,
    rules: MedianRules,
    deadline: Deadline,
    *,
    seed: int = 0,
    decide: bool = True,
) -> Cover:
    """
    Cover as many children as possible.

    Parameters
    ----------
    covers
        Axes (zone, site): within the cutoff.
    weights
        Children of each zone.
    rules
        How many sites, fixed and barred ones, prices and budget.
    deadline
        When to stop.
    seed
        Of the first search.
    decide
        Whether HiGHS settles what the search leaves open.

    Returns
    -------
    Cover
        Sites, children covered, and the most that any choice can cover.
    """
    fixed = np.flatnonzero(rules.fixed)
    already = covers[:, rules.fixed].any(axis=1) if len(fixed) else np.zeros(len(covers), bool)
    covered_before = float(weights[already].sum())
    rows, children = merged_rows(covers[~already] & ~rules.barred, weights[~already])
    free = np.flatnonzero(~rules.fixed & ~rules.barred)
    if not len(rows) or rules.count == 0 or not len(free):
        chosen = _filled(rules, fixed, covers, weights)
        return Cover(chosen, covered_before, covered_before)
    # As a p-median whose cost is the children left uncovered: a good choice before the program.
    table = CostTable.from_costs(np.where(rows, 0.0, children[:, None]))
    found = solve_p_median(
        table, rules, seed=seed, effort=_HEURISTIC, shakes=40, stop=deadline, decide=False
    )
    total = float(children.sum())
    best, sites = total - found.cost, found.sites
    bound = total - found.bound
    if decide and found.cost > found.bound and not deadline():
        sites, best, bound = _decide(rows, children, rules, (sites, best, bound), deadline)
    sites = _filled(rules, sites, covers, weights)
    return Cover(sites, covered_before + best, covered_before + max(bound, best))


def _filled(rules: MedianRules, sites: Indices, covers: Bools, weights: Floats) -> Indices:
    """Open the sites still allowed when nothing is left to cover: those near most children."""
    if rules.prices is not None:
        return np.sort(sites)
    missing = rules.count + int(rules.fixed.sum()) - len(sites)
    closed = ~rules.barred
    closed[sites] = False
    others = np.flatnonzero(closed)
    reach = weights @ covers[:, others]
    more = others[np.argsort(-reach, kind="stable")[: max(missing, 0)]]
    return np.sort(np.concatenate([sites, more]))


def _decide(
    rows: Bools,
    children: Floats,
    rules: MedianRules,
    known: tuple[Indices, float, float],
    deadline: Deadline,
) -> tuple[Indices, float, float]:
    """Let HiGHS find the best cover or prove that the known one is."""
    sites, best, bound = known
    free = np.flatnonzero(~rules.fixed & ~rules.barred)
    fixed = np.flatnonzero(rules.fixed)
    opens, zones = len(free), len(rows)
    costs = np.concatenate([np.zeros(opens), -children])
    linked = csr_array(
        np.hstack([rows[:, free].astype(np.float64), -np.eye(zones)])  # merged rows are few
    )
    constraints = [
        LinearConstraint(linked, 0, np.inf),
        LinearConstraint(csr_array(_row(opens, zones, 1.0)), -np.inf, rules.count),
        # A choice worse than the known one is of no use.
        LinearConstraint(csr_array(costs[None, :]), -np.inf, -best + 1e-6 * max(best, 1.0)),
    ]
    if rules.prices is not None:
        left = rules.budget - float(rules.prices[fixed].sum())
        priced = csr_array(_row(opens, zones, rules.prices[free]))
        constraints.append(LinearConstraint(priced, -np.inf, left))
    whole = np.concatenate([np.ones(opens, dtype=bool), np.zeros(zones, dtype=bool)])
    answer = solve_program(costs, whole, constraints, deadline=deadline.left)
    if not answer.complete:
        deadline.passed = True
    if answer.values is not None:
        opened = np.concatenate([fixed, free[answer.values[:opens] > 0.5]])
        covered = float(children[rows[:, opened].any(axis=1)].sum())
        if covered > best:
            sites, best = np.sort(opened), covered
    if answer.values is None and answer.complete:
        return sites, best, best
    if np.isfinite(answer.bound):
        bound = min(bound, -answer.bound)
    if bool((np.floor(children) == children).all()):
        bound = float(np.floor(bound + 1e-5))
    elif bound - best <= 2e-9 * max(1.0, abs(best)):
        bound = best  # within the tolerance that was added to it
    return sites, best, bound


def _row(opens: int, zones: int, coefficients: float | Floats) -> Floats:
    row = np.zeros((1, opens + zones))
    row[0, :opens] = coefficients
    return row


def cover_with_fewest(covers: Bools, rules: MedianRules, deadline: Deadline) -> Cover:
    """
    Cover every zone with as few new sites as possible.

    Parameters
    ----------
    covers
        Axes (zone, site): within the cutoff; every zone given must be covered.
    rules
        Fixed and barred sites, prices and budget; `count` does not limit.
    deadline
        When to stop.

    Returns
    -------
    Cover
        Sites (None when no choice covers every zone) and number of new sites.
    """
    fixed = np.flatnonzero(rules.fixed)
    open_to_all = ~covers[:, rules.fixed].any(axis=1) if len(fixed) else np.ones(len(covers), bool)
    usable = covers & ~rules.barred & ~rules.fixed
    if not usable[open_to_all].any(axis=1).all():
        return Cover(None, np.inf, np.inf)
    rows, _ = merged_rows(usable[open_to_all], np.ones(int(open_to_all.sum())))
    rows = _without_implied(rows)
    if not len(rows):
        return Cover(fixed, 0.0, 0.0)
    free = np.flatnonzero(rows.any(axis=0))
    opens = len(free)
    constraints = [
        LinearConstraint(csr_array(rows[:, free].astype(np.float64)), 1, np.inf),
    ]
    if rules.prices is not None:
        left = rules.budget - float(rules.prices[fixed].sum())
        constraints.append(LinearConstraint(rules.prices[free][None, :], -np.inf, left))
    answer = solve_program(
        np.ones(opens), np.ones(opens, dtype=bool), constraints, deadline=deadline.left
    )
    if not answer.complete:
        deadline.passed = True
    bound = float(np.ceil(max(answer.bound, 1.0) - 1e-6))
    if answer.values is None:
        if answer.complete:
            return Cover(None, np.inf, np.inf)
        chosen = _greedy_cover(rows)
        affordable = (
            rules.prices is None
            or float(rules.prices[np.concatenate([fixed, chosen])].sum()) <= rules.budget
        )
        if not affordable:
            return Cover(None, np.inf, bound)
    else:
        chosen = free[answer.values > 0.5]
    sites = np.sort(np.concatenate([fixed, chosen]))
    return Cover(sites, float(len(chosen)), min(bound, float(len(chosen))))


def _without_implied(rows: Bools) -> Bools:
    """Drop the rows that another row implies: whoever covers the smaller set covers the larger."""
    if len(rows) > 4000:
        return rows
    numbers = rows.astype(np.float32)
    common = numbers @ numbers.T
    sizes = numbers.sum(axis=1)
    # inside[i, j]: row j's sites are all among row i's; rows differ, so sizes then differ too.
    inside = (common == sizes[None, :]) & (sizes[:, None] > sizes[None, :])
    kept: Bools = rows[~inside.any(axis=1)]
    return kept


def _greedy_cover(rows: Bools) -> Indices:
    """Cover every row, each time by the site that covers most of what is left."""
    left = np.ones(len(rows), dtype=bool)
    chosen = []
    while left.any():
        site = int(rows[left].sum(axis=0).argmax())
        chosen.append(site)
        left &= ~rows[:, site]
    return np.array(chosen, dtype=np.intp)


def cheapest_cover(covers: Bools, rules: MedianRules, prices: Floats, deadline: Deadline) -> float:
    """
    Price the cheapest choice that covers every zone.

    Parameters
    ----------
    covers
        Axes (zone, site): within the cutoff.
    rules
        Fixed and barred sites.
    prices
        Euros, axis (site); fixed sites are paid.
    deadline
        When to stop.

    Returns
    -------
    float
        Euros; the best known when time is over, `inf` when none is.
    """
    left = ~covers[:, rules.fixed].any(axis=1)
    rows = covers[left][:, ~rules.barred]
    costs = np.where(rules.fixed, 0.0, prices)[~rules.barred]
    answer = solve_program(
        costs,
        np.ones(len(costs), dtype=bool),
        [LinearConstraint(csr_array(rows.astype(np.float64)), 1, np.inf)],
        deadline=deadline.left,
    )
    return float("inf") if answer.values is None else float(costs @ np.round(answer.values))
