"""An observatory as tables without shapes: a workbook, or CSV on the Web (W3C, 2015)."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import pandas as pd
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.files import read_bytes, reading_file, replacing
from rpe_geo.observatory.results import Source
from rpe_geo.publishing.export.layers import Column, Datatype, Layer, typed

__all__ = ["read_csvw", "read_workbook", "write_csvw", "write_workbook"]

_OUT_OF_REACH = "hors de portée"
_INFINITE = {math.inf: "INF", -math.inf: "-INF"}
"""Infinite numbers as XML Schema writes them, which CSV on the Web follows."""
_ABOUT = "colonnes"


def write_workbook(layers: Sequence[Layer], sources: Sequence[Source], path: Path) -> None:
    """
    Write a workbook: a sheet a layer, then what the columns mean and where the figures come from.

    Parameters
    ----------
    layers
        What is written; shapes are left out.
    sources
        Files that the figures were made from.
    path
        Whole or not at all.
    """
    book = Workbook(write_only=True)
    for layer in layers:
        table = layer.rows.drop(columns="geometry")
        _sheet(book, layer.name, list(table.columns), table.itertuples(index=False, name=None))
    described = [
        (layer.name, column.name, column.label, column.unit, column.datatype)
        for layer in layers
        for column in layer.columns
    ]
    _sheet(book, _ABOUT, ["feuille", "colonne", "libellé", "unité", "type"], described)
    told = [tuple(asdict(source).values()) for source in sources]
    _sheet(book, "sources", ["titre", "producteur", "licence", "date", "fichier"], told)
    with replacing(path) as temporary:
        book.save(temporary)


def _sheet(book: Any, name: str, header: list[str], rows: Any) -> None:
    sheet = book.create_sheet(name)
    sheet.freeze_panes = "B2"
    titles = [WriteOnlyCell(sheet, value=title) for title in header]
    for title in titles:
        title.font = Font(bold=True)
    sheet.append(titles)
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])


def _cell(sheet: Any, value: Any) -> Any:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and math.isinf(value):
        return WriteOnlyCell(sheet, value=_OUT_OF_REACH)
    # A float is given as text, for openpyxl keeps 16 digits of it, and some need 17.
    cell = WriteOnlyCell(sheet, value=repr(float(value)) if isinstance(value, float) else value)
    if isinstance(value, float):
        cell.data_type = "n"
    elif isinstance(value, str):
        cell.data_type = "s"  # never a formula, whatever it begins with
    return cell


def read_workbook(path: Path) -> dict[str, pd.DataFrame]:
    """
    Read back what `write_workbook` wrote.

    Parameters
    ----------
    path
        The workbook.

    Returns
    -------
    dict
        Layer name to its table, with the types it had.

    Raises
    ------
    InvalidFile
        When it is no workbook, or its columns are not described.
    """
    content = read_bytes(path)
    with reading_file(path):
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        grids = {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}
    if _ABOUT not in grids:
        raise InvalidFile("export_undescribed", where=Where(file=path.name), part=_ABOUT)
    with reading_file(path):
        described = grids[_ABOUT][1:]
        tables = {}
        for name in dict.fromkeys(str(row[0]) for row in described):
            header, *rows = grids[name]
            datatypes = [
                (str(row[1]), cast("Datatype", row[4])) for row in described if row[0] == name
            ]
            # A reader leaves out the empty cells at the end of a row.
            filled = [(*row, *[None] * (len(header) - len(row))) for row in rows]
            cells = pd.DataFrame(filled, columns=list(header), dtype=object)
            tables[name] = typed(cells.map(_reached), datatypes)
    return tables


def _reached(value: Any) -> Any:
    return math.inf if value == _OUT_OF_REACH else value


def metadata_path(path: Path) -> Path:
    """Name the file that describes a CSV file, as CSV on the Web looks for it."""
    return path.with_name(f"{path.name}-metadata.json")


def write_csvw(
    layer: Layer, sources: Sequence[Source], path: Path, parameters: dict[str, Any]
) -> None:
    """
    Write a CSV file, and beside it the JSON that says what its columns are.

    Parameters
    ----------
    layer
        What is written; shapes are left out.
    sources, parameters
        Where the figures come from.
    path
        The CSV file; each of the two is written whole or not at all.
    """
    about = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "fr"}],
        "url": path.name,
        "dc:title": layer.title,
        "dc:source": [asdict(source) for source in sources],
        "dc:date": str(parameters["year"]),
        "tableSchema": {"columns": [_schema(column) for column in layer.columns]},
        "null": "",
    }
    table = layer.rows.drop(columns="geometry")
    written = pd.DataFrame(
        {
            column.name: [_text(value) for value in table[column.name].tolist()]
            for column in layer.columns
        },
        dtype=object,
    )
    with replacing(path) as temporary:
        written.to_csv(temporary, index=False, lineterminator="\n")
    with replacing(metadata_path(path)) as temporary:
        temporary.write_text(
            json.dumps(about, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )


def _schema(column: Column) -> dict[str, str]:
    unit = {"dc:unit": column.unit} if column.unit else {}
    return {"name": column.name, "titles": column.label, "datatype": column.datatype} | unit


def _text(value: Any) -> str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _INFINITE.get(value, repr(value))
    return str(value)


def read_csvw(path: Path) -> pd.DataFrame:
    """
    Read back what `write_csvw` wrote.

    Parameters
    ----------
    path
        The CSV file; its description stands beside it.

    Returns
    -------
    DataFrame
        With the types it had.

    Raises
    ------
    InvalidFile
        When one of the two is missing or damaged.
    """
    beside = metadata_path(path)
    described = read_bytes(beside)
    with reading_file(beside):
        columns = json.loads(described)["tableSchema"]["columns"]
        datatypes = [(column["name"], column["datatype"]) for column in columns]
    content = read_bytes(path)
    with reading_file(path):
        texts = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, na_values=[""])
        for name, datatype in datatypes:
            if datatype == "boolean":
                texts[name] = texts[name] == "true"
            elif datatype == "number":
                texts[name] = texts[name].map(float, na_action="ignore")
        return typed(texts, datatypes)
