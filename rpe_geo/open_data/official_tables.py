"""
Any table that a French administration publishes, opened as text: CSV, Excel, Parquet or JSON, alone or in an archive.

Cells stay text, so that codes keep their zeros. Columns are found by their names; title lines above them are passed over.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pa_parquet

from rpe_geo.csv_text import decoded
from rpe_geo.errors import InvalidFile, InvalidRecord, Where
from rpe_geo.files import read_bytes

__all__ = ["amounts", "find_column", "read_official_table", "unpack"]

MISSING = frozenset(
    {"", "nd", "na", "n/a", "nan", "ns", "s", "c", "nc", "null", "none", "_z", "_u"}
)
"""What producers write for a figure that is not published, in lower case: it is never 0."""
_TITLE_LINES = 30
_TABLES = (".csv", ".txt", ".xlsx", ".xls", ".ods", ".parquet", ".json")
_SAMPLE_BYTES = 65_536


def unpack(content: bytes, name: str, *, suffixes: Sequence[str] = _TABLES) -> tuple[bytes, str]:
    """
    Take the table out of a zip or gzip archive, by the ending of its members and never by the archive's own name.

    Parameters
    ----------
    content
        Bytes of a file; those of no archive come back as they are.
    name
        Name of the file, for errors; INSEE serves zips without ending.
    suffixes
        Endings that are wanted; of several members the largest is taken, and notes on metadata are left.

    Returns
    -------
    tuple
        Bytes of the table, and its name.

    Raises
    ------
    InvalidFile
        For a truncated archive, or one without such a member.
    """
    where = Where(file=name)
    try:
        if content.startswith(b"\x1f\x8b"):
            return gzip.decompress(content), re.sub(r"\.gz$", "", name, flags=re.IGNORECASE)
        if not content.startswith(b"PK\x03\x04") or name.lower().endswith((".xlsx", ".ods")):
            return content, name
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if "xl/workbook.xml" in names or "mimetype" in names:
                return content, name
            wanted = [
                one
                for one in archive.infolist()
                if one.filename.lower().endswith(tuple(suffixes))
                and not re.search(r"meta|readme|lisez", Path(one.filename).name, re.IGNORECASE)
            ]
            if not wanted:
                raise InvalidFile("archive_without_table", where=where, found=names[:8] or ["–"])
            largest = max(wanted, key=lambda one: one.file_size)
            return archive.read(largest), Path(largest.filename).name
    except (zipfile.BadZipFile, gzip.BadGzipFile, EOFError, OSError, ValueError) as error:
        if isinstance(error, InvalidFile):
            raise
        raise InvalidFile("archive_broken", where=where) from None


def read_official_table(
    path: Path, *, header_with: Iterable[str] = (), sheet: str | None = None
) -> pd.DataFrame:
    """
    Read a table as text.

    Parameters
    ----------
    path
        CSV (`,`, `;`, `|` or tabs; UTF-8, UTF-16 or Windows-1252), XLSX, XLS, ODS, Parquet, JSON (a list of objects, or the
        answer of a portal), alone, gzipped or zipped.
    header_with
        Names of which one must stand in the row of titles, when lines come before it; without case.
    sheet
        The sheet of a workbook; the first by default.

    Returns
    -------
    DataFrame
        Strings and None; columns as named by the producer, without outer spaces.

    Raises
    ------
    InvalidFile
        When the file is missing, truncated, of another kind, or without a row.
    """
    content, name = unpack(read_bytes(path), path.name)
    where = Where(file=path.name)
    lower = name.lower()
    try:
        if content.startswith(b"PAR1"):
            if not content.endswith(b"PAR1"):
                raise InvalidFile("archive_broken", where=where)
            frame = pa_parquet.read_table(io.BytesIO(content)).to_pandas()
        elif content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            frame = _of_workbook(content, where, header_with, sheet)
        elif lower.endswith(".json") or content.lstrip()[:1] in {b"[", b"{"}:
            frame = pd.DataFrame(_records(json.loads(content.decode("utf-8-sig"))))
        else:
            frame = _of_lines(_csv_lines(decoded(content, where)), header_with)
    except (pa.ArrowInvalid, UnicodeDecodeError, ValueError, csv.Error) as error:
        if isinstance(error, InvalidFile):
            raise
        raise InvalidFile("official_table_unreadable", where=where) from None
    if frame.empty:
        raise InvalidFile("table_empty", where=where)
    frame.columns = frame.columns.astype(str).str.strip().str.strip("\ufeff\"'")
    texts: pd.DataFrame = frame.map(_text)
    return texts


def _text(cell: Any) -> str | None:
    if cell is None or (isinstance(cell, float) and cell != cell):  # noqa: PLR0124 - nan alone differs from itself
        return None
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _csv_lines(text: str) -> list[list[str]]:
    head = text[:_SAMPLE_BYTES].splitlines()[:_TITLE_LINES]
    sign = max(";,\t|", key=lambda one: max((line.count(one) for line in head), default=0))
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=sign))


def _of_lines(lines: Sequence[Sequence[Any]], header_with: Iterable[str]) -> pd.DataFrame:
    """Take the first row that names a wanted column as the titles; without wish, the first that is not blank."""
    wanted = {name.lower() for name in header_with}
    filled = [n for n, cells in enumerate(lines) if any(str(c or "").strip() for c in cells)]
    start = next(
        (
            n
            for n in filled[:_TITLE_LINES]
            if wanted and wanted & {str(c or "").strip().strip("\ufeff").lower() for c in lines[n]}
        ),
        filled[0] if filled else None,
    )
    if start is None:
        return pd.DataFrame()
    titles = [str(cell or "").strip() for cell in lines[start]]
    while titles and not titles[-1]:
        titles.pop()
    width = len(titles)
    rows = [
        [*cells[:width], *[None] * (width - len(cells))]
        for cells in lines[start + 1 :]
        if any(str(c or "").strip() for c in cells)
    ]
    return pd.DataFrame(rows, columns=titles, dtype=object)


def _of_workbook(
    content: bytes, where: Where, header_with: Iterable[str], sheet: str | None
) -> pd.DataFrame:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = book.sheet_names
        chosen = next(
            (one for one in names if sheet is not None and one.lower() == sheet.lower()), names[0]
        )
        rows = book.get_sheet_by_name(chosen).to_python(skip_empty_area=False)
    except (CalamineError, IndexError):
        raise InvalidFile("file_not_workbook", where=where) from None
    return _of_lines(rows, header_with)


def _records(content: Any) -> list[dict[str, Any]]:
    """Find the objects in what a portal answers: a list, `results`, or `records` with their `fields`."""
    if isinstance(content, dict):
        content = next(
            (content[key] for key in ("results", "records", "data") if key in content), [content]
        )
    return [
        record["fields"] if isinstance(record.get("fields"), dict) else record for record in content
    ]


def find_column(table: pd.DataFrame, *names: str) -> str | None:
    """Find the first of some columns that a table has, without case."""
    by_lower = {str(column).lower(): str(column) for column in table.columns}
    return next((by_lower[name.lower()] for name in names if name.lower() in by_lower), None)


def amounts(values: pd.Series, path: Path, column: str) -> pd.Series:
    """
    Read published figures: what is not published is nan, decimal commas and spaces of thousands are read.

    Parameters
    ----------
    values
        Cells of a column, as text.
    path, column
        Where they were read.

    Returns
    -------
    Series
        Figures on the same index.

    Raises
    ------
    InvalidRecord
        For the first cell that is no number, with its row.
    """
    text = values.fillna("").astype(str).str.replace(r"[\s\u00a0\u202f]", "", regex=True)
    text = text.str.replace(",", ".", regex=False)
    missing = text.str.lower().isin(MISSING)
    read = pd.to_numeric(text.mask(missing), errors="coerce")
    wrong = read.isna() & ~missing
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        where = Where(file=path.name, row=row + 1, field=column)
        raise InvalidRecord("cell_not_a_number", where=where, given=str(values.iloc[row]))
    return read.astype("float64")
