"""The observatories of a deployment: found in the folder of the settings, read once, as they may be published."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import ParamSpec, TypeVar

from rpe_geo.observatory.results import Observatory
from rpe_geo.open_data.observatory_files import read_observatory
from rpe_geo.parameters import parameter_table
from rpe_geo.privacy.zones import published_zones
from rpe_geo.publishing.territories import Group, grouped

__all__ = ["Edition", "editions", "gathered", "published"]

_ABOUT = "observatory.json"
_FIGURES = "indicators.parquet"
_lock = threading.RLock()

Given = ParamSpec("Given")
Found = TypeVar("Found")


@dataclass(frozen=True)
class Edition:
    """
    One observatory on disk.

    Parameters
    ----------
    folder
        Where `rpe-geo observatory build` wrote it.
    title, year
        What it is about, and the year of its places.
    tag
        Changes whenever its files do.
    """

    folder: Path
    title: str
    year: int
    tag: str


def _once(read: Callable[Given, Found]) -> Callable[Given, Found]:
    """Let one thread read at a time: what a second one asks for is then already there."""

    def locked(*given: Given.args, **named: Given.kwargs) -> Found:
        with _lock:
            return read(*given, **named)

    return locked


def editions(root: Path | None) -> list[Edition]:
    """
    List the observatories of a folder.

    Parameters
    ----------
    root
        A folder written by `rpe-geo observatory build`, or one that holds several of them.

    Returns
    -------
    list of Edition
        By title, the latest year first; empty when there is none.
    """
    if root is None or not root.is_dir():
        return []
    folders = [root] if (root / _ABOUT).is_file() else sorted(root.iterdir())
    found = [_edition(folder) for folder in folders if (folder / _ABOUT).is_file()]
    kept = [edition for edition in found if edition is not None]
    return sorted(kept, key=lambda one: (one.title, -one.year, str(one.folder)))


def _edition(folder: Path) -> Edition | None:
    try:
        stamps = [(folder / name).stat() for name in (_ABOUT, _FIGURES)]
    except OSError:
        return None
    return _described(folder, "-".join(f"{one.st_mtime_ns:x}-{one.st_size:x}" for one in stamps))


@lru_cache(maxsize=64)
def _described(folder: Path, tag: str) -> Edition | None:
    try:
        parameters = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))["parameters"]
        return Edition(folder, str(parameters["title"]), int(parameters["year"]), tag)
    except (OSError, ValueError, KeyError, TypeError):
        return None


@_once
@lru_cache(maxsize=4)
def published(edition: Edition) -> Observatory:
    """
    Read an observatory, without the figures that would tell of too few professionals.

    Parameters
    ----------
    edition
        Which one; it is read again when its files change.

    Raises
    ------
    InvalidFile
        When the folder cannot be read.
    """
    found = read_observatory(edition.folder)
    table = parameter_table("observatory", date(edition.year, 12, 31))
    few = int(table["fewest_professionals"])
    return replace(found, zones=published_zones(found.zones, at_least=few))


@_once
@lru_cache(maxsize=6)
def gathered(edition: Edition, by: Group) -> Observatory:
    """Put the communes of an observatory together, by département or by intercommunalité."""
    return grouped(published(edition), by)
