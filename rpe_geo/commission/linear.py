"""
The linear program of a commission: options as fractions, families at most once, rooms row by row.

Its dual prices begin the search for a bound. They may be rough: a bound is computed again, whole, from whatever prices
they give (`rpe_geo.commission.bound`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from rpe_geo.commission.pricing import RowPrices
from rpe_geo.commission.rooms import Room

__all__ = ["LinearPrices", "linear_prices"]


@dataclass(frozen=True)
class LinearPrices:
    """
    Dual prices.

    Parameters
    ----------
    families
        Hundredths, by family; never negative.
    rooms
        By house.
    shares
        Fraction of each option in the primal solution.
    """

    families: NDArray[np.float64]
    rooms: list[RowPrices]
    shares: NDArray[np.float64]


def linear_prices(
    rooms: Sequence[Room], value: NDArray[np.int64], family: NDArray[np.int64], families: int
) -> LinearPrices:
    """
    Solve the linear program by HiGHS's interior point.

    Parameters
    ----------
    rooms
        By house.
    value, family
        By option.
    families
        How many there are.

    Returns
    -------
    LinearPrices
        Zero prices where the solver gave none.
    """
    count = len(value)
    row_parts = [family]
    column_parts = [np.arange(count)]
    weight_parts = [np.ones(count)]
    limits = [np.ones(families)]
    offset, bounds = families, [families]
    whole = [room.lines for room in rooms]
    for room, (lines, limit) in zip(rooms, whole, strict=True):
        rows, positions = np.nonzero(lines)
        row_parts.append(rows + offset)
        column_parts.append(room.options[positions])
        weight_parts.append(lines[rows, positions])
        limits.append(limit)
        offset += len(limit)
        bounds.append(offset)
    duals = np.zeros(offset)
    shares = np.zeros(count)
    if count:
        matrix = csr_matrix(
            (
                np.concatenate(weight_parts),
                (np.concatenate(row_parts), np.concatenate(column_parts)),
            ),
            shape=(offset, count),
        )
        answer = linprog(  # type: ignore[call-overload]
            -value.astype(np.float64),
            A_ub=matrix,
            b_ub=np.concatenate(limits),
            bounds=(0, None),
            method="highs-ipm",
            options={"presolve": True},
        )
        if answer.x is not None and answer.ineqlin is not None:
            duals = np.maximum(-np.asarray(answer.ineqlin.marginals), 0.0)
            shares = np.asarray(answer.x)
    prices = []
    for house, (lines, limit) in enumerate(whole):
        mine = duals[bounds[house] : bounds[house + 1]]
        prices.append(RowPrices(mine, mine @ lines, float(mine @ limit)))
    return LinearPrices(duals[:families], prices, shares)
