"""What is wrong with a record: a childminder, a MAM, a facility, a request."""

MESSAGES = {
    "id_missing": "l'identifiant manque.",
    "kind_missing": "la nature du lieu manque : crèche, micro-crèche, halte-garderie, RPE…",
    "place_missing": "il faut une adresse, ou une longitude et une latitude.",
    "coordinates_incomplete": "longitude et latitude vont ensemble : l'une des deux manque.",
    "agrement_without_place": (
        "un agrément porte au moins une place, et non {value} ; pour une professionnelle qui n'accueille plus, indiquez "
        "son état (« ceased », « withdrawn » ou « ended »)."
    ),
    "places_offered_range": (
        "{value} places offertes pour un agrément de {places} : le nombre offert va de 0 à {places}."
    ),
    "places_negative": "un nombre de places ne peut pas être {value}.",
    "amount_negative": "la valeur {value} ne peut pas être négative.",
    "count_below_one": "la valeur {value} doit être d'au moins 1.",
    "aeeh_children_range": (
        "{value} enfants avec AEEH pour {limit} à charge : le premier nombre ne peut dépasser le second."
    ),
    "legacy_ages_order": (
        "la tranche d'âge de {low} à {high} mois est vide : l'âge minimal doit être inférieur à l'âge maximal."
    ),
    "end_before_start": "la fin ({end}) précède le début ({start}).",
    "no_children": "une demande concerne au moins un enfant.",
    "schedule_asks_nothing": "l'horaire demandé ne contient aucune heure.",
    "legacy_ages_too_many": (
        "l'agrément compte {value} tranches d'âge, pour {limit} au plus : réunissez les places d'une même tranche."
    ),
    "beyond_reason": "la valeur {value} est hors de toute vraisemblance : {limit} au plus.",
    "tolerance_too_long": (
        "une souplesse de {value} jours est trop longue : elle est de {limit} jours au plus ; "
        "au-delà, déposez une autre demande."
    ),
    "share_range": (
        "la part minimale d'heures ({value}) doit être supérieure à 0 et au plus égale à 1 (0,8 pour 80 %)."
    ),
    "minutes_not_positive": "le temps de trajet accepté ({value} min) doit être supérieur à 0.",
}
