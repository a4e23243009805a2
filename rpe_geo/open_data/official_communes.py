"""
Communes, their names, intercommunalités and former codes, from the files of INSEE, IGN and geo.api.gouv.fr.

Whatever the file, a commune becomes one entry in the form of the decoupage-administratif (`code, nom, type, anciensCodes,
codesPostaux, population, siren_epci…`): that is what `--cog` reads. A commune of INSEE's list whose code also stands as a
commune déléguée is told by `TYPECOM`, never by its code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
from shapely.geometry import shape

from rpe_geo.crs import metric_crs
from rpe_geo.errors import InvalidFile, Where
from rpe_geo.files import read_bytes
from rpe_geo.observatory.codes import city_of, departement_of
from rpe_geo.observatory.results import Note
from rpe_geo.open_data.contours import PolygonFile, column_named, commune_rows, read_polygons
from rpe_geo.open_data.official_tables import find_column, read_official_table, unpack

__all__ = ["CommuneList", "in_area", "read_commune_list", "read_commune_polygons"]

_ARRONDISSEMENTS = {"75056": ("751",), "69123": ("6938",), "13055": ("132",)}
_TYPES = {
    "COM": "commune-actuelle",
    "ARM": "arrondissement-municipal",
    "COMD": "commune-deleguee",
    "COMA": "commune-associee",
}
_MERGING = {"20", "30", "31", "32", "33", "34", "41", "50"}
"""Kinds of movement of `v_mvt_commune` by which a code may end in another one (INSEE): 10 renames, 21 restores, 70 converts."""
_POLYGON_NAMES = {
    "code": ("code_insee", "insee_com", "code_commune", "code", "codgeo", "com", "insee"),
    "nom": ("nom_officiel", "nom", "nom_commune", "nom_com", "libelle", "libgeo"),
    "population": ("population",),
    "epci": ("codes_siren_des_epci", "code_siren_de_l_epci", "siren_epci", "code_epci", "codeepci", "epci"),
    "region": ("code_insee_de_la_region", "insee_reg", "region", "reg"),
    "hectares": ("superficie_cadastrale",),
}  # fmt: skip
"""What we read of a layer of communes → columns of IGN (ADMIN EXPRESS 4.0, then before) and of others, without case."""


@dataclass
class CommuneList:
    """
    What the files say of communes, by code; later files complete earlier ones and never erase.

    Parameters
    ----------
    entries
        Communes and arrondissements of today: `code, nom, type` and what is known besides.
    former
        Former code → code of today.
    epci_names
        Name by SIREN of an intercommunalité.
    shapes
        Polygons by code, EPSG:4326.
    notes
        What was mended or left out.
    """

    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    former: dict[str, str] = field(default_factory=dict)
    epci_names: dict[str, str] = field(default_factory=dict)
    shapes: dict[str, Any] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def add(self, code: str, **known: Any) -> None:
        """Complete what is known of a commune."""
        entry = self.entries.setdefault(code, {"code": code})
        for name, value in known.items():
            unknown = value is None or (isinstance(value, (str, list)) and not value)
            if not unknown and name not in entry:
                entry[name] = value

    def table(self) -> pd.DataFrame:
        """Lay the communes and arrondissements out as `observatory build` and `territory build` read them."""
        rows = []
        for code, entry in self.entries.items():
            kind = _kind_of(code, entry)
            if kind is None:
                continue
            polygon = self.shapes.get(code)
            centre = entry.get("centre")
            inside = None if polygon is None else polygon.representative_point()
            rows.append(
                {
                    "code": code,
                    "nom": entry.get("nom", code),
                    "departement": entry.get("departement") or departement_of(pd.Index([code]))[0],
                    "region": entry.get("region"),
                    "population": entry.get("population"),
                    "epci": entry.get("epci"),
                    "epci_nom": self.epci_names.get(str(entry.get("epci"))),
                    "superficie_km2": entry.get("superficie_km2"),
                    "centroid_lon": centre[0] if centre else None if inside is None else inside.x,
                    "centroid_lat": centre[1] if centre else None if inside is None else inside.y,
                    "type": kind,
                }
            )
        table = pd.DataFrame(rows).sort_values("code", ignore_index=True)
        for column in ("population", "superficie_km2", "centroid_lon", "centroid_lat"):
            table[column] = pd.to_numeric(table[column], errors="coerce").astype("float64")
        return self._of_cities(self._surfaces(table))

    def _surfaces(self, table: pd.DataFrame) -> pd.DataFrame:
        """Measure the surface of polygons where no file tells it."""
        without = table["superficie_km2"].isna() & table["code"].isin(self.shapes)
        for departement, group in table[without].groupby("departement"):
            polygons = gpd.GeoSeries([self.shapes[c] for c in group["code"]], group.index, crs=4326)
            flat = polygons.to_crs(metric_crs(str(departement)))
            table.loc[group.index, "superficie_km2"] = (flat.area / 1e6).round(3)
        return table

    @staticmethod
    def _of_cities(table: pd.DataFrame) -> pd.DataFrame:
        """Give arrondissements the EPCI, département and region of their city."""
        boroughs = table["type"].eq("arrondissement-municipal")
        cities = table[~boroughs].set_index("code")
        for column in ("epci", "epci_nom", "region"):
            own = [city_of(code) for code in table.loc[boroughs, "code"]]
            table.loc[boroughs, column] = cities[column].reindex(own).to_numpy()
        return table

    def cog(self) -> list[dict[str, Any]]:
        """List entries as `--cog` reads them: communes of today with the codes that merged into them."""
        merged: dict[str, list[str]] = {}
        for old, new in self.former.items():
            merged.setdefault(new, []).append(old)
        listed = []
        for code, entry in sorted(self.entries.items()):
            kind = _kind_of(code, entry)
            if kind is None:
                continue
            known: dict[str, Any] = {"code": code, "nom": entry.get("nom", code)}
            known["type"] = "commune-actuelle" if kind == "commune" else kind
            known["departement"] = entry.get("departement") or departement_of(pd.Index([code]))[0]
            for name in ("region", "population", "codesPostaux"):
                if entry.get(name) is not None:
                    known[name] = entry[name]
            if kind != "commune":
                known["commune"] = city_of(code)
            earlier = sorted({*entry.get("anciensCodes", ()), *merged.get(code, ())} - {code})
            if earlier:
                known["anciensCodes"] = earlier
            listed.append(known)
        return listed

    def polygons(self) -> gpd.GeoDataFrame:
        """Lay the contours out: `code_commune, nom` and polygons, EPSG:4326."""
        codes = sorted(code for code in self.shapes if _kind_of(code, self.entries.get(code, {})))
        names = [self.entries.get(code, {}).get("nom", code) for code in codes]
        return gpd.GeoDataFrame(
            {"code_commune": codes, "nom": names},
            geometry=[self.shapes[code] for code in codes],
            crs=4326,
        )


def _kind_of(code: str, entry: Mapping[str, Any]) -> str | None:
    """Say whether a code is a commune or an arrondissement of today; None for a commune déléguée."""
    kind = entry.get("type")
    if (
        any(code.startswith(start) for starts in _ARRONDISSEMENTS.values() for start in starts)
        and code not in _ARRONDISSEMENTS
    ):
        return "arrondissement-municipal"
    return "commune" if kind in {None, "commune-actuelle", "commune"} else None


def read_commune_list(path: Path, into: CommuneList) -> str:
    """
    Read one file of communes, whichever it is, by its content.

    Parameters
    ----------
    path
        `v_commune`, `v_mvt_commune` or the composition of the intercommunalités (INSEE); a JSON of geo.api.gouv.fr or of
        decoupage-administratif, communes or EPCI.
    into
        Receives what it says.

    Returns
    -------
    str
        What the file is, for a report.

    Raises
    ------
    InvalidFile
        When it is none of these.
    """
    content, _ = unpack(read_bytes(path), path.name)
    if content.lstrip()[:1] in {b"[", b"{"}:
        return _of_json(content, path, into)
    table = read_official_table(
        path, header_with=["CODGEO", "COM", "COM_AV", "EPCI"], sheet="Composition_communale"
    )
    if find_column(table, "MOD") and find_column(table, "COM_AV"):
        return _of_movements(table, into)
    if find_column(table, "TYPECOM") and find_column(table, "COM"):
        return _of_cog(table, into)
    if find_column(table, "CODGEO", "insee") and find_column(table, "EPCI", "siren"):
        return _of_composition(table, into)
    raise InvalidFile(
        "commune_list_unknown", where=Where(file=path.name), found=list(table.columns[:12])
    )


def _column(table: pd.DataFrame, *names: str) -> pd.Series:
    found = find_column(table, *names)
    empty = pd.Series([None] * len(table), index=table.index, dtype=object)
    return empty if found is None else table[found].where(table[found].fillna("").ne(""), None)


def _of_cog(table: pd.DataFrame, into: CommuneList) -> str:
    """Read `v_commune`: a code repeats as its own commune déléguée, whose REG and DEP are empty."""
    rows = zip(
        _column(table, "TYPECOM"),
        _column(table, "COM"),
        _column(table, "LIBELLE"),
        _column(table, "DEP"),
        _column(table, "REG"),
        _column(table, "COMPARENT"),
        strict=True,
    )
    for kind, code, name, departement, region, parent in rows:
        if kind in {"COM", "ARM"}:
            into.add(code, nom=name, type=_TYPES[kind], departement=departement, region=region)
        elif parent and parent != code:
            into.former.setdefault(code, parent)
    return "INSEE, Code officiel géographique"


def _of_movements(table: pd.DataFrame, into: CommuneList) -> str:
    """Follow each code that ended to the commune that holds it today; the latest movement decides."""
    moves = pd.DataFrame(
        {
            "kind": _column(table, "MOD"),
            "day": _column(table, "DATE_EFF"),
            "from_type": _column(table, "TYPECOM_AV"),
            "old": _column(table, "COM_AV"),
            "to_type": _column(table, "TYPECOM_AP"),
            "new": _column(table, "COM_AP"),
        }
    )
    moves = moves[
        moves["kind"].isin(_MERGING)
        & moves["from_type"].eq("COM")
        & moves["to_type"].eq("COM")
        & moves["old"].ne(moves["new"])
    ].sort_values("day", kind="stable")
    steps = dict(zip(moves["old"], moves["new"], strict=True))
    for old in steps:
        new, seen = old, set()
        while new in steps and new not in seen:
            seen.add(new)
            new = steps[new]
        if old != new:
            into.former.setdefault(old, new)
    return "INSEE, mouvements de communes"


def _of_composition(table: pd.DataFrame, into: CommuneList) -> str:
    rows = zip(
        _column(table, "CODGEO", "insee"),
        _column(table, "LIBGEO", "nom_membre"),
        _column(table, "EPCI", "siren"),
        _column(table, "LIBEPCI", "raison_sociale"),
        _column(table, "DEP", "dep_com"),
        _column(table, "REG"),
        strict=True,
    )
    for code, name, epci, epci_name, departement, region in rows:
        if not code or not re.fullmatch(r"\d{5}|2[AB]\d{3}", code):
            continue
        own = epci if epci and re.fullmatch(r"\d{9}", epci) else None
        into.add(code, nom=name, epci=own, departement=departement, region=region)
        if own and epci_name:
            into.epci_names.setdefault(own, epci_name)
    return "INSEE, composition des intercommunalités"


def _of_json(content: bytes, path: Path, into: CommuneList) -> str:
    """Read communes or EPCI as geo.api.gouv.fr and decoupage-administratif write them, with or without contours."""
    where = Where(file=path.name)
    try:
        given = json.loads(content.decode("utf-8-sig"))
    except (ValueError, UnicodeDecodeError):
        raise InvalidFile("official_codes_unreadable", where=where) from None
    if isinstance(given, dict) and isinstance(given.get("features"), list):
        given = [
            {**(one.get("properties") or {}), "contour": one.get("geometry")}
            for one in given["features"]
        ]
    entries = given if isinstance(given, list) else [given]
    if not entries or not all(isinstance(one, dict) and "code" in one for one in entries):
        raise InvalidFile("official_codes_unreadable", where=where)
    if any("membres" in one for one in entries):
        for epci in entries:
            into.epci_names.setdefault(epci["code"], epci.get("nom", epci["code"]))
            for member in epci.get("membres", ()):
                into.add(member["code"], nom=member.get("nom"), epci=epci["code"])
        return "composition des intercommunalités"
    if all(re.fullmatch(r"\d{9}", str(one["code"])) for one in entries):
        for epci in entries:
            into.epci_names.setdefault(epci["code"], epci.get("nom", epci["code"]))
        return "noms des intercommunalités"
    for one in entries:
        _add_commune(one, into)
    return "communes (geo.api.gouv.fr, decoupage-administratif)"


def _add_commune(one: Mapping[str, Any], into: CommuneList) -> None:
    code = str(one["code"])
    kind = one.get("type")
    if kind in {"commune-deleguee", "commune-associee"}:
        parent = one.get("chefLieu")
        if parent and parent != code:
            into.former.setdefault(code, parent)
        return
    centre = (one.get("centre") or {}).get("coordinates")
    surface = one.get("surface")
    into.add(
        code,
        nom=one.get("nom"),
        type=kind,
        departement=one.get("codeDepartement") or one.get("departement"),
        region=one.get("codeRegion") or one.get("region"),
        population=one.get("population"),
        epci=one.get("codeEpci") or one.get("epci")
        if not isinstance(one.get("epci"), dict)
        else one["epci"].get("code"),
        codesPostaux=one.get("codesPostaux"),
        anciensCodes=one.get("anciensCodes"),
        centre=centre,
        superficie_km2=None if surface is None else float(surface) / 100.0,
    )
    if isinstance(one.get("epci"), dict):
        into.epci_names.setdefault(one["epci"].get("code", ""), one["epci"].get("nom", ""))
    contour = one.get("contour")
    if isinstance(contour, dict) and "Polygon" in str(contour.get("type")):
        into.shapes.setdefault(code, shape(contour))


def read_commune_polygons(source: PolygonFile | Path, into: CommuneList) -> str:
    """
    Read a layer of commune polygons with what its columns say of each.

    Parameters
    ----------
    source
        ADMIN EXPRESS (GeoPackage, shapefile, FlatGeobuf), the contours of Etalab (GeoJSON, gzipped), GeoParquet; the layer of
        the communes where no other is told.
    into
        Receives codes, names, populations, intercommunalités and polygons.

    Returns
    -------
    str
        The layer read.

    Raises
    ------
    InvalidFile
        See `read_polygons`; also when no column holds codes of communes, or the layer has points only.
    InvalidRecord
        For a code that is no commune's.
    """
    source = PolygonFile(source) if isinstance(source, Path) else source
    path = source.path
    frame, notes = read_polygons(
        source, columns=_POLYGON_NAMES["code"], layers=re.compile(r"^commune$", re.IGNORECASE)
    )
    if frame.geometry.geom_type.isin(["Point", "MultiPoint"]).all():
        raise InvalidFile("contours_are_points", where=Where(file=path.name))
    polygons, codes, mended = commune_rows(frame, path)
    into.notes += [*notes, *mended]
    columns = {ours: column_named(frame, names) for ours, names in _POLYGON_NAMES.items()}
    for row, code in codes.items():
        cells = frame.loc[row]
        known = {
            name: cells[column]
            for name, column in columns.items()
            if column is not None and name != "code" and pd.notna(cells[column])
        }
        hectares = known.pop("hectares", None)
        epcis = [
            one for one in str(known.pop("epci", "")).split("/") if re.fullmatch(r"\d{9}", one)
        ]
        into.add(
            str(code),
            nom=known.get("nom"),
            population=None if "population" not in known else int(known["population"]),
            region=known.get("region"),
            epci=epcis[-1] if epcis else None,
            superficie_km2=None if hectares is None else float(hectares) / 100.0,
        )
    for code, polygon in polygons.items():
        if polygon is not None and not polygon.is_empty:
            into.shapes.setdefault(str(code), polygon)
    return str(frame.attrs.get("layer") or path.stem)


def in_area(
    table: pd.DataFrame,
    *,
    codes: Iterable[str] = (),
    epcis: Iterable[str] = (),
    departements: Iterable[str] = (),
) -> list[str]:
    """List the communes of a table that belong to the asked codes, intercommunalités or départements, in order."""
    chosen = (
        table["code"].isin(list(codes))
        | table["epci"].isin(list(epcis))
        | table["departement"].isin(list(departements))
    ) & table["type"].eq("commune")
    return list(table.loc[chosen, "code"])
