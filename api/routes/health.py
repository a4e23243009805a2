"""Whether the service answers, and with which data."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.dependencies import ServiceDep
from api.schemas import HealthOut
from rpe_geo import __version__

router = APIRouter(tags=["service"])


@router.get("/health", summary="État du service", operation_id="health")
def health(service: ServiceDep) -> HealthOut:
    """Dit si le processus répond, avec quel territoire et quelles sources ; la base n’est pas interrogée (voir /ready)."""
    territory = service.territory
    return HealthOut(
        status="ok",
        version=__version__,
        territory=None if territory is None else territory.directory.name,
        geocoder=service.relais.geocoder is not None,
        travel_times=service.relais.travel is not None,
        built_at=None if territory is None else territory.manifest.get("built_at"),
        sources=[] if territory is None else [territory.attribution],
    )


@router.get(
    "/ready",
    summary="Prêt à recevoir du trafic",
    operation_id="ready",
    status_code=204,
    responses={503: {"description": "La base ne répond pas : n’envoyez pas de trafic ici."}},
)
def ready(service: ServiceDep) -> Response:
    """Dit si le service peut servir : la base répond. Le processus, lui, est vivant tant que /health répond."""
    service.relais.repository.version()
    return Response(status_code=204)
