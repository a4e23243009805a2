"""`rpe-geo observatory project`: children, places and recruits of the coming years."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rpe_geo.cli.screen import console, write_whole
from rpe_geo.errors import InputError
from rpe_geo.messages import phrase
from rpe_geo.messages.french import number
from rpe_geo.settings import Settings

if TYPE_CHECKING:
    from rpe_geo.observatory.results import Observatory
    from rpe_geo.parameters import ParameterTable
    from rpe_geo.planning.projection import Kept

__all__ = ["project_years"]

_ENDINGS = (".json", ".csv", ".html", ".pdf")


def project_years(
    directory: Annotated[Path, typer.Argument(help="Dossier construit par « observatory build ».")],
    births: Annotated[
        list[Path], typer.Option(help="Naissances par commune et année (INSEE) ; répétable.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Résultat : .json, .csv, .html ou .pdf.")
    ],
    years: Annotated[str, typer.Option(help="Années, « 2027-2032 ».")] = "2027-2032",
    target: Annotated[
        float | None,
        typer.Option(help="Places pour 100 enfants visées ; par défaut le taux d’aujourd’hui."),
    ] = None,
    approvals: Annotated[
        Path | None,
        typer.Option(help="Agréments par département et année (DREES) : leur tendance."),
    ] = None,
    registry: Annotated[
        bool, typer.Option("--registry", help="Départs d’après le registre plutôt que la tendance.")
    ] = False,
    ages: Annotated[
        Path | None, typer.Option(help="Avec --registry : année de naissance, id, birth_year.")
    ] = None,
    level: Annotated[float, typer.Option(help="Part des cas dans l’intervalle, 0,5 à 0,99.")] = 0.8,
    seed: Annotated[int, typer.Option(help="Graine des tirages.", min=0)] = 0,
    keep: Annotated[
        bool, typer.Option("--keep", help="Garder dans l’observatoire : sa carte et son rapport.")
    ] = False,
    database: Annotated[str | None, typer.Option(help="Base de données du registre.")] = None,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Jour tenu pour aujourd’hui.", show_default=False),
    ] = None,
) -> None:
    """Projeter les enfants, les départs, les places manquantes et les recrutements, avec intervalles."""
    from rpe_geo.open_data.observatory_files import read_observatory, write_observatory
    from rpe_geo.open_data.projection_files import read_births_by_year
    from rpe_geo.parameters import parameter_table
    from rpe_geo.planning.births import (
        FEWEST_YEARS,
        births_forecast,
        children_backtest,
        fit_errors,
        whole_errors,
    )
    from rpe_geo.planning.projection import project, training_calendar
    from rpe_geo.publishing.projection_report import projected_observatory, projection_document

    if output.suffix.lower() not in _ENDINGS:
        raise InputError("observatory_ending", given=output.name, known=list(_ENDINGS))
    if ages is not None and not registry:
        raise InputError("project_ages_alone")
    asked = _years(years)
    today = date.today() if on is None else on.date()  # noqa: DTZ011 - the local day of the person who asks
    table = parameter_table("planning", today)
    observatory = read_observatory(directory)
    if observatory.parameters["zones"] != "communes":
        raise InputError("project_not_communes", given=observatory.parameters["zones"])
    zones = observatory.zones
    counted, notes = read_births_by_year(births)
    for note in notes:
        typer.echo(phrase(note.code, **note.values), err=True)
    departements = counted.index.to_series().str.replace(r"^(97.|..).*$", r"\1", regex=True)
    errors = fit_errors(counted, departements) if counted.shape[1] > FEWEST_YEARS else None
    wanted = counted.reindex(zones.index)
    forecast = births_forecast(counted, departements, asked, errors=errors).of(zones.index)
    hidden = min(3, counted.shape[1] - FEWEST_YEARS - 1)
    tested = (
        children_backtest(counted, departements, held_out=hidden, level=level).to_dict("records")
        if hidden > 0
        else []
    )
    kept = (
        _of_registry(observatory, table, asked, today, ages, database)
        if registry
        else _of_trend(observatory, table, asked, approvals)
    )
    if target is None:
        target = float(observatory.summary["coverage_rate"])
    whole = whole_errors(counted, departements, mean=float(wanted.iloc[:, -1].sum()))
    forecast = replace(forecast, whole=whole)
    found = project(zones, forecast, kept, table, target=target, level=level, seed=seed)
    document = projection_document(
        found,
        zones["nom"].astype(str),
        observed_to=forecast.observed_to,
        places_year=int(observatory.parameters["year"]),
        backtest=[{str(name): value for name, value in row.items()} for row in tested],
        calendar=training_calendar(found.recruits.expected[-1], asked, table, today=today),
        on=today,
    )
    projected = projected_observatory(observatory, document)
    _write(output, projected, document, today)
    if keep:
        write_observatory(projected, directory)
    lost = int(wanted.isna().any(axis=1).sum())
    if lost:
        typer.echo(phrase("project_births_missing", count=lost), err=True)
    _tell(document, output)


def _years(text: str) -> tuple[int, ...]:
    match = re.fullmatch(r"\s*(20\d\d)(?:\s*[-–]\s*(20\d\d))?\s*", text)
    if match is None or int(match[2] or match[1]) < int(match[1]):
        raise InputError("project_years", given=text)
    return tuple(range(int(match[1]), int(match[2] or match[1]) + 1))


def _of_trend(
    observatory: Observatory, table: ParameterTable, years: tuple[int, ...], approvals: Path | None
) -> Kept:
    import numpy as np
    import pandas as pd

    from rpe_geo.open_data.projection_files import read_approvals
    from rpe_geo.planning.departures import ApprovalsTrend, approvals_trend
    from rpe_geo.planning.projection import kept_by_trend

    trend = (
        ApprovalsTrend(
            pd.Series(dtype="float64"),
            np.array([float(table["childminder_change_error"])]),
            float(table["childminder_yearly_change"]),
        )
        if approvals is None
        else approvals_trend(read_approvals(approvals))
    )
    departements: pd.Series = observatory.zones["departement"].astype(str)
    return kept_by_trend(trend, departements, int(observatory.parameters["year"]), years)


def _of_registry(
    observatory: Observatory,
    table: ParameterTable,
    years: tuple[int, ...],
    today: date,
    ages: Path | None,
    database: str | None,
) -> Kept:
    import numpy as np

    from rpe_geo.parameters import parameter_table
    from rpe_geo.planning.departures import leaving_shares
    from rpe_geo.planning.projection import kept_by_registry
    from rpe_geo.wiring import open_relais

    born = {} if ages is None else _birth_years(ages)
    with open_relais(Settings().override(database_url=database)) as relais:
        mams = {mam.mam_id: mam for mam in relais.repository.mams()}
        people = [
            one for one in relais.repository.childminders() if one.agrement.status == "active"
        ]
    sites = [mams.get(one.mam_id or "", one) for one in people]
    leaving = leaving_shares(
        np.array([born.get(one.childminder_id, np.nan) for one in people], dtype=np.float64),
        np.array(
            [
                np.nan if one.agrement.valid_until is None else one.agrement.valid_until.year
                for one in people
            ],
            dtype=np.float64,
        ),
        years,
        exits_by_age=table["childminder_exit_by_age"],
        unknown_age=float(table["childminder_exit_unknown_age"]),
        today=today.year,
    )
    return kept_by_registry(
        _zone_of(observatory, [(site.longitude, site.latitude) for site in sites]),
        np.array([one.agrement.places_offered for one in people], dtype=np.float64),
        leaving,
        len(observatory.zones),
        at_least=int(parameter_table("observatory", today)["fewest_professionals"]),
    )


def _zone_of(observatory: Observatory, points: list[tuple[float | None, float | None]]) -> Any:
    """Find the zone in which each point lies; −1 outside, or without a point."""
    import numpy as np
    import shapely

    tree = shapely.STRtree(observatory.zones.geometry.to_numpy())
    places = shapely.points(
        [np.nan if longitude is None else longitude for longitude, _ in points],
        [np.nan if latitude is None else latitude for _, latitude in points],
    )
    answer = np.full(len(points), -1, dtype=np.int64)
    placed = np.array([None not in point for point in points], dtype=bool)
    if placed.any():
        which, zone = tree.query(places[placed], predicate="intersects")
        answer[np.flatnonzero(placed)[which]] = zone
    return answer


def _birth_years(path: Path) -> dict[str, float]:
    from rpe_geo.open_data.access_tables import read_amounts

    years = read_amounts(path, "birth_year", empty_allowed=True).dropna()
    wrong = years[(years < 1900) | (years > 2015)]
    if len(wrong):
        raise InputError("project_birth_year", id=wrong.index[0], given=wrong.iloc[0])
    return {str(name): float(year) for name, year in years.items()}


def _write(output: Path, observatory: Observatory, document: dict[str, Any], today: date) -> None:
    from rpe_geo.publishing.projection_report import projection_report, projection_table

    ending = output.suffix.lower()
    if ending == ".json":
        text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
        write_whole(output, text + "\n")
    elif ending == ".csv":
        write_whole(output, projection_table(document).to_csv(index=False, lineterminator="\n"))
    else:
        report = projection_report(observatory, document, on=today)
        if ending == ".html":
            from rpe_geo.publishing.report_html import report_html

            write_whole(output, report_html(report))
        else:
            from rpe_geo.publishing.report_pdf import report_pdf

            write_whole(output, report_pdf(report))


def _tell(document: dict[str, Any], output: Path) -> None:
    final = document["total"][-1]
    values = {
        f"{name}_{side}": number(final[name][side], 0)
        for name in ("children", "missing", "recruits")
        for side in ("expected", "low", "high")
    }
    screen = console()
    screen.print(
        phrase(
            "project_answer", year=final["year"], level=number(100 * document["level"], 0), **values
        ),
        highlight=False,
    )
    screen.print(f"Résultat : {output}", highlight=False)
