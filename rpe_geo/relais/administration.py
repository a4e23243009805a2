"""Who administers accounts: the people of one RPE, what each may do, and a note of every change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from rpe_geo.desk.accounts import Account, Membership, Role, check_change, is_paused
from rpe_geo.errors import Conflict, InputError, NotFound, Where
from rpe_geo.relais.accounts import Accounts, read_email, tries_of

__all__ = ["Administration", "Person"]


class Trail(Protocol):
    """Where changes are noted: the audit log of one RPE."""

    def audit(self, actor: str, action: str, subject_kind: str, subject_id: str) -> None:
        """Note who did what to whom."""
        ...

    def audited(self, subject_id: str) -> list[tuple[datetime, str, str]]:
        """Return when, who and what was noted, newest first."""
        ...


@dataclass(frozen=True)
class Person:
    """An account as the administrators of one RPE see it: nothing of what it is elsewhere."""

    account: Account
    membership: Membership
    paused_until: datetime | None

    @property
    def account_id(self) -> str:
        """The id of the account."""
        return self.account.account_id


@dataclass(frozen=True)
class Administration:
    """
    The accounts of one RPE, in the hands of one administrator.

    Parameters
    ----------
    accounts
        The use cases of signing in.
    rpe_id
        Only accounts that have to do with this RPE are seen and changed.
    trail
        Its audit log.
    actor
        Account of the administrator; None on the command line, where nobody is signed in.
    """

    accounts: Accounts
    rpe_id: str
    trail: Trail
    actor: str | None = None

    def people(self, *, now: datetime | None = None) -> list[Person]:
        """Return the accounts of the RPE by name, deactivated ones included."""
        moment = now or datetime.now(UTC)
        return [self._person(one, moment) for one in self.accounts.store.of_rpe(self.rpe_id)]

    def person(self, account_id: str, *, now: datetime | None = None) -> Person:
        """Return one account, or raise `NotFound` when it has nothing to do with this RPE."""
        account = self.accounts.store.by_id(account_id)
        if account is None or self.rpe_id not in account.every:
            raise NotFound("account_unknown")
        return self._person(account, now or datetime.now(UTC))

    def by_email(self, email: str) -> Person:
        """Return one account by its e-mail, or raise `NotFound`."""
        account = self.accounts.store.by_email(email.strip().lower())
        if account is None:
            raise NotFound("account_unknown")
        return self.person(account.account_id)

    def history(self, account_id: str) -> list[tuple[datetime, str, str]]:
        """Return when, by whom (a name) and what was done to an account, newest first."""
        names: dict[str, str] = {}
        noted = self.trail.audited(account_id)
        for actor in {actor for _at, actor, _action in noted}:
            found = self.accounts.store.by_id(actor)
            names[actor] = found.name if found is not None else actor
        return [(at, names[actor], action) for at, actor, action in noted]

    def _person(self, account: Account, now: datetime) -> Person:
        tries = self.accounts.store.tries(tries_of(account.email))
        paused_until = tries.paused_until if is_paused(tries, now) else None
        return Person(account, account.every[self.rpe_id], paused_until)

    def _note(self, action: str, account_id: str) -> None:
        self.trail.audit(self.actor or "commande", action, "account", account_id)

    # ---- changes -------------------------------------------------------------------------------------------------

    def add(
        self, email: str, name: str, role: Role, *, password: str | None = None
    ) -> tuple[Account, bool]:
        """
        Let somebody work for the RPE.

        Parameters
        ----------
        email, name, role
            Who, and as what. An account that works elsewhere already keeps its name and password.
        password
            None when its owner will choose it by a link.

        Returns
        -------
        account : Account
            Made, or found.
        new : bool
            Whether it was made.

        Raises
        ------
        Conflict
            When the account belongs to this RPE already.
        InputError
            When the e-mail is none, the name is missing, or the password too weak.
        """
        if len(name) > 120:
            raise InputError("account_name_long", where=Where(field="name"), most=120)
        address = read_email(email)
        known = self.accounts.store.by_email(address)
        if known is None:
            account = self.accounts.create(address, name, password, {self.rpe_id: role})
            self._note("account_create", account.account_id)
            return account, True
        if self.rpe_id in known.every:
            raise Conflict("email_taken", given=address)
        self._change(known.account_id, lambda _before: Membership(role), "account_create")
        return self.person(known.account_id).account, False

    def set_role(self, account_id: str, role: Role) -> None:
        """Change what somebody may do; her sessions end at once."""
        self._change(
            self.person(account_id).account_id,
            lambda before: replace(before, role=role),
            f"account_role_{role}",
        )

    def deactivate(self, account_id: str) -> None:
        """Let somebody no longer work for the RPE, and end her sessions at once; nothing is forgotten."""
        self._change(
            self.person(account_id).account_id,
            lambda before: replace(before, active=False),
            "account_deactivate",
        )

    def reactivate(self, account_id: str) -> None:
        """Let somebody work for the RPE again."""
        self._change(
            self.person(account_id).account_id,
            lambda before: replace(before, active=True),
            "account_reactivate",
        )

    def _change(
        self, account_id: str, change: Callable[[Membership], Membership], action: str
    ) -> None:
        before = self.accounts.store.by_id(account_id)
        assert before is not None
        wanted = change(before.every.get(self.rpe_id, Membership("planner")))
        guard: Callable[[Mapping[str, Membership]], None] = partial(
            check_change, account_id=account_id, wanted=wanted, actor=self.actor
        )
        self.accounts.store.set_membership(account_id, self.rpe_id, wanted, guard=guard)
        self._note(action, account_id)

    def unlock(self, account_id: str) -> None:
        """End a pause after wrong passwords."""
        person = self.person(account_id)
        self.accounts.store.forget_tries(tries_of(person.account.email))
        self._note("account_unlock", account_id)

    def forget_identity(self, account_id: str) -> None:
        """Let the next identity of the provider with the same verified e-mail sign in."""
        self.accounts.store.unlink_identity(self.person(account_id).account_id)
        self._note("account_identity", account_id)

    def password_claim(self, account_id: str) -> tuple[Account, dict[str, str]]:
        """Make what a link for a new password carries, and note that one was sent."""
        person = self.person(account_id)
        self._note("account_link", account_id)
        return person.account, self.accounts.claim_of(person.account)

    def set_password(self, account_id: str, password: str) -> None:
        """Set a password on the command line; every session of the account ends."""
        person = self.person(account_id)
        self.accounts.reset(self.accounts.claim_of(person.account), password)
        self._note("account_password", account_id)
