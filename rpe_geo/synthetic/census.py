"""Invented figures of the communes, in the columns of the national tables."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import Point, Polygon

from rpe_geo.crs import to_wgs84
from rpe_geo.synthetic.addresses import Address
from rpe_geo.synthetic.borders import Borders
from rpe_geo.synthetic.equipment import CRECHE_PLACES
from rpe_geo.synthetic.layout import ORIGIN, Layout

__all__ = ["cog_file", "communes_table", "contours_table"]

EPCI = "299600019"
EPCI_NAME = "CC du Val d'Aubrelle"
_REGION = 96.0
_Shape = TypeVar("_Shape", Point, Polygon)


def _population(layout: Layout) -> dict[str, int]:
    people: Counter[str] = Counter()
    for settlement in layout.settlements:
        people[settlement.commune] += settlement.population
    return dict(people)


def to_degrees(shape: _Shape) -> _Shape:
    """Turn metres from the origin of the layout into degrees of EPSG:4326, six decimals."""

    def project(points: np.ndarray) -> np.ndarray:
        return np.round(
            np.column_stack(to_wgs84(points[:, 0] + ORIGIN[0], points[:, 1] + ORIGIN[1])), 6
        )

    return shapely.transform(shape, project)


def communes_table(
    layout: Layout, borders: Borders, addresses: Sequence[Address], seed: int
) -> pd.DataFrame:
    """
    Draw figures for each commune.

    Parameters
    ----------
    layout, borders, addresses
        The territory.
    seed
        The same seed draws the same figures.

    Returns
    -------
    DataFrame
        One row per commune: population, births, places by mode and the other columns of the national table.
    """
    rng = np.random.default_rng([seed, 9])
    rows = []
    lived_in = Counter(a.settlement.commune for a in addresses)
    for code, people in sorted(_population(layout).items()):
        settlement = next(s for s in layout.settlements if s.code == code)
        shape = borders.communes[code]
        births = rng.poisson(people * np.array([10.4, 10.1, 10.2, 9.8, 9.3]) / 1000).astype(float)
        children = float(births[2:].sum())
        assmat = float(round(children * rng.uniform(0.3, 0.52)))
        eaje = float(CRECHE_PLACES.get(code, 0))
        others = float(round(children * 0.04))
        centre = to_degrees(Point(shape.centroid.x, shape.centroid.y))
        rows.append(
            {
                "code": code,
                "nom": settlement.name,
                "departement": "96",
                "region": _REGION,
                "population": float(people),
                "epci": EPCI,
                "epci_nom": EPCI_NAME,
                "superficie_km2": round(shape.area / 1e6, 2),
                **{f"naiss{19 + i}": births[i] for i in range(5)},
                "places_assmat_2020": assmat,
                "places_eaje_2020": eaje,
                "places_autres_2020": others,
                "taux_couverture_global_2021": round(100 * (assmat + eaje + others) / children, 1)
                if children
                else np.nan,
                "cmg_2019": float(round(assmat * 0.82)),
                "cmg_2023": float(round(assmat * 0.76)),
                "enf_gard19": float(round(assmat * 0.95)),
                "heures19": float(round(assmat * rng.uniform(85, 105))),
                "remu_moy19": float(round(rng.normal(1180, 110))),
                "foyers_paje_2023": float(round(children * 0.86)),
                "apl_generalistes_2023": round(float(rng.uniform(1.4, 3.4)), 3),
                "centroid_lat": round(centre.y, 6),
                "centroid_lon": round(centre.x, 6),
                "enfants_0_2_proxy": children,
                "type": "commune",
            }
        )
    table = pd.DataFrame(rows)
    assert set(lived_in) <= set(table["code"])
    return table


def contours_table(layout: Layout, borders: Borders) -> gpd.GeoDataFrame:
    """
    Draw the polygons of the communes.

    Parameters
    ----------
    layout, borders
        The territory.

    Returns
    -------
    GeoDataFrame
        `code_commune, nom, geometry` in EPSG:4326.
    """
    names = {s.code: s.name for s in layout.settlements}
    codes = sorted(borders.communes)
    return gpd.GeoDataFrame(
        {"code_commune": codes, "nom": [names[code] for code in codes]},
        geometry=[to_degrees(borders.communes[code]) for code in codes],
        crs=4326,
    )


def cog_file(layout: Layout) -> bytes:
    """Write the communes, present and merged, as the official geographic code is published: JSON in gzip."""
    people = _population(layout)
    entries: list[dict[str, Any]] = []
    for code in sorted(people):
        inside = [s for s in layout.settlements if s.commune == code]
        entry = {
            "code": code,
            "nom": next(s.name for s in inside if s.code == code),
            "typeLiaison": 0,
            "zone": "metro",
            "arrondissement": "961",
            "departement": "96",
            "region": "96",
            "type": "commune-actuelle",
            "rangChefLieu": 3 if code == layout.town.code else 0,
            "siren": f"2199{code}",
            "codesPostaux": sorted({s.postcode for s in inside}),
            "population": people[code],
        }
        old = [s.code for s in inside if s.code != code]
        if old:
            entry["anciensCodes"] = old
        entries.append(entry)
    for settlement in layout.settlements:
        inside = [s for s in layout.settlements if s.commune == settlement.commune]
        if len(inside) > 1:
            name = settlement.name if settlement.merged_into else settlement.name.split("-")[0]
            entries.append(
                {
                    "code": settlement.code,
                    "nom": name,
                    "typeLiaison": 0,
                    "zone": "metro",
                    "type": "commune-deleguee",
                    "chefLieu": settlement.commune,
                    "arrondissement": "961",
                    "departement": "96",
                    "region": "96",
                }
            )
    text = json.dumps(entries, ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode("utf-8"), compresslevel=9, mtime=0)
