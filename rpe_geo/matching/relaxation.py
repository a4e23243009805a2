"""
The smallest changes of a request that open possibilities, each verified by running the rules again.

A change is proposed only when it brings at least one provider more, counted on the whole registry within reach; the
changes are ordered by what they cost the family.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpe_geo.domain import Request, TravelMode
from rpe_geo.matching.changes import (
    Change,
    fewer_days,
    later_start,
    less_of_the_hours,
    more_minutes,
    needs_met_otherwise,
    other_modes,
    shifts,
    trims,
)
from rpe_geo.matching.feasibility import FeasibleMask, feasible_mask
from rpe_geo.parameters import ParameterTable
from rpe_geo.rules.compiled import Registry
from rpe_geo.verdicts import Relaxation

__all__ = ["MinutesOf", "Opening", "ask_rows", "find_openings"]

MinutesOf = Callable[[TravelMode], NDArray[np.float64] | None]
"""Minutes from home to every provider, childminders of the registry first, then facilities; None without that mode."""

_Rows = NDArray[np.intp]
_Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Opening:
    """
    A change of the request, and whom it brings.

    Parameters
    ----------
    change
        What changes, what it costs the family, how it is phrased.
    rows
        Positions of the providers that it brings, childminders of the registry first, then facilities.
    """

    change: Change
    rows: tuple[int, ...]

    @property
    def gain(self) -> int:
        """How many possibilities more."""
        return len(self.rows)

    @property
    def relaxation(self) -> Relaxation:
        """The change with its gain, as it is written out."""
        values = {
            **self.change.values,
            "reason": self.change.reason,
            "gain": self.gain,
            "cost": self.change.cost,
        }
        return Relaxation(change=self.change.kind, to=self.change.to, values=values)


def ask_rows(
    registry: Registry, rows: _Rows, request: Request, *, today: date, law: Mapping[str, Any] | None
) -> FeasibleMask:
    """
    Run the rules on some providers only.

    Parameters
    ----------
    registry
        Compiled.
    rows
        Positions in it, rising: childminders first, then facilities.
    request
        A family's need.
    today, law
        As for `feasible_mask`.

    Returns
    -------
    FeasibleMask
        Aligned with `rows`.
    """
    count = len(registry)
    some = replace(
        registry.take(rows[rows < count]),
        facilities=tuple(registry.facilities[row - count] for row in rows[rows >= count]),
    )
    return feasible_mask(some, request, today=today, law=law)


def find_openings(
    registry: Registry,
    request: Request,
    *,
    today: date,
    scoring: ParameterTable,
    minutes_of: MinutesOf | None = None,
    mask: FeasibleMask | None = None,
    law: Mapping[str, Any] | None = None,
    always: bool = False,
) -> list[Opening]:
    """
    Find the smallest changes that open possibilities.

    Parameters
    ----------
    registry
        Compiled.
    request
        A family's need.
    today
        Day on which the parameters must be in force.
    scoring
        The table `scoring` in force: thresholds and what each change costs a family.
    minutes_of
        Travel times by mode; None when travel is not looked at.
    mask
        The answer for the request as it is, when it is known already.
    law
        Another table than `law` as in force today.
    always
        Look even when there are many solutions.

    Returns
    -------
    list of Opening
        Cheapest for the family first; empty when the request has `relaxation_threshold` solutions or more.
    """
    search = _Search(registry, request, today, scoring, minutes_of, law)
    search.start(mask)
    if not always and int(search.accepted.sum()) >= scoring["relaxation_threshold"]:
        return []
    found = [
        *search.best(search.trimmed()),
        *search.best(search.gains(fewer_days(request, scoring))),
        *search.best(search.gains(shifts(request, scoring))),
        *search.best(search.later()),
        *search.best(search.shared()),
        *search.best(search.gains(needs_met_otherwise(request, scoring))),
        *search.best(search.travelled(more_minutes(request, scoring))),
        *search.best(search.travelled(other_modes(request, scoring))),
    ]
    found.sort(key=lambda opening: (opening.change.cost, -opening.gain))
    verified = (search.verified(opening) for opening in found)
    return list(islice((one for one in verified if one.gain), scoring["relaxation_limit"]))


@dataclass
class _Search:
    """One request and the registry around it, while changes are tried."""

    registry: Registry
    request: Request
    today: date
    scoring: ParameterTable
    minutes_of: MinutesOf | None
    law: Mapping[str, Any] | None

    def start(self, mask: FeasibleMask | None) -> None:
        """Find who is accepted now, and who is within reach but refused."""
        if mask is None:
            mask = feasible_mask(self.registry, self.request, today=self.today, law=self.law)
        self.lawful: _Mask = mask.feasible
        self.near: _Mask = self.within_reach(self.request)
        self.accepted: _Mask = self.lawful & self.near
        refused: _Rows = np.flatnonzero(self.near & ~self.lawful)
        # Changes are looked for among the nearest, then counted on everybody.
        self.refused: _Rows = self._nearest(refused)
        self.everybody = len(self.refused) == len(refused)
        self.certain: list[Change] = []

    def _nearest(self, rows: _Rows) -> _Rows:
        """Keep the nearest providers, in rising order."""
        minutes = None if self.minutes_of is None else self.minutes_of(self.request.mode)
        if minutes is None:
            return rows
        nearest = rows[np.argsort(minutes[rows], kind="stable")]
        return np.sort(nearest[: self.scoring["relaxation_pool"]])

    def within_reach(self, request: Request) -> _Mask:
        """Tell whom the family can reach in the minutes it accepts; nobody when the mode is not at hand."""
        everybody = np.ones(len(self.registry) + len(self.registry.facilities), dtype=np.bool_)
        if self.minutes_of is None:
            return everybody
        minutes = self.minutes_of(request.mode)
        if minutes is None:
            return ~everybody
        limit = np.inf if request.max_minutes is None else request.max_minutes
        return np.isfinite(minutes) & (minutes <= limit)

    def ask(self, request: Request, rows: _Rows) -> FeasibleMask:
        """Run the rules on some providers."""
        return ask_rows(self.registry, rows, request, today=self.today, law=self.law)

    def gains(self, changes: Iterable[Change], rows: _Rows | None = None) -> list[Opening]:
        """Try changes on those who are refused now."""
        asked = self.refused if rows is None else rows
        openings = []
        for change in changes:
            if not len(asked):
                break
            brought = asked[self.ask(change.request, asked).feasible]
            openings.append(Opening(change, tuple(brought.tolist())))
            if asked is self.refused and self.everybody:
                self.certain.append(change)
        return openings

    def trimmed(self) -> list[Opening]:
        """Cut the hours at either end; who refuses the longest cut refuses the shorter ones."""
        openings = []
        for _, group in groupby(trims(self.request, self.scoring), key=lambda one: one.reason):
            rows = self.refused
            for change in group:
                # A smaller part of the hours may count against the shorter schedule: then nobody is left out.
                opening = self.gains([change], rows)
                openings.extend(opening)
                if opening and self.request.min_hours_share == 1:
                    rows = np.array(opening[0].rows, dtype=np.intp)
        return openings

    def later(self) -> list[Opening]:
        """Begin on the first days on which somebody more could."""
        days = self.scoring["relaxation_start_days"]
        if not len(self.refused) or days <= self.request.start_tolerance_days:
            return []
        patient = replace(self.request, start_tolerance_days=days)
        found = self.ask(patient, self.refused)
        openings = []
        for day in np.unique(found.start[found.feasible]):
            change = later_start(self.request, day.astype(object), self.scoring)
            if change is not None:
                brought = self.refused[found.feasible & (found.start <= day)]
                openings.append(Opening(change, tuple(brought.tolist())))
        return openings

    def shared(self) -> list[Opening]:
        """Accept a smaller part of the hours."""
        changes = list(less_of_the_hours(self.request, self.scoring))
        if not changes or not len(self.refused):
            return []
        found = self.ask(changes[-1].request, self.refused)
        return [
            Opening(
                change,
                tuple(
                    self.refused[found.feasible & (found.hours_share >= change.to - 1e-9)].tolist()
                ),
            )
            for change in changes
        ]

    def travelled(self, changes: Iterable[Change]) -> list[Opening]:
        """Go further, or otherwise."""
        if self.minutes_of is None or self.request.max_minutes is None:
            return []
        return [
            Opening(
                change,
                tuple(
                    np.flatnonzero(
                        self.lawful & self.within_reach(change.request) & ~self.accepted
                    ).tolist()
                ),
            )
            for change in changes
        ]

    @staticmethod
    def best(openings: Iterable[Opening]) -> list[Opening]:
        """Keep, of each way of changing, the smallest change that helps and the one that helps most."""
        kept = []
        useful = sorted(
            (opening for opening in openings if opening.gain), key=lambda one: one.change.reason
        )
        for _, group in groupby(useful, key=lambda one: one.change.reason):
            ways = sorted(group, key=lambda one: (one.change.cost, -one.gain))
            most = min(ways, key=lambda one: (-one.gain, one.change.cost))
            kept.append(ways[0])
            if most.gain > ways[0].gain:
                kept.append(most)
        return kept

    def verified(self, opening: Opening) -> Opening:
        """Run the rules on everybody within reach of the changed request, unless that is how it was found."""
        if any(opening.change is change for change in self.certain):
            return opening
        changed = opening.change.request
        rows = np.flatnonzero(self.within_reach(changed) & ~self.accepted)
        brought = rows[self.ask(changed, rows).feasible]
        return Opening(opening.change, tuple(brought.tolist()))
