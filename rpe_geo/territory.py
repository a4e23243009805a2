"""
A territory on disk: built once from open data, opened in well under a second.

```
T/territory.json      what it holds, its sources, licences and dates
T/streets/            one street network per mode, as memory-mapped arrays
T/addresses/          the address index
T/transit/            the public-transport feed
T/communes.parquet    communes with their contours (EPSG:4326)
T/facilities.json     crèches and other places, in the registry's format
T/tables/             births, places and rates for the observatory, when it was fetched
```

A territory is built in a hidden sibling folder and renamed when complete: an interrupted build leaves nothing that
looks finished, and an older territory stays in place until the new one is ready.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa

from rpe_geo.errors import InputError, InvalidFile, Where
from rpe_geo.files import reading_file, replacing_folder
from rpe_geo.observatory.results import Note
from rpe_geo.protocols import Progress

if TYPE_CHECKING:
    from rpe_geo.formats.records import Reading

__all__ = ["Source", "Territory", "TerritoryInputs", "build_territory"]

FORMAT = 1
_MANIFEST = "territory.json"
_COMMUNE_COLUMNS = {
    "code": "code_commune",
    "nom": "name",
    "departement": "departement",
    "epci": "epci",
    "epci_nom": "epci_name",
    "population": "population",
    "enfants_0_2_proxy": "children",
    "centroid_lon": "longitude",
    "centroid_lat": "latitude",
}

# What a file of each role is when nothing beside it says better.
_USUAL_SOURCE = {
    "streets": ("© OpenStreetMap contributors", "ODbL 1.0"),
    "communes": ("INSEE, CNAF, DREES", "Licence Ouverte 2.0"),
    "contours": ("IGN", "Licence Ouverte 2.0"),
    "cog": ("INSEE, La Poste", "Licence Ouverte 2.0"),
    "transit": ("non indiqué", "non indiquée"),
    "facilities": ("non indiqué", "non indiquée"),
    "BAN": ("Base Adresse Nationale (IGN, communes)", "Licence Ouverte 2.0"),
    "BAN lieux-dits": ("Base Adresse Nationale (IGN, communes)", "Licence Ouverte 2.0"),
    "BAN addok": ("Base Adresse Nationale (IGN, communes)", "Licence Ouverte 2.0"),
    "BAL": ("Base Adresse Locale (communes)", "Licence Ouverte 2.0"),
    "GeoJSON": ("non indiqué", "non indiquée"),
    "BANO": ("BANO, © OpenStreetMap contributors", "ODbL 1.0"),
}


@dataclass(frozen=True)
class Source:
    """A file that a territory was built from, and what must be cited with every result."""

    role: str
    file: str
    producer: str
    licence: str
    date: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class TerritoryInputs:
    """The open-data files of a territory; everything is optional, something must be given."""

    streets: Path | None = None
    addresses: Sequence[Path] = ()
    communes: Path | None = None
    contours: Path | None = None
    cog: Path | None = None
    gtfs: Path | Sequence[Path] | None = None
    facilities: Path | None = None
    codes: Sequence[str] = field(default=())
    columns: Sequence[str] = ()
    tables: Path | None = None
    fetched: Mapping[str, Any] | None = None
    contours_layer: str | None = None
    crs: str | None = None

    def files(self) -> list[tuple[str, Path]]:
        """List what is given as (role, file)."""
        named = {
            "streets": self.streets,
            "communes": self.communes,
            "contours": self.contours,
            "cog": self.cog,
            "facilities": self.facilities,
        }
        given = [(role, path) for role, path in named.items() if path is not None]
        given += [("transit", path) for path in self.feeds]
        return given + [("addresses", path) for path in self.addresses]

    @property
    def feeds(self) -> tuple[Path, ...]:
        """The public-transport feeds, none, one or several."""
        if self.gtfs is None:
            return ()
        return (self.gtfs,) if isinstance(self.gtfs, Path) else tuple(self.gtfs)


@dataclass(frozen=True)
class Territory:
    """
    An opened territory.

    Parameters
    ----------
    directory
        Its folder.
    manifest
        What `territory.json` says: `built_at`, `contents`, `sources`.
    """

    directory: Path
    manifest: dict[str, Any]

    @classmethod
    def open(cls, directory: Path) -> Territory:
        """
        Open a territory; only its manifest is read.

        Parameters
        ----------
        directory
            A folder made by `build_territory`.

        Returns
        -------
        Territory
            Ready to name its parts.

        Raises
        ------
        InputError
            When the folder is not a territory, or of a format that this version does not read.
        """
        try:
            manifest = json.loads((directory / _MANIFEST).read_text(encoding="utf-8"))
        except (OSError, json.JSONDecodeError):
            raise InputError("territory_missing", directory=str(directory)) from None
        if manifest.get("format") != FORMAT:
            raise InputError(
                "territory_format",
                directory=str(directory),
                found=manifest.get("format"),
                expected=FORMAT,
            )
        return cls(directory, manifest)

    @property
    def identity(self) -> str:
        """A name that stays when its folder is renamed or it is built again in its place."""
        named: str | None = self.manifest.get("identity")
        if named:
            return named
        # Built before territories had an identity: what it was built from names it.
        sources = json.dumps(self.manifest["sources"], sort_keys=True)
        return hashlib.sha256(sources.encode()).hexdigest()[:32]

    @property
    def contents(self) -> dict[str, dict[str, Any]]:
        """What it holds: part name to figures."""
        contents: dict[str, dict[str, Any]] = self.manifest["contents"]
        return contents

    @property
    def sources(self) -> list[Source]:
        """Where it comes from."""
        return [Source(**source) for source in self.manifest["sources"]]

    @property
    def tables(self) -> Path | None:
        """Folder of the observatory's tables, when it was fetched with them."""
        return self.directory / "tables" if "tables" in self.contents else None

    @property
    def attribution(self) -> str:
        """The producers to cite on every map and result, each once."""
        return " · ".join(dict.fromkeys(source.producer for source in self.sources))

    @property
    def streets(self) -> Path:
        """Folder of the street networks."""
        return self._part("streets", "de rues", "--streets")

    @property
    def addresses(self) -> Path:
        """Folder of the address index."""
        return self._part("addresses", "d’adresses", "--addresses")

    @property
    def transit(self) -> Path | None:
        """Folder of the public-transport feed, when there is one."""
        return self.directory / "transit" if "transit" in self.contents else None

    @property
    def facilities(self) -> Path | None:
        """File of the facilities, when there are some."""
        return self.directory / "facilities.json" if "facilities" in self.contents else None

    @cached_property
    def communes(self) -> gpd.GeoDataFrame:
        """Communes indexed by code: name, epci, population, children, geometry (EPSG:4326); empty when not given."""
        path = self.directory / "communes.parquet"
        if not path.exists():
            return gpd.GeoDataFrame({"name": []}, geometry=gpd.GeoSeries([], crs=4326))
        return gpd.read_parquet(path).set_index("code_commune")

    def drawn_ground(
        self, bounds: tuple[float, float, float, float]
    ) -> tuple[gpd.GeoDataFrame | None, gpd.GeoDataFrame | None]:
        """Give the streets and the water to draw around somewhere: west, south, east, north (EPSG:4326); None without streets."""
        if "streets" not in self.contents:
            return None, None
        from rpe_geo.travel.streets.network import street_lines, water_shapes

        return street_lines(self.streets, bounds), water_shapes(self.streets, bounds)

    def _part(self, name: str, what: str, option: str) -> Path:
        if name not in self.contents:
            raise InputError(
                "territory_without", directory=str(self.directory), what=what, option=option
            )
        return self.directory / name


def build_territory(
    directory: Path,
    inputs: TerritoryInputs,
    *,
    progress: Progress | None = None,
    report: Callable[[Reading[Any]], None] | None = None,
) -> Territory:
    """
    Build a territory from open-data files.

    Parameters
    ----------
    directory
        Folder to make; an older territory there is replaced when the new one is complete.
    inputs
        The files, and the communes to keep (streets are never filtered).
    progress
        Told where the work stands.
    report
        Told what was understood of the list of facilities.

    Returns
    -------
    Territory
        The new territory.

    Raises
    ------
    InputError
        For a missing or unreadable file, an unknown commune, nothing to build, or a folder that is something else.
    """
    # Builders are imported here: opening a territory must stay quick.
    from rpe_geo.formats.records import examine, write_facilities
    from rpe_geo.geocoding.index import build_index
    from rpe_geo.travel.streets.network import build_streets

    directory = directory.resolve()
    _check(directory, inputs)
    with replacing_folder(directory) as building:
        contents: dict[str, dict[str, Any]] = {}
        formats: dict[Path, str] = {}
        if inputs.communes is not None:
            with reading_file(*(path for path in (inputs.communes, inputs.contours) if path)):
                contents["communes"] = _build_communes(inputs, building / "communes.parquet")
        if inputs.streets is not None:
            with reading_file(inputs.streets):
                streets = build_streets(inputs.streets, building / "streets", progress=progress)
            contents["streets"] = _jsonable(asdict(streets))
        if inputs.addresses:
            with reading_file(*inputs.addresses, *([inputs.cog] if inputs.cog else [])):
                addresses = build_index(
                    inputs.addresses,
                    building / "addresses",
                    cog=inputs.cog,
                    codes=_with_arrondissements(inputs.codes),
                    progress=progress,
                )
            contents["addresses"] = _jsonable(asdict(addresses))
            formats = {Path(source.file): source.format for source in addresses.sources}
        if inputs.feeds:
            from rpe_geo.travel.transit.search import build_transit

            with reading_file(*inputs.feeds):
                transit = build_transit(inputs.feeds, building / "transit", progress=progress)
            contents["transit"] = _jsonable(asdict(transit))
        if inputs.facilities is not None:
            with reading_file(inputs.facilities):
                reading = examine(inputs.facilities, "facilities", columns=inputs.columns)
            facilities = reading.usable()
            write_facilities(facilities, building / "facilities.json")
            contents["facilities"] = {"facilities": len(facilities)}
            if report is not None:
                report(reading)
        if inputs.tables is not None:
            shutil.copytree(inputs.tables, building / "tables")
            contents["tables"] = {"tables": len(list((building / "tables").glob("*.parquet")))}
        manifest = {
            "format": FORMAT,
            "identity": _identity(directory),
            "built_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "built_by": f"rpe_geo {version('rpe_geo')}",
            "codes": list(inputs.codes),
            "contents": contents,
            "sources": [
                asdict(_describe_source(role, path, formats.get(path)))
                for role, path in inputs.files()
            ],
        }
        if inputs.fetched is not None:
            manifest["fetched"] = dict(inputs.fetched)
        (building / _MANIFEST).write_text(
            json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
        )
    return Territory.open(directory)


def _identity(directory: Path) -> str:
    """Keep the identity of the territory that is replaced; a new one gets its own."""
    try:
        return Territory.open(directory).identity
    except InputError:
        return uuid.uuid4().hex


def _check(directory: Path, inputs: TerritoryInputs) -> None:
    """Refuse what cannot work before any work is done."""
    files = inputs.files()
    if not any(role in {"streets", "communes", "addresses", "transit"} for role, _ in files):
        raise InputError("territory_nothing_given")
    for _, path in files:
        if not path.is_file():
            raise InvalidFile("file_missing", where=Where(file=str(path)))
        if path.stat().st_size == 0:
            raise InvalidFile("file_empty", where=Where(file=str(path)))
    if inputs.contours is not None and inputs.communes is None:
        raise InputError("contours_without_communes")
    if directory.exists() and (not directory.is_dir() or _is_foreign(directory)):
        raise InputError("territory_foreign_folder", directory=str(directory))


def _is_foreign(directory: Path) -> bool:
    return any(directory.iterdir()) and not (directory / _MANIFEST).is_file()


def _build_communes(inputs: TerritoryInputs, target: Path) -> dict[str, Any]:
    assert inputs.communes is not None
    table = _read_parquet(inputs.communes)
    missing = [column for column in ("code", "nom") if column not in table]
    if missing:
        raise InvalidFile(
            "communes_column_missing",
            where=Where(file=str(inputs.communes)),
            column=missing[0],
            columns=list(_COMMUNE_COLUMNS),
        )
    if "type" in table:
        # Arrondissements of Paris, Lyon and Marseille stand beside their commune: they must not count twice.
        table = table[table["type"] == "commune"]
    kept = [column for column in _COMMUNE_COLUMNS if column in table]
    communes = table[kept].rename(columns=_COMMUNE_COLUMNS)
    communes["code_commune"] = communes["code_commune"].astype(str)
    if inputs.codes:
        unknown = sorted(set(inputs.codes) - set(communes["code_commune"]))
        if unknown:
            raise InputError(
                "commune_unknown", where=Where(file=str(inputs.communes)), code=unknown[0]
            )
        communes = communes[communes["code_commune"].isin(inputs.codes)]
    postcodes = _postcodes(inputs.cog)
    communes["code_postal"] = [postcodes.get(code, "") for code in communes["code_commune"]]
    shapes, notes = _contours_of(communes, inputs)
    frame = gpd.GeoDataFrame(communes, geometry=shapes, crs=4326)
    frame.to_parquet(target, index=False)
    figures: dict[str, Any] = {
        "communes": len(frame),
        "contours": int((~frame.geometry.geom_type.isin(["Point"]) & frame.geometry.notna()).sum()),
    }
    return figures | ({"notes": [asdict(note) for note in notes]} if notes else {})


def _contours_of(
    communes: pd.DataFrame, inputs: TerritoryInputs
) -> tuple[gpd.GeoSeries, list[Note]]:
    """Return the contour of each commune, its centre where there is none, nothing where that is not known either."""
    if {"longitude", "latitude"} <= set(communes.columns):
        shapes = gpd.GeoSeries.from_xy(communes["longitude"], communes["latitude"], crs=4326)
        shapes = shapes.where(communes["longitude"].notna(), None)
    else:
        shapes = gpd.GeoSeries([None] * len(communes), crs=4326)
    shapes.index = communes.index
    if inputs.contours is None:
        return shapes, []
    # The same reader as the observatory's: one file gives the same polygons everywhere.
    from rpe_geo.open_data.contours import PolygonFile, read_contours

    source = PolygonFile(inputs.contours, inputs.contours_layer, inputs.crs)
    drawn, notes = read_contours(source, list(communes["code_commune"]))
    matched = drawn.reindex(communes["code_commune"])
    matched.index = communes.index
    return matched.where(matched.notna(), shapes), notes


def _postcodes(cog: Path | None) -> dict[str, str]:
    """Read commune code to postcodes joined by `|` from the COG file."""
    if cog is None:
        return {}
    try:
        content = cog.read_bytes()
        entries = json.loads(gzip.decompress(content) if cog.suffix == ".gz" else content)
        return {
            entry["code"]: "|".join(entry.get("codesPostaux", ()))
            for entry in entries
            if entry.get("type") == "commune-actuelle"
        }
    except (OSError, EOFError, ValueError, KeyError, AttributeError, TypeError):
        raise InvalidFile("cog_unreadable", where=Where(file=str(cog))) from None


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except (ValueError, OSError, pa.ArrowException) as error:
        raise InvalidFile(
            "parquet_unreadable", where=Where(file=str(path)), detail=_first_line(error)
        ) from None


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__


def _describe_source(role: str, path: Path, address_format: str | None) -> Source:
    """Describe a file by the `<file>.source.json` beside it, else by what such files usually are."""
    producer, licence = _USUAL_SOURCE[address_format or role]
    described = {
        "producer": producer,
        "licence": licence,
        "date": datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat(),
    }
    beside = path.with_name(f"{path.name}.source.json")
    if beside.is_file():
        said = json.loads(beside.read_text(encoding="utf-8"))
        described |= {key: str(said[key]) for key in described if key in said}
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Source(role=role, file=path.name, bytes=path.stat().st_size, sha256=digest, **described)


_ARRONDISSEMENTS = {
    "75056": tuple(f"751{n:02d}" for n in range(1, 21)),
    "69123": tuple(f"6938{n}" for n in range(1, 10)),
    "13055": tuple(f"132{n:02d}" for n in range(1, 17)),
}
"""Addresses of Paris, Lyon and Marseille carry the codes of their arrondissements."""


def _with_arrondissements(codes: Sequence[str]) -> list[str]:
    return [*codes, *(own for code in codes for own in _ARRONDISSEMENTS.get(code, ()))]


def _jsonable(value: Any) -> Any:
    """Turn a report into what JSON holds; paths and dates become text."""
    return json.loads(json.dumps(value, default=str))
