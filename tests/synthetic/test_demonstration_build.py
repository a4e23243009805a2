"""The demonstration goes through the same build as real data, and answers as real data does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest

from rpe_geo.crs import great_circle_m, to_wgs84
from rpe_geo.geocoding.local import LocalGeocoder
from rpe_geo.protocols import AddressQuery
from rpe_geo.synthetic.layout import ORIGIN, lay_out
from rpe_geo.synthetic.places import demonstration_folder, demonstration_places
from rpe_geo.territory import Territory, TerritoryInputs, build_territory
from rpe_geo.travel.street import StreetEngine


@pytest.fixture(scope="module")
def territory(tmp_path_factory: pytest.TempPathFactory) -> Territory:
    files = demonstration_folder()
    inputs = TerritoryInputs(
        streets=files / "streets.osm.pbf",
        addresses=(files / "addresses.csv.gz",),
        communes=files / "communes.parquet",
        contours=files / "contours.parquet",
        cog=files / "communes-cog.json.gz",
        gtfs=files / "gtfs.zip",
        facilities=files / "facilities.geojson",
    )
    return build_territory(tmp_path_factory.mktemp("built") / "T", inputs)


@pytest.fixture(scope="module")
def geocoder(territory: Territory) -> Iterator[LocalGeocoder]:
    geocoder = LocalGeocoder(territory.addresses)
    yield geocoder
    geocoder.close()


def test_every_part_is_built_and_nothing_rejected(territory: Territory) -> None:
    contents = territory.contents
    assert contents["communes"] == {"communes": 12, "contours": 12}
    assert contents["addresses"]["rejected"] == {}
    assert contents["streets"]["restrictions"] >= 8
    assert contents["streets"]["ignored_restrictions"] == 0
    assert contents["facilities"]["facilities"] == 22
    assert territory.attribution == "Territoire fictif de rpe_geo"
    assert set(territory.communes["code_postal"].str[:2]) == {"96"}


def test_addresses_are_found_where_they_are(geocoder: LocalGeocoder) -> None:
    places = demonstration_places()[::97]
    found = geocoder.geocode([AddressQuery(place.label) for place in places])
    close = 0
    for place, answer in zip(places, found, strict=True):
        if answer.status == "ok" and answer.point is not None:
            apart = great_circle_m(
                np.array([place.longitude]),
                np.array([place.latitude]),
                np.array([answer.point.x]),
                np.array([answer.point.y]),
            )
            close += bool(apart[0] < 5)
    assert close >= 0.97 * len(places)


def test_the_merged_commune_is_found_by_its_old_name(geocoder: LocalGeocoder) -> None:
    places = [p for p in demonstration_places() if p.label.endswith("Marcenelles-Bréhaut")]
    street, city = places[0].label.split(" 96100 ")
    (answer,) = geocoder.geocode([AddressQuery(f"{street}, 96100 Marcenelles")])
    assert city == "Marcenelles-Bréhaut"
    assert answer.status == "ok"


def test_the_river_makes_the_street_longer_than_the_crow_flies(territory: Territory) -> None:
    """Two points that face each other over the water, far from a bridge: minutes by car, metres by air."""
    river = lay_out(0).river
    engine = StreetEngine(territory.streets)
    middle = river.interpolate(river.project(river.centroid) + 900)
    x = np.array([middle.x, middle.x]) + ORIGIN[0]
    y = np.array([middle.y + 500, middle.y - 500]) + ORIGIN[1]
    longitude, latitude = to_wgs84(x, y)
    points = gpd.GeoSeries.from_xy(longitude, latitude, crs=4326, index=["north", "south"])
    walk = engine.travel_times(points[:1], points[1:], mode="walk", cutoff_min=240)
    by_air_min = 1_000 / (5_000 / 60)
    assert walk.to_numpy()[0, 0] > 1.6 * by_air_min


def test_modes_see_different_streets(territory: Territory) -> None:
    edges = territory.contents["streets"]["edges"]
    assert edges["walk"] > edges["car"]
    folder = Path(territory.directory)
    assert (folder / "transit").is_dir()
