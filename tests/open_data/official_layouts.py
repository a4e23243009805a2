"""Real files of `RPE_REAL_DATA`, laid out again as their producers publish them: what a loopback server serves."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import pandas as pd

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
