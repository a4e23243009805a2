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
    moves: bool = True,
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
    moves
        Whether a family may be moved to another of its choices to make room.

    Returns
    -------
    dict
        Provider by request id.
    """
    shares = _Shares(free)
    order = sorted(options, key=lambda one: (len(one.providers), _lot(seed, one.request_id)))
    by_id = {one.request_id: one for one in options}
    waiting = []
    for one in order:
        key = (kept or {}).get(one.request_id)
        if key is not None and key in one.providers and shares.fits(one, key):
            shares.take(one, key)
        else:
            waiting.append(one)
    stuck = []
    for one in waiting:
        found = shares.nearest(one)
        if found is None:
            stuck.append(one)
        else:
            shares.take(one, found)
    if moves:
        for one in stuck:
            _make_room(one, by_id, shares)
    return shares.given


class _Shares:
    """Who holds which place, and what is left."""

    def __init__(self, free: Mapping[tuple[str, str], Places]) -> None:
        self._left = {key: places.astype(np.int16) for key, places in free.items()}
        self.given: dict[str, tuple[str, str]] = {}
        self.holders: dict[tuple[str, str], list[str]] = {}

    def fits(self, one: Options, key: tuple[str, str]) -> bool:
        """Say whether a provider has places at all the hours asked."""
        return bool(self._left[key][one.hours].min() >= one.children)

    def nearest(self, one: Options, but: tuple[str, str] | None = None) -> tuple[str, str] | None:
        """Find the nearest provider with places."""
        return next((key for key in one.providers if key != but and self.fits(one, key)), None)

    def take(self, one: Options, key: tuple[str, str]) -> None:
        """Give a place."""
        self._left[key][one.hours] -= one.children
        self.given[one.request_id] = key
        self.holders.setdefault(key, []).append(one.request_id)

    def give_back(self, one: Options) -> None:
        """Take a place back."""
        key = self.given.pop(one.request_id)
        self._left[key][one.hours] += one.children
        self.holders[key].remove(one.request_id)


_TRIED = 6
"""Providers, nearest first, where room is sought for a family without a place."""


def _make_room(one: Options, by_id: Mapping[str, Options], shares: _Shares) -> None:
    """Move a single other family to a free choice of its own, where that makes room."""
    for key in one.providers[:_TRIED]:
        for other_id in list(shares.holders.get(key, ())):
            other = by_id[other_id]
            elsewhere = shares.nearest(other, but=key)
            if elsewhere is None:
                continue
            shares.give_back(other)
            if shares.fits(one, key):
                shares.take(other, elsewhere)
                shares.take(one, key)
                return
            shares.take(other, key)
