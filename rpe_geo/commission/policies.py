"""
The four policies on the same families and the same places, and what each gives.

`points`: the barème and nothing else, stable. `welfare`: the most value. `bottleneck`: as many families as welfare, and
the fewest minutes for the worst off among them. `present`: first come, first wish, as it is done without a tool.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, get_args

import numpy as np

from rpe_geo.commission.case import Case
from rpe_geo.commission.deferred import by_points, in_turn
from rpe_geo.commission.envy import Envies, find_envies
from rpe_geo.commission.lawful import Judge
from rpe_geo.commission.metrics import metrics_of
from rpe_geo.commission.neighbourhoods import Effort
from rpe_geo.commission.plan import Plan
from rpe_geo.commission.priorities import Priorities
from rpe_geo.commission.rooms import Room
from rpe_geo.commission.welfare import Search, best_plan, proven_bound

__all__ = ["POLICIES", "Outcome", "Policy", "Table", "run_policy", "stay_near"]

Policy = Literal["points", "welfare", "bottleneck", "present"]
POLICIES: tuple[Policy, ...] = get_args(Policy)

_BOTTLENECK_KICKS = 40
_BOTTLENECK_ROUNDS = 6


@dataclass(frozen=True)
class Outcome:
    """
    What a policy decides.

    Parameters
    ----------
    policy
        Which one.
    plan, envies, metrics
        Who goes where, what families could hold against it, and the figures.
    bound
        Hundredths that no lawful assignment passes.
    proof
        Kind of proof: verified (no justified envy, checked), proven (bound reached), within (gap told), replayed.
    minutes_bound
        For the bottleneck: minutes under which as many families cannot be placed.
    """

    policy: Policy
    plan: Plan
    envies: Envies
    metrics: Mapping[str, Any]
    bound: int
    proof: str
    minutes_bound: float | None = None


@dataclass
class Table:
    """
    What policies share: sieve, rules, ranks, and the welfare plan with its bound, found once.

    Parameters
    ----------
    case, rooms, judge, ranks, search
        Of the commission.
    """

    case: Case
    rooms: Sequence[Room]
    judge: Judge
    ranks: Priorities
    search: Search
    welfare_plan: Plan | None = None
    bound: int | None = None

    def welfare(self) -> Plan:
        """Find the welfare plan, once; the plan by points is where it may begin."""
        if self.welfare_plan is None:
            begin = by_points(self.case, self.rooms, self.judge, self.ranks)
            solved = best_plan(self.case, self.rooms, self.judge, self.search, begin=begin)
            self.welfare_plan, self.bound = solved.plan, solved.bound
        return self.welfare_plan

    def proven(self) -> int:
        """Return a bound of the value; the search behind it is run once."""
        if self.bound is None:
            bound, _ = proven_bound(self.case, self.rooms, self.case.options.value, self.search)
            self.bound = bound.value
        return self.bound


def run_policy(table: Table, policy: Policy) -> Outcome:
    """
    Assign by a policy.

    Parameters
    ----------
    table
        What policies share.
    policy
        Which one.

    Returns
    -------
    Outcome
        Lawful; judged by the rules house by house.
    """
    case, rooms, judge, ranks = table.case, table.rooms, table.judge, table.ranks
    minutes_bound = None
    match policy:
        case "points":
            plan = by_points(case, rooms, judge, ranks)
        case "welfare":
            plan = table.welfare()
        case "bottleneck":
            plan, minutes_bound = _bottleneck(table)
        case "present":
            plan = in_turn(case, rooms, judge, _arrivals(case, ranks), ranks.preferences)
            plan = _with_held(plan)
    envies = find_envies(case, rooms, judge, plan, ranks)
    metrics = metrics_of(case, plan, ranks, envies)
    bound = max(table.proven(), plan.value)
    if policy == "points":
        proof = "verified" if not envies.pairs and not envies.groups else "blocked"
    elif policy == "present":
        proof = "replayed"
    elif policy == "bottleneck":
        reached = metrics["minutes_max"] is None or (
            minutes_bound is not None and metrics["minutes_max"] <= minutes_bound
        )
        proof = "proven" if reached else "within"
    else:
        proof = "proven" if plan.value == bound else "within"
    return Outcome(policy, plan, envies, metrics, bound, proof, minutes_bound)


def _arrivals(case: Case, ranks: Priorities) -> list[int]:
    """Order families as they came; those who hold a place first, those without a date last, by lot among equals."""
    return sorted(
        range(len(case.requests)),
        key=lambda family: (
            family not in case.providers.held and family not in case.fixed,
            case.requests[family].requested_on or date.max,
            ranks.lots[family],
        ),
    )


def _with_held(plan: Plan) -> Plan:
    """Leave no family without the place that it held: in turn they come first, so there is always room."""
    for family in plan.case.providers.held:
        if plan.chosen[family] < 0:
            stays = [
                one for one in plan.case.of_family[family].tolist() if plan.case.options.stays[one]
            ]
            plan.put(stays[0])
    return plan


def _bottleneck(table: Table) -> tuple[Plan, float | None]:
    """Search the fewest minutes with which as many families are placed as by welfare."""
    case = table.case
    best = table.welfare()
    wanted = len(best.placed)
    minutes = np.where(np.isnan(case.options.minutes), 0.0, case.options.minutes)
    if not wanted:
        return best, None
    worst = float(minutes[best.placed].max())
    levels = np.unique(minutes[minutes <= worst])
    # Under this many minutes too few families have any option at all: proven, whatever the rooms.
    nearest = np.full(len(case.requests), np.inf)
    np.minimum.at(nearest, case.options.family, minutes)
    floor = float(np.sort(nearest)[wanted - 1])
    low, high = int(np.searchsorted(levels, floor)), len(levels) - 1
    proven = floor
    effort = Effort(kicks=_BOTTLENECK_KICKS, rounds=_BOTTLENECK_ROUNDS, sizes=(10, 14))
    while low < high and table.search.go_on():
        middle = (low + high) // 2
        level = float(levels[middle])
        # A family counts one; a little of the value breaks ties and never outweighs a family.
        small = case.options.value // (int(case.options.value.max(initial=1)) // 100 + 1)
        gain = np.where(minutes <= level, 100_000 + small, -1)
        bound, _ = proven_bound(case, table.rooms, gain, replace(table.search, columns=0))
        if bound.value < 100_000 * wanted:
            low = middle + 1
            proven = max(proven, float(levels[low]))
            continue
        search = replace(table.search, columns=0, neighbourhoods=effort)
        near = best_plan(
            case, table.rooms, table.judge, search, gain=gain, begin=_nearer(best, minutes, level)
        ).plan
        if len(near.placed) >= wanted:
            best = near
            high = int(np.searchsorted(levels, minutes[near.placed].max()))
        else:
            low = middle + 1
    return best, proven


def _nearer(plan: Plan, minutes: np.ndarray[Any, Any], level: float) -> Plan:
    """Keep of a plan what is near enough."""
    chosen = [
        option if option >= 0 and (minutes[option] <= level) else -1 for option in plan.chosen
    ]
    return Plan(plan.case, chosen)


def stay_near(table: Table, before: Sequence[int]) -> Plan:
    """
    Place as many as can be while as few families as possible move: for withdrawals and decisions by hand.

    Parameters
    ----------
    table
        Of the new case.
    before
        Option of each family in the assignment that stood, −1 where it has none now.

    Returns
    -------
    Plan
        Every family that had a place has one where that can be; then fewest moves, then most families, then value.
    """
    case, options = table.case, table.case.options
    had = np.zeros(len(options), dtype=np.int64)
    same = np.zeros(len(options), dtype=np.int64)
    for family, option in enumerate(before):
        if option >= 0:
            had[case.of_family[family]] = 1
            same[option] = 1
    scale = int(options.value.max(initial=1)) * (len(case.requests) + 1)
    gain = options.value + scale * (1 + same + 2 * had * 1)
    begin = Plan(case, before)
    houses = [house for house, held in enumerate(begin.held) if held]
    lawful = judge_all(table.judge, begin, houses)
    return best_plan(
        case, table.rooms, table.judge, table.search, gain=gain, begin=begin if lawful else None
    ).plan


def judge_all(judge: Judge, plan: Plan, houses: Sequence[int]) -> bool:
    """Tell whether every house of a plan stands before the rules."""
    return all(judge.stand([plan.held[house] for house in houses]))
