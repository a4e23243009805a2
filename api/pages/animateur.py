"""The animateurs' door: requests with their status, suggestions with their reasons, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from api.dependencies import TodayDep
from api.pages.besoin import day_texts, read_need, week_prefix
from api.pages.connexion import CheckedForm, SessionDep
from api.pages.desk import Desk, DeskDep
from api.pages.fond import map_options
from api.pages.recherche import MODE_NAMES
from api.pages.rendering import render
from maps import style
from maps.suggestions import suggestion_places
from rpe_geo.accounts import Session
from rpe_geo.casework import Event, EventKind, RefusalReason, outcomes
from rpe_geo.domain import Childminder, Facility, Mam
from rpe_geo.domain import Request as Need
from rpe_geo.errors import Conflict, Forbidden, InputError, RpeGeoError
from rpe_geo.messages import explain, phrase
from rpe_geo.messages.api import RULE_TITLES, WARNING_TITLES
from rpe_geo.messages.casework import MESSAGES
from rpe_geo.messages.combinations import combination_part, combination_summary
from rpe_geo.messages.french import MODES, number
from rpe_geo.messages.matching import PART_NAMES, opening, why, wish_name
from rpe_geo.messages.rules import NEEDS, refusal_sentence
from rpe_geo.protocols import Repository
from rpe_geo.publishing.family_sheet import family_sheet
from rpe_geo.relais import Relais
from rpe_geo.relais.casework import Case, Casework
from rpe_geo.relais.location import locate
from rpe_geo.relais.suggest import Suggestions
from rpe_geo.schedule import Week

__all__ = ["Work", "WorkDep", "router"]

router = APIRouter(prefix="/pro/demandes")
_LISTED = 12
_COMPARED = 3
_OPEN = ("new", "in_progress", "proposed")
_STATES = ("new", "in_progress", "proposed", "accepted", "withdrawn", "unsolved")
_TAGS = {"new": "new", "proposed": "info", "accepted": "ok", "unsolved": "error"}
_KINDS: tuple[EventKind, ...] = (
    "contact",
    "proposed",
    "accepted",
    "refused",
    "withdrawn",
    "unsolved",
    "reopened",
)


@dataclass(frozen=True)
class Work:
    """An animateur at work for one RPE."""

    desk: Desk
    session: Session
    relais: Relais
    casework: Casework

    @property
    def repository(self) -> Repository:
        """The registry of the RPE."""
        return self.relais.repository

    def audit(self, action: str, kind: str, subject_id: str) -> None:
        """Note that a file was read or changed."""
        self.casework.store.audit(self.session.account.account_id, action, kind, subject_id)


def _work(desk: DeskDep, session: SessionDep) -> Work:
    if session.role == "planner":
        raise Forbidden("role_not_allowed")
    return Work(desk, session, desk.relais(session.rpe_id), desk.casework(session.rpe_id))


WorkDep = Annotated[Work, Depends(_work)]


def _inbox(work: Work, state: str | None) -> dict[str, Any]:
    cases = work.casework.inbox()
    counts = {name: sum(case.status == name for case in cases) for name in _STATES}
    if state in _STATES:
        shown = [case for case in cases if case.status == state]
    else:
        shown = [case for case in cases if case.status in _OPEN]
    return {
        "session": work.session,
        "cas": shown,
        "etat": state if state in _STATES else "",
        "etats": [(name, counts[name]) for name in _STATES if counts[name]],
        "a_suivre": sum(counts[name] for name in _OPEN),
        "etiquettes": _TAGS,
    }


@router.get("")
def inbox(request: Request, work: WorkDep, today: TodayDep, etat: str | None = None) -> Response:
    """List the requests, and count the year."""
    year = work.casework.activity(date(today.year, 1, 1), today)
    return render(request, "demandes.html", annee=year, aujourdhui=today, **_inbox(work, etat))


def _need_values(need: Need | None, work: Work) -> dict[str, Any]:
    weeks = need.schedule.weeks if need else (Week(),)
    travel = work.relais.travel
    served = [] if travel is None else travel.modes
    return {
        "besoin": need,
        "semaine_1": day_texts(weeks[0]),
        "semaine_2": day_texts(weeks[1]) if len(weeks) > 1 else [""] * 7,
        "semaines_suivantes": [
            (number + 1, week_prefix(number), day_texts(week))
            for number, week in enumerate(weeks)
            if number > 1
        ],
        "cycle": len(weeks),
        "modes": {name: text for name, text in MODE_NAMES.items() if name in served},
        "besoins_connus": NEEDS,
        "souhaits": {
            name: wish_name(name) for name in ("garden", "no_pets", "no_smoker", "mam", "home")
        },
        "besoins_dits": sorted({word for child in need.children for word in child.needs})
        if need
        else [],
    }


def _placed(work: Work, need: Need) -> Need:
    """Find the places of a need before it is kept; a doubt is told, never guessed."""
    return locate(need, work.relais.geocoder).request


@router.get("/nouvelle")
def new_page(request: Request, work: WorkDep) -> Response:
    """Show an empty request."""
    values = _need_values(None, work)
    return render(
        request, "nouvelle.html", faute=None, nom="", contact="", **values, **_inbox(work, None)
    )


@router.post("/nouvelle")
def create(request: Request, work: WorkDep, form: CheckedForm) -> Response:
    """Keep a request that a family made by telephone or at the desk."""
    name, contact = (str(form.get(field, "")).strip()[:120] for field in ("nom", "contact"))
    try:
        need = _placed(work, read_need(form))
    except RpeGeoError as error:
        values = _need_values(_readable(form), work)
        return render(
            request,
            "nouvelle.html",
            status=422,
            faute=explain(error),
            nom=name,
            contact=contact,
            **values,
            **_inbox(work, None),
        )
    now = datetime.now(UTC)
    told = {
        "nom": name,
        "contact": contact,
        "message": "",
        "choisis": (),
        "accord": now.isoformat(timespec="seconds"),
    }
    identifier = work.casework.receive(need, told, at=now)
    work.audit("create", "request", identifier)
    return RedirectResponse(f"/pro/demandes/{identifier}", 303)


def _readable(form: FormData) -> Need | None:
    """Give back what can be read of a form, so that it is not typed twice."""
    try:
        return read_need(form)
    except (RpeGeoError, ValueError):
        return None


@router.get("/{request_id}")
def show(
    request: Request, work: WorkDep, today: TodayDep, request_id: str, essai: int | None = None
) -> Response:
    """Show one request with its suggestions; `essai` previews one of its openings."""
    return _case_page(request, work, request_id, today, trial=essai)


def _case_page(
    request: Request,
    work: Work,
    request_id: str,
    today: date,
    *,
    trial: int | None = None,
    fault: str | None = None,
    status: int = 200,
) -> Response:
    case = work.casework.case(request_id)
    work.audit("read", "request", request_id)
    values: dict[str, Any] = {
        "dossier": case,
        "aujourdhui": today,
        "revision": work.repository.revision_of(Need, request_id),
        "faute": fault,
        "issues": outcomes(case.events),
        "raisons": {
            key.removeprefix("reason_"): text
            for key, text in MESSAGES.items()
            if key.startswith("reason_")
        },
        "essai": None,
        "reponse": None,
        "mode_dit": MODES[case.request.mode],
        "souhaits_dits": ", ".join(
            wish_name(name)
            for name in case.request.preferences
            if name in {"garden", "no_pets", "no_smoker", "mam", "home", "car", "facility"}
        ),
        **_need_values(case.request, work),
        **_inbox(work, None),
    }
    try:
        answer = work.relais.suggest(case.request, today=today, limit=_LISTED)
        openings = [(index, one) for index, one in enumerate(answer.openings)]
        if trial is not None and 0 <= trial < len(openings):
            chosen = openings[trial][1]
            values["essai"] = {"numero": trial, "dit": opening(chosen.relaxation.values)}
            answer = work.relais.suggest(chosen.change.request, today=today, limit=_LISTED)
        values |= _answer_values(work, answer, today)
        values["ouvertures"] = [
            {"numero": index, "gain": one.gain, "dit": opening(one.relaxation.values)}
            for index, one in openings
        ]
    except InputError as error:
        values["faute"] = fault or explain(error)
    names = _names(work, case)
    return render(request, "demande.html", status=status, noms=names, **values)


def _names(work: Work, case: Case) -> dict[tuple[str, str], str]:
    """Name the providers of the life of a request."""
    records = work.relais.book().records
    named = {
        (event.provider_kind, event.provider_id)
        for event in case.events
        if event.provider_kind and event.provider_id
    }
    chosen = {tuple(key.partition(":")[::2]) for key in case.contact.get("choisis", ())}
    return {
        cast("tuple[str, str]", key): _name(records.get(cast("tuple[str, str]", key)), str(key[1]))
        for key in named | chosen
    }


def _name(record: Childminder | Mam | Facility | None, identity: str) -> str:
    return identity if record is None or not record.name else record.name


def _answer_values(work: Work, answer: Suggestions, today: date) -> dict[str, Any]:
    routes = {provider_id: route for (_, provider_id), route in work.relais.routes(answer).items()}
    limit = float(answer.parameters["max_minutes"])
    reach = work.relais.isochrones(answer.home, mode=answer.request.mode, minutes=[limit])
    content, cards = suggestion_places(
        answer.suggestions,
        answer.providers,
        answer.home,
        work=answer.work,
        routes=routes,
        isochrones=reach,
        request=answer.request,
        today=today,
    )
    kinds = {mark["kind"] for mark in content["marks"]} - {"home"}
    legend = [style.place_item("home", "Famille")]
    legend += [
        style.place_item(kind)
        for kind in ("work", "childminder", "mam", "facility")
        if kind in kinds
    ]
    if routes:
        legend.append(style.route_item())
    groups: dict[str, list[tuple[str, str]]] = {}
    for verdict in answer.refused:
        if verdict.refusals:
            record = answer.providers.get((verdict.provider_kind, verdict.provider_id))
            first = verdict.refusals[0]
            who = _name(record, verdict.provider_id)
            groups.setdefault(first.rule, []).append((who, refusal_sentence(first)))
    refused = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    pairs = []
    for pair in answer.alternatives:
        lines = []
        for part in pair.parts:
            record = answer.providers.get((part.provider_kind, part.provider_id or ""))
            named = None if part.provider_id is None else _name(record, part.provider_id)
            lines.append((combination_part(named, part.hours.write()), part))
        summary = combination_summary(
            float(pair.handovers_per_week), float(pair.hours_share), pair.travel_minutes_per_week
        )
        pairs.append({"lignes": lines, "bilan": summary})
    return {
        "reponse": answer,
        "cartes": [_card_values(card) for card in cards],
        "vue": map_options(content, work.desk.settings, work.desk.service.territory),
        "legende": style.legend(legend),
        "refus": [(RULE_TITLES.get(rule, rule), people) for rule, people in refused],
        "paires": pairs,
    }


def _card_values(card: Any) -> dict[str, Any]:
    suggestion, provider = card.suggestion, card.provider
    offered = provider.working_hours if isinstance(provider, Childminder) else None
    if isinstance(provider, Facility):
        offered = provider.opening_hours
    asked = card.request.schedule.quarters_per_week
    confirmed = suggestion.availability_confirmed_on
    fresh = None
    if isinstance(provider, Childminder):
        age = None if confirmed is None else (card.today - confirmed).days
        stale = age is None or age > 183
        words = "Jamais confirmé" if age is None else f"Confirmé il y a {age} jours"
        fresh = ("warn" if stale else "ok", words)
    return {
        "card": card,
        "cle": f"{suggestion.verdict.provider_kind}:{suggestion.verdict.provider_id}",
        "offert": offered,
        "couvert": (asked * suggestion.verdict.hours_share, asked),
        "frais": fresh,
        "alertes": list(
            dict.fromkeys(
                WARNING_TITLES.get(warning.rule, warning.rule)
                for warning in suggestion.verdict.warnings
                if warning.rule != "availability_stale"
            )
        ),
        "criteres": [
            {
                "nom": PART_NAMES[part.name],
                "points": number(round(part.points)),
                "maximum": number(round(part.maximum)),
                "part": round(100 * part.points / part.maximum) if part.maximum else 0,
                "pourquoi": why(part.reason, part.values),
            }
            for part in suggestion.parts
        ],
        "sous_titre": card.what
        if isinstance(provider, Facility)
        else f"Agrément {provider.agrement.places}, {provider.address}",
    }


def _kind_of(text: str) -> EventKind:
    for kind in _KINDS:
        if kind == text:
            return kind
    raise InputError("event_unknown", kind=text)


# ---- what animateurs do ------------------------------------------------------------------------------------------


@router.post("/{request_id}/noter")
def note(
    request: Request, work: WorkDep, today: TodayDep, request_id: str, form: CheckedForm
) -> Response:
    """Note a contact, a proposal or an outcome."""
    kind = str(form.get("kind", ""))
    provider_kind, _, provider_id = str(form.get("lieu", "")).partition(":")
    reason = str(form.get("raison", "")) if kind == "refused" else ""
    seen = str(form.get("vu", ""))
    try:
        event = Event(
            request_id=work.casework.case(request_id).request.request_id,
            kind=_kind_of(kind),
            at=datetime.now(UTC),
            actor=work.session.account.account_id,
            provider_kind=provider_kind or None,
            provider_id=provider_id or None,
            reason=cast("RefusalReason", reason) if reason else None,
        )
        work.casework.note(event, seen=int(seen) if seen.isdecimal() else -1)
    except (Conflict, InputError) as error:
        sentence = phrase(error.code, **error.values)
        status = 409 if isinstance(error, Conflict) else 422
        return _case_page(
            request,
            work,
            request_id,
            today,
            fault=sentence[:1].upper() + sentence[1:],
            status=status,
        )
    work.audit(f"note_{kind}", "request", request_id)
    return RedirectResponse(f"/pro/demandes/{request_id}#issue", 303)


@router.post("/{request_id}/besoin")
def change_need(
    request: Request, work: WorkDep, today: TodayDep, request_id: str, form: CheckedForm
) -> Response:
    """Change the need, unless somebody else did meanwhile."""
    before = work.repository.request(request_id)
    revision = str(form.get("revision", ""))
    try:
        trial = str(form.get("essai", ""))
        if trial.isdecimal():
            openings = work.relais.suggest(before, today=today, limit=1).openings
            if int(trial) >= len(openings):
                raise Conflict("record_changed", id=request_id, read=revision, found="")
            changed = replace(openings[int(trial)].change.request, request_id=request_id)
        else:
            changed = _placed(work, read_need(form, before))
        work.repository.revise(changed, revision=int(revision) if revision.isdecimal() else -1)
    except RpeGeoError as error:
        status = 409 if isinstance(error, Conflict) else 422
        return _case_page(request, work, request_id, today, fault=explain(error), status=status)
    work.audit("change", "request", request_id)
    return RedirectResponse(f"/pro/demandes/{request_id}", 303)


Chosen = Annotated[list[str], Query(max_length=20)]


def _chosen(
    work: Work, need: Need, keys: Sequence[str], today: date
) -> tuple[Suggestions, list[dict[str, Any]]]:
    """Find the suggestions that were ticked, three at most."""
    answer = work.relais.suggest(need, today=today, limit=50)
    _, cards = suggestion_places(
        answer.suggestions, answer.providers, answer.home, request=answer.request, today=today
    )
    values = [_card_values(card) for card in cards]
    return answer, [one for one in values if one["cle"] in keys][:_COMPARED]


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
    _, chosen = _chosen(work, case.request, lieu, today)
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
    answer, chosen = _chosen(work, case.request, lieu, today)
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
