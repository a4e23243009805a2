"""The order of a network, and what is searched by it."""

from pathlib import Path

import numpy as np
import pytest

from rpe_geo.travel import contraction
from rpe_geo.travel.contraction import Hierarchy, build_hierarchy

from .conftest import grid_town


@pytest.fixture
def network(town):
    return town(*grid_town(8))._search("car").network


def test_a_dissected_order_is_kept_as_the_library_keeps_its_own(network, tmp_path, monkeypatch):
    build_hierarchy(network, tmp_path / "metis")
    with monkeypatch.context() as without:
        without.setattr(contraction, "dissect", lambda _network: None)
        build_hierarchy(network, tmp_path / "own")
    kept = {path.name: path.read_bytes() for path in (tmp_path / "own/hierarchy").iterdir()}
    written = {path.name: path.read_bytes() for path in (tmp_path / "metis/hierarchy").iterdir()}
    assert set(written) == set(kept)
    for name in ("head", "tail", "node_count"):
        assert written[name] == kept[name]
    for name in ("order", "rank"):
        values = np.frombuffer(written[name], dtype=np.uint32)
        assert np.array_equal(np.sort(values), np.arange(network.state_count))


def test_any_order_gives_the_same_table(network, tmp_path):
    build_hierarchy(network, tmp_path)
    every = np.arange(network.state_count)
    ours = Hierarchy(network, tmp_path).table(every, every)
    assert np.array_equal(ours, Hierarchy(network).table(every, every))
    assert np.isfinite(ours).any()


def test_the_same_network_is_ordered_the_same_way(network, tmp_path: Path):
    for name in ("first", "second"):
        build_hierarchy(network, tmp_path / name)
    first, second = (tmp_path / f"{name}/hierarchy/order" for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()
