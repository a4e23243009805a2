"""The signed links by which childminders confirm their availability: made, sent, and listed for those who are to be asked."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.dependencies import TodayDep
from api.pages.accounts.session import CheckedForm
from api.pages.letters import Fate, fate_said
from api.pages.registry.directory import PAGE, Entry, Wanted, entries
from api.pages.rendering import render
from api.pages.work import Work, WorkDep
from rpe_geo.domain import Childminder
from rpe_geo.errors import ServiceUnavailable
from rpe_geo.messages.french import mobile_of

__all__ = ["confirmation_link", "router", "send_confirmation"]

router = APIRouter(prefix="/pro/fraicheur")
_SENT_AT_ONCE = 200


def confirmation_link(work: Work, record: Childminder) -> str:
    """Make the personal link of a childminder, valid thirty days."""
    content = {"rpe": work.session.rpe_id, "id": record.childminder_id}
    return work.desk.link(f"/confirmer/{work.desk.sign('confirm', content)}")


def _message(work: Work, record: Childminder, address: str) -> str:
    name = work.desk.settings.relais_name
    return (
        f"Bonjour {record.name},\n\nUn seul geste suffit pour nous dire si vos disponibilités sont toujours exactes :\n\n"
        f"{address}\n\nCe lien est personnel ; il est valable 30 jours.\n\n{name}\n"
    )


def send_confirmation(work: Work, record: Childminder, address: str) -> bool:
    """Send her link to a childminder who has an e-mail; tell whether it was sent."""
    if record.contact.email is None:
        return False
    name = work.desk.settings.relais_name
    subject = f"{name} : vos disponibilités sont-elles toujours exactes ?"
    work.desk.send(record.contact.email, subject, _message(work, record, address))
    return True


def _stale(work: Work, today: Any) -> list[Entry]:
    wanted = Wanted(nature="am", freshness="verifier", order="confirme")
    return wanted.choose(entries(work, today))


def _page(
    request: Request, work: Work, today: Any, *, page: int = 0, status: int = 200, **told: Any
) -> Response:
    stale = _stale(work, today)
    first = page * PAGE
    shown = {"liens": {}, "envoi": None, "a_confirmer": False, "faute": None} | told
    return render(
        request,
        "fraicheur.html",
        status=status,
        session=work.session,
        lignes=stale[first : first + PAGE],
        trouves=len(stale),
        avec_mail=sum(bool(_record(one).contact.email) for one in stale),
        page=page,
        suite=first + PAGE < len(stale),
        **shown,
    )


def _record(entry: Entry) -> Childminder:
    assert isinstance(entry.record, Childminder)
    return entry.record


@router.get("")
def listing(request: Request, work: WorkDep, today: TodayDep, page: int = 0) -> Response:
    """List the childminders whose availability nobody confirmed for six months."""
    return _page(request, work, today, page=max(0, page))


@router.post("")
def ask(request: Request, work: WorkDep, today: TodayDep, form: CheckedForm) -> Response:
    """Prepare the links of one page, or send those of everybody who has an e-mail."""
    text = str(form.get("page", ""))
    page = int(text) if text.isdecimal() and len(text) < 5 else 0
    if form.get("geste") == "envoyer":
        # Many people are written to at once: asked first, done at the second press.
        return _page(request, work, today, page=page, a_confirmer=True)
    if form.get("geste") == "confirmer":
        sent = 0
        for entry in _stale(work, today)[:_SENT_AT_ONCE]:
            record = _record(entry)
            try:
                gone = send_confirmation(work, record, confirmation_link(work, record))
            except ServiceUnavailable:
                fault = "Le serveur de messagerie ne répond pas : les autres messages ne sont pas partis."
                told = fate_said("left", sent) if sent else None
                return _page(request, work, today, page=page, status=503, envoi=told, faute=fault)
            if gone:
                work.audit("link", "childminder", record.childminder_id)
                sent += 1
        if not sent:
            fault = "Personne ici n’a d’e-mail : rien n’est parti."
            return _page(request, work, today, page=page, faute=fault)
        fate: Fate = "left" if work.desk.mails_leave else "kept"
        return _page(request, work, today, page=page, envoi=fate_said(fate, sent))
    links = {}
    for entry in _stale(work, today)[page * PAGE : (page + 1) * PAGE]:
        record = _record(entry)
        address = confirmation_link(work, record)
        links[record.childminder_id] = {
            "adresse": address,
            "sms": _sms(work, record, address),
            "mail": _mailto(work, record, address),
        }
        work.audit("link", "childminder", record.childminder_id)
    return _page(request, work, today, page=page, liens=links)


def _sms(work: Work, record: Childminder, address: str) -> str | None:
    """Write the message that a tap opens on the phone of the relais; only mobile numbers read messages."""
    number = mobile_of(record.contact.phone or "")
    if number is None:
        return None
    name = work.desk.settings.relais_name
    text = f"{name} : vos disponibilités sont-elles toujours exactes ? {address}"
    return f"sms:{number}?&body={quote(text)}"


def _mailto(work: Work, record: Childminder, address: str) -> str | None:
    if record.contact.email is None:
        return None
    subject = quote(f"{work.desk.settings.relais_name} : vos disponibilités")
    body = quote(_message(work, record, address))
    return f"mailto:{quote(record.contact.email, safe='@')}?subject={subject}&body={body}"
