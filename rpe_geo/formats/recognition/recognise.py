"""
A list that somebody else laid out → records as JSON objects, with a report of what was understood and what was not.

The report names, for every field, the columns that it was read from and in how many rows it stands; a list in which nothing
is recognised is refused. One odd cell costs its field, never the file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from rpe_geo.errors import InputError, InvalidFile, Where
from rpe_geo.folding import fold_words
from rpe_geo.formats.faults import FaultLog, Origin, RowFault
from rpe_geo.formats.recognition.cells import BUILDERS, Cells, is_closed
from rpe_geo.formats.recognition.headings import FIELDS, LABELS, field_named, match_columns
from rpe_geo.formats.recognition.kinds import CARE, CHILDMINDER, facility_kind, kind_of_code
from rpe_geo.formats.recognition.listing import Listing, read_listing, rows_of
from rpe_geo.formats.recognition.memory import remembered
from rpe_geo.formats.recognition.positions import point_in_cell, settle
from rpe_geo.formats.recognition.report import Recognition, complete
from rpe_geo.formats.shapes import Located, Struct
from rpe_geo.messages import phrase

__all__ = ["readable", "recognise", "told_columns"]

_IDS = {
    "facilities": ("facility_id", "F"),
    "mams": ("mam_id", "M"),
    "childminders": ("childminder_id", "AM"),
    "requests": ("request_id", "D"),
}
_NEEDED = {
    "facilities": (("name", "kind"),),
    "mams": (("name",),),
    "childminders": (("name", "last_name"), ("agrement.places",)),
    "requests": (("children.birth_date",), ("start",), ("schedule",)),
}
"""Kind → groups of fields of which each must be found somewhere, beside a place."""
_PLACES_FIELDS = ("address", "street", "longitude", "geo_point", "city", "postcode")


def told_columns(kind: str, options: Sequence[str], titles: Sequence[str]) -> dict[str, str]:
    """
    Read `nom=EQUIP_NOM` and `nature==crèche` (the same word for every row).

    Parameters
    ----------
    kind
        Kind of record.
    options
        As typed.
    titles
        Columns of the file.

    Returns
    -------
    dict
        Field → title, or `=` and a word for every row.

    Raises
    ------
    InputError
        For a field or a column that does not exist; both are listed.
    """
    told = {}
    by_fold = {fold_words(title): title for title in titles}
    for option in options:
        name, sign, column = option.partition("=")
        field_name = field_named(kind, name.strip()) if sign else None
        if field_name is None:
            known = [LABELS[one] for one in FIELDS[kind]]
            raise InputError("column_field_unknown", given=option, known=known)
        if column.startswith("="):
            told[field_name] = column.strip()
            continue
        title = column if column in titles else by_fold.get(fold_words(column))
        if title is None:
            raise InputError("column_not_there", given=column, known=list(titles))
        told[field_name] = title
    return told


def recognise(
    path: Path,
    kind: str,
    *,
    columns: Sequence[str] = (),
    memory: Path | None = None,
    today: date | None = None,
) -> tuple[list[Located], Recognition]:
    """
    Read a list whose layout is its producer's.

    Parameters
    ----------
    path
        The file.
    kind
        childminders, mams, facilities or requests.
    columns
        `champ=COLONNE`, by whoever knows.
    memory
        File of the columns that were told before: those of a list with the same titles are used again, and this is reported.
    today
        The day against which closing dates are held.

    Returns
    -------
    tuple
        One JSON object per row, and the report.

    Raises
    ------
    InvalidFile
        When nothing is recognised, or when the rows are another kind of thing.
    """
    listing = read_listing(path, kind)
    where = Where(file=path.name)
    if not listing.rows:
        raise InvalidFile("file_without_rows", where=where)
    before = remembered(memory, kind, listing.columns)
    told = before | told_columns(kind, columns, listing.columns)
    constants = {name: word[1:] for name, word in told.items() if word.startswith("=")}
    told = {n: c for n, c in told.items() if not c.startswith("=") and c in listing.columns}
    matched = match_columns(kind, listing.filled(), told=told)
    report = Recognition(path.name, kind, columns=matched, titles=listing.columns)
    if before:
        said = ", ".join(
            f"{LABELS[name]} ← {column.lstrip('=')}" for name, column in before.items()
        )
        report.notes.append(RowFault(where, "columns_remembered", {"columns": said}))
    _require(kind, listing, matched, constants, where)
    if kind == "facilities":
        _hint_of_name(path, listing, matched, constants, report)
    points = _points(listing, matched, report)
    records = []
    for (number, row, _), point in zip(rows_of(listing), points, strict=True):
        cells = Cells(row, matched, constants, Origin(path.name, number), report.notes)
        if _is_total(row, matched):
            report.notes.append(RowFault(cells.origin.at("nom"), "total_left_out"))
            continue
        record = BUILDERS[kind](cells, row)
        if record is None or is_closed(cells, row, today or date.today()):  # noqa: DTZ011
            continue
        if point is not None:
            record |= {"longitude": point[0], "latitude": point[1]}
        elif kind == "facilities" and not record["address"]:
            cells.note("longitude", "row_without_place")
            continue
        records.append(Located(cells.origin, record))
    if not records:
        first = report.notes[0] if report.notes else RowFault(where, "file_without_rows")
        raise InvalidFile(first.code, where=first.where, **first.values)
    _identify(kind, records, report)
    _refuse_other_kind(kind, records, listing, matched, where)
    complete(report, listing, matched, constants, records)
    return records, report


_TOTAL = re.compile(r"(?:sous )?tota(?:l|ux)(?: \w+)?|ensemble")


def _is_total(row: Mapping[str, Any], matched: Mapping[str, Sequence[str]]) -> bool:
    """Say whether a row sums the others: « Total » where a name would stand, or in a row without one."""
    totals = {c for c, cell in row.items() if _TOTAL.fullmatch(fold_words(str(cell)))}
    names = [c for n in ("name", "last_name") for c in matched.get(n, ()) if c in row]
    return bool(totals) and (not names or names[0] in totals)


def _hint_of_name(
    path: Path,
    listing: Listing,
    matched: Mapping[str, Sequence[str]],
    constants: dict[str, str],
    report: Recognition,
) -> None:
    """Where no row says what it is, the name of the file may: « creches-2025.csv »."""
    if "kind" in constants:
        return
    cells = [
        str(row.get(column, ""))
        for row in listing.rows
        for column in (*matched.get("kind", ()), *matched.get("name", ()))
    ]
    if any(facility_kind(cell) or kind_of_code(cell) for cell in cells):
        return
    hint = facility_kind(re.sub(r"s\b", "", fold_words(path.stem.split(".")[0])))
    if hint in CARE:
        constants["kind"] = str(hint)
        report.notes.append(RowFault(Where(file=path.name), "kind_of_file_name", {"kind": hint}))
    else:
        raise InvalidFile(
            "kinds_none_recognised",
            where=Where(file=path.name),
            columns=", ".join(matched.get("kind", ())) or "aucune",
            first=next((cell for cell in cells if cell), "–"),
        )


def _require(
    kind: str,
    listing: Listing,
    matched: Mapping[str, Sequence[str]],
    constants: Mapping[str, str],
    where: Where,
) -> None:
    """Stop when what no record can do without was found in no column."""
    found = {*matched, *constants}
    placed = any(point is not None for point in listing.points)
    lacking = [
        " ou ".join(LABELS[name] for name in group)
        for group in _NEEDED[kind]
        if not found & set(group)
    ]
    if not placed and not found & set(_PLACES_FIELDS):
        lacking.append("adresse ou coordonnées")
    if lacking:
        code = "nothing_recognised" if not matched else "needed_not_recognised"
        raise InvalidFile(
            code,
            where=where,
            lacking=lacking,
            titles=list(listing.columns[:20]) or ["–"],
            example=f"{lacking[0].split(' ou ')[0]}={listing.columns[0] if listing.columns else 'COLONNE'}",
        )


def _points(
    listing: Listing, matched: Mapping[str, Sequence[str]], report: Recognition
) -> list[tuple[float, float] | None]:
    """Give every row its point: drawn, in a cell, or in two columns; all brought to degrees by one rule."""
    points = []
    for _, row, drawn in rows_of(listing):
        point = drawn
        for column in matched.get("geo_point", ()):
            point = point or (point_in_cell(row[column]) if column in row else None)
        if point is None:
            x = next((row[c] for c in matched.get("longitude", ()) if c in row), None)
            y = next((row[c] for c in matched.get("latitude", ()) if c in row), None)
            point = None if x is None or y is None else point_in_cell([x, y])
        points.append(None if point == (0.0, 0.0) else point)
    settled, done, outside = settle(points)
    where = Where(file=report.file)
    if done == "swapped":
        turned = sum(before != after for before, after in zip(points, settled, strict=True))
        report.notes.append(RowFault(where, "points_turned", {"count": turned}))
    elif done == "unknown":
        first = next(point for point in points if point is not None)
        raise InvalidFile(
            "points_in_unknown_metres", where=where, x=f"{first[0]:g}", y=f"{first[1]:g}"
        )
    elif done is not None:
        report.notes.append(RowFault(where, "points_reprojected", {"crs": done}))
    if outside and done is not None:
        report.notes.append(RowFault(where, "points_outside", {"count": outside}))
    return settled


def _identify(kind: str, records: Sequence[Located], report: Recognition) -> None:
    """Give an identifier to every record that has none of its own: the same for the same name and address, next time too."""
    name, letter = _IDS[kind]
    seen: dict[str, int] = {}
    given = 0
    for one in records:
        record = one.values
        identity = str(record.get(name) or "")
        if not identity:
            given += 1
            words = "|".join(
                fold_words(str(record.get(part) or ""))
                for part in ("name", "address", "longitude", "latitude")
            )
            identity = f"{letter}-{hashlib.sha256(words.encode()).hexdigest()[:8]}"
        seen[identity] = seen.get(identity, 0) + 1
        record[name] = identity if seen[identity] == 1 else f"{identity}-{seen[identity]}"
    if given:
        report.notes.append(RowFault(Where(file=report.file), "identifiers_made", {"count": given}))


def _refuse_other_kind(
    kind: str,
    records: Sequence[Located],
    listing: Listing,
    matched: Mapping[str, Sequence[str]],
    where: Where,
) -> None:
    """Refuse crèches given as childminders, childminders given as crèches."""
    if kind == "facilities":
        people = sum(one.values["kind"] == CHILDMINDER for one in records)
        if people * 2 > len(records):
            raise InvalidFile("list_of_other_kind", where=where, count=people, other="childminders")
        return
    if kind == "requests":
        return
    columns = [*matched.get("name", ()), *matched.get("last_name", ())]
    columns += [
        title
        for title in listing.columns
        if "type" in fold_words(title) or "nature" in fold_words(title)
    ]
    expected = {"MAM", CHILDMINDER} if kind == "mams" else {CHILDMINDER, "MAM"}
    others = sum(
        any(
            (found := facility_kind(str(row.get(c, "")))) is not None and found not in expected
            for c in columns
        )
        for row in listing.rows
    )
    if others * 2 > len(listing.rows):
        raise InvalidFile("list_of_other_kind", where=where, count=others, other="facilities")


def readable(
    struct: Struct, located: Sequence[Located], log: FaultLog, report: Recognition
) -> list[Located]:
    """
    Take out the fields that cannot be read, and say which: one odd cell costs its field, not the file.

    Parameters
    ----------
    struct
        Shape of the records.
    located
        Records as JSON objects; what stands in a required field stays, and is refused later.
    log
        Receives a warning for each field taken out.
    report
        Its notes become warnings too.

    Returns
    -------
    list of Located
        Records whose optional fields can be read.
    """
    log.warnings.extend(report.notes)
    required = {field.name for field in struct.fields if field.required}
    kept = []
    for one in located:
        record = dict(one.values)
        for name in [key for key in record if record[key] is None and key not in required]:
            del record[name]
        trial = FaultLog()
        if struct.read(record, one.origin, trial) is None:
            for fault in trial.faults:
                path = (fault.where.field or "").split("[")[0]
                name = path.split(".")[0]
                if not name or (name in required and name != "agrement"):
                    continue
                if name == "agrement" and path in {"agrement", "agrement.places"}:
                    continue
                _take_out(record, path)
                log.warnings.append(
                    RowFault(
                        fault.where, "field_left_out", {"why": phrase(fault.code, **fault.values)}
                    )
                )
        kept.append(Located(one.origin, record))
    return kept


def _take_out(record: dict[str, Any], path: str) -> None:
    first, _, rest = path.partition(".")
    if rest and isinstance(record.get(first), Mapping):
        inner = dict(record[first])
        inner.pop(rest, None)
        record[first] = inner
    else:
        record.pop(first, None)
