"""Invented registries: lawful but for a known share, plausible, the same for the same seed."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import pytest

from rpe_geo.domain import FUNCTIONAL_NEEDS, Child, Childminder, completed_months
from rpe_geo.errors import InputError
from rpe_geo.formats.records import examine, json_of
from rpe_geo.matching.feasibility import evaluate, feasible_mask
from rpe_geo.matching.preferences import check_preferences
from rpe_geo.parameters import parameter_table
from rpe_geo.rules.compiled import compile_registry
from rpe_geo.schedule import QUARTERS_PER_DAY, Timetable, monday_of
from rpe_geo.synthetic.families import typed_by_hand
from rpe_geo.synthetic.places import Place, demonstration_places
from rpe_geo.synthetic.registry import Registry, make_registry, write_registry

TODAY = date(2026, 11, 22)
DAYS = 7 * 30


@pytest.fixture(scope="module")
def places() -> list[Place]:
    return demonstration_places()


@pytest.fixture(scope="module")
def registry(places: list[Place]) -> Registry:
    return make_registry(places, childminders=700, requests=300, seed=3, on=TODAY)


def _records(registry: Registry) -> list[list[dict[str, object]]]:
    parts = (registry.childminders, registry.mams, registry.facilities, registry.requests)
    return [[json_of(record) for record in part] for part in parts]


def test_the_same_seed_gives_the_same_registry(places: list[Place]) -> None:
    again = [
        make_registry(places, childminders=80, requests=30, seed=5, on=TODAY) for _ in range(2)
    ]
    assert _records(again[0]) == _records(again[1])
    other = make_registry(places, childminders=80, requests=30, seed=6, on=TODAY)
    assert other.childminders != again[0].childminders


def test_more_requests_never_change_the_childminders(places: list[Place]) -> None:
    few = make_registry(places, childminders=40, requests=1, on=TODAY)
    many = make_registry(places, childminders=40, requests=60, on=TODAY)
    assert few.childminders == many.childminders
    assert few.facilities == many.facilities
    assert many.requests[0] == few.requests[0]


def test_the_numbers_asked_for(places: list[Place], registry: Registry) -> None:
    assert (len(registry.childminders), len(registry.requests)) == (700, 300)
    ids = [c.childminder_id for c in registry.childminders]
    assert ids == sorted(set(ids))
    nobody = make_registry(places, childminders=0, requests=0, on=TODAY)
    assert nobody.childminders == ()
    assert nobody.requests == ()


def test_impossible_orders_are_refused(places: list[Place]) -> None:
    with pytest.raises(InputError, match="synthetic_count_negative"):
        make_registry(places, childminders=-1, requests=0)
    with pytest.raises(InputError, match="synthetic_no_places"):
        make_registry([], childminders=1, requests=0)


def test_files_are_read_back_without_a_warning(registry: Registry, tmp_path: Path) -> None:
    paths = write_registry(registry, tmp_path)
    assert [path.name for path in paths] == [
        "childminders.json", "mams.json", "facilities.json", "requests.json",
    ]  # fmt: skip
    for path, written in zip(
        paths,
        (registry.childminders, registry.mams, registry.facilities, registry.requests),
        strict=True,
    ):
        reading = examine(path, path.stem)  # type: ignore[arg-type]
        assert reading.faults == ()
        # More than four places is a warning of the law, meant to be there.
        assert {w.code for w in reading.warnings} <= {"agrement_above_four"}
        assert reading.records == written


def test_agrements_are_those_of_the_law_and_of_its_past(registry: Registry) -> None:
    places = Counter(c.agrement.places for c in registry.childminders)
    assert places[4] > places[3] > places[2]
    assert 0 < places[5] + places[6] < 0.05 * 700
    status = Counter(c.agrement.status for c in registry.childminders)
    assert status["active"] > 600
    assert len(status) >= 4
    for childminder in registry.childminders:
        agrement = childminder.agrement
        assert agrement.valid_from is not None
        assert agrement.valid_until is not None
        assert agrement.valid_from <= TODAY <= agrement.valid_until
        if agrement.places > 4:
            assert agrement.valid_from < date(2021, 5, 24)


def _present(childminder: Childminder, first: date) -> np.ndarray:
    """Contracts × quarter-hours from a day on."""
    return np.array(
        [
            c.presence.presence(first, DAYS, week_1=c.start, start=c.start, end=c.end)
            for c in childminder.contracts or ()
        ],
        dtype=bool,
    ).reshape(-1, DAYS * QUARTERS_PER_DAY)


def test_contracts_keep_within_the_places_on_every_day(registry: Registry) -> None:
    """Counted here by hand, a quarter-hour after another, with no help from the rules."""
    first = monday_of(TODAY)
    for childminder in registry.childminders[:250]:
        present = _present(childminder, first)
        agrement = childminder.agrement
        own = childminder.own_children
        together = present.sum(axis=0) if len(present) else np.zeros(1, dtype=int)
        assert together.max() <= agrement.places_offered, childminder.childminder_id
        young = [
            row
            for contract, row in zip(childminder.contracts or (), present, strict=True)
            if contract.child_birth_date is None
            or completed_months(contract.child_birth_date, first) < 36
        ]
        own_young = sum(completed_months(child.birth_date, first) < 36 for child in own)
        if childminder.mam_id is None:
            assert sum(young, np.zeros(1, dtype=int)).max() + own_young <= 4
            assert together.max() + len(own) <= 6


def test_weeks_are_lawful_but_for_a_known_share(registry: Registry) -> None:
    first = monday_of(TODAY)
    long_weeks = 0
    for childminder in registry.childminders[:250]:
        present = _present(childminder, first)
        if not len(present):
            continue
        union = present.any(axis=0)
        hours = union.reshape(30, -1).sum(axis=1) / 4
        long_weeks += bool((hours[:17].mean() > 48) or (hours[13:].mean() > 48))
        for day in union.reshape(DAYS, QUARTERS_PER_DAY):
            busy = np.flatnonzero(day)
            if len(busy) and "night" not in str(childminder.working_hours):
                rests = [b - a for a, b in pairwise(busy.tolist())]
                night = bool(rests) and max(rests) >= 44
                assert night or busy[-1] - busy[0] < 52, childminder.childminder_id
    assert long_weeks <= 0.05 * 250


def test_the_rules_find_few_breaches(places: list[Place]) -> None:
    registry = make_registry(places, childminders=160, requests=40, seed=9, on=TODAY)
    compiled = compile_registry(registry.childminders, registry.mams)
    # A request of all hours adds presence everywhere, so that every breach shows.
    request = replace(
        registry.requests[0],
        children=(Child(date(2026, 10, 1)),),
        start=date(2027, 1, 4),
        schedule=Timetable.parse("Mo-Fr 05:30-21:00"),
        min_hours_share=0.01,
        end=date(2027, 6, 30),
    )
    verdicts = evaluate(compiled, request, today=TODAY)
    breached = [v for v in verdicts if any(w.rule == "existing_breach" for w in v.warnings)]
    assert len(breached) <= 0.05 * 160
    # Neither an empty country nor one where everybody fits.
    share = np.mean(
        [feasible_mask(compiled, asked, today=TODAY).feasible.mean() for asked in registry.requests]
    )
    assert 0.02 < share < 0.4


def test_registries_are_partly_full(registry: Registry) -> None:
    active = [
        c
        for c in registry.childminders
        if c.agrement.status == "active" and c.contracts is not None
    ]
    filled = [len(c.contracts or ()) / c.agrement.places_offered for c in active]
    assert 0.5 < float(np.mean(filled)) < 1.1
    assert any(not c.contracts for c in active)
    assert any(len(c.contracts or ()) > c.agrement.places for c in active), "part-timers who share"


def test_sixty_three_in_a_hundred_work_atypical_hours(registry: Registry) -> None:
    """S26; outside the window of the parameters, by what they offer or do."""
    window = Timetable.parse(parameter_table("atypical_hours", TODAY)["cnaf_default"])
    known = [c.working_hours for c in registry.childminders if c.working_hours]
    share = np.mean([not window.covers(hours) for hours in known])
    assert share == pytest.approx(parameter_table("synthetic", TODAY)["atypical_share"], abs=0.08)
    texts = [str(hours) for hours in known]
    assert any("Sa" in text for text in texts)
    assert any(len(hours) == 2 for hours in known), "cycles of two weeks"
    assert any(re.search(r"-0[4-8]:", text) for text in texts), "nights"


def test_mams_are_small_and_never_more_than_four_are_there(registry: Registry) -> None:
    members: dict[str, list[Childminder]] = {}
    for childminder in registry.childminders:
        if childminder.mam_id:
            members.setdefault(childminder.mam_id, []).append(childminder)
    assert members.keys() == {mam.mam_id for mam in registry.mams}
    for team in members.values():
        assert 2 <= len(team) <= 6
        assert not any(c.own_children for c in team)
        there = sum(_present(c, TODAY).any(axis=0).astype(int) for c in team)
        assert np.max(there) <= 4
        assert len({(c.longitude, c.latitude) for c in team}) == 1


def test_nobody_real_can_be_reached(registry: Registry) -> None:
    for record in (*registry.childminders, *registry.facilities):
        assert re.fullmatch(r"(01 99 00|06 39 98) \d\d \d\d", record.contact.phone or "")
        assert (record.contact.email or "").endswith("@example.org")
        assert (record.contact.email or "").isascii()


def test_publication_is_a_choice(registry: Registry) -> None:
    said = Counter(
        None if c.publication is None else (c.publication.consent, c.publication.address)
        for c in registry.childminders
    )
    assert len(said) >= 4
    for childminder in registry.childminders:
        if childminder.mam_id and childminder.publication and childminder.publication.consent:
            assert childminder.publication.address == "exact"


def test_requests_are_those_of_families(registry: Registry) -> None:
    needs = Counter(need for r in registry.requests for child in r.children for need in child.needs)
    assert set(needs) <= FUNCTIONAL_NEEDS
    assert 0 < sum(needs.values()) <= 0.06 * 300
    assert {r.mode for r in registry.requests} == {"walk", "bike", "car"}
    assert any(len(r.children) == 2 for r in registry.requests)
    assert any(len(r.schedule) == 2 for r in registry.requests)
    assert any(r.work_address for r in registry.requests)
    schools = {f.name for f in registry.facilities if f.kind == "école"}
    asked = {child.school for r in registry.requests for child in r.children} - {None}
    assert asked
    assert asked <= schools
    assert {name for c in registry.childminders for name in c.attributes.schools_served} <= schools
    for request in registry.requests:
        check_preferences(request.preferences)
        assert TODAY < request.start < TODAY + timedelta(days=700)
        assert request.start.weekday() < 5
        assert all(
            child.birth_date <= request.start - timedelta(days=75) for child in request.children
        )
        assert request.address
        assert request.longitude is None


def test_parents_type_addresses_in_many_ways() -> None:
    label = "12 bis Avenue du Général Lachaumette 96100 Montvernelle-sur-Aubrelle"
    rng = Random(1)
    typed = {typed_by_hand(label, rng) for _ in range(300)}
    assert label in typed
    assert "12 bis avenue du general lachaumette 96100 montvernelle-sur-aubrelle" in typed
    assert any("96100" not in text for text in typed)
    assert len(typed) > 12
    assert typed_by_hand("", rng) == ""


def test_points_without_address_give_coordinates() -> None:
    bare = [Place(2.05 + 0.001 * n, 48.9) for n in range(50)]
    registry = make_registry(bare, childminders=30, requests=12, on=TODAY)
    for childminder in registry.childminders:
        assert childminder.address == ""
        assert childminder.longitude is not None
    for request in registry.requests:
        assert request.address == ""
        assert request.longitude is not None
        assert request.work_address is None
    assert any(request.work_longitude is not None for request in registry.requests)


def test_the_parameters_say_their_source() -> None:
    table = parameter_table("synthetic", TODAY)
    for name in table:
        described = table.describe(name)
        assert described.source
        if isinstance(described.value, dict):
            assert sum(described.value.values()) == pytest.approx(1) or name == "capabilities"
