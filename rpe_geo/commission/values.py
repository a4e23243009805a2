"""
What a place is worth to a family, for the policies that add values up: hours covered, then minutes, then wishes.

With n children, h hours covered in a mean week for each of them, m minutes, the rank r of the provider among w wishes
(0 is the dearest, w when it is not among them) and d days of waiting after the wanted start,

    value = n · (a · h − b · min(m, M) + c · (1 − r / w) − e · d / 7)

and never less than one point: a place is worth more than none. The default weights put an hour far above a minute,
and a minute above a wish.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpe_geo.commission.providers import Providers
from rpe_geo.domain import Request

__all__ = ["HUNDREDTHS", "ValueWeights", "values_of", "wish_rank"]

HUNDREDTHS = 100
"""Values are whole hundredths, so that sums are the same in every order."""


@dataclass(frozen=True)
class ValueWeights:
    """
    The weights of the formula.

    Parameters
    ----------
    per_hour
        Points for an hour of a mean week covered.
    per_minute
        Points lost for a minute of the way.
    minutes_max
        Minutes beyond which a longer way costs no more.
    dearest_wish
        Points for the first of the family's wishes.
    per_week_later
        Points lost for a week between the wanted start and the start.
    """

    per_hour: float = 20.0
    per_minute: float = 3.0
    minutes_max: float = 60.0
    dearest_wish: float = 2.0
    per_week_later: float = 1.0

    @classmethod
    def of_table(cls, table: Mapping[str, Any]) -> ValueWeights:
        """Read the weights from the dated table `commission`."""
        return cls(**{one.name: float(table[f"value_{one.name}"]) for one in fields(cls)})


def wish_rank(request: Request, provider_id: str, mam_id: str | None) -> int | None:
    """Return the place of a provider among a family's wishes, 0 first; a wish for a MAM is one for its members."""
    for rank, wish in enumerate(request.wishes):
        if wish == provider_id or (mam_id is not None and wish == mam_id):
            return rank
    return None


def values_of(
    requests: Sequence[Request],
    providers: Providers,
    weights: ValueWeights,
    family: NDArray[np.int64],
    provider: NDArray[np.int64],
    start: NDArray[np.int64],
    minutes: NDArray[np.float64],
    hours_share: NDArray[np.float64],
) -> NDArray[np.int64]:
    """
    Value some options.

    Parameters
    ----------
    requests, providers, weights
        Of the case.
    family, provider, start, minutes, hours_share
        Aligned; minutes that are not known cost nothing.

    Returns
    -------
    ndarray of int
        Hundredths of a point.
    """
    if not len(family):
        return np.zeros(0, dtype=np.int64)
    children = np.array([len(request.children) for request in requests])
    hours = np.array([float(request.schedule.quarters_per_week) / 4 for request in requests])
    wanted = np.array([request.start.toordinal() for request in requests])
    way = np.minimum(np.where(np.isnan(minutes), 0.0, minutes), weights.minutes_max)
    worth = weights.per_hour * hours[family] * hours_share - weights.per_minute * way
    worth -= weights.per_week_later * (start - wanted[family]) / 7
    wishing = np.array([bool(request.wishes) for request in requests])
    for option in np.flatnonzero(wishing[family]).tolist():
        request, record = requests[family[option]], providers.records[provider[option]]
        rank = wish_rank(request, record.childminder_id, record.mam_id)
        if rank is not None:
            worth[option] += weights.dearest_wish * (1 - rank / len(request.wishes))
    points = np.maximum(np.rint(worth * HUNDREDTHS), HUNDREDTHS)
    value: NDArray[np.int64] = (points * children[family]).astype(np.int64)
    return value
