"""The open data of communes, each file read once and set on the communes of today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.observatory.census_children import census_year
from rpe_geo.observatory.inputs import (
    Births,
    CommuneInputs,
    Communes,
    OfficialTable,
    Study,
    asked_communes,
    computed_codes,
)
from rpe_geo.observatory.results import Note, Source
from rpe_geo.open_data.commune_codes import former_codes, on_todays_communes
from rpe_geo.open_data.contours import PolygonFile, read_contours
from rpe_geo.open_data.national_tables import (
    read_births,
    read_communes,
    read_places,
    read_rates,
    year_in_name,
)

__all__ = [
    "CommuneFiles",
    "read_commune_inputs",
]


_FAR_DEGREES = 0.05
"""Degrees between a contour and the centre of its commune from which both cannot be true (4 km)."""

_MARGIN_DEGREES = 0.4
"""No commune of métropole reaches farther than this from its centre (Arles, Saintes-Maries)."""

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class CommuneFiles:
    """
    The open data of a run; all but the communes may be missing.

    Parameters
    ----------
    communes, contours
        Communes with their figures, and their polygons.
    places, births, rates
        CNAF places and rates, INSEE births, at every level; without them the columns of `communes` are used.
    cog
        Code officiel géographique, to find the communes that merged.
    contours_layer
        Layer of the contours, in a file that holds several.
    crs
        Coordinate system of contours that declare none.
    """

    communes: Path
    contours: Path | None = None
    places: Path | None = None
    births: Path | None = None
    rates: Path | None = None
    cog: Path | None = None
    contours_layer: str | None = None
    crs: str | None = None


def read_commune_inputs(
    files: CommuneFiles, study: Study, *, around: Bounds | None = None
) -> CommuneInputs:
    """
    Read the open data of communes, each file once.

    Parameters
    ----------
    files
        The open data.
    study
        What is asked: the year of the places, and the communes whose polygons are wanted.
    around
        Where zones inside communes are measured (west, south, east, north): polygons are then those of the communes that may
        hold them, and published rates are not read.

    Returns
    -------
    CommuneInputs
        Everything on the communes of today.

    Raises
    ------
    InputError
        For files that cannot be used, years that do not match, and codes that are unknown.
    """
    communes = read_communes(files.communes)
    former = former_codes(files.cog) if files.cog else {}
    asked = None
    if around is None:
        asked = asked_communes(communes, study.codes, study.departements, former)
    official, places_notes = _official_places(files, communes, study.year, former)
    rates = None
    # Published rates are those of all communes: a part of them is not compared.
    if (
        official is not None
        and files.rates
        and asked is not None
        and len(asked) == len(communes.table)
    ):
        rates = read_rates(files.rates)
    births, rates_births, births_notes = _births(files, communes, study.year, former, rates)
    shapes: gpd.GeoSeries | None = None
    shape_notes: list[Note] = []
    if files.contours is not None:
        drawn = asked if asked is not None else _near(communes, around)
        source = PolygonFile(files.contours, files.contours_layer, files.crs)
        shapes, shape_notes = _shapes(source, drawn, communes)
    return CommuneInputs(
        communes=communes,
        births=births,
        official=official,
        former=former,
        shapes=shapes,
        rates=rates,
        rates_births=rates_births,
        sources=_commune_sources(
            files,
            study.year,
            births.years,
            census_year(communes.table.columns, births.years[2], study.year),
        ),
        notes=(*births_notes, *places_notes),
        shape_notes=tuple(shape_notes),
        files={"communes": files.communes.name},
    )


def _near(communes: Communes, around: Bounds | None) -> pd.Index:
    """List the communes and arrondissements whose centre is near enough for them to reach into a box."""
    both = pd.concat([communes.table, communes.boroughs])
    west, south, east, north = around or (-180.0, -90.0, 180.0, 90.0)
    inside = both["longitude"].between(west - _MARGIN_DEGREES, east + _MARGIN_DEGREES)
    inside &= both["latitude"].between(south - _MARGIN_DEGREES, north + _MARGIN_DEGREES)
    return both.index[inside]


def _shapes(
    source: PolygonFile, codes: pd.Index, communes: Communes
) -> tuple[gpd.GeoSeries, list[Note]]:
    """Read the polygons of the communes asked for; say how many have none, and refuse those that lie elsewhere."""
    shapes, notes = read_contours(source, list(codes))
    where = Where(file=source.path.name)
    absent = codes.difference(shapes.index)
    if len(absent) == len(codes):
        raise InvalidFile("contours_unmatched", where=where, first=str(codes[0]))
    if len(absent) and codes.isin(communes.table.index).all():
        notes.append(Note("zones_empty", {"count": len(absent), "first": str(absent[0])}))
    _refuse_elsewhere(shapes, communes, where)
    return shapes, notes


def _refuse_elsewhere(shapes: gpd.GeoSeries, communes: Communes, where: Where) -> None:
    """Refuse contours that mostly lie far from the centres of their communes: their coordinate system is not the one told."""
    west, south, east, north = shapes.bounds.to_numpy().T
    both = pd.concat([communes.table, communes.boroughs])
    x, y = both.reindex(shapes.index)[["longitude", "latitude"]].to_numpy(float).T
    off = np.max([west - x, x - east, south - y, y - north], axis=0)
    known = np.flatnonzero(np.isfinite(off))
    if not len(known) or (off[known] > _FAR_DEGREES).mean() < 0.5:
        return
    first = known[np.argmax(off[known])]
    raise InvalidFile(
        "contours_elsewhere",
        where=where,
        code=str(shapes.index[first]),
        x=f"{west[first]:.3f}",
        y=f"{south[first]:.3f}",
        longitude=f"{x[first]:.3f}",
        latitude=f"{y[first]:.3f}",
    )


def _official_places(
    files: CommuneFiles, communes: Communes, year: int, former: Mapping[str, str]
) -> tuple[OfficialTable | None, list[Note]]:
    """
    Read the published places, if given, on the communes of today; their year must be the one asked for.

    Parameters
    ----------
    files
        The open data.
    communes
        The communes of today.
    year
        Year of the places.
    former
        Former code → code of today.

    Returns
    -------
    tuple
        The places (None when no file is given), and what was merged or unknown.

    Raises
    ------
    InvalidFile
        When they are of another year, or of none of the communes.
    """
    if files.places is None:
        return None, []
    official = read_places(files.places)
    if official.year is not None and official.year != year:
        raise InvalidFile(
            "places_year",
            where=Where(file=files.places.name),
            found=str(official.year),
            year=str(year),
        )
    known = computed_codes(communes)
    cities = set(communes.boroughs["commune"])
    own, notes = on_todays_communes(official.communes, known, former, files.places, cities=cities)
    if official.year is None:
        values = {"file": files.places.name, "year": str(year)}
        notes.append(Note("places_year_unknown", values))
    estimated = frozenset(former.get(code, code) for code in official.estimated)
    return replace(official, communes=own, estimated=estimated), notes


def _births(
    files: CommuneFiles,
    communes: Communes,
    year: int,
    former: Mapping[str, str],
    rates: OfficialTable | None,
) -> tuple[Births, Births, list[Note]]:
    """
    Read births on the communes of today, and those of the years of published rates as the file has them.

    Without a file the columns of the communes are summed; the nearest three years when the right ones are missing.
    """
    if files.births is None:
        births, notes = _births_of_columns(files, communes, year)
        return births, births, notes
    rates_year = rates.year if rates is not None and rates.year else year
    births, rates_births = read_births(files.births, (year, rates_year))
    known = computed_codes(communes)
    cities = set(communes.boroughs["commune"])
    by_year, notes = on_todays_communes(births.by_year, known, former, files.births, cities=cities)
    three = by_year[list(births.years)]
    own = replace(
        births,
        communes=three.sum(axis=1, min_count=3),
        by_age=three.set_axis([2, 1, 0], axis=1),
        by_year=by_year,
    )
    return own, rates_births, notes


def _births_of_columns(
    files: CommuneFiles, communes: Communes, year: int
) -> tuple[Births, list[Note]]:
    """Sum the columns `naissYY` of the communes; the nearest three years when the right ones are missing."""
    both = pd.concat([communes.table, communes.boroughs])
    present = sorted(
        2000 + int(name[5:]) for name in both.columns if name[:5] == "naiss" and name[5:].isdigit()
    )
    triples = [(y - 2, y - 1, y) for y in present if {y - 2, y - 1} <= set(present)]
    if not triples:
        raise InvalidFile(
            "years_missing",
            where=Where(file=files.communes.name),
            years=[str(y) for y in (year - 2, year - 1, year)],
            present="aucune",
            year=str(year),
        )
    years = min(triples, key=lambda triple: abs(triple[2] - year))
    summed = both[[f"naiss{y % 100:02d}" for y in years]].sum(axis=1, min_count=3)
    notes = []
    if years[2] != year:
        wanted = [str(y) for y in (year - 2, year - 1, year) if y not in present]
        notes.append(
            Note(
                "births_shifted", {"wanted": wanted, "first": str(years[0]), "last": str(years[2])}
            )
        )
    empty = pd.Series(dtype=np.float64)
    by_age = both[[f"naiss{y % 100:02d}" for y in years]].set_axis([2, 1, 0], axis=1)
    by_year = both[[f"naiss{y % 100:02d}" for y in present]].set_axis(present, axis=1)
    return (
        Births(years, summed, empty, empty, float("nan"), by_age=by_age, by_year=by_year),
        notes,
    )


def _year(path: Path | None) -> str:
    """Read the year of a source in the name of its file; nothing where it does not say it."""
    year = None if path is None else year_in_name(path)
    return "" if year is None else str(year)


def _commune_sources(
    files: CommuneFiles, year: int, years: tuple[int, int, int], census: int | None
) -> tuple[Source, ...]:
    """Name the producers of the open data used, and the years that were read."""
    licence = "Licence Ouverte 2.0"
    known = (
        (
            files.communes,
            "Communes, populations et intercommunalités",
            "INSEE, CNAF, DREES",
            str(year),
        ),
        (
            files.communes if census is not None else None,
            "Population par âge détaillé (0, 1 et 2 ans)",
            "INSEE",
            str(census),
        ),
        (files.contours, "Contours des communes", "IGN", _year(files.contours)),
        (files.places, "Places offertes aux enfants de moins de trois ans", "CNAF", str(year)),
        (files.births, "Naissances domiciliées (état civil)", "INSEE", f"{years[0]}–{years[2]}"),
        (files.rates, "Taux de couverture global", "CNAF", _year(files.rates)),
        (files.cog, "Code officiel géographique", "INSEE", _year(files.cog)),
    )
    return tuple(
        Source(title, producer, licence, when, path.name)
        for path, title, producer, when in known
        if path is not None
    )
