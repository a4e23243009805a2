"""
Who works for a relais: accounts, what each may do, when a session ends, and when wrong passwords make a pause.

Values only; `rpe_geo.relais.accounts` and `rpe_geo.relais.administration` use them, `rpe_geo.storage.accounts` keeps
them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, get_args

from rpe_geo.errors import Forbidden, InputError, Where

__all__ = [
    "PAUSE",
    "TRIES",
    "Account",
    "Membership",
    "Role",
    "Session",
    "Tries",
    "after_failure",
    "check_change",
    "check_password",
    "ends_at",
    "home_of",
    "is_paused",
    "read_role",
    "reads_observatory",
    "works_on_requests",
]

Role = Literal["animateur", "planner", "administrator"]

TRIES = 5
PAUSE = timedelta(minutes=15)
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1000
FEWEST_CHARACTERS = 5
WORTH_GUESSING_LOG10 = 10
"""A password that falls within so many guesses (as a power of ten) is refused."""
_LOOKED_AT = 72
LONGEST_SESSION = timedelta(hours=12)
"""Of one sign-in, however active its owner is."""


@dataclass(frozen=True)
class Membership:
    """
    What an account is for one RPE.

    Parameters
    ----------
    active
        Whether its owner may work for this RPE at present.
    last_sign_in
        When a session last worked for it.
    """

    role: Role
    active: bool = True
    last_sign_in: datetime | None = None


@dataclass(frozen=True)
class Account:
    """
    Somebody who may sign in.

    Parameters
    ----------
    email
        In lower case; the name by which one signs in.
    password_hash
        Begins with `!` as long as no password was chosen.
    every
        RPE to what the account is there, those where it is deactivated included.
    identity
        The identity of an OpenID provider that signs in here; None before the first time.
    """

    account_id: str
    email: str
    name: str
    password_hash: str
    every: Mapping[str, Membership] = field(default_factory=dict)
    identity: str | None = None

    @property
    def memberships(self) -> dict[str, Role]:
        """The RPE that the account may work for now, and as what."""
        return {rpe_id: one.role for rpe_id, one in self.every.items() if one.active}

    @property
    def has_a_password(self) -> bool:
        """Whether a password was ever chosen."""
        return not self.password_hash.startswith("!")

    @property
    def is_invited(self) -> bool:
        """Whether its owner never came yet."""
        return not self.has_a_password and self.identity is None


@dataclass(frozen=True)
class Session:
    """
    Somebody who is signed in, at work for one RPE.

    Parameters
    ----------
    opened_at
        When she signed in.
    expires_at
        When it ends if nothing happens before.
    provider
        What the OpenID provider needs to end its own session, sealed; None after a password.
    """

    account: Account
    rpe_id: str
    csrf: str
    opened_at: datetime
    expires_at: datetime
    provider: str | None = None

    @property
    def role(self) -> Role:
        """What the account is, for this RPE."""
        return self.account.memberships[self.rpe_id]

    def seconds_left(self, now: datetime) -> int:
        """Count the seconds until it ends if nothing happens."""
        return max(0, round((self.expires_at - now).total_seconds()))


@dataclass(frozen=True)
class Tries:
    """Wrong passwords in a row, of one e-mail or one known device, and until when no password is looked at."""

    failures: int = 0
    paused_until: datetime | None = None

    def left(self, now: datetime) -> int:
        """Count the tries that remain before a pause."""
        return 0 if is_paused(self, now) else TRIES - self.failures


def is_paused(tries: Tries, now: datetime) -> bool:
    """Tell whether no password is looked at for the moment."""
    return tries.paused_until is not None and now < tries.paused_until


def after_failure(tries: Tries, now: datetime) -> Tries:
    """Count a wrong password; the fifth in a row makes a pause of a quarter of an hour, which further tries do not prolong."""
    if is_paused(tries, now):
        return tries
    failures = tries.failures + 1
    return Tries(failures) if failures < TRIES else Tries(0, now + PAUSE)


def ends_at(opened_at: datetime, now: datetime, idle: timedelta) -> datetime:
    """Tell when a session that is used now will end: after some idle time, and twelve hours after its opening at most."""
    return min(now + idle, opened_at + LONGEST_SESSION)


def check_password(password: str, *, email: str = "") -> str:
    """
    Return a password that is not easily guessed.

    Parameters
    ----------
    password
        Any characters.
    email
        Whose; the password may not be the e-mail, nor what stands before its @ repeated.

    Raises
    ------
    InputError
        When it is too short, too long, monotonous, the e-mail, or among those that are guessed first.
    """
    where = Where(field="password")
    if len(password) < SHORTEST_PASSWORD:
        raise InputError("password_short", where=where, least=SHORTEST_PASSWORD)
    if len(password) > LONGEST_PASSWORD:
        raise InputError("password_long", where=where, most=LONGEST_PASSWORD)
    plain = password.casefold()
    name = email.partition("@")[0]
    if (
        len(set(plain)) < FEWEST_CHARACTERS
        or plain == email
        or (name and not plain.replace(name, ""))
    ):
        raise InputError("password_weak", where=where)
    # Imported where it is used: its lists take a moment to read.
    from zxcvbn import zxcvbn

    # Lists of leaked passwords, words, names, dates, keyboards: what guessing programs try first.
    about = [*re.split(r"[^\w]+", email), "relais", "rpe", "creche", "petiteenfance", "assmat"]
    guesses = zxcvbn(password[:_LOOKED_AT], user_inputs=[part for part in about if part])
    if guesses["guesses_log10"] < WORTH_GUESSING_LOG10:
        raise InputError("password_common", where=where)
    return password


def read_role(text: str) -> Role:
    """Read a role, or raise `InputError`."""
    for role in get_args(Role):
        if role == text:
            return role  # type: ignore[no-any-return]
    raise InputError("role_unknown", where=Where(field="role"), given=text)


def check_change(
    everyone: Mapping[str, Membership],
    account_id: str,
    wanted: Membership,
    *,
    actor: str | None,
) -> None:
    """
    Refuse a change that would leave an RPE without an administrator, or by which one shuts oneself out.

    Parameters
    ----------
    everyone
        Account to membership, of one RPE.
    account_id, wanted
        Whose membership becomes what.
    actor
        Account of who asks; None on the command line.

    Raises
    ------
    Forbidden
        When the change is one's own, or the last administrator's.
    """
    if account_id == actor:
        raise Forbidden("account_own")
    after = dict(everyone) | {account_id: wanted}

    def has_administrator(members: Mapping[str, Membership]) -> bool:
        return any(one.active and one.role == "administrator" for one in members.values())

    if has_administrator(everyone) and not has_administrator(after):
        raise Forbidden("account_last_administrator")


def works_on_requests(role: Role) -> bool:
    """Tell whether a role reads families' files and the registry: a planner does not."""
    return role != "planner"


def reads_observatory(role: Role) -> bool:
    """Tell whether a role reads the observatory: aggregates without small counts, which every professional may read."""
    return role in {"planner", "administrator", "animateur"}


def home_of(role: Role) -> str:
    """Name the page where a role arrives after signing in."""
    return "/pro/demandes" if works_on_requests(role) else "/pro/observatoire"
