"""Zones across communes: each set on its own commune, lists compared with what is published, children by the best source."""

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from rpe_geo.domain import Agrement, Childminder
from rpe_geo.errors import InputError
from rpe_geo.formats.records import write_childminders
from rpe_geo.messages import explain, phrase
from rpe_geo.observatory.accessibility import (
    cost_to_closest,
    cumulative_opportunities,
    three_step_fca,
    two_step_fca,
)
from rpe_geo.observatory.care_kinds import care_modes, itinerant_services
from rpe_geo.observatory.decay import Binary, Gaussian, Step
from rpe_geo.observatory.inputs import Study
from rpe_geo.observatory.neighbours import StraightPace, straight_pairs
from rpe_geo.observatory.pair_chunks import PairBlocks
from rpe_geo.observatory.zone_access import Offer, zone_access
from rpe_geo.open_data.build import ObservatoryFiles, build_observatory
from rpe_geo.open_data.commune_files import CommuneFiles
from rpe_geo.open_data.zone_supply import ZoneFiles
from rpe_geo.publishing.report_gaps import objectives_chapter

ON = date(2026, 11, 22)
NAMES = {"01001": "Ville", "01002": "Bourg", "01003": "Hameau"}
BOXES = {
    "01001": shapely.box(5.00, 46.00, 5.04, 46.04),
    "01002": shapely.box(5.04, 46.00, 5.08, 46.04),
    "01003": shapely.box(5.08, 46.00, 5.12, 46.04),
}
PLACES = {"01001": (30, 40, 6), "01002": (12, 20, 2), "01003": (9, 0, 0)}
CHILDREN = {"01001": 120, "01002": 60, "01003": 15}


@pytest.fixture
def files(tmp_path):
    rows = [
        {
            "code": code,
            "nom": NAMES[code],
            "departement": "01",
            "epci": "200000001",
            "epci_nom": "CC d'essai",
            "superficie_km2": 13.7,
            "centroid_lon": box.centroid.x,
            "centroid_lat": box.centroid.y,
            **{f"naiss{year}": CHILDREN[code] / 3 for year in (18, 19, 20)},
            "places_assmat_2020": PLACES[code][0],
            "places_eaje_2020": PLACES[code][1],
            "places_autres_2020": PLACES[code][2],
        }
        for code, box in BOXES.items()
    ]
    pd.DataFrame(rows).to_parquet(tmp_path / "communes.parquet")
    contours = gpd.GeoDataFrame({"code": list(BOXES)}, geometry=list(BOXES.values()), crs=4326)
    contours.to_parquet(tmp_path / "contours.parquet")
    return CommuneFiles(tmp_path / "communes.parquet", tmp_path / "contours.parquet")


def quarters(codes=BOXES, **columns):
    """Cut communes into four zones each."""
    shapes, homes = [], []
    for code in codes:
        west, south, east, north = BOXES[code].bounds
        x, y = (west + east) / 2, (south + north) / 2
        shapes += [
            shapely.box(west, south, x, y),
            shapely.box(x, south, east, y),
            shapely.box(west, y, x, north),
            shapely.box(x, y, east, north),
        ]
        homes += [code] * 4
    table = {"code": [f"z{n}" for n in range(len(shapes))], "home": homes, **columns}
    return gpd.GeoDataFrame(table, geometry=shapes, crs=4326)


def build(files, tmp_path, zones, *, facilities=None, childminders=None, iris=None, **options):
    zones.to_file(tmp_path / "zones.gpkg")
    listed = None
    if facilities is not None:
        listed = tmp_path / "list.geojson"
        frame = gpd.GeoDataFrame(
            [{"nom": name, "capacite": places} for name, places, _ in facilities],
            geometry=[shapely.Point(at) for *_, at in facilities],
            crs=4326,
        )
        frame.to_file(listed)
    people = None
    if childminders is not None:
        people = tmp_path / "registry.json"
        write_childminders(childminders, people)
    below = ZoneFiles(tmp_path / "zones.gpkg", listed, people, iris)
    study = Study(**({"year": 2020, "on": ON} | options))
    return build_observatory(ObservatoryFiles(files, below), study)


def told(found, code):
    return " | ".join(phrase(n.code, **n.values) for n in found.notes if n.code == code)


def sums(found, by="commune"):
    return found.zones.groupby(by)[["children", "places", "places_facility"]].sum()


@pytest.mark.parametrize("way", ["code", "former", "ground", "iris"])
def test_each_commune_sums_to_its_own_figures(files, tmp_path, way):
    zones = quarters()
    given = files
    if way == "code":
        zones["INSEE_COM"] = zones["home"]
        given = CommuneFiles(files.communes)
    if way == "iris":
        zones["code_iris"] = [f"{home}010{n % 4 + 1}" for n, home in enumerate(zones["home"])]
        given = CommuneFiles(files.communes)
    if way == "former":
        cog = tmp_path / "cog.json"
        cog.write_text(
            '[{"code":"01001","type":"commune-actuelle"},{"code":"01002","type":"commune-actuelle"},'
            '{"code":"01003","type":"commune-actuelle","anciensCodes":["01009"]}]'
        )
        zones["code_insee"] = zones["home"].replace("01003", "01009")
        given = CommuneFiles(files.communes, cog=cog)
    found = build(given, tmp_path, zones)
    answer = sums(found)
    for code in BOXES:
        assert answer.loc[code, "children"] == pytest.approx(CHILDREN[code], abs=1e-9)
        assert answer.loc[code, "places"] == pytest.approx(sum(PLACES[code]), abs=1e-9)
    assert found.parameters["title"] == "CC d'essai"
    assert {check.code for check in found.checks} == set(BOXES)
    assert all(abs(check.difference) < 1e-9 for check in found.checks)
    by_commune = build_observatory(ObservatoryFiles(given), Study(year=2020)).zones
    whole = 100 * answer["places"] / answer["children"]
    assert whole.to_numpy() == pytest.approx(by_commune["coverage_rate"].to_numpy())


def test_without_code_or_contours_several_communes_are_not_guessed(files, tmp_path):
    with pytest.raises(InputError) as refused:
        build(CommuneFiles(files.communes), tmp_path, quarters())
    assert "code_commune" in explain(refused.value)
    assert "--contours" in explain(refused.value)
    wrong = quarters(code_insee=["01099"] * 12)
    with pytest.raises(InputError, match="zone_commune_not_known"):
        build(CommuneFiles(files.communes), tmp_path, wrong)


def test_zones_of_other_communes_are_left_out(files, tmp_path):
    found = build(files, tmp_path, quarters(code_insee=list(quarters()["home"])), codes=("01002",))
    assert len(found.zones) == 4
    assert found.zones["children"].sum() == pytest.approx(60)
    assert "8" in told(found, "zones_left_out")
    with pytest.raises(InputError, match="departement_unknown"):
        build(files, tmp_path, quarters(), departements=("99",))


def test_a_fringe_of_a_commune_is_not_all_of_it(files, tmp_path):
    fringe = gpd.GeoDataFrame(
        {"code": ["f"], "home": ["01003"]},
        geometry=[shapely.box(5.08, 46.0, 5.084, 46.04)],
        crs=4326,
    )
    zones = pd.concat([quarters(["01001", "01002"]), fringe])
    found = build(files, tmp_path, zones)
    assert found.zones.loc["f", "children"] == pytest.approx(1.5, rel=0.02)
    assert found.zones.loc["f", "places_childminder"] == pytest.approx(0.9, rel=0.02)
    assert "Hameau 10 %" in told(found, "zones_part_of_commune")
    assert "partie" in found.zones.loc["f", "uncertain_why"]
    assert sums(found).loc["01001", "children"] == pytest.approx(120)
    counted = zones.assign(children=[30.0] * 4 + [15.0] * 4 + [2.0])
    found = build(files, tmp_path, counted)
    assert found.zones.loc["f", "children"] == pytest.approx(2)


def test_factors_far_from_one_are_told_with_both_numbers(files, tmp_path):
    found = build(files, tmp_path, quarters(children=[20.0] * 4 + [15.0] * 4 + [1.0] * 4))
    words = told(found, "children_factors_far")
    assert "Hameau 4 pour 15" in words
    assert "Ville 80 pour 120" in words
    assert "Bourg" not in words
    assert sums(found).loc["01003", "children"] == pytest.approx(15)
    assert found.zones["uncertain"].to_list()[-4:] == [True] * 4


def test_a_partial_list_is_not_inflated(files, tmp_path):
    near = [("Crèche Les Lilas", 10, (5.01, 46.01)), ("Crèche du Bourg", 18, (5.05, 46.01))]
    found = build(files, tmp_path, quarters(), facilities=near)
    zones = found.zones
    # Ten places are ten places; the thirty that are missing lie where the children are, a quarter in each zone.
    assert zones.loc["z0", "places_facility"] == pytest.approx(10 + 30 / 4, rel=1e-3)
    assert zones.loc["z1", "places_facility"] == pytest.approx(30 / 4, rel=1e-3)
    # Eighteen for twenty are the same list of another year.
    assert zones.loc["z4", "places_facility"] == pytest.approx(20)
    assert "Ville 10 pour 40 publiés (× 4" in told(found, "facility_list_partial")
    assert "Bourg" not in told(found, "facility_list_partial")
    assert sums(found).loc["01001", "places_facility"] == pytest.approx(40)
    assert found.supply["places"].tolist() == [10, 18]
    more = [("Crèche Les Lilas", 90, (5.01, 46.01)), ("Crèche du Hameau", 12, (5.09, 46.01))]
    found = build(files, tmp_path, quarters(), facilities=more)
    words = told(found, "facility_list_over")
    assert "Ville 90 pour 40" in words
    assert "Hameau 12 pour 0" in words
    assert "au-delà" in found.zones.loc["z0", "uncertain_why"]
    assert found.supply["places"].tolist() == [90, 12]


def test_a_partial_registry_is_not_inflated(files, tmp_path):
    person = Childminder(
        childminder_id="AM-1",
        agrement=Agrement(places=4, places_offered=3),
        longitude=5.01,
        latitude=46.01,
    )
    found = build(files, tmp_path, quarters(), childminders=[person])
    assert found.zones.loc["z0", "places_childminder"] == pytest.approx(3 + 27 / 4, rel=1e-3)
    assert "Ville 3 pour 30" in told(found, "childminder_list_partial")
    assert "Bourg" in told(found, "childminder_none_inside")
    assert sums(found).loc["01002", "places"] == pytest.approx(34)


def test_what_is_no_place_of_care_is_not_counted_as_one(files, tmp_path):
    listed = [
        ("Multi-accueil Les Tilleuls", 40, (5.01, 46.01)),
        ("MAM Les P'tits Pas", 16, (5.03, 46.01)),
        ("Accueil périscolaire Jaurès", 120, (5.01, 46.03)),
        ("RPE Nord", 30, (5.03, 46.03)),
    ]
    found = build(files, tmp_path, quarters(), facilities=listed)
    zones = found.zones
    assert zones.loc["z0", "places_facility"] == pytest.approx(40)
    assert zones.loc[["z1", "z2", "z3"], "places_facility"].sum() == 0
    assert zones.loc["z1", "places_childminder"] == pytest.approx(16 + 14 / 4, rel=1e-3)
    assert zones.loc["z0", "places_childminder"] == pytest.approx(14 / 4, rel=1e-3)
    assert "2" in told(found, "not_care")
    assert told(found, "mams_individual")
    assert np.isnan(found.supply.set_index("name").loc["RPE Nord", "places"])


@pytest.mark.parametrize(
    ("kind", "name", "mode"),
    [
        ("crèche", "", "places_facility"),
        ("", "Halte-garderie Mowgli", "places_facility"),
        ("autre", "MAM Les Lutins", "places_childminder"),
        ("Maison d'assistantes maternelles", "Crèche-moi", "places_childminder"),
        ("autre", "ALSH Les Mésanges", ""),
        ("", "Centre de loisirs maternel", ""),
        ("école maternelle", "Jules-Ferry", ""),
        ("LAEP", "La Maison verte", ""),
        ("Relais petite enfance", "Crèche et RPE", ""),
        ("", "Crèche de l'école de médecine", "places_facility"),
        ("micro-crèche", "RPE Nord", "places_facility"),
        ("", "Les Petits Princes", "places_facility"),
        ("PMI", "", ""),
        ("", "Accueil de loisirs sans hébergement", ""),
    ],
)
def test_kinds_of_care(kind, name, mode):
    assert care_modes(pd.Series([kind]), pd.Series([name])).tolist() == [mode]


def test_an_itinerant_service_is_one(files, tmp_path):
    names = [
        f"Crèche itinérante Bébébus - {day}" for day in ("lundi", "mardi", "jeudi", "vendredi")
    ]
    service = itinerant_services(pd.Series([""] * 5), pd.Series([*names, "Crèche Les Lilas"]))
    assert len(set(service.iloc[:4])) == 1
    assert service.iloc[-1] is None
    at = [(5.01, 46.01), (5.03, 46.01), (5.01, 46.03), (5.03, 46.03)]
    listed = [(name, 40, place) for name, place in zip(names, at, strict=True)]
    found = build(files, tmp_path, quarters(), facilities=listed)
    assert found.zones["places_facility"].to_list()[:4] == pytest.approx([10.0] * 4)
    assert "4 haltes" in told(found, "itinerant_services")
    assert not told(found, "facility_list_over")


def test_houses_without_a_number_get_none_in_public_and_no_giant_one(files, tmp_path):
    table = pd.read_parquet(files.communes)
    table.loc[0, "places_eaje_2020"] = 400.0
    table.to_parquet(files.communes)
    found = build(files, tmp_path, quarters(), facilities=[("Crèche Rose", None, (5.01, 46.01))])
    assert np.isnan(found.supply["places"].iloc[0])
    assert found.zones.loc["z0", "places_facility"] == pytest.approx(80 + 320 / 4, rel=1e-3)
    assert sums(found).loc["01001", "places_facility"] == pytest.approx(400)


def test_the_best_source_of_children_is_taken_and_said(files, tmp_path):
    plain = quarters()
    census = plain.assign(P20_POP0002=1.0, P22_POP0002=[31.0, 30, 29, 30] + [15.0] * 4 + [4.0] * 4)
    found = build(files, tmp_path, census)
    assert found.zones["children_source"].unique().tolist() == ["recensement 2022 (P22_POP0002)"]
    assert found.zones.loc["z0", "children"] == pytest.approx(31)
    assert (found.zones["children_low"] < found.zones["children"]).all()
    grid = plain.assign(ind_0_3=[40.0] * 4 + [20.0] * 4 + [5.0] * 4)
    found = build(files, tmp_path, grid)
    assert "ind_0_3" in found.zones["children_source"].iloc[0]
    assert not told(found, "children_factors_far")
    found = build(files, tmp_path, plain.assign(menages=7, popul=9))
    words = told(found, "zones_children_unknown")
    for name in ("ATTENTION", "home", "menages", "popul", "P22_POP0002"):
        assert name in words
    surface = found.zones
    assert surface["uncertain"].all()
    assert (surface["children_high"] / surface["children_low"]).min() > 20


def test_births_by_iris_serve_zones_that_are_iris(files, tmp_path):
    zones = quarters()
    zones["code_iris"] = [f"{home}010{n % 4 + 1}" for n, home in enumerate(zones["home"])]
    zones = zones.drop(columns="code")
    rows = [
        f"{home},{code[5:]},{births},{births}"
        for home, code, births in zip(
            zones["home"], zones["code_iris"], [5, 10, 10, 15] * 3, strict=True
        )
    ]
    path = tmp_path / "iris.csv"
    path.write_text("Titre\ndc,iris,nais19,nais18\nCommune,IRIS,2019,2018\n" + "\n".join(rows))
    found = build(files, tmp_path, zones, iris=path)
    assert found.zones["children_source"].iloc[0] == "naissances par IRIS 2018–2019"
    assert found.zones.loc["010010101", "children"] == pytest.approx(120 * 5 / 40)
    newer = zones.assign(P22_POP0002=[30.0] * 4 + [15.0] * 4 + [4.0] * 4)
    found = build(files, tmp_path, newer, iris=path)
    assert "recensement 2022" in found.zones["children_source"].iloc[0]


def test_the_report_carries_the_ranges(files, tmp_path):
    zones = quarters(P22_POP0002=[31.0, 30, 29, 30] + [15.0] * 4 + [4.0] * 4)
    table = pd.read_parquet(files.communes)
    table["places_assmat_2020"] = 1.0
    table.to_parquet(files.communes)
    found = build(files, tmp_path, zones)
    chapter = objectives_chapter(found, found.zones, Study(year=2020).table)
    text = str(chapter)
    assert "(de " in text
    assert "intervalle à 90" in text


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_blocks_give_what_all_pairs_at_once_give(seed):
    rng = np.random.default_rng(seed)
    count, places = int(rng.integers(1, 60)), int(rng.integers(1, 40))

    def points(prefix, size):
        return pd.DataFrame(
            {
                "longitude": 3.8 + rng.uniform(0, 0.3, size),
                "latitude": 43.6 + rng.uniform(0, 0.2, size),
            },
            index=[f"{prefix}{n}" for n in range(size)],
        )

    demand, supply = points("d", count), points("s", places)
    pace = StraightPace(1.45, 43.5, 2.5)
    people = pd.Series(rng.choice([0.0, 1.5, 3.0, np.nan], count), demand.index)
    offered = pd.Series(rng.choice([0.0, 2.0, 20.0], places), supply.index)
    decay = [Step({5.0: 1.0, 10.0: 0.3, 15.0: 0.1}), Binary(12), Gaussian(15)][seed % 3]
    times = straight_pairs(demand, supply, pace, decay.cutoff_min)
    inner = rng.random(count) < 0.7
    inside = rng.random(places) < 0.7
    offer = Offer(offered.to_numpy(), np.ones(places), inside, {}, {})
    found = zone_access(
        people, inner, offer, PairBlocks(demand, supply, pace, decay.cutoff_min), decay
    )
    expected = {
        "access_e2sfca": two_step_fca(people, offered, times, decay),
        "access_2sfca": two_step_fca(people, offered, times, Binary(decay.cutoff_min)),
        "access_3sfca": three_step_fca(people, offered, times, decay),
        "places_within_reach": cumulative_opportunities(
            people, offered, times, Binary(decay.cutoff_min)
        ),
        "minutes_to_closest": cost_to_closest(people, offered, times),
    }
    for name, values in expected.items():
        assert found.profile[name].to_numpy() == pytest.approx(
            values.to_numpy(), rel=1e-12, nan_ok=True
        )
    alone = times.where(inner[times.demand_at] & inside[times.supply_at])
    near = two_step_fca(people, offered, alone, decay)[inner]
    assert found.alone[inner].to_numpy() == pytest.approx(near.to_numpy(), rel=1e-12, nan_ok=True)
    # A point that stands for three sites is three sites at one place.
    thrice = supply.loc[supply.index.repeat(3)].set_axis([f"t{n}" for n in range(3 * places)])
    shared = pd.Series(np.repeat(offered.to_numpy() / 3, 3), thrice.index)
    apart = three_step_fca(
        people, shared, straight_pairs(demand, thrice, pace, decay.cutoff_min), decay
    )
    stacked = Offer(offered.to_numpy(), np.full(places, 3.0), inside, {}, {})
    together = zone_access(
        people, inner, stacked, PairBlocks(demand, supply, pace, decay.cutoff_min), decay
    )
    assert together.profile["access_3sfca"].to_numpy() == pytest.approx(
        apart.to_numpy(), rel=1e-9, nan_ok=True
    )
