"""The life of requests in the database: events, who asks, and who read or changed what, of one RPE."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from rpe_geo.desk.casework import Event, append
from rpe_geo.domain import Request
from rpe_geo.errors import Conflict, NotFound
from rpe_geo.storage.sealing import Seal
from rpe_geo.storage.shelves import SHELVES, batch_of, remove, revisions, write
from rpe_geo.storage.tables import audit_entries, case_events, request_contacts
from rpe_geo.storage.transactions import OwnRows

__all__ = ["SqlCasework"]

_FIELDS = ("kind", "actor", "provider_kind", "provider_id", "reason", "channel", "shared_with")
_SHELF = SHELVES[Request]


class SqlCasework:
    """
    What happened to the requests of one RPE.

    Parameters
    ----------
    engine
        A migrated database.
    rpe_id
        Whose requests: no row of another RPE is ever read or written.
    seal
        Closes and opens personal data.
    """

    def __init__(self, engine: Engine, *, rpe_id: str, seal: Seal) -> None:
        self._own = OwnRows(engine, rpe_id)
        self._seal = seal

    # ---- whole files ---------------------------------------------------------------------------------------------

    def receive(self, request: Request, event: Event, contact: Mapping[str, Any]) -> None:
        """
        Keep a request, who asks, and that it came in: in one transaction, so that none is ever without the others.

        Raises
        ------
        Conflict
            When its identifier is taken; nothing is kept.
        """
        batch = batch_of(_SHELF, [request], rpe_id=self._own.rpe_id, seal=self._seal)
        sealed = self._seal.close(contact)
        with self._own.writing() as connection:
            if self._exists(connection, request.request_id):
                raise Conflict("record_changed", id=request.request_id, read=0, found=1)
            write(connection, self._own, batch)
            connection.execute(
                insert(request_contacts).values(
                    rpe_id=self._own.rpe_id, request_id=request.request_id, content=sealed
                )
            )
            self._insert(connection, event)

    def revise(
        self, request: Request, contact: Mapping[str, Any] | None, *, revision: int, by: str
    ) -> int:
        """
        Store a changed need and who asks in one transaction, if nobody changed the request meanwhile.

        Raises
        ------
        Conflict
            When somebody was quicker, or the file is gone; nothing is stored.
        """
        batch = batch_of(_SHELF, [request], rpe_id=self._own.rpe_id, seal=self._seal)
        key = {"rpe_id": self._own.rpe_id, "request_id": request.request_id}
        sealed = None if contact is None else self._seal.close(contact)
        with self._own.writing() as connection:
            versions = revisions(connection, self._own, _SHELF, [request.request_id])
            found = versions.get(request.request_id, 0)
            if found == 0 or found != revision:
                raise Conflict("record_changed", id=request.request_id, read=revision, found=found)
            write(connection, self._own, batch, by=by)
            if sealed is not None:
                statement = self._own.insert(request_contacts).values(**key, content=sealed)
                connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=["rpe_id", "request_id"], set_={"content": sealed}
                    )
                )
        return revision + 1

    def take_back(self, event: Event, *, closed: Callable[[Sequence[Event]], bool]) -> bool:
        """
        Delete a file and note that its family took it back, in one transaction.

        Parameters
        ----------
        event
            That it was taken back; not noted when the request was closed already.
        closed
            Tells whether a life is closed.

        Returns
        -------
        bool
            False when there is no such file any more.
        """
        with self._own.writing() as connection:
            if not self._exists(connection, event.request_id):
                return False
            if not closed(self._events(connection, event.request_id)):
                self._insert(connection, event)
            remove(connection, self._own, _SHELF, [event.request_id])
        return True

    def purge(self, is_old: Callable[[date], bool]) -> tuple[str, ...]:
        """
        Delete the files whose last fact, import or change is too old; look and delete in one transaction.

        Parameters
        ----------
        is_old
            Tells it from the day of the last.

        Returns
        -------
        tuple of str
            Identifiers of what was deleted.
        """
        kept = _SHELF.table.c
        with self._own.writing() as connection:
            last: dict[str, date] = {}
            for event in self._events(connection, None):
                known = last.get(event.request_id, date.min)
                last[event.request_id] = max(known, event.at.date())
            rows = connection.execute(
                select(_SHELF.id, kept.edited_at, kept.updated_at)
                .where(kept.rpe_id == self._own.rpe_id)
                .order_by(_SHELF.id)
            ).all()
            for identity, edited_at, updated_at in rows:
                # A request that came by a file has no fact: the day when a file last wrote it counts.
                moment = edited_at if edited_at is not None or identity in last else updated_at
                if moment is not None:
                    last[identity] = max(last.get(identity, date.min), _aware(moment).date())
            old = tuple(row[0] for row in rows if row[0] in last and is_old(last[row[0]]))
            if old:
                remove(connection, self._own, _SHELF, old)
            for identity in old:
                self._note_reading(connection, "", "purge", "request", identity)
        return old

    def purge_trail(self, is_old: Callable[[date], bool]) -> int:
        """
        Delete the lines of the trail that are too old.

        Parameters
        ----------
        is_old
            Tells it from the day of a line.

        Returns
        -------
        int
            How many there were.
        """
        own = audit_entries.c.rpe_id == self._own.rpe_id
        with self._own.writing() as connection:
            rows = connection.execute(select(audit_entries.c.pk, audit_entries.c.at).where(own))
            old = [row.pk for row in rows if is_old(_aware(row.at).date())]
            for start in range(0, len(old), 500):
                chosen = audit_entries.c.pk.in_(old[start : start + 500])
                connection.execute(audit_entries.delete().where(own, chosen))
        return len(old)

    def contacts(self) -> dict[str, dict[str, Any]]:
        """Return who asks, by request."""
        with self._own.reading() as connection:
            rows = connection.execute(
                select(request_contacts.c.request_id, request_contacts.c.content).where(
                    request_contacts.c.rpe_id == self._own.rpe_id
                )
            ).all()
        return {row.request_id: self._seal.open(row.content) for row in rows}

    # ---- facts ---------------------------------------------------------------------------------------------------

    def events(self, request_id: str | None = None) -> list[Event]:
        """Return what happened to one request, or to all, oldest first."""
        with self._own.reading() as connection:
            return self._events(connection, request_id)

    def note(
        self,
        events: Sequence[Event],
        *,
        seen: int | None = None,
        guard: Callable[[Sequence[Event]], None] | None = None,
    ) -> Sequence[Event]:
        """
        Add facts to the life of one request, all or none.

        Parameters
        ----------
        events
            What happened now.
        seen
            How many facts their author had before the eyes; None to add in any case.
        guard
            Looks at every fact of every request, in the same transaction, and raises to refuse.

        Returns
        -------
        sequence of Event
            The whole life.

        Raises
        ------
        Conflict
            When somebody noted something meanwhile, or the facts contradict those before.
        NotFound
            When the file was deleted meanwhile: no fact brings it back.
        """
        (request_id,) = {event.request_id for event in events}
        with self._own.writing() as connection:
            if not self._exists(connection, request_id):
                raise NotFound("request_unknown", id=request_id)
            life: Sequence[Event] = self._events(connection, request_id)
            if seen is not None and len(life) != seen:
                raise Conflict("case_changed", request_id=request_id)
            if guard is not None:
                guard(self._events(connection, None))
            for event in events:
                life = append(life, event)
                self._insert(connection, event)
        return life

    # ---- who read or changed what --------------------------------------------------------------------------------

    def audit(self, actor: str, action: str, subject_kind: str, subject_id: str) -> None:
        """Note who read or changed a file."""
        with self._own.adding() as connection:
            self._note_reading(connection, actor, action, subject_kind, subject_id)

    def audited(self, subject_id: str) -> list[tuple[datetime, str, str]]:
        """Return when, who and what was noted of a file, newest first."""
        with self._own.reading() as connection:
            rows = connection.execute(
                select(audit_entries.c.at, audit_entries.c.actor, audit_entries.c.action)
                .where(
                    audit_entries.c.rpe_id == self._own.rpe_id,
                    audit_entries.c.subject_id == subject_id,
                )
                .order_by(audit_entries.c.pk.desc())
            ).all()
        return [(_aware(row.at), row.actor, row.action) for row in rows]

    def _note_reading(
        self, connection: Connection, actor: str, action: str, subject_kind: str, subject_id: str
    ) -> None:
        connection.execute(
            insert(audit_entries).values(
                rpe_id=self._own.rpe_id,
                at=datetime.now(UTC),
                actor=actor,
                action=action,
                subject_kind=subject_kind,
                subject_id=subject_id,
            )
        )

    def _exists(self, connection: Connection, request_id: str) -> bool:
        return bool(revisions(connection, self._own, _SHELF, [request_id]))

    def _insert(self, connection: Connection, event: Event) -> None:
        columns = {name: getattr(event, name) for name in _FIELDS}
        connection.execute(
            insert(case_events).values(
                rpe_id=self._own.rpe_id, request_id=event.request_id, at=event.at, **columns
            )
        )

    def _events(self, connection: Connection, request_id: str | None) -> list[Event]:
        query = select(case_events).where(case_events.c.rpe_id == self._own.rpe_id)
        if request_id is not None:
            query = query.where(case_events.c.request_id == request_id)
        return [
            Event(
                request_id=row.request_id,
                at=_aware(row.at),
                **{name: getattr(row, name) for name in _FIELDS},
            )
            for row in connection.execute(query.order_by(case_events.c.pk))
        ]


def _aware(moment: datetime) -> datetime:
    """Give back the time zone that SQLite forgets."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
