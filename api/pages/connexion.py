"""Signing in and out, a new password, and which of one's RPE one works for."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from api.pages.desk import DeskDep
from api.pages.rendering import SessionNeeded, render
from rpe_geo.accounts import Session
from rpe_geo.errors import Forbidden, InputError
from rpe_geo.messages import phrase

__all__ = ["COOKIE", "CheckedForm", "OwnForm", "SessionDep", "router"]

router = APIRouter()
COOKIE = "rpe_session"
_HOME = "/pro/demandes"
_RESET_DAYS = 2 / 24

Token = Annotated[str | None, Cookie(alias=COOKIE)]


def _session(desk: DeskDep, token: Token = None) -> Session:
    found = None if token is None else desk.accounts.session(token)
    if found is None:
        raise SessionNeeded
    return found


SessionDep = Annotated[Session, Depends(_session)]


async def _own_form(request: Request) -> AsyncIterator[FormData]:
    """Read a form that one of our own pages sent; browsers say where a form comes from."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Forbidden("form_expired")
    async with request.form(max_files=1, max_fields=200) as form:
        yield form


OwnForm = Annotated[FormData, Depends(_own_form)]


def _checked_form(form: OwnForm, session: SessionDep) -> FormData:
    """Read a form that carries the secret of this session."""
    if not hmac.compare_digest(str(form.get("csrf", "")).encode(), session.csrf.encode()):
        raise Forbidden("form_expired")
    return form


CheckedForm = Annotated[FormData, Depends(_checked_form)]


@router.get("/pro")
def front(_session: SessionDep) -> Response:
    """Lead to the requests."""
    return RedirectResponse(_HOME, 303)


@router.get("/pro/connexion")
def sign_in_page(request: Request) -> Response:
    """Show the form."""
    return render(request, "connexion.html", faute=None, email="")


@router.post("/pro/connexion")
def sign_in(request: Request, desk: DeskDep, form: OwnForm) -> Response:
    """Look at the password; five wrong ones make a pause."""
    email = str(form.get("email", ""))
    try:
        token, session = desk.accounts.sign_in(email, str(form.get("password", ""))[:1000])
    except Forbidden as error:
        return render(
            request, "connexion.html", status=403, faute=phrase(error.code, **error.values), email=email[:200]
        )
    answer = RedirectResponse(_HOME, 303)
    secure = desk.settings.environment == "production" or request.url.scheme == "https"
    answer.set_cookie(
        COOKIE, token, httponly=True, samesite="lax", secure=secure, path="/", max_age=36_000
    )
    desk.casework(session.rpe_id).store.audit(
        session.account.account_id, "sign_in", "account", session.account.account_id
    )
    return answer


@router.post("/pro/sortie")
def sign_out(desk: DeskDep, _form: CheckedForm, token: Token = None) -> Response:
    """End the session."""
    desk.accounts.sign_out(token or "")
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(COOKIE, path="/")
    return answer


@router.post("/pro/rpe")
def choose_rpe(desk: DeskDep, form: CheckedForm, token: Token = None) -> Response:
    """Work for another RPE of the same account."""
    desk.accounts.choose_rpe(token or "", str(form.get("rpe", "")))
    return RedirectResponse(_HOME, 303)


@router.get("/pro/oubli")
def forgotten_page(request: Request) -> Response:
    """Ask for the e-mail."""
    return render(request, "oubli.html", envoye=False)


@router.post("/pro/oubli")
def forgotten(request: Request, desk: DeskDep, form: OwnForm) -> Response:
    """Send a link, and say the same whether the account exists or not."""
    claim = desk.accounts.reset_claim(str(form.get("email", "")))
    if claim is not None:
        account, content = claim
        link = desk.link(f"/pro/mot-de-passe/{desk.sign('password', content)}")
        desk.send(
            account.email,
            f"{desk.settings.relais_name} : nouveau mot de passe",
            f"Bonjour {account.name},\n\nPour choisir un nouveau mot de passe, ouvrez ce lien dans les deux heures :\n\n"
            f"{link}\n\nSi vous n’avez rien demandé, ne faites rien : votre mot de passe reste le même.\n",
        )
    return render(request, "oubli.html", envoye=True)


@router.get("/pro/mot-de-passe/{token}")
def new_password_page(request: Request, desk: DeskDep, token: str) -> Response:
    """Ask for the new password."""
    desk.unsign("password", token, days=_RESET_DAYS)
    return render(request, "mot_de_passe.html", faute=None)


@router.post("/pro/mot-de-passe/{token}")
def new_password(request: Request, desk: DeskDep, token: str, form: OwnForm) -> Response:
    """Set the new password; the link serves once."""
    claim = desk.unsign("password", token, days=_RESET_DAYS)
    try:
        desk.accounts.reset(claim, str(form.get("password", ""))[:1000])
    except InputError as error:
        sentence = phrase(error.code, **error.values)
        return render(request, "mot_de_passe.html", status=422, faute=sentence.capitalize())
    return RedirectResponse("/pro/connexion", 303)
