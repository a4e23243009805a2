"""
What the coming years ask for, by zone: children, places that remain, places that will be missing, recruits, with intervals.

Children and the places of childminders are drawn together; what is missing is the coverage aimed at minus what remains. Places of
crèches and others stay as they are: what will open is a scenario, not a projection.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpe_geo.errors import InputError
from rpe_geo.parameters import ParameterTable
from rpe_geo.planning.births import BirthsForecast
from rpe_geo.planning.departures import ApprovalsTrend

__all__ = [
    "Bounds",
    "Kept",
    "Projection",
    "kept_by_registry",
    "kept_by_trend",
    "project",
    "training_calendar",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Kept:
    """
    Share of today's childminder places that remains.

    Parameters
    ----------
    mean, error
        Mean and standard error of the share, axes (zone, year).
    basis
        `registry`, `departement` or `national`.
    common
        Whether all zones miss together (a trend) or each by itself (persons).
    """

    mean: Floats
    error: Floats
    basis: str
    common: bool


@dataclass(frozen=True)
class Bounds:
    """Expected amounts and their interval; axes (zone, year)."""

    expected: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Projection:
    """
    A projection of every zone, and of them all together in the last row.

    Parameters
    ----------
    years
        Axis (year).
    target
        Places for 100 children aimed at.
    level
        Share of cases within the intervals.
    children, childminder_places, missing, recruits
        By zone and year.
    """

    zones: pd.Index
    years: tuple[int, ...]
    target: float
    level: float
    basis: str
    children: Bounds
    childminder_places: Bounds
    missing: Bounds
    recruits: Bounds


def kept_by_trend(
    trend: ApprovalsTrend, departements: pd.Series, start: int, years: tuple[int, ...]
) -> Kept:
    """
    Let places follow the trend of approvals of their département.

    Parameters
    ----------
    trend
        See `approvals_trend`.
    departements
        By zone.
    start
        Year of the places.
    years
        Years asked for.

    Returns
    -------
    Kept
        Share of the places that remains, who arrives counted.
    """
    change = trend.of(departements)
    ahead = np.array([year - start for year in years])
    mean = np.exp(change[:, None] * ahead)
    error = mean * np.array([trend.error_at(int(one)) for one in ahead])
    basis = "national" if trend.last is None else "departement"
    return Kept(mean, error, basis, common=True)


def kept_by_registry(
    zone_of: NDArray[np.int64],
    places: Floats,
    leaving: Floats,
    zones: int,
    *,
    at_least: int,
) -> Kept:
    """
    Let places go with the professionals who leave.

    Parameters
    ----------
    zone_of
        Zone of each professional, −1 outside.
    places
        Of each professional.
    leaving
        See `leaving_shares`.
    zones
        How many zones there are.
    at_least
        Below so many professionals a zone takes the share of the whole: a few persons must not be told, nor carry a figure.

    Returns
    -------
    Kept
        Share of the places that remains when nobody arrives.
    """
    inside = zone_of >= 0
    zone_of, places, leaving = zone_of[inside], places[inside], leaving[inside]
    if not places.sum() > 0:
        raise InputError("project_registry_empty")
    weight = places[:, None]
    sums = np.zeros((zones, leaving.shape[1]))
    squares = np.zeros_like(sums)
    np.add.at(sums, zone_of, weight * (1 - leaving))
    np.add.at(squares, zone_of, weight**2 * leaving * (1 - leaving))
    total = np.bincount(zone_of, places, minlength=zones)[:, None]
    people = np.bincount(zone_of, minlength=zones)
    mean = sums / np.maximum(total, 1e-9)
    error = np.sqrt(squares) / np.maximum(total, 1e-9)
    few = people < at_least
    mean[few] = sums.sum(axis=0) / places.sum()
    single = np.sqrt(squares.sum(axis=0) / places.sum() / places.mean())
    error[few] = np.maximum(single, np.sqrt(squares.sum(axis=0)) / places.sum())
    return Kept(mean, error, "registry", common=False)


def project(
    zones: pd.DataFrame,
    forecast: BirthsForecast,
    kept: Kept,
    table: ParameterTable,
    *,
    target: float,
    level: float = 0.8,
    draws: int = 2000,
    seed: int = 0,
) -> Projection:
    """
    Draw children and places together, and say what is missing.

    Parameters
    ----------
    zones
        `places_childminder, places_facility, places_other` by code; nan where not published.
    forecast
        Children of the same codes, in the same order.
    kept
        Of the same zones and years.
    table
        Parameters of planning.
    target
        Places for 100 children.
    level
        Share of cases within the intervals.
    draws, seed
        Of the draws: same seed, same bits.

    Returns
    -------
    Projection
        nan where births or places are not known; the last row is the sum of the zones that are known.

    Raises
    ------
    InputError
        For a target or a level that cannot be, or when no zone has both births and places.
    """
    if not 0 < target <= 200:
        raise InputError("project_target", given=target)
    if not 0.5 <= level < 1:
        raise InputError("project_level", given=level)
    places = zones[["places_childminder", "places_facility", "places_other"]].to_numpy(np.float64)
    known = np.isfinite(places).all(axis=1) & np.isfinite(forecast.mean).all(axis=1)
    if not known.any():
        raise InputError("project_nothing_known")
    rows = np.flatnonzero(known).tolist()
    generator = np.random.default_rng(seed)
    shape = (len(zones) + 1, len(forecast.years))
    names = ("children", "childminder_places", "missing", "recruits")
    found = {name: tuple(np.full(shape, np.nan) for _ in range(3)) for name in names}
    per_recruit = float(table["places_per_recruit"])
    tail = (1 - level) / 2
    shock = generator.standard_normal(draws)
    last = forecast.observed_to
    for at, year in enumerate(forecast.years):
        whole = {name: np.zeros(draws) for name in ("places", "other")}

        for row in rows:
            mean = float(forecast.mean[row, at])
            children = forecast.known[row, at] + _gamma(
                generator, mean, float(forecast.variance[row, at]), draws
            )
            normal = shock if kept.common else generator.standard_normal(draws)
            share = _lognormal(kept.mean[row, at], kept.error[row, at], normal)
            minder = places[row, 0] * (share if kept.common else np.minimum(share, 1.0))
            other = places[row, 1] + places[row, 2]
            missing = np.maximum(target / 100 * children - minder - other, 0.0)
            drawn = (children, minder, missing, np.ceil(missing / per_recruit))
            for name, values in zip(names, drawn, strict=True):
                _fill(found[name], row, at, values, tail)
            whole["places"] += minder
            whole["other"] += other
        # The whole has its own uncertainty: errors of communes partly make up for each other, those of a bad year do not.
        mean = float(forecast.mean[rows, at].sum())
        variance = float(
            (forecast.whole or forecast.errors).variance(np.array([mean]), year - last)[0]
        )
        children = forecast.known[rows, at].sum() + _gamma(generator, mean, variance, draws)
        missing = np.maximum(target / 100 * children - whole["places"] - whole["other"], 0.0)
        drawn = (children, whole["places"], missing, np.ceil(missing / per_recruit))
        for name, values in zip(names, drawn, strict=True):
            _fill(found[name], len(zones), at, values, tail)
    bounds: Callable[[str], Bounds] = lambda name: Bounds(*found[name])  # noqa: E731 - four of one kind
    return Projection(
        zones.index,
        forecast.years,
        target,
        level,
        kept.basis,
        bounds("children"),
        bounds("childminder_places"),
        bounds("missing"),
        bounds("recruits"),
    )


def _gamma(generator: np.random.Generator, mean: float, variance: float, draws: int) -> Floats:
    if mean <= 0:
        return np.zeros(draws)
    return generator.gamma(mean**2 / variance, variance / mean, draws)


def _lognormal(mean: float, error: float, normal: Floats) -> Floats:
    if mean <= 0:
        return np.zeros_like(normal)
    width = math.sqrt(math.log1p((error / mean) ** 2))
    return np.asarray(mean * np.exp(width * normal - width**2 / 2))


def _fill(bounds: tuple[Floats, ...], row: int, at: int, values: Floats, tail: float) -> None:
    expected, low, high = bounds
    expected[row, at] = values.mean()
    low[row, at], high[row, at] = np.quantile(values, [tail, 1 - tail])


def training_calendar(
    recruits: Floats, years: tuple[int, ...], table: ParameterTable, *, today: date
) -> list[dict[str, object]]:
    """
    Say when to look for people so that they care for children in September.

    Parameters
    ----------
    recruits
        Recruits needed in all, axis (year).
    years
        Axis (year).
    table
        Parameters of planning.
    today
        What should have begun before is said to be late.

    Returns
    -------
    list
        A step per year: `year, recruits` (more than the year before), `sessions`, `meetings_from, requests_by, approvals_by,
        training_by` (first days of a month) and `late`.
    """
    steps: list[dict[str, object]] = []
    reached = 0
    for at, year in enumerate(years):
        if not np.isfinite(recruits[at]):
            continue
        wanted = math.ceil(float(recruits[at]) - 1e-9)
        more = max(wanted - reached, 0)
        reached = max(reached, wanted)
        open_on = year * 12 + 8
        trained = open_on
        approved = trained - int(table["training_months"])
        asked = approved - int(table["approval_months"])
        met = asked - 3
        when = [date(month // 12, month % 12 + 1, 1) for month in (met, asked, approved, trained)]
        steps.append(
            {
                "year": year,
                "recruits": more,
                "sessions": math.ceil(more / int(table["training_group"])),
                "meetings_from": when[0],
                "requests_by": when[1],
                "approvals_by": when[2],
                "training_by": when[3],
                "late": more > 0 and when[1] < today,
            }
        )
    return steps
