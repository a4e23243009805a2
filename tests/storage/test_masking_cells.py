"""Cells of masked homes stay: renamed, rebuilt and grown territories, lost cells, cells of an earlier version."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import text

from rpe_geo.errors import InputError
from rpe_geo.messages import explain
from rpe_geo.privacy import Cells, Masking
from rpe_geo.privacy.ground import UNKNOWN_GROUND, ground_sheets
from rpe_geo.storage.cells import SqlCells
from rpe_geo.storage.repository import open_repository

DATABASES = ["sqlite", pytest.param("postgis", marks=pytest.mark.postgis)]


def addresses(count: int, *, seed: int, longitude: float = 3.87, latitude: float = 43.61):
    random = np.random.default_rng(seed)
    return longitude + random.normal(0, 0.01, count), latitude + random.normal(0, 0.01, count)


@pytest.fixture(params=DATABASES)
def store(request, tmp_path):
    if request.param == "sqlite":
        url = str(tmp_path / "registry.sqlite")
    else:
        url = request.getfixturevalue("empty_postgis_url")
    repository = open_repository(url)
    yield SqlCells(repository.engine)
    repository.close()


def zones(sheets, homes):
    masking = Masking(tuple(sheets), b"secret")
    return [
        masking.zone(f"AM-{number}", *home) for number, home in enumerate(zip(*homes, strict=True))
    ]


def test_a_renamed_or_rebuilt_territory_keeps_every_zone(store):
    before = addresses(3000, seed=1)
    first = ground_sheets(store, "one", *before, former=list)
    more = tuple(
        np.concatenate([old, new]) for old, new in zip(before, addresses(150, seed=2), strict=True)
    )
    for identity in ("one", "two", "three"):
        again = ground_sheets(store, identity, *more, former=list)
        assert zones(again, before) == zones(first, before)
    assert store.cells_ids() == ["one"]


def test_another_place_gets_cells_of_its_own(store):
    ground_sheets(store, "one", *addresses(500, seed=1), former=list)
    ground_sheets(store, "two", *addresses(500, seed=2, longitude=2.0), former=list)
    assert sorted(store.cells_ids()) == ["one", "two"]


def test_a_territory_that_grows_keeps_its_zones_and_hides_the_new_homes_among_enough(store):
    before, new = addresses(1000, seed=1), addresses(400, seed=2, longitude=4.3)
    first = ground_sheets(store, "one", *before, former=list)
    both = tuple(np.concatenate(pair) for pair in zip(before, new, strict=True))
    grown = ground_sheets(store, "one", *both, former=list)
    assert len(grown) == 2
    assert zones(grown, before) == zones(first, before)
    assert min(zone.dwellings for zone in zones(grown, new)) >= 20
    assert ground_sheets(store, "one", *both, former=list)[1].crs == grown[1].crs
    assert store.ground("one").sheets == 2


@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM masking_cells",
        "UPDATE masking_cells SET fingerprint = 'other'",
    ],
)
def test_lost_cells_stop_the_start_until_somebody_accepts_new_zones(store, harm):
    before = addresses(500, seed=1)
    ground_sheets(store, "one", *before, former=list)
    with store._engine.begin() as connection:
        connection.execute(text(harm))
    with pytest.raises(InputError) as caught:
        ground_sheets(store, "one", *before, former=list)
    assert caught.value.code == "masking_cells_lost"
    assert "restore" in explain(caught.value)
    assert store.accept_new_zones() == 1
    assert len(ground_sheets(store, "one", *before, former=list)) == 1


def test_cells_kept_by_an_earlier_version_are_taken_over(store):
    before = addresses(500, seed=1)
    elsewhere, former = Cells.cut(*addresses(500, seed=3, longitude=2.0)), Cells.cut(*before)
    grown = tuple(np.concatenate(pair) for pair in zip(before, addresses(50, seed=4), strict=True))
    sheets = ground_sheets(store, "one", *grown, former=lambda: [elsewhere, former])
    assert zones(sheets, before) == zones([former], before)


def test_homes_published_by_an_earlier_version_need_their_cells(store):
    store.keep(UNKNOWN_GROUND, UNKNOWN_GROUND, [])
    before = addresses(500, seed=1)
    with pytest.raises(InputError) as caught:
        ground_sheets(store, "one", *before, former=list)
    assert caught.value.code == "masking_cells_elsewhere"
    assert store.accept_new_zones() == 1
    assert ground_sheets(store, "one", *before, former=list)


def test_no_address_no_sheet(store):
    nowhere = np.array([np.nan]), np.array([np.nan])
    (sheet,) = ground_sheets(store, "one", *nowhere, former=list)
    assert len(sheet.dwellings) == 0
