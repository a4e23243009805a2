"""Bad input on the command line: exit 2, one line that says where and what to do, nothing written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from rpe_geo.cli import build_app, run
from rpe_geo.cli.outline import COMMANDS
from rpe_geo.domain import Agrement, Childminder
from rpe_geo.formats.records import json_of, write_childminders
from rpe_geo.schedule import Timetable
from rpe_geo.storage.repository import open_repository

REQUEST = {
    "request_id": "R-1",
    "longitude": 3.87,
    "latitude": 43.61,
    "children": [{"birth_date": "2026-05-01"}],
    "start": "2027-01-04",
    "schedule": "Mo-Fr 08:00-17:30",
}
CHILDMINDER = json_of(
    Childminder(
        "AM-1",
        Agrement(3),
        longitude=3.87,
        latitude=43.61,
        working_hours=Timetable.parse("Mo-Fr 07:00-19:00"),
        contracts=(),
    )
)


def _refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str], *expected: str, code: int = 2
) -> None:
    assert run(arguments) == code
    error = capsys.readouterr().err.strip()
    assert len(error.splitlines()) == 1, error
    for words in expected:
        assert words in error


def _write(path: Path, content: object) -> str:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(path)


def _check(
    tmp_path: Path, childminder: object = CHILDMINDER, request: object = REQUEST
) -> list[str]:
    minders = _write(tmp_path / "cm.json", [childminder])
    return ["check", minders, _write(tmp_path / "r.json", [request]), "--on", "2026-11-22"]


def test_a_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = _check(tmp_path)
    arguments[1] = str(tmp_path / "absent.json")
    _refused(arguments, capsys, "absent.json", "n’existe pas")


def test_broken_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = _check(tmp_path)
    arguments[2] = _write(tmp_path / "broken.json", '[{"request_id": "R-1",')
    _refused(arguments, capsys, "broken.json")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"schedule": "Mo 25:00"}, "schedule"),
        ({"schedule": ["Mo 08:00-09:00"] * 53}, "schedule"),
        ({"start": "2027-02-30"}, "start"),
        ({"end": "2026-01-01"}, "end"),
        ({"children": []}, "children"),
        ({"mode": "horse"}, "mode"),
        ({"latitude": 3.87, "longitude": 43.61}, "l"),
    ],
)
def test_a_faulty_request_names_row_and_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, object], field: str
) -> None:
    arguments = _check(tmp_path, request=REQUEST | change)
    _refused(arguments, capsys, "r.json", "ligne 1", field)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"agrement": {"places": 0}}, "agrement.places"),
        ({"agrement": {"places": 2, "places_offered": 3}}, "places_offered"),
        ({"agrement": {}}, "agrement"),
        ({"working_hours": "SH 08:00-10:00"}, "working_hours"),
        ({"childminder_id": ""}, "childminder_id"),
    ],
)
def test_a_faulty_childminder_names_row_and_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, object], field: str
) -> None:
    arguments = _check(tmp_path, childminder=CHILDMINDER | change)
    _refused(arguments, capsys, "cm.json", "ligne 1", field)


def test_nothing_is_imported_when_one_row_is_bad(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = f"sqlite:///{tmp_path / 'r.sqlite'}"
    rows = [CHILDMINDER, CHILDMINDER | {"childminder_id": "AM-2", "agrement": {"places": 0}}]
    source = _write(tmp_path / "cm.json", rows)
    assert run(["import", source, "--kind", "childminders", "--database", database]) == 2
    shown = capsys.readouterr()
    assert "AM-1" in shown.out
    assert "AM-2" in shown.out
    assert len(shown.err.strip().splitlines()) == 1
    assert not (tmp_path / "r.sqlite").exists()
    exported = str(tmp_path / "out.json")
    arguments = ["registry", "export", exported, "--kind", "childminders", "--database", database]
    _refused(arguments, capsys, "aucun registre", "r.sqlite")
    assert not (tmp_path / "out.json").exists()


def test_an_import_leaves_what_it_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = f"sqlite:///{tmp_path / 'r.sqlite'}"
    source = _write(tmp_path / "cm.json", [CHILDMINDER])
    assert run(["import", source, "--kind", "childminders", "--database", database]) == 0
    exported = tmp_path / "out.json"
    arguments = ["registry", "export", str(exported), "--kind", "childminders"]
    assert run([*arguments, "--database", database]) == 0
    assert json.loads(exported.read_text(encoding="utf-8")) == [CHILDMINDER]
    capsys.readouterr()


def test_a_territory_that_is_not_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _refused(["territory", "info", str(tmp_path)], capsys, "territory build")


def test_a_territory_is_built_whole_or_not_at_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    streets = _write(tmp_path / "streets.osm.pbf", "not a pbf at all")
    target = tmp_path / "T"
    _refused(["territory", "build", str(target), "--streets", streets], capsys, "streets.osm.pbf")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["streets.osm.pbf"]
    _refused(["territory", "build", str(target)], capsys, "--streets")
    empty = _write(tmp_path / "empty.csv.gz", "")
    _refused(["territory", "build", str(target), "--addresses", empty], capsys, "vide")
    (tmp_path / "photos").mkdir()
    _write(tmp_path / "photos" / "a.txt", "x")
    _refused(
        ["territory", "build", str(tmp_path / "photos"), "--streets", streets],
        capsys,
        "autre dossier",
    )
    assert (tmp_path / "photos" / "a.txt").exists()


@pytest.mark.real
def test_an_unknown_commune(
    real_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    communes = str(real_data / "france" / "communes.parquet")
    arguments = ["territory", "build", str(tmp_path / "T"), "--communes", communes]
    _refused([*arguments, "--code", "35999"], capsys, "communes.parquet", "35999")
    assert list(tmp_path.iterdir()) == []


def test_a_request_without_territory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = _write(tmp_path / "r.json", REQUEST)
    database = f"sqlite:///{tmp_path / 'r.sqlite'}"
    _refused(["suggest", source, "--database", database], capsys, "aucun registre")
    open_repository(database).close()
    _refused(["suggest", source, "--database", database], capsys, "--territory")


def test_a_folder_that_does_not_exist_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = _check(tmp_path)
    _refused([*arguments, "-o", str(tmp_path / "no" / "out.json")], capsys, "n’existe pas")


def test_every_command_has_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    app = build_app()
    names = [command.name or command.callback.__name__ for command in app.registered_commands]
    assert {"demo", "serve", "geocode", "matrix", "isochrone", "import", "check", "suggest"} <= {
        *names,
    }
    for name in names:
        assert run([name, "--help"]) == 0
        assert "--help" in capsys.readouterr().out


def test_the_help_of_the_whole_is_that_of_the_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--help"]) == 0
    outlined = capsys.readouterr().out
    with monkeypatch.context() as patch:
        patch.setattr("rpe_geo.cli._outline", build_app)
        assert run(["--help"]) == 0
    assert capsys.readouterr().out == outlined
    commands = get_command(build_app()).commands
    assert {name: command.help for name, command in commands.items()} == {
        name: command.summary for name, command in COMMANDS.items()
    }


def test_a_command_behind_two_dashes_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--", "parameters", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)


def test_a_name_that_is_no_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["chek"]) == 2
    assert "chek" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "left_out"),
    [
        (("--help",), ("numpy", "pydantic_settings", "rpe_geo.relais", "rpe_geo.domain")),
        (("check", "--help"), ("pandas", "pyproj", "shapely", "sqlalchemy", "rapidfuzz")),
    ],
)
def test_a_command_does_not_wait_for_what_it_does_not_use(
    arguments: tuple[str, ...], left_out: tuple[str, ...]
) -> None:
    code = (
        "import sys; from rpe_geo.cli import run; run(sys.argv[2:]);"
        "sys.exit(','.join(set(sys.argv[1].split(',')) & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, ",".join(left_out), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.strip() == ""


def test_check_answers_every_pair_in_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    minders = tmp_path / "cm.json"
    place = {"longitude": 3.87, "latitude": 43.61}
    write_childminders(
        [Childminder(name, Agrement(4), contracts=(), **place) for name in ("B", "A")], minders
    )
    requests = _write(tmp_path / "r.json", [REQUEST | {"request_id": n} for n in ("R2", "R1")])
    assert run(["check", str(minders), requests, "--on", "2026-11-22"]) == 0
    verdicts = json.loads(capsys.readouterr().out)
    pairs = [(verdict["request_id"], verdict["childminder_id"]) for verdict in verdicts]
    assert pairs == [("R2", "B"), ("R2", "A"), ("R1", "B"), ("R1", "A")]
