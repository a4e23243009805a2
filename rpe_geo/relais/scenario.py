"""A scenario replayed: the same rules and travel times on the supply before and after, for the same requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from rpe_geo.crs import WGS84
from rpe_geo.domain import Childminder, Request
from rpe_geo.errors import InputError
from rpe_geo.matching.feasibility import feasible_masks
from rpe_geo.observatory.accessibility import two_step_fca
from rpe_geo.observatory.decay import Decay
from rpe_geo.observatory.pairs import TravelPairs
from rpe_geo.parameters import parameter_table
from rpe_geo.planning.changes import Applied, Scenario, Supply, apply_changes
from rpe_geo.planning.sharing import Options, share_out
from rpe_geo.protocols import Geocoder, Progress, TravelTimeEngine, silent
from rpe_geo.relais.book import ProviderBook
from rpe_geo.relais.location import Located, locate
from rpe_geo.rules.atypical import atypical_hours
from rpe_geo.schedule import QUARTERS_PER_WEEK, monday_of

__all__ = ["Outcome", "ReplayedScenario", "Zones", "replay"]

Key = tuple[str, str]
_USUAL_MIN, _LONGEST_MIN = 60.0, 720.0
"""How far families are searched at least, and how far an engine searches at most."""


@dataclass(frozen=True)
class Zones:
    """Zones whose access is compared: children by zone, a point in each (EPSG:4326), names."""

    children: pd.Series
    points: gpd.GeoSeries
    names: pd.Series
    decay: Decay
    mode: str = "car"


@dataclass(frozen=True)
class Outcome:
    """
    What one supply answers.

    Parameters
    ----------
    solutions
        Provider by request id, places shared out.
    minutes
        Travel time to that provider.
    to_ask
        Requests without a sure solution that have somebody to ask.
    access
        E2SFCA by zone, places per child; None without zones.
    places
        Places of the whole supply.
    """

    solutions: Mapping[str, Key]
    minutes: Mapping[str, float]
    to_ask: frozenset[str]
    access: pd.Series | None
    places: int


@dataclass(frozen=True)
class ReplayedScenario:
    """
    A scenario beside the present.

    Parameters
    ----------
    scenario, applied
        What changes, and the supply then.
    before, after
        What each supply answers to the same requests.
    gained, lost
        Request ids.
    range_gained, range_lost
        5th and 95th percentile over the draws.
    needs
        Need of each request (`full_time`, `part_time`, `atypical`, `adapted`, `siblings`).
    requests
        How many were replayed.
    left_out
        Request ids without a place that could be found.
    draws
        How many.
    """

    scenario: Scenario
    applied: Applied
    before: Outcome
    after: Outcome
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    range_gained: tuple[int, int]
    range_lost: tuple[int, int]
    needs: Mapping[str, str]
    requests: int
    left_out: tuple[str, ...]
    draws: int
    zones: Zones | None = field(default=None, repr=False)


def replay(  # noqa: PLR0913 - two supplies, and how they are asked
    scenarios: Sequence[Scenario],
    supply: Supply,
    requests: Sequence[Request],
    engine: TravelTimeEngine,
    geocoder: Geocoder | None,
    *,
    today: date,
    zones: Zones | None = None,
    ages: Mapping[str, int] | None = None,
    draws: int = 20,
    seed: int = 0,
    progress: Progress = silent,
) -> list[ReplayedScenario]:
    """
    Replay the open requests on the supply before and after each scenario.

    Parameters
    ----------
    scenarios
        Each is applied to the same supply.
    supply
        The providers today.
    requests
        Open requests; those whose place cannot be found are left out and counted.
    engine, geocoder
        Travel times and places.
    today
        Day of the parameters in force.
    zones
        For the access before and after.
    ages
        Year of birth by childminder id.
    draws
        Lots drawn for the ranges.
    seed
        Of the lots.
    progress
        Told how many scenarios are done.

    Returns
    -------
    list of ReplayedScenario
        In the order of the scenarios; the same input gives the same bits.
    """
    located, left_out = _located(requests, geocoder)
    if not located:
        raise InputError("scenario_no_requests", left_out=len(left_out))
    times = _Times(engine, located)
    base = _Side(Applied(supply), located, times, today, zones, engine)
    first = base.outcome(seed, None)
    needs = {one.request.request_id: _need(one.request, today) for one in located}
    replayed = []
    for number, scenario in enumerate(scenarios):
        progress("Scénarios", number, len(scenarios))
        applied = apply_changes(scenario, supply, ages=ages, on=today)
        side = _Side(applied, located, times, today, zones, engine)
        after = side.outcome(seed, first.solutions)
        gains, losses = [], []
        for draw in range(draws):
            shared = base.solutions(seed + 1 + draw, None, moves=False)
            then = side.solutions(seed + 1 + draw, shared, moves=False)
            gains.append(len(then.keys() - shared.keys()))
            losses.append(len(shared.keys() - then.keys()))
        gained = tuple(sorted(after.solutions.keys() - first.solutions.keys()))
        lost = tuple(sorted(first.solutions.keys() - after.solutions.keys()))
        replayed.append(
            ReplayedScenario(
                scenario,
                applied,
                first,
                after,
                gained,
                lost,
                _range(gains, len(gained)),
                _range(losses, len(lost)),
                needs,
                len(located),
                tuple(left_out),
                draws,
                zones,
            )
        )
    return replayed


def _range(counts: list[int], told: int) -> tuple[int, int]:
    """Give the 5th and 95th percentile, the told figure within."""
    if not counts:
        return told, told
    low, high = np.percentile(counts, [5, 95], method="nearest")
    return min(int(low), told), max(int(high), told)


def _located(
    requests: Sequence[Request], geocoder: Geocoder | None
) -> tuple[list[Located], list[str]]:
    located, left_out = [], []
    for request in sorted(requests, key=lambda one: one.request_id):
        try:
            located.append(locate(request, geocoder))
        except InputError:
            left_out.append(request.request_id)
    return located, left_out


def _need(request: Request, today: date) -> str:
    """Say what makes a request hard to answer, the hardest first."""
    if any(child.needs for child in request.children):
        return "adapted"
    if len(request.children) > 1:
        return "siblings"
    if atypical_hours(request.schedule, today).hours_per_week > 0:
        return "atypical"
    weekly = float(request.schedule.quarters_per_week) / 4
    return "full_time" if weekly >= 35 else "part_time"


class _Times:
    """Minutes from every family to every point met so far, searched once per mode and point."""

    def __init__(self, engine: TravelTimeEngine, located: Sequence[Located]) -> None:
        self._engine = engine
        self._by_mode: dict[str, list[int]] = {}
        for number, one in enumerate(located):
            self._by_mode.setdefault(one.request.mode, []).append(number)
        self._located = located
        self._known: dict[tuple[float, float], np.ndarray[Any, Any]] = {}

    def to(self, points: Sequence[tuple[float, float]]) -> np.ndarray[Any, Any]:
        """Return minutes, axes (request, point); inf where not reached."""
        new = [point for point in dict.fromkeys(points) if point not in self._known]
        if new:
            found = np.full((len(self._located), len(new)), np.inf)
            stops = gpd.GeoSeries.from_xy(*zip(*new, strict=True), crs=WGS84)
            for mode, rows in self._by_mode.items():
                homes = gpd.GeoSeries([self._located[row].home for row in rows], crs=WGS84)
                served = self._engine.serves(homes, mode=mode)  # type: ignore[arg-type]
                near = self._engine.serves(stops, mode=mode)  # type: ignore[arg-type]
                if not served.any() or not near.any():
                    continue
                minutes = self._engine.travel_times(
                    homes[served].reset_index(drop=True),
                    stops[near].reset_index(drop=True),
                    mode=mode,  # type: ignore[arg-type]
                    cutoff_min=self._cutoff_min(rows),
                ).to_numpy()
                found[np.ix_(np.array(rows)[served], np.flatnonzero(near))] = minutes
            for column, point in enumerate(new):
                self._known[point] = found[:, column]
        return np.column_stack([self._known[point] for point in points])

    def _cutoff_min(self, rows: Sequence[int]) -> float:
        """Search as far as the family that accepts the longest way."""
        accepted = [self._located[row].request.max_minutes or 0.0 for row in rows]
        return min(_LONGEST_MIN, max(_USUAL_MIN, *accepted))


class _Side:
    """One supply, and what each family could have of it."""

    def __init__(
        self,
        applied: Applied,
        located: Sequence[Located],
        times: _Times,
        today: date,
        zones: Zones | None,
        engine: TravelTimeEngine,
    ) -> None:
        supply = applied.supply
        self.book = ProviderBook.compile(supply.childminders, supply.mams, supply.facilities)
        self.applied, self._zones, self._engine = applied, zones, engine
        self._limit = float(parameter_table("suggest", today)["max_minutes_default"])
        book = self.book
        rows = np.flatnonzero(~np.isnan(book.longitude[: book.judged]))
        points = list(zip(book.longitude[rows].tolist(), book.latitude[rows].tolist(), strict=True))
        minutes = np.full((len(located), book.judged), np.inf)
        if points:
            minutes[:, rows] = times.to(points)
        self._keys = [_key(book, row) for row in range(book.judged)]
        self.options: list[Options] = []
        self._minutes: dict[tuple[str, Key], float] = {}
        self._ask: dict[str, bool] = {}
        masks = feasible_masks(book.registry, [one.request for one in located], today=today)
        for one, away, mask in zip(located, minutes, masks, strict=True):
            self._add(one.request, away, mask.feasible)
        self._free = {
            key: self._free_places(book.provider(row), today) for row, key in enumerate(self._keys)
        }

    def _add(
        self, request: Request, away: np.ndarray[Any, Any], feasible: np.ndarray[Any, Any]
    ) -> None:
        limit = request.max_minutes if request.max_minutes is not None else self._limit
        fits = np.flatnonzero(feasible & (away <= limit))
        fits = fits[np.argsort(away[fits], kind="stable")]
        sure = [
            row
            for row in fits
            if self._keys[row][1] in self.applied.free_places
            or (self._keys[row][0] == "childminder" and not self.book.to_ask[row])
        ]
        name = request.request_id
        for row in fits:
            self._minutes[name, self._keys[row]] = float(away[row])
        self._ask[name] = len(sure) < len(fits)
        weeks = request.schedule.slots.reshape(-1, QUARTERS_PER_WEEK)
        hours = np.asarray(weeks.any(axis=0), dtype=np.bool_)
        self.options.append(
            Options(
                name,
                len(request.children),
                hours,
                tuple(self._keys[row] for row in sure),
                tuple(float(away[row]) for row in sure),
            )
        )

    def _free_places(self, provider: Any, today: date) -> np.ndarray[Any, Any]:
        """Count the places that nobody holds, by quarter-hour of a week some months ahead."""
        if not isinstance(provider, Childminder):
            places = self.applied.free_places.get(provider.facility_id, 0)
            return np.full(QUARTERS_PER_WEEK, places, dtype=np.int16)
        free = np.full(QUARTERS_PER_WEEK, provider.agrement.places_offered, dtype=np.int16)
        for contract in provider.contracts or ():
            if contract.end is None or contract.end >= today + timedelta(days=90):
                week = contract.presence.week_of(monday_of(today), monday_of(contract.start))
                free -= week.slots.astype(np.int16)
        return np.maximum(free, 0)

    def solutions(
        self, seed: int, kept: Mapping[str, Key] | None, *, moves: bool = True
    ) -> dict[str, Key]:
        """Share the places out."""
        return share_out(self.options, self._free, kept=kept, seed=seed, moves=moves)

    def outcome(self, seed: int, kept: Mapping[str, Key] | None) -> Outcome:
        """Share the places out, and measure access."""
        given = self.solutions(seed, kept)
        minutes = {name: self._minutes[name, key] for name, key in given.items()}
        to_ask = frozenset(name for name, ask in self._ask.items() if ask and name not in given)
        supply = self.applied.supply
        places = sum(one.agrement.places_offered for one in supply.childminders)
        places += sum(one.places or 0 for one in self.book.facilities)
        return Outcome(given, minutes, to_ask, self._access(), places)

    def _access(self) -> pd.Series | None:
        zones, book = self._zones, self.book
        if zones is None:
            return None
        rows = np.flatnonzero(~np.isnan(book.longitude[: book.judged]))
        index = pd.Index([":".join(self._keys[row]) for row in rows])
        stops = gpd.GeoSeries.from_xy(
            book.longitude[rows], book.latitude[rows], index=index, crs=WGS84
        )
        stops = stops[self._engine.serves(stops, mode=zones.mode)]  # type: ignore[arg-type]
        places = pd.Series(
            [float(_places(book.provider(int(row)))) for row in rows.tolist()], index=index
        ).reindex(stops.index)
        minutes = self._engine.travel_times(
            zones.points,
            stops,
            mode=zones.mode,  # type: ignore[arg-type]
            cutoff_min=zones.decay.cutoff_min,
        )
        pairs = TravelPairs.from_matrix(minutes)
        return two_step_fca(zones.children, places, pairs, zones.decay)


def _key(book: ProviderBook, row: int) -> Key:
    return str(book.profiles.provider_kinds[row]), str(book.profiles.provider_ids[row])


def _places(provider: Any) -> int:
    if isinstance(provider, Childminder):
        return provider.agrement.places_offered if provider.agrement.status == "active" else 0
    return provider.places or 0
