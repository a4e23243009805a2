"""
Places of communes whose own are not published: their share of what is published of their intercommunalité, and its range.

A share is no figure of the commune: it is flagged, and the interval of 90 % that was measured goes with it. What is
published of the intercommunalité as a whole is not uncertain by it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpe_geo.observatory.results import Note
from rpe_geo.parameters import ParameterTable

__all__ = ["SHARED_WHY", "places_range", "told_shares"]

SHARED_WHY = "places estimées, la commune n’étant pas publiée"
"""Reason for which a zone is uncertain."""


def places_range(places: pd.Series, estimated: pd.Series, table: ParameterTable) -> pd.DataFrame:
    """
    Give the range of estimated places.

    Parameters
    ----------
    places
        Places by commune.
    estimated
        Whether they are a share of their intercommunalité's.
    table
        Parameters of the observatory: `places_shared_spread`, in square roots of the places, below and above.

    Returns
    -------
    DataFrame
        `places_low, places_high` (90 %), nan where the places are published.
    """
    below, above = (float(one) for one in table["places_shared_spread"])
    shares = places.astype(np.float64).where(estimated)
    root = np.sqrt(shares)
    return pd.DataFrame(
        {
            "places_low": (shares - below * root).clip(lower=0.0),
            "places_high": shares + above * root,
        }
    )


def told_shares(parts: pd.DataFrame) -> list[Note]:
    """Say how many points of computation (`places, places_source`) have a share, and of how many places."""
    shared = parts["places_source"] == "estimé"
    if not shared.any():
        return []
    values = {"count": int(shared.sum()), "places": float(parts.loc[shared, "places"].sum())}
    return [Note("places_estimated", values)]
