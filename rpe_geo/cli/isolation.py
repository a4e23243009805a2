"""`rpe-geo isolation`: professionals far from the relais, from peers, or long without a contact."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from rpe_geo.cli.screen import console, write_whole
from rpe_geo.errors import InputError, InvalidRecord, Where
from rpe_geo.messages import phrase
from rpe_geo.messages.french import number

__all__ = ["register"]

_ENDINGS = (".json", ".csv")


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(isolation)


def isolation(
    professionals: Annotated[
        Path, typer.Argument(help="Professionnels : id, commune[, last_contact AAAA-MM-JJ].")
    ],
    relais: Annotated[Path, typer.Argument(help="Lieux du relais : id.")],
    relais_times: Annotated[
        Path, typer.Argument(help="Trajets vers le relais : origin_id, destination_id, minutes.")
    ],
    peer_times: Annotated[
        Path,
        typer.Argument(help="Trajets entre professionnels : origin_id, destination_id, minutes."),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            help="Résultat : .json sans personne ; .csv une ligne par personne (--desk).",
        ),
    ],
    desk: Annotated[
        bool, typer.Option("--desk", help="Pour le relais seul : une ligne par professionnel.")
    ] = False,
    staff: Annotated[
        float | None, typer.Option(help="Équivalents temps plein du relais.", min=0)
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Jour tenu pour aujourd’hui.", show_default=False),
    ] = None,
) -> None:
    """Mesurer l’isolement des professionnels : trajets, contacts, et temps de travail du relais."""
    import numpy as np
    import pandas as pd

    from rpe_geo.open_data.access_tables import read_ids, read_pairs, read_text_columns
    from rpe_geo.parameters import parameter_table
    from rpe_geo.planning.isolation import isolation_of, isolation_summary

    ending = output.suffix.lower()
    if ending not in _ENDINGS:
        raise InputError("observatory_ending", given=output.name, known=list(_ENDINGS))
    if (ending == ".csv") != desk:
        raise InputError("isolation_desk")
    today = date.today() if on is None else on.date()  # noqa: DTZ011 - the local day of the person who asks
    table = read_text_columns(professionals, ["id", "commune"], optional=["last_contact"])
    ids = read_ids(table, professionals.name)
    if ids.empty:
        raise InputError("isolation_nobody", file=professionals.name)
    sites = read_ids(read_text_columns(relais, ["id"]), relais.name)
    ways = []
    for path, where, source in ((relais_times, sites, relais), (peer_times, ids, professionals)):
        pairs, notes = read_pairs(path, (ids, professionals), (where, source))
        for note in notes:
            typer.echo(phrase(note.code, **note.values), err=True)
        minutes = np.full((len(ids), len(where)), np.inf)
        minutes[pairs.demand_at, pairs.supply_at] = pairs.minutes
        ways.append(minutes)
    there = "last_contact" in table.column_names
    texts = table["last_contact"].to_pylist() if there else [""] * len(ids)
    contacts = [_day(text.strip(), professionals, row) for row, text in enumerate(texts, start=1)]
    found = isolation_of(ids, ways[0], ways[1], contacts, today=today)
    if desk:
        frame = pd.DataFrame(
            {
                "commune": table["commune"].to_pylist(),
                "relais_min": found.relais_min,
                "peers_min": found.peers_min,
                "months_without_contact": found.months,
            },
            index=ids,
        ).replace(np.inf, np.nan)
        write_whole(output, frame.to_csv(index_label="id", lineterminator="\n"))
    few = int(parameter_table("observatory", today)["fewest_professionals"])
    summary = isolation_summary(
        found,
        [str(one).strip() for one in table["commune"].to_pylist()],
        parameter_table("planning", today),
        staff_fte=staff,
        at_least=few,
    )
    if not desk:
        text = json.dumps(summary, ensure_ascii=False, indent=1, allow_nan=False)
        write_whole(output, text + "\n")
    needed = len(ids) / float(parameter_table("planning", today)["childminders_per_fte"])
    screen = console()
    screen.print(
        phrase("isolation_answer", count=len(ids), needed=number(needed, 2)), highlight=False
    )
    screen.print(f"Résultat : {output}", highlight=False)


def _day(text: str, path: Path, row: int) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        where = Where(file=path.name, row=row, field="last_contact")
        raise InvalidRecord("date_unreadable", where=where, value=text) from None
