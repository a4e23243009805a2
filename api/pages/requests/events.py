"""What animateurs note on a request: exchanges, proposals of one place or of two that share the week, and outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast, get_args

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from api.dependencies import TodayDep
from api.pages.accounts.session import CheckedForm
from api.pages.family.follow_page import follow_link
from api.pages.letters import Fate, send_proposal
from api.pages.requests.cases import case_page
from api.pages.requests.need_form import sentence
from api.pages.work import Work, WorkDep
from rpe_geo.desk.casework import Channel, Event, EventKind, Provider, RefusalReason
from rpe_geo.errors import Conflict, InputError

__all__ = ["router"]

router = APIRouter(prefix="/pro/demandes")
_NOTED: frozenset[str] = frozenset(get_args(EventKind)) - {"received"}


def _events(form: FormData, request_id: str, actor: str) -> list[Event]:
    """Read what is noted: of a week shared by two, one proposal each, which names the other."""
    kind = str(form.get("kind", ""))
    if kind not in _NOTED:
        raise InputError("event_unknown", kind=kind)
    keys = [str(key)[:200] for key in form.getlist("lieu") if str(key)]
    if kind == "proposed" and not keys:
        raise InputError("event_without_provider")
    reason = str(form.get("raison", "")) if kind == "refused" else ""
    channel = str(form.get("canal", "")) if kind == "contact" else ""
    if channel and channel not in get_args(Channel):
        raise InputError("event_unknown", kind=channel)
    now = datetime.now(UTC)
    events = []
    for key in (keys or [""])[:2]:
        provider_kind, _, provider_id = key.partition(":")
        partner = next((other for other in keys[:2] if other != key), None)
        events.append(
            Event(
                request_id=request_id,
                kind=cast("EventKind", kind),
                at=now,
                actor=actor,
                provider_kind=provider_kind or None,
                provider_id=provider_id or None,
                reason=cast("RefusalReason", reason) if reason else None,
                channel=cast("Channel", channel) if channel else None,
                shared_with=partner if kind == "proposed" else None,
            )
        )
    return events


def _known(form: FormData, events: Sequence[Event]) -> dict[Provider, int]:
    """Read of how many offers to other families the page told."""
    counts = [str(value) for value in form.getlist("connues")]
    return {
        event.provider: int(count)
        for event, count in zip(events, counts, strict=False)
        if event.provider is not None and count.isdecimal() and len(count) < 4
    }


@router.post("/{request_id}/noter")
def note(
    request: Request, work: WorkDep, today: TodayDep, request_id: str, form: CheckedForm
) -> Response:
    """Note a contact, a proposal or an outcome, unless its author missed something."""
    seen = str(form.get("vu", ""))
    try:
        events = _events(form, request_id, work.me)
        known = _known(form, events)
        work.casework.note(*events, seen=int(seen) if seen.isdecimal() else -1, known=known)
    except Conflict as error:
        news = _news(work, request_id, form, error, seen)
        return case_page(request, work, request_id, today, status=409, nouvelles=news)
    except InputError as error:
        fault = sentence(error)
        return case_page(request, work, request_id, today, fault=fault, status=422)
    work.audit(f"note_{events[0].kind}", "request", request_id)
    told = ""
    if events[0].kind == "proposed":
        told = f"?envoi={_tell_family(work, request_id, len(events))}"
    return RedirectResponse(f"/pro/demandes/{request_id}{told}#issue", 303)


def _tell_family(work: Work, request_id: str, count: int) -> Fate:
    """Write to the family that something was proposed, and say what became of the message."""
    contact = str(work.casework.case(request_id).contact.get("contact", ""))
    link = work.desk.link(follow_link(work.desk, work.session.rpe_id, request_id))
    return send_proposal(work.desk, contact, link, count)


def _news(
    work: Work, request_id: str, form: FormData, error: Conflict, seen: str
) -> dict[str, Any]:
    """Tell what its author missed, and keep what was about to be noted."""
    case = work.casework.case(request_id)
    keys = [str(key) for key in form.getlist("lieu") if str(key)]
    providers = [cast("Provider", tuple(key.partition(":")[::2])) for key in keys]
    missed = case.events[int(seen) :] if seen.isdecimal() else ()
    offers = [offer for one in providers for offer in case.elsewhere.get(one, ())]
    return {
        "dit": sentence(error),
        "manques": missed,
        "offres": offers if error.code == "place_offered" else [],
        "kind": str(form.get("kind", "")),
        "lieux": keys,
        "raison": str(form.get("raison", "")),
        "canal": str(form.get("canal", "")),
        "connues": [len(case.elsewhere.get(one, ())) for one in providers],
        "encore": error.code in {"place_offered", "case_changed"},
    }
