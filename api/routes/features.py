"""
OGC API – Features (Part 1: Core, GeoJSON): the observatory's aggregates for QGIS and other programs, with the relais's token.

A collection is a layer of an edition, as `rpe-geo observatory export` lays it out: what the planners' page blanks is blank
here. Nothing of the registry is served.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any
from urllib.parse import urlencode

import numpy as np
import shapely
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from numpy.typing import NDArray

from api.dependencies import ProfessionalDep, ServiceDep
from api.errors import problem
from api.observatory_shelf import Edition, editions, published
from rpe_geo.errors import NotFound
from rpe_geo.folding import fold_words
from rpe_geo.messages import phrase
from rpe_geo.publishing.export.layers import Layer, layers_of
from rpe_geo.publishing.export.shapes import about_layer, feature_collection

router = APIRouter(prefix="/features", include_in_schema=False)

_GEOJSON = "application/geo+json"
_CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_CONFORMS = tuple(
    f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{part}" for part in ("core", "geojson")
)
_USUAL, _MOST = 100, 10_000
_KNOWN = {"bbox", "bbox-crs", "datetime", "limit", "offset", "f"}
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")


class _Refused(Exception):
    """A parameter that cannot be read."""

    def __init__(self, name: str, given: str) -> None:
        super().__init__(name)
        self.name, self.given = name, given[:80]


@dataclass(frozen=True)
class _Collection:
    """One layer of an edition, its features and their boxes (west, south, east, north), shape (rows, 4)."""

    layer: Layer
    about: dict[str, Any]
    features: list[dict[str, Any]]
    boxes: NDArray[np.float64]


@lru_cache(maxsize=4)
def _of_edition(edition: Edition) -> dict[str, _Collection]:
    observatory = published(edition)
    found = {}
    for layer in layers_of(observatory):
        if not len(layer.rows):
            continue
        about = about_layer(layer, observatory.sources, observatory.parameters)
        features = feature_collection(layer, about)["features"]
        for number, feature in enumerate(features):
            feature.setdefault("id", str(number + 1))
        boxes = shapely.bounds(layer.rows.geometry.to_numpy()).reshape(-1, 4)
        found[layer.name] = _Collection(layer, about, features, boxes)
    return found


def _collections(service: ServiceDep, _audience: ProfessionalDep) -> dict[str, _Collection]:
    every: dict[str, _Collection] = {}
    slugs = Counter[str]()
    for edition in editions(service.observatory):
        slug = f"{fold_words(edition.title).replace(' ', '-')}-{edition.year}"
        slugs[slug] += 1
        # Two editions of one title and year are both served.
        apart = f"-{slugs[slug]}" if slugs[slug] > 1 else ""
        every |= {f"{slug}{apart}-{name}": one for name, one in _of_edition(edition).items()}
    return every


CollectionsDep = Annotated[dict[str, _Collection], Depends(_collections)]


def _chosen(collections: dict[str, _Collection], name: str) -> _Collection:
    if name not in collections:
        raise NotFound("collection_unknown", code=name[:80])
    return collections[name]


def _root(request: Request) -> str:
    return str(request.url_for("landing")).rstrip("/")


def _link(href: str, rel: str, kind: str, title: str) -> dict[str, str]:
    return {"href": href, "rel": rel, "type": kind, "title": title}


def _refuse_unknown(request: Request, known: Iterable[str]) -> None:
    for name in request.query_params:
        if name not in known:
            raise _Refused(name, request.query_params[name])
    if request.query_params.get("f", "json") not in {"json", "geojson"}:
        raise _Refused("f", request.query_params["f"])


def _answer_refusal(refused: _Refused) -> JSONResponse:
    detail = phrase("parameter_unreadable", name=refused.name[:80], given=refused.given)
    return problem(400, "parameter_unreadable", detail, title="Demande illisible")


@router.get("")
@router.get("/", name="landing")
def landing(request: Request, _audience: ProfessionalDep) -> JSONResponse:
    """Say where everything is."""
    root = _root(request)
    links = [
        _link(f"{root}/", "self", "application/json", "Ce document"),
        _link(f"{root}/conformance", "conformance", "application/json", "Conformité"),
        _link(f"{root}/collections", "data", "application/json", "Collections"),
    ]
    title = "Observatoire de l’accueil du jeune enfant"
    return JSONResponse({"title": title, "description": phrase("features_about"), "links": links})


@router.get("/conformance")
def conformance(_audience: ProfessionalDep) -> dict[str, list[str]]:
    """Name the classes of the standard that hold."""
    return {"conformsTo": list(_CONFORMS)}


@router.get("/collections")
def collections(request: Request, every: CollectionsDep) -> dict[str, Any]:
    """List the layers."""
    root = _root(request)
    return {
        "links": [_link(f"{root}/collections", "self", "application/json", "Collections")],
        "collections": [_described(root, name, one) for name, one in every.items()],
    }


@router.get("/collections/{name}")
def collection(request: Request, name: str, every: CollectionsDep) -> dict[str, Any]:
    """Describe one layer."""
    return _described(_root(request), name, _chosen(every, name))


def _described(root: str, name: str, one: _Collection) -> dict[str, Any]:
    own = f"{root}/collections/{name}"
    licences = dict.fromkeys(source["licence"] for source in one.about["sources"])
    extent = {}
    if np.isfinite(one.boxes).any():
        west, south = np.nanmin(one.boxes[:, :2], axis=0).tolist()
        east, north = np.nanmax(one.boxes[:, 2:], axis=0).tolist()
        extent = {"extent": {"spatial": {"bbox": [[west, south, east, north]], "crs": _CRS84}}}
    producers = dict.fromkeys(source["producer"] for source in one.about["sources"])
    words = f"Année {one.about['year']}. Sources : {', '.join(producers)}. Licence : {', '.join(licences)}."
    return {
        "id": name,
        "title": f"{one.layer.title}, {one.about['year']}",
        "description": words,
        **extent,
        "itemType": "feature",
        "crs": [_CRS84],
        "links": [
            _link(own, "self", "application/json", one.layer.title),
            _link(f"{own}/items", "items", _GEOJSON, "Objets"),
        ],
    }


@router.get("/collections/{name}/items")
def items(request: Request, name: str, every: CollectionsDep) -> JSONResponse:
    """Give the features, a page at a time, those that meet a box when one is asked for."""
    one = _chosen(every, name)
    columns = {column.name for column in one.layer.columns}
    try:
        _refuse_unknown(request, _KNOWN | columns)
        asked = request.query_params
        if asked.get("bbox-crs", _CRS84) != _CRS84:
            raise _Refused("bbox-crs", asked["bbox-crs"])  # noqa: TRY301 - answered below
        limit = min(_whole(asked.get("limit", str(_USUAL)), "limit", least=1), _MOST)
        offset = _whole(asked.get("offset", "0"), "offset", least=0)
        met = _inside(one.boxes, asked.get("bbox"))
    except _Refused as refused:
        return _answer_refusal(refused)
    for column in columns & set(asked):
        told = [_text(feature["properties"][column]) for feature in one.features]
        met &= np.array([value == asked[column] for value in told], dtype=bool)
    rows = np.flatnonzero(met)
    features = [one.features[row] for row in rows[offset : offset + limit]]
    return JSONResponse(
        {
            "type": "FeatureCollection",
            "features": features,
            "numberMatched": len(rows),
            "numberReturned": len(features),
            "links": list(_pages(request, name, limit, offset, len(rows))),
        },
        media_type=_GEOJSON,
        headers={"content-crs": f"<{_CRS84}>"},
    )


def _pages(
    request: Request, name: str, limit: int, offset: int, count: int
) -> Iterable[dict[str, str]]:
    own = f"{_root(request)}/collections/{name}"
    kept = {
        key: value for key, value in request.query_params.items() if key not in {"limit", "offset"}
    }

    def at(start: int) -> str:
        return f"{own}/items?{urlencode(kept | {'limit': limit, 'offset': start})}"

    yield _link(at(offset), "self", _GEOJSON, "Cette page")
    yield _link(own, "collection", "application/json", "La collection")
    if offset + limit < count:
        yield _link(at(offset + limit), "next", _GEOJSON, "Page suivante")
    if offset > 0:
        yield _link(at(max(0, offset - limit)), "prev", _GEOJSON, "Page précédente")


@router.get("/collections/{name}/items/{feature_id}")
def item(request: Request, name: str, feature_id: str, every: CollectionsDep) -> JSONResponse:
    """Give one feature."""
    one = _chosen(every, name)
    for feature in one.features:
        if feature["id"] == feature_id:
            own = f"{_root(request)}/collections/{name}"
            links = [
                _link(f"{own}/items/{feature_id}", "self", _GEOJSON, "Cet objet"),
                _link(own, "collection", "application/json", "La collection"),
            ]
            return JSONResponse(feature | {"links": links}, media_type=_GEOJSON)
    raise NotFound("collection_unknown", code=feature_id[:80])


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _whole(text: str, name: str, *, least: int) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or int(text) < least:
        raise _Refused(name, text)
    return int(text)


def _inside(boxes: NDArray[np.float64], text: str | None) -> NDArray[np.bool_]:
    """Tell which boxes meet a window; one whose west lies east of its east crosses the antimeridian."""
    if text is None:
        return np.ones(len(boxes), dtype=bool)
    parts = text.split(",")
    if len(parts) not in {4, 6} or not all(_NUMBER.fullmatch(part.strip()) for part in parts):
        raise _Refused("bbox", text)
    numbers = [float(part) for part in parts]
    flat = numbers if len(numbers) == 4 else [*numbers[:2], *numbers[3:5]]
    west, south, east, north = flat
    if not all(map(math.isfinite, flat)) or south > north:
        raise _Refused("bbox", text)
    across = (
        (boxes[:, 0] <= east) & (boxes[:, 2] >= west)
        if west <= east
        else (boxes[:, 0] <= east) | (boxes[:, 2] >= west)
    )
    met: NDArray[np.bool_] = across & (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
    return met
