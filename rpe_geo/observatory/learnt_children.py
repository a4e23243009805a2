"""What is learnt from the communes of a run: kinds that resemble each other, children whose births are not published."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from rpe_geo.observatory.census_children import ages_of
from rpe_geo.observatory.inputs import Births, Communes
from rpe_geo.observatory.missing_children import estimate_children
from rpe_geo.observatory.profile import scaled_ages
from rpe_geo.observatory.results import Note

__all__ = ["ESTIMATES", "kinds_of_communes", "with_missing_children"]

ESTIMATES = ("children_estimate", "children_low", "children_high")

KIND_FEATURES = ("coverage_rate", "coverage_childminder", "coverage_facility", "access_e2sfca")
"""What communes of one kind have in common; the first orders the kinds."""
_KINDS = 5
_FEWEST_A_KIND = 8


def kinds_of_communes(zones: pd.DataFrame) -> pd.DataFrame:
    """
    Sort communes into five kinds, numbered from the lowest coverage.

    Parameters
    ----------
    zones
        Communes with the columns of `KIND_FEATURES`.

    Returns
    -------
    DataFrame
        With `kind` (1 to 5, nan without figures) and `kind_clarity`; as given when there are fewer than 40 communes to learn from.
    """
    from rpe_geo.observatory.typology import typology

    features = zones[list(KIND_FEATURES)]
    if len(features.dropna()) < _KINDS * _FEWEST_A_KIND:
        return zones
    found = typology(features, kinds=_KINDS)
    return zones.assign(
        kind=(found["kind"] + 1.0).where(found["kind"] >= 0), kind_clarity=found["typical"]
    )


def with_missing_children(
    parts: pd.DataFrame, communes: Communes, births: Births
) -> tuple[pd.DataFrame, pd.DataFrame, list[Note], dict[str, Any]]:
    """
    Estimate the children of the points of computation whose births are not published, where that can be done.

    Parameters
    ----------
    parts
        Points of computation: `children`, nan where not published, and `children_source`.
    communes
        For their populations.
    births
        Births of the three years and of those around.

    Returns
    -------
    tuple
        Parts with `children` filled in, `children_estimate, children_low, children_high` and `children_source` (observé,
        estimé, absent); their children by age; what is to be said; and what a study needs to be redone.
    """
    both = pd.concat([communes.table, communes.boroughs])
    zones = both.loc[parts.index, ["population", "departement"]]
    found = estimate_children(
        parts["children"],
        births.by_year,
        zones.rename(columns={"departement": "group"}),
        years=births.years,
    )
    table = found.table
    estimated = table.index[table["refused"] == ""]
    source = parts["children_source"].copy()
    source[table.index] = "absent"
    source[estimated] = "estimé"
    parts = parts.assign(
        children=parts["children"].fillna(table["children_estimate"]),
        children_source=source,
        **{name: table[name].reindex(parts.index) for name in ESTIMATES},
    )
    ages = ages_of(parts, births)
    if len(estimated):
        # Their ages are those of all the others.
        ages.loc[estimated] = scaled_ages(ages.sum(), parts.loc[estimated, "children"])
    notes = []
    if len(estimated):
        values = {
            "count": len(estimated),
            "coverage": 100 * found.coverage,
            "lowest": 100 * found.lowest_coverage,
            "group": found.lowest_group,
        }
        notes.append(Note("children_estimated", values))
    for reason in ("years", "domain", "learning"):
        refused = table.index[table["refused"] == reason]
        if len(refused):
            values = {"count": len(refused), "first": str(refused[0])}
            notes.append(Note(f"children_refused_{reason}", values))
    told = {
        "children_estimated": len(estimated),
        "children_interval": 0.9,
        "children_interval_coverage": found.coverage if np.isfinite(found.coverage) else None,
        "children_learnt_from": found.learnt_from,
    }
    return parts, ages, notes, told
