"""Open requests of families beside an observatory: how many by zone, and where they gather; never a home."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from rpe_geo.crs import metric_crs
from rpe_geo.domain import Request
from rpe_geo.observatory.hotspots import unmet_clusters
from rpe_geo.observatory.results import Note, Observatory
from rpe_geo.observatory.zones import zone_of
from rpe_geo.parameters import ParameterTable
from rpe_geo.privacy.figures import suppress_small_counts

__all__ = ["with_requests"]

_GRID_M = 500.0


def with_requests(
    observatory: Observatory, requests: Sequence[Request], table: ParameterTable
) -> Observatory:
    """
    Add the requests that wait for an answer.

    Parameters
    ----------
    observatory
        What was found; its zones need contours for requests to be counted in them.
    requests
        The open requests, geocoded.
    table
        Parameters of the observatory: the fewest that may be told.

    Returns
    -------
    Observatory
        Zones with `open_requests` (small counts and those from which they could be found are nan), and in its parameters
        `request_areas`: `longitude, latitude, radius_m, requests` of every place where they gather, on a grid of 500 m.
    """
    fewest = int(table["fewest_professionals"])
    placed = [one for one in requests if one.longitude is not None and one.latitude is not None]
    zones = observatory.zones
    shapes = zones.geometry[~(zones.geometry.isna() | zones.geometry.is_empty)]
    flat = gpd.GeoSeries(
        gpd.points_from_xy([one.longitude for one in placed], [one.latitude for one in placed]),
        crs=4326,
    )
    of = zone_of(flat, shapes)
    # What lies outside is not this territory's to tell.
    flat, of = flat[of.notna()], of[of.notna()]
    crs = metric_crs(str(observatory.parameters.get("commune", zones.index[0])))
    metres = flat.to_crs(crs)
    counts = of.value_counts().reindex(zones.index).fillna(0.0).astype(np.float64)
    whole = pd.Series("ensemble", index=zones.index)
    shown = suppress_small_counts(counts, at_least=fewest, totals=[whole])
    labels = unmet_clusters(metres.x.to_list(), metres.y.to_list(), smallest=fewest)
    areas = [
        _area(metres[labels == label], crs) for label in range(int(labels.max(initial=-1)) + 1)
    ]
    notes = observatory.notes
    lost = len(requests) - len(flat)
    if lost:
        notes = (*notes, Note("requests_unplaced", {"count": lost}))
    return replace(
        observatory,
        zones=zones.assign(open_requests=shown),
        parameters={**observatory.parameters, "open_requests": len(flat), "request_areas": areas},
        notes=notes,
    )


def _area(points: gpd.GeoSeries, crs: int) -> dict[str, Any]:
    """Tell a gathering by a circle on a grid, wide enough to hold nine requests of ten; no corner of it is a home."""
    x, y = points.x.to_numpy(), points.y.to_numpy()
    centre = np.round(np.array([x.mean(), y.mean()]) / _GRID_M) * _GRID_M
    reach = float(np.quantile(np.hypot(x - centre[0], y - centre[1]), 0.9))
    here = gpd.GeoSeries(gpd.points_from_xy(centre[:1], centre[1:]), crs=crs).to_crs(4326)
    return {
        "longitude": round(float(here.x.iloc[0]), 4),
        "latitude": round(float(here.y.iloc[0]), 4),
        "radius_m": max(1.0, float(np.ceil(reach / _GRID_M))) * _GRID_M,
        "requests": len(points),
    }
