"""
What a maison d'assistants maternels may hold: members present and children, quarter-hour by quarter-hour.

CASF L.424-1 [S13, S14]; INTERFACES §4bis 12. A member is present while a child of one of her contracts is; only active
members count, and own children are not on site.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rpe_geo.rules.bits import Count, no_words
from rpe_geo.rules.breaches import Breaches, Figures, SlotBreaches, no_breach
from rpe_geo.rules.compiled import FOREVER, NEVER
from rpe_geo.rules.laid_hours import presences
from rpe_geo.rules.timeline import Timeline
from rpe_geo.schedule import QUARTERS_PER_WEEK

__all__ = ["mam_laws"]

Whole = NDArray[np.int64]
Words = NDArray[np.uint32]

_EVERYWHERE = np.uint32(0xFFFFFFFF)


def mam_laws(
    timeline: Timeline, *, present_default: int, children_default: int
) -> tuple[Breaches | SlotBreaches, Breaches | SlotBreaches]:
    """
    Find where the house would hold too many members, or too many children.

    Parameters
    ----------
    timeline
        Providers × weeks × quarter-hours.
    present_default, children_default
        Limits of a MAM that the registry does not know.

    Returns
    -------
    tuple of Breaches
        `mam_present` (members, the one asked included), then `mam_children` (children, the asked ones included).
    """
    registry = timeline.registry
    if not (registry.mam[timeline.provider] >= 0).any():
        return no_breach("mam_present"), no_breach("mam_children")
    rows = len(timeline.row_pair)
    members, children = Count(rows), Count(rows)
    mam = np.where(timeline.row_pair < 0, -1, registry.mam[timeline.row_provider])
    inside = np.flatnonzero(mam >= 0)
    house = mam[inside]
    first, last = registry.mam_first[house], registry.mam_first[house + 1]
    for turn in range(int((last - first).max(initial=0))):
        there = first + turn < last
        row = inside[there]
        member = registry.mam_members[first[there] + turn]
        herself = member == timeline.row_provider[row]
        # Her own children count whatever the day: the agrément of the one asked is another rule.
        since = np.where(herself, NEVER, registry.member_from[member])
        position, person = registry.contracts.of(member)
        present = no_words(rows)
        for found, _, words in presences(
            registry.contracts,
            registry.patterns,
            row[position],
            person,
            timeline.row_monday,
            since=since[position],
        ):
            children.add(found, words)
            present[found] |= words
        present[row[herself]] = _EVERYWHERE
        members.add(row, present[row])
    present_max, children_max = (
        np.where(limit[house] < 0, default, limit[house])
        for limit, default in (
            (registry.mam_present_max, present_default),
            (registry.mam_children_max, children_default),
        )
    )
    # When she is there already, with a child of a contract, the need brings nobody more.
    arriving = _of_house(timeline, inside, members, present_max)
    arriving &= ~timeline.taken
    asked = timeline.row_children
    crowd = _of_house(timeline, inside, children, children_max - asked[inside])

    def members_at(slots: Whole) -> Figures:
        row = np.searchsorted(inside, slots // QUARTERS_PER_WEEK)
        return Figures(members.at(slots).astype(np.float64), present_max[row].astype(np.float64))

    def children_at(slots: Whole) -> Figures:
        row = slots // QUARTERS_PER_WEEK
        have = children.at(slots) + asked[row]
        limit = children_max[np.searchsorted(inside, row)]
        return Figures(have.astype(np.float64), limit.astype(np.float64))

    return (
        SlotBreaches("mam_present", timeline, arriving, members_at),
        SlotBreaches("mam_children", timeline, crowd, children_at),
    )


def _of_house(timeline: Timeline, inside: Whole, heads: Count, limit: Whole) -> Words:
    """Find the asked quarter-hours at which a house holds more heads than its limit."""
    limits = np.full(len(timeline.row_pair), FOREVER, dtype=np.int64)
    limits[inside] = limit
    over: Words = timeline.asked & heads.above(limits)
    return over
