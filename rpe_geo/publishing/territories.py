"""An observatory seen from nearer or from farther: one département or intercommunalité of it, or its zones put together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from rpe_geo.departements import departement_name
from rpe_geo.observatory.coverage import coverage_rate, tension
from rpe_geo.observatory.indicators import INDICATORS
from rpe_geo.observatory.profile import summarise
from rpe_geo.observatory.results import Observatory
from rpe_geo.observatory.shared_places import SHARED_WHY

__all__ = ["Group", "grouped", "narrowed"]

Group = Literal["departement", "epci"]
GROUPS: tuple[Group, ...] = ("departement", "epci")
_RATES = {
    "coverage_rate": "places",
    "coverage_rate_calibrated": "places_calibrated",
    "coverage_childminder": "places_childminder",
    "coverage_facility": "places_facility",
}
_NOT_GROUPED = {"gi_star", "places_within_reach", *_RATES, "tension"}
_GAP_DEG = 0.006
_DETAIL_DEG = 0.004


def narrowed(observatory: Observatory, codes: pd.Index, title: str) -> Observatory:
    """
    Keep some zones of an observatory.

    Parameters
    ----------
    observatory
        What was found.
    codes
        The zones kept.
    title
        What they are called together.

    Returns
    -------
    Observatory
        Its summary is that of these zones; places of care, gatherings of requests and comparisons that lie elsewhere are
        left out.
    """
    zones = observatory.zones.loc[codes]
    shapes = zones.geometry[~(zones.geometry.isna() | zones.geometry.is_empty)].to_numpy()
    tree = shapely.STRtree(shapes)

    def inside(points: Any) -> list[int]:
        return sorted(set(tree.query(points, predicate="intersects")[0].tolist()))

    supply = observatory.supply
    if len(supply):
        supply = supply.iloc[inside(supply.geometry.to_numpy())]
    parameters = dict(observatory.parameters) | {"title": title}
    areas = parameters.get("request_areas")
    if areas:
        points = shapely.points([(one["longitude"], one["latitude"]) for one in areas])
        parameters["request_areas"] = [areas[at] for at in inside(points)]
        parameters["open_requests"] = float(zones["open_requests"].sum())
    departements = set(zones["departement"]) if "departement" in zones else set()
    checks = tuple(
        check
        for check in observatory.checks
        if check.level != "departement" or check.code.removeprefix("D") in departements
    )
    return replace(
        observatory,
        zones=zones,
        supply=supply,
        checks=checks,
        summary=summarise(zones),
        parameters=parameters,
    )


def grouped(observatory: Observatory, by: Group) -> Observatory:
    """
    Put the communes of an observatory together.

    Parameters
    ----------
    observatory
        What was found, by commune.
    by
        « departement » or « epci »; communes without one are left out.

    Returns
    -------
    Observatory
        One row per group. Amounts are summed, rates computed anew, access is the mean of the children; what only makes
        sense between communes (Gi*, tension zones, kinds) is absent.
    """
    members = observatory.zones[observatory.zones[by].notna()]
    label = members[by].astype(str)
    children = members["children"].astype(np.float64)
    table = pd.DataFrame(index=pd.Index(sorted(label.unique()), name="code"))
    table["nom"] = _names(members, label, by).reindex(table.index)
    if by == "epci":
        table["departement"] = members["departement"].groupby(label).agg(_most_common)
    for name in members.columns:
        if name in INDICATORS and name not in _NOT_GROUPED:
            values = members[name].astype(np.float64)
            one = _summed if INDICATORS[name].scale == "count" else _mean_of_children
            table[name] = one(values, children, label)
    for name, places in _RATES.items():
        if name in members:
            offered = members[places].astype(np.float64)
            both = offered.notna() & children.notna()
            sums = offered.where(both).groupby(label).sum(min_count=1)
            table[name] = coverage_rate(sums, children.where(both).groupby(label).sum(min_count=1))
    if "need" in table and "access_e2sfca" in members:
        expected = (members["access_e2sfca"] * children).groupby(label).sum(min_count=1)
        table["tension"] = tension(table["need"], expected.reindex(table.index))
    # What is shared out inside an intercommunalité is published of it as a whole.
    doubted = members["uncertain"].astype(bool) & (members["uncertain_why"] != SHARED_WHY)
    unsure = children.where(doubted, 0.0).groupby(label).sum()
    everyone = children.groupby(label).sum()
    missing = table["children"].isna() | table["places"].isna()
    doubtful = (unsure > everyone / 2).reindex(table.index, fill_value=False) | missing
    table["uncertain"] = doubtful
    table["uncertain_why"] = np.where(
        missing,
        "données non publiées",
        np.where(
            doubtful, "plus de la moitié des enfants vivent dans des communes incertaines", ""
        ),
    )
    table["hotspot"] = ""
    table["communes"] = label.groupby(label).size().astype(np.float64)
    contours = members.geometry.to_numpy()
    where = label.reset_index(drop=True).groupby(label.to_numpy()).indices
    shapes = [_together(contours[where[code]]) for code in table.index]
    return replace(
        observatory,
        zones=gpd.GeoDataFrame(table, geometry=shapes, crs=4326),
        parameters=dict(observatory.parameters) | {"zones": by},
    )


def _names(members: gpd.GeoDataFrame, label: pd.Series, by: Group) -> pd.Series:
    if by == "departement":
        return pd.Series({code: departement_name(code) for code in label.unique()})
    names: pd.Series = members["epci_nom"].groupby(label).first()
    return names


def _most_common(values: pd.Series) -> str:
    return str(values.mode().iloc[0])


def _summed(values: pd.Series, _children: pd.Series, label: pd.Series) -> pd.Series:
    return values.groupby(label).sum(min_count=1)


def _mean_of_children(values: pd.Series, children: pd.Series, label: pd.Series) -> pd.Series:
    weight = children.where(np.isfinite(values) & (children > 0))
    return (values.where(np.isfinite(values)) * weight).groupby(label).sum(
        min_count=1
    ) / weight.groupby(label).sum(min_count=1)


def _together(shapes: Any) -> shapely.Geometry:
    """Draw one outline around communes; contours of neighbours are never quite the same."""
    grown = shapely.union_all(shapely.buffer(shapes, _GAP_DEG, quad_segs=1))
    whole = shapely.simplify(shapely.buffer(grown, -_GAP_DEG, quad_segs=1), _DETAIL_DEG)
    parts = [
        shapely.Polygon(part.exterior)
        for part in shapely.get_parts(whole)
        if shapely.get_type_id(part) == 3
    ]
    return shapely.MultiPolygon(parts)
