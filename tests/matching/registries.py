"""Small random registries and requests, for the laws of matching."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import strategies as st

from rpe_geo.domain import (
    Agrement,
    Availability,
    Child,
    Childminder,
    Contract,
    Facility,
    Mam,
    OwnChild,
    Request,
)
from rpe_geo.schedule import Timetable

START = date(2027, 1, 4)
TODAY = date(2026, 11, 22)
PLACE = {"longitude": 3.0, "latitude": 43.0}

HOURS = st.sampled_from(
    [
        "Mo-Fr 08:00-17:30",
        "Mo,Tu,Th,Fr 07:45-18:15",
        "Mo-We 06:30-19:00",
        "Mo-Fr 07:00-19:00",
        "We-Sa 09:00-17:00",
        "Mo-Fr 18:00-21:00",
        "Fr 20:00-06:00",
        "Mo-Su 05:00-23:00",
        ["Mo-Fr 06:00-14:00", "Mo-Fr 13:00-21:00"],
    ]
).map(Timetable.parse)
NEEDS = st.frozensets(st.sampled_from(["step_free", "medicines"]), max_size=1)
DAYS = st.integers(-400, 400).map(lambda days: START + timedelta(days=days))


@st.composite
def contracts(draw):
    start = draw(DAYS)
    length = draw(st.none() | st.integers(0, 500))
    return Contract(
        contract_id="C",
        start=start,
        end=None if length is None else start + timedelta(days=length),
        presence=draw(HOURS),
        child_birth_date=draw(st.none() | st.just(date(2025, 6, 1)) | st.just(date(2024, 2, 29))),
    )


@st.composite
def childminders(draw, number):
    places = draw(st.integers(1, 4))
    return Childminder(
        childminder_id=f"AM-{number}",
        agrement=Agrement(
            places,
            draw(st.integers(0, places)),
            valid_until=draw(st.none() | st.just(date(2028, 8, 31))),
        ),
        mam_id=draw(st.sampled_from([None, None, None, "MAM-1"])),
        own_children=draw(st.sampled_from([(), (), (OwnChild(date(2025, 1, 1)),)])),
        working_hours=draw(st.none() | HOURS),
        contracts=draw(st.none() | st.lists(contracts(), max_size=4).map(tuple)),
        availabilities=draw(
            st.none() | HOURS.map(lambda hours: (Availability(hours, 1), Availability(hours, 2)))
        ),
        capabilities=draw(NEEDS),
        **PLACE,
    )


@st.composite
def registries(draw, largest=6):
    count = draw(st.integers(1, largest))
    people = [draw(childminders(number)) for number in range(count)]
    facilities = [
        Facility(f"F-{number}", "crèche", opening_hours=draw(HOURS), age_max_months=36, **PLACE)
        for number in range(draw(st.integers(0, 1)))
    ]
    return people, [Mam("MAM-1", **PLACE)], facilities


@st.composite
def requests(draw):
    children = draw(st.integers(1, 2))
    return Request(
        request_id="R-1",
        children=(Child(date(2026, 5, 1), needs=draw(NEEDS)),) * children,
        start=START,
        start_tolerance_days=draw(st.sampled_from([0, 14])),
        schedule=draw(HOURS),
        min_hours_share=draw(st.sampled_from([1.0, 0.8])),
        mode="walk",
        max_minutes=15,
        **PLACE,
    )
