"""
Ranking: seven named parts that add up to a score from 0 to 100, for every feasible candidate at once.

Scores are absolute: a part depends on the candidate, the request and the published parameters, never on who else is in
the pool, so one more candidate never reorders the others. Equal scores are ordered by a hash keyed with the request,
never by name, id or order of arrival.

Points are whole hundredths, so that equal merit is exactly equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpe_geo.domain import Request
from rpe_geo.errors import InputError, Where
from rpe_geo.matching.candidates import Candidates, best_first, day_at, figure_at
from rpe_geo.matching.merits import (
    continuity_share,
    freshness_share,
    known_shares,
    packing_share,
    start_share,
    travel_share,
    wish_share,
)
from rpe_geo.matching.preferences import PARTS, check_preferences
from rpe_geo.matching.reasons import reasons_of
from rpe_geo.parameters import ParameterTable
from rpe_geo.verdicts import ScorePart, Suggestion

__all__ = ["Scores", "part_maxima", "rank", "score"]

_HUNDREDTHS = 100
_TOTAL = 100 * _HUNDREDTHS


@dataclass(frozen=True)
class Scores:
    """
    The points of every candidate, part by part.

    Parameters
    ----------
    parts
        The seven names, the first being `travel` or `detour`.
    maxima
        Hundredths of a point that each part can earn, whole numbers that sum to 10,000.
    shares
        How much of each maximum is earned, 0 to 1, shape (n, 7).
    points
        Hundredths of a point, shape (n, 7).
    """

    candidates: Candidates
    request: Request
    scoring: ParameterTable
    parts: tuple[str, ...]
    maxima: NDArray[np.int64]
    shares: NDArray[np.float64]
    points: NDArray[np.int64]

    @cached_property
    def totals(self) -> NDArray[np.int64]:
        """Hundredths of a point of each candidate, 0 to 10,000."""
        totals: NDArray[np.int64] = self.points.sum(axis=1)
        return totals

    def frame(self) -> pd.DataFrame:
        """Return the points of each part and the score, one row per candidate, indexed by provider id."""
        frame = pd.DataFrame(
            self.points / _HUNDREDTHS,
            columns=list(self.parts),
            index=pd.Index(self.candidates.provider_ids, name="provider_id"),
        )
        frame["score"] = self.totals / _HUNDREDTHS
        return frame

    def order(self, limit: int | None = None) -> NDArray[np.intp]:
        """
        Order the candidates, best first.

        Parameters
        ----------
        limit
            How many are wanted; all of them when None.

        Returns
        -------
        ndarray of int
            Row numbers of the first `limit` candidates; equal scores in the order of `tie_break`.
        """
        return best_first(self.totals, self.candidates, self.request.request_id, limit)

    def parts_of(self, row: int) -> tuple[ScorePart, ...]:
        """Return the parts of one candidate's score, each with its maximum and its reason."""
        reasons = reasons_of(
            self.candidates,
            self.request,
            self.scoring,
            row,
            shares=self.shares[row],
            travel_maximum=int(self.maxima[0]) / _HUNDREDTHS,
        )
        return tuple(
            ScorePart(
                name=name,
                points=int(self.points[row, column]) / _HUNDREDTHS,
                maximum=int(self.maxima[column]) / _HUNDREDTHS,
                reason=reasons[column][0],
                values=reasons[column][1],
            )
            for column, name in enumerate(self.parts)
        )

    def suggestion(self, row: int, rank: int) -> Suggestion:
        """Build the suggestion of one candidate."""
        candidates = self.candidates
        parts = self.parts_of(row)
        return Suggestion(
            verdict=candidates.verdict_of(row),
            rank=rank,
            score=int(self.totals[row]) / _HUNDREDTHS,
            contributions={part.name: part.points for part in parts},
            travel_minutes=float(candidates.travel_min[row]),
            detour_minutes=figure_at(candidates.detour_min, row),
            distance_m=figure_at(candidates.distance_m, row),
            availability_confirmed_on=day_at(candidates.confirmed_on, row),
            parts=parts,
        )


def rank(
    candidates: Candidates, request: Request, *, scoring: ParameterTable, limit: int | None = None
) -> list[Suggestion]:
    """
    Rank the feasible candidates of a request.

    Parameters
    ----------
    candidates
        Feasible providers only: nothing is refused here.
    request
        The family's need, its preferences included.
    scoring
        The table `scoring` in force today; its day is the today of freshness.
    limit
        How many suggestions are wanted; all when None.

    Returns
    -------
    list of Suggestion
        Best first, ranks from 1.

    Raises
    ------
    InputError
        For a preference that does not exist.
    """
    scores = score(candidates, request, scoring=scoring)
    return [
        scores.suggestion(int(row), number)
        for number, row in enumerate(scores.order(limit), start=1)
    ]


def score(candidates: Candidates, request: Request, *, scoring: ParameterTable) -> Scores:
    """
    Score every candidate, in one pass over arrays.

    Parameters
    ----------
    candidates
        Feasible providers.
    request
        The family's need, its preferences included.
    scoring
        The table `scoring` in force today.

    Returns
    -------
    Scores
        Points by part, in hundredths.

    Raises
    ------
    InputError
        For a preference that does not exist, or when every part is given the weight 0.
    """
    check_preferences(request.preferences)
    by_detour = candidates.detour_min is not None
    maxima = part_maxima(request.preferences, scoring)
    shares = np.column_stack(
        [
            travel_share(candidates, request, scoring),
            np.clip(np.asarray(candidates.hours_share, dtype=np.float64), 0.0, 1.0),
            start_share(candidates, request, scoring),
            continuity_share(candidates, request, scoring),
            packing_share(candidates, scoring),
            wish_share(candidates, request, scoring),
            freshness_share(candidates, scoring),
        ]
    )
    shares *= known_shares(candidates, scoring)
    return Scores(
        candidates=candidates,
        request=request,
        scoring=scoring,
        parts=("detour" if by_detour else "travel", *PARTS[1:]),
        maxima=maxima,
        shares=shares,
        points=np.rint(shares * maxima).astype(np.int64),
    )


def part_maxima(preferences: Mapping[str, float], scoring: ParameterTable) -> NDArray[np.int64]:
    """Reweigh the published maxima and share out 10,000 hundredths, the largest remainders first."""
    weights = np.array(
        [
            scoring[f"maximum_{part}"]
            * preferences.get(part, preferences.get("detour", 1.0) if part == "travel" else 1.0)
            for part in PARTS
        ],
        dtype=np.float64,
    )
    if not weights.sum() > 0:
        raise InputError("preferences_all_zero", where=Where(field="preferences"))
    exact = weights / weights.sum() * _TOTAL
    maxima: NDArray[np.int64] = np.floor(exact + 1e-9).astype(np.int64)
    remainders = np.argsort(-(exact - maxima), kind="stable")
    maxima[remainders[: _TOTAL - int(maxima.sum())]] += 1
    return maxima
