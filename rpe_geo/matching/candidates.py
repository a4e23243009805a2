"""The feasible providers of one request as aligned arrays, and their order among equals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from rpe_geo.domain import ProviderKind
from rpe_geo.verdicts import Verdict

__all__ = ["Candidates", "best_first", "day_at", "figure_at", "tie_break"]


@dataclass(frozen=True)
class Candidates:
    """
    The feasible providers of one request, as aligned arrays of length n.

    Parameters
    ----------
    provider_kinds, provider_ids
        Who they are.
    start
        First day on which nothing is refused, datetime64[D].
    hours_share
        Asked hours within the working hours ÷ asked hours, 0 to 1.
    travel_min
        Door to door from home in minutes; inf is unreachable, nan unknown: both earn no points, and say so.
    detour_min
        Home → provider → work minus home → work, in minutes; None when no work is given.
    distance_m
        Great-circle distance from home in metres.
    confirmed_on
        When the availability was last confirmed, datetime64[D]; NaT for never.
    continuity_until
        Last day on which care is known to be possible (agrément, age), datetime64[D]; NaT when nothing ends it.
    packing
        How full the place taken would be, 0 to 1; nan unknown.
    part_used
        Part of the asked hours that go to a place already used at other hours, 0 to 1; nan unknown.
    wishes
        Wish to how far each candidate meets it, 0 to 1; nan when not known.
    verdict_of
        Gives the verdict of a row; asked only for what is shown.
    hours_unknown, places_unknown
        Whose hours, and whose free places, are not known; None when all are.
    """

    provider_kinds: Sequence[ProviderKind]
    provider_ids: Sequence[str]
    start: NDArray[np.datetime64]
    hours_share: NDArray[np.float64]
    travel_min: NDArray[np.float64]
    verdict_of: Callable[[int], Verdict]
    detour_min: NDArray[np.float64] | None = None
    distance_m: NDArray[np.float64] | None = None
    confirmed_on: NDArray[np.datetime64] | None = None
    continuity_until: NDArray[np.datetime64] | None = None
    packing: NDArray[np.float64] | None = None
    part_used: NDArray[np.float64] | None = None
    wishes: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    hours_unknown: NDArray[np.bool_] | None = None
    places_unknown: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.provider_ids)

    @cached_property
    def to_ask(self) -> NDArray[np.bool_]:
        """Of whom hours or free places are not known: they come after the sure ones."""
        asked = np.zeros(len(self), dtype=np.bool_)
        for unknown in (self.hours_unknown, self.places_unknown):
            if unknown is not None:
                asked |= unknown
        return asked


def tie_break(request_id: str, provider_id: str) -> bytes:
    """Draw a candidate's place among equals: a hash keyed by the request, the same today and tomorrow."""
    key = blake2b(request_id.encode(), digest_size=32).digest()
    return blake2b(provider_id.encode(), key=key, digest_size=16).digest()


def best_first(
    totals: NDArray[np.int64] | NDArray[np.float64],
    candidates: Candidates,
    request_id: str,
    limit: int | None = None,
) -> NDArray[np.intp]:
    """
    Order rows by score, then by lot, those of whom something must be asked after all the others.

    Hashes are drawn only for rows that can be among the first.

    Parameters
    ----------
    totals
        One score per candidate.
    candidates
        Who they are.
    request_id
        Key of the lot.
    limit
        How many are wanted; all when None.

    Returns
    -------
    ndarray of int
        Row numbers, best first.
    """
    count = len(totals)
    # No score reaches the last of the sure ones from below it.
    totals = totals - np.where(candidates.to_ask, totals.max(initial=0) + 1, 0)
    wanted = count if limit is None else min(max(limit, 0), count)
    if wanted == 0:
        return np.zeros(0, dtype=np.intp)
    threshold = np.partition(totals, count - wanted)[count - wanted]
    rows = np.flatnonzero(totals >= threshold)
    ordered = sorted(
        rows.tolist(),
        key=lambda row: (
            -totals[row],
            tie_break(request_id, candidates.provider_ids[row]),
            candidates.provider_kinds[row],
        ),
    )
    return np.array(ordered[:wanted], dtype=np.intp)


def figure_at(values: NDArray[np.float64] | None, row: int) -> float | None:
    """Read one figure; unknown is None."""
    if values is None or np.isnan(values[row]):
        return None
    return float(values[row])


def day_at(days: NDArray[np.datetime64] | None, row: int) -> date | None:
    """Read one day; NaT is None."""
    if days is None or np.isnat(days[row]):
        return None
    day: date = np.datetime64(days[row], "D").astype(object)
    return day
