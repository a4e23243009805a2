"""
Tell whether children fit a crèche together, section by section, day after day.

The law of age bands (`rpe_geo.rules.agrement.legacy_ages`) asked once for a whole set: at every quarter-hour the children
of every set of bands must be no more than the places outside nobody else may take (Hall, 1935). Children pass from one
section to the next during care.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from rpe_geo.domain import Contract, LegacyPlaces, months_after
from rpe_geo.rules.age_bands import band_changes, bands_of, open_places
from rpe_geo.rules.bits import days_between, unpack
from rpe_geo.rules.patterns import rows_of
from rpe_geo.schedule import QUARTERS_PER_DAY, monday_of

__all__ = ["Stay", "overfull"]


@dataclass(frozen=True)
class Stay:
    """One family's contracts in a crèche; `asked` False for a place that is held and not asked for again."""

    option: int
    contracts: tuple[Contract, ...]
    asked: bool


def overfull(
    bands: Sequence[LegacyPlaces], stays: Sequence[Stay], horizon_months: int
) -> tuple[int, ...] | None:
    """
    Look for a moment at which a crèche is too full.

    Parameters
    ----------
    bands
        Its sections.
    stays
        Families that would be there.
    horizon_months
        How far care without an end is looked at.

    Returns
    -------
    tuple of int or None
        Options that are too many together, none of which can be left out; None when everybody fits.
    """
    if not stays:
        return None
    children = [(turn, contract) for turn, stay in enumerate(stays) for contract in stay.contracts]
    starts = [contract.start for turn, contract in children if stays[turn].asked]
    if not starts:
        return None
    first = min(starts)
    weeks = _weeks(bands, [contract for _, contract in children], first, horizon_months)
    if not len(weeks):
        return None
    days = weeks[:, None] + np.arange(7)
    # Children × weeks × quarter-hours, and the bands that each may take on each day.
    present = np.array([_presence(contract, weeks, horizon_months) for _, contract in children])
    allowed = np.array([bands_of(_birth(contract), bands, days) for _, contract in children])
    allowed_slots = np.repeat(allowed, QUARTERS_PER_DAY, axis=2)
    numbers = range(len(bands))
    for size in range(1, len(bands) + 1):
        for inside in combinations(numbers, size):
            mask = sum(1 << band for band in inside)
            counted = present & ((allowed_slots & ~mask) == 0)
            room = np.sum([open_places(bands[band], weeks) for band in inside], axis=0)
            over = counted.sum(axis=0) > room
            if over.any():
                week, slot = np.argwhere(over)[0]
                return _too_many(children, stays, counted[:, week, slot], int(room[week, slot]))
    homeless = present & (allowed_slots == 0)
    if homeless.any():
        child = int(np.argwhere(homeless)[0][0])
        return (stays[children[child][0]].option,)
    return None


def _birth(contract: Contract) -> int:
    return (
        -10_000_000 if contract.child_birth_date is None else contract.child_birth_date.toordinal()
    )


def _weeks(
    bands: Sequence[LegacyPlaces], contracts: Sequence[Contract], first: date, horizon_months: int
) -> NDArray[np.int64]:
    """List the Mondays of weeks unlike the one before, and those of a cycle."""
    days = {contract.start.toordinal() for contract in contracts}
    days |= {contract.start.toordinal() + 7 for contract in contracts}
    last = max(
        (one.end or months_after(one.start, horizon_months)).toordinal() for one in contracts
    )
    days |= {contract.end.toordinal() for contract in contracts if contract.end is not None}
    days |= set(band_changes((_birth(c) for c in contracts), bands))
    days |= {one - 7 for one in days} | {one + 7 for one in days}
    inside = np.array(
        sorted(one for one in days if first.toordinal() - 6 <= one <= last), dtype=np.int64
    )
    if not len(inside):
        return inside
    mondays = np.unique(inside - (inside - 1) % 7)
    turns = max(len(contract.presence) for contract in contracts)
    if turns > 1:
        mondays = np.unique(np.concatenate([mondays + 7 * turn for turn in range(turns)]))
    return mondays


def _presence(
    contract: Contract, weeks: NDArray[np.int64], horizon_months: int
) -> NDArray[np.bool_]:
    """Lay a contract in some weeks, shape (weeks, 672)."""
    heads, tails = rows_of(contract.presence)
    end = (contract.end or months_after(contract.start, horizon_months)).toordinal()
    start = contract.start.toordinal()
    row = (weeks - monday_of(contract.start).toordinal()) // 7 % len(heads)
    begun = np.full(len(weeks), start), np.full(len(weeks), end)
    today = unpack(days_between(*begun, weeks))
    after = unpack(days_between(begun[0] + 1, begun[1] + 1, weeks))
    present: NDArray[np.bool_] = (heads[row] & today) | (tails[row] & after)
    return present


def _too_many(
    children: Sequence[tuple[int, Contract]],
    stays: Sequence[Stay],
    counted: NDArray[np.bool_],
    room: int,
) -> tuple[int, ...]:
    """Choose the fewest families that are too many: those with most children there first."""
    heads: dict[int, int] = {}
    for number in np.flatnonzero(counted).tolist():
        turn = children[number][0]
        heads[turn] = heads.get(turn, 0) + 1
    chosen: list[int] = []
    total = 0
    for turn in sorted(heads, key=lambda one: (-heads[one], stays[one].option)):
        chosen.append(turn)
        total += heads[turn]
        if total > room:
            break
    return tuple(sorted(stays[turn].option for turn in chosen))
