"""From what the core answers to what each audience reads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from api.schemas import (
    ChildminderDetail,
    ChildminderPublic,
    ContactOut,
    CostOut,
    HomeOut,
    PlaceOut,
    SuggestionOut,
    SuggestionPublic,
    SuggestionsOut,
    SuggestionsPublic,
    VerdictOut,
)
from rpe_geo.domain import Childminder, Facility, Mam
from rpe_geo.formats.records import json_of
from rpe_geo.formats.suggestions import answer_json
from rpe_geo.formats.verdicts import verdict_json
from rpe_geo.privacy import PublicPlace, public_minutes
from rpe_geo.relais.suggest import Suggestions
from rpe_geo.verdicts import CostEstimate, Suggestion, Verdict

__all__ = [
    "childminder_detail",
    "childminder_public",
    "suggestions_out",
    "suggestions_public",
    "verdict_out",
]

Provider = Childminder | Mam | Facility


def _month(day: date | None) -> str | None:
    return None if day is None else f"{day.year:04d}-{day.month:02d}"


def _finite(value: float | None, decimals: int = 1) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, decimals)


def _place(place: PublicPlace) -> PlaceOut:
    return PlaceOut(
        visibility=place.visibility,
        address=place.address,
        longitude=place.longitude,
        latitude=place.latitude,
        radius_m=place.radius_m,
    )


def _cost(cost: CostEstimate | None) -> CostOut | None:
    return (
        None
        if cost is None
        else CostOut.model_validate(
            asdict(cost) | {"unconfirmed": list(cost.unconfirmed), "outdated": list(cost.outdated)}
        )
    )


def _kind(provider: Provider) -> str:
    if isinstance(provider, Facility):
        return provider.kind
    if isinstance(provider, Mam):
        return "maison d’assistants maternels"
    return "assistant·e maternel·le"


def childminder_public(stand_in: Childminder, place: PublicPlace) -> ChildminderPublic:
    """Write what the public may read of a stand-in."""
    hours = stand_in.working_hours
    attributes = stand_in.attributes
    return ChildminderPublic(
        childminder_id=stand_in.childminder_id,
        name=stand_in.name,
        place=_place(place),
        places_offered=stand_in.agrement.places_offered,
        working_hours=None if hours is None else hours.write(),
        capabilities=sorted(stand_in.capabilities),
        garden=attributes.garden,
        pets=None if attributes.pets is None else list(attributes.pets),
        smoker=attributes.smoker,
        languages=list(attributes.languages),
        contact=ContactOut(phone=stand_in.contact.phone, email=stand_in.contact.email),
        availability_confirmed=_month(stand_in.availability_confirmed_on),
    )


def childminder_detail(record: Childminder) -> ChildminderDetail:
    """Write the whole record of a childminder."""
    return ChildminderDetail.model_validate(json_of(record))


def verdict_out(verdict: Verdict) -> VerdictOut:
    """Write a verdict with its French sentences."""
    return VerdictOut.model_validate(verdict_json(verdict))


def _home(answer: Suggestions) -> HomeOut:
    address = answer.addresses.get("address")
    return HomeOut(
        longitude=answer.home.x,
        latitude=answer.home.y,
        label=None if address is None else address.label,
    )


def _suggestion_out(
    written: dict[str, Any], suggestion: Suggestion, provider: Provider
) -> SuggestionOut:
    added = {
        "name": provider.name,
        "longitude": provider.longitude,
        "latitude": provider.latitude,
        "travel_minutes": _finite(suggestion.travel_minutes, 2),
        "detour_minutes": _finite(suggestion.detour_minutes, 2),
        "distance_m": _finite(suggestion.distance_m),
    }
    return SuggestionOut.model_validate(written | added)


def suggestions_out(answer: Suggestions) -> SuggestionsOut:
    """Write the whole answer, for the professionals."""
    written = answer_json(
        answer.request.request_id,
        parameters=answer.parameters,
        suggestions=answer.suggestions,
        refused=answer.refused,
        alternatives=answer.alternatives,
        openings=[opened.relaxation for opened in answer.openings],
        feasible_count=answer.feasible_count,
        to_ask_count=answer.to_ask_count,
    )
    return SuggestionsOut(
        request_id=answer.request.request_id,
        audience="professional",
        parameters=written["parameters"],
        home=_home(answer),
        suggestions=[
            _suggestion_out(
                one, suggestion, answer.providers[one["provider_kind"], one["provider_id"]]
            )
            for one, suggestion in zip(written["suggestions"], answer.suggestions, strict=True)
        ],
        refused=[VerdictOut.model_validate(one) for one in written["refused"]],
        alternatives=written["alternatives"],
        openings=written["openings"],
        feasible_count=answer.feasible_count,
        to_ask_count=answer.to_ask_count,
        refused_count=answer.refused_count,
    )


def suggestions_public(answer: Suggestions, places: Mapping[str, PublicPlace]) -> SuggestionsPublic:
    """
    Write what a family may read of an answer that was computed on stand-ins.

    Parameters
    ----------
    answer
        Of the public `Relais`.
    places
        Where each childminder may be shown; who is not in it is left out.

    Returns
    -------
    SuggestionsPublic
        Ranks are counted anew.
    """
    shown: list[SuggestionPublic] = []
    for suggestion in answer.suggestions:
        kind, identity = suggestion.verdict.provider_kind, suggestion.verdict.provider_id
        provider = answer.providers[kind, identity]
        if isinstance(provider, Childminder):
            place = places.get(identity)
            if place is None:
                continue
        else:
            place = PublicPlace(
                "exact", provider.address or None, provider.longitude, provider.latitude
            )
        exact = place.visibility == "exact"
        minutes, detour = suggestion.travel_minutes, suggestion.detour_minutes
        if not exact:
            minutes = public_minutes(minutes)
            detour = None if detour is None else public_minutes(detour)
        shown.append(
            SuggestionPublic(
                rank=len(shown) + 1,
                provider_kind=kind,
                provider_id=identity,
                childminder_id=identity if kind == "childminder" else None,
                name=provider.name,
                kind=_kind(provider),
                place=_place(place),
                travel_minutes=_finite(minutes),
                detour_minutes=_finite(detour),
                start=suggestion.verdict.start,
                hours_share=float(suggestion.verdict.hours_share),
                cost=_cost(suggestion.cost),
                contact=ContactOut(phone=provider.contact.phone, email=provider.contact.email),
                availability_confirmed=_month(suggestion.availability_confirmed_on),
                to_ask=bool(suggestion.verdict.unknown),
            )
        )
    return SuggestionsPublic(
        request_id=answer.request.request_id,
        audience="public",
        parameters=dict(answer.parameters),
        home=_home(answer),
        suggestions=shown,
        feasible_count=answer.feasible_count,
        to_ask_count=answer.to_ask_count,
    )
