"""Dated parameters: a value holds from its date, and every one says where it comes from."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

import rpe_geo.parameters
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
