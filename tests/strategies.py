"""
Hypothesis strategies for the domain: hours, childminders, MAM, requests.

Values are drawn close to the limits of the law, where mistakes live: around the same Monday, with hours that touch, and
children about to turn three or eleven.
"""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import strategies as st

from rpe_geo.domain import (
    Agrement,
    Availability,
    Child,
    Childminder,
    Contract,
    LegacyPlaces,
    Mam,
    OwnChild,
    Request,
)
from rpe_geo.schedule import Timetable

MONDAY = date(2027, 1, 4)
"""The middle of every drawn calendar."""

_DAY_SETS = ["Mo-Fr", "Mo,Tu,Th,Fr", "We", "Mo-Sa", "Mo-Su", "Sa,Su", "Mo", "Fr", "Su", "Tu-Th"]
_SPANS = [
    "08:00-17:30",
    "07:00-19:00",
    "06:00-14:00",
    "13:00-21:00",
    "07:00-09:00,16:30-19:00",
    "06:30-20:00",
    "20:00-06:00",
    "21:00-07:15",
    "00:00-06:00",
    "18:00-24:00",
    "09:00-12:00",
    "12:00-18:00",
    "05:45-06:15",
    "08:00-08:00",
]


@st.composite
def weeks(draw: st.DrawFn) -> str:
    """One week in its text form."""
    rules = draw(
        st.lists(
            st.tuples(st.sampled_from(_DAY_SETS), st.sampled_from(_SPANS)), min_size=1, max_size=2
        )
    )
    return "; ".join(f"{days} {spans}" for days, spans in rules)


def timetables(max_weeks: int = 3) -> st.SearchStrategy[Timetable]:
    """Most often one week, sometimes a cycle."""
    cycles = st.lists(weeks(), min_size=1, max_size=max_weeks)
    return st.one_of(
        weeks().map(lambda week: [week]), weeks().map(lambda week: [week]), cycles
    ).map(Timetable.parse)


def days(before: int = 60, after: int = 120) -> st.SearchStrategy[date]:
    """Days around the Monday."""
    return st.integers(-before, after).map(lambda offset: MONDAY + timedelta(days=offset))


def birth_dates() -> st.SearchStrategy[date]:
    """Births whose third or eleventh birthday falls near the Monday, or anywhere in between."""
    near = days(30, 60)

    def years_before(years: int) -> st.SearchStrategy[date]:
        return near.map(lambda day: day - timedelta(days=round(365.25 * years)))

    return st.one_of(
        years_before(3),
        years_before(11),
        st.integers(30, 4200).map(lambda age: MONDAY - timedelta(days=age)),
        st.just(date(2024, 2, 29)),
    )


@st.composite
def contracts(draw: st.DrawFn, number: int = 0) -> Contract:
    """A contract that begins, ends or runs on around the Monday."""
    start = draw(st.one_of(st.just(date(2025, 9, 1)), days()))
    end = draw(
        st.one_of(st.none(), st.integers(0, 200).map(lambda length: start + timedelta(length)))
    )
    return Contract(
        contract_id=f"C-{number}",
        start=start,
        end=end,
        presence=draw(timetables()),
        child_birth_date=draw(st.one_of(st.none(), birth_dates())),
    )


@st.composite
def own_children(draw: st.DrawFn) -> OwnChild:
    """A child of the home, born or to be born."""
    return OwnChild(
        birth_date=draw(st.one_of(birth_dates(), days())),
        presence=draw(st.one_of(st.none(), timetables())),
    )


@st.composite
def legacy_places(draw: st.DrawFn) -> LegacyPlaces:
    """Places of an age band."""
    low, high = draw(st.sampled_from([(0, 36), (0, 18), (18, 36), (36, 132), (0, 132)]))
    return LegacyPlaces(
        places=draw(st.integers(0, 3)),
        min_months=low,
        max_months=high,
        presence=draw(st.one_of(st.none(), timetables(1))),
    )


@st.composite
def agrements(draw: st.DrawFn, *, legacy: bool = False) -> Agrement:
    """An agrément, active more often than not."""
    places = draw(st.integers(1, 6))
    status = draw(st.sampled_from(["active"] * 8 + ["suspended", "candidate"]))
    return Agrement(
        places=places,
        places_offered=draw(st.one_of(st.just(-1), st.integers(0, places))),
        status=status,
        valid_from=draw(st.one_of(st.none(), st.none(), days(60, 10))),
        valid_until=draw(
            st.one_of(st.none(), st.none(), days(-10, 400).filter(lambda day: day > MONDAY))
        ),
        suspended_until=draw(st.one_of(st.none(), days(10, 10))),
        own_under_3_takes_place=draw(st.booleans()),
        legacy_ages=tuple(draw(st.lists(legacy_places(), min_size=1, max_size=3)))
        if legacy
        else None,
    )


@st.composite
def childminders(
    draw: st.DrawFn,
    childminder_id: str = "AM-1",
    *,
    max_contracts: int = 4,
    legacy: bool = False,
    mam_id: str | None = None,
) -> Childminder:
    """A childminder with contracts, own children and hours."""
    count = draw(st.integers(0, max_contracts))
    agrement = draw(
        agrements(legacy=legacy).filter(
            lambda agrement: (
                not (
                    agrement.valid_from
                    and agrement.valid_until
                    and agrement.valid_from > agrement.valid_until
                )
            )
        )
    )
    return Childminder(
        childminder_id=childminder_id,
        address="1 rue des Lilas",
        agrement=agrement,
        mam_id=mam_id,
        own_children=tuple(draw(st.lists(own_children(), max_size=3))),
        working_hours=draw(st.one_of(st.none(), st.none(), timetables())),
        annual_hours_consent=draw(st.booleans()),
        contracts=tuple(draw(contracts(number)) for number in range(count)),
    )


@st.composite
def availabilities(draw: st.DrawFn) -> Availability:
    """Places declared free."""
    start = draw(st.one_of(st.none(), days()))
    until = draw(st.one_of(st.none(), st.integers(0, 200)))
    return Availability(
        hours=draw(timetables(1)),
        places=draw(st.integers(0, 3)),
        start=start,
        until=None if until is None else (start or MONDAY) + timedelta(days=until),
    )


def mams(mam_id: str = "MAM-1") -> st.SearchStrategy[Mam]:
    """A MAM with tight limits."""
    return st.builds(
        lambda present, children: Mam(
            mam_id, address="2 rue des Lilas", members_present_max=present, children_max=children
        ),
        st.integers(1, 3),
        st.integers(1, 8),
    )


@st.composite
def requests(draw: st.DrawFn, *, max_children: int = 3, max_days: int = 40) -> Request:
    """A need that begins around the Monday and ends a few weeks later."""
    start = draw(st.one_of(st.just(MONDAY), days(10, 20)))
    length = draw(st.integers(0, max_days))
    children = draw(st.lists(birth_dates(), min_size=1, max_size=max_children))
    unborn = draw(st.sampled_from([None] * 5 + [3]))
    if unborn is not None:
        children[0] = start + timedelta(days=unborn)
    return Request(
        request_id="R-1",
        address="3 rue des Lilas",
        children=tuple(Child(birth) for birth in children),
        start=start,
        start_tolerance_days=draw(st.sampled_from([0, 0, 3, 10])),
        end=start + timedelta(days=length),
        schedule=draw(timetables()),
        min_hours_share=draw(st.sampled_from([1.0, 0.8, 0.5, 0.1])),
    )
