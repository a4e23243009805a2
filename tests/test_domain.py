"""Ages, defaults and what a record may not say."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpe_geo.domain import (
    Adaptation,
    Agrement,
    Child,
    Childminder,
    Contract,
    Request,
    RosterDay,
    completed_months,
    months_after,
    nth_birthday,
)
from rpe_geo.errors import InvalidRecord
from rpe_geo.messages import explain
from rpe_geo.schedule import Timetable

WEEK = Timetable.parse("Mo-Fr 08:00-18:00")


def test_29_february_becomes_1_march_in_common_years() -> None:
    assert nth_birthday(date(2024, 2, 29), 3) == date(2027, 3, 1)
    assert nth_birthday(date(2024, 2, 29), 4) == date(2028, 2, 29)


def test_a_day_that_the_month_does_not_have_becomes_the_first_of_the_next() -> None:
    assert months_after(date(2026, 1, 31), 1) == date(2026, 3, 1)
    assert months_after(date(2026, 12, 31), 2) == date(2027, 3, 1)


@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.integers(0, 300))
def test_completed_months_change_on_the_day_itself(birth: date, months: int) -> None:
    day = months_after(birth, months)
    assert completed_months(birth, day) >= months
    assert completed_months(birth, date.fromordinal(day.toordinal() - 1)) == months - 1


def test_places_offered_are_those_of_the_agrement_when_not_said() -> None:
    assert Agrement(places=3).places_offered == 3
    assert Agrement(places=3, places_offered=0).places_offered == 0


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Agrement(places=0), "agrement.places"),
        (lambda: Agrement(places=2, places_offered=3), "agrement.places_offered"),
        (
            lambda: Agrement(places=2, valid_from=date(2027, 1, 1), valid_until=date(2026, 1, 1)),
            "agrement.valid_until",
        ),
        (
            lambda: Contract("C", start=date(2027, 1, 1), end=date(2026, 1, 1), presence=WEEK),
            "end",
        ),
        (lambda: Childminder("", Agrement(4), address="1 rue X"), "childminder_id"),
        (lambda: Childminder("A", Agrement(4)), "address"),
        (lambda: Childminder("A", Agrement(4), longitude=3.0), "longitude"),
        (lambda: Childminder("A", Agrement(4), longitude=3.0, latitude=143.0), "latitude"),
        (lambda: _request(children=()), "children"),
        (lambda: _request(schedule=Timetable.parse("off")), "schedule"),
        (lambda: _request(end=date(2026, 1, 1)), "end"),
        (lambda: _request(min_hours_share=0.0), "min_hours_share"),
        (lambda: _request(min_hours_share=1.2), "min_hours_share"),
        (lambda: _request(max_minutes=0.0), "max_minutes"),
        (lambda: _request(start_tolerance_days=-1), "start_tolerance_days"),
        (lambda: _request(preferences={"garden": -1.0}), "preferences.garden"),
    ],
)
def test_a_record_that_contradicts_itself_names_its_field(make, field: str) -> None:
    with pytest.raises(InvalidRecord) as refused:
        make()
    assert refused.value.where.field == field
    assert f"champ {field}" in explain(refused.value)


def _request(**changes: object) -> Request:
    fields: dict[str, object] = {
        "request_id": "R",
        "children": (Child(date(2026, 5, 1)),),
        "start": date(2027, 1, 4),
        "schedule": WEEK,
        "address": "1 rue X",
    }
    return Request(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("hours", ["", ";", "0", "25:00-26:00", "matin"])
def test_odd_hours_of_an_adaptation_name_their_field(hours):
    with pytest.raises(InvalidRecord) as refused:
        Adaptation(date(2027, 1, 4), 5, hours)
    assert refused.value.where.field == "adaptation.hours"
    with pytest.raises(InvalidRecord, match="schedule"):
        RosterDay(date(2027, 1, 4), hours)
