"""
The report of the schéma pluriannuel: the four chapters of CASF D.214-10-1, as blocks that HTML and PDF both print.

What only people can decide (costs, calendar, jobs) is left as lines to fill in, and said to be so.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd

from maps.coverage import decay_words
from rpe_geo.messages import phrase
from rpe_geo.messages.french import children_words, day, number, plural
from rpe_geo.observatory.indicators import INDICATORS
from rpe_geo.observatory.results import Observatory
from rpe_geo.observatory.zones import zone_of
from rpe_geo.parameters import ParameterTable, parameter_table
from rpe_geo.privacy.zones import published_zones
from rpe_geo.publishing.blocks import Block, Chapter, KeyFigures, Paragraph, Report, TableBlock
from rpe_geo.publishing.projection_report import projection_chapter
from rpe_geo.publishing.report_gaps import gaps_chapter, objectives_chapter
from rpe_geo.publishing.report_parts import (
    FEW,
    MODE_COLORS,
    MODES,
    ROWS,
    bars,
    figure,
    map_of,
    name_of,
    set_words,
    table_note,
)

__all__ = ["coverage_report"]

_WORDS = {"communes": "communes", "departement": "départements", "epci": "intercommunalités"}


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
    few = int(table["fewest_professionals"])
    everything = pd.DataFrame(observatory.zones.drop(columns="geometry"))
    observatory = replace(observatory, zones=published_zones(observatory.zones, at_least=few))
    zones = pd.DataFrame(observatory.zones.drop(columns="geometry"))
    words = _WORDS.get(str(parameters["zones"]), "zones")
    return Report(
        title=f"L’accueil du jeune enfant : {parameters['title']}",
        subtitle=(
            "Éléments du schéma pluriannuel de maintien et de développement de l’offre d’accueil "
            "(code de l’action sociale et des familles, article D. 214-10-1)"
        ),
        made_on=f"État au {day(on)}. Places {parameters['year']}, {number(len(zones))} {words}.",
        chapters=(
            # Sums over many zones tell of no one: they are those of all the figures.
            _summary(observatory, everything, table),
            _offer(observatory, zones),
            _needs(observatory, zones, table),
            gaps_chapter(observatory, zones, table),
            objectives_chapter(observatory, zones, table),
            *_projection(observatory),
            _method(observatory, table),
        ),
    )


def _projection(observatory: Observatory) -> tuple[Chapter, ...]:
    """Write what comes, where a projection is kept with the observatory."""
    document = observatory.parameters.get("projection")
    return () if document is None else (projection_chapter(observatory, document),)


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
            f"({plural(len(low), 'zone')} sur {number(len(zones))})."
        ),
        *_in_tension(tense, zones),
        Paragraph(
            f"L’inégalité d’accès entre enfants est de {number(summary['gini'], 2)} (indice de Gini, de 0 à 1) ; les 10 % "
            f"d’enfants les mieux desservis ont {number(summary['palma'], 1)} fois l’accès des 40 % qui le sont le moins "
            "(rapport de Palma)."
        ),
    ]
    return Chapter("En bref", tuple(set_words(block) for block in blocks))


def _in_tension(tense: pd.DataFrame, zones: pd.DataFrame) -> list[Block]:
    """Tell of the zones in tension; between départements there are none to look for."""
    if "gi_star" not in zones:
        return []
    return [
        Paragraph(
            f"{plural(len(tense), 'zone')} en tension : l’accès y est bas, et chez les zones voisines aussi, plus que "
            f"le hasard ne le ferait. {number(float(tense['children'].sum()), 0)} enfants y vivent."
        )
    ]


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
        for mode, label in MODES.items()
    ]
    rows.append(("Ensemble", number(total, 0), "100 %", number(summary["coverage_rate"], 1)))
    blocks: list[Block] = [
        TableBlock(
            f"Places par mode d’accueil, {year}",
            ("Mode d’accueil", "Places", "Part", "Pour 100 enfants"),
            tuple(rows),
        ),
        bars(
            {label: float(summary[mode]) for mode, label in MODES.items()},
            "places",
            f"Places par mode d’accueil, {year}",
            MODE_COLORS,
        ),
        map_of(
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
                note="« – » : nombre de places non publié. Le calcul lui donne une part des places de la commune, selon son type.",
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
                    name_of(row),
                    *(figure(row[mode]) for mode in MODES),
                    figure(row["places"]),
                    figure(row["coverage_rate"], 1),
                )
                for _, row in chosen.head(ROWS).iterrows()
            ),
            note=table_note(len(zones), zones),
        )
    )
    blocks += _kinds(zones)
    return Chapter(
        "1° L’offre : équipements et modes d’accueil", tuple(set_words(block) for block in blocks)
    )


def _needs(observatory: Observatory, zones: pd.DataFrame, table: ParameterTable) -> Chapter:
    rates = table["use_rate_by_age"]
    described = table.describe("use_rate_by_age")
    need = zones["need"]
    chosen = zones.sort_values("children", ascending=False)
    crowded = zones[(zones["tension"] > 1) & np.isfinite(zones["tension"])]
    barren = zones[zones["tension"] == np.inf]
    blocks: list[Block] = [
        Paragraph(
            f"{number(observatory.summary['children'], 0)} enfants de moins de 3 ans vivent sur le territoire "
            f"({children_words(observatory.parameters)}). Tous n’ont pas besoin d’un accueil : selon l’âge, "
            f"{number(100 * float(rates['0']), 0)} % à {number(100 * float(rates['2']), 0)} % environ, soit "
            f"{number(float(need.sum()), 0)} enfants."
        ),
        Paragraph(
            f"Les parts par âge sont des ordres de grandeur ({described.source}) : remplacez-les par celles de votre analyse "
            "des besoins.",
            kind="note",
        ),
        map_of(observatory, "children", "Enfants de moins de 3 ans par zone"),
        Paragraph(
            f"La tension rapporte ce besoin aux places que les familles peuvent espérer, offre des voisins comprise : elle "
            f"dépasse 1 dans {plural(len(crowded), 'zone')}, où vivent {number(float(crowded['children'].sum()), 0)} "
            f"enfants ; {plural(len(barren), 'zone')} sans aucune place à portée."
        ),
        TableBlock(
            "Enfants et besoin d’accueil par zone",
            ("Zone", "Enfants", "Besoin estimé", "Places", "Tension"),
            tuple(
                (
                    name_of(row),
                    figure(row["children"]),
                    figure(row["need"]),
                    figure(row["places"]),
                    "aucune place" if row["tension"] == np.inf else figure(row["tension"], 2),
                )
                for _, row in chosen.head(ROWS).iterrows()
            ),
            note=table_note(len(zones), zones),
        ),
        *_requests(observatory),
        Paragraph(
            "Demandes reçues par le relais, familles aux besoins spécifiques, horaires demandés : à compléter avec les "
            "statistiques d’activité du relais.",
            kind="blank",
        ),
    ]
    return Chapter("2° Les besoins des familles", tuple(set_words(block) for block in blocks))


def _requests(observatory: Observatory) -> list[Block]:
    """Tell where open requests gather; a circle and a count, never a home."""
    areas = observatory.parameters.get("request_areas")
    if areas is None:
        return []
    count = observatory.parameters["open_requests"]
    words = f"{plural(count, 'demande')} sans solution sur le territoire ; {plural(len(areas), 'lieu', 'lieux')} où elles se rassemblent (HDBSCAN)."
    blocks: list[Block] = [Paragraph(words)]
    if areas:
        points = gpd.GeoSeries(
            gpd.points_from_xy(
                [area["longitude"] for area in areas], [area["latitude"] for area in areas]
            ),
            crs=4326,
        )
        zone = zone_of(points, observatory.zones.geometry)
        names = observatory.zones["nom"]
        rows = tuple(
            (
                "autour de " + str(names[code]) if code is not None else "au bord du territoire",
                number(area["requests"], 0),
                f"{number(area['radius_m'], 0)} m",
            )
            for area, code in zip(areas, zone, strict=True)
        )
        blocks.append(
            TableBlock(
                "Où les demandes sans solution se rassemblent",
                ("Lieu", "Demandes", "Rayon"),
                rows,
                note="Centre et rayon arrondis à 500 m : aucun domicile ne peut y être lu.",
            )
        )
        blocks.append(
            map_of(
                observatory, "open_requests", "Demandes sans solution, et où elles se rassemblent"
            )
        )
    return blocks


def _kinds(zones: pd.DataFrame) -> list[Block]:
    """Describe the kinds of communes by their medians."""
    if "kind" not in zones:
        return []
    shown = ("coverage_childminder", "coverage_facility", "coverage_rate", "access_e2sfca")
    rows = []
    for kind, members in zones[zones["kind"].notna()].groupby("kind"):
        medians = [float(members[name].median()) * INDICATORS[name].factor for name in shown]
        rows.append(
            (
                f"Type {int(float(str(kind)))}",
                number(len(members), 0),
                number(float(members["children"].sum()), 0),
                *(figure(median, 1) for median in medians),
            )
        )
    return [
        TableBlock(
            "Cinq types de communes, de la moins à la plus couverte",
            ("Type", "Communes", "Enfants", "Individuel", "Établissements", "Total", "Accès"),
            tuple(rows),
            note=(
                "Communes qui se ressemblent (k-moyennes sur les rangs) ; médianes, en places pour 100 enfants. "
                "Le type de chaque commune est dans indicators.csv."
            ),
        )
    ]


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
            f"Poids des trajets : {decay_words(str(parameters['decay']))}. Trajets : {parameters['travel_times']}."
        ),
        Paragraph(
            "Zones en tension : statistique Gi* (Getis et Ord) sur l’accès, avec au plus "
            f"{number(100 * float(table['false_discovery_rate']), 0)} % de fausses découvertes (Benjamini et Hochberg)."
        ),
        Paragraph(
            f"« {FEW} » : non publié, ou effectif de moins de {table['fewest_professionals']} professionnels (et ceux qui "
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
                        }.get(check.what, MODES.get(check.what, check.what)),
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
    return Chapter("Méthode et sources", tuple(set_words(block) for block in blocks))
