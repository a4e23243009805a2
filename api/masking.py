"""The cells behind masked homes, cut once per territory and kept: a zone is never drawn again."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rpe_geo.errors import InputError
from rpe_geo.geocoding.dwellings import address_points
from rpe_geo.privacy import Cells, Masking
from rpe_geo.settings import Settings, user_data_folder
from rpe_geo.territory import Territory

__all__ = ["open_masking"]

_FIELDS = ("axis", "plane", "child", "begin", "end", "dwellings")


def open_masking(settings: Settings, territory: Territory | None) -> Masking:
    """
    Open the masking of a deployment: its secret, and the cells of its territory.

    Parameters
    ----------
    settings
        `masking_secret` draws the centres.
    territory
        Its addresses are cut into cells at the first use; afterwards the same cells are read, even when the territory is
        built again. None or no addresses: wide squares.

    Returns
    -------
    Masking
        What gives every masked home its zone.
    """
    secret = settings.masking_secret.get_secret_value().encode()
    if territory is None or "addresses" not in territory.contents:
        return Masking(None, secret)
    longitude, latitude = address_points(territory.addresses)
    path = _cells_file(territory.directory)
    kept = _read(path)
    if kept is None or not _still_there(kept, longitude, latitude):
        kept = Cells.cut(longitude, latitude)
        _write(path, kept)
    return Masking(kept, secret)


def _cells_file(directory: Path) -> Path:
    name = hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:16]
    return user_data_folder() / "masking" / f"{name}.npz"


def _still_there(
    cells: Cells, longitude: NDArray[np.float64], latitude: NDArray[np.float64]
) -> bool:
    """Tell whether these are still the cells of this place, and not of another one that stood in the same folder."""
    some = np.linspace(0, len(longitude) - 1, min(200, len(longitude))).astype(int)
    fresh = Cells.cut(longitude[some], latitude[some], crs=cells.crs, dwellings_min=len(some) + 1)
    low, high = cells.dwellings.min(axis=0) - 1000, cells.dwellings.max(axis=0) + 1000
    inside = ((fresh.dwellings >= low) & (fresh.dwellings <= high)).all(axis=1)
    return bool(inside.mean() >= 0.5)


def _read(path: Path) -> Cells | None:
    try:
        with np.load(path, allow_pickle=False) as kept:
            return Cells(**{name: kept[name] for name in _FIELDS}, crs=int(kept["crs"]))
    except (OSError, KeyError, ValueError, EOFError):
        return None


def _write(path: Path, cells: Cells) -> None:
    arrays = {name: getattr(cells, name) for name in _FIELDS}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, sibling = tempfile.mkstemp(dir=path.parent, suffix=".npz")
    except OSError as fault:
        raise InputError("masking_unwritable", folder=str(path.parent)) from fault
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, crs=np.array(cells.crs), **arrays)
        Path(sibling).replace(path)
    except BaseException:
        Path(sibling).unlink(missing_ok=True)
        raise
