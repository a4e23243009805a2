"""Places shared out: each family one provider at most, each place one child at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

__all__ = ["Options", "share_out"]

Hours = NDArray[np.bool_]
Places = NDArray[np.int16]


@dataclass(frozen=True)
class Options:
    """
    What one family could have.

    Parameters
    ----------
    request_id
        Who asks.
    children
        Children to be placed together.
    hours
        Quarter-hours asked in a week, 672.
    providers
        (kind, id) of those that fit, nearest first.
    minutes
        Travel time to each.
    """

    request_id: str
    children: int
    hours: Hours
    providers: tuple[tuple[str, str], ...]
    minutes: tuple[float, ...]


def _lot(seed: int, request_id: str) -> bytes:
    return blake2b(request_id.encode(), key=str(seed).encode()[:64], digest_size=8).digest()


def share_out(
    options: Sequence[Options],
    free: Mapping[tuple[str, str], Places],
    *,
    kept: Mapping[str, tuple[str, str]] | None = None,
    seed: int = 0,
) -> dict[str, tuple[str, str]]:
    """
    Give each family a provider while places last: those who have one keep it, those with fewest choices come next.

    A family without a place may take that of another who has a free choice elsewhere, so that opening never takes a
    solution from anybody.

    Parameters
    ----------
    options
        What each family could have.
    free
        Free places of each provider, by quarter-hour of a week.
    kept
        Providers held before; kept while they still fit.
    seed
        Ties are drawn by lot.

    Returns
    -------
    dict
        Provider by request id.
    """
    left = {key: places.astype(np.int16).copy() for key, places in free.items()}
    given: dict[str, tuple[str, str]] = {}
    by_id = {one.request_id: one for one in options}
    order = sorted(options, key=lambda one: (len(one.providers), _lot(seed, one.request_id)))

    def fits(one: Options, key: tuple[str, str]) -> bool:
        places = left.get(key)
        return places is not None and bool((places[one.hours] >= one.children).all())

    def take(one: Options, key: tuple[str, str], sign: int = 1) -> None:
        left[key][one.hours] -= sign * one.children
        if sign > 0:
            given[one.request_id] = key
        else:
            del given[one.request_id]

    waiting = []
    for one in order:
        key = (kept or {}).get(one.request_id)
        if key is not None and key in one.providers and fits(one, key):
            take(one, key)
        else:
            waiting.append(one)
    stuck = []
    for one in waiting:
        found = next((key for key in one.providers if fits(one, key)), None)
        if found is None:
            stuck.append(one)
        else:
            take(one, found)
    for one in stuck:
        _make_room(one, by_id, given, fits, take)
    return given


def _make_room(one: Options, by_id, given, fits, take) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Move a single other family to a free choice of its own, where that makes room."""
    for key in one.providers:
        for other_id in sorted(name for name, held in given.items() if held == key):
            other = by_id[other_id]
            take(other, key, -1)
            if fits(one, key):
                elsewhere = next((k for k in other.providers if k != key and fits(other, k)), None)
                if elsewhere is not None:
                    take(other, elsewhere)
                    take(one, key)
                    return
            take(other, key)
