"""Times on small towns where the answer can be worked out by hand."""

import json
import math

import geopandas as gpd
import numpy as np
import pytest
from shapely import LineString, Point

from rpe_geo.errors import InputError, InvalidFile
from rpe_geo.travel import mode_search, search
from rpe_geo.travel.search import BoundedSearch, Ends
from rpe_geo.travel.street import StreetEngine
from rpe_geo.travel.streets.mode_network import TICKS_PER_MIN
from rpe_geo.travel.streets.network import build_streets, read_meta, street_lines

from .conftest import PER_METRE, grid_town, place, places, write_pbf

ROAD = {"highway": "residential"}
PACE = 60 / 5000  # minutes per metre at 5 km/h


def walk(engine, start, stop, mode="walk", cutoff=720.0):
    return float(
        engine.travel_times(places(start), places(stop), mode=mode, cutoff_min=cutoff).iloc[0, 0]
    )


def test_the_part_of_the_edge_counts_and_the_walk_to_it(town):
    engine = town({1: (0, 0), 2: (1000, 0)}, [([1, 2], ROAD)])
    assert walk(engine, (100, 0), (600, 0)) == pytest.approx(500 * PACE, rel=1e-4)
    assert walk(engine, (600, 20), (100, -30)) == pytest.approx(550 * PACE, rel=1e-4)


def test_the_same_point_is_no_minute_away(town):
    engine = town({1: (0, 0), 2: (1000, 0)}, [([1, 2], ROAD)])
    assert walk(engine, (300, 40), (300, 40)) == 0


def test_a_one_way_street_is_driven_one_way_and_walked_both(town):
    nodes, ways = grid_town(3)
    ways[0] = (ways[0][0], {**ways[0][1], "oneway": "yes"})
    engine = town(nodes, ways)
    with_it = walk(engine, (50, 0), (150, 0), "car")
    against = walk(engine, (150, 0), (50, 0), "car")
    assert against > 3 * with_it
    assert walk(engine, (50, 0), (150, 0)) == pytest.approx(walk(engine, (150, 0), (50, 0)))


def test_a_node_that_a_one_way_street_names_twice(town):
    nodes, ways = grid_town(3)
    ways[0] = ([1, 2, 2, 3], {**ROAD, "oneway": "yes"})
    engine = town(nodes, ways)
    assert walk(engine, (50, 0), (350, 0), "car") == pytest.approx(300 / 30_000 * 60, rel=0.2)


@pytest.mark.parametrize(
    ("tags", "contraflow"),
    [
        ({"oneway": "yes", "oneway:bicycle": "no"}, True),
        ({"oneway": "yes", "cycleway": "opposite_lane"}, True),
        ({"oneway": "yes", "cycleway:left": "opposite_lane"}, True),
        ({"oneway": "yes"}, False),
    ],
)
def test_contraflow_cycling(town, tags, contraflow):
    engine = town({1: (0, 0), 2: (2000, 0)}, [([1, 2], {**ROAD, **tags})])
    with_it = walk(engine, (0, 0), (2000, 0), "bike")
    against = walk(engine, (2000, 0), (0, 0), "bike")
    # Without contraflow the bike is pushed.
    assert against == pytest.approx(with_it) if contraflow else against > 3 * with_it


def cross(turns=(), **extra):
    """A crossing of four arms; way 1 comes from the west, 2 north, 3 east, 4 south, each 500 m; a long way round."""
    nodes = {1: (0, 0), 2: (-500, 0), 3: (0, 500), 4: (500, 0), 5: (0, -500), 6: (-3000, 3000)}
    ways = [
        ([2, 1], ROAD),
        ([1, 3], ROAD),
        ([1, 4], ROAD),
        ([1, 5], ROAD),
        ([2, 6, 3], ROAD),
    ]
    return nodes, ways, turns


WEST, NORTH, EAST, SOUTH = (-400, 0), (0, 400), (400, 0), (0, -400)


def test_a_forbidden_turn_is_not_taken_by_car(town):
    free = town(*cross())
    direct = walk(free, WEST, NORTH, "car")
    engine = town(*cross([(1, 1, 2, {"restriction": "no_left_turn"})]))
    assert walk(engine, WEST, NORTH, "car") > direct + 2
    assert walk(engine, WEST, EAST, "car") == pytest.approx(walk(free, WEST, EAST, "car"))
    assert walk(engine, NORTH, WEST, "car") == pytest.approx(direct)
    assert walk(engine, WEST, NORTH) == pytest.approx(800 * PACE, rel=1e-3)


def test_a_compulsory_turn_closes_the_others(town):
    engine = town(*cross([(1, 1, 3, {"restriction": "only_straight_on"})]))
    free = town(*cross())
    assert walk(engine, WEST, EAST, "car") == pytest.approx(walk(free, WEST, EAST, "car"))
    assert walk(engine, WEST, NORTH, "car") > walk(free, WEST, NORTH, "car") + 2
    assert walk(engine, WEST, SOUTH, "car") > walk(free, WEST, SOUTH, "car") + 2


def test_an_excepted_vehicle_may_turn(town):
    rule = {"restriction": "no_left_turn", "except": "psv;bicycle"}
    engine = town(*cross([(1, 1, 2, rule)]))
    free = town(*cross())
    assert walk(engine, WEST, NORTH, "bike") == pytest.approx(walk(free, WEST, NORTH, "bike"))
    assert walk(engine, WEST, NORTH, "car") > walk(free, WEST, NORTH, "car") + 2


def test_a_rule_for_cars_only(town):
    engine = town(*cross([(1, 1, 2, {"restriction:motorcar": "no_left_turn"})]))
    free = town(*cross())
    assert walk(engine, WEST, NORTH, "bike") == pytest.approx(walk(free, WEST, NORTH, "bike"))
    assert walk(engine, WEST, NORTH, "car") > walk(free, WEST, NORTH, "car") + 2


def test_a_bollard_stops_cars_only(town):
    nodes = {1: (0, 0), 2: (500, 0, {"barrier": "bollard"}), 3: (1000, 0), 4: (500, 4000)}
    ways = [([1, 2, 3], ROAD), ([1, 4, 3], ROAD)]
    engine = town(nodes, ways)
    assert walk(engine, (400, 0), (600, 0), "bike") < 2
    assert walk(engine, (400, 0), (600, 0), "car") > 10


def test_steps_slow_walkers_and_stop_pushchairs(town):
    nodes = {1: (0, 0), 2: (100, 0), 3: (100, 100), 4: (0, 100), 5: (-800, 50)}
    ways = [
        ([1, 2], ROAD),
        ([3, 4], ROAD),
        ([2, 3], {"highway": "steps"}),
        ([1, 5, 4], ROAD),
    ]
    adult = town(nodes, ways)
    assert walk(adult, (90, 0), (90, 100)) > 120 * PACE
    pushed = StreetEngine(adult._directory, pushchair=True)
    assert walk(pushed, (90, 0), (90, 100)) > 1500 * PACE


def test_private_roads_serve_those_who_go_there_only(town):
    nodes = {1: (0, 0), 2: (600, 0), 3: (600, 600), 4: (0, 600), 5: (300, 300)}
    private = {"highway": "service", "access": "private"}
    ways = [([1, 2, 3, 4, 1], ROAD), ([1, 5, 3], private)]
    engine = town(nodes, ways)
    inside = walk(engine, (0, 50), (300, 300), "car")
    assert 0.5 < inside < 4  # no penalty is left in the time
    route = engine.routes(place(0, 30), places((600, 570)), mode="car")[0]
    assert route.distance_m == pytest.approx(1200, rel=0.02)  # not through the private road


def test_streets_behind_a_residents_street_pay_no_penalty(town):
    def streets(**tags):
        nodes, ways = grid_town(12)
        nodes |= {1001: (-300, 0), 1002: (-600, 0), 1003: (-600, 300)}
        ways += [([1, 1001], {**ROAD, **tags}), ([1001, 1002, 1003], ROAD)]
        return nodes, ways

    free, ruled = town(*streets()), town(*streets(motor_vehicle="destination"))
    home, away, beside = (-600, 200), (1000, 900), (-150, 0)
    for ends in ((home, away), (away, home), (home, beside), (beside, away)):
        assert walk(ruled, *ends, "car") == pytest.approx(walk(free, *ends, "car"), abs=1e-6)
    route = ruled.routes(place(*home), places(away), mode="car")[0]
    assert route.travel_time_min == pytest.approx(walk(free, home, away, "car"), abs=1e-4)


def test_a_track_joins_streets_slowly_and_has_no_doors(town):
    nodes, ways = grid_town(12)
    nodes |= {1001: (-600, 0), 1002: (-600, 300)}
    track = ([1, 1001], {"highway": "track"})
    engine = town(nodes, [*ways, track, ([1001, 1002], ROAD)])
    assert walk(engine, (-600, 200), (0, 0), "car") == pytest.approx(600 / 5000 * 60, rel=0.15)
    start = engine._snap(engine._search("car"), "car", *np.array([[-20.0], [30.0]]) * PER_METRE)
    assert start.distance_m[0] == pytest.approx(np.hypot(20, 0), rel=0.05)
    closed = {"highway": "track", "motor_vehicle": "forestry"}
    engine = town(nodes, [*ways, ([1, 1001], closed), ([1001, 1002], ROAD)])
    start = engine._snap(engine._search("car"), "car", *np.array([[-600.0], [200.0]]) * PER_METRE)
    assert start.islanders.size == 1


def test_an_island_of_streets_does_not_swallow_an_address(town):
    nodes, ways = grid_town(5)
    nodes[100], nodes[101] = (430, 90), (470, 90)
    ways.append(([100, 101], {"highway": "service"}))
    engine = town(nodes, ways)
    assert walk(engine, (450, 92), (0, 0), "car") < 10
    assert walk(engine, (450, 92), (0, 0)) < 20


def test_a_point_too_far_is_refused_with_its_distance(town):
    engine = town({1: (0, 0), 2: (1000, 0)}, [([1, 2], ROAD)])
    with pytest.raises(InputError) as refused:
        engine.travel_times(
            gpd.GeoSeries([place(500, 2500)], index=["maison"], crs=4326),
            places((0, 0)),
            mode="walk",
            cutoff_min=30,
        )
    assert refused.value.code == "point_too_far"
    assert refused.value.values["point"] == "maison"
    assert refused.value.values["distance_m"] == pytest.approx(2550, rel=0.05)
    assert engine.serves(places((500, 2500), (500, 10)), mode="walk").tolist() == [False, True]


@pytest.mark.parametrize("cutoff", [0, -5, 10_000, math.nan, math.inf])
def test_a_cutoff_out_of_range_is_refused(town, cutoff):
    engine = town({1: (0, 0), 2: (1000, 0)}, [([1, 2], ROAD)])
    with pytest.raises(InputError, match="cutoff_out_of_range"):
        engine.travel_times(places((0, 0)), places((9, 0)), mode="walk", cutoff_min=cutoff)


def test_swapped_coordinates_and_doubled_ids_are_named(town):
    engine = town({1: (0, 0), 2: (1000, 0)}, [([1, 2], ROAD)])
    swapped = gpd.GeoSeries([Point(43.6, 3.87)], index=["a"], crs=4326)
    with pytest.raises(InputError, match="coordinates_swapped"):
        engine.travel_times(swapped, places((0, 0)), mode="walk", cutoff_min=30)
    twice = gpd.GeoSeries([place(0, 0), place(1, 0)], index=["a", "a"], crs=4326)
    with pytest.raises(InputError, match="point_id_twice"):
        engine.travel_times(twice, places((0, 0)), mode="walk", cutoff_min=30)


def test_a_mode_that_the_territory_lacks(town):
    engine = town({1: (0, 0), 2: (1000, 0)}, [([1, 2], {"highway": "footway"})])
    with pytest.raises(InputError, match="mode_unavailable"):
        engine.travel_times(places((0, 0)), places((9, 0)), mode="car", cutoff_min=30)
    with pytest.raises(InputError, match="transit_missing"):
        engine.travel_times(places((0, 0)), places((9, 0)), mode="transit", cutoff_min=30)
    with pytest.raises(InputError, match="mode_unknown"):
        engine.travel_times(places((0, 0)), places((9, 0)), mode="horse", cutoff_min=30)


def test_beyond_the_cutoff_is_unreachable(town):
    engine = town({1: (0, 0), 2: (3000, 0)}, [([1, 2], ROAD)])
    assert walk(engine, (0, 0), (3000, 0), cutoff=30) == math.inf
    assert walk(engine, (0, 0), (3000, 0), cutoff=37) == pytest.approx(36, rel=1e-3)


def test_routes_take_the_time_that_the_table_says_and_name_the_streets(town):
    engine = town(*grid_town(5))
    ends = places((750, 710), (30, 400), (30, 0))
    for mode in ("walk", "bike", "car"):
        table = engine.travel_times(places((20, 5)), ends, mode=mode, cutoff_min=720)
        routes = engine.routes(place(20, 5), ends, mode=mode)
        minutes = [route.travel_time_min for route in routes]
        assert minutes == pytest.approx(table.iloc[0].tolist(), abs=1e-4)
        for route in routes:
            assert sum(step.travel_time_min for step in route.steps) == pytest.approx(
                route.travel_time_min, abs=0.02
            )
    names = {step.name for step in engine.routes(place(20, 5), ends, mode="walk")[0].steps}
    assert "Rue 0" in names or "Allée 0" in names


def test_the_detour_of_a_stop_on_the_way(town):
    engine = town(*grid_town(6))
    stops = gpd.GeoSeries([place(400, 0), place(0, 800)], index=["on the way", "aside"], crs=4326)
    table = engine.detour_times(place(0, 0), stops, place(1000, 0), mode="walk", cutoff_min=120)
    assert table.loc["on the way", "detour_min"] == pytest.approx(0, abs=1e-3)
    assert table.loc["aside", "detour_min"] == pytest.approx(1600 * PACE, rel=1e-2)
    assert table["direct_min"].tolist() == pytest.approx([12, 12], rel=1e-3)


def test_scipy_and_the_hierarchy_give_the_same_times(town, monkeypatch):
    nodes, ways = grid_town(6)
    ways[2] = (ways[2][0], {**ways[2][1], "oneway": "yes"})
    turns = [
        (1, 3, 9, {"restriction": "no_left_turn"}),
        (8, 14, 3, {"restriction": "no_right_turn"}),
    ]
    engine = town(nodes, ways, turns)
    rng = np.random.default_rng(5)
    points = places(*rng.uniform(0, 1000, (25, 2)).tolist())
    for mode in ("walk", "bike", "car"):
        fast = engine.travel_times(points, points, mode=mode, cutoff_min=60).to_numpy()
        routes = engine.routes(points.iloc[0], points, mode=mode)
        with monkeypatch.context() as without:
            without.setattr(mode_search, "hierarchy_is_available", lambda: False)
            plain = StreetEngine(engine._directory)
            slow = plain.travel_times(points, points, mode=mode, cutoff_min=60).to_numpy()
            others = plain.routes(points.iloc[0], points, mode=mode)
        np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-9)
        assert [r.travel_time_min for r in routes] == pytest.approx(
            [r.travel_time_min for r in others], abs=1e-6
        )


def test_a_broken_source_leaves_nothing(tmp_path):
    for name, content, code in [
        ("empty.osm.pbf", b"", "file_empty"),
        ("broken.osm.pbf", b"\x00\x00\x00\x0dnonsense that is no extract", "streets_unreadable"),
    ]:
        source = tmp_path / name
        source.write_bytes(content)
        with pytest.raises(InvalidFile, match=code):
            build_streets(source, tmp_path / "T" / "streets")
    with pytest.raises(InvalidFile, match="file_missing"):
        build_streets(tmp_path / "none.osm.pbf", tmp_path / "T" / "streets")
    houses = write_pbf(
        tmp_path / "h.osm.pbf", {1: (0, 0), 2: (9, 0)}, [([1, 2], {"building": "yes"})]
    )
    with pytest.raises(InvalidFile, match="streets_none"):
        build_streets(houses, tmp_path / "T" / "streets")
    assert not (tmp_path / "T").exists() or not list((tmp_path / "T").iterdir())


def test_a_build_replaces_the_old_one_and_says_what_it_made(tmp_path):
    nodes, ways = grid_town(4)
    source = write_pbf(tmp_path / "a.osm.pbf", nodes, ways)
    first = build_streets(source, tmp_path / "streets")
    again = build_streets(source, tmp_path / "streets")
    assert first.network_version == again.network_version
    assert first.edges["walk"] == 20  # the four corners are no junctions
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["streets"]
    meta = read_meta(tmp_path / "streets")
    assert json.loads(json.dumps(meta))["ways"] == 8
    with pytest.raises(InvalidFile, match="streets_missing"):
        StreetEngine(tmp_path)


def test_streets_can_be_drawn(tmp_path):
    nodes, ways = grid_town(4)
    build_streets(write_pbf(tmp_path / "a.osm.pbf", nodes, ways), tmp_path / "streets")
    lines = street_lines(tmp_path / "streets")
    assert min(lines["name"]) == "Allée 0"
    assert set(lines["class"]) == {"residential"}
    corner = street_lines(tmp_path / "streets", (-0.001, -0.001, 0.0001, 0.0001))
    assert set(corner["name"]) == {"Rue 0", "Allée 0"}


def test_streets_of_another_version_say_that_they_must_be_built_again(tmp_path):
    nodes, ways = grid_town(3)
    folder = tmp_path / "streets"
    build_streets(write_pbf(tmp_path / "town.osm.pbf", nodes, ways), folder)
    meta = json.loads((folder / "streets.json").read_text("utf-8"))
    del meta["settings"]["snapping"]["link_m"]
    (folder / "streets.json").write_text(json.dumps(meta), "utf-8")
    with pytest.raises(InvalidFile, match="streets_old_format"):
        StreetEngine(folder)
    (folder / "streets.json").write_text(json.dumps({**meta, "format": 1}), "utf-8")
    with pytest.raises(InvalidFile, match="streets_old_format"):
        StreetEngine(folder)


def test_the_nearest_street_is_the_nearest_of_all(town):
    rng = np.random.default_rng(4)
    nodes = {k: (float(x), float(y)) for k, (x, y) in enumerate(rng.uniform(0, 3000, (40, 2)), 1)}
    nodes |= {50: (6000.0, 0.0), 51: (6300.0, 40.0)}  # an island
    ways = [([k, k + 1], ROAD) for k in range(1, 40)] + [([50, 51], ROAD)]
    engine = town(nodes, ways)
    search = engine._search("walk")
    x, y = rng.uniform(-900, 7000, 200), rng.uniform(-900, 3900, 200)
    rules = engine._meta["settings"]["snapping"]
    snapped = search.grid.snap(
        search.network, x * PER_METRE, y * PER_METRE, {**rules, "limit_m": 5000.0}, refuse=False
    )
    near = [
        min(LineString([nodes[k], nodes[k + 1]]).distance(Point(px, py)) for k in range(1, 40))
        for px, py in zip(x, y, strict=True)
    ]
    assert snapped.distance_m == pytest.approx(near, rel=1e-3, abs=0.1)
    assert snapped.islanders.size


@pytest.mark.parametrize("limit_min", [1, 4, 30])
def test_the_surroundings_alone_give_the_same_times(town, monkeypatch, limit_min):
    engine = town(*grid_town(9))
    points = places(*np.random.default_rng(6).uniform(0, 1600, (30, 2)).tolist())
    for mode in ("walk", "car"):
        placed = (
            engine._search(mode),
            engine._snap(engine._search(mode), mode, points.x.to_numpy(), points.y.to_numpy()),
        )
        network = placed[0].network
        ends = Ends.leaving(network, placed[1]), Ends.arriving(network, placed[1])
        limit = limit_min * TICKS_PER_MIN
        whole = BoundedSearch(network).table(*ends, limit)
        with monkeypatch.context() as large:
            large.setattr(search, "_MANY_STATES", 0)
            large.setattr(search, "_LARGE_PART", 1.1)
            large.setattr(search, "_PLACES", 3)
            part = BoundedSearch(network).table(*ends, limit)
        np.testing.assert_array_equal(whole, part)
