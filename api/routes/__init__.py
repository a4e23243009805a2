"""The JSON API, a file per subject."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.routes import (
    childminders,
    coverage,
    features,
    geocode,
    health,
    isochrones,
    rules,
    suggestions,
)
from api.schemas import Problem

__all__ = ["API", "api_router"]

API = "/api/v1"

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "model": Problem,
        "description": text,
        "content": {"application/problem+json": {}},
    }
    for status, text in (
        (401, "Le jeton donné n’est pas le bon."),
        (404, "Inconnu ici."),
        (413, "Le corps de la requête est trop grand."),
        (422, "La demande ne peut pas être comprise ; « errors » nomme les champs."),
        (429, "Trop de demandes ; « Retry-After » dit quand revenir."),
        (503, "Un service dont nous dépendons ne répond pas."),
    )
}


def api_router() -> APIRouter:
    """Gather the routes of the API under its version."""
    router = APIRouter(prefix=API, responses=_PROBLEMS)
    for subject in (
        health,
        rules,
        geocode,
        suggestions,
        childminders,
        isochrones,
        coverage,
        features,
    ):
        router.include_router(subject.router)
    return router
