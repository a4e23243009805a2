"""The records of the registry, one by one: read, made, changed, closed and opened again, and confirmed by a signed link."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, cast

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from api.dependencies import TodayDep
from api.pages.accounts.session import CheckedForm
from api.pages.registry.confirmation_links import confirmation_link, send_confirmation
from api.pages.registry.directory import FRESH_DAYS, KINDS, age_of, page_of
from api.pages.registry.record_form import RecordForm
from api.pages.rendering import render
from api.pages.requests.need_form import sentence
from api.pages.requests.two_versions import TwoVersions, two_versions
from api.pages.work import Work, WorkDep
from rpe_geo.desk.casework import CLOSED, outcomes
from rpe_geo.domain import Childminder, Mam
from rpe_geo.errors import Conflict, NotFound
from rpe_geo.messages.fields import CHOICES
from rpe_geo.protocols import AddressQuery, Standing

__all__ = ["router"]

router = APIRouter(prefix="/pro/registre")
_IDENTITY = re.compile(r"[^\s/?#%\\]{1,128}")
_PREFIX = {"am": "AM", "mam": "MAM", "lieu": "LIEU"}
_NAMES = {"am": "assistant·e maternel·le", "mam": "MAM", "lieu": "lieu d’accueil"}


@dataclass(frozen=True)
class Sheet:
    """One record of one kind, as it stands."""

    word: str
    record: Any
    standing: Standing

    @property
    def identity(self) -> str:
        """Its identifier."""
        return str(getattr(self.record, f"{KINDS[self.word].__name__.lower()}_id"))

    @property
    def path(self) -> str:
        """The address of its page."""
        return page_of(self.word, self.identity)


def _sheet(work: Work, word: str, identity: str) -> Sheet:
    """Read the version first: a change between these two readings is noticed when the form comes back."""
    standing = work.standing(KINDS[word], identity)
    read = {
        "am": work.repository.childminder,
        "mam": work.repository.mam,
        "lieu": work.repository.facility,
    }[word]
    record = cast("Any", read)(identity)
    if standing is None:
        raise NotFound(f"{KINDS[word].__name__.lower()}_unknown", id=identity)
    return Sheet(word, record, standing)


def _mams(work: Work) -> dict[str, str]:
    return {mam.mam_id: mam.name or mam.mam_id for mam in work.repository.mams()}


def _form_of(work: Work, record: Any) -> RecordForm:
    mams = _mams(work) if isinstance(record, Childminder) else {}
    if isinstance(record, Childminder) and record.mam_id and record.mam_id not in mams:
        mams[record.mam_id] = f"{record.mam_id} (fermée ou inconnue)"
    return RecordForm.of(record, mams)


# ---- the page of a record ----------------------------------------------------------------------------------------


def _page(
    request: Request,
    work: Work,
    sheet: Sheet,
    today: date,
    *,
    status: int = 200,
    **shown: Any,
) -> Response:
    record = sheet.record
    members: list[Childminder] = []
    if isinstance(record, Mam):
        members = [one for one in work.repository.childminders() if one.mam_id == record.mam_id]
    values = {
        "faute": None,
        "lien": None,
        "envoye": False,
        "versions": None,
        "session": work.session,
        "sorte": sheet.word,
        "nature": _NAMES[sheet.word],
        "fiche": record,
        "identite": sheet.identity,
        "chemin": sheet.path,
        "etat": sheet.standing,
        "nom_de": work.naming,
        "ferme": _is_closed(sheet),
        "etats": CHOICES["agrement.status"],
        "f": _form_of(work, record),
        "revision": sheet.standing.revision,
        "lu": work.seal(record),
        "age": age_of(record, today) if isinstance(record, Childminder) else None,
        "membres": members,
        "attentes": _waiting(work, sheet),
        "aujourdhui": today,
        "journal": work.casework.store.audited(sheet.identity)[:12],
        "perime": FRESH_DAYS,
    }
    return render(request, "fiche.html", status=status, **{**values, **shown})


def _is_closed(sheet: Sheet) -> bool:
    if isinstance(sheet.record, Childminder):
        return sheet.record.agrement.status in {"ceased", "withdrawn", "ended"}
    return sheet.standing.ceased_on is not None


def _waiting(work: Work, sheet: Sheet) -> list[str]:
    """List the open requests to which this place was proposed."""
    kind = {"am": "childminder", "mam": "mam", "lieu": "facility"}[sheet.word]
    return [
        case.request.request_id
        for case in work.casework.inbox()
        if case.status not in CLOSED
        and outcomes(case.events).get((kind, sheet.identity)) == "waiting"
    ]


@router.get("/{identity}")
def show(request: Request, work: WorkDep, today: TodayDep, identity: str) -> Response:
    """Show a childminder's record."""
    return _show(request, work, today, "am", identity)


@router.get("/mam/{identity}")
def show_mam(request: Request, work: WorkDep, today: TodayDep, identity: str) -> Response:
    """Show a MAM."""
    return _show(request, work, today, "mam", identity)


@router.get("/lieu/{identity}")
def show_facility(request: Request, work: WorkDep, today: TodayDep, identity: str) -> Response:
    """Show a crèche or another place."""
    return _show(request, work, today, "lieu", identity)


def _show(request: Request, work: Work, today: date, word: str, identity: str) -> Response:
    sheet = _sheet(work, word, identity)
    answer = _page(request, work, sheet, today)
    work.audit("read", KINDS[word].__name__.lower(), identity)
    return answer


# ---- a new record ------------------------------------------------------------------------------------------------


def _proposed_identity(work: Work, word: str) -> str:
    """Propose the number after the highest that looks like ours."""
    known = work.repository.standings(KINDS[word])
    pattern = re.compile(rf"{_PREFIX[word]}-(\d{{1,9}})")
    numbers = [int(found[1]) for identity in known if (found := pattern.fullmatch(identity))]
    return f"{_PREFIX[word]}-{max(numbers, default=0) + 1:04d}"


def _new(
    request: Request, work: Work, word: str, form: RecordForm, identity: str, *, status: int = 200
) -> Response:
    return render(
        request,
        "fiche_nouvelle.html",
        status=status,
        session=work.session,
        sorte=word,
        nature=_NAMES[word],
        f=form,
        identite=identity,
    )


@router.get("/nouvelle/{word}")
def new_page(request: Request, work: WorkDep, word: str) -> Response:
    """Show an empty record."""
    if word not in KINDS:
        raise NotFound("not_found_here")
    form = RecordForm.blank(KINDS[word], _mams(work))
    return _new(request, work, word, form, _proposed_identity(work, word))


@router.post("/nouvelle/{word}")
def create(
    request: Request, work: WorkDep, today: TodayDep, word: str, form: CheckedForm
) -> Response:
    """Keep a new record, never over another one."""
    if word not in KINDS:
        raise NotFound("not_found_here")
    shown = RecordForm.sent(KINDS[word], form, None, _mams(work))
    identity = str(form.get("identite", "")).strip()[:128]
    if form.get("geste") == "montrer":
        return _new(request, work, word, shown, identity)
    if not _IDENTITY.fullmatch(identity):
        shown.faults["identite"] = "Donnez un numéro sans espace ni barre oblique."
    record = shown.read(identity or "?", None)
    if record is not None:
        record, shown = _placed(work, record, None, form, shown)
    if record is None or shown.faults:
        return _new(request, work, word, shown, identity, status=422)
    try:
        work.repository.revise(_confirmed(record, form, today), revision=0, by=work.me)
    except Conflict:
        shown.faults["identite"] = "Ce numéro est déjà pris : une autre fiche le porte."
        return _new(request, work, word, shown, identity, status=409)
    work.audit("create", KINDS[word].__name__.lower(), identity)
    return RedirectResponse(page_of(word, identity), 303)


# ---- changing ----------------------------------------------------------------------------------------------------


@router.post("/{identity}")
def change(
    request: Request, work: WorkDep, today: TodayDep, identity: str, form: CheckedForm
) -> Response:
    """Change a childminder's record, unless somebody else did meanwhile."""
    return _change(request, work, today, "am", identity, form)


@router.post("/mam/{identity}")
def change_mam(
    request: Request, work: WorkDep, today: TodayDep, identity: str, form: CheckedForm
) -> Response:
    """Change a MAM, unless somebody else did meanwhile."""
    return _change(request, work, today, "mam", identity, form)


@router.post("/lieu/{identity}")
def change_facility(
    request: Request, work: WorkDep, today: TodayDep, identity: str, form: CheckedForm
) -> Response:
    """Change a place, unless somebody else did meanwhile."""
    return _change(request, work, today, "lieu", identity, form)


def _change(
    request: Request, work: Work, today: date, word: str, identity: str, form: FormData
) -> Response:
    sheet = _sheet(work, word, identity)
    base = work.unseal(KINDS[word], str(form.get("lu", "")))
    text = str(form.get("revision", ""))
    revision = int(text) if text.isdecimal() else -1
    shown = RecordForm.sent(
        KINDS[word], form, base or sheet.record, _form_of(work, sheet.record).mams
    )
    typed: dict[str, Any] = {"f": shown, "revision": text, "lu": str(form.get("lu", ""))}
    if form.get("geste") == "montrer":
        return _page(request, work, sheet, today, **typed)
    record = shown.read(identity, base or sheet.record)
    if record is not None:
        record, shown = _placed(work, record, base or sheet.record, form, shown)
        typed["f"] = shown
    if record is None:
        if sheet.standing.revision == revision:
            return _page(request, work, sheet, today, status=422, **typed)
        versions = two_versions(work, base, sheet.record, None, sheet.standing)
        return _page(request, work, sheet, today, status=409, versions=versions, **typed)
    record = _confirmed(record, form, today)
    try:
        work.repository.revise(record, revision=revision, by=work.me)
    except Conflict:
        now = _sheet(work, word, identity)
        told: TwoVersions = two_versions(work, base, now.record, record, now.standing)
        proposed = _form_of(work, told.proposed)
        return _page(request, work, now, today, status=409, versions=told, f=proposed)
    work.audit("change", KINDS[word].__name__.lower(), identity)
    return RedirectResponse(sheet.path, 303)


def _confirmed(record: Any, form: FormData, today: date) -> Any:
    """Note that the availability was confirmed today, when that is ticked."""
    if isinstance(record, Childminder) and form.get("confirme") == "oui":
        return replace(record, availability_confirmed_on=today)
    return record


def _placed(
    work: Work, record: Any, before: Any | None, form: FormData, shown: RecordForm
) -> tuple[Any | None, RecordForm]:
    """Find the place of an address that is new; a doubt is told at its field, with the choices, never guessed."""
    moved = before is not None and (record.longitude, record.latitude) != (
        before.longitude,
        before.latitude,
    )
    same = before is not None and record.address == before.address
    if (same and record.longitude is not None) or (moved and record.longitude is not None):
        return record, shown
    at = str(form.get("lieu_choisi", ""))
    if at == "sans":
        return replace(record, longitude=None, latitude=None), shown
    found = re.fullmatch(r"(-?\d{1,3}\.\d{1,8}),(-?\d{1,2}\.\d{1,8})", at)
    if found is not None:
        return replace(record, longitude=float(found[1]), latitude=float(found[2])), shown
    if work.relais.geocoder is None or not record.address:
        return record, shown
    (place,) = work.relais.geocoder.geocode([AddressQuery(record.address)])
    if place.status == "ok":
        return replace(record, longitude=place.longitude, latitude=place.latitude), shown
    choices = [place, *place.choices] if place.status == "review" else []
    labels = {
        f"{one.longitude:.7f},{one.latitude:.7f}": one.label
        for one in choices
        if one.longitude is not None and one.latitude is not None
    }
    said = "Est-ce l’une de ces adresses ?" if labels else "Nous ne trouvons pas cette adresse."
    shown.faults["address"] = said
    return None, dataclasses.replace(shown, places={**labels, "sans": "Enregistrer sans position"})


# ---- closing, never deleting -------------------------------------------------------------------------------------


@router.post("/{word}/{identity}/cesser")
def cease(
    request: Request, work: WorkDep, today: TodayDep, word: str, identity: str, form: CheckedForm
) -> Response:
    """Note that an activity ended; the record stays, with its history."""
    if word not in KINDS:
        raise NotFound("not_found_here")
    sheet = _sheet(work, word, identity)
    text = str(form.get("revision", ""))
    revision = int(text) if text.isdecimal() else -1
    reopens = form.get("geste") == "rouvrir"
    try:
        on = None if reopens else date.fromisoformat(str(form.get("le", "")))
    except ValueError:
        on = date.max
    if on is not None and on > today:
        fault = (
            "Choisissez un jour passé, ou aujourd’hui : la fiche disparaît aussitôt des recherches."
        )
        return _page(request, work, sheet, today, status=422, faute=fault)
    try:
        if isinstance(sheet.record, Childminder):
            status = "active" if reopens else "ceased"
            agreed = replace(sheet.record.agrement, status=cast("Any", status))
            work.repository.revise(
                replace(sheet.record, agrement=agreed), revision=revision, by=work.me
            )
        else:
            work.repository.cease(KINDS[word], identity, revision=revision, on=on, by=work.me)
    except Conflict as error:
        now = _sheet(work, word, identity)
        who = work.who(now.standing.edited_by)
        fault = f"{sentence(error)} Dernière modification : {who}."
        return _page(request, work, now, today, status=409, faute=fault)
    work.audit("reopen" if reopens else "cease", KINDS[word].__name__.lower(), identity)
    return RedirectResponse(sheet.path, 303)


# ---- the link to confirm -----------------------------------------------------------------------------------------


@router.post("/{identity}/lien")
def link(
    request: Request, work: WorkDep, today: TodayDep, identity: str, form: CheckedForm
) -> Response:
    """Make the link by which she confirms her availability; send it when she has an e-mail and it is asked for."""
    sheet = _sheet(work, "am", identity)
    address = confirmation_link(work, sheet.record)
    sent = form.get("envoyer") == "oui" and send_confirmation(work, sheet.record, address)
    work.audit("link", "childminder", identity)
    return _page(request, work, sheet, today, lien=address, envoye=sent)
