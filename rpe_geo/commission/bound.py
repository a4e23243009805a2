r"""
A proven bound: no lawful assignment is worth more.

For any prices π ≥ 0 of the families, with S ranging over the sets that a house may take,

    L(π) = Σ_f π_f + Σ_h max_S Σ_{o ∈ S} (v_o − π_{f(o)})

bounds every assignment from above (Lagrangian relaxation of « one place per family »; Geoffrion, 1974). Prices and values
are whole hundredths and every set is priced exactly, or replaced by what it cannot pass: a rough dual, a solver stopped
half way or a sieve that lets too much through makes the bound looser, never wrong.

Better prices come from column generation (Dantzig & Wolfe, 1960) with smoothed duals (Wentges, 1997).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpe_geo.commission.linear import LinearPrices
from rpe_geo.commission.pricing import Priced, best_set
from rpe_geo.commission.rooms import Room
from rpe_geo.commission.solver import Master

__all__ = ["Bound", "lagrangian", "tighten"]

_SMOOTHING = 0.75
_CLOSE = 2e-4
"""Relative distance between bound and restricted master at which more columns are not worth their time."""


@dataclass
class Bound:
    """
    The best prices so far.

    Parameters
    ----------
    prices
        Whole hundredths, by family.
    value
        L at these prices, hundredths.
    sets
        The best set of each house there.
    columns
        Every set met, by house: lawful as far as the sieve tells.
    shares
        Weight of each option in the last restricted master, between 0 and 1.
    """

    prices: NDArray[np.int64]
    value: int
    sets: list[Priced]
    columns: list[dict[tuple[int, ...], None]]
    shares: NDArray[np.float64]


def lagrangian(
    rooms: Sequence[Room],
    value: NDArray[np.int64],
    prices: NDArray[np.int64],
    linear: LinearPrices,
    begin: Sequence[Priced] | None = None,
) -> tuple[int, list[Priced]]:
    """
    Compute L at some prices.

    Parameters
    ----------
    rooms
        By house.
    value
        By option, hundredths.
    prices
        By family, hundredths; never negative.
    linear
        Row prices that cut the searches.
    begin
        Sets to begin the searches with.

    Returns
    -------
    tuple
        L, and the best set of each house.
    """
    total = int(prices.sum())
    sets = []
    for house, room in enumerate(rooms):
        if not len(room.options):
            sets.append(Priced((), 0, 0))
            continue
        gains = (value[room.options] - prices[room.families]).tolist()
        start = begin[house].positions if begin is not None else ()
        if start and not room.passes(start):
            start = ()
        found = best_set(room, gains, linear.rooms[house], start=start)
        total += found.bound
        sets.append(found)
    return total, sets


def tighten(
    rooms: Sequence[Room],
    value: NDArray[np.int64],
    linear: LinearPrices,
    *,
    rounds: int,
    go_on: Callable[[], bool],
) -> Bound:
    """
    Improve the bound by column generation.

    Parameters
    ----------
    rooms, value, linear
        As for `lagrangian`.
    rounds
        How many times the restricted master is solved.
    go_on
        False once the clock has run out; what was proven stays.

    Returns
    -------
    Bound
        The lowest bound met.
    """
    prices = np.rint(linear.families).astype(np.int64)
    worth, sets = lagrangian(rooms, value, prices, linear)
    best = Bound(prices, worth, sets, [{} for _ in rooms], linear.shares)
    if not rounds or not len(value):
        return best
    master = Master(len(prices), len(rooms))

    def gather(found: Sequence[Priced]) -> int:
        new = 0
        for house, priced in enumerate(found):
            if priced.positions and priced.positions not in best.columns[house]:
                best.columns[house][priced.positions] = None
                options = rooms[house].options[list(priced.positions)]
                families = rooms[house].families[list(priced.positions)]
                master.add(house, families.tolist(), int(value[options].sum()))
                new += 1
        return new

    gather(sets)
    smoothing = _SMOOTHING
    for _ in range(rounds):
        if not go_on():
            break
        duals, objective = master.solve()
        if best.value - objective <= _CLOSE * best.value:
            break
        smoothed = smoothing * best.prices + (1 - smoothing) * duals
        prices = np.maximum(np.rint(smoothed), 0).astype(np.int64)
        worth, sets = lagrangian(rooms, value, prices, linear, sets)
        new = gather(sets)
        if worth < best.value:
            best.prices, best.value, best.sets = prices, worth, sets
        if not new:
            # The prices were too near the old ones: look at the master's own.
            smoothing = smoothing / 2 if smoothing > 0.05 else 0.0
    weights = master.weights()
    shares = np.zeros(len(value))
    for house, columns in enumerate(best.columns):
        for positions, weight in zip(columns, weights[house], strict=False):
            shares[rooms[house].options[list(positions)]] += weight
    best.shares = shares
    return best
