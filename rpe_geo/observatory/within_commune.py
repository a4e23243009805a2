"""
Observe zones inside communes: real facilities, a registry, births by IRIS, each commune's zones set on its own figures.

The neighbouring communes count as one point each: their children compete for the same places, their places serve too.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpe_geo.errors import InputError
from rpe_geo.observatory.calibration import Check, calibrate, compare
from rpe_geo.observatory.census_children import ages_of, told_census
from rpe_geo.observatory.commune_supply import ZoneSupply, zone_supply
from rpe_geo.observatory.communes import travel_words
from rpe_geo.observatory.coverage import PLACE_MODES, coverage_rate, freshness, vacancy_rate
from rpe_geo.observatory.hotspots import Neighbours, getis_ord, local_moran
from rpe_geo.observatory.indicators import INDICATORS
from rpe_geo.observatory.inputs import CommuneInputs, Study, ZoneInputs, pace_of, parts_of
from rpe_geo.observatory.neighbours import straight_pairs
from rpe_geo.observatory.pair_chunks import PairBlocks
from rpe_geo.observatory.profile import merge_parts, scaled_ages, summarise, with_need
from rpe_geo.observatory.results import Note, Observatory
from rpe_geo.observatory.shared_places import SHARED_WHY, places_range, told_shares
from rpe_geo.observatory.supply import NEEDS, SLOTS
from rpe_geo.observatory.zone_access import Offer, zone_access
from rpe_geo.observatory.zone_children import ZoneChildren, zone_children
from rpe_geo.observatory.zone_communes import HomeCommunes, home_communes
from rpe_geo.observatory.zones import demand_cells, plane_of
from rpe_geo.parameters import ParameterTable
from rpe_geo.protocols import Progress, TravelTimeEngine, silent

__all__ = ["observe_zones"]

CELL_M = 200.0


def observe_zones(
    inputs: CommuneInputs,
    below: ZoneInputs,
    study: Study,
    *,
    engine: TravelTimeEngine | None = None,
    progress: Progress = silent,
) -> Observatory:
    """
    Compute the indicators of zones inside communes.

    Parameters
    ----------
    inputs
        Open data of the communes.
    below
        What is known below.
    study
        What is asked; zones of other communes than its codes and départements are left out.
    engine, progress
        See `observe_communes`.

    Returns
    -------
    Observatory
        One row per zone, in the order of the file. Children and places of each commune sum to its own figures.

    Raises
    ------
    InputError
        When the communes are not found, have no children, or are not where the zones are.
    """
    steps, table, decay = 5, study.table, study.weight
    zones, births = below.zones, inputs.births
    parts = parts_of(inputs.communes, inputs.official, births, study.year)
    flat = zones.table.to_crs(plane_of(zones.table.geometry))
    homes = home_communes(flat, parts, inputs, below, study.codes, study.departements)
    flat = flat.loc[homes.of_zone.index]
    census, source_notes = told_census(parts[homes.points.notna()], births)
    source_notes += told_shares(parts[homes.points.notna()])
    _refuse_without_children(homes, below, births.years)
    progress("observatory_read", 1, steps)

    people = zone_children(below, flat, homes, births.years[2], table)
    children = people.table["children"]
    own_homes = homes.with_part(people.part)
    supply = zone_supply(below, flat, own_homes, children, table, study.day)
    progress("observatory_read", 2, steps)

    cells = demand_cells(flat.geometry, CELL_M)
    outside = parts[homes.points.isna() & parts["places"].notna()]
    near = straight_pairs(
        parts[homes.points.notna()], outside, pace_of("car", table), 3 * study.reach_min
    )
    outside = pd.concat([outside.iloc[np.unique(near.supply_at)], _rest(parts, homes, people)])
    demand, everyone = _demand(cells, children, outside)
    offered = _offered(supply.table, outside)
    blocks = PairBlocks(
        demand, offered, pace_of(study.mode, table), study.reach_min, engine, study.mode
    )
    progress("observatory_read", 3, steps)

    result = _coverage(flat, own_homes, people, supply, inputs)
    hidden, registry_notes = _unsaid(supply.table, below, table)
    inner = np.arange(len(demand)) < len(cells)
    found = zone_access(
        everyone, inner, _offer(offered, registry=below.childminders is not None), blocks, decay
    )
    profile = found.profile.drop(columns=[f"minutes_{need}" for need in NEEDS], errors="ignore")
    profile[hidden] = np.nan
    measured = merge_parts(profile[inner], everyone[inner], cells["zone"])
    result = result.join(measured)
    result = with_need(result, _ages(result, homes, inputs, parts), table["use_rate_by_age"])
    alone = merge_parts(found.alone[inner].to_frame("a"), everyone[inner], cells["zone"])["a"]
    result["access_margin_effect"] = result["access_e2sfca"] - alone.reindex(result.index)
    progress("observatory_read", 4, steps)

    result = _registry_columns(result, supply.table, below, table)
    result = _with_places_range(result, own_homes, table)
    result = _flags(result, supply, people, table)
    result = _hot_spots(result, flat, table)
    drawn = supply.table[supply.table["drawn"].astype(bool)]
    progress("observatory_read", steps, steps)
    return Observatory(
        zones=gpd.GeoDataFrame(
            result, geometry=zones.table.geometry.reindex(result.index), crs=4326
        ).rename_axis("code"),
        supply=gpd.GeoDataFrame(
            # What a list does not say is not invented for a house that is named.
            drawn[["kind", "name"]]
            .assign(places=drawn["registered"], estimated=drawn["estimated"])
            .reset_index(drop=True),
            geometry=gpd.points_from_xy(drawn["longitude"], drawn["latitude"]),
            crs=4326,
        ),
        checks=tuple(_checks(result, homes, people)),
        summary=summarise(result),
        parameters={
            "title": _title(homes, inputs),
            "zones": "zones",
            "commune": str(homes.totals.index[0]),
            "communes": [str(code) for code in homes.totals.index],
            "year": study.year,
            "children_years": list(births.years),
            **census,
            "children_from": str(people.table["children_source"].iloc[0]),
            "registry_on": study.day.isoformat() if below.childminders is not None else "",
            "mode": study.mode,
            "minutes": study.reach_min,
            "decay": str(decay),
            "travel_times": travel_words(engine, table),
            "margin_zones": int(len(demand) - len(cells)),
            "estimated": bool(supply.table["estimated"].any()),
        },
        sources=(*inputs.sources, *below.sources),
        notes=(
            *source_notes,
            *inputs.notes,
            *inputs.shape_notes,
            *zones.notes,
            *homes.notes,
            *people.notes,
            *supply.notes,
            *registry_notes,
        ),
    )


def _refuse_without_children(
    homes: HomeCommunes, below: ZoneInputs, years: tuple[int, int, int]
) -> None:
    """Refuse communes none of which has children, where the zones do not tell theirs."""
    known = homes.totals["children"].notna()
    if known.any() or below.zones.has_children:
        return
    raise InputError(
        "commune_without_children",
        commune=str(homes.totals["name"].iloc[0]),
        first=str(years[0]),
        last=str(years[2]),
    )


def _rest(parts: pd.DataFrame, homes: HomeCommunes, people: ZoneChildren) -> pd.DataFrame:
    """List what is left of the communes that the zones cover in part: it is one point, as a neighbour is."""
    part = people.part.reindex(homes.points.to_numpy()).set_axis(parts.index)
    rest = parts[part < 1]
    left = 1 - part[rest.index]
    amounts = ["children", "places"]
    return rest.assign(**{name: rest[name] * left for name in amounts}).dropna(subset=["places"])


def _title(homes: HomeCommunes, inputs: CommuneInputs) -> str:
    """Name what is looked at: a commune, an intercommunalité, or how many communes."""
    names = homes.totals["name"]
    if len(names) == 1:
        return str(names.iloc[0])
    epcis = inputs.communes.table["epci_nom"].reindex(names.index).dropna().unique()
    return str(epcis[0]) if len(epcis) == 1 else f"{len(names)} communes"


def _demand(
    cells: gpd.GeoDataFrame, children: pd.Series, outside: pd.DataFrame
) -> tuple[pd.DataFrame, pd.Series]:
    """Gather the points of demand, cells then neighbouring communes, with their children."""
    here = cells.geometry.to_crs(4326)
    names = pd.Index("@" + outside.index.astype(str), dtype=object)
    demand = pd.concat(
        [
            pd.DataFrame({"longitude": here.x, "latitude": here.y}, index=cells.index),
            outside[["longitude", "latitude"]].set_axis(names),
        ]
    )
    people = pd.concat(
        [cells["zone"].map(children) * cells["share"], outside["children"].set_axis(names)]
    )
    return demand, people.astype(np.float64)


def _offered(supply: pd.DataFrame, outside: pd.DataFrame) -> pd.DataFrame:
    """Gather the points of supply: places of care, one point a zone for all that is spread, neighbouring communes."""
    care = supply[supply["mode"] != ""]
    spread = care["spread"].astype(bool)
    real = care[~spread].assign(sites=1.0, inside=True)
    by_zone = care[spread].groupby("zone", sort=False)
    ground = by_zone[["longitude", "latitude"]].first()
    ground = ground.assign(places=by_zone["places"].sum(), sites=by_zone.size().astype(float))
    ground = ground.assign(inside=True).set_axis("=" + ground.index.astype(str))
    beyond = outside[["longitude", "latitude", "places"]].assign(sites=1.0, inside=False)
    beyond = beyond.set_axis("@" + beyond.index.astype(str))
    offered = pd.concat([real, ground, beyond])
    unknown = [*(f"open_{slot}" for slot in SLOTS), *NEEDS]
    return offered.fillna(dict.fromkeys(unknown, 0.0))


def _offer(offered: pd.DataFrame, *, registry: bool) -> Offer:
    """Lay out what is offered as arrays; a registry adds hours, needs and free places."""

    def array(values: pd.Series) -> NDArray[np.float64]:
        return values.to_numpy(dtype=np.float64)

    shared: dict[str, NDArray[np.float64]] = {}
    counted: dict[str, NDArray[np.float64]] = {}
    if registry:
        free = offered["free"].where(offered["mode"] == "places_childminder", 0.0)
        # Fewer than a place is no place: what the registry knows counts, not what it was scaled to.
        real = (array(free) > 0) & offered["registered"].notna().to_numpy()
        counted["choices"] = real.astype(np.float64)
        shared = {slot: array(offered[f"open_{slot}"]) for slot in SLOTS}
        for slot, there in shared.items():
            counted[f"choices_{slot}"] = (real & (there > 0)).astype(np.float64)
        shared |= {need: array(offered[need]) for need in NEEDS}
    inside = offered["inside"].to_numpy(dtype=bool)
    return Offer(array(offered["places"]), array(offered["sites"]), inside, shared, counted)


def _coverage(
    flat: gpd.GeoDataFrame,
    homes: HomeCommunes,
    people: ZoneChildren,
    supply: ZoneSupply,
    inputs: CommuneInputs,
) -> pd.DataFrame:
    """Sum the places by zone and divide."""
    table = supply.table
    by_mode = table.pivot_table(index="zone", columns="mode", values="places", aggfunc="sum")
    zones = pd.DataFrame({"nom": flat["nom"]}).join(people.table[["children"]])
    for mode in PLACE_MODES:
        known = by_mode[mode] if mode in by_mode else pd.Series(dtype=np.float64)
        known = known.reindex(flat.index).fillna(0.0)
        total = homes.totals[mode]
        zones[mode] = calibrate(known, homes.of_zone, total.dropna()).where(
            homes.of_zone.map(total).notna()
        )
    zones["places"] = zones[list(PLACE_MODES)].sum(axis=1, min_count=len(PLACE_MODES))
    zones["coverage_rate"] = coverage_rate(zones["places"], zones["children"])
    zones["coverage_childminder"] = coverage_rate(zones["places_childminder"], zones["children"])
    zones["coverage_facility"] = coverage_rate(zones["places_facility"], zones["children"])
    zones = zones.join(people.table.drop(columns="children"))
    if len(homes.totals) > 1:
        cities = inputs.communes.boroughs["commune"].to_dict()
        of_city = homes.of_zone.map(lambda code: cities.get(code, code))
        zones = zones.assign(
            commune=homes.of_zone,
            commune_nom=homes.of_zone.map(homes.totals["name"]),
            epci=of_city.map(inputs.communes.table["epci"]),
            epci_nom=of_city.map(inputs.communes.table["epci_nom"]),
            departement=of_city.map(inputs.communes.table["departement"]),
        )
    return zones


def _ages(
    result: pd.DataFrame, homes: HomeCommunes, inputs: CommuneInputs, parts: pd.DataFrame
) -> pd.DataFrame:
    """Give zones the ages of their commune: no file tells those of a zone."""
    by_age = ages_of(parts, inputs.births).groupby(homes.points).sum(min_count=1)
    shares = [
        scaled_ages(
            by_age.loc[code], result.loc[homes.of_zone.index[homes.of_zone == code], "children"]
        )
        for code in homes.totals.index
    ]
    return pd.concat(shares).reindex(result.index)


def _checks(result: pd.DataFrame, homes: HomeCommunes, people: ZoneChildren) -> list[Check]:
    """Compare the sums of each commune's zones with its published figures."""
    sums = result.groupby(homes.of_zone)[["children", *PLACE_MODES]].sum(min_count=1)
    why = pd.Series("calé : les zones somment au chiffre de la commune", index=homes.totals.index)
    why[people.part < 1] = "les zones ne couvrent qu’une partie de la commune : non calé"
    return [
        check
        for what in ("children", *PLACE_MODES)
        for check in compare(
            sums[what],
            homes.totals[what],
            what=what,
            level="commune",
            unit="enfants" if what == "children" else "places",
            why=why,
        )
    ]


def _unsaid(supply: pd.DataFrame, below: ZoneInputs, table: Any) -> tuple[list[str], list[Note]]:
    """List the measures that so few professionals make that they would tell where one lives; say what is not known."""
    if below.childminders is None:
        return [], []
    people = supply[(supply["kind"] == "childminder") & ~supply["spread"].astype(bool)]
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
    real = (supply["mode"] != "") & ~supply["spread"].astype(bool)
    closed = supply[real & ~supply["hours_known"].astype(bool)]
    if len(closed):
        notes.append(Note("hours_unknown", {"count": len(closed)}))
    return hidden, notes


def _registry_columns(
    zones: pd.DataFrame, supply: pd.DataFrame, below: ZoneInputs, table: Any
) -> pd.DataFrame:
    """Add what only a registry knows: vacancy, freshness; small counts stay unsaid."""
    if below.childminders is None:
        return zones.assign(estimated=True)
    own = supply[(supply["kind"] == "childminder") & ~supply["spread"].astype(bool)]
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


def _flags(
    zones: pd.DataFrame, supply: ZoneSupply, people: ZoneChildren, table: ParameterTable
) -> pd.DataFrame:
    """Mark what a reader should not lean on, and say why."""
    home = zones.get("commune")
    everywhere = pd.Series(data=bool(len(supply.far)), index=zones.index)
    over = everywhere if home is None else home.isin(supply.far)
    everywhere = pd.Series(data=bool(len(people.far)), index=zones.index)
    apart = everywhere if home is None else home.isin(people.far.table.index)
    by_surface = zones["children_source"] == "surface"
    parts = people.part.index[people.part < 1]
    everywhere = pd.Series(data=bool(len(parts)), index=zones.index)
    in_part = everywhere if home is None else home.isin(parts)
    few = zones["children"] < float(table["uncertain_children"])
    missing = zones["children"].isna() | (zones["children"] == 0) | zones["places"].isna()
    stale = (
        zones["freshness"] < float(table["uncertain_freshness"])
        if "freshness" in zones
        else pd.Series(data=False, index=zones.index)
    )
    steep = zones["coverage_rate"] > float(table["uncertain_rate"])
    shared = zones["places_source"] == "estimé"
    words = []
    none = zones["children"] == 0
    for gone, empty, small, high, old, listed, level, ground, some, part in zip(
        missing & ~none,
        none,
        few & ~missing,
        steep,
        stale,
        over,
        apart,
        by_surface,
        in_part,
        shared,
        strict=True,
    ):
        reasons = ["donnée absente"] if gone else []
        reasons += ["aucun enfant"] if empty else []
        reasons += [f"moins de {float(table['uncertain_children']):g} enfants"] if small else []
        reasons += ["beaucoup de places pour peu d’enfants"] if high else []
        reasons += ["moins de la moitié des disponibilités confirmées depuis 6 mois"] if old else []
        reasons += ["liste d’établissements ou registre au-delà du total publié"] if listed else []
        reasons += ["enfants de la source loin du chiffre de la commune"] if level else []
        reasons += ["enfants répartis selon la surface"] if ground else []
        reasons += ["commune couverte en partie par les zones"] if some else []
        reasons += [SHARED_WHY] if part else []
        words.append(" ; ".join(reasons))
    flagged = missing | few | steep | stale | over | apart | by_surface | in_part | shared
    return zones.assign(uncertain=flagged, uncertain_why=words)


def _with_places_range(
    zones: pd.DataFrame, homes: HomeCommunes, table: ParameterTable
) -> pd.DataFrame:
    """Say whether the places of the commune are published, and give its zones their part of the range where they are not."""
    zones = zones.assign(places_source=homes.of_zone.map(homes.totals["places_source"]))
    shared = homes.totals["places_source"] == "estimé"
    if not shared.any():
        return zones
    whole = homes.totals[list(PLACE_MODES)].sum(axis=1, min_count=len(PLACE_MODES))
    of_commune = places_range(whole, shared, table)
    part = zones["places"] / homes.of_zone.map(whole.where(whole > 0))
    return zones.assign(
        places_low=part * homes.of_zone.map(of_commune["places_low"]),
        places_high=part * homes.of_zone.map(of_commune["places_high"]),
    )


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
