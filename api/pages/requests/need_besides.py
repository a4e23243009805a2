"""The part of a need that is no plain week: dates, a planning known as it comes, school holidays, two homes, a train."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any, cast, get_args

from starlette.datastructures import FormData

from api.pages.week_form import written_spans
from rpe_geo.domain import (
    Adaptation,
    Envelope,
    Request,
    RosterDay,
    SchoolHolidays,
    SchoolZone,
    SecondHome,
)
from rpe_geo.errors import RpeGeoError
from rpe_geo.folding import fold
from rpe_geo.messages import phrase
from rpe_geo.messages.french import MONTHS, WEEKDAYS, typed_number
from rpe_geo.messages.french import day as written_day
from rpe_geo.schedule import Timetable

__all__ = ["BesidesForm"]

_LINE = re.compile(
    r"^\s*(?:(?P<weekday>[^\W\d]{2,8})\.?\s+)?"
    r"(?:(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)"
    r"|(?P<day>\d{1,2})(?:er)?\s*(?:[/.-]\s*(?P<month>\d{1,2})\s*[/.-]|(?P<name>[^\W\d]{3,9}))\s*(?P<year>\d{4}))"
    r"\s*[:,]?\s+(?P<hours>.+?)\s*$"
)
_MONTHS = {fold(name): number for number, name in enumerate(MONTHS, start=1)}


@dataclass(frozen=True)
class BesidesForm:
    """What stands in these fields, as text: what cannot be used is shown again as it was typed."""

    roster: str = ""
    envelope: bool = False
    month_hours: str = ""
    days_ahead: str = "30"
    holidays: str = "all"
    zone: str = ""
    weeks: str = ""
    adaptation: str = ""
    adaptation_days: str = "5"
    adaptation_hours: str = "9:00-11:00"
    second_home: str = ""
    second_weeks: str = "2"
    station: str = ""

    @classmethod
    def of(cls, need: Request) -> BesidesForm:
        """Show the part of a need."""
        envelope, adaptation, second = need.envelope, need.adaptation, need.second_home
        return cls(
            roster="\n".join(f"{one.date:%d/%m/%Y} {one.hours}" for one in need.roster or ()),
            envelope=envelope is not None,
            month_hours="" if envelope is None else typed_number(envelope.hours_per_month),
            days_ahead="30" if envelope is None else str(envelope.known_days_ahead),
            holidays=need.school_holidays,
            zone=need.school_zone or "",
            weeks="" if need.weeks_per_year is None else typed_number(need.weeks_per_year),
            adaptation="" if adaptation is None else adaptation.start.isoformat(),
            adaptation_days="5" if adaptation is None else str(adaptation.days),
            adaptation_hours="9:00-11:00" if adaptation is None else adaptation.hours,
            second_home="" if second is None else second.address,
            second_weeks="2" if second is None else ", ".join(map(str, second.weeks)),
            station=need.station or "",
        )

    @classmethod
    def sent(cls, form: FormData, before: Request | None = None) -> BesidesForm:
        """Read back what was sent; a form without these fields leaves them as they were."""
        if "vacances" not in form and before is not None:
            return cls.of(before)

        def text(name: str, longest: int = 20, usual: str = "") -> str:
            return str(form.get(name, usual)).strip()[:longest]

        return cls(
            roster=text("planning", 20_000),
            envelope=form.get("enveloppe") == "oui",
            month_hours=text("heures_mois"),
            days_ahead=text("jours_avance") or "30",
            holidays=text("vacances") or "all",
            zone=text("zone"),
            weeks=text("semaines_an"),
            adaptation=text("adaptation"),
            adaptation_days=text("adaptation_jours") or "5",
            adaptation_hours=text("adaptation_heures", 100, cls.adaptation_hours),
            second_home=text("autre_domicile", 300),
            second_weeks=text("autres_semaines", 60, cls.second_weeks),
            station=text("gare", 300),
        )

    @property
    def said(self) -> bool:
        """Whether anything is filled in."""
        return bool(
            self.roster
            or self.envelope
            or self.holidays != "all"
            or self.weeks
            or self.adaptation
            or self.second_home
            or self.station
        )

    @property
    def fields(self) -> list[tuple[str, str]]:
        """What is filled in as the fields of another form: names and values; nothing when nothing is."""
        if not self.said:
            return []
        return [
            ("planning", self.roster),
            *([("enveloppe", "oui")] if self.envelope else []),
            ("heures_mois", self.month_hours),
            ("jours_avance", self.days_ahead),
            ("vacances", self.holidays),
            ("zone", self.zone),
            ("semaines_an", self.weeks),
            ("adaptation", self.adaptation),
            ("adaptation_jours", self.adaptation_days),
            ("adaptation_heures", self.adaptation_hours),
            ("autre_domicile", self.second_home),
            ("autres_semaines", self.second_weeks),
            ("gare", self.station),
        ]

    def values(
        self, schedule: Timetable | None, mode: str, faults: dict[str, str]
    ) -> dict[str, Any]:
        """
        Make the fields of the need; every fault is noted at its field.

        Parameters
        ----------
        schedule
            The week of the form: the hours asked, or those of the envelope.
        mode
            How the family goes to the provider.
        faults
            Receives a sentence per field that cannot be used.

        Returns
        -------
        dict
            Field of the domain to value.
        """
        roster = self._roster(faults)
        envelope = None
        if self.envelope and schedule is not None:
            envelope = _made(
                faults,
                "heures_mois",
                lambda: Envelope(
                    schedule, _number(self.month_hours), int(_number(self.days_ahead))
                ),
            )
        adaptation = None
        if self.adaptation and not self.adaptation_hours:
            faults["adaptation"] = "Indiquez les heures de l’adaptation, par exemple 9:00-11:00."
        elif self.adaptation:
            adaptation = _made(
                faults,
                "adaptation",
                lambda: Adaptation(
                    date.fromisoformat(self.adaptation),
                    int(_number(self.adaptation_days)),
                    written_spans(self.adaptation_hours),
                ),
            )
        second = None
        if self.second_home:
            weeks = tuple(int(one) for one in re.findall(r"\d+", self.second_weeks))
            second = _made(
                faults, "autre_domicile", lambda: SecondHome(weeks, address=self.second_home)
            )
        if self.holidays not in get_args(SchoolHolidays):
            faults["vacances"] = "Choisissez dans la liste."
        weeks_per_year = None
        if self.weeks:
            weeks_per_year = _made(faults, "semaines_an", lambda: _number(self.weeks))
        return {
            "schedule": Timetable((schedule or _NOTHING).weeks) if roster is None else _NOTHING,
            "roster": roster,
            "envelope": envelope if roster is None else None,
            "school_holidays": cast("SchoolHolidays", self.holidays),
            "school_zone": cast("SchoolZone", self.zone)
            if self.zone in get_args(SchoolZone)
            else None,
            "weeks_per_year": weeks_per_year,
            "adaptation": adaptation,
            "second_home": second,
            "trip": (mode, "transit") if self.station else None,
            "station": self.station or None,
        }

    def _roster(self, faults: dict[str, str]) -> tuple[RosterDay, ...] | None:
        """Read one date a line: « 04/01/2027 6:30-14:30 »."""
        days = []
        for number, line in enumerate(self.roster.splitlines(), start=1):
            if not line.strip():
                continue
            try:
                day, hours, weekday = _date_and_hours(line)
                if weekday is not None and not WEEKDAYS[day.weekday()].startswith(weekday):
                    faults["planning"] = (
                        f"Ligne {number} : le {written_day(day)} est un {WEEKDAYS[day.weekday()]}."
                    )
                    return None
                days.append(RosterDay(day, written_spans(hours)))
            except (ValueError, RpeGeoError):
                faults["planning"] = _unreadable(number)
                return None
        return tuple(days) or None


_NOTHING = Timetable.parse("off")


def _date_and_hours(line: str) -> tuple[date, str, str | None]:
    """Read « lundi 4 janvier 2027 : 6 h 30 - 14 h 30 »: date, hours, weekday; ValueError where there is no date."""
    found = _LINE.match(line)
    if found is None:
        raise ValueError(line)
    weekday = None if found["weekday"] is None else fold(found["weekday"])
    if found["y"]:
        day = date(int(found["y"]), int(found["m"]), int(found["d"]))
    else:
        month = found["month"] or _MONTHS.get(fold(found["name"]), 0)
        day = date(int(found["year"]), int(month), int(found["day"]))
    return day, found["hours"], weekday


def _unreadable(number: int) -> str:
    return f"Ligne {number} : écrivez un jour et ses heures, par exemple « 04/01/2027 6:30-14:30 »."


def _made(faults: dict[str, str], name: str, make: Any) -> Any:
    """Make a value, or note why not."""
    try:
        return make()
    except RpeGeoError as error:
        said = phrase(error.code, **error.values)
        faults[name] = said[:1].upper() + said[1:]
    except ValueError:
        faults[name] = "Écrivez un nombre ou une date."
    return None


def _number(text: str) -> float:
    return float(re.sub(r"[\s  h]", "", text).replace(",", "."))
