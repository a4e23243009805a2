"""The main job: who can take this child; and what the rules say of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.answers import suggestions_out, suggestions_public, verdict_out
from api.dependencies import AudienceDep, ServiceDep, TodayDep
from api.errors import WrongToken
from api.schemas import CheckIn, RequestIn, SuggestionsOut, SuggestionsPublic, VerdictOut
from rpe_geo.domain import Request
from rpe_geo.errors import InputError
from rpe_geo.formats.records import childminder_of, mam_of, request_of
from rpe_geo.matching.feasibility import compile_registry, evaluate

router = APIRouter(tags=["propositions"])

_PUBLIC_PAIRS = 400
"""Pairs of a request and a record that anyone may have judged at once."""


def _request(asked: RequestIn) -> Request:
    return request_of(
        asked.model_dump(mode="json", exclude_unset=True, by_alias=True)
        | {"request_id": asked.request_id}
    )


@router.post(
    "/suggestions",
    summary="Proposer des lieux d’accueil",
    operation_id="suggestions",
    response_model=SuggestionsPublic | SuggestionsOut,
)
def suggestions(
    service: ServiceDep,
    audience: AudienceDep,
    today: TodayDep,
    asked: RequestIn,
    *,
    limit: Annotated[int, Query(ge=1, le=50, description="Propositions au plus.")] = 10,
    accept_review: Annotated[
        bool, Query(description="Accepter la meilleure lecture d’une adresse douteuse.")
    ] = False,
) -> SuggestionsPublic | SuggestionsOut:
    """
    Classe les lieux qui peuvent accueillir, par temps de trajet réel, horaires et souhaits.

    Sans jeton : seulement qui l’accepte, sans point exact d’un domicile masqué. Avec le jeton du relais : tout, avec les
    points de chaque critère et les refus expliqués. Rien n’est enregistré.
    """
    answer = service.relais_of(audience).suggest(
        _request(asked), today=today, limit=limit, accept_review=accept_review
    )
    if audience == "professional":
        return suggestions_out(answer)
    return suggestions_public(answer, service.public_registry.places())


@router.post("/check", summary="Vérifier les règles", operation_id="check")
def check(
    service: ServiceDep, audience: AudienceDep, today: TodayDep, asked: CheckIn
) -> list[VerdictOut]:
    """
    Dit, pour chaque demande et chaque fiche, ce que permettent l’agrément et le droit du travail.

    Avec des fiches dans la demande, tout le monde peut vérifier ; sans fiches, c’est le registre du relais, et il faut le jeton.
    """
    requests = [_request(one) for one in asked.requests]
    day = asked.on or today
    if asked.childminders is None:
        if audience != "professional":
            raise WrongToken("professionals_only")
        return [verdict_out(one) for one in service.relais.check(requests, today=day)]
    if audience != "professional" and len(requests) * len(asked.childminders) > _PUBLIC_PAIRS:
        raise InputError("check_too_many", limit=_PUBLIC_PAIRS)
    registry = compile_registry(
        [childminder_of(one) for one in asked.childminders], [mam_of(one) for one in asked.mams]
    )
    return [
        verdict_out(verdict)
        for request in requests
        for verdict in evaluate(registry, request, today=day, with_relaxations=True)
    ]
