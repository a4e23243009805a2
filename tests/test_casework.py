"""The life of a request: statuses derived from facts, and what is counted from them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpe_geo.desk.activity import Delay, activity, months_of
from rpe_geo.desk.casework import Event, EventKind, append, offers_elsewhere, outcomes, status_of
from rpe_geo.errors import Conflict, InvalidRecord

DAY = datetime(2026, 11, 2, 9, tzinfo=UTC)


def _event(kind: EventKind, days: int = 0, provider: str | None = None, **more: object) -> Event:
    return Event(
        "R-1",
        kind,
        DAY + timedelta(days=days),
        provider_kind="childminder" if provider else None,
        provider_id=provider,
        **more,  # type: ignore[arg-type]
    )


def _life(*events: Event) -> tuple[Event, ...]:
    life: tuple[Event, ...] = ()
    for event in events:
        life = append(life, event)
    return life


def test_a_request_is_proposed_as_long_as_one_answer_is_awaited() -> None:
    life = _life(
        _event("received"),
        _event("proposed", 1, "A"),
        _event("proposed", 1, "B"),
        _event("refused", 2, "A", reason="professional_full"),
    )
    assert status_of(life) == "proposed"
    assert outcomes(life) == {("childminder", "A"): "refused", ("childminder", "B"): "waiting"}
    life = append(life, _event("refused", 3, "B", reason="family_hours"))
    assert status_of(life) == "in_progress"


def test_a_closed_request_is_reopened_before_anything_else() -> None:
    life = _life(_event("received"), _event("unsolved", 9))
    with pytest.raises(Conflict):
        append(life, _event("proposed", 10, "A"))
    life = append(life, _event("reopened", 10))
    assert status_of(append(life, _event("proposed", 11, "A"))) == "proposed"
    with pytest.raises(Conflict):
        append(life, _event("reopened", 12))


def test_only_who_was_proposed_can_answer() -> None:
    with pytest.raises(Conflict):
        append(_life(_event("received")), _event("accepted", 1, "A"))


def test_facts_are_complete() -> None:
    with pytest.raises(InvalidRecord):
        _event("proposed")
    with pytest.raises(InvalidRecord):
        _event("refused", 1, "A")
    with pytest.raises(InvalidRecord):
        _event("vanished")  # type: ignore[arg-type]


def test_a_year_is_counted_from_the_facts() -> None:
    life = _life(
        _event("received", channel="online"),
        _event("contact", 1, channel="phone"),
        _event("proposed", 2, "A"),
        _event("refused", 3, "A", reason="family_distance"),
        _event("proposed", 4, "B"),
        _event("accepted", 10, "B"),
    )
    counted = activity(life, date(2026, 11, 1), date(2026, 11, 30))
    assert (counted.received, counted.solved, counted.proposals) == (1, 1, 2)
    assert counted.refusals == {"family_distance": 1}
    assert counted.contacts == {"online": 1, "phone": 1}
    assert counted.solutions == {"childminder": 1}
    assert counted.median_days_to_solution == 10
    empty = activity(life, date(2027, 1, 1), date(2027, 12, 31))
    assert (empty.received, empty.solved, empty.median_days_to_solution) == (0, 0, None)


@given(st.lists(st.sampled_from(["contact", "withdrawn", "unsolved", "reopened"]), max_size=12))
def test_two_halves_of_a_period_count_as_the_whole(kinds: list[EventKind]) -> None:
    life: tuple[Event, ...] = (_event("received"),)
    for number, kind in enumerate(kinds):
        try:
            life = append(life, _event(kind, number))
        except Conflict:
            continue
    assert activity(life, date(2026, 1, 1), date(2026, 12, 31)).received == 1
    parts = [
        activity(life, date(2026, 1, 1), date(2026, 11, 5)),
        activity(life, date(2026, 11, 6), date(2026, 12, 31)),
    ]
    assert sum(part.received for part in parts) == 1
    assert activity(reversed(life), date(2026, 1, 1), date(2026, 12, 31)) == activity(
        life, date(2026, 1, 1), date(2026, 12, 31)
    )


def test_a_contact_leaves_a_closed_request_closed() -> None:
    life = _life(_event("received"), _event("unsolved", 3), _event("contact", 4))
    assert status_of(life) == "unsolved"


def test_a_week_shared_by_two_is_solved_when_both_said_yes() -> None:
    life = _life(
        _event("received"),
        _event("proposed", 1, "A", shared_with="childminder:B"),
        _event("proposed", 1, "B", shared_with="childminder:A"),
        _event("accepted", 2, "A"),
    )
    assert status_of(life) == "proposed"
    solved = _life(*life, _event("accepted", 3, "B"))
    assert status_of(solved) == "accepted"
    counted = activity(solved, date(2026, 11, 1), date(2026, 11, 30))
    assert (counted.solved, counted.solutions) == (1, {"shared": 1})
    assert counted.solution.median == 3
    half = _life(*life, _event("refused", 3, "B", reason="professional_full"))
    assert status_of(half) == "in_progress"
    assert activity(half, date(2026, 11, 1), date(2026, 11, 30)).solved == 0


def test_offers_to_others_are_those_that_wait_or_were_accepted_lately() -> None:
    others = [
        replace(one, request_id=family)
        for family, life in {
            "waits": [_event("received"), _event("proposed", 1, "A")],
            "took": [_event("received"), _event("proposed", 1, "A"), _event("accepted", 2, "A")],
            "refused": [
                _event("received"),
                _event("proposed", 1, "A"),
                _event("refused", 2, "A", reason="no_answer"),
            ],
            "left": [_event("received"), _event("proposed", 1, "A"), _event("withdrawn", 2)],
        }.items()
        for one in life
    ]
    mine = [_event("received"), _event("proposed", 5, "A")]
    found = offers_elsewhere([*others, *mine], "R-1")["childminder", "A"]
    assert [(offer.request_id, offer.outcome) for offer in found] == [
        ("waits", "waiting"),
        ("took", "accepted"),
    ]
    late = offers_elsewhere(others, "R-1", since=DAY + timedelta(days=30))
    assert [offer.request_id for offer in late["childminder", "A"]] == ["waits"]


def test_waits_are_summarised_and_periods_cut_into_months() -> None:
    assert Delay.of([]) == Delay(0, None, None)
    assert Delay.of([4]) == Delay(1, 4.0, None)
    assert Delay.of([1, 2, 3, 4, 5]).median == 3
    assert months_of(date(2026, 11, 15), date(2027, 1, 3)) == [
        (date(2026, 11, 15), date(2026, 11, 30)),
        (date(2026, 12, 1), date(2026, 12, 31)),
        (date(2027, 1, 1), date(2027, 1, 3)),
    ]
    assert months_of(date(2026, 2, 1), date(2026, 1, 1)) == []
