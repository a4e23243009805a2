"""Opening a database: SQLite or PostgreSQL by its address, migrated at first use, its troubles told in our words."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from rpe_geo.errors import InputError, InvalidFile, ServiceUnavailable, Where

__all__ = ["connect", "current_revision", "head_revision", "migrate", "reading", "writing"]

_MIGRATIONS = "rpe_geo.storage.migrations"
_LOCK = 7_310_442_019
"""Key of the advisory lock under which PostgreSQL databases are migrated; any number, always the same."""

_ALEMBIC = threading.Lock()
"""Alembic keeps what it migrates in module variables: one migration at a time in a process."""

_BUSY_S = 30
_WRITES = "rpe_geo_writes"


def connect(address: str) -> Engine:
    """
    Prepare an engine for a database.

    Parameters
    ----------
    address
        `sqlite:///file`, `sqlite://` (in memory), `postgresql+psycopg://…`, or the path of a SQLite file.

    Returns
    -------
    Engine
        Nothing is connected yet, but the folder of a SQLite file exists.

    Raises
    ------
    InputError
        When the address cannot be understood or its kind of database is not served.
    """
    url = _read_address(address)
    if url.get_backend_name() == "sqlite":
        return _connect_sqlite(url)
    try:
        return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10})
    except ImportError:
        raise InputError("database_driver_missing") from None


def _read_address(address: str) -> URL:
    if "://" not in address:
        return URL.create("sqlite", database=str(Path(address).expanduser()))
    try:
        url = make_url(address)
        kind = url.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise InputError("database_address_unreadable") from None
    if kind in {"postgres", "postgresql"}:
        return url.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise InputError("database_kind_unknown", kind=kind)
    return url


def _connect_sqlite(url: URL) -> Engine:
    if url.database in {None, "", ":memory:"}:
        engine = create_engine(
            "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
    else:
        path = Path(str(url.database))
        if not str(url.database).startswith("file:"):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise InvalidFile(
                    "file_unwritable", where=Where(file=str(path)), reason=error.strerror
                ) from None
        engine = create_engine(url, connect_args={"timeout": _BUSY_S})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        # We say BEGIN ourselves: Python's driver would start a transaction too late for a lock.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        # What a page said is kept must survive the loss of power, not only of the process.
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def _in_our_words(engine: Engine) -> Iterator[None]:
    """Turn what the driver raises into our errors; nothing of a row's content passes."""
    try:
        yield
    except DBAPIError as error:
        raise _translated(engine, error) from error


def _translated(engine: Engine, error: DBAPIError) -> Exception:
    reason = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else "?"
    if engine.dialect.name == "sqlite":
        where = Where(file=engine.url.database)
        if "not a database" in reason or "malformed" in reason:
            return InvalidFile("database_not_sqlite", where=where)
        if "locked" in reason or "busy" in reason:
            return ServiceUnavailable("database_busy", where=where)
        if "readonly" in reason or "unable to open" in reason:
            return InvalidFile("file_unwritable", where=where, reason=reason)
        return error
    state = getattr(error.orig, "sqlstate", None)
    if error.connection_invalidated or state is None or state[:2] in {"08", "53", "57", "28", "3D"}:
        return ServiceUnavailable("database_unavailable", reason=reason)
    if state in {"42501", "0A000", "58P01"} and "extension" in reason:
        return ServiceUnavailable("database_without_postgis")
    return error


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection in a transaction that sees one state of the database."""
    with _in_our_words(engine), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Give a connection in a transaction that is kept whole when the block ends well, and not at all otherwise."""
    with (
        _in_our_words(engine),
        engine.connect().execution_options(**{_WRITES: True}) as connection,
        connection.begin(),
    ):
        yield connection


@cache
def _revisions() -> tuple[str, ...]:
    """List the migrations of this code, oldest first; they are called `NNNN_subject.py`."""
    names = (entry.name[:4] for entry in files(f"{_MIGRATIONS}.versions").iterdir())
    return tuple(sorted(name for name in names if name.isdigit()))


def head_revision() -> str:
    """Name the newest migration of this code."""
    return _revisions()[-1]


def current_revision(connection: Connection) -> str | None:
    """Read the revision of a database; None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def migrate(engine: Engine) -> None:
    """
    Bring a database to the newest revision; several processes may try at once.

    Parameters
    ----------
    engine
        Of an empty or older database; an up-to-date one costs two small queries.

    Raises
    ------
    InputError
        When the database is newer than this code.
    ServiceUnavailable
        When it does not answer, or PostgreSQL has no PostGIS and this role may not create it.
    """
    if engine.dialect.name == "sqlite":
        _create_privately(engine.url.database)
    with reading(engine) as connection:
        revision = current_revision(connection)
        if revision is None and engine.dialect.name == "sqlite":
            _require_empty(connection)
    if revision == head_revision():
        return
    if engine.dialect.name == "sqlite" and engine.url.database:
        # Outside of any transaction, and kept in the file: readers and a writer no longer wait for each other.
        with _in_our_words(engine), engine.connect() as connection:
            raw = connection.connection.driver_connection
            if raw is not None:
                raw.execute("PRAGMA journal_mode = WAL")
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        revision = current_revision(connection)
        if revision is not None and revision not in _revisions():
            raise InputError("database_newer", revision=revision, known=head_revision())
        if revision != head_revision():
            _upgrade(connection)


def _require_empty(connection: Connection) -> None:
    """Refuse to put our tables into a file that is somebody else's."""
    if inspect(connection).get_table_names():
        raise InvalidFile("database_of_others", where=Where(file=connection.engine.url.database))


def _create_privately(database: str | None) -> None:
    """Create the file of a SQLite database so that only its owner reads it; SQLite's other files follow it."""
    if database is None or database.startswith((":memory:", "file:")) or not database:
        return
    try:
        os.close(os.open(database, os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        where = Where(file=database)
        raise InvalidFile("file_unwritable", where=where, reason=error.strerror) from None


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "rpe_geo.storage:migrations")
    config.attributes["connection"] = connection
    with _ALEMBIC:
        command.upgrade(config, "head")
