"""
Backup and restore of a deployment's registry: one folder that says what it is, and is whole or not there.

```
rpe-geo-20261130T214900Z/backup.json       what it holds, of which revision, with sums and fingerprints of keys
                         registry.sqlite   the database (SQLite), or
                         registry.dump     the database (PostgreSQL, format of pg_dump --format=custom)
```

The cells that mask homes stand in the database, so they are in it. Keys are never in a backup: their fingerprints are, so
that a restore says which are missing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL

from rpe_geo.errors import InputError, InvalidFile, ServiceUnavailable, Where
from rpe_geo.files import SCRATCH, replacing, scratch_beside
from rpe_geo.settings import Settings
from rpe_geo.storage.database import (
    connect,
    current_revision,
    existing_revision,
    head_revision,
    migration_names,
    reading,
)
from rpe_geo.storage.sealing import Seal
from rpe_geo.storage.tables import PERSONAL_TABLES
from rpe_geo.storage.upgrading import copy_sqlite

__all__ = ["Backup", "Finding", "back_up", "drop_old_backups", "restore", "verify"]

_FORMAT = 1
_MANIFEST = "backup.json"
_UNCOUNTED = ("sqlite_", "childminders_place", "mams_place", "facilities_place")


@dataclass(frozen=True)
class Backup:
    """What a backup says of itself."""

    made_at: str
    made_by: str
    kind: str
    file: str
    bytes: int
    sha256: str
    revision: str
    rows: dict[str, int] = field(default_factory=dict)
    keys: dict[str, list[str]] = field(default_factory=dict)
    territory: dict[str, str] | None = None
    format: int = _FORMAT


@dataclass(frozen=True)
class Finding:
    """Something that a verification has to say: a code of `rpe_geo.messages`, and whether it stops a restore."""

    code: str
    stops: bool
    values: dict[str, Any] = field(default_factory=dict)


def back_up(settings: Settings, folder: Path, territory: Mapping[str, str] | None) -> Path:
    """
    Save the registry while the service runs.

    Parameters
    ----------
    settings
        The database; `backup_database_url` where PostgreSQL needs a role that reads the rows of every RPE.
    folder
        Where backups are kept; a new folder is made in it.
    territory
        Its `identity` and `built_at`, to be noted; None without one.

    Returns
    -------
    Path
        The folder of this backup.

    Raises
    ------
    NotFound
        When there is no registry.
    InvalidFile
        When the folder cannot be written, or the database is damaged.
    ServiceUnavailable
        When PostgreSQL, or its tool, does not answer.
    """
    engine = connect(settings.database_url)
    try:
        revision = existing_revision(engine)
        url, on_sqlite = engine.url, engine.dialect.name == "sqlite"
    finally:
        engine.dispose()
    now = datetime.now(UTC)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with scratch_beside(folder / _MANIFEST) as partial:
            partial.chmod(0o700)
            if on_sqlite:
                name = "registry.sqlite"
                copy_sqlite(Path(str(url.database)), partial / name)
                rows = _count_rows(partial / name)
            else:
                name, rows = "registry.dump", {}
                _dump(settings, url, partial / name)
            content = partial / name
            backup = Backup(
                made_at=now.isoformat(timespec="seconds"),
                made_by=f"rpe_geo {version('rpe_geo')}",
                kind="sqlite" if on_sqlite else "postgresql",
                file=name,
                bytes=content.stat().st_size,
                sha256=_sum_of(content),
                revision=revision,
                rows=rows,
                keys=_fingerprints(settings),
                territory=None if territory is None else dict(territory),
            )
            manifest = partial / _MANIFEST
            manifest.write_text(json.dumps(asdict(backup), indent=2) + "\n", encoding="utf-8")
            manifest.chmod(0o600)
            return _put_in_place(partial, folder / f"rpe-geo-{now:%Y%m%dT%H%M%SZ}")
    except OSError as error:
        where = Where(file=str(folder))
        raise InvalidFile("file_unwritable", where=where, reason=error.strerror) from None


def drop_old_backups(folder: Path, keep: int) -> int:
    """
    Remove all but the newest backups of a folder.

    Parameters
    ----------
    folder
        Where backups are kept; nothing else in it is touched.
    keep
        How many stay.

    Returns
    -------
    int
        How many were removed.
    """
    made = sorted(path.parent for path in folder.glob("rpe-geo-*/backup.json"))
    old = made[:-keep]
    for path in old:
        # Renamed first: a folder half removed is no backup any more.
        gone = path.with_name(f"{SCRATCH}{path.name}")
        path.rename(gone)
        shutil.rmtree(gone)
    return len(old)


def _put_in_place(partial: Path, target: Path) -> Path:
    """Give a finished backup its name; two in one second get a number."""
    number = 1
    while True:
        name = target if number == 1 else target.with_name(f"{target.name}-{number}")
        try:
            if not name.exists():
                return partial.rename(name)
        except OSError:
            if not name.exists():
                raise
        number += 1


def _count_rows(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
        names = database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        )
        tables = [name for (name,) in names.fetchall() if not name.startswith(_UNCOUNTED)]
        return {
            name: int(database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])  # noqa: S608 - names from the schema
            for name in tables
        }


def _sum_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fingerprints(settings: Settings) -> dict[str, list[str]]:
    """Name the keys of a deployment without giving them away."""
    secrets = {
        "encryption_keys": list(settings.fernet_keys),
        "masking_secret": [settings.masking_secret.get_secret_value()],
        "secret_key": [settings.secret_key.get_secret_value()],
    }
    return {
        name: [
            hashlib.sha256(f"rpe_geo:{name}:{value}".encode()).hexdigest()[:16] for value in values
        ]
        for name, values in secrets.items()
    }


# ---- PostgreSQL ------------------------------------------------------------------------------------------------------


def _dump(settings: Settings, url: URL, target: Path) -> None:
    """Write a dump by pg_dump, which refuses to leave out rows that its role may not see."""
    privileged = settings.backup_database_url
    if privileged is not None:
        url = connect(privileged.get_secret_value()).url
    target.touch(mode=0o600)
    _run_tool(
        "pg_dump", ["--format=custom", "--no-owner", "--no-privileges", f"--file={target}"], url
    )


def _run_tool(tool: str, options: Sequence[str], url: URL | None) -> str:
    """Run a tool of PostgreSQL; the password stays out of its arguments."""
    environment = dict(os.environ)
    if url is not None:
        environment |= {"PGPASSWORD": url.password or ""}
        schema = str(url.query.get("options", ""))
        if schema:
            environment["PGOPTIONS"] = schema
        names = {"--host": url.host, "--port": url.port, "--username": url.username}
        options = [*(f"{name}={value}" for name, value in names.items() if value), *options]
        options = [*options, f"--dbname={url.database}"]
    try:
        finished = subprocess.run(  # noqa: S603 - a fixed tool and our own options
            [tool, *options], env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise ServiceUnavailable("backup_tool_missing", tool=tool) from None
    if finished.returncode != 0:
        said = finished.stderr.strip().splitlines()
        reason = said[0] if said else str(finished.returncode)
        if "row-level security" in finished.stderr:
            raise InputError("backup_role_blind")
        raise ServiceUnavailable("backup_tool_failed", tool=tool, reason=reason)
    return finished.stdout


# ---- reading a backup ------------------------------------------------------------------------------------------------


def _read(folder: Path) -> Backup:
    where = Where(file=str(folder / _MANIFEST))
    try:
        said: dict[str, Any] = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        backup = Backup(**said)
    except FileNotFoundError:
        raise InvalidFile("backup_missing", where=Where(file=str(folder))) from None
    except (OSError, ValueError, TypeError):
        raise InvalidFile("backup_unreadable", where=where) from None
    if backup.format != _FORMAT:
        raise InvalidFile("backup_unreadable", where=where)
    return backup


def verify(settings: Settings, folder: Path) -> tuple[Backup, list[Finding]]:
    """
    Look whether a backup is whole and can be read with the keys at hand; nothing is written.

    Parameters
    ----------
    settings
        Keys and secrets of the deployment that would restore it.
    folder
        Of one backup.

    Returns
    -------
    Backup, list of Finding
        What it says of itself, and what is to be said of it.

    Raises
    ------
    InvalidFile
        When it is no backup.
    """
    backup = _read(folder)
    content = folder / backup.file
    if (
        not content.is_file()
        or content.stat().st_size != backup.bytes
        or _sum_of(content) != backup.sha256
    ):
        return backup, [Finding("backup_damaged", stops=True, values={"file": backup.file})]
    findings: list[Finding] = []
    if backup.revision not in migration_names():
        values = {"revision": backup.revision, "known": head_revision()}
        findings.append(Finding("backup_newer", stops=True, values=values))
    elif backup.revision != head_revision():
        values = {"revision": backup.revision, "known": head_revision()}
        findings.append(Finding("backup_older", stops=False, values=values))
    findings += _missing_keys(settings, backup)
    if backup.kind == "sqlite":
        findings += _look_into(settings, content, backup)
    else:
        _run_tool("pg_restore", ["--list", str(content)], None)
    return backup, findings


def _missing_keys(settings: Settings, backup: Backup) -> list[Finding]:
    """Compare the fingerprints of the keys at hand with those of the deployment that was saved."""
    here = _fingerprints(settings)
    findings = []
    if set(backup.keys.get("encryption_keys", [])) - set(here["encryption_keys"]):
        findings.append(Finding("backup_key_missing", stops=True))
    for name in ("masking_secret", "secret_key"):
        if backup.keys.get(name) != here[name]:
            values = {"name": f"RPE_{name.upper()}"}
            findings.append(
                Finding(f"backup_other_{name}", stops=name == "masking_secret", values=values)
            )
    return findings


def _look_into(settings: Settings, content: Path, backup: Backup) -> list[Finding]:
    """Check a SQLite backup from inside: structure, rows, sealed documents, cells."""
    with tempfile.TemporaryDirectory(prefix="rpe-geo-verify-") as folder:
        copy = Path(folder) / "registry.sqlite"
        copy_sqlite(content, copy)
        if _count_rows(copy) != backup.rows:
            return [Finding("backup_damaged", stops=True, values={"file": backup.file})]
        seal = Seal(settings.fernet_keys)
        with closing(sqlite3.connect(copy)) as database:
            for table in PERSONAL_TABLES:
                if table.name not in backup.rows:
                    continue
                for (document,) in database.execute(f"SELECT content FROM {table.name}"):  # noqa: S608 - our own name
                    try:
                        seal.open(document)
                    except InputError:
                        return [Finding("backup_key_missing", stops=True)]
    return []


def restore(settings: Settings, folder: Path, *, replace: bool = False) -> list[Finding]:
    """
    Put a backup in the place of the database that the settings name.

    Parameters
    ----------
    settings
        Where to; the keys must be those of the backup.
    folder
        Of one backup.
    replace
        Whether a registry that is there gives way. A SQLite file is kept beside as `.before-restore`.

    Returns
    -------
    list of Finding
        What is to be said; nothing that stops.

    Raises
    ------
    InvalidFile
        When the backup is damaged, or cannot be used here.
    InputError
        When there is a registry already, or a database of the other kind.
    """
    backup, findings = verify(settings, folder)
    for finding in findings:
        if finding.stops:
            raise InvalidFile(finding.code, where=Where(file=str(folder)), **finding.values)
    engine = connect(settings.database_url)
    url, kind = engine.url, engine.dialect.name
    engine.dispose()
    if kind != backup.kind:
        raise InputError("backup_other_kind", kind=backup.kind)
    content = folder / backup.file
    if kind == "sqlite":
        _restore_sqlite(content, Path(str(url.database)), replace=replace)
    else:
        _restore_postgresql(settings, content, url, replace=replace)
    return findings


def _restore_sqlite(content: Path, target: Path, *, replace: bool) -> None:
    if target.exists() and not replace:
        raise InputError("backup_target_taken", database=str(target))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and target.stat().st_size:
            # With its journal, as one file.
            copy_sqlite(target, target.with_name(f"{target.name}.before-restore"))
        with replacing(target, private=True) as fresh:
            copy_sqlite(content, fresh)
            for journal in ("-wal", "-shm"):
                target.with_name(target.name + journal).unlink(missing_ok=True)
    except OSError as error:
        where = Where(file=str(target))
        raise InvalidFile("file_unwritable", where=where, reason=error.strerror) from None


def _restore_postgresql(settings: Settings, content: Path, url: URL, *, replace: bool) -> None:
    engine = connect(settings.database_url)
    try:
        with reading(engine) as connection:
            taken = current_revision(connection) is not None
    finally:
        engine.dispose()
    if taken and not replace:
        raise InputError("backup_target_taken", database=str(url.database))
    clean = ["--clean", "--if-exists"] if taken else []
    options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", *clean]
    _run_tool("pg_restore", [*options, str(content)], url)
