"""Files and folders on disk: read with one clear error, replaced whole or not at all. The only place that does either."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rpe_geo.errors import InvalidFile, RpeGeoError, ServiceUnavailable, Where

__all__ = [
    "FULL",
    "SCRATCH",
    "read_bytes",
    "reading_file",
    "replacing",
    "replacing_folder",
    "scratch_beside",
]

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What the system says when there is no room left."""

SCRATCH = ".rpe-geo-partial-"
"""How the names of scratch folders begin."""

_LOCK = "lock"
_FRESH = "fresh"
_PREVIOUS = "previous"
_OLD_S = 24 * 3600


@contextmanager
def reading_file(*paths: Path) -> Iterator[None]:
    """
    Read files inside: whatever a damaged one makes a library raise becomes one fault that names it, without its content.

    Parameters
    ----------
    *paths
        The files that are read.

    Raises
    ------
    InvalidFile
        When something else than one of our errors is raised; the original stays its cause.
    ServiceUnavailable
        When the disk is full.
    """
    try:
        yield
    except (RpeGeoError, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in FULL:
            raise ServiceUnavailable("disk_full") from error
        where = Where(file=", ".join(dict.fromkeys(path.name for path in paths)))
        raise InvalidFile("file_damaged", where=where, kind=type(error).__name__) from error


def read_bytes(path: Path) -> bytes:
    """
    Read a file whole.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    bytes
        Its content.

    Raises
    ------
    InvalidFile
        When it is missing, empty, a folder, or may not be read.
    """
    where = Where(file=path.name)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InvalidFile("file_missing", where=Where(file=str(path))) from None
    except OSError as error:
        raise InvalidFile("file_unreadable", where=where, reason=error.strerror) from None
    if not content:
        raise InvalidFile("file_empty", where=where)
    return content


@contextmanager
def replacing(path: Path, *, private: bool = False) -> Iterator[Path]:
    """
    Give a place to write a file to; it takes the place of the file once the block ends well.

    The place has the name of the file and stands in a folder beside it that only its owner reads. A file that is replaced
    keeps its permissions, a new one gets those of the user's other files. A device or a pipe is written to, not replaced.

    Parameters
    ----------
    path
        The file to write; its folder is created.
    private
        Whether only its owner may read the file.

    Yields
    ------
    Path
        Where to write; nothing stands there yet.

    Raises
    ------
    InvalidFile
        When the folder may not be written, or the disk is full.
    """
    with _naming(path):
        if path.exists() and not (path.is_file() or path.is_dir()):
            with tempfile.TemporaryDirectory() as folder:
                fresh = Path(folder) / path.name
                yield fresh
                with fresh.open("rb") as source, path.open("wb") as device:
                    shutil.copyfileobj(source, device)
            return
        path = path.resolve() if path.is_symlink() else path
        with scratch_beside(path) as scratch:
            fresh = scratch / path.name
            yield fresh
            if private:
                fresh.chmod(0o600)
            elif path.is_file():
                fresh.chmod(stat.S_IMODE(path.stat().st_mode))
            fresh.replace(path)


@contextmanager
def replacing_folder(directory: Path) -> Iterator[Path]:
    """
    Give an empty folder to build in; it takes the place of the folder once the block ends well.

    Parameters
    ----------
    directory
        The folder to put in place; its parent is created. An old one leaves only then.

    Yields
    ------
    Path
        A folder beside it that only its owner reads, until it is in place.

    Raises
    ------
    InvalidFile
        When the parent may not be written, or the disk is full.
    """
    with _naming(directory), scratch_beside(directory) as folder:
        fresh = folder / directory.name
        fresh.mkdir()
        yield fresh
        previous = folder.with_name(_PREVIOUS) / directory.name
        if not directory.exists():
            fresh.rename(directory)
            return
        previous.parent.mkdir()
        directory.rename(previous)
        try:
            fresh.rename(directory)
        except OSError:
            previous.rename(directory)
            raise


@contextmanager
def scratch_beside(path: Path) -> Iterator[Path]:
    """
    Give an empty folder on the same disk as a file, which only its owner reads.

    It is removed at the end. One that a killed process left is removed by the next call in the same folder: its owner
    held a lock, which ends with the process.

    Parameters
    ----------
    path
        The file or folder to be made; its folder is created.

    Yields
    ------
    Path
        The scratch folder.

    Raises
    ------
    OSError
        When the folder may not be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(path.parent)
    folder, lock = _locked_folder(path.parent)
    try:
        (folder / _FRESH).mkdir()
        yield folder / _FRESH
    finally:
        os.close(lock)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Make one fault of what the system refuses, with the name of the file that was asked for."""
    try:
        yield
    except RpeGeoError:
        raise
    except OSError as error:
        where = Where(file=str(path))
        raise InvalidFile("file_unwritable", where=where, reason=error.strerror) from error


def _locked_folder(parent: Path) -> tuple[Path, int]:
    """Make a scratch folder and hold its lock."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=parent))
        lock = os.open(folder / _LOCK, os.O_CREAT | os.O_WRONLY, 0o600)
        # Between the two lines above and this one, another process may have taken the folder for a leftover.
        if _take(lock) is not False and (folder / _LOCK).exists():
            return folder, lock
        os.close(lock)
        shutil.rmtree(folder, ignore_errors=True)


def _take(lock: int) -> bool | None:
    """Take a lock without waiting: whether it was free; None where the system or the disk has no locks."""
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _remove_leftovers(parent: Path) -> None:
    """Remove the scratch folders of processes that were killed, and put back what one had just taken out of its place."""
    for folder in parent.glob(f"{SCRATCH}*"):
        try:
            lock = os.open(folder / _LOCK, os.O_WRONLY)
        except FileNotFoundError:
            lock = None
        except OSError:  # somebody else's
            continue
        try:
            if _is_left(folder, lock):
                for previous in folder.glob(f"{_PREVIOUS}/*"):
                    if not (parent / previous.name).exists():
                        previous.rename(parent / previous.name)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # removed meanwhile by its owner or by another process
            continue
        finally:
            if lock is not None:
                os.close(lock)


def _is_left(folder: Path, lock: int | None) -> bool:
    """Tell whether nobody works in a scratch folder any more: its lock is free, or there are no locks and it is old."""
    free = None if lock is None else _take(lock)
    if free is not None:
        return free
    return time.time() - folder.stat().st_mtime > _OLD_S
