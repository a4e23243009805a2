"""A CSV file as people have it: separator, encoding and columns recognised, rows streamed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rpe_geo.errors import InvalidFile, InvalidRecord, Where
from rpe_geo.folding import fold

__all__ = ["AddressColumns", "CsvTable", "find_columns", "open_table"]

ADDRESS_NAMES = (
    "adresse", "address", "adresse complete", "adresse postale", "full address", "libelle adresse", "adresse 1", "addr", "voie",
    "rue", "street", "text", "texte", "q",
)  # fmt: skip
"""Names by which an address column is recognised, surest first."""

POSTCODE_NAMES = ("code postal", "codepostal", "postcode", "cp", "postal code", "zip", "zipcode")
CITY_NAMES = ("commune", "ville", "city", "nom commune", "localite", "town")

_SEPARATORS = ";,\t|"
_NO_SEPARATOR = "\x1f"
_SAMPLE = 65_536
_LONGEST_CELL = 2**31 - 1
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True)
class AddressColumns:
    """Which cells of a row hold the address, and maybe its postcode and city."""

    address: int
    postcode: int | None = None
    city: int | None = None


@dataclass(frozen=True)
class CsvTable:
    """
    A CSV file being read.

    Parameters
    ----------
    header
        Names of the columns.
    separator
        Between cells; a control character for a file of one column.
    rows
        Cells of each row, as many as the header has; the first is row 1.
    """

    path: Path
    header: list[str]
    separator: str
    rows: Iterator[list[str]]


def open_table(path: Path) -> CsvTable:
    """
    Open a CSV file, recognising its separator and encoding.

    Parameters
    ----------
    path
        UTF-8, or where a line is not, Windows-1252; UTF-16 with a byte-order mark.

    Returns
    -------
    CsvTable
        Header and streamed rows.

    Raises
    ------
    InvalidFile
        Missing, empty, or no text table at all.
    """
    where = Where(file=str(path))
    if not path.is_file():
        raise InvalidFile("file_missing", where=where)
    with path.open("rb") as stream:
        sample = stream.read(_SAMPLE)
    if not sample.strip():
        raise InvalidFile("file_empty", where=where)
    wide = sample[:2] in {b"\xff\xfe", b"\xfe\xff"}
    if sample.startswith(_ZIP) or (b"\0" in sample and not wide):
        raise InvalidFile("csv_binary", where=where)
    csv.field_size_limit(_LONGEST_CELL)
    lines = _wide_lines(path) if wide else _lines(path)
    first = _first_line(sample.decode("utf-16", "replace") if wide else _decoded(sample))
    separator = _separator(first)
    reader = csv.reader(lines, delimiter=separator)
    try:
        header = next(reader)
    except (StopIteration, csv.Error) as fault:
        raise InvalidFile("csv_unreadable", where=where) from fault
    header = [name.strip().lstrip("\ufeff") for name in header]
    if not any(header):
        raise InvalidFile("csv_no_header", where=where)
    return CsvTable(path, header, separator, _rows(path, reader, len(header)))


def _decoded(raw: bytes) -> str:
    """Decode bytes that are UTF-8, or else what French Windows writes."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return raw.decode("cp1252")
        except UnicodeDecodeError:
            return raw.decode("latin-1")


def _lines(path: Path) -> Iterator[str]:
    """Decode line by line, so that one line from elsewhere spoils no other."""
    with path.open("rb") as stream:
        for number, raw in enumerate(stream):
            line = _decoded(raw)
            yield line.removeprefix("\ufeff") if number == 0 else line


def _wide_lines(path: Path) -> Iterator[str]:
    with path.open("r", encoding="utf-16", newline="") as stream:
        yield from stream


def _first_line(sample: str) -> str:
    return next((line for line in io.StringIO(sample.lstrip("\ufeff")) if line.strip()), "")


def _separator(first: str) -> str:
    """Choose the separator that cuts the header most; none for a single column."""
    bare = "".join(part for index, part in enumerate(first.split('"')) if index % 2 == 0)
    best = max(_SEPARATORS, key=bare.count)
    return best if bare.count(best) else _NO_SEPARATOR


def _rows(path: Path, reader: Iterator[list[str]], width: int) -> Iterator[list[str]]:
    """Give rows of the header's width; name the row that has more cells."""
    number = 0
    blank = 0
    while True:
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as fault:
            raise InvalidFile(
                "csv_unreadable", where=Where(file=str(path), row=number + 1)
            ) from fault
        if not row:  # an empty line; at the end of a file of several columns it is no row
            blank += 1
            if width > 1:
                continue
        elif width > 1 and blank:
            for _ in range(blank):
                number += 1
                yield [""] * width
        blank = 0 if row else blank
        number += 1
        if len(row) > width:
            if any(cell.strip() for cell in row[width:]):
                raise InvalidRecord(
                    "csv_row_too_long",
                    where=Where(file=str(path), row=number),
                    expected=width,
                    found=len(row),
                )
            row = row[:width]
        yield row + [""] * (width - len(row))


def find_columns(
    table: CsvTable,
    *,
    column: str | None = None,
    postcode_column: str | None = None,
    city_column: str | None = None,
) -> AddressColumns:
    """
    Find the columns of an address by name.

    Parameters
    ----------
    table
        The file.
    column, postcode_column, city_column
        Their names; without `column` all three are recognised by the usual names.

    Returns
    -------
    AddressColumns
        Positions in each row.

    Raises
    ------
    InvalidFile
        A column named does not exist, or no address column is recognised.
    """
    known = {_plain(name): index for index, name in reversed(list(enumerate(table.header)))}
    if column is not None:
        address = _named(table, known, column)
    else:
        recognised = _recognised(known, ADDRESS_NAMES)
        if recognised is None:
            raise InvalidFile(
                "csv_no_address_column",
                where=Where(file=str(table.path)),
                columns=_shown(table.header),
            )
        address = recognised
    postcode = _named(table, known, postcode_column) if postcode_column else None
    city = _named(table, known, city_column) if city_column else None
    if column is None:
        postcode = postcode if postcode_column else _recognised(known, POSTCODE_NAMES)
        city = city if city_column else _recognised(known, CITY_NAMES)
    return AddressColumns(address, postcode, city)


def _plain(name: str) -> str:
    return " ".join(fold(name).replace("_", " ").replace("-", " ").split())


def _named(table: CsvTable, known: dict[str, int], wanted: str) -> int:
    if wanted in table.header:
        return table.header.index(wanted)
    if _plain(wanted) in known:
        return known[_plain(wanted)]
    raise InvalidFile(
        "csv_column_missing",
        where=Where(file=str(table.path), field=wanted),
        columns=_shown(table.header),
    )


def _recognised(known: dict[str, int], names: Sequence[str]) -> int | None:
    return next((known[name] for name in names if name in known), None)


def _shown(header: Sequence[str]) -> str:
    """List the columns that exist, shortened."""
    names = [name if len(name) <= 40 else name[:39] + "…" for name in header[:12]]
    return ", ".join(names) + (", …" if len(header) > 12 else "")
