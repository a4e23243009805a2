"""The 31 communes of Montpellier Méditerranée Métropole with zones inside, on real figures: each commune keeps its own."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from rpe_geo.observatory.inputs import Study
from rpe_geo.open_data.build import ObservatoryFiles, build_observatory
from rpe_geo.open_data.commune_files import CommuneFiles
from rpe_geo.open_data.zone_supply import ZoneFiles

METROPOLE = "243400017"
MODES = ["places_childminder", "places_facility", "places_other"]


def quarters(shape):
    """Cut a commune into the four quarters around its centre."""
    west, south, east, north = shape.bounds
    x, y = shape.centroid.coords[0]
    boxes = [(west, south, x, y), (x, south, east, y), (west, y, x, north), (x, y, east, north)]
    cut = [shape.intersection(shapely.box(*box)) for box in boxes]
    return [part for part in cut if part.area > 0]


@pytest.mark.real
@pytest.mark.parametrize("coded", [True, False])
def test_each_commune_of_a_metropole_keeps_its_published_figures(real_data, tmp_path, coded):
    france, city = real_data / "france", real_data / "montpellier"
    files = CommuneFiles(
        france / "communes.parquet",
        france / "contours.parquet",
        france / "places-2020.parquet",
        france / "etat-civil-2008-2023.parquet",
    )
    table = pd.read_parquet(files.communes)
    members = table.loc[(table["epci"] == METROPOLE) & (table["type"] == "commune"), "code"]
    assert len(members) == 31
    contours = gpd.read_parquet(files.contours).set_index("code_commune").geometry[members]
    districts = gpd.read_file(city / "quartiers.geojson").to_crs(4326)
    ground = shapely.union_all(districts.geometry.make_valid().to_numpy())
    rows = [("34172", shape) for shape in districts.geometry]
    for code in members.drop(members.index[members == "34172"]):
        rows += [(code, part) for part in quarters(contours[code].difference(ground))]
    zones = gpd.GeoDataFrame(
        {"code": [f"z{n}" for n in range(len(rows))]}, geometry=[row[1] for row in rows], crs=4326
    )
    home = pd.Series([row[0] for row in rows], zones["code"])
    if coded:
        zones["code_commune"] = home.to_numpy()
    zones.to_file(tmp_path / "zones.gpkg")
    below = ZoneFiles(tmp_path / "zones.gpkg", city / "petite-enfance-2014.geojson")
    found = build_observatory(ObservatoryFiles(files, below), Study(year=2020)).zones
    whole = build_observatory(
        ObservatoryFiles(files), Study(year=2020, codes=tuple(members))
    ).zones.loc[members]

    assert (found["commune"] == home.reindex(found.index)).all()
    sums = found.groupby("commune")[["children", *MODES]].sum().loc[members]
    for name in ("children", *MODES):
        assert sums[name].to_numpy() == pytest.approx(whole[name].to_numpy(), rel=1e-9), name
    # The published figures themselves, without what we compute of them.
    places = pd.read_parquet(files.places).set_index("id").loc[members, ["assmat", "eaje", "autr"]]
    published = places.astype(float).sum(axis=1)
    assert sums[MODES].sum(axis=1).to_numpy() == pytest.approx(published.to_numpy(), rel=1e-9)
    births = pd.read_parquet(files.births).set_index("id")
    for code in ("34057", "34172"):
        years = births.loc[code, ["naiss18", "naiss19", "naiss20"]].astype(float)
        assert sums.loc[code, "children"] == pytest.approx(years.sum())
    rate = 100 * sums.loc["34057", MODES].sum() / sums.loc["34057", "children"]
    assert rate == pytest.approx(whole.loc["34057", "coverage_rate"])
    # Its access lies near that of the commune as one point: its places, neighbours and children are the same.
    own = found[found["commune"] == "34057"]
    access = (own["access_e2sfca"] * own["children"]).sum() / own["children"].sum()
    assert access == pytest.approx(whole.loc["34057", "access_e2sfca"], rel=0.25)
