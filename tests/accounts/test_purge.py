"""Retention: a year after the last exchange only anonymous facts stay."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from rpe_geo.cli import run
from rpe_geo.desk.casework import Event
from rpe_geo.domain import Child, Household, Request
from rpe_geo.errors import NotFound
from rpe_geo.schedule import Timetable
from rpe_geo.settings import Settings
from rpe_geo.storage.repository import open_repository
from rpe_geo.wiring import open_casework

RECEIVED = datetime(2025, 3, 10, 9, tzinfo=UTC)
NEED = Request(
    "nouvelle",
    (Child(date(2025, 1, 1), frozenset({"wheelchair"})),),
    date(2025, 9, 1),
    Timetable.parse("Mo-Fr 08:00-18:00"),
    address="3 rue Tres-Secrete",
    longitude=1.7,
    latitude=47.0,
    work_address="Usine-Secrete",
    household=Household(2000.0, 1),
)
CONTACT = {"nom": "Nom-Secret", "contact": "06 00 00 00 00"}


def opened(url, rpe_id="rpe"):
    settings = Settings(database_url=url, rpe_id=rpe_id, _env_file=None)
    repository = open_repository(url, rpe_id=rpe_id)
    return repository, open_casework(repository, settings, rpe_id)


@pytest.fixture(params=["sqlite", "postgis"])
def desk(request, tmp_path):
    if request.param == "postgis":
        url = request.getfixturevalue("empty_postgis_url")
    else:
        url = f"sqlite:///{tmp_path / 'registry.sqlite'}"
    repository, casework = opened(url)
    yield casework
    repository.close()


def test_only_what_is_older_than_twelve_months_is_forgotten(desk):
    old = desk.receive(NEED, CONTACT, at=RECEIVED)
    spoken = desk.receive(NEED, CONTACT, at=RECEIVED)
    desk.note(Event(spoken, "contact", RECEIVED.replace(month=6), channel="phone"), seen=1)
    desk.repository.save(requests=[NEED])
    counted = desk.activity(date(2025, 1, 1), date(2025, 12, 31))
    assert desk.purge(date(2026, 3, 10)).purged == ()
    done = desk.purge(date(2026, 3, 11))
    assert done.purged == (old,)
    assert "nouvelle" in {one.request_id for one in desk.repository.requests()}
    with pytest.raises(NotFound):
        desk.case(old)
    assert set(desk.store.contacts()) == {spoken}
    assert desk.case(spoken).request.address == NEED.address
    assert desk.activity(date(2025, 1, 1), date(2025, 12, 31)) == counted
    assert [action for _, _, action in desk.store.audited(old)] == ["purge"]
    assert desk.purge(date(2026, 3, 11)).purged == ()


def test_the_command_tells_how_many_and_leaves_other_relais_alone(tmp_path, capsys):
    url = f"sqlite:///{tmp_path / 'registry.sqlite'}"
    other, elsewhere = opened(url, "autre")
    elsewhere.receive(NEED, CONTACT, at=RECEIVED)
    repository, casework = opened(url)
    casework.receive(NEED, CONTACT, at=RECEIVED)
    assert run(["purge", "--database", url, "--on", "2026-03-10", "--rpe", "rpe"]) == 0
    assert "rpe : 0\N{NO-BREAK SPACE}demande rendue anonyme" in capsys.readouterr().out
    assert run(["purge", "--database", url, "--on", "2026-05-01", "--rpe", "rpe"]) == 0
    assert "rpe : 1\N{NO-BREAK SPACE}demande rendue anonyme" in capsys.readouterr().out
    assert repository.requests() == []
    assert len(other.requests()) == 1
    repository.close()
    other.close()
    assert run(["purge", "--on", "demain"]) == 2
