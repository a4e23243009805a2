"""Isolation of professionals: minutes, months, staff, and what may be told of few."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpe_geo.cli import run
from rpe_geo.parameters import parameter_table
from rpe_geo.planning.isolation import isolation_of, isolation_summary

TODAY = date(2026, 12, 1)


def found_of(count: int):
    generator = np.random.default_rng(1)
    return isolation_of(
        pd.Index([f"A{at}" for at in range(count)]),
        generator.uniform(1, 40, (count, 2)),
        generator.uniform(1, 40, (count, count)),
        [None] * count,
        today=TODAY,
    )


def test_the_three_nearest_peers_and_never_oneself():
    peers = np.array([[0.0, 5, 9, 4, 50], *[[1.0] * 5] * 4])
    found = isolation_of(
        pd.Index(list("abcde")),
        np.full((5, 1), 7.0),
        peers,
        [date(2026, 11, 2), date(2026, 11, 1), None, date(2025, 12, 1), TODAY],
        today=TODAY,
    )
    assert found.peers_min[0] == pytest.approx(6.0)
    assert found.months[[0, 1, 3, 4]].tolist() == [0, 1, 12, 0]
    assert np.isnan(found.months[2])


def test_alone_there_is_no_peer():
    found = isolation_of(pd.Index(["a"]), np.empty((1, 0)), np.zeros((1, 1)), [None], today=TODAY)
    assert np.isinf(found.peers_min[0])
    assert np.isinf(found.relais_min[0])


@given(st.lists(st.sampled_from(["X", "Y", "Z", "V"]), min_size=1, max_size=40))
def test_nothing_is_told_of_fewer_than_five(communes):
    summary = isolation_summary(
        found_of(len(communes)),
        communes,
        parameter_table("planning", TODAY),
        staff_fte=0.5,
        at_least=5,
    )
    told = [row["professionals"] for row in summary["communes"]]
    assert all(count >= 5 for count in told)
    left = len(communes) - sum(told)
    assert left == 0 or not told


@pytest.fixture
def folder(tmp_path):
    people = [f"A{at}" for at in range(7)]
    rows = "".join(f"{one},34001,2026-0{at + 1}-15\n" for at, one in enumerate(people))
    (tmp_path / "pros.csv").write_text("id,commune,last_contact\n" + rows)
    (tmp_path / "relais.csv").write_text("id\nR\n")
    head = "origin_id,destination_id,minutes\n"
    (tmp_path / "vers.csv").write_text(
        head + "".join(f"{one},R,{at * 5}\n" for at, one in enumerate(people))
    )
    (tmp_path / "entre.csv").write_text(
        head + "".join(f"{one},{two},6\n" for one in people for two in people)
    )
    return tmp_path


def asked(folder, *more):
    names = ("pros.csv", "relais.csv", "vers.csv", "entre.csv")
    return ["isolation", *(str(folder / one) for one in names), "--on", "2026-12-01", *more]


def test_the_command_tells_planners_no_person_and_the_desk_each(folder):
    assert run(asked(folder, "--staff", "0.05", "-o", str(folder / "o.json"))) == 0
    text = (folder / "o.json").read_text()
    assert '"A1"' not in text
    found = json.loads(text)
    assert found["whole"]["professionals"] == 7
    assert found["whole"]["relais_min_median"] == 15
    assert found["staff"]["needed_fte"] == 0.1
    assert found["staff"]["missing_fte"] == 0.05
    assert run(asked(folder, "--desk", "-o", str(folder / "o.csv"))) == 0
    assert pd.read_csv(folder / "o.csv")["months_without_contact"].tolist() == [
        10,
        9,
        8,
        7,
        6,
        5,
        4,
    ]


def test_bad_input_is_one_line(folder, capsys):
    assert run(asked(folder, "-o", str(folder / "o.csv"))) == 2
    assert "--desk" in capsys.readouterr().err
    text = (folder / "pros.csv").read_text().replace("2026-03-15", "mars")
    (folder / "pros.csv").write_text(text)
    assert run(asked(folder, "-o", str(folder / "bad.json"))) == 2
    said = capsys.readouterr().err
    assert "last_contact" in said
    assert not (folder / "bad.json").exists()
