from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from rpe_geo.errors import InvalidFile
from rpe_geo.geocoding.index import MANIFEST, build_index
from rpe_geo.geocoding.local import LocalGeocoder
from rpe_geo.messages import explain
from rpe_geo.protocols import AddressQuery
from tests.geocoding.conftest import BAN_HEADER

BANO = [
    "010010001H-1,1,Rue Haute,01100,Valmont,C+O,46.10,5.10",
    "010010001H-3,3,Rue Haute,01100,Valmont,C+O,46.10,5.101",
    "010010001H-3B,3BIS,Rue Haute,01100,Valmont,CAD,46.10,5.1011",
    "010090002K-7,7,Rue Basse,01120,Villeneuve,OSM,46.30,5.50",
]


@pytest.fixture
def bano_file(tmp_path: Path) -> Path:
    path = tmp_path / "bano-01.csv"
    path.write_text("\n".join(BANO), encoding="utf-8")
    return path


def found(directory: Path, text: str) -> tuple[str, str, str]:
    geocoder = LocalGeocoder(directory)
    answer = geocoder.geocode([AddressQuery(text)])[0]
    geocoder.close()
    return answer.status, answer.label, answer.code_commune


def test_report(ban_file: Path, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int | None]] = []
    report = build_index([ban_file], tmp_path, progress=lambda *step: seen.append(step))
    assert report.communes == 6
    assert report.rejected == {"pseudo_street": 1, "no_coordinates": 1}
    assert report.addresses == sum(source.kept for source in report.sources)
    assert report.sources[0].format == "BAN"
    assert report.sources[0].licence == "Licence Ouverte 2.0"
    assert seen[-1] == ("addresses_indexed", report.streets, report.streets)


def test_bano_is_recognised(bano_file: Path, tmp_path: Path) -> None:
    report = build_index([bano_file], tmp_path / "index")
    assert (report.addresses, report.streets, report.sources[0].format) == (4, 2, "BANO")
    assert found(tmp_path / "index", "3 bis rue haute valmont")[:2] == (
        "ok",
        "3 bis Rue Haute, 01100 Valmont",
    )


def test_old_codes_become_the_present_commune(
    bano_file: Path, cog_file: Path, tmp_path: Path
) -> None:
    build_index([bano_file], tmp_path / "index", cog=cog_file)
    expected = ("ok", "7 Rue Basse, 01120 Beaulieu-en-Bresse", "01003")
    assert found(tmp_path / "index", "7 rue basse 01120 Villeneuve") == expected
    assert found(tmp_path / "index", "7 rue basse Beaulieu en Bresse") == expected


def test_codes_filter(ban_file: Path, tmp_path: Path) -> None:
    assert build_index([ban_file], tmp_path / "a", codes=["01002"]).communes == 1
    assert build_index([ban_file], tmp_path / "b", codes=["01"]).communes == 6
    with pytest.raises(InvalidFile) as raised:
        build_index([ban_file], tmp_path / "c", codes=["99"])
    assert raised.value.code == "addresses_none"


def test_a_failed_build_leaves_the_old_index(
    ban_file: Path, bano_file: Path, tmp_path: Path
) -> None:
    directory = tmp_path / "index"
    build_index([ban_file], directory)
    before = sorted(path.name for path in directory.iterdir())
    broken = tmp_path / "broken.csv.gz"
    broken.write_bytes(ban_file.read_bytes()[:400])
    with pytest.raises(InvalidFile):
        build_index([broken], directory)

    def interrupt(what: str, done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_index([bano_file], directory, progress=interrupt)
    assert sorted(path.name for path in directory.iterdir()) == before
    assert found(directory, "12 rue de la république valmont 01100")[0] == "ok"


def test_a_new_index_replaces_the_old_one(ban_file: Path, bano_file: Path, tmp_path: Path) -> None:
    directory = tmp_path / "index"
    build_index([ban_file], directory)
    build_index([bano_file], directory)
    assert len(list(directory.iterdir())) == 2
    assert found(directory, "3 rue haute 01100 valmont")[0] == "ok"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"a,b,c\n1,2,3\n", "addresses_format"),
        (BAN_HEADER.encode() + b"\n", "addresses_no_row"),
        (b"\x1f\x8b\x08damaged", "addresses_damaged"),
        (gzip.compress(b"x" * 1000, mtime=0)[:-8], "addresses_damaged"),
    ],
)
def test_bad_files(content: bytes, code: str, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidFile) as raised:
        build_index([path], tmp_path / "index")
    assert raised.value.code == code
    assert str(path) in explain(raised.value)


def test_missing_files(tmp_path: Path, ban_file: Path) -> None:
    with pytest.raises(InvalidFile) as raised:
        build_index([tmp_path / "absent.csv"], tmp_path / "index")
    assert raised.value.code == "file_missing"
    wrong = tmp_path / "cog.json"
    wrong.write_text('{"a": 1}', encoding="utf-8")
    with pytest.raises(InvalidFile) as raised:
        build_index([ban_file], tmp_path / "index", cog=wrong)
    assert raised.value.code == "cog_format"


def test_an_absent_or_outdated_index_is_told(tmp_path: Path, index: Path) -> None:
    with pytest.raises(InvalidFile) as raised:
        LocalGeocoder(tmp_path)
    assert raised.value.code == "geocoding_index_missing"
    manifest = json.loads((index / MANIFEST).read_text(encoding="utf-8"))
    (tmp_path / MANIFEST).write_text(json.dumps({**manifest, "format": 0}), encoding="utf-8")
    with pytest.raises(InvalidFile) as raised:
        LocalGeocoder(tmp_path)
    assert raised.value.code == "geocoding_index_outdated"
