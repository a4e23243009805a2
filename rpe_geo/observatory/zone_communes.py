"""
Which commune each zone is a part of: by its code, else by the ground that it shares, else by the centre inside it.

The figures of a commune are set on its own zones alone. Arrondissements of Paris, Lyon and Marseille are communes here,
unless a zone names its city as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from rpe_geo.errors import InputError, InvalidFile, Where
from rpe_geo.observatory.codes import among, today
from rpe_geo.observatory.coverage import PLACE_MODES
from rpe_geo.observatory.inputs import CommuneInputs, Communes, ZoneInputs
from rpe_geo.observatory.results import Note
from rpe_geo.observatory.zones import zone_of

__all__ = ["HomeCommunes", "home_communes"]

_STRADDLES = 0.9
"""Share of a zone in its own commune below which it counts as lying across a border."""
_FAR_KM = 5.0
_ELSEWHERE = 0.1
"""Share of the ground of the zones that may lie in other communes, contours being generalised, than the one asked for."""
_BESIDE_M = 2000.0
"""Distance up to which a zone outside of all contours (a port, a beach) is held for the nearest commune's."""
_WHOLE = 0.8
"""Share of the ground of a commune that its zones must cover to stand for all of it."""


@dataclass(frozen=True)
class HomeCommunes:
    """
    The communes of the zones.

    Parameters
    ----------
    of_zone
        Code of the commune of each zone.
    points
        Code of the commune that each point of computation belongs to, nan where its commune has no zone.
    totals
        By code: `children`, places by mode, `places_source`, `name`.
    covered
        Share of the commune's ground that its zones cover; nan where its contour is not known.
    notes
        What was told by area, left out, or lies across a border.
    """

    of_zone: pd.Series
    points: pd.Series
    totals: pd.DataFrame
    covered: pd.Series
    notes: tuple[Note, ...]

    def with_part(self, part: pd.Series) -> HomeCommunes:
        """Keep a share of the published places of each commune: those of its zones."""
        totals = self.totals.copy()
        modes = list(PLACE_MODES)
        totals[modes] = totals[modes].mul(part.reindex(totals.index), axis=0)
        return replace(self, totals=totals)

    @property
    def partial(self) -> pd.Index:
        """Communes of which the zones are a part only, as far as contours tell."""
        return self.covered.index[self.covered < _WHOLE]


def home_communes(
    flat: gpd.GeoDataFrame,
    parts: pd.DataFrame,
    inputs: CommuneInputs,
    below: ZoneInputs,
    codes: Sequence[str],
    departements: Sequence[str],
) -> HomeCommunes:
    """
    Find the commune of each zone; zones of communes that are not asked for are left out.

    Parameters
    ----------
    flat
        Zones in a metric CRS, with `commune` where the file says it.
    parts
        Points of computation, see `parts_of`.
    inputs, below
        What was read: contours of communes, former codes, names of files.
    codes, departements
        Communes wanted; all of the zones' if neither.

    Returns
    -------
    HomeCommunes
        Zones left out are not in `of_zone`.

    Raises
    ------
    InputError
        For a code that is unknown, and zones of no commune or of several that nothing tells apart.
    """
    known = pd.Index(parts["whole"].unique()).union(parts.index)
    asked = today(codes, known, inputs.former, Where(field="--code"))
    told = _told(flat, known, inputs, below)
    of_zone, notes = told.copy(), []
    shapes = _commune_shapes(inputs, parts, flat)
    shared = _shared_ground(flat, shapes)
    silent = of_zone.isna()
    if silent.all() and len(asked) == 1:
        of_zone = _all_of_one(flat, asked[0], parts, shared, below, inputs)
    elif silent.any():
        by_ground = _largest(shared).reindex(of_zone.index[silent])
        if len(shapes):
            notes.append(Note("zones_by_area", {"count": int(by_ground.notna().sum())}))
            beside = flat.loc[by_ground.index[by_ground.isna()]]
            by_ground.update(_nearest(beside, shapes))
        of_zone.update(by_ground)
        left = flat.loc[of_zone.index[of_zone.isna()]]
        if len(left):
            of_zone.update(_by_centre(left, parts, of_zone, inputs))
    of_zone = _one_level(of_zone, parts)
    wanted = _wanted(asked, departements, parts, inputs.communes)
    if wanted is not None:
        kept = of_zone.isin(wanted)
        if not kept.any():
            raise InvalidFile(
                "zones_not_of_asked",
                where=Where(file=below.files["zones"]),
                found=str(of_zone.iloc[0]),
                asked=str(next(iter([*asked, *departements]))),
            )
        if not kept.all():
            notes.append(Note("zones_left_out", {"count": int((~kept).sum())}))
        of_zone = of_zone[kept]
    if len(set(of_zone)) > 1:
        notes += _across(shared, of_zone)
    else:
        notes = [note for note in notes if note.code != "zones_by_area"]
    points = _points(of_zone, parts)
    totals = parts[["children", *PLACE_MODES]].groupby(points).sum(min_count=1)
    if parts["children"].isna().any() or parts["places"].isna().any():
        missing = parts[["children", *PLACE_MODES]].isna().groupby(points).any()
        totals = totals.mask(missing)
    names = pd.concat([inputs.communes.boroughs["nom"], inputs.communes.table["nom"]])
    totals["name"] = names.reindex(totals.index)
    totals["places_source"] = parts["places_source"].groupby(points).min().reindex(totals.index)
    covered = _covered(shared, of_zone, shapes)
    return HomeCommunes(of_zone, points, totals, covered.reindex(totals.index), tuple(notes))


def _told(
    flat: gpd.GeoDataFrame, known: pd.Index, inputs: CommuneInputs, below: ZoneInputs
) -> pd.Series:
    """Take the communes that the file names, as they are today; a code of none is refused unless contours can tell."""
    told = flat["commune"].astype(object)
    told = told.map(lambda code: inputs.former.get(code, code) if code is not None else None)
    lost = told.notna() & ~among(pd.Index(told.fillna("")), known)
    if lost.any() and inputs.shapes is None:
        raise InvalidFile(
            "zone_commune_not_known",
            where=Where(file=below.files["zones"]),
            count=int(lost.sum()),
            first=str(told[lost].iloc[0]),
        )
    kept: pd.Series = told.where(told.notna() & ~lost, None)
    return kept


def _commune_shapes(
    inputs: CommuneInputs, parts: pd.DataFrame, flat: gpd.GeoDataFrame
) -> gpd.GeoSeries:
    """Keep one contour of each piece of ground: arrondissements in place of their cities, where they are drawn."""
    if inputs.shapes is None:
        return gpd.GeoSeries([], index=pd.Index([], dtype=object), crs=flat.crs)
    shapes = inputs.shapes[~(inputs.shapes.isna() | inputs.shapes.is_empty)]
    drawn = set(shapes.index)
    cities = set(parts["whole"][parts["whole"] != parts.index])
    twice = {city for city in cities if drawn & set(parts.index[parts["whole"] == city])}
    return shapes[~shapes.index.isin(twice)].to_crs(flat.crs)


def _shared_ground(flat: gpd.GeoDataFrame, shapes: gpd.GeoSeries) -> pd.Series:
    """Measure the ground that each zone shares with each commune: square metres by (zone, commune)."""
    zones, communes = flat.geometry.to_numpy(), shapes.to_numpy()
    if not len(communes):
        return pd.Series(
            [], index=pd.MultiIndex.from_arrays([[], []], names=["zone", "commune"]), dtype=float
        )
    tree = shapely.STRtree(communes)
    at, inside = tree.query(zones, predicate="intersects")
    shapely.prepare(communes)
    within = shapely.contains_properly(communes[inside], zones[at])
    area = shapely.area(zones[at])
    cut = ~within
    area[cut] = shapely.area(shapely.intersection(communes[inside[cut]], zones[at[cut]]))
    index = pd.MultiIndex.from_arrays(
        [flat.index[at], shapes.index[inside]], names=["zone", "commune"]
    )
    return pd.Series(area, index=index)


def _largest(shared: pd.Series) -> pd.Series:
    """Name the commune with which each zone shares most ground; the first by code where two share the same."""
    shared = shared[shared > 0]
    rows = shared.reset_index(name="area").sort_values(
        ["area", "commune"], ascending=[False, True], kind="stable"
    )
    return rows.drop_duplicates("zone").set_index("zone")["commune"].astype(object)


def _nearest(flat: gpd.GeoDataFrame, shapes: gpd.GeoSeries) -> pd.Series:
    """Give zones that share no ground with a commune to the nearest one."""
    at, inside = shapely.STRtree(shapes.to_numpy()).query_nearest(
        flat.geometry.to_numpy(), max_distance=_BESIDE_M, all_matches=False
    )
    return pd.Series(shapes.index.to_numpy()[inside], index=flat.index[at], dtype=object)


def _by_centre(
    flat: gpd.GeoDataFrame, parts: pd.DataFrame, of_zone: pd.Series, inputs: CommuneInputs
) -> pd.Series:
    """Give zones without code or contour the one commune whose centre lies in them, or the only one of the others."""
    others = of_zone.dropna().unique()
    if len(others) == 1:
        return pd.Series(others[0], index=flat.index, dtype=object)
    west, south, east, north = flat.to_crs(4326).total_bounds
    near = parts[parts["longitude"].between(west, east) & parts["latitude"].between(south, north)]
    centres = gpd.GeoSeries(
        gpd.points_from_xy(near["longitude"], near["latitude"]), index=near.index, crs=4326
    ).to_crs(flat.crs)
    inside = zone_of(centres, flat.geometry).notna()
    found = near.loc[inside[inside].index, "whole"].unique()
    if len(found) == 1:
        return pd.Series(str(found[0]), index=flat.index, dtype=object)
    code = "zones_several_communes" if len(found) else "zones_commune_unknown"
    raise InvalidFile(code, where=Where(file=inputs.files["communes"]))


def _all_of_one(
    flat: gpd.GeoDataFrame,
    code: str,
    parts: pd.DataFrame,
    shared: pd.Series,
    below: ZoneInputs,
    inputs: CommuneInputs,
) -> pd.Series:
    """Hold all zones for those of the one commune asked for, unless contours show that many are not."""
    own = parts[(parts["whole"] == code) | (parts.index == code)]
    names = pd.concat([inputs.communes.table["nom"], inputs.communes.boroughs["nom"]])
    _refuse_elsewhere(flat, own, below, str(names[code]))
    largest = _largest(shared)
    others = largest.index[~largest.isin([code, *own.index])]
    if flat.geometry.area[others].sum() > _ELSEWHERE * flat.geometry.area.sum():
        return largest.reindex(flat.index).fillna(code)
    return pd.Series(code, index=flat.index, dtype=object)


def _refuse_elsewhere(
    flat: gpd.GeoDataFrame, own: pd.DataFrame, below: ZoneInputs, name: str
) -> None:
    """Refuse zones that lie far from the commune: they would get another's children and places."""
    centres = gpd.GeoSeries(gpd.points_from_xy(own["longitude"], own["latitude"]), crs=4326)
    hull = shapely.box(*flat.total_bounds)
    far_m = float(centres.to_crs(flat.crs).distance(hull).min())
    if far_m > 1000 * (_FAR_KM + 2 * float(own["radius_km"].max())):
        where = Where(file=below.files["zones"])
        raise InvalidFile("zones_elsewhere", where=where, commune=name, km=far_m / 1000)


def _one_level(of_zone: pd.Series, parts: pd.DataFrame) -> pd.Series:
    """Hold arrondissements for their city where any zone names the city: no ground is counted at two levels."""
    cities = set(of_zone) - set(parts.index)
    whole = of_zone.map(parts["whole"])
    return of_zone.where(~whole.isin(cities), whole)


def _wanted(
    asked: Sequence[str], departements: Sequence[str], parts: pd.DataFrame, communes: Communes
) -> set[str] | None:
    """List the codes that zones may be of; None is all."""
    if not asked and not departements:
        return None
    wanted = set(asked)
    inside = parts["whole"].isin(asked)
    of_whole = parts["whole"].map(communes.table["departement"])
    for departement in departements:
        if not of_whole.eq(departement).any():
            raise InputError("departement_unknown", given=departement)
        inside |= of_whole.eq(departement)
    return wanted | set(parts.index[inside]) | set(parts["whole"][inside])


def _points(of_zone: pd.Series, parts: pd.DataFrame) -> pd.Series:
    """Name the commune with zones that each point of computation belongs to."""
    homes = set(of_zone)
    own = pd.Series(parts.index, index=parts.index, dtype=object)
    return own.where(own.isin(homes), parts["whole"].where(parts["whole"].isin(homes)))


def _across(shared: pd.Series, of_zone: pd.Series) -> list[Note]:
    """Say how many zones lie across the border of their commune."""
    if shared.empty:
        return []
    whole = shared.groupby(level="zone").sum().reindex(of_zone.index)
    own = pd.Series(
        shared.reindex(pd.MultiIndex.from_arrays([of_zone.index, of_zone])).to_numpy(),
        of_zone.index,
    )
    part = own.fillna(0.0) / whole
    across = part[part < _STRADDLES]
    if across.empty:
        return []
    values = {
        "count": len(across),
        "first": str(across.idxmin()),
        "share": 100 * float(across.min()),
    }
    return [Note("zones_across_borders", values)]


def _covered(shared: pd.Series, of_zone: pd.Series, shapes: gpd.GeoSeries) -> pd.Series:
    """Measure the share of each commune's ground that zones cover, its own or (at a border) its neighbours'."""
    if shared.empty:
        return pd.Series(dtype=np.float64)
    area = shared.groupby(level="commune").sum().reindex(of_zone.unique())
    covered: pd.Series = area / shapes.area.reindex(area.index)
    return covered
