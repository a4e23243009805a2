"""The fields of records, in the words of those who fill them."""

from __future__ import annotations

from typing import Any

from rpe_geo.messages.french import day, number, plural
from rpe_geo.messages.rules import NEEDS, french_hours

__all__ = ["CHOICES", "FIELD_NAMES", "MESSAGES", "said"]

MESSAGES = {
    "import_hand_kept": (
        "« {name} » : gardé « {ours} », écrit à la main{when} ; le fichier dit « {sent} »."
    ),
    "import_hand_replaced": (
        "« {name} » : « {ours} », écrit à la main{when}, est remplacé par « {sent} », comme demandé."
    ),
    "import_still_ceased": "fiche fermée depuis le {on} : mise à jour, mais toujours fermée.",
}

FIELD_NAMES = {
    "childminder_id": "Numéro de fiche",
    "mam_id": "MAM",
    "facility_id": "Numéro de fiche",
    "request_id": "Numéro de demande",
    "kind": "Nature du lieu",
    "name": "Nom",
    "address": "Adresse",
    "longitude": "Longitude",
    "latitude": "Latitude",
    "agrement.places": "Places de l’agrément",
    "agrement.places_offered": "Places offertes",
    "agrement.status": "État de l’agrément",
    "agrement.valid_from": "Agrément valable du",
    "agrement.valid_until": "Agrément valable jusqu’au",
    "agrement.suspended_until": "Suspendu jusqu’au",
    "agrement.exceptional_excess": "Dépassement exceptionnel mentionné sur l’attestation",
    "agrement.own_under_3_takes_place": "Son propre enfant de moins de 3 ans occupe une place",
    "agrement.legacy_ages": "Places réservées à un âge (agrément d’avant 2022)",
    "own_children": "Ses propres enfants",
    "working_hours": "Horaires de travail",
    "accepts_variable_hours": "Accepte des horaires variables",
    "annual_hours_consent": "Accord écrit pour compter les heures sur l’année",
    "contracts": "Contrats en cours et à venir",
    "availabilities": "Disponibilités déclarées",
    "min_notice_days": "Prévenance demandée, en jours",
    "capabilities": "Ce qu’il est possible d’y accueillir",
    "attributes.smoker": "Fumeur ou fumeuse",
    "attributes.pets": "Animaux",
    "attributes.garden": "Jardin",
    "attributes.car": "Voiture",
    "attributes.languages": "Langues parlées",
    "attributes.schools_served": "Écoles desservies",
    "hourly_rate": "Tarif horaire net, en euros",
    "maintenance_per_day": "Indemnité d’entretien par jour, en euros",
    "meals_per_day": "Repas par jour, en euros",
    "availability_confirmed_on": "Disponibilité confirmée le",
    "contact.phone": "Téléphone",
    "contact.email": "E-mail",
    "publication.consent": "Figure sur la carte des familles, avec son accord écrit",
    "publication.address": "Ce que la carte montre de son adresse",
    "publication.phone": "Montrer le téléphone aux familles",
    "publication.email": "Montrer l’e-mail aux familles",
    "members_present_max": "Professionnels présents en même temps, au plus",
    "children_max": "Enfants accueillis en même temps, au plus",
    "places": "Places",
    "opening_hours": "Heures d’ouverture",
    "age_min_months": "Âge minimum, en mois",
    "age_max_months": "Âge maximum, en mois",
    "funding": "Financement",
    "contracts.contract_id": "Numéro",
    "contracts.start": "Début",
    "contracts.presence": "Présence",
    "contracts.child_birth_date": "Naissance de l’enfant",
    "contracts.end": "Fin",
    "contracts.weeks_per_year": "Semaines par an",
    "own_children.birth_date": "Naissance",
    "own_children.presence": "Présence",
    "availabilities.hours": "Heures",
    "availabilities.places": "Places",
    "availabilities.start": "À partir du",
    "availabilities.until": "Jusqu’au",
    "agrement.legacy_ages.places": "Places",
    "agrement.legacy_ages.min_months": "À partir de (mois)",
    "agrement.legacy_ages.max_months": "Avant (mois)",
    "agrement.legacy_ages.presence": "Heures",
    "sections": "Sections par âge (pour la commission)",
    "sections.places": "Places",
    "sections.min_months": "À partir de (mois)",
    "sections.max_months": "Avant (mois)",
    "sections.presence": "Heures",
    "wishes": "Vœux, du plus cher au moins cher",
    "criteria": "Critères du barème",
    "requested_on": "Demandé le",
    "holds": "Place déjà tenue",
    "accepts_two_providers": "Accepte deux accueils",
    "children": "Enfants",
    "start": "Début",
    "end": "Fin",
    "start_tolerance_days": "Souplesse sur le début, en jours",
    "schedule": "Horaires",
    "work_address": "Adresse du travail",
    "work_longitude": "Longitude du travail",
    "work_latitude": "Latitude du travail",
    "mode": "Déplacement",
    "max_minutes": "Minutes de trajet, au plus",
    "min_hours_share": "Part des heures à couvrir",
    "preferences": "Souhaits",
    "household.monthly_income": "Revenus mensuels",
    "household.children_at_charge": "Enfants à charge",
    "household.lone_parent": "Parent isolé",
    "household.aeeh_children": "Enfants avec AEEH",
    "household.alternating_residence": "Résidence alternée",
    "own_children.school_holidays_presence": "Là pendant les vacances scolaires",
    "leave": "Congés",
    "leave.start": "Du",
    "leave.to": "Au",
    "roster": "Planning par dates",
    "roster.date": "Jour",
    "roster.hours": "Heures",
    "envelope.hours": "Heures",
    "envelope.hours_per_month": "Heures par mois",
    "envelope.known_days_ahead": "Jours à l’avance",
    "adaptation.start": "À partir du",
    "adaptation.days": "Jours",
    "adaptation.hours": "Heures",
    "second_home.weeks": "Semaines",
    "second_home.address": "Adresse",
    "second_home.longitude": "Longitude",
    "second_home.latitude": "Latitude",
    "envelope": "Planning connu au fur et à mesure",
    "school_holidays": "Vacances scolaires",
    "school_zone": "Zone scolaire",
    "weeks_per_year": "Semaines d’accueil par an",
    "adaptation": "Adaptation",
    "second_home": "Autre domicile",
    "trip": "Trajet en deux temps",
    "station": "Gare",
}
"""Path of a field (see `rpe_geo.record_fields`) to its name on forms and in reports."""

CHOICES: dict[str, dict[str, str]] = {
    "agrement.status": {
        "active": "En activité",
        "suspended": "Suspendu",
        "candidate": "En cours d’agrément",
        "ceased": "Cessé",
        "withdrawn": "Retiré",
        "ended": "Expiré",
    },
    "publication.address": {
        "masked": "Une zone, jamais le domicile",
        "hidden": "Rien",
        "exact": "L’adresse exacte, à sa demande",
    },
    "funding": {"psu": "PSU (tarif selon les revenus)", "paje": "PAJE (tarif de la structure)"},
    "mode": {
        "walk": "À pied",
        "pushchair": "En poussette",
        "bike": "À vélo",
        "car": "En voiture",
        "transit": "En bus",
    },
    "capabilities": dict(NEEDS),
}
"""Path of a field that takes one of few words, or several of them, to those words and what they mean."""


def said(path: str, value: Any) -> str:
    """
    Write a value of a field as a reader expects it.

    Parameters
    ----------
    path
        The field's path.
    value
        Its value; a timetable gives its text form by `write`.

    Returns
    -------
    str
        « – » when nothing is given.
    """
    named = CHOICES.get(path, {})
    match value:
        case None | () | "":
            return "–"
        case bool():
            return "oui" if value else "non"
        case str():
            return named.get(value, value)
        case int() | float():
            return number(value, 0 if float(value).is_integer() else 2)
        case tuple() | frozenset() if all(isinstance(one, str) for one in value):
            return ", ".join(named.get(one, one) for one in sorted(value)) or "–"
        case tuple():
            return plural(len(value), "ligne")
        case dict():
            return ", ".join(f"{key} ({number(weight)})" for key, weight in value.items()) or "–"
    if hasattr(value, "write"):
        return french_hours(value.write()) or "–"
    return day(value)
