"""Every legal case of `tests.rules.legal` through the functions of `rpe-geo check`, and some through the command."""

from __future__ import annotations

import json
from datetime import date
from functools import cache

import pytest

from rpe_geo.cli import run
from rpe_geo.formats.records import childminder_of, mam_of, request_of
from rpe_geo.formats.verdicts import verdict_json
from rpe_geo.matching.feasibility import compile_registry, evaluate, feasible_masks
from rpe_geo.relais.book import ProviderBook
from rpe_geo.relais.location import locate
from rpe_geo.relais.suggest import suggest
from rpe_geo.travel.straight_line import StraightLineEngine
from tests.rules.legal import (
    declarations_and_changes,
    hours_and_agrement,
    mam,
    places,
    start_and_ages,
    time_and_cycles,
    together,
    working_time,
)
from tests.rules.legal.case import TODAY, Case, Record

MODULES = (
    time_and_cycles,
    start_and_ages,
    hours_and_agrement,
    places,
    mam,
    working_time,
    declarations_and_changes,
    together,
)
CASES: list[Case] = [case for module in MODULES for case in module.CASES]
FIELDS = {
    "start": "start",
    "schedule": "schedule",
    "min_hours_share": "min_hours_share",
    "end": "end",
}


@cache
def verdict_of(number: str) -> Record:
    return judge(next(case for case in CASES if case.number == number))


def judge(case: Case, asked: Record | None = None) -> Record:
    registry = compile_registry(
        [childminder_of(record) for record in (case.who, *case.others)],
        [mam_of(record) for record in case.mams or ()],
    )
    request = request_of(asked or case.asked)
    (verdict,) = evaluate(
        registry, request, today=date.fromisoformat(TODAY), with_relaxations=True, only=[0]
    )
    return verdict_json(verdict)


def named(case: Case) -> str:
    return f"{case.number} {case.reason}"


def same(found: object, expected: object) -> bool:
    if isinstance(expected, float):
        return found == pytest.approx(expected, rel=1e-12)
    return found == expected


@pytest.mark.parametrize("case", CASES, ids=named)
def test_the_verdict_of_the_text(case: Case) -> None:
    verdict = verdict_of(case.number)
    assert verdict["start"] == case.accepted
    assert verdict["feasible"] is (case.accepted is not None)
    refusals = {refusal["rule"]: refusal for refusal in verdict["refusals"]}
    assert len(refusals) == len(verdict["refusals"])
    assert refusals.keys() == (case.refused or {}).keys()
    for rule, fields in (case.refused or {}).items():
        for name, expected in fields.items():
            assert same(refusals[rule][name], expected), (rule, name, refusals[rule])
    assert {warning["rule"] for warning in verdict["warnings"]} == set(case.warned)
    assert same(verdict["hours_share"], float(case.share))
    for name, expected in (case.atypical or {}).items():
        assert same(verdict["atypical"][name], expected), name
    if case.relaxed is not None:
        found = [(change["change"], change["to"]) for change in verdict["relaxations"]]
        assert len(found) == len(case.relaxed)
        assert all(
            change == expected and same(to, where)
            for (change, to), (expected, where) in zip(found, case.relaxed, strict=True)
        ), found


@pytest.mark.parametrize("case", CASES, ids=named)
def test_every_printed_change_suffices_alone(case: Case) -> None:
    for change in verdict_of(case.number)["relaxations"]:
        changed = {**case.asked, FIELDS[change["change"]]: change["to"]}
        assert judge(case, changed)["feasible"], change
        if change["change"] == "start":
            changed.pop("start_tolerance_days", None)
            assert judge(case, changed)["start"] == change["to"]


def test_numbers_are_unique() -> None:
    numbers = [case.number for case in CASES]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("case", CASES[::24], ids=named)
def test_the_command_says_the_same(case: Case, tmp_path, capsys) -> None:
    files = {
        "childminders": [case.who, *case.others],
        "requests": [case.asked],
        "mams": case.mams or [],
    }
    for name, records in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(records), encoding="utf-8")
    arguments = [str(tmp_path / "childminders.json"), str(tmp_path / "requests.json")]
    if case.mams is not None:
        arguments += ["--mams", str(tmp_path / "mams.json")]
    assert run(["check", *arguments, "--on", TODAY]) == 0
    verdicts = json.loads(capsys.readouterr().out)
    assert len(verdicts) == 1 + len(case.others)
    assert verdicts[0] == verdict_of(case.number)


@pytest.mark.parametrize(
    "case", [case for case in CASES if "longitude" in case.asked][5::12], ids=named
)
def test_suggest_says_the_same(case: Case) -> None:
    book = ProviderBook.compile(
        [childminder_of(record) for record in (case.who, *case.others)],
        [mam_of(record) for record in case.mams or ()],
    )
    today = date.fromisoformat(TODAY)
    located = locate(request_of(case.asked), None)
    answer = suggest(located, book, StraightLineEngine(on=today), today=today, limit=50)
    verdicts = [*(one.verdict for one in answer.suggestions), *answer.refused]
    (found,) = (verdict for verdict in verdicts if verdict.provider_id == "A")
    expected = verdict_of(case.number)
    written = verdict_json(found)
    for name in ("feasible", "start", "hours_share", "refusals", "warnings"):
        assert written[name] == expected[name]


def test_the_whole_registry_at_once_says_the_same() -> None:
    home = [case for case in CASES if not case.others and case.who.get("mam_id") is None]
    registry = compile_registry(
        [childminder_of({**case.who, "childminder_id": case.number}) for case in home]
    )
    asked = home[::5]
    masks = feasible_masks(
        registry,
        [request_of({**case.asked, "request_id": case.number}) for case in asked],
        today=date.fromisoformat(TODAY),
    )
    for number, (case, mask) in enumerate(zip(asked, masks, strict=True)):
        start = None if not mask.feasible[5 * number] else str(mask.start[5 * number])
        assert start == case.accepted, case.number


def test_verdicts_come_by_request_then_by_childminder(tmp_path, capsys) -> None:
    whos = [{**CASES[0].who, "childminder_id": number} for number in ("B", "A", "C")]
    asked = [{**CASES[0].asked, "request_id": number} for number in ("R-2", "R-1")]
    for name, records in (("who", whos), ("asked", asked)):
        (tmp_path / f"{name}.json").write_text(json.dumps(records), encoding="utf-8")
    assert run(["check", str(tmp_path / "who.json"), str(tmp_path / "asked.json")]) == 0
    verdicts = json.loads(capsys.readouterr().out)
    assert [(verdict["request_id"], verdict["childminder_id"]) for verdict in verdicts] == [
        (request, who) for request in ("R-2", "R-1") for who in ("B", "A", "C")
    ]
