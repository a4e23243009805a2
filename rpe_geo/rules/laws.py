"""Every law that looks at presences, asked of one timeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rpe_geo.rules import agrement, mam, working_time
from rpe_geo.rules.breaches import Breaches, SlotBreaches
from rpe_geo.rules.timeline import Timeline

__all__ = ["SLOT_RULES", "every_breach", "slot_breaches_of", "working_time_breaches"]

SLOT_RULES = frozenset(
    {"places", "under_3", "under_11", "mam_present", "mam_children", "legacy_ages"}
)
"""Rules that hold or break quarter-hour by quarter-hour: giving up the hour undoes the breach."""


def every_breach(timeline: Timeline, law: Mapping[str, Any]) -> list[Breaches | SlotBreaches]:
    """
    Ask every law of a timeline.

    Parameters
    ----------
    timeline
        Providers × weeks × quarter-hours.
    law
        The dated table `law`.

    Returns
    -------
    list of Breaches
        One entry per law, in the order in which refusals are listed; most are empty.
    """
    return [*slot_breaches_of(timeline, law), *working_time_breaches(timeline, law)]


def slot_breaches_of(timeline: Timeline, law: Mapping[str, Any]) -> list[Breaches | SlotBreaches]:
    """Ask the laws that count children and members at each quarter-hour; see `every_breach`."""
    mam_present, mam_children = mam.mam_laws(
        timeline,
        present_default=law["mam_present_default"],
        children_default=law["mam_children_default"],
    )
    return [
        agrement.places(timeline),
        agrement.under_3(timeline, law["under_3_max"]),
        agrement.under_11(timeline, law["under_11_max"]),
        mam_present,
        mam_children,
        agrement.legacy_ages(timeline),
    ]


def working_time_breaches(
    timeline: Timeline, law: Mapping[str, Any]
) -> list[Breaches | SlotBreaches]:
    """Ask the laws of working time; see `every_breach`."""
    weekly_hours, annual_hours = working_time.summed_hours(timeline, law)
    return [
        working_time.daily_rest(timeline, law),
        weekly_hours,
        annual_hours,
        working_time.consecutive_days(timeline, law),
        working_time.weekly_rest(timeline, law),
    ]
