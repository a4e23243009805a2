"""Chapters 3° and 4° of the report: where offer or access is insufficient, objectives and indicators to follow."""

from __future__ import annotations

import math

import pandas as pd

from rpe_geo.messages.french import number, plural
from rpe_geo.observatory.results import Observatory
from rpe_geo.parameters import ParameterTable
from rpe_geo.publishing.blocks import Block, Chapter, Paragraph, TableBlock
from rpe_geo.publishing.report_parts import (
    ROWS,
    TRAVEL,
    bars,
    figure,
    map_of,
    name_of,
    set_words,
)

__all__ = ["gaps_chapter", "objectives_chapter"]


def gaps_chapter(observatory: Observatory, zones: pd.DataFrame, table: ParameterTable) -> Chapter:
    """Write chapter 3°: where offer or access is insufficient, and why each zone is named."""
    parameters = observatory.parameters
    threshold = float(table["mam_aid_rate"])
    mean = observatory.summary["access_mean"]
    low_cover = zones["coverage_rate"] < threshold
    low_access = zones["access_e2sfca"] < 0.75 * mean
    tense = zones["hotspot"] == "tension"
    listed = zones[(tense | (low_cover & low_access)) & (zones["children"] > 0)]
    listed = listed.assign(
        weight=listed["children"] * (mean - listed["access_e2sfca"])
    ).sort_values("weight", ascending=False)
    rows = []
    for code, row in listed.head(ROWS).iterrows():
        reasons = []
        if tense[code]:
            reasons.append("zone en tension")
        if low_cover[code]:
            reasons.append(f"couverture sous {number(threshold, 0)}")
        if low_access[code]:
            reasons.append("accès bas")
        if row["uncertain"]:
            reasons.append("incertain")
        rows.append(
            (
                name_of(row),
                ", ".join(reasons),
                figure(row["children"]),
                figure(row["coverage_rate"], 1),
                figure(100 * row["access_e2sfca"], 1),
            )
        )
    blocks: list[Block] = [
        Paragraph(
            f"Une zone est retenue si elle est en tension, ou si son taux de couverture est inférieur à "
            f"{number(threshold, 0)} et son accès inférieur aux trois quarts de la moyenne du territoire "
            f"({number(75 * mean, 1)} places pour 100 enfants). {plural(len(listed), 'zone')} "
            f"sur {number(len(zones))}, où vivent {number(float(listed['children'].sum()), 0)} enfants."
        ),
        map_of(
            observatory,
            "access_e2sfca",
            f"Places accessibles pour 100 enfants, {TRAVEL[parameters['mode']]}, {number(parameters['minutes'])} min au plus",
        ),
    ]
    if rows:
        blocks.append(
            TableBlock(
                "Zones où l’offre ou l’accès manque, l’effort le plus utile d’abord",
                ("Zone", "Pourquoi", "Enfants", "Couverture", "Accès"),
                tuple(rows),
                note="Couverture et accès en places pour 100 enfants de moins de 3 ans.",
                text_columns=2,
            )
        )
    slots = {"access_early": "6 h 30", "access_late": "19 h 30", "access_saturday": "samedi, 10 h"}
    known = {name: label for name, label in slots.items() if name in zones}
    if known:
        people = zones["children"]
        parts = {"en journée": 100 * mean}
        for name, label in known.items():
            parts[label] = float((100 * zones[name] * people).sum() / people.sum())
        blocks.append(
            bars(
                parts,
                "places pour 100 enfants",
                "Places accessibles selon l’heure (places ouvertes connues du registre)",
            )
        )
    far = zones.loc[zones["minutes_to_closest"] > parameters["minutes"], "children"]
    if len(far):
        blocks.append(
            Paragraph(
                f"{number(float(far.sum()), 0)} enfants vivent à plus de {number(parameters['minutes'])} minutes de toute place."
            )
        )
    if "access_margin_effect" in zones:
        effect = float(
            (zones["access_margin_effect"] * zones["children"]).sum() / zones["children"].sum()
        )
        blocks.append(
            Paragraph(
                f"L’offre et les enfants des communes voisines sont comptés : sans eux, l’accès moyen paraîtrait "
                f"{'plus bas' if effect > 0 else 'plus haut'} de {number(abs(100 * effect), 1)} places pour 100 enfants.",
                kind="note",
            )
        )
    return Chapter(
        "3° Les zones où l’offre ou l’accès est insuffisant",
        tuple(set_words(block) for block in blocks),
    )


def _to_create(row: pd.Series, threshold: float) -> str:
    """Write the places that are missing; where the zone's children or places are estimated, with the range that this leaves."""
    missing = figure(math.ceil(row["missing"]))

    def bound(name: str, otherwise: str) -> float:
        found = float(row.get(name, math.nan))
        return found if math.isfinite(found) else float(row[otherwise])

    low, high = (
        math.ceil(max(threshold / 100 * bound(children, "children") - bound(places, "places"), 0.0))
        for children, places in (("children_low", "places_high"), ("children_high", "places_low"))
    )
    if low == high:
        return missing
    return f"{missing} (de {figure(low)} à {figure(high)})"


def _range_words(zones: pd.DataFrame) -> str:
    """Say what the ranges are, where there are any."""
    ranged = [
        name
        for name in ("children_low", "places_low")
        if name in zones and zones[name].notna().any()
    ]
    if not ranged:
        return ""
    what = []
    if "children_low" in ranged:
        of_children = zones.loc[zones["children_low"].notna()].get("children_source", ())
        sources = ", ".join(sorted({str(one) for one in of_children}))
        what.append(
            f"le nombre d’enfants de la zone, qui est estimé{f' ({sources})' if sources else ''}"
        )
    if "places_low" in ranged:
        what.append(
            "ses places, estimées là où la commune n’est pas publiée (part de l’intercommunalité)"
        )
    return f" Entre parenthèses, l’intervalle à 90 % que laisse {' et '.join(what)}."


def objectives_chapter(
    observatory: Observatory, zones: pd.DataFrame, table: ParameterTable
) -> Chapter:
    """Write chapter 4°: places missing, indicators to follow, lines that people fill in."""
    summary = observatory.summary
    threshold = float(table["mam_aid_rate"])
    missing = (threshold / 100 * zones["children"] - zones["places"]).clip(lower=0)
    order = zones.assign(missing=missing).sort_values("missing", ascending=False).head(20)
    rows = tuple(
        (name_of(row), figure(row["places"]), _to_create(row, threshold))
        for _, row in order[order["missing"] > 0].iterrows()
    )
    follow: tuple[tuple[str, str, str], ...] = (
        (
            "Taux de couverture, tous modes",
            number(summary["coverage_rate"], 1),
            "places pour 100 enfants",
        ),
        (
            "Places accessibles (E2SFCA)",
            number(100 * summary["access_mean"], 1),
            "places pour 100 enfants",
        ),
        (
            "Enfants sans aucune place à portée",
            number(summary["children_without_access"], 0),
            "enfants",
        ),
        ("Inégalité d’accès (Gini)", number(summary["gini"], 2), "0 à 1"),
    )
    if "gi_star" in zones:
        tense = float((zones["hotspot"] == "tension").sum())
        follow = (*follow, ("Zones en tension", number(tense, 0), "zones"))
    blocks: list[Block] = []
    if rows:
        blocks.append(
            TableBlock(
                f"Places qui manquent pour atteindre {number(threshold, 0)} places pour 100 enfants dans chaque zone",
                ("Zone", "Places aujourd’hui", "Places à créer"),
                rows,
                note=(
                    f"{number(math.ceil(float(missing.sum())), 0)} places en tout. C’est un repère, pas une cible : des "
                    f"places voisines peuvent suffire (chapitre 3°).{_range_words(zones)}"
                ),
            )
        )
    blocks += [
        TableBlock(
            "Indicateurs de suivi",
            ("Indicateur", "Valeur", "Unité"),
            follow,
            text_columns=1,
        ),
        *(
            Paragraph(text, kind="blank")
            for text in (
                "Objectifs de maintien et de développement de l’offre, par zone et par mode",
                "Emplois et compétences à prévoir ; attractivité des métiers",
                "Familles aux besoins spécifiques : handicap, horaires atypiques, précarité",
                "Qualité d’accueil",
                "Investissements et coûts de fonctionnement, partenaires, calendrier",
            )
        ),
        Paragraph("Signature de l’autorité organisatrice, date", kind="blank"),
    ]
    return Chapter(
        "4° Les objectifs et les indicateurs de suivi", tuple(set_words(block) for block in blocks)
    )
