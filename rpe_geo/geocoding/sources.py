"""Open address files, recognised by themselves and read row by row: BAN, BAL, BANO, lieux-dits, addok, GeoJSON."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.geocoding.address_documents import read_addok, read_geojson
from rpe_geo.geocoding.address_rows import AddressRow, AddressSource, opened
from rpe_geo.geocoding.address_tables import BAL, BAN, BANO, PLACES, TableFormat, read_table

__all__ = ["AddressRow", "AddressSource", "read_addresses"]

_ZIP = b"PK\x03\x04"
_BANO_COLUMNS = ("id", "numero", "voie", "code_post", "nom_comm", "source", "lat", "lon")
_BANO_ID = re.compile(r"[0-9][0-9AB]\d{3}\w{5}-")
_LICENCES = {
    "BAN": "Licence Ouverte 2.0",
    "BAL": "Licence Ouverte 2.0",
    "BANO": "ODbL 1.0",
    "BAN lieux-dits": "Licence Ouverte 2.0",
    "BAN addok": "Licence Ouverte 2.0",
    "GeoJSON": "non indiquée",
}


def read_addresses(path: Path) -> tuple[AddressSource, Iterator[AddressRow]]:
    """
    Recognise an address file and read it lazily.

    Parameters
    ----------
    path
        BAN (`csv`, `csv-with-ids`, `csv-bal`, lieux-dits), a BAL 1.3 to 1.5 in any order of columns, BANO with or without
        header, addok NDJSON, GeoJSON points; plain or gzipped.

    Returns
    -------
    tuple
        The source, whose counts fill while the rows are read, and the rows.

    Raises
    ------
    InvalidFile
        Missing, empty, or none of these.
    """
    where = Where(file=str(path))
    if not path.is_file():
        raise InvalidFile("file_missing", where=where)
    with path.open("rb") as raw:
        if raw.read(4) == _ZIP:
            raise InvalidFile("addresses_zipped", where=where)
    with opened(path) as (stream, published):
        first = stream.readline(100_000).lstrip("\ufeff").rstrip("\r\n")
        while not first.strip():
            line = stream.readline(100_000)
            if not line:
                raise InvalidFile("file_empty", where=where)
            first = line.rstrip("\r\n")
    kind, read = _recognise(path, first)
    source = AddressSource(path, kind, _LICENCES[kind], published)
    return source, read(source)


def _recognise(
    path: Path, first: str
) -> tuple[str, Callable[[AddressSource], Iterator[AddressRow]]]:
    """Name the format of a file by its first line, and choose who reads it."""
    if first.lstrip().startswith("{"):
        if '"housenumbers"' in first or re.search(
            r'"type"\s*:\s*"(?:street|locality|municipality)"', first
        ):
            return "BAN addok", read_addok
        return "GeoJSON", read_geojson
    separator = max(";,\t|", key=first.count)
    cells = next(csv.reader([first], delimiter=separator))
    names = [cell.strip().strip('"').lower() for cell in cells]
    for form in (BAN, PLACES, BAL):
        columns = form.find(names)
        if columns is not None:
            return form.name, partial(
                read_table, form=form, columns=columns, separator=separator, width=len(names)
            )
    if {"id", "numero", "voie", "lat", "lon"} <= set(names):
        columns = BANO.find(names)
        if columns is not None:
            return "BANO", partial(
                read_table, form=BANO, columns=columns, separator=separator, width=len(names)
            )
    if separator == "," and _BANO_ID.match(cells[0]):
        if len(cells) == len(_BANO_COLUMNS) and _is_number(cells[6]) and _is_number(cells[7]):
            bano = BANO.find(_BANO_COLUMNS) or ()
            return "BANO", partial(
                read_table,
                form=BANO,
                columns=bano,
                separator=separator,
                width=len(cells),
                header=False,
            )
        raise InvalidFile(
            "addresses_bano_width", where=Where(file=str(path), row=1), found=len(cells)
        )
    raise InvalidFile(
        "addresses_format", where=Where(file=str(path), row=1), missing=_missing(names)
    )


def _missing(names: list[str]) -> list[str]:
    """List the columns that the nearest format wants and the file lacks."""
    forms: tuple[TableFormat, ...] = (BAN, BAL, PLACES)
    lacking = [[name for name in form.required if name not in names] for form in forms]
    return min(lacking, key=len)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
