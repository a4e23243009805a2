"""
The report of the schéma pluriannuel: the four chapters of CASF D.214-10-1, as blocks that HTML and PDF both print.

What only people can decide (costs, calendar, jobs) is left as lines to fill in, and said to be so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd

from maps.choropleth_figures import bar_figure, coverage_figure, draw_figure
from maps.style import CATEGORICAL, PRUNE
from rpe_geo.messages import phrase
from rpe_geo.messages.french import day, number, plural, typeset
from rpe_geo.observatory.indicators import INDICATORS
from rpe_geo.observatory.results import Observatory
from rpe_geo.parameters import ParameterTable, parameter_table
from rpe_geo.privacy.figures import suppress_small_counts
from rpe_geo.publishing.blocks import (
    Block,
    Chapter,
    FigureBlock,
    KeyFigures,
    Paragraph,
    Report,
    TableBlock,
)

__all__ = ["coverage_report"]

_MODES = {
    "places_childminder": "Assistantes et assistants maternels",
    "places_facility": "Établissements d’accueil",
    "places_other": "École à deux ans et garde à domicile",
}
_MODE_COLORS = (CATEGORICAL["childminder"], CATEGORICAL["facility"], CATEGORICAL["school"])
_TRAVEL = {"car": "en voiture", "walk": "à pied", "bike": "à vélo", "transit": "en transports"}
_ROWS = 45
_FEW = "n.p."


def coverage_report(observatory: Observatory, *, on: date) -> Report:
    """
    Write the report of an observatory.

    Parameters
    ----------
    observatory
        What was found.
    on
        The day printed on it.

    Returns
    -------
    Report
        Chapters 1° to 4° of CASF D.214-10-1, then method and sources.
    """
    parameters = observatory.parameters
    table = parameter_table("observatory", on)
    zones = _published(observatory, table)
    words = "communes" if parameters["zones"] == "communes" else "zones"
    return Report(
        title=f"L’accueil du jeune enfant : {parameters['title']}",
        subtitle=(
            "Éléments du schéma pluriannuel de maintien et de développement de l’offre d’accueil "
            "(code de l’action sociale et des familles, article D. 214-10-1)"
        ),
        made_on=f"État au {day(on)}. Places {parameters['year']}, {len(zones)} {words}.",
        chapters=(
            _summary(observatory, zones, table),
            _offer(observatory, zones),
            _needs(observatory, zones, table),
            _gaps(observatory, zones, table),
            _objectives(observatory, zones, table),
            _method(observatory, table),
        ),
    )


def _published(observatory: Observatory, table: ParameterTable) -> pd.DataFrame:
    """Blank what would tell of fewer professionals than may be published."""
    zones = pd.DataFrame(observatory.zones.drop(columns="geometry"))
    if "professionals" not in zones:
        return zones
    fewest = int(table["fewest_professionals"])
    counts = zones["professionals"].where(zones["professionals"].notna(), 1.0)
    shown = suppress_small_counts(
        counts, at_least=fewest, totals=[pd.Series("ensemble", index=zones.index)]
    )
    hidden = shown.isna()
    columns = ["places_childminder", "coverage_childminder", "vacancy_rate", "freshness"]
    return zones.assign(
        professionals=shown, **{name: zones[name].mask(hidden) for name in columns if name in zones}
    )


def _figure(value: float, decimals: int = 0) -> str:
    return _FEW if not math.isfinite(value) else number(float(value), decimals)


def _map(observatory: Observatory, indicator: str, caption: str) -> FigureBlock:
    about = INDICATORS[indicator]
    values = (observatory.zones[indicator] * about.factor).replace([np.inf], np.nan).dropna()
    names = observatory.zones["nom"]
    alternative = f"{about.label} par zone."
    if len(values):
        low, high = values.idxmin(), values.idxmax()
        alternative = (
            f"{about.label} ({about.unit}) par zone, de {number(float(values[low]), about.decimals)} ({names[low]}) "
            f"à {number(float(values[high]), about.decimals)} ({names[high]}) ; les chiffres sont dans les tableaux."
        )
    return FigureBlock(
        draw_figure(coverage_figure(observatory, indicator), "svg"),
        typeset(caption),
        typeset(alternative),
    )


def _bars(
    parts: Mapping[str, float], unit: str, caption: str, colors: Sequence[str] | None = None
) -> FigureBlock:
    words = " ; ".join(
        f"{label} : {number(value, 1 if abs(value) < 100 else 0)}" for label, value in parts.items()
    )
    drawn = draw_figure(bar_figure(parts, unit=unit, colors=colors or PRUNE), "svg")
    return FigureBlock(drawn, typeset(caption), typeset(words))


# ---- the chapters ----------------------------------------------------------------------------------------------


def _summary(observatory: Observatory, zones: pd.DataFrame, table: ParameterTable) -> Chapter:
    summary, parameters = observatory.summary, observatory.parameters
    tense = zones[zones["hotspot"] == "tension"]
    threshold = float(table["mam_aid_rate"])
    low = zones[(zones["coverage_rate"] < threshold) & zones["coverage_rate"].notna()]
    share = (
        100 * float(low["children"].sum()) / float(summary["children"])
        if summary["children"]
        else 0.0
    )
    blocks: list[Block] = [
        KeyFigures(
            (
                (number(summary["children"], 0), "enfants", "de moins de 3 ans"),
                (number(summary["places"], 0), "places", "tous modes d’accueil"),
                (number(summary["coverage_rate"], 1), "pour 100 enfants", "taux de couverture"),
                (
                    number(100 * summary["access_mean"], 1),
                    "pour 100 enfants",
                    f"accessibles à {number(parameters['minutes'])} min",
                ),
            )
        ),
        Paragraph(
            f"{number(share, 0)} % des enfants vivent là où le taux de couverture est inférieur à "
            f"{number(threshold, 0)} places pour 100 enfants "
            f"({plural(len(low), 'zone')} sur {len(zones)})."
        ),
        Paragraph(
            f"{plural(len(tense), 'zone')} en tension : l’accès y est bas, et chez les zones voisines aussi, plus que "
            f"le hasard ne le ferait. {number(float(tense['children'].sum()), 0)} enfants y vivent."
        ),
        Paragraph(
            f"L’inégalité d’accès entre enfants est de {number(summary['gini'], 2)} (indice de Gini, de 0 à 1) ; les 10 % "
            f"d’enfants les mieux desservis ont {number(summary['palma'], 1)} fois l’accès des 40 % qui le sont le moins "
            "(rapport de Palma)."
        ),
    ]
    return Chapter("En bref", tuple(_typeset(block) for block in blocks))


def _offer(observatory: Observatory, zones: pd.DataFrame) -> Chapter:
    summary, year = observatory.summary, observatory.parameters["year"]
    total = summary["places"] or float("nan")
    rows = [
        (
            label,
            number(summary[mode], 0),
            f"{number(100 * summary[mode] / total, 0)} %",
            number(100 * summary[mode] / summary["children"], 1) if summary["children"] else "–",
        )
        for mode, label in _MODES.items()
    ]
    rows.append(("Ensemble", number(total, 0), "100 %", number(summary["coverage_rate"], 1)))
    blocks: list[Block] = [
        TableBlock(
            f"Places par mode d’accueil, {year}",
            ("Mode d’accueil", "Places", "Part", "Pour 100 enfants"),
            tuple(rows),
        ),
        _bars(
            {label: float(summary[mode]) for mode, label in _MODES.items()},
            "places",
            f"Places par mode d’accueil, {year}",
            _MODE_COLORS,
        ),
        _map(
            observatory,
            "coverage_rate",
            f"Taux de couverture : places pour 100 enfants de moins de 3 ans, {year}",
        ),
    ]
    supply = observatory.supply
    if len(supply):
        listed = supply.sort_values(["places", "kind", "name"], ascending=[False, True, True])
        blocks.append(
            TableBlock(
                "Établissements et services du territoire",
                ("Nom", "Type", "Places"),
                tuple(
                    (
                        str(name or kind),
                        str(kind),
                        "–"
                        if not math.isfinite(places)
                        else number(places, 0) + (" (estimé)" if estimated else ""),
                    )
                    for name, kind, places, estimated in zip(
                        listed["name"],
                        listed["kind"],
                        listed["places"],
                        listed["estimated"],
                        strict=True,
                    )
                ),
                note="« estimé » : les places de la commune, réparties selon le type d’établissement.",
                text_columns=2,
            )
        )
    chosen = zones.sort_values("children", ascending=False)
    blocks.append(
        TableBlock(
            "L’offre par zone, les plus peuplées d’abord",
            ("Zone", "Individuel", "Établissements", "Autres", "Total", "Pour 100 enfants"),
            tuple(
                (
                    _name(row),
                    *(_figure(row[mode]) for mode in _MODES),
                    _figure(row["places"]),
                    _figure(row["coverage_rate"], 1),
                )
                for _, row in chosen.head(_ROWS).iterrows()
            ),
            note=_table_note(len(zones), zones),
        )
    )
    return Chapter(
        "1° L’offre : équipements et modes d’accueil", tuple(_typeset(block) for block in blocks)
    )


def _needs(observatory: Observatory, zones: pd.DataFrame, table: ParameterTable) -> Chapter:
    years = observatory.parameters["children_years"]
    rates = table["use_rate_by_age"]
    mean = sum(float(rate) for rate in rates.values()) / len(rates)
    described = table.describe("use_rate_by_age")
    need = zones["children"] * mean
    chosen = zones.assign(need=need).sort_values("children", ascending=False)
    blocks: list[Block] = [
        Paragraph(
            f"{number(observatory.summary['children'], 0)} enfants de moins de 3 ans vivent sur le territoire "
            f"(naissances domiciliées de {years[0]} à {years[-1]}). Tous n’ont pas besoin d’un accueil : selon l’âge, "
            f"{number(100 * float(rates['0']), 0)} % à {number(100 * float(rates['2']), 0)} % environ, soit "
            f"{number(float(need.sum()), 0)} enfants."
        ),
        Paragraph(
            f"Les parts par âge sont des ordres de grandeur ({described.source}) : remplacez-les par celles de votre analyse "
            "des besoins.",
            kind="note",
        ),
        _map(observatory, "children", "Enfants de moins de 3 ans par zone"),
        TableBlock(
            "Enfants et besoin d’accueil par zone",
            ("Zone", "Enfants", "Besoin estimé", "Places", "Besoin par place"),
            tuple(
                (
                    _name(row),
                    _figure(row["children"]),
                    _figure(row["need"]),
                    _figure(row["places"]),
                    _figure(row["need"] / row["places"], 2) if row["places"] else "aucune place",
                )
                for _, row in chosen.head(_ROWS).iterrows()
            ),
            note=_table_note(len(zones), zones),
        ),
        Paragraph(
            "Demandes reçues par le relais, familles aux besoins spécifiques, horaires demandés : à compléter avec les "
            "statistiques d’activité du relais.",
            kind="blank",
        ),
    ]
    return Chapter("2° Les besoins des familles", tuple(_typeset(block) for block in blocks))


def _gaps(observatory: Observatory, zones: pd.DataFrame, table: ParameterTable) -> Chapter:
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
    for code, row in listed.head(_ROWS).iterrows():
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
                _name(row),
                ", ".join(reasons),
                _figure(row["children"]),
                _figure(row["coverage_rate"], 1),
                _figure(100 * row["access_e2sfca"], 1),
            )
        )
    blocks: list[Block] = [
        Paragraph(
            f"Une zone est retenue si elle est en tension, ou si son taux de couverture est inférieur à "
            f"{number(threshold, 0)} et son accès inférieur aux trois quarts de la moyenne du territoire "
            f"({number(75 * mean, 1)} places pour 100 enfants). {plural(len(listed), 'zone')} "
            f"sur {len(zones)}, où vivent {number(float(listed['children'].sum()), 0)} enfants."
        ),
        _map(
            observatory,
            "access_e2sfca",
            f"Places accessibles pour 100 enfants, {_TRAVEL[parameters['mode']]}, {number(parameters['minutes'])} min au plus",
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
            _bars(
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
        tuple(_typeset(block) for block in blocks),
    )


def _objectives(observatory: Observatory, zones: pd.DataFrame, table: ParameterTable) -> Chapter:
    summary = observatory.summary
    threshold = float(table["mam_aid_rate"])
    missing = (threshold / 100 * zones["children"] - zones["places"]).clip(lower=0)
    order = zones.assign(missing=missing).sort_values("missing", ascending=False).head(20)
    rows = tuple(
        (_name(row), _figure(row["places"]), _figure(math.ceil(row["missing"])))
        for _, row in order[order["missing"] > 0].iterrows()
    )
    follow = (
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
        ("Zones en tension", number(float((zones["hotspot"] == "tension").sum()), 0), "zones"),
    )
    blocks: list[Block] = []
    if rows:
        blocks.append(
            TableBlock(
                f"Places qui manquent pour atteindre {number(threshold, 0)} places pour 100 enfants dans chaque zone",
                ("Zone", "Places aujourd’hui", "Places à créer"),
                rows,
                note=(
                    f"{number(math.ceil(float(missing.sum())), 0)} places en tout. C’est un repère, pas une cible : des "
                    "places voisines peuvent suffire (chapitre 3°)."
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
        "4° Les objectifs et les indicateurs de suivi", tuple(_typeset(block) for block in blocks)
    )


def _method(observatory: Observatory, table: ParameterTable) -> Chapter:
    parameters = observatory.parameters
    blocks: list[Block] = [
        Paragraph(
            "Taux de couverture (CNAF) : places de tous les modes pour 100 enfants de moins de 3 ans. Une place n’est pas "
            "une demande : tous les parents n’en cherchent pas."
        ),
        Paragraph(
            "Places accessibles (E2SFCA, Luo et Qi 2009, paliers de la DREES) : chaque place est partagée entre les "
            "enfants qui peuvent l’atteindre, les plus proches comptant davantage ; la somme des places est conservée. "
            f"Pondération : {parameters['decay']}. Trajets : {parameters['travel_times']}."
        ),
        Paragraph(
            "Zones en tension : statistique Gi* (Getis et Ord) sur l’accès, avec au plus "
            f"{number(100 * float(table['false_discovery_rate']), 0)} % de fausses découvertes (Benjamini et Hochberg)."
        ),
        Paragraph(
            f"« {_FEW} » : non publié, ou effectif de moins de {table['fewest_professionals']} professionnels (et ceux qui "
            "permettraient de le retrouver). Incertain : moins de "
            f"{table['uncertain_children']} enfants, plus de {table['uncertain_rate']} places pour 100 enfants, sommes "
            "éloignées du total publié, ou disponibilités anciennes."
        ),
    ]
    blocks += [
        Paragraph(phrase(note.code, **note.values), kind="note") for note in observatory.notes
    ]
    shown = [
        check
        for check in observatory.checks
        if check.level in {"france", "commune"}
        or (check.what != "places_calibrated" and abs(check.difference_percent or 0) > 2)
    ]
    if shown:
        blocks.append(
            TableBlock(
                "Nos chiffres et les chiffres publiés",
                ("Chiffre", "Où", "Les nôtres", "Publié", "Écart"),
                tuple(
                    (
                        {
                            "places": "Places",
                            "coverage_rate": "Taux de couverture",
                            "children": "Enfants",
                        }.get(check.what, _MODES.get(check.what, check.what)),
                        check.code,
                        "ND"
                        if check.ours is None
                        else number(check.ours, 1 if "100" in check.unit else 0),
                        "ND"
                        if check.published is None
                        else number(check.published, 1 if "100" in check.unit else 0),
                        "–"
                        if check.difference_percent is None
                        else f"{number(check.difference_percent, 1)} %",
                    )
                    for check in shown[:60]
                ),
                note="Tous les écarts, avec leur raison, sont dans checks.json.",
                text_columns=2,
            )
        )
    blocks.append(
        TableBlock(
            "Sources",
            ("Données", "Producteur", "Année", "Licence"),
            tuple(
                (source.title, source.producer, source.date, source.licence)
                for source in observatory.sources
            ),
            text_columns=4,
        )
    )
    return Chapter("Méthode et sources", tuple(_typeset(block) for block in blocks))


def _name(row: pd.Series) -> str:
    return str(row["nom"])


def _table_note(count: int, zones: pd.DataFrame) -> str:
    words = []
    if count > _ROWS:
        words.append(f"{_ROWS} premières lignes sur {count} ; toutes sont dans indicators.csv.")
    if "professionals" in zones and zones["professionals"].isna().any():
        words.append(f"« {_FEW} » : effectif trop petit pour être publié.")
    return " ".join(words)


def _typeset(block: Block) -> Block:
    """Set French no-break spaces in what is read."""
    match block:
        case Paragraph(text, kind):
            return Paragraph(typeset(text), kind)
        case TableBlock(caption, header, rows, note, text_columns):
            cells = tuple(tuple(typeset(cell) for cell in row) for row in rows)
            return TableBlock(typeset(caption), header, cells, typeset(note), text_columns)
        case _:
            return block
