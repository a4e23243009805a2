"""The accounts of an RPE, for its administrators: who may sign in, as what, since when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from api.pages.accounts.session import AdministratorDep, CheckedForm
from api.pages.accounts.sign_in import invite, send_password_link
from api.pages.desk import Desk, DeskDep
from api.pages.rendering import render
from rpe_geo.desk.accounts import Session, read_role
from rpe_geo.errors import Conflict, Forbidden, InputError, ServiceUnavailable
from rpe_geo.messages import phrase
from rpe_geo.messages.accounts import AUDITED, ROLES
from rpe_geo.relais.administration import Administration, Person

__all__ = ["router"]

router = APIRouter(prefix="/pro/comptes")

_DONE = {
    "cree": "Compte ouvert, invitation envoyée.",
    "ajoute": "Accès ouvert. Un message le lui annonce.",
    "cree-sans-message": "Compte ouvert, mais le message n’est pas parti : envoyez un lien depuis sa fiche.",
    "role": "Rôle modifié. Ses sessions en cours sont terminées.",
    "desactive": "Compte désactivé. Ses sessions en cours sont terminées.",
    "reactive": "Compte réactivé.",
    "debloque": "Pause levée : un nouvel essai est possible.",
    "lien": "Lien envoyé. Il est valable deux heures.",
    "invitation": "Invitation envoyée. Elle est valable sept jours.",
    "identite": "Identité déliée. La prochaine connexion en liera une nouvelle.",
}


@dataclass(frozen=True)
class _Work:
    desk: Desk
    session: Session
    administration: Administration


def _work(desk: DeskDep, session: AdministratorDep) -> _Work:
    trail = desk.casework(session.rpe_id).store
    own = session.account.account_id
    return _Work(desk, session, Administration(desk.accounts, session.rpe_id, trail, own))


_WorkDep = Annotated[_Work, Depends(_work)]


def _list(
    request: Request,
    work: _Work,
    *,
    status: int = 200,
    done: str | None = None,
    faults: dict[str, str] | None = None,
    given: dict[str, str] | None = None,
) -> Response:
    people = work.administration.people()
    active = [one for one in people if one.membership.active]
    return render(
        request,
        "comptes.html",
        status=status,
        session=work.session,
        personnes=people,
        actifs=len(active),
        administrateurs=sum(one.membership.role == "administrator" for one in active),
        roles=ROLES,
        fait=_DONE.get(done or ""),
        fautes=faults or {},
        saisi=given or {"nom": "", "email": "", "role": "animateur"},
        mots_de_passe=work.desk.settings.passwords,
        fournisseur=work.desk.settings.oidc_label if work.desk.provider else None,
    )


@router.get("")
def people(request: Request, work: _WorkDep, fait: str | None = None) -> Response:
    """List the accounts, and offer a new one."""
    return _list(request, work, done=fait)


@router.post("")
def add(request: Request, work: _WorkDep, form: CheckedForm) -> Response:
    """Open an account and invite its owner."""
    given = {name: str(form.get(name, "")).strip()[:300] for name in ("nom", "email", "role")}
    faults = {} if given["nom"] else {"nom": "Indiquez son nom : il sera dans l’historique."}
    try:
        if faults:
            return _list(request, work, status=422, faults=faults, given=given)
        account, new = work.administration.add(
            given["email"], given["nom"], read_role(given["role"])
        )
    except (InputError, Conflict) as error:
        field = {"role": "role", "name": "nom"}.get(error.where.field or "", "email")
        said = phrase(error.code, **error.values)
        return _list(
            request,
            work,
            status=409 if isinstance(error, Conflict) else 422,
            faults={field: said[:1].upper() + said[1:]},
            given=given,
        )
    try:
        invite(work.desk, account, work.session.account.name)
    except ServiceUnavailable:
        return _back(None, "cree-sans-message")
    return _back(None, "cree" if new else "ajoute")


def _back(account_id: str | None, done: str) -> Response:
    where = f"/{account_id}" if account_id else ""
    return RedirectResponse(f"/pro/comptes{where}?fait={done}", 303)


def _show(
    request: Request,
    work: _Work,
    person: Person,
    *,
    status: int = 200,
    done: str | None = None,
    fault: str | None = None,
) -> Response:
    desk = work.desk
    return render(
        request,
        "compte.html",
        status=status,
        session=work.session,
        personne=person,
        soi=person.account_id == work.session.account.account_id,
        roles=ROLES,
        historique=work.administration.history(person.account_id)[:20],
        actes=AUDITED,
        fait=_DONE.get(done or ""),
        faute=fault,
        mots_de_passe=desk.settings.passwords,
        fournisseur=desk.settings.oidc_label if desk.provider else None,
    )


@router.get("/{account_id}")
def person(request: Request, work: _WorkDep, account_id: str, fait: str | None = None) -> Response:
    """Show one account, what can be changed and what was."""
    return _show(request, work, work.administration.person(account_id), done=fait)


@router.post("/{account_id}/role")
def set_role(request: Request, work: _WorkDep, account_id: str, form: CheckedForm) -> Response:
    """Change the role; the sessions of the account end."""
    found = work.administration.person(account_id)
    try:
        work.administration.set_role(account_id, read_role(str(form.get("role", ""))))
    except Forbidden as error:
        return _show(request, work, found, status=403, fault=phrase(error.code))
    return _back(account_id, "role")


@router.post("/{account_id}/desactiver")
def deactivate(request: Request, work: _WorkDep, account_id: str, _form: CheckedForm) -> Response:
    """Close the door of this RPE; nothing is forgotten."""
    found = work.administration.person(account_id)
    try:
        work.administration.deactivate(account_id)
    except Forbidden as error:
        return _show(request, work, found, status=403, fault=phrase(error.code))
    return _back(account_id, "desactive")


@router.post("/{account_id}/reactiver")
def reactivate(request: Request, work: _WorkDep, account_id: str, _form: CheckedForm) -> Response:
    """Open the door again."""
    found = work.administration.person(account_id)
    try:
        work.administration.reactivate(account_id)
    except Forbidden as error:
        return _show(request, work, found, status=403, fault=phrase(error.code))
    return _back(account_id, "reactive")


@router.post("/{account_id}/debloquer")
def unlock(work: _WorkDep, account_id: str, _form: CheckedForm) -> Response:
    """End a pause after wrong passwords."""
    work.administration.unlock(account_id)
    return _back(account_id, "debloque")


@router.post("/{account_id}/lien")
def send_link(request: Request, work: _WorkDep, account_id: str, _form: CheckedForm) -> Response:
    """Mail a link for a new password, or the invitation again to somebody who never came."""
    found = work.administration.person(account_id)
    try:
        if found.account.is_invited:
            invite(work.desk, found.account, work.session.account.name)
            work.administration.password_claim(account_id)
            return _back(account_id, "invitation")
        send_password_link(work.desk, *work.administration.password_claim(account_id))
    except ServiceUnavailable as error:
        return _show(request, work, found, status=503, fault=phrase(error.code).capitalize())
    return _back(account_id, "lien")


@router.post("/{account_id}/delier")
def forget_identity(work: _WorkDep, account_id: str, _form: CheckedForm) -> Response:
    """Let another identity of the provider sign in, with the same verified e-mail."""
    work.administration.forget_identity(account_id)
    return _back(account_id, "identite")
