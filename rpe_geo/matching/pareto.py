"""The Pareto front, for those who would rather weigh the criteria themselves than read one number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rpe_geo.errors import InputError
from rpe_geo.matching.ranking import Scores

__all__ = ["non_dominated", "pareto_front"]


def pareto_front(scores: Scores, parts: Sequence[str] | None = None) -> NDArray[np.intp]:
    """
    Find the candidates that no other one equals everywhere and beats somewhere.

    Parameters
    ----------
    scores
        Scored candidates.
    parts
        Names of the parts that are compared, as `("travel", "hours")`; all seven when None.

    Returns
    -------
    ndarray of int
        Row numbers of the front, best score first; equal candidates are all on it.

    Raises
    ------
    InputError
        For a part that the scores do not have.
    """
    chosen = scores.parts if parts is None else tuple(parts)
    unknown = [name for name in chosen if name not in scores.parts]
    if unknown:
        raise InputError(
            "score_part_unknown", name=", ".join(unknown), known=", ".join(scores.parts)
        )
    columns = [scores.parts.index(name) for name in chosen]
    front = non_dominated(scores.shares[:, columns])
    order = scores.order()
    return order[front[order]]


def non_dominated(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """
    Mark the rows that no other row dominates, more being better in every column.

    Parameters
    ----------
    values
        Shape (n, k).

    Returns
    -------
    ndarray of bool, shape (n,)
        True on the front. Rows are met by falling sum, so a row can only be dominated by one met before.
    """
    front = np.zeros(len(values), dtype=np.bool_)
    alive = np.lexsort((*values.T[::-1], values.sum(axis=1)))[::-1]
    while len(alive):
        best, rest = alive[0], alive[1:]
        front[best] = True
        no_worse = (values[best] >= values[rest]).all(axis=1)
        beaten = no_worse & (values[best] > values[rest]).any(axis=1)
        alive = rest[~beaten]
    return front
