"""The panels beside the map of the observatory: its key, bars, one zone in full, the day, tension, requests, chapters."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pandas as pd

from maps.choropleth import SHOWN, Classes
from rpe_geo.messages.french import day, enumeration, number, plural
from rpe_geo.observatory.results import Observatory

__all__ = [
    "chapters",
    "day_of",
    "gatherings",
    "histogram",
    "key_figures",
    "key_of",
    "open_requests",
    "places_of_care",
    "sheet_of",
    "tense_zones",
]

_PER_100 = "pour 100 enfants"


def key_figures(
    here: Observatory, before: tuple[int, dict[str, float]] | None
) -> list[dict[str, str]]:
    """
    Write the figures set large.

    Parameters
    ----------
    here
        The territory.
    before
        The year before, and the summary of the same territory then; None where it is not known.
    """
    parameters, summary, zones = here.parameters, here.summary, here.zones
    children = float(summary["children"]) or math.nan

    def then(name: str, factor: float = 1.0) -> str:
        if before is None or not math.isfinite(before[1].get(name, math.nan)):
            return ""
        return f" {before[0]}\u00a0: {number(factor * before[1][name], 1)}"

    far = float(summary["children_without_access"])
    tense = zones[zones["hotspot"] == "tension"]
    figures = [
        {
            "titre": "Places accessibles",
            "valeur": number(100 * summary["access_mean"], 1),
            "unite": _PER_100,
            "note": f"Calculé, {number(parameters['minutes'])}\u00a0min, E2SFCA.{then('access_mean', 100)}",
        },
        {
            "titre": "Taux de couverture",
            "valeur": number(summary["coverage_rate"], 1),
            "unite": _PER_100,
            "note": f"{number(summary['places'], 0)} places, CNAF {parameters['year']}.{then('coverage_rate')}",
        },
        {
            "titre": "Enfants loin de toute place",
            "valeur": number(far, 0),
            "unite": f"soit {number(100 * far / children, 1)}\u00a0%",
            "note": f"Aucune place à {number(parameters['minutes'])}\u00a0min",
        },
        {
            "titre": "Enfants en zone de tension",
            "valeur": number(float(tense["children"].sum()), 0),
            "unite": f"soit {number(100 * float(tense['children'].sum()) / children, 1)}\u00a0%",
            "note": f"{plural(len(tense), 'zone')}\u00a0: accès bas, chez les voisines aussi",
        },
    ]
    if "freshness" in zones and zones["freshness"].notna().any():
        people = zones["professionals"].where(zones["freshness"].notna())
        fresh = 100 * float((zones["freshness"] * people).sum()) / float(people.sum())
        figures[3] = {
            "titre": "Disponibilités fraîches",
            "valeur": number(fresh, 0),
            "unite": "%",
            "note": f"Confirmées depuis moins de 6\u00a0mois, registre au {day(date.fromisoformat(parameters['registry_on']))}",
        }
    return figures


def key_of(classes: Classes, values: pd.Series, zones: pd.DataFrame) -> dict[str, Any]:
    """Write the key to the classes: colours with their words, and which signs the map carries."""
    shown = values.notna().to_numpy()
    return {
        "teintes": list(zip(classes.colors, classes.labels, strict=True)),
        "incertain": bool((zones["uncertain"].to_numpy(dtype=bool) & shown).any()),
        "tension": bool((zones["hotspot"] == "tension").any()),
        "absent": not shown.all(),
    }


def places_of_care(observatory: Observatory) -> list[dict[str, Any]]:
    """List the places of care of a territory, with the words of each."""
    found = []
    for row in observatory.supply.itertuples():
        places = f", {number(row.places, 0)}\u00a0places" if row.places > 0 else ""
        guess = " (estimé)" if places and row.estimated else ""
        found.append(
            {
                "longitude": row.geometry.x,
                "latitude": row.geometry.y,
                "kind": row.kind,
                "words": f"{row.name or row.kind}{places}{guess}",
            }
        )
    return found


def gatherings(observatory: Observatory) -> list[dict[str, Any]]:
    """List where open requests gather, with the words of each circle."""
    return [
        area
        | {
            "words": (
                f"{number(area['requests'], 0)} demandes sans solution\n"
                f"dans un rayon de {number(area['radius_m'], 0)}\u00a0m environ"
            )
        }
        for area in observatory.parameters.get("request_areas") or []
    ]


def histogram(values: pd.Series, classes: Classes, children: pd.Series) -> dict[str, Any]:
    """Count the children of each class, as bars in its colour."""
    of = classes.of(values)
    counts = [float(children[of == kind].sum()) for kind in range(len(classes.colors))]
    most = max([*counts, 1.0])
    wide = 560 / len(counts)
    return {
        "barres": [
            {
                "x": round(at * wide + 4, 1),
                "large": round(wide - 8, 1),
                "haut": round(max(1.0, 100 * count / most), 1),
                "y": round(130 - max(1.0, 100 * count / most), 1),
                "milieu": round(at * wide + wide / 2, 1),
                "teinte": classes.colors[at],
                "classe": classes.labels[at],
                "enfants": number(count, 0),
            }
            for at, count in enumerate(counts)
        ],
        "mots": " ; ".join(
            f"{label} : {number(count, 0)} enfants"
            for label, count in zip(classes.labels, counts, strict=True)
        ),
    }


def sheet_of(zones: pd.DataFrame, chosen: str) -> dict[str, Any] | None:
    """All that is known of one zone."""
    if not chosen:
        return None
    row = zones.loc[chosen]
    facts = []
    for name, about in SHOWN.items():
        if name not in row.index:
            continue
        value = float(zones.loc[[chosen], name].iloc[0])
        if math.isnan(value):
            told = "non publié"
        elif math.isinf(value):
            told = "hors d’atteinte"
        else:
            told = f"{number(value * about.factor, about.decimals)} {about.unit}".strip()
        facts.append((about.label, told, about.meaning))
    group = row.get("epci_nom", "")
    return {
        "nom": row["nom"],
        "code": chosen,
        "groupe": group if isinstance(group, str) else "",
        "faits": facts,
        "incertain": row["uncertain_why"] if row["uncertain"] else "",
        "tension": row["hotspot"] == "tension",
    }


def day_of(observatory: Observatory) -> list[dict[str, Any]]:
    """Places accessible in the day, early, late, on Saturday: the mean of the children."""
    zones, children = observatory.zones, observatory.zones["children"]
    found = []
    for column, label in (
        ("access_early", "6 h 30"),
        ("access_e2sfca", "journée"),
        ("access_late", "19 h 30"),
        ("access_saturday", "samedi"),
    ):
        if column in zones and zones[column].notna().any():
            known = zones[column].notna() & children.notna()
            mean = float((zones[column] * children)[known].sum() / children[known].sum())
            found.append((label, 100 * mean))
    if len(found) < 2:
        return []
    most = max(value for _, value in found) or 1.0
    return [
        {"label": label, "valeur": number(value, 1), "large": round(100 * value / most, 1)}
        for label, value in found
    ]


def tense_zones(observatory: Observatory) -> list[dict[str, str]]:
    """Zones in tension, by intercommunalité when there are some, those with most children first."""
    zones = observatory.zones
    tense = zones[zones["hotspot"] == "tension"]
    if tense.empty:
        return []
    by = tense["epci_nom"].fillna("Sans intercommunalité") if "epci_nom" in tense else tense["nom"]
    groups = sorted(
        (
            (float(members["children"].sum()), str(name), members)
            for name, members in tense.groupby(by)
        ),
        key=lambda one: (-one[0], one[1]),
    )
    found = []
    for children, name, members in groups[:8]:
        names = members.sort_values("children", ascending=False)["nom"].astype(str).tolist()
        more = f" et {len(names) - 6} autres" if len(names) > 6 else ""
        listed = ", ".join(names[:6]) + more if more else enumeration(names)
        found.append(
            {
                "nom": name,
                "enfants": number(children, 0),
                "zones": listed if names != [name] else "",
            }
        )
    return found


def open_requests(observatory: Observatory) -> dict[str, Any] | None:
    """Tell how many requests wait, and where they gather; None where the observatory was built without them."""
    areas = gatherings(observatory)
    if observatory.parameters.get("request_areas") is None:
        return None
    return {"total": number(float(observatory.parameters["open_requests"]), 0), "lieux": areas}


def chapters(observatory: Observatory) -> list[tuple[str, str, str]]:
    """Say how ready each chapter of the report is."""
    unsure = int(observatory.zones["uncertain"].astype(bool).sum())
    third = (
        (f"{plural(unsure, 'zone incertaine', 'zones incertaines')} à relire", "warn")
        if unsure
        else ("Prêt", "ok")
    )
    return [
        ("1° Équipements et modes d’accueil", "Prêt", "ok"),
        ("2° Besoins des familles", "Prêt", "ok"),
        ("3° Zones où l’offre ou l’accès manque", *third),
        ("4° Objectifs, coûts, calendrier, indicateurs", "À compléter par vos soins", ""),
    ]
