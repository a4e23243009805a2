"""Signing in by the OpenID Connect provider of the settings: there, and back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api.oidc import Flow, Identity, Provider
from api.pages.accounts.session import (
    TokenDep,
    drop_cookie,
    own_path,
    put_cookie,
    read_cookie,
    sign_in_values,
)
from api.pages.accounts.sign_in import opened
from api.pages.desk import Desk, DeskDep
from api.pages.rendering import render
from rpe_geo.errors import Forbidden, NotFound
from rpe_geo.messages import phrase

__all__ = ["router"]

router = APIRouter(prefix="/pro/openid")
_COOKIE = "rpe_openid"
_WITHIN = timedelta(minutes=10)
_CALLBACK = "/pro/openid/retour"
_KIND = {"openid_no_account": "Il manque un compte", "openid_other_identity": "Une autre identité"}


def _provider(desk: Desk) -> Provider:
    if desk.provider is None:
        raise NotFound("not_found_here")
    return desk.provider


@router.get("")
def begin(request: Request, desk: DeskDep, suite: str | None = None) -> Response:
    """Send the browser to the provider, with what it must bring back sealed in a cookie."""
    url, flow = _provider(desk).begin(desk.link(_CALLBACK))
    answer = RedirectResponse(url, 303)
    kept = asdict(flow) | {"suite": own_path(suite) or ""}
    seconds = round(_WITHIN.total_seconds())
    put_cookie(request, answer, _COOKIE, desk.links.seal("openid", kept), seconds=seconds)
    return answer


@router.get("/retour")
def finish(request: Request, desk: DeskDep, token: TokenDep) -> Response:
    """Open a session for whom the provider names, if an account was made for her."""
    provider = _provider(desk)
    identity: Identity | None = None
    try:
        flow, suite = _flow(request, desk)
        identity = provider.finish(flow, dict(request.query_params), desk.link(_CALLBACK))
        sealed = desk.links.seal("provider", {"id_token": identity.id_token})
        new = (identity.name, identity.roles) if desk.settings.oidc_role_claim else None
        opening, session = desk.accounts.sign_in_by_identity(
            identity.email, identity.key, provider=sealed, new=new
        )
    except Forbidden as error:
        answer = _refused(request, desk, provider, error, identity)
    else:
        desk.casework(session.rpe_id).store.audit(
            session.account.account_id, "sign_in_openid", "account", session.account.account_id
        )
        answer = opened(request, desk, session, opening, before=token, suite=own_path(suite))
    drop_cookie(request, answer, _COOKIE)
    return answer


def _flow(request: Request, desk: Desk) -> tuple[Flow, str]:
    """Open what this browser was given when it left; each serves once."""
    kept = desk.links.unseal("openid", read_cookie(request, _COOKIE) or "", within=_WITHIN)
    if kept is None:
        raise Forbidden("openid_stale")
    return Flow(kept["state"], kept["nonce"], kept["verifier"]), kept["suite"]


def _refused(
    request: Request, desk: Desk, provider: Provider, error: Forbidden, identity: Identity | None
) -> Response:
    """Say why no session was opened: whom to ask where an account is missing, else how to go on."""
    said = phrase(error.code, **({"provider": provider.label} | error.values))
    if error.code in _KIND and identity is not None:
        return render(
            request,
            "openid.html",
            status=403,
            titre=_KIND[error.code],
            detail=said,
            email=identity.email,
            fournisseur=provider.label,
            autre=provider.end_url(identity.id_token, desk.link("/pro/au-revoir")),
            mots_de_passe=desk.settings.passwords,
        )
    values = sign_in_values(desk) | {"faute": said}
    return render(request, "connexion.html", status=403, **values)
