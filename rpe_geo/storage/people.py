"""Everything that the database holds of one person: a family by its request, a childminder, or an account."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Engine, RowMapping, Table, delete, or_, select, text, update

from rpe_geo.domain import Childminder, Request
from rpe_geo.errors import InputError, NotFound
from rpe_geo.storage.commissions import forget_in_commissions
from rpe_geo.storage.sealing import Seal
from rpe_geo.storage.shelves import SHELVES, Shelf, remove
from rpe_geo.storage.tables import (
    accounts,
    audit_entries,
    case_events,
    commissions,
    imported_records,
    memberships,
    request_contacts,
    sessions,
)
from rpe_geo.storage.transactions import OwnRows, writing_accounts

__all__ = ["Erasure", "PersonKind", "SqlPeople"]

PersonKind = Literal["request", "childminder", "account"]
_SHELVES: dict[str, Shelf] = {"request": SHELVES[Request], "childminder": SHELVES[Childminder]}


@dataclass(frozen=True)
class Erasure:
    """
    What an erasure did.

    Parameters
    ----------
    kind
        What the person was here.
    erased
        Table to number of rows that are gone.
    kept
        Table to number of rows that stay without a name in them: facts counted in the activity, the trail of readings.
    """

    kind: PersonKind
    erased: dict[str, int]
    kept: dict[str, int]


class SqlPeople:
    """
    The people of one RPE, as the law lets them ask for what is known of them.

    Parameters
    ----------
    engine
        A migrated database.
    rpe_id
        Whose rows.
    seal
        Opens personal data.
    """

    def __init__(self, engine: Engine, *, rpe_id: str, seal: Seal) -> None:
        self._engine = engine
        self._own = OwnRows(engine, rpe_id)
        self._seal = seal

    def kind_of(self, person_id: str) -> PersonKind:
        """Tell what a person is here, by the id of her request, of her record, or her e-mail; `NotFound` otherwise."""
        with self._own.reading() as connection:
            for kind, shelf in _SHELVES.items():
                own = shelf.table.c.rpe_id == self._own.rpe_id
                if connection.execute(select(shelf.id).where(own, shelf.id == person_id)).first():
                    return "request" if kind == "request" else "childminder"
        if self._account(person_id) is not None:
            return "account"
        raise NotFound("person_unknown", id=person_id)

    def gather(self, person_id: str) -> dict[str, Any]:
        """
        Gather what is held of a person (GDPR art. 15 and 20).

        Parameters
        ----------
        person_id
            Identifier of a request or a childminder, or the e-mail of an account.

        Returns
        -------
        dict
            `kind`, then table to rows, every column but internal keys; sealed documents are opened. Ready for JSON.

        Raises
        ------
        NotFound
            When nobody here has it.
        """
        kind = self.kind_of(person_id)
        if kind == "account":
            return {"kind": kind, **self._gather_account(person_id)}
        shelf = _SHELVES[kind]
        found: dict[str, Any] = {"kind": kind}
        with self._own.reading() as connection:
            for table in (shelf.table, shelf.personal, *_besides(kind)):
                if table is not None:
                    rows = self._rows(connection, table, table.c[shelf.id_name] == person_id)
                    found[table.name] = rows
            named = imported_records.c
            found["imported_records"] = self._rows(
                connection, imported_records, named.kind == kind, named.record_id == person_id
            )
            about = (
                case_events.c.request_id == person_id
                if kind == "request"
                else or_(
                    case_events.c.provider_id == person_id, case_events.c.shared_with == person_id
                )
            )
            found["case_events"] = self._rows(connection, case_events, about)
            found["audit_entries"] = self._rows(
                connection, audit_entries, audit_entries.c.subject_id == person_id
            )
            told = [
                line
                for row in connection.execute(
                    select(commissions.c.content).where(commissions.c.rpe_id == self._own.rpe_id)
                ).all()
                for line in _lines_about(self._seal.open(row.content), person_id)
            ]
            if told:
                found["commissions"] = told
        return found

    def _rows(self, connection: Connection, table: Table, *conditions: Any) -> list[dict[str, Any]]:
        own = table.c.rpe_id == self._own.rpe_id
        rows = connection.execute(select(table).where(own, *conditions)).mappings().all()
        return [self._readable(row) for row in rows]

    def _readable(self, row: RowMapping) -> dict[str, Any]:
        return dict(_readable_items({str(name): value for name, value in row.items()}, self._seal))

    def _account(self, email: str) -> RowMapping | None:
        with writing_accounts(self._engine) as connection:
            return (
                connection.execute(
                    select(accounts)
                    .join(memberships, memberships.c.account_id == accounts.c.account_id)
                    .where(
                        accounts.c.email == email.strip().lower(),
                        memberships.c.rpe_id == self._own.rpe_id,
                    )
                )
                .mappings()
                .first()
            )

    def _gather_account(self, email: str) -> dict[str, Any]:
        account = self._account(email)
        assert account is not None
        account_id = account["account_id"]
        secret = {"password_hash", "token_hash", "csrf"}
        found: dict[str, Any] = {}
        with writing_accounts(self._engine) as connection:
            for table in (accounts, memberships, sessions):
                rows = connection.execute(select(table).where(table.c.account_id == account_id))
                found[table.name] = [
                    {
                        name: value
                        for name, value in self._readable(row).items()
                        if name not in secret
                    }
                    for row in rows.mappings()
                ]
        with self._own.reading() as connection:
            found["audit_entries"] = self._rows(
                connection,
                audit_entries,
                or_(audit_entries.c.actor == account_id, audit_entries.c.subject_id == account_id),
            )
            found["case_events"] = self._rows(
                connection, case_events, case_events.c.actor == account_id
            )
        return found

    def erase(self, person_id: str) -> Erasure:
        """
        Erase a person (GDPR art. 17) in one transaction, then the pages where she stood.

        Parameters
        ----------
        person_id
            Identifier of a request or a childminder, or the e-mail of an account.

        Returns
        -------
        Erasure
            What is gone and what stays.

        Raises
        ------
        NotFound
            When nobody here has it.
        InputError
            For an account that is the last administrator of an RPE.
        """
        kind = self.kind_of(person_id)
        done = self._erase_account(person_id) if kind == "account" else self._erase(kind, person_id)
        self._forget_pages()
        return done

    def _erase(self, kind: PersonKind, person_id: str) -> Erasure:
        before = self.gather(person_id)
        shelf = _SHELVES[kind]
        with self._own.writing(counts=shelf.is_provider) as connection:
            remove(connection, self._own, shelf, [person_id])
            stranger = f"effacé-{secrets.token_hex(6)}"
            # Facts stay countable, but no longer point at her: her identifier may be on paper elsewhere.
            for column in (
                case_events.c.request_id,
                case_events.c.provider_id,
                case_events.c.shared_with,
            ):
                connection.execute(
                    update(case_events)
                    .where(case_events.c.rpe_id == self._own.rpe_id, column == person_id)
                    .values({column: stranger})
                )
            connection.execute(
                update(audit_entries)
                .where(
                    audit_entries.c.rpe_id == self._own.rpe_id,
                    audit_entries.c.subject_id == person_id,
                )
                .values(subject_id=stranger)
            )
            named = forget_in_commissions(connection, self._own, self._seal, person_id, stranger)
        counts = {
            name: len(rows) for name, rows in before.items() if isinstance(rows, list) and rows
        }
        names: tuple[str, ...] = ("case_events", "audit_entries")
        anonymous = {name: counts.pop(name) for name in names if name in counts}
        counts.pop("commissions", None)
        if named:
            anonymous["commissions"] = named
        return Erasure(kind, counts, anonymous)

    def _erase_account(self, email: str) -> Erasure:
        account = self._account(email)
        assert account is not None
        account_id = account["account_id"]
        trail = self._gather_account(email)
        with writing_accounts(self._engine) as connection:
            self._require_successor(connection, account_id)
            gone = {
                table.name: connection.execute(
                    delete(table).where(table.c.account_id == account_id)
                ).rowcount
                for table in (sessions, memberships, accounts)
            }
        names: tuple[str, ...] = ("case_events", "audit_entries")
        kept = {name: len(trail[name]) for name in names if trail[name]}
        return Erasure("account", gone, kept)

    def _require_successor(self, connection: Connection, account_id: str) -> None:
        """Refuse to erase the last administrator of an RPE: nobody could let anybody in."""
        own = memberships.c
        everyone = connection.execute(select(memberships).where(own.active)).all()
        for one in everyone:
            if one.account_id != account_id or one.role != "administrator":
                continue
            others = [
                other
                for other in everyone
                if other.rpe_id == one.rpe_id
                and other.role == "administrator"
                and other.account_id != account_id
            ]
            if not others:
                raise InputError("person_last_administrator")

    def _forget_pages(self) -> None:
        """Leave no copy of what was erased in a SQLite file or its journal; PostgreSQL's vacuum reuses its pages."""
        if self._engine.dialect.name != "sqlite":
            with self._engine.connect().execution_options(
                isolation_level="AUTOCOMMIT"
            ) as connection:
                for table in (SHELVES[Childminder].table, SHELVES[Request].table, imported_records):
                    connection.execute(text(f"VACUUM {table.name}"))
            return
        database = self._engine.url.database
        if not database or not Path(database).is_file():
            return
        raw = self._engine.raw_connection()
        with closing(raw):
            raw.execute("VACUUM")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _besides(kind: PersonKind) -> Sequence[Table]:
    return (request_contacts,) if kind == "request" else ()


def _readable_items(row: Mapping[str, Any], seal: Seal) -> Iterator[tuple[str, Any]]:
    """Give the columns of a row that say something of a person, as JSON holds them."""
    for name, value in row.items():
        if name in {"pk", "place"} or value is None:
            continue
        if name == "content":
            yield name, seal.open(value)
        elif isinstance(value, datetime | date):
            yield name, value.isoformat()
        else:
            yield name, value


def _lines_about(value: Any, person_id: str) -> list[Any]:
    """Find the lines of a document that name a person as a whole value."""
    if isinstance(value, list):
        return [line for one in value for line in _lines_about(one, person_id)]
    if isinstance(value, dict):
        if person_id in value.values():
            return [value]
        return [line for one in value.values() for line in _lines_about(one, person_id)]
    return []
