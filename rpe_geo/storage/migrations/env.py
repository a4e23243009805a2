"""Alembic's entrance: migrates on the connection and in the transaction that it is given."""

from __future__ import annotations

from alembic import context

from rpe_geo.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # The caller holds the lock and the transaction: all migrations or none.
    transactional_ddl=True,
)
context.run_migrations()
