"""What an assignment gives, in figures: places, hours, minutes, fairness."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from rpe_geo.commission.case import Case
from rpe_geo.commission.envy import Envies
from rpe_geo.commission.plan import Plan
from rpe_geo.commission.priorities import Priorities
from rpe_geo.observatory.inequality import gini_index

__all__ = ["costs_between", "metrics_of"]

_POSTCODE = re.compile(r"\b\d{5}\s+([^,;0-9]+)")


def commune_of(address: str) -> str:
    """Return what stands after the postcode of an address, or nothing when there is none: no commune is guessed."""
    found = _POSTCODE.search(address)
    return found.group(1).strip() if found else ""


def metrics_of(case: Case, plan: Plan, ranks: Priorities, envies: Envies) -> dict[str, Any]:
    """
    Measure an assignment.

    Parameters
    ----------
    case, plan, ranks, envies
        What was decided.

    Returns
    -------
    dict
        `hours_covered` is the part of all asked hours that is covered; the Gini index is that of hours covered among
        families; minutes are those of families placed, None where nobody is.
    """
    placed = np.array(plan.placed, dtype=np.int64)
    table = case.options
    families = table.family[placed]
    minutes = table.minutes[placed]
    minutes = minutes[~np.isnan(minutes)]
    covered = np.zeros(len(case.requests))
    covered[families] = table.hours_share[placed]
    hours = case.hours
    urgent = sorted(ranks.priority)
    atypical = [n for n, found in enumerate(ranks.details) if "horaires_atypiques" in found]
    handicap = [n for n, found in enumerate(ranks.details) if "handicap" in found]
    envious = {family for family, _, _ in envies.pairs}
    ranks_of_wishes = [
        ranks.taste[option] + 1
        for option in plan.placed
        if case.requests[int(table.family[option])].wishes
    ]
    return {
        "placed": len(placed),
        "requests": len(case.requests),
        "children": int(case.children[families].sum()),
        "children_asked": int(case.children.sum()),
        "hours": _rounded(float((covered * hours).sum()), 2),
        "hours_asked": _rounded(float(hours.sum()), 2),
        "hours_covered": _rounded(float((covered * hours).sum() / hours.sum()), 4)
        if hours.sum()
        else 0.0,
        "minutes_mean": _rounded(float(minutes.mean()), 2) if len(minutes) else None,
        "minutes_median": _rounded(float(np.median(minutes)), 2) if len(minutes) else None,
        "minutes_max": _rounded(float(minutes.max()), 2) if len(minutes) else None,
        "gini": _rounded(gini(covered), 4),
        "priority": len(urgent),
        "priority_placed": int(sum(plan.chosen[one] >= 0 for one in urgent)),
        "first_wishes": ranks_of_wishes.count(1),
        "envy_pairs": len(envies.pairs),
        "envious_families": len(envious),
        "blocking_groups": len(envies.groups),
        "unused_room": len(envies.wasted),
        "transfers_moved": sum(
            plan.chosen[one] >= 0 and not bool(table.stays[plan.chosen[one]])
            for one in case.providers.held
        ),
        "by_need": {
            name: {
                "families": len(some),
                "placed": int(sum(plan.chosen[one] >= 0 for one in some)),
                "envious": len(envious & set(some)),
            }
            for name, some in (("horaires_atypiques", atypical), ("handicap", handicap))
        },
        "by_commune": _by_commune(case, plan, envious),
    }


def _by_commune(case: Case, plan: Plan, envious: set[int]) -> dict[str, dict[str, int]]:
    """Count families, places and envious families by commune; "" where the address does not tell it."""
    counts: dict[str, dict[str, int]] = {}
    for family, request in enumerate(case.requests):
        here = counts.setdefault(
            commune_of(request.address), {"families": 0, "placed": 0, "envious": 0}
        )
        here["families"] += 1
        here["placed"] += plan.chosen[family] >= 0
        here["envious"] += family in envious
    return dict(sorted(counts.items()))


def costs_between(case: Case, plans: Sequence[Plan]) -> list[list[dict[str, Any]]]:
    """
    Tell what each assignment costs against each other one.

    Parameters
    ----------
    case
        The commission.
    plans
        Of the policies.

    Returns
    -------
    list of list of dict
        Row i, column j: families who have a place in plan i alone, in plan j alone, elsewhere; hours of i less those of j.
    """
    options = case.options
    hours = [
        sum(
            float(options.hours_share[one] * case.hours[options.family[one]]) for one in plan.placed
        )
        for plan in plans
    ]
    return [
        [
            {
                "gain": sum(a >= 0 > b for a, b in zip(one.chosen, other.chosen, strict=True)),
                "lose": sum(b >= 0 > a for a, b in zip(one.chosen, other.chosen, strict=True)),
                "move": sum(
                    a >= 0 and b >= 0 and bool(options.provider[a] != options.provider[b])
                    for a, b in zip(one.chosen, other.chosen, strict=True)
                ),
                "hours": round(hours[row] - hours[column], 2),
            }
            for column, other in enumerate(plans)
        ]
        for row, one in enumerate(plans)
    ]


def gini(covered: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    """Return the Gini index of the share of hours covered; 0 where nobody has any."""
    return (
        float(gini_index(pd.Series(covered), pd.Series(np.ones(len(covered)))))
        if covered.sum() > 0
        else 0.0
    )


def _rounded(value: float, digits: int) -> float:
    return round(value, digits)
