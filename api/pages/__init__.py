"""The French web pages: families, animateurs, and what both share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from xstatic.pkg import leaflet

import maps
from api.pages import (
    animateur,
    comptes,
    confirmer,
    connexion,
    famille,
    fond,
    observatoire,
    openid,
    registre,
)
from api.pages.error_pages import install_page_errors, refuse
from api.pages.session import install_sessions
from api.security import RateLimit
from rpe_geo.settings import Settings

__all__ = ["install_pages"]

_HERE = Path(__file__).resolve().parents[1]
_ADDRESSES_PER_MINUTE = 600


class _Kept(StaticFiles):
    """Static files that a browser may keep for a day."""

    def file_response(self, *arguments: Any, **options: Any) -> Any:
        """Answer a file."""
        answer = super().file_response(*arguments, **options)
        answer.headers["cache-control"] = "public, max-age=86400"
        return answer


def install_pages(app: FastAPI, settings: Settings) -> None:
    """
    Put the pages and their assets on the application.

    Parameters
    ----------
    app
        Its lifespan gives `service` and `desk`.
    settings
        How often one client may search and send forms.
    """
    version = leaflet.VERSION
    for path, folder in (
        (f"/static/leaflet-{version}", Path(leaflet.BASE_DIR)),
        ("/static/maps", Path(maps.__file__).parent / "static"),
        ("/static", _HERE / "static"),
    ):
        app.mount(path, _Kept(directory=folder))
    for door in (famille, fond, connexion, animateur, registre, observatoire, confirmer):
        app.include_router(door.router, include_in_schema=False)
    install_page_errors(app)
    # A guess of a password is as bad from this machine: behind a proxy that says nothing, everybody is on it.
    for path in ("/demande", "/pro/connexion", "/pro/oubli"):
        app.add_middleware(
            RateLimit,
            per_minute=settings.forms_per_minute,
            path=path,
            method="POST",
            everyone=True,
        )
    app.add_middleware(RateLimit, per_minute=settings.requests_per_minute, path="/", method="POST")
    app.add_middleware(RateLimit, per_minute=_ADDRESSES_PER_MINUTE, path="/adresses")
