"""The sentences of a commission, for families and for the council."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from rpe_geo.messages import french

__all__ = ["MESSAGES", "POLICY_HINTS", "POLICY_NAMES", "phrase_reason", "proof_words"]

MESSAGES = {
    "family_twice": "la demande {request_id} figure deux fois ; gardez-en une.",
    "wish_unknown": "la demande {request_id} souhaite « {provider_id} », que personne ne porte ; corrigez `wishes`.",
    "held_place_unknown": "la demande {request_id} tient une place chez « {provider_id} », inconnu ; corrigez `holds`.",
    "held_contract_unclear": (
        "la demande {request_id} tient une place chez {provider_id}, mais {found} contrat y porte la date de naissance "
        "de ses enfants ; corrigez les dates du contrat ou `holds`."
    ),
    "quota_too_large": "Les réservations demandent {asked} places chez {name}, qui en a {places} ; corrigez [[reserved]].",
    "quota_provider_unknown": "une réservation du barème nomme « {provider_id} », inconnu ; corrigez [[reserved]].",
    "own_wish_unknown": "un souhait de professionnel nomme {provider_id} et {request_id}, dont l'un est inconnu.",
    "bareme_unreadable": "le barème n'est pas un TOML lisible ({reason}).",
    "bareme_empty": "le barème n'a aucun critère ; ajoutez des tables [[criteria]].",
    "bareme_twice": "le critère « {given} » figure deux fois ; gardez-en un.",
    "bareme_key_unknown": "cette clé est inconnue ; les clés possibles sont {known}.",
    "bareme_value": "« {given} » ne va pas ; il faut {expected}.",
    "fix_unknown": "la décision nomme {request_id} et {provider_id}, dont l'un est inconnu.",
    "fix_unlawful": "{request_id} ne peut pas aller chez {provider_id} : {why}",
    "fix_together": "les décisions imposées ne tiennent pas ensemble : {request_ids} resterait sans place ; retirez-en une.",
    "fix_twice": "la demande {request_id} figure deux fois parmi les décisions.",
    "times_unknown": "aucune paire de ce fichier ne nomme une demande et un professionnel connus.",
    "assign_needs_files": "sans demandes en fichier, il faut un registre ; sans --times, un territoire.",
    "assign_output_kind": "le résultat s'écrit en .json, .xlsx ou .html ; changez la fin de « {given} ».",
    "commission_unknown": "cette commission n'existe plus.",
    "commission_changed": "quelqu'un a changé la commission pendant que vous lisiez. Rien n'a été enregistré : relisez, puis recommencez.",
    "commission_closed": "cette commission est arrêtée ; plus rien n'y change.",
    "commission_running": "un calcul est déjà en cours.",
    "commission_not_read": "cochez d'abord que la commission a relu les propositions et les refus.",
    "bareme_without_source": "écrivez la délibération qui publie ce barème.",
    "commission_not_run": "lancez d'abord le calcul.",
    "commission_stale": "le registre ou les demandes ont changé depuis ce calcul : relancez-le.",
    "commission_seed": "la graine est un nombre entier de 0 à 2 147 483 647.",
    "commission_day": "choisissez le jour de la commission.",
    "fix_without_reason": "écrivez le motif de la décision : il figure au procès-verbal.",
    "criterion_without_points": "Il manque les points de « {title} ». Écrivez 0 si ce critère ne compte plus.",
    "criterion_points_wrong": "« {given} » ne va pas pour « {title} » : écrivez un nombre de 0 à 1 000.",
    "assign_letters_kind": "les courriers s'écrivent en .html ; changez la fin de « {given} ».",
    "previous_unreadable": "ce fichier n'est pas le résultat d'une attribution.",
}

POLICY_NAMES = {
    "points": "Points et stabilité",
    "welfare": "Bien-être",
    "bottleneck": "Pire trajet",
    "present": "Pratique actuelle",
}
POLICY_HINTS = {
    "points": "le barème, rien que le barème",
    "welfare": "le plus de besoins couverts",
    "bottleneck": "personne trop loin",
    "present": "premier arrivé, premier vœu",
}
PROOF_WORDS = {
    "verified": "Vérifié",
    "proven": "Prouvé",
    "within": "À {gap} % près",
    "replayed": "Rejouée",
    "blocked": "Blocages restants",
}


def phrase_reason(code: str, values: Mapping[str, Any], name_of: Callable[[int], str]) -> str:
    """
    Phrase why a family has its place, or none.

    Parameters
    ----------
    code, values
        Of `rpe_geo.commission.reasons.Reason`.
    name_of
        What a provider is called.

    Returns
    -------
    str
        One or two sentences.
    """
    provider = values.get("provider")
    where = "" if provider is None else name_of(provider)
    match code:
        case "keeps_place":
            return "La famille garde la place qu’elle a."
        case "first_choice":
            together = " La fratrie est réunie." if values.get("siblings") else ""
            return f"Son premier choix.{together}"
        case "later_choice":
            return f"Son choix n° {values['rank']}. {_missed(values, where)}".strip()
        case "out_of_reach":
            return "Aucune place à la portée du trajet accepté."
        case "refused_everywhere":
            return "Aucun accueil à portée ne peut prendre cette demande : horaires, âge ou règles d’accueil."
        case "room_left":
            return f"Une place convient encore chez {where} : elle reste à proposer."
        case "passed_over":
            return f"Une place a été donnée chez {where} à une famille qui a moins de points : cette façon d’attribuer le permet."
        case "siblings_together":
            return "Une place existait pour un seul enfant ; la fratrie est placée ensemble ou pas du tout."
        case _:
            return _missed(values, where) or "Toutes les places à portée sont prises."


def _missed(values: Mapping[str, Any], where: str) -> str:
    """Say what lacked at the nearest place."""
    if values.get("missing") is None:
        return f"{where} : toutes les places sont prises aux heures demandées." if where else ""
    siblings = " Elle est allée à une fratrie." if values.get("to_siblings") else ""
    if values["missing"] > 0:
        lacked = french.plural(values["missing"], "point")
        return f"Il manquait {lacked} pour {where}.{siblings}"
    if values.get("lot"):
        return (
            f"Aucun point ne manquait pour {where} : le sort a désigné une autre famille.{siblings}"
        )
    return f"Aucun point ne manquait pour {where}, mais la place a servi autrement.{siblings}"


def proof_words(written: Mapping[str, Any]) -> dict[str, str]:
    """
    Say in one sentence what is proven of a result, never « optimal ».

    Parameters
    ----------
    written
        A result with `policy`, `proof`, `gap`, `bound`, `objective`, `minutes_bound` and `metrics`.

    Returns
    -------
    dict
        `mot`, `genre` (ok, info or none) and `phrase`.
    """
    proof, metrics = written["proof"], written["metrics"]
    gap = math.ceil(1000 * written["gap"]) / 10
    word = PROOF_WORDS[proof].format(gap=french.number(gap))
    kind = {"verified": "ok", "proven": "ok", "within": "info"}.get(proof, "")
    if proof == "verified":
        said = "Aucune famille ne peut dire : « une autre a eu ma place avec moins de points ». C’est vérifié famille par famille."
    elif proof == "blocked":
        left = french.plural(metrics["envy_pairs"] + metrics["blocking_groups"], "blocage")
        said = f"Nous n’avons pas trouvé d’attribution qui respecte toutes les priorités ; il reste {left}, comptés ici."
    elif written["policy"] == "bottleneck":
        worst, least = metrics["minutes_max"], written["minutes_bound"]
        if worst is None:
            said = "Aucune famille n’est placée."
        elif proof == "proven":
            said = f"Placer autant de familles sans qu’aucune ne fasse plus de {french.number(math.ceil(10 * worst) / 10, 1)} min est possible ; en dessous, c’est démontré impossible."
        else:
            word, least = "Encadré", least or 0.0
            # Rounded away from one another: what is said to be impossible is so.
            said = f"Le pire trajet est de {french.number(math.ceil(10 * worst) / 10, 1)} min."
            below = math.floor(10 * least) / 10
            if below > 0:
                said += f" Sous {french.number(below, 1)} min, c’est démontré impossible."
    elif proof == "replayed":
        said = "L’ordre d’arrivée, puis le premier vœu. Ce n’est pas un calcul du meilleur : c’est un point de départ."
    elif proof == "proven":
        said = f"{french.number(round(metrics['hours']))} h couvertes. Aucune attribution ne vaut davantage : la valeur trouvée égale la borne."
    else:
        said = f"{french.number(round(metrics['hours']))} h couvertes. Aucune attribution ne peut valoir plus de {french.number(round(written['bound']))} ; celle-ci vaut {french.number(round(written['objective']))}."
    return {"mot": word, "genre": kind, "phrase": said}
