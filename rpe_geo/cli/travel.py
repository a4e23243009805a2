"""`rpe-geo matrix` and `rpe-geo isochrone`."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import typer

from rpe_geo.cli.left_out import write_left_out
from rpe_geo.cli.screen import progress_bar, write_whole
from rpe_geo.crs import WGS84
from rpe_geo.csv_text import decimal, decoded, separator_of
from rpe_geo.errors import InputError, InvalidFile, InvalidRecord, Where
from rpe_geo.formats.faults import FaultLog, RecordsRefused, RowFault
from rpe_geo.messages import explain
from rpe_geo.messages.french import metres
from rpe_geo.protocols import Mode
from rpe_geo.settings import Settings
from rpe_geo.travel.points import check_coordinates, check_cutoff, degrees
from rpe_geo.travel.street import MAX_CUTOFF_MIN, StreetEngine

__all__ = ["register"]

_MODES: tuple[Mode, ...] = get_args(Mode)
_COLUMNS = ("id", "longitude", "latitude")
_ORIGINS_AT_ONCE = 250

TerritoryOption = Annotated[
    Path | None,
    typer.Option(help="Dossier du territoire (à défaut, le réglage RPE_TERRITORY)."),
]
ModeOption = Annotated[str, typer.Option(help="walk, pushchair, bike, car ou transit.")]
ProfileOption = Annotated[
    str,
    typer.Option(
        help="Ancien nom du mode : « --mode walk --profile pushchair » vaut « --mode pushchair »."
    ),
]
DepartOption = Annotated[
    str | None,
    typer.Option(help="Départ en transport en commun, heure locale : 2026-12-01T08:00."),
]
ArriveOption = Annotated[
    str | None,
    typer.Option(
        help="Arrivée en transport en commun : l’heure à laquelle il faut être là, au lieu du départ."
    ),
]
StrictOption = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Refuser le calcul si un point est trop loin de toute rue, au lieu de l’écarter.",
    ),
]
WindowOption = Annotated[
    int | None,
    typer.Option(
        help="Transport en commun : décrire les départs de tant de minutes, un par minute (médiane, 90e centile, "
        "correspondances)."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(matrix)
    app.command()(isochrone)


def matrix(
    origins: Annotated[Path, typer.Argument(help="Origines : id, longitude, latitude (.csv).")],
    destinations: Annotated[
        Path, typer.Argument(help="Destinations : id, longitude, latitude (.csv).")
    ],
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            help="Résultat (.csv ou .parquet) : origin_id, destination_id, minutes.",
        ),
    ],
    mode: ModeOption,
    territory: TerritoryOption = None,
    cutoff: Annotated[float, typer.Option(help="Temps maximal en minutes, de 1 à 720.")] = 30.0,
    depart: DepartOption = None,
    arrive: ArriveOption = None,
    window: WindowOption = None,
    profile: ProfileOption = "standard",
    strict: StrictOption = False,
) -> None:
    """Calculer les temps de trajet entre des points, de porte à porte."""
    chosen = _mode(mode, profile)
    check_cutoff(cutoff, MAX_CUTOFF_MIN)
    if output.suffix not in {".csv", ".parquet"}:
        raise InvalidFile(
            "output_ending", where=Where(file=str(output)), endings=".csv ou .parquet"
        )
    departure, arrival = _departure(depart), _departure(arrive)
    if departure is not None and arrival is not None:
        raise InputError("departure_and_arrival")
    if window is not None:
        if chosen != "transit" or arrival is not None:
            raise InputError("window_without_transit")
        check_cutoff(window, MAX_CUTOFF_MIN)
    start, stop = _read_both(origins, destinations)
    engine = _open(territory, profile)
    start, far_origins = _near_streets(engine, start, chosen, origins, strict=strict)
    stop, far_destinations = _near_streets(engine, stop, chosen, destinations, strict=strict)
    tables: list[pd.DataFrame] = [_nothing(window)]
    with progress_bar() as progress:
        for begin in range(0, len(start), _ORIGINS_AT_ONCE):
            part = start.iloc[begin : begin + _ORIGINS_AT_ONCE]
            try:
                tables.append(
                    _times(engine, part, stop, chosen, cutoff, departure, arrival)
                    if window is None
                    else _window(engine, part, stop, cutoff, departure, window)
                )
            except InputError as error:
                point = str(error.values["point"]) if "point" in error.values else ""
                raise error.at(file=_file_of(point, {origins: part, destinations: stop})) from None
            progress("matrix_rows", min(begin + _ORIGINS_AT_ONCE, len(start)), len(start))
    found = [table for table in tables if len(table)] or tables[:1]
    write_whole(output, _encoded(pd.concat(found, ignore_index=True), output))
    write_left_out(output, [far_origins, far_destinations])


def _nothing(window: int | None) -> pd.DataFrame:
    """Return the columns of a result without rows."""
    names = ["origin_id", "destination_id", "minutes"]
    return pd.DataFrame(columns=names if window is None else [*names, "p90_minutes", "transfers"])


def _read_both(origins: Path, destinations: Path) -> tuple[gpd.GeoSeries, gpd.GeoSeries]:
    """Read both files of points; the faults of both are told at once."""
    found: list[gpd.GeoSeries] = []
    faults: list[RowFault] = []
    for path in (origins, destinations):
        try:
            found.append(read_points(path))
        except RecordsRefused as error:
            faults.extend(error.faults)
    faults = list({(str(fault.where), fault.code): fault for fault in faults}.values())
    if len(faults) > 1:
        for fault in faults:
            typer.echo(explain(fault), err=True)
        raise typer.Exit(2)
    if faults:
        raise RecordsRefused.because(faults)
    return found[0], found[1]


def _near_streets(
    engine: StreetEngine, points: gpd.GeoSeries, mode: Mode, file: Path, *, strict: bool
) -> tuple[gpd.GeoSeries, pd.DataFrame]:
    """Part the points that lie near a street from those that do not; with `strict` the latter are refused."""
    far = engine.left_out(points, mode=mode)
    if strict and len(far):
        for point, row in list(far.iterrows())[1:]:
            typer.echo(explain(_too_far(point, row, file)), err=True)
        raise _too_far(far.index[0], far.iloc[0], file)
    return points.drop(far.index), far


def _too_far(point: Any, row: pd.Series, file: Path) -> InputError:
    return InputError(
        "point_too_far",
        where=Where(file=str(file)),
        point=str(point),
        longitude=degrees(float(row["longitude"])),
        latitude=degrees(float(row["latitude"])),
        distance=metres(float(row["distance_m"])),
        limit=metres(float(row["limit_m"])),
    )


def _times(
    engine: StreetEngine,
    origins: gpd.GeoSeries,
    destinations: gpd.GeoSeries,
    mode: Mode,
    cutoff_min: float,
    departure: datetime | None,
    arrival: datetime | None,
) -> pd.DataFrame:
    """List the pairs within the cutoff, in the order of the files."""
    minutes = engine.travel_times(
        origins,
        destinations,
        mode=mode,
        cutoff_min=cutoff_min,
        departure=departure,
        arrival=arrival,
    ).to_numpy()
    row, column = np.nonzero(np.isfinite(minutes))
    return pd.DataFrame(
        {
            "origin_id": origins.index.to_numpy()[row],
            "destination_id": destinations.index.to_numpy()[column],
            "minutes": np.round(minutes[row, column], 4),
        }
    )


def _window(
    engine: StreetEngine,
    origins: gpd.GeoSeries,
    destinations: gpd.GeoSeries,
    cutoff_min: float,
    departure: datetime | None,
    window_min: int,
) -> pd.DataFrame:
    """List the pairs that half of the departures reach within the cutoff."""
    table = engine.transit_profile(
        origins, destinations, departure=departure, window_min=window_min, cutoff_min=cutoff_min
    )
    table = table[np.isfinite(table["median_min"])].reset_index(drop=True)
    late = np.isinf(table["p90_min"])
    return pd.DataFrame(
        {
            "origin_id": table["origin_id"],
            "destination_id": table["destination_id"],
            "minutes": table["median_min"].round(4),
            "p90_minutes": table["p90_min"].mask(late).round(4),
            "transfers": table["transfers"],
        }
    )


def isochrone(
    at: Annotated[str, typer.Option(help="Point de départ : LONGITUDE,LATITUDE.")],
    mode: ModeOption,
    output: Annotated[Path, typer.Option("-o", "--output", help="Résultat (.geojson).")],
    minutes: Annotated[str, typer.Option(help="Minutes, séparées par des virgules.")] = "5,10,15",
    territory: TerritoryOption = None,
    depart: DepartOption = None,
    profile: ProfileOption = "standard",
) -> None:
    """Dessiner ce que l’on atteint en un temps donné."""
    chosen = _mode(mode, profile)
    origin = _point(at)
    wanted = _numbers(minutes)
    departure = _departure(depart)
    engine = _open(territory, profile)
    areas = engine.isochrones(origin, mode=chosen, minutes=wanted, departure=departure)
    areas["mode"] = chosen
    text = areas[["minutes", "mode", "geometry"]].to_json(drop_id=True, show_bbox=False)
    write_whole(output, text)


def read_points(path: Path) -> gpd.GeoSeries:
    """
    Read points from a CSV with the columns id, longitude, latitude.

    Parameters
    ----------
    path
        The file; commas or semicolons, decimal points or commas.

    Returns
    -------
    GeoSeries
        Points (EPSG:4326) indexed by id, as text.

    Raises
    ------
    InputError
        `RecordsRefused` with every fault, each naming file, row and field.
    """
    file = str(path)
    if not path.is_file():
        raise InvalidFile("file_missing", where=Where(file=file))
    text = decoded(path.read_bytes(), Where(file=file))
    if not text.strip():
        raise InvalidFile("file_empty", where=Where(file=file))
    rows = csv.DictReader(io.StringIO(text), delimiter=separator_of(text, _COLUMNS))
    columns = [name.strip() for name in rows.fieldnames or []]
    rows.fieldnames = columns
    for name in _COLUMNS:
        if name not in columns:
            raise InvalidFile(
                "points_column_missing", where=Where(file=file, field=name), found=columns
            )
    log = FaultLog()
    ids: dict[str, tuple[float, float]] = {}
    for number, row in enumerate(rows, start=1):
        identity = (row["id"] or "").strip()
        if not identity:
            log.refuse(Where(file, number, "id"), "point_id_empty")
            continue
        if identity in ids:
            log.refuse(Where(file, number, "id"), "point_id_twice", point=identity)
            continue
        ids[identity] = (np.nan, np.nan)
        try:
            longitude = _degrees(row["longitude"], Where(file, number, "longitude"), identity)
            latitude = _degrees(row["latitude"], Where(file, number, "latitude"), identity)
            check_coordinates(longitude, latitude, row=number, point=identity)
        except InputError as error:
            log.refuse_error(error.at(file=file).where, error)
        else:
            ids[identity] = (longitude, latitude)
    if log.faults:
        raise RecordsRefused.because(log.faults)
    if not ids:
        raise InvalidFile("points_none", where=Where(file=file))
    longitudes, latitudes = zip(*ids.values(), strict=True)
    return gpd.GeoSeries(
        gpd.points_from_xy(longitudes, latitudes), index=pd.Index(list(ids), name="id"), crs=WGS84
    )


def _degrees(text: str | None, where: Where, point: str) -> float:
    try:
        value = decimal(text or "")
    except ValueError:
        raise InvalidRecord("coordinates_missing", where=where, point=point) from None
    if not np.isfinite(value):
        raise InvalidRecord("coordinates_missing", where=where, point=point)
    return value


def _file_of(point: str, files: dict[Path, gpd.GeoSeries]) -> str | None:
    """Say which file a point stands in."""
    return next((str(path) for path, points in files.items() if point in points.index), None)


def _mode(text: str, profile: str) -> Mode:
    """Read the mode; `--profile pushchair` is the old name of the mode of that name."""
    if profile not in {"standard", "pushchair"}:
        raise InputError("profile_unknown", profile=profile)
    for mode in _MODES:
        if text == mode:
            return "pushchair" if mode == "walk" and profile == "pushchair" else mode
    raise InputError("mode_unknown", mode=text, modes=list(_MODES))


def _departure(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise InputError("departure_unreadable", text=text) from None


def _point(text: str) -> shapely.Point:
    parts = text.split(",")
    try:
        longitude, latitude = (float(part) for part in parts)
    except ValueError:
        raise InputError("at_unreadable", text=text) from None
    check_coordinates(longitude, latitude, point=text)
    return shapely.Point(longitude, latitude)


def _numbers(text: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError("isochrone_minutes_unreadable", text=text) from None
    for value in numbers:
        check_cutoff(value, MAX_CUTOFF_MIN)
    return numbers


def _open(territory: Path | None, profile: str) -> StreetEngine:
    folder = territory or Settings().territory
    if folder is None:
        raise InputError("territory_not_set")
    if not folder.is_dir():
        raise InvalidFile("territory_missing", directory=str(folder))
    return StreetEngine(folder / "streets", pushchair=profile == "pushchair")


def _encoded(table: pd.DataFrame, output: Path) -> bytes:
    if output.suffix == ".parquet":
        stream = io.BytesIO()
        table.to_parquet(stream, index=False)
        return stream.getvalue()
    return table.to_csv(index=False, lineterminator="\n").encode()
