r"""
The p-median: open p sites so that children travel as little as possible (Hakimi 1964; ReVelle & Swain 1970).

Minimise $\sum_i w_i \min_{f \in S} t_{if}$ over the sets S of p new sites beside those that exist. A fast interchange
from a greedy start gives a good choice, a Lagrangian relaxation a proven bound and better starts, a variable
neighbourhood search (Hansen & Mladenović 1997) the rest; where the relaxation leaves few sites in doubt, HiGHS decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rpe_geo.planning.cost_table import CostTable
from rpe_geo.planning.exact_median import decide_exactly
from rpe_geo.planning.interchange import Interchange, greedy_sites
from rpe_geo.planning.lagrangian import Bound, Effort, prove_bound

__all__ = ["Effort", "MedianRules", "MedianSolution", "improve_from", "solve_p_median"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

_SHAKES = 50
_STRONGEST_SHAKE = 8


@dataclass(frozen=True)
class MedianRules:
    """
    What a choice of sites must keep.

    Parameters
    ----------
    count
        How many sites open beside the fixed ones (at most, when there is a budget).
    fixed
        Axis (site): sites that stay open.
    barred
        Axis (site): sites that never open.
    prices, budget
        Price of each site, euros, and what the open sites may cost together.
    """

    count: int
    fixed: NDArray[np.bool_]
    barred: NDArray[np.bool_]
    prices: Floats | None = None
    budget: float = np.inf

    def start(self, table: CostTable) -> Indices:
        """Open sites greedily."""
        begun = np.flatnonzero(self.fixed)
        return greedy_sites(table, self.count, begun, self.barred, self.prices, self.budget)

    def search(self, table: CostTable, sites: Indices) -> Interchange:
        """Begin an interchange."""
        return Interchange(table, sites, self.fixed, self.barred, self.prices, self.budget)

    def allows(self, sites: Indices) -> bool:
        """Say whether the sites cost no more than the budget."""
        return self.prices is None or float(self.prices[sites].sum()) <= self.budget


@dataclass
class MedianSolution:
    """
    The best sites found and what is proven of them.

    Parameters
    ----------
    sites
        Positions of the open sites, fixed ones included, in increasing order.
    cost
        Children times minutes, the penalty of unreached zones included.
    bound
        No admissible choice costs less.
    near
        Other choices met on the way, with their costs.
    stopped_by_time
        Whether time ended the search.
    """

    sites: Indices
    cost: float
    bound: float
    near: dict[bytes, float] = field(default_factory=dict)
    stopped_by_time: bool = False


def solve_p_median(
    table: CostTable,
    rules: MedianRules,
    *,
    seed: int = 0,
    start: Indices | None = None,
    effort: Effort | None = None,
    shakes: int = _SHAKES,
    stop: Callable[[], bool] = lambda: False,
    decide: bool = True,
) -> MedianSolution:
    """
    Choose the sites of a p-median.

    Parameters
    ----------
    table
        Costs of every zone and site.
    rules
        How many sites, which are fixed, which barred, what they may cost.
    seed
        Of the neighbourhood search.
    start
        Sites to begin with; greedy ones without.
    effort
        Of the bound.
    shakes
        Neighbourhoods tried after the bound.
    stop
        Says that time is over; the effort is otherwise counted in iterations, so that results have the same bits.
    decide
        Whether HiGHS settles what the relaxation leaves open, where that is small.

    Returns
    -------
    MedianSolution
        The sites, their cost and a proven bound.
    """
    search = rules.search(table, rules.start(table) if start is None else start)
    search.descend()
    best = _Best(search)
    if not _can_choose(table, rules, search):
        return MedianSolution(np.sort(best.sites), best.cost, best.cost, {}, stopped_by_time=False)
    whole = _all_whole(table)

    def from_relaxation(sites: Indices) -> float:
        if len(sites) != len(best.sites) or not rules.allows(sites):
            return best.cost
        other = rules.search(table, sites)
        other.descend()
        best.take(other)
        return best.cost

    prices_of_zones = (search.cost_first + np.minimum(search.cost_second, table.penalty)) / 2
    proof = prove_bound(
        table,
        rules.count,
        rules.fixed,
        rules.barred,
        (best.cost, prices_of_zones),
        effort or Effort(),
        prices=rules.prices,
        budget=rules.budget,
        improve=from_relaxation,
        stop=stop,
        whole=whole,
    )
    bound = min(_rounded_up(proof.value, whole=whole), best.cost)
    if bound < best.cost:
        if rules.prices is None:
            _shake(best, table, rules, (proof, bound), np.random.default_rng(seed), shakes, stop)
            bound = min(bound, best.cost)
        if decide and bound < best.cost and not stop():
            bound = max(bound, _decided(table, rules, best, proof, whole=whole))
    cost = table.cost_of(best.sites)
    return MedianSolution(
        np.sort(best.sites), cost, min(bound, cost), best.near, stopped_by_time=stop()
    )


def _decided(
    table: CostTable, rules: MedianRules, best: _Best, proof: Bound, *, whole: bool
) -> float:
    """Let HiGHS settle what is open, where it is small; answer a bound."""
    exact = decide_exactly(
        table,
        rules.count,
        rules.fixed,
        rules.barred,
        best.sites,
        proof,
        None if rules.prices is None else (rules.prices, rules.budget),
    )
    if exact is None:
        return proof.value
    sites, bound = exact
    cost = table.cost_of(sites)
    if cost < best.cost and rules.allows(sites):
        best.sites, best.cost = sites, cost
    return min(_rounded_up(bound, whole=whole), best.cost)


def improve_from(table: CostTable, rules: MedianRules, sites: Indices) -> tuple[Indices, float]:
    """
    Improve a choice by interchange alone, without a bound.

    Parameters
    ----------
    table
        Costs of every zone and site.
    rules
        What the choice must keep.
    sites
        The choice to begin with.

    Returns
    -------
    array, float
        The improved choice in increasing order, and its cost.
    """
    search = rules.search(table, sites)
    search.descend()
    return np.sort(search.open), search.cost


class _Best:
    """The best choice met, and the good ones."""

    def __init__(self, search: Interchange) -> None:
        self.sites = search.open.copy()
        self.cost = search.cost
        self.near: dict[bytes, float] = {}
        self.take(search)

    def take(self, search: Interchange) -> bool:
        """Note a choice; say whether it is the best."""
        self.near[np.sort(search.open).astype(np.int32).tobytes()] = search.cost
        if search.cost < self.cost * (1 - 1e-12):
            self.sites, self.cost = search.open.copy(), search.cost
            return True
        return False


def _can_choose(table: CostTable, rules: MedianRules, search: Interchange) -> bool:
    """Say whether any other choice exists."""
    free = ~rules.fixed & ~rules.barred
    opened = int((search.is_open & free).sum())
    return 0 < opened < int(free.sum()) and table.zones > 0


def _all_whole(table: CostTable) -> bool:
    return bool((np.floor(table.ranked) == table.ranked).all()) and table.penalty < 2.0**52


def _rounded_up(bound: float, *, whole: bool) -> float:
    """Lift a bound to the next whole number where every cost is whole."""
    return float(np.ceil(bound - 1e-6)) if whole else bound


def _shake(
    best: _Best,
    table: CostTable,
    rules: MedianRules,
    proven: tuple[Bound, float],
    random: np.random.Generator,
    shakes: int,
    stop: Callable[[], bool],
) -> None:
    """Exchange a few sites at random, sites that the relaxation wants first, and descend again."""
    proof, bound = proven
    free = np.flatnonzero(~rules.fixed & ~rules.barred)
    wanted = free[np.argsort(proof.reduced_costs[free], kind="stable")]
    wanted = wanted[: max(3 * rules.count // 2 + 10, 12)]
    search = rules.search(table, best.sites)
    strength = 2
    for _ in range(shakes):
        if stop() or best.cost <= bound:
            return
        closable = np.flatnonzero(~rules.fixed[search.open])
        for slot in random.choice(closable, min(strength, len(closable)), replace=False):
            closed = wanted[~search.is_open[wanted]]
            if closed.size:
                search.swap(int(slot), int(random.choice(closed)))
        search.descend()
        if best.take(search):
            strength = 2
        else:
            strength = strength + 1 if strength < _STRONGEST_SHAKE else 2
            search.move_to(best.sites)
            if not np.isclose(search.cost, best.cost, rtol=1e-12):
                search.count_afresh()
