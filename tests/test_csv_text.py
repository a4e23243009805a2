"""Text tables as people save them: encodings, separators, decimal commas."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpe_geo.csv_text import decimal, decoded, in_utf8, separator_of
from rpe_geo.errors import InvalidFile, Where
from rpe_geo.open_data.access_tables import read_access_tables

WHERE = Where(file="t.csv")
TABLE = "id;lieu\n1;Crèche L’Îlot\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_every_encoding_of_a_spreadsheet_is_read(encoding):
    assert decoded(TABLE.encode(encoding), WHERE) == TABLE
    assert in_utf8(TABLE.encode(encoding), WHERE).decode() == TABLE


def test_the_line_that_excel_adds_is_no_header():
    assert decoded(b"sep=;\r\nid;n\n", WHERE) == "id;n\n"
    assert in_utf8(b"sep=;\r\nid;n\n", WHERE) == b"id;n\n"


@pytest.mark.parametrize("content", [b"PK\x03\x04zip", b"PAR1\x00\x00", b"a\x00b", b"\x1f\x8b\x08"])
def test_what_is_no_text_is_refused(content):
    for read in (decoded, in_utf8):
        with pytest.raises(InvalidFile, match="file_not_text"):
            read(content, WHERE)


@pytest.mark.parametrize(
    ("header", "separator"),
    [("id,places", ","), ("id;nom, prénom", ";"), ("id\tplaces", "\t"), ("id|x", "|"), ("id", ",")],
)
def test_the_separator_is_what_cuts_the_header(header, separator):
    assert separator_of(f"\n{header}\n1,5;2\n", {"id"}) == separator


@pytest.mark.parametrize(
    ("cell", "number"),
    [("3,90", 3.9), ("1 234,5", 1234.5), ("1\N{NARROW NO-BREAK SPACE}000", 1000), ("\N{MINUS SIGN}2", -2), (" 12.50 ", 12.5), ("1e3", 1000)],
)  # fmt: skip
def test_decimals_are_read_as_people_write_them(cell, number):
    assert decimal(cell) == number


@pytest.mark.parametrize("cell", ["-", "1,234.5", "12 34", "nan", "inf", "1_000", "douze", "1,2,3"])
def test_what_is_no_number_is_refused(cell):
    with pytest.raises(ValueError, match=re.escape(cell.strip())):
        decimal(cell)


@given(st.decimals(-(10**6), 10**6, places=3, allow_nan=False), st.sampled_from(".,"))
def test_law_a_number_comes_back_with_either_sign(value, sign):
    assert decimal(f"{value:.3f}".replace(".", sign)) == float(value)


@given(st.text(st.characters(codec="cp1252", exclude_characters="\x00")))
def test_law_windows_text_is_never_refused(text):
    if not text.lower().startswith(("sep=", '"sep=')):
        assert in_utf8(b"id\n" + text.encode("cp1252"), WHERE).startswith(b"id\n")


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_access_reads_what_import_reads(tmp_path, encoding):
    (tmp_path / "d.csv").write_bytes("id;children\nÉtang;12,5\nMas;3\n".encode(encoding))
    (tmp_path / "s.csv").write_bytes("id;places\nCrèche;10\n".encode(encoding))
    (tmp_path / "t.csv").write_bytes(
        "origin_id;destination_id;minutes\nÉtang;Crèche;5,5\nMas;Crèche;9\n".encode(encoding)
    )
    tables = read_access_tables(tmp_path / "d.csv", tmp_path / "s.csv", tmp_path / "t.csv")
    assert tables.demand.to_dict() == {"Étang": 12.5, "Mas": 3.0}
    assert tables.supply.to_dict() == {"Crèche": 10.0}
    assert not tables.notes
