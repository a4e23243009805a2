"""The use cases, each a paragraph, behind one thin `Relais`."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import TracebackType
from typing import Any, Self

import geopandas as gpd
import pandas as pd
from shapely import Point

from rpe_geo.domain import Request
from rpe_geo.errors import InputError
from rpe_geo.matching.exposure import audit_exposure
from rpe_geo.matching.feasibility import evaluate
from rpe_geo.protocols import (
    AddressQuery,
    Geocoded,
    Geocoder,
    Mode,
    Progress,
    Repository,
    Route,
    TravelTimeEngine,
)
from rpe_geo.relais.book import ProviderBook
from rpe_geo.relais.location import locate
from rpe_geo.relais.suggest import Suggestions, scores_of, suggest
from rpe_geo.relais.trips import leaving_times
from rpe_geo.verdicts import Verdict

__all__ = ["Relais"]


@dataclass
class Relais:
    """
    One RPE at work: its registry, its geocoder, its travel times.

    Parameters
    ----------
    repository
        The registry.
    geocoder, travel
        None where the territory has no addresses, or no streets: what needs them says so.
    sources
        What must be cited with every result.
    """

    repository: Repository
    geocoder: Geocoder | None = None
    travel: TravelTimeEngine | None = None
    sources: Sequence[Any] = ()
    _book: ProviderBook | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back the database and the files."""
        self.repository.close()
        close = getattr(self.geocoder, "close", None)
        if close is not None:
            close()

    @property
    def engine(self) -> TravelTimeEngine:
        """The travel-time engine, or `InputError` where there is none."""
        if self.travel is None:
            raise InputError("travel_engine_missing")
        return self.travel

    def book(self) -> ProviderBook:
        """Return the providers, compiled; read again only when the registry changed."""
        version = self.repository.version()
        with self._lock:
            if self._book is None or self._book.version != version:
                self._book = ProviderBook.read(self.repository)
            return self._book

    def suggest(
        self,
        request: Request,
        *,
        today: date,
        limit: int = 10,
        accept_review: bool = False,
    ) -> Suggestions:
        """
        Rank who can take the children of a request; see `rpe_geo.relais.suggest`.

        Parameters
        ----------
        request
            A family's need, with an address or coordinates.
        today
            Day of the parameters in force and of freshness.
        limit
            How many suggestions are wanted.
        accept_review
            Take the best guess of a doubtful address.

        Returns
        -------
        Suggestions
            Nobody feasible is a result.

        Raises
        ------
        AddressNotFound, AmbiguousAddress
            When the address leaves a doubt.
        InputError
            Without streets, for an unknown preference, or a place far from every street.
        """
        if limit < 1:
            raise InputError("limit_not_positive", value=limit)
        engine = self.engine
        located = locate(request, self.geocoder, accept_review=accept_review)
        return suggest(located, self.book(), engine, today=today, limit=limit)

    def exposure(
        self,
        requests: Sequence[Request],
        *,
        today: date,
        limit: int = 10,
        progress: Progress | None = None,
    ) -> tuple[pd.DataFrame, list[tuple[Request, InputError]]]:
        """
        Audit how often each professional is shown, at equal merit; see `rpe_geo.matching.exposure`.

        Parameters
        ----------
        requests
            The needs over which exposure is counted.
        today, limit
            As for `suggest`.
        progress
            Told how many requests are done.

        Returns
        -------
        counted : DataFrame
            Indexed by provider id.
        left_out : list of (Request, InputError)
            Requests without an answer, and why.
        """
        scored, left_out = [], []
        for number, request in enumerate(requests):
            if progress is not None:
                progress("exposure", number, len(requests))
            try:
                scored.append(scores_of(self.suggest(request, today=today, limit=limit)))
            except InputError as error:
                left_out.append((request, error))
        return audit_exposure(scored, limit=limit), left_out

    def check(self, requests: Sequence[Request], *, today: date) -> list[Verdict]:
        """Judge every provider of the registry against each request, without travel."""
        registry = self.book().registry
        return [
            verdict
            for request in requests
            for verdict in evaluate(registry, request, today=today, with_relaxations=True)
        ]

    def geocode(self, addresses: Sequence[AddressQuery]) -> list[Geocoded]:
        """Find the place of each address."""
        return self._addresses().geocode(addresses)

    def autocomplete(
        self, text: str, *, limit: int = 6, near: Point | None = None
    ) -> list[Geocoded]:
        """Complete an address that is being typed."""
        return self._addresses().autocomplete(text, limit=limit, near=near)

    def reverse(self, point: Point) -> Geocoded:
        """Find the nearest address of a point (EPSG:4326)."""
        return self._addresses().reverse(point)

    def isochrones(
        self, origin: Point, *, mode: Mode, minutes: Sequence[float]
    ) -> gpd.GeoDataFrame:
        """Draw what is reached from a point within each number of minutes."""
        return self.engine.isochrones(origin, mode=mode, minutes=minutes)

    def routes(self, answer: Suggestions) -> Mapping[tuple[str, str], Route]:
        """Trace the way from home to each provider suggested, by (kind, id)."""
        book = self.book()
        keys = [(s.verdict.provider_kind, s.verdict.provider_id) for s in answer.suggestions]
        if not keys:
            return {}
        stops = book.points.iloc[[book.row(*key) for key in keys]]
        mode, leaves = answer.request.mode, leaving_times(answer.request.schedule)[0]
        routes = self.engine.routes(answer.home, stops, mode=mode, departure=leaves)
        return dict(zip(keys, routes, strict=True))

    def _addresses(self) -> Geocoder:
        if self.geocoder is None:
            raise InputError("address_without_geocoder")
        return self.geocoder
