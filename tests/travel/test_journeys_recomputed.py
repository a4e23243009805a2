"""Journeys by public transport, each recomputed by a plain connection scan (connection_scan.py)."""

import math
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rpe_geo.crs import great_circle_m
from rpe_geo.travel.street import StreetEngine
from rpe_geo.travel.streets.network import build_streets
from rpe_geo.travel.transit.search import TransitSearch, build_transit
from rpe_geo.travel.transit.timetable import Timetable

from .conftest import PER_METRE
from .connection_scan import NEVER, Feed, crow_minutes, journeys

WALK_LIMIT_MIN = 20
CROW_KPH = 4.5
# A day of school, a Saturday, a Sunday, the eve of a holiday, the holiday, a night: every service that the feed knows.
ASKED = (
    "2022-09-13T05:10",
    "2022-09-13T07:05",
    "2022-09-13T08:00",
    "2022-09-14T12:05",
    "2022-09-15T17:05",
    "2022-09-16T22:35",
    "2022-09-17T00:20",
    "2022-09-17T14:00",
    "2022-09-18T09:30",
    "2022-10-02T23:50",
    "2022-10-03T08:00",
    "2022-08-09T16:45",
)


def crow_walk(origins, destinations, limit_min):
    """Walk as the crow flies, for journeys that need no street."""
    metres = great_circle_m(origins[0][:, None], origins[1][:, None], *destinations)
    minutes = metres * 0.06 / CROW_KPH
    minutes[minutes > limit_min] = np.inf
    return minutes


def walks_of(feed, place, limit_min=WALK_LIMIT_MIN):
    """Minutes on foot between a place and the stops near it, as the crow flies."""
    served = {row["stop_id"] for row in feed.tables["stop_times"]}
    minutes = {stop: crow_minutes(place, feed.stops[stop], CROW_KPH) for stop in served}
    return {stop: value for stop, value in minutes.items() if value <= limit_min}


def arrays(*places):
    lon, lat = np.array(places, dtype=float).reshape(-1, 2).T
    return lon.copy(), lat.copy()


@pytest.fixture(scope="module")
def heidelberg(real_data, tmp_path_factory):
    """The feed read twice: by the engine, and by the csv module."""
    folder = tmp_path_factory.mktemp("heidelberg") / "transit"
    zipped = real_data / "heidelberg" / "vrn_gtfs.zip"
    report = build_transit(zipped, folder)
    assert (report.first_day, report.last_day) == (date(2022, 6, 12), date(2022, 12, 10))
    feed = Feed.read(zipped)
    changes = feed.changes(lambda a, b: crow_minutes(a, b, CROW_KPH))
    return feed, changes, TransitSearch(Timetable(folder), crow_walk)


def some_places(feed, number, seed=11):
    """Places a hundred metres off some stops."""
    rng = np.random.default_rng(seed)
    stops = sorted({row["stop_id"] for row in feed.tables["stop_times"]})
    chosen = rng.choice(len(stops), number, replace=False)
    return [
        tuple(float(v) for v in np.array(feed.stops[stops[one]]) + rng.normal(0, 1e-3, 2))
        for one in chosen
    ]


@pytest.mark.real
def test_a_hundred_and_thirty_two_journeys_of_heidelberg(heidelberg):
    feed, changes, search = heidelberg
    places = some_places(feed, len(ASKED) + 11)
    goals = places[len(ASKED) :]
    egress = [walks_of(feed, goal) for goal in goals]
    ridden = with_changes = 0
    for origin, text in zip(places, ASKED, strict=False):
        when = datetime.fromisoformat(text)
        ours = search.journeys(arrays(origin), arrays(*goals), [when], limit_min=180)
        connections = feed.connections(when.date())
        leave = when.hour * 3600 + when.minute * 60
        access = walks_of(feed, origin)
        ends = [
            (walks, crow_minutes(origin, goal, CROW_KPH))
            for walks, goal in zip(egress, goals, strict=True)
        ]
        recomputed = journeys(connections, changes, leave, access, ends, limit_min=180)
        for number, found in enumerate(recomputed):
            assert ours.minutes[0, 0, number] == pytest.approx(found.minutes, abs=1e-5)
            assert ours.transfers[0, 0, number] == found.transfers
            ridden += found.ridden
            with_changes += found.transfers > 0
    assert ridden >= 60
    assert with_changes >= 25


@pytest.mark.real
def test_the_latest_departure_that_is_there_in_time(heidelberg):
    """No search back in time: among all seconds at which leaving may matter, the latest that arrives in time."""
    feed, changes, search = heidelberg
    places = some_places(feed, 9, seed=3)
    day = date(2022, 9, 13)
    connections = feed.connections(day)
    for clock in ("08:00", "18:30"):
        due = datetime.fromisoformat(f"{day}T{clock}")
        due_s = due.hour * 3600 + due.minute * 60
        soon = [one for one in connections if due_s - 2 * 3600 <= one.departs <= due_s]
        ours = search.journeys_until(
            arrays(*places[:3]), arrays(*places[3:]), due, limit_min=120
        ).minutes[:, 0, :]
        for row, origin in enumerate(places[:3]):
            access = walks_of(feed, origin)
            for column, goal in enumerate(places[3:]):
                egress = walks_of(feed, goal)
                on_foot = crow_minutes(origin, goal, CROW_KPH)
                moments = {due_s - on_foot * 60}
                moments |= {
                    one.departs - access[one.start] * 60 for one in soon if one.start in access
                }
                candidates = sorted(moment for moment in moments if moment >= due_s - 7200)
                low, high = -1, len(candidates) - 1
                while low < high:  # the later one leaves, the later one arrives
                    middle = (low + high + 1) // 2
                    leave = candidates[middle]
                    (found,) = journeys(soon, changes, leave, access, [(egress, on_foot)])
                    if leave + found.minutes * 60 <= due_s + 1e-6:
                        low = middle
                    else:
                        high = middle - 1
                latest = (due_s - candidates[low]) / 60 if low >= 0 else math.inf
                assert ours[row, column] == pytest.approx(latest, abs=1e-5)


@pytest.fixture(scope="module")
def on_streets(real_data, tmp_path_factory):
    """Heidelberg with its streets, and the walks between its stops by them."""
    folder = tmp_path_factory.mktemp("territory")
    build_streets(real_data / "heidelberg" / "heidelberg.osm.pbf", folder / "streets")
    zipped = real_data / "heidelberg" / "vrn_gtfs.zip"
    build_transit(zipped, folder / "transit")
    engine, feed = StreetEngine(folder / "streets"), Feed.read(zipped)
    served = sorted({row["stop_id"] for row in feed.tables["stop_times"]})
    points = points_of([feed.stops[stop] for stop in served], served)
    known = points[engine.serves(points, mode="walk")]
    table = engine.travel_times(known, known, mode="walk", cutoff_min=20).to_numpy()
    number = {feed.stops[stop]: row for row, stop in enumerate(known.index)}

    def walk(start, end):
        """By the streets; without them, straight and not far, at 5 km/h with a third of detour."""
        if start in number and end in number:
            return table[number[start], number[end]]
        straight = crow_minutes(start, end, 5.0) * 1.35
        return straight if straight <= 5 else math.inf

    return engine, feed, feed.changes(walk), known


def points_of(places, ids=None):
    return gpd.GeoSeries.from_xy(*np.array(places).T, index=ids, crs=4326)


def walks_by_street(engine, known, place, *, leaving):
    """Minutes on foot between a place and the stops near it, along the streets."""
    ends = (points_of([place]), known) if leaving else (known, points_of([place]))
    minutes = engine.travel_times(*ends, mode="walk", cutoff_min=WALK_LIMIT_MIN).to_numpy().ravel()
    return {
        stop: float(value)
        for stop, value in zip(known.index, minutes, strict=True)
        if math.isfinite(value)
    }


@pytest.mark.real
def test_journeys_windows_and_last_returns_along_streets(on_streets):
    engine, feed, changes, known = on_streets
    rng = np.random.default_rng(4)
    chosen = rng.choice(len(known), 8, replace=False)
    places = [(known.iloc[one].x + 6e-4, known.iloc[one].y - 4e-4) for one in chosen]
    goals = places[3:]
    for origin, text in zip(
        places[:3], ("2022-09-13T07:31", "2022-09-17T10:02", "2022-09-18T19:47"), strict=True
    ):
        when = datetime.fromisoformat(text)
        connections = feed.connections(when.date())
        access = walks_by_street(engine, known, origin, leaving=True)
        start, ends = points_of([origin]), points_of(goals)
        ours = engine.travel_times(start, ends, mode="transit", cutoff_min=180, departure=when)
        window = engine.transit_profile(start, ends, departure=when, window_min=30, cutoff_min=180)
        on_foot = engine.travel_times(start, ends, mode="walk", cutoff_min=180).to_numpy()[0]
        ends_on_foot = [
            (walks_by_street(engine, known, goal, leaving=False), float(minutes))
            for goal, minutes in zip(goals, on_foot, strict=True)
        ]
        leave = when.hour * 3600 + when.minute * 60
        each = [
            journeys(connections, changes, leave + 60 * minute, access, ends_on_foot, limit_min=180)
            for minute in range(30)
        ]
        for number in range(len(goals)):
            assert ours.iloc[0, number] == pytest.approx(each[0][number].minutes, abs=1e-4)
            minutes = sorted(one[number].minutes for one in each)
            assert window["median_min"][number] == pytest.approx(minutes[14], abs=1e-4)
            assert window["p90_min"][number] == pytest.approx(minutes[26], abs=1e-4)
            changed = sorted(one[number].transfers for one in each if one[number] != NEVER)
            assert window["transfers"][number] == (
                changed[(len(changed) - 1) // 2] if changed else 0
            )
        # The way home: the service of the day alone, the first trips of the next day left out.
        own = feed.connections(when.date(), around=False)
        home = [(walks_by_street(engine, known, origin, leaving=False), math.inf)]
        last = engine.last_return(ends, start.iloc[0], day=when.date(), cutoff_min=90)
        for goal, moment in zip(goals, last, strict=True):
            leaving = walks_by_street(engine, known, goal, leaving=True)

            def carried(minute, own=own, leaving=leaving, home=home):
                found = journeys(own, changes, 60 * minute, leaving, home, limit_min=90)
                return found[0] != NEVER

            if moment is pd.NaT:
                assert not any(carried(minute) for minute in range(0, 26 * 60, 30))
                continue
            minute = (
                moment - datetime.combine(when.date(), datetime.min.time())
            ).total_seconds() / 60
            assert carried(minute)
            assert not any(carried(minute + later) for later in range(1, 240))


# Small networks of every kind: lines that overtake, stations, agencies that forbid changes, days that run past midnight.

STOPS = "ABCDEFG"
MONDAY = date(2026, 11, 30)


def clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}:00"


@st.composite
def feeds(draw):
    """Tables of a feed: a few stops within some minutes of each other, a few lines in the evening and the night."""
    places = [
        (draw(st.integers(0, 12)) * 100 * PER_METRE, draw(st.integers(0, 12)) * 100 * PER_METRE)
        for _ in STOPS
    ]
    stations = [draw(st.sampled_from(["", "S1", "S2"])) for _ in STOPS]
    stops = ["stop_id,stop_lat,stop_lon,location_type,parent_station", "S1,0,0,1,", "S2,0,0,1,"]
    stops += [
        f"{name},{y:.9f},{x:.9f},0,{station}"
        for name, (x, y), station in zip(STOPS, places, stations, strict=True)
    ]
    trips, calls, repeats = [], [], []
    for line in range(draw(st.integers(1, 4))):
        way = draw(st.lists(st.sampled_from(STOPS), min_size=2, max_size=5))
        for number in range(draw(st.integers(1, 3))):
            trip = f"L{line}-{number}"
            trips.append(f"R{line},{draw(st.sampled_from(['all', 'today', 'night']))},{trip}")
            now = draw(st.integers(22 * 60, 26 * 60))
            if draw(st.integers(0, 5)) == 0:
                repeats.append(
                    f"{trip},{clock(now)},{clock(now + 40)},{draw(st.sampled_from([600, 900]))},1"
                )
            for order, stop in enumerate(way):
                arrives = now = now + draw(st.integers(0 if order == 0 else 1, 9))
                now += draw(st.integers(0, 2))
                on, off = (draw(st.sampled_from("00001")) for _ in "ab")
                calls.append(f"{trip},{clock(arrives)},{clock(now)},{stop},{order * 2},{on},{off}")
    ends = st.sampled_from([*STOPS, "S1", "S2"])
    transfers = [
        f"{draw(ends)},{draw(ends)},{draw(st.sampled_from('0023'))},{draw(st.sampled_from([0, 30, 240, 900]))}"
        for _ in range(draw(st.integers(0, 3)))
    ]
    return {
        "stops": "\n".join(stops),
        "routes": "route_id,route_short_name\n" + "".join(f"R{line},{line}\n" for line in range(4)),
        "trips": "route_id,service_id,trip_id\n" + "\n".join(trips),
        "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type\n"
        + "\n".join(calls),
        "calendar": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "all,1,1,1,1,1,1,1,20261101,20261231\ntoday,0,1,0,0,0,0,0,20261101,20261231\n",
        "calendar_dates": "service_id,date,exception_type\nnight,20261130,1\nall,20261202,2\n",
        "frequencies": "trip_id,start_time,end_time,headway_secs,exact_times\n"
        + "\n".join(repeats),
        "transfers": "from_stop_id,to_stop_id,transfer_type,min_transfer_time\n"
        + "\n".join(transfers),
    }


def zipped(path: Path, tables: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in tables.items():
            archive.writestr(f"{name}.txt", text)
    return path


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    tables=feeds(),
    hours=st.integers(-2, 6),
    ends=st.tuples(*(st.integers(0, 1200) for _ in range(4))),
)
def test_any_small_network(tmp_path, tables, hours, ends):
    path = zipped(tmp_path / "feed.zip", tables)
    build_transit(path, tmp_path / "transit")
    search = TransitSearch(Timetable(tmp_path / "transit"), crow_walk)
    feed = Feed.read(path)
    changes = feed.changes(lambda a, b: crow_minutes(a, b, CROW_KPH))
    origin, goal = ((x * PER_METRE, y * PER_METRE) for x, y in (ends[:2], ends[2:]))
    midnight = datetime.combine(MONDAY + timedelta(days=1), datetime.min.time())
    when = midnight + timedelta(hours=hours)
    leave = (when - datetime.combine(when.date(), datetime.min.time())).total_seconds()
    access, egress = walks_of(feed, origin), walks_of(feed, goal)
    on_foot = crow_minutes(origin, goal, CROW_KPH)
    connections = feed.connections(when.date())
    window = [when + timedelta(minutes=minute) for minute in (0, 1, 7, 20)]
    ours = search.journeys(arrays(origin), arrays(goal), window, limit_min=720)
    for number, minute in enumerate((0, 1, 7, 20)):
        (found,) = journeys(connections, changes, leave + 60 * minute, access, [(egress, on_foot)])
        assert ours.minutes[0, number, 0] == pytest.approx(found.minutes, abs=1e-5)
        assert ours.transfers[0, number, 0] == found.transfers
        minutes, legs = search.legs(arrays(origin), arrays(goal), window[number])
        if found.ridden:
            assert minutes == pytest.approx(found.minutes, abs=1e-5)
            assert len(legs) == found.transfers + 1
    # Who leaves as late as the search back in time says is there in time; who leaves a minute later is not.
    until = search.journeys_until(arrays(origin), arrays(goal), when, limit_min=720)
    latest = leave - until.minutes[0, 0, 0] * 60
    there, after = (
        moment + 60 * journeys(connections, changes, moment, access, [(egress, on_foot)])[0].minutes
        for moment in (latest - 1e-3, latest + 60)
    )
    assert there <= leave + 1e-2
    assert after > leave
