"""
The life of a request: what happened to it, who was proposed, how it ended.

A file is the ordered list of its events and nothing else: its status is derived, never stored, so that the activity
report of a year to the CAF (docs/sources.md S55–S56) is a count of facts. Events are anonymous but for ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from rpe_geo.errors import Conflict, InvalidRecord, Where

__all__ = [
    "CLOSED",
    "Channel",
    "Event",
    "EventKind",
    "Offer",
    "Outcome",
    "Provider",
    "RefusalReason",
    "Status",
    "agreed_to",
    "append",
    "offers_elsewhere",
    "outcomes",
    "status_of",
]

EventKind = Literal[
    "received",
    "contact",
    "proposed",
    "agreed",
    "accepted",
    "refused",
    "withdrawn",
    "unsolved",
    "reopened",
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

Provider = tuple[str, str]
"""Kind and id."""

_AFTER: Mapping[EventKind, Status] = {
    "received": "new",
    "contact": "in_progress",
    "proposed": "proposed",
    "agreed": "proposed",
    "accepted": "accepted",
    "refused": "in_progress",
    "withdrawn": "withdrawn",
    "unsolved": "unsolved",
    "reopened": "in_progress",
}
CLOSED: frozenset[Status] = frozenset({"accepted", "withdrawn", "unsolved"})


@dataclass(frozen=True)
class Event:
    """
    One fact in the life of a request.

    Parameters
    ----------
    request_id
        Whose life.
    kind
        What happened; `proposed`, `agreed` (the family wishes to meet), `accepted` and `refused` name a provider,
        `refused` a reason.
    at
        When, with its time zone.
    actor
        Account that noted it; empty when the family itself did.
    shared_with
        Of a proposal made of two providers: the other one, « kind:id ».
    """

    request_id: str
    kind: EventKind
    at: datetime
    actor: str = ""
    provider_kind: str | None = None
    provider_id: str | None = None
    reason: RefusalReason | None = None
    channel: Channel | None = None
    shared_with: str | None = None

    @property
    def provider(self) -> Provider | None:
        """Whom it names, by kind and id."""
        if self.provider_kind is None or self.provider_id is None:
            return None
        return (self.provider_kind, self.provider_id)

    def __post_init__(self) -> None:
        if self.kind not in get_args(EventKind):
            raise InvalidRecord("event_unknown", where=Where(field="kind"), kind=self.kind)
        if self.kind in {"proposed", "agreed", "refused"} and self.provider_id is None:
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
    status: Status = "new"
    for number, event in enumerate(events):
        if event.kind == "contact" and status in CLOSED:
            continue
        status = _AFTER[event.kind]
        if status == "accepted" and _is_half(events[: number + 1], event):
            status = "in_progress"
    if status in {"in_progress", "new"} and "waiting" in outcomes(events).values():
        return "proposed"
    return status


def _is_half(events: Sequence[Event], accepted: Event) -> bool:
    """Tell whether somebody said yes to a part of a week whose other part is not accepted."""
    offers = [event for event in events if event.kind == "proposed"]
    offer = next((one for one in reversed(offers) if one.provider == accepted.provider), None)
    if offer is None or offer.shared_with is None:
        return False
    kind, _, identity = offer.shared_with.partition(":")
    return outcomes(events).get((kind, identity)) != "accepted"


def outcomes(events: Iterable[Event]) -> dict[Provider, Outcome]:
    """Return what became of each provider proposed: (kind, id) to waiting, accepted or refused."""
    became: dict[Provider, Outcome] = {}
    for event in events:
        if event.provider is None:
            continue
        match event.kind:
            case "proposed":
                became[event.provider] = "waiting"
            case "accepted":
                became[event.provider] = "accepted"
            case "refused":
                became[event.provider] = "refused"
            case _:
                pass
    return became


def agreed_to(events: Iterable[Event]) -> set[Provider]:
    """Return the providers whom the family wishes to meet, and who did not answer yet."""
    wished: set[Provider] = set()
    for event in events:
        if event.provider is None:
            continue
        if event.kind == "agreed":
            wished.add(event.provider)
        elif event.kind in {"proposed", "accepted", "refused"}:
            wished.discard(event.provider)
    return wished


@dataclass(frozen=True)
class Offer:
    """A place that was proposed to a family and is not free for another: who proposed it, when, and what she said."""

    request_id: str
    provider: Provider
    at: datetime
    actor: str
    outcome: Outcome


def offers_elsewhere(
    events: Iterable[Event], request_id: str, *, since: datetime | None = None
) -> dict[Provider, list[Offer]]:
    """
    Find the places that other families were offered, and did not refuse.

    Parameters
    ----------
    events
        Of all requests, oldest first.
    request_id
        The family that is looked at; its own offers are left out.
    since
        Acceptances noted before are left out: the registry knows of them by now.

    Returns
    -------
    dict of (kind, id) to list of Offer
        Oldest first; nothing of requests that were taken back or closed without solution.
    """
    lives: dict[str, list[Event]] = {}
    for event in events:
        if event.request_id != request_id:
            lives.setdefault(event.request_id, []).append(event)
    found: dict[Provider, list[Offer]] = {}
    for identity, life in lives.items():
        status = status_of(life)
        if status in {"withdrawn", "unsolved"}:
            continue
        for provider, outcome in outcomes(life).items():
            about = [one for one in life if one.provider == provider]
            said = next(one for one in reversed(about) if one.kind in {"proposed", "accepted"})
            late = outcome == "accepted" and since is not None and said.at < since
            if outcome == "refused" or late or (outcome == "waiting" and status == "accepted"):
                continue
            offer = Offer(identity, provider, said.at, said.actor, outcome)
            found.setdefault(provider, []).append(offer)
    return {
        provider: sorted(offers, key=lambda offer: offer.at) for provider, offers in found.items()
    }


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
    closed = status_of(events) in CLOSED
    if closed and event.kind not in {"reopened", "contact"}:
        raise Conflict("request_closed", request_id=event.request_id)
    if not closed and event.kind == "reopened":
        raise Conflict("request_open", request_id=event.request_id)
    answers = event.kind in {"agreed", "accepted", "refused"} and event.provider is not None
    if answers and outcomes(events).get(event.provider or ("", "")) != "waiting":
        raise Conflict("provider_not_proposed", provider_id=event.provider_id)
    return (*events, event)
