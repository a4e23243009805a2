"""What an observatory found: zones with their indicators, the supply, the checks, and everything needed to redo it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd

from rpe_geo.observatory.calibration import Check

__all__ = ["Note", "Observatory", "Source"]


@dataclass(frozen=True)
class Note:
    """Something that a person should know about what was read; a code of `rpe_geo.messages` and what it names."""

    code: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Source:
    """A file used: what it is, who made it, under which licence, of which year."""

    title: str
    producer: str
    licence: str
    date: str
    file: str = ""


@dataclass(frozen=True)
class Observatory:
    """
    Indicators by zone.

    Parameters
    ----------
    zones
        By code: `nom, departement, epci, children, places_childminder, places_facility, places_other, places,
        coverage_rate, access_e2sfca…` (see `INDICATORS`), `uncertain`, `uncertain_why`, `hotspot`, and polygons in EPSG:4326.
    supply
        Places of care drawn on the map: `kind, name, places, estimated`, points in EPSG:4326. Never a home.
    checks
        Our figures beside the published ones.
    summary
        Figures of the whole: children, places, rate, Gini, Palma, Theil…
    parameters
        Year, mode, minutes, decay, engine, margin: what a study needs to be redone.
    sources
        Files used.
    notes
        What was mended, left out or estimated.
    """

    zones: gpd.GeoDataFrame
    supply: gpd.GeoDataFrame
    checks: tuple[Check, ...]
    summary: dict[str, Any]
    parameters: dict[str, Any]
    sources: tuple[Source, ...]
    notes: tuple[Note, ...] = field(default=())
