"""`rpe-geo site`: where to open, with a proven bound."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rpe_geo.cli.screen import console, write_whole
from rpe_geo.errors import InputError
from rpe_geo.messages import phrase
from rpe_geo.messages.french import number

if TYPE_CHECKING:
    from rpe_geo.open_data.site_tables import SiteTables
    from rpe_geo.planning.siting import SitingResult

__all__ = ["register"]

_ENDINGS = (".json", ".geojson", ".html")
_DRAWS = 20
_SOLVER_PRECISION = 1e-6
"""Relative precision of the solver: what is within it is proven."""
_CELLS_FOR_DRAWS = 100_000


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(site)


def site(
    demand: Annotated[
        Path, typer.Argument(help="Demande : id, children (.csv ou .parquet) ; hours au besoin.")
    ],
    candidates: Annotated[
        Path,
        typer.Argument(
            help="Lieux possibles : id ; au besoin places_min, places_max, cost, cost_per_place, opening_hours, longitude, latitude."
        ),
    ],
    times: Annotated[
        Path,
        typer.Argument(
            help="Trajets : origin_id, destination_id, minutes ; absent = hors d’atteinte."
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Résultat : .json, .geojson ou .html.")
    ],
    count: Annotated[
        int | None, typer.Option("-p", help="Nombre de nouveaux lieux à ouvrir.")
    ] = None,
    objective: Annotated[
        str, typer.Option(help="p_median, mclp, lscp, p_center ou access_floor.")
    ] = "p_median",
    cutoff: Annotated[
        float | None,
        typer.Option(
            help="Minutes au plus, comprises (15 pour mclp, lscp et access_floor ; sans limite pour les autres)."
        ),
    ] = None,
    existing: Annotated[
        Path | None, typer.Option(help="Lieux qui existent, parmi les candidats (id).")
    ] = None,
    close: Annotated[
        Path | None,
        typer.Option(help="Lieux existants qui peuvent fermer pour qu’un autre ouvre (id)."),
    ] = None,
    budget: Annotated[
        float | None, typer.Option(help="Euros pour les nouveaux lieux, ensemble.")
    ] = None,
    slots: Annotated[
        list[str] | None,
        typer.Option(
            help="Heures où un lieu doit être ouvert (colonne opening_hours), « Mo-Fr 06:30-08:00 » ; répétable."
        ),
    ] = None,
    split: Annotated[
        bool, typer.Option("--split", help="Une zone peut se partager entre plusieurs lieux.")
    ] = False,
    decay: Annotated[
        str | None,
        typer.Option(
            help="access_floor : poids des trajets ; par défaut, les paliers de la DREES."
        ),
    ] = None,
    floor: Annotated[
        float,
        typer.Option(
            help="access_floor : part des enfants les moins bien servis.", min=0.01, max=1
        ),
    ] = 0.4,
    alternatives: Annotated[
        int, typer.Option(help="Autres choix à 1 % près, au plus.", min=0, max=100)
    ] = 5,
    curve: Annotated[
        bool, typer.Option("--curve", help="Résoudre aussi chaque nombre de lieux, de 1 à p.")
    ] = False,
    draws: Annotated[
        int | None,
        typer.Option(
            help="Tirages où enfants et minutes bougent, pour la stabilité (20 ; 0 pour les grands tableaux).",
            min=0,
            max=10_000,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Graine des tirages.", min=0)] = 0,
    time_limit: Annotated[
        float, typer.Option(help="Secondes au plus ; le meilleur choix connu est alors dit.", min=1)
    ] = 60,
) -> None:
    """Choisir où ouvrir : des lieux, une borne prouvée, et ce qui se vaut."""
    from rpe_geo.observatory.decay import parse_decay
    from rpe_geo.observatory.profile import default_decay
    from rpe_geo.open_data.site_tables import read_id_list, read_site_tables
    from rpe_geo.parameters import parameter_table
    from rpe_geo.planning.problem import DEFAULT_CUTOFF_MIN, SitingOptions
    from rpe_geo.planning.siting import choose_sites

    ending = output.suffix.lower()
    if ending not in _ENDINGS:
        raise InputError("observatory_ending", given=output.name, known=list(_ENDINGS))
    tables = read_site_tables(demand, candidates, times, slots=slots or ())
    if ending == ".geojson" and tables.site_points is None:
        raise InputError("site_points_needed", file=candidates.name)
    weight = parse_decay(decay) if decay else None
    if objective == "access_floor" and weight is None:
        table = parameter_table("observatory", date.today())  # noqa: DTZ011 - the user's own day
        weight = default_decay(cutoff or DEFAULT_CUTOFF_MIN, table["steps_of_the_catchment"])
    cells = tables.problem.minutes.size
    options = SitingOptions(
        objective=objective,
        count=count,
        cutoff_min=cutoff,
        existing=read_id_list(existing) if existing else (),
        closable=read_id_list(close) if close else (),
        budget=budget,
        split=split,
        decay=weight,
        floor_share=floor,
        alternatives=alternatives,
        curve=curve,
        draws=(_DRAWS if cells <= _CELLS_FOR_DRAWS else 0) if draws is None else draws,
        seed=seed,
        time_limit_s=time_limit,
    )
    result = choose_sites(tables.problem, options)
    _write(output, ending, result, tables)
    for note in (*tables.notes, *result.notes):
        typer.echo(phrase(note.code, **note.values), err=True)
    _tell(result, output)


def _write(output: Path, ending: str, result: SitingResult, tables: SiteTables) -> None:
    from rpe_geo.formats.siting import siting_document, siting_features

    if ending == ".html":
        from rpe_geo.publishing.siting_page import siting_page

        page = siting_page(
            result,
            tables.names,
            tables.site_points,
            tables.zone_points,
            on=date.today(),  # noqa: DTZ011 - the user's own day
        )
        write_whole(output, page)
        return
    if ending == ".geojson":
        assert tables.site_points is not None
        content = siting_features(result, tables.site_points, tables.zone_points)
    else:
        content = siting_document(result)
    write_whole(output, json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def _tell(result: SitingResult, output: Path) -> None:
    """Print the answer in one line, and what is proven."""
    choice, objective = result.choice, result.task.options.objective
    sites = result.new_sites
    named = ", ".join(sites[:8]) + ("…" if len(sites) > 8 else "")
    screen = console()
    screen.print(phrase("site_answer", count=len(sites), sites=named or "–"), highlight=False)
    screen.print(
        phrase(f"site_value_{objective}", value=choice.objective)
        + " "
        + (
            phrase("site_proven")
            if result.gap <= _SOLVER_PRECISION
            else phrase("site_gap", gap=number(min(result.gap * 100, 100.0), 4), bound=choice.bound)
        ),
        highlight=False,
    )
    if result.stopped_by:
        typer.echo(phrase("site_stopped"), err=True)
    screen.print(f"Résultat : {output}", highlight=False)
