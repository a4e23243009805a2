"""OGC API – Features: what the page blanks is blank here, GDAL opens it, wrong questions have the right status."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time

import geopandas as gpd
import pytest
import uvicorn
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from api.app import create_app
from rpe_geo.settings import Settings
from tests.chromium import free_port
from tests.pages.observatory_files import write_folder, zones_with_registry

ROOT = "/api/v1/features"
TOKEN = "jeton-d-essai-assez-long-42"
ASKED = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def deployment(tmp_path_factory) -> Settings:
    folder = tmp_path_factory.mktemp("features")
    return Settings(
        _env_file=None,
        database_url=f"sqlite:///{folder / 'registre.sqlite'}",
        observatory=write_folder(folder / "observatoires"),
        api_token=TOKEN,
    )


@pytest.fixture(scope="module")
def client(deployment):
    with TestClient(create_app(deployment), headers=ASKED) as opened:
        yield opened


@pytest.fixture(scope="module")
def names(client) -> list[str]:
    return [one["id"] for one in client.get(f"{ROOT}/collections").json()["collections"]]


@pytest.mark.parametrize("path", ["/", "/conformance", "/collections", "/collections/x/items"])
def test_it_asks_for_the_token_of_the_relais(client, path):
    for headers in ({"authorization": ""}, {"authorization": "Bearer autre-relais"}):
        answer = client.get(ROOT + path, headers=headers)
        assert answer.status_code == 401
        assert "features" not in answer.json()


def test_links_lead_to_every_collection_and_feature(client, names):
    landing = client.get(f"{ROOT}/").json()
    data = next(link["href"] for link in landing["links"] if link["rel"] == "data")
    listed = client.get(data).json()["collections"]
    assert [one["id"] for one in listed] == names
    assert len(names) >= 2
    for one in listed:
        items = next(link["href"] for link in one["links"] if link["rel"] == "items")
        page = client.get(items, params={"limit": 2})
        assert page.headers["content-type"] == "application/geo+json"
        body = page.json()
        assert body["numberReturned"] == len(body["features"]) <= 2
        first = body["features"][0]
        again = client.get(f"{items}/{first['id']}").json()
        assert again["properties"] == first["properties"]
        assert one["extent"]["spatial"]["bbox"][0][0] <= one["extent"]["spatial"]["bbox"][0][2]


def test_pages_follow_one_another_and_hold_everything_once(client, names):
    name = next(one for one in names if one.endswith("indicateurs"))
    href, seen, matched = f"{ROOT}/collections/{name}/items?limit=3", [], None
    while href is not None:
        body = client.get(href).json()
        seen += [feature["id"] for feature in body["features"]]
        matched = body["numberMatched"]
        href = next((link["href"] for link in body["links"] if link["rel"] == "next"), None)
    assert len(seen) == len(set(seen)) == matched


def test_small_counts_are_told_nowhere(client, names):
    raw = zones_with_registry().zones
    name = next(one for one in names if "villeneuve" in one and one.endswith("indicateurs"))
    features = client.get(f"{ROOT}/collections/{name}/items?limit=1000").json()["features"]
    told = {feature["id"]: feature["properties"] for feature in features}
    assert raw.loc["1", "places_childminder"] > 0
    for column in ("places_childminder", "places", "coverage_rate"):
        assert told["1"].get(column) is None
    blanked = [one for one in told.values() if one["places_childminder"] is None]
    assert len(blanked) >= 2
    # Nor by a filter on the figure, nor by the feature alone.
    secret = raw.loc["1", "places_childminder"]
    found = client.get(
        f"{ROOT}/collections/{name}/items", params={"places_childminder": str(secret)}
    )
    assert "1" not in [feature["id"] for feature in found.json()["features"]]
    assert client.get(f"{ROOT}/collections/{name}/items/1").json()["properties"]["places"] is None


def test_a_box_chooses_what_meets_it(client, names):
    name = next(one for one in names if one.endswith("indicateurs"))
    every = client.get(f"{ROOT}/collections/{name}/items?limit=1000").json()["features"]
    shapes = gpd.GeoDataFrame.from_features(every)
    west, south, east, north = shapes.total_bounds
    middle = (west + east) / 2
    asked = f"{west},{south},{middle},{north}"
    found = client.get(f"{ROOT}/collections/{name}/items", params={"bbox": asked, "limit": 1000})
    assert found.json()["numberMatched"] == int((shapes.bounds["minx"] <= middle).sum())
    away = client.get(f"{ROOT}/collections/{name}/items?bbox=-61,14,-60,15").json()
    assert (away["numberMatched"], away["features"]) == (0, [])


@pytest.mark.parametrize(
    "query",
    [
        "bbox=1,2,3", "bbox=a,b,c,d", "bbox=1,5,2,3", "bbox=nan,1,2,3", "bbox=1e999,1,2,3", "limit=0", "limit=-1",
        "limit=x", "offset=-1", "inconnu=1", "bbox-crs=http://www.opengis.net/def/crs/EPSG/0/2154", "f=gml",
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_read_is_said(client, names, query):
    answer = client.get(f"{ROOT}/collections/{names[0]}/items?{query}")
    assert answer.status_code == 400
    assert answer.json()["code"] == "parameter_unreadable"


def test_what_is_not_there_is_not_found(client, names):
    for path in (
        "/collections/rien",
        "/collections/rien/items",
        f"/collections/{names[0]}/items/rien",
    ):
        assert client.get(ROOT + path).status_code == 404
    assert client.get(f"{ROOT}/collections/{names[0]}/items?limit=99999999").status_code == 200


@settings(max_examples=60, deadline=None)
@given(
    key=st.sampled_from(["bbox", "limit", "offset", "datetime", "f", "code"]),
    value=st.text(max_size=30),
)
def test_no_question_breaks_it(client, names, key, value):
    answer = client.get(f"{ROOT}/collections/{names[0]}/items", params={key: value})
    assert answer.status_code in {200, 400}


def test_two_editions_of_one_title_and_year_are_both_served(tmp_path, deployment):
    first = next(path for path in sorted(deployment.observatory.iterdir()) if path.is_dir())
    for name in ("a", "b"):
        shutil.copytree(first, tmp_path / "twice" / name)
    twice = deployment.model_copy(update={"observatory": tmp_path / "twice"})
    with TestClient(create_app(twice), headers=ASKED) as opened:
        listed = [one["id"] for one in opened.get(f"{ROOT}/collections").json()["collections"]]
    assert len(listed) == len(set(listed))
    assert sum(one.endswith("-2-indicateurs") for one in listed) == 1


GDAL = """
import json, sys, pyogrio
pyogrio.set_gdal_config_options({"GDAL_HTTP_AUTH": "BEARER", "GDAL_HTTP_BEARER": sys.argv[2]})
layers = [str(name) for name, _ in pyogrio.list_layers(sys.argv[1])]
rows = pyogrio.read_dataframe(sys.argv[1], layer=next(one for one in layers if one.endswith("indicateurs")))
known = int(rows["children"].astype(float).notna().sum())
print(json.dumps([layers, len(rows), rows.crs.to_epsg(), known]))
"""


def test_gdal_opens_it(deployment, names):
    """What QGIS uses: GDAL's driver of OGC API – Features, in a process of its own, for it answers nobody while it reads."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(create_app(deployment), host="127.0.0.1", port=port, log_level="warning")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.05)
        address = f"OAPIF:http://127.0.0.1:{port}{ROOT}"
        done = subprocess.run(
            [sys.executable, "-c", GDAL, address, TOKEN],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    finally:
        server.should_exit = True
        thread.join()
    layers, rows, crs, known = json.loads(done.stdout)
    assert layers == names
    assert rows > 3
    assert known > 3
    assert crs == 4326
