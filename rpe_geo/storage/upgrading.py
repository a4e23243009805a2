"""Upgrading a database when it is asked for: what would change, a rehearsal on a copy, and the upgrade itself."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from sqlalchemy import Engine

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.files import replacing
from rpe_geo.storage.database import (
    connect,
    existing_revision,
    head_revision,
    migrate,
    migration_names,
    rehearse_migrations,
)

__all__ = ["Step", "copy_sqlite", "pending_steps", "rehearse", "upgrade"]


@dataclass(frozen=True)
class Step:
    """One migration: its revision, and what it brings in one English line."""

    revision: str
    subject: str


def pending_steps(engine: Engine) -> list[Step]:
    """
    List the migrations that a database lacks, oldest first.

    Parameters
    ----------
    engine
        Of an existing database.

    Returns
    -------
    list of Step
        Empty when it is up to date.

    Raises
    ------
    NotFound
        When there is no registry in it.
    InputError
        When it is newer than this code.
    """
    revision = existing_revision(engine)
    if revision == head_revision():
        return []
    names = migration_names()
    if revision not in names:
        migrate(engine, create=False)  # raises: the database is newer
    later = [number for number in names if number > revision]
    return [Step(number, _subject(names[number])) for number in later]


def _subject(module: str) -> str:
    text = import_module(f"rpe_geo.storage.migrations.versions.{module}").__doc__ or ""
    return text.strip().splitlines()[0] if text.strip() else module


def rehearse(engine: Engine) -> None:
    """
    Try the upgrade without touching the database: on a copy of a SQLite file, in a transaction that is undone otherwise.

    Parameters
    ----------
    engine
        Of an existing database.
    """
    if engine.dialect.name != "sqlite":
        rehearse_migrations(engine)
        return
    with tempfile.TemporaryDirectory(prefix="rpe-geo-upgrade-") as folder:
        copy = Path(folder) / "registry.sqlite"
        copy_sqlite(Path(str(engine.url.database)), copy)
        trial = connect(str(copy))
        try:
            migrate(trial, create=False, upgrade=True)
        finally:
            trial.dispose()


def upgrade(engine: Engine) -> Path | None:
    """
    Upgrade a database; a SQLite file is copied beside itself before.

    Parameters
    ----------
    engine
        Of an existing database.

    Returns
    -------
    Path or None
        The copy of what was there before, when the database is a SQLite file and there was something to do.
    """
    steps = pending_steps(engine)
    if not steps:
        return None
    copy: Path | None = None
    if engine.dialect.name == "sqlite":
        file = Path(str(engine.url.database))
        copy = file.with_name(f"{file.name}.before-{steps[-1].revision}")
        copy_sqlite(file, copy)
    migrate(engine, create=False, upgrade=True)
    return copy


def copy_sqlite(source: Path, target: Path) -> None:
    """
    Copy a SQLite database while it may be in use, into one whole file that only its owner reads.

    Parameters
    ----------
    source
        The database.
    target
        The file to write; replaced when complete.

    Raises
    ------
    InvalidFile
        When the source is damaged, or the target cannot be written.
    """
    try:
        with replacing(target, private=True) as fresh:
            with (
                closing(
                    sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)
                ) as original,
                closing(sqlite3.connect(fresh)) as copy,
            ):
                original.backup(copy)
                # One file, complete in itself: nothing of it stands in a journal.
                copy.execute("PRAGMA journal_mode = DELETE")
                faults = copy.execute("PRAGMA integrity_check").fetchone()
            if faults != ("ok",):
                raise InvalidFile("database_damaged", where=Where(file=str(source)))
            with fresh.open("rb") as written:
                os.fsync(written.fileno())
    except sqlite3.DatabaseError as error:
        code = "file_unwritable" if "full" in str(error) else "database_damaged"
        raise InvalidFile(code, where=Where(file=str(source)), reason=str(error)) from None
