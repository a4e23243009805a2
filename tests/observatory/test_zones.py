"""Zones inside a commune: what is read, what is refused, what is set on the commune's figures."""

import json
import math
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from rpe_geo.domain import Agrement, Childminder, Contract, Facility
from rpe_geo.errors import InputError
from rpe_geo.formats.records import write_childminders
from rpe_geo.messages import explain
from rpe_geo.observatory.inputs import Study
from rpe_geo.observatory.supply import childminder_supply, facility_supply, share_places
from rpe_geo.observatory.zones import demand_cells, zone_of
from rpe_geo.open_data.build import ObservatoryFiles, build_observatory
from rpe_geo.open_data.commune_files import CommuneFiles
from rpe_geo.open_data.observatory_files import read_observatory, write_observatory
from rpe_geo.open_data.zone_files import read_iris_births, read_iris_zones, read_zones
from rpe_geo.open_data.zone_supply import ZoneFiles
from rpe_geo.schedule import Timetable

ON = date(2026, 11, 22)


def observe(communes, zones, commune=None, **options):
    study = Study(codes=(commune,) if commune else (), **options)
    return build_observatory(ObservatoryFiles(communes, zones), study)


def zone_file(tmp_path, features, name="zones.geojson"):
    path = tmp_path / name
    path.write_text(
        json.dumps(
            {
                "type": "FeatureCollection",
                "features": [
                    {"type": "Feature", "properties": p, "geometry": shapely.geometry.mapping(g)}
                    for p, g in features
                ],
            }
        )
    )
    return path


WEST, EAST = shapely.box(4.99, 45.99, 5.01, 46.01), shapely.box(5.01, 45.99, 5.03, 46.01)


@pytest.fixture
def commune(tmp_path):
    communes = pd.DataFrame(
        {
            "code": ["01001", "01002"],
            "nom": ["Ville", "Voisine"],
            "departement": ["01", "01"],
            "superficie_km2": [9.0, 9.0],
            "centroid_lon": [5.01, 5.06],
            "centroid_lat": [46.0, 46.0],
            "naiss18": [40.0, 10],
            "naiss19": [40.0, 10],
            "naiss20": [40.0, 10],
            "places_assmat_2020": [30.0, 5],
            "places_eaje_2020": [40.0, 0],
            "places_autres_2020": [6.0, 0],
        }
    )
    communes.to_parquet(tmp_path / "communes.parquet")
    return CommuneFiles(tmp_path / "communes.parquet")


def person(number, longitude, *, confirmed=date(2026, 10, 1), **extra):
    return Childminder(
        childminder_id=f"AM-{number}",
        agrement=Agrement(places=4, places_offered=3),
        longitude=longitude,
        latitude=46.0,
        working_hours=Timetable.parse("Mo-Fr 07:00-18:00"),
        availability_confirmed_on=confirmed,
        **extra,
    )


def test_children_and_places_sum_to_those_of_the_commune(tmp_path, commune):
    zones = zone_file(
        tmp_path, [({"code": "O", "nom": "Ouest"}, WEST), ({"code": "E", "nom": "Est"}, EAST)]
    )
    nurseries = zone_file(
        tmp_path,
        [
            ({"LIBEL": "Crèche Les Lilas"}, shapely.Point(5.0, 46.0)),
            ({"LIBEL": "Halte-garderie Mowgli"}, shapely.Point(5.02, 46.0)),
            ({"LIBEL": "RAM Ville"}, shapely.Point(5.02, 46.001)),
        ],
        "creches.geojson",
    )
    people = [person(n, 5.0 + 0.002 * n) for n in range(12)]
    write_childminders(people, tmp_path / "registry.json")
    found = observe(
        commune,
        ZoneFiles(zones, nurseries, tmp_path / "registry.json"),
        year=2020,
        on=ON,
        commune="01001",
    )
    table = found.zones
    assert table["children"].sum() == pytest.approx(120, rel=1e-12)
    assert table["need"].sum() == pytest.approx(40 * 1.76)
    assert (table["tension"] > 0).all()
    assert table["places_facility"].to_dict() == pytest.approx({"O": 30, "E": 10})
    assert table["places_childminder"].sum() == pytest.approx(30, rel=1e-12)
    assert table["places_other"].sum() == pytest.approx(6, rel=1e-12)
    assert all(check.difference == pytest.approx(0, abs=1e-9) for check in found.checks)
    # Homes are counted, never drawn.
    assert set(found.supply["kind"]).isdisjoint({"childminder"})
    assert found.supply["estimated"].sum() == 2
    assert found.zones["access_late"].max() == 0
    assert found.zones["access_early"].max() == 0
    assert (found.zones["freshness"] == 1).all()
    # It reads back as it was written.
    write_observatory(found, tmp_path / "out")
    again = read_observatory(tmp_path / "out")
    pd.testing.assert_frame_equal(
        pd.DataFrame(again.zones.drop(columns="geometry")),
        pd.DataFrame(found.zones.drop(columns="geometry")),
        check_dtype=False,
        check_like=True,
    )
    assert again.parameters == found.parameters
    layer = gpd.read_file(tmp_path / "out" / "indicators.gpkg", layer="indicateurs")
    assert len(layer) == 2
    columns = pd.read_csv(tmp_path / "out" / "indicators.csv").columns
    assert list(columns[:8]) == [
        "code", "nom", "children", "places_childminder", "places_facility", "places_other", "coverage_rate",
        "access_e2sfca",
    ]  # fmt: skip


def test_slots_needs_and_the_whole_are_written_with_units(tmp_path, commune):
    zones = zone_file(tmp_path, [({"code": "O"}, WEST), ({"code": "E"}, EAST)])
    nights = Timetable.parse("Mo-Sa 05:00-22:00")
    people = [
        Childminder(
            childminder_id=f"AM-{n}",
            agrement=Agrement(places=4, places_offered=3),
            longitude=5.0 + 0.002 * n,
            latitude=46.0,
            working_hours=nights if n % 2 else Timetable.parse("Mo-Fr 08:00-18:00"),
            availability_confirmed_on=date(2026, 10, 1),
            capabilities=frozenset(
                {"trained_autism"} if n % 2 else {"sign_language"} if n == 2 else ()
            ),
        )
        for n in range(12)
    ]
    hours_unknown = Childminder("AM-20", Agrement(places=4), longitude=5.0, latitude=46.0)
    write_childminders([*people, hours_unknown], tmp_path / "r.json")
    found = observe(
        commune, ZoneFiles(zones, None, tmp_path / "r.json"), year=2020, on=ON, commune="01001"
    )
    table = found.zones
    assert (table["access_late"] > 0).all()
    assert (table["access_saturday"] == table["access_late"]).all()
    # Everybody has a free place; six of thirteen work late.
    assert table["choices"].tolist() == pytest.approx([13, 13])
    assert table["choices_late"].tolist() == pytest.approx([6, 6])
    assert (table["minutes_late"] >= table["minutes_to_closest"]).all()
    share = table["access_late"] / table["access_trained"]
    assert share.tolist() == pytest.approx([1, 1])
    # One person who signs would be found by her neighbours: nothing is said; nobody gives medicines: that is said.
    assert table["access_sign_language"].isna().all()
    assert (table["access_medicines"] == 0).all()
    told = {note.code: vars(note)["values"] for note in found.notes}
    assert told["measures_unsaid"]["names"] == ["Places accessibles en langue des signes"]
    assert told["hours_unknown"] == {"count": 1}
    write_observatory(found, tmp_path / "out")
    columns = json.loads((tmp_path / "out" / "indicators.csv-metadata.json").read_text())
    units = {one["name"]: one["dc:unit"] for one in columns["tableSchema"]["columns"]}
    assert units["access_late"] == "places par enfant"
    assert units["minutes_late"] == "min"
    assert units["choices_saturday"] == "lieux"
    assert units["vacancy_rate"] == "%"
    assert units["freshness"] == "part"
    assert units["need"] == "enfants"
    assert all(one["titles"]["fr"] != one["name"] for one in columns["tableSchema"]["columns"])
    whole = pd.read_csv(tmp_path / "out" / "summary.csv").set_index("chiffre")
    assert {"gini", "palma", "theil", "theil_between", "theil_within"} <= set(whole.index)
    assert whole["unite"].notna().all()
    assert whole.loc["children", "valeur"] == pytest.approx(120)


def test_few_professionals_are_not_told(tmp_path, commune):
    zones = zone_file(tmp_path, [({"code": "O"}, WEST), ({"code": "E"}, EAST)])
    write_childminders([person(n, 5.0) for n in range(6)] + [person(9, 5.02)], tmp_path / "r.json")
    found = observe(
        commune, ZoneFiles(zones, None, tmp_path / "r.json"), year=2020, on=ON, commune="01001"
    ).zones
    assert np.isnan(found.loc["E", "freshness"])
    assert np.isnan(found.loc["E", "professionals"])
    assert found.loc["O", "professionals"] == 6


def test_without_anything_else_all_is_shared_out_and_said(tmp_path, commune):
    zones = zone_file(tmp_path, [({"code": "O"}, WEST), ({"code": "E"}, EAST)])
    found = observe(commune, ZoneFiles(zones), year=2020, on=ON)
    codes = {note.code for note in found.notes}
    assert codes >= {"zones_children_unknown", "childminders_spread", "facilities_spread"}
    assert found.zones["places"].sum() == pytest.approx(76)
    assert found.parameters["estimated"]


def test_a_zone_without_children_has_no_rate(tmp_path, commune):
    zones = zone_file(
        tmp_path, [({"code": "O", "children": 30}, WEST), ({"code": "E", "children": 0}, EAST)]
    )
    found = observe(commune, ZoneFiles(zones), year=2020, on=ON)
    assert np.isnan(found.zones.loc["E", "coverage_rate"])
    assert np.isnan(found.zones.loc["E", "access_e2sfca"])
    assert found.zones.loc["O", "children"] == pytest.approx(120)
    assert "zone_without_children" in {note.code for note in found.notes}


def test_supply_outside_is_told(tmp_path, commune):
    zones = zone_file(tmp_path, [({"code": "O"}, WEST), ({"code": "E"}, EAST)])
    nurseries = zone_file(
        tmp_path,
        [
            ({"nom": "Crèche A", "places": 20}, shapely.Point(5.0, 46.0)),
            ({"nom": "Crèche B", "places": 25}, shapely.Point(5.2, 46.0)),
        ],
        "c.geojson",
    )
    found = observe(commune, ZoneFiles(zones, nurseries), year=2020, on=ON, commune="01001")
    outside = next(note for note in found.notes if note.code == "supply_outside_zones")
    assert vars(outside)["values"] == {"count": 1, "places": 25.0}


@pytest.mark.parametrize(
    ("features", "words"),
    [
        ([({"code": "a"}, WEST), ({"code": "b"}, WEST)], ["recouvrent", "« a »", "« b »"]),
        ([({"code": "a"}, WEST), ({"code": "a"}, EAST)], ["aucune colonne"]),
        ([({"code": "a"}, shapely.Point(5, 46))], ["ligne 1", "polygone"]),
        ([({"code": "a", "children": "12,5"}, WEST)], ["children", "12,5", "point"]),
        ([({"code": "a", "children": -3}, WEST)], ["children", "négatif"]),
        ([({"code": "a", "children": "beaucoup"}, WEST)], ["beaucoup"]),
        ([({"code": "a", "enfants": 0}, WEST)], ["enfants", "que 0"]),
        ([({"code_iris": 10010101}, WEST)], ["ligne 1", "010010101", "zéro"]),
        ([({"code": "a"}, shapely.box(8.4e5, 6.5e6, 8.5e5, 6.6e6))], ["Lambert-93"]),
    ],
)
def test_bad_zones_are_refused(tmp_path, features, words):
    with pytest.raises(InputError) as refused:
        read_zones(zone_file(tmp_path, features))
    assert all(word in explain(refused.value) for word in words), explain(refused.value)


def test_invalid_polygons_are_mended(tmp_path):
    bow = shapely.Polygon([(5, 46), (5.1, 46.1), (5.1, 46), (5, 46.1)])
    zones = read_zones(zone_file(tmp_path, [({"code": "a"}, bow)]))
    assert zones.table.geometry.is_valid.all()
    assert zones.notes[0].code == "zones_mended"


def test_zones_elsewhere_are_refused(tmp_path, commune):
    far = zone_file(tmp_path, [({"code": "a"}, shapely.box(1, 44, 1.1, 44.1))])
    with pytest.raises(InputError, match="zones_commune_unknown"):
        observe(commune, ZoneFiles(far), year=2020, on=ON)


def test_zones_far_from_their_commune_are_refused(tmp_path, commune):
    far = zone_file(tmp_path, [({"code": "a"}, shapely.box(1, 44, 1.1, 44.1))])
    with pytest.raises(InputError) as refused:
        observe(commune, ZoneFiles(far), year=2020, on=ON, commune="01001")
    assert "Ville" in explain(refused.value)
    with pytest.raises(InputError, match="code_zero_lost"):
        observe(commune, ZoneFiles(far), year=2020, on=ON, commune="1001")


def test_lists_that_offer_nothing_here_never_make_zeros(tmp_path, commune):
    zones = zone_file(tmp_path, [({"code": "O"}, WEST), ({"code": "E"}, EAST)])
    far = zone_file(tmp_path, [({"nom": "Crèche A"}, shapely.Point(6, 47))], "c.geojson")
    write_childminders([person(1, 7.0)], tmp_path / "r.json")
    found = observe(
        commune, ZoneFiles(zones, far, tmp_path / "r.json"), year=2020, on=ON, commune="01001"
    )
    told = {note.code for note in found.notes}
    assert told >= {"facility_none_inside", "childminder_none_inside", "supply_outside_zones"}
    assert found.zones["places_facility"].sum() == pytest.approx(40)
    assert found.zones["places_childminder"].sum() == pytest.approx(30)
    assert found.zones["places_facility"].min() > 0


def test_a_commune_without_births_is_not_guessed(tmp_path, commune):
    table = pd.read_parquet(commune.communes)
    table.loc[0, "naiss19"] = np.nan
    table.to_parquet(commune.communes)
    zones = zone_file(tmp_path, [({"code": "O"}, WEST), ({"code": "E"}, EAST)])
    with pytest.raises(InputError) as refused:
        observe(commune, ZoneFiles(zones), year=2020, on=ON, commune="01001")
    assert "2018 à 2020" in explain(refused.value)
    own = zone_file(tmp_path, [({"code": "O", "children": 30}, WEST)], "own.geojson")
    found = observe(commune, ZoneFiles(own), year=2020, on=ON, commune="01001")
    assert found.zones["children"].sum() == 30


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"code_iris,zone\n010010101,O\n010010101,E\n", ["ligne 2", "010010101"]),
        (b"code_iris,zone\n10010101,O\n", ["ligne 1", "010010101", "zéro"]),
        (b"code_iris,autre\n010010101,O\n", ["zone"]),
        (
            "code_iris;zone\n010010101;O\né01001010;E\n".encode("cp1252"),
            ["ligne 2", "code_iris", "é01001010", "neuf"],
        ),
        (b"code_iris,zone\n01001,O\n", ["ligne 1", "code_iris", "01001", "neuf"]),
        (b"code_iris,zone\n010010101,O\n,E\n", ["ligne 2", "code_iris", "neuf"]),
        (b"code_iris,zone\n0100101012,O\n", ["ligne 1", "0100101012"]),
    ],
)
def test_bad_tables_of_iris_are_refused(tmp_path, content, words):
    path = tmp_path / "iris.csv"
    path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        read_iris_zones(path)
    assert all(word in explain(refused.value) for word in words), explain(refused.value)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("1001;0101;4;5", ["ligne 2", "10010101", "zéro"]),
        ("01001;é101;4;5", ["ligne 2", "01001é101", "neuf"]),
        (";;4;5", ["ligne 2", "neuf"]),
    ],
)
def test_births_of_no_iris_are_refused(tmp_path, row, words):
    path = tmp_path / "naissances-iris.csv"
    text = f"Naissances par IRIS\n\ndc;iris;nais08;nais09\nCommune;Îlot;2008;2009\n{row}\n01001;0102;2;3\n"
    path.write_bytes(text.encode("cp1252"))
    with pytest.raises(InputError) as refused:
        read_iris_births(path)
    assert all(word in explain(refused.value) for word in words), explain(refused.value)
    path.write_bytes(text.replace(row, "Source : INSEE;;;").encode("cp1252"))
    assert read_iris_births(path).births.to_dict() == {"010010102": 5.0}


def test_supply_of_people_and_places():
    contract = Contract("C", date(2025, 9, 1), Timetable.parse("Mo-Fr 08:00-18:00"))
    early = person(1, 5.0, contracts=(contract,), capabilities=frozenset({"step_free"}))
    ended = Childminder("AM-2", Agrement(places=4, status="ceased"), longitude=5, latitude=46)
    table = childminder_supply([early, ended], on=ON)
    assert list(table.index) == ["AM-1"]
    row = table.loc["AM-1"]
    assert (row["places"], row["free"], row["step_free"]) == (3, 2, 3)
    assert row["offered_hours"] == pytest.approx(3 * 55)
    assert row["free_hours"] == pytest.approx(3 * 55 - 50)
    assert row["confirmed_days_ago"] == 52
    night = Facility("F", "crèche", longitude=5, latitude=46, places=20, opening_hours=Timetable.parse("Mo-Su 06:00-22:00"))  # fmt: skip
    places = facility_supply([night, Facility("G", "RPE", longitude=5, latitude=46)])
    assert places.loc["F", "open_early"] == 20
    assert places.loc["F", "open_saturday"] == 20
    assert math.isnan(places.loc["G", "places"])
    shared = share_places(places, 50, {"crèche": 3, "RPE": 0})
    assert shared["places"].tolist() == [20, 0]
    assert not shared["estimated"].any()


def test_cells_keep_the_children_of_their_zone():
    zones = gpd.GeoSeries(
        [shapely.box(0, 0, 1000, 600), shapely.box(2000, 0, 2010, 10)], index=["a", "b"], crs=2154
    )
    cells = demand_cells(zones, 200)
    assert (cells["zone"] == "a").sum() == 15
    assert (cells["zone"] == "b").sum() == 1
    assert cells.groupby("zone")["share"].sum().tolist() == pytest.approx([1, 1])
    assert zone_of(cells.geometry, zones).equals(cells["zone"].astype(object))
    outside = gpd.GeoSeries([shapely.Point(5000, 0)], index=["p"], crs=2154)
    assert zone_of(outside, zones)["p"] is None


@pytest.mark.real
def test_montpellier(real_data):
    folder = real_data / "montpellier"
    births = read_iris_births(folder / "naissances-iris-2005-2009.csv").births
    zones = read_iris_zones(folder / "iris-sous-quartiers.csv")
    births = births[births.index.str.startswith("34172")]
    assert len(births) == 88
    assert births.index.isin(zones.index).mean() > 0.9
    found = observe(
        CommuneFiles(
            real_data / "france/communes.parquet",
            None,
            real_data / "france/places-2020.parquet",
            real_data / "france/etat-civil-2008-2023.parquet",
        ),
        ZoneFiles(
            folder / "sous-quartiers.geojson",
            folder / "petite-enfance-2014.geojson",
            None,
            folder / "naissances-iris-2005-2009.csv",
            folder / "iris-sous-quartiers.csv",
        ),
        year=2020,
        on=ON,
    )
    assert len(found.zones) == 31
    assert found.parameters["title"] == "Montpellier"
    assert found.zones["children"].sum() == pytest.approx(10_943)
    assert found.zones["places"].sum() == pytest.approx(4_802)
    assert len(found.supply) == 68
    assert found.zones["access_margin_effect"].notna().all()
