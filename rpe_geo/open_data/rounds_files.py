"""Halls of a travelling relais, read from a table; its round as JSON and as a calendar (iCalendar, RFC 5545)."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from icalendar import Calendar, Event

from rpe_geo.errors import InvalidFile, InvalidRecord, InvalidSchedule, Where
from rpe_geo.open_data.access_tables import read_ids, read_text_columns
from rpe_geo.planning.rounds import HalfDay, Hall, RoundDay, Rounds, served_zones
from rpe_geo.schedule import Timetable, Week

__all__ = ["read_halls", "rounds_calendar", "rounds_document"]

_PARIS = ZoneInfo("Europe/Paris")


def read_halls(path: Path) -> tuple[Hall, ...]:
    """
    Read the halls.

    Parameters
    ----------
    path
        `id`, and `name`, `free_hours`, `busy_hours` where they are there; empty hours are none said.

    Returns
    -------
    tuple
        In the order of the file.

    Raises
    ------
    InputError
        With file, row and field.
    """
    table = read_text_columns(path, ["id"], optional=["name", "free_hours", "busy_hours"])
    ids = read_ids(table, path.name)
    if ids.empty:
        raise InvalidFile("table_empty", where=Where(file=path.name))

    def cells(name: str) -> list[str]:
        there = name in table.column_names
        return [str(one).strip() for one in table[name].to_pylist()] if there else [""] * len(ids)

    def hours(name: str) -> list[Timetable | None]:
        found: list[Timetable | None] = []
        for row, text in enumerate(cells(name), start=1):
            try:
                found.append(Timetable.parse(text.split("|")) if text else None)
            except InvalidSchedule as fault:
                where = Where(file=path.name, row=row, field=name)
                raise InvalidRecord(fault.code, where=where, **fault.values) from None
        return found

    rows = zip(ids, cells("name"), hours("free_hours"), hours("busy_hours"), strict=True)
    return tuple(Hall(str(key), name or str(key), free, busy) for key, name, free, busy in rows)


def rounds_document(
    rounds: Rounds,
    halls: tuple[Hall, ...],
    half_days: tuple[HalfDay, ...],
    days: list[RoundDay],
    people: pd.Series,
    *,
    cutoff_min: float,
) -> dict[str, Any]:
    """
    Write a round as plain values.

    Parameters
    ----------
    rounds, halls, half_days, days
        See `rpe_geo.planning.rounds`.
    people
        By zone.
    cutoff_min
        Minutes within reach.

    Returns
    -------
    dict
        Fit for JSON. `hours` of a hall has a text per week of the cycle: whatever stands there counts in these hours alone.
    """
    weeks = max(one.week for one in half_days) + 1
    stops = [
        {"week": one.week + 1, "hours": _hours([one]), "hall": halls[at].hall_id}
        for one, at in zip(half_days, rounds.halls.tolist(), strict=True)
        if at >= 0
    ]
    used = sorted({at for at in rounds.halls.tolist() if at >= 0})
    table = served_zones(rounds, people.index)
    return {
        "weeks": weeks,
        "cutoff_min": cutoff_min,
        "stops": stops,
        "halls": [
            {
                "id": halls[hall].hall_id,
                "name": halls[hall].name,
                "hours": [
                    _hours(
                        [
                            one
                            for one, at in zip(half_days, rounds.halls.tolist(), strict=True)
                            if at == hall and one.week == week
                        ]
                    )
                    for week in range(weeks)
                ],
            }
            for hall in used
        ],
        "unused_half_days": int((rounds.halls < 0).sum()),
        "zones": [
            {
                "id": str(key),
                "people": amount,
                "half_days": int(row["half_days"]),
                "minutes": None if pd.isna(row["minutes"]) else float(row["minutes"]),
            }
            for (key, row), amount in zip(table.iterrows(), people.tolist(), strict=True)
        ],
        "reached": rounds.reached,
        "reachable": rounds.reachable,
        "people": float(people.sum()),
        "proven": rounds.proven,
        "days": [
            {
                "date": one.day.isoformat(),
                "from": _clock(half_days[one.half_day].span.begin),
                "to": _clock(half_days[one.half_day].span.end),
                "hall": halls[one.hall].hall_id,
                "name": halls[one.hall].name,
            }
            for one in days
        ],
    }


def _hours(half_days: list[HalfDay]) -> str:
    days: list[list[Any]] = [[] for _ in range(8)]
    for one in half_days:
        days[one.day].append(one.span)
    return str(Week(tuple(tuple(spans) for spans in days)))


def _clock(quarter: int) -> str:
    return f"{quarter // 4:02d}:{quarter % 4 * 15:02d}"


def rounds_calendar(document: dict[str, Any], *, title: str) -> bytes:
    """
    Write the days of a round as a calendar; the same round gives the same bytes.

    Parameters
    ----------
    document
        See `rounds_document`.
    title
        Of the calendar and of each event.

    Returns
    -------
    bytes
        A `.ics` file, hours of Paris.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//rpe_geo//tournees//FR")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", title)
    for entry in document["days"]:
        event = Event()
        key = f"{entry['date']}|{entry['from']}|{entry['hall']}"
        event.add("uid", f"{hashlib.sha256(key.encode()).hexdigest()[:24]}@rpe-geo")
        event.add("summary", f"{title} : {entry['name']}")
        event.add("location", entry["name"])
        when = date.fromisoformat(entry["date"])
        event.add("dtstamp", datetime.combine(when, time(0), UTC))
        for name in ("from", "to"):
            hour, minute = map(int, entry[name].split(":"))
            moment = datetime.combine(
                when + timedelta(days=hour // 24), time(hour % 24, minute), _PARIS
            )
            # In universal time: a calendar needs no table of summer time then.
            event.add("dtstart" if name == "from" else "dtend", moment.astimezone(UTC))
        calendar.add_component(event)
    return bytes(calendar.to_ical())
