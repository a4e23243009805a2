"""Damaged files: whatever was cut, flipped or mixed up, the answer is one French line that names the file."""

from __future__ import annotations

import gzip
import io
import random
import zipfile
from datetime import date
from pathlib import Path

import pytest

from rpe_geo.cli import run
from rpe_geo.errors import RpeGeoError
from rpe_geo.formats.records import examine, write_records
from rpe_geo.messages import explain
from rpe_geo.synthetic.places import demonstration_places
from rpe_geo.synthetic.registry import make_registry
from rpe_geo.territory import Territory, TerritoryInputs, build_territory

DEMONSTRATION = Path("data/communes/demonstration")
COMMUNES = DEMONSTRATION / "communes.parquet"
READERS = {
    "communes.parquet": lambda file: TerritoryInputs(communes=file),
    "contours.parquet": lambda file: TerritoryInputs(communes=COMMUNES, contours=file),
    "gtfs.zip": lambda file: TerritoryInputs(communes=COMMUNES, gtfs=file),
    "facilities.geojson": lambda file: TerritoryInputs(communes=COMMUNES, facilities=file),
}


def damaged(content: bytes, name: str, draw: random.Random) -> bytes:
    """Damage a file, or what is packed in it."""
    if name.endswith(".gz") and draw.random() < 0.5:
        return gzip.compress(damaged(gzip.decompress(content), "", draw), 1)
    if name.endswith((".zip", ".xlsx")) and draw.random() < 0.5:
        packed = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(packed, "w") as after:
            victim = draw.choice(before.namelist())
            for member in before.namelist():
                inner = before.read(member)
                after.writestr(member, damaged(inner, "", draw) if member == victim else inner)
        return packed.getvalue()
    if not content:
        return b"x"
    changed, at = bytearray(content), draw.randrange(len(content))
    way = draw.randrange(5)
    if way == 0:
        return content[:at]
    if way == 1:
        for _ in range(draw.choice((1, 5, 50))):
            changed[draw.randrange(len(changed))] = draw.randrange(256)
    elif way == 2:
        del changed[at : at + draw.randrange(1, 300)]
    elif way == 3:
        changed[at : at + 500] = bytes(min(500, len(changed) - at))
    else:
        changed[at:at] = draw.randbytes(40)
    return bytes(changed)


def _refusal(act) -> str | None:
    """What is said when a file is refused; None when it was read. Any other exception fails the test."""
    try:
        act()
    except RpeGeoError as error:
        return explain(error)
    return None


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("seed", range(12))
def test_open_data(tmp_path, name, seed):
    draw = random.Random(f"{name}{seed}")
    file = tmp_path / name
    file.write_bytes(damaged((DEMONSTRATION / name).read_bytes(), name, draw))
    said = _refusal(lambda: build_territory(tmp_path / "T", READERS[name](file)))
    assert said is None or (len(said.splitlines()) == 1 and not (tmp_path / "T").exists())
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".T")] == []


@pytest.fixture(scope="module")
def registry():
    places = demonstration_places()
    return make_registry(places, childminders=20, requests=8, seed=3, on=date(2026, 11, 30))


@pytest.mark.parametrize("kind", ["childminders", "requests"])
@pytest.mark.parametrize("ending", ["json", "csv", "xlsx"])
@pytest.mark.parametrize("seed", range(12))
def test_records(tmp_path, registry, kind, ending, seed):
    draw = random.Random(f"{kind}{ending}{seed}")
    file = tmp_path / f"{kind}.{ending}"
    write_records(kind, getattr(registry, kind)[:8], file)
    file.write_bytes(damaged(file.read_bytes(), file.name, draw))
    said = _refusal(lambda: examine(file, kind))
    assert said is None or len(said.splitlines()) == 1
    if said is None:
        faults = examine(file, kind).faults
        assert [fault for fault in faults if len(explain(fault).splitlines()) != 1] == []


def test_a_damaged_territory_is_named(tmp_path, capsys, monkeypatch):
    build_territory(
        tmp_path / "T",
        TerritoryInputs(communes=COMMUNES, addresses=(DEMONSTRATION / "addresses.csv.gz",)),
    )
    for file in Territory.open(tmp_path / "T").addresses.rglob("*"):
        if file.is_file():
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 3])
    asked = tmp_path / "a.csv"
    asked.write_text("adresse\n1 rue du Lavoir\n", encoding="utf-8")
    arguments = ["geocode", str(asked), "-o", str(tmp_path / "o.csv")]
    assert run([*arguments, "--territory", str(tmp_path / "T")]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_what_nobody_foresaw_is_one_line_without_content(capsys, monkeypatch):
    def fail(*_):
        raise KeyError("12 rue Secrète")

    monkeypatch.setattr("rpe_geo.cli.build_app", fail)
    assert run(["suggest"]) == 1
    said = capsys.readouterr().err
    assert len(said.strip().splitlines()) == 1
    assert "Secrète" not in said


def test_a_full_disk_is_said(capsys, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device", "home.csv")

    monkeypatch.setattr("rpe_geo.cli.build_app", fail)
    assert run(["suggest"]) == 3
    assert "plein" in capsys.readouterr().err
