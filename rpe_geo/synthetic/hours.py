"""Weekly hours of invented professionals and children: frames of a working week, and presences inside a frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

from rpe_geo.schedule import Timetable

__all__ = ["Frame", "choose_frame", "offered_hours", "presence_inside", "timetable"]

_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_WEEK_HOURS = 47.5


@lru_cache(maxsize=65_536)
def timetable(written: str | tuple[str, ...]) -> Timetable:
    """Read a timetable once for all who share it."""
    return Timetable.parse(written if isinstance(written, str) else list(written))


def clock(quarter: int) -> str:
    """Write a quarter-hour of the day as HH:MM."""
    return f"{quarter // 4 % 24:02d}:{quarter % 4 * 15:02d}"


def week_text(days: tuple[int, ...], begin: int, end: int) -> str:
    """Write the same hours for some days; `end` may pass midnight (96)."""
    return f"{','.join(_DAYS[day] for day in days)} {clock(begin)}-{'24:00' if end == 96 else clock(end)}"


@dataclass(frozen=True, slots=True)
class Frame:
    """
    The hours within which all presences of one professional lie, so that she stays within the law.

    Parameters
    ----------
    kind
        standard, early, late, saturday, cycle or night.
    weeks
        For each week of the cycle: days, first and last quarter-hour.
    """

    kind: str
    weeks: tuple[tuple[tuple[int, ...], int, int], ...]

    @property
    def days(self) -> tuple[int, ...]:
        """Days of the first week."""
        return self.weeks[0][0]


def choose_frame(kind: str, rng: Random, days: tuple[int, ...] | None = None) -> Frame:
    """
    Choose the hours of a week, at most 47.5 hours and 13 hours a day.

    Parameters
    ----------
    kind
        standard, early, late, saturday, cycle or night.
    rng
        Source of chance.
    days
        Days imposed from outside (0 is Monday), as in a MAM.

    Returns
    -------
    Frame
    """
    if days is None:
        days = (
            (0, 1, 2, 3, 4)
            if rng.random() < 0.66
            else rng.choice([(0, 1, 3, 4), (0, 1, 2, 3), (1, 2, 3, 4)])
        )
        if kind == "saturday":
            days = rng.choice([(1, 2, 3, 4, 5), (0, 1, 3, 4, 5), (0, 1, 2, 3, 4, 5)])
        elif kind == "night":
            days = rng.choice([(0, 1, 2, 3), (0, 1, 3), (1, 2, 3, 4)])
    longest = min(int(4 * _WEEK_HOURS / len(days)), 48)
    if kind == "night":
        begin = rng.choice([76, 78, 80, 82])
        return Frame(kind, ((days, begin, begin + rng.choice([40, 42, 44])),))
    if kind == "cycle":
        length = min(longest, rng.choice([34, 36, 38]))
        early = rng.choice([22, 24, 26])
        late = rng.choice([78, 80, 82, 84])
        return Frame(kind, ((days, early, early + length), (days, late - length, late)))
    if kind == "early":
        begin = rng.choices([22, 24, 26, 28, 29, 30], [2, 6, 14, 26, 22, 30])[0]
        return Frame(kind, ((days, begin, begin + longest - rng.choice([0, 0, 1, 2])),))
    if kind == "late":
        end = rng.choices([76, 78, 80, 82, 84, 88], [46, 24, 16, 6, 5, 3])[0]
        return Frame(kind, ((days, end - longest + rng.choice([0, 0, 1, 2]), end),))
    begin = rng.choice([32, 32, 33, 34])
    return Frame(kind, ((days, begin, min(begin + longest, 74)),))


def offered_hours(frame: Frame, rng: Random) -> Timetable:
    """
    Say when she works at all: wider than the frame, for what is free may lie anywhere in it.

    Parameters
    ----------
    frame
        The hours of the presences there are.
    rng
        Source of chance.

    Returns
    -------
    Timetable
        Never atypical for a standard frame; 13 hours a day at most.
    """
    weeks = []
    before, after = rng.choice((0, 1, 2, 4)), rng.choice((0, 2, 4, 6))
    for days, begin, end in frame.weeks:
        if frame.kind in {"standard", "saturday"}:
            low, high = 32, max(end, rng.choice((70, 72, 74)))
        elif frame.kind == "night":
            low, high = begin - before, end + min(after, 4)
        elif frame.kind == "late":
            low, high = max(min(begin, rng.choice((32, 34, 36))), end - 52), end
        else:
            low, high = begin, max(end, min(begin + 52, rng.choice((70, 72, 74))))
        weeks.append(week_text(days, low, high))
    return timetable(tuple(weeks) if len(weeks) > 1 else weeks[0])


def presence_inside(
    frame: Frame, rng: Random, days: tuple[int, ...] | None = None, part: str = "full"
) -> str | tuple[str, ...]:
    """
    Write the hours of a child inside a frame.

    Parameters
    ----------
    frame
        The professional's hours.
    rng
        Source of chance.
    days
        Days of the child, all of the frame when absent.
    part
        full, morning or afternoon; `school` is before and after class, and Wednesdays.

    Returns
    -------
    str or tuple of str
        As `Timetable.parse` reads, one text per week of the cycle.
    """
    texts = []
    trim_begin, trim_end = rng.choice([0, 0, 1, 2, 3, 4]), rng.choice([0, 0, 1, 2, 4, 6])
    for own, begin, end in frame.weeks:
        low, high = begin + trim_begin, end - trim_end
        middle = min(max((begin + end) // 2, 48), end - 8)
        if part == "morning":
            high = max(middle, low + 12)
        elif part == "afternoon":
            low = min(middle, high - 12)
        chosen = tuple(day for day in own if days is None or day in days)
        texts.append(
            _school_week(chosen, begin, end)
            if part == "school"
            else week_text(chosen, low, high)
            if chosen
            else "off"
        )
    return tuple(texts) if len(set(texts)) > 1 else texts[0]


def _school_week(days: tuple[int, ...], begin: int, end: int) -> str:
    """Write the hours around school, from a frame that is open before and after class."""
    class_days = tuple(day for day in days if day in {0, 1, 3, 4})
    spans = []
    if begin <= 32:
        spans.append(f"{clock(max(begin, 28))}-{clock(34)}")
    if end >= 68:
        spans.append(f"{clock(66)}-{clock(min(end, 76))}")
    rules = []
    if class_days and spans:
        rules.append(f"{','.join(_DAYS[day] for day in class_days)} {','.join(spans)}")
    if 2 in days:
        rules.append(week_text((2,), max(begin, 32), min(end, 72)))
    return "; ".join(rules) or "off"
