"""What a family pays: the published examples, the dated values, and the laws of the formulas."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpe_geo.cost import (
    childminder_cost,
    childminder_costs,
    cmg_direct,
    cmg_structure,
    effort_rate,
    facility_cost,
    home_care_cost,
    monthly_hours,
    psu_fee,
    resources,
    tax_credit,
)
from rpe_geo.domain import Agrement, Child, Childminder, Facility, Household, Request
from rpe_geo.parameters import parameter_table
from rpe_geo.rules.pay import least_net_rate
from rpe_geo.schedule import Timetable

AUTUMN_2025 = parameter_table("money", date(2025, 10, 1))
AUTUMN_2026 = parameter_table("money", date(2026, 11, 22))


def family(**changes) -> Request:
    given_ = {
        "request_id": "R-1",
        "children": (Child(date(2026, 5, 1)),),
        "start": date(2027, 1, 4),
        "schedule": Timetable.parse("Mo,Tu,Th,Fr 07:45-18:15"),
        "longitude": 3.0,
        "latitude": 43.0,
        "household": Household(3000, 1),
    }
    return Request(**(given_ | changes))


def minder(**changes) -> Childminder:
    given_ = {
        "childminder_id": "AM-1",
        "agrement": Agrement(4),
        "longitude": 3.0,
        "latitude": 43.0,
        "hourly_rate": 3.90,
        "maintenance_per_day": 3.83,
        "meals_per_day": 4.0,
    }
    return Childminder(**(given_ | changes))


def test_the_example_of_the_caf_with_one_child():
    aid = cmg_direct(606.25, 125, Household(3000, 1), AUTUMN_2025)
    assert float(aid) == pytest.approx(374.125, abs=1e-9)
    assert 606.25 - float(aid) == pytest.approx(232, abs=0.5)


def test_the_example_of_the_caf_with_two_children():
    aid = cmg_direct(110 * 4.85, 110, Household(1141, 2, lone_parent=True), AUTUMN_2025)
    assert round(float(aid), 2) == 468.74


def test_values_change_on_their_day():
    before = parameter_table("money", date(2026, 3, 31))
    after = parameter_table("money", date(2026, 4, 1))
    assert (before["cmg_reference_hourly_home"], after["cmg_reference_hourly_home"]) == (
        10.38,
        10.5,
    )
    assert (before["cmg_hourly_cap_home"], after["cmg_hourly_cap_home"]) == (15.0, 15.18)
    ceilings = [
        parameter_table("money", day)["resources_ceiling_psu"]
        for day in (date(2025, 8, 31), date(2025, 9, 1))
    ]
    assert ceilings == [7000.0, 8500.0]


@pytest.mark.parametrize(
    ("children", "aeeh", "percent"),
    [(1, 0, 0.0619), (2, 0, 0.0516), (3, 0, 0.0413), (4, 0, 0.031), (7, 0, 0.031), (8, 0, 0.0206),
     (12, 0, 0.0206), (1, 1, 0.0516), (2, 2, 0.031), (8, 3, 0.0206)],
)  # fmt: skip
def test_effort_rate_falls_a_row_for_each_child_with_aeeh(children, aeeh, percent):
    household = Household(3000, children, aeeh_children=aeeh)
    assert effort_rate(household, AUTUMN_2025) == pytest.approx(percent / 100)
    assert effort_rate(household, AUTUMN_2025, at_home=True) == pytest.approx(
        2 * percent / 100, abs=1e-6
    )


def test_resources_are_held_between_floor_and_ceiling():
    assert resources(Household(0), AUTUMN_2025) == 801
    assert resources(Household(20_000), AUTUMN_2025) == 8500
    assert resources(Household(3000), AUTUMN_2025) == 3000


def test_what_exceeds_the_hourly_cap_earns_no_aid_and_costs_contributions():
    household = Household(3000, 1)
    at_cap = cmg_direct(800, 100, household, AUTUMN_2025)
    assert cmg_direct(1000, 100, household, AUTUMN_2025) == pytest.approx(float(at_cap))
    dear = childminder_cost(minder(hourly_rate=10.0), family(), AUTUMN_2026)
    assert "contributions_per_net" in dear.unconfirmed
    salary_and_upkeep = 182 * 10 + 4 * 47 / 12 * (3.83 + 4.0)
    share = 1 - 8.09 * 182 / salary_and_upkeep
    assert dear.gross_cost == pytest.approx(salary_and_upkeep + share * 0.838 * 1820, abs=0.01)


def test_months_are_spread_over_the_year():
    assert float(monthly_hours(42, money=AUTUMN_2026)) == pytest.approx(182)
    assert float(monthly_hours(42, money=AUTUMN_2026, weeks_per_year=36)) == pytest.approx(126)


def test_an_estimate_adds_up():
    cost = childminder_cost(minder(), family(), AUTUMN_2025)
    gross = 182 * 3.9 + 4 * 47 / 12 * (3.83 + 4.0)
    assert cost.gross_cost == pytest.approx(gross, abs=0.005)
    assert cost.cmg == pytest.approx(gross * (1 - 3000 * 0.000619 / 4.85), abs=0.005)
    assert cost.reste_a_charge == pytest.approx(cost.gross_cost - cost.cmg, abs=1e-9)
    assert cost.hours_per_month == 182
    assert cost.unconfirmed == ()


def test_values_not_yet_confirmed_are_named():
    cost = childminder_cost(minder(), family(), AUTUMN_2026)
    assert cost.unconfirmed == ("cmg_reference_hourly_childminder", "cmg_hourly_cap_childminder")
    poor = childminder_cost(minder(), family(household=Household(500)), AUTUMN_2026)
    assert "resources_floor_cmg" in poor.unconfirmed
    spring = parameter_table("money", date(2026, 5, 1))
    silent = minder(maintenance_per_day=None)
    assert "guaranteed_minimum" in childminder_cost(silent, family(), spring).unconfirmed
    assert "guaranteed_minimum" not in childminder_cost(silent, family(), AUTUMN_2026).unconfirmed


def test_values_older_than_their_yearly_date_are_named():
    assert childminder_cost(minder(), family(), AUTUMN_2026).outdated == ()
    next_spring = parameter_table("money", date(2027, 4, 2))
    cost = childminder_cost(minder(maintenance_per_day=None), family(), next_spring)
    assert set(cost.outdated) == {
        "cmg_reference_hourly_childminder",
        "cmg_hourly_cap_childminder",
        "guaranteed_minimum",
    }


def test_the_minimum_of_maintenance_since_june_2026():
    cost = childminder_cost(
        minder(maintenance_per_day=None, meals_per_day=0), family(), AUTUMN_2026
    )
    # 10 h 30 a day: 0.9 × 4.35 × 10.5 ÷ 9.
    assert cost.gross_cost == pytest.approx(
        182 * 3.9 + 4 * 47 / 12 * 0.9 * 4.35 * 10.5 / 9, abs=0.005
    )


def test_hours_beyond_45_a_week_are_paid_more():
    asked = family(schedule=Timetable.parse("Mo-Fr 08:00-17:30"))
    cost = childminder_cost(minder(maintenance_per_day=0, meals_per_day=0), asked, AUTUMN_2026)
    assert cost.gross_cost == pytest.approx(52 / 12 * 3.9 * (45 + 2.5 * 1.1), abs=0.0051)
    assert "overtime_share" in cost.unconfirmed
    # Week by week: 60 h, then 30 h, are 15 h beyond in one week of two.
    turns = Timetable.parse(["Mo-Fr 07:00-19:00", "Mo-Fr 08:00-14:00"])
    cost = childminder_cost(
        minder(maintenance_per_day=0, meals_per_day=0), family(schedule=turns), AUTUMN_2026
    )
    assert cost.gross_cost == pytest.approx(52 / 12 * 3.9 * (45 + 7.5 * 0.1), abs=0.005)


def test_children_who_live_with_each_parent_in_turn():
    one = childminder_cost(minder(), family(), AUTUMN_2026)
    turns = family(household=Household(3000, 1, alternating_residence=True))
    half = childminder_cost(minder(), turns, AUTUMN_2026)
    assert (half.gross_cost, half.cmg) == (one.gross_cost, one.cmg)
    assert half.tax_credit == pytest.approx(0.5 * min(1750, 24 * one.tax_credit) / 12, abs=0.01)


@pytest.mark.parametrize(("day", "net"), [(date(2026, 3, 1), 2.84), (date(2026, 11, 30), 2.84)])
def test_the_least_net_rate(day, net):
    assert least_net_rate(parameter_table("money", day)) == net


def test_only_hours_within_working_hours_are_paid():
    part = childminder_cost(
        minder(working_hours=Timetable.parse("Mo-Fr 08:00-17:15")), family(), AUTUMN_2026
    )
    assert part.hours_per_month == pytest.approx(4 * 9.25 * 52 / 12, abs=0.01)


def test_nothing_is_guessed_when_a_rate_or_the_resources_are_missing():
    assert childminder_cost(minder(hourly_rate=None), family(), AUTUMN_2026) is None
    assert childminder_cost(minder(), family(household=None), AUTUMN_2026) is None
    assert childminder_cost(minder(), family(household=Household(None)), AUTUMN_2026) is None
    place = {"longitude": 3.0, "latitude": 43.0}
    assert facility_cost(Facility("F", "crèche", **place), family(), AUTUMN_2026) is None
    paje = Facility("F", "micro-crèche", funding="paje", **place)
    assert facility_cost(paje, family(), AUTUMN_2026) is None


def test_aid_ends_at_six_or_at_twelve_for_a_lone_parent():
    seven = family(children=(Child(date(2019, 12, 1)),))
    assert childminder_cost(minder(), seven, AUTUMN_2026).cmg == 0
    assert childminder_cost(minder(), seven, AUTUMN_2026).tax_credit == 0
    alone = replace(seven, household=Household(3000, 1, lone_parent=True))
    assert childminder_cost(minder(), alone, AUTUMN_2026).cmg > 0


def test_siblings_are_paid_and_aided_each():
    one = childminder_cost(minder(), family(household=Household(3000, 2)), AUTUMN_2026)
    two = childminder_cost(
        minder(),
        family(children=(Child(date(2026, 5, 1)),) * 2, household=Household(3000, 2)),
        AUTUMN_2026,
    )
    assert two.gross_cost == pytest.approx(2 * one.gross_cost, abs=0.02)
    assert two.cmg == pytest.approx(2 * one.cmg, abs=0.02)


def test_a_creche_charges_by_income():
    assert float(psu_fee(100, Household(3000, 1), AUTUMN_2025)) == pytest.approx(185.7)
    creche = Facility("F", "crèche", funding="psu", longitude=3.0, latitude=43.0)
    cost = facility_cost(creche, family(), AUTUMN_2026)
    assert (cost.cmg, cost.reste_a_charge) == (0, cost.gross_cost)
    assert cost.gross_cost == pytest.approx(42 * 47 / 12 * 1.857, abs=0.01)
    assert cost.tax_credit == pytest.approx(0.5 * 3500 / 12, abs=0.01)


def test_a_micro_creche_leaves_fifteen_percent_and_has_a_dearest_hour():
    couple = Household(1500, 1)
    assert float(cmg_structure(500, 60, couple, AUTUMN_2026)) == pytest.approx(425)
    assert float(cmg_structure(1500, 150, couple, AUTUMN_2026)) == pytest.approx(992.13)
    assert float(cmg_structure(1501, 150, couple, AUTUMN_2026)) == 0
    assert float(cmg_structure(150, 15, couple, AUTUMN_2026)) == 0
    assert float(cmg_structure(1500, 150, couple, AUTUMN_2026, under_3=False)) == pytest.approx(
        496.07
    )
    bands = [
        float(cmg_structure(1500, 150, Household(income, 1), AUTUMN_2026))
        for income in (24333 / 12, 24334 / 12, 54075 / 12, 54076 / 12)
    ]
    assert bands == pytest.approx([992.13, 855.25, 855.25, 718.41])
    alone = Household(2800, 1, lone_parent=True)
    assert float(cmg_structure(1500, 150, alone, AUTUMN_2026)) == pytest.approx(992.13)
    fourth = Household(34_692 / 12, 4)
    assert float(cmg_structure(1500, 150, fourth, AUTUMN_2026)) == pytest.approx(992.13)


def test_care_at_home_costs_the_family_once():
    request = family()
    cost = home_care_cost(request.schedule, request, AUTUMN_2025)
    twins = family(children=(Child(date(2026, 5, 1)),) * 2)
    assert home_care_cost(twins.schedule, twins, AUTUMN_2025).gross_cost == cost.gross_cost
    salary = 182 * 10.38
    covered = min(0.5 * 0.8 * salary, 526)
    assert cost.cmg == pytest.approx(salary * (1 - 3000 * 0.001238 / 10.38) + covered, abs=0.01)
    assert cost.tax_credit == pytest.approx(0.5 * 13_500 / 12, abs=0.01)


def test_tax_credit_has_a_ceiling():
    assert float(tax_credit(100, 1, AUTUMN_2026)) == 50
    assert float(tax_credit(1000, 1, AUTUMN_2026)) == pytest.approx(1750 / 12)
    assert float(tax_credit(-10, 1, AUTUMN_2026)) == 0
    assert float(tax_credit(5000, 6, AUTUMN_2026, at_home=True)) == pytest.approx(7500 / 12)


def test_many_childminders_cost_what_each_costs():
    rates = np.array([3.2, 3.9, np.nan, 12.0])
    request = family()
    costs = childminder_costs(
        rates, 42.0, 4.0, children=request.children, start=request.start,
        household=request.household, money=AUTUMN_2026, maintenance_per_day=3.83, meals_per_day=4.0,
    )  # fmt: skip
    assert costs.estimate(2) is None
    assert list(costs.frame().columns) == [
        "gross_cost", "cmg", "reste_a_charge", "tax_credit", "hours_per_month",
    ]  # fmt: skip
    for row in (0, 1, 3):
        alone = childminder_cost(minder(hourly_rate=float(rates[row])), request, AUTUMN_2026)
        assert replace(costs.estimate(row), unconfirmed=()) == replace(alone, unconfirmed=())


def test_an_incomplete_year_adds_holiday_pay():
    request = family()
    costs = childminder_costs(
        4.0, 40.0, 5.0, children=request.children, start=request.start,
        household=request.household, money=AUTUMN_2026, maintenance_per_day=0.0, weeks_per_year=36,
    )  # fmt: skip
    assert costs.gross_cost[0] == pytest.approx(120 * 4.0 * 1.1)
    assert "holiday_pay_share" in costs.unconfirmed


@given(
    cost=st.floats(0, 3000),
    hours=st.floats(1, 300),
    income=st.floats(0, 20_000),
    more=st.floats(0, 5000),
    children=st.integers(1, 9),
)
def test_aid_never_exceeds_the_cost_and_falls_with_income(cost, hours, income, more, children):
    aid = float(cmg_direct(cost, hours, Household(income, children), AUTUMN_2026))
    assert 0 <= aid <= cost + 1e-9
    assert (
        float(cmg_direct(cost, hours, Household(income + more, children), AUTUMN_2026))
        <= aid + 1e-9
    )
    assert (
        float(cmg_direct(cost, hours, Household(income, children + 1), AUTUMN_2026)) >= aid - 1e-9
    )


def test_a_micro_creche_and_its_opening_hours():
    micro = Facility(
        "F", "micro-crèche", funding="paje", hourly_rate=9.5,
        opening_hours=Timetable.parse("Mo-Fr 08:00-18:00"), longitude=3.0, latitude=43.0,
    )  # fmt: skip
    cost = facility_cost(micro, family(), AUTUMN_2026)
    hours = 40 * 47 / 12
    assert cost.hours_per_month == pytest.approx(hours, abs=0.01)
    assert cost.gross_cost == pytest.approx(9.5 * hours, abs=0.01)
    assert cost.cmg == 855.25
    assert "structure_amounts_under_3" in cost.unconfirmed
    assert not {"structure_amounts_over_3", "structure_lone_parent_factor"} & set(cost.unconfirmed)
    alone = family(
        household=Household(1500, 1, lone_parent=True), children=(Child(date(2023, 1, 1)),)
    )
    older = facility_cost(micro, alone, AUTUMN_2026)
    assert older.cmg == 496.07
    assert {"structure_amounts_over_3", "structure_lone_parent_factor"} <= set(older.unconfirmed)


def test_hours_offered_may_be_told_apart():
    part = childminder_cost(
        minder(working_hours=None), family(), AUTUMN_2026, offered=Timetable.parse("Mo 08:00-18:00")
    )
    assert part.hours_per_month == pytest.approx(10 * 52 / 12, abs=0.01)


def test_care_at_home_needs_the_resources_too():
    assert home_care_cost(family().schedule, family(household=None), AUTUMN_2026) is None
    older = family(children=(Child(date(2022, 5, 1)),))
    assert home_care_cost(older.schedule, older, AUTUMN_2026).cmg > 0


def _by_hand(
    rate, weekly, days, income, charge, upkeep, *, reference, cap, weeks=52, worked=47, extra=0.0
):
    """Compute a childminder's month from the text of the law, apart from the product."""
    effort = [0.0619, 0.0516, 0.0413, 0.0310][min(charge, 4) - 1] / 100
    hours = weekly * weeks / 12
    salary = rate * (hours + extra * weeks / 12 * 0.1)
    cost = salary + upkeep * days * worked / 12
    counted = min(cost, cap * hours)
    aid = counted * max(0, 1 - min(max(income, 814.62), 8500) * effort / reference)
    return round(cost, 2), round(aid, 2)


@pytest.mark.parametrize(
    ("hours", "rate", "upkeep", "income", "charge"),
    [
        ("Mo-Fr 08:00-17:00", 4.20, 4.0, 3000, 1),
        ("Mo,Tu,Th,Fr 07:45-18:15", 3.90, 3.92, 2400, 2),
        ("Mo-Fr 08:30-16:30", 4.00, 3.60, 500, 1),
        ("Mo-We 07:30-18:00", 5.10, 5.5, 9000, 3),
        ("We 08:00-18:00", 4.50, 4.35, 1800, 4),
        ("Mo-Fr 07:00-18:00", 3.80, 4.6, 4200, 2),
    ],
)
def test_examples_worked_out_apart(hours, rate, upkeep, income, charge):
    schedule = Timetable.parse(hours)
    weekly = float(schedule.quarters_per_week) / 4
    days = sum(bool(day) for day in schedule.weeks[0].days[:7])
    asked = family(schedule=schedule, household=Household(income, charge))
    who = minder(hourly_rate=rate, maintenance_per_day=upkeep, meals_per_day=0)
    cost = childminder_cost(who, asked, AUTUMN_2026)
    gross, aid = _by_hand(
        rate, weekly, days, income, charge, upkeep,
        reference=4.91, cap=8.09, extra=max(weekly - 45, 0),
    )  # fmt: skip
    assert (cost.gross_cost, cost.cmg) == (gross, aid)


_RATES = {1: 0.0619, 2: 0.0516, 3: 0.0413, 4: 0.0310}
"""Per cent of the monthly resources that an hour of care costs, by children at charge (CSS D.531-18; CNAF, PSU)."""


def _parents(income, children, *, alternating=False):
    return Household(income, children, alternating_residence=alternating)


def test_a_month_of_a_creche_at_the_floor_to_the_cent():
    # CNAF, PSU: R x rate x hours; R is never below the floor, 814.62 in 2026, and the CMG has a floor of its own.
    creche = Facility("F", "crèche", funding="psu", longitude=3.0, latitude=43.0)
    asked = family(schedule=Timetable.parse("Mo-Fr 08:30-17:30"), household=_parents(400, 2))
    cost = facility_cost(creche, asked, AUTUMN_2026)
    hours = 45 * 47 / 12
    assert cost.gross_cost == round(hours * 814.62 * 0.0516 / 100, 2) == 74.09
    assert cost.cmg == 0
    # 50 % of what is paid (CGI 200 quater B), under the ceiling of 3,500 a year.
    assert cost.tax_credit == round(hours * 814.62 * 0.0516 / 100 * 0.5, 2)
    at_floor = facility_cost(creche, replace(asked, household=_parents(814.62, 2)), AUTUMN_2026)
    assert at_floor.gross_cost == cost.gross_cost
    assert AUTUMN_2026.describe("resources_floor_psu").certainty != "S"


def test_a_month_of_a_micro_creche_of_each_band_to_the_cent():
    # CSS D.531-23: at most the amount of the band and 85 % of the fee; none above 10 an hour.
    place = {
        "longitude": 3.0,
        "latitude": 43.0,
        "opening_hours": Timetable.parse("Mo-Fr 07:00-19:00"),
    }
    asked = family(schedule=Timetable.parse("Mo-Fr 08:00-18:00"))
    for hourly, income, amount in (
        (9.0, 2000, 992.13),
        (9.0, 3000, 855.25),
        (9.0, 6000, 718.41),
        (2.0, 2000, 0.85 * 2.0 * 50 * 47 / 12),
        (10.5, 2000, 0.0),
    ):
        paje = Facility("F", "micro-crèche", funding="paje", hourly_rate=hourly, **place)
        cost = facility_cost(paje, replace(asked, household=_parents(income, 1)), AUTUMN_2026)
        fee = hourly * 50 * 47 / 12
        assert cost.gross_cost == round(fee, 2)
        assert cost.cmg == pytest.approx(amount, abs=0.0051), (hourly, income)
        assert cost.reste_a_charge == pytest.approx(fee - amount, abs=0.0101)


def test_a_month_beyond_45_hours_in_alternating_residence_to_the_cent():
    # IDCC 3239, art. 96 and annex: the hours beyond 45 a week at 10 % more; CSS D.531-18: the aid; CGI 200 quater B: for
    # each parent half of the ceiling of 3,500.
    schedule = Timetable.parse("Mo-Fr 07:30-18:00")
    turns = family(schedule=schedule, household=_parents(3600, 2, alternating=True))
    cost = childminder_cost(
        minder(hourly_rate=4.0, maintenance_per_day=4.6, meals_per_day=0), turns, AUTUMN_2026
    )
    hours = 52.5 * 52 / 12
    salary = 4.0 * (45 + 7.5 * 1.1) * 52 / 12
    gross = salary + 4.6 * 5 * 47 / 12
    aid = min(gross, 8.09 * hours) * (1 - 3600 * _RATES[2] / 100 / 4.91)
    assert (cost.gross_cost, cost.cmg) == (round(gross, 2), round(aid, 2))
    assert cost.tax_credit == round(0.5 * min(12 * (gross - aid), 1750) / 12, 2)
