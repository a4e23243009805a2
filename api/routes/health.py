"""Whether the service answers, and with which data."""

from __future__ import annotations

from fastapi import APIRouter

from api.dependencies import ServiceDep
from api.schemas import HealthOut
from rpe_geo import __version__

router = APIRouter(tags=["service"])


@router.get("/health", summary="État du service", operation_id="health")
def health(service: ServiceDep) -> HealthOut:
    """Dit si le service répond, avec quel territoire et quelles sources."""
    service.relais.repository.version()
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
