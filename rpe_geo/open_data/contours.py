"""
Polygons from any file: one reader for contours of communes and for zones.

The coordinate system is the one that the file declares, and a file that declares none is refused: degrees, grades of Paris
and metres cannot be told apart by their numbers alone. Malformed polygons are mended and keep their surface.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pyogrio
import pyogrio.errors
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from rpe_geo.errors import InputError, InvalidFile, Where
from rpe_geo.files import read_bytes
from rpe_geo.observatory.results import Note
from rpe_geo.open_data.commune_codes import check_codes

__all__ = [
    "COMMUNE",
    "PolygonFile",
    "code_texts",
    "column_named",
    "commune_rows",
    "mend",
    "read_contours",
    "read_polygons",
]

_COMMUNE_COLUMNS = (
    "code_commune", "code", "insee_com", "code_insee", "codgeo", "code_geo", "insee", "depcom", "com", "dcomiris",
    "commune_insee", "code_commune_insee", "id_commune",
)  # fmt: skip
"""Names of the column of commune codes, lower-case, best first."""
_COMMUNE_LAYERS = re.compile(r"commune|municipal|\bcom\b", re.IGNORECASE)
COMMUNE = r"(?:0[1-9]|[1-8]\d|9[0-8])\d{3}|2[AB]\d{3}"
_LOOKS_LIKE = 0.9
"""Share of the cells of a column that must look like commune codes for it to be one."""
_ZIPPED = (".shp", ".gpkg", ".fgb", ".geojson", ".json", ".gml")
_SURFACES = ("Polygon", "MultiPolygon")


@dataclass(frozen=True)
class PolygonFile:
    """
    Where polygons are read.

    Parameters
    ----------
    path
        GeoParquet (any encoding, any geometry column), GeoPackage, shapefile (zipped or not), GeoJSON (gzipped or not),
        or any vector file that GDAL reads.
    layer
        Layer of a file that holds several; the first with polygons if None.
    crs
        Coordinate system of a file that declares none (« EPSG:2154 »); one that is declared is believed.
    """

    path: Path
    layer: str | None = None
    crs: str | None = None


def read_polygons(
    source: PolygonFile, *, columns: Sequence[str] = (), layers: re.Pattern[str] | None = None
) -> tuple[gpd.GeoDataFrame, list[Note]]:
    """
    Read the rows of a file of polygons, in degrees.

    Parameters
    ----------
    source
        The file.
    columns
        Names of columns, lower-case: of several layers with polygons, one that has any of them is taken.
    layers
        Words of the layer that is wanted when no other sign tells it.

    Returns
    -------
    tuple of GeoDataFrame and list of Note
        All rows in the order of the file, EPSG:4326, flat (no heights), the layer in `attrs`; which layer was taken where
        there was a choice.

    Raises
    ------
    InvalidFile
        When the file cannot be read, holds no polygon, declares no coordinate system, or gives metres for degrees.
    """
    read_bytes(source.path)
    where = Where(file=source.path.name)
    notes: list[Note] = []
    layer = source.layer
    try:
        if source.path.suffix.lower() in {".parquet", ".geoparquet", ".pq"}:
            frame = _read_parquet(source.path)
        else:
            frame, notes, layer = _read_layer(source, columns, layers)
    except InputError:
        raise
    except (
        pa.ArrowException, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, shapely.errors.ShapelyError,
        KeyError, ValueError, TypeError, RuntimeError,
    ):  # fmt: skip
        raise InvalidFile("contours_unreadable", where=where) from None
    if not isinstance(frame, gpd.GeoDataFrame) or frame.empty:
        raise InvalidFile("contours_unreadable", where=where)
    frame = frame.reset_index(drop=True)
    if frame.crs is None:
        frame = frame.set_crs(_given_crs(source))
    if frame.crs.is_geographic and _in_degrees(frame.crs):
        _refuse_metres(frame.geometry, source.path)
    frame = frame.to_crs(4326)
    if not np.isfinite(frame.total_bounds).all():
        raise InvalidFile("contours_unreadable", where=where)
    flat = gpd.GeoSeries(shapely.force_2d(frame.geometry.to_numpy()), frame.index, crs=4326)
    frame = frame.set_geometry(flat)
    frame.attrs["layer"] = layer
    return frame, notes


def _in_degrees(crs: CRS) -> bool:
    return bool(crs.axis_info) and crs.axis_info[0].unit_name == "degree"


def _given_crs(source: PolygonFile) -> CRS:
    """Take the coordinate system that the user told for a file that tells none."""
    if source.crs is None:
        raise InvalidFile("contours_without_crs", where=Where(file=source.path.name))
    try:
        return CRS.from_user_input(source.crs)
    except CRSError:
        raise InputError("crs_unknown", given=source.crs) from None


def _read_parquet(path: Path) -> gpd.GeoDataFrame:
    """Read GeoParquet, GeoArrow, or a column of WKB; the coordinate system is None where none is declared."""
    schema = pa_parquet.read_schema(path)
    if b"geo" in (schema.metadata or {}):
        return gpd.read_parquet(path)
    table = pa_parquet.read_table(path)
    if any(_arrow_name(field).startswith("geoarrow.") for field in schema):
        return gpd.GeoDataFrame.from_arrow(table)
    binary = [field.name for field in schema if _is_binary(field.type)]
    likely = [n for n in binary if n.lower() in {"geometry", "geom", "the_geom", "wkb", "shape"}]
    column = (likely or binary or [""])[0]
    rows = table.to_pandas()
    shapes = shapely.from_wkb(rows[column].to_numpy())
    return gpd.GeoDataFrame(rows.drop(columns=column), geometry=shapes)


def _arrow_name(field: pa.Field) -> str:
    named = getattr(field.type, "extension_name", None)
    if named is not None:
        return str(named)
    return str((field.metadata or {}).get(b"ARROW:extension:name", b"").decode())


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _read_layer(
    source: PolygonFile, columns: Sequence[str], layers: re.Pattern[str] | None
) -> tuple[gpd.GeoDataFrame, list[Note], str]:
    """Read the layer with polygons of a vector file, and name it; say which was taken, where there is a choice."""
    path = source.path
    opened: Path | str = path
    if path.suffix.lower() == ".gz":
        opened = f"/vsigzip/{path.resolve()}"
    elif path.suffix.lower() == ".zip":
        opened = _inside_zip(path)
    found = {str(name): str(kind) for name, kind in pyogrio.list_layers(opened)}
    if source.layer is not None:
        if source.layer not in found:
            raise InvalidFile(
                "layer_unknown",
                where=Where(file=path.name),
                given=source.layer,
                layers=list(found),
            )
        return gpd.read_file(opened, layer=source.layer), [], source.layer
    if len(found) == 1:
        return gpd.read_file(opened), [], next(iter(found))
    surfaces = [
        name
        for name, kind in found.items()
        if "Polygon" in kind or "Surface" in kind or kind in {"Unknown", "GeometryCollection"}
    ]
    if not surfaces:
        raise InvalidFile("contours_unreadable", where=Where(file=path.name))

    def rank(name: str) -> tuple[bool, bool, int]:
        fields = {str(field).lower() for field in pyogrio.read_info(opened, layer=name)["fields"]}
        named = layers is not None and layers.search(name) is not None
        return (not named, fields.isdisjoint(columns), surfaces.index(name))

    taken = min(surfaces, key=rank)
    others = [name for name in surfaces if name != taken]
    values = {"file": path.name, "layer": taken, "others": others}
    notes = [Note("layer_taken", values)] if others else []
    return gpd.read_file(opened, layer=taken), notes, taken


def _inside_zip(path: Path) -> str:
    """Name the folder or the file of an archive that holds the polygons, however deep (IGN puts them four folders down)."""
    root = f"/vsizip/{path.resolve()}"
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        raise InvalidFile("archive_broken", where=Where(file=path.name)) from None
    for ending in _ZIPPED:
        found = sorted(name for name in names if name.lower().endswith(ending))
        if found and ending == ".shp":
            # A folder of shapefiles is read as one source, a layer each.
            return f"{root}/{found[0].rpartition('/')[0]}".rstrip("/")
        if found:
            return f"{root}/{found[0]}"
    return root


def column_named(frame: pd.DataFrame, names: Sequence[str]) -> str | None:
    """Find the first of some names (lower-case) among the columns, whatever their capitals."""
    known: Mapping[str, str] = {str(column).lower(): str(column) for column in frame.columns}
    return next((known[name] for name in names if name in known), None)


def read_contours(
    source: PolygonFile | Path, codes: Sequence[str] | None = None
) -> tuple[gpd.GeoSeries, list[Note]]:
    """
    Read the polygons of communes, mend the invalid ones, and unite the rows of one commune.

    Parameters
    ----------
    source
        The file; the code is found by its name (`code_commune`, `code`, `INSEE_COM`, `codgeo`…) or by what is in it.
    codes
        Only these, if given.

    Returns
    -------
    tuple of GeoSeries and list of Note
        Polygons by code, EPSG:4326; what was mended, united or left out.

    Raises
    ------
    InvalidFile
        See `read_polygons`; also when no column holds codes of communes.
    InvalidRecord
        For a code that is no commune's.
    """
    source = PolygonFile(source) if isinstance(source, Path) else source
    path = source.path
    frame, notes = read_polygons(source, columns=_COMMUNE_COLUMNS, layers=_COMMUNE_LAYERS)
    polygons, _, more = commune_rows(frame, path, codes)
    return polygons, [*notes, *more]


def commune_rows(
    frame: gpd.GeoDataFrame, path: Path, codes: Sequence[str] | None = None
) -> tuple[gpd.GeoSeries, pd.Series, list[Note]]:
    """
    Find the commune of each row, mend polygons and unite the rows of one commune.

    Parameters
    ----------
    frame
        From `read_polygons`.
    path
        Where it was read, for messages.
    codes
        Only these communes, if given.

    Returns
    -------
    tuple
        Polygons by code; the code by row of what is drawn; what was mended, united or left out.

    Raises
    ------
    InvalidFile, InvalidRecord
        See `read_contours`.
    """
    notes: list[Note] = []
    column = _code_column(frame)
    if column is None:
        raise InvalidFile(
            "column_missing",
            where=Where(file=path.name),
            missing=[" / ".join(_COMMUNE_COLUMNS[:3])],
            found=[str(name) for name in frame.columns if name != frame.geometry.name],
        )
    written, numbers = code_texts(frame[column])
    if numbers:
        notes.append(Note("codes_were_numbers", {"file": path.name, "column": column}))
    drawn = frame.geometry.geom_type.isin([*_SURFACES, "GeometryCollection"])
    drawn |= frame.geometry.isna() | frame.geometry.is_empty
    if not drawn.all():
        notes.append(Note("rows_not_polygons", {"file": path.name, "count": int((~drawn).sum())}))
        if not drawn.any():
            raise InvalidFile("contours_unreadable", where=Where(file=path.name))
    check_codes(written.drop_duplicates(), path, column)
    kept_codes = written[drawn.to_numpy()]
    series = gpd.GeoSeries(frame.geometry.array[drawn.to_numpy()], pd.Index(kept_codes), crs=4326)
    if codes is not None:
        series = series[pd.Index(codes).get_indexer(series.index) >= 0]
    series, mended = mend(series)
    series, united = _united(series, path)
    return series, kept_codes, [*notes, *mended, *united]


def _code_column(frame: gpd.GeoDataFrame) -> str | None:
    """Find the column of commune codes: by its name, if most of its cells look like codes; else by its cells alone."""
    cells = [str(name) for name in frame.columns if name != frame.geometry.name]
    lower = {name.lower(): name for name in cells}
    named = [lower[name] for name in _COMMUNE_COLUMNS if name in lower]
    rest = [name for name in cells if name not in named]

    def fits(name: str) -> bool:
        return bool(code_texts(frame[name])[0].str.fullmatch(COMMUNE).mean() >= _LOOKS_LIKE)

    by_name = next((name for name in named if fits(name)), None)
    if by_name is not None:
        return by_name
    by_cells = [name for name in rest if frame[name].nunique() > len(frame) / 2 and fits(name)]
    # A column of text is named in the refusal of its first faulty row; numbers that are no codes at all are no codes.
    text = [name for name in named if not pd.api.types.is_numeric_dtype(frame[name])]
    return next(iter(by_cells or text), None)


def code_texts(values: pd.Series) -> tuple[pd.Series, bool]:
    """Write codes of communes as text; numbers lost their leading zeros, which are given back (and true is told)."""
    if not pd.api.types.is_numeric_dtype(values):
        return values.fillna("").astype(str).str.strip(), False
    text = [
        f"{int(cell):05d}" if np.isfinite(cell) and cell == int(cell) else "" for cell in values
    ]
    return pd.Series(text, index=values.index, dtype=object), True


def _united(shapes: gpd.GeoSeries, path: Path) -> tuple[gpd.GeoSeries, list[Note]]:
    """Unite the rows of one commune: an island apart, a commune cut by the sheets of a map."""
    repeated = shapes.index.duplicated(keep=False)
    if not repeated.any():
        return shapes, []
    several = shapes[repeated]
    one = several.groupby(level=0, sort=False).agg(lambda rows: shapely.union_all(rows.to_numpy()))
    first = shapes[~shapes.index.duplicated()].copy()
    first[one.index] = gpd.GeoSeries(one.to_numpy(), index=one.index, crs=4326)
    values = {"file": path.name, "count": len(one), "first": str(one.index[0])}
    return first, [Note("rows_united", values)]


def _refuse_metres(shapes: gpd.GeoSeries, path: Path) -> None:
    """Refuse polygons in metres that are given as degrees (a Lambert-93 file that does not say so)."""
    west, south, east, north = shapes.total_bounds
    if west < -180.001 or south < -90.001 or east > 180.001 or north > 90.001:
        raise InvalidFile(
            "contours_not_degrees",
            where=Where(file=path.name),
            x=f"{west:.0f}",
            y=f"{south:.0f}",
        )


def mend(shapes: gpd.GeoSeries) -> tuple[gpd.GeoSeries, list[Note]]:
    """
    Make invalid polygons valid, keeping their surface; say how many there were.

    Every ring keeps what it surrounds, shells are united and holes taken out: two squares that overlap make the ground
    that both cover, and the part that is covered twice is no hole.
    """
    notes = []
    empty = shapes.isna() | shapes.is_empty
    if empty.any():
        notes.append(
            Note("zones_empty", {"count": int(empty.sum()), "first": str(shapes.index[empty][0])})
        )
    invalid = (~shapes.is_valid & ~empty).to_numpy()
    if invalid.any():
        fixed = shapes.to_numpy().copy()
        mended = shapely.make_valid(fixed[invalid], method="structure", keep_collapsed=False)
        fixed[invalid] = [_surface(shape) for shape in mended]
        notes.append(
            Note(
                "zones_mended",
                {"count": int(invalid.sum()), "first": str(shapes.index[invalid][0])},
            )
        )
        shapes = gpd.GeoSeries(fixed, index=shapes.index, crs=shapes.crs)
    return shapes, notes


def _surface(shape: shapely.Geometry) -> shapely.Geometry:
    """Keep the surfaces of what mending a polygon leaves."""
    parts = [
        part
        for part in shapely.get_parts(shape, return_index=False)
        if part.geom_type.endswith("Polygon")
    ]
    return shapely.union_all(parts) if parts else shape
