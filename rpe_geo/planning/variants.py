"""Around a choice of sites: what is nearly as good, every number of sites, and what stays when figures move."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpe_geo.errors import InputError
from rpe_geo.planning.access_floor import lowest_mean
from rpe_geo.planning.capacitated import solve_capacitated
from rpe_geo.planning.problem import Task
from rpe_geo.planning.programs import Deadline
from rpe_geo.planning.siting import Choice, decay_of, solve_task

__all__ = ["curve_of", "near_choices", "share_of_draws"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

NEAR = 0.01
"""How far from the best objective a choice still counts as nearly as good."""
_CHILDREN_SPREAD = 0.15
_MINUTES_SPREAD = 0.10
_MOST_SWAPS_OF_FLOOR = 4_000


def near_choices(task: Task, choice: Choice, deadline: Deadline) -> tuple[dict[str, Any], ...]:
    """
    Find other choices whose objective is within 1 % of the best one.

    Parameters
    ----------
    task
        What was asked.
    choice
        The best choice.
    deadline
        When to stop.

    Returns
    -------
    tuple
        `sites` (new ones), `objective`, `difference` (relative, 0 for a tie), best first.
    """
    wanted = task.options.alternatives
    best = choice.objective
    if choice.shares is not None:
        found = _other_programs(task, choice, wanted, deadline)
    else:
        found = {key: value for key, value in choice.near.items() if _allowed(task, key)}
        found |= _swaps(task, choice, deadline)
    found.pop(_key(choice.sites), None)
    rising = task.options.objective in {"mclp", "access_floor"}
    kept = []
    for key, value in found.items():
        worse = best - value if rising else value - best
        difference = worse / abs(best) if best else (0.0 if worse == 0 else np.inf)
        if difference <= NEAR:
            sites = np.frombuffer(key, dtype=np.int32)
            names = [task.problem.site_id(at) for at in sites if not task.existing[at]]
            closed = [
                task.problem.site_id(at) for at in np.flatnonzero(task.closable) if at not in sites
            ]
            entry: dict[str, Any] = {"sites": names, "objective": value}
            entry["difference"] = max(float(difference), 0.0)
            if task.closable.any():
                entry["closed"] = closed
            kept.append(entry)
    kept.sort(key=lambda entry: (entry["difference"], entry["sites"]))
    return tuple(kept[:wanted])


def _key(sites: Indices) -> bytes:
    return np.sort(sites).astype(np.int32).tobytes()


def _allowed(task: Task, key: bytes) -> bool:
    """Say whether a choice keeps the budget."""
    sites = np.frombuffer(key, dtype=np.int32)
    prices = task.prices
    return prices is None or float(prices[sites].sum()) <= task.budget


def _swaps(task: Task, choice: Choice, deadline: Deadline) -> dict[bytes, float]:
    """Evaluate every choice that differs from the best one by a single site."""
    if task.options.objective == "access_floor":
        return _floor_swaps(task, choice, deadline)
    minutes, weights = task.minutes[task.served], task.weights
    closed = np.ones(len(task.fixed), dtype=bool)
    closed[choice.sites] = False
    others = np.flatnonzero(closed)
    rising = task.options.objective == "mclp"
    limit = abs(choice.objective) * NEAR
    found: dict[bytes, float] = {}
    for site in choice.sites:
        if task.fixed[site] or deadline():
            continue
        rest = choice.sites[choice.sites != site]
        served = minutes[:, rest].min(axis=1) if len(rest) else np.full(len(minutes), np.inf)
        values = _values(task, served, minutes[:, others], weights, len(rest) + 1)
        worse = choice.objective - values if rising else values - choice.objective
        for at in np.flatnonzero(worse <= limit):
            swapped = _key(np.append(rest, others[at]))
            if _allowed(task, swapped):
                found[swapped] = float(values[at])
    return found


def _values(task: Task, served: Floats, minutes: Floats, weights: Floats, count: int) -> Floats:
    """Evaluate the objective when one more site opens beside those that serve; axis (site)."""
    with_each = np.minimum(served[:, None], minutes)
    reached = np.isfinite(with_each)
    match task.options.objective:
        case "mclp":
            return np.asarray(weights @ reached, dtype=np.float64)
        case "p_center":
            return np.asarray(with_each.max(axis=0, initial=0.0), dtype=np.float64)
        case "lscp":
            new = count - int(task.existing.sum())
            return np.where(reached.all(axis=0), float(new), np.inf)
        case _:
            cost = weights[:, None] * np.where(reached, with_each, 0.0)
            return np.where(reached.all(axis=0), cost.sum(axis=0), np.inf)


def _floor_swaps(task: Task, choice: Choice, deadline: Deadline) -> dict[bytes, float]:
    """Evaluate single exchanges for access_floor, at the most places of the site that opens."""
    if task.options.budget is not None or choice.access is None or choice.places is None:
        return {}
    decay = decay_of(task)
    present = task.problem.children > 0
    minutes, weights = task.problem.minutes[present], task.problem.children[present]
    reach = decay(np.where(minutes <= decay.cutoff_min, minutes, np.inf))
    brought = weights @ reach
    gains = np.divide(reach, brought, out=np.zeros_like(reach), where=brought > 0)
    most = task.capacities.most
    closed = np.ones(len(task.fixed), dtype=bool)
    closed[choice.sites] = False
    others = np.flatnonzero(closed & np.isfinite(most))
    if len(others) * len(choice.sites) > _MOST_SWAPS_OF_FLOOR:
        return {}
    found: dict[bytes, float] = {}
    for site in choice.sites:
        if task.fixed[site] or deadline():
            continue
        without = choice.access - gains[:, site] * choice.places[site]
        rest = choice.sites[choice.sites != site]
        for other in others:
            access = without + gains[:, other] * most[other]
            value = lowest_mean(access, weights, task.options.floor_share)
            found[_key(np.append(rest, other))] = value
    return found


def _other_programs(
    task: Task, choice: Choice, wanted: int, deadline: Deadline
) -> dict[bytes, float]:
    """Solve again with the sites already told forbidden together."""
    told = [choice.sites]
    found: dict[bytes, float] = {}
    for _ in range(wanted):
        if deadline():
            break
        answer = solve_capacitated(
            task.options.objective,  # type: ignore[arg-type]
            task.minutes[task.served],
            task.weights,
            task.count,
            task.fixed,
            np.zeros(len(task.fixed), dtype=bool),
            task.capacities,
            deadline,
            without=told,
        )
        if answer.sites is None or not answer.complete:
            break
        told.append(answer.sites)
        found[_key(answer.sites)] = answer.objective
    return found


def curve_of(task: Task, choice: Choice, deadline: Deadline) -> tuple[dict[str, Any], ...]:
    """
    Solve every number of new sites from 1 to the number asked.

    Parameters
    ----------
    task
        What was asked.
    choice
        The choice for the number asked.
    deadline
        When to stop.

    Returns
    -------
    tuple
        `p`, `objective`, `bound`, `sites`; objective null where no choice is admissible.
    """
    last = task.options.count
    if last is None:
        last = int((~task.existing[choice.sites]).sum())
    curve: list[dict[str, Any]] = []
    for number in range(1, last + 1):
        if deadline():
            break
        entry: dict[str, Any] = {"p": number, "objective": None, "bound": None, "sites": []}
        if number == task.options.count:
            solved: Choice | None = choice
        else:
            try:
                solved = solve_task(task.with_count(number), deadline, quick=True)
            except InputError:
                solved = None
        if solved is not None:
            new = [at for at in solved.sites if not task.existing[at]]
            entry |= {"objective": solved.objective, "bound": solved.bound}
            entry["sites"] = [task.problem.site_id(at) for at in new]
        curve.append(entry)
    return tuple(curve)


def share_of_draws(task: Task, choice: Choice, deadline: Deadline) -> tuple[dict[str, Any], ...]:
    """
    Move demand and minutes many times, choose again, and count how often each site is chosen.

    Parameters
    ----------
    task
        What was asked.
    choice
        The choice for the figures as given.
    deadline
        When to stop.

    Returns
    -------
    tuple
        `site`, `share` of the draws, `chosen` with the figures as given; most frequent first.

    Notes
    -----
    Children of a zone move by a lognormal of 15 %, the minutes of a pair by one of 10 %.
    """
    random = np.random.default_rng(task.options.seed)
    problem = task.problem
    times = np.zeros(len(problem.sites), dtype=np.int64)
    drawn = 0
    for _ in range(task.options.draws):
        children = problem.children * random.lognormal(0.0, _CHILDREN_SPREAD, len(problem.zones))
        moved = problem.minutes * random.lognormal(0.0, _MINUTES_SPREAD, problem.minutes.shape)
        cutoff = task.options.cutoff_min
        minutes = moved if cutoff is None else np.where(moved <= cutoff, moved, np.inf)
        served = (children > 0) & np.isfinite(minutes).any(axis=1)
        other = replace(
            task,
            problem=replace(problem, children=children, minutes=moved),
            minutes=minutes,
            served=served,
        )
        if deadline():
            break
        try:
            solved = solve_task(other, deadline, quick=True)
        except InputError:
            continue  # a draw that no choice satisfies says nothing of the sites
        drawn += 1
        times[solved.sites] += 1
    if drawn == 0:
        return ()
    chosen = np.zeros(len(problem.sites), dtype=bool)
    chosen[choice.sites] = True
    told = np.flatnonzero((times > 0) | chosen)
    told = told[~task.fixed[told]]
    entries: list[dict[str, Any]] = [
        {
            "site": problem.site_id(at),
            "share": round(float(times[at]) / drawn, 4),
            "chosen": bool(chosen[at]),
        }
        for at in told
    ]
    entries.sort(key=lambda entry: (-entry["share"], entry["site"]))
    return tuple(entries)
