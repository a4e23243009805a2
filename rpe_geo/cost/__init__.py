"""
What a family pays in a month: care, aid, tax credit, and what is left.

The aid is the complément de libre choix du mode de garde (CMG) in force since September 2025 (CSS L.531-5, D.531-17
and D.531-18): monthly cost × (1 − R × effort rate ÷ reference hourly cost), never below 0, where R is the household's
monthly resources between a floor and a ceiling. A crèche under PSU charges R × effort rate × hours. Every amount comes
from the dated table `money`; those that are not yet confirmed are named with each estimate.

These are estimates: they suppose that the household meets the condition of activity, and only the CAF or the MSA decide.
"""

from rpe_geo.cost.aid import (
    cmg_direct,
    cmg_structure,
    effort_rate,
    monthly_hours,
    psu_fee,
    resources,
    tax_credit,
)
from rpe_geo.cost.estimates import (
    Costs,
    added_costs,
    childminder_cost,
    childminder_costs,
    facility_cost,
    home_care_cost,
)

__all__ = [
    "Costs",
    "added_costs",
    "childminder_cost",
    "childminder_costs",
    "cmg_direct",
    "cmg_structure",
    "effort_rate",
    "facility_cost",
    "home_care_cost",
    "monthly_hours",
    "psu_fee",
    "resources",
    "tax_credit",
]
