"""Who is signed in on a page: cookies, forms that only our own pages can send, and what was typed when a session ended."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from api.pages.desk import Desk, DeskDep
from api.pages.rendering import SessionNeeded, render
from rpe_geo.desk.accounts import Session
from rpe_geo.errors import Forbidden
from rpe_geo.settings import Settings

__all__ = [
    "COOKIE",
    "AdministratorDep",
    "CheckedForm",
    "OwnForm",
    "SessionDep",
    "TokenDep",
    "drop_cookie",
    "install_sessions",
    "kept_form",
    "own_path",
    "put_cookie",
    "read_cookie",
    "sign_in_values",
]

COOKIE = "rpe_session"
_COOKIE_S = 14 * 3600
"""Longer than any session, so that a form that comes after its end is known to be ours."""

_KEPT_WITHIN = timedelta(hours=1)
_SEALED = 1.5
"""A sealed form is larger than what it holds by so much at most."""

_MOST_FIELDS = 1000
_OWN_PATH = re.compile(r"/pro(/[A-Za-z0-9._~%+:@-]+)*/?")


# ---- cookies ------------------------------------------------------------------------------------------------------


def cookie_name(settings: Settings, name: str) -> str:
    """Name a cookie; in production so that browsers take it only over HTTPS, from this very host, for all paths."""
    return f"__Host-{name}" if settings.environment == "production" else name


def put_cookie(request: Request, answer: Response, name: str, value: str, *, seconds: int) -> None:
    """Give the browser a cookie that scripts cannot read and other sites do not send along with forms."""
    settings = request.state.desk.settings
    answer.set_cookie(
        cookie_name(settings, name),
        value,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.environment == "production" or request.url.scheme == "https",
    )


def drop_cookie(request: Request, answer: Response, name: str) -> None:
    """Take a cookie back; browsers believe it only with the same marks."""
    put_cookie(request, answer, name, "", seconds=0)


def read_cookie(request: Request, name: str) -> str | None:
    """Read a cookie of ours."""
    return request.cookies.get(cookie_name(request.state.desk.settings, name))


# ---- sessions -----------------------------------------------------------------------------------------------------


def _token(request: Request) -> str | None:
    return read_cookie(request, COOKIE)


TokenDep = Annotated[str | None, Depends(_token)]


def _session(request: Request, desk: DeskDep, token: TokenDep) -> Session:
    found = None if token is None else desk.accounts.session(token)
    if found is None:
        raise SessionNeeded
    request.state.session = found
    return found


SessionDep = Annotated[Session, Depends(_session)]


def _administrator(session: SessionDep) -> Session:
    if session.role != "administrator":
        raise Forbidden("role_not_allowed")
    return session


AdministratorDep = Annotated[Session, Depends(_administrator)]


# ---- forms --------------------------------------------------------------------------------------------------------


async def _own_form(request: Request) -> AsyncIterator[FormData]:
    """Read a form; that another site's page did not send it is looked at before (`api.security.OwnForms`)."""
    async with request.form(max_files=1, max_fields=_MOST_FIELDS) as form:
        yield form


OwnForm = Annotated[FormData, Depends(_own_form)]


def _checked_form(session: SessionDep, form: OwnForm) -> FormData:
    """Read a form that carries the secret of this session."""
    if not hmac.compare_digest(str(form.get("csrf", "")).encode(), session.csrf.encode()):
        raise Forbidden("form_expired")
    return form


CheckedForm = Annotated[FormData, Depends(_checked_form)]


# ---- back to where one was ----------------------------------------------------------------------------------------


def own_path(text: str | None) -> str | None:
    """
    Read the path of a page of the professionals, to return to it after signing in.

    Parameters
    ----------
    text
        From an address or a form: anything.

    Returns
    -------
    str or None
        None for whatever is not such a path: another host, another door, a query, a path that climbs.
    """
    given = text or ""
    if not _OWN_PATH.fullmatch(given) or ".." in given:
        return None
    return None if given.startswith(("/pro/connexion", "/pro/openid", "/pro/sortie")) else given


def _here(request: Request) -> str | None:
    """Find the page that somebody without session wanted, or whose form she sent; never its query."""
    if request.method in {"GET", "HEAD"}:
        return own_path(quote(request.url.path))
    return own_path(urlsplit(request.headers.get("referer", "")).path)


def sign_in_values(desk: Desk) -> dict[str, Any]:
    """Name what the sign-in page shows by the settings."""
    settings = desk.settings
    return {
        "fournisseur": settings.oidc_label if settings.oidc_issuer else None,
        "mots_de_passe": settings.passwords,
        "email": "",
        "faute": None,
        "suite": None,
        "reprise": None,
        "fin": False,
        "fichier": False,
        "choisi": False,
    }


def _keep(desk: Desk, ended: Session, path: str, fields: list[tuple[str, str]]) -> str | None:
    """Seal a form that came too late, for its owner alone."""
    content = {"account": ended.account.account_id, "path": path, "fields": fields}
    if len(json.dumps(content)) * _SEALED > desk.settings.max_body_kb * 1000:
        return None
    return desk.links.seal("form", content)


def kept_form(desk: Desk, token: str, session: Session) -> Mapping[str, Any] | None:
    """Open a form that was kept; None when it is too old or somebody else's."""
    kept = desk.links.unseal("form", token, within=_KEPT_WITHIN)
    if kept is None or kept["account"] != session.account.account_id:
        return None
    return kept


async def _to_sign_in(request: Request, _error: Exception) -> Response:
    """Lead to the sign-in page; a form whose session ended comes along and is not lost."""
    desk: Desk = request.state.desk
    here = _here(request)
    suffix = f"?suite={quote(here)}" if here else ""
    if request.method != "POST":
        return RedirectResponse(f"/pro/connexion{suffix}", 303)
    async with request.form(max_files=1, max_fields=_MOST_FIELDS) as form:
        fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
        files = any(isinstance(value, UploadFile) and value.filename for value in form.values())
    token, own = _token(request), dict(fields).get("csrf", "")
    ended = await run_in_threadpool(desk.accounts.ended_session, token) if token else None
    if ended is None or not hmac.compare_digest(own.encode(), ended.csrf.encode()):
        return RedirectResponse(f"/pro/connexion{suffix}", 303)
    rest = [(name, value) for name, value in fields if name != "csrf"]
    values = sign_in_values(desk) | {
        "email": ended.account.email,
        "suite": here,
        "reprise": None if files else _keep(desk, ended, quote(request.url.path), rest),
        "fin": True,
        "fichier": files,
    }
    return render(request, "connexion.html", status=403, **values)


def install_sessions(app: FastAPI) -> None:
    """Lead whoever must sign in to the page for it."""
    app.add_exception_handler(SessionNeeded, _to_sign_in)
