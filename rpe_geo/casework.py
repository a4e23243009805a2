"""
The life of a request: what happened to it, who was proposed, how it ended; and the statistics counted from that.

A file is the ordered list of its events and nothing else: its status is derived, never stored, so that the activity
report of a year to the CAF (docs/sources.md S55–S56) is a count of facts. Events are anonymous but for ids.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from statistics import median
from typing import Literal, get_args

from rpe_geo.errors import Conflict, InvalidRecord, Where

__all__ = [
    "Activity",
    "Channel",
    "Event",
    "EventKind",
    "Outcome",
    "RefusalReason",
    "Status",
    "activity",
    "append",
    "outcomes",
    "status_of",
]

EventKind = Literal[
    "received", "contact", "proposed", "accepted", "refused", "withdrawn", "unsolved", "reopened"
]
Status = Literal["new", "in_progress", "proposed", "accepted", "withdrawn", "unsolved"]
Channel = Literal["online", "phone", "visit", "mail"]
Outcome = Literal["waiting", "accepted", "refused"]
RefusalReason = Literal[
    "family_hours",
    "family_distance",
    "family_cost",
    "family_other_solution",
    "family_choice",
    "professional_full",
    "professional_hours",
    "professional_choice",
    "no_answer",
]

_AFTER: Mapping[EventKind, Status] = {
    "received": "new",
    "contact": "in_progress",
    "proposed": "proposed",
    "accepted": "accepted",
    "refused": "in_progress",
    "withdrawn": "withdrawn",
    "unsolved": "unsolved",
    "reopened": "in_progress",
}
_CLOSED: frozenset[Status] = frozenset({"accepted", "withdrawn", "unsolved"})


@dataclass(frozen=True)
class Event:
    """
    One fact in the life of a request.

    Parameters
    ----------
    request_id
        Whose life.
    kind
        What happened; `proposed`, `accepted` and `refused` name a provider, `refused` a reason.
    at
        When, with its time zone.
    actor
        Account that noted it; empty when the family itself did.
    """

    request_id: str
    kind: EventKind
    at: datetime
    actor: str = ""
    provider_kind: str | None = None
    provider_id: str | None = None
    reason: RefusalReason | None = None
    channel: Channel | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(EventKind):
            raise InvalidRecord("event_unknown", where=Where(field="kind"), kind=self.kind)
        if self.kind in {"proposed", "refused"} and self.provider_id is None:
            raise InvalidRecord("event_without_provider", where=Where(field="provider_id"))
        if self.kind == "refused" and self.reason not in get_args(RefusalReason):
            raise InvalidRecord("event_without_reason", where=Where(field="reason"))


def status_of(events: Sequence[Event]) -> Status:
    """
    Say where a request stands.

    Parameters
    ----------
    events
        Its life, oldest first.

    Returns
    -------
    Status
        `proposed` as long as one proposal waits for an answer.
    """
    if not events:
        return "new"
    status = _AFTER[events[-1].kind]
    if status in {"in_progress", "new"} and "waiting" in outcomes(events).values():
        return "proposed"
    return status


def outcomes(events: Iterable[Event]) -> dict[tuple[str, str], Outcome]:
    """Return what became of each provider proposed: (kind, id) to waiting, accepted or refused."""
    became: dict[tuple[str, str], Outcome] = {}
    for event in events:
        if event.provider_id is None or event.provider_kind is None:
            continue
        provider = (event.provider_kind, event.provider_id)
        match event.kind:
            case "proposed":
                became[provider] = "waiting"
            case "accepted":
                became[provider] = "accepted"
            case "refused":
                became[provider] = "refused"
            case _:
                pass
    return became


def append(events: Sequence[Event], event: Event) -> tuple[Event, ...]:
    """
    Add a fact to the life of a request.

    Parameters
    ----------
    events
        Its life, oldest first.
    event
        What happened now.

    Returns
    -------
    tuple of Event
        The life with the new fact.

    Raises
    ------
    Conflict
        When the request is closed and is not reopened first, or a provider answers who was not proposed.
    """
    closed = status_of(events) in _CLOSED
    if closed and event.kind not in {"reopened", "contact"}:
        raise Conflict("request_closed", request_id=event.request_id)
    if not closed and event.kind == "reopened":
        raise Conflict("request_open", request_id=event.request_id)
    if event.kind in {"accepted", "refused"} and event.provider_id is not None:
        provider = (event.provider_kind or "", event.provider_id)
        if outcomes(events).get(provider) != "waiting":
            raise Conflict("provider_not_proposed", provider_id=event.provider_id)
    return (*events, event)


@dataclass(frozen=True)
class Activity:
    """
    Counts of a period, for the yearly report to the CAF.

    Parameters
    ----------
    received, solved, unsolved, withdrawn
        Requests by what happened to them within the period.
    proposals
        Providers proposed.
    refusals
        Reason to count.
    contacts
        Channel to count.
    solutions
        Provider kind to count.
    median_days_to_solution
        From reception to acceptance; None without any solution.
    """

    first: date
    last: date
    received: int
    solved: int
    unsolved: int
    withdrawn: int
    proposals: int
    refusals: Mapping[str, int] = field(default_factory=dict)
    contacts: Mapping[str, int] = field(default_factory=dict)
    solutions: Mapping[str, int] = field(default_factory=dict)
    median_days_to_solution: float | None = None


def activity(events: Iterable[Event], first: date, last: date) -> Activity:
    """
    Count what happened in a period.

    Parameters
    ----------
    events
        Of all requests, in any order.
    first, last
        Bounds of the period, inclusive.

    Returns
    -------
    Activity
        Counts; a request closed, reopened and closed again counts by its last closing in the period.
    """
    ordered = sorted(events, key=lambda event: event.at)
    received_on = {e.request_id: e.at.date() for e in reversed(ordered) if e.kind == "received"}
    inside = [event for event in ordered if first <= event.at.date() <= last]
    closings = {e.request_id: e for e in inside if _AFTER[e.kind] in _CLOSED}
    ends = Counter(event.kind for event in closings.values())
    solved = [event for event in closings.values() if event.kind == "accepted"]
    days = [
        (event.at.date() - received_on[event.request_id]).days
        for event in solved
        if event.request_id in received_on
    ]
    return Activity(
        first=first,
        last=last,
        received=sum(event.kind == "received" for event in inside),
        solved=len(solved),
        unsolved=ends["unsolved"],
        withdrawn=ends["withdrawn"],
        proposals=sum(event.kind == "proposed" for event in inside),
        refusals=Counter(event.reason for event in inside if event.reason is not None),
        contacts=Counter(event.channel for event in inside if event.channel is not None),
        solutions=Counter(event.provider_kind or "other" for event in solved),
        median_days_to_solution=float(median(days)) if days else None,
    )
