"""What the observatory measured, zone by zone."""

from __future__ import annotations

import json
from typing import Annotated

import geopandas as gpd
import numpy as np
from fastapi import APIRouter
from fastapi import Path as InPath

from api.dependencies import ServiceDep
from api.observatory_shelf import editions, published
from api.schemas import FeatureCollection
from rpe_geo.errors import NotFound
from rpe_geo.observatory.results import Observatory

router = APIRouter(tags=["observatoire"])

_WITHIN = ("code", "epci", "departement")


def _chosen(observatory: Observatory, code: str) -> gpd.GeoDataFrame:
    """Keep the zones of a territory; none where it is not one of these."""
    indicators = observatory.zones.rename_axis("code").reset_index()
    chosen = indicators.iloc[:0]
    for column in _WITHIN:
        if column in indicators.columns and not len(chosen):
            chosen = indicators[indicators[column].astype(str) == code]
    if not len(chosen) and len(code) in {2, 3}:
        chosen = indicators[indicators["code"].astype(str).str.startswith(code)]
    return chosen


@router.get(
    "/territories/{code}/coverage",
    summary="Couverture d’un territoire",
    operation_id="coverage",
)
def coverage(
    service: ServiceDep,
    code: Annotated[
        str,
        InPath(
            pattern=r"^[0-9A-Za-z-]{1,20}$",
            description="Code d’une commune, d’un EPCI, d’un département ou d’une zone.",
            examples=["34172"],
        ),
    ],
) -> FeatureCollection:
    """Donne en GeoJSON les indicateurs des zones d’un territoire ; un effectif trop petit est null."""
    known = sorted(editions(service.observatory), key=lambda one: -one.year)
    if not known:
        raise NotFound("coverage_not_built")
    for edition in known:
        observatory = published(edition)
        chosen = _chosen(observatory, code)
        if len(chosen):
            break
    else:
        raise NotFound("coverage_unknown", code=code)
    # JSON has no infinity: what is never reached is null, as what is missing.
    finite = chosen.replace([np.inf, -np.inf], np.nan)
    features = json.loads(finite.to_json(na="null", drop_id=True))["features"]
    cited = [f"{source.producer} ({source.date})" for source in observatory.sources]
    return FeatureCollection(
        type="FeatureCollection",
        features=features,
        parameters=observatory.parameters,
        sources=list(dict.fromkeys(cited)),
    )
