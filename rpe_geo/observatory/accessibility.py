r"""
Accessibility: what supply the children of each zone can reach, and share with whom.

Every measure takes the demand $P_i$ (children, or weighted need), the supply $S_j$ (places), the travel times
$t_{ij}$ and a decay $W_{ij} = f(t_{ij})$, and answers one figure per demand: 0 where nothing is reachable, `nan`
where there is no child (0 or missing). A supply of 0 places offers nothing and is nobody's closest; in 3SFCA and BFCA
it still draws its share of the children, as in the published formulas: leave it out if it is closed.

The floating catchments 2SFCA, E2SFCA and 3SFCA conserve supply: $\sum_i P_i A_i$ is the sum of the $S_j$ with at
least one child in their catchment, whatever the decay and however fractional the demand.

References
----------
Luo & Wang (2003), Environment and Planning B 30. Luo & Qi (2009), Health & Place 15. Wan, Zou & Sternberg (2012),
International Journal of GIS 26. Jörg, Lenz, Wetz & Widmer (2019), Obsan. Páez, Higgins & Vivona (2019), PLoS ONE 14.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpe_geo.observatory.decay import Decay
from rpe_geo.observatory.pairs import TravelPairs
from rpe_geo.observatory.raam import raam

__all__ = [
    "METHODS",
    "balanced_fca",
    "cost_to_closest",
    "count_choices",
    "cumulative_opportunities",
    "modified_fca",
    "modified_huff_fca",
    "spatial_availability",
    "three_step_fca",
    "two_step_fca",
]

Floats = NDArray[np.float64]


class _Catchment:
    """Pairs within the catchment (weight above 0), with their sums by demand and by supply."""

    def __init__(
        self, demand: pd.Series, supply: pd.Series, times: TravelPairs, decay: Decay
    ) -> None:
        children = times.align_demand(demand)
        self.present = children > 0  # nan compares false: missing children count for nobody
        self.places = np.nan_to_num(times.align_supply(supply), nan=0.0)
        weight = decay(times.minutes)
        within = weight > 0
        if within.all():
            self.demand_at, self.supply_at, self.weight = times.demand_at, times.supply_at, weight
        else:
            self.demand_at = times.demand_at[within]
            self.supply_at = times.supply_at[within]
            self.weight = weight[within]
        self.population = np.where(self.present, children, 0.0)[self.demand_at]
        self.offered = self.places[self.supply_at]
        self.ids = times.demand_ids

    def by_demand(self, values: Floats) -> Floats:
        sums = np.bincount(self.demand_at, weights=values, minlength=len(self.ids))
        return np.asarray(sums, dtype=np.float64)

    def by_supply(self, values: Floats) -> Floats:
        sums = np.bincount(self.supply_at, weights=values, minlength=len(self.places))
        return np.asarray(sums, dtype=np.float64)

    def ratio(self, values: Floats) -> Floats:
        """Share the places of each supply among the demand that `values` bring to it; on pairs."""
        brought = self.by_supply(values)
        ratio = np.divide(self.places, brought, out=np.zeros_like(brought), where=brought > 0)
        shared: Floats = ratio[self.supply_at]
        return shared

    def answer(self, values: Floats, name: str) -> pd.Series:
        return pd.Series(np.where(self.present, values, np.nan), index=self.ids, name=name)


def two_step_fca(
    demand: pd.Series, supply: pd.Series, times: TravelPairs, decay: Decay
) -> pd.Series:
    r"""
    Count accessible places per child by two-step floating catchments (2SFCA; E2SFCA when the decay has several weights).

    $R_j = S_j / \sum_i W_{ij} P_i$, $A_i = \sum_j W_{ij} R_j$ (Luo & Wang 2003; Luo & Qi 2009).

    Parameters
    ----------
    demand
        Children by demand id; fractions are welcome.
    supply
        Places by supply id.
    times
        Travel times in minutes.
    decay
        Weight of a travel time.

    Returns
    -------
    Series
        Places per child, on `times.demand_ids`.

    Examples
    --------
    >>> from rpe_geo.observatory.decay import Binary
    >>> times = TravelPairs.from_matrix(pd.DataFrame({"x": [5.0, 10.0, 40.0]}, index=["a", "b", "c"]))
    >>> children = pd.Series({"a": 10.0, "b": 30.0, "c": 5.0})
    >>> two_step_fca(children, pd.Series({"x": 20.0}), times, Binary(15)).tolist()
    [0.5, 0.5, 0.0]
    """
    pairs = _Catchment(demand, supply, times, decay)
    ratio = pairs.ratio(pairs.weight * pairs.population)
    return pairs.answer(pairs.by_demand(pairs.weight * ratio), "two_step_fca")


def three_step_fca(
    demand: pd.Series, supply: pd.Series, times: TravelPairs, decay: Decay
) -> pd.Series:
    r"""
    Count accessible places per child by three-step floating catchments (3SFCA).

    $G_{ij} = W_{ij} / \sum_{k} W_{ik}$ over the supply within the catchment, $R_j = S_j / \sum_i G_{ij} P_i W_{ij}$,
    $A_i = \sum_j G_{ij} R_j W_{ij}$ (Wan, Zou & Sternberg 2012). The selection weight $G$ counts only what is within
    the catchment (pysal/access sums beyond its `max_cost`, which dilutes the weight of zones near the edge).

    Parameters
    ----------
    demand, supply, times, decay
        See `two_step_fca`.

    Returns
    -------
    Series
        Places per child, on `times.demand_ids`.
    """
    pairs = _Catchment(demand, supply, times, decay)
    selection = pairs.weight / pairs.by_demand(pairs.weight)[pairs.demand_at]
    attracted = selection * pairs.weight
    ratio = pairs.ratio(attracted * pairs.population)
    return pairs.answer(pairs.by_demand(attracted * ratio), "three_step_fca")


def modified_huff_fca(
    demand: pd.Series, supply: pd.Series, times: TravelPairs, decay: Decay
) -> pd.Series:
    r"""
    Count accessible places per child by the modified Huff three-step floating catchments (MH3SFCA).

    $G_{ij} = S_j W_{ij} / \sum_k S_k W_{ik}$, $R_j = S_j / \sum_i G_{ij} P_i$, $A_i = \sum_j G_{ij} R_j W_{ij}$
    (Jörg et al. 2019). Far supply loses value on the way: the sum is below the supply unless all weights are 1.

    Parameters
    ----------
    demand, supply, times, decay
        See `two_step_fca`.

    Returns
    -------
    Series
        Places per child, on `times.demand_ids`.
    """
    pairs = _Catchment(demand, supply, times, decay)
    attraction = pairs.offered * pairs.weight
    attracting = pairs.by_demand(attraction)[pairs.demand_at]
    huff = np.divide(attraction, attracting, out=np.zeros_like(attraction), where=attracting > 0)
    ratio = pairs.ratio(huff * pairs.population)
    return pairs.answer(pairs.by_demand(huff * ratio * pairs.weight), "modified_huff_fca")


def modified_fca(
    demand: pd.Series, supply: pd.Series, times: TravelPairs, decay: Decay
) -> pd.Series:
    r"""
    Count accessible places per child by the modified two-step floating catchments (M2SFCA).

    $A_i = \sum_j S_j W_{ij}^2 / \sum_k W_{kj} P_k$ (Delamater 2013): supply far from everybody loses value, and the sum
    over the children is below the supply unless all weights are 1.

    Parameters
    ----------
    demand, supply, times, decay
        See `two_step_fca`.

    Returns
    -------
    Series
        Places per child, on `times.demand_ids`.
    """
    pairs = _Catchment(demand, supply, times, decay)
    ratio = pairs.ratio(pairs.weight * pairs.population)
    return pairs.answer(pairs.by_demand(pairs.weight * pairs.weight * ratio), "modified_fca")


def spatial_availability(
    demand: pd.Series, supply: pd.Series, times: TravelPairs, decay: Decay
) -> pd.Series:
    r"""
    Share every place out among the zones, by their children and their nearness.

    $V_i = \sum_j S_j F_{ij}$ with $F_{ij} = F^p_i F^c_{ij} / \sum_k F^p_k F^c_{kj}$, $F^p_i = P_i / \sum_k P_k$ and
    $F^c_{ij} = W_{ij} / \sum_k W_{kj}$ (Soukhov, Páez, Higgins & Mohamed 2023, PLoS ONE 18). The $V_i$ add up to the
    supply within reach of a child; $V_i / P_i$ is the 2SFCA.

    Parameters
    ----------
    demand, supply, times, decay
        See `two_step_fca`.

    Returns
    -------
    Series
        Places (not per child), on `times.demand_ids`.
    """
    pairs = _Catchment(demand, supply, times, decay)
    brought = pairs.weight * pairs.population
    return pairs.answer(pairs.by_demand(brought * pairs.ratio(brought)), "spatial_availability")


def balanced_fca(
    demand: pd.Series, supply: pd.Series, times: TravelPairs, decay: Decay
) -> pd.Series:
    r"""
    Count accessible places per child by balanced floating catchments (BFCA).

    With $W^i_{ij} = W_{ij} / \sum_j W_{ij}$ (a child is counted once) and $W^j_{ij} = W_{ij} / \sum_i W_{ij}$ (a place is
    counted once): $L_j = S_j / \sum_i W^i_{ij} P_i$, $A_i = \sum_j W^j_{ij} L_j$ (Páez, Higgins & Vivona 2019).

    Parameters
    ----------
    demand, supply, times, decay
        See `two_step_fca`.

    Returns
    -------
    Series
        Places per child, on `times.demand_ids`. What is conserved is $\sum_j L_j$, the level of service of the
        supply, shared out over the zones: $\sum_i A_i = \sum_j L_j$.
    """
    pairs = _Catchment(demand, supply, times, decay)
    per_demand = pairs.weight / pairs.by_demand(pairs.weight)[pairs.demand_at]
    per_supply = pairs.weight / pairs.by_supply(pairs.weight)[pairs.supply_at]
    ratio = pairs.ratio(per_demand * pairs.population)
    return pairs.answer(pairs.by_demand(per_supply * ratio), "balanced_fca")


def cumulative_opportunities(
    demand: pd.Series, supply: pd.Series, times: TravelPairs, decay: Decay
) -> pd.Series:
    r"""
    Count the places within reach, shared with nobody: $A_i = \sum_j S_j W_{ij}$.

    Parameters
    ----------
    demand, supply, times, decay
        See `two_step_fca`.

    Returns
    -------
    Series
        Places, on `times.demand_ids`.
    """
    pairs = _Catchment(demand, supply, times, decay)
    reached = pairs.by_demand(pairs.weight * pairs.offered)
    return pairs.answer(reached, "cumulative_opportunities")


def count_choices(
    demand: pd.Series, supply: pd.Series, times: TravelPairs, decay: Decay
) -> pd.Series:
    """
    Count the different suppliers within reach that offer something (a free place, a place at this hour…).

    Parameters
    ----------
    demand, supply, times, decay
        See `two_step_fca`; the decay only says what is within reach.

    Returns
    -------
    Series
        Number of suppliers with more than 0 places, on `times.demand_ids`.
    """
    pairs = _Catchment(demand, supply, times, decay)
    return pairs.answer(pairs.by_demand((pairs.offered > 0).astype(np.float64)), "count_choices")


def cost_to_closest(
    demand: pd.Series, supply: pd.Series, times: TravelPairs, decay: Decay | None = None
) -> pd.Series:
    """
    Measure the minutes to the closest place; `inf` where none is reachable.

    Parameters
    ----------
    demand, supply, times
        See `two_step_fca`.
    decay
        Only its cutoff counts, if given; without it any known time does.

    Returns
    -------
    Series
        Minutes, on `times.demand_ids`.
    """
    children = times.align_demand(demand)
    places = np.nan_to_num(times.align_supply(supply), nan=0.0)
    usable = places[times.supply_at] > 0
    if decay is not None:
        usable &= decay(times.minutes) > 0
    closest = np.full(len(children), np.inf)
    np.minimum.at(closest, times.demand_at[usable], times.minutes[usable])
    return pd.Series(
        np.where(children > 0, closest, np.nan), index=times.demand_ids, name="cost_to_closest"
    )


METHODS: dict[str, Callable[[pd.Series, pd.Series, TravelPairs, Decay], pd.Series]] = {
    "2sfca": two_step_fca,
    "e2sfca": two_step_fca,
    "3sfca": three_step_fca,
    "mh3sfca": modified_huff_fca,
    "m2sfca": modified_fca,
    "bfca": balanced_fca,
    "availability": spatial_availability,
    "raam": raam,
    "cumulative": cumulative_opportunities,
    "closest": cost_to_closest,
}
"""Names of the measures on the command line and in results."""
