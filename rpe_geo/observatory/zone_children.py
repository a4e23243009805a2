"""
How many children under three live in each zone: by the best source at hand, which is reported, with the range that it leaves.

Best first: a count that the zones carry; births by IRIS; the census of the IRIS; the grid of 200 m; the surface, loudly.
Births and census yield to each other by age: the newer tells more. Whatever the source, it spreads the children of the
commune over its zones; where its own level lies far from the commune's figure, both numbers are told.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.observatory.calibration import calibrate
from rpe_geo.observatory.factors import FactorsFar, factors_far
from rpe_geo.observatory.inputs import ZoneInputs
from rpe_geo.observatory.results import Note
from rpe_geo.observatory.zone_communes import HomeCommunes
from rpe_geo.parameters import ParameterTable

__all__ = ["ZoneChildren", "zone_children"]

_PLACED = 0.5
"""Share of the births that must fall in zones for the table of IRIS and zones to be that of these zones."""
_Z90 = 1.6449
"""Standard deviations to each side of an interval of 90 %."""


@dataclass(frozen=True)
class ZoneChildren:
    """
    Children under three by zone.

    Parameters
    ----------
    table
        By zone: `children`, `children_low` and `children_high` (90 %; nan where the zones' own count is believed),
        `children_source`.
    part
        Share of the children of each commune that live in its zones: 1 but where the zones are a part of it only.
    far
        Communes whose children are far from what the source says of their zones.
    notes
        What is to be said.
    """

    table: pd.DataFrame
    part: pd.Series
    far: FactorsFar
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class _Source:
    """Where the distribution comes from: children (or what stands for them) by zone."""

    words: str
    amounts: pd.Series
    level: float
    """What an amount is worth in children under three; nan where it is no number of children."""
    counted: float
    """How many events make an amount (births of five years), for the noise of counting; 0 where nothing was counted."""
    year: int | None
    notes: tuple[Note, ...]


def zone_children(
    below: ZoneInputs,
    flat: gpd.GeoDataFrame,
    homes: HomeCommunes,
    year: int,
    table: ParameterTable,
) -> ZoneChildren:
    """
    Spread the children of each commune over its zones.

    Parameters
    ----------
    below
        What is known below the commune.
    flat
        Zones in a metric CRS.
    homes
        Commune of each zone, and its children.
    year
        Last of the three years of the communes' births.
    table
        Parameters of the observatory: limits of factors, drift of zones against their commune.

    Returns
    -------
    ZoneChildren
        Zones of a commune sum to its children; where these are not published, the zones' own count stands.

    Raises
    ------
    InvalidFile
        When births by IRIS are given and none can be placed.
    """
    of_zone, totals = homes.of_zone, homes.totals["children"]
    source = _best_source(below, flat, of_zone)
    amounts = source.amounts.reindex(of_zone.index).fillna(0.0)
    notes = list(source.notes)
    empty = amounts[amounts == 0]
    if len(empty):
        values = {"count": len(empty), "first": str(empty.index[0])}
        notes.append(Note("zone_without_children", values))
    far = FactorsFar.none()
    if np.isfinite(source.level):
        found = (amounts * source.level).groupby(of_zone).sum()
        far = factors_far(found, totals, homes.totals["name"], table)
    # A few cells at the border of a commune are not the whole of it.
    partly = homes.partial.intersection(far.above) if np.isfinite(source.level) else homes.partial
    far = far.without(partly)
    if len(far):
        notes.append(far.note("children_factors_far", source=source.words))
    whole = totals.drop(partly).dropna()
    children = calibrate(amounts, of_zone, whole, spread=flat.geometry.area)
    own = amounts * source.level
    if not np.isfinite(source.level):
        ground = amounts / amounts.groupby(of_zone).transform("sum")
        own = ground * of_zone.map(totals * homes.covered)
    own = own.where(own.groupby(of_zone).transform("sum") <= of_zone.map(totals).fillna(np.inf))
    children = children.where(of_zone.isin(whole.index), own)
    part = pd.Series(1.0, index=totals.index)
    part[partly] = (children.groupby(of_zone).sum() / totals)[partly]
    notes += _partly_covered(homes, part[partly])
    spread = _spread(children, source, year, table)
    return ZoneChildren(
        pd.DataFrame(
            {
                "children": children,
                "children_low": children * np.exp(-_Z90 * spread),
                "children_high": children * np.exp(_Z90 * spread),
                "children_source": source.words,
            }
        ),
        part,
        far,
        tuple(notes),
    )


def _best_source(below: ZoneInputs, flat: gpd.GeoDataFrame, of_zone: pd.Series) -> _Source:
    column = below.zones.children_from
    own = below.zones.table["children"].reindex(of_zone.index)
    if column is not None and column.kind == "count":
        return _Source(f"colonne {column.column}", own, 1.0, 1.0, None, ())
    births, lost = _births(below, flat, of_zone)
    if births is not None and (
        column is None or column.year is None or (births.year or 0) >= column.year
    ):
        return births
    if column is not None:
        words = {
            "census": f"recensement {column.year} ({column.column})",
            "grid": f"carreaux de 200 m ({column.column}, 0 à 3 ans)",
        }[column.kind]
        return _Source(
            words, own, 1.0, 1.0, column.year, (*lost, Note("children_by", {"source": words}))
        )
    # What the file holds besides is named: among it may be what was meant.
    values = {"unread": list(below.zones.columns) or ["aucune"]}
    note = Note("zones_children_unknown", values)
    return _Source("surface", flat.geometry.area[of_zone.index], np.nan, 0.0, None, (*lost, note))


def _births(
    below: ZoneInputs, flat: gpd.GeoDataFrame, of_zone: pd.Series
) -> tuple[_Source | None, list[Note]]:
    """
    Sum births by IRIS in the zones: by the table of IRIS and zones, or by code where the zones are IRIS.

    A table that places less than half of the births is that of other zones: it is left aside, and said.
    """
    if below.iris_births is None:
        return None, []
    births = below.iris_births.births
    births = births[births.index.str[:5].isin(of_zone.unique())]
    if births.empty:
        where = Where(file=below.files["iris_births"])
        raise InvalidFile("iris_commune_missing", where=where, commune=str(of_zone.iloc[0]))
    if below.iris_zones is not None:
        zone = below.iris_zones.reindex(births.index)
    else:
        zone = pd.Series(births.index, index=births.index)
    placed = zone.isin(of_zone.index)
    if not placed.any():
        if below.iris_zones is None:
            return None, [Note("iris_not_the_zones", {})]
        raise InvalidFile(
            "iris_none_placed",
            where=Where(file=below.files["iris_zones"]),
            first=str(births.index[0]),
            known=str(flat.index[0]),
        )
    part = float(births[placed].sum() / births.sum()) if births.sum() > 0 else 0.0
    if part < _PLACED:
        return None, [Note("iris_mostly_unplaced", {"share": 100 * part})]
    years = below.iris_births.years
    words = f"naissances par IRIS {years[0]}–{years[-1]}" if years else "naissances par IRIS"
    notes = [Note("children_by", {"source": words})]
    if (~placed).any():
        lost = float(births[~placed].sum())
        notes.append(Note("iris_unplaced", {"count": int((~placed).sum()), "births": lost}))
    amounts = births[placed].groupby(zone[placed]).sum().reindex(of_zone.index).fillna(0.0)
    # Children under three are the births of three years.
    level = 3 / len(years) if years else np.nan
    return _Source(words, amounts, level, 1.0, years[-1] if years else None, tuple(notes)), []


def _partly_covered(homes: HomeCommunes, part: pd.Series) -> list[Note]:
    """Say which communes the zones cover in part only, and which share of their children is then theirs."""
    if part.empty:
        return []
    names = homes.totals["name"].reindex(part.index)
    lines = [f"{name} {100 * share:.0f} %" for name, share in zip(names, part, strict=True)]
    return [Note("zones_part_of_commune", {"count": len(part), "lines": lines})]


def _spread(children: pd.Series, source: _Source, year: int, table: ParameterTable) -> pd.Series:
    """Standard deviation of the logarithm of the children of a zone; nan where the zones' own count is believed."""
    if source.words.startswith("colonne"):
        return pd.Series(np.nan, index=children.index)
    if source.words == "surface":
        return pd.Series(float(table["zone_surface_spread"]), index=children.index)
    drift = float(table["zone_children_drift"])
    years = abs(year - source.year) if source.year is not None else 3
    counted = (source.amounts.reindex(children.index) * source.counted).clip(lower=1.0)
    noise = 1 / counted + 1 / children.clip(lower=1.0)
    return pd.Series(np.sqrt(noise + drift**2 * max(years, 1)), index=children.index)
