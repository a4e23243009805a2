"""Assignments as the rules, the barème and people would have them; the traps of the domain, one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from rpe_geo.commission.bareme import parse_bareme
from rpe_geo.commission.fixes import Fix
from rpe_geo.commission.lots import lot
from rpe_geo.domain import Agrement, Contract, Facility, LegacyPlaces, Mam
from rpe_geo.errors import InputError, InvalidFile
from rpe_geo.formats.assignments import assignment_json
from rpe_geo.schedule import Timetable
from tests.commission.invented import crowd, family, minder, places, run, unlawful

POINTS = parse_bareme(
    """
    title = "Essai"
    [[criteria]]
    id = "a"
    points = 10
    [[criteria]]
    id = "b"
    points = 3
    maximum = 5
    [[criteria]]
    id = "here"
    points = 8
    at_provider = true
    """,
    "essai.toml",
)


def points(name: str, worth: float, hours: str = "Mo-Fr 08:00-17:00", **more):
    return family(name, hours, criteria={"b": worth}, **more)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("policy", ["points", "welfare", "present"])
def test_everything_assigned_is_lawful_with_everybody_in(policy: str, seed: int) -> None:
    requests, minders = crowd(seed)
    found = run(requests, minders, policy=policy, seed=seed)
    assert places(found)
    assert unlawful(found, minders) == []
    assert found.outcome.plan.value <= found.outcome.bound


def test_welfare_is_never_worth_less_than_points_and_the_bound_is_above_both() -> None:
    for seed in range(6):
        requests, minders = crowd(seed)
        best = run(requests, minders, policy="welfare").outcome
        fair = run(requests, minders, policy="points").outcome
        assert fair.plan.value <= best.plan.value <= best.bound


def test_the_same_seed_gives_the_same_result_and_the_order_of_the_files_changes_nothing() -> None:
    requests, minders = crowd(3)
    first = assignment_json(run(requests, minders, policy="welfare", seed=5))
    again = assignment_json(run(requests[::-1], minders[::-1], policy="welfare", seed=5))
    assert first == again


def test_more_points_come_first_and_equal_points_by_the_published_lot() -> None:
    requests = [points("R-1", 1), points("R-2", 2), points("R-3", 2)]
    found = run(requests, [minder("AM-1")], bareme=POINTS, seed=7)
    (winner,) = places(found)
    assert winner == min(("R-2", "R-3"), key=lambda one: lot(7, one))
    assert [found.case.requests[n].request_id for n in found.waiting][-1] == "R-1"


def test_points_leave_no_envy_and_no_blocking_group() -> None:
    for seed in range(8):
        requests, minders = crowd(seed)
        found = run(requests, minders, seed=seed)
        assert not found.outcome.envies.pairs
        assert not found.outcome.envies.groups
        assert not found.outcome.envies.wasted


def test_points_at_one_provider_are_honoured_by_proposals() -> None:
    requests = [
        family("R-1", criteria={"b": 2.0}, wishes=("AM-1", "AM-2")),
        family("R-2", criteria={"b": 1.0, "here:AM-1": 1.0}, wishes=("AM-1", "AM-2")),
    ]
    found = run(requests, [minder("AM-1"), minder("AM-2")], bareme=POINTS)
    assert places(found) == {"R-1": "AM-2", "R-2": "AM-1"}
    assert found.outcome.proof == "verified"


def test_forty_eight_hours_couple_families_through_the_union_of_their_presences() -> None:
    morning, late = "Mo-Fr 07:00-16:00", "Mo-Fr 10:00-19:00"
    requests = [family("R-1", morning), family("R-2", late), family("R-3", morning)]
    found = run(requests, [minder("AM-1", 3)], policy="welfare")
    # Seven to seven is sixty hours; two mornings together are forty-five.
    assert places(found) == {"R-1": "AM-1", "R-3": "AM-1"}


def test_an_elder_of_four_takes_a_place_but_no_place_of_a_child_under_three() -> None:
    elder = (date(2022, 6, 1),)
    agrement = Agrement(6)
    babies = [family(f"R-{n}") for n in range(5)]
    found = run(babies, [minder("AM-1", 6, agrement=agrement)], policy="welfare")
    assert len(places(found)) == 4
    found = run(
        [*babies[:4], family("R-E", births=elder)],
        [minder("AM-1", 6, agrement=agrement)],
        policy="welfare",
    )
    assert len(places(found)) == 5
    found = run([*babies[:3], family("R-E", births=elder)], [minder("AM-1", 3)], policy="welfare")
    assert len(places(found)) == 3


def test_a_start_in_march_binds_a_start_in_january() -> None:
    requests = [family("R-1"), family("R-2", start=date(2027, 3, 1))]
    assert len(places(run(requests, [minder("AM-1")], policy="welfare"))) == 1
    requests = [family("R-1", end=date(2027, 2, 26)), family("R-2", start=date(2027, 3, 1))]
    assert len(places(run(requests, [minder("AM-1")], policy="welfare"))) == 2


def test_a_family_may_begin_when_another_one_has_ended() -> None:
    requests = [
        family("R-1", end=date(2027, 1, 8)),
        family("R-2", start_tolerance_days=10),
    ]
    found = run(requests, [minder("AM-1")], policy="welfare")
    assert len(places(found)) == 2


def test_a_house_lives_across_its_members() -> None:
    house = Mam("M-1", address="x", members_present_max=1, children_max=20)
    minders = [minder("AM-1", 1, mam_id="M-1"), minder("AM-2", 1, mam_id="M-1")]
    requests = [family("R-1"), family("R-2"), family("R-3", "Sa 08:00-12:00")]
    found = run(requests, minders, mams=[house], policy="welfare")
    assert len(places(found)) == 1
    assert unlawful(found, minders, [house]) == []
    crowded = Mam("M-1", address="x", children_max=1)
    assert len(places(run(requests, minders, mams=[crowded], policy="welfare"))) == 1


def test_siblings_stay_together_or_have_nothing() -> None:
    twins = family("R-1", births=(date(2026, 3, 1), date(2026, 3, 1)))
    assert places(run([twins], [minder("AM-1", 1), minder("AM-2", 1)])) == {}
    found = run([twins], [minder("AM-1", 1), minder("AM-2", 2)])
    assert places(found) == {"R-1": "AM-2"}
    assert found.outcome.metrics["placed"] == 1
    assert found.outcome.metrics["children"] == 2


def test_hours_outside_the_share_occupy_nothing() -> None:
    requests = [
        family("R-1", "Mo-Fr 14:00-20:00", min_hours_share=0.5),
        family("R-2", "Mo-Fr 08:00-12:00"),
        family("R-3", "Sa 08:00-12:00; Mo-Fr 08:00-12:00", min_hours_share=0.8),
    ]
    found = run(requests, [minder("AM-1", 2, "Mo-Fr 08:00-18:00")], policy="welfare")
    assert len(places(found)) == 3


def test_children_pass_from_one_section_to_the_next_during_care() -> None:
    babies = LegacyPlaces(1, 0, 15)
    older = LegacyPlaces(1, 15, 40)
    crib = Facility(
        "F-1",
        "crèche",
        address="x",
        opening_hours=Timetable.parse("Mo-Fr 07:00-19:00"),
        sections=(babies, older),
    )
    baby = family("R-1", births=(date(2026, 6, 1),), end=date(2028, 6, 30))
    toddler = family("R-2", births=(date(2025, 6, 1),), end=date(2027, 7, 31))
    found = run([baby, toddler], [], [crib], policy="welfare")
    assert len(places(found)) == 2
    # The toddler stays on: from September 2027 both would be in the section of the older ones.
    staying = replace(toddler, end=date(2027, 12, 31))
    assert len(places(run([baby, staying], [], [crib], policy="welfare"))) == 1


def test_a_freed_place_counts_only_if_its_holder_moves() -> None:
    held = Contract("C-1", date(2026, 9, 1), Timetable.parse("Mo-Fr 08:00-17:00"), date(2026, 3, 1))
    mover = family("R-1", holds="AM-1", wishes=("AM-2",))
    other = family("R-2", wishes=("AM-1",), births=(date(2026, 1, 1),))
    near = {("R-2", "AM-1"): 5.0, ("R-1", "AM-1"): 5.0, ("R-1", "AM-2"): 5.0, ("R-2", "AM-2"): 99.0}
    minders = [minder("AM-1", contracts=(held,)), minder("AM-2")]
    assert places(run([mover, other], minders, minutes=near)) == {"R-1": "AM-2", "R-2": "AM-1"}
    full = [minder("AM-1", contracts=(held,)), minder("AM-2", hours="Sa 08:00-12:00")]
    for policy in ("points", "welfare", "present"):
        assert places(run([mover, other], full, minutes=near, policy=policy)) == {"R-1": "AM-1"}


def test_envy_is_strict_skips_unlawful_swaps_and_is_not_waste() -> None:
    equal = [points("R-1", 1), points("R-2", 1)]
    found = run(equal, [minder("AM-1")], bareme=POINTS, policy="present")
    assert not found.outcome.envies.pairs
    # The one with more points asks for hours that the other's place does not have.
    apart = [
        points("R-1", 5, "Mo-Fr 08:00-19:00"),
        points("R-2", 1, requested_on=date(2026, 1, 1)),
    ]
    narrow = [minder("AM-1", hours="Mo-Fr 08:00-17:00")]
    assert not run(apart, narrow, bareme=POINTS, policy="present").outcome.envies.pairs
    first = [points("R-1", 5), points("R-2", 1, requested_on=date(2026, 1, 1))]
    found = run(first, [minder("AM-1")], bareme=POINTS, policy="present")
    assert places(found) == {"R-2": "AM-1"}
    assert found.outcome.metrics["envy_pairs"] == 1


def test_reserved_places_are_kept() -> None:
    reserved = parse_bareme(
        '[[criteria]]\nid = "handicap"\npoints = 5\n[[reserved]]\nprovider = "AM-1"\nplaces = 1\ncriterion = "handicap"',
        "r.toml",
    )
    plain = [family("R-1"), family("R-2")]
    assert len(places(run(plain, [minder("AM-1", 2)], bareme=reserved))) == 1
    one = replace(plain[1], criteria={"handicap": 1.0})
    assert len(places(run([plain[0], one], [minder("AM-1", 2)], bareme=reserved))) == 2
    with pytest.raises(InputError, match="quota_too_large"):
        run(plain, [minder("AM-1", 0)], bareme=reserved)


def test_decisions_by_hand_are_kept_and_the_rest_is_worked_out_around_them() -> None:
    requests = [points("R-1", 5), points("R-2", 1)]
    for policy in ("points", "welfare"):
        found = run(
            requests,
            [minder("AM-1")],
            bareme=POINTS,
            policy=policy,
            fixes=(Fix("R-2", "AM-1", "urgence"),),
        )
        assert places(found) == {"R-2": "AM-1"}
        assert any("urgence" in one["reason"] for one in assignment_json(found)["assignments"])
    found = run(requests, [minder("AM-1")], bareme=POINTS, fixes=(Fix("R-1", None, "parti"),))
    assert places(found) == {"R-2": "AM-1"}
    with pytest.raises(InputError, match="fix_unlawful"):
        run([family("R-1", "Su 08:00-12:00")], [minder("AM-1")], fixes=(Fix("R-1", "AM-1", "x"),))
    with pytest.raises(InputError, match="fix_together"):
        run(
            requests,
            [minder("AM-1")],
            fixes=(Fix("R-1", "AM-1", "x"), Fix("R-2", "AM-1", "x")),
        )


def test_a_withdrawal_moves_as_few_as_can_be() -> None:
    requests, minders = crowd(4)
    before = places(run(requests, minders, policy="welfare"))
    left = [one for one in requests if one.request_id != next(iter(before))]
    found = run(left, minders, policy="welfare", previous=before)
    after = places(found)
    kept = [one for one in before if one in {r.request_id for r in left}]
    assert all(after.get(one) == before[one] for one in kept)
    assert len(after) >= len(kept)
    assert unlawful(found, minders) == []


def test_the_worst_off_walk_as_little_as_can_be() -> None:
    near = {("R-1", "AM-1"): 4.0, ("R-1", "AM-2"): 9.0, ("R-2", "AM-1"): 5.0, ("R-2", "AM-2"): 14.0}
    requests = [family("R-1"), family("R-2")]
    found = run(requests, [minder("AM-1"), minder("AM-2")], minutes=near, policy="bottleneck")
    assert places(found) == {"R-1": "AM-2", "R-2": "AM-1"}
    assert found.outcome.metrics["minutes_max"] == 9.0


def test_nobody_placed_is_a_result() -> None:
    for requests, minders in (
        ([], []),
        ([family("R-1")], []),
        ([family("R-1")], [minder("AM-1", 0)]),
    ):
        written = assignment_json(run(requests, minders, compare=True))
        assert written["assignments"] == []
        assert written["gap"] == 0.0
        assert len(written["unassigned"]) == len(requests)


def test_a_family_twice_a_wish_for_nobody() -> None:
    with pytest.raises(InputError, match="family_twice"):
        run([family("R-1"), family("R-1")], [minder("AM-1")])
    with pytest.raises(InputError, match="wish_unknown"):
        run([family("R-1", wishes=("AM-9",))], [minder("AM-1")])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('[[criteria]]\nid = "a\npoints = 1', "bareme_unreadable"),
        ('[[criteria]]\nid = "a"\npoinst = 1', "bareme_key_unknown"),
        ('[[criteria]]\nid = "a"\npoints = "dix"', "bareme_value"),
        ('[[criteria]]\nid = "a"\npoints = -1', "bareme_value"),
        ('[[criteria]]\nid = "a"\npoints = 1\n[[criteria]]\nid = "a"\npoints = 2', "bareme_twice"),
        ('title = "x"', "bareme_empty"),
        (
            '[[criteria]]\nid = "a"\npoints = 1\n[[reserved]]\nprovider = "P"\nplaces = 1\ncriterion = "z"',
            "bareme_value",
        ),
    ],
)
def test_a_bareme_with_a_typing_error_is_refused(text: str, code: str) -> None:
    with pytest.raises(InvalidFile, match=code):
        parse_bareme(text, "b.toml")


def test_of_a_group_only_the_best_line_counts() -> None:
    bareme = parse_bareme(
        '[[criteria]]\nid = "p"\npoints = 12\ngroup = "g"\n[[criteria]]\nid = "q"\npoints = 10\ngroup = "g"',
        "g.toml",
    )
    requests = [family("R-1", criteria={"p": 1.0, "q": 1.0}), family("R-2", criteria={"q": 1.0})]
    found = run(requests, [minder("AM-1", 2)], bareme=bareme)
    assert [float(one) for one in found.ranks.base] == [12.0, 10.0]


def test_two_families_that_fill_the_same_too_long_day_do_not_excuse_each_other() -> None:
    long_day = "Mo 06:00-20:00"
    found = run(
        [family("R-1", long_day), family("R-2", long_day)],
        [minder("AM-1", 2, "Mo 06:00-20:00")],
        policy="welfare",
    )
    assert places(found) == {}


def test_a_lot_is_the_digest_that_anybody_can_compute() -> None:
    assert lot(274916, "R-0019").startswith(
        __import__("hashlib").sha256(b"274916:R-0019").hexdigest()[:20]
    )
    assert np.unique([lot(1, f"R-{n}") for n in range(50)]).size == 50
