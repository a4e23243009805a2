from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Point

from rpe_geo.domain import Agrement, Child, Childminder, Contract, Request
from rpe_geo.errors import InputError
from rpe_geo.formats.scenarios import counts_told, read_scenario
from rpe_geo.messages import explain
from rpe_geo.observatory.decay import Binary
from rpe_geo.planning.changes import Supply
from rpe_geo.publishing.report_html import report_html
from rpe_geo.publishing.scenario_report import scenario_document, scenario_report
from rpe_geo.relais.scenario import Zones, replay
from rpe_geo.schedule import Timetable
from rpe_geo.travel.straight_line import StraightLineEngine

TODAY = date(2026, 12, 1)
WEEK = Timetable.parse("Mo-Fr 08:00-17:00")


def minder(name, longitude=3.0, *, places=1, taken=0):
    contracts = tuple(
        Contract(f"C{n}", date(2026, 9, 1), WEEK, date(2025, 6, 1)) for n in range(taken)
    )
    return Childminder(
        name,
        Agrement(places),
        longitude=longitude,
        latitude=45.0,
        working_hours=Timetable.parse("Mo-Fr 07:00-19:00"),
        contracts=contracts,
    )


def family(number, longitude=3.0):
    return Request(
        f"R-{number:02}",
        (Child(date(2026, 3, 1)),),
        date(2027, 1, 4),
        WEEK,
        longitude=longitude,
        latitude=45.0,
        max_minutes=15,
    )


def scenario(tmp_path, *changes, title="Essai"):
    path = tmp_path / "s.json"
    path.write_text(json.dumps({"title": title, "changes": list(changes)}))
    return read_scenario(path, lambda _address: Point(3.0, 45.0))


def zones():
    index = ["a", "b"]
    return Zones(
        pd.Series([40.0, 60.0], index=index),
        gpd.GeoSeries([Point(3.0, 45.0), Point(3.05, 45.0)], index=index, crs=4326),
        pd.Series(["A", "B"], index=index),
        Binary(15.0),
    )


def replayed(supply, requests, *scenarios, **options):
    engine = StraightLineEngine()
    return replay(
        scenarios, supply, requests, engine, None, today=TODAY, zones=zones(), draws=5, **options
    )


OPEN = {
    "open": "facility", "id": "N1", "address": "ici", "places": 6, "opening_hours": "Mo-Fr 07:00-19:00",
}  # fmt: skip


def test_places_are_shared_out_and_opening_takes_from_nobody(tmp_path):
    supply = Supply((minder("AM-1"), minder("AM-2", taken=1)), (), ())
    requests = [family(number) for number in range(10)]
    (found,) = replayed(supply, requests, scenario(tmp_path, OPEN))
    assert len(found.before.solutions) == 1  # one free place, ten families
    assert (len(found.gained), found.lost) == (6, ())
    assert len(found.after.solutions) == 7
    assert (found.after.access >= found.before.access).all()
    assert (found.after.access > found.before.access).any()


def test_a_family_that_accepts_a_long_way_is_searched_as_far(tmp_path):
    supply = Supply((minder("AM-1", 3.0),), (), ())
    engine = StraightLineEngine()
    there = [gpd.GeoSeries([Point(x, 45.0)], crs=4326) for x in (3.0, 5.0)]
    minutes = engine.travel_times(there[1], there[0], mode="car", cutoff_min=720).to_numpy()[0, 0]
    assert minutes > 60
    for accepted, solved in ((minutes + 1, 1), (minutes - 1, 0)):
        far = replace(family(1, 5.0), mode="car", max_minutes=accepted)
        (found,) = replayed(supply, [far], scenario(tmp_path, OPEN))
        assert len(found.before.solutions) == solved


def test_reversing_a_scenario_gives_back_the_start(tmp_path):
    supply = Supply((minder("AM-1"), minder("AM-2")), (), ())
    requests = [family(number) for number in range(4)]
    undone = scenario(tmp_path, OPEN, {"close": ["N1"]})
    (found,) = replayed(supply, requests, undone)
    assert found.applied.supply == supply
    assert found.after.solutions == found.before.solutions
    assert found.after.access.equals(found.before.access)
    assert scenario_document(found) == scenario_document(replayed(supply, requests, undone)[0])


def test_who_leaves_takes_solutions_with_her(tmp_path):
    supply = Supply((minder("AM-1", places=4), minder("AM-2", places=4)), (), ())
    requests = [family(number) for number in range(8)]
    (found,) = replayed(
        supply, requests, scenario(tmp_path, {"retire": {"age_over": 62}}), ages={"AM-1": 1960}
    )
    assert (len(found.lost), found.gained) == (4, ())
    assert found.applied.places_removed == 4


def test_small_counts_are_not_told_nor_found(tmp_path):
    supply = Supply((minder("AM-1", places=4),), (), ())
    requests = [family(number) for number in range(12)]
    small = scenario(tmp_path, OPEN | {"places": 3})
    (found,) = replayed(supply, requests, small)
    public, desk = scenario_document(found), scenario_document(found, desk=True)
    assert desk["families"] == {"gain": 3, "lose": 0, "keep": 4, "still_without": 5}
    assert public["families"]["gain"] is None
    assert public["without_solution"]["after"] is None
    assert sum(value is None for value in public["families"].values()) >= 2
    assert "ids" not in public
    page = report_html(scenario_report([found], on=TODAY))
    # Five families are still without; no page may say that they are fewer than five.
    assert "non publié" in page
    assert "moins de 5</" not in page
    assert counts_told({"gain": 14, "lose": 0}) == {"gain": 14, "lose": 0}


@pytest.mark.parametrize(("places", "told"), [(6, 20000.0), (3, None)])
def test_the_cost_of_a_family_is_told_where_it_gives_no_small_count_away(tmp_path, places, told):
    supply = Supply((minder("AM-1", places=4), minder("AM-2", places=4)), (), ())
    requests = [family(number) for number in range(20)]
    opening = scenario(tmp_path, OPEN | {"places": places, "cost": 20000 * places})
    (found,) = replayed(supply, requests, opening)
    assert scenario_document(found).get("cost_per_net_family") == told
    assert scenario_document(found, desk=True)["cost_per_net_family"] == 20000.0


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"open": "facility", "address": "ici"}, "places", "nombre"),
        ({"open": "castle", "address": "ici", "places": 3}, "open", "facility"),
        ({"recruit": 2, "places": 3}, "near", "near"),
        ({"close": []}, "close", "identifiants"),
        ({"close": ["X"], "open": "mam"}, None, "un seul"),
        ({"change": "AM-1"}, "change", "rien ne change"),
        ({"change": "AM-1", "hours": "Mo"}, "hours", "inconnu"),
    ],
)
def test_a_change_that_cannot_be_read_names_its_number_and_field(tmp_path, change, field, said):
    with pytest.raises(InputError) as refused:
        scenario(tmp_path, {"close": ["A"]}, change)
    assert (refused.value.where.row, refused.value.where.field) == (2, field)
    assert said in explain(refused.value)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"close": ["X"]}, "scenario_id_unknown"),
        ({"change": "X", "places": 3}, "scenario_id_unknown"),
        ({"recruit": 1, "near": "ici", "places": 9}, "scenario_recruit_places"),
        ({"retire": {"age_over": 60}}, "scenario_ages_unknown"),
        (OPEN | {"id": "AM-1"}, "scenario_id_known"),
    ],
)
def test_what_the_registry_does_not_allow_is_said(tmp_path, change, code):
    with pytest.raises(InputError) as refused:
        replayed(Supply((minder("AM-1"),), (), ()), [family(1)], scenario(tmp_path, change))
    assert refused.value.code == code
    assert "{" not in explain(refused.value).replace('{"', "")
