"""The page on which columns are chosen before an import: what each field would be read from, and the first ten rows."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile

from rpe_geo.errors import InputError
from rpe_geo.formats.recognition.headings import FIELDS, LABELS
from rpe_geo.formats.recognition.listing import read_listing
from rpe_geo.formats.records import Reading, RecordKind
from rpe_geo.messages import explain

__all__ = ["ColumnChoice", "column_choice", "sent_file", "told_in"]

_LARGEST = 900_000
"""Characters that a form may carry; a larger file is chosen again with the columns."""
_UNPACKED = 20_000_000
_KINDS = ("crèche", "micro-crèche", "multi-accueil", "halte-garderie", "MAM", "RPE", "LAEP")


@dataclass(frozen=True)
class ColumnChoice:
    """
    What the page shows.

    Parameters
    ----------
    name
        The sender's name of the file.
    content
        The file, packed into the form so that the server keeps nothing; empty when it is too large for that.
    fields
        Field, its label, its column as chosen or recognised, rows in which it stands, of all rows, the column as recognised.
    titles
        Columns of the file.
    constants
        Field → words that may be said of every row.
    sample
        The first ten rows as they would be read.
    notes, ignored
        What is to be said; columns that nothing reads.
    readable
        Records without fault; None when nothing could be read yet.
    faults
        What is to be corrected before an import.
    """

    name: str
    content: str
    fields: list[tuple[str, str, str, int, int, str]]
    titles: tuple[str, ...]
    constants: Mapping[str, tuple[str, ...]]
    sample: list[dict[str, str]]
    notes: list[str]
    ignored: list[str]
    readable: int | None
    faults: list[str]


def sent_file(form: Any) -> tuple[str, bytes] | None:
    """Take the file that was chosen, or the one that the form carries since the step before; None without either."""
    sent = form.get("fichier")
    if isinstance(sent, UploadFile) and sent.filename:
        return sent.filename, sent.file.read()
    packed = form.get("contenu")
    if not isinstance(packed, str) or not packed:
        return None
    try:
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(base64.b64decode(packed, validate=True), _UNPACKED)
    except (binascii.Error, zlib.error):
        return None
    return str(form.get("nom") or "liste.csv"), content


def told_in(form: Any) -> list[str]:
    """
    List the columns chosen on the page, as `--column` writes them.

    What stays as it was recognised is not told: a field read from several columns keeps them all. « Rien » is told as an empty
    word for every row.
    """
    told = []
    for name, value in form.items():
        if not name.startswith("c.") or not isinstance(value, str):
            continue
        field = name.removeprefix("c.")
        if value != str(form.get(f"r.{field}", "")):
            told.append(f"{field}={value or '='}")
    return told


def column_choice(
    file: Path,
    kind: RecordKind,
    name: str,
    content: bytes,
    told: list[str],
    reading: Reading[Any] | None,
) -> ColumnChoice | None:
    """
    Say what would be read from a list.

    Parameters
    ----------
    file, kind
        The list.
    name, content
        As sent.
    told
        Columns chosen so far.
    reading
        What was read; None when it was refused.

    Returns
    -------
    ColumnChoice or None
        None for a file that is no list at all.
    """
    try:
        titles = read_listing(file, kind).columns
    except InputError:
        return None
    chosen = {field: column for field, _, column in (one.partition("=") for one in told)}
    found = reading.recognition if reading is not None else None
    counts = {one.field: (one.filled, one.total) for one in found.fields} if found else {}
    matched = found.columns if found else {}
    fields = [
        (
            field,
            LABELS[field],
            chosen.get(field) or next(iter(matched.get(field, ())), ""),
            *counts.get(field, (0, 0)),
            "" if field in chosen else next(iter(matched.get(field, ())), ""),
        )
        for field in FIELDS[kind]
    ]
    packed = base64.b64encode(zlib.compress(content, 9)).decode()
    warnings = [] if reading is None else [explain(one) for one in reading.warnings[:30]]
    return ColumnChoice(
        name=name,
        content=packed if len(packed) <= _LARGEST else "",
        fields=fields,
        titles=titles,
        constants={"kind": tuple(f"={one}" for one in _KINDS)} if kind == "facilities" else {},
        sample=found.sample if found else [],
        notes=warnings,
        ignored=found.ignored if found else [],
        readable=None if reading is None else len(reading.records),
        faults=[] if reading is None else [explain(one) for one in reading.faults[:30]],
    )
