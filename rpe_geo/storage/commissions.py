"""The commissions of one RPE in the database: barème, decisions by hand and results, sealed; changed one at a time."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from rpe_geo.desk.commission import KeptCommission
from rpe_geo.errors import Conflict, NotFound
from rpe_geo.storage.sealing import Seal
from rpe_geo.storage.tables import commissions
from rpe_geo.storage.transactions import OwnRows

__all__ = ["SqlCommissions", "forget_in_commissions"]


class SqlCommissions:
    """
    The commissions of one RPE.

    Parameters
    ----------
    engine
        A migrated database.
    rpe_id
        Whose: no row of another RPE is ever read or written.
    seal
        Closes and opens personal data.
    """

    def __init__(self, engine: Engine, *, rpe_id: str, seal: Seal) -> None:
        self._own = OwnRows(engine, rpe_id)
        self._seal = seal

    def latest(self) -> KeptCommission | None:
        """Return the commission that was opened last."""
        with self._own.reading() as connection:
            row = connection.execute(
                select(commissions)
                .where(commissions.c.rpe_id == self._own.rpe_id)
                .order_by(commissions.c.opened_at.desc(), commissions.c.commission_id.desc())
                .limit(1)
            ).first()
        return None if row is None else self._kept(row)

    def open(self, content: Mapping[str, Any]) -> KeptCommission:
        """Keep a new commission."""
        now = datetime.now(UTC)
        commission_id = f"C{now:%y%m%d}-{secrets.token_hex(3).upper()}"
        with self._own.writing() as connection:
            connection.execute(
                insert(commissions).values(
                    rpe_id=self._own.rpe_id,
                    commission_id=commission_id,
                    revision=1,
                    opened_at=now,
                    content=self._seal.close(content),
                )
            )
        return KeptCommission(commission_id, 1, dict(content))

    def change(
        self,
        commission_id: str,
        edit: Callable[[dict[str, Any]], dict[str, Any]],
        *,
        seen: int | None = None,
    ) -> KeptCommission:
        """
        Change a commission in one transaction.

        Parameters
        ----------
        commission_id
            Which one.
        edit
            Given the content, returns what it is now.
        seen
            Version that its author had before the eyes; None to change in any case.

        Raises
        ------
        Conflict
            When somebody else was quicker; nothing is changed.
        NotFound
            When there is no such commission.
        """
        with self._own.writing() as connection:
            row = self._row(connection, commission_id)
            if row is None:
                raise NotFound("commission_unknown", id=commission_id)
            if seen is not None and row.revision != seen:
                raise Conflict("commission_changed")
            content = edit(self._seal.open(row.content))
            connection.execute(
                update(commissions)
                .where(
                    commissions.c.rpe_id == self._own.rpe_id,
                    commissions.c.commission_id == commission_id,
                )
                .values(revision=row.revision + 1, content=self._seal.close(content))
            )
        return KeptCommission(commission_id, row.revision + 1, content)

    def _row(self, connection: Connection, commission_id: str) -> Any:
        return connection.execute(
            select(commissions).where(
                commissions.c.rpe_id == self._own.rpe_id,
                commissions.c.commission_id == commission_id,
            )
        ).first()

    def _kept(self, row: Any) -> KeptCommission:
        return KeptCommission(row.commission_id, row.revision, self._seal.open(row.content))


def forget_in_commissions(
    connection: Connection, own: OwnRows, seal: Seal, person_id: str, stranger: str
) -> int:
    """
    Put a stranger in the place of a person in every commission: figures stay, nothing points at her any more.

    Returns
    -------
    int
        How many commissions named her.
    """
    count = 0
    for row in connection.execute(
        select(commissions).where(commissions.c.rpe_id == own.rpe_id)
    ).all():
        before = seal.open(row.content)
        after = _renamed(before, person_id, stranger)
        if after != before:
            count += 1
            connection.execute(
                update(commissions)
                .where(
                    commissions.c.rpe_id == own.rpe_id,
                    commissions.c.commission_id == row.commission_id,
                )
                .values(content=seal.close(after), revision=row.revision + 1)
            )
    return count


def _renamed(value: Any, name: str, stranger: str) -> Any:
    """Replace an identifier wherever it stands as a whole value or key."""
    if isinstance(value, dict):
        return {
            stranger if key == name else key: _renamed(one, name, stranger)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_renamed(one, name, stranger) for one in value]
    return stranger if value == name else value
