"""The projection of a territory as a document, as a table, and as chapters of a report."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from rpe_geo.messages.french import day, number, plural
from rpe_geo.observatory.results import Observatory
from rpe_geo.planning.projection import Bounds, Projection
from rpe_geo.publishing.blocks import Block, Chapter, KeyFigures, Paragraph, Report, TableBlock
from rpe_geo.publishing.report_parts import ROWS, map_of, set_words

__all__ = [
    "projected_observatory",
    "projection_chapter",
    "projection_document",
    "projection_report",
    "projection_table",
]

_MEASURES = ("children", "childminder_places", "missing", "recruits")
_BASIS = {
    "registry": "âges et renouvellements des professionnels du registre ; personne n’y arrive",
    "departement": "évolution des agréments du département (DREES), arrivées comprises",
    "national": "évolution nationale des agréments (DREES), arrivées comprises",
}


def projection_document(
    projection: Projection,
    names: pd.Series,
    *,
    observed_to: int,
    places_year: int,
    backtest: list[dict[str, Any]],
    calendar: list[dict[str, Any]],
    on: date,
) -> dict[str, Any]:
    """
    Write a projection as plain values.

    Parameters
    ----------
    projection
        See `project`.
    names
        Name of each zone, by code.
    observed_to
        Last year of known births.
    places_year
        Year of the places it starts from.
    backtest
        See `children_backtest`.
    calendar
        See `training_calendar`.
    on
        Day of the computation.

    Returns
    -------
    dict
        Fit for JSON; null where it is not known.
    """

    def row_of(at: int) -> list[dict[str, Any]]:
        return [
            {
                "year": year,
                **{name: _bounds(getattr(projection, name), at, column) for name in _MEASURES},
            }
            for column, year in enumerate(projection.years)
        ]

    return {
        "made_on": on.isoformat(),
        "years": list(projection.years),
        "target": projection.target,
        "level": projection.level,
        "basis": projection.basis,
        "births_to": observed_to,
        "places_year": places_year,
        "total": row_of(len(projection.zones)),
        "zones": [
            {"code": str(code), "nom": str(names[code]), "years": row_of(at)}
            for at, code in enumerate(projection.zones)
        ],
        "calendar": [
            {
                name: value.isoformat() if isinstance(value, date) else value
                for name, value in step.items()
            }
            for step in calendar
        ],
        "backtest": backtest,
    }


def _bounds(bounds: Bounds, row: int, column: int) -> dict[str, float] | None:
    values = [float(side[row, column]) for side in (bounds.expected, bounds.low, bounds.high)]
    if not all(math.isfinite(value) for value in values):
        return None
    return dict(zip(("expected", "low", "high"), (round(one, 1) for one in values), strict=True))


def projection_table(document: dict[str, Any]) -> pd.DataFrame:
    """
    Lay a projection out as a table.

    Parameters
    ----------
    document
        See `projection_document`.

    Returns
    -------
    DataFrame
        A row per zone and year, the whole territory as « ensemble »; `X, X_low, X_high` for each measure X.
    """
    rows = []
    whole = {"code": "ensemble", "nom": "Ensemble", "years": document["total"]}
    for zone in (*document["zones"], whole):
        for entry in zone["years"]:
            row = {"code": zone["code"], "nom": zone["nom"], "year": entry["year"]}
            for name in _MEASURES:
                found = entry[name] or {}
                row[name] = found.get("expected", math.nan)
                row[f"{name}_low"] = found.get("low", math.nan)
                row[f"{name}_high"] = found.get("high", math.nan)
            rows.append(row)
    return pd.DataFrame(rows)


def projected_observatory(observatory: Observatory, document: dict[str, Any]) -> Observatory:
    """
    Add a projection to an observatory: two indicators by zone for its map, the chapter for its report.

    Parameters
    ----------
    observatory
        What was found.
    document
        See `projection_document`.

    Returns
    -------
    Observatory
        With the columns `children_projected` and `places_missing` of the last year.
    """
    last = {zone["code"]: zone["years"][-1] for zone in document["zones"]}
    columns = {
        column: pd.Series(
            [
                (last.get(str(code), {}).get(measure) or {}).get("expected", np.nan)
                for code in observatory.zones.index
            ],
            index=observatory.zones.index,
            dtype="float64",
        )
        for column, measure in (("children_projected", "children"), ("places_missing", "missing"))
    }
    zones = gpd.GeoDataFrame(observatory.zones.assign(**columns), crs=observatory.zones.crs)
    parameters = observatory.parameters | {"projection": document}
    return replace(observatory, zones=zones, parameters=parameters)


def projection_report(observatory: Observatory, document: dict[str, Any], *, on: date) -> Report:
    """
    Write the projection as a report of its own.

    Parameters
    ----------
    observatory
        What `projected_observatory` gives.
    document
        See `projection_document`.
    on
        The day printed on it.

    Returns
    -------
    Report
        One chapter of figures, one of method.
    """
    title = observatory.parameters["title"]
    first, last = document["years"][0], document["years"][-1]
    return Report(
        title=f"L’accueil du jeune enfant de {first} à {last} : {title}",
        subtitle="Cette page informe ; elle ne décide pas.",
        made_on=f"Calculé le {day(on)}.",
        chapters=(projection_chapter(observatory, document), _method(document)),
    )


def projection_chapter(observatory: Observatory, document: dict[str, Any]) -> Chapter:
    """
    Write the chapter of a projection: the whole, where, whom to recruit and when.

    Parameters
    ----------
    observatory
        With the columns of `projected_observatory`.
    document
        See `projection_document`.

    Returns
    -------
    Chapter
        For the report of the schéma, or one of its own.
    """
    total, share = document["total"], number(100 * document["level"], 0)
    final = total[-1]
    year = final["year"]
    blocks: list[Block] = [
        KeyFigures(
            (
                (_figure(final["children"]), "enfants", f"de moins de 3 ans en {year}"),
                (_figure(final["missing"]), "places", f"manquantes en {year}"),
                (_figure(final["recruits"]), "agréments", "à susciter d’ici là"),
            )
        ),
        Paragraph(
            f"Pour {number(document['target'], 1)} places pour 100 enfants. Entre crochets, l’intervalle à {share} % : "
            f"{share} cas sur 100 devraient s’y trouver. Les crèches et les autres modes restent comme en "
            f"{document['places_year']} ; places des assistantes et assistants maternels : {_BASIS[document['basis']]}."
        ),
        TableBlock(
            "L’ensemble du territoire, année par année",
            ("Année", "Enfants", "Places individuelles", "Places manquantes", "Agréments"),
            tuple(
                (str(entry["year"]), *(_interval(entry[name]) for name in _MEASURES))
                for entry in total
            ),
        ),
    ]
    zones = [zone for zone in document["zones"] if zone["years"][-1]["missing"] is not None]
    zones.sort(key=lambda zone: -zone["years"][-1]["missing"]["expected"])
    blocks.append(
        TableBlock(
            f"Où, en {year} : les zones où il manquerait le plus de places",
            ("Zone", "Enfants", "Places manquantes", "Agréments"),
            tuple(
                (
                    zone["nom"],
                    *(
                        _interval(zone["years"][-1][name])
                        for name in ("children", "missing", "recruits")
                    ),
                )
                for zone in zones[:ROWS]
            ),
            note=f"{len(zones)} zones en tout." if len(zones) > ROWS else "",
        )
    )
    unknown = len(document["zones"]) - len(zones)
    if unknown:
        blocks.append(
            Paragraph(
                f"{plural(unknown, 'zone')} sans naissances ou sans places publiées : rien n’en est dit.",
                "note",
            )
        )
    if not observatory.zones.geometry.isna().all():
        blocks.append(map_of(observatory, "places_missing", f"Places manquantes en {year}"))
    blocks.append(_calendar(document))
    return Chapter(
        f"Ce qui vient : {document['years'][0]} à {year}", tuple(set_words(one) for one in blocks)
    )


def _calendar(document: dict[str, Any]) -> TableBlock:
    rows = []
    for step in document["calendar"]:
        when = [
            day(date.fromisoformat(step[name]))
            for name in ("meetings_from", "requests_by", "approvals_by")
        ]
        asked = when[1] + (" (déjà passé)" if step["late"] else "")
        rows.append(
            (
                f"Septembre {step['year']}",
                number(step["recruits"], 0),
                number(step["sessions"], 0),
                when[0],
                asked,
                when[2],
            )
        )
    return TableBlock(
        "Quand s’y prendre : pour accueillir en septembre",
        (
            "Rentrée",
            "Agréments de plus",
            "Sessions",
            "Réunions dès le",
            "Demandes avant le",
            "Agréments avant le",
        ),
        tuple(rows),
        note="Puis la formation qui précède le premier accueil, avant septembre. Délais : rpe-geo parameters --table planning.",
    )


def _method(document: dict[str, Any]) -> Chapter:
    rows = tuple(
        (
            f"{row['year']} ({plural(row['horizon'], 'an')} d’avance)",
            number(row["communes"], 0),
            f"{number(100 * row['coverage'], 0)} %",
            number(row["total"], 0),
            number(row["total_expected"], 0),
            number(row["error"], 1),
            number(row["error_unchanged"], 1),
        )
        for row in document["backtest"]
    )
    blocks = (
        Paragraph(
            f"Enfants : naissances domiciliées jusqu’en {document['births_to']}, part de chaque commune dans son département "
            "(les petites communes empruntent à leur passé plus long), tendance du département qui s’amortit. Ni "
            "déménagements, ni logements à venir. L’épreuve : les dernières années connues, cachées puis prévues."
        ),
        TableBlock(
            "L’épreuve des années connues",
            (
                "Année cachée",
                "Communes",
                "Dans l’intervalle",
                "Enfants",
                "Prévus",
                "Erreur moyenne",
                "Erreur si rien ne change",
            ),
            rows,
            note=f"Intervalle à {number(100 * document['level'], 0)} %.",
        ),
    )
    return Chapter("Comment c’est compté", tuple(set_words(one) for one in blocks))


def _figure(found: dict[str, float] | None) -> str:
    return "–" if found is None else number(found["expected"], 0)


def _interval(found: dict[str, float] | None) -> str:
    if found is None:
        return "non connu"
    low, high = math.floor(found["low"]), math.ceil(found["high"])
    return f"{number(found['expected'], 0)} [{number(low, 0)} à {number(high, 0)}]"
