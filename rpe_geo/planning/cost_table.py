"""The costs of serving every zone from every site, with the sites of each zone in order of cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpe_geo.errors import InputError

__all__ = ["CostTable"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

LARGEST_TABLE = 120_000_000
"""Cells beyond which the dense tables no longer fit in a few gigabytes."""


@dataclass(frozen=True)
class CostTable:
    """
    What serving each zone from each site costs; the searches read it by zone, by site and by rank.

    Parameters
    ----------
    by_site
        Cost, children times minutes, axes (site, zone); where no time is known, `penalty`.
    ranked
        The same costs sorted by zone, axes (zone, rank).
    site_at_rank
        Which site has this rank, axes (zone, rank); ties in the order of the sites.
    penalty
        Cost of a zone that no open site reaches: more than any choice that reaches every zone.
    """

    by_site: Floats
    ranked: Floats
    site_at_rank: NDArray[np.int32]
    penalty: float

    @property
    def sites(self) -> int:
        """Number of sites."""
        return int(self.by_site.shape[0])

    @property
    def zones(self) -> int:
        """Number of zones."""
        return int(self.by_site.shape[1])

    @classmethod
    def from_costs(cls, costs: Floats) -> CostTable:
        """
        Sort a table of costs.

        Parameters
        ----------
        costs
            Axes (zone, site); `inf` where a site does not reach a zone.

        Raises
        ------
        InputError
            When the table would not fit in memory.
        """
        if costs.size > LARGEST_TABLE:
            raise InputError("site_table_too_large", zones=costs.shape[0], sites=costs.shape[1])
        reached = np.isfinite(costs)
        # Dearer than serving every zone from its farthest site, whatever the choice.
        dearest = np.where(reached, costs, 0.0).max(axis=1, initial=0.0)
        penalty = 1.0 + 2.0 * float(dearest.sum())
        costs = np.where(reached, costs, penalty)
        order = np.argsort(costs, axis=1, kind="stable").astype(np.int32)
        ranked = np.take_along_axis(costs, order, axis=1)
        return cls(np.ascontiguousarray(costs.T), ranked, order, penalty)

    def cost_of(self, sites: NDArray[np.integer]) -> float:
        """Sum the costs of the zones, each served by its nearest of these sites."""
        return float(self.by_site[sites].min(axis=0).sum())
