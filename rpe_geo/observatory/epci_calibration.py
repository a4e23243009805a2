"""
Set the communes on the published figures of their intercommunalité, where these can be used.

The composition is the one that the file of places gives for its own year, not that of today. A published row that says
0 where its communes have places, or that lies far from their sum, is not one to calibrate on: it is left out, and said.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from rpe_geo.observatory.calibration import Check, calibrate, compare
from rpe_geo.observatory.coverage import PLACE_MODES, coverage_rate
from rpe_geo.observatory.inputs import OfficialTable
from rpe_geo.observatory.results import Note

__all__ = ["calibrated_on_epcis"]

CALIBRATED = "calé"
_REASONS = {
    CALIBRATED: "calé : les communes somment au chiffre publié de l’intercommunalité",
    "publié nul": "la ligne publiée vaut 0 alors que ses communes ont des places : non calé",
    "trop loin": "la ligne publiée est trop loin de la somme de ses communes : non calé",
    "non publié": "la ligne de l’intercommunalité n’est pas publiée, ou pas en entier : non calé",
    "hors intercommunalité": "communes sans intercommunalité dans le fichier : rien à quoi caler",
}
_NO_EPCI = "ZZZZZZZZZ"


def calibrated_on_epcis(
    zones: pd.DataFrame, official: OfficialTable | None, whole: pd.Series, table: Any
) -> tuple[pd.DataFrame, list[Check], list[Note]]:
    """
    Scale each mode to the total of the intercommunalité.

    Parameters
    ----------
    zones
        Every commune: `epci` (of today), `children`, places by mode.
    official
        The published places; without them nothing is added.
    whole
        Commune of each point of computation (arrondissements belong to their city).
    table
        Parameters of the observatory: how far a usable row may be.

    Returns
    -------
    tuple
        Zones with `places_…_epci`, `places_epci`, `coverage_rate_epci` and `epci_calibration` (why or why not), the
        checks (each intercommunalité before and after), and what is to be said.
    """
    if official is None or official.epcis.empty:
        return zones, [], []
    modes = list(PLACE_MODES)
    own = _membership(zones, official, whole)
    sums = zones.groupby(own)[modes].sum(min_count=1)
    published = official.epcis[modes].reindex(sums.index)
    state = _states(sums, published, float(table["uncertain_epci_residual"]))
    usable = published[state == CALIBRATED]
    columns = {
        f"{mode}_epci": calibrate(zones[mode], own, usable[mode], spread=zones["children"])
        for mode in modes
    }
    total = pd.DataFrame(columns).sum(axis=1, min_count=len(columns))
    zones = zones.assign(
        **columns,
        places_epci=total,
        coverage_rate_epci=coverage_rate(total, zones["children"]),
        epci_calibration=own.map(state).fillna("hors intercommunalité"),
    )
    why = state.map(_REASONS)
    told = state != "hors intercommunalité"
    checks = [
        check
        for what, ours, among in (
            ("places", zones["places"], told),
            ("places_calibrated", total, state == CALIBRATED),
        )
        for check in compare(
            ours.groupby(own).sum(min_count=1)[among],
            published.sum(axis=1, min_count=len(modes))[among],
            what=what,
            level="epci",
            unit="places",
            why=why,
        )
    ]
    return zones, checks, _notes(state[told], zones, own)


def _membership(zones: pd.DataFrame, official: OfficialTable, whole: pd.Series) -> pd.Series:
    """Name the intercommunalité of each commune in the year of the places; that of today where the file is silent."""
    if official.epci_of is None:
        return zones["epci"].astype(object)
    own = official.epci_of.reindex(whole.index)
    first = own.groupby(whole).first().reindex(zones.index)
    return first.where(first.notna(), zones["epci"]).astype(object)


def _states(sums: pd.DataFrame, published: pd.DataFrame, far: float) -> pd.Series:
    """Say of each intercommunalité whether its published row can be used, and why not."""
    ours = sums.sum(axis=1, min_count=1)
    theirs = published.sum(axis=1, min_count=published.shape[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = (ours / theirs - 1).abs()
    state = pd.Series(CALIBRATED, index=sums.index)
    state[gap > far] = "trop loin"
    state[(theirs == 0) & (ours > 0)] = "publié nul"
    state[theirs.isna() | ours.isna()] = "non publié"
    state[state.index == _NO_EPCI] = "hors intercommunalité"
    return state


def _notes(state: pd.Series, zones: pd.DataFrame, own: pd.Series) -> list[Note]:
    counts = state.value_counts()
    words = {"publié nul": "publiées à 0", "trop loin": "trop loin", "non publié": "non publiées"}
    left_out = [f"{word} {counts[name]}" for name, word in words.items() if name in counts]
    moved = zones["epci"].notna() & (own != zones["epci"]) & (own != _NO_EPCI)
    values = {
        "count": int(counts.get(CALIBRATED, 0)),
        "total": len(state),
        "left_out": ", ".join(left_out) or "aucune",
        "moved": int(moved.sum()),
    }
    return [Note("epcis_calibrated", values)]
