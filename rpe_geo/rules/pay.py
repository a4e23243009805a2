"""What the law and the collective agreement fix for the pay of a childminder."""

from __future__ import annotations

from rpe_geo.parameters import ParameterTable

__all__ = ["least_net_rate"]


def least_net_rate(money: ParameterTable) -> float:
    """
    Return the smallest net pay of a childminder, in euros per hour and child, to the cent.

    The larger of 0.281 SMIC (CASF D.423-9) and of the minimum of the collective agreement (IDCC 3239), gross, less the
    contributions of the employee.
    """
    legal = money["legal_minimum_share"] * money["smic_hourly"]
    gross = max(legal, money["conventional_minimum_gross"])
    return round(float(gross * money["net_share_of_gross"]), 2)
