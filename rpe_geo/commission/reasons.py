"""Why a family has the place that it has, or none: codes and figures, phrased by `rpe_geo.messages.commission`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rpe_geo.commission.case import Case
from rpe_geo.commission.envy import Envies
from rpe_geo.commission.plan import Plan
from rpe_geo.commission.priorities import Priorities
from rpe_geo.commission.rooms import Room

__all__ = ["Reason", "reasons_of", "waiting_list"]


@dataclass(frozen=True)
class Reason:
    """A code and what its sentence names; `change` is the smallest change that would have opened a place."""

    code: str
    values: Mapping[str, Any]
    change: Mapping[str, Any]


def waiting_list(plan: Plan, ranks: Priorities) -> list[int]:
    """Put families without a place in the order of their points, by lot among equals."""
    left = [family for family, option in enumerate(plan.chosen) if option < 0]
    return sorted(left, key=lambda family: (-ranks.base[family], ranks.lots[family]))


def reasons_of(
    case: Case, rooms: list[Room], plan: Plan, ranks: Priorities, envies: Envies
) -> list[Reason]:
    """
    Explain the answer of every family.

    Parameters
    ----------
    case, rooms, plan, ranks, envies
        What was decided.

    Returns
    -------
    list of Reason
        By family.
    """
    room_now = {family for family, _ in envies.wasted}
    envied = {family: provider for family, _, provider in envies.pairs}
    return [
        _placed(case, rooms, plan, ranks, family)
        if plan.chosen[family] >= 0
        else _unplaced(
            case, rooms, plan, ranks, family, envied.get(family), room_now=family in room_now
        )
        for family in range(len(case.requests))
    ]


def _placed(case: Case, rooms: list[Room], plan: Plan, ranks: Priorities, family: int) -> Reason:
    option = plan.chosen[family]
    if case.options.stays[option]:
        return Reason("keeps_place", {}, {})
    rank = ranks.taste[option]
    if rank == 0:
        return Reason("first_choice", {"siblings": len(case.requests[family].children) > 1}, {})
    missed = _nearest_miss(case, rooms, plan, ranks, family, ranks.preferences[family][:rank])
    return Reason("later_choice", {"rank": rank + 1, **missed}, {})


def _unplaced(
    case: Case,
    rooms: list[Room],
    plan: Plan,
    ranks: Priorities,
    family: int,
    envied: int | None,
    *,
    room_now: bool,
) -> Reason:
    if family in case.out_of_reach:
        return Reason("out_of_reach", {}, {"change": "max_minutes"})
    mine = ranks.preferences[family]
    if not mine:
        return Reason("refused_everywhere", {}, {})
    if room_now:
        return Reason("room_left", {"provider": int(case.options.provider[mine[0]])}, {})
    missed = _nearest_miss(case, rooms, plan, ranks, family, mine)
    change: dict[str, Any] = {}
    if missed.get("missing") is not None:
        change = {"change": "points", "by": missed["missing"], "provider": missed["provider"]}
    if envied is not None:
        return Reason("passed_over", {"provider": int(case.options.provider[envied])}, change)
    if len(case.requests[family].children) > 1 and _alone_fits(case, rooms, plan, family):
        return Reason("siblings_together", missed, {"change": "siblings"})
    return Reason("full", missed, change)


def _nearest_miss(
    case: Case, rooms: list[Room], plan: Plan, ranks: Priorities, family: int, options: list[int]
) -> dict[str, Any]:
    """Find where the family lacked least: the points of the last one whose place would have done, and who took it."""
    best: tuple[Fraction, int, int] | None = None
    for option in options:
        house, provider = int(case.options.house[option]), int(case.options.provider[option])
        room = rooms[house]
        held = [one for one in plan.held[house] if int(case.options.family[one]) != family]
        for one in held:
            if case.options.stays[one]:
                continue
            rest = [room.position[other] for other in held if other != one]
            if not room.accepts(rest, room.position[option]):
                continue
            other = int(case.options.family[one])
            missing = ranks.points(other, provider) - ranks.points(family, provider)
            if best is None or missing < best[0]:
                best = (missing, provider, other)
    if best is None:
        return {"provider": int(case.options.provider[options[0]]) if options else None}
    missing, provider, other = best
    return {
        "provider": provider,
        "missing": float(missing) if missing > 0 else 0.0,
        "entry": float(ranks.points(other, provider)),
        "lot": missing == 0,
        "to_siblings": len(case.requests[other].children) > 1,
    }


def _alone_fits(case: Case, rooms: list[Room], plan: Plan, family: int) -> bool:
    """Tell whether one child alone would have found room somewhere, as far as places tell."""
    children = len(case.requests[family].children)
    for option in case.of_family[family].tolist():
        house = int(case.options.house[option])
        room = rooms[house]
        load = sum(room.rows[:, room.position[one]] for one in plan.held[house])
        alone = -(-room.rows[:, room.position[option]] // children)
        if bool((load + alone <= room.room).all()):
            return True
    return False
