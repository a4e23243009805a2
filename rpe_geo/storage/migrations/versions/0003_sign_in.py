"""Signing in: deactivation per RPE, the identity of a provider, sessions with a beginning, wrong tries by e-mail or device."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("accounts", "failures")
    op.drop_column("accounts", "locked_until")
    op.add_column("accounts", sa.Column("identity", sa.String))
    op.add_column(
        "memberships",
        sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    )
    op.add_column("memberships", sa.Column("last_sign_in", sa.DateTime(timezone=True)))
    # Whoever is signed in signs in again: sessions live for hours only.
    op.drop_table("sessions")
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String, nullable=False),
        sa.Column("account_id", sa.String, nullable=False),
        sa.Column("rpe_id", sa.String, nullable=False),
        sa.Column("csrf", sa.String, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provider", sa.Text),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sessions"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name="fk_sessions_accounts", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "sign_in_tries",
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True)),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_sign_in_tries"),
    )
