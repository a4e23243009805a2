"""Replayed scenarios for a council: JSON values, and the same as a report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np

from rpe_geo.formats.scenarios import counts_told
from rpe_geo.messages.french import day, number
from rpe_geo.publishing.blocks import Block, Chapter, KeyFigures, Paragraph, Report, TableBlock
from rpe_geo.relais.scenario import Outcome, ReplayedScenario

__all__ = ["scenario_document", "scenario_report"]

_NEEDS = {
    "full_time": "Temps plein",
    "part_time": "Temps partiel",
    "atypical": "Horaires atypiques",
    "adapted": "Accueil adapté",
    "siblings": "Fratrie",
}
_AT_LEAST = 5
_UNTOLD = "non publié"
"""Of a count under five, and of a larger one that would give such a count away."""


def scenario_document(replayed: ReplayedScenario, *, desk: bool = False) -> dict[str, Any]:
    """
    Write a replayed scenario as JSON values.

    Parameters
    ----------
    replayed
        Before and after.
    desk
        For the desk: exact counts and ids. Otherwise counts under five persons are null, with what would give them away.

    Returns
    -------
    dict
        The keys of docs/planning.md.
    """
    before, after = replayed.before, replayed.after
    gained, lost = len(replayed.gained), len(replayed.lost)
    parts = {
        "gain": gained,
        "lose": lost,
        "keep": len(before.solutions) - lost,
        "still_without": replayed.requests - len(before.solutions) - gained,
    }
    told: dict[str, int | None] = dict(parts) if desk else counts_told(parts)
    blanked = any(value is None for value in told.values())
    document: dict[str, Any] = {
        "title": replayed.scenario.title,
        "requests": replayed.requests,
        "families": told,
        "without_solution": {
            "before": _told(replayed.requests - len(before.solutions), desk=desk, blanked=False),
            "after": _told(replayed.requests - len(after.solutions), desk=desk, blanked=blanked),
        },
        "range": {
            "gain": _range(replayed.range_gained, desk=desk),
            "lose": _range(replayed.range_lost, desk=desk),
            "draws": replayed.draws,
        },
        "minutes": {"before": _median(before), "after": _median(after)},
        "by_need": _by_need(replayed, desk=desk),
        "places": {
            "before": before.places,
            "after": after.places,
            "added": replayed.applied.places_added,
            "removed": replayed.applied.places_removed,
        },
        "access": _access(replayed),
        "cost_per_year": replayed.applied.cost,
        "left_out": _told(len(replayed.left_out), desk=desk, blanked=False),
    }
    if desk:
        document["ids"] = {"gain": list(replayed.gained), "lose": list(replayed.lost)}
    # The cost gives gain minus lose away: it is told only where both are.
    net, both_told = gained - lost, None not in (told["gain"], told["lose"])
    if replayed.applied.cost is not None and net > 0 and both_told:
        document["cost_per_net_family"] = round(replayed.applied.cost / net, 2)
    return document


def _told(count: int, *, desk: bool, blanked: bool) -> int | None:
    return None if not desk and (blanked or 0 < count < _AT_LEAST) else count


def _range(bounds: tuple[int, int], *, desk: bool) -> list[int | None]:
    return [_told(bound, desk=desk, blanked=False) for bound in bounds]


def _median(outcome: Outcome) -> float | None:
    """Median minutes; not told of fewer than five families."""
    minutes = list(outcome.minutes.values())
    return round(float(np.median(minutes)), 1) if len(minutes) >= _AT_LEAST else None


def _by_need(replayed: ReplayedScenario, *, desk: bool) -> list[dict[str, Any]]:
    counts = {
        side: {need: sum(replayed.needs[one] == need for one in ids) for need in _NEEDS}
        for side, ids in (("gain", replayed.gained), ("lose", replayed.lost))
    }
    told: dict[str, Any] = {
        side: dict(values) if desk else counts_told(values) for side, values in counts.items()
    }
    return [
        {"need": need, "gain": told["gain"][need], "lose": told["lose"][need]} for need in _NEEDS
    ]


def _access(replayed: ReplayedScenario) -> list[dict[str, Any]] | None:
    before, after, zones = replayed.before.access, replayed.after.access, replayed.zones
    if before is None or after is None or zones is None:
        return None
    return [
        {
            "id": str(zone),
            "name": str(zones.names[zone]),
            "before": None if np.isnan(before[zone]) else float(before[zone]),
            "after": None if np.isnan(after[zone]) else float(after[zone]),
        }
        for zone in before.index
    ]


def scenario_report(replayed: Sequence[ReplayedScenario], *, on: date) -> Report:
    """
    Lay replayed scenarios out for a council, side by side.

    Parameters
    ----------
    replayed
        Scenarios on the same requests.
    on
        Day of the computation.

    Returns
    -------
    Report
        Chapters; counts under five are not told.
    """
    documents = [scenario_document(one) for one in replayed]
    chapters = [Chapter("Ce qui change pour les familles", _families(documents))]
    access = [document for document in documents if document["access"]]
    if access:
        chapters.append(Chapter("Où l’accès change", tuple(_zones(one) for one in access)))
    chapters.append(Chapter("Ce que vaut ce calcul", _method(documents)))
    return Report(
        title=documents[0]["title"] if len(documents) == 1 else "Scénarios, côte à côte",
        subtitle=_headline(documents[0])
        if len(documents) == 1
        else "Les mêmes demandes, chaque scénario rejoué.",
        made_on=f"Document de travail, calculé le {day(on)}.",
        chapters=tuple(chapters),
    )


def _count(value: int | None) -> str:
    return _UNTOLD if value is None else number(value, 0)


def _headline(document: dict[str, Any]) -> str:
    families, without = document["families"], document["without_solution"]
    return (
        f"Familles sans solution : {_count(without['before'])}. En gagneraient une : {_count(families['gain'])} ; "
        f"perdraient la leur : {_count(families['lose'])}."
    )


def _families(documents: list[dict[str, Any]]) -> tuple[Block, ...]:
    blocks: list[Block] = []
    if len(documents) == 1:
        families, places = documents[0]["families"], documents[0]["places"]
        blocks.append(
            KeyFigures(
                (
                    (_count(families["gain"]), "", "familles gagnent une solution"),
                    (_count(families["lose"]), "", "perdent la leur"),
                    (f"{places['after'] - places['before']:+d}", "places", "solde"),
                )
            )
        )
    measures: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
        ("Familles qui gagnent une solution", lambda one: _count(one["families"]["gain"])),
        ("– 9 tirages sur 10", lambda one: " à ".join(_count(v) for v in one["range"]["gain"])),
        ("Familles qui perdent la leur", lambda one: _count(one["families"]["lose"])),
        ("Trajet médian, minutes", lambda one: _minutes(one["minutes"])),
        (
            "Places",
            lambda one: (
                f"{number(one['places']['before'], 0)} → {number(one['places']['after'], 0)}"
            ),
        ),
        (
            "Coût annuel",
            lambda one: (
                "non donné"
                if one["cost_per_year"] is None
                else f"{number(one['cost_per_year'], 0)} €"
            ),
        ),
    )
    rows = [(label, *(read(one) for one in documents)) for label, read in measures]
    titles = ("Mesure", *(one["title"] for one in documents))
    blocks.append(TableBlock(f"Les mêmes {documents[0]['requests']} demandes", titles, tuple(rows)))
    for one in documents:
        needs = tuple(
            (_NEEDS[row["need"]], _count(row["gain"]), _count(row["lose"]))
            for row in one["by_need"]
        )
        blocks.append(
            TableBlock(f"Qui y gagne – {one['title']}", ("Besoin", "Gagnent", "Perdent"), needs)
        )
    return tuple(blocks)


def _minutes(sides: dict[str, float | None]) -> str:
    before, after = (
        "–" if side is None else number(side, 1) for side in (sides["before"], sides["after"])
    )
    return f"{before} → {after}"


def _zones(document: dict[str, Any]) -> TableBlock:
    known = [row for row in document["access"] if row["before"] is not None]
    known.sort(key=lambda row: -(row["after"] - row["before"]))
    rows = tuple(
        (
            row["name"],
            number(100 * row["before"], 1),
            number(100 * row["after"], 1),
            ("+" if row["after"] > row["before"] else "")
            + number(100 * (row["after"] - row["before"]), 1),
        )
        for row in known
    )
    caption = f"Places accessibles pour 100 enfants – {document['title']}"
    return TableBlock(caption, ("Zone", "Avant", "Après", "Écart"), rows)


def _method(documents: list[dict[str, Any]]) -> tuple[Block, ...]:
    return (
        Paragraph(
            "Chaque demande est rejouée avec ses horaires et ses trajets, sur l’offre d’aujourd’hui et sur celle du scénario. Une place "
            "n’est comptée que pour un enfant à la fois ; qui a une solution la garde tant qu’elle existe. Les places libres des crèches ne sont "
            "pas connues : seules celles que le scénario ouvre sont comptées."
        ),
        Paragraph(
            f"Les fourchettes viennent de {documents[0]['range']['draws']} tirages de l’ordre des familles. Le domicile des personnes à recruter "
            "n’est pas connu : elles sont placées autour du lieu nommé."
        ),
        Paragraph(
            "« Non publié » : un effectif de moins de 5, ou un autre dont on le déduirait.", "note"
        ),
        Paragraph("Cette page informe ; elle ne recommande pas."),
    )
