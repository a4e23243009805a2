"""French sentences: every code has one, and numbers, dates and lists are written the French way."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from rpe_geo.errors import InputError, Where
from rpe_geo.messages import MESSAGES, explain, french, phrase

ROOT = Path(__file__).resolve().parent.parent
_ERROR = (
    "InputError|AddressNotFound|AmbiguousAddress|InvalidSchedule|InvalidRecord|InvalidFile"
    "|NotFound|Conflict|Forbidden|ServiceUnavailable"
)


def test_every_error_raised_anywhere_has_its_sentence() -> None:
    raised = {
        code
        for folder in ("rpe_geo", "api", "maps")
        for path in (ROOT / folder).rglob("*.py")
        for code in re.findall(rf'\b(?:{_ERROR})\(\s*"(\w+)"', path.read_text(encoding="utf-8"))
    }
    assert raised, "the pattern finds the errors of the code"
    assert sorted(raised - MESSAGES.keys()) == []


def test_the_place_comes_first_then_what_is_wrong() -> None:
    error = InputError("id_missing", where=Where(file="a.csv", row=3, field="childminder_id"))
    assert explain(error) == "a.csv, ligne 3, champ childminder_id : l’identifiant manque."


def test_an_outer_reader_completes_the_place_without_replacing_it() -> None:
    error = InputError("id_missing", where=Where(row=3)).at(file="a.csv", row=9, field="x")
    assert error.where == Where(file="a.csv", row=3, field="x")


def test_a_sentence_is_one_line() -> None:
    assert all("\n" not in sentence for sentence in MESSAGES.values())


def test_dates_in_a_sentence_are_french() -> None:
    sentence = phrase("end_before_start", start=date(2027, 1, 4), end=date(2026, 3, 1))
    assert sentence == "la fin (1er\u00a0mars 2026) précède le début (4\u00a0janvier 2027)."


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (3000, "3\u202f000"),
        (57.8, "57,8"),
        (-71, "−\u202f71"),
        (0.0, "0"),
        (-0.04, "0,0"),
        (float("nan"), "–"),
        (float("inf"), "∞"),
    ],
)
def test_numbers(value: float, written: str) -> None:
    assert french.number(value) == written


def test_hours_minutes_lists_and_plurals() -> None:
    assert french.hours(30) == "7\u00a0h\u00a030"
    assert french.hours(32) == "8\u00a0h"
    assert french.minutes(5.6) == "6\u00a0min"
    assert french.minutes(65) == "1\u00a0h\u00a005"
    assert french.enumeration(["a", "b", "c"]) == "a, b et c"
    assert french.enumeration([]) == ""
    assert french.plural(0, "place") == "0\u00a0place"
    assert french.plural(2, "place") == "2\u00a0places"
    assert french.day(date(2026, 11, 22), weekday=True) == "dimanche 22\u00a0novembre 2026"
    assert french.short_day(date(2027, 1, 4)) == "4\u00a0janv."
