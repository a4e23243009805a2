"""What other programs read: the same figures, nulls and types in every format, colours in QGIS, overseas apart."""

import json
import math
import sqlite3
from contextlib import closing
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely

from maps.style import SEQUENTIAL
from rpe_geo.cli import run
from rpe_geo.errors import InputError, InvalidFile
from rpe_geo.observatory.results import Observatory, Source
from rpe_geo.open_data.observatory_files import write_observatory
from rpe_geo.publishing.export.formats import ENDINGS, export_observatory
from rpe_geo.publishing.export.layers import layers_of
from rpe_geo.publishing.export.shapes import read_geojson, read_geoparquet, read_layers
from rpe_geo.publishing.export.tables import read_csvw, read_workbook

SQUARE = shapely.Polygon([(0, 0), (0, 1), (1, 1), (1, 0)])  # clockwise


def _zone(x, y, size=0.05):
    return shapely.transform(SQUARE, lambda points: points * size + np.array([x, y]))


@pytest.fixture
def observatory():
    zones = gpd.GeoDataFrame(
        {
            "nom": ["Ormeval", "=1+1", "Île d'Essai", "Sans contour"],
            "departement": ["34", "34", "974", "34"],
            "children": [100.0, 1 / 3, 40.0, np.nan],
            "places_childminder": [30.0, 0.1 + 0.2, 12.0, np.nan],
            "places_facility": [10.0, 0.0, 8.0, np.nan],
            "places_other": [0.0, 0.0, 0.0, np.nan],
            "places": [40.0, 0.1 + 0.2, 20.0, np.nan],
            "coverage_rate": [40.0, 90.0, 50.0, np.nan],
            "access_e2sfca": [0.4, 0.123456789012345678, 0.0, np.nan],
            "minutes_to_closest": [3.0, math.inf, 12.5, np.nan],
            "uncertain": [False, True, False, True],
            "uncertain_why": ["", "moins de 10 enfants", "", "non publié"],
            "hotspot": ["tension", "", "", ""],
        },
        index=pd.Index(["34001", "34002", "97401", "34003"], name="code"),
        geometry=[_zone(3.8, 43.6), _zone(3.9, 43.6), _zone(55.5, -21.1), None],
        crs=4326,
    )
    supply = gpd.GeoDataFrame(
        {
            "kind": ["Crèche", "RPE"],
            "name": ["Les Lucioles d'essai", None],
            "places": [10.0, np.nan],
            "estimated": [False, True],
        },
        geometry=gpd.points_from_xy([3.82, 3.91], [43.62, 43.63]),
        crs=4326,
    )
    return Observatory(
        zones=zones,
        supply=supply,
        checks=(),
        summary={"zones": 4},
        parameters={"title": "Pays d'essai", "year": 2022},
        sources=(Source("Places", "CNAF", "Licence Ouverte 2.0", "2022"),),
    )


def _rows_of(path, name="indicateurs"):
    """Read a layer back, overseas départements joined again."""
    if path.suffix in {".gpkg", ".fgb"}:
        layers = read_layers(path)
        return pd.concat([rows for key, rows in layers.items() if key.startswith(name)])
    if path.suffix == ".parquet":
        return read_geoparquet(path)
    if path.suffix == ".geojson":
        return read_geojson(path)
    return read_workbook(path)[name] if path.suffix == ".xlsx" else read_csvw(path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_reading_back_gives_the_same_figures_nulls_and_types(observatory, tmp_path, ending):
    written = export_observatory(observatory, tmp_path / f"pays{ending}")
    files = [path for path in written if path.suffix == ending and "offre" not in path.name]
    found = pd.concat([_rows_of(path) for path in files]).set_index("code")
    (expected, *_) = layers_of(observatory, apart=False)
    wanted = expected.rows.set_index("code")
    figures = wanted.drop(columns="geometry")
    pd.testing.assert_frame_equal(
        found.loc[figures.index, list(figures)], figures, check_exact=True
    )
    if "geometry" in found:
        for code, shape in wanted.geometry.items():
            there = found.geometry[code]
            assert (shape is None) == (there is None)
            assert (
                shape is None
                or there.normalize().equals_exact(shapely.normalize(shape), 0)
                or shapely.get_parts(there)[0].equals(shape)
            )


@pytest.mark.parametrize("ending", [".gpkg", ".xlsx", ".csv", ".geojson", ".fgb", ".parquet"])
def test_places_of_care_are_written_too(observatory, tmp_path, ending):
    written = export_observatory(observatory, tmp_path / f"pays{ending}")
    whole = ending in {".gpkg", ".xlsx"}
    (path,) = (
        [written[0]] if whole else [one for one in written if one.name == f"pays-offre{ending}"]
    )
    rows = _rows_of(path, "offre")
    rows = rows.sort_values("places")  # FlatGeobuf orders rows by place
    assert rows["name"].iloc[0] == "Les Lucioles d'essai"
    assert rows["name"].isna().tolist() == [False, True]
    assert rows["estimated"].tolist() == [False, True]


def test_overseas_departements_are_layers_of_their_own(observatory, tmp_path):
    path, project = export_observatory(observatory, tmp_path / "pays.gpkg")
    west, _, east, _ = pyogrio.read_info(path, layer="indicateurs")["total_bounds"]
    assert (west, east) == pytest.approx((3.8, 3.95))
    assert len(gpd.read_file(path, layer="indicateurs_974")) == 1
    assert project.name == "pays.qgs"
    names = sorted(one.name for one in export_observatory(observatory, tmp_path / "p.geojson"))
    assert names == ["p-974.geojson", "p-offre.geojson", "p.geojson"]


def test_a_geopackage_opens_coloured_and_named(observatory, tmp_path):
    path, project = export_observatory(
        observatory, tmp_path / "pays.gpkg", indicator="coverage_rate"
    )
    with closing(sqlite3.connect(path)) as connection:
        first = connection.execute(
            "SELECT styleQML FROM layer_styles WHERE useAsDefault AND f_table_name = 'indicateurs'"
        ).fetchall()
        title, description = connection.execute(
            "SELECT identifier, description FROM gpkg_contents WHERE table_name = 'indicateurs'"
        ).fetchone()
        columns = dict(
            connection.execute(
                "SELECT column_name, title FROM gpkg_data_columns WHERE table_name = 'indicateurs'"
            )
        )
        others = connection.execute("SELECT count(*) FROM layer_styles").fetchone()[0]
    assert title == "Pays d'essai : indicateurs"
    assert "2022" in description
    assert "Licence Ouverte 2.0" in description
    assert columns["coverage_rate"] == "Taux de couverture"
    assert others > 5
    ((qml,),) = first
    style = ET.fromstring(qml)
    filters = [rule.get("filter") for rule in style.iter("rule")]
    assert '"coverage_rate" IS NULL' in filters
    assert any("uncertain" in condition for condition in filters)
    drawn = {
        option.get("value") for option in style.iter("Option") if option.get("name") == "color"
    }
    first_colour = tuple(int(SEQUENTIAL[0][at : at + 2], 16) for at in (1, 3, 5))
    assert ",".join(map(str, (*first_colour, 255))) in drawn
    tree = ET.fromstring(project.read_text(encoding="utf-8"))
    sources = [one.text for one in tree.iter("datasource")]
    assert sources[-1] == "./pays.gpkg|layername=indicateurs" or len(sources) == 3
    assert all(source.startswith("./pays.gpkg|") for source in sources)


def test_every_zone_falls_under_one_rule(observatory):
    """The conditions of a style are those of the classes of our maps: no zone is left out, none is painted twice."""
    from maps.choropleth import SHOWN
    from rpe_geo.publishing.export.qgis import indicator_qml

    layer = layers_of(observatory, apart=False)[0]
    for name in ("coverage_rate", "minutes_to_closest", "access_e2sfca"):
        style = ET.fromstring(indicator_qml(layer, SHOWN[name]))
        conditions = [rule.get("filter") for rule in style.iter("rule")]
        conditions = [one for one in conditions if "uncertain" not in one]
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute(f'CREATE TABLE zones ("{name}" REAL)')
            values = [None if np.isnan(one) else one for one in layer.rows[name]]
            connection.executemany("INSERT INTO zones VALUES (?)", [(one,) for one in values])
            met = " + ".join(f"coalesce(({condition}), 0)" for condition in conditions)
            counts = connection.execute(f"SELECT {met} FROM zones").fetchall()
        assert counts == [(1,)] * len(values)


def test_geojson_follows_rfc_7946_and_names_what_is_out_of_reach(observatory, tmp_path):
    path = tmp_path / "pays.geojson"
    export_observatory(observatory, path)
    collection = json.loads(path.read_text(encoding="utf-8"))
    assert "crs" not in collection
    for feature in collection["features"]:
        if feature["geometry"] is not None:
            assert shapely.geometry.shape(feature["geometry"]).exterior.is_ccw
    beyond = collection["features"][1]["properties"]
    assert beyond["minutes_to_closest"] is None
    assert beyond["hors_de_portee"] == ["minutes_to_closest"]
    about = {one["name"]: one for one in collection["rpe_geo"]["columns"]}
    assert about["minutes_to_closest"]["unit"] == "min"
    assert collection["rpe_geo"]["sources"][0]["licence"] == "Licence Ouverte 2.0"


def test_geoparquet_carries_the_box_of_each_row(observatory, tmp_path):
    path = tmp_path / "pays.parquet"
    export_observatory(observatory, path)
    metadata = pq.read_schema(path).metadata
    geo = json.loads(metadata[b"geo"])
    assert geo["version"] == "1.1.0"
    assert geo["columns"]["geometry"]["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
    assert json.loads(metadata[b"rpe_geo"])["year"] == 2022


def test_few_professionals_are_told_nowhere(observatory, tmp_path):
    counted = observatory.zones.assign(professionals=[2.0, 9.0, 8.0, 7.0])
    counted["children"] = counted["children"].fillna(5.0)
    counted["places_childminder"] = [31.0, 20.0, 12.0, 25.0]
    few = Observatory(**(vars(observatory) | {"zones": counted}))
    for ending in ENDINGS:
        written = export_observatory(few, tmp_path / f"few{ending}")
        files = [one for one in written if one.suffix == ending and "offre" not in one.name]
        rows = pd.concat([_rows_of(one) for one in files]).set_index("code")
        assert np.isnan(rows.loc["34001", "places_childminder"])
        assert np.isnan(rows.loc["34001", "places"])


def test_a_format_that_is_none_is_said(observatory, tmp_path):
    with pytest.raises(InputError) as caught:
        export_observatory(observatory, tmp_path / "pays.shp")
    assert caught.value.code == "observatory_ending"
    with pytest.raises(InputError) as caught:
        export_observatory(observatory, tmp_path / "pays.gpkg", format="shapefile")
    assert caught.value.code == "export_format"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_does_not_describe_itself_is_refused(tmp_path):
    path = tmp_path / "autre.geojson"
    path.write_text('{"type": "FeatureCollection", "features": []}')
    with pytest.raises(InvalidFile) as caught:
        read_geojson(path)
    assert caught.value.code == "export_undescribed"


def test_the_command_writes_and_tells_what_it_wrote(observatory, tmp_path, capsys):
    write_observatory(observatory, tmp_path / "obs")
    output = tmp_path / "pays.gpkg"
    assert run(["observatory", "export", str(tmp_path / "obs"), "-o", str(output)]) == 0
    told = capsys.readouterr().out
    assert "pays.gpkg" in told
    assert "pays.qgs" in told
    assert output.stat().st_size > 0
    assert run(["observatory", "export", str(tmp_path / "obs"), "-o", str(tmp_path / "x.doc")]) == 2
