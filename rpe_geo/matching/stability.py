"""Whether the first rank holds when the weights move: a suggestion that hangs on a weight should be read with care."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from rpe_geo.matching.candidates import best_first
from rpe_geo.matching.ranking import Scores

__all__ = ["Overtaking", "Stability", "first_rank_stability"]

_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Overtaking:
    """Somebody else comes first when the weight of one part alone is multiplied by a factor."""

    part: str
    factor: float
    provider_id: str


@dataclass(frozen=True)
class Stability:
    """
    How firmly the first candidate is first.

    Parameters
    ----------
    provider_id
        The candidate of rank 1; None when there is no candidate.
    variation
        By which part the weights move.
    holds_share
        Part of the 128 ways to move all seven weights up or down in which the first candidate stays first (or equal).
    overtakings
        Who else comes first when one weight alone moves.
    """

    provider_id: str | None
    variation: float
    holds_share: float
    overtakings: tuple[Overtaking, ...]

    @property
    def stable(self) -> bool:
        """Whether the first candidate stays first in every case."""
        return self.holds_share == 1 and not self.overtakings


def first_rank_stability(scores: Scores, *, variation: float | None = None) -> Stability:
    """
    Move the weights and see whether the first candidate stays first.

    Parameters
    ----------
    scores
        Scored candidates.
    variation
        By which part the weights move; `stability_variation` of the scoring table when None.

    Returns
    -------
    Stability
        Over every corner of the box of weights, and one weight at a time; maxima always sum to 100 again.
    """
    step = float(scores.scoring["stability_variation"] if variation is None else variation)
    if not len(scores.candidates):
        return Stability(None, step, 1.0, ())
    first = int(scores.order(1)[0])
    # Those of whom something must be asked come after the others whatever the weights.
    ahead = _ahead(scores)
    corners = np.array(list(product((1 - step, 1 + step), repeat=len(scores.parts))))
    totals = _totals(scores, corners)
    holds = totals[first] >= totals[ahead].max(axis=0) - _TOLERANCE
    singles = [
        (column, factor) for column in range(len(scores.parts)) for factor in (1 - step, 1 + step)
    ]
    overtakings = []
    for column, factor in singles:
        factors = np.ones((1, len(scores.parts)))
        factors[0, column] = factor
        moved = _totals(scores, factors)[:, 0]
        if moved[first] < moved[ahead].max() - _TOLERANCE:
            winner = best_first(moved, scores.candidates, scores.request.request_id, 1)[0]
            overtakings.append(
                Overtaking(scores.parts[column], factor, scores.candidates.provider_ids[winner])
            )
    return Stability(
        provider_id=scores.candidates.provider_ids[first],
        variation=step,
        holds_share=float(holds.mean()),
        overtakings=tuple(overtakings),
    )


def _ahead(scores: Scores) -> NDArray[np.bool_]:
    """Mark the candidates who can be first: the sure ones, all of them where nobody is."""
    sure: NDArray[np.bool_] = ~scores.candidates.to_ask
    return sure if sure.any() else ~sure


def _totals(scores: Scores, factors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Score every candidate under every row of factors; shape (n, rows)."""
    weights = factors * scores.maxima
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), _TOLERANCE)
    totals: NDArray[np.float64] = 100 * scores.shares @ weights.T
    return totals
