from __future__ import annotations

import csv
from functools import partial
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from rpe_geo.cli.geocode import register
from rpe_geo.errors import InvalidFile, InvalidRecord
from rpe_geo.geocoding.batch import RESULT_COLUMNS, geocode_csv
from rpe_geo.geocoding.local import LocalGeocoder
from rpe_geo.messages import explain


def read(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=delimiter))


def test_columns_order_and_rows_are_kept(index: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(
        'id;Adresse;note\nb;12 rue de la République 01100 Valmont;"x;y"\na;;\nc;12 rue Victor Hugo 69100 Lyon;z\n',
        encoding="utf-8",
    )
    report = geocode_csv(source, target, partial(LocalGeocoder, index))
    rows = read(target, ";")
    assert list(rows[0]) == ["id", "Adresse", "note", *RESULT_COLUMNS]
    assert [row["id"] for row in rows] == ["b", "a", "c"]
    assert rows[0]["note"] == "x;y"
    assert [row["result_status"] for row in rows] == ["ok", "not-found", "not-found"]
    assert rows[0]["result_street"] == "Rue de la République"
    assert rows[0]["result_citycode"] == "01001"
    assert rows[1]["result_reason"] == "aucune adresse n’est indiquée."
    assert rows[1]["latitude"] == rows[2]["longitude"] == ""
    assert (report.rows, report.accepted, report.not_found) == (3, 1, 2)


def test_columns_apart(index: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(
        "voie_complete,cp,ville\n12 rue de la République,1120,Beaulieu en Bresse\n",
        encoding="utf-8",
    )
    geocode_csv(
        source,
        target,
        partial(LocalGeocoder, index),
        column="voie_complete",
        postcode_column="cp",
        city_column="ville",
    )
    assert read(target)[0]["result_label"] == "12 Rue de la République, 01120 Beaulieu-en-Bresse"
    source.write_text(
        "address,postcode,city\n12 rue de la République,01120,Beaulieu en Bresse\n",
        encoding="utf-8",
    )
    geocode_csv(source, target, partial(LocalGeocoder, index))
    assert read(target)[0]["result_status"] == "ok"


def test_processes_give_the_same_in_the_same_order(index: Path, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    lines = [
        f"{number},{number % 40 + 1} rue du général leclerc 01100 valmont" for number in range(900)
    ]
    source.write_text("id,adresse\n" + "\n".join(lines), encoding="utf-8")
    steps: list[int] = []
    for processes in (1, 2):
        geocode_csv(
            source,
            tmp_path / f"out{processes}.csv",
            partial(LocalGeocoder, index),
            processes=processes,
            progress=lambda _what, done, _total: steps.append(done),
        )
    assert (tmp_path / "out1.csv").read_bytes() == (tmp_path / "out2.csv").read_bytes()
    assert steps[-1] == 900


def test_encodings(index: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    text = "adresse;commentaire\n12 rue de la République 01100 Valmont;été\n"
    for encoding in ("utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16"):
        source = tmp_path / f"{encoding}.csv"
        source.write_text(text, encoding=encoding)
        geocode_csv(source, target, partial(LocalGeocoder, index))
        row = read(target, ";")[0]
        assert (row["commentaire"], row["result_status"]) == ("été", "ok")


def test_a_single_column_and_a_huge_cell(index: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(
        "adresse\n12 rue de la République, 01100 Valmont\n\n" + "a" * 10_000_000 + "\n",
        encoding="utf-8",
    )
    geocode_csv(source, target, partial(LocalGeocoder, index))
    csv.field_size_limit(2**31 - 1)
    rows = read(target)
    assert [row["result_status"] for row in rows] == ["ok", "not-found", "not-found"]
    assert "trop long" in rows[2]["result_reason"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "csv_binary"),
        (b"PK\x03\x04xlsx", "csv_binary"),
        (b"nom;prenom\na;b\n", "csv_no_address_column"),
        (b";;\n1;2;3\n", "csv_no_header"),
    ],
)
def test_bad_files(index: Path, tmp_path: Path, content: bytes, code: str) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(content)
    with pytest.raises(InvalidFile) as raised:
        geocode_csv(source, target, partial(LocalGeocoder, index))
    assert raised.value.code == code
    assert str(source) in explain(raised.value)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_bad_requests_leave_nothing(index: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("id,adresse\n1,12 rue X, 01100 Valmont\n", encoding="utf-8")
    with pytest.raises(InvalidRecord) as raised:
        geocode_csv(source, target, partial(LocalGeocoder, index))
    assert raised.value.where.row == 1
    with pytest.raises(InvalidFile) as missing:
        geocode_csv(source, target, partial(LocalGeocoder, index), column="voie")
    assert (missing.value.code, missing.value.where.field) == ("csv_column_missing", "voie")
    with pytest.raises(InvalidFile):
        geocode_csv(tmp_path / "absent.csv", target, partial(LocalGeocoder, index))
    with pytest.raises(InvalidFile):
        geocode_csv(source, tmp_path / "absent" / "out.csv", partial(LocalGeocoder, index))
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_command(index: Path, tmp_path: Path) -> None:
    app = Typer()
    register(app)
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("adresse\n12 rue de la République 01100 Valmont\n", encoding="utf-8")
    arguments = [str(source), "-o", str(target), "--territory", str(index.parent)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "1 situées" in result.output
    assert read(target)[0]["result_status"] == "ok"
