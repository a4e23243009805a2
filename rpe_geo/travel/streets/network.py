"""The streets of a territory on disk: built once from OpenStreetMap for all modes, opened in a moment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from rpe_geo.crs import WGS84
from rpe_geo.errors import InvalidFile, Where
from rpe_geo.files import replacing_folder
from rpe_geo.parameters import parameter_table
from rpe_geo.protocols import Progress
from rpe_geo.travel.contraction import LARGE_STATES, build_hierarchy
from rpe_geo.travel.snapping import SegmentGrid
from rpe_geo.travel.streets.graph import build_mode_network
from rpe_geo.travel.streets.osm_file import ParsedStreets, read_streets
from rpe_geo.travel.streets.tags import MODES

__all__ = ["StreetsReport", "Ways", "build_streets", "read_meta", "street_lines", "water_shapes"]

FORMAT = 4
"""Raised whenever the arrays or the settings of a streets folder change: an older folder must be built again."""

_META = "streets.json"
_SNAPPING = {"limit_m", "link_m", "fast_road_handicap_m"}
_OF_MODE = {"link_kph", "access_kph", "has_regions", "conditions"}


@dataclass(frozen=True)
class StreetsReport:
    """
    What a build of streets made.

    Parameters
    ----------
    source
        Name of the file read.
    network_version
        Changes with the file, the speeds or the format: stored times of another version are void.
    nodes, edges
        Junctions and edges, by mode.
    ways
        Ways that some mode may use.
    bbox
        West, south, east, north (EPSG:4326).
    restrictions
        Turn restrictions used; `ignored_restrictions` could not be, for the reasons that `ignored_reasons` counts.
    areas, areas_incomplete
        Squares that are crossed on foot; those of which the extract lacks a part of the outline.
    """

    source: str
    network_version: str
    nodes: Mapping[str, int]
    edges: Mapping[str, int]
    ways: int
    bbox: tuple[float, float, float, float]
    restrictions: int
    ignored_restrictions: int
    ignored_reasons: Mapping[str, int] = field(default_factory=dict)
    areas: int = 0
    areas_incomplete: int = 0
    built_on: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


def build_streets(
    source: Path, directory: Path, *, progress: Progress | None = None
) -> StreetsReport:
    """
    Build the networks of every mode from an extract.

    Parameters
    ----------
    source
        `.osm.pbf` (or any file that osmium reads), or an osmnx `.graphml`.
    directory
        Folder to make; replaced as a whole when it exists, untouched when the build fails.
    progress
        Told of the ways read and the modes built.

    Returns
    -------
    StreetsReport
        What was made; also written to `streets.json`.

    Raises
    ------
    InvalidFile
        For a source that is missing, empty, corrupt, or holds no street.
    """
    parsed = read_streets(source, progress=progress)
    speeds = parameter_table("speeds", date.today())  # noqa: DTZ011 - the table in force
    with replacing_folder(directory) as building:
        report = _build_into(building, source, parsed, speeds, progress)
    if progress is not None:
        progress("streets_built", len(MODES), len(MODES))
    return report


def _build_into(
    building: Path,
    source: Path,
    parsed: ParsedStreets,
    speeds: Mapping[str, Any],
    progress: Progress | None,
) -> StreetsReport:
    nodes: dict[str, int] = {}
    edges: dict[str, int] = {}
    settings: dict[str, Any] = {}
    for done, mode in enumerate(MODES):
        if progress is not None:
            progress(f"streets_{mode}", done, len(MODES))
        network = build_mode_network(parsed, mode, speeds)
        if network is None:
            continue
        network.save(building / mode)
        SegmentGrid.build(network).save(building / mode)
        if network.state_count <= LARGE_STATES or mode == "car":
            build_hierarchy(network, building / mode)
        nodes[mode], edges[mode] = network.state_count, network.edge_count
        settings[mode] = dict(network.settings)
    if not nodes:
        raise InvalidFile("streets_none", where=Where(file=str(source)))
    _save_ways(parsed, building)
    longitude, latitude = parsed.longitude, parsed.latitude
    report = StreetsReport(
        source=source.name,
        network_version=_version(parsed, dict(speeds)),
        nodes=nodes,
        edges=edges,
        ways=int(parsed.way_ptr.size - 1),
        bbox=(
            float(longitude.min()),
            float(latitude.min()),
            float(longitude.max()),
            float(latitude.max()),
        ),
        restrictions=len(parsed.restrictions),
        ignored_restrictions=sum(parsed.ignored_restrictions.values()),
        ignored_reasons=parsed.ignored_restrictions,
        areas=parsed.areas,
        areas_incomplete=parsed.areas_incomplete,
        built_on=date.today().isoformat(),  # noqa: DTZ011 - a date for people
        settings={"modes": settings, "snapping": speeds["snapping"]},
    )
    meta = {"format": FORMAT, **asdict(report)}
    (building / _META).write_text(json.dumps(meta, ensure_ascii=False, indent=1), "utf-8")
    return report


def _version(parsed: ParsedStreets, speeds: Mapping[str, Any]) -> str:
    import hashlib

    text = json.dumps([FORMAT, parsed.content_hash, speeds], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _save_ways(parsed: ParsedStreets, building: Path) -> None:
    """Keep what a map draws and what a route names: ways with their nodes, class and name; water."""
    folder = building / "ways"
    folder.mkdir()
    np.save(folder / "way_ptr.npy", parsed.way_ptr)
    np.save(folder / "longitude.npy", parsed.longitude[parsed.way_nodes])
    np.save(folder / "latitude.npy", parsed.latitude[parsed.way_nodes])
    np.save(folder / "way_name.npy", parsed.way_name.astype(np.int32))
    np.save(folder / "way_class.npy", parsed.way_class.astype(np.int16))
    _save_texts(folder / "names", parsed.names)
    _save_texts(folder / "classes", parsed.classes)
    ptr = np.concatenate([[0], np.cumsum([body.longitude.size for body in parsed.water])])
    np.save(folder / "water_ptr.npy", ptr.astype(np.int64))
    empty = [np.zeros(0)]
    np.save(
        folder / "water_longitude.npy",
        np.concatenate(empty + [body.longitude for body in parsed.water]),
    )
    np.save(
        folder / "water_latitude.npy",
        np.concatenate(empty + [body.latitude for body in parsed.water]),
    )
    (folder / "water.json").write_text(
        json.dumps([[body.name, body.kind] for body in parsed.water], ensure_ascii=False), "utf-8"
    )


def _save_texts(path: Path, texts: Sequence[str]) -> None:
    blobs = [text.encode() for text in texts]
    ends = np.cumsum([len(blob) for blob in blobs])
    np.save(path.with_suffix(".ptr.npy"), np.concatenate([[0], ends]).astype(np.int64))
    np.save(path.with_suffix(".utf8.npy"), np.frombuffer(b"".join(blobs), dtype=np.uint8))


class Texts:
    """Many short texts on disk, read one by one."""

    def __init__(self, path: Path) -> None:
        self._ptr = np.load(path.with_suffix(".ptr.npy"), mmap_mode="r")
        self._bytes = np.load(path.with_suffix(".utf8.npy"), mmap_mode="r")

    def __len__(self) -> int:
        return int(self._ptr.size - 1)

    def __getitem__(self, number: int) -> str:
        return bytes(self._bytes[self._ptr[number] : self._ptr[number + 1]]).decode()


@dataclass(frozen=True, eq=False)
class Ways:
    """Name and class of each way, for routes and maps."""

    name: NDArray[np.int32]
    road_class: NDArray[np.int16]
    names: Texts
    classes: Texts

    @classmethod
    def load(cls, directory: Path) -> Ways:
        """Open the ways of a streets folder, memory-mapped."""
        folder = directory / "ways"
        try:
            return cls(
                name=np.load(folder / "way_name.npy", mmap_mode="r"),
                road_class=np.load(folder / "way_class.npy", mmap_mode="r"),
                names=Texts(folder / "names"),
                classes=Texts(folder / "classes"),
            )
        except (OSError, ValueError, EOFError) as error:
            raise InvalidFile("streets_damaged", where=Where(file=str(folder))) from error

    def name_of(self, way: int) -> str:
        """Name (or number) of a way; empty when it has none."""
        return self.names[int(self.name[way])]

    def class_of(self, way: int) -> str:
        """Tell the OSM class of a way: residential, footway, ferry."""
        return self.classes[int(self.road_class[way])]


def read_meta(directory: Path) -> dict[str, Any]:
    """
    Read what a streets folder says of itself.

    Parameters
    ----------
    directory
        The folder that `build_streets` made.

    Returns
    -------
    dict
        The report, with `format`.

    Raises
    ------
    InvalidFile
        When the folder holds no streets, or streets of another format.
    """
    path = directory / _META
    try:
        meta: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise InvalidFile("streets_missing", where=Where(file=str(directory))) from error
    except (OSError, ValueError) as error:
        raise InvalidFile("streets_damaged", where=Where(file=str(path))) from error
    if meta.get("format") != FORMAT or not _is_complete(meta):
        raise InvalidFile("streets_old_format", where=Where(file=str(directory)))
    return meta


def _is_complete(meta: Mapping[str, Any]) -> bool:
    """Tell whether the settings hold all that the engine of today reads."""
    settings = meta.get("settings") or {}
    return set(settings.get("snapping", ())) >= _SNAPPING and all(
        set(settings.get("modes", {}).get(mode, ())) >= _OF_MODE for mode in meta.get("nodes", ())
    )


def street_lines(
    directory: Path, bbox: tuple[float, float, float, float] | None = None
) -> gpd.GeoDataFrame:
    """
    Return the streets as lines, to draw a map without tiles.

    Parameters
    ----------
    directory
        The folder that `build_streets` made.
    bbox
        West, south, east, north; None is everything.

    Returns
    -------
    GeoDataFrame
        Columns name, class, geometry; EPSG:4326.
    """
    folder = directory / "ways"
    read_meta(directory)
    ways = Ways.load(directory)
    ptr = np.load(folder / "way_ptr.npy")
    longitude = np.load(folder / "longitude.npy", mmap_mode="r")
    latitude = np.load(folder / "latitude.npy", mmap_mode="r")
    keep, lines = _lines_within(ptr, longitude, latitude, bbox)
    names = [ways.name_of(way) for way in keep.tolist()]
    classes = [ways.class_of(way) for way in keep.tolist()]
    return gpd.GeoDataFrame({"name": names, "class": classes}, geometry=lines, crs=WGS84)


def water_shapes(
    directory: Path, bbox: tuple[float, float, float, float] | None = None
) -> gpd.GeoDataFrame:
    """
    Return rivers and canals as lines, and lakes and banks as polygons, as far as the extract holds them.

    Parameters
    ----------
    directory
        The folder that `build_streets` made.
    bbox
        West, south, east, north; None is everything.

    Returns
    -------
    GeoDataFrame
        Columns name, class, geometry; EPSG:4326; may be empty.
    """
    folder = directory / "ways"
    read_meta(directory)
    ptr = np.load(folder / "water_ptr.npy")
    keep, lines = _lines_within(
        ptr, np.load(folder / "water_longitude.npy"), np.load(folder / "water_latitude.npy"), bbox
    )
    described = json.loads((folder / "water.json").read_text("utf-8"))
    names = [described[number][0] for number in keep.tolist()]
    kinds = [described[number][1] for number in keep.tolist()]
    shapes = [
        shapely.make_valid(shapely.Polygon(line.coords))
        if line.is_closed and len(line.coords) > 3 and kind in {"water", "riverbank", "dock"}
        else line
        for line, kind in zip(lines, kinds, strict=True)
    ]
    frame = pd.DataFrame({"name": names, "class": kinds})
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, crs=WGS84), crs=WGS84)


def _lines_within(
    ptr: NDArray[np.int64],
    longitude: NDArray[np.float64],
    latitude: NDArray[np.float64],
    bbox: tuple[float, float, float, float] | None,
) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Return the lines whose box touches `bbox`, with their numbers."""
    count = ptr.size - 1
    keep = np.arange(count)
    if count and bbox is not None:
        west = np.minimum.reduceat(longitude, ptr[:-1])
        east = np.maximum.reduceat(longitude, ptr[:-1])
        south = np.minimum.reduceat(latitude, ptr[:-1])
        north = np.maximum.reduceat(latitude, ptr[:-1])
        touches = (west <= bbox[2]) & (east >= bbox[0]) & (south <= bbox[3]) & (north >= bbox[1])
        keep = np.flatnonzero(touches)
    if not keep.size:
        return keep, np.empty(0, dtype=object)
    lengths = ptr[keep + 1] - ptr[keep]
    owner = np.repeat(np.arange(keep.size), lengths)
    at = ptr[keep][owner] + np.arange(owner.size) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    lines = shapely.linestrings(np.column_stack([longitude[at], latitude[at]]), indices=owner)
    return keep, np.asarray(lines, dtype=object)
