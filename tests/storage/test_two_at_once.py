"""Two people at once, on SQLite and on PostGIS: one wins, the others are told, nothing is overwritten or brought back."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial

import pytest

from rpe_geo.desk.casework import Event
from rpe_geo.domain import Agrement, Child, Childminder, Facility, Mam, Request
from rpe_geo.errors import Conflict, NotFound, RpeGeoError
from rpe_geo.relais.casework import Casework
from rpe_geo.schedule import Timetable
from rpe_geo.storage import casework as stored
from rpe_geo.storage.casework import SqlCasework
from rpe_geo.storage.repository import open_repository
from rpe_geo.storage.sealing import Seal

DATABASES = ["sqlite", pytest.param("postgis", marks=pytest.mark.postgis)]
ROUNDS = 20
HANDS = 4
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
LONG_AGO = datetime(2025, 1, 10, 9, tzinfo=UTC)
NEED = Request(
    "R",
    (Child(date(2026, 5, 1)),),
    date(2027, 1, 4),
    Timetable.parse("Mo-Fr 08:00-18:00"),
    address="2 rue X",
)
RECORDS = [
    Childminder("AM", Agrement(3), address="1 rue X"),
    Mam("M", address="1 rue X"),
    Facility("F", "Crèche", address="1 rue X"),
    NEED,
]


@pytest.fixture(params=DATABASES)
def address(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'registry.sqlite'}"
    return request.getfixturevalue("empty_postgis_url")


@pytest.fixture
def opened(address):
    """Open the same registry as often as asked, each time on connections of its own."""
    repositories = []

    def once_more():
        repositories.append(open_repository(address))
        return repositories[-1]

    yield once_more
    for repository in repositories:
        repository.close()


def casework(repository) -> Casework:
    return Casework(repository, SqlCasework(repository.engine, rpe_id="rpe", seal=Seal()))


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Let threads start at the same moment; return what each gave, or the error it was told."""
    barrier = threading.Barrier(len(acts))

    def run(act):
        barrier.wait()
        try:
            return act()
        except RpeGeoError as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_of_several_who_change_one_record_one_wins(opened, record):
    hands = [opened() for _ in range(HANDS)]
    hands[0].revise(record, revision=0, by="first")
    name = next(iter(vars(record)))
    for number in range(ROUNDS):
        read = hands[0].revision_of(type(record), getattr(record, name))
        changes = [replace(record, address=f"{number}-{at} rue X") for at in range(HANDS)]
        said = at_once(
            *(
                partial(hand.revise, changed, revision=read, by=f"hand-{at}")
                for at, (hand, changed) in enumerate(zip(hands, changes, strict=True))
            )
        )
        (winner,) = [at for at, one in enumerate(said) if one == read + 1]
        assert [type(one) for at, one in enumerate(said) if at != winner] == [Conflict] * (
            HANDS - 1
        )
        kept = getattr(hands[0], name.removesuffix("_id"))(getattr(record, name))
        assert kept.address == f"{number}-{winner} rue X"
        standing = hands[0].standings(type(record))[getattr(record, name)]
        assert (standing.revision, standing.edited_by) == (read + 1, f"hand-{winner}")
        assert standing.edited_at == standing.changed_at


def test_of_two_families_who_are_offered_one_place_at_once_one_is_told(opened):
    desks = [casework(opened()), casework(opened())]
    cases = [desk.receive(NEED, {"nom": "X"}, at=NOW) for desk in desks]
    for number in range(ROUNDS):
        seen = [len(desks[0].store.events(case)) for case in cases]
        offers = [
            Event(case, "proposed", NOW, "A", "childminder", f"AM-{number}") for case in cases
        ]
        said = at_once(
            *(
                partial(desk.note, offer, seen=facts)
                for desk, offer, facts in zip(desks, offers, seen, strict=True)
            )
        )
        (refused,) = [one for one in said if one is not None]
        assert isinstance(refused, Conflict)
        assert refused.code == "place_offered"
        assert refused.values["request_id"] == cases[said.index(None)]


def test_of_two_facts_noted_at_once_one_is_kept(opened):
    desks = [casework(opened()), casework(opened())]
    case = desks[0].receive(NEED, {}, at=NOW)
    for number in range(ROUNDS):
        fact = Event(case, "contact", NOW)
        said = at_once(*(partial(desk.note, fact, seen=number + 1) for desk in desks))
        assert [type(one) for one in said if one is not None] == [Conflict]
        assert len(desks[0].store.events(case)) == number + 2


def test_a_purge_loses_nothing_that_is_noted_meanwhile_and_brings_nothing_back(opened):
    desks = [casework(opened()), casework(opened())]
    kept = []
    for _ in range(ROUNDS):
        case = desks[0].receive(NEED, {"nom": "X"}, at=LONG_AGO)
        purge, noted = at_once(
            lambda: desks[0].purge(NOW.date()),
            lambda case=case: desks[1].note(Event(case, "contact", NOW), seen=1),
        )
        if noted is None:
            assert case not in purge.purged
            assert desks[0].case(case).contact == {"nom": "X"}
            kept.append(case)
        else:
            assert isinstance(noted, NotFound)
            assert purge.purged == (case,)
            assert len(desks[0].store.events(case)) == 1
            assert case not in desks[0].store.contacts()
    assert [request.request_id for request in desks[0].repository.requests()] == sorted(kept)


def test_a_purge_and_a_change_of_the_need_at_once(opened):
    desks = [casework(opened()), casework(opened())]
    for _ in range(ROUNDS):
        case = desks[0].receive(NEED, {}, at=LONG_AGO)
        changed = replace(desks[0].repository.request(case), address="3 rue Y")
        purge, revised = at_once(
            lambda: desks[0].purge(NOW.date()),
            lambda changed=changed: desks[1].repository.revise(changed, revision=1, by="A"),
        )
        if revised == 2:
            assert case not in purge.purged
            assert desks[0].case(case).request == changed
            desks[0].take_back(case, at=NOW)
        else:
            assert isinstance(revised, Conflict)
            assert purge.purged == (case,)
        with pytest.raises(NotFound):
            desks[0].case(case)


def test_a_request_is_kept_with_who_asks_or_not_at_all(opened, monkeypatch):
    desk = casework(opened())

    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(SqlCasework, "_insert", fail)
    with pytest.raises(KeyboardInterrupt):
        desk.receive(NEED, {"nom": "X"}, at=NOW)
    assert desk.repository.requests() == []
    assert desk.store.contacts() == {}


def test_an_identifier_that_is_taken_is_drawn_again(opened, monkeypatch):
    desk = casework(opened())
    drawn = iter(["aaaaaa", "aaaaaa", "bbbbbb"])
    monkeypatch.setattr("rpe_geo.relais.casework.secrets.token_hex", lambda _: next(drawn))
    first = desk.receive(NEED, {"nom": "Une"}, at=NOW)
    second = desk.receive(NEED, {"nom": "Autre"}, at=NOW)
    assert (first[-6:], second[-6:]) == ("AAAAAA", "BBBBBB")
    assert desk.case(first).contact == {"nom": "Une"}


def test_a_request_taken_back_is_gone_whole(opened):
    desk = casework(opened())
    case = desk.receive(NEED, {"nom": "X"}, at=NOW)
    assert desk.take_back(case, at=NOW)
    assert not desk.take_back(case, at=NOW)
    assert [event.kind for event in desk.store.events(case)] == ["received", "withdrawn"]
    with pytest.raises(NotFound):
        desk.note(Event(case, "contact", NOW), seen=2)


def _count(address, barrier, times):
    """Add one to the places of a crèche, again and again, reading it anew whenever somebody was quicker."""
    repository = open_repository(address)
    barrier.wait(60)
    done = 0
    while done < times:
        read = repository.revision_of(Facility, "F")
        now = repository.facility("F")
        try:
            repository.revise(replace(now, places=now.places + 1), revision=read, by="x")
        except Conflict:
            continue
        done += 1
    repository.close()


def test_processes_lose_no_change_of_each_other(address, opened):
    repository = opened()
    repository.save(facilities=[Facility("F", "Crèche", address="1 rue X", places=0)])
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(2)
    workers = [spawn.Process(target=_count, args=(address, barrier, ROUNDS)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
        assert worker.exitcode == 0
    assert repository.facility("F").places == 2 * ROUNDS
    assert repository.revision_of(Facility, "F") == 2 * ROUNDS + 1


def _die_within(address):
    """Receive a request, and die before the transaction ends, as a machine does."""
    repository = open_repository(address)

    def die(*_):
        os._exit(9)

    stored.SqlCasework._insert = die  # type: ignore[method-assign]
    casework(repository).receive(NEED, {"nom": "X"}, at=NOW)


def test_a_process_that_dies_while_writing_leaves_nothing_half(address, opened):
    desk = casework(opened())
    case = desk.receive(NEED, {"nom": "Avant"}, at=NOW)
    worker = multiprocessing.get_context("spawn").Process(target=_die_within, args=(address,))
    worker.start()
    worker.join(60)
    assert worker.exitcode == 9
    assert [request.request_id for request in desk.repository.requests()] == [case]
    assert set(desk.store.contacts()) == {case}
    desk.note(Event(case, "contact", NOW), seen=1)
