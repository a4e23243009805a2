"""What the use cases may answer instead of a result."""

MESSAGES = {
    "address_without_geocoder": (
        "pour chercher une adresse il faut un territoire avec des adresses (--territory, RPE_TERRITORY) ; sinon "
        "donnez longitude et latitude."
    ),
    "address_not_found": (
        "adresse introuvable dans ce territoire ({reason}) ; essayez sans le numéro, ou avec le code postal."
    ),
    "address_ambiguous": (
        "adresse à préciser ({reason}). Choix possibles : {choices}. Corrigez l'adresse, ou acceptez la première avec "
        "--accept-review."
    ),
    "travel_engine_missing": (
        "pour calculer des trajets il faut un territoire avec des rues (--territory, RPE_TERRITORY)."
    ),
    "exposure": "Demandes comptées",
    "limit_not_positive": "le nombre de suggestions ({value}) doit être d'au moins 1.",
}
