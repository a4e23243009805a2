"""
Crèches and other places from the GeoJSON of open-data portals, whatever their columns are called.

Names, kinds and numbers of places are looked for under the names that French producers use; where no column says the
kind, the name usually begins with it (« Halte-garderie Mowgli »).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely.errors import ShapelyError
from shapely.geometry import shape

from rpe_geo.crs import to_wgs84
from rpe_geo.domain import Facility
from rpe_geo.errors import InvalidFile, InvalidRecord, Where
from rpe_geo.files import read_bytes
from rpe_geo.formats.checks import check_places, check_records
from rpe_geo.formats.faults import FaultLog, Origin, RecordsRefused
from rpe_geo.formats.json_files import parse_json
from rpe_geo.formats.shapes import struct_of

__all__ = ["facility_kind", "read_facilities_geojson"]

_NAMES: dict[str, tuple[str, ...]] = {
    "facility_id": (
        "facility_id", "id", "identifiant", "id_equipement", "id_etab", "code", "gid", "fid", "objectid", "finess",
    ),
    "name": (
        "name", "nom", "libel", "libelle", "nom_etab", "nom_etablissement", "nom_structure", "denomination",
        "raison_sociale", "intitule", "structure", "etablissement", "titre",
    ),
    "kind": ("kind", "nature", "categorie", "type_etablissement", "type_accueil", "type", "amenity", "rubrique"),
    "address": ("address", "adresse", "adresse_complete", "adr", "voie", "rue"),
    "postcode": ("code_postal", "codepostal", "cp", "postcode"),
    "city": ("commune", "ville", "city", "nom_commune"),
    "places": (
        "places", "capacite", "capacity", "nb_places", "nombre_places", "nombre_de_places", "places_agreees",
        "capacite_accueil", "nbplaces", "agrement",
    ),
    "opening_hours": ("opening_hours",),
    "age_min_months": ("age_min_months",),
    "age_max_months": ("age_max_months",),
    "funding": ("funding",),
    "phone": ("phone", "telephone", "tel"),
    "email": ("email", "mail", "courriel"),
}  # fmt: skip
"""Our field → the names of columns that producers use, without accents, best first."""

_KINDS: tuple[tuple[str, str], ...] = (
    (r"micro\s?creches?", "micro-crèche"),
    (r"multi\s?accueil", "multi-accueil"),
    (r"haltes?\s?garderies?", "halte-garderie"),
    (r"creches?|kindergarten|childcare|eaje", "crèche"),
    (r"jardins? d enfants?", "jardin d'enfants"),
    (r"jardins? d eveil", "jardin d'éveil"),
    (r"laep|lieux? d accueil enfants? parents?", "LAEP"),
    (r"rpe|ram|rami|rap|ripe|relais (petite enfance|assistant\w*|d assistant\w*|parents?)", "RPE"),
    (r"pmi|protection maternelle", "PMI"),
    (r"mam|maisons? d assistant\w*", "MAM"),
)
"""Word patterns, without accents or hyphens → the kind; a RAM became an RPE by the ordonnance of 19 May 2021."""


def _bare(text: str) -> str:
    """Lower-case without accents, every sign a space."""
    flat = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", " ", flat.lower().replace("œ", "oe")).strip()


def facility_kind(text: str) -> str | None:
    """
    Recognise the kind of a place in a producer's word or in its name.

    Parameters
    ----------
    text
        « CRECHE », « Halte-garderie Mowgli », « RAM Antigone ».

    Returns
    -------
    str or None
        crèche, micro-crèche, multi-accueil, halte-garderie, jardin d'enfants, jardin d'éveil, RPE, LAEP, PMI, MAM;
        None when nothing is recognised. The word that comes first decides.
    """
    bare = _bare(text)
    found = [
        (match.start(), rank, kind)
        for rank, (pattern, kind) in enumerate(_KINDS)
        if (match := re.search(rf"\b({pattern})\b", bare))
    ]
    return min(found)[2] if found else None


def _pick(properties: Mapping[str, Any], field: str) -> Any:
    """Find a field under one of the names that producers use."""
    by_name = {_bare(name).replace(" ", "_"): value for name, value in properties.items()}
    for name in _NAMES[field]:
        value = by_name.get(name)
        if value is not None and str(value).strip():
            return value
    return None


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()


def _kind(properties: Mapping[str, Any], name: str) -> str:
    """Prefer what the name begins with, then the column, then the name anywhere."""
    told = _text(_pick(properties, "kind"))
    in_name = facility_kind(name)
    if in_name is not None:
        return in_name
    return facility_kind(told) or told or "autre"


def _places(value: Any) -> int | None:
    match = re.search(r"\d+", _text(value))
    return int(match[0]) if match else None


def _record(properties: Mapping[str, Any], number: int) -> dict[str, Any]:
    name = _text(_pick(properties, "name"))
    address = _text(_pick(properties, "address"))
    town = " ".join(
        filter(None, (_text(_pick(properties, "postcode")), _text(_pick(properties, "city"))))
    )
    if address and town and town not in address:
        address = f"{address} {town}"
    record = {
        "facility_id": _text(_pick(properties, "facility_id")) or f"F-{number:04d}",
        "kind": _kind(properties, name),
        "name": name,
        "address": address,
        "places": _places(_pick(properties, "places")),
        "contact": {
            "phone": _text(_pick(properties, "phone")),
            "email": _text(_pick(properties, "email")),
        },
    }
    ours = ("opening_hours", "age_min_months", "age_max_months", "funding")
    return record | {field: _pick(properties, field) for field in ours}


def _point(geometry: Any, crs: int | None) -> dict[str, float] | None:
    """Take a point of a geometry, inside it if it is a surface, in degrees; None when there is none."""
    if not isinstance(geometry, dict):
        return None
    try:
        point = shape(geometry).representative_point()
    except (ShapelyError, AttributeError, KeyError, TypeError, ValueError, IndexError):
        return None
    if point.is_empty:
        return None
    x, y = point.x, point.y
    if crs is not None:
        longitude, latitude = to_wgs84(np.array([x]), np.array([y]), crs)
        x, y = float(longitude[0]), float(latitude[0])
    return {"longitude": x, "latitude": y}


def _metric_crs(content: Mapping[str, Any], where: Where) -> int | None:
    """Read the member `crs` of GeoJSON before RFC 7946: an EPSG code in metres, None for degrees."""
    crs = content.get("crs")
    named = crs.get("properties") if isinstance(crs, dict) else None
    name = str(named.get("name", "")) if isinstance(named, dict) else ""
    match = re.search(r"EPSG:+(?:[\d.]*:)?(\d+)$", name)
    if match is None or int(match[1]) in {4326, 4171, 4258}:
        return None
    try:
        return int(match[1]) if CRS.from_epsg(int(match[1])).is_projected else None
    except CRSError:
        raise InvalidFile("geojson_crs", where=where, value=name) from None


def _features(content: Any, path: Path) -> Iterator[tuple[Origin, Mapping[str, Any]]]:
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list):
        raise InvalidFile("geojson_expected", where=Where(file=path.name))
    for number, feature in enumerate(features, start=1):
        origin = Origin(path.name, number)
        if not isinstance(feature, dict):
            raise InvalidRecord("geojson_expected", where=origin.at(""))
        yield origin, feature


def read_facilities_geojson(path: Path | str) -> list[Facility]:
    """
    Read the places of a GeoJSON file.

    Parameters
    ----------
    path
        A FeatureCollection in EPSG:4326 (RFC 7946), or in the metric system that its member `crs` names; a surface
        becomes a point inside it.

    Returns
    -------
    list of Facility
        In the order of the file; without identifiers they are numbered, and one used twice is completed.

    Raises
    ------
    InvalidFile
        When it is not a GeoJSON, or when rows are faulty (then with all of them).
    """
    path = Path(path)
    log = FaultLog()
    read = []
    seen: set[str] = set()
    content = parse_json(read_bytes(path), path.name)
    crs = _metric_crs(content, Where(file=path.name)) if isinstance(content, dict) else None
    for origin, feature in _features(content, path):
        properties = feature.get("properties")
        record = _record(properties if isinstance(properties, dict) else {}, origin.row or 0)
        if record["facility_id"] in seen:
            record["facility_id"] = f"{record['facility_id']}-{origin.row}"
        seen.add(record["facility_id"])
        place = _point(feature.get("geometry"), crs)
        if place is not None:
            record |= place
        elif not record["address"]:
            log.refuse(origin.at("geometry"), "geojson_geometry")
            continue
        check_places(record, origin, log)
        facility = struct_of(Facility).read(record, origin, log)
        if facility is not None:
            read.append((facility, origin))
    check_records(read, log)
    if log.faults:
        raise RecordsRefused.because(log.faults)
    return [facility for facility, _ in read]
