"""What is learnt from the communes of a run: kinds that resemble each other, and children where none are published."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from rpe_geo.formats.open_data import Communes
from rpe_geo.messages.french import number
from rpe_geo.observatory.results import Note
from rpe_geo.observatory.typology import estimate_missing, typology

__all__ = ["KIND_FEATURES", "estimated_children", "kinds_of_communes"]

KIND_FEATURES = ("coverage_rate", "coverage_childminder", "coverage_facility", "access_e2sfca")
"""What communes of one kind have in common; the first orders the kinds."""
_KINDS = 5
_FEWEST_A_KIND = 8
_LEARNT = 4000


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


def estimated_children(zones: pd.DataFrame, communes: Communes) -> tuple[pd.DataFrame, list[Note]]:
    """
    Estimate the children of communes that have no published number, with an interval.

    Learnt on 4,000 communes at most: how far the children are from a first guess (three mean years of the births known, or
    the usual share of inhabitants), given their inhabitants, that guess and the density. Nothing else of the run uses the estimate: coverage and access stay nan.

    Parameters
    ----------
    zones
        Communes with `children, longitude, latitude`.
    communes
        Their other figures.

    Returns
    -------
    tuple
        Zones with `children_estimate, children_low, children_high` (nan where children are published) and the reason added
        to `uncertain_why`; and what to say of it. As given when none is missing or too few are known.
    """
    missing = zones["children"].isna()
    about = communes.table.reindex(zones.index)
    people = about["population"].where(about["population"] > 0)
    if not (missing & people.notna()).any():
        return zones, []
    births = [str(name) for name in about.columns if re.fullmatch(r"naiss\d\d", str(name))]
    # A département without any birth in a year has none published.
    written = about.groupby(zones["departement"])[births].transform("sum") if births else None
    if written is not None:
        about = about.assign(**about[births].mask(written == 0))
    density = people / about["superficie_km2"].where(about["superficie_km2"] > 0)
    usable = people.notna()
    # Trees cannot go beyond what they saw: they correct a first guess, three mean years or the usual share of inhabitants.
    share = float((zones["children"] / people).median())
    guess = 3 * about[births].mean(axis=1) if births else pd.Series(np.nan, index=zones.index)
    guess = guess.where(guess > 0, people * share)
    features = pd.DataFrame({"people": people, "guess": guess, "density": density})
    known = usable & ~missing
    rng = np.random.default_rng(0)
    learnt = pd.Series(rng.random(len(zones)) < _LEARNT / max(int(known.sum()), 1), zones.index)
    usable &= missing | learnt
    found = estimate_missing((zones["children"] / guess)[usable], features[usable])
    if found.empty:
        return zones, []
    amounts = found.mul(guess.reindex(found.index), axis=0).reindex(zones.index)
    words = [
        ""
        if not np.isfinite(middle)
        else f" ; environ {number(middle, 0)} enfants (de {number(low, 0)} à {number(high, 0)}, estimé)"
        for middle, low, high in zip(
            amounts["estimate"], amounts["low"], amounts["high"], strict=True
        )
    ]
    zones = zones.assign(
        children_estimate=amounts["estimate"],
        children_low=amounts["low"],
        children_high=amounts["high"],
        uncertain_why=zones["uncertain_why"] + words,
    )
    note = Note(
        "children_estimated",
        {"count": len(found), "children": float(amounts["estimate"].sum().round())},
    )
    return zones, [note]
