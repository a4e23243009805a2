"""The registry: childminders, MAM, facilities, requests; personal data apart; spatial search."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from rpe_geo.storage.tables import Document, Place

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_PLACED = ("childminders", "mams", "facilities")
_PERSONAL = ("childminder_identities", "request_files")


def upgrade() -> None:
    op.create_table(
        "registries",
        sa.Column("rpe_id", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("rpe_id", name="pk_registries"),
    )
    postgis = op.get_bind().dialect.name == "postgresql"
    if postgis:
        op.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    _create_records(
        "childminders",
        "childminder_id",
        *_place_columns(),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("places", sa.Integer, nullable=False),
        sa.Column("mam_id", sa.String),
        sa.Column("availability_confirmed_on", sa.Date),
    )
    op.create_index("ix_childminders_rpe_id_mam_id", "childminders", ["rpe_id", "mam_id"])
    _create_records("mams", "mam_id", *_place_columns())
    _create_records(
        "facilities",
        "facility_id",
        *_place_columns(),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("places", sa.Integer),
    )
    _create_records("requests", "request_id", sa.Column("start", sa.Date, nullable=False))
    op.create_index("ix_requests_rpe_id_start", "requests", ["rpe_id", "start"])
    _create_personal("childminder_identities", "childminder_id", "childminders")
    _create_personal("request_files", "request_id", "requests")
    for table in _PLACED:
        if postgis:
            op.execute(f"CREATE INDEX {table}_place ON {table} USING gist (place)")
        else:
            _create_rtree(table)
    if postgis:
        for table in _PERSONAL:
            _secure_rows(table)


def _create_records(table: str, id_name: str, *columns: sa.Column[object]) -> None:
    now = sa.func.current_timestamp()
    op.create_table(
        table,
        sa.Column("pk", sa.Integer, nullable=False),
        sa.Column("rpe_id", sa.String, nullable=False),
        sa.Column(id_name, sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.Column("record", Document, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("pk", name=f"pk_{table}"),
        sa.UniqueConstraint("rpe_id", id_name, name=f"uq_{table}_rpe_id_{id_name}"),
    )


def _place_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("longitude", sa.Float(53)),
        sa.Column("latitude", sa.Float(53)),
        sa.Column("place", Place),
    ]


def _create_personal(table: str, id_name: str, owner: str) -> None:
    op.create_table(
        table,
        sa.Column("rpe_id", sa.String, nullable=False),
        sa.Column(id_name, sa.String, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("rpe_id", id_name, name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["rpe_id", id_name],
            [f"{owner}.rpe_id", f"{owner}.{id_name}"],
            name=f"fk_{table}_{owner}",
            ondelete="CASCADE",
        ),
    )


def _create_rtree(table: str) -> None:
    """Index the points of a table in an R*Tree that triggers keep in step."""
    index = f"{table}_place"
    insert = (
        f"INSERT INTO {index} SELECT NEW.pk, NEW.longitude, NEW.longitude, NEW.latitude, "
        "NEW.latitude WHERE NEW.longitude IS NOT NULL;"
    )
    delete = f"DELETE FROM {index} WHERE pk = OLD.pk;"
    op.execute(f"CREATE VIRTUAL TABLE {index} USING rtree(pk, west, east, south, north)")
    op.execute(f"CREATE TRIGGER {index}_insert AFTER INSERT ON {table} BEGIN {insert} END")
    op.execute(f"CREATE TRIGGER {index}_delete AFTER DELETE ON {table} BEGIN {delete} END")
    op.execute(
        f"CREATE TRIGGER {index}_update AFTER UPDATE OF longitude, latitude ON {table} "
        f"WHEN NEW.longitude IS NOT OLD.longitude OR NEW.latitude IS NOT OLD.latitude "
        f"BEGIN {delete} {insert} END"
    )


def _secure_rows(table: str) -> None:
    """Let PostgreSQL itself hide the rows of other RPE, from the owner of the tables too."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_rpe ON {table} USING (rpe_id = current_setting('rpe_geo.rpe_id', true))"
    )
