"""Files against hands: an import replaces what it brought, and undoes nothing that was written by hand silently."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rpe_geo.cli import run
from rpe_geo.domain import Agrement, Childminder, Contact, Facility, Mam, Request
from rpe_geo.formats.records import examine
from rpe_geo.messages import explain
from rpe_geo.messages.fields import FIELD_NAMES
from rpe_geo.protocols import Geocoded
from rpe_geo.record_fields import fields_of, record_from, values_of
from rpe_geo.relais.merging import merge
from rpe_geo.relais.registry import import_records
from rpe_geo.storage.repository import open_repository
from tests.formats.record_strategies import RECORDS

BASE = Childminder("A", Agrement(3), name="Ana", address="1 rue X", longitude=3.8, latitude=43.6)

PATIENT = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
"""Whole records are slow to draw on a busy machine."""


class Everywhere:
    """Finds every address, each at a place of its own."""

    def geocode(self, addresses):
        return [Geocoded("ok", 3.0 + len(one.text) / 100, 43.6, 0.99) for one in addresses]


@pytest.fixture
def repository():
    opened = open_repository("sqlite://")
    yield opened
    opened.close()


@pytest.fixture
def bring(repository, tmp_path):
    """Import childminders from a file of their own."""

    def bring_in(*records, **options):
        path = tmp_path / "am.json"
        path.write_text(json.dumps(records), encoding="utf-8")
        reading = examine(path, "childminders")
        options = {"geocoder": Everywhere()} | options
        return import_records(reading, "childminders", repository=repository, **options)

    return bring_in


def minder(**fields):
    return {"childminder_id": "A", "address": "1 rue X", "agrement": {"places": 3}} | fields


def edit(repository, **fields):
    before = repository.childminder("A")
    repository.revise(replace(before, **fields), revision=repository.revision_of(Childminder, "A"))


@pytest.mark.parametrize("kind", list(RECORDS))
@PATIENT
@given(data=st.data())
def test_a_record_comes_back_from_its_fields(kind, data):
    record = data.draw(RECORDS[kind])
    assert record_from(type(record), values_of(record)) == record


@PATIENT
@given(RECORDS["childminders"], RECORDS["childminders"])
def test_without_a_hand_the_file_is_taken_and_without_a_change_nothing_is(ours, sent):
    sent = replace(sent, childminder_id=ours.childminder_id, availability_confirmed_on=None)
    ours = replace(ours, availability_confirmed_on=None)
    assert values_of(merge(ours, ours, sent, sent).record) == values_of(sent)
    assert merge(ours, ours, ours, ours).held == ()
    kept = merge(ours, sent, sent, sent)
    assert values_of(kept.record) == values_of(ours)


def test_a_position_is_kept_when_the_file_repeats_the_address_alone():
    told = replace(BASE, longitude=None, latitude=None)
    kept = merge(BASE, told, told, told)
    assert (kept.record.longitude, kept.record.latitude) == (3.8, 43.6)


def test_every_field_has_a_name_that_people_understand():
    for kind in (Childminder, Mam, Facility, Request):
        assert [one.path for one in fields_of(kind) if one.path not in FIELD_NAMES] == []


def test_what_a_hand_wrote_is_kept_and_told_and_the_rest_is_the_files(repository, bring):
    bring(minder(name="Ana", contact={"phone": "06 39 98 00 01"}))
    edit(repository, agrement=Agrement(3, 1), contact=Contact("06 39 98 00 02"))
    report = bring(minder(name="Ana B.", contact={"phone": "06 39 98 00 03"}))
    (row,) = report.rows
    assert row.outcome == "merged"
    said = " ".join(explain(note) for note in row.notes)
    assert "Places offertes" in said
    assert "gardé « 06 39 98 00 02 », écrit à la main le" in said
    assert "le fichier dit « 06 39 98 00 03 »" in said
    now = repository.childminder("A")
    assert (now.name, now.agrement.places_offered) == ("Ana B.", 1)
    assert now.contact.phone == "06 39 98 00 02"
    again = bring(minder(name="Ana B.", contact={"phone": "06 39 98 00 03"}))
    assert again.rows[0].outcome == "merged"
    assert repository.childminder("A") == now


def test_a_file_that_agrees_with_the_hand_is_simply_taken(repository, bring):
    bring(minder(name="Ana"))
    edit(repository, name="Ana B.")
    report = bring(minder(name="Ana B."))
    assert (report.rows[0].outcome, report.rows[0].notes) == ("unchanged", ())
    assert bring(minder(name="Ana C.")).rows[0].outcome == "replaced"
    assert repository.childminder("A").name == "Ana C."


def test_the_file_prevails_when_that_is_asked_for_and_says_so(repository, bring):
    bring(minder(name="Ana"))
    edit(repository, name="Ana B.")
    report = bring(minder(name="Ana C."), file_prevails=True)
    assert report.rows[0].outcome == "replaced"
    assert "est remplacé par « Ana C. », comme demandé" in explain(report.rows[0].notes[0])
    assert repository.childminder("A").name == "Ana C."


def test_an_address_goes_with_its_place(repository, bring):
    bring(minder(address="1 rue X"))
    edit(repository, address="12 rue Longue", longitude=3.5, latitude=43.5)
    bring(minder(address="1 rue X"))
    now = repository.childminder("A")
    assert (now.address, now.longitude, now.latitude) == ("12 rue Longue", 3.5, 43.5)
    bring(minder(address="3 rue Z", name="Ana"))
    now = repository.childminder("A")
    assert (now.address, now.longitude, now.name) == ("12 rue Longue", 3.5, "Ana")


def test_the_later_confirmation_counts(repository, bring):
    bring(minder(availability_confirmed_on="2026-03-01"))
    edit(repository, availability_confirmed_on=date(2026, 10, 1))
    assert bring(minder(availability_confirmed_on="2026-05-01")).rows[0].notes == ()
    assert repository.childminder("A").availability_confirmed_on == date(2026, 10, 1)
    bring(minder(availability_confirmed_on="2026-11-01"))
    assert repository.childminder("A").availability_confirmed_on == date(2026, 11, 1)


def test_a_record_made_by_hand_is_no_file_s(repository, bring):
    repository.revise(replace(BASE, name="À la main"), revision=0, by="agathe")
    report = bring(minder(name="Ana"))
    assert report.rows[0].outcome == "merged"
    assert repository.childminder("A").name == "À la main"


def test_contradicting_halves_leave_the_hand_s_whole(repository, bring):
    bring(minder(agrement={"places": 4, "places_offered": 2}))
    edit(repository, agrement=Agrement(4, 4))
    report = bring(minder(agrement={"places": 3, "places_offered": 2}))
    assert report.rows[0].outcome == "merged"
    assert repository.childminder("A").agrement == Agrement(4, 4)


def test_somebody_who_edits_while_the_file_is_read_is_not_overwritten(
    repository, bring, monkeypatch
):
    bring(minder(name="Ana"))
    save, edits = type(repository).save_import, iter(["Ana B."])

    def slowly(self, *given, **more):
        for name in edits:
            edit(self, name=name)
        save(self, *given, **more)

    monkeypatch.setattr(type(repository), "save_import", slowly)
    report = bring(minder(name="Ana C."))
    assert report.rows[0].outcome == "merged"
    assert len(report.rows[0].notes) == 1
    assert repository.childminder("A").name == "Ana B."


def test_what_was_set_aside_stays_so(repository, tmp_path):
    repository.save(mams=[Mam("M", address="x")])
    repository.cease(Mam, "M", revision=1, on=date(2026, 9, 1), by="agathe")
    assert (repository.mams(), [mam.mam_id for mam in repository.ceased(Mam)]) == ([], ["M"])
    path = tmp_path / "mams.json"
    path.write_text(json.dumps([{"mam_id": "M", "address": "y"}]), encoding="utf-8")
    report = import_records(examine(path, "mams"), "mams", repository=repository)
    assert "toujours fermée" in " ".join(explain(note) for note in report.rows[0].notes)
    assert repository.mams() == []
    repository.cease(Mam, "M", revision=repository.revision_of(Mam, "M"), on=None, by="agathe")
    assert [mam.mam_id for mam in repository.mams()] == ["M"]


def test_the_command_keeps_or_replaces(tmp_path, capsys):
    database, path = str(tmp_path / "registry.sqlite"), tmp_path / "am.json"
    path.write_text(json.dumps([minder(name="Ana")]), encoding="utf-8")
    asked = ["import", str(path), "--kind", "childminders", "--database", database]
    assert run(asked) == 0
    repository = open_repository(database)
    edit(repository, name="Ana B.")
    path.write_text(json.dumps([minder(name="Ana C.")]), encoding="utf-8")
    assert run(asked) == 0
    told = capsys.readouterr()
    assert "gardé « Ana B. »" in told.out
    assert "1\N{NO-BREAK SPACE}complétée" in told.err
    assert run([*asked, "--file-prevails"]) == 0
    assert repository.childminder("A").name == "Ana C."
    repository.close()
