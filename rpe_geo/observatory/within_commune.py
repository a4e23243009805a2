"""
Observe the zones of one commune: real facilities, a registry, births by IRIS, all set on the commune's own figures.

The neighbouring communes count as one point each: their children compete for the same places, their places serve too.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from rpe_geo.crs import metric_crs
from rpe_geo.errors import InputError, InvalidFile, Where
from rpe_geo.observatory.accessibility import cost_to_closest, count_choices, two_step_fca
from rpe_geo.observatory.calibration import calibrate, compare
from rpe_geo.observatory.codes import today
from rpe_geo.observatory.commune_supply import commune_supply
from rpe_geo.observatory.communes import pairs_between, travel_words
from rpe_geo.observatory.coverage import PLACE_MODES, coverage_rate, freshness, vacancy_rate
from rpe_geo.observatory.decay import Binary, Decay
from rpe_geo.observatory.hotspots import Neighbours, getis_ord, local_moran
from rpe_geo.observatory.indicators import INDICATORS
from rpe_geo.observatory.inputs import CommuneInputs, Study, ZoneInputs, pace_of, parts_of
from rpe_geo.observatory.neighbours import straight_pairs
from rpe_geo.observatory.pairs import TravelPairs
from rpe_geo.observatory.profile import (
    access_profile,
    merge_parts,
    scaled_ages,
    summarise,
    with_need,
)
from rpe_geo.observatory.results import Note, Observatory
from rpe_geo.observatory.supply import NEEDS, SLOTS
from rpe_geo.observatory.zones import demand_cells, zone_of
from rpe_geo.protocols import Progress, TravelTimeEngine, silent

__all__ = ["observe_zones"]

CELL_M = 200.0
_FAR_KM = 5.0


def observe_zones(
    inputs: CommuneInputs,
    below: ZoneInputs,
    study: Study,
    *,
    engine: TravelTimeEngine | None = None,
    progress: Progress = silent,
) -> Observatory:
    """
    Compute the indicators of zones inside a commune.

    Parameters
    ----------
    inputs
        Open data of the communes.
    below
        What is known below.
    study
        What is asked; its code is the commune of the zones, the one that holds them if there is none.
    engine, progress
        See `observe_communes`.

    Returns
    -------
    Observatory
        One row per zone, in the order of the file. Children and places sum to the commune's own figures.

    Raises
    ------
    InputError
        When the commune is not found, has no children, or is not where the zones are.
    """
    if study.departements or len(study.codes) > 1:
        raise InputError("zones_several_communes")
    steps = 5
    table, minutes, decay, on = study.table, study.reach_min, study.weight, study.day
    commune = study.codes[0] if study.codes else None
    zones, communes, births = below.zones, inputs.communes, inputs.births
    parts = parts_of(communes, inputs.official, births, study.year)
    notes = [*inputs.notes, *zones.notes]
    crs = metric_crs(commune)
    flat = zones.table.to_crs(crs)
    code = _commune_asked(commune, parts, inputs) or _commune_of(flat, parts, inputs)
    own = parts[parts["whole"] == code]
    _refuse_elsewhere(flat, own, below, str(communes.table.loc[code, "nom"]))
    totals = own[["children", *PLACE_MODES]].sum(min_count=1)
    progress("observatory_read", 1, steps)

    if not np.isfinite(float(totals["children"])) and not zones.has_children:
        raise InputError(
            "commune_without_children",
            commune=str(communes.table.loc[code, "nom"]),
            first=str(births.years[0]),
            last=str(births.years[2]),
        )
    children, child_notes = _children(below, flat, code, float(totals["children"]))
    supply, supply_notes = commune_supply(below, flat, totals, children, table, on)
    notes += [*child_notes, *supply_notes]
    progress("observatory_read", 2, steps)

    cells = demand_cells(flat.geometry, CELL_M)
    outside = parts[(parts["whole"] != code) & parts["places"].notna()]
    demand, everyone, offered = _points(cells, children, supply, outside, table, minutes, own)
    times = pairs_between(demand, offered, engine, mode=study.mode, minutes=minutes, table=table)
    progress("observatory_read", 3, steps)

    result = _coverage(flat, children, supply, totals)
    hidden, registry_notes = _unsaid(supply, below, table)
    notes += registry_notes
    result = result.join(_access(everyone, offered, times, cells, decay, below, hidden))
    # No file tells the ages of a zone: they are those of its commune.
    of_commune = births.by_age.reindex(own.index).sum(min_count=1)
    result = with_need(
        result, scaled_ages(of_commune, result["children"]), table["use_rate_by_age"]
    )
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

    result = _registry_columns(result, supply, below, table)
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
            "year": study.year,
            "children_years": list(births.years),
            "registry_on": on.isoformat() if below.childminders is not None else "",
            "mode": study.mode,
            "minutes": minutes,
            "decay": str(decay),
            "travel_times": travel_words(engine, table),
            "margin_zones": int(len(demand) - len(cells)),
            "estimated": bool(supply["estimated"].any()),
        },
        sources=(*inputs.sources, *below.sources),
        notes=tuple(notes),
    )


def _commune_asked(commune: str | None, parts: pd.DataFrame, inputs: CommuneInputs) -> str | None:
    """Find the commune of today that is asked for, if one is."""
    if commune is None:
        return None
    known = pd.Index(parts["whole"].unique())
    return today([commune], known, inputs.former, Where(field="--code"))[0]


def _refuse_elsewhere(
    flat: gpd.GeoDataFrame, own: pd.DataFrame, below: ZoneInputs, name: str
) -> None:
    """Refuse zones that lie far from the commune: they would get another's children and places."""
    centres = gpd.GeoSeries(gpd.points_from_xy(own["longitude"], own["latitude"]), crs=4326)
    hull = shapely.box(*flat.total_bounds)
    far_m = float(centres.to_crs(flat.crs).distance(hull).min())
    if far_m > 1000 * (_FAR_KM + 2 * float(own["radius_km"].max())):
        raise InvalidFile(
            "zones_elsewhere",
            where=Where(file=below.files["zones"]),
            commune=name,
            km=far_m / 1000,
        )


def _commune_of(flat: gpd.GeoDataFrame, parts: pd.DataFrame, inputs: CommuneInputs) -> str:
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
    raise InvalidFile(code, where=Where(file=inputs.files["communes"]))


def _children(
    below: ZoneInputs, flat: gpd.GeoDataFrame, commune: str, total: float
) -> tuple[pd.Series, list[Note]]:
    """Spread the children of the commune: by the zones' own counts, by births of IRIS, or by surface."""
    notes: list[Note] = []
    if below.zones.has_children:
        known = below.zones.table["children"]
    elif below.iris_births is not None and below.iris_zones is not None:
        births = below.iris_births[below.iris_births.index.str.startswith(commune)]
        if births.empty:
            where = Where(file=below.files["iris_births"])
            raise InvalidFile("iris_commune_missing", where=where, commune=commune)
        zone = below.iris_zones.reindex(births.index)
        placed = zone.isin(flat.index)
        if (~placed).any():
            lost = float(births[~placed].sum())
            notes.append(Note("iris_unplaced", {"count": int((~placed).sum()), "births": lost}))
        if not placed.any():
            raise InvalidFile(
                "iris_none_placed",
                where=Where(file=below.files["iris_zones"]),
                first=str(births.index[0]),
                known=str(flat.index[0]),
            )
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
    unknown = dict.fromkeys((*(f"open_{slot}" for slot in SLOTS), *NEEDS), 0.0)
    extra = outside[["longitude", "latitude", "places"]].assign(
        **unknown, free=np.nan, mode="outside"
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
    below: ZoneInputs,
    hidden: list[str],
) -> pd.DataFrame:
    """Compute the measures on the cells, then take their mean by zone; hidden ones are left empty."""
    profile = access_profile(people, offered["places"], times, decay)
    if below.childminders is not None:
        reach = Binary(decay.cutoff_min)
        free = offered["free"].where(offered["mode"] == "places_childminder", 0.0)
        # Fewer than a place is no place: what the registry knows counts, not what it was scaled to.
        real = free.where((free > 0) & offered["registered"].notna(), 0.0)
        profile["choices"] = count_choices(people, real, times, reach)
        for slot in SLOTS:
            there = offered[f"open_{slot}"]
            profile[f"access_{slot}"] = two_step_fca(people, there, times, decay)
            profile[f"minutes_{slot}"] = cost_to_closest(people, there, times)
            profile[f"choices_{slot}"] = count_choices(
                people, real.where(there > 0, 0.0), times, reach
            )
        for need in NEEDS:
            profile[f"access_{need}"] = two_step_fca(people, offered[need], times, decay)
        profile[hidden] = np.nan
    inside = profile.loc[cells.index]
    return merge_parts(inside, people.loc[cells.index], cells["zone"])


def _unsaid(supply: pd.DataFrame, below: ZoneInputs, table: Any) -> tuple[list[str], list[Note]]:
    """List the measures that so few professionals make that they would tell where one lives; say what is not known."""
    if below.childminders is None:
        return [], []
    people = supply[supply["kind"] == "childminder"]
    hidden: list[str] = []
    notes = []
    fewest = int(table["fewest_professionals"])
    for name, columns in (
        *(
            (f"open_{slot}", [f"access_{slot}", f"minutes_{slot}", f"choices_{slot}"])
            for slot in SLOTS
        ),
        *((need, [f"access_{need}"]) for need in NEEDS),
    ):
        if 0 < int((people[name] > 0).sum()) < fewest:
            hidden += columns
    if hidden:
        words = [INDICATORS[name].label for name in hidden if name.startswith("access_")]
        notes.append(Note("measures_unsaid", {"count": fewest, "names": words}))
    unknown = supply[~supply["hours_known"].astype(bool) & supply["registered"].notna()]
    closed = unknown[~unknown.index.str.contains(":", regex=False)]
    if len(closed):
        notes.append(Note("hours_unknown", {"count": len(closed)}))
    return hidden, notes


def _registry_columns(
    zones: pd.DataFrame, supply: pd.DataFrame, below: ZoneInputs, table: Any
) -> pd.DataFrame:
    """Add what only a registry knows: vacancy, freshness; small counts stay unsaid."""
    if below.childminders is None:
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
    none = zones["children"] == 0
    for gone, empty, small, high, old in zip(
        missing & ~none, none, few & ~missing, steep, stale, strict=True
    ):
        reasons = ["donnée absente"] if gone else []
        reasons += ["aucun enfant"] if empty else []
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
