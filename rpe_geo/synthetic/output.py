"""The folder that invented files go to."""

from __future__ import annotations

from pathlib import Path

from rpe_geo.errors import InputError

__all__ = ["make_folder"]


def make_folder(directory: Path) -> Path:
    """
    Make a folder unless it is there.

    Parameters
    ----------
    directory
        Where to write.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        When it cannot be made: a file of that name, no right to write, no such disk.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("synthetic_folder", directory=str(directory)) from error
    return directory
