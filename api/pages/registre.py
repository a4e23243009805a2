"""The registry as animateurs read it: who is there, how fresh, what is changed; and the links to confirm."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, cast

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile

from api.dependencies import TodayDep
from api.pages.rendering import render
from api.pages.semaine import HoursForm
from api.pages.session import CheckedForm
from api.pages.travail import Work, WorkDep
from rpe_geo.domain import AgrementStatus, Childminder, Publication
from rpe_geo.errors import Conflict, InputError, RpeGeoError, Where
from rpe_geo.formats.records import RecordKind, examine
from rpe_geo.messages import explain, phrase
from rpe_geo.relais.registry import import_records, report_faults
from rpe_geo.schedule import Week

__all__ = ["router"]

router = APIRouter(prefix="/pro/registre")
_FRESH_DAYS = 183
_PAGE = 50
_IMPORTED = ("childminders", "mams", "facilities")
_STATES = {
    "active": "En activité",
    "suspended": "Suspendu",
    "candidate": "En cours d’agrément",
    "ceased": "Cessé",
    "withdrawn": "Retiré",
    "ended": "Expiré",
}


def _age(record: Childminder, today: date) -> int | None:
    confirmed = record.availability_confirmed_on
    return None if confirmed is None else (today - confirmed).days


def _list(
    request: Request, work: Work, today: date, *, only: str, text: str = "", page: int = 0
) -> Response:
    book = work.relais.book()
    everyone = sorted(book.childminders, key=lambda one: one.name.casefold())
    stale = [one for one in everyone if (age := _age(one, today)) is None or age > _FRESH_DAYS]
    shown = stale if only == "verifier" else everyone
    words = text.casefold().split()
    shown = [
        one
        for one in shown
        if all(
            word in f"{one.name} {one.address} {one.childminder_id}".casefold() for word in words
        )
    ]
    first = max(0, page) * _PAGE
    return render(
        request,
        "registre.html",
        session=work.session,
        lignes=[(one, _age(one, today)) for one in shown[first : first + _PAGE]],
        trouves=len(shown),
        total=len(everyone),
        a_verifier=len(stale),
        page=max(0, page),
        suite=first + _PAGE < len(shown),
        filtre=only,
        texte=text,
        mams=book.mams if not text else (),
        lieux=(*book.facilities, *book.other_places) if not text else (),
        etats=_STATES,
        perime=_FRESH_DAYS,
    )


@router.get("")
def listing(
    request: Request, work: WorkDep, today: TodayDep, filtre: str = "", page: int = 0
) -> Response:
    """List the childminders; names are never in addresses of pages."""
    return _list(request, work, today, only=filtre, page=page)


@router.post("")
def search(request: Request, work: WorkDep, today: TodayDep, form: CheckedForm) -> Response:
    """Search by name, address or identifier; what is looked for stands in the body."""
    text = str(form.get("q", "")).strip()[:100]
    return _list(request, work, today, only=str(form.get("filtre", "")), text=text)


def _page(
    request: Request, work: Work, identity: str, today: date, *, status: int = 200, **values: Any
) -> Response:
    record = work.repository.childminder(identity)
    hours = record.working_hours
    weeks = hours.weeks if hours else (Week(),)
    shown = {
        "faute": None,
        "lien": None,
        "envoye": False,
        "session": work.session,
        "fiche": record,
        "revision": work.repository.revision_of(Childminder, identity),
        "age": _age(record, today),
        "semaine_1": HoursForm.of(hours).weeks[0],
        "autres_semaines": len(weeks) > 1,
        "etats": _STATES,
        "journal": work.casework.store.audited(identity)[:12],
        "perime": _FRESH_DAYS,
    }
    return render(request, "fiche.html", status=status, **{**shown, **values})


@router.post("/import")
def import_file(request: Request, work: WorkDep, form: CheckedForm) -> Response:
    """Store the records of a file, all or, with one fault, none; and tell what became of each row."""
    sent, kind = form.get("fichier"), str(form.get("nature", ""))
    if not isinstance(sent, UploadFile) or not sent.filename or kind not in _IMPORTED:
        raise InputError("field_missing", where=Where(field="fichier"))
    chosen = cast("RecordKind", kind)
    with tempfile.TemporaryDirectory() as folder:
        # Only the ending of the name is used: the rest is the sender's.
        file = Path(folder) / f"registre{Path(sent.filename).suffix.lower()[:8]}"
        file.write_bytes(sent.file.read())
        try:
            reading = examine(file, chosen)
            report = (
                report_faults(reading, chosen)
                if reading.faults
                else import_records(
                    reading, chosen, repository=work.repository, geocoder=work.relais.geocoder
                )
            )
        except InputError as error:
            values: dict[str, Any] = {"faute": explain(error), "rapport": None, "lignes": ()}
            return render(request, "import.html", status=422, session=work.session, **values)
    lines = [
        (row, phrase(f"import_{row.outcome}"), [explain(note) for note in row.notes])
        for row in report.rows
    ]
    if not report.faults:
        work.audit("import", kind, kind)
    return render(
        request,
        "import.html",
        status=422 if report.faults else 200,
        session=work.session,
        faute=None,
        rapport=report,
        lignes=lines,
    )


@router.get("/{identity}")
def show(request: Request, work: WorkDep, today: TodayDep, identity: str) -> Response:
    """Show one record."""
    answer = _page(request, work, identity, today)
    work.audit("read", "childminder", identity)
    return answer


@router.post("/{identity}")
def change(
    request: Request, work: WorkDep, today: TodayDep, identity: str, form: CheckedForm
) -> Response:
    """Change a record, unless somebody else did meanwhile."""
    before = work.repository.childminder(identity)
    revision = str(form.get("revision", ""))
    try:
        changed = _changed(before, form, today)
        work.repository.revise(changed, revision=int(revision) if revision.isdecimal() else -1)
    except RpeGeoError as error:
        status = 409 if isinstance(error, Conflict) else 422
        return _page(request, work, identity, today, status=status, faute=explain(error))
    work.audit("change", "childminder", identity)
    return RedirectResponse(f"/pro/registre/{identity}", 303)


def _changed(before: Childminder, form: FormData, today: date) -> Childminder:
    def text(name: str) -> str:
        return str(form.get(name, "")).strip()[:300]

    offered, state = text("places_offertes"), text("etat")
    if not offered.isdecimal():
        raise InputError("field_type", where=Where(field="places"), expected="un nombre entier")
    if state not in _STATES:
        raise InputError(
            "field_choice", where=Where(field="etat"), choices=", ".join(_STATES.values())
        )
    hours = before.working_hours
    if hours is None or len(hours.weeks) == 1:
        hours = HoursForm.sent(form, hours).read({}, required=False)
    known = before.publication or Publication()
    publication = replace(
        known,
        consent=form.get("accord") == "oui",
        phone=form.get("montrer_tel") == "oui",
        email=form.get("montrer_mail") == "oui",
    )
    agreed = replace(
        before.agrement, places_offered=int(offered), status=cast("AgrementStatus", state)
    )
    return replace(
        before,
        agrement=agreed,
        working_hours=hours,
        contact=replace(before.contact, phone=text("tel") or None, email=text("mail") or None),
        publication=publication,
        availability_confirmed_on=today
        if form.get("confirme") == "oui"
        else before.availability_confirmed_on,
    )


@router.post("/{identity}/lien")
def link(
    request: Request, work: WorkDep, today: TodayDep, identity: str, form: CheckedForm
) -> Response:
    """Make the link by which she confirms her availability; send it when she has an e-mail and it is asked for."""
    record = work.repository.childminder(identity)
    token = work.desk.sign("confirm", {"rpe": work.session.rpe_id, "id": identity})
    address = work.desk.link(f"/confirmer/{token}")
    to = record.contact.email if form.get("envoyer") == "oui" else None
    if to:
        name = work.desk.settings.relais_name
        work.desk.send(
            to,
            f"{name} : vos disponibilités sont-elles toujours exactes ?",
            f"Bonjour {record.name},\n\nUn seul geste suffit pour nous dire si vos disponibilités sont toujours exactes :\n\n"
            f"{address}\n\nCe lien est personnel ; il est valable 30 jours.\n\n{name}\n",
        )
    work.audit("link", "childminder", identity)
    return _page(request, work, identity, today, lien=address, envoye=bool(to))
