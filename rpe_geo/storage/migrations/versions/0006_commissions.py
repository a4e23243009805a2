"""Commissions: barème, decisions by hand and results of an RPE, under row-level security."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "commissions",
        sa.Column("rpe_id", sa.String, nullable=False),
        sa.Column("commission_id", sa.String, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("rpe_id", "commission_id", name="pk_commissions"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE commissions ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE commissions FORCE ROW LEVEL SECURITY")
        op.execute(
            "CREATE POLICY own_rows ON commissions "
            "USING (rpe_id = current_setting('rpe_geo.rpe_id', true))"
        )
