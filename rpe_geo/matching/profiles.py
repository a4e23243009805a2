"""What the ranking needs to know of every provider, read once into arrays: wishes, dates, the use of each place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from rpe_geo.domain import Childminder, Facility, Mam, ProviderKind, Request, months_after
from rpe_geo.matching.candidates import Candidates
from rpe_geo.matching.occupation import (
    WORDS_PER_WEEK,
    Cycles,
    Occupations,
    count_quarters,
    lay_end_to_end,
    pack_week,
)
from rpe_geo.matching.preferences import LANGUAGE_WISH, WISHES, wishes_of
from rpe_geo.matching.unknowns import hours_unknown, places_unknown
from rpe_geo.parameters import ParameterTable
from rpe_geo.rules.compiled import Registry
from rpe_geo.schedule import QUARTERS_PER_WEEK, REFERENCE_MONDAY, Timetable, monday_of
from rpe_geo.verdicts import Verdict

__all__ = ["Profiles"]

_NO_DAY = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class Profiles:
    """
    Every provider of a registry as arrays; compile once per version of the registry.

    Rows are the childminders, then the facilities, as in a compiled registry, then the MAM; each in the order given.
    """

    provider_kinds: tuple[ProviderKind, ...]
    provider_ids: tuple[str, ...]
    places_offered: NDArray[np.int64]
    confirmed_on: NDArray[np.datetime64]
    valid_until: NDArray[np.datetime64]
    age_max_months: NDArray[np.int64]
    attributes: dict[str, NDArray[np.float64]]
    weeks: NDArray[np.uint64]
    working_first: NDArray[np.intp]
    working_length: NDArray[np.int64]
    contracts: Occupations
    declared: Occupations
    knows_contracts: NDArray[np.bool_]
    hours_unknown: NDArray[np.bool_]
    places_unknown: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.provider_ids)

    @cached_property
    def _ids(self) -> NDArray[np.object_]:
        return np.array(self.provider_ids, dtype=object)

    @cached_property
    def _kinds(self) -> NDArray[np.object_]:
        return np.array(self.provider_kinds, dtype=object)

    @cached_property
    def _is_childminder(self) -> NDArray[np.bool_]:
        childminder: NDArray[np.bool_] = (self._kinds == "childminder").astype(np.bool_)
        return childminder

    @classmethod
    def compile(cls, registry: Registry) -> Profiles:
        """
        Read a registry into arrays.

        Parameters
        ----------
        registry
            The whole registry, as the rules read it; which of its childminders are asked does not matter.

        Returns
        -------
        Profiles
            One row per provider.
        """
        childminders, mams, facilities = registry.childminders, registry.mams, registry.facilities
        count = len(childminders) + len(mams) + len(facilities)
        whole = replace(registry, rows=np.arange(len(childminders)))
        kinds: list[ProviderKind] = ["childminder"] * len(childminders)
        kinds += ["facility"] * len(facilities)
        kinds += ["mam"] * len(mams)
        cycles = Cycles()
        working = [
            (-1, 1) if hours is None else cycles.add(hours)
            for hours in chain(
                (
                    None if pattern < 0 else registry.patterns.timetables[pattern]
                    for pattern in registry.hours.tolist()
                ),
                (facility.opening_hours for facility in facilities),
                (None for _ in mams),
            )
        ]
        return cls(
            provider_kinds=tuple(kinds),
            provider_ids=(
                *(minder.childminder_id for minder in childminders),
                *(facility.facility_id for facility in facilities),
                *(mam.mam_id for mam in mams),
            ),
            places_offered=np.array(
                [minder.agrement.places_offered for minder in childminders]
                + [0] * (count - len(childminders)),
                dtype=np.int64,
            ),
            confirmed_on=_confirmations(childminders, mams, count),
            valid_until=_days([minder.agrement.valid_until for minder in childminders], count),
            age_max_months=np.array(
                [
                    *([-1] * len(childminders)),
                    *(-1 if f.age_max_months is None else f.age_max_months for f in facilities),
                    *([-1] * len(mams)),
                ],
                dtype=np.int64,
            ),
            attributes=_attributes(childminders, mams, facilities),
            contracts=_contracts(childminders, count, cycles),
            declared=_declared(childminders, count, cycles),
            knows_contracts=np.array(
                [minder.contracts is not None for minder in childminders]
                + [False] * (count - len(childminders)),
                dtype=np.bool_,
            ),
            hours_unknown=np.concatenate(
                (hours_unknown(whole), np.ones(len(mams), dtype=np.bool_))
            ),
            places_unknown=np.concatenate(
                (places_unknown(whole), np.ones(len(mams), dtype=np.bool_))
            ),
            working_first=np.array([first for first, _ in working], dtype=np.intp),
            working_length=np.array([length for _, length in working], dtype=np.int64),
            weeks=cycles.table(),
        )

    def candidates(  # noqa: PLR0913 - aligned arrays
        self,
        rows: NDArray[np.intp],
        request: Request,
        *,
        scoring: ParameterTable,
        start: NDArray[np.datetime64],
        hours_share: NDArray[np.float64],
        travel_min: NDArray[np.float64],
        verdict_of: Callable[[int], Verdict],
        detour_min: NDArray[np.float64] | None = None,
        distance_m: NDArray[np.float64] | None = None,
    ) -> Candidates:
        """
        Gather what the ranking of some rows needs.

        Parameters
        ----------
        rows
            Row numbers of the feasible providers; the other arrays are aligned with them.
        request
            The family's need.
        scoring
            The table `scoring` in force.
        start, hours_share, travel_min, detour_min, distance_m
            As in `Candidates`.
        verdict_of
            Gives the verdict of a position in `rows`.

        Returns
        -------
        Candidates
            Ready for `rank`.
        """
        packing, part_used = self.packing(rows, request, scoring=scoring)
        return Candidates(
            provider_kinds=self._kinds[rows].tolist(),
            provider_ids=self._ids[rows].tolist(),
            start=start,
            hours_share=hours_share,
            travel_min=travel_min,
            verdict_of=verdict_of,
            detour_min=detour_min,
            distance_m=distance_m,
            confirmed_on=self.confirmed_on[rows],
            continuity_until=self.continuity_until(rows, request),
            packing=packing,
            part_used=part_used,
            wishes={name: self.wish(name)[rows] for name in wishes_of(request.preferences)},
            hours_unknown=self.hours_unknown[rows],
            places_unknown=self.places_unknown[rows],
        )

    def wish(self, name: str) -> NDArray[np.float64]:
        """Say how far every provider meets a wish, 0 to 1; nan when not known."""
        if name in self.attributes:
            return self.attributes[name]
        return np.where(self.attributes["speaks"] > 0, 0.0, np.nan)

    def continuity_until(self, rows: NDArray[np.intp], request: Request) -> NDArray[np.datetime64]:
        """Return the last day before the agrément ends or the oldest child is too old; NaT when nothing ends care."""
        until = self.valid_until[rows].copy()
        oldest = min(child.birth_date for child in request.children)
        ages = self.age_max_months[rows]
        for months in np.unique(ages[ages >= 0]):
            until[ages == months] = months_after(oldest, int(months)) - timedelta(days=1)
        return until

    def working_bits(self, rows: NDArray[np.intp], day: date) -> NDArray[np.uint64]:
        """Return the packed working or opening hours in force on a day, shape (11, n); all hours when not known."""
        weeks = (monday_of(day) - REFERENCE_MONDAY).days // 7
        first = self.working_first[rows]
        always = pack_week(np.ones(QUARTERS_PER_WEEK, dtype=np.bool_))
        if not self.weeks.size:
            return np.repeat(always[:, None], len(rows), axis=1)
        bits = self.weeks[:, first + weeks % self.working_length[rows]]
        bits[:, first < 0] = always[:, None]
        return bits

    def free_bits(self, rows: NDArray[np.intp], day: date, *, children: int) -> NDArray[np.uint64]:
        """
        Pack the hours of a day's week at which children could still be taken, as far as places tell.

        Parameters
        ----------
        rows
            Row numbers of childminders and facilities, n of them.
        day
            A day of the week looked at.
        children
            How many come together.

        Returns
        -------
        ndarray of uint64, shape (11, n)
            Hours offered on which the places offered suffice; all opening hours of a facility.
        """
        bits = self.working_bits(rows, day)
        lanes = self._lanes(rows, day)
        # No place is left where at least `full_from` children are present already.
        full_from = self.places_offered[rows] - children + 1
        minder = self._is_childminder[rows]
        for number, lane in enumerate(lanes):
            full = minder & (np.maximum(full_from, 0) == number)
            bits[:, full] &= ~lane[:, full]
        return bits

    def presence_bits(self, rows: NDArray[np.intp], day: date) -> NDArray[np.uint64]:
        """Pack the hours of a day's week on which a child is there, shape (11, n)."""
        lanes = self._lanes(rows, day)
        return lanes[1] & pack_week(np.ones(QUARTERS_PER_WEEK, dtype=np.bool_))[:, None]

    def packing(
        self, rows: NDArray[np.intp], request: Request, *, scoring: ParameterTable
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """
        Measure how full the place taken would be, in the week of the wanted start.

        At each quarter-hour the children fill the places from the first one up, so a child asked for takes the
        first place that is free at that moment. A place is full at the professional's own working hours or at
        `packing_full_hours` a week, whichever is less.

        Parameters
        ----------
        rows
            Row numbers, n of them.
        request
            The family's need.
        scoring
            The table `scoring` in force.

        Returns
        -------
        packing : ndarray of float, shape (n,)
            Mean, over the asked quarter-hours within working hours, of how full the place taken is; nan where it is not
            known: MAM and facilities, and childminders who told neither their contracts nor their working hours.
        part_used : ndarray of float, shape (n,)
            Part of these quarter-hours on a place that other children use at other hours.
        """
        asked = pack_week(_asked_week(request.schedule))[:, None]
        working = self.working_bits(rows, request.start)
        lanes = self._lanes(rows, request.start)
        # used[k]: working quarter-hours on which place k is used; taken[k]: asked ones on which k children are there.
        used = [count_quarters(working & lane) for lane in lanes]
        reached = [count_quarters(working & asked & lane) for lane in lanes]
        taken = [here - more for here, more in pairwise(reached)]
        full = np.minimum(count_quarters(working), round(4 * scoring["packing_full_hours"]))
        siblings = len(request.children)
        filled = np.zeros(len(rows))
        shared = np.zeros(len(rows))
        for place in range(1, len(taken) + siblings):
            added = sum(taken[max(place - siblings, 0) : place], start=np.zeros_like(full))
            before = used[place] if place < len(used) else np.zeros_like(full)
            filled += added * np.minimum(1.0, (before + added) / np.maximum(full, 1))
            shared += added * (before > 0)
        total = siblings * reached[0]
        childminder = self._is_childminder[rows]
        told = ~self.hours_unknown[rows] | self.knows_contracts[rows]
        known = childminder & told & (total > 0)
        # Whose contracts nobody told may have no place left, or an empty one.
        known &= ~self.places_unknown[rows]
        each = np.where(known, total, np.nan)
        return filled / each, shared / each

    def _lanes(self, rows: NDArray[np.intp], day: date) -> list[NDArray[np.uint64]]:
        """
        Pack where at least k children are present on a day's week, for k from 0 up; each of shape (11, n).

        The last lane is empty: nobody has that many children.
        """
        position, number = self.contracts.of(rows, day)
        active = np.bincount(position, minlength=len(rows))
        turn = np.arange(len(position)) - np.repeat(np.cumsum(active) - active, active)
        week_rows = self.contracts.week_rows(number, day)
        shape = (WORDS_PER_WEEK, len(rows))
        lanes = [np.full(shape, ~np.uint64(0), dtype=np.uint64)]
        for step in range(int(active.max(initial=0))):
            now = turn == step
            present = np.zeros(shape, dtype=np.uint64)
            present[:, position[now]] = self.weeks[:, week_rows[now]]
            lanes.append(np.zeros(shape, dtype=np.uint64))
            for level in range(len(lanes) - 1, 0, -1):
                lanes[level] |= lanes[level - 1] & present
        self._add_declared(lanes, rows, day)
        while len(lanes) > 1 and not lanes[-1].any():
            lanes.pop()
        return [*lanes, np.zeros(shape, dtype=np.uint64)]

    def _add_declared(
        self, lanes: list[NDArray[np.uint64]], rows: NDArray[np.intp], day: date
    ) -> None:
        """Where contracts are not known, take the places not declared free for used ones."""
        position, number = self.declared.of(rows, day)
        unknown = ~self.knows_contracts[rows][position]
        position, number = position[unknown], number[unknown]
        if not len(position):
            return
        told, column = np.unique(position, return_inverse=True)
        shape = (WORDS_PER_WEEK, len(told))
        week_rows = self.declared.week_rows(number, day)
        places = self.declared.places[number]
        free: dict[int, NDArray[np.uint64]] = {}
        for count in np.unique(places):
            hours = free.setdefault(int(count), np.zeros(shape, dtype=np.uint64))
            chosen = places == count
            np.bitwise_or.at(hours.T, column[chosen], self.weeks.T[week_rows[chosen]])
        offered = self.places_offered[rows[told]]
        while len(lanes) <= int(offered.max()):
            lanes.append(np.zeros_like(lanes[0]))
        for level in range(1, int(offered.max()) + 1):
            # At least `level` places are used unless more than `offered - level` are free.
            enough = np.zeros(shape, dtype=np.uint64)
            for declared, hours in free.items():
                enough |= np.where(declared > offered - level, hours, np.uint64(0))
            lanes[level][:, told] = np.where(level <= offered, ~enough, np.uint64(0))


def _asked_week(schedule: Timetable) -> NDArray[np.bool_]:
    """Return the first week of a cycle in which anything is asked."""
    weeks = schedule.slots.reshape(-1, QUARTERS_PER_WEEK)
    week: NDArray[np.bool_] = weeks[int(np.argmax(weeks.any(axis=1)))]
    return week


def _days(values: Sequence[date | None], count: int) -> NDArray[np.datetime64]:
    """Put days into an array, NaT for none and for every provider beyond the childminders."""
    days = np.full(count, _NO_DAY)
    days[: len(values)] = np.array([value or _NO_DAY for value in values], dtype="datetime64[D]")
    return days


def _confirmations(
    childminders: Sequence[Childminder], mams: Sequence[Mam], count: int
) -> NDArray[np.datetime64]:
    """Return when each was last confirmed; a MAM, when the last of its members was."""
    latest: dict[str, date] = {}
    for minder in childminders:
        day = minder.availability_confirmed_on
        if minder.mam_id is not None and day is not None:
            latest[minder.mam_id] = max(day, latest.get(minder.mam_id, day))
    members = [minder.availability_confirmed_on for minder in childminders]
    houses = [latest.get(mam.mam_id) for mam in mams]
    return _days([*members, *([None] * (count - len(members) - len(houses))), *houses], count)


def _attributes(
    childminders: Sequence[Childminder], mams: Sequence[Mam], facilities: Sequence[Facility]
) -> dict[str, NDArray[np.float64]]:
    """Say which wishes each provider meets: 1 yes, 0 no, nan not known."""
    count, minders = len(childminders) + len(mams) + len(facilities), len(childminders)
    table = {name: np.full(count, np.nan) for name in (*WISHES, "speaks")}
    spoken = sorted({code for minder in childminders for code in minder.attributes.languages})
    table |= {f"{LANGUAGE_WISH}{code}": np.full(count, np.nan) for code in spoken}
    for row, minder in enumerate(childminders):
        has = minder.attributes
        table["garden"][row] = np.nan if has.garden is None else has.garden
        table["car"][row] = np.nan if has.car is None else has.car
        table["no_pets"][row] = np.nan if has.pets is None else not has.pets
        table["no_smoker"][row] = np.nan if has.smoker is None else not has.smoker
        table["speaks"][row] = bool(has.languages)
        if has.languages:
            for code in spoken:
                table[f"{LANGUAGE_WISH}{code}"][row] = code in has.languages
    in_mam = np.array([minder.mam_id is not None for minder in childminders], dtype=np.bool_)
    table["mam"][:] = 0.0
    table["mam"][:minders] = in_mam
    table["mam"][minders + len(facilities) :] = 1.0
    table["home"][:] = 0.0
    table["home"][:minders] = ~in_mam
    table["facility"][:] = 0.0
    table["facility"][minders : minders + len(facilities)] = 1.0
    table["speaks"][minders:] = 0.0
    return table


def _contracts(childminders: Sequence[Childminder], count: int, cycles: Cycles) -> Occupations:
    return lay_end_to_end(
        [
            [
                (contract.presence, contract.start, contract.start, contract.end, 1)
                for contract in minder.contracts or ()
            ]
            for minder in childminders
        ],
        count,
        cycles,
    )


def _declared(childminders: Sequence[Childminder], count: int, cycles: Cycles) -> Occupations:
    return lay_end_to_end(
        [
            [
                (free.hours, REFERENCE_MONDAY, free.start, free.until, free.places)
                for free in minder.availabilities or ()
            ]
            for minder in childminders
        ],
        count,
        cycles,
    )
