"""
Official files as their producers lay them out → the tables that `observatory build` and `territory build` read.

Everything is read before anything is written, and each table is written whole or not at all.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from rpe_geo.errors import InputError, InvalidFile, Where
from rpe_geo.files import replacing
from rpe_geo.observatory.codes import city_of
from rpe_geo.observatory.results import Note
from rpe_geo.open_data.civil_births import merge_births, read_civil_births, years_of
from rpe_geo.open_data.cnaf import (
    CnafFigures,
    latest_by_year,
    places_table,
    rates_table,
    read_cnaf,
    share_rest,
)
from rpe_geo.open_data.contours import PolygonFile, column_named, mend, read_polygons
from rpe_geo.open_data.official_communes import (
    CommuneList,
    in_area,
    read_commune_list,
    read_commune_polygons,
)
from rpe_geo.open_data.population_ages import read_ages, read_grid, read_iris_ages
from rpe_geo.open_data.projection_files import read_approvals
from rpe_geo.open_data.zone_files import refuse_no_iris

__all__ = ["OfficialFiles", "Prepared", "prepare"]

_IRIS_CODES = ("code_iris", "dcomiris", "iris")
_VECTOR = (".gpkg", ".shp", ".fgb", ".geojson", ".parquet", ".geoparquet", ".gml")


@dataclass(frozen=True)
class OfficialFiles:
    """
    What is at hand; everything may be missing but communes.

    Parameters
    ----------
    cog
        Lists of communes: `v_commune`, `v_mvt_commune`, composition of the EPCI, geo.api.gouv.fr, decoupage-administratif.
    contours
        Layers of commune polygons.
    layer
        Layer of the communes in `contours`.
    crs
        Coordinate system of `contours` and of polygons of IRIS that declare none.
    places
        CNAF places and rates, any levels and years.
    births
        INSEE births; a later file prevails.
    ages
        Population by single years of age.
    iris
        Polygons of IRIS, and their population by age.
    grid
        Cells of 200 m.
    approvals
        Approvals of childminders in force by département and year.
    """

    cog: Sequence[Path] = ()
    contours: Sequence[Path] = ()
    layer: str | None = None
    crs: str | None = None
    places: Sequence[Path] = ()
    births: Sequence[Path] = ()
    ages: Path | None = None
    iris: Sequence[Path] = ()
    grid: Path | None = None
    approvals: Path | None = None


@dataclass
class Prepared:
    """
    The tables, in memory.

    Parameters
    ----------
    tables
        Name of the file to write → its content.
    read
        What each given file was found to be, in the order of reading.
    year
        Year of the places; None without places.
    codes
        Communes asked for.
    notes
        What to say.
    """

    tables: dict[str, Any] = field(default_factory=dict)
    read: list[tuple[str, str]] = field(default_factory=list)
    year: int | None = None
    codes: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def write(self, directory: Path) -> None:
        """Write every table into a folder; each is whole or not there."""
        directory.mkdir(parents=True, exist_ok=True)
        for name, content in self.tables.items():
            with replacing(directory / name) as temporary:
                if isinstance(content, gpd.GeoDataFrame) and name.endswith(".gpkg"):
                    content.to_file(temporary, driver="GPKG")
                elif isinstance(content, pd.DataFrame):
                    content.to_parquet(temporary, index=False)
                else:
                    text = json.dumps(content, ensure_ascii=False).encode()
                    # No time inside the archive: the same input gives the same file.
                    temporary.write_bytes(gzip.compress(text, mtime=0))
        listing = {
            "year": self.year,
            "codes": self.codes,
            "files": [{"file": file, "what": what} for file, what in self.read],
        }
        with replacing(directory / "prepare.json") as temporary:
            temporary.write_text(json.dumps(listing, ensure_ascii=False, indent=2) + "\n", "utf-8")


def prepare(
    files: OfficialFiles,
    *,
    year: int | None = None,
    codes: Iterable[str] = (),
    epcis: Iterable[str] = (),
    departements: Iterable[str] = (),
) -> Prepared:
    """
    Read official files and lay them out for `build`.

    Parameters
    ----------
    files
        What is at hand.
    year
        Year of the places; by default the latest that the files hold.
    codes, epcis, departements
        The territory: cells of 200 m and IRIS are kept there only. Communes are all kept, for neighbours count.

    Returns
    -------
    Prepared
        Tables to write, and what to say.

    Raises
    ------
    InputError
        Without communes; for a year that no file holds; an unknown EPCI, commune or département.
    """
    done = Prepared()
    communes = _communes(files, done)
    table = communes.table() if communes.entries else pd.DataFrame()
    asked = _asked(table, list(codes), list(epcis), list(departements))
    done.codes = asked
    births = _births(files, done)
    if files.ages is not None:
        children, census = read_ages(files.ages)
        done.read.append((files.ages.name, f"population par âge détaillé {census}"))
        if not table.empty:
            table[f"enfants_0_2_{census}"] = table["code"].map(children)
    if not table.empty:
        if births is not None:
            latest = [f"naiss{one % 100:02d}" for one in years_of(births)[-3:]]
            children = births[latest].sum(axis=1, min_count=len(latest))
            table["enfants_0_2_proxy"] = table["code"].map(children)
        done.tables["communes.parquet"] = table
        done.tables["communes-cog.json.gz"] = communes.cog()
    if communes.shapes:
        done.tables["contours.parquet"] = communes.polygons()
    if births is not None:
        done.tables["naissances.parquet"] = births.reset_index()
    if files.approvals is not None:
        done.tables["agrements.parquet"] = _approvals(files.approvals, done)
    _places(files, done, table, births, year)
    _zones(files, done, table, asked)
    done.notes += communes.notes
    if not done.tables:
        raise InputError("prepare_nothing_given")
    return done


def _communes(files: OfficialFiles, done: Prepared) -> CommuneList:
    communes = CommuneList()
    for path in files.cog:
        done.read.append((path.name, read_commune_list(path, communes)))
    for path in files.contours:
        layer = read_commune_polygons(PolygonFile(path, files.layer, files.crs), communes)
        done.read.append((path.name, f"contours, couche « {layer} »"))
    return communes


def _asked(
    table: pd.DataFrame, codes: list[str], epcis: list[str], departements: list[str]
) -> list[str]:
    if not (codes or epcis or departements):
        return []
    if table.empty:
        raise InputError("prepare_area_without_communes")
    for given, column, fault in (
        (codes, "code", "asked_commune_unknown"),
        (epcis, "epci", "asked_epci_unknown"),
        (departements, "departement", "asked_departement_unknown"),
    ):
        for one in given:
            if one not in set(table[column]):
                raise InputError(fault, given=one)
    return in_area(table, codes=codes, epcis=epcis, departements=departements)


def _births(files: OfficialFiles, done: Prepared) -> pd.DataFrame | None:
    read = []
    for path in files.births:
        wide, notes = read_civil_births(path)
        years = years_of(wide)
        done.read.append((path.name, f"naissances {years[0]} à {years[-1]}"))
        done.notes += notes
        read.append(wide)
    return merge_births(read) if read else None


def _approvals(path: Path, done: Prepared) -> pd.DataFrame:
    """Lay approvals out a row per département and year, as their producer does."""
    wide = read_approvals(path)
    years = f"{wide.columns.min()} à {wide.columns.max()}"
    done.read.append((path.name, f"DREES, agréments par département, {years}"))
    long = wide.reset_index().melt("code", var_name="year", value_name="valeur").dropna()
    return long.rename(columns={"code": "code_departement", "year": "annee"})


def _places(
    files: OfficialFiles,
    done: Prepared,
    table: pd.DataFrame,
    births: pd.DataFrame | None,
    year: int | None,
) -> None:
    figures: list[CnafFigures] = []
    for path in files.places:
        one = read_cnaf(path)
        figures.append(one)
        years = sorted(one.table["year"].unique())
        what = "places" if one.what == "places" else "taux"
        span = f"{years[0]} à {years[-1]}" if len(years) > 1 else str(years[0])
        done.read.append((path.name, f"CNAF, {what} par mode, niveau {one.level}, {span}"))
        if one.dropped:
            done.notes.append(Note("rows_of_nobody", {"file": path.name, "count": one.dropped}))
    whole = latest_by_year(figures, "places")
    if len(whole):
        present = sorted(int(one) for one in whole["year"].unique())
        done.year = year if year is not None else _year_of_most_levels(whole)
        if done.year not in present:
            raise InputError("prepare_year_missing", year=str(done.year), present=present)
        laid = places_table(whole, done.year)
        if not table.empty:
            laid, notes = _with_small_communes(laid, table, births, done.year)
            done.notes += _about(laid, notes, done.codes)
        done.tables[f"places-{done.year}.parquet"] = laid
    rates = latest_by_year(figures, "rates")
    if len(rates):
        present = sorted(int(one) for one in rates["year"].unique())
        wanted = done.year if done.year in present else present[-1]
        if year is not None and wanted != year:
            done.notes.append(
                Note("rates_of_other_year", {"year": str(wanted), "asked": str(year)})
            )
        done.tables[f"taux-couverture-global-{wanted}.parquet"] = rates_table(rates, wanted)


def _year_of_most_levels(whole: pd.DataFrame) -> int:
    """Choose the latest year among those that hold the most levels: a year of communes alone says nothing of the others."""
    level = (
        whole["id"]
        .str.replace(r"\d{9}", "epci", regex=True)
        .str.replace(r"^(D|R).*", r"\1", regex=True)
        .str.replace(r"^(\d|2[AB]).*", "com", regex=True)
    )
    counts = level.groupby(whole["year"]).nunique()
    return int(counts[counts == counts.max()].index.max())


def _with_small_communes(
    laid: pd.DataFrame, table: pd.DataFrame, births: pd.DataFrame | None, year: int
) -> tuple[pd.DataFrame, list[Note]]:
    """Give communes without published places the rest of their intercommunalité, by their children."""
    cities = (
        {"75056", "69123", "13055"} if table["type"].eq("arrondissement-municipal").any() else set()
    )
    rows = table[~table["code"].isin(cities)].set_index("code")
    if births is None:
        return laid, [Note("places_not_shared", {})]
    years = years_of(births)
    wanted = [one for one in (year - 2, year - 1, year) if one in years] or years[-3:]
    columns = [f"naiss{one % 100:02d}" for one in wanted]
    children = births[columns].sum(axis=1, min_count=len(columns)).reindex(rows.index)
    return share_rest(laid, rows["epci"].astype(object), children)


def _about(laid: pd.DataFrame, notes: list[Note], asked: list[str]) -> list[Note]:
    """Tell of the communes asked for only: what was shared out elsewhere in the country is no news here."""
    if not asked or "source" not in laid:
        return notes
    own = laid[laid["id"].isin(asked)]
    shared = own[own["source"].eq("estimé")]
    places = float(shared[["assmat", "eaje", "autr"]].sum().sum())
    told = []
    if len(shared):
        told.append(Note("places_shared_by_epci", {"count": len(shared), "places": places}))
    missing = int(own["source"].eq("non publié").sum())
    if missing:
        told.append(Note("places_not_published", {"count": missing}))
    return told


def _zones(files: OfficialFiles, done: Prepared, table: pd.DataFrame, asked: list[str]) -> None:
    if files.grid is not None:
        if not asked:
            raise InputError("prepare_area_needed")
        cells, notes = read_grid(files.grid, asked)
        done.read.append((files.grid.name, "carreaux de 200 m"))
        done.tables["carreaux.gpkg"] = cells
        done.notes += notes
    ages: pd.Series | None = None
    shapes: gpd.GeoDataFrame | None = None
    for path in files.iris:
        if path.suffix.lower() in _VECTOR:
            shapes, notes = _iris_shapes(PolygonFile(path, crs=files.crs))
            done.notes += notes
            done.read.append((path.name, "contours des IRIS"))
        else:
            ages, census = read_iris_ages(path)
            done.read.append((path.name, f"population des IRIS par âge {census}"))
    if ages is not None and shapes is None:
        done.tables["iris-enfants.parquet"] = ages.reset_index()
    if shapes is not None:
        own = set(_with_boroughs(asked, table))
        if own:
            shapes = shapes[shapes["code"].str[:5].isin(own)]
            if shapes.empty:
                raise InputError("iris_elsewhere", wanted=asked[:3])
        if ages is not None:
            shapes = shapes.assign(children=shapes["code"].map(ages))
            lost = int(shapes["children"].isna().sum())
            if lost:
                done.notes.append(Note("iris_without_children", {"count": lost}))
        done.tables["iris.gpkg"] = shapes.reset_index(drop=True)


def _with_boroughs(asked: list[str], table: pd.DataFrame) -> list[str]:
    """Add the arrondissements of asked cities: IRIS are numbered by arrondissement."""
    if table.empty:
        return asked
    boroughs = table.loc[table["type"].eq("arrondissement-municipal"), "code"]
    return [*asked, *(code for code in boroughs if city_of(code) in asked)]


def _iris_shapes(source: PolygonFile) -> tuple[gpd.GeoDataFrame, list[Note]]:
    """Read CONTOURS-IRIS: `code` of nine characters, `nom` and polygons, EPSG:4326."""
    where = Where(file=source.path.name)
    frame, notes = read_polygons(source, columns=_IRIS_CODES)
    code = column_named(frame, _IRIS_CODES)
    if code is None:
        raise InvalidFile(
            "column_missing",
            where=where,
            missing=["code_iris"],
            found=[str(c) for c in frame.columns[:12]],
        )
    codes = frame[code].fillna("").astype(str).str.strip()
    refuse_no_iris(codes, source.path, code)
    shapes, mended = mend(gpd.GeoSeries(frame.geometry.array, index=pd.Index(codes), crs=4326))
    name = column_named(frame, ("nom_iris", "lib_iris")) or code
    table = gpd.GeoDataFrame(
        {"code": codes.to_numpy(), "nom": frame[name].astype(str).to_numpy()},
        geometry=shapes.array,
        crs=4326,
    )
    return table, [*notes, *mended]
