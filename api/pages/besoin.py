"""The form of a need, as animateurs fill it: the week as text fields that the grid beside them paints."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import cast

from starlette.datastructures import FormData

from rpe_geo.domain import FUNCTIONAL_NEEDS, Child, Household, Request, TravelMode
from rpe_geo.errors import InputError, InvalidRecord, InvalidSchedule, Where
from rpe_geo.matching.preferences import PARTS, WISHES
from rpe_geo.schedule import CYCLE_WEEKS_MAX, QUARTERS_PER_DAY, Timetable, Week

__all__ = ["day_texts", "read_hours", "read_need", "week_prefix"]

_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_NAMES = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_SPAN = re.compile(r"^(\d{1,2})[:hH]?\s?(\d{2})?\s*(?:-|–|à)\s*(\d{1,2})[:hH]?\s?(\d{2})?$")
_LIKED = 2.0


def day_texts(week: Week) -> list[str]:
    """Write the spans of each day: « 08:00-12:00, 13:30-17:30 »."""
    return [", ".join(_written(*span) for span in spans) for spans in week.days[:7]]


def _written(begin: int, end: int) -> str:
    until = "24:00" if end == QUARTERS_PER_DAY else _clock(end % QUARTERS_PER_DAY)
    return f"{_clock(begin)}-{until}"


def _clock(quarter: int) -> str:
    return f"{quarter // 4:02d}:{quarter % 4 * 15:02d}"


def week_prefix(number: int) -> str:
    """Name the seven fields of a week of a cycle; the first two have a grid beside them."""
    return ("h", "g")[number] if number < 2 else f"s{number + 1}"


def read_hours(form: FormData, prefix: str, before: Week | None = None) -> str:
    """Read seven fields into the text form of a week; empty when nothing is asked, hours of public holidays are kept."""
    sent = [str(form.get(f"{prefix}-{number}", "")).strip() for number in range(7)]
    if before and (sent == day_texts(before) or f"{prefix}-0" not in form):
        return str(before)
    rules = []
    for number, name in enumerate(_DAYS):
        spans = []
        for part in re.split(r"[,;]", sent[number]):
            if not part.strip():
                continue
            found = _SPAN.match(part.strip())
            if found is None:
                raise InvalidSchedule(
                    "day_hours_unreadable", part=part.strip()[:40], day=_NAMES[number]
                )
            hour, minute, to_hour, to_minute = (int(group or 0) for group in found.groups())
            spans.append(f"{hour:02d}:{minute:02d}-{to_hour:02d}:{to_minute:02d}")
        if spans:
            rules.append(f"{name} {','.join(spans)}")
    if before and before.days[7]:
        rules.append(str(Week(((),) * 7 + before.days[7:])))
    return "; ".join(rules)


def _read_cycle(form: FormData, before: Timetable | None) -> Timetable:
    """Read the weeks of a cycle; only a smaller number of weeks, asked for, takes one away."""
    known = before.weeks if before else (Week(),)
    asked = int(_number(form, "semaines") or len(known))
    if not 1 <= asked <= CYCLE_WEEKS_MAX:
        raise InvalidSchedule("schedule_cycle_too_long", weeks=asked, limit=CYCLE_WEEKS_MAX)
    # A second week that is filled in counts even when nobody said that there are two.
    if asked == len(known) == 1 and read_hours(form, week_prefix(1)):
        asked = 2
    texts = [
        read_hours(form, week_prefix(number), known[number] if number < len(known) else None)
        for number in range(asked)
    ]
    if not any(text not in {"", "off"} for text in texts):
        raise InvalidRecord("schedule_asks_nothing", where=Where(field="schedule"))
    return Timetable.parse([text or "off" for text in texts])


def _number(form: FormData, name: str) -> float | None:
    text = re.sub(r"[^\d,.]", "", str(form.get(name, ""))).replace(",", ".")
    try:
        return float(text) if text else None
    except ValueError:
        raise InputError("field_type", where=Where(field=name), expected="un nombre") from None


def _date(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidRecord("field_missing", where=Where(field=name)) from None


def read_need(form: FormData, before: Request | None = None) -> Request:
    """
    Read the form of a need.

    Parameters
    ----------
    form
        As sent.
    before
        The request that is changed; what the form does not show is kept, places too while the address is the same.

    Raises
    ------
    InputError
        Naming the field that cannot be used.
    """
    schedule = _read_cycle(form, before.schedule if before else None)
    needs = frozenset(str(word) for word in form.getlist("besoin")) & FUNCTIONAL_NEEDS
    births = [
        _date(text, "naissance") for value in form.getlist("naissance") if (text := str(value))
    ]
    schools = [child.school for child in before.children] if before else []
    children = tuple(
        Child(birth, needs, schools[number] if number < len(schools) else None)
        for number, birth in enumerate(births)
    )
    income = _number(form, "revenu")
    household = None
    if income is not None:
        known = before.household if before and before.household else Household()
        count = max(len(children), int(_number(form, "enfants") or 1), known.aeeh_children)
        household = replace(known, monthly_income=income, children_at_charge=count)
    kept = {} if before is None else dict(before.preferences)
    preferences = {
        name: weight for name, weight in kept.items() if name not in WISHES or name in PARTS
    }
    preferences |= {str(name): _LIKED for name in form.getlist("souhait") if str(name) in WISHES}
    address = str(form.get("adresse", "")).strip()[:300]
    work = str(form.get("travail", "")).strip()[:300] or None
    same = before is not None and address == before.address
    same_work = before is not None and work == before.work_address
    share = _number(form, "part")
    return Request(
        request_id=before.request_id if before else "nouvelle",
        children=children,
        start=_date(str(form.get("debut", "")), "debut"),
        schedule=schedule,
        address=address,
        longitude=before.longitude if before and same else None,
        latitude=before.latitude if before and same else None,
        work_address=work,
        work_longitude=before.work_longitude if before and same_work else None,
        work_latitude=before.work_latitude if before and same_work else None,
        mode=cast("TravelMode", str(form.get("mode", "walk"))),
        max_minutes=_number(form, "max_minutes"),
        start_tolerance_days=int(_number(form, "tolerance") or 0),
        end=before.end if before else None,
        min_hours_share=1.0 if share is None else share / 100,
        preferences=preferences,
        household=household,
    )
