"""
Who can take this child: the main job, from a located request to ranked suggestions, refusals and openings.

One travel-time search from home (and one by work), all rules on the whole registry at once, seven named parts of a
score. Nothing is refused without its rule, nothing suggested without its reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from shapely import Point

from rpe_geo.cost import childminder_cost, facility_cost
from rpe_geo.crs import WGS84
from rpe_geo.domain import Childminder, Facility, Mam, Request, TravelMode
from rpe_geo.matching.feasibility import FeasibleMask, evaluate, feasible_mask
from rpe_geo.matching.ranking import rank
from rpe_geo.matching.relaxation import Opening, find_openings
from rpe_geo.parameters import ParameterTable, parameter_table
from rpe_geo.protocols import Geocoded, TravelTimeEngine
from rpe_geo.relais.book import ProviderBook
from rpe_geo.relais.location import Located
from rpe_geo.verdicts import Combination, Refusal, Suggestion, Verdict

__all__ = ["Suggestions", "Tables", "Travel", "suggest", "travel_to_providers"]


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
    """

    minutes: NDArray[np.float64]
    detour_min: NDArray[np.float64] | None
    limit_min: float
    searched_min: float

    @property
    def ranked_min(self) -> NDArray[np.float64]:
        """Minutes that the family's limit applies to."""
        return self.minutes if self.detour_min is None else self.detour_min


@dataclass(frozen=True)
class Suggestions:
    """
    The answer to one request.

    Parameters
    ----------
    request, home, work, addresses
        What was asked, with its places (EPSG:4326) and how the addresses were read.
    parameters
        Mode, minutes, date, tables and engine: what is needed to do it again.
    suggestions
        Feasible providers, best first.
    refused
        The others with every rule that they break, nearest first.
    alternatives
        Pairs of providers who together cover the week, when few can alone.
    openings
        Changes of the request that open possibilities, smallest first, when few fit.
    providers
        Records of everyone named, by (kind, id).
    feasible_count, refused_count
        How many there are, listed or not.
    """

    request: Request
    home: Point
    work: Point | None
    addresses: Mapping[str, Geocoded]
    parameters: Mapping[str, Any]
    suggestions: tuple[Suggestion, ...]
    refused: tuple[Verdict, ...]
    providers: Mapping[tuple[str, str], Childminder | Mam | Facility]
    feasible_count: int
    refused_count: int
    alternatives: tuple[Combination, ...] = ()
    openings: tuple[Opening, ...] = ()


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
    if located.work is None:
        home = gpd.GeoSeries([located.home], index=["home"], crs=WGS84)
        times = engine.travel_times(home, stops, mode=request.mode, cutoff_min=searched)
        minutes[rows] = times.to_numpy()[0]
        return Travel(minutes, None, limit, searched)
    legs = engine.detour_times(
        located.home, stops, located.work, mode=request.mode, cutoff_min=720.0
    )
    detour = np.where(placed, np.inf, np.nan)
    minutes[rows] = legs["to_stop_min"].to_numpy()
    detour[rows] = legs["detour_min"].to_numpy()
    return Travel(minutes, detour, limit, searched)


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
    request, tables = located.request, Tables.on(today)
    travel = travel_to_providers(located, book, engine, tables)
    mask = feasible_mask(book.registry, request, today=today)
    near = travel.ranked_min <= travel.limit_min
    fits = np.flatnonzero(mask.feasible & near)
    suggestions = _ranked(located, book, travel, mask, fits, tables, today=today, limit=limit)
    refused_rows = np.flatnonzero(~(mask.feasible & near))
    nearest = refused_rows[np.argsort(_sortable(travel.minutes[refused_rows]), kind="stable")]
    openings = find_openings(
        book.registry,
        request,
        today=today,
        scoring=tables.scoring,
        minutes_of=_minutes_by_mode(located, book, engine, travel, tables),
        mask=mask,
    )
    listed = nearest[: tables.suggest["refused_listed"]]
    refused = _refusals(book, travel, request, listed, mask, today)
    return Suggestions(
        request=request,
        home=located.home,
        work=located.work,
        addresses=located.addresses,
        parameters=_parameters(request, travel, engine, today, tables),
        suggestions=tuple(suggestions),
        refused=tuple(refused),
        providers=_named(book, [s.verdict for s in suggestions], refused),
        feasible_count=len(fits),
        refused_count=len(refused_rows),
        openings=tuple(openings),
    )


def _minutes_by_mode(
    located: Located, book: ProviderBook, engine: TravelTimeEngine, travel: Travel, tables: Tables
) -> Callable[[TravelMode], NDArray[np.float64] | None]:
    """Give the minutes of any mode, searched when they are first asked for; None where the mode cannot be served."""

    @cache
    def minutes(mode: TravelMode) -> NDArray[np.float64] | None:
        if mode == located.request.mode:
            return travel.ranked_min
        if mode not in engine.modes:
            return None
        other = replace(located, request=replace(located.request, mode=mode))
        return travel_to_providers(other, book, engine, tables).ranked_min

    return minutes


def _ranked(
    located: Located,
    book: ProviderBook,
    travel: Travel,
    mask: FeasibleMask,
    rows: NDArray[np.intp],
    tables: Tables,
    *,
    today: date,
    limit: int,
) -> list[Suggestion]:
    def verdict_of(position: int) -> Verdict:
        return _verdicts(book, located.request, rows[[position]], today)[0]

    candidates = book.profiles.candidates(
        rows,
        located.request,
        scoring=tables.scoring,
        start=mask.start[rows],
        hours_share=mask.hours_share[rows],
        travel_min=travel.minutes[rows],
        verdict_of=verdict_of,
        detour_min=None if travel.detour_min is None else travel.detour_min[rows],
        distance_m=book.distance_m(located.home)[rows],
    )
    ranked = rank(candidates, located.request, scoring=tables.scoring, limit=limit)
    return [_priced(one, located.request, book, tables.money) for one in ranked]


def _priced(
    suggestion: Suggestion, request: Request, book: ProviderBook, money: ParameterTable
) -> Suggestion:
    """Add what the family would pay, when the household and the rates are known."""
    verdict = suggestion.verdict
    match book.find(verdict.provider_kind, verdict.provider_id):
        case Childminder() as childminder:
            return replace(suggestion, cost=childminder_cost(childminder, request, money))
        case Facility() as facility:
            return replace(suggestion, cost=facility_cost(facility, request, money))
        case _:
            return suggestion


def _verdicts(
    book: ProviderBook,
    request: Request,
    rows: NDArray[np.intp],
    today: date,
) -> list[Verdict]:
    return evaluate(book.registry, request, today=today, only=rows)


def _refusals(
    book: ProviderBook,
    travel: Travel,
    request: Request,
    rows: NDArray[np.intp],
    mask: FeasibleMask,
    today: date,
) -> list[Verdict]:
    """
    Explain each refusal: every broken rule of those near enough, the way of those too far.

    A provider beyond the minutes accepted is told as such, with a word when the rules refuse as well; their detail is
    one question away, with more minutes.
    """
    near = travel.ranked_min[rows] <= travel.limit_min
    judged = iter(_verdicts(book, request, rows[near], today))
    return [
        next(judged) if within else _too_far(book, travel, request, int(row), mask)
        for row, within in zip(rows, near, strict=True)
    ]


def _too_far(
    book: ProviderBook, travel: Travel, request: Request, row: int, mask: FeasibleMask
) -> Verdict:
    minutes = float(travel.ranked_min[row])
    refusal = Refusal(
        rule="travel_time",
        have=minutes if np.isfinite(minutes) else None,
        limit=travel.limit_min,
        values={
            "mode": request.mode,
            "detour": travel.detour_min is not None,
            "searched": travel.searched_min,
            "unknown_place": bool(np.isnan(minutes)),
            "otherwise_feasible": bool(mask.feasible[row]),
        },
    )
    return Verdict(
        request_id=request.request_id,
        provider_kind=book.kind(row),
        provider_id=book.profiles.provider_ids[row],
        feasible=False,
        start=None,
        hours_share=Fraction(float(mask.hours_share[row])).limit_denominator(100_000),
        refusals=(refusal,),
    )


def _sortable(minutes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unknown places come last."""
    return np.where(np.isnan(minutes), np.inf, minutes)


def _parameters(
    request: Request, travel: Travel, engine: TravelTimeEngine, today: date, tables: Tables
) -> dict[str, Any]:
    return {
        "mode": request.mode,
        "max_minutes": travel.limit_min,
        "max_minutes_given": request.max_minutes is not None,
        "compared": "travel" if travel.detour_min is None else "detour",
        "today": today.isoformat(),
        "start": request.start.isoformat(),
        "engine": engine.describe(),
        "parameters_on": tables.law.day.isoformat(),
    }


def _named(
    book: ProviderBook, *lists: Sequence[Verdict]
) -> dict[tuple[str, str], Childminder | Mam | Facility]:
    """Gather the records of everyone named, and the MAM where they work."""
    named: dict[tuple[str, str], Childminder | Mam | Facility] = {}
    for verdict in (verdict for verdicts in lists for verdict in verdicts):
        record = book.find(verdict.provider_kind, verdict.provider_id)
        named[verdict.provider_kind, verdict.provider_id] = record
        if isinstance(record, Childminder) and record.mam_id is not None:
            mam = book.mam(record.mam_id)
            if mam is not None:
                named["mam", mam.mam_id] = mam
    return named
