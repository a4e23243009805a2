"""
The tables of the registry, the same on SQLite and on PostGIS.

Every row belongs to one RPE. What is searched stands in columns, the whole record in a JSON document; what tells who a
person is, where she lives beside the point, and about which children, stands in tables of its own, sealed when there
is a key, and under row-level security on PostgreSQL. To add tables, declare them on `metadata` and write a migration:
see `docs/storage.md`.
"""

from __future__ import annotations

import struct
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

__all__ = [
    "PERSONAL_TABLES",
    "SECURED_BY_RPE",
    "Document",
    "Place",
    "accounts",
    "audit_entries",
    "case_events",
    "childminder_identities",
    "childminders",
    "commissions",
    "facilities",
    "imported_records",
    "mams",
    "masking_cells",
    "masking_grounds",
    "memberships",
    "metadata",
    "place_index",
    "registries",
    "request_contacts",
    "request_files",
    "requests",
    "sessions",
    "sign_in_tries",
]

_SRID = 4326

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Place(TypeDecorator[tuple[float, float]]):
    """
    A point in EPSG:4326, given and returned as (longitude, latitude).

    On SQLite it is stored as WKB; on PostgreSQL it is GeoAlchemy2's `Geometry`, so that GiST can index it.
    """

    impl = LargeBinary
    spatial_index = False  # asked by GeoAlchemy2: the migrations make the index
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect | None) -> TypeEngine[Any]:
        """Choose the column type of the database; GeoAlchemy2 also asks without naming one."""
        if dialect is not None and dialect.name == "postgresql":
            return dialect.type_descriptor(Geometry("POINT", srid=_SRID, spatial_index=False))
        return LargeBinary()

    def process_bind_param(self, value: tuple[float, float] | None, dialect: Dialect) -> Any:
        """Write a point."""
        if value is None:
            return None
        if dialect.name == "postgresql":
            return f"SRID={_SRID};POINT({value[0]!r} {value[1]!r})"
        return struct.pack("<BIdd", 1, 1, *value)

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[float, float] | None:
        """Read a point; PostgreSQL gives EWKB, which carries the SRID before the coordinates."""
        if value is None:
            return None
        content = bytes(value.data) if dialect.name == "postgresql" else bytes(value)
        longitude, latitude = struct.unpack("<dd", content[-16:])
        return longitude, latitude


Document = JSON().with_variant(JSONB(), "postgresql")
"""A JSON document; binary on PostgreSQL."""


def _record_columns(id_name: str) -> list[Any]:
    """List what every table of records has: whose it is, id, version for the optimistic lock, whose hand, document."""
    return [
        Column("pk", Integer, primary_key=True),
        Column("rpe_id", String, nullable=False),
        Column(id_name, String, nullable=False),
        Column("version", Integer, nullable=False, server_default="1"),
        Column(
            "created_at",
            DateTime(timezone=True),
            nullable=False,
            server_default=func.current_timestamp(),
        ),
        Column(
            "updated_at",
            DateTime(timezone=True),
            nullable=False,
            server_default=func.current_timestamp(),
        ),
        Column("edited_at", DateTime(timezone=True)),
        Column("edited_by", String),
        Column("record", Document, nullable=False),
        UniqueConstraint("rpe_id", id_name),
    ]


def _place_columns() -> list[Any]:
    return [
        Column("longitude", Float(53)),
        Column("latitude", Float(53)),
        Column("place", Place),
    ]


registries = Table(
    "registries",
    metadata,
    Column("rpe_id", String, primary_key=True),
    Column("version", Integer, nullable=False, server_default="0"),
)
"""One row per RPE; `version` grows with every change of its providers."""

childminders = Table(
    "childminders",
    metadata,
    *_record_columns("childminder_id"),
    *_place_columns(),
    Column("status", String, nullable=False),
    Column("places", Integer, nullable=False),
    Column("mam_id", String),
    Column("availability_confirmed_on", Date),
    Index(None, "rpe_id", "mam_id"),
    # Under row-level security PostgreSQL trusts the comparison of numbers, not the operators of PostGIS: see `space`.
    Index("ix_childminders_rpe_id_longitude", "rpe_id", "longitude", "latitude"),
)

mams = Table(
    "mams", metadata, *_record_columns("mam_id"), *_place_columns(), Column("ceased_on", Date)
)

facilities = Table(
    "facilities",
    metadata,
    *_record_columns("facility_id"),
    *_place_columns(),
    Column("kind", String, nullable=False),
    Column("places", Integer),
    Column("ceased_on", Date),
)

requests = Table(
    "requests",
    metadata,
    *_record_columns("request_id"),
    Column("start", Date, nullable=False),
    Index(None, "rpe_id", "start"),
)


def _personal_columns(id_name: str, owner: Table) -> list[Any]:
    return [
        Column("rpe_id", String, primary_key=True),
        Column(id_name, String, primary_key=True),
        Column("content", Text, nullable=False),
        ForeignKeyConstraint(
            ["rpe_id", id_name], [owner.c.rpe_id, owner.c[id_name]], ondelete="CASCADE"
        ),
    ]


childminder_identities = Table(
    "childminder_identities", metadata, *_personal_columns("childminder_id", childminders)
)
"""Name, address, contact; own children and children of the contracts."""

request_files = Table("request_files", metadata, *_personal_columns("request_id", requests))
"""Addresses, children, household of a family."""

request_contacts = Table("request_contacts", metadata, *_personal_columns("request_id", requests))
"""Who asks: name, how to be reached, message, places chosen, when it was consented to."""

imported_records = Table(
    "imported_records",
    metadata,
    Column("rpe_id", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("record_id", String, primary_key=True),
    Column("content", Text, nullable=False),
)
"""Each record as a file last gave it: what differs from it was changed by hand, and no import undoes that silently."""

commissions = Table(
    "commissions",
    metadata,
    Column("rpe_id", String, primary_key=True),
    Column("commission_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("content", Text, nullable=False),
)
"""What a commission decides on and proposes: ids of requests, points, reasons."""

PERSONAL_TABLES = (
    childminder_identities,
    request_files,
    request_contacts,
    imported_records,
    commissions,
)
"""Tables under row-level security on PostgreSQL."""

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("email", String, nullable=False),
    Column("name", String, nullable=False),
    Column("password_hash", String, nullable=False),
    Column("identity", String),
    UniqueConstraint("email"),
)

memberships = Table(
    "memberships",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("rpe_id", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("active", Boolean, nullable=False, server_default=true()),
    Column("last_sign_in", DateTime(timezone=True)),
    ForeignKeyConstraint(["account_id"], [accounts.c.account_id], ondelete="CASCADE"),
)
"""Which RPE an account works for, as what, and whether it may at present."""

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("account_id", String, nullable=False),
    Column("rpe_id", String, nullable=False),
    Column("csrf", String, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("provider", Text),
    ForeignKeyConstraint(["account_id"], [accounts.c.account_id], ondelete="CASCADE"),
)
"""Who is signed in; only a hash of the cookie is kept."""

sign_in_tries = Table(
    "sign_in_tries",
    metadata,
    Column("subject", String, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("paused_until", DateTime(timezone=True)),
    Column("at", DateTime(timezone=True), nullable=False),
)
"""Wrong passwords by the hash of an e-mail or of a known device, whether the e-mail has an account or not."""

case_events = Table(
    "case_events",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("rpe_id", String, nullable=False),
    Column("request_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", String, nullable=False),
    Column("provider_kind", String),
    Column("provider_id", String),
    Column("reason", String),
    Column("channel", String),
    Column("shared_with", String),
    Index(None, "rpe_id", "request_id"),
)
"""The life of requests: anonymous but for ids, kept when a file is deleted so that a year can still be counted."""

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("rpe_id", String, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject_kind", String, nullable=False),
    Column("subject_id", String, nullable=False),
    Index(None, "rpe_id", "subject_id"),
)
"""Who read or changed which file."""

masking_grounds = Table(
    "masking_grounds",
    metadata,
    Column("territory_id", String, primary_key=True),
    Column("cells_id", String, nullable=False),
    Column("sheets", Integer, nullable=False),
)
"""Which cells mask the homes of a territory, and how many sheets of them there must be: see `rpe_geo.privacy.ground`."""

masking_cells = Table(
    "masking_cells",
    metadata,
    Column("cells_id", String, primary_key=True),
    Column("sheet", Integer, primary_key=True),
    Column("fingerprint", String, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("cut_at", DateTime(timezone=True), nullable=False),
)
"""The cells themselves, as arrays; a sheet never changes once it was kept."""

SECURED_BY_RPE = (childminders, requests, case_events, audit_entries, commissions)
SECURED_FOR_ACCOUNTS = (accounts, memberships, sessions, sign_in_tries)
"""Tables under row-level security on PostgreSQL: by RPE, and for transactions that say that they deal with accounts."""

PLACED_TABLES = (childminders, mams, facilities)
"""Tables searched in space: GiST on PostGIS, R*Tree on SQLite."""


def place_index(table: Table) -> str:
    """Name the spatial index of a table: an R*Tree table on SQLite, a GiST index on PostGIS."""
    return f"{table.name}_place"
