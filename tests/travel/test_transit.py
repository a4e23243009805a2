"""Journeys by public transport, against timetables read by hand; see also test_journeys_recomputed.py."""

import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from rpe_geo.errors import InputError, InvalidFile
from rpe_geo.messages.trips import legs_said
from rpe_geo.travel.street import StreetEngine
from rpe_geo.travel.streets.network import build_streets
from rpe_geo.travel.transit.search import build_transit

from .conftest import PER_METRE, place, places, write_pbf

DAY = datetime.fromisoformat("2026-12-01")  # a Tuesday; timetables are in local clock time


def write_feed(path: Path, **changes: str) -> Path:
    """A line of three stops 2 km apart every half hour, and a second line that meets it at the middle stop."""

    def stop(name, x, y):
        return f"{name},Arrêt {name},{y * PER_METRE:.7f},{x * PER_METRE:.7f}"

    trips, times = [], []
    for number, start in enumerate([*range(7 * 60, 9 * 60 + 1, 30), 18 * 60, 24 * 60 + 10]):
        trips.append(f"L1,week,a{number}")
        for order, (name, shift) in enumerate([("A", 0), ("B", 5), ("C", 10)]):
            clock = f"{(start + shift) // 60:02d}:{(start + shift) % 60:02d}:00"
            times.append(f"a{number},{clock},{clock},{name},{order}")
    for number, start in enumerate(range(7 * 60 + 8, 9 * 60 + 9, 30)):
        trips.append(f"L2,week,b{number}")
        for order, (name, shift) in enumerate([("B", 0), ("D", 7)]):
            clock = f"{(start + shift) // 60:02d}:{(start + shift) % 60:02d}:00"
            times.append(f"b{number},{clock},{clock},{name},{order}")
    tables = {
        "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\n1,Bus du Test,http://x,Europe/Paris\n",
        "stops.txt": "\n".join(
            [
                "stop_id,stop_name,stop_lat,stop_lon",
                *(stop("A", 0, 0), stop("B", 2000, 0), stop("C", 4000, 0), stop("D", 2000, 3000)),
            ]
        ),
        "routes.txt": "route_id,agency_id,route_short_name,route_type\nL1,1,1,3\nL2,1,2,3\n",
        "trips.txt": "\n".join(["route_id,service_id,trip_id", *trips]),
        "stop_times.txt": "\n".join(
            ["trip_id,arrival_time,departure_time,stop_id,stop_sequence", *times]
        ),
        "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "week,1,1,1,1,1,0,0,20261101,20261231\n",
        "calendar_dates.txt": "service_id,date,exception_type\nweek,20261225,2\n",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**tables, **{f"{k}.txt": v for k, v in changes.items()}}.items():
            if text:
                archive.writestr(name, text)
    return path


@pytest.fixture
def territory(tmp_path):
    """A road along the first line and one to the stop D, with the feed beside."""
    nodes = {1: (-500, 0), 2: (2000, 0), 3: (4500, 0), 4: (2000, 3500)}
    road = {"highway": "residential"}
    build_streets(
        write_pbf(tmp_path / "a.osm.pbf", nodes, [([1, 2, 3], road), ([2, 4], road)]),
        tmp_path / "streets",
    )
    build_transit(write_feed(tmp_path / "feed.zip"), tmp_path / "transit")
    return tmp_path


def test_a_direct_ride(territory):
    engine = StreetEngine(territory / "streets")
    assert "transit" in engine.modes
    minutes = engine.travel_times(
        places((0, 0)),
        places((4000, 0), (4250, 0)),
        mode="transit",
        cutoff_min=60,
        departure=DAY + timedelta(hours=7, minutes=20),
    )
    # The bus leaves at 7:30 and takes 10 minutes; 250 m on foot take 3.
    np.testing.assert_allclose(minutes, [[20.0, 23.0]], atol=1e-3)


def test_a_change_and_the_route(territory):
    engine = StreetEngine(territory / "streets")
    start = DAY + timedelta(hours=7, minutes=30)
    route = engine.routes(place(0, 0), places((2000, 3000)), mode="transit", departure=start)[0]
    assert route.travel_time_min == pytest.approx(15, abs=1e-3)
    rides = [step.name for step in route.steps if step.distance_m > 1000]
    assert [ride.replace("\u00a0", " ") for ride in rides] == [
        "ligne 1 de Arrêt A (7 h 30) à Arrêt B (7 h 35)",
        "ligne 2 de Arrêt B (7 h 38) à Arrêt D (7 h 45)",
    ]
    assert legs_said(route.steps).replace("\u00a0", " ") == (
        "En transports en commun : ligne 1 de Arrêt A (7 h 30) à Arrêt B (7 h 35), ligne 2 de Arrêt B (7 h 38) à Arrêt D (7 h 45)"
    )
    assert sum(step.travel_time_min for step in route.steps) == pytest.approx(15, abs=0.05)
    profile = engine.transit_profile(
        places((0, 0)), places((2000, 3000)), departure=start, window_min=30
    )
    # Leaving at 7:30 takes 15 minutes, at 7:31 44 (the next bus), at 7:59 16.
    waits = sorted([15] + [45 - minute for minute in range(1, 30)])
    assert profile.loc[0, "median_min"] == pytest.approx(waits[14], abs=1e-3)
    assert profile.loc[0, "p90_min"] == pytest.approx(waits[26], abs=1e-3)
    assert profile.loc[0, "transfers"] == 1


def test_walking_wins_where_it_is_faster(territory):
    engine = StreetEngine(territory / "streets")
    ends = places((600, 0))
    by_bus = engine.travel_times(places((0, 0)), ends, mode="transit", cutoff_min=60, departure=DAY)
    on_foot = engine.travel_times(places((0, 0)), ends, mode="walk", cutoff_min=60)
    np.testing.assert_allclose(by_bus, on_foot)


def test_the_last_bus_home(territory):
    engine = StreetEngine(territory / "streets")
    last = engine.last_return(places((0, 0)), place(4000, 0), day=DAY.date(), cutoff_min=40)
    assert last.iloc[0] == DAY + timedelta(days=1, minutes=10)  # the 24:10 of the timetable
    never = engine.last_return(places((4000, 0)), place(0, 0), day=DAY.date(), cutoff_min=40)
    assert never.isna().all()


def test_days_of_service(territory):
    engine = StreetEngine(territory / "streets")

    def minutes(day):
        when = datetime.fromisoformat(f"{day}T07:00")
        return engine.travel_times(
            places((0, 0)), places((4000, 0)), mode="transit", cutoff_min=60, departure=when
        ).iloc[0, 0]

    assert minutes(date(2026, 12, 24)) == pytest.approx(10, abs=1e-3)
    assert minutes(date(2026, 12, 25)) > 40  # no bus at Christmas: on foot
    assert minutes(date(2026, 12, 26)) > 40  # a Saturday
    with pytest.raises(InputError) as outside:
        minutes(date(2027, 1, 5))
    assert outside.value.values["first"] == date(2026, 11, 2)
    assert outside.value.values["last"] == date(2026, 12, 31)


def test_after_midnight_the_eve_still_runs(territory):
    engine = StreetEngine(territory / "streets")
    when = DAY + timedelta(days=1, minutes=5)
    found = engine.travel_times(
        places((0, 0)), places((4000, 0)), mode="transit", cutoff_min=60, departure=when
    )
    assert found.iloc[0, 0] == pytest.approx(15, abs=1e-3)


def test_what_is_reached_by_bus(territory):
    engine = StreetEngine(territory / "streets")
    when = DAY + timedelta(hours=7, minutes=29)
    areas = engine.isochrones(place(0, 0), mode="transit", minutes=[15], departure=when)
    on_foot = engine.isochrones(place(0, 0), mode="walk", minutes=[15])
    assert areas.geometry.iloc[0].contains(place(4200, 0))
    assert not on_foot.geometry.iloc[0].contains(place(4200, 0))
    assert not areas.geometry.iloc[0].contains(place(3000, 0))


def engine_of(tmp_path, **changes):
    """The same roads with another feed."""
    nodes = {1: (-500, 0), 2: (2000, 0), 3: (4500, 0), 4: (2000, 3500)}
    road = {"highway": "residential"}
    pbf = write_pbf(tmp_path / "b.osm.pbf", nodes, [([1, 2, 3], road), ([2, 4], road)])
    build_streets(pbf, tmp_path / "streets")
    build_transit(write_feed(tmp_path / "other.zip", **changes), tmp_path / "transit")
    return StreetEngine(tmp_path / "streets")


@pytest.mark.parametrize(
    ("row", "minutes"),
    [
        ("", 15),  # off at 7:35, ready at 7:36, on at 7:38
        ("B,B,2,180", 15),  # ready at 7:38 sharp
        ("B,B,2,181", 45),  # a second too late: the bus after
        ("B,B,1,600", 15),  # the vehicle waits, whatever the time
        ("B,B,0,600", 15),  # type 0 takes no time of its own
        ("B,B,3,", None),  # forbidden: on foot, 60 minutes
    ],
)
def test_what_the_agency_says_of_a_change(tmp_path, row, minutes):
    table = f"from_stop_id,to_stop_id,transfer_type,min_transfer_time\n{row}\n"
    engine = engine_of(tmp_path, transfers=table if row else "")
    found = engine.travel_times(
        places((0, 0)),
        places((2000, 3000)),
        mode="transit",
        cutoff_min=120,
        departure=DAY + timedelta(hours=7, minutes=30),
    ).iloc[0, 0]
    assert found == pytest.approx(60 if minutes is None else minutes, abs=1e-2)


def test_there_in_time(territory):
    engine = StreetEngine(territory / "streets")

    def minutes(clock):
        due = datetime.fromisoformat(f"2026-12-01T{clock}")
        return engine.travel_times(
            places((0, 0)), places((4000, 0)), mode="transit", cutoff_min=70, arrival=due
        ).iloc[0, 0]

    assert minutes("08:00") == pytest.approx(30, abs=1e-3)  # the bus of 7:30, there at 7:40
    assert minutes("08:11") == pytest.approx(11, abs=1e-3)
    assert minutes("08:09") == pytest.approx(39, abs=1e-3)  # a minute too late for the next one
    assert minutes("06:00") == pytest.approx(48, abs=1e-2)  # no bus yet: on foot
    with pytest.raises(InputError, match="departure_and_arrival"):
        engine.travel_times(
            places((0, 0)), places((9, 0)), mode="transit", cutoff_min=9, departure=DAY, arrival=DAY
        )


def test_the_first_bus_of_the_next_day_is_no_last_bus(territory):
    engine = StreetEngine(territory / "streets")
    last = engine.last_return(places((0, 0)), place(4000, 0), day=DAY.date(), cutoff_min=720)
    assert last.iloc[0] == DAY + timedelta(days=1, minutes=10)


def test_an_ordinary_tuesday(tmp_path):
    dates = "service_id,date,exception_type\n" + "".join(
        f"week,202611{day:02d},2\n" for day in (3, 10, 17)
    )
    calendar = (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "week,1,1,1,1,1,0,0,20261101,20261129\n"
    )
    engine = engine_of(tmp_path, calendar_dates=dates, calendar=calendar)
    minutes = engine.travel_times(places((0, 0)), places((4000, 0)), mode="transit", cutoff_min=120)
    assert minutes.iloc[0, 0] == pytest.approx(10, abs=1e-3)  # the 24th, at eight


def test_no_change_across_a_river(tmp_path):
    """Two lines that end 200 m apart on two banks: nobody walks between them; off the streets one might."""
    nodes = {1: (0, 0), 2: (3000, 0), 3: (0, 200), 4: (3000, 200), 5: (0, -3000), 6: (0, 3200)}
    road = {"highway": "residential"}
    pbf = write_pbf(tmp_path / "c.osm.pbf", nodes, [([5, 1, 2], road), ([6, 3, 4], road)])
    build_streets(pbf, tmp_path / "streets")
    stops = "stop_id,stop_lat,stop_lon\n" + "".join(
        f"{name},{y * PER_METRE:.7f},{x * PER_METRE:.7f}\n"
        for name, x, y in (("A", 0, 0), ("B", 3000, 0), ("C", 3000, 200), ("D", 0, 200))
    )
    times = (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "a0,08:00:00,08:00:00,A,0\na0,08:06:00,08:06:00,B,1\n"
        "b0,08:20:00,08:20:00,C,0\nb0,08:26:00,08:26:00,D,1\n"
    )
    trips = "route_id,service_id,trip_id\nL1,week,a0\nL2,week,b0\n"
    feed = write_feed(tmp_path / "river.zip", stops=stops, stop_times=times, trips=trips)
    build_transit(feed, tmp_path / "transit")
    search = StreetEngine(tmp_path / "streets")._open_transit()
    assert search.footpaths.seconds.max() == 60  # changes at the same stop only


def test_a_detour_leaves_the_stop_when_one_comes_there(territory):
    engine = StreetEngine(territory / "streets")
    legs = engine.detour_times(
        place(0, 0),
        places((2000, 0)),
        place(4000, 0),
        mode="transit",
        cutoff_min=120,
        departure=DAY + timedelta(hours=7, minutes=30),
    ).iloc[0]
    # Off the bus at 7:35, and 25 minutes on foot or by the next bus at 8:05: 24 on foot.
    assert legs["to_stop_min"] == pytest.approx(5, abs=1e-3)
    assert legs["stop_to_work_min"] == pytest.approx(24, abs=1e-2)
    assert legs["direct_min"] == pytest.approx(10, abs=1e-3)
    assert legs["detour_min"] == pytest.approx(19, abs=1e-2)


def test_a_timetable_of_another_version_asks_to_be_built_again(territory):
    meta = territory / "transit" / "transit.json"
    meta.write_text(meta.read_text("utf-8").replace('"format": 3', '"format": 1'), "utf-8")
    engine = StreetEngine(territory / "streets")
    with pytest.raises(InvalidFile, match="transit_old_format"):
        engine.travel_times(places((0, 0)), places((9, 0)), mode="transit", cutoff_min=9)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"stop_times": ""}, "gtfs_table_missing"),
        ({"trips": "route_id,service_id\nL1,week\n"}, "gtfs_column_missing"),
        ({"calendar": "", "calendar_dates": ""}, "gtfs_table_missing"),
        (
            {
                "calendar_dates": "",
                "calendar": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\nweek,1,1,1,1,1,0,0,x,y\n",
            },
            "gtfs_no_day",
        ),
    ],
)
def test_a_bad_feed_is_named_and_leaves_nothing(tmp_path, changes, code):
    with pytest.raises(InvalidFile, match=code):
        build_transit(write_feed(tmp_path / "feed.zip", **changes), tmp_path / "transit")
    (tmp_path / "no.zip").write_bytes(b"not a zip")
    with pytest.raises(InvalidFile, match="gtfs_not_zip"):
        build_transit(tmp_path / "no.zip", tmp_path / "transit")
    assert not (tmp_path / "transit").exists()
