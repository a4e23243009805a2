"""`rpe-geo access` and `rpe-geo observatory build|map|report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from rpe_geo.errors import InputError
from rpe_geo.formats.access_tables import read_access_tables, write_indicator
from rpe_geo.messages import phrase
from rpe_geo.observatory.accessibility import METHODS, cost_to_closest
from rpe_geo.observatory.decay import parse_decay
from rpe_geo.observatory.raam import DEFAULT_TAU_MIN, raam_equilibrium

__all__ = ["register"]

DEFAULT_DECAY = "binary:15"

group = typer.Typer(
    no_args_is_help=True, help="Mesurer l'offre et les besoins d'accueil d'un territoire."
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(access)


def access(
    demand: Annotated[Path, typer.Argument(help="Demande : id, children (.csv ou .parquet).")],
    supply: Annotated[Path, typer.Argument(help="Offre : id, places.")],
    times: Annotated[
        Path,
        typer.Argument(
            help="Trajets : origin_id, destination_id, minutes ; absent = hors d'atteinte."
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Résultat : id, access.")],
    method: Annotated[
        str, typer.Option(help="2sfca, e2sfca, 3sfca, mh3sfca, bfca, raam, cumulative ou closest.")
    ] = "e2sfca",
    decay: Annotated[
        str | None,
        typer.Option(
            help="binary:30, step:10=1,20=0.68,30=0.22, gaussian:30 ou inverse:61. Par défaut binary:15 ; "
            "closest ne s'arrête à un seuil que s'il est donné."
        ),
    ] = None,
    tau: Annotated[
        float,
        typer.Option(help="RAAM : minutes qui pèsent autant qu'un encombrement de 1.", min=0.001),
    ] = DEFAULT_TAU_MIN,
) -> None:
    """Mesurer l'accès de chaque zone aux places, partagées ou non."""
    if method not in METHODS:
        raise InputError("method_unknown", given=method, known=list(METHODS))
    weight = parse_decay(decay or DEFAULT_DECAY)
    tables = read_access_tables(demand, supply, times)
    if method == "closest":
        answer = cost_to_closest(
            tables.demand, tables.supply, tables.times, weight if decay else None
        )
    elif method == "raam":
        answer = raam_equilibrium(
            tables.demand, tables.supply, tables.times, weight, tau_min=tau
        ).cost
        unreachable = np.isinf(answer)
        if unreachable.any():
            typer.echo(phrase("raam_unreachable", count=int(unreachable.sum())), err=True)
            answer = answer.mask(unreachable, 0.0)
    else:
        answer = METHODS[method](tables.demand, tables.supply, tables.times, weight)
    write_indicator(output, answer, column="access")

    for note in tables.notes:
        typer.echo(phrase(note.code, **note.values), err=True)
    pairs = tables.times
    served = (tables.demand.to_numpy()[pairs.demand_at] > 0) & (weight(pairs.minutes) > 0)
    reached = np.zeros(len(tables.supply), dtype=bool)
    reached[pairs.supply_at[served]] = True
    idle = (tables.supply.to_numpy() > 0) & ~reached
    if idle.any():
        places = float(tables.supply.to_numpy()[idle].sum())
        typer.echo(phrase("supply_out_of_reach", count=int(idle.sum()), places=places), err=True)
