"""JSON files of records: a list of objects, strictly read and atomically written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.files import read_bytes, replacing
from rpe_geo.formats.faults import Origin
from rpe_geo.formats.shapes import Located

__all__ = ["parse_json", "read_json_rows", "rows_of", "write_json"]


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) < len(pairs):
        seen: set[str] = set()
        twin = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise InvalidFile("json_key_twice", key=twin)
    return built


def _no_constant(name: str) -> Any:
    raise InvalidFile("value_wrong_type", expected="un nombre", value=name)


def parse_json(content: bytes, name: str) -> Any:
    """
    Parse JSON strictly: no key twice in an object, no NaN.

    Parameters
    ----------
    content
        UTF-8, with or without a byte order mark.
    name
        The file, for the error.

    Returns
    -------
    Any
        The parsed value.

    Raises
    ------
    InvalidFile
        With the line and column of the first fault.
    """
    where = Where(file=name)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidFile("file_not_text", where=where) from None
    if not text.strip():
        raise InvalidFile("file_empty", where=where)
    try:
        return json.loads(text, object_pairs_hook=_no_twins, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise InvalidFile(
            "file_broken_json", where=where, line=error.lineno, column=error.colno, reason=error.msg
        ) from None
    except RecursionError:
        raise InvalidFile("json_too_deep", where=where) from None
    except InvalidFile as error:
        raise error.at(file=name) from None


def read_json_rows(path: Path) -> list[Located]:
    """Read a list of objects, or one object alone, with the row of each."""
    return rows_of(parse_json(read_bytes(path), path.name), path.name)


def rows_of(content: Any, name: str) -> list[Located]:
    """
    Give parsed JSON as rows: a list of objects, or one object alone.

    Parameters
    ----------
    content
        As `parse_json` returns it.
    name
        The file.

    Raises
    ------
    InvalidFile
        When it is neither.
    """
    if isinstance(content, dict):
        content = [content]
    if not isinstance(content, list):
        found = {str: "un texte", bool: "un booléen", type(None): "rien"}.get(
            type(content), "un nombre"
        )
        raise InvalidFile("file_not_records", where=Where(file=name), found=found)
    return [Located(Origin(name, number), item) for number, item in enumerate(content, start=1)]


def write_json(objects: Sequence[dict[str, Any]], path: Path) -> None:
    """Write a list of objects, one to a line; the old file stands until the new one is whole."""
    lines = ",\n".join(json.dumps(item, ensure_ascii=False, allow_nan=False) for item in objects)
    with replacing(path) as temporary:
        temporary.write_text(f"[\n{lines}\n]\n" if objects else "[]\n", encoding="utf-8")
