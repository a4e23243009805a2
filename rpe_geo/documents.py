"""
Records as the JSON documents that the database keeps, by the domain's own annotations.

A document is ours alone, never a file that people write: nothing is checked but the domain's own rules, unknown keys
are passed over and absent ones take the domain's default, so that older documents stay readable.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from rpe_geo.schedule import Timetable

__all__ = ["decode", "encode"]

_Turn = Callable[[Any], Any]

_write_hours = lru_cache(maxsize=65536)(Timetable.write)


def _same(value: Any) -> Any:
    return value


def _optional(turn: _Turn) -> _Turn:
    return lambda value: None if value is None else turn(value)


def _turns(hint: Any) -> tuple[_Turn, _Turn]:
    """Make the two functions, to JSON and back, of an annotation."""
    if get_origin(hint) in {Union, types.UnionType}:
        (inner,) = (part for part in get_args(hint) if part is not types.NoneType)
        encode_inner, decode_inner = _turns(inner)
        return _optional(encode_inner), _optional(decode_inner)
    if hint in {str, int, float, bool} or get_origin(hint) is Literal:
        return _same, _same
    if hint is date:
        return date.isoformat, date.fromisoformat
    if hint is Timetable:
        return _write_hours, Timetable.parse
    if hint == frozenset[str]:
        return sorted, frozenset
    if hint == tuple[str, ...]:
        return list, tuple
    if get_origin(hint) is tuple:
        kind = get_args(hint)[0]
        return (
            lambda rows: [encode(row) for row in rows],
            lambda rows: tuple(decode(kind, row) for row in rows),
        )
    if get_origin(hint) is Mapping:
        return dict, dict
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return encode, lambda document: decode(hint, document)
    raise TypeError(f"no document form for {hint}")


_FIELDS: dict[type[Any], tuple[tuple[str, _Turn, _Turn], ...]] = {}


def _fields(kind: type[Any]) -> tuple[tuple[str, _Turn, _Turn], ...]:
    if kind not in _FIELDS:
        hints = get_type_hints(kind)
        _FIELDS[kind] = tuple(
            (field.name, *_turns(hints[field.name])) for field in dataclasses.fields(kind)
        )
    return _FIELDS[kind]


def encode(record: Any) -> dict[str, Any]:
    """Turn a dataclass of the domain into a JSON document."""
    return {name: turn(getattr(record, name)) for name, turn, _ in _fields(type(record))}


def decode(kind: type[Any], document: Mapping[str, Any]) -> Any:
    """Turn a JSON document back into a dataclass of the domain."""
    return kind(
        **{name: turn(document[name]) for name, _, turn in _fields(kind) if name in document}
    )
