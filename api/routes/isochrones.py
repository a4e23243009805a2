"""What is reached from a point."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.dependencies import ServiceDep
from api.routes.points import read_minutes, read_point
from api.schemas import FeatureCollection, Mode

router = APIRouter(tags=["trajets"])


@router.get("/isochrones", summary="Dessiner ce qui est atteint", operation_id="isochrones")
def isochrones(
    service: ServiceDep,
    near: Annotated[
        str, Query(max_length=60, description="longitude,latitude", examples=["3.8777,43.6119"])
    ],
    mode: Annotated[Mode, Query(description="À pied, à vélo, en voiture, en transports.")] = "walk",
    minutes: Annotated[
        str, Query(max_length=60, description="Durées, séparées par des virgules.")
    ] = "5,10,15",
) -> FeatureCollection:
    """Donne en GeoJSON la surface atteinte en chaque durée, par les rues."""
    areas = service.relais.isochrones(
        read_point(near, field="near"), mode=mode, minutes=read_minutes(minutes, field="minutes")
    )
    features: list[dict[str, Any]] = json.loads(
        areas[["minutes", "geometry"]].to_json(drop_id=True)
    )["features"]
    territory = service.territory
    return FeatureCollection(
        type="FeatureCollection",
        features=features,
        sources=[] if territory is None else [territory.attribution],
    )
