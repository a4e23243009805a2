"""An animateur at work: the registry and the requests of her RPE, who is who, and what was read of what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Any

from fastapi import Depends

from api.pages.accounts.session import SessionDep
from api.pages.desk import Desk, DeskDep
from rpe_geo.desk.accounts import Session, works_on_requests
from rpe_geo.documents import decode, encode
from rpe_geo.errors import Forbidden, InvalidRecord
from rpe_geo.protocols import Repository, Standing
from rpe_geo.relais import Relais
from rpe_geo.relais.casework import Casework

__all__ = ["BY_LINK", "Work", "WorkDep"]

BY_LINK = "link"
"""Who changed a record when the professional herself did, by her signed link."""

_READ = "read record"
_KEPT = timedelta(days=2)


def short_name(name: str) -> str:
    """Write a name as colleagues say it: « Agathe L. » stays, « Agathe Lemoine » becomes « Agathe L. »."""
    first, _, last = name.strip().partition(" ")
    return f"{first} {last[:1]}." if last else first


@dataclass(frozen=True)
class Work:
    """An animateur at work for one RPE."""

    desk: Desk
    session: Session
    relais: Relais
    casework: Casework

    @property
    def repository(self) -> Repository:
        """The registry of the RPE."""
        return self.relais.repository

    @property
    def me(self) -> str:
        """The account that is at work."""
        return self.session.account.account_id

    def audit(self, action: str, kind: str, subject_id: str) -> None:
        """Note that a file was read or changed."""
        self.casework.store.audit(self.me, action, kind, subject_id)

    @cached_property
    def _names(self) -> dict[str, str]:
        return {"": "la famille elle-même", BY_LINK: "la personne elle-même, par son lien"}

    def who(self, account_id: str) -> str:
        """Name an account as its colleagues know it."""
        if account_id not in self._names:
            account = self.desk.accounts.store.by_id(account_id)
            self._names[account_id] = (
                "un compte qui n’existe plus" if account is None else short_name(account.name)
            )
        return self._names[account_id]

    @property
    def naming(self) -> Callable[[str], str]:
        """Name accounts, for templates."""
        return self.who

    def seal(self, record: Any) -> str:
        """Seal a record as it is shown, so that a conflict can tell what each of two people changed."""
        return self.desk.links.seal(_READ, encode(record))

    def unseal(self, kind: type[Any], sealed: str) -> Any | None:
        """Read back a record as it was shown; None when that is too long ago."""
        document = self.desk.links.unseal(_READ, sealed, within=_KEPT)
        if document is None:
            return None
        try:
            return decode(kind, document)
        except (InvalidRecord, KeyError, TypeError, ValueError):
            return None

    def standing(self, kind: type[Any], record_id: str) -> Standing | None:
        """Return where one record stands; None when there is no such record."""
        return self.repository.standings(kind, [record_id]).get(record_id)


def _work(desk: DeskDep, session: SessionDep) -> Work:
    if not works_on_requests(session.role):
        raise Forbidden("role_not_allowed")
    return Work(desk, session, desk.relais(session.rpe_id), desk.casework(session.rpe_id))


WorkDep = Annotated[Work, Depends(_work)]
