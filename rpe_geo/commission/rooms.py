"""
How much room a house has, as linear rows: a cheap sieve before the rules are asked.

Every row says that the children of some options present at one moment are no more than the room left there. Rows come
from the counts of `rpe_geo.rules` (contracts, own children, declared places, bands of age) in the weeks where something
changes, so that each of them is implied by a law: the sieve never refuses what the rules accept. What it lets through
and the rules refuse is learnt as a *conflict*, a smallest set of options that may not stand together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from rpe_geo.commission.case import Case
from rpe_geo.commission.quotas import Quota
from rpe_geo.domain import Contract
from rpe_geo.rules.age_bands import bands_of, open_places
from rpe_geo.rules.bits import Count, pack, unpack
from rpe_geo.rules.compiled import FOREVER, NEVER, Registry
from rpe_geo.rules.laid_hours import asked_hours, hours_of, presences
from rpe_geo.schedule import QUARTERS_PER_WEEK

__all__ = ["Room", "Union", "build_rooms"]

Whole = NDArray[np.int64]

_WEEKS_MAX = 48
"""Weeks in which a house is looked at; more of them only make the sieve finer."""
_ROWS_AT_ONCE = 40_000
_WINDOWS_MAX = 3
"""Windows of weeks looked at for the hours of one member."""
_FIELD = 8
_ROOM_MAX = 100
"""Room beyond which a row never binds; a field of a packed sum holds 127."""


@dataclass(frozen=True)
class Union:
    """
    The hours of a week that last long enough to count as a mean: presences that overlap count once.

    Parameters
    ----------
    hours
        Option (position in the room) to its quarter-hours as bits; options that are not there are not limited.
    base
        Quarter-hours of contracts that last as long.
    limit
        Quarter-hours of a week that may not be passed.
    places
        Children who may be there at once: in each hour beside the base at most as many are counted, so that with
        `heads` children each, Σ heads × hours beside the base ≤ places × (limit − base). Linear, and implied.
    heads
        Children of the options in `hours`.
    """

    hours: dict[int, int]
    base: int
    limit: int
    places: int
    heads: dict[int, int]

    def child_hours(self, options: int) -> tuple[NDArray[np.int64], int]:
        """Return the implied linear row: quarter-hours of children by option, and how many there may be."""
        row = np.zeros(options, dtype=np.int64)
        for position, hours in self.hours.items():
            row[position] = self.heads[position] * (hours & ~self.base).bit_count()
        return row, self.places * (self.limit - self.base.bit_count())


@dataclass
class Room:
    """
    The room of one house for its options.

    Parameters
    ----------
    options
        Numbers in the case; every other list counts positions in it.
    families
        Of the options, aligned.
    rows
        Children of each option in each row, shape (rows, options).
    room
        How many fit, by row.
    unions
        One per member whose week is limited.
    conflicts
        Smallest sets that the rules refuse, learnt.
    """

    options: Whole
    families: Whole
    rows: NDArray[np.int16]
    room: NDArray[np.int16]
    unions: tuple[Union, ...]
    conflicts: list[frozenset[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Pack each option's column into one whole number of 8-bit fields."""
        self.position = {int(option): turn for turn, option in enumerate(self.options)}
        count = len(self.room)
        shifts = [1 << (_FIELD * row) for row in range(count)]
        self.weights = [
            sum(int(heads) * shift for heads, shift in zip(column, shifts, strict=True) if heads)
            for column in self.rows.T
        ]
        self.full = sum(
            (int(room) + 128) * shift for room, shift in zip(self.room, shifts, strict=True)
        )
        self.high = sum(128 * shift for shift in shifts)
        self.against: dict[int, list[frozenset[int]]] = {}
        for conflict in self.conflicts:
            self._index(conflict)

    @cached_property
    def lines(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Rows, and those that the hours of work imply, as (lines, options), with what fits in each line."""
        implied = [union.child_hours(len(self.options)) for union in self.unions]
        rows = [self.rows.astype(np.float64), *(row[None, :] / 4.0 for row, _ in implied)]
        room = [self.room.astype(np.float64), np.array([limit / 4.0 for _, limit in implied])]
        return np.concatenate(rows), np.concatenate(room)

    @cached_property
    def columns(self) -> list[list[tuple[int, float]]]:
        """What each option takes of each line that it is in."""
        lines, _ = self.lines
        return [
            [(int(line), float(column[line])) for line in np.flatnonzero(column)]
            for column in lines.T
        ]

    def learn(self, options: Iterable[int]) -> None:
        """Remember a set of options of the case that may not stand together."""
        conflict = frozenset(self.position[option] for option in options)
        if conflict not in self.conflicts:
            self.conflicts.append(conflict)
            self._index(conflict)

    def _index(self, conflict: frozenset[int]) -> None:
        for position in conflict:
            self.against.setdefault(position, []).append(conflict)

    def load(self, positions: Iterable[int]) -> int:
        """Add up what some options take, as a packed sum."""
        return sum(self.weights[position] for position in positions)

    def accepts(self, positions: Sequence[int], new: int, load: int | None = None) -> bool:
        """Tell whether one more option passes the sieve beside those that are there."""
        if load is None:
            load = self.load(positions)
        if (self.full - load - self.weights[new]) & self.high != self.high:
            return False
        for union in self.unions:
            if new in union.hours:
                hours = union.base | union.hours[new]
                for position in positions:
                    hours |= union.hours.get(position, 0)
                if hours.bit_count() > union.limit:
                    return False
        conflicts = self.against.get(new)
        if conflicts:
            there = {*positions, new}
            return not any(conflict <= there for conflict in conflicts)
        return True

    def passes(self, positions: Sequence[int]) -> bool:
        """Tell whether a whole set passes the sieve."""
        return all(
            self.accepts(positions[:turn], position) for turn, position in enumerate(positions)
        )


def build_rooms(case: Case, quotas: Sequence[Quota] = ()) -> list[Room]:
    """
    Compile the room of every house.

    Parameters
    ----------
    case
        The commission.
    quotas
        Places reserved to some families.

    Returns
    -------
    list of Room
        By house; empty for those that nobody can reach.
    """
    rooms: list[Room] = []
    houses = range(len(case.providers.members))
    for batch in _batches(case, houses):
        rooms.extend(_rooms_of(case, batch, quotas))
    return rooms


def _batches(case: Case, houses: Iterable[int]) -> Iterator[list[int]]:
    """Group houses so that the weeks of their options fit in memory; crèches apart."""
    batch: list[int] = []
    load, crib = 0, False
    for house in houses:
        this_crib = case.providers.is_facility(case.providers.members[house][0])
        size = len(case.of_house[house]) * 16
        if batch and (load + size > _ROWS_AT_ONCE or this_crib != crib):
            yield batch
            batch, load = [], 0
        crib = this_crib
        batch.append(house)
        load += size
    if batch:
        yield batch


def _rooms_of(case: Case, houses: Sequence[int], quotas: Sequence[Quota]) -> list[Room]:
    crib = case.providers.is_facility(case.providers.members[houses[0]][0])
    registry = case.providers.crib_registry if crib else case.providers.minders_registry
    shift = case.providers.childminders if crib else 0
    laid = _Laid(case, registry, shift, houses)
    return [_room(case, laid, turn, house, quotas, crib=crib) for turn, house in enumerate(houses)]


class _Laid:
    """Options and everybody else of some houses, laid in the weeks of each house."""

    def __init__(self, case: Case, registry: Registry, shift: int, houses: Sequence[int]) -> None:
        self.registry, self.shift = registry, shift
        self.weeks = [_weeks_of_house(case, registry, shift, house) for house in houses]
        options, mondays, self.bounds = [], [], [0]
        for house, weeks in zip(houses, self.weeks, strict=True):
            mine = case.of_house[house]
            options.append(np.repeat(mine, len(weeks)))
            mondays.append(np.tile(weeks, len(mine)))
            self.bounds.append(self.bounds[-1] + len(mine) * len(weeks))
        option = np.concatenate(options)
        self.asked = np.zeros((len(option), 21), dtype=np.uint32)
        table, needs = case.options, case.needs
        if len(option) and needs is not None:
            start = table.start[option]
            self.asked, _ = asked_hours(
                registry,
                needs,
                table.family[option],
                table.provider[option] - shift,
                np.concatenate(mondays),
                start,
                needs.last_days(table.family[option], start),
            )
            for family, place in case.providers.held.items():
                self._lay_held(case, option, np.concatenate(mondays), family, place.contracts)

    def _lay_held(
        self, case: Case, option: Whole, monday: Whole, family: int, contracts: Sequence[Contract]
    ) -> None:
        """Lay a place that is held as its contracts say, not as the request does."""
        rows = np.flatnonzero((case.options.family[option] == family) & case.options.stays[option])
        if not len(rows):
            return
        words = np.zeros((len(rows), 21), dtype=np.uint32)
        for contract in contracts:
            for turn, row in enumerate(rows.tolist()):
                day = int(monday[row])
                there = contract.presence.presence(
                    date.fromordinal(day),
                    7,
                    week_1=contract.start,
                    start=contract.start,
                    end=contract.end,
                )
                words[turn] |= pack(there)
        self.asked[rows] = words

    def hours(self, turn: int, options: int) -> NDArray[np.uint32]:
        """Return the hours of the options of a house, shape (options, weeks, 21)."""
        some = self.asked[self.bounds[turn] : self.bounds[turn + 1]]
        return some.reshape(options, len(self.weeks[turn]), 21)


def _weeks_of_house(case: Case, registry: Registry, shift: int, house: int) -> Whole:
    """List the Mondays of weeks in which something is new, with the weeks of a cycle that follow."""
    options = case.of_house[house]
    table, needs = case.options, case.needs
    if not len(options) or needs is None:
        return np.zeros(0, dtype=np.int64)
    starts = table.start[options]
    families = table.family[options]
    rows = np.array(case.providers.members[house]) - shift
    days = [starts, starts + 7, np.minimum(needs.end[families], FOREVER - 14)]
    first, last = int(starts.min()), int(starts.max()) + 800
    cycle = int(np.lcm.reduce(np.minimum(needs.length[families], 52)))
    for people in (registry.contracts, registry.availabilities, registry.own_children):
        _, person = people.of(rows)
        days += [people.start[person], people.start[person] + 7, people.end[person]]
        days += [people.since[person] + 7]
        if len(person):
            cycle = int(
                np.lcm(cycle, np.lcm.reduce(registry.patterns.length[people.pattern[person]]))
            )
    everything = np.concatenate(days)
    inside = everything[(everything >= first) & (everything <= last)]
    # The last day of somebody's care and the day after are not the same week: both are looked at.
    mondays = np.unique(inside - (inside - 1) % 7)
    turns = min(cycle, 12)
    mondays = np.unique(np.concatenate([mondays + 7 * turn for turn in range(turns)]))
    if len(mondays) > _WEEKS_MAX:
        ends = needs.end[families]
        there = [int(((starts <= day + 6) & (ends >= day)).sum()) for day in mondays.tolist()]
        mondays = np.sort(mondays[np.argsort(there, kind="stable")[-_WEEKS_MAX:]])
    return mondays


def _room(
    case: Case, laid: _Laid, turn: int, house: int, quotas: Sequence[Quota], *, crib: bool
) -> Room:
    options = case.of_house[house]
    families = case.options.family[options]
    none = Room(options, families, np.zeros((0, len(options)), np.int16), np.zeros(0, np.int16), ())
    if not len(options) or case.needs is None:
        return none
    weeks = laid.weeks[turn]
    there = laid.hours(turn, len(options))
    columns = _Columns(len(options))
    children = case.children[families]
    for member in case.providers.members[house]:
        mine = case.options.provider[options] == member
        if mine.any():
            _member_rows(case, laid, member, weeks, there, options, mine, columns, crib=crib)
            _quota_rows(laid, member, weeks, there, families, mine * children, quotas, columns)
    record = case.providers.records[case.providers.members[house][0]]
    if record.mam_id is not None:
        _house_rows(case, laid, house, weeks, there, children, columns)
    rows, room = columns.tight()
    unions = () if crib else tuple(_unions(case, laid, house, weeks, there, options))
    return Room(options, families, rows, room, unions)


def _quota_rows(
    laid: _Laid,
    member: int,
    weeks: Whole,
    there: NDArray[np.uint32],
    families: Whole,
    children: Whole,
    quotas: Sequence[Quota],
    columns: _Columns,
) -> None:
    """Keep reserved places: families of none of some reservations share what these leave."""
    mine = [quota for quota in quotas if quota.provider == member]
    row = member - laid.shift
    for size in range(1, len(mine) + 1):
        for some in combinations(mine, size):
            inside = set().union(*(quota.families for quota in some))
            left = laid.registry.places_offered[row] - _present(
                laid.registry, "contracts", row, weeks
            )
            left = left - sum(quota.places for quota in some)
            columns.add(there, children * ~np.isin(families, sorted(inside)), np.maximum(left, 0))


class _Columns:
    """Rows while they are collected, each distinct one once."""

    def __init__(self, options: int) -> None:
        self.options = options
        self.least: dict[bytes, int] = {}

    def add(
        self,
        there: NDArray[np.uint32],
        heads: NDArray[np.integer],
        room: NDArray[np.integer],
    ) -> None:
        """
        Add one row per quarter-hour.

        Parameters
        ----------
        there
            Hours of the options, shape (options, weeks, 21).
        heads
            Children that each option counts for: shape (options,), or (options, weeks).
        room
            How many may be there, shape (weeks, 672).
        """
        counted = np.flatnonzero(heads.reshape(self.options, -1).any(axis=1))
        if not len(counted):
            return
        for week in range(there.shape[1]):
            present = unpack(there[counted, week])
            line = room[week]
            changes = np.ones(QUARTERS_PER_WEEK, dtype=np.bool_)
            changes[1:] = (present[:, 1:] != present[:, :-1]).any(axis=0) | (line[1:] != line[:-1])
            slots = np.flatnonzero(changes & present.any(axis=0))
            weight = heads[counted] if heads.ndim == 1 else heads[counted, week]
            taken = np.zeros((len(slots), self.options), dtype=np.int16)
            taken[:, counted] = present[:, slots].T * weight
            binding = taken.sum(axis=1) > line[slots]
            for row, least in zip(taken[binding], line[slots][binding].tolist(), strict=True):
                key = row.tobytes()
                known = self.least.get(key)
                if known is None or least < known:
                    self.least[key] = int(least)

    def tight(self) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """Drop the rows that another one implies: as much room or less, for as many children or more."""
        if not self.least:
            return np.zeros((0, self.options), np.int16), np.zeros(0, np.int16)
        rows = np.array([np.frombuffer(key, dtype=np.int16) for key in self.least])
        room = np.clip(np.array(list(self.least.values()), dtype=np.int16), 0, _ROOM_MAX)
        order = np.lexsort((-rows.sum(axis=1), room))
        rows, room = rows[order], room[order]
        kept = np.ones(len(rows), dtype=np.bool_)
        for number in range(len(rows)):
            if kept[number]:
                # Later rows have as much room or more.
                later = np.flatnonzero(kept[number + 1 :]) + number + 1
                kept[later[(rows[later] <= rows[number]).all(axis=1)]] = False
        return np.ascontiguousarray(rows[kept]), room[kept]


def _present(
    registry: Registry, people_name: str, row: int, weeks: Whole, under: int | None = None
) -> NDArray[np.int16]:
    """Count people of one provider in some weeks, shape (weeks, 672)."""
    people = getattr(registry, people_name)
    rows = np.arange(len(weeks))
    position, person = people.of(np.full(len(weeks), row))
    heads = Count(len(weeks))
    for found, who, words in presences(
        people, registry.patterns, rows[position], person, weeks, under=under
    ):
        if people_name == "availabilities":
            heads.add_weighted(found, words, people.weight[who])
        else:
            heads.add(found, words)
    return heads.rows(rows)


def _member_rows(  # noqa: PLR0913 - the columns of one program
    case: Case,
    laid: _Laid,
    member: int,
    weeks: Whole,
    there: NDArray[np.uint32],
    options: Whole,
    mine: NDArray[np.bool_],
    columns: _Columns,
    *,
    crib: bool,
) -> None:
    """Add the rows of one provider: places offered, on the attestation, declared; children under three and eleven."""
    registry, row, law = laid.registry, member - laid.shift, case.providers.law
    families = case.options.family[options]
    children = np.where(mine, case.children[families], 0)
    contracts = _present(registry, "contracts", row, weeks)
    columns.add(there, children, registry.places_offered[row] - contracts)
    if registry.legacy[row]:
        _band_rows(case, laid, row, weeks, there, families, mine, columns)
    if crib:
        return
    if registry.own_takes_place[row]:
        own = _present(registry, "own_children", row, weeks, under=3)
        columns.add(there, children, registry.places[row] - contracts - own)
    if registry.declared[row]:
        columns.add(there, children, _present(registry, "availabilities", row, weeks))
    assert case.needs is not None
    for age, limit in ((3, law["under_3_max"]), (11, law["under_11_max"])):
        birthdays = case.needs.thirds if age == 3 else case.needs.elevenths
        heads = np.zeros((len(options), len(weeks)), dtype=np.int64)
        position, child = case.needs.of(families)
        # A child counts for the weeks that end before its birthday.
        young = birthdays[child][:, None] > weeks[None, :] + 6
        np.add.at(heads, position, young)
        heads[~mine] = 0
        others = _present(registry, "contracts", row, weeks, under=age)
        others = others + _present(registry, "own_children", row, weeks, under=age)
        columns.add(there, heads, limit - others)


def _band_rows(
    case: Case,
    laid: _Laid,
    row: int,
    weeks: Whole,
    there: NDArray[np.uint32],
    families: Whole,
    mine: NDArray[np.bool_],
    columns: _Columns,
) -> None:
    """Add, for sets of age bands, how many children fit nowhere else: each band, each two, and all of them."""
    registry, needs = laid.registry, case.needs
    assert needs is not None
    bands = registry.childminders[row].agrement.legacy_ages or ()
    numbers = range(len(bands))
    chosen = {(one,) for one in numbers} | set(combinations(numbers, 2)) | {tuple(numbers)}
    contracts = range(*registry.contracts.first[row : row + 2])
    for inside in sorted(chosen):
        mask = sum(1 << band for band in inside)
        room = np.sum([open_places(bands[band], weeks) for band in inside], axis=0).astype(np.int64)
        for contract in contracts:
            days = weeks[:, None] + np.array([0, 6])
            allowed = bands_of(int(registry.contracts.birth[contract]), bands, days)
            counted = ((allowed & ~mask) == 0).all(axis=1)
            position = np.arange(len(weeks))
            heads = Count(len(weeks))
            who = np.full(len(weeks), contract)
            for found, _, words in presences(
                registry.contracts, registry.patterns, position, who, weeks
            ):
                heads.add(found, words)
            room -= heads.rows(position) * counted[:, None]
        heads_of = np.zeros((len(families), len(weeks)), dtype=np.int64)
        position, child = needs.of(families)
        for turn, number in zip(position.tolist(), child.tolist(), strict=True):
            days = weeks[:, None] + np.array([0, 6])
            allowed_days = bands_of(int(needs.births[number]), bands, days)
            # The whole week within these bands, or the row says nothing of it.
            heads_of[turn] += ((allowed_days & ~mask) == 0).all(axis=1)
        heads_of[~mine] = 0
        columns.add(there, heads_of, np.maximum(room, 0))


def _house_rows(
    case: Case,
    laid: _Laid,
    house: int,
    weeks: Whole,
    there: NDArray[np.uint32],
    children: Whole,
    columns: _Columns,
) -> None:
    """Add the children that a MAM may hold, all members together."""
    registry, law = laid.registry, case.providers.law
    members = case.providers.members[house]
    mam = int(registry.mam[members[0]])
    limit = int(registry.mam_children_max[mam])
    limit = law["mam_children_default"] if limit < 0 else limit
    taken = np.zeros((len(weeks), QUARTERS_PER_WEEK), dtype=np.int64)
    for member in members:
        # Only members who are active all along are sure to count.
        if registry.member_from[member] == NEVER:
            taken += _present(registry, "contracts", member, weeks)
    columns.add(there, children, limit - taken)


def _unions(
    case: Case,
    laid: _Laid,
    house: int,
    weeks: Whole,
    there: NDArray[np.uint32],
    options: Whole,
) -> Iterator[Union]:
    """
    Limit the hours of the weeks in which most families are there.

    Only options and contracts that last through the whole window of the law from a week on, week after week the same,
    are counted: any set of them has these hours in every week of the window, and the rules would refuse it. With consent
    to annual hours the window is a year: a mean week above the limit of the week is then above that of the year too.
    """
    registry, law, needs = laid.registry, case.providers.law, case.needs
    assert needs is not None
    limit = round(4 * law["weekly_hours_max"])
    yearly = law["annual_hours_max"] / law["annual_weeks_worked"] <= law["weekly_hours_max"]
    table = case.options
    starts, families = table.start[options], table.family[options]
    children = case.children[families]
    ends = needs.last_days(families, starts)
    steady = (needs.length[families] == 1) & ~table.stays[options]
    for member in case.providers.members[house]:
        mine = (table.provider[options] == member) & steady
        hours = int(registry.hours[member])
        varies = hours >= 0 and registry.patterns.length[hours] > 1
        consent = bool(registry.consent[member])
        if not mine.any() or varies or (consent and not yearly):
            continue
        window = int(law["annual_hours_window" if consent else "weekly_hours_window"])
        lasting = mine & (starts <= weeks[:, None]) & (ends >= weeks[:, None] + 7 * window + 6)
        chosen: list[int] = []
        for week in np.argsort(-lasting.sum(axis=1), kind="stable").tolist():
            known = any((lasting[week] <= lasting[other]).all() for other in chosen)
            if len(chosen) < _WINDOWS_MAX and lasting[week].any() and not known:
                chosen.append(week)
        for week in chosen:
            monday = int(weeks[week])
            base = _lasting_contracts(registry, member, monday, monday + 7 * window + 6)
            presence = {
                position: _as_whole(there[position, week])
                for position in np.flatnonzero(lasting[week]).tolist()
            }
            everything = base
            for bits in presence.values():
                everything |= bits
            if base.bit_count() <= limit < everything.bit_count():
                heads = {position: int(children[position]) for position in presence}
                places = int(registry.places_offered[member])
                yield Union(presence, base, limit, places, heads)


def _lasting_contracts(registry: Registry, member: int, monday: int, last: int) -> int:
    """Return the quarter-hours of the contracts that stand from before a week to a day, every week the same."""
    people, base = registry.contracts, 0
    for contract in range(*people.first[member : member + 2]):
        same = registry.patterns.length[people.pattern[contract]] == 1
        if same and people.start[contract] < monday and people.end[contract] >= last:
            words = hours_of(
                people, registry.patterns, np.array([contract]), np.array([monday + 7])
            )
            base |= _as_whole(words[0])
    return base


def _as_whole(words: NDArray[np.uint32]) -> int:
    """Write a week as one whole number, Monday 00:00 in the lowest bit."""
    return int.from_bytes(np.ascontiguousarray(words, dtype="<u4").tobytes(), "little")
