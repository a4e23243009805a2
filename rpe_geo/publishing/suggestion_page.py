"""One family's map as a file: the answer of the relais on the ground of its territory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np

from maps.ground import Bounds, ground_bounds
from maps.suggestions import suggestion_map
from rpe_geo.protocols import Route
from rpe_geo.relais import Relais
from rpe_geo.relais.suggest import Suggestions
from rpe_geo.settings import Settings
from rpe_geo.territory import Territory

__all__ = ["suggestion_page"]


def suggestion_page(
    answer: Suggestions,
    relais: Relais,
    territory: Territory | None,
    settings: Settings,
    *,
    today: date,
    title: str | None = None,
) -> str:
    """
    Draw the answer to a request as one self-contained HTML file.

    Parameters
    ----------
    answer
        What the relais answered.
    relais
        For the ways and the reach.
    territory
        For the streets and communes below, drawn also where no tile can be fetched.
    settings
        For the base map.
    today
        For freshness.
    title
        Heading of the page.

    Returns
    -------
    str
        HTML for the animateur: exact places, names and reasons.
    """
    routes = {provider_id: route for (_, provider_id), route in relais.routes(answer).items()}
    limit = float(answer.parameters["max_minutes"])
    steps = _readable_steps(limit)
    reach = relais.isochrones(answer.home, mode=answer.request.mode, minutes=steps)
    ground = _ground(answer, routes, territory)
    drawn = suggestion_map(
        answer.suggestions,
        answer.providers,
        answer.home,
        audience="animateur",
        work=answer.work,
        routes=routes,
        isochrones=reach,
        refused=answer.refused,
        request=answer.request,
        today=today,
        tiles_url=settings.tiles_url or None,
        tiles_attribution=settings.tiles_attribution,
        title=title,
        streets=ground.streets,
        water=ground.water,
        communes=ground.communes,
        attribution=ground.attribution,
    )
    return drawn.get_root().render()


def _readable_steps(limit_min: float) -> list[float]:
    """Choose up to three reaches: the limit, and fives below it that part it about evenly."""
    fives = {5.0 * round(limit_min * share / 5) for share in (1 / 3, 2 / 3)}
    return sorted({limit_min} | {step for step in fives if 0 < step < limit_min})


@dataclass(frozen=True)
class _Ground:
    """What is drawn below."""

    streets: gpd.GeoDataFrame | None = None
    water: gpd.GeoDataFrame | None = None
    communes: gpd.GeoDataFrame | None = None
    attribution: str = ""


def _ground(answer: Suggestions, routes: dict[str, Route], territory: Territory | None) -> _Ground:
    """Read the streets, water and communes around what is shown."""
    if territory is None:
        return _Ground()
    bounds = _bounds(answer, routes)
    streets, water = territory.drawn_ground(bounds)
    return _Ground(
        streets=streets,
        water=water,
        communes=territory.communes if len(territory.communes) else None,
        attribution=territory.attribution,
    )


def _bounds(answer: Suggestions, routes: dict[str, Route]) -> Bounds:
    points = [(answer.home.x, answer.home.y)]
    if answer.work is not None:
        points.append((answer.work.x, answer.work.y))
    for route in routes.values():
        if route.geometry is not None:
            west, south, east, north = route.geometry.bounds
            points += [(west, south), (east, north)]
    box = np.array(points)
    low, high = box.min(axis=0), box.max(axis=0)
    return ground_bounds((float(low[0]), float(low[1]), float(high[0]), float(high[1])), 1.0)
