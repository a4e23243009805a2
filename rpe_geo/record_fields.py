"""A record as its fields by path, as people fill and compare them: `agrement.places`, `contact.phone`; and back."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

from rpe_geo.domain import Agrement, Attributes, Contact, Household, Publication

__all__ = ["RecordField", "fields_of", "inner", "record_from", "values_of"]

_PARTS = (Agrement, Attributes, Contact, Household, Publication)
"""Dataclasses that belong to their record so closely that their fields are its own."""


@dataclass(frozen=True)
class RecordField:
    """
    One field of a kind of record.

    Parameters
    ----------
    path
        Its name, after those of the parts that hold it: `agrement.places`.
    hint
        Its annotation in the domain.
    """

    path: str
    hint: Any


def inner(hint: Any) -> Any:
    """Return what an optional annotation holds, or the annotation itself."""
    if get_origin(hint) in {Union, types.UnionType}:
        (held,) = (part for part in get_args(hint) if part is not types.NoneType)
        return held
    return hint


_KNOWN: dict[type[Any], tuple[RecordField, ...]] = {}
_HINTS: dict[type[Any], dict[str, Any]] = {}


def fields_of(kind: type[Any]) -> tuple[RecordField, ...]:
    """
    List the fields of a kind of record by their paths, in the order of the domain.

    Parameters
    ----------
    kind
        A dataclass of the domain.
    """
    if kind not in _KNOWN:
        _KNOWN[kind] = tuple(_list(kind))
    return _KNOWN[kind]


def _hints_of(kind: type[Any]) -> dict[str, Any]:
    """Read the annotations of a kind, once: reading them means compiling text."""
    if kind not in _HINTS:
        _HINTS[kind] = get_type_hints(kind)
    return _HINTS[kind]


def _list(kind: type[Any]) -> list[RecordField]:
    hints = _hints_of(kind)
    found: list[RecordField] = []
    for one in dataclasses.fields(kind):
        held = inner(hints[one.name])
        if held in _PARTS:
            found += [RecordField(f"{one.name}.{part.path}", part.hint) for part in fields_of(held)]
        else:
            found.append(RecordField(one.name, hints[one.name]))
    return found


def values_of(record: Any) -> dict[str, Any]:
    """Return the values of a record by path; those of a part that is absent are None."""
    values = {}
    for one in fields_of(type(record)):
        holder, _, name = one.path.rpartition(".")
        part = getattr(record, holder) if holder else record
        values[one.path] = None if part is None else getattr(part, name)
    return values


def record_from(kind: type[Any], values: Mapping[str, Any]) -> Any:
    """
    Make a record from its values by path.

    Parameters
    ----------
    kind
        A dataclass of the domain.
    values
        Of every path, or of some: the others take the domain's default. A part that may be absent and has no value is.

    Raises
    ------
    InvalidRecord
        Naming the path of the field that contradicts the domain.
    """
    hints = _hints_of(kind)
    given: dict[str, Any] = {}
    for one in dataclasses.fields(kind):
        held = inner(hints[one.name])
        if held not in _PARTS:
            if one.name in values:
                given[one.name] = values[one.name]
            continue
        parts = {
            part.path: values[path]
            for part in fields_of(held)
            if (path := f"{one.name}.{part.path}") in values
        }
        if held is not hints[one.name] and all(value is None for value in parts.values()):
            continue
        optional = {part.path for part in fields_of(held) if inner(part.hint) is not part.hint}
        given[one.name] = held(
            **{
                name: value
                for name, value in parts.items()
                if value is not None or name in optional
            }
        )
    return kind(**given)
