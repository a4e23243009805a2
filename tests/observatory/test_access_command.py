"""`rpe-geo access`: the meaning of each answer, and clear words for each bad input."""

import csv
import math

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from rpe_geo.cli.observatory import register
from rpe_geo.errors import InputError
from rpe_geo.messages import explain
from rpe_geo.open_data.access_tables import read_pairs


@pytest.fixture
def run(tmp_path):
    import typer

    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)

    def call(demand, supply, times, *options):
        for name, text in (("demand", demand), ("supply", supply), ("times", times)):
            content = text if isinstance(text, bytes) else text.encode()
            (tmp_path / f"{name}.csv").write_bytes(content)
        out = tmp_path / "out.csv"
        paths = [str(tmp_path / f"{name}.csv") for name in ("demand", "supply", "times")]
        result = CliRunner().invoke(app, ["access", *paths, "-o", str(out), *options])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            assert not out.exists()
            raise result.exception
        with out.open() as rows:
            return [(row["id"], float(row["access"])) for row in csv.DictReader(rows)], result

    return call


DEMAND = "id,children\n01004,10\n01001,0\n01002,5.5\n01005,\n"
SUPPLY = "id,places\nx,4\ny,6\n"
HEAD = "origin_id,destination_id,minutes\n"
TIMES = "origin_id,destination_id,minutes\n01004,x,5\n01001,x,5\n01004,y,20\n01005,x,3\n"


def test_every_demand_comes_out_in_order(run):
    rows, result = run(DEMAND, SUPPLY, TIMES, "--method", "2sfca")
    assert [row[0] for row in rows] == ["01004", "01001", "01002", "01005"]
    values = dict(rows)
    assert values["01004"] == pytest.approx(0.4)
    assert math.isnan(values["01001"])
    assert values["01002"] == 0
    assert math.isnan(values["01005"])
    assert "y" not in result.stdout
    assert "hors de portée de tout enfant : 1 (6 places)" in result.stderr
    assert "01005" in result.stderr


@pytest.mark.parametrize("method", ["2sfca", "e2sfca", "3sfca", "mh3sfca", "bfca", "raam"])
def test_unreachable_is_zero(run, method):
    rows, _ = run(DEMAND, SUPPLY, TIMES, "--method", method)
    assert dict(rows)["01002"] == 0


def test_closest_is_in_minutes_and_cumulative_in_places(run):
    rows, _ = run(DEMAND, SUPPLY, TIMES, "--method", "closest")
    assert dict(rows)["01004"] == 5
    assert dict(rows)["01002"] == math.inf
    rows, _ = run(DEMAND, SUPPLY, TIMES, "--method", "cumulative", "--decay", "binary:30")
    assert dict(rows)["01004"] == 10
    rows, _ = run(DEMAND, SUPPLY, TIMES, "--method", "cumulative", "--decay", "step:10=1,20=0.68")
    assert dict(rows)["01004"] == pytest.approx(4 + 0.68 * 6)


def test_semicolons_and_a_byte_order_mark_are_read(run):
    rows, _ = run(b"\xef\xbb\xbfid;children\n01004;10\n", SUPPLY, HEAD + "01004,x,5\n")
    assert dict(rows)["01004"] == pytest.approx(0.4)


@pytest.mark.parametrize(
    "demand",
    [
        'id,children\n01004,"12,5"\n',
        "id;children\n01004;12,5\n",
        "id,children\n01004,12.5\n".encode("utf-16"),
        "id;children;lieu\n01004;12,5;Évian\n".encode("cp1252"),
    ],
)
def test_what_a_spreadsheet_saves_is_read(run, demand):
    rows, _ = run(demand, SUPPLY, HEAD + "01004,x,5\n")
    assert dict(rows)["01004"] == pytest.approx(4 / 12.5)


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        (("id,children\n01004,12,5\n", SUPPLY, TIMES), ["demand.csv", "ligne 1", "12.5"]),
        (("id,children\n01004,-1\n", SUPPLY, TIMES), ["ligne 1", "children", "négatif"]),
        (("id,children\n01004,dix\n", SUPPLY, TIMES), ["ligne 1", "dix"]),
        (("id,children\n01004\n", SUPPLY, TIMES), ["ligne 1", "complétez"]),
        (("id,children,children\n01004,1,2\n", SUPPLY, TIMES), ["children", "deux fois"]),
        (("id,children\n", SUPPLY, TIMES), ["demand.csv", "aucune ligne"]),
        (("id,children\n1004,10\n", SUPPLY, TIMES), ["demand.csv", "ligne 1", "01004", "zéro"]),
        (
            ("id,children\n010040101,1\n", SUPPLY, HEAD + "10040101,x,5\n"),
            ["times.csv", "010040101", "zéro"],
        ),
        (("id,children\n01004,inf\n", SUPPLY, TIMES), ["ligne 1", "inf"]),
        (("id,enfants\n01004,1\n", SUPPLY, TIMES), ["demand.csv", "children", "enfants"]),
        (("id,children\n01004,1\n01004,2\n", SUPPLY, TIMES), ["ligne 2", "01004", "ligne 1"]),
        (("id,children\n,1\n", SUPPLY, TIMES), ["ligne 1", "champ id"]),
        ((b"", SUPPLY, TIMES), ["vide"]),
        ((DEMAND, "id,places\nx,\ny,6\n", TIMES), ["supply.csv", "ligne 1", "places"]),
        ((DEMAND, SUPPLY, HEAD + "1004,x,5\n"), ["times.csv", "ligne 1", "01004", "zéro"]),
        ((DEMAND, SUPPLY, HEAD + "x,01004,5\n"), ["times.csv", "origin_id", "ordre"]),
        ((DEMAND, SUPPLY, HEAD + "01004,x,-5\n"), ["ligne 1", "minutes"]),
        ((DEMAND, SUPPLY, HEAD + "01004,x,\n"), ["ligne 1", "minutes", "vide"]),
        ((DEMAND, SUPPLY, HEAD + "01004,x,5\n01004,x,6\n"), ["01004", "deux fois"]),
    ],
)
def test_bad_tables_are_told_with_file_row_and_field(run, tables, words):
    with pytest.raises(InputError) as refused:
        run(*tables)
    sentence = explain(refused.value)
    assert all(word in sentence for word in words), sentence


@pytest.mark.parametrize(
    ("method", "a", "b"),
    [
        # W: a–x 1, b–x 1, b–y 0.68.
        ("e2sfca", 4 / 30, 4 / 30 + 0.68 * 6 / (0.68 * 20)),
        # G: a–x 1, b–x 1/1.68, b–y 0.68/1.68.
        ("3sfca", 4 / (10 + 20 / 1.68), 4 / (10 + 20 / 1.68) / 1.68 + 6 / 20),
        # Huff: b–x 4/8.08, b–y 4.08/8.08.
        (
            "mh3sfca",
            4 / (10 + 20 * 4 / 8.08),
            4 / 8.08 * 4 / (10 + 20 * 4 / 8.08) + 0.68 * 6 / 20,
        ),
        # Level of x shared by two, that of y kept by b.
        ("bfca", 2 / (10 + 20 / 1.68), 2 / (10 + 20 / 1.68) + 6 / (20 * 0.68 / 1.68)),
        # ρ = 3; 3.2 children of b go to x: (10 + 3.2)/12 + 10/60 = (20 − 3.2)/18 + 20/60.
        ("raam", 13.2 / 12 + 5 / 60, 13.2 / 12 + 10 / 60),
        ("cumulative", 4, 4 + 0.68 * 6),
        ("closest", 5, 10),
    ],
)
def test_every_method_on_a_case_worked_out_by_hand(run, method, a, b):
    times = HEAD + "a,x,5\nb,x,10\nb,y,20\n"
    steps = ("--decay", "step:10=1,20=0.68,30=0.22")
    rows, _ = run("id,children\na,10\nb,20\n", SUPPLY, times, "--method", method, *steps)
    assert dict(rows) == pytest.approx({"a": a, "b": b}, rel=1e-12)


@pytest.mark.parametrize("missing", ["", "nan", "NaN", "NA", "ND"])
def test_missing_children_are_nan_and_told(run, missing):
    rows, result = run(f"id,children\n01004,{missing}\n01001,10\n", SUPPLY, TIMES)
    assert math.isnan(dict(rows)["01004"])
    assert dict(rows)["01001"] == pytest.approx(0.4)
    assert "Zones sans nombre d’enfants : 1" in result.stderr


def test_no_supply_at_all_reaches_nobody_and_says_so(run):
    rows, result = run(DEMAND, "id,places\n", TIMES, "--method", "2sfca")
    assert dict(rows)["01004"] == 0
    assert "aucun lieu" in result.stderr
    rows, _ = run(DEMAND, "id,places\n", TIMES, "--method", "closest")
    assert dict(rows)["01004"] == math.inf


@pytest.mark.parametrize(
    "demand",
    ["id\tchildren\n01004\t10\n", "id, children\n01004, 10\n", '"id","children"\n"01004","10"\n'],
)
def test_tabs_spaces_and_quotes_keep_the_zeros(run, demand):
    rows, _ = run(demand, SUPPLY, HEAD + "01004,x,5\n")
    assert rows == [("01004", pytest.approx(0.4))]


def test_unknown_names_are_told(run):
    with pytest.raises(InputError, match="method_unknown"):
        run(DEMAND, SUPPLY, TIMES, "--method", "4sfca")
    with pytest.raises(InputError, match="decay_unreadable"):
        run(DEMAND, SUPPLY, TIMES, "--decay", "binaire:15")


def test_pairs_of_unknown_places_are_left_out_and_counted(run):
    rows, result = run(DEMAND, SUPPLY, TIMES + "01004,elsewhere,1\n", "--method", "closest")
    assert dict(rows)["01004"] == 5
    assert "elsewhere" in result.stderr


@pytest.mark.parametrize("ids", [[3, 4], ["a", " b"]])
def test_pairs_of_parquet_are_those_of_text(tmp_path, ids):
    known = pd.Index([str(one).strip() for one in ids])
    table = pd.DataFrame(
        {
            "origin_id": [ids[0], ids[1], ids[0]],
            "destination_id": ["s", "s", "t"],
            "minutes": [1.5, 2, np.inf],
        }
    )
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_parquet(tmp_path / "t.parquet")
    here, there = (known, tmp_path / "d.csv"), (pd.Index(["s", "t"]), tmp_path / "s.csv")
    (text, _), (binary, _) = (
        read_pairs(tmp_path / f"t.{end}", here, there) for end in ("csv", "parquet")
    )
    assert binary.demand_at.tolist() == text.demand_at.tolist()
    assert binary.supply_at.tolist() == text.supply_at.tolist()
    assert binary.minutes.tolist() == text.minutes.tolist()
    table.assign(minutes=[1.0, -2.0, 3.0]).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(InputError) as refused:
        read_pairs(tmp_path / "t.parquet", here, there)
    assert (refused.value.code, refused.value.where.row) == ("cell_negative", 2)
