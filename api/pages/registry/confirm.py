"""The page that a childminder opens on her phone: one question, one big button. Opening it confirms nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from api.dependencies import TodayDep
from api.pages.accounts.session import OwnForm
from api.pages.desk import Desk, DeskDep
from api.pages.rendering import render
from api.pages.work import BY_LINK
from rpe_geo.domain import Childminder, Publication
from rpe_geo.errors import Conflict
from rpe_geo.protocols import Repository

__all__ = ["router"]

router = APIRouter(prefix="/confirmer")
_VALID_DAYS = 30
Link = Annotated[str, Path(max_length=400)]


def _claimed(desk: Desk, token: str) -> tuple[Repository, str, str]:
    claim = desk.unsign("confirm", token, days=_VALID_DAYS)
    return desk.relais(claim["rpe"]).repository, claim["id"], claim["rpe"]


def _page(
    request: Request,
    token: str,
    record: Childminder,
    revision: int,
    *,
    said: str | None = None,
    changed: bool = False,
    status: int = 200,
) -> Response:
    return render(
        request,
        "confirmer.html",
        status=status,
        fiche=record,
        revision=revision,
        jeton=token,
        dit=said,
        change=changed,
    )


@router.get("/{token}")
def ask(request: Request, desk: DeskDep, token: Link) -> Response:
    """Show what we believe, and ask; scanners of mails open links, so nothing changes here."""
    repository, identity, _ = _claimed(desk, token)
    # The version first: a change between these two readings is noticed when she answers.
    revision = repository.revision_of(Childminder, identity)
    return _page(request, token, repository.childminder(identity), revision)


@router.post("/{token}")
def answer(
    request: Request, desk: DeskDep, today: TodayDep, token: Link, form: OwnForm
) -> Response:
    """Note what she says; when the record changed since she opened the page, show it again as it is now."""
    repository, identity, rpe = _claimed(desk, token)
    before = repository.childminder(identity)
    revision = str(form.get("revision", ""))
    said = str(form.get("dit", ""))
    changed = _said(before, said, form.get("accord") == "oui", today)
    read = int(revision) if revision.isdecimal() else -1
    try:
        now = repository.revise(changed, revision=read, by=BY_LINK)
    except Conflict:
        latest = repository.revision_of(Childminder, identity)
        record = repository.childminder(identity)
        return _page(request, token, record, latest, changed=True, status=409)
    desk.casework(rpe).store.audit(BY_LINK, f"confirm_{said}"[:40], "childminder", identity)
    return _page(request, token, changed, now, said=said)


def _said(record: Childminder, said: str, consent: bool, today: date) -> Childminder:  # noqa: FBT001 - her tick
    if said == "carte":
        return replace(
            record, publication=replace(record.publication or Publication(), consent=consent)
        )
    if said == "complet":
        agreed = replace(record.agrement, places_offered=0)
        return replace(record, agrement=agreed, availability_confirmed_on=today)
    return replace(record, availability_confirmed_on=today)
