"""Two providers for one week: the rules hold for each part, hands change little, the whole is covered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings

from rpe_geo.domain import Agrement, Child, Childminder, Contract, Facility, Mam, Request
from rpe_geo.matching.combination import find_combinations, part_request
from rpe_geo.matching.feasibility import compile_registry, evaluate, feasible_mask
from rpe_geo.matching.handover import days_of, share_week
from rpe_geo.matching.profiles import Profiles
from rpe_geo.messages.combinations import combination_part, combination_summary
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


def minder(number, hours, **changes) -> Childminder:
    given_ = {"agrement": Agrement(4), "working_hours": Timetable.parse(hours), "contracts": ()}
    return Childminder(childminder_id=f"AM-{number}", **(given_ | PLACE | changes))


def combine(people, asked, *, mams=(), facilities=(), minutes=None, **options):
    registry = compile_registry(people, mams, facilities)
    count = len(people) + len(facilities)
    minutes = np.full(count, 5.0) if minutes is None else np.array(minutes)
    return find_combinations(
        registry, Profiles.compile(registry), asked, today=TODAY, scoring=SCORING,
        minutes=minutes, **options,
    )  # fmt: skip


def said(combination):
    return {part.provider_id: str(part.hours) for part in combination.parts}


def test_two_half_weeks_make_one():
    (found,) = combine(
        [minder(1, "Mo-We 07:00-19:00"), minder(2, "Th,Fr 07:00-19:00")],
        request("Mo-Fr 08:00-17:00"),
    )
    assert said(found) == {"AM-1": "Mo-We 08:00-17:00", "AM-2": "Th,Fr 08:00-17:00"}
    assert (found.handovers_per_week, found.hours_share) == (0, 1)
    assert found.travel_minutes_per_week == 50


def test_an_evening_is_taken_over_by_somebody_near():
    people = [minder(1, "Mo-Fr 07:00-17:15"), minder(2, "Mo-Fr 16:00-21:00")]
    (found,) = combine(
        people, request("Mo,Tu,Th,Fr 07:45-18:15"), minutes=[5, 8], between=lambda *_: 4.0
    )
    # Rather two hours with the second than one: a child is not carried for an hour.
    assert said(found) == {"AM-1": "Mo,Tu,Th,Fr 07:45-16:00", "AM-2": "Mo,Tu,Th,Fr 16:00-18:15"}
    assert (found.handovers_per_week, found.hard) == (4, False)
    assert found.travel_minutes_per_week == 4 * (5 + 4 + 8)


def test_fewest_handovers_come_first_then_the_shortest_ways():
    people = [
        minder(1, "Mo-Fr 07:00-16:00"),
        minder(2, "Mo-Fr 15:00-19:00"),
        minder(3, "Mo,Tu 07:00-19:00"),
        minder(4, "We-Fr 07:00-19:00"),
        minder(5, "We-Fr 07:00-19:00"),
    ]
    found = combine(people, request("Mo-Fr 08:00-17:00"), minutes=[5, 5, 5, 9, 6])
    assert [set(said(one)) for one in found[:3]] == [{"AM-3", "AM-5"}, {"AM-3", "AM-4"}]


def test_a_child_carried_every_day_comes_only_where_nothing_else_does():
    daily = [minder(1, "Mo-Fr 07:00-13:00"), minder(2, "Mo-Fr 12:00-19:00")]
    (alone,) = combine(daily, request("Mo-Fr 08:00-17:00"))
    assert (alone.handovers_per_week, alone.hard) == (5, True)
    halves = [*daily, minder(3, "Mo,Tu 07:00-19:00"), minder(4, "We-Fr 07:00-19:00")]
    assert not any(one.hard for one in combine(halves, request("Mo-Fr 08:00-17:00")))


def test_a_child_moved_before_seven_for_an_hour_is_hard():
    people = [minder(1, "Mo 05:00-06:00"), minder(2, "Mo 06:00-14:00")]
    (found,) = combine(people, request("Mo 05:00-14:00"))
    assert found.hard


def test_who_must_be_asked_comes_after_the_sure_ones():
    people = [
        minder(1, "Mo-We 07:00-19:00"),
        minder(2, "Th,Fr 07:00-19:00", contracts=None),
        minder(3, "Th,Fr 07:00-19:00"),
    ]
    found = combine(people, request("Mo-Fr 08:00-17:00"), minutes=[5, 1, 9])
    assert [(set(said(one)), one.to_ask) for one in found] == [
        ({"AM-1", "AM-3"}, False),
        ({"AM-1", "AM-2"}, True),
    ]


def test_a_full_place_is_seen():
    friday = Contract("C", date(2025, 1, 1), Timetable.parse("Fr 08:00-17:00"))
    people = [
        minder(1, "Mo-Fr 07:00-19:00", agrement=Agrement(1), contracts=(friday,)),
        minder(2, "Fr 07:00-19:00"),
    ]
    (found,) = combine(people, request("Mo-Fr 08:00-17:00"))
    assert said(found) == {"AM-1": "Mo-Th 08:00-17:00", "AM-2": "Fr 08:00-17:00"}


def test_a_long_day_or_week_that_one_may_not_work_is_shared():
    people = [minder(1, "Mo-Su 05:00-23:00"), minder(2, "Mo-Su 05:00-23:00")]
    (week,) = combine(people, request("Mo-Fr 07:00-18:00"))
    assert sorted(str(part.hours) for part in week.parts) == [
        "Mo-We 07:00-18:00",
        "Th,Fr 07:00-18:00",
    ]
    assert week.handovers_per_week == 0
    (long,) = combine(people, request("Mo 06:00-22:00"))
    assert sorted(str(part.hours) for part in long.parts) == ["Mo 06:00-14:00", "Mo 14:00-22:00"]
    assert long.handovers_per_week == 1


def test_a_mam_is_the_sum_of_its_members():
    people = [
        minder(1, "Mo-We 07:00-19:00", mam_id="MAM-1"),
        minder(2, "Th,Fr 07:00-19:00", mam_id="MAM-1"),
    ]
    (found,) = combine(people, request("Mo-Fr 08:00-17:00"), mams=[Mam("MAM-1", **PLACE)])
    assert [(part.provider_kind, part.provider_id) for part in found.parts] == [("mam", "MAM-1")]
    assert (found.handovers_per_week, found.hours_share) == (0, 1)
    evening = minder(3, "Mo-Fr 17:00-20:00")
    both = combine([*people, evening], request("Mo-Fr 10:00-19:30"), mams=[Mam("MAM-1", **PLACE)])
    assert {part.provider_kind for part in both[0].parts} == {"mam", "childminder"}


def test_a_creche_and_a_childminder():
    creche = Facility("F-1", "crèche", opening_hours=Timetable.parse("Mo-Fr 08:00-18:00"), **PLACE)
    (found,) = combine(
        [minder(1, "Mo-Fr 17:00-21:00")], request("Mo-Fr 09:00-20:00"), facilities=[creche]
    )
    assert said(found) == {"F-1": "Mo-Fr 09:00-18:00", "AM-1": "Mo-Fr 18:00-20:00"}


def test_care_at_home_is_the_last_resort():
    people = [minder(1, "Mo-Fr 07:00-18:00")]
    (found,) = combine(people, request("Mo-Fr 09:00-20:30"))
    assert [(part.provider_kind, str(part.hours)) for part in found.parts] == [
        ("childminder", "Mo-Fr 09:00-18:00"), ("home_care", "Mo-Fr 18:00-20:30"),
    ]  # fmt: skip
    assert found.parts[1].provider_id is None
    assert found.travel_minutes_per_week == 5 * 2 * 5
    with_another = combine([*people, minder(2, "Mo-Fr 18:00-21:00")], request("Mo-Fr 09:00-20:30"))
    kinds = [[part.provider_kind for part in one.parts] for one in with_another]
    assert kinds == [["childminder", "childminder"]]


def test_a_part_of_the_hours_may_be_enough():
    people = [minder(1, "Mo,Tu 08:00-18:00"), minder(2, "We,Th 08:00-18:00")]
    asked = request("Mo-Fr 08:00-18:00")
    assert all(
        "home_care" in {part.provider_kind for part in one.parts} for one in combine(people, asked)
    )
    found = combine(people, replace(asked, min_hours_share=0.8))
    assert found[0].hours_share == Fraction(4, 5)


def test_cycles_nights_and_gaps():
    people = [minder(1, "Mo-Fr 05:00-14:00"), minder(2, "Mo-Fr 13:00-22:00")]
    (found,) = combine(people, request(["Mo-Fr 06:00-14:00", "Mo-Fr 13:00-21:00"]))
    assert said(found) == {"AM-1": "Mo-Fr 06:00-14:00 | off", "AM-2": "off | Mo-Fr 13:00-21:00"}
    people = [minder(1, "Mo-Fr 06:00-09:00"), minder(2, "Mo-Fr 16:00-20:00")]
    (gap,) = combine(people, request("Mo,Tu 07:00-08:30,16:30-19:00"))
    assert gap.handovers_per_week == 0
    assert gap.travel_minutes_per_week == 2 * (5 + 5 + 5 + 5)
    people = [minder(1, "Mo-Su 19:00-07:00"), minder(2, "Sa,Su 07:00-19:00")]
    (night,) = combine(people, request("Fr 20:00-06:00; Sa 09:00-17:00"))
    assert said(night) == {"AM-1": "Fr 20:00-06:00", "AM-2": "Sa 09:00-17:00"}


def test_who_is_enough_alone_or_out_of_reach_has_no_part():
    people = [
        minder(1, "Mo-We 07:00-19:00"),
        minder(2, "Th,Fr 07:00-19:00"),
        minder(3, "Mo-Fr 07:00-19:00"),
    ]
    asked = request("Mo-Fr 08:00-17:00")
    mask = feasible_mask(compile_registry(people), asked, today=TODAY)
    found = combine(people, asked, enough=mask.feasible)
    assert {part.provider_id for one in found for part in one.parts} == {"AM-1", "AM-2"}
    assert combine(people, asked, minutes=[16, 17, np.inf]) == []
    assert combine(people, asked, limit=0) == []
    assert combine(people, replace(asked, schedule=Timetable.parse("PH 08:00-17:00"))) == []


def test_sharing_leaves_nothing_out():
    asked = Timetable.parse("Mo-Fr 08:00-18:00")
    everything = np.ones(672, dtype=bool)
    early = Timetable.parse("Mo-Fr 00:00-12:00").slots
    plan = share_week(days_of(asked), [early, everything], 1)
    assert plan.quarters(1) == asked.quarters_per_week
    plan = share_week(days_of(asked), [early, everything], 1, filler=1)
    assert (plan.quarters(0), plan.quarters(1)) == (5 * 16, 5 * 24)
    assert plan.handovers_per_week == 5


def test_sentences():
    assert combination_part("Sylvie", "Mo-Th 07:45-17:15").replace("\u00a0", " ") == (
        "Sylvie : du lundi au jeudi de 7 h 45 à 17 h 15"
    )
    assert combination_part(None, "Mo 18:00-20:00").startswith("Garde à domicile")
    assert combination_summary(Fraction(0), Fraction(1), 50.0).replace("\u00a0", " ") == (
        "Aucun relais dans la journée ; toutes les heures demandées ; 50 min de trajet de l’enfant par semaine."
    )
    assert combination_summary(4, Fraction(9, 10), None).replace("\u00a0", " ") == (
        "4 relais par semaine ; 90 % des heures demandées."
    )


@settings(max_examples=80, deadline=None)
@given(registries(), requests())
def test_no_combination_breaks_a_rule(people, asked):
    registry = compile_registry(*people)
    count = len(people[0]) + len(people[2])
    found = find_combinations(
        registry, Profiles.compile(registry), asked, today=TODAY, scoring=SCORING, minutes=np.full(count, 7.0)
    )  # fmt: skip
    positions = {
        **{one.childminder_id: number for number, one in enumerate(people[0])},
        **{one.facility_id: len(people[0]) + number for number, one in enumerate(people[2])},
    }
    for one in found:
        covered = np.zeros(len(asked.schedule.slots), dtype=int)
        for part in one.parts:
            times = len(covered) // len(part.hours.slots)
            covered += np.tile(part.hours.slots, times)
            if part.provider_id in positions:
                alone = part_request(asked, part.hours)
                (verdict,) = evaluate(
                    registry, alone, today=TODAY, only=[positions[part.provider_id]]
                )
                assert verdict.feasible
        assert covered.max() == 1
        assert not covered[~asked.schedule.slots].any()
        share = Fraction(int(covered.sum()), int(asked.schedule.slots.sum()))
        assert one.hours_share == share
        assert share >= asked.min_hours_share or share == pytest.approx(asked.min_hours_share)


def test_nobody_fills_the_list_while_others_are_left():
    people = [minder(0, "Mo-We 07:00-19:00"), minder(9, "Mo-We 07:00-19:00")]
    people += [minder(number, "Th,Fr 07:00-19:00") for number in range(1, 6)]
    found = combine(people, request("Mo-Fr 08:00-17:00"), minutes=[2, 12, 3, 4, 5, 6, 7])
    assert len(found) == 5
    shown = [part.provider_id for one in found for part in one.parts]
    assert shown.count("AM-0") == 3
    assert [one.travel_minutes_per_week for one in found] == sorted(
        one.travel_minutes_per_week for one in found
    )
    few = combine(people[:1] + people[2:], request("Mo-Fr 08:00-17:00"))
    assert len(few) == 5


def test_two_of_a_mam_may_share_what_one_alone_may_not_work():
    people = [minder(number, "Mo-Su 05:00-23:00", mam_id="MAM-1") for number in (1, 2)]
    (found,) = combine(people, request("Mo-Fr 07:00-18:00"), mams=[Mam("MAM-1", **PLACE)])
    assert {part.provider_id for part in found.parts} == {"AM-1", "AM-2"}
