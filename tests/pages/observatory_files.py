"""A small observatory on disk, for the tests of the page and of the API: 12 communes of two départements, or 6 zones."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from rpe_geo.observatory.profile import summarise
from rpe_geo.observatory.results import Observatory, Source
from rpe_geo.open_data.observatory_files import write_observatory

__all__ = ["communes", "write_folder", "zones_with_registry"]


def _frame(count: int) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    children = rng.integers(20, 400, count).astype(float)
    minders = np.round(children * rng.uniform(0.1, 0.5, count))
    nurseries = np.round(children * rng.uniform(0.05, 0.3, count))
    places = minders + nurseries
    return pd.DataFrame(
        {
            "children": children,
            "places_childminder": minders,
            "places_facility": nurseries,
            "places_other": 0.0,
            "places": places,
            "coverage_rate": 100 * places / children,
            "coverage_childminder": 100 * minders / children,
            "coverage_facility": 100 * nurseries / children,
            "access_e2sfca": rng.uniform(0.1, 0.9, count),
            "minutes_to_closest": rng.uniform(2, 14, count),
            "need": 0.6 * children,
            "tension": rng.uniform(0.6, 2, count),
            "uncertain": [at == 2 for at in range(count)],
            "uncertain_why": ["moins de 10 enfants" if at == 2 else "" for at in range(count)],
            "hotspot": ["tension" if at < 2 else "" for at in range(count)],
            "gi_star": rng.normal(0, 1, count),
        }
    )


def _shapes(count: int) -> list[shapely.Geometry]:
    return [
        shapely.box(
            3.5 + at % 4 * 0.1, 43.4 + at // 4 * 0.1, 3.6 + at % 4 * 0.1, 43.5 + at // 4 * 0.1
        )
        for at in range(count)
    ]


def _observatory(frame: gpd.GeoDataFrame, title: str, year: int, **more: object) -> Observatory:
    return Observatory(
        zones=frame,
        supply=gpd.GeoDataFrame(
            {
                "kind": ["crèche"],
                "name": ["Les <b>Lilas</b>"],
                "places": [30.0],
                "estimated": [True],
            },
            geometry=[shapely.Point(3.55, 43.45)],
            crs=4326,
        ),
        checks=(),
        summary=summarise(frame),
        parameters={
            "title": title,
            "zones": "communes",
            "year": year,
            "children_years": [year - 2, year - 1, year],
            "mode": "car",
            "minutes": 15.0,
            "decay": "step:5=1,10=0.3,15=0.1",
            "travel_times": "vol d'oiseau × 1,45",
            "estimated": False,
        }
        | more,
        sources=(Source("Places", "CNAF", "Licence Ouverte 2.0", str(year), "p.parquet"),),
    )


def communes(year: int = 2020, title: str = "Pays d’essai") -> Observatory:
    """Twelve communes, two départements, three intercommunalités; one without figures."""
    table = _frame(12)
    table.index = pd.Index(
        [f"34{at:03d}" if at < 8 else f"30{at:03d}" for at in range(12)], name="code"
    )
    table.insert(0, "nom", [f"Commune {at}" for at in range(11)] + ["Évêché-l’Étang"])
    table["departement"] = [code[:2] for code in table.index]
    table["epci"] = ["200000001"] * 4 + ["200000002"] * 4 + ["200000003"] * 4
    table["epci_nom"] = ["CC du Nord"] * 4 + ["CA du Centre"] * 4 + ["CC du Sud"] * 4
    for age, share in enumerate((0.3, 0.3, 0.4)):
        table[f"children_age_{age}"] = table["children"] * share
    table["access_e2sfca"] += (year - 2020) / 10
    for name in ("children", "places", "places_childminder", "coverage_rate", "access_e2sfca"):
        table.loc["34005", name] = np.nan
    return _observatory(gpd.GeoDataFrame(table, geometry=_shapes(12), crs=4326), title, year)


def zones_with_registry() -> Observatory:
    """Six zones of a commune with a registry: slots, freshness, two zones of too few professionals, open requests."""
    table = _frame(6)
    table.index = pd.Index([str(at) for at in range(1, 7)], name="code")
    table.insert(0, "nom", [f"Quartier {at}" for at in range(1, 7)])
    table["professionals"] = [np.nan, 9.0, 12.0, 8.0, 7.0, 0.0]
    table["freshness"] = [np.nan, 0.7, 0.4, 0.9, 0.8, np.nan]
    table["vacancy_rate"] = [np.nan, 20.0, 30.0, 12.0, 44.0, np.nan]
    for slot in ("early", "late", "saturday"):
        table[f"access_{slot}"] = table["access_e2sfca"] / 10
    table["open_requests"] = [np.nan, 12.0, 0.0, np.nan, 6.0, 0.0]
    area = {"longitude": 3.65, "latitude": 43.45, "radius_m": 1500.0, "requests": 12}
    zones = gpd.GeoDataFrame(table, geometry=_shapes(6), crs=4326)
    return _observatory(
        zones,
        "Villeneuve",
        2020,
        zones="zones",
        registry_on="2026-11-22",
        open_requests=18,
        request_areas=[area],
    )


def write_folder(folder: Path) -> Path:
    """Write two years of communes and one of zones, each in its folder."""
    for name, observatory in (
        ("communes-2020", communes(2020)),
        ("communes-2019", communes(2019)),
        ("zones", zones_with_registry()),
    ):
        write_observatory(observatory, folder / name)
    return folder
