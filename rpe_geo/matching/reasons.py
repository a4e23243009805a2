"""Why a candidate has the points it has: for each part of the score, the key and the figures of a sentence."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpe_geo.domain import Request, months_after
from rpe_geo.matching.candidates import Candidates, day_at, figure_at
from rpe_geo.matching.merits import continuity_target, travel_limits
from rpe_geo.matching.preferences import wishes_of
from rpe_geo.parameters import ParameterTable
from rpe_geo.rules.plain_need import calendar_of

__all__ = ["Reason", "reasons_of"]

Reason = tuple[str, dict[str, Any]]
"""Key of a sentence in `rpe_geo.messages.matching`, and what it names."""


def reasons_of(
    candidates: Candidates,
    request: Request,
    scoring: ParameterTable,
    row: int,
    *,
    shares: NDArray[np.float64],
    travel_maximum: float,
) -> list[Reason]:
    """
    Say why one candidate has its points.

    Parameters
    ----------
    candidates, request, scoring
        What was scored.
    row
        Which candidate.
    shares
        How much of each of the seven parts it earned, 0 to 1.
    travel_maximum
        Points that the shortest way would earn.

    Returns
    -------
    list of Reason
        One per part, in the order of the parts.
    """
    hours_told = candidates.hours_unknown is None or not candidates.hours_unknown[row]
    places_told = candidates.places_unknown is None or not candidates.places_unknown[row]
    return [
        _travel_reason(candidates, request, scoring, row, travel_maximum),
        _hours_reason(float(shares[1]), request) if hours_told else ("why_hours_unknown", {}),
        _start_reason(day_at(candidates.start, row), request)
        if places_told
        else ("why_start_unknown", {}),
        _continuity_reason(candidates, request, scoring, row, float(shares[3]))
        if places_told
        else ("why_continuity_unknown", {}),
        _packing_reason(figure_at(candidates.packing, row), figure_at(candidates.part_used, row)),
        _wish_reason(candidates, request, row),
        _freshness_reason(day_at(candidates.confirmed_on, row), scoring),
    ]


def _travel_reason(
    candidates: Candidates, request: Request, scoring: ParameterTable, row: int, maximum: float
) -> Reason:
    full, zero = travel_limits(candidates, request, scoring)
    by_detour = candidates.detour_min is not None
    minutes = figure_at(candidates.detour_min if by_detour else candidates.travel_min, row)
    if minutes is None or np.isinf(minutes):
        return "why_travel_unknown", {}
    return (
        "why_detour" if by_detour else "why_travel",
        {"minutes": minutes, "mode": request.mode, "maximum": maximum, "full": full, "zero": zero},
    )


def _hours_reason(share: float, request: Request) -> Reason:
    asked = float(request.schedule.quarters_per_week)
    code = "why_hours_all" if share >= 1 else "why_hours_part"
    return code, {"covered_quarters": asked * share, "asked_quarters": asked}


def _start_reason(start: date | None, request: Request) -> Reason:
    first = request.first_day
    if start is None or start <= first:
        return "why_start_asked", {"start": first}
    return "why_start_late", {"start": start, "days": (start - first).days}


def _continuity_reason(
    candidates: Candidates, request: Request, scoring: ParameterTable, row: int, share: float
) -> Reason:
    target = continuity_target(request, scoring)
    if share < 1:
        until = day_at(candidates.continuity_until, row)
        return "why_continuity_part", {"until": until, "target": target}
    if request.end is not None:
        return "why_continuity_end", {"until": request.end}
    if request.school_holidays != "all" and calendar_of(request).known_until < target:
        return "why_continuity_calendar", {"until": calendar_of(request).known_until}
    youngest = max(child.birth_date for child in request.children)
    if months_after(youngest, scoring["continuity_age_months"]) == target:
        return "why_continuity_age", {"until": target}
    return "why_continuity_period", {"until": target}


def _packing_reason(packing: float | None, part_used: float | None) -> Reason:
    if packing is None:
        return "why_packing_unknown", {}
    shared = part_used is not None and part_used > 0
    return "why_packing_shared" if shared else "why_packing_empty", {"share": packing}


def _wish_reason(candidates: Candidates, request: Request, row: int) -> Reason:
    wishes = wishes_of(request.preferences)
    if not wishes:
        return "why_preferences_none", {}
    groups: dict[str, list[str]] = {"met": [], "missed": [], "unknown": []}
    for name in wishes:
        share = figure_at(candidates.wishes.get(name), row)
        groups["unknown" if share is None else "met" if share >= 1 else "missed"].append(name)
    return "why_preferences", dict(groups)


def _freshness_reason(confirmed_on: date | None, scoring: ParameterTable) -> Reason:
    if confirmed_on is None:
        return "why_freshness_never", {}
    stale = (scoring.day - confirmed_on).days > scoring["freshness_zero_days"]
    code = "why_freshness_stale" if stale else "why_freshness"
    return code, {"confirmed_on": confirmed_on}
