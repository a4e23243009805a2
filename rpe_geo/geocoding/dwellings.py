"""Every address of a territory's index as a point: where people live, for the cells of `rpe_geo.privacy`."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.geocoding.index import MANIFEST
from rpe_geo.geocoding.numbers import PLATE_FIELDS

__all__ = ["address_points"]

_PLATE = np.dtype(list(PLATE_FIELDS))
_E7 = 1e7


def address_points(directory: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Read where every house number of an address index hangs.

    Parameters
    ----------
    directory
        `<territory>/addresses`.

    Returns
    -------
    tuple of array
        Longitudes and latitudes, EPSG:4326, one entry per address.

    Raises
    ------
    InvalidFile
        There is no complete index.
    """
    try:
        folder = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))["folder"]
        path = (directory / folder / "addresses.sqlite").resolve()
        database = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
    except (OSError, ValueError, KeyError, sqlite3.Error) as fault:
        raise InvalidFile("geocoding_index_missing", where=Where(file=str(directory))) from fault
    try:
        packed = b"".join(
            row[0] for row in database.execute("SELECT plates FROM streets ORDER BY id")
        )
    finally:
        database.close()
    plates = np.frombuffer(packed, dtype=_PLATE)
    return plates["x"] / _E7, plates["y"] / _E7
