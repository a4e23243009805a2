"""What is wrong with a timetable."""

MESSAGES = {
    "schedule_empty": "l'horaire est vide ; écrivez par exemple « Mo-Fr 08:00-17:30 », ou « off » pour aucune heure.",
    "schedule_rule_unreadable": (
        "l'horaire « {part} » n'est pas lisible ; écrivez les jours puis les heures, par exemple "
        "« Mo-Fr 07:30-18:30; Sa 08:00-12:00 »."
    ),
    "schedule_day_unknown": (
        "le jour « {part} » n'existe pas dans « {rule} » ; les jours s'écrivent Mo, Tu, We, Th, Fr, Sa, Su, et PH pour "
        "les jours fériés."
    ),
    "schedule_school_holidays": (
        "les vacances scolaires (SH) ne font pas partie d'un horaire hebdomadaire, dans « {rule} » ; écrivez un cycle "
        "de semaines ou une autre demande."
    ),
    "schedule_span_unreadable": (
        "la plage « {part} » n'est pas lisible dans « {rule} » ; écrivez « 08:00-17:30 »."
    ),
    "schedule_hour_impossible": (
        "l'heure « {part} » n'existe pas dans « {rule} » ; une journée va de 00:00 à 24:00."
    ),
    "schedule_not_a_quarter": (
        "l'heure « {part} » n'est pas un quart d'heure dans « {rule} » ; arrondissez à 00, 15, 30 ou 45."
    ),
    "schedule_cycle_too_long": ("le cycle compte {weeks} semaines ; il en compte {limit} au plus."),
}
