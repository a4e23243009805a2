"""
What the children need of a place: hours, capabilities, a school served, an age.

INTERFACES §4bis 8, 9, 19 and, for facilities, `age` and `opening_hours`. These laws look at no presence: one figure
per provider, or per day for ages.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from rpe_geo.domain import Facility, months_after
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

    def figures(self, patterns: Whole) -> NDArray[np.float64]:
        """Return the shares of some patterns as numbers."""
        distinct, inverse = np.unique(patterns, return_inverse=True)
        return np.array([float(self[int(pattern)]) for pattern in distinct])[inverse]

    def accepted(self, patterns: Whole) -> Truths:
        """Tell which patterns hold enough of the asked hours."""
        distinct, inverse = np.unique(patterns, return_inverse=True)
        accepted = [enough(self._need, self[int(pattern)]) for pattern in distinct]
        return np.array(accepted, dtype=np.bool_)[inverse]


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
