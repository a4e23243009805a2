"""
How much of each part of the score the candidates earn: one function per part, from 0 to 1, on arrays.

Every share depends on the candidate, the request and the published parameters alone, never on the other candidates.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from rpe_geo.domain import Request, months_after
from rpe_geo.matching.candidates import Candidates
from rpe_geo.matching.preferences import PARTS, wishes_of
from rpe_geo.parameters import ParameterTable
from rpe_geo.rules.plain_need import calendar_of

__all__ = [
    "continuity_share",
    "continuity_target",
    "freshness_share",
    "known_shares",
    "packing_share",
    "start_share",
    "travel_limits",
    "travel_share",
    "wish_share",
]


def travel_limits(
    candidates: Candidates, request: Request, scoring: ParameterTable
) -> tuple[float, float]:
    """Return the minutes that earn everything and those that earn nothing."""
    name = "travel" if candidates.detour_min is None else "detour"
    zero = max(
        float(scoring[f"{name}_zero_minutes"][request.mode]), float(request.max_minutes or 0.0)
    )
    return float(scoring[f"{name}_full_minutes"]), zero


def travel_share(
    candidates: Candidates, request: Request, scoring: ParameterTable
) -> NDArray[np.float64]:
    """Measure the minutes from home, or of the detour to work: 1 when short, 0 when long."""
    full, zero = travel_limits(candidates, request, scoring)
    minutes = candidates.travel_min if candidates.detour_min is None else candidates.detour_min
    return _ramp(np.asarray(minutes, dtype=np.float64), full, zero)


def start_share(
    candidates: Candidates, request: Request, scoring: ParameterTable
) -> NDArray[np.float64]:
    """Measure how soon after the first asked day care can begin."""
    late = _days_between(request.first_day, candidates.start)
    return _ramp(late, 0.0, float(scoring["start_zero_days"]))


def continuity_target(request: Request, scoring: ParameterTable) -> date:
    """Return the day until which care should last: the end asked, else the youngest's third birthday, as far as known."""
    if request.end is not None:
        return request.end + timedelta(days=1)
    youngest = max(child.birth_date for child in request.children)
    target = months_after(youngest, scoring["continuity_age_months"])
    if target <= request.start:
        target = months_after(request.start, scoring["continuity_otherwise_months"])
    if request.school_holidays != "all":
        # Nothing is said of weeks beyond the school calendar that is known.
        target = min(target, calendar_of(request).known_until + timedelta(days=1))
    return target


def continuity_share(
    candidates: Candidates, request: Request, scoring: ParameterTable
) -> NDArray[np.float64]:
    """Divide the days that care can last by the days wanted, both from the candidate's start."""
    if candidates.continuity_until is None:
        return np.ones(len(candidates))
    target = continuity_target(request, scoring)
    wanted = -_days_between(target, candidates.start)
    # The last day counts, hence the one; NaT becomes nan: nothing is known to end care.
    possible = (
        _days_between(request.start, candidates.continuity_until)
        - _days_between(request.start, candidates.start)
        + 1
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.clip(possible / wanted, 0.0, 1.0)
    return np.where(np.isnan(possible) | (wanted <= 0), 1.0, shares)


def packing_share(candidates: Candidates, scoring: ParameterTable) -> NDArray[np.float64]:
    """Measure how full the place taken would be; half of it where that is not known."""
    unknown = float(scoring["unknown_share"])
    if candidates.packing is None:
        return np.full(len(candidates), unknown)
    return np.clip(np.nan_to_num(np.asarray(candidates.packing), nan=unknown), 0.0, 1.0)


def wish_share(
    candidates: Candidates, request: Request, scoring: ParameterTable
) -> NDArray[np.float64]:
    """Weigh the wishes met; without a wish everybody meets them all."""
    wishes = wishes_of(request.preferences)
    if not wishes:
        return np.ones(len(candidates))
    unknown = np.full(len(candidates), np.nan)
    met = np.column_stack([candidates.wishes.get(name, unknown) for name in wishes])
    met = np.where(np.isnan(met), float(scoring["unknown_share"]), met)
    weights = np.array(list(wishes.values()), dtype=np.float64)
    share: NDArray[np.float64] = np.clip(met @ (weights / weights.sum()), 0.0, 1.0)
    return share


def freshness_share(candidates: Candidates, scoring: ParameterTable) -> NDArray[np.float64]:
    """Measure how recently the availability was confirmed, seen from the day of the parameters."""
    if candidates.confirmed_on is None:
        return np.zeros(len(candidates))
    age = -_days_between(scoring.day, candidates.confirmed_on)
    return _ramp(age, float(scoring["freshness_full_days"]), float(scoring["freshness_zero_days"]))


def known_shares(candidates: Candidates, scoring: ParameterTable) -> NDArray[np.float64]:
    """
    Weigh the parts that rest on what is not known: hours on the hours told, date and duration on the free places.

    Parameters
    ----------
    candidates
        Feasible providers.
    scoring
        The table `scoring` in force; `unknown_share` is what is left of such a part.

    Returns
    -------
    ndarray of float, shape (n, 7)
        1, or the part that is left, for each of the seven parts.
    """
    shares = np.ones((len(candidates), len(PARTS)))
    left = float(scoring["unknown_share"])
    if candidates.hours_unknown is not None:
        shares[candidates.hours_unknown, PARTS.index("hours")] = left
    if candidates.places_unknown is not None:
        for part in ("start", "continuity"):
            shares[candidates.places_unknown, PARTS.index(part)] = left
    return shares


def _ramp(values: NDArray[np.float64], full: float, zero: float) -> NDArray[np.float64]:
    """Fall in a straight line from 1 at `full` to 0 at `zero`; unknown and infinite values earn nothing."""
    shares = np.clip((zero - values) / (zero - full), 0.0, 1.0)
    return np.where(np.isnan(shares), 0.0, shares)


def _days_between(origin: date, days: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Count days from an origin; NaT becomes nan."""
    differences = np.asarray(days, dtype="datetime64[D]") - np.datetime64(origin, "D")
    counts = differences.astype(np.int64).astype(np.float64)
    counts[np.isnat(differences)] = np.nan
    return counts
