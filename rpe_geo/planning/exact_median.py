"""The p-median decided by HiGHS, once the relaxation has left few sites and few pairs in doubt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import LinearConstraint
from scipy.sparse import coo_array

from rpe_geo.planning.cost_table import CostTable
from rpe_geo.planning.lagrangian import Bound
from rpe_geo.planning.programs import solve_program

__all__ = ["decide_exactly"]

Indices = NDArray[np.intp]

_LARGEST_MODEL = 14_000
"""Pairs of zone and site beyond which the model is left to the heuristics and their bound."""
_NODES = 400


def decide_exactly(
    table: CostTable,
    count: int,
    fixed: NDArray[np.bool_],
    barred: NDArray[np.bool_],
    known: Indices,
    proof: Bound,
    priced: tuple[NDArray[np.float64], float] | None = None,
) -> tuple[Indices, float] | None:
    """
    Solve the p-median over the sites that reduced costs leave in doubt.

    Parameters
    ----------
    table
        Costs of every zone and site.
    count
        How many sites open beside the fixed ones.
    fixed, barred
        Axis (site): sites that stay open, sites that never open.
    known
        The best choice known.
    proof
        The relaxation: a site whose reduced cost lifts the bound above the best choice cannot be in a better one.
    priced
        Price of each site and what the open sites may cost; without, exactly `count` sites open.

    Returns
    -------
    tuple or None
        The best sites and a proven bound; None when the model is too large to decide.
    """
    best = table.cost_of(known)
    free = np.flatnonzero(~fixed & ~barred)
    reduced = proof.reduced_costs[free]
    if priced is not None:
        # With a budget the number of sites is not known, and no site is ruled out beforehand.
        return _checked(table, np.flatnonzero(fixed), free, (count, priced), best)
    order = np.sort(reduced)
    if count >= len(free):
        return None
    out = proof.value + np.maximum(reduced - order[count - 1], 0.0) > best + 1e-9 * best
    always = proof.value + np.maximum(order[count] - reduced, 0.0) > best + 1e-9 * best
    surely = np.sort(np.concatenate([np.flatnonzero(fixed), free[always & ~out]]))
    doubtful = free[~out & ~always]
    left = count - int((always & ~out).sum())
    return _checked(table, surely, doubtful, (left, None), best)


def _checked(
    table: CostTable,
    surely: Indices,
    doubtful: Indices,
    limits: tuple[int, tuple[NDArray[np.float64], float] | None],
    best: float,
) -> tuple[Indices, float] | None:
    """Solve over the sites in doubt where the model is small enough."""
    pairs = _pairs(table, np.sort(np.concatenate([surely, doubtful])), surely)
    if len(pairs[1]) > _LARGEST_MODEL:
        return None
    answer = _solve(table, (surely, doubtful), limits, pairs)
    if answer is None:
        return None
    # Sites left out are proven not to be in a better choice: the bound holds up to the best one known.
    return answer[0], min(answer[1], best)


def _pairs(
    table: CostTable, kept: Indices, surely: Indices
) -> tuple[NDArray[np.float64], Indices, Indices]:
    """List the pairs that matter: for each zone, the doubtful sites nearer than its nearest sure one."""
    near = table.by_site[surely].min(axis=0) if len(surely) else np.full(table.zones, np.inf)
    if len(kept) > len(surely):
        doubtful = kept[~np.isin(kept, surely)]
        site, zone = np.nonzero(table.by_site[doubtful] < near[None, :])
        return near, zone, site
    return near, np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)


def _solve(
    table: CostTable,
    sites: tuple[Indices, Indices],
    limits: tuple[int, tuple[NDArray[np.float64], float] | None],
    pairs: tuple[NDArray[np.float64], Indices, Indices],
) -> tuple[Indices, float] | None:
    surely, doubtful = sites
    left, priced = limits
    near, zone, site = pairs
    zones, opens, links = table.zones, len(doubtful), len(zone)
    has_sure = bool(len(surely))
    # Columns: one per doubtful site, one per pair, one per zone that stays with its nearest sure site.
    costs = np.concatenate(
        [
            np.zeros(opens),
            table.by_site[doubtful[site], zone],
            near if has_sure else np.empty(0),
        ]
    )
    served_by = np.arange(links)
    rows = [zone]
    columns = [opens + served_by]
    if has_sure:
        rows.append(np.arange(zones))
        columns.append(opens + links + np.arange(zones))
    row, column = np.concatenate(rows), np.concatenate(columns)
    served = coo_array((np.ones(len(row)), (row, column)), shape=(zones, len(costs)))
    link = coo_array(
        (
            np.concatenate([np.ones(links), -np.ones(links)]),
            (np.tile(served_by, 2), np.concatenate([opens + served_by, site])),
        ),
        shape=(links, len(costs)),
    )
    total = coo_array(
        (np.ones(opens), (np.zeros(opens, dtype=np.intp), np.arange(opens))), shape=(1, len(costs))
    )
    constraints: list[LinearConstraint] = [
        LinearConstraint(served.tocsr(), 1, 1),
        LinearConstraint(link.tocsr(), -np.inf, 0),
        LinearConstraint(total.tocsr(), left if priced is None else -np.inf, left),
    ]
    if priced is not None:
        prices, budget = priced
        spent = np.zeros((1, len(costs)))
        spent[0, :opens] = prices[doubtful]
        constraints.append(LinearConstraint(spent, -np.inf, budget - float(prices[surely].sum())))
    whole = np.zeros(len(costs), dtype=bool)
    whole[:opens] = True
    answer = solve_program(costs, whole, constraints, nodes=_NODES)
    if answer.values is None or not np.isfinite(answer.bound):
        return None
    opened = doubtful[answer.values[:opens] > 0.5]
    # HiGHS proves within 1e-6 of its feasibility tolerances: the bound is lowered by as much.
    bound = answer.bound - 1e-7 * abs(answer.bound)
    return np.sort(np.concatenate([surely, opened])), bound
