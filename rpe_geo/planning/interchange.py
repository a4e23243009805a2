r"""
Fast interchange for the p-median: swap one open site for a closed one while it helps (Teitz & Bart 1968).

For every pair (closed site f, open site r) the gain of the swap is $G_f - L_r + E_{rf}$ (Whitaker 1983; Resende &
Werneck 2004): $G_f$ what the zones nearer to f gain, $L_r$ what the zones of r lose when they move to their second
nearest site, $E_{rf}$ what f saves of that loss. After a swap only the zones whose two nearest sites change are
counted again, and for each of them only the sites nearer than its second nearest: a few in a hundred.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rpe_geo.planning.cost_table import CostTable

__all__ = ["Interchange", "greedy_sites"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

_IMPROVEMENT = 1e-10
"""Relative gain below which a swap is rounding, not improvement."""


class Interchange:
    """
    An open set of sites and what each swap would gain; sums are kept up to date swap after swap.

    Parameters
    ----------
    table
        Costs of every zone and site.
    open_sites
        Positions of the sites to begin with.
    fixed
        Axis (site): sites that stay open.
    barred
        Axis (site): sites that are never opened.
    prices, budget
        Price of each site, and what the open sites may cost together.
    """

    def __init__(
        self,
        table: CostTable,
        open_sites: Sequence[int] | Indices,
        fixed: NDArray[np.bool_],
        barred: NDArray[np.bool_],
        prices: Floats | None = None,
        budget: float = np.inf,
    ) -> None:
        self.table = table
        self.fixed = fixed
        self.barred = barred
        self.prices = prices
        self.budget = budget
        self.open = np.array(open_sites, dtype=np.intp)
        self.is_open = np.zeros(table.sites, dtype=bool)
        self.is_open[self.open] = True
        self.count_afresh()

    def count_afresh(self) -> None:
        """Count every sum from the open sites alone, free of the rounding of earlier swaps."""
        self.first, self.cost_first, self.second, self.cost_second = self._two_nearest(None)
        self.cost = float(self.cost_first.sum())
        slots, sites = len(self.open), self.table.sites
        self._gain = np.zeros(sites)
        self._saved = np.zeros(slots * sites)
        self._loss = np.zeros(slots)
        self._count(np.arange(self.table.zones), 1.0)

    def _two_nearest(self, zones: Indices | None) -> tuple[Indices, Floats, Indices, Floats]:
        """Find the two nearest open sites of some zones, as slots of `open`, with their costs."""
        table = self.table
        if zones is None:
            costs = table.by_site[self.open]
        else:
            costs = table.by_site[np.ix_(self.open, zones)]
        each = np.arange(costs.shape[1])
        first = costs.argmin(axis=0)
        cost_first = costs[first, each]
        if len(self.open) == 1:
            # A lone site has no second: its loss is what an unreached zone costs.
            return first, cost_first, first, np.full(len(each), table.penalty)
        costs[first, each] = np.inf
        second = costs.argmin(axis=0)
        return first, cost_first, second, costs[second, each]

    def _count(self, zones: Indices, sign: float) -> None:
        """Add (or take away) what these zones contribute to the sums."""
        table, sites = self.table, self.table.sites
        near, far, slot = self.cost_first[zones], self.cost_second[zones], self.first[zones]
        self._loss += sign * np.bincount(slot, far - near, minlength=len(self.open))
        live = np.arange(len(zones))
        low = 0
        while low < sites and live.size:
            high = min(sites, max(16, 2 * low))
            costs = table.ranked[zones[live], low:high]
            nearer = costs < far[live][:, None]
            row, rank = np.nonzero(nearer)
            cost, row = costs[row, rank], live[row]
            site = table.site_at_rank[zones[row], low + rank]
            gained = np.maximum(near[row] - cost, 0.0)
            saved = far[row] - np.maximum(cost, near[row])
            self._gain += sign * np.bincount(site, gained, minlength=sites)
            self._saved += sign * np.bincount(
                slot[row] * sites + site, saved, minlength=len(self._saved)
            )
            live = live[nearer[:, -1]]
            low = high

    def best_swap(self) -> tuple[int, int, float]:
        """Find the swap that gains most: slot to close, site to open, gain."""
        sites = self.table.sites
        profit = self._saved.reshape(len(self.open), sites) + self._gain - self._loss[:, None]
        profit[:, self.is_open | self.barred] = -np.inf
        profit[self.fixed[self.open]] = -np.inf
        if self.prices is not None:
            spent = float(self.prices[self.open].sum())
            over = spent - self.prices[self.open][:, None] + self.prices > self.budget
            profit[over] = -np.inf
        at = int(profit.argmax())
        slot, site = divmod(at, sites)
        return slot, site, float(profit[slot, site])

    def swap(self, slot: int, site: int) -> None:
        """Close the site of a slot and open another in its place."""
        cost_new = self.table.by_site[site]
        loses = (self.first == slot) | (self.second == slot)
        touched = np.flatnonzero(loses | (cost_new < self.cost_second))
        self._count(touched, -1.0)
        self.is_open[self.open[slot]] = False
        self.is_open[site] = True
        self.open[slot] = site
        lost = touched[loses[touched]]
        if lost.size:
            found = self._two_nearest(lost)
            self.first[lost], self.cost_first[lost] = found[0], found[1]
            self.second[lost], self.cost_second[lost] = found[2], found[3]
        others = touched[~loses[touched]]
        nearest = others[cost_new[others] < self.cost_first[others]]
        self.second[nearest] = self.first[nearest]
        self.cost_second[nearest] = self.cost_first[nearest]
        self.first[nearest], self.cost_first[nearest] = slot, cost_new[nearest]
        behind = others[cost_new[others] >= self.cost_first[others]]
        behind = behind[self.first[behind] != slot]
        self.second[behind], self.cost_second[behind] = slot, cost_new[behind]
        self._count(touched, 1.0)
        self.cost = float(self.cost_first.sum())

    def descend(self, most: int = 10_000) -> None:
        """Swap while it helps; at most `most` swaps."""
        for _ in range(most):
            slot, site, gain = self.best_swap()
            if gain <= _IMPROVEMENT * max(self.cost, 1.0):
                return
            before = self.cost
            self.swap(slot, site)
            if self.cost >= before:  # the sums have drifted: count them again
                self.count_afresh()
                slot, site, gain = self.best_swap()
                if gain <= _IMPROVEMENT * max(self.cost, 1.0):
                    return

    def move_to(self, sites: Indices) -> None:
        """Open exactly these sites, by as many swaps as they differ."""
        wanted = np.zeros(self.table.sites, dtype=bool)
        wanted[sites] = True
        slots = np.flatnonzero(~wanted[self.open])
        arriving = np.flatnonzero(wanted & ~self.is_open)
        for slot, site in zip(slots, arriving, strict=True):
            self.swap(int(slot), int(site))


def greedy_sites(
    table: CostTable,
    count: int,
    begun: Sequence[int] | Indices,
    barred: NDArray[np.bool_],
    prices: Floats | None = None,
    budget: float = np.inf,
) -> Indices:
    """
    Open sites one by one, each time the one that saves most (most per euro when sites have prices).

    Parameters
    ----------
    table
        Costs of every zone and site.
    count
        How many sites to add.
    begun
        Sites that are open already.
    barred
        Axis (site): sites that are never opened.
    prices, budget
        Price of each site, and what all open sites may cost.

    Returns
    -------
    array
        The open sites, `begun` first; fewer than asked when the budget allows no more.
    """
    opened = [int(site) for site in begun]
    served = np.full(table.zones, table.penalty)
    if opened:
        served = table.by_site[opened].min(axis=0)
    spent = float(prices[opened].sum()) if prices is not None else 0.0
    worth = np.ones(table.sites) if prices is None else 1.0 / np.maximum(prices, 1e-9)
    allowed = ~barred
    allowed[opened] = False
    # Gains only fall as sites open: the gain of an earlier step bounds the present one (lazy greedy).
    queue = [
        (-float(np.maximum(served - table.by_site[site], 0.0).sum() * worth[site]), site, -1)
        for site in np.flatnonzero(allowed)
    ]
    heapq.heapify(queue)
    for step in range(count):
        while queue:
            _, site, counted_at = heapq.heappop(queue)
            if prices is not None and spent + prices[site] > budget:
                continue
            if counted_at == step:
                break
            gain = float(np.maximum(served - table.by_site[site], 0.0).sum() * worth[site])
            heapq.heappush(queue, (-gain, site, step))
        else:
            break
        opened.append(int(site))
        served = np.minimum(served, table.by_site[site])
        spent += float(prices[site]) if prices is not None else 0.0
    return np.array(opened, dtype=np.intp)
