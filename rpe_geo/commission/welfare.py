"""The most needs covered: a proven bound, a first plan from its shares, and the search for better ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpe_geo.commission.bound import Bound, lagrangian, tighten
from rpe_geo.commission.case import Case
from rpe_geo.commission.lawful import Judge
from rpe_geo.commission.linear import LinearPrices, linear_prices
from rpe_geo.commission.neighbourhoods import Effort, improve
from rpe_geo.commission.plan import Plan, settle_lawfully
from rpe_geo.commission.rooms import Room

__all__ = ["Search", "Solved", "best_plan", "proven_bound"]

_HOUSES_PRICED_DEEPLY = 1_000


@dataclass(frozen=True)
class Search:
    """
    How hard to look.

    Parameters
    ----------
    columns
        Steps that better the bound.
    neighbourhoods
        The neighbourhood search.
    seed
        Of every draw.
    go_on
        False once the clock has run out.
    nodes
        Effort of the bound for each house.
    """

    columns: int
    neighbourhoods: Effort
    seed: int
    go_on: Callable[[], bool]
    nodes: int = 3_000

    @classmethod
    def of_size(cls, case: Case, *, seed: int, go_on: Callable[[], bool]) -> Search:
        """Choose an effort for the size of a case, in rounds."""
        houses = sum(bool(len(options)) for options in case.of_house)
        rounds = int(min(max(6, houses // 2), 24))
        return cls(
            columns=1 if houses <= _HOUSES_PRICED_DEEPLY else 0,
            neighbourhoods=Effort(kicks=6 * houses, rounds=rounds),
            seed=seed,
            go_on=go_on,
            nodes=3_000 if houses <= _HOUSES_PRICED_DEEPLY else 300,
        )


@dataclass(frozen=True)
class Solved:
    """A lawful plan, and what no plan can pass, in hundredths."""

    plan: Plan
    bound: int


def proven_bound(
    case: Case, rooms: Sequence[Room], gain: NDArray[np.int64], search: Search
) -> tuple[Bound, LinearPrices]:
    """
    Bound every lawful assignment.

    Parameters
    ----------
    case, rooms
        The commission.
    gain
        What is added up, by option, whole.
    search
        How hard to look.

    Returns
    -------
    tuple
        The bound with its prices, and the linear prices that it started from.
    """
    linear = linear_prices(rooms, gain, case.options.family, len(case.requests))
    return tighten(
        rooms, gain, linear, rounds=search.columns, nodes=search.nodes, go_on=search.go_on
    ), linear


def best_plan(
    case: Case,
    rooms: Sequence[Room],
    judge: Judge,
    search: Search,
    *,
    gain: NDArray[np.int64] | None = None,
    begin: Plan | None = None,
    proven: tuple[Bound, LinearPrices] | None = None,
) -> Solved:
    """
    Find a plan of large value.

    Parameters
    ----------
    case, rooms, judge
        The commission.
    search
        How hard to look.
    gain
        What is added up, by option; the values when None.
    begin
        A lawful plan to begin with, where it is better than the first one found.
    proven
        What `proven_bound` gave for the same gain, where nobody holds a place; found when None.

    Returns
    -------
    Solved
        Plan and bound.
    """
    gain = case.options.value if gain is None else gain
    # Holding a place is a right: keeping or bettering it is worth more than anything else.
    right = int(gain.max(initial=0)) * 4 + 1
    rightful = sorted({*case.providers.held, *case.fixed})
    held = np.isin(case.options.family, rightful)
    weighed = gain + right * held
    bound, linear = proven or proven_bound(case, rooms, weighed, search)
    plan = first_plan(case, rooms, judge, weighed, bound)
    if begin is not None and _sum(weighed, begin) > _sum(weighed, plan):
        plan = begin.copy()
    tops = [priced.worth for priced in bound.sets]
    improve(
        case,
        rooms,
        judge,
        plan,
        weighed,
        bound.prices,
        linear.rooms,
        tops,
        effort=search.neighbourhoods,
        seed=search.seed,
        enough=bound.value,
        go_on=search.go_on,
    )
    # Conflicts learnt on the way may lower the bound at the same prices.
    again, _ = lagrangian(rooms, weighed, bound.prices, linear, nodes=search.nodes)
    least = min(bound.value, again) - right * len(rightful)
    return Solved(plan, max(least, _sum(gain, plan)))


def _sum(gain: NDArray[np.int64], plan: Plan) -> int:
    return int(gain[plan.placed].sum()) if plan.placed else 0


def first_plan(
    case: Case, rooms: Sequence[Room], judge: Judge, gain: NDArray[np.int64], bound: Bound
) -> Plan:
    """Take the options with the largest shares of the linear program, then whatever still fits, dearest first."""
    plan = Plan(case)
    for family in case.providers.held:
        stays = [one for one in case.of_family[family].tolist() if case.options.stays[one]]
        plan.put(stays[0])
    reduced = gain - bound.prices[case.options.family]
    keys = [
        np.lexsort((-gain, -bound.shares)),
        np.lexsort((-gain, -reduced)),
    ]
    fill(plan, rooms, judge, keys[0][bound.shares[keys[0]] > 0.2].tolist(), gain)
    fill(plan, rooms, judge, keys[1].tolist(), gain)
    return plan


def fill(
    plan: Plan,
    rooms: Sequence[Room],
    judge: Judge,
    order: Sequence[int],
    rank: NDArray[np.int64],
    passes: int = 3,
) -> None:
    """
    Place families without a place, option by option in some order, and ask the rules about the houses that changed.

    Parameters
    ----------
    plan
        Changed in place.
    rooms, judge
        Sieve and rules.
    order
        Options.
    rank
        By option: of a conflict the smallest goes.
    passes
        How many times the order is gone through; the rules drop options, and others may take their room.
    """
    table = plan.case.options
    for _ in range(passes):
        changed: set[int] = set()
        loads: dict[int, tuple[list[int], int]] = {}
        for option in order:
            if plan.chosen[int(table.family[option])] >= 0:
                continue
            house = int(table.house[option])
            room = rooms[house]
            if house not in loads:
                there = [room.position[one] for one in plan.held[house]]
                loads[house] = (there, room.load(there))
            there, load = loads[house]
            position = room.position[option]
            if room.accepts(there, position, load):
                plan.put(option)
                there.append(position)
                loads[house] = (there, load + room.weights[position])
                changed.add(house)
        if not settle_lawfully(plan, rooms, judge, sorted(changed), rank.tolist()):
            break
