"""The commission of a relais: its open requests, everybody in its registry, the times of its territory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np

from rpe_geo.commission.bareme import parse_bareme
from rpe_geo.commission.case import TravelTable
from rpe_geo.commission.fixes import Fix
from rpe_geo.commission.policies import POLICIES, Policy
from rpe_geo.commission.run import Ask, Assignment, assign, shown_by
from rpe_geo.crs import WGS84
from rpe_geo.desk.casework import CLOSED
from rpe_geo.domain import Request
from rpe_geo.errors import InputError
from rpe_geo.formats.assignments import assignment_json
from rpe_geo.parameters import parameter_table
from rpe_geo.protocols import Geocoder, TravelTimeEngine
from rpe_geo.relais.book import ProviderBook
from rpe_geo.relais.casework import Casework
from rpe_geo.relais.location import Located, locate

__all__ = ["Gathered", "gather", "open_requests", "results_of", "travel_table", "work_out"]

_ORIGINS_AT_ONCE = 500


def open_requests(casework: Casework) -> list[Request]:
    """Return the requests that still look for a place."""
    return [case.request for case in casework.inbox() if case.status not in CLOSED]


def travel_table(
    requests: Sequence[Request],
    book: ProviderBook,
    engine: TravelTimeEngine,
    geocoder: Geocoder | None,
    *,
    limit_min: float,
    accept_review: bool = False,
) -> tuple[TravelTable, list[tuple[Request, InputError]]]:
    """
    Measure the way from every family to everybody in its reach.

    Parameters
    ----------
    requests
        With addresses or coordinates.
    book
        The providers.
    engine, geocoder
        Of the territory.
    limit_min
        Minutes accepted by families that gave no limit.
    accept_review
        Take the best guess of a doubtful address.

    Returns
    -------
    table : TravelTable
        Its origins are the requests, in order.
    left_out : list of (Request, InputError)
        Families whose home is not known, and why: they can be told nothing.
    """
    placed: list[tuple[int, Located]] = []
    left_out = []
    for number, request in enumerate(requests):
        try:
            placed.append((number, locate(request, geocoder, accept_review=accept_review)))
        except InputError as error:
            left_out.append((request, error))
    origins, destinations, minutes = [], [], []
    for mode in sorted({located.request.mode for _, located in placed}):
        mine = [(number, located) for number, located in placed if located.request.mode == mode]
        rows = book.served(engine, mode)
        stops = book.points.iloc[rows]
        cutoff = max(located.request.max_minutes or limit_min for _, located in mine)
        for first in range(0, len(mine) if len(rows) else 0, _ORIGINS_AT_ONCE):
            some = mine[first : first + _ORIGINS_AT_ONCE]
            homes = gpd.GeoSeries([located.home for _, located in some], crs=WGS84)
            times = engine.travel_times(homes, stops, mode=mode, cutoff_min=min(cutoff, 720.0))
            found = times.to_numpy()
            origin, column = np.nonzero(np.isfinite(found))
            origins.append(np.array([number for number, _ in some])[origin])
            destinations.append(rows[column])
            minutes.append(found[origin, column])
    none = np.zeros(0, dtype=np.int64)
    table = TravelTable(
        [request.request_id for request in requests],
        list(book.profiles.provider_ids[: book.judged]),
        np.concatenate(origins).astype(np.int64) if origins else none,
        np.concatenate(destinations).astype(np.int64) if destinations else none,
        np.concatenate(minutes).astype(np.float64) if minutes else np.zeros(0),
    )
    return table, left_out


@dataclass(frozen=True)
class Gathered:
    """
    What a commission of the relais decides on.

    Parameters
    ----------
    requests
        Open, those whose home is not known included.
    childminders, mams, facilities
        The registry.
    times
        Minutes within reach.
    left_out
        Request id to why it can be told nothing.
    """

    requests: Sequence[Request]
    childminders: Sequence[Any]
    mams: Sequence[Any]
    facilities: Sequence[Any]
    times: TravelTable
    left_out: Mapping[str, InputError]


def gather(
    casework: Casework,
    engine: TravelTimeEngine | None,
    geocoder: Geocoder | None,
    today: date,
) -> Gathered:
    """
    Gather the open requests, the registry, and the ways between them.

    Raises
    ------
    InputError
        Without streets: no way can be measured.
    """
    if engine is None:
        raise InputError("assign_needs_files")
    store = casework.repository
    records = (store.childminders(), store.mams(), store.facilities())
    asked = open_requests(casework)
    times, left_out = travel_table(
        asked,
        ProviderBook.compile(*records),
        engine,
        geocoder,
        limit_min=float(parameter_table("suggest", today)["max_minutes_default"]),
    )
    return Gathered(
        asked, *records, times, {request.request_id: error for request, error in left_out}
    )


def work_out(
    gathered: Gathered,
    content: Mapping[str, Any],
    today: date,
    *,
    policy: Policy = "points",
    compare: bool = True,
    near: bool = False,
    time_limit_s: float = 60.0,
    told: Callable[[str], None] = lambda _: None,
) -> Assignment:
    """
    Work a kept commission out.

    Parameters
    ----------
    gathered
        Families and places.
    content
        Of a `KeptCommission`.
    today
        Day of the parameters.
    policy
        Which one is shown.
    compare
        Whether all are run.
    near
        Move as few families as possible from the results that are kept.
    time_limit_s
        Of the search.
    told
        Called with each policy that is done.
    """
    previous = None
    if near and content.get("results"):
        shown = content["results"][policy]
        previous = {one["request_id"]: one["provider_id"] for one in shown["assignments"]}
    known = {one.request_id for one in gathered.requests}
    ask = Ask(
        policy=policy,
        compare=compare and previous is None,
        bareme=parse_bareme(content["bareme"], "barème"),
        # A family that took its request back meanwhile has nothing decided any more.
        fixes=tuple(
            Fix(one["request_id"], one["provider_id"], one["reason"])
            for one in content.get("fixes", ())
            if one["request_id"] in known
        ),
        previous=previous,
        seed=int(content["seed"]),
        time_limit_s=time_limit_s,
    )
    return assign(
        gathered.requests,
        gathered.childminders,
        gathered.mams,
        gathered.facilities,
        times=gathered.times,
        ask=ask,
        today=today,
        told=told,
    )


def results_of(found: Assignment) -> dict[str, Any]:
    """Write every policy that was run, each with its own reasons and waiting list."""
    run = {one.policy for one in found.outcomes}
    return {
        policy: assignment_json(shown_by(found, policy)) for policy in POLICIES if policy in run
    }
