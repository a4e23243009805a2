r"""
RAAM, the rational agent access model (Saxon & Snow 2020, Health Services Research 55).

Every child goes where the sum of crowding and travel costs least, $c_{ij} = D_j / (\rho S_j) + t_{ij} / \tau$ with
$D_j = \sum_i x_{ij}$ the children who come to $j$. The equilibrium (Wardrop's: all options used by a zone cost the
same, no unused one is cheaper) is the minimum of a convex function,
$\sum_j D_j^2 / (2 \rho S_j) + \sum_{ij} x_{ij} t_{ij} / \tau$. Its dual in the crowding of each place, smoothed by an
entropy that shrinks to nothing, is solved by Newton's method; then it is finished exactly: the options used form a
forest, on which costs and flows are the solution of two linear systems, kept when they satisfy every condition of the
equilibrium. Demand may be fractional: nothing is rounded (pysal/access moves whole persons only).
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from scipy.sparse.linalg import LinearOperator, cg, spsolve

from rpe_geo.observatory.decay import Decay
from rpe_geo.observatory.pairs import TravelPairs

__all__ = ["RaamEquilibrium", "raam", "raam_equilibrium"]

DEFAULT_TAU_MIN = 60.0
"""Minutes of travel that weigh as much as a crowding equal to the mean (Saxon & Snow; pysal/access)."""

DENSE_SITES = 2000
"""Up to so many places of care the Newton step is solved densely, above by conjugate gradients."""

DENSE_CELLS = 5_000_000
"""Up to so many zones × places the matrix product of a step is dense, if it is full."""

NEGLIGIBLE = 36.0
"""Options that cost so many entropies more than the cheapest get a share below 2e-16."""

SPARSE_OPTIONS = 4
SPARSE_LINKS = 40
"""Below so many options a zone, and links a place, the Newton step is solved by sparse elimination."""

SETTLED = 1e-5
"""A step of so small a part of the entropy is the last one of its stage."""

AROUND = 80.0
"""Options within so many entropies of the cheapest are looked at first."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RaamEquilibrium:
    """
    Where everybody goes, and what it costs them.

    Parameters
    ----------
    cost
        Cost of every zone at equilibrium (1 = mean crowding without travel), on the demand ids: `inf` where nothing is
        reachable, nan where there is no child.
    flows
        `origin_id, destination_id, children`: the options used.
    gap
        What could still be saved, as a share of the total cost: 0 at the exact equilibrium.
    """

    cost: pd.Series
    flows: pd.DataFrame
    gap: float


def raam_equilibrium(
    demand: pd.Series,
    supply: pd.Series,
    times: TravelPairs,
    decay: Decay,
    *,
    tau_min: float = DEFAULT_TAU_MIN,
    rho: float | None = None,
) -> RaamEquilibrium:
    r"""
    Find the equilibrium of the rational agent access model.

    Parameters
    ----------
    demand
        Children by demand id.
    supply
        Places by supply id.
    times
        Travel times in minutes.
    decay
        Only what it weighs above 0 is an option.
    tau_min
        $\tau$, minutes of travel worth a crowding of 1.
    rho
        $\rho$, children per place that make a crowding of 1; the mean of the territory if None.

    Returns
    -------
    RaamEquilibrium
        Costs, flows and gap.
    """
    children = times.align_demand(demand)
    places = np.nan_to_num(times.align_supply(supply), nan=0.0)
    population = np.where(children > 0, children, 0.0)
    option = (
        (decay(times.minutes) > 0)
        & (population[times.demand_at] > 0)
        & (places[times.supply_at] > 0)
    )
    demand_at, supply_at = times.demand_at[option], times.supply_at[option]
    travel = times.minutes[option] / tau_min
    if rho is None:
        rho = float(population.sum() / places.sum()) if places.sum() > 0 else 1.0
    capacity = np.where(places > 0, places * (rho or 1.0), 1.0)

    threads: Any = import_module("threadpoolctl")
    moved = np.zeros(len(demand_at))
    answer = np.where(children > 0, np.inf, np.nan)
    gap = 0.0
    if len(demand_at):
        options = _Options.of(demand_at, supply_at, travel, population, capacity)
        # Threads of the linear algebra that wait for each other cost more than they bring at these sizes.
        with threads.threadpool_limits(1):
            moved = _solve(options)
        crowding = np.bincount(options.column, weights=moved) / options.room
        cost = crowding[options.column] + travel
        mean_cost = np.add.reduceat(moved * cost, options.first) / options.people
        cheapest = np.minimum.reduceat(cost, options.first)
        gap = float(options.people @ (mean_cost - cheapest) / (options.people @ cheapest))
        answer[demand_at[options.first]] = mean_cost
    used = moved > 0
    return RaamEquilibrium(
        cost=pd.Series(answer, index=times.demand_ids, name="raam"),
        flows=pd.DataFrame(
            {
                "origin_id": times.demand_ids[demand_at[used]],
                "destination_id": times.supply_ids[supply_at[used]],
                "children": moved[used],
            }
        ),
        gap=max(gap, 0.0),
    )


@dataclass(frozen=True)
class _Options:
    """The options of every zone with children, sorted by zone; zones and sites are numbered from 0."""

    row: NDArray[np.intp]
    column: NDArray[np.intp]
    first: NDArray[np.intp]
    travel: Floats
    people: Floats
    room: Floats

    @classmethod
    def of(
        cls,
        demand_at: NDArray[np.int32],
        supply_at: NDArray[np.int32],
        travel: Floats,
        population: Floats,
        capacity: Floats,
    ) -> _Options:
        zones, first, row = np.unique(demand_at, return_index=True, return_inverse=True)
        sites, column = np.unique(supply_at, return_inverse=True)
        return cls(row, column, first, travel, population[zones], capacity[sites])

    def near(self, crowding: Floats, margin: float) -> NDArray[np.intp]:
        """Find the options that cost at most so much more than the cheapest of their zone."""
        cost = crowding[self.column] + self.travel
        cheapest = np.minimum.reduceat(cost, self.first)
        return np.flatnonzero(cost <= cheapest[self.row] + margin)

    def only(self, kept: NDArray[np.intp]) -> _Options:
        """Keep some options, at least one for every zone; zones and sites keep their numbers."""
        row = self.row[kept]
        first = np.flatnonzero(np.append(True, row[1:] != row[:-1]))
        return _Options(row, self.column[kept], first, self.travel[kept], self.people, self.room)

    def smooth(self, crowding: Floats, entropy: float) -> tuple[float, Floats]:
        """Evaluate the smoothed dual and the share of each option."""
        cost = crowding[self.column] + self.travel
        cheapest = np.minimum.reduceat(cost, self.first)
        share = np.exp(-(cost - cheapest[self.row]) / entropy)
        total = np.add.reduceat(share, self.first)
        dual = self.people @ (cheapest - entropy * np.log(total)) - self.room @ crowding**2 / 2
        return float(dual), share / total[self.row]


def _solve(options: _Options) -> Floats:
    """Follow the smoothed optimum as the entropy shrinks, until the exact finish succeeds."""
    crowding = np.full(len(options.room), options.people.sum() / options.room.sum())
    scale = float(crowding[0] + options.travel.mean())
    moved = np.zeros(len(options.row))
    for power in range(34):
        entropy = scale * 0.5**power
        crowding, moved = _stage(options, crowding, entropy)
        if power > 6:
            exact = _finish(options, moved)
            if exact is not None:
                return exact
    # Ties between options leave no single forest; the entropy is then 1e-10 of the costs.
    return moved


def _stage(options: _Options, crowding: Floats, entropy: float) -> tuple[Floats, Floats]:
    """Find the optimum of one entropy among the options that it lets anybody take; the others are proved to matter not."""
    margin = AROUND * entropy
    while True:
        kept = options.near(crowding, margin)
        few = options.only(kept) if len(kept) < 0.8 * len(options.row) else options
        crowding, share = _newton(few, crowding, entropy)
        moved = np.zeros(len(options.row))
        if few is options:
            return crowding, share * options.people[options.row]
        moved[kept] = share * options.people[few.row]
        # exp(−NEGLIGIBLE) of a zone or less would go anywhere else.
        close = options.near(crowding, NEGLIGIBLE * entropy)
        if np.isin(close, kept, assume_unique=True).all():
            return crowding, moved
        margin *= 2


def _newton(options: _Options, crowding: Floats, entropy: float) -> tuple[Floats, Floats]:
    """Maximise the smoothed dual; a crowding is at its optimum when it is that of who comes."""
    dual, share = options.smooth(crowding, entropy)
    m = len(options.room)
    for _ in range(40):
        flow = share * options.people[options.row]
        come = np.bincount(options.column, weights=flow, minlength=m).astype(np.float64)
        gradient = come - options.room * crowding
        if np.abs(gradient).max() <= 1e-12 * come.max():
            break
        step = _newton_step(options, share, come, gradient, entropy)
        # Shares change by a factor e where the crowding moves by the entropy: a full step would overshoot.
        bend = float(np.abs(step).max()) / entropy
        if bend <= SETTLED:
            # Newton's steps square the distance left; below this the dual itself is but rounding.
            return crowding + step, options.smooth(crowding + step, entropy)[1]
        length = min(1.0, 2 * np.log1p(bend) / bend)
        while length > 1e-6:
            tried = crowding + length * step
            better, tried_share = options.smooth(tried, entropy)
            if better >= dual + 1e-4 * length * float(gradient @ step):
                break
            length /= 2
        else:
            break
        crowding, dual, share = tried, better, tried_share
    return crowding, share


def _newton_step(
    options: _Options, share: Floats, come: Floats, gradient: Floats, entropy: float
) -> Floats:
    """Solve (K + (diag(D) − ΠᵀPΠ) / ε) step = gradient: sparsely when places have few links, densely when few."""
    n, m = len(options.people), len(options.room)
    felt = share > 1e-10
    at = (options.row[felt], options.column[felt])
    shares = sp.csr_array((share[felt], at), shape=(n, m))
    weighted = sp.csr_array((share[felt] * options.people[at[0]], at), shape=(n, m))
    diagonal = options.room + come / entropy
    if felt.mean() > 0.2 and n * m < DENSE_CELLS and m <= DENSE_SITES:
        product = shares.toarray().T @ weighted.toarray()
        hessian: Floats = np.diag(diagonal) - product / entropy
        return np.asarray(np.linalg.solve(hessian, gradient), dtype=np.float64)
    if len(at[0]) < SPARSE_OPTIONS * n:
        # Few options are still open to each zone: places have few links, and elimination fills little.
        linked = sp.csc_array(sp.diags_array(diagonal) - (shares.T @ weighted) / entropy)
        if linked.nnz < SPARSE_LINKS * m:
            return np.asarray(spsolve(linked, gradient), dtype=np.float64)
    if m <= DENSE_SITES:
        hessian = np.diag(diagonal) - (shares.T @ weighted).toarray() / entropy
        return np.asarray(np.linalg.solve(hessian, gradient), dtype=np.float64)
    operator = LinearOperator(
        (m, m),
        matvec=lambda v: diagonal * v - np.asarray(shares.T @ (weighted @ v)) / entropy,
        dtype=np.float64,
    )
    step, _ = cg(operator, gradient, rtol=1e-8, maxiter=500, M=sp.diags_array(1 / diagonal))
    return step


def _finish(options: _Options, moved: Floats) -> Floats | None:
    """Solve the equilibrium on the forest of the largest flows; None when its conditions do not hold."""
    n, m = len(options.people), len(options.room)
    nodes = (n + m, n + m)
    used = np.flatnonzero(moved > 1e-9 * options.people[options.row])
    tail, head = options.row[used], n + options.column[used]
    # The spanning forest that keeps the largest flows; weights must be positive.
    weights = 1 + moved[used].max() - moved[used]
    tree = minimum_spanning_tree(sp.csr_array((weights, (tail, head)), shape=nodes)).tocoo()
    place_of = sp.csr_array((np.arange(1, len(used) + 1), (tail, head)), shape=nodes)
    edges = used[np.asarray(place_of[tree.row, tree.col]).ravel() - 1]
    e = len(edges)
    count, component = connected_components(tree, directed=False)

    # Costs: c_i − μ_j = t_ij on the forest; the rooms of each tree hold its children, Σ K_j μ_j = Σ P_i.
    lines = np.concatenate([np.arange(e), np.arange(e), e + component[n:]])
    columns = np.concatenate([tree.row, tree.col, np.arange(n, n + m)])
    values = np.concatenate([np.ones(e), -np.ones(e), options.room])
    system = sp.csc_array((values, (lines, columns)), shape=(e + count, n + m))
    held = np.bincount(component[:n], weights=options.people, minlength=count)
    levels = spsolve(system, np.concatenate([options.travel[edges], held]))
    cost, crowding = levels[:n], levels[n:]
    slack = 1e-11 * max(1.0, float(np.abs(cost).max()))
    if (crowding[options.column] + options.travel < cost[options.row] - slack).any():
        return None

    # Flows: the balance of each node, one redundant node left out of each tree.
    roots = np.unique(component, return_index=True)[1]
    ends = np.concatenate([tree.row, tree.col])
    incidence = sp.csr_array((np.ones(2 * e), (ends, np.tile(np.arange(e), 2))), shape=(n + m, e))
    kept = np.setdiff1d(np.arange(n + m), roots)
    balance = np.concatenate([options.people, options.room * crowding])
    flows = np.atleast_1d(spsolve(sp.csc_array(incidence[kept]), balance[kept]))
    if (flows < -1e-9 * options.people.max()).any():
        return None
    exact = np.zeros_like(moved)
    exact[edges] = np.maximum(flows, 0)
    return exact


def raam(demand: pd.Series, supply: pd.Series, times: TravelPairs, decay: Decay) -> pd.Series:
    """
    Measure what care costs each child in crowding and travel at the equilibrium; the lower the better.

    Parameters
    ----------
    demand, supply, times, decay
        See `raam_equilibrium`.

    Returns
    -------
    Series
        Mean cost on `times.demand_ids`; `inf` where nothing is reachable.
    """
    return raam_equilibrium(demand, supply, times, decay).cost
