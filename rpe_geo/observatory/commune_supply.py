"""
The supply of the zones: real facilities and registry, or places spread where the children are; set on each commune's totals.

What a list says is compared with what is published, commune by commune. Near it, the list is scaled to it. A list that says
less is a partial one: it keeps its own numbers, and what is missing is spread where the children are. One that says more is
scaled down, and both numbers are told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd

from rpe_geo.observatory.care_kinds import care_modes, itinerant_services
from rpe_geo.observatory.coverage import PLACE_MODES
from rpe_geo.observatory.factors import FactorsFar, factors_far
from rpe_geo.observatory.inputs import ZoneInputs
from rpe_geo.observatory.results import Note
from rpe_geo.observatory.supply import (
    NEEDS,
    SLOTS,
    childminder_supply,
    facility_supply,
    share_places,
)
from rpe_geo.observatory.zone_communes import HomeCommunes
from rpe_geo.observatory.zones import zone_of
from rpe_geo.parameters import ParameterTable

__all__ = ["ZoneSupply", "zone_supply"]

_OPEN = tuple(f"open_{slot}" for slot in SLOTS)
_SPREAD = {
    "places_facility": "facility",
    "places_childminder": "childminder",
    "places_other": "other",
}

_WITHOUT_LIST = {"facility": "facilities_spread", "childminder": "childminders_spread"}


@dataclass(frozen=True)
class ZoneSupply:
    """
    The supply of the zones.

    Parameters
    ----------
    table
        One row per place of care (`kind, name, longitude, latitude, places, registered, zone, mode, estimated, drawn,
        spread…`); `registered` is what its list says, nan where it says nothing.
    far
        Communes of which a list says much more than is published: their zones are uncertain.
    notes
        What is to be said.
    """

    table: pd.DataFrame
    far: pd.Index
    notes: tuple[Note, ...]


def zone_supply(
    inputs: ZoneInputs,
    flat: gpd.GeoDataFrame,
    homes: HomeCommunes,
    children: pd.Series,
    table: ParameterTable,
    on: date,
) -> ZoneSupply:
    """
    List the supply of the zones, set on the published places of each commune by mode.

    Parameters
    ----------
    inputs
        What is known below the commune.
    flat
        Zones in a metric CRS.
    homes
        Commune of each zone, and its published places.
    children
        Children by zone, to spread what has no address.
    table
        Parameters of the observatory.
    on
        The day on which the registry is looked at.

    Returns
    -------
    ZoneSupply
        The places of each commune and mode sum to what is published.
    """
    facilities, notes = _facilities(inputs)
    people, people_notes = _childminders(inputs, on)
    listed = pd.concat(
        [frame for frame in (facilities, people) if frame is not None] or [_nothing()]
    )
    listed, place_notes = _placed(listed, flat, homes)
    if facilities is not None:
        listed, shared_notes = _with_shared_places(listed, homes, table)
        place_notes += shared_notes
    supply, far, factor_notes = _on_totals(listed, flat, homes, children, table, inputs)
    return ZoneSupply(supply, far, (*notes, *people_notes, *place_notes, *factor_notes))


def _nothing() -> pd.DataFrame:
    return facility_supply([]).assign(mode="", drawn=False, spread=False, registered=np.nan)


def _facilities(inputs: ZoneInputs) -> tuple[pd.DataFrame | None, list[Note]]:
    """List facilities: what is no place of care is left out and said, MAM are individual care, a bus is one service."""
    if inputs.facilities is None:
        return None, []
    frame = facility_supply(inputs.facilities)
    modes = care_modes(frame["kind"], frame["name"])
    notes = []
    none = frame[modes == ""]
    if len(none):
        kinds = none["kind"].where(none["kind"] != "autre", none["name"]).value_counts()
        words = [f"{kind} ({count})" for kind, count in kinds.items()]
        places = float(none["places"].sum())
        notes.append(Note("not_care", {"count": len(none), "kinds": words, "places": places}))
    mams = int((modes == "places_childminder").sum())
    if mams and inputs.childminders is not None:
        # Their members stand in the registry.
        notes.append(Note("mams_in_registry", {"count": mams}))
        modes = modes.where(modes != "places_childminder", "")
    elif mams:
        notes.append(Note("mams_individual", {"count": mams}))
    drawn = frame.assign(mode=modes, drawn=True, spread=False, registered=frame["places"])
    drawn, stops = _stops(drawn)
    care = drawn["mode"] != ""
    drawn.loc[~care, ["places", "free", *_OPEN, *NEEDS]] = 0.0
    drawn.loc[~care, "registered"] = np.nan
    return drawn, [*notes, *stops]


def _stops(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Note]]:
    """Count the places of an itinerant service once: each stop has them for its share of the week."""
    service = itinerant_services(frame["kind"], frame["name"])
    counts = service.value_counts()
    several = counts.index[counts > 1]
    if several.empty:
        return frame, []
    frame = frame.copy()
    for name in several:
        stops = frame.index[service == name]
        hours = frame.loc[stops, "offered_hours"]
        known = bool(hours.gt(0).all())
        share = hours / hours.sum() if known else pd.Series(1 / len(stops), index=stops)
        places = frame.loc[stops, "places"].max()
        frame.loc[stops, "places"] = share * places
        frame.loc[stops, "registered"] = share * places
    values = {"count": len(several), "stops": int(counts[several].sum()), "first": str(several[0])}
    return frame, [Note("itinerant_services", values)]


def _childminders(inputs: ZoneInputs, on: date) -> tuple[pd.DataFrame | None, list[Note]]:
    if inputs.childminders is None:
        return None, []
    frame = childminder_supply(inputs.childminders, on=on)
    return frame.assign(
        mode="places_childminder", drawn=False, spread=False, registered=frame["places"]
    ), []


def _placed(
    listed: pd.DataFrame, flat: gpd.GeoDataFrame, homes: HomeCommunes
) -> tuple[pd.DataFrame, list[Note]]:
    """Find the zone and the commune of each place; those elsewhere are told and left to their own commune's figures."""
    notes = []
    located = listed["longitude"].notna() & listed["latitude"].notna()
    people = listed["kind"] == "childminder"
    for code, rows in (("childminders_unplaced", people), ("facilities_unplaced", ~people)):
        lost = int((~located & rows).sum())
        if lost:
            notes.append(Note(code, {"count": lost}))
    listed = listed[located]
    points = gpd.GeoSeries(
        gpd.points_from_xy(listed["longitude"], listed["latitude"]), listed.index, crs=4326
    )
    zone = zone_of(points.to_crs(flat.crs), flat.geometry)
    listed = listed.assign(zone=zone, commune=zone.map(homes.of_zone))
    outside = listed["zone"].isna()
    if outside.any():
        places = float(listed.loc[outside, "places"].sum())
        notes.append(Note("supply_outside_zones", {"count": int(outside.sum()), "places": places}))
    return listed[~outside], notes


def _with_shared_places(
    listed: pd.DataFrame, homes: HomeCommunes, table: ParameterTable
) -> tuple[pd.DataFrame, list[Note]]:
    """Give facilities without a published number of places their share of what their commune has left."""
    unknown = listed["places"].isna()
    if not unknown.any():
        return listed, []
    shared = []
    for code, rows in listed[listed["mode"] == "places_facility"].groupby("commune", sort=False):
        total = float(homes.totals["places_facility"].get(code, np.nan))
        if rows["places"].isna().any() and np.isfinite(total):
            filled = share_places(rows, total, table["facility_weights"])
            # Few houses for many places are a partial list, not giant ones.
            most = filled["places"].clip(upper=float(table["facility_places_max"]))
            shared.append(filled.assign(places=filled["places"].where(~filled["estimated"], most)))
        else:
            shared.append(rows)
    rest = listed[listed["mode"] != "places_facility"]
    # A MAM without a number has none to count: the commune's places in individual care are spread anyway.
    together = pd.concat([*shared, rest.assign(places=rest["places"].fillna(0.0))])
    places = float(np.rint(homes.totals["places_facility"].sum()))
    note = Note("places_shared_out", {"count": int(unknown.sum()), "places": places})
    return together.reindex(listed.index), [note]


def _on_totals(
    listed: pd.DataFrame,
    flat: gpd.GeoDataFrame,
    homes: HomeCommunes,
    children: pd.Series,
    table: ParameterTable,
    inputs: ZoneInputs,
) -> tuple[pd.DataFrame, pd.Index, list[Note]]:
    """Set the places of each commune and mode on what is published."""
    given = {
        "places_facility": inputs.facilities is not None,
        "places_childminder": inputs.childminders is not None,
        "places_other": False,
    }
    factor = pd.Series(1.0, index=listed.index)
    spreads: list[pd.DataFrame] = []
    notes: list[Note] = []
    over: list[str] = []
    for mode in PLACE_MODES:
        kind, published = _SPREAD[mode], homes.totals[mode]
        rows = listed["mode"] == mode
        found = listed["places"].astype(np.float64)[rows].groupby(listed["commune"][rows]).sum()
        found = found.reindex(published.index).fillna(0.0)
        far = factors_far(found, published, homes.totals["name"], table)
        short = far.above
        if not given[mode]:
            # A few MAM beside all the childminders of whom there is no list: they are not scaled to them.
            short = published.index[(found > 0) & (published > found)]
        scale = (published / found.where(found > 0)).where(published.notna()).fillna(1.0)
        scale[short] = 1.0
        factor[rows] = listed.loc[rows, "commune"].map(scale).astype(np.float64)
        missing = published.fillna(0.0).where(found == 0, 0.0)
        missing[short] = (published - found)[short]
        if missing.sum() > 0 or not given[mode]:
            spreads.append(_spread_over_zones(flat, homes.of_zone, missing, children, mode))
        if given[mode]:
            notes += _list_notes(kind, missing[found == 0], homes, far)
        elif mode != "places_other":
            notes.append(Note(_WITHOUT_LIST[kind], {"places": float(np.rint(missing.sum()))}))
        if len(far.below):
            notes.append(far.note(f"{kind}_list_over", far.below))
            over += list(far.below)
    supply = listed.copy()
    for column in ("places", *_OPEN, *NEEDS, "free"):
        supply[column] = supply[column].astype(np.float64) * factor
    supply = pd.concat([supply, *spreads])
    return supply, pd.Index(over).unique(), notes


def _list_notes(kind: str, nowhere: pd.Series, homes: HomeCommunes, far: FactorsFar) -> list[Note]:
    """Say where a list offers nothing, and where it is partial."""
    notes = []
    if nowhere.sum() > 0:
        names = [str(name) for name in homes.totals.loc[nowhere.index[nowhere > 0], "name"]]
        values = {"places": float(np.rint(nowhere.sum())), "communes": names}
        notes.append(Note(f"{kind}_none_inside", values))
    if len(far.above):
        notes.append(far.note(f"{kind}_list_partial", far.above))
    return notes


def _spread_over_zones(
    flat: gpd.GeoDataFrame, of_zone: pd.Series, totals: pd.Series, children: pd.Series, mode: str
) -> pd.DataFrame:
    """Put the places of each commune where its children are, one point in each zone."""
    kind = _SPREAD[mode]
    drawn = flat.geometry.reindex(of_zone.index)
    drawn = drawn[~(drawn.isna() | drawn.is_empty)]
    home = of_zone.reindex(drawn.index)
    inside = drawn.representative_point().to_crs(4326)
    weight = children.reindex(drawn.index).fillna(0.0)
    sums = weight.groupby(home).transform("sum")
    count = home.map(home.value_counts())
    # All the same where nothing is known of the shares.
    share = (weight / sums.where(sums > 0)).fillna(1 / count)
    places = share * home.map(totals).astype(np.float64).fillna(0.0)
    frame = facility_supply([]).reindex([f"{kind}:{code}" for code in drawn.index])
    return frame.assign(
        kind=kind,
        name="",
        longitude=inside.x.to_numpy(),
        latitude=inside.y.to_numpy(),
        places=places.to_numpy(),
        estimated=True,
        **dict.fromkeys((*_OPEN, *NEEDS), 0.0),
        hours_known=False,
        mode=mode,
        drawn=False,
        spread=True,
        registered=np.nan,
        zone=drawn.index.to_numpy(),
        commune=home.to_numpy(),
    )
