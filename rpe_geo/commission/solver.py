"""
The solver of small exact choices behind one door: CP-SAT of OR-tools.

One thread and a seed, so that the same question has the same answer to the bit; effort is counted in the solver's own
deterministic time, never in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model

from rpe_geo.commission.rooms import Room

__all__ = ["Choice", "choose"]


@dataclass(frozen=True)
class Choice:
    """
    An answer of `choose`.

    Parameters
    ----------
    chosen
        Position in `options` of those taken.
    worth
        Their gains added up.
    proven
        Whether nothing better exists among the options given.
    """

    chosen: tuple[int, ...]
    worth: int
    proven: bool


def choose(
    rooms: Mapping[int, Room],
    options: Sequence[tuple[int, int, int, int]],
    *,
    hint: frozenset[int] = frozenset(),
    must: frozenset[int] = frozenset(),
    effort: float,
    seed: int,
) -> Choice | None:
    """
    Choose among some options so that families stand once, rooms hold and the gain is largest.

    Parameters
    ----------
    rooms
        By house.
    options
        House, position in its room, family, gain (whole).
    hint
        Positions in `options` of a choice that stands.
    must
        Families that must have one.
    effort
        Deterministic time of the solver; about a second each on an ordinary core.
    seed
        Of the solver.

    Returns
    -------
    Choice or None
        None when nothing was found within the effort.
    """
    model = cp_model.CpModel()
    taken = [model.new_bool_var("") for _ in options]
    by_family: dict[int, list[int]] = {}
    by_house: dict[int, dict[int, int]] = {}
    for number, (house, position, family, _) in enumerate(options):
        by_family.setdefault(family, []).append(number)
        by_house.setdefault(house, {})[position] = number
    for family, numbers in by_family.items():
        variables = [taken[number] for number in numbers]
        if family in must:
            model.add_exactly_one(variables)
        elif len(variables) > 1:
            model.add_at_most_one(variables)
    for house, numbers_of in by_house.items():
        _add_room(model, rooms[house], {at: taken[number] for at, number in numbers_of.items()})
    model.maximize(sum(gain * taken[number] for number, (_, _, _, gain) in enumerate(options)))
    for number, variable in enumerate(taken):
        model.add_hint(variable, number in hint)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed % (2**31 - 1)
    solver.parameters.max_deterministic_time = effort
    solver.parameters.linearization_level = 2
    status = solver.solve(model)
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return None
    chosen = tuple(
        number for number, variable in enumerate(taken) if solver.boolean_value(variable)
    )
    worth = sum(options[number][3] for number in chosen)
    return Choice(chosen, worth, status == cp_model.OPTIMAL)


def _add_room(model: cp_model.CpModel, room: Room, taken: Mapping[int, cp_model.IntVar]) -> None:
    """Write rows, conflicts and unions of a room for the options that are there."""
    positions = sorted(taken)
    rows = room.rows[:, positions]
    seen: set[tuple[tuple[int, ...], tuple[int, ...]]] = set()
    for row, limit in zip(rows, room.room.tolist(), strict=True):
        if int(row.sum()) <= limit:
            continue
        inside = tuple(np.flatnonzero(row).tolist())
        key = (inside, (*row[list(inside)].tolist(), limit))
        if key in seen:
            continue
        seen.add(key)
        if limit == 1 and int(row.max()) == 1:
            model.add_at_most_one([taken[positions[turn]] for turn in inside])
        else:
            model.add(sum(int(row[turn]) * taken[positions[turn]] for turn in inside) <= int(limit))
    there = set(positions)
    for conflict in room.conflicts:
        if conflict <= there:
            model.add_bool_or([taken[position].negated() for position in sorted(conflict)])
    for union in room.unions:
        _add_union(
            model,
            {at: taken[at] for at in positions if at in union.hours},
            union.hours,
            union.base,
            union.limit,
        )


def _add_union(
    model: cp_model.CpModel,
    taken: Mapping[int, cp_model.IntVar],
    hours: Mapping[int, int],
    base: int,
    limit: int,
) -> None:
    """Bound the hours of a week: quarter-hours with the same families are one segment, worked if one of them is there."""
    everything = base
    for position in taken:
        everything |= hours[position]
    if everything.bit_count() <= limit:
        return
    segments: dict[tuple[int, ...], int] = {}
    extra = everything & ~base
    while extra:
        low = extra & -extra
        key = tuple(position for position in taken if hours[position] & low)
        same = extra
        for position in taken:
            same &= hours[position] if position in key else ~hours[position]
        segments[key] = same.bit_count()
        extra &= ~same
    worked = []
    for key, length in segments.items():
        variable = model.new_bool_var("")
        for position in key:
            model.add_implication(taken[position], variable)
        worked.append(length * variable)
    model.add(sum(worked) <= limit - base.bit_count())
