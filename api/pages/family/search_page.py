"""The families' door: what is near, in minutes and euros; and a request to the relais."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from shapely import Point

from api.dependencies import Service, ServiceDep, TodayDep
from api.pages.accounts.sign_in import OwnForm
from api.pages.costs import cost_panel
from api.pages.desk import DeskDep
from api.pages.family.follow_page import follow_link
from api.pages.family.search_form import DAYS, LISTED, MINUTES, MODE_NAMES, Search, family_sentence
from api.pages.ground import map_options
from api.pages.letters import send_receipt
from api.pages.rendering import render
from api.pages.requests.contact_form import WAYS
from api.pages.requests.need_form import field_of
from maps import style
from maps.cards import Card
from maps.layers import mark_spec
from maps.style import PlaceKind
from maps.suggestions import place_kind, suggestion_places
from rpe_geo.crs import WGS84
from rpe_geo.domain import Childminder, Facility, Mam
from rpe_geo.errors import AddressNotFound, AmbiguousAddress, InputError
from rpe_geo.messages.french import MODES, MONTHS, day, plural
from rpe_geo.messages.matching import read_otherwise
from rpe_geo.privacy import public_minutes
from rpe_geo.relais.suggest import Suggestions
from rpe_geo.schedule import Timetable

__all__ = ["router"]

router = APIRouter()
_OTHERS = 12
_FRESH_DAYS = 183
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_TRACK_DAYS = 400
_KIND_NAMES: dict[PlaceKind, str] = {
    "childminder": "Assistant·es maternel·les",
    "mam": "MAM",
    "facility": "Crèches",
    "rpe": "Relais",
    "school": "Écoles",
}
_NOTHING_SENT: dict[str, Any] = {
    "faults": {},
    "nom": "",
    "contact": "",
    "voie": "",
    "moments": "",
    "message": "",
    "choisis": (),
}


@router.get("/")
def front(request: Request, service: ServiceDep, today: TodayDep) -> Response:
    """Show the search."""
    return _page(request, service, Search.blank(today), None)


@router.post("/")
def search(request: Request, service: ServiceDep, today: TodayDep, form: OwnForm) -> Response:
    """Show what is near; the address stands in the body, never in an address of a page."""
    return _answer(request, service, Search.read(form), today)


def _answer(
    request: Request,
    service: Service,
    asked: Search,
    today: date,
    sending: dict[str, Any] | None = None,
) -> Response:
    choices: list[dict[str, str]] = []
    if not asked.faults:
        try:
            answer = service.public.suggest(asked.request(), today=today, limit=LISTED)
        except InputError as error:
            name = field_of(error) or "adresse"
            asked.faults[name] = _doubt(error)
            if name == "adresse" and isinstance(error, AmbiguousAddress):
                choices = _choices(error)
                if len(choices) < 2:
                    asked.faults[name] = "Est-ce bien cette adresse ?"
        else:
            return _page(request, service, asked, answer, today=today, sending=sending)
    return _page(request, service, asked, None, choices=choices)


def _choices(error: AmbiguousAddress) -> list[dict[str, str]]:
    """List the places between which a family chooses."""
    return [
        {"value": f"{place.longitude},{place.latitude}|{place.label}", "label": place.label}
        for place in error.values.get("places", ())
        if place.longitude is not None
    ]


def _doubt(error: InputError) -> str:
    """Say to a family what is wrong with what she typed, at the field where it stands."""
    match error:
        case AddressNotFound():
            return "Nous ne trouvons pas cette adresse. Essayez sans le numéro, ou avec le code postal."
        case AmbiguousAddress() if field_of(error) == "adresse":
            return "Plusieurs adresses possibles."
        case AmbiguousAddress():
            labels = dict.fromkeys(place["label"] for place in _choices(error))
            return f"Plusieurs adresses possibles, écrivez l’une d’elles : {' ; '.join(labels)}."
    return family_sentence(error)


def _page(
    request: Request,
    service: Service,
    asked: Search,
    answer: Suggestions | None,
    *,
    choices: Sequence[dict[str, str]] = (),
    today: date | None = None,
    sending: dict[str, Any] | None = None,
) -> Response:
    served = [] if service.public.travel is None else service.public.travel.modes
    modes = {name: text for name, text in MODE_NAMES.items() if name in served}
    if answer is None and modes and asked.mode not in modes:
        asked = replace(asked, mode="walk" if "walk" in modes else next(iter(modes)))
    values: dict[str, Any] = {
        "recherche": asked,
        "choix": choices,
        "jours": DAYS,
        "durees": MINUTES,
        "modes": modes,
        "envoi": sending or _NOTHING_SENT,
        "voies": WAYS,
        "reponse": None,
    }
    if answer is not None and today is not None:
        values |= _results(service, asked, answer, today)
    faulty = bool(asked.faults or values["envoi"]["faults"])
    return render(request, "famille.html", status=422 if faulty else 200, **values)


def _results(service: Service, asked: Search, answer: Suggestions, today: date) -> dict[str, Any]:
    known = service.public_registry.places()
    reach = service.public.isochrones(
        answer.home, mode=answer.request.mode, minutes=[float(answer.parameters["max_minutes"])]
    )
    content, cards = suggestion_places(
        answer.suggestions,
        answer.providers,
        answer.home,
        isochrones=reach,
        known=known,
        request=answer.request,
        today=today,
    )
    others = _others(service, answer)
    for number, (place, minutes) in enumerate(others, start=1):
        content["marks"].append(
            mark_spec(
                f"autre-{number}",
                _kind(place),
                Point(place.longitude or 0, place.latitude or 0),
                label=f"{place.name}, {round(minutes)} min",
            )
        )
    kinds = {mark["kind"] for mark in content["marks"]} - {"home"}
    legend = [style.place_item("home", "Votre adresse")]
    legend += [
        style.place_item(kind) for kind in ("mam", "facility", "rpe", "school") if kind in kinds
    ]
    if content["zones"]:
        legend.append(style.zone_item())
    label = asked.place.partition("|")[2] or asked.address
    found = answer.addresses.get("address")
    mode = MODES[answer.request.mode]
    limit = round(float(answer.parameters["max_minutes"]))
    return {
        "reponse": answer,
        "adresse_lue": found.label if found else label,
        "titre": _title(cards, f"à moins de {limit} minutes {mode}"),
        "mode_dit": mode,
        "lu": read_otherwise(answer.parameters),
        "lieux": [_shown(card, answer.request.schedule) for card in cards],
        "autres": [(place, minutes, _kind(place)) for place, minutes in others],
        "genres": _kinds([card.kind for card in cards] + [_kind(place) for place, _ in others]),
        "entiers": sum(
            card.suggestion.verdict.hours_share == 1
            and "hours" not in card.suggestion.verdict.unknown
            for card in cards
        ),
        "couts": cost_panel(answer, cards),
        "vue": map_options(content, service.settings, service.territory),
        "legende": style.legend(legend),
    }


def _title(cards: Sequence[Card], where: str) -> str:
    """Count the places, and those of which somebody must first ask whether there is room."""
    asked = sum(bool(card.suggestion.verdict.unknown) for card in cards)
    found = plural(len(cards), "lieu", "lieux")
    if not asked:
        return f"{found} {where}"
    return f"{found} {where}, dont {asked} à interroger"


def _others(service: Service, answer: Suggestions) -> list[tuple[Facility | Mam, float]]:
    """Find the relais, MAM and other public places within the minutes of the family, nearest first."""
    book = service.public.book()
    suggested = {suggestion.verdict.provider_id for suggestion in answer.suggestions}
    everything: list[Facility | Mam] = [*book.mams, *book.other_places, *book.facilities]
    places = [
        place
        for place in everything
        if place.longitude is not None
        and (isinstance(place, Mam) or place.facility_id not in suggested)
    ]
    if not places:
        return []
    stops = gpd.GeoSeries.from_xy(
        [place.longitude for place in places], [place.latitude for place in places], crs=WGS84
    )
    engine, mode = service.public.engine, answer.request.mode
    rows = np.flatnonzero(engine.serves(stops, mode=mode))
    limit = float(answer.parameters["max_minutes"])
    home = gpd.GeoSeries([answer.home], crs=WGS84)
    times = engine.travel_times(home, stops.iloc[rows], mode=mode, cutoff_min=limit).to_numpy()[0]
    near = [
        (places[int(row)], float(time))
        for row, time in zip(rows, times, strict=True)
        if time <= limit
    ]
    return sorted(near, key=lambda pair: pair[1])[:_OTHERS]


def _kind(place: Facility | Mam) -> PlaceKind:
    if isinstance(place, Facility) and place.kind.casefold().startswith(("école", "ecole")):
        return "school"
    return place_kind(place)


def _kinds(marks: Sequence[PlaceKind]) -> list[tuple[PlaceKind, str, int]]:
    """Count the places of each kind, in the order of the legend."""
    return [
        (kind, name, count) for kind, name in _KIND_NAMES.items() if (count := marks.count(kind))
    ]


def _shown(card: Card, asked: Timetable) -> dict[str, Any]:
    """Gather what a family reads of one place."""
    suggestion, provider = card.suggestion, card.provider
    offered = _hours_of(provider)
    share = float(suggestion.verdict.hours_share)
    unknown = suggestion.verdict.unknown
    facts = [("ok", "coche", "Tous vos horaires")]
    if "hours" in unknown:
        facts = [("part", "horloge", "Horaires à demander")]
    elif share < 1:
        facts = [("part", "horloge", f"{round(100 * share)} % de vos horaires")]
    if {"places", "contracts"} & set(unknown):
        facts.append(("part", "horloge", "Place à demander : on ne sait pas s’il y en a une"))
    elif suggestion.verdict.start is not None:
        facts.append(("", "agenda", f"À partir du {day(suggestion.verdict.start)}"))
    if isinstance(provider, Childminder):
        comfort = [
            text
            for text, true in (
                ("jardin", provider.attributes.garden),
                ("sans animaux", provider.attributes.pets == ()),
                ("non-fumeur", provider.attributes.smoker is False),
            )
            if true
        ]
        if comfort:
            facts.append(("", "feuille", ", ".join(comfort).capitalize()))
        facts.append(_freshness(suggestion.availability_confirmed_on, card.today))
    return {
        "card": card,
        "cle": f"{suggestion.verdict.provider_kind}:{suggestion.verdict.provider_id}",
        "sous_titre": " · ".join(part for part in (card.what, card.place.address) if part),
        "faits": facts,
        "minutes": round(_minutes_told(card)),
        "besoin": asked,
        "offert": offered,
        "cout": suggestion.cost,
        "contact": provider.contact,
    }


def _minutes_told(card: Card) -> float:
    """Return the minutes as the family reads them: rounded where the home is masked."""
    exact = card.suggestion.travel_minutes
    return exact if card.place.visibility == "exact" else public_minutes(exact)


def _hours_of(provider: Childminder | Mam | Facility) -> Timetable | None:
    if isinstance(provider, Childminder):
        return provider.working_hours
    return provider.opening_hours if isinstance(provider, Facility) else None


def _freshness(confirmed: date | None, today: date) -> tuple[str, str, str]:
    if confirmed is None:
        return ("part", "horloge", "Disponibilité à vérifier")
    month = f"{MONTHS[confirmed.month - 1]} {confirmed.year}"
    if (today - confirmed).days > _FRESH_DAYS:
        return ("part", "horloge", f"À vérifier : {month}")
    return ("", "horloge", f"Confirmé en {month}")


# ---- the request to the relais ------------------------------------------------------------------------------------


def _contact_fault(text: str) -> str | None:
    if _EMAIL.match(text):
        return None
    figures = sum(sign.isdecimal() for sign in text)
    if "@" in text:
        return "Cette adresse e-mail semble incomplète."
    if figures < 10:
        return "Il manque des chiffres : un numéro en compte 10."
    return None


@router.post("/demande")
def send(
    request: Request, service: ServiceDep, desk: DeskDep, today: TodayDep, form: OwnForm
) -> Response:
    """Keep a family's request, with her consent, for the relais to answer."""
    asked = Search.read(form)
    sending: dict[str, Any] = {
        "nom": str(form.get("nom", "")).strip()[:120],
        "contact": str(form.get("contact", "")).strip()[:120],
        "voie": way if (way := str(form.get("voie", ""))) in WAYS else "",
        "moments": str(form.get("moments", "")).strip()[:120],
        "message": str(form.get("message", "")).strip()[:1500],
        "choisis": tuple(str(value)[:120] for value in form.getlist("choisi")[:20]),
        "faults": {},
    }
    faults: dict[str, str] = sending["faults"]
    if not sending["nom"]:
        faults["nom"] = "Indiquez votre nom, pour que le relais puisse vous répondre."
    if fault := _contact_fault(sending["contact"]):
        faults["contact"] = fault
    if form.get("accord") != "oui":
        faults["accord"] = "Cochez votre accord : sans lui, le relais ne peut rien garder."
    if asked.faults or faults:
        return _answer(request, service, asked, today, sending)
    answer = service.public.suggest(asked.request(), today=today, limit=1)
    now = datetime.now(UTC)
    identifier = desk.casework(desk.settings.rpe_id).receive(
        # The income estimated what was left to pay; it is not among what the family agreed to leave.
        replace(answer.request, household=None),
        {
            name: sending[name]
            for name in ("nom", "contact", "voie", "moments", "message", "choisis")
        }
        | {"accord": now.isoformat(timespec="seconds")},
        at=now,
    )
    link = follow_link(desk, desk.settings.rpe_id, identifier)
    send_receipt(desk, sending["contact"], identifier, desk.link(link))
    return RedirectResponse(link, 303)
