"""
The best lawful week of one house at given prices: exact, by branch and bound on packed whole numbers.

With a price for each family, a house looks for the set of its options with the largest value less prices. A node of the
search adds or leaves out one option; room is checked on one whole number for all rows at once. Two bounds cut it: what
the options left could add, and the same with rows priced too (`row_prices`, from the linear program).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpe_geo.commission.rooms import Room

__all__ = ["Priced", "RowPrices", "best_set"]

_NODES_MAX = 30_000
_MARGIN = 1e-3
"""Hundredths: far above the rounding of a double, far below a whole one."""


@dataclass(frozen=True)
class RowPrices:
    """
    Prices of the rows of a room that make its bound tight.

    Parameters
    ----------
    per_option
        Σ price × children, by option of the room.
    whole
        Σ price × room.
    """

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
    nodes_max: int = _NODES_MAX,
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
    if prices is None:
        reduced = {turn: float(gains[turn]) for turn in chosen}
        whole = float("inf")
    else:
        reduced = {turn: gains[turn] - float(prices.per_option[turn]) for turn in chosen}
        whole = prices.whole
    chosen.sort(key=lambda turn: (-reduced[turn], -gains[turn], turn))
    count = len(chosen)
    plain, tight = [0] * (count + 1), [0.0] * (count + 1)
    for turn in range(count - 1, -1, -1):
        plain[turn] = plain[turn + 1] + gains[chosen[turn]]
        tight[turn] = tight[turn + 1] + max(0.0, reduced[chosen[turn]])
    best = tuple(turn for turn in start if gains[turn] > 0)
    worth = sum(gains[turn] for turn in best)
    # A node: next option, set, families in it, packed load, gain, gain with rows priced.
    stack: list[tuple[int, tuple[int, ...], frozenset[int], int, int, float]] = [
        (0, (), frozenset(), 0, 0, 0.0)
    ]
    families = room.families.tolist()
    weights, full, high = room.weights, room.full, room.high
    simple = not room.unions and not room.conflicts
    left = nodes_max
    while stack:
        turn, taken, there, load, gain, priced = stack.pop()
        if gain > worth:
            worth, best = gain, taken
        if turn == count:
            continue
        bound = gain + plain[turn]
        if whole != float("inf"):
            bound = min(bound, int(whole + priced + tight[turn] + _MARGIN))
        if bound <= worth:
            continue
        left -= 1
        if left < 0:
            stack.append((turn, taken, there, load, gain, priced))
            break
        option = chosen[turn]
        stack.append((turn + 1, taken, there, load, gain, priced))
        family = families[option]
        if (
            family not in there
            and (full - load - weights[option]) & high == high
            and (simple or room.accepts(taken, option, load))
        ):
            stack.append(
                (
                    turn + 1,
                    (*taken, option),
                    there | {family},
                    load + weights[option],
                    gain + gains[option],
                    priced + reduced[option],
                )
            )
    upper = worth
    for turn, _, _, _, gain, priced in stack:
        bound = gain + plain[turn]
        if whole != float("inf"):
            bound = min(bound, int(whole + priced + tight[turn] + _MARGIN))
        upper = max(upper, bound)
    return Priced(best, worth, upper)
