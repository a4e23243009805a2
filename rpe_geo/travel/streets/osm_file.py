"""Read an OpenStreetMap extract (or an osmnx graph) into arrays, in one pass, for all modes at once."""

from __future__ import annotations

import contextlib
import hashlib
import math
from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import osmium
from numpy.typing import NDArray

from rpe_geo.errors import InputError, InvalidFile, Where
from rpe_geo.parameters import parameter_table
from rpe_geo.protocols import Progress
from rpe_geo.travel.streets.areas import AreaReader, crossing_lines
from rpe_geo.travel.streets.france import is_in_france
from rpe_geo.travel.streets.restrictions import Restriction, TurnReader, resolve_turns
from rpe_geo.travel.streets.tags import NodeMeaning, WayMeaning, WayRules

__all__ = ["ParsedStreets", "WaterBody", "read_pbf", "read_streets"]

_NO_COORDINATE = 2_147_483_647
_WATER_LINES = frozenset({"river", "canal", "stream"})


@dataclass(frozen=True)
class WaterBody:
    """A stretch of water as drawn: a line, or a closed outline."""

    name: str
    kind: str
    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]


@dataclass
class ParsedStreets:
    """
    The streets of an extract, as arrays.

    Parameters
    ----------
    longitude, latitude
        Nodes, EPSG:4326.
    way_ptr, way_nodes
        Nodes of way `w`: `way_nodes[way_ptr[w]:way_ptr[w + 1]]`, as indices of nodes.
    way_meaning, way_name, way_class
        Per way an index into `meanings`, `names` and `classes`.
    node_meaning
        Node index to what it imposes.
    restrictions
        Turn restrictions, with indices of ways and nodes.
    ignored_restrictions
        How many restrictions could not be used, by reason (see `rpe_geo.travel.streets.restrictions.TurnReader`).
    elevation
        Metres above the sea of each node; nan where the source says nothing; empty where it says nothing at all.
    french
        Whether the streets lie in France.
    areas, areas_incomplete
        Squares that are crossed; those that are not because the extract lacks a part of their outline.
    """

    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]
    way_ptr: NDArray[np.int64]
    way_nodes: NDArray[np.int64]
    way_meaning: NDArray[np.int64]
    way_name: NDArray[np.int64]
    way_class: NDArray[np.int64]
    meanings: list[WayMeaning]
    names: list[str]
    classes: list[str]
    node_meaning: dict[int, NodeMeaning]
    restrictions: list[Restriction] = field(default_factory=list)
    ignored_restrictions: Mapping[str, int] = field(default_factory=dict)
    water: list[WaterBody] = field(default_factory=list)
    content_hash: str = ""
    elevation: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    french: bool = True
    areas: int = 0
    areas_incomplete: int = 0


class _Numbered(dict[Any, int]):
    """Number things in order of first appearance."""

    def __missing__(self, key: Any) -> int:
        self[key] = number = len(self)
        return number


def read_streets(source: Path, *, progress: Progress | None = None) -> ParsedStreets:
    """
    Read streets from an `.osm.pbf` (or any file osmium reads) or from an osmnx `.graphml`.

    Parameters
    ----------
    source
        The file.
    progress
        Told of the ways read.

    Returns
    -------
    ParsedStreets
        Ways, nodes, restrictions and water.

    Raises
    ------
    InvalidFile
        For a file that is missing, empty, corrupt, or holds no street.
    """
    if not source.is_file():
        raise InvalidFile("file_missing", where=Where(file=str(source)))
    if source.stat().st_size == 0:
        raise InvalidFile("file_empty", where=Where(file=str(source)))
    parsed = (
        read_graphml(source) if source.suffix == ".graphml" else read_pbf(source, progress=progress)
    )
    if parsed.way_ptr.size < 2:
        raise InvalidFile("streets_none", where=Where(file=str(source)))
    return parsed


def _hash_of(source: Path) -> str:
    with source.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


class _Collector:
    """Gathers what the pass over a file meets."""

    def __init__(self, rules: WayRules) -> None:
        self.rules = rules
        self.way_id, self.way_length = array("q"), array("q")
        self.way_meaning, self.way_name, self.way_class = array("q"), array("q"), array("q")
        self.node_ref, self.node_x, self.node_y = array("q"), array("q"), array("q")
        self.meanings: list[WayMeaning] = []
        self.meaning_number: dict[int, int] = {}
        self.names, self.classes = _Numbered(), _Numbered()
        self.names[""]
        self.node_meanings: dict[int, NodeMeaning] = {}
        self.elevations: dict[int, float] = {}
        self.turns = TurnReader()
        self.water: list[WaterBody] = []
        self.areas = AreaReader()

    def node(self, node: Any) -> None:
        meaning = self.rules.node(node.tags)
        if meaning is not None:
            self.node_meanings[node.id] = meaning
        self.height(node.id, node.tags.get("ele"))

    def height(self, node: int, text: Any) -> None:
        """Keep the elevation of a node (m), where it reads as a number."""
        with contextlib.suppress(TypeError, ValueError):
            metres = float(text)
            if math.isfinite(metres):
                self.elevations[node] = metres

    def way(self, way: Any) -> None:
        tags = way.tags
        if "highway" in tags or tags.get("route") == "ferry":
            meaning = self.rules.way(tags)
            if meaning is not None:
                self._street(way, meaning, tags)
        elif "waterway" in tags or tags.get("natural") == "water":
            self._water(way, tags)

    def _street(self, way: Any, meaning: WayMeaning, tags: Any) -> None:
        number = self._number_of(meaning)
        name = self.names[tags.get("name") or tags.get("ref") or ""]
        road = self.classes[tags.get("highway", "ferry")]
        if tags.get("area") == "yes" and "walk" in meaning.speeds and way.is_closed():
            ring = [(node.ref, node.x, node.y) for node in way.nodes]
            if all(x != _NO_COORDINATE for _, x, _ in ring):
                self.areas.way(ring, dict(tags))
        run: list[tuple[int, int, int]] = []
        for ref, x, y in [(node.ref, node.x, node.y) for node in way.nodes]:
            if x != _NO_COORDINATE:
                run.append((ref, x, y))
                continue
            self._keep(way.id, run, number, name, road)  # the extract cuts the way here
            run = []
        self._keep(way.id, run, number, name, road)

    def _keep(
        self, way_id: int, run: list[tuple[int, int, int]], meaning: int, name: int, road: int
    ) -> None:
        if len(run) < 2:
            return
        refs, xs, ys = zip(*run, strict=True)
        self.node_ref.extend(refs)
        self.node_x.extend(xs)
        self.node_y.extend(ys)
        self.way_id.append(way_id)
        self.way_length.append(len(run))
        self.way_meaning.append(meaning)
        self.way_name.append(name)
        self.way_class.append(road)

    def cross_areas(self) -> None:
        """Draw the ways across squares, once all streets that reach them are known."""
        if not self.areas.areas:
            return
        refs, uses = np.unique(np.frombuffer(self.node_ref, dtype=np.int64), return_counts=True)
        count = dict(zip(refs.tolist(), uses.tolist(), strict=True))
        for area in self.areas.areas:
            meaning = self.rules.way(area.tags)
            if meaning is None or "walk" not in meaning.speeds:
                continue
            # The outline of a square that is a way passes its own nodes.
            rings = Counter(vertex[0] for ring in (area.outer, *area.holes) for vertex in ring[:-1])
            own = 0 if area.tags.get("type") == "multipolygon" else 1
            first = area.outer[0][0]
            entered = {
                ref: count.get(ref, 0) > own * (times + (ref == first))
                for ref, times in rings.items()
            }
            number = self._number_of(meaning)
            name = self.names[area.tags.get("name") or area.tags.get("ref") or ""]
            road = self.classes[area.tags.get("highway", "pedestrian")]
            for pair in crossing_lines(area, entered):
                self._keep(0, list(pair), number, name, road)

    def _number_of(self, meaning: WayMeaning) -> int:
        number = self.meaning_number.get(id(meaning))
        if number is None:
            number = self.meaning_number[id(meaning)] = len(self.meanings)
            self.meanings.append(meaning)
        return number

    def _water(self, way: Any, tags: Any) -> None:
        closed = way.is_closed()
        kind = tags.get("waterway") or "water"
        if kind not in _WATER_LINES and not (closed and kind in {"water", "riverbank", "dock"}):
            return
        points = [(node.x, node.y) for node in way.nodes if node.x != _NO_COORDINATE]
        if len(points) < 2:
            return
        x, y = np.asarray(points, dtype=np.float64).T / 1e7
        self.water.append(WaterBody(tags.get("name", ""), kind, x, y))


def read_pbf(source: Path, *, progress: Progress | None = None) -> ParsedStreets:
    """Read an extract that osmium understands (`.osm.pbf`, `.osm`); see `read_streets`."""
    table = parameter_table("speeds", date.today())  # noqa: DTZ011 - the table in force
    french = _in_france(source)
    collector = _Collector(WayRules(table, french=french))
    wanted = osmium.filter.KeyFilter(
        "highway", "route", "barrier", "waterway", "natural", "ele", "type",
    )  # fmt: skip
    ways = 0
    thing: Any  # a Node, a Way or a Relation: the filter lets nothing else pass
    try:
        for thing in osmium.FileProcessor(str(source)).with_locations().with_filter(wanted):
            if thing.is_way():
                collector.way(thing)
                ways += 1
                if progress is not None and ways % 5000 == 0:
                    progress("streets_read", ways, None)
            elif thing.is_node():
                collector.node(thing)
            elif thing.is_relation():
                collector.turns.read(thing)
                collector.areas.relation(thing)
        collector.areas.complete(str(source))
    except (RuntimeError, ValueError) as error:
        raise InvalidFile("streets_unreadable", where=Where(file=str(source))) from error
    if progress is not None:
        progress("streets_read", ways, ways)
    collector.cross_areas()
    parsed = _assemble(collector)
    parsed.french = french
    parsed.areas, parsed.areas_incomplete = len(collector.areas.areas), collector.areas.incomplete
    parsed.content_hash = _hash_of(source)
    return parsed


def _in_france(source: Path) -> bool:
    """Tell by the box of the file, else by its first node, whether French law holds for its streets."""
    try:
        with osmium.io.Reader(str(source), osmium.osm.NOTHING) as reader:
            box = reader.header().box()
        if box.valid():
            low, high = box.bottom_left, box.top_right
            return is_in_france((low.lon + high.lon) / 2, (low.lat + high.lat) / 2)
        node: Any
        for node in osmium.FileProcessor(str(source), osmium.osm.NODE):
            if node.location.valid():
                return is_in_france(node.location.lon, node.location.lat)
    except (RuntimeError, ValueError) as error:
        raise InvalidFile("streets_unreadable", where=Where(file=str(source))) from error
    return True


def _assemble(collector: _Collector) -> ParsedStreets:
    refs = np.frombuffer(collector.node_ref, dtype=np.int64)
    unique, first, nodes = np.unique(refs, return_index=True, return_inverse=True)
    longitude = np.frombuffer(collector.node_x, dtype=np.int64)[first] / 1e7
    latitude = np.frombuffer(collector.node_y, dtype=np.int64)[first] / 1e7
    lengths = np.frombuffer(collector.way_length, dtype=np.int64)
    number_of = {int(ref): number for number, ref in enumerate(unique)}
    ptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return ParsedStreets(
        longitude=longitude,
        latitude=latitude,
        way_ptr=ptr,
        way_nodes=nodes.astype(np.int64),
        way_meaning=np.array(collector.way_meaning, dtype=np.int64),
        way_name=np.array(collector.way_name, dtype=np.int64),
        way_class=np.array(collector.way_class, dtype=np.int64),
        meanings=collector.meanings,
        names=list(collector.names),
        classes=list(collector.classes),
        node_meaning={
            number_of[ref]: meaning
            for ref, meaning in collector.node_meanings.items()
            if ref in number_of
        },
        elevation=_elevations(collector.elevations, number_of),
        restrictions=_restrictions(collector, number_of, ptr, nodes),
        ignored_restrictions=dict(collector.turns.ignored),
        water=collector.water,
    )


def _restrictions(
    collector: _Collector,
    number_of: Mapping[int, int],
    ptr: NDArray[np.int64],
    nodes: NDArray[np.int64],
) -> list[Restriction]:
    """Find the turns among the ways and nodes that were kept."""
    wanted = {
        way
        for turn in collector.turns.turns
        for way in (*turn.origins, *turn.via_ways, *turn.targets)
    }
    ways: dict[int, list[int]] = {}
    for number, way_id in enumerate(collector.way_id):
        if way_id in wanted:
            ways.setdefault(way_id, []).append(number)

    def nodes_of(way: int) -> list[int]:
        run: list[int] = nodes[ptr[way] : ptr[way + 1]].tolist()
        return run

    def passable(way: int, modes: frozenset[str]) -> tuple[bool, bool]:
        meaning = collector.meanings[collector.way_meaning[way]]
        speeds = meaning.at_best or meaning.speeds
        pairs = [pair for mode, pair in speeds.items() if mode in modes]
        return any(pair[0] > 0 for pair in pairs), any(pair[1] > 0 for pair in pairs)

    return resolve_turns(collector.turns, number_of, ways, nodes_of, passable)


def _elevations(known: Mapping[int, float], number_of: Mapping[int, int]) -> NDArray[np.float64]:
    """Elevation of each node of a street; empty where none is known."""
    found = {number_of[ref]: metres for ref, metres in known.items() if ref in number_of}
    if not found:
        return np.zeros(0)
    elevation = np.full(len(number_of), np.nan)
    elevation[list(found)] = list(found.values())
    return elevation


def read_graphml(source: Path) -> ParsedStreets:
    """Read a graph that osmnx saved: each edge is a way with the tags that osmnx kept."""
    import osmnx

    try:
        graph = osmnx.load_graphml(source)
    except (ValueError, KeyError, SyntaxError) as error:
        raise InvalidFile("streets_unreadable", where=Where(file=str(source))) from error
    table = parameter_table("speeds", date.today())  # noqa: DTZ011 - the table in force
    some = next((values for _, values in graph.nodes(data=True)), {"x": 0.0, "y": 0.0})
    french = is_in_france(float(some["x"]), float(some["y"]))
    rules = WayRules(table, french=french)
    collector = _Collector(rules)
    for node, attributes in graph.nodes(data=True):
        tags = {
            key: str(value) for key, value in attributes.items() if key in {"highway", "barrier"}
        }
        meaning = rules.node(tags)
        if meaning is not None:
            collector.node_meanings[int(node)] = meaning
        collector.height(int(node), attributes.get("elevation"))
    seen: set[tuple[int, int, float]] = set()
    invented = -1
    for start, end, attributes in graph.edges(data=True):
        length = round(float(attributes.get("length", 0.0)), 1)
        if (end, start, length) in seen and not _is_one_way(attributes):
            continue  # osmnx draws a two-way street twice
        seen.add((start, end, length))
        tags = {key: _one(value) for key, value in attributes.items() if isinstance(key, str)}
        tags["oneway"] = "yes" if _is_one_way(attributes) else "no"
        tags.setdefault("highway", "unclassified")
        way_meaning = rules.way(tags)
        if way_meaning is None:
            continue
        number = collector.meaning_number.setdefault(id(way_meaning), len(collector.meanings))
        if number == len(collector.meanings):
            collector.meanings.append(way_meaning)
        inner = [] if "geometry" not in attributes else list(attributes["geometry"].coords)[1:-1]
        run = [(int(start), *_fixed(graph.nodes[start]["x"], graph.nodes[start]["y"]))]
        for x, y in inner:
            run.append((invented, *_fixed(x, y)))
            invented -= 1
        run.append((int(end), *_fixed(graph.nodes[end]["x"], graph.nodes[end]["y"])))
        name = collector.names[tags.get("name") or tags.get("ref") or ""]
        collector._keep(0, run, number, name, collector.classes[tags["highway"]])  # noqa: SLF001
    parsed = _assemble(collector)
    parsed.french = french
    parsed.content_hash = _hash_of(source)
    return parsed


def _is_one_way(attributes: Mapping[str, Any]) -> bool:
    return str(attributes.get("oneway", "")).lower() in {"true", "yes", "1"}


def _one(value: Any) -> str:
    """Take the first of several values that osmnx merged."""
    return str(value[0] if isinstance(value, list) and value else value)


def _fixed(longitude: float, latitude: float) -> tuple[int, int]:
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise InputError("streets_projected", longitude=longitude, latitude=latitude)
    return round(longitude * 1e7), round(latitude * 1e7)
