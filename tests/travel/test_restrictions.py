"""Turn restrictions through nodes and through ways, against a search that knows only the rules."""

import heapq
from collections import Counter
from datetime import date
from itertools import pairwise

import numpy as np
import osmium
import osmium.osm.mutable as osm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpe_geo.parameters import parameter_table
from rpe_geo.travel.street import StreetEngine
from rpe_geo.travel.streets import graph
from rpe_geo.travel.streets.network import build_streets
from rpe_geo.travel.streets.osm_file import read_pbf
from rpe_geo.travel.streets.restrictions import read_turn

from .conftest import places, write_pbf

ROAD = {"highway": "residential"}


def drive(engine, start, stop, mode="car"):
    return float(
        engine.travel_times(places(start), places(stop), mode=mode, cutoff_min=720).iloc[0, 0]
    )


def carriageways(rule=None, via=(3,)):
    """Two carriageways 20 m apart, joined by a link in the middle and by another one kilometre on."""
    one_way = {**ROAD, "oneway": "yes"}
    nodes = {
        1: (-1000, 0), 2: (0, 0), 3: (1000, 0), 4: (1000, 20), 5: (0, 20), 6: (-1000, 20), 7: (0, 10),
    }  # fmt: skip
    ways = [
        ([1, 2], one_way),
        ([2, 3], one_way),
        ([2, 7], ROAD) if len(via) == 2 else ([2, 7, 5], ROAD),
        ([4, 5], one_way),
        ([5, 6], one_way),
        ([3, 4], ROAD),
        ([6, 1], ROAD),
    ]
    if len(via) == 2:
        ways.append(([7, 5], ROAD))  # way 8
    return nodes, ways, [] if rule is None else [(1, via, 5, rule)]


@pytest.mark.parametrize("via", [(3,), (3, 8)])
def test_no_u_turn_through_a_link(town, via):
    free, ruled = (
        town(*carriageways(None, via)),
        town(*carriageways({"restriction": "no_u_turn"}, via)),
    )
    there, back, link = (-500, 0), (-500, 20), (0, 9)
    assert drive(ruled, there, back) > drive(free, there, back) + 2
    assert drive(ruled, there, link) == pytest.approx(drive(free, there, link), abs=1e-6)
    assert drive(ruled, link, back) == pytest.approx(drive(free, link, back), abs=1e-6)
    assert drive(ruled, (900, 20), back) == pytest.approx(drive(free, (900, 20), back), abs=1e-6)
    route = ruled.routes(places(there).iloc[0], places(back), mode="car")[0]
    assert route.travel_time_min == pytest.approx(drive(ruled, there, back), abs=1e-4)
    assert route.distance_m > 2900


def test_a_vehicle_that_is_excepted_turns_through_the_link(town):
    ruled = town(*carriageways({"restriction": "no_u_turn", "except": "bicycle"}))
    free = town(*carriageways())
    ends = (-500, 0), (-500, 20)
    assert drive(ruled, *ends, "bike") == pytest.approx(drive(free, *ends, "bike"))
    assert drive(ruled, *ends) > drive(free, *ends) + 2


def test_a_compulsory_turn_through_a_link(town):
    nodes, ways, _ = carriageways()
    nodes[8] = (0, 500)
    ways.append(([5, 8], ROAD))
    free = town(nodes, ways)
    ruled = town(nodes, ways, [(1, (3,), 5, {"restriction": "only_u_turn"})])
    start = (-500, 0)
    assert drive(ruled, start, (-500, 20)) == pytest.approx(drive(free, start, (-500, 20)))
    assert drive(ruled, start, (0, 400)) > drive(free, start, (0, 400)) + 2
    # The rule binds only those who take the link.
    assert drive(ruled, start, (900, 0)) == pytest.approx(drive(free, start, (900, 0)))


SIZE = 3


def squares():
    """A chessboard whose every side is a way of its own: way id → its two nodes."""
    nodes = {r * SIZE + c + 1: (c * 300, r * 220 + c * 7) for r in range(SIZE) for c in range(SIZE)}
    sides = [(n, n + 1) for n in nodes if n % SIZE] + [
        (n, n + SIZE) for n in nodes if n + SIZE in nodes
    ]
    return nodes, dict(enumerate(sides, start=1))


NODES, SIDES = squares()


def side_of(one, two):
    return next(way for way, ends in SIDES.items() if set(ends) == {one, two})


@st.composite
def rules(draw):
    """Walks of three to five junctions, each with a rule on the last turn of it."""
    found = []
    for _ in range(draw(st.integers(1, 4))):
        length = draw(st.integers(3, 5))
        walk = [draw(st.sampled_from(sorted(NODES)))]
        while len(walk) < length:
            near = [b for a, b in SIDES.values() if a == walk[-1]]
            near += [a for a, b in SIDES.values() if b == walk[-1]]
            near = [node for node in near if node not in walk]
            if not near:
                break
            walk.append(draw(st.sampled_from(sorted(near))))
        if len(walk) >= 3:
            found.append((tuple(walk), draw(st.sampled_from(["no", "only"]))))
    return found


def by_the_rules(walks, start, goal):
    """Shortest metres from the middle of a side to the middle of another, by searching over whole histories."""
    degree = Counter(node for ends in SIDES.values() for node in ends)
    kept = {walk[1] for walk, _ in walks} | {walk[-2] for walk, _ in walks}
    metres = {
        way: float(np.hypot(*np.subtract(NODES[a], NODES[b]))) for way, (a, b) in SIDES.items()
    }

    def follows(history):
        """How many nodes of each rule's walk the end of a history agrees with, and may turn on."""
        for walk, kind in walks:
            for known in range(2, len(walk)):
                if history[-known:] == walk[:known]:
                    yield walk, kind, known

    waiting, seen, best = [], set(), np.inf
    one, two = SIDES[start]
    if start == goal:
        best = 0.0
    for history in ((one, two), (two, one)):
        heapq.heappush(waiting, (metres[start] / 2, history))
    while waiting:
        so_far, history = heapq.heappop(waiting)
        if so_far >= best:
            break
        if history in seen:
            continue
        seen.add(history)
        before, here = history[-2:]
        active = list(follows(history))
        bound = any(len(walk) > 3 and known > 2 for walk, _, known in active)
        bound |= any(len(walk) == 3 and known == 2 for walk, _, known in active)
        for way, ends in SIDES.items():
            if here not in ends:
                continue
            onward = ends[0] if ends[1] == here else ends[1]
            back = onward == before
            if back and (bound or (degree[here] == 2 and here not in kept)):
                continue
            closed = any(
                known == len(walk) - 1 and (onward == walk[-1]) == (kind == "no")
                for walk, kind, known in active
            )
            if closed:
                continue
            if way == goal:
                best = min(best, so_far + metres[way] / 2)
            heapq.heappush(waiting, (so_far + metres[way], (*history, onward)[-5:]))
    return best


@settings(max_examples=30, deadline=None)
@given(walks=rules())
def test_no_path_breaks_a_rule_and_none_is_lost(tmp_path_factory, walks):
    folder = tmp_path_factory.mktemp("rules")
    turns = []
    for walk, kind in walks:
        ways = [side_of(a, b) for a, b in pairwise(walk)]
        via = walk[1] if len(walk) == 3 else tuple(ways[1:-1])
        turns.append((ways[0], via, ways[-1], {"restriction": f"{kind}_right_turn"}))
    source = write_pbf(
        folder / "a.osm.pbf", NODES, [(list(ends), ROAD) for ends in SIDES.values()], turns
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph, "arm_delays", lambda *given: (np.zeros(given[3].size),) * 2)
        patch.setattr(graph, "connected_edges", lambda *given: np.ones(given[1].size, dtype=bool))
        speeds = parameter_table("speeds", date(2026, 1, 1))
        network = graph.build_mode_network(read_pbf(source), "car", speeds)
    engine = StreetEngine.of_networks({"car": network})
    middles = [tuple(np.mean([NODES[a], NODES[b]], axis=0)) for a, b in SIDES.values()]
    points = places(*middles)
    minutes = engine.travel_times(points, points, mode="car", cutoff_min=720).to_numpy()
    pace = minutes[0, 1] / by_the_rules(walks, 1, 2)
    if not np.isfinite(pace):
        pace = 0.06 / 30
    ways = list(SIDES)
    for row in (0, 3, 7):
        for column in range(len(ways)):
            expected = by_the_rules(walks, ways[row], ways[column])
            assert minutes[row, column] == pytest.approx(expected * pace, rel=2e-3, abs=2e-3)
        routes = engine.routes(points.iloc[row], points.iloc[:4], mode="car")
        assert [r.travel_time_min for r in routes] == pytest.approx(
            minutes[row, :4].tolist(), abs=1e-4
        )


WAYS = (("w", "from", 1), ("n", "via", 2), ("w", "to", 3))


@pytest.mark.parametrize(
    ("tags", "members", "reason"),
    [
        ({"restriction:conditional": "no_left_turn @ (Mo-Fr 07:00-09:00)"}, WAYS, "conditional"),
        ({"restriction": "no_left_turn", "hour_on": "07:00"}, WAYS, "conditional"),
        ({"restriction": "left_turn"}, WAYS, "unknown"),
        ({}, WAYS, "unknown"),
        ({"restriction": "no_left_turn"}, WAYS[:2], "malformed"),
        ({"restriction": "no_left_turn"}, (WAYS[0], WAYS[2]), "malformed"),
        ({"restriction": "no_left_turn"}, WAYS[1:], "malformed"),
        ({"restriction": "no_left_turn"}, (*WAYS, ("n", "via", 9)), "malformed"),
        ({"restriction": "no_left_turn"}, (*WAYS, ("w", "via", 9)), "malformed"),
        ({"restriction": "only_left_turn"}, (*WAYS, ("w", "to", 9)), "malformed"),
        ({"restriction:hgv": "no_left_turn"}, WAYS, None),
        ({"restriction": "no_left_turn", "except": "motorcar; bicycle"}, WAYS, None),
    ],
)
def test_what_cannot_be_used_says_why(tags, members, reason):
    found = read_turn(tags, [(kind, role, ref) for kind, role, ref in members])
    assert found == reason


def test_several_ways_in_are_all_closed():
    found = read_turn({"restriction": "no_entry"}, [*WAYS, ("w", "from", 7), ("w", "from", 1)])
    assert found.origins == (1, 7)


def test_broken_restrictions_are_counted_and_never_stop_a_build(tmp_path):
    nodes, ways, _ = carriageways()
    path = write_pbf(tmp_path / "town.osm.pbf", nodes, ways)
    broken = tmp_path / "broken.osm.pbf"
    rule = {"type": "restriction", "restriction": "no_left_turn"}
    relations = [
        ([("w", 1, "from"), ("w", 99, "via"), ("w", 5, "to")], rule),
        ([("w", 1, "from"), ("n", 99, "via"), ("w", 5, "to")], rule),
        ([("w", 1, "from"), ("n", 6, "via"), ("w", 5, "to")], rule),
        ([("w", 1, "from"), ("w", 4, "via"), ("w", 5, "to")], rule),
        ([("r", 1, "from"), ("w", 3, "via"), ("w", 5, "to")], rule),
        ([], rule),
        ([("w", 1, "from"), ("w", 3, "via"), ("w", 5, "to")], {"type": "restriction"}),
        ([("w", 1, "from"), ("w", 3, "via"), ("w", 5, "to")], rule),
    ]
    with osmium.SimpleWriter(str(broken)) as writer:
        for thing in osmium.FileProcessor(str(path)):
            writer.add(thing)
        for number, (members, tags) in enumerate(relations, start=1):
            writer.add_relation(osm.Relation(id=number, members=members, tags=tags))
    report = build_streets(broken, tmp_path / "streets")
    assert report.restrictions == 1
    assert report.ignored_restrictions == 7
    assert report.ignored_reasons == {
        "incomplete": 2, "disconnected": 2, "malformed": 2, "unknown": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("file", "used", "through_ways"),
    [
        ("monaco/monaco_2016-03-04.osm.pbf", 27, 0),
        ("heidelberg/heidelberg.osm.pbf", 469, 0),
        ("montpellier/montpellier-streets-2014.osm.pbf", 0, 0),
        ("saint-germain-en-laye/saint-germain-en-laye_2022-12-20_highways.osm.pbf", 0, 0),
    ],
)
def test_the_restrictions_of_real_extracts(real_data, file, used, through_ways):
    parsed = read_pbf(real_data / file)
    total = len(parsed.restrictions) + sum(parsed.ignored_restrictions.values())
    assert len(parsed.restrictions) == used
    assert sum(bool(rule.via_ways) for rule in parsed.restrictions) == through_ways
    assert total >= used


def test_a_turn_at_a_node_that_a_mode_does_not_reach(town):
    nodes, ways, _ = carriageways()
    ways[2] = ([2, 7, 5], {"highway": "footway"})
    engine = town(nodes, ways, [(1, (3,), 5, {"restriction": "no_u_turn"})])
    assert drive(engine, (-500, 0), (-500, 20)) < 720
