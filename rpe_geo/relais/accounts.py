"""Signing in and out: passwords by argon2, sessions of a working day, links for a new password."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from rpe_geo.accounts import Account, Role, Session, after_failure, check_password, is_locked
from rpe_geo.errors import Forbidden, InputError, Where

__all__ = ["AccountStore", "Accounts"]

_SESSION = timedelta(hours=10)
_EMAIL = re.compile(r"^[^@\s]{1,64}@[^@\s]{1,190}$")


class AccountStore(Protocol):
    """Where accounts and sessions are kept."""

    def by_email(self, email: str) -> Account | None:
        """Find an account by its e-mail, in lower case."""
        ...

    def by_id(self, account_id: str) -> Account | None:
        """Find an account."""
        ...

    def create(self, account: Account) -> None:
        """Store a new account, or raise `Conflict`."""
        ...

    def update(self, account: Account) -> None:
        """Store what changed of an account."""
        ...

    def open_session(self, token_hash: str, session: Session) -> None:
        """Keep a session under the hash of its token."""
        ...

    def session(self, token_hash: str) -> Session | None:
        """Find a session, ended ones included."""
        ...

    def move_session(self, token_hash: str, rpe_id: str) -> None:
        """Let a session work for another RPE."""
        ...

    def close_session(self, token_hash: str) -> None:
        """Forget a session."""
        ...

    def close_sessions_of(self, account_id: str) -> None:
        """Forget every session of an account."""
        ...


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True)
class Accounts:
    """
    The use cases of accounts.

    Parameters
    ----------
    store
        Where they are kept.
    hasher
        How passwords are closed.
    """

    store: AccountStore
    hasher: PasswordHasher = PasswordHasher()  # noqa: RUF009 - it holds parameters only

    def create(self, email: str, name: str, password: str, roles: dict[str, Role]) -> Account:
        """
        Make an account.

        Raises
        ------
        InputError
            When the e-mail is none or the password too short.
        Conflict
            When the e-mail has an account.
        """
        address = email.strip().lower()
        if not _EMAIL.match(address):
            raise InputError("email_unreadable", where=Where(field="email"), given=email)
        account = Account(
            account_id=secrets.token_hex(8),
            email=address,
            name=name.strip() or address,
            password_hash=self.hasher.hash(check_password(password)),
            memberships=roles,
        )
        self.store.create(account)
        return account

    def sign_in(
        self, email: str, password: str, *, now: datetime | None = None
    ) -> tuple[str, Session]:
        """
        Look at a password; the same error whatever is wrong, and the same time whoever is asked for.

        Returns
        -------
        tuple
            The token for the cookie, and the session.

        Raises
        ------
        Forbidden
            When the e-mail or the password is wrong, or the account is closed for a while.
        """
        moment = now or datetime.now(UTC)
        account = self.store.by_email(email.strip().lower())
        if account is None or is_locked(account, moment) or not account.memberships:
            self.hasher.hash(password)
            raise Forbidden("sign_in_wrong")
        try:
            self.hasher.verify(account.password_hash, password)
        except VerificationError:
            self.store.update(after_failure(account, moment))
            raise Forbidden("sign_in_wrong") from None
        if account.failures or account.locked_until is not None:
            self.store.update(replace(account, failures=0, locked_until=None))
        token = secrets.token_urlsafe(32)
        session = Session(
            account=account,
            rpe_id=next(iter(account.memberships)),
            csrf=secrets.token_urlsafe(24),
            expires_at=moment + _SESSION,
        )
        self.store.open_session(_hash(token), session)
        return token, session

    def session(self, token: str, *, now: datetime | None = None) -> Session | None:
        """Find who is signed in with a token; None when nobody is, or no longer."""
        found = self.store.session(_hash(token))
        if found is None or found.expires_at <= (now or datetime.now(UTC)):
            return None
        return found

    def choose_rpe(self, token: str, rpe_id: str) -> None:
        """Work for another of one's RPE, or raise `Forbidden`."""
        found = self.session(token)
        if found is None or rpe_id not in found.account.memberships:
            raise Forbidden("role_not_allowed")
        self.store.move_session(_hash(token), rpe_id)

    def sign_out(self, token: str) -> None:
        """End a session."""
        self.store.close_session(_hash(token))

    def reset_claim(self, email: str) -> tuple[Account, dict[str, str]] | None:
        """Make what a link for a new password carries: it holds only as long as the password is the same."""
        account = self.store.by_email(email.strip().lower())
        if account is None:
            return None
        return account, {"id": account.account_id, "mark": _hash(account.password_hash)[:16]}

    def reset(self, claim: dict[str, str], password: str) -> None:
        """
        Set a new password by the claim of a link, and end every session of the account.

        Raises
        ------
        Forbidden
            When the link was used already.
        InputError
            When the password is too short.
        """
        account = self.store.by_id(claim.get("id", ""))
        if account is None or claim.get("mark") != _hash(account.password_hash)[:16]:
            raise Forbidden("link_unusable")
        closed = self.hasher.hash(check_password(password))
        self.store.update(replace(account, password_hash=closed, failures=0, locked_until=None))
        self.store.close_sessions_of(account.account_id)
