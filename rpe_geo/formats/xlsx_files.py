"""Excel workbooks of records: one sheet for the records, one for each of their lists."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils.exceptions import InvalidFileException

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.files import read_bytes, replacing
from rpe_geo.formats.faults import FaultLog
from rpe_geo.formats.shapes import Located, Struct
from rpe_geo.formats.tables import Sheet, read_sheets, table_paths, write_sheets

__all__ = ["read_xlsx_rows", "titles_of", "write_xlsx"]


def _sheet(label: str, rows: Iterable[Sequence[Any]]) -> Sheet:
    lines = [list(row) for row in rows]
    start = next(
        (n for n, cells in enumerate(lines) if any(str(c).strip() for c in cells if c is not None)),
        len(lines),
    )
    header = lines[start] if start < len(lines) else []
    while header and header[-1] is None:
        header.pop()
    titles = tuple("" if title is None else str(title).strip() for title in header)
    return Sheet(label, titles, lines[start + 1 :])


def titles_of(path: Path, kind: str) -> list[str] | None:
    """
    Read the titles of the sheet of the records.

    Parameters
    ----------
    path
        A workbook.
    kind
        Name of the sheet, if it is one of ours.

    Returns
    -------
    list of str or None
        None when it is no workbook, or holds nothing.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(read_bytes(path)), read_only=True, data_only=True)
            sheets = {sheet.title.strip().lower(): sheet for sheet in book.worksheets}
            chosen = sheets.get(kind) or next(iter(sheets.values()), None)
            rows = [] if chosen is None else list(chosen.iter_rows(max_row=30, values_only=True))
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, SyntaxError):
        return None
    for cells in rows:
        titles = [str(cell).strip() for cell in cells if cell is not None and str(cell).strip()]
        if titles:
            return titles
    return None


def read_xlsx_rows(path: Path, kind: str, struct: Struct, log: FaultLog) -> list[Located]:
    """Read the sheet of the records (named as their kind, or the first) and the sheets of their lists."""
    content = read_bytes(path)
    try:
        with warnings.catch_warnings():
            # Styles and print areas that openpyxl does not know are nothing to a reader of values.
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            grids = {
                sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets
            }
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, SyntaxError):
        raise InvalidFile("file_not_workbook", where=Where(file=path.name)) from None
    names = {title.strip().lower(): title for title in grids}
    lists = table_paths(struct)
    others = [title for name, title in names.items() if name not in lists]
    main = names.get(kind) or (others[0] if others else None)
    if main is None or not any(grids[main]):
        raise InvalidFile("file_empty", where=Where(file=path.name))
    tables = {
        list_path: _sheet(f"{path.name}, feuille {names[table]}", grids[names[table]])
        for table, list_path in lists.items()
        if table in names and any(grids[names[table]])
    }
    for title in others:
        if title != main and grids[title]:
            log.note(Where(file=path.name, field=title), "sheet_ignored", sheet=title)
    return read_sheets(_sheet(path.name, grids[main]), tables, struct, log)


def write_xlsx(records: Sequence[Any], kind: str, struct: Struct, path: Path) -> None:
    """Write a workbook: a sheet named as the kind, then one per list; headers bold and frozen."""
    book = Workbook(write_only=True)
    for name, table in write_sheets(records, struct).items():
        sheet = book.create_sheet(name or kind)
        sheet.freeze_panes = "B2"

        def cell(value: Any, *, bold: bool = False, sheet: Any = sheet) -> Any:
            # A float is given as text, for openpyxl keeps 16 digits of it, and some need 17.
            exact = isinstance(value, float)
            made = WriteOnlyCell(sheet, value=repr(value) if exact else value)
            if exact:
                made.data_type = "n"
            elif isinstance(value, str):
                # Never a formula, whatever it begins with.
                made.data_type = "s"
            if isinstance(value, date):
                made.number_format = "yyyy-mm-dd"
            if bold:
                made.font = Font(bold=True)
            return made

        sheet.append([cell(title, bold=True) for title in table.header])
        for row in table.rows:
            sheet.append([cell(value) for value in row])
    with replacing(path) as temporary:
        book.save(temporary)
