"""What is not known of a provider never counts as good news."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from rpe_geo.domain import Agrement, Availability, Child, Childminder, Contract, Facility, Request
from rpe_geo.formats.verdicts import verdict_json
from rpe_geo.matching.feasibility import compile_registry, evaluate
from rpe_geo.matching.unknowns import to_ask, unknowns_of
from rpe_geo.relais.book import ProviderBook
from rpe_geo.relais.location import locate
from rpe_geo.relais.suggest import Suggestions, suggest
from rpe_geo.schedule import Timetable
from rpe_geo.travel.straight_line import StraightLineEngine

TODAY = date(2026, 11, 22)
PLACE = {"longitude": 3.9, "latitude": 43.6}
DAYS = Timetable.parse("Mo-Fr 07:00-19:00")


def minder(number: str, **changes: object) -> Childminder:
    given = {"agrement": Agrement(4), "working_hours": DAYS, "contracts": ()}
    return Childminder(number, **(given | PLACE | changes))


def need(hours: str = "Mo-Fr 08:00-17:30", children: int = 1, **changes: object) -> Request:
    given = {
        "children": (Child(date(2026, 6, 15)),) * children,
        "start": date(2027, 1, 4),
        "schedule": Timetable.parse(hours),
        "mode": "walk",
        "max_minutes": 20,
    }
    return Request("R", **(given | PLACE | changes))


def answer(people, facilities=(), asked: Request | None = None, limit: int = 20) -> Suggestions:
    located = locate(asked or need(), None)
    book = ProviderBook.compile(people, [], facilities)
    return suggest(located, book, StraightLineEngine(on=TODAY), today=TODAY, limit=limit)


CRECHE = Facility("F", "crèche", places=30, opening_hours=DAYS, **PLACE)


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        (minder("A"), ()),
        (minder("A", working_hours=None), ("hours",)),
        (minder("A", contracts=None), ("contracts",)),
        (minder("A", contracts=None, working_hours=None), ("hours", "contracts")),
        (minder("A", contracts=None, availabilities=(Availability(DAYS, 1),)), ()),
        (CRECHE, ("places",)),
        (replace(CRECHE, opening_hours=None), ("places", "hours")),
    ],
)
def test_what_is_not_known(provider, expected):
    assert unknowns_of(provider) == expected
    minders = [provider] if isinstance(provider, Childminder) else []
    others = [] if minders else [provider]
    registry = compile_registry(minders, [], others)
    assert to_ask(registry).tolist() == [bool(expected)]
    (verdict,) = evaluate(registry, need(), today=TODAY)
    assert verdict.feasible
    assert verdict_json(verdict)["unknown"] == list(expected)


def test_the_sure_ones_come_first_however_far():
    far = minder("far", longitude=3.906)
    given = answer([minder("silent", contracts=None), minder("dumb", working_hours=None), far])
    assert given.suggestions[0].verdict.provider_id == "far"
    assert (given.feasible_count, given.to_ask_count, given.refused_count) == (1, 2, 0)
    assert [one.rank for one in given.suggestions] == [1, 2, 3]
    assert (
        answer([minder("silent", contracts=None), far], limit=1).suggestions[0].verdict.provider_id
        == "far"
    )
    assert given.stability.provider_id == "far"


def test_half_of_the_points_that_rest_on_it():
    given = answer(
        [minder("sure"), minder("silent", contracts=None), minder("dumb", working_hours=None)]
    )
    points = {
        one.verdict.provider_id: dict(one.contributions) | {"maximum": one.parts[1].maximum}
        for one in given.suggestions
    }
    assert points["dumb"]["hours"] == points["sure"]["hours"] / 2
    for part in ("start", "continuity"):
        assert points["silent"][part] == points["sure"][part] / 2
        assert points["dumb"][part] == points["sure"][part]
    told = {
        one.verdict.provider_id: {part.name: part.reason for part in one.parts}
        for one in given.suggestions
    }
    assert told["silent"]["start"] == "why_start_unknown"
    assert told["dumb"]["hours"] == "why_hours_unknown"


def test_creches_of_unknown_places_do_not_stop_the_search():
    full = Contract("C", date(2026, 1, 5), Timetable.parse("Mo-Fr 08:00-12:00"))
    people = [
        minder(
            "morning",
            agrement=Agrement(1),
            contracts=(replace(full, presence=Timetable.parse("Mo-Fr 12:00-18:00")),),
        ),
        minder("evening", agrement=Agrement(1), contracts=(full,)),
        minder("later", working_hours=Timetable.parse("Mo-Fr 08:15-19:00")),
    ]
    crowd = [replace(CRECHE, facility_id=f"F-{number}") for number in range(6)]
    given = answer(people, crowd)
    assert (given.feasible_count, given.to_ask_count) == (0, 6)
    assert any(opened.gain == 1 for opened in given.openings)
    assert given.alternatives
