"""Streets of an area from Overpass, through osmnx: the other way where no extract can be fetched."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from rpe_geo.errors import ServiceUnavailable
from rpe_geo.files import replacing

__all__ = ["streets_from_overpass"]


def streets_from_overpass(area: Any, target: Path, address: str) -> None:
    """
    Write the streets of an area as an osmnx graph.

    Parameters
    ----------
    area
        Polygon, EPSG:4326.
    target
        The `.graphml` to write, whole or not at all.
    address
        Of the Overpass server, `…/api`.

    Raises
    ------
    ServiceUnavailable
        When the server does not answer; `--streets FILE` is the other way.
    """
    import osmnx

    before = osmnx.settings.overpass_url, osmnx.settings.http_user_agent, osmnx.settings.use_cache
    osmnx.settings.overpass_url = address
    osmnx.settings.http_user_agent = f"rpe-geo/{version('rpe_geo')}"
    osmnx.settings.use_cache = False
    try:
        graph = osmnx.graph_from_polygon(
            area, network_type="all", simplify=False, truncate_by_edge=True
        )
    except Exception as error:
        # osmnx raises requests' errors, its own, and ValueError for an empty answer: one remedy for all.
        raise ServiceUnavailable(
            "fetch_unreachable", url=address, reason=type(error).__name__, folder=str(target.parent)
        ) from error
    finally:
        osmnx.settings.overpass_url, osmnx.settings.http_user_agent, osmnx.settings.use_cache = (
            before
        )
    with replacing(target) as temporary:
        osmnx.save_graphml(graph, temporary)
