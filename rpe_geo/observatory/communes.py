"""
Observe communes: coverage and access of a few communes or of all of France, checked against the published figures.

The territory is computed with a margin: to be right at its border, what lies beyond counts, supply within one catchment
and the children who compete for it within two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpe_geo.errors import InputError
from rpe_geo.messages.french import number
from rpe_geo.observatory.calibration import Check, calibrate
from rpe_geo.observatory.census_children import ages_of, told_census
from rpe_geo.observatory.checks import compare_communes
from rpe_geo.observatory.coverage import PLACE_MODES, coverage_rate
from rpe_geo.observatory.decay import Decay
from rpe_geo.observatory.epci_calibration import calibrated_on_epcis
from rpe_geo.observatory.hotspots import Neighbours, getis_ord, local_moran
from rpe_geo.observatory.inputs import (
    CommuneInputs,
    Communes,
    OfficialTable,
    Study,
    asked_communes,
    pace_of,
    parts_of,
)
from rpe_geo.observatory.learnt_children import (
    ESTIMATES,
    kinds_of_communes,
    with_missing_children,
)
from rpe_geo.observatory.neighbours import straight_pairs
from rpe_geo.observatory.pairs import TravelPairs
from rpe_geo.observatory.profile import access_profile, merge_parts, summarise, with_need
from rpe_geo.observatory.results import Note, Observatory
from rpe_geo.observatory.shared_places import SHARED_WHY, places_range, told_shares
from rpe_geo.observatory.tiles import Runner, tiled_access_profile
from rpe_geo.protocols import Mode, Progress, TravelTimeEngine, silent

__all__ = ["observe_communes", "travel_words"]


def observe_communes(  # noqa: PLR0915 - one pass, step by step
    inputs: CommuneInputs,
    study: Study,
    *,
    engine: TravelTimeEngine | None = None,
    run: Runner | None = None,
    progress: Progress = silent,
) -> Observatory:
    """
    Compute the indicators of communes.

    Parameters
    ----------
    inputs
        The open data.
    study
        What is asked.
    engine
        Travel times on real streets; None computes them from great circles (`car_between_zones`).
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
        For codes that are unknown, and places of the year that are missing.
    """
    table, minutes, decay = study.table, study.reach_min, study.weight
    communes, births, official = inputs.communes, inputs.births, inputs.official
    steps = 6
    asked = asked_communes(communes, study.codes, study.departements, inputs.former)
    partial = len(asked) < len(communes.table)
    notes = list(inputs.notes)
    progress("observatory_read", 1, steps)

    parts = parts_of(communes, official, births, study.year)
    census, census_notes = told_census(parts[parts["whole"].isin(asked)], births)
    notes += census_notes
    ages = ages_of(parts, births)
    learnt: dict[str, Any] = {}
    if study.estimate_missing:
        parts, ages, learnt_notes, learnt = with_missing_children(parts, communes, births)
        notes += learnt_notes
    if study.codes:
        parts = parts[_margin(parts, asked, table, minutes)]

    def pairs() -> TravelPairs:
        return pairs_between(parts, parts, engine, mode=study.mode, minutes=minutes, table=table)

    progress("observatory_read", 2, steps)
    times: TravelPairs | None = None
    if run is not None and engine is None:
        profile = tiled_access_profile(parts, parts, pace_of(study.mode, table), decay, run=run)
    else:
        times = pairs()
        profile = access_profile(parts["children"], parts["places"], times, decay)
    profile = merge_parts(profile, parts["children"], parts["whole"])
    zones = _coverage(communes, parts).join(profile)
    progress("observatory_read", 3, steps)

    zones = _calibrated(zones, official)
    zones, epci_checks, epci_notes = calibrated_on_epcis(zones, official, parts["whole"], table)
    ages = ages.reindex(parts.index).groupby(parts["whole"]).sum(skipna=False)
    zones = with_need(zones, ages.reindex(zones.index), table["use_rate_by_age"])
    zones = zones.assign(**{f"children_age_{age}": ages[age] for age in (0, 1, 2)})
    inside = zones
    if partial:
        inside = zones.loc[[code for code in zones.index if code in asked]]
        effect = _margin_effect(parts, times or pairs(), asked, decay)
        inside = inside.assign(access_margin_effect=inside["access_e2sfca"] - effect)
    checks: list[Check] = []
    if not partial:
        checks = [*compare_communes(zones, inputs), *epci_checks]
        notes += epci_notes
    shared = inside["places_source"] == "estimé"
    if shared.any():
        inside = inside.join(places_range(inside["places"], shared, table))
    inside = _flags(inside, checks, table)
    notes += [*told_shares(parts[parts["whole"].isin(inside.index)]), *_without_figures(inside)]
    inside = kinds_of_communes(inside)
    progress("observatory_read", 4, steps)
    inside = _local_statistics(inside, table, minutes)
    progress("observatory_read", 5, steps)

    shapes = inputs.shapes
    polygons = [None] * len(inside) if shapes is None else shapes.reindex(inside.index).array
    notes += inputs.shape_notes
    progress("observatory_read", steps, steps)
    return Observatory(
        zones=gpd.GeoDataFrame(inside, geometry=polygons, crs=4326),
        supply=gpd.GeoDataFrame(
            {"kind": [], "name": [], "places": [], "estimated": []}, geometry=[], crs=4326
        ),
        checks=tuple(checks),
        summary=summarise(inside),
        parameters={
            "title": _title(communes, asked, study.departements),
            "zones": "communes",
            "year": study.year,
            "children_years": list(births.years),
            **census,
            "mode": study.mode,
            "minutes": minutes,
            "decay": str(decay),
            "travel_times": travel_words(engine, table),
            "margin_zones": int(parts["whole"].nunique()) - len(inside),
            **learnt,
        },
        sources=inputs.sources,
        notes=tuple(notes),
    )


def _title(communes: Communes, asked: pd.Index, departements: Sequence[str]) -> str:
    """Name what is looked at."""
    # A file may hold one intercommunalité alone: a country has many départements.
    if len(asked) == len(communes.table) and len(communes.table["departement"].unique()) > 90:
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


def travel_words(engine: TravelTimeEngine | None, table: Any) -> str:
    """Say in French how travel times were computed."""
    if engine is not None:
        return str(engine.describe().get("engine", "rues"))
    car = table["car_between_zones"]
    return (
        f"vol d’oiseau × {number(car['detour_factor'], 2)} à {number(car['speed_kph'])} km/h, "
        f"plus {number(car['start_min'])} min"
    )


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
    columns = ["children", *PLACE_MODES, "places"]
    columns += [name for name in ESTIMATES if name in parts]
    # A city with one part that is not published is not published.
    by_city = parts.groupby("whole")
    amounts = by_city[columns].sum(skipna=False)
    # « absent » before « estimé » before « observé » before « recensement »: the weakest of the parts.
    amounts["children_source"] = by_city["children_source"].min()
    amounts["places_source"] = by_city["places_source"].min()
    names = communes.table.loc[communes.table.index.intersection(amounts.index, sort=False)]
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
    none = zones["children"] == 0
    few = (zones["children"] < least) & ~missing & ~none
    unsure = zones["departement"].isin(far) & ~missing
    steep = zones["coverage_rate"] > float(table["uncertain_rate"])
    guessed = zones["children_source"] == "estimé"
    shared = zones["places_source"] == "estimé"
    apart = zones.get("epci_calibration", pd.Series("", index=zones.index)).eq("trop loin")
    reasons = [
        " ; ".join(
            word
            for flag, word in (
                (gone, "données non publiées"),
                (empty, "aucun enfant"),
                (small, f"moins de {least:g} enfants"),
                (high, "beaucoup de places pour peu d’enfants"),
                (loose, "somme du département éloignée du total publié"),
                (far_off, "somme de l’intercommunalité éloignée du total publié"),
                (guess, "nombre d’enfants estimé"),
                (part, SHARED_WHY),
            )
            if flag
        )
        for gone, empty, small, high, loose, far_off, guess, part in zip(
            missing, none, few, steep, unsure, apart, guessed, shared, strict=True
        )
    ]
    flagged = missing | none | few | steep | unsure | apart | guessed | shared
    return zones.assign(uncertain=flagged, uncertain_why=reasons)


def _without_figures(zones: pd.DataFrame) -> list[Note]:
    """Say how many communes have no published figure."""
    children, places = zones["children"].isna(), zones["places"].isna()
    if not (children | places).any():
        return []
    values = {
        "children": int(children.sum()),
        "places": int(places.sum()),
        "first": str(zones.index[children | places][0]),
    }
    return [Note("communes_without_figures", values)]


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
