"""What is known below the commune, read: zones, facilities, a registry, births by IRIS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rpe_geo.formats.records import Reading, RecordKind, examine
from rpe_geo.observatory.inputs import IrisBirths, ZoneInputs
from rpe_geo.observatory.results import Source
from rpe_geo.open_data.contours import PolygonFile
from rpe_geo.open_data.zone_files import read_iris_births, read_iris_zones, read_zones

__all__ = ["Report", "ZoneFiles", "read_zone_inputs"]

Report = Callable[[Reading[Any]], None]
"""Told what was understood of a list."""


@dataclass(frozen=True)
class ZoneFiles:
    """
    What is known below the commune; all but the zones may be missing.

    Parameters
    ----------
    zones
        Polygons, with their children if the file knows them.
    facilities
        Crèches and others (`.geojson`, or a registry file).
    childminders
        Registry file of childminders.
    iris_births, iris_zones
        Births by IRIS, and which IRIS lies in which zone: they say how the commune's children are spread.
    credit
        Who made the zones and the list of facilities, and when: « Ville de Montpellier, 2014 ».
    columns
        Columns of the list of facilities that are not recognised by themselves: « nom=EQUIP_NOM ».
    memory
        File of the columns that were told before.
    layer
        Layer of the zones, in a file that holds several.
    crs
        Coordinate system of zones that declare none.
    """

    zones: Path
    facilities: Path | None = None
    childminders: Path | None = None
    iris_births: Path | None = None
    iris_zones: Path | None = None
    credit: str = ""
    layer: str | None = None
    crs: str | None = None
    columns: tuple[str, ...] = ()
    memory: Path | None = None


def read_zone_inputs(files: ZoneFiles, on: date, report: Report | None = None) -> ZoneInputs:
    """
    Read what is known below the commune.

    Parameters
    ----------
    files
        The files.
    on
        The day on which the registry is looked at.
    report
        Told what was understood of each list.

    Returns
    -------
    ZoneInputs
        Births by IRIS are read only where the zones do not count their children themselves.

    Raises
    ------
    InputError
        For files that cannot be used.
    """
    zones = read_zones(PolygonFile(files.zones, files.layer, files.crs))
    births = iris_zones = None
    told = zones.children_from
    if files.iris_births is not None and (told is None or told.kind != "count"):
        births = read_iris_births(files.iris_births)
        iris_zones = None if files.iris_zones is None else read_iris_zones(files.iris_zones)
    named = {
        "zones": files.zones,
        "iris_births": files.iris_births,
        "iris_zones": files.iris_zones,
    }
    return ZoneInputs(
        zones=zones,
        facilities=_listed(files, files.facilities, "facilities", report),
        childminders=_listed(files, files.childminders, "childminders", report),
        iris_births=births,
        iris_zones=iris_zones,
        sources=_sources(files, births, on),
        files={name: path.name for name, path in named.items() if path is not None},
    )


def _listed(
    files: ZoneFiles, path: Path | None, kind: RecordKind, report: Report | None
) -> list[Any] | None:
    """Read a list as a portal or a registry lays it out, and tell what was understood."""
    if path is None:
        return None
    columns = files.columns if kind == "facilities" else ()
    reading = examine(path, kind, columns=columns, memory=files.memory)
    if report is not None:
        report(reading)
    return reading.usable()


def _sources(files: ZoneFiles, births: IrisBirths | None, on: date) -> tuple[Source, ...]:
    years = f"{births.years[0]}–{births.years[-1]}" if births is not None and births.years else ""
    producer, _, when = (
        files.credit.rpartition(",") if "," in files.credit else (files.credit, "", "")
    )
    producer = producer.strip() or "producteur non indiqué"
    known = (
        (files.zones, "Zones", producer, when.strip()),
        (files.facilities, "Établissements d’accueil", producer, when.strip()),
        (files.iris_births, "Naissances domiciliées par IRIS", "INSEE", years),
        (files.iris_zones, "Rattachement des IRIS aux zones", producer, when.strip()),
    )
    sources = [
        Source(title, who, "Licence Ouverte 2.0", date_, path.name)
        for path, title, who, date_ in known
        if path is not None and (path != files.iris_births or births is not None)
    ]
    if files.childminders is not None:
        registry = "Registre des assistantes et assistants maternels"
        own = Source(registry, "relais petite enfance", "usage du relais", on.isoformat())
        sources.append(own)
    return tuple(sources)
