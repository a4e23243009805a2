"""`rpe-geo assign`: give many families their places, by points or by the needs covered, lawfully and with reasons."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from rpe_geo.cli.screen import console, write_whole
from rpe_geo.commission.bareme import default_bareme, parse_bareme
from rpe_geo.commission.case import TravelTable
from rpe_geo.commission.run import Ask, assign
from rpe_geo.domain import Childminder, Facility, Mam, Request
from rpe_geo.errors import InputError, InvalidFile, Where
from rpe_geo.files import read_bytes
from rpe_geo.formats.assignments import (
    assignment_json,
    assignment_xlsx,
    read_fixes,
    read_own_wishes,
    read_previous,
)
from rpe_geo.formats.records import read_childminders, read_facilities, read_mams, read_requests
from rpe_geo.messages import explain
from rpe_geo.messages.commission import POLICY_NAMES
from rpe_geo.messages.french import enumeration, number, plural
from rpe_geo.open_data.travel_times import read_travel_table
from rpe_geo.parameters import parameter_table

__all__ = ["register"]


_Records = tuple[Sequence[Childminder], Sequence[Mam], Sequence[Facility]]


class PolicyName(StrEnum):
    """How places are given."""

    points = "points"
    welfare = "welfare"
    bottleneck = "bottleneck"
    present = "present"


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("assign")(assign_command)


def assign_command(
    requests: Annotated[
        Path | None,
        typer.Argument(
            help="Demandes (.json, .csv, .xlsx) ; par défaut celles, ouvertes, du registre."
        ),
    ] = None,
    childminders: Annotated[Path | None, typer.Option(help="Assistantes maternelles.")] = None,
    mams: Annotated[Path | None, typer.Option(help="MAM.")] = None,
    facilities: Annotated[Path | None, typer.Option(help="Crèches, avec leurs places.")] = None,
    times: Annotated[
        Path | None,
        typer.Option(
            help="Trajets : origin_id (demande), destination_id (professionnel), minutes."
        ),
    ] = None,
    criteria: Annotated[Path | None, typer.Option(help="Barème (.toml).")] = None,
    policy: Annotated[PolicyName, typer.Option(help="Façon d’attribuer.")] = PolicyName.points,
    compare: Annotated[
        bool, typer.Option("--compare", help="Calculer aussi les autres façons.")
    ] = False,
    fix: Annotated[
        Path | None, typer.Option(help="Décisions imposées : request_id, provider_id, reason.")
    ] = None,
    own_wishes: Annotated[
        Path | None,
        typer.Option(help="Souhaits des professionnels : provider_id, request_id, rank."),
    ] = None,
    previous: Annotated[
        Path | None,
        typer.Option(
            help="Résultat (.json) d’avant un désistement : le moins de familles possible changent."
        ),
    ] = None,
    time_limit: Annotated[
        float, typer.Option(min=0.1, help="Secondes après lesquelles la recherche s’arrête.")
    ] = 60.0,
    seed: Annotated[
        int, typer.Option(min=0, help="Graine du tirage, annoncée avant le calcul.")
    ] = 0,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Jour tenu pour aujourd’hui.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Résultat (.json, .xlsx, .html).")
    ] = None,
    letters: Annotated[
        Path | None, typer.Option(help="Courriers aux familles, sans nom (.html).")
    ] = None,
    territory: Annotated[Path | None, typer.Option(help="Dossier du territoire.")] = None,
    database: Annotated[str | None, typer.Option(help="Base de données du registre.")] = None,
) -> None:
    """Attribuer les places d’une commission : barème ou bien-être, règles vérifiées, motifs dits."""
    if output is not None and output.suffix.lower() not in {".json", ".xlsx", ".html"}:
        raise InputError("assign_output_kind", given=output.name)
    if letters is not None and letters.suffix.lower() != ".html":
        raise InputError("assign_letters_kind", given=letters.name)
    today = date.today() if on is None else on.date()  # noqa: DTZ011 - the local day of the person who asks
    ask = Ask(
        policy=policy.value,
        compare=compare,
        bareme=default_bareme()
        if criteria is None
        else parse_bareme(_text_of(criteria), criteria.name),
        fixes=() if fix is None else read_fixes(fix),
        own_wishes=() if own_wishes is None else read_own_wishes(own_wishes),
        previous=None if previous is None else read_previous(previous),
        seed=seed,
        time_limit_s=time_limit,
    )
    table = None if times is None else read_travel_table(times)
    asked: Sequence[Request] | None = None if requests is None else read_requests(requests)
    records: _Records | None = None
    if childminders is not None or facilities is not None:
        records = (
            [] if childminders is None else read_childminders(childminders),
            [] if mams is None else read_mams(mams),
            [] if facilities is None else read_facilities(facilities),
        )
    if asked is None or records is None or table is None:
        asked, records, table = _from_registry(asked, records, table, territory, database, today)
    known = {one.request_id for one in asked}
    if times is not None and len(table.minutes) and asked and not known & set(table.request_ids):
        raise InvalidFile("times_unknown", where=Where(file=times.name))
    found = assign(asked, *records, times=table, ask=ask, today=today)
    if found.case.providers.left_out:
        left = found.case.providers.left_out
        typer.echo(
            f"Sans place à offrir, laissés de côté : {enumeration(left[:10])}"
            + (f" et {len(left) - 10} autres" if len(left) > 10 else "")
            + ".",
            err=True,
        )
    written = assignment_json(found)
    _write(written, output)
    if letters is not None:
        from rpe_geo.publishing.commission_letters import letters_html

        write_whole(letters, letters_html(written))
    if output is not None:
        _print(written)


def _text_of(path: Path) -> str:
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidFile("file_not_utf8", where=Where(file=path.name)) from None


def _from_registry(
    asked: Sequence[Request] | None,
    records: _Records | None,
    table: TravelTable | None,
    territory: Path | None,
    database: str | None,
    today: date,
) -> tuple[Sequence[Request], _Records, TravelTable]:
    """Complete what the files do not say: open requests, providers, times of the territory."""
    from rpe_geo.relais.book import ProviderBook
    from rpe_geo.relais.commission import open_requests, travel_table
    from rpe_geo.settings import Settings
    from rpe_geo.wiring import open_casework, open_relais

    settings = Settings().override(territory=territory, database_url=database)
    with open_relais(settings) as relais:
        if records is None:
            store = relais.repository
            records = (store.childminders(), store.mams(), store.facilities())
        if asked is None:
            asked = open_requests(open_casework(relais.repository, settings, settings.rpe_id))
        if table is None:
            table, left_out = travel_table(
                asked,
                ProviderBook.compile(*records),
                relais.engine,
                relais.geocoder,
                limit_min=float(parameter_table("suggest", today)["max_minutes_default"]),
            )
            for request, error in left_out:
                typer.echo(f"{request.request_id} : sans trajet, {explain(error)}", err=True)
    return asked, records, table


def _write(written: Mapping[str, Any], output: Path | None) -> None:
    if output is None:
        typer.echo(json.dumps(written, ensure_ascii=False, indent=1, allow_nan=False))
    elif output.suffix.lower() == ".xlsx":
        write_whole(output, assignment_xlsx(written))
    elif output.suffix.lower() == ".html":
        from rpe_geo.publishing.commission_minute import minute_html

        write_whole(output, minute_html(written))
    else:
        write_whole(
            output, json.dumps(written, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
        )


def _print(written: Mapping[str, Any]) -> None:
    """Print the table of policies."""
    screen = console()
    runs = written.get("policies") or [
        {name: written[name] for name in ("policy", "objective", "bound", "gap", "metrics")}
    ]
    metrics = written["metrics"]
    screen.print(
        f"{plural(metrics['placed'], 'famille')} sur {number(metrics['requests'])} auraient une place "
        "(projet : la commission décide)."
    )
    table = Table(header_style="bold")
    table.add_column("")
    for run in runs:
        table.add_column(POLICY_NAMES[run["policy"]], justify="right")
    rows = {
        "Familles placées": "placed",
        "Enfants placés": "children",
        "Heures couvertes par semaine": "hours",
        "Trajet moyen (min)": "minutes_mean",
        "Trajet médian (min)": "minutes_median",
        "Pire trajet (min)": "minutes_max",
        "Familles prioritaires placées": "priority_placed",
        "Inégalité des heures (Gini)": "gini",
        "Envies justifiées": "envy_pairs",
        "Groupes bloquants": "blocking_groups",
    }
    for title, name in rows.items():
        table.add_row(title, *(_figure(run["metrics"][name]) for run in runs))
    for need, title in (("horaires_atypiques", "atypiques"), ("handicap", "handicap")):
        table.add_row(
            f"Envies, {title}",
            *(_figure(run["metrics"]["by_need"][need]["envious"]) for run in runs),
        )
    table.add_row("Écart à la borne (%)", *(number(100 * run["gap"], 2) for run in runs))
    screen.print(table)
    if written["stopped_by"] == "time":
        screen.print(
            "La recherche a été arrêtée par le temps : relancer avec --time-limit plus grand."
        )


def _figure(value: float | None) -> str:
    return "–" if value is None else number(value)
