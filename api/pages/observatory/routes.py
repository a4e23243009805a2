"""The planners' door: where places are missing, on a map, in a table, in files to download and in a report."""

from __future__ import annotations

import base64
import hashlib
import re
import tempfile
import threading
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse, Response

from api.dependencies import ServiceDep, TodayDep
from api.observatory_shelf import Edition, editions, published
from api.pages.accounts.sign_in import SessionDep
from api.pages.observatory.choices import DRAWABLE, Asked, chosen_edition
from api.pages.observatory.view import page_values, table_file, territory_of
from api.pages.rendering import render
from rpe_geo import __version__
from rpe_geo.desk.accounts import Session, reads_observatory
from rpe_geo.errors import Forbidden, NotFound
from rpe_geo.folding import fold_words
from rpe_geo.observatory.results import Observatory
from rpe_geo.open_data.observatory_files import write_observatory
from rpe_geo.publishing.export.formats import export_observatory
from rpe_geo.publishing.report import coverage_report
from rpe_geo.publishing.report_html import report_html
from rpe_geo.publishing.report_pdf import report_pdf
from rpe_geo.publishing.territories import grouped

__all__ = ["router"]

router = APIRouter(prefix="/pro/observatoire")
_KINDS = {
    "csv": "text/csv; charset=utf-8",
    "gpkg": "application/geopackage+sqlite3",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_printing = threading.Lock()
_KEPT = {"cache-control": "private, no-cache"}

AskedQuery = Annotated[Asked, Query()]


def _planner(session: SessionDep) -> Session:
    if not reads_observatory(session.role):
        raise Forbidden("role_not_allowed")
    return session


PlannerDep = Annotated[Session, Depends(_planner)]


def _known(service: ServiceDep) -> list[Edition]:
    return editions(service.observatory)


KnownDep = Annotated[list[Edition], Depends(_known)]


def _some(known: KnownDep) -> list[Edition]:
    if not known:
        raise NotFound("coverage_not_built")
    return known


SomeDep = Annotated[list[Edition], Depends(_some)]


@router.get("")
def page(request: Request, session: PlannerDep, known: KnownDep, asked: AskedQuery) -> Response:
    """Show the observatory; a page that did not change is not sent again."""
    parts = (
        __version__,
        session.csrf,
        session.rpe_id,
        str(request.url.query),
        *(one.tag for one in known),
    )
    tag = f'W/"{hashlib.sha256("|".join(parts).encode()).hexdigest()[:24]}"'
    headers = _KEPT | {"etag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    if not known:
        return render(request, "observatoire_vide.html", session=session)
    values = page_values(known, asked)
    return render(request, "observatoire.html", headers=headers, session=session, **values)


@router.get("/tableau.csv")
def table(_session: PlannerDep, known: SomeDep, asked: AskedQuery) -> Response:
    """Give the table as it is shown, all its pages, for a spreadsheet."""
    name, text = table_file(known, asked)
    return Response(
        ("\ufeff" + text).encode(),
        media_type=_KINDS["csv"],
        headers=_KEPT | {"content-disposition": f'attachment; filename="{name}.csv"'},
    )


@router.get("/donnees.{kind}")
def figures(
    _session: PlannerDep,
    known: SomeDep,
    asked: AskedQuery,
    kind: Literal["csv", "gpkg", "parquet", "xlsx"],
) -> Response:
    """Give the whole observatory as a file, units and licences inside, small counts left out."""
    edition = chosen_edition(known, asked)
    path = (
        _exported(edition, kind)
        if kind in {"gpkg", "xlsx"}
        else _files(edition) / f"indicators.{kind}"
    )
    if not path.is_file():
        raise NotFound("coverage_not_built")
    return FileResponse(
        path,
        media_type=_KINDS[kind],
        filename=f"observatoire-{_slug(edition.title)}-{edition.year}.{kind}",
        headers=_KEPT,
    )


@router.get("/rapport.{kind}")
def report(
    _session: PlannerDep,
    known: SomeDep,
    asked: AskedQuery,
    today: TodayDep,
    kind: Literal["pdf", "html"],
) -> Response:
    """Write the report of the territory that is looked at: chapters 1° to 4° of CASF D. 214-10-1."""
    edition = chosen_edition(known, asked)
    with _printing:
        content, name = _printed(edition, asked.ou, kind, today)
    headers = _KEPT | {"content-disposition": f'inline; filename="{name}.{kind}"'}
    if kind == "pdf":
        return Response(content, media_type="application/pdf", headers=headers)
    # The file suffices to itself: its one style is named by its hash, and no script may run.
    style = re.search(rb"<style>(.*?)</style>", content, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[1] if style else b"").digest()).decode()
    headers["content-security-policy"] = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; font-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
    return Response(content, media_type="text/html; charset=utf-8", headers=headers)


@lru_cache(maxsize=8)
def _printed(
    edition: Edition, code: str, kind: Literal["pdf", "html"], on: date
) -> tuple[bytes, str]:
    territory = territory_of([edition], Asked(ou=code))
    written = coverage_report(_readable(territory.here), on=on)
    content = report_pdf(written) if kind == "pdf" else report_html(written).encode()
    return content, f"rapport-{_slug(territory.title)}-{edition.year}"


def _readable(observatory: Observatory) -> Observatory:
    """Tell a country by départements: a report of thousands of communes would be read by nobody."""
    if len(observatory.zones) <= DRAWABLE or "departement" not in observatory.zones:
        return observatory
    return replace(grouped(observatory, "departement"))


@lru_cache(maxsize=2)
def _written(edition: Edition) -> tempfile.TemporaryDirectory[str]:
    kept = tempfile.TemporaryDirectory(prefix="rpe-observatoire-")
    write_observatory(published(edition), Path(kept.name))
    return kept


@lru_cache(maxsize=2)
def _export_folder(_edition: Edition) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="rpe-observatoire-")


def _exported(edition: Edition, kind: str) -> Path:
    """Name the file of a kind that opens coloured, or as sheets; it is written when it is first asked for."""
    with _printing:
        path = Path(_export_folder(edition).name) / f"observatoire.{kind}"
        if not path.is_file():
            export_observatory(published(edition), path)
    return path


def _files(edition: Edition) -> Path:
    """Name the folder whose files may be given: its own, unless something in them had to be left out."""
    if "professionals" not in published(edition).zones:
        return edition.folder
    with _printing:
        return Path(_written(edition).name)


def _slug(title: str) -> str:
    return fold_words(title).replace(" ", "-")
