"""One family, or one professional, far from every street does not stop the others."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from rpe_geo.cli import run
from rpe_geo.territory import TerritoryInputs, build_territory

from .conftest import PER_METRE, grid_town, write_pbf


@pytest.fixture(scope="module")
def territory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("far")
    nodes, ways = grid_town(6, 400)
    extract = write_pbf(folder / "town.osm.pbf", nodes, ways)
    build_territory(folder / "T", TerritoryInputs(streets=extract))
    return folder / "T"


def _childminder(name: str, x: float, y: float) -> dict[str, object]:
    return {
        "childminder_id": name,
        "longitude": x * PER_METRE,
        "latitude": y * PER_METRE,
        "agrement": {"places": 3, "valid_from": "2023-01-01", "valid_until": "2030-01-01"},
        "working_hours": "Mo-Fr 07:00-19:00",
        "contracts": [],
    }


def _request(name: str, x: float, y: float) -> dict[str, object]:
    return {
        "request_id": name,
        "longitude": x * PER_METRE,
        "latitude": y * PER_METRE,
        "mode": "pushchair",
        "max_minutes": 30,
        "start": "2027-01-04",
        "schedule": "Mo-Fr 08:00-17:00",
        "children": [{"birth_date": "2026-03-01"}],
    }


@pytest.fixture
def desk(territory: Path, tmp_path: Path):
    """Run a command on a registry of its own; code, stdout, stderr lines."""
    database = f"sqlite:///{tmp_path / 'r.sqlite'}"

    def command(capsys: pytest.CaptureFixture[str], name: str, *rest: object):
        code = run([name, *map(str, rest), "--database", database, "--territory", str(territory)])
        said = capsys.readouterr()
        return code, said.out, said.err.replace("\u00a0", " ").strip().splitlines()

    return command


def test_an_import_stores_a_far_record_and_names_it(desk, tmp_path, capsys):
    records = tmp_path / "am.json"
    records.write_text(
        json.dumps([_childminder("AM-1", 0, 0), _childminder("AM-2", 0, 900_000)]), "utf-8"
    )
    code, _, said = desk(capsys, "import", records, "--kind", "childminders", "--strict")
    assert code == 2
    assert "898 km" in said[-1]
    code, out, said = desk(capsys, "import", records, "--kind", "childminders")
    assert code == 0
    assert "à 898 km de toute rue" in out.replace("\u00a0", " ")
    assert said[-1] == "1 lieu hors des rues du territoire : AM-2 (898 km)."


def test_a_far_family_is_left_out_and_the_others_answered(desk, tmp_path, capsys):
    records, needs = tmp_path / "am.json", tmp_path / "q.json"
    records.write_text(
        json.dumps([_childminder("AM-1", 0, 0), _childminder("AM-2", 0, 900_000)]), "utf-8"
    )
    assert desk(capsys, "import", records, "--kind", "childminders")[0] == 0
    needs.write_text(
        json.dumps([_request("Q-1", 800, 0), _request("Q-loin", 0, 3400), _request("Q-2", 0, 400)]),
        "utf-8",
    )
    answers = tmp_path / "answers.json"
    asked = ("suggest", needs, "--format", "json", "-o", answers, "--on", "2026-12-01")
    code, _, said = desk(capsys, *asked)
    assert code == 0
    given = json.loads(answers.read_text("utf-8"))
    assert [answer["request_id"] for answer in given] == ["Q-1", "Q-2"]
    assert [one["childminder_id"] for one in given[0]["suggestions"]] == ["AM-1"]
    left = pd.read_csv(tmp_path / "answers.left-out.csv")
    assert left[["id", "distance_m"]].to_numpy().tolist() == [["Q-loin", 1400]]
    assert any("AM-2 (898 km)" in line for line in said)
    assert any("Q-loin (1,4 km)" in line for line in said)
    assert desk(capsys, *asked, "--strict")[0] == 2


def test_a_far_family_alone_is_refused(desk, tmp_path, capsys):
    records, needs = tmp_path / "am.json", tmp_path / "q.json"
    records.write_text(json.dumps([_childminder("AM-1", 0, 0)]), "utf-8")
    assert desk(capsys, "import", records, "--kind", "childminders")[0] == 0
    needs.write_text(json.dumps([_request("Q-loin", 0, 3400)]), "utf-8")
    code, _, said = desk(capsys, "suggest", needs)
    assert code == 2
    assert len(said) == 1
    assert "1,4 km" in said[0]
