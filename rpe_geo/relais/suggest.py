"""
Who can take this child: the main job, from a located request to ranked suggestions, refusals and openings.

One travel-time search from home (and one by work), all rules on the whole registry at once, seven named parts of a
score. Nothing is refused without its rule, nothing suggested without its reasons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import SequenceMatcher
from fractions import Fraction
from functools import cache, cached_property
from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from shapely import Point

from rpe_geo.cost import added_costs, childminder_cost, facility_cost, home_care_cost
from rpe_geo.crs import WGS84
from rpe_geo.domain import Childminder, Facility, Mam, Request, TravelMode
from rpe_geo.matching.combination import find_combinations
from rpe_geo.matching.feasibility import FeasibleMask
from rpe_geo.matching.pareto import pareto_front
from rpe_geo.matching.ranking import Scores, score
from rpe_geo.matching.reach import within_minutes
from rpe_geo.matching.relaxation import Opening, find_openings
from rpe_geo.matching.stability import Stability, first_rank_stability
from rpe_geo.parameters import ParameterTable, parameter_table
from rpe_geo.protocols import Geocoded, TravelTimeEngine
from rpe_geo.relais.book import ProviderBook
from rpe_geo.relais.judged import Judgement
from rpe_geo.relais.location import Located
from rpe_geo.relais.trips import evening_sides, last_returns, leaving_times, school_trips
from rpe_geo.rules.plain_need import calendar_of
from rpe_geo.verdicts import (
    Combination,
    Refusal,
    Suggestion,
    TripSide,
    Verdict,
    VerdictWarning,
)

_SCHOOLS_TOLD = 5

__all__ = ["Suggestions", "scores_of", "suggest"]


@dataclass(frozen=True)
class Tables:
    """The dated parameters in force on one day."""

    law: ParameterTable
    scoring: ParameterTable
    money: ParameterTable
    suggest: ParameterTable

    @classmethod
    def on(cls, day: date) -> Tables:
        """Read the tables in force on a day."""
        return cls(*(parameter_table(name, day) for name in ("law", "scoring", "money", "suggest")))


@dataclass(frozen=True)
class Travel:
    """
    How long each provider is away, by row of the book; MAM excepted, which answer by their members.

    Parameters
    ----------
    minutes
        Door to door from home; inf beyond what was searched, nan where the place is not known.
    detour_min
        Home → provider → work minus home → work; None when no work is given.
    ranked_min
        What the limit is compared with: the detour when work is given, the way from home otherwise.
    limit_min
        Minutes that the family accepts.
    searched_min
        Minutes up to which times are known.
    onward_min, direct_min
        Provider → work, and home → work; None when no work is given.
    second_min
        What the limit is compared with from the child's other home; None without one.
    """

    minutes: NDArray[np.float64]
    detour_min: NDArray[np.float64] | None
    limit_min: float
    searched_min: float
    onward_min: NDArray[np.float64] | None = None
    direct_min: float | None = None
    second_min: NDArray[np.float64] | None = None

    @property
    def ranked_min(self) -> NDArray[np.float64]:
        """Minutes that the family's limit applies to: of two homes, the longer way."""
        first = self.minutes if self.detour_min is None else self.detour_min
        return first if self.second_min is None else np.maximum(first, self.second_min)

    def morning(self, row: int) -> TripSide:
        """Return the way there with a provider that fits."""
        if self.detour_min is None or self.onward_min is None:
            return TripSide(to_provider_min=float(self.minutes[row]))
        legs = (self.minutes[row], self.onward_min[row], self.direct_min, self.detour_min[row])
        return TripSide(*(None if minutes is None else float(minutes) for minutes in legs))


@dataclass(frozen=True)
class Suggestions:
    """
    The answer to one request.

    The ranking is there at once; refusals in words, openings and alternatives are worked out when they are first read.

    Parameters
    ----------
    request, home, work, addresses
        What was asked, with its places (EPSG:4326) and how the addresses were read.
    parameters
        Mode, minutes, date, tables and engine: what is needed to do it again.
    suggestions
        Feasible providers, best first.
    providers
        Records of everyone in the registry, by (kind, id).
    feasible_count, to_ask_count, refused_count
        How many there are, listed or not: who fits, who would fit if what is not known of them is as wished, who does not.
    """

    request: Request
    home: Point
    work: Point | None
    addresses: Mapping[str, Geocoded]
    parameters: Mapping[str, Any]
    suggestions: tuple[Suggestion, ...]
    providers: Mapping[tuple[str, str], Childminder | Mam | Facility]
    feasible_count: int
    to_ask_count: int
    refused_count: int
    _search: _Search = field(repr=False, compare=False)

    @cached_property
    def refused(self) -> tuple[Verdict, ...]:
        """Who is put aside, nearest first: every broken rule of those near enough, the way of those too far."""
        return tuple(self._search.refusals())

    @cached_property
    def openings(self) -> tuple[Opening, ...]:
        """Changes of the request that open possibilities, smallest first, when few fit."""
        return tuple(self._search.openings())

    @cached_property
    def pareto(self) -> tuple[Suggestion, ...]:
        """Who fits and is beaten by nobody on every part of the score, for those who would rather weigh themselves."""
        return tuple(self._search.suggestions(pareto_front(self._search.scores)))

    @cached_property
    def stability(self) -> Stability:
        """Whether the first rank holds when the weights move."""
        return first_rank_stability(self._search.scores)

    @cached_property
    def alternatives(self) -> tuple[Combination, ...]:
        """Pairs of providers who together cover the week, when few can alone."""
        return tuple(self._search.alternatives())


def scores_of(answer: Suggestions) -> Scores:
    """Return the points of everyone who fits, shown or not."""
    return answer._search.scores  # noqa: SLF001 - the same room


def travel_to_providers(
    located: Located, book: ProviderBook, engine: TravelTimeEngine, tables: Tables
) -> Travel:
    """
    Search once from home, and once by work.

    Parameters
    ----------
    located
        The request and its places.
    book
        The providers.
    engine
        How times are computed.
    tables
        For the default limit and how far beyond it times are still told.

    Returns
    -------
    Travel
        One time per row that the rules answer for.
    """
    request = located.request
    limit = request.max_minutes or float(tables.suggest["max_minutes_default"])
    searched = min(limit * float(tables.suggest["look_beyond"]), 720.0)
    placed = ~np.isnan(book.longitude[: book.judged])
    minutes = np.where(placed, np.inf, np.nan)
    rows = book.served(engine, request.mode)
    stops = book.points.iloc[rows]
    if not len(rows):
        return Travel(minutes, None, limit, searched)
    leaves = leaving_times(request.schedule)[0]
    if located.work is None:
        home = gpd.GeoSeries([located.home], index=["home"], crs=WGS84)
        times = engine.travel_times(
            home, stops, mode=request.mode, cutoff_min=searched, departure=leaves
        )
        minutes[rows] = times.to_numpy()[0]
        return Travel(minutes, None, limit, searched)
    legs = engine.detour_times(
        located.home,
        stops,
        located.work,
        mode=request.mode,
        cutoff_min=720.0,
        departure=leaves,
    )
    detour, onward = np.where(placed, np.inf, np.nan), np.where(placed, np.inf, np.nan)
    minutes[rows] = legs["to_stop_min"].to_numpy()
    detour[rows] = legs["detour_min"].to_numpy()
    onward[rows] = legs["stop_to_work_min"].to_numpy()
    direct = float(legs["direct_min"].iloc[0])
    return Travel(minutes, detour, limit, searched, onward, direct)


def suggest(
    located: Located,
    book: ProviderBook,
    engine: TravelTimeEngine,
    *,
    today: date,
    limit: int,
) -> Suggestions:
    """
    Rank who can take the children of a request, and explain who cannot.

    Parameters
    ----------
    located
        The request and its places.
    book
        The providers, compiled.
    engine
        How times are computed.
    today
        Day of the parameters, and of the freshness of availabilities.
    limit
        How many suggestions are wanted.

    Returns
    -------
    Suggestions
        Ranked suggestions, explained refusals, and what would open more when few fit.
    """
    tables = Tables.on(today)
    travel = travel_to_providers(located, book, engine, tables)
    if located.second_home is not None:
        other = replace(located, home=located.second_home)
        second = travel_to_providers(other, book, engine, tables).ranked_min
        travel = replace(travel, second_min=second)
    judgement = book.judgements.of(located.request, today)
    search = _Search(located, book, engine, tables, travel, judgement, today)
    return Suggestions(
        request=located.request,
        home=located.home,
        work=located.work,
        addresses=located.addresses,
        parameters=search.parameters(),
        suggestions=tuple(search.suggestions(search.scores.order(limit))),
        providers=book.records,
        feasible_count=int(search.sure.sum()),
        to_ask_count=int((search.fits & ~search.sure).sum()),
        refused_count=int((~search.fits).sum()),
        _search=search,
    )


@dataclass(frozen=True)
class _Search:
    """One request, the providers around it, how far they are and whether the rules accept them."""

    located: Located
    book: ProviderBook
    engine: TravelTimeEngine
    tables: Tables
    travel: Travel
    judgement: Judgement
    today: date
    _judged: dict[int, Verdict] = field(default_factory=dict, repr=False, compare=False)

    @property
    def request(self) -> Request:
        """The request, its places known."""
        return self.located.request

    @property
    def limited(self) -> Request:
        """The request with the minutes that hold when the family gave none; a roster as the weeks that it is."""
        return replace(self.request, max_minutes=self.travel.limit_min, roster=None)

    @cached_property
    def near(self) -> NDArray[np.bool_]:
        """Who is within the minutes that the family accepts."""
        return within_minutes(self.travel.ranked_min, self.travel.limit_min)

    @cached_property
    def mask(self) -> FeasibleMask:
        """What the rules say of those who are near; the others are only asked where they matter."""
        return self.judgement.mask(self.near)

    @cached_property
    def fits(self) -> NDArray[np.bool_]:
        """Who is near and breaks no rule."""
        return self.mask.feasible & self.near

    @cached_property
    def sure(self) -> NDArray[np.bool_]:
        """Who fits and of whom nothing must be asked first."""
        return self.fits & ~self.book.to_ask

    @property
    def few(self) -> bool:
        """Whether so few fit surely that more is worth a search."""
        return int(self.sure.sum()) < int(self.tables.scoring["relaxation_threshold"])

    @cached_property
    def scores(self) -> Scores:
        """The points of everyone who fits; `candidates` rows are those of `np.flatnonzero(fits)`."""
        rows, travel, book = np.flatnonzero(self.fits), self.travel, self.book
        candidates = book.profiles.candidates(
            rows,
            self.request,
            scoring=self.tables.scoring,
            start=np.maximum(self.mask.start[rows], self._told_from(rows)),
            hours_share=self.mask.hours_share[rows],
            travel_min=travel.ranked_min[rows]
            if travel.detour_min is None
            else travel.minutes[rows],
            verdict_of=self._judged.__getitem__,
            detour_min=None if travel.detour_min is None else travel.ranked_min[rows],
            distance_m=book.distance_m(self.located.home)[rows],
        )
        return score(candidates, self.request, scoring=self.tables.scoring)

    def _told_from(self, rows: NDArray[np.intp]) -> NDArray[np.datetime64]:
        """Return the day from which each would agree to begin, her notice counted; long past for others."""
        notice = np.zeros(self.book.judged, dtype=np.int64)
        notice[: len(self.book.childminders)] = self.book.registry.notice
        days = np.datetime64(self.today, "D") + notice[rows]
        return np.where(notice[rows] > 0, days, np.datetime64("1900-01-01", "D"))

    def suggestions(self, chosen: NDArray[np.intp]) -> list[Suggestion]:
        """Write the suggestions of some candidates, in the order given."""
        rows = np.flatnonzero(self.fits)[chosen]
        # Verdicts in words are asked for once, and only for those who are shown.
        self._judged.update(zip(chosen.tolist(), self._verdicts(rows), strict=True))
        written = [
            self._priced(self.scores.suggestion(int(candidate), number), int(row))
            for number, (candidate, row) in enumerate(zip(chosen, rows, strict=True), start=1)
        ]
        return self._with_trips(written, rows)

    def _with_trips(
        self, suggestions: list[Suggestion], rows: NDArray[np.intp]
    ) -> list[Suggestion]:
        """Add the two sides of the day, and the schools, of those who are shown."""
        if not suggestions:
            return suggestions
        travel, located = self.travel, self.located
        stops = self.book.points.iloc[rows]
        evenings = evening_sides(located, stops, self.engine)
        returns = last_returns(located, stops, evenings, self.engine)
        mode = self.tables.suggest["school_mode"]
        schools = school_trips(located, self.book, self.engine, rows, mode=mode)
        return [
            replace(
                one,
                travel_minutes=float(travel.minutes[row]),
                second_home_minutes=None
                if travel.second_min is None
                else float(travel.second_min[row]),
                morning=travel.morning(row),
                evening=evening,
                schools=trips,
                last_return=last,
            )
            for one, row, evening, trips, last in zip(
                suggestions, rows.tolist(), evenings, schools, returns, strict=True
            )
        ]

    def refusals(self) -> list[Verdict]:
        """
        Explain each refusal, nearest first.

        A provider beyond the minutes accepted is told as such, with a word when the rules refuse as well; their
        detail is one question away, with more minutes.
        """
        rows = np.flatnonzero(~self.fits)
        order = np.argsort(_sortable(self.travel.minutes[rows]), kind="stable")
        listed = rows[order][: self.tables.suggest["refused_listed"]]
        within = self.near[listed]
        wanted = self.near.copy()
        wanted[listed] = True
        mask = self.judgement.mask(wanted)
        judged = iter(self._verdicts(listed[within]))
        return [
            next(judged) if close else _too_far(self, mask, int(row))
            for row, close in zip(listed, within, strict=True)
        ]

    def openings(self) -> list[Opening]:
        """Look for the smallest changes that open possibilities."""
        return find_openings(
            self.book.registry,
            self.limited,
            today=self.today,
            scoring=self.tables.scoring,
            minutes_of=cache(self._minutes_by),
            mask=self.judgement.mask(),
        )

    def alternatives(self) -> list[Combination]:
        """Look for two who together cover the week."""
        # The days of an envelope are not known: nobody can share them out beforehand.
        if not self.few or self.request.envelope is not None:
            return []
        found = find_combinations(
            self.book.registry,
            self.book.profiles,
            self.limited,
            today=self.today,
            scoring=self.tables.scoring,
            minutes=self.travel.minutes,
            enough=self.fits,
        )
        return [self._with_cost(combination) for combination in found]

    def _with_cost(self, combination: Combination) -> Combination:
        """Add what the parts would cost together, and whom to call."""
        money, parts, costs = self.tables.money, [], []
        for part in combination.parts:
            asked = replace(self.limited, schedule=part.hours, min_hours_share=1.0)
            if part.provider_id is None:
                costs.append(home_care_cost(part.hours, asked, money))
                parts.append(part)
                continue
            record = self.book.records[part.provider_kind, part.provider_id]
            parts.append(replace(part, phone=record.contact.phone))
            match record:
                case Childminder():
                    costs.append(childminder_cost(record, asked, money, offered=part.hours))
                case Facility():
                    costs.append(facility_cost(record, asked, money))
                case _:
                    costs.append(None)
        return replace(combination, parts=tuple(parts), cost=added_costs(costs, asked, money))

    def parameters(self) -> dict[str, Any]:
        """Say what the answer depends on."""
        return {
            "mode": self.request.mode,
            "max_minutes": self.travel.limit_min,
            "max_minutes_given": self.request.max_minutes is not None,
            "compared": "travel" if self.travel.detour_min is None else "detour",
            "today": self.today.isoformat(),
            "start": self.request.start.isoformat(),
            **self._said_otherwise(),
            "engine": self.engine.describe(),
            "parameters_on": self.tables.law.day.isoformat(),
        }

    def _said_otherwise(self) -> dict[str, Any]:
        """Say how hours and ways that are not a plain week were read."""
        request, said = self.request, dict[str, Any]()
        if request.roster is not None:
            said["roster_until"] = None if request.end is None else request.end.isoformat()
        if request.school_holidays != "all":
            calendar = calendar_of(request)
            said["school_zone"] = calendar.zone
            said["school_calendar_until"] = calendar.known_until.isoformat()
        unknown = self._unknown_schools()
        if unknown:
            said["unknown_schools"] = unknown
        if request.trip is not None:
            said["trip"] = list(request.trip)
            said["station"] = request.station
        return said

    def _unknown_schools(self) -> dict[str, list[str]]:
        """Name the schools asked that nobody in the registry serves, each with the names that exist, nearest first."""
        served = self.book.registry.schools
        asked = {child.school for child in self.request.children if child.school is not None}
        return {
            school: sorted(served, key=lambda name: -_likeness(school, name))[:_SCHOOLS_TOLD]
            for school in sorted(asked - served.keys())
        }

    def _priced(self, suggestion: Suggestion, row: int) -> Suggestion:
        """Add what the family would pay, when the household and the rates are known."""
        money = self.tables.money
        match self.book.provider(row):
            case Childminder() as childminder:
                offered = self.book.hours_offered(row)
                cost = childminder_cost(childminder, self.request, money, offered=offered)
            case Facility() as facility:
                cost = facility_cost(facility, self.request, money)
            case _:
                cost = None
        verdict = suggestion.verdict
        if cost is not None and cost.outdated:
            titles = [money.describe(name).title for name in cost.outdated]
            warning = VerdictWarning("value_outdated", {"values": titles})
            verdict = replace(verdict, warnings=(*verdict.warnings, warning))
        return replace(suggestion, verdict=verdict, cost=cost)

    def _verdicts(self, rows: NDArray[np.intp]) -> list[Verdict]:
        return self.judgement.verdicts(rows, self.request.request_id)

    def _minutes_by(self, mode: TravelMode) -> NDArray[np.float64] | None:
        """Give the minutes of any mode; None where it cannot be served."""
        if mode == self.request.mode:
            return self.travel.ranked_min
        if mode not in self.engine.modes:
            return None
        other = replace(self.located, request=replace(self.request, mode=mode))
        return travel_to_providers(other, self.book, self.engine, self.tables).ranked_min


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.casefold(), other.casefold()).ratio()


def _too_far(search: _Search, mask: FeasibleMask, row: int) -> Verdict:
    travel, profiles = search.travel, search.book.profiles
    minutes = float(travel.ranked_min[row])
    refusal = Refusal(
        rule="travel_time",
        have=minutes if np.isfinite(minutes) else None,
        limit=travel.limit_min,
        values={
            "mode": search.request.mode,
            "detour": travel.detour_min is not None,
            "searched": travel.searched_min,
            "unknown_place": bool(np.isnan(minutes)),
            "otherwise_feasible": bool(mask.feasible[row]),
        },
    )
    return Verdict(
        request_id=search.request.request_id,
        provider_kind=profiles.provider_kinds[row],
        provider_id=profiles.provider_ids[row],
        feasible=False,
        start=None,
        hours_share=Fraction(float(mask.hours_share[row])).limit_denominator(100_000),
        refusals=(refusal,),
    )


def _sortable(minutes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unknown places come last."""
    return np.where(np.isnan(minutes), np.inf, minutes)
