"""Open requests beside an observatory: counts and areas, never a home."""

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from rpe_geo.domain import Child, Request, Timetable
from rpe_geo.formats.records import read_requests, write_requests
from rpe_geo.observatory.hotspots import unmet_clusters
from rpe_geo.observatory.open_requests import with_requests
from rpe_geo.observatory.results import Note, Observatory
from rpe_geo.parameters import parameter_table


def test_requests_are_counted_and_gatherings_are_circles(tmp_path):
    rng = np.random.default_rng(0)
    at = [(5.005 + dx, 46.005 + dy) for dx, dy in rng.normal(0, 0.0003, (20, 2))]
    at += [(5.15, 46.01), (5.16, 46.09), (5.3, 46.0), (5.25, 46.05), (9.0, 9.0), (None, None)]
    requests = [
        Request(
            request_id=f"R-{number}",
            children=(Child(birth_date=date(2026, 1, 1)),),
            start=date(2027, 1, 1),
            schedule=Timetable.parse("Mo-Fr 08:00-17:00"),
            address="1 rue des Lilas",
            longitude=x,
            latitude=y,
        )
        for number, (x, y) in enumerate(at)
    ]
    write_requests(requests, tmp_path / "requests.json")
    boxes = [shapely.box(5 + 0.1 * n, 46, 5.1 + 0.1 * n, 46.1) for n in range(3)]
    zones = gpd.GeoDataFrame(
        {"nom": ["Ouest", "Milieu", "Est"]},
        geometry=boxes,
        index=pd.Index(["01001", "01002", "01003"], name="code"),
        crs=4326,
    )
    empty = gpd.GeoDataFrame({"kind": []}, geometry=[], crs=4326)
    before = Observatory(zones, empty, (), {}, {}, ())
    found = with_requests(
        before,
        read_requests(tmp_path / "requests.json"),
        parameter_table("observatory", date(2026, 1, 1)),
    )
    # Two in the middle and two in the east are not told; nor is the west, whose count would give their sum.
    assert found.zones["open_requests"].isna().all()
    assert found.parameters["open_requests"] == 24
    assert found.notes[-1] == Note("requests_unplaced", {"count": 2})
    areas = found.parameters["request_areas"]
    assert len(areas) == 1
    assert 18 <= areas[0]["requests"] <= 24
    assert areas[0]["radius_m"] >= 500
    homes = {(round(x, 4), round(y, 4)) for x, y in at if x is not None}
    assert (areas[0]["longitude"], areas[0]["latitude"]) not in homes


@pytest.mark.parametrize("seed", range(12))
def test_gatherings_near_each_other_are_one(seed):
    rng = np.random.default_rng(seed)
    town = rng.normal(0, 100, (40, 2))
    town[20:, 0] += 600
    village = rng.normal(0, 1500, (12, 2))
    village[:, 0] += 40_000
    alone = np.array([[0.0, 90_000], [90_000, 90_000]])
    points = np.vstack([town, village, alone])
    labels = unmet_clusters(points[:, 0].tolist(), points[:, 1].tolist())
    assert len(set(labels[:40])) == 1
    assert labels[0] >= 0
    assert (labels[40:52] >= 0).sum() >= 5
    assert set(labels[40:52]) & set(labels[:40]) <= {-1}
    assert labels[-2:].tolist() == [-1, -1]
