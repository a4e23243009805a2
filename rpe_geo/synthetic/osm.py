"""The invented streets and water as an OpenStreetMap file, with the same tags as a real extract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import osmium
import osmium.osm.mutable as osm
from shapely import LineString, Polygon

from rpe_geo.crs import to_wgs84
from rpe_geo.files import replacing
from rpe_geo.synthetic.layout import ORIGIN, Layout
from rpe_geo.synthetic.streetgraph import StreetGraph
from rpe_geo.synthetic.ways import Restriction, Way

__all__ = ["write_osm"]

_STAMP = "2026-01-01T00:00:00Z"


class _Numbers:
    """Numbers every node, way and relation of the file."""

    def __init__(self) -> None:
        self.coordinates: list[tuple[float, float]] = []
        self.tags: dict[int, dict[str, str]] = {}

    def node(self, x: float, y: float) -> int:
        self.coordinates.append((x, y))
        return len(self.coordinates)


def _cut_at_turns(ways: list[Way], restrictions: list[Restriction]) -> list[Way]:
    """Cut ways at the crossings that restrictions name, as OpenStreetMap asks."""
    via = {r.via for r in restrictions}
    cut: list[Way] = []
    for way in ways:
        begin = 0
        for i in range(1, len(way.nodes)):
            if i == len(way.nodes) - 1 or way.nodes[i] in via:
                cut.append(
                    Way(
                        way.nodes[begin : i + 1],
                        way.highway,
                        way.kind,
                        way.old_code,
                        way.built,
                        way.name,
                        way.tags,
                    )
                )
                begin = i
    return cut


def write_osm(
    path: Path, ways: list[Way], restrictions: list[Restriction], graph: StreetGraph, layout: Layout
) -> None:
    """
    Write `.osm.pbf`.

    Parameters
    ----------
    path
        File to write; it appears complete or not at all.
    ways, restrictions, graph
        The streets.
    layout
        For the water and the woods.
    """
    ways = _cut_at_turns(ways, restrictions)
    numbers = _Numbers()
    node_ids: dict[int, int] = {}
    for way in ways:
        for node in way.nodes:
            if node not in node_ids:
                node_ids[node] = numbers.node(*graph.nodes[node])
                tags = graph.node_tags.get(node)
                if tags:
                    numbers.tags[node_ids[node]] = tags
    written: list[tuple[list[int], dict[str, str]]] = []
    for way in ways:
        tags = {"highway": way.highway, **way.tags}
        if way.name:
            tags["name"] = way.name
        written.append(([node_ids[n] for n in way.nodes], tags))
    relations: list[tuple[list[tuple[str, int, str]], dict[str, str]]] = []
    for restriction in restrictions:
        members = _turn_members(restriction, ways, node_ids[restriction.via])
        if members is not None:
            relations.append((members, {"type": "restriction", "restriction": restriction.kind}))

    def line(shape: LineString, tags: dict[str, str]) -> None:
        written.append(([numbers.node(x, y) for x, y in shape.coords], tags))

    def area(shape: Polygon, tags: dict[str, str]) -> None:
        ids = [numbers.node(x, y) for x, y in list(shape.exterior.coords)[:-1]]
        written.append(([*ids, ids[0]], tags))

    line(layout.river, {"waterway": "river", "name": "L'Aubrelle"})
    line(layout.stream, {"waterway": "stream", "name": "Le Rieussart"})
    for part in getattr(layout.water, "geoms", [layout.water]):
        lake = part.intersects(layout.lake.centroid)
        area(
            part.simplify(1.5),
            {
                "natural": "water",
                "water": "pond" if lake else "river",
                "name": "Étang de la Cressonnière" if lake else "L'Aubrelle",
            },
        )
    for wood in layout.woods.geoms:
        area(wood, {"natural": "wood"})
    _write(path, numbers, written, relations)


def _turn_members(
    restriction: Restriction, ways: list[Way], via: int
) -> list[tuple[str, int, str]] | None:
    """Find the two ways of a turn, by their numbers in the file."""
    into = out = None
    for number, way in enumerate(ways, start=1):
        ends = {(way.nodes[0], way.nodes[1]), (way.nodes[-1], way.nodes[-2])}
        if (restriction.via, restriction.before) in ends:
            into = number
        if (restriction.via, restriction.after) in ends:
            out = number
    if into is None or out is None:
        return None
    return [("w", into, "from"), ("n", via, "via"), ("w", out, "to")]


def _write(
    path: Path,
    numbers: _Numbers,
    ways: list[tuple[list[int], dict[str, str]]],
    relations: list[tuple[list[tuple[str, int, str]], dict[str, str]]],
) -> None:
    coordinates = np.array(numbers.coordinates)
    longitude, latitude = to_wgs84(coordinates[:, 0] + ORIGIN[0], coordinates[:, 1] + ORIGIN[1])
    header = osmium.io.Header()
    header.set("generator", "rpe_geo.synthetic")
    with replacing(path) as fresh, osmium.SimpleWriter(str(fresh), header=header) as writer:
        common: dict[str, Any] = {
            "version": 1,
            "timestamp": _STAMP,
            "uid": 0,
            "user": "",
            "changeset": 0,
        }
        for i, (lon, lat) in enumerate(zip(longitude, latitude, strict=True), start=1):
            writer.add_node(
                osm.Node(
                    id=i,
                    location=(round(float(lon), 7), round(float(lat), 7)),
                    tags=numbers.tags.get(i, {}),
                    **common,
                )
            )
        for i, (nodes, tags) in enumerate(ways, start=1):
            writer.add_way(osm.Way(id=i, nodes=nodes, tags=dict(sorted(tags.items())), **common))
        for i, (members, tags) in enumerate(relations, start=1):
            writer.add_relation(
                osm.Relation(id=i, members=members, tags=dict(sorted(tags.items())), **common)
            )
