"""Polygons from any file: the coordinate system that it declares, any layer and column, surfaces kept."""

import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from rpe_geo.errors import InputError
from rpe_geo.messages import explain
from rpe_geo.open_data.contours import PolygonFile, mend, read_contours, read_polygons
from rpe_geo.open_data.zone_files import read_zones
from rpe_geo.territory import TerritoryInputs, build_territory

WEST = shapely.box(2.0, 46.0, 2.1, 46.1)
EAST = shapely.box(2.1, 46.0, 2.2, 46.1)


def two(crs=4326, **columns):
    table = {"code": ["01001", "01002"], **columns}
    return gpd.GeoDataFrame(table, geometry=[WEST, EAST], crs=4326).to_crs(crs)


def same_place(path, **options):
    shapes, notes = read_contours(PolygonFile(path, **options))
    shapes = shapes.sort_index()
    assert list(shapes.index) == ["01001", "01002"]
    for shape, expected in zip(shapes, (WEST, EAST), strict=True):
        assert shape.centroid.distance(expected.centroid) < 1e-4
        assert shape.area == pytest.approx(expected.area, rel=1e-3)
    return [note.code for note in notes]


@pytest.mark.parametrize(
    ("crs", "ending"),
    [
        *((crs, "parquet") for crs in (4326, 4171, 2154, 4807, 3857, 27572, 3035)),
        *((crs, ending) for crs in (4326, 2154, 4807) for ending in ("gpkg", "shp", "fgb")),
    ],
)
def test_the_coordinate_system_that_is_declared_is_believed(tmp_path, crs, ending):
    path = tmp_path / f"c.{ending}"
    if ending == "parquet":
        two(crs).to_parquet(path)
    else:
        two(crs).to_file(path)
    assert same_place(path) == []


@pytest.mark.parametrize("encoding", ["WKB", "geoarrow"])
def test_any_encoding_and_geometry_column(tmp_path, encoding):
    path = tmp_path / "c.parquet"
    frame = two(2154).rename_geometry("geom")
    frame["centre"] = frame["geom"].centroid
    frame.to_parquet(path, geometry_encoding=encoding)
    assert same_place(path) == []


@pytest.mark.parametrize("encoding", ["WKB", "geoarrow"])
def test_arrow_extensions_without_the_metadata_of_geoparquet(tmp_path, encoding):
    path = tmp_path / "c.parquet"
    table = pa.table(two(2154).rename_geometry("contour").to_arrow(geometry_encoding=encoding))
    pa_parquet.write_table(table, path)
    assert same_place(path) == []


def test_without_coordinate_system_a_file_is_refused_until_one_is_told(tmp_path):
    flat = two(2154).set_crs(None, allow_override=True)
    plain = pd.DataFrame({"code": flat["code"], "wkb": shapely.to_wkb(flat.geometry)})
    plain.to_parquet(tmp_path / "plain.parquet")
    flat.to_parquet(tmp_path / "null.parquet")
    two(2154).to_file(tmp_path / "noprj.shp")
    (tmp_path / "noprj.prj").unlink()
    for name in ("plain.parquet", "null.parquet", "noprj.shp"):
        path = tmp_path / name
        with pytest.raises(InputError) as refused:
            read_contours(path)
        assert "--crs" in explain(refused.value)
        assert same_place(path, crs="EPSG:2154") == []
        with pytest.raises(InputError) as refused:
            read_zones(path)
        assert name in explain(refused.value)
    with pytest.raises(InputError, match="crs_unknown"):
        read_contours(PolygonFile(tmp_path / "plain.parquet", crs="Lambert"))


def test_a_layer_of_points_hides_no_polygons(tmp_path):
    path = tmp_path / "admin.gpkg"
    points = two(2154).assign(geometry=lambda rows: rows.geometry.centroid)
    points.to_file(path, layer="chef_lieu")
    wide = two().assign(code=["200000001", "200000002"])
    wide.to_file(path, layer="epci", mode="a")
    two(insee_com=["01001", "01002"]).drop(columns="code").to_file(path, layer="commune", mode="a")
    assert same_place(path) == ["layer_taken"]
    assert same_place(path, layer="commune") == []
    with pytest.raises(InputError) as refused:
        read_contours(PolygonFile(path, "region"))
    assert "chef_lieu" in explain(refused.value)
    zones = read_zones(PolygonFile(path, "epci"))
    assert list(zones.table.index) == ["200000001", "200000002"]


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        ([1001, 1002], ["codes_were_numbers"]),
        ([1001.0, 1002.0], ["codes_were_numbers"]),
        (["01001", "01002"], []),
    ],
)
def test_codes_that_a_table_took_for_numbers_are_mended_and_told(tmp_path, codes, told):
    path = tmp_path / "c.gpkg"
    two().assign(code=codes).to_file(path)
    assert same_place(path) == told


def test_a_code_is_found_by_what_it_looks_like(tmp_path):
    path = tmp_path / "c.geojson"
    frame = two(code=[1, 2], cog_2026=["01001", "01002"], dep=["01", "01"])
    frame.to_file(path)
    assert same_place(path) == []
    frame.drop(columns="cog_2026").to_file(path)
    with pytest.raises(InputError):
        read_contours(path)


def test_rows_of_one_commune_are_united(tmp_path):
    path = tmp_path / "c.parquet"
    parts = [shapely.box(2.0, 46, 2.05, 46.1), EAST, shapely.box(2.05, 46, 2.1, 46.1)]
    codes = ["01001", "01002", "01001"]
    gpd.GeoDataFrame({"code": codes}, geometry=parts, crs=4326).to_parquet(path)
    assert same_place(path) == ["rows_united"]


def test_polygons_deep_inside_an_archive_are_found(tmp_path):
    (tmp_path / "s").mkdir()
    two(code=["01001", "01002"]).to_crs(2154).to_file(tmp_path / "s/COMMUNE.shp")
    two(code=["01001", "01002"]).dissolve().to_file(tmp_path / "s/REGION.shp")
    with zipfile.ZipFile(tmp_path / "ADE.zip", "w") as archive:
        for part in sorted((tmp_path / "s").iterdir()):
            archive.write(part, f"ADE/1_DONNEES_LIVRAISON/ADE-COG/{part.name}")
    assert same_place(tmp_path / "ADE.zip") == ["layer_taken"]
    (tmp_path / "broken.zip").write_bytes((tmp_path / "ADE.zip").read_bytes()[:300])
    with pytest.raises(InputError) as refused:
        read_contours(tmp_path / "broken.zip")
    assert refused.value.code == "archive_broken"


def test_gzipped_geojson_heights_and_points_among_polygons(tmp_path):
    import gzip

    shapes = [shapely.force_3d(WEST, 120.0), EAST, shapely.Point(2, 46)]
    codes = ["01001", "01002", "01003"]
    frame = gpd.GeoDataFrame({"code": codes}, geometry=shapes, crs=4326)
    (tmp_path / "c.geojson.gz").write_bytes(gzip.compress(frame.to_json().encode()))
    assert same_place(tmp_path / "c.geojson.gz") == ["rows_not_polygons"]


def test_metres_given_for_degrees_and_broken_files_are_refused(tmp_path):
    two(2154).set_crs(4326, allow_override=True).to_parquet(tmp_path / "m.parquet")
    (tmp_path / "b.parquet").write_bytes(b"PAR1 no")
    (tmp_path / "b.gpkg").write_bytes(b"SQLite no")
    pd.DataFrame({"code": ["01001"]}).to_parquet(tmp_path / "n.parquet")
    for name, fault in (
        ("m.parquet", "contours_not_degrees"),
        ("b.parquet", "contours_unreadable"),
        ("b.gpkg", "contours_unreadable"),
        ("n.parquet", "contours_unreadable"),
    ):
        with pytest.raises(InputError, match=fault):
            read_polygons(PolygonFile(tmp_path / name))


def test_the_territory_reads_contours_as_the_observatory_does(tmp_path):
    table = pd.DataFrame(
        {
            "code": ["01001", "01002"],
            "nom": ["A", "B"],
            "centroid_lon": [2.05, 2.15],
            "centroid_lat": [46.05, 46.05],
        }
    )
    table.to_parquet(tmp_path / "communes.parquet")
    two(4807).to_parquet(tmp_path / "grades.parquet")
    inputs = TerritoryInputs(
        communes=tmp_path / "communes.parquet", contours=tmp_path / "grades.parquet"
    )
    territory = build_territory(tmp_path / "t", inputs)
    assert territory.contents["communes"]["contours"] == 2
    shapes = gpd.read_parquet(tmp_path / "t" / "communes.parquet").geometry
    assert shapes.iloc[0].centroid.distance(WEST.centroid) < 1e-4


SQUARE = shapely.box(0, 0, 2, 2)


@pytest.mark.parametrize(
    ("shape", "area"),
    [
        (shapely.MultiPolygon([SQUARE, shapely.box(1, 1, 3, 3)]), 7.0),
        (shapely.MultiPolygon([SQUARE, SQUARE]), 4.0),
        (shapely.MultiPolygon([SQUARE, shapely.box(2, 0, 4, 2)]), 8.0),
        (shapely.MultiPolygon([shapely.box(0, 0, 4, 4), shapely.box(1, 1, 2, 2)]), 16.0),
        (shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]), 2.0),
        (shapely.Polygon([(0, 0), (2, 0), (2, 2), (2, 5), (2, 2), (0, 2)]), 4.0),
        (shapely.Polygon(SQUARE.exterior.coords, [shapely.box(1, 1, 3, 3).exterior.coords]), 3.0),
    ],
)
def test_mending_keeps_the_surface(shape, area):
    mended, notes = mend(gpd.GeoSeries([shape], index=["a"], crs=4326))
    assert mended.iloc[0].is_valid
    assert mended.iloc[0].area == pytest.approx(area)
    assert [note.code for note in notes] == ["zones_mended"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(0, 8)] * 2, *[st.integers(1, 5)] * 2), min_size=2, max_size=6)
)
def test_overlapping_parts_make_the_ground_that_they_cover(boxes):
    parts = [shapely.box(x, y, x + w, y + h) for x, y, w, h in boxes]
    mended, _ = mend(gpd.GeoSeries([shapely.MultiPolygon(parts)], crs=4326))
    assert mended.iloc[0].area == pytest.approx(shapely.union_all(np.array(parts)).area)
