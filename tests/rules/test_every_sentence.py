"""One case per sentence of INTERFACES §4bis, as `rpe-geo check` answers it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from rpe_geo.formats.records import childminder_of, mam_of, request_of
from rpe_geo.formats.verdicts import verdict_json
from rpe_geo.matching.feasibility import compile_registry, evaluate
from rpe_geo.schedule import Timetable

ON = date(2026, 11, 22)
MON = "2027-01-04"
DAY = "Mo-Fr 08:00-17:30"


def contract(presence, *, start="2026-01-05", end=None, birth="2025-06-01", name="C"):
    return {
        "contract_id": name,
        "child_birth_date": birth,
        "start": start,
        "end": end,
        "presence": presence,
    }


def minder(*contracts, agrement=None, **fields):
    return {
        "childminder_id": fields.pop("childminder_id", "AM"),
        "address": "1 rue des Lilas",
        "agrement": {"places": 4, **(agrement or {})},
        "working_hours": "Mo-Su 00:00-24:00; PH 00:00-24:00",
        "availability_confirmed_on": "2026-11-01",
        "contracts": [item | {"contract_id": f"C-{i}"} for i, item in enumerate(contracts)],
        **fields,
    }


def need(schedule=DAY, *births, **fields):
    children = fields.pop("children", None) or [
        {"birth_date": birth} for birth in (births or ("2026-05-01",))
    ]
    return {
        "request_id": "R",
        "address": "2 rue des Lilas",
        "children": children,
        "start": first_asked_day(schedule),
        "schedule": schedule,
        **fields,
    }


def first_asked_day(schedule):
    timetable = Timetable.parse(schedule)
    first = date.fromisoformat(MON)
    days = (first + timedelta(days=offset) for offset in range(7 * len(timetable)))
    return next(day for day in days if timetable.spans_on(day, first)).isoformat()


def judge(who, asked, *, others=(), mams=(), on=ON):
    registry = compile_registry(
        [childminder_of(record) for record in (who, *others)], [mam_of(mam) for mam in mams]
    )
    (verdict,) = evaluate(registry, request_of(asked), today=on, with_relaxations=True, only=[0])
    return verdict_json(verdict)


def rules(verdict):
    return [refusal["rule"] for refusal in verdict["refusals"]]


def warned(verdict):
    return [warning["rule"] for warning in verdict["warnings"]]


def relaxed(verdict):
    return {change["change"]: change["to"] for change in verdict["relaxations"]}


def refusal(verdict, rule):
    (found,) = [item for item in verdict["refusals"] if item["rule"] == rule]
    return found


# ---- 1 to 7: time, timetables, cycles, horizon, ages, start ------------------------------------------------------


def test_one_leaves_and_another_arrives_at_noon():
    assert judge(
        minder(contract("Mo 08:00-12:00"), agrement={"places": 1}), need("Mo 12:00-18:00")
    )["feasible"]
    verdict = judge(
        minder(contract("Mo 08:00-12:15"), agrement={"places": 1}), need("Mo 12:00-18:00")
    )
    assert refusal(verdict, "places")["when"] == "Mo 12:00-12:15"


def test_the_end_is_a_day_of_care():
    who = minder(contract(DAY, end="2027-01-03"), agrement={"places": 1})
    assert judge(who, need())["start"] == MON
    who = minder(contract(DAY, end=MON), agrement={"places": 1})
    verdict = judge(who, need(start_tolerance_days=1))
    assert verdict["start"] == "2027-01-05"


def test_a_night_begun_on_the_end_date_runs_to_its_end():
    who = minder(contract("Su 20:00-06:00", end="2027-01-03"), agrement={"places": 1})
    verdict = judge(who, need("Mo 05:00-09:00", end=MON))
    assert rules(verdict) == ["places"]
    assert refusal(verdict, "places") | {"message": ""} == {
        "rule": "places",
        "when": "Mo 05:00-06:00",
        "from": MON,
        "have": 2,
        "limit": 1,
        "message": "",
    }


def test_a_night_begun_the_eve_of_the_start_does_not_exist():
    who = minder(contract("Su 20:00-06:00", start=MON), agrement={"places": 1})
    assert judge(who, need("Mo 05:00-09:00", end=MON))["feasible"]


def test_a_cycle_counts_from_the_week_of_its_own_start():
    # The contract's week 1 is the week before the need's, so both are there in the same weeks.
    cycle = ["Mo-Fr 08:00-12:00", "off"]
    who = minder(contract(cycle, start="2026-12-28"), agrement={"places": 1})
    assert judge(who, need(cycle))["feasible"]
    who = minder(contract(cycle, start="2026-12-21"), agrement={"places": 1})
    assert rules(judge(who, need(cycle))) == ["places"]


def test_working_hours_cycles_count_from_the_first_monday_of_2024():
    # 2027-01-04 is 157 weeks after 2024-01-01: an odd number, so week 2 of a cycle of two.
    who = minder(working_hours=["off", "Mo-Fr 08:00-17:30"])
    verdict = judge(who, need(["Mo-Fr 08:00-17:30", "off"]))
    assert verdict["hours_share"] == 1
    assert verdict["feasible"]


def test_the_cycle_of_a_need_keeps_its_weeks_when_care_begins_later():
    who = minder(contract("Mo-Fr 08:00-12:00", end="2027-01-08"), agrement={"places": 1})
    verdict = judge(who, need(["Mo-Fr 08:00-12:00", "Sa 08:00-12:00"], start_tolerance_days=20))
    assert verdict["start"] == "2027-01-16"


def test_public_holidays_count_as_an_eighth_day():
    asked = need("Mo-Fr 08:00-12:00; PH 08:00-12:00", min_hours_share=0.8)
    verdict = judge(minder(working_hours="Mo-Fr 07:00-19:00"), asked)
    assert verdict["hours_share"] == pytest.approx(5 / 6)
    assert verdict["feasible"]
    assert (
        judge(minder(working_hours="Mo-Fr 07:00-19:00; PH 07:00-19:00"), asked)["hours_share"] == 1
    )


def test_without_end_care_is_looked_at_for_24_months():
    late = contract(DAY, start="2029-01-03")
    beyond = contract(DAY, start="2029-01-04")
    verdict = judge(minder(late, agrement={"places": 1}), need())
    assert refusal(verdict, "places")["from"] == "2029-01-03"
    assert relaxed(verdict)["end"] == "2029-01-02"
    assert judge(minder(beyond, agrement={"places": 1}), need())["feasible"]


def test_a_contract_takes_its_place_before_the_birth():
    who = minder(contract(DAY, birth="2027-06-01", start="2027-01-01"), agrement={"places": 1})
    assert "places" in rules(judge(who, need(end="2027-02-01")))


def test_a_later_birthday_frees_an_under_3():
    four = [contract(DAY, birth="2025-06-01")] * 3 + [contract(DAY, birth="2024-01-12")]
    verdict = judge(minder(*four, agrement={"places": 5}), need(start_tolerance_days=14))
    assert verdict["start"] == "2027-01-12"
    assert "agrement_places" in warned(verdict)
    verdict = judge(minder(*four, agrement={"places": 5}), need(start_tolerance_days=7))
    assert rules(verdict) == ["under_3", "start_date"]
    assert refusal(verdict, "under_3")["have"] == 5
    assert relaxed(verdict)["start"] == "2027-01-12"


def test_29_february_becomes_1_march():
    four = [contract(DAY, birth="2025-06-01")] * 3 + [contract(DAY, birth="2024-02-29")]
    asked = need(start="2027-02-26", start_tolerance_days=10)
    assert judge(minder(*four, agrement={"places": 5}), asked)["start"] == "2027-03-01"


def test_an_own_child_to_be_born_counts_from_birth():
    three = [contract(DAY)] * 3
    who = minder(*three, own_children=[{"birth_date": "2027-06-01"}])
    verdict = judge(who, need())
    assert refusal(verdict, "under_3")["from"] == "2027-06-01"
    assert relaxed(verdict)["end"] == "2027-05-31"


def test_an_own_child_turning_eleven_leaves_room():
    own = [
        {"birth_date": birth} for birth in ("2016-01-08", "2017-01-01", "2018-01-01", "2019-01-01")
    ]
    who = minder(contract(DAY), contract(DAY), own_children=own)
    verdict = judge(who, need(start_tolerance_days=10))
    assert verdict["start"] == "2027-01-08"
    assert refusal(judge(who, need()), "under_11")["have"] == 7


def test_care_begins_on_a_day_with_asked_hours():
    assert judge(minder(), need(start="2027-01-02"))["start"] == MON
    assert judge(minder(), need("We 08:00-12:00", start="2027-01-04"))["start"] == "2027-01-06"
    verdict = judge(minder(), need("We 08:00-12:00", start="2027-01-04", end="2027-01-05"))
    assert rules(verdict) == ["start_date"]
    assert "Aucune heure" in verdict["refusals"][0]["message"]
    assert not relaxed(verdict)


def test_a_child_not_yet_born():
    verdict = judge(minder(), need(DAY, "2027-01-20"))
    assert rules(verdict) == ["start_date"]
    assert relaxed(verdict)["start"] == "2027-01-20"
    assert (
        judge(minder(), need(DAY, "2027-01-20", start_tolerance_days=16))["start"] == "2027-01-20"
    )


def test_a_later_start_within_twelve_months():
    for end, found in (("2028-01-03", "2028-01-04"), ("2028-01-04", None)):
        verdict = judge(minder(contract(DAY, end=end), agrement={"places": 1}), need())
        assert relaxed(verdict).get("start") == found
        assert ("start_date" in rules(verdict)) == (found is not None)


def test_refusals_are_those_of_the_wanted_start():
    who = minder(
        contract(DAY), agrement={"places": 1, "status": "ceased"}, working_hours="Mo-Fr 07:00-12:00"
    )
    verdict = judge(
        who, need(DAY, children=[{"birth_date": "2026-05-01", "needs": ["lift"], "school": "A"}])
    )
    assert rules(verdict) == [
        "agrement_status",
        "places",
        "working_hours",
        "functional_need",
        "school_pickup",
    ]
    assert verdict["start"] is None


# ---- 8 and 9: hours, status ---------------------------------------------------------------------------------------


def test_the_share_is_exact_and_at_its_limit():
    who = minder(working_hours="Mo-Th 08:00-17:30")
    assert judge(who, need(min_hours_share=0.8))["feasible"]
    verdict = judge(who, need(min_hours_share=0.81))
    assert refusal(verdict, "working_hours")["when"] == "Fr 08:00-17:30"
    assert verdict["hours_share"] == 0.8
    assert relaxed(verdict) == {"schedule": "Mo-Th 08:00-17:30", "min_hours_share": 0.8}


def test_other_rules_look_at_the_hours_within_working_hours():
    who = minder(
        contract("Fr 08:00-17:30"), agrement={"places": 1}, working_hours="Mo-Th 08:00-17:30"
    )
    assert judge(who, need(min_hours_share=0.8))["feasible"]


def test_unknown_working_hours():
    verdict = judge(minder(working_hours=None), need())
    assert verdict["feasible"]
    assert verdict["hours_share"] == 1
    assert warned(verdict) == ["working_hours_unknown"]


@pytest.mark.parametrize(
    ("agrement", "start"),
    [
        ({"status": "active"}, MON),
        ({"status": "candidate"}, None),
        ({"status": "withdrawn"}, None),
        ({"status": "suspended"}, None),
        ({"status": "suspended", "suspended_until": "2027-01-03"}, MON),
        ({"status": "suspended", "suspended_until": "2027-01-04"}, "2027-01-05"),
        ({"valid_from": "2027-01-04"}, MON),
        ({"valid_from": "2027-01-06"}, "2027-01-06"),
        ({"valid_until": "2027-01-04"}, MON),
        ({"valid_until": "2027-01-03"}, None),
    ],
)
def test_agrement_status(agrement, start):
    verdict = judge(minder(agrement=agrement), need(start_tolerance_days=3))
    assert verdict["start"] == start
    if start is None:
        assert rules(verdict) == ["agrement_status"]


def test_an_agrement_that_ends_during_care():
    assert warned(
        judge(minder(agrement={"valid_until": "2027-06-29"}), need(end="2027-06-30"))
    ) == ["agrement_renewal"]
    assert (
        warned(judge(minder(agrement={"valid_until": "2027-06-30"}), need(end="2027-06-30"))) == []
    )
    assert warned(judge(minder(agrement={"valid_until": "2029-01-02"}), need())) == [
        "agrement_renewal"
    ]
    assert warned(judge(minder(agrement={"valid_until": "2029-01-03"}), need())) == []


# ---- 10 to 12: slots ----------------------------------------------------------------------------------------------


def test_places_offered_and_places():
    verdict = judge(
        minder(*[contract(DAY)] * 3, agrement={"places": 4, "places_offered": 3}), need()
    )
    assert refusal(verdict, "places") | {"message": ""} == {
        "rule": "places",
        "when": DAY,
        "from": MON,
        "have": 4,
        "limit": 3,
        "message": "",
    }
    own = {"own_children": [{"birth_date": "2025-01-01", "presence": "We 00:00-24:00"}]}
    tight = {"places": 4, "own_under_3_takes_place": True}
    verdict = judge(minder(*[contract(DAY, birth="2020-01-01")] * 3, agrement=tight, **own), need())
    assert refusal(verdict, "places") | {"message": ""} == {
        "rule": "places",
        "when": "We 08:00-17:30",
        "from": "2027-01-06",
        "have": 5,
        "limit": 4,
        "message": "",
    }
    assert relaxed(verdict)["schedule"] == "Mo,Tu,Th,Fr 08:00-17:30"
    tight["own_under_3_takes_place"] = False
    assert judge(minder(*[contract(DAY, birth="2020-01-01")] * 3, agrement=tight, **own), need())[
        "feasible"
    ]


def test_two_half_weeks_share_a_place():
    assert judge(
        minder(contract("Mo,Tu 08:00-18:00"), agrement={"places": 1}), need("Th,Fr 08:00-18:00")
    )["feasible"]


def test_under_3_counts_own_children_at_their_hours():
    own = [{"birth_date": "2025-01-01", "presence": "Mo-Fr 17:00-18:00"}]
    verdict = judge(minder(*[contract(DAY)] * 3, own_children=own), need())
    assert refusal(verdict, "under_3")["when"] == "Mo-Fr 17:00-17:30"
    # On 2 January 2028 her own child turns three.
    assert relaxed(verdict) == {"start": "2028-01-03", "schedule": "Mo-Fr 08:00-17:00"}


def test_exceptional_excess_lifts_nothing():
    agrement = {"places": 4, "exceptional_excess": True}
    assert "places" in rules(judge(minder(*[contract(DAY)] * 4, agrement=agrement), need()))


def test_siblings_must_fit_together():
    verdict = judge(minder(*[contract(DAY)] * 3), need(DAY, "2026-05-01", "2024-03-01"))
    assert rules(verdict) == ["places", "under_3", "siblings"]
    assert refusal(verdict, "places")["have"] == 5
    full = judge(minder(*[contract(DAY)] * 4), need(DAY, "2026-05-01", "2024-03-01"))
    assert "siblings" not in rules(full)


def test_legacy_ages():
    bands = [
        {"places": 1, "min_months": 0, "max_months": 18},
        {"places": 1, "min_months": 18, "max_months": 36},
    ]
    who = minder(
        contract("Mo 08:00-12:00", birth="2024-03-01"), agrement={"places": 2, "legacy_ages": bands}
    )
    asked = need("Mo 08:00-12:00", end="2027-02-22")
    assert judge(who, asked)["feasible"]
    who = minder(
        contract("Mo 08:00-12:00", birth="2026-03-01"), agrement={"places": 2, "legacy_ages": bands}
    )
    verdict = judge(who, asked)
    assert (refusal(verdict, "legacy_ages")["have"], refusal(verdict, "legacy_ages")["limit"]) == (
        2,
        1,
    )
    # The asked child turns 18 months on 1 November 2027: from then on, the other band is hers.
    verdict = judge(minder(agrement={"places": 2, "legacy_ages": bands[:1]}), need())
    assert refusal(verdict, "legacy_ages")["from"] == "2027-11-01"
    assert relaxed(verdict)["end"] == "2027-10-31"


def test_mam_members_present():
    house = {"mam_id": "M", "address": "3 rue des Lilas", "members_present_max": 2}
    others = [
        minder(contract("Mo 08:00-12:00"), childminder_id=f"AM-{n}", mam_id="M") for n in (1, 2)
    ]
    verdict = judge(minder(mam_id="M"), need("Mo 08:00-18:00"), others=others, mams=[house])
    assert refusal(verdict, "mam_present") | {"message": ""} == {
        "rule": "mam_present",
        "when": "Mo 08:00-12:00",
        "from": MON,
        "have": 3,
        "limit": 2,
        "message": "",
    }
    there = minder(contract("Mo 08:00-12:00"), mam_id="M")
    assert judge(there, need("Mo 08:00-18:00"), others=others, mams=[house])["feasible"]
    gone = [other | {"agrement": {"places": 4, "status": "ceased"}} for other in others]
    assert judge(minder(mam_id="M"), need("Mo 08:00-18:00"), others=gone, mams=[house])["feasible"]


def test_mam_children():
    house = {"mam_id": "M", "address": "3 rue des Lilas", "children_max": 3}
    others = [minder(*[contract("Mo 08:00-12:00")] * 2, childminder_id="AM-1", mam_id="M")]
    who = minder(mam_id="M", own_children=[{"birth_date": "2025-01-01"}])
    assert judge(who, need("Mo 08:00-18:00"), others=others, mams=[house])["feasible"]
    verdict = judge(
        who, need("Mo 08:00-18:00", "2026-05-01", "2026-05-01"), others=others, mams=[house]
    )
    assert refusal(verdict, "mam_children")["have"] == 4
    assert refusal(verdict, "mam_children")["when"] == "Mo 08:00-12:00"


def test_an_unknown_mam_has_the_limits_of_the_law():
    others = [
        minder(contract("Mo 08:00-12:00"), childminder_id=f"AM-{n}", mam_id="M") for n in range(4)
    ]
    verdict = judge(minder(mam_id="M"), need("Mo 08:00-18:00"), others=others)
    assert refusal(verdict, "mam_present")["have"] == 5
    assert refusal(verdict, "mam_present")["limit"] == 4


# ---- 13 to 18: working time ---------------------------------------------------------------------------------------


def test_a_day_of_13_hours():
    assert judge(minder(contract("Mo 06:00-12:00")), need("Mo 10:00-19:00"))["feasible"]
    verdict = judge(minder(contract("Mo 06:00-12:00")), need("Mo 10:00-19:15"))
    found = refusal(verdict, "daily_rest")
    assert (found["have"], found["limit"], found["from"]) == (13.25, 13, MON)


def test_eleven_hours_after_a_night():
    night = contract("Mo 20:00-06:00")
    assert judge(minder(night), need("Tu 17:00-21:00"))["feasible"]
    verdict = judge(minder(night), need("Tu 16:45-21:00"))
    assert rules(verdict) == ["daily_rest"]
    assert refusal(verdict, "daily_rest")["have"] == 25
    assert judge(minder(night), need("Tu 06:00-09:00"))["feasible"]
    assert rules(judge(minder(night), need("Tu 06:00-09:15"))) == ["daily_rest"]


def test_presences_of_one_date_span_13_hours():
    verdict = judge(minder(contract("Mo 05:00-06:00")), need("Mo 17:00-19:00"))
    assert refusal(verdict, "daily_rest")["have"] == 14


def test_a_breach_that_stands_is_a_warning():
    who = minder(contract("Mo 06:00-20:00"))
    verdict = judge(who, need("Mo 08:00-17:00"))
    assert verdict["feasible"]
    assert warned(verdict) == ["existing_breach"]
    assert rules(judge(who, need("Mo 08:00-20:15"))) == ["daily_rest"]
    assert judge(who, need("Tu 08:00-17:00"))["feasible"]


def test_six_days_in_a_row():
    assert judge(minder(contract("Mo-Fr 08:00-12:00")), need("Sa 08:00-12:00"))["feasible"]
    asked = need(["Su 08:00-12:00", "off"], end="2027-01-10")
    verdict = judge(minder(contract("Mo-Sa 08:00-12:00", end="2027-01-16")), asked)
    assert "consecutive_days" in rules(verdict)
    assert refusal(verdict, "consecutive_days")["from"] == "2027-01-10"


def test_a_night_makes_two_dates():
    # Friday's night ends on Saturday; Sunday follows: seven dates from Monday.
    verdict = judge(
        minder(contract("Mo-Th 08:00-12:00; Fr 20:00-06:00")),
        need("Su 18:00-20:00", end="2027-01-10"),
    )
    # This week, and the next one until Saturday morning.
    assert refusal(verdict, "consecutive_days")["have"] == 13


def test_35_hours_of_rest():
    assert judge(minder(contract("Mo-Fr 08:00-16:00")), need("Sa 08:00-12:00"))["feasible"]
    # Saturday 21:00 to Monday 08:00 is 35 h; a quarter later it is not.
    asked = need("Sa 12:00-21:00", end="2027-01-24")
    assert judge(minder(contract("Mo-Fr 08:00-17:00")), asked)["feasible"]
    verdict = judge(minder(contract("Mo-Fr 08:00-17:00")), need("Sa 12:00-21:15", end="2027-01-24"))
    assert rules(verdict) == ["weekly_rest"]
    assert (refusal(verdict, "weekly_rest")["have"], refusal(verdict, "weekly_rest")["limit"]) == (
        34.75,
        35,
    )
    # A rest in the middle of the week does as well.
    assert judge(
        minder(contract("Mo,Tu 08:00-17:00; Th-Sa 08:00-17:00")),
        need("Su 10:00-12:00", end="2027-01-10"),
    )["feasible"]


def test_a_rest_over_the_edge_counts_where_half_of_it_lies():
    # No other rest is as long as the one from Sunday 06:30 to Monday 17:30: 35 h, half of them in each week.
    who = minder(contract("Mo 17:30-19:00; Tu 12:00-23:00; Th 09:00-10:00; Fr 12:00-13:00"))
    assert judge(who, need("Sa 18:00-06:30", end="2027-01-24"))["feasible"]
    verdict = judge(who, need("Sa 18:00-06:45", end="2027-01-24"))
    found = refusal(verdict, "weekly_rest")
    # The first week still has the rest of the weekend before.
    assert (found["from"], found["have"], found["when"]) == ("2027-01-16", 34.75, "Sa 18:00-06:45")
    # A rest of which 17 h 15 lie in each week counts in none: the one of Tuesday night is then the longest.
    who = minder(contract("Mo 17:15-19:00; Tu 12:00-23:00; Th 09:00-10:00; Fr 12:00-13:00"))
    assert (
        refusal(judge(who, need("Sa 18:00-06:45", end="2027-01-24")), "weekly_rest")["have"] == 34
    )


def test_48_hours_on_average():
    who = minder(contract("Mo-Th 08:00-18:00"))
    assert judge(who, need("Fr 08:00-16:00"))["feasible"]
    verdict = judge(who, need("Fr 08:00-16:15"))
    assert rules(verdict) == ["weekly_hours"]
    assert refusal(verdict, "weekly_hours")["have"] == 48.25
    assert refusal(verdict, "weekly_hours")["limit"] == 48


def test_hours_are_the_union_of_presences():
    who = minder(contract("Mo-Th 08:00-18:00"), contract("Mo-Th 08:00-18:00"))
    assert judge(who, need("Mo-Th 08:00-18:00; Fr 08:00-16:00"))["feasible"]


def test_the_average_looks_at_seventeen_weeks():
    # Sixteen weeks of 51 h and one of none average 48 h; seventeen do not.
    asked = "Mo-Fr 08:00-18:12".replace("18:12", "18:15")  # 51.25 h
    quiet = minder()
    assert judge(quiet, need(asked, end="2027-04-16"))["feasible"]
    assert rules(judge(quiet, need(asked, end="2027-04-30"))) == ["weekly_hours", "start_date"]


def test_with_consent_the_year_counts():
    asked = "Mo-Fr 08:00-18:15"
    consent = {"annual_hours_consent": True}
    assert judge(minder(**consent), need(asked, end="2027-06-30"))["feasible"]
    verdict = judge(minder(**consent), need(asked))
    assert rules(verdict) == ["annual_hours"]
    assert refusal(verdict, "annual_hours")["have"] == pytest.approx(51.25 * 47)
    assert refusal(verdict, "annual_hours")["limit"] == 2250
    # Consent only relaxes: 47.9 h a week pass 2,250 h a year, and break no average.
    assert judge(minder(**consent), need("Mo-Th 08:00-17:30; Fr 08:00-18:00"))["feasible"]


# ---- 19 to 24 -----------------------------------------------------------------------------------------------------


def test_needs_and_schools_are_exact_words():
    who = minder(capabilities=["lift"], attributes={"schools_served": ["Jean Jaurès"]})
    child = {"birth_date": "2024-01-01", "needs": ["lift"], "school": "Jean Jaurès"}
    assert judge(who, need(children=[child]))["feasible"]
    verdict = judge(
        who, need(children=[child | {"needs": ["lift", "medicines"], "school": "jean jaurès"}])
    )
    assert rules(verdict) == ["functional_need", "school_pickup"]
    assert verdict["relaxations"] == []


def test_variable_hours():
    cycle = need(["Mo-Fr 06:00-14:00", "Mo-Fr 13:00-20:00"])
    assert warned(judge(minder(accepts_variable_hours=False), cycle)) == ["variable_hours"]
    assert warned(judge(minder(accepts_variable_hours=None), cycle)) == []
    assert warned(judge(minder(accepts_variable_hours=False), need(["Mo 08:00-12:00"] * 2))) == []


def test_stale_availability():
    assert warned(judge(minder(availability_confirmed_on=None), need())) == ["availability_stale"]
    assert warned(judge(minder(availability_confirmed_on="2026-05-23"), need())) == []  # 183 days
    assert warned(judge(minder(availability_confirmed_on="2026-05-22"), need())) == [
        "availability_stale"
    ]


def test_declared_availabilities_judge_where_contracts_are_unknown():
    declared = [{"hours": "Mo-Fr 08:00-18:00", "places": 1, "from": "2027-01-11", "until": None}]
    who = minder(availabilities=declared)
    del who["contracts"]
    verdict = judge(who, need(start_tolerance_days=14))
    assert verdict["start"] == "2027-01-11"
    verdict = judge(who, need("Mo-Fr 08:00-18:30", "2026-05-01", "2026-05-01"))
    assert rules(verdict) == ["places", "weekly_hours", "working_hours"]
    assert (refusal(verdict, "places")["have"], refusal(verdict, "places")["limit"]) == (2, 0)


def test_with_contracts_and_availabilities_the_stricter_holds():
    declared = [{"hours": "Mo-Fr 08:00-18:00", "places": 1, "from": None, "until": None}]
    both = minder(contract(DAY), contract(DAY), agrement={"places": 2}, availabilities=declared)
    verdict = judge(both, need())
    assert rules(verdict) == ["places"]
    assert "availability_differs" in warned(verdict)
    verdict = judge(minder(availabilities=declared), need("Mo-Fr 12:00-18:30"))
    assert rules(verdict) == ["working_hours"]
    assert warned(verdict) == ["availability_differs"]
    agreed = minder(
        availabilities=declared, agrement={"places": 1}, working_hours="Mo-Fr 08:00-18:00"
    )
    assert warned(judge(agreed, need())) == []


def test_defaults():
    bare = {"childminder_id": "AM", "address": "x", "agrement": {"places": 1}}
    verdict = judge(bare, need())
    assert verdict["feasible"]
    assert warned(verdict) == ["working_hours_unknown", "availability_stale"]


def test_atypical_hours_are_said():
    verdict = judge(minder(), need("Mo-Fr 08:00-18:30; Sa 08:00-12:30"))
    assert verdict["atypical"] == {
        "profile": "cnaf_default",
        "hours_per_week": 4.5,
        "share": pytest.approx(4.5 / 57),
    }


def test_fields_of_a_verdict():
    verdict = judge(minder(), need())
    assert list(verdict) == [
        "request_id",
        "provider_kind",
        "provider_id",
        "childminder_id",
        "feasible",
        "start",
        "hours_share",
        "refusals",
        "warnings",
        "relaxations",
        "atypical",
        "unknown",
    ]
    assert (verdict["start"], verdict["refusals"], verdict["relaxations"]) == (MON, [], [])


def test_a_rate_below_the_minimum_is_told():
    verdict = judge(minder(hourly_rate=1.0), need())
    assert verdict["feasible"]
    (told,) = (one for one in verdict["warnings"] if one["rule"] == "rate_below_minimum")
    assert "2,84" in told["message"]
    assert "rate_below_minimum" not in warned(judge(minder(hourly_rate=4.0), need()))
