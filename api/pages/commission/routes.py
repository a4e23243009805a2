"""The doors of the commission: open it, read requests and places, edit the barème, run, move a family, close."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.dependencies import TodayDep
from api.pages.accounts.session import CheckedForm
from api.pages.commission.runs import (
    commissions_of,
    fingerprint,
    gathered_by,
    is_running,
    start_run,
)
from api.pages.commission.views import names_of, outline, result_values
from api.pages.rendering import render
from api.pages.requests.need_form import sentence
from api.pages.work import Work, WorkDep
from rpe_geo.commission.bareme import default_bareme, parse_bareme
from rpe_geo.commission.editing import with_points, written_bareme, written_points
from rpe_geo.commission.policies import POLICIES, Policy
from rpe_geo.desk.casework import CLOSED, Event
from rpe_geo.desk.commission import (
    SEED_MAX,
    KeptCommission,
    require_open,
    with_fix,
    without_fix,
)
from rpe_geo.errors import Conflict, InputError, NotFound, RpeGeoError
from rpe_geo.formats.assignments import assignment_json, assignment_xlsx
from rpe_geo.messages import explain
from rpe_geo.publishing.commission_letters import letters_html
from rpe_geo.publishing.commission_minute import minute_html
from rpe_geo.relais.commission import work_out

__all__ = ["router"]

router = APIRouter(prefix="/pro/commission")
_HOME = "/pro/commission"
_RESULTS = "/pro/commission/resultats"
_TRY_S = 20.0


def _policy(given: str, results: Mapping[str, Any]) -> Policy:
    known = [one for one in POLICIES if one in results]
    return next((one for one in known if one == given), known[0])


def _latest(work: Work) -> KeptCommission:
    kept = commissions_of(work).latest()
    if kept is None:
        raise NotFound("commission_unknown", id="")
    return kept


def _seen(form: Any) -> int:
    given = str(form.get("vu", ""))
    return int(given) if given.isdecimal() else -1


# ---- requests and places ---------------------------------------------------------------------------------------------


@router.get("")
def requests_page(request: Request, work: WorkDep, today: TodayDep) -> Response:
    """Show the requests that the commission decides on, and open one."""
    return _requests_page(request, work, today)


def _requests_page(
    request: Request, work: Work, today: date, *, fault: str = "", status: int = 200
) -> Response:
    kept = commissions_of(work).latest()
    cases = [case for case in work.casework.inbox() if case.status not in CLOSED]
    left = {} if kept is None else kept.content.get("left_out", {})
    work.audit("read", "commission", "" if kept is None else kept.commission_id)
    return render(
        request,
        "commission_demandes.html",
        status=status,
        **outline(work, kept, "demandes"),
        cas=cases,
        laissees=dict(left),
        graine=secrets.randbelow(1_000_000),
        aujourdhui=today,
        faute=fault,
    )


@router.post("/ouvrir")
def open_commission(
    request: Request, work: WorkDep, today: TodayDep, form: CheckedForm
) -> Response:
    """Open a commission: its day and its seed are announced, and never change."""
    seed = str(form.get("graine", "")).strip().replace(" ", "")
    try:
        if not seed.isdecimal() or int(seed) > SEED_MAX:
            raise InputError("commission_seed")
        try:
            held_on = date.fromisoformat(str(form.get("jour", "")))
        except ValueError:
            raise InputError("commission_day") from None
        before = commissions_of(work).latest()
        if (
            before is not None
            and not before.content.get("closed_at")
            and form.get("encore") != "oui"
        ):
            raise Conflict("commission_changed")
    except RpeGeoError as error:
        return _requests_page(request, work, today, fault=sentence(error), status=422)
    bareme = before.content["bareme"] if before is not None else written_bareme(default_bareme())
    kept = commissions_of(work).open(
        {
            "held_on": held_on.isoformat(),
            "seed": int(seed),
            "opened_by": work.me,
            "opened_at": datetime.now(UTC).isoformat(),
            "bareme": bareme,
            "edits": {},
            "fixes": [],
            "policy": "points",
        }
    )
    work.audit("open", "commission", kept.commission_id)
    return RedirectResponse(f"{_HOME}/bareme", 303)


@router.get("/places")
def places_page(request: Request, work: WorkDep) -> Response:
    """Show who offers places, and which are reserved."""
    kept = commissions_of(work).latest()
    minders = sorted(work.repository.childminders(), key=lambda one: one.name or "")
    cribs = [one for one in work.repository.facilities() if one.offers_care]
    values = outline(work, kept, "places")
    _, providers, _ = names_of(work)
    return render(
        request,
        "commission_places.html",
        **values,
        assistantes=[one for one in minders if one.agrement.places_offered],
        sans_place=sum(not one.agrement.places_offered for one in minders),
        creches=[one for one in cribs if one.places or one.sections],
        creches_sans=[one for one in cribs if not (one.places or one.sections)],
        noms={one: name for one, (_, name, _, _) in providers.items()},
    )


# ---- the barème ------------------------------------------------------------------------------------------------------


@router.get("/bareme")
def bareme_page(request: Request, work: WorkDep) -> Response:
    """Show the published barème, and what is tried."""
    return _bareme_page(request, work)


def _bareme_page(
    request: Request, work: Work, *, fault: str = "", typed: Mapping[str, str] | None = None
) -> Response:
    kept = commissions_of(work).latest()
    if kept is None:
        return RedirectResponse(_HOME, 303)
    return render(
        request,
        "commission_bareme.html",
        status=422 if fault else 200,
        **outline(work, kept, "bareme"),
        exacts={
            # Every digit: a rounded figure sent back would change the barème.
            one.criterion_id: written_points(one.points).replace(".", ",")
            for one in parse_bareme(kept.content["bareme"], "barème").criteria
        },
        saisi=typed if typed is not None else kept.content.get("edits", {}),
        faute=fault,
    )


@router.post("/bareme")
def change_bareme(request: Request, work: WorkDep, form: CheckedForm) -> Response:
    """Keep points that are tried, publish them, or come back to what is published."""
    kept = _latest(work)
    typed = {
        str(key)[2:]: str(value)[:30] for key, value in form.multi_items() if str(key)[:2] == "p-"
    }
    what = str(form.get("faire", ""))
    try:
        published = parse_bareme(kept.content["bareme"], "barème")
        if what == "coller":
            text = written_bareme(parse_bareme(str(form.get("toml", "")), "barème collé"))
            changes: dict[str, Any] = {"bareme": text, "edits": {}}
        elif what == "revenir":
            changes = {"edits": {}}
        else:
            edited = with_points(published, typed)
            differs = {
                new.criterion_id: typed[new.criterion_id]
                for new, old in zip(edited.criteria, published.criteria, strict=True)
                if new.points != old.points
            }
            changes = {"edits": differs}
            if what == "publier":
                source = str(form.get("source", "")).strip()[:200]
                if not source:
                    raise InputError("bareme_without_source")
                changes = {
                    "bareme": written_bareme(replace(edited, source=source)),
                    "edits": {},
                }

        def edit(content: dict[str, Any]) -> dict[str, Any]:
            require_open(content)
            return {**content, **changes}

        commissions_of(work).change(kept.commission_id, edit, seen=_seen(form))
    except RpeGeoError as error:
        return _bareme_page(request, work, fault=sentence(error), typed=typed)
    work.audit(f"bareme_{what or 'essayer'}", "commission", kept.commission_id)
    return RedirectResponse(f"{_HOME}/bareme", 303)


# ---- running ---------------------------------------------------------------------------------------------------------


@router.post("/calcul")
def run(request: Request, work: WorkDep, today: TodayDep, form: CheckedForm) -> Response:
    """Begin to work the commission out; the page of results tells how far it is."""
    kept = _latest(work)
    near = form.get("garder") == "oui" and bool(kept.content.get("results"))
    try:
        start_run(work, kept, today, near=near)
    except RpeGeoError as error:
        return _results_page(request, work, today, fault=sentence(error), status=409)
    work.audit("run", "commission", kept.commission_id)
    return RedirectResponse(_RESULTS, 303)


@router.get("/resultats")
def results_page(
    request: Request, work: WorkDep, today: TodayDep, facon: str = "", proposes: str = ""
) -> Response:
    """Show the policies side by side, and one of them family by family."""
    return _results_page(request, work, today, policy=facon, proposed=proposes)


def _results_page(
    request: Request,
    work: Work,
    today: date,
    *,
    policy: str = "",
    proposed: str = "",
    fault: str = "",
    status: int = 200,
) -> Response:
    kept = commissions_of(work).latest()
    if kept is None:
        return RedirectResponse(_HOME, 303)
    values = outline(work, kept, "resultats")
    content = kept.content
    if not content.get("results"):
        return render(request, "commission_calcul.html", status=status, **values, faute=fault)
    chosen = _policy(policy or content.get("policy", ""), content["results"])
    work.audit("read", "commission", kept.commission_id)
    return render(
        request,
        "commission_resultats.html",
        status=status,
        **values,
        **result_values(work, kept, chosen, today),
        faute=fault,
        change=not values["arretee"] and content.get("mark") != fingerprint(work),
        proposes=proposed if proposed.isdecimal() else "",
    )


# ---- moving a family -------------------------------------------------------------------------------------------------


@router.get("/deplacer")
def move_page(
    request: Request,
    work: WorkDep,
    today: TodayDep,
    demande: str = "",
    accueil: str = "",
    facon: str = "",
) -> Response:
    """Show what a move would do, before anything is decided."""
    return _move_page(request, work, today, demande, accueil, facon)


def _move_page(
    request: Request,
    work: Work,
    today: date,
    request_id: str,
    place: str,
    policy: str,
    *,
    fault: str = "",
) -> Response:
    kept = commissions_of(work).latest()
    if kept is None or not kept.content.get("results"):
        return RedirectResponse(_RESULTS, 303)
    results = kept.content["results"]
    chosen = _policy(policy or kept.content.get("policy", ""), results)
    values = result_values(work, kept, chosen, today)
    consequences = None
    refused = ""
    known = {one for one, _, _ in values["familles"]}
    if place and request_id in known:
        try:
            consequences = _consequences(work, kept, today, chosen, request_id, place)
        except InputError as error:
            refused = explain(error)
        except Conflict as error:
            refused = sentence(error)
    return render(
        request,
        "commission_deplacer.html",
        status=422 if fault else 200,
        **outline(work, kept, "resultats"),
        **values,
        demande=request_id if request_id in known else "",
        accueil=place,
        suites=consequences,
        refus=refused,
        faute=fault,
    )


def _consequences(
    work: Work, kept: KeptCommission, today: date, policy: Policy, request_id: str, place: str
) -> dict[str, Any]:
    """Work out what the others have when a family goes somewhere by hand."""
    provider = None if place == "aucun" else place
    content = with_fix(kept.content, request_id, provider, reason="essai", by=work.me)
    found = work_out(
        gathered_by(work, today),
        content,
        today,
        policy=policy,
        compare=False,
        time_limit_s=_TRY_S,
    )
    after, before = assignment_json(found), kept.content["results"][policy]
    families, providers, _ = names_of(work)
    had = {one["request_id"]: one for one in before["assignments"]}
    has = {one["request_id"]: one for one in after["assignments"]}

    def place_of(one: Mapping[str, Any]) -> str:
        named = providers.get(one["provider_id"])
        return one["provider_id"] if named is None else named[1]

    lines = []
    for one in sorted(had.keys() | has.keys(), key=lambda name: (name != request_id, name)):
        name = families.get(one, one)
        if one not in had:
            lines.append(("gain", name, f"a une place : {place_of(has[one])}."))
        elif one not in has:
            reason = next((u["reason"] for u in after["unassigned"] if u["request_id"] == one), "")
            lines.append(("loss", name, f"n’a plus de place ({place_of(had[one])}). {reason}"))
        elif had[one]["provider_id"] != has[one]["provider_id"]:
            lines.append(("rule", name, f"passe de {place_of(had[one])} à {place_of(has[one])}."))
    figures = []
    for title, key, sense in (
        ("Familles placées", "placed", 1),
        ("Heures couvertes", "hours", 1),
        ("Prioritaires", "priority_placed", 1),
        ("Envies justifiées", "envy_pairs", -1),
    ):
        was, now = before["metrics"][key], after["metrics"][key]
        figures.append(
            {"titre": title, "avant": was, "apres": now, "pire": (now - was) * sense < 0}
        )
    return {"lignes": lines, "chiffres": figures, "temps": after["stopped_by"] == "time"}


@router.post("/deplacer")
def move(request: Request, work: WorkDep, today: TodayDep, form: CheckedForm) -> Response:
    """Decide by hand where a family goes; everything else is worked out again around it."""
    kept = _latest(work)
    request_id, place = str(form.get("demande", "")), str(form.get("accueil", ""))
    reason = str(form.get("motif", ""))
    try:
        known = set(names_of(work)[0])
        if request_id not in known or not place:
            raise InputError("fix_unknown", request_id=request_id or "–", provider_id=place or "–")
        # What cannot be is refused before it is kept.
        _consequences(work, kept, today, _policy("", kept.content["results"]), request_id, place)
        provider = None if place == "aucun" else place
        changed = commissions_of(work).change(
            kept.commission_id,
            lambda content: with_fix(content, request_id, provider, reason=reason, by=work.me),
            seen=_seen(form),
        )
        start_run(work, changed, today, near=False)
    except RpeGeoError as error:
        return _move_page(
            request,
            work,
            today,
            request_id,
            place,
            str(form.get("facon", "")),
            fault=sentence(error),
        )
    work.audit("overrule", "request", request_id)
    return RedirectResponse(_RESULTS, 303)


@router.post("/reprendre")
def take_back(request: Request, work: WorkDep, today: TodayDep, form: CheckedForm) -> Response:
    """Take a decision by hand back, and work everything out again."""
    kept = _latest(work)
    request_id = str(form.get("demande", ""))
    try:
        changed = commissions_of(work).change(
            kept.commission_id, lambda content: without_fix(content, request_id)
        )
        start_run(work, changed, today, near=False)
    except RpeGeoError as error:
        return _results_page(request, work, today, fault=sentence(error), status=409)
    work.audit("overrule_back", "request", request_id)
    return RedirectResponse(_RESULTS, 303)


# ---- papers ----------------------------------------------------------------------------------------------------------


def _shown(work: Work, policy: str) -> tuple[KeptCommission, Mapping[str, Any]]:
    kept = _latest(work)
    results = kept.content.get("results")
    if not results:
        raise InputError("commission_not_run")
    return kept, results[_policy(policy or kept.content.get("policy", ""), results)]


@router.get("/proces-verbal")
def minute(work: WorkDep, facon: str = "") -> Response:
    """Write the minute for the council, without any name."""
    kept, shown = _shown(work, facon)
    work.audit("export", "commission", kept.commission_id)
    _, providers, _ = names_of(work)
    named = {one: name for one, (kind, name, _, _) in providers.items() if kind == "facility"}
    return HTMLResponse(minute_html(shown, held_on=kept.content["held_on"], names=named))


@router.get("/courriers")
def letters(work: WorkDep, facon: str = "") -> Response:
    """Write one letter for each family, without its name."""
    kept, shown = _shown(work, facon)
    work.audit("export", "commission", kept.commission_id)
    _, providers, _ = names_of(work)
    return HTMLResponse(
        letters_html(
            shown,
            held_on=kept.content["held_on"],
            relais=work.desk.settings.relais_name,
            names={one: name for one, (_, name, _, _) in providers.items()},
        )
    )


@router.get("/pieces.xlsx")
def pieces(work: WorkDep, facon: str = "") -> Response:
    """Write the result for the desk: attributions, waiting list, policies, barème."""
    kept, shown = _shown(work, facon)
    work.audit("export", "commission", kept.commission_id)
    return Response(
        assignment_xlsx(shown),
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers={"content-disposition": f'attachment; filename="{kept.commission_id}.xlsx"'},
    )


# ---- closing ---------------------------------------------------------------------------------------------------------


@router.post("/arreter")
def close(request: Request, work: WorkDep, today: TodayDep, form: CheckedForm) -> Response:
    """Close the commission: what it decided becomes proposals in the dossiers of the families."""
    kept = _latest(work)
    results = kept.content.get("results") or {}
    policy = str(form.get("facon", ""))
    try:
        if policy not in results:
            raise InputError("commission_not_run")
        if form.get("relu") != "oui":
            raise InputError("commission_not_read")
        if is_running(kept.content):
            raise Conflict("commission_running")
        if kept.content.get("mark") != fingerprint(work):
            raise Conflict("commission_stale")

        def seal(content: dict[str, Any]) -> dict[str, Any]:
            require_open(content)
            return {
                **content,
                "policy": policy,
                "closed_at": datetime.now(UTC).isoformat(),
                "closed_by": work.me,
            }

        commissions_of(work).change(kept.commission_id, seal, seen=_seen(form))
    except RpeGeoError as error:
        return _results_page(request, work, today, policy=policy, fault=sentence(error), status=409)
    work.audit("close", "commission", kept.commission_id)
    done = sum(_propose(work, one) for one in results[policy]["assignments"])
    return RedirectResponse(f"{_RESULTS}?proposes={done}", 303)


def _propose(work: Work, one: Mapping[str, Any]) -> bool:
    """Note the proposal in the dossier of a family; not to one that keeps its place, nor twice."""
    try:
        case = work.casework.case(one["request_id"])
    except NotFound:
        return False
    provider = (str(one["provider_kind"]), str(one["provider_id"]))
    standing = any(event.kind == "proposed" and event.provider == provider for event in case.events)
    if case.status in CLOSED or standing or case.request.holds == one["provider_id"]:
        return False
    event = Event(
        request_id=one["request_id"],
        kind="proposed",
        at=datetime.now(UTC),
        actor=work.me,
        provider_kind=provider[0],
        provider_id=provider[1],
    )
    # The commission weighed all families of this place together: their offers are known to it.
    known = {provider: len(case.elsewhere.get(provider, ()))}
    try:
        work.casework.note(event, seen=len(case.events), known=known)
    except (Conflict, NotFound):
        return False
    work.audit("note_proposed", "request", one["request_id"])
    return True
