"""Real files of `RPE_REAL_DATA`, laid out again as their producers publish them: what a loopback server serves."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zipfile
from pathlib import Path

import pandas as pd
import shapely

PLACES = {
    "places_EAJE_PSU": "pl_psu_col_com",
    "places_hors_EAJE_PSU": "pl_hors_psu_col_com",
    "places_EAJE_ensemble": "pl_eaje_com",
    "places_prescolarisation": "pl_prescol_com",
    "places_assistante_maternelle": "pl_am_ind_com",
    "places_salariee_domicile": "pl_gad_ind_com",
    "places_accueil_individuel_ensemble": "pl_ind_com",
    "places_offertes_ensemble": "tot_offre_com",
}


def csv_bytes(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False, sep=";").encode("utf-8")


def nbpla_com(data: Path) -> bytes:
    """`nbpla_pe_com_hist`: communes above 10,000 inhabitants, with the row of nobody."""
    table = pd.read_csv(data / "france" / "cnaf-places-par-mode-2017-2022.csv.gz", dtype=str)
    table = table.rename(
        columns=PLACES
        | {
            "date_reference": "annee",
            "num_commune": "numcom",
            "nom_commune": "nomcom",
            "numero_EPCI": "numepci",
            "nom_EPCI": "nomepci",
        }
    )
    nobody = table.iloc[[0]].assign(numcom="XX", nomcom="INCONNU", numepci="XX")
    return csv_bytes(pd.concat([table, nobody]))


def nbpla_level(data: Path, level: str) -> bytes:
    """`nbpla_pe_epci_hist`, `_dep`, `_reg`, `_nat`: the rows of 2020 of one level."""
    table = pd.read_parquet(data / "france" / "places-2020.parquet")
    pattern = {"epci": r"\d{9}", "dep": r"D\w+", "reg": r"R\w+", "nat": "FR"}[level]
    rows = table[table["id"].fillna("").str.fullmatch(pattern)]
    figures = rows[["assmat", "eaje", "autr"]].apply(pd.to_numeric, errors="coerce")
    laid = pd.DataFrame({"annee": "2020"}, index=rows.index)
    if level == "nat":
        laid["annee"] = "2020-12-31"
    else:
        column = {"epci": "numepci", "dep": "numdep", "reg": "numregi"}[level]
        laid[column] = rows["id"].str.lstrip("DR").str.zfill(2)
    laid[f"pl_eaje_{level}"] = figures["eaje"]
    laid[f"pl_am_ind_{level}"] = figures["assmat"]
    laid[f"pl_gad_ind_{level}"] = figures["autr"]
    laid[f"tot_offre_{level}"] = figures.sum(axis=1, min_count=3)
    if level == "epci":
        laid = pd.concat([laid, laid.iloc[[0]].assign(numepci="XX")])
    return csv_bytes(laid)


def melodi_births(data: Path) -> bytes:
    """`DS_ETAT_CIVIL_NAIS_COMMUNES_…_CSV_FR`: a zip with the long table, unknown arrondissements and métropole included."""
    table = pd.read_parquet(data / "france" / "etat-civil-2008-2023.parquet")
    years = [column for column in table if column.startswith("naiss")]
    long = table[["id", *years]].melt("id", var_name="year", value_name="births").dropna()
    long = long[long["births"].astype(str) != "ND"]
    own = long["id"].astype(str)
    level = pd.Series("COM", index=long.index)
    level[own.str.fullmatch(r"D\w+")] = "DEP"
    level[own.str.fullmatch(r"R\w+")] = "REG"
    level[own.str.fullmatch(r"\d{9}")] = "EPCI"
    level[own.eq("FR")] = "FRANCE"
    code = own.mask(level.eq("COM"), own.str.zfill(5))
    code = code.mask(level.isin(["DEP", "REG"]), own.str[1:].str.zfill(2)).mask(own.eq("FR"), "F")
    level[code.str.match(r"751\d\d|6938\d|132\d\d") & level.eq("COM")] = "ARM"
    laid = pd.DataFrame(
        {
            "EC_MEASURE": "LVB",
            "FREQ": "A",
            "GEO": code,
            "GEO_OBJECT": level,
            "OBS_STATUS": "A",
            "TIME_PERIOD": "20" + long["year"].str[-2:],
            "OBS_VALUE": long["births"].astype(float).astype(int).astype(str),
        }
    )
    unknown = laid.iloc[[0]].assign(GEO="751XX", GEO_OBJECT="ARM", OBS_VALUE="12")
    mainland = laid[laid["GEO"].eq("F")].assign(GEO="FM")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("DS_ETAT_CIVIL_NAIS_COMMUNES_metadata.csv", "COD_VAR;LIB_VAR\n")
        archive.writestr(
            "DS_ETAT_CIVIL_NAIS_COMMUNES_2023_data.csv",
            csv_bytes(pd.concat([laid, unknown, mainland])),
        )
    return stream.getvalue()


def geo_api_communes(data: Path, *, departement: str | None = None) -> list[dict]:
    """Communes as geo.api.gouv.fr answers them, without contours."""
    table = pd.read_parquet(data / "france" / "communes.parquet")
    cog = json.loads(gzip.decompress((data / "france" / "communes-cog-2026.json.gz").read_bytes()))
    known = {one["code"]: one for one in cog if one["type"] == "commune-actuelle"}
    table = table[table["type"] == "commune"]
    if departement is not None:
        table = table[table["departement"] == departement]
    return [
        {
            "nom": row.nom,
            "code": row.code,
            "codeDepartement": row.departement,
            "codeRegion": None if pd.isna(row.region) else f"{row.region:.0f}".zfill(2),
            "codeEpci": row.epci,
            "population": None if pd.isna(row.population) else int(row.population),
            "codesPostaux": known.get(row.code, {}).get("codesPostaux", []),
            "anciensCodes": known.get(row.code, {}).get("anciensCodes", []),
            "surface": None if pd.isna(row.superficie_km2) else row.superficie_km2 * 100,
            "centre": {"type": "Point", "coordinates": [row.centroid_lon, row.centroid_lat]},
        }
        for row in table.itertuples()
    ]


def epci_list(data: Path) -> list[dict]:
    return json.loads(gzip.decompress((data / "france" / "epci.json.gz").read_bytes()))


def boroughs(data: Path) -> list[dict]:
    table = pd.read_parquet(data / "france" / "communes.parquet")
    table = table[table["type"] == "arrondissement-municipal"]
    return [
        {
            "nom": row.nom,
            "code": row.code,
            "codeDepartement": row.departement,
            "population": None if pd.isna(row.population) else int(row.population),
            "centre": {"type": "Point", "coordinates": [row.centroid_lon, row.centroid_lat]},
        }
        for row in table.itertuples()
    ]


def contours(data: Path, departements: set[str]) -> bytes:
    """`communes-100m.geojson.gz` of Etalab, of some départements."""
    table = pd.read_parquet(data / "france" / "contours.parquet")
    table = table[table["code_commune"].str[:2].isin(departements)]
    shapes = shapely.from_wkb(table["geometry"].to_numpy())
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "nom": name},
            "geometry": shapely.geometry.mapping(one),
        }
        for code, name, one in zip(table["code_commune"], table["nom"], shapes, strict=True)
    ]
    content = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    return gzip.compress(content, mtime=0)


def official_answers(data: Path) -> dict[str, bytes]:
    """Paths of the services, as they are asked, and what they answer for the territory of Montpellier."""
    past = "/api/explore/v2.1/catalog/datasets"
    said = json.dumps({"license": "lov2", "last_update": "2026-11-28T04:00:00+00:00"}).encode()
    caf = json.dumps(
        {
            "metas": {
                "default": {"license": "Licence Ouverte v2.0", "modified": "2026-01-15T08:00:00"}
            }
        }
    ).encode()
    streets = (data / "montpellier" / "montpellier-streets-2014.osm.pbf").read_bytes()
    answers = {
        "/communes?type=arrondissement-municipal": json.dumps(boroughs(data)).encode(),
        "/communes": json.dumps(geo_api_communes(data)).encode(),
        "/epcis": json.dumps(
            [{"code": one["code"], "nom": one["nom"]} for one in epci_list(data)]
        ).encode(),
        "/contours-administratifs/2025/geojson/communes-100m.geojson.gz": contours(
            data, {"34", "30", "11", "12", "48", "81", "13", "84", "07"}
        ),
        "/data/ban/adresses/latest/csv/adresses-34.csv.gz": (
            data / "montpellier" / "adresses-34172.csv.gz"
        ).read_bytes(),
        "/europe/france/languedoc-roussillon-latest.osm.pbf": streets,
        "/europe/france/languedoc-roussillon-latest.osm.pbf.md5": (
            hashlib.md5(streets).hexdigest() + "  languedoc-roussillon-latest.osm.pbf"
        ).encode(),
        "/api/datasets": b"[]",
        "/melodi/file/DS_ETAT_CIVIL_NAIS_COMMUNES/DS_ETAT_CIVIL_NAIS_COMMUNES_2023_CSV_FR": melodi_births(
            data
        ),
        "/api/1/datasets/base-adresse-nationale/": said,
        "/api/1/datasets/decoupage-administratif-api-geo/": said,
        "/api/1/datasets/contours-administratifs/": said,
        f"{past}/nbpla_pe_com_hist/exports/csv": nbpla_com(data),
        f"{past}/nbpla_pe_com": caf,
        f"{past}/txcouv_pe_com": caf,
    }
    for level in ("epci", "dep", "reg", "nat"):
        answers[f"{past}/nbpla_pe_{level}_hist/exports/csv"] = nbpla_level(data, level)
    return answers


def zip_of(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return stream.getvalue()
