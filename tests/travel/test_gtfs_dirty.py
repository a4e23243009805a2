"""Feeds as agencies publish them: dirty rows, several feeds, frequencies, staying seated, changes by line, nights when clocks change."""

from __future__ import annotations

import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpe_geo.cli import run
from rpe_geo.errors import InvalidFile
from rpe_geo.messages import MESSAGES
from rpe_geo.travel.street import StreetEngine
from rpe_geo.travel.streets.network import build_streets
from rpe_geo.travel.transit.gtfs import read_feed
from rpe_geo.travel.transit.search import build_transit

from .conftest import PER_METRE, place, places, write_pbf
from .test_transit import DAY, write_feed

HEADS = {
    "stops": "stop_id,stop_name,stop_lat,stop_lon",
    "routes": "route_id,route_short_name,route_type",
    "trips": "route_id,service_id,trip_id,block_id",
    "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence",
    "calendar": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date",
    "agency": "agency_name,agency_url,agency_timezone",
}
STOPS = {"A": 0, "B": 4000, "C": 8000, "D": 12000}


def feed(
    path: Path, *, stops: str = "", heads: dict[str, str] | None = None, **tables: str
) -> Path:
    """Write a feed along a straight road: rows of each table, without their head."""
    rows = {
        "stops": stops
        or "\n".join(f"{s},Arrêt {s},0,{x * PER_METRE:.7f}" for s, x in STOPS.items()),
        "routes": "L1,1,3\nL2,2,3",
        "calendar": "week,1,1,1,1,1,1,1,20260101,20271231",
        "agency": "Bus,http://x,Europe/Paris",
        **tables,
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in rows.items():
            head = {**HEADS, **(heads or {})}.get(name)
            archive.writestr(f"{name}.txt", f"{head}\n{text}\n" if head else text)
    return path


def calls(trip: str, *at: tuple[str, str]) -> str:
    return "\n".join(f"{trip},{clock},{clock},{stop},{n}" for n, (stop, clock) in enumerate(at))


@pytest.fixture(scope="module")
def road(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("road")
    nodes = {1: (-200, 0), 2: (12_300, 0)}
    build_streets(
        write_pbf(folder / "a.osm.pbf", nodes, [([1, 2], {"highway": "residential"})]),
        folder / "streets",
    )
    return folder


@pytest.fixture
def engine_of(road, tmp_path):
    """Open the road with some feeds; the report beside."""

    def opened(*feeds: Path):
        (tmp_path / "streets").unlink(missing_ok=True)
        (tmp_path / "streets").symlink_to(road / "streets")
        report = build_transit(feeds if len(feeds) > 1 else feeds[0], tmp_path / "transit")
        return StreetEngine(tmp_path / "streets"), report

    return opened


def minutes(engine: StreetEngine, start: int, end: int, when: str, **options: object) -> float:
    table = engine.travel_times(
        places((start, 0)), places((end, 0)), mode="transit", cutoff_min=700,
        departure=datetime.fromisoformat(when), **options,
    )  # fmt: skip
    return round(float(table.iloc[0, 0]), 2)


def walked(metres: float) -> float:
    return round(metres / 1000 / 5 * 60, 2)


GOOD = calls("t1", ("A", "08:00:00"), ("B", "08:05:00"), ("D", "08:15:00"))


@pytest.mark.parametrize(
    ("changes", "reason", "named"),
    [
        ({"trips": "L1,week,t1,\nL1,nope,t2,", "stop_times": f"{GOOD}\n{GOOD.replace('t1', 't2')}"}, "service_unknown", ["t2"]),
        ({"stop_times": f"{GOOD}\n{calls('t2', ('A', '08:10:00'), ('B', '08:05:00'))}", "trips": "L1,week,t1,\nL1,week,t2,"}, "times_go_back", ["t2"]),
        ({"stop_times": f"{GOOD}\n{calls('t2', ('A', '8h10'), ('B', '08:15:00'))}", "trips": "L1,week,t1,\nL1,week,t2,"}, "time_unreadable", ["t2"]),
        ({"stop_times": f"{GOOD}\n{calls('t2', ('A', '08:75:00'), ('B', '09:15:00'))}", "trips": "L1,week,t1,\nL1,week,t2,"}, "time_unreadable", ["t2"]),
        ({"stop_times": f"{GOOD}\n{calls('ghost', ('A', '08:00:00'), ('B', '08:15:00'))}"}, "trip_unknown", ["ghost"]),
        ({"stop_times": f"{GOOD}\nt1,08:07:00,08:07:00,nowhere,1.5"}, "stop_unknown", ["nowhere"]),
        ({"stop_times": f"{GOOD}\nt1,08:07:00,08:07:00,C,"}, "sequence_unreadable", ["t1"]),
        ({"stop_times": f"{GOOD}\nt1,08:07:00,08:07:00,C,1"}, "sequence_twice", ["t1"]),
        ({"stop_times": f"{GOOD}\n{calls('t2', ('A', '08:00:00'))}", "trips": "L1,week,t1,\nL1,week,t2,"}, "one_stop", ["t2"]),
        ({"trips": "L1,week,t1,\nL1,week,t2,"}, "trip_without_times", ["t2"]),
        ({"trips": "L1,week,t1,\nL1,week,t1,"}, "trips_twice", ["t1"]),
        ({"trips": "L1,week,t1,\nL1,week,,"}, "trips_without_id", ["trips 2"]),
        ({"trips": "L9,week,t1,"}, "route_unknown", ["t1"]),
        ({"routes": "L1,1,3\nL1,1bis,3"}, "routes_twice", ["L1"]),
        ({"calendar": "week,1,1,1,1,1,1,1,20260101,20271231\nold,1,1,1,1,1,1,1,2026-01-01,20261231"}, "calendar_unreadable", ["old"]),
        ({"calendar_dates": "service_id,date,exception_type\nweek,20261225,7\n"}, "calendar_unreadable", ["week"]),
        ({"stops": "\n".join(f"{s},x,0,{x * PER_METRE:.7f}" for s, x in STOPS.items()) + "\nE,x,,\nF,x,north,3\nG,x,0,500"}, "stop_without_place", ["E", "F", "G"]),
        ({"stops": "\n".join(f"{s},x,0,{x * PER_METRE:.7f}" for s, x in STOPS.items()) + "\nA,x,0,0.001"}, "stops_twice", ["A"]),
        ({"frequencies": "trip_id,start_time,end_time,headway_secs\nt1,08:00:00,07:00:00,600\n"}, "frequency_unusable", ["t1"]),
        ({"frequencies": "trip_id,start_time,end_time,headway_secs\nt9,08:00:00,09:00:00,600\n"}, "frequency_trip_unknown", ["t9"]),
        ({"transfers": "from_stop_id,to_stop_id,transfer_type\nA,B,9\n"}, "transfer_unreadable", ["A → B"]),
        ({"transfers": "from_stop_id,to_stop_id,transfer_type\nA,nowhere,1\n"}, "transfer_unknown", ["A → nowhere"]),
        ({"transfers": "from_stop_id,to_stop_id,transfer_type,from_trip_id\nA,B,1,ghost\n"}, "transfer_unknown", ["A → B"]),
        ({"transfers": "from_trip_id,to_trip_id,transfer_type\nt1,,4\n"}, "transfer_unreadable", ["- → -"]),
        ({"stop_times": GOOD.replace("08:00:00,08:00:00", ",", 1)}, "stop_without_time", ["t1"]),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_counted_and_named(engine_of, tmp_path, changes, reason, named):
    tables = {"trips": "L1,week,t1,", "stop_times": GOOD} | changes
    engine, report = engine_of(feed(tmp_path / "f.zip", **tables))
    assert report.left_out[reason] == {"count": len(named), "named": named}
    assert f"gtfs_left_{reason}" in MESSAGES
    found = minutes(engine, 4000, 12_000, "2026-12-01T08:00")
    assert found == pytest.approx(15 if reason != "frequency_unusable" else found)
    assert found >= 0


@pytest.mark.parametrize("spoil", ["{},", "{} ", " {}", "{}\r", "{},,", '"{}"'])
def test_trailing_commas_spaces_and_line_ends_change_nothing(engine_of, tmp_path, spoil):
    plain = feed(tmp_path / "plain.zip", trips="L1,week,t1,", stop_times=GOOD)
    dirty = tmp_path / "dirty.zip"
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(dirty, "w") as target:
        for name in source.namelist():
            head, *rows = source.read(name).decode().splitlines()
            if spoil == '"{}"':
                rows = [",".join(f'"{cell}"' for cell in row.split(",")) for row in rows]
            elif spoil.count(",") or spoil.endswith("\r"):
                rows = [spoil.format(row) for row in rows]
            else:
                rows = [",".join(spoil.format(cell) for cell in row.split(",")) for row in rows]
            target.writestr(name, "\n".join([head, *rows]) + "\n")
    engine, report = engine_of(dirty)
    assert report.left_out == {}
    assert minutes(engine, 0, 12_000, "2026-12-01T07:58") == pytest.approx(17)


def test_a_feed_in_another_encoding_is_read_with_a_word(engine_of, tmp_path):
    source = feed(tmp_path / "f.zip", trips="L1,week,t1,", stop_times=GOOD)
    with zipfile.ZipFile(source) as archive:
        tables = {name: archive.read(name).decode() for name in archive.namelist()}
    with zipfile.ZipFile(source, "w") as archive:
        for name, text in tables.items():
            archive.writestr(name, text.encode("cp1252"))
    _, report = engine_of(source)
    assert report.left_out["encoding"]["named"] == ["stops.txt"]
    assert read_feed(source).stops.loc["A", "stop_name"] == "Arrêt A"


def test_nothing_usable_leaves_walking(engine_of, tmp_path):
    bad = calls("t1", ("A", "08:10:00"), ("B", "08:05:00"), ("D", "08:18:00"))
    engine, report = engine_of(feed(tmp_path / "f.zip", trips="L1,week,t1,", stop_times=bad))
    assert report.trips == 0
    assert minutes(engine, 0, 12_000, "2026-12-01T07:58") == pytest.approx(walked(12_000), rel=1e-3)
    assert minutes(engine, 0, 0, "2026-12-01T07:58") == 0
    assert engine.last_return(places((0, 0)), place(12_000, 0)).isna().all()


def test_two_feeds_with_the_same_ids_serve_together(engine_of, tmp_path):
    one = feed(
        tmp_path / "1.zip",
        trips="L1,week,t1,",
        stop_times=calls("t1", ("A", "08:00:00"), ("B", "08:05:00")),
    )
    two = feed(
        tmp_path / "2.zip", trips="L1,week,t1,",
        stop_times=calls("t1", ("B", "08:10:00"), ("D", "08:20:00")),
        calendar="week,0,1,0,0,0,0,0,20270101,20270630",
    )  # fmt: skip
    engine, report = engine_of(one, two)
    assert (report.trips, report.source) == (2, "1.zip, 2.zip")
    assert str(report.last_day) == "2027-12-31"
    # On a Tuesday of 2027 both run, and one changes at the stop that both have.
    assert minutes(engine, 0, 12_000, "2027-01-05T08:00") == pytest.approx(20)
    assert minutes(engine, 0, 4000, "2026-12-01T08:00") == pytest.approx(5)
    assert minutes(engine, 4000, 12_000, "2026-12-01T08:00") == pytest.approx(
        walked(8000), rel=1e-3
    )


def test_feeds_of_two_time_zones_are_refused(engine_of, tmp_path):
    one = feed(tmp_path / "1.zip", trips="L1,week,t1,", stop_times=GOOD)
    two = feed(
        tmp_path / "2.zip", trips="L1,week,t1,", stop_times=GOOD, agency="x,y,Indian/Reunion"
    )
    with pytest.raises(InvalidFile, match="gtfs_timezones"):
        engine_of(one, two)


def test_stops_between_timed_ones_follow_the_distance_travelled(tmp_path):
    head = {"stop_times": f"{HEADS['stop_times']},shape_dist_traveled"}
    rows = "t1,08:00:00,08:00:00,A,1,0\nt1,,,B,2,{}\nt1,,,C,3,{}\nt1,08:12:00,08:12:00,D,4,{}"
    told = feed(
        tmp_path / "a.zip", heads=head, trips="L1,week,t1,", stop_times=rows.format(1, 9, 12)
    )
    untold = feed(
        tmp_path / "b.zip", heads=head, trips="L1,week,t1,", stop_times=rows.format("", "", "")
    )
    assert (read_feed(told).stop_times["arrival"] / 60 - 480).tolist() == [0, 1, 9, 12]
    assert (read_feed(untold).stop_times["arrival"] / 60 - 480).tolist() == [0, 4, 8, 12]


def test_a_frequency_without_exact_times_waits_half_a_headway(engine_of, tmp_path):
    rows = "trip_id,start_time,end_time,headway_secs,exact_times\nt1,07:00:00,09:00:00,1200,{}\n"
    loose, report = engine_of(
        feed(tmp_path / "f.zip", trips="L1,week,t1,", stop_times=GOOD, frequencies=rows.format(0))
    )
    assert (report.trips, report.frequencies) == (1, 1)
    assert minutes(loose, 0, 12_000, "2026-12-01T08:03") == pytest.approx(10 + 15)
    assert minutes(loose, 4000, 12_000, "2026-12-01T08:03") == pytest.approx(10 + 10)
    assert minutes(loose, 0, 12_000, "2026-12-01T06:30") == pytest.approx(30 + 15)
    assert minutes(loose, 0, 12_000, "2026-12-01T10:00") == pytest.approx(walked(12_000), rel=1e-3)
    there = loose.travel_times(
        places((0, 0)), places((12_000, 0)), mode="transit", cutoff_min=600,
        arrival=datetime.fromisoformat("2026-12-01T08:45"),
    ).iloc[0, 0]  # fmt: skip
    assert there == pytest.approx(10 + 15, abs=0.01)
    profile = loose.transit_profile(
        places((0, 0)), places((12_000, 0)), departure=datetime.fromisoformat("2026-12-01T08:00"), window_min=30
    )  # fmt: skip
    assert profile.loc[0, "median_min"] == pytest.approx(25, abs=0.01)
    (route,) = loose.routes(
        place(0, 0), places((12_000, 0)), mode="transit",
        departure=datetime.fromisoformat("2026-12-01T08:03"),
    )  # fmt: skip
    assert route.travel_time_min == pytest.approx(25, abs=0.01)
    exact, _ = engine_of(
        feed(tmp_path / "g.zip", trips="L1,week,t1,", stop_times=GOOD, frequencies=rows.format(1))
    )
    assert minutes(exact, 0, 12_000, "2026-12-01T08:03") == pytest.approx(17 + 15)
    assert minutes(exact, 0, 12_000, "2026-12-01T08:20") == pytest.approx(15)


def test_a_long_frequency_writes_no_copies(engine_of, tmp_path):
    rows = "trip_id,start_time,end_time,headway_secs,exact_times\n" + "".join(
        f"t1,{hour:02d}:00:00,{hour + 1:02d}:00:00,{headway},1\n"
        for hour in range(4, 23)
        for headway in (5,)
    )
    _, report = engine_of(
        feed(tmp_path / "f.zip", trips="L1,week,t1,", stop_times=GOOD, frequencies=rows)
    )
    assert report.trips == 1
    assert sum(file.stat().st_size for file in (tmp_path / "transit").iterdir()) < 60_000


SEATED = {
    "trips": "L1,week,t1,{0}\nL2,week,t2,{0}",
    "stop_times": calls("t1", ("A", "08:00:00"), ("B", "08:05:00")) + "\n"
    + calls("t2", ("B", "08:05:00"), ("D", "08:15:00")) + "\n"
    + calls("t3", ("B", "08:40:00"), ("D", "08:50:00")),
}  # fmt: skip


@pytest.mark.parametrize(
    ("block", "transfers", "expected"),
    [
        ("", "", 50),  # a change takes a minute: the vehicle of 8:05 is missed
        ("K", "", 15),  # same block: one stays
        ("K", "from_trip_id,to_trip_id,transfer_type\nt1,t2,5\n", 50),
        ("", "from_trip_id,to_trip_id,transfer_type\nt1,t2,4\n", 15),
        ("", "from_stop_id,to_stop_id,from_trip_id,to_trip_id,transfer_type\nB,B,t1,t2,4\n", 15),
        ("", "from_stop_id,to_stop_id,transfer_type\nB,B,1\n", 15),
        ("", "from_stop_id,to_stop_id,transfer_type,from_trip_id,to_trip_id\nB,B,1,t1,t2\n", 15),
        ("", "from_stop_id,to_stop_id,transfer_type,from_route_id,to_route_id\nB,B,1,L1,L2\n", 15),
        ("", "from_stop_id,to_stop_id,transfer_type,from_route_id,to_route_id\nB,B,1,L2,L1\n", 50),
        ("", "from_stop_id,to_stop_id,transfer_type,from_route_id\nB,B,1,L1\n", 15),
        # The most specific row wins, in whatever order.
        ("", "from_stop_id,to_stop_id,transfer_type,from_route_id,to_trip_id\nB,B,1,L1,t2\nB,B,3,L1,\nB,B,3,,\n", 15),
        ("", "from_stop_id,to_stop_id,transfer_type,from_trip_id,to_trip_id\nB,B,3,t1,t3\nB,B,1,,\n", 15),
    ],
)  # fmt: skip
def test_staying_seated_and_changes_by_line_and_trip(
    engine_of, tmp_path, block, transfers, expected
):
    tables = {
        "trips": SEATED["trips"].format(block) + "\nL2,week,t3,",
        "stop_times": SEATED["stop_times"],
    }
    if transfers:
        tables["transfers"] = transfers
    engine, report = engine_of(feed(tmp_path / "f.zip", **tables))
    assert report.left_out == {}
    assert minutes(engine, 0, 12_000, "2026-12-01T08:00") == pytest.approx(expected)
    assert minutes(engine, 4000, 12_000, "2026-12-01T08:04") == pytest.approx(11)
    assert minutes(engine, 0, 4000, "2026-12-01T08:00") == pytest.approx(5)


def test_a_change_forbidden_between_two_lines_is_free_for_others(engine_of, tmp_path):
    tables = {
        "trips": "L1,week,t1,\nL2,week,t2,\nL3,week,t3,",
        "routes": "L1,1,3\nL2,2,3\nL3,3,3",
        "stop_times": calls("t1", ("A", "08:00:00"), ("B", "08:05:00")) + "\n"
        + calls("t2", ("B", "08:10:00"), ("D", "08:20:00")) + "\n"
        + calls("t3", ("A", "08:01:00"), ("B", "08:07:00")),
        "transfers": "from_stop_id,to_stop_id,transfer_type,from_route_id,to_route_id\nB,B,3,L1,L2\n",
    }  # fmt: skip
    engine, _ = engine_of(feed(tmp_path / "f.zip", **tables))
    assert minutes(engine, 0, 12_000, "2026-12-01T08:00") == pytest.approx(20)
    alone, _ = engine_of(
        feed(tmp_path / "g.zip", **(tables | {"trips": "L1,week,t1,\nL2,week,t2,"}))
    )
    assert minutes(alone, 0, 12_000, "2026-12-01T08:00") == pytest.approx(walked(12_000), rel=1e-3)


def test_vehicles_of_a_block_join_on_the_days_of_both(engine_of, tmp_path):
    calendar = "week,1,1,1,1,1,0,0,20260101,20271231\ntue,0,1,0,0,0,0,0,20260101,20271231"
    tables = {
        "trips": "L1,week,t1,K\nL2,tue,t2,K",
        "stop_times": SEATED["stop_times"].rsplit("\nt3", 2)[0],
        "calendar": calendar,
    }
    engine, _ = engine_of(feed(tmp_path / "f.zip", **tables))
    assert minutes(engine, 0, 12_000, "2026-12-01T08:00") == pytest.approx(15)
    assert minutes(engine, 0, 4000, "2026-12-02T08:00") == pytest.approx(5)
    assert minutes(engine, 0, 12_000, "2026-12-02T08:00") > 60


def test_pathways_are_counted(engine_of, tmp_path):
    text = "pathway_id,from_stop_id,to_stop_id,pathway_mode,is_bidirectional\np,A,B,1,1\n"
    _, report = engine_of(
        feed(tmp_path / "f.zip", trips="L1,week,t1,", stop_times=GOOD, pathways=text)
    )
    assert report.pathways == 1


def test_the_nights_when_clocks_change(engine_of, tmp_path):
    night = calls("t1", ("A", "25:30:00"), ("B", "27:30:00"), ("D", "28:00:00"))
    day = calls("t2", ("A", "08:00:00"), ("D", "08:15:00"))
    source = feed(
        tmp_path / "f.zip", trips="L1,week,t1,\nL1,week,t2,", stop_times=f"{night}\n{day}"
    )
    engine, _ = engine_of(source)
    # 29 March 2026, 2:00 becomes 3:00. The vehicle of the eve leaves at 1:30 and needs two hours: it comes at 4:30 by the clocks.
    assert minutes(engine, 0, 4000, "2026-03-29T01:30") == pytest.approx(
        min(120, walked(4000)), rel=1e-3
    )
    assert minutes(engine, 4000, 12_000, "2026-03-29T04:25") == pytest.approx(35)
    assert minutes(engine, 4000, 12_000, "2026-03-28T03:25") == pytest.approx(35)
    # 25 October, 3:00 becomes 2:00: it comes at 2:30 the second time.
    assert minutes(engine, 4000, 12_000, "2026-10-25T02:00") == pytest.approx(95, abs=0.1) or (
        minutes(engine, 4000, 12_000, "2026-10-25T02:00") == pytest.approx(walked(8000), rel=1e-3)
    )
    for change in ("2026-03-29", "2026-10-25"):
        assert minutes(engine, 0, 12_000, f"{change}T07:58") == pytest.approx(17)
        last = engine.last_return(
            places((0, 0)), place(12_000, 0), day=datetime.fromisoformat(change).date()
        )
        assert last.notna().all()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["t1", "t2", "ghost", ""]),
            st.sampled_from(["08:00:00", "07:00:00", "8:0", "", "25:10:00", "99:99:99", "-1", " 08:20:00 "]),
            st.sampled_from(["08:00:00", "07:30:00", "", "x", "25:15:00"]),
            st.sampled_from(["A", "B", "C", "D", "?", ""]),
            st.sampled_from(["1", "2", "3", "", "x", "2"]),
        ),
        min_size=1, max_size=9,
    ),
    st.booleans(),
)  # fmt: skip
def test_no_rows_are_so_odd_that_minutes_are_negative(tmp_path_factory, road, rows, often):
    folder = tmp_path_factory.mktemp("odd")
    tables = {"trips": "L1,week,t1,K\nL2,week,t2,K", "stop_times": "\n".join(map(",".join, rows))}
    if often:
        tables["frequencies"] = (
            "trip_id,start_time,end_time,headway_secs\nt1,08:00:00,09:00:00,600\n"
        )
    build_transit(feed(folder / "f.zip", **tables), folder / "transit")
    (folder / "streets").symlink_to(road / "streets")
    engine = StreetEngine(folder / "streets")
    spots = places((0, 0), (4000, 0), (12_000, 0))
    found = engine.travel_times(
        spots, spots, mode="transit", cutoff_min=700, departure=DAY + timedelta(hours=8)
    ).to_numpy()
    assert (found >= 0).all()
    on_foot = engine.travel_times(spots, spots, mode="walk", cutoff_min=700).to_numpy()
    assert (found <= on_foot + 1e-6).all()
    assert np.isfinite(found).all()


def test_the_command_takes_several_feeds_and_names_what_it_leaves_out(road, tmp_path, capsys):
    dirty = feed(
        tmp_path / "d.zip",
        trips="L1,week,t1,\nL1,nope,t2,",
        stop_times=f"{GOOD}\n{GOOD.replace('t1', 't2')}",
    )
    clean = write_feed(tmp_path / "c.zip")
    asked = ["territory", "build", str(tmp_path / "T"), "--streets", str(road / "a.osm.pbf")]
    assert run([*asked, "--gtfs", str(dirty), "--gtfs", str(clean)]) == 0
    said = capsys.readouterr()
    assert (
        "GTFS : 1 course(s) d’un service inconnu du calendrier, écartée(s) : t2 (d.zip)."
        in said.err.replace("\u00a0", " ")
    )
    assert "d.zip" in said.out and "c.zip" in said.out  # noqa: PT018 - both sources


@pytest.mark.parametrize("table", ["routes", "stop_times"])
def test_getting_on_between_stops_is_told_and_not_counted(tmp_path, table):
    rows = calls("T1", ("A", "08:00:00"), ("B", "08:10:00"))
    heads = {table: HEADS[table] + ",continuous_pickup"}
    texts = {"routes": "L1,1,3", "stop_times": rows}
    texts[table] = "\n".join(f"{row},0" for row in texts[table].splitlines())
    read = read_feed(feed(tmp_path / "f.zip", heads=heads, trips="L1,week,T1,", **texts))
    assert read.left_out.names["hail_and_ride"] == ["T1"]
    assert len(read.stop_times) == 2
    assert "gtfs_left_hail_and_ride" in MESSAGES


def test_agencies_of_several_time_zones_in_one_file_are_told(tmp_path):
    agencies = "Bus,http://x,Europe/Paris\nTram,http://y,Europe/Paris\nFerry,http://z,Europe/London"
    rows = calls("T1", ("A", "08:00:00"), ("B", "08:10:00"))
    read = read_feed(
        feed(tmp_path / "f.zip", agency=agencies, trips="L1,week,T1,", stop_times=rows)
    )
    assert read.timezone == "Europe/Paris"
    assert read.left_out.names["agency_timezone"] == ["Europe/London"]
    assert "gtfs_left_agency_timezone" in MESSAGES
