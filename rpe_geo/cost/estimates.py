"""What a household pays a month: one childminder or many at once, a crèche, a micro-crèche, a carer at home."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rpe_geo.cost.aid import cmg_direct, cmg_structure, monthly_hours, psu_fee, tax_credit
from rpe_geo.domain import Child, Childminder, Facility, Household, Request, nth_birthday
from rpe_geo.parameters import ParameterTable
from rpe_geo.schedule import NO_HOURS, Timetable
from rpe_geo.verdicts import CostEstimate

__all__ = [
    "Costs",
    "added_costs",
    "childminder_cost",
    "childminder_costs",
    "facility_cost",
    "home_care_cost",
]

_Floats = NDArray[np.float64]
_UNCONFIRMED = {"M", "D"}
_DIRECT = (
    "cmg_reference_hourly_childminder",
    "cmg_hourly_cap_childminder",
    "resources_floor_cmg",
    "resources_ceiling_cmg",
    "effort_rates",
    "tax_credit_rate",
    "tax_credit_base",
)
_HOME = (
    "cmg_reference_hourly_home",
    "cmg_hourly_cap_home",
    "resources_floor_cmg",
    "resources_ceiling_cmg",
    "effort_rates_home",
    "contributions_per_net_home",
    "contributions_covered_home",
    "contributions_cap_home_under_3",
    "contributions_cap_home_over_3",
    "home_care_net_hourly",
    "tax_credit_rate",
    "tax_credit_base_home",
    "tax_credit_base_home_per_child",
    "tax_credit_base_home_max",
)
_PSU = (
    "resources_floor_psu",
    "resources_ceiling_psu",
    "effort_rates",
    "tax_credit_rate",
    "tax_credit_base",
)
_STRUCTURE = (
    "structure_hourly_cap",
    "structure_min_hours",
    "structure_family_share",
    "structure_band_1",
    "structure_band_2",
    "structure_lone_parent_factor",
    "structure_amounts_under_3",
    "structure_amounts_over_3",
    "tax_credit_rate",
    "tax_credit_base",
)


@dataclass(frozen=True)
class Costs:
    """
    The monthly cost of many providers, in euros, as aligned arrays; nan where the rate is not known.

    Parameters
    ----------
    gross_cost
        Salary, maintenance and meals, and the contributions that the aid does not take over; or the fee.
    cmg
        The aid.
    tax_credit
        The twelfth of the yearly crédit d'impôt.
    hours_per_month
        Hours of care paid for, of each child.
    unconfirmed
        Names of the parameters used whose value is not yet confirmed.
    outdated
        Names of those that are older than the last of their yearly dates.
    """

    gross_cost: _Floats
    cmg: _Floats
    tax_credit: _Floats
    hours_per_month: _Floats
    unconfirmed: tuple[str, ...]
    outdated: tuple[str, ...] = ()

    @property
    def reste_a_charge(self) -> _Floats:
        """What is left after the aid, before tax credit."""
        return self.gross_cost - self.cmg

    def frame(self, index: pd.Index | None = None) -> pd.DataFrame:
        """Return one row per provider."""
        return pd.DataFrame(
            {
                "gross_cost": self.gross_cost,
                "cmg": self.cmg,
                "reste_a_charge": self.reste_a_charge,
                "tax_credit": self.tax_credit,
                "hours_per_month": self.hours_per_month,
            },
            index=index,
        )

    def estimate(self, row: int = 0) -> CostEstimate | None:
        """Return the estimate of one provider, in euros and cents; None where the rate is not known."""
        if np.isnan(self.gross_cost[row]):
            return None
        gross, aid = round(float(self.gross_cost[row]), 2), round(float(self.cmg[row]), 2)
        return CostEstimate(
            gross_cost=gross,
            cmg=aid,
            reste_a_charge=round(gross - aid, 2),
            tax_credit=round(float(self.tax_credit[row]), 2),
            hours_per_month=round(float(self.hours_per_month[row]), 2),
            unconfirmed=self.unconfirmed,
            outdated=self.outdated,
        )


def unconfirmed(
    money: ParameterTable, names: Sequence[str], household: Household
) -> tuple[str, ...]:
    """
    Keep the names of parameters from memory or derived, which somebody must still confirm.

    Parameters
    ----------
    money
        The table `money` in force.
    names
        The parameters that an estimate uses.
    household
        The floor of resources is used only when it binds.

    Returns
    -------
    tuple of str
        In the order given.
    """
    return tuple(
        name
        for name in _binding(money, names, household)
        if money.describe(name).certainty in _UNCONFIRMED
    )


def outdated(money: ParameterTable, names: Sequence[str], household: Household) -> tuple[str, ...]:
    """
    Keep the names of parameters older than the last of their yearly dates.

    Parameters
    ----------
    money, names, household
        As for `unconfirmed`; the day of the table is the one on which the values are used.

    Returns
    -------
    tuple of str
        In the order given.
    """
    return tuple(
        name
        for name in _binding(money, names, household)
        if money.describe(name).overdue(money.day) is not None
    )


def _binding(money: ParameterTable, names: Sequence[str], household: Household) -> Iterator[str]:
    """Leave out a floor of resources that does not bind."""
    income = household.monthly_income or 0.0
    for name in names:
        if not name.startswith("resources_floor") or income < money[name]:
            yield name


def childminder_costs(  # noqa: PLR0913 - aligned arrays of one estimate
    hourly_rate: ArrayLike,
    hours_per_week: ArrayLike,
    days_per_week: ArrayLike,
    *,
    children: Sequence[Child],
    start: date,
    household: Household,
    money: ParameterTable,
    maintenance_per_day: ArrayLike = np.nan,
    meals_per_day: ArrayLike = 0.0,
    overtime_per_week: ArrayLike | None = None,
    weeks_per_year: float | None = None,
) -> Costs:
    """
    Estimate the monthly cost of many childminders at once, for all the children of a request.

    Parameters
    ----------
    hourly_rate
        Net euros per hour and child; nan where not known.
    hours_per_week, days_per_week
        Care that each would give, per child.
    children, start
        Who is cared for, and from when: ages decide on aid and tax credit.
    household
        Resources and children.
    money
        The table `money` in force.
    maintenance_per_day
        Euros per day and child; nan takes the minimum of the collective agreement.
    meals_per_day
        Euros per day and child; nan takes 0, the family brings the meals.
    overtime_per_week
        Hours of a mean week beyond those of the collective agreement, paid more; None for those of one constant week.
    weeks_per_year
        Weeks of care of an incomplete year; None for a complete one.

    Returns
    -------
    Costs
        Aligned arrays.
    """
    rate, weekly, days, maintenance, meals = (
        np.atleast_1d(array)
        for array in np.broadcast_arrays(
            *(
                np.asarray(value, dtype=np.float64)
                for value in (
                    hourly_rate,
                    hours_per_week,
                    days_per_week,
                    maintenance_per_day,
                    meals_per_day,
                )
            )
        )
    )
    names = [*_DIRECT]
    hours = monthly_hours(weekly, money=money, weeks_per_year=weeks_per_year)
    worked = money["worked_weeks_per_year"] if weeks_per_year is None else weeks_per_year
    days_per_month = days * worked / 12
    if np.isnan(maintenance).any():
        names += [
            "guaranteed_minimum",
            "maintenance_share",
            "maintenance_hours",
            "maintenance_floor",
        ]
        maintenance = np.where(
            np.isnan(maintenance), _least_maintenance(weekly, days, money), maintenance
        )
    if overtime_per_week is None:
        overtime_per_week = np.maximum(weekly - money["conventional_week_hours"], 0.0)
    overtime = monthly_hours(overtime_per_week, money=money, weeks_per_year=weeks_per_year)
    if overtime.any():
        names += ["conventional_week_hours", "overtime_share"]
    salary = rate * (hours + overtime * money["overtime_share"])
    if weeks_per_year is not None:
        salary = salary * (1 + money["holiday_pay_share"])
        names.append("holiday_pay_share")
    upkeep = maintenance * days_per_month
    cost = salary + upkeep + np.nan_to_num(meals) * days_per_month
    cap = money["cmg_hourly_cap_childminder"] * hours
    with np.errstate(invalid="ignore", divide="ignore"):
        beyond = np.where(cost > cap, 1 - cap / cost, 0.0)
    if (beyond > 0).any():
        names.append("contributions_per_net")
    # Above the hourly cap, the family pays its part of the social contributions.
    contributions = np.where(beyond > 0, beyond * money["contributions_per_net"] * salary, 0.0)
    aid = cmg_direct(cost, hours, household, money)
    entitled, credited = _entitled(children, start, household, money)
    expense = salary + upkeep + contributions
    return Costs(
        gross_cost=len(children) * (cost + contributions),
        cmg=entitled * aid,
        tax_credit=tax_credit(
            credited * expense - min(entitled, credited) * aid,
            credited,
            money,
            alternating=household.alternating_residence,
        ),
        hours_per_month=hours,
        unconfirmed=unconfirmed(money, names, household),
        outdated=outdated(money, names, household),
    )


def childminder_cost(
    childminder: Childminder,
    request: Request,
    money: ParameterTable,
    *,
    offered: Timetable | None = None,
) -> CostEstimate | None:
    """
    Estimate what a family pays a childminder for the asked hours within her working hours.

    Parameters
    ----------
    childminder
        With her hourly rate.
    request
        With its household.
    money
        The table `money` in force.
    offered
        When she takes children, where availabilities say more than her working hours.

    Returns
    -------
    CostEstimate or None
        None when the rate or the household's resources are not known.
    """
    household = request.household
    if childminder.hourly_rate is None or household is None or household.monthly_income is None:
        return None
    hours, open_hours = request.schedule, offered or childminder.working_hours
    if open_hours is not None:
        hours = hours.intersection(open_hours)
    weekly, days = _weekly(hours)
    if request.envelope is not None:
        weekly = request.envelope.hours_per_month * 12 / money["weeks_per_year"]
        days = weekly / money["maintenance_hours"]
        hours = NO_HOURS
    return childminder_costs(
        childminder.hourly_rate,
        weekly,
        days,
        children=request.children,
        start=request.start,
        household=household,
        money=money,
        maintenance_per_day=_or_nan(childminder.maintenance_per_day),
        meals_per_day=_or_nan(childminder.meals_per_day),
        overtime_per_week=_overtime(hours, money),
        weeks_per_year=_weeks(request, money),
    ).estimate()


def facility_cost(
    facility: Facility, request: Request, money: ParameterTable
) -> CostEstimate | None:
    """
    Estimate what a family pays a crèche (PSU) or a micro-crèche (PAJE) for the asked hours within its opening hours.

    Parameters
    ----------
    facility
        With its funding, and its hourly rate under PAJE.
    request
        With its household.
    money
        The table `money` in force.

    Returns
    -------
    CostEstimate or None
        None when the funding, the rate or the household's resources are not known.
    """
    household = request.household
    if household is None or household.monthly_income is None or facility.funding is None:
        return None
    hours = request.schedule
    if facility.opening_hours is not None:
        hours = hours.intersection(facility.opening_hours)
    weekly, _ = _weekly(hours)
    weeks = _weeks(request, money) or money["facility_weeks_per_year"]
    per_month = monthly_hours(weekly, money=money, weeks_per_year=weeks)
    entitled, credited = _entitled(request.children, request.start, household, money)
    if facility.funding == "psu":
        names: tuple[str, ...] = _PSU
        fee, aid = psu_fee(per_month, household, money), np.zeros(())
    else:
        if facility.hourly_rate is None:
            return None
        names, fee = _STRUCTURE, per_month * facility.hourly_rate
        youngest = max(child.birth_date for child in request.children)
        under_3 = request.start < nth_birthday(youngest, 3)
        aid = cmg_structure(fee, per_month, household, money, under_3=under_3)
        unused = {f"structure_amounts_{'over' if under_3 else 'under'}_3"}
        if not household.lone_parent:
            unused.add("structure_lone_parent_factor")
        names = tuple(name for name in names if name not in unused)
    credit = tax_credit(
        credited * fee - min(entitled, credited) * aid,
        credited,
        money,
        alternating=household.alternating_residence,
    )
    return Costs(
        gross_cost=np.atleast_1d(len(request.children) * fee),
        cmg=np.atleast_1d(entitled * aid),
        tax_credit=np.atleast_1d(credit),
        hours_per_month=np.atleast_1d(per_month),
        unconfirmed=unconfirmed(money, names, household),
        outdated=outdated(money, names, household),
    ).estimate()


def added_costs(
    costs: Sequence[CostEstimate | None], request: Request, money: ParameterTable
) -> CostEstimate | None:
    """
    Add what several providers of the same children cost; the ceiling of the tax credit is shared between them.

    Parameters
    ----------
    costs
        One per provider; None where a rate or the resources are not known.
    request
        The children, the household and the start.
    money
        The table `money` in force.

    Returns
    -------
    CostEstimate or None
        None where one of them is not known.
    """
    known = [cost for cost in costs if cost is not None]
    if len(known) < len(costs) or not known or request.household is None:
        return None
    _, credited = _entitled(request.children, request.start, request.household, money)
    alternating = request.household.alternating_residence
    most = float(tax_credit(1e9, credited, money, alternating=alternating))
    credit = sum(cost.tax_credit for cost in known)
    return CostEstimate(
        gross_cost=round(sum(cost.gross_cost for cost in known), 2),
        cmg=round(sum(cost.cmg for cost in known), 2),
        reste_a_charge=round(sum(cost.reste_a_charge for cost in known), 2),
        tax_credit=round(min(credit, most) if most else credit, 2),
        hours_per_month=round(sum(cost.hours_per_month for cost in known), 2),
        unconfirmed=tuple(dict.fromkeys(name for cost in known for name in cost.unconfirmed)),
        outdated=tuple(dict.fromkeys(name for cost in known for name in cost.outdated)),
    )


def home_care_cost(
    hours: Timetable, request: Request, money: ParameterTable
) -> CostEstimate | None:
    """
    Estimate what a family pays for a carer at home, at the reference hourly salary, whatever the number of children.

    Parameters
    ----------
    hours
        The hours of the week that are cared for at home.
    request
        With its household.
    money
        The table `money` in force.

    Returns
    -------
    CostEstimate or None
        None when the household's resources are not known.
    """
    household = request.household
    if household is None or household.monthly_income is None:
        return None
    weekly, _ = _weekly(hours)
    per_month = monthly_hours(weekly, money=money)
    salary = per_month * money["home_care_net_hourly"]
    contributions = salary * money["contributions_per_net_home"]
    entitled, _ = _entitled(request.children, request.start, household, money)
    aid = np.zeros(())
    if entitled:
        youngest = max(child.birth_date for child in request.children)
        age = "under_3" if request.start < nth_birthday(youngest, 3) else "over_3"
        covered = np.minimum(
            contributions * money["contributions_covered_home"],
            money[f"contributions_cap_home_{age}"],
        )
        aid = cmg_direct(salary, per_month, household, money, at_home=True) + covered
    gross = salary + contributions
    return Costs(
        gross_cost=np.atleast_1d(gross),
        cmg=np.atleast_1d(aid),
        tax_credit=np.atleast_1d(
            tax_credit(
                gross - aid,
                household.children_at_charge,
                money,
                at_home=True,
                alternating=household.alternating_residence,
            )
        ),
        hours_per_month=np.atleast_1d(per_month),
        unconfirmed=unconfirmed(money, _HOME, household),
        outdated=outdated(money, _HOME, household),
    ).estimate()


def _least_maintenance(weekly: _Floats, days: _Floats, money: ParameterTable) -> _Floats:
    """Return the minimum of the collective agreement for the mean length of a day."""
    with np.errstate(invalid="ignore", divide="ignore"):
        length = np.where(days > 0, weekly / days, 0.0)
    by_hour = money["guaranteed_minimum"] * money["maintenance_share"] / money["maintenance_hours"]
    least: _Floats = np.maximum(by_hour * length, money["maintenance_floor"])
    return least


def _entitled(
    children: Sequence[Child], start: date, household: Household, money: ParameterTable
) -> tuple[int, int]:
    """Count the children young enough for the aid on the start day, and for the tax credit on 1 January."""
    years = money[
        "cmg_age_limit_lone_parent_years" if household.lone_parent else "cmg_age_limit_years"
    ]
    aided = sum(start < nth_birthday(child.birth_date, years) for child in children)
    january = date(start.year, 1, 1)
    credited = sum(
        january < nth_birthday(child.birth_date, money["tax_credit_age_years"])
        for child in children
    )
    return aided, credited


def _weekly(hours: Timetable) -> tuple[float, float]:
    """Return the mean hours and days of an ordinary week."""
    days = sum(bool(spans) for week in hours.weeks for spans in week.days[:7])
    return float(hours.quarters_per_week) / 4, days / len(hours)


def _weeks(request: Request, money: ParameterTable) -> float | None:
    """Return the weeks of care of an incomplete year; None for a complete one."""
    weeks = request.weeks_per_year
    if weeks is None and request.school_holidays != "all":
        weeks = money[f"school_weeks_{request.school_holidays}"]
    if weeks is None or weeks > money["incomplete_year_weeks_max"]:
        return None
    return float(weeks)


def _overtime(hours: Timetable, money: ParameterTable) -> float:
    """Return the mean hours of a week beyond those of the collective agreement, week by week of the cycle."""
    most = 4 * money["conventional_week_hours"]
    beyond = [
        max(sum(span.end - span.begin for day in week.days[:7] for span in day) - most, 0)
        for week in hours.weeks
    ]
    return float(sum(beyond)) / 4 / len(beyond)


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
