"""Building the index: open address files in, one SQLite file and one text index out, complete or not at all."""

from __future__ import annotations

import json
import math
import secrets
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path

import tantivy

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.files import replacing, replacing_folder
from rpe_geo.geocoding.address_rows import AddressRow, AddressSource
from rpe_geo.geocoding.cog import OfficialList, read_cog
from rpe_geo.geocoding.house_numbers import suffix_word
from rpe_geo.geocoding.normalize import phonetic, words
from rpe_geo.geocoding.numbers import Plate, metres, pack_plates
from rpe_geo.geocoding.sources import read_addresses
from rpe_geo.geocoding.street_names import StreetName, read_street_name
from rpe_geo.messages import phrase
from rpe_geo.protocols import Progress

__all__ = ["FORMAT", "MANIFEST", "IndexReport", "SourceReport", "build_index"]

FORMAT = 2
"""Version of the index's tables; an older index is rebuilt, never read."""

MANIFEST = "index.json"
"""The file that says which index is complete; replacing it is what makes a new index the current one."""

_PROGRESS_EVERY = 20_000
_FREQUENT_WORD = 2
_FEW_ADDRESSES = 50
_MANY_KEYS_A_STREET = 1.5

_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE communes (
    id INTEGER PRIMARY KEY, code TEXT NOT NULL, name TEXT NOT NULL, parent TEXT NOT NULL, arrondissement INTEGER NOT NULL,
    streets INTEGER NOT NULL, population INTEGER NOT NULL, longitude REAL, latitude REAL, radius_m REAL);
CREATE TABLE commune_names (key TEXT NOT NULL, commune INTEGER NOT NULL, old INTEGER NOT NULL);
CREATE TABLE commune_postcodes (postcode TEXT NOT NULL, commune INTEGER NOT NULL);
CREATE TABLE streets (
    id INTEGER PRIMARY KEY, commune INTEGER NOT NULL, name TEXT NOT NULL, postcode TEXT NOT NULL, old_city TEXT NOT NULL,
    longitude REAL NOT NULL, latitude REAL NOT NULL, radius_m REAL NOT NULL, plates BLOB NOT NULL);
CREATE TABLE street_keys (
    commune INTEGER NOT NULL, street INTEGER NOT NULL, kind TEXT NOT NULL, core TEXT NOT NULL, full TEXT NOT NULL,
    sound TEXT NOT NULL, old TEXT NOT NULL, postcode TEXT NOT NULL);
CREATE TABLE suffixes (id INTEGER PRIMARY KEY, suffix TEXT NOT NULL);
CREATE TABLE frequent_words (word TEXT PRIMARY KEY, streets INTEGER NOT NULL) WITHOUT ROWID;
CREATE VIRTUAL TABLE street_boxes USING rtree(street, west, east, south, north);
"""
_INDEXES = """
CREATE INDEX street_keys_commune ON street_keys (commune);
CREATE INDEX street_keys_core ON street_keys (core);
"""


@dataclass(frozen=True)
class SourceReport:
    """
    One file of an index.

    Parameters
    ----------
    format, licence, published
        As recognised; the date of the file if known.
    rows, kept
        Rows read and kept.
    mended
        Code of what was mended, or found odd and kept → rows.
    """

    file: str
    format: str
    licence: str
    published: date | None
    rows: int
    kept: int
    mended: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class IndexReport:
    """
    What an index holds.

    Parameters
    ----------
    addresses, streets, communes
        Counts of what can be found: numbers, street names, communes having any.
    rejected
        Reason code → rows left out, over all files.
    sources
        Each file with its format, licence and date.
    """

    addresses: int
    streets: int
    communes: int
    rejected: dict[str, int]
    sources: tuple[SourceReport, ...]


@dataclass(eq=False)
class _Street:
    """A street being gathered."""

    name: str
    code: str
    city: str
    postcode: str
    old_city: str
    alias: str = ""
    plates: list[Plate] = field(default_factory=list)
    bare: list[tuple[float, float]] = field(default_factory=list)

    @cached_property
    def points(self) -> list[tuple[float, float]]:
        """Where its addresses are, or the street itself when none has a number."""
        return [(plate.longitude, plate.latitude) for plate in self.plates] or self.bare

    @cached_property
    def middle(self) -> tuple[float, float, float]:
        """The address nearest to its middle, and the radius in metres that holds 95 % of the others."""
        return _spread(self.points)


def build_index(
    files: Sequence[Path],
    directory: Path,
    *,
    cog: Path | None = None,
    codes: Sequence[str] = (),
    progress: Progress | None = None,
) -> IndexReport:
    """
    Build the index of a territory's addresses.

    Parameters
    ----------
    files
        BAN or BANO files, recognised by themselves, plain or gzipped.
    directory
        Where the index lives; an index already there is replaced only when the new one is complete.
    cog
        The official list of communes: old codes and names become aliases, and communes outside are known as such.
    codes
        Only these communes (« 34172 ») or départements (« 34 »); empty for all.
    progress
        Called with what is being done and how many addresses were read.

    Returns
    -------
    IndexReport
        Counts, rejected rows with their reasons, and sources.

    Raises
    ------
    InvalidFile
        A file is missing, empty, damaged or of another format, or nothing usable is in it.
    """
    official = read_cog(cog) if cog else OfficialList({}, {})
    streets: dict[tuple[str, ...], _Street] = {}
    places: dict[tuple[str, ...], _Street] = {}
    sources: list[AddressSource] = []
    reports: list[SourceReport] = []
    wanted = tuple(codes)
    addresses = 0
    elsewhere: Counter[str] = Counter()
    for path in files:
        source, rows = read_addresses(path)
        sources.append(source)
        before = addresses
        own: dict[tuple[str, ...], _Street] = {}
        for row in rows:
            code = official.present(row.code_commune)
            if wanted and not (code.startswith(wanted) or row.code_commune.startswith(wanted)):
                elsewhere[row.code_commune] += 1
                continue
            addresses += 1
            _gather(row, code, official, own, places)
            if progress and addresses % _PROGRESS_EVERY == 0:
                progress("addresses_read", addresses, None)
        _check_identity(own, source)
        for key, street in _united(own, source).items():
            known = streets.setdefault(key, street)
            if known is not street:
                known.plates.extend(street.plates)
                known.bare.extend(street.bare)
        reports.append(_report_source(source, addresses - before))
        if not elsewhere and addresses == before:
            raise _nothing_usable(source)
    if not streets and not places:
        names = ", ".join(code for code, _ in elsewhere.most_common(5))
        raise InvalidFile(
            "addresses_none",
            where=Where(file=", ".join(str(path) for path in files)),
            codes=list(codes),
            found=names,
        )
    if progress:
        progress("addresses_read", addresses, addresses)
    streets |= {key: place for key, place in places.items() if key not in streets}
    rejected = sum((source.rejected for source in sources), Counter[str]())
    return _write(
        directory, official, list(streets.values()), addresses, rejected, reports, progress
    )


def _nothing_usable(source: AddressSource) -> InvalidFile:
    """Say why no row of a file can be used."""
    reasons = ", ".join(
        f"{phrase(f'addresses_rejected_{code}')} ({count})"
        for code, count in source.rejected.most_common()
    )
    where = Where(file=str(source.path))
    if not source.rows:
        return InvalidFile("addresses_no_row", where=where)
    return InvalidFile("addresses_unusable", where=where, rows=source.rows, reasons=reasons)


def _check_identity(streets: dict[tuple[str, ...], _Street], source: AddressSource) -> None:
    """Say where keys do not tell streets: almost every address has one of its own."""
    numbered = sum(len(street.plates) for street in streets.values())
    by_name = len({(*key[:3], key[4]) for key in streets})
    several = numbered > _FEW_ADDRESSES
    if len(streets) > by_name * _MANY_KEYS_A_STREET and len(streets) > numbered / 2:
        source.mended["ids_not_streets"] = numbered
    elif several and by_name > numbered / 2:
        source.mended["streets_like_addresses"] = by_name


def _united(
    streets: dict[tuple[str, ...], _Street], source: AddressSource
) -> dict[tuple[str, ...], _Street]:
    """Unite streets by their names where their keys tell nothing."""
    if "ids_not_streets" not in source.mended:
        return streets
    united: dict[tuple[str, ...], _Street] = {}
    for (code, name, postcode, _, old), street in streets.items():
        known = united.setdefault((code, name, postcode, "", old), street)
        if known is not street:
            known.plates.extend(street.plates)
            known.bare.extend(street.bare)
    return united


def _report_source(source: AddressSource, kept: int) -> SourceReport:
    return SourceReport(
        file=str(source.path),
        format=source.format,
        licence=source.licence,
        published=source.published,
        rows=source.rows,
        kept=kept,
        mended={
            code: count
            for code, count in source.mended.items()
            if code != "rounded_coordinates"
            or count > kept / 2  # a round figure now and then is chance
        },
    )


def _gather(
    row: AddressRow,
    code: str,
    official: OfficialList,
    streets: dict[tuple[str, ...], _Street],
    places: dict[tuple[str, ...], _Street],
) -> None:
    """Put one address on its street, and its lieu-dit among the places."""
    present = official.communes.get(code)
    postcode = row.code_postal
    if not postcode and present and len(present.postcodes) == 1:
        postcode = present.postcodes[0]  # a BAL has none
    key = (code, row.street, postcode, row.street_id, row.old_city)
    street = streets.get(key)
    if street is None:
        city = present.name if present else row.city
        old = row.old_city or (row.city if row.city != city else "")
        street = streets[key] = _Street(row.street, code, city, postcode, old, row.alias)
    if row.number:
        street.plates.append(
            Plate(row.number, suffix_word(row.suffix), row.longitude, row.latitude, row.position)
        )
    else:
        street.bare.append((row.longitude, row.latitude))
    if row.locality and row.locality != row.street:
        at = (code, row.locality, postcode, "", row.old_city)
        place = places.get(at)
        if place is None:
            place = places[at] = _Street(row.locality, code, street.city, postcode, street.old_city)
        place.bare.append((row.longitude, row.latitude))


def _write(
    directory: Path,
    official: OfficialList,
    streets: list[_Street],
    addresses: int,
    rejected: Counter[str],
    sources: list[SourceReport],
    progress: Progress | None,
) -> IndexReport:
    """Write everything beside the current index, then make it the current one in a single step."""
    directory.mkdir(parents=True, exist_ok=True)
    version = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    finished = directory / f"index-{version}"
    with replacing_folder(finished) as building:
        communes = _write_tables(building / "addresses.sqlite", official, streets, progress)
    report = IndexReport(addresses, len(streets), communes, dict(rejected), tuple(sources))
    _point_to(directory, finished.name, report)
    for old in directory.glob("index-*"):
        if old != finished:
            shutil.rmtree(old, ignore_errors=True)
    return report


def _point_to(directory: Path, folder: str, report: IndexReport) -> None:
    """Name the complete index: readers open what the manifest says."""
    described = {
        "format": FORMAT,
        "folder": folder,
        "addresses": report.addresses,
        "streets": report.streets,
        "communes": report.communes,
        "rejected": report.rejected,
        "sources": [
            {
                **source.__dict__,
                "published": source.published.isoformat() if source.published else None,
            }
            for source in report.sources
        ],
    }
    with replacing(directory / MANIFEST) as fresh:
        fresh.write_text(json.dumps(described, ensure_ascii=False, indent=1), encoding="utf-8")


def _write_tables(
    path: Path, official: OfficialList, streets: list[_Street], progress: Progress | None
) -> int:
    """Fill the SQLite file and the text index; return how many communes have addresses."""
    database = sqlite3.connect(path, isolation_level=None)
    try:
        database.executescript(_SCHEMA)
        database.execute("BEGIN")
        communes = _commune_rows(official, streets)
        ids = {code: number for number, code in enumerate(communes, 1)}
        _write_communes(database, communes, ids)
        _write_streets(database, path.parent / "text", communes, ids, streets, progress)
        database.execute("COMMIT")
        database.executescript(_INDEXES)
    finally:
        database.close()
    return sum(1 for commune in communes.values() if commune.streets)


@dataclass
class _Commune:
    """A commune being gathered; without streets it is only known to lie outside."""

    name: str
    parent: str
    population: int
    postcodes: set[str]
    old_names: set[str]
    streets: int = 0
    points: list[tuple[float, float]] = field(default_factory=list)


def _commune_rows(official: OfficialList, streets: Iterable[_Street]) -> dict[str, _Commune]:
    divided = {known.parent for known in official.communes.values()}
    communes = {
        code: _Commune(
            known.name, known.parent, known.population, set(known.postcodes), set(known.old_names)
        )
        for code, known in official.communes.items()
        if code not in divided  # Paris is its arrondissements
    }
    for street in streets:
        commune = communes.get(street.code)
        if commune is None:
            commune = communes[street.code] = _Commune(
                street.city, _parent(street.code), 0, set(), set()
            )
        commune.streets += 1
        if street.postcode:
            commune.postcodes.add(street.postcode)
        if street.old_city:
            commune.old_names.add(street.old_city)
        commune.points.append(street.middle[:2])
    return communes


def _parent(code: str) -> str:
    """Name the city of an arrondissement by its code: 75112 → 75056."""
    if "75101" <= code <= "75120":
        return "75056"
    if "13201" <= code <= "13216":
        return "13055"
    return "69123" if "69381" <= code <= "69389" else ""


def _write_communes(
    database: sqlite3.Connection, communes: dict[str, _Commune], ids: dict[str, int]
) -> None:
    for code, commune in communes.items():
        number = ids[code]
        arrondissement = (
            int(code[-2:]) - (80 if code.startswith("6938") else 0) if commune.parent else 0
        )
        keys = _name_keys(commune.name, arrondissement=bool(commune.parent))
        longitude, latitude, radius = (
            _spread(commune.points) if commune.points else (None, None, None)
        )
        database.execute(
            "INSERT INTO communes VALUES (?,?,?,?,?,?,?,?,?,?)",
            (number, code, commune.name, commune.parent, arrondissement, commune.streets, commune.population,
             longitude, latitude, radius),
        )  # fmt: skip
        names = {(key, 0) for key in keys}
        for old in commune.old_names:
            names |= {(key, 1) for key in _name_keys(old, arrondissement=False) if key not in keys}
        database.executemany(
            "INSERT INTO commune_names VALUES (?,?,?)", ((k, number, o) for k, o in sorted(names))
        )
        database.executemany(
            "INSERT INTO commune_postcodes VALUES (?,?)",
            ((p, number) for p in sorted(commune.postcodes)),
        )


def _name_keys(name: str, *, arrondissement: bool) -> set[str]:
    """Write the ways a commune's name is looked up: its plain words; Paris for its arrondissements."""
    plain = words(name)
    if arrondissement:
        plain = plain[:1]
    return {" ".join(plain)}


def _spread(points: list[tuple[float, float]]) -> tuple[float, float, float]:
    """Choose the point nearest to the middle of the box around points; radius holding 95 % of them, in metres."""
    if len(points) == 1:
        return (*points[0], 0.0)
    xs = [point[0] for point in points]
    ys = [point[1] for point in points]
    middle = ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
    centre = min(points, key=lambda point: metres(*middle, *point))
    distances = sorted(metres(*centre, *point) for point in points)
    return (*centre, distances[math.ceil(0.95 * len(distances)) - 1])


def _write_streets(
    database: sqlite3.Connection,
    text_directory: Path,
    communes: dict[str, _Commune],
    ids: dict[str, int],
    streets: list[_Street],
    progress: Progress | None,
) -> None:
    text_directory.mkdir()
    schema = (
        tantivy.SchemaBuilder()
        .add_unsigned_field("street", stored=True, indexed=False, fast=True)
        .add_text_field("name", tokenizer_name="whitespace", index_option="freq")
        .add_text_field("city", tokenizer_name="whitespace", index_option="freq")
        .build()
    )
    writer = tantivy.Index(schema, path=str(text_directory)).writer(
        heap_size=30_000_000, num_threads=1
    )
    frequency: Counter[str] = Counter()
    suffixes: dict[str, int] = {"": 0}
    streets.sort(key=lambda street: (street.code, street.name, street.postcode))
    for number, street in enumerate(streets, 1):
        commune = communes[street.code]
        name = read_street_name(street.name)
        _write_street(database, number, ids[street.code], street, name, suffixes)
        frequency.update(set(name.core))
        city = " ".join([*words(commune.name), *words(street.old_city), street.postcode])
        document = tantivy.Document(name=" ".join([*name.kind.split(), *name.full]), city=city)
        document.add_unsigned("street", number)
        writer.add_document(document)
        if progress and number % 5_000 == 0:
            progress("addresses_indexed", number, len(streets))
    for commune in communes.values():
        if commune.streets:
            frequency.update(dict.fromkeys(words(commune.name), _FREQUENT_WORD))
    database.executemany(
        "INSERT INTO frequent_words VALUES (?,?)",
        ((word, count) for word, count in sorted(frequency.items()) if count >= _FREQUENT_WORD),
    )
    database.executemany(
        "INSERT INTO suffixes VALUES (?,?)", ((at, suffix) for suffix, at in suffixes.items())
    )
    writer.commit()
    writer.wait_merging_threads()
    if progress:
        progress("addresses_indexed", len(streets), len(streets))


def _write_street(
    database: sqlite3.Connection,
    number: int,
    commune: int,
    street: _Street,
    name: StreetName,
    suffixes: dict[str, int],
) -> None:
    longitude, latitude, radius = street.middle
    database.execute(
        "INSERT INTO streets VALUES (?,?,?,?,?,?,?,?,?)",
        (number, commune, street.name, street.postcode, street.old_city, longitude, latitude, radius,
         pack_plates(street.plates, suffixes)),
    )  # fmt: skip
    known = [name]
    if street.alias:
        alias = read_street_name(street.alias)
        if alias.core != name.core:
            known.append(alias)
    for key in known:
        sound = " ".join(phonetic(word) for word in key.core)
        database.execute(
            "INSERT INTO street_keys VALUES (?,?,?,?,?,?,?,?)",
            (
                commune,
                number,
                key.kind,
                key.key,
                " ".join(key.full),
                sound,
                " ".join(words(street.old_city)),
                street.postcode,
            ),
        )
    xs = [point[0] for point in street.points]
    ys = [point[1] for point in street.points]
    database.execute(
        "INSERT INTO street_boxes VALUES (?,?,?,?,?)", (number, min(xs), max(xs), min(ys), max(ys))
    )
