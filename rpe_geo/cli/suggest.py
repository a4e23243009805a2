"""`rpe-geo suggest`: who can take this child, ranked, with reasons; why the others cannot; what would open more."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from rpe_geo.cli.left_out import named_with_distance, write_left_out
from rpe_geo.cli.screen import console, write_whole
from rpe_geo.domain import Childminder, Facility, Mam
from rpe_geo.errors import InputError
from rpe_geo.formats.records import read_requests
from rpe_geo.formats.suggestions import answer_json
from rpe_geo.messages import french, phrase
from rpe_geo.messages.api import RULE_TITLES
from rpe_geo.messages.combinations import combination_part, combination_summary
from rpe_geo.messages.matching import PART_NAMES, opening, read_otherwise, why
from rpe_geo.messages.rules import french_hours, refusal_sentence, warning_sentence
from rpe_geo.messages.trips import last_return_said, legs_said, schools_said, sides_said
from rpe_geo.protocols import Route
from rpe_geo.relais import Relais
from rpe_geo.relais.suggest import Suggestions
from rpe_geo.settings import Settings
from rpe_geo.verdicts import CombinationPart, Suggestion

__all__ = ["print_answer", "register"]

_REFUSALS_SHOWN = 3
_REASONS_SHOWN = 3
_TO_ASK_SHOWN = 5
"""What is not known does not drown what is: the others to ask are counted."""


class OutputFormat(StrEnum):
    """How the answer is written."""

    table = "table"
    json = "json"
    html = "html"


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("suggest")(suggest_command)


def suggest_command(
    request: Annotated[Path, typer.Argument(help="Demande (.json, .csv, .xlsx).")],
    output_format: Annotated[
        OutputFormat, typer.Option("--format", help="table, json, ou html (la carte).")
    ] = OutputFormat.table,
    limit: Annotated[int, typer.Option(min=1, help="Nombre de suggestions.")] = 10,
    accept_review: Annotated[
        bool,
        typer.Option(
            "--accept-review", help="Prendre la meilleure lecture d’une adresse douteuse."
        ),
    ] = False,
    pareto: Annotated[
        bool,
        typer.Option(
            "--pareto",
            help="Montrer, au lieu du classement, ceux que personne ne dépasse sur tous les critères.",
        ),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Fichier à écrire, au lieu de la sortie standard."),
    ] = None,
    territory: Annotated[Path | None, typer.Option(help="Dossier du territoire.")] = None,
    database: Annotated[str | None, typer.Option(help="Base de données du registre.")] = None,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Jour tenu pour aujourd’hui.", show_default=False),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Tout refuser si une demande est trop loin de toute rue du territoire."
        ),
    ] = False,
) -> None:
    """Classer les professionnels qui peuvent accueillir un enfant, avec leurs raisons."""
    from rpe_geo.wiring import open_relais, open_territory

    asked = read_requests(request)
    settings = Settings().override(territory=territory, database_url=database)
    today = date.today() if on is None else on.date()  # noqa: DTZ011 - the local day of the person who asks
    with open_relais(settings) as relais:
        far: list[tuple[str, InputError]] = []
        answers = []
        for need in asked:
            try:
                answers.append(
                    relais.suggest(need, today=today, limit=limit, accept_review=accept_review)
                )
            except InputError as error:
                if error.code != "point_too_far" or strict or len(asked) == 1:
                    raise error.at(file=str(request)) from None
                far.append((need.request_id, error))
        for mode in dict.fromkeys(answer.request.mode for answer in answers):
            _name_far_providers(relais.book().left_out(relais.engine, mode), mode)
        if pareto:
            answers = [replace(answer, suggestions=answer.pareto) for answer in answers]
        if output_format is OutputFormat.html:
            from rpe_geo.publishing.suggestion_page import suggestion_page

            content = "\n".join(
                suggestion_page(answer, relais, open_territory(settings), settings, today=today)
                for answer in answers
            )
        elif output_format is OutputFormat.json:
            content = _as_json(answers, several=len(asked) > 1)
        else:
            content = _as_tables(answers, relais, to_file=output is not None)
    if output is not None:
        write_whole(output, content)
    elif content:
        typer.echo(content, nl=False)
    if far:
        _leave_out(far, output)


def _leave_out(far: list[tuple[str, InputError]], output: Path | None) -> None:
    """Name the requests that are too far from every street, beside the output where there is one."""
    parts = pd.DataFrame(
        {
            name: [float(error.values[name]) for _, error in far]  # noqa: PD011 - of an error
            for name in ("distance_m", "limit_m")
        },
        index=[request_id for request_id, _ in far],
    )
    write_left_out(output, [parts])


def _name_far_providers(far: list[tuple[str, float]], mode: str) -> None:
    """Say on stderr which providers of the registry no travel time can be told of."""
    if far:
        said = phrase(
            "providers_far",
            providers=french.plural(len(far), "professionnel ou lieu", "professionnels ou lieux"),
            named=named_with_distance(far),
            mode=french.MODES[mode],
        )
        typer.echo(said, err=True)


def _as_json(answers: list[Suggestions], *, several: bool) -> str:
    written = [
        answer_json(
            answer.request.request_id,
            parameters=answer.parameters,
            suggestions=answer.suggestions,
            refused=answer.refused,
            alternatives=answer.alternatives,
            openings=[opened.relaxation for opened in answer.openings],
            stability=answer.stability,
            feasible_count=answer.feasible_count,
            to_ask_count=answer.to_ask_count,
        )
        for answer in answers
    ]
    whole: Any = written if several else written[0]
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _as_tables(answers: list[Suggestions], relais: Relais, *, to_file: bool) -> str:
    """Print tables, or return them as text for a file."""
    page = StringIO()
    screen = Console(file=page, width=120) if to_file else console()
    for answer in answers:
        ridden = answer.request.mode == "transit"
        print_answer(answer, screen, routes=relais.routes(answer) if ridden else None)
    return page.getvalue()


def print_answer(
    answer: Suggestions,
    screen: Console,
    *,
    routes: Mapping[tuple[str, str], Route] | None = None,
) -> None:
    """
    Print the answer to one request as an animateur reads it.

    Parameters
    ----------
    answer
        What the relais answered.
    screen
        Where to print.
    routes
        Ways by public transport to those suggested; their lines are told with the first ones.
    """
    request = answer.request
    total = answer.feasible_count + answer.to_ask_count + answer.refused_count
    found = french.plural(answer.feasible_count, "possibilité")
    place = answer.addresses["address"].label if "address" in answer.addresses else ""
    screen.print(f"\n[bold]Demande {request.request_id}[/bold]" + (f" — {place}" if place else ""))
    screen.print(
        f"{french_hours(request.schedule.write())}, dès le {french.day(request.start, weekday=True)}, "
        f"{french.minutes(answer.parameters['max_minutes'])} "
        f"{'de détour ' if answer.work is not None else ''}{french.MODES[request.mode]} au plus"
    )
    asked = f", et {french.number(answer.to_ask_count)} à demander" if answer.to_ask_count else ""
    screen.print(f"{found}{asked}, sur {french.number(total)} au registre\n")
    for sentence in read_otherwise(answer.parameters):
        screen.print(sentence)
    if answer.suggestions:
        shown = _shown(answer)
        screen.print(_ranking(answer, shown))
        if untold := _untold(answer, shown):
            screen.print(untold)
        for suggestion in shown[:_REASONS_SHOWN]:
            _print_reasons(suggestion, answer, screen)
            key = suggestion.verdict.provider_kind, suggestion.verdict.provider_id
            if routes is not None and (legs := legs_said(routes[key].steps)):
                screen.print(f"   {legs}")
        screen.print(_how_firm(answer))
        screen.print(
            "À égalité, l’ordre est tiré au sort pour cette demande. C’est un conseil : vous décidez.\n"
        )
    if answer.openings:
        screen.print("[bold]Ouvrir davantage[/bold]")
        for opened in answer.openings:
            screen.print(f"  • {opening(opened.relaxation.values)}")
        screen.print()
    if answer.alternatives:
        screen.print("[bold]À deux, la semaine est couverte[/bold]")
        for alternative in answer.alternatives:
            parts = (
                combination_part(_part_name(part, answer), part.hours.write())
                + (f" ({part.phone})" if part.phone else "")
                for part in alternative.parts
            )
            screen.print(f"  • {' ; '.join(parts)}")
            summary = combination_summary(
                float(alternative.handovers_per_week),
                float(alternative.hours_share),
                alternative.travel_minutes_per_week,
                cost=None if alternative.cost is None else alternative.cost.reste_a_charge,
                hard=alternative.hard,
                to_ask=alternative.to_ask,
            )
            screen.print(f"    {summary}", style="dim")
        screen.print()
    _print_refusals(answer, screen)


def _shown(answer: Suggestions) -> list[Suggestion]:
    """Keep every possibility, and the first of those of whom something must be asked."""
    sure = [one for one in answer.suggestions if not one.verdict.unknown]
    return sure + [one for one in answer.suggestions if one.verdict.unknown][:_TO_ASK_SHOWN]


def _untold(answer: Suggestions, shown: list[Suggestion]) -> str:
    """Count those to ask who are not in the table; empty when all are."""
    more = answer.to_ask_count - sum(bool(one.verdict.unknown) for one in shown)
    if more <= 0:
        return ""
    others = "autre" if more == 1 else "autres"
    return f"et {french.number(more)} {others} à demander, plus loin dans le classement"


def _how_firm(answer: Suggestions) -> str:
    """Say whether the first rank hangs on a weight."""
    stability = answer.stability
    moved = f"{french.number(100 * stability.variation)}{french.NBSP}%"
    if stability.stable:
        return f"Le premier rang tient quand chaque poids varie de {moved}."
    parts = dict.fromkeys(PART_NAMES[one.part].lower() for one in stability.overtakings)
    if not parts:
        return f"Le premier rang peut changer quand plusieurs poids varient de {moved} ensemble."
    return f"Le premier rang dépend du poids donné à : {french.enumeration(parts)} (± {moved})."


def _part_name(part: CombinationPart, answer: Suggestions) -> str | None:
    """Name who takes a part; None is care at home."""
    if part.provider_id is None:
        return None
    record = answer.providers[part.provider_kind, part.provider_id]
    return record.name or part.provider_id


def _ranking(answer: Suggestions, shown: list[Suggestion]) -> Table:
    table = Table(title=None, header_style="bold")
    table.add_column("", justify="right")
    table.add_column("Qui")
    table.add_column("Points", justify="right")
    table.add_column("Détour" if answer.work is not None else "Trajet", justify="right")
    table.add_column("Heures", justify="right")
    table.add_column("Début", justify="right")
    table.add_column("À charge", justify="right")
    table.add_column("À savoir")
    first_asked = next((one for one in shown if one.verdict.unknown), None)
    for one in shown:
        minutes = one.travel_minutes if one.detour_minutes is None else one.detour_minutes
        unknown = one.verdict.unknown
        if unknown and one is first_asked:
            table.add_section()
            table.add_row("", "[bold]À demander[/bold]")
        table.add_row(
            str(one.rank),
            _name(one, answer),
            f"{one.score:.0f}",
            french.minutes(minutes),
            "?"
            if "hours" in unknown
            else f"{french.number(float(one.verdict.hours_share) * 100, 0)}{french.NBSP}%",
            "?"
            if one.verdict.start is None or {"places", "contracts"} & set(unknown)
            else french.short_day(one.verdict.start),
            "–"
            if one.cost is None
            else f"{french.number(one.cost.reste_a_charge, 0)}{french.NBSP}€",
            " ".join(warning_sentence(warning) for warning in one.verdict.warnings),
        )
    return table


def _name(one: Suggestion, answer: Suggestions) -> str:
    record = answer.providers[one.verdict.provider_kind, one.verdict.provider_id]
    name = record.name or one.verdict.provider_id
    match record:
        case Facility():
            return f"{name} ({record.kind})"
        case Childminder() if record.mam_id is not None:
            mam = answer.providers.get(("mam", record.mam_id))
            house = (mam.name or "") if isinstance(mam, Mam) else ""
            # Many houses have the word in their name.
            words = house if house.startswith("MAM") else f"MAM {house}".strip()
            return f"{name} ({words})"
        case _:
            return name


def _print_reasons(one: Suggestion, answer: Suggestions, screen: Console) -> None:
    screen.print(f"[bold]{one.rank}. {_name(one, answer)}[/bold] : {one.score:.0f} points")
    for part in one.parts:
        screen.print(
            f"   {PART_NAMES[part.name]:<10} {part.points:4.0f}/{part.maximum:<3.0f} {why(part.reason, part.values)}"
        )
    told = (
        *sides_said(one.morning, one.evening),
        *last_return_said(one.last_return),
        *schools_said(one.schools),
    )
    for sentence in told:
        screen.print(f"   {sentence}")


def _print_refusals(answer: Suggestions, screen: Console) -> None:
    if not answer.refused:
        return
    rules = Counter(refusal.rule for verdict in answer.refused for refusal in verdict.refusals)
    unlisted = answer.refused_count - len(answer.refused)
    screen.print(
        f"[bold]{french.plural(answer.refused_count, 'écarté')}, et pourquoi[/bold]"
        + (
            f" (les {french.number(len(answer.refused))} plus proches sont détaillés)"
            if unlisted
            else ""
        )
    )
    for rule, count in rules.most_common():
        screen.print(f"  {count:>4}  {RULE_TITLES[rule]}")
        shown = 0
        for verdict in answer.refused:
            for refusal in verdict.refusals:
                if refusal.rule == rule and shown < _REFUSALS_SHOWN:
                    record = answer.providers[verdict.provider_kind, verdict.provider_id]
                    screen.print(
                        f"        {record.name or verdict.provider_id} : {refusal_sentence(refusal)}",
                        style="dim",
                    )
                    shown += 1
