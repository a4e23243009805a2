"""
Providers × weeks × quarter-hours: who is present when, over the whole horizon of a need.

A `Timeline` holds, for each provider asked, the weeks from some weeks before the start to some weeks after the end, one
row of 672 quarter-hours per week as bits, the rows of one provider after the other and an empty row behind each. The
laws read it as one long line of quarter-hours.

Where nothing changes for many weeks (no contract begins or ends, nobody has a birthday), the weeks repeat. A
*shortened* timeline keeps the first turn of the cycle and the last two: whatever a law can find in the dropped weeks
it finds in the kept ones, and `true_weeks` still knows every week for the sums over 17 and 52 of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rpe_geo.rules.age_bands import band_changes, cycle_weeks
from rpe_geo.rules.bits import (
    WORDS_PER_DAY,
    Count,
    bits_at,
    days_between,
    no_words,
    slots_of,
)
from rpe_geo.rules.compiled import FOREVER, People, Registry
from rpe_geo.rules.laid_hours import Laid, asked_hours, presences
from rpe_geo.rules.need import Needs
from rpe_geo.rules.patterns import monday_ordinal
from rpe_geo.schedule import QUARTERS_PER_DAY, QUARTERS_PER_WEEK

__all__ = ["Timeline", "TrueWeeks", "lay_timeline"]

Words = NDArray[np.uint32]
Whole = NDArray[np.int64]
Truths = NDArray[np.bool_]


@dataclass(frozen=True)
class TrueWeeks:
    """Every week of every provider, and the row that shows it."""

    pair: Whole
    monday: Whole
    row: Whole


@dataclass(frozen=True)
class Timeline:
    """
    Some pairs of a need and a provider over the horizon of the need.

    Parameters
    ----------
    need, provider, start, end
        Per pair: numbers of the need and of the provider, and the first and last day of the need with her.
    row_pair, row_monday
        Per row: the pair (−1 for the empty rows between) and the ordinal of the Monday.
    asked
        Asked hours within her hours, as bits, shape (rows, 21); see `rpe_geo.rules.bits`.
    begun_today
        Of these, the hours whose span begins on the same date; the others begin the evening before.
    """

    registry: Registry
    needs: Needs
    need: Whole
    provider: Whole
    start: Whole
    end: Whole
    row_pair: Whole
    row_monday: Whole
    true_weeks: TrueWeeks
    asked: Words
    begun_today: Words

    @cached_property
    def row_provider(self) -> Whole:
        """The provider of each row; −1 for the empty rows."""
        return np.where(self.row_pair < 0, -1, self.provider[self.row_pair])

    @cached_property
    def real_rows(self) -> Whole:
        """The rows that are not empty ones."""
        return np.flatnonzero(self.row_pair >= 0)

    def lay(
        self, people: People, *, under: int | None = None, chosen: Truths | None = None
    ) -> Iterator[Laid]:
        """
        Lay people of the providers in turns; see `presences`.

        Parameters
        ----------
        people
            Contracts, own children or declared places.
        under
            3 or 11 for those under that age only.
        chosen
            Providers whose people are laid, by number; None for all.

        Returns
        -------
        iterator of tuple
            Rows, people and hours.
        """
        rows = self.real_rows
        if chosen is not None:
            rows = rows[chosen[self.row_provider[rows]]]
        position, person = people.of(self.row_provider[rows])
        return presences(
            people, self.registry.patterns, rows[position], person, self.row_monday, under=under
        )

    def count(self, *laid: Iterator[Laid]) -> Count:
        """Count the heads of people laid in turns."""
        heads = Count(len(self.row_pair))
        for people in laid:
            for rows, _, words in people:
                heads.add(rows, words)
        return heads

    @cached_property
    def contract_children(self) -> Count:
        """Children of contracts present."""
        return self.count(self.lay(self.registry.contracts))

    @cached_property
    def declared_places(self) -> Count:
        """Places declared free."""
        places, people = Count(len(self.row_pair)), self.registry.availabilities
        for rows, declared, words in self.lay(people):
            places.add_weighted(rows, words, people.weight[declared])
        return places

    @cached_property
    def taken(self) -> Words:
        """Quarter-hours with a contract child."""
        words = no_words(len(self.row_pair))
        for rows, _, there in self.lay(self.registry.contracts):
            words[rows] |= there
        return words

    @cached_property
    def row_envelope(self) -> Whole:
        """Quarter-hours of work of each row that an envelope counts besides those of contracts; 0 without one."""
        quarters = np.maximum(self.needs.envelope_quarters[self.row_need], 0)
        rows: Whole = np.where(self.asked.any(axis=1), quarters, 0)
        return rows

    @cached_property
    def present(self) -> Words:
        """Asked quarter-hours at which the child is surely there: none of an envelope, whose days are not known."""
        if (self.needs.envelope_quarters < 0).all():
            return self.asked
        known = self.needs.envelope_quarters[self.row_need] < 0
        return np.where(known[:, None], self.asked, np.uint32(0))

    @cached_property
    def worked(self) -> Words:
        """Quarter-hours with a contract child or an asked child."""
        return self.taken | self.present

    @cached_property
    def added(self) -> Words:
        """Asked quarter-hours at which nobody was present yet."""
        return self.present & ~self.taken

    @cached_property
    def filled(self) -> Words:
        """Asked quarter-hours by which sums of hours grow; all those of an envelope."""
        if self.present is self.asked:
            return self.added
        within = self.row_envelope > 0
        return np.where(within[:, None], self.asked, self.added)

    @cached_property
    def rows_filled(self) -> Truths:
        """Rows whose sums of hours grow."""
        rows: Truths = np.asarray(self.filled.any(axis=1), dtype=np.bool_)
        return rows

    @cached_property
    def runs(self) -> tuple[Whole, Whole]:
        """Begins and ends of the presences, in quarter-hours of the whole line."""
        # The last row is an empty one: what begins ends before the line does.
        line = self.worked.ravel()
        before = line << np.uint32(1)
        before[1:] |= line[:-1] >> np.uint32(31)
        return slots_of(line & ~before), slots_of(before & ~line)

    @cached_property
    def row_need(self) -> Whole:
        """The need of each row; that of the last pair for the empty rows."""
        return self.need[self.row_pair]

    @cached_property
    def row_children(self) -> Whole:
        """How many children are asked for in each row."""
        return self.needs.children[self.row_need]

    def asked_under(self, birthdays: Whole) -> Iterator[Laid]:
        """Lay the asked children on the days before their birthday, in turns as `presences` does."""
        first = self.needs.child_first[self.row_need]
        count = self.needs.children[self.row_need]
        rows = np.arange(len(self.row_pair))
        for turn in range(int(count.max())):
            child = first + np.minimum(turn, count - 1)
            until = np.where(turn < count, birthdays[child] - 1, self.row_monday - 1)
            yield rows, child, days_between(self.row_monday, until, self.row_monday)

    def day_of(self, slot: Whole) -> Whole:
        """Return the calendar day (ordinal) of quarter-hours of the line."""
        row, rest = np.divmod(slot, QUARTERS_PER_WEEK)
        days: Whole = self.row_monday[row] + rest // QUARTERS_PER_DAY
        return days

    def pair_of(self, slot: Whole) -> Whole:
        """Return the pair of quarter-hours of the line."""
        return self.row_pair[slot // QUARTERS_PER_WEEK]

    def first_day_of_span(self, slot: Whole) -> Whole:
        """Return the latest day on which care may begin and still hold these asked quarter-hours."""
        return self.day_of(slot) - 1 + bits_at(self.begun_today, slot)

    def last_day_of(self, words: Words) -> tuple[Whole, Whole]:
        """
        Find the latest day on which care may begin and still hold some of the asked quarter-hours of each pair.

        Parameters
        ----------
        words
            Asked quarter-hours, shape (rows, 21).

        Returns
        -------
        tuple of ndarray of int
            Pairs that have some, each once, and the days.
        """
        rows = np.flatnonzero(words.any(axis=1))
        last = np.ones(len(rows), dtype=np.bool_)
        last[:-1] = self.row_pair[rows[1:]] != self.row_pair[rows[:-1]]
        rows = rows[last]
        by_day = words[rows].reshape(-1, 7, WORDS_PER_DAY)
        held = np.asarray(by_day.any(axis=2), dtype=np.bool_)
        day = 6 - held[:, ::-1].argmax(axis=1)
        begun = by_day & self.begun_today[rows].reshape(-1, 7, WORDS_PER_DAY)
        today = np.asarray(begun[np.arange(len(rows)), day].any(axis=1), dtype=np.bool_)
        # Of one day the hours that begin on it last longest; those of the evening before as long as the day before.
        return self.row_pair[rows], self.row_monday[rows] + day - ~today


def _expand(first: Whole, count: Whole) -> Whole:
    """Concatenate the ranges `first[i] … first[i] + count[i] − 1`."""
    step = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    return np.repeat(first, count) + step


def _household(registry: Registry, provider: Whole) -> tuple[Whole, Whole]:
    """List the pairs with every provider whose presences matter to them: herself, and the members of her MAM."""
    pair = np.arange(len(provider))
    mam = registry.mam[provider]
    inside = np.flatnonzero(mam >= 0)
    first = registry.mam_first[mam[inside]]
    count = registry.mam_first[mam[inside] + 1] - first
    fellows = registry.mam_members[_expand(first, count)]
    return (
        np.concatenate((pair, np.repeat(inside, count))),
        np.concatenate((provider, fellows)),
    )


def _events(
    registry: Registry,
    needs: Needs,
    need: Whole,
    provider: Whole,
    start: Whole,
    end: Whole,
    *,
    ages: bool,
) -> tuple[Whole, Whole, Whole]:
    """List the days on which something changes, pair by pair, and the length of each pair's common cycle."""
    everyone = np.arange(len(provider))
    pairs, days = [everyone] * 3, [start, end, end + 1]
    cycle = needs.length[need]
    hours = registry.hours[provider]
    known = hours >= 0
    cycle[known] = np.lcm(cycle[known], registry.patterns.length[hours[known]])
    if ages:
        position, child = needs.of(need)
        pairs += [position, position]
        days += [needs.thirds[child], needs.elevenths[child]]
    pair_of, who = _household(registry, provider) if ages else (everyone, provider)
    others = (registry.own_children, registry.availabilities) if ages else ()
    for people in (registry.contracts, *others):
        position, person = people.of(who)
        pair = pair_of[position]
        columns = [people.start, people.end, people.end + 1]
        if ages:
            columns += [people.since, people.third, people.eleventh]
        for column in columns:
            pairs.append(pair)
            days.append(column[person])
        cycling = np.flatnonzero(registry.patterns.length[people.pattern[person]] > 1)
        np.lcm.at(cycle, pair[cycling], registry.patterns.length[people.pattern[person[cycling]]])
    if ages:
        # A suspension that ends brings a member of the house back.
        pairs.append(pair_of)
        days.append(registry.member_from[who])
    for pair in np.flatnonzero(registry.legacy[provider]) if ages else ():
        bands = registry.childminders[provider[pair]].agrement.legacy_ages or ()
        contracts = slice(*registry.contracts.first[provider[pair] : provider[pair] + 2])
        births = (*registry.contracts.birth[contracts].tolist(), *needs.needs[need[pair]].births)
        changes = np.array(list(band_changes(map(int, births), bands)), dtype=np.int64)
        pairs.append(np.full(len(changes), pair))
        days.append(changes)
        cycle[pair] = np.lcm(cycle[pair], cycle_weeks(bands))
    return np.concatenate(pairs), np.concatenate(days), cycle


def _choose_weeks(  # noqa: PLR0913 - arrays of one computation
    registry: Registry,
    needs: Needs,
    need: Whole,
    provider: Whole,
    start: Whole,
    end: Whole,
    *,
    pad_weeks: Whole,
    shortened: bool,
    ages: bool,
) -> tuple[TrueWeeks, Whole, Whole]:
    """List every week of each pair, and the pair and Monday of those that get a row."""
    first = monday_ordinal(start) - 7 * pad_weeks
    count = (monday_ordinal(end) - first) // 7 + 1 + pad_weeks
    offset = np.cumsum(count) - count
    pair = np.repeat(np.arange(len(provider)), count)
    week = np.arange(len(pair))
    monday = first[pair] + 7 * (week - offset[pair])
    kept = np.ones(len(pair), dtype=np.bool_)
    shown = week
    if shortened:
        event = np.zeros(len(pair), dtype=np.bool_)
        event[offset] = event[offset + count - 1] = True
        event_pair, event_day, cycle = _events(
            registry, needs, need, provider, start, end, ages=ages
        )
        number = (monday_ordinal(event_day) - first[event_pair]) // 7
        inside = (number >= 0) & (number < count[event_pair])
        event[offset[event_pair[inside]] + number[inside]] = True
        before = np.maximum.accumulate(np.where(event, week, 0))
        after = np.minimum.accumulate(np.where(event, week, len(week))[::-1])[::-1]
        turn = cycle[pair]
        position, length = week - before - 1, after - before - 1
        skipped = np.maximum(length - 3 * turn, 0) // turn * turn
        kept = event | (position < turn) | (position >= turn + skipped)
        shown = np.where(kept, week, before + 1 + position % turn)
    # An empty row follows the rows of each pair.
    row = np.cumsum(kept) - 1 + pair
    true_weeks = TrueWeeks(pair=pair, monday=monday, row=row[shown])
    rows = int(kept.sum()) + len(provider)
    row_pair = np.full(rows, -1, dtype=np.int64)
    row_monday = np.zeros(rows, dtype=np.int64)
    row_pair[row[kept]] = pair[kept]
    row_monday[row[kept]] = monday[kept]
    return true_weeks, row_pair, row_monday


def lay_timeline(  # noqa: PLR0913 - arrays of one computation
    registry: Registry,
    needs: Needs,
    need: Whole,
    provider: Whole,
    start: Whole,
    end: Whole,
    *,
    pad_weeks: Whole,
    shortened: bool,
    ages: bool = True,
) -> Timeline:
    """
    Lay needs and everybody's presences on the calendar.

    Parameters
    ----------
    registry, needs
        Compiled.
    need, provider, start, end
        Per pair: which need, who, and the first and last day of the need.
    pad_weeks
        Per pair: weeks to look at before the start and after the end.
    shortened
        Whether to drop weeks that repeat.
    ages
        Whether a birthday makes a week unlike the others; without it only working time may be asked.

    Returns
    -------
    Timeline
        One line of quarter-hours.
    """
    true_weeks, row_pair, row_monday = _choose_weeks(
        registry,
        needs,
        need,
        provider,
        start,
        end,
        pad_weeks=pad_weeks,
        shortened=shortened,
        ages=ages,
    )
    # Nothing is asked in the empty rows, whose first day never comes.
    asked, begun_today = asked_hours(
        registry,
        needs,
        need[row_pair],
        provider[row_pair],
        row_monday,
        np.where(row_pair < 0, FOREVER, start[row_pair]),
        end[row_pair],
    )
    return Timeline(
        registry=registry,
        needs=needs,
        need=need,
        provider=provider,
        start=start,
        end=end,
        row_pair=row_pair,
        row_monday=row_monday,
        true_weeks=true_weeks,
        asked=asked,
        begun_today=begun_today,
    )
