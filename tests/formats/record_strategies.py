"""Any record that the domain allows, as hypothesis strategies."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from rpe_geo.domain import (
    FUNCTIONAL_NEEDS,
    Agrement,
    Attributes,
    Availability,
    Child,
    Childminder,
    Contact,
    Contract,
    Facility,
    Household,
    LegacyPlaces,
    Mam,
    OwnChild,
    Publication,
    Request,
)
from rpe_geo.schedule import Timetable

# Texts as files may hold them: no control characters, no outer spaces.
texts = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp")), max_size=20).map(
    str.strip
)
names = texts.filter(bool)
words = st.one_of(st.sampled_from(sorted(FUNCTIONAL_NEEDS)), names)
days = st.dates(date(1950, 1, 1), date(2150, 12, 31))
amounts = st.floats(0, 1e6, allow_nan=False).map(lambda value: round(value, 4))


def maybe(strategy):
    return st.one_of(st.none(), strategy)


@st.composite
def weeks(draw):
    rules = []
    for day in draw(
        st.lists(
            st.sampled_from(["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su", "PH"]),
            min_size=1,
            max_size=3,
            unique=True,
        )
    ):
        begin, end = sorted(draw(st.lists(st.integers(0, 96), min_size=2, max_size=2, unique=True)))
        rules.append(
            f"{day} {begin // 4:02d}:{begin % 4 * 15:02d}-{end // 4:02d}:{end % 4 * 15:02d}"
        )
    return "; ".join(rules)


timetables = st.lists(weeks(), min_size=1, max_size=3).map(Timetable.parse)


@st.composite
def points(draw):
    """Coordinates in métropole, or none."""
    if not draw(st.booleans()):
        return None, None
    return draw(st.floats(-4.5, 8.0)), draw(st.floats(42.5, 51.0))


@st.composite
def periods(draw):
    start, end = sorted(draw(st.tuples(days, days)))
    return draw(maybe(st.just(start))), draw(maybe(st.just(end)))


@st.composite
def agrements(draw):
    places = draw(st.integers(1, 8))
    start, end = draw(periods())
    return Agrement(
        places=places,
        places_offered=draw(st.integers(0, places)),
        status=draw(
            st.sampled_from(["candidate", "active", "suspended", "ceased", "withdrawn", "ended"])
        ),
        valid_from=start,
        valid_until=end,
        suspended_until=draw(maybe(days)),
        exceptional_excess=draw(st.booleans()),
        own_under_3_takes_place=draw(st.booleans()),
        legacy_ages=draw(maybe(st.lists(legacy_places(), max_size=2).map(tuple))),
    )


@st.composite
def legacy_places(draw):
    low = draw(st.integers(0, 100))
    return LegacyPlaces(
        places=draw(st.integers(0, 4)),
        min_months=low,
        max_months=low + draw(st.integers(1, 100)),
        presence=draw(maybe(timetables)),
    )


@st.composite
def contracts(draw):
    start, end = sorted(draw(st.tuples(days, days)))
    return Contract(
        contract_id=draw(names),
        start=start,
        presence=draw(timetables),
        child_birth_date=draw(maybe(days)),
        end=draw(maybe(st.just(end))),
        weeks_per_year=draw(maybe(st.floats(1, 52).map(lambda value: round(value, 2)))),
    )


@st.composite
def availabilities(draw):
    start, until = draw(periods())
    return Availability(
        hours=draw(timetables), places=draw(st.integers(0, 4)), start=start, until=until
    )


def contacts():
    return st.builds(Contact, phone=maybe(names), email=maybe(names))


def own_children():
    return st.builds(OwnChild, birth_date=days, presence=maybe(timetables))


@st.composite
def childminders(draw):
    longitude, latitude = draw(points())
    return Childminder(
        childminder_id=draw(names),
        agrement=draw(agrements()),
        name=draw(texts),
        address=draw(names if longitude is None else texts),
        longitude=longitude,
        latitude=latitude,
        mam_id=draw(maybe(names)),
        own_children=draw(st.lists(own_children(), max_size=2).map(tuple)),
        working_hours=draw(maybe(timetables)),
        accepts_variable_hours=draw(maybe(st.booleans())),
        annual_hours_consent=draw(st.booleans()),
        contracts=draw(
            maybe(st.lists(contracts(), max_size=3, unique_by=lambda c: c.contract_id).map(tuple))
        ),
        availabilities=draw(maybe(st.lists(availabilities(), max_size=2).map(tuple))),
        min_notice_days=draw(st.integers(0, 90)),
        capabilities=draw(st.frozensets(words, max_size=3)),
        attributes=Attributes(
            smoker=draw(maybe(st.booleans())),
            pets=draw(maybe(st.lists(names, max_size=2).map(tuple))),
            garden=draw(maybe(st.booleans())),
            car=draw(maybe(st.booleans())),
            languages=draw(st.lists(names, max_size=2).map(tuple)),
            schools_served=draw(st.lists(names, max_size=2).map(tuple)),
        ),
        hourly_rate=draw(maybe(amounts)),
        maintenance_per_day=draw(maybe(amounts)),
        meals_per_day=draw(maybe(amounts)),
        availability_confirmed_on=draw(maybe(days)),
        contact=draw(contacts()),
        publication=draw(
            maybe(
                st.builds(
                    Publication,
                    consent=st.booleans(),
                    address=st.sampled_from(["exact", "masked", "hidden"]),
                    phone=st.booleans(),
                    email=st.booleans(),
                )
            )
        ),
    )


@st.composite
def mams(draw):
    longitude, latitude = draw(points())
    return Mam(
        mam_id=draw(names),
        name=draw(texts),
        address=draw(names if longitude is None else texts),
        longitude=longitude,
        latitude=latitude,
        members_present_max=draw(st.integers(1, 6)),
        children_max=draw(st.integers(1, 20)),
        contact=draw(contacts()),
    )


@st.composite
def facilities(draw):
    longitude, latitude = draw(points())
    low = draw(maybe(st.integers(0, 36)))
    return Facility(
        facility_id=draw(names),
        kind=draw(names),
        name=draw(texts),
        address=draw(names if longitude is None else texts),
        longitude=longitude,
        latitude=latitude,
        places=draw(maybe(st.integers(0, 120))),
        opening_hours=draw(maybe(timetables)),
        age_min_months=low,
        age_max_months=draw(maybe(st.integers(37, 72))),
        funding=draw(maybe(st.sampled_from(["psu", "paje"]))),
        hourly_rate=draw(maybe(amounts)),
        capabilities=draw(st.frozensets(words, max_size=3)),
        contact=draw(contacts()),
    )


def children():
    return st.builds(
        Child, birth_date=days, needs=st.frozensets(words, max_size=2), school=maybe(names)
    )


@st.composite
def requests(draw):
    longitude, latitude = draw(points())
    work_longitude, work_latitude = draw(points())
    start, end = sorted(draw(st.tuples(days, days)))
    charge = draw(st.integers(1, 6))
    return Request(
        request_id=draw(names),
        children=draw(st.lists(children(), min_size=1, max_size=3).map(tuple)),
        start=start,
        schedule=draw(timetables),
        address=draw(names if longitude is None else texts),
        longitude=longitude,
        latitude=latitude,
        work_address=draw(maybe(names)),
        work_longitude=work_longitude,
        work_latitude=work_latitude,
        mode=draw(st.sampled_from(["walk", "bike", "car", "transit"])),
        max_minutes=draw(maybe(st.integers(1, 120))),
        start_tolerance_days=draw(st.integers(0, 60)),
        end=draw(maybe(st.just(end))),
        min_hours_share=draw(st.floats(0.01, 1)),
        preferences=draw(
            st.dictionaries(
                st.sampled_from(["travel", "continuity", "garden", "no_pets"]), amounts, max_size=3
            )
        ),
        household=draw(
            maybe(
                st.builds(
                    Household,
                    monthly_income=maybe(amounts),
                    children_at_charge=st.just(charge),
                    lone_parent=st.booleans(),
                    aeeh_children=st.integers(0, charge),
                )
            )
        ),
    )


RECORDS = {
    "childminders": childminders(),
    "mams": mams(),
    "facilities": facilities(),
    "requests": requests(),
}
