"""Bad input: each fault at its file, row and field, all of them at once, with a remedy."""

from __future__ import annotations

import json
import pickle

import pytest

from rpe_geo.errors import InputError, InvalidFile
from rpe_geo.formats.faults import RecordsRefused
from rpe_geo.formats.records import (
    childminder_of,
    examine,
    read_childminders,
    read_mams,
    read_requests,
    request_of,
)
from rpe_geo.messages import explain

GOOD = {"childminder_id": "A", "address": "1 rue X 34000 Montpellier", "agrement": {"places": 3}}
REQUEST = {
    "request_id": "R",
    "address": "1 rue X",
    "children": [{"birth_date": "2026-05-01"}],
    "start": "2027-01-04",
    "schedule": "Mo-Fr 08:00-17:30",
}


def write(tmp_path, records, name="am.json"):
    path = tmp_path / name
    path.write_text(
        records if isinstance(records, str) else json.dumps(records, ensure_ascii=False),
        encoding="utf-8",
    )
    return path


def faults(tmp_path, *records, kind="childminders"):
    reading = examine(write(tmp_path, list(records)), kind)
    return [(fault.where.row, fault.where.field, fault.code) for fault in reading.faults]


def warnings(tmp_path, *records, kind="childminders"):
    reading = examine(write(tmp_path, list(records)), kind)
    assert reading.faults == ()
    return [(note.where.row, note.where.field, note.code) for note in reading.warnings]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"agrement": None}, "agrement", "required_field_missing"),
        ({"childminder_id": None}, "childminder_id", "required_field_missing"),
        ({"childminder_id": "  "}, "childminder_id", "id_missing"),
        ({"childminder_id": 12}, "childminder_id", "value_wrong_type"),
        ({"agrement": {"places": 0}}, "agrement.places", "agrement_without_place"),
        ({"agrement": {"places": "3"}}, "agrement.places", "value_wrong_type"),
        ({"agrement": {"places": 2.5}}, "agrement.places", "value_wrong_type"),
        ({"agrement": {"places": True}}, "agrement.places", "value_wrong_type"),
        ({"agrement": {"places": 1e300}}, "agrement.places", "number_too_large"),
        ({"agrement": {"places": 3, "places_offered": 4}}, "agrement.places_offered", "places_offered_range"),
        ({"agrement": {"places": 3, "places_offered": -1}}, "agrement.places_offered", "places_negative"),
        ({"agrement": {"places": 3, "status": "actif"}}, "agrement.status", "choice_unknown"),
        ({"agrement": {"places": 3, "valid_from": "2027-02-30"}}, "agrement.valid_from", "date_impossible"),
        ({"agrement": {"places": 3, "valid_from": "1/9/2027"}}, "agrement.valid_from", "date_unreadable"),
        ({"agrement": {"places": 3, "valid_until": "9999-12-31"}}, "agrement.valid_until", "date_implausible"),
        ({"agrement": {"places": 3, "valid_from": "2028-01-01", "valid_until": "2027-01-01"}}, "agrement.valid_until", "end_before_start"),
        ({"agrement": {"places": 3, "legacy_ages": [{"places": 1, "min_months": 36, "max_months": 0}]}}, "agrement.legacy_ages[1].max_months", "legacy_ages_order"),
        ({"agrement": [3]}, "agrement", "value_wrong_type"),
        ({"address": None}, "address", "place_missing"),
        ({"latitude": 43.6}, "longitude", "coordinates_incomplete"),
        ({"latitude": 95, "longitude": 3}, "latitude", "coordinates_outside"),
        ({"latitude": 3.87, "longitude": 43.6}, "latitude", "coordinates_swapped"),
        ({"latitude": "43.6", "longitude": 3.8}, "latitude", "value_wrong_type"),
        ({"working_hours": "Mo 25:00"}, "working_hours", "schedule_span_unreadable"),
        ({"working_hours": "Mo 08:00-25:00"}, "working_hours", "schedule_hour_impossible"),
        ({"working_hours": "Mo 08:10-09:00"}, "working_hours", "schedule_not_a_quarter"),
        ({"working_hours": "SH 08:00-09:00"}, "working_hours", "schedule_school_holidays"),
        ({"working_hours": []}, "working_hours", "value_wrong_type"),
        ({"working_hours": ["Mo 08:00-09:00", 3]}, "working_hours", "value_wrong_type"),
        ({"accepts_variable_hours": "oui"}, "accepts_variable_hours", "value_wrong_type"),
        ({"annual_hours_consent": 1}, "annual_hours_consent", "value_wrong_type"),
        ({"capabilities": "step_free"}, "capabilities", "value_wrong_type"),
        ({"capabilities": ["step_free", 3]}, "capabilities", "value_wrong_type"),
        ({"hourly_rate": -1}, "hourly_rate", "amount_negative"),
        ({"hourly_rate": "3,90"}, "hourly_rate", "value_wrong_type"),
        ({"name": "Zo\u0000é"}, "name", "text_control_character"),
        ({"name": "Zoé" * 700}, "name", "text_too_long"),
        ({"childminder_id": "A" * 129}, "childminder_id", "id_too_long"),
        ({"mam_id": "M" * 129}, "mam_id", "id_too_long"),
        ({"contrats": []}, "contrats", "field_misspelt"),
        ({"contracts": {}}, "contracts", "value_wrong_type"),
        ({"contracts": [3]}, "contracts[1]", "value_wrong_type"),
        ({"contracts": [{"contract_id": "C", "presence": "Mo 08:00-09:00"}]}, "contracts[1].start", "required_field_missing"),
        ({"contracts": [{"contract_id": "C", "start": "2027-01-04", "end": "2026-01-01", "presence": "Mo 08:00-09:00"}]}, "contracts[1].end", "end_before_start"),
        ({"contracts": [{"contract_id": "C", "start": "2027-01-04", "presence": "Mo 08:00-09:00"}] * 2}, "contracts[2].contract_id", "contract_twice"),
        ({"own_children": [{"presence": "Mo 08:00-09:00"}]}, "own_children[1].birth_date", "required_field_missing"),
        ({"availabilities": [{"hours": "Mo 08:00-09:00", "places": -1}]}, "availabilities[1].places", "places_negative"),
        ({"availabilities": [{"hours": "Mo 08:00-09:00", "places": 1, "from": "2027-13-01"}]}, "availabilities[1].from", "date_impossible"),
        ({"publication": {"consent": True, "address": "caché"}}, "publication.address", "choice_unknown"),
    ],
)  # fmt: skip
def test_one_fault_of_a_childminder(tmp_path, change, field, code):
    assert faults(tmp_path, GOOD | change) == [(1, field, code)]
    # The whole sentence can be made, with its place.
    with pytest.raises(RecordsRefused) as caught:
        read_childminders(write(tmp_path, [GOOD | change]))
    sentence = explain(caught.value)
    assert sentence.startswith(f"am.json, ligne 1, champ {field} : ")
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"children": []}, "children", "no_children"),
        ({"children": None}, "children", "required_field_missing"),
        ({"children": [{}]}, "children[1].birth_date", "required_field_missing"),
        ({"schedule": "off"}, "schedule", "schedule_asks_nothing"),
        ({"mode": "horse"}, "mode", "choice_unknown"),
        ({"max_minutes": 0}, "max_minutes", "minutes_not_positive"),
        ({"end": "2026-01-01"}, "end", "end_before_start"),
        ({"min_hours_share": 1.5}, "min_hours_share", "share_range"),
        ({"start_tolerance_days": -1}, "start_tolerance_days", "amount_negative"),
        ({"preferences": {"garden": -1}}, "preferences.garden", "amount_negative"),
        ({"preferences": {"garden": "beaucoup"}}, "preferences.garden", "value_wrong_type"),
        ({"preferences": ["garden"]}, "preferences", "value_wrong_type"),
        ({"household": {"children_at_charge": 1, "aeeh_children": 2}}, "household.aeeh_children", "aeeh_children_range"),
        ({"work_latitude": 3.87, "work_longitude": 43.6}, "work_latitude", "coordinates_swapped"),
    ],
)  # fmt: skip
def test_one_fault_of_a_request(tmp_path, change, field, code):
    assert faults(tmp_path, REQUEST | change, kind="requests") == [(1, field, code)]


def test_every_fault_of_every_row_is_told(tmp_path):
    found = faults(
        tmp_path,
        GOOD | {"hourly_rate": -1, "min_notice_days": -2, "agrement": {"places": 0, "status": "x"}},
        GOOD | {"childminder_id": "B"},
        GOOD,
        {"childminder_id": "C", "latitude": 3.87, "longitude": 43.6, "agrement": {"places": 0}},
    )
    assert found == [
        (1, "agrement.status", "choice_unknown"),
        (1, "agrement.places", "agrement_without_place"),
        (1, "hourly_rate", "amount_negative"),
        (1, "min_notice_days", "amount_negative"),
        (3, "childminder_id", "id_twice"),
        (4, "agrement.places", "agrement_without_place"),
        (4, "latitude", "coordinates_swapped"),
    ]


def test_the_error_says_the_first_fault_and_how_many_follow(tmp_path):
    path = write(tmp_path, [GOOD | {"hourly_rate": -1}, GOOD | {"meals_per_day": -1}])
    with pytest.raises(InputError) as caught:
        read_childminders(path)
    assert len(caught.value.faults) == 3
    assert explain(caught.value) == (
        "am.json, ligne 1, champ hourly_rate : la valeur −\u202f1 ne peut pas être négative. Et encore "
        "2\u00a0autres fautes, 2\u00a0lignes à corriger en tout ; rien n’est repris du fichier."
    )
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.faults == caught.value.faults
    assert str(again) == "records_refused(3 faults)"


def test_nothing_of_a_person_is_in_the_developers_text(tmp_path):
    with pytest.raises(RecordsRefused) as caught:
        read_childminders(write(tmp_path, [GOOD | {"name": 3, "address": ["Lavoir"]}]))
    assert "Lavoir" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "file_empty"),
        ("  \n ", "file_empty"),
        ("[{]", "file_broken_json"),
        ('[{"childminder_id": "A"', "file_broken_json"),
        ('[{"a": 1, "a": 2}]', "json_key_twice"),
        ('[{"hourly_rate": NaN}]', "value_wrong_type"),
        ('"AM-0001"', "file_not_records"),
        ("12", "file_not_records"),
        ("null", "file_not_records"),
        ("[" * 100_000, "json_too_deep"),
    ],
)
def test_a_json_that_is_no_list_of_records(tmp_path, content, code):
    path = write(tmp_path, content)
    with pytest.raises(InvalidFile) as caught:
        read_childminders(path)
    assert caught.value.code == code
    assert explain(caught.value).startswith("am.json : ")


def test_broken_json_names_its_line(tmp_path):
    with pytest.raises(InvalidFile) as caught:
        read_childminders(write(tmp_path, '[\n{"childminder_id": "A"}\n{"childminder_id": "B"}\n]'))
    assert "ligne 3, colonne 1" in explain(caught.value)


def test_files_that_cannot_be_read(tmp_path):
    for path, code in (
        (tmp_path / "none.json", "file_missing"),
        (tmp_path / "records.doc", "file_kind_unknown"),
        (tmp_path, "file_kind_unknown"),
    ):
        with pytest.raises(InvalidFile) as caught:
            read_mams(path)
        assert caught.value.code == code
        assert explain(caught.value)
    folder = tmp_path / "folder.json"
    folder.mkdir()
    with pytest.raises(InvalidFile):
        read_mams(folder)
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(InvalidFile) as caught:
        read_mams(binary)
    assert caught.value.code == "file_not_text"


def test_a_byte_order_mark_is_no_fault(tmp_path):
    path = tmp_path / "am.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps([GOOD]).encode())
    assert len(read_childminders(path)) == 1


def test_one_object_alone_is_one_record(tmp_path):
    assert len(read_requests(write(tmp_path, json.dumps(REQUEST)))) == 1
    assert read_requests(write(tmp_path, "[]")) == []


def test_what_a_person_should_look_at(tmp_path):
    assert warnings(
        tmp_path,
        GOOD | {"agrement": {"places": 6}, "capabilities": ["step_free", "yoga"]},
        GOOD
        | {"childminder_id": "B", "commentaire": "gentille", "longitude": 55.4, "latitude": -21.1},
        GOOD | {"childminder_id": "C", "commentaire": "", "longitude": 13.4, "latitude": 52.5},
    ) == [
        (1, "capabilities", "capability_unknown"),
        (1, "agrement.places", "agrement_above_four"),
        (2, "commentaire", "field_ignored"),
        (3, "latitude", "coordinates_far"),
    ]
    assert warnings(
        tmp_path,
        REQUEST | {"children": [{"birth_date": "2014-05-01", "needs": ["calme"]}]},
        REQUEST | {"request_id": "S", "children": [{"birth_date": "2027-05-01"}]},
        kind="requests",
    ) == [
        (1, "children[1].needs", "capability_unknown"),
        (1, "children[1].birth_date", "child_age"),
    ]


def test_unknown_words_are_kept(tmp_path):
    (minder,) = read_childminders(write(tmp_path, [GOOD | {"capabilities": ["yoga"]}]))
    assert minder.capabilities == {"yoga"}


def test_a_child_may_be_born_after_today_and_after_the_start_of_its_contract(tmp_path):
    contract = {
        "contract_id": "C",
        "child_birth_date": "2031-05-01",
        "start": "2031-03-01",
        "presence": "Mo 08:00-12:00",
    }
    assert (
        warnings(
            tmp_path,
            GOOD | {"contracts": [contract], "own_children": [{"birth_date": "2031-01-01"}]},
        )
        == []
    )


def test_null_is_absent(tmp_path):
    nothing = dict.fromkeys(
        ("name", "own_children", "contracts", "availabilities", "capabilities", "attributes",
         "accepts_variable_hours", "annual_hours_consent", "min_notice_days", "publication", "contact")
    )  # fmt: skip
    (absent,) = read_childminders(write(tmp_path, [GOOD]))
    (null,) = read_childminders(write(tmp_path, [GOOD | nothing]))
    assert null == absent
    assert absent.contracts is None
    (empty,) = read_childminders(write(tmp_path, [GOOD | {"contracts": [], "availabilities": []}]))
    assert (empty.contracts, empty.availabilities) == ((), ())


def test_one_record_from_a_json_object():
    assert childminder_of(GOOD).childminder_id == "A"
    assert request_of(REQUEST).request_id == "R"
    with pytest.raises(RecordsRefused) as caught:
        request_of(REQUEST | {"mode": "horse"})
    assert explain(caught.value).startswith("champ mode : ")
    with pytest.raises(RecordsRefused):
        request_of(REQUEST | {"request_id": "R" * 129})
    with pytest.raises(RecordsRefused):
        request_of([REQUEST])
