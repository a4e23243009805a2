"""The three tables of `rpe-geo access`: demand (`id, children`), supply (`id, places`), times (a long table of pairs)."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
from numpy.typing import NDArray

from rpe_geo.csv_text import decimal, in_utf8, separator_of
from rpe_geo.errors import InputError, InvalidFile, InvalidRecord, Where
from rpe_geo.files import read_bytes, replacing
from rpe_geo.observatory.pairs import TravelPairs
from rpe_geo.observatory.results import Note

__all__ = [
    "AccessTables",
    "read_access_tables",
    "read_amounts",
    "read_ids",
    "read_numbers",
    "read_pairs",
    "read_text_columns",
    "write_indicator",
]

_MISSING = ("", "nan", "NaN", "NA", "ND", "nd")
"""What a missing number of children is written as: nothing, as we write it, or as the CNAF does."""


@dataclass(frozen=True)
class AccessTables:
    """
    What a measure of access needs.

    Parameters
    ----------
    demand
        Children by id, in the order of the file; nan where the cell is empty, « nan » or « ND ».
    supply
        Places by id.
    times
        Known travel times in minutes.
    notes
        What was left out, and why.
    """

    demand: pd.Series
    supply: pd.Series
    times: TravelPairs
    notes: tuple[Note, ...]


def read_text_columns(
    path: Path, columns: Sequence[str], *, optional: Sequence[str] = ()
) -> pa.Table:
    """
    Read some columns of a CSV or Parquet file as text.

    Parameters
    ----------
    path
        `.parquet`, else a text table (see `rpe_geo.csv_text`).
    columns
        The columns that must be there.
    optional
        Columns that are read where they are there.

    Returns
    -------
    pyarrow.Table
        These columns, as strings; row 1 is the first record.

    Raises
    ------
    InvalidFile
        When the file is missing, is not of this format, or lacks a column.
    InvalidRecord
        When a row has more fields than the header (a comma used as decimal sign, most often).
    """
    content = read_bytes(path)
    try:
        if path.suffix.lower() == ".parquet":
            table = pa_parquet.read_table(io.BytesIO(content))
        else:
            content = in_utf8(content, Where(file=path.name))
            header = content[:65_536].replace(b"\r", b"\n").split(b"\n", 1)[0].decode()
            separator = separator_of(header, columns)
            # Every column as text: an id must keep its zeros, whatever spaces its title has.
            titles = header.split(separator)
            texts = {title.strip().strip('"') for title in titles} | {*titles, *columns}
            table = pa_csv.read_csv(
                io.BytesIO(content),
                read_options=pa_csv.ReadOptions(use_threads=False),
                parse_options=pa_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
                convert_options=pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(texts, pa.string()),
                    strings_can_be_null=False,
                ),
            )
    except pa.ArrowInvalid as error:
        raise _csv_error(path, str(error)) from None
    table = table.rename_columns([name.strip() for name in table.column_names])
    twice = [name for name in (*columns, *optional) if table.column_names.count(name) > 1]
    if twice:
        raise InvalidFile("column_twice", where=Where(file=path.name), column=twice[0])
    missing = [name for name in columns if name not in table.column_names]
    if missing:
        raise InvalidFile(
            "column_missing",
            where=Where(file=path.name),
            missing=missing,
            found=table.column_names,
        )
    there = [*columns, *(name for name in optional if name in table.column_names)]
    return pa.table({name: _as_text(table[name]) for name in there})


def _csv_error(path: Path, reason: str) -> InputError:
    crowded = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", reason)
    if crowded:
        line, expected, got = map(int, crowded.groups())
        return InvalidRecord(
            "row_fields" if got > expected else "row_short",
            where=Where(file=path.name, row=line - 1),
            expected=expected,
            got=got,
        )
    return InvalidFile("table_unreadable", where=Where(file=path.name))


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write any column as text; whole floats lose their `.0`, so that ids read as such."""
    if pa.types.is_floating(column.type):
        values = column.to_numpy(zero_copy_only=False)
        text = [
            "" if np.isnan(value) else str(int(value)) if value.is_integer() else repr(float(value))
            for value in values
        ]
        return pa.chunked_array([pa.array(text, pa.string())])
    return pc.fill_null(column.cast(pa.string()), "")


def _numbers(table: pa.Table, name: str, file: str, *, empty_allowed: bool) -> NDArray[np.float64]:
    """Read a column of numbers, not negative; the first fault is told with its row."""
    text = pc.utf8_trim_whitespace(table[name])
    try:
        values = pc.cast(text, pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64)
    except pa.ArrowInvalid:
        values = np.array([_number_or_nan(cell) for cell in text.to_pylist()])
    else:
        values = np.array(values)
    wrong = np.isnan(values) | (values < 0)
    if empty_allowed:
        missing = pc.is_in(text, value_set=pa.array(_MISSING))
        wrong &= ~np.asarray(missing.to_numpy(zero_copy_only=False), dtype=bool)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        cell = text[row].as_py()
        raise InvalidRecord(
            "cell_empty"
            if cell == ""
            else "cell_negative"
            if values[row] < 0
            else "cell_not_a_number",
            where=Where(file=file, row=row + 1, field=name),
            given=cell,
        )
    return values


def _number_or_nan(cell: str) -> float:
    try:
        return decimal(cell)
    except ValueError:
        return float("nan")


def read_amounts(path: Path, column: str, *, empty_allowed: bool) -> pd.Series:
    """
    Read `id, column`: one amount per id.

    Parameters
    ----------
    path
        `.csv` or `.parquet`.
    column
        Name of the column of amounts.
    empty_allowed
        Whether an empty cell, « nan » or « ND » is a missing amount.

    Returns
    -------
    Series
        Amounts by id, in the order of the file.

    Raises
    ------
    InputError
        With file, row and field, for anything that cannot be used.
    """
    table = read_text_columns(path, ["id", column])
    ids = read_ids(table, path.name)
    return pd.Series(
        read_numbers(table, column, path.name, empty_allowed=empty_allowed), index=ids, name=column
    )


def read_ids(table: pa.Table, file: str) -> pd.Index:
    """
    Take the ids of a table: none empty, none twice.

    Parameters
    ----------
    table
        With a column `id`, as text.
    file
        Name of the file, for the sentences.

    Raises
    ------
    InvalidRecord
        For an empty or repeated id.
    """
    ids: pd.Index = pd.Index(
        pc.utf8_trim_whitespace(table["id"]).to_pylist(), dtype=object, name="id"
    )
    if (ids == "").any():
        row = int(np.flatnonzero(ids == "")[0]) + 1
        raise InvalidRecord("cell_empty", where=Where(file=file, row=row, field="id"), given="")
    if not ids.is_unique:
        row = int(np.flatnonzero(ids.duplicated())[0])
        raise InvalidRecord(
            "id_repeated",
            where=Where(file=file, row=row + 1, field="id"),
            id=ids[row],
            first=int(np.flatnonzero(ids == ids[row])[0]) + 1,
        )
    return ids


def read_numbers(
    table: pa.Table, column: str, file: str, *, empty_allowed: bool
) -> NDArray[np.float64]:
    """
    Take a column of finite numbers, not negative.

    Parameters
    ----------
    table
        Columns as text.
    column, file
        Names, for the sentences.
    empty_allowed
        Whether an empty cell, « nan » or « ND » is a missing number.

    Raises
    ------
    InvalidRecord
        With row and field of the first cell that cannot be used.
    """
    values = _numbers(table, column, file, empty_allowed=empty_allowed)
    if np.isinf(values).any():
        row = int(np.flatnonzero(np.isinf(values))[0]) + 1
        raise InvalidRecord(
            "cell_not_a_number",
            where=Where(file=file, row=row, field=column),
            given=table[column][row - 1].as_py(),
        )
    return values


def read_access_tables(demand: Path, supply: Path, times: Path) -> AccessTables:
    """
    Read demand, supply and travel times.

    Parameters
    ----------
    demand
        `id, children`; an empty cell, « nan » or « ND » is a missing number of children.
    supply
        `id, places`; without any row nothing can be reached.
    times
        `origin_id` (demand), `destination_id` (supply), `minutes`; a missing pair, or `inf`, is unreachable.

    Returns
    -------
    AccessTables
        Aligned and checked; `notes` name what was left out.

    Raises
    ------
    InputError
        With file, row and field, for anything that cannot be used.
    """
    children = read_amounts(demand, "children", empty_allowed=True)
    if children.empty:
        raise InvalidFile("table_empty", where=Where(file=demand.name))
    places = read_amounts(supply, "places", empty_allowed=False)
    pairs, notes = read_pairs(times, (children.index, demand), (places.index, supply))
    missing = children.index[children.isna()]
    if len(missing):
        notes.append(Note("children_missing", {"count": len(missing), "first": missing[0]}))
    return AccessTables(children, places, pairs, tuple(notes))


def read_pairs(
    times: Path, demand: tuple[pd.Index, Path], supply: tuple[pd.Index, Path]
) -> tuple[TravelPairs, list[Note]]:
    """
    Read a long table of travel times between known ids.

    Parameters
    ----------
    times
        `origin_id` (demand), `destination_id` (supply), `minutes`; a missing pair, or `inf`, is unreachable.
    demand, supply
        Known ids, and the file they come from.

    Returns
    -------
    TravelPairs, list
        The pairs, and notes of what was left out.

    Raises
    ------
    InputError
        With file, row and field, for anything that cannot be used.
    """
    origins, destinations, minutes = _encoded_times(times)
    notes = []
    if supply[0].empty:
        notes.append(Note("supply_none", {"file": supply[1].name}))
        origins, destinations, minutes = origins[:0], destinations[:0], minutes[:0]
    demand_at, lost = _positions(origins, demand[0], times.name, "origin_id", demand[1])
    if lost:
        notes.append(Note("pairs_unknown", lost | {"field": "origin_id", "table": demand[1].name}))
    supply_at, lost = _positions(destinations, supply[0], times.name, "destination_id", supply[1])
    if lost:
        notes.append(
            Note("pairs_unknown", lost | {"field": "destination_id", "table": supply[1].name})
        )
    known = (demand_at >= 0) & (supply_at >= 0)
    if not known.all():
        demand_at, supply_at, minutes = demand_at[known], supply_at[known], minutes[known]
    pairs = TravelPairs.from_positions(demand[0], supply[0], demand_at, supply_at, minutes)
    return pairs, notes


def _encoded_times(
    path: Path,
) -> tuple[pa.DictionaryArray, pa.DictionaryArray, NDArray[np.float64]]:
    """Read a long table of times, ids as dictionaries; a file with a fault is read again, to say where it is."""
    quick = _quick_parquet(path) if path.suffix.lower() == ".parquet" else _quick_times(path)
    if quick is not None:
        return quick
    table = read_text_columns(path, ["origin_id", "destination_id", "minutes"])
    minutes = _numbers(table, "minutes", path.name, empty_allowed=False)
    origins, destinations = (
        pc.utf8_trim_whitespace(table[name]).combine_chunks().dictionary_encode()
        for name in ("origin_id", "destination_id")
    )
    return origins, destinations, minutes


def _quick_times(
    path: Path,
) -> tuple[pa.DictionaryArray, pa.DictionaryArray, NDArray[np.float64]] | None:
    """Read a faultless CSV of times in one pass; None where anything is unusual."""
    content = in_utf8(read_bytes(path), Where(file=path.name))
    header = content[:65_536].split(b"\n", 1)[0].rstrip(b"\r").decode()
    separator = separator_of(header)
    names = [name.strip('"') for name in header.split(separator)]
    wanted = ["origin_id", "destination_id", "minutes"]
    if any(names.count(name) != 1 for name in wanted):
        return None
    words = pa.dictionary(pa.int32(), pa.string())
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(content),
            read_options=pa_csv.ReadOptions(use_threads=False),
            parse_options=pa_csv.ParseOptions(delimiter=separator),
            convert_options=pa_csv.ConvertOptions(
                column_types={"origin_id": words, "destination_id": words, "minutes": pa.float64()},
                include_columns=wanted,
                null_values=[],
            ),
        )
    except pa.ArrowInvalid:
        return None
    minutes = table["minutes"].to_numpy()
    if not (minutes >= 0).all():
        return None
    origins, destinations = (
        table[name].unify_dictionaries().combine_chunks() for name in wanted[:2]
    )
    return origins, destinations, np.array(minutes)


def _quick_parquet(
    path: Path,
) -> tuple[pa.DictionaryArray, pa.DictionaryArray, NDArray[np.float64]] | None:
    """Read a faultless Parquet of times without writing its numbers as text; None where anything is unusual."""
    wanted = ["origin_id", "destination_id", "minutes"]
    try:
        source = pa_parquet.ParquetFile(
            pa.BufferReader(read_bytes(path)), read_dictionary=wanted[:2]
        )
        if any(source.schema_arrow.names.count(name) != 1 for name in wanted):
            return None
        table = source.read(columns=wanted)
    except (pa.ArrowInvalid, OSError):
        return None
    minutes = table["minutes"]
    known = pa.types.is_floating(minutes.type) or pa.types.is_integer(minutes.type)
    if not known or any(table[name].null_count for name in wanted):
        return None
    values = minutes.cast(pa.float64()).to_numpy()
    if not (values >= 0).all():
        return None
    encoded = []
    for name in wanted[:2]:
        column = table[name]
        if pa.types.is_integer(column.type):
            column = column.dictionary_encode()
        if not pa.types.is_dictionary(column.type):
            return None
        whole = column.unify_dictionaries().combine_chunks()
        words = whole.dictionary.cast(pa.string())
        encoded.append(pa.DictionaryArray.from_arrays(whole.indices, words))
    return encoded[0], encoded[1], np.array(values)


def _positions(
    encoded: pa.DictionaryArray, ids: pd.Index, file: str, field: str, other: Path
) -> tuple[NDArray[np.int64], dict[str, Any]]:
    """Find the ids of a column; unknown ones get −1 and are counted, unless a lost leading zero explains them."""
    words = [word.strip() for word in encoded.dictionary.to_pylist()] if len(encoded) else []
    at = ids.get_indexer(pd.Index(words, dtype=object)) if words else np.empty(0, np.int64)
    codes = encoded.indices.to_numpy()
    unknown = np.flatnonzero(at < 0)
    for word in unknown:
        text = words[word]
        # The zero of a commune (5 characters) or of an IRIS (9), lost here or in the other table.
        padded = "0" + text
        if len(padded) in {5, 9} and padded in ids:
            raise InvalidRecord(
                "code_zero_lost",
                where=Where(file=file, row=int(np.argmax(codes == word)) + 1, field=field),
                given=text,
                expected=padded,
            )
        if text.startswith("0") and len(text) in {5, 9} and text[1:] in ids:
            row = int(np.argmax(ids.to_numpy() == text[1:])) + 1
            raise InvalidRecord(
                "code_zero_lost",
                where=Where(file=other.name, row=row, field="id"),
                given=text[1:],
                expected=text,
            )
    if words and len(unknown) == len(words):
        raise InvalidFile(
            "ids_all_unknown",
            where=Where(file=file, field=field),
            table=other.name,
            first=words[0],
            known=str(ids[0]) if len(ids) else "–",
        )
    positions = at[codes] if words else np.empty(0, np.int64)
    if not len(unknown):
        return positions, {}
    rows = int((positions < 0).sum())
    return positions, {"count": len(unknown), "rows": rows, "first": words[int(unknown[0])]}


def write_indicator(path: Path, values: pd.Series, *, column: str) -> None:
    """
    Write one figure per id, with every digit.

    Parameters
    ----------
    path
        `.csv` or `.parquet`; written whole or not at all.
    values
        The figures, indexed by id; `nan` and `inf` are written so.
    column
        Name of the column of figures.
    """
    frame = pd.DataFrame({"id": values.index.astype(str), column: values.to_numpy()})
    with replacing(path) as temporary:
        if path.suffix.lower() == ".parquet":
            frame.to_parquet(temporary, index=False)
        else:
            frame.to_csv(temporary, index=False, na_rep="nan", lineterminator="\n")
