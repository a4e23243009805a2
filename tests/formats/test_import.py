"""Importing: all rows or none, each with its line in the report, addresses placed or said to be in doubt."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from rpe_geo import cli
from rpe_geo.domain import Agrement, Childminder, Mam
from rpe_geo.formats.faults import RecordsRefused
from rpe_geo.formats.records import examine, read_childminders
from rpe_geo.messages import explain
from rpe_geo.protocols import Geocoded
from rpe_geo.relais.registry import import_records
from rpe_geo.storage.repository import open_repository

ADDRESS = "1 rue X 34000 Montpellier"


class Gazetteer:
    """Knows one address, doubts another, and no other."""

    def __init__(self):
        self.asked = []

    def geocode(self, addresses):
        self.asked += [query.text for query in addresses]
        return [
            {
                "known": Geocoded("ok", 3.87, 43.61, 0.99, label=query.text),
                "doubt": Geocoded(
                    "review", 3.88, 43.62, 0.6, label="2 Rue Y", reason="la commune est incertaine."
                ),
            }.get(query.text.split()[0], Geocoded("not-found", reason="aucune voie n'y ressemble."))
            for query in addresses
        ]


@pytest.fixture
def repository():
    opened = open_repository("sqlite://")
    yield opened
    opened.close()


def file_of(tmp_path, *records, name="am.json"):
    path = tmp_path / name
    path.write_text(json.dumps(records), encoding="utf-8")
    return path


def minder(childminder_id, address=ADDRESS, **fields):
    return {
        "childminder_id": childminder_id,
        "address": address,
        "agrement": {"places": 3},
        **fields,
    }


def bring(tmp_path, repository, *records, kind="childminders", **options):
    reading = examine(file_of(tmp_path, *records), kind)
    return import_records(reading, kind, repository=repository, **options)


def test_every_row_has_its_line(tmp_path, repository):
    bring(tmp_path, repository, minder("A"), minder("B"))
    report = bring(tmp_path, repository, minder("B", name="Léa"), minder("C"), minder("A"))
    assert [(row.row, row.record_id, row.outcome) for row in report.rows] == [
        (1, "B", "replaced"),
        (2, "C", "new"),
        (3, "A", "unchanged"),
    ]
    assert report.stored == 3
    assert report.without_place == ("B", "C", "A")
    assert repository.childminder("B").name == "Léa"


def test_one_bad_row_keeps_all_out(tmp_path, repository):
    report = bring(
        tmp_path, repository, minder("A"), minder("B", hourly_rate=-1), minder("C", name=2)
    )
    assert [(row.row, row.record_id, row.outcome) for row in report.rows] == [
        (1, "A", "held"),
        (2, "B", "refused"),
        (3, "C", "refused"),
    ]
    assert report.stored == 0
    assert repository.childminders() == []
    assert repository.version() == 0
    with pytest.raises(RecordsRefused) as caught:
        report.require_stored()
    assert "ligne 2, champ hourly_rate" in explain(caught.value)


def test_addresses_are_placed_or_said_to_be_in_doubt(tmp_path, repository):
    done = []
    report = bring(
        tmp_path,
        repository,
        minder("A", "known"),
        minder("B", "doubt"),
        minder("C", "nowhere"),
        minder("D", "known", longitude=4.0, latitude=43.0),
        geocoder=Gazetteer(),
        progress=lambda what, now, total: done.append((what, now, total)),
    )
    assert done == [("Adresses", 3, 3)]
    assert [[note.code for note in row.notes] for row in report.rows] == [
        [],
        ["import_address_in_doubt"],
        ["import_address_not_found"],
        [],
    ]
    sentence = explain(report.rows[1].notes[0])
    assert sentence.startswith("am.json, ligne 2, champ address : adresse à vérifier")
    assert "2 Rue Y" in sentence
    assert "incertaine" in sentence
    assert report.without_place == ("B", "C")
    assert repository.childminder("A").longitude == 3.87
    assert repository.childminder("B").longitude is None
    assert repository.childminder("D").longitude == 4.0


def test_home_and_work_of_a_request_are_placed(tmp_path, repository):
    request = {
        "request_id": "R",
        "address": "known home",
        "work_address": "doubt",
        "children": [{"birth_date": "2026-05-01"}],
        "start": "2027-01-04",
        "schedule": "Mo-Fr 08:00-17:30",
    }
    report = bring(tmp_path, repository, request, kind="requests", geocoder=Gazetteer())
    assert [note.where.field for note in report.rows[0].notes] == ["work_address"]
    found = repository.request("R")
    assert (found.longitude, found.work_longitude) == (3.87, None)


def test_a_place_that_is_known_for_the_same_address_stays(tmp_path, repository):
    corrected = Childminder("A", Agrement(3), address=ADDRESS, longitude=3.9, latitude=43.65)
    repository.save(childminders=[corrected])
    gazetteer = Gazetteer()
    report = bring(tmp_path, repository, minder("A"), geocoder=gazetteer)
    assert gazetteer.asked == []
    assert report.rows[0].outcome == "unchanged"
    bring(tmp_path, repository, minder("A", "known ailleurs"), geocoder=gazetteer)
    assert repository.childminder("A").longitude == 3.87


def test_an_unknown_mam_is_a_warning(tmp_path, repository):
    repository.save(mams=[Mam("M", address="x")])
    report = bring(tmp_path, repository, minder("A", mam_id="M"), minder("B", mam_id="Z"))
    assert [[note.code for note in row.notes] for row in report.rows] == [[], ["mam_not_yet_known"]]
    assert report.stored == 2


def test_remarks_on_the_file_have_a_line_of_their_own(tmp_path, repository):
    path = tmp_path / "am.csv"
    path.write_text(
        "childminder_id,address,agrement.places,couleur\nA,1 rue X,3,vert\n", encoding="utf-8"
    )
    report = import_records(examine(path, "childminders"), "childminders", repository=repository)
    assert [(row.row, row.outcome) for row in report.rows] == [(None, "noted"), (1, "new")]
    assert report.stored == 1


# -- the commands ----------------------------------------------------------------------------------------------------


@pytest.fixture
def command(capsys, monkeypatch):
    monkeypatch.delenv("RPE_TERRITORY", raising=False)

    def run(*arguments):
        code = cli.run([str(argument) for argument in arguments])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


def test_import_then_export_then_import(tmp_path, command):
    database = tmp_path / "r.sqlite"
    path = file_of(tmp_path, minder("A", name="Zoé"), minder("B"))
    code, out, err = command("import", path, "--kind", "childminders", "--database", database)
    assert code == 0
    assert [line.split() for line in out.splitlines()] == [
        ["ligne", "1", "A", "ajoutée,", "sans", "lieu"],
        ["ligne", "2", "B", "ajoutée,", "sans", "lieu"],
    ]
    assert err.count("\n") == 1
    assert "2\u00a0fiches" in err
    for ending in ("csv", "xlsx", "json"):
        copy = tmp_path / f"copy.{ending}"
        assert (
            command("registry", "export", copy, "--kind", "childminders", "--database", database)[0]
            == 0
        )
        assert read_childminders(copy) == read_childminders(path)
        code, out, _ = command("import", copy, "--kind", "childminders", "--database", database)
        assert code == 0
        assert out.count("inchangée") == 2
    code, out, _ = command("registry", "info", "--database", database)
    assert code == 0
    assert "Assistantes maternelles" in out


def test_a_refused_import_says_all_on_stdout_and_one_line_on_stderr(tmp_path, command):
    database = tmp_path / "r.sqlite"
    path = file_of(tmp_path, minder("A"), minder("B", hourly_rate=-1), minder("C", name=2))
    code, out, err = command("import", path, "--kind", "childminders", "--database", database)
    assert code == 2
    assert err.count("\n") == 1
    assert err.startswith("am.json, ligne 2, champ hourly_rate : ")
    assert [line.split()[2] for line in out.splitlines() if line.startswith("ligne")] == [
        "A",
        "B",
        "C",
    ]
    assert "champ hourly_rate : la valeur" in out
    assert "champ name : il faut un texte" in out
    assert not database.exists()


@pytest.mark.parametrize("name", ["none.json", "folder.csv", "r.txt"])
def test_a_file_that_cannot_be_read(tmp_path, command, name):
    code, out, err = command(
        "import", tmp_path / name, "--kind", "mams", "--database", tmp_path / "r.sqlite"
    )
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert name in err


@pytest.mark.postgis
def test_import_into_postgis(tmp_path, command, empty_postgis_url):
    path = file_of(tmp_path, minder("A", longitude=3.9, latitude=43.6))
    code, _, _ = command("import", path, "--kind", "childminders", "--database", empty_postgis_url)
    assert code == 0
    repository = open_repository(empty_postgis_url)
    assert repository.childminders() == read_childminders(path)
    repository.close()


def test_a_database_sealed_by_the_settings(tmp_path, command, monkeypatch):
    from cryptography.fernet import Fernet

    monkeypatch.setenv("RPE_ENCRYPTION_KEYS", Fernet.generate_key().decode())
    database = tmp_path / "r.sqlite"
    path = file_of(tmp_path, minder("A", name="Tournesol"))
    assert command("import", path, "--kind", "childminders", "--database", database)[0] == 0
    monkeypatch.delenv("RPE_ENCRYPTION_KEYS")
    code, _, err = command("registry", "info", "--database", database)
    assert code == 2
    assert "chiffrées" in err


def test_rpe_ids_of_the_settings_are_strangers(tmp_path, command, monkeypatch):
    database = tmp_path / "r.sqlite"
    path = file_of(tmp_path, minder("A"))
    for rpe in ("est", "ouest"):
        monkeypatch.setenv("RPE_RPE_ID", rpe)
        _, out, _ = command("import", path, "--kind", "childminders", "--database", database)
        assert "ajoutée" in out


def test_many_rows_are_one_import(tmp_path, repository):
    records = [minder(f"A{number}") for number in range(500)]
    report = bring(tmp_path, repository, *records, geocoder=Gazetteer())
    assert report.stored == 500
    assert len(report.without_place) == 500
    assert repository.childminder("A499") == replace(
        repository.childminder("A0"), childminder_id="A499"
    )
