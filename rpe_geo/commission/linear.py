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
from scipy.sparse.csgraph import reverse_cuthill_mckee

from rpe_geo.commission.pricing import RowPrices
from rpe_geo.commission.rooms import Room

__all__ = ["LinearPrices", "linear_prices"]

_OPTIONS_AT_ONCE = 50_000


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
        Zero prices where the solver gave none. Beyond some tens of thousands of options the program is solved in tiles
        of neighbouring houses; a family of several tiles has its highest price, and what is proven from it stands.
    """
    tiles = _tiles(rooms, family, families, len(value))
    if len(tiles) == 1:
        return _solve(rooms, value, family, families)
    price = np.zeros(families)
    shares = np.zeros(len(value))
    houses: list[RowPrices | None] = [None] * len(rooms)
    for tile in tiles:
        mine = np.concatenate([rooms[house].options for house in tile])
        found = _solve([rooms[house] for house in tile], value, family, families, mine)
        np.maximum(price, found.families, out=price)
        shares[mine] = found.shares[mine]
        for house, prices in zip(tile, found.rooms, strict=True):
            houses[house] = prices
    return LinearPrices(price, [one for one in houses if one is not None], shares)


def _tiles(
    rooms: Sequence[Room], family: NDArray[np.int64], families: int, count: int
) -> list[list[int]]:
    """Cut the houses into tiles of a size that is solved at once; those that share families come together."""
    if count <= _OPTIONS_AT_ONCE:
        return [list(range(len(rooms)))]
    house = np.zeros(count, dtype=np.int64)
    for number, room in enumerate(rooms):
        house[room.options] = number
    asked = csr_matrix((np.ones(count), (house, family)), shape=(len(rooms), families))
    order = reverse_cuthill_mckee(csr_matrix(asked @ asked.T), symmetric_mode=True)
    tiles: list[list[int]] = [[]]
    load = 0
    for number in order.tolist():
        if load > _OPTIONS_AT_ONCE // 2:
            tiles.append([])
            load = 0
        tiles[-1].append(number)
        load += len(rooms[number].options)
    return tiles


def _solve(
    rooms: Sequence[Room],
    value: NDArray[np.int64],
    family: NDArray[np.int64],
    families: int,
    chosen: NDArray[np.int64] | None = None,
) -> LinearPrices:
    """Solve the program of some houses; `chosen` are their options, all when None."""
    count = len(value)
    inside = np.arange(count) if chosen is None else np.sort(chosen)
    place = np.full(count, -1, dtype=np.int64)
    place[inside] = np.arange(len(inside))
    row_parts = [family[inside]]
    column_parts = [np.arange(len(inside))]
    weight_parts = [np.ones(len(inside))]
    limits = [np.ones(families)]
    offset, bounds = families, [families]
    whole = [room.lines for room in rooms]
    for room, (lines, limit) in zip(rooms, whole, strict=True):
        rows, positions = np.nonzero(lines)
        row_parts.append(rows + offset)
        column_parts.append(place[room.options[positions]])
        weight_parts.append(lines[rows, positions])
        limits.append(limit)
        offset += len(limit)
        bounds.append(offset)
    duals = np.zeros(offset)
    shares = np.zeros(count)
    if len(inside):
        matrix = csr_matrix(
            (
                np.concatenate(weight_parts),
                (np.concatenate(row_parts), np.concatenate(column_parts)),
            ),
            shape=(offset, len(inside)),
        )
        answer = linprog(  # type: ignore[call-overload]
            -value[inside].astype(np.float64),
            A_ub=matrix,
            b_ub=np.concatenate(limits),
            bounds=(0, None),
            method="highs-ipm",
            options={"presolve": True},
        )
        if answer.x is not None and answer.ineqlin is not None:
            duals = np.maximum(-np.asarray(answer.ineqlin.marginals), 0.0)
            shares[inside] = np.asarray(answer.x)
    prices = []
    for house, (lines, limit) in enumerate(whole):
        mine = duals[bounds[house] : bounds[house + 1]]
        prices.append(RowPrices(mine, mine @ lines, float(mine @ limit)))
    return LinearPrices(duals[:families], prices, shares)
