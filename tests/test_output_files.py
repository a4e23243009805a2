"""Every command with `-o` writes its result into the file that it was given, and says so when it cannot."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import typer
from typer.main import get_command

from rpe_geo.cli import build_app, run
from rpe_geo.synthetic.places import demonstration_folder
from tests.pages.observatory_files import write_folder

DEMAND = "id,children\nz1,10\nz2,5\n"
SUPPLY = "id,places\ns1,8\n"
TIMES = "origin_id,destination_id,minutes\nz1,s1,4\nz2,s1,12\n"
POINTS = "id,longitude,latitude\na,{0},{1}\nb,{2},{3}\n"
WHO = {
    "childminder_id": "AM-1",
    "longitude": 0.0,
    "latitude": 0.0,
    "agrement": {"places": 4},
    "working_hours": "Mo-Fr 07:00-19:00",
    "contracts": [],
}
"""Placed by the test beside the streets."""


def _commands(command: typer.core.TyperGroup, path: tuple[str, ...] = ()) -> Iterator[tuple]:
    for name, one in command.commands.items():
        if hasattr(one, "commands"):
            yield from _commands(one, (*path, name))
        else:
            yield " ".join((*path, name)), one


WRITING = sorted(
    name
    for name, command in _commands(get_command(build_app()))
    if any("-o" in option.opts for option in command.params)
)
ARGUMENTS = {
    "access": ("demand.csv", "supply.csv", "times.csv", "-o", "out.csv"),
    "assign": (
        "need.json",
        "--childminders",
        "who.json",
        "--territory",
        "T",
        "--database",
        "DATABASE",
        "-o",
        "out.json",
    ),
    "check": ("who.json", "need.json", "-o", "out.json"),
    "geocode": ("addresses.csv", "--territory", "T", "-o", "out.csv"),
    "isolation": ("pros.csv", "sites.csv", "site_times.csv", "pro_times.csv", "-o", "out.json"),
    "isochrone": ("--at", "AT", "--territory", "T", "--mode", "walk", "-o", "out.geojson"),
    "matrix": ("points.csv", "points.csv", "--territory", "T", "--mode", "walk", "-o", "out.csv"),
    "observatory export": ("OBSERVATORY", "-o", "out.parquet"),
    "observatory map": ("OBSERVATORY", "-o", "out.svg"),
    "observatory project": ("OBSERVATORY", "--births", "births.csv", "-o", "out.csv"),
    "observatory report": ("OBSERVATORY", "-o", "out.html"),
    "person export": ("AM-1", "--database", "DATABASE", "-o", "out.json"),
    "rounds": (
        *("people.csv", "sites.csv", "site_times.csv", "--slot", "Tu 09:00-12:00"),
        *("--from", "2027-01-04", "--until", "2027-02-28", "-o", "out.ics"),
    ),
    "scenario": (
        *("scenario.json", "--requests", "need.json", "--territory", "T"),
        *("--database", "DATABASE", "-o", "out.json"),
    ),
    "site": ("demand.csv", "sites.csv", "site_times.csv", "-p", "1", "-o", "out.json"),
    "template": ("--kind", "childminders", "-o", "out.xlsx"),
    "suggest": ("need.json", "--territory", "T", "--database", "DATABASE", "-o", "out.txt"),
}
"""What each command is given; a new command with `-o` adds its line here."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    files = demonstration_folder()
    built = ("--streets", str(files / "streets.osm.pbf"))
    built += ("--addresses", str(files / "addresses.csv.gz"))
    built += (
        "--communes",
        str(files / "communes.parquet"),
        "--cog",
        str(files / "communes-cog.json.gz"),
    )
    assert run(["territory", "build", str(folder / "T"), *built]) == 0
    first = pd.read_csv(files / "addresses.csv.gz", sep=";", nrows=200, dtype=str)
    near, far = first.iloc[0], first.iloc[100]
    lon, lat = near["lon"], near["lat"]
    (folder / "points.csv").write_text(POINTS.format(lon, lat, far["lon"], far["lat"]))
    (folder / "at").write_text(f"{lon},{lat}")
    place = {"longitude": float(lon), "latitude": float(lat)}
    (folder / "who.json").write_text(json.dumps([WHO | place]))
    need = {
        "request_id": "R-1",
        "children": [{"birth_date": "2026-05-01"}],
        "start": "2027-01-04",
        "schedule": "Mo-Fr 08:00-17:30",
        "mode": "walk",
    }
    (folder / "need.json").write_text(json.dumps([need | place]))
    (folder / "demand.csv").write_text(DEMAND)
    (folder / "supply.csv").write_text(SUPPLY)
    (folder / "pros.csv").write_text("id,commune\nz1,34001\nz2,34001\n")
    (folder / "pro_times.csv").write_text("origin_id,destination_id,minutes\nz1,z2,9\nz2,z1,9\n")
    (folder / "people.csv").write_text("id,people\nz1,10\nz2,5\n")
    (folder / "sites.csv").write_text("id\ns1\ns2\n")
    (folder / "site_times.csv").write_text(TIMES + "z1,s2,9\nz2,s2,2\n")
    scenario = {"title": "Une fermeture", "changes": [{"close": ["AM-1"]}]}
    (folder / "scenario.json").write_text(json.dumps(scenario))
    (folder / "times.csv").write_text(TIMES)
    years = ";".join(f"NAISD{year}" for year in range(16, 26))
    (folder / "births.csv").write_text(
        f"CODGEO;{years}\n34001{';12' * 10}\n34002{';40' * 10}\n30009{';7' * 10}\n"
    )
    (folder / "addresses.csv").write_text(
        f"id,adresse\n1,{near['numero']} {near['nom_voie']} {near['code_postal']} {near['nom_commune']}\n"
    )
    write_folder(folder)
    database = ("--database", f"sqlite:///{folder / 'registre.sqlite'}")
    assert run(["import", str(folder / "who.json"), "--kind", "childminders", *database]) == 0
    return folder


def _arguments(folder: Path, name: str, output: Path) -> list[str]:
    written = {
        "AT": (folder / "at").read_text(),
        "DATABASE": f"sqlite:///{folder / 'registre.sqlite'}",
        "T": str(folder / "T"),
        "OBSERVATORY": str(folder / "communes-2020"),
    }
    given = []
    for word in ARGUMENTS[name]:
        if word.startswith("out."):
            word = str(output / word)  # noqa: PLW2901 - the same word, in its folder
        elif (folder / word).is_file():
            word = str(folder / word)  # noqa: PLW2901
        given.append(written.get(word, word))
    return [*name.split(), *given]


def test_every_command_that_writes_a_file_is_tried_here() -> None:
    assert set(WRITING) == set(ARGUMENTS)


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_the_file_holds_the_result(name: str, folder: Path, tmp_path: Path, capsys) -> None:
    assert run(_arguments(folder, name, tmp_path)) == 0, capsys.readouterr().err
    # The export of a person has a page to read beside it.
    written = tmp_path / next(word for word in ARGUMENTS[name] if word.startswith("out."))
    assert written.stat().st_size > 20
    content = written.read_bytes().decode("utf-8", errors="ignore")
    if name == "suggest":
        assert "AM-1" in content
        assert "\x1b" not in content
    if name == "check":
        assert json.loads(content)[0]["feasible"]


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_a_missing_folder_is_told_or_made(name: str, folder: Path, tmp_path: Path, capsys) -> None:
    code = run(_arguments(folder, name, tmp_path / "absent"))
    if code == 0:
        assert all(one.stat().st_size > 20 for one in (tmp_path / "absent").iterdir())
    else:
        assert code == 2
        assert "absent" in capsys.readouterr().err
        assert not (tmp_path / "absent").exists()
