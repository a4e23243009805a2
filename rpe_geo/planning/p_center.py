r"""
The p-center: open p sites so that the farthest zone is as near as can be (Hakimi 1964; Minieka 1970).

The answer is one of the travel times of the table: it is found by halving the sorted times, each asking whether p sites
cover every zone within them. Children do not weigh: one family far away counts as much as many.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rpe_geo.planning.covering import cover_with_fewest
from rpe_geo.planning.p_median import MedianRules
from rpe_geo.planning.programs import Deadline

__all__ = ["Center", "least_count", "solve_p_center"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Center:
    """
    The sites of a p-center.

    Parameters
    ----------
    sites
        Positions of the open sites; None when no choice reaches every zone.
    minutes
        Travel time of the farthest zone.
    bound
        No choice brings every zone nearer than this.
    """

    sites: Indices | None
    minutes: float
    bound: float


def solve_p_center(minutes: Floats, rules: MedianRules, deadline: Deadline) -> Center:
    """
    Bring the farthest zone as near as possible.

    Parameters
    ----------
    minutes
        Axes (zone, site), `inf` where unreachable; every zone given must be reached.
    rules
        How many sites, fixed and barred ones, prices and budget.
    deadline
        When to stop; each cover is given a share of the time left.

    Returns
    -------
    Center
        Sites, minutes, bound.
    """
    usable = np.where(rules.barred, np.inf, minutes)
    nearest = usable.min(axis=1)
    if not np.isfinite(nearest).all():
        return Center(None, np.inf, np.inf)
    high_sites = _farthest_first(usable, rules)
    high = np.inf
    if high_sites is not None:
        high = float(usable[:, high_sites].min(axis=1).max())
    times = np.unique(usable[np.isfinite(usable)])
    # Nobody can be nearer than the best site of the worst zone.
    low_at = int(np.searchsorted(times, nearest.max()))
    high_at = int(np.searchsorted(times, high)) if np.isfinite(high) else len(times)
    best, proven = high_sites, low_at
    while low_at < high_at:
        middle = (low_at + high_at) // 2
        within = usable <= times[middle]
        share = Deadline(deadline.left() / 3) if np.isfinite(deadline.left()) else deadline
        cover = cover_with_fewest(within, rules, share)
        if cover.sites is not None and cover.value <= rules.count:
            best = cover.sites
            reached = float(usable[:, best].min(axis=1).max())
            high_at = int(np.searchsorted(times, reached))
            continue
        if cover.bound > rules.count:
            proven = middle + 1
        else:
            deadline.passed = True  # undecided in the time given: the bound stays where it is
        low_at = middle + 1
        if deadline():
            break
    if best is None:
        return Center(None, np.inf, np.inf)
    best = _completed(usable, rules, best)
    reached = float(usable[:, best].min(axis=1).max())
    bound = float(times[proven]) if proven < len(times) else reached
    return Center(np.sort(best), reached, min(bound, reached))


def _farthest_first(minutes: Floats, rules: MedianRules) -> Indices | None:
    """Open the best site of the farthest zone, again and again (Gonzalez 1985): a first choice."""
    fixed = np.flatnonzero(rules.fixed)
    sites = [int(site) for site in fixed]
    spent = 0.0 if rules.prices is None else float(rules.prices[fixed].sum())
    served = minutes[:, sites].min(axis=1) if sites else np.full(len(minutes), np.inf)
    for _ in range(rules.count):
        zone = int(np.argmax(served))
        site = int(np.argmin(minutes[zone]))
        if site in sites:
            break
        if rules.prices is not None:
            spent += float(rules.prices[site])
            if spent > rules.budget:
                break
        sites.append(site)
        served = np.minimum(served, minutes[:, site])
    return np.array(sites, dtype=np.intp) if np.isfinite(served).all() else None


def _completed(minutes: Floats, rules: MedianRules, sites: Indices) -> Indices:
    """Open the sites still allowed: each time the one that brings most zones nearer."""
    if rules.prices is not None:
        return sites
    chosen = [int(site) for site in sites]
    closed = ~rules.barred
    closed[chosen] = False
    served = minutes[:, chosen].min(axis=1) if chosen else np.full(len(minutes), np.inf)
    total = rules.count + int(rules.fixed.sum())
    while len(chosen) < total and closed.any():
        others = np.flatnonzero(closed)
        far = np.where(np.isfinite(served), served, 1e9)[:, None]
        gain = np.maximum(far - minutes[:, others], 0.0).sum(axis=0)
        site = int(others[int(gain.argmax())])
        chosen.append(site)
        closed[site] = False
        served = np.minimum(served, minutes[:, site])
    return np.array(chosen, dtype=np.intp)


def least_count(minutes: Floats, rules: MedianRules, deadline: Deadline) -> float:
    """
    Count the fewest new sites that reach every zone.

    Parameters
    ----------
    minutes
        Axes (zone, site), `inf` where unreachable.
    rules
        Fixed and barred sites, prices and budget.
    deadline
        When to stop.

    Returns
    -------
    float
        The number; `inf` when no choice reaches every zone.
    """
    return cover_with_fewest(np.isfinite(minutes), replace(rules, count=0), deadline).value
