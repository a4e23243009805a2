"""
The week in quarter-hours: timetables as families and childminders write them, and what can be asked of them.

A `Week` holds spans by the day on which they begin, Monday to Sunday and `PH`, the public holidays, as an eighth day. A
`Timetable` is a cycle of weeks. Times are local clock times in quarter-hours, half-open `[begin, end)`: one child may
leave and another arrive at 12:00. The text form is the part of OpenStreetMap's `opening_hours` that a timetable needs:

>>> str(Week.parse("Mo-Fr 08:00-18:00; We off; Fr 20:00-06:00"))
'Mo,Tu,Th 08:00-18:00; Fr 20:00-06:00'
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property, lru_cache
from math import lcm
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpe_geo.errors import InvalidSchedule

__all__ = [
    "CYCLE_WEEKS_MAX",
    "NO_HOURS",
    "QUARTERS_PER_DAY",
    "QUARTERS_PER_WEEK",
    "REFERENCE_MONDAY",
    "Span",
    "Timetable",
    "Week",
    "monday_of",
    "timetable_of_slots",
]

QUARTERS_PER_DAY = 96
QUARTERS_PER_WEEK = 672
CYCLE_WEEKS_MAX = 52
LAID_WEEKS_MAX = 212
REFERENCE_MONDAY = date(2024, 1, 1)
"""Week 1 of every cycle that has no start date of its own (convention, INTERFACES §4bis 3)."""

_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su", "PH")
_PH = 7
_DAY_INDEX = {name.lower(): index for index, name in enumerate(_DAYS)}
_RULE = re.compile(
    r"^(?P<days>[a-z]{2}(?:[-,][a-z]{2})*)?\s*(?P<hours>off|closed|[\d:,\-]+)$",
    re.IGNORECASE,
)
_SPAN = re.compile(r"^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$")

_Operation = Callable[[NDArray[np.bool_], NDArray[np.bool_]], NDArray[np.bool_]]


class Span(NamedTuple):
    """Quarter-hours `[begin, end)` from the midnight that opens its day; `end` passes 96 in a night."""

    begin: int
    end: int


def monday_of(day: date) -> date:
    """Return the Monday of the week that holds a day."""
    return day - timedelta(days=day.weekday())


def _merge(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Sort the spans of one day and join those that overlap or touch."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.begin <= merged[-1].end:
            merged[-1] = Span(merged[-1].begin, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)


def _clock(quarter: int) -> str:
    return f"{quarter // 4:02d}:{quarter % 4 * 15:02d}"


def _write_span(span: Span) -> str:
    """Write a span; what lasts more than a day needs two, of which the second opens before midnight."""
    begin, end = span
    if end - begin > QUARTERS_PER_DAY:
        return f"{_clock(begin)}-24:00,23:45-{_clock(end - QUARTERS_PER_DAY)}"
    return f"{_clock(begin)}-{_clock(end if end <= QUARTERS_PER_DAY else end - QUARTERS_PER_DAY)}"


def _write_days(days: Sequence[int]) -> str:
    """Write day numbers as `Mo-We,Fr`; runs of three or more become a range."""
    parts: list[str] = []
    run: list[int] = []
    for day in [*days, -1]:
        if run and day == run[-1] + 1 and day != _PH:
            run.append(day)
            continue
        if len(run) > 2:
            parts.append(f"{_DAYS[run[0]]}-{_DAYS[run[-1]]}")
        else:
            parts.extend(_DAYS[index] for index in run)
        run = [day]
    return ",".join(parts)


def _read_days(text: str | None, rule: str) -> list[int]:
    """Read `Mo-We,Fr`; nothing means every day but the public holidays."""
    if text is None:
        return list(range(7))
    days: list[int] = []
    for part in text.lower().split(","):
        first, _, last = part.partition("-")
        if first not in _DAY_INDEX or (last and last not in _DAY_INDEX):
            unknown = first if first not in _DAY_INDEX else last
            code = "schedule_school_holidays" if unknown == "sh" else "schedule_day_unknown"
            raise InvalidSchedule(code, part=unknown, rule=rule)
        begin, end = _DAY_INDEX[first], _DAY_INDEX[last or first]
        if last and _PH in (begin, end):
            raise InvalidSchedule("schedule_day_unknown", part=part, rule=rule)
        if begin == _PH:
            days.append(_PH)
        else:
            days.extend((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return days


def _read_span(text: str, rule: str) -> Span:
    match = _SPAN.match(text)
    if match is None:
        raise InvalidSchedule("schedule_span_unreadable", part=text, rule=rule)
    begin_hour, begin_minute, end_hour, end_minute = map(int, match.groups())
    for hour, minute in ((begin_hour, begin_minute), (end_hour, end_minute)):
        if minute > 59 or hour * 60 + minute > 24 * 60:
            raise InvalidSchedule(
                "schedule_hour_impossible", part=f"{hour:02d}:{minute:02d}", rule=rule
            )
        if minute % 15:
            raise InvalidSchedule(
                "schedule_not_a_quarter", part=f"{hour:02d}:{minute:02d}", rule=rule
            )
    begin, end = begin_hour * 4 + begin_minute // 15, end_hour * 4 + end_minute // 15
    if begin == QUARTERS_PER_DAY:
        raise InvalidSchedule("schedule_hour_impossible", part=text, rule=rule)
    return Span(begin, end if end > begin else end + QUARTERS_PER_DAY)


@dataclass(frozen=True)
class Week:
    """
    One week of hours.

    Parameters
    ----------
    days
        Eight tuples of spans, Monday to Sunday then public holidays; sorted, disjoint, not touching.
    """

    days: tuple[tuple[Span, ...], ...] = ((),) * 8

    @classmethod
    def parse(cls, text: str) -> Week:
        """
        Read the text form.

        Parameters
        ----------
        text
            `Mo-Fr 07:30-18:30; Sa 08:00-12:00`; a later rule replaces earlier ones for the days it names, a span whose
            end is not after its begin runs past midnight, `off` is an empty day or week, `24/7` is always.

        Returns
        -------
        Week
            The hours, in quarter-hours.

        Raises
        ------
        InvalidSchedule
            With the faulty part and the rule that holds it.
        """
        return _parse_week(text)

    def __str__(self) -> str:
        groups: dict[tuple[Span, ...], list[int]] = {}
        for index, spans in enumerate(self.days):
            if spans:
                groups.setdefault(spans, []).append(index)
        rules = (
            f"{_write_days(days)} {','.join(_write_span(span) for span in spans)}"
            for spans, days in groups.items()
        )
        return "; ".join(rules) or "off"

    def __bool__(self) -> bool:
        return any(self.days)

    @cached_property
    def slots(self) -> NDArray[np.bool_]:
        """The ordinary week as 672 read-only booleans, Monday 00:00 first; Sunday night wraps to Monday."""
        return Timetable((self,)).slots

    @property
    def quarters(self) -> int:
        """Number of quarter-hours of the ordinary week, overlaps counted once."""
        return int(self.slots.sum())


@lru_cache(maxsize=65536)
def _parse_week(text: str) -> Week:
    days: list[tuple[Span, ...]] = [()] * 8
    rules = [rule.strip() for rule in text.split(";") if rule.strip()]
    if not rules:
        raise InvalidSchedule("schedule_empty", part=text, rule=text)
    for rule in rules:
        tight = re.sub(r"\s*([,\-–:])\s*", r"\1", rule).replace("–", "-")
        if tight == "24/7":
            days[:7] = [(Span(0, QUARTERS_PER_DAY),)] * 7
            continue
        match = _RULE.match(tight)
        if match is None:
            raise InvalidSchedule("schedule_rule_unreadable", part=rule, rule=rule)
        named = _read_days(match["days"], rule)
        hours = match["hours"].lower()
        if hours in {"off", "closed"}:
            spans: tuple[Span, ...] = ()
            if match["days"] is None:
                named = list(range(8))
        else:
            spans = _merge([_read_span(part, rule) for part in hours.split(",")])
        for index in named:
            days[index] = spans
    return Week(tuple(days))


@dataclass(frozen=True)
class Timetable:
    """
    Weeks that repeat for ever.

    Parameters
    ----------
    weeks
        Week 1 first, 1 to `LAID_WEEKS_MAX` of them; a file may write 52.
    """

    weeks: tuple[Week, ...]

    def __post_init__(self) -> None:
        if not self.weeks:
            raise InvalidSchedule("schedule_empty", part="[]", rule="[]")
        if len(self.weeks) > LAID_WEEKS_MAX:
            raise InvalidSchedule(
                "schedule_cycle_too_long", weeks=len(self.weeks), limit=LAID_WEEKS_MAX
            )

    @classmethod
    def parse(cls, written: str | Sequence[str]) -> Timetable:
        """
        Read one week, or a list of weeks that repeats.

        Parameters
        ----------
        written
            A text for every week, or a list of texts.

        Returns
        -------
        Timetable
            The cycle, shortened to its smallest period.

        Raises
        ------
        InvalidSchedule
            For a text that cannot be read, an empty list, or more than 52 weeks.
        """
        texts = [written] if isinstance(written, str) else list(written)
        if any(not isinstance(text, str) for text in texts):
            raise InvalidSchedule("schedule_rule_unreadable", part=str(texts), rule=str(texts))
        # The length is judged as written, before a repetition is noticed.
        if len(texts) > CYCLE_WEEKS_MAX:
            raise InvalidSchedule(
                "schedule_cycle_too_long", weeks=len(texts), limit=CYCLE_WEEKS_MAX
            )
        return _cycle(tuple(texts))

    def write(self) -> str | list[str]:
        """Write the text form: one text, or a list of texts for a cycle."""
        texts = [str(week) for week in self.weeks]
        return texts[0] if len(texts) == 1 else texts

    def __str__(self) -> str:
        return " | ".join(str(week) for week in self.weeks)

    def __len__(self) -> int:
        return len(self.weeks)

    def __bool__(self) -> bool:
        return any(bool(week) for week in self.weeks)

    @cached_property
    def slots(self) -> NDArray[np.bool_]:
        """The ordinary cycle as 672 × n read-only booleans; the last Sunday night wraps to the first Monday."""
        length = len(self.weeks) * QUARTERS_PER_WEEK
        slots = np.zeros(length, dtype=np.bool_)
        for week_number, week in enumerate(self.weeks):
            for day, spans in enumerate(week.days[:7]):
                midnight = week_number * QUARTERS_PER_WEEK + day * QUARTERS_PER_DAY
                for span in spans:
                    begin, end = midnight + span.begin, midnight + span.end
                    slots[begin:end] = True
                    if end > length:
                        slots[: end - length] = True
        slots.flags.writeable = False
        return slots

    @cached_property
    def holiday_slots(self) -> NDArray[np.bool_]:
        """The public holidays of the cycle: n × 192 read-only booleans, from the midnight that opens the holiday."""
        slots = np.zeros((len(self.weeks), 2 * QUARTERS_PER_DAY), dtype=np.bool_)
        for week_number, week in enumerate(self.weeks):
            for span in week.days[_PH]:
                slots[week_number, span.begin : span.end] = True
        slots.flags.writeable = False
        return slots

    @property
    def quarters_per_week(self) -> Fraction:
        """Mean number of quarter-hours of an ordinary week, overlaps counted once."""
        return Fraction(int(self.slots.sum()), len(self.weeks))

    def week_of(self, day: date, week_1: date = REFERENCE_MONDAY) -> Week:
        """Return the week in force on a day when week 1 is the week that holds `week_1`."""
        number = (monday_of(day) - monday_of(week_1)).days // 7
        return self.weeks[number % len(self.weeks)]

    def spans_on(self, day: date, week_1: date = REFERENCE_MONDAY) -> tuple[Span, ...]:
        """Return the spans that begin on an ordinary day."""
        return self.week_of(day, week_1).days[day.weekday()]

    def presence(
        self,
        first: date,
        days: int,
        *,
        week_1: date = REFERENCE_MONDAY,
        start: date | None = None,
        end: date | None = None,
    ) -> NDArray[np.bool_]:
        """
        Lay the hours on the calendar.

        Parameters
        ----------
        first
            First day of the window.
        days
            Length of the window.
        week_1
            A day of the week that is week 1 of the cycle.
        start, end
            Only spans that begin on these days or between them exist; one begun on `end` runs to its end.

        Returns
        -------
        ndarray of bool, shape (days × 96,)
            The quarter-hours of the window, those of a night begun the day before included.
        """
        slots = np.zeros((days + 2) * QUARTERS_PER_DAY, dtype=np.bool_)
        for offset in range(-1, days):
            day = first + timedelta(days=offset)
            if (start is not None and day < start) or (end is not None and day > end):
                continue
            midnight = (offset + 1) * QUARTERS_PER_DAY
            for span in self.spans_on(day, week_1):
                slots[midnight + span.begin : midnight + span.end] = True
        return slots[QUARTERS_PER_DAY : (days + 1) * QUARTERS_PER_DAY]

    def union(self, other: Timetable) -> Timetable:
        """Return the hours of one or the other; see `minus` for the cycle and its limit."""
        return self._combine(other, np.logical_or)

    def intersection(self, other: Timetable) -> Timetable:
        """Return the hours of both; see `minus` for the cycle and its limit."""
        return self._combine(other, np.logical_and)

    def minus(self, other: Timetable) -> Timetable:
        """
        Return the hours of this timetable that are not in the other.

        Parameters
        ----------
        other
            Hours on the same week 1.

        Returns
        -------
        Timetable
            Over the common cycle, shortened to its smallest period.

        Raises
        ------
        InvalidSchedule
            When the common cycle has more than 52 weeks.
        """
        return self._combine(other, lambda ours, theirs: ours & ~theirs)

    def covers(self, other: Timetable) -> bool:
        """Say whether every hour of the other, public holidays included, is one of this one's."""
        return self.share_of(other) == 1

    def share_of(self, asked: Timetable) -> Fraction:
        """
        Measure which part of the hours asked lies in these hours, public holidays as an eighth day of each week.

        Parameters
        ----------
        asked
            The hours asked, on the same week 1.

        Returns
        -------
        Fraction
            Asked hours inside ÷ asked hours over the common cycle; 1 when nothing is asked.
        """
        total = inside = 0
        for ours, theirs in self._common(asked):
            total += int(theirs.sum())
            inside += int((ours & theirs).sum())
        return Fraction(inside, total) if total else Fraction(1)

    def _common(self, other: Timetable) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
        """Lay both over their common cycle: ordinary weeks first, then public holidays (flattened)."""
        weeks = lcm(len(self), len(other))
        for kind in ("slots", "holiday_slots"):
            ours, theirs = getattr(self, kind).ravel(), getattr(other, kind).ravel()
            yield np.tile(ours, weeks // len(self)), np.tile(theirs, weeks // len(other))

    def _combine(self, other: Timetable, operation: _Operation) -> Timetable:
        ordinary, holidays = (operation(ours, theirs) for ours, theirs in self._common(other))
        return timetable_of_slots(ordinary, holidays)


NO_HOURS = Timetable((Week(((),) * 8),))
"""Hours that were not said."""


def timetable_of_slots(
    slots: NDArray[np.bool_], holiday_slots: NDArray[np.bool_] | None = None
) -> Timetable:
    """
    Turn quarter-hours back into a timetable.

    Parameters
    ----------
    slots
        672 × n booleans, Monday 00:00 of week 1 first, wrapping at the end.
    holiday_slots
        192 × n booleans, as `Timetable.holiday_slots` flattened; nothing means no public holiday.

    Returns
    -------
    Timetable
        The cycle, shortened to its smallest period. A run of a day or less is one span, even over midnight; a longer
        one is cut at each midnight.

    Raises
    ------
    InvalidSchedule
        When the cycle has more than `LAID_WEEKS_MAX` weeks.
    """
    weeks = len(slots) // QUARTERS_PER_WEEK
    days: list[list[Span]] = [[] for _ in range(7 * weeks)]
    for begin, end in _cyclic_runs(slots):
        if end - begin <= QUARTERS_PER_DAY:
            day, quarter = divmod(begin, QUARTERS_PER_DAY)
            days[day].append(Span(quarter, quarter + end - begin))
            continue
        for day in range(begin // QUARTERS_PER_DAY, -(-end // QUARTERS_PER_DAY)):
            midnight = day * QUARTERS_PER_DAY
            days[day % len(days)].append(
                Span(max(begin - midnight, 0), min(end - midnight, QUARTERS_PER_DAY))
            )
    holidays: list[list[Span]] = [[] for _ in range(weeks)]
    if holiday_slots is not None:
        for number, row in enumerate(holiday_slots.reshape(weeks, -1)):
            holidays[number] = [Span(begin, end) for begin, end in _runs(row)]
    cycle = tuple(
        Week((*(_merge(days[7 * number + day]) for day in range(7)), _merge(holidays[number])))
        for number in range(weeks)
    )
    return Timetable(_smallest_period(cycle))


def _runs(slots: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """List the runs `[begin, end)` of true quarter-hours."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], slots, [False])).astype(np.int8)))
    return [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]


def _cyclic_runs(slots: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """List the runs of a cycle; one that passes its end goes on into the next turn."""
    runs = _runs(slots)
    if len(runs) > 1 and runs[0][0] == 0 and runs[-1][1] == len(slots):
        runs[-1] = (runs[-1][0], len(slots) + runs[0][1])
        del runs[0]
    return runs


@lru_cache(maxsize=16384)
def _cycle(texts: tuple[str, ...]) -> Timetable:
    """Read the weeks of a cycle; the same text is the same timetable: many professionals write the same hours."""
    weeks = Timetable(tuple(Week.parse(text) for text in texts)).weeks
    return Timetable(_smallest_period(weeks))


def _smallest_period(cycle: tuple[Week, ...]) -> tuple[Week, ...]:
    for period in range(1, len(cycle)):
        if len(cycle) % period == 0 and cycle == cycle[:period] * (len(cycle) // period):
            return cycle[:period]
    return cycle
