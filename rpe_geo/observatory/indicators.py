"""The indicators: what each column is called in French, its unit, and how a map draws it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["INDICATORS", "Indicator"]

Scale = Literal["sequential", "reversed", "diverging", "count"]


@dataclass(frozen=True)
class Indicator:
    """
    One column of the results.

    Parameters
    ----------
    name
        The column.
    label
        What it is, in French, as a title.
    unit
        Its unit, in French, after the number; empty for a bare number.
    scale
        sequential: more is more care; reversed: more is worse (minutes); diverging: about zero; count: amounts, drawn
        in the same colours and never compared between zones of different size.
    factor
        What the column is multiplied by to be shown in `unit`.
    decimals
        Decimals shown.
    meaning
        One sentence for the table and the report.
    """

    name: str
    label: str
    unit: str
    scale: Scale
    factor: float = 1.0
    decimals: int = 1
    meaning: str = ""


_PER_100 = "places pour 100 enfants"

INDICATORS: dict[str, Indicator] = {
    indicator.name: indicator
    for indicator in (
        Indicator("children", "Enfants de moins de 3 ans", "enfants", "count", decimals=0,
                  meaning="Naissances domiciliées des trois dernières années."),
        Indicator("children_age_0", "Enfants de moins de 1 an", "enfants", "count", decimals=0,
                  meaning="Naissances domiciliées de l’année."),
        Indicator("children_age_1", "Enfants de 1 an", "enfants", "count", decimals=0,
                  meaning="Naissances domiciliées de l’année d’avant."),
        Indicator("children_age_2", "Enfants de 2 ans", "enfants", "count", decimals=0,
                  meaning="Naissances domiciliées de deux ans avant."),
        Indicator("places_childminder", "Places chez les assistantes et assistants maternels", "places", "count",
                  decimals=0, meaning="Places occupées ou offertes par des professionnels en activité (CNAF)."),
        Indicator("places_facility", "Places en établissement", "places", "count", decimals=0,
                  meaning="Places des établissements d’accueil du jeune enfant."),
        Indicator("places_other", "Autres places", "places", "count", decimals=0,
                  meaning="École à deux ans et garde à domicile."),
        Indicator("places", "Places, tous modes", "places", "count", decimals=0, meaning="Somme des trois modes."),
        Indicator("coverage_rate", "Taux de couverture", _PER_100, "sequential",
                  meaning="Places de la zone pour 100 enfants de moins de 3 ans qui y vivent (définition CNAF)."),
        Indicator("coverage_rate_calibrated", "Taux de couverture calé", _PER_100, "sequential",
                  meaning="Le même, les places étant ramenées au total publié au-dessus."),
        Indicator("coverage_childminder", "Couverture par l’accueil individuel", _PER_100, "sequential",
                  meaning="Places chez les assistantes et assistants maternels pour 100 enfants."),
        Indicator("coverage_facility", "Couverture par les établissements", _PER_100, "sequential",
                  meaning="Places en établissement pour 100 enfants."),
        Indicator("children_projected", "Enfants de moins de 3 ans projetés", "enfants", "count", decimals=0,
                  meaning="Enfants attendus la dernière année de la projection."),
        Indicator("places_missing", "Places manquantes projetées", "places", "count", decimals=0,
                  meaning="Places qui manqueraient la dernière année de la projection pour tenir le taux visé."),
        Indicator("access_e2sfca", "Places accessibles", _PER_100, "sequential", 100.0,
                  meaning="Places atteignables, partagées avec les enfants qui les atteignent aussi, les plus proches "
                          "comptant davantage (E2SFCA)."),
        Indicator("access_2sfca", "Places accessibles, sans pondération", _PER_100, "sequential", 100.0,
                  meaning="Le même partage, toutes les places à portée comptant autant (2SFCA)."),
        Indicator("access_3sfca", "Places accessibles, choix pondéré", _PER_100, "sequential", 100.0,
                  meaning="Le même partage, chaque famille se répartissant entre les lieux à portée (3SFCA)."),
        Indicator("places_within_reach", "Places à portée", "places", "count", decimals=0,
                  meaning="Toutes les places que l’on atteint dans le temps maximal, sans partage."),
        Indicator("minutes_to_closest", "Temps jusqu’à la place la plus proche", "min", "reversed",
                  meaning="Minutes jusqu’au lieu le plus proche qui a au moins une place."),
        Indicator("choices", "Lieux au choix", "lieux", "sequential", decimals=0,
                  meaning="Nombre de lieux différents qui ont une place libre, dans le temps maximal."),
        Indicator("access_early", "Places accessibles à 6 h 30", _PER_100, "sequential", 100.0,
                  meaning="Places ouvertes un jour de semaine à 6 h 30, accessibles (E2SFCA)."),
        Indicator("access_late", "Places accessibles à 19 h 30", _PER_100, "sequential", 100.0,
                  meaning="Places ouvertes un jour de semaine à 19 h 30, accessibles (E2SFCA)."),
        Indicator("access_saturday", "Places accessibles le samedi", _PER_100, "sequential", 100.0,
                  meaning="Places ouvertes le samedi à 10 h, accessibles (E2SFCA)."),
        Indicator("minutes_early", "Temps jusqu’à un lieu ouvert à 6 h 30", "min", "reversed",
                  meaning="Minutes jusqu’au lieu le plus proche ouvert un jour de semaine à 6 h 30."),
        Indicator("minutes_late", "Temps jusqu’à un lieu ouvert à 19 h 30", "min", "reversed",
                  meaning="Minutes jusqu’au lieu le plus proche ouvert un jour de semaine à 19 h 30."),
        Indicator("minutes_saturday", "Temps jusqu’à un lieu ouvert le samedi", "min", "reversed",
                  meaning="Minutes jusqu’au lieu le plus proche ouvert le samedi à 10 h."),
        Indicator("choices_early", "Lieux au choix à 6 h 30", "lieux", "sequential", decimals=0,
                  meaning="Lieux qui ont une place libre, ouverts à 6 h 30, dans le temps maximal."),
        Indicator("choices_late", "Lieux au choix à 19 h 30", "lieux", "sequential", decimals=0,
                  meaning="Lieux qui ont une place libre, ouverts à 19 h 30, dans le temps maximal."),
        Indicator("choices_saturday", "Lieux au choix le samedi", "lieux", "sequential", decimals=0,
                  meaning="Lieux qui ont une place libre, ouverts le samedi à 10 h, dans le temps maximal."),
        Indicator("access_medicines", "Places accessibles, soins courants", _PER_100, "sequential", 100.0,
                  meaning="Places chez qui donne les médicaments ou connaît les gestes de l’épilepsie, accessibles (E2SFCA)."),
        Indicator("access_trained", "Places accessibles, formation au handicap", _PER_100, "sequential", 100.0,
                  meaning="Places chez qui est formé à l’autisme, au handicap moteur ou sensoriel, accessibles (E2SFCA)."),
        Indicator("access_sign_language", "Places accessibles en langue des signes", _PER_100, "sequential", 100.0,
                  meaning="Places chez qui signe, accessibles (E2SFCA)."),
        Indicator("access_step_free", "Places accessibles de plain-pied", _PER_100, "sequential", 100.0,
                  meaning="Places dont l’accès est déclaré sans marche, accessibles (E2SFCA)."),
        Indicator("access_margin_effect", "Effet de la marge", _PER_100, "diverging", 100.0,
                  meaning="Places accessibles gagnées ou perdues en comptant ce qui est au-delà de la limite."),
        Indicator("need", "Besoin d’accueil", "enfants", "count", decimals=0,
                  meaning="Enfants qui ont besoin d’un accueil formel, selon leur âge. Ordre de grandeur : les parts par "
                          "âge sont à confirmer."),
        Indicator("tension", "Tension", "enfants par place accessible", "reversed", decimals=2,
                  meaning="Besoin d’accueil rapporté aux places accessibles : au-dessus de 1, les familles se "
                          "disputent les places. Ordre de grandeur : les parts par âge sont à confirmer."),
        Indicator("open_requests", "Demandes sans solution", "demandes", "count", decimals=0,
                  meaning="Demandes qui attendent une réponse ; les petits effectifs ne sont pas dits."),
        Indicator("vacancy_rate", "Places libres", "%", "sequential",
                  meaning="Part des heures offertes qui sont libres."),
        Indicator("freshness", "Disponibilités fraîches", "%", "sequential", 100.0, 0,
                  meaning="Part des disponibilités confirmées depuis moins de six mois."),
        Indicator("gi_star", "Concentration (Gi*)", "écarts types", "diverging", decimals=2,
                  meaning="Accès de la zone et de ses voisines comparé à l’ensemble (Getis et Ord)."),
    )
}  # fmt: skip
"""Name of the column → what it is."""
