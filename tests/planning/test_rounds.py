"""The travelling relais: laws of a round, hours of halls, calendar, poster and the command."""

from __future__ import annotations

import json
from datetime import date
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from rpe_geo.cli import run
from rpe_geo.errors import InputError
from rpe_geo.planning.rounds import (
    GAINS,
    HalfDay,
    Hall,
    admissible,
    dates_of,
    plan_rounds,
)
from rpe_geo.schedule import Span, Timetable

TUESDAY = HalfDay(0, 1, Span(36, 48))


def worth(people, minutes, halls, cutoff):
    counts = (minutes[:, [at for at in halls if at >= 0]] <= cutoff).sum(axis=1)
    return float(people @ np.concatenate([[0], np.cumsum(GAINS)])[np.minimum(counts, 3)])


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_no_other_round_is_worth_more_and_none_as_good_has_a_shorter_longest_way(seed):
    generator = np.random.default_rng(seed)
    people = generator.integers(0, 30, 5).astype(float)
    minutes = generator.integers(1, 40, (5, 3)).astype(float)
    allowed = generator.random((3, 2)) < 0.8
    reach = minutes[:, allowed.any(axis=1)] <= 15
    if not (people[reach.any(axis=1)] > 0).any():
        with pytest.raises(InputError):
            plan_rounds(people, minutes, allowed, cutoff_min=15)
        return
    found = plan_rounds(people, minutes, allowed, cutoff_min=15)
    assert found.proven
    assert all(at < 0 or allowed[at, slot] for slot, at in enumerate(found.halls))
    best = worth(people, minutes, found.halls, 15)
    choices = [[-1, *np.flatnonzero(allowed[:, slot])] for slot in range(2)]
    live = people > 0
    for other in product(*choices):
        if all(at < 0 for at in other):
            continue
        value = worth(people, minutes, other, 15)
        assert value <= best + 1e-6
        if value > best - 1e-9:
            farthest = minutes[live][:, [at for at in other if at >= 0]].min(axis=1).max()
            assert found.minutes[live].max() <= farthest + 1e-6


def test_a_market_and_hours_of_the_hall_are_windows():
    free = Timetable.parse("Mo-Fr 08:00-12:00")
    assert admissible(Hall("A", "A", free), TUESDAY)
    assert not admissible(Hall("A", "A", Timetable.parse("Tu 10:00-14:00")), TUESDAY)
    assert not admissible(Hall("A", "A", free, Timetable.parse("Tu 11:00-13:00")), TUESDAY)
    assert admissible(Hall("A", "A", None, Timetable.parse("Tu 12:00-13:00")), TUESDAY)


def test_a_cycle_of_two_weeks_stands_every_other_week_and_not_on_closed_days():
    found = plan_rounds(np.array([5.0]), np.array([[4.0]]), np.ones((1, 1), bool), cutoff_min=15)
    days = dates_of(
        found,
        (HalfDay(0, 1, Span(36, 48)), HalfDay(1, 2, Span(36, 48)))[:1],
        date(2027, 1, 4),
        date(2027, 1, 31),
        frozenset({date(2027, 1, 12)}),
    )
    assert [one.day.day for one in days] == [5, 19, 26]


def test_nobody_within_reach_and_no_hall_are_said():
    for allowed, code in ((np.zeros((1, 1), bool), "rounds_no_hall"), (np.ones((1, 1), bool), "rounds_nobody")):  # fmt: skip
        with pytest.raises(InputError) as fault:
            plan_rounds(np.array([5.0]), np.array([[40.0]]), allowed, cutoff_min=15)
        assert fault.value.code == code


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "zones.csv").write_text("id,people\nNord,40\nSud,25\nEst,3\n")
    (tmp_path / "salles.csv").write_text(
        "id;name;free_hours;busy_hours\nS1;Salle des fêtes;Mo-Fr 08:00-18:00;Tu 07:00-13:00\n"
        "S2;Médiathèque;;\n"
    )
    (tmp_path / "trajets.csv").write_text(
        "origin_id,destination_id,minutes\nNord,S1,5\nNord,S2,30\nSud,S2,4\nSud,S1,30\nEst,S1,50\n"
    )
    (tmp_path / "fermes.csv").write_text("date,until\n2027-02-08,2027-02-20\n2027-01-05,\n")
    return tmp_path


def asked(folder, output, *more):
    files = [str(folder / name) for name in ("zones.csv", "salles.csv", "trajets.csv")]
    dates = ("--from", "2027-01-04", "--until", "2027-03-31")
    return ["rounds", *files, *dates, *more, "-o", str(folder / output)]


def test_the_command_keeps_out_of_the_market_and_reaches_both(folder, capsys):
    slots = ("--slot", "Tu 09:00-12:00", "--slot", "Th 09:00-12:00", "--weeks", "1")
    closed = ("--closed", str(folder / "fermes.csv"))
    for ending in ("json", "ics", "html", "pdf"):
        assert run(asked(folder, f"r.{ending}", *slots, *closed)) == 0
    assert "65 sur 68" in capsys.readouterr().out.replace("\xa0", " ")
    found = json.loads((folder / "r.json").read_text())
    assert {stop["hall"]: stop["hours"] for stop in found["stops"]} == {
        "S2": "Tu 09:00-12:00",
        "S1": "Th 09:00-12:00",
    }
    assert next(zone for zone in found["zones"] if zone["id"] == "Est")["half_days"] == 0
    dates = {entry["date"] for entry in found["days"]}
    assert not dates & {"2027-01-05", "2027-02-09", "2027-02-18"}
    assert "2027-01-12" in dates
    events = list(Calendar.from_ical((folder / "r.ics").read_bytes()).walk("VEVENT"))
    assert len(events) == len(found["days"])
    summer = next(one for one in events if one.decoded("dtstart").date() == date(2027, 3, 30))
    winter = next(one for one in events if one.decoded("dtstart").date() == date(2027, 1, 12))
    assert (winter.decoded("dtstart").hour, summer.decoded("dtstart").hour) == (8, 7)
    assert len({str(one["uid"]) for one in events}) == len(events)
    assert "Médiathèque" in (folder / "r.html").read_text()


@pytest.mark.parametrize(
    ("more", "word"),
    [
        (("--slot", "Xx 09:00"), "Xx"),
        (("--slot", "off"), "--slot"),
        (("--slot", "Tu 22:00-02:00"), "Tu 22:00-02:00"),
        (("--slot", "Su 02:00-04:00", "--slot", "Su 02:00-04:00"), "deux fois"),
        (("--slot", "Th 09:00-12:00", "--until", "2026-01-01"), "2026-01-01"),
        (("--slot", "Th 09:00-12:00", "--cutoff", "2"), "--cutoff"),
    ],
)
def test_bad_input_is_one_line(folder, capsys, more, word):
    assert run(asked(folder, "bad.json", *more)) == 2
    assert word in capsys.readouterr().err
    assert not (folder / "bad.json").exists()


def test_an_unreadable_hour_of_a_hall_is_named(folder, capsys):
    (folder / "salles.csv").write_text("id,free_hours\nS1,Mo 8h-\n")
    assert run(asked(folder, "bad.json", "--slot", "Th 09:00-12:00")) == 2
    said = capsys.readouterr().err
    assert "salles.csv" in said
    assert "free_hours" in said
