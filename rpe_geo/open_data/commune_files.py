"""The open data of communes, read and set on one footing: points of computation with their children and places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rpe_geo.errors import InputError, InvalidFile, Where
from rpe_geo.observatory.coverage import PLACE_MODES
from rpe_geo.observatory.neighbours import StraightPace
from rpe_geo.observatory.results import Note, Source
from rpe_geo.open_data.commune_codes import former_codes, on_todays_communes
from rpe_geo.open_data.national_tables import (
    Births,
    Communes,
    OfficialTable,
    read_births,
    read_communes,
    read_places,
)
from rpe_geo.parameters import parameter_table
from rpe_geo.protocols import Mode

__all__ = [
    "CommuneFiles",
    "births_of",
    "commune_parts",
    "commune_sources",
    "computed_codes",
    "official_places",
    "pace_of",
    "parts_of",
]


@dataclass(frozen=True)
class CommuneFiles:
    """
    The open data of a run; all but the communes may be missing.

    Parameters
    ----------
    communes, contours
        Communes with their figures, and their polygons.
    places, births, rates
        CNAF places and rates, INSEE births, at every level; without them the columns of `communes` are used.
    cog
        Code officiel géographique, to find the communes that merged.
    """

    communes: Path
    contours: Path | None = None
    places: Path | None = None
    births: Path | None = None
    rates: Path | None = None
    cog: Path | None = None


def pace_of(mode: Mode, table: Any) -> StraightPace:
    """Name how long great circles take in a mode."""
    if mode == "car":
        car = table["car_between_zones"]
        return StraightPace(car["detour_factor"], car["speed_kph"], car["start_min"])
    speeds = parameter_table("speeds", table.day)
    return StraightPace(speeds["detour_factor"][mode], speeds["straight_line_kph"][mode])


def commune_parts(
    files: CommuneFiles, year: int
) -> tuple[pd.DataFrame, Communes, Births, list[Note]]:
    """
    Read the communes as points of computation, with children and places.

    Parameters
    ----------
    files
        The open data.
    year
        Year of the places.

    Returns
    -------
    tuple
        Points by code (`whole, longitude, latitude, children, places_…, places, inner_min`), communes, births, notes.
    """
    communes = read_communes(files.communes)
    former = former_codes(files.cog) if files.cog else {}
    births, notes = births_of(files, communes, year, former)
    official, places_notes = official_places(files, communes, year, former)
    parts = parts_of(communes, official, births, year)
    return parts, communes, births, [*notes, *places_notes]


def computed_codes(communes: Communes) -> pd.Index:
    """List the codes that are computed: communes, and arrondissements in place of their cities."""
    cities = set(communes.boroughs["commune"])
    whole = communes.table.index[~communes.table.index.isin(cities)]
    return whole.append(communes.boroughs.index)


def official_places(
    files: CommuneFiles, communes: Communes, year: int, former: Mapping[str, str]
) -> tuple[OfficialTable | None, list[Note]]:
    """
    Read the published places, if given, on the communes of today; their year must be the one asked for.

    Parameters
    ----------
    files
        The open data.
    communes
        The communes of today.
    year
        Year of the places.
    former
        Former code → code of today.

    Returns
    -------
    tuple
        The places (None when no file is given), and what was merged or unknown.

    Raises
    ------
    InvalidFile
        When they are of another year, or of none of the communes.
    """
    if files.places is None:
        return None, []
    official = read_places(files.places)
    if official.year is not None and official.year != year:
        raise InvalidFile(
            "places_year",
            where=Where(file=files.places.name),
            found=str(official.year),
            year=str(year),
        )
    known = computed_codes(communes)
    cities = set(communes.boroughs["commune"])
    own, notes = on_todays_communes(official.communes, known, former, files.places, cities=cities)
    if official.year is None:
        values = {"file": files.places.name, "year": str(year)}
        notes.append(Note("places_year_unknown", values))
    return replace(official, communes=own), notes


def births_of(
    files: CommuneFiles, communes: Communes, year: int, former: Mapping[str, str]
) -> tuple[Births, list[Note]]:
    """
    Read births, or sum the columns of the communes; the nearest three years when the right ones are missing.

    Parameters
    ----------
    files, communes, year, former
        See `official_places`.

    Returns
    -------
    tuple
        Births by commune of today, and what was merged, unknown or shifted.
    """
    if files.births is not None:
        births = read_births(files.births, year)
        known = computed_codes(communes)
        cities = set(communes.boroughs["commune"])
        by_year, notes = on_todays_communes(
            births.by_year, known, former, files.births, cities=cities
        )
        three = by_year[list(births.years)]
        return (
            replace(
                births,
                communes=three.sum(axis=1, min_count=3),
                by_age=three.set_axis([2, 1, 0], axis=1),
                by_year=by_year,
            ),
            notes,
        )
    both = pd.concat([communes.table, communes.boroughs])
    present = sorted(
        2000 + int(name[5:]) for name in both.columns if name[:5] == "naiss" and name[5:].isdigit()
    )
    triples = [(y - 2, y - 1, y) for y in present if {y - 2, y - 1} <= set(present)]
    if not triples:
        raise InvalidFile(
            "years_missing",
            where=Where(file=files.communes.name),
            years=[str(y) for y in (year - 2, year - 1, year)],
            present="aucune",
            year=str(year),
        )
    years = min(triples, key=lambda triple: abs(triple[2] - year))
    summed = both[[f"naiss{y % 100:02d}" for y in years]].sum(axis=1, min_count=3)
    notes = []
    if years[2] != year:
        wanted = [str(y) for y in (year - 2, year - 1, year) if y not in present]
        notes.append(
            Note(
                "births_shifted", {"wanted": wanted, "first": str(years[0]), "last": str(years[2])}
            )
        )
    empty = pd.Series(dtype=np.float64)
    by_age = both[[f"naiss{y % 100:02d}" for y in years]].set_axis([2, 1, 0], axis=1)
    by_year = both[[f"naiss{y % 100:02d}" for y in present]].set_axis(present, axis=1)
    return (
        Births(years, summed, empty, empty, float("nan"), by_age=by_age, by_year=by_year),
        notes,
    )


def parts_of(
    communes: Communes, official: OfficialTable | None, births: Births, year: int
) -> pd.DataFrame:
    """List the points of computation: communes, and arrondissements in place of their cities."""
    cities = set(communes.boroughs["commune"])
    whole = communes.table[~communes.table.index.isin(cities)]
    parts = pd.concat([whole.assign(commune=whole.index), communes.boroughs])
    if parts["longitude"].isna().any():
        code = parts.index[parts["longitude"].isna()][0]
        raise InputError("centroid_missing", given=code)
    if official is not None:
        places = official.communes.reindex(parts.index)
    else:
        columns = {
            f"places_assmat_{year}": "places_childminder",
            f"places_eaje_{year}": "places_facility",
            f"places_autres_{year}": "places_other",
        }
        if not set(columns) <= set(parts.columns):
            found = [str(c)[-4:] for c in parts.columns if str(c).startswith("places_assmat_")]
            raise InputError("places_year_missing", year=str(year), present=found or "aucune")
        places = parts[list(columns)].rename(columns=columns)
    radius_km = np.sqrt(parts["superficie_km2"].astype(np.float64).fillna(0) / np.pi)
    return pd.DataFrame(
        {
            "whole": parts["commune"],
            "longitude": parts["longitude"].astype(np.float64),
            "latitude": parts["latitude"].astype(np.float64),
            "radius_km": radius_km,
            "children": births.communes.reindex(parts.index),
            **{mode: places[mode] for mode in PLACE_MODES},
            "places": places[list(PLACE_MODES)].sum(axis=1, min_count=len(PLACE_MODES)),
        }
    ).pipe(_with_inner_minutes)


def _with_inner_minutes(parts: pd.DataFrame) -> pd.DataFrame:
    """Give each zone the minutes between its own homes and places; never above the nearest step of the catchment."""
    table = parameter_table("observatory", date.today())  # noqa: DTZ011 - a convention, not a law
    pace = pace_of("car", table)
    # Two random points of a disc are 0.905 radius apart.
    inner = pace.start_min + 0.905 * 1000 * parts["radius_km"] * pace.minutes_per_m
    nearest = float(table["catchment_min"]) / 3
    return parts.assign(inner_min=inner.clip(upper=nearest))


def commune_sources(files: CommuneFiles, year: int) -> tuple[Source, ...]:
    """Name the producers of the open data used."""
    licence = "Licence Ouverte 2.0"
    known = (
        (
            files.communes,
            "Communes, populations et intercommunalités",
            "INSEE, CNAF, DREES",
            str(year),
        ),
        (files.contours, "Contours des communes, généralisés", "IGN", "2025–2026"),
        (files.places, "Places offertes aux enfants de moins de trois ans", "CNAF", str(year)),
        (files.births, "Naissances domiciliées (état civil)", "INSEE", "2008–2023"),
        (files.rates, "Taux de couverture global", "CNAF", str(year + 1)),
        (files.cog, "Code officiel géographique", "INSEE", "2026"),
    )
    return tuple(
        Source(title, producer, licence, when, path.name)
        for path, title, producer, when in known
        if path is not None
    )
