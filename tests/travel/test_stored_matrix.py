"""Tables are computed once, chunk by chunk."""

import numpy as np
import pytest

from rpe_geo.travel import stored_matrix
from rpe_geo.travel.stored_matrix import MatrixStore
from rpe_geo.travel.street import StreetEngine
from rpe_geo.travel.streets.network import build_streets

from .conftest import grid_town, places, write_pbf


@pytest.fixture
def streets(tmp_path):
    nodes, ways = grid_town(5)
    build_streets(write_pbf(tmp_path / "a.osm.pbf", nodes, ways), tmp_path / "streets")
    return tmp_path / "streets"


def test_a_table_is_computed_once_and_resumed(streets, tmp_path, monkeypatch):
    monkeypatch.setattr(stored_matrix, "_ROWS", 2)
    origins = places((0, 0), (100, 0), (300, 400), (800, 800), (10, 790))
    goals = places((500, 0), (0, 600), (790, 30))
    store = MatrixStore(tmp_path / "tables", streets)
    told = []

    def compute():
        told.clear()
        return store.travel_times(
            origins, goals, mode="bike", cutoff_min=30, progress=lambda *step: told.append(step)
        )

    first = compute()
    expected = StreetEngine(streets).travel_times(origins, goals, mode="bike", cutoff_min=30)
    np.testing.assert_allclose(first, expected, rtol=1e-6)
    assert told[-1] == ("matrix_rows", 5, 5)
    assert len(told) == 3
    compute()
    assert told == []
    (table,) = (tmp_path / "tables").iterdir()
    (table / "000001.npy").unlink()
    np.testing.assert_array_equal(compute(), first)
    assert len(told) == 1


def test_processes_give_the_same_table(streets, tmp_path, monkeypatch):
    monkeypatch.setattr(stored_matrix, "_ROWS", 2)
    points = places((0, 0), (100, 0), (300, 400), (800, 800))
    alone = MatrixStore(tmp_path / "a", streets)
    shared = MatrixStore(tmp_path / "b", streets)
    one = alone.travel_times(points, points, mode="car", cutoff_min=30)
    two = shared.travel_times(points, points, mode="car", cutoff_min=30, processes=2)
    np.testing.assert_array_equal(one, two)
    other = alone.travel_times(points, points, mode="car", cutoff_min=1)
    assert np.isinf(other.to_numpy()).any()
    assert len(list((tmp_path / "a").iterdir())) == 2
