"""Why a candidate has its points, and what would open more possibilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from rpe_geo.messages.french import (
    MODES,
    WEEKDAYS,
    day,
    enumeration,
    hours,
    minutes,
    number,
    plural,
    typeset,
)
from rpe_geo.messages.rules import NEEDS

__all__ = [
    "MESSAGES",
    "MODES",
    "PART_NAMES",
    "opening",
    "read_otherwise",
    "why",
    "wish_name",
]

MESSAGES = {
    "preference_unknown": (
        "la préférence « {name} » n'existe pas ; les préférences connues sont : {known}."
    ),
    "preference_weight": (
        "le poids {value} de la préférence « {name} » doit être un nombre à partir de 0 (1 : comme prévu, 2 : double)."
    ),
    "preferences_all_zero": (
        "tous les critères ont le poids 0 : donnez un poids supérieur à 0 à l'un d'eux au moins."
    ),
    "score_part_unknown": "le critère « {name} » n'existe pas ici ; les critères connus sont : {known}.",
    "why_travel": "{minutes} {mode} : {maximum} jusqu'à {full}, 0 à partir de {zero}",
    "why_detour": (
        "{minutes} de détour {mode} entre la maison et le travail : {maximum} jusqu'à {full}, 0 à partir de {zero}"
    ),
    "why_travel_unknown": "Temps de trajet inconnu : aucun point",
    "why_hours_all": "Toutes les heures demandées : {asked} par semaine",
    "why_hours_unknown": "Heures d'accueil inconnues, à demander : la moitié des points",
    "why_hours_part": "{covered} couvertes sur {asked} par semaine",
    "why_start_asked": "Libre à la date demandée, le {start}",
    "why_start_unknown": "Places libres inconnues, à demander : la moitié des points",
    "why_start_late": "Libre à partir du {start}, {days} après la date demandée",
    "why_continuity_age": "L'accueil peut durer jusqu'aux 3 ans de l'enfant, le {until}",
    "why_continuity_unknown": "Places libres inconnues : la moitié des points",
    "why_continuity_period": "L'accueil peut durer au moins jusqu'au {until}",
    "why_continuity_calendar": "L'accueil peut durer jusqu'au {until}, fin du calendrier scolaire connu",
    "why_continuity_end": "L'accueil peut durer jusqu'à la fin demandée, le {until}",
    "why_continuity_part": "Accueil assuré jusqu'au {until}, pour un besoin jusqu'au {target}",
    "why_packing_shared": "Complète une place déjà entamée, qui serait remplie à {share}",
    "why_packing_empty": "Remplit à {share} une place encore vide",
    "why_packing_unknown": "Occupation des places inconnue : la moitié des points",
    "why_preferences_none": "Aucun souhait exprimé : tous les points",
    "why_preferences": "{sentences}",
    "why_freshness": "Disponibilité confirmée le {confirmed_on}",
    "why_freshness_stale": "Disponibilité à vérifier : dernière confirmation le {confirmed_on}",
    "why_freshness_never": "Disponibilité jamais confirmée",
    "read_roster": "Planning connu jusqu'au {until} : la suite reste à demander.",
    "read_holidays": "Vacances scolaires de la zone {zone}, connues jusqu'au {until} : rien n'est dit au-delà.",
    "read_trip": (
        "Trajet {mode} jusqu'au lieu d'accueil, puis jusqu'à « {station} » ; le train qui suit est le même pour tous."
    ),
    "read_school": "Personne au registre ne dessert « {school} » ; noms connus les plus proches : {names}.",
    "read_school_none": "Personne au registre ne dessert « {school} », ni aucune autre école.",
    "opening_arrive_later": "En arrivant à {becomes} au lieu de {was} : {gain}",
    "opening_leave_earlier": "En finissant à {becomes} au lieu de {was} : {gain}",
    "opening_shift_earlier": "Avec les mêmes horaires {quarters} plus tôt : {gain}",
    "opening_shift_later": "Avec les mêmes horaires {quarters} plus tard : {gain}",
    "opening_without_day": "Sans le {weekday} : {gain}",
    "opening_start": "En commençant le {start}, {days} plus tard : {gain}",
    "opening_end": "Jusqu'au {end} seulement, la suite restant à trouver : {gain}",
    "opening_share": "En acceptant {share} des heures au lieu de {was_share} : {gain}",
    "opening_minutes": "En acceptant {minutes} {mode} au lieu de {was_minutes} : {gain}",
    "opening_mode": "En se déplaçant {mode} : {gain}",
    "opening_school": "Si quelqu'un d'autre va à l'école « {school} » : {gain}",
    "opening_apart": "Si les {children} enfants sont accueillis séparément : {gain} pour chacun",
    "opening_need": "Si ce besoin est couvert autrement, {need} : {gain}",
}

PART_NAMES = {
    "travel": "Trajet",
    "detour": "Détour",
    "hours": "Heures",
    "start": "Date",
    "continuity": "Durée",
    "packing": "Partage",
    "preferences": "Souhaits",
    "freshness": "Fraîcheur",
}

_WISHES = {
    "garden": "jardin",
    "no_pets": "sans animaux",
    "no_smoker": "non-fumeur",
    "car": "voiture",
    "home": "accueil à domicile",
    "mam": "maison d’assistants maternels",
    "facility": "établissement collectif",
}

_LANGUAGES = {
    "ar": "arabe",
    "de": "allemand",
    "en": "anglais",
    "es": "espagnol",
    "fr": "français",
    "it": "italien",
    "pt": "portugais",
    "tr": "turc",
    "uk": "ukrainien",
}


def wish_name(name: str) -> str:
    """Name a wish in French: « jardin », « sans animaux », « langue : anglais »."""
    if name.startswith("language_"):
        code = name.removeprefix("language_")
        return f"langue : {_LANGUAGES.get(code, code)}"
    return _WISHES.get(name, name)


_Form = Callable[[Any], str]
_GAIN = " : {gain}"


def _points(value: float) -> str:
    return plural(value, "point")


def _percent(share: float) -> str:
    return f"{number(100 * share, 0)} %"


def _wish_sentences(values: Mapping[str, Any]) -> str:
    """Tell the wishes met, missed and unknown apart."""
    groups = (("met", "tenu"), ("missed", "non tenu"), ("unknown", "à demander"))
    sentences = []
    for key, word in groups:
        names = [wish_name(name) for name in values[key]]
        if names:
            ending = "s" if len(names) > 1 and key != "unknown" else ""
            sentences.append(f"{enumeration(names)} : {word}{ending}")
    text = " ; ".join(sentences)
    return text[:1].upper() + text[1:]


_FORMS: dict[str, _Form] = {
    "minutes": minutes,
    "full": minutes,
    "zero": minutes,
    "maximum": _points,
    "mode": lambda mode: MODES[mode],
    "share": _percent,
    "days": lambda days: plural(days, "jour"),
    "start": day,
    "end": day,
    "until": day,
    "target": day,
    "confirmed_on": day,
    "becomes": lambda quarter: hours(quarter % 96),
    "was": lambda quarter: hours(quarter % 96),
    "quarters": lambda quarters: hours(quarters) if quarters >= 4 else minutes(15 * quarters),
    "weekday": lambda number: WEEKDAYS[number],
    "was_minutes": minutes,
    "was_share": _percent,
    "need": lambda need: str(NEEDS.get(need, need)),
    "school": str,
    "children": number,
}


def read_otherwise(parameters: Mapping[str, Any]) -> list[str]:
    """
    Say how hours, ways and schools that are not a plain week were read.

    Parameters
    ----------
    parameters
        Of an answer: `roster_until`, `school_zone`, `unknown_schools`, `trip`…

    Returns
    -------
    list of str
        One sentence each.
    """
    said = []
    if parameters.get("roster_until"):
        until = day(date.fromisoformat(parameters["roster_until"]))
        said.append(MESSAGES["read_roster"].format(until=until))
    if parameters.get("school_zone"):
        until = day(date.fromisoformat(parameters["school_calendar_until"]))
        said.append(MESSAGES["read_holidays"].format(zone=parameters["school_zone"], until=until))
    if parameters.get("trip"):
        mode = MODES[parameters["trip"][0]]
        said.append(MESSAGES["read_trip"].format(mode=mode, station=parameters["station"]))
    for school, names in parameters.get("unknown_schools", {}).items():
        code = "read_school" if names else "read_school_none"
        said.append(MESSAGES[code].format(school=school, names=", ".join(names)))
    return [typeset(sentence) for sentence in said]


def opening(values: Mapping[str, Any]) -> str:
    """
    Phrase a change of the request that opens possibilities.

    Parameters
    ----------
    values
        As in `rpe_geo.matching.relaxation.Opening.relaxation`: what changes, its `reason` and its `gain`.

    Returns
    -------
    str
        « En arrivant à 7 h au lieu de 6 h 30 : 4 possibilités de plus ».
    """
    said = MESSAGES[values["reason"]]
    if "besides" in values:
        # Two changes together: « Si quelqu'un d'autre va à l'école « Jaurès », et en finissant à 17 h : 2 possibilités… ».
        first = values["besides"]
        head = MESSAGES[first["reason"]].removesuffix(_GAIN).format_map(_written(first))
        # What the first names may hold braces: only the second is a template still.
        said = f"{head.replace('{', '{{').replace('}', '}}')}, et {said[:1].lower()}{said[1:]}"
    gain = _gain(values["gain"], values.get("to_ask", 0))
    return typeset(said.format_map(_written(values) | {"gain": gain}))


def _written(values: Mapping[str, Any]) -> dict[str, str]:
    """Write the figures of a sentence."""
    return {name: _FORMS[name](value) for name, value in values.items() if name in _FORMS}


def _gain(gain: int, to_ask: int) -> str:
    """Count the possibilities that a change brings, and those that would have to be asked."""
    asked = f"{number(to_ask)} à demander"
    if not gain:
        return asked
    sure = f"{plural(gain, 'possibilité')} de plus"
    return f"{sure}, et {asked}" if to_ask else sure


def why(reason: str, values: Mapping[str, Any]) -> str:
    """
    Phrase why a part of a score has its points.

    Parameters
    ----------
    reason, values
        As in `rpe_geo.verdicts.ScorePart`.

    Returns
    -------
    str
        « 5 min à pied : 30 points jusqu'à 2 min, 0 à partir de 25 min ».
    """
    written = _written(values)
    for name in ("covered", "asked"):
        if f"{name}_quarters" in values:
            written[name] = hours(round(values[f"{name}_quarters"]))
    if "met" in values:
        written["sentences"] = _wish_sentences(values)
    return typeset(MESSAGES[reason].format_map(written))
