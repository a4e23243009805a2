"""
The folder of an observatory: CSV, GeoPackage and GeoParquet with units and licences, checks, and all that made them.

```
indicators.csv        one row per zone; indicators.csv-metadata.json names units and licences (CSV on the Web)
indicators.gpkg       layers « indicateurs », « offre », « colonnes » for QGIS
indicators.parquet    GeoParquet; the schema's metadata carry units and licences
supply.parquet        places of care drawn on the map
summary.csv           figures of the whole (totals, inequality of access), each with its unit
checks.json           our figures beside the published ones
observatory.json      parameters, sources, summary, notes
```
"""

from __future__ import annotations

import io
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pyogrio

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.files import replacing
from rpe_geo.observatory.calibration import Check
from rpe_geo.observatory.indicators import INDICATORS
from rpe_geo.observatory.results import Note, Observatory, Source

__all__ = ["described_columns", "read_observatory", "write_observatory"]

_METADATA = "observatory.json"
_FIRST = (
    "code",
    "nom",
    "children",
    "places_childminder",
    "places_facility",
    "places_other",
    "coverage_rate",
    "access_e2sfca",
)
_OTHER_LABELS = {
    "code": ("Code de la zone (INSEE pour une commune)", ""),
    "nom": ("Nom", ""),
    "departement": ("Code du département", ""),
    "epci": ("SIREN de l’intercommunalité", ""),
    "epci_nom": ("Nom de l’intercommunalité", ""),
    "longitude": ("Longitude du centre, EPSG:4326", "degrés"),
    "latitude": ("Latitude du centre, EPSG:4326", "degrés"),
    "children_source": (
        "Nombre d’enfants : observé, estimé ou absent ; pour des zones, la source de leur répartition",
        "",
    ),
    "children_estimate": ("Enfants estimés, où les naissances ne sont pas publiées", "enfants"),
    "children_low": ("Enfants, borne basse de l’intervalle à 90 %", "enfants"),
    "children_high": ("Enfants, borne haute de l’intervalle à 90 %", "enfants"),
    "places_source": (
        "Places de la commune : publié, estimé (part de l’intercommunalité) ou absent",
        "",
    ),
    "places_low": ("Places, borne basse de l’intervalle à 90 %, où elles sont estimées", "places"),
    "places_high": ("Places, borne haute de l’intervalle à 90 %, où elles sont estimées", "places"),
    "commune": ("Code de la commune sur laquelle la zone est calée", ""),
    "commune_nom": ("Nom de cette commune", ""),
    "epci_calibration": ("Calage sur l’intercommunalité : fait, ou pourquoi non", ""),
    "uncertain": ("Chiffres incertains", "vrai ou faux"),
    "uncertain_why": ("Raison de l’incertitude", ""),
    "hotspot": ("Zone en tension ou d’aisance (Gi*, fausses découvertes maîtrisées)", ""),
    "moran": ("Quadrant de Moran local, s’il est significatif", ""),
    "gi_star_p": ("Probabilité de Gi* sous le hasard", ""),
    "kind": (
        "Type de commune, de 1 (couverture la plus basse) à 5, par ressemblance (k-moyennes)",
        "",
    ),
    "kind_clarity": ("Netteté du type : près de 0, entre deux types", "part"),
    "estimated": ("Places estimées", "vrai ou faux"),
    "professionals": (
        "Professionnels du registre en activité ; moins de cinq ne sont pas dits",
        "professionnels",
    ),
}
_SUMMARY = {
    "zones": ("Zones", "zones"),
    "zones_without_figures": ("Zones sans chiffres publiés", "zones"),
    "children": ("Enfants de moins de 3 ans", "enfants"),
    "places": ("Places, tous modes", "places"),
    "places_childminder": ("Places chez les assistantes et assistants maternels", "places"),
    "places_facility": ("Places en établissement", "places"),
    "places_other": ("Autres places", "places"),
    "coverage_rate": ("Taux de couverture", "places pour 100 enfants"),
    "need": ("Besoin d’accueil, enfants pondérés par âge", "enfants"),
    "access_mean": ("Places accessibles par enfant, en moyenne", "places par enfant"),
    "children_without_access": ("Enfants sans aucune place à portée", "enfants"),
    "gini": ("Inégalité d’accès entre enfants, indice de Gini", "de 0 (égal) à 1"),
    "palma": (
        "Accès des 10 % d’enfants les mieux servis rapporté à celui des 40 % les moins bien servis",
        "rapport",
    ),
    "theil": ("Inégalité d’accès entre enfants, indice de Theil", "nats"),
    "theil_between": ("Part de Theil entre départements", "nats"),
    "theil_within": ("Part de Theil à l’intérieur des départements", "nats"),
}
"""Figure of the whole → what it is and its unit."""


def _columns(zones: pd.DataFrame) -> list[str]:
    rest = [str(name) for name in zones.columns if name not in _FIRST and name != "geometry"]
    return [name for name in _FIRST if name in zones.columns] + rest


def described_columns(columns: list[str]) -> list[dict[str, str]]:
    """
    Say what each column is and its unit, as written in the file.

    Parameters
    ----------
    columns
        Names of columns of an observatory's zones or places.

    Returns
    -------
    list of dict
        `colonne, libelle, unite` of each, in the same order.
    """
    rows = []
    for name in columns:
        if name in INDICATORS:
            indicator = INDICATORS[name]
            unit = indicator.unit
            if indicator.factor == 100:
                unit = "places par enfant" if "100" in unit else "part"
            label = f"{indicator.label}. {indicator.meaning}".strip()
        elif name.endswith("_calibrated"):
            label, unit = "Places calées sur le total publié du département", "places"
        elif name == "coverage_rate_epci":
            label = "Taux de couverture, les places étant calées sur l’intercommunalité"
            unit = "places pour 100 enfants"
        elif name.startswith("places") and name.endswith("_epci"):
            label = "Places calées sur le total publié de l’intercommunalité, où il est utilisable"
            unit = "places"
        else:
            label, unit = _OTHER_LABELS.get(name, (name, ""))
        rows.append({"colonne": name, "libelle": label, "unite": unit})
    return rows


def _plain(value: Any) -> Any:
    """Turn figures that JSON has no word for into null."""
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def _write_json(path: Path, value: Any) -> None:
    with replacing(path) as temporary:
        temporary.write_text(
            json.dumps(_plain(value), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )


def write_observatory(observatory: Observatory, directory: Path) -> None:
    """
    Write an observatory to a folder; each file whole or not at all.

    Parameters
    ----------
    observatory
        What was found.
    directory
        Folder, created if need be; files of the same names are replaced.
    """
    zones = gpd.GeoDataFrame(observatory.zones.rename_axis("code").reset_index(), crs=4326)
    columns = _columns(zones)
    zones = zones[[*columns, "geometry"]]
    described = described_columns(columns)
    licences = [asdict(source) for source in observatory.sources]
    with replacing(directory / "indicators.csv") as temporary:
        pd.DataFrame(zones[columns]).to_csv(temporary, index=False, lineterminator="\n")
    _write_json(
        directory / "indicators.csv-metadata.json",
        {
            "@context": "http://www.w3.org/ns/csvw",
            "url": "indicators.csv",
            "dc:title": observatory.parameters.get("title", ""),
            "dc:source": licences,
            "tableSchema": {
                "columns": [
                    {
                        "name": row["colonne"],
                        "titles": {"fr": row["libelle"]},
                        "dc:unit": row["unite"],
                    }
                    for row in described
                ],
                "primaryKey": "code",
            },
        },
    )
    summary = pd.DataFrame(
        [
            (name, *_SUMMARY.get(name, (name, "")), value)
            for name, value in observatory.summary.items()
        ],
        columns=["chiffre", "libelle", "unite", "valeur"],
    )
    with replacing(directory / "summary.csv") as temporary:
        summary.to_csv(temporary, index=False, na_rep="nan", lineterminator="\n")
    about = {
        "parameters": json.dumps(_plain(observatory.parameters), ensure_ascii=False),
        "sources": json.dumps(licences, ensure_ascii=False),
        "columns": json.dumps(described, ensure_ascii=False),
    }
    _write_parquet(directory / "indicators.parquet", zones, about)
    _write_parquet(directory / "supply.parquet", observatory.supply, about)
    _write_gpkg(directory / "indicators.gpkg", zones, observatory.supply, described, about)
    _write_json(
        directory / "checks.json",
        {
            "year": observatory.parameters.get("year"),
            "summary": observatory.summary,
            "checks": [check.as_dict() for check in observatory.checks],
        },
    )
    _write_json(
        directory / _METADATA,
        {
            "format": 2,
            "parameters": observatory.parameters,
            "summary": observatory.summary,
            "sources": licences,
            "notes": [asdict(note) for note in observatory.notes],
        },
    )


def _write_parquet(path: Path, frame: gpd.GeoDataFrame, about: dict[str, str]) -> None:
    """Write GeoParquet whose schema also carries units and licences."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    table = pa_parquet.read_table(buffer)
    metadata = dict(table.schema.metadata or {})
    metadata |= {f"rpe_geo:{key}".encode(): text.encode() for key, text in about.items()}
    with replacing(path) as temporary:
        pa_parquet.write_table(table.replace_schema_metadata(metadata), temporary)


def _write_gpkg(
    path: Path,
    zones: gpd.GeoDataFrame,
    supply: gpd.GeoDataFrame,
    described: list[dict[str, str]],
    about: dict[str, str],
) -> None:
    """Write a GeoPackage; figures that SQLite cannot hold (infinite) are left empty."""
    finite = zones.replace([np.inf, -np.inf], np.nan)
    with replacing(path) as temporary:
        pyogrio.write_dataframe(
            finite,
            temporary,
            layer="indicateurs",
            driver="GPKG",
            geometry_type="MultiPolygon",
            promote_to_multi=True,
            dataset_metadata=about,
        )
        if len(supply):
            pyogrio.write_dataframe(supply, temporary, layer="offre", driver="GPKG", append=True)
        pyogrio.write_dataframe(
            pd.DataFrame(described), temporary, layer="colonnes", driver="GPKG", append=True
        )


def read_observatory(directory: Path) -> Observatory:
    """
    Read an observatory back from its folder.

    Parameters
    ----------
    directory
        A folder that `write_observatory` made.

    Returns
    -------
    Observatory
        The same.

    Raises
    ------
    InvalidFile
        When the folder holds none, or one of another version.
    """
    try:
        about = json.loads((directory / _METADATA).read_text(encoding="utf-8"))
        checks = json.loads((directory / "checks.json").read_text(encoding="utf-8"))
        zones = gpd.read_parquet(directory / "indicators.parquet").set_index("code")
        supply = gpd.read_parquet(directory / "supply.parquet")
    except (OSError, json.JSONDecodeError, pa.ArrowInvalid):
        raise InvalidFile("observatory_missing", where=Where(file=str(directory))) from None
    if about.get("format") != 2:
        raise InvalidFile("observatory_missing", where=Where(file=str(directory)))
    summary = {
        name: float("nan") if value is None else value for name, value in about["summary"].items()
    }
    return Observatory(
        zones=zones,
        supply=supply,
        checks=tuple(Check(**row) for row in checks["checks"]),
        summary=summary,
        parameters=about["parameters"],
        sources=tuple(Source(**row) for row in about["sources"]),
        notes=tuple(Note(**row) for row in about["notes"]),
    )
