"""A siting problem: zones with children, candidate sites with their limits and prices, minutes between them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpe_geo.errors import InputError
from rpe_geo.observatory.decay import Decay
from rpe_geo.planning.capacitated import Capacities
from rpe_geo.planning.p_median import MedianRules

__all__ = ["DEFAULT_CUTOFF_MIN", "SitingOptions", "SitingProblem", "Task", "prepare"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

OBJECTIVES = ("p_median", "mclp", "lscp", "p_center", "access_floor")
_WITH_CUTOFF = ("mclp", "lscp", "access_floor")
DEFAULT_CUTOFF_MIN = 15.0


@dataclass(frozen=True)
class SitingProblem:
    """
    What is known before choosing.

    Parameters
    ----------
    zones
        Ids of the zones.
    children
        Children by zone, axis (zone); 0 where there are none or the number is missing.
    sites
        Ids of the candidate sites, existing ones among them.
    minutes
        Travel times, axes (zone, site); `inf` where none is known.
    places_min, places_max
        Least and most places of a site, axis (site); nan without a limit.
    cost, cost_per_place
        Euros to open a site, and for each of its places; nan where not given.
    """

    zones: pd.Index
    children: Floats
    sites: pd.Index
    minutes: Floats
    places_min: Floats
    places_max: Floats
    cost: Floats
    cost_per_place: Floats

    def site_id(self, at: int | np.integer) -> str:
        """Name the site of a position."""
        return str(self.sites[int(at)])


@dataclass(frozen=True)
class SitingOptions:
    """
    What is asked.

    Parameters
    ----------
    objective
        One of `OBJECTIVES`.
    count
        How many new sites; None where the objective or the budget decides.
    cutoff_min
        Longest travel time that counts, minutes; included.
    existing, closable
        Ids of the sites that exist; of these, the ones that may close so that another opens.
    budget
        What new sites may cost together, euros.
    split
        Whether a zone may be shared out over several sites with limited places.
    decay
        Weight of a travel time, for access_floor.
    floor_share
        Part of the children that access_floor raises.
    alternatives
        How many other choices within 1 % are told.
    curve
        Whether every number of sites from 1 to `count` is solved.
    draws
        How many times demand and minutes are moved to see which sites stay chosen.
    seed
        Of the searches and draws.
    time_limit_s
        Seconds after which the best known is told.
    """

    objective: str
    count: int | None = None
    cutoff_min: float | None = None
    existing: tuple[str, ...] = ()
    closable: tuple[str, ...] = ()
    budget: float | None = None
    split: bool = False
    decay: Decay | None = None
    floor_share: float = 0.4
    alternatives: int = 5
    curve: bool = False
    draws: int = 0
    seed: int = 0
    time_limit_s: float | None = 60.0


@dataclass(frozen=True)
class Task:
    """
    A problem made ready for the solvers: ids are positions, limits are numbers, every option is checked.

    Parameters
    ----------
    problem, options
        What was given.
    served
        Axis (zone): zones that have children and that some site can reach within the cutoff.
    minutes
        Axes (zone, site), `inf` beyond the cutoff.
    fixed, existing, closable
        Axis (site).
    count
        Sites that open beside the fixed ones: new ones, and as many as may close.
    """

    problem: SitingProblem
    options: SitingOptions
    minutes: Floats
    fixed: Bools
    existing: Bools
    closable: Bools
    count: int | None
    served: Bools = field(default_factory=lambda: np.empty(0, dtype=bool))

    @property
    def weights(self) -> Floats:
        """Children of the zones served."""
        return self.problem.children[self.served]

    @property
    def prices(self) -> Floats | None:
        """Euros to open each site; existing ones are paid; None without a budget."""
        if self.options.budget is None:
            return None
        return np.where(self.existing, 0.0, np.nan_to_num(self.problem.cost, nan=0.0))

    @property
    def budget(self) -> float:
        """Euros; infinite without a budget."""
        return np.inf if self.options.budget is None else self.options.budget

    @property
    def rules(self) -> MedianRules:
        """What a choice must keep."""
        free = int((~self.fixed).sum())
        count = free if self.count is None else self.count
        none_barred = np.zeros(len(self.fixed), dtype=bool)
        return MedianRules(count, self.fixed, none_barred, self.prices, self.budget)

    @property
    def limited(self) -> bool:
        """Whether sites have limits of places, or places have a price that a budget must pay."""
        problem = self.problem
        has_limits = ~np.isnan(problem.places_max) | (np.nan_to_num(problem.places_min) > 0)
        priced = self.options.budget is not None and np.nan_to_num(problem.cost_per_place) > 0
        return bool(has_limits.any() or np.any(priced))

    @property
    def capacities(self) -> Capacities:
        """Limits and prices as the solvers read them."""
        problem = self.problem
        return Capacities(
            least=np.nan_to_num(problem.places_min, nan=0.0),
            most=np.where(np.isnan(problem.places_max), np.inf, problem.places_max),
            prices=np.where(self.existing, 0.0, np.nan_to_num(problem.cost, nan=0.0)),
            prices_per_place=np.where(
                self.existing, 0.0, np.nan_to_num(problem.cost_per_place, nan=0.0)
            ),
            budget=self.budget,
            split=self.options.split,
        )

    def with_count(self, count: int) -> Task:
        """Ask for another number of new sites."""
        return replace(
            self,
            count=count + int(self.closable.sum()),
            options=replace(self.options, count=count),
        )


def prepare(problem: SitingProblem, options: SitingOptions) -> Task:
    """
    Check what is asked and make it ready for the solvers.

    Parameters
    ----------
    problem
        What is known.
    options
        What is asked.

    Returns
    -------
    Task
        Positions and numbers.

    Raises
    ------
    InputError
        For anything that no choice can satisfy, with what would make it feasible.
    """
    if options.objective not in OBJECTIVES:
        raise InputError("site_objective", given=options.objective, known=list(OBJECTIVES))
    if options.budget is not None and not 0 <= options.budget < np.inf:
        raise InputError("site_budget_negative", given=options.budget)
    if options.cutoff_min is not None and not 0 < options.cutoff_min < np.inf:
        raise InputError("site_cutoff", given=options.cutoff_min)
    existing = _positions(problem, options.existing, "site_existing_outside")
    closable = _positions(problem, options.closable, "site_closable_outside")
    if (closable & ~existing).any():
        site = str(problem.sites[int(np.flatnonzero(closable & ~existing)[0])])
        raise InputError("site_closable_not_existing", site=site)
    fixed = existing & ~closable
    _check_count(problem, options, existing)
    cutoff = options.cutoff_min
    if cutoff is None and options.objective in _WITH_CUTOFF:
        cutoff = DEFAULT_CUTOFF_MIN
    minutes = problem.minutes
    if cutoff is not None:
        minutes = np.where(minutes <= cutoff, minutes, np.inf)
        options = replace(options, cutoff_min=cutoff)
    count = options.count
    if count is not None:
        count += int(closable.sum())
    served = (problem.children > 0) & np.isfinite(minutes).any(axis=1)
    task = Task(problem, options, minutes, fixed, existing, closable, count, served)
    _check_budget(task)
    return task


def _positions(problem: SitingProblem, ids: tuple[str, ...], code: str) -> Bools:
    at = problem.sites.get_indexer(pd.Index(list(ids), dtype=object))
    if (at < 0).any():
        unknown = [name for name, place in zip(ids, at, strict=True) if place < 0]
        raise InputError(code, sites=unknown[:5], count=len(unknown), candidates=len(problem.sites))
    mask = np.zeros(len(problem.sites), dtype=bool)
    mask[at] = True
    return mask


def _check_count(problem: SitingProblem, options: SitingOptions, existing: Bools) -> None:
    count, free = options.count, int((~existing).sum())
    if count is None:
        if options.objective != "lscp" and options.budget is None:
            raise InputError("site_count_needed", objective=options.objective)
        return
    if count < 0:
        raise InputError("site_count_negative", given=count)
    if count > free:
        raise InputError(
            "site_count_too_large",
            asked=count,
            candidates=free,
            existing=int(existing.sum()),
        )
    if options.objective == "access_floor":
        missing = np.isnan(problem.places_max)
        if missing.any():
            site = str(problem.sites[int(np.flatnonzero(missing)[0])])
            raise InputError("site_places_needed", site=site, count=int(missing.sum()))


def _check_budget(task: Task) -> None:
    """Check that the budget opens something, and that what it opens has a price."""
    if task.options.budget is None:
        return
    problem, new = task.problem, ~task.existing
    priced = ~np.isnan(problem.cost) | ~np.isnan(problem.cost_per_place)
    if (new & ~priced).any():
        site = str(problem.sites[int(np.flatnonzero(new & ~priced)[0])])
        raise InputError("site_cost_needed", site=site, count=int((new & ~priced).sum()))
    if not new.any() or task.options.count == 0:
        return
    least = np.nan_to_num(problem.cost, nan=0.0) + np.nan_to_num(
        problem.cost_per_place, nan=0.0
    ) * np.nan_to_num(problem.places_min, nan=0.0)
    cheapest = float(least[new].min())
    if cheapest > task.options.budget:
        site = str(problem.sites[int(np.flatnonzero(new)[least[new].argmin()])])
        raise InputError(
            "site_budget_opens_nothing", budget=task.options.budget, cheapest=cheapest, site=site
        )
