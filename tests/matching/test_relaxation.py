"""Changes that open possibilities: each one verified, counted, priced and said in French."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rpe_geo.domain import Agrement, Child, Childminder, Contract, Facility, Request, RosterDay
from rpe_geo.formats.suggestions import answer_json
from rpe_geo.matching.changes import shifts, trims
from rpe_geo.matching.feasibility import compile_registry, evaluate, feasible_mask
from rpe_geo.matching.relaxation import find_openings
from rpe_geo.matching.unknowns import to_ask
from rpe_geo.messages.matching import opening
from rpe_geo.parameters import parameter_table
from rpe_geo.schedule import Timetable
from tests.matching.registries import PLACE, START, TODAY, registries, requests

SCORING = parameter_table("scoring", TODAY)


def request(schedule, **changes) -> Request:
    given_ = {
        "request_id": "R-1",
        "children": (Child(date(2026, 5, 1)),),
        "start": START,
        "schedule": Timetable.parse(schedule),
        "mode": "walk",
        "max_minutes": 15,
    }
    return Request(**(given_ | PLACE | changes))


def minder(number, hours="Mo-Su 05:00-23:00", **changes) -> Childminder:
    given_ = {"agrement": Agrement(4), "working_hours": Timetable.parse(hours), "contracts": ()}
    return Childminder(childminder_id=f"AM-{number}", **(given_ | PLACE | changes))


def sentences(people, asked, minutes_of=None, **options):
    registry = compile_registry(people)
    found = find_openings(
        registry, asked, today=TODAY, scoring=SCORING, minutes_of=minutes_of, **options
    )
    return [opening(one.relaxation.values).replace("\u00a0", " ") for one in found]


def test_arriving_later_and_leaving_earlier():
    people = [minder(number, "Mo-Fr 07:00-18:00") for number in range(4)]
    assert sentences(people, request("Mo,Tu,Th,Fr 06:30-17:00"))[:2] == [
        "Avec les mêmes horaires 30 min plus tard : 4 possibilités de plus",
        "En arrivant à 7 h au lieu de 6 h 30 : 4 possibilités de plus",
    ]
    people = [minder(1, "Mo-Fr 07:00-18:00"), minder(2, "Mo-Fr 07:00-17:45")]
    assert sentences(people, request("Mo,Tu,Th,Fr 07:00-18:15"))[:2] == [
        "En finissant à 18 h au lieu de 18 h 15 : 1 possibilité de plus",
        "En finissant à 17 h 45 au lieu de 18 h 15 : 2 possibilités de plus",
    ]


def test_without_a_day():
    people = [minder(1, "Mo,Tu,Th,Fr 07:00-19:00")]
    assert "Sans le mercredi : 1 possibilité de plus" in sentences(
        people, request("Mo-Fr 08:00-17:00")
    )


def test_an_earlier_end_before_a_contract_begins():
    def coming(day):
        return Contract("C", day, Timetable.parse("Mo-Fr 08:00-17:00"))

    def told(*starts, **changes):
        people = [
            minder(number, agrement=Agrement(1), contracts=(coming(day),))
            for number, day in enumerate(starts)
        ]
        return sentences(people, request("Mo-Fr 08:00-17:00", **changes))

    assert told(date(2027, 3, 1), date(2027, 6, 7)) == [
        "Jusqu’au 6 juin 2027 seulement, la suite restant à trouver : 1 possibilité de plus",
        "Jusqu’au 28 février 2027 seulement, la suite restant à trouver : 2 possibilités de plus",
    ]
    # Two weeks of care at least, counted from the start asked.
    assert told(date(2027, 1, 18)) == []
    assert told(date(2027, 1, 19)) == [
        "Jusqu’au 18 janvier 2027 seulement, la suite restant à trouver : 1 possibilité de plus"
    ]


def test_an_earlier_end_never_counts_care_of_a_few_days():
    leaving = Contract(
        "C", date(2025, 1, 1), Timetable.parse("Mo-Fr 08:00-17:00"), end=date(2027, 1, 15)
    )
    coming = Contract("D", date(2027, 1, 25), Timetable.parse("Mo-Fr 08:00-17:00"))
    longer = replace(coming, contract_id="E", start=date(2027, 1, 25))
    people = [
        minder(1, agrement=Agrement(1), contracts=(leaving, coming)),
        minder(2, agrement=Agrement(1), contracts=(longer,)),
    ]
    asked = request("Mo-Fr 08:00-17:00", start_tolerance_days=14)
    (opened,) = find_openings(compile_registry(people), asked, today=TODAY, scoring=SCORING)
    assert (opened.change.kind, opened.change.to, opened.rows) == ("end", "2027-01-24", (1,))


def test_an_earlier_end_before_the_age_of_a_creche_is_passed():
    creche = Facility(
        "F-1",
        "creche",
        "Les Coquilles",
        **PLACE,
        opening_hours=Timetable.parse("Mo-Fr 07:00-19:00"),
        age_max_months=36,
    )
    registry = replace(compile_registry([]), facilities=(creche,))
    asked = request("Mo-Fr 08:00-17:00", children=(Child(date(2025, 5, 1)),))
    (opened,) = find_openings(registry, asked, today=TODAY, scoring=SCORING)
    assert (opened.change.to, opened.rows, opened.to_ask) == ("2028-04-30", (), (0,))


def test_two_changes_where_everybody_refuses_one_thing_and_something_more():
    people = [minder(1, "Mo-Fr 07:00-17:00"), minder(2, "Mo-Fr 07:00-12:00")]
    asked = request(
        "Mo-Th 08:00-18:00", children=(Child(date(2024, 1, 1), school="École {du} Lac"),)
    )
    said = sentences(people, asked)
    assert said[0] == (
        "Si quelqu’un d’autre va à l’école « École {du} Lac », et avec les mêmes horaires 1 h plus tôt : "
        "1 possibilité de plus"
    )
    (opened, *_) = find_openings(compile_registry(people), asked, today=TODAY, scoring=SCORING)
    assert opened.change.request.children[0].school is None
    assert opened.change.request.schedule == Timetable.parse("Mo-Th 07:00-17:00")
    written = answer_json(
        "R-1", parameters={}, suggestions=(), refused=(), alternatives=(),
        openings=[opened.relaxation], stability=None, feasible_count=0, to_ask_count=0,
    )  # fmt: skip
    assert written["openings"][0]["besides"] == {"change": "school", "to": None}
    # One change is enough: nothing else is asked of the family.
    only_school = sentences([minder(1)], asked)
    assert only_school == [
        "Si quelqu’un d’autre va à l’école « École {du} Lac » : 1 possibilité de plus"
    ]


def test_the_hours_of_a_roster_can_be_cut():
    roster = (
        RosterDay(date(2027, 1, 4), "08:00-18:00"),
        RosterDay(date(2027, 1, 6), "08:00-17:00"),
    )
    asked = request("off", roster=roster)
    assert "En finissant à 17 h au lieu de 18 h : 1 possibilité de plus" in sentences(
        [minder(1, "Mo-Fr 08:00-17:00")], asked
    )


def test_a_later_start_when_a_place_falls_free():
    leaving = Contract(
        "C", date(2025, 1, 1), Timetable.parse("Mo-Fr 08:00-17:00"), end=date(2027, 1, 22)
    )
    people = [minder(1, agrement=Agrement(1), contracts=(leaving,))]
    assert sentences(people, request("Mo-Fr 08:00-17:00")) == [
        "En commençant le 25 janvier 2027, 21 jours plus tard : 1 possibilité de plus"
    ]
    assert sentences(people, request("Mo-Fr 08:00-17:00", end=date(2027, 1, 15))) == []


def test_a_smaller_part_of_the_hours():
    people = [minder(1, "Mo-Fr 09:00-12:00,14:00-18:00")]
    assert sentences(people, request("Mo-Fr 09:00-18:00"))[-1:] == [
        "En acceptant 75 % des heures au lieu de 100 % : 1 possibilité de plus"
    ]


def test_a_need_met_otherwise_comes_last():
    child = Child(date(2026, 5, 1), needs=frozenset({"medicines"}))
    people = [minder(1)]
    assert sentences(people, request("Mo-Fr 09:00-18:00", children=(child,))) == [
        "Si ce besoin est couvert autrement, aide à la prise de médicaments : 1 possibilité de plus"
    ]


def test_more_minutes_and_another_mode():
    minutes = {"walk": np.array([18.0, 24.0, np.inf]), "bike": np.array([6.0, 8.0, 14.0])}
    people = [minder(number) for number in range(3)]
    assert sentences(people, request("Mo-Fr 09:00-18:00"), minutes.get) == [
        "En acceptant 20 min à pied au lieu de 15 min : 1 possibilité de plus",
        "En se déplaçant à vélo : 3 possibilités de plus",
        "En acceptant 25 min à pied au lieu de 15 min : 2 possibilités de plus",
    ]


def test_nothing_is_looked_for_when_there_are_enough():
    people = [minder(number) for number in range(5)] + [minder(9, "Mo-Fr 09:00-18:00")]
    asked = request("Mo-Th 08:00-18:00")
    assert sentences(people, asked) == []
    assert sentences(people, asked, always=True) != []


def test_trims_and_shifts_of_nights_stay_readable():
    night = request("Fr 20:00-06:00")
    for change in [*trims(night, SCORING), *shifts(night, SCORING)]:
        assert Timetable.parse(change.to) == change.request.schedule
        assert change.cost > 0
    cut = request("Mo,Tu 07:00-08:00,16:30-19:00; Fr 07:00-18:00")
    assert [
        change.to for change in trims(cut, SCORING) if change.reason == "opening_arrive_later"
    ] == [
        "Mo,Tu 07:45-08:00,16:30-19:00; Fr 07:45-18:00",
        "Mo,Tu 07:30-08:00,16:30-19:00; Fr 07:30-18:00",
        "Mo,Tu 07:15-08:00,16:30-19:00; Fr 07:15-18:00",
    ]
    short = request("Mo 08:00-08:15")
    assert list(trims(short, SCORING)) == []
    dawn = request("Mo 00:00-04:00")
    assert {change.reason for change in shifts(dawn, SCORING)} == {"opening_shift_later"}


@settings(max_examples=60, deadline=None)
@given(registries(), requests(), st.data())
def test_what_is_printed_is_feasible(people, asked, data):
    registry = compile_registry(*people)
    count = len(people[0]) + len(people[2])
    minutes = {
        mode: np.array(
            data.draw(st.lists(st.sampled_from([5.0, 17.0, 40.0]), min_size=count, max_size=count))
        )
        for mode in ("walk", "bike")
    }
    fitting = feasible_mask(registry, asked, today=TODAY).feasible & (minutes["walk"] <= 15)
    sure = ~to_ask(registry)
    before = fitting & sure
    found = find_openings(
        registry, asked, today=TODAY, scoring=SCORING, minutes_of=minutes.get, always=True
    )
    costs = [one.change.cost for one in found]
    assert costs == sorted(costs)
    assert len(found) <= SCORING["relaxation_limit"]
    for one in found:
        changed = one.change.request
        brought = [*one.rows, *one.to_ask]
        assert one.useful
        assert not fitting[brought].any()
        assert sure[list(one.rows)].all()
        assert not sure[list(one.to_ask)].any()
        assert all(
            verdict.feasible for verdict in evaluate(registry, changed, today=TODAY, only=brought)
        )
        assert (minutes[changed.mode][brought] <= changed.max_minutes).all()
        if one.change.kind != "children":
            after = feasible_mask(registry, changed, today=TODAY).feasible & sure
            after &= minutes[changed.mode] <= changed.max_minutes
            assert one.gain == after.sum() - before.sum()
        # Exactly one thing changes, and it is what is written; two where it is said.
        kinds = {one.change.kind}
        if "besides" in one.change.values:
            kinds.add(one.change.values["besides"]["change"])
            assert not before.any()
        fields = {{"needs": "children", "school": "children"}.get(kind, kind) for kind in kinds}
        if "end" in kinds:
            # Who begins later in the tolerance would have less than two weeks.
            fields.add("start_tolerance_days")
            assert changed.start_tolerance_days <= asked.start_tolerance_days
        assert replace(changed, **{name: getattr(asked, name) for name in fields}) == asked
        assert opening(one.relaxation.values)
    for one in found:
        assert not any(other.beats(one) for other in found)


def test_a_gain_is_what_is_left_after_the_loss():
    people = [
        minder(1, "Mo-Fr 07:00-17:00"),
        minder(2, "Mo-Fr 08:00-18:00"),
        minder(3, "Mo-Fr 08:00-18:00"),
    ]
    found = sentences(people, request("Mo-Fr 07:30-16:45"))
    # Half an hour later brings two and loses the one who closes at 17.
    assert "Avec les mêmes horaires 30 min plus tard : 1 possibilité de plus" in found
    assert not any("30 min plus tôt" in one for one in found)


def test_a_change_that_brings_no_more_than_a_cheaper_one_is_left_out():
    people = [minder(number, "Mo,Tu,Th,Fr 08:00-18:00; We 08:15-18:00") for number in range(2)]
    found = sentences(people, request("Mo-Fr 08:00-17:00"))
    assert not any(one.startswith(("Sans le mercredi", "En acceptant")) for one in found)


def test_who_must_be_asked_is_told_apart():
    sure, silent = minder(1), minder(2, contracts=None)
    asked = request("Mo-We 04:45-17:00")
    assert "En arrivant à 5 h au lieu de 4 h 45 : 1 possibilité de plus, et 1 à demander" in (
        sentences([sure, silent], asked)
    )
    assert "En arrivant à 5 h au lieu de 4 h 45 : 1 à demander" in sentences([silent], asked)


def test_siblings_taken_one_by_one():
    twins = (Child(date(2026, 5, 1)), Child(date(2026, 5, 1)))
    people = [minder(number, agrement=Agrement(1)) for number in range(3)]
    assert sentences(people, request("Mo-Fr 09:00-17:00", children=twins)) == [
        "Si les 2 enfants sont accueillis séparément : 3 possibilités de plus pour chacun"
    ]


def test_a_school_that_nobody_serves():
    child = Child(date(2022, 5, 1), school="École des Tilleuls")
    assert sentences([minder(1)], request("Mo-Fr 09:00-17:00", children=(child,))) == [
        "Si quelqu’un d’autre va à l’école « École des Tilleuls » : 1 possibilité de plus"
    ]


def test_a_place_that_falls_free_after_many_months():
    leaving = Contract(
        "C", date(2025, 1, 1), Timetable.parse("Mo-Fr 08:00-17:00"), end=date(2027, 8, 31)
    )
    people = [minder(1, agrement=Agrement(1), contracts=(leaving,))]
    (found,) = sentences(people, request("Mo-Fr 08:00-17:00"))
    assert found.startswith("En commençant le 1er septembre 2027")


def test_the_count_is_the_whole_truth():
    people = [minder(number, f"Mo-Fr 0{7 + number}:00-18:00") for number in range(3)]
    registry = compile_registry(people)
    asked = request("Mo,Tu,Th,Fr 06:30-17:00")
    for one in find_openings(registry, asked, today=TODAY, scoring=SCORING):
        mask = feasible_mask(registry, one.change.request, today=TODAY)
        assert mask.feasible.sum() == one.gain
        assert one.relaxation.values["gain"] == one.gain
        assert one.relaxation.to == one.change.to


def test_changes_looked_for_among_the_nearest_are_counted_on_everybody():
    people = [minder(number, "Mo,Tu,Th,Fr 07:00-18:00") for number in range(6)]
    registry = compile_registry(people)
    few = replace(
        SCORING,
        parameters={
            **SCORING.parameters,
            "relaxation_pool": replace(SCORING.describe("relaxation_pool"), value=2),
        },
    )
    (found,) = find_openings(
        registry, request("Mo-Fr 08:00-16:00"), today=TODAY, scoring=few,
        minutes_of=lambda _: np.arange(1.0, 7.0),
    )[:1]  # fmt: skip
    assert found.gain == 6
