"""
The ground of every map: one self-contained file, French controls, the territory's own streets below.

Leaflet, the font and the drawing code are written into the file; the only other host that it ever asks is the one of
the tiles, when there are any. Without tiles, or when they do not answer, the streets, water and communes are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape
from typing import Any

import geopandas as gpd

from maps.folium_page import TerritoryMap
from maps.ground import Bounds, ground_layers
from maps.style import GROUND
from rpe_geo.messages.french import day

__all__ = ["base_map"]


def base_map(  # noqa: PLR0913 - each layer of the ground is an argument of its own
    bounds: Bounds,
    *,
    streets: gpd.GeoDataFrame | None = None,
    communes: gpd.GeoDataFrame | None = None,
    water: gpd.GeoDataFrame | None = None,
    parks: gpd.GeoDataFrame | None = None,
    woods: gpd.GeoDataFrame | None = None,
    rails: gpd.GeoDataFrame | None = None,
    tiles_url: str | None = None,
    tiles_attribution: str = "",
    attribution: Sequence[str] | str = (),
    data_date: date | None = None,
    max_zoom: int = 19,
    title: str = "Carte",
) -> TerritoryMap:
    """
    Make the map that others draw on: a self-contained file whose ground is never blank.

    Parameters
    ----------
    bounds
        What it shows at first: west, south, east, north (EPSG:4326).
    streets, communes, water, parks, woods, rails
        The territory's own ground (see `ground_layers`), drawn where no tile is.
    tiles_url
        Template with {z}, {x}, {y}; None or empty for no tiles.
    tiles_attribution
        Credit of the tiles.
    attribution
        Credits of the data drawn, as plain text.
    data_date
        The date of the data, written after the credits.
    max_zoom
        How near one may come; 17 where masked homes are drawn.
    title
        Heading and title of the file.

    Returns
    -------
    TerritoryMap
        A `folium.Map`; nothing is saved or shown.
    """
    credits_ = [attribution] if isinstance(attribution, str) else list(attribution)
    if data_date is not None:
        credits_.append(f"données du {day(data_date)}")
    west, south, east, north = bounds
    options: dict[str, Any] = {
        "bounds": [[south, west], [north, east]],
        "max_zoom": max_zoom,
        "attribution": escape(" · ".join(text for text in credits_ if text)),
        "colours": dict(GROUND),
        "ground": ground_layers(
            bounds,
            streets=streets,
            communes=communes,
            water=water,
            parks=parks,
            woods=woods,
            rails=rails,
        ),
    }
    if tiles_url:
        options["tiles"] = {"url": tiles_url, "attribution": escape(tiles_attribution)}
    return TerritoryMap(bounds, options).compose(title=title)
