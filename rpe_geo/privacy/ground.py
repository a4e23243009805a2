"""
The ground of masking: which cells mask the homes of a territory, kept so that no zone is ever drawn again.

The cells of a territory are *sheets*. The first is cut from the addresses known when the first home was masked. A sheet
never changes. Where a territory grows onto ground that no sheet covers, one more sheet is cut from the addresses there.
A territory is known by its identity; one that was built anew or renamed is known by its ground: at least half of its
addresses lie where the cells are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rpe_geo.errors import InputError
from rpe_geo.parameters import parameter_table
from rpe_geo.privacy.cells import Cells

__all__ = ["UNKNOWN_GROUND", "CellStore", "Ground", "ground_sheets"]

UNKNOWN_GROUND = ""
"""Identity of the ground whose homes were published before cells were kept in the database."""

_SAME_GROUND = 0.5
_LOOKED_AT = 2000


@dataclass(frozen=True)
class Ground:
    """Which cells mask a territory, and how many sheets of them there must be."""

    cells_id: str
    sheets: int


class CellStore(Protocol):
    """Where cells are kept."""

    def ground(self, territory_id: str) -> Ground | None:
        """Return the ground of a territory, None when nothing of it was ever masked."""
        ...

    def cells_ids(self) -> list[str]:
        """Return the names of all cells that are kept, oldest first."""
        ...

    def sheets(self, cells_id: str) -> list[Cells]:
        """Return the readable sheets under a name, in order; fewer than were kept when some are lost or damaged."""
        ...

    def keep(self, territory_id: str, cells_id: str, sheets: list[Cells]) -> None:
        """Keep new sheets after those that are there, and that they mask this territory, at once."""
        ...


def ground_sheets(
    store: CellStore,
    territory_id: str,
    longitude: NDArray[np.float64],
    latitude: NDArray[np.float64],
    *,
    former: Callable[[], Iterable[Cells]],
) -> tuple[Cells, ...]:
    """
    Find the sheets that mask a territory, or cut and keep them.

    Parameters
    ----------
    store
        Where they are kept.
    territory_id
        Identity of the territory.
    longitude, latitude
        Its addresses, EPSG:4326, one entry each.
    former
        Gives cells that an earlier version kept elsewhere; asked only when the store has none for this ground.

    Returns
    -------
    tuple of Cells
        The sheets, oldest first; none where the territory has no address.

    Raises
    ------
    InputError
        When homes of this ground were published and their cells are lost: other cells would give them away.
    """
    known = np.isfinite(longitude) & np.isfinite(latitude)
    longitude, latitude = longitude[known], latitude[known]
    ground = store.ground(territory_id) or _same_ground(store, longitude, latitude)
    if ground is None:
        return _begin(store, territory_id, longitude, latitude, former)
    sheets = store.sheets(ground.cells_id)
    if len(sheets) < ground.sheets:
        raise InputError("masking_cells_lost", kept=ground.sheets, found=len(sheets))
    added = _grown(sheets, longitude, latitude)
    if added or store.ground(territory_id) is None:
        store.keep(territory_id, ground.cells_id, added)
        sheets = store.sheets(ground.cells_id)
    return tuple(sheets)


def _begin(
    store: CellStore,
    territory_id: str,
    longitude: NDArray[np.float64],
    latitude: NDArray[np.float64],
    former: Callable[[], Iterable[Cells]],
) -> tuple[Cells, ...]:
    """Adopt the cells of an earlier version, or cut the first sheet of ground that was never masked."""
    first = next((cells for cells in former() if _covers([cells], longitude, latitude)), None)
    if first is None:
        if store.ground(UNKNOWN_GROUND) is not None:
            raise InputError("masking_cells_elsewhere")
        first = Cells.cut(longitude, latitude)
    sheets = [first, *_grown([first], longitude, latitude)]
    store.keep(territory_id, territory_id, sheets)
    # Another process may have been quicker: what is kept is what masks.
    return tuple(store.sheets(territory_id))


def _same_ground(
    store: CellStore, longitude: NDArray[np.float64], latitude: NDArray[np.float64]
) -> Ground | None:
    """Find the cells under the addresses of a territory that was renamed or built anew."""
    for cells_id in store.cells_ids():
        sheets = store.sheets(cells_id)
        if sheets and _covers(sheets, longitude, latitude):
            return store.ground(cells_id) or Ground(cells_id, len(sheets))
    return None


def _covers(
    sheets: list[Cells], longitude: NDArray[np.float64], latitude: NDArray[np.float64]
) -> bool:
    if not len(longitude):
        return False
    rows = np.linspace(0, len(longitude) - 1, min(_LOOKED_AT, len(longitude))).astype(int)
    covered = np.zeros(len(rows), dtype=bool)
    for sheet in sheets:
        covered |= sheet.knows(longitude[rows], latitude[rows])
    return bool(covered.mean() >= _SAME_GROUND)


def _grown(
    sheets: list[Cells], longitude: NDArray[np.float64], latitude: NDArray[np.float64]
) -> list[Cells]:
    """Cut one more sheet from the addresses that no sheet covers, when they are enough to hide among."""
    outside = np.ones(len(longitude), dtype=bool)
    for sheet in sheets:
        outside &= ~sheet.knows(longitude, latitude)
    k = int(parameter_table("privacy", date(2021, 9, 1))["dwellings_min"])
    if int(outside.sum()) < k:
        return []
    return [Cells.cut(longitude[outside], latitude[outside])]
