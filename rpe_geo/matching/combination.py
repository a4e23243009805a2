"""
Two providers who together cover the week: childminders, MAM as the sum of their members, crèches, care at home.

Bitmaps of free hours find the pairs that could; each part of the few best is then judged by the rules on its own hours,
so that nothing is proposed that a rule forbids. Care at home fills in only where no pair exists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpe_geo.domain import Request
from rpe_geo.matching.candidates import tie_break
from rpe_geo.matching.free_hours import FreeHours, Unit, gather_free_hours
from rpe_geo.matching.handover import Manner, SharedWeek, share_week
from rpe_geo.matching.occupation import count_quarters
from rpe_geo.matching.profiles import Profiles
from rpe_geo.matching.reach import within_minutes
from rpe_geo.matching.relaxation import ask_rows
from rpe_geo.matching.unknowns import to_ask
from rpe_geo.parameters import ParameterTable, parameter_table
from rpe_geo.rules.compiled import Registry
from rpe_geo.schedule import QUARTERS_PER_DAY, Timetable
from rpe_geo.verdicts import Combination, CombinationPart

__all__ = ["Between", "find_combinations", "part_request"]

Between = Callable[[int, int], float]
"""Minutes from one provider to another, by position in the registry: childminders first, then facilities."""

_NEAREST_PER_PLACE = 4
"""How many of the nearest are looked at for each one kept in the pool."""

_PAIRS_OF_EACH = 12
_PLANS_AT_ONCE = 40
_SHOWN_OF_EACH = 2


@dataclass(frozen=True)
class _Plan:
    """
    Who has the child when.

    Parameters
    ----------
    key
        Orders plans: who must be asked, what is hard for the child, changes of hands, minutes of travel, hours left
        uncovered, lot, manner of sharing.
    """

    units: tuple[Unit, ...]
    week: SharedWeek
    travel: float
    key: tuple[bool, bool, Fraction, float, int, bytes, int]

    @property
    def hard(self) -> bool:
        """Whether the child is carried every day, for a short while, or very early or late."""
        return self.key[1]

    @property
    def who(self) -> tuple[tuple[str, str | None], ...]:
        """The units as a reader would name them."""
        return tuple((unit.kind, unit.provider_id) for unit in self.units)


def find_combinations(  # noqa: PLR0913 - registry, need and dated tables
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
    alone = np.zeros(len(minutes), dtype=np.bool_) if enough is None else enough
    near = np.flatnonzero(within_minutes(minutes, request.max_minutes) & ~alone)
    if not len(near) or wanted < 1 or not request.schedule.slots.any():
        return []
    pool = int(scoring["combination_pool"])
    near = np.sort(near[np.argsort(minutes[near], kind="stable")[: _NEAREST_PER_PLACE * pool]])
    free = gather_free_hours(registry, profiles, request, near, minutes, pool=pool)
    if not free.units:
        return []
    search = _Search(registry, request, today, scoring, between, law, free)
    found = search.alone(wanted)
    found += search.pairs(wanted - len(found))
    return found or search.with_home_care(wanted)


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
        All of these hours; care begins on the part's own first day.
    """
    return replace(request, schedule=hours, min_hours_share=1.0)


@dataclass
class _Search:
    """One request, who is free around it, and what was verified so far."""

    registry: Registry
    request: Request
    today: date
    scoring: ParameterTable
    between: Between | None
    law: Mapping[str, Any] | None
    free: FreeHours
    verified: dict[tuple[int, Timetable], bool] = field(default_factory=dict)

    @cached_property
    def may_miss(self) -> int:
        """Asked quarter-hours of the cycle that may stay uncovered."""
        share = Fraction(str(self.request.min_hours_share))
        return int((1 - share) * self.free.asked_quarters)

    @cached_property
    def whole(self) -> NDArray[np.bool_]:
        """Days of the cycle that each unit is free for from beginning to end."""
        return self.free.whole_days()

    @cached_property
    def asked(self) -> NDArray[np.bool_]:
        """Of whom something must be asked, by position in the registry."""
        return to_ask(self.registry)

    @cached_property
    def houses(self) -> frozenset[str | None]:
        """The MAM that are units of their own."""
        return frozenset(unit.mam_id for unit in self.free.units if unit.kind == "mam")

    def alone(self, wanted: int) -> list[Combination]:
        """Find the MAM whose members cover the week by turns: one house, no way between."""
        missing = self.free.asked_quarters - count_quarters(self.free.bits)
        able = [
            (number,)
            for number, unit in enumerate(self.free.units)
            if unit.kind == "mam" and missing[number] <= self.may_miss
        ]
        return self._kept(self._plans(able), wanted)

    def pairs(self, wanted: int) -> list[Combination]:
        """Find the pairs that cover the week, those with the fewest shared days first."""
        if wanted < 1:
            return []
        units, lacking = self.free.units, self.free.asked[:, None] & ~self.free.bits
        law = self.law or parameter_table("law", self.today)
        strong, early, late = self.free.bearable(law)
        ranked: list[tuple[int, bool, float, int, int]] = []
        for first in range(len(units) - 1):
            both = count_quarters(lacking[:, first, None] & lacking[:, first + 1 :])
            partners = np.flatnonzero(both <= self.may_miss) + first + 1
            shared = (~self.whole[first] & ~self.whole[partners]).sum(axis=1)
            easy = (
                (strong[first] & strong[partners])
                | (early[first] & late[partners])
                | (late[first] & early[partners])
            )
            ranked.extend(
                (split, not light, units[first].minutes + units[other].minutes, first, other)
                for split, light, other in zip(
                    shared.tolist(), easy.tolist(), partners.tolist(), strict=True
                )
                if self._differ(units[first], units[other])
            )
        ranked.sort()
        return self._kept(self._plans(self._varied(pair[3:] for pair in ranked)), wanted)

    def with_home_care(self, wanted: int) -> list[Combination]:
        """Let somebody come to the home when the provider cannot: whoever covers most leaves the least to home care."""
        found: list[Combination] = []
        for number, unit in enumerate(self.free.units):
            if len(found) == wanted:
                break
            if unit.kind != "mam":
                found.extend(self._kept(self._plans([(number,)], home_care=True), 1))
        return found

    def _differ(self, first: Unit, other: Unit) -> bool:
        """Leave out two of the same MAM where it counts as one house."""
        return (
            first.mam_id is None or first.mam_id != other.mam_id or first.mam_id not in self.houses
        )

    def _varied(self, pairs: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """Keep the first pairs, each unit in a few of them only: one whom a law forbids must not fill the list."""
        met: Counter[int] = Counter()
        left = int(self.scoring["combination_tries"])
        for pair in pairs:
            if left and max(met[number] for number in pair) < _PAIRS_OF_EACH:
                met.update(pair)
                left -= 1
                yield pair

    def _plans(self, chosen: Iterable[tuple[int, ...]], *, home_care: bool = False) -> list[_Plan]:
        """Share the week between the units of each choice, in every manner, best plan first."""
        plans = []
        for numbers in chosen:
            units = tuple(self.free.units[number] for number in numbers)
            free = [self.free.slots(self.free.bits[:, number]) for number in numbers]
            if home_care:
                units = (*units, Unit("home_care", None, (), 0.0))
                free.append(np.ones_like(free[0]))
            for turn, manner in enumerate(self._manners(numbers)):
                week = share_week(
                    self.free.days,
                    free,
                    self.free.weeks,
                    manner=manner,
                    filler=1 if home_care else None,
                )
                if all(week.quarters(number) for number in range(len(units))):
                    travel = week.travel_minutes_per_week(
                        [unit.minutes for unit in units], self._way(units)
                    )
                    key = (
                        any(self.asked[row] for unit in units for row in unit.rows),
                        self._hard(week),
                        week.handovers_per_week,
                        round(travel, 1),
                        -sum(week.quarters(number) for number in range(len(units))),
                        self._lot(units),
                        turn,
                    )
                    plans.append(_Plan(units, week, travel, key))
        plans.sort(key=lambda plan: plan.key)
        return plans

    def _hard(self, week: SharedWeek) -> bool:
        """Tell whether a child is carried too often, for too short a stay, or too early or late in the day."""
        scoring = self.scoring
        moves = week.moves % QUARTERS_PER_DAY
        early, late = (4 * hour for hour in scoring["handover_hours"])
        return bool(
            week.handovers_per_week >= scoring["handovers_hard"]
            or week.shortest_stay() < 4 * scoring["handover_shortest_stay_hours"]
            or ((moves < early) | (moves > late)).any()
        )

    def _manners(self, numbers: Sequence[int]) -> tuple[Manner, ...]:
        """Share what both could take in other ways too: a law may forbid that one takes it all."""
        if len(numbers) < 2:
            return ("whole",)
        both = (self.whole[numbers[0]] & self.whole[numbers[1]]).any()
        return ("whole", "turns", "halves") if both else ("whole", "halves")

    def _lot(self, units: Sequence[Unit]) -> bytes:
        names = "\x00".join(sorted(unit.provider_id or "" for unit in units))
        return tie_break(self.request.request_id, names)

    def _way(self, units: Sequence[Unit]) -> Between:
        """Return the minutes between two units of a plan; care at home is at home."""

        def minutes(one: int, other: int) -> float:
            first, second = units[one], units[other]
            over_home = first.minutes + second.minutes
            if first.mam_id is not None and first.mam_id == second.mam_id:
                return 0.0
            if self.between is None or not first.rows or not second.rows:
                return over_home
            return min(over_home, self.between(first.rows[0], second.rows[0]))

        return minutes

    def _kept(self, plans: Sequence[_Plan], wanted: int) -> list[Combination]:
        """Keep the first plans whose every part the rules allow: nobody in more than a few, unless too few are left."""
        kept: dict[frozenset[tuple[str, str | None]], tuple[_Plan, Combination]] = {}
        shown: Counter[tuple[str, str | None]] = Counter()
        for most in (_SHOWN_OF_EACH, wanted):
            for number, plan in enumerate(plans):
                if len(kept) >= wanted:
                    break
                if number % _PLANS_AT_ONCE == 0:
                    self._judge(plans[number : number + _PLANS_AT_ONCE])
                together = frozenset(plan.who)
                if together in kept or max(shown[who] for who in plan.who) >= most:
                    continue
                combination = self._combination(plan)
                if combination is not None:
                    kept[together] = (plan, combination)
                    shown.update(who for who in plan.who if who[1] is not None)
        found = sorted(kept.values(), key=lambda pair: pair[0].key)
        # What is hard for the child is not proposed beside what is not.
        gentle = [pair for pair in found if not pair[0].hard]
        return [combination for _, combination in gentle or found]

    def _combination(self, plan: _Plan) -> Combination | None:
        """Write a plan as a combination if the rules allow every part of it."""
        parts = []
        for number, unit in enumerate(plan.units):
            hours = plan.week.hours(number)
            if not self._allowed(unit, hours, plan.week.holder == number):
                return None
            parts.append(
                CombinationPart(
                    provider_kind=unit.kind,
                    provider_id=unit.provider_id,
                    hours=hours,
                    travel_minutes=unit.minutes,
                )
            )
        covered = sum(plan.week.quarters(number) for number in range(len(plan.units)))
        return Combination(
            parts=tuple(parts),
            handovers_per_week=plan.week.handovers_per_week,
            hours_share=Fraction(covered, self.free.asked_quarters),
            travel_minutes_per_week=plan.travel,
            to_ask=plan.key[0],
            hard=plan.hard,
        )

    def _allowed(self, unit: Unit, hours: Timetable, held: NDArray[np.bool_]) -> bool:
        """Judge the part of a unit; the members of a MAM share it and are judged on what each one takes."""
        if unit.kind == "home_care":
            return True
        if unit.kind != "mam":
            return self._allows(unit.rows[0], hours)
        days = [slots[held[slots]] for slots in self.free.days if held[slots].any()]
        free = [self.free.slots(self.free.members[row]) for row in unit.rows]
        week = share_week(days, free, self.free.weeks)
        return np.array_equal(week.holder >= 0, held) and all(
            self._allows(row, week.hours(number))
            for number, row in enumerate(unit.rows)
            if week.quarters(number)
        )

    def _allows(self, row: int, hours: Timetable) -> bool:
        """Run the rules on one provider for its part of the hours."""
        if (row, hours) not in self.verified:
            self._ask(hours, [row])
        return self.verified[row, hours]

    def _judge(self, plans: Sequence[_Plan]) -> None:
        """Run the rules for many parts at once: those who would have the same hours are asked together."""
        together: dict[Timetable, set[int]] = {}
        for plan in plans:
            for number, unit in enumerate(plan.units):
                hours = plan.week.hours(number)
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
