"""
Observe the zones of one commune: real facilities, a registry, births by IRIS, all set on the commune's own figures.

The neighbouring communes count as one point each: their children compete for the same places, their places serve too.
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

from rpe_geo.crs import metric_crs
from rpe_geo.domain import Childminder, Facility
from rpe_geo.errors import InvalidFile, Where
from rpe_geo.formats.facilities_geojson import read_facilities_geojson
from rpe_geo.formats.records import read_childminders, read_facilities
from rpe_geo.formats.zone_files import Zones, read_iris_births, read_iris_zones, read_zones
from rpe_geo.observatory.accessibility import count_choices, two_step_fca
from rpe_geo.observatory.calibration import calibrate, compare
from rpe_geo.observatory.coverage import PLACE_MODES, coverage_rate, freshness, vacancy_rate
from rpe_geo.observatory.decay import Binary, Decay
from rpe_geo.observatory.hotspots import Neighbours, getis_ord, local_moran
from rpe_geo.observatory.neighbours import straight_pairs
from rpe_geo.observatory.pairs import TravelPairs
from rpe_geo.observatory.profile import access_profile, default_decay, merge_parts, summarise
from rpe_geo.observatory.results import Note, Observatory, Source
from rpe_geo.observatory.supply import SLOTS, childminder_supply, facility_supply, share_places
from rpe_geo.observatory.zones import demand_cells, spread, zone_of
from rpe_geo.parameters import parameter_table
from rpe_geo.protocols import Mode, Progress, TravelTimeEngine
from rpe_geo.relais.commune_files import CommuneFiles, commune_parts, commune_sources, pace_of
from rpe_geo.relais.observe import pairs_between, silent, travel_words

__all__ = ["ZoneFiles", "observe_zones"]

CELL_M = 200.0


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
    """

    zones: Path
    facilities: Path | None = None
    childminders: Path | None = None
    iris_births: Path | None = None
    iris_zones: Path | None = None
    credit: str = ""


def observe_zones(
    files: CommuneFiles,
    zone_files: ZoneFiles,
    *,
    year: int,
    on: date,
    commune: str | None = None,
    engine: TravelTimeEngine | None = None,
    mode: Mode = "car",
    minutes: float | None = None,
    decay: Decay | None = None,
    progress: Progress = silent,
) -> Observatory:
    """
    Compute the indicators of zones inside a commune.

    Parameters
    ----------
    files
        Open data of the communes.
    zone_files
        What is known below.
    year
        Year of the commune's places; its children are the births of the three years that end there.
    on
        The day on which the registry is looked at.
    commune
        Code of the commune; the one that holds the zones if None.
    engine, mode, minutes, decay, progress
        See `observe_communes`.

    Returns
    -------
    Observatory
        One row per zone, in the order of the file. Children and places sum to the commune's own figures.
    """
    steps = 5
    progress("observatory_read", 0, steps)
    table = parameter_table("observatory", date(year, 12, 31))
    minutes = float(minutes or table["catchment_min"])
    decay = decay or default_decay(minutes, table["steps_of_the_catchment"])
    zones = read_zones(zone_files.zones)
    parts, communes, births, notes = commune_parts(files, year)
    notes = [*notes, *zones.notes]
    crs = metric_crs(commune)
    flat = zones.table.to_crs(crs)
    code = commune or _commune_of(flat, parts, files)
    own = parts[parts["whole"] == code]
    if own.empty:
        raise InvalidFile("zones_commune_unknown", where=Where(file=zone_files.zones.name))
    totals = own[["children", *PLACE_MODES]].sum(min_count=1)
    progress("observatory_read", 1, steps)

    children, child_notes = _children(zones, zone_files, flat, code, float(totals["children"]))
    supply, supply_notes = _supply(zone_files, flat, totals, children, table, on)
    notes += [*child_notes, *supply_notes]
    progress("observatory_read", 2, steps)

    cells = demand_cells(flat.geometry, CELL_M)
    outside = parts[(parts["whole"] != code) & parts["places"].notna()]
    demand, everyone, offered = _points(cells, children, supply, outside, table, minutes, own)
    times = pairs_between(demand, offered, engine, mode=mode, minutes=minutes, table=table)
    progress("observatory_read", 3, steps)

    result = _coverage(flat, children, supply, totals)
    result = result.join(_access(everyone, offered, times, cells, decay, zone_files))
    alone = times.where(
        everyone.index.str.startswith("c")[times.demand_at]
        & ~offered.index.str.startswith("@")[times.supply_at]
    )
    inner = merge_parts(
        two_step_fca(everyone, offered["places"], alone, decay).to_frame("a").loc[cells.index],
        everyone.loc[cells.index],
        cells["zone"],
    )["a"]
    result["access_margin_effect"] = result["access_e2sfca"] - inner.reindex(result.index)
    progress("observatory_read", 4, steps)

    result = _registry_columns(result, supply, zone_files, table)
    result = _flags(result, table)
    result = _hot_spots(result, flat, table)
    checks = [
        check
        for what in ("children", *PLACE_MODES)
        for check in compare(
            pd.Series({code: float(result[what].sum())}),
            pd.Series({code: float(totals[what])}),
            what=what,
            level="commune",
            unit="enfants" if what == "children" else "places",
            why="calé : les zones somment au chiffre de la commune",
        )
    ]
    progress("observatory_read", steps, steps)
    drawn = supply[(supply["kind"] != "childminder") & supply["drawn"]]
    name = str(communes.table.loc[code, "nom"])
    return Observatory(
        zones=gpd.GeoDataFrame(result, geometry=zones.table.geometry, crs=4326).rename_axis("code"),
        supply=gpd.GeoDataFrame(
            drawn[["kind", "name", "places", "estimated"]].reset_index(drop=True),
            geometry=gpd.points_from_xy(drawn["longitude"], drawn["latitude"]),
            crs=4326,
        ),
        checks=tuple(checks),
        summary=summarise(result),
        parameters={
            "title": name,
            "zones": "zones",
            "commune": code,
            "year": year,
            "children_years": list(births.years),
            "registry_on": on.isoformat() if zone_files.childminders else "",
            "mode": mode,
            "minutes": minutes,
            "decay": str(decay),
            "travel_times": travel_words(engine, table),
            "margin_zones": int(len(demand) - len(cells)),
            "estimated": bool(supply["estimated"].any()),
        },
        sources=(*commune_sources(files, year), *_sources(zone_files, on)),
        notes=tuple(notes),
    )


def _commune_of(flat: gpd.GeoDataFrame, parts: pd.DataFrame, files: CommuneFiles) -> str:
    """Find the commune whose centre lies in the zones."""
    west, south, east, north = flat.to_crs(4326).total_bounds
    near = parts[parts["longitude"].between(west, east) & parts["latitude"].between(south, north)]
    centres = gpd.GeoSeries(
        gpd.points_from_xy(near["longitude"], near["latitude"]), index=near.index, crs=4326
    ).to_crs(flat.crs)
    inside = zone_of(centres, flat.geometry).notna()
    found = near.loc[inside[inside].index, "whole"].unique()
    if len(found) == 1:
        return str(found[0])
    code = "zones_several_communes" if len(found) else "zones_commune_unknown"
    raise InvalidFile(code, where=Where(file=files.communes.name))


def _children(
    zones: Zones, files: ZoneFiles, flat: gpd.GeoDataFrame, commune: str, total: float
) -> tuple[pd.Series, list[Note]]:
    """Spread the children of the commune: by the zones' own counts, by births of IRIS, or by surface."""
    notes: list[Note] = []
    if zones.has_children:
        known = zones.table["children"]
    elif files.iris_births is not None and files.iris_zones is not None:
        births = read_iris_births(files.iris_births, commune)
        zone = read_iris_zones(files.iris_zones).reindex(births.index)
        placed = zone.isin(flat.index)
        if (~placed).any():
            lost = float(births[~placed].sum())
            notes.append(Note("iris_unplaced", {"count": int((~placed).sum()), "births": lost}))
        known = births[placed].groupby(zone[placed]).sum().reindex(flat.index).fillna(0.0)
    else:
        notes.append(Note("zones_children_unknown", {}))
        known = flat.geometry.area
    empty = known[known == 0]
    if len(empty):
        notes.append(
            Note("zone_without_children", {"count": len(empty), "first": str(empty.index[0])})
        )
    if not np.isfinite(total):
        return known.rename("children"), notes
    group = pd.Series(commune, index=known.index)
    return calibrate(known, group, pd.Series({commune: total})).rename("children"), notes


def _supply(
    files: ZoneFiles,
    flat: gpd.GeoDataFrame,
    totals: pd.Series,
    children: pd.Series,
    table: Any,
    on: date,
) -> tuple[pd.DataFrame, list[Note]]:
    """List the supply of the commune, set on its published places by mode."""
    notes: list[Note] = []
    facilities, facility_notes = _facilities(files, flat, totals, children, table)
    people, people_notes = _childminders(files, flat, totals, children, on)
    notes += [*facility_notes, *people_notes]
    other = _spread_over_zones(flat, float(totals["places_other"]), children, "other")
    supply = pd.concat([frame for frame in (facilities, people, other) if len(frame)])
    located = supply["longitude"].notna() & supply["latitude"].notna()
    if (~located).any():
        notes.append(Note("childminders_unplaced", {"count": int((~located).sum())}))
    supply = supply[located]
    points = gpd.GeoSeries(
        gpd.points_from_xy(supply["longitude"], supply["latitude"]), supply.index, crs=4326
    )
    supply = supply.assign(zone=zone_of(points.to_crs(flat.crs), flat.geometry))
    out = supply["zone"].isna()
    if out.any():
        notes.append(
            Note(
                "supply_outside_zones",
                {"count": int(out.sum()), "places": float(supply.loc[out, "places"].sum())},
            )
        )
    mode = supply["mode"]
    factors = {}
    for name in PLACE_MODES:
        inside = (mode == name) & ~out
        now = float(supply.loc[inside, "places"].sum())
        wanted = float(totals[name])
        factors[name] = wanted / now if now > 0 and np.isfinite(wanted) else 1.0
    factor = mode.map(factors)
    supply = supply.assign(registered=supply["places"])
    for column in ("places", "open_early", "open_late", "open_saturday", "step_free", "free"):
        supply[column] = supply[column].astype(np.float64) * factor
    return supply, notes


def _facilities(
    files: ZoneFiles, flat: gpd.GeoDataFrame, totals: pd.Series, children: pd.Series, table: Any
) -> tuple[pd.DataFrame, list[Note]]:
    if files.facilities is None:
        total = float(totals["places_facility"])
        notes = [Note("facilities_spread", {"places": total})]
        return _spread_over_zones(flat, total, children, "facility"), notes
    found: Sequence[Facility] = (
        read_facilities_geojson(files.facilities)
        if files.facilities.suffix.lower() == ".geojson"
        else read_facilities(files.facilities)
    )
    frame = facility_supply(found)
    notes = []
    total = float(totals["places_facility"])
    if frame["places"].isna().any() and np.isfinite(total):
        unknown = int(frame["places"].isna().sum())
        frame = share_places(frame, total, table["facility_weights"])
        notes.append(Note("places_shared_out", {"count": unknown, "places": total}))
    return frame.assign(mode="places_facility", drawn=True), notes


def _childminders(
    files: ZoneFiles, flat: gpd.GeoDataFrame, totals: pd.Series, children: pd.Series, on: date
) -> tuple[pd.DataFrame, list[Note]]:
    if files.childminders is not None:
        people: Sequence[Childminder] = read_childminders(files.childminders)
        frame = childminder_supply(people, on=on)
        return frame.assign(mode="places_childminder", drawn=False), []
    total = float(totals["places_childminder"])
    notes = [Note("childminders_spread", {"places": total})]
    return _spread_over_zones(flat, total, children, "childminder"), notes


def _spread_over_zones(
    flat: gpd.GeoDataFrame, total: float, children: pd.Series, kind: str
) -> pd.DataFrame:
    """Put places where the children are, one point in each zone."""
    inside = flat.geometry.representative_point().to_crs(4326)
    places = spread(total if np.isfinite(total) else 0.0, children.reindex(flat.index))
    frame = facility_supply([]).reindex([f"{kind}:{code}" for code in flat.index])
    values: dict[str, Any] = {
        "kind": kind,
        "name": "",
        "longitude": inside.x.to_numpy(),
        "latitude": inside.y.to_numpy(),
        "places": places.to_numpy(),
        "estimated": True,
        "open_early": 0.0,
        "open_late": 0.0,
        "open_saturday": 0.0,
        "step_free": 0.0,
        "mode": f"places_{kind}",
        "drawn": False,
    }
    return frame.assign(**values)


def _points(
    cells: gpd.GeoDataFrame,
    children: pd.Series,
    supply: pd.DataFrame,
    outside: pd.DataFrame,
    table: Any,
    minutes: float,
    own: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:
    """Gather the points of demand (cells, then neighbouring communes) and of supply."""
    near = straight_pairs(own, outside, pace_of("car", table), 3 * minutes)
    outside = outside.iloc[np.unique(near.supply_at)]
    outside = outside.set_axis("@" + outside.index)
    here = cells.geometry.to_crs(4326)
    demand = pd.concat(
        [
            pd.DataFrame({"longitude": here.x, "latitude": here.y}, index=cells.index),
            outside[["longitude", "latitude"]],
        ]
    )
    people = pd.concat([cells["zone"].map(children) * cells["share"], outside["children"]])
    extra = outside[["longitude", "latitude", "places"]].assign(
        open_early=0.0, open_late=0.0, open_saturday=0.0, step_free=0.0, free=np.nan, mode="outside"
    )
    return demand, people.astype(np.float64), pd.concat([supply, extra])


def _coverage(
    flat: gpd.GeoDataFrame, children: pd.Series, supply: pd.DataFrame, totals: pd.Series
) -> pd.DataFrame:
    """Sum the places by zone and divide."""
    inside = supply[supply["zone"].notna()]
    by_mode = inside.pivot_table(index="zone", columns="mode", values="places", aggfunc="sum")
    zones = pd.DataFrame({"nom": flat["nom"], "children": children.reindex(flat.index)})
    for mode in PLACE_MODES:
        known = by_mode[mode] if mode in by_mode else pd.Series(dtype=np.float64)
        zones[mode] = known.reindex(flat.index).fillna(0.0)
        whole = pd.Series("all", index=zones.index)
        zones[mode] = (
            calibrate(zones[mode], whole, pd.Series({"all": float(totals[mode])}))
            if np.isfinite(totals[mode])
            else np.nan
        )
    zones["places"] = zones[list(PLACE_MODES)].sum(axis=1, min_count=len(PLACE_MODES))
    zones["coverage_rate"] = coverage_rate(zones["places"], zones["children"])
    zones["coverage_childminder"] = coverage_rate(zones["places_childminder"], zones["children"])
    zones["coverage_facility"] = coverage_rate(zones["places_facility"], zones["children"])
    return zones


def _access(
    people: pd.Series,
    offered: pd.DataFrame,
    times: TravelPairs,
    cells: gpd.GeoDataFrame,
    decay: Decay,
    files: ZoneFiles,
) -> pd.DataFrame:
    """Compute the measures on the cells, then take their mean by zone."""
    profile = access_profile(people, offered["places"], times, decay)
    if files.childminders is not None:
        for slot in SLOTS:
            profile[f"access_{slot}"] = two_step_fca(people, offered[f"open_{slot}"], times, decay)
        profile["access_step_free"] = two_step_fca(people, offered["step_free"], times, decay)
        free = offered["free"].where(offered["mode"] == "places_childminder", 0.0)
        # Fewer than a place is no place: what the registry knows counts, not what it was scaled to.
        real = free.where((free > 0) & offered["registered"].notna(), 0.0)
        profile["choices"] = count_choices(people, real, times, Binary(decay.cutoff_min))
    inside = profile.loc[cells.index]
    return merge_parts(inside, people.loc[cells.index], cells["zone"])


def _registry_columns(
    zones: pd.DataFrame, supply: pd.DataFrame, files: ZoneFiles, table: Any
) -> pd.DataFrame:
    """Add what only a registry knows: vacancy, freshness; small counts stay unsaid."""
    if files.childminders is None:
        return zones.assign(estimated=True)
    own = supply[(supply["kind"] == "childminder") & supply["zone"].notna()]
    sums = own.groupby("zone")[["free_hours", "offered_hours"]].sum()
    fresh = freshness(own["confirmed_days_ago"].astype(np.float64), own["zone"])
    counts = own.groupby("zone").size().reindex(zones.index).fillna(0)
    few = counts < int(table["fewest_professionals"])
    estimated = supply[supply["estimated"].astype(bool)].groupby("zone").size()
    return zones.assign(
        professionals=counts.mask(few & (counts > 0)),
        vacancy_rate=vacancy_rate(sums["free_hours"], sums["offered_hours"])
        .reindex(zones.index)
        .mask(few),
        freshness=fresh.reindex(zones.index).mask(few),
        estimated=estimated.reindex(zones.index).fillna(0) > 0,
    )


def _flags(zones: pd.DataFrame, table: Any) -> pd.DataFrame:
    few = zones["children"] < float(table["uncertain_children"])
    missing = zones["children"].isna() | (zones["children"] == 0) | zones["places"].isna()
    stale = (
        zones["freshness"] < float(table["uncertain_freshness"])
        if "freshness" in zones
        else pd.Series(data=False, index=zones.index)
    )
    steep = zones["coverage_rate"] > float(table["uncertain_rate"])
    words = []
    for gone, small, high, old in zip(missing, few & ~missing, steep, stale, strict=True):
        reasons = ["aucun enfant ou donnée absente"] if gone else []
        reasons += [f"moins de {float(table['uncertain_children']):g} enfants"] if small else []
        reasons += ["beaucoup de places pour peu d'enfants"] if high else []
        reasons += ["moins de la moitié des disponibilités confirmées depuis 6 mois"] if old else []
        words.append(" ; ".join(reasons))
    return zones.assign(uncertain=missing | few | steep | stale, uncertain_why=words)


def _hot_spots(zones: pd.DataFrame, flat: gpd.GeoDataFrame, table: Any) -> pd.DataFrame:
    """Compare neighbours that touch (within 50 m: contours are never quite the same)."""
    grown = flat.geometry.buffer(50)
    first, second = grown.sindex.query(grown, predicate="intersects")
    neighbours = Neighbours(flat.index, first, second)
    rate = float(table["false_discovery_rate"])
    spots = getis_ord(zones["access_e2sfca"], neighbours, rate=rate)
    moran = local_moran(zones["access_e2sfca"], neighbours, rate=rate)
    return zones.assign(
        gi_star=spots.statistic,
        gi_star_p=spots.p_value,
        hotspot=spots.kind.map({"froid": "tension", "chaud": "aisance", "": ""}),
        moran=moran.kind,
    )


def _sources(files: ZoneFiles, on: date) -> tuple[Source, ...]:
    producer, _, when = (
        files.credit.rpartition(",") if "," in files.credit else (files.credit, "", "")
    )
    producer = producer.strip() or "producteur non indiqué"
    known = (
        (files.zones, "Zones", producer, when.strip()),
        (files.facilities, "Établissements d'accueil", producer, when.strip()),
        (files.iris_births, "Naissances domiciliées par IRIS", "INSEE", "2005–2009"),
        (files.iris_zones, "Rattachement des IRIS aux zones", producer, when.strip()),
    )
    sources = [
        Source(title, who, "Licence Ouverte 2.0", date_, path.name)
        for path, title, who, date_ in known
        if path is not None
    ]
    if files.childminders is not None:
        registry = "Registre des assistantes et assistants maternels"
        own = Source(registry, "relais petite enfance", "usage du relais", on.isoformat())
        sources.append(own)
    return tuple(sources)
