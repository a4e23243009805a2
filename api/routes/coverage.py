"""What the observatory measured, zone by zone."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Annotated, Any

import geopandas as gpd
import numpy as np
from fastapi import APIRouter
from fastapi import Path as InPath

from api.dependencies import ServiceDep
from api.schemas import FeatureCollection
from rpe_geo.errors import NotFound

router = APIRouter(tags=["observatoire"])

_FILE = "indicators.parquet"
_DESCRIPTION = "observatory.json"
_WITHIN = ("code", "epci", "departement")
_kept: dict[Path, tuple[float, gpd.GeoDataFrame]] = {}
_lock = threading.Lock()


def _indicators(folder: Path | None) -> gpd.GeoDataFrame:
    path = None if folder is None else folder / _FILE
    if path is None or not path.is_file():
        raise NotFound("coverage_not_built")
    changed = path.stat().st_mtime
    with _lock:
        known = _kept.get(path)
        if known is None or known[0] != changed:
            _kept[path] = known = (changed, gpd.read_parquet(path))
        return known[1]


def _described(folder: Path | None) -> tuple[dict[str, Any], list[str]]:
    """Read how the indicators were computed, and whom to cite with the date of the data."""
    path = None if folder is None else folder / _DESCRIPTION
    if path is None or not path.is_file():
        return {}, []
    description = json.loads(path.read_text(encoding="utf-8"))
    cited = [f"{one['producer']} ({one['date']})" for one in description.get("sources", [])]
    return description.get("parameters", {}), list(dict.fromkeys(cited))


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
    indicators = _indicators(service.observatory)
    chosen = indicators.iloc[:0]
    for column in _WITHIN:
        if column in indicators.columns and not len(chosen):
            chosen = indicators[indicators[column].astype(str) == code]
    if not len(chosen) and "code" in indicators.columns and len(code) in {2, 3}:
        chosen = indicators[indicators["code"].astype(str).str.startswith(code)]
    if not len(chosen):
        raise NotFound("coverage_unknown", code=code)
    if chosen.crs is not None and chosen.crs.to_epsg() != 4326:
        chosen = chosen.to_crs(4326)
    # JSON has no infinity: what is never reached is null, as what is missing.
    finite = chosen.replace([np.inf, -np.inf], np.nan)
    features = json.loads(finite.to_json(na="null", drop_id=True))["features"]
    parameters, sources = _described(service.observatory)
    return FeatureCollection(
        type="FeatureCollection", features=features, parameters=parameters, sources=sources
    )
