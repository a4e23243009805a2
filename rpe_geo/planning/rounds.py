"""
Where and when a travelling relais stands: a hall for each half-day of a cycle of weeks.

First the most people with at least one half-day within reach, further half-days counting less; then, among the choices that are as good, the
shortest way for those who are farthest (lexicographic; max covering, Church & ReVelle 1974, then p-center, Minieka 1970). Exact, by HiGHS.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, vstack

from rpe_geo.errors import InputError
from rpe_geo.schedule import Span, Timetable, monday_of

__all__ = [
    "GAINS",
    "HalfDay",
    "Hall",
    "RoundDay",
    "Rounds",
    "admissible",
    "dates_of",
    "plan_rounds",
    "served_zones",
]

Floats = NDArray[np.float64]

GAINS = (1.0, 0.3, 0.1)
"""What a first, second and third half-day within reach are worth (convention)."""
_TIE = 1e-6


@dataclass(frozen=True)
class HalfDay:
    """A half-day of the cycle: week from 0, day from Monday 0, quarter-hours of the day."""

    week: int
    day: int
    span: Span


@dataclass(frozen=True)
class Hall:
    """
    A hall where the relais may stand.

    Parameters
    ----------
    free
        When it can be had; None at any hour.
    busy
        When something else stands there, a market for instance; None never.
    """

    hall_id: str
    name: str
    free: Timetable | None = None
    busy: Timetable | None = None


@dataclass(frozen=True)
class Rounds:
    """
    A round.

    Parameters
    ----------
    halls
        Hall of each half-day, −1 where the relais stays in. Axis (half-day).
    half_days_in_reach
        In a cycle, axis (zone).
    minutes
        To the nearest hall of the round, inf where none is reached. Axis (zone).
    reached
        People with at least one half-day within reach.
    reachable
        People who are within reach of some hall at all.
    proven
        Whether no round reaches more; False when the time was over.
    """

    halls: NDArray[np.int64]
    half_days_in_reach: NDArray[np.int64]
    minutes: Floats
    reached: float
    reachable: float
    proven: bool


@dataclass(frozen=True)
class RoundDay:
    """One day on which the relais stands in a hall."""

    day: date
    half_day: int
    hall: int


def admissible(hall: Hall, half_day: HalfDay) -> bool:
    """
    Tell whether a hall can be had for a whole half-day, and nothing else stands there in it.

    Parameters
    ----------
    hall
        The hall.
    half_day
        The half-day.
    """
    wanted = set(range(half_day.span.begin, half_day.span.end))
    if hall.free is not None and not wanted <= _quarters(hall.free, half_day):
        return False
    return hall.busy is None or not wanted & _quarters(hall.busy, half_day)


def _quarters(hours: Timetable, half_day: HalfDay) -> set[int]:
    week = hours.weeks[half_day.week % len(hours.weeks)]
    return {at for span in week.days[half_day.day] for at in range(span.begin, span.end)}


def plan_rounds(
    people: Floats,
    minutes: Floats,
    allowed: NDArray[np.bool_],
    *,
    cutoff_min: float,
    time_limit_s: float = 30.0,
) -> Rounds:
    """
    Give each half-day its hall.

    Parameters
    ----------
    people
        Axis (zone).
    minutes
        inf where there is no way. Axes (zone, hall).
    allowed
        Axes (hall, half-day).
    cutoff_min
        Minutes within reach, equal ones counted.
    time_limit_s
        Of each of the two steps.

    Returns
    -------
    Rounds
        The best round.

    Raises
    ------
    InputError
        When no hall can be had, or nobody is within reach.
    """
    if not allowed.any():
        raise InputError("rounds_no_hall")
    reach = minutes <= cutoff_min
    served = reach[:, allowed.any(axis=1)].any(axis=1)
    if not (people[served] > 0).any():
        raise InputError("rounds_nobody", cutoff=cutoff_min)
    hall_of, slot_of = np.nonzero(allowed)
    first, proven = _most_reached(people, reach, hall_of, slot_of, time_limit_s)
    chosen = _fairest(first, people, minutes, reach, (hall_of, slot_of), time_limit_s)
    halls = np.full(allowed.shape[1], -1, dtype=np.int64)
    halls[slot_of[chosen]] = hall_of[chosen]
    stood = halls[halls >= 0]
    counts = reach[:, stood].sum(axis=1)
    nearest = minutes[:, stood].min(axis=1) if len(stood) else np.full(len(people), np.inf)
    return Rounds(
        halls,
        counts.astype(np.int64),
        nearest,
        float(people[counts > 0].sum()),
        float(people[served].sum()),
        proven,
    )


def _solve(
    cost: Floats, rows: list[coo_array], upper: list[Floats], whole: int, limit_s: float
) -> tuple[Floats | None, bool]:
    """Minimise over variables in [0, 1], the first `whole` of which are whole."""
    kinds = np.zeros(len(cost), dtype=np.int64)
    kinds[:whole] = 1
    found = milp(
        cost,
        integrality=kinds,
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(vstack(rows), -np.inf, np.concatenate(upper)),
        options={"time_limit": limit_s},
    )
    return found.x, found.status == 0


def _one_hall(slot_of: NDArray[np.int64], columns: int) -> coo_array:
    slots = int(slot_of.max()) + 1
    return coo_array(
        (np.ones(len(slot_of)), (slot_of, np.arange(len(slot_of)))), shape=(slots, columns)
    )


def _visits(
    reach: NDArray[np.bool_], hall_of: NDArray[np.int64], columns: int, levels: int
) -> coo_array:
    """Let the half-days that a zone is said to have be at most those that are there."""
    zones, pairs = np.nonzero(reach[:, hall_of])
    said = np.repeat(np.arange(len(reach)), levels)
    at = len(hall_of) + np.arange(len(reach) * levels)
    return coo_array(
        (
            np.concatenate([-np.ones(len(pairs)), np.ones(len(said))]),
            (np.concatenate([zones, said]), np.concatenate([pairs, at])),
        ),
        shape=(len(reach), columns),
    )


def _most_reached(
    people: Floats,
    reach: NDArray[np.bool_],
    hall_of: NDArray[np.int64],
    slot_of: NDArray[np.int64],
    limit_s: float,
) -> tuple[NDArray[np.bool_], bool]:
    pairs, levels = len(hall_of), len(GAINS)
    columns = pairs + len(people) * levels
    gain = np.outer(people, GAINS).ravel()
    cost = np.concatenate([np.full(pairs, _TIE), -gain])
    rows = [_one_hall(slot_of, columns), _visits(reach, hall_of, columns, levels)]
    upper = [np.ones(rows[0].shape[0]), np.zeros(len(people))]
    found, proven = _solve(cost, rows, upper, pairs, limit_s)
    if found is None:
        raise InputError("rounds_undecided", seconds=limit_s)
    return found[:pairs] > 0.5, proven


def _worth(people: Floats, counts: NDArray[np.int64]) -> float:
    ladder = np.concatenate([[0.0], np.cumsum(GAINS)])
    return float(people @ ladder[np.minimum(counts, len(GAINS))])


def _fairest(
    first: NDArray[np.bool_],
    people: Floats,
    minutes: Floats,
    reach: NDArray[np.bool_],
    pair: tuple[NDArray[np.int64], NDArray[np.int64]],
    limit_s: float,
) -> NDArray[np.bool_]:
    """Among the rounds worth as much, take the one whose farthest inhabited zone has the shortest way."""
    hall_of, slot_of = pair
    pairs, levels, zones = len(hall_of), len(GAINS), len(people)
    halls = np.unique(hall_of)
    live = np.flatnonzero((people > 0) & np.isfinite(minutes[:, halls]).any(axis=1))
    zone_at, hall_at = np.nonzero(np.isfinite(minutes[np.ix_(live, halls)]))
    ways = minutes[live[zone_at], halls[hall_at]]
    longest = max(float(ways.max()), 1e-9)
    begin, farthest = pairs + zones * levels, pairs + zones * levels + len(ways)
    columns = farthest + 1
    to = begin + np.arange(len(ways))
    cost = np.zeros(columns)
    cost[farthest] = 1.0
    weight = people[live[zone_at]] * ways
    cost[begin:farthest] = 1e-3 * weight / max(float(people[live].sum()) * longest, 1e-9)
    gain = np.outer(people, GAINS).ravel()
    worth = coo_array(
        (-gain, (np.zeros(len(gain), dtype=int), pairs + np.arange(len(gain)))), shape=(1, columns)
    )
    once = coo_array((-np.ones(len(ways)), (zone_at, to)), shape=(len(live), columns))
    way_rows = np.arange(len(ways))
    standing_row, standing_pair = np.nonzero(halls[hall_at][:, None] == hall_of[None, :])
    open_there = coo_array(
        (
            np.concatenate([np.ones(len(ways)), -np.ones(len(standing_row))]),
            (np.concatenate([way_rows, standing_row]), np.concatenate([to, standing_pair])),
        ),
        shape=(len(ways), columns),
    )
    far = coo_array(
        (
            np.concatenate([ways / longest, -np.ones(len(live))]),
            (
                np.concatenate([zone_at, np.arange(len(live))]),
                np.concatenate([to, np.full(len(live), farthest)]),
            ),
        ),
        shape=(len(live), columns),
    )
    best = _worth(people, reach[:, hall_of[first]].sum(axis=1))
    rows = [_one_hall(slot_of, columns), _visits(reach, hall_of, columns, levels), worth]
    rows += [once, open_there, far]
    upper = [np.ones(rows[0].shape[0]), np.zeros(zones), np.array([-best * (1 - 1e-9)])]
    upper += [-np.ones(len(live)), np.zeros(len(ways)), np.zeros(len(live))]
    found, _ = _solve(cost, rows, upper, pairs, limit_s)
    chosen = first if found is None else found[:pairs] > 0.5
    worth_now = _worth(people, reach[:, hall_of[chosen]].sum(axis=1))
    return chosen if worth_now >= best * (1 - 1e-6) else first


def dates_of(
    rounds: Rounds,
    half_days: tuple[HalfDay, ...],
    begin: date,
    end: date,
    closed: frozenset[date],
) -> list[RoundDay]:
    """
    Lay the cycle on the calendar.

    Parameters
    ----------
    rounds, half_days
        The round and the half-days of its cycle.
    begin, end
        First and last day; the cycle begins with the week of the first.
    closed
        Days on which nothing stands.

    Returns
    -------
    list
        Days in order.
    """
    weeks = max(one.week for one in half_days) + 1
    found = []
    monday, week = monday_of(begin), 0
    while monday <= end:
        for at, one in enumerate(half_days):
            when = monday + timedelta(days=one.day)
            stands = rounds.halls[at] >= 0 and one.week == week % weeks
            if stands and begin <= when <= end and when not in closed:
                found.append(RoundDay(when, at, int(rounds.halls[at])))
        monday, week = monday + timedelta(days=7), week + 1
    return sorted(found, key=lambda one: (one.day, half_days[one.half_day].span.begin))


def served_zones(rounds: Rounds, zones: pd.Index) -> pd.DataFrame:
    """
    Tell what each zone has of a round.

    Parameters
    ----------
    rounds
        The round.
    zones
        Ids, in its order.

    Returns
    -------
    DataFrame
        `half_days` within reach in a cycle, `minutes` to the nearest hall (nan where there is no way).
    """
    minutes = np.where(np.isfinite(rounds.minutes), rounds.minutes, np.nan)
    return pd.DataFrame({"half_days": rounds.half_days_in_reach, "minutes": minutes}, index=zones)
