"""Opening a database: SQLite or PostgreSQL by its address, migrated at first use, its troubles told in our words."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from rpe_geo.errors import InputError, InvalidFile, NotFound, ServiceUnavailable, Where
from rpe_geo.files import scratch_beside

__all__ = [
    "connect",
    "current_revision",
    "existing_revision",
    "head_revision",
    "migrate",
    "migration_names",
    "reading",
    "rehearse_migrations",
    "writing",
]

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
        Nothing is connected yet.

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
        engine = create_engine(url, connect_args={"timeout": _BUSY_S})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        # We say BEGIN ourselves: Python's driver would start a transaction too late for a lock.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        # What a page said is kept must survive the loss of power, not only of the process.
        connection.execute("PRAGMA synchronous = FULL")
        # What is erased leaves no readable page behind.
        connection.execute("PRAGMA secure_delete = ON")

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
        if "malformed" in reason or "corrupt" in reason:
            return InvalidFile("database_damaged", where=where, reason=reason)
        if "not a database" in reason:
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
def migration_names() -> dict[str, str]:
    """List the migrations of this code, oldest first: revision to name of its module, `NNNN_subject`."""
    entries = (entry.name for entry in files(f"{_MIGRATIONS}.versions").iterdir())
    modules = sorted(name.removesuffix(".py") for name in entries if name[:4].isdigit())
    return {module[:4]: module for module in modules}


def head_revision() -> str:
    """Name the newest migration of this code."""
    return list(migration_names())[-1]


def current_revision(connection: Connection) -> str | None:
    """Read the revision of a database; None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def existing_revision(engine: Engine) -> str:
    """
    Read the revision of a database that must be there.

    Parameters
    ----------
    engine
        Of a database; nothing is made.

    Returns
    -------
    str
        Its revision, which this code may not know.

    Raises
    ------
    NotFound
        When there is no registry.
    InvalidFile
        When its file is empty or damaged.
    """
    file = _sqlite_file(engine)
    if file is not None:
        _require_file(file, create=False)
    with reading(engine) as connection:
        revision = current_revision(connection)
    if revision is None:
        raise NotFound("database_missing", database=_shown(engine))
    return revision


def migrate(engine: Engine, *, create: bool = True, upgrade: bool = False) -> None:
    """
    Make sure that a database has the tables of this code; several processes may ask at once.

    Parameters
    ----------
    engine
        Of a database; an up-to-date one costs two small queries.
    create
        Whether a database that is not there yet, or holds no table, is made.
    upgrade
        Whether an older one is brought to the newest revision.

    Raises
    ------
    NotFound
        When there is no database and none is to be made.
    InputError
        When the database is newer than this code, or older and no upgrade was asked for.
    InvalidFile
        When the file is empty, damaged or somebody else's: it is never taken for a new registry.
    ServiceUnavailable
        When it does not answer, or PostgreSQL has no PostGIS and this role may not create it.
    """
    file = _sqlite_file(engine)
    if file is not None:
        _require_file(file, create=create)
    with reading(engine) as connection:
        revision = current_revision(connection)
        if revision is None and engine.dialect.name == "sqlite":
            _require_empty(connection)
    if revision == head_revision():
        return
    _require_leave(engine, revision, create=create, upgrade=upgrade)
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        revision = current_revision(connection)
        if revision != head_revision():
            _require_leave(engine, revision, create=create, upgrade=upgrade)
            _upgrade(connection)


def _require_leave(engine: Engine, revision: str | None, *, create: bool, upgrade: bool) -> None:
    """Refuse to make or change a database that nobody asked to make or change."""
    if revision is None:
        if not create:
            raise NotFound("database_missing", database=_shown(engine))
        return
    if revision not in migration_names():
        raise InputError("database_newer", revision=revision, known=head_revision())
    if revision != head_revision() and not upgrade:
        raise InputError("database_older", revision=revision, known=head_revision())


def _shown(engine: Engine) -> str:
    """Name a database for people, without its password."""
    file = _sqlite_file(engine)
    return str(file) if file is not None else engine.url.render_as_string(hide_password=True)


def _sqlite_file(engine: Engine) -> Path | None:
    """Return the file of a SQLite database; None in memory, for a URI, or on PostgreSQL."""
    database = engine.url.database
    if engine.dialect.name != "sqlite" or not database:
        return None
    return None if database.startswith((":memory:", "file:")) else Path(database)


def _require_empty(connection: Connection) -> None:
    """Refuse to put our tables into a file that is somebody else's."""
    if inspect(connection).get_table_names():
        raise InvalidFile("database_of_others", where=Where(file=connection.engine.url.database))


def _require_file(path: Path, *, create: bool) -> None:
    """Make sure that a SQLite file is there and not empty; a new one appears whole, and only its owner reads it."""
    where = Where(file=str(path))
    try:
        if path.stat().st_size == 0:
            raise InvalidFile("database_empty", where=where)
    except FileNotFoundError:
        if not create:
            raise NotFound("database_missing", database=str(path)) from None
        _create_privately(path)
    except OSError as error:
        raise InvalidFile("file_unreadable", where=where, reason=error.strerror) from None


def _create_privately(path: Path) -> None:
    """Write the first page of a database beside its place, then link it there: no process ever sees half of it."""
    try:
        with scratch_beside(path) as folder:
            fresh = folder / path.name
            fresh.touch(mode=0o600)
            with closing(sqlite3.connect(fresh)) as raw:
                raw.execute("PRAGMA user_version = 1")
                # Kept in the file: readers and a writer do not wait for each other.
                raw.execute("PRAGMA journal_mode = WAL")
            with suppress(FileExistsError):  # another process was quicker: its file is as good
                os.link(fresh, path)
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        where = Where(file=str(path))
        raise InvalidFile("file_unwritable", where=where, reason=reason) from None


def rehearse_migrations(engine: Engine) -> None:
    """
    Migrate a PostgreSQL database in a transaction that is undone.

    Parameters
    ----------
    engine
        Of an older database; its writers wait meanwhile.
    """
    with _in_our_words(engine), engine.connect() as connection:
        transaction = connection.begin()
        try:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            _upgrade(connection)
        finally:
            transaction.rollback()


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "rpe_geo.storage:migrations")
    config.attributes["connection"] = connection
    with _ALEMBIC:
        command.upgrade(config, "head")
