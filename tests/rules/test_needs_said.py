"""Needs as families have them: rosters, envelopes, school holidays, adaptation; notice, leave, children at home, excess."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from rpe_geo.errors import RpeGeoError
from rpe_geo.formats.records import childminder_of, json_of, request_of
from rpe_geo.formats.verdicts import verdict_json
from rpe_geo.matching.feasibility import compile_registry, evaluate, feasible_mask
from rpe_geo.rules.plain_need import plain_need
from rpe_geo.rules.school_calendar import school_calendar, zone_of_address

TODAY = date(2026, 11, 30)
PLACE = {"longitude": 3.9, "latitude": 43.6}


def minder(**fields):
    record = {
        "childminder_id": "A",
        "agrement": {"places": 4},
        "working_hours": "Mo-Su 00:00-24:00",
        "contracts": [],
        "availability_confirmed_on": "2026-11-20",
    }
    written = record | PLACE | fields
    written["contracts"] = [
        one | {"contract_id": f"C-{number}"} for number, one in enumerate(written["contracts"])
    ]
    return childminder_of(written)


def contract(hours, birth="2026-01-01", **fields):
    return {
        "contract_id": "C",
        "start": "2026-01-05",
        "child_birth_date": birth,
        "presence": hours,
    } | fields


def need(**fields):
    record = {"request_id": "R", "children": [{"birth_date": "2026-06-15"}], "start": "2027-01-04"}
    if not {"roster", "envelope", "schedule"} & fields.keys():
        record["schedule"] = "Mo-Fr 08:00-17:00"
    return request_of(record | PLACE | fields)


def judge(who, asked, *, relaxed=False):
    registry = compile_registry([who])
    (verdict,) = evaluate(registry, asked, today=TODAY, with_relaxations=relaxed)
    mask = feasible_mask(registry, asked, today=TODAY)
    assert bool(mask.feasible[0]) is verdict.feasible
    return verdict_json(verdict)


def rules(verdict):
    return [one["rule"] for one in verdict["refusals"]]


def warned(verdict):
    return {one["rule"]: one["message"] for one in verdict["warnings"]}


ROSTER = [
    {"date": "2027-01-05", "hours": "06:30-14:30"},
    {"date": "2027-01-07", "hours": "13:00-21:00"},
    {"date": "2027-01-20", "hours": "08:00-10:00,16:00-19:00"},
]


class TestRoster:
    def test_each_date_has_its_hours_and_no_other(self):
        asked = need(roster=ROSTER)
        assert (asked.first_day, asked.end) == (date(2027, 1, 5), date(2027, 1, 20))
        days = {
            asked.start + timedelta(days=number): spans
            for number in range(17)
            if (spans := asked.schedule.spans_on(asked.start + timedelta(days=number), asked.start))
        }
        assert {day.isoformat() for day in days} == {one["date"] for one in ROSTER}
        assert len(days[date(2027, 1, 20)]) == 2

    def test_a_full_hour_on_one_date_refuses_and_beside_it_does_not(self):
        taken = contract("Th 20:00-21:00")
        who = minder(agrement={"places": 1}, contracts=[taken])
        assert rules(judge(who, need(roster=ROSTER))) == ["places"]
        beside = [one | {"hours": one["hours"].replace("21:00", "20:00")} for one in ROSTER]
        assert judge(who, need(roster=beside))["start"] == "2027-01-05"

    def test_a_contract_after_the_last_date_does_not_matter(self):
        later = contract("Mo-Fr 08:00-17:00", start="2027-01-21")
        assert judge(minder(agrement={"places": 1}, contracts=[later]), need(roster=ROSTER))[
            "feasible"
        ]

    def test_it_comes_back_from_a_file(self):
        asked = need(roster=ROSTER)
        written = json_of(asked)
        assert written["schedule"] is None
        assert request_of(written) == asked

    @pytest.mark.parametrize(
        "fields",
        [
            {"roster": ROSTER, "schedule": "Mo 08:00-09:00"},
            {"roster": ROSTER, "envelope": {"hours": "Mo 08:00-09:00", "hours_per_month": 10}},
            {"roster": [*ROSTER, ROSTER[0]]},
            {"roster": [{"date": "2027-01-01", "hours": "08:00-09:00"}]},
            {"roster": [{"date": "2027-01-05", "hours": "8 heures"}]},
        ],
    )
    def test_what_contradicts_itself_is_refused(self, fields):
        with pytest.raises(RpeGeoError):
            need(**fields)


ENVELOPE = {"hours": "Mo-Su 06:00-22:00", "hours_per_month": 120, "known_days_ahead": 30}


class TestEnvelope:
    def test_a_place_must_be_free_over_all_of_it(self):
        free = judge(minder(), need(envelope=ENVELOPE))
        assert free["feasible"]
        assert "13 h" in warned(free)["envelope"].replace("\u00a0", " ")
        one_hour = contract("Su 21:00-22:00")
        assert rules(
            judge(minder(agrement={"places": 1}, contracts=[one_hour]), need(envelope=ENVELOPE))
        ) == ["places"]

    def test_sums_of_hours_count_those_of_a_month(self):
        # 120 h a month are 27.75 h a week, in quarter-hours: 20 h 15 of contracts are 48 h, a quarter more is too much.
        held = contract("Mo-Fr 08:00-12:00; Sa 08:00-08:15")
        assert judge(minder(contracts=[held]), need(envelope=ENVELOPE))["feasible"]
        more = contract("Mo-Fr 08:00-12:00; Sa 08:00-08:30")
        refused = judge(minder(contracts=[more]), need(envelope=ENVELOPE))
        assert rules(refused) == ["weekly_hours"]
        assert refused["refusals"][0]["have"] == pytest.approx(48.25)

    def test_who_does_not_accept_variable_hours_is_told(self):
        told = warned(judge(minder(accepts_variable_hours=False), need(envelope=ENVELOPE)))
        assert "variable_hours" in told

    def test_a_notice_longer_than_the_planning_is_told(self):
        who = minder(min_notice_days=31)
        asked = need(envelope=ENVELOPE, start="2027-03-01")
        assert "30" in warned(judge(who, asked))["min_notice"]
        assert "min_notice" not in warned(judge(minder(min_notice_days=30), asked))

    def test_it_comes_back_from_a_file(self):
        assert request_of(json_of(need(envelope=ENVELOPE))) == need(envelope=ENVELOPE)


class TestSchoolHolidays:
    @pytest.mark.parametrize(
        ("address", "zone"),
        [
            ("1 rue des Lilas 34000 Montpellier", "C"),
            ("1 rue des Lilas, 69003 Lyon", "A"),
            ("1 rue des Lilas 35000 Rennes", "B"),
            ("1 rue des Lilas 97400 Saint-Denis", None),
            ("1 rue des Lilas 20000 Ajaccio", None),
            ("1 rue des Lilas", None),
        ],
    )
    def test_the_zone_of_an_address(self, address, zone):
        assert zone_of_address(address) == zone

    @pytest.mark.parametrize("zone", ["A", "B", "C"])
    def test_days_are_asked_inside_or_outside(self, zone):
        calendar = school_calendar(zone)
        for said in ("only", "except"):
            asked = plain_need(need(school_holidays=said, school_zone=zone))
            assert asked.end == calendar.known_until
            for offset in range((asked.end - asked.start).days + 1):
                day = asked.start + timedelta(days=offset)
                there = bool(asked.schedule.spans_on(day, asked.start))
                wanted = day.weekday() < 5 and calendar.is_holiday(day) == (said == "only")
                assert there == wanted, day
            assert plain_need(asked) == asked

    def test_winter_of_zone_c(self):
        verdict = judge(minder(), need(school_holidays="only", school_zone="C"))
        assert verdict["start"] == "2027-02-08"
        full = contract("Mo-Fr 08:00-17:00", start="2027-02-22", end="2027-03-30")
        who = minder(agrement={"places": 1}, contracts=[full])
        assert judge(who, need(school_holidays="only", school_zone="C"))["feasible"]
        assert rules(judge(who, need(school_holidays="except", school_zone="C")))[0] == "places"

    @pytest.mark.parametrize(
        "fields",
        [
            {"school_holidays": "only"},
            {"school_holidays": "only", "school_zone": "C", "start": "2029-01-08"},
            {
                "school_holidays": "only",
                "school_zone": "C",
                "start": "2027-01-11",
                "end": "2027-01-29",
            },
        ],
    )
    def test_what_is_not_known_is_said(self, fields):
        with pytest.raises(RpeGeoError):
            plain_need(need(**fields))


class TestTold:
    def test_a_notice_puts_the_start_off(self):
        verdict = judge(minder(min_notice_days=60), need(start="2026-12-01"))
        assert verdict["start"] == "2027-01-29"
        assert "29\u00a0janvier 2027" in warned(verdict)["min_notice"]
        on_time = judge(minder(min_notice_days=60), need(start="2027-02-01"))
        assert (on_time["start"], warned(on_time)) == ("2027-02-01", {})

    def test_a_notice_beyond_the_end_must_be_discussed(self):
        verdict = judge(minder(min_notice_days=60), need(start="2026-12-01", end="2026-12-31"))
        assert verdict["start"] == "2026-12-01"
        assert "min_notice" in warned(verdict)

    def test_a_place_that_falls_free_within_the_notice(self):
        full = contract("Mo-Fr 08:00-17:00", end="2027-01-20")
        who = minder(agrement={"places": 1}, contracts=[full], min_notice_days=60)
        assert judge(who, need(start="2026-12-01"))["start"] == "2027-01-29"

    def test_leave_is_told_when_days_are_asked_in_it(self):
        away = minder(leave=[{"from": "2027-02-08", "to": "2027-02-21"}])
        assert "8\u00a0février 2027" in warned(judge(away, need()))["leave"]
        assert "leave" not in warned(judge(away, need(end="2027-02-07")))
        weekend = minder(leave=[{"from": "2027-02-06", "to": "2027-02-07"}])
        assert "leave" not in warned(judge(weekend, need()))

    def test_leave_during_all_of_a_need_refuses(self):
        away = minder(leave=[{"from": "2027-02-08", "to": "2027-02-26"}])
        asked = need(start="2027-02-08", end="2027-02-28")
        assert rules(judge(away, asked)) == ["leave"]
        assert judge(away, need(start="2027-02-08", end="2027-03-01"))["feasible"]

    def test_own_children_at_home_in_school_holidays(self):
        own = {"birth_date": "2024-06-01", "presence": "Mo-Fr 18:00-20:00"}
        babies = [contract("Mo-Fr 08:00-17:00")] * 3
        asked = need(school_zone="C")
        assert "school_holidays" not in warned(
            judge(minder(contracts=babies, own_children=[own]), asked)
        )
        home = own | {"school_holidays_presence": "Mo-Fr 08:00-18:00"}
        verdict = judge(minder(contracts=babies, own_children=[home]), asked)
        assert verdict["feasible"]
        assert "8\u00a0février 2027" in warned(verdict)["school_holidays"]
        two = minder(contracts=babies[:2], own_children=[home])
        assert "school_holidays" not in warned(judge(two, asked))
        nowhere = judge(minder(contracts=babies, own_children=[home]), need())
        assert "zone" in warned(nowhere)["school_holidays"]

    def test_an_excess_is_told_for_a_short_need_and_never_granted(self):
        lunch = contract("Mo,Tu,Th,Fr 11:30-13:30", "2022-02-01")
        babies = [contract("Mo-Fr 08:00-17:00", "2025-03-01")] * 3
        allowed = {"places": 4, "exceptional_excess": True}
        short = need(start="2027-02-08", end="2027-02-26")
        verdict = judge(minder(contracts=[*babies, lunch], agrement=allowed), short)
        assert rules(verdict) == ["places"]
        assert "exceptional_excess_possible" in warned(verdict)
        for who, asked in (
            (minder(contracts=[*babies, lunch], agrement=allowed), need(start="2027-02-08")),
            (minder(contracts=[*babies, lunch]), short),
            # A fifth child under three is beyond any excess.
            (minder(contracts=[*babies, babies[0]], agrement=allowed), short),
        ):
            assert "exceptional_excess_possible" not in warned(judge(who, asked))

    def test_adaptation_before_the_start(self):
        full = contract("Mo-Fr 08:00-17:00", end="2026-12-20")
        who = minder(agrement={"places": 1}, contracts=[full])
        days = {"from": "2026-12-14", "days": 5, "hours": "09:00-11:00"}
        assert "places" in warned(judge(who, need(adaptation=days)))["adaptation"]
        assert not warned(judge(who, need(adaptation=days | {"from": "2026-12-21"})))
        assert not warned(judge(minder(), need(adaptation=days)))

    def test_a_school_that_nobody_serves_and_those_that_exist(self):
        who = minder(attributes={"schools_served": ["École Jean Moulin", "École Calmette"]})
        child = {"birth_date": "2022-06-15", "school": "Ecole J. Moulin"}
        (told,) = judge(who, need(children=[child]))["refusals"]
        assert told["rule"] == "school_pickup"
        assert "École Jean Moulin" in told["message"]
        assert "École Calmette" in told["message"]
