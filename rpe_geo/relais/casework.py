"""From a family's request to its outcome: what comes in, what is proposed, how it ends."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from rpe_geo.desk.activity import Activity, activity
from rpe_geo.desk.casework import (
    CLOSED,
    Channel,
    Event,
    Offer,
    Provider,
    Status,
    offers_elsewhere,
    status_of,
)
from rpe_geo.domain import Request, months_after
from rpe_geo.errors import Conflict
from rpe_geo.parameters import parameter_table
from rpe_geo.protocols import Repository

__all__ = ["Case", "CaseStore", "Casework", "Purge"]

Guard = Callable[[Sequence[Event]], None]
"""Looks at the facts of every request, and raises `Conflict` when new ones must not be added."""

_TRIES = 8
_REMEMBERED = timedelta(days=183)
"""How long an acceptance is told to others: later the registry knows of it."""


class CaseStore(Protocol):
    """Where the life of requests is kept."""

    def receive(self, request: Request, event: Event, contact: Mapping[str, Any]) -> None:
        """Keep a request, who asks and that it came in, at once; `Conflict` when its identifier is taken."""
        ...

    def revise(
        self, request: Request, contact: Mapping[str, Any] | None, *, revision: int, by: str
    ) -> int:
        """Store a changed need and, unless None, who asks, at once, or raise `Conflict`; return its version now."""
        ...

    def take_back(self, event: Event, *, closed: Callable[[Sequence[Event]], bool]) -> bool:
        """Delete a file and note, unless it was closed, that its family took it back, at once; False when it is gone."""
        ...

    def purge(self, is_old: Callable[[date], bool]) -> tuple[str, ...]:
        """Delete the files whose last fact, import or change is too old; return their identifiers."""
        ...

    def purge_trail(self, is_old: Callable[[date], bool]) -> int:
        """Delete the lines of the trail that are too old; return how many there were."""
        ...

    def contacts(self) -> dict[str, dict[str, Any]]:
        """Return who asks, by request."""
        ...

    def events(self, request_id: str | None = None) -> list[Event]:
        """Return what happened to one request, or to all, oldest first."""
        ...

    def note(
        self, events: Sequence[Event], *, seen: int | None = None, guard: Guard | None = None
    ) -> Sequence[Event]:
        """Add facts to one life, all or none, or raise `Conflict`; `guard` sees all facts in the same transaction."""
        ...

    def audit(self, actor: str, action: str, subject_kind: str, subject_id: str) -> None:
        """Note who read or changed a file."""
        ...

    def audited(self, subject_id: str) -> list[tuple[datetime, str, str]]:
        """Return when, who and what was noted of a file, newest first."""
        ...


@dataclass(frozen=True)
class Case:
    """A request with its life, who asks, and what of it other families were offered meanwhile."""

    request: Request
    events: tuple[Event, ...] = ()
    contact: Mapping[str, Any] = field(default_factory=dict)
    elsewhere: Mapping[Provider, Sequence[Offer]] = field(default_factory=dict)

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
    months
        Months that a request is kept after its last fact.
    trail
        Lines of the trail that reached their term.
    """

    purged: tuple[str, ...]
    months: int
    trail: int = 0


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

    def receive(
        self,
        request: Request,
        contact: Mapping[str, Any],
        *,
        at: datetime,
        channel: Channel = "online",
    ) -> str:
        """
        Keep a family's request and who asks, whole or not at all.

        Parameters
        ----------
        request
            The need; it is given an identifier.
        contact
            Who asks, and how to be reached.
        at
            Now, with its time zone.
        channel
            How it came in.

        Returns
        -------
        str
            Its identifier, which tells nothing of the family; once it is returned, the request is stored.
        """
        drawn = 0
        while True:
            drawn += 1
            identifier = f"D{at:%y%m%d}-{secrets.token_hex(3).upper()}"
            event = Event(identifier, "received", at, channel=channel)
            try:
                self.store.receive(replace(request, request_id=identifier), event, contact)
            except Conflict:
                # An identifier drawn twice on one day: never over another family's file.
                if drawn == _TRIES:
                    raise
            else:
                return identifier

    def revise(
        self, request: Request, contact: Mapping[str, Any] | None, *, revision: int, by: str
    ) -> int:
        """
        Store a changed need and who asks, if nobody changed the request meanwhile.

        Parameters
        ----------
        request
            As it is now.
        contact
            None to leave it as it is.
        revision
            Its version when it was read.
        by
            Account that changes it.

        Returns
        -------
        int
            Its version now.

        Raises
        ------
        Conflict
            When somebody else was quicker, or the file is gone; nothing is stored.
        """
        return self.store.revise(request, contact, revision=revision, by=by)

    def take_back(self, request_id: str, *, at: datetime) -> bool:
        """Delete a file at its family's wish; an anonymous fact stays. False when it is gone already."""
        return self.store.take_back(
            Event(request_id, "withdrawn", at), closed=lambda life: status_of(life) in CLOSED
        )

    def inbox(self) -> list[Case]:
        """Return every case, newest first; imported requests without a date come last."""
        return self._cases(self.store.events())

    def _cases(self, events: Sequence[Event]) -> list[Case]:
        lives: dict[str, list[Event]] = {}
        for event in events:
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
        """Return one case, with the offers of its places to other families, or raise `NotFound`."""
        request = self.repository.request(request_id)
        events = self.store.events()
        return Case(
            request,
            tuple(event for event in events if event.request_id == request_id),
            self.store.contacts().get(request_id, {}),
            offers_elsewhere(events, request_id, since=datetime.now(UTC) - _REMEMBERED),
        )

    def note(self, *events: Event, seen: int, known: Mapping[Provider, int] | None = None) -> None:
        """
        Add facts; a place that another family was offered is not offered again unknowingly.

        Parameters
        ----------
        *events
            What happened now to one request; several are noted all or not at all.
        seen
            How many facts their author had before the eyes.
        known
            Of each provider proposed, how many offers to other families the author knows of; none when absent.

        Raises
        ------
        Conflict
            When somebody else was quicker; nothing is kept.
        NotFound
            When the file was deleted meanwhile.
        """
        offered = [event for event in events if event.kind == "proposed"]

        def guard(facts: Sequence[Event]) -> None:
            since = datetime.now(UTC) - _REMEMBERED
            elsewhere = offers_elsewhere(facts, events[0].request_id, since=since)
            for event in offered:
                if event.provider is None:
                    continue
                found = elsewhere.get(event.provider, [])
                if len(found) > (known or {}).get(event.provider, 0):
                    raise Conflict("place_offered", request_id=found[-1].request_id)

        self.store.note(events, seen=seen, guard=guard if offered else None)

    def purge(self, on: date) -> Purge:
        """
        Forget the requests whose last fact is too old, whatever their status, and the oldest lines of the trail.

        A request that came by a file and has no fact counts from the last import that wrote it.

        The file goes whole: who asks, address and coordinates, needs, work, household, births. The facts stay: they are
        anonymous, and the activity of past years is counted from them. What is noted or changed while this runs either
        comes first, and keeps the file, or comes after, and is told that the file is gone.

        Parameters
        ----------
        on
            The day that counts; a request is kept up to the very day its months end.

        Returns
        -------
        Purge
            The identifiers of what was forgotten; running again does nothing more.
        """
        parameters = parameter_table("privacy", on)
        months = int(parameters["request_retention_months"])
        trail_months = int(parameters["trail_retention_months"])
        purged = self.store.purge(lambda last: months_after(last, months) < on)
        trail = self.store.purge_trail(lambda noted: months_after(noted, trail_months) < on)
        return Purge(purged, months, trail)

    def activity(self, first: date, last: date) -> Activity:
        """Count a period from the facts."""
        return activity(self.store.events(), first, last)
