"""
Streets of an area cut out of larger OpenStreetMap extracts, with a margin; places of care that stand in the same files.

Nodes inside the buffered area choose the ways; a way is kept whole, with all its nodes, and turn restrictions with their
members. Two extracts that meet at a border are cut apart and merged.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import osmium
import shapely
from osmium.filter import KeyFilter
from shapely.geometry.base import BaseGeometry

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.files import replacing, scratch_beside

__all__ = ["cut_streets", "places_of_care"]

_KEPT_KEYS = ("highway", "amenity", "railway", "route", "area:highway", "leisure", "place")
_CARE = {"childcare", "kindergarten"}


def cut_streets(files: Sequence[Path], area: BaseGeometry, target: Path) -> int:
    """
    Write the streets of an area.

    Parameters
    ----------
    files
        Extracts (`.osm.pbf`) that cover it together.
    area
        With its margin, EPSG:4326.
    target
        The file to write, whole or not at all.

    Returns
    -------
    int
        Number of ways kept.

    Raises
    ------
    InvalidFile
        When an extract is truncated, or none has a way in the area.
    """
    with scratch_beside(target) as folder:
        parts, ways = [], 0
        for number, file in enumerate(files):
            part = folder / f"{number}.osm.pbf"
            ways += _cut(file, area, part)
            parts.append(part)
        if not ways:
            raise InvalidFile("streets_elsewhere", where=Where(file=files[0].name))
        with replacing(target) as fresh:
            if len(parts) == 1:
                parts[0].replace(fresh)
            else:
                merged = folder / "merged.osm.pbf"
                _merge(parts, merged)
                merged.replace(fresh)
    return ways


def _cut(file: Path, area: BaseGeometry, target: Path) -> int:
    shapely.prepare(area)
    west, south, east, north = area.bounds
    inside = osmium.IdTracker()
    ways = 0
    chosen: set[int] = set()
    try:
        for node in osmium.FileProcessor(file, osmium.osm.NODE):
            x, y = node.location.lon, node.location.lat  # type: ignore[union-attr]
            if west <= x <= east and south <= y <= north and shapely.contains_xy(area, x, y):
                inside.add_node(node.id)
        nodes = inside.node_ids()
        with osmium.BackReferenceWriter(
            str(target), ref_src=str(file), overwrite=True, remove_tags=False, relation_depth=1
        ) as writer:
            for node in osmium.FileProcessor(file, osmium.osm.NODE).with_filter(
                KeyFilter("amenity")
            ):
                if nodes.get(node.id):
                    writer.add_node(node)
            for way in osmium.FileProcessor(file, osmium.osm.WAY).with_filter(
                KeyFilter(*_KEPT_KEYS)
            ):
                if any(nodes.get(one.ref) for one in way.nodes):  # type: ignore[union-attr]
                    chosen.add(way.id)
                    writer.add_way(way)
                    ways += "highway" in way.tags
            for relation in osmium.FileProcessor(file, osmium.osm.RELATION).with_filter(
                KeyFilter("restriction", "restriction:conditional", "amenity")
            ):
                if any(one.type == "w" and one.ref in chosen for one in relation.members):  # type: ignore[union-attr]
                    writer.add_relation(relation)
    except RuntimeError as error:
        raise InvalidFile(
            "streets_truncated", where=Where(file=file.name), reason=str(error)[:80]
        ) from None
    return ways


def _merge(parts: Sequence[Path], target: Path) -> None:
    """Merge extracts: what stands in both is written once."""
    reader = osmium.MergeInputReader()
    for part in parts:
        reader.add_file(str(part))
    writer = osmium.SimpleWriter(str(target), overwrite=True)
    try:
        reader.apply(writer, simplify=True)
    finally:
        writer.close()


def places_of_care(file: Path, area: BaseGeometry, target: Path) -> int:
    """
    Write the crèches that OpenStreetMap knows in an area, as a GeoJSON.

    Parameters
    ----------
    file
        An extract.
    area
        The territory, EPSG:4326.
    target
        The file to write; nothing is written where none is known.

    Returns
    -------
    int
        How many there are.
    """
    shapely.prepare(area)
    features: list[dict[str, Any]] = []
    processor = osmium.FileProcessor(file).with_locations().with_filter(KeyFilter("amenity"))
    for one in processor:
        if one.tags.get("amenity") not in _CARE:
            continue
        point = _centre(one)
        if point is None or not shapely.contains_xy(area, *point):
            continue
        kind = "node" if isinstance(one, osmium.osm.Node) else "way"
        features.append(
            {
                "type": "Feature",
                "properties": {"@id": f"{kind}/{one.id}", **{tag.k: tag.v for tag in one.tags}},
                "geometry": {"type": "Point", "coordinates": list(point)},
            }
        )
    if features:
        with replacing(target) as temporary:
            content = {"type": "FeatureCollection", "features": features}
            temporary.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    return len(features)


def _centre(one: Any) -> tuple[float, float] | None:
    """Take the place of a node, or the middle of the corners of a way; a relation has none here."""
    if isinstance(one, osmium.osm.Node):
        return one.location.lon, one.location.lat
    if not isinstance(one, osmium.osm.Way):
        return None
    corners = [(n.lon, n.lat) for n in one.nodes if n.location.valid()]
    if not corners:
        return None
    return sum(x for x, _ in corners) / len(corners), sum(y for _, y in corners) / len(corners)
