"""Signing in and out, a new password, which of one's RPE one works for, and how long a session lasts."""

from __future__ import annotations

import logging
import secrets
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.background import BackgroundTask

from api.pages.accounts.session import (
    COOKIE,
    CheckedForm,
    OwnForm,
    SessionDep,
    TokenDep,
    drop_cookie,
    kept_form,
    own_path,
    put_cookie,
    read_cookie,
    sign_in_values,
)
from api.pages.desk import Desk, DeskDep
from api.pages.rendering import render
from rpe_geo.desk.accounts import Account, Session, home_of
from rpe_geo.errors import Forbidden, InputError, NotFound, ServiceUnavailable
from rpe_geo.messages import phrase
from rpe_geo.relais.accounts import Device

__all__ = [
    "CheckedForm",
    "OwnForm",
    "SessionDep",
    "invite",
    "opened",
    "router",
    "send_password_link",
]

logger = logging.getLogger("rpe_geo.service")
router = APIRouter()

_RESET_DAYS = 2 / 24
_INVITATION_DAYS = 7
_LINKS = {"mot-de-passe": ("password", _RESET_DAYS), "bienvenue": ("invitation", _INVITATION_DAYS)}
_DEVICE = "rpe_appareil"
_DEVICE_DAYS = 180
_LONGEST = 2000
_CHOSEN = "mot-de-passe"
_GOODBYE = "/pro/au-revoir"


@router.get("/pro")
def front(session: SessionDep) -> Response:
    """Lead to where one works."""
    return RedirectResponse(home_of(session.role), 303)


# ---- in -----------------------------------------------------------------------------------------------------------


@router.get("/pro/connexion")
def sign_in_page(
    request: Request, desk: DeskDep, suite: str | None = None, fait: str | None = None
) -> Response:
    """Show the form."""
    values = sign_in_values(desk) | {"suite": own_path(suite), "choisi": fait == _CHOSEN}
    return render(request, "connexion.html", **values)


@router.post("/pro/connexion")
def sign_in(request: Request, desk: DeskDep, form: OwnForm, token: TokenDep) -> Response:
    """Look at the password; five wrong ones make a pause."""
    if not desk.settings.passwords:
        raise Forbidden("sign_in_by_password_off", provider=desk.settings.oidc_label)
    email, suite = str(form.get("email", ""))[:300], own_path(str(form.get("suite", "")))
    kept = str(form.get("reprise", ""))
    device = _device(request, desk)
    try:
        new, session = desk.accounts.sign_in(
            email, str(form.get("password", ""))[:_LONGEST], device=device
        )
    except Forbidden as error:
        _note_failure(desk, email)
        values = sign_in_values(desk) | {
            "faute": phrase(error.code, **error.values),
            "email": email[:200],
            "suite": suite,
            "reprise": kept or None,
        }
        return render(request, "connexion.html", status=403, **values)
    answer = opened(request, desk, session, new, before=token, suite=suite, kept=kept)
    if device is None or device.account_id != session.account.account_id:
        known = {"id": session.account.account_id, "n": secrets.token_hex(16)}
        put_cookie(
            request, answer, _DEVICE, desk.sign("device", known), seconds=_DEVICE_DAYS * 86_400
        )
    desk.casework(session.rpe_id).store.audit(
        session.account.account_id, "sign_in", "account", session.account.account_id
    )
    return answer


def _note_failure(desk: Desk, email: str) -> None:
    """Note in the trail that somebody failed to sign in; of an address without an account nothing is kept."""
    account = desk.accounts.store.by_email(email.strip().lower())
    rpe_ids = [desk.settings.rpe_id] if account is None else sorted(account.every)
    for rpe_id in rpe_ids:
        desk.casework(rpe_id).store.audit(
            "", "sign_in_failed", "account", "" if account is None else account.account_id
        )


def _device(request: Request, desk: Desk) -> Device | None:
    """Recognise a browser on which somebody signed in before."""
    cookie = read_cookie(request, _DEVICE)
    if cookie is None:
        return None
    try:
        known = desk.unsign("device", cookie, days=_DEVICE_DAYS)
    except Forbidden:
        return None
    return Device(known["id"], known["n"])


def opened(
    request: Request,
    desk: Desk,
    session: Session,
    token: str,
    *,
    before: str | None,
    suite: str | None = None,
    kept: str = "",
) -> Response:
    """
    Answer a successful sign-in.

    Parameters
    ----------
    request, desk
        Where.
    session, token
        The new session, and what its cookie says.
    before
        Token of a session that this browser had before: it ends.
    suite
        Path of the page to return to.
    kept
        A sealed form that came too late: it is shown again, to be sent by hand.
    """
    if before is not None:
        desk.accounts.sign_out(before)
    form = kept_form(desk, kept, session) if kept else None
    if form is not None:
        answer: Response = render(request, "reprise.html", session=session, envoi=form)
    else:
        answer = RedirectResponse(suite or home_of(session.role), 303)
    put_cookie(request, answer, COOKIE, token, seconds=14 * 3600)
    return answer


@router.post("/pro/reprise")
def resume(request: Request, desk: DeskDep, session: SessionDep, form: OwnForm) -> Response:
    """Show a form that came too late, after its owner signed in elsewhere; nothing is sent yet."""
    kept = kept_form(desk, str(form.get("reprise", "")), session)
    if kept is None:
        raise Forbidden("form_expired")
    return render(request, "reprise.html", session=session, envoi=kept)


# ---- while --------------------------------------------------------------------------------------------------------


@router.get("/pro/session")
def session_state(desk: DeskDep, token: TokenDep) -> Response:
    """Tell the page's clock how many seconds remain; asking does not count as use."""
    session = desk.accounts.session(token, use=False) if token else None
    if session is None:
        return JSONResponse({"reste": 0})
    return JSONResponse({"reste": session.seconds_left(datetime.now(UTC)), "csrf": session.csrf})


@router.post("/pro/rester")
def stay(desk: DeskDep, _form: CheckedForm, token: TokenDep) -> Response:
    """Move the end of the session."""
    session = desk.accounts.stay(token or "")
    return JSONResponse(
        {"reste": 0 if session is None else session.seconds_left(datetime.now(UTC))}
    )


@router.post("/pro/rpe")
def choose_rpe(desk: DeskDep, form: CheckedForm, token: TokenDep) -> Response:
    """Work for another RPE of the same account."""
    desk.accounts.choose_rpe(token or "", str(form.get("rpe", "")))
    return RedirectResponse("/pro", 303)


# ---- out ----------------------------------------------------------------------------------------------------------


@router.post("/pro/sortie")
def sign_out(
    request: Request, desk: DeskDep, session: SessionDep, _form: CheckedForm, token: TokenDep
) -> Response:
    """End the session, and the provider's where it opened it."""
    desk.accounts.sign_out(token or "")
    end = _provider_end(desk, session)
    if end is None:
        answer: Response = RedirectResponse(_GOODBYE, 303)
    else:
        # Browsers hold a form's whole chain of redirects to form-action: the provider is reached by a new navigation.
        answer = render(request, "au_revoir.html", fin=end, fournisseur=desk.settings.oidc_label)
        answer.headers["refresh"] = f"0; url={end}"
    drop_cookie(request, answer, COOKIE)
    return answer


def _provider_end(desk: Desk, session: Session) -> str | None:
    """Write where the provider ends its own session; None after a password."""
    if desk.provider is None or session.provider is None:
        return None
    kept = desk.links.unseal("provider", session.provider, within=timedelta(days=1))
    return None if kept is None else desk.provider.end_url(kept["id_token"], desk.link(_GOODBYE))


@router.get(_GOODBYE)
def goodbye(request: Request) -> Response:
    """Say that the session ended."""
    return render(request, "au_revoir.html", fin=None, fournisseur="")


# ---- a new password -----------------------------------------------------------------------------------------------


@router.get("/pro/oubli")
def forgotten_page(request: Request, desk: DeskDep) -> Response:
    """Ask for the e-mail."""
    _need_passwords(desk)
    return render(request, "oubli.html", envoye=False)


@router.post("/pro/oubli")
def forgotten(request: Request, desk: DeskDep, form: OwnForm) -> Response:
    """Send a link, and say the same in the same time whether the account exists or not."""
    _need_passwords(desk)
    email = str(form.get("email", ""))[:300]
    answer = render(request, "oubli.html", envoye=True)
    answer.background = BackgroundTask(_send_if_known, desk, email)
    return answer


def _need_passwords(desk: Desk) -> None:
    if not desk.settings.passwords:
        raise NotFound("sign_in_by_password_off", provider=desk.settings.oidc_label)


def _send_if_known(desk: Desk, email: str) -> None:
    """Send a link after the answer has left: how long it takes tells nobody anything."""
    if not desk.accounts.may_ask_again(email):
        return
    found = desk.accounts.reset_claim(email)
    if found is None:
        return
    try:
        send_password_link(desk, *found)
    except ServiceUnavailable as error:
        logger.error("mail: %s", error.code)  # noqa: TRY400 - the mail server's words may name somebody


def send_password_link(desk: Desk, account: Account, claim: dict[str, str]) -> None:
    """Mail a link to choose a new password, valid two hours, once."""
    link = desk.link(f"/pro/mot-de-passe/{desk.sign('password', claim)}")
    desk.send(
        account.email,
        f"{desk.settings.relais_name} : nouveau mot de passe",
        f"Bonjour {account.name},\n\nPour choisir un nouveau mot de passe, ouvrez ce lien dans les deux heures :\n\n"
        f"{link}\n\nSi vous n’avez rien demandé, ne faites rien : votre mot de passe reste le même.\n",
    )


def invite(desk: Desk, account: Account, by: str) -> None:
    """Mail an invitation: a link to choose a password, or the page to sign in where there is one or none is needed."""
    relais = desk.settings.relais_name
    if desk.settings.passwords and not account.has_a_password:
        claim = desk.accounts.claim_of(account)
        link = desk.link(f"/pro/bienvenue/{desk.sign('invitation', claim)}")
        how = (
            "Choisissez votre mot de passe avec ce lien, valable sept jours :\n\n"
            f"{link}\n\nEnsuite, vous vous connectez avec cette adresse e-mail."
        )
        if desk.provider is not None:
            page = desk.link("/pro/connexion")
            how += f"\n\nOu connectez-vous sans attendre avec {desk.provider.label} :\n\n{page}"
    else:
        how = f"Connectez-vous ici, avec cette adresse e-mail :\n\n{desk.link('/pro/connexion')}"
    desk.send(
        account.email,
        f"{relais} : votre compte professionnel",
        f"Bonjour {account.name},\n\n{by} vous ouvre un accès à l’espace professionnel de {relais}.\n\n{how}\n\n"
        "Si ce message ne vous concerne pas, ne faites rien.\n",
    )


def _read_link(desk: Desk, kind: str, token: str) -> dict[str, str]:
    """Read a link that was never used."""
    purpose, days = _LINKS[kind]
    claim = desk.unsign(purpose, token, days=days)
    desk.accounts.check_claim(claim)
    return claim


@router.get("/pro/mot-de-passe/{token}")
def new_password_page(request: Request, desk: DeskDep, token: str) -> Response:
    """Ask for the new password; opening the link uses nothing up, for scanners of mails open links."""
    _read_link(desk, "mot-de-passe", token)
    return render(request, "mot_de_passe.html", faute=None, bienvenue=False)


@router.get("/pro/bienvenue/{token}")
def welcome_page(request: Request, desk: DeskDep, token: str) -> Response:
    """Ask somebody who is invited for a password."""
    _read_link(desk, "bienvenue", token)
    return render(request, "mot_de_passe.html", faute=None, bienvenue=True)


@router.post("/pro/mot-de-passe/{token}")
def new_password(request: Request, desk: DeskDep, token: str, form: OwnForm) -> Response:
    """Set the new password; the link serves once."""
    return _set_password(request, desk, "mot-de-passe", token, str(form.get("password", "")))


@router.post("/pro/bienvenue/{token}")
def welcome(request: Request, desk: DeskDep, token: str, form: OwnForm) -> Response:
    """Set the first password; the link serves once."""
    return _set_password(request, desk, "bienvenue", token, str(form.get("password", "")))


def _set_password(request: Request, desk: Desk, kind: str, token: str, password: str) -> Response:
    _need_passwords(desk)
    claim = _read_link(desk, kind, token)
    try:
        account = desk.accounts.reset(claim, password)
    except InputError as error:
        sentence = phrase(error.code, **error.values)
        return render(
            request,
            "mot_de_passe.html",
            status=422,
            faute=sentence[:1].upper() + sentence[1:],
            bienvenue=kind == "bienvenue",
        )
    for rpe_id in account.memberships:
        desk.casework(rpe_id).store.audit(
            account.account_id, "password", "account", account.account_id
        )
    return RedirectResponse(f"/pro/connexion?fait={_CHOSEN}", 303)
