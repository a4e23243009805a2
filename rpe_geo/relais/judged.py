"""
What the rules say of a need, provider by provider: asked once, from wherever the family travels.

The rules look at children, dates and hours, never at the address: the same need asked again with another place, mode or
number of minutes, or by the next family with the same week, is answered from here. Only the providers that somebody
wants to know of are asked: those within reach first, everyone only where it is needed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import replace
from datetime import date
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from rpe_geo.domain import Request
from rpe_geo.matching.feasibility import FeasibleMask, evaluate
from rpe_geo.matching.relaxation import ask_rows
from rpe_geo.rules.compiled import Registry
from rpe_geo.rules.school_calendar import zone_of_address
from rpe_geo.verdicts import Verdict

__all__ = ["Judgement", "Judgements"]

_NEEDS_KEPT = 256
"""Needs whose answers are kept for one registry."""
_ROWS_KEPT = 4_000_000
"""Answers kept for one registry, over all needs: fewer needs where the registry is large."""
_VERDICTS_KEPT = 6_000
"""Verdicts with their reasons, some kB each, kept for one registry over all needs."""


class Judgement:
    """
    The answers of one registry to one need; filled as they are asked for, by one caller at a time.

    Parameters
    ----------
    registry
        Compiled; rows are its childminders, then its facilities.
    request
        The need; its place, mode, minutes and wishes are not looked at.
    today
        Day on which the parameters must be in force, and on which availabilities are fresh or stale.
    """

    def __init__(self, registry: Registry, request: Request, today: date) -> None:
        count = len(registry) + len(registry.facilities)
        self._registry, self._request, self._today = registry, request, today
        self._asked = np.zeros(count, dtype=np.bool_)
        self._mask = FeasibleMask(
            feasible=np.zeros(count, dtype=np.bool_),
            start=np.full(count, np.datetime64("NaT"), dtype="datetime64[D]"),
            hours_share=np.full(count, np.nan),
        )
        self._verdicts: dict[int, Verdict] = {}
        self._lock = Lock()

    @property
    def verdict_count(self) -> int:
        """How many verdicts are kept."""
        return len(self._verdicts)

    def mask(self, wanted: NDArray[np.bool_] | None = None) -> FeasibleMask:
        """
        Tell who can take the children.

        Parameters
        ----------
        wanted
            The rows that must be answered; None for all.

        Returns
        -------
        FeasibleMask
            One answer per row of the registry; what was never asked is not feasible, its share nan.
        """
        with self._lock:
            missing = ~self._asked if wanted is None else wanted & ~self._asked
            rows = np.flatnonzero(missing)
            if len(rows):
                found = ask_rows(self._registry, rows, self._request, today=self._today, law=None)
                self._mask.feasible[rows] = found.feasible
                self._mask.start[rows] = found.start
                self._mask.hours_share[rows] = found.hours_share
                self._asked[rows] = True
            return self._mask

    def verdicts(self, rows: NDArray[np.intp], request_id: str) -> list[Verdict]:
        """
        Judge some rows with every refusal and warning.

        Parameters
        ----------
        rows
            Positions in the registry.
        request_id
            Who asks: it is written in each verdict.

        Returns
        -------
        list of Verdict
            In the order of the rows.
        """
        with self._lock:
            missing = [row for row in rows.tolist() if row not in self._verdicts]
            if missing:
                found = evaluate(
                    self._registry, self._request, today=self._today, only=np.array(missing)
                )
                self._verdicts |= zip(missing, found, strict=True)
            return [replace(self._verdicts[row], request_id=request_id) for row in rows.tolist()]


class Judgements:
    """
    The answers of one registry to the needs asked last.

    Parameters
    ----------
    registry
        Compiled; another state of it keeps answers of its own.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        rows = len(registry) + len(registry.facilities)
        self._most = max(1, min(_NEEDS_KEPT, _ROWS_KEPT // max(rows, 1)))
        self._kept: OrderedDict[Hashable, Judgement] = OrderedDict()
        self._lock = Lock()

    def of(self, request: Request, today: date) -> Judgement:
        """Return the answers to a need, those already known included."""
        key = (
            request.children,
            request.start,
            request.start_tolerance_days,
            request.end,
            request.schedule,
            request.min_hours_share,
            request.roster,
            request.envelope,
            request.school_holidays,
            request.school_zone or zone_of_address(request.address),
            request.adaptation,
            today,
        )
        with self._lock:
            judgement = self._kept.pop(key, None)
            if judgement is None:
                judgement = Judgement(self._registry, request, today)
            self._kept[key] = judgement
            verdicts = sum(kept.verdict_count for kept in self._kept.values())
            while len(self._kept) > self._most or (
                verdicts > _VERDICTS_KEPT and len(self._kept) > 1
            ):
                _, forgotten = self._kept.popitem(last=False)
                verdicts -= forgotten.verdict_count
            return judgement
