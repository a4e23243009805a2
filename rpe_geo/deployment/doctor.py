"""Looking over a deployment: settings, database, disk, mail, territory, clock, permissions; nothing is changed."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx
from sqlalchemy import text

from rpe_geo.deployment.mailing import greet_mail_server
from rpe_geo.deployment.production import require_safe_database, require_safe_secrets
from rpe_geo.errors import RpeGeoError
from rpe_geo.settings import Settings
from rpe_geo.storage.database import connect, existing_revision, head_revision, reading
from rpe_geo.storage.upgrading import pending_steps

__all__ = ["Check", "examine_deployment"]

Outcome = Literal["ok", "warning", "fault"]
_LEAST_FREE = 2 * 2**30
_CLOCK_S = 60
_OLD_DAYS = 400
_OLD_BACKUP_DAYS = 2


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: a code of `rpe_geo.messages`, how it stands, and what the sentence names."""

    subject: str
    outcome: Outcome
    code: str
    values: dict[str, Any] = field(default_factory=dict)
    error: RpeGeoError | None = None


def examine_deployment(
    settings: Settings,
    *,
    territory: Mapping[str, Any] | None,
    backups: Path | None = None,
    on: date,
) -> list[Check]:
    """
    Look over a deployment.

    Parameters
    ----------
    settings
        Of the deployment.
    territory
        What its `territory.json` says; None without one.
    backups
        Folder of the backups, to see whether there is a fresh one.
    on
        Today.

    Returns
    -------
    list of Check
        In the order in which one would mend things; nothing was changed and no mail sent.
    """
    return [
        *_look_at_settings(settings),
        *_look_at_database(settings),
        *_look_at_disk(settings),
        *_look_at_permissions(settings),
        *_look_at_mail(settings),
        *_look_at_tiles(settings),
        *_look_at_clock(settings),
        *_look_at_territory(territory, on),
        *_look_at_backups(backups, on),
    ]


def _tried(subject: str, act: Callable[[], object]) -> Iterator[Check]:
    """Run a step that raises our errors; one becomes a fault of the subject."""
    try:
        act()
    except RpeGeoError as error:
        yield Check(subject, "fault", error.code, error.values, error)


def _look_at_settings(settings: Settings) -> Iterator[Check]:
    faults = list(_tried("settings", lambda: require_safe_secrets(settings)))
    yield from faults
    if not faults:
        code = f"doctor_settings_{settings.environment}"
        outcome: Outcome = "ok" if settings.environment == "production" else "warning"
        yield Check("settings", outcome, code)


def _look_at_database(settings: Settings) -> Iterator[Check]:
    try:
        engine = connect(settings.database_url)
    except RpeGeoError as error:
        yield Check("database", "fault", error.code, error.values, error)
        return
    try:
        faults = list(_tried("database", lambda: existing_revision(engine)))
        yield from faults
        if faults:
            return
        steps: list[object] = []
        yield from _tried("database", lambda: steps.extend(pending_steps(engine)))
        if steps:
            yield Check("database", "fault", "doctor_database_older", {"count": len(steps)})
            return
        if settings.environment == "production":
            yield from _tried("database", lambda: require_safe_database(engine))
        if engine.dialect.name == "sqlite":
            with reading(engine) as connection:
                said = connection.scalar(text("PRAGMA quick_check"))
            if said != "ok":
                yield Check("database", "fault", "doctor_database_damaged", {"reason": said})
                return
        yield Check("database", "ok", "doctor_database_ok", {"revision": head_revision()})
    except RpeGeoError as error:
        yield Check("database", "fault", error.code, error.values, error)
    finally:
        engine.dispose()


def _folders(settings: Settings) -> list[Path]:
    folders = [settings.outbox]
    if settings.database_url.startswith("sqlite:///"):
        folders.append(Path(settings.database_url.removeprefix("sqlite:///")).parent)
    return [folder for folder in folders if folder.is_dir()]


def _look_at_disk(settings: Settings) -> Iterator[Check]:
    for folder in _folders(settings) or [Path.cwd()]:
        free = shutil.disk_usage(folder).free
        outcome: Outcome = "ok" if free >= _LEAST_FREE else "fault"
        values = {"folder": str(folder), "gib": round(free / 2**30, 1)}
        yield Check("disk", outcome, f"doctor_disk_{outcome}", values)


def _look_at_permissions(settings: Settings) -> Iterator[Check]:
    """Files of personal data are for their owner alone."""
    files = [
        file
        for folder in _folders(settings)
        for pattern in ("*.sqlite*", "*.eml", "backup.json")
        for file in folder.glob(pattern)
    ]
    environment = Path(".env")
    files += [environment] if environment.is_file() else []
    open_files = [file for file in files if stat.S_IMODE(file.stat().st_mode) & 0o077]
    for file in open_files:
        yield Check("permissions", "fault", "doctor_permissions_open", {"file": str(file)})
    if not open_files:
        yield Check("permissions", "ok", "doctor_permissions_ok", {"count": len(files)})


def _look_at_mail(settings: Settings) -> Iterator[Check]:
    if settings.smtp_url is None:
        values = {"folder": str(settings.outbox)}
        yield Check("mail", "warning", "doctor_mail_outbox", values)
        return
    faults = list(_tried("mail", lambda: greet_mail_server(settings)))
    yield from faults
    if not faults:
        yield Check("mail", "ok", "doctor_mail_ok")


def _answer(url: str) -> httpx.Response | None:
    try:
        return httpx.get(url, timeout=5, follow_redirects=True)
    except (httpx.HTTPError, httpx.InvalidURL, OSError):
        return None


def _look_at_tiles(settings: Settings) -> Iterator[Check]:
    if not settings.tiles_url:
        yield Check("tiles", "ok", "doctor_tiles_none")
        return
    url = settings.tiles_url.replace("{z}", "6").replace("{x}", "32").replace("{y}", "22")
    answer = _answer(url)
    host = urlsplit(url).hostname
    if answer is None or answer.status_code >= 400:
        yield Check("tiles", "warning", "doctor_tiles_silent", {"host": host})
    else:
        yield Check("tiles", "ok", "doctor_tiles_ok", {"host": host})


def _look_at_clock(settings: Settings) -> Iterator[Check]:
    """Compare the clock with the date that an HTTP answer carries; sessions, links and second factors need it."""
    answer = _answer(settings.tiles_url.partition("?")[0]) if settings.tiles_url else None
    said = None if answer is None else answer.headers.get("date")
    if said is None:
        yield Check("clock", "warning", "doctor_clock_unknown")
        return
    there = datetime.strptime(said, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    away = round(abs((datetime.now(UTC) - there).total_seconds()))
    outcome: Outcome = "ok" if away <= _CLOCK_S else "fault"
    yield Check("clock", outcome, f"doctor_clock_{outcome}", {"seconds": away})


def _look_at_territory(territory: Mapping[str, Any] | None, on: date) -> Iterator[Check]:
    if territory is None:
        yield Check("territory", "warning", "doctor_territory_none")
        return
    built = datetime.fromisoformat(str(territory["built_at"])).date()
    days = (on - built).days
    outcome: Outcome = "ok" if days <= _OLD_DAYS else "warning"
    yield Check("territory", outcome, f"doctor_territory_{outcome}", {"built": built, "days": days})


def _look_at_backups(folder: Path | None, on: date) -> Iterator[Check]:
    if folder is None:
        return
    made = [path.stat().st_mtime for path in folder.glob("rpe-geo-*/backup.json")]
    if not made:
        yield Check("backups", "fault", "doctor_backup_none", {"folder": str(folder)})
        return
    newest = datetime.fromtimestamp(max(made), UTC).date()
    outcome: Outcome = "ok" if (on - newest).days <= _OLD_BACKUP_DAYS else "fault"
    yield Check("backups", outcome, f"doctor_backup_{outcome}", {"newest": newest})
