"""The demonstration territory: drawn again the same, clearly invented, and like a real place."""

from __future__ import annotations

import gzip
import json
import re
import zipfile
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from rpe_geo.crs import to_metric
from rpe_geo.formats.records import read_facilities
from rpe_geo.synthetic.addresses import BAN_COLUMNS
from rpe_geo.synthetic.demonstration import write_demonstration
from rpe_geo.synthetic.places import demonstration_folder, demonstration_places

FILES = {
    "streets.osm.pbf",
    "addresses.csv.gz",
    "communes.parquet",
    "contours.parquet",
    "communes-cog.json.gz",
    "facilities.geojson",
    "gtfs.zip",
}
CARS_NEVER = {"footway", "cycleway", "steps", "pedestrian", "path"}


class Extract:
    """Everything of an OSM file, in plain lists."""

    def __init__(self, path: Path) -> None:
        self.nodes: dict[int, tuple[float, float]] = {}
        self.node_tags: dict[int, dict[str, str]] = {}
        self.ways: dict[int, tuple[list[int], dict[str, str]]] = {}
        self.relations: list[tuple[list[tuple[str, int, str]], dict[str, str]]] = []
        for thing in osmium.FileProcessor(path):
            tags = dict(thing.tags)
            if thing.is_node():
                self.nodes[thing.id] = (thing.lon, thing.lat)
                if tags:
                    self.node_tags[thing.id] = tags
            elif thing.is_way():
                self.ways[thing.id] = ([node.ref for node in thing.nodes], tags)
            else:
                self.relations.append(([(m.type, m.ref, m.role) for m in thing.members], tags))

    @property
    def streets(self) -> list[tuple[list[int], dict[str, str]]]:
        return [(nodes, tags) for nodes, tags in self.ways.values() if "highway" in tags]

    def metres(self) -> dict[int, tuple[float, float]]:
        x, y = to_metric(*np.array(list(self.nodes.values())).T)
        return dict(zip(self.nodes, zip(x.tolist(), y.tolist(), strict=True), strict=True))


@pytest.fixture(scope="module")
def folder() -> Path:
    return demonstration_folder()


@pytest.fixture(scope="module")
def extract(folder: Path) -> Extract:
    return Extract(folder / "streets.osm.pbf")


@pytest.fixture(scope="module")
def addresses(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "addresses.csv.gz", sep=";", dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def contours(folder: Path) -> gpd.GeoDataFrame:
    return gpd.read_parquet(folder / "contours.parquet")


def test_the_generator_makes_the_same_content_again(tmp_path: Path, folder: Path) -> None:
    written = {path.name for path in write_demonstration(tmp_path)}
    assert {name for name in written if not name.endswith(".source.json")} == FILES
    assert {path.name for path in tmp_path.iterdir()} == written, "nothing half-written beside"
    for name in written:
        new, old = tmp_path / name, folder / name
        if name.endswith(".parquet"):
            read = gpd.read_parquet if name.startswith("contours") else pd.read_parquet
            assert_frame_equal(read(new), read(old))
        elif name.endswith(".pbf"):
            assert vars(Extract(new)) == vars(Extract(old))
        elif name.endswith(".gz"):
            # The compressed bytes depend on zlib, the content on the seed only.
            assert gzip.decompress(new.read_bytes()) == gzip.decompress(old.read_bytes()), name
        elif name.endswith(".zip"):
            with zipfile.ZipFile(new) as ours, zipfile.ZipFile(old) as theirs:
                assert ours.namelist() == theirs.namelist()
                assert all(ours.read(part) == theirs.read(part) for part in ours.namelist())
        else:
            assert new.read_bytes() == old.read_bytes(), name


def test_the_files_are_small_and_say_where_they_come_from(folder: Path) -> None:
    assert sum(path.stat().st_size for path in folder.iterdir()) < 3_000_000
    sources = (folder / "SOURCES.md").read_text(encoding="utf-8")
    assert "inventé" in sources
    for name in FILES:
        assert f"`{name}`" in sources
        said = json.loads((folder / f"{name}.source.json").read_text(encoding="utf-8"))
        assert "fictif" in said["producer"]
        assert said["licence"] == "MIT"


@pytest.mark.real
def test_no_commune_of_france_is_meant(real_data: Path, folder: Path) -> None:
    real = json.loads(
        gzip.decompress((real_data / "france/communes-cog-2026.json.gz").read_bytes())
    )
    ours = json.loads(gzip.decompress((folder / "communes-cog.json.gz").read_bytes()))
    for field in ("code", "nom", "departement"):
        assert not {entry[field] for entry in ours} & {entry.get(field) for entry in real}, field
    real_postcodes = {code for entry in real for code in entry.get("codesPostaux", ())}
    assert not {code for entry in ours for code in entry.get("codesPostaux", ())} & real_postcodes


@pytest.mark.real
def test_tables_have_the_columns_of_the_national_ones(real_data: Path, folder: Path) -> None:
    for name in ("communes.parquet", "contours.parquet"):
        real = pd.read_parquet(real_data / "france" / name)
        ours = pd.read_parquet(folder / name)
        assert list(ours.columns) == list(real.columns)
        assert [str(kind) for kind in ours.dtypes] == [str(kind) for kind in real.dtypes]
    with gzip.open(real_data / "addresses/ban-75.csv.gz", "rt", encoding="utf-8") as real_addresses:
        assert tuple(real_addresses.readline().strip().split(";")) == BAN_COLUMNS


def test_addresses_look_like_those_of_france(addresses: pd.DataFrame) -> None:
    assert 7_000 <= len(addresses) <= 9_000
    assert tuple(addresses.columns) == BAN_COLUMNS
    assert addresses["id"].is_unique
    assert addresses["code_insee"].nunique() == 12
    assert {"", "bis", "ter"} == set(addresses["rep"])
    assert not addresses.duplicated(["code_insee", "nom_voie", "numero", "rep"]).any()
    kinds = Counter(name.split()[0] for name in addresses["nom_voie"])
    for kind in ("Rue", "Avenue", "Place", "Impasse", "Chemin", "Allée", "Quai", "Boulevard"):
        assert kinds[kind] > 10, kind
    assert not addresses["nom_voie"].str.contains(r"\bde le\b|\bde les\b|\bdu s\b|  ").any()
    assert (addresses["nom_ld"] != "").sum() > 20, "hamlets"
    # The same names come back in many communes, as everywhere.
    communes_of = addresses.groupby("nom_voie")["code_insee"].nunique()
    assert communes_of["Grande Rue"] > 6
    assert communes_of["Place de l'Église"] > 6


def test_odd_and_even_numbers_face_each_other(addresses: pd.DataFrame, extract: Extract) -> None:
    place = extract.metres()
    by_name: dict[str, list[list[int]]] = defaultdict(list)
    for nodes, tags in extract.streets:
        by_name[tags.get("name", "")].append(nodes)
    alone = {name: nodes[0] for name, nodes in by_name.items() if len(nodes) == 1}
    agree = total = 0
    for name, group in addresses[addresses["nom_voie"].isin(alone)].groupby("nom_voie"):
        line = np.array([place[node] for node in alone[str(name)]])
        sides: dict[int, list[float]] = {0: [], 1: []}
        for row in group.itertuples():
            point = np.array([float(str(row.x)), float(str(row.y))])
            middles = (line[:-1] + line[1:]) / 2
            near = int(np.hypot(*(middles - point).T).argmin())
            along, away = line[near + 1] - line[near], point - line[near]
            sides[int(str(row.numero)) % 2].append(np.sign(along[0] * away[1] - along[1] * away[0]))
        for values in sides.values():
            if len(values) >= 4:
                total += len(values)
                agree += max(values.count(1.0), values.count(-1.0))
    assert total > 1_000
    assert agree / total > 0.97


def test_every_address_lies_in_its_commune(
    addresses: pd.DataFrame, contours: gpd.GeoDataFrame
) -> None:
    points = gpd.GeoDataFrame(
        addresses[["code_insee"]],
        geometry=gpd.points_from_xy(addresses["lon"].astype(float), addresses["lat"].astype(float)),
        crs=4326,
    )
    joined = gpd.sjoin(points, contours, how="left")
    assert (joined["code_insee"] != joined["code_commune"]).mean() < 0.001
    x, y = to_metric(addresses["lon"].to_numpy(float), addresses["lat"].to_numpy(float))
    assert np.abs(x - addresses["x"].to_numpy(float)).max() < 0.2
    assert np.abs(y - addresses["y"].to_numpy(float)).max() < 0.2


def test_communes_share_their_borders(contours: gpd.GeoDataFrame) -> None:
    plane = contours.to_crs(2154)
    assert plane.is_valid.all()
    assert set(plane.geom_type) == {"Polygon"}
    assert plane.area.between(5e6, 60e6).all()
    # Neighbours neither overlap nor leave slivers between them.
    assert plane.union_all().area == pytest.approx(plane.area.sum(), rel=1e-4)


def test_figures_of_the_communes_hold_together(folder: Path) -> None:
    table = pd.read_parquet(folder / "communes.parquet")
    assert len(table) == 12
    assert table["population"].sum() == pytest.approx(18_260, abs=2_000)
    births = table[["naiss21", "naiss22", "naiss23"]].sum(axis=1)
    assert (table["enfants_0_2_proxy"] == births).all()
    places = table[["places_assmat_2020", "places_eaje_2020", "places_autres_2020"]].sum(axis=1)
    rate = (100 * places / births).round(1)
    assert np.allclose(rate, table["taux_couverture_global_2021"], atol=0.051)
    assert 40 < 100 * places.sum() / births.sum() < 80
    facilities = read_facilities(folder / "facilities.geojson")
    kept = sum(f.places or 0 for f in facilities)
    assert kept == table["places_eaje_2020"].sum()
    kinds = Counter(f.kind for f in facilities)
    assert {"crèche", "micro-crèche", "multi-accueil", "RPE", "LAEP", "PMI"} <= set(kinds)
    assert sum(f.is_school for f in facilities) >= 8


def test_a_merged_commune_keeps_its_memory(folder: Path, addresses: pd.DataFrame) -> None:
    entries = json.loads(gzip.decompress((folder / "communes-cog.json.gz").read_bytes()))
    merged = [entry for entry in entries if entry.get("anciensCodes")]
    assert [entry["nom"] for entry in merged] == ["Marcenelles-Bréhaut"]
    assert {e["nom"] for e in entries if e["type"] == "commune-deleguee"} == {
        "Marcenelles",
        "Bréhaut",
    }
    inside = addresses[addresses["code_insee"] == merged[0]["code"]]
    assert set(inside["nom_ancienne_commune"]) == {"Marcenelles", "Bréhaut"}


def test_streets_hold_what_travel_must_know(extract: Extract) -> None:
    classes = Counter(tags["highway"] for _, tags in extract.streets)
    for highway in (
        "secondary", "tertiary", "unclassified", "residential", "living_street", "pedestrian", "footway", "cycleway", "steps", "track",
    ):  # fmt: skip
        assert classes[highway] > 0, highway
    tags = [tags for _, tags in extract.streets]
    assert sum(t.get("junction") == "roundabout" for t in tags) >= 4
    assert sum(t.get("oneway") == "yes" for t in tags) >= 20
    assert any(t.get("oneway:bicycle") == "no" for t in tags)
    assert {"20", "30", "50", "80"} <= {t["maxspeed"] for t in tags if "maxspeed" in t}
    assert any(t.get("highway") == "turning_circle" for t in extract.node_tags.values())
    waters = [t for _, t in extract.ways.values() if t.get("natural") == "water"]
    assert {t["water"] for t in waters} == {"river", "pond"}


def test_few_bridges_cross_the_river(extract: Extract) -> None:
    bridges = [t for _, t in extract.streets if t.get("bridge") == "yes"]
    assert 3 <= sum(t["highway"] not in CARS_NEVER for t in bridges) <= 8
    assert sum(t["highway"] == "footway" for t in bridges) == 1


def _parts(extract: Extract, never: set[str], *, both_ways: bool, connection: str) -> int:
    """Count the parts that a network falls into."""
    pairs = []
    for nodes, tags in extract.streets:
        if tags["highway"] not in never:
            pairs += list(pairwise(nodes))
            if both_ways or tags.get("oneway") != "yes":
                pairs += list(pairwise(nodes[::-1]))
    names, number = np.unique(np.array(pairs), return_inverse=True)
    begin, end = number.reshape(-1, 2).T
    graph = csr_matrix((np.ones(len(pairs)), (begin, end)), shape=(len(names),) * 2)
    return int(connected_components(graph, connection=connection)[0])


def test_cars_reach_every_street_and_come_back(extract: Extract) -> None:
    assert _parts(extract, CARS_NEVER, both_ways=False, connection="strong") == 1


def test_people_reach_everything(extract: Extract) -> None:
    assert _parts(extract, set(), both_ways=True, connection="weak") == 1


def test_turn_restrictions_name_ways_that_meet(extract: Extract) -> None:
    assert len(extract.relations) >= 8
    for members, tags in extract.relations:
        assert tags["type"] == "restriction"
        role = {role: number for _, number, role in members}
        for side in ("from", "to"):
            nodes, way = extract.ways[role[side]]
            assert role["via"] in {nodes[0], nodes[-1]}
            assert "highway" in way


def test_streets_grew_and_were_not_ruled(extract: Extract) -> None:
    """Orientation order (Boeing 2019): 1 is a perfect grid, 0 is every direction alike; Paris 0.016, Chicago 0.90."""
    place = extract.metres()
    counts = np.zeros(36)
    for nodes, tags in extract.streets:
        if tags["highway"] not in {"residential", "living_street", "pedestrian"}:
            continue
        line = np.array([place[node] for node in nodes])
        for dx, dy in np.diff(line, axis=0):
            for turn in (0.0, 180.0):
                bearing = (np.degrees(np.arctan2(dx, dy)) + turn + 5) % 360
                counts[int(bearing // 10)] += np.hypot(dx, dy)
    share = counts / counts.sum()
    entropy = -(share * np.log(share)).sum()
    order = 1 - ((entropy - np.log(4)) / (np.log(36) - np.log(4))) ** 2
    assert order < 0.08


def test_buses_keep_time(folder: Path) -> None:
    with zipfile.ZipFile(folder / "gtfs.zip") as archive:
        tables = {
            name.removesuffix(".txt"): pd.read_csv(archive.open(name), dtype=str)
            for name in archive.namelist()
        }
    assert len(tables["routes"]) == 3
    assert tables["trips"]["trip_id"].is_unique
    assert tables["stops"]["stop_name"].is_unique
    times = tables["stop_times"]
    assert set(times["stop_id"]) == set(tables["stops"]["stop_id"])
    assert set(times["trip_id"]) == set(tables["trips"]["trip_id"])
    for _, trip in times.groupby("trip_id"):
        assert trip["arrival_time"].is_monotonic_increasing
        assert trip["stop_sequence"].tolist() == [str(n) for n in range(1, len(trip) + 1)]


def test_places_carry_their_label() -> None:
    places = demonstration_places()
    assert len(places) > 7_000
    assert all(re.fullmatch(r"\d+( bis| ter)? .+ 96\d{3} .+", place.label) for place in places)
