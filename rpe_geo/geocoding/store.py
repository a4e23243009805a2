"""An index opened for reading: communes and names in memory, streets by commune as they are asked for."""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from cachetools import LRUCache

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.geocoding.index import FORMAT, MANIFEST
from rpe_geo.geocoding.numbers import Plates

__all__ = ["AddressStore", "Commune", "Street", "StreetEntry", "StreetPool", "postal_departement"]

_STREETS_IN_MEMORY = 60_000


class Commune(NamedTuple):
    """A commune; one without streets is known only to lie outside the territory."""

    id: int
    code: str
    name: str
    parent: str
    arrondissement: int
    streets: int
    population: int

    @property
    def city(self) -> str:
        """The name as written on an envelope: Paris, not Paris 12e Arrondissement."""
        return self.name.split(" ")[0] if self.parent else self.name


class StreetEntry(NamedTuple):
    """A name of a street, as it is compared."""

    street: int
    kind: str
    core: str
    full: str
    sound: str
    old_city: str
    postcode: str
    commune: int


@dataclass(frozen=True, slots=True)
class Street:
    """A street with its published name, place (EPSG:4326) and numbers."""

    id: int
    commune: int
    name: str
    postcode: str
    old_city: str
    longitude: float
    latitude: float
    radius_m: float
    plates: Plates


class StreetPool:
    """The streets of one commune, ready to be searched."""

    __slots__ = ("by_core", "by_sound", "cores", "entries")

    def __init__(self, entries: list[StreetEntry]) -> None:
        self.entries = entries
        self.cores = [entry.core for entry in entries]
        self.by_core: dict[str, list[int]] = {}
        self.by_sound: dict[str, list[int]] = {}
        for index, entry in enumerate(entries):
            self.by_core.setdefault(entry.core, []).append(index)
            self.by_sound.setdefault(entry.sound, []).append(index)


class AddressStore:
    """
    The tables of a finished index.

    Parameters
    ----------
    directory
        Where `build_index` wrote.

    Raises
    ------
    InvalidFile
        No complete index there, or one of another version.
    """

    def __init__(self, directory: Path) -> None:
        self.manifest = _read_manifest(directory)
        folder = directory / self.manifest["folder"]
        self.text_directory = folder / "text"
        path = folder / "addresses.sqlite"
        if not path.is_file():
            raise InvalidFile("geocoding_index_missing", where=Where(file=str(directory)))
        self._database = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        self.communes: dict[int, Commune] = {
            row[0]: Commune(*row)
            for row in self._database.execute(
                "SELECT id, code, name, parent, arrondissement, streets, population FROM communes"
            )
        }
        self.by_name: dict[str, list[int]] = {}
        for key, commune, _ in self._database.execute(
            "SELECT key, commune, old FROM commune_names ORDER BY old"
        ):
            self.by_name.setdefault(key, []).append(commune)
        self.by_postcode: dict[str, list[int]] = {}
        for postcode, commune in self._database.execute(
            "SELECT postcode, commune FROM commune_postcodes"
        ):
            self.by_postcode.setdefault(postcode, []).append(commune)
        self._names = sorted(self.by_name)
        self.names_of: dict[int, list[str]] = {}
        for key, communes in self.by_name.items():
            for commune in communes:
                self.names_of.setdefault(commune, []).append(key)
        self._suffixes = [
            row[0] for row in self._database.execute("SELECT suffix FROM suffixes ORDER BY id")
        ]
        self.frequent = frozenset(
            row[0] for row in self._database.execute("SELECT word FROM frequent_words")
        )
        self.places_called_chez = self._places_called_chez()
        self.covered = frozenset(
            number for number, commune in self.communes.items() if commune.streets
        )
        self.departements = frozenset(
            postal_departement(self.communes[number].code) for number in self.covered
        )
        self.without_postcode = self.covered.difference(
            *(communes for communes in self.by_postcode.values())
        )
        """Communes whose files give no postcode."""
        self.covered_postcodes = frozenset(
            postcode
            for postcode, communes in self.by_postcode.items()
            if any(commune in self.covered for commune in communes)
        )
        self.knows_france = any(not commune.streets for commune in self.communes.values())
        # A commune larger than what is kept counts as all of it: it is kept alone.
        self._pools: LRUCache[int, StreetPool] = LRUCache(
            _STREETS_IN_MEMORY,
            getsizeof=lambda pool: min(len(pool.entries), _STREETS_IN_MEMORY),
        )

    def close(self) -> None:
        """Close the database."""
        self._database.close()
        self._pools.clear()

    def _places_called_chez(self) -> frozenset[tuple[str, ...]]:
        """Read the names that sound like an occupant, « Chez Jarry », « Chemin de chez Jarry », from « chez » on."""
        names = self._database.execute(
            "SELECT DISTINCT full FROM street_keys WHERE ' ' || full LIKE '% chez _%'"
        )
        found = (row[0].split(" ") for row in names)
        return frozenset(tuple(words[words.index("chez") :]) for words in found)

    def names_beginning(self, words: str) -> list[str]:
        """List the names of communes, old ones too, that go on after these plain words."""
        beginning = words + " "
        start = bisect_left(self._names, beginning)
        end = bisect_left(self._names, beginning + "\uffff")
        return self._names[start:end]

    def pool(self, commune: int) -> StreetPool:
        """Return the streets of a commune, keeping the most recently asked for in memory."""
        found = self._pools.get(commune)
        if found is not None:
            return found
        rows = self._database.execute(
            "SELECT street, kind, core, full, sound, old, postcode, commune FROM street_keys WHERE commune = ?",
            (commune,),
        )
        found = StreetPool([StreetEntry(*row) for row in rows])
        self._pools[commune] = found
        return found

    def has_old_city(self, commune: int, name: str) -> bool:
        """Tell whether some street of a commune is published under this old commune (plain words)."""
        return any(entry.old_city == name for entry in self.pool(commune).entries)

    def is_only_one(self, entry: StreetEntry) -> bool:
        """Tell whether no other commune of the territory has a street of this name."""
        communes = self._database.execute(
            "SELECT DISTINCT commune FROM street_keys WHERE core = ? LIMIT 2", (entry.core,)
        ).fetchall()
        return len(communes) == 1

    def street(self, number: int) -> Street:
        """Read a street with its numbers."""
        row = self._database.execute(
            "SELECT id, commune, name, postcode, old_city, longitude, latitude, radius_m, plates "
            "FROM streets WHERE id = ?",
            (number,),
        ).fetchone()
        return Street(
            id=row[0],
            commune=row[1],
            name=row[2],
            postcode=row[3],
            old_city=row[4],
            longitude=row[5],
            latitude=row[6],
            radius_m=row[7],
            plates=Plates(row[8], self._suffixes),
        )

    def entry(self, street: int) -> StreetEntry:
        """Read the name of one street as it is compared."""
        row = self._database.execute(
            "SELECT commune FROM streets WHERE id = ?", (street,)
        ).fetchone()
        pool = self.pool(row[0])
        return next(entry for entry in pool.entries if entry.street == street)

    def commune_place(self, commune: int) -> tuple[float, float, float]:
        """Return the middle of a commune's streets (EPSG:4326) and the radius that holds 95 % of them, in metres."""
        longitude, latitude, radius = self._database.execute(
            "SELECT longitude, latitude, radius_m FROM communes WHERE id = ?", (commune,)
        ).fetchone()
        return longitude, latitude, radius

    def streets_near(self, longitude: float, latitude: float, degrees: float) -> list[int]:
        """List the streets whose box comes within some degrees of a point."""
        return [
            row[0]
            for row in self._database.execute(
                "SELECT street FROM street_boxes WHERE east >= ? AND west <= ? AND north >= ? AND south <= ?",
                (longitude - degrees, longitude + degrees, latitude - degrees, latitude + degrees),
            )
        ]


@lru_cache(maxsize=4096)
def postal_departement(code: str) -> str:
    """Name the département of a postcode or a commune code as postcodes write it: Corsica is 20."""
    if code.startswith("97"):
        return code[:3]
    return "20" if code[:2] in {"2A", "2B"} else code[:2]


def _read_manifest(directory: Path) -> dict[str, Any]:
    where = Where(file=str(directory))
    try:
        manifest: dict[str, Any] = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise InvalidFile("geocoding_index_missing", where=where) from fault
    if manifest.get("format") != FORMAT:
        raise InvalidFile("geocoding_index_outdated", where=where)
    return manifest
