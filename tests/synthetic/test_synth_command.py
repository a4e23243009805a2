"""`rpe-geo synth`: on a territory with addresses, with streets only, and with bad orders."""

from __future__ import annotations

from pathlib import Path

import pytest

from rpe_geo.cli import run
from rpe_geo.formats.records import read_childminders, read_facilities, read_requests
from rpe_geo.synthetic.places import demonstration_folder, places_of_territory
from rpe_geo.territory import TerritoryInputs, build_territory

ON = ("--on", "2026-11-22")


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RPE_TERRITORY", raising=False)
    monkeypatch.chdir(tmp_path)


def test_on_the_demonstration_by_default(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    orders = ["synth", "R", "--childminders", "30", "--requests", "10", *ON]
    assert run(orders) == 0
    first = {path.name: path.read_bytes() for path in (tmp_path / "R").iterdir()}
    assert set(first) == {"childminders.json", "mams.json", "facilities.json", "requests.json"}
    assert "childminders.json" in capsys.readouterr().out
    assert run(orders) == 0
    assert first == {path.name: path.read_bytes() for path in (tmp_path / "R").iterdir()}


def test_on_a_territory_with_addresses_and_facilities(tmp_path: Path) -> None:
    files = demonstration_folder()
    inputs = TerritoryInputs(
        addresses=(files / "addresses.csv.gz",), facilities=files / "facilities.geojson"
    )
    build_territory(tmp_path / "T", inputs)
    orders = ["synth", "R", "--childminders", "20", "--requests", "6", "--territory", "T", *ON]
    assert run(orders) == 0
    facilities = read_facilities(tmp_path / "R" / "facilities.json")
    assert "Crèche La Farandole" in {facility.name for facility in facilities}
    for childminder in read_childminders(tmp_path / "R" / "childminders.json"):
        assert " 96" in childminder.address


def test_on_streets_alone_people_have_coordinates(tmp_path: Path) -> None:
    streets = demonstration_folder() / "streets.osm.pbf"
    build_territory(tmp_path / "T", TerritoryInputs(streets=streets))
    points = places_of_territory(tmp_path / "T", seed=2)
    assert points == places_of_territory(tmp_path / "T", seed=2)
    assert len(points) > 5_000
    orders = ["synth", "R", "--childminders", "20", "--requests", "6", "--territory", "T", *ON]
    assert run(orders) == 0
    for request in read_requests(tmp_path / "R" / "requests.json"):
        assert request.longitude is not None
        assert 1.5 < request.longitude < 1.9
        assert request.address == ""


@pytest.mark.parametrize(
    ("orders", "words"),
    [
        (["--requests", "3"], "--childminders"),
        (["--childminders", "-3", "--requests", "3"], "-3"),
        (["--childminders", "3", "--requests", "3", "--on", "2026-02-30"], "2026-02-30"),
        (["--childminders", "3", "--requests", "3", "--territory", "absent"], "absent"),
    ],
)
def test_bad_orders_write_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], orders: list[str], words: str
) -> None:
    assert run(["synth", "R", *orders]) == 2
    error = capsys.readouterr().err.strip()
    assert len(error.splitlines()) == 1
    assert words in error
    assert not (tmp_path / "R").exists()


@pytest.mark.parametrize("order", [["--childminders", "2", "--requests", "1"], ["--demonstration"]])
def test_a_file_in_the_place_of_the_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], order: list[str]
) -> None:
    (tmp_path / "R").write_text("mine", encoding="utf-8")
    assert run(["synth", "R", *order]) == 2
    assert "« R »" in capsys.readouterr().err
    assert (tmp_path / "R").read_text(encoding="utf-8") == "mine"
