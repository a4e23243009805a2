"""`rpe-geo rounds`: halls and half-days of a travelling relais, with its calendar."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rpe_geo.cli.screen import console, write_whole
from rpe_geo.errors import InputError, InvalidRecord, Where
from rpe_geo.messages import phrase
from rpe_geo.messages.french import number

if TYPE_CHECKING:
    from rpe_geo.planning.rounds import HalfDay

__all__ = ["register"]

_ENDINGS = (".json", ".ics", ".html", ".pdf")
_LONGEST_DAYS = 800


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(rounds)


def rounds(
    demand: Annotated[
        Path, typer.Argument(help="Zones : id, people (familles ou professionnels).")
    ],
    halls: Annotated[
        Path, typer.Argument(help="Salles : id[, name, free_hours, busy_hours (marché…)].")
    ],
    times: Annotated[
        Path, typer.Argument(help="Trajets : origin_id (zone), destination_id (salle), minutes.")
    ],
    slot: Annotated[
        list[str],
        typer.Option(help="Demi-journée d’itinérance, « Tu 09:00-12:00 » ; répétable."),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Résultat : .json, .ics, .html ou .pdf.")
    ],
    begin: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="Premier jour du calendrier.")
    ],
    end: Annotated[datetime, typer.Option("--until", formats=["%Y-%m-%d"], help="Dernier jour.")],
    weeks: Annotated[int, typer.Option(help="Semaines du cycle.", min=1, max=8)] = 2,
    cutoff: Annotated[float, typer.Option(help="Minutes à portée.", min=1, max=120)] = 15.0,
    closed: Annotated[
        Path | None, typer.Option(help="Jours sans itinérance (fériés, congés) : date[, until].")
    ] = None,
    title: Annotated[str, typer.Option(help="Titre de l’affiche.")] = "Le relais itinérant",
    time_limit: Annotated[float, typer.Option(help="Secondes de recherche au plus.", min=1)] = 30.0,
) -> None:
    """Choisir les salles et demi-journées d’un relais itinérant, et en écrire le calendrier."""
    from rpe_geo.open_data.access_tables import read_amounts, read_pairs
    from rpe_geo.open_data.rounds_files import read_halls, rounds_calendar, rounds_document
    from rpe_geo.planning.rounds import admissible, dates_of, plan_rounds
    from rpe_geo.publishing.rounds_poster import rounds_poster

    ending = output.suffix.lower()
    if ending not in _ENDINGS:
        raise InputError("observatory_ending", given=output.name, known=list(_ENDINGS))
    first, last = begin.date(), end.date()
    if not first <= last <= first + timedelta(days=_LONGEST_DAYS):
        raise InputError("rounds_dates", first=first.isoformat(), last=last.isoformat())
    half_days = _half_days(slot, weeks)
    people = read_amounts(demand, "people", empty_allowed=False)
    places = read_halls(halls)
    import numpy as np
    import pandas as pd

    ids = pd.Index([hall.hall_id for hall in places], dtype=object)
    pairs, notes = read_pairs(times, (people.index, demand), (ids, halls))
    for note in notes:
        typer.echo(phrase(note.code, **note.values), err=True)
    minutes = np.full((len(people), len(places)), np.inf)
    minutes[pairs.demand_at, pairs.supply_at] = pairs.minutes
    allowed = np.array([[admissible(hall, one) for one in half_days] for hall in places])
    found = plan_rounds(
        people.to_numpy(dtype=np.float64),
        minutes,
        allowed,
        cutoff_min=cutoff,
        time_limit_s=time_limit,
    )
    days = dates_of(found, half_days, first, last, _closed(closed))
    document = rounds_document(found, places, half_days, days, people, cutoff_min=cutoff)
    if ending == ".json":
        text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
        write_whole(output, text + "\n")
    elif ending == ".ics":
        write_whole(output, rounds_calendar(document, title=title))
    else:
        poster = rounds_poster(document, title=title)
        if ending == ".html":
            from rpe_geo.publishing.report_html import report_html

            write_whole(output, report_html(poster))
        else:
            from rpe_geo.publishing.report_pdf import report_pdf

            write_whole(output, report_pdf(poster))
    screen = console()
    screen.print(
        phrase(
            "rounds_answer",
            halls=len({stop["hall"] for stop in document["stops"]}),
            stops=len(document["stops"]),
            reached=number(found.reached, 0),
            people=number(float(people.sum()), 0),
            cutoff=number(cutoff, 0),
        ),
        highlight=False,
    )
    if not found.proven:
        typer.echo(phrase("site_stopped"), err=True)
    screen.print(f"Résultat : {output}", highlight=False)


def _half_days(slots: list[str], weeks: int) -> tuple[HalfDay, ...]:
    from rpe_geo.planning.rounds import HalfDay
    from rpe_geo.schedule import QUARTERS_PER_DAY, Week

    found: list[HalfDay] = []
    for text in slots:
        week = Week.parse(text)
        for day in range(7):
            for span in week.days[day]:
                if span.end > QUARTERS_PER_DAY:
                    raise InputError("rounds_slot_night", given=text)
                found.extend(HalfDay(one, day, span) for one in range(weeks))
    if not found:
        raise InputError("rounds_slot_none", given=", ".join(slots))
    if len(set(found)) < len(found):
        raise InputError("rounds_slot_twice", given=", ".join(slots))
    return tuple(sorted(found, key=lambda one: (one.week, one.day, one.span)))


def _closed(path: Path | None) -> frozenset[date]:
    from rpe_geo.open_data.access_tables import read_text_columns

    if path is None:
        return frozenset()
    table = read_text_columns(path, ["date"], optional=["until"])
    firsts = table["date"].to_pylist()
    lasts = table["until"].to_pylist() if "until" in table.column_names else [""] * len(firsts)
    found: set[date] = set()
    for row, (first, last) in enumerate(zip(firsts, lasts, strict=True), start=1):
        try:
            day = date.fromisoformat(first.strip())
            until = date.fromisoformat(last.strip()) if last.strip() else day
        except ValueError:
            where = Where(file=path.name, row=row, field="date")
            raise InvalidRecord("date_unreadable", where=where, value=f"{first} {last}") from None
        if not day <= until <= day + timedelta(days=_LONGEST_DAYS):
            where = Where(file=path.name, row=row, field="until")
            raise InvalidRecord("rounds_dates", where=where, first=first, last=last)
        found.update(day + timedelta(days=at) for at in range((until - day).days + 1))
    return frozenset(found)
