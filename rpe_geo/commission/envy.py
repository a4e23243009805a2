"""
Justified envy: a family sees a place that it would rather have go to one with strictly fewer points.

A pair (i, j) is one of envy when i would rather be where j is, comes strictly before j there (a lot is no reason), and
j's place would really do: the house without j, with i, stands before the rules. Room that nobody uses is waste, not
envy. A *blocking group* is a family with those, one or several, who would all have to leave for it, each of them after
it in rank.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rpe_geo.commission.case import Case
from rpe_geo.commission.lawful import Judge
from rpe_geo.commission.plan import Plan
from rpe_geo.commission.priorities import Priorities
from rpe_geo.commission.rooms import Room

__all__ = ["Envies", "find_envies"]


@dataclass(frozen=True)
class Envies:
    """
    What families could hold against an assignment.

    Parameters
    ----------
    pairs
        (family, family it envies, option it would rather have).
    groups
        (family, option, options that would have to leave): two or more, for none of them alone would do.
    wasted
        (family, option) for which there is room now.
    """

    pairs: tuple[tuple[int, int, int], ...]
    groups: tuple[tuple[int, int, tuple[int, ...]], ...]
    wasted: tuple[tuple[int, int], ...]


def find_envies(
    case: Case, rooms: Sequence[Room], judge: Judge, plan: Plan, ranks: Priorities
) -> Envies:
    """
    Find every justified envy of an assignment.

    Parameters
    ----------
    case, rooms, judge
        The commission.
    plan
        Lawful.
    ranks
        Points, lots and wishes.

    Returns
    -------
    Envies
        Checked by the rules, pair by pair.
    """
    table = case.options
    questions: list[tuple[str, int, int, tuple[int, ...], list[int]]] = []
    for family in range(len(case.requests)):
        now = plan.chosen[family]
        mine = ranks.preferences[family]
        for option in mine if now < 0 else mine[: ranks.taste[now]]:
            questions.extend(_questions(case, rooms, plan, ranks, family, option))
    answers = judge.stand([there for *_, there in questions])
    pairs: dict[tuple[int, int], int] = {}
    wasted: dict[int, int] = {}
    groups: dict[int, tuple[int, tuple[int, ...]]] = {}
    for (kind, family, option, leaving, _), lawful in zip(questions, answers, strict=True):
        if not lawful:
            continue
        if kind == "waste":
            wasted.setdefault(family, option)
        elif kind == "pair":
            pairs.setdefault((family, int(table.family[leaving[0]])), option)
        else:
            groups.setdefault(family, (option, leaving))
    envious = {family for family, _ in pairs} | wasted.keys()
    return Envies(
        tuple((one, other, option) for (one, other), option in sorted(pairs.items())),
        tuple(
            (family, option, leaving)
            for family, (option, leaving) in sorted(groups.items())
            if family not in envious
        ),
        tuple(sorted(wasted.items())),
    )


def _questions(
    case: Case, rooms: Sequence[Room], plan: Plan, ranks: Priorities, family: int, option: int
) -> list[tuple[str, int, int, tuple[int, ...], list[int]]]:
    """List the sets that would have to stand for an envy, a waste or a blocking group; the sieve puts most aside."""
    table = case.options
    house = int(table.house[option])
    room, provider = rooms[house], int(table.provider[option])
    held = [one for one in plan.held[house] if int(table.family[one]) != family]
    position = room.position[option]
    there = [room.position[one] for one in held]
    load = room.load(there)
    if room.accepts(there, position, load):
        return [("waste", family, option, (), [*held, option])]
    lower = [
        one
        for one in held
        if not table.stays[one] and ranks.before(family, int(table.family[one]), provider)
    ]
    questions: list[tuple[str, int, int, tuple[int, ...], list[int]]] = []
    for one in lower:
        rest = [other for other in held if other != one]
        if room.accepts([room.position[other] for other in rest], position):
            questions.append(("pair", family, option, (one,), [*rest, option]))
    if not questions and len(lower) > 1:
        rest = [one for one in held if one not in lower]
        if room.accepts([room.position[one] for one in rest], position):
            questions.append(("group", family, option, tuple(lower), [*rest, option]))
    return questions
