"""Who together covers a week, and what that asks of the family."""

from __future__ import annotations

from rpe_geo.messages.french import minutes, number, plural, typeset
from rpe_geo.messages.rules import french_hours

__all__ = ["MESSAGES", "combination_part", "combination_summary"]

MESSAGES = {
    "combination_handovers_none": "Aucun relais dans la journée",
    "combination_handovers_some": "{handovers} par semaine",
    "combination_hours_all": "toutes les heures demandées",
    "combination_hours_part": "{share} des heures demandées",
    "combination_hard": "beaucoup pour un enfant : à ne proposer qu'à défaut",
    "combination_to_ask": "une place est à demander",
    "combination_cost": "{cost} par mois à charge",
    "combination_travel": "{travel} de trajet de l'enfant par semaine",
    "combination_home_care": "Garde à domicile : {hours}",
    "combination_part": "{name} : {hours}",
}


def combination_part(name: str | None, written_hours: str | list[str]) -> str:
    """
    Phrase what one of a combination takes.

    Parameters
    ----------
    name
        As the reader knows the provider; None for care at home.
    written_hours
        The text form of its hours.

    Returns
    -------
    str
        « Sylvie Garnier : du lundi au jeudi de 7 h 45 à 17 h 15 ».
    """
    hours_said = french_hours(written_hours)
    if name is None:
        return typeset(MESSAGES["combination_home_care"].format(hours=hours_said))
    return typeset(MESSAGES["combination_part"].format(name=name, hours=hours_said))


def combination_summary(
    handovers_per_week: float,
    hours_share: float,
    travel_minutes_per_week: float | None,
    *,
    cost: float | None = None,
    hard: bool = False,
    to_ask: bool = False,
) -> str:
    """
    Phrase what a combination asks of the family.

    Parameters
    ----------
    handovers_per_week
        How often the child goes straight from one provider to the other.
    hours_share
        Part of the asked hours that is covered.
    travel_minutes_per_week
        Ways of the child, in minutes; None when not known.
    cost
        What is left to pay a month, in euros; None when not known.
    hard
        Whether the child is carried every day, for a short stay, or very early or late.
    to_ask
        Whether something must be asked of one of them first.

    Returns
    -------
    str
        « Aucun relais dans la journée ; toutes les heures demandées ; 50 min de trajet de l'enfant par semaine. »
    """
    some = "combination_handovers_some" if handovers_per_week else "combination_handovers_none"
    sentences = [
        MESSAGES[some].format(handovers=plural(float(handovers_per_week), "relais", "relais")),
        MESSAGES["combination_hours_all" if hours_share >= 1 else "combination_hours_part"].format(
            share=f"{number(100 * float(hours_share), 0)} %"
        ),
    ]
    if travel_minutes_per_week is not None:
        travel = minutes(travel_minutes_per_week)
        sentences.append(MESSAGES["combination_travel"].format(travel=travel))
    if cost is not None:
        sentences.append(MESSAGES["combination_cost"].format(cost=f"{number(cost, 0)} €"))
    if to_ask:
        sentences.append(MESSAGES["combination_to_ask"])
    if hard:
        sentences.append(MESSAGES["combination_hard"])
    return typeset(" ; ".join(sentences) + ".")
