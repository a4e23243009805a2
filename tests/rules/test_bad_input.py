"""Bad input of `rpe-geo check`: one clear line that names file, row and field, or a remark; never a wrong verdict."""

from __future__ import annotations

import json

import pytest

from rpe_geo.cli import run
from tests.rules.legal.case import DAYS, MORNINGS, Record, contract, declared, minder, need

FAULTS: list[tuple[str, Record, Record, str]] = [
    ("no child", minder(), {**need(), "children": []}, "r.json, ligne 1, champ children :"),
    ("end before start", minder(), need(end="2027-01-03"), "champ end :"),
    ("53 weeks", minder(), need([MORNINGS] * 53), "champ schedule : le cycle compte 53 semaines"),
    ("no week", minder(), {**need(), "schedule": []}, "champ schedule :"),
    ("200 hours", minder(), need("Mo 00:00-200:00"), "champ schedule : la plage"),
    ("no hour", minder(), need("off"), "champ schedule :"),
    ("an empty text", minder(), need(""), "champ schedule : l’horaire est vide"),
    ("school holidays", minder(), need("Mo-Fr 08:00-12:00; SH off"), "(SH)"),
    ("seven minutes", minder(), need("Mo 07:10-12:00"), "« 07:10 » n’est pas un quart d’heure"),
    ("25 o'clock", minder(), need("Mo 08:00-25:00"), "« 25:00 » n’existe pas"),
    ("begun at 24:00", minder(), need("Mo 24:00-06:00"), "champ schedule :"),
    ("a day in French", minder(), need("Lu 08:00-12:00"), "le jour « lu » n’existe pas"),
    ("an impossible date", minder(), need(start="2027-02-30"), "champ start :"),
    ("a share of 80", minder(), need(share=80), "champ min_hours_share :"),
    ("a tolerance before", minder(), need(tolerance=-1), "champ start_tolerance_days :"),
    ("a tolerance of centuries", minder(), need(tolerance=4_000_000), "731 jours au plus"),
    ("no birth date", minder(), need(DAYS, {}), "champ children[1].birth_date :"),
    (
        "an unknown status",
        minder(agrement={"status": "actif"}),
        need(),
        "a.json, ligne 1, champ agrement.status :",
    ),
    ("no place", minder(places=0), need(), "champ agrement.places :"),
    (
        "more offered than allowed",
        minder(agrement={"places_offered": 5}),
        need(),
        "champ agrement.places_offered :",
    ),
    (
        "a contract that ends first",
        minder(contract(start="2026-05-01", end="2026-04-01")),
        need(),
        "champ contracts[1].end :",
    ),
    (
        "a contract twice",
        minder(contract(contract_id="Z"), contract(contract_id="Z")),
        need(),
        "champ contracts[2].contract_id :",
    ),
    (
        "a year of 60 weeks",
        minder(contract(weeks_per_year=60)),
        need(),
        "champ contracts[1].weeks_per_year :",
    ),
    ("a million places", minder(places=10**6), need(), "champ agrement.places :"),
    (
        "places for children of a thousand years",
        minder(agrement={"legacy_ages": [{"places": 1, "min_months": 0, "max_months": 12_000}]}),
        need(),
        "champ agrement.legacy_ages[1].max_months :",
    ),
    (
        "twenty age bands",
        minder(agrement={"legacy_ages": [{"places": 1, "min_months": 0, "max_months": 36}] * 20}),
        need(),
        "champ agrement.legacy_ages :",
    ),
    (
        "a million declared",
        minder(availabilities=[declared(DAYS, 10**6)]),
        need(),
        "champ availabilities[1].places :",
    ),
    (
        "cycles of 52 and of 3 weeks",
        minder(
            hours=[MORNINGS] + ["off"] * 51,
            availabilities=[declared([MORNINGS, "off", DAYS])],
        ),
        need(),
        "toutes les 156 semaines",
    ),
    (
        "ages in reverse",
        minder(agrement={"legacy_ages": [{"places": 1, "min_months": 36, "max_months": 0}]}),
        need(),
        "champ agrement.legacy_ages[1].max_months :",
    ),
    (
        "presence of an own child",
        minder(own=[{"birth_date": "2026-01-01", "presence": "Mo 07:10-08:00"}]),
        need(),
        "champ own_children[1].presence :",
    ),
]


def ask(tmp_path, who: Record, asked: Record) -> int:
    (tmp_path / "a.json").write_text(json.dumps([who]), encoding="utf-8")
    (tmp_path / "r.json").write_text(json.dumps([asked]), encoding="utf-8")
    return run(["check", str(tmp_path / "a.json"), str(tmp_path / "r.json")])


@pytest.mark.parametrize(
    ("who", "asked", "said"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS]
)
def test_one_clear_line(who, asked, said, tmp_path, capsys) -> None:
    assert ask(tmp_path, who, asked) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert said in printed.err


@pytest.mark.parametrize(
    ("who", "asked", "said"),
    [
        (
            minder(contract("Sa 08:00-12:00"), contract("Sa 11:45-13:00"), places=1),
            need(MORNINGS),
            "ses contrats réunissent 2 enfants",
        ),
        (
            minder(
                contract(["Sa 08:00-12:00", "off"], start="2026-01-05", end="2026-12-31"),
                contract(["off", "Sa 08:00-12:00"], start="2026-03-02"),
                places=1,
            ),
            need(MORNINGS),
            None,
        ),
        (minder(), need(MORNINGS, "2099-06-01"), "naissance attendue"),
        (minder(), need(MORNINGS, "1990-06-01"), "a plus de douze ans"),
        (minder(capabilities=["piscine"]), need(MORNINGS), "« piscine »"),
    ],
)
def test_a_doubt_is_said_beside_the_verdict(who, asked, said, tmp_path, capsys) -> None:
    assert ask(tmp_path, who, asked) == 0
    printed = capsys.readouterr()
    assert len(json.loads(printed.out)) == 1
    assert (said is None) == (printed.err == "")
    assert said is None or said in printed.err


def test_only_the_first_doubts_are_said(tmp_path, capsys) -> None:
    words = [f"mot {number}" for number in range(14)]
    assert ask(tmp_path, minder(capabilities=words), need()) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 11
    assert lines[-1].startswith("Et encore 4 autres")
