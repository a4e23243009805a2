"""Who goes where: one option or none for each family, and what each house holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from rpe_geo.commission.case import Case
from rpe_geo.commission.lawful import Judge
from rpe_geo.commission.rooms import Room

__all__ = ["Plan", "settle_lawfully"]


class Plan:
    """
    A choice for every family.

    Parameters
    ----------
    case
        The commission.
    chosen
        Option of each family, −1 for none; a copy is kept.
    """

    def __init__(self, case: Case, chosen: Sequence[int] | NDArray[np.int64] | None = None) -> None:
        self.case = case
        self.chosen: list[int] = (
            [-1] * len(case.requests) if chosen is None else [int(one) for one in chosen]
        )
        self.held: list[list[int]] = [[] for _ in case.providers.members]
        for option in self.chosen:
            if option >= 0:
                self.held[int(case.options.house[option])].append(option)
        for options in self.held:
            options.sort()

    def copy(self) -> Plan:
        """Return a plan that may be changed apart."""
        return Plan(self.case, self.chosen)

    @property
    def value(self) -> int:
        """The sum of the values, hundredths."""
        return int(
            sum(int(self.case.options.value[option]) for option in self.chosen if option >= 0)
        )

    @property
    def placed(self) -> list[int]:
        """The options taken."""
        return [option for option in self.chosen if option >= 0]

    def put(self, option: int) -> None:
        """Place a family that has no place."""
        self.chosen[int(self.case.options.family[option])] = option
        held = self.held[int(self.case.options.house[option])]
        held.append(option)
        held.sort()

    def drop(self, option: int) -> None:
        """Take a family's place away."""
        self.chosen[int(self.case.options.family[option])] = -1
        self.held[int(self.case.options.house[option])].remove(option)


def settle_lawfully(
    plan: Plan, rooms: Sequence[Room], judge: Judge, houses: Iterable[int], rank: Sequence[float]
) -> list[int]:
    """
    Ask the rules about some houses, learn what they refuse, and drop the least of each conflict until all stand.

    Parameters
    ----------
    plan
        Changed in place.
    rooms
        Learn the conflicts.
    judge
        Asks the rules.
    houses
        Which ones.
    rank
        By option: of a conflict the option with the smallest rank goes.

    Returns
    -------
    list of int
        Options dropped.
    """
    dropped = []
    left = [house for house in houses if plan.held[house]]
    while left:
        answers = judge.stand([plan.held[house] for house in left])
        refused = [house for house, lawful in zip(left, answers, strict=True) if not lawful]
        for house in refused:
            conflict = judge.minimal(plan.held[house])
            rooms[house].learn(conflict)
            movable = [one for one in conflict if not plan.case.options.stays[one]] or list(
                conflict
            )
            least = min(movable, key=lambda option: (rank[option], -option))
            plan.drop(least)
            dropped.append(least)
        left = [house for house in refused if plan.held[house]]
    return dropped
