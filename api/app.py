"""The application: one service opened by the lifespan, the API, and what protects it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict
from urllib.parse import urlsplit

import httpx2
from fastapi import FastAPI, Request, Response
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api.dependencies import AudienceDep, Service, open_service
from api.errors import WrongToken, install_errors
from api.observability import Metrics, Observed, configure_logging
from api.pages import install_pages
from api.pages.desk import Desk, open_desk
from api.pages.error_pages import refuse
from api.routes import API, api_router
from api.security import (
    BodyLimit,
    KnownHosts,
    OwnForms,
    RateLimit,
    SecurityHeaders,
    is_this_machine,
    security_headers,
)
from rpe_geo import __version__
from rpe_geo.deployment.production import require_safe_secrets
from rpe_geo.settings import Settings

__all__ = ["create_app", "served_app"]

_DESCRIPTION = """
Le service géographique d’un relais petite enfance : chercher une adresse, classer les lieux d’accueil par temps de trajet
réel, vérifier les règles de l’agrément et du droit du travail, lire la couverture d’un territoire.

**Deux publics.** Sans jeton, l’API ne répond que ce que les professionnelles acceptent de publier : une personne sans accord
n’existe pas, un domicile masqué est une zone, les temps vers lui vont de cinq en cinq minutes. Avec le jeton du relais
(`Authorization: Bearer …`), elle répond les fiches entières.

Coordonnées en EPSG:4326, dates ISO 8601, temps en minutes, argent en euros. Les erreurs suivent la RFC 9457.
"""


class _State(TypedDict):
    service: Service
    desk: Desk


def create_app(settings: Settings, *, transport: httpx2.BaseTransport | None = None) -> FastAPI:
    """
    Make the application of one deployment.

    Parameters
    ----------
    settings
        Nothing is opened before the application starts; everything is closed when it stops.
    transport
        How the OpenID Connect provider is reached; over the network when None.

    Returns
    -------
    FastAPI
        Ready for uvicorn; the open service is in the lifespan's state, as `service`, and what the pages need as `desk`.

    Raises
    ------
    InputError
        In production with a default or short secret, or without HTTPS.
    """
    require_safe_secrets(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[_State]:
        with open_service(settings) as service:
            yield {"service": service, "desk": open_desk(settings, service, transport=transport)}

    app = FastAPI(
        title="rpe_geo",
        summary="Appariement et planification pour les relais petite enfance",
        description=_DESCRIPTION,
        version=__version__,
        license_info={"name": "MIT", "identifier": "MIT"},
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    metrics = Metrics()
    install_errors(app)
    app.include_router(api_router())

    @app.get("/metrics", include_in_schema=False)
    def read_metrics(request: Request, audience: AudienceDep) -> Response:
        if audience != "professional" and not is_this_machine(request.client):
            raise WrongToken("professionals_only")
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    tile_host = _host(settings.tiles_url)
    install_pages(app, settings, security_headers(tile_host))
    app.add_middleware(BodyLimit, limit_kb=settings.max_body_kb, refuse=refuse)
    app.add_middleware(RateLimit, per_minute=settings.requests_per_minute, path=API)
    app.add_middleware(OwnForms, apart=API, origin=settings.public_url, refuse=refuse)
    if settings.environment == "production":
        app.add_middleware(KnownHosts, hosts=_own_hosts(settings), refuse=refuse)
    app.add_middleware(SecurityHeaders, tile_host=tile_host)
    if settings.trusted_proxies.strip():
        # Who asks, and whether by HTTPS, must be known before anything else is decided.
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies)
    app.add_middleware(Observed, metrics=metrics)
    return app


def _own_hosts(settings: Settings) -> list[str]:
    others = [host.strip() for host in settings.allowed_hosts.split(",") if host.strip()]
    return [urlsplit(settings.public_url).hostname or "", *others]


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def served_app() -> FastAPI:
    """Make the application from the environment's settings: what `rpe-geo serve` gives to uvicorn."""
    configure_logging()
    return create_app(Settings())
