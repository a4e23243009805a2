"""Access that holds at some hours only: `motor_vehicle:conditional=no @ (Mo-Fr 08:15-08:45)` and the like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache

import opening_hours

from rpe_geo.travel.streets.access import Tags

__all__ = ["is_conditional", "ordinary_day", "tags_at", "variants", "without_conditions"]

_SUFFIX = ":conditional"
_BASES = frozenset({
    "access", "foot", "bicycle", "vehicle", "motor_vehicle", "motorcar", "oneway", "stroller",
})  # fmt: skip
_CLAUSE = re.compile(r"\s*([^@;]+?)\s*@\s*(\((?:[^()]|\([^()]*\))*\)|[^;(]+)\s*(?:;|$)")


def is_conditional(key: str) -> bool:
    """Say whether a key tells of access or direction at some hours."""
    return key.endswith(_SUFFIX) and key.partition(":")[0] in _BASES


def variants(tags: Tags) -> Iterator[dict[str, str]]:
    """
    Yield the tags under each condition alone that is understood.

    Parameters
    ----------
    tags
        Of a way.

    Yields
    ------
    dict
        The tags with one conditional value in place.
    """
    for key, value in tags.items():
        if is_conditional(key):
            for said, hours in _clauses(value):
                if _hours(hours) is not None:
                    yield {**tags, key.removesuffix(_SUFFIX): said}


def tags_at(tags: Tags, when: datetime) -> dict[str, str]:
    """
    Return the tags that hold at a moment.

    Parameters
    ----------
    tags
        Of a way, conditions included.
    when
        Local time.

    Returns
    -------
    dict
        Of several conditions that hold the last one wins (wiki, Conditional restrictions). What is no time (`weight>3.5`,
        `residents`) holds for nobody here; French public holidays are known, school holidays are not: `SH` never holds.
    """
    held = dict(tags)
    for key, value in tags.items():
        if is_conditional(key):
            for said, hours in _clauses(value):
                table = _hours(hours)
                if table is not None and table.is_open(when):
                    held[key.removesuffix(_SUFFIX)] = said
    return held


def without_conditions(tags: Tags) -> dict[str, str]:
    """Return the tags that hold at every hour."""
    return {key: value for key, value in tags.items() if not is_conditional(key)}


def ordinary_day(clock: time) -> datetime:
    """Return a clock time of the next Tuesday that is no public holiday: a day on which children are taken to school."""
    day = date.today()  # noqa: DTZ011 - the local day
    while day.weekday() != 1 or _is_holiday(day):
        day += timedelta(days=1)
    return datetime.combine(day, clock)


def _is_holiday(day: date) -> bool:
    holidays = _hours("PH")
    return holidays is not None and bool(holidays.is_open(datetime.combine(day, time(12))))


@lru_cache(maxsize=4096)
def _clauses(value: str) -> tuple[tuple[str, str], ...]:
    """Split `no @ (Mo-Fr 08:00-09:00; PH off); yes @ …` into values and conditions."""
    found = []
    for said, condition in _CLAUSE.findall(value):
        text = condition.strip()
        found.append((said, text[1:-1].strip() if text.startswith("(") else text))
    return tuple(found)


@lru_cache(maxsize=4096)
def _hours(text: str) -> opening_hours.OpeningHours | None:
    """Read a condition as opening hours; None where it is no time, or more than one."""
    if not opening_hours.validate(text):
        return None
    return opening_hours.OpeningHours(text, country="FR", auto_country=False, auto_timezone=False)
