"""The desk: accounts and sessions, the life of requests, who asks, and who read or changed what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.String, nullable=False),
        sa.Column("email", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("password_hash", sa.String, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("locked_until", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("account_id", name="pk_accounts"),
        sa.UniqueConstraint("email", name="uq_accounts_email"),
    )
    op.create_table(
        "memberships",
        sa.Column("account_id", sa.String, nullable=False),
        sa.Column("rpe_id", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "rpe_id", name="pk_memberships"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.account_id"],
            name="fk_memberships_accounts",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String, nullable=False),
        sa.Column("account_id", sa.String, nullable=False),
        sa.Column("rpe_id", sa.String, nullable=False),
        sa.Column("csrf", sa.String, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sessions"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name="fk_sessions_accounts", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "case_events",
        sa.Column("pk", sa.Integer, nullable=False),
        sa.Column("rpe_id", sa.String, nullable=False),
        sa.Column("request_id", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("provider_kind", sa.String),
        sa.Column("provider_id", sa.String),
        sa.Column("reason", sa.String),
        sa.Column("channel", sa.String),
        sa.PrimaryKeyConstraint("pk", name="pk_case_events"),
    )
    op.create_index("ix_case_events_rpe_id_request_id", "case_events", ["rpe_id", "request_id"])
    op.create_table(
        "request_contacts",
        sa.Column("rpe_id", sa.String, nullable=False),
        sa.Column("request_id", sa.String, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("rpe_id", "request_id", name="pk_request_contacts"),
        sa.ForeignKeyConstraint(
            ["rpe_id", "request_id"],
            ["requests.rpe_id", "requests.request_id"],
            name="fk_request_contacts_requests",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "audit_entries",
        sa.Column("pk", sa.Integer, nullable=False),
        sa.Column("rpe_id", sa.String, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("subject_kind", sa.String, nullable=False),
        sa.Column("subject_id", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("pk", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_rpe_id_subject_id", "audit_entries", ["rpe_id", "subject_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE request_contacts ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE request_contacts FORCE ROW LEVEL SECURITY")
        op.execute(
            "CREATE POLICY own_rpe ON request_contacts "
            "USING (rpe_id = current_setting('rpe_geo.rpe_id', true))"
        )
