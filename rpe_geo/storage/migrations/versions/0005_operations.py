"""Cells of masked homes in the database; row-level security on what tells of people; a trail with its own retention."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_OF_ONE_RPE = ("childminders", "requests", "case_events", "audit_entries")
_OF_ACCOUNTS = ("accounts", "memberships", "sessions", "sign_in_tries")


def upgrade() -> None:
    op.create_table(
        "masking_grounds",
        sa.Column("territory_id", sa.String, nullable=False),
        sa.Column("cells_id", sa.String, nullable=False),
        sa.Column("sheets", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("territory_id", name="pk_masking_grounds"),
    )
    op.create_table(
        "masking_cells",
        sa.Column("cells_id", sa.String, nullable=False),
        sa.Column("sheet", sa.Integer, nullable=False),
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("cut_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("cells_id", "sheet", name="pk_masking_cells"),
    )
    # Homes may have been published from cells kept in a folder: they must be found again before anything is drawn.
    op.execute(
        "INSERT INTO masking_grounds (territory_id, cells_id, sheets) "
        "SELECT '', '', 0 WHERE EXISTS (SELECT 1 FROM childminders)"
    )
    op.create_index(
        "ix_childminders_rpe_id_longitude",
        "childminders",
        ["rpe_id", "longitude", "latitude"],
    )
    if op.get_bind().dialect.name == "postgresql":
        for table in _OF_ONE_RPE:
            _secure(table, "rpe_id = current_setting('rpe_geo.rpe_id', true)")
        for table in _OF_ACCOUNTS:
            _secure(table, "current_setting('rpe_geo.accounts', true) = 'open'")


def _secure(table: str, condition: str) -> None:
    """Let PostgreSQL itself hide rows, from the owner of the tables too."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_rows ON {table} USING ({condition})")
