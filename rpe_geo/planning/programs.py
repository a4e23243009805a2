"""Integer programs handed to HiGHS: one door, so that another solver can take its place."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from rpe_geo.errors import RpeGeoError

__all__ = ["Deadline", "Program", "solve_program"]

Floats = NDArray[np.float64]


class Deadline:
    """
    A moment after which a search ends with the best it has.

    Parameters
    ----------
    seconds
        Time given, seconds; None is no limit.
    """

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds
        self.passed = False

    def __call__(self) -> bool:
        """Say whether time is over; once it is, `passed` stays true."""
        if self._end is not None and time.monotonic() >= self._end:
            self.passed = True
        return self.passed

    def left(self) -> float:
        """Seconds that remain; infinite without a limit."""
        return np.inf if self._end is None else max(self._end - time.monotonic(), 0.0)


@dataclass(frozen=True)
class Program:
    """
    What HiGHS answered.

    Parameters
    ----------
    values
        The best solution; None when there is none (or none was found in time).
    bound
        Proven lower bound of what is minimised, lowered by the solver's tolerance.
    complete
        Whether the solver ended by itself: without a solution, then none exists.
    """

    values: Floats | None
    bound: float
    complete: bool


def solve_program(
    costs: Floats,
    whole: NDArray[np.bool_],
    constraints: Sequence[LinearConstraint],
    *,
    upper: Floats | float = 1.0,
    lower: Floats | float = 0.0,
    deadline: Callable[[], float] = lambda: np.inf,
    nodes: int | None = None,
) -> Program:
    """
    Minimise a linear cost over columns between `lower` and `upper`.

    Parameters
    ----------
    costs
        Cost of each column.
    whole
        Which columns are whole numbers.
    constraints
        Rows.
    upper, lower
        Bounds of the columns.
    deadline
        Seconds that remain.
    nodes
        Most branches; all of them without.

    Returns
    -------
    Program
        Solution, bound, and whether it is complete.
    """
    options: Any = {"mip_rel_gap": 0.0}
    seconds = deadline()
    if np.isfinite(seconds):
        options["time_limit"] = max(seconds, 0.05)
    if nodes is not None:
        options["node_limit"] = nodes
    answer = milp(
        costs,
        integrality=whole.astype(np.int8),
        bounds=Bounds(lower, upper),
        constraints=list(constraints),
        options=options,
    )
    # 0 solved, 1 limit reached, 2 infeasible; anything else is a fault of the program that we built.
    if answer.status not in {0, 1, 2}:
        raise RpeGeoError("site_program_failed", reason=str(answer.message))
    proven = answer.mip_dual_bound
    bound = -np.inf if proven is None or not np.isfinite(proven) else float(proven)
    if np.isfinite(bound):
        bound -= 1e-9 * max(1.0, abs(bound))
    return Program(answer.x, bound, complete=answer.status != 1)
