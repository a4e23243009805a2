"""A timetable as people fill it: weeks of eight text fields, the first seven of which a grid beside them paints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import FormData

from rpe_geo.errors import InvalidSchedule, RpeGeoError
from rpe_geo.messages import phrase
from rpe_geo.schedule import CYCLE_WEEKS_MAX, QUARTERS_PER_DAY, Timetable, Week

__all__ = ["HoursForm", "written_spans"]

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su", "PH")
DAY_NAMES = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "jour férié")
_CLOCK = r"(\d{1,2})\s*[:hH]?\s*(\d{2})?"
_SPAN = re.compile(rf"^(?:de\s+)?{_CLOCK}\s*(?:-|–|à|jusqu['’]à)\s*{_CLOCK}$")
_GRIDS = 6
"""Weeks of a cycle that are shown with a grid; later ones are text fields alone."""


def day_texts(week: Week) -> tuple[str, ...]:
    """Write the spans of each day, public holidays last: « 08:00-12:00, 13:30-17:30 »."""
    return tuple(", ".join(_written(*span) for span in spans) for spans in week.days)


def _written(begin: int, end: int) -> str:
    until = "24:00" if end == QUARTERS_PER_DAY else _clock(end % QUARTERS_PER_DAY)
    return f"{_clock(begin)}-{until}"


def _clock(quarter: int) -> str:
    return f"{quarter // 4:02d}:{quarter % 4 * 15:02d}"


def week_prefix(number: int) -> str:
    """Name the fields of a week of a cycle, 0 being the first."""
    return ("h", "g")[number] if number < 2 else f"s{number + 1}"


@dataclass(frozen=True)
class HoursForm:
    """
    The hours of a form, as text: what cannot be read is shown again as it was typed.

    Parameters
    ----------
    weeks
        Eight texts per week of the cycle, Monday to Sunday then public holidays.
    """

    weeks: tuple[tuple[str, ...], ...] = (("",) * 8,)

    @classmethod
    def of(cls, timetable: Timetable | None) -> HoursForm:
        """Show a timetable; without one, an empty week."""
        return cls() if timetable is None else cls(tuple(map(day_texts, timetable.weeks)))

    @classmethod
    def sent(cls, form: FormData, before: Timetable | None = None) -> HoursForm:
        """
        Read back what was sent; only a smaller number of weeks, asked for, takes one away.

        Parameters
        ----------
        form
            As sent; fields that it does not have keep what they were.
        before
            What is changed.
        """
        known = cls.of(before).weeks
        text = str(form.get("semaines", "")).strip()
        asked = int(text) if text.isdecimal() and len(text) < 5 else len(known)
        # A second week that is filled in counts even when nobody said that there are two.
        if asked == len(known) == 1 and any(_texts(form, "g", ("",) * 8)):
            asked = 2
        return cls(
            tuple(
                _texts(form, week_prefix(number), (*known, ("",) * 8)[min(number, len(known))])
                for number in range(max(1, min(asked, CYCLE_WEEKS_MAX + 1)))
            )
        )

    @property
    def shown(self) -> list[tuple[int, str, tuple[str, ...], bool]]:
        """Number, prefix, texts of each week, and whether it has a grid beside it."""
        return [
            (number + 1, week_prefix(number), texts, number < _GRIDS)
            for number, texts in enumerate(self.weeks)
        ]

    def read(self, faults: dict[str, str], *, required: bool) -> Timetable | None:
        """
        Read the timetable.

        Parameters
        ----------
        faults
            Receives a sentence per field that cannot be read.
        required
            Whether no hours at all are a fault.

        Returns
        -------
        Timetable or None
            None when nothing is given, or something is faulty.
        """
        if len(self.weeks) > CYCLE_WEEKS_MAX:
            faults["semaines"] = phrase(
                "schedule_cycle_too_long", weeks=len(self.weeks), limit=CYCLE_WEEKS_MAX
            )
            return None
        count = len(faults)
        written = [
            _read_week(texts, week_prefix(number), faults)
            for number, texts in enumerate(self.weeks)
        ]
        if len(faults) > count:
            return None
        if not any(text != "off" for text in written):
            if required:
                faults["h-0"] = phrase("schedule_asks_nothing")
            return None
        try:
            return Timetable.parse(written)
        except RpeGeoError as error:
            faults["h-0"] = phrase(error.code, **error.values)
            return None


def _texts(form: FormData, prefix: str, before: Sequence[str]) -> tuple[str, ...]:
    """Read the fields of a week; a week, or public holidays, that the form does not have stay as they were."""
    if not any(f"{prefix}-{number}" in form for number in range(7)):
        return tuple(before)
    days = [str(form.get(f"{prefix}-{number}", "")) for number in range(7)]
    holidays = str(form.get(f"{prefix}-7", before[7]))
    return tuple(text.strip()[:200] for text in (*days, holidays))


def _read_week(texts: Sequence[str], prefix: str, faults: dict[str, str]) -> str:
    """Read eight fields into the text form of a week."""
    rules = []
    for number, name in enumerate(DAYS):
        try:
            spans = _read_day(texts[number], DAY_NAMES[number])
        except InvalidSchedule as error:
            faults[f"{prefix}-{number}"] = phrase(error.code, **error.values)
            continue
        if spans:
            rules.append(f"{name} {','.join(spans)}")
    return "; ".join(rules) or "off"


def written_spans(text: str) -> str:
    """Write the hours of a day as files do: « 9:00-11:30 » becomes `09:00-11:30`."""
    return ",".join(_read_day(text, ""))


def _read_day(text: str, day: str) -> list[str]:
    spans = []
    for part in re.split(r"[,;]|\bet\b", text):
        if not part.strip():
            continue
        found = _SPAN.match(part.strip())
        if found is None:
            raise InvalidSchedule("day_hours_unreadable", part=part.strip()[:40], day=day)
        hour, minute, to_hour, to_minute = (int(group or 0) for group in found.groups())
        if (
            hour > 23
            or to_hour > 24
            or minute % 15
            or to_minute % 15
            or max(minute, to_minute) > 45
        ):
            raise InvalidSchedule("day_hours_quarters", part=part.strip()[:40], day=day)
        spans.append(f"{hour:02d}:{minute:02d}-{to_hour:02d}:{to_minute:02d}")
    return spans
