"""Where to open: one question, five objectives, and what is proven of the answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from rpe_geo.errors import InputError
from rpe_geo.observatory.decay import Decay, Step
from rpe_geo.observatory.results import Note
from rpe_geo.planning.access_floor import raise_floor
from rpe_geo.planning.capacitated import Allocated, solve_capacitated
from rpe_geo.planning.cost_table import CostTable
from rpe_geo.planning.covering import cover_most, cover_with_fewest
from rpe_geo.planning.p_center import least_count, solve_p_center
from rpe_geo.planning.p_median import Effort, improve_from, solve_p_median
from rpe_geo.planning.problem import SitingOptions, SitingProblem, Task, prepare
from rpe_geo.planning.programs import Deadline

__all__ = ["Choice", "SitingResult", "choose_sites", "decay_of", "solve_task"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

_QUICK = Effort(iterations=120, patience=8)


@dataclass(frozen=True)
class Choice:
    """
    Open sites and what is proven of them.

    Parameters
    ----------
    sites
        Positions of all open sites, existing ones included.
    objective, bound
        In the unit of the objective; the bound is on the side that no choice can pass.
    shares
        Zone, site and share of the zone, one entry per pair, where limits of places decide who goes where.
    near
        Other choices met on the way (positions as int32 bytes) with their objective.
    places
        Places of each site, axis (site), for access_floor.
    access_before, access
        E2SFCA of the zones served, for access_floor.
    """

    sites: Indices
    objective: float
    bound: float
    shares: tuple[Indices, Indices, Floats] | None = None
    near: dict[bytes, float] = field(default_factory=dict)
    places: Floats | None = None
    access_before: Floats | None = None
    access: Floats | None = None


@dataclass(frozen=True)
class SitingResult:
    """
    The answer to where to open.

    Parameters
    ----------
    task
        What was asked.
    choice
        The open sites and their bound.
    alternatives
        Other choices within 1 %: new sites, objective, relative difference.
    curve
        Objective and bound for every number of sites.
    stability
        How often each site stays chosen when demand and minutes move.
    notes
        What was left out or not decided.
    stopped_by
        « time » when the time limit ended the search.
    """

    task: Task
    choice: Choice
    alternatives: tuple[dict[str, Any], ...] = ()
    curve: tuple[dict[str, Any], ...] = ()
    stability: tuple[dict[str, Any], ...] = ()
    notes: tuple[Note, ...] = ()
    stopped_by: str | None = None

    @property
    def new_sites(self) -> list[str]:
        """Ids of the sites to open."""
        sites = self.choice.sites
        return [self.task.problem.site_id(at) for at in sites if not self.task.existing[at]]

    @property
    def gap(self) -> float:
        """Distance from the objective to its bound, relative to the bound."""
        distance = abs(self.choice.objective - self.choice.bound)
        if distance == 0:
            return 0.0
        return distance / abs(self.choice.bound) if self.choice.bound else float("inf")


def choose_sites(problem: SitingProblem, options: SitingOptions) -> SitingResult:
    """
    Choose where to open.

    Parameters
    ----------
    problem
        Zones, candidate sites, minutes.
    options
        Objective, number of sites, limits.

    Returns
    -------
    SitingResult
        Sites, bound, alternatives, curve and stability.

    Raises
    ------
    InputError
        When no choice is admissible, with what would make one so.
    """
    from rpe_geo.planning.variants import curve_of, near_choices, share_of_draws

    task = prepare(problem, options)
    deadline = Deadline(options.time_limit_s)
    choice = solve_task(task, deadline)
    stopped = deadline.passed
    rest = Deadline(options.time_limit_s)
    alternatives = near_choices(task, choice, rest) if options.alternatives else ()
    curve = curve_of(task, choice, rest) if options.curve else ()
    stability = share_of_draws(task, choice, rest) if options.draws else ()
    notes = _notes(task, choice)
    if rest.passed:
        notes = (*notes, Note("site_extras_stopped", {}))
    return SitingResult(
        task, choice, alternatives, curve, stability, notes, "time" if stopped else None
    )


def _notes(task: Task, choice: Choice) -> tuple[Note, ...]:
    notes = []
    children = task.problem.children
    lost = (children > 0) & ~task.served
    if lost.any():
        values = {
            "count": int(lost.sum()),
            "children": float(children[lost].sum()),
            "first": str(task.problem.zones[int(np.flatnonzero(lost)[0])]),
        }
        notes.append(Note("site_zones_unreachable", values))
    if task.options.objective == "p_center" and task.limited:
        notes.append(Note("site_limits_ignored", {}))
    new = int((~task.existing[choice.sites]).sum())
    asked = task.options.count
    fewer = asked is not None and task.options.objective != "lscp" and new < asked
    if fewer and not task.closable.any():
        notes.append(Note("site_fewer_than_asked", {"opened": new, "asked": asked}))
    return tuple(notes)


def solve_task(task: Task, deadline: Deadline, *, quick: bool = False) -> Choice:
    """
    Solve one task.

    Parameters
    ----------
    task
        Checked and ready.
    deadline
        When to stop.
    quick
        Less effort, for curves and draws.

    Returns
    -------
    Choice
        Sites, objective, bound.

    Raises
    ------
    InputError
        When no choice is admissible.
    """
    objective = task.options.objective
    if not task.served.any() and objective != "lscp":
        raise InputError("site_nobody_reached")
    if objective == "access_floor":
        return _floor(task, deadline)
    if objective == "lscp":
        _require_cover(task)
    if task.limited and objective != "p_center":
        return _limited(task, deadline)
    match objective:
        case "p_median":
            return _median(task, deadline, quick=quick)
        case "mclp":
            covers = np.isfinite(task.minutes[task.served])
            rules = _affordable(task).rules
            cover = cover_most(
                covers,
                task.weights,
                rules,
                deadline,
                seed=task.options.seed,
                decide=not quick,
            )
            assert cover.sites is not None
            return Choice(cover.sites, cover.value, cover.bound)
        case "lscp":
            return _fewest(task, deadline)
        case _:
            return _center(task, deadline)


def _cutoff(task: Task) -> str:
    """Write the cutoff for a sentence."""
    return "" if task.options.cutoff_min is None else f"{task.options.cutoff_min:g}"


def _affordable(task: Task) -> Task:
    """Without a number of sites, take the largest number that the budget could open."""
    if task.count is not None or task.prices is None:
        return task
    prices = np.sort(task.prices[~task.existing])
    number = int((np.cumsum(prices) <= task.budget).sum())
    return replace(task, count=number + int(task.closable.sum()))


def _median(task: Task, deadline: Deadline, *, quick: bool) -> Choice:
    minutes, weights = task.minutes[task.served], task.weights
    costs = np.where(np.isfinite(minutes), minutes, np.inf) * weights[:, None]
    table = CostTable.from_costs(costs)
    task = _affordable(task)
    rules = task.rules
    if rules.count + int(rules.fixed.sum()) == 0:
        raise InputError("site_none_open")
    start = None
    first, cost = improve_from(table, rules, rules.start(table))
    if cost >= table.penalty:
        cover = cover_with_fewest(np.isfinite(minutes), replace(rules, count=0), deadline)
        if cover.sites is None or cover.value > rules.count:
            raise _too_few(task, minutes, cover.value, deadline)
        start = _filled_up(cover.sites, rules.count + int(rules.fixed.sum()), first, task)
    found = solve_p_median(
        table,
        rules,
        seed=task.options.seed,
        start=start,
        effort=_QUICK if quick else None,
        shakes=8 if quick else 50,
        stop=deadline,
        decide=not quick,
    )
    return Choice(found.sites, found.cost, found.bound, near=found.near)


def _filled_up(sites: Indices, wanted: int, preferred: Indices, task: Task) -> Indices:
    """Complete a cover to the number of sites asked, with sites of the greedy choice first."""
    chosen = list(sites)
    others = [at for at in preferred if at not in chosen]
    others += [at for at in range(len(task.fixed)) if at not in chosen and at not in others]
    prices = task.prices
    for at in others:
        if len(chosen) >= wanted:
            break
        if prices is not None and prices[chosen].sum() + prices[at] > task.budget:
            continue
        chosen.append(at)
    return np.sort(np.array(chosen, dtype=np.intp))


def _too_few(task: Task, minutes: Floats, needed: float, deadline: Deadline) -> InputError:
    """Say how many sites would reach every zone."""
    rules = task.rules
    if not np.isfinite(needed):
        needed = least_count(minutes, replace(rules, prices=None, budget=np.inf), deadline)
        if np.isfinite(needed) and needed <= rules.count:
            return _dear(task, np.isfinite(minutes), deadline)
    new = int(needed - task.closable.sum()) if np.isfinite(needed) else 0
    return InputError(
        "site_too_few",
        asked=task.options.count or 0,
        needed=new,
        cutoff=_cutoff(task),
        within="dans le temps connu" if not _cutoff(task) else f"en {_cutoff(task)} min au plus",
    )


def _dear(task: Task, covers: NDArray[np.bool_], deadline: Deadline) -> InputError:
    """Say what the cheapest cover costs."""
    from rpe_geo.planning.covering import cheapest_cover

    assert task.prices is not None
    cheapest = cheapest_cover(covers, task.rules, task.prices, deadline)
    return InputError("site_cover_too_dear", budget=task.budget, cheapest=cheapest)


def _require_cover(task: Task) -> None:
    """Refuse a cover of everybody when some zone is out of every site's reach, with what would help."""
    lost = (task.problem.children > 0) & ~task.served
    if not lost.any():
        return
    nearest = task.problem.minutes[lost].min(axis=1, initial=np.inf)
    zone = str(task.problem.zones[int(np.flatnonzero(lost)[int(nearest.argmax())])])
    values: dict[str, Any] = {"count": int(lost.sum()), "zone": zone, "cutoff": _cutoff(task)}
    if np.isfinite(nearest).all():
        raise InputError("site_cover_beyond_cutoff", **values, minutes=float(nearest.max()))
    raise InputError("site_cover_impossible", **values)


def _fewest(task: Task, deadline: Deadline) -> Choice:
    covers = np.isfinite(task.minutes[task.served])
    cover = cover_with_fewest(covers, task.rules, deadline)
    if cover.sites is None:
        if deadline.passed:
            raise InputError("site_undecided", seconds=task.options.time_limit_s)
        raise _dear(task, covers, deadline)
    if task.options.count is not None and cover.value > task.options.count:
        raise _too_few(task, task.minutes[task.served], cover.value, deadline)
    return Choice(cover.sites, cover.value, cover.bound)


def _center(task: Task, deadline: Deadline) -> Choice:
    task = _affordable(task)
    minutes = task.minutes[task.served]
    if task.rules.count + int(task.fixed.sum()) == 0:
        raise InputError("site_none_open")
    center = solve_p_center(minutes, task.rules, deadline)
    if center.sites is None:
        needed = least_count(minutes, task.rules, Deadline(None))
        if needed <= task.rules.count:
            raise InputError("site_undecided", seconds=task.options.time_limit_s)
        raise _too_few(task, minutes, needed, deadline)
    return Choice(center.sites, center.minutes, center.bound)


def _limited(task: Task, deadline: Deadline) -> Choice:
    """Choose sites whose places are limited."""
    name = cast("Literal['p_median', 'mclp', 'lscp']", task.options.objective)
    served = task.served
    barred = np.zeros(len(task.fixed), dtype=bool)

    def solved(capacities: Any, count: int | None) -> Allocated:
        return solve_capacitated(
            name,
            task.minutes[served],
            task.weights,
            count,
            task.fixed,
            barred,
            capacities,
            deadline,
        )

    answer = solved(task.capacities, task.count)
    if answer.sites is None:
        raise _cannot_seat(task, answer, solved)
    back = np.flatnonzero(served)
    shares = back[answer.zone], answer.site, answer.share
    bound = answer.bound
    if not np.isfinite(bound):
        bound = float(task.weights.sum()) if name == "mclp" else 0.0
    return Choice(answer.sites, answer.objective, bound, shares=shares)


def _cannot_seat(task: Task, answer: Allocated, solved: Any) -> InputError:
    """Say why limited places cannot seat everybody, and what would."""
    if not answer.complete:
        return InputError("site_undecided", seconds=task.options.time_limit_s)
    capacities, children = task.capacities, float(task.weights.sum())
    most = np.sort(capacities.most[~task.fixed])[::-1]
    count = len(most) if task.count is None else task.count
    offered = float(capacities.most[task.fixed].sum() + most[:count].sum())
    if offered < children:
        total = float(capacities.most.sum())
        needed = np.flatnonzero(
            float(capacities.most[task.fixed].sum()) + np.cumsum(most) >= children
        )
        if not len(needed):
            return InputError("site_places_too_few", places=total, children=children)
        return InputError(
            "site_places_need_sites",
            asked=task.options.count or 0,
            places=offered,
            children=children,
            needed=int(needed[0]) + 1 - int(task.closable.sum()),
        )
    if not task.options.split:
        split = solved(replace(capacities, split=True), task.count)
        if split.sites is not None:
            return InputError("site_needs_split")
    free_of_limits = replace(capacities, least=np.zeros(len(capacities.least)), split=True)
    if solved(free_of_limits, task.count).sites is not None:
        return InputError("site_least_places_too_many")
    more = solved(replace(free_of_limits, budget=np.inf), None)
    if more.sites is None:
        return InputError("site_places_out_of_reach", cutoff=_cutoff(task))
    new = int((~task.existing[more.sites]).sum())
    if task.options.count is None or new <= task.options.count:
        return InputError("site_seats_too_dear", budget=task.budget, known=new)
    return InputError("site_seats_need_more", known=new, asked=task.options.count)


def _floor(task: Task, deadline: Deadline) -> Choice:
    options = task.options
    decay = decay_of(task)
    minutes = task.problem.minutes
    weights = decay(np.where(minutes <= decay.cutoff_min, minutes, np.inf))
    present = task.problem.children > 0
    found = raise_floor(
        weights[present],
        task.problem.children[present],
        task.count,
        task.fixed,
        np.zeros(len(task.fixed), dtype=bool),
        task.capacities,
        options.floor_share,
        deadline,
    )
    return Choice(
        found.sites,
        found.objective,
        found.bound,
        places=found.places,
        access_before=found.access_before,
        access=found.access,
    )


def decay_of(task: Task) -> Decay:
    """
    Find how a travel time weighs: as asked, else as the DREES does, 1, 0.3 and 0.1 by thirds of the cutoff.

    Parameters
    ----------
    task
        What was asked.
    """
    cutoff = task.options.cutoff_min
    assert cutoff is not None
    return task.options.decay or Step({cutoff / 3: 1.0, 2 * cutoff / 3: 0.3, cutoff: 0.1})
