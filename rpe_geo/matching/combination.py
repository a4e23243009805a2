"""
Two providers who together cover the week: childminders, MAM as the sum of their members, crèches, care at home.

Bitmaps of free hours find the pairs that could; each part of the few best is then judged by the rules on its own hours,
so that nothing is proposed that a rule forbids. Care at home fills in only where no pair exists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rpe_geo.domain import Request, months_after
from rpe_geo.matching.candidates import tie_break
from rpe_geo.matching.handover import Manner, SharedWeek, days_of, share_week
from rpe_geo.matching.occupation import WORDS_PER_WEEK, count_quarters, pack_week
from rpe_geo.matching.profiles import Profiles
from rpe_geo.matching.relaxation import ask_rows
from rpe_geo.parameters import ParameterTable, parameter_table
from rpe_geo.rules.compiled import Registry
from rpe_geo.schedule import QUARTERS_PER_DAY, QUARTERS_PER_WEEK, Timetable
from rpe_geo.verdicts import Combination, CombinationPart

__all__ = ["Between", "find_combinations", "part_request"]

Between = Callable[[int, int], float]
"""Minutes from one provider to another, by position in the registry: childminders first, then facilities."""

_MONTHS_LOOKED_AT = (0, 3, 6, 12, 18)
_NEAREST_PER_PLACE = 4
"""How many of the nearest are packed for each one kept in the pool."""

_PAIRS_OF_EACH = 12
_PLANS_AT_ONCE = 40
_Kind = Literal["childminder", "mam", "facility", "home_care"]


@dataclass(frozen=True)
class _Unit:
    """Somebody who may hold a part of the week: one provider, a MAM with its members, or care at home."""

    kind: _Kind
    provider_id: str | None
    rows: tuple[int, ...]
    minutes: float


_Plan = tuple[tuple[Any, ...], list[_Unit], SharedWeek, float]


def find_combinations(
    registry: Registry,
    profiles: Profiles,
    request: Request,
    *,
    today: date,
    scoring: ParameterTable,
    minutes: NDArray[np.float64],
    between: Between | None = None,
    law: Mapping[str, Any] | None = None,
    enough: NDArray[np.bool_] | None = None,
    limit: int | None = None,
) -> list[Combination]:
    """
    Find who could share the week; hours asked on public holidays are left to be arranged.

    Parameters
    ----------
    registry
        Compiled, all its childminders asked.
    profiles
        Of the same registry.
    request
        A family's need.
    today
        Day on which the parameters must be in force.
    scoring
        The table `scoring` in force.
    minutes
        From home to every provider, childminders first, then facilities; beyond the request's limit nobody is looked at.
    between
        Minutes from one provider to another; without it the way over home stands for it, which is never shorter.
    law
        Another table than `law` as in force today.
    enough
        Who takes the whole need alone, and so has no part in a combination.
    limit
        How many are wanted; `combination_limit` when None.

    Returns
    -------
    list of Combination
        Fewest changes of hands first, then the shortest ways; with care at home only when nothing else covers the week.
    """
    wanted = int(scoring["combination_limit"] if limit is None else limit)
    reach = np.inf if request.max_minutes is None else request.max_minutes
    alone = np.zeros(len(minutes), dtype=np.bool_) if enough is None else enough
    near = np.flatnonzero(np.isfinite(minutes) & (minutes <= reach) & ~alone)
    if not len(near) or wanted < 1 or not request.schedule.slots.any():
        return []
    pool = _NEAREST_PER_PLACE * int(scoring["combination_pool"])
    near = np.sort(near[np.argsort(minutes[near], kind="stable")[:pool]])
    search = _Search(registry, profiles, request, today, scoring, minutes, between, law)
    search.look(near)
    found = [*search.alone(wanted)]
    found.extend(search.pairs(wanted - len(found)))
    return found[:wanted] or search.with_home_care(wanted)


def part_request(request: Request, hours: Timetable) -> Request:
    """
    Ask one provider for its part of the week.

    Parameters
    ----------
    request
        The whole need.
    hours
        The part, on the same week 1.

    Returns
    -------
    Request
        All of these hours; care may begin as many days later as the part's first day comes after the start.
    """
    waiting = next(
        offset
        for offset in range(7 * len(hours) + 7)
        if hours.spans_on(request.start + timedelta(days=offset), request.start)
    )
    return replace(
        request,
        schedule=hours,
        min_hours_share=1.0,
        start_tolerance_days=request.start_tolerance_days + waiting,
    )


@dataclass
class _Search:
    """One request, the registry around it, and what was verified so far."""

    registry: Registry
    profiles: Profiles
    request: Request
    today: date
    scoring: ParameterTable
    minutes: NDArray[np.float64]
    between: Between | None
    law: Mapping[str, Any] | None
    verified: dict[tuple[int, Timetable], bool] = field(default_factory=dict)

    def look(self, near: NDArray[np.intp]) -> None:
        """Pack the asked hours and the free hours of everybody near, and keep those who can take some."""
        self.weeks = len(self.request.schedule)
        self.days = days_of(self.request.schedule)
        slots = self.request.schedule.slots.reshape(self.weeks, QUARTERS_PER_WEEK)
        self.asked = np.concatenate([pack_week(week) for week in slots])
        self.asked_quarters = int(slots.sum())
        free = self._free(near) & self.asked[:, None]
        units, bits = self._units(near, free)
        covered = count_quarters(bits)
        order = np.lexsort((np.array([unit.minutes for unit in units]), -covered))
        order = order[covered[order] > 0][: self.scoring["combination_pool"]]
        self.units = [units[number] for number in order]
        self.bits = bits[:, order]
        self.whole = self._whole_days()
        self.row_bits = {int(row): free[:, column] for column, row in enumerate(near)}

    def _free(self, near: NDArray[np.intp]) -> NDArray[np.uint64]:
        """Pack the hours on which everybody near has room, in each week of the cycle, now and in later months."""
        end = self.request.end or date.max
        begins = [
            day
            for months in _MONTHS_LOOKED_AT
            if (day := months_after(self.request.start, months)) <= end
        ]
        cycle = [
            np.bitwise_and.reduce(
                [
                    self.profiles.free_bits(
                        near, day + timedelta(weeks=week), children=len(self.request.children)
                    )
                    for day in begins
                ]
            )
            for week in range(self.weeks)
        ]
        return np.concatenate(cycle)

    def _units(
        self, near: NDArray[np.intp], free: NDArray[np.uint64]
    ) -> tuple[list[_Unit], NDArray[np.uint64]]:
        """List the providers near, then the MAM that can do more than each of their members."""
        count = len(self.registry)
        units = [
            _Unit(
                "childminder" if row < count else "facility",
                self.profiles.provider_ids[row],
                (int(row),),
                float(self.minutes[row]),
            )
            for row in near
        ]
        columns = [free]
        houses: dict[str, list[int]] = {}
        for column, row in enumerate(near):
            mam = self.registry.childminders[row].mam_id if row < count else None
            if mam is not None:
                houses.setdefault(mam, []).append(column)
        for mam, members in houses.items():
            together = np.bitwise_or.reduce(free[:, members], axis=1)
            if count_quarters(together[:, None])[0] > count_quarters(free[:, members]).max():
                rows = tuple(int(near[column]) for column in members)
                units.append(_Unit("mam", mam, rows, float(self.minutes[list(rows)].min())))
                columns.append(together[:, None])
        return units, np.concatenate(columns, axis=1)

    def alone(self, wanted: int) -> list[Combination]:
        """Find the MAM whose members cover the week by turns: one house, no way between."""
        missing = self.asked_quarters - count_quarters(self.bits)
        able = [
            number
            for number, unit in enumerate(self.units)
            if unit.kind == "mam" and missing[number] <= self._may_miss()
        ]
        return self._best(((number,) for number in able), wanted)

    def pairs(self, wanted: int) -> list[Combination]:
        """Find the pairs that cover the week, those with the fewest shared days first."""
        if wanted < 1 or not self.units:
            return []
        lacking = self.asked[:, None] & ~self.bits
        strong, early, late = self._bearable()
        ranked: list[tuple[int, bool, float, int, int]] = []
        for first in range(len(self.units) - 1):
            both = count_quarters(lacking[:, first, None] & lacking[:, first + 1 :])
            partners = np.flatnonzero(both <= self._may_miss()) + first + 1
            shared = (~self.whole[first] & ~self.whole[partners]).sum(axis=1)
            easy = (
                (strong[first] & strong[partners])
                | (early[first] & late[partners])
                | (late[first] & early[partners])
            )
            ranked.extend(
                (
                    split,
                    not light,
                    self.units[first].minutes + self.units[other].minutes,
                    first,
                    other,
                )
                for split, light, other in zip(
                    shared.tolist(), easy.tolist(), partners.tolist(), strict=True
                )
                if self._differ(first, other)
            )
        ranked.sort()
        return self._best(self._varied((first, other) for *_, first, other in ranked), wanted)

    def _bearable(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        """
        Guess who could work all the hours they are free for, those of the first days, or of the last days.

        Only an order of search: 48 hours and 13 hours a day, in the week of the start. The rules decide.
        """
        table = self.law or parameter_table("law", self.today)
        present = self.profiles.presence_bits(
            np.array([unit.rows[0] for unit in self.units]), self.request.start
        )
        half = len(self.days) // 2
        masks = [self.days, self.days[: len(self.days) - half], self.days[len(self.days) - half :]]
        guesses = []
        for days in masks:
            mask = np.zeros(self.weeks * QUARTERS_PER_WEEK, dtype=np.bool_)
            mask[np.concatenate([*days, np.zeros(0, dtype=np.intp)])] = True
            packed = pack_week(mask[:QUARTERS_PER_WEEK])[:, None]
            week = present | (self.bits[:WORDS_PER_WEEK] & packed)
            by_day = _unpacked(week).reshape(-1, 7, QUARTERS_PER_DAY)
            arrival = by_day.argmax(axis=2)
            departure = QUARTERS_PER_DAY - by_day[:, :, ::-1].argmax(axis=2)
            length = np.where(by_day.any(axis=2), departure - arrival, 0).max(axis=1)
            guesses.append(
                (count_quarters(week) <= 4 * table["weekly_hours_max"])
                & (length <= 4 * table["daily_span_hours"])
            )
        strong, early, late = guesses
        return strong, early, late

    def _varied(self, pairs: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """Keep the first pairs, each unit in a few of them only: one whom a law forbids must not fill the list."""
        met: Counter[int] = Counter()
        left = int(self.scoring["combination_tries"])
        for pair in pairs:
            if left and max(met[number] for number in pair) < _PAIRS_OF_EACH:
                met.update(pair)
                left -= 1
                yield pair

    def with_home_care(self, wanted: int) -> list[Combination]:
        """Let somebody come to the home when the provider cannot: whoever covers most leaves the least to home care."""
        found: list[Combination] = []
        for number, unit in enumerate(self.units):
            if len(found) == wanted:
                break
            if unit.kind != "mam":
                found.extend(self._best([(number,)], 1, home_care=True))
        return found

    def _may_miss(self) -> int:
        """Count the asked quarter-hours of the cycle that may stay uncovered."""
        share = Fraction(str(self.request.min_hours_share))
        return int((1 - share) * self.asked_quarters)

    def _differ(self, first: int, other: int) -> bool:
        """Leave out two of the same MAM, which counts as one house."""
        house = self._house(self.units[first])
        return house is None or house != self._house(self.units[other])

    def _house(self, unit: _Unit) -> str | None:
        """Return the MAM of a unit."""
        if unit.kind == "childminder":
            return self.registry.childminders[unit.rows[0]].mam_id
        return unit.provider_id if unit.kind == "mam" else None

    def _whole_days(self) -> NDArray[np.bool_]:
        """Tell which days of the cycle each unit covers alone, shape (units, days)."""
        masks = []
        for slots in self.days:
            day = np.zeros(self.weeks * QUARTERS_PER_WEEK, dtype=np.bool_)
            day[slots] = True
            masks.append(np.concatenate([pack_week(week) for week in day.reshape(self.weeks, -1)]))
        return np.stack([~(mask[:, None] & ~self.bits).any(axis=0) for mask in masks], axis=1)

    def _best(
        self,
        chosen: Iterable[tuple[int, ...]],
        wanted: int,
        *,
        home_care: bool = False,
    ) -> list[Combination]:
        """Plan each choice, order the plans, and keep the first whose every part the rules allow."""
        plans: list[_Plan] = []
        for numbers in chosen:
            units = [self.units[number] for number in numbers]
            free = [self._slots(self.bits[:, number]) for number in numbers]
            if home_care:
                units.append(_Unit("home_care", None, (), 0.0))
                free.append(np.ones(self.weeks * QUARTERS_PER_WEEK, dtype=np.bool_))
            for manner in self._manners(numbers):
                plan = share_week(
                    self.days, free, self.weeks, manner=manner, filler=1 if home_care else None
                )
                if all(plan.quarters(number) for number in range(len(units))):
                    travel = plan.travel_minutes_per_week(
                        [unit.minutes for unit in units], self._way(units)
                    )
                    key = (plan.handovers_per_week, travel, self._lot(units), manner)
                    plans.append((key, units, plan, travel))
        plans.sort(key=lambda one: one[0])
        found: list[Combination] = []
        together: set[frozenset[tuple[str, str | None]]] = set()
        for number, (_, units, plan, travel) in enumerate(plans):
            if len(found) == wanted:
                break
            if number % _PLANS_AT_ONCE == 0:
                self._judge(plans[number : number + _PLANS_AT_ONCE])
            who = frozenset((unit.kind, unit.provider_id) for unit in units)
            if who in together:
                continue
            parts = self._parts(units, plan)
            if parts is not None:
                together.add(who)
                found.append(
                    Combination(
                        parts=parts,
                        handovers_per_week=plan.handovers_per_week,
                        hours_share=Fraction(
                            sum(plan.quarters(number) for number in range(len(units))),
                            self.asked_quarters,
                        ),
                        travel_minutes_per_week=travel,
                    )
                )
        return found

    def _manners(self, numbers: Sequence[int]) -> tuple[Manner, ...]:
        """Share the days that both could take in other ways too: a law may forbid that one takes them all."""
        if len(numbers) == 2 and (self.whole[numbers[0]] & self.whole[numbers[1]]).any():
            return ("whole", "turns", "halves")
        return ("whole",)

    def _lot(self, units: Sequence[_Unit]) -> bytes:
        names = "\x00".join(sorted(unit.provider_id or "" for unit in units))
        return tie_break(self.request.request_id, names)

    def _way(self, units: Sequence[_Unit]) -> Between:
        """Return the minutes between two units of a plan; care at home is at home."""

        def minutes(one: int, other: int) -> float:
            first, second = units[one], units[other]
            over_home = first.minutes + second.minutes
            if self._house(first) is not None and self._house(first) == self._house(second):
                return 0.0
            if self.between is None or not first.rows or not second.rows:
                return over_home
            return min(over_home, self.between(first.rows[0], second.rows[0]))

        return minutes

    def _slots(self, bits: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Unpack the weeks of a cycle."""
        return _unpacked(bits.reshape(self.weeks, WORDS_PER_WEEK).T).ravel()

    def _parts(
        self, units: Sequence[_Unit], plan: SharedWeek
    ) -> tuple[CombinationPart, ...] | None:
        """Return the parts of a plan if the rules allow every one of them."""
        parts = []
        for number, unit in enumerate(units):
            hours = plan.hours(number)
            if not self._allowed(unit, hours, plan.holder == number):
                return None
            parts.append(
                CombinationPart(
                    provider_kind=unit.kind,
                    provider_id=unit.provider_id,
                    hours=hours,
                    travel_minutes=unit.minutes,
                )
            )
        return tuple(parts)

    def _allowed(self, unit: _Unit, hours: Timetable, held: NDArray[np.bool_]) -> bool:
        """Judge the part of a unit; the members of a MAM share it and are judged on what each one takes."""
        if unit.kind == "home_care":
            return True
        if unit.kind != "mam":
            return self._allows(unit.rows[0], hours)
        days = [slots[held[slots]] for slots in self.days if held[slots].any()]
        free = [self._slots(self.row_bits[row]) for row in unit.rows]
        plan = share_week(days, free, self.weeks)
        return np.array_equal(plan.holder >= 0, held) and all(
            self._allows(row, plan.hours(number))
            for number, row in enumerate(unit.rows)
            if plan.quarters(number)
        )

    def _allows(self, row: int, hours: Timetable) -> bool:
        """Run the rules on one provider for its part of the hours."""
        if (row, hours) not in self.verified:
            self._ask(hours, [row])
        return self.verified[row, hours]

    def _judge(self, plans: Sequence[_Plan]) -> None:
        """Run the rules for many parts at once: those who would have the same hours are asked together."""
        together: dict[Timetable, set[int]] = {}
        for _, units, plan, _ in plans:
            for number, unit in enumerate(units):
                hours = plan.hours(number)
                if len(unit.rows) == 1 and (unit.rows[0], hours) not in self.verified:
                    together.setdefault(hours, set()).add(unit.rows[0])
        for hours, rows in together.items():
            self._ask(hours, sorted(rows))

    def _ask(self, hours: Timetable, rows: list[int]) -> None:
        part = part_request(self.request, hours)
        mask = ask_rows(self.registry, np.array(rows), part, today=self.today, law=self.law)
        self.verified |= {
            (row, hours): bool(feasible) for row, feasible in zip(rows, mask.feasible, strict=True)
        }


def _unpacked(weeks: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Unpack weeks laid in columns, shape (11, n) to (n, 672)."""
    words = np.ascontiguousarray(weeks.T)
    return np.unpackbits(words.view(np.uint8), axis=1)[:, :QUARTERS_PER_WEEK].astype(np.bool_)
