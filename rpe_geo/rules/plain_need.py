"""
A need as families say it, written as weekly hours with a first and a last day: what every rule understands.

A roster by dates is a cycle of as many weeks as it has; hours asked in school holidays only, or outside them, are a
cycle of all the weeks up to the end of the calendar that is known (INTERFACES §4bis 27). An envelope stays what it is:
the places are asked over all of it, the sums of hours count `hours_per_month`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from rpe_geo.domain import Request
from rpe_geo.errors import InvalidRecord, Where
from rpe_geo.rules.school_calendar import SchoolCalendar, school_calendar, zone_of_address
from rpe_geo.schedule import Span, Timetable, Week, monday_of

__all__ = ["calendar_of", "plain_need"]


def plain_need(request: Request) -> Request:
    """
    Write a need as weekly hours.

    Parameters
    ----------
    request
        A family's need.

    Returns
    -------
    Request
        The same, without dates of its own: asked again it stays as it is.

    Raises
    ------
    InvalidRecord
        When hours depend on school holidays that are not known, or none of the days is asked.
    """
    if request.school_holidays == "all":
        return request if request.roster is None else replace(request, roster=None)
    calendar = calendar_of(request)
    last = calendar.known_until
    if request.end is not None:
        last = min(last, request.end)
    if request.start > calendar.known_until or request.start < calendar.known_from:
        raise InvalidRecord(
            "school_calendar_unknown",
            where=Where(field="school_holidays"),
            start=request.start,
            until=calendar.known_until,
        )
    wanted = request.school_holidays == "only"
    monday = monday_of(request.start)
    weeks = []
    for number in range((last - monday).days // 7 + 1):
        first = monday + timedelta(weeks=number)
        days = [first + timedelta(days=offset) for offset in range(7)]
        ordinary = request.schedule.week_of(first, request.start)
        weeks.append(
            Week((*(_spans(request, calendar, day, wanted) for day in days), ordinary.days[7]))
        )
    asked = Timetable(tuple(weeks))
    if not any(any(week.days[:7]) for week in weeks):
        raise InvalidRecord(
            "school_holidays_no_day",
            where=Where(field="school_holidays"),
            start=request.start,
            last=last,
        )
    return replace(request, schedule=asked, roster=None, end=last, school_holidays="all")


def _spans(request: Request, calendar: SchoolCalendar, day: date, wanted: bool) -> tuple[Span, ...]:  # noqa: FBT001
    """Return the hours of a day, if it is one of those wanted."""
    return (
        request.schedule.spans_on(day, request.start) if calendar.is_holiday(day) == wanted else ()
    )


def calendar_of(request: Request) -> SchoolCalendar:
    """Return the school calendar of a family: of the zone it says, or of its postcode."""
    zone = request.school_zone or zone_of_address(request.address)
    if zone is None:
        raise InvalidRecord("school_zone_missing", where=Where(field="school_zone"))
    return school_calendar(zone)
