"""Errors as RFC 9457 problem details: one table of classes and statuses, one way of writing them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from rpe_geo.errors import (
    AddressNotFound,
    AmbiguousAddress,
    Conflict,
    Forbidden,
    InputError,
    NotFound,
    RpeGeoError,
    ServiceUnavailable,
)
from rpe_geo.formats.faults import RecordsRefused
from rpe_geo.messages import explain, phrase
from rpe_geo.messages.french import enumeration, number
from rpe_geo.protocols import Geocoded

__all__ = ["STATUSES", "WrongToken", "install_errors", "problem", "status_of"]

logger = logging.getLogger("rpe_geo.service")


class WrongToken(RpeGeoError):
    """A token that is missing where one is needed, or is not the right one."""


STATUSES: Mapping[type[RpeGeoError], tuple[int, str]] = {
    AddressNotFound: (422, "Adresse introuvable"),
    AmbiguousAddress: (422, "Adresse à préciser"),
    InputError: (422, "Demande non valable"),
    NotFound: (404, "Introuvable"),
    WrongToken: (401, "Jeton d’accès refusé"),
    Conflict: (409, "Modifié entre-temps"),
    Forbidden: (403, "Réservé"),
    ServiceUnavailable: (503, "Service indisponible"),
}
"""Where errors of the core meet HTTP; the nearest class of an error's own decides."""

_HTTP_TITLES = {
    400: "Demande illisible",
    401: "Jeton d’accès refusé",
    403: "Réservé",
    404: "Introuvable",
    405: "Méthode refusée",
    413: "Demande trop grande",
    429: "Trop de demandes",
}
_HTTP_CODES = {404: "not_found_here", 405: "method_not_allowed"}


def status_of(error: RpeGeoError) -> tuple[int, str]:
    """Find the HTTP status of an error and its short French title."""
    for kind in type(error).__mro__:
        if kind in STATUSES:
            return STATUSES[kind]
    return 500, "Erreur du service"


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    title: str | None = None,
    headers: Mapping[str, str] | None = None,
    **extra: Any,
) -> JSONResponse:
    """
    Write a problem.

    Parameters
    ----------
    status
        HTTP status.
    code
        The stable name of what happened, for programs.
    detail
        One French sentence, for people.
    title
        Short French title; that of the status when None.
    headers
        More response headers.
    **extra
        More members: `errors`, `choices`.
    """
    body = {
        "type": f"urn:rpe-geo:{code}",
        "title": title or _HTTP_TITLES.get(status, "Erreur du service"),
        "status": status,
        "detail": detail[:1].upper() + detail[1:],
        "code": code,
        **extra,
    }
    return JSONResponse(
        body, status, headers=dict(headers or {}), media_type="application/problem+json"
    )


def _choice(place: Geocoded) -> dict[str, Any]:
    return {"label": place.label, "longitude": place.longitude, "latitude": place.latitude}


def _core(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RpeGeoError)
    status, title = status_of(error)
    extra: dict[str, Any] = {}
    if isinstance(error, RecordsRefused):
        extra["errors"] = [
            {"field": fault.where.field, "message": phrase(fault.code, **fault.values)}
            for fault in error.values.get("faults", ())
        ]
    elif error.where.field is not None:
        extra["errors"] = [
            {"field": error.where.field, "message": phrase(error.code, **error.values)}
        ]
    if isinstance(error, AmbiguousAddress):
        extra["choices"] = [_choice(place) for place in error.values.get("places", ())]
    if status >= 500:
        logger.error("answer %d: %s", status, error.code)
    headers = {"www-authenticate": "Bearer"} if status == 401 else None
    return problem(status, error.code, explain(error), title=title, headers=headers, **extra)


# ---- what pydantic refuses ------------------------------------------------------------------------------------

_TYPES = {
    "int": "un nombre entier",
    "float": "un nombre",
    "decimal": "un nombre",
    "bool": "true ou false",
    "string": "un texte",
    "list": "une liste",
    "tuple": "une liste",
    "dict": "un objet",
    "model": "un objet",
    "date": "une date AAAA-MM-JJ",
    "mapping": "un objet",
}
_BOUNDS = {"gt": "supérieure à", "ge": "d’au moins", "lt": "inférieure à", "le": "d’au plus"}


def _field(location: Sequence[int | str]) -> str:
    # Where the fault lies in the request, and which form of a field was tried, is nothing to a reader.
    apart = {"body", "query", "path", "header", "str", "list[str]"}
    named = [str(part) for part in location if part not in apart]
    return ".".join(named)


def _sentence(fault: Mapping[str, Any]) -> str:
    """Phrase one fault of pydantic, without repeating what was given: it may be a person's."""
    kind, context = str(fault["type"]), fault.get("ctx", {})
    if kind == "missing":
        return phrase("field_missing")
    if kind == "extra_forbidden":
        return phrase("field_unknown")
    if kind == "json_invalid":
        return phrase("body_not_json")
    if kind in {"literal_error", "enum"}:
        return phrase(
            "field_choice", choices=str(context.get("expected", "")).replace(" or ", ", ")
        )
    for name, words in _BOUNDS.items():
        if name in context and not kind.startswith(("too_", "string_")):
            return phrase("field_range", bound=f"{words} {_figure(context[name])}")
    if kind.startswith(("too_", "string_too_")):
        bounds = [
            f"{words} {_figure(context[name])}"
            for name, words in (("min_length", "au moins"), ("max_length", "au plus"))
            if name in context
        ]
        return phrase("field_length", bound=enumeration(bounds))
    for name, words in _TYPES.items():
        if kind.startswith(name):
            return phrase("field_type", expected=words)
    return phrase("field_invalid")


def _figure(value: Any) -> str:
    return number(value) if isinstance(value, int | float) else str(value)


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = [
        {"field": _field(fault["loc"]), "message": _sentence(fault)} for fault in error.errors()
    ]
    first = faults[0]
    where = f"champ {first['field']} : " if first["field"] else ""
    more = "" if len(faults) == 1 else f" ({len(faults)} champs à corriger)"
    return problem(
        422,
        "fields_invalid",
        f"{where}{first['message']}{more}",
        title="Demande non valable",
        errors=faults,
    )


def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = _HTTP_CODES.get(error.status_code, "field_invalid")
    return problem(error.status_code, code, phrase(code), headers=error.headers)


def _unexpected(_request: Request, error: Exception) -> JSONResponse:
    logger.error("unexpected %s", type(error).__name__, exc_info=error)
    return problem(500, "unexpected", phrase("unexpected"))


def install_errors(app: FastAPI) -> None:
    """Answer every error of an app as a problem."""
    app.add_exception_handler(RpeGeoError, _core)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)
