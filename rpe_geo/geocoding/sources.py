"""Open address files, BAN or BANO, read row by row as they were published; plain or gzipped."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Literal, NamedTuple

from rpe_geo.errors import InvalidFile, Where

__all__ = ["AddressRow", "AddressSource", "read_addresses"]

_BAN_COLUMNS = ("numero", "nom_voie", "code_postal", "code_insee", "nom_commune", "lon", "lat")
_PLACE_COLUMNS = ("nom_lieu_dit", "code_postal", "code_insee", "nom_commune", "lon", "lat")
# The city of Paris publishes working names as streets: « 27P2 Boulevard de Douaumont », « Voie C/16 ».
_PSEUDO_STREET = re.compile(r"\d+[A-Za-z]{1,3}\d+ |Voie [A-Z][A-Za-z]?/\d+|N° ?\d|[\d\s/.-]*$")
_NUMBER = re.compile(r"(\d+)\s*([A-Za-z]*\d?)")
_HIGHEST_NUMBER = 99_998  # 99999 stands for a place without number
_BANO_CERTAINTY = {"CAD": "parcelle", "C+O": "entrée", "OSM": "entrée"}


class AddressRow(NamedTuple):
    """One published address; `number` 0 is a place without number."""

    street_id: str
    number: int
    suffix: str
    street: str
    code_postal: str
    code_commune: str
    city: str
    old_code: str
    old_city: str
    longitude: float
    latitude: float
    position: str
    alias: str
    locality: str


@dataclass
class AddressSource:
    """
    One address file: what it is and what became of its rows.

    Parameters
    ----------
    format
        BAN, BANO, or the BAN's file of lieux-dits.
    licence
        Of the producer: Licence Ouverte 2.0 for BAN, ODbL 1.0 for BANO.
    published
        Date of the file when its compression recorded one; None when unknown.
    rows
        Data rows read.
    rejected
        Reason code → rows left out.
    """

    path: Path
    format: Literal["BAN", "BANO", "BAN lieux-dits"]
    licence: str
    published: date | None = None
    rows: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


def read_addresses(path: Path) -> tuple[AddressSource, Iterator[AddressRow]]:
    """
    Recognise an address file and read it lazily.

    Parameters
    ----------
    path
        A BAN CSV (semicolons, header), a BANO CSV (commas, eight columns, no header), plain or gzipped.

    Returns
    -------
    tuple
        The source, whose counts fill while the rows are read, and the rows.

    Raises
    ------
    InvalidFile
        Missing, empty, or neither BAN nor BANO.
    """
    if not path.is_file():
        raise InvalidFile("file_missing", where=Where(file=str(path)))
    with _opened(path) as (stream, published):
        first = stream.readline(100_000).lstrip("\ufeff").rstrip("\r\n")
    if not first.strip():
        raise InvalidFile("file_empty", where=Where(file=str(path)))
    header = [name.strip().lower() for name in next(csv.reader([first], delimiter=";"))]
    if set(_BAN_COLUMNS) <= set(header):
        source = AddressSource(path, "BAN", "Licence Ouverte 2.0", published)
        return source, _read_ban(source, header)
    if set(_PLACE_COLUMNS) <= set(header):
        source = AddressSource(path, "BAN lieux-dits", "Licence Ouverte 2.0", published)
        return source, _read_places(source, header)
    if _looks_like_bano(next(csv.reader([first]))):
        source = AddressSource(path, "BANO", "ODbL 1.0", published)
        return source, _read_bano(source)
    missing = [name for name in _BAN_COLUMNS if name not in header]
    raise InvalidFile("addresses_format", where=Where(file=str(path), row=1), missing=missing)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[str], date | None]]:
    """Open plain or gzipped text; a gzip may say when it was made."""
    with path.open("rb") as raw:
        magic = raw.read(8)
        raw.seek(0)
        published = None
        if magic[:2] == b"\x1f\x8b":
            made = int.from_bytes(magic[4:8], "little")
            published = datetime.fromtimestamp(made, UTC).date() if made else None
            binary: io.BufferedReader = io.BufferedReader(gzip.GzipFile(fileobj=raw))
        else:
            binary = raw
        with io.TextIOWrapper(binary, encoding="utf-8", errors="replace", newline="") as text:
            try:
                yield text, published
            except (gzip.BadGzipFile, EOFError, csv.Error) as fault:
                raise InvalidFile("addresses_damaged", where=Where(file=str(path))) from fault


def _looks_like_bano(cells: list[str]) -> bool:
    if len(cells) != 8 or not re.match(r"[0-9][0-9AB]\d{3}\w{5}-", cells[0]):
        return False
    return _coordinate(cells[6]) is not None and _coordinate(cells[7]) is not None


def _coordinate(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _house_number(text: str) -> int:
    """Read a house number; 0 for none."""
    number = int(text) if text.isascii() and text.isdigit() else 0
    return number if number <= _HIGHEST_NUMBER else 0


def _refusal(street: str, code_commune: str, longitude: str, latitude: str) -> str:
    """Name why a row cannot be used, or ""."""
    if not street.strip():
        return "no_street"
    if len(code_commune) != 5:
        return "no_commune"
    lon, lat = _coordinate(longitude), _coordinate(latitude)
    if (
        lon is None
        or lat is None
        or not (-180 <= lon <= 180 and -90 <= lat <= 90)
        or (lon == 0 and lat == 0)
    ):
        return "no_coordinates"
    if _PSEUDO_STREET.match(street):
        return "pseudo_street"
    return ""


def _read_ban(source: AddressSource, header: list[str]) -> Iterator[AddressRow]:
    at = {name: index for index, name in enumerate(header)}
    optional = [
        "rep",
        "id",
        "code_insee_ancienne_commune",
        "nom_ancienne_commune",
        "type_position",
        "alias",
        "nom_ld",
    ]
    n_id, n_rep, n_old, n_old_name, n_position, n_alias, n_place = (
        at.get(name, -1) for name in ("id", "rep", *optional[2:])
    )
    n_number, n_street, n_postcode, n_commune, n_city, n_lon, n_lat = (
        at[name] for name in _BAN_COLUMNS
    )
    width = len(header)
    with _opened(source.path) as (stream, _):
        rows = csv.reader(stream, delimiter=";")
        next(rows)
        for row in rows:
            source.rows += 1
            if len(row) < width:
                source.rejected["short_row"] += 1
                continue
            row.append("")  # index -1: an absent column
            refusal = _refusal(row[n_street], row[n_commune], row[n_lon], row[n_lat])
            if refusal:
                source.rejected[refusal] += 1
                continue
            number = _house_number(row[n_number])
            yield AddressRow(
                street_id=row[n_id].partition(f"_{row[n_number]:0>5}")[0],
                number=number,
                suffix=row[n_rep].strip().lower(),
                street=row[n_street].strip(),
                code_postal=row[n_postcode].strip().zfill(5),
                code_commune=row[n_commune],
                city=row[n_city].strip(),
                old_code=row[n_old],
                old_city=row[n_old_name].strip(),
                longitude=float(row[n_lon]),
                latitude=float(row[n_lat]),
                position=row[n_position],
                alias=row[n_alias].strip(),
                locality=row[n_place].strip(),
            )


def _read_places(source: AddressSource, header: list[str]) -> Iterator[AddressRow]:
    at = {name: index for index, name in enumerate(header)}
    n_name, n_postcode, n_commune, n_city, n_lon, n_lat = (at[name] for name in _PLACE_COLUMNS)
    n_id = at.get("id", -1)
    n_old, n_old_name = (
        at.get("code_insee_ancienne_commune", -1),
        at.get("nom_ancienne_commune", -1),
    )
    with _opened(source.path) as (stream, _):
        rows = csv.reader(stream, delimiter=";")
        next(rows)
        for row in rows:
            source.rows += 1
            if len(row) < len(header):
                source.rejected["short_row"] += 1
                continue
            row.append("")
            refusal = _refusal(row[n_name], row[n_commune], row[n_lon], row[n_lat])
            if refusal:
                source.rejected[refusal] += 1
                continue
            yield AddressRow(
                street_id=row[n_id],
                number=0,
                suffix="",
                street=row[n_name].strip(),
                code_postal=row[n_postcode].strip().zfill(5),
                code_commune=row[n_commune],
                city=row[n_city].strip(),
                old_code=row[n_old],
                old_city=row[n_old_name].strip(),
                longitude=float(row[n_lon]),
                latitude=float(row[n_lat]),
                position="",
                alias="",
                locality="",
            )


def _read_bano(source: AddressSource) -> Iterator[AddressRow]:
    with _opened(source.path) as (stream, _):
        for row in csv.reader(stream):
            source.rows += 1
            if len(row) != 8:
                source.rejected["short_row"] += 1
                continue
            identity, numbered, street, code_postal, city, origin, latitude, longitude = row
            refusal = _refusal(street, identity[:5], longitude, latitude)
            if refusal:
                source.rejected[refusal] += 1
                continue
            read = _NUMBER.match(numbered)
            number = _house_number(read[1]) if read else 0
            yield AddressRow(
                street_id=identity[:10],
                number=number,
                suffix=read[2].lower() if read else "",
                street=street.strip(),
                code_postal=code_postal.strip().zfill(5),
                code_commune=identity[:5],
                city=city.strip(),
                old_code="",
                old_city="",
                longitude=float(longitude),
                latitude=float(latitude),
                position=_BANO_CERTAINTY.get(origin, ""),
                alias="",
                locality="",
            )
