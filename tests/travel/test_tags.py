"""What tags mean: every scenario of the table, its page, and the readers of single values."""

from __future__ import annotations

import json
from datetime import date, datetime, time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpe_geo.parameters import parameter_table
from rpe_geo.travel.mode_search import ModeSearch
from rpe_geo.travel.street import StreetEngine
from rpe_geo.travel.streets.access import access_of, oneway_of
from rpe_geo.travel.streets.conditional import ordinary_day, tags_at
from rpe_geo.travel.streets.france import is_in_france
from rpe_geo.travel.streets.limits import speed_limit
from rpe_geo.travel.streets.network import build_streets
from rpe_geo.travel.streets.sizes import metres_of
from rpe_geo.travel.streets.tags import WayRules, minutes_of

from .conftest import grid_town, places, write_pbf
from .tag_scenarios import SCENARIOS
from .tag_table import MODES, PAGE, PEERS, key_of, ours, page

TODAY = date(2026, 12, 1)


@pytest.fixture(scope="module")
def measured() -> list[tuple[str, str]]:
    return ours(SCENARIOS)


def test_every_scenario_is_right(measured):
    wrong = {
        key_of(scenario): (found, (scenario.forward, scenario.backward))
        for scenario, found in zip(SCENARIOS, measured, strict=True)
        if found != (scenario.forward, scenario.backward)
    }
    assert wrong == {}


def test_the_page_is_the_table(measured):
    """After a wanted change: python -m tests.travel.tag_table."""
    assert PAGE.read_text("utf-8") == page(measured, json.loads(PEERS.read_text("utf-8")))


def test_there_are_many_scenarios_each_once_with_a_source():
    assert len(SCENARIOS) * len(MODES) >= 400
    assert len({key_of(scenario) for scenario in SCENARIOS}) == len(SCENARIOS)
    assert all(scenario.source for scenario in SCENARIOS)


@pytest.mark.parametrize(
    ("tags", "mode", "direction", "access"),
    [
        ({"access": "no", "foot": "yes"}, "walk", None, "open"),
        ({"vehicle:backward": "no", "bicycle": "yes"}, "bike", "backward", "open"),
        ({"bicycle": "yes", "bicycle:backward": "no"}, "bike", "backward", "closed"),
        ({"bicycle": "yes", "bicycle:backward": "no"}, "bike", "forward", "open"),
        ({"motor_vehicle": "agricultural;destination"}, "car", None, "ends"),
        ({"access": "private"}, "pushchair", None, "ends"),
        ({"access": "whatever"}, "car", None, None),
        ({}, "car", "forward", None),
    ],
)
def test_the_most_specific_key_speaks(tags, mode, direction, access):
    assert access_of(tags, mode, direction) == access


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("00:20", 20),
        ("1:05", 65),
        ("00:00:30", 0.5),
        ("15", 15),
        ("PT20M", 20),
        ("PT1H30M", 90),
        ("P1DT1H", 1500),
        ("20 min", 20),
        ("1 h 10 min", 70),
        ("soon", None),
        ("PT", None),
        ("", None),
        (None, None),
    ],
)
def test_durations(text, minutes):
    assert minutes_of(text) == minutes


@pytest.mark.parametrize(
    ("text", "metres"),
    [("2", 2), ("2,1 m", 2.1), ("70 cm", 0.7), ("6'7\"", 2.0066), ("default", None), (None, None)],
)
def test_lengths(text, metres):
    assert metres_of(text) == (None if metres is None else pytest.approx(metres))


@pytest.mark.parametrize(
    ("tags", "limit"),
    [
        ({"maxspeed": "50"}, 50),
        ({"maxspeed": "30 mph"}, pytest.approx(48.28, abs=0.01)),
        ({"maxspeed": "FR:urban"}, 50),
        ({"zone:maxspeed": "FR:30"}, 30),
        ({"zone:maxspeed": "30"}, 30),
        ({"maxspeed:type": "FR:zone30"}, 30),
        ({"source:maxspeed": "FR:zone20"}, 20),
        ({"zone:maxspeed": "FR:30", "source:maxspeed": "FR:urban"}, 30),
        ({"maxspeed": "50", "zone:maxspeed": "FR:30"}, 50),
        ({"highway": "residential", "zone:traffic": "FR:urban"}, 50),
        ({"highway": "service", "zone:traffic": "FR:urban"}, None),
        ({"maxspeed": "50", "maxspeed:backward": "30"}, 30),
        ({"maxspeed": "signals"}, None),
    ],
)
def test_speed_limits(tags, limit):
    words = parameter_table("speeds", TODAY)["limit_kph"]
    assert speed_limit(tags, words, "backward") == limit


@pytest.mark.parametrize(
    ("value", "at", "said"),
    [
        ("no @ (Mo-Fr 08:00-09:00)", "2026-12-01T08:30", "no"),
        ("no @ (Mo-Fr 08:00-09:00)", "2026-12-05T08:30", "yes"),
        ("no @ (Mo-Fr 08:00-09:00); destination @ (Tu)", "2026-12-01T08:30", "destination"),
        ("no @ 08:00-09:00", "2026-12-01T08:30", "no"),
        ("no @ (Mo-Fr 08:00-09:00; PH off)", "2026-12-25T08:30", "yes"),
        ("no @ (weight>3.5)", "2026-12-01T08:30", "yes"),
        ("no @ (08:00-09:00 AND weight>3.5)", "2026-12-01T08:30", "yes"),
        ("no @ residents", "2026-12-01T08:30", "yes"),
        ("no @", "2026-12-01T08:30", "yes"),
        ("", "2026-12-01T08:30", "yes"),
    ],
)
def test_conditions(value, at, said):
    tags = {"motor_vehicle": "yes", "motor_vehicle:conditional": value}
    assert tags_at(tags, datetime.fromisoformat(at))["motor_vehicle"] == said


def test_an_ordinary_day_is_a_tuesday():
    assert ordinary_day(time(8, 15)).weekday() == 1
    assert ordinary_day(time(8, 15)).time() == time(8, 15)


@pytest.mark.parametrize(
    ("longitude", "latitude", "inside"),
    [
        (2.35, 48.86, True),
        (7.75, 48.58, True),
        (3.06, 50.63, True),
        (-4.49, 48.39, True),
        (8.74, 41.93, True),
        (55.45, -20.88, True),
        (8.69, 49.41, False),
        (7.42, 43.735, False),
        (6.14, 46.20, False),
        (4.35, 50.85, False),
        (-2.11, 49.19, False),
        (0.0, 0.0, False),
    ],
)
def test_what_lies_in_france(longitude, latitude, inside):
    assert is_in_france(longitude, latitude) is inside


KEYS = (
    "access",
    "foot",
    "bicycle",
    "vehicle",
    "motor_vehicle",
    "oneway",
    "stroller",
    "width",
    "maxspeed",
)


@given(
    st.dictionaries(
        st.sampled_from([*KEYS, *(f"{key}:backward" for key in KEYS), *(f"{key}:conditional" for key in KEYS)]),
        st.one_of(st.sampled_from(["yes", "no", "private", "-1", "30", "no @ (08:00-09:00)", ";", "@"]), st.text(max_size=12)),
    ),
    st.sampled_from(["residential", "footway", "steps", "elevator", "motorway", "odd", ""]),
)  # fmt: skip
def test_no_tags_are_too_odd_to_read(tags, highway):
    rules = WayRules(parameter_table("speeds", TODAY))
    meaning = rules.way(tags | {"highway": highway})
    if meaning is not None:
        assert all(speed >= 0 for pair in meaning.speeds.values() for speed in pair)
        walk = meaning.speeds.get("walk", (0.0, 0.0))
        pram = meaning.speeds.get("pushchair", (0.0, 0.0))
        assert all(slow <= fast for slow, fast in zip(pram, walk, strict=True))
    rules.node(tags | {"barrier": highway})
    assert oneway_of(tags, "oneway") in {None, "both", "forward", "backward"}


def test_a_gate_for_those_who_live_there_opens_on_their_street_alone(town):
    # A dead end behind a private gate, and a way through another: both sides of the second are large.
    nodes = {
        1: (0, 0), 2: (1000, 0), 3: (2000, 0), 4: (2000, 3000), 5: (0, 3000),
        6: (1000, 200, {"barrier": "gate", "access": "private"}), 7: (1000, 500),
        8: (1000, 1500, {"barrier": "gate", "access": "private"}), 9: (1000, 3000),
    }  # fmt: skip
    road = {"highway": "residential"}
    ways = [([1, 2, 3, 4, 9, 5, 1], road), ([2, 6, 7], road), ([7, 8, 9], road)]
    engine = town(nodes, ways)
    for mode in ("walk", "bike", "car"):
        doors = places((1000, -10), (1000, 450), (1000, 2700), (0, 3010))
        minutes = engine.travel_times(doors, doors, mode=mode, cutoff_min=300).to_numpy()
        route = engine.routes(doors.iloc[0], doors.iloc[[1, 3]], mode=mode)
        assert route[0].distance_m < 600  # the door behind the gate
        assert route[1].distance_m > 3900  # not through both gates
        assert minutes[0, 1] == pytest.approx(route[0].travel_time_min, abs=1e-4)
        assert minutes[0, 3] == pytest.approx(route[1].travel_time_min, abs=1e-4)


def test_an_area_that_alone_joins_two_towns_is_no_barrier(town):
    road = {"highway": "residential"}
    nodes = {
        1: (0, 0), 2: (3000, 0), 3: (0, 500), 4: (3000, 500),
        5: (5000, 0), 6: (8000, 0), 7: (5000, 500), 8: (8000, 500),
    }  # fmt: skip
    ways = [
        ([1, 2, 4, 3, 1], road), ([5, 6, 8, 7, 5], road), ([2, 5], road | {"motor_vehicle": "private"}),
    ]  # fmt: skip
    engine = town(nodes, ways)
    minutes = engine.travel_times(places((0, 0)), places((8000, 0)), mode="car", cutoff_min=300)
    assert minutes.iloc[0, 0] < 30


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 11), max_size=9), st.integers(0, 35))
def test_both_searches_agree_on_areas_of_restricted_access(tmp_path_factory, private, home):
    nodes, rows = grid_town(6, 300)
    ways = []
    for number, (refs, tags) in enumerate(rows):
        for part, pair in enumerate(pairwise(refs)):
            mine = private.count(number) and part in private
            ways.append((list(pair), tags | ({"access": "private"} if mine else {})))
    folder = tmp_path_factory.mktemp("areas")
    build_streets(write_pbf(folder / "a.osm.pbf", nodes, ways), folder / "streets")
    spots = places(*[(x + 40, y + 3) for x, y in nodes.values()])
    tables = []
    for without in (False, True):
        engine = StreetEngine(folder / "streets")
        with pytest.MonkeyPatch.context() as patch:
            if without:
                patch.setattr(ModeSearch, "hierarchy", lambda *_: None)
            tables.append(
                engine.travel_times(
                    spots.iloc[[home]], spots, mode="car", cutoff_min=720
                ).to_numpy()
            )
            areas = engine.isochrones(spots.iloc[home], mode="car", minutes=[1, 3])
    assert np.isfinite(tables[0]).all()
    # Who comes from inside may prefer a way that stays inside: the searches differ there alone.
    assert (tables[1] <= tables[0] + 1e-9).all()
    outside = StreetEngine(folder / "streets")._search("car").network.edge_region
    if (np.asarray(outside) < 0).all():
        assert tables[1] == pytest.approx(tables[0])
    assert areas.geometry.is_valid.all()


def test_the_hour_of_the_trip_counts_and_doors_stay_open(town):
    closed = {"highway": "residential", "motor_vehicle:conditional": "no @ (Mo-Fr 08:00-09:00)"}
    nodes = {1: (0, 0), 2: (400, 0), 3: (900, 0), 4: (1300, 0), 5: (0, 1500), 6: (1300, 1500)}
    road = {"highway": "residential"}
    engine = town(nodes, [([1, 2], road), ([2, 3], closed), ([3, 4], road), ([1, 5, 6, 4], road)])
    doors = places((200, 10), (1100, 10), (650, 10))

    def asked(when):
        return engine.travel_times(
            doors, doors, mode="car", cutoff_min=300, departure=when
        ).to_numpy()

    free, school = asked(_at("2026-12-01T10:00")), asked(_at("2026-12-01T08:15"))
    assert school[0, 1] > 3 * free[0, 1]
    assert school[:2, 2] == pytest.approx(free[:2, 2])
    assert school[2, :2] == pytest.approx(free[2, :2])
    assert asked(None) == pytest.approx(free)
    assert asked(time(8, 15)) == pytest.approx(school)
    assert asked(_at("2026-12-05T08:15")) == pytest.approx(free)
    walked = engine.travel_times(
        doors, doors, mode="walk", cutoff_min=300, departure=_at("2026-12-01T08:15")
    )
    assert walked.iloc[0, 1] < 12


def test_the_page_is_named_in_the_docs():
    assert "travel-tags.md" in (Path(__file__).parents[2] / "docs/travel.md").read_text("utf-8")
