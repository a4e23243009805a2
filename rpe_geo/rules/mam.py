"""
What a maison d'assistants maternels may hold: members present and children, quarter-hour by quarter-hour.

CASF L.424-1 [S13, S14]; INTERFACES §4bis 12. A member is present while a child of one of her contracts is; only active
members count, and own children are not on site.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rpe_geo.rules.breaches import Breaches, no_breach, slot_breaches
from rpe_geo.rules.timeline import Timeline, lay
from rpe_geo.schedule import QUARTERS_PER_DAY

__all__ = ["mam_laws"]


def mam_laws(
    timeline: Timeline, *, present_default: int, children_default: int
) -> tuple[Breaches, Breaches]:
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
    shape = timeline.asked.shape
    members = np.zeros(shape, dtype=np.int16)
    children = np.zeros(shape, dtype=np.int16)
    limits = np.full((2, shape[0], 1), np.iinfo(np.int16).max, dtype=np.int16)
    mam = np.where(timeline.row_pair < 0, -1, registry.mam[timeline.row_provider])
    inside = np.flatnonzero(mam >= 0)
    if len(inside):
        house = mam[inside]
        first, last = registry.mam_first[house], registry.mam_first[house + 1]
        for turn in range(int((last - first).max())):
            there = first + turn < last
            row = inside[there]
            member = registry.mam_members[first[there] + turn]
            herself = member == timeline.row_provider[row]
            present = np.where(
                herself[:, None],
                timeline.contract_children[row],
                lay(registry.contracts, registry.patterns, member, timeline.row_monday[row])
                * _active(registry.member_from[member], timeline.row_monday[row]),
            ).astype(np.int16)
            children[row] += present
            members[row] += (present > 0) | herself[:, None]
        children[inside] += timeline.row_children[inside]
        for number, (known, default) in enumerate(
            (
                (registry.mam_present_max, present_default),
                (registry.mam_children_max, children_default),
            )
        ):
            limit = np.where(known < 0, default, known)
            limits[number, inside, 0] = limit[house]
    # When she is there already, with a child of a contract, the need brings nobody more.
    arriving = np.where(timeline.contract_children > 0, np.int16(0), members)
    return (
        slot_breaches("mam_present", timeline, arriving, limits[0]),
        slot_breaches("mam_children", timeline, children, limits[1]),
    )


def _active(member_from: NDArray[np.int64], monday: NDArray[np.int64]) -> NDArray[np.int16]:
    """Tell at each quarter-hour whether a member is active."""
    days = monday[:, None] + np.arange(7) >= member_from[:, None]
    return np.repeat(days, QUARTERS_PER_DAY, axis=1).astype(np.int16)
