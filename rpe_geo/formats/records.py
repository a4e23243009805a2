"""
Childminders, MAM, facilities and requests, from and to JSON, CSV and XLSX files.

`read_…` returns records or raises one error with every fault of the file; `examine` also gives the warnings, and the
row of each record, for a report. The kind of file is told by its ending. See `docs/formats.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, cast

from rpe_geo.domain import Childminder, Facility, Mam, Request
from rpe_geo.errors import InvalidFile, Where
from rpe_geo.files import read_bytes, reading_file
from rpe_geo.formats.checks import check_ids, check_places, check_records, id_of
from rpe_geo.formats.faults import FaultLog, Origin, RecordsRefused, RowFault
from rpe_geo.formats.json_files import parse_json, read_json_rows, rows_of, write_json
from rpe_geo.formats.recognition.listing import ENDINGS
from rpe_geo.formats.recognition.recognise import readable, recognise
from rpe_geo.formats.recognition.report import Recognition
from rpe_geo.formats.shapes import Located, struct_of

__all__ = [
    "KINDS",
    "Reading",
    "Record",
    "RecordKind",
    "childminder_of",
    "examine",
    "json_of",
    "mam_of",
    "read_childminders",
    "read_facilities",
    "read_mams",
    "read_requests",
    "request_of",
    "write_childminders",
    "write_facilities",
    "write_mams",
    "write_records",
    "write_requests",
]

Record = Childminder | Mam | Facility | Request
RecordKind = Literal["childminders", "mams", "facilities", "requests"]
KINDS: dict[RecordKind, type[Any]] = {
    "childminders": Childminder,
    "mams": Mam,
    "facilities": Facility,
    "requests": Request,
}
_R = TypeVar("_R", Childminder, Mam, Facility, Request)


@dataclass(frozen=True)
class Reading(Generic[_R]):
    """
    What a file holds.

    Parameters
    ----------
    records
        Those without fault, in the order of the file.
    rows
        The row of each record; 1 is the first of the file.
    faults
        What makes rows unusable; with one fault nothing of the file may be used.
    warnings
        What a person should look at.
    ids
        (file, row) → identifier as it stands there, of every row that has one, faulty ones included.
    recognition
        What was understood of a list in its producer's layout; None for a file in ours.
    """

    file: str
    records: tuple[_R, ...]
    rows: tuple[int, ...]
    ids: Mapping[tuple[str | None, int | None], str]
    faults: tuple[RowFault, ...] = ()
    warnings: tuple[RowFault, ...] = ()
    recognition: Recognition | None = None

    def usable(self) -> list[_R]:
        """Return the records, or raise `RecordsRefused` with every fault."""
        if self.faults:
            raise RecordsRefused.because(self.faults)
        return list(self.records)


def _read_rows(path: Path, kind: RecordKind, log: FaultLog) -> list[Located]:
    ending = path.suffix.lower()
    if ending == ".json":
        return read_json_rows(path)
    if ending == ".csv":
        from rpe_geo.formats.csv_files import read_csv_rows

        return read_csv_rows(path, struct_of(KINDS[kind]), log)
    if ending == ".xlsx":
        from rpe_geo.formats.xlsx_files import read_xlsx_rows

        return read_xlsx_rows(path, kind, struct_of(KINDS[kind]), log)
    raise InvalidFile("file_kind_unknown", where=Where(file=path.name), ending=ending or path.name)


def examine(
    path: Path | str, kind: RecordKind, *, columns: Sequence[str] = (), memory: Path | None = None
) -> Reading[Any]:
    """
    Read a file to the end and note all its faults.

    Parameters
    ----------
    path
        A file in our own layout (.json, .csv, .xlsx), or a list as its producer lays it out, in any of `ENDINGS`.
    kind
        What its records are.
    columns
        `champ=COLONNE`, for columns that are not recognised.
    memory
        File of the columns that were told before.

    Returns
    -------
    Reading
        Records, faults and warnings; of a recognised list, what was understood.

    Raises
    ------
    InvalidFile
        When the file as a whole cannot be read.
    """
    path = Path(path)
    log = FaultLog()
    struct = struct_of(KINDS[kind])
    recognition = None
    with reading_file(path):
        # A JSON file is parsed once: its titles tell who laid it out, then its objects are the rows.
        is_json = path.suffix.lower() == ".json" and not columns
        content = parse_json(read_bytes(path), path.name) if is_json else None
        if is_json and not _laid_out_otherwise(_titles_of(content), kind):
            located = rows_of(content, path.name)
        elif is_json or columns or is_foreign(path, kind):
            located, recognition = recognise(path, kind, columns=columns, memory=memory)
            located = readable(struct, located, log, recognition)
        else:
            located = _read_rows(path, kind, log)
    kept = []
    ids: dict[tuple[str | None, int | None], str] = {}
    id_name = struct.fields[0].name
    for item in located:
        given = item.values.get(id_name) if isinstance(item.values, Mapping) else None
        if isinstance(given, str) and given.strip():
            ids[item.origin.file, item.origin.row] = given.strip()
        record = struct.read(item.values, item.origin, log)
        check_places(item.values, item.origin, log)
        if record is not None:
            kept.append((record, item.origin))
    check_ids(ids, id_name, log)
    check_records(kept, log)
    for noted in (log.faults, log.warnings):
        # The main table first; what concerns no row comes before all of them.
        noted.sort(key=lambda fault: (fault.where.file != path.name, fault.where.row or 0))
    return Reading(
        file=path.name,
        records=tuple(record for record, _ in kept),
        rows=tuple(origin.row or 0 for _, origin in kept),
        ids=ids,
        faults=tuple(log.faults),
        warnings=_once_per_name(log.warnings),
        recognition=recognition,
    )


def is_foreign(path: Path, kind: RecordKind) -> bool:
    """
    Say whether a file is laid out by somebody else: under half of its titles are our names, and none is our identifier.

    Parameters
    ----------
    path
        The file; one that cannot be read is left to the reader of its ending, which says why.
    kind
        What its records are.

    Returns
    -------
    bool
        True for lists that the recognition step reads.
    """
    ending = path.suffix.lower()
    if ending not in {".json", ".csv", ".xlsx"}:
        return ending in ENDINGS
    return _laid_out_otherwise(_titles(path, kind), kind)


def _laid_out_otherwise(titles: list[str] | None, kind: RecordKind) -> bool:
    if titles is None:
        return False
    struct = struct_of(KINDS[kind])
    names = {name.split(".")[0].lower() for name, _ in struct.leaves()}
    names |= {path.split(".")[0].lower() for path, _ in struct.tables()}
    ours = sum(title.split(".")[0].lower() in names for title in titles)
    identifier = struct.fields[0].name.lower()
    return identifier not in {title.lower() for title in titles} and 2 * ours <= len(titles)


def _titles(path: Path, kind: RecordKind) -> list[str] | None:
    """Read the titles of a file; None where it holds none, or cannot be read."""
    try:
        if path.suffix.lower() == ".csv":
            from rpe_geo.formats.csv_files import read_csv_sheet

            return [title for title in read_csv_sheet(path, set()).header if title] or None
        if path.suffix.lower() == ".xlsx":
            from rpe_geo.formats.xlsx_files import titles_of

            return titles_of(path, kind)
        return _titles_of(parse_json(read_bytes(path), path.name))
    except InvalidFile:
        return None


def _titles_of(content: Any) -> list[str] | None:
    """List the names of the objects of a JSON file; None where it holds none."""
    if isinstance(content, dict) and {"features", "results", "records", "elements"} & set(content):
        return ["–"]
    objects = content if isinstance(content, list) else [content]
    found = {str(key): None for one in objects if isinstance(one, dict) for key in one}
    return list(found) or None


def _once_per_name(warnings: Sequence[RowFault]) -> tuple[RowFault, ...]:
    """Keep the first warning about each unknown name: a superfluous column is one thing to say, not one a row."""
    kept, said = [], set()
    for warning in warnings:
        if warning.code == "field_ignored":
            name = (warning.where.file, warning.values["field"])
            if name in said:
                continue
            said.add(name)
        kept.append(warning)
    return tuple(kept)


def _reader(kind: RecordKind, of: type[_R]) -> Callable[[Path | str], list[_R]]:
    def read(path: Path | str) -> list[_R]:
        return cast("Reading[_R]", examine(path, kind)).usable()

    read.__name__ = read.__qualname__ = f"read_{kind}"
    read.__doc__ = (
        f"Read the {of.__name__} records of a file, or raise one error with all its faults."
    )
    return read


read_childminders = _reader("childminders", Childminder)
read_mams = _reader("mams", Mam)
read_facilities = _reader("facilities", Facility)
read_requests = _reader("requests", Request)


def write_records(kind: RecordKind, records: Sequence[Record], path: Path | str) -> None:
    """
    Write records of one kind, whole or not at all.

    Parameters
    ----------
    kind
        What the records are.
    records
        In the order of the file.
    path
        A .json, .csv or .xlsx file; the lists of a CSV file become files beside it.

    Raises
    ------
    InvalidFile
        When the ending is another one, or the file cannot be written.
    """
    path = Path(path)
    struct = struct_of(KINDS[kind])
    ending = path.suffix.lower()
    if ending == ".json":
        write_json([struct.write(record) for record in records], path)
    elif ending == ".csv":
        from rpe_geo.formats.csv_files import write_csv

        write_csv(records, struct, path)
    elif ending == ".xlsx":
        from rpe_geo.formats.xlsx_files import write_xlsx

        write_xlsx(records, kind, struct, path)
    else:
        raise InvalidFile(
            "file_kind_unknown", where=Where(file=path.name), ending=ending or path.name
        )


def write_childminders(records: Sequence[Childminder], path: Path | str) -> None:
    """Write childminders to a .json, .csv or .xlsx file, whole or not at all."""
    write_records("childminders", records, path)


def write_mams(records: Sequence[Mam], path: Path | str) -> None:
    """Write MAM to a .json, .csv or .xlsx file, whole or not at all."""
    write_records("mams", records, path)


def write_facilities(records: Sequence[Facility], path: Path | str) -> None:
    """Write facilities to a .json, .csv or .xlsx file, whole or not at all."""
    write_records("facilities", records, path)


def write_requests(records: Sequence[Request], path: Path | str) -> None:
    """Write requests to a .json, .csv or .xlsx file, whole or not at all."""
    write_records("requests", records, path)


def json_of(record: Record) -> dict[str, Any]:
    """Write one record as the JSON object of INTERFACES §2–3."""
    return struct_of(type(record)).write(record)


def _one(kind: type[_R], value: Mapping[str, Any]) -> _R:
    log = FaultLog()
    origin = Origin()
    record: _R | None = struct_of(kind).read(value, origin, log)
    check_places(value, origin, log)
    if record is not None:
        id_name, record_id = id_of(record)
        check_ids({(None, None): record_id}, id_name, log)
        check_records([(record, origin)], log)
    if log.faults or record is None:
        raise RecordsRefused.because(log.faults)
    return record


def childminder_of(value: Mapping[str, Any]) -> Childminder:
    """Read one childminder from a JSON object, or raise `RecordsRefused` with every fault."""
    return _one(Childminder, value)


def mam_of(value: Mapping[str, Any]) -> Mam:
    """Read one MAM from a JSON object, or raise `RecordsRefused` with every fault."""
    return _one(Mam, value)


def request_of(value: Mapping[str, Any]) -> Request:
    """Read one request from a JSON object, or raise `RecordsRefused` with every fault."""
    return _one(Request, value)
