"""Where invented people live: addresses of a territory, or points along its streets."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import shapely

from rpe_geo.errors import InputError, InvalidFile

if TYPE_CHECKING:
    from rpe_geo.geocoding.store import AddressStore

__all__ = ["Place", "demonstration_folder", "demonstration_places", "places_of_territory"]

_STREETS_READ = 40_000
_HOMES = frozenset(
    {"residential", "living_street", "unclassified", "tertiary", "secondary", "road", "pedestrian"}
)


@dataclass(frozen=True, slots=True)
class Place:
    """
    A place to live or to work.

    Parameters
    ----------
    longitude, latitude
        EPSG:4326.
    label
        Number, street, postcode, commune; empty for a bare point.
    """

    longitude: float
    latitude: float
    label: str = ""
    code_commune: str = ""


def demonstration_folder() -> Path:
    """
    Name the folder of the territory's files in this checkout.

    Returns
    -------
    Path
        With `streets.osm.pbf`, `addresses.csv.gz`, `communes.parquet`, `contours.parquet`, `communes-cog.json.gz`.

    Raises
    ------
    InvalidFile
        When the files are not there.
    """
    folder = Path(__file__).resolve().parents[2] / "data" / "communes" / "demonstration"
    if not (folder / "addresses.csv.gz").is_file():
        raise InvalidFile("demonstration_missing", directory=str(folder))
    return folder


def demonstration_places() -> list[Place]:
    """List the addresses of the demonstration territory."""
    return places_of_ban(demonstration_folder() / "addresses.csv.gz")


def places_of_ban(path: Path) -> list[Place]:
    """
    Read every address of a file in the BAN format.

    Parameters
    ----------
    path
        `.csv.gz` with semicolons.

    Returns
    -------
    list of Place
    """
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        return [
            Place(
                float(row["lon"]),
                float(row["lat"]),
                f"{row['numero']}{' ' + row['rep'] if row['rep'] else ''} {row['nom_voie']} {row['code_postal']} {row['nom_commune']}",
                row["code_insee"],
            )
            for row in csv.DictReader(stream, delimiter=";")
        ]


def _indexed(store: AddressStore, numbers: Iterator[int]) -> Iterator[Place]:
    for number in numbers:
        street = store.street(number)
        commune = store.communes[street.commune]
        for plate in street.plates:
            suffix = f" {plate.suffix}" if plate.suffix else ""
            yield Place(
                plate.longitude,
                plate.latitude,
                f"{plate.number}{suffix} {street.name} {street.postcode} {commune.city}",
                commune.code,
            )


def places_of_territory(directory: Path, seed: int = 0) -> list[Place]:
    """
    List the addresses of a territory, or points along its streets where it has no addresses.

    Parameters
    ----------
    directory
        A folder made by `rpe-geo territory build`.
    seed
        Chooses which streets are read where the territory has very many of them.

    Returns
    -------
    list of Place
        In an order that depends on the territory and the seed only.

    Raises
    ------
    InputError
        When the territory has neither addresses nor streets.
    """
    # Drawing the demonstration needs neither the geocoder nor the network.
    from rpe_geo.geocoding.store import AddressStore

    if (directory / "addresses").is_dir():
        store = AddressStore(directory / "addresses")
        try:
            numbers = list(range(1, int(store.manifest["streets"]) + 1))
            if len(numbers) > _STREETS_READ:
                Random(seed).shuffle(numbers)  # noqa: S311 - chance of a simulation
            places = list(_indexed(store, islice(iter(numbers), _STREETS_READ)))
        finally:
            store.close()
        if places:
            return places
    if (directory / "streets").is_dir():
        return places_of_streets(directory / "streets", seed)
    raise InputError("synthetic_no_places", directory=str(directory))


def places_of_streets(directory: Path, seed: int = 0, spacing_m: float = 18.0) -> list[Place]:
    """
    Put points along the streets of a network.

    Parameters
    ----------
    directory
        A folder made by `build_streets`.
    seed
        Moves the points a little.
    spacing_m
        Mean distance between two.

    Returns
    -------
    list of Place
        Without labels.
    """
    from rpe_geo.travel.streets.network import street_lines

    streets = street_lines(directory)
    streets = streets[streets["class"].isin(_HOMES)]
    rng = np.random.default_rng([seed, 21])
    lines = streets.geometry.to_numpy()
    middle = float(np.median(shapely.get_y(shapely.centroid(lines)))) if len(lines) else 0.0
    stretch = np.cos(np.radians(middle))
    flat = shapely.transform(
        lines, lambda c: np.column_stack((c[:, 0] * stretch, c[:, 1])) * 111_195.0
    )
    counts = np.maximum((shapely.length(flat) / spacing_m).astype(int), 1)
    which = np.repeat(np.arange(len(lines)), counts)
    points = shapely.line_interpolate_point(flat[which], rng.random(len(which)), normalized=True)
    # Houses stand beside the street, not on it.
    x = shapely.get_x(points) + rng.normal(0, 8, len(which))
    y = shapely.get_y(points) + rng.normal(0, 8, len(which))
    return [
        Place(round(float(lon), 6), round(float(lat), 6))
        for lon, lat in zip(x / 111_195.0 / stretch, y / 111_195.0, strict=True)
    ]
