"""
Coverage: places for 100 children under three, by mode and in all; tension; vacancy and freshness.

The CNAF taux de couverture divides the theoretical capacity of December of a year (crèches, childminders in activity,
two-year-olds at school, home employees) by all children under three, a wanted place or not.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

__all__ = [
    "PLACE_MODES",
    "age_weighted_demand",
    "coverage_rate",
    "freshness",
    "tension",
    "vacancy_rate",
]

PLACE_MODES = ("places_childminder", "places_facility", "places_other")


def coverage_rate(places: pd.Series, children: pd.Series) -> pd.Series:
    """
    Count places for 100 children under three (CNAF taux de couverture).

    Parameters
    ----------
    places
        Places by zone; nan where unknown.
    children
        Children under three by zone: births of the three years that end in the year of the places.

    Returns
    -------
    Series
        Places per 100 children on the index of `places`; nan without children or where either is unknown.

    Examples
    --------
    >>> coverage_rate(pd.Series({"a": 30.0, "b": 3.0}), pd.Series({"a": 50.0, "b": 0.0})).tolist()
    [60.0, nan]
    """
    children = children.reindex(places.index).astype(np.float64)
    return (100 * places / children.where(children > 0)).rename("coverage_rate")


def age_weighted_demand(births: pd.DataFrame, use_rates: Mapping[int, float]) -> pd.Series:
    r"""
    Estimate the children who need formal care: $\sum_a B_a u_a$ (DREES standardises the APL so).

    Parameters
    ----------
    births
        Children by zone (rows) and completed age in years (columns, those of `use_rates`).
    use_rates
        Share of an age that needs formal care.

    Returns
    -------
    Series
        Weighted children by zone, fractional.
    """
    weighted = pd.DataFrame({age: births[age] * rate for age, rate in use_rates.items()})
    return weighted.sum(axis=1, min_count=len(use_rates)).rename("need")


def tension(need: pd.Series, accessible_places: pd.Series) -> pd.Series:
    """
    Divide the need by the supply that can be reached: above 1, families compete.

    Parameters
    ----------
    need
        Children who need formal care, by zone.
    accessible_places
        Places that these children can expect: access per child × children.

    Returns
    -------
    Series
        Need per accessible place; `inf` where there is need and no place, nan without need.
    """
    ratio = need / accessible_places.reindex(need.index)
    return ratio.where(need > 0).rename("tension")


def vacancy_rate(free_hours: pd.Series, offered_hours: pd.Series) -> pd.Series:
    """
    Measure the share of the offered place-hours that are free, in percent.

    Parameters
    ----------
    free_hours, offered_hours
        Place-hours a week by zone.

    Returns
    -------
    Series
        0 to 100; nan where nothing is offered.
    """
    offered = offered_hours.reindex(free_hours.index)
    return (100 * free_hours / offered.where(offered > 0)).rename("vacancy_rate")


def freshness(
    confirmed_days_ago: pd.Series, zone: pd.Series, *, fresh_days: int = 183
) -> pd.Series:
    """
    Measure the share of availabilities confirmed within six months, by zone.

    Parameters
    ----------
    confirmed_days_ago
        Days since each provider's availability was confirmed; nan if it never was.
    zone
        Zone of each provider, on the same index.
    fresh_days
        Availabilities confirmed within so many days are fresh.

    Returns
    -------
    Series
        Share in [0, 1] by zone that has at least one provider.
    """
    fresh = confirmed_days_ago.le(fresh_days)
    return fresh.groupby(zone.reindex(fresh.index)).mean().rename("freshness")
