"""
The best lawful week of one house at given prices: exact, by branch and bound on packed whole numbers.

With a price for each family, a house looks for the set of its options with the largest value less prices. A node of the
search adds one option to a set; room is checked on one whole number for all rows at once. Two bounds cut it: what the
options left could add, and the same with the room of each row priced. Row prices begin as those of the linear program; at
each node they fall as far as the options that still fit allow, and any prices of 0 or more bound (weak duality).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpe_geo.commission.rooms import Room

__all__ = ["Priced", "RowPrices", "best_set"]

_MARGIN = 1e-3
"""Hundredths: far above the rounding of a double, far below a whole one."""


@dataclass(frozen=True)
class RowPrices:
    """
    Prices of the rows of a room that make its bound tight.

    Parameters
    ----------
    lines
        By line of the room.
    per_option
        Σ price × children, by option of the room.
    whole
        Σ price × room.
    """

    lines: NDArray[np.float64]
    per_option: NDArray[np.float64]
    whole: float


@dataclass(frozen=True)
class Priced:
    """
    The best set found, and what no set can pass.

    Parameters
    ----------
    positions
        Options of the room.
    worth
        Their value less prices, whole hundredths.
    bound
        Equal to `worth` unless the search was cut short.
    """

    positions: tuple[int, ...]
    worth: int
    bound: int


def best_set(
    room: Room,
    gains: Sequence[int],
    prices: RowPrices | None = None,
    *,
    start: Sequence[int] = (),
    nodes_max: int,
) -> Priced:
    """
    Find the best set of options of a room.

    Parameters
    ----------
    room
        The house.
    gains
        Value less price of each option, whole hundredths; those of 0 or less are never taken.
    prices
        For the tight bound; None for the plain one.
    start
        A set that passes the sieve, to begin with.
    nodes_max
        Nodes after which the search stops and `bound` is above `worth`.

    Returns
    -------
    Priced
        Exact when `bound == worth`.
    """
    chosen = [turn for turn, gain in enumerate(gains) if gain > 0]
    if not chosen:
        return Priced((), 0, 0)
    lines = [0.0] * len(room.lines[1]) if prices is None else prices.lines.tolist()
    begin = tuple(turn for turn in start if gains[turn] > 0)
    search = _Search(room, gains, begin, nodes_max)
    alone = [turn for turn in chosen if room.accepts((), turn, 0)]
    bits = tuple(union.base for union in room.unions)
    upper = search.go_on(alone, (), 0, bits, 0, lines, room.lines[1].tolist())
    return Priced(search.best, search.worth, max(upper, search.worth))


class _Search:
    """One branch and bound: the best set met, and the nodes left."""

    def __init__(
        self,
        room: Room,
        gains: Sequence[int],
        begin: tuple[int, ...],
        nodes: int,
    ) -> None:
        self.room, self.gains = room, gains
        self.columns = room.columns
        self.families = room.families.tolist()
        self.best = begin
        self.worth = sum(gains[turn] for turn in begin)
        self.left = nodes
        self.limits = [union.limit for union in room.unions]
        self.hours = [
            tuple(union.hours.get(turn, 0) for union in room.unions)
            for turn in range(len(room.options))
        ]

    def fitting(
        self, rest: Sequence[int], taken: tuple[int, ...], load: int, bits: tuple[int, ...]
    ) -> list[int]:
        """Keep the options that the sieve lets join the last one taken."""
        room, families, hours, limits = self.room, self.families, self.hours, self.limits
        weights, high, family = room.weights, room.high, families[taken[-1]]
        left = room.full - load
        kept = [
            turn
            for turn in rest
            if (left - weights[turn]) & high == high and families[turn] != family
        ]
        for number, limit in enumerate(limits):
            worked = bits[number]
            kept = [turn for turn in kept if (worked | hours[turn][number]).bit_count() <= limit]
        conflicts = room.against.get(taken[-1])
        if conflicts:
            there = frozenset(taken)
            out: set[int] = set()
            for conflict in conflicts:
                lacking = conflict - there
                if len(lacking) == 1:
                    out |= lacking
            if out:
                kept = [turn for turn in kept if turn not in out]
        return kept

    def go_on(
        self,
        rest: Sequence[int],
        taken: tuple[int, ...],
        load: int,
        bits: tuple[int, ...],
        gain: int,
        prices: list[float],
        left: list[float],
    ) -> int:
        """
        Add options to a set, those first that are dearest for the room they take.

        Parameters
        ----------
        rest
            Options that may still join.
        taken, load, bits, gain
            The set, its packed load, the quarter-hours worked of each union, its gain.
        prices, left
            Of the lines of the room, and what is left of each.

        Returns
        -------
        int
            What no set below can pass.
        """
        if gain > self.worth:
            self.worth, self.best = gain, taken
        if not rest:
            return gain
        gains, columns = self.gains, self.columns
        order, prices = self._lowered(rest, prices, left)
        plain = gain
        tight = gain + _MARGIN + sum(one * room for one, room in zip(prices, left, strict=True))
        bounds = []
        for over, _, turn in reversed(order):
            plain += gains[turn]
            if over < 0:
                tight -= over
            bounds.append(plain if plain < tight else int(tight))
        bounds.reverse()
        upper = gain
        for number, (_, _, turn) in enumerate(order):
            if bounds[number] <= self.worth:
                break
            self.left -= 1
            if self.left < 0:
                return max(upper, bounds[number])
            weight, hours = load + self.room.weights[turn], self.hours[turn]
            worked = tuple(one | other for one, other in zip(bits, hours, strict=True))
            more = (*taken, turn)
            room = left.copy()
            for line, takes in columns[turn]:
                room[line] -= takes
            fitting = self.fitting([one for _, _, one in order[number + 1 :]], more, weight, worked)
            below = self.go_on(fitting, more, weight, worked, gain + gains[turn], prices, room)
            upper = max(upper, below)
        return upper

    def _lowered(
        self, rest: Sequence[int], prices: list[float], left: Sequence[float]
    ) -> tuple[list[tuple[float, int, int]], list[float]]:
        """
        Lower the prices of lines as far as no option becomes worth more than it pays: whoever is gone needs no price.

        Returns the options as (what they pay above their gain, −gain, option), sorted, and the prices.
        """
        prices = prices.copy()
        columns, gains = self.columns, self.gains
        over = {
            turn: sum(prices[line] * takes for line, takes in columns[turn]) - gains[turn]
            for turn in rest
        }
        users: dict[int, list[tuple[int, float]]] = {}
        for turn in rest:
            for line, takes in columns[turn]:
                if prices[line] > 0.0:
                    users.setdefault(line, []).append((turn, takes))
        for line, price in sorted(enumerate(prices), key=lambda pair: -pair[1] * left[pair[0]]):
            if price <= 0.0:
                continue
            less = price
            for turn, takes in users.get(line, ()):
                slack = over[turn] / takes
                less = min(less, slack)
            if less > 0.0:
                prices[line] -= less
                for turn, takes in users.get(line, ()):
                    over[turn] -= less * takes
        return sorted((over[turn], -gains[turn], turn) for turn in rest), prices
