r"""
Raise the floor: places where they lift the E2SFCA of the worst-served children most.

With $R_f = 1 / \sum_i W_{if} P_i$ a place at site f adds $W_{if} R_f$ to the access of zone i, whatever else opens:
$A_i = A^0_i + \sum_f W_{if} R_f s_f$ (Luo & Qi 2009, linear in the places $s_f$). What is maximised is the mean access of
the worst-served share $\alpha$ of the children, whoever they are once the sites are open (a conditional value at risk,
Rockafellar & Uryasev 2000):
$\max_t\; t - \frac{1}{\alpha P} \sum_i P_i \max(0, t - A_i)$. More places never lower anybody's access.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import LinearConstraint
from scipy.sparse import coo_array, csr_array

from rpe_geo.planning.capacitated import Capacities
from rpe_geo.planning.programs import Deadline, solve_program

__all__ = ["Floor", "lowest_mean", "raise_floor"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Indices = NDArray[np.intp]

_SCREENED = 16
_LARGEST_PROGRAM = 250_000


@dataclass(frozen=True)
class Floor:
    """
    Sites that raise the floor.

    Parameters
    ----------
    sites
        Positions of the open sites, fixed ones included.
    places
        Places of each site, axis (site); 0 where closed.
    access_before, access
        E2SFCA of each zone, places per child.
    objective, bound
        Mean access of the worst-served share of the children, and the most it can be.
    """

    sites: Indices
    places: Floats
    access_before: Floats
    access: Floats
    objective: float
    bound: float


def lowest_mean(access: Floats, weights: Floats, share: float) -> float:
    """
    Average the access of the worst-served share of the children.

    Parameters
    ----------
    access
        Places per child, axis (zone).
    weights
        Children, axis (zone).
    share
        Part of the children, in ]0, 1].

    Returns
    -------
    float
        Their mean access; a zone at the limit counts in part.
    """
    order = np.argsort(access, kind="stable")
    wanted = share * weights.sum()
    before = np.cumsum(weights[order]) - weights[order]
    counted = np.clip(wanted - before, 0.0, weights[order])
    return float((counted * access[order]).sum() / wanted) if wanted > 0 else 0.0


def raise_floor(
    decay_weights: Floats,
    weights: Floats,
    count: int | None,
    fixed: Bools,
    barred: Bools,
    capacities: Capacities,
    share: float,
    deadline: Deadline,
) -> Floor:
    """
    Open sites so that the worst-served children gain most access.

    Parameters
    ----------
    decay_weights
        $W_{if}$, axes (zone, site); 0 out of reach.
    weights
        Children of each zone.
    count
        How many new sites; None for as many as the budget allows.
    fixed, barred
        Axis (site): existing sites (their places count before and after), sites that never open.
    capacities
        Least and most places of a site, prices, budget.
    share
        Part of the children that is the floor, 0.4 for the worst-served 40 %.
    deadline
        When to stop.

    Returns
    -------
    Floor
        Sites, places, access, objective and bound.
    """
    brought = weights @ decay_weights
    per_place = np.divide(
        decay_weights, brought, out=np.zeros_like(decay_weights), where=brought > 0
    )
    before = per_place[:, fixed] @ capacities.most[fixed]
    free = np.flatnonzero(~fixed & ~barred & np.isfinite(capacities.most))
    task = _Task(per_place[:, free], weights, before, free, count, capacities, share)
    chosen, places = _search(task, deadline)
    best = lowest_mean(before + task.gains[:, chosen] @ places, weights, share)
    bound = np.inf
    if not deadline():
        answer, bound = _program(task, best, deadline)
        if answer is not None:
            other, other_places = answer
            value = lowest_mean(before + task.gains[:, other] @ other_places, weights, share)
            if value > best:
                chosen, places, best = other, other_places, value
    every = np.zeros(len(fixed))
    every[fixed] = capacities.most[fixed]
    every[free[chosen]] = places
    access = before + task.gains[:, chosen] @ places
    sites = np.sort(np.concatenate([np.flatnonzero(fixed), free[chosen]]))
    if bound - best <= 1e-7 * max(1.0, abs(best)):
        bound = best
    return Floor(sites, every, before, access, best, bound)


@dataclass(frozen=True)
class _Task:
    gains: Floats  # axes (zone, free site): access that one place adds
    weights: Floats
    before: Floats
    free: Indices
    count: int | None
    capacities: Capacities
    share: float

    @property
    def most(self) -> Floats:
        return self.capacities.most[self.free]

    @property
    def least(self) -> Floats:
        return np.minimum(np.maximum(self.capacities.least[self.free], 0.0), self.most)

    @property
    def prices(self) -> Floats:
        return self.capacities.prices[self.free]

    @property
    def per_place(self) -> Floats:
        return self.capacities.prices_per_place[self.free]


def _affordable(task: _Task, site: int, spent: float) -> float:
    """Count the places that the money left can open at a site; 0 when not even the least."""
    budget = task.capacities.budget
    most = float(task.most[site])
    if not np.isfinite(budget):
        return most
    left = budget - spent - float(task.prices[site])
    if left < -1e-9:
        return 0.0
    rate = float(task.per_place[site])
    places = most if rate == 0 else min(most, float(np.floor(left / rate + 1e-9)))
    return places if places > 0 and places >= task.least[site] else 0.0


def _cost(task: _Task, site: int, places: float) -> float:
    return float(task.prices[site] + task.per_place[site] * places)


def _search(task: _Task, deadline: Deadline) -> tuple[Indices, Floats]:
    """Open greedily, then swap while it helps; candidates are screened by their gain at the margin."""
    chosen: list[int] = []
    places: list[float] = []
    access = task.before.copy()
    spent = 0.0
    limit = len(task.free) if task.count is None else min(task.count, len(task.free))
    while len(chosen) < limit and not deadline():
        found = _best_addition(task, access, chosen, spent)
        if found is None:
            break
        site, count, _ = found
        chosen.append(site)
        places.append(count)
        access += task.gains[:, site] * count
        spent += _cost(task, site, count)
    improved = True
    while improved and not deadline():
        improved = False
        value = lowest_mean(access, task.weights, task.share)
        for slot in range(len(chosen)):
            without = access - task.gains[:, chosen[slot]] * places[slot]
            left = spent - _cost(task, chosen[slot], places[slot])
            others = [site for at, site in enumerate(chosen) if at != slot]
            found = _best_addition(task, without, others, left)
            if found is not None and found[2] > value * (1 + 1e-9) + 1e-15:
                chosen[slot], places[slot], value = found
                access = without + task.gains[:, found[0]] * found[1]
                spent = left + _cost(task, found[0], found[1])
                improved = True
    order = np.argsort(np.array(chosen, dtype=np.intp))
    return np.array(chosen, dtype=np.intp)[order], np.array(places, dtype=np.float64)[order]


def _best_addition(
    task: _Task, access: Floats, taken: list[int], spent: float
) -> tuple[int, float, float] | None:
    """Find the site whose places raise the floor most: site, places, new floor."""
    order = np.argsort(access, kind="stable")
    wanted = task.share * task.weights.sum()
    before = np.cumsum(task.weights[order]) - task.weights[order]
    low = np.zeros(len(access))
    low[order] = np.clip(wanted - before, 0.0, task.weights[order])
    margin = (low @ task.gains) * task.most
    margin[taken] = -np.inf
    best: tuple[int, float, float] | None = None
    tested = 0
    for site in np.argsort(-margin, kind="stable"):
        if tested >= _SCREENED or not np.isfinite(margin[site]):
            break
        places = _affordable(task, int(site), spent)
        if places <= 0:
            continue
        tested += 1
        value = lowest_mean(access + task.gains[:, site] * places, task.weights, task.share)
        if best is None or value > best[2]:
            best = int(site), places, value
    return best


def _program(
    task: _Task, best: float, deadline: Deadline
) -> tuple[tuple[Indices, Floats] | None, float]:
    """Let HiGHS decide; beyond a size only its relaxation, for the bound."""
    sites, zones = len(task.free), len(task.weights)
    total = float(task.weights.sum())
    # Columns: y (open), s (places), u (what a zone lacks to the floor), t (the floor).
    columns = 2 * sites + zones + 1
    costs = np.zeros(columns)
    costs[2 * sites : -1] = task.weights / (task.share * total)
    costs[-1] = -1.0
    zone, site = np.nonzero(task.gains)
    each = np.arange(zones)
    lacking = coo_array(
        (
            np.concatenate([task.gains[zone, site], np.ones(zones), -np.ones(zones)]),
            (
                np.concatenate([zone, each, each]),
                np.concatenate([sites + site, 2 * sites + each, np.full(zones, columns - 1)]),
            ),
        ),
        shape=(zones, columns),
    )
    number = np.arange(sites)
    rows = [LinearConstraint(lacking.tocsr(), -task.before, np.inf)]
    for limit, low, high in ((task.most, -np.inf, 0.0), (task.least, 0.0, np.inf)):
        bounded = coo_array(
            (
                np.concatenate([np.ones(sites), -limit]),
                (np.tile(number, 2), np.concatenate([sites + number, number])),
            ),
            shape=(sites, columns),
        )
        rows.append(LinearConstraint(bounded.tocsr(), low, high))
    if task.count is not None:
        opened = np.zeros((1, columns))
        opened[0, :sites] = 1
        rows.append(LinearConstraint(csr_array(opened), -np.inf, task.count))
    if np.isfinite(task.capacities.budget):
        spent = np.zeros((1, columns))
        spent[0, :sites] = task.prices
        spent[0, sites : 2 * sites] = task.per_place
        rows.append(LinearConstraint(csr_array(spent), -np.inf, task.capacities.budget))
    rows.append(LinearConstraint(csr_array(costs[None, :]), -np.inf, -best + 1e-9))
    upper = np.full(columns, np.inf)
    upper[:sites] = 1
    whole = np.zeros(columns, dtype=bool)
    if len(zone) <= _LARGEST_PROGRAM:
        whole[:sites] = True
        # Places are whole where they are not all or nothing.
        whole[sites : 2 * sites] = np.isfinite(task.capacities.budget) & (task.per_place > 0)
    answer = solve_program(costs, whole, rows, upper=upper, deadline=deadline.left)
    if not answer.complete:
        deadline.passed = True
    if answer.values is None:
        return None, best if answer.complete else np.inf
    bound = -answer.bound
    if not whole.any():
        return None, bound
    chosen = np.flatnonzero(answer.values[:sites] > 0.5)
    places = answer.values[sites : 2 * sites][chosen]
    whole_places = np.round(places)
    places = np.where(np.abs(places - whole_places) < 1e-6, whole_places, places)
    return (chosen, places), bound
