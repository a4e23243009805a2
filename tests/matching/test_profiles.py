"""What the ranking knows of each provider: packing counted slot by slot as a second judge, wishes, dates."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpe_geo.domain import (
    Agrement,
    Attributes,
    Availability,
    Child,
    Childminder,
    Contract,
    Facility,
    Mam,
    Request,
)
from rpe_geo.matching.feasibility import compile_registry, feasible_mask
from rpe_geo.matching.occupation import WORDS_PER_WEEK, count_quarters, pack_week
from rpe_geo.matching.profiles import Profiles
from rpe_geo.matching.ranking import rank
from rpe_geo.parameters import parameter_table
from rpe_geo.schedule import Timetable
from rpe_geo.verdicts import Verdict
from tests.matching.registries import PLACE, START, TODAY, registries, requests

SCORING = parameter_table("scoring", TODAY)


def request(schedule="Mo,Tu,Th,Fr 08:00-18:00", children=1, **changes) -> Request:
    return Request(
        request_id="R-1",
        children=(Child(date(2026, 5, 1)),) * children,
        start=START,
        schedule=Timetable.parse(schedule),
        **PLACE,
        **changes,
    )


def minder(hours="Mo-Fr 08:00-18:00", number=1, **changes) -> Childminder:
    given_ = {
        "agrement": Agrement(4),
        "working_hours": None if hours is None else Timetable.parse(hours),
        "contracts": (),
    }
    return Childminder(childminder_id=f"AM-{number}", **(given_ | PLACE | changes))


def contract(hours, **changes) -> Contract:
    return Contract(
        "C", **({"start": date(2025, 9, 1), "presence": Timetable.parse(hours)} | changes)
    )


def packing(childminder, asked):
    profiles = Profiles.compile(compile_registry([childminder]))
    share, used = profiles.packing(np.array([0]), asked, scoring=SCORING)
    return float(share[0]), float(used[0])


def test_a_week_fits_in_eleven_words():
    slots = np.ones(672, dtype=bool)
    assert pack_week(slots).shape == (WORDS_PER_WEEK,)
    assert count_quarters(pack_week(slots)[:, None]).tolist() == [672]


def test_an_empty_place_is_filled_as_far_as_the_need_goes():
    assert packing(minder(), request()) == (pytest.approx(40 / 45), 0)
    assert packing(minder(), request("Mo-Fr 08:00-18:00")) == (1, 0)
    short_week = minder("Mo,Tu 08:00-18:00")
    assert packing(short_week, request("Mo 08:00-18:00")) == (0.5, 0)


def test_completing_a_place_fills_it_more():
    friday_family = minder("Mo-Fr 07:00-19:00", contracts=(contract("We 08:00-13:00"),))
    assert packing(friday_family, request()) == (1, 1)
    other_place = minder("Mo-Fr 07:00-19:00", contracts=(contract("Mo-Fr 08:00-18:00"),))
    assert packing(other_place, request()) == (pytest.approx(40 / 45), 0)


def test_only_contracts_of_the_week_of_the_start_count():
    ended = minder(contracts=(contract("We 08:00-13:00", end=date(2026, 12, 31)),))
    assert packing(ended, request()) == packing(minder(), request())


def test_what_is_not_known_stays_unknown():
    silent = minder(hours=None, contracts=None)
    assert np.isnan(packing(silent, request())).all()
    profiles = Profiles.compile(
        compile_registry([], [Mam("M", **PLACE)], [Facility("F", "crèche", **PLACE)])
    )
    share, _ = profiles.packing(np.array([0, 1]), request(), scoring=SCORING)
    assert np.isnan(share).all()
    assert packing(minder("Sa 08:00-12:00"), request())[0] != 0


def by_hand(childminder, hours, asked):
    """Count the places slot by slot."""
    day = asked.start
    present = np.zeros(672, dtype=int)
    if childminder.contracts is not None:
        for one in childminder.contracts:
            if one.start <= day and (one.end is None or one.end >= day):
                week = (day - one.start).days + one.start.weekday()
                present += one.presence.slots.reshape(-1, 672)[week // 7 % len(one.presence)]
    elif childminder.availabilities:
        free = np.zeros(672, dtype=int)
        for one in childminder.availabilities:
            week = (day - date(2024, 1, 1)).days // 7 % len(one.hours)
            free = np.maximum(free, one.places * one.hours.slots.reshape(-1, 672)[week])
        present = np.maximum(childminder.agrement.places_offered - free, 0)
    if childminder.contracts is None and not childminder.availabilities:
        return np.nan, np.nan
    open_ = np.ones(672, dtype=bool)
    if hours is not None:
        open_ = hours.slots.reshape(-1, 672)[(day - date(2024, 1, 1)).days // 7 % len(hours)]
    wanted = asked.schedule.slots.reshape(-1, 672)[0] & open_
    if not wanted.any():
        return np.nan, np.nan
    children = len(asked.children)
    full = min(open_.sum(), 180)
    after = present + children * wanted
    filled = shared = 0.0
    for slot in np.flatnonzero(wanted):
        for place in range(present[slot] + 1, present[slot] + children + 1):
            filled += min(1.0, ((after >= place) & open_).sum() / full)
            shared += ((present >= place) & open_).any()
    return filled / (children * wanted.sum()), shared / (children * wanted.sum())


@settings(max_examples=60, deadline=None)
@given(registries(), requests())
def test_packing_agrees_with_counting_by_hand(people, asked):
    registry = compile_registry(*people)
    profiles = Profiles.compile(registry)
    shares, used = profiles.packing(np.arange(len(people[0])), asked, scoring=SCORING)
    for row, childminder in enumerate(people[0]):
        pattern = int(registry.hours[row])
        hours = None if pattern < 0 else registry.patterns.timetables[pattern]
        expected = by_hand(childminder, hours, asked)
        assert (shares[row], used[row]) == pytest.approx(expected, nan_ok=True)


def test_wishes_and_dates():
    people = [
        minder(number=1, attributes=Attributes(garden=True, pets=(), smoker=False, languages=("fr", "en"))),
        minder(number=2, mam_id="M", attributes=Attributes(garden=False, pets=("dog",), car=True),
               availability_confirmed_on=date(2026, 10, 1)),
    ]  # fmt: skip
    profiles = Profiles.compile(
        compile_registry(
            people, [Mam("M", **PLACE)], [Facility("F", "crèche", age_max_months=30, **PLACE)]
        )
    )
    assert profiles.provider_ids == ("AM-1", "AM-2", "F", "M")
    assert profiles.wish("garden")[:2].tolist() == [1, 0]
    assert profiles.wish("no_pets")[:2].tolist() == [1, 0]
    assert profiles.wish("home").tolist() == [1, 0, 0, 0]
    assert profiles.wish("mam").tolist() == [0, 1, 0, 1]
    assert profiles.wish("facility").tolist() == [0, 0, 1, 0]
    assert profiles.wish("language_en")[0] == 1
    assert profiles.wish("language_de")[0] == 0
    assert np.isnan(profiles.wish("language_de")[1:]).all()
    assert np.isnan(profiles.wish("no_smoker")[1])
    assert profiles.confirmed_on[[1, 3]].astype(object).tolist() == [date(2026, 10, 1)] * 2
    assert profiles.continuity_until(np.array([0, 2]), request()).astype(object).tolist() == [
        None, date(2028, 10, 31),
    ]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(registries(), requests(), st.integers(1, 10))
def test_no_suggestion_breaks_a_rule(people, asked, limit):
    registry = compile_registry(*people)
    profiles = Profiles.compile(registry)
    mask = feasible_mask(registry, asked, today=TODAY)
    rows = np.flatnonzero(mask.feasible)
    candidates = profiles.candidates(
        rows,
        asked,
        scoring=SCORING,
        start=mask.start[rows],
        hours_share=mask.hours_share[rows],
        travel_min=np.linspace(1, 14, len(rows)),
        verdict_of=lambda row: Verdict(
            asked.request_id, profiles.provider_kinds[rows[row]], profiles.provider_ids[rows[row]],
            True, mask.start[rows[row]].astype(object), Fraction(1),
        ),
    )  # fmt: skip
    shown = rank(candidates, asked, scoring=SCORING, limit=limit)
    assert len(shown) == min(limit, len(rows))
    allowed = {profiles.provider_ids[row] for row in rows}
    assert {one.verdict.provider_id for one in shown} <= allowed


def test_free_hours_end_where_the_places_do():
    people = [
        minder(number=1, agrement=Agrement(2), contracts=(contract("Mo 08:00-12:00"), contract("Mo 10:00-14:00"))),
        minder(number=2, agrement=Agrement(4, 0)),
        minder(number=3, contracts=None, availabilities=(Availability(Timetable.parse("Mo 09:00-11:00"), 1),)),
    ]  # fmt: skip
    profiles = Profiles.compile(compile_registry(people))
    rows = np.arange(3)
    one = count_quarters(profiles.free_bits(rows, START, children=1))
    two = count_quarters(profiles.free_bits(rows, START, children=2))
    assert one.tolist() == [200 - 8, 0, 8]
    assert two.tolist() == [200 - 24, 0, 0]
    assert count_quarters(profiles.presence_bits(rows[:1], START)).tolist() == [24]
