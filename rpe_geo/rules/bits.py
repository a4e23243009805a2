"""
Weeks as bits, and counts of heads as planes of bits.

A week of 672 quarter-hours is 21 words of 32, three words a day and no bit to spare: weeks laid end to end are one long
line of bits, and what a law asks of every quarter-hour becomes a handful of operations on words. Heads are counted
without unpacking anything: plane k of a `Count` holds the bit of weight 2^k of the number of heads of each
quarter-hour, and adding somebody is a carry that runs through the planes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rpe_geo.schedule import QUARTERS_PER_DAY, QUARTERS_PER_WEEK

__all__ = [
    "WORDS_PER_DAY",
    "WORDS_PER_WEEK",
    "Count",
    "bits_at",
    "days_between",
    "first_bits",
    "next_bits",
    "no_words",
    "pack",
    "slots_of",
    "turns_of",
    "unpack",
]

_BITS = 32
WORDS_PER_DAY = QUARTERS_PER_DAY // _BITS
WORDS_PER_WEEK = QUARTERS_PER_WEEK // _BITS

Rows = NDArray[np.bool_]
Words = NDArray[np.uint32]
Whole = NDArray[np.int64]

_ALL = np.uint32(0xFFFFFFFF)


def pack(rows: Rows) -> Words:
    """Pack rows of 672 quarter-hours into 21 words each, Monday 00:00 in the lowest bit of the first."""
    words = np.packbits(rows, axis=-1, bitorder="little").view("<u4")
    return words.astype(np.uint32, copy=False)


def unpack(words: Words) -> Rows:
    """Unpack words into quarter-hours, along the last axis."""
    octets = np.ascontiguousarray(words, dtype="<u4").view(np.uint8)
    return np.unpackbits(octets, axis=-1, bitorder="little").view(np.bool_)


def no_words(rows: int) -> Words:
    """Return empty weeks."""
    return np.zeros((rows, WORDS_PER_WEEK), dtype=np.uint32)


def slots_of(words: Words) -> Whole:
    """List the quarter-hours of a line that are set, in order: numbers along the weeks laid end to end."""
    line = words.ravel()
    filled = np.flatnonzero(line)
    found = np.flatnonzero(unpack(line[filled]))
    return filled[found // _BITS] * _BITS + found % _BITS


def bits_at(words: Words, slots: Whole) -> Whole:
    """Read some quarter-hours of a line: 0 or 1."""
    bits: Whole = (words.ravel()[slots // _BITS].astype(np.int64) >> slots % _BITS) & 1
    return bits


def _lowest(words: Words) -> Whole:
    """Return the position of the lowest bit of words that are not 0."""
    position: Whole = np.bitwise_count((words & (~words + np.uint32(1))) - np.uint32(1)).astype(
        np.int64
    )
    return position


def first_bits(words: Words) -> Whole:
    """Return the first quarter-hour that is set in each row; every row must have one."""
    word = (words != 0).argmax(axis=1)
    slots: Whole = word * _BITS + _lowest(words[np.arange(len(words)), word])
    return slots


def next_bits(words: Words, slots: Whole) -> Whole:
    """
    Find the first quarter-hour that is set at or after others.

    Parameters
    ----------
    words
        A line.
    slots
        Where to begin to look.

    Returns
    -------
    ndarray of int
        Quarter-hours of the line; its length where nothing follows.
    """
    line = words.ravel()
    filled = np.flatnonzero(line)
    word = slots // _BITS
    here = line[word] & (_ALL << (slots % _BITS).astype(np.uint32))
    # A word of the sentinel: one bit, just behind the line.
    filled = np.concatenate((filled, [len(line)]))
    after = filled[np.searchsorted(filled, word, side="right")]
    later = np.concatenate((line, [np.uint32(1)]))[after]
    found: Whole = np.where(
        here != 0,
        word * _BITS + _lowest(np.where(here != 0, here, np.uint32(1))),
        after * _BITS + _lowest(later),
    )
    return found


_DAY = np.arange(8)
_DAYS = pack(
    np.repeat(
        (_DAY[:, None, None] <= np.arange(7)) & (_DAY[None, :, None] > np.arange(7)),
        QUARTERS_PER_DAY,
        axis=2,
    )
)


def days_between(first: Whole, last: Whole, monday: Whole) -> Words:
    """Return the bits of the days of some weeks that lie between two days, inclusive."""
    begin = np.minimum(np.maximum(first - monday, 0), 7)
    after = np.minimum(np.maximum(last - monday, -1), 6) + 1
    days: Words = np.take(_DAYS.reshape(64, -1), 8 * begin + after, axis=0)
    return days


def turns_of(groups: Whole) -> Iterator[NDArray[np.int64]]:
    """
    Take sorted things in turns in which each group comes once at most.

    Parameters
    ----------
    groups
        The group of each thing, rising.

    Yields
    ------
    ndarray of int
        Positions: the first of every group, then the second of those that have two…
    """
    left = np.arange(len(groups))
    while len(left):
        first = np.ones(len(left), dtype=np.bool_)
        first[1:] = groups[left[1:]] != groups[left[:-1]]
        yield left[first]
        left = left[~first]


class Count:
    """
    How many heads there are at each quarter-hour of some rows.

    Parameters
    ----------
    rows
        How many weeks.
    """

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._planes: list[Words] = []

    def copy(self) -> Count:
        """Return a count to which more may be added."""
        other = Count(self._rows)
        other._planes = [plane.copy() for plane in self._planes]
        return other

    def add(self, rows: Whole | slice, words: Words, weight: int = 0) -> None:
        """
        Add heads.

        Parameters
        ----------
        rows
            Which rows, each once at most.
        words
            Where somebody is there in these rows.
        weight
            The power of two that one counts for.
        """
        carry = words
        while carry.any():
            while len(self._planes) <= weight:
                self._planes.append(no_words(self._rows))
            plane = self._planes[weight]
            there = plane[rows] if isinstance(rows, slice) else np.take(plane, rows, axis=0)
            plane[rows], carry = there ^ carry, there & carry
            weight += 1

    def add_weighted(self, rows: Whole, words: Words, weights: Whole) -> None:
        """Add as many heads in each row as it weighs; see `add`."""
        for power in range(int(weights.max(initial=0)).bit_length()):
            chosen = np.flatnonzero(weights >> power & 1)
            self.add(rows[chosen], words[chosen], power)

    def at(self, slots: Whole) -> Whole:
        """Return the heads at some quarter-hours of the line."""
        heads = np.zeros(len(slots), dtype=np.int64)
        for power, plane in enumerate(self._planes):
            heads += bits_at(plane, slots) << power
        return heads

    def rows(self, chosen: Whole) -> NDArray[np.int16]:
        """Unpack the heads of some rows, shape (rows, 672)."""
        heads = np.zeros((len(chosen), QUARTERS_PER_WEEK), dtype=np.int16)
        for power, plane in enumerate(self._planes):
            heads += unpack(plane[chosen]).astype(np.int16) << power
        return heads

    def most(self) -> Whole:
        """Return the most heads that are together in each row."""
        most = np.zeros(self._rows, dtype=np.int64)
        among = np.full((self._rows, WORDS_PER_WEEK), _ALL, dtype=np.uint32)
        for power in reversed(range(len(self._planes))):
            there = among & self._planes[power]
            held = np.asarray(there.any(axis=1), dtype=np.bool_)
            np.copyto(among, there, where=held[:, None])
            most += held.astype(np.int64) << power
        return most

    def above(self, limits: Whole | int) -> Words:
        """
        Find where there are more heads than a limit.

        Parameters
        ----------
        limits
            One for all rows or one per row; below 0 is passed everywhere.

        Returns
        -------
        ndarray of uint32, shape (rows, 21)
            The quarter-hours.
        """
        limit = np.broadcast_to(np.asarray(limits, dtype=np.int64), (self._rows,))[:, None]
        over = no_words(self._rows)
        equal = np.full_like(over, _ALL)
        for power in reversed(range(len(self._planes))):
            plane = self._planes[power]
            bit = np.where(limit >> power & 1, _ALL, np.uint32(0))
            over |= equal & plane & ~bit
            equal &= ~(plane ^ bit)
        over[limit[:, 0] >= 1 << len(self._planes)] = 0
        over[limit[:, 0] < 0] = _ALL
        return over
