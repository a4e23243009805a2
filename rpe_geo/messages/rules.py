"""What a verdict says: why a provider is refused, what is fragile, which single change would suffice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Protocol

from rpe_geo.messages.french import MODES, NBSP, day, enumeration, minutes, number, plain

__all__ = [
    "MESSAGES",
    "NEEDS",
    "french_hours",
    "refusal_sentence",
    "relaxation_sentence",
    "warning_sentence",
]

MESSAGES = {
    "refusal_agrement_status": "l'agrément ne permet pas de commencer l'accueil à cette date.",
    "refusal_agrement_status_candidate": "l'agrément n'est pas encore délivré.",
    "refusal_agrement_status_suspended": "l'agrément est suspendu{until}.",
    "refusal_agrement_status_ceased": "l'activité est interrompue.",
    "refusal_agrement_status_withdrawn": "l'agrément a été retiré.",
    "refusal_agrement_status_ended": "l'agrément a pris fin.",
    "refusal_agrement_status_later": "l'agrément ne commence que le {valid_from}.",
    "refusal_agrement_status_expired": "l'agrément s'est terminé le {valid_until}.",
    "refusal_places": (
        "plus de place : à partir du {since}, {have} enfants seraient accueillis ensemble pour {limit} au plus ({when})."
    ),
    "refusal_places_none": "plus de place : à partir du {since}, aucune n'est offerte ({when}).",
    "refusal_under_3": (
        "trop d'enfants de moins de trois ans : à partir du {since}, {have} seraient présents ensemble, les siens "
        "compris, pour {limit} au plus ({when})."
    ),
    "refusal_under_11": (
        "trop d'enfants de moins de onze ans : à partir du {since}, {have} seraient présents ensemble, les siens "
        "compris, pour {limit} au plus ({when})."
    ),
    "refusal_mam_present": (
        "dans la MAM, {have} professionnelles seraient présentes ensemble à partir du {since}, pour {limit} au plus ({when})."
    ),
    "refusal_mam_children": (
        "dans la MAM, {have} enfants seraient accueillis ensemble à partir du {since}, pour {limit} au plus ({when})."
    ),
    "refusal_legacy_ages": (
        "l'agrément réserve ses places à des tranches d'âge : à partir du {since}, {limit} des {have} enfants présents y "
        "trouveraient place ({when})."
    ),
    "refusal_legacy_ages_alone": (
        "l'agrément réserve ses places à des tranches d'âge : à partir du {since}, aucune ne convient à l'enfant ({when})."
    ),
    "refusal_legacy_ages_none": (
        "l'agrément réserve ses places à des tranches d'âge : à partir du {since}, aucun des {have} enfants présents n'y "
        "trouverait place ({when})."
    ),
    "refusal_legacy_ages_one": (
        "l'agrément réserve ses places à des tranches d'âge : à partir du {since}, un seul des {have} enfants présents y "
        "trouverait place ({when})."
    ),
    "refusal_daily_rest": (
        "journée trop longue : à partir du {since}, {have} h de la première arrivée au dernier départ, pour {limit} h au "
        "plus, qui laissent 11 h de repos ({when})."
    ),
    "refusal_weekly_hours": (
        "trop d'heures : à partir du {since}, {have} h par semaine en moyenne sur quatre mois, tous contrats confondus, "
        "pour {limit} h au plus."
    ),
    "refusal_annual_hours": (
        "trop d'heures : à partir du {since}, {have} h par an, tous contrats confondus, pour {limit} h au plus."
    ),
    "refusal_consecutive_days": (
        "trop de jours d'affilée : {have} jours de travail sans interruption à partir du {since}, pour {limit} au plus ({when})."
    ),
    "refusal_weekly_rest": (
        "repos hebdomadaire trop court : dans la semaine du {since}, {have} h d'un seul tenant au lieu de {limit} h."
    ),
    "refusal_working_hours": (
        "une partie des heures demandées est en dehors des heures d'accueil ({when})."
    ),
    "refusal_opening_hours": (
        "une partie des heures demandées est en dehors des heures d'ouverture ({when})."
    ),
    "refusal_functional_need": "ne peut pas répondre à ce besoin : {needs}.",
    "refusal_leave": "en congés pendant tout l'accueil demandé : {periods}.",
    "refusal_school_pickup_unknown": (
        "personne au registre ne dessert « {unknown} » ; les écoles connues y sont : {known}."
    ),
    "refusal_school_pickup_none": "personne au registre ne dessert « {unknown} », ni aucune autre école.",
    "refusal_school_pickup": "ne dessert pas l'école : {schools}.",
    "refusal_siblings": "les {children} enfants ne peuvent être accueillis ensemble, mais l'un d'eux le pourrait seul.",
    "refusal_start_date": "l'accueil ne peut pas commencer à la date demandée.",
    "refusal_start_date_later": "l'accueil ne peut commencer qu'à partir du {possible}.",
    "refusal_start_date_no_day": "aucune heure n'est demandée entre le {since} et le {last} : l'accueil n'a pas de jour.",
    "refusal_start_date_unborn": "l'accueil ne peut commencer avant la naissance, le {birth}.",
    "refusal_travel_time": "{have} min de {way} {mode}, pour {limit} min au plus{others}.",
    "refusal_travel_time_beyond": "plus de {searched} de {way} {mode}, pour {limit} min au plus{others}.",
    "refusal_travel_time_unreachable": "aucun chemin connu {mode}, pour {limit} min au plus{others}.",
    "refusal_travel_time_unknown": "adresse non située : le trajet n'est pas connu.",
    "refusal_age": "l'âge de l'enfant ({have} mois le {since}) est hors des âges accueillis.",
    "warning_agrement_renewal": "l'agrément se termine le {valid_until}, avant la fin de l'accueil : à renouveler.",
    "warning_agrement_places": (
        "agrément de {places} places, plus que les {usual} d'aujourd'hui : ancienne dérogation ou erreur, à vérifier."
    ),
    "warning_existing_breach": "les contrats en cours dépassent déjà une limite, sans que cet accueil y ajoute : {rules}.",
    "warning_working_hours_unknown": "heures d'accueil inconnues : à demander.",
    "warning_opening_hours_unknown": "heures d'ouverture inconnues : à demander.",
    "warning_variable_hours_planning": (
        "planning connu au fur et à mesure, et les horaires variables ne sont pas acceptés."
    ),
    "warning_variable_hours": "horaire sur un cycle de {weeks} semaines, et les horaires variables ne sont pas acceptés.",
    "warning_availability_stale": "disponibilité jamais confirmée : à vérifier.",
    "warning_availability_stale_since": "disponibilité confirmée pour la dernière fois le {confirmed_on} : à vérifier.",
    "warning_availability_differs": (
        "les disponibilités déclarées et les contrats ne disent pas la même chose : le plus strict est retenu."
    ),
    "warning_min_notice": (
        "demande {notice} jours de préavis : l'accueil commence au plus tôt le {possible}, sauf accord de sa part."
    ),
    "warning_min_notice_beyond": (
        "demande {notice} jours de préavis, plus que ce qu'il reste avant la fin demandée : à voir avec elle."
    ),
    "warning_min_notice_planning": (
        "demande {notice} jours de préavis, et le planning n'est connu que {known} jours à l'avance."
    ),
    "warning_leave": "en congés pendant l'accueil : {periods}.",
    "warning_school_holidays": (
        "pendant les vacances scolaires ses propres enfants sont à la maison et une limite serait dépassée : {rules}, "
        "à partir du {since}."
    ),
    "warning_school_holidays_zone": (
        "pendant les vacances scolaires ses propres enfants sont à la maison et une limite serait dépassée : {rules} ; "
        "les dates dépendent de la zone, qui n'est pas connue."
    ),
    "warning_exceptional_excess_possible": (
        "son attestation permet un dépassement exceptionnel (8 enfants au plus, dont 4 de moins de 3 ans), pour un besoin "
        "court : à demander, la PMI doit en être informée. Le refus demeure."
    ),
    "warning_adaptation": "l'adaptation demandée n'est pas possible ainsi ({rules}) : dates à voir avec elle.",
    "warning_envelope": (
        "les jours ne sont pas connus d'avance : chaque planning devra respecter 13 h par jour, 6 jours d'affilée et 35 h de repos."
    ),
    "warning_rate_below_minimum": (
        "tarif de {rate} € net de l'heure, sous le minimum de {minimum} € (convention collective) : à vérifier avant de signer."
    ),
    "warning_value_outdated": "estimation faite avec des montants qui auraient dû être revalorisés : {values}.",
    "warning_places_unknown": "places libres inconnues : à demander à l'établissement.",
    "relaxation_start": "en commençant le {to}.",
    "relaxation_schedule": "en demandant : {to}.",
    "relaxation_min_hours_share": "en acceptant {to} des heures demandées.",
    "relaxation_end": "en terminant le {to}.",
    "relaxation_max_minutes": "en acceptant {to} min de trajet.",
    "relaxation_mode": "en se déplaçant {to}.",
    "relaxation_school": "si quelqu'un d'autre va à l'école.",
    "relaxation_children": "en accueillant les enfants séparément.",
    "relaxation_needs": "en répondant autrement à un besoin : {to}.",
}

_RULES = {
    "daily_rest": "repos quotidien de 11 h",
    "weekly_hours": "48 h par semaine en moyenne",
    "annual_hours": "2 250 h par an",
    "consecutive_days": "6 jours d’affilée",
    "weekly_rest": "repos hebdomadaire de 35 h",
    "places": "les places",
    "under_3": "4 enfants de moins de 3 ans",
    "under_11": "6 enfants de moins de 11 ans",
    "mam_present": "professionnelles présentes",
    "mam_children": "enfants dans la maison",
    "legacy_ages": "âges de l’attestation",
    "working_hours": "heures d’accueil",
    "agrement_status": "agrément",
    "start_date": "date",
    "functional_need": "besoin de l’enfant",
    "school_pickup": "école",
    "siblings": "frères et sœurs",
    "leave": "congés",
}

NEEDS = {
    "step_free": "accès de plain-pied",
    "lift": "ascenseur",
    "wide_door": "porte large",
    "medicines": "aide à la prise de médicaments",
    "trained_autism": "formation à l’autisme",
    "trained_motor": "formation au handicap moteur",
    "trained_sensory": "formation au handicap sensoriel",
    "epilepsy_first_aid": "premiers secours en cas d’épilepsie",
    "sign_language": "langue des signes",
    "small_group": "petit groupe",
    "therapist_visits": "passage d’un thérapeute",
}

_DAYS = {
    "Mo": "lundi",
    "Tu": "mardi",
    "We": "mercredi",
    "Th": "jeudi",
    "Fr": "vendredi",
    "Sa": "samedi",
    "Su": "dimanche",
    "PH": "jours fériés",
}
_NAMES_TOLD = 8
_SPAN = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})")


class _Refusal(Protocol):
    @property
    def rule(self) -> str: ...
    @property
    def when(self) -> str | None: ...
    @property
    def since(self) -> date | None: ...
    @property
    def have(self) -> float | None: ...
    @property
    def limit(self) -> float | None: ...
    @property
    def values(self) -> Mapping[str, Any]: ...


class _Warning(Protocol):
    @property
    def rule(self) -> str: ...
    @property
    def values(self) -> Mapping[str, Any]: ...


class _Relaxation(Protocol):
    @property
    def change(self) -> str: ...
    @property
    def to(self) -> Any: ...
    @property
    def values(self) -> Mapping[str, Any]: ...


def _clock(hour: str, minute: str) -> str:
    whole = f"{int(hour)}{NBSP}h"
    return whole if minute == "00" else f"{whole}{NBSP}{minute}"


def _french_days(text: str) -> str:
    words = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        words.append(f"du {_DAYS[first]} au {_DAYS[last]}" if last else _DAYS[first])
    return enumeration(words)


def french_hours(written: str | list[str]) -> str:
    """
    Write hours as they are said.

    Parameters
    ----------
    written
        The text form of one week, or of a cycle of weeks.

    Returns
    -------
    str
        « du lundi au vendredi de 8 h à 17 h 30 ».

    Examples
    --------
    >>> print(french_hours("Mo,We 08:00-17:30"))
    lundi et mercredi de 8 h à 17 h 30
    """
    if not isinstance(written, str):
        weeks = (
            f"semaine {number} : {french_hours(week)}" for number, week in enumerate(written, 1)
        )
        return " ; ".join(weeks)
    rules = []
    for rule in written.split("; "):
        days, _, hours = rule.partition(" ")
        if not hours:
            rules.append("aucune heure")
            continue
        spans = [
            f"de {_clock(*match[:2])} à {_clock(*match[2:])}" for match in _SPAN.findall(hours)
        ]
        rules.append(f"{_french_days(days)} {enumeration(spans)}")
    return " ; ".join(rules)


def _fill(code: str, **values: Any) -> str:
    sentence = MESSAGES[code].format_map({name: plain(value) for name, value in values.items()})
    return sentence[:1].upper() + sentence[1:]


def _figure(value: float | None) -> str:
    """Write a figure with two decimals at most: the last one shows that a limit is passed."""
    if value is None:
        return ""
    text = number(value, 0 if float(value).is_integer() else 2)
    return text.rstrip("0") if "," in text else text


def _refusal_code(refusal: _Refusal) -> str:
    """Choose the sentence that says most."""
    code, values = f"refusal_{refusal.rule}", refusal.values
    if refusal.rule == "start_date":
        if values.get("last"):
            return f"{code}_no_day"
        if values.get("birth"):
            return f"{code}_unborn"
        return f"{code}_later" if values.get("possible") else code
    if refusal.rule == "school_pickup" and values.get("unknown"):
        return f"{code}_unknown" if values.get("known") else f"{code}_none"
    if refusal.rule == "places" and refusal.limit == 0:
        return f"{code}_none"
    if refusal.rule == "legacy_ages" and refusal.limit in {0, 1}:
        if refusal.limit == 1:
            return f"{code}_one"
        return f"{code}_alone" if refusal.have == 1 else f"{code}_none"
    if refusal.rule == "travel_time" and refusal.have is None:
        if values.get("unknown_place"):
            return f"{code}_unknown"
        return f"{code}_unreachable" if values.get("detour") else f"{code}_beyond"
    if refusal.rule == "agrement_status" and refusal.since is not None:
        if values.get("status") not in {"active", None}:
            return f"{code}_{values['status']}"
        if values.get("valid_until") and values["valid_until"] < refusal.since:
            return f"{code}_expired"
        if values.get("valid_from") and values["valid_from"] > refusal.since:
            return f"{code}_later"
    return code


def refusal_sentence(refusal: _Refusal) -> str:
    """
    Phrase a refusal in French.

    Parameters
    ----------
    refusal
        An `rpe_geo.verdicts.Refusal`.

    Returns
    -------
    str
        One sentence.
    """
    values = dict(refusal.values)
    if "periods" in values:
        values["periods"] = [_period(*period) for period in values["periods"]]
    if "known" in values:
        # The nearest names first, as many as one reads.
        values["known"] = _few(values["known"])
    if "needs" in values:
        values["needs"] = [NEEDS.get(word, word) for word in values["needs"]]
    if refusal.rule == "travel_time":
        values |= {
            "way": "détour" if values.get("detour") else "trajet",
            "mode": MODES[values["mode"]],
            "searched": minutes(values["searched"]),
            "others": ""
            if values.get("otherwise_feasible")
            else ", et d’autres règles s’y opposent",
        }
    until = values.get("suspended_until")
    values["until"] = f" jusqu’au {day(until)}" if until else ""
    values["when"] = french_hours(refusal.when) if refusal.when else "à toute heure"
    return _fill(
        _refusal_code(refusal),
        **{
            **values,
            "since": refusal.since,
            "have": _figure(refusal.have),
            "limit": _figure(refusal.limit),
        },
    )


def _period(first: date, last: date) -> str:
    return f"du {plain(first)} au {plain(last)}" if first != last else f"le {plain(first)}"


def _few(names: list[str]) -> list[str]:
    """Keep as many names as one reads at once."""
    return [*names[:_NAMES_TOLD], "…"] if len(names) > _NAMES_TOLD else names


def warning_sentence(warning: _Warning) -> str:
    """
    Phrase a warning in French.

    Parameters
    ----------
    warning
        An `rpe_geo.verdicts.VerdictWarning`.

    Returns
    -------
    str
        One sentence.
    """
    code, values = f"warning_{warning.rule}", dict(warning.values)
    code += values.pop("variant", "")
    if "periods" in values:
        values["periods"] = [_period(*period) for period in values["periods"]]
    if warning.rule == "availability_stale" and values.get("confirmed_on"):
        code = f"{code}_since"
    if "rules" in values:
        values["rules"] = [_RULES[rule] for rule in values["rules"]]
    if warning.rule == "rate_below_minimum":
        values = {name: number(value, 2) for name, value in values.items()}
    return _fill(code, **values)


def relaxation_sentence(relaxation: _Relaxation) -> str:
    """
    Phrase a change of the request in French.

    Parameters
    ----------
    relaxation
        An `rpe_geo.verdicts.Relaxation`.

    Returns
    -------
    str
        One sentence: « En commençant le 1er septembre 2027. »
    """
    to = relaxation.to
    match relaxation.change:
        case "schedule":
            to = french_hours(to)
        case "min_hours_share":
            to = f"{_figure(int(10_000 * to) / 100)}{NBSP}%"
        case "needs":
            to = [NEEDS.get(word, word) for word in to]
        case _:
            pass
    return _fill(f"relaxation_{relaxation.change}", **{**relaxation.values, "to": to})
