"""Figures of communes that are not their own: children of the census, places shared out; said, flagged, with their range."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from rpe_geo.messages import phrase
from rpe_geo.messages.french import children_words
from rpe_geo.observatory.census_children import census_year
from rpe_geo.observatory.inputs import Study
from rpe_geo.observatory.shared_places import SHARED_WHY
from rpe_geo.open_data.build import ObservatoryFiles, build_observatory
from rpe_geo.open_data.commune_files import CommuneFiles
from rpe_geo.open_data.zone_supply import ZoneFiles
from rpe_geo.parameters import parameter_table
from rpe_geo.publishing.report_gaps import objectives_chapter
from rpe_geo.publishing.territories import grouped

PLACES = {
    "01001": (60.0, 40.0, 0.0, "publié"),
    "01002": (5.0, 4.0, 0.0, "estimé"),
    "01003": (1.0, 0.0, 0.0, "estimé"),
}
BIRTHS = {"01001": 90.0, "01002": 60.0, "01003": 30.0}


@pytest.fixture
def make(tmp_path):
    """Write three communes of one EPCI, two of which have a share of its places, and build."""

    def build(census=None, *, year=2022, zones=None, places=PLACES):
        boxes = [shapely.box(5 + n / 20, 46, 5.05 + n / 20, 46.05) for n in range(3)]
        table = pd.DataFrame(
            {
                "code": list(BIRTHS),
                "nom": ["Ville", "Bourg", "Hameau"],
                "epci": "200000001",
                "epci_nom": "CC d'essai",
                "centroid_lon": [box.centroid.x for box in boxes],
                "centroid_lat": [box.centroid.y for box in boxes],
                "superficie_km2": 20.0,
                **{
                    f"naiss{one}": [births / 3 for births in BIRTHS.values()]
                    for one in (20, 21, 22)
                },
            }
        )
        for name, counts in (census or {}).items():
            table[name] = counts
        table.to_parquet(tmp_path / "communes.parquet")
        gpd.GeoDataFrame({"code": table["code"]}, geometry=boxes, crs=4326).to_parquet(
            tmp_path / "contours.parquet"
        )
        rows = [
            dict(zip(("assmat", "eaje", "autr", "source"), row, strict=True))
            for row in places.values()
        ]
        whole = {name: sum(row[name] for row in rows) for name in ("assmat", "eaje", "autr")}
        listed = pd.DataFrame(rows).assign(id=list(places), comp1="200000001")
        levels = [{"id": name, **whole, "source": "publié"} for name in ("200000001", "D01", "FR")]
        pd.concat([listed, pd.DataFrame(levels)]).to_parquet(tmp_path / f"places-{year}.parquet")
        files = CommuneFiles(
            tmp_path / "communes.parquet",
            tmp_path / "contours.parquet",
            tmp_path / f"places-{year}.parquet",
        )
        below = None
        if zones is not None:
            zones.to_file(tmp_path / "zones.gpkg")
            below = ZoneFiles(tmp_path / "zones.gpkg")
        return build_observatory(ObservatoryFiles(files, below), Study(year=year))

    return build


def told(found, code):
    return " ".join(phrase(n.code, **n.values) for n in found.notes if n.code == code)


def test_places_that_are_shared_out_are_uncertain_and_have_a_range(make):
    found = make()
    zones = found.zones
    assert zones["places_source"].tolist() == ["publié", "estimé", "estimé"]
    assert zones["uncertain"].tolist() == [False, True, True]
    assert SHARED_WHY in zones.loc["01002", "uncertain_why"]
    assert zones["places_low"].isna().tolist() == [True, False, False]
    # 9 places, √9 = 3: 3.5 roots below are less than none, 4.5 above are 22.5.
    assert zones.loc["01002", ["places_low", "places_high"]].tolist() == [0.0, 22.5]
    assert "2 communes" in told(found, "places_estimated")
    assert "10 places" in told(found, "places_estimated")
    chapter = objectives_chapter(found, zones, parameter_table("observatory", found_day()))
    table = next(block for block in chapter.blocks if getattr(block, "rows", None))
    cells = {row[0]: row[2] for row in table.rows}
    # 58 places for 100 of the 60 children are 34.8: from 12.3 to 34.8 are missing.
    assert cells["Bourg"] == "26 (de 13 à 35)"
    assert "part de l’intercommunalité" in table.note
    # What is published of the whole is not made uncertain by how it is shared inside.
    assert not grouped(found, "epci").zones["uncertain"].any()


def found_day():
    return Study(year=2024).day


def test_zones_of_a_commune_without_published_places_are_uncertain_too(make):
    homes = ["01001", "01001", "01002", "01002"]
    zones = gpd.GeoDataFrame(
        {"code": ["a", "b", "c", "d"], "code_commune": homes, "enfants": [45, 45, 30, 30]},
        geometry=[shapely.box(5 + n / 40, 46, 5.025 + n / 40, 46.05) for n in range(4)],
        crs=4326,
    )
    found = make(zones=zones).zones
    assert found["places_source"].tolist() == ["publié", "publié", "estimé", "estimé"]
    assert found["uncertain"].tolist() == [False, False, True, True]
    assert found["places_high"].isna().tolist() == [True, True, False, False]
    assert found["places_high"].sum() == pytest.approx(22.5)


def test_published_places_have_no_range(make):
    published = {code: (*row[:3], "publié") for code, row in PLACES.items()}
    found = make(places=published)
    assert "places_low" not in found.zones
    assert not told(found, "places_estimated")


def test_children_of_the_census_where_it_has_them(make):
    found = make({"enfants_0_2_2022": [99.5, 48.0, None], "enfants_0_2_2016": [1.0, 1.0, 1.0]})
    assert found.zones["children"].tolist() == [99.5, 48.0, 30.0]
    assert found.zones["children_source"].tolist() == ["recensement 2022"] * 2 + ["observé"]
    ages = found.zones[["children_age_0", "children_age_1", "children_age_2"]]
    assert ages.sum(axis=1).tolist() == pytest.approx([99.5, 48.0, 30.0])
    words = told(found, "children_by_census")
    assert all(
        word in words for word in ("recensement 2022", "2 communes", "147", "150", "1 autre")
    )
    assert children_words(found.parameters) == "recensement 2022 ; à défaut, nés de 2020 à 2022"
    assert ("INSEE", "2022") in {(one.producer, one.date) for one in found.sources}


def test_zones_sum_to_the_census_of_their_commune(make):
    zones = gpd.GeoDataFrame(
        {"code": ["a", "b"], "code_commune": "01001", "enfants": [10, 30]},
        geometry=[shapely.box(5, 46, 5.025, 46.05), shapely.box(5.025, 46, 5.05, 46.05)],
        crs=4326,
    )
    found = make({"enfants_0_2_2022": [100.0, 48.0, None]}, zones=zones)
    assert found.zones["children"].tolist() == [25.0, 75.0]
    assert "1 commune" in told(found, "children_by_census")


@pytest.mark.parametrize(
    ("columns", "births", "year", "taken"),
    [
        (["enfants_0_2_2022"], 2022, 2022, 2022),
        (["enfants_0_2_2022"], 2020, 2020, None),
        (["enfants_0_2_2022"], 2019, 2022, 2022),
        (["enfants_0_2_2016", "enfants_0_2_2022"], 2023, 2021, 2022),
        (["enfants_0_2_proxy", "naiss22"], 2022, 2022, None),
    ],
)
def test_the_nearer_year_is_taken(columns, births, year, taken):
    assert census_year(columns, births, year) == taken
