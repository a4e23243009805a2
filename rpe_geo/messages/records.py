"""What is wrong with a record: a childminder, a MAM, a facility, a request."""

MESSAGES = {
    "hours_said_twice": (
        "les heures se disent d'une seule façon : « schedule » (une semaine ou un cycle), « roster » (des dates) ou "
        "« envelope » (planning connu au fur et à mesure)."
    ),
    "roster_date_twice": "le {day} est donné deux fois dans le planning.",
    "roster_before_start": "le planning commence le {day}, avant le début demandé, le {start}.",
    "envelope_hours": "{value} heures par mois : indiquez un nombre entre 1 et 400.",
    "adaptation_days": "{value} jours d'adaptation : indiquez entre 1 et 30.",
    "second_home_weeks": "indiquez les semaines passées dans l'autre domicile, par exemple [2].",
    "care_weeks_range": "{value} semaines d'accueil par an : indiquez un nombre entre 1 et 52.",
    "trip_unknown": (
        'le trajet « {value} » n\'est pas connu : ["car", "transit"] (ou bike, walk, pushchair), avec la gare dans « station ».'
    ),
    "school_zone_missing": (
        "la zone de vacances scolaires n'est pas connue : indiquez « school_zone » (A, B ou C), ou une adresse avec son code "
        "postal ; la Corse et l'outre-mer ont leurs propres calendriers, absents d'ici."
    ),
    "school_calendar_unknown": (
        "le calendrier scolaire n'est connu que jusqu'au {until} : un besoin qui commence le {start} ne peut en dépendre."
    ),
    "school_holidays_no_day": "aucun jour n'est demandé entre le {start} et le {last}, compte tenu des vacances scolaires.",
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
