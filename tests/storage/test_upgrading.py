"""Upgrades are asked for, rehearsed on a copy, and work from every released schema."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, text

from rpe_geo.cli import run
from rpe_geo.errors import InputError, InvalidFile, NotFound
from rpe_geo.storage.database import (
    connect,
    current_revision,
    head_revision,
    migrate,
    migration_names,
)
from rpe_geo.storage.repository import open_repository
from rpe_geo.storage.upgrading import pending_steps, rehearse, upgrade

DATABASES = ["sqlite", pytest.param("postgis", marks=pytest.mark.postgis)]
OLDER = [revision for revision in migration_names() if revision != head_revision()]


@pytest.fixture(params=DATABASES)
def address(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'registry.sqlite'}"
    return request.getfixturevalue("empty_postgis_url")


def database_of(address: str, revision: str) -> None:
    """Make a database as an earlier version left it, with one childminder in it."""
    engine = connect(address)
    if engine.dialect.name == "sqlite":
        Path(engine.url.database).touch(mode=0o600)
    config = Config()
    config.set_main_option("script_location", "rpe_geo.storage:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT set_config('rpe_geo.rpe_id', 'rpe', true)"))
        connection.execute(text("INSERT INTO registries (rpe_id, version) VALUES ('rpe', 1)"))
        record = '{"childminder_id": "A", "agrement": {"places": 3}, "status": "active", "longitude": 3.9, "latitude": 43.6}'
        connection.execute(
            text(
                "INSERT INTO childminders (rpe_id, childminder_id, record, status, places, longitude, latitude) "
                "VALUES ('rpe', 'A', :record, 'active', 3, 3.9, 43.6)"
            ),
            {"record": record},
        )
        connection.execute(
            text(
                "INSERT INTO childminder_identities (rpe_id, childminder_id, content) "
                "VALUES ('rpe', 'A', '{\"name\": \"Une Inventée\"}')"
            )
        )
    engine.dispose()


@pytest.mark.parametrize("revision", OLDER)
def test_every_released_schema_is_upgraded_when_it_is_asked_for(address, revision):
    database_of(address, revision)
    with pytest.raises(InputError) as caught:
        open_repository(address)
    assert caught.value.code == "database_older"
    engine = connect(address)
    assert [step.revision for step in pending_steps(engine)] == [
        later for later in migration_names() if later > revision
    ]
    rehearse(engine)
    with engine.connect() as connection:
        assert current_revision(connection) == revision
        assert not inspect(connection).has_table("commissions")
    copy = upgrade(engine)
    assert pending_steps(engine) == []
    engine.dispose()
    repository = open_repository(address)
    assert [minder.name for minder in repository.childminders()] == ["Une Inventée"]
    repository.close()
    if copy is not None:
        before = connect(str(copy))
        with before.connect() as connection:
            assert current_revision(connection) == revision
        before.dispose()
        assert copy.stat().st_mode & 0o077 == 0


def test_the_command_says_what_it_would_do(tmp_path, capsys):
    address = f"sqlite:///{tmp_path / 'registry.sqlite'}"
    database_of(address, OLDER[-1])
    assert run(["database", "upgrade", "--dry-run", "--database", address]) == 0
    assert "la base n’a pas changé" in capsys.readouterr().out
    with pytest.raises(InputError):
        open_repository(address)
    assert run(["database", "upgrade", "--database", address]) == 0
    assert run(["database", "upgrade", "--database", address]) == 0
    assert "à jour" in capsys.readouterr().out
    open_repository(address).close()


def test_a_missing_database_is_made_only_where_that_is_wanted(address):
    with pytest.raises(NotFound) as caught:
        open_repository(address, create=False)
    assert caught.value.code == "database_missing"
    engine = connect(address)
    if engine.dialect.name == "sqlite":
        assert not Path(engine.url.database).exists()
    migrate(engine)
    engine.dispose()
    open_repository(address, create=False).close()


@pytest.mark.parametrize(
    "content", [b"", b"SQLite format 3\0" + b"\xff" * 5000, b"nom;adresse\n" * 400]
)
def test_an_empty_or_damaged_file_is_never_a_new_registry(tmp_path, content):
    path = tmp_path / "registry.sqlite"
    path.write_bytes(content)
    with pytest.raises(InvalidFile) as caught:
        open_repository(str(path))
    assert caught.value.code in {"database_empty", "database_damaged", "database_not_sqlite"}
    assert path.read_bytes() == content


def test_a_truncated_registry_is_refused(tmp_path):
    path = tmp_path / "registry.sqlite"
    open_repository(str(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    path.write_bytes(path.read_bytes()[:6000])
    with pytest.raises(InvalidFile):
        open_repository(str(path))
