"""Sentences of the service and of the maps: what is asked wrongly, and the short names of rules and warnings."""

__all__ = ["MESSAGES", "RULE_TITLES", "WARNING_TITLES"]

MESSAGES = {
    "field_missing": "le champ est obligatoire.",
    "field_unknown": "le champ n'existe pas ; vérifiez son nom dans la documentation.",
    "field_type": "la valeur n'est pas de la forme attendue ({expected}).",
    "field_invalid": "la valeur ne convient pas.",
    "field_range": "la valeur doit être {bound}.",
    "field_choice": "la valeur doit être l'une de : {choices}.",
    "field_length": "il y en a trop ou trop peu : {bound}.",
    "body_not_json": "le corps de la requête n'est pas du JSON lisible.",
    "body_too_large": "le corps de la requête dépasse {limit} ko.",
    "token_wrong": "le jeton d'accès n'est pas le bon.",
    "professionals_only": "cette réponse est réservée aux professionnels du relais : un jeton d'accès est nécessaire.",
    "too_many_requests": "trop de demandes en peu de temps : réessayez dans {seconds} s.",
    "check_too_many": "au plus {limit} couples demande et fiche à la fois sans jeton d'accès.",
    "near_unreadable": "« {given} » n'est pas un point : écrivez longitude,latitude, par exemple 3.8777,43.6119.",
    "bbox_unreadable": (
        "« {given} » n'est pas un rectangle : écrivez ouest,sud,est,nord en degrés, par exemple 3.80,43.55,3.95,43.66."
    ),
    "near_or_bbox": "donnez un point (near) ou un rectangle (bbox), pas les deux.",
    "durations_unreadable": "« {given} » n'est pas une liste de minutes (de 1 à 120, six au plus) : écrivez par exemple 5,10,15.",
    "collection_unknown": "rien de ce nom ici : {code}.",
    "features_about": "Indicateurs et lieux d’accueil, petits effectifs tus, selon OGC API – Features.",
    "parameter_unreadable": "le paramètre « {name} » ne peut pas être lu : « {given} ».",
    "coverage_unknown": "aucun résultat d'observatoire pour le territoire {code}.",
    "coverage_not_built": "aucun observatoire n'est publié ici ; voir « rpe-geo observatory build ».",
    "host_unknown": "ce service ne répond pas sous ce nom.",
    "not_found_here": "cette adresse n'existe pas ici.",
    "method_not_allowed": "cette adresse ne répond pas à cette méthode.",
    "masking_unwritable": (
        "les zones masquées doivent être gardées dans {folder}, et ce dossier n'est pas inscriptible : donnez un autre "
        "dossier de données (XDG_DATA_HOME)."
    ),
    "masking_secret_default": (
        "le service s'ouvrirait au réseau ({host}) avec le secret de développement : donnez à RPE_MASKING_SECRET une valeur "
        "longue et tirée au hasard, puis gardez-la."
    ),
    "port_taken": "impossible d'écouter sur {host}:{port} : une autre application s'en sert, ou l'adresse n'est pas d'ici.",
    "serve_missing": "le service web n'est pas installé ici : installez rpe_geo avec l'extra « api ».",
    "pdf_missing": (
        "le PDF ne peut pas être composé ici, typst n'est pas installé : installez rpe_geo avec l'extra « observatory »."
    ),
    "unexpected": "une erreur inattendue s'est produite ; elle est de notre fait et a été notée.",
}

RULE_TITLES = {
    "agrement_status": "Agrément suspendu ou expiré",
    "places": "Pas de place à ces heures",
    "under_3": "Quatre enfants de moins de 3 ans",
    "under_11": "Six enfants de moins de 11 ans",
    "mam_present": "Trop de professionnelles présentes dans la MAM",
    "mam_children": "MAM complète à ces heures",
    "legacy_ages": "Âges prévus par l’agrément",
    "daily_rest": "Repos de 11 h non respecté",
    "weekly_hours": "Plus de 48 h par semaine en moyenne",
    "annual_hours": "Plus de 2 250 h par an",
    "consecutive_days": "Plus de six jours de suite",
    "weekly_rest": "Repos hebdomadaire de 35 h non respecté",
    "working_hours": "Hors de ses horaires",
    "functional_need": "Besoin particulier non couvert",
    "siblings": "Pas de place pour toute la fratrie",
    "school_pickup": "École non desservie",
    "travel_time": "Trop loin",
    "start_date": "Commence trop tard",
    "age": "Âge non accueilli",
    "opening_hours": "Hors des heures d’ouverture",
    "leave": "En congés",
}
"""Rule to the short French name under which refusals are grouped."""

WARNING_TITLES = {
    "agrement_renewal": "Agrément à renouveler pendant l’accueil",
    "agrement_places": "Agrément de plus de quatre places",
    "working_hours_unknown": "Horaires de travail inconnus",
    "variable_hours": "N’accepte pas d’horaires variables",
    "availability_stale": "Disponibilité à vérifier",
    "availability_differs": "Disponibilité déclarée différente des contrats",
    "existing_breach": "Limite déjà dépassée sans cette demande",
    "places_unknown": "Places libres inconnues",
    "min_notice": "Préavis demandé",
    "leave": "Congés pendant l’accueil",
    "school_holidays": "Ses enfants à la maison pendant les vacances",
    "exceptional_excess_possible": "Dépassement exceptionnel possible",
    "adaptation": "Adaptation à revoir",
    "envelope": "Jours connus au fur et à mesure",
    "rate_below_minimum": "Tarif sous le minimum conventionnel",
    "value_outdated": "Montants à revaloriser",
}
"""Warning to its short French name."""
