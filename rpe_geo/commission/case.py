"""
A commission as arrays: families, providers, and every lawful way to place one family alone.

An *option* is a family with a provider from a day on. Options are judged by `rpe_geo.matching` against the contracts
that stand; whether several of them stand together is asked of `rpe_geo.commission.lawful`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpe_geo.commission.providers import Providers, gather_providers
from rpe_geo.commission.values import ValueWeights, values_of
from rpe_geo.domain import Childminder, Facility, Mam, Request
from rpe_geo.errors import InputError
from rpe_geo.matching.facilities import facility_starts
from rpe_geo.matching.starts.first_starts import Question, ask, first_starts
from rpe_geo.rules.compiled import FOREVER
from rpe_geo.rules.need import Needs

__all__ = ["Case", "Options", "TravelTable", "build_case"]

Whole = NDArray[np.int64]

_PAIRS_AT_ONCE = 40_000
_EVENTS_OF_TOLERANCE = 2
"""Later starts tried besides the first: those on which a contract or another family's care has just ended."""


@dataclass(frozen=True)
class TravelTable:
    """
    Known travel times; a pair that is not in it is out of reach.

    Parameters
    ----------
    origin, destination
        Row of the request and of the provider id, aligned with `minutes`.
    request_ids, provider_ids
        What the rows stand for.
    minutes
        Door to door.
    """

    request_ids: Sequence[str]
    provider_ids: Sequence[str]
    origin: Whole
    destination: Whole
    minutes: NDArray[np.float64]


@dataclass(frozen=True)
class Options:
    """
    Every lawful way to place one family alone, sorted by family, then provider, then start.

    Parameters
    ----------
    family, provider, house
        Numbers.
    start
        Ordinal of the first day of care.
    minutes
        Door to door.
    hours_share
        Asked hours within the hours offered ÷ asked hours.
    value
        Hundredths of a point of value, whole: sums of them are exact.
    stays
        Whether the family keeps the place that it holds.
    """

    family: Whole
    provider: Whole
    house: Whole
    start: Whole
    minutes: NDArray[np.float64]
    hours_share: NDArray[np.float64]
    value: Whole
    stays: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.family)


@dataclass(frozen=True)
class Case:
    """
    What a commission decides on.

    Parameters
    ----------
    requests
        Ordered by id: the order of the files changes nothing.
    needs
        The same, compiled.
    providers
        Everybody who offers places.
    options
        Every lawful way to place one family alone.
    out_of_reach
        Families with no provider within their minutes.
    today, weights
        Day of the parameters, and what a place is worth.
    fixed
        Families whose place was decided by hand: they are served first.
    """

    requests: tuple[Request, ...]
    needs: Needs | None
    providers: Providers
    options: Options
    out_of_reach: frozenset[int]
    today: date
    weights: ValueWeights
    fixed: frozenset[int] = frozenset()

    @cached_property
    def of_family(self) -> list[Whole]:
        """The options of each family."""
        return _grouped(self.options.family, len(self.requests))

    @cached_property
    def of_house(self) -> list[Whole]:
        """The options of each house."""
        return _grouped(self.options.house, len(self.providers.members))

    @cached_property
    def children(self) -> Whole:
        """How many children each family asks for."""
        return np.array([len(request.children) for request in self.requests], dtype=np.int64)

    @cached_property
    def hours(self) -> NDArray[np.float64]:
        """Hours that each family asks in a mean week, for all its children."""
        return np.array(
            [
                float(request.schedule.quarters_per_week) / 4 * len(request.children)
                for request in self.requests
            ]
        )


def _grouped(keys: Whole, count: int) -> list[Whole]:
    order = np.argsort(keys, kind="stable")
    return np.split(order, np.cumsum(np.bincount(keys, minlength=count))[:-1]) if count else []


def build_case(  # noqa: PLR0913 - a registry and its dated parameters
    requests: Sequence[Request],
    childminders: Sequence[Childminder],
    mams: Sequence[Mam] = (),
    facilities: Sequence[Facility] = (),
    *,
    times: TravelTable,
    today: date,
    law: Mapping[str, Any],
    weights: ValueWeights,
    limit_min: float,
) -> Case:
    """
    Judge every family alone with every provider in its reach.

    Parameters
    ----------
    requests
        Open requests, in any order.
    childminders, mams, facilities
        The registry.
    times
        Minutes of the pairs that are within reach.
    today
        Day of the parameters.
    law
        The dated table `law`.
    weights
        What a place is worth.
    limit_min
        Minutes accepted by families that gave no limit.

    Returns
    -------
    Case
        Ready to be assigned.

    Raises
    ------
    InputError
        For a family that stands twice, a wish or a place held that nobody knows.
    """
    ordered = tuple(sorted(requests, key=lambda request: request.request_id))
    for one, other in pairwise(ordered):
        if one.request_id == other.request_id:
            raise InputError("family_twice", request_id=one.request_id)
    providers = gather_providers(ordered, childminders, mams, facilities, law=law)
    _check_wishes(ordered, providers)
    family, provider, minutes = _pairs_in_reach(ordered, providers, times, limit_min)
    questions = [ask(providers.minders_registry, request, today, law) for request in ordered]
    needs = Needs([question.need for question in questions]) if ordered else None
    parts = [_held_options(providers, ordered, times)]
    if needs is not None:
        inside = provider < providers.childminders
        parts.append(
            _minder_options(
                providers, questions, needs, family[inside], provider[inside], minutes[inside]
            )
        )
        parts.append(
            _crib_options(
                providers, questions, family[~inside], provider[~inside], minutes[~inside]
            )
        )
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    options = _sorted_options(ordered, providers, columns, weights)
    reached = set(family.tolist()) | set(providers.held)
    return Case(
        requests=ordered,
        needs=needs,
        providers=providers,
        options=options,
        out_of_reach=frozenset(set(range(len(ordered))) - reached),
        today=today,
        weights=weights,
    )


def _check_wishes(requests: Sequence[Request], providers: Providers) -> None:
    """Refuse a wish for somebody who is nowhere in the files; those without a place may be wished for."""
    known = {*providers.numbers, *providers.mams, *providers.left_out}
    for request in requests:
        for wish in request.wishes:
            if wish not in known:
                raise InputError("wish_unknown", request_id=request.request_id, provider_id=wish)


_Columns = tuple[Whole, Whole, Whole, NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]
"""Family, provider, start, minutes, share of hours, stays."""


def _pairs_in_reach(
    requests: Sequence[Request], providers: Providers, times: TravelTable, limit_min: float
) -> tuple[Whole, Whole, NDArray[np.float64]]:
    """Keep the pairs within the minutes that each family accepts, by family and provider."""
    family_of = {request.request_id: number for number, request in enumerate(requests)}
    families = np.array([family_of.get(one, -1) for one in times.request_ids], dtype=np.int64)
    numbers = np.array(
        [providers.numbers.get(one, -1) for one in times.provider_ids], dtype=np.int64
    )
    limits = np.array(
        [limit_min if r.max_minutes is None else r.max_minutes for r in requests], dtype=np.float64
    )
    if not len(times.minutes) or not len(limits):
        none = np.zeros(0, dtype=np.int64)
        return none, none, np.zeros(0)
    family, provider = families[times.origin], numbers[times.destination]
    kept = (family >= 0) & (provider >= 0)
    kept &= times.minutes <= limits[np.maximum(family, 0)]
    family, provider, minutes = family[kept], provider[kept], times.minutes[kept]
    order = np.lexsort((minutes, provider, family))
    family, provider, minutes = family[order], provider[order], minutes[order]
    first = np.ones(len(family), dtype=np.bool_)
    first[1:] = (family[1:] != family[:-1]) | (provider[1:] != provider[:-1])
    return family[first], provider[first], minutes[first]


def _minder_options(
    providers: Providers,
    questions: Sequence[Question],
    needs: Needs,
    family: Whole,
    provider: Whole,
    minutes: NDArray[np.float64],
) -> _Columns:
    """Judge the pairs with childminders by every rule, and keep the starts on which nothing is refused."""
    shares = np.zeros(len(family))
    holds = np.zeros(len(family), dtype=np.bool_)
    bounds = np.searchsorted(family, np.arange(len(questions) + 1))
    for number, question in enumerate(questions):
        mine = slice(bounds[number], bounds[number + 1])
        if mine.start < mine.stop:
            holds[mine] = question.fixed_rules_hold(provider[mine])
            shares[mine] = question.shares.figures(provider[mine])
    family, provider, minutes, shares = (
        family[holds],
        provider[holds],
        minutes[holds],
        shares[holds],
    )
    latest = needs.start + np.array([q.need.request.start_tolerance_days for q in questions])
    starts = _starts(providers, needs, family, provider, needs.start[family], latest[family])
    there = starts != FOREVER
    columns = [family[there], provider[there], starts[there], minutes[there], shares[there]]
    later = _later_starts(providers, needs, columns, latest)
    return (
        *(np.concatenate((column, more)) for column, more in zip(columns, later, strict=True)),
        np.zeros(len(columns[0]) + len(later[0]), dtype=np.bool_),
    )  # type: ignore[return-value]


def _starts(
    providers: Providers,
    needs: Needs,
    family: Whole,
    provider: Whole,
    earliest: Whole,
    latest: Whole,
) -> Whole:
    """Find first starts, some thousands of pairs at a time."""
    starts = np.full(len(family), FOREVER, dtype=np.int64)
    for first in range(0, len(family), _PAIRS_AT_ONCE):
        some = slice(first, first + _PAIRS_AT_ONCE)
        starts[some] = first_starts(
            providers.minders_registry,
            needs,
            family[some],
            provider[some],
            providers.law,
            earliest=earliest[some],
            latest=latest[some],
        )
    return starts


def _later_starts(
    providers: Providers, needs: Needs, columns: Sequence[NDArray[Any]], latest: Whole
) -> list[NDArray[Any]]:
    """Add starts just after another asking family's care ends: its place may serve a second family then."""
    family, provider, start, minutes, share = columns
    ending = np.flatnonzero(needs.end[family] != FOREVER)
    found: list[tuple[int, int]] = []
    if len(ending):
        ends: dict[int, set[int]] = {}
        for option in ending.tolist():
            ends.setdefault(int(provider[option]), set()).add(int(needs.end[family[option]]) + 1)
        for option in range(len(family)):
            days = ends.get(int(provider[option]))
            if days:
                window = sorted(
                    day for day in days if start[option] < day <= latest[family[option]]
                )
                found.extend((option, day) for day in window[:_EVENTS_OF_TOLERANCE])
    if not found:
        return [column[:0] for column in columns]
    option, day = np.array(found, dtype=np.int64).T
    begins = _starts(
        providers, needs, family[option], provider[option], day, latest[family[option]]
    )
    there = begins != FOREVER
    option, begins = option[there], begins[there]
    return [family[option], provider[option], begins, minutes[option], share[option]]


def _crib_options(
    providers: Providers,
    questions: Sequence[Question],
    family: Whole,
    provider: Whole,
    minutes: NDArray[np.float64],
) -> _Columns:
    """Judge the pairs with crèches by age and opening hours; places are counted when families meet there."""
    starts = np.full(len(family), FOREVER, dtype=np.int64)
    shares = np.zeros(len(family))
    bounds = np.searchsorted(family, np.arange(len(questions) + 1))
    for number, question in enumerate(questions):
        mine = np.arange(bounds[number], bounds[number + 1])
        if len(mine):
            asked = [
                providers.facilities[place - providers.childminders]
                for place in provider[mine].tolist()
            ]
            answers: list[tuple[int, Fraction]] = facility_starts(question, asked)
            starts[mine] = [start for start, _ in answers]
            shares[mine] = [float(share) for _, share in answers]
    there = starts != FOREVER
    return (
        family[there],
        provider[there],
        starts[there],
        minutes[there],
        shares[there],
        np.zeros(int(there.sum()), dtype=np.bool_),
    )


def _held_options(
    providers: Providers, requests: Sequence[Request], times: TravelTable
) -> _Columns:
    """Let every family that holds a place keep it."""
    known = (
        {
            (times.request_ids[origin], times.provider_ids[destination]): minutes
            for origin, destination, minutes in zip(
                times.origin.tolist(),
                times.destination.tolist(),
                times.minutes.tolist(),
                strict=True,
            )
        }
        if providers.held
        else {}
    )
    rows = [
        (
            family,
            place.provider,
            requests[family].start.toordinal(),
            known.get((requests[family].request_id, providers.id_of(place.provider)), np.nan),
        )
        for family, place in sorted(providers.held.items())
    ]
    family, provider, start, minutes = np.array(rows, dtype=np.float64).reshape(-1, 4).T
    whole = (family.astype(np.int64), provider.astype(np.int64), start.astype(np.int64))
    return (*whole, minutes, np.ones(len(rows)), np.ones(len(rows), dtype=np.bool_))


def _sorted_options(
    requests: Sequence[Request],
    providers: Providers,
    columns: Sequence[NDArray[Any]],
    weights: ValueWeights,
) -> Options:
    family, provider, start, minutes, share, stays = columns
    # A family that may keep its place is not asked there a second time.
    held = np.full(len(requests), -1, dtype=np.int64)
    for number, place in providers.held.items():
        held[number] = place.provider
    again = (held[family] == provider) & ~stays if len(family) else stays
    family, provider, start, minutes, share, stays = (column[~again] for column in columns)
    order = np.lexsort((start, provider, family))
    family, provider, start, minutes, share, stays = (
        column[order] for column in (family, provider, start, minutes, share, stays)
    )
    houses = np.array(providers.house, dtype=np.int64)
    return Options(
        family=family,
        provider=provider,
        house=houses[provider] if len(provider) else provider,
        start=start,
        minutes=minutes,
        hours_share=share,
        value=values_of(requests, providers, weights, family, provider, start, minutes, share),
        stays=stays.astype(np.bool_),
    )
