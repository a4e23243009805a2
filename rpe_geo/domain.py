"""
The words of the trade as values: childminders, their agrément and contracts, MAM, facilities, families' requests.

Everything is frozen. Field names are those of the file formats (INTERFACES §2–3); `None` means "not said", which is
never the same as zero or empty where the law makes a difference. Coordinates are EPSG:4326.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Literal

from rpe_geo.errors import InvalidRecord, InvalidSchedule, Where
from rpe_geo.folding import fold
from rpe_geo.schedule import NO_HOURS, Span, Timetable, Week

__all__ = [
    "FUNCTIONAL_NEEDS",
    "Adaptation",
    "AddressVisibility",
    "Agrement",
    "AgrementStatus",
    "Attributes",
    "Availability",
    "Child",
    "Childminder",
    "Contact",
    "Contract",
    "Envelope",
    "Facility",
    "Household",
    "Leave",
    "LegacyPlaces",
    "Mam",
    "OwnChild",
    "ProviderKind",
    "Publication",
    "Request",
    "RosterDay",
    "SchoolHolidays",
    "SchoolZone",
    "SecondHome",
    "TravelMode",
    "completed_months",
    "months_after",
    "nth_birthday",
    "usual_mode",
]

AgrementStatus = Literal["candidate", "active", "suspended", "ceased", "withdrawn", "ended"]
AddressVisibility = Literal["exact", "masked", "hidden"]
ProviderKind = Literal["childminder", "mam", "facility"]
TravelMode = Literal["walk", "pushchair", "bike", "car", "transit"]
Funding = Literal["psu", "paje"]
SchoolHolidays = Literal["all", "only", "except"]
SchoolZone = Literal["A", "B", "C"]

FUNCTIONAL_NEEDS = frozenset(
    {
        "step_free",
        "lift",
        "wide_door",
        "medicines",
        "trained_autism",
        "trained_motor",
        "trained_sensory",
        "epilepsy_first_aid",
        "sign_language",
        "small_group",
        "therapist_visits",
    }
)
"""The known words of capabilities and needs (INTERFACES §4bis 24); others are kept and reported by the import."""


_NO_CARE = re.compile(
    r"\b(rpe|ram|rape|relais|laep|enfants[- ]parents|pmi|protection maternelle|ecole|school|ludotheque|perisc\w*|peri scolaire|extrasc\w*|loisirs|alsh|clsh)\b"
)
"""Kinds of places where parents stay, are informed, or school begins."""

_SCHOOL = re.compile(r"\b(ecole|school)\b")

TOLERANCE_DAYS_MAX = 731
"""Two years: beyond, it is another request."""

PLACES_MAX, HOUSE_MAX, MONTHS_MAX = 100, 1000, 1200
"""Beyond, a number of places, of people in a house or of months is a slip of the keyboard."""

_BANDS_MAX = 12
"""Age bands of an attestation: the assignment of children weighs every set of them."""


def _require(condition: bool, code: str, name: str, **values: object) -> None:  # noqa: FBT001 - reads as an assertion
    if not condition:
        raise InvalidRecord(code, where=Where(field=name), **values)


def _require_spans(hours: str, name: str) -> None:
    """Require the hours of one day, « 06:30-14:30 », several spans after a comma."""
    try:
        Week.parse(f"Mo {hours}")
    except InvalidSchedule as fault:
        raise InvalidRecord(fault.code, where=Where(field=name), **fault.values) from None


def _require_at_most(limit: int, value: float | None, name: str) -> None:
    _require(value is None or value <= limit, "beyond_reason", name, value=value, limit=limit)


def months_after(day: date, months: int) -> date:
    """Add months to a date; a day that the month does not have becomes the first of the next one."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    try:
        return date(year, month + 1, day.day)
    except ValueError:
        year, month = divmod(day.year * 12 + day.month + months, 12)
        return date(year, month + 1, 1)


def nth_birthday(birth_date: date, years: int) -> date:
    """Return the day on which a child turns `years`; 29 February becomes 1 March in common years."""
    return months_after(birth_date, 12 * years)


def usual_mode(birth_dates: Iterable[date], start: date | None) -> TravelMode:
    """
    Say how a family that did not choose goes on foot: with a pushchair while a child is under three.

    Parameters
    ----------
    birth_dates
        Of its children, as far as they are known; nothing known is a child under three.
    start
        When care begins; None where that is not known.

    Returns
    -------
    TravelMode
        `pushchair` or `walk`.
    """
    known = list(birth_dates)
    small = [day for day in known if start is None or start < nth_birthday(day, 3)]
    return "pushchair" if small or not known else "walk"


def completed_months(birth_date: date, day: date) -> int:
    """Count the whole months of age on a day; negative before birth."""
    months = (day.year - birth_date.year) * 12 + day.month - birth_date.month
    return months if months_after(birth_date, months) <= day else months - 1


@dataclass(frozen=True)
class LegacyPlaces:
    """Places reserved to an age band, and sometimes to hours: of an attestation of before 2022, or a section of a crèche."""

    places: int
    min_months: int
    max_months: int
    presence: Timetable | None = None

    def __post_init__(self) -> None:
        _require(self.places >= 0, "places_negative", "places", value=self.places)
        _require_at_most(PLACES_MAX, self.places, "places")
        _require_at_most(MONTHS_MAX, self.max_months, "max_months")
        _require(
            0 <= self.min_months < self.max_months,
            "legacy_ages_order",
            "max_months",
            low=self.min_months,
            high=self.max_months,
        )


@dataclass(frozen=True)
class Agrement:
    """
    What the département allows (CASF L.421-4).

    Parameters
    ----------
    places
        Number on the attestation; it binds as written.
    places_offered
        How many she wants to fill, at most `places`; all of them when she did not say.
    exceptional_excess
        Whether the attestation mentions the temporary excess; it never lifts a limit in a verdict.
    """

    places: int
    places_offered: int = -1
    status: AgrementStatus = "active"
    valid_from: date | None = None
    valid_until: date | None = None
    suspended_until: date | None = None
    exceptional_excess: bool = False
    own_under_3_takes_place: bool = False
    legacy_ages: tuple[LegacyPlaces, ...] | None = None

    def __post_init__(self) -> None:
        _require(self.places >= 1, "agrement_without_place", "agrement.places", value=self.places)
        _require_at_most(PLACES_MAX, self.places, "agrement.places")
        bands = len(self.legacy_ages or ())
        _require(
            bands <= _BANDS_MAX,
            "legacy_ages_too_many",
            "agrement.legacy_ages",
            value=bands,
            limit=_BANDS_MAX,
        )
        if self.places_offered == -1:
            object.__setattr__(self, "places_offered", self.places)
        _require(
            0 <= self.places_offered <= self.places,
            "places_offered_range",
            "agrement.places_offered",
            value=self.places_offered,
            places=self.places,
        )
        if self.valid_from and self.valid_until:
            _require(
                self.valid_from <= self.valid_until,
                "end_before_start",
                "agrement.valid_until",
                start=self.valid_from,
                end=self.valid_until,
            )


@dataclass(frozen=True)
class OwnChild:
    """
    A child of the childminder's own home; without `presence`, always there.

    Parameters
    ----------
    school_holidays_presence
        When the child is there in school holidays, besides; None when that is not said.
    """

    birth_date: date
    presence: Timetable | None = None
    school_holidays_presence: Timetable | None = None


@dataclass(frozen=True)
class Leave:
    """Days on which a professional takes no child, both included."""

    start: date
    to: date

    def __post_init__(self) -> None:
        _require(
            self.start <= self.to, "end_before_start", "leave.to", start=self.start, end=self.to
        )


@dataclass(frozen=True)
class Contract:
    """A child already cared for, or to come; without birth date it counts as under three."""

    contract_id: str
    start: date
    presence: Timetable
    child_birth_date: date | None = None
    end: date | None = None
    weeks_per_year: float | None = None

    def __post_init__(self) -> None:
        _require(
            self.end is None or self.start <= self.end,
            "end_before_start",
            "end",
            start=self.start,
            end=self.end,
        )


@dataclass(frozen=True)
class Availability:
    """Places declared free at certain hours, from a day and until another."""

    hours: Timetable
    places: int
    start: date | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        _require(self.places >= 0, "places_negative", "availabilities.places", value=self.places)
        _require_at_most(PLACES_MAX, self.places, "availabilities.places")
        if self.start and self.until:
            _require(
                self.start <= self.until,
                "end_before_start",
                "availabilities.until",
                start=self.start,
                end=self.until,
            )


@dataclass(frozen=True)
class Attributes:
    """What a family may prefer; None is unknown."""

    smoker: bool | None = None
    pets: tuple[str, ...] | None = None
    garden: bool | None = None
    car: bool | None = None
    languages: tuple[str, ...] = ()
    schools_served: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contact:
    """How a professional is reached; for the RPE, and for families as far as `Publication` says."""

    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class Publication:
    """What the professional agreed to show on the RPE's own public map (CASF R.421-39 for her right to hide)."""

    consent: bool = False
    address: AddressVisibility = "masked"
    phone: bool = False
    email: bool = False


@dataclass(frozen=True)
class Childminder:
    """
    An assistant·e maternel·le.

    Parameters
    ----------
    longitude, latitude
        EPSG:4326; None until geocoded. The address is kept beside.
    mam_id
        The MAM where she works, None at home.
    working_hours
        When she works at all; None when not known.
    accepts_variable_hours
        None when she did not say; only an explicit False warns.
    contracts, availabilities
        None when the record does not have the key, which is not the same as none at all (INTERFACES §4bis 23–24).
    publication
        None: never public.
    """

    childminder_id: str
    agrement: Agrement
    name: str = ""
    address: str = ""
    longitude: float | None = None
    latitude: float | None = None
    mam_id: str | None = None
    own_children: tuple[OwnChild, ...] = ()
    working_hours: Timetable | None = None
    accepts_variable_hours: bool | None = None
    annual_hours_consent: bool = False
    contracts: tuple[Contract, ...] | None = None
    availabilities: tuple[Availability, ...] | None = None
    min_notice_days: int = 0
    leave: tuple[Leave, ...] = ()
    capabilities: frozenset[str] = frozenset()
    attributes: Attributes = Attributes()
    hourly_rate: float | None = None
    maintenance_per_day: float | None = None
    meals_per_day: float | None = None
    availability_confirmed_on: date | None = None
    contact: Contact = Contact()
    publication: Publication | None = None

    def __post_init__(self) -> None:
        _require(bool(self.childminder_id.strip()), "id_missing", "childminder_id")
        _require_place(self.address, self.longitude, self.latitude)
        for name in ("hourly_rate", "maintenance_per_day", "meals_per_day"):
            value = getattr(self, name)
            _require(value is None or value >= 0, "amount_negative", name, value=value)
        _require(
            self.min_notice_days >= 0,
            "amount_negative",
            "min_notice_days",
            value=self.min_notice_days,
        )


@dataclass(frozen=True)
class Mam:
    """A maison d'assistants maternels (CASF L.424-1)."""

    mam_id: str
    name: str = ""
    address: str = ""
    longitude: float | None = None
    latitude: float | None = None
    members_present_max: int = 4
    children_max: int = 20
    contact: Contact = Contact()

    def __post_init__(self) -> None:
        _require(bool(self.mam_id.strip()), "id_missing", "mam_id")
        _require_place(self.address, self.longitude, self.latitude)
        for name in ("members_present_max", "children_max"):
            _require(getattr(self, name) >= 1, "count_below_one", name, value=getattr(self, name))
            _require_at_most(HOUSE_MAX, getattr(self, name), name)


@dataclass(frozen=True)
class Facility:
    """
    A crèche, micro-crèche, halte-garderie, RPE, LAEP, PMI…; `kind` keeps the producer's word.

    `sections` are the places that it offers to a commission, by age and hours; without them `places` are.
    """

    facility_id: str
    kind: str
    name: str = ""
    address: str = ""
    longitude: float | None = None
    latitude: float | None = None
    places: int | None = None
    opening_hours: Timetable | None = None
    age_min_months: int | None = None
    age_max_months: int | None = None
    funding: Funding | None = None
    hourly_rate: float | None = None
    capabilities: frozenset[str] = frozenset()
    contact: Contact = Contact()
    sections: tuple[LegacyPlaces, ...] | None = None

    def __post_init__(self) -> None:
        _require(bool(self.facility_id.strip()), "id_missing", "facility_id")
        _require(bool(self.kind.strip()), "kind_missing", "kind")
        _require_place(self.address, self.longitude, self.latitude)
        _require(
            self.places is None or self.places >= 0, "places_negative", "places", value=self.places
        )
        for name in ("age_min_months", "age_max_months"):
            _require_at_most(MONTHS_MAX, getattr(self, name), name)
        if self.age_min_months is not None and self.age_max_months is not None:
            _require(
                self.age_min_months < self.age_max_months,
                "legacy_ages_order",
                "age_max_months",
                low=self.age_min_months,
                high=self.age_max_months,
            )

    @property
    def offers_care(self) -> bool:
        """Whether children are left there; a relais, a LAEP, a PMI or a school is on the map only."""
        return not _NO_CARE.search(self._kind_words)

    @property
    def is_school(self) -> bool:
        """Whether children are taken there by those who keep them."""
        return bool(_SCHOOL.search(self._kind_words))

    @property
    def _kind_words(self) -> str:
        return fold(self.kind)


@dataclass(frozen=True)
class Child:
    """A child to be cared for, born or expected; siblings must fit together."""

    birth_date: date
    needs: frozenset[str] = frozenset()
    school: str | None = None


@dataclass(frozen=True)
class Household:
    """
    What the cost depends on: monthly resources in euros, children at charge, lone parent, children with AEEH.

    Parameters
    ----------
    alternating_residence
        Whether the children live with each parent in turn: each has the aid for its own hours (since December 2025)
        and half of the ceiling of the tax credit.
    """

    monthly_income: float | None = None
    children_at_charge: int = 1
    lone_parent: bool = False
    aeeh_children: int = 0
    alternating_residence: bool = False

    def __post_init__(self) -> None:
        _require(
            self.monthly_income is None or self.monthly_income >= 0,
            "amount_negative",
            "household.monthly_income",
            value=self.monthly_income,
        )
        _require(
            self.children_at_charge >= 1,
            "count_below_one",
            "household.children_at_charge",
            value=self.children_at_charge,
        )
        _require(
            0 <= self.aeeh_children <= self.children_at_charge,
            "aeeh_children_range",
            "household.aeeh_children",
            value=self.aeeh_children,
            limit=self.children_at_charge,
        )


_ROSTER_DAYS_MAX = 731
_TRIPS = tuple((mode, "transit") for mode in ("car", "bike", "walk", "pushchair"))


@dataclass(frozen=True)
class RosterDay:
    """The hours asked on one date: « 06:30-14:30 », several spans after a comma."""

    date: date
    hours: str

    @property
    def spans(self) -> tuple[Span, ...]:
        """The spans that begin on the day."""
        return Week.parse(f"Mo {self.hours}").days[0]

    def __post_init__(self) -> None:
        _require_spans(self.hours, "roster.hours")


@dataclass(frozen=True)
class Envelope:
    """Hours known some days ahead only: a place must be free over all of them, sums count `hours_per_month`."""

    hours: Timetable
    hours_per_month: float
    known_days_ahead: int = 30

    def __post_init__(self) -> None:
        _require(bool(self.hours), "schedule_asks_nothing", "envelope.hours")
        _require(
            0 < self.hours_per_month <= 400,
            "envelope_hours",
            "envelope.hours_per_month",
            value=self.hours_per_month,
        )
        _require(
            self.known_days_ahead >= 0,
            "amount_negative",
            "envelope.known_days_ahead",
            value=self.known_days_ahead,
        )


@dataclass(frozen=True)
class Adaptation:
    """A few short days before care begins, from Monday to Friday."""

    start: date
    days: int
    hours: str

    def __post_init__(self) -> None:
        _require_spans(self.hours, "adaptation.hours")
        _require(1 <= self.days <= 30, "adaptation_days", "adaptation.days", value=self.days)

    @property
    def dates(self) -> tuple[date, ...]:
        """The weekdays that it takes."""
        found: list[date] = []
        day = self.start
        while len(found) < self.days:
            if day.weekday() < 5:
                found.append(day)
            day += timedelta(days=1)
        return tuple(found)


@dataclass(frozen=True)
class SecondHome:
    """Another home of the child, in some weeks of a cycle counted from the week of the start."""

    weeks: tuple[int, ...]
    address: str = ""
    longitude: float | None = None
    latitude: float | None = None

    def __post_init__(self) -> None:
        _require_place(self.address, self.longitude, self.latitude)
        _require(
            bool(self.weeks) and all(1 <= week <= 52 for week in self.weeks),
            "second_home_weeks",
            "second_home.weeks",
        )


def _hours_of_roster(roster: tuple[RosterDay, ...], start: date) -> Timetable:
    """Lay dated hours as a cycle whose first week is the one of the start."""
    monday = start - timedelta(days=start.weekday())
    by_date: dict[date, tuple[Span, ...]] = {}
    for day in roster:
        _require(day.date not in by_date, "roster_date_twice", "roster", day=day.date)
        by_date[day.date] = day.spans
    last = max(by_date)
    weeks = [
        Week(
            (
                *(by_date.get(monday + timedelta(days=7 * week + day), ()) for day in range(7)),
                (),
            )
        )
        for week in range((last - monday).days // 7 + 1)
    ]
    return Timetable(tuple(weeks))


@dataclass(frozen=True)
class Request:
    """
    A family's need.

    Exactly one of `schedule`, `roster` and `envelope` is said; with one of the others `schedule` holds what they ask.

    Parameters
    ----------
    longitude, latitude, work_longitude, work_latitude
        EPSG:4326; None until geocoded.
    max_minutes
        Longest travel time accepted, in minutes; None for no limit of the family's own.
    start_tolerance_days
        Care may begin up to that many days after `first_day`.
    min_hours_share
        Smallest part of the hours asked that the family accepts, above 0 and at most 1.
    preferences
        Name to weight; see `docs/regles.md`.
    roster
        Hours by dates; care is asked until the last of them.
    envelope
        Hours known some days ahead only.
    school_holidays, school_zone
        Whether the hours are asked always, in school holidays only, or outside them; the zone of the family.
    weeks_per_year
        Weeks of care of a year; None for a complete one.
    adaptation
        Short days before the start.
    second_home
        Where the child lives in some weeks.
    trip, station
        How the family goes to the provider, then on to work: by car to a station, then by train.
    wishes
        Provider ids for a commission, the dearest first; empty leaves the order to the value of each place.
    criteria
        Facts that a barème counts, name to number (1 for yes); see `docs/commission.md`.
    requested_on
        When the family asked; weeks of waiting are counted from it.
    holds
        The provider where the children have a place already: the request is one for a transfer.
    accepts_two_providers
        Whether two providers may share the care.
    """

    request_id: str
    children: tuple[Child, ...]
    start: date
    schedule: Timetable = NO_HOURS
    address: str = ""
    longitude: float | None = None
    latitude: float | None = None
    work_address: str | None = None
    work_longitude: float | None = None
    work_latitude: float | None = None
    mode: TravelMode = "car"
    max_minutes: float | None = None
    start_tolerance_days: int = 0
    end: date | None = None
    min_hours_share: float = 1.0
    preferences: Mapping[str, float] = field(default_factory=dict)
    household: Household | None = None
    roster: tuple[RosterDay, ...] | None = None
    envelope: Envelope | None = None
    school_holidays: SchoolHolidays = "all"
    school_zone: SchoolZone | None = None
    weeks_per_year: float | None = None
    adaptation: Adaptation | None = None
    second_home: SecondHome | None = None
    trip: tuple[str, ...] | None = None
    station: str | None = None
    wishes: tuple[str, ...] = ()
    criteria: Mapping[str, float] = field(default_factory=dict)
    requested_on: date | None = None
    holds: str | None = None
    accepts_two_providers: bool = False

    def __post_init__(self) -> None:
        _require(bool(self.request_id.strip()), "id_missing", "request_id")
        _require(len(self.children) >= 1, "no_children", "children")
        self._lay_hours()
        _require(bool(self.schedule), "schedule_asks_nothing", "schedule")
        _require(
            self.weeks_per_year is None or 0 < self.weeks_per_year <= 52,
            "care_weeks_range",
            "weeks_per_year",
            value=self.weeks_per_year,
        )
        if self.trip is not None:
            _require(
                self.trip in _TRIPS and bool(self.station),
                "trip_unknown",
                "trip",
                value=list(self.trip),
            )
        _require(
            self.end is None or self.start <= self.end,
            "end_before_start",
            "end",
            start=self.start,
            end=self.end,
        )
        _require(
            self.start_tolerance_days >= 0,
            "amount_negative",
            "start_tolerance_days",
            value=self.start_tolerance_days,
        )
        _require(
            self.start_tolerance_days <= TOLERANCE_DAYS_MAX,
            "tolerance_too_long",
            "start_tolerance_days",
            value=self.start_tolerance_days,
            limit=TOLERANCE_DAYS_MAX,
        )
        _require(
            0 < self.min_hours_share <= 1,
            "share_range",
            "min_hours_share",
            value=self.min_hours_share,
        )
        _require(
            self.max_minutes is None or self.max_minutes > 0,
            "minutes_not_positive",
            "max_minutes",
            value=self.max_minutes,
        )
        for name, weight in self.preferences.items():
            _require(weight >= 0, "amount_negative", f"preferences.{name}", value=weight)

    def _lay_hours(self) -> None:
        """Read the hours of a roster or of an envelope as `schedule`."""
        if self.roster is not None and not self.roster:
            object.__setattr__(self, "roster", None)
        if self.roster is None and self.envelope is None:
            return
        _require(self.roster is None or self.envelope is None, "hours_said_twice", "schedule")
        asked = self.envelope.hours if self.envelope is not None else NO_HOURS
        if self.roster is not None:
            dates = sorted(day.date for day in self.roster)
            _require(
                dates[0] >= self.start,
                "roster_before_start",
                "roster",
                day=dates[0],
                start=self.start,
            )
            _require(
                (dates[-1] - dates[0]).days < _ROSTER_DAYS_MAX,
                "beyond_reason",
                "roster",
                value=(dates[-1] - dates[0]).days,
                limit=_ROSTER_DAYS_MAX,
            )
            asked = _hours_of_roster(self.roster, self.start)
            end = dates[-1] if self.end is None else min(self.end, dates[-1])
            object.__setattr__(self, "end", end)
        if self.envelope is not None and self.schedule != NO_HOURS:
            # Other hours are asked within the same envelope.
            object.__setattr__(self, "envelope", replace(self.envelope, hours=self.schedule))
            return
        _require(self.schedule in (NO_HOURS, asked), "hours_said_twice", "schedule")
        object.__setattr__(self, "schedule", asked)

    @cached_property
    def first_day(self) -> date:
        """The first day on or after `start` on which asked hours begin; `start` itself when there is none until `end`."""
        for offset in range(7 * len(self.schedule)):
            day = self.start + timedelta(days=offset)
            if self.end is not None and day > self.end:
                break
            if self.schedule.spans_on(day, self.start):
                return day
        return self.start


def _require_place(address: str, longitude: float | None, latitude: float | None) -> None:
    """Require an address or both coordinates, and coordinates that are on Earth."""
    _require((longitude is None) == (latitude is None), "coordinates_incomplete", "longitude")
    _require(bool(address.strip()) or longitude is not None, "place_missing", "address")
    if longitude is not None and latitude is not None:
        _require(
            -180 <= longitude <= 180 and -90 <= latitude <= 90,
            "coordinates_outside",
            "latitude",
            latitude=latitude,
            longitude=longitude,
        )
