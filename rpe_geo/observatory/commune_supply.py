"""The supply of one commune: real facilities and registry, or places spread where the children are; set on its totals."""

from __future__ import annotations

from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from rpe_geo.observatory.coverage import PLACE_MODES
from rpe_geo.observatory.inputs import ZoneInputs
from rpe_geo.observatory.results import Note
from rpe_geo.observatory.supply import (
    NEEDS,
    SLOTS,
    childminder_supply,
    facility_supply,
    share_places,
)
from rpe_geo.observatory.zones import spread, zone_of

__all__ = ["commune_supply"]


def commune_supply(
    inputs: ZoneInputs,
    flat: gpd.GeoDataFrame,
    totals: pd.Series,
    children: pd.Series,
    table: Any,
    on: date,
) -> tuple[pd.DataFrame, list[Note]]:
    """
    List the supply of a commune, set on its published places by mode.

    Parameters
    ----------
    inputs
        What is known below the commune.
    flat
        Zones in a metric CRS.
    totals
        Published places by mode.
    children
        Children by zone, to spread what has no address.
    table
        Parameters of the observatory.
    on
        The day on which the registry is looked at.

    Returns
    -------
    tuple
        One row per place of care (`kind, longitude, latitude, places, zone, mode, estimated…`), and what to say of it.
    """
    notes: list[Note] = []
    facilities, facility_notes = _facilities(inputs, flat, totals, children, table)
    people, people_notes = _childminders(inputs, flat, totals, children, on)
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
    spreads = []
    for name, kind in (("places_facility", "facility"), ("places_childminder", "childminder")):
        total = float(totals[name])
        here = supply["zone"].notna() & (supply["mode"] == name) & (supply["places"] > 0)
        if total > 0 and not here.any():
            # A list that offers nothing here is a fault of the list: the commune has these places.
            notes.append(Note(f"{kind}_none_inside", {"places": total}))
            spreads.append(_spread_over_zones(flat, total, children, kind))
    if spreads:
        estimated = pd.concat(spreads)
        estimated["zone"] = estimated.index.str.partition(":").get_level_values(2)
        supply = pd.concat([supply, estimated])
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
    for column in ("places", *(f"open_{slot}" for slot in SLOTS), *NEEDS, "free"):
        supply[column] = supply[column].astype(np.float64) * factor
    return supply, notes


def _facilities(
    inputs: ZoneInputs, flat: gpd.GeoDataFrame, totals: pd.Series, children: pd.Series, table: Any
) -> tuple[pd.DataFrame, list[Note]]:
    if inputs.facilities is None:
        total = float(totals["places_facility"])
        notes = [Note("facilities_spread", {"places": total})]
        return _spread_over_zones(flat, total, children, "facility"), notes
    frame = facility_supply(inputs.facilities)
    notes = []
    total = float(totals["places_facility"])
    located = frame["longitude"].notna() & frame["latitude"].notna()
    points = gpd.GeoSeries(
        gpd.points_from_xy(frame["longitude"].where(located), frame["latitude"].where(located)),
        frame.index,
        crs=4326,
    )
    inside = located & zone_of(points.to_crs(flat.crs), flat.geometry).notna()
    if frame.loc[inside, "places"].isna().any() and np.isfinite(total):
        unknown = int(frame.loc[inside, "places"].isna().sum())
        # The places of the commune are those of its own facilities, not of the neighbours' in the list.
        shared = share_places(frame[inside], total, table["facility_weights"])
        frame = pd.concat([shared, frame[~inside]]).reindex(frame.index)
        notes.append(Note("places_shared_out", {"count": unknown, "places": total}))
    return frame.assign(mode="places_facility", drawn=True), notes


def _childminders(
    inputs: ZoneInputs, flat: gpd.GeoDataFrame, totals: pd.Series, children: pd.Series, on: date
) -> tuple[pd.DataFrame, list[Note]]:
    if inputs.childminders is not None:
        frame = childminder_supply(inputs.childminders, on=on)
        return frame.assign(mode="places_childminder", drawn=False), []
    total = float(totals["places_childminder"])
    notes = [Note("childminders_spread", {"places": total})]
    return _spread_over_zones(flat, total, children, "childminder"), notes


def _spread_over_zones(
    flat: gpd.GeoDataFrame, total: float, children: pd.Series, kind: str
) -> pd.DataFrame:
    """Put places where the children are, one point in each zone."""
    flat = flat[~(flat.geometry.isna() | flat.geometry.is_empty)]
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
        **dict.fromkeys((*(f"open_{slot}" for slot in SLOTS), *NEEDS), 0.0),
        "hours_known": False,
        "mode": f"places_{kind}",
        "drawn": False,
    }
    return frame.assign(**values)
