"""School holidays by zone, from a dated table: which days are without class, and how far the calendar is known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import cast

from rpe_geo.domain import SchoolZone
from rpe_geo.parameters import parameter_history

__all__ = ["SchoolCalendar", "school_calendar", "zone_of_address"]

_POSTCODE = re.compile(r"\b(\d{5})\b")


@dataclass(frozen=True)
class SchoolCalendar:
    """
    The school holidays of one zone.

    Parameters
    ----------
    zone
        A, B or C.
    periods
        First day without class and last one, inclusive, in order.
    """

    zone: SchoolZone
    periods: tuple[tuple[date, date], ...]

    @property
    def known_from(self) -> date:
        """The first day of the oldest school year known, as a 1 September."""
        return date(self.periods[0][0].year, 9, 1)

    @property
    def known_until(self) -> date:
        """The last day of which is known whether there is class."""
        return self.periods[-1][1]

    def is_holiday(self, day: date) -> bool:
        """Tell whether a day lies in the holidays, weekends within them included."""
        return any(first <= day <= last for first, last in self.periods)


@cache
def school_calendar(zone: SchoolZone) -> SchoolCalendar:
    """
    Read the holidays of a zone, every school year known.

    Parameters
    ----------
    zone
        A, B or C.

    Returns
    -------
    SchoolCalendar
        A holiday ends on the day before classes begin again.
    """
    values = parameter_history("school_holidays")[f"zone_{zone.lower()}"]
    periods = [
        (date.fromisoformat(first), date.fromisoformat(back) - timedelta(days=1))
        for parameter in values
        for first, back in parameter.value
    ]
    return SchoolCalendar(zone, tuple(sorted(periods)))


def zone_of_address(address: str) -> SchoolZone | None:
    """Return the zone of an address by its postcode; None without one, in Corsica and overseas."""
    codes = _POSTCODE.findall(address)
    zones = parameter_history("school_holidays")["zones"][-1].value
    for code in reversed(codes):
        for zone, departements in zones.items():
            if code[:2] in departements.split():
                return cast("SchoolZone", zone)
    return None
