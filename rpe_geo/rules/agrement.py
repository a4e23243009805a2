"""
What the agrément allows at each quarter-hour: places, children under three and under eleven, legacy age bands.

CASF L.421-4 [S1–S3, S5, S7]; INTERFACES §4bis 10, 11 and 23. Each law takes a timeline and returns where the asked
children would break it.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from rpe_geo.rules.age_bands import bands_of, open_places
from rpe_geo.rules.breaches import Breaches, joined, no_breach, slot_breaches
from rpe_geo.rules.compiled import People
from rpe_geo.rules.timeline import Timeline
from rpe_geo.schedule import QUARTERS_PER_DAY

__all__ = ["legacy_ages", "places", "under_3", "under_11"]

Counts = NDArray[np.int16]
Whole = NDArray[np.int64]


def _per_row(timeline: Timeline, by_provider: Whole) -> Counts:
    """Spread a figure of each provider over her rows, as one column."""
    column: Counts = by_provider[timeline.row_provider].astype(np.int16)[:, None]
    return column


def places(timeline: Timeline) -> Breaches:
    """
    Find where no place is left: of those offered, of those on the attestation, of those declared free.

    Parameters
    ----------
    timeline
        Providers × weeks × quarter-hours.

    Returns
    -------
    Breaches
        `have` with the asked children; where several limits are passed, the one passed by most.
    """
    registry = timeline.registry
    have = timeline.contract_children + timeline.row_children
    limit = np.broadcast_to(_per_row(timeline, registry.places_offered), have.shape)
    takes_place = registry.own_takes_place[timeline.provider]
    if (takes_place & _has(registry.own_children, timeline.provider)).any():
        own = timeline.lay(registry.own_children, under=3)
        own[~registry.own_takes_place[timeline.row_provider]] = 0
        have, limit = _worse(have, limit, have + own, _per_row(timeline, registry.places))
    if registry.declared[timeline.provider].any():
        declared = registry.declared[timeline.row_provider][:, None]
        free = timeline.lay(registry.availabilities, weighted=True)
        asked = np.broadcast_to(timeline.row_children, have.shape)
        # Far above any count where nothing was declared.
        free = np.where(declared, free, np.int16(10_000))
        have, limit = _worse(have, limit, asked, free)
    return slot_breaches("places", timeline, have, limit)


def _has(people: People, provider: Whole) -> NDArray[np.bool_]:
    has: NDArray[np.bool_] = people.first[provider + 1] > people.first[provider]
    return has


def _worse(
    have: Counts, limit: Counts, other: Counts, other_limit: Counts
) -> tuple[Counts, Counts]:
    """Keep, at each quarter-hour, the limit that is passed by more."""
    worse = other - other_limit > have - limit
    return np.where(worse, other, have), np.where(worse, other_limit, limit)


def under_3(timeline: Timeline, limit: int) -> Breaches:
    """Find where more than `limit` children under three would be present, her own and the asked ones included."""
    have = (
        timeline.lay(timeline.registry.contracts, under=3)
        + timeline.lay(timeline.registry.own_children, under=3)
        + timeline.asked_under(timeline.needs.thirds)
    )
    return slot_breaches("under_3", timeline, have, np.array([[limit]], dtype=np.int16))


def under_11(timeline: Timeline, limit: int) -> Breaches:
    """Find where more than `limit` children under eleven would be present, her own and the asked ones included."""
    have = (
        timeline.lay(timeline.registry.contracts, under=11)
        + timeline.lay(timeline.registry.own_children, under=11)
        + timeline.asked_under(timeline.needs.elevenths)
    )
    return slot_breaches("under_11", timeline, have, np.array([[limit]], dtype=np.int16))


def legacy_ages(timeline: Timeline) -> Breaches:
    """
    Find where the children cannot all be given a distinct place of their age band.

    Children of contracts and asked ones need an assignment to the places of an old attestation that are open at that
    hour. By Hall's theorem the number that can be placed is the least, over every set of bands, of what lies outside
    the set plus the places inside it.

    Parameters
    ----------
    timeline
        Weeks that repeat may be dropped: a child who passes from one band to the next makes a week of its own.

    Returns
    -------
    Breaches
        `have` children present, `limit` those that can be placed.
    """
    found = [
        _legacy_ages_of(timeline, int(pair))
        for pair in np.flatnonzero(timeline.registry.legacy[timeline.provider])
    ]
    return joined(found) if found else no_breach("legacy_ages")


def _legacy_ages_of(timeline: Timeline, pair: int) -> Breaches:
    registry = timeline.registry
    provider = int(timeline.provider[pair])
    bands = registry.childminders[provider].agrement.legacy_ages or ()
    rows = np.flatnonzero(timeline.row_pair == pair)
    monday = timeline.row_monday[rows]
    days = monday[:, None] + np.arange(7)
    capacity = [open_places(band, monday) for band in bands]
    # Who may take which bands, as bit sets, day by day.
    children: list[tuple[Counts, Whole]] = []
    for contract in range(*registry.contracts.first[provider : provider + 2]):
        present = timeline.lay(registry.contracts.only(contract))[rows]
        birth = int(registry.contracts.birth[contract])
        children.append((present, bands_of(birth, bands, days)))
    always = np.ones((len(rows), days.shape[1] * QUARTERS_PER_DAY), dtype=np.int16)
    children.extend(
        (always, bands_of(int(birth), bands, days))
        for birth in timeline.needs.needs[timeline.need[pair]].births
    )
    have = np.zeros_like(always)
    for present, _ in children:
        have += present
    limit = have.copy()
    for chosen in _subsets(len(bands)):
        inside = sum(1 << band for band in chosen)
        room = np.zeros_like(have)
        for band in chosen:
            room += capacity[band]
        for present, allowed in children:
            outside = np.repeat((allowed & ~inside) != 0, QUARTERS_PER_DAY, axis=1)
            room += present * outside
        limit = np.minimum(limit, room)
    shape = timeline.asked.shape
    all_have, all_limit = np.zeros(shape, dtype=np.int16), np.zeros(shape, dtype=np.int16)
    all_have[rows], all_limit[rows] = have, limit
    return slot_breaches("legacy_ages", timeline, all_have, all_limit)


def _subsets(count: int) -> list[tuple[int, ...]]:
    return [chosen for size in range(count + 1) for chosen in combinations(range(count), size)]
