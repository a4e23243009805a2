"""Lists in the layouts that are really published: no column silently empty, no wrong kind without a word."""

from __future__ import annotations

from datetime import date

import pytest

from rpe_geo.formats.recognition.french_hours import french_hours, hours_by_day
from rpe_geo.formats.recognition.recognise import recognise
from tests.formats.published_lists import CASES, Case


def _written(case: Case, folder):
    if callable(case.content):
        return case.content(folder)
    path = folder / case.file
    path.write_bytes(case.content)
    return path


def _places(record):
    agrement = record.get("agrement") or {}
    return record.get("places", record.get("children_max", agrement.get("places")))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file)
def test_published_lists(case, tmp_path):
    records, report = recognise(_written(case, tmp_path), case.kind, today=date(2026, 12, 1))
    values = [one.values for one in records]
    assert [(one.get("name"), one.get("kind"), _places(one)) for one in values] == case.rows
    assert sum(one.get("longitude") is not None for one in values) == case.placed
    read = {one.field: one.filled for one in report.fields}
    assert {name: read.get(name) for name in case.filled} == dict.fromkeys(case.filled, len(values))
    said = {note.code for note in report.notes}
    assert set(case.said) <= said
    empty = [one for one in report.fields if one.columns and not one.filled]
    assert not empty or "column_gave_nothing" in said or all(one.field == "phone" for one in empty)


@pytest.mark.parametrize(
    ("text", "week"),
    [
        ("7h30-18h30 du lundi au vendredi", "Mo-Fr 07:30-18:30"),
        ("Du lundi au vendredi de 7h 30 à 18h, fermé le mercredi", "Mo,Tu,Th,Fr 07:30-18:00"),
        ("lundi au jeudi 8h-18h, vendredi 8h-17h", "Mo-Th 08:00-18:00; Fr 08:00-17:00"),
        ("8h-18h du lundi au jeudi et 8h-17h le vendredi", "Mo-Th 08:00-18:00; Fr 08:00-17:00"),
        ("Lun. au ven. : 8h-12h / 13h30-17h", "Mo-Fr 08:00-12:00,13:30-17:00"),
        ("du lundi au vendredi sauf mercredi 8h à midi", "Mo,Tu,Th,Fr 08:00-12:00"),
        ("Mercredi : fermé Jeudi : 9h-17h", "Th 09:00-17:00"),
        ("tous les jours 24h/24", "Mo-Su 00:00-24:00"),
        ("7h30-18h30", None),
        ("jeudi matin", None),
        ("sur rendez-vous", None),
        ("du lundi au vendredi et jours fériés 8h-18h", None),
        ("du lundi au vendredi 8h-18h, fermé en août", None),
        ("25h-27h le lundi", None),
        ("", None),
    ],
)
def test_hours_in_french(text, week):
    assert french_hours(text) == week


def test_hours_of_a_column_for_each_day():
    assert hours_by_day({0: "8h-18h", 1: "8h-12h / 14h-17h", 2: "fermé"}) == "Mo 08:00-18:00; Tu 08:00-12:00,14:00-17:00"  # fmt: skip
    assert hours_by_day({0: "8h-18h", 1: "le matin"}) is None


def test_an_address_of_a_town_alone_is_told(tmp_path):
    path = tmp_path / "liste.csv"
    path.write_text("Nom;Prénom;CP;Commune;Nb places\nFICTIVE;Anne;48990;Aubrac;4\n", "utf-8")
    _, report = recognise(path, "childminders")
    assert "address_of_town_only" in {note.code for note in report.notes}
