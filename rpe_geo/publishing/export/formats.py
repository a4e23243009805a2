"""The formats of an export by name: which files each writes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from rpe_geo.errors import InputError
from rpe_geo.observatory.results import Observatory
from rpe_geo.publishing.export.geopackage import write_geopackage
from rpe_geo.publishing.export.layers import PLACES, ZONES, Layer, layers_of
from rpe_geo.publishing.export.shapes import (
    about_layer,
    write_flatgeobuf,
    write_geojson,
    write_geoparquet,
)
from rpe_geo.publishing.export.tables import write_csvw, write_workbook

__all__ = ["ENDINGS", "Format", "export_observatory"]

Format = Literal["gpkg", "geoparquet", "geojson", "flatgeobuf", "xlsx", "csvw"]

ENDINGS: dict[str, Format] = {
    ".gpkg": "gpkg",
    ".parquet": "geoparquet",
    ".geojson": "geojson",
    ".fgb": "flatgeobuf",
    ".xlsx": "xlsx",
    ".csv": "csvw",
}
"""Ending of a file → the format it means."""

_WRITERS = {
    "geoparquet": write_geoparquet,
    "geojson": write_geojson,
    "flatgeobuf": write_flatgeobuf,
}


def export_observatory(
    observatory: Observatory,
    path: Path,
    *,
    format: str | None = None,  # noqa: A002 - the word of the command
    indicator: str = "coverage_rate",
) -> tuple[Path, ...]:
    """
    Write what may be published of an observatory for another program.

    Parameters
    ----------
    observatory
        What was found; counts that would tell of too few professionals are blanked.
    path
        The file.
    format
        One of `Format`; the one that the ending means when None.
    indicator
        What colours the zones of a GeoPackage at first.

    Returns
    -------
    tuple of Path
        The files written. GeoPackage and XLSX hold everything; of the others, each layer is a file of its own: the zones
        take the name asked for, the places of care and the overseas départements a suffix.

    Raises
    ------
    InputError
        When the format is none, or the ending means none.
    """
    chosen = format or ENDINGS.get(path.suffix.lower())
    if chosen is None:
        raise InputError("observatory_ending", given=path.name, known=list(ENDINGS))
    if chosen not in get_args(Format):
        raise InputError("export_format", given=chosen, known=list(get_args(Format)))
    layers = layers_of(observatory, apart=chosen not in {"xlsx", "csvw"})
    layers = tuple(layer for layer in layers if len(layer.rows))
    sources, parameters = observatory.sources, observatory.parameters
    about = [about_layer(layer, sources, parameters) for layer in layers]
    if chosen == "gpkg":
        return write_geopackage(layers, about, path, indicator=indicator)
    if chosen == "xlsx":
        write_workbook(layers, sources, path)
        return (path,)
    written = []
    for layer, told in zip(layers, about, strict=True):
        to = _beside(path, layer)
        if chosen == "csvw":
            write_csvw(layer, sources, to, parameters)
            written.append(to.with_name(f"{to.name}-metadata.json"))
        else:
            _WRITERS[chosen](layer, told, to)
        written.append(to)
    return tuple(sorted(written, key=lambda one: one != path))


def _beside(path: Path, layer: Layer) -> Path:
    """Name the file of a layer: the one asked for, with what sets the layer apart before the ending."""
    kind, _, code = layer.name.partition("_")
    parts = [part for part in (PLACES if kind != ZONES else "", code) if part]
    return path.with_name("-".join([path.stem, *parts]) + path.suffix)
