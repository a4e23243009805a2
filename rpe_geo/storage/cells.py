"""The cells that mask homes, in the registry's database and so in its backup."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import UTC, datetime

import numpy as np
from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.exc import IntegrityError

from rpe_geo.privacy import Cells
from rpe_geo.privacy.ground import Ground
from rpe_geo.storage.database import reading, writing
from rpe_geo.storage.tables import masking_cells, masking_grounds

__all__ = ["SqlCells", "cells_of_bytes"]

_ARRAYS = ("axis", "plane", "child", "begin", "end", "dwellings")


class SqlCells:
    """
    The masking cells of a database; satisfies `rpe_geo.privacy.ground.CellStore`.

    Parameters
    ----------
    engine
        A migrated database; all its RPE share the cells of a territory.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ground(self, territory_id: str) -> Ground | None:
        """Return the ground of a territory, None when nothing of it was ever masked."""
        with reading(self._engine) as connection:
            row = connection.execute(
                select(masking_grounds).where(masking_grounds.c.territory_id == territory_id)
            ).first()
        return None if row is None else Ground(row.cells_id, row.sheets)

    def cells_ids(self) -> list[str]:
        """Return the names of all cells that are kept, oldest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(masking_cells.c.cells_id)
                .where(masking_cells.c.sheet == 0)
                .order_by(masking_cells.c.cut_at, masking_cells.c.cells_id)
            ).all()
        return [row.cells_id for row in rows]

    def sheets(self, cells_id: str) -> list[Cells]:
        """Return the readable sheets under a name, in order, up to the first that is lost or damaged."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(masking_cells)
                .where(masking_cells.c.cells_id == cells_id)
                .order_by(masking_cells.c.sheet)
            ).all()
        found: list[Cells] = []
        for row in rows:
            content = bytes(row.content)
            cells = cells_of_bytes(content) if row.fingerprint == _print_of(content) else None
            if cells is None or row.sheet != len(found):
                break
            found.append(cells)
        return found

    def keep(self, territory_id: str, cells_id: str, sheets: list[Cells]) -> None:
        """Keep new sheets after those that are there, and that they mask this territory, at once."""
        try:
            with writing(self._engine) as connection:
                self._keep(connection, territory_id, cells_id, sheets)
        except IntegrityError:
            # Another process kept the same sheets meanwhile: theirs stay.
            return

    def _keep(
        self, connection: Connection, territory_id: str, cells_id: str, sheets: list[Cells]
    ) -> None:
        there = connection.scalars(
            select(masking_cells.c.sheet).where(masking_cells.c.cells_id == cells_id)
        ).all()
        for sheet, cells in enumerate(sheets, start=len(there)):
            content = _bytes_of(cells)
            connection.execute(
                insert(masking_cells).values(
                    cells_id=cells_id,
                    sheet=sheet,
                    fingerprint=_print_of(content),
                    content=content,
                    cut_at=datetime.now(UTC),
                )
            )
        count = len(there) + len(sheets)
        own = masking_grounds.c.territory_id == territory_id
        if connection.execute(select(masking_grounds).where(own)).first() is None:
            connection.execute(
                insert(masking_grounds).values(
                    territory_id=territory_id, cells_id=cells_id, sheets=count
                )
            )
        # Every territory on this ground needs all of its sheets from now on.
        connection.execute(
            masking_grounds.update()
            .where(masking_grounds.c.cells_id == cells_id)
            .values(sheets=count)
        )

    def accept_new_zones(self) -> int:
        """
        Forget the grounds whose cells are lost, so that new cells are cut at the next start.

        Returns
        -------
        int
            How many grounds were forgotten. Zones published from them are drawn anew: who compares both learns more.
        """
        with writing(self._engine) as connection:
            rows = connection.execute(select(masking_grounds)).all()
        lost = [
            row for row in rows if len(self.sheets(row.cells_id)) < row.sheets or not row.sheets
        ]
        names = {row.cells_id for row in lost}
        with writing(self._engine) as connection:
            for name in names:
                connection.execute(
                    masking_grounds.delete().where(masking_grounds.c.cells_id == name)
                )
                connection.execute(masking_cells.delete().where(masking_cells.c.cells_id == name))
        return len(lost)


def cells_of_bytes(content: bytes) -> Cells | None:
    """Read cells from the bytes of an `.npz`; None when they are not whole."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return Cells(**{name: arrays[name] for name in _ARRAYS}, crs=int(arrays["crs"]))
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
        return None


def _bytes_of(cells: Cells) -> bytes:
    file = io.BytesIO()
    arrays = {name: getattr(cells, name) for name in _ARRAYS}
    np.savez_compressed(file, crs=np.array(cells.crs), **arrays)
    return file.getvalue()


def _print_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
