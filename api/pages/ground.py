"""The ground of the maps and the addresses of the pages; what is asked stands in bodies, never in addresses of pages."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from api.dependencies import ServiceDep
from maps.ground import Bounds, ground_bounds, ground_layers
from maps.layers import Places
from maps.style import GROUND, ZONE
from rpe_geo.errors import InputError
from rpe_geo.settings import Settings
from rpe_geo.territory import Territory

__all__ = ["map_options", "router"]

router = APIRouter()
_GRID = 100
_DEGREE_M = 111_320.0
_WIDEST_DEG = 0.8

Degrees = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class BoxIn(BaseModel):
    """West, south, east, north, in degrees (EPSG:4326)."""

    bounds: tuple[Degrees, Degrees, Degrees, Degrees]


class TypedIn(BaseModel):
    """What was typed of an address."""

    q: Annotated[str, Field(min_length=1, max_length=200)]


@router.post("/carte/fond")
def ground(service: ServiceDep, asked: BoxIn) -> Response:
    """Give the territory's own streets, water and communes around a box."""
    west, south, east, north = asked.bounds
    if not (
        west < east and south < north and east - west < _WIDEST_DEG and north - south < _WIDEST_DEG
    ):
        raise InputError("bbox_unreadable", given=",".join(map(str, asked.bounds)))
    territory = service.territory
    if territory is None:
        return Response("{}", media_type="application/json")
    box = (
        math.floor(west * _GRID) / _GRID,
        math.floor(south * _GRID) / _GRID,
        math.ceil(east * _GRID) / _GRID,
        math.ceil(north * _GRID) / _GRID,
    )
    return Response(_drawn(territory.directory, box), media_type="application/json")


@lru_cache(maxsize=32)
def _drawn(folder: Path, box: Bounds) -> bytes:
    territory = Territory.open(folder)
    around = ground_bounds(box, 0.5)
    streets, water = territory.drawn_ground(around)
    layers = ground_layers(
        box,
        streets=streets,
        water=water,
        communes=territory.communes if len(territory.communes) else None,
        margin=0.4,
    )
    return json.dumps(layers, ensure_ascii=False, separators=(",", ":")).encode()


@router.post("/adresses")
def addresses(service: ServiceDep, asked: TypedIn) -> list[dict[str, str]]:
    """Complete an address that is being typed; nothing of it is kept."""
    if service.relais.geocoder is None:
        return []
    found = service.relais.autocomplete(asked.q, limit=6)
    return [{"label": place.label, "city": place.city} for place in found]


def map_options(content: Places, settings: Settings, territory: Territory | None) -> dict[str, Any]:
    """Gather what the script of a page needs to draw a map, without its ground."""
    boxes = [(mark["lon"], mark["lat"], 150.0) for mark in content["marks"]]
    boxes += [(zone["lon"], zone["lat"], zone["radius"]) for zone in content["zones"]]
    lows, highs = [], []
    for longitude, latitude, radius in boxes:
        tall = radius / _DEGREE_M
        wide = tall / max(0.1, math.cos(math.radians(latitude)))
        lows.append((longitude - wide, latitude - tall))
        highs.append((longitude + wide, latitude + tall))
    west, south = (min(values) for values in zip(*lows, strict=True))
    east, north = (max(values) for values in zip(*highs, strict=True))
    options: dict[str, Any] = {
        "bounds": [[south, west], [north, east]],
        "max_zoom": ZONE["max_zoom"] if content["zones"] else 19,
        "attribution": "" if territory is None else territory.attribution,
        "colours": dict(GROUND),
        "label": "Carte des lieux",
        "places": content,
    }
    if settings.tiles_url:
        options["tiles"] = {"url": settings.tiles_url, "attribution": settings.tiles_attribution}
    return options
