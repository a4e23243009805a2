"""
A second judge, written from INTERFACES §4bis alone: slow, one provider, one start, quarter-hour by quarter-hour.

It shares nothing with `rpe_geo.rules` but the domain objects and `Timetable.presence`.
"""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from math import lcm

import numpy as np

from rpe_geo.domain import Childminder, Contract, Mam, Request
from rpe_geo.schedule import Timetable

DAY = timedelta(days=1)
REFERENCE = date(2024, 1, 1)


def plus_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    try:
        return date(year, month + 1, day.day)
    except ValueError:
        return date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)


def under(birth: date | None, years: int, day: date) -> bool:
    return birth is None or day < plus_months(birth, 12 * years)


def completed_months(birth: date, day: date) -> int:
    months = 0
    while plus_months(birth, months + 1) <= day:
        months += 1
    return months


class Judge:
    """One request with one childminder, when care begins on one day."""

    def __init__(
        self,
        childminder: Childminder,
        request: Request,
        start: date,
        *,
        colleagues: tuple[Childminder, ...] = (),
        mam: Mam | None = None,
    ) -> None:
        self.minder, self.request, self.start = childminder, request, start
        self.colleagues, self.mam = colleagues, mam
        # In a MAM her own children are not on site (§12).
        self.own_children = childminder.own_children if childminder.mam_id is None else ()
        self.end = request.end or plus_months(start, 24) - DAY
        around = 53 if childminder.annual_hours_consent else 18
        self.first = start - timedelta(days=start.weekday()) - timedelta(weeks=around)
        self.days = (self.end - self.first).days // 7 * 7 + 7 + around * 7
        self.asked = request.schedule.presence(
            self.first, self.days, week_1=request.start, start=start, end=self.end
        )
        self.offered = self.hours_offered()
        if self.offered is not None:
            self.asked = self.asked & self.offered.presence(self.first, self.days)
        self.contracts = [self.lay(contract) for contract in childminder.contracts or ()]
        self.others = (
            np.any(self.contracts, axis=0) if self.contracts else np.zeros_like(self.asked)
        )
        self.union = self.others | self.asked
        self.added = self.asked & ~self.others
        self.broken: dict[str, float] = {}
        self.limits: dict[str, float] = {}
        self.excess: dict[str, float] = {}
        self.since: dict[str, date] = {}
        self.standing: set[str] = set()
        self.judge()

    def lay(self, contract: Contract) -> np.ndarray:
        return contract.presence.presence(
            self.first, self.days, week_1=contract.start, start=contract.start, end=contract.end
        )

    def hours_offered(self) -> Timetable | None:
        return hours_offered(self.minder)

    def date_of(self, quarter: int) -> date:
        return self.first + timedelta(days=int(quarter) // 96)

    def judge(self) -> None:
        self.slots()
        self.mam_rules()
        self.daily_rest()
        self.consecutive()
        self.weekly_rest()
        self.sums()

    def breaks(self, rule: str, quarter: int, have: float, limit: float) -> None:
        day = self.date_of(quarter)
        self.since[rule] = min(day, self.since.get(rule, day))
        if abs(have - limit) > self.excess.get(rule, -1):
            self.broken[rule] = have
            self.limits[rule] = limit
            self.excess[rule] = abs(have - limit)

    def slots(self) -> None:
        agrement = self.minder.agrement
        asked = len(self.request.children)
        always = np.ones_like(self.asked)
        own = [
            always if child.presence is None else child.presence.presence(self.first, self.days)
            for child in self.own_children
        ]
        declared = [
            availability.places
            * availability.hours.presence(
                self.first, self.days, start=availability.start, end=availability.until
            ).astype(int)
            for availability in self.minder.availabilities or ()
        ]
        free = np.sum(declared, axis=0) if declared else None
        bands = [
            band.presence.presence(self.first, self.days)
            for band in self.minder.agrement.legacy_ages or ()
            if band.presence is not None
        ]
        at_each_slot = [*self.contracts, *own, *bands, *([] if free is None else [free])]
        for day_number in range(self.days):
            window = slice(96 * day_number, 96 * day_number + 96)
            if not self.asked[window].any():
                continue
            day = self.first + timedelta(days=day_number)
            # The same children, places and bands on the same day are judged once.
            seen = set[tuple[bytes, ...]]()
            for quarter in range(window.start, window.stop):
                if not self.asked[quarter]:
                    continue
                there = tuple(laid[quarter].tobytes() for laid in at_each_slot)
                if there in seen:
                    continue
                seen.add(there)
                contracts = [
                    contract
                    for contract, laid in zip(
                        self.minder.contracts or (), self.contracts, strict=True
                    )
                    if laid[quarter]
                ]
                own_there = [
                    child
                    for child, laid in zip(self.own_children, own, strict=True)
                    if laid[quarter] and child.birth_date <= day
                ]
                count = len(contracts) + asked
                with_own = count + sum(under(child.birth_date, 3, day) for child in own_there)
                excess = [(count - agrement.places_offered, count, agrement.places_offered)]
                if agrement.own_under_3_takes_place:
                    excess.append((with_own - agrement.places, with_own, agrement.places))
                if free is not None:
                    excess.append((asked - free[quarter], asked, free[quarter]))
                worst = max(excess, key=lambda one: one[0])
                if worst[0] > 0:
                    self.breaks("places", quarter, worst[1], worst[2])
                for years, limit in ((3, 4), (11, 6)):
                    births = [
                        *(contract.child_birth_date for contract in contracts),
                        *(child.birth_date for child in own_there),
                        *(child.birth_date for child in self.request.children),
                    ]
                    have = sum(under(birth, years, day) for birth in births)
                    if have > limit:
                        self.breaks(f"under_{years}", quarter, have, limit)
                if agrement.legacy_ages:
                    self.legacy(quarter, day, contracts)

    def legacy(self, quarter: int, day: date, contracts: list[Contract]) -> None:
        seats = []
        for band in self.minder.agrement.legacy_ages or ():
            if band.presence is None or band.presence.presence(day, 1)[quarter % 96]:
                seats += [band] * band.places
        births = [contract.child_birth_date for contract in contracts]
        births += [child.birth_date for child in self.request.children]
        taken: dict[int, int] = {}

        def fits(birth: date | None, seat: int) -> bool:
            if birth is None:
                return seats[seat].min_months < 36
            return seats[seat].min_months <= completed_months(birth, day) < seats[seat].max_months

        def seat_child(child: int, tried: set[int]) -> bool:
            for seat in range(len(seats)):
                if seat not in tried and fits(births[child], seat):
                    tried.add(seat)
                    if seat not in taken or seat_child(taken[seat], tried):
                        taken[seat] = child
                        return True
            return False

        seated = sum(seat_child(child, set()) for child in range(len(births)))
        if seated < len(births):
            self.breaks("legacy_ages", quarter, len(births), seated)

    def mam_rules(self) -> None:
        if self.minder.mam_id is None:
            return
        present_max = 4 if self.mam is None else self.mam.members_present_max
        children_max = 20 if self.mam is None else self.mam.children_max
        laid = [
            [self.lay(contract) for contract in colleague.contracts or ()]
            for colleague in self.colleagues
        ]
        counts = [
            np.sum(rows, axis=0) * self.is_member(colleague) if rows else np.zeros(len(self.asked))
            for colleague, rows in zip(self.colleagues, laid, strict=True)
        ]
        mine = np.sum(self.contracts, axis=0) if self.contracts else np.zeros(len(self.asked))
        for quarter in np.flatnonzero(self.asked):
            others = sum(count[quarter] > 0 for count in counts)
            if mine[quarter] == 0 and others + 1 > present_max:
                self.breaks("mam_present", quarter, others + 1, present_max)
            children = (
                sum(count[quarter] for count in counts) + mine[quarter] + len(self.request.children)
            )
            if children > children_max:
                self.breaks("mam_children", quarter, children, children_max)

    def is_member(self, colleague: Childminder) -> np.ndarray:
        """Tell at each quarter-hour whether a colleague is active: rule 9, day by day, without its validity."""
        agrement = colleague.agrement
        active = np.array(
            [
                agrement.status == "active"
                or (
                    agrement.status == "suspended"
                    and agrement.suspended_until is not None
                    and agrement.suspended_until < self.first + timedelta(days=day)
                )
                for day in range(self.days)
            ]
        )
        return np.repeat(active, 96)

    def element(self, rule: str, begin: int, end: int, have: float, limit: float) -> None:
        where = np.flatnonzero(self.added[begin:end])
        if len(where):
            self.breaks(rule, begin + where[0], have, limit)
        elif self.date_of(end - 1) >= self.start and self.date_of(begin) <= self.end:
            self.standing.add(rule)

    def runs(self) -> list[tuple[int, int]]:
        runs, quarter, line = [], 0, self.union.tobytes()
        while (begin := line.find(1, quarter)) >= 0:
            quarter = line.find(0, begin)
            quarter = len(line) if quarter < 0 else quarter
            runs.append((begin, quarter))
        return runs

    def daily_rest(self) -> None:
        days: list[list[int]] = []
        by_date: dict[int, list[int]] = {}
        for begin, end in self.runs():
            if days and begin - days[-1][1] < 44:
                days[-1][1] = end
            else:
                days.append([begin, end])
            by_date.setdefault(begin // 96, [begin, end])[1] = end
        for begin, end in [*days, *by_date.values()]:
            if end - begin > 52:
                self.element("daily_rest", begin, end, (end - begin) / 4, 13)

    def consecutive(self) -> None:
        worked = [self.union[96 * day : 96 * day + 96].any() for day in range(self.days)]
        begin = None
        for day, there in enumerate([*worked, False]):
            if there and begin is None:
                begin = day
            elif not there and begin is not None:
                if day - begin > 6:
                    self.element("consecutive_days", 96 * begin, 96 * day, day - begin, 6)
                begin = None

    def weekly_rest(self) -> None:
        runs = self.runs()
        gaps = zip(
            [-10_000] + [end for _, end in runs],
            [begin for begin, _ in runs] + [len(self.union) + 10_000],
            strict=True,
        )
        gaps = [gap for gap in gaps if gap[1] > gap[0]]
        for week in range(self.days // 7):
            begin, end = 672 * week, 672 * week + 672
            if not self.asked[begin:end].any():
                continue
            longest = 0
            near = [gap for gap in gaps if gap[1] > begin and gap[0] < end]
            for opens, closes in near:
                inside = min(closes, end) - max(opens, begin)
                if inside > 0:
                    longest = max(longest, closes - opens if inside >= 70 else inside)
            if longest < 140:
                self.element("weekly_rest", begin, end, longest / 4, 35)

    def sums(self) -> None:
        hours = self.union.reshape(-1, 672).sum(axis=1)
        consent = self.minder.annual_hours_consent
        broken_before = dict(self.broken)
        for week in range(len(hours) - 16):
            total = int(hours[week : week + 17].sum())
            if Fraction(total, 4 * 17) > 48:
                self.element("weekly_hours", 672 * week, 672 * (week + 17), total / 68, 48)
        if not consent:
            return
        refused = "weekly_hours" in self.broken
        stood = "weekly_hours" in self.standing
        self.broken = broken_before
        self.since.pop("weekly_hours", None)
        self.standing.discard("weekly_hours")
        for week in range(len(hours) - 51):
            total = int(hours[week : week + 52].sum())
            if Fraction(total * 47, 4 * 52) > 2250:
                self.element("annual_hours", 672 * week, 672 * (week + 52), total * 47 / 208, 2250)
        if not refused:
            self.broken.pop("annual_hours", None)
        if not refused and not stood:
            self.standing.discard("annual_hours")


def hours_offered(childminder: Childminder) -> Timetable | None:
    """Paragraph 23: where no contract is known, the declared hours alone; with both, what both allow."""
    declared: Timetable | None = None
    for availability in childminder.availabilities or ():
        declared = availability.hours if declared is None else declared.union(availability.hours)
    if declared is None:
        return childminder.working_hours
    if childminder.contracts is None or childminder.working_hours is None:
        return declared
    return childminder.working_hours.intersection(declared)


def share(childminder: Childminder, request: Request) -> Fraction:
    hours = hours_offered(childminder)
    if hours is None:
        return Fraction(1)
    weeks = lcm(len(request.schedule), len(hours))
    monday = request.start - timedelta(days=request.start.weekday())
    # Far from any start, every span of the cycle is there.
    asked = request.schedule.presence(monday, 7 * weeks, week_1=request.start)
    offered = hours.presence(monday, 7 * weeks)
    inside, total = int((asked & offered).sum()), int(asked.sum())
    for week in range(weeks):
        day = monday + timedelta(weeks=week)
        wanted = np.zeros(192, dtype=bool)
        given = np.zeros(192, dtype=bool)
        for span in request.schedule.week_of(day, request.start).days[7]:
            wanted[span.begin : span.end] = True
        for span in hours.week_of(day).days[7]:
            given[span.begin : span.end] = True
        inside, total = inside + int((wanted & given).sum()), total + int(wanted.sum())
    return Fraction(inside, total)


def fixed_rules(childminder: Childminder, request: Request) -> set[str]:
    broken = set()
    if share(childminder, request) < Fraction(str(request.min_hours_share)):
        broken.add("working_hours")
    for child in request.children:
        if not child.needs <= childminder.capabilities:
            broken.add("functional_need")
        if child.school is not None and child.school not in childminder.attributes.schools_served:
            broken.add("school_pickup")
    return broken


def status_refuses(childminder: Childminder, start: date) -> bool:
    agrement = childminder.agrement
    active = agrement.status == "active" or (
        agrement.status == "suspended"
        and agrement.suspended_until is not None
        and agrement.suspended_until < start
    )
    return not (
        active
        and (agrement.valid_from is None or agrement.valid_from <= start)
        and (agrement.valid_until is None or start <= agrement.valid_until)
    )


def first_start(
    childminder: Childminder, request: Request, first: date, last: date, **house: object
) -> date | None:
    if fixed_rules(childminder, request):
        return None
    day = first
    while day <= last and (request.end is None or day <= request.end):
        if (
            request.schedule.spans_on(day, request.start)
            and all(child.birth_date <= day for child in request.children)
            and not status_refuses(childminder, day)
            and not Judge(childminder, request, day, **house).broken
        ):
            return day
        day += DAY
    return None


def first_asked(request: Request) -> date:
    """Paragraph 7: the first day with asked hours on or after the start; the start where none comes before the end."""
    day = request.start
    for _ in range(7 * len(request.schedule)):
        if request.end is not None and day > request.end:
            break
        if request.schedule.spans_on(day, request.start):
            return day
        day += DAY
    return request.start


def tolerance(request: Request) -> tuple[date, date]:
    first = first_asked(request)
    return first, first + timedelta(days=request.start_tolerance_days)
