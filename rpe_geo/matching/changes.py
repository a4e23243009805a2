"""
What a family could change: each change of a request alone, and what it costs the family.

Costs are in minutes per week, so that an hour less of care, a later start and a longer way can be compared; the rates
are in the scoring table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from rpe_geo.domain import Request, TravelMode, months_after
from rpe_geo.parameters import ParameterTable
from rpe_geo.schedule import QUARTERS_PER_DAY, Span, Timetable, Week
from rpe_geo.verdicts import RelaxationKind

__all__ = [
    "Change",
    "earlier_end",
    "fewer_days",
    "later_start",
    "less_of_the_hours",
    "more_minutes",
    "needs_met_otherwise",
    "one_by_one",
    "other_modes",
    "school_runs_otherwise",
    "shifts",
    "trims",
]

_Spans = tuple[Span, ...]


_GIVES_UP = {
    "opening_arrive_later": "hours",
    "opening_leave_earlier": "hours",
    "opening_without_day": "hours",
    "opening_share": "share",
    "opening_shift_earlier": "the hour",
    "opening_shift_later": "the hour",
}


@dataclass(frozen=True)
class Change:
    """
    One change of a request.

    Parameters
    ----------
    kind, to
        The field that changes and its new value, as written in the request.
    request
        The changed request.
    cost
        What it costs the family, in minutes per week.
    reason, values
        Key and figures of the French sentence, see `rpe_geo.messages.matching.opening`.
    """

    kind: RelaxationKind
    to: Any
    request: Request
    cost: float
    reason: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def after(self, first: Change) -> Change:
        """Make this change besides another one, on whose request it was found."""
        return replace(
            self,
            cost=first.cost + self.cost,
            values={
                **self.values,
                "besides": {
                    **first.values,
                    "change": first.kind,
                    "to": first.to,
                    "reason": first.reason,
                },
            },
        )

    @property
    def gives_up(self) -> str:
        """Name what the family gives up: hours, however they are cut, can be weighed against each other."""
        return _GIVES_UP.get(self.reason, self.reason)


def trims(request: Request, scoring: ParameterTable) -> Iterator[Change]:
    """Yield the schedule cut by quarter-hours at the beginning of the day, then at its end, longest cut first."""
    spans = [span for week in request.schedule.weeks for day in week.days for span in day]
    first, last = min(span.begin for span in spans), max(span.end for span in spans)
    longest = scoring["relaxation_trim_quarters"]
    for quarters in range(longest, 0, -1):
        cut = _map_days(request.schedule, _clip(first + quarters, 2 * QUARTERS_PER_DAY))
        yield from _shorter(
            request, cut, scoring, "opening_arrive_later", was=first, becomes=first + quarters
        )
    for quarters in range(longest, 0, -1):
        cut = _map_days(request.schedule, _clip(0, last - quarters))
        yield from _shorter(
            request, cut, scoring, "opening_leave_earlier", was=last, becomes=last - quarters
        )


def fewer_days(request: Request, scoring: ParameterTable) -> Iterator[Change]:
    """Yield the schedule without one of its weekdays."""
    for weekday in range(7):
        weeks = tuple(
            Week((*week.days[:weekday], (), *week.days[weekday + 1 :]))
            for week in request.schedule.weeks
        )
        yield from _shorter(
            request, Timetable(weeks), scoring, "opening_without_day", weekday=weekday
        )


def shifts(request: Request, scoring: ParameterTable) -> Iterator[Change]:
    """Yield the whole schedule a few quarter-hours earlier, then later."""
    days = sum(bool(day) for week in request.schedule.weeks for day in week.days[:7])
    per_week = days / len(request.schedule)
    for sign, reason in ((-1, "opening_shift_earlier"), (1, "opening_shift_later")):
        for quarters in range(1, scoring["relaxation_shift_quarters"] + 1):
            moved = _map_days(request.schedule, _move(sign * quarters))
            if moved is None:
                continue
            yield Change(
                kind="schedule",
                to=moved.write(),
                request=replace(request, schedule=moved),
                cost=15 * quarters * per_week * scoring["relaxation_cost_shifted_minute"],
                reason=reason,
                values={"quarters": quarters},
            )


def later_start(request: Request, start: date, scoring: ParameterTable) -> Change | None:
    """Change the start; None when the need would end before."""
    if request.end is not None and start > request.end:
        return None
    days = (start - request.first_day).days
    return Change(
        kind="start",
        to=start.isoformat(),
        request=replace(request, start=start),
        cost=days * scoring["relaxation_cost_day_late"],
        reason="opening_start",
        values={"start": start, "days": days},
    )


def earlier_end(
    request: Request, end: date, scoring: ParameterTable, law: Mapping[str, Any]
) -> Change:
    """Stop sooner, with `shortest_care_days` of care at least: who begins later in the tolerance does not count."""
    asked_end = request.end or months_after(request.first_day, law["horizon_months"])
    longest_wait = (end - request.start).days - law["shortest_care_days"]
    tolerance = min(request.start_tolerance_days, longest_wait)
    return Change(
        kind="end",
        to=end.isoformat(),
        request=replace(request, end=end, start_tolerance_days=max(tolerance, 0)),
        cost=(asked_end - end).days * scoring["relaxation_cost_day_uncovered"],
        reason="opening_end",
        values={"end": end},
    )


def less_of_the_hours(request: Request, scoring: ParameterTable) -> Iterator[Change]:
    """Yield smaller parts of the hours, by steps of 5 %, the largest first."""
    weekly = 15 * float(request.schedule.quarters_per_week)
    for percent in range(95, 0, -5):
        share = percent / 100
        if scoring["relaxation_smallest_share"] <= share < request.min_hours_share:
            yield Change(
                kind="min_hours_share",
                to=share,
                request=replace(request, min_hours_share=share),
                cost=(request.min_hours_share - share)
                * weekly
                * scoring["relaxation_cost_lost_minute"],
                reason="opening_share",
                values={"share": share, "was_share": request.min_hours_share},
            )


def more_minutes(request: Request, scoring: ParameterTable) -> Iterator[Change]:
    """Yield longer ways, nothing when the family set no limit."""
    if request.max_minutes is None:
        return
    days = sum(bool(day) for week in request.schedule.weeks for day in week.days[:7])
    ways = 2 * days / len(request.schedule)
    for extra in scoring["relaxation_more_minutes"]:
        minutes = request.max_minutes + extra
        yield Change(
            kind="max_minutes",
            to=minutes,
            request=replace(request, max_minutes=minutes),
            cost=extra * ways * scoring["relaxation_cost_travel_minute"],
            reason="opening_minutes",
            values={"minutes": minutes, "was_minutes": request.max_minutes, "mode": request.mode},
        )


def other_modes(request: Request, scoring: ParameterTable) -> Iterator[Change]:
    """Yield the other ways of travelling, within the same minutes."""
    modes: tuple[TravelMode, ...] = ("walk", "bike", "transit", "car")
    for mode in modes:
        if mode != request.mode:
            yield Change(
                kind="mode",
                to=mode,
                request=replace(request, mode=mode),
                cost=float(scoring["relaxation_cost_mode"][mode]),
                reason="opening_mode",
                values={"mode": mode, "minutes": request.max_minutes},
            )


def needs_met_otherwise(request: Request, scoring: ParameterTable) -> Iterator[Change]:
    """Yield the request without one of the children's needs, which the family would then see to."""
    for need in sorted(set().union(*(child.needs for child in request.children))):
        children = tuple(replace(child, needs=child.needs - {need}) for child in request.children)
        yield Change(
            kind="needs",
            to=sorted(set().union(*(child.needs for child in children))),
            request=replace(request, children=children),
            cost=float(scoring["relaxation_cost_need"]),
            reason="opening_need",
            values={"need": need},
        )


def school_runs_otherwise(request: Request, scoring: ParameterTable) -> Iterator[Change]:
    """Yield the request without one of the schools, from which somebody else would then fetch the child."""
    for school in sorted({child.school for child in request.children if child.school is not None}):
        children = tuple(
            replace(child, school=None) if child.school == school else child
            for child in request.children
        )
        yield Change(
            kind="school",
            to=None,
            request=replace(request, children=children),
            cost=float(scoring["relaxation_cost_need"]),
            reason="opening_school",
            values={"school": school},
        )


def one_by_one(request: Request, scoring: ParameterTable) -> Change:
    """Let each of several children be taken by somebody else; `request` is that of the youngest."""
    youngest = max(request.children, key=lambda child: child.birth_date)
    days = sum(bool(day) for week in request.schedule.weeks for day in week.days[:7])
    ways = 2 * days / len(request.schedule)
    return Change(
        kind="children",
        to=1,
        request=replace(request, children=(youngest,)),
        # One way more, there and back, for each child that is somewhere else.
        cost=(len(request.children) - 1) * ways * scoring["relaxation_apart_minutes"],
        reason="opening_apart",
        values={"children": len(request.children)},
    )


def _shorter(
    request: Request,
    schedule: Timetable | None,
    scoring: ParameterTable,
    reason: str,
    **values: int,
) -> Iterator[Change]:
    """Yield a shorter schedule, unless it is empty or asks the same."""
    if schedule is None or not schedule or schedule == request.schedule:
        return
    lost = 15 * float(request.schedule.quarters_per_week - schedule.quarters_per_week)
    yield Change(
        kind="schedule",
        to=schedule.write(),
        request=replace(request, schedule=schedule),
        cost=lost * scoring["relaxation_cost_lost_minute"],
        reason=reason,
        values=values,
    )


def _map_days(schedule: Timetable, change: Callable[[_Spans], _Spans | None]) -> Timetable | None:
    """Change the spans of every day; None when a day cannot be changed so."""
    weeks = []
    for week in schedule.weeks:
        days = [change(day) for day in week.days]
        known = [day for day in days if day is not None]
        if len(known) < len(days):
            return None
        weeks.append(Week(tuple(known)))
    return Timetable(tuple(weeks))


def _clip(earliest: int, latest: int) -> Callable[[_Spans], _Spans | None]:
    """Cut spans; a day that would lose one of them whole cannot be cut so: that is no shorter day, but another one."""

    def clip(day: _Spans) -> _Spans | None:
        clipped = tuple(Span(max(span.begin, earliest), min(span.end, latest)) for span in day)
        return clipped if all(span.begin < span.end for span in clipped) else None

    return clip


def _move(quarters: int) -> Callable[[_Spans], _Spans | None]:
    def move(day: _Spans) -> _Spans | None:
        moved = tuple(Span(span.begin + quarters, span.end + quarters) for span in day)
        within = all(
            0 <= span.begin < QUARTERS_PER_DAY and span.end - span.begin <= QUARTERS_PER_DAY
            for span in moved
        )
        return moved if within else None

    return move
