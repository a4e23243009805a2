"""What is learnt from the communes of a run: kinds that resemble each other."""

from __future__ import annotations

import pandas as pd

from rpe_geo.observatory.typology import typology

__all__ = ["KIND_FEATURES", "kinds_of_communes"]

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
    features = zones[list(KIND_FEATURES)]
    if len(features.dropna()) < _KINDS * _FEWEST_A_KIND:
        return zones
    found = typology(features, kinds=_KINDS)
    return zones.assign(
        kind=(found["kind"] + 1.0).where(found["kind"] >= 0), kind_clarity=found["typical"]
    )
