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
from rpe_geo.rules.bits import Count, no_words, pack
from rpe_geo.rules.breaches import Breaches, Figures, SlotBreaches, no_breach
from rpe_geo.rules.compiled import FOREVER, People
from rpe_geo.rules.timeline import Timeline
from rpe_geo.schedule import QUARTERS_PER_DAY, QUARTERS_PER_WEEK
from rpe_geo.verdicts import Rule

__all__ = ["legacy_ages", "places", "under_3", "under_11"]

Counts = NDArray[np.int16]
Whole = NDArray[np.int64]
Truths = NDArray[np.bool_]


def places(timeline: Timeline) -> SlotBreaches:
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
    registry, provider = timeline.registry, timeline.row_provider
    children = timeline.row_children
    offered = registry.places_offered[provider]
    over = timeline.contract_children.above(offered - children)

    def of_offered(slots: Whole) -> Figures:
        row = slots // QUARTERS_PER_WEEK
        return _figures(timeline.contract_children.at(slots) + children[row], offered[row])

    measures = [of_offered]
    takes_place = registry.own_takes_place
    if (takes_place & _has(registry.own_children))[timeline.provider].any():
        everyone = timeline.contract_children.copy()
        for rows, _, words in timeline.lay(registry.own_children, under=3, chosen=takes_place):
            everyone.add(rows, words)
        attested = registry.places[provider]
        over |= everyone.above(attested - children)

        def of_attested(slots: Whole) -> Figures:
            row = slots // QUARTERS_PER_WEEK
            return _figures(everyone.at(slots) + children[row], attested[row])

        measures.append(of_attested)
    if registry.declared[timeline.provider].any():
        free = timeline.declared_places
        declared = registry.declared[provider]
        over |= ~free.above(np.where(declared, children - 1, -1))

        def of_declared(slots: Whole) -> Figures:
            row = slots // QUARTERS_PER_WEEK
            return _figures(children[row], np.where(declared[row], free.at(slots), FOREVER))

        measures.append(of_declared)

    def worst(slots: Whole) -> Figures:
        found = [measure(slots) for measure in measures]
        chosen = np.argmax([figures.have - figures.limit for figures in found], axis=0)
        have, limit = np.array(found).transpose(1, 2, 0)
        slot = np.arange(len(slots))
        return Figures(have[slot, chosen], limit[slot, chosen])

    return SlotBreaches("places", timeline, over & timeline.asked, worst)


def _figures(have: NDArray[np.integer], limit: NDArray[np.integer]) -> Figures:
    return Figures(have.astype(np.float64), limit.astype(np.float64))


def _has(people: People) -> Truths:
    """Tell which providers have people of a kind."""
    has: Truths = people.first[1:] > people.first[:-1]
    return has


def under_3(timeline: Timeline, limit: int) -> SlotBreaches:
    """Find where more than `limit` children under three would be present, her own and the asked ones included."""
    heads = timeline.count(
        timeline.asked_under(timeline.needs.thirds),
        timeline.lay(timeline.registry.contracts, under=3),
        timeline.lay(timeline.registry.own_children, under=3),
    )
    return _too_many("under_3", timeline, heads, limit)


def under_11(timeline: Timeline, limit: int) -> SlotBreaches:
    """Find where more than `limit` children under eleven would be present, her own and the asked ones included."""
    heads = timeline.count(
        timeline.asked_under(timeline.needs.elevenths),
        timeline.lay(timeline.registry.contracts, under=11),
        timeline.lay(timeline.registry.own_children, under=11),
    )
    return _too_many("under_11", timeline, heads, limit)


def _too_many(rule: Rule, timeline: Timeline, heads: Count, limit: int) -> SlotBreaches:
    def measure(slots: Whole) -> Figures:
        return _figures(heads.at(slots), np.full(len(slots), limit))

    return SlotBreaches(rule, timeline, timeline.asked & heads.above(limit), measure)


def legacy_ages(timeline: Timeline) -> Breaches | SlotBreaches:
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
    pairs = np.flatnonzero(timeline.registry.legacy[timeline.provider])
    if not len(pairs):
        return no_breach("legacy_ages")
    rows = np.flatnonzero(
        (timeline.row_pair >= 0) & timeline.registry.legacy[timeline.row_provider]
    )
    have = np.zeros((len(rows), QUARTERS_PER_WEEK), dtype=np.int16)
    limit = np.zeros_like(have)
    for pair in pairs.tolist():
        mine = np.flatnonzero(timeline.row_pair[rows] == pair)
        have[mine], limit[mine] = _legacy_ages_of(timeline, pair, rows[mine])
    over = no_words(len(timeline.row_pair))
    over[rows] = timeline.asked[rows] & pack(have > limit)

    def measure(slots: Whole) -> Figures:
        row, quarter = np.divmod(slots, QUARTERS_PER_WEEK)
        row = np.searchsorted(rows, row)
        return _figures(have[row, quarter], limit[row, quarter])

    return SlotBreaches("legacy_ages", timeline, over, measure)


def _legacy_ages_of(timeline: Timeline, pair: int, rows: Whole) -> tuple[Counts, Counts]:
    """Count the children present in some rows of a pair, and those that can be placed."""
    registry = timeline.registry
    provider = int(timeline.provider[pair])
    bands = registry.childminders[provider].agrement.legacy_ages or ()
    monday = timeline.row_monday[rows]
    days = monday[:, None] + np.arange(7)
    capacity = [open_places(band, monday) for band in bands]
    # Who may take which bands, as bit sets, day by day.
    children: list[tuple[Counts, Whole]] = []
    for contract in range(*registry.contracts.first[provider : provider + 2]):
        present = timeline.count(timeline.lay(registry.contracts.only(contract))).rows(rows)
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
    return have, limit


def _subsets(count: int) -> list[tuple[int, ...]]:
    return [chosen for size in range(count + 1) for chosen in combinations(range(count), size)]
