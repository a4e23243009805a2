"""The registry of one RPE in a database, SQLite or PostGIS: it finds and stores, and never decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import shapely
from shapely import Point, Polygon
from sqlalchemy import Connection, Engine, Select, Table, and_, or_, select, update
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from rpe_geo.crs import great_circle_m
from rpe_geo.documents import decode, encode
from rpe_geo.domain import Childminder, Facility, Mam, Request
from rpe_geo.errors import Conflict, NotFound
from rpe_geo.protocols import Standing
from rpe_geo.storage.database import connect, migrate
from rpe_geo.storage.sealing import Seal
from rpe_geo.storage.shelves import SHELVES, Record, Shelf, batch_of, read, remove, revisions, write
from rpe_geo.storage.space import Box, boxes_around, lies_in
from rpe_geo.storage.tables import imported_records, registries
from rpe_geo.storage.transactions import OwnRows

_IDS_AT_ONCE = 500
"""Ids in one question: databases bound their number."""

__all__ = ["Record", "SqlRepository", "open_repository"]


class SqlRepository:
    """
    The registry of one RPE; satisfies `rpe_geo.protocols.Repository`.

    Parameters
    ----------
    engine
        A migrated database; see `open_repository`.
    rpe_id
        Whose registry: no row of another RPE is ever read or written.
    seal
        Closes and opens personal data.
    """

    def __init__(self, engine: Engine, *, rpe_id: str, seal: Seal | None = None) -> None:
        self.engine = engine
        self.rpe_id = rpe_id
        self._own = OwnRows(engine, rpe_id)
        self._seal = seal or Seal()

    def of(self, rpe_id: str) -> SqlRepository:
        """Return the registry of another RPE in the same database, on the same connections."""
        return SqlRepository(self.engine, rpe_id=rpe_id, seal=self._seal)

    def close(self) -> None:
        """Give back connections."""
        self.engine.dispose()

    # -- reading ---------------------------------------------------------------------------------------------------

    def version(self) -> int:
        """Return a number that grows with every change of the providers."""
        with self._own.reading() as connection:
            found = connection.scalar(
                select(registries.c.version).where(registries.c.rpe_id == self.rpe_id)
            )
        return int(found or 0)

    def childminders(self) -> list[Childminder]:
        """Return all childminders, by id."""
        return self._find(Childminder)

    def childminder(self, childminder_id: str) -> Childminder:
        """Return one childminder, or raise `NotFound`."""
        found: Childminder = self._one(Childminder, childminder_id)
        return found

    def childminders_near(self, point: Point, radius_m: float) -> list[Childminder]:
        """Return the childminders within a great-circle radius (metres) of a point (EPSG:4326), by id."""
        return self._near(Childminder, point, radius_m)

    def childminders_within(self, area: Polygon) -> list[Childminder]:
        """Return the childminders inside an area or on its border (EPSG:4326), by id."""
        if area.is_empty:
            return []
        shapely.prepare(area)
        return [
            record
            for record in self._find(Childminder, boxes=[area.bounds])
            if shapely.intersects_xy(area, record.longitude, record.latitude)
        ]

    def mams(self) -> list[Mam]:
        """Return all MAM, by id."""
        return self._find(Mam)

    def mam(self, mam_id: str) -> Mam:
        """Return one MAM, or raise `NotFound`."""
        found: Mam = self._one(Mam, mam_id)
        return found

    def facilities(self) -> list[Facility]:
        """Return all facilities, by id."""
        return self._find(Facility)

    def facility(self, facility_id: str) -> Facility:
        """Return one facility, or raise `NotFound`."""
        found: Facility = self._one(Facility, facility_id)
        return found

    def facilities_near(self, point: Point, radius_m: float) -> list[Facility]:
        """Return the facilities within a great-circle radius (metres) of a point (EPSG:4326), by id."""
        return self._near(Facility, point, radius_m)

    def requests(self) -> list[Request]:
        """Return all requests, by id."""
        return self._find(Request)

    def request(self, request_id: str) -> Request:
        """Return one request, or raise `NotFound`."""
        found: Request = self._one(Request, request_id)
        return found

    def revision_of(self, kind: type[Record], record_id: str) -> int:
        """
        Return the version of one record, for `revise`.

        Parameters
        ----------
        kind
            Childminder, Mam, Facility or Request.
        record_id
            Its identifier.

        Returns
        -------
        int
            1 when first saved, one more with each change; 0 when there is no such record.
        """
        with self._own.reading() as connection:
            found = revisions(connection, self._own, SHELVES[kind], [record_id])
        return found.get(record_id, 0)

    def standings(
        self, kind: type[Record], record_ids: Sequence[str] | None = None
    ) -> dict[str, Standing]:
        """Return where records stand, all of a kind or some: version, last change, by whose hand, whether ceased."""
        shelf = SHELVES[kind]
        kept = shelf.table.c
        columns = [shelf.id, kept.version, kept.updated_at, kept.edited_at, kept.edited_by]
        if shelf.can_cease:
            columns.append(kept.ceased_on)
        query = select(*columns).where(kept.rpe_id == self.rpe_id)
        if record_ids is not None:
            query = query.where(shelf.id.in_(record_ids))
        with self._own.reading() as connection:
            rows = connection.execute(query).all()
        return {
            str(row[0]): Standing(
                revision=row.version,
                changed_at=_aware(row.updated_at),
                edited_at=None if row.edited_at is None else _aware(row.edited_at),
                edited_by=row.edited_by or "",
                ceased_on=row.ceased_on if shelf.can_cease else None,
            )
            for row in rows
        }

    def ceased(self, kind: type[Record]) -> list[Any]:
        """Return the records of a kind that were set aside, by id."""
        shelf = SHELVES[kind]
        return self._find(kind, shelf.table.c.ceased_on.is_not(None)) if shelf.can_cease else []

    def last_imported(
        self, kind: type[Record], record_ids: Sequence[str] | None = None
    ) -> dict[str, Any]:
        """Return the records of a kind, all or some, as a file last gave them, by id."""
        with self._own.reading() as connection:
            documents = self._imported_documents(connection, SHELVES[kind], record_ids)
        return {identity: decode(kind, document) for identity, document in documents.items()}

    def _imported_documents(
        self, connection: Connection, shelf: Shelf, record_ids: Sequence[str] | None
    ) -> dict[str, dict[str, Any]]:
        kept = imported_records.c
        query = select(kept.record_id, kept.content).where(
            kept.rpe_id == self.rpe_id, kept.kind == shelf.name
        )
        queries = (
            [query]
            if record_ids is None
            else [
                query.where(kept.record_id.in_(record_ids[first : first + _IDS_AT_ONCE]))
                for first in range(0, len(record_ids), _IDS_AT_ONCE)
            ]
        )
        rows = [row for one in queries for row in connection.execute(one)]
        return {row.record_id: self._seal.open(row.content) for row in rows}

    # -- writing ---------------------------------------------------------------------------------------------------

    def save(
        self,
        *,
        childminders: Sequence[Childminder] = (),
        mams: Sequence[Mam] = (),
        facilities: Sequence[Facility] = (),
        requests: Sequence[Request] = (),
    ) -> None:
        """Store records in one transaction, replacing those of the same id."""
        given = {Childminder: childminders, Mam: mams, Facility: facilities, Request: requests}
        batches = [
            batch_of(SHELVES[kind], rows, rpe_id=self.rpe_id, seal=self._seal)
            for kind, rows in given.items()
            if rows
        ]
        if not batches:
            return
        with self._own.writing(
            counts=any(batch.shelf.is_provider for batch in batches)
        ) as connection:
            for batch in batches:
                write(connection, self._own, batch)

    def save_import(
        self,
        kind: type[Record],
        records: Sequence[Any],
        *,
        sent: Sequence[Any],
        read: Mapping[str, int],
    ) -> None:
        """
        Store what an import makes of its records, if none of them changed since they were read.

        Parameters
        ----------
        kind
            Childminder, Mam, Facility or Request.
        records
            Those to write.
        sent
            The records as the file gives them: the next import tells from them what was changed by hand.
        read
            Versions when they were read, by id; absent for new ones.

        Raises
        ------
        Conflict
            When one was changed, created or deleted meanwhile; nothing is stored.
        """
        shelf = SHELVES[kind]
        batch = batch_of(shelf, records, rpe_id=self.rpe_id, seal=self._seal)
        ids = [getattr(record, shelf.id_name) for record in sent]
        with self._own.writing(counts=shelf.is_provider and bool(records)) as connection:
            found = revisions(connection, self._own, shelf, ids)
            for record_id in ids:
                if found.get(record_id, 0) != read.get(record_id, 0):
                    raise _changed(record_id, read.get(record_id, 0), found.get(record_id, 0))
            if batch.rows:
                write(connection, self._own, batch)
            # What a file repeats word for word is not written again.
            before = self._imported_documents(connection, shelf, ids)
            documents = [
                {
                    "rpe_id": self.rpe_id,
                    "kind": shelf.name,
                    "record_id": record_id,
                    "content": self._seal.close(document),
                }
                for record_id, document in zip(ids, map(encode, sent), strict=True)
                if before.get(record_id) != document
            ]
            if documents:
                statement = self._own.insert(imported_records)
                connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=["rpe_id", "kind", "record_id"],
                        set_={"content": statement.excluded.content},
                    ),
                    documents,
                )

    def revise(self, record: Record, *, revision: int, by: str = "") -> int:
        """
        Store one record if nobody changed it meanwhile.

        Parameters
        ----------
        record
            The changed record.
        revision
            Its version when it was read (`revision_of`), 0 for one that must not exist yet.
        by
            Account that changed it, for those who come second.

        Returns
        -------
        int
            Its version now.

        Raises
        ------
        Conflict
            When it was changed, created or deleted meanwhile; nothing is stored.
        """
        shelf = SHELVES[type(record)]
        batch = batch_of(shelf, [record], rpe_id=self.rpe_id, seal=self._seal)
        with self._revising(shelf, getattr(record, shelf.id_name), revision) as connection:
            write(connection, self._own, batch, by=by)
        return revision + 1

    def cease(
        self, kind: type[Record], record_id: str, *, revision: int, on: date | None, by: str = ""
    ) -> int:
        """
        Set a MAM or a facility aside, or take it up again; it stays stored and is found by its id alone.

        Parameters
        ----------
        kind
            Mam or Facility.
        record_id
            Its identifier.
        revision
            Its version when it was read.
        on
            Since when it is closed; None to take it up again.
        by
            Account that does so.

        Returns
        -------
        int
            Its version now.

        Raises
        ------
        Conflict
            When it was changed meanwhile; nothing is stored.
        """
        shelf = SHELVES[kind]
        with self._revising(shelf, record_id, revision) as connection:
            now = datetime.now(UTC)
            connection.execute(
                update(shelf.table)
                .where(shelf.table.c.rpe_id == self.rpe_id, shelf.id == record_id)
                .values(
                    ceased_on=on,
                    version=shelf.table.c.version + 1,
                    updated_at=now,
                    edited_at=now,
                    edited_by=by,
                )
            )
        return revision + 1

    def delete(
        self,
        *,
        childminder_ids: Sequence[str] = (),
        mam_ids: Sequence[str] = (),
        facility_ids: Sequence[str] = (),
        request_ids: Sequence[str] = (),
    ) -> int:
        """Remove records in one transaction, their personal data too; return how many there were."""
        given = {
            Childminder: childminder_ids,
            Mam: mam_ids,
            Facility: facility_ids,
            Request: request_ids,
        }
        shelves = {SHELVES[kind]: list(ids) for kind, ids in given.items() if ids}
        if not shelves:
            return 0
        with self._own.writing(counts=any(shelf.is_provider for shelf in shelves)) as connection:
            return sum(remove(connection, self._own, shelf, ids) for shelf, ids in shelves.items())

    @contextmanager
    def _revising(self, shelf: Shelf, record_id: str, revision: int) -> Iterator[Connection]:
        """Open a transaction in which one record still has the version that was read."""
        with self._own.writing(counts=shelf.is_provider) as connection:
            # The lock on the RPE's own row is held: no other writer of this RPE stands between check and write.
            found = revisions(connection, self._own, shelf, [record_id]).get(record_id, 0)
            if found != revision:
                raise _changed(record_id, revision, found)
            yield connection

    # -- queries ---------------------------------------------------------------------------------------------------

    def _select(
        self, shelf: Shelf, *conditions: ColumnElement[bool], in_space: bool = False
    ) -> Select[Any]:
        """
        Select the documents of a kind that meet conditions on its own table, then join what is personal.

        The first is a query of its own: PostgreSQL lets no index search stand beside row-level security.
        """
        found = (
            select(shelf.id.label("id"), shelf.table.c.record)
            .where(self._ours(shelf.table, in_space=in_space), *conditions)
            .cte("found")
            .prefix_with("MATERIALIZED", dialect="postgresql")
        )
        if shelf.personal is None:
            return select(found)
        return select(found, shelf.personal.c.content).join_from(
            found,
            shelf.personal,
            and_(
                shelf.personal.c.rpe_id == self.rpe_id,
                shelf.personal.c[shelf.id_name] == found.c.id,
            ),
        )

    def _ours(self, owned: Table, *, in_space: bool) -> ColumnElement[bool]:
        """Keep to this RPE's rows; SQLite is told that a search in space has the better index."""
        if in_space and not self._own.on_postgresql:
            unindexed: ColumnElement[str] = UnaryExpression(owned.c.rpe_id, operator=custom_op("+"))
            return unindexed == self.rpe_id
        return owned.c.rpe_id == self.rpe_id

    def _find(
        self,
        kind: type[Any],
        *conditions: ColumnElement[bool],
        boxes: Sequence[Box] | None = None,
    ) -> list[Any]:
        """Return the records of a kind, those whose place lies in one of the boxes when there are some."""
        shelf = SHELVES[kind]
        if not conditions and shelf.can_cease:
            conditions = (shelf.table.c.ceased_on.is_(None),)
        query = self._select(shelf, *conditions)
        if boxes is not None:
            postgresql = self._own.on_postgresql
            inside = or_(*(lies_in(shelf.table, box, on_postgresql=postgresql) for box in boxes))
            query = self._select(shelf, inside, *conditions, in_space=True)
        with self._own.reading() as connection:
            rows = connection.execute(query).all()
        # Sorted here: databases order text by their own locale.
        return [read(shelf, row, self._seal) for row in sorted(rows, key=lambda row: str(row.id))]

    def _near(self, kind: type[Any], point: Point, radius_m: float) -> list[Any]:
        found = self._find(kind, boxes=boxes_around(point.x, point.y, radius_m))
        distances = great_circle_m(
            np.array(point.x),
            np.array(point.y),
            np.array([record.longitude for record in found], dtype=np.float64),
            np.array([record.latitude for record in found], dtype=np.float64),
        )
        return [record for record, far in zip(found, distances <= radius_m, strict=True) if far]

    def _one(self, kind: type[Any], record_id: str) -> Any:
        shelf = SHELVES[kind]
        with self._own.reading() as connection:
            row = connection.execute(self._select(shelf, shelf.id == record_id)).first()
        if row is None:
            raise NotFound(f"{shelf.id_name.removesuffix('_id')}_unknown", id=record_id)
        return read(shelf, row, self._seal)


def _changed(record_id: str, revision: int, found: int) -> Conflict:
    return Conflict("record_changed", id=record_id, read=revision, found=found)


def _aware(moment: datetime) -> datetime:
    """Give back the time zone that SQLite forgets."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def open_repository(
    url: str,
    *,
    rpe_id: str = "rpe",
    encryption_keys: Sequence[str] = (),
    create: bool = True,
    upgrade: bool = False,
) -> SqlRepository:
    """
    Open the registry of one RPE.

    Parameters
    ----------
    url
        `sqlite:///file` or a path, `sqlite://` (in memory), `postgresql+psycopg://…`.
    rpe_id
        Whose registry.
    encryption_keys
        Fernet keys for personal data; the first closes, all open. Without keys it is stored as it is.
    create
        Whether a database that is not there yet is made.
    upgrade
        Whether an older database is migrated.

    Returns
    -------
    SqlRepository
        To be closed.

    Raises
    ------
    NotFound
        When there is no database and none is to be made.
    InputError
        When the address cannot be understood, a key cannot be used, or the database is newer or older than this code.
    ServiceUnavailable
        When PostgreSQL does not answer or has no PostGIS.
    """
    seal = Seal(encryption_keys)
    engine = connect(url)
    try:
        migrate(engine, create=create, upgrade=upgrade)
    except BaseException:
        engine.dispose()
        raise
    return SqlRepository(engine, rpe_id=rpe_id, seal=seal)
