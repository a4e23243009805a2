"""What was understood of a list: the completeness report, said of every field, and what its columns gave nothing for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rpe_geo.errors import Where
from rpe_geo.folding import fold_words
from rpe_geo.formats.faults import RowFault
from rpe_geo.formats.recognition.french_hours import WEEKDAYS
from rpe_geo.formats.recognition.headings import FIELDS, LABELS
from rpe_geo.formats.recognition.listing import Listing
from rpe_geo.formats.shapes import Located

__all__ = ["FieldReading", "Recognition", "complete"]


@dataclass(frozen=True)
class FieldReading:
    """
    What one field was read from.

    Parameters
    ----------
    field, label
        Ours, and its French name.
    columns
        Titles, best first; empty when nothing was found.
    filled, total
        Rows in which it stands, of all rows.
    """

    field: str
    label: str
    columns: tuple[str, ...]
    filled: int
    total: int


@dataclass
class Recognition:
    """
    What was understood of a list.

    Parameters
    ----------
    file, kind
        The list, and what its records are.
    fields
        The completeness report, the important fields also when nothing was found.
    ignored
        Columns that are read by nothing.
    notes
        What to say: mended, left out, doubtful.
    columns
        Field → column, as one may say it again with `--column`.
    sample
        The first ten rows, as read: pairs of label and text.
    titles
        Every column of the file.
    """

    file: str
    kind: str
    fields: list[FieldReading] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    notes: list[RowFault] = field(default_factory=list)
    columns: dict[str, list[str]] = field(default_factory=dict)
    sample: list[dict[str, str]] = field(default_factory=list)
    titles: tuple[str, ...] = ()


_POINT_FIELDS = {"longitude", "latitude", "geo_point"}
_REPORTED = {
    "facilities": ("name", "kind", "address", "places", "longitude", "phone"),
    "mams": ("name", "address", "children_max", "longitude", "phone"),
    "childminders": ("name", "address", "agrement.places", "agrement.valid_until", "working_hours", "longitude", "phone"),
    "requests": ("address", "children.birth_date", "start", "schedule", "longitude"),
}  # fmt: skip
"""Fields of the completeness report, told also when nothing was found for them."""


_HOURS = ("opening_hours", "working_hours", "schedule")


def _tell_nothing_read(
    report: Recognition, listing: Listing, label: str, columns: Sequence[str]
) -> None:
    """Say of a column that holds something, and of which nothing was understood in any row."""
    for column in columns:
        first = next((row[column] for row in listing.rows if row.get(column)), None)
        if first is not None:
            values = {"column": column, "label": label, "first": str(first)[:60]}
            report.notes.append(RowFault(Where(file=report.file), "column_gave_nothing", values))


def _tell_towns_only(
    report: Recognition, listing: Listing, matched: Mapping[str, Sequence[str]]
) -> None:
    """Say that no column gave a street: an address of a town alone places everybody at its centre."""
    drawn = any(point is not None for point in listing.points)
    placed = drawn or {"address", "street", "longitude", "geo_point"} & set(matched)
    if not placed and {"city", "postcode"} & set(matched):
        report.notes.append(RowFault(Where(file=report.file), "address_of_town_only"))


def complete(
    report: Recognition,
    listing: Listing,
    matched: Mapping[str, Sequence[str]],
    constants: Mapping[str, str],
    records: Sequence[Located],
) -> None:
    """Say of each field what it was read from and in how many records it stands."""
    parts = {
        "address": ("house_number", "repetition", "street", "postcode", "city"),
        "name": ("first_name", "last_name"),
    }
    total = len(records)
    told: set[str] = set()
    days: set[str] = set()
    _tell_towns_only(report, listing, matched)
    for name in dict.fromkeys((*_REPORTED[report.kind], *FIELDS[report.kind])):
        if name in told or name in {
            "latitude",
            "geo_point",
            "state",
            "closed_on",
            *(p for several in parts.values() for p in several),
        }:
            continue
        columns = [
            *matched.get(name, ()),
            *(c for part in parts.get(name, ()) for c in matched.get(part, ())),
        ]
        label = LABELS[name]
        if name == "longitude":
            label = "position"
            columns = [c for one in _POINT_FIELDS for c in matched.get(one, ())]
            if any(point is not None for point in listing.points):
                columns.insert(0, "géométrie")
        if name in _HOURS and not columns:
            columns = [c for c in listing.columns if fold_words(c) in WEEKDAYS]
            days |= set(columns)
        if name == "kind" and not columns:
            columns = ["le nom"]
        if name in constants:
            columns = [f"« {constants[name]} »"]
        if not columns and name not in _REPORTED[report.kind]:
            continue
        told.add(name)
        filled = sum(_stands(one.values, name) for one in records)
        if not filled and name != "longitude":
            _tell_nothing_read(report, listing, label, columns)
        report.fields.append(FieldReading(name, label, tuple(columns), filled, total))
    used = days | {column for several in matched.values() for column in several}
    report.ignored = [title for title in listing.columns if title not in used]
    shown = [one for one in report.fields if one.columns][:8]
    for one in records[:10]:
        report.sample.append({item.label: _shown(one.values, item.field) for item in shown})


def _value(record: Any, name: str) -> Any:
    if name in {"phone", "email"}:
        return record.get("contact", {}).get(name)
    if name in {"min_age", "max_age"}:
        return record.get(f"age_{name[:3]}_months")
    if name == "children.birth_date":
        return record["children"][0]["birth_date"]
    value = record
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _stands(record: Any, name: str) -> bool:
    value = _value(record, name)
    return value not in (None, "", []) and not (name == "kind" and value == "autre")


def _shown(record: Any, name: str) -> str:
    if name == "longitude":
        x, y = record.get("longitude"), record.get("latitude")
        return "" if x is None else f"{y:.5f}, {x:.5f}"
    value = _value(record, name)
    return "" if value is None else str(value)
