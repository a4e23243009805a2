"""Compare an observatory of communes with the published figures: rows FR and D… of the places, and of the rates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpe_geo.messages.french import number
from rpe_geo.observatory.calibration import Check, compare
from rpe_geo.observatory.coverage import PLACE_MODES, coverage_rate
from rpe_geo.observatory.inputs import CommuneInputs, OfficialTable

__all__ = ["compare_communes"]

MODE_NAMES = {
    "places_childminder": "accueil individuel",
    "places_facility": "établissements",
    "places_other": "école à deux ans et garde à domicile",
}


def compare_communes(zones: pd.DataFrame, inputs: CommuneInputs) -> list[Check]:
    """
    Compare with the rows FR and D… of the places, and of the rates.

    Parameters
    ----------
    zones
        Every commune, with its places (also calibrated) and children.
    inputs
        Published places and rates (without them nothing is compared), and the births of their years.

    Returns
    -------
    list of Check
        France first, then each département.
    """
    official = inputs.official
    checks: list[Check] = []
    modes = list(PLACE_MODES)
    if official is not None:
        ours = zones.groupby("departement")[modes].sum(min_count=1)
        theirs = official.departements
        ours = ours[ours.index.isin(theirs.index)]
        lost = official.france[modes] - zones[modes].sum()
        # The communes of one département are not compared with France.
        whole = set(theirs.index) <= set(zones["departement"])
        if whole:
            checks += compare(
                pd.Series({"FR": float(zones["places"].sum())}),
                pd.Series({"FR": float(official.france[modes].sum())}),
                what="places",
                level="france",
                unit="places",
                why="places que la CNAF n’attribue à aucune commune : " + _by_mode(lost),
            )
        theirs = theirs[theirs.index.isin(zones["departement"].unique())]
        reasons = {
            str(code): _why_places(theirs.loc[code, modes] - ours.reindex(theirs.index).loc[code])
            for code in theirs.index
        }
        checks += compare(
            ours.sum(axis=1, min_count=3),
            theirs[modes].sum(axis=1, min_count=3),
            what="places",
            level="departement",
            unit="places",
            why=pd.Series(reasons),
        )
        calibrated = [f"{mode}_calibrated" for mode in modes]
        summed = zones.groupby("departement")[calibrated].sum(min_count=1).sum(axis=1, min_count=3)
        checks += compare(
            summed[summed.index.isin(theirs.index)],
            theirs[modes].sum(axis=1, min_count=3),
            what="places_calibrated",
            level="departement",
            unit="places",
            why="calé : les communes somment au total publié du département",
        )
    if inputs.rates is not None and official is not None:
        checks += _rate_checks(zones, inputs, inputs.rates)
    return checks


def _rate_checks(zones: pd.DataFrame, inputs: CommuneInputs, rates: OfficialTable) -> list[Check]:
    """Compare rates, with the births of the three years that end in the year of the published rates."""
    births, communes = inputs.births, inputs.communes
    year = rates.year or births.years[2]
    matched = inputs.rates_births or births
    own = matched.communes.groupby(
        communes.boroughs["commune"]
        .reindex(matched.communes.index)
        .fillna(pd.Series(matched.communes.index, index=matched.communes.index))
    ).sum(min_count=1)
    children = own.reindex(zones.index)
    both = children.notna() & zones["places"].notna()
    places = zones["places"].where(both).groupby(zones["departement"]).sum(min_count=1)
    people = children.where(both).groupby(zones["departement"]).sum(min_count=1)
    ours = coverage_rate(places, people)
    ours = ours[ours.index.isin(rates.departements.index)]
    why = (
        f"nos places sont celles des communes en {births.years[2]}, rapportées aux naissances de "
        f"{matched.years[0]} à {matched.years[2]} ; le taux publié est celui de {year}, avec les places de {year} et les "
        "enfants estimés par la CNAF (départs, arrivées et décès compris)"
    )
    theirs = rates.departements["coverage_rate"]
    whole = set(theirs.index) <= set(zones["departement"])
    theirs = theirs[theirs.index.isin(zones["departement"].unique())]
    national = 100 * float(zones["places"].where(both).sum()) / float(children.where(both).sum())
    france = compare(
        pd.Series({"FR": national}),
        pd.Series({"FR": float(rates.france["coverage_rate"])}),
        what="coverage_rate",
        level="france",
        unit="places pour 100 enfants",
        why=why,
    )
    own_departements = compare(
        ours,
        theirs,
        what="coverage_rate",
        level="departement",
        unit="places pour 100 enfants",
        why=why,
    )
    return [*(france if whole else []), *own_departements]


def _by_mode(lost: pd.Series) -> str:
    return ", ".join(
        f"{number(float(lost[mode]), 0)} en {MODE_NAMES[mode]}"
        if np.isfinite(lost[mode])
        else f"non publié en {MODE_NAMES[mode]}"
        for mode in PLACE_MODES
    )


def _why_places(lost: pd.Series) -> str:
    if lost.isna().all():
        return "non publié (ND) par la CNAF : nos figures restent vides, jamais zéro"
    if (lost == 0).all():
        return "identique"
    return "places du département que la CNAF n’attribue à aucune commune : " + _by_mode(lost)
