"""What the pages of the commission show: steps, policies side by side, proofs, attributions, waiting list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from api.pages.commission.flows import drawn_flows
from api.pages.commission.runs import is_running
from api.pages.work import Work
from rpe_geo.commission.bareme import parse_bareme
from rpe_geo.desk.commission import KeptCommission
from rpe_geo.domain import Request
from rpe_geo.messages.commission import POLICY_HINTS, POLICY_NAMES, proof_words
from rpe_geo.messages.french import day, number, plural

__all__ = ["names_of", "outline", "result_values"]

LETTER_DAYS = 10
Providers = dict[str, tuple[str, str, float | None, float | None]]

_ROWS: tuple[tuple[str, str, str, int], ...] = (
    ("Familles placées", "requests", "placed", 1),
    ("Enfants placés", "children_asked", "children", 1),
    ("Heures couvertes", "hours_asked", "hours", 1),
    ("Trajet moyen", "", "minutes_mean", -1),
    ("Trajet médian", "", "minutes_median", -1),
    ("Pire trajet", "", "minutes_max", -1),
    ("Inégalité des heures", "", "gini", -1),
    ("Familles prioritaires", "priority", "priority_placed", 1),
    ("Envies justifiées", "", "envy_pairs", -1),
)
"""Title, metric of the whole, metric, and whether more (1) or less (−1) is better."""
_UNDER = {
    "hours": "par semaine, sur {}",
    "minutes_mean": "minutes",
    "minutes_median": "minutes",
    "minutes_max": "minutes",
    "gini": "indice de Gini, 0 quand toutes ont autant",
    "envy_pairs": "familles passées devant une autre qui a plus de points",
}


def names_of(work: Work) -> tuple[dict[str, str], Providers, dict[str, Request]]:
    """Name the families and the providers of the desk; a family without a name is its request."""
    cases = work.casework.inbox()
    families = {
        case.request.request_id: str(case.contact.get("nom", "")) or case.request.request_id
        for case in cases
    }
    providers: Providers = {
        one.childminder_id: (
            "childminder",
            one.name or one.childminder_id,
            one.longitude,
            one.latitude,
        )
        for one in work.repository.childminders()
    }
    providers |= {
        one.facility_id: ("facility", one.name or one.facility_id, one.longitude, one.latitude)
        for one in work.repository.facilities()
    }
    return families, providers, {case.request.request_id: case.request for case in cases}


def outline(work: Work, kept: KeptCommission | None, step: str) -> dict[str, Any]:
    """Gather what stands on every page of the commission."""
    content: Mapping[str, Any] = {} if kept is None else kept.content
    cases = [case for case in work.casework.inbox() if case.status not in _CLOSED]
    offered = sum(
        (one.agrement.places_offered or 0) for one in work.repository.childminders()
    ) + sum((one.places or 0) for one in work.repository.facilities() if one.offers_care)
    results = content.get("results") or {}
    bareme = parse_bareme(content["bareme"], "barème") if content.get("bareme") else None
    said = {
        "demandes": plural(len(cases), "demande ouverte", "demandes ouvertes"),
        "places": plural(offered, "place au registre", "places au registre"),
        "bareme": "modifié, non publié"
        if content.get("edits")
        else "publié"
        if bareme
        else "à choisir",
        "resultats": "calcul en cours"
        if is_running(content)
        else plural(len(results), "façon calculée", "façons calculées")
        if results
        else "pas encore calculés",
    }
    titles = {
        "demandes": "Demandes",
        "places": "Places",
        "bareme": "Barème",
        "resultats": "Résultats",
    }
    links = {
        "demandes": "/pro/commission",
        "places": "/pro/commission/places",
        "bareme": "/pro/commission/bareme",
        "resultats": "/pro/commission/resultats",
    }
    return {
        "session": work.session,
        "commission": kept,
        "contenu": content,
        "jour_dit": day(date.fromisoformat(content["held_on"])) if content.get("held_on") else "",
        "en_cours": is_running(content),
        "arretee": content.get("closed_at"),
        "etapes": [
            {
                "titre": title,
                "dit": said[key],
                "lien": links[key],
                "ici": key == step,
                "faite": kept is not None and (key != "resultats" or bool(results)),
            }
            for key, title in titles.items()
        ],
        "bareme": bareme,
    }


_CLOSED = frozenset({"accepted", "withdrawn", "unsolved"})


def _table(results: Mapping[str, Any], chosen: str) -> dict[str, Any]:
    """Put the policies side by side; the best value of a row is marked, never a policy."""
    runs = [(policy, results[policy]["metrics"]) for policy in POLICY_NAMES if policy in results]
    rows = []
    for title, whole, name, sense in _ROWS:
        values = [metrics[name] for _, metrics in runs]
        known = [value for value in values if value is not None]
        best = (max(known) if sense > 0 else min(known)) if known and len(set(known)) > 1 else None
        under = _UNDER.get(name, "sur {}" if whole else "")
        rows.append(
            {
                "titre": title,
                "dessous": under.format(number(runs[0][1][whole])) if whole else under,
                "cellules": [
                    {
                        "dit": "–" if value is None else _figure(name, value),
                        "mieux": best is not None and value == best,
                        "choisie": policy == chosen,
                    }
                    for (policy, _), value in zip(runs, values, strict=True)
                ],
            }
        )
    return {
        "facons": [
            {
                "code": policy,
                "nom": POLICY_NAMES[policy],
                "dit": POLICY_HINTS[policy],
                "choisie": policy == chosen,
            }
            for policy, _ in runs
        ],
        "lignes": rows,
        "preuves": [
            {"nom": POLICY_NAMES[policy], **proof_words(results[policy])} for policy, _ in runs
        ],
    }


def _figure(name: str, value: float) -> str:
    if name == "gini":
        return number(value, 2)
    # A way of half a minute is not none.
    return number(value, 1) if name.startswith("minutes") and value < 10 else number(round(value))


def _cost(results: Mapping[str, Any], chosen: str) -> list[str]:
    """Say what the chosen policy costs against each other one."""
    shown = results[chosen]
    run = next((one for one in shown.get("policies", ()) if one["policy"] == chosen), None)
    if run is None:
        return []
    said = []
    for other, cost in run["against"].items():
        parts = []
        if cost["gain"]:
            parts.append(f"{plural(cost['gain'], 'famille')} de plus y ont une place" if cost["gain"] > 1 else "une famille y a une place qu’elle n’aurait pas")  # fmt: skip
        if cost["lose"]:
            parts.append(f"{plural(cost['lose'], 'famille')} n’en {'ont' if cost['lose'] > 1 else 'a'} plus")  # fmt: skip
        if cost["hours"]:
            parts.append(
                f"{number(abs(round(cost['hours'])))} h par semaine de {'plus' if cost['hours'] > 0 else 'moins'}"
            )
        told = ", ".join(parts) or "les mêmes familles ont une place"
        said.append(f"Face à « {POLICY_NAMES[other]} » : {told}.")
    return said


def _age(request: Request | None, today: date) -> str:
    if request is None:
        return ""
    ages = []
    for child in request.children:
        months = (today.year - child.birth_date.year) * 12 + today.month - child.birth_date.month
        ages.append(
            "à naître" if months < 0 else f"{months} mois" if months < 24 else f"{months // 12} ans"
        )
    return ", ".join(ages)


def result_values(work: Work, kept: KeptCommission, chosen: str, today: date) -> dict[str, Any]:
    """
    Gather a page of results.

    Parameters
    ----------
    work, kept
        At the desk.
    chosen
        Policy that is shown.
    today
        For the ages.
    """
    content = kept.content
    results = content["results"]
    shown = results[chosen]
    families, providers, requests = names_of(work)
    criteria = {one["id"]: one["title"] for one in shown["parameters"]["bareme"]["criteria"]}
    fixes = {one["request_id"]: one for one in content.get("fixes", ())}
    territory = work.desk.service.territory
    before = results.get("present")
    maps = []
    if territory is not None:
        for title, result in (("Proposée", shown), ("Pratique actuelle", before)):
            if result is not None:
                drawn = drawn_flows(
                    territory.communes,
                    content.get("communes", {}),
                    providers,
                    result["assignments"],
                    result["unassigned"],
                )
                if drawn is not None:
                    maps.append({"titre": title, **drawn})

    def line(one: Mapping[str, Any]) -> dict[str, Any]:
        request = requests.get(one["request_id"])
        provider = providers.get(one.get("provider_id", ""))
        hours = 0.0 if request is None else float(request.schedule.quarters_per_week) / 4
        return {
            **one,
            "famille": families.get(one["request_id"], one["request_id"]),
            "connue": one["request_id"] in requests,
            "age": _age(request, today),
            "lieu": one.get("provider_id", "") if provider is None else provider[1],
            "genre": "" if provider is None else provider[0],
            "heures": hours,
            "points_dits": [(criteria.get(k, k), v) for k, v in one["points_parts"].items()],
            "decision": fixes.get(one["request_id"]),
            "semaine": None if request is None else request.schedule,
        }

    assigned = [line(one) for one in shown["assignments"]]
    assigned.sort(key=lambda one: (-one["points"], one["request_id"]))
    waiting = [line(one) for one in shown["unassigned"]]
    entry: dict[str, list[float]] = {}
    children: dict[str, int] = {}
    for one in assigned:
        entry.setdefault(one["provider_id"], []).append(one["points"])
        children[one["provider_id"]] = children.get(one["provider_id"], 0) + one["children"]
    lots = [one for one in waiting if "le sort" in one["reason"]]
    metrics = shown["metrics"]
    return {
        "facon": chosen,
        "nom_facon": POLICY_NAMES[chosen],
        "chiffres": metrics,
        "comparaison": _table(results, chosen),
        "couts": _cost(results, chosen),
        "attributions": assigned,
        "attente": waiting,
        "tirages": lots,
        "cartes": maps,
        "structures": [
            {
                "nom": providers[one][1] if one in providers else one,
                "enfants": children[one],
                "entree": min(points),
            }
            for one, points in sorted(entry.items(), key=lambda item: -children[item[0]])
        ],
        "communes": metrics.get("by_commune", {}),
        "besoins": metrics["by_need"],
        "envies": [
            {
                "qui": families.get(one["request_id"], one["request_id"]),
                "de": families.get(one["envied_request_id"], one["envied_request_id"]),
                "lieu": providers[one["provider_id"]][1]
                if one["provider_id"] in providers
                else one["provider_id"],
            }
            for one in shown.get("envies", ())
        ],
        "calcule": datetime.fromisoformat(content["ran_at"]).astimezone(UTC),
        "arrete_par_temps": shown["stopped_by"] == "time",
        "autre_bareme": content.get("ran_bareme") not in {None, content.get("bareme")},
        "familles": sorted(
            (
                (one["request_id"], one["famille"], one.get("lieu") or "en attente")
                for one in [*assigned, *waiting]
            ),
            key=lambda one: one[1],
        ),
        "lieux": sorted(_offering(work), key=lambda one: one[1]),
    }


def _offering(work: Work) -> Sequence[tuple[str, str]]:
    """List whoever has places, for a move."""
    minders = [
        (one.childminder_id, one.name or one.childminder_id)
        for one in work.repository.childminders()
        if one.agrement.places_offered
    ]
    return minders + [
        (one.facility_id, one.name or one.facility_id)
        for one in work.repository.facilities()
        if one.offers_care and (one.places or one.sections)
    ]
