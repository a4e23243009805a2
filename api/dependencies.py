"""What the endpoints ask for: the service that the lifespan opened, and who is asking."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, cast

from fastapi import Depends, Header, Request

from api.errors import WrongToken
from api.security import Audience, audience_of
from rpe_geo.privacy.public_registry import PublicRegistry
from rpe_geo.relais import Relais
from rpe_geo.settings import Settings
from rpe_geo.territory import Territory
from rpe_geo.wiring import open_casework, open_masking, open_relais, open_territory

__all__ = [
    "AudienceDep",
    "ProfessionalDep",
    "Service",
    "ServiceDep",
    "TodayDep",
    "note_reading",
    "open_service",
]


@dataclass(frozen=True)
class Service:
    """
    One deployment, open.

    Parameters
    ----------
    relais
        Everything, for the professionals of this RPE.
    public
        The same use cases on stand-ins: what families may ask.
    public_registry
        Who may be shown to them, and where.
    territory
        None when the settings name none.
    """

    settings: Settings
    relais: Relais
    public: Relais
    public_registry: PublicRegistry
    territory: Territory | None

    def relais_of(self, audience: Audience) -> Relais:
        """Choose whose eyes look at the registry."""
        return self.relais if audience == "professional" else self.public

    @property
    def observatory(self) -> Path | None:
        """Folder of the observatory's results, when there is one."""
        if self.settings.observatory is not None:
            return self.settings.observatory
        beside = None if self.territory is None else self.territory.directory / "observatory"
        return beside if beside is not None and beside.is_dir() else None


@contextmanager
def open_service(settings: Settings) -> Iterator[Service]:
    """Open the registry, the territory and the masking of a deployment, and close them at the end."""
    with open_relais(settings, create=True) as relais:
        territory = open_territory(settings)
        registry = PublicRegistry(
            relais.repository, open_masking(relais.repository, settings, territory)
        )
        public = Relais(
            repository=registry,
            geocoder=relais.geocoder,
            travel=relais.travel,
            sources=relais.sources,
        )
        # The first family must not wait for what everyone needs.
        for one in (relais, public):
            one.book()
        yield Service(settings, relais, public, registry, territory)


def note_reading(service: Service, action: str, kind: str, subject_id: str) -> None:
    """Note in the trail of the RPE what the holder of the token read."""
    casework = open_casework(service.relais.repository, service.settings, service.settings.rpe_id)
    casework.store.audit("jeton de l’API", action, kind, subject_id)


def _service(request: Request) -> Service:
    return cast("Service", request.state.service)


ServiceDep = Annotated[Service, Depends(_service)]


def _audience(
    service: ServiceDep,
    authorization: Annotated[
        str | None,
        Header(description="« Bearer » et le jeton du relais, pour les réponses professionnelles."),
    ] = None,
) -> Audience:
    token = service.settings.api_token
    audience = audience_of(authorization, None if token is None else token.get_secret_value())
    if audience is None:
        raise WrongToken("token_wrong")
    return audience


AudienceDep = Annotated[Audience, Depends(_audience)]


def _professional(audience: AudienceDep) -> Audience:
    if audience != "professional":
        raise WrongToken("professionals_only")
    return audience


ProfessionalDep = Annotated[Audience, Depends(_professional)]


def _today() -> date:
    return date.today()  # noqa: DTZ011 - the law counts local days


TodayDep = Annotated[date, Depends(_today)]
