"""Dated parameters: a value holds from its date, and every one says where it comes from."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path

import pytest

import rpe_geo.parameters
from rpe_geo.cli import run
from rpe_geo.errors import NotFound
from rpe_geo.parameters import parameter_table

TABLES = sorted(Path(rpe_geo.parameters.__file__).parent.glob("*.toml"))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_every_value_has_a_title_a_unit_a_date_a_source_and_a_certainty(path: Path) -> None:
    entries = tomllib.loads(path.read_text(encoding="utf-8"))
    assert entries
    for name, entry in entries.items():
        assert entry["title"], name
        assert isinstance(entry["unit"], str), name
        assert entry["values"], name
        days = [dated["valid_from"] for dated in entry["values"]]
        assert days == sorted(set(days)), name
        for dated in entry["values"]:
            assert isinstance(dated["valid_from"], date), name
            assert dated["source"], name
            assert dated["certainty"] in {"S", "M", "D", "C"}, name


def test_a_value_holds_until_the_next_one_and_the_first_holds_before() -> None:
    for path in TABLES:
        for name, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
            for dated in entry["values"]:
                table = parameter_table(path.stem, dated["valid_from"])
                assert table[name] == dated["value"]
            assert parameter_table(path.stem, date(1900, 1, 1))[name] == entry["values"][0]["value"]
            assert (
                parameter_table(path.stem, date(2999, 1, 1))[name] == entry["values"][-1]["value"]
            )


def test_an_unknown_parameter_is_named() -> None:
    table = parameter_table(TABLES[0].stem, date(2026, 1, 1))
    with pytest.raises(NotFound) as refused:
        table["no_such_parameter"]
    assert refused.value.values["name"] == "no_such_parameter"


def test_a_value_is_overdue_from_its_yearly_date_on() -> None:
    minimum = parameter_table("money", date(2026, 12, 31)).describe("guaranteed_minimum")
    assert minimum.value == 4.35
    assert minimum.overdue(date(2026, 12, 31)) is None
    assert minimum.overdue(date(2027, 1, 1)) == date(2027, 1, 1)
    assert minimum.overdue(date(2028, 6, 1)) == date(2028, 1, 1)
    law = parameter_table("law", date(2030, 1, 1)).describe("under_3_max")
    assert law.overdue(date(2030, 1, 1)) is None


def test_the_command_lists_every_value_and_those_too_old(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["parameters", "--format", "json", "--on", "2027-01-01"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {one["table"] for one in listed} == {path.stem for path in TABLES}
    assert all(one["source"] and one["certainty"] and one["title"] for one in listed)
    late = {one["name"] for one in listed if one["outdated_since"]}
    assert {"smic_hourly", "guaranteed_minimum"} <= late
    assert "bmaf" not in late
    assert run(["parameters", "--outdated", "--format", "json", "--on", "2027-01-01"]) == 0
    assert {one["name"] for one in json.loads(capsys.readouterr().out)} == late
    assert run(["parameters", "--outdated", "--on", "2026-11-30"]) == 0
    assert "Aucune valeur" in capsys.readouterr().out
    assert run(["parameters", "--table", "moneys"]) == 2
    assert "money" in capsys.readouterr().err
