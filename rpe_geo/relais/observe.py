"""
Observe communes: coverage and access of a few communes or of all of France, checked against the published figures.

The territory is computed with a margin: to be right at its border, what lies beyond counts, supply within one catchment
and the children who compete for it within two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpe_geo.errors import InputError, InvalidFile, Where
from rpe_geo.formats.open_data import (
    Births,
    Communes,
    OfficialTable,
    former_codes,
    read_births,
    read_communes,
    read_contours,
    read_places,
    today,
)
from rpe_geo.messages.french import number
from rpe_geo.observatory.calibration import Check, calibrate
from rpe_geo.observatory.coverage import PLACE_MODES, coverage_rate
from rpe_geo.observatory.decay import Decay
from rpe_geo.observatory.hotspots import Neighbours, getis_ord, local_moran
from rpe_geo.observatory.neighbours import StraightPace, straight_pairs
from rpe_geo.observatory.pairs import TravelPairs
from rpe_geo.observatory.profile import access_profile, default_decay, merge_parts, summarise
from rpe_geo.observatory.results import Note, Observatory, Source
from rpe_geo.observatory.tiles import Runner, tiled_access_profile
from rpe_geo.parameters import parameter_table
from rpe_geo.protocols import Mode, Progress, TravelTimeEngine
from rpe_geo.relais.observe_checks import compare_communes

__all__ = [
    "CommuneFiles",
    "commune_parts",
    "commune_sources",
    "observe_communes",
    "pace_of",
    "pairs_between",
    "silent",
    "travel_words",
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


def silent(_what: str, _done: int, _total: int | None) -> None:
    """Tell nobody about progress."""


def observe_communes(
    files: CommuneFiles,
    *,
    year: int,
    codes: Sequence[str] | None = None,
    departements: Sequence[str] | None = None,
    engine: TravelTimeEngine | None = None,
    mode: Mode = "car",
    minutes: float | None = None,
    decay: Decay | None = None,
    run: Runner | None = None,
    progress: Progress = silent,
) -> Observatory:
    """
    Compute the indicators of communes.

    Parameters
    ----------
    files
        The open data.
    year
        Year of the places; the children are the births of the three years that end there.
    codes, departements
        Communes wanted, and départements wanted whole; all if neither.
    engine
        Travel times on real streets; None computes them from great circles (`car_between_zones`).
    mode, minutes
        Mode and longest travel time; 15 minutes by default.
    decay
        Weights of E2SFCA and 3SFCA; the steps of the DREES by default.
    run
        Runs the tiles of a run from great circles (see `rpe_geo.observatory.tiles`); None computes in one piece.
    progress
        Told of each step.

    Returns
    -------
    Observatory
        One row per commune asked for, in the order of the file.

    Raises
    ------
    InputError
        For files that cannot be used, years that do not match, and codes that are unknown.
    """
    table = parameter_table("observatory", date(year, 12, 31))
    minutes = float(minutes or table["catchment_min"])
    decay = decay or default_decay(minutes, table["steps_of_the_catchment"])
    steps = 6
    progress("observatory_read", 0, steps)
    communes = read_communes(files.communes)
    former = former_codes(files.cog) if files.cog else {}
    asked = _asked(communes, codes or (), departements or (), former)
    partial = len(asked) < len(communes.table)
    notes: list[Note] = []
    official = _official_places(files, year)
    births, births_notes = _births(files, communes, year)
    notes += births_notes
    progress("observatory_read", 1, steps)

    parts = _parts(communes, official, births, year)
    kept = (
        _margin(parts, asked, table, minutes) if codes else pd.Series(data=True, index=parts.index)
    )
    parts = parts[kept]
    times = pairs_between(parts, parts, engine, mode=mode, minutes=minutes, table=table)
    progress("observatory_read", 2, steps)

    if run is not None and engine is None:
        profile = tiled_access_profile(parts, parts, pace_of(mode, table), decay, run=run)
    else:
        profile = access_profile(parts["children"], parts["places"], times, decay)
    profile = merge_parts(profile, parts["children"], parts["whole"])
    zones = _coverage(communes, parts).join(profile)
    progress("observatory_read", 3, steps)

    zones = _calibrated(zones, official)
    inside = zones.loc[[code for code in zones.index if code in asked]]
    if partial:
        effect = _margin_effect(parts, times, asked, decay)
        inside = inside.assign(access_margin_effect=inside["access_e2sfca"] - effect)
    checks = (
        ()
        if partial
        else compare_communes(
            zones, official, communes, births, rates_file=files.rates, births_file=files.births
        )
    )
    inside = _flags(inside, checks, table)
    progress("observatory_read", 4, steps)
    inside = _local_statistics(inside, table, minutes)
    progress("observatory_read", 5, steps)

    shapes, shape_notes = _shapes(files, inside.index)
    notes += shape_notes
    geozones = gpd.GeoDataFrame(inside, geometry=shapes.reindex(inside.index).array, crs=4326)
    progress("observatory_read", steps, steps)
    return Observatory(
        zones=geozones,
        supply=gpd.GeoDataFrame(
            {"kind": [], "name": [], "places": [], "estimated": []}, geometry=[], crs=4326
        ),
        checks=tuple(checks),
        summary=summarise(inside),
        parameters={
            "title": _title(communes, asked, departements or ()),
            "zones": "communes",
            "year": year,
            "children_years": list(births.years),
            "mode": mode,
            "minutes": minutes,
            "decay": str(decay),
            "travel_times": travel_words(engine, table),
            "margin_zones": int(kept.sum()) - int(parts["whole"].isin(asked).sum()),
        },
        sources=commune_sources(files, year),
        notes=tuple(notes),
    )


def _asked(
    communes: Communes, codes: Sequence[str], departements: Sequence[str], former: dict[str, str]
) -> pd.Index:
    """List the communes wanted, in the order of the file."""
    if not codes and not departements:
        return communes.table.index
    wanted = set(today(codes, communes.table.index, former, Where(field="--code")))
    for departement in departements:
        members = communes.table.index[communes.table["departement"] == departement]
        if members.empty:
            raise InputError("departement_unknown", given=departement)
        wanted |= set(members)
    return communes.table.index[communes.table.index.isin(wanted)]


def _title(communes: Communes, asked: pd.Index, departements: Sequence[str]) -> str:
    """Name what is looked at."""
    if len(asked) == len(communes.table):
        return "France"
    if departements:
        return f"Département {', '.join(departements)}"
    epcis = communes.table.loc[asked, "epci_nom"].dropna().unique()
    if len(asked) == 1:
        return str(communes.table.loc[asked[0], "nom"])
    return str(epcis[0]) if len(epcis) == 1 else f"{len(asked)} communes"


def pairs_between(
    demand: pd.DataFrame,
    supply: pd.DataFrame,
    engine: TravelTimeEngine | None,
    *,
    mode: Mode,
    minutes: float,
    table: Any,
) -> TravelPairs:
    """
    Compute travel times within the longest time, on streets or from great circles.

    Parameters
    ----------
    demand, supply
        Points by id: `longitude, latitude`; `inner_min`, the minutes within a zone that is both.
    engine
        Travel times on real streets, or None.
    mode, minutes
        Mode and longest travel time.
    table
        Parameters of the observatory.
    """
    straight = straight_pairs(
        demand, supply, pace_of(mode, table), minutes, inner_min=demand.get("inner_min")
    )
    if engine is None:
        return straight
    # Beyond the streets that are known, the great circle still tells how near neighbours are.
    streets_demand, origins = _on_streets(demand, engine, mode)
    streets_supply, destinations = _on_streets(supply, engine, mode)
    matrix = engine.travel_times(origins, destinations, mode=mode, cutoff_min=minutes).to_numpy()
    row, column = np.nonzero(matrix <= minutes)
    beyond = ~(streets_demand[straight.demand_at] & streets_supply[straight.supply_at])
    return TravelPairs.from_positions(
        demand.index,
        supply.index,
        np.concatenate([np.flatnonzero(streets_demand)[row], straight.demand_at[beyond]]),
        np.concatenate([np.flatnonzero(streets_supply)[column], straight.supply_at[beyond]]),
        np.concatenate([matrix[row, column], straight.minutes[beyond]]),
    )


def _on_streets(
    points: pd.DataFrame, engine: TravelTimeEngine, mode: Mode
) -> tuple[NDArray[np.bool_], gpd.GeoSeries]:
    """Keep the points that the streets of the engine can reach: mask and points."""
    series = gpd.GeoSeries(
        gpd.points_from_xy(points["longitude"], points["latitude"]), points.index, crs=4326
    )
    kept = np.ones(len(points), dtype=bool)
    bounds = engine.describe().get("bbox")
    if bounds is not None:
        west, south, east, north = bounds
        kept = (
            points["longitude"].between(west, east) & points["latitude"].between(south, north)
        ).to_numpy(dtype=bool)
    while kept.any():
        try:
            engine.travel_times(series[kept], series[kept].iloc[:1], mode=mode, cutoff_min=1)
            break
        except InputError as error:
            if error.code != "point_too_far":
                raise
            kept = kept & (points.index != error.values["point"])
    return kept, series[kept]


def pace_of(mode: Mode, table: Any) -> StraightPace:
    """Name how long great circles take in a mode."""
    if mode == "car":
        car = table["car_between_zones"]
        return StraightPace(car["detour_factor"], car["speed_kph"], car["start_min"])
    speeds = parameter_table("speeds", table.day)
    return StraightPace(speeds["detour_factor"][mode], speeds["straight_line_kph"][mode])


def travel_words(engine: TravelTimeEngine | None, table: Any) -> str:
    """Say in French how travel times were computed."""
    if engine is not None:
        return str(engine.describe().get("engine", "rues"))
    car = table["car_between_zones"]
    return (
        f"vol d'oiseau × {number(car['detour_factor'], 2)} à {number(car['speed_kph'])} km/h, "
        f"plus {number(car['start_min'])} min"
    )


def _official_places(files: CommuneFiles, year: int) -> OfficialTable | None:
    if files.places is None:
        return None
    official = read_places(files.places)
    if official.year is not None and official.year != year:
        raise InvalidFile(
            "places_year",
            where=Where(file=files.places.name),
            found=str(official.year),
            year=str(year),
        )
    return official


def _births(files: CommuneFiles, communes: Communes, year: int) -> tuple[Births, list[Note]]:
    """Read births, or sum the columns of the communes; the nearest three years when the right ones are missing."""
    if files.births is not None:
        births = read_births(files.births, year)
        return births, list(births.notes)
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
    return Births(years, summed, empty, empty, float("nan")), notes


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
    births, notes = _births(files, communes, year)
    return _parts(communes, _official_places(files, year), births, year), communes, births, notes


def _parts(
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


def _margin(parts: pd.DataFrame, asked: pd.Index, table: Any, minutes: float) -> pd.Series:
    """Keep what is within two catchments of the communes asked for."""
    wanted = parts[parts["whole"].isin(asked)]
    near = straight_pairs(wanted, parts, pace_of("car", table), 2 * minutes)
    kept = pd.Series(data=False, index=parts.index)
    kept.iloc[near.supply_at] = True
    return kept | parts["whole"].isin(asked)


def _margin_effect(
    parts: pd.DataFrame, times: TravelPairs, asked: pd.Index, decay: Decay
) -> pd.Series:
    """Compute the access that one would find by stopping at the border."""
    inside = parts["whole"].isin(asked).to_numpy()
    alone = times.where(inside[times.demand_at] & inside[times.supply_at])
    profile = access_profile(parts["children"], parts["places"], alone, decay)
    return merge_parts(profile, parts["children"], parts["whole"])["access_e2sfca"].reindex(asked)


def _coverage(communes: Communes, parts: pd.DataFrame) -> pd.DataFrame:
    """Sum the parts by commune and divide."""
    amounts = parts.groupby("whole")[["children", *PLACE_MODES, "places"]].sum(min_count=1)
    names = communes.table.loc[communes.table.index.isin(amounts.index)]
    zones = names[["nom", "departement", "epci", "epci_nom", "longitude", "latitude"]].join(amounts)
    zones["coverage_rate"] = coverage_rate(zones["places"], zones["children"])
    zones["coverage_childminder"] = coverage_rate(zones["places_childminder"], zones["children"])
    zones["coverage_facility"] = coverage_rate(zones["places_facility"], zones["children"])
    return zones.rename_axis("code")


def _calibrated(zones: pd.DataFrame, official: OfficialTable | None) -> pd.DataFrame:
    """Scale each mode to the total of its département."""
    if official is None:
        return zones
    columns = {}
    for mode in PLACE_MODES:
        columns[f"{mode}_calibrated"] = calibrate(
            zones[mode], zones["departement"], official.departements[mode], spread=zones["children"]
        )
    zones = zones.assign(**columns)
    total = zones[list(columns)].sum(axis=1, min_count=len(columns))
    return zones.assign(
        places_calibrated=total, coverage_rate_calibrated=coverage_rate(total, zones["children"])
    )


def _flags(zones: pd.DataFrame, checks: Sequence[Check], table: Any) -> pd.DataFrame:
    """Mark what a reader should not lean on, and say why."""
    least = float(table["uncertain_children"])
    residual = float(table["uncertain_residual"])
    far = {
        check.code
        for check in checks
        if check.what == "places"
        and check.level == "departement"
        and check.difference_percent is not None
        and abs(check.difference_percent) > 100 * residual
    }
    missing = zones["children"].isna() | zones["places"].isna()
    few = (zones["children"] < least) & ~missing
    unsure = zones["departement"].isin(far) & ~missing
    steep = zones["coverage_rate"] > float(table["uncertain_rate"])
    reasons = [
        " ; ".join(
            word
            for flag, word in (
                (gone, "données non publiées"),
                (small, f"moins de {least:g} enfants"),
                (high, "beaucoup de places pour peu d'enfants"),
                (loose, "somme du département éloignée du total publié"),
            )
            if flag
        )
        for gone, small, high, loose in zip(missing, few, steep, unsure, strict=True)
    ]
    return zones.assign(uncertain=missing | few | steep | unsure, uncertain_why=reasons)


def _local_statistics(zones: pd.DataFrame, table: Any, minutes: float) -> pd.DataFrame:
    """Find where low access gathers among zones within one catchment of each other."""
    pairs = straight_pairs(zones, zones, pace_of("car", table), minutes)
    neighbours = Neighbours(zones.index, pairs.demand_at, pairs.supply_at)
    rate = float(table["false_discovery_rate"])
    spots = getis_ord(zones["access_e2sfca"], neighbours, rate=rate)
    moran = local_moran(zones["access_e2sfca"], neighbours, rate=rate)
    return zones.assign(
        gi_star=spots.statistic,
        gi_star_p=spots.p_value,
        hotspot=spots.kind.map({"froid": "tension", "chaud": "aisance", "": ""}),
        moran=moran.kind,
    )


def _shapes(files: CommuneFiles, codes: pd.Index) -> tuple[gpd.GeoSeries, list[Note]]:
    if files.contours is None:
        return gpd.GeoSeries([None] * len(codes), index=codes, crs=4326), []
    shapes, notes = read_contours(files.contours, list(codes))
    absent = codes.difference(shapes.index)
    if len(absent) == len(codes):
        raise InvalidFile(
            "contours_unmatched",
            where=Where(file=files.contours.name),
            first=str(codes[0]),
        )
    if len(absent):
        notes.append(Note("zones_empty", {"count": len(absent), "first": str(absent[0])}))
    return shapes, notes


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
