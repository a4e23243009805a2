"""
The measures of access of zones, block by block: two passes over the pairs, the figures of `accessibility`.

Pass 1 sums the children that each supply draws; pass 2 gives each demand its share. Sums run in the order of the pairs, so
that the blocks do not show in the last bits. Supply that is spread over the ground stands at one point a zone, whatever its
modes: `sites` says for how many each point counts where a measure chooses between sites (3SFCA).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rpe_geo.observatory.decay import Decay
from rpe_geo.observatory.pair_chunks import PairBlock, PairBlocks

__all__ = ["Offer", "ZoneAccess", "zone_access"]

Floats = NDArray[np.float64]
Rows = NDArray[np.float64]


@dataclass(frozen=True)
class Offer:
    """
    What is offered at the points of supply.

    Parameters
    ----------
    places
        All places.
    sites
        Sites that a point stands for.
    inside
        Whether a point is one of the zones', not of a neighbouring commune.
    shared
        Name → what is offered of a kind (open at a time, for a need), shared among children as places are.
    counted
        Name → how many sites of a kind have something free.
    """

    places: Floats
    sites: Floats
    inside: NDArray[np.bool_]
    shared: Mapping[str, Floats]
    counted: Mapping[str, Floats]


@dataclass(frozen=True)
class ZoneAccess:
    """
    Measures by demand point: nan where there is no child.

    Parameters
    ----------
    profile
        `access_e2sfca, access_2sfca, access_3sfca, places_within_reach, minutes_to_closest`; `access_NAME` and
        `minutes_NAME` of what is shared, `choices…` of what is counted.
    alone
        E2SFCA as one would find it by stopping at the border of the zones.
    """

    profile: pd.DataFrame
    alone: pd.Series


def zone_access(
    people: pd.Series, inner: NDArray[np.bool_], offer: Offer, pairs: PairBlocks, decay: Decay
) -> ZoneAccess:
    """
    Compute all measures of access in two passes.

    Parameters
    ----------
    people
        Children by demand point, in the order of the pairs; nan or 0 is nobody.
    inner
        Points inside the zones.
    offer
        What is offered, in the order of the pairs.
    pairs
        Travel times up to the cutoff of the decay.
    decay
        Weights of E2SFCA and 3SFCA; its cutoff is that of the others.

    Returns
    -------
    ZoneAccess
        Equal to the functions of `accessibility` on all pairs at once.
    """
    children = people.to_numpy(dtype=np.float64)
    present = children > 0
    weighed = np.where(present, children, 0.0)
    drawn = np.zeros((4, len(offer.places)))
    for block in pairs:
        _draw(block, weighed, inner, offer, decay, drawn)
    places = np.nan_to_num(offer.places)
    # Rows: E2SFCA, 2SFCA, 3SFCA, E2SFCA of the zones alone; then what is shared under the weights of E2SFCA.
    offered = [places, places, places, np.where(offer.inside, places, 0.0)]
    ratios = [_ratio(one, total) for one, total in zip(offered, drawn, strict=True)]
    shared = {name: np.nan_to_num(one) for name, one in offer.shared.items()}
    ratios += [_ratio(one, drawn[0]) for one in shared.values()]
    got = {name: np.zeros(len(people)) for name in _names(offer)}
    for block in pairs:
        _get(block, offer, decay, np.column_stack(ratios), shared, got)
    profile = pd.DataFrame(
        {name: np.where(present, values, np.nan) for name, values in got.items()}, people.index
    )
    return ZoneAccess(profile.drop(columns="alone"), profile["alone"])


def _names(offer: Offer) -> list[str]:
    names = [
        "access_e2sfca",
        "access_2sfca",
        "access_3sfca",
        "places_within_reach",
        "minutes_to_closest",
        "alone",
    ]
    for name in offer.shared:
        names += [f"access_{name}", f"minutes_{name}"]
    return names + list(offer.counted)


def _ratio(places: Floats, drawn: Floats) -> Floats:
    ratio: Floats = np.divide(places, drawn, out=np.zeros_like(drawn), where=drawn > 0)
    return ratio


def _weights(block: PairBlock, offer: Offer, decay: Decay) -> tuple[Floats, Floats, Floats]:
    """Weigh pairs: by the decay, by being within reach, by the choice between sites (3SFCA)."""
    weight = decay(block.minutes)
    within = (block.minutes <= decay.cutoff_min).astype(np.float64)
    chosen = np.bincount(
        block.demand_at,
        weights=weight * offer.sites[block.supply_at],
        minlength=block.last - block.first,
    )[block.demand_at]
    selection = np.divide(weight, chosen, out=np.zeros_like(weight), where=chosen > 0)
    return weight, within, selection * weight


def _draw(
    block: PairBlock,
    weighed: Floats,
    inner: NDArray[np.bool_],
    offer: Offer,
    decay: Decay,
    drawn: Rows,
) -> None:
    """Add the children that each supply draws of this block: E2SFCA, 2SFCA, 3SFCA, E2SFCA of the zones alone."""
    weight, within, attracted = _weights(block, offer, decay)
    here = weighed[block.first : block.last][block.demand_at]
    own = inner[block.first : block.last][block.demand_at]
    for row, value in enumerate((weight, within, attracted, np.where(own, weight, 0.0))):
        np.add.at(drawn[row], block.supply_at, value * here)


def _get(
    block: PairBlock,
    offer: Offer,
    decay: Decay,
    ratios: Rows,
    shared: Mapping[str, Floats],
    got: Mapping[str, Floats],
) -> None:
    """Give the demand of this block what it reaches; `ratios` has one row a supply, one column a measure."""
    weight, within, attracted = _weights(block, offer, decay)
    rows, at = slice(block.first, block.last), block.supply_at
    count = block.last - block.first
    starts = np.searchsorted(block.demand_at, np.arange(count + 1))

    def summed(values: Floats, columns: Rows) -> Rows:
        table = csr_array((values, at, starts), shape=(count, len(columns)))
        return np.asarray(table @ columns, dtype=np.float64)

    got["access_e2sfca"][rows] = summed(weight, ratios[:, 0])
    got["access_2sfca"][rows] = summed(within, ratios[:, 1])
    got["access_3sfca"][rows] = summed(attracted, ratios[:, 2])
    got["alone"][rows] = summed(weight, ratios[:, 3])
    got["places_within_reach"][rows] = summed(within, np.nan_to_num(offer.places))
    got["minutes_to_closest"][rows] = _closest(block, np.nan_to_num(offer.places) > 0, count)
    if shared:
        together = summed(weight, ratios[:, 4:])
        for column, name in enumerate(shared):
            got[f"access_{name}"][rows] = together[:, column]
            got[f"minutes_{name}"][rows] = _closest(block, shared[name] > 0, count)
    for name, sites in offer.counted.items():
        got[name][rows] = summed(within, sites)


def _closest(block: PairBlock, offering: NDArray[np.bool_], count: int) -> Floats:
    """Find the minutes to the closest supply that offers something; `inf` where none is reachable."""
    usable = offering[block.supply_at]
    closest = np.full(count, np.inf)
    np.minimum.at(closest, block.demand_at[usable], block.minutes[usable])
    return closest
