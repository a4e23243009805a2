"""Access and erasure: everything of a person, on paper and for a machine; and nothing left in any file."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pypdf import PdfReader

from rpe_geo.cli import run
from rpe_geo.deployment.mailing import send_mail
from rpe_geo.desk.casework import Event
from rpe_geo.domain import Agrement, Child, Childminder, Contact, Request
from rpe_geo.errors import InputError, NotFound
from rpe_geo.relais.accounts import Accounts
from rpe_geo.relais.administration import Administration
from rpe_geo.schedule import Timetable
from rpe_geo.settings import Settings
from rpe_geo.storage.repository import open_repository
from rpe_geo.wiring import open_accounts, open_casework, open_people

NAME, STREET, MAIL = "Zénobie Inventée-Secrète", "7 impasse Tres-Secrete", "zenobie@secret.example"
NEED = Request(
    "nouvelle",
    (Child(date(2026, 1, 1)),),
    date(2027, 1, 4),
    Timetable.parse("Mo-Fr 08:00-18:00"),
    address=STREET,
    longitude=1.7,
    latitude=47.0,
)
MINDER = Childminder(
    "AM-7",
    Agrement(3),
    name=NAME,
    address=STREET,
    longitude=1.7,
    latitude=47.0,
    contact=Contact(email=MAIL),
)


@pytest.fixture(params=["sqlite", pytest.param("postgis", marks=pytest.mark.postgis)])
def settings(request, tmp_path):
    if request.param == "postgis":
        url = request.getfixturevalue("empty_postgis_url")
    else:
        url = f"sqlite:///{tmp_path / 'db' / 'registry.sqlite'}"
    return Settings(database_url=url, outbox=tmp_path / "outbox", _env_file=None)


@pytest.fixture
def desk(settings):
    """A registry with one childminder, one family and a proposal of the one to the other."""
    repository = open_repository(settings.database_url)
    repository.save_import(Childminder, [MINDER], sent=[MINDER], read={})
    repository.save(
        childminders=[
            Childminder(f"AM-{number}", Agrement(3), name="Une Autre", longitude=1.7, latitude=47.0)
            for number in range(100, 140)
        ]
    )
    casework = open_casework(repository, settings, "rpe")
    now = datetime(2026, 11, 30, tzinfo=UTC)
    request_id = casework.receive(NEED, {"nom": NAME, "contact": MAIL}, at=now)
    offer = Event(request_id, "proposed", now, provider_kind="childminder", provider_id="AM-7")
    casework.note(offer, seen=1)
    casework.store.audit("agathe", "read", "request", request_id)
    yield repository, casework, request_id
    repository.close()


def traces(settings: Settings, *words: str) -> list[str]:
    """Find words in every file of the deployment, the journal included."""
    folder = Path(settings.database_url.removeprefix("sqlite:///")).parent
    files = [path for path in (*folder.rglob("*"), *settings.outbox.rglob("*")) if path.is_file()]
    spellings = {
        spelling for word in words for spelling in (word.encode(), json.dumps(word)[1:-1].encode())
    }
    return [
        f"{path.name}: {word.decode()}"
        for path in files
        for word in spellings
        if word in path.read_bytes()
    ]


def test_everything_of_a_family_is_gathered(settings, desk):
    repository, _, request_id = desk
    held = open_people(repository, settings).gather(request_id)
    assert held["kind"] == "request"
    text = json.dumps(held, ensure_ascii=False)
    assert all(word in text for word in (STREET, NAME, MAIL))
    assert [event["kind"] for event in held["case_events"]] == ["received", "proposed"]
    assert [entry["action"] for entry in held["audit_entries"]] == ["read"]


def test_a_childminder_gets_her_record_and_what_was_proposed_to_her(settings, desk):
    repository, _, _ = desk
    held = open_people(repository, settings).gather("AM-7")
    assert held["childminder_identities"][0]["content"]["name"] == NAME
    assert held["imported_records"][0]["content"]["name"] == NAME
    assert [event["kind"] for event in held["case_events"]] == ["proposed"]


def test_the_export_is_read_by_machines_and_people(settings, desk, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("RPE_DATABASE_URL", settings.database_url)
    target = tmp_path / "elle.json"
    assert run(["person", "export", "AM-7", "-o", str(target)]) == 0
    assert json.loads(target.read_text(encoding="utf-8"))["kind"] == "childminder"
    printed = "".join(page.extract_text() for page in PdfReader(target.with_suffix(".pdf")).pages)
    assert "Tres-Secrete" in printed
    assert "CNIL" in printed
    assert target.stat().st_mode & 0o077 == 0
    assert NAME not in capsys.readouterr().out
    assert run(["person", "export", "nobody", "-o", str(tmp_path / "x.json")]) == 2
    assert not (tmp_path / "x.json").exists()


def test_an_erased_person_stands_in_no_file(settings, desk, capsys, monkeypatch):
    repository, casework, request_id = desk
    monkeypatch.setenv("RPE_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("RPE_OUTBOX", str(settings.outbox))
    send_mail(settings, MAIL, f"Votre demande {request_id}", "Bonjour.")
    counted = casework.activity(date(2026, 1, 1), date(2026, 12, 31))
    assert run(["person", "erase", request_id]) == 2
    assert run(["person", "erase", request_id, "--yes"]) == 0
    assert run(["person", "erase", "AM-7", "--yes"]) == 0
    said = capsys.readouterr().out
    assert "CAF" in said
    if settings.database_url.startswith("sqlite"):
        assert traces(settings, NAME, STREET, MAIL, request_id, "AM-7") == []
    assert len(repository.childminders()) == 40
    assert repository.requests() == []
    assert casework.activity(date(2026, 1, 1), date(2026, 12, 31)) == counted
    with pytest.raises(NotFound):
        open_people(repository, settings).gather(request_id)


def test_an_account_is_exported_and_erased_but_not_the_last_administrator(settings, desk):
    repository, casework, _ = desk
    accounts: Accounts = open_accounts(repository)
    administration = Administration(accounts, "rpe", casework.store)
    administration.add(
        "agathe@relais.example", "Agathe", "administrator", password="quatre lampes sous la neige"
    )
    people = open_people(repository, settings)
    held = people.gather("agathe@relais.example")
    assert held["accounts"][0]["name"] == "Agathe"
    assert "password_hash" not in held["accounts"][0]
    with pytest.raises(InputError):
        people.erase("agathe@relais.example")
    administration.add(
        "odile@relais.example", "Odile", "administrator", password="quatre lampes sous la neige"
    )
    people.erase("agathe@relais.example")
    assert accounts.store.by_email("agathe@relais.example") is None
    assert accounts.store.by_email("odile@relais.example") is not None


def test_the_trail_tells_exports_and_forgets_after_its_term(settings, desk, tmp_path, monkeypatch):
    _, casework, request_id = desk
    monkeypatch.setenv("RPE_DATABASE_URL", settings.database_url)
    assert run(["registry", "export", str(tmp_path / "f.json"), "--kind", "childminders"]) == 0
    assert [line[2] for line in casework.store.audited("f.json")] == ["export"]
    assert casework.store.audited(request_id)
    done = casework.purge(date(2029, 1, 1))
    assert done.trail >= 2
    assert casework.store.audited("f.json") == []
