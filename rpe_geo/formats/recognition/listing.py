"""Any file that a list comes in, as rows under their titles, each with its point where the file draws one."""

from __future__ import annotations

import csv
import gzip
import io
import re
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rpe_geo.crs import to_wgs84
from rpe_geo.csv_text import decoded
from rpe_geo.errors import InvalidFile, Where
from rpe_geo.files import read_bytes
from rpe_geo.formats.json_files import parse_json
from rpe_geo.formats.recognition.headings import FIELDS, title_score

__all__ = ["ENDINGS", "Listing", "read_listing", "rows_of"]

ENDINGS = (".geojson", ".json", ".csv", ".txt", ".tsv", ".xlsx", ".xls", ".ods", ".gpkg", ".shp", ".fgb", ".zip", ".gz", ".parquet", ".kml")  # fmt: skip
_LAYERS = (".gpkg", ".shp", ".fgb", ".kml", ".parquet")
_TITLE_LINES = 30
_EMPTY = ("_Z", "_U")
"""« Not applicable » and « unknown » in files of INSEE."""
_NOT_READ = ("Exemple", "Aide")
"""Sheets of our own templates that are no records."""


@dataclass(frozen=True)
class Listing:
    """
    Rows of a file.

    Parameters
    ----------
    columns
        Titles, in order.
    rows
        Cells by title; empty ones are left out.
    points
        (x, y) of each row, as drawn in the file; None where it draws nothing.
    crs
        EPSG code of the points when the file names a projected one.
    drawn
        Whether the file is one of geometries.
    """

    columns: tuple[str, ...]
    rows: Sequence[Mapping[str, Any]]
    points: Sequence[tuple[float, float] | None] = field(default=())
    crs: int | None = None
    drawn: bool = False

    def filled(self) -> dict[str, list[Any]]:
        """List the values of each column that are not empty."""
        values: dict[str, list[Any]] = {column: [] for column in self.columns}
        for row in self.rows:
            for column, value in row.items():
                values[column].append(value)
        return values


def read_listing(path: Path, kind: str) -> Listing:
    """
    Read a list, whatever its ending: the content says what the file is.

    Parameters
    ----------
    path
        GeoJSON (whatever its ending), JSON of a portal, CSV, XLSX, XLS, ODS, GeoPackage, shapefile, FlatGeobuf, GeoParquet, KML,
        alone, gzipped or zipped.
    kind
        What its records are: it tells titles from the lines above them.

    Returns
    -------
    Listing
        Its rows.

    Raises
    ------
    InvalidFile
        When the file is missing, empty, broken or of no such kind.
    """
    content = read_bytes(path)
    where = Where(file=path.name)
    ending = path.suffix.lower()
    if content.startswith(b"\x1f\x8b"):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError):
            raise InvalidFile("archive_broken", where=where) from None
        ending = Path(path.stem).suffix.lower()
    if content.startswith(b"PK\x03\x04") and not _is_workbook(content, where):
        return _of_zip(path, content, kind)
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _of_workbook(content, where, kind)
    if ending in _LAYERS:
        return _of_layer(path, kind)
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["}:
        return _of_json(parse_json(content, path.name), where)
    if ending in {".json", ".geojson"}:
        parse_json(content, path.name)
    return _of_csv(path, content, kind)


def _is_workbook(content: bytes, where: Where) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
    except zipfile.BadZipFile:
        raise InvalidFile("archive_broken", where=where) from None
    return bool({"xl/workbook.xml", "mimetype"} & names)


def _of_zip(path: Path, content: bytes, kind: str) -> Listing:
    """Take the list out of an archive: the largest member that we read; a shapefile with its companions."""
    with (
        zipfile.ZipFile(io.BytesIO(content)) as archive,
        tempfile.TemporaryDirectory() as folder,
    ):
        members = [
            one
            for one in archive.infolist()
            if one.filename.lower().endswith(ENDINGS) and not one.filename.lower().endswith(".zip")
        ]
        if not members:
            raise InvalidFile(
                "archive_without_table",
                where=Where(file=path.name),
                found=archive.namelist()[:8] or ["–"],
            )
        chosen = max(
            members, key=lambda one: (one.filename.lower().endswith(".shp"), one.file_size)
        )
        stem = chosen.filename.rpartition(".")[0]
        for one in archive.infolist():
            if one.filename.rpartition(".")[0] == stem:
                # Only the last part of a member's name is used: an archive may name folders outside.
                (Path(folder) / Path(one.filename).name).write_bytes(archive.read(one))
        return read_listing(Path(folder) / Path(chosen.filename).name, kind)


def _clean(row: Mapping[str, Any]) -> dict[str, Any]:
    """Leave empty cells out."""
    kept = {}
    for name, value in row.items():
        if value in _EMPTY:
            continue
        if value is None or (isinstance(value, float) and np.isnan(value)):
            continue
        if isinstance(value, str) and not value.strip():
            continue
        kept[str(name)] = value.strip() if isinstance(value, str) else value
    return kept


def _columns(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for row in rows for name in row))


def _of_json(content: Any, where: Where) -> Listing:
    """Read a FeatureCollection, a list of objects, or what a portal wraps around one."""
    if isinstance(content, dict) and isinstance(content.get("features"), list):
        return _of_features(content, where)
    if isinstance(content, dict):
        content = next(
            (
                content[key]
                for key in ("results", "records", "data", "elements")
                if isinstance(content.get(key), list)
            ),
            [content],
        )
    if not isinstance(content, list) or not all(isinstance(one, dict) for one in content):
        raise InvalidFile("file_not_records", where=where, found="une liste d’autres choses")
    if content and all(one.get("type") == "Feature" for one in content):
        return _of_features({"features": content}, where)
    objects = [one["fields"] if isinstance(one.get("fields"), dict) else one for one in content]
    # An element of OpenStreetMap: its own `type` is node or way, not a kind of place.
    objects = [
        {**{k: v for k, v in one.items() if k != "type"}, **one["tags"]}
        if isinstance(one.get("tags"), dict)
        else one
        for one in objects
    ]
    points = [_point_of(one.get("geometry") or one.get("geo_shape"), None) for one in content]
    rows = [
        _clean({k: v for k, v in one.items() if k not in {"geometry", "geo_shape", "tags"}})
        for one in objects
    ]
    return Listing(_columns(rows), rows, points)


def _of_features(content: Mapping[str, Any], where: Where) -> Listing:
    if any(isinstance(one, dict) and "attributes" in one for one in content["features"]):
        return _of_esri(content, where)
    crs = _named_crs(content, where)
    rows, points = [], []
    for number, feature in enumerate(content["features"], start=1):
        if not isinstance(feature, dict):
            raise InvalidFile("geojson_expected", where=Where(where.file, number))
        properties = feature.get("properties")
        row = dict(properties) if isinstance(properties, dict) else {}
        if "id" in feature and "id" not in row and "@id" not in row:
            row["id"] = feature["id"]
        rows.append(_clean(row))
        points.append(_point_of(feature.get("geometry"), crs))
    return Listing(_columns(rows), rows, points, crs, drawn=True)


def _of_esri(content: Mapping[str, Any], where: Where) -> Listing:
    """Read the JSON of ArcGIS: `attributes` and `geometry` of each feature, in the system that the whole names."""
    said = content.get("spatialReference")
    said = said if isinstance(said, dict) else {}
    code = said.get("latestWkid") or said.get("wkid")
    crs = _projected(code, str(code), where) if isinstance(code, int) else None
    rows, points = [], []
    for feature in content["features"]:
        rows.append(_clean(feature.get("attributes") or {}))
        drawn = feature.get("geometry")
        geometry = None
        if isinstance(drawn, dict) and "x" in drawn and "y" in drawn:
            geometry = {"type": "Point", "coordinates": [drawn["x"], drawn["y"]]}
        elif isinstance(drawn, dict) and drawn.get("rings"):
            geometry = {"type": "Polygon", "coordinates": drawn["rings"][:1]}
        points.append(_point_of(geometry, crs))
    return Listing(_columns(rows), rows, points, crs, drawn=True)


def _point_of(geometry: Any, crs: int | None) -> tuple[float, float] | None:
    """Take a point inside a geometry; in degrees when its system is known to be in metres."""
    if isinstance(geometry, dict) and isinstance(geometry.get("geometry"), dict):
        geometry = geometry["geometry"]
    if not isinstance(geometry, dict):
        return None
    from shapely.errors import ShapelyError
    from shapely.geometry import shape

    try:
        point = shape(geometry).representative_point()
    except (ShapelyError, AttributeError, KeyError, TypeError, ValueError, IndexError):
        return None
    if point.is_empty or not (np.isfinite(point.x) and np.isfinite(point.y)):
        return None
    if crs is None:
        return point.x, point.y
    longitude, latitude = to_wgs84(np.array([point.x]), np.array([point.y]), crs)
    return float(longitude[0]), float(latitude[0])


def _named_crs(content: Mapping[str, Any], where: Where) -> int | None:
    """Read the member `crs` of GeoJSON before RFC 7946: an EPSG code in metres, None for degrees."""
    crs = content.get("crs")
    named = crs.get("properties") if isinstance(crs, dict) else None
    name = str(named.get("name", "")) if isinstance(named, dict) else ""
    match = re.search(r"EPSG:+(?:[\d.]*:)?(\d+)$", name)
    if match is None or int(match[1]) in {4326, 4171, 4258}:
        return None
    return _projected(int(match[1]), name, where)


def _projected(code: int, name: str, where: Where) -> int | None:
    """Say whether an EPSG code counts in metres: the code, or None for degrees."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        return code if CRS.from_epsg(code).is_projected else None
    except CRSError:
        raise InvalidFile("geojson_crs", where=where, value=name) from None


def _of_layer(path: Path, kind: str) -> Listing:
    """Read a layer with its own system of coordinates; of several the one whose titles speak most of the fields."""
    import geopandas as gpd
    import pyogrio
    import pyogrio.errors

    where = Where(file=path.name)
    try:
        if path.suffix.lower() == ".parquet":
            frame = gpd.read_parquet(path)
        else:
            layers = pyogrio.list_layers(path)
            drawn = [name for name, kind in layers if kind is not None]
            names = drawn or [layers[0][0]]
            titles = {
                name: list(pyogrio.read_info(path, layer=name)["fields"]) if len(names) > 1 else []
                for name in names
            }
            best = max(
                names, key=lambda name: (_titles_known(titles[name], kind), -names.index(name))
            )
            frame = gpd.read_file(path, layer=best)
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        ValueError,
        OSError,
        IndexError,
    ):
        raise InvalidFile("list_unreadable", where=where) from None
    if not isinstance(frame, gpd.GeoDataFrame):
        rows = [_clean({str(k): v for k, v in row.items()}) for row in frame.to_dict("records")]
        return Listing(_columns(rows), rows, [None] * len(rows))
    if frame.crs is not None:
        frame = frame.to_crs(4326)
    inside = frame.geometry.representative_point()
    points = [
        None if point is None or point.is_empty else (float(point.x), float(point.y))
        for point in inside
    ]
    table = frame.drop(columns=frame.geometry.name)
    rows = [
        _clean({str(k): v.item() if isinstance(v, np.generic) else v for k, v in row.items()})
        for row in table.to_dict("records")
    ]
    return Listing(_columns(rows), rows, points, drawn=True)


def _of_csv(path: Path, content: bytes, kind: str) -> Listing:
    """Read a CSV whose separator is told by its first lines together: a line of title above them has none."""
    where = Where(file=path.name)
    text = decoded(content, where)
    head = text.splitlines()[:_TITLE_LINES]
    sign = max(";,\t|", key=lambda one: sum(line.count(one) for line in head))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign)
    try:
        lines = list(reader)
    except csv.Error as error:
        raise InvalidFile(
            "file_broken_csv", where=where, line=reader.line_num, reason=str(error)
        ) from None
    if not any(cell.strip() for cells in lines for cell in cells):
        raise InvalidFile("file_empty", where=where)
    return _of_lines(lines, kind)


def _of_workbook(content: bytes, where: Where, kind: str) -> Listing:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = [one for one in book.sheet_names if one not in _NOT_READ] or book.sheet_names
        grids = [book.get_sheet_by_name(name).to_python() for name in names]
    except (CalamineError, IndexError):
        raise InvalidFile("file_not_workbook", where=where) from None
    listings = [_of_lines(grid, kind) for grid in grids if grid]
    if not listings:
        raise InvalidFile("file_empty", where=where)
    # A first sheet of explanations must not hide the list.
    return max(
        listings,
        key=lambda one: (
            _titles_known(one.columns, kind) > 1,
            len(one.rows) > 0,
            -listings.index(one),
        ),
    )


def _titles_known(titles: Sequence[Any], kind: str) -> int:
    phrases = FIELDS[kind].values()
    return sum(
        any(title_score(str(title), some) >= 40 for some in phrases)
        for title in titles
        if title is not None and str(title).strip() and len(str(title)) < 80
    )


def _of_lines(lines: Sequence[Sequence[Any]], kind: str) -> Listing:
    """Take as titles the line that speaks most of the fields, among the first; what stands above it is no record."""
    head = lines[:_TITLE_LINES]
    known = [_titles_known(cells, kind) for cells in head]
    width = [sum(bool(str(cell or "").strip()) for cell in cells) for cells in head]
    # Titles that nobody knows: the first line as wide as the others, for a row of values may hold a word of a title too.
    start = next((n for n, filled in enumerate(width) if filled >= max(2, max(width) / 2)), 0)
    best = max(range(len(head)), key=lambda n: (known[n], -n), default=0)
    if known and known[best] > max(1, known[start]):
        start = best
    titles = _distinct([str(cell or "").strip() for cell in lines[start]])
    rows = [
        _clean({title: cell for title, cell in zip(titles, cells, strict=False) if title})
        for cells in lines[start + 1 :]
    ]
    rows = [row for row in rows if row]
    return Listing(tuple(title for title in titles if title), rows, [None] * len(rows))


def _distinct(titles: Sequence[str]) -> list[str]:
    """Number titles that stand twice, so that no column hides another."""
    seen: dict[str, int] = {}
    named = []
    for title in titles:
        seen[title] = seen.get(title, 0) + 1
        named.append(title if seen[title] == 1 or not title else f"{title} ({seen[title]})")
    return named


def rows_of(
    listing: Listing,
) -> Iterator[tuple[int, Mapping[str, Any], tuple[float, float] | None]]:
    """Go through the rows with their number (1 is the first record) and their point."""
    points = listing.points or [None] * len(listing.rows)
    for number, (row, point) in enumerate(zip(listing.rows, points, strict=True), start=1):
        yield number, row, point
