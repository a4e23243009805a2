"""The life of a request, in words."""

__all__ = ["CHANNELS", "MESSAGES"]

CHANNELS = {
    "phone": "Par téléphone",
    "visit": "Au relais",
    "mail": "Par e-mail ou courrier",
    "online": "En ligne",
}
"""How an exchange took place."""

MESSAGES = {
    "day_hours_unreadable": "« {part} », le {day} : écrivez par exemple 8:00-12:00, 13:30-17:30.",
    "day_hours_quarters": "« {part} », le {day} : écrivez des quarts d'heure, par exemple 8:00-12:15.",
    "event_unknown": "« {kind} » n'est pas un événement connu.",
    "event_without_provider": "indiquez quel professionnel est concerné.",
    "event_without_reason": "indiquez le motif du refus.",
    "case_changed": (
        "quelqu'un vient de noter autre chose sur cette demande : rien n'a été enregistré, relisez puis recommencez."
    ),
    "place_offered": (
        "cette place est déjà proposée à une autre famille : rien n'a été enregistré, relisez puis décidez."
    ),
    "request_closed": "cette demande est close ; rouvrez-la d'abord.",
    "request_open": "cette demande est déjà ouverte.",
    "provider_not_proposed": (
        "ce professionnel n'attend pas de réponse pour cette demande : proposez-le d'abord."
    ),
    "event_received": "Demande reçue",
    "event_contact": "Échange",
    "event_proposed": "Proposition",
    "event_agreed": "La famille souhaite la rencontre",
    "event_accepted": "Acceptée",
    "event_refused": "Refusée",
    "event_withdrawn": "Retirée par la famille",
    "event_unsolved": "Sans solution",
    "event_reopened": "Rouverte",
    "status_new": "Nouvelle",
    "status_in_progress": "En cours",
    "status_proposed": "Proposée",
    "status_accepted": "Acceptée",
    "status_withdrawn": "Retirée",
    "status_unsolved": "Sans solution",
    "reason_family_hours": "La famille : horaires",
    "reason_family_distance": "La famille : trop loin",
    "reason_family_cost": "La famille : coût",
    "reason_family_other_solution": "La famille : autre solution trouvée",
    "reason_family_choice": "La famille : autre choix",
    "reason_professional_full": "La professionnelle ou le professionnel : plus de place",
    "reason_professional_hours": "La professionnelle ou le professionnel : horaires",
    "reason_professional_choice": "La professionnelle ou le professionnel : autre choix",
    "reason_no_answer": "Sans réponse",
}
