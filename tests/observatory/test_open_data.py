"""The open-data readers: codes, missing figures, years, mended polygons; each fault in clear words."""

import gzip
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from rpe_geo.errors import InputError
from rpe_geo.messages import explain
from rpe_geo.observatory.inputs import Study
from rpe_geo.open_data.build import ObservatoryFiles, build_observatory
from rpe_geo.open_data.commune_codes import former_codes
from rpe_geo.open_data.commune_files import CommuneFiles
from rpe_geo.open_data.contours import read_contours
from rpe_geo.open_data.national_tables import (
    read_births,
    read_communes,
    read_places,
    read_rates,
)

COMMUNES = pd.DataFrame(
    {
        "code": ["01001", "01002", "01004"],
        "nom": ["A", "B", "C"],
        "departement": ["01"] * 3,
        "epci": ["200000001"] * 3,
        "epci_nom": ["CC"] * 3,
        "population": [100.0, 200, 3000],
        "superficie_km2": [10.0, 12, 30],
        "centroid_lon": [5.0, 5.03, 5.06],
        "centroid_lat": [46.0, 46.02, 46.0],
    }
)
PLACES = pd.DataFrame(
    {
        "id": ["FR", "D1", "1001", "1002", "1004", None],
        "assmat": ["45", "40", "10", "0", "26", None],
        "eaje": ["20", "20", "0", "0", "20", None],
        "autr": ["2", "1", "0", "0", "1", None],
    }
)
BIRTHS = pd.DataFrame(
    {
        "id": ["FR", "D1", "1001", "1002", "1004"],
        "naiss18": [50.0, 50, 10, 0, 40],
        "naiss19": [50.0, 50, 10, 0, 40],
        "naiss20": [50.0, 50, 10, 0, 40],
    }
)


@pytest.fixture
def files(tmp_path):
    def write(**tables):
        paths = {}
        defaults = {"communes": COMMUNES, "places-2020": PLACES, "births": BIRTHS}
        for name, table in (defaults | tables).items():
            paths[name] = tmp_path / f"{name}.parquet"
            table.to_parquet(paths[name])
        return paths

    return write


def observe(paths, **options):
    files = CommuneFiles(
        paths["communes"],
        paths.get("contours"),
        paths["places-2020"],
        paths["births"],
        paths.get("rates"),
        paths.get("cog"),
    )
    return build_observatory(ObservatoryFiles(files), Study(**({"year": 2020} | options)))


def test_three_communes_end_to_end(files):
    found = observe(files())
    zones = found.zones
    assert list(zones.index) == ["01001", "01002", "01004"]
    assert zones.loc["01001", "coverage_rate"] == pytest.approx(100 * 10 / 30)
    assert zones.loc["01002", "children"] == 0
    assert np.isnan(zones.loc["01002", "coverage_rate"])
    assert np.isnan(zones.loc["01002", "access_e2sfca"])
    # Ages 0, 1 and 2 weigh 0.42, 0.66 and 0.68.
    assert zones.loc["01001", "need"] == pytest.approx(17.6)
    expected = zones.loc["01001", "access_e2sfca"] * 30
    assert zones.loc["01001", "tension"] == pytest.approx(17.6 / expected)
    assert np.isnan(zones.loc["01002", "tension"])
    # Supply is conserved, and calibrated places sum to the row of the département.
    assert (zones["access_e2sfca"] * zones["children"]).sum() == pytest.approx(57)
    assert zones["places_calibrated"].sum() == pytest.approx(61, rel=1e-15)
    france = next(check for check in found.checks if check.level == "france")
    assert (france.ours, france.published) == (57, 67)
    assert "aucune commune" in france.why
    assert found.parameters["children_years"] == [2018, 2019, 2020]


def test_a_departement_that_is_not_published_stays_missing(files):
    places = PLACES.replace({"assmat": {"40": "ND"}, "eaje": {"20": "ND"}, "autr": {"1": "ND"}})
    places.loc[places["id"] == "D1", ["assmat", "eaje", "autr"]] = "ND"
    places.loc[places["id"] == "1004", ["assmat", "eaje", "autr"]] = "0"
    zones = observe(files(**{"places-2020": places})).zones
    assert zones["places"].isna().all()
    assert zones["coverage_rate"].isna().all()
    assert zones["uncertain"].all()


def test_a_margin_counts_what_lies_beyond(files):
    found = observe(files(), codes=["01001"])
    assert list(found.zones.index) == ["01001"]
    assert found.zones["access_margin_effect"].abs().sum() > 0
    whole = observe(files()).zones.loc["01001", "access_e2sfca"]
    assert found.zones.loc["01001", "access_e2sfca"] == pytest.approx(whole)


@pytest.mark.parametrize(
    ("tables", "options", "words"),
    [
        ({"communes": COMMUNES.replace("01001", "1001")}, {}, ["ligne 1", "01001", "zéro"]),
        ({"communes": COMMUNES.replace("01002", "01001")}, {}, ["ligne 2", "01001", "déjà"]),
        ({"communes": COMMUNES.replace("01002", "XX")}, {}, ["ligne 2", "XX", "INSEE"]),
        ({"communes": COMMUNES.drop(columns="nom")}, {}, ["nom"]),
        ({"places-2020": PLACES.replace("26", "26,5")}, {}, ["26,5", "point"]),
        ({"places-2020": PLACES.replace("26", "beaucoup")}, {}, ["ligne 5", "beaucoup"]),
        ({"places-2020": PLACES.drop(columns="eaje")}, {}, ["eaje"]),
        ({}, {"year": 2021}, ["2020", "2021", "--year"]),
        ({"births": BIRTHS.drop(columns="naiss18")}, {}, ["2018", "naissances"]),
        ({}, {"codes": ["1001"]}, ["1001", "01001", "zéro"]),
        ({}, {"codes": ["01003"]}, ["01003", "--cog"]),
        ({"communes": COMMUNES.iloc[:0]}, {}, ["aucune ligne"]),
        ({"communes": COMMUNES.assign(centroid_lon=8.5e5)}, {}, ["ligne 1", "01001", "Lambert"]),
        (
            {"communes": COMMUNES.assign(centroid_lon=46.0, centroid_lat=5.0)},
            {},
            ["ligne 1", "inversées"],
        ),
        ({"communes": COMMUNES.assign(centroid_lat=0.0)}, {}, ["ligne 1", "hors de la métropole"]),
        ({"communes": COMMUNES.assign(population=-1.0)}, {}, ["population", "négatif"]),
        (
            {"places-2020": pd.concat([PLACES, PLACES.iloc[[2]].replace("1001", "01001")])},
            {},
            ["ligne 7", "01001", "ligne 3"],
        ),
        ({"places-2020": PLACES.replace("26", "-26")}, {}, ["ligne 5", "négatif"]),
        ({"places-2020": PLACES.iloc[:2]}, {}, ["places-2020", "01001", "département"]),
        ({"births": BIRTHS.iloc[:0]}, {}, ["births", "aucune ligne"]),
    ],
)
def test_bad_files_are_told(files, tables, options, words):
    with pytest.raises(InputError) as refused:
        observe(files(**tables), **options)
    sentence = explain(refused.value)
    assert all(word in sentence for word in words), sentence


def test_merged_communes_are_found_by_the_official_codes(files, tmp_path):
    cog = tmp_path / "cog.json.gz"
    entries = [
        {"code": "01001", "type": "commune-actuelle", "anciensCodes": ["01003"]},
        {"code": "01005", "type": "commune-deleguee", "chefLieu": "01001"},
    ]
    cog.write_bytes(gzip.compress(json.dumps(entries).encode()))
    assert former_codes(cog) == {"01003": "01001", "01005": "01001"}
    found = observe(files() | {"cog": cog}, codes=["01003"])
    assert list(found.zones.index) == ["01001"]


def test_figures_of_merged_communes_are_summed_and_lost_ones_are_told(files, tmp_path):
    cog = tmp_path / "cog.json"
    entries = [
        {"code": "01001", "type": "commune-actuelle", "anciensCodes": ["01003", "01006"]},
        {"code": "01002", "type": "commune-actuelle"},
    ]
    cog.write_text(json.dumps(entries))
    old = pd.DataFrame(
        {"id": ["1003", "1999"], "assmat": ["7", "1"], "eaje": ["3", "1"], "autr": ["0", "1"]}
    )
    births = pd.DataFrame({"id": ["1006"], "naiss18": [5.0], "naiss19": [5.0], "naiss20": [np.nan]})
    given = files(
        **{"places-2020": pd.concat([PLACES, old]), "births": pd.concat([BIRTHS, births])}
    )
    found = observe(given | {"cog": cog})
    assert found.zones.loc["01001", "places"] == 20
    # One of the parts is not published: nor is the whole.
    assert np.isnan(found.zones.loc["01001", "children"])
    told = [(note.code, vars(note)["values"].get("count")) for note in found.notes]
    assert {("figures_merged", 1), ("figures_unknown", 1)} <= set(told)
    without = observe(given)
    assert without.zones.loc["01001", "places"] == 10
    told = [(note.code, vars(note)["values"].get("count")) for note in without.notes]
    assert [one for one in told if one[0] == "figures_unknown"] == [
        ("figures_unknown", 1),
        ("figures_unknown", 2),
    ]


def test_communes_without_figures_are_counted(files):
    found = observe(files(births=BIRTHS.iloc[:4], **{"places-2020": PLACES.iloc[:4]}))
    note = next(note for note in found.notes if note.code == "communes_without_figures")
    assert vars(note)["values"] == {"children": 1, "places": 1, "first": "01004"}
    assert found.zones.loc["01002", "uncertain_why"].startswith("aucun enfant")
    assert found.zones.loc["01004", "uncertain_why"] == "données non publiées"


def test_a_csv_is_read_like_a_parquet(files, tmp_path):
    paths = files()
    for name, table in (("communes", COMMUNES), ("places-2020", PLACES), ("births", BIRTHS)):
        path = tmp_path / f"{name}.csv"
        table.to_csv(path, index=False, sep=";")
        other = observe(paths | {name: path})
        assert other.zones["places"].sum() == 57
        assert other.zones["children"].sum() == 150
    (tmp_path / "communes.csv").write_text("code,nom\n01001,Bourg,en Bresse\n")
    with pytest.raises(InputError) as refused:
        read_communes(tmp_path / "communes.csv")
    assert "ligne 1" in explain(refused.value)
    (tmp_path / "communes.csv").write_bytes("code,nom\n01001,Évian\n".encode("latin-1"))
    assert read_communes(tmp_path / "communes.csv").table["nom"]["01001"] == "Évian"


@pytest.mark.parametrize("content", [b"[]", b"\x96garbage", b'[{"code": "200", "type": "CC"}]'])
def test_a_file_that_is_no_official_code_is_refused(tmp_path, content):
    path = tmp_path / "cog.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match="official_codes_unreadable"):
        former_codes(path)


def test_communes_are_set_on_the_usable_rows_of_their_epci(files):
    places = PLACES.assign(comp1=[None, "R84", "200000001", "200000002", "200000002", None])
    rows = pd.DataFrame(
        {
            "id": ["200000001", "200000002", "200000003"],
            "assmat": ["9", "26", "1"],
            "eaje": ["1", "22", "0"],
            "autr": ["0", "0", "-1"],
            "comp1": "01001",
        }
    )
    found = observe(files(**{"places-2020": pd.concat([places, rows])}))
    zones = found.zones
    # The composition is that of the file, not the communes' own intercommunalité of today.
    assert zones.loc["01001", "places_epci"] == 10
    assert zones.loc[["01002", "01004"], "places_epci"].sum() == 48
    # Children say where the one place that no commune had is.
    assert zones.loc["01001", ["places_childminder_epci", "places_facility_epci"]].tolist() == [
        9,
        1,
    ]
    assert (zones["epci_calibration"] == "calé").all()
    note = next(note for note in found.notes if note.code == "epcis_calibrated")
    assert vars(note)["values"] == {"count": 2, "total": 2, "left_out": "aucune", "moved": 2}
    rows.loc[1, ["assmat", "eaje"]] = "0"
    rows.loc[0, "assmat"] = "30"
    found = observe(files(**{"places-2020": pd.concat([places, rows])}))
    assert found.zones["epci_calibration"].tolist() == ["trop loin", "publié nul", "publié nul"]
    assert found.zones["places_epci"].tolist() == found.zones["places"].tolist()
    assert "intercommunalité" in found.zones.loc["01001", "uncertain_why"]
    assert "intercommunalité" not in found.zones.loc["01004", "uncertain_why"]


def test_contours_in_metres_are_refused(tmp_path):
    frame = pd.DataFrame({"code": ["01001"], "geometry": [shapely.box(8e5, 6e6, 8.1e5, 6.1e6).wkb]})
    frame.to_parquet(tmp_path / "contours.parquet")
    with pytest.raises(InputError) as refused:
        read_contours(tmp_path / "contours.parquet")
    assert "Lambert-93" in explain(refused.value)


def test_contours_are_mended_and_may_be_absent(files, tmp_path):
    bow = shapely.Polygon([(5, 46), (5.1, 46.1), (5.1, 46), (5, 46.1)])
    frame = pd.DataFrame(
        {
            "INSEE_COM": ["01001", "01004"],
            "geometry": [bow.wkb, shapely.box(5.1, 46, 5.2, 46.1).wkb],
        }
    )
    path = tmp_path / "contours.parquet"
    frame["geometry"] = gpd.GeoSeries.from_wkb(frame["geometry"], crs=4326)
    gpd.GeoDataFrame(frame).to_parquet(path)
    shapes, notes = read_contours(path)
    assert shapes.is_valid.all()
    assert notes[0].code == "zones_mended"
    found = observe(files() | {"contours": path})
    assert {note.code for note in found.notes} == {"zones_mended", "zones_empty"}
    assert found.zones.geometry.isna().sum() == 1


@pytest.mark.real
def test_the_files_of_cnaf_and_insee(real_data):
    france = real_data / "france"
    communes = read_communes(france / "communes.parquet")
    assert (len(communes.table), len(communes.boroughs)) == (34_969, 45)
    places = read_places(france / "places-2020.parquet")
    assert places.year == 2020
    assert places.communes.sum().sum() == 1_293_041
    assert places.france.sum() == 1_307_725
    assert places.communes.loc["97611"].isna().all()
    assert len(places.departements) == 101
    (births,) = read_births(france / "etat-civil-2008-2023.parquet", [2020])
    assert births.france == 2_221_895
    assert np.isnan(births.communes["97611"])
    rates = read_rates(france / "taux-couverture-global-2021.parquet")
    assert rates.france["coverage_rate"] == 59.4
    assert np.isnan(rates.departements.loc["976", "coverage_rate"])


@pytest.mark.real
def test_all_of_france_against_the_published_figures(real_data):
    france = real_data / "france"
    found = build_observatory(
        ObservatoryFiles(
            CommuneFiles(
                france / "communes.parquet",
                None,
                france / "places-2020.parquet",
                france / "etat-civil-2008-2023.parquet",
                france / "taux-couverture-global-2021.parquet",
            )
        ),
        Study(year=2020),
    )

    def gaps(what):
        rows = [c for c in found.checks if c.what == what and c.level == "departement"]
        assert len(rows) == 101
        return np.array(
            [abs(c.difference_percent) for c in rows if c.difference_percent is not None]
        )

    assert len(found.zones) == 34_969
    national = {c.what: c for c in found.checks if c.level == "france"}
    assert abs(national["places"].difference_percent) < 1.5
    assert (gaps("places") <= 2).mean() >= 0.9
    assert gaps("places").max() < 10
    assert gaps("places_calibrated").max() < 1e-12
    assert abs(national["coverage_rate"].difference) < 2
    assert (gaps("coverage_rate") <= 5).mean() >= 0.85
    assert all(check.why for check in found.checks)
    rows = [check for check in found.checks if check.level == "epci"]
    usable = [check for check in rows if check.what == "places_calibrated"]
    assert len(usable) >= 1150
    assert max(abs(check.difference) for check in usable) < 1e-9
    # Supply with children in reach is all given out.
    given_out = (found.zones["access_e2sfca"] * found.zones["children"]).sum()
    assert given_out == pytest.approx(found.zones["places"].sum(), rel=1e-3)


def test_many_communes_get_kinds_and_missing_children_stay_missing(files):
    n = 120
    rng = np.random.default_rng(4)
    codes = [f"{number:05d}" for number in range(1001, 1001 + n)]
    people = rng.integers(400, 5000, n).astype(float)
    births = pd.DataFrame(
        {"id": ["FR", "D1", *(code[1:] for code in codes)]}
        | {
            f"naiss{year}": [1.0, 1.0, *np.round(people * 0.011 * rng.uniform(0.9, 1.1, n))]
            for year in (18, 19, 20)
        }
    )
    births.loc[6, "naiss19"] = np.nan
    communes = pd.DataFrame(
        {
            "code": codes,
            "nom": codes,
            "departement": "01",
            "population": people,
            "superficie_km2": 10.0,
            "centroid_lon": 5 + rng.uniform(0, 0.5, n),
            "centroid_lat": 46 + rng.uniform(0, 0.5, n),
            "naiss22": np.round(people * 0.011),
        }
    )
    places = pd.DataFrame({"id": births["id"]})
    for mode in ("assmat", "eaje", "autr"):
        places[mode] = [0.0, 0.0, *np.round(people * 0.005 * rng.uniform(0.2, 2, n))]
    found = observe(files(communes=communes, births=births, **{"places-2020": places}))
    zones = found.zones
    gone = zones.loc["01005"]
    assert np.isnan(gone["children"])
    assert np.isnan(gone["coverage_rate"])
    assert gone["uncertain"]
    assert np.isnan(gone["kind"])
    assert set(zones["kind"].dropna()) == {1, 2, 3, 4, 5}
    means = zones.groupby("kind")["coverage_rate"].mean()
    assert means.loc[1] < means.loc[5]
