"""Figures by zone as they may be published: what would tell of too few professionals is blank everywhere at once."""

from __future__ import annotations

from typing import TypeVar

import pandas as pd

from rpe_geo.privacy.figures import suppress_small_counts

__all__ = ["published_zones"]

Table = TypeVar("Table", bound=pd.DataFrame)

_OF_FEW = (
    "places_childminder",
    "coverage_childminder",
    "vacancy_rate",
    "freshness",
    # The whole minus the crèches would be what the childminders offer.
    "places",
    "coverage_rate",
)


def published_zones(zones: Table, *, at_least: float) -> Table:
    """
    Blank what would tell of fewer professionals than may be published.

    Parameters
    ----------
    zones
        Indicators by zone. Without a column `professionals` they come from published statistics, and stay as they are.
    at_least
        The fewest professionals that may be told.

    Returns
    -------
    DataFrame
        The same columns. Where a count is blank so are the places of childminders, their rates, and the totals from which
        they could be found; a second zone is blanked where the whole of the territory would tell.
    """
    if "professionals" not in zones:
        return zones
    counts = zones["professionals"]
    few = counts.isna()
    if few.any() and zones.loc[few, "places_childminder"].isna().all():
        return zones
    # A count that was blanked when it was made is small.
    known = counts.where(~few, 1.0)
    whole = pd.Series("ensemble", index=zones.index)
    shown = suppress_small_counts(known, at_least=at_least, totals=[whole])
    hidden = shown.isna()
    blanked = {name: zones[name].mask(hidden) for name in _OF_FEW if name in zones}
    answer: Table = zones.assign(professionals=shown, **blanked)
    return answer
