r"""
A proven lower bound for the p-median, and good sites to begin with, from its Lagrangian relaxation.

Relaxing "every zone is served once" with a price $\lambda_i$ leaves
$L(\lambda) = \sum_i \lambda_i + \min_{|S|=p} \sum_{f \in S} \rho_f$ with
$\rho_f = \sum_i \min(0, c_{if} - \lambda_i)$ (Narula, Ogbu & Samuelsson 1977; Christofides & Beasley 1982). Every
$\lambda$ gives a valid bound. Prices are kept below the cost of the K-th nearest site of a zone, so that farther
sites contribute nothing and K columns tell the whole sum. With a budget $\sum_f c_f \le B$ a second price $\mu$
relaxes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpe_geo.planning.cost_table import CostTable

__all__ = ["Bound", "Effort", "prove_bound"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Clock = Callable[[], bool]

_ROUNDING = 1e-12
"""Relative room for the rounding of the sums: the bound is lowered by it."""


@dataclass(frozen=True)
class Effort:
    """
    How long the subgradient climbs; counted in iterations, so that the same effort gives the same bits.

    Parameters
    ----------
    iterations
        Most iterations.
    patience
        Iterations without progress before the step is halved.
    memory
        Share of the former direction kept in the next one.
    every
        Iterations between two attempts to build sites from the relaxation.
    """

    iterations: int = 520
    patience: int = 20
    memory: float = 0.4
    every: int = 25


@dataclass(frozen=True)
class Bound:
    r"""
    What the relaxation proves.

    Parameters
    ----------
    value
        No choice of sites costs less.
    reduced_costs
        $\rho_f$ at the best prices, axis (site): the lower, the more a site is wanted.
    complete
        Whether the climb ended by itself.
    """

    value: float
    reduced_costs: Floats
    complete: bool


class _Selection:
    """The inner problem: the cheapest `count` sites beside the fixed ones."""

    def __init__(
        self,
        fixed: NDArray[np.bool_],
        barred: NDArray[np.bool_],
        count: int,
        prices: Floats | None,
        budget: float,
    ) -> None:
        self.fixed = np.flatnonzero(fixed)
        self.free = np.flatnonzero(~fixed & ~barred)
        self.count = min(count, len(self.free))
        self.prices = None if prices is None else prices[self.free]
        self.left = budget - (0.0 if prices is None else float(prices[self.fixed].sum()))

    def cheapest(self, reduced: Floats) -> tuple[Indices, float]:
        """Choose the sites of the inner problem, and sum their reduced costs (a lower bound of it)."""
        free = reduced[self.free]
        fixed = float(reduced[self.fixed].sum())
        if self.prices is None:
            chosen, value = self._smallest(free)
            return self._with_fixed(chosen), fixed + value
        chosen, value = self._priced(free)
        return self._with_fixed(chosen), fixed + value

    def _with_fixed(self, chosen: Indices) -> Indices:
        return np.sort(np.concatenate([self.fixed, self.free[chosen]]))

    def _smallest(self, costs: Floats) -> tuple[Indices, float]:
        if self.count == 0:
            return np.empty(0, dtype=np.intp), 0.0
        if self.count == len(costs):
            chosen = np.arange(self.count)
        else:
            chosen = np.argpartition(costs, self.count - 1)[: self.count]
        return chosen, float(costs[chosen].sum())

    def _priced(self, costs: Floats) -> tuple[Indices, float]:
        """Relax the budget with a price per euro; the best of the prices tried is a valid bound."""
        assert self.prices is not None
        chosen, value = self._smallest(np.minimum(costs, 0.0))
        if float(self.prices[chosen].sum()) <= self.left:
            return chosen, value
        low, high = 0.0, float((-costs / np.maximum(self.prices, 1e-9)).max())
        best = value
        for _ in range(24):
            price = (low + high) / 2
            picked, total = self._smallest(np.minimum(costs + price * self.prices, 0.0))
            total -= price * self.left
            best = max(best, total)
            wanted = picked[(costs + price * self.prices)[picked] < 0]
            if float(self.prices[wanted].sum()) > self.left:
                low = price
            else:
                high, chosen = price, wanted
        return chosen, best


def prove_bound(  # noqa: PLR0913, PLR0915 - the state of one search
    table: CostTable,
    count: int,
    fixed: NDArray[np.bool_],
    barred: NDArray[np.bool_],
    known: tuple[float, Floats],
    effort: Effort,
    *,
    prices: Floats | None = None,
    budget: float = np.inf,
    improve: Callable[[Indices], float] | None = None,
    stop: Clock = lambda: False,
    whole: bool = False,
) -> Bound:
    """
    Climb to a lower bound of the p-median by subgradients.

    Parameters
    ----------
    table
        Costs of every zone and site.
    count
        How many sites may open beside the fixed ones.
    fixed, barred
        Axis (site): sites that are open, sites that never open.
    known
        Cost of a known choice, and prices of the zones to begin with (axis zone).
    effort
        Iterations, patience, memory.
    prices, budget
        Price of each site and what all open sites may cost.
    improve
        Called now and then with the sites of the relaxation; answers the cost of the best choice known.
    stop
        Says that time is over.
    whole
        Whether all costs are whole numbers: a bound above the best choice minus one then ends the climb.

    Returns
    -------
    Bound
        The bound, rounded down, with the reduced costs.
    """
    zones, sites = table.zones, table.sites
    best_cost, zone_prices = known
    open_count = max(count + int(fixed.sum()), 1)
    kept = min(sites, max(32, 6 * sites // open_count))
    ranked = np.ascontiguousarray(table.ranked[:, :kept])
    site_at = table.site_at_rank[:, :kept].astype(np.intp)
    flat = site_at.ravel()
    roof = table.ranked[:, kept] if kept < sites else np.full(zones, np.inf)
    selection = _Selection(fixed, barred, count, prices, budget)

    best, best_prices = -np.inf, zone_prices
    reduced_costs = np.zeros(sites)
    direction = np.zeros(zones)
    step, stalled, tried = 1.0, 0, set[bytes]()
    complete = False
    for iteration in range(effort.iterations):
        if stop():
            break
        zone_prices = np.minimum(zone_prices, roof)
        lowered = np.minimum(ranked - zone_prices[:, None], 0.0)
        reduced = np.bincount(flat, lowered.ravel(), minlength=sites).astype(np.float64)
        chosen, inner = selection.cheapest(reduced)
        value = float(zone_prices.sum()) + inner
        # Rounded outward: the sums run over numbers of this size.
        value -= _ROUNDING * (float(np.abs(zone_prices).sum()) + float(np.abs(reduced).sum()))
        if value > best:
            if value > best + 1e-4 * (best_cost - best):
                stalled = 0
            best, best_prices, reduced_costs = value, zone_prices, reduced
        else:
            stalled += 1
            if stalled >= effort.patience:
                step, stalled = step / 2, 0
                zone_prices = best_prices
                direction[:] = 0.0
        if improve is not None and iteration % effort.every == effort.every - 1:
            key = chosen.tobytes()
            if key not in tried:
                tried.add(key)
                best_cost = min(best_cost, improve(chosen))
        proven = best > best_cost - 1 + 1e-6 if whole else best >= best_cost * (1 - 1e-9)
        if proven or step < 1e-3:
            complete = True
            break
        is_chosen = np.zeros(sites, dtype=bool)
        is_chosen[chosen] = True
        served = (is_chosen[site_at] & (lowered < 0)).sum(axis=1)
        direction = (1 - effort.memory) * (1.0 - served) + effort.memory * direction
        length = float(direction @ direction)
        if length == 0:
            complete = True
            break
        zone_prices = zone_prices + step * max(best_cost - value, 0.0) / length * direction
        np.maximum(zone_prices, ranked[:, 0], out=zone_prices)
    return Bound(best, reduced_costs, complete)
