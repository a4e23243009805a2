"""The indicators of access that every map of the observatory carries, computed together from the same pairs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from rpe_geo.observatory.accessibility import (
    cost_to_closest,
    cumulative_opportunities,
    three_step_fca,
    two_step_fca,
)
from rpe_geo.observatory.coverage import age_weighted_demand, tension
from rpe_geo.observatory.decay import Binary, Decay, Step
from rpe_geo.observatory.inequality import gini_index, palma_ratio, theil_index
from rpe_geo.observatory.pairs import TravelPairs

__all__ = [
    "access_profile",
    "default_decay",
    "merge_parts",
    "scaled_ages",
    "summarise",
    "with_need",
]


def default_decay(minutes: float, steps: Mapping[str, float]) -> Step:
    """
    Scale the steps of the catchment to a longest travel time.

    Parameters
    ----------
    minutes
        Longest travel time that counts.
    steps
        Share of it → weight (parameter `steps_of_the_catchment`).

    Returns
    -------
    Step
        15 minutes: 1 up to 5, 0.3 up to 10, 0.1 up to 15 (DREES, APL 2012).
    """
    # The last bound must be the minutes asked for, whatever thirds round to.
    return Step({round(float(share) * minutes, 9): weight for share, weight in steps.items()})


def access_profile(
    demand: pd.Series, supply: pd.Series, times: TravelPairs, decay: Decay
) -> pd.DataFrame:
    """
    Compute the measures of access of one supply.

    Parameters
    ----------
    demand
        Children by zone.
    supply
        Places by place of care (or zone).
    times
        Travel times in minutes, up to the cutoff of the decay.
    decay
        Weights of E2SFCA and 3SFCA; its cutoff is that of the others.

    Returns
    -------
    DataFrame
        `access_e2sfca, access_2sfca, access_3sfca` in places per child, `places_within_reach`, `minutes_to_closest`.
    """
    flat = Binary(decay.cutoff_min)
    return pd.DataFrame(
        {
            "access_e2sfca": two_step_fca(demand, supply, times, decay),
            "access_2sfca": two_step_fca(demand, supply, times, flat),
            "access_3sfca": three_step_fca(demand, supply, times, decay),
            "places_within_reach": cumulative_opportunities(demand, supply, times, flat),
            "minutes_to_closest": cost_to_closest(demand, supply, times),
        }
    )


def merge_parts(profile: pd.DataFrame, children: pd.Series, whole: pd.Series) -> pd.DataFrame:
    """
    Give a city the mean of its parts (arrondissements), each weighted by its children.

    Parameters
    ----------
    profile
        Measures by part.
    children
        Children by part.
    whole
        City of each part, on the same index; a zone in one part is its own city.

    Returns
    -------
    DataFrame
        Measures by city; nan where no part has children.
    """
    weights = children.reindex(profile.index)
    counted = profile.notna().mul(weights.where(weights > 0, 0), axis=0)
    sums = profile.where(np.isfinite(profile), np.nan).mul(weights, axis=0)
    grouped = sums.groupby(whole).sum(min_count=1) / counted.groupby(whole).sum()
    # One part out of reach of everything leaves the city's mean time unbounded.
    endless = profile.eq(np.inf).groupby(whole).any()
    return grouped.mask(endless, np.inf)


def scaled_ages(ages: pd.Series, children: pd.Series) -> pd.DataFrame:
    """
    Give zones the ages of the whole that they are part of.

    Parameters
    ----------
    ages
        Children of the whole by age; nan where not published, and then every age weighs the same.
    children
        Children by zone.

    Returns
    -------
    DataFrame
        Children by zone (rows) and age (columns); each row sums to the children of the zone.
    """
    total = float(ages.sum(skipna=False))
    share = ages / total if total > 0 else pd.Series(1 / len(ages), index=ages.index)
    return pd.DataFrame({age: children * part for age, part in share.items()})


def with_need(
    zones: pd.DataFrame, ages: pd.DataFrame, use_rates: Mapping[str, float]
) -> pd.DataFrame:
    """
    Add the children who need formal care, and how they compare with the places they can expect.

    Parameters
    ----------
    zones
        `children, access_e2sfca` by zone.
    ages
        Children by zone and completed age in years.
    use_rates
        Age → share that needs formal care (parameter `use_rate_by_age`).

    Returns
    -------
    DataFrame
        With `need` (see `age_weighted_demand`) and `tension`, need per accessible place.
    """
    need = age_weighted_demand(ages, {int(age): float(rate) for age, rate in use_rates.items()})
    expected = zones["access_e2sfca"] * zones["children"]
    return zones.assign(need=need, tension=tension(need, expected))


def summarise(zones: pd.DataFrame) -> dict[str, float]:
    """
    Sum up a territory.

    Parameters
    ----------
    zones
        `children, places_childminder, places_facility, places_other, places, access_e2sfca` by zone.

    Returns
    -------
    dict
        Totals, rates per 100 children, inequality of access, children far from any place.
    """
    children = zones["children"]
    both = children.notna() & zones["places"].notna()
    total = float(children[both].sum())
    summary: dict[str, float] = {
        "zones": float(len(zones)),
        "zones_without_figures": float((~both).sum()),
        "children": float(children.sum()),
        "places": float(zones["places"].sum()),
    }
    for mode in ("places_childminder", "places_facility", "places_other"):
        summary[mode] = float(zones[mode].sum())
    summary["coverage_rate"] = (
        100 * float(zones.loc[both, "places"].sum()) / total if total > 0 else float("nan")
    )
    if "need" in zones:
        summary["need"] = float(zones["need"].sum())
    if "access_e2sfca" in zones:
        access = zones["access_e2sfca"]
        present = access.notna() & (children > 0)
        people = float(children[present].sum())
        summary["access_mean"] = (
            float((access * children)[present].sum()) / people if people > 0 else float("nan")
        )
        summary["children_without_access"] = float(children[present & (access == 0)].sum())
        summary["gini"] = gini_index(access, children)
        summary["palma"] = palma_ratio(access, children)
        group = zones.get("departement")
        theil = theil_index(access, children, group)
        summary["theil"], summary["theil_between"], summary["theil_within"] = theil
    return summary
