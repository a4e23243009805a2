"""The registry of childminders, as each audience may read it."""

from __future__ import annotations

import hashlib
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Header, Query, Response

from api.answers import childminder_detail, childminder_public
from api.dependencies import AudienceDep, ServiceDep, note_reading
from api.routes.points import read_box, read_point
from api.schemas import ChildminderDetail, ChildminderPublic, Page
from api.security import Audience
from rpe_geo.domain import Childminder
from rpe_geo.errors import InputError
from rpe_geo.protocols import Repository

router = APIRouter(tags=["registre"])

_PATH = "/api/v1/childminders"


def _found(
    repository: Repository,
    everyone: list[Childminder] | None,
    near: str | None,
    radius_m: float,
    bbox: str | None,
) -> list[Childminder]:
    if near is not None:
        return repository.childminders_near(read_point(near, field="near"), radius_m)
    if bbox is not None:
        return repository.childminders_within(read_box(bbox, field="bbox"))
    return repository.childminders() if everyone is None else everyone


def _etag(version: int, audience: Audience, query: str) -> str:
    text = f"{version}|{audience}|{query}"
    return f'W/"{hashlib.sha256(text.encode()).hexdigest()[:20]}"'


@router.get(
    "/childminders",
    summary="Lister les assistantes et assistants maternels",
    operation_id="childminders",
    response_model=Page[ChildminderPublic] | Page[ChildminderDetail],
    responses={304: {"description": "Rien n’a changé depuis cet ETag."}},
)
def childminders(
    service: ServiceDep,
    audience: AudienceDep,
    response: Response,
    near: Annotated[
        str | None,
        Query(max_length=60, description="longitude,latitude", examples=["3.8777,43.6119"]),
    ] = None,
    radius_m: Annotated[float, Query(gt=0, le=100_000, allow_inf_nan=False)] = 2000,
    bbox: Annotated[
        str | None,
        Query(max_length=120, description="ouest,sud,est,nord", examples=["3.80,43.55,3.95,43.66"]),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Page[ChildminderPublic] | Page[ChildminderDetail] | Response:
    """
    Liste les professionnelles près d’un point, dans un rectangle, ou toutes.

    Sans jeton : celles qui l’acceptent, domiciles masqués compris comme des zones. Avec le jeton : les fiches entières.
    Une page à la fois ; `ETag` évite de relire ce qui n’a pas changé.
    """
    if near is not None and bbox is not None:
        raise InputError("near_or_bbox")
    asked = {"near": near, "radius_m": radius_m if near else None, "bbox": bbox, "limit": limit}
    kept = {name: value for name, value in asked.items() if value is not None}
    tag = _etag(service.relais.repository.version(), audience, urlencode(kept | {"offset": offset}))
    headers = {"etag": tag, "cache-control": "private, no-cache", "vary": "authorization"}
    if if_none_match is not None and tag in if_none_match:
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    public = service.public_registry
    if audience == "professional":
        found = _found(service.relais.repository, None, near, radius_m, bbox)
    else:
        found = _found(public, public.shown(), near, radius_m, bbox)
    following = offset + limit
    more = f"{_PATH}?{urlencode(kept | {'offset': following})}" if following < len(found) else None
    page = found[offset:following]
    if audience == "professional":
        note_reading(service, "api_list", "childminder", "")
        return Page[ChildminderDetail](
            total=len(found),
            offset=offset,
            items=[childminder_detail(record) for record in page],
            next=more,
        )
    places = public.places()
    return Page[ChildminderPublic](
        total=len(found),
        offset=offset,
        items=[childminder_public(one, places[one.childminder_id]) for one in page],
        next=more,
    )
