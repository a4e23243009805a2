"""Hours outside the standard window of the profile in force (docs/sources.md, S25 to S30)."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from functools import lru_cache

from rpe_geo.parameters import parameter_table
from rpe_geo.schedule import Timetable
from rpe_geo.verdicts import AtypicalHours

__all__ = ["atypical_hours"]


@lru_cache(maxsize=4096)
def atypical_hours(hours: Timetable, day: date, profile: str | None = None) -> AtypicalHours:
    """
    Measure the atypical part of some hours.

    Parameters
    ----------
    hours
        Asked or offered; ordinary weeks and, where they are named, public holidays.
    day
        Day on which the profiles must be in force.
    profile
        Name of a profile; None for the one in force.

    Returns
    -------
    AtypicalHours
        Mean hours of an ordinary week outside the window, and their share of all hours, exact.
    """
    profiles = parameter_table("atypical_hours", day)
    name = profile or profiles["profile_in_force"]
    window = Timetable.parse(profiles[name])
    outside = hours.minus(window).quarters_per_week / 4
    return AtypicalHours(
        profile=name, hours_per_week=outside, share=Fraction(1) - window.share_of(hours)
    )
