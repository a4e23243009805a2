"""The answer to a request as JSON (INTERFACES §5): suggestions, refusals, alternatives and openings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rpe_geo.formats.verdicts import (
    combination_json,
    relaxation_json,
    suggestion_json,
    verdict_json,
)
from rpe_geo.matching.stability import Stability
from rpe_geo.messages.matching import opening, why
from rpe_geo.verdicts import Combination, Relaxation, Suggestion, Verdict

__all__ = ["answer_json"]


def answer_json(  # noqa: PLR0913 - the parts of one answer
    request_id: str,
    *,
    parameters: Mapping[str, Any],
    suggestions: Sequence[Suggestion],
    refused: Sequence[Verdict],
    alternatives: Sequence[Combination] = (),
    openings: Sequence[Relaxation] = (),
    stability: Stability | None = None,
    feasible_count: int,
    to_ask_count: int,
) -> dict[str, Any]:
    """
    Write the answer to one request.

    Parameters
    ----------
    request_id
        The request.
    parameters
        What the answer depends on: mode, minutes, dates, engine.
    suggestions, refused, alternatives, openings, stability, feasible_count, to_ask_count
        As in `rpe_geo.relais.suggest.Suggestions`.

    Returns
    -------
    dict
        Ready for `json.dumps`.
    """
    return {
        "request_id": request_id,
        "parameters": dict(parameters),
        "suggestions": [
            suggestion_json(one)
            | {"reasons": {part.name: why(part.reason, part.values) for part in one.parts}}
            for one in suggestions
        ],
        "refused": [verdict_json(one) for one in refused],
        "alternatives": [combination_json(one) for one in alternatives],
        "openings": [
            relaxation_json(one)
            | {
                "gain": one.values.get("gain"),
                "to_ask_gain": one.values.get("to_ask", 0),
                "message": opening(one.values),
            }
            | _besides(one)
            for one in openings
        ],
        "stability": None
        if stability is None
        else {
            "variation": stability.variation,
            "holds_share": stability.holds_share,
            "overtakings": [asdict(one) for one in stability.overtakings],
        },
        "feasible_count": feasible_count,
        "to_ask_count": to_ask_count,
    }


def _besides(relaxation: Relaxation) -> dict[str, Any]:
    """Tell the other change that an opening needs, where one alone does not help."""
    first = relaxation.values.get("besides")
    return {} if first is None else {"besides": {"change": first["change"], "to": first["to"]}}
