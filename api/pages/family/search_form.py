"""The form of a family's search, read and written back."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import cast

from starlette.datastructures import FormData

from api.pages.requests.need_besides import BesidesForm
from api.pages.requests.need_form import field_of, sentence
from rpe_geo.domain import Child, Household, Request, TravelMode, usual_mode
from rpe_geo.errors import RpeGeoError
from rpe_geo.schedule import Timetable

__all__ = ["DAYS", "LISTED", "MINUTES", "MODE_NAMES", "Search", "family_sentence"]

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MODE_NAMES = {
    "walk": "À pied",
    "pushchair": "Poussette",
    "bike": "Vélo",
    "car": "Voiture",
    "transit": "Bus",
}
MINUTES = (5, 10, 15, 20, 30)
LISTED = 40
"""Places that a list shows at most."""
_SHARE = 0.6
_TOLERANCE_DAYS = 31


_SENTENCES = {
    "trip_unknown": "Choisissez plus haut comment vous allez jusqu’au lieu d’accueil : à pied, en poussette, à vélo ou en voiture.",
    "school_zone_missing": "Cette adresse ne dit pas la zone scolaire : choisissez A, B ou C.",
}


def family_sentence(error: RpeGeoError) -> str:
    """Phrase an error for a family: the fields of files are not hers."""
    return _SENTENCES.get(error.code) or sentence(error)


@dataclass(frozen=True)
class Search:
    """What a family typed; as text, so that it can be shown again as it was."""

    address: str = ""
    place: str = ""
    mode: str = "pushchair"
    minutes: str = "15"
    births: tuple[str, ...] = ("",)
    start: str = ""
    days: tuple[str, ...] = DAYS[:5]
    begin: str = "08:30"
    end: str = "17:30"
    alternates: bool = False
    other_days: tuple[str, ...] = ()
    other_begin: str = ""
    other_end: str = ""
    income: str = ""
    children: str = "1"
    besides: BesidesForm = field(default_factory=BesidesForm)
    faults: dict[str, str] = field(default_factory=dict)

    @classmethod
    def blank(cls, today: date) -> Search:
        """Start with a Monday some weeks ahead."""
        later = today + timedelta(days=35)
        return cls(start=(later + timedelta(days=-later.weekday() % 7)).isoformat())

    @classmethod
    def read(cls, form: FormData) -> Search:
        """Read the form, and note what is missing."""

        def text(name: str, usual: str = "") -> str:
            return str(form.get(name, usual)).strip()[:200]

        births = tuple(str(value).strip()[:10] for value in form.getlist("naissance")[:3])

        def days(name: str) -> tuple[str, ...]:
            chosen = {str(value) for value in form.getlist(name)}
            return tuple(day for day in DAYS if day in chosen)

        address = text("adresse")
        # A place chosen in the list is that of the address beside which it stood: without JavaScript it outlives it.
        chosen = text("choix") if text("choix_pour", address) == address else ""
        read = cls(
            address=address,
            place=chosen,
            mode=text("mode", usual_mode(filter(None, map(_day, births)), _day(text("debut")))),
            minutes=_offered_minutes(text("max_minutes", "15")),
            births=tuple(value for value in births if value) or ("",),
            start=text("debut"),
            days=days("jour"),
            begin=text("de"),
            end=text("a"),
            alternates=text("alterne") == "oui",
            other_days=days("jour2"),
            other_begin=text("de2"),
            other_end=text("a2"),
            income=text("revenu"),
            children=text("enfants", "1"),
            besides=BesidesForm.sent(form),
        )
        faults = read.look()
        return replace(read, faults=faults or read.unusable())

    def look(self) -> dict[str, str]:
        """Say what must be completed, by field."""
        faults = {}
        if self.place and _point(self.place) is None:
            faults["adresse"] = "Choisissez l’adresse dans la liste."
        elif not self.address and not self.place:
            faults["adresse"] = "Indiquez votre adresse, ou au moins une rue et une commune."
        if not all(_day(value) for value in self.births):
            faults["naissance"] = "Indiquez la date de naissance, ou la date prévue."
        if _day(self.start) is None and not self.besides.roster:
            faults["debut"] = "Indiquez à partir de quel jour."
        if self.besides.roster:
            pass  # the dates say the hours
        elif not self.days:
            faults["jour"] = "Choisissez au moins un jour."
        elif not _span(self.begin, self.end):
            faults["jour"] = "Indiquez l’heure d’arrivée et l’heure de départ."
        if self.alternates and self.other_days and not _span(self.other_begin, self.other_end):
            faults["jour2"] = "Indiquez l’heure d’arrivée et l’heure de départ de l’autre semaine."
        if self.mode not in MODE_NAMES:
            faults["mode"] = "Choisissez un moyen de déplacement."
        if self.income and _figure(self.income) is None:
            faults["revenu"] = "Écrivez un montant en euros, par exemple 3 000."
        return faults

    def unusable(self) -> dict[str, str]:
        """Say what a need cannot be made of, by field; the other faults were looked at."""
        faults: dict[str, str] = {}
        self.besides.values(self._week(), self.mode, faults)
        if not faults:
            try:
                self.request()
            except RpeGeoError as error:
                faults[field_of(error)] = family_sentence(error)
        return faults

    def _week(self) -> Timetable | None:
        """The week of the form; None where dates say the hours."""
        return None if self.besides.roster else Timetable.parse(self.written)

    @property
    def written(self) -> list[str]:
        """The hours of each week of the cycle, in the text form."""
        weeks = [f"{','.join(self.days)} {_quarter(self.begin)}-{_quarter(self.end)}"]
        if self.alternates:
            weeks.append("off")
            if self.other_days:
                hours = f"{_quarter(self.other_begin)}-{_quarter(self.other_end)}"
                weeks[1] = f"{','.join(self.other_days)} {hours}"
        return weeks

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """The search as the fields of another form: names and values."""
        fields = [
            ("adresse", self.address),
            ("choix", self.place),
            ("mode", self.mode),
            ("max_minutes", self.minutes),
            ("debut", self.start),
            ("de", self.begin),
            ("a", self.end),
            ("revenu", self.income),
            ("enfants", self.children),
        ]
        fields += [("naissance", birth) for birth in self.births]
        fields += [("jour", day) for day in self.days]
        if self.alternates:
            fields += [("alterne", "oui"), ("de2", self.other_begin), ("a2", self.other_end)]
            fields += [("jour2", day) for day in self.other_days]
        return fields + self.besides.fields

    def request(self) -> Request:
        """Make the request; the faults were looked at."""
        longitude, latitude = _point(self.place) or (None, None)
        income = _figure(self.income)
        count = max(1, int(self.children)) if self.children.isdecimal() else 1
        besides = self.besides.values(self._week(), self.mode, {})
        # Care that is asked by dates begins on the first of them.
        dates = [one.date for one in besides["roster"] or ()]
        return Request(
            request_id="demande",
            children=tuple(Child(birth) for value in self.births if (birth := _day(value))),
            start=min(dates) if dates else date.fromisoformat(self.start),
            start_tolerance_days=_TOLERANCE_DAYS,
            # The label has the postcode, by which the school zone is known.
            address=self.place.partition("|")[2] or self.address,
            longitude=longitude,
            latitude=latitude,
            mode=cast("TravelMode", self.mode),
            max_minutes=float(self.minutes),
            min_hours_share=_SHARE,
            household=None if income is None else Household(income, max(count, len(self.births))),
            **besides,
        )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _point(text: str) -> tuple[float, float] | None:
    """Read « longitude,latitude|label »."""
    try:
        longitude, latitude = (float(part) for part in text.partition("|")[0].split(","))
    except ValueError:
        return None
    inside = -180 <= longitude <= 180 and -90 <= latitude <= 90
    return (longitude, latitude) if inside else None


def _clock(text: str) -> bool:
    hour, _, minute = text.partition(":")
    return hour.isdecimal() and minute[:2].isdecimal() and int(hour) < 24 and int(minute[:2]) < 60


def _span(begin: str, end: str) -> bool:
    """Tell whether two clock times make hours; an end before the beginning is on the next day."""
    return _clock(begin) and _clock(end) and _quarter(begin) != _quarter(end)


def _quarter(text: str) -> str:
    """Keep to quarter-hours: browsers without the step may send any minute."""
    hour, _, minute = text.partition(":")
    return f"{int(hour):02d}:{int(minute[:2]) // 15 * 15:02d}"


def _figure(text: str) -> float | None:
    kept = "".join(sign for sign in text if sign.isdecimal() or sign in ",.").replace(",", ".")
    try:
        value = float(kept)
    except ValueError:
        return None
    return value if value < 1e6 else None


def _offered_minutes(given: str) -> str:
    """
    Choose the duration of the form that an address means, so that what is shown is what is searched.

    >>> [_offered_minutes(given) for given in ("20", "60", "12.5", "2", "nan", "demain")]
    ['20', '30', '10', '5', '15', '15']
    """
    try:
        minutes = float(given.replace(",", "."))
    except ValueError:
        return "15"
    if not math.isfinite(minutes):
        return "15"
    return str(max((one for one in MINUTES if one <= minutes), default=MINUTES[0]))
