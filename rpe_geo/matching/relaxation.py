"""
The smallest changes of a request that open possibilities, each verified by running the rules again.

A change is proposed only when it brings more than it loses, counted on the whole registry within reach: those who fit
surely are possibilities, those of whom something must be asked are told apart. A change is left out where another that
gives up the same thing costs no more and brings as much; the changes are ordered by what they cost the family.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpe_geo.domain import Request, TravelMode
from rpe_geo.matching.changes import (
    Change,
    earlier_end,
    fewer_days,
    later_start,
    less_of_the_hours,
    more_minutes,
    needs_met_otherwise,
    one_by_one,
    other_modes,
    school_runs_otherwise,
    shifts,
    trims,
)
from rpe_geo.matching.feasibility import FeasibleMask, feasible_mask, latest_ends
from rpe_geo.matching.reach import within_minutes
from rpe_geo.matching.unknowns import to_ask
from rpe_geo.parameters import ParameterTable, parameter_table
from rpe_geo.rules.compiled import FOREVER, Registry
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
    to_ask
        Positions of those that it brings and of whom something must be asked.
    lost
        Positions of those who fit now and no longer would.
    """

    change: Change
    rows: tuple[int, ...]
    to_ask: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()

    @property
    def gain(self) -> int:
        """How many possibilities more, those lost taken off."""
        return len(self.rows) - len(self.lost)

    @property
    def useful(self) -> bool:
        """Whether there are more possibilities than before, or more to ask and none lost."""
        return self.gain > 0 or (self.gain == 0 and bool(self.to_ask) and not self.lost)

    def beats(self, other: Opening) -> bool:
        """Tell whether another change of the same thing costs as much or more and brings as little or less."""
        # A share of the hours is the vaguer way to say which hours are given up: it beats only another share.
        things = (self.change.gives_up, other.change.gives_up)
        if things[0] != things[1] and things != ("hours", "share"):
            return False
        mine = (-round(self.change.cost, 6), self.gain, len(self.to_ask))
        theirs = (-round(other.change.cost, 6), other.gain, len(other.to_ask))
        no_worse = all(one >= two for one, two in zip(mine, theirs, strict=True))
        return no_worse and (mine != theirs or things[0] != things[1])

    @property
    def relaxation(self) -> Relaxation:
        """The change with its gain, as it is written out."""
        values = {
            **self.change.values,
            "reason": self.change.reason,
            "gain": self.gain,
            "to_ask": len(self.to_ask),
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
    # The hours of a roster are its schedule: changed, they are no longer those of its dates.
    request = replace(request, roster=None)
    search = _Search(registry, request, today, scoring, minutes_of, law)
    search.start(mask)
    if not always and int(search.accepted.sum()) >= scoring["relaxation_threshold"]:
        return []
    openings = search.openings()
    if openings or search.accepted.any():
        return openings
    # Nobody, and no single change helps: what the family would have to give up before anything else can.
    return search.after_what_all_refuse()


def _kept(openings: Iterable[Opening], scoring: ParameterTable) -> list[Opening]:
    """Keep the useful openings that no other one beats, cheapest first."""
    useful = [one for one in openings if one.useful]
    kept = [one for one in useful if not any(other.beats(one) for other in useful)]
    return kept[: scoring["relaxation_limit"]]


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
        self.sure: _Mask = ~to_ask(self.registry)
        self.fitting: _Mask = self.lawful & self.near
        self.accepted: _Mask = self.fitting & self.sure
        refused: _Rows = np.flatnonzero(self.near & ~self.lawful)
        # Changes are looked for among the nearest, then counted on everybody.
        self.refused: _Rows = self._nearest(refused)
        self.everybody = len(self.refused) == len(refused)
        self.certain: list[Change] = []

    def openings(self) -> list[Opening]:
        """Try every way of changing the request, each change alone."""
        request, scoring = self.request, self.scoring
        found = [
            *self.best(self.trimmed()),
            *self.best(self.gains(fewer_days(request, scoring))),
            *self.best(self.gains(shifts(request, scoring))),
            *self.best(self.later()),
            *self.best(self.sooner()),
            *self.best(self.shared()),
            *self.best(self.gains(needs_met_otherwise(request, scoring))),
            *self.best(self.gains(school_runs_otherwise(request, scoring))),
            *self.best(self.apart()),
            *self.best(self.travelled(more_minutes(request, scoring))),
            *self.best(self.travelled(other_modes(request, scoring))),
        ]
        found.sort(key=lambda opening: (opening.change.cost, -opening.gain))
        return _kept(map(self.verified, found), scoring)

    def after_what_all_refuse(self) -> list[Opening]:
        """Try two changes together, the first of which is a school or a need that everybody refuses."""
        found: list[Opening] = []
        for first in (
            *school_runs_otherwise(self.request, self.scoring),
            *needs_met_otherwise(self.request, self.scoring),
        ):
            lifted = _Search(
                self.registry,
                first.request,
                self.today,
                self.scoring,
                self.minutes_of,
                self.law,
            )
            lifted.start(None)
            found += [replace(one, change=one.change.after(first)) for one in lifted.openings()]
        found.sort(key=lambda opening: (opening.change.cost, -opening.gain))
        return _kept(found, self.scoring)

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
        return within_minutes(minutes, request.max_minutes)

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
            openings.append(self.opening(change, brought))
            if asked is self.refused and self.everybody:
                self.certain.append(change)
        return openings

    def opening(self, change: Change, brought: _Rows) -> Opening:
        """Tell the sure ones apart from those of whom something must be asked."""
        sure = self.sure[brought]
        return Opening(change, tuple(brought[sure].tolist()), tuple(brought[~sure].tolist()))

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
                    rows = np.sort(np.array(opening[0].rows + opening[0].to_ask, dtype=np.intp))
        return openings

    def later(self) -> list[Opening]:
        """Begin on the first days on which somebody more could."""
        if not len(self.refused):
            return []
        for days in self.scoring["relaxation_start_days"]:
            openings = self._within(days) if days > self.request.start_tolerance_days else []
            if any(opening.useful for opening in openings):
                return openings
        return []

    def _within(self, days: int) -> list[Opening]:
        """Begin on the first days within so many on which somebody more could."""
        found = self.ask(replace(self.request, start_tolerance_days=days), self.refused)
        openings = []
        for day in np.unique(found.start[found.feasible]):
            change = later_start(self.request, day.astype(object), self.scoring)
            if change is not None:
                brought = self.refused[found.feasible & (found.start <= day)]
                openings.append(self.opening(change, brought))
        return openings

    def sooner(self) -> list[Opening]:
        """End before something that comes later: a contract, a birthday, an attestation."""
        if not len(self.refused):
            return []
        ends = latest_ends(
            self.registry, self.request, self.refused, today=self.today, law=self.law
        )
        law = parameter_table("law", self.today) if self.law is None else self.law
        openings = []
        for end in np.unique(ends[ends != FOREVER]).tolist():
            change = earlier_end(self.request, date.fromordinal(end), self.scoring, law)
            # Who could stay longer could also stop on this day.
            brought = self.refused[(ends != FOREVER) & (ends >= end)]
            openings.append(self.opening(change, brought))
        return openings

    def apart(self) -> list[Opening]:
        """Take the children of a request one by one, each with somebody else."""
        children = dict.fromkeys(self.request.children)
        if len(self.request.children) < 2 or not len(self.refused):
            return []
        alone = [replace(self.request, children=(child,)) for child in children]
        able = np.logical_and.reduce([self.ask(one, self.refused).feasible for one in alone])
        change = one_by_one(self.request, self.scoring)
        if self.everybody:
            self.certain.append(change)
        return [self.opening(change, self.refused[able])]

    def shared(self) -> list[Opening]:
        """Accept a smaller part of the hours."""
        changes = list(less_of_the_hours(self.request, self.scoring))
        if not changes or not len(self.refused):
            return []
        found = self.ask(changes[-1].request, self.refused)
        return [
            self.opening(
                change, self.refused[found.feasible & (found.hours_share >= change.to - 1e-9)]
            )
            for change in changes
        ]

    def travelled(self, changes: Iterable[Change]) -> list[Opening]:
        """Go further, or otherwise."""
        if self.minutes_of is None or self.request.max_minutes is None:
            return []
        return [
            self.opening(
                change,
                np.flatnonzero(self.lawful & self.within_reach(change.request) & ~self.fitting),
            )
            for change in changes
        ]

    @staticmethod
    def best(openings: Iterable[Opening]) -> list[Opening]:
        """Keep, of each way of changing, the smallest change that helps and the one that helps most."""
        kept: list[Opening] = []
        useful = sorted(
            (opening for opening in openings if opening.useful), key=lambda one: one.change.reason
        )
        for _, group in groupby(useful, key=lambda one: one.change.reason):
            ways = sorted(group, key=lambda one: (one.change.cost, -one.gain))
            sure = [one for one in ways if one.gain > 0]
            most = min(ways, key=lambda one: (-one.gain, one.change.cost))
            # The smallest change, the smallest that brings somebody sure, and the one that brings most.
            kept.extend({id(one.change): one for one in (ways[0], *sure[:1], most)}.values())
        return kept

    def verified(self, opening: Opening) -> Opening:
        """Run the rules on everybody within reach of the changed request: whom it brings, and whom it loses."""
        change = opening.change
        near = self.within_reach(change.request)
        if not any(change is known for known in self.certain):
            rows = np.flatnonzero(near & ~self.fitting)
            opening = self.opening(change, rows[self._fit(change, rows)])
        now = np.flatnonzero(self.accepted)
        held = near[now]
        held[held] = self._fit(change, now[held])
        return replace(opening, lost=tuple(now[~held].tolist()))

    def _fit(self, change: Change, rows: _Rows) -> _Mask:
        """Run the rules on the changed request; children taken one by one must each be accepted."""
        asked = [change.request]
        if change.kind == "children":
            asked = [
                replace(self.request, children=(child,))
                for child in dict.fromkeys(self.request.children)
            ]
        fit: _Mask = np.logical_and.reduce([self.ask(one, rows).feasible for one in asked])
        return fit
