"""A choice of sites as one HTML page: the sites, what is proven, what is nearly as good, where the children are."""

from __future__ import annotations

from datetime import date
from html import escape

import numpy as np
from numpy.typing import NDArray

from rpe_geo.formats.siting import siting_document
from rpe_geo.messages import phrase
from rpe_geo.messages.french import day, number
from rpe_geo.planning.siting import SitingResult
from rpe_geo.publishing.blocks import (
    Block,
    Chapter,
    FigureBlock,
    KeyFigures,
    Paragraph,
    Report,
    TableBlock,
)
from rpe_geo.publishing.report_html import report_html

__all__ = ["siting_page"]

Floats = NDArray[np.float64]

_TITLES = {
    "p_median": ("Le moins de trajet pour les enfants", "enfants × minutes"),
    "mclp": ("Le plus d’enfants couverts", "enfants couverts"),
    "lscp": ("Le moins de lieux qui couvrent tout le monde", "nouveaux lieux"),
    "p_center": ("La zone la plus éloignée, au plus près", "minutes"),
    "access_floor": ("Relever l’accès des enfants les moins bien servis", "place par enfant"),
}


def siting_page(
    result: SitingResult,
    names: list[str],
    site_points: Floats | None,
    zone_points: Floats | None,
    *,
    on: date,
) -> str:
    """
    Write a choice of sites as a page.

    Parameters
    ----------
    result
        What was chosen.
    names
        Names of the sites, axis (site).
    site_points, zone_points
        Longitude and latitude (EPSG:4326), for the drawing; None draws nothing.
    on
        Day of the computation.

    Returns
    -------
    str
        HTML that asks no other host for anything.
    """
    return report_html(siting_report(result, names, site_points, zone_points, on=on))


def siting_report(
    result: SitingResult,
    names: list[str],
    site_points: Floats | None,
    zone_points: Floats | None,
    *,
    on: date,
) -> Report:
    """
    Lay a choice of sites out in chapters.

    Parameters
    ----------
    result, names, site_points, zone_points, on
        See `siting_page`.

    Returns
    -------
    Report
        The chapters.
    """
    document = siting_document(result)
    title, unit = _TITLES[document["objective_name"]]
    name_of = dict(zip(map(str, result.task.problem.sites), names, strict=True))
    chapters = [Chapter("Les lieux choisis", _sites(result, document, name_of, unit))]
    drawn = _drawing(result, site_points, zone_points)
    if drawn is not None:
        chapters.append(Chapter("Sur le terrain", (drawn,)))
    near = _near(document, name_of)
    if near:
        chapters.append(Chapter("Ce qui se vaut, ce qui tient", near))
    return Report(
        title=title,
        subtitle="Cette page informe ; elle ne recommande pas.",
        made_on=f"Calculé le {day(on)}.",
        chapters=tuple(chapters),
    )


def _sites(
    result: SitingResult, document: dict[str, object], name_of: dict[str, str], unit: str
) -> tuple[Block, ...]:
    children: dict[str, float] = {}
    problem = result.task.problem
    of_zone = dict(zip(map(str, problem.zones), problem.children, strict=True))
    allocation = document["allocation"]
    assert isinstance(allocation, list)
    for entry in allocation:
        if entry["site"] is not None:
            served = of_zone[entry["id"]] * entry.get("share", 1.0)
            children[entry["site"]] = children.get(entry["site"], 0.0) + served
    new = result.new_sites
    kept = [problem.site_id(at) for at in result.choice.sites if result.task.existing[at]]
    rows = tuple(
        (name_of[site], state, number(children.get(site, 0.0), 0))
        for state, sites in (("nouveau", new), ("existe déjà", kept))
        for site in sites
    )
    proof = (
        phrase("site_proven")
        if result.gap <= 1e-6
        else phrase(
            "site_gap", gap=number(min(result.gap * 100, 100.0), 4), bound=result.choice.bound
        )
    )
    unreached = document["unreached"]
    assert isinstance(unreached, list)
    blocks: list[Block] = [
        KeyFigures(
            (
                (number(result.choice.objective, 3), unit, "objectif"),
                (number(len(new), 0), "", "nouveaux lieux"),
                (number(float(str(document["covered_children"])), 0), "enfants", "servis"),
            )
        ),
        Paragraph(proof, "note"),
        TableBlock("Lieux", ("Lieu", "État", "Enfants"), rows, text_columns=2),
    ]
    if unreached:
        lost = ", ".join(unreached[:12]) + ("…" if len(unreached) > 12 else "")
        blocks.append(
            Paragraph(f"Zones qu’aucun lieu n’atteint : {len(unreached)} ({lost}).", "note")
        )
    blocks.extend(Paragraph(phrase(note.code, **note.values)) for note in result.notes)
    return tuple(blocks)


def _near(document: dict[str, object], name_of: dict[str, str]) -> tuple[Block, ...]:
    blocks: list[Block] = []
    alternatives, stability, curve = (
        document[key] for key in ("alternatives", "stability", "curve")
    )
    assert isinstance(alternatives, list)
    assert isinstance(stability, list)
    assert isinstance(curve, list)
    if alternatives:
        rows = tuple(
            (
                ", ".join(name_of[site] for site in other["sites"]),
                number(other["objective"], 3),
                f"{number(other['difference'] * 100, 3)} %",
            )
            for other in alternatives
        )
        blocks.append(
            TableBlock(
                "À 1 % près, d’autres choix se valent.", ("Lieux", "Objectif", "Écart"), rows
            )
        )
    if stability:
        rows = tuple(
            (
                name_of[entry["site"]],
                "oui" if entry["chosen"] else "non",
                f"{number(entry['share'] * 100, 0)} %",
            )
            for entry in stability[:40]
        )
        blocks.append(
            TableBlock(
                "Part des tirages où chaque lieu reste choisi, quand enfants et minutes bougent",
                ("Lieu", "Choisi", "Part"),
                rows,
                text_columns=2,
            )
        )
    if curve:
        rows = tuple(
            (
                number(point["p"], 0),
                "aucun choix possible"
                if point["objective"] is None
                else number(point["objective"], 3),
                "–" if point["bound"] is None else number(point["bound"], 3),
            )
            for point in curve
        )
        blocks.append(
            TableBlock("Selon le nombre de nouveaux lieux", ("Lieux", "Objectif", "Borne"), rows)
        )
    return tuple(blocks)


def _drawing(
    result: SitingResult, site_points: Floats | None, zone_points: Floats | None
) -> FigureBlock | None:
    """Draw zones as dots of their children, open sites as squares, links from zone to site."""
    if site_points is None or not np.isfinite(site_points[result.choice.sites]).all():
        return None
    shown = [site_points]
    if zone_points is not None:
        shown.append(zone_points)
    every = np.concatenate(shown)
    every = every[np.isfinite(every).all(axis=1)]
    low, high = every.min(axis=0), every.max(axis=0)
    squeeze = float(np.cos(np.radians((low[1] + high[1]) / 2)))
    width, height = max((high[0] - low[0]) * squeeze, 1e-9), max(high[1] - low[1], 1e-9)
    scale = 560 / max(width, height)

    def at(point: Floats) -> tuple[float, float]:
        x = (point[0] - low[0]) * squeeze * scale + 20
        return round(float(x), 1), round(float((high[1] - point[1]) * scale + 20), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width * scale + 40:.0f} {height * scale + 40:.0f}">'
    ]
    task = result.task
    if zone_points is not None:
        largest = max(float(task.problem.children.max()), 1.0)
        for zone, point in enumerate(zone_points):
            if np.isfinite(point).all() and task.problem.children[zone] > 0:
                x, y = at(point)
                radius = 1.5 + 4 * float(np.sqrt(task.problem.children[zone] / largest))
                parts.append(
                    f'<circle cx="{x}" cy="{y}" r="{radius:.1f}" fill="#8A7F92" fill-opacity=".55"/>'
                )
    for site, point in enumerate(site_points):
        if site in result.choice.sites:
            x, y = at(point)
            fill = "#574C5F" if task.existing[site] else "#1E6FA8"
            label = escape(str(task.problem.sites[site]))
            parts.append(
                f'<rect x="{x - 6}" y="{y - 6}" width="12" height="12" rx="2" fill="{fill}" stroke="#fff" stroke-width="2"/>'
                f'<text x="{x + 9}" y="{y + 4}" font-size="12" font-family="sans-serif" fill="#241B2A">{label}</text>'
            )
    parts.append("</svg>")
    return FigureBlock(
        "".join(parts).encode(),
        "Nouveaux lieux en bleu, lieux existants en gris ; ronds : enfants",
        f"Carte de {len(result.new_sites)} nouveaux lieux ; leur liste est dans le tableau des lieux.",
    )
