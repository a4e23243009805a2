"""CSV and XLSX as people and their spreadsheets write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from rpe_geo.domain import Agrement, Childminder, Contract, LegacyPlaces
from rpe_geo.errors import InvalidFile
from rpe_geo.formats.records import (
    examine,
    read_childminders,
    read_facilities,
    read_requests,
    write_childminders,
)
from rpe_geo.messages import explain
from rpe_geo.schedule import Timetable

HEADER = "childminder_id,name,address,agrement.places"


def put(tmp_path, text, name="am.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def faults(path, kind="childminders"):
    return [
        (fault.where.file, fault.where.row, fault.where.field, fault.code)
        for fault in examine(path, kind).faults
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_encodings_and_separators(tmp_path, encoding, separator, line_end):
    lines = [
        ["childminder_id", "name", "address", "agrement.places"],
        ["A", "Zoé Œuvrard", '"1, rue de l’Été ; 34000 Montpellier"', "3"],
    ]
    text = line_end.join(separator.join(line) for line in lines) + line_end
    (minder,) = read_childminders(put(tmp_path, text, encoding=encoding))
    assert minder.name == "Zoé Œuvrard"
    assert minder.address == "1, rue de l’Été ; 34000 Montpellier"


def test_cells_as_people_type_them(tmp_path):
    path = put(
        tmp_path,
        "Childminder_ID; name ;address;longitude;latitude;agrement.places;agrement.valid_from;hourly_rate;"
        "annual_hours_consent;accepts_variable_hours;working_hours;capabilities;attributes.languages;"
        "attributes.garden;agrement.status\n"
        "12;  Zoé ;1 rue X;3,8767;43,6108;4;01/09/2023;3,90;OUI;non;"
        "Mo-Fr 06:00-14:00 | Mo-Fr 13:00-21:00;step_free| lift ;fr|ar;Vrai;Active\n",
    )
    (minder,) = read_childminders(path)
    assert minder.childminder_id == "12"
    assert minder.name == "Zoé"
    assert (minder.longitude, minder.latitude) == (3.8767, 43.6108)
    assert minder.agrement.valid_from == date(2023, 9, 1)
    assert minder.hourly_rate == 3.9
    assert minder.annual_hours_consent is True
    assert minder.accepts_variable_hours is False
    assert minder.working_hours == Timetable.parse(["Mo-Fr 06:00-14:00", "Mo-Fr 13:00-21:00"])
    assert minder.capabilities == {"step_free", "lift"}
    assert minder.attributes.languages == ("fr", "ar")
    assert minder.attributes.garden is True


def test_excel_may_say_its_separator_first(tmp_path):
    path = put(
        tmp_path, f"sep=;\r\n{HEADER.replace(',', ';')}\r\nA;Zoé;1 rue X;3\r\n", encoding="cp1252"
    )
    assert read_childminders(path)[0].name == "Zoé"


def test_lists_stand_in_files_of_their_own(tmp_path):
    path = put(tmp_path, f"{HEADER}\nA,Zoé,1 rue X,3\nB,Léa,2 rue X,2\n")
    put(
        tmp_path,
        "childminder_id,contract_id,start,presence\nA,C1,2026-01-05,Mo 08:00-17:00\nA,C2,2026-01-05,Tu 08:00-17:00\n",
        "am.contracts.csv",
    )
    put(
        tmp_path,
        "childminder_id;hours;places;from\nB;Mo-Fr 08:00-18:00;1;2027-01-04\n",
        "am.availabilities.csv",
    )
    put(tmp_path, "childminder_id,birth_date\nB,2024-06-01\n", "am.own_children.csv")
    put(tmp_path, "childminder_id,places,min_months,max_months\nB,2,0,36\n", "am.legacy_ages.csv")
    zoe, lea = read_childminders(path)
    assert [contract.contract_id for contract in zoe.contracts] == ["C1", "C2"]
    assert zoe.availabilities is None
    assert lea.contracts is None
    assert lea.availabilities[0].start == date(2027, 1, 4)
    assert lea.own_children[0].birth_date == date(2024, 6, 1)
    assert lea.agrement.legacy_ages == (LegacyPlaces(2, 0, 36),)


def test_a_shared_file_of_a_list_needs_the_key(tmp_path):
    path = put(tmp_path, f"{HEADER}\nA,Zoé,1 rue X,3\n")
    put(tmp_path, "id,contracts\n1,2\n", "contracts.csv")
    assert read_childminders(path)[0].contracts is None
    put(
        tmp_path,
        "childminder_id,contract_id,start,presence\nA,C1,2026-01-05,Mo 08:00-17:00\n",
        "contracts.csv",
    )
    assert len(read_childminders(path)[0].contracts) == 1


def test_faults_of_lists_name_their_own_file_and_row(tmp_path):
    path = put(tmp_path, f"{HEADER}\nA,Zoé,1 rue X,3\n")
    put(
        tmp_path,
        "childminder_id,contract_id,start,presence\nA,C1,2026-02-30,Mo 08:00-17:00\n\nZ,C2,2026-01-05,Mo 08:00-17:00\n"
        ",C3,2026-01-05,Mo 08:00-17:00\n",
        "am.contracts.csv",
    )
    assert sorted(faults(path), key=str) == [
        ("am.contracts.csv", 1, "start", "date_impossible"),
        ("am.contracts.csv", 3, "childminder_id", "row_orphan"),
        ("am.contracts.csv", 4, "childminder_id", "row_without_key"),
    ]


def test_a_list_may_be_json_in_a_cell_or_empty(tmp_path):
    path = put(
        tmp_path,
        f"{HEADER},contracts,availabilities\n"
        'A,Zoé,1 rue X,3,[],"[{""hours"": ""Mo 08:00-12:00"", ""places"": 1}]"\nB,Léa,1 rue X,3,,\n',
    )
    zoe, lea = read_childminders(path)
    assert zoe.contracts == ()
    assert zoe.availabilities[0].places == 1
    assert lea.contracts is None
    put(
        tmp_path,
        "childminder_id,contract_id,start,presence\nA,C1,2026-01-05,Mo 08:00-17:00\n",
        "am.contracts.csv",
    )
    assert [fault[3] for fault in faults(path)] == ["table_twice"]


def test_a_request_of_one_child_fits_in_one_row(tmp_path):
    path = put(
        tmp_path,
        "request_id,address,start,schedule,children.birth_date,children.needs,preferences.travel,preferences.garden\n"
        "R,1 rue X,2027-01-04,Mo-Fr 08:00-17:30,2026-05-01,step_free|lift,3,\n",
        "r.csv",
    )
    (request,) = read_requests(path)
    assert request.children[0].needs == {"step_free", "lift"}
    assert request.preferences == {"travel": 3}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("childminder_id,name,address\nA,Zoé,x\n", (None, "agrement.places", "required_column_missing")),
        (f"{HEADER},name\nA,Z,x,3,Z\n", (None, "name", "header_twice")),
        ("childminder_id,nom,adress,agrement.places\nA,Zoé,x,3\n", (None, "adress", "field_misspelt")),
        ("childminder_id,name,address,agrement_places\nA,Zoé,x,3\n", (None, "agrement_places", "field_misspelt")),
        (f"{HEADER}\nA,Zoé,1 rue X,3,4\n", (1, None, "row_too_long")),
        (f"{HEADER}\nA,Zoé,1 rue X,beaucoup\n", (1, "agrement.places", "value_wrong_type")),
        (f"{HEADER},agrement.valid_from\nA,Zoé,1 rue X,3,2027-02-30\n", (1, "agrement.valid_from", "date_impossible")),
        (f"{HEADER},agrement.valid_from\nA,Zoé,1 rue X,3,30/02/2027\n", (1, "agrement.valid_from", "date_impossible")),
        (f"{HEADER},longitude,latitude\nA,Zoé,,3,43.6,3.87\n", (1, "latitude", "coordinates_swapped")),
        (f"{HEADER}\n,Zoé,1 rue X,3\n", (1, "childminder_id", "required_field_missing")),
        (f"{HEADER}\n\nA,Zoé,1 rue X,3\nA,Zoé,1 rue X,3\n", (3, "childminder_id", "id_twice")),
    ],
)  # fmt: skip
def test_faults_of_a_table(tmp_path, text, expected):
    path = put(tmp_path, text)
    assert (path.name, *expected) in faults(path)
    assert len(faults(path)) == 1
    for fault in examine(path, "childminders").faults:
        assert explain(fault).startswith(path.name)


def test_a_column_that_is_not_ours_is_said_once(tmp_path):
    path = put(tmp_path, f"{HEADER},couleur préférée\nA,Zoé,x,3,vert\nB,Léa,x,3,bleu\n")
    reading = examine(path, "childminders")
    assert [(note.where.row, note.code) for note in reading.warnings] == [(None, "field_ignored")]
    assert len(reading.records) == 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"\n \n", "file_empty"),
        (b",,\n, ,\n", "file_empty"),
        (b"PK\x03\x04rest of a workbook", "file_not_text"),
        (b"a\x00b", "file_not_text"),
        (b'childminder_id,name\nA,"Zo\xc3\xa9\n', "file_broken_csv"),
    ],
)
def test_files_that_are_no_csv(tmp_path, content, code):
    path = tmp_path / "am.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidFile) as caught:
        examine(path, "childminders")
    assert caught.value.code == code
    assert explain(caught.value).startswith("am.csv : ")


def workbook(tmp_path, **sheets):
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    path = tmp_path / "am.xlsx"
    book.save(path)
    return path


def test_a_workbook_as_people_make_it(tmp_path):
    path = workbook(
        tmp_path,
        Feuil1=[
            [],
            [
                "childminder_id",
                "address",
                "agrement.places",
                "agrement.valid_from",
                "annual_hours_consent",
                "name",
            ],
            [
                12,
                "1 rue X",
                3.0,
                datetime(2023, 9, 1, tzinfo=UTC).replace(tzinfo=None),
                True,
                34070,
            ],
            [],
            ["B", "2 rue X", "4", "01/09/2023", "non", None],
        ],
        Contracts=[
            ["childminder_id", "contract_id", "start", "presence"],
            [12, 7, date(2026, 1, 5), "Mo 08:00-17:00"],
        ],
        Notes=[["rien"]],
    )
    reading = examine(path, "childminders")
    assert reading.faults == ()
    first, second = reading.records
    assert (first.childminder_id, first.name) == ("12", "34070")
    assert first.agrement.valid_from == second.agrement.valid_from == date(2023, 9, 1)
    assert first.annual_hours_consent
    assert first.contracts == (Contract("7", date(2026, 1, 5), Timetable.parse("Mo 08:00-17:00")),)
    assert reading.rows == (1, 3)
    assert [note.code for note in reading.warnings] == ["sheet_ignored"]


def test_faults_of_a_workbook_name_the_sheet(tmp_path):
    path = workbook(
        tmp_path,
        childminders=[["childminder_id", "address", "agrement.places"], ["A", "x", 0]],
        contracts=[
            ["childminder_id", "contract_id", "start", "presence"],
            ["A", "C", "demain", "Mo 08:00-17:00"],
        ],
    )
    assert faults(path) == [
        ("am.xlsx", 1, "agrement.places", "agrement_without_place"),
        ("am.xlsx, feuille contracts", 1, "start", "date_unreadable"),
    ]


@pytest.mark.parametrize("content", [b"not a workbook", b"PK\x03\x04 broken"])
def test_files_that_are_no_workbook(tmp_path, content):
    path = tmp_path / "am.xlsx"
    path.write_bytes(content)
    with pytest.raises(InvalidFile) as caught:
        examine(path, "childminders")
    assert caught.value.code == "file_not_workbook"


def test_an_empty_workbook(tmp_path):
    with pytest.raises(InvalidFile) as caught:
        examine(workbook(tmp_path, Feuil1=[]), "childminders")
    assert caught.value.code == "file_empty"


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_text_never_becomes_a_formula(tmp_path, ending):
    name = '=HYPERLINK("http://x")'
    path = tmp_path / f"am.{ending}"
    minder = Childminder("A", Agrement(3), name=name, address="+33 rue")
    write_childminders([minder], path)
    assert read_childminders(path) == [minder]
    if ending == "xlsx":
        book = load_workbook(path)
        assert all(cell.data_type != "f" for row in book.active.iter_rows() for cell in row)
    else:
        assert ",=" not in path.read_text(encoding="utf-8")


def test_lists_that_are_empty_now_leave_no_old_file(tmp_path):
    path = tmp_path / "am.csv"
    minder = Childminder("A", Agrement(3), address="x")
    contract = Contract("C", date(2026, 1, 5), Timetable.parse("Mo 08:00-17:00"))
    write_childminders([Childminder("A", Agrement(3), address="x", contracts=(contract,))], path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["am.contracts.csv", "am.csv"]
    write_childminders([minder], path)
    assert read_childminders(path) == [minder]
    assert [file.name for file in tmp_path.iterdir()] == ["am.csv"]


def test_a_failed_writing_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "am.json"
    write_childminders([Childminder("A", Agrement(3), address="x")], path)
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", full)
        with pytest.raises(InvalidFile) as caught:
            write_childminders([Childminder("B", Agrement(3), address="x")], path)
    assert caught.value.code == "file_unwritable"
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["am.json"]


def test_a_folder_that_may_not_be_written(tmp_path):
    blocker = tmp_path / "file"
    blocker.write_text("x", encoding="utf-8")
    with pytest.raises(InvalidFile) as caught:
        write_childminders([], blocker / "am.json")
    assert caught.value.code == "file_unwritable"
    with pytest.raises(InvalidFile) as caught:
        write_childminders([], tmp_path / "am.pdf")
    assert caught.value.code == "file_kind_unknown"


def test_facilities_keep_the_producers_kind(tmp_path):
    path = put(
        tmp_path, "facility_id,kind,address,places\nF,crèche parentale,1 rue X,12\n", "f.csv"
    )
    assert read_facilities(path)[0].kind == "crèche parentale"
