r"""
Sites with a least and a most number of children: the capacitated p-median, MCLP and LSCP.

$x_{if}$ is the share of zone i that site f serves, $y_f$ whether it opens:
$\sum_f x_{if} = 1$ (or $\le 1$ for MCLP), $x_{if} \le y_f$, $l_f y_f \le \sum_i w_i x_{if} \le u_f y_f$
(Mulvey & Beck 1984). Without splitting, every $x_{if}$ is 0 or 1. A budget counts
$\sum_f (c_f y_f + c'_f \sum_i w_i x_{if})$.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import LinearConstraint
from scipy.sparse import coo_array, csr_array

from rpe_geo.errors import InputError
from rpe_geo.planning.programs import Deadline, solve_program

__all__ = ["Allocated", "Capacities", "solve_capacitated"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Indices = NDArray[np.intp]

_MOST_PAIRS = 400_000


@dataclass(frozen=True)
class Capacities:
    """
    What each site can take and costs.

    Parameters
    ----------
    least, most
        Children at an open site, axis (site); 0 and `inf` without a limit.
    prices, prices_per_place
        Euros to open a site, and for each child it serves.
    budget
        What the open sites may cost; `inf` without.
    split
        Whether a zone may be served by several sites.
    """

    least: Floats
    most: Floats
    prices: Floats
    prices_per_place: Floats
    budget: float
    split: bool


@dataclass(frozen=True)
class Allocated:
    """
    Open sites and who goes where.

    Parameters
    ----------
    sites
        Positions of the open sites; None when none is possible (`complete`) or none was found in time.
    zone, site, share
        One entry per pair served.
    objective, bound
        In the sense of the objective: minutes, children or sites.
    complete
        Whether the solver ended by itself.
    """

    sites: Indices | None
    zone: Indices
    site: Indices
    share: Floats
    objective: float
    bound: float
    complete: bool


def solve_capacitated(  # noqa: PLR0913 - the parts of one program
    objective: Literal["p_median", "mclp", "lscp"],
    minutes: Floats,
    weights: Floats,
    count: int | None,
    fixed: Bools,
    barred: Bools,
    capacities: Capacities,
    deadline: Deadline,
    *,
    without: Sequence[Indices] = (),
) -> Allocated:
    """
    Choose sites and share the zones out among them.

    Parameters
    ----------
    objective
        What is wanted.
    minutes
        Axes (zone, site), `inf` where a site does not serve a zone (beyond the cutoff too).
    weights
        Children of each zone, more than 0.
    count
        How many new sites; None for as many as it takes (or as the budget allows).
    fixed, barred
        Axis (site): sites that stay open, sites that never open.
    capacities
        Limits and prices.
    deadline
        When to stop.
    without
        Choices of sites that are not wanted again.

    Returns
    -------
    Allocated
        Sites and allocation.

    Raises
    ------
    InputError
        When there are too many pairs for an integer program.
    """
    usable = np.isfinite(minutes) & ~barred
    zone, site = np.nonzero(usable)
    if len(zone) > _MOST_PAIRS:
        raise InputError("site_capacitated_too_large", pairs=len(zone), most=_MOST_PAIRS)
    sites, pairs = minutes.shape[1], len(zone)
    carried = weights[zone]
    match objective:
        case "p_median":
            costs = np.concatenate([np.zeros(sites), carried * minutes[zone, site]])
        case "mclp":
            costs = np.concatenate([np.zeros(sites), -carried])
        case "lscp":
            costs = np.concatenate([np.where(fixed, 0.0, 1.0), np.zeros(pairs)])
    whole = np.concatenate(
        [np.ones(sites, dtype=bool), np.full(pairs, not capacities.split, dtype=bool)]
    )
    lower = np.concatenate([fixed.astype(np.float64), np.zeros(pairs)])
    upper = np.concatenate([(~barred).astype(np.float64), np.ones(pairs)])
    answer = solve_program(
        costs,
        whole,
        [
            *_rows(zone, site, minutes.shape, weights, count, fixed, capacities, objective),
            *_not_again(without, sites, pairs),
        ],
        lower=lower,
        upper=upper,
        deadline=deadline.left,
    )
    if not answer.complete:
        deadline.passed = True
    none = np.empty(0, dtype=np.intp)
    if answer.values is None:
        sign = -1.0 if objective == "mclp" else 1.0
        return Allocated(
            None, none, none, np.empty(0), np.inf, sign * answer.bound, answer.complete
        )
    opened = np.flatnonzero(answer.values[:sites] > 0.5)
    share = answer.values[sites:]
    if not capacities.split:
        share = np.round(share)
    served = share > 1e-9
    zone, site, share = zone[served], site[served], share[served]
    value, bound = _valued(objective, answer.bound, (zone, site, share), minutes, weights)
    if objective == "lscp":
        value = float((~fixed[opened]).sum())
        bound = float(np.ceil(answer.bound - 1e-6))
    if answer.complete and abs(value - bound) <= 1e-7 * max(1.0, abs(value)):
        bound = value
    return Allocated(opened, zone, site, share, value, bound, answer.complete)


def _valued(
    objective: str,
    proven: float,
    served: tuple[Indices, Indices, Floats],
    minutes: Floats,
    weights: Floats,
) -> tuple[float, float]:
    zone, site, share = served
    if objective == "p_median":
        return float((weights[zone] * share * minutes[zone, site]).sum()), proven
    return float((weights[zone] * share).sum()), -proven


def _not_again(without: Sequence[Indices], sites: int, pairs: int) -> list[LinearConstraint]:
    """Forbid some choices: each must differ by a site."""
    rows = []
    for chosen in without:
        row = np.zeros((1, sites + pairs))
        row[0, :sites] = -1.0
        row[0, chosen] = 1.0
        rows.append(LinearConstraint(csr_array(row), -np.inf, len(chosen) - 1))
    return rows


def _rows(
    zone: Indices,
    site: Indices,
    shape: tuple[int, int],
    weights: Floats,
    count: int | None,
    fixed: Bools,
    capacities: Capacities,
    objective: str,
) -> list[LinearConstraint]:
    """Write the rows of the program: service, links, capacities, number of sites, budget."""
    zones, sites = shape
    pairs = len(zone)
    each = np.arange(pairs)
    columns = sites + pairs
    carried = weights[zone]

    served = coo_array((np.ones(pairs), (zone, sites + each)), shape=(zones, columns))
    link = coo_array(
        (
            np.concatenate([np.ones(pairs), -np.ones(pairs)]),
            (np.tile(each, 2), np.concatenate([sites + each, site])),
        ),
        shape=(pairs, columns),
    )
    rows = [
        LinearConstraint(served.tocsr(), 0 if objective == "mclp" else 1, 1),
        LinearConstraint(link.tocsr(), -np.inf, 0),
    ]
    for limit, low, high in (
        (np.minimum(capacities.most, weights.sum()), -np.inf, 0.0),
        (capacities.least, 0.0, np.inf),
    ):
        load = coo_array(
            (
                np.concatenate([carried, -limit]),
                (
                    np.concatenate([site, np.arange(sites)]),
                    np.concatenate([sites + each, np.arange(sites)]),
                ),
            ),
            shape=(sites, columns),
        )
        rows.append(LinearConstraint(load.tocsr(), low, high))
    if count is not None:
        total = np.zeros((1, columns))
        total[0, :sites] = 1.0
        most = count + int(fixed.sum())
        exactly = objective == "p_median" and not np.isfinite(capacities.budget)
        exactly &= not capacities.least.any()
        rows.append(LinearConstraint(csr_array(total), most if exactly else -np.inf, most))
    if np.isfinite(capacities.budget):
        spent = np.zeros((1, columns))
        spent[0, :sites] = np.where(fixed, 0.0, capacities.prices)
        spent[0, sites:] = np.where(fixed[site], 0.0, capacities.prices_per_place[site]) * carried
        rows.append(LinearConstraint(csr_array(spent), -np.inf, capacities.budget))
    return rows
