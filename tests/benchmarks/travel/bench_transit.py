"""
Public transport against ferrobus on the Heidelberg feed: speed, agreement, and why the two differ.

    PYTHONPATH=/where/ferrobus/is python tests/benchmarks/travel/bench_transit.py

Every time that either gives is recomputed by the plain connection scan of the tests, once with our walks and rules, once with
ferrobus's: what is left over is somebody's fault. Its walks are read out of it by asking at an hour without any trip.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import ferrobus
import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from rpe_geo.travel.street import StreetEngine
from rpe_geo.travel.streets.network import build_streets
from rpe_geo.travel.transit.search import build_transit

sys.path.insert(0, str(Path(__file__).parents[3]))
from tests.travel.connection_scan import Feed, scan

Floats = NDArray[np.float64]

DAY = date(2022, 9, 13)
HOURS = (7, 12, 17, 22)
PLACES = 14
WALK_LIMIT_S = 1200
NO_TRIP_S = 46 * 3600


def cpu_ms(work: Callable[[], object], times: int = 5) -> float:
    """The least CPU time of some runs, in milliseconds."""
    best = np.inf
    for _ in range(times):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best * 1000


def closed_walks(access: Floats, between: Floats) -> Floats:
    """Walk to a stop, and from there to another: two walks in a row, as ferrobus allows."""
    return np.minimum(access, (access[:, None] + between).min(axis=0))


class Recomputation:
    """The plain scan from each of the places to each other, with given walks and rules."""

    def __init__(self, feed: Feed, stops: list[str], walks_s: Floats, snap_s: Floats) -> None:
        self.feed, self.stops, self.walks = feed, stops, walks_s
        self.snap = snap_s
        self.connections = feed.connections(DAY, around=False)
        self.served = {row["stop_id"] for row in feed.tables["stop_times"]}

    def minutes(
        self, *, change_s: float, change_limit_s: float, chained: bool, rides: int
    ) -> Floats:
        """Minutes for each hour, place left and place reached."""
        count = len(self.stops)
        between = np.where(
            self.walks[:count, :count] <= change_limit_s, self.walks[:count, :count], np.inf
        )
        changes = {stop: {stop: change_s} for stop in self.served}
        for start, end in zip(*np.nonzero(np.isfinite(between)), strict=True):
            if start != end:
                changes[self.stops[start]][self.stops[end]] = between[start, end] + change_s
        found = np.full((len(HOURS), PLACES, PLACES), np.inf)
        for number, hour in enumerate(HOURS):
            leave = hour * 3600 + 300
            for place in range(PLACES):
                access = self._near(count + place, place)
                if chained:
                    access = closed_walks(access, between)
                near = np.flatnonzero(np.isfinite(access))
                ready = {self.stops[stop]: leave + float(access[stop]) for stop in near}
                off = scan(self.connections, ready, changes, most=rides)
                arrived = np.full(count, np.inf)
                for times in off.values():
                    for number_, stop in enumerate(self.stops):
                        arrived[number_] = min(arrived[number_], times.get(stop, np.inf))
                for goal in range(PLACES):
                    egress = self._near(count + goal, goal)
                    if chained:
                        egress = closed_walks(egress, between.T)
                    best = [
                        self.walks[count + place, count + goal],
                        (arrived - leave + egress).min(),
                    ]
                    if chained:
                        best.append((access + egress).min())
                    found[number, place, goal] = min(best) / 60
        return found

    def _near(self, row: int, place: int) -> Floats:
        walked = self.walks[row, : len(self.stops)] + self.snap[place]
        return np.where(walked <= WALK_LIMIT_S, walked, np.inf)


def main() -> None:
    """Build both, ask both, recompute both."""
    real = Path(os.environ.get("RPE_REAL_DATA", "../shared/data")) / "heidelberg"
    folder = Path(tempfile.mkdtemp())
    build_streets(real / "heidelberg.osm.pbf", folder / "streets")
    build_transit(real / "vrn_gtfs.zip", folder / "transit")
    with zipfile.ZipFile(real / "vrn_gtfs.zip") as archive:
        archive.extractall(folder / "feed")
    engine, feed = StreetEngine(folder / "streets"), Feed.read(real / "vrn_gtfs.zip")
    theirs = ferrobus.create_transit_model(
        str(real / "heidelberg.osm.pbf"), [str(folder / "feed")], DAY, WALK_LIMIT_S
    )

    rng = np.random.default_rng(11)
    inside = {
        stop: place
        for stop, place in feed.stops.items()
        if 8.62 < place[0] < 8.75 and 49.36 < place[1] < 49.46
    }
    chosen = [list(inside.values())[one] for one in rng.choice(len(inside), PLACES, replace=False)]
    places = np.array(chosen) + rng.normal(0, 1e-3, (PLACES, 2))
    points = gpd.GeoSeries.from_xy(*places.T, crs=4326)

    def transit_point(place: Floats, stops: int) -> object:
        return ferrobus.create_transit_point(
            float(place[1]), float(place[0]), theirs, WALK_LIMIT_S, stops
        )

    asked = [transit_point(place, 100) for place in places]

    def their_table(points_: list[object], leave_s: int, transfers: int = 3) -> Floats:
        table = ferrobus.travel_time_matrix(theirs, points_, leave_s, transfers)
        return np.array([[np.inf if one is None else one for one in row] for row in table])

    def our_table(hour: int) -> Floats:
        when = datetime.fromisoformat(f"{DAY}T{hour:02d}:05")
        return engine.travel_times(
            points, points, mode="transit", cutoff_min=180, departure=when
        ).to_numpy()

    f = np.array([their_table(asked, hour * 3600 + 300) / 60 for hour in HOURS])
    o = np.array([our_table(hour) for hour in HOURS])
    print(
        f"{PLACES} x {PLACES}, one departure, ms of CPU: ours {cpu_ms(lambda: our_table(7)):.1f}, ",
        end="",
    )
    print(f"ferrobus {cpu_ms(lambda: their_table(asked, 7 * 3600 + 300)):.1f}")

    # Walks: ours by the streets, ferrobus's at an hour without trips; its way to its first street node on top.
    served = sorted({row["stop_id"] for row in feed.tables["stop_times"]})
    located = gpd.GeoSeries.from_xy(*np.array([feed.stops[stop] for stop in served]).T, crs=4326)
    stops, their_stops = [], []
    for stop, known in zip(served, engine.serves(located, mode="walk"), strict=True):
        try:
            their_stops.append(transit_point(np.array(feed.stops[stop]), 1))
        except ValueError:
            continue
        stops.append((stop, known))
    names = [stop for stop, _ in stops]
    known = np.flatnonzero([near for _, near in stops] + [True] * PLACES)
    everywhere = gpd.GeoSeries.from_xy(
        *np.vstack([[feed.stops[stop] for stop in names], places]).T, crs=4326
    )
    their_walks = their_table([*their_stops, *[transit_point(p, 1) for p in places]], NO_TRIP_S, 0)
    our_walks = np.full_like(their_walks, np.inf)
    our_walks[np.ix_(known, known)] = 60 * engine.travel_times(
        everywhere.iloc[known], everywhere.iloc[known], mode="walk", cutoff_min=180
    )
    nodes = to_first_node_s(theirs, asked, their_walks, names)

    ours = Recomputation(feed, names, our_walks, np.zeros(PLACES))
    peer = Recomputation(feed, names, their_walks, nodes)
    our_rules = {"change_s": 60.0, "change_limit_s": 600.0, "chained": False, "rides": 5}
    their_rules = {"change_s": 0.0, "change_limit_s": 1200.0, "chained": True, "rides": 3}
    apart = np.broadcast_to(~np.eye(PLACES, dtype=bool), f.shape)
    both = apart & np.isfinite(f) & np.isfinite(o)
    with np.errstate(invalid="ignore"):
        report(f, o, both, ours.minutes(**our_rules), peer.minutes(**their_rules))
        earlier = both & (f - o < -3)
        walks_alone = earlier & (np.abs(f - peer.minutes(**our_rules)) <= 1.5)
        rules_alone = earlier & (np.abs(f - ours.minutes(**their_rules)) <= 1.5)
    print(
        f"  of those: its walks alone explain {walks_alone.sum()}, its rules alone {rules_alone.sum()}"
    )
    by_place = [int(earlier[:, one].sum() + earlier[:, :, one].sum()) for one in range(PLACES)]
    print(f"  by place: {by_place}")


def to_first_node_s(
    theirs: object, asked: list[object], walks_s: Floats, names: list[str]
) -> Floats:
    """Seconds from each place to its first street node in ferrobus: its first walk less the walk from that node."""
    number = {stop: row for row, stop in enumerate(names)}
    found = np.zeros(PLACES)
    for place, start in enumerate(asked):
        seen = []
        for goal in asked:
            text = ferrobus.detailed_journey(theirs, start, goal, 12 * 3600, 3)
            legs = json.loads(text)["features"] if text and text != "null" else []
            first = legs[0]["properties"] if legs else {}
            if first.get("leg_type") == "access_walk" and first.get("to_name") in number:
                walked = walks_s[len(names) + place, number[first["to_name"]]]
                seen.append(first["duration"] - walked)
        found[place] = np.median(seen) if seen else 0.0
    return found


def report(f: Floats, o: Floats, both: NDArray[np.bool_], ours: Floats, peer: Floats) -> None:
    """Print how far they agree with each other, and with their own recomputation."""
    gap = (f - o)[both]
    print(
        f"both find {both.sum()}; within 1 min {np.mean(np.abs(gap) <= 1):.1%}, within 3 {np.mean(np.abs(gap) <= 3):.1%}"
    )
    print(
        f"ours equal to the scan with our walks and rules (6 s): {np.mean(np.abs(ours - o)[both] <= 0.1):.1%}"
    )
    print(
        f"ferrobus equal to the scan with its own (1 min): {np.mean(np.abs(peer - f)[both] <= 1):.1%}"
    )
    earlier, later = both & (f - o < -3), both & (f - o > 3)
    own = np.abs(f - peer) <= 1
    print(
        f"ferrobus more than 3 min earlier: {earlier.sum()}, its own walks and rules say so for {(earlier & own).sum()}"
    )
    print(
        f"ferrobus more than 3 min later: {later.sum()}, missed by its own walks and rules: {(later & (f - peer > 1)).sum()}"
    )
    print(
        f"ferrobus earlier than its own walks and rules allow, by more than a minute: {(both & (f - peer < -1)).sum()}"
    )


if __name__ == "__main__":
    main()
