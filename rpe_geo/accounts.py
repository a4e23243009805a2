"""
Who works for a relais: accounts, what each may do, and when too many wrong passwords close an account for a while.

Values only; `rpe_geo.relais.accounts` uses them and `rpe_geo.storage.accounts` keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, get_args

from rpe_geo.errors import InputError, Where

__all__ = [
    "Account",
    "Role",
    "Session",
    "after_failure",
    "check_password",
    "is_locked",
    "read_role",
]

Role = Literal["animateur", "planner", "administrator"]

TRIES = 5
LOCKED = timedelta(minutes=15)
SHORTEST_PASSWORD = 12


@dataclass(frozen=True)
class Account:
    """
    Somebody who may sign in.

    Parameters
    ----------
    email
        In lower case; the name by which one signs in.
    memberships
        RPE to role.
    failures
        Wrong passwords since the last right one.
    locked_until
        Until when no password is looked at.
    """

    account_id: str
    email: str
    name: str
    password_hash: str
    memberships: Mapping[str, Role] = field(default_factory=dict)
    failures: int = 0
    locked_until: datetime | None = None


@dataclass(frozen=True)
class Session:
    """Somebody who is signed in, at work for one RPE."""

    account: Account
    rpe_id: str
    csrf: str
    expires_at: datetime

    @property
    def role(self) -> Role:
        """What the account is, for this RPE."""
        return self.account.memberships[self.rpe_id]


def is_locked(account: Account, now: datetime) -> bool:
    """Tell whether no password is looked at for the moment."""
    return account.locked_until is not None and now < account.locked_until


def after_failure(account: Account, now: datetime) -> Account:
    """Count a wrong password; the fifth in a row closes the account for a quarter of an hour."""
    failures = account.failures + 1
    if failures < TRIES:
        return replace(account, failures=failures)
    return replace(account, failures=0, locked_until=now + LOCKED)


def check_password(password: str) -> str:
    """Return a password that is long enough, or raise `InputError`."""
    if len(password) < SHORTEST_PASSWORD:
        raise InputError("password_short", where=Where(field="password"), least=SHORTEST_PASSWORD)
    return password


def read_role(text: str) -> Role:
    """Read a role, or raise `InputError`."""
    for role in get_args(Role):
        if role == text:
            return role  # type: ignore[no-any-return]
    raise InputError("role_unknown", where=Where(field="role"), given=text)
