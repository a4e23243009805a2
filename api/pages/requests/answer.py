"""What an animateur reads of an answer: cards with their reasons, the map, refusals by rule, weeks shared by two."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, cast

from api.pages.ground import map_options
from api.pages.work import Work
from maps import style
from maps.suggestions import suggestion_places
from rpe_geo.desk.casework import Provider, outcomes
from rpe_geo.domain import Childminder, Facility, Mam
from rpe_geo.domain import Request as Need
from rpe_geo.messages.api import RULE_TITLES, WARNING_TITLES
from rpe_geo.messages.combinations import combination_part, combination_summary
from rpe_geo.messages.french import number
from rpe_geo.messages.matching import PART_NAMES, read_otherwise, why
from rpe_geo.messages.rules import refusal_sentence
from rpe_geo.messages.trips import (
    detour_said,
    last_return_said,
    return_said,
    schools_said,
    sides_said,
)
from rpe_geo.relais.casework import Case
from rpe_geo.relais.suggest import Suggestions

__all__ = ["answer_values", "case_names", "chosen_cards"]

_COMPARED = 3


def case_names(work: Work, case: Case) -> dict[str, Any]:
    """Name the providers of the life of a request, and with whom each shares the week."""
    records = work.relais.book().records
    named = {event.provider for event in case.events if event.provider is not None}
    chosen = {tuple(key.partition(":")[::2]) for key in case.contact.get("choisis", ())}
    offers = {
        event.provider: cast("Provider", tuple(event.shared_with.partition(":")[::2]))
        for event in case.events
        if event.kind == "proposed" and event.provider is not None and event.shared_with
    }
    names = {
        key: name_of(records.get(key), key[1])
        for key in cast("set[Provider]", named | chosen | set(offers.values()))
    }
    return {
        "noms": names,
        "partages": {provider: names[other] for provider, other in offers.items()},
        "proposes": [f"{kind}:{identity}" for kind, identity in outcomes(case.events)],
    }


def name_of(record: Childminder | Mam | Facility | None, identity: str) -> str:
    """Name a provider; by its number when it has no name or is gone."""
    return identity if record is None or not record.name else record.name


def answer_values(work: Work, answer: Suggestions, today: date, case: Case) -> dict[str, Any]:
    """Gather what the page shows of an answer."""
    routes = {provider_id: route for (_, provider_id), route in work.relais.routes(answer).items()}
    limit = float(answer.parameters["max_minutes"])
    reach = work.relais.isochrones(answer.home, mode=answer.request.mode, minutes=[limit])
    content, cards = suggestion_places(
        answer.suggestions,
        answer.providers,
        answer.home,
        work=answer.work,
        routes=routes,
        isochrones=reach,
        request=answer.request,
        today=today,
    )
    kinds = {mark["kind"] for mark in content["marks"]} - {"home"}
    legend = [style.place_item("home", "Famille")]
    legend += [
        style.place_item(kind)
        for kind in ("work", "childminder", "mam", "facility")
        if kind in kinds
    ]
    if routes:
        legend.append(style.route_item())
    groups: dict[str, list[tuple[str, str]]] = {}
    for verdict in answer.refused:
        if verdict.refusals:
            record = answer.providers.get((verdict.provider_kind, verdict.provider_id))
            first = verdict.refusals[0]
            who = name_of(record, verdict.provider_id)
            groups.setdefault(first.rule, []).append((who, refusal_sentence(first)))
    refused = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    pairs = []
    for pair in answer.alternatives:
        lines = []
        for part in pair.parts:
            record = answer.providers.get((part.provider_kind, part.provider_id or ""))
            named = None if part.provider_id is None else name_of(record, part.provider_id)
            said = combination_part(named, part.hours.write())
            lines.append((f"{said} ({part.phone})" if part.phone else said, part))
        summary = combination_summary(
            float(pair.handovers_per_week),
            float(pair.hours_share),
            pair.travel_minutes_per_week,
            cost=None if pair.cost is None else pair.cost.reste_a_charge,
            hard=pair.hard,
            to_ask=pair.to_ask,
        )
        keys = [
            (part.provider_kind, part.provider_id)
            for part in pair.parts
            if part.provider_kind != "home_care" and part.provider_id is not None
        ]
        offers = [case.elsewhere.get(key, ()) for key in keys]
        pairs.append(
            {
                "lignes": lines,
                "bilan": summary,
                "cles": [f"{kind}:{identity}" for kind, identity in keys],
                "noms": " et ".join(name_of(answer.providers.get(key), key[1]) for key in keys),
                "connues": [len(known) for known in offers],
                "offres": [offer for known in offers for offer in known],
            }
        )
    return {
        "reponse": answer,
        "lectures": read_otherwise(answer.parameters),
        "cartes": [card_values(card) for card in cards],
        "vue": map_options(content, work.desk.settings, work.desk.service.territory),
        "legende": style.legend(legend),
        "refus": [(RULE_TITLES.get(rule, rule), people) for rule, people in refused],
        "paires": pairs,
    }


def card_values(card: Any) -> dict[str, Any]:
    suggestion, provider = card.suggestion, card.provider
    offered = provider.working_hours if isinstance(provider, Childminder) else None
    if isinstance(provider, Facility):
        offered = provider.opening_hours
    asked = card.request.schedule.quarters_per_week
    confirmed = suggestion.availability_confirmed_on
    fresh = None
    if isinstance(provider, Childminder):
        age = None if confirmed is None else (card.today - confirmed).days
        stale = age is None or age > 183
        words = "Jamais confirmé" if age is None else f"Confirmé il y a {age} jours"
        fresh = ("warn" if stale else "ok", words)
    return {
        "card": card,
        "cle": f"{suggestion.verdict.provider_kind}:{suggestion.verdict.provider_id}",
        "offert": offered,
        "couvert": (asked * suggestion.verdict.hours_share, asked),
        "frais": fresh,
        "alertes": list(
            dict.fromkeys(
                WARNING_TITLES.get(warning.rule, warning.rule)
                for warning in suggestion.verdict.warnings
                if warning.rule != "availability_stale"
            )
        ),
        "criteres": [
            {
                "nom": PART_NAMES[part.name],
                "points": number(round(part.points)),
                "maximum": number(round(part.maximum)),
                "part": round(100 * part.points / part.maximum) if part.maximum else 0,
                "pourquoi": why(part.reason, part.values),
            }
            for part in suggestion.parts
        ],
        "detour": detour_said(suggestion.morning, suggestion.evening),
        "retour": return_said(suggestion.morning, suggestion.evening),
        "trajets": [
            *sides_said(suggestion.morning, suggestion.evening),
            *last_return_said(suggestion.last_return),
        ],
        "ecoles": schools_said(suggestion.schools),
        "sous_titre": card.what
        if isinstance(provider, Facility)
        else f"Agrément {provider.agrement.places}, {provider.address}",
    }


def chosen_cards(
    work: Work, need: Need, keys: Sequence[str], today: date
) -> tuple[Suggestions, list[dict[str, Any]]]:
    """Find the suggestions that were ticked, three at most."""
    answer = work.relais.suggest(need, today=today, limit=50)
    _, cards = suggestion_places(
        answer.suggestions, answer.providers, answer.home, request=answer.request, today=today
    )
    values = [card_values(card) for card in cards]
    return answer, [one for one in values if one["cle"] in keys][:_COMPARED]
