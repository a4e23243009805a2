"""The registry of one RPE in a database, SQLite or PostGIS: it finds and stores, and never decides."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely import Point, Polygon
from sqlalchemy import (
    Connection,
    Engine,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    column,
    delete,
    func,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from rpe_geo.crs import EARTH_RADIUS_M, great_circle_m
from rpe_geo.domain import Childminder, Facility, Mam, Request
from rpe_geo.errors import Conflict, NotFound
from rpe_geo.storage.database import connect, migrate, reading, writing
from rpe_geo.storage.documents import decode, encode
from rpe_geo.storage.sealing import Seal
from rpe_geo.storage.tables import (
    childminder_identities,
    childminders,
    facilities,
    mams,
    place_index,
    registries,
    request_files,
    requests,
)

__all__ = ["Record", "SqlRepository", "open_repository"]

Record = Childminder | Mam | Facility | Request
_Box = tuple[float, float, float, float]
"""West, south, east, north, in degrees."""

_IDS_PER_QUERY = 500


@dataclass(frozen=True)
class _Shelf:
    """Where one kind of record is kept, and how a record becomes its columns."""

    kind: type[Any]
    id_name: str
    table: Table
    columns: Callable[[Any], dict[str, Any]]
    personal: Table | None = None
    personal_fields: tuple[str, ...] = ()

    @property
    def id(self) -> ColumnElement[str]:
        return self.table.c[self.id_name]

    @property
    def is_provider(self) -> bool:
        return "place" in self.table.c


@dataclass(frozen=True)
class _Batch:
    """Records of one kind as the rows of their tables."""

    shelf: _Shelf
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


_SHELVES: dict[type[Any], _Shelf] = {
    Childminder: _Shelf(
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
    Mam: _Shelf(Mam, "mam_id", mams, _place_of),
    Facility: _Shelf(
        Facility,
        "facility_id",
        facilities,
        lambda record: {**_place_of(record), "kind": record.kind, "places": record.places},
    ),
    Request: _Shelf(
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
        with self._reading() as connection:
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
        shelf = _SHELVES[kind]
        with self._reading() as connection:
            return self._revision(connection, shelf, record_id)

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
        batches = [self._batch(_SHELVES[kind], rows) for kind, rows in given.items() if rows]
        if not batches:
            return
        with self._writing(counts=any(batch.shelf.is_provider for batch in batches)) as connection:
            for batch in batches:
                self._upsert(connection, batch)

    def revise(self, record: Record, *, revision: int) -> int:
        """
        Store one record if nobody changed it meanwhile.

        Parameters
        ----------
        record
            The changed record.
        revision
            Its version when it was read (`revision_of`), 0 for one that must not exist yet.

        Returns
        -------
        int
            Its version now.

        Raises
        ------
        Conflict
            When it was changed, created or deleted meanwhile; nothing is stored.
        """
        shelf = _SHELVES[type(record)]
        record_id = getattr(record, shelf.id_name)
        batch = self._batch(shelf, [record])
        with self._writing(counts=shelf.is_provider) as connection:
            # The lock on the RPE's own row is held: no other writer of this RPE stands between check and write.
            found = self._revision(connection, shelf, record_id)
            if found != revision:
                raise Conflict("record_changed", id=record_id, read=revision, found=found)
            self._upsert(connection, batch)
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
        shelves = {_SHELVES[kind]: list(ids) for kind, ids in given.items() if ids}
        if not shelves:
            return 0
        removed = 0
        with self._writing(counts=any(shelf.is_provider for shelf in shelves)) as connection:
            for shelf, ids in shelves.items():
                for start in range(0, len(ids), _IDS_PER_QUERY):
                    chunk = ids[start : start + _IDS_PER_QUERY]
                    for kept in (shelf.personal, shelf.table):
                        if kept is None:
                            continue
                        result = connection.execute(
                            delete(kept).where(
                                kept.c.rpe_id == self.rpe_id, kept.c[shelf.id_name].in_(chunk)
                            )
                        )
                    removed += result.rowcount
        return removed

    # -- transactions ----------------------------------------------------------------------------------------------

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with reading(self.engine) as connection:
            self._announce(connection)
            yield connection

    @contextmanager
    def _writing(self, *, counts: bool) -> Iterator[Connection]:
        """Open a transaction that locks the RPE's own row first: its writers come one after the other."""
        with writing(self.engine) as connection:
            self._announce(connection)
            row = self._insert(registries).values(rpe_id=self.rpe_id, version=int(counts))
            connection.execute(
                row.on_conflict_do_update(
                    index_elements=["rpe_id"],
                    set_={"version": registries.c.version + int(counts)},
                )
            )
            yield connection

    def _announce(self, connection: Connection) -> None:
        """Tell PostgreSQL whose rows this transaction may see; nothing of it stays on the pooled connection."""
        if self.engine.dialect.name == "postgresql":
            connection.execute(
                text("SELECT set_config('rpe_geo.rpe_id', :rpe_id, true)"), {"rpe_id": self.rpe_id}
            )

    def _insert(self, target: Table) -> Any:
        dialect = postgresql if self.engine.dialect.name == "postgresql" else sqlite
        return dialect.insert(target)

    def _batch(self, shelf: _Shelf, records: Sequence[Any]) -> _Batch:
        """Turn records into rows, before any lock is taken."""
        rows, private = [], []
        for record in records:
            document = encode(record)
            key = {"rpe_id": self.rpe_id, shelf.id_name: document.pop(shelf.id_name)}
            if shelf.personal is not None:
                secret = {name: document.pop(name) for name in shelf.personal_fields}
                private.append({**key, "content": self._seal.close(secret)})
            rows.append({**key, "record": document, **shelf.columns(record)})
        return _Batch(shelf, rows, private)

    def _upsert(self, connection: Connection, batch: _Batch) -> None:
        shelf = batch.shelf
        statement = self._insert(shelf.table)
        changed = {name: statement.excluded[name] for name in batch.rows[0] if name != "rpe_id"}
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["rpe_id", shelf.id_name],
                set_={
                    **changed,
                    "version": shelf.table.c.version + 1,
                    "updated_at": func.current_timestamp(),
                },
            ),
            batch.rows,
        )
        if shelf.personal is not None:
            statement = self._insert(shelf.personal)
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["rpe_id", shelf.id_name],
                    set_={"content": statement.excluded.content},
                ),
                batch.private,
            )

    def _revision(self, connection: Connection, shelf: _Shelf, record_id: str) -> int:
        found = connection.scalar(
            select(shelf.table.c.version).where(
                shelf.table.c.rpe_id == self.rpe_id, shelf.id == record_id
            )
        )
        return int(found or 0)

    # -- queries ---------------------------------------------------------------------------------------------------

    def _select(
        self, shelf: _Shelf, *conditions: ColumnElement[bool], in_space: bool = False
    ) -> Select[Any]:
        """
        Select the documents of a kind that meet conditions on its own table, then join what is personal.

        The first is a query of its own: PostgreSQL lets no index search stand beside row-level security.
        """
        found = (
            select(shelf.id.label("id"), shelf.table.c.record)
            .where(self._own(shelf.table, in_space=in_space), *conditions)
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

    def _own(self, owned: Table, *, in_space: bool) -> ColumnElement[bool]:
        """Keep to this RPE's rows; SQLite is told that a search in space has the better index."""
        if in_space and self.engine.dialect.name == "sqlite":
            unindexed: ColumnElement[str] = UnaryExpression(owned.c.rpe_id, operator=custom_op("+"))
            return unindexed == self.rpe_id
        return owned.c.rpe_id == self.rpe_id

    def _read(self, shelf: _Shelf, row: Row[Any]) -> Any:
        document = {shelf.id_name: row.id, **row.record}
        if shelf.personal is not None:
            document |= self._seal.open(row.content)
        return decode(shelf.kind, document)

    def _find(self, kind: type[Any], boxes: Sequence[_Box] | None = None) -> list[Any]:
        """Return the records of a kind, those whose place lies in one of the boxes when there are some."""
        shelf = _SHELVES[kind]
        query = self._select(shelf)
        if boxes is not None:
            inside = or_(*(self._in_box(shelf.table, box) for box in boxes))
            query = self._select(shelf, inside, in_space=True)
        with self._reading() as connection:
            rows = connection.execute(query).all()
        # Sorted here: databases order text by their own locale.
        return [self._read(shelf, row) for row in sorted(rows, key=lambda row: str(row.id))]

    def _in_box(self, placed: Table, box: _Box) -> ColumnElement[bool]:
        west, south, east, north = box
        if self.engine.dialect.name == "postgresql":
            envelope = func.ST_MakeEnvelope(west, south, east, north, 4326)
            return placed.c.place.op("&&")(envelope)
        index = table(
            place_index(placed),
            *(column(name) for name in ("pk", "west", "east", "south", "north")),
        )
        inside = select(index.c.pk).where(
            index.c.west <= bindparam(None, east),
            index.c.east >= bindparam(None, west),
            index.c.south <= bindparam(None, north),
            index.c.north >= bindparam(None, south),
        )
        return placed.c.pk.in_(inside)

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
        shelf = _SHELVES[kind]
        with self._reading() as connection:
            row = connection.execute(self._select(shelf, shelf.id == record_id)).first()
        if row is None:
            raise NotFound(f"{shelf.id_name.removesuffix('_id')}_unknown", id=record_id)
        return self._read(shelf, row)


def boxes_around(longitude: float, latitude: float, radius_m: float) -> list[_Box]:
    """
    Enclose a great circle in boxes of degrees.

    Parameters
    ----------
    longitude, latitude
        Its centre, EPSG:4326.
    radius_m
        Its radius in metres.

    Returns
    -------
    list of (west, south, east, north)
        One box, or two where it crosses the 180th meridian; a circle around a pole takes all longitudes.
    """
    # A hair wider than exact: a point on the circle must not be lost to rounding.
    angle = radius_m / EARTH_RADIUS_M * (1 + 1e-9) + 1e-12
    height = math.degrees(angle)
    south, north = max(latitude - height, -90.0), min(latitude + height, 90.0)
    if latitude - height <= -90 or latitude + height >= 90:
        return [(-180.0, south, 180.0, north)]
    ratio = math.sin(angle) / math.cos(math.radians(latitude))
    width = math.degrees(math.asin(min(ratio, 1.0))) + 1e-9
    west, east = longitude - width, longitude + width
    if west < -180:
        return [(-180.0, south, east, north), (west + 360, south, 180.0, north)]
    if east > 180:
        return [(west, south, 180.0, north), (-180.0, south, east - 360, north)]
    return [(west, south, east, north)]


def open_repository(
    url: str, *, rpe_id: str = "rpe", encryption_keys: Sequence[str] = ()
) -> SqlRepository:
    """
    Open the registry of one RPE; its database is created and migrated at first use.

    Parameters
    ----------
    url
        `sqlite:///file` or a path, `sqlite://` (in memory), `postgresql+psycopg://…`.
    rpe_id
        Whose registry.
    encryption_keys
        Fernet keys for personal data; the first closes, all open. Without keys it is stored as it is.

    Returns
    -------
    SqlRepository
        To be closed.

    Raises
    ------
    InputError
        When the address cannot be understood, a key cannot be used, or the database is newer than this code.
    ServiceUnavailable
        When PostgreSQL does not answer or has no PostGIS.
    """
    seal = Seal(encryption_keys)
    engine = connect(url)
    try:
        migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    return SqlRepository(engine, rpe_id=rpe_id, seal=seal)
