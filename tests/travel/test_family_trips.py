"""The trips of a day: there in the morning, back in the evening, and to school."""

from dataclasses import replace
from datetime import date, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maps.cards import Card, cards_html
from rpe_geo.domain import Agrement, Attributes, Child, Childminder, Facility, Request
from rpe_geo.formats.verdicts import suggestion_json
from rpe_geo.messages.trips import (
    detour_said,
    last_return_said,
    return_said,
    schools_said,
    sides_said,
)
from rpe_geo.privacy import PublicPlace
from rpe_geo.relais.book import ProviderBook
from rpe_geo.relais.location import locate
from rpe_geo.relais.suggest import suggest
from rpe_geo.relais.trips import leaving_times, schools_of
from rpe_geo.schedule import Timetable
from rpe_geo.travel.straight_line import StraightLineEngine
from rpe_geo.travel.street import StreetEngine
from rpe_geo.travel.streets.network import build_streets
from rpe_geo.travel.transit.search import build_transit
from rpe_geo.verdicts import SchoolTrip, TripSide

from .conftest import grid_town, place, places, write_pbf
from .test_transit import write_feed

TODAY = date(2026, 12, 1)
HOME, MINDER, WORK, SCHOOL = (0, 0), (2000, 0), (2000, 2000), (2000, -500)

# A one-way street from home to the childminder; back by a loop that is longer.
NODES = {1: (-10, 0), 2: (2000, 0), 3: (2000, 2000), 4: (0, 1000), 5: (2000, -600)}
ROAD = {"highway": "residential"}
WAYS = [
    ([1, 2], {**ROAD, "oneway": "yes"}),
    ([2, 3], ROAD),
    ([3, 4], ROAD),
    ([4, 1], ROAD),
    ([2, 5], ROAD),
]


def minder(where, identity="AM-1", schools=("Jules Ferry",)):
    point = place(*where)
    return Childminder(
        childminder_id=identity,
        agrement=Agrement(places=4),
        name="Dominique",
        longitude=point.x,
        latitude=point.y,
        attributes=Attributes(schools_served=schools),
    )


def school(where, identity="E-1", name="Jules Ferry", kind="École"):
    point = place(*where)
    return Facility(identity, kind, name, longitude=point.x, latitude=point.y)


def need(school=None, *, work=None, mode="car"):
    home, office = place(*HOME), None if work is None else place(*work)
    return Request(
        request_id="R-1",
        children=(Child(date(2026, 5, 1), school=school),),
        start=date(2027, 1, 4),
        schedule=Timetable.parse("Mo-Fr 08:00-17:30"),
        longitude=home.x,
        latitude=home.y,
        work_longitude=None if office is None else office.x,
        work_latitude=None if office is None else office.y,
        mode=mode,
        max_minutes=60,
    )


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("town")
    build_streets(write_pbf(folder / "a.osm.pbf", NODES, WAYS), folder / "streets")
    return StreetEngine(folder / "streets")


def first(request, engine, facilities=(), minders=None):
    book = ProviderBook.compile(minders or [minder(MINDER)], (), facilities)
    answer = suggest(locate(request, None), book, engine, today=TODAY, limit=10)
    assert answer.suggestions, [refusal for one in answer.refused for refusal in one.refusals]
    return answer.suggestions[0]


def minutes(engine, start, end, mode="car"):
    return engine.travel_times(places(start), places(end), mode=mode, cutoff_min=720).iloc[0, 0]


def test_there_and_back_differ_in_one_way_streets(engine):
    one = first(need(), engine)
    assert one.detour_minutes is None
    assert one.morning == TripSide(to_provider_min=pytest.approx(minutes(engine, HOME, MINDER)))
    assert one.evening == TripSide(from_provider_min=pytest.approx(minutes(engine, MINDER, HOME)))
    assert one.evening.from_provider_min > one.morning.to_provider_min + 2
    back = round(one.evening.from_provider_min)
    assert return_said(one.morning, one.evening) == f"retour {back}\u00a0min"
    assert sides_said(one.morning, one.evening)[0].startswith("Soir\u00a0: ")


def test_morning_and_evening_by_work(engine):
    one = first(need(work=WORK), engine)
    there, onward = minutes(engine, HOME, MINDER), minutes(engine, MINDER, WORK)
    assert one.morning.to_provider_min == pytest.approx(there)
    assert one.morning.from_provider_min == pytest.approx(onward)
    assert one.morning.direct_min == pytest.approx(minutes(engine, HOME, WORK))
    assert one.morning.detour_min == pytest.approx(one.detour_minutes)
    assert one.evening.to_provider_min == pytest.approx(minutes(engine, WORK, MINDER))
    assert one.evening.from_provider_min == pytest.approx(minutes(engine, MINDER, HOME))
    direct = minutes(engine, WORK, HOME)
    detour = minutes(engine, WORK, MINDER) + minutes(engine, MINDER, HOME) - direct
    assert one.evening.detour_min == pytest.approx(detour)
    assert one.evening.detour_min > one.morning.detour_min + 2
    assert " le matin, " in detour_said(one.morning, one.evening)
    told = sides_said(one.morning, one.evening)
    assert [sentence[:5] for sentence in told] == ["Matin", "Soir\u00a0"]


@pytest.mark.parametrize("asked", ["Jules Ferry", "E-1"])
def test_how_far_the_school_is(engine, asked):
    one = first(need(asked), engine, [school(SCHOOL)], [minder(MINDER, schools=(asked,))])
    (trip,) = one.schools
    assert (trip.school, trip.facility_id, trip.name, trip.mode) == (
        asked,
        "E-1",
        "Jules Ferry",
        "walk",
    )
    assert trip.to_school_min == pytest.approx(minutes(engine, MINDER, SCHOOL, "walk"))
    assert schools_said(one.schools) == ["École Jules Ferry à 6\u00a0min à pied"]
    written = suggestion_json(one)
    assert written["schools"][0]["to_school_minutes"] == trip.to_school_min
    assert written["morning"]["to_provider_minutes"] == one.travel_minutes
    assert written["evening"]["detour_minutes"] is None


@pytest.mark.parametrize(
    "facilities",
    [
        [],  # nobody knows where it is
        [school(SCHOOL, name="Jules Ferry 2")],  # exact strings
        [school(SCHOOL), school(WORK, identity="E-2")],  # two of that name
        [school(SCHOOL, kind="crèche")],  # not a school
        [school((2000, -90_000))],  # far from every street
        [Facility("E-1", "école", "Jules Ferry", address="rue sans coordonnées")],
    ],
)
def test_an_unknown_school_is_not_invented_and_never_a_refusal(engine, facilities):
    one = first(need("Jules Ferry"), engine, facilities)
    assert one.schools == ()
    assert one.verdict.feasible


def test_a_school_by_its_id_wins_over_two_of_its_name(engine):
    book = ProviderBook.compile([], (), [school(SCHOOL), school(WORK, identity="E-2")])
    assert [place.facility_id for _, place in schools_of(need("E-2"), book)] == ["E-2"]
    assert schools_of(need("Jules Ferry"), book) == []


@pytest.mark.parametrize("visibility", ["exact", "masked"])
def test_a_masked_home_is_not_betrayed_by_its_trips(engine, visibility):
    one = first(need("Jules Ferry", work=WORK), engine, [school(SCHOOL)])
    where = place(*MINDER)
    shown = PublicPlace(visibility, None, where.x, where.y)
    card = Card(one, minder(MINDER), "childminder", shown, public=True, request=None, today=TODAY)
    page = cards_html([card], public=True)
    assert ("École Jules Ferry à" in page) == (visibility == "exact")
    assert ("le matin" in page) == (visibility == "exact")


def test_without_streets_the_crow_tells(engine):
    one = first(need("Jules Ferry", work=WORK), StraightLineEngine(), [school(SCHOOL)])
    assert one.evening.detour_min == pytest.approx(one.morning.detour_min)
    assert detour_said(one.morning, one.evening).count("min") == 1
    assert len(one.schools) == 1


def test_the_way_back_to_school_is_told_where_it_differs():
    trip = SchoolTrip("E-1", "E-1", "École du Parc", "bike", 4.0, 7.0)
    assert schools_said([trip]) == ["École du Parc à 4\u00a0min à vélo, 7\u00a0min au retour"]
    nowhere = TripSide(to_provider_min=None, from_provider_min=None, direct_min=3.0)
    assert sides_said(TripSide(1.0, 2.0, 3.0, 0.0), nowhere) == [
        "Matin\u00a0: 1\u00a0min jusqu’à l’accueil, puis 2\u00a0min jusqu’au travail, 0\u00a0min de plus que sans s’arrêter"
    ]


@pytest.mark.parametrize(
    ("schedule", "leaves"),
    [
        ("Mo-Fr 08:00-17:30", (time(8), time(17, 30))),
        ("Mo-Th 07:15-12:00,14:00-18:45; Sa 10:00-11:00", (time(7, 15), time(18, 45))),
        ("Mo-Fr 20:00-06:00", (time(20), time(6))),
        (["Mo-Fr 06:00-14:00", "Mo-Fr 13:00-21:00", "Mo-Fr 13:00-21:00"], (time(13), time(21))),
    ],
)
def test_when_a_family_travels(schedule, leaves):
    assert leaving_times(Timetable.parse(schedule)) == leaves


def test_the_last_bus_home_is_told(tmp_path):
    road = {"highway": "residential"}
    nodes = {1: (-500, 0), 2: (2000, 0), 3: (4500, 0)}
    build_streets(
        write_pbf(tmp_path / "a.osm.pbf", nodes, [([1, 2, 3], road)]), tmp_path / "streets"
    )
    build_transit(write_feed(tmp_path / "feed.zip"), tmp_path / "transit")
    by_bus = StreetEngine(tmp_path / "streets")
    home = place(4000, 0)
    asked = replace(need(mode="transit"), longitude=home.x, latitude=home.y)
    far, near = minder((0, 0)), minder((3500, 0), "AM-2")
    one = first(asked, by_bus, minders=[far])
    # Out on foot; home by the bus of 18:00, half an hour after care ends; the last one leaves after midnight.
    assert one.morning.to_provider_min == pytest.approx(48, abs=0.1)
    assert one.evening.from_provider_min == pytest.approx(40, abs=0.1)
    assert one.last_return == time(0, 10)
    assert suggestion_json(one)["last_return"] == "00:10"
    assert last_return_said(one.last_return)[0].endswith("0\u00a0h\u00a010")
    assert first(asked, by_bus, minders=[near]).last_return is None  # on foot
    walking = first(need(), by_bus, minders=[far])
    assert (walking.last_return, last_return_said(None)) == (None, [])
    assert first(asked, StraightLineEngine(), minders=[far]).last_return is None


@pytest.fixture(scope="module")
def chessboard(tmp_path_factory):
    """Two-way streets, but for the first row and the last column."""
    folder = tmp_path_factory.mktemp("chessboard")
    nodes, ways = grid_town(5)
    ways = [
        (refs, {**tags, "oneway": "yes"} if tags["name"] in {"Rue 0", "Allée 4"} else tags)
        for refs, tags in ways
    ]
    build_streets(write_pbf(folder / "a.osm.pbf", nodes, ways), folder / "streets")
    return StreetEngine(folder / "streets")


spot = st.tuples(st.floats(0, 800), st.floats(0, 800))


@settings(max_examples=40, deadline=None)
@given(
    ends=st.tuples(spot, spot),
    stops=st.lists(spot, min_size=1, max_size=4),
    mode=st.sampled_from(["walk", "bike", "car"]),
)
def test_a_detour_is_never_negative_and_the_evening_is_the_morning_turned(
    chessboard, ends, stops, mode
):
    home, work = (place(*one) for one in ends)
    there, back = (
        chessboard.detour_times(*pair[:1], places(*stops), *pair[1:], mode=mode, cutoff_min=720)
        for pair in ((home, work), (work, home))
    )
    for side in (there, back):
        legs = side["to_stop_min"] + side["stop_to_work_min"]
        assert (legs >= side["direct_min"] - 1e-6).all()  # the triangle, before anything is cut off
        assert (side["detour_min"] >= 0).all()
        assert side["detour_min"].to_numpy() == pytest.approx(
            (legs - side["direct_min"]).to_numpy(), abs=1e-6
        )
    if mode == "walk":
        assert back["detour_min"].to_numpy() == pytest.approx(
            there["detour_min"].to_numpy(), abs=1e-6
        )
