"""
The age bands of an old attestation: who fits which on what day, how many places are open, and when that changes.

CASF L.421-4 as it stood when the attestation was given [S5, S7]; INTERFACES §4bis 11.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from math import lcm

import numpy as np
from numpy.typing import NDArray

from rpe_geo.domain import LegacyPlaces, months_after
from rpe_geo.rules.compiled import FOREVER, NEVER
from rpe_geo.rules.patterns import ALWAYS, REFERENCE_ORDINAL, rows_of

__all__ = ["band_changes", "bands_of", "cycle_weeks", "open_places"]

Counts = NDArray[np.int16]
Whole = NDArray[np.int64]


def open_places(band: LegacyPlaces, monday: Whole) -> Counts:
    """
    Count the places of a band at each quarter-hour of some weeks.

    Parameters
    ----------
    band
        One band of the attestation.
    monday
        Ordinals, shape (weeks,).

    Returns
    -------
    ndarray of int16
        Shape (weeks, quarter-hours of a week).
    """
    whole = _hours(band)
    open_rows: NDArray[np.bool_] = whole[(monday - REFERENCE_ORDINAL) // 7 % len(whole)]
    return open_rows.astype(np.int16) * np.int16(band.places)


def cycle_weeks(bands: Iterable[LegacyPlaces]) -> int:
    """Tell after how many weeks the opening hours of all bands repeat."""
    return lcm(*(len(_hours(band)) for band in bands))


def bands_of(birth: int, bands: Sequence[LegacyPlaces], days: Whole) -> Whole:
    """
    Tell, as a bit set per day, which bands a child's age fits; not yet born is newborn.

    Parameters
    ----------
    birth
        Ordinal; NEVER when not known, which counts as under three.
    bands
        Of one attestation.
    days
        Ordinals, any shape.

    Returns
    -------
    ndarray of int
        Shaped as `days`.
    """
    allowed = np.zeros(days.shape, dtype=np.int64)
    for number, band in enumerate(bands):
        first, after = _first_and_after(birth, band)
        allowed |= ((days >= first) & (days < after)).astype(np.int64) << number
    return allowed


def band_changes(births: Iterable[int], bands: Sequence[LegacyPlaces]) -> Iterator[int]:
    """List the ordinals on which a child begins or ceases to fit a band."""
    for birth in births:
        for band in bands:
            yield from _first_and_after(birth, band)


def _first_and_after(birth: int, band: LegacyPlaces) -> tuple[int, int]:
    """Return the first day on which a child fits a band, and the first on which no more."""
    if birth == NEVER:  # under three, nobody knows how much
        return (NEVER, FOREVER) if band.min_months < 36 else (FOREVER, FOREVER)
    born = date.fromordinal(birth)
    first = NEVER if band.min_months == 0 else months_after(born, band.min_months).toordinal()
    return first, months_after(born, band.max_months).toordinal()


def _hours(band: LegacyPlaces) -> NDArray[np.bool_]:
    heads, tails = rows_of(band.presence or ALWAYS)
    whole: NDArray[np.bool_] = heads | tails
    return whole
