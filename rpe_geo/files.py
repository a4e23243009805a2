"""Files on disk: read with one clear error, written whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rpe_geo.errors import InvalidFile, RpeGeoError, ServiceUnavailable, Where

__all__ = ["FULL", "read_bytes", "reading_file", "replacing"]

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What the system says when there is no room left."""


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
def replacing(path: Path) -> Iterator[Path]:
    """
    Give a temporary sibling to write to; it takes the place of the file once the block ends well.

    Parameters
    ----------
    path
        The file to write; its folder is created.

    Yields
    ------
    Path
        The temporary sibling.

    Raises
    ------
    InvalidFile
        When the folder may not be written, or the disk is full.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.stem}.", suffix=path.suffix
        )
        os.close(handle)
        temporary = Path(name)
        yield temporary
        # mkstemp makes files private; what we write is as open as the user's other files.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
    except OSError as error:
        where = Where(file=str(path))
        raise InvalidFile("file_unwritable", where=where, reason=error.strerror) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
