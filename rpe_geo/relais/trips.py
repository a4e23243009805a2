"""
The trips of a day with one provider: there in the morning, back in the evening, and between the provider and a school.

They inform; the rules and the ranking do not read them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import time

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpe_geo.crs import WGS84
from rpe_geo.domain import Facility, Request, TravelMode
from rpe_geo.protocols import TravelTimeEngine
from rpe_geo.relais.book import ProviderBook
from rpe_geo.relais.location import Located
from rpe_geo.schedule import QUARTERS_PER_DAY, Timetable
from rpe_geo.verdicts import SchoolTrip, TripSide

__all__ = ["evening_sides", "last_returns", "leaving_times", "school_trips", "schools_of"]

_LONGEST_MIN = 720.0


def leaving_times(schedule: Timetable) -> tuple[time, time]:
    """
    Tell when a family travels: the hours at which care most often begins and ends.

    Parameters
    ----------
    schedule
        The hours asked, at least one.

    Returns
    -------
    tuple of time
        Local clock times; those of public transport depend on them.
    """
    days = [spans for week in schedule.weeks for spans in week.days if spans]
    begins, ends = (
        Counter(quarters).most_common(1)[0][0] % QUARTERS_PER_DAY
        for quarters in ([spans[0].begin for spans in days], [spans[-1].end for spans in days])
    )
    return time(begins // 4, begins % 4 * 15), time(ends // 4, ends % 4 * 15)


def schools_of(request: Request, book: ProviderBook) -> list[tuple[str, Facility]]:
    """
    Find the schools that the children of a request are fetched at.

    Parameters
    ----------
    request
        Schools are named by their id or by their name, as written.
    book
        The places of the registry.

    Returns
    -------
    list of tuple
        The school as asked, and the place: those of which the registry knows exactly one place, once each.
    """
    asked = dict.fromkeys(child.school for child in request.children if child.school is not None)
    return [(name, book.schools[name]) for name in asked if name in book.schools]


def evening_sides(
    located: Located, stops: gpd.GeoSeries, engine: TravelTimeEngine
) -> list[TripSide]:
    """
    Compute the way back from each of some providers, fetching the child on it.

    Parameters
    ----------
    located
        The request and its places.
    stops
        Providers that the engine reaches, EPSG:4326.
    engine
        How times are computed.

    Returns
    -------
    list of TripSide
        Work → provider → home when work is given, provider → home otherwise; in the order of `stops`.
    """
    request, count = located.request, len(stops)
    leaves = leaving_times(request.schedule)[1]
    if located.work is None:
        home = gpd.GeoSeries([located.home], index=["home"], crs=WGS84)
        back = engine.travel_times(
            stops, home, mode=request.mode, cutoff_min=_LONGEST_MIN, departure=leaves
        )
        return [TripSide(from_provider_min=_known(minutes)) for minutes in back.to_numpy()[:, 0]]
    legs = engine.detour_times(
        located.work,
        stops,
        located.home,
        mode=request.mode,
        cutoff_min=_LONGEST_MIN,
        departure=leaves,
    )
    columns = ("to_stop_min", "stop_to_work_min", "direct_min", "detour_min")
    table = legs[list(columns)].to_numpy()
    return [TripSide(*(_known(minutes) for minutes in table[number])) for number in range(count)]


def last_returns(
    located: Located, stops: gpd.GeoSeries, evenings: Sequence[TripSide], engine: TravelTimeEngine
) -> list[time | None]:
    """
    Tell when one must leave some providers at the latest to be carried home.

    Parameters
    ----------
    located
        The request and its places.
    stops
        Providers that the engine reaches, EPSG:4326.
    evenings
        The way back from each.
    engine
        How times are computed.

    Returns
    -------
    list of time or None
        Local clock times of an ordinary Tuesday, perhaps after midnight; None for another mode, where nothing runs, and where
        one walks home as fast.
    """
    nobody: list[time | None] = [None] * len(stops)
    if located.request.mode != "transit":
        return nobody
    home = gpd.GeoSeries([located.home], index=["home"], crs=WGS84)
    walked = engine.travel_times(stops, home, mode="walk", cutoff_min=_LONGEST_MIN)
    last = engine.last_return(stops, located.home)
    return [
        None if pd.isna(moment) or on_foot <= (side.from_provider_min or np.inf) else moment.time()
        for moment, side, on_foot in zip(last, evenings, walked.to_numpy()[:, 0], strict=True)
    ]


def school_trips(
    located: Located,
    book: ProviderBook,
    engine: TravelTimeEngine,
    rows: NDArray[np.intp],
    *,
    mode: TravelMode,
) -> list[tuple[SchoolTrip, ...]]:
    """
    Compute the trips between some providers and the schools of the children.

    Parameters
    ----------
    located
        The request and its places.
    book
        The providers and the schools.
    engine
        How times are computed.
    rows
        Providers by row of the book.
    mode
        How a child is taken to school and fetched.

    Returns
    -------
    list of tuple of SchoolTrip
        In the order of `rows`; nothing where the school or a way to it is not known.
    """
    found: list[tuple[SchoolTrip, ...]] = [()] * len(rows)
    schools = schools_of(located.request, book)
    if not schools or mode not in engine.modes:
        return found
    places = gpd.GeoSeries.from_xy(
        [school.longitude for _, school in schools],
        [school.latitude for _, school in schools],
        crs=WGS84,
    )
    near = np.flatnonzero(engine.serves(places, mode=mode))
    served = np.flatnonzero(np.isin(rows, book.served(engine, mode)))
    if not near.size or not served.size:
        return found
    ends = book.points.iloc[rows[served]], places.iloc[near]
    there = engine.travel_times(*ends, mode=mode, cutoff_min=_LONGEST_MIN).to_numpy()
    back = engine.travel_times(*ends[::-1], mode=mode, cutoff_min=_LONGEST_MIN).to_numpy().T
    for number, provider in enumerate(served.tolist()):
        found[provider] = tuple(
            SchoolTrip(asked, school.facility_id, school.name, mode, float(to), float(fro))
            for (asked, school), to, fro in zip(
                (schools[one] for one in near), there[number], back[number], strict=True
            )
            if np.isfinite(to) and np.isfinite(fro)
        )
    return found


def _known(minutes: float) -> float | None:
    """Minutes, or None where there is no way."""
    return float(minutes) if np.isfinite(minutes) else None
