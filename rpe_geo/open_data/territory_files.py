"""
The official files of a territory: found by its codes, fetched, and laid out for `build_territory` and the observatory.

Licences and dates are read from the services' own descriptions; where a service says nothing, so do we.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry import shape

from rpe_geo.crs import great_circle_m, metric_crs
from rpe_geo.errors import InputError, InvalidFile, ServiceUnavailable, Where
from rpe_geo.files import replacing
from rpe_geo.observatory.codes import departement_of
from rpe_geo.observatory.results import Note
from rpe_geo.open_data.download import Downloads, Fetched, Wanted, editions
from rpe_geo.open_data.prepare import OfficialFiles, prepare
from rpe_geo.open_data.street_extract import cut_streets, places_of_care
from rpe_geo.parameters import ParameterTable

__all__ = ["Area", "TerritoryFiles", "TerritoryRequest", "feeds_of", "fetch_territory"]

_NEAR_M = 60_000
_LEVELS = ("com", "epci", "dep", "reg", "nat")
_LICENCES = {
    "lov2": "Licence Ouverte 2.0",
    "fr-lo": "Licence Ouverte",
    "licence ouverte v2.0": "Licence Ouverte 2.0",
    "odc-odbl": "ODbL 1.0",
    "odbl": "ODbL 1.0",
}
UNREAD = "non lue : le service ne la dit pas"
_CITIES = {"75056": "751", "69123": "6938", "13055": "132"}


@dataclass(frozen=True)
class TerritoryRequest:
    """
    Which territory, and what the user brings.

    Parameters
    ----------
    epcis, codes, departements
        The area: SIREN, codes of communes, départements.
    streets, gtfs, facilities
        One's own files, in place of the services'.
    overpass
        Streets from Overpass rather than from an extract.
    transit
        Whether to look for public transport.
    year
        Year of the places; the latest by default.
    """

    epcis: Sequence[str] = ()
    codes: Sequence[str] = ()
    departements: Sequence[str] = ()
    streets: Path | None = None
    gtfs: Sequence[Path] = ()
    facilities: Path | None = None
    overpass: bool = False
    transit: bool = True
    year: int | None = None

    def described(self) -> dict[str, Any]:
        """Write it as JSON, for the territory to be renewed by."""
        paths = {n: getattr(self, n) for n in ("streets", "facilities")}
        return {
            "gtfs": [str(one.resolve()) for one in self.gtfs],
            "epcis": list(self.epcis),
            "codes": list(self.codes),
            "departements": list(self.departements),
            "overpass": self.overpass,
            "transit": self.transit,
            "year": self.year,
            **{name: None if path is None else str(path.resolve()) for name, path in paths.items()},
        }

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> TerritoryRequest:
        """Read what `described` wrote."""
        paths = {n: Path(said[n]) if said.get(n) else None for n in ("streets", "facilities")}
        return cls(
            tuple(said.get("epcis", ())),
            tuple(said.get("codes", ())),
            tuple(said.get("departements", ())),
            overpass=bool(said.get("overpass")),
            transit=bool(said.get("transit", True)),
            gtfs=tuple(Path(one) for one in said.get("gtfs", ())),
            year=said.get("year"),
            **paths,
        )


@dataclass(frozen=True)
class Area:
    """
    The communes of a territory, and what lies around.

    Parameters
    ----------
    codes
        Its communes.
    epcis, departements, regions
        Those that they belong to.
    near
        Départements within reach: their communes count for the observatory.
    """

    codes: tuple[str, ...]
    epcis: tuple[str, ...]
    departements: tuple[str, ...]
    regions: tuple[str, ...]
    near: tuple[str, ...]


@dataclass
class TerritoryFiles:
    """
    What `build_territory` needs, and what was fetched for it.

    Parameters
    ----------
    area
        The territory.
    tables
        Folder of the prepared tables.
    streets, addresses, gtfs, facilities
        Files to build from.
    fetched
        Every file, by its name in the cache.
    notes
        What is missing or to be known.
    """

    area: Area
    tables: Path
    streets: Path
    addresses: list[Path] = field(default_factory=list)
    gtfs: list[Path] = field(default_factory=list)
    facilities: Path | None = None
    fetched: dict[str, Fetched] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


def fetch_territory(
    request: TerritoryRequest, downloads: Downloads, sources: ParameterTable
) -> TerritoryFiles:
    """
    Fetch and prepare the files of a territory.

    Parameters
    ----------
    request
        The area.
    downloads
        The cache folder and its way to the network.
    sources
        Addresses of the services, as of today.

    Returns
    -------
    TerritoryFiles
        Ready to build.

    Raises
    ------
    InputError
        For a code that nobody knows, or no network allowed and no file in the cache.
    ServiceUnavailable
        When an indispensable service does not answer.
    """
    return _Fetch(request, downloads, sources).run()


class _Fetch:
    """One run: the steps share the cache, the addresses and the notes."""

    def __init__(
        self, request: TerritoryRequest, downloads: Downloads, sources: ParameterTable
    ) -> None:
        self.request, self.downloads, self.sources = request, downloads, sources
        self.years = range(sources.day.year, sources.day.year - 4, -1)
        self.fetched: dict[str, Fetched] = {}
        self.notes: list[Note] = []
        self.described: dict[str, tuple[str, str]] = {}
        self.polygons: dict[str, list[Any]] = {}
        """Département → polygons of its communes, EPSG:4326."""

    def run(self) -> TerritoryFiles:
        """Go through the steps, the cheapest first: a wrong code is told before anything large is fetched."""
        if not (self.request.epcis or self.request.codes or self.request.departements):
            raise InputError("fetch_area_needed")
        communes = self.bring(
            "communes", "communes.json", floor=1000, producer="INSEE, IGN, La Poste"
        )
        epcis = self.bring("epcis", "epcis.json", producer="INSEE, DGCL")
        area = find_area(communes.path, self.request)
        boroughs = None
        if {"75", "69", "13"} & set(area.near):
            boroughs = self.bring("boroughs", "arrondissements.json", producer="INSEE, IGN")
        contours = self.bring(
            "contours", "communes-100m.geojson.gz", floor=1000, producer="IGN, INSEE"
        )
        drawn = self._contours_near(contours.path, area)
        shapes = _shapes(drawn, area.codes)
        addresses = self._addresses(area)
        around = _around(shapes, area, float(self.sources["streets_margin_m"]))
        streets, facilities = self._streets(area, shapes, around)
        gtfs = self._transit(area)
        tables = self._tables(
            area, [communes.path, epcis.path, *([boroughs.path] if boroughs else [])], drawn
        )
        return TerritoryFiles(
            area, tables, streets, addresses, gtfs, facilities, self.fetched, self.notes
        )

    # ---- one file ------------------------------------------------------------------------------------------------

    def bring(
        self, role: str, name: str, *, producer: str, floor: int = 20, **values: str
    ) -> Fetched:
        """Fetch the file of a role, its licence and date read from where its producer describes it."""
        licence, day = self._description(role)
        addresses = list(editions(str(self.sources[role]), list(self.years), **values))
        wanted = Wanted(name, addresses, role, producer, licence, day, floor)
        fetched = self.downloads.fetch(wanted)
        if fetched.state == "kept":
            self.notes.append(
                Note("fetch_kept_old", {"name": name, "date": fetched.fetched_at[:10]})
            )
        self.fetched[name] = fetched
        return fetched

    def optional(self, role: str, name: str, *, producer: str, **values: str) -> Fetched | None:
        """Fetch a file that a territory can do without; its lack is told."""
        try:
            return self.bring(role, name, producer=producer, floor=20, **values)
        except (ServiceUnavailable, InputError) as error:
            self.notes.append(Note("fetch_without", {"name": name, "why": _why(error)}))
            return None

    def _description(self, role: str) -> tuple[str, str]:
        """Read licence and date of a data set from its service's catalogue."""
        if role not in self.described:
            address = dict(self.sources["described_by"]).get(role)
            answer = self.downloads.json(address) if address else None
            licence = _first(answer, ("license", "licence", "rights"))
            day = _first(answer, ("last_update", "modified", "data_processed", "last_modified"))
            name = _LICENCES.get(licence.lower(), licence) if licence else UNREAD
            self.described[role] = (name, day[:10] if re.match(r"\d{4}-\d{2}-\d{2}", day) else "")
        return self.described[role]

    # ---- the steps -----------------------------------------------------------------------------------------------

    def _contours_near(self, path: Path, area: Area) -> Path:
        """Keep the contours of the départements around: the whole country is a hundred times as large."""
        try:
            content = json.loads(gzip.decompress(path.read_bytes()))
            features = content["features"]
        except (OSError, EOFError, ValueError, KeyError, TypeError):
            path.unlink(missing_ok=True)
            raise InvalidFile("archive_broken", where=Where(file=path.name)) from None
        kept = [
            one
            for one in features
            if departement_of(pd.Index([str(one["properties"].get("code", ""))]))[0] in area.near
        ]
        if not kept:
            raise InvalidFile("fetched_contours_elsewhere", where=Where(file=path.name))
        for one in kept:
            own = departement_of(pd.Index([str(one["properties"]["code"])]))[0]
            self.polygons.setdefault(own, []).append(shape(one["geometry"]))
        target = path.parent / f"contours-{_key(area.near)}.geojson"
        with replacing(target) as temporary:
            temporary.write_text(json.dumps({**content, "features": kept}), "utf-8")
        return target

    def _addresses(self, area: Area) -> list[Path]:
        files = []
        for departement in area.departements:
            producer = "Base Adresse Nationale (IGN, communes)"
            files.append(
                self.bring(
                    "addresses",
                    f"adresses-{departement}.csv.gz",
                    producer=producer,
                    floor=100,
                    departement=departement,
                ).path
            )
            named = self.optional(
                "places_names",
                f"lieux-dits-{departement}-beta.csv.gz",
                producer=producer,
                departement=departement,
            )
            files += [] if named is None else [named.path]
        return files

    def _streets(self, area: Area, shapes: gpd.GeoSeries, around: Any) -> tuple[Path, Path | None]:
        """Take one's own file, or cut the extracts that cover the area; and the crèches that stand in them."""
        own = self.request.facilities
        if self.request.streets is not None:
            return self.request.streets, own
        if self.request.overpass:
            from rpe_geo.open_data.overpass import streets_from_overpass

            target = self.downloads.folder / f"rues-{_key(area.codes)}.graphml"
            if not (self.downloads.offline and target.is_file()):
                streets_from_overpass(around, target, str(self.sources["overpass"]))
            return target, own
        extracts = [self._extract(region) for region in self._regions(area, around)]
        target = self.downloads.folder / f"rues-{_key(area.codes)}.osm.pbf"
        cut_streets([one.path for one in extracts], around, target)
        self._describe(target, extracts, "© OpenStreetMap contributors")
        if own is None:
            listed = self.downloads.folder / f"creches-osm-{_key(area.codes)}.geojson"
            found = places_of_care(target, shapely.union_all(shapes.to_numpy()), listed)
            self.notes.append(
                Note("fetch_osm_places" if found else "fetch_no_places", {"count": found})
            )
            if found:
                self._describe(listed, extracts, "© OpenStreetMap contributors")
                own = listed
        return target, own

    def _regions(self, area: Area, around: Any) -> list[str]:
        """Name the extracts whose départements the area and its margin touch."""
        by_departement = {
            one: region
            for region, departements in self.sources["regions"].items()
            for one in str(departements).split()
        }
        touched = [one for one in area.near if self._touches(one, around)]
        unknown = [one for one in area.departements if one not in by_departement]
        if unknown:
            raise InputError("fetch_no_extract", departement=unknown[0])
        wanted = {*area.departements, *touched}
        return sorted({by_departement[one] for one in wanted if one in by_departement})

    def _touches(self, departement: str, around: Any) -> bool:
        """Say whether a commune of a département meets the area with its margin."""
        return any(around.intersects(one) for one in self.polygons.get(departement, ()))

    def _extract(self, region: str) -> Fetched:
        template = str(self.sources["streets"])
        name = f"{region.rpartition('/')[2]}-latest.osm.pbf"
        address = template.format(area=region)
        wanted = Wanted(
            name,
            [("", address)],
            "streets",
            "© OpenStreetMap contributors",
            str(self.sources["osm_licence"]),
            floor=200,
            checksum=f"{address}.md5",
        )
        fetched = self.downloads.fetch(wanted)
        self.fetched[name] = fetched
        return fetched

    def _transit(self, area: Area) -> list[Path]:
        """Choose the timetables that cover the area; expired ones are told and left."""
        if self.request.gtfs or not self.request.transit:
            return list(self.request.gtfs)
        datasets = self.downloads.json(str(self.sources["transit"]))
        if not isinstance(datasets, list):
            self.notes.append(
                Note("fetch_without", {"name": "transport.data.gouv.fr", "why": "pas de réponse"})
            )
            return []
        feeds = feeds_of(datasets, area, self.sources.day)
        found = []
        for number, feed in enumerate(feeds):
            name = f"gtfs-{_key([feed['url']])}.zip"
            wanted = Wanted(
                name,
                [("", feed["url"])],
                "transit",
                feed["producer"],
                feed["licence"] or UNREAD,
                feed["date"],
                200,
            )
            try:
                fetched = self.downloads.fetch(wanted)
            except (ServiceUnavailable, InputError) as error:
                self.notes.append(
                    Note("fetch_without", {"name": feed["title"], "why": _why(error)})
                )
                continue
            self.fetched[name] = fetched
            found.append((feed["width"], -fetched.bytes, number, fetched))
        if not feeds:
            self.notes.append(Note("fetch_no_transit", {}))
        found.sort(key=lambda one: one[:3])
        return [one[3].path for one in found]

    def _tables(self, area: Area, lists: Sequence[Path], contours: Path) -> Path:
        """Prepare the observatory's tables; without births or places the territory is built all the same."""
        births = self.optional("births", "naissances.zip", producer="INSEE")
        places = []
        for what in ("places", "rates"):
            for level in _LEVELS:
                for past in ("_hist", ""):
                    got = self.optional(
                        what,
                        f"{_stem(what)}_{level}{past}.csv",
                        producer="CNAF",
                        level=level,
                        past=past,
                    )
                    places += [] if got is None else [got.path]
        self._gather_missing()
        files = OfficialFiles(
            cog=tuple(lists),
            contours=(contours,),
            places=tuple(places),
            births=() if births is None else (births.path,),
        )
        done = prepare(files, year=self.request.year, codes=area.codes)
        self.notes += done.notes
        target = self.downloads.folder / f"tables-{_key(area.codes)}"
        done.write(target)
        for name in done.tables:
            made = [one for one in self.fetched.values() if one.producer and _made_of(name, one)]
            self._describe(
                target / name, made, " · ".join(dict.fromkeys(one.producer for one in made))
            )
        return target

    def _gather_missing(self) -> None:
        """Say once that figures of the CNAF are missing, not once a file."""
        lost = [
            one
            for one in self.notes
            if one.code == "fetch_without" and str(dict(one.values)["name"]).endswith(".csv")
        ]
        if lost:
            self.notes = [one for one in self.notes if one not in lost]
            names = ", ".join(str(dict(one.values)["name"]).removesuffix(".csv") for one in lost)
            self.notes.append(Note("fetch_without_cnaf", {"count": len(lost), "names": names}))

    def _describe(self, target: Path, sources: Sequence[Fetched], producer: str) -> None:
        """Say beside a derived file what it was made of."""
        if not sources:
            return
        said = {
            "producer": producer,
            "licence": " · ".join(dict.fromkeys(one.licence for one in sources)),
            "date": max(one.date for one in sources),
        }
        with replacing(target.with_name(f"{target.name}.source.json")) as temporary:
            temporary.write_text(json.dumps(said, ensure_ascii=False) + "\n", "utf-8")


def _why(error: ServiceUnavailable | InputError) -> str:
    """Say in a word why a file could not be had."""
    said = error.values  # noqa: PD011 - what the error tells, no table
    return str(said.get("reason") or said.get("code") or "absent du cache")


def _stem(what: str) -> str:
    return "nbpla_pe" if what == "places" else "txcouv_pe"


def _made_of(table: str, source: Fetched) -> bool:
    """Say whether a prepared table holds something of a fetched file."""
    name = source.path.name
    if table.startswith("places"):
        return name.startswith("nbpla")
    if table.startswith("taux"):
        return name.startswith("txcouv")
    if table.startswith("naissances"):
        return name.startswith("naissances")
    if table.startswith("contours"):
        return name.startswith("communes-100m")
    return name in {"communes.json", "epcis.json", "naissances.zip"}


def find_area(communes: Path, request: TerritoryRequest) -> Area:
    """
    Find the communes of a request, and the départements around.

    Parameters
    ----------
    communes
        Answer of geo.api.gouv.fr for the whole country.
    request
        SIREN, codes or départements.

    Returns
    -------
    Area
        Codes in order.

    Raises
    ------
    InputError
        For a code that is not there.
    """
    table = pd.DataFrame(json.loads(communes.read_text("utf-8")))
    lacking = [name for name in ("code", "codeDepartement", "centre") if name not in table]
    if lacking:
        raise InvalidFile(
            "column_missing",
            where=Where(file=communes.name),
            missing=lacking,
            found=list(table.columns),
        )
    for name in ("codeEpci", "codeRegion"):
        if name not in table:
            table[name] = None
    for given, column, fault in (
        (request.codes, "code", "asked_commune_unknown"),
        (request.epcis, "codeEpci", "asked_epci_unknown"),
        (request.departements, "codeDepartement", "asked_departement_unknown"),
    ):
        known = set(table[column].dropna())
        for one in given:
            if one not in known:
                raise InputError(fault, given=one)
    own = table[
        table["code"].isin(request.codes)
        | table["codeEpci"].isin(request.epcis)
        | table["codeDepartement"].isin(request.departements)
    ]
    x, y = (
        table["centre"]
        .map(lambda c, n=n: c["coordinates"][n] if isinstance(c, dict) else np.nan)
        .to_numpy(dtype=np.float64)
        for n in (0, 1)
    )
    here = table.index.isin(own.index)
    near = {*own["codeDepartement"]}
    for longitude, latitude in _spread_points(x[here], y[here]):
        close = (
            great_circle_m(x, y, np.full_like(x, longitude), np.full_like(y, latitude)) < _NEAR_M
        )
        near |= set(table.loc[close, "codeDepartement"])
    return Area(
        tuple(sorted(own["code"])),
        tuple(sorted(own["codeEpci"].dropna().unique())),
        tuple(sorted(own["codeDepartement"].unique())),
        tuple(sorted(own["codeRegion"].dropna().unique())),
        tuple(sorted(near)),
    )


def _spread_points(x: Any, y: Any) -> Iterable[tuple[float, float]]:
    """Thin many centres out to one in every tenth of a degree: the départements around are the same."""
    cells = {(round(a, 1), round(b, 1)) for a, b in zip(x, y, strict=True) if np.isfinite(a)}
    return sorted(cells)


def _shapes(contours: Path, codes: Sequence[str]) -> gpd.GeoSeries:
    """Take the polygons of the territory; a city counts by its own polygon, not by its arrondissements too."""
    content = json.loads(contours.read_text("utf-8"))
    wanted = set(codes)
    found = {
        str(one["properties"]["code"]): shape(one["geometry"])
        for one in content["features"]
        if str(one["properties"]["code"]) in wanted
    }
    for city, start in _CITIES.items():
        if city in wanted and city not in found:
            parts = [
                shape(one["geometry"])
                for one in content["features"]
                if str(one["properties"]["code"]).startswith(start)
            ]
            if parts:
                found[city] = shapely.union_all(parts)
    if not found:
        raise InvalidFile("fetched_contours_elsewhere", where=Where(file=contours.name))
    return gpd.GeoSeries(found, crs=4326)


def _around(shapes: gpd.GeoSeries, area: Area, margin_m: float) -> Any:
    """Draw the territory with its margin, EPSG:4326."""
    flat = shapes.to_crs(metric_crs(area.departements[0]))
    wide = gpd.GeoSeries([flat.union_all().buffer(margin_m).simplify(margin_m / 50)], crs=flat.crs)
    return wide.to_crs(4326).iloc[0]


def feeds_of(datasets: Iterable[Mapping[str, Any]], area: Area, day: date) -> list[dict[str, Any]]:
    """
    List the GTFS feeds whose covered area meets a territory.

    Parameters
    ----------
    datasets
        Answer of transport.data.gouv.fr.
    area
        The territory.
    day
        Feeds that ended before it are left out.

    Returns
    -------
    list of dict
        `url, title, producer, licence, date, width` (0 for a feed of the communes, 3 for one of the region).
    """
    belongs = {
        "commune": (set(area.codes), 0),
        "epci": (set(area.epcis), 1),
        "aom": (set(area.epcis), 1),
        "departement": (set(area.departements), 2),
        "region": (set(area.regions), 3),
    }
    feeds = []
    for one in datasets:
        if one.get("type") != "public-transit":
            continue
        covered = [
            belongs[str(place.get("type"))][1]
            for place in one.get("covered_area") or ()
            if str(place.get("insee")) in belongs.get(str(place.get("type")), (set(), 0))[0]
        ]
        if not covered:
            continue
        for resource in one.get("resources") or ():
            ends = str((resource.get("metadata") or {}).get("end_date") or "9999")
            if (
                str(resource.get("format")).upper() != "GTFS"
                or resource.get("is_available") is False
                or ends < day.isoformat()
                or not (resource.get("url") or resource.get("original_url"))
            ):
                continue
            publisher = one.get("publisher") or {}
            feeds.append(
                {
                    "url": resource.get("url") or resource["original_url"],
                    "title": str(one.get("title") or resource.get("title") or "GTFS"),
                    "producer": str(
                        publisher.get("name") or one.get("title") or "transport.data.gouv.fr"
                    ),
                    "licence": _LICENCES.get(
                        str(one.get("licence") or "").lower(), str(one.get("licence") or "")
                    ),
                    "date": str(resource.get("updated") or "")[:10],
                    "width": min(covered),
                }
            )
    return feeds


def _first(answer: Any, names: Sequence[str]) -> str:
    """Find the first text under one of these names, anywhere in an answer, names in their order."""
    for name in names:
        stack = [answer]
        while stack:
            value = stack.pop(0)
            if isinstance(value, Mapping):
                if isinstance(value.get(name), str) and value[name].strip():
                    return str(value[name]).strip()
                stack += [one for one in value.values() if isinstance(one, (Mapping, list))]
            elif isinstance(value, list):
                stack += value[:5]
    return ""


def _key(words: Sequence[str]) -> str:
    return hashlib.sha256("|".join(words).encode()).hexdigest()[:10]
