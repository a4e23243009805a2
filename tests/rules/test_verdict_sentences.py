"""Every rule, warning and change has its French sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import get_args

import pytest
import typer
from typer.testing import CliRunner

from rpe_geo.cli import check
from rpe_geo.errors import InputError
from rpe_geo.messages import MESSAGES, phrase
from rpe_geo.messages.rules import (
    french_hours,
    refusal_sentence,
    relaxation_sentence,
    warning_sentence,
)
from rpe_geo.verdicts import Refusal, Relaxation, RelaxationKind, Rule, VerdictWarning


@pytest.mark.parametrize("rule", get_args(Rule))
def test_every_rule_has_a_sentence(rule):
    assert f"refusal_{rule}" in MESSAGES


@pytest.mark.parametrize("change", get_args(RelaxationKind))
def test_every_change_has_a_sentence(change):
    assert f"relaxation_{change}" in MESSAGES


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Mo-Fr 08:00-17:30", "du lundi au vendredi de 8 h à 17 h 30"),
        ("Mo,We 07:00-09:00,16:30-19:00", "lundi et mercredi de 7 h à 9 h et de 16 h 30 à 19 h"),
        ("Fr 20:00-06:00; PH 08:00-12:00", "vendredi de 20 h à 6 h ; jours fériés de 8 h à 12 h"),
        (["Mo 08:00-12:00", "off"], "semaine 1 : lundi de 8 h à 12 h ; semaine 2 : aucune heure"),
    ],
)
def test_hours_as_they_are_said(written, said):
    assert french_hours(written).replace("\u00a0", " ") == said


def test_sentences():
    refusal = Refusal("places", "Mo-Fr 08:00-17:30", date(2027, 1, 4), 4, 3)
    assert refusal_sentence(refusal).replace("\u00a0", " ") == (
        "Plus de place : à partir du 4 janvier 2027, 4 enfants seraient accueillis ensemble pour 3 au plus (du lundi au "
        "vendredi de 8 h à 17 h 30)."
    )
    band = Refusal("legacy_ages", "Mo 08:00-12:00", date(2027, 1, 4), 1, 0)
    said = {
        (have, limit): refusal_sentence(replace(band, have=have, limit=limit)).split("2027, ")[1]
        for have, limit in ((1, 0), (2, 0), (3, 1), (3, 2))
    }
    assert said[1, 0].startswith("aucune ne convient à l’enfant")
    assert said[2, 0].startswith("aucun des 2 enfants présents n’y trouverait place")
    assert said[3, 1].startswith("un seul des 3 enfants présents y trouverait place")
    assert said[3, 2].startswith("2 des 3 enfants présents y trouveraient place")
    none = replace(refusal, have=1, limit=0)
    assert "aucune n’est offerte" in refusal_sentence(none)
    status = Refusal(
        "agrement_status",
        since=date(2027, 1, 4),
        values={"status": "suspended", "suspended_until": date(2027, 2, 1)},
    )
    assert refusal_sentence(status).replace("\u00a0", " ") == (
        "L’agrément est suspendu jusqu’au 1er février 2027."
    )
    warning = VerdictWarning("existing_breach", {"rules": ("daily_rest", "weekly_rest")})
    assert "repos quotidien de 11 h et repos hebdomadaire" in warning_sentence(warning)
    share = Relaxation("min_hours_share", 0.9473684)
    assert "94,73" in relaxation_sentence(share)
    # Rooms that only know the codes may phrase them too.
    assert phrase("refusal_weekly_rest", since=date(2027, 1, 4), have=34.5, limit=35)


@pytest.fixture
def files(tmp_path):
    minders, requests = tmp_path / "cm.json", tmp_path / "rq.json"
    minders.write_text(
        json.dumps([{"childminder_id": n, "address": "x", "agrement": {"places": 1}} for n in "AB"])
    )
    child = {"birth_date": "2026-05-01"}
    requests.write_text(
        json.dumps(
            [
                {
                    "request_id": f"R-{n}",
                    "address": "x",
                    "children": [child] * n,
                    "start": "2027-01-04",
                    "schedule": "Mo-Fr 08:00-17:30",
                }
                for n in (1, 2)
            ]
        )
    )
    return minders, requests


def run(*arguments):
    app = typer.Typer()
    app.callback()(lambda: None)
    check.register(app)
    return CliRunner().invoke(app, ["check", *map(str, arguments)])


def test_check_prints_verdicts_in_order(files, tmp_path):
    result = run(*files, "--on", "2026-11-22")
    assert result.exit_code == 0
    verdicts = json.loads(result.stdout)
    pairs = [(verdict["request_id"], verdict["childminder_id"]) for verdict in verdicts]
    assert pairs == [("R-1", "A"), ("R-1", "B"), ("R-2", "A"), ("R-2", "B")]
    assert [verdict["feasible"] for verdict in verdicts] == [True, True, False, False]
    written = tmp_path / "out.json"
    assert run(*files, "--on", "2026-11-22", "-o", written).exit_code == 0
    assert json.loads(written.read_text()) == verdicts


def test_check_writes_nothing_on_bad_input(files, tmp_path):
    minders, requests = files
    minders.write_text('[{"childminder_id": "A", "address": "x", "agrement": {"places": 0}}]')
    result = run(minders, requests, "-o", tmp_path / "out.json")
    assert isinstance(result.exception, InputError)
    assert not (tmp_path / "out.json").exists()
