"""
Who is there in which week: contracts, own children, declared places and asked hours as rows of bits.

A span belongs to the day on which it begins, so that the first and the last week of a contract are cut by days: the
hours after midnight of a span begun the evening before lie on the day after.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rpe_geo.rules.bits import days_between, turns_of
from rpe_geo.rules.compiled import FOREVER, People, Registry
from rpe_geo.rules.need import Needs
from rpe_geo.rules.patterns import REFERENCE_ORDINAL, PatternTable

__all__ = ["Laid", "asked_hours", "hours_of", "presences"]

Words = NDArray[np.uint32]
Whole = NDArray[np.int64]
Laid = tuple[Whole, Whole, Words]
"""Rows, each once at most; the person laid in each; the hours, shape (rows, 21)."""


def presences(
    people: People,
    patterns: PatternTable,
    row: Whole,
    person: Whole,
    monday: Whole,
    *,
    under: int | None = None,
    since: Whole | None = None,
) -> Iterator[Laid]:
    """
    Lay people in weeks.

    Parameters
    ----------
    people
        Contracts, own children or declared places.
    patterns
        The rows of their timetables.
    row, person
        Who may be there in which row, rows rising.
    monday
        Of each row of the timeline.
    under
        3 or 11 to count only children under that age on each calendar day; None for all.
    since
        First calendar day that counts, aligned with `person`; None for no bound.

    Yields
    ------
    tuple of ndarray
        Rows, each once in a turn, and who is laid in each; the hours, shape (rows, 21).
    """
    day = monday[row]
    kept = (people.start[person] <= day + 6) & (people.end[person] + 1 >= day)
    row, person, day = row[kept], person[kept], day[kept]
    counts: tuple[Whole, Whole] | None = None
    if under is not None or since is not None:
        first, last = people.since[person], _last_day_under(people, under, person)
        if since is not None:
            first = np.maximum(first, since[kept])
        counts = first, last
    words = hours_of(people, patterns, person, day, counts=counts)
    for turn in turns_of(row):
        yield row[turn], person[turn], np.take(words, turn, axis=0)


def hours_of(
    people: People,
    patterns: PatternTable,
    person: Whole,
    monday: Whole,
    *,
    counts: tuple[Whole, Whole] | None = None,
) -> Words:
    """
    Lay each of some people in one week.

    Parameters
    ----------
    people
        Contracts, own children or declared places.
    patterns
        The rows of their timetables.
    person, monday
        Who, and in which week.
    counts
        First and last calendar day on which each counts, whatever the spans; None where every day does.

    Returns
    -------
    ndarray of uint32, shape (n, 21)
        The hours.
    """
    start, end, pattern = people.start[person], people.end[person], people.pattern[person]
    week = patterns.rows(pattern, people.week_1[person], monday)
    night = np.flatnonzero(patterns.nights[pattern])
    first, last = start, end
    if counts is not None:
        first, last = np.maximum(start, counts[0]), np.minimum(end, counts[1])
    words: Words = np.take(patterns.head_words, week, axis=0)
    words &= days_between(first, last, monday)
    if len(night):
        # What a span of the evening before leaves after midnight lies on the day after.
        first, last, day = start[night] + 1, end[night] + 1, monday[night]
        if counts is not None:
            first = np.maximum(first, counts[0][night])
            last = np.minimum(last, counts[1][night])
        words[night] |= np.take(patterns.tail_words, week[night], axis=0) & days_between(
            first, last, day
        )
    return words


def _last_day_under(people: People, under: int | None, person: Whole) -> Whole:
    if under is None:
        return np.full(len(person), FOREVER, dtype=np.int64)
    return (people.third if under == 3 else people.eleventh)[person] - 1


def asked_hours(
    registry: Registry,
    needs: Needs,
    need: Whole,
    provider: Whole,
    monday: Whole,
    start: Whole,
    end: Whole,
) -> tuple[Words, Words]:
    """
    Lay the asked hours that a provider offers in some weeks.

    Parameters
    ----------
    registry, needs
        Compiled.
    need, provider, monday, start, end
        Per week: which need, whose hours, the Monday, and the first and last day of the need with her.

    Returns
    -------
    tuple of ndarray of uint32, shape (weeks, 21)
        The hours; and, of all that is asked, the hours whose span begins on the same date.
    """
    number = needs.rows(need, monday)
    heads = np.take(needs.head_words, number, axis=0) & days_between(start, end, monday)
    asked = heads
    if needs.nocturnal.any():
        after = days_between(start + 1, end + 1, monday)
        asked = heads | (np.take(needs.tail_words, number, axis=0) & after)
    hours = registry.hours[provider]
    limited = np.flatnonzero(hours >= 0)
    within = registry.patterns.rows(hours[limited], REFERENCE_ORDINAL, monday[limited])
    offered = np.full_like(asked, 0xFFFFFFFF)
    offered[limited] = np.take(registry.patterns.packed, within, axis=0)
    return asked & offered, heads
