"""Signing in and out: passwords by argon2, identities of a provider, sessions that end, links for a new password."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from rpe_geo.desk.accounts import (
    Account,
    Membership,
    Role,
    Session,
    Tries,
    after_failure,
    check_password,
    ends_at,
    is_paused,
)
from rpe_geo.errors import Forbidden, InputError, Where
from rpe_geo.messages.french import plural

__all__ = ["AccountStore", "Accounts", "Device", "read_email", "tries_of"]

_EMAIL = re.compile(r"[^@\s,;:<>()\[\]\\\"]{1,64}@[^@\s,;:<>()\[\]\\\"]{1,190}")
"""One address, of which no mail header can make two."""

_AT_ONCE = 4
"""Passwords looked at in the same moment: each takes 64 MiB."""

_WORTH_WRITING = timedelta(minutes=5)
"""A session's end is moved only when it would move by that much: not every page writes."""

_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$Zj2wui+eDDKU/krjp8IrpQ$NMr8b0Uq4qw19MeTKrG8wBa7ojFhJNYM+AoWHd+r1GQ"
"""Of a password that nobody knows: what is compared where there is no account, so that it takes as long."""


class AccountStore(Protocol):
    """Where accounts and sessions are kept."""

    def by_email(self, email: str) -> Account | None:
        """Find an account by its e-mail, in lower case."""
        ...

    def by_id(self, account_id: str) -> Account | None:
        """Find an account."""
        ...

    def of_rpe(self, rpe_id: str) -> list[Account]:
        """Return the accounts that have to do with one RPE, deactivated ones included."""
        ...

    def create(self, account: Account) -> None:
        """Store a new account, or raise `Conflict`."""
        ...

    def change_password(self, account_id: str, before: str, after: str) -> bool:
        """Store another hash of a password where the one before still stands; tell whether it did."""
        ...

    def link_identity(self, account_id: str, identity: str) -> bool:
        """Store an identity where there is none yet; tell whether it is this one now."""
        ...

    def unlink_identity(self, account_id: str) -> None:
        """Forget the identity of an account, and every session of it."""
        ...

    def set_membership(
        self,
        account_id: str,
        rpe_id: str,
        wanted: Membership,
        *,
        guard: Callable[[Mapping[str, Membership]], None],
    ) -> None:
        """Store what an account is for one RPE, if the guard does not raise, and end its sessions."""
        ...

    def open_session(self, token_hash: str, session: Session) -> None:
        """Keep a session under the hash of its token."""
        ...

    def session(self, token_hash: str) -> Session | None:
        """Find a session, those that ended lately included."""
        ...

    def extend_session(self, token_hash: str, expires_at: datetime) -> None:
        """Let a session last longer."""
        ...

    def move_session(self, token_hash: str, rpe_id: str, now: datetime) -> None:
        """Let a session work for another RPE."""
        ...

    def close_session(self, token_hash: str) -> None:
        """Forget a session."""
        ...

    def close_sessions_of(self, account_id: str) -> None:
        """Forget every session of an account."""
        ...

    def tries(self, subject: str) -> Tries:
        """Return the wrong passwords in a row of an e-mail or a device."""
        ...

    def change_tries(
        self, subject: str, change: Callable[[Tries], Tries], *, now: datetime
    ) -> Tries:
        """Change that count, at once."""
        ...

    def forget_tries(self, subject: str) -> None:
        """Set that count to none."""
        ...


@dataclass(frozen=True)
class Device:
    """A browser on which an account has signed in before, by the word of a cookie that we signed."""

    account_id: str
    nonce: str


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def tries_of(email: str) -> str:
    """Name the count of wrong passwords of an e-mail, from devices that we do not know."""
    return _hash(f"email:{email}")


def read_email(text: str) -> str:
    """Read an e-mail, in lower case, or raise `InputError`."""
    address = text.strip().lower()
    if not _EMAIL.fullmatch(address):
        raise InputError("email_unreadable", where=Where(field="email"), given=text.strip()[:200])
    return address


@dataclass(frozen=True)
class Accounts:
    """
    The use cases of accounts.

    Parameters
    ----------
    store
        Where they are kept.
    idle
        How long a session lasts without being used.
    hasher
        How passwords are closed: argon2id, the second profile of RFC 9106 (64 MiB, 3 passes, 4 lanes).
    """

    store: AccountStore
    idle: timedelta = timedelta(hours=2)
    hasher: PasswordHasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)  # noqa: RUF009 - it holds parameters only
    _turn: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(_AT_ONCE), repr=False
    )

    def create(
        self,
        email: str,
        name: str,
        password: str | None,
        roles: Mapping[str, Role],
    ) -> Account:
        """
        Make an account.

        Parameters
        ----------
        email, name
            Who; the e-mail is the name when there is none.
        password
            None for an account whose owner will choose one by a link, or never needs one.
        roles
            RPE to role.

        Raises
        ------
        InputError
            When the e-mail is none or the password too weak.
        Conflict
            When the e-mail has an account.
        """
        address = read_email(email)
        account = Account(
            account_id=secrets.token_hex(8),
            email=address,
            name=name.strip() or address,
            password_hash=(
                f"!{secrets.token_hex(16)}" if password is None else self._close(password, address)
            ),
            every={rpe_id: Membership(role) for rpe_id, role in roles.items()},
        )
        self.store.create(account)
        return account

    def _close(self, password: str, email: str) -> str:
        checked = check_password(password, email=email)
        with self._turn:
            return self.hasher.hash(checked)

    # ---- signing in ----------------------------------------------------------------------------------------------

    def sign_in(
        self,
        email: str,
        password: str,
        *,
        device: Device | None = None,
        now: datetime | None = None,
    ) -> tuple[str, Session]:
        """
        Look at a password; the same error whatever is wrong, and the same time whoever is asked for.

        Wrong passwords are counted by e-mail, whether it has an account or not. A device on which the account signed in
        before has a count of its own: who only wants to shut somebody out cannot reach it.

        Returns
        -------
        tuple
            The token for the cookie, and the session.

        Raises
        ------
        Forbidden
            When the e-mail or the password is wrong, or after too many tries.
        """
        moment = now or datetime.now(UTC)
        address = email.strip().lower()
        account = self.store.by_email(address)
        subject = tries_of(address)
        if device is not None and account is not None and device.account_id == account.account_id:
            subject = _hash(f"device:{device.nonce}")
        before = self.store.tries(subject)
        right = self._is_right(account, password)
        if is_paused(before, moment):
            raise Forbidden("sign_in_paused")
        if account is None or not account.memberships or not right:
            after = self.store.change_tries(
                subject, lambda tries: after_failure(tries, moment), now=moment
            )
            if is_paused(after, moment):
                raise Forbidden("sign_in_paused")
            raise Forbidden("sign_in_wrong", left=plural(after.left(moment), "essai"))
        if before != Tries():
            self.store.forget_tries(subject)
        if self.hasher.check_needs_rehash(account.password_hash):
            with self._turn:
                renewed = self.hasher.hash(password)
            self.store.change_password(account.account_id, account.password_hash, renewed)
        return self._open(account, moment)

    def _is_right(self, account: Account | None, password: str) -> bool:
        """Compare a password, with one that nobody knows where there is none."""
        known = account is not None and account.has_a_password
        closed = account.password_hash if account is not None and known else _NOBODY
        with self._turn:
            try:
                self.hasher.verify(closed, password)
            except (VerificationError, InvalidHashError):
                return False
        return known

    def sign_in_by_identity(
        self,
        email: str,
        identity: str,
        *,
        provider: str | None = None,
        new: tuple[str, Mapping[str, Role]] | None = None,
        now: datetime | None = None,
    ) -> tuple[str, Session]:
        """
        Open a session for somebody whom a provider knows by a verified e-mail.

        Parameters
        ----------
        email
            The verified e-mail.
        identity
            Who it is for the provider, whatever the e-mail; the account keeps the first one and refuses others.
        provider
            What the provider needs to end its own session, sealed.
        new
            Name and roles with which an account is made when there is none; None to make none.
        now
            The moment of the sign-in.

        Raises
        ------
        Forbidden
            When there is no account, it works for nobody, or it belongs to another identity.
        """
        moment = now or datetime.now(UTC)
        account = self.store.by_email(read_email(email))
        if account is None and new is not None and new[1]:
            account = self.create(email, new[0], None, new[1])
        if account is None or not account.memberships:
            raise Forbidden("openid_no_account")
        if not self.store.link_identity(account.account_id, identity):
            raise Forbidden("openid_other_identity")
        linked = replace(account, identity=identity)
        return self._open(linked, moment, provider)

    def _open(
        self, account: Account, now: datetime, provider: str | None = None
    ) -> tuple[str, Session]:
        token = secrets.token_urlsafe(32)
        session = Session(
            account=account,
            rpe_id=next(iter(account.memberships)),
            csrf=secrets.token_urlsafe(24),
            opened_at=now,
            expires_at=ends_at(now, now, self.idle),
            provider=provider,
        )
        self.store.open_session(_hash(token), session)
        return token, session

    # ---- sessions ------------------------------------------------------------------------------------------------

    def session(
        self, token: str, *, now: datetime | None = None, use: bool = True
    ) -> Session | None:
        """
        Find who is signed in with a token.

        Parameters
        ----------
        token
            Of the cookie.
        now
            The moment; the present when None.
        use
            Whether this counts as use, which moves the end of the session.

        Returns
        -------
        Session or None
            None when nobody is signed in, or no longer.
        """
        moment = now or datetime.now(UTC)
        found = self.store.session(_hash(token))
        if found is None or found.expires_at <= moment:
            return None
        later = ends_at(found.opened_at, moment, self.idle)
        if not use or later - found.expires_at < min(_WORTH_WRITING, self.idle / 4):
            return found
        self.store.extend_session(_hash(token), later)
        return replace(found, expires_at=later)

    def stay(self, token: str, *, now: datetime | None = None) -> Session | None:
        """Move the end of a session as far as it goes; None when it ended."""
        moment = now or datetime.now(UTC)
        found = self.session(token, now=moment, use=False)
        if found is None:
            return None
        later = ends_at(found.opened_at, moment, self.idle)
        self.store.extend_session(_hash(token), later)
        return replace(found, expires_at=later)

    def ended_session(self, token: str, *, now: datetime | None = None) -> Session | None:
        """Find a session that ended by itself a short while ago: whose form came too late."""
        found = self.store.session(_hash(token))
        ended = found is not None and found.expires_at <= (now or datetime.now(UTC))
        return found if ended else None

    def choose_rpe(self, token: str, rpe_id: str) -> None:
        """Work for another of one's RPE, or raise `Forbidden`."""
        found = self.session(token)
        if found is None or rpe_id not in found.account.memberships:
            raise Forbidden("role_not_allowed")
        self.store.move_session(_hash(token), rpe_id, datetime.now(UTC))

    def sign_out(self, token: str) -> None:
        """End a session."""
        self.store.close_session(_hash(token))

    # ---- links for a password ------------------------------------------------------------------------------------

    def reset_claim(self, email: str) -> tuple[Account, dict[str, str]] | None:
        """Make what a link for a password carries: it holds only as long as the password is the same."""
        account = self.store.by_email(email.strip().lower())
        if account is None or not account.memberships:
            return None
        return account, self.claim_of(account)

    def claim_of(self, account: Account) -> dict[str, str]:
        """Make the claim of a known account."""
        return {"id": account.account_id, "mark": _hash(account.password_hash)[:16]}

    def check_claim(self, claim: Mapping[str, str]) -> Account:
        """Find whose link this is, or raise `Forbidden` when it was used already."""
        account = self.store.by_id(claim.get("id", ""))
        if account is None or claim.get("mark") != _hash(account.password_hash)[:16]:
            raise Forbidden("link_unusable")
        return account

    def reset(self, claim: Mapping[str, str], password: str) -> Account:
        """
        Set a new password by the claim of a link, and end every session and pause of the account.

        Raises
        ------
        Forbidden
            When the link was used already.
        InputError
            When the password is too weak.
        """
        account = self.check_claim(claim)
        closed = self._close(password, account.email)
        # Of two who use the same link at once, one comes too late.
        if not self.store.change_password(account.account_id, account.password_hash, closed):
            raise Forbidden("link_unusable")
        self.store.close_sessions_of(account.account_id)
        self.store.forget_tries(tries_of(account.email))
        return replace(account, password_hash=closed)

    def may_ask_again(self, email: str, *, now: datetime | None = None) -> bool:
        """Tell whether one more link may be mailed to an address: five in a row, then a quarter of an hour none."""
        moment = now or datetime.now(UTC)
        subject = _hash(f"mail:{email.strip().lower()}")
        before = self.store.tries(subject)
        self.store.change_tries(subject, lambda tries: after_failure(tries, moment), now=moment)
        return not is_paused(before, moment)
