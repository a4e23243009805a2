"""
What is not known of a provider and would have to be asked: absence of data is never taken as good news.

A crèche says how many places it has, never which are free; a childminder may have told neither her hours nor her
contracts. Who is unknown in one of these is feasible « à demander »: listed after the sure ones, with part of the points,
and never counted as a possibility (INTERFACES §4bis 26).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rpe_geo.domain import Childminder, Facility
from rpe_geo.rules.compiled import Registry
from rpe_geo.verdicts import Unknown

__all__ = ["hours_unknown", "places_unknown", "to_ask", "unknowns_of"]


def unknowns_of(provider: Childminder | Facility) -> tuple[Unknown, ...]:
    """List what is not known of a provider, in the order places, hours, contracts."""
    if isinstance(provider, Facility):
        return ("places",) if provider.opening_hours is not None else ("places", "hours")
    if provider.availabilities:
        return ()
    facts: list[Unknown] = []
    if provider.working_hours is None:
        facts.append("hours")
    if provider.contracts is None:
        facts.append("contracts")
    return tuple(facts)


def hours_unknown(registry: Registry) -> NDArray[np.bool_]:
    """Tell whose hours are not known: the registry's childminders, then its facilities."""
    return np.concatenate(
        (
            registry.hours[registry.rows] < 0,
            _truths([facility.opening_hours is None for facility in registry.facilities]),
        )
    )


def places_unknown(registry: Registry) -> NDArray[np.bool_]:
    """Tell whose free places are not known: the registry's childminders, then its facilities."""
    return np.concatenate(
        (
            ~registry.declared[registry.rows] & ~registry.knows_contracts[registry.rows],
            np.ones(len(registry.facilities), dtype=np.bool_),
        )
    )


def to_ask(registry: Registry) -> NDArray[np.bool_]:
    """Tell of whom something is not known: the registry's childminders, then its facilities."""
    asked: NDArray[np.bool_] = hours_unknown(registry) | places_unknown(registry)
    return asked


def _truths(values: Sequence[bool]) -> NDArray[np.bool_]:
    return np.array(values, dtype=np.bool_)
