"""
Points with stability: nobody loses a place to a family with fewer points.

Where every provider ranks families the same, families choose in the order of their points: the result is stable, and
the only stable one. Where ranks differ (a sister at one place, a place held, a childminder's own wish) families
propose and houses keep the best set that stands (deferred acceptance; Gale & Shapley, 1962; Abdulkadiroğlu & Sönmez,
2003), then what still blocks is moved while that helps: with hours and siblings a stable assignment need not exist
(Delacrétaz, 2019), and what is left is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rpe_geo.commission.case import Case
from rpe_geo.commission.lawful import Judge
from rpe_geo.commission.plan import Plan
from rpe_geo.commission.priorities import Priorities
from rpe_geo.commission.rooms import Room

__all__ = ["by_points", "in_turn"]

_MOVES_PER_FAMILY = 30


def in_turn(
    case: Case,
    rooms: Sequence[Room],
    judge: Judge,
    order: Sequence[int],
    preferences: Sequence[Sequence[int]],
) -> Plan:
    """
    Let families choose in turn, each the dearest place that stands with those chosen before.

    Parameters
    ----------
    case, rooms, judge
        The commission.
    order
        Families, the first one first.
    preferences
        Options of each family, the dearest first.

    Returns
    -------
    Plan
        Lawful: what the rules refuse is learnt, and everybody chooses again.
    """
    return _until_lawful(rooms, judge, lambda: _choose_in_turn(case, rooms, order, preferences))


def _until_lawful(rooms: Sequence[Room], judge: Judge, attempt: Callable[[], Plan]) -> Plan:
    while True:
        plan = attempt()
        houses = [house for house, held in enumerate(plan.held) if held]
        answers = judge.stand([plan.held[house] for house in houses])
        refused = [house for house, lawful in zip(houses, answers, strict=True) if not lawful]
        if not refused:
            return plan
        for house in refused:
            rooms[house].learn(judge.minimal(plan.held[house]))


def _choose_in_turn(
    case: Case, rooms: Sequence[Room], order: Sequence[int], preferences: Sequence[Sequence[int]]
) -> Plan:
    plan = Plan(case)
    there: list[list[int]] = [[] for _ in rooms]
    loads = [0] * len(rooms)
    houses = case.options.house.tolist()
    for family in order:
        for option in preferences[family]:
            house = houses[option]
            room = rooms[house]
            position = room.position[option]
            if room.accepts(there[house], position, loads[house]):
                plan.put(option)
                there[house].append(position)
                loads[house] += room.weights[position]
                break
    return plan


def by_points(case: Case, rooms: Sequence[Room], judge: Judge, ranks: Priorities) -> Plan:
    """
    Assign by points, with stability where it exists.

    Parameters
    ----------
    case, rooms, judge
        The commission.
    ranks
        Points, lots and wishes.

    Returns
    -------
    Plan
        Lawful.
    """
    if ranks.alike:
        order = sorted(
            range(len(case.requests)),
            key=lambda family: (family not in case.fixed, -ranks.base[family], ranks.lots[family]),
        )
        return in_turn(case, rooms, judge, order, ranks.preferences)
    return _until_lawful(rooms, judge, lambda: _deferred(case, rooms, ranks))


def kept_by_house(
    case: Case, room: Room, ranks: Priorities, applicants: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Let a house keep its applicants in the order of their ranks as far as they stand; return those kept and the others."""
    table = case.options
    ordered = sorted(
        applicants,
        key=lambda option: (
            ranks.key(int(table.family[option]), int(table.provider[option])),
            option,
        ),
    )
    kept: list[int] = []
    refused: list[int] = []
    positions: list[int] = []
    for option in ordered:
        position = room.position[option]
        if room.accepts(positions, position):
            kept.append(option)
            positions.append(position)
        else:
            refused.append(option)
    return kept, refused


def _deferred(case: Case, rooms: Sequence[Room], ranks: Priorities) -> Plan:
    """Let families propose, then let whoever still blocks move."""
    plan = Plan(case)
    table = case.options
    turn = [0] * len(case.requests)
    waiting = sorted(
        range(len(case.requests)),
        key=lambda family: (-ranks.base[family], ranks.lots[family]),
        reverse=True,
    )

    def propose(family: int, option: int) -> None:
        house = int(table.house[option])
        now = plan.chosen[family]
        if now >= 0:
            plan.drop(now)
        _, refused = kept_by_house(case, rooms[house], ranks, [*plan.held[house], option])
        for other in refused:
            if other != option:
                plan.drop(other)
                waiting.append(int(table.family[other]))
        if option not in refused:
            plan.put(option)
        elif now >= 0:
            plan.put(now)
        else:
            waiting.append(family)

    left = _MOVES_PER_FAMILY * max(len(case.requests), 1)
    while waiting:
        family = waiting.pop()
        if plan.chosen[family] < 0 and turn[family] < len(ranks.preferences[family]):
            option = ranks.preferences[family][turn[family]]
            turn[family] += 1
            propose(family, option)
    while left > 0:
        moves = [
            (family, option)
            for family in range(len(case.requests))
            for option in _better(plan, ranks, family)
            if option
            in kept_by_house(
                case, rooms[int(table.house[option])], ranks, _without(plan, family, option)
            )[0]
        ][:1]
        if not moves:
            break
        left -= 1
        family, option = moves[0]
        propose(family, option)
        while waiting:
            loser = waiting.pop()
            for other in ranks.preferences[loser]:
                if plan.chosen[loser] >= 0:
                    break
                kept, refused = kept_by_house(
                    case, rooms[int(table.house[other])], ranks, _without(plan, loser, other)
                )
                if other in kept and not refused:
                    plan.put(other)
    return plan


def _better(plan: Plan, ranks: Priorities, family: int) -> list[int]:
    """List the options that a family would rather have than its own."""
    mine = ranks.preferences[family]
    now = plan.chosen[family]
    return mine if now < 0 else mine[: ranks.taste[now]]


def _without(plan: Plan, family: int, option: int) -> list[int]:
    """List what a house holds but for the family itself, and the option."""
    table = plan.case.options
    held = plan.held[int(table.house[option])]
    return [one for one in held if int(table.family[one]) != family] + [option]


__all__ += ["kept_by_house"]
