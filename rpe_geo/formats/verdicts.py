"""Verdicts, suggestions and combinations as JSON (INTERFACES §4), each with its French sentences."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from fractions import Fraction
from typing import Any

from rpe_geo.messages.rules import refusal_sentence, relaxation_sentence, warning_sentence
from rpe_geo.verdicts import (
    Combination,
    Refusal,
    Relaxation,
    Suggestion,
    TripSide,
    Verdict,
    VerdictWarning,
)

__all__ = ["combination_json", "relaxation_json", "suggestion_json", "verdict_json"]


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _plain(value: Any) -> Any:
    """Bring a value of the core to JSON."""
    match value:
        case date():
            return value.isoformat()
        case Fraction():
            return float(value)
        case list() | tuple():
            return [_plain(item) for item in value]
        case set() | frozenset():
            return sorted(value)
        case _:
            return value


def _refusal(refusal: Refusal) -> dict[str, Any]:
    return {
        "rule": refusal.rule,
        "when": refusal.when,
        "from": _day(refusal.since),
        "have": refusal.have,
        "limit": refusal.limit,
        "message": refusal_sentence(refusal),
    }


def _warning(warning: VerdictWarning) -> dict[str, Any]:
    return {"rule": warning.rule, "message": warning_sentence(warning)}


def relaxation_json(relaxation: Relaxation) -> dict[str, Any]:
    """Write a change of the request with its sentence."""
    return {
        "change": relaxation.change,
        "to": _plain(relaxation.to),
        "message": relaxation_sentence(relaxation),
    }


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """
    Write a verdict.

    Parameters
    ----------
    verdict
        The answer about one provider.

    Returns
    -------
    dict
        The fields of INTERFACES §4, ready for `json.dumps`.
    """
    atypical = verdict.atypical
    written: dict[str, Any] = {
        "request_id": verdict.request_id,
        "provider_kind": verdict.provider_kind,
        "provider_id": verdict.provider_id,
    }
    if verdict.provider_kind == "childminder":
        written["childminder_id"] = verdict.provider_id
    return written | {
        "feasible": verdict.feasible,
        "start": _day(verdict.start),
        "hours_share": float(verdict.hours_share),
        "refusals": [_refusal(refusal) for refusal in verdict.refusals],
        "warnings": [_warning(warning) for warning in verdict.warnings],
        "relaxations": [relaxation_json(relaxation) for relaxation in verdict.relaxations],
        "atypical": None
        if atypical is None
        else {
            "profile": atypical.profile,
            "hours_per_week": float(atypical.hours_per_week),
            "share": float(atypical.share),
        },
        "unknown": list(verdict.unknown),
    }


def suggestion_json(suggestion: Suggestion) -> dict[str, Any]:
    """
    Write a suggestion: its verdict and what ranks it.

    Parameters
    ----------
    suggestion
        A feasible verdict with rank and score.

    Returns
    -------
    dict
        The fields of INTERFACES §4, ready for `json.dumps`.
    """
    return verdict_json(suggestion.verdict) | {
        "rank": suggestion.rank,
        "score": suggestion.score,
        "contributions": dict(suggestion.contributions),
        "travel_minutes": suggestion.travel_minutes,
        "detour_minutes": suggestion.detour_minutes,
        "second_home_minutes": suggestion.second_home_minutes,
        "morning": _side_json(suggestion.morning),
        "evening": _side_json(suggestion.evening),
        "last_return": None
        if suggestion.last_return is None
        else f"{suggestion.last_return:%H:%M}",
        "schools": [
            {
                "school": trip.school,
                "facility_id": trip.facility_id,
                "name": trip.name,
                "mode": trip.mode,
                "to_school_minutes": trip.to_school_min,
                "from_school_minutes": trip.from_school_min,
            }
            for trip in suggestion.schools
        ],
        "cost": None if suggestion.cost is None else _plain_dict(asdict(suggestion.cost)),
        "distance_m": suggestion.distance_m,
        "availability_confirmed_on": _day(suggestion.availability_confirmed_on),
    }


def _side_json(side: TripSide | None) -> dict[str, float | None] | None:
    if side is None:
        return None
    return {
        "to_provider_minutes": side.to_provider_min,
        "from_provider_minutes": side.from_provider_min,
        "direct_minutes": side.direct_min,
        "detour_minutes": side.detour_min,
    }


def combination_json(combination: Combination) -> dict[str, Any]:
    """
    Write a combination of two providers.

    Parameters
    ----------
    combination
        Who covers which hours.

    Returns
    -------
    dict
        Ready for `json.dumps`.
    """
    return {
        "parts": [
            {
                "provider_kind": part.provider_kind,
                "provider_id": part.provider_id,
                "hours": part.hours.write(),
                "travel_minutes": part.travel_minutes,
                "phone": part.phone,
            }
            for part in combination.parts
        ],
        "handovers_per_week": float(combination.handovers_per_week),
        "hours_share": float(combination.hours_share),
        "travel_minutes_per_week": combination.travel_minutes_per_week,
        "to_ask": combination.to_ask,
        "hard": combination.hard,
        "cost": None if combination.cost is None else _plain_dict(asdict(combination.cost)),
    }


def _plain_dict(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in values.items()}
