"""Who changed a record by hand, what a file last said of it, what is set aside, and offers made of two providers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("childminders", "mams", "facilities", "requests"):
        op.add_column(table, sa.Column("edited_at", sa.DateTime(timezone=True)))
        op.add_column(table, sa.Column("edited_by", sa.String))
    for table in ("mams", "facilities"):
        op.add_column(table, sa.Column("ceased_on", sa.Date))
    op.add_column("case_events", sa.Column("shared_with", sa.String))
    op.create_table(
        "imported_records",
        sa.Column("rpe_id", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("record_id", sa.String, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("rpe_id", "kind", "record_id", name="pk_imported_records"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE imported_records ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE imported_records FORCE ROW LEVEL SECURITY")
        op.execute(
            "CREATE POLICY own_rpe ON imported_records "
            "USING (rpe_id = current_setting('rpe_geo.rpe_id', true))"
        )
