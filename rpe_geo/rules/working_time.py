"""
How long a childminder may work: daily and weekly rest, days in a row, hours of the week and of the year.

CASF L.423-21 and L.423-22, IDCC 3239 [S16–S24]; INTERFACES §4bis 13–18. Presence is the union of contracts and asked
hours. Each law takes a timeline and returns the broken days, runs, weeks or windows to which the need adds at least a
quarter-hour; those that stood before are kept aside as existing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpe_geo.rules.bits import WORDS_PER_DAY, first_bits
from rpe_geo.rules.breaches import Breaches, element_breaches, joined
from rpe_geo.rules.compiled import NEVER
from rpe_geo.rules.timeline import Timeline
from rpe_geo.schedule import QUARTERS_PER_DAY, QUARTERS_PER_WEEK
from rpe_geo.verdicts import Rule

__all__ = ["consecutive_days", "daily_rest", "pad_weeks", "summed_hours", "weekly_rest"]

Whole = NDArray[np.int64]
Figures = NDArray[np.float64]


def pad_weeks(law: Mapping[str, Any], consent: NDArray[np.bool_]) -> Whole:
    """Return, per provider, how many weeks around the need the sums of hours look at."""
    weeks: Whole = np.where(consent, law["annual_hours_window"], law["weekly_hours_window"])
    return weeks.astype(np.int64)


def _quarters(hours: float) -> int:
    return round(4 * hours)


def daily_rest(timeline: Timeline, law: Mapping[str, Any]) -> Breaches:
    """
    Find the working days that last too long.

    Parameters
    ----------
    timeline
        Providers × weeks × quarter-hours.
    law
        `daily_rest_hours` separates two working days, `daily_span_hours` is the longest one.

    Returns
    -------
    Breaches
        `have` and `limit` are hours from first arrival to last departure.
    """
    begin, end = timeline.runs
    limit = law["daily_span_hours"]
    by_rest = np.flatnonzero(begin[1:] - end[:-1] >= _quarters(law["daily_rest_hours"])) + 1
    by_date = np.flatnonzero(np.diff(begin // QUARTERS_PER_DAY) > 0) + 1
    parts = []
    for cuts in (by_rest, by_date):
        first = np.concatenate(([0], cuts))[: len(begin)]
        last = np.concatenate((cuts, [len(begin)])) - 1
        first_arrival, last_departure = begin[first], end[last[: len(first)]]
        long = last_departure - first_arrival > _quarters(limit)
        parts.append(
            element_breaches(
                "daily_rest",
                timeline,
                first_arrival[long],
                last_departure[long],
                (last_departure - first_arrival)[long] / 4,
                limit,
            )
        )
    return joined(parts)


def consecutive_days(timeline: Timeline, law: Mapping[str, Any]) -> Breaches:
    """Find the runs of calendar dates with any presence that pass `consecutive_days_max`; in days."""
    worked = timeline.worked.reshape(-1, WORDS_PER_DAY).any(axis=1)
    line = np.concatenate(([False], worked, [False])).astype(np.int8)
    begin, end = np.flatnonzero(np.diff(line)).reshape(-1, 2).T
    limit = law["consecutive_days_max"]
    long = end - begin > limit
    return element_breaches(
        "consecutive_days",
        timeline,
        begin[long] * QUARTERS_PER_DAY,
        end[long] * QUARTERS_PER_DAY,
        (end - begin)[long].astype(np.float64),
        limit,
    )


def weekly_rest(timeline: Timeline, law: Mapping[str, Any]) -> Breaches:
    """
    Find the weeks of the need without a long enough rest.

    A rest is counted whole, even over the week's edge, in each week that holds enough of it.

    Parameters
    ----------
    timeline
        Providers × weeks × quarter-hours.
    law
        `weekly_rest_hours`, and `weekly_rest_hours_inside` that must lie in the week.

    Returns
    -------
    Breaches
        `have` is the longest rest that counts, in hours.
    """
    begin, end = timeline.runs
    inside = _quarters(law["weekly_rest_hours_inside"])
    line = QUARTERS_PER_WEEK * len(timeline.row_pair)
    opens = np.concatenate(([-QUARTERS_PER_WEEK], end))
    closes = np.concatenate((begin, [line + QUARTERS_PER_WEEK]))
    first = np.maximum(opens, 0) // QUARTERS_PER_WEEK
    last = (np.minimum(closes, line) - 1) // QUARTERS_PER_WEEK
    weeks = np.maximum(last - first + 1, 0)
    step = np.arange(int(weeks.sum())) - np.repeat(np.cumsum(weeks) - weeks, weeks)
    week = np.repeat(first, weeks) + step
    opens, closes = np.repeat(opens, weeks), np.repeat(closes, weeks)
    monday = week * QUARTERS_PER_WEEK
    overlap = np.minimum(closes, monday + QUARTERS_PER_WEEK) - np.maximum(opens, monday)
    rest = np.zeros(len(timeline.row_pair), dtype=np.int64)
    np.maximum.at(rest, week, np.where(overlap >= inside, closes - opens, overlap))
    limit = law["weekly_rest_hours"]
    short = np.flatnonzero(timeline.asked.any(axis=1) & (rest < _quarters(limit)))
    return element_breaches(
        "weekly_rest",
        timeline,
        short * QUARTERS_PER_WEEK,
        (short + 1) * QUARTERS_PER_WEEK,
        rest[short] / 4,
        limit,
    )


def summed_hours(timeline: Timeline, law: Mapping[str, Any]) -> tuple[Breaches, Breaches]:
    """
    Find the windows of weeks with too many hours of presence.

    Over any 17 consecutive weeks the mean is at most 48 h. With her consent to annual hours that alone refuses
    nothing: some 52 consecutive weeks × 47/52 must also pass 2,250 h.

    Parameters
    ----------
    timeline
        Providers × weeks × quarter-hours.
    law
        `weekly_hours_*` and `annual_*`.

    Returns
    -------
    tuple of Breaches
        `weekly_hours` (mean hours per week) of those without consent, `annual_hours` (hours a year) of the others.
    """
    weekly_window, annual_window = law["weekly_hours_window"], law["annual_hours_window"]
    weekly_limit = _quarters(law["weekly_hours_max"]) * weekly_window
    # Whole numbers on both sides: quarters × 47 against hours × 4 × 52.
    annual_limit = _quarters(law["annual_hours_max"]) * annual_window
    hours = np.bitwise_count(timeline.worked).sum(axis=1, dtype=np.int64) + timeline.row_envelope
    heavy = np.zeros(len(timeline.provider), dtype=np.bool_)
    rows = np.flatnonzero(hours > _quarters(law["weekly_hours_max"]))
    heavy[timeline.row_pair[rows]] = True
    consent = timeline.registry.consent[timeline.provider]
    weekly = _windows("weekly_hours", timeline, hours, heavy, weekly_window)
    over = weekly.quarters > weekly_limit
    broken = weekly.breaches(over, weekly.quarters / 4 / weekly_window, law["weekly_hours_max"])
    refused_weekly = np.zeros(len(timeline.provider), dtype=np.bool_)
    refused_weekly[broken.pair] = True
    stood = np.zeros_like(refused_weekly)
    stood[broken.existing] = True
    annual = _windows(
        "annual_hours", timeline, hours, consent & (refused_weekly | stood), annual_window
    )
    worked_weeks = law["annual_weeks_worked"]
    over = annual.quarters * worked_weeks > annual_limit
    year = annual.breaches(
        over, annual.quarters * worked_weeks / annual_window / 4, law["annual_hours_max"]
    )
    # With consent a start that undoes the mean undoes the year.
    mean = broken.last_start_by_pair(len(consent), NEVER)
    year = replace(year, last_start=np.minimum(year.last_start, mean[year.pair]))
    return (
        broken.keep(~consent, ~consent),
        year.keep(refused_weekly, refused_weekly | stood),
    )


@dataclass(frozen=True)
class _Windows:
    """Sums of quarter-hours over consecutive true weeks of the same provider."""

    rule: Rule
    timeline: Timeline
    weeks: int
    pair: Whole
    monday: Whole
    row: Whole
    first: Whole
    quarters: Whole

    def breaches(self, over: NDArray[np.bool_], have: Figures, limit: float) -> Breaches:
        """Sort the windows that are over into those that the need fills further and those that stood before."""
        timeline = self.timeline
        first, have = self.first[over], have[over]
        last = first + self.weeks - 1
        filled = np.flatnonzero(timeline.rows_filled[self.row])
        found = np.searchsorted(filled, first)
        week = filled[np.minimum(found, max(len(filled) - 1, 0))] if len(filled) else first
        takes_part = (found < len(filled)) & (week <= last)
        stood = ~takes_part
        pair = self.pair[first[stood]]
        during = (self.monday[last[stood]] + 6 >= timeline.start[pair]) & (
            self.monday[first[stood]] <= timeline.end[pair]
        )
        first, last, week = first[takes_part], last[takes_part], week[takes_part]
        row = self.row[week]
        slot = row * QUARTERS_PER_WEEK + first_bits(timeline.filled[row])
        # The row may stand for a later week: its hours are the same, its date is not.
        shift = self.monday[week] - timeline.row_monday[row]
        return Breaches(
            rule=self.rule,
            pair=self.pair[first],
            day=timeline.day_of(slot) + shift,
            last_start=timeline.first_day_of_span(slot) + shift,
            begin=self.row[first] * QUARTERS_PER_WEEK,
            end=(self.row[last] + 1) * QUARTERS_PER_WEEK,
            have=have[takes_part],
            limit=np.full(len(first), limit, dtype=np.float64),
            existing=np.unique(pair[during]),
        )


def _windows(
    rule: Rule, timeline: Timeline, hours: Whole, chosen: NDArray[np.bool_], weeks: int
) -> _Windows:
    """Sum the hours of every window of some providers."""
    true = timeline.true_weeks
    kept = np.flatnonzero(chosen[true.pair])
    pair, monday, row = true.pair[kept], true.monday[kept], true.row[kept]
    total = np.concatenate(([0], np.cumsum(hours[row])))
    first = np.arange(max(len(kept) - weeks + 1, 0))
    first = first[pair[first] == pair[first + weeks - 1]]
    return _Windows(
        rule=rule,
        timeline=timeline,
        weeks=weeks,
        pair=pair,
        monday=monday,
        row=row,
        first=first,
        quarters=total[first + weeks] - total[first],
    )
