"""What a relais did in a period, counted from the facts noted on its requests, for its own use and the report to the CAF."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import median, quantiles

from rpe_geo.desk.casework import CLOSED, Event, Provider, outcomes, status_of

__all__ = ["Activity", "Delay", "activity", "months_of"]


@dataclass(frozen=True)
class Delay:
    """
    How long families waited, in days.

    Parameters
    ----------
    count
        Over how many requests.
    median, nine_tenths
        Half waited no longer, nine in ten waited no longer; None without any, the second also for a single one.
    """

    count: int = 0
    median: float | None = None
    nine_tenths: float | None = None

    @classmethod
    def of(cls, days: Sequence[int]) -> Delay:
        """Summarise waits in days."""
        if not days:
            return cls()
        ninth = quantiles(days, n=10, method="inclusive")[-1] if len(days) > 1 else None
        return cls(len(days), float(median(days)), ninth)


@dataclass(frozen=True)
class Activity:
    """
    Counts of a period, for the yearly report to the CAF.

    Parameters
    ----------
    first, last
        Bounds of the period, inclusive.
    received, solved, unsolved, withdrawn
        Requests by what happened to them within the period.
    open_at_end
        Requests received until the last day and not closed on it.
    proposals
        Providers proposed.
    answers
        What became, until the last day, of what was proposed in the period: accepted, refused, waiting to count.
    refusals
        Reason to count.
    contacts
        Channel to count.
    solutions
        Provider kind to count; `shared` for a week shared by two.
    first_answer, first_proposal, solution
        Waits from reception to the first contact or proposal, the first proposal, the acceptance, of what came in the period.
    """

    first: date
    last: date
    received: int
    solved: int
    unsolved: int
    withdrawn: int
    open_at_end: int
    proposals: int
    answers: Mapping[str, int] = field(default_factory=dict)
    refusals: Mapping[str, int] = field(default_factory=dict)
    contacts: Mapping[str, int] = field(default_factory=dict)
    solutions: Mapping[str, int] = field(default_factory=dict)
    first_answer: Delay = Delay()
    first_proposal: Delay = Delay()
    solution: Delay = Delay()

    @property
    def median_days_to_solution(self) -> float | None:
        """From reception to acceptance; None without any solution."""
        return self.solution.median


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
    lives: dict[str, list[Event]] = {}
    # What is noted at the very moment of reception comes after it.
    for event in sorted(events, key=lambda event: (event.at, event.kind != "received")):
        if event.at.date() <= last:
            lives.setdefault(event.request_id, []).append(event)
    inside = [event for life in lives.values() for event in life if event.at.date() >= first]
    solved, ends = [], Counter[str]()
    answers, waits = Counter[str](), _Waits()
    for life in lives.values():
        closing = _last_closing(life, first)
        if closing is not None:
            ends[closing.kind] += 1
            if closing.kind == "accepted":
                solved.append(_solution(life, closing))
        became = outcomes(life)
        answers.update(
            became[provider] for provider in _proposed(life, first) if provider in became
        )
        waits.add(life, first, closing)
    return Activity(
        first=first,
        last=last,
        received=sum(event.kind == "received" for event in inside),
        solved=ends["accepted"],
        unsolved=ends["unsolved"],
        withdrawn=ends["withdrawn"],
        open_at_end=sum(
            life[0].kind == "received" and status_of(life) not in CLOSED for life in lives.values()
        ),
        proposals=sum(event.kind == "proposed" for event in inside),
        answers=answers,
        refusals=Counter(event.reason for event in inside if event.reason is not None),
        contacts=Counter(event.channel for event in inside if event.channel is not None),
        solutions=Counter(solved),
        first_answer=Delay.of(waits.first_answer),
        first_proposal=Delay.of(waits.first_proposal),
        solution=Delay.of(waits.solution),
    )


@dataclass
class _Waits:
    """Days from reception, of the firsts that fall into the period."""

    first_answer: list[int] = field(default_factory=list)
    first_proposal: list[int] = field(default_factory=list)
    solution: list[int] = field(default_factory=list)

    def add(self, life: Sequence[Event], first: date, closing: Event | None) -> None:
        received = next((event.at.date() for event in life if event.kind == "received"), None)
        if received is None:
            return
        for kinds, waits in (
            ({"contact", "proposed"}, self.first_answer),
            ({"proposed"}, self.first_proposal),
        ):
            reached = next((event.at.date() for event in life if event.kind in kinds), None)
            if reached is not None and reached >= first:
                waits.append((reached - received).days)
        if closing is not None and closing.kind == "accepted":
            self.solution.append((closing.at.date() - received).days)


def _last_closing(life: Sequence[Event], first: date) -> Event | None:
    """Find the fact that last closed a request, when it lies in the period."""
    found: Event | None = None
    for number, event in enumerate(life):
        if event.kind in {"accepted", "withdrawn", "unsolved"} and event.at.date() >= first:
            found = event if status_of(life[: number + 1]) in CLOSED else found
    return found


def _solution(life: Sequence[Event], closing: Event) -> str:
    offers = [e for e in life if e.kind == "proposed" and e.provider == closing.provider]
    if offers and offers[-1].shared_with is not None:
        return "shared"
    return closing.provider_kind or "other"


def _proposed(life: Sequence[Event], first: date) -> set[Provider]:
    return {
        event.provider
        for event in life
        if event.kind == "proposed" and event.provider is not None and event.at.date() >= first
    }


def months_of(first: date, last: date) -> list[tuple[date, date]]:
    """Cut a period into its calendar months, the first and the last as far as they belong to it."""
    months, begin = [], first
    while begin <= last:
        following = (begin.replace(day=1) + timedelta(days=32)).replace(day=1)
        months.append((begin, min(last, following - timedelta(days=1))))
        begin = following
    return months
