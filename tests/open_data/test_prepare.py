"""Official layouts in, the tables of `build` out."""

from __future__ import annotations

import gzip
import io
import json
import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from rpe_geo.cli import run
from rpe_geo.errors import InputError, InvalidFile
from rpe_geo.open_data.civil_births import merge_births, read_civil_births
from rpe_geo.open_data.cnaf import latest_by_year, places_table, read_cnaf, share_rest
from rpe_geo.open_data.commune_codes import former_codes
from rpe_geo.open_data.contours import PolygonFile
from rpe_geo.open_data.official_communes import (
    CommuneList,
    read_commune_list,
    read_commune_polygons,
)
from rpe_geo.open_data.official_tables import read_official_table
from rpe_geo.open_data.population_ages import read_ages, read_grid, read_iris_ages
from rpe_geo.open_data.prepare import OfficialFiles, prepare
from rpe_geo.open_data.projection_files import read_approvals
from tests.open_data import official_layouts

COM = """annee;numcom;nomcom;numepci;nomepci;pl_psu_col_com;pl_hors_psu_col_com;pl_eaje_com;pl_prescol_com;pl_am_ind_com;\
pl_gad_ind_com;pl_ind_com;tot_offre_com
2022;96001;Valcombe;200000017;CC du Val;80;20;100;5;200;3;203;308
2022;97701;Saint-Rivage;XX;;10;0;10;0;0;0;0;10
2022;XX;Inconnu;XX;;9;0;9;0;9;0;9;18
2021;96001;Valcombe;200000017;CC du Val;70;20;90;5;210;3;213;308
2022;96004;Montbrun;200000017;CC du Val;0;0;0;ND;50;0;50;ND
"""
EPCI = """annee;numepci;nomepci;pl_eaje_epci;pl_prescol_epci;pl_am_ind_epci;pl_gad_ind_epci;tot_offre_epci
2022;200000017;CC du Val;130;5;320;3;458
2022;XX;Sans;1;0;1;0;2
"""


def test_cnaf_communes(tmp_path):
    (tmp_path / "nbpla_pe_com.csv").write_text("\ufeff" + COM, "utf-8")
    read = read_cnaf(tmp_path / "nbpla_pe_com.csv")
    assert (read.what, read.level, read.dropped) == ("places", "com", 1)
    laid = places_table(read.table, 2022).set_index("id")
    assert laid.loc["96001", ["assmat", "eaje", "autr"]].tolist() == [200, 100, 8]
    # A commune overseas has no intercommunalité, and is a commune all the same.
    assert laid.loc["97701", "eaje"] == 10
    assert pd.isna(laid.loc["97701", "comp1"])
    # « ND » is not zero.
    assert pd.isna(laid.loc["96004", "autr"])


@pytest.mark.parametrize("dates", ["2022", "2022-12-31", "2022-01-01T00:00:00+00:00"])
def test_cnaf_years_and_portal_json(tmp_path, dates):
    rows = [
        {
            "annee": dates,
            "numdep": "034",
            "pl_eaje_dep": 10,
            "pl_am_ind_dep": 5.0,
            "tot_offre_dep": 16,
        }
    ]
    path = tmp_path / "nbpla_pe_dep.json"
    path.write_text(json.dumps({"total_count": 1, "results": rows}), "utf-8")
    laid = places_table(read_cnaf(path).table, 2022)
    assert laid[["id", "assmat", "eaje", "autr"]].to_numpy().tolist() == [["D34", 5, 10, 1]]


def test_recent_file_prevails_over_history(tmp_path):
    recent, past = tmp_path / "txcouv_pe_com.csv", tmp_path / "txcouv_pe_com_hist.csv"
    recent.write_text("annee,numcom,txcouv_com\n2022,01004,61.5\n", "utf-8")
    past.write_text("annee,numcom,txcouv_com\n2022,01004,60.0\n2017,01004,58\n", "utf-8")
    whole = latest_by_year([read_cnaf(recent), read_cnaf(past)], "rates")
    assert dict(zip(whole["year"], whole["total"], strict=True)) == {2022: 61.5, 2017: 58}


def test_labels_are_refused_with_the_remedy(tmp_path):
    path = tmp_path / "nbpla.csv"
    path.write_text("Année;Numéro de la commune;Places\n2022;01004;3\n", "utf-8")
    with pytest.raises(InvalidFile) as refused:
        read_cnaf(path)
    assert refused.value.code == "cnaf_layout"


def test_rest_of_the_intercommunalite(tmp_path):
    for name, text in (("nbpla_pe_com.csv", COM), ("nbpla_pe_epci.csv", EPCI)):
        (tmp_path / name).write_text(text, "utf-8")
    whole = latest_by_year(
        [read_cnaf(tmp_path / n) for n in ("nbpla_pe_com.csv", "nbpla_pe_epci.csv")], "places"
    )
    members = pd.Series("200000017", index=["96001", "96002", "96003"])
    laid, notes = share_rest(
        places_table(whole, 2022),
        members,
        pd.Series({"96001": 500.0, "96002": 30.0, "96003": 10.0}),
    )
    table = laid.set_index("id")
    assert table.loc["96002", "eaje"] == pytest.approx(30 * 0.75)
    assert table.loc["96003", "assmat"] == pytest.approx(120 * 0.25)
    assert table.loc[["96001", "96002"], "source"].tolist() == ["publié", "estimé"]
    assert table.loc[members.index, "eaje"].sum() == table.loc["200000017", "eaje"]
    assert {note.code for note in notes} == {"places_shared_by_epci"}


def melodi(*rows: str) -> bytes:
    text = "EC_MEASURE;FREQ;GEO;GEO_OBJECT;OBS_STATUS;TIME_PERIOD;OBS_VALUE\n" + "\n".join(rows)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("DS_X_metadata.CSV", "COD_VAR;" + "x" * 9000)
        archive.writestr("DS_X_DATA.CSV", "\ufeff" + text)
    return stream.getvalue()


def test_births_of_melodi(tmp_path):
    path = tmp_path / "DS_ETAT_CIVIL_NAIS_COMMUNES_2025_CSV_FR"
    path.write_bytes(
        melodi(
            "LVB;A;75056;COM;A;2024;100",
            "LVB;A;75101;ARM;A;2024;60",
            "LVB;A;751XX;ARM;A;2024;7",
            "LVB;A;2A004;COM;A;2024;12",
            "LVB;A;01002;COM;K;2024;",
            "LVB;A;34;DEP;A;2024;900",
            "LVB;A;F;FRANCE;A;2024;5000",
            "LVB;A;FM;FRANCE;A;2024;4900",
            "LVB;A;015;AAV;A;2024;44",
            "LVB;A;75056;COM;A;2025;90",
        )
    )
    wide, notes = read_civil_births(path)
    assert set(wide.index) == {"75056", "75101", "2A004", "01002", "D34", "FR"}
    assert wide.loc["75056"].tolist() == [100, 90]
    assert np.isnan(wide.loc["01002", "naiss24"])
    assert [note.code for note in notes] == ["births_unknown_arrondissement"]


@pytest.mark.parametrize(
    "text",
    [
        "CODGEO;LIBGEO;NAISD18;NAISD19\n01004;Val;10;12\n",
        "Naissances domiciliées\n\nCODGEO;LIBGEO;REG;DEP;NAISD18;NAISD19\n01004;Val;84;01;10;12\n",
        "id,naiss18,naiss19\n1004,10,12\n",
    ],
)
def test_births_of_older_files(tmp_path, text):
    (tmp_path / "b.csv").write_text(text, "utf-8")
    wide, _ = read_civil_births(tmp_path / "b.csv")
    assert wide.loc["01004"].tolist() == [10, 12]


def test_later_births_prevail():
    old = pd.DataFrame({"naiss18": [1.0], "naiss19": [2.0]}, index=["01004"])
    new = pd.DataFrame({"naiss19": [3.0], "naiss20": [4.0]}, index=["01004"])
    assert merge_births([old, new]).loc["01004"].tolist() == [1, 3, 4]


def test_single_years_of_age(tmp_path):
    rows = [
        ("01004", "COM", age, "_T", n)
        for age, n in (("Y0", 10.5), ("Y1", 9), ("Y2", 8.25), ("Y3", 99))
    ]
    rows += [
        ("01004", "COM", "Y0", "F", 5),
        ("01002", "COM", "Y0", "_T", 1),
        ("84", "REG", "Y0", "_T", 9),
    ]
    table = pd.DataFrame(rows, columns=["GEO", "GEO_OBJECT", "AGE", "SEX", "OBS_VALUE"])
    table.assign(TIME_PERIOD="2023").to_parquet(tmp_path / "ages.parquet")
    children, year = read_ages(tmp_path / "ages.parquet")
    assert year == 2023
    assert children["01004"] == 27.75
    # One age alone is not three.
    assert np.isnan(children["01002"])


def test_iris_ages(tmp_path):
    (tmp_path / "iris.csv").write_text(
        "IRIS;COM;TYP_IRIS;P22_POP;P22_POP0002\n010040101;01004;H;900;31.5\n", "utf-8"
    )
    children, year = read_iris_ages(tmp_path / "iris.csv")
    assert (children["010040101"], year) == (31.5, 2022)
    (tmp_path / "lost.csv").write_text("IRIS;P22_POP0002\n10040101;31.5\n", "utf-8")
    with pytest.raises(InvalidFile) as refused:
        read_iris_ages(tmp_path / "lost.csv")
    assert dict(refused.value.values)["expected"] == "010040101"


@pytest.mark.parametrize("zipped", [False, True])
def test_grid(tmp_path, zipped):
    text = (
        "idcar_200m,idcar_1km,i_est_200,lcog_geo,ind,ind_0_3,ind_4_5\n"
        "CRS3035RES200mN2253800E3810400,x,0,34172,50.5,4.0,2\n"
        "CRS3035RES200mN2254000E3810400,x,1,3417234057,10,2,1\n"
        "CRS3035RES200mN2900000E3600000,x,0,75056,10,2,1\n"
    )
    path = tmp_path / ("g.zip" if zipped else "carreaux_200m_met.csv")
    if zipped:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("carreaux_200m_met.CSV", text)
    else:
        path.write_text(text, "utf-8")
    grid, notes = read_grid(path, ["34172"])
    assert grid["children"].tolist() == [3.0, 1.5]
    assert grid["estime"].tolist() == [False, True]
    assert grid.to_crs(3035).area.round().tolist() == [40_000, 40_000]
    longitude, latitude = grid.geometry.iloc[0].centroid.coords[0]
    assert 3 < longitude < 5
    assert 43 < latitude < 44
    assert notes[0].code == "grid_four_years"
    with pytest.raises(InvalidFile):
        read_grid(path, ["01004"])


def test_cog_with_deleguee_and_movements(tmp_path):
    (tmp_path / "v_commune_2026.csv").write_text(
        "TYPECOM,COM,REG,DEP,CTCD,ARR,TNCC,NCC,NCCENR,LIBELLE,CAN,COMPARENT\n"
        "COM,01015,84,01,01D,011,1,A,A,Arboys,0104,\n"
        "COMD,01015,,,,,1,A,A,Arbignieu,,01015\n"
        "COMD,01340,,,,,0,S,S,Saint-Bois,,01015\n"
        "ARM,75101,11,75,75C,751,0,P,P,Paris 1er,7501,75056\n"
        "COM,75056,11,75,75C,751,0,P,P,Paris,7501,\n",
        "utf-8",
    )
    (tmp_path / "v_mvt_commune_2026.csv").write_text(
        "MOD,DATE_EFF,TYPECOM_AV,COM_AV,LIBELLE_AV,TYPECOM_AP,COM_AP,LIBELLE_AP\n"
        "32,2016-01-01,COM,01340,S,COM,01015,Arboys\n"
        "30,1990-01-01,COM,01099,V,COM,01340,S\n"
        "10,2020-01-01,COM,01015,Arbois,COM,01015,Arboys\n",
        "utf-8",
    )
    (tmp_path / "epci.csv").write_text(
        "Titre\n\nCODGEO;LIBGEO;EPCI;LIBEPCI;DEP;REG\n01015;Arboys;200040350;CC Bugey;01;84\n",
        "utf-8",
    )
    files = OfficialFiles(
        cog=[tmp_path / n for n in ("v_commune_2026.csv", "v_mvt_commune_2026.csv", "epci.csv")]
    )
    done = prepare(files, epcis=["200040350"])
    assert done.codes == ["01015"]
    done.write(tmp_path / "out")
    table = pd.read_parquet(tmp_path / "out" / "communes.parquet").set_index("code")
    assert table.loc["01015", ["nom", "epci_nom"]].tolist() == ["Arboys", "CC Bugey"]
    assert table.loc["75101", "type"] == "arrondissement-municipal"
    assert former_codes(tmp_path / "out" / "communes-cog.json.gz") == {
        "01340": "01015",
        "01099": "01015",
    }


def test_geo_api_points_are_no_contours(tmp_path):
    square = shapely.geometry.mapping(shapely.box(5, 45, 5.1, 45.1))
    entries = [
        {
            "code": "01004",
            "nom": "Val",
            "codeEpci": "200040350",
            "surface": 1500.0,
            "centre": {"type": "Point", "coordinates": [5.05, 45.05]},
            "contour": square,
        },
        {"code": "01005", "nom": "Mont", "contour": {"type": "Point", "coordinates": [5, 45]}},
    ]
    (tmp_path / "c.json").write_text(json.dumps(entries), "utf-8")
    communes = CommuneList()
    read_commune_list(tmp_path / "c.json", communes)
    assert set(communes.shapes) == {"01004"}
    assert communes.table()["superficie_km2"].tolist()[0] == 15.0


def test_admin_express_layers(tmp_path):
    path = tmp_path / "ADE.gpkg"
    seats = gpd.GeoDataFrame({"nom": ["x"]}, geometry=[shapely.Point(5, 45)], crs=4326)
    seats.to_file(path, layer="chef_lieu", driver="GPKG")
    polygons = gpd.GeoDataFrame(
        {
            "code_insee": ["01004", "01004", "01005"],
            "nom_officiel": ["Val", "Val", "Mont"],
            "population": [10, 10, 20],
            "codes_siren_des_epci": ["200040350/200040351", "200040350/200040351", "NR"],
            "superficie_cadastrale": [1000, 1000, 500],
        },
        geometry=[
            shapely.box(5, 45, 5.1, 45.1),
            shapely.box(5.2, 45, 5.3, 45.1),
            shapely.box(6, 45, 6.1, 45.1),
        ],
        crs=4326,
    ).to_crs(2154)
    polygons.to_file(path, layer="commune", driver="GPKG")
    communes = CommuneList()
    assert read_commune_polygons(path, communes) == "commune"
    assert communes.shapes["01004"].geom_type == "MultiPolygon"
    assert communes.shapes["01005"].centroid.x == pytest.approx(6.05, abs=1e-3)
    assert communes.entries["01005"].get("epci") is None
    with pytest.raises(InvalidFile) as refused:
        read_commune_polygons(PolygonFile(path, "communes"), CommuneList())
    assert refused.value.code == "layer_unknown"
    with pytest.raises(InvalidFile) as points:
        read_commune_polygons(PolygonFile(path, "chef_lieu"), CommuneList())
    assert points.value.code == "contours_are_points"


@pytest.mark.parametrize("encoding", ["WKB", "geoarrow"])
@pytest.mark.parametrize("crs", [4807, 2154, 4326])
def test_polygons_lie_where_their_file_says(tmp_path, crs, encoding):
    square = shapely.box(5, 45, 5.1, 45.1).segmentize(0.01)
    frame = gpd.GeoDataFrame(
        {"INSEE_COM": ["01004"], "CODE_IRIS": ["010040101"], "NOM": ["Val"]},
        geometry=[square],
        crs=4326,
    )
    frame = frame.to_crs(crs).rename_geometry("geom")
    frame.to_parquet(tmp_path / "c.parquet", geometry_encoding=encoding)
    files = OfficialFiles(contours=[tmp_path / "c.parquet"], iris=[tmp_path / "c.parquet"])
    done = prepare(files)
    for table in ("contours.parquet", "iris.gpkg"):
        centre = done.tables[table].geometry.iloc[0].centroid
        assert (centre.x, centre.y) == pytest.approx((5.05, 45.05), abs=2e-3)
    bare = pd.DataFrame(frame.drop(columns="geom")).assign(geom=frame.geometry.to_wkb())
    bare.to_parquet(tmp_path / "n.parquet")
    for given in ({"contours": [tmp_path / "n.parquet"]}, {"iris": [tmp_path / "n.parquet"]}):
        with pytest.raises(InputError) as refused:
            prepare(OfficialFiles(**given))
        assert refused.value.code == "contours_without_crs"
        assert prepare(OfficialFiles(**given, crs=f"EPSG:{crs}")).tables


def test_a_polygon_of_no_iris_is_refused_with_its_row(tmp_path):
    frame = gpd.GeoDataFrame(
        {"code_iris": ["010040101", "é10040102"]},
        geometry=[shapely.box(5, 45, 5.1, 45.1), shapely.box(5.1, 45, 5.2, 45.1)],
        crs=4326,
    )
    frame.to_file(tmp_path / "iris.gpkg")
    with pytest.raises(InputError) as refused:
        prepare(OfficialFiles(iris=[tmp_path / "iris.gpkg"]))
    assert refused.value.code == "code_not_an_iris"
    assert (refused.value.where.row, refused.value.where.field) == (2, "code_iris")


def test_truncated_archives(tmp_path):
    whole = gzip.compress(b"id;a\n" + b"1;2\n" * 1000)
    (tmp_path / "t.csv.gz").write_bytes(whole[:40])
    (tmp_path / "z.zip").write_bytes(melodi("LVB;A;01004;COM;A;2024;1")[:200])
    for name in ("t.csv.gz", "z.zip"):
        with pytest.raises(InvalidFile) as refused:
            read_official_table(tmp_path / name)
        assert refused.value.code == "archive_broken"


def test_areas_must_exist(tmp_path):
    (tmp_path / "c.json").write_text(json.dumps([{"code": "01004", "nom": "Val"}]), "utf-8")
    files = OfficialFiles(cog=[tmp_path / "c.json"])
    for area in ({"epcis": ["123456789"]}, {"codes": ["01999"]}, {"departements": ["99"]}):
        with pytest.raises(InputError):
            prepare(files, **area)


@pytest.mark.real
def test_whole_country(tmp_path, real_data):
    files = {"nbpla_pe_com_hist.csv": official_layouts.nbpla_com(real_data)}
    for level in ("epci", "dep", "reg", "nat"):
        files[f"nbpla_pe_{level}_hist.csv"] = official_layouts.nbpla_level(real_data, level)
    files["births"] = official_layouts.melodi_births(real_data)
    files["communes.json"] = json.dumps(official_layouts.geo_api_communes(real_data)).encode()
    files["epci.json"] = json.dumps(official_layouts.epci_list(real_data)).encode()
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    options = [f"--places={tmp_path / name}" for name in files if name.startswith("nbpla")]
    options += [f"--cog={tmp_path / 'communes.json'}", f"--cog={tmp_path / 'epci.json'}"]
    out = tmp_path / "out"
    assert (
        run(["observatory", "prepare", str(out), *options, f"--births={tmp_path / 'births'}"]) == 0
    )
    places = pd.read_parquet(out / "places-2020.parquet").set_index("id")
    published = pd.read_parquet(real_data / "france" / "places-2020.parquet").set_index("id")
    metropole = places[places["comp1"].eq("243400017") & (places.index.str.len() == 5)]
    assert len(metropole) == 31
    for mode in ("assmat", "eaje"):
        total = float(published.loc["243400017", mode])
        assert metropole[mode].sum() == pytest.approx(total)
    births = pd.read_parquet(out / "naissances.parquet").set_index("id")
    assert births.loc["34172", "naiss20"] == float(
        pd.read_parquet(real_data / "france" / "etat-civil-2008-2023.parquet")
        .set_index("id")
        .loc["34172", "naiss20"]
    )


def test_approvals_of_the_drees_are_prepared_for_projections(tmp_path):
    published = tmp_path / "agrements.csv"
    published.write_text(
        "code_region,code_departement,departement,annee,valeur\n"
        "84,1,Ain,2022,5000\n84,69D,Rhône,2022,700\n84,69M,Métropole de Lyon,2022,900\n84,1,Ain,2023,4800\n"
    )
    done = prepare(OfficialFiles(approvals=published))
    done.write(tmp_path / "tables")
    assert done.read == [("agrements.csv", "DREES, agréments par département, 2022 à 2023")]
    again = read_approvals(tmp_path / "tables" / "agrements.parquet")
    assert again.loc["01"].tolist() == [5000, 4800]
    assert again.loc["69", 2022] == 1600
    published.write_text("code_departement,annee\n01,2022\n")
    with pytest.raises(InvalidFile) as caught:
        prepare(OfficialFiles(approvals=published))
    assert caught.value.code == "column_missing"
