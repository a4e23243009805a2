"""Keeping the registry: records of a file are checked, placed and stored, all or none, with a report row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from rpe_geo.crs import WGS84
from rpe_geo.domain import Childminder, Facility, Mam, Request
from rpe_geo.errors import Conflict, Where
from rpe_geo.formats.checks import id_of
from rpe_geo.formats.faults import RecordsRefused, RowFault
from rpe_geo.formats.records import Reading, Record, RecordKind
from rpe_geo.messages.fields import FIELD_NAMES, said
from rpe_geo.messages.french import day, metres
from rpe_geo.protocols import (
    AddressQuery,
    Geocoded,
    Geocoder,
    Progress,
    Repository,
    Standing,
    TravelTimeEngine,
)
from rpe_geo.relais.merging import Held, Merged, merge

__all__ = ["ImportReport", "ImportRow", "Outcome", "import_records", "records_of", "report_faults"]

Outcome = Literal["new", "replaced", "unchanged", "merged", "held", "refused", "noted"]
"""
What became of a row; `merged`: the file's, but for what was written by hand since; `held` is a good row that another one
kept out, `noted` a remark on the whole file.
"""

_ADDRESSES_AT_ONCE = 200
_TRIES = 5
_TYPES: dict[RecordKind, type[Any]] = {
    "childminders": Childminder,
    "mams": Mam,
    "facilities": Facility,
    "requests": Request,
}


@dataclass(frozen=True)
class ImportRow:
    """
    One row of the file.

    Parameters
    ----------
    row
        1 is the first record of the file; None for what concerns the file as a whole.
    record_id
        Empty when the row has none that can be read.
    notes
        Faults of a refused row; warnings, and addresses in doubt, of the others.
    placed
        Whether the record was stored with coordinates: no search by distance finds it without.
    """

    row: int | None
    record_id: str
    outcome: Outcome
    notes: tuple[RowFault, ...] = ()
    placed: bool = True


@dataclass(frozen=True)
class ImportReport:
    """
    What an import did.

    Parameters
    ----------
    rows
        In the order of the file.
    faults
        Empty when the records were stored; otherwise nothing was.
    """

    file: str
    kind: RecordKind
    rows: tuple[ImportRow, ...]
    faults: tuple[RowFault, ...] = ()

    def count(self, outcome: Outcome) -> int:
        """Count the rows with an outcome."""
        return sum(row.outcome == outcome for row in self.rows)

    @property
    def stored(self) -> int:
        """Number of records that the registry holds because of this file."""
        return sum(self.count(one) for one in ("new", "replaced", "unchanged", "merged"))

    @property
    def without_place(self) -> tuple[str, ...]:
        """Ids that were stored without coordinates."""
        return tuple(row.record_id for row in self.rows if not row.placed)

    def require_stored(self) -> None:
        """Raise `RecordsRefused` with every fault when nothing was stored."""
        if self.faults:
            raise RecordsRefused.because(self.faults)


def records_of(repository: Repository, kind: RecordKind) -> Sequence[Any]:
    """Return all records of a kind."""
    match kind:
        case "childminders":
            return repository.childminders()
        case "mams":
            return repository.mams()
        case "facilities":
            return repository.facilities()
        case "requests":
            return repository.requests()


def import_records(
    reading: Reading[Any],
    kind: RecordKind,
    *,
    repository: Repository,
    geocoder: Geocoder | None = None,
    progress: Progress | None = None,
    file_prevails: bool = False,
    engine: TravelTimeEngine | None = None,
    strict: bool = False,
) -> ImportReport:
    """
    Store what was read from a file, all of it or, with one fault, nothing.

    Parameters
    ----------
    reading
        Records, faults and warnings of a file.
    kind
        What the records are.
    repository
        Receives them in one transaction; records of the same id are replaced, but for what was written by hand since the
        last import: that is kept, and told field by field.
    geocoder
        Finds the place of addresses without coordinates; one in doubt is noted and left without place. An address
        that the registry already holds keeps the place that it has there.
    progress
        Told how many addresses are done.
    file_prevails
        Replace what was written by hand too; each field so undone is told.
    engine
        Tells which records lie too far from every street: they are stored, and noted with their distance, since no travel time
        will find them.
    strict
        Refuse the file for such a record.

    Returns
    -------
    ImportReport
        One line per row, whatever happened.

    Raises
    ------
    Conflict
        When others keep changing the same records meanwhile; nothing is stored.
    """
    if reading.faults:
        return report_faults(reading, kind)
    # Versions first: what changes between these two readings is found out when writing.
    standings = repository.standings(_TYPES[kind])
    known = _known(repository, kind)
    kept = [_keep_place(record, known.get(id_of(record)[1])) for record in reading.records]
    notes: dict[int, list[RowFault]] = {row: [] for row in reading.rows}
    about_file: list[RowFault] = []
    for warning in reading.warnings:
        row = warning.where.row
        (notes[row] if isinstance(row, int) and row in notes else about_file).append(warning)
    placed = kept if geocoder is None else _place(kept, reading, notes, geocoder, progress)
    if engine is not None:
        far = _far_from_streets(placed, reading, engine)
        if strict and far:
            refused = tuple(fault for faults in far.values() for fault in faults)
            return report_faults(replace(reading, faults=refused), kind)
        for row, faults in far.items():
            notes[row].extend(faults)
    if kind == "childminders":
        _note_unknown_mams(placed, reading, notes, repository)
    outcomes, records = _store(
        reading,
        placed,
        kind,
        notes,
        repository=repository,
        file_prevails=file_prevails,
        read=(standings, known),
    )
    rows = [
        ImportRow(
            row,
            id_of(record)[1],
            outcome,
            tuple(notes[row]),
            placed=record.longitude is not None,
        )
        for row, record, outcome in zip(reading.rows, records, outcomes, strict=True)
    ]
    return ImportReport(
        reading.file,
        kind,
        (*(ImportRow(None, "", "noted", (note,)) for note in about_file), *rows),
    )


def _known(repository: Repository, kind: RecordKind) -> dict[str, Any]:
    """Return the records of a kind by id, those that are set aside too."""
    stored = [*records_of(repository, kind), *repository.ceased(_TYPES[kind])]
    return {id_of(record)[1]: record for record in stored}


def _store(
    reading: Reading[Any],
    placed: Sequence[Any],
    kind: RecordKind,
    notes: Mapping[int, list[RowFault]],
    *,
    repository: Repository,
    file_prevails: bool,
    read: tuple[Mapping[str, Standing], Mapping[str, Any]],
) -> tuple[list[Outcome], list[Any]]:
    """Merge and write, again as long as somebody changes one of the records between reading and writing."""
    tries = 0
    standings, known = read
    while True:
        tries += 1
        # What is sent as it is stored needs no third version to be compared with.
        differing = [
            identity
            for new in placed
            if (before := known.get(identity := id_of(new)[1])) is not None and before != new
        ]
        bases = repository.last_imported(_TYPES[kind], differing)
        outcomes: list[Outcome] = []
        records: list[Any] = []
        told: dict[int, list[RowFault]] = {row: [] for row in reading.rows}
        for row, sent, new in zip(reading.rows, reading.records, placed, strict=True):
            name, identity = id_of(new)
            before, standing = known.get(identity), standings.get(identity)
            if before is None or standing is None:
                outcomes.append("new")
                records.append(new)
                continue
            merged = Merged(new)
            if identity in bases or standing.edited_at is not None:
                merged = merge(before, bases.get(identity), sent, new, file_prevails=file_prevails)
            outcomes.append(_outcome(before, merged, file_prevails=file_prevails))
            records.append(merged.record)
            when = "" if standing.edited_at is None else f" le {day(standing.edited_at.date())}"
            told[row] += [
                _hand_note(Where(reading.file, row, one.path), one, when, replaced=file_prevails)
                for one in merged.held
            ]
            if standing.ceased_on is not None:
                where = Where(reading.file, row, name)
                told[row].append(RowFault(where, "import_still_ceased", {"on": standing.ceased_on}))
        changed = [
            record
            for record, outcome in zip(records, outcomes, strict=True)
            if outcome != "unchanged" and record != known.get(id_of(record)[1])
        ]
        try:
            repository.save_import(
                _TYPES[kind],
                changed,
                sent=placed,
                read={identity: standing.revision for identity, standing in standings.items()},
            )
        except Conflict:
            if tries == _TRIES:
                raise
            standings = repository.standings(_TYPES[kind])
            known = _known(repository, kind)
            continue
        for row, more in told.items():
            notes[row].extend(more)
        return outcomes, records


def _outcome(before: Any, merged: Merged, *, file_prevails: bool) -> Outcome:
    if merged.held and not file_prevails:
        return "merged"
    return "unchanged" if merged.record == before else "replaced"


def _hand_note(where: Where, held: Held, when: str, *, replaced: bool) -> RowFault:
    return RowFault(
        where,
        "import_hand_replaced" if replaced else "import_hand_kept",
        {
            "name": FIELD_NAMES.get(held.path, held.path),
            "ours": said(held.path, held.ours),
            "sent": said(held.path, held.sent),
            "when": when,
        },
    )


def report_faults(reading: Reading[Any], kind: RecordKind) -> ImportReport:
    """
    Report a file of which nothing can be stored.

    Parameters
    ----------
    reading
        With its faults.
    kind
        What the records are.

    Returns
    -------
    ImportReport
        One line per row, those of its tables of lists among them when they are faulty.
    """
    by_place: dict[tuple[str | None, int | str | None], list[RowFault]] = {}
    for fault in reading.faults:
        by_place.setdefault((fault.where.file, fault.where.row), []).append(fault)
    warned: dict[int | str | None, list[RowFault]] = {}
    for warning in reading.warnings:
        warned.setdefault(warning.where.row, []).append(warning)
    rows = [
        ImportRow(
            row if isinstance(row, int) else None,
            reading.ids.get((file, row), "") if isinstance(row, int) else "",
            "refused",
            tuple(faults),
        )
        for (file, row), faults in by_place.items()
    ]
    rows += [
        ImportRow(row, id_of(record)[1], "held", tuple(warned.get(row, ())))
        for row, record in zip(reading.rows, reading.records, strict=True)
        if (reading.file, row) not in by_place
    ]
    rows.sort(key=lambda line: line.row or 0)
    return ImportReport(reading.file, kind, tuple(rows), faults=reading.faults)


def _keep_place(record: Record, before: Record | None) -> Record:
    """Give a record without coordinates those that the registry holds for the same address."""
    if before is None or record.longitude is not None or before.longitude is None:
        return record
    if not record.address or record.address != before.address:
        return record
    return replace(record, longitude=before.longitude, latitude=before.latitude)


def _note_unknown_mams(
    records: Sequence[Any],
    reading: Reading[Any],
    notes: Mapping[int, list[RowFault]],
    repository: Repository,
) -> None:
    known = {mam.mam_id for mam in repository.mams()}
    for row, record in zip(reading.rows, records, strict=True):
        if record.mam_id is not None and record.mam_id not in known:
            where = Where(reading.file, row, "mam_id")
            notes[row].append(RowFault(where, "mam_not_yet_known", {"value": record.mam_id}))


def _place(
    records: Sequence[Any],
    reading: Reading[Any],
    notes: Mapping[int, list[RowFault]],
    geocoder: Geocoder,
    progress: Progress | None,
) -> list[Any]:
    """Find the places of addresses without coordinates, home and work."""
    wanted = [
        (number, prefix, getattr(record, f"{prefix}address"))
        for number, record in enumerate(records)
        for prefix in ("", "work_")
        if getattr(record, f"{prefix}address", None)
        and getattr(record, f"{prefix}longitude") is None
    ]
    placed = list(records)
    for start in range(0, len(wanted), _ADDRESSES_AT_ONCE):
        chunk = wanted[start : start + _ADDRESSES_AT_ONCE]
        found = geocoder.geocode([AddressQuery(address) for _, _, address in chunk])
        for (number, prefix, _), place in zip(chunk, found, strict=True):
            if place.status == "ok":
                placed[number] = replace(
                    placed[number],
                    **{f"{prefix}longitude": place.longitude, f"{prefix}latitude": place.latitude},
                )
            else:
                row = reading.rows[number]
                notes[row].append(_doubt(Where(reading.file, row, f"{prefix}address"), place))
        if progress is not None:
            progress("Adresses", min(start + _ADDRESSES_AT_ONCE, len(wanted)), len(wanted))
    return placed


def _far_from_streets(
    records: Sequence[Any], reading: Reading[Any], engine: TravelTimeEngine
) -> dict[int, list[RowFault]]:
    """Tell, by row, the places farther from every street than travel times reach."""
    import geopandas as gpd

    places = [
        (
            row,
            f"{prefix}latitude",
            getattr(record, f"{prefix}longitude"),
            getattr(record, f"{prefix}latitude"),
        )
        for row, record in zip(reading.rows, records, strict=True)
        for prefix in ("", "work_")
        if getattr(record, f"{prefix}longitude", None) is not None
    ]
    mode = "walk" if "walk" in engine.modes else next(iter(engine.modes), None)
    if not places or mode is None:
        return {}
    _, _, longitudes, latitudes = zip(*places, strict=True)
    points = gpd.GeoSeries.from_xy(longitudes, latitudes, crs=WGS84)
    found: dict[int, list[RowFault]] = {}
    far = engine.left_out(points, mode=mode)
    for number, apart in zip(far.index.tolist(), far["distance_m"], strict=True):
        row, name, *_ = places[number]
        fault = RowFault(
            Where(reading.file, row, name), "import_far_from_streets", {"distance": metres(apart)}
        )
        found.setdefault(row, []).append(fault)
    return found


def _doubt(where: Where, place: Geocoded) -> RowFault:
    if place.status == "review":
        values = {"reason": place.reason, "label": place.label}
        return RowFault(where, "import_address_in_doubt", values)
    return RowFault(where, "import_address_not_found", {"reason": place.reason})
