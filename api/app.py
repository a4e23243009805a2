"""The application: one service opened by the lifespan, the API, and what protects it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict
from urllib.parse import urlsplit

from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse

from api.dependencies import Service, open_service
from api.errors import install_errors
from api.observability import Metrics, Observed, configure_logging
from api.routes import API, api_router
from api.security import BodyLimit, RateLimit, SecurityHeaders
from rpe_geo import __version__
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

_FRONT = """<!DOCTYPE html>
<html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Relais petite enfance</title></head>
<body><main><h1>Relais petite enfance</h1>
<p>Le service est ouvert. <a href="{api}/health">État du service</a> · <a href="{api}/openapi.json">Description de l’API</a></p>
</main></body></html>
"""


class _State(TypedDict):
    service: Service


def create_app(settings: Settings) -> FastAPI:
    """
    Make the application of one deployment.

    Parameters
    ----------
    settings
        Nothing is opened before the application starts; everything is closed when it stops.

    Returns
    -------
    FastAPI
        Ready for uvicorn; the open service is in the lifespan's state, as `service`.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[_State]:
        with open_service(settings) as service:
            yield {"service": service}

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
    def read_metrics() -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.get("/", include_in_schema=False)
    def front() -> HTMLResponse:
        return HTMLResponse(_FRONT.format(api=API))

    app.add_middleware(BodyLimit, limit_kb=settings.max_body_kb)
    app.add_middleware(RateLimit, per_minute=settings.requests_per_minute, path=API)
    app.add_middleware(SecurityHeaders, tile_host=_host(settings.tiles_url))
    app.add_middleware(Observed, metrics=metrics)
    return app


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def served_app() -> FastAPI:
    """Make the application from the environment's settings: what `rpe-geo serve` gives to uvicorn."""
    configure_logging()
    return create_app(Settings())
