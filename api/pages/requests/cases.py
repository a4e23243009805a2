"""The animateurs' door: requests with their status, suggestions with their reasons, and what the family needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated, Any, cast, get_args

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from api.dependencies import TodayDep
from api.pages.accounts.session import CheckedForm
from api.pages.family.search_form import MODE_NAMES
from api.pages.letters import Fate, fate_said
from api.pages.rendering import render
from api.pages.requests.answer import answer_values, case_names, chosen_cards
from api.pages.requests.contact_form import WAYS, ContactForm
from api.pages.requests.inbox import Sought, inbox_values
from api.pages.requests.need_form import NeedForm, field_of, sentence
from api.pages.requests.two_versions import TwoVersions, two_versions
from api.pages.work import Work, WorkDep
from rpe_geo.desk.casework import agreed_to, outcomes
from rpe_geo.domain import Request as Need
from rpe_geo.errors import Conflict, InputError, NotFound, RpeGeoError
from rpe_geo.matching.preferences import WISHES
from rpe_geo.messages import explain
from rpe_geo.messages.casework import CHANNELS, MESSAGES
from rpe_geo.messages.french import MODES
from rpe_geo.messages.matching import opening, wish_name
from rpe_geo.messages.rules import NEEDS
from rpe_geo.publishing.family_sheet import family_sheet
from rpe_geo.relais.location import locate

__all__ = ["case_page", "router"]

router = APIRouter(prefix="/pro/demandes")
_LISTED = 12


# ---- the inbox ---------------------------------------------------------------------------------------------------


def _inbox(request: Request, work: Work, today: date, sought: Sought) -> Response:
    year = work.casework.activity(date(today.year, 1, 1), today)
    return render(
        request, "demandes.html", annee=year, aujourdhui=today, **inbox_values(work, sought)
    )


@router.get("")
def inbox(request: Request, work: WorkDep, today: TodayDep) -> Response:
    """List the requests by state and age, and count the year."""
    work.audit("list", "request", "")
    return _inbox(request, work, today, Sought.read(request.query_params))


@router.post("")
def search(request: Request, work: WorkDep, today: TodayDep, form: CheckedForm) -> Response:
    """Search by number, commune, name or contact; what is looked for stands in the body."""
    work.audit("search", "request", "")
    return _inbox(request, work, today, Sought.read(form, text=str(form.get("q", ""))))


# ---- the need ----------------------------------------------------------------------------------------------------


def _form_values(work: Work, form: NeedForm, contact: ContactForm) -> dict[str, Any]:
    travel = work.relais.travel
    served = [] if travel is None else travel.modes
    return {
        "b": form,
        "qui": contact,
        "voies": WAYS,
        "modes": {name: text for name, text in MODE_NAMES.items() if name in served},
        "besoins_connus": NEEDS,
        "souhaits": {name: wish_name(name) for name in WISHES},
    }


def _placed(work: Work, need: Need, form: NeedForm) -> Need | None:
    """Find the places of a need before it is kept; a doubt is told at its field, never guessed."""
    try:
        return locate(need, work.relais.geocoder).request
    except InputError as error:
        form.faults[field_of(error) or "adresse"] = sentence(error)
        return None


def _new_page(
    request: Request, work: Work, form: NeedForm, contact: ContactForm, *, status: int = 200
) -> Response:
    values = _form_values(work, form, contact)
    return render(request, "nouvelle.html", status=status, **values, **inbox_values(work))


@router.get("/nouvelle")
def new_page(request: Request, work: WorkDep) -> Response:
    """Show an empty request."""
    return _new_page(request, work, NeedForm(), ContactForm())


@router.post("/nouvelle")
def create(request: Request, work: WorkDep, form: CheckedForm) -> Response:
    """Keep a request that a family made by telephone or at the desk."""
    need_form, contact = NeedForm.sent(form), ContactForm.sent(form)
    if form.get("geste") == "montrer":
        return _new_page(request, work, need_form, contact)
    contact.look(need_form.faults, required=True)
    need = need_form.read()
    placed = None if need is None else _placed(work, need, need_form)
    if placed is None:
        return _new_page(request, work, need_form, contact, status=422)
    now = datetime.now(UTC)
    told = contact.kept({"choisis": (), "accord": now.isoformat(timespec="seconds")})
    identifier = work.casework.receive(placed, told, at=now, channel=contact.came_by)
    work.audit("create", "request", identifier)
    return RedirectResponse(f"/pro/demandes/{identifier}", 303)


# ---- one request -------------------------------------------------------------------------------------------------


@router.get("/{request_id}")
def show(
    request: Request,
    work: WorkDep,
    today: TodayDep,
    request_id: str,
    essai: int | None = None,
    envoi: str = "",
) -> Response:
    """Show one request with its suggestions; `essai` previews an opening, `envoi` tells what became of a message."""
    fate = fate_said(cast("Fate", envoi)) if envoi in get_args(Fate) else None
    return case_page(request, work, request_id, today, trial=essai, envoi=fate)


def case_page(
    request: Request,
    work: Work,
    request_id: str,
    today: date,
    *,
    trial: int | None = None,
    fault: str | None = None,
    status: int = 200,
    **shown: Any,
) -> Response:
    """
    Show one request.

    Parameters
    ----------
    request, work, request_id, today
        Who asks for what, when.
    trial
        The opening that is tried.
    fault
        What went wrong.
    status
        HTTP status.
    **shown
        What differs from the page as it is opened: a form as it was typed, two versions, news.
    """
    # The version first: whoever changes the request between these two readings is noticed when it is saved.
    standing = work.standing(Need, request_id)
    case = work.casework.case(request_id)
    if standing is None:
        raise NotFound("request_unknown", id=request_id)
    work.audit("read", "request", request_id)
    values: dict[str, Any] = {
        "dossier": case,
        "aujourdhui": today,
        "revision": standing.revision,
        "lu": work.seal(case.request),
        "faute": fault,
        "versions": None,
        "envoi": None,
        "souhaits_rencontre": agreed_to(case.events),
        "nouvelles": None,
        "issues": outcomes(case.events),
        "ailleurs": case.elsewhere,
        "nom_de": work.naming,
        "raisons": {
            key.removeprefix("reason_"): text
            for key, text in MESSAGES.items()
            if key.startswith("reason_")
        },
        "canaux": CHANNELS,
        "essai": None,
        "reponse": None,
        "mode_dit": MODES[case.request.mode],
        "souhaits_dits": ", ".join(
            wish_name(name) for name in case.request.preferences if name in WISHES
        ),
        "besoins_dits": {
            number: [NEEDS.get(word, word) for word in sorted(child.needs)]
            for number, child in enumerate(case.request.children)
            if child.needs
        },
        **_form_values(work, NeedForm.of(case.request), ContactForm.of(case.contact)),
        **inbox_values(work),
        **shown,
    }
    if "b" in shown or "versions" in shown:
        # Somebody is writing: the form comes first, the suggestions when it is saved.
        return render(request, "demande.html", status=status, **case_names(work, case), **values)
    try:
        answer = work.relais.suggest(case.request, today=today, limit=_LISTED)
        openings = list(enumerate(answer.openings))
        if trial is not None and 0 <= trial < len(openings):
            chosen = openings[trial][1]
            values["essai"] = {"numero": trial, "dit": opening(chosen.relaxation.values)}
            answer = work.relais.suggest(chosen.change.request, today=today, limit=_LISTED)
        values |= answer_values(work, answer, today, case)
        values["ouvertures"] = [
            {"numero": index, "gain": one.gain, "dit": opening(one.relaxation.values)}
            for index, one in openings
        ]
    except InputError as error:
        values["faute"] = fault or explain(error)
    return render(request, "demande.html", status=status, **case_names(work, case), **values)


@router.post("/{request_id}/besoin")
def change_need(
    request: Request, work: WorkDep, today: TodayDep, request_id: str, form: CheckedForm
) -> Response:
    """Change the need and how to reach the family; when somebody else did meanwhile, both versions are shown."""
    before = work.repository.request(request_id)
    text = str(form.get("revision", ""))
    revision = int(text) if text.isdecimal() else -1
    trial = str(form.get("essai", ""))
    if trial:
        return _apply_opening(request, work, today, before, trial, revision)
    need_form, contact = NeedForm.sent(form, before), ContactForm.sent(form)
    asked: dict[str, Any] = {
        "b": need_form,
        "qui": contact,
        "revision": revision,
        "lu": str(form.get("lu", "")),
    }
    if form.get("geste") == "montrer":
        return case_page(request, work, request_id, today, **asked)
    contact.look(need_form.faults, required=False)
    need = need_form.read(before)
    placed = None if need is None else _placed(work, need, need_form)
    if placed is None:
        if work.repository.revision_of(Need, request_id) != revision:
            return _conflict(request, work, today, form, None, need_form, contact)
        fault = "Il reste une chose à corriger dans le besoin : rien n’a été enregistré."
        return case_page(request, work, request_id, today, fault=fault, status=422, **asked)
    try:
        known = work.casework.case(request_id).contact
        told = contact.kept(known) if "nom" in form else None
        work.casework.revise(placed, told, revision=revision, by=work.me)
    except Conflict:
        return _conflict(request, work, today, form, placed, need_form, contact)
    work.audit("change", "request", request_id)
    return RedirectResponse(f"/pro/demandes/{request_id}", 303)


def _apply_opening(
    request: Request, work: Work, today: date, before: Need, trial: str, revision: int
) -> Response:
    """Make of an opening that was tried the family's need."""
    try:
        openings = work.relais.suggest(before, today=today, limit=1).openings
        number = int(trial) if trial.isdecimal() else len(openings)
        if number >= len(openings):
            raise Conflict("record_changed", id=before.request_id, read=revision, found=0)
        changed = replace(openings[number].change.request, request_id=before.request_id)
        work.casework.revise(changed, None, revision=revision, by=work.me)
    except RpeGeoError as error:
        status = 409 if isinstance(error, Conflict) else 422
        fault = sentence(error)
        return case_page(request, work, before.request_id, today, fault=fault, status=status)
    work.audit("change", "request", before.request_id)
    return RedirectResponse(f"/pro/demandes/{before.request_id}", 303)


def _conflict(
    request: Request,
    work: Work,
    today: date,
    form: FormData,
    placed: Need | None,
    need_form: NeedForm,
    contact: ContactForm,
) -> Response:
    """Show both versions, and what was typed as a proposal that keeps the other's changes too."""
    request_id = str(request.path_params["request_id"])
    standing = work.standing(Need, request_id)
    theirs = work.repository.request(request_id)
    if standing is None:
        raise NotFound("request_unknown", id=request_id)
    base = work.unseal(Need, str(form.get("lu", "")))
    versions: TwoVersions = two_versions(work, base, theirs, placed, standing)
    proposed = need_form
    if versions.proposed is not None:
        proposed = NeedForm.of(versions.proposed)
    elif placed is None:
        # What cannot be read cannot be merged: it stays as typed, on the version that was read.
        return case_page(
            request,
            work,
            request_id,
            today,
            status=409,
            versions=versions,
            b=need_form,
            qui=contact,
            revision=str(form.get("revision", "")),
            lu=str(form.get("lu", "")),
        )
    return case_page(
        request, work, request_id, today, status=409, versions=versions, b=proposed, qui=contact
    )


# ---- comparing and printing --------------------------------------------------------------------------------------

Chosen = Annotated[list[str], Query(max_length=20)]


@router.get("/{request_id}/comparer")
def compare(
    request: Request,
    work: WorkDep,
    today: TodayDep,
    request_id: str,
    lieu: Chosen = [],  # noqa: B006 - read only
) -> Response:
    """Set up to three suggestions side by side, print them for the family."""
    case = work.casework.case(request_id)
    _, chosen = chosen_cards(work, case.request, lieu, today)
    if not chosen:
        return RedirectResponse(f"/pro/demandes/{request_id}", 303)
    best = {
        "minutes": min(one["card"].suggestion.travel_minutes for one in chosen),
        "heures": max(one["couvert"][0] for one in chosen),
        "debut": min(one["card"].suggestion.verdict.start or date.max for one in chosen),
    }
    return render(
        request,
        "comparer.html",
        session=work.session,
        dossier=case,
        cartes=chosen,
        mieux=best,
        mode_dit=MODES[case.request.mode],
    )


@router.get("/{request_id}/fiche.pdf")
def sheet(
    work: WorkDep,
    today: TodayDep,
    request_id: str,
    lieu: Chosen = [],  # noqa: B006 - read only
) -> Response:
    """Print the sheet of up to three places for the family."""
    case = work.casework.case(request_id)
    answer, chosen = chosen_cards(work, case.request, lieu, today)
    if not chosen:
        return RedirectResponse(f"/pro/demandes/{request_id}", 303)
    settings = work.desk.settings
    pdf = family_sheet(
        answer,
        [one["card"].suggestion for one in chosen],
        relais=settings.relais_name,
        phone=settings.relais_phone,
        today=today,
    )
    work.audit("print", "request", request_id)
    return Response(
        pdf,
        media_type="application/pdf",
        headers={"content-disposition": f'inline; filename="fiche-{request_id}.pdf"'},
    )
