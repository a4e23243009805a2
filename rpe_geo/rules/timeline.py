"""
Providers × weeks × quarter-hours: who is present when, over the whole horizon of a need.

A `Timeline` holds, for each provider asked, the weeks from some weeks before the start to some weeks after the end, one
row of 672 quarter-hours per week, the rows of one provider after the other and an empty row between two providers. The
laws read it as one long line of quarter-hours.

Where nothing changes for many weeks (no contract begins or ends, nobody has a birthday), the weeks repeat. A
*shortened* timeline keeps the first turn of the cycle and the last two: whatever a law can find in the dropped weeks
it finds in the kept ones, and `true_weeks` still knows every week for the sums over 17 and 52 of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rpe_geo.rules.age_bands import band_changes, cycle_weeks
from rpe_geo.rules.compiled import FOREVER, People, Registry
from rpe_geo.rules.need import Needs
from rpe_geo.rules.patterns import REFERENCE_ORDINAL, PatternTable, monday_ordinal
from rpe_geo.schedule import QUARTERS_PER_DAY, QUARTERS_PER_WEEK

__all__ = ["Timeline", "TrueWeeks", "lay", "lay_timeline"]

_DAYS = np.arange(7)

Rows = NDArray[np.bool_]
Counts = NDArray[np.int16]
Whole = NDArray[np.int64]


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
        Asked hours within her hours, shape (rows, 672).
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
    asked: Rows
    begun_today: Rows

    @property
    def row_provider(self) -> Whole:
        """The provider of each row; −1 for the empty rows."""
        return np.where(self.row_pair < 0, -1, self.provider[self.row_pair])

    def lay(self, people: People, *, under: int | None = None, weighted: bool = False) -> Counts:
        """Count the people present at each quarter-hour, all of them or those under an age; see `lay`."""
        return lay(
            people,
            self.registry.patterns,
            self.row_provider,
            self.row_monday,
            under=under,
            weighted=weighted,
        )

    @cached_property
    def contract_children(self) -> Counts:
        """Children of contracts present, shape (rows, 672)."""
        return self.lay(self.registry.contracts)

    @cached_property
    def worked(self) -> Rows:
        """Quarter-hours with a contract child or an asked child."""
        return np.asarray((self.contract_children > 0) | self.asked, dtype=np.bool_)

    @cached_property
    def added(self) -> Rows:
        """Asked quarter-hours at which nobody was present yet."""
        added: Rows = self.asked & (self.contract_children == 0)
        return added

    @cached_property
    def rows_added(self) -> Rows:
        """Rows with a quarter-hour at which nobody was present yet."""
        rows: Rows = np.asarray(self.added.any(axis=1), dtype=np.bool_)
        return rows

    @cached_property
    def runs(self) -> tuple[Whole, Whole]:
        """Begins and ends of the presences, in quarter-hours of the whole line."""
        line = np.zeros(self.worked.size + 2, dtype=np.int8)
        line[1:-1] = self.worked.ravel()
        edges = np.flatnonzero(np.diff(line))
        return edges[::2], edges[1::2]

    @property
    def row_need(self) -> Whole:
        """The need of each row; that of the last pair for the empty rows."""
        return self.need[self.row_pair]

    @property
    def row_children(self) -> Counts:
        """How many children are asked for in each row, as one column."""
        children: Counts = self.needs.children[self.row_need].astype(np.int16)[:, None]
        return children

    def asked_under(self, birthdays: Whole) -> Counts:
        """Count the asked children before their birthday, per row and quarter-hour."""
        days = self.row_monday[:, None] + _DAYS
        count = np.zeros(days.shape, dtype=np.int16)
        first, last = (
            self.needs.child_first[self.row_need],
            self.needs.child_first[self.row_need + 1],
        )
        for turn in range(int((last - first).max())):
            there = np.flatnonzero(first + turn < last)
            count[there] += days[there] < birthdays[first[there] + turn, None]
        return np.repeat(count, QUARTERS_PER_DAY, axis=1)

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
        return self.day_of(slot) - ~self.begun_today.ravel()[slot]


def _mask_days(rows: Rows, days: Rows) -> Rows:
    """Keep the quarter-hours of some days of each row."""
    shape = (-1, 7, QUARTERS_PER_DAY)
    return (rows.reshape(shape) & days[:, :, None]).reshape(-1, QUARTERS_PER_WEEK)


def lay(
    people: People,
    patterns: PatternTable,
    provider: Whole,
    monday: Whole,
    *,
    under: int | None = None,
    weighted: bool = False,
) -> Counts:
    """
    Count presences in some weeks of some providers.

    Parameters
    ----------
    people
        Contracts, own children or declared places.
    patterns
        The rows of their timetables.
    provider, monday
        Of each row; nobody is present in rows of provider −1.
    under
        3 or 11 to count only children under that age on each calendar day; None for all.
    weighted
        Whether to add up `people.weight` instead of heads.

    Returns
    -------
    ndarray of int16, shape (rows, 672)
        The counts.
    """
    count = np.zeros((len(provider), QUARTERS_PER_WEEK), dtype=np.int16)
    real = np.flatnonzero(provider >= 0)
    position, person = people.of(provider[real])
    position = real[position]
    day = monday[position]
    start, end, since = people.start[person], people.end[person], people.since[person]
    until = _last_day_under(people, under)[person]
    kept = (start <= day + 6) & (end + 1 >= day) & (since <= day + 6) & (until >= day)
    if not kept.any():
        return count
    position, person, day = position[kept], person[kept], day[kept]
    start, end, since, until = start[kept], end[kept], since[kept], until[kept]
    row = patterns.rows(people.pattern[person], people.week_1[person], day)
    full = (start < day) & (end >= day + 6) & (since <= day) & (until >= day + 6)
    rank = np.arange(len(position)) - np.searchsorted(position, position)
    for turn in range(int(rank.max()) + 1):
        whole = np.flatnonzero((rank == turn) & full)
        part = np.flatnonzero((rank == turn) & ~full)
        days = day[part, None] + _DAYS
        counts_then = (since[part, None] <= days) & (days <= until[part, None])
        begins = (start[part, None] <= days) & (days <= end[part, None])
        began = (start[part, None] < days) & (days - 1 <= end[part, None])
        partial = _mask_days(patterns.heads[row[part]], begins & counts_then)
        partial |= _mask_days(patterns.tails[row[part]], began & counts_then)
        for chosen, present in ((whole, patterns.whole[row[whole]]), (part, partial)):
            if weighted:
                weight = people.weight[person[chosen]].astype(np.int16)
                count[position[chosen]] += present * weight[:, None]
            else:
                count[position[chosen]] += present
    return count


def _last_day_under(people: People, under: int | None) -> Whole:
    if under is None:
        return np.full(len(people.provider), FOREVER, dtype=np.int64)
    return (people.third if under == 3 else people.eleventh) - 1


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


def _choose_weeks(
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


def lay_timeline(
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
    number = needs.rows(need[row_pair], row_monday)
    days = row_monday[:, None] + _DAYS
    first, last = start[row_pair][:, None], end[row_pair][:, None]
    real = (row_pair >= 0)[:, None]
    heads = _mask_days(needs.heads[number], real & (first <= days) & (days <= last))
    asked = heads
    if needs.nocturnal[need].any():
        asked = heads | _mask_days(needs.tails[number], real & (first < days) & (days - 1 <= last))
    hours = registry.hours[provider][row_pair]
    limited = np.flatnonzero((hours >= 0) & real[:, 0])
    within = registry.patterns.rows(hours[limited], REFERENCE_ORDINAL, row_monday[limited])
    asked[limited] &= registry.patterns.whole[within]
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
        begun_today=heads,
    )
