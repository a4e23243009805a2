"""
What the children need of a place: hours, capabilities, a school served, an age.

INTERFACES §4bis 8, 9, 19 and, for facilities, `age` and `opening_hours`. These laws look at no presence: one figure
per provider, or per day for ages.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rpe_geo.domain import Facility, months_after
from rpe_geo.rules.bits import pack
from rpe_geo.rules.compiled import FOREVER, NEVER, Registry
from rpe_geo.rules.need import Need, hours_within

__all__ = [
    "HoursShares",
    "age_limits",
    "enough",
    "missing_needs",
    "missing_schools",
    "needs_met",
    "schools_served",
]

Whole = NDArray[np.int64]
Truths = NDArray[np.bool_]
_Answer = TypeVar("_Answer", np.float64, np.bool_)


def enough(need: Need, share: Fraction) -> bool:
    """
    Tell whether a share of the asked hours reaches the smallest one accepted.

    The share is exact; it is compared as the number that a verdict writes, so that the share found, once asked for,
    is accepted: 5/6 is enough for 0.8333333333333334.
    """
    return float(share) >= need.request.min_hours_share


class HoursShares:
    """Shares of the asked hours by pattern of hours, measured once per pattern."""

    def __init__(self, registry: Registry, need: Need) -> None:
        self._registry = registry
        self._need = need
        self._shares: dict[int, Fraction] = {-1: Fraction(1)}

    def __getitem__(self, pattern: int) -> Fraction:
        share = self._shares.get(pattern)
        if share is None:
            offered = self._registry.patterns.timetables[pattern]
            share, _ = hours_within(self._need.request.schedule, self._need.week_1, offered)
            self._shares[pattern] = share
        return share

    def figures(self, providers: Whole) -> NDArray[np.float64]:
        """Return the shares of some providers as numbers."""
        return self._by_provider(providers, float, np.float64)

    def accepted(self, providers: Whole) -> Truths:
        """Tell which providers offer enough of the asked hours."""
        return self._by_provider(providers, lambda share: enough(self._need, share), np.bool_)

    def _by_provider(
        self, providers: Whole, judge: Callable[[Fraction], float], kind: type[_Answer]
    ) -> NDArray[_Answer]:
        """Judge every pattern that some provider offers once."""
        patterns, offered = self._registry.offers
        offered = offered[providers]
        there = np.flatnonzero(np.bincount(offered, minlength=len(patterns)))
        self._measure(patterns[there])
        answers = np.zeros(len(patterns), dtype=kind)
        answers[there] = [judge(self[pattern]) for pattern in patterns[there].tolist()]
        return answers[offered]

    def _measure(self, patterns: Whole) -> None:
        """
        Measure many patterns at once, where one week is asked and no public holiday.

        The share is then that of the week in each week of the offer, from whichever of them one begins to count.
        """
        asked = self._need.request.schedule
        unknown = [pattern for pattern in patterns.tolist() if pattern not in self._shares]
        if len(unknown) < 2 or len(asked) > 1 or asked.holiday_slots.any():
            return
        table = self._registry.patterns
        length = table.length[unknown]
        offset = np.cumsum(length) - length
        rows = np.repeat(table.first[unknown] - offset, length) + np.arange(int(length.sum()))
        week = pack(asked.slots)
        inside = np.bitwise_count(table.packed[rows] & week).sum(axis=1, dtype=np.int64)
        shared = np.add.reduceat(inside, offset)
        total = np.bitwise_count(week).sum(dtype=np.int64) * length
        for pattern, part, whole in zip(unknown, shared.tolist(), total.tolist(), strict=True):
            self._shares[pattern] = Fraction(part, whole) if whole else Fraction(1)


def needs_met(registry: Registry, need: Need, providers: Whole) -> Truths:
    """Tell which childminders have every capability that some child needs."""
    met = np.ones(len(providers), dtype=np.bool_)
    for word in {word for child in need.request.children for word in child.needs}:
        number = registry.words.get(word)
        met &= False if number is None else registry.can[providers, number]
    return met


def missing_needs(need: Need, capabilities: frozenset[str]) -> list[str]:
    """List the needs that some capabilities do not meet, in order."""
    return sorted({word for child in need.request.children for word in child.needs} - capabilities)


def schools_served(registry: Registry, need: Need, providers: Whole) -> Truths:
    """Tell which childminders serve the school of every child who has one."""
    served = np.ones(len(providers), dtype=np.bool_)
    for school in {child.school for child in need.request.children}:
        if school is not None:
            served &= np.isin(providers, registry.schools.get(school, np.zeros(0, dtype=np.int64)))
    return served


def missing_schools(need: Need, served: tuple[str, ...]) -> list[str]:
    """List the schools asked that are not served, in order."""
    return sorted(
        {child.school for child in need.request.children if child.school is not None} - set(served)
    )


def age_limits(facility: Facility, need: Need) -> tuple[int, int]:
    """
    Return the first and the last day on which every child has an age that a facility takes.

    Parameters
    ----------
    facility
        `age_min_months` ≤ completed months < `age_max_months`; None is no bound.
    need
        The children.

    Returns
    -------
    tuple of int
        Ordinals; NEVER and FOREVER without bound.
    """
    first, last = NEVER, FOREVER
    for birth in need.births:
        born = date.fromordinal(int(birth))
        if facility.age_min_months:
            first = max(first, months_after(born, facility.age_min_months).toordinal())
        if facility.age_max_months is not None:
            last = min(last, months_after(born, facility.age_max_months).toordinal() - 1)
    return first, last
