"""
CSV files of records, as spreadsheets and open-data portals write them, and the files of lists beside them.

Read: as `rpe_geo.csv_text` opens any text table. Written: UTF-8, `,`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from rpe_geo.csv_text import decoded, separator_of
from rpe_geo.errors import InvalidFile, Where
from rpe_geo.files import read_bytes, replacing
from rpe_geo.formats.faults import FaultLog
from rpe_geo.formats.shapes import Located, Struct
from rpe_geo.formats.tables import Sheet, read_sheets, sheet_name, table_paths, write_sheets

__all__ = ["read_csv_rows", "read_csv_sheet", "write_csv"]


def read_csv_sheet(path: Path, expected: Collection[str], label: str | None = None) -> Sheet:
    """
    Read one CSV file as text cells.

    Parameters
    ----------
    path
        The file.
    expected
        Column names that are known, in lower case: they tell the separator.
    label
        How a fault names the file; its name by default.

    Returns
    -------
    Sheet
        Header and rows.

    Raises
    ------
    InvalidFile
        When the file is missing, empty, not a text, or badly quoted.
    """
    where = Where(file=label or path.name)
    text = decoded(read_bytes(path), where)
    if not text.strip():
        raise InvalidFile("file_empty", where=where)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator_of(text, expected), strict=True
    )
    try:
        lines = list(reader)
    except csv.Error as error:
        raise InvalidFile(
            "file_broken_csv", where=where, line=reader.line_num, reason=str(error)
        ) from None
    start = next((number for number, cells in enumerate(lines) if any(map(str.strip, cells))), None)
    if start is None:
        raise InvalidFile("file_empty", where=where)
    header = tuple(title.strip() for title in lines[start])
    return Sheet(where.file or path.name, header, lines[start + 1 :])


def _beside(path: Path, table: str, key: str) -> Path | None:
    """Find the file of a list: `childminders.contracts.csv`, or a `contracts.csv` that has the key column."""
    own = path.with_name(f"{path.stem}.{table}{path.suffix}")
    if own.is_file():
        return own
    shared = path.with_name(f"{table}{path.suffix}")
    if shared != path and shared.is_file():
        header = {title.lower() for title in read_csv_sheet(shared, {key}).header}
        if key in header:
            return shared
    return None


def read_csv_rows(path: Path, struct: Struct, log: FaultLog) -> list[Located]:
    """Read a CSV file of records and the files of their lists beside it."""
    key = struct.fields[0].name
    main = read_csv_sheet(path, {name.lower() for name, _ in struct.leaves()})
    tables = {}
    items = dict(struct.tables())
    for table, list_path in table_paths(struct).items():
        beside = _beside(path, table, key)
        if beside is not None:
            expected = {key, *(name.lower() for name, _ in items[list_path].leaves())}
            tables[list_path] = read_csv_sheet(beside, expected)
    return read_sheets(main, tables, struct, log)


def _cell(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else value


def _write_sheet(sheet: Sheet, path: Path) -> None:
    with (
        replacing(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as stream,
    ):
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(sheet.header)
        writer.writerows([_cell(value) for value in row] for row in sheet.rows)


def write_csv(records: Sequence[Any], struct: Struct, path: Path) -> None:
    """Write records to a CSV file and their lists beside it; files of lists that are empty now are removed."""
    sheets = write_sheets(records, struct)
    for list_path, _ in struct.tables():
        table = sheet_name(list_path)
        beside = path.with_name(f"{path.stem}.{table}{path.suffix}")
        if table in sheets:
            _write_sheet(sheets[table], beside)
        else:
            beside.unlink(missing_ok=True)
    _write_sheet(sheets[""], path)
