"""Opening, migrating and losing databases."""

from __future__ import annotations

import multiprocessing
import queue
import sqlite3
import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from shapely import Point
from sqlalchemy import event, inspect, text

from rpe_geo.domain import Agrement, Childminder
from rpe_geo.errors import InputError, InvalidFile, ServiceUnavailable
from rpe_geo.messages import explain
from rpe_geo.storage.database import connect, head_revision, migrate
from rpe_geo.storage.repository import open_repository
from rpe_geo.storage.tables import metadata

DATABASES = ["sqlite", pytest.param("postgis", marks=pytest.mark.postgis)]


@pytest.fixture(params=DATABASES)
def address(request, tmp_path):
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new' / 'folder' / 'registry.sqlite'}"
    return request.getfixturevalue("empty_postgis_url")


def childminder(childminder_id="A"):
    return Childminder(childminder_id, Agrement(3), longitude=3.9, latitude=43.6)


def test_the_head_is_alembics_head():
    script = ScriptDirectory("rpe_geo/storage/migrations")
    assert script.get_current_head() == head_revision()
    assert [step.revision for step in script.walk_revisions()] == sorted(
        (step.revision for step in script.walk_revisions()), reverse=True
    )


def test_migrations_make_the_tables(address):
    engine = connect(address)
    migrate(engine)

    def ours(_object, name, kind, *_):
        # The R*Tree and its shadow tables, and the spatial index, are the migrations' own.
        return (
            not (kind in {"table", "index"} and "_place" in str(name)) and name != "spatial_ref_sys"
        )

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": ours, "compare_type": False}
        )
        schema = inspect(connection).default_schema_name
        differences = [
            difference
            for difference in compare_metadata(context, metadata)
            if getattr(difference[1], "schema", None) in {None, schema}
        ]
    engine.dispose()
    assert differences == []


def test_a_second_opening_changes_nothing(address):
    first = open_repository(address)
    first.save(childminders=[childminder()])
    second = open_repository(address)
    assert [minder.childminder_id for minder in second.childminders()] == ["A"]
    first.close()
    second.close()


def test_a_newer_database_is_refused(address):
    engine = connect(address)
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(InputError) as caught:
        open_repository(address)
    engine.dispose()
    assert caught.value.code == "database_newer"
    assert "9999" in explain(caught.value)


def _open_and_save(address, name, go, results):
    go.wait()
    try:
        repository = open_repository(address)
        repository.save(childminders=[childminder(name)])
        repository.close()
        results.put("ok")
    except Exception as error:  # noqa: BLE001 - shown by the assertion of the test
        results.put(repr(error))


def _all_at_once(address, kind, go, results, count):
    workers = [
        kind(target=_open_and_save, args=(address, f"W{number}", go, results))
        for number in range(count)
    ]
    for worker in workers:
        worker.start()
    go.set()
    outcomes = [results.get(timeout=120) for _ in workers]
    for worker in workers:
        worker.join()
    assert outcomes == ["ok"] * count
    repository = open_repository(address)
    assert len(repository.childminders()) == count
    repository.close()


def test_threads_may_migrate_at_once(address):
    _all_at_once(address, threading.Thread, threading.Event(), queue.Queue(), 4)


def test_processes_may_migrate_at_once(tmp_path):
    spawning = multiprocessing.get_context("spawn")
    address = f"sqlite:///{tmp_path / 'registry.sqlite'}"
    _all_at_once(address, spawning.Process, spawning.Event(), spawning.Queue(), 2)


def test_an_interrupted_migration_leaves_nothing(address, monkeypatch):
    from rpe_geo.storage import database

    def fall(connection):
        connection.execute(text("CREATE TABLE half (a INTEGER)"))
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(database, "_upgrade", fall)
        with pytest.raises(KeyboardInterrupt):
            open_repository(address)
    repository = open_repository(address)
    assert not inspect(repository.engine).has_table("half")
    assert repository.childminders() == []
    repository.close()


def test_a_search_uses_the_spatial_index(address):
    repository = open_repository(address)
    repository.save(
        childminders=[
            Childminder(str(number), Agrement(3), longitude=number / 50 - 20, latitude=number / 50)
            for number in range(3000)
        ]
    )
    queries = []
    event.listen(
        repository.engine,
        "before_cursor_execute",
        lambda _c, _u, statement, values, *_: queries.append((statement, values)),
    )
    assert len(repository.childminders_near(Point(3, 23), 5000)) == 3
    statement, values = next(query for query in queries if "found" in query[0])
    sqlite = repository.engine.dialect.name == "sqlite"
    with repository.engine.begin() as connection:
        if not sqlite:
            connection.execute(text("ANALYZE childminders"))
            connection.execute(text("SELECT set_config('rpe_geo.rpe_id', 'rpe', true)"))
        explain_it = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
        plan = str(connection.exec_driver_sql(f"{explain_it} {statement}", values).all())
    repository.close()
    if sqlite:
        assert "SCAN childminders_place VIRTUAL TABLE INDEX" in plan
        assert "SEARCH childminders USING INTEGER PRIMARY KEY" in plan
        assert "SEARCH childminder_identities USING INDEX" in plan
    else:
        assert "ix_childminders_rpe_id_longitude" in plan
        assert "Seq Scan on childminders" not in plan


def test_a_path_is_an_address(tmp_path):
    path = tmp_path / "here" / "registry.sqlite"
    repository = open_repository(str(path))
    repository.save(childminders=[childminder()])
    repository.close()
    assert path.is_file()


def test_a_database_in_memory_lives_as_long_as_its_repository():
    repository = open_repository("sqlite://")
    repository.save(childminders=[childminder()])
    assert len(repository.childminders()) == 1
    repository.close()


def test_a_revision_that_nobody_knows_is_refused(tmp_path):
    path = tmp_path / "registry.sqlite"
    open_repository(str(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'a1b2c3'")
    connection.close()
    with pytest.raises(InputError) as caught:
        open_repository(str(path))
    assert caught.value.code == "database_newer"


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("mysql://localhost/x", "database_kind_unknown"),
        ("://", "database_address_unreadable"),
        ("postgresql+nothing://localhost/x", "database_unavailable"),
        ("postgresql://rpe@127.0.0.1:9/x", "database_unavailable"),
    ],
)
def test_addresses_that_lead_nowhere(address, code):
    with pytest.raises((InputError, ServiceUnavailable)) as caught:
        open_repository(address)
    assert caught.value.code == code
    assert explain(caught.value)


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "notes.sqlite"
    path.write_text("ceci n'est pas une base\n" * 100, encoding="utf-8")
    with pytest.raises(InvalidFile) as caught:
        open_repository(f"sqlite:///{path}")
    assert caught.value.code == "database_not_sqlite"
    assert str(path) in explain(caught.value)


def test_a_database_of_another_application(tmp_path):
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(InvalidFile) as caught:
        open_repository(str(path))
    assert caught.value.code == "database_of_others"
    assert path.read_bytes() == before


def test_only_its_owner_reads_a_new_database(tmp_path):
    repository = open_repository(str(tmp_path / "registry.sqlite"))
    repository.save(childminders=[childminder()])
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
    repository.close()


def test_a_folder_in_the_place_of_the_file(tmp_path):
    with pytest.raises(InvalidFile):
        open_repository(f"sqlite:///{tmp_path}")


def test_a_locked_database_is_busy(tmp_path, monkeypatch):
    from rpe_geo.storage import database

    monkeypatch.setattr(database, "_BUSY_S", 0.05)
    path = tmp_path / "registry.sqlite"
    repository = open_repository(str(path))
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(ServiceUnavailable) as caught:
        repository.save(childminders=[childminder()])
    assert repository.childminders() == []
    holder.execute("ROLLBACK")
    holder.close()
    repository.save(childminders=[childminder()])
    repository.close()
    assert caught.value.code == "database_busy"
