"""The life of requests in the database: events, who asks, and who read or changed what, of one RPE."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, text

from rpe_geo.casework import Event, append
from rpe_geo.errors import Conflict
from rpe_geo.storage.database import reading, writing
from rpe_geo.storage.sealing import Seal
from rpe_geo.storage.tables import audit_entries, case_events, registries, request_contacts

__all__ = ["SqlCasework"]

_FIELDS = ("kind", "actor", "provider_kind", "provider_id", "reason", "channel")


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
        self._engine = engine
        self._rpe_id = rpe_id
        self._seal = seal

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """Open a transaction that holds the RPE's own row: its writers come one after the other."""
        with writing(self._engine) as connection:
            self._announce(connection)
            held = select(registries.c.version).where(registries.c.rpe_id == self._rpe_id)
            connection.execute(held.with_for_update())
            yield connection

    def _announce(self, connection: Connection) -> None:
        if self._engine.dialect.name == "postgresql":
            connection.execute(
                text("SELECT set_config('rpe_geo.rpe_id', :rpe_id, true)"), {"rpe_id": self._rpe_id}
            )

    def receive(self, event: Event, contact: Mapping[str, Any]) -> None:
        """Note that a request came in, and who asks, at once."""
        with self._writing() as connection:
            self._insert(connection, event)
            connection.execute(
                insert(request_contacts).values(
                    rpe_id=self._rpe_id,
                    request_id=event.request_id,
                    content=self._seal.close(contact),
                )
            )

    def contacts(self) -> dict[str, dict[str, Any]]:
        """Return who asks, by request."""
        with reading(self._engine) as connection:
            self._announce(connection)
            rows = connection.execute(
                select(request_contacts.c.request_id, request_contacts.c.content).where(
                    request_contacts.c.rpe_id == self._rpe_id
                )
            ).all()
        return {row.request_id: self._seal.open(row.content) for row in rows}

    def events(self, request_id: str | None = None) -> list[Event]:
        """Return what happened to one request, or to all, oldest first."""
        with reading(self._engine) as connection:
            return self._events(connection, request_id)

    def note(
        self,
        event: Event,
        *,
        seen: int | None = None,
        guard: Callable[[Sequence[Event]], None] | None = None,
    ) -> Sequence[Event]:
        """
        Add a fact to the life of its request.

        Parameters
        ----------
        event
            What happened now.
        seen
            How many facts its author had before the eyes; None to add in any case.
        guard
            Looks at every fact of the requests that name the same provider, and raises to refuse.

        Returns
        -------
        sequence of Event
            The whole life.

        Raises
        ------
        Conflict
            When somebody noted something meanwhile, or the fact contradicts those before.
        """
        with self._writing() as connection:
            before = self._events(connection, event.request_id)
            if seen is not None and len(before) != seen:
                raise Conflict("case_changed", request_id=event.request_id)
            if guard is not None:
                guard(self._about(connection, event))
            life = append(before, event)
            self._insert(connection, event)
        return life

    def _about(self, connection: Connection, event: Event) -> list[Event]:
        """Return the facts of every request in which the provider of an event is named."""
        everything = self._events(connection, None)
        provider = (event.provider_kind, event.provider_id)
        named = {e.request_id for e in everything if (e.provider_kind, e.provider_id) == provider}
        return [one for one in everything if one.request_id in named]

    def audit(self, actor: str, action: str, subject_kind: str, subject_id: str) -> None:
        """Note who read or changed a file."""
        with self._writing() as connection:
            connection.execute(
                insert(audit_entries).values(
                    rpe_id=self._rpe_id,
                    at=datetime.now(UTC),
                    actor=actor,
                    action=action,
                    subject_kind=subject_kind,
                    subject_id=subject_id,
                )
            )

    def audited(self, subject_id: str) -> list[tuple[datetime, str, str]]:
        """Return when, who and what was noted of a file, newest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(audit_entries.c.at, audit_entries.c.actor, audit_entries.c.action)
                .where(
                    audit_entries.c.rpe_id == self._rpe_id,
                    audit_entries.c.subject_id == subject_id,
                )
                .order_by(audit_entries.c.pk.desc())
            ).all()
        return [(_aware(row.at), row.actor, row.action) for row in rows]

    def _insert(self, connection: Connection, event: Event) -> None:
        columns = {name: getattr(event, name) for name in _FIELDS}
        connection.execute(
            insert(case_events).values(
                rpe_id=self._rpe_id, request_id=event.request_id, at=event.at, **columns
            )
        )

    def _events(self, connection: Connection, request_id: str | None) -> list[Event]:
        query = select(case_events).where(case_events.c.rpe_id == self._rpe_id)
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
