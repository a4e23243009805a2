"""From a family's request to its outcome: what comes in, what is proposed, how it ends."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Protocol

from rpe_geo.casework import Activity, Event, Status, activity, outcomes, status_of
from rpe_geo.domain import Request, months_after
from rpe_geo.errors import Conflict
from rpe_geo.parameters import parameter_table
from rpe_geo.protocols import Repository

__all__ = ["Case", "CaseStore", "Casework", "Purge"]

Guard = Callable[[Sequence[Event]], None]
"""Looks at the facts that name a provider, and raises `Conflict` when a new one must not be added."""


class CaseStore(Protocol):
    """Where the life of requests is kept."""

    def receive(self, event: Event, contact: Mapping[str, Any]) -> None:
        """Note that a request came in, and who asks, at once."""
        ...

    def contacts(self) -> dict[str, dict[str, Any]]:
        """Return who asks, by request."""
        ...

    def events(self, request_id: str | None = None) -> list[Event]:
        """Return what happened to one request, or to all, oldest first."""
        ...

    def note(
        self, event: Event, *, seen: int | None = None, guard: Guard | None = None
    ) -> Sequence[Event]:
        """Add a fact, or raise `Conflict`; `guard` sees the facts of its provider in the same transaction."""
        ...

    def audit(self, actor: str, action: str, subject_kind: str, subject_id: str) -> None:
        """Note who read or changed a file."""
        ...

    def audited(self, subject_id: str) -> list[tuple[datetime, str, str]]:
        """Return when, who and what was noted of a file, newest first."""
        ...


@dataclass(frozen=True)
class Case:
    """A request with its life and who asks."""

    request: Request
    events: tuple[Event, ...] = ()
    contact: Mapping[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> Status:
        """Where it stands."""
        return status_of(self.events)

    @property
    def received_at(self) -> datetime | None:
        """When it came in; None for an imported request."""
        return next((event.at for event in self.events if event.kind == "received"), None)


@dataclass(frozen=True)
class Purge:
    """
    What a purge did.

    Parameters
    ----------
    purged
        Requests of which only the anonymous facts stay.
    undated
        Requests without any fact, imported: nobody knows when the last exchange was, they stay.
    months
        Months that a request is kept after its last fact.
    """

    purged: tuple[str, ...]
    undated: tuple[str, ...]
    months: int


@dataclass(frozen=True)
class Casework:
    """
    The use cases of requests.

    Parameters
    ----------
    repository
        The registry of the RPE.
    store
        Where the life of requests is kept.
    """

    repository: Repository
    store: CaseStore

    def receive(self, request: Request, contact: Mapping[str, Any], *, at: datetime) -> str:
        """Keep a family's request and who asks; return its identifier, which tells nothing of the family."""
        identifier = f"D{at:%y%m%d}-{secrets.token_hex(3).upper()}"
        kept = replace(request, request_id=identifier)
        self.repository.save(requests=[kept])
        try:
            self.store.receive(Event(identifier, "received", at, channel="online"), contact)
        except BaseException:
            # A request without anybody to answer must not stay.
            self.repository.delete(request_ids=[identifier])
            raise
        return identifier

    def inbox(self) -> list[Case]:
        """Return every case, newest first; imported requests without a date come last."""
        lives: dict[str, list[Event]] = {}
        for event in self.store.events():
            lives.setdefault(event.request_id, []).append(event)
        contacts = self.store.contacts()
        cases = [
            Case(
                request,
                tuple(lives.get(request.request_id, ())),
                contacts.get(request.request_id, {}),
            )
            for request in self.repository.requests()
        ]
        oldest = datetime.min.replace(tzinfo=UTC)
        return sorted(cases, key=lambda case: case.received_at or oldest, reverse=True)

    def case(self, request_id: str) -> Case:
        """Return one case, or raise `NotFound`."""
        request = self.repository.request(request_id)
        events = tuple(self.store.events(request_id))
        return Case(request, events, self.store.contacts().get(request_id, {}))

    def note(self, event: Event, *, seen: int) -> None:
        """
        Add a fact; a place that waits for another family's answer is not offered twice unknowingly.

        Parameters
        ----------
        event
            What happened now.
        seen
            How many facts its author had before the eyes.

        Raises
        ------
        Conflict
            When somebody else was quicker; nothing is kept.
        """
        guard = (lambda facts: _require_free(event, facts)) if event.kind == "proposed" else None
        self.store.note(event, seen=seen, guard=guard)

    def purge(self, on: date) -> Purge:
        """
        Forget the requests whose last fact is too old, whatever their status.

        The file goes whole: who asks, address and coordinates, needs, work, household, births. The facts stay: they are
        anonymous, and the activity of past years is counted from them.

        Parameters
        ----------
        on
            The day that counts; a request is kept up to the very day its months end.

        Returns
        -------
        Purge
            The identifiers of what was forgotten and of what has no date; running again does nothing more.
        """
        months = int(parameter_table("privacy", on)["request_retention_months"])
        last: dict[str, date] = {}
        for event in self.store.events():
            known = last.get(event.request_id, date.min)
            last[event.request_id] = max(known, event.at.date())
        kept = [request.request_id for request in self.repository.requests()]
        old = tuple(
            identity
            for identity in kept
            if identity in last and months_after(last[identity], months) < on
        )
        if old:
            self.repository.delete(request_ids=old)
        for identity in old:
            self.store.audit("", "purge", "request", identity)
        return Purge(old, tuple(one for one in kept if one not in last), months)

    def activity(self, first: date, last: date) -> Activity:
        """Count a period from the facts."""
        return activity(self.store.events(), first, last)


def _require_free(event: Event, facts: Sequence[Event]) -> None:
    """Refuse to offer a place that waits for the answer of another family."""
    provider = (event.provider_kind or "", event.provider_id or "")
    lives: dict[str, list[Event]] = {}
    for fact in facts:
        lives.setdefault(fact.request_id, []).append(fact)
    for request_id, life in lives.items():
        closed = status_of(life) in {"withdrawn", "unsolved"}
        waits = outcomes(life).get(provider) == "waiting"
        if request_id != event.request_id and waits and not closed:
            raise Conflict("place_offered", request_id=request_id)
