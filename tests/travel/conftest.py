"""Small towns written as OpenStreetMap extracts, and the engines on them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import osmium
import osmium.osm.mutable as osm
import pytest
from shapely import Point

from rpe_geo.travel.street import StreetEngine
from rpe_geo.travel.streets.network import build_streets

PER_METRE = 1 / 111_195.0
"""Degrees of latitude per metre; the towns lie at the equator, where a degree of longitude is as long."""

Nodes = Mapping[int, tuple[float, float] | tuple[float, float, dict[str, str]]]
Ways = Sequence[tuple[Sequence[int], dict[str, str]]]
Turns = Sequence[tuple[int, int | tuple[int, ...], int, dict[str, str]]]


def place(x_m: float, y_m: float) -> Point:
    """A point x metres east and y metres north of the origin of the towns."""
    return Point(x_m * PER_METRE, y_m * PER_METRE)


def places(*pairs: tuple[float, float]) -> gpd.GeoSeries:
    return gpd.GeoSeries([place(*pair) for pair in pairs], crs=4326)


def write_pbf(path: Path, nodes: Nodes, ways: Ways, turns: Turns = ()) -> Path:
    """
    Write an extract: nodes in metres, ways as node numbers and tags, turns as (from way, via, to way, tags).

    A turn goes via a node, or via the ways of a tuple.
    """
    with osmium.SimpleWriter(str(path)) as writer:
        for number, (x, y, *tags) in sorted(nodes.items()):
            writer.add_node(
                osm.Node(
                    id=number,
                    location=(x * PER_METRE, y * PER_METRE),
                    tags=tags[0] if tags else {},
                )
            )
        for number, (refs, tags) in enumerate(ways, start=1):
            writer.add_way(osm.Way(id=number, nodes=list(refs), tags=tags))
        for number, (start, via, end, tags) in enumerate(turns, start=1):
            between = (
                [("w", way, "via") for way in via]
                if isinstance(via, tuple)
                else [("n", via, "via")]
            )
            members = [("w", start, "from"), *between, ("w", end, "to")]
            writer.add_relation(
                osm.Relation(id=number, members=members, tags={"type": "restriction", **tags})
            )
    return path


@pytest.fixture
def town(tmp_path: Path) -> Callable[..., StreetEngine]:
    """Build a town and open it."""

    def build(nodes: Nodes, ways: Ways, turns: Turns = (), **options: bool) -> StreetEngine:
        folder = tmp_path / f"T{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        build_streets(write_pbf(folder / "town.osm.pbf", nodes, ways, turns), folder / "streets")
        return StreetEngine(folder / "streets", **options)

    return build


def grid_town(
    size: int = 6, step_m: float = 200.0, **tags: str
) -> tuple[dict[int, tuple[float, float]], list[tuple[list[int], dict[str, str]]]]:
    """A chessboard of two-way residential streets, `size` by `size` junctions."""
    nodes = {
        row * size + column + 1: (column * step_m, row * step_m)
        for row in range(size)
        for column in range(size)
    }
    road = {"highway": "residential", **tags}
    ways = [
        ([row * size + column + 1 for column in range(size)], {**road, "name": f"Rue {row}"})
        for row in range(size)
    ]
    ways += [
        ([row * size + column + 1 for row in range(size)], {**road, "name": f"Allée {column}"})
        for column in range(size)
    ]
    return nodes, ways
