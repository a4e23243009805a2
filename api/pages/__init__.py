"""The French web pages: families, animateurs, and what both share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from xstatic.pkg import leaflet

import maps
from api.pages import about, ground
from api.pages.accounts import members, openid, sign_in
from api.pages.accounts.session import install_sessions
from api.pages.commission import routes as commission
from api.pages.error_pages import install_page_errors, refuse
from api.pages.family import follow_page, list_csv, search_page
from api.pages.observatory import routes
from api.pages.registry import confirm, confirmation_links, imports, records
from api.pages.requests import activity, cases, events
from api.security import RateLimit
from rpe_geo.settings import Settings

__all__ = ["install_pages"]

_HERE = Path(__file__).resolve().parents[1]
_ADDRESSES_PER_MINUTE = 600
_GUARDED = (
    ("/demande", "POST"),
    ("/pro/connexion", "POST"),
    ("/pro/oubli", "POST"),
    ("/pro/mot-de-passe", "POST"),
    ("/pro/bienvenue", "POST"),
    ("/pro/openid", ""),
)
"""Doors without a key: paths that begin so, and the method that counts."""


class _Kept(StaticFiles):
    """Static files that a browser may keep for a day."""

    def file_response(self, *arguments: Any, **options: Any) -> Any:
        """Answer a file."""
        answer = super().file_response(*arguments, **options)
        answer.headers["cache-control"] = "public, max-age=86400"
        return answer


def install_pages(app: FastAPI, settings: Settings, headers: Mapping[str, str]) -> None:
    """
    Put the pages and their assets on the application.

    Parameters
    ----------
    app
        Its lifespan gives `service` and `desk`.
    settings
        How often one client may search and send forms.
    headers
        Of every answer.
    """
    version = leaflet.VERSION
    for path, folder in (
        (f"/static/leaflet-{version}", Path(leaflet.BASE_DIR)),
        ("/static/maps", Path(maps.__file__).parent / "static"),
        ("/static", _HERE / "static"),
    ):
        app.mount(path, _Kept(directory=folder))
    doors = (
        search_page,
        follow_page,
        list_csv,
        about,
        ground,
        sign_in,
        openid,
        members,
        cases,
        events,
        imports,
        records,
        confirmation_links,
        activity,
        commission,
        routes,
        confirm,
    )
    for door in doors:
        app.include_router(door.router, include_in_schema=False)
    install_page_errors(app, headers)
    install_sessions(app)
    # A guess of a password is as bad from this machine: behind a proxy that says nothing, everybody is on it.
    for path, method in _GUARDED:
        app.add_middleware(
            RateLimit,
            per_minute=settings.forms_per_minute,
            path=path,
            method=method,
            everyone=True,
            refuse=refuse,
        )
    often = settings.requests_per_minute
    app.add_middleware(RateLimit, per_minute=often, path="/", method="POST", refuse=refuse)
    app.add_middleware(RateLimit, per_minute=_ADDRESSES_PER_MINUTE, path="/adresses", refuse=refuse)
