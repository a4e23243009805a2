"""The minute of a commission, without any name: figures, points of entry, waiting list, barème, lots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape
from typing import Any

from rpe_geo.messages.commission import POLICY_NAMES
from rpe_geo.messages.french import day, number, plural

__all__ = ["minute_html"]

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1d1b20}"
    "table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{border-bottom:1px solid #cac4d0;padding:.3rem .5rem;"
    "text-align:left}td.n,th.n{text-align:right}caption{text-align:left;font-weight:600}"
)


def minute_html(
    written: Mapping[str, Any], *, held_on: str = "", names: Mapping[str, str] | None = None
) -> str:
    """
    Write the minute for the council.

    Parameters
    ----------
    written
        A result as `rpe_geo.formats.assignments.assignment_json` gives it.
    held_on
        Day of the commission, ISO 8601.
    names
        What crèches are called; the others stay ids, for a childminder's name is a person's.

    Returns
    -------
    str
        A page that stands alone; families are numbers of requests, never names.
    """
    metrics, called = written["metrics"], names or {}
    parts = [
        f"<h1>{plural(metrics['placed'], 'famille')} sur {number(metrics['requests'])} auraient une place</h1>",
        f"<p>Commission du {day(date.fromisoformat(held_on))}.</p>" if held_on else "",
        "<p>Projet, rien n’est arrêté : la commission décide.</p>",
        _policies(written),
        _proof(written),
        _table(
            "Attributions proposées",
            ("Points", "Demande", "Accueil", "Choix", "Minutes", "Heures", "Motif"),
            [
                (
                    number(one["points"]),
                    one["request_id"],
                    called.get(one["provider_id"], one["provider_id"]),
                    str(one["choice"]),
                    "–" if one["minutes"] is None else number(one["minutes"]),
                    f"{number(100 * one['hours_share'], 0)} %",
                    one["reason"],
                )
                for one in sorted(
                    written["assignments"], key=lambda one: (-one["points"], one["request_id"])
                )
            ],
        ),
        _table(
            "Liste d’attente",
            ("Rang", "Demande", "Points", "Ce qui manquait"),
            [
                (str(one["waiting_rank"]), one["request_id"], number(one["points"]), one["reason"])
                for one in written["unassigned"]
            ],
        ),
        _bareme(written["parameters"]["bareme"]),
        _fixes(written["parameters"]["fixes"]),
        _lots(written["seed"]),
    ]
    return (
        "<!doctype html><html lang='fr'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>Procès-verbal de la commission</title><style>{_STYLE}</style></head><body>"
        + "".join(parts)
        + "</body></html>\n"
    )


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return f"<h2>{escape(title)}</h2><p>Personne.</p>"
    head = "".join(f"<th scope='col'>{escape(one)}</th>" for one in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<h2>{escape(title)}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _policies(written: Mapping[str, Any]) -> str:
    runs = written.get("policies") or [{"policy": written["policy"], "metrics": written["metrics"]}]
    rows = {
        "Familles placées": "placed",
        "Enfants placés": "children",
        "Heures couvertes par semaine": "hours",
        "Trajet moyen (minutes)": "minutes_mean",
        "Trajet médian (minutes)": "minutes_median",
        "Pire trajet (minutes)": "minutes_max",
        "Familles prioritaires placées": "priority_placed",
        "Inégalité des heures couvertes (Gini)": "gini",
        "Envies justifiées": "envy_pairs",
    }
    return _table(
        "Façons d’attribuer les mêmes places",
        ("Mesure", *(POLICY_NAMES[run["policy"]] for run in runs)),
        [
            (
                title,
                *(
                    "–" if run["metrics"][name] is None else number(run["metrics"][name])
                    for run in runs
                ),
            )
            for title, name in rows.items()
        ],
    )


def _proof(written: Mapping[str, Any]) -> str:
    gap = 100 * written["gap"]
    return (
        f"<p>Valeur trouvée : {number(written['objective'])}. Aucune attribution ne peut dépasser "
        f"{number(written['bound'])} (écart {number(gap, 2)} %).</p>"
    )


def _bareme(bareme: Mapping[str, Any]) -> str:
    return _table(
        f"Barème appliqué : {bareme['title']}",
        ("Critère", "Points", "Au plus", "Source"),
        [
            (one["title"], number(one["points"]), number(one["maximum"]), one["source"])
            for one in bareme["criteria"]
        ],
    )


def _fixes(fixes: Sequence[Mapping[str, Any]]) -> str:
    if not fixes:
        return ""
    return _table(
        "Décisions de la commission",
        ("Demande", "Accueil", "Motif"),
        [(one["request_id"], one["provider_id"] or "aucun", one["reason"]) for one in fixes],
    )


def _lots(seed: int) -> str:
    return (
        f"<p>Tirage au sort : graine {seed}. Chaque demande reçoit l’empreinte SHA-256 du texte "
        f"« {seed}:numéro de la demande » ; à égalité de points, la plus petite passe d’abord. "
        "Chacun peut refaire ce tirage.</p>"
    )
