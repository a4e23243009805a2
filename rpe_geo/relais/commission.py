"""The commission of a relais: its open requests, everybody in its registry, the times of its territory."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np

from rpe_geo.commission.case import TravelTable
from rpe_geo.crs import WGS84
from rpe_geo.desk.casework import CLOSED
from rpe_geo.domain import Request
from rpe_geo.errors import InputError
from rpe_geo.protocols import Geocoder, TravelTimeEngine
from rpe_geo.relais.book import ProviderBook
from rpe_geo.relais.casework import Casework
from rpe_geo.relais.location import Located, locate

__all__ = ["open_requests", "travel_table"]

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
