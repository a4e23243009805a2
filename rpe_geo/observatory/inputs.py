"""What an observatory is computed from, as values: communes, published figures, births, zones; and what is asked of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from rpe_geo.domain import Childminder, Facility
from rpe_geo.errors import InputError, Where
from rpe_geo.observatory.census_children import census_year, with_census
from rpe_geo.observatory.codes import today
from rpe_geo.observatory.coverage import PLACE_MODES
from rpe_geo.observatory.decay import Decay
from rpe_geo.observatory.neighbours import StraightPace
from rpe_geo.observatory.profile import default_decay
from rpe_geo.observatory.results import Note, Source
from rpe_geo.parameters import ParameterTable, parameter_table
from rpe_geo.protocols import Mode

__all__ = [
    "Births",
    "ChildrenColumn",
    "CommuneInputs",
    "Communes",
    "IrisBirths",
    "OfficialTable",
    "Study",
    "ZoneInputs",
    "Zones",
    "asked_communes",
    "computed_codes",
    "pace_of",
    "parts_of",
]


@dataclass(frozen=True)
class Communes:
    """
    The communes of a file, with the arrondissements of Paris, Lyon and Marseille apart.

    Parameters
    ----------
    table
        By code: `nom, departement, region, epci, epci_nom, population, superficie_km2, longitude, latitude` and what
        else the file holds (`naiss20`, `places_assmat_2020`…).
    boroughs
        The same for the municipal arrondissements, with `commune`, the code of their city.
    notes
        What was mended.
    """

    table: pd.DataFrame
    boroughs: pd.DataFrame
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class OfficialTable:
    """
    A published table with figures at every level.

    Parameters
    ----------
    communes, epcis, departements, regions
        Figures by code (départements « 01 », regions « 84 »); municipal arrondissements stand among the communes.
    france
        The row FR.
    year
        The year found in the name of the file, if any.
    epci_of
        Intercommunalité of each commune in the year of the file, when it says so (CNAF: `comp1`).
    estimated
        Communes whose figures are a share of their intercommunalité's, as `observatory prepare` makes them.
    """

    communes: pd.DataFrame
    epcis: pd.DataFrame
    departements: pd.DataFrame
    regions: pd.DataFrame
    france: pd.Series
    year: int | None = None
    epci_of: pd.Series | None = None
    estimated: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Births:
    """Births of the three years that end at a year, summed; nan where a year is missing; see `OfficialTable`."""

    years: tuple[int, int, int]
    communes: pd.Series
    epcis: pd.Series
    departements: pd.Series
    france: float
    notes: tuple[Note, ...] = field(default=())
    by_age: pd.DataFrame = field(default_factory=pd.DataFrame)
    """Communes by age completed in the last year (columns 0, 1, 2): the births of that year, of the one before…"""
    by_year: pd.DataFrame = field(default_factory=pd.DataFrame)
    """Communes by year of birth, for the years around the three: nan where not published."""


@dataclass(frozen=True)
class ChildrenColumn:
    """
    What tells how many children under three live in a zone.

    Parameters
    ----------
    column
        Its name.
    kind
        « count » (told as such), « census » (INSEE, 0 to 2 years) or « grid » (Filosofi, 0 to 3 years: four of them).
    year
        Year of the census, if the name says it.
    share
        Part of what it counts that is under three.
    """

    column: str
    kind: str
    year: int | None = None
    share: float = 1.0


@dataclass(frozen=True)
class Zones:
    """
    Polygons to measure.

    Parameters
    ----------
    table
        By code: `nom`, `children` (nan where unknown), `commune` (its code, None where the file does not say it) and
        polygons, EPSG:4326.
    has_children
        Whether the file itself says how many children live there.
    notes
        What was mended.
    children_from
        The column of the children, if there is one.
    columns
        Names of all columns of the file.
    """

    table: gpd.GeoDataFrame
    has_children: bool
    notes: tuple[Note, ...]
    children_from: ChildrenColumn | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class IrisBirths:
    """Births by IRIS (nine characters, the commune's code first), summed over some years."""

    births: pd.Series
    years: tuple[int, ...]


@dataclass(frozen=True)
class Study:
    """
    What is asked of an observatory.

    Parameters
    ----------
    year
        Year of the places; the children are the births of the three years that end there.
    on
        The day on which a registry is looked at; the last of the year if None.
    codes, departements
        Communes wanted, and départements wanted whole; all if neither. Zones of other communes are left out.
    mode, minutes
        Mode and longest travel time; the parameter `catchment_min` if None.
    decay
        Weights of E2SFCA and 3SFCA; the steps of the DREES if None.
    estimate_missing
        Estimate the children of communes whose births are not published, where that can be done, and compute with them;
        they are flagged uncertain. Without it they stay missing.
    """

    year: int
    on: date | None = None
    codes: tuple[str, ...] = ()
    departements: tuple[str, ...] = ()
    mode: Mode = "car"
    minutes: float | None = None
    decay: Decay | None = None
    estimate_missing: bool = False

    @property
    def table(self) -> ParameterTable:
        """Parameters of the observatory in the year of the places."""
        return parameter_table("observatory", date(self.year, 12, 31))

    @property
    def reach_min(self) -> float:
        """Longest travel time, in minutes."""
        return float(self.minutes or self.table["catchment_min"])

    @property
    def weight(self) -> Decay:
        """Weights of travel times."""
        return self.decay or default_decay(self.reach_min, self.table["steps_of_the_catchment"])

    @property
    def day(self) -> date:
        """The day on which a registry is looked at."""
        return self.on or date(self.year, 12, 31)


@dataclass(frozen=True)
class CommuneInputs:
    """
    The open data of communes, as read.

    Parameters
    ----------
    communes
        The communes of today.
    births
        Births of the three years, on the communes of today.
    official
        Published places, on the communes of today; None when no file was given.
    former
        Former code → code of today.
    shapes
        Polygons by code, EPSG:4326; None when no file was given.
    rates, rates_births
        Published rates, and births of the three years that end in theirs; read only to compare all of the communes.
    sources
        Producers of the files.
    notes
        What was merged, unknown or shifted in the figures, then what was mended in the polygons.
    shape_notes
        What was mended in the polygons.
    files
        Names of the files read, for messages: `communes`…
    """

    communes: Communes
    births: Births
    official: OfficialTable | None
    former: Mapping[str, str]
    shapes: gpd.GeoSeries | None = None
    rates: OfficialTable | None = None
    rates_births: Births | None = None
    sources: tuple[Source, ...] = ()
    notes: tuple[Note, ...] = ()
    shape_notes: tuple[Note, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ZoneInputs:
    """
    What is known below the commune, as read.

    Parameters
    ----------
    zones
        Polygons to measure.
    facilities, childminders
        Crèches and others, and the registry; None when no file was given.
    iris_births
        Births by IRIS, the code of the commune first; None when not given.
    iris_zones
        Code of the zone by IRIS; None when not given.
    sources
        Producers of the files.
    files
        Names of the files read, for messages: `zones`, `iris_births`, `iris_zones`.
    """

    zones: Zones
    facilities: Sequence[Facility] | None = None
    childminders: Sequence[Childminder] | None = None
    iris_births: IrisBirths | None = None
    iris_zones: pd.Series | None = None
    sources: tuple[Source, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)


def pace_of(mode: Mode, table: Any) -> StraightPace:
    """Name how long great circles take in a mode."""
    if mode == "car":
        car = table["car_between_zones"]
        return StraightPace(car["detour_factor"], car["speed_kph"], car["start_min"])
    speeds = parameter_table("speeds", table.day)
    return StraightPace(speeds["detour_factor"][mode], speeds["straight_line_kph"][mode])


def asked_communes(
    communes: Communes,
    codes: Sequence[str],
    departements: Sequence[str],
    former: Mapping[str, str],
) -> pd.Index:
    """
    List the communes wanted, in the order of the file; all if none is named.

    Raises
    ------
    InputError
        For a code or a département that is unknown.
    """
    if not codes and not departements:
        return communes.table.index
    wanted = set(today(codes, communes.table.index, former, Where(field="--code")))
    for departement in departements:
        members = communes.table.index[communes.table["departement"] == departement]
        if members.empty:
            raise InputError("departement_unknown", given=departement)
        wanted |= set(members)
    return communes.table.index[communes.table.index.isin(wanted)]


def computed_codes(communes: Communes) -> pd.Index:
    """List the codes that are computed: communes, and arrondissements in place of their cities."""
    cities = set(communes.boroughs["commune"])
    whole = communes.table.index[~communes.table.index.isin(cities)]
    return whole.append(communes.boroughs.index)


def parts_of(
    communes: Communes, official: OfficialTable | None, births: Births, year: int
) -> pd.DataFrame:
    """
    List the points of computation: communes, and arrondissements in place of their cities.

    Parameters
    ----------
    communes, official, births
        As read; without published places the columns of the communes serve.
    year
        Year of the places.

    Returns
    -------
    DataFrame
        By code: `whole, longitude, latitude, radius_km, children, children_source, places_…, places, places_source` (« publié », « estimé »,
        « absent »), `inner_min`.

    Raises
    ------
    InputError
        When a centre is missing, or places of the year.
    """
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
    total = places[list(PLACE_MODES)].sum(axis=1, min_count=len(PLACE_MODES))
    estimated = parts.index.isin(sorted(official.estimated) if official is not None else [])
    census = census_year(communes.table.columns, births.years[2], year)
    children, source = with_census(births.communes.reindex(parts.index), parts, census)
    radius_km = np.sqrt(parts["superficie_km2"].astype(np.float64).fillna(0) / np.pi)
    return pd.DataFrame(
        {
            "whole": parts["commune"],
            "longitude": parts["longitude"].astype(np.float64),
            "latitude": parts["latitude"].astype(np.float64),
            "radius_km": radius_km,
            "children": children,
            "children_source": source,
            **{mode: places[mode] for mode in PLACE_MODES},
            "places": total,
            "places_source": np.where(
                total.isna(), "absent", np.where(estimated, "estimé", "publié")
            ),
        }
    ).pipe(_with_inner_minutes, parameter_table("observatory", date(year, 12, 31)))


def _with_inner_minutes(parts: pd.DataFrame, table: ParameterTable) -> pd.DataFrame:
    """Give each zone the minutes between its own homes and places; never above the nearest step of the catchment."""
    pace = pace_of("car", table)
    # Two random points of a disc are 0.905 radius apart.
    inner = pace.start_min + 0.905 * 1000 * parts["radius_km"] * pace.minutes_per_m
    nearest = float(table["catchment_min"]) / 3
    return parts.assign(inner_min=inner.clip(upper=nearest))
