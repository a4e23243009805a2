"""A whole CSV file of addresses: streamed, on several cores, in order, complete or not at all."""

from __future__ import annotations

import contextlib
import csv
import multiprocessing
import os
import signal
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.files import replacing
from rpe_geo.geocoding.table import AddressColumns, CsvTable, find_columns, open_table
from rpe_geo.protocols import AddressQuery, Geocoded, Geocoder, Progress

__all__ = ["RESULT_COLUMNS", "BatchReport", "OpenGeocoder", "geocode_csv"]

RESULT_COLUMNS = (
    "latitude", "longitude", "result_label", "result_score", "result_type", "result_citycode", "result_postcode",
    "result_housenumber", "result_street", "result_status", "result_reason", "uncertainty_m",
)  # fmt: skip
"""What a geocoded file has after its own columns."""

_CHUNK = 200
_WAITING_PER_PROCESS = 4
_WORTH_PROCESSES = 2_000

OpenGeocoder = Callable[[], Geocoder]
_Query = tuple[str, str | None, str | None]


@dataclass(frozen=True)
class BatchReport:
    """What became of a file: rows, and how many of each status."""

    rows: int
    accepted: int
    review: int
    not_found: int


def geocode_csv(
    source: Path,
    target: Path,
    geocoder: OpenGeocoder,
    *,
    column: str | None = None,
    postcode_column: str | None = None,
    city_column: str | None = None,
    progress: Progress | None = None,
    processes: int | None = None,
) -> BatchReport:
    """
    Geocode every row of a CSV file.

    Parameters
    ----------
    source, target
        The file read and the file written: its columns in their order, then `RESULT_COLUMNS`.
    geocoder
        Opens a geocoder; called once in each process, so it must be picklable: `partial(LocalGeocoder, directory)`.
    column, postcode_column, city_column
        Names of the columns; recognised by the usual names without `column`.
    progress
        Called with "addresses_geocoded", rows done and None.
    processes
        How many; by default as many as there are cores when the file is long enough.

    Returns
    -------
    BatchReport
        Rows by status.

    Raises
    ------
    InvalidFile
        The file is missing, empty, no CSV, or lacks a column; nothing is written then.
    InvalidRecord
        A row has more cells than the header.
    """
    table = open_table(source)
    columns = find_columns(
        table, column=column, postcode_column=postcode_column, city_column=city_column
    )
    if not target.parent.is_dir():
        raise InvalidFile(
            "geocode_folder_missing", where=Where(file=str(target)), folder=str(target.parent)
        )
    counts: Counter[str] = Counter()
    separator = table.separator if table.separator.isprintable() or table.separator == "\t" else ","
    with (
        replacing(target) as fresh,
        fresh.open("w", encoding="utf-8", newline="") as stream,
    ):
        writer = csv.writer(stream, delimiter=separator, lineterminator="\n")
        writer.writerow([*table.header, *RESULT_COLUMNS])
        done = 0
        for rows, answers in _geocode_chunks(table, columns, geocoder, processes):
            writer.writerows([*row, *answer] for row, answer in zip(rows, answers, strict=True))
            counts.update(answer[_STATUS] for answer in answers)
            done += len(rows)
            if progress:
                progress("addresses_geocoded", done, None)
    return BatchReport(sum(counts.values()), counts["ok"], counts["review"], counts["not-found"])


_STATUS = RESULT_COLUMNS.index("result_status")


def _geocode_chunks(
    table: CsvTable, columns: AddressColumns, geocoder: OpenGeocoder, processes: int | None
) -> Iterator[tuple[list[list[str]], list[list[str]]]]:
    """Geocode chunk after chunk, in order; several at a time where the file is long enough."""
    chunks = iter(lambda: list(islice(table.rows, _CHUNK)), [])
    ahead = list(islice(chunks, _WORTH_PROCESSES // _CHUNK))
    wanted = processes or os.cpu_count() or 1
    few = len(ahead) < _WORTH_PROCESSES // _CHUNK
    if wanted == 1 or (few and processes is None):
        opened = geocoder()
        try:
            for rows in (*ahead, *chunks):
                yield rows, _answers(opened, [_query(row, columns) for row in rows])
        finally:
            _close(opened)
        return
    yield from _in_processes(_chain(ahead, chunks), columns, geocoder, wanted)


def _chain(
    ahead: Sequence[list[list[str]]], chunks: Iterator[list[list[str]]]
) -> Iterator[list[list[str]]]:
    yield from ahead
    yield from chunks


def _in_processes(
    chunks: Iterator[list[list[str]]],
    columns: AddressColumns,
    geocoder: OpenGeocoder,
    processes: int,
) -> Iterator[tuple[list[list[str]], list[list[str]]]]:
    """Keep a few chunks under way in each process, and give them back in order."""
    pool = ProcessPoolExecutor(
        processes,
        multiprocessing.get_context("spawn"),
        initializer=_open_in_process,
        initargs=(geocoder,),
    )
    waiting: deque[tuple[list[list[str]], Future[list[list[str]]]]] = deque()
    try:
        for rows in chunks:
            queries = [_query(row, columns) for row in rows]
            waiting.append((rows, pool.submit(_answers_in_process, queries)))
            if len(waiting) >= processes * _WAITING_PER_PROCESS:
                done, future = waiting.popleft()
                yield done, future.result()
        while waiting:
            done, future = waiting.popleft()
            yield done, future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_process_geocoder: list[Geocoder] = []


def _open_in_process(geocoder: OpenGeocoder) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted, and ends us
    _process_geocoder.append(geocoder())


def _answers_in_process(queries: list[_Query]) -> list[list[str]]:
    return _answers(_process_geocoder[0], queries)


def _query(row: Sequence[str], columns: AddressColumns) -> _Query:
    postcode = row[columns.postcode] if columns.postcode is not None else None
    city = row[columns.city] if columns.city is not None else None
    return row[columns.address], postcode, city


def _answers(geocoder: Geocoder, queries: list[_Query]) -> list[list[str]]:
    found = geocoder.geocode([AddressQuery(*query) for query in queries])
    return [_cells(answer) for answer in found]


def _cells(answer: Geocoded) -> list[str]:
    """Write an answer as cells, in the order of `RESULT_COLUMNS`; what is not known stays empty."""
    placed = answer.status != "not-found"
    return [
        f"{answer.latitude:.7f}" if placed and answer.latitude is not None else "",
        f"{answer.longitude:.7f}" if placed and answer.longitude is not None else "",
        answer.label,
        f"{answer.score:.4f}",
        answer.level or "",
        answer.code_commune,
        answer.code_postal,
        answer.housenumber,
        answer.street,
        answer.status,
        answer.reason,
        "" if answer.uncertainty_m is None else f"{answer.uncertainty_m:.0f}",
    ]


def _close(geocoder: Geocoder) -> None:
    """Close what was opened here; a geocoder without `close` has nothing to close."""
    with contextlib.suppress(AttributeError):
        geocoder.close()  # type: ignore[attr-defined]
