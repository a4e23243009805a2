"""Where each kind of record is kept: its tables, what of it is searched, what of it is personal; how it is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, select
from sqlalchemy.sql import ColumnElement

from rpe_geo.documents import decode, encode
from rpe_geo.domain import Childminder, Facility, Mam, Request
from rpe_geo.storage.sealing import Seal
from rpe_geo.storage.tables import (
    childminder_identities,
    childminders,
    facilities,
    imported_records,
    mams,
    request_files,
    requests,
)
from rpe_geo.storage.transactions import OwnRows

__all__ = [
    "SHELVES",
    "Batch",
    "Record",
    "Shelf",
    "batch_of",
    "read",
    "remove",
    "revisions",
    "write",
]

Record = Childminder | Mam | Facility | Request

_IDS_PER_QUERY = 500


@dataclass(frozen=True)
class Shelf:
    """Where one kind of record is kept, and how a record becomes its columns."""

    kind: type[Any]
    id_name: str
    table: Table
    columns: Callable[[Any], dict[str, Any]]
    personal: Table | None = None
    personal_fields: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The kind in one word: childminder, mam, facility, request."""
        return self.id_name.removesuffix("_id")

    @property
    def id(self) -> ColumnElement[str]:
        """The column of the identifier."""
        return self.table.c[self.id_name]

    @property
    def is_provider(self) -> bool:
        """Whether its records are searched in space, and count for the version of the registry."""
        return "place" in self.table.c

    @property
    def can_cease(self) -> bool:
        """Whether a record can be set aside here; a childminder ceases by the status of her agrément."""
        return "ceased_on" in self.table.c


@dataclass(frozen=True)
class Batch:
    """Records of one kind as the rows of their tables."""

    shelf: Shelf
    rows: list[dict[str, Any]]
    private: list[dict[str, Any]]


def _place_of(record: Childminder | Mam | Facility) -> dict[str, Any]:
    if record.longitude is None or record.latitude is None:
        return {"longitude": None, "latitude": None, "place": None}
    return {
        "longitude": record.longitude,
        "latitude": record.latitude,
        "place": (record.longitude, record.latitude),
    }


SHELVES: dict[type[Any], Shelf] = {
    Childminder: Shelf(
        Childminder,
        "childminder_id",
        childminders,
        lambda record: {
            **_place_of(record),
            "status": record.agrement.status,
            "places": record.agrement.places,
            "mam_id": record.mam_id,
            "availability_confirmed_on": record.availability_confirmed_on,
        },
        childminder_identities,
        ("name", "address", "contact", "own_children", "contracts"),
    ),
    Mam: Shelf(Mam, "mam_id", mams, _place_of),
    Facility: Shelf(
        Facility,
        "facility_id",
        facilities,
        lambda record: {**_place_of(record), "kind": record.kind, "places": record.places},
    ),
    Request: Shelf(
        Request,
        "request_id",
        requests,
        lambda record: {"start": record.start},
        request_files,
        (
            "address",
            "longitude",
            "latitude",
            "work_address",
            "work_longitude",
            "work_latitude",
            "children",
            "household",
        ),
    ),
}


def batch_of(shelf: Shelf, records: Sequence[Any], *, rpe_id: str, seal: Seal) -> Batch:
    """Turn records into rows, before any lock is taken."""
    rows, private = [], []
    for record in records:
        document = encode(record)
        key = {"rpe_id": rpe_id, shelf.id_name: document.pop(shelf.id_name)}
        if shelf.personal is not None:
            secret = {name: document.pop(name) for name in shelf.personal_fields}
            private.append({**key, "content": seal.close(secret)})
        rows.append({**key, "record": document, **shelf.columns(record)})
    return Batch(shelf, rows, private)


def write(connection: Connection, own: OwnRows, batch: Batch, *, by: str | None = None) -> None:
    """
    Store rows in a transaction, replacing those of the same identifier.

    Parameters
    ----------
    connection
        Within `own.writing`.
    own
        Whose rows.
    batch
        One record at least.
    by
        Who changed it by hand; None when a file or a program did.
    """
    shelf, now = batch.shelf, datetime.now(UTC)
    edited = {} if by is None else {"edited_at": now, "edited_by": by}
    statement = own.insert(shelf.table)
    changed = {name: statement.excluded[name] for name in batch.rows[0] if name != "rpe_id"}
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["rpe_id", shelf.id_name],
            set_={**changed, "version": shelf.table.c.version + 1, "updated_at": now, **edited},
        ),
        [{**row, "updated_at": now, **edited} for row in batch.rows],
    )
    if shelf.personal is not None:
        statement = own.insert(shelf.personal)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["rpe_id", shelf.id_name],
                set_={"content": statement.excluded.content},
            ),
            batch.private,
        )


def remove(connection: Connection, own: OwnRows, shelf: Shelf, ids: Sequence[str]) -> int:
    """Remove records with their personal data and what was imported of them; return how many there were."""
    removed = 0
    for start in range(0, len(ids), _IDS_PER_QUERY):
        chunk = list(ids[start : start + _IDS_PER_QUERY])
        connection.execute(
            delete(imported_records).where(
                imported_records.c.rpe_id == own.rpe_id,
                imported_records.c.kind == shelf.name,
                imported_records.c.record_id.in_(chunk),
            )
        )
        for kept in (shelf.personal, shelf.table):
            if kept is None:
                continue
            result = connection.execute(
                delete(kept).where(kept.c.rpe_id == own.rpe_id, kept.c[shelf.id_name].in_(chunk))
            )
        removed += result.rowcount
    return removed


def revisions(
    connection: Connection, own: OwnRows, shelf: Shelf, ids: Sequence[str]
) -> dict[str, int]:
    """Return the versions of those records that exist."""
    found: dict[str, int] = {}
    for start in range(0, len(ids), _IDS_PER_QUERY):
        rows = connection.execute(
            select(shelf.id, shelf.table.c.version).where(
                shelf.table.c.rpe_id == own.rpe_id,
                shelf.id.in_(ids[start : start + _IDS_PER_QUERY]),
            )
        )
        found |= {str(identity): int(version) for identity, version in rows}
    return found


def read(shelf: Shelf, row: Row[Any], seal: Seal) -> Any:
    """Turn a row (`id`, `record` and, for personal ones, `content`) back into its record."""
    document = {shelf.id_name: row.id, **row.record}
    if shelf.personal is not None:
        document |= seal.open(row.content)
    return decode(shelf.kind, document)
