"""
The formulas of the aids, on numbers and arrays alike: CMG, PSU fee, micro-crèche, crédit d'impôt.

Every amount comes from the dated table `money`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rpe_geo.domain import Household
from rpe_geo.parameters import ParameterTable

__all__ = [
    "cmg_direct",
    "cmg_structure",
    "effort_rate",
    "monthly_hours",
    "psu_fee",
    "resources",
    "tax_credit",
]

_Floats = NDArray[np.float64]


def monthly_hours(
    weekly_hours: ArrayLike, *, money: ParameterTable, weeks_per_year: float | None = None
) -> _Floats:
    """
    Spread the hours of a week over twelve equal months.

    Parameters
    ----------
    weekly_hours
        Hours of care per week.
    money
        The table `money` in force.
    weeks_per_year
        Weeks of care of an incomplete year; None for a complete year, paid over 52 weeks.

    Returns
    -------
    ndarray of float
        Hours per month: weekly × 52 / 12, or weekly × weeks / 12.
    """
    weeks = money["weeks_per_year"] if weeks_per_year is None else weeks_per_year
    return np.asarray(weekly_hours, dtype=np.float64) * weeks / 12


def resources(household: Household, money: ParameterTable, *, psu: bool = False) -> float:
    """Return the monthly resources that count, in euros, between the floor and the ceiling."""
    ceiling = money["resources_ceiling_psu" if psu else "resources_ceiling_cmg"]
    return float(
        min(
            max(
                household.monthly_income or 0.0,
                money["resources_floor_psu" if psu else "resources_floor_cmg"],
            ),
            ceiling,
        )
    )


def effort_rate(household: Household, money: ParameterTable, *, at_home: bool = False) -> float:
    """
    Return the part of the monthly resources that an hour of care costs.

    Each child with AEEH counts once more, so the rate is that of the row below (CSS D.531-18).
    """
    rates: list[float] = money["effort_rates_home" if at_home else "effort_rates"]
    rank = household.children_at_charge + household.aeeh_children
    return rates[min(rank, len(rates)) - 1] / 100


def cmg_direct(
    monthly_cost: ArrayLike,
    hours_per_month: ArrayLike,
    household: Household,
    money: ParameterTable,
    *,
    at_home: bool = False,
) -> _Floats:
    """
    Compute the CMG of a directly employed childminder or home carer, in euros a month, for one child.

    Parameters
    ----------
    monthly_cost
        Net salary, maintenance and meals of the month; what exceeds the hourly cap does not count.
    hours_per_month
        Hours paid in the month.
    household
        Resources and children.
    money
        The table `money` in force.
    at_home
        Whether care takes place at the family's home.

    Returns
    -------
    ndarray of float
        cost × (1 − R × rate / reference cost), at least 0.
    """
    kind = "home" if at_home else "childminder"
    hours = np.asarray(hours_per_month, dtype=np.float64)
    counted = np.minimum(
        np.asarray(monthly_cost, dtype=np.float64), money[f"cmg_hourly_cap_{kind}"] * hours
    )
    family_share = (
        resources(household, money)
        * effort_rate(household, money, at_home=at_home)
        / money[f"cmg_reference_hourly_{kind}"]
    )
    aid: _Floats = counted * max(0.0, 1 - family_share)
    return aid


def psu_fee(hours_per_month: ArrayLike, household: Household, money: ParameterTable) -> _Floats:
    """Compute what a crèche under PSU charges for one child, in euros a month: R × rate × hours."""
    hourly = resources(household, money, psu=True) * effort_rate(household, money)
    return np.asarray(hours_per_month, dtype=np.float64) * hourly


def cmg_structure(
    fee: ArrayLike,
    hours_per_month: ArrayLike,
    household: Household,
    money: ParameterTable,
    *,
    under_3: bool = True,
) -> _Floats:
    """
    Compute the CMG of a micro-crèche under PAJE, in euros a month, for one child.

    Parameters
    ----------
    fee
        What the micro-crèche charges in the month.
    hours_per_month
        Hours charged in the month.
    household
        Resources (twelve months of them stand for the year that the CAF looks at) and children.
    money
        The table `money` in force.
    under_3
        The child's age.

    Returns
    -------
    ndarray of float
        The amount of the household's band, at most 85 % of the fee; nothing above the hourly cap or under 16 hours.
    """
    fees, hours = np.asarray(fee, np.float64), np.asarray(hours_per_month, np.float64)
    yearly = 12 * (household.monthly_income or 0.0)
    factor = money["structure_lone_parent_factor"] if household.lone_parent else 1.0
    band = sum(
        yearly > factor * _band_limit(money[name], household.children_at_charge)
        for name in ("structure_band_1", "structure_band_2")
    )
    age = "under_3" if under_3 else "over_3"
    amount = float(money[f"structure_amounts_{age}"][band])
    aid = np.minimum(amount, (1 - money["structure_family_share"]) * fees)
    entitled = (fees <= money["structure_hourly_cap"] * hours + 1e-9) & (
        hours >= money["structure_min_hours"]
    )
    return np.where(entitled, aid, np.where(np.isnan(fees), np.nan, 0.0))


def tax_credit(
    monthly_expense: ArrayLike,
    children: int,
    money: ParameterTable,
    *,
    at_home: bool = False,
    alternating: bool = False,
) -> _Floats:
    """
    Compute the twelfth of the yearly crédit d'impôt, in euros.

    Parameters
    ----------
    monthly_expense
        What the family pays for all these children after the aid, meals left out.
    children
        How many children give right to it; under six on 1 January when care is not at home.
    money
        The table `money` in force.
    at_home
        Whether care takes place at the family's home (CGI 199 sexdecies instead of 200 quater B).
    alternating
        Whether the children live with each parent in turn: half of the ceiling for each of them.

    Returns
    -------
    ndarray of float
        50 % of the expense within the ceiling.
    """
    if at_home:
        ceiling = min(
            money["tax_credit_base_home"] + children * money["tax_credit_base_home_per_child"],
            money["tax_credit_base_home_max"],
        )
    else:
        ceiling = children * money["tax_credit_base"]
    if alternating:
        ceiling = ceiling / 2
    yearly = np.maximum(12 * np.asarray(monthly_expense, dtype=np.float64), 0.0)
    credit: _Floats = money["tax_credit_rate"] * np.minimum(yearly, ceiling) / 12
    return credit


def _band_limit(limits: Sequence[float], children: int) -> float:
    """Return the yearly resources of a band; beyond the last row each child adds as much as the one before."""
    if children <= len(limits):
        return limits[children - 1]
    return limits[-1] + (children - len(limits)) * (limits[-1] - limits[-2])
