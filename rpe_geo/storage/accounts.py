"""Accounts and sessions in the database; an account may work for several RPE."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from rpe_geo.desk.accounts import Account, Membership, Session, Tries, read_role
from rpe_geo.errors import Conflict
from rpe_geo.storage.tables import accounts, memberships, sessions, sign_in_tries
from rpe_geo.storage.transactions import reading_accounts, writing_accounts

__all__ = ["SqlAccounts"]

_ENDED_KEPT = timedelta(days=1)
"""How long an ended session is known, so that a form sent too late is not lost."""

_TRIES_KEPT = timedelta(days=1)


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

    # ---- accounts ------------------------------------------------------------------------------------------------

    def by_email(self, email: str) -> Account | None:
        """Find an account by its e-mail, in lower case."""
        return self._one(accounts.c.email == email)

    def by_id(self, account_id: str) -> Account | None:
        """Find an account."""
        return self._one(accounts.c.account_id == account_id)

    def of_rpe(self, rpe_id: str) -> list[Account]:
        """Return the accounts that have to do with one RPE, deactivated ones included, by name."""
        with reading_accounts(self._engine) as connection:
            rows = connection.execute(
                select(accounts)
                .join(memberships, memberships.c.account_id == accounts.c.account_id)
                .where(memberships.c.rpe_id == rpe_id)
                .order_by(accounts.c.name, accounts.c.account_id)
            ).all()
            return [self._read(connection, row) for row in rows]

    def _one(self, condition: Any) -> Account | None:
        with reading_accounts(self._engine) as connection:
            row = connection.execute(select(accounts).where(condition)).first()
            return None if row is None else self._read(connection, row)

    def _read(self, connection: Connection, row: Row[Any]) -> Account:
        found = connection.execute(
            select(memberships)
            .where(memberships.c.account_id == row.account_id)
            .order_by(memberships.c.rpe_id)
        )
        return Account(
            account_id=row.account_id,
            email=row.email,
            name=row.name,
            password_hash=row.password_hash,
            every={one.rpe_id: _membership(one) for one in found},
            identity=row.identity,
        )

    def create(self, account: Account) -> None:
        """Store a new account, or raise `Conflict` when its e-mail is taken."""
        try:
            with writing_accounts(self._engine) as connection:
                connection.execute(
                    insert(accounts).values(account_id=account.account_id, **_columns(account))
                )
                for rpe_id, one in account.every.items():
                    _put(connection, account.account_id, rpe_id, one)
        except IntegrityError:
            raise Conflict("email_taken", given=account.email) from None

    def change_password(self, account_id: str, before: str, after: str) -> bool:
        """Store another hash of a password where the one before still stands; tell whether it did."""
        with writing_accounts(self._engine) as connection:
            changed = connection.execute(
                update(accounts)
                .where(accounts.c.account_id == account_id, accounts.c.password_hash == before)
                .values(password_hash=after)
            )
        return changed.rowcount == 1

    def link_identity(self, account_id: str, identity: str) -> bool:
        """Store the identity that signs in to an account where there is none yet; tell whether it is this one now."""
        with writing_accounts(self._engine) as connection:
            own = accounts.c.account_id == account_id
            connection.execute(
                update(accounts).where(own, accounts.c.identity.is_(None)).values(identity=identity)
            )
            kept = connection.scalar(select(accounts.c.identity).where(own))
        return bool(kept == identity)

    def unlink_identity(self, account_id: str) -> None:
        """Forget the identity of an account, and every session of it."""
        with writing_accounts(self._engine) as connection:
            connection.execute(
                update(accounts).where(accounts.c.account_id == account_id).values(identity=None)
            )
            connection.execute(delete(sessions).where(sessions.c.account_id == account_id))

    def set_membership(
        self,
        account_id: str,
        rpe_id: str,
        wanted: Membership,
        *,
        guard: Callable[[Mapping[str, Membership]], None],
    ) -> None:
        """
        Store what an account is for one RPE, and end its sessions, at once.

        Parameters
        ----------
        account_id, rpe_id
            Whose, and where.
        wanted
            What it will be.
        guard
            Looks at every membership of the RPE as it stands in this transaction, and raises to refuse.
        """
        with writing_accounts(self._engine) as connection:
            # Two administrators who dismiss each other come one after the other.
            rows = connection.execute(
                select(memberships).where(memberships.c.rpe_id == rpe_id).with_for_update()
            ).all()
            guard({row.account_id: _membership(row) for row in rows})
            connection.execute(
                delete(memberships).where(
                    memberships.c.account_id == account_id, memberships.c.rpe_id == rpe_id
                )
            )
            _put(connection, account_id, rpe_id, wanted)
            connection.execute(delete(sessions).where(sessions.c.account_id == account_id))

    # ---- sessions ------------------------------------------------------------------------------------------------

    def open_session(self, token_hash: str, session: Session) -> None:
        """Keep a session, and forget those that ended long ago."""
        with writing_accounts(self._engine) as connection:
            long_ago = session.opened_at - _ENDED_KEPT
            connection.execute(delete(sessions).where(sessions.c.expires_at < long_ago))
            connection.execute(
                insert(sessions).values(
                    token_hash=token_hash,
                    account_id=session.account.account_id,
                    rpe_id=session.rpe_id,
                    csrf=session.csrf,
                    opened_at=session.opened_at,
                    expires_at=session.expires_at,
                    provider=session.provider,
                )
            )
            _came(connection, session.account.account_id, session.rpe_id, session.opened_at)

    def session(self, token_hash: str) -> Session | None:
        """Find a session whose account still works for its RPE; whether it ended is for the caller to see."""
        with reading_accounts(self._engine) as connection:
            row = connection.execute(
                select(sessions).where(sessions.c.token_hash == token_hash)
            ).first()
            if row is None:
                return None
            owner = connection.execute(
                select(accounts).where(accounts.c.account_id == row.account_id)
            ).one()
            account = self._read(connection, owner)
        opened_at, expires_at = _aware(row.opened_at), _aware(row.expires_at)
        if row.rpe_id not in account.memberships or opened_at is None or expires_at is None:
            return None
        return Session(account, row.rpe_id, row.csrf, opened_at, expires_at, row.provider)

    def extend_session(self, token_hash: str, expires_at: datetime) -> None:
        """Let a session last longer."""
        with writing_accounts(self._engine) as connection:
            connection.execute(
                update(sessions)
                .where(sessions.c.token_hash == token_hash)
                .values(expires_at=expires_at)
            )

    def move_session(self, token_hash: str, rpe_id: str, now: datetime) -> None:
        """Let a session work for another RPE."""
        with writing_accounts(self._engine) as connection:
            held = sessions.c.token_hash == token_hash
            owner = connection.scalar(select(sessions.c.account_id).where(held))
            connection.execute(update(sessions).where(held).values(rpe_id=rpe_id))
            _came(connection, str(owner), rpe_id, now)

    def close_session(self, token_hash: str) -> None:
        """Forget a session."""
        with writing_accounts(self._engine) as connection:
            connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))

    def close_sessions_of(self, account_id: str) -> None:
        """Forget every session of an account."""
        with writing_accounts(self._engine) as connection:
            connection.execute(delete(sessions).where(sessions.c.account_id == account_id))

    # ---- wrong passwords -----------------------------------------------------------------------------------------

    def tries(self, subject: str) -> Tries:
        """Return the wrong passwords in a row of an e-mail or a device, by its hash."""
        with reading_accounts(self._engine) as connection:
            row = connection.execute(
                select(sign_in_tries).where(sign_in_tries.c.subject == subject)
            ).first()
        return Tries() if row is None else Tries(row.failures, _aware(row.paused_until))

    def change_tries(
        self, subject: str, change: Callable[[Tries], Tries], *, now: datetime
    ) -> Tries:
        """Change the count of an e-mail or a device in one transaction, and forget counts of long ago."""
        try:
            return self._change_tries(subject, change, now)
        except IntegrityError:  # another process inserted the same first try meanwhile
            return self._change_tries(subject, change, now)

    def _change_tries(self, subject: str, change: Callable[[Tries], Tries], now: datetime) -> Tries:
        with writing_accounts(self._engine) as connection:
            connection.execute(delete(sign_in_tries).where(sign_in_tries.c.at < now - _TRIES_KEPT))
            held = sign_in_tries.c.subject == subject
            row = connection.execute(select(sign_in_tries).where(held).with_for_update()).first()
            before = Tries() if row is None else Tries(row.failures, _aware(row.paused_until))
            after = change(before)
            values = {"failures": after.failures, "paused_until": after.paused_until, "at": now}
            if row is None:
                connection.execute(insert(sign_in_tries).values(subject=subject, **values))
            else:
                connection.execute(update(sign_in_tries).where(held).values(**values))
        return after

    def forget_tries(self, subject: str) -> None:
        """Forget the wrong passwords of an e-mail or a device."""
        with writing_accounts(self._engine) as connection:
            connection.execute(delete(sign_in_tries).where(sign_in_tries.c.subject == subject))


def _membership(row: Row[Any]) -> Membership:
    return Membership(read_role(row.role), bool(row.active), _aware(row.last_sign_in))


def _put(connection: Connection, account_id: str, rpe_id: str, one: Membership) -> None:
    connection.execute(
        insert(memberships).values(
            account_id=account_id,
            rpe_id=rpe_id,
            role=one.role,
            active=one.active,
            last_sign_in=one.last_sign_in,
        )
    )


def _came(connection: Connection, account_id: str, rpe_id: str, now: datetime) -> None:
    connection.execute(
        update(memberships)
        .where(memberships.c.account_id == account_id, memberships.c.rpe_id == rpe_id)
        .values(last_sign_in=now)
    )


def _columns(account: Account) -> dict[str, Any]:
    return {
        "email": account.email,
        "name": account.name,
        "password_hash": account.password_hash,
        "identity": account.identity,
    }
