"""
Who near a family is free for which of the asked hours, as bits, and whom it is worth pairing.

These are hints that order a search: places in the weeks looked at, 48 hours and 13 hours a day in the first one. What
is proposed in the end, the rules decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rpe_geo.domain import Request, months_after
from rpe_geo.matching.handover import days_of
from rpe_geo.matching.occupation import WORDS_PER_WEEK, count_quarters, pack_week
from rpe_geo.matching.profiles import Profiles
from rpe_geo.rules.compiled import Registry
from rpe_geo.schedule import QUARTERS_PER_DAY, QUARTERS_PER_WEEK

__all__ = ["FreeHours", "Unit", "gather_free_hours"]

_MONTHS_LOOKED_AT = (0, 3, 6, 12, 18)

_Bits = NDArray[np.uint64]
_Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Unit:
    """Somebody who may hold a part of the week: one provider, a MAM with its members, or care at home."""

    kind: Literal["childminder", "mam", "facility", "home_care"]
    provider_id: str | None
    rows: tuple[int, ...]
    minutes: float
    mam_id: str | None = None


@dataclass(frozen=True)
class FreeHours:
    """
    The asked hours of a cycle, and who is free for them.

    Parameters
    ----------
    weeks
        Length of the cycle asked.
    days
        Asked quarter-hours day by day, see `rpe_geo.matching.handover.days_of`.
    asked
        All of them, packed: 11 words for each week of the cycle.
    units
        Whom it is worth pairing, those free for most hours first.
    bits
        Asked hours for which each unit is free, shape (11 × weeks, units).
    members
        The same for each provider near, by position in the registry.
    presence
        Hours of the week of the start on which each unit already has a child, shape (11, units).
    """

    weeks: int
    days: tuple[NDArray[np.intp], ...]
    asked: _Bits
    units: tuple[Unit, ...]
    bits: _Bits
    members: Mapping[int, _Bits]
    presence: _Bits

    @property
    def asked_quarters(self) -> int:
        """Number of asked quarter-hours of the cycle."""
        return int(count_quarters(self.asked[:, None])[0])

    def slots(self, bits: _Bits) -> _Mask:
        """Unpack a cycle, as `bits[:, unit]`, into 672 × weeks booleans."""
        return _unpacked(bits.reshape(self.weeks, WORDS_PER_WEEK).T).ravel()

    def whole_days(self) -> _Mask:
        """Tell which days of the cycle each unit is free for from beginning to end, shape (units, days)."""
        masks = [self._packed([slots]) for slots in self.days]
        return np.stack([~(mask[:, None] & ~self.bits).any(axis=0) for mask in masks], axis=1)

    def bearable(self, law: Mapping[str, Any]) -> tuple[_Mask, _Mask, _Mask]:
        """Guess who could work all the hours they are free for, those of the first days, those of the last days."""
        half = len(self.days) // 2
        parts = (self.days, self.days[: len(self.days) - half], self.days[len(self.days) - half :])
        everything, early, late = (self._bearable(days, law) for days in parts)
        return everything, early, late

    def _bearable(self, days: Sequence[NDArray[np.intp]], law: Mapping[str, Any]) -> _Mask:
        mask = self._packed(days)[:WORDS_PER_WEEK, None]
        week = self.presence | (self.bits[:WORDS_PER_WEEK] & mask)
        by_day = _unpacked(week).reshape(-1, 7, QUARTERS_PER_DAY)
        arrival = by_day.argmax(axis=2)
        departure = QUARTERS_PER_DAY - by_day[:, :, ::-1].argmax(axis=2)
        longest = np.where(by_day.any(axis=2), departure - arrival, 0).max(axis=1)
        bearable: _Mask = (count_quarters(week) <= 4 * law["weekly_hours_max"]) & (
            longest <= 4 * law["daily_span_hours"]
        )
        return bearable

    def _packed(self, days: Sequence[NDArray[np.intp]]) -> _Bits:
        """Pack some days of the cycle."""
        mask = np.zeros(self.weeks * QUARTERS_PER_WEEK, dtype=np.bool_)
        for slots in days:
            mask[slots] = True
        return np.concatenate([pack_week(week) for week in mask.reshape(self.weeks, -1)])


def gather_free_hours(
    registry: Registry,
    profiles: Profiles,
    request: Request,
    near: NDArray[np.intp],
    minutes: NDArray[np.float64],
    *,
    pool: int,
) -> FreeHours:
    """
    Pack the asked hours and the free hours of everybody near, and choose whom it is worth pairing.

    Parameters
    ----------
    registry, profiles
        The providers.
    request
        A family's need.
    near
        Positions of the providers within reach, rising.
    minutes
        From home to every provider.
    pool
        How many units are kept.

    Returns
    -------
    FreeHours
        With at most `pool` units.
    """
    weeks = len(request.schedule)
    asked = np.concatenate(
        [pack_week(week) for week in request.schedule.slots.reshape(weeks, QUARTERS_PER_WEEK)]
    )
    free = _free(profiles, request, near) & asked[:, None]
    units, bits = _units(registry, profiles, near, minutes, free)
    order = _pool(units, bits, pool)
    chosen = tuple(units[number] for number in order)
    first_rows = np.array([unit.rows[0] for unit in chosen], dtype=np.intp)
    return FreeHours(
        weeks=weeks,
        days=tuple(days_of(request.schedule)),
        asked=asked,
        units=chosen,
        bits=bits[:, order],
        members={int(row): free[:, column] for column, row in enumerate(near)},
        presence=profiles.presence_bits(first_rows, request.start),
    )


def _free(profiles: Profiles, request: Request, near: NDArray[np.intp]) -> _Bits:
    """Pack the hours on which everybody near has room, in each week of the cycle, now and in later months."""
    end = request.end or date.max
    days = [months_after(request.start, months) for months in _MONTHS_LOOKED_AT]
    cycle: list[_Bits] = []
    for week in range(len(request.schedule)):
        looks = [
            profiles.free_bits(near, day + timedelta(weeks=week), children=len(request.children))
            for day in days
            if day <= end
        ]
        cycle.append(np.bitwise_and.reduce(looks))
    return np.concatenate(cycle)


def _units(
    registry: Registry,
    profiles: Profiles,
    near: NDArray[np.intp],
    minutes: NDArray[np.float64],
    free: _Bits,
) -> tuple[list[Unit], _Bits]:
    """List the providers near, then the MAM that can do more than each of their members."""
    units: list[Unit] = []
    houses: dict[str, list[int]] = {}
    for column, row in enumerate(near.tolist()):
        minder = row < len(registry)
        mam = registry.childminders[row].mam_id if minder else None
        units.append(
            Unit(
                "childminder" if minder else "facility",
                profiles.provider_ids[row],
                (row,),
                float(minutes[row]),
                mam,
            )
        )
        if mam is not None:
            houses.setdefault(mam, []).append(column)
    columns = [free]
    for mam, members in houses.items():
        together = np.bitwise_or.reduce(free[:, members], axis=1)[:, None]
        if count_quarters(together)[0] > count_quarters(free[:, members]).max():
            rows = tuple(int(near[column]) for column in members)
            units.append(Unit("mam", mam, rows, float(minutes[list(rows)].min()), mam))
            columns.append(together)
    return units, np.concatenate(columns, axis=1)


def _pool(units: Sequence[Unit], bits: _Bits, pool: int) -> NDArray[np.intp]:
    """Choose whom to pair, most hours first: half of them free most, half free when the others are not."""
    covered = count_quarters(bits)
    minutes = np.array([unit.minutes for unit in units])
    most = np.lexsort((minutes, -covered))
    chosen = np.zeros(len(units), dtype=np.bool_)
    chosen[most[: pool // 2]] = True
    # Column by column of one long week: every word of the cycle is a row here.
    slots = np.unpackbits(np.ascontiguousarray(bits.T).view(np.uint8), axis=1)
    lacking = 1 - slots[chosen].mean(axis=0)
    complement = np.where(chosen, -1.0, slots @ lacking)
    chosen[np.lexsort((minutes, -complement))[: pool // 2]] = True
    kept: NDArray[np.intp] = most[chosen[most] & (covered[most] > 0)]
    return kept


def _unpacked(weeks: _Bits) -> _Mask:
    """Unpack weeks laid in columns, shape (11, n) to (n, 672)."""
    words = np.ascontiguousarray(weeks.T)
    return np.unpackbits(words.view(np.uint8), axis=1)[:, :QUARTERS_PER_WEEK].astype(np.bool_)
