"""What a person reads when something is missing, refused, too much or broken: a page, in plain words, with a way on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Scope

from api.errors import problem, status_of
from api.pages.rendering import render
from api.routes import API
from rpe_geo.errors import RpeGeoError
from rpe_geo.messages import phrase
from rpe_geo.messages.french import plural

__all__ = ["install_page_errors", "refuse"]

logger = logging.getLogger("rpe_geo.service")

_RETRY_S = 60
_DOOR = "/pro"


@dataclass(frozen=True)
class _Words:
    title: str
    detail: str
    mark: str = "info"


_PAGES: Mapping[int, _Words] = {
    400: _Words(
        "Demande illisible", "Le navigateur a envoyé quelque chose que nous n’avons pas su lire."
    ),
    401: _Words("Réservé", "Cette adresse demande une autorisation."),
    403: _Words("Cette page est réservée", "Votre compte ne permet pas de l’ouvrir.", "cadenas"),
    404: _Words(
        "Cette page n’existe pas",
        "Le lien a peut-être expiré, ou il manque une lettre à l’adresse. Vos informations n’ont pas bougé.",
        "loupe",
    ),
    405: _Words("Cette page ne s’ouvre pas ainsi", "Passez par l’accueil : tout y est."),
    409: _Words("Modifié entre-temps", "Relisez, puis recommencez.", "alerte"),
    413: _Words(
        "C’est trop lourd",
        "Ce que vous envoyez dépasse la taille que le service accepte. Revenez en arrière et raccourcissez le texte, "
        "ou coupez le fichier en deux.",
        "alerte",
    ),
    421: _Words("Mauvaise adresse", "Le service ne répond pas sous ce nom."),
    422: _Words(
        "Formulaire incomplet",
        "Il manque une information, ou l’une d’elles ne convient pas. Revenez en arrière et vérifiez.",
        "alerte",
    ),
    429: _Words("Un instant, s’il vous plaît", "", "horloge"),
    500: _Words(
        "Quelque chose n’a pas marché, de notre côté",
        "Ce n’est pas votre faute, et l’équipe technique en est prévenue. Réessayez dans un moment ; si cela continue, "
        "appelez le relais.",
        "alerte",
    ),
    503: _Words("Le service fait une pause", "Réessayez dans une minute.", "horloge"),
}


def is_page(scope: Scope) -> bool:
    """Tell whether a person reads the answer: not under the API, nor where a program asks for JSON."""
    if scope["path"].startswith((API, "/metrics")):
        return False
    accept = Request(scope).headers.get("accept", "")
    return "text/html" in accept or "json" not in accept


def _wait(seconds: int) -> str:
    """Say how long to wait as one says it."""
    if seconds < 90:
        return plural(seconds, "seconde")
    return plural(round(seconds / 60), "minute")


def _again(path: str) -> str:
    """Name what to try again: what a provider answered serves once, one begins anew."""
    return "/pro/openid" if path.startswith("/pro/openid/") else path


def _page(
    request: Request,
    status: int,
    *,
    title: str = "",
    detail: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response:
    words = _PAGES.get(status, _PAGES[500 if status >= 500 else 400])
    given = dict(headers or {})
    if status == 503:
        given.setdefault("retry-after", str(_RETRY_S))
    text = detail or words.detail
    if status == 429:
        text = (
            "Beaucoup de demandes sont arrivées en peu de temps depuis votre connexion. "
            f"Réessayez dans {_wait(int(given.get('retry-after', _RETRY_S)))} : en revenant en arrière, vous devriez "
            "retrouver ce que vous aviez écrit."
        )
    path = request.url.path
    return render(
        request,
        "erreur.html",
        status=status,
        headers=given,
        titre=title or words.title,
        detail=text[:1].upper() + text[1:],
        image=words.mark,
        code=status,
        professionnel=path == _DOOR or path.startswith(_DOOR + "/"),
        encore=_again(path) if request.method == "GET" and status in {429, 500, 503} else None,
    )


def refuse(
    scope: Scope, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None
) -> ASGIApp:
    """
    Answer a request that went no further than the door.

    Parameters
    ----------
    scope
        Of the request.
    status
        HTTP status.
    code, detail
        What happened, for programs; the page says it in its own words.
    headers
        More headers of the answer.

    Returns
    -------
    ASGIApp
        A page, or a problem where a program asks.
    """
    if not is_page(scope):
        return problem(status, code, detail, headers=headers)
    own = detail if status == 403 else ""
    title = _TITLES.get(code, "")
    return _page(Request(scope), status, title=title, detail=own, headers=headers)


_TITLES = {"link_unusable": "Ce lien n’est plus valable", "form_expired": "À recommencer"}
_DETAILS = {
    "link_unusable": (
        "Un lien sert une fois, et quelques heures ou quelques jours seulement. Demandez-en un nouveau : cela ne prend "
        "qu’un instant."
    ),
}


def _of_error(error: Exception) -> tuple[int, str, str, Mapping[str, str] | None]:
    """Find the status, title, sentence and headers of an error's page."""
    if isinstance(error, RpeGeoError):
        status, title = status_of(error)
        if error.code in _TITLES:
            status, title = 403, _TITLES[error.code]
        elif status in {403, 404, 503}:
            title = _PAGES[status].title
        if error.code == "openid_unavailable":
            title = "La connexion n’aboutit pas"
        detail = _DETAILS.get(error.code) or phrase(error.code, **error.values)
        return status, title, detail, None
    if isinstance(error, HTTPException):
        return error.status_code, "", "", error.headers
    return 422, "", "", None


def install_page_errors(app: FastAPI, headers: Mapping[str, str]) -> None:
    """
    Answer errors as a page where a person reads, and as a problem elsewhere.

    Parameters
    ----------
    app
        Its handlers of errors answer problems so far.
    headers
        Of every answer: an unexpected error is answered outside of what else would put them.
    """
    # Starlette types handlers by the base class of errors.
    kinds: tuple[Any, ...] = (RpeGeoError, HTTPException, RequestValidationError)
    for kind in kinds:
        app.add_exception_handler(kind, _page_or(cast("Any", app.exception_handlers[kind])))
    unexpected = cast("Any", app.exception_handlers[Exception])

    def broken(request: Request, error: Exception) -> Response:
        answer: Response = unexpected(request, error)
        if is_page(request.scope):
            answer = _page(request, 500)
        answer.headers.update({**headers, "cache-control": "no-store"})
        return answer

    app.add_exception_handler(Exception, broken)


def _page_or(before: Callable[[Request, Exception], Response]) -> Any:
    def handle(request: Request, error: Exception) -> Response:
        if not is_page(request.scope):
            return before(request, error)
        status, title, detail, headers = _of_error(error)
        if status >= 500:
            logger.error("page %d: %s", status, getattr(error, "code", type(error).__name__))
        return _page(request, status, title=title, detail=detail, headers=headers)

    return handle
