"""The commands matrix and isochrone, and what they say of bad input."""

import json
import sys

import pandas as pd
import pytest

from rpe_geo import cli
from rpe_geo.travel.streets.network import build_streets
from rpe_geo.travel.transit.search import build_transit

from .conftest import PER_METRE, grid_town, write_pbf
from .test_transit import write_feed


@pytest.fixture(scope="module")
def territory(tmp_path_factory):
    folder = tmp_path_factory.mktemp("territory")
    nodes, ways = grid_town(6, 400)
    build_streets(write_pbf(folder / "a.osm.pbf", nodes, ways), folder / "streets")
    build_transit(write_feed(folder / "feed.zip"), folder / "transit")
    return folder


@pytest.fixture
def run(territory, tmp_path, monkeypatch, capsys):
    """Run a command; the exit code and the lines on stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RPE_TERRITORY", str(territory))

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["rpe-geo", *map(str, arguments)])
        try:
            cli.main()
            code = 0
        except SystemExit as stopped:
            code = stopped.code or 0
        return code, capsys.readouterr().err.strip().splitlines()

    return command


def write_points(path, *rows, header="id,longitude,latitude"):
    lines = [f"{name},{x * PER_METRE:.7f},{y * PER_METRE:.7f}" for name, x, y in rows]
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def test_a_matrix_in_csv_and_parquet(run, tmp_path):
    origins = write_points(tmp_path / "o.csv", ("h1", 0, 0), ("h2", 2000, 2000))
    goals = write_points(tmp_path / "d.csv", ("c1", 0, 0), ("c2", 500, 0))
    for name in ("m.csv", "m.parquet"):
        code, said = run(
            "matrix", origins, goals, "-o", tmp_path / name, "--mode", "walk", "--cutoff", 20
        )
        assert (code, said) == (0, [])
    table = pd.read_csv(tmp_path / "m.csv")
    assert table.columns.tolist() == ["origin_id", "destination_id", "minutes"]
    assert table.to_dict("records") == [
        {"origin_id": "h1", "destination_id": "c1", "minutes": 0.0},
        {"origin_id": "h1", "destination_id": "c2", "minutes": pytest.approx(6, abs=0.01)},
    ]
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "m.parquet"), table, check_dtype=False)


def test_a_window_of_departures_and_an_arrival(run, tmp_path):
    homes = write_points(tmp_path / "h.csv", ("h1", 0, 0))
    minders = write_points(tmp_path / "c.csv", ("c1", 2000, 0))

    def ask(*options):
        table = tmp_path / "m.csv"
        code, _ = run("matrix", homes, minders, "-o", table, "--mode", "transit", *options)
        assert code == 0
        return pd.read_csv(table).to_dict("records")

    (told,) = ask("--depart", "2026-12-01T07:30", "--window", 30, "--cutoff", 60)
    # Leaving at 7:30 takes 5 minutes, then 24 on foot until the next bus is worth it, at 7:59 6.
    assert told == {
        "origin_id": "h1",
        "destination_id": "c1",
        "minutes": pytest.approx(19, abs=0.01),
        "p90_minutes": pytest.approx(24, abs=0.01),
        "transfers": 0,
    }
    (told,) = ask("--arrive", "2026-12-01T08:06", "--cutoff", 60)
    assert told["minutes"] == pytest.approx(6, abs=0.01)  # the bus of 8:00
    (told,) = ask("--arrive", "2026-12-01T08:30", "--cutoff", 60)
    assert told["minutes"] == pytest.approx(24, abs=0.01)  # on foot, later


def test_an_isochrone(run, tmp_path):
    code, _ = run(
        "isochrone",
        "--at",
        "0.005,0.005",
        "--mode",
        "walk",
        "--minutes",
        "10,5",
        "-o",
        tmp_path / "i.geojson",
    )
    assert code == 0
    features = json.loads((tmp_path / "i.geojson").read_text(encoding="utf-8"))["features"]
    assert [feature["properties"]["minutes"] for feature in features] == [5, 10]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"--cutoff": 0}, "1 à 720"),
        ({"--cutoff": 10_000}, "1 à 720"),
        ({"--mode": "horse"}, "« horse »"),
        ({"--territory": "nowhere"}, "nowhere"),
        ({"-o": "m.txt"}, ".csv ou .parquet"),
        ({"--depart": "demain"}, "« demain »"),
        ({"--mode": "transit", "--depart": "2027-02-01T08:00"}, "du 2 novembre 2026 au 31"),
        ({"--profile": "skates"}, "« skates »"),
        ({"--window": 60}, "--mode transit"),
        ({"--mode": "transit", "--window": 0}, "1 à 720"),
        (
            {"--mode": "transit", "--depart": "2026-12-01T08:00", "--arrive": "2026-12-01T08:30"},
            "pas les deux",
        ),
        ({"--mode": "transit", "--arrive": "2027-02-01T08:00"}, "du 2 novembre 2026 au 31"),
    ],
)
def test_a_bad_option_is_one_line_and_exit_2(run, tmp_path, change, words):
    points = write_points(tmp_path / "p.csv", ("a", 0, 0))
    options = {"-o": "m.csv", "--mode": "walk"} | change
    code, said = run("matrix", points, points, *[part for pair in options.items() for part in pair])
    assert code == 2
    assert len(said) == 1
    assert words in said[0].replace("\u00a0", " ")
    assert not (tmp_path / "m.csv").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "id,longitude,latitude\na,43.6,3.87\n",
            ["ligne 1", "latitude 3,87, longitude 43,6", "inversées"],
        ),
        ("id,longitude,latitude\na,0,0\na,0,0\n", ["ligne 2", "champ id", "deux fois"]),
        ("id,longitude,latitude\na,0,x\n", ["ligne 1", "champ latitude", "lisibles"]),
        ("id,longitude,latitude\n,0,0\n", ["ligne 1", "champ id", "vide"]),
        ("id,lon,latitude\na,0,0\n", ["champ longitude", "manque"]),
        ("id,longitude,latitude\n", ["aucun point"]),
        ("", ["vide"]),
        ("id,longitude,latitude\na,0,95\n", ["Terre"]),
    ],
)
def test_a_bad_file_is_named_with_row_and_field(run, tmp_path, text, words):
    bad = tmp_path / "bad.csv"
    bad.write_text(text, encoding="utf-8")
    good = write_points(tmp_path / "p.csv", ("a", 0, 0))
    code, said = run("matrix", bad, good, "-o", "m.csv", "--mode", "car")
    assert code == 2
    assert len(said) == 1
    assert "bad.csv" in said[0]
    assert all(word in said[0] for word in words), said[0]
    assert not (tmp_path / "m.csv").exists()


def test_missing_files_and_points(run, tmp_path):
    good = write_points(tmp_path / "p.csv", ("a", 0, 0))
    assert run("matrix", "none.csv", good, "-o", "m.csv", "--mode", "car")[0] == 2
    assert run("isochrone", "--at", "here", "--mode", "car", "-o", "i.geojson")[0] == 2
    assert (
        run("isochrone", "--at", "0,0", "--minutes", "a", "--mode", "car", "-o", "i.geojson")[0]
        == 2
    )
    assert run("isochrone", "--at", "48.8,2.3", "--mode", "car", "-o", "i.geojson")[0] == 2


def test_a_far_point_is_left_out_by_name_and_the_others_are_answered(run, tmp_path):
    near = [(f"h{number}", number, 0) for number in range(20)]
    homes = write_points(tmp_path / "h.csv", *near, ("loin", 0, 3400), ("ailleurs", 900_000, 0))
    minders = write_points(tmp_path / "c.csv", ("c1", 400, 0), ("loin2", 5000, 1000))
    for mode in ("walk", "pushchair", "bike", "car", "transit"):
        code, said = run("matrix", homes, minders, "-o", tmp_path / "m.csv", "--mode", mode)
        assert code == 0
        table = pd.read_csv(tmp_path / "m.csv")
        assert table["origin_id"].tolist() == [name for name, *_ in near]
        left = pd.read_csv(tmp_path / "m.left-out.csv")
        assert left.columns.tolist() == ["id", "reason", "distance_m"]
        assert left["id"].tolist() == ["ailleurs", "loin2", "loin"]
        assert left["distance_m"].tolist()[1:] == [3000, 1400]
        assert len(said) == 1
        assert "3 points" in said[0].replace("\u00a0", " ")
        assert "loin (1,4 km)" in said[0].replace("\u00a0", " ")


def test_strict_refuses_and_names_every_far_point(run, tmp_path):
    homes = write_points(tmp_path / "h.csv", ("h", 0, 0), ("l1", 0, 4000), ("l2", 0, 5000))
    output = tmp_path / "m.csv"
    code, said = run("matrix", homes, homes, "-o", output, "--mode", "walk", "--strict")
    assert code == 2
    assert not output.exists()
    assert all(any(name in line for line in said) for name in ("« l1 »", "« l2 »"))


def test_a_list_of_an_earlier_run_does_not_stay(run, tmp_path):
    far = write_points(tmp_path / "h.csv", ("h", 0, 0), ("l1", 0, 4000))
    near = write_points(tmp_path / "n.csv", ("h", 0, 0))
    run("matrix", far, far, "-o", tmp_path / "m.csv", "--mode", "walk")
    assert (tmp_path / "m.left-out.csv").exists()
    code, said = run("matrix", near, near, "-o", tmp_path / "m.csv", "--mode", "walk")
    assert (code, said) == (0, [])
    assert not (tmp_path / "m.left-out.csv").exists()


def test_only_far_points_leave_an_empty_table(run, tmp_path):
    far = write_points(tmp_path / "h.csv", ("l1", 0, 4000))
    code, said = run("matrix", far, far, "-o", tmp_path / "m.parquet", "--mode", "car")
    assert code == 0
    assert len(said) == 1
    table = pd.read_parquet(tmp_path / "m.parquet")
    assert table.columns.tolist() == ["origin_id", "destination_id", "minutes"]
    assert table.empty


def test_every_fault_of_both_files_is_told_at_once(run, tmp_path):
    homes, minders = tmp_path / "h.csv", tmp_path / "c.csv"
    homes.write_text("id,longitude,latitude\na,0,0\na,0,0\n,0,0\nb,x,0\n", encoding="utf-8")
    minders.write_text("id,longitude,latitude\nc,43.6,3.87\n", encoding="utf-8")
    code, said = run("matrix", homes, minders, "-o", tmp_path / "m.csv", "--mode", "walk")
    assert code == 2
    assert len(said) == 4
    assert [line.split(" :")[0] for line in said] == [
        f"{homes}, ligne 2, champ id",
        f"{homes}, ligne 3, champ id",
        f"{homes}, ligne 4, champ longitude",
        f"{minders}, ligne 1, champ latitude",
    ]


def test_the_profile_is_an_alias_of_the_mode(run, tmp_path):
    points = write_points(tmp_path / "p.csv", ("a", 0, 0), ("b", 1000, 0))
    for name, options in (("one", ("pushchair",)), ("two", ("walk", "--profile", "pushchair"))):
        run("matrix", points, points, "-o", tmp_path / f"{name}.csv", "--mode", *options)
    assert (tmp_path / "one.csv").read_text() == (tmp_path / "two.csv").read_text()
    run("matrix", points, points, "-o", tmp_path / "walk.csv", "--mode", "walk")
    assert (tmp_path / "one.csv").read_text() != (tmp_path / "walk.csv").read_text()
