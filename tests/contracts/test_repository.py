"""What every registry must do, on SQLite and on a real PostGIS."""

from __future__ import annotations

import threading
import uuid
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box

from rpe_geo.crs import great_circle_m
from rpe_geo.domain import (
    Agrement,
    Child,
    Childminder,
    Contact,
    Contract,
    Facility,
    Mam,
    OwnChild,
    Request,
)
from rpe_geo.errors import Conflict, NotFound
from rpe_geo.formats.checks import id_of
from rpe_geo.protocols import Repository
from rpe_geo.schedule import Timetable
from rpe_geo.storage import repository as storage
from rpe_geo.storage.repository import open_repository
from tests.formats.record_strategies import RECORDS

WORK_DAYS = Timetable.parse("Mo-Fr 08:00-18:00")


@pytest.fixture(params=["sqlite", pytest.param("postgis", marks=pytest.mark.postgis)])
def repository(request, tmp_path):
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path / 'registry.sqlite'}"
    else:
        address = request.getfixturevalue("postgis_url")
    opened = open_repository(address, rpe_id=uuid.uuid4().hex)
    yield opened
    opened.close()


def childminder(childminder_id="A", longitude=3.9, latitude=43.6, **fields):
    return Childminder(
        childminder_id,
        Agrement(3),
        address="1 rue de la Paix",
        longitude=longitude,
        latitude=latitude,
        **fields,
    )


def request_of_family(request_id="R"):
    return Request(
        request_id, (Child(date(2026, 5, 1)),), date(2027, 1, 4), WORK_DAYS, address="2 rue X"
    )


def ids(records):
    return [id_of(record)[1] for record in records]


def test_satisfies_the_seam(repository):
    seam: Repository = repository
    assert seam.version() == 0
    assert (seam.childminders(), seam.mams(), seam.facilities(), seam.requests()) == (
        [],
        [],
        [],
        [],
    )


@pytest.mark.parametrize("kind", list(RECORDS))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_record_comes_back_the_same(repository, kind, data):
    records = data.draw(
        st.lists(RECORDS[kind], max_size=3, unique_by=lambda record: id_of(record)[1])
    )
    repository.save(**{kind: records})
    found = {id_of(record)[1]: record for record in getattr(repository, kind)()}
    for record in records:
        assert found[id_of(record)[1]] == record
    assert list(found) == sorted(found)


def test_absent_and_empty_are_kept_apart(repository):
    minders = [
        childminder("absent"),
        childminder("empty", contracts=(), availabilities=()),
    ]
    repository.save(childminders=minders)
    assert repository.childminder("absent").contracts is None
    assert repository.childminder("empty").contracts == ()
    assert repository.childminder("empty").publication is None


def test_save_replaces_the_record_of_the_same_id(repository):
    repository.save(childminders=[childminder("A", name="Avant"), childminder("B")])
    repository.save(childminders=[childminder("A", longitude=4.0, name="Après")])
    assert [minder.name for minder in repository.childminders()] == ["Après", ""]
    assert ids(repository.childminders_near(Point(3.9, 43.6), 100)) == ["B"]
    assert ids(repository.childminders_near(Point(4.0, 43.6), 100)) == ["A"]


def test_a_record_that_loses_its_place_is_not_found_by_distance(repository):
    repository.save(childminders=[childminder("A")])
    repository.save(childminders=[childminder("A", longitude=None, latitude=None)])
    assert repository.childminders_near(Point(3.9, 43.6), 1e7) == []
    assert repository.childminders_within(box(-180, -90, 180, 90)) == []
    assert ids(repository.childminders()) == ["A"]


def test_save_is_all_or_nothing(repository, monkeypatch):
    repository.save(childminders=[childminder("A", name="Avant")])
    version = repository.version()
    write, written = storage.write, []

    def fail_after_the_second(connection, own, batch):
        write(connection, own, batch)
        written.append(batch)
        if len(written) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(storage, "write", fail_after_the_second)
    with pytest.raises(KeyboardInterrupt):
        repository.save(
            childminders=[childminder("A", name="Après"), childminder("B")],
            mams=[Mam("M", address="x")],
        )
    assert len(written) == 2
    assert ids(repository.childminders()) == ["A"]
    assert repository.childminder("A").name == "Avant"
    assert repository.mams() == []
    assert repository.version() == version


def test_version_grows_with_providers_only(repository):
    repository.save(requests=[request_of_family()])
    assert repository.version() == 0
    versions = [repository.version()]
    repository.save(childminders=[childminder()])
    versions.append(repository.version())
    repository.save(mams=[Mam("M", address="x")])
    versions.append(repository.version())
    repository.save(facilities=[Facility("F", "crèche", address="x")])
    versions.append(repository.version())
    repository.delete(facility_ids=["F"])
    versions.append(repository.version())
    assert versions == sorted(set(versions))
    repository.save()
    repository.delete(request_ids=["R"])
    assert repository.version() == versions[-1]


def test_one_record_or_not_found(repository):
    repository.save(
        childminders=[childminder()],
        mams=[Mam("M", address="x")],
        facilities=[Facility("F", "crèche", address="x")],
        requests=[request_of_family()],
    )
    assert repository.childminder("A").childminder_id == "A"
    assert repository.mam("M").mam_id == "M"
    assert repository.facility("F").facility_id == "F"
    assert repository.request("R") == request_of_family()
    for find, code in (
        (repository.childminder, "childminder_unknown"),
        (repository.mam, "mam_unknown"),
        (repository.facility, "facility_unknown"),
        (repository.request, "request_unknown"),
    ):
        with pytest.raises(NotFound) as caught:
            find("nobody")
        assert caught.value.code == code


def test_delete_counts_and_leaves_nothing_behind(repository):
    repository.save(
        childminders=[childminder(str(number)) for number in range(1200)],
        requests=[request_of_family()],
    )
    wanted = [*(str(number) for number in range(1100)), "nobody"]
    assert repository.delete(childminder_ids=wanted, request_ids=["R"]) == 1101
    assert len(repository.childminders()) == 100
    assert len(repository.childminders_near(Point(3.9, 43.6), 10)) == 100
    assert repository.requests() == []
    repository.save(childminders=[childminder("5", name="Revenue")])
    assert repository.childminder("5").name == "Revenue"


degrees = st.tuples(st.floats(-180, 180), st.floats(-90, 90))
near_home = st.tuples(st.floats(3.8, 4.0), st.floats(43.5, 43.7))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    places=st.lists(st.one_of(near_home, degrees), min_size=1, max_size=6),
    centre=st.one_of(near_home, degrees),
    radius=st.one_of(st.floats(0, 20_000), st.floats(0, 2.1e7)),
)
@example(places=[(179.99, 10.0), (-179.99, 10.0)], centre=(180.0, 10.0), radius=5000.0)
@example(places=[(-179.99, 10.0)], centre=(179.995, 10.0), radius=5000.0)
@example(places=[(0.0, 89.99), (180.0, 89.99)], centre=(0.0, 89.999), radius=5000.0)
@example(places=[(3.9, 43.6)], centre=(3.9, 43.6), radius=0.0)
def test_near_is_the_great_circle(repository, places, centre, radius):
    rpe = repository.of(uuid.uuid4().hex)
    rpe.save(
        childminders=[
            childminder(str(number), longitude=longitude, latitude=latitude)
            for number, (longitude, latitude) in enumerate(places)
        ],
        facilities=[
            Facility(str(number), "crèche", longitude=longitude, latitude=latitude)
            for number, (longitude, latitude) in enumerate(places)
        ],
    )
    longitude, latitude = np.array(places).T
    distances = great_circle_m(np.array(centre[0]), np.array(centre[1]), longitude, latitude)
    expected = [str(number) for number in np.flatnonzero(distances <= radius)]
    assert ids(rpe.childminders_near(Point(centre), radius)) == expected
    assert ids(rpe.facilities_near(Point(centre), radius)) == expected


def test_within_an_area(repository):
    repository.save(
        childminders=[
            childminder("border", longitude=3.0, latitude=43.5),
            childminder("hole", longitude=3.5, latitude=43.5),
            childminder("inside", longitude=3.2, latitude=43.5),
            childminder("outside", longitude=4.5, latitude=43.5),
        ]
    )
    outer = [(3, 43), (4, 43), (4, 44), (3, 44)]
    hole = [(3.4, 43.4), (3.6, 43.4), (3.6, 43.6), (3.4, 43.6)]
    area = Polygon(outer, [hole])
    assert ids(repository.childminders_within(area)) == ["border", "inside"]
    assert ids(repository.childminders_within(MultiPolygon([area]))) == ["border", "inside"]
    assert repository.childminders_within(Polygon()) == []


def test_the_column_of_places_gives_points_back(repository):
    from sqlalchemy import select

    from rpe_geo.storage.tables import childminders
    from rpe_geo.storage.transactions import OwnRows

    repository.save(
        childminders=[childminder("A"), childminder("B", longitude=None, latitude=None)]
    )
    with OwnRows(repository.engine, repository.rpe_id).reading() as connection:
        query = select(childminders.c.childminder_id, childminders.c.place).where(
            childminders.c.rpe_id == repository.rpe_id
        )
        assert dict(map(tuple, connection.execute(query))) == {"A": (3.9, 43.6), "B": None}


def test_another_rpe_sees_and_changes_nothing(repository):
    other = repository.of(uuid.uuid4().hex)
    repository.save(
        childminders=[childminder()],
        mams=[Mam("M", longitude=3.9, latitude=43.6)],
        facilities=[Facility("F", "crèche", longitude=3.9, latitude=43.6)],
        requests=[request_of_family()],
    )
    assert other.version() == 0
    assert (other.childminders(), other.mams(), other.facilities(), other.requests()) == (
        [],
        [],
        [],
        [],
    )
    assert other.childminders_near(Point(3.9, 43.6), 1e6) == []
    assert other.facilities_near(Point(3.9, 43.6), 1e6) == []
    assert other.childminders_within(box(3, 43, 4, 44)) == []
    assert other.revision_of(Childminder, "A") == 0
    with pytest.raises(NotFound):
        other.request("R")
    assert (
        other.delete(childminder_ids=["A"], mam_ids=["M"], facility_ids=["F"], request_ids=["R"])
        == 0
    )
    other.save(childminders=[childminder("A", name="Homonyme")])
    assert repository.childminder("A").name == ""
    assert other.delete(childminder_ids=["A"]) == 1
    assert repository.childminder("A") == childminder()


def test_revise_is_an_optimistic_lock(repository):
    assert repository.revise(childminder(name="Un"), revision=0) == 1
    read = repository.revision_of(Childminder, "A")
    assert repository.revise(childminder(name="Deux"), revision=read) == 2
    with pytest.raises(Conflict) as caught:
        repository.revise(childminder(name="Trop tard"), revision=read)
    assert caught.value.values == {"id": "A", "read": 1, "found": 2}
    with pytest.raises(Conflict):
        repository.revise(childminder(name="Créée deux fois"), revision=0)
    with pytest.raises(Conflict):
        repository.revise(childminder("B"), revision=3)
    assert repository.childminder("A").name == "Deux"
    assert repository.revise(request_of_family(), revision=0) == 1
    repository.save(childminders=[childminder(name="Trois")])
    assert repository.revision_of(Childminder, "A") == 3


def test_of_many_who_revise_at_once_one_wins(repository):
    repository.save(childminders=[childminder(name="0")])
    won, lost, wrong = [], [], []
    start = threading.Barrier(6)

    def revise(name):
        start.wait()
        try:
            won.append((name, repository.revise(childminder(name=name), revision=1)))
        except Conflict:
            lost.append(name)
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            wrong.append(error)

    threads = [threading.Thread(target=revise, args=(str(number),)) for number in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(won) == 1
    assert len(lost) == 5
    assert repository.childminder("A").name == won[0][0]
    assert repository.revision_of(Childminder, "A") == 2


def test_writers_at_once_lose_nothing(repository):
    wrong = []

    def write(number):
        try:
            for step in range(5):
                repository.save(
                    childminders=[childminder(f"{number}-{step}"), childminder("shared")],
                    mams=[Mam("M", address="x")],
                )
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            wrong.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(repository.childminders()) == 21
    assert repository.revision_of(Childminder, "shared") == 20
    assert repository.version() == 20


def test_personal_data_stand_apart(repository):
    """Names, addresses, contacts and children are not in the table that is searched."""
    minder = replace(
        childminder("A", name="Zéphyrine Tournesol"),
        contact=Contact(phone="0611223344"),
        own_children=(OwnChild(date(2024, 2, 29)),),
        contracts=(
            Contract("C", date(2026, 1, 5), WORK_DAYS, child_birth_date=date(2025, 12, 25)),
        ),
    )
    repository.save(childminders=[minder], requests=[request_of_family()])
    from sqlalchemy import text

    with repository.engine.connect() as connection:
        for table in ("childminders", "requests"):
            rows = connection.execute(
                text(f"SELECT * FROM {table} WHERE rpe_id = :rpe"), {"rpe": repository.rpe_id}
            ).all()
            shown = str(rows)
            for secret in (
                "Zéphyrine",
                "rue",
                "0611223344",
                "2024-02-29",
                "2025-12-25",
                "2026-05-01",
            ):
                assert secret not in shown
    assert repository.childminder("A") == minder


def test_who_changed_a_record_by_hand_is_known(repository):
    repository.save(childminders=[childminder("A"), childminder("B")])
    assert repository.standings(Childminder)["A"].edited_at is None
    repository.revise(childminder("A", name="Ana"), revision=1, by="agathe")
    standings = repository.standings(Childminder, ["A"])
    assert set(standings) == {"A"}
    standing = standings["A"]
    assert (standing.revision, standing.edited_by) == (2, "agathe")
    assert standing.edited_at == standing.changed_at
    assert standing.changed_at.tzinfo is not None
    repository.save(childminders=[childminder("A", name="Un fichier")])
    later = repository.standings(Childminder)["A"]
    assert (later.revision, later.edited_by, later.edited_at) == (3, "agathe", standing.edited_at)
    assert later.changed_at > standing.changed_at


@pytest.mark.parametrize("record", [Mam("M", address="x"), Facility("F", "Crèche", address="x")])
def test_what_is_set_aside_is_found_by_its_id_alone(repository, record):
    kind, identity = type(record), id_of(record)[1]
    repository.revise(record, revision=0)
    version = repository.version()
    assert repository.cease(kind, identity, revision=1, on=date(2026, 9, 1), by="agathe") == 2
    assert repository.version() > version
    assert (repository.mams(), repository.facilities()) == ([], [])
    assert repository.ceased(kind) == [record]
    assert getattr(repository, id_of(record)[0].removesuffix("_id"))(identity) == record
    assert repository.standings(kind)[identity].ceased_on == date(2026, 9, 1)
    with pytest.raises(Conflict):
        repository.cease(kind, identity, revision=1, on=None)
    repository.cease(kind, identity, revision=2, on=None)
    assert repository.ceased(kind) == []
    assert repository.standings(kind)[identity].ceased_on is None
    assert repository.ceased(Childminder) == []


def test_an_import_is_stored_with_what_the_file_said_or_not_at_all(repository):
    repository.save(childminders=[childminder("A", name="Avant")])
    sent = [childminder("A", name="Fichier"), childminder("B", name="Fichier")]
    with pytest.raises(Conflict):
        repository.save_import(Childminder, sent, sent=sent, read={"A": 7})
    assert ids(repository.childminders()) == ["A"]
    assert repository.last_imported(Childminder) == {}
    repository.save_import(Childminder, sent[1:], sent=sent, read={"A": 1})
    assert [one.name for one in repository.childminders()] == ["Avant", "Fichier"]
    assert repository.last_imported(Childminder) == {"A": sent[0], "B": sent[1]}
    assert repository.of("elsewhere").last_imported(Childminder) == {}
    repository.delete(childminder_ids=["A"])
    assert set(repository.last_imported(Childminder)) == {"B"}
