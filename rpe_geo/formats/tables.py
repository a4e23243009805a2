"""
Records as tables: nested fields in dotted columns, lists of objects in tables of their own keyed by the record's id.

A CSV file and a sheet of a workbook are the same thing here, a `Sheet`. See `docs/formats.md`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rpe_geo.errors import Where
from rpe_geo.formats.faults import FaultLog, Origin
from rpe_geo.formats.nearest import nearest_name
from rpe_geo.formats.shapes import Field, Located, Rows, Struct
from rpe_geo.formats.values import TEXT, Value

__all__ = ["Sheet", "read_sheets", "sheet_name", "table_paths", "write_sheets"]


@dataclass(frozen=True)
class Sheet:
    """
    One table.

    Parameters
    ----------
    label
        How a fault names it: the file, and the sheet when it is not the main one.
    header
        Names of the columns, as written.
    rows
        Cells of each row; row 1 is the first after the header. None and "" are empty.
    """

    label: str
    header: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


def sheet_name(path: str) -> str:
    """Name the table of a list: the last part of its dotted path (`agrement.legacy_ages` → `legacy_ages`)."""
    return path.rsplit(".", 1)[-1]


def table_paths(struct: Struct) -> dict[str, str]:
    """List the tables of a kind of record: name of the table → dotted path of its list."""
    return {sheet_name(path): path for path, _ in struct.tables()}


@dataclass(frozen=True)
class _Column:
    """A column that is known: where its value goes, and how its cells are read."""

    path: tuple[str, ...]
    value: Value


def _json_of_cell(cell: Any) -> Any:
    try:
        return json.loads(cell) if isinstance(cell, str) else cell
    except ValueError:
        return cell


_LIST_IN_A_CELL = Value(read=list, of_cell=_json_of_cell)


def _columns_of(struct: Struct) -> dict[str, Value]:
    """List the columns of a table: its own, a list written as JSON, and the fields of a list's only item."""
    columns = dict(struct.leaves())
    for path, item in struct.tables():
        columns[path] = _LIST_IN_A_CELL
        columns |= {f"{path}.{name}": value for name, value in item.leaves()}
    return columns


def _required_columns(struct: Struct, prefix: str = "") -> Iterator[str]:
    for field in struct.fields:
        if field.required:
            if isinstance(field.shape, Struct):
                yield from _required_columns(field.shape, f"{prefix}{field.name}.")
            elif not isinstance(field.shape, Rows):
                yield f"{prefix}{field.name}"


def _match_columns(
    sheet: Sheet, known: Mapping[str, Value], required: Iterable[str], log: FaultLog
) -> list[_Column | None] | None:
    """Find what each column of the header is; None when one is missing without which no row can be read."""
    by_lower = {name.lower(): name for name in known}
    open_ended = [name for name in known if name.endswith(".")]
    titles = [by_lower.get(title.lower(), title) for title in sheet.header]
    found: dict[str, int] = {}
    matched: list[_Column | None] = [None] * len(titles)
    for number, name in enumerate(titles):
        prefix = next((start for start in open_ended if name.startswith(start)), None)
        if not name:
            continue
        if name in found:
            log.refuse(Where(sheet.label, field=name), "header_twice", field=name)
        elif name in known:
            matched[number] = _Column(tuple(name.split(".")), known[name])
        elif prefix is not None and name != prefix:
            path = (*prefix[:-1].split("."), name[len(prefix) :])
            matched[number] = _Column(path, known[prefix])
        else:
            continue
        found[name] = number
    for number, title in enumerate(titles):
        if not title or title in found:
            continue
        where = Where(sheet.label, field=title)
        nearest = nearest_name(title, (name for name in known if name not in found))
        if nearest is None:
            log.note(where, "field_ignored", field=title)
        else:
            # Still read as what was meant, to find the faults of its cells too.
            log.refuse(where, "field_misspelt", field=title, nearest=nearest)
            matched[number] = _Column(tuple(nearest.split(".")), known[nearest])
            found[nearest] = number
    absent = [name for name in required if name not in found]
    for name in absent:
        log.refuse(Where(sheet.label, field=name), "required_column_missing", field=name)
    return None if absent else matched


def _filled(cell: Any) -> bool:
    return cell is not None and (not isinstance(cell, str) or bool(cell.strip()))


def _trees(
    sheet: Sheet, columns: Sequence[_Column | None], lists: Iterable[str], log: FaultLog
) -> Iterator[tuple[Origin, dict[str, Any]]]:
    """Bring each row that is not blank to the JSON form, nested as its column names say."""
    list_paths = {tuple(path.split(".")) for path in lists}
    for number, cells in enumerate(sheet.rows, start=1):
        if not any(_filled(cell) for cell in cells):
            continue
        origin = Origin(sheet.label, number)
        if any(_filled(cell) for cell in cells[len(columns) :]):
            log.refuse(origin.at(""), "row_too_long", cells=len(cells), columns=len(columns))
        tree: dict[str, Any] = {}
        only_items: dict[tuple[str, ...], dict[str, Any]] = {}
        for column, cell in zip(columns, cells, strict=False):
            if column is None or not _filled(cell):
                continue
            value = column.value.of_cell(cell)
            owner = next((path for path in list_paths if column.path[: len(path)] == path), None)
            if owner is not None and len(column.path) > len(owner):
                _plant(only_items.setdefault(owner, {}), column.path[len(owner) :], value)
            else:
                _plant(tree, column.path, value)
        for path, item in only_items.items():
            _plant(tree, path, [item])
        yield origin, tree


def _plant(tree: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        tree = tree.setdefault(name, {})
    tree[path[-1]] = value


def _pick(tree: Mapping[str, Any], path: Sequence[str]) -> Any:
    value: Any = tree
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def read_sheets(
    main: Sheet, tables: Mapping[str, Sheet], struct: Struct, log: FaultLog
) -> list[Located]:
    """
    Join the tables of a kind of record into JSON objects.

    Parameters
    ----------
    main
        The table with one row per record.
    tables
        Dotted path of a list → the table of its rows, keyed by the record's id.
    struct
        Shape of the record; its first field is the id.
    log
        Receives what is wrong with columns and keys.

    Returns
    -------
    list of Located
        One object per row, its lists joined, ready for `Struct.read`.
    """
    key = struct.fields[0].name
    columns = _match_columns(main, _columns_of(struct), _required_columns(struct), log)
    if columns is None:
        return []
    located = [
        Located(origin, tree)
        for origin, tree in _trees(main, columns, (path for path, _ in struct.tables()), log)
    ]
    trees: dict[Any, dict[str, Any]] = {item.values.get(key): dict(item.values) for item in located}
    for path, item in struct.tables():
        if path in tables:
            _join(tables[path], path, item, key, trees, main.label, log)
    # An id twice keeps its own values; the lists go to the last one, and the fault is told later.
    return [
        Located(item.origin, trees[item.values.get(key)] if last else item.values)
        for item, last in zip(located, _is_last([i.values.get(key) for i in located]), strict=True)
    ]


def _is_last(keys: Sequence[Any]) -> list[bool]:
    last = {key: number for number, key in enumerate(keys)}
    return [last[key] == number for number, key in enumerate(keys)]


def _join(
    sheet: Sheet,
    path: str,
    item: Struct,
    key: str,
    trees: Mapping[Any, dict[str, Any]],
    main_label: str,
    log: FaultLog,
) -> None:
    """Give the rows of a table to the records that they belong to."""
    columns = _match_columns(
        sheet, {key: TEXT, **_columns_of(item)}, [key, *_required_columns(item)], log
    )
    if columns is None:
        return
    steps = path.split(".")
    joined: dict[Any, list[Located]] = {}
    for origin, tree in _trees(sheet, columns, (), log):
        owner = tree.pop(key, None)
        if owner is None:
            log.refuse(origin.at(key), "row_without_key", key=key)
        elif owner not in trees:
            log.refuse(origin.at(key), "row_orphan", value=owner, main=main_label)
        else:
            joined.setdefault(owner, []).append(Located(origin, tree))
    for owner, items in joined.items():
        if _pick(trees[owner], steps) is not None:
            log.refuse(items[0].origin.at(key), "table_twice", table=path, file=sheet.label)
            continue
        _plant_copying(trees[owner], steps, items)


def _plant_copying(tree: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for name in path[:-1]:
        tree[name] = dict(tree.get(name) or {})
        tree = tree[name]
    tree[path[-1]] = value


def write_sheets(records: Sequence[Any], struct: Struct) -> dict[str, Sheet]:
    """
    Lay records out as tables.

    Parameters
    ----------
    records
        Of one kind.
    struct
        Its shape.

    Returns
    -------
    dict
        "" → the main table, then each table of lists that has rows, by its name.
    """
    key = struct.fields[0]
    rows = [dict(_cells(struct, record)) for record in records]
    sheets = {"": _sheet("", [name for name, _ in struct.leaves()], rows)}
    for path, item in struct.tables():
        table_rows = [
            {key.name: TEXT.to_cell(getattr(record, key.attribute)), **dict(_cells(item, row))}
            for record in records
            for row in _list_at(struct, record, path) or ()
        ]
        if table_rows:
            header = [key.name, *(name for name, _ in item.leaves())]
            sheets[sheet_name(path)] = _sheet(sheet_name(path), header, table_rows)
    return sheets


def _sheet(label: str, leaves: Iterable[str], rows: Sequence[Mapping[str, Any]]) -> Sheet:
    header: dict[str, None] = {}
    for name in leaves:
        if name.endswith("."):
            header |= dict.fromkeys(
                sorted({key for row in rows for key in row if key.startswith(name)})
            )
        else:
            header[name] = None
    # Then the columns that only some record needed: an empty list, said to be empty.
    header |= dict.fromkeys(key for row in rows for key in row)
    return Sheet(label, tuple(header), [[row.get(name) for name in header] for row in rows])


def _cells(struct: Struct, record: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """List the cells of a record that are not empty."""
    for field in struct.fields:
        value = getattr(record, field.attribute)
        name = f"{prefix}{field.name}"
        if value is None:
            continue
        match field.shape:
            case Struct() as inner:
                yield from _cells(inner, value, f"{name}.")
            case Rows():
                if not value and field.default != value:
                    yield name, "[]"
            case shape if shape.open_ended:
                for key, weight in value.items():
                    yield f"{name}.{key}", weight
            case shape:
                if not _is_default_empty(field, value):
                    yield name, shape.to_cell(value)


def _is_default_empty(field: Field, value: Any) -> bool:
    """Say whether a list is empty and an empty cell says so."""
    return isinstance(value, (tuple, frozenset)) and not value and field.default == value


def _list_at(struct: Struct, record: Any, path: str) -> Sequence[Any] | None:
    value = record
    shape: Any = struct
    for name in path.split("."):
        field = next(field for field in shape.fields if field.name == name)
        value, shape = getattr(value, field.attribute), field.shape
    rows: Sequence[Any] | None = value
    return rows
