"""What is reported of a refusal: from when, at which hours, how much too much."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from math import lcm

import numpy as np
from numpy.typing import NDArray

from rpe_geo.rules.bits import unpack
from rpe_geo.rules.breaches import Breaches, SlotBreaches
from rpe_geo.rules.laws import SLOT_RULES
from rpe_geo.rules.need import Need
from rpe_geo.rules.timeline import Timeline
from rpe_geo.schedule import (
    QUARTERS_PER_DAY,
    QUARTERS_PER_WEEK,
    Span,
    Timetable,
    Week,
)
from rpe_geo.verdicts import Refusal, Rule

__all__ = ["hours_refusal", "refusals_of"]


def refusals_of(
    timeline: Timeline, breaches: Sequence[Breaches | SlotBreaches], pairs: int
) -> list[list[Refusal]]:
    """
    Phrase the broken laws of the providers of a timeline as figures.

    Parameters
    ----------
    timeline
        Not shortened.
    breaches
        Answers of the laws on it.
    pairs
        How many providers the timeline has.

    Returns
    -------
    list of list of Refusal
        For each provider one per broken law, in the order of `breaches`.
    """
    found: list[list[Refusal]] = [[] for _ in range(pairs)]
    for law in breaches:
        if not len(law):
            continue
        have, limit, days = law.have, law.limit, law.day
        excess = np.abs(have - limit)
        # The breaches of one provider stand together, the first moment first.
        order = np.lexsort((law.begin, law.pair))
        edges = np.flatnonzero(np.diff(law.pair[order])) + 1
        for mine in np.split(order, edges):
            # The first of the worst moments, when several are as bad.
            worst = mine[np.argmax(excess[mine])]
            since = int(days[mine].min())
            found[law.pair[mine[0]]].append(
                Refusal(
                    rule=law.rule,
                    when=_when(timeline, law, mine, since),
                    since=date.fromordinal(since),
                    have=_figure(have[worst]),
                    limit=_figure(limit[worst]),
                )
            )
    return found


def _figure(value: float) -> float:
    """Write whole figures as such."""
    return int(value) if float(value).is_integer() else float(value)


def _when(
    timeline: Timeline, law: Breaches | SlotBreaches, mine: NDArray[np.int64], since: int
) -> str | None:
    """Name the offending hours that begin in the week of the first breach."""
    monday = since - (since - 1) % 7
    row = int(
        np.flatnonzero((timeline.row_pair == law.pair[mine[0]]) & (timeline.row_monday == monday))[
            0
        ]
    )
    offending = np.zeros(2 * QUARTERS_PER_WEEK, dtype=np.bool_)
    origin = row * QUARTERS_PER_WEEK
    begins, ends = law.begin[mine] - origin, law.end[mine] - origin
    here = (ends > 0) & (begins < len(offending))
    if isinstance(law, SlotBreaches):
        offending[begins[here]] = True
    else:
        for begin, end in zip(np.maximum(begins[here], 0), ends[here], strict=True):
            offending[begin:end] = True
    asked = unpack(timeline.asked[row : row + 2]).ravel()
    offending[: len(asked)] &= asked
    offending[len(asked) :] = False
    if law.rule not in SLOT_RULES:
        # What was there before the need took part in the breach is not its doing.
        offending[: (since - monday) * QUARTERS_PER_DAY] = False
    return str(hours_of_week(offending)) if offending[:QUARTERS_PER_WEEK].any() else None


def hours_of_week(line: NDArray[np.bool_]) -> Timetable:
    """
    Turn the quarter-hours of one week and what follows into hours by the day on which they begin.

    Parameters
    ----------
    line
        Monday 00:00 first, 672 quarter-hours and more; a night that begins on Sunday runs on into what follows.

    Returns
    -------
    Timetable
        One week, not wrapped: what goes on beyond a day is cut at midnight.
    """
    days: list[list[Span]] = [[] for _ in range(8)]
    edges = np.flatnonzero(np.diff(np.concatenate(([0], line.astype(np.int8), [0]))))
    for begin, end in edges.reshape(-1, 2).tolist():
        if begin >= QUARTERS_PER_WEEK:
            break
        day, quarter = divmod(begin, QUARTERS_PER_DAY)
        if end - begin <= QUARTERS_PER_DAY:
            days[day].append(Span(quarter, quarter + end - begin))
            continue
        for number in range(day, min(-(-end // QUARTERS_PER_DAY), 7)):
            midnight = number * QUARTERS_PER_DAY
            days[number].append(
                Span(max(begin - midnight, 0), min(end - midnight, QUARTERS_PER_DAY))
            )
    return Timetable((Week(tuple(tuple(spans) for spans in days)),))


def hours_refusal(need: Need, rule: Rule, offered: Timetable, share: Fraction) -> Refusal:
    """
    Refuse because too few of the asked hours are offered.

    Parameters
    ----------
    need
        The hours asked.
    rule
        `working_hours`, or `opening_hours` of a facility.
    offered
        The hours offered.
    share
        Asked hours within them ÷ asked hours.

    Returns
    -------
    Refusal
        `have` and `limit` are shares.
    """
    since, when = _hours_outside(need.request.schedule, need.request.start, offered)
    limit = need.request.min_hours_share
    return Refusal(
        rule=rule, when=when, since=since, have=_figure(float(share)), limit=_figure(limit)
    )


@lru_cache(maxsize=4096)  # many professionals offer the same hours
def _hours_outside(asked: Timetable, start: date, offered: Timetable) -> tuple[date, str | None]:
    """Find the first day with asked hours outside those offered, and all such hours of its week."""
    week_1 = start - timedelta(days=start.weekday())
    for number in range(lcm(len(asked), len(offered)) + 1):
        monday = week_1 + timedelta(weeks=number)
        line = np.zeros(2 * QUARTERS_PER_WEEK, dtype=np.bool_)
        for offset in range(7):
            day = monday + timedelta(days=offset)
            for span in asked.spans_on(day, start) if day >= start else ():
                midnight = offset * QUARTERS_PER_DAY
                line[midnight + span.begin : midnight + span.end] = True
        line &= ~offered.presence(monday, 14)
        holidays = _holiday(asked.week_of(monday, start)).minus(_holiday(offered.week_of(monday)))
        week = Week((*hours_of_week(line).weeks[0].days[:7], holidays.weeks[0].days[7]))
        if week:
            first = np.flatnonzero(line)[:1].tolist()
            return (monday + timedelta(first[0] // QUARTERS_PER_DAY) if first else start), str(week)
    return start, None


def _holiday(week: Week) -> Timetable:
    """Keep the public holidays of a week."""
    return Timetable((Week((*((),) * 7, week.days[7])),))
