r"""
A proven bound: no lawful assignment is worth more.

For any prices π ≥ 0 of the families, with S ranging over the sets that a house may take,

    L(π) = Σ_f π_f + Σ_h max_S Σ_{o ∈ S} (v_o − π_{f(o)})

bounds every assignment from above (Lagrangian relaxation of « one place per family »; Geoffrion, 1974). Prices and values
are whole hundredths and every set is priced exactly, or replaced by what it cannot pass: a rough dual, a solver stopped
half way or a sieve that lets too much through makes the bound looser, never wrong.

The dual prices of the linear program are a good beginning; subgradient steps (Held, Wolfe & Crowder, 1974) better them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpe_geo.commission.linear import LinearPrices
from rpe_geo.commission.pricing import Priced, best_set
from rpe_geo.commission.rooms import Room

__all__ = ["Bound", "lagrangian", "tighten"]

_FIRST_REACH = 5e-5
"""First step, as a part of the bound: halved each time that it leads nowhere better."""


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
    shares
        Fraction of each option in the linear program.
    """

    prices: NDArray[np.int64]
    value: int
    sets: list[Priced]
    shares: NDArray[np.float64]


def lagrangian(
    rooms: Sequence[Room],
    value: NDArray[np.int64],
    prices: NDArray[np.int64],
    linear: LinearPrices,
    begin: Sequence[Priced] | None = None,
    *,
    nodes: int,
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
    nodes
        Effort for each house.

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
        found = best_set(room, gains, linear.rooms[house], start=start, nodes_max=nodes)
        total += found.bound
        sets.append(found)
    return total, sets


def tighten(
    rooms: Sequence[Room],
    value: NDArray[np.int64],
    linear: LinearPrices,
    *,
    rounds: int,
    nodes: int,
    go_on: Callable[[], bool],
) -> Bound:
    """
    Improve the bound by subgradient steps from the linear prices.

    Parameters
    ----------
    rooms, value, linear
        As for `lagrangian`.
    rounds
        How many steps.
    nodes
        Effort for each house and step.
    go_on
        False once the clock has run out; what was proven stays.

    Returns
    -------
    Bound
        The lowest bound met.
    """
    prices = np.rint(linear.families).astype(np.int64)
    worth, sets = lagrangian(rooms, value, prices, linear, nodes=nodes)
    best = Bound(prices, worth, sets, linear.shares)
    reach = _FIRST_REACH
    for _ in range(rounds if len(value) else 0):
        if not go_on():
            break
        # How often each family stands in the sets: too often makes it dearer, never makes it cheaper.
        slope = np.ones(len(prices))
        for room, priced in zip(rooms, sets, strict=True):
            np.subtract.at(slope, room.families[list(priced.positions)], 1.0)
        slope[(prices <= 0) & (slope > 0)] = 0.0
        length = float(slope @ slope)
        if not length:
            break
        prices = np.maximum(np.rint(best.prices - reach * best.value / length * slope), 0)
        prices = prices.astype(np.int64)
        worth, found = lagrangian(rooms, value, prices, linear, sets, nodes=nodes)
        if worth < best.value:
            best = Bound(prices, worth, found, linear.shares)
            sets = found
        else:
            reach /= 2
            # Two slopes at the best prices: the old one, and what the step met.
            sets = found if reach > _FIRST_REACH / 64 else best.sets
    return best
