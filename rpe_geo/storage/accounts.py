"""Accounts and sessions in the database; an account may work for several RPE."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from rpe_geo.accounts import Account, Role, Session, read_role
from rpe_geo.errors import Conflict
from rpe_geo.storage.database import reading, writing
from rpe_geo.storage.tables import accounts, memberships, sessions

__all__ = ["SqlAccounts"]


def _aware(moment: datetime | None) -> datetime | None:
    """Give back the time zone that SQLite forgets."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


class SqlAccounts:
    """
    The accounts of all RPE of a database.

    Parameters
    ----------
    engine
        A migrated database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def by_email(self, email: str) -> Account | None:
        """Find an account by its e-mail, in lower case."""
        return self._one(accounts.c.email == email)

    def by_id(self, account_id: str) -> Account | None:
        """Find an account."""
        return self._one(accounts.c.account_id == account_id)

    def _one(self, condition: Any) -> Account | None:
        with reading(self._engine) as connection:
            row = connection.execute(select(accounts).where(condition)).first()
            return None if row is None else self._read(connection, row)

    def _read(self, connection: Connection, row: Row[Any]) -> Account:
        found = connection.execute(
            select(memberships.c.rpe_id, memberships.c.role)
            .where(memberships.c.account_id == row.account_id)
            .order_by(memberships.c.rpe_id)
        )
        roles: dict[str, Role] = {rpe_id: read_role(role) for rpe_id, role in found}
        return Account(
            account_id=row.account_id,
            email=row.email,
            name=row.name,
            password_hash=row.password_hash,
            memberships=roles,
            failures=row.failures,
            locked_until=_aware(row.locked_until),
        )

    def create(self, account: Account) -> None:
        """Store a new account, or raise `Conflict` when its e-mail is taken."""
        try:
            with writing(self._engine) as connection:
                connection.execute(
                    insert(accounts).values(account_id=account.account_id, **_columns(account))
                )
                if account.memberships:
                    connection.execute(
                        insert(memberships),
                        [
                            {"account_id": account.account_id, "rpe_id": rpe_id, "role": role}
                            for rpe_id, role in account.memberships.items()
                        ],
                    )
        except IntegrityError:
            raise Conflict("email_taken", given=account.email) from None

    def update(self, account: Account) -> None:
        """Store a changed password, count of failures or lock."""
        with writing(self._engine) as connection:
            connection.execute(
                update(accounts)
                .where(accounts.c.account_id == account.account_id)
                .values(**_columns(account))
            )

    def open_session(self, token_hash: str, session: Session) -> None:
        """Keep a session, and forget those that ended."""
        with writing(self._engine) as connection:
            connection.execute(delete(sessions).where(sessions.c.expires_at < datetime.now(UTC)))
            connection.execute(
                insert(sessions).values(
                    token_hash=token_hash,
                    account_id=session.account.account_id,
                    rpe_id=session.rpe_id,
                    csrf=session.csrf,
                    expires_at=session.expires_at,
                )
            )

    def session(self, token_hash: str) -> Session | None:
        """Find a session whose account still works for its RPE; whether it ended is for the caller to see."""
        with reading(self._engine) as connection:
            row = connection.execute(
                select(sessions).where(sessions.c.token_hash == token_hash)
            ).first()
            if row is None:
                return None
            owner = connection.execute(
                select(accounts).where(accounts.c.account_id == row.account_id)
            ).one()
            account = self._read(connection, owner)
        expires_at = _aware(row.expires_at)
        if row.rpe_id not in account.memberships or expires_at is None:
            return None
        return Session(account, row.rpe_id, row.csrf, expires_at)

    def move_session(self, token_hash: str, rpe_id: str) -> None:
        """Let a session work for another RPE."""
        with writing(self._engine) as connection:
            connection.execute(
                update(sessions).where(sessions.c.token_hash == token_hash).values(rpe_id=rpe_id)
            )

    def close_session(self, token_hash: str) -> None:
        """Forget a session."""
        with writing(self._engine) as connection:
            connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))

    def close_sessions_of(self, account_id: str) -> None:
        """Forget every session of an account."""
        with writing(self._engine) as connection:
            connection.execute(delete(sessions).where(sessions.c.account_id == account_id))


def _columns(account: Account) -> dict[str, Any]:
    return {
        "email": account.email,
        "name": account.name,
        "password_hash": account.password_hash,
        "failures": account.failures,
        "locked_until": account.locked_until,
    }
