"""The transactions of one RPE: what they may see, and the lock under which its writers come one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Table, select, text
from sqlalchemy.dialects import postgresql, sqlite

from rpe_geo.storage.database import reading, writing
from rpe_geo.storage.tables import registries

__all__ = ["OwnRows", "reading_accounts", "writing_accounts"]


@dataclass(frozen=True)
class OwnRows:
    """
    The rows of one RPE in a database.

    Parameters
    ----------
    engine
        A migrated database.
    rpe_id
        Whose rows: PostgreSQL is told in every transaction, and shows no personal row of another.
    """

    engine: Engine
    rpe_id: str

    @property
    def on_postgresql(self) -> bool:
        """Whether the database is PostgreSQL."""
        return self.engine.dialect.name == "postgresql"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that sees one state of the rows."""
        with reading(self.engine) as connection:
            self._announce(connection)
            yield connection

    @contextmanager
    def writing(self, *, counts: bool = False) -> Iterator[Connection]:
        """
        Open a transaction that locks the RPE's own row first.

        Parameters
        ----------
        counts
            Whether providers change: the version of the registry grows.
        """
        with writing(self.engine) as connection:
            self._announce(connection)
            row = self.insert(registries).values(rpe_id=self.rpe_id, version=int(counts))
            if counts:
                connection.execute(
                    row.on_conflict_do_update(
                        index_elements=["rpe_id"], set_={"version": registries.c.version + 1}
                    )
                )
            else:
                connection.execute(row.on_conflict_do_nothing(index_elements=["rpe_id"]))
                own = select(registries.c.version).where(registries.c.rpe_id == self.rpe_id)
                connection.execute(own.with_for_update())
            yield connection

    @contextmanager
    def adding(self) -> Iterator[Connection]:
        """Open a transaction that only adds rows: on PostgreSQL it waits for nobody."""
        with writing(self.engine) as connection:
            self._announce(connection)
            yield connection

    def insert(self, target: Table) -> Any:
        """Begin an insert that may say what happens when the row is there already."""
        return (postgresql if self.on_postgresql else sqlite).insert(target)

    def _announce(self, connection: Connection) -> None:
        """Tell PostgreSQL whose rows this transaction may see; nothing of it stays on the pooled connection."""
        if self.on_postgresql:
            connection.execute(
                text("SELECT set_config('rpe_geo.rpe_id', :rpe_id, true)"), {"rpe_id": self.rpe_id}
            )


@contextmanager
def reading_accounts(engine: Engine) -> Iterator[Connection]:
    """Give a connection in a transaction that may read accounts, sessions and tries, of every RPE."""
    with reading(engine) as connection:
        _announce_accounts(connection)
        yield connection


@contextmanager
def writing_accounts(engine: Engine) -> Iterator[Connection]:
    """Give a connection in a transaction that may read and write accounts, sessions and tries, of every RPE."""
    with writing(engine) as connection:
        _announce_accounts(connection)
        yield connection


def _announce_accounts(connection: Connection) -> None:
    """Say that this transaction deals with accounts: an account may work for several RPE, so that no RPE is named."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT set_config('rpe_geo.accounts', 'open', true)"))
