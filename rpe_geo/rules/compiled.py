"""
A registry as arrays, compiled once and asked many times.

`compile_registry` packs every agrément, contract, own child and declared availability; the laws of this room read
these arrays and never the records. Days are proleptic ordinals; `NEVER` and `FOREVER` stand for no bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rpe_geo.domain import Agrement, Childminder, Facility, Mam
from rpe_geo.rules.patterns import (
    ALWAYS,
    REFERENCE_ORDINAL,
    Patterns,
    PatternTable,
)
from rpe_geo.schedule import Timetable

__all__ = ["FOREVER", "NEVER", "People", "Registry", "compile_registry"]

NEVER = -10_000_000
FOREVER = 10_000_000


@dataclass(frozen=True)
class People:
    """
    Presences of children (or places declared free), sorted by provider.

    Parameters
    ----------
    first
        `first[p]:first[p + 1]` are those of provider p.
    provider, pattern, week_1
        Whose, which hours, and the Monday of week 1 of their cycle.
    start, end
        Days on which spans may begin, inclusive.
    since
        First calendar day that counts, whatever the spans: the birth of an own child.
    birth, third, eleventh
        Birth (NEVER when unknown) and the birthdays that end « under three » and « under eleven ».
    weight
        Children, or places.
    """

    first: NDArray[np.int64]
    provider: NDArray[np.int64]
    pattern: NDArray[np.int64]
    week_1: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    since: NDArray[np.int64]
    birth: NDArray[np.int64]
    third: NDArray[np.int64]
    eleventh: NDArray[np.int64]
    weight: NDArray[np.int64]

    def of(self, providers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """
        List the people of some providers.

        Parameters
        ----------
        providers
            Provider numbers, repeated at will.

        Returns
        -------
        tuple of ndarray of int
            For each person found: its position in `providers`, then its number.
        """
        begin = self.first[providers]
        count = self.first[providers + 1] - begin
        position = np.repeat(np.arange(len(providers)), count)
        step = np.arange(len(position)) - np.repeat(np.cumsum(count) - count, count)
        return position, begin[position] + step

    def only(self, number: int) -> People:
        """Keep one person."""
        first = (np.arange(len(self.first)) > self.provider[number]).astype(np.int64)
        columns = (getattr(self, column.name) for column in fields(self)[1:])
        return People(first, *(column[number : number + 1] for column in columns))


@dataclass(frozen=True)
class Registry:
    """
    Childminders, MAM and facilities, compiled.

    Parameters
    ----------
    rows
        Numbers of the childminders that are asked, in the order of the answers. The others still count: members of
        the same MAM are looked at whoever is asked.
    active_from, active_until
        Days on which care may begin under the agrément (rule `agrement_status`).
    member_from
        Day from which a childminder counts as an active member of her MAM.
    hours
        Pattern in which she takes children; −1 when not known.
    declared
        Whether her availabilities judge `places` (INTERFACES §4bis 23).
    notice
        Days before a start at which she wants to be told.
    leave
        By childminder, the first and last day (ordinals) of each leave.
    knows_contracts
        Whether her record says who her contracts are, be it nobody.
    mam
        Number of the MAM; −1 at home. `mam_first`, `mam_members` list the members, `mam_present_max` and
        `mam_children_max` the limits (−1: unknown MAM, the law's defaults hold), `mam_contracts` counts the contracts.
    cycle
        Weeks after which the hours of a childminder, her contracts included, repeat.
    can
        Capabilities, shape (childminders, words).
    """

    childminders: tuple[Childminder, ...]
    mams: tuple[Mam, ...]
    facilities: tuple[Facility, ...]
    rows: NDArray[np.int64]
    patterns: PatternTable
    contracts: People
    own_children: People
    availabilities: People
    places: NDArray[np.int64]
    places_offered: NDArray[np.int64]
    own_takes_place: NDArray[np.bool_]
    active_from: NDArray[np.int64]
    active_until: NDArray[np.int64]
    member_from: NDArray[np.int64]
    hours: NDArray[np.int64]
    declared: NDArray[np.bool_]
    knows_contracts: NDArray[np.bool_]
    notice: NDArray[np.int64]
    leave: dict[int, tuple[tuple[int, int], ...]]
    consent: NDArray[np.bool_]
    legacy: NDArray[np.bool_]
    mam: NDArray[np.int64]
    mam_first: NDArray[np.int64]
    mam_members: NDArray[np.int64]
    mam_present_max: NDArray[np.int64]
    mam_children_max: NDArray[np.int64]
    mam_contracts: NDArray[np.int64]
    cycle: NDArray[np.int64]
    words: dict[str, int]
    can: NDArray[np.bool_]
    schools: dict[str, NDArray[np.int64]]

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def offers(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Every distinct pattern of hours offered (−1: not known), and which of them each childminder offers."""
        patterns, offered = np.unique(self.hours, return_inverse=True)
        return patterns, offered

    def take(self, indices: Sequence[int] | NDArray[np.int64]) -> Registry:
        """
        Ask only some of the childminders.

        Parameters
        ----------
        indices
            Positions in this registry; their order is that of the answers.

        Returns
        -------
        Registry
            A view that shares every array; no facility is in it.
        """
        return replace(self, rows=self.rows[np.asarray(indices, dtype=np.int64)], facilities=())

    def childminder(self, index: int) -> Childminder:
        """Return the record at a position of this registry."""
        return self.childminders[int(self.rows[index])]


_EPOCH = date(1970, 1, 1).toordinal()


@dataclass
class _Rows:
    """People while they are collected: seven numbers each, one after the other, and births."""

    # Numbers in one list, no tuple a row: a collector of rubbish would walk through all of them again and again.
    numbers: list[int] = field(default_factory=list)
    births: list[int] = field(default_factory=list)

    def people(self, providers: int) -> People:
        provider, pattern, week_1, start, end, since, weight = (
            np.array(self.numbers, dtype=np.int64).reshape(-1, 7).T
        )
        birth = np.array(self.births, dtype=np.int64)
        count = np.bincount(provider, minlength=providers)
        return People(
            np.concatenate(([0], np.cumsum(count))),
            *(provider, pattern, week_1, start, end, since, birth),
            third=_birthday(birth, 3),
            eleventh=_birthday(birth, 11),
            weight=weight,
        )


def _birthday(births: NDArray[np.int64], years: int) -> NDArray[np.int64]:
    """Return the nth birthdays, ordinals; without a birth date (NEVER) a child is under any age for ever."""
    known = births != NEVER
    days = (births[known] - _EPOCH).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    # 29 February, 28 days after the first of its month, runs over to 1 March in common years.
    later = (months + 12 * years).astype("datetime64[D]") + (days - months)
    birthdays = np.full(len(births), FOREVER, dtype=np.int64)
    birthdays[known] = later.astype(np.int64) + _EPOCH
    return birthdays


def _ordinal(day: date | None, otherwise: int) -> int:
    return otherwise if day is None else day.toordinal()


def _active_days(agrement: Agrement) -> tuple[int, int, int]:
    """Return the first and last day on which care may begin, and the first as a member of a MAM."""
    if agrement.status == "active":
        member_from = NEVER
    elif agrement.status == "suspended" and agrement.suspended_until is not None:
        member_from = agrement.suspended_until.toordinal() + 1
    else:
        member_from = FOREVER
    return (
        max(member_from, _ordinal(agrement.valid_from, NEVER)),
        _ordinal(agrement.valid_until, FOREVER),
        member_from,
    )


def _hours_offered(childminder: Childminder) -> Timetable | None:
    """Return when she takes children: her hours, her declared availabilities, or what both allow."""
    declared: Timetable | None = None
    for availability in childminder.availabilities or ():
        declared = availability.hours if declared is None else declared.union(availability.hours)
    if declared is None or childminder.contracts is None:
        return childminder.working_hours if declared is None else declared
    if childminder.working_hours is None:
        return declared
    return childminder.working_hours.intersection(declared)


def compile_registry(
    childminders: Sequence[Childminder],
    mams: Sequence[Mam] = (),
    facilities: Sequence[Facility] = (),
) -> Registry:
    """
    Pack a registry into arrays.

    Parameters
    ----------
    childminders
        Every childminder, in the order of the answers.
    mams
        The MAM known; a `mam_id` without record gets the limits of the law.
    facilities
        Crèches and the like.

    Returns
    -------
    Registry
        What `rpe_geo.matching.feasibility` asks.
    """
    patterns = Patterns()
    always = patterns.number(ALWAYS)
    contracts, own_children, availabilities = _Rows(), _Rows(), _Rows()
    mam_numbers = {mam.mam_id: number for number, mam in enumerate(mams)}
    words: dict[str, int] = {}
    schools: dict[str, list[int]] = {}
    columns: list[int] = []
    can: list[tuple[int, int]] = []
    for number, childminder in enumerate(childminders):
        for contract in childminder.contracts or ():
            start = contract.start.toordinal()
            contracts.births.append(_ordinal(contract.child_birth_date, NEVER))
            contracts.numbers += (
                number,
                patterns.number(contract.presence),
                # Monday 1 January of year 1 is day 1.
                start - (start - 1) % 7,
                start,
                _ordinal(contract.end, FOREVER),
                NEVER,
                1,
            )
        # In a MAM her own children are not on site (INTERFACES §4bis 12): no limit of hers counts them.
        at_home = childminder.mam_id is None
        for child in childminder.own_children if at_home else ():
            birth = child.birth_date.toordinal()
            pattern = always if child.presence is None else patterns.number(child.presence)
            own_children.births.append(birth)
            own_children.numbers += (number, pattern, REFERENCE_ORDINAL, NEVER, FOREVER, birth, 1)
        for availability in childminder.availabilities or ():
            availabilities.births.append(NEVER)
            availabilities.numbers += (
                number,
                patterns.number(availability.hours),
                REFERENCE_ORDINAL,
                _ordinal(availability.start, NEVER),
                _ordinal(availability.until, FOREVER),
                NEVER,
                availability.places,
            )
        can.extend(
            (number, words.setdefault(word, len(words))) for word in childminder.capabilities
        )
        for school in childminder.attributes.schools_served:
            schools.setdefault(school, []).append(number)
        agrement = childminder.agrement
        hours = _hours_offered(childminder)
        mam = (
            -1
            if childminder.mam_id is None
            else mam_numbers.setdefault(childminder.mam_id, len(mam_numbers))
        )
        columns += (
            agrement.places,
            agrement.places_offered,
            agrement.own_under_3_takes_place,
            *_active_days(agrement),
            -1 if hours is None else patterns.number(hours),
            bool(childminder.availabilities),
            childminder.annual_hours_consent,
            bool(agrement.legacy_ages),
            mam,
            childminder.contracts is not None,
            childminder.min_notice_days,
        )
    table = np.array(columns, dtype=np.int64).reshape(-1, 13).T
    capability = np.zeros((len(childminders), len(words)), dtype=np.bool_)
    if can:
        capability[tuple(np.array(can).T)] = True
    member_of = table[10]
    members = np.argsort(member_of, kind="stable")[np.count_nonzero(member_of < 0) :]
    table_of = patterns.table()
    contract_people = contracts.people(len(childminders))
    contract_counts = np.diff(contract_people.first)
    hours_of = table[6]
    cycle = np.ones(len(childminders), dtype=np.int64)
    known = np.flatnonzero(hours_of >= 0)
    cycle[known] = table_of.length[hours_of[known]]
    np.lcm.at(cycle, contract_people.provider, table_of.length[contract_people.pattern])
    unknown = np.full(len(mam_numbers) - len(mams), -1, dtype=np.int64)
    counts = np.bincount(member_of[members], minlength=len(mam_numbers))
    return Registry(
        childminders=tuple(childminders),
        mams=tuple(mams),
        facilities=tuple(facilities),
        rows=np.arange(len(childminders)),
        patterns=table_of,
        contracts=contract_people,
        own_children=own_children.people(len(childminders)),
        availabilities=availabilities.people(len(childminders)),
        places=table[0],
        places_offered=table[1],
        own_takes_place=table[2].astype(np.bool_),
        active_from=table[3],
        active_until=table[4],
        member_from=table[5],
        hours=table[6],
        declared=table[7].astype(np.bool_),
        knows_contracts=table[11].astype(np.bool_),
        notice=table[12],
        leave={
            number: tuple(
                (away.start.toordinal(), away.to.toordinal()) for away in childminder.leave
            )
            for number, childminder in enumerate(childminders)
            if childminder.leave
        },
        consent=table[8].astype(np.bool_),
        legacy=table[9].astype(np.bool_),
        mam=member_of,
        mam_first=np.concatenate(([0], np.cumsum(counts))),
        mam_members=members,
        mam_present_max=np.concatenate(
            (np.array([mam.members_present_max for mam in mams], dtype=np.int64), unknown)
        ),
        mam_children_max=np.concatenate(
            (np.array([mam.children_max for mam in mams], dtype=np.int64), unknown)
        ),
        mam_contracts=np.bincount(
            member_of[members], weights=contract_counts[members], minlength=len(mam_numbers)
        ).astype(np.int64),
        cycle=cycle,
        words=words,
        can=capability,
        schools={school: np.array(numbers) for school, numbers in schools.items()},
    )
