"""Sealing every personal document anew: after a key was replaced, or when keys are used for the first time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Engine, Table, and_, func, select, update

from rpe_geo.storage.database import reading
from rpe_geo.storage.sealing import TOKEN_START, Seal
from rpe_geo.storage.tables import PERSONAL_TABLES, registries
from rpe_geo.storage.transactions import OwnRows

__all__ = ["documents_in_clear", "reseal_all"]


def _rpe_ids(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return list(connection.scalars(select(registries.c.rpe_id).order_by(registries.c.rpe_id)))


def _owned(engine: Engine) -> Iterator[tuple[OwnRows, Table]]:
    for rpe_id in _rpe_ids(engine):
        for table in PERSONAL_TABLES:
            yield OwnRows(engine, rpe_id), table


def reseal_all(engine: Engine, keys: Sequence[str]) -> int:
    """
    Seal every personal document with the first key; one transaction a table and RPE.

    Parameters
    ----------
    engine
        A migrated database.
    keys
        Fernet keys: the first closes, all open.

    Returns
    -------
    int
        How many documents were sealed. Interrupted, it can be run again.

    Raises
    ------
    InputError
        When a document opens with none of the keys; its table is left as it was.
    """
    seal, count = Seal(keys), 0
    for own, table in _owned(engine):
        key = list(table.primary_key.columns)
        with own.writing() as connection:
            rows = connection.execute(select(table).where(table.c.rpe_id == own.rpe_id)).all()
            for row in rows:
                content = seal.close(seal.open(row.content))
                same = and_(*(column == getattr(row, column.name) for column in key))
                connection.execute(update(table).where(same).values(content=content))
        count += len(rows)
    return count


def documents_in_clear(engine: Engine) -> int:
    """
    Count the personal documents that are not sealed.

    Parameters
    ----------
    engine
        A migrated database.

    Returns
    -------
    int
        Over every RPE.
    """
    count = 0
    for own, table in _owned(engine):
        with own.reading() as connection:
            in_clear = table.c.content.not_like(f"{TOKEN_START}%")
            asked = select(func.count()).where(table.c.rpe_id == own.rpe_id, in_clear)
            count += connection.scalar(asked) or 0
    return count
