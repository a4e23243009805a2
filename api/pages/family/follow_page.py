"""Where a request stands, for its family: what was proposed, answering, taking back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, cast

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse, Response

from api.dependencies import TodayDep
from api.pages.accounts.session import OwnForm
from api.pages.desk import Desk, DeskDep
from api.pages.rendering import render
from rpe_geo.desk.casework import (
    CLOSED,
    Event,
    Outcome,
    Provider,
    RefusalReason,
    agreed_to,
    outcomes,
)
from rpe_geo.domain import Childminder
from rpe_geo.errors import Conflict, NotFound
from rpe_geo.privacy import is_public, public_name
from rpe_geo.relais.casework import Case

__all__ = ["follow_link", "router"]

router = APIRouter()

_TRACK_DAYS = 400
_ANSWERED_DAYS = 5
REASONS: Mapping[str, str] = {
    "family_hours": "Les horaires ne vont pas",
    "family_distance": "C’est trop loin",
    "family_cost": "C’est trop cher",
    "family_other_solution": "J’ai trouvé une autre solution",
    "family_choice": "Je préfère ne pas dire",
}
_SAID = {
    "oui": "C’est noté : vous souhaitez la rencontre. Le relais prévient la personne et vous rappelle. Cela ne vous engage pas.",
    "non": "C’est noté. Le relais continue de chercher pour vous.",
    "trop-tard": "Cette proposition a changé entre-temps : voici où elle en est.",
}

Link = Annotated[str, Path(max_length=400)]


@dataclass(frozen=True)
class Proposal:
    """One place that was proposed to a family, as she may read of it."""

    key: str
    name: str
    where: str
    outcome: Outcome
    wished: bool


def follow_link(desk: Desk, rpe_id: str, request_id: str) -> str:
    """Write the path of a family's page, signed."""
    return f"/demande/{desk.sign('request', {'rpe': rpe_id, 'id': request_id})}"


def _claimed(desk: Desk, token: str) -> dict[str, str]:
    return desk.unsign("request", token, days=_TRACK_DAYS)


def _proposals(desk: Desk, rpe_id: str, case: Case) -> list[Proposal]:
    """List what was proposed; of a professional no more than she publishes, her number never."""
    records = desk.relais(rpe_id).book().records
    wished = agreed_to(case.events)
    shown = []
    for provider, outcome in outcomes(case.events).items():
        record = records.get(cast("Any", provider))
        if record is None:
            name, where = "Un lieu d’accueil qui n’est plus au registre", ""
        elif isinstance(record, Childminder):
            known = is_public(record)
            name = (
                public_name(record.name)
                if known and record.name
                else "Une professionnelle ou un professionnel proche de chez vous"
            )
            where = "Le relais vous dira où la rencontrer."
        else:
            name, where = record.name or "Un lieu d’accueil", record.address or ""
        shown.append(Proposal(":".join(provider), name, where, outcome, provider in wished))
    return shown


@router.get("/demande/{token}")
def follow(
    request: Request, desk: DeskDep, today: TodayDep, token: Link, dit: str = ""
) -> Response:
    """Tell a family where her request stands."""
    claim = _claimed(desk, token)
    try:
        case = desk.casework(claim["rpe"]).case(claim["id"])
    except NotFound:
        return render(request, "suivi.html", case=None)
    received = case.received_at
    return render(
        request,
        "suivi.html",
        case=case,
        ouverte=case.status not in CLOSED,
        propositions=_proposals(desk, claim["rpe"], case),
        motifs=REASONS,
        dit=_SAID.get(dit),
        avant=_working_days_after(today if received is None else received.date(), _ANSWERED_DAYS),
        aujourdhui=today,
        repondre=f"/demande/{token}/repondre",
        retrait=f"/demande/{token}/retirer",
    )


@router.post("/demande/{token}/repondre")
def answer(request: Request, desk: DeskDep, token: Link, form: OwnForm) -> Response:
    """Keep a family's yes or no to a proposal; it is the relais that concludes."""
    claim = _claimed(desk, token)
    casework = desk.casework(claim["rpe"])
    key = str(form.get("lieu", ""))[:200]
    kind, _, identity = key.partition(":")
    reason = str(form.get("motif", ""))
    yes = form.get("reponse") == "oui"
    said = "oui" if yes else "non"
    try:
        case = casework.case(claim["id"])
        provider: Provider = (kind, identity)
        if outcomes(case.events).get(provider) != "waiting":
            said = "trop-tard"
        elif not (yes and provider in agreed_to(case.events)):
            event = Event(
                request_id=claim["id"],
                kind="agreed" if yes else "refused",
                at=datetime.now(UTC),
                provider_kind=kind,
                provider_id=identity,
                reason=None
                if yes
                else cast("RefusalReason", reason if reason in REASONS else "family_choice"),
                channel="online",
            )
            casework.note(event, seen=len(case.events))
    except Conflict:
        said = "trop-tard"
    except NotFound:
        return render(request, "suivi.html", case=None)
    return RedirectResponse(f"/demande/{token}?dit={said}#propositions", 303)


@router.post("/demande/{token}/retirer")
def withdraw(request: Request, desk: DeskDep, token: Link, _form: OwnForm) -> Response:
    """Take a request back: the file is deleted at once, an anonymous fact stays for the statistics."""
    claim = _claimed(desk, token)
    desk.casework(claim["rpe"]).take_back(claim["id"], at=datetime.now(UTC))
    return render(request, "suivi.html", case=None)


def _working_days_after(day: date, count: int) -> date:
    reached = day
    while count:
        reached += timedelta(days=1)
        count -= reached.weekday() < 5
    return reached
