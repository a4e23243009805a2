"""
One house at a time chooses its best set again, and a plan gets better until no house can better it.

A family that stands elsewhere costs what it is worth there, so that a choice of a house changes the whole sum by what it
gains itself: a best response (Rosenthal, 1973). Where every house is content, some neighbouring ones are emptied, choose
again at other prices, and what does not become better is undone: iterated local search (Lourenço, Martin & Stützle, 2003).
The rules judge every set before it is taken; what they refuse is learnt, and the house chooses again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray

from rpe_geo.commission.case import Case
from rpe_geo.commission.lawful import Judge
from rpe_geo.commission.plan import Plan
from rpe_geo.commission.pricing import RowPrices, best_set
from rpe_geo.commission.rooms import Room

__all__ = ["Responses"]

_NODES = 150
_LEARN_MAX = 60
"""Sets that the rules may refuse a house in a row before it keeps what it has."""


class Responses:
    """
    Best responses on one plan.

    Parameters
    ----------
    case, rooms, judge
        The commission.
    plan
        Lawful; changed in place.
    gain
        What is added up, by option, whole.
    prices
        Of the bound, by family.
    lines
        Prices of the rows of each house.
    nodes
        Effort of one choice.
    """

    def __init__(
        self,
        case: Case,
        rooms: Sequence[Room],
        judge: Judge,
        plan: Plan,
        gain: NDArray[np.int64],
        prices: NDArray[np.int64],
        lines: Sequence[RowPrices],
        *,
        nodes: int = _NODES,
    ) -> None:
        self.case, self.rooms, self.judge, self.plan = case, rooms, judge, plan
        self.nodes, self.lines = nodes, lines
        self.gain = gain.tolist()
        self.prices = prices.tolist()
        self.family = case.options.family.tolist()
        self.house = case.options.house.tolist()
        self.options = [room.options.tolist() for room in rooms]
        self.houses_of = [
            list(dict.fromkeys(case.options.house[mine].tolist())) for mine in case.of_family
        ]
        self.before: dict[int, int] = {}

    @property
    def total(self) -> int:
        """The sum of the gains."""
        return sum(self.gain[option] for option in self.plan.chosen if option >= 0)

    def choose(self, house: int, lean: float = 0.0) -> list[int]:
        """
        Let a house choose; return the houses that may better themselves now.

        Parameters
        ----------
        house
            Which one.
        lean
            Part of its price that a family without a place costs: 0 for the true sum.
        """
        options, plan, room = self.options[house], self.plan, self.rooms[house]
        held = plan.held[house]
        here = {self.family[option] for option in held}
        gains = []
        for option in options:
            family = self.family[option]
            now = plan.chosen[family]
            if family in here:
                cost = 0
            elif now >= 0:
                cost = self.gain[now]
            else:
                cost = int(lean * self.prices[family]) if lean else 0
            gains.append(self.gain[option] - cost)
        start = tuple(room.position[option] for option in held)
        wanted = held
        for _ in range(_LEARN_MAX):
            found = best_set(room, gains, self.lines[house], start=start, nodes_max=self.nodes)
            wanted = sorted(options[position] for position in found.positions)
            if wanted == held or self.judge.stand([wanted])[0]:
                break
            room.learn(self.judge.minimal(wanted))
        else:
            return []
        return self._take(house, wanted) if wanted != held else []

    def _take(self, house: int, wanted: Sequence[int]) -> list[int]:
        """Put a set in a house; return the houses that lost a family, or could have one that lost its place."""
        plan = self.plan
        touched: dict[int, None] = {}
        freed: dict[int, None] = {}
        for option in list(plan.held[house]):
            if option not in wanted:
                self._note(self.family[option])
                plan.drop(option)
                freed[self.family[option]] = None
        for option in wanted:
            family = self.family[option]
            now = plan.chosen[family]
            if now == option:
                continue
            self._note(family)
            if now >= 0:
                touched[self.house[now]] = None
                plan.drop(now)
            plan.put(option)
            freed.pop(family, None)
        for family in freed:
            touched.update(dict.fromkeys(self.houses_of[family]))
        touched.pop(house, None)
        return list(touched)

    def _note(self, family: int) -> None:
        self.before.setdefault(family, self.plan.chosen[family])

    def settle(self, houses: Iterable[int], choices: int, go_on: Callable[[], bool]) -> None:
        """Let houses choose in turn, and those that this touches, until all are content or the choices are spent."""
        queue = dict.fromkeys(houses)
        for _ in range(choices):
            if not queue or not go_on():
                break
            house = next(iter(queue))
            del queue[house]
            if self.options[house]:
                queue.update(dict.fromkeys(self.choose(house)))

    def kick(
        self, houses: Sequence[int], random: Random, choices: int, go_on: Callable[[], bool]
    ) -> bool:
        """Empty some houses, let them choose again, keep what is better; tell whether the plan changed."""
        self.before = {}
        start = self.total
        order = list(houses)
        random.shuffle(order)
        for house in order:
            for option in list(self.plan.held[house]):
                self._note(self.family[option])
                self.plan.drop(option)
        touched: dict[int, None] = {}
        lean = random.choice((0.0, 0.4, 0.7, 0.9, 1.0))
        for house in order:
            touched.update(dict.fromkeys(self.choose(house, lean)))
        self.settle([*order, *touched], choices, go_on)
        if self.total > start and self._lawful():
            return True
        if self.total == start and self._lawful():
            return False
        self._undo()
        return False

    def _lawful(self) -> bool:
        houses = {
            self.house[option]
            for family, was in self.before.items()
            for option in (was, self.plan.chosen[family])
            if option >= 0
        }
        return all(self.judge.stand([self.plan.held[house] for house in sorted(houses)]))

    def _undo(self) -> None:
        for family in self.before:
            now = self.plan.chosen[family]
            if now >= 0:
                self.plan.drop(now)
        for was in self.before.values():
            if was >= 0:
                self.plan.put(was)
