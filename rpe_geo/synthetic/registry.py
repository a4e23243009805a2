"""A registry of any size on any territory, with no real person in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random

from rpe_geo.domain import Childminder, Facility, Mam, Request
from rpe_geo.errors import InputError
from rpe_geo.formats.records import write_childminders, write_facilities, write_mams, write_requests
from rpe_geo.parameters import parameter_table
from rpe_geo.protocols import Progress
from rpe_geo.synthetic.childminders import ChildminderMaker, invent_mams
from rpe_geo.synthetic.facilities import invent_facilities
from rpe_geo.synthetic.families import invent_requests
from rpe_geo.synthetic.output import make_folder
from rpe_geo.synthetic.places import Place
from rpe_geo.synthetic.schools import Schools

__all__ = ["Registry", "make_registry", "write_registry"]


@dataclass(frozen=True)
class Registry:
    """Everything that an RPE keeps, invented."""

    childminders: tuple[Childminder, ...]
    mams: tuple[Mam, ...]
    facilities: tuple[Facility, ...]
    requests: tuple[Request, ...]


def make_registry(
    places: Sequence[Place],
    *,
    childminders: int,
    requests: int,
    seed: int = 0,
    on: date | None = None,
    facilities: Sequence[Facility] | None = None,
    progress: Progress | None = None,
) -> Registry:
    """
    Invent a registry.

    Parameters
    ----------
    places
        Addresses or points of the territory; homes, MAM and work places are drawn from them.
    childminders, requests
        How many of each.
    seed
        The same places, seed and day give the same registry.
    on
        The day that is today, today itself when absent.
    facilities
        Those of the territory when they are known; invented otherwise.
    progress
        Told where the work stands.

    Returns
    -------
    Registry

    Raises
    ------
    InputError
        Without places, or for a negative number.

    Notes
    -----
    Contracts keep to the limits of the law by construction: each place holds one child at a time, weeks are of 47.5 hours and days of
    13 at most, and own children are set against the places. A small known share breaks the 48 hours, as in real registries.
    """
    if not places:
        raise InputError("synthetic_no_places", directory="")
    if childminders < 0 or requests < 0:
        raise InputError("synthetic_count_negative", value=min(childminders, requests))
    today = on or date.today()  # noqa: DTZ011 - the local calendar day of the person at the keyboard
    parameters = parameter_table("synthetic", today)
    # Each part has its own chance: more requests never change the childminders.
    rngs = [Random(f"{seed}-{part}") for part in ("mams", "childminders", "facilities", "requests")]  # noqa: S311
    mams = invent_mams(places, childminders, parameters, rngs[0])
    if facilities is None:
        facilities = invent_facilities(places, childminders, parameters, rngs[2])
    schools = Schools(facilities)
    maker = ChildminderMaker(parameters, today, rngs[1], schools, max(4, len(str(childminders))))
    made: list[Childminder] = []
    for mam, place, members in mams:
        made.extend(
            maker.make(len(made) + 1, place, mam, (members, rank)) for rank in range(members)
        )
    while len(made) < childminders:
        made.append(maker.make(len(made) + 1, places[rngs[1].randrange(len(places))]))
        if progress and len(made) % 1_000 == 0:
            progress("synthetic_childminders", len(made), childminders)
    asked = invent_requests(places, requests, parameters, today, rngs[3], schools)
    return Registry(tuple(made), tuple(mam for mam, *_ in mams), tuple(facilities), tuple(asked))


def write_registry(registry: Registry, directory: Path) -> list[Path]:
    """
    Write a registry in the formats that `rpe-geo import` reads.

    Parameters
    ----------
    registry
        What to write.
    directory
        Made when missing.

    Returns
    -------
    list of Path
        `childminders.json, mams.json, facilities.json, requests.json`.

    Raises
    ------
    InputError
        When the folder cannot be made.
    """
    make_folder(directory)
    write_childminders(registry.childminders, directory / "childminders.json")
    write_mams(registry.mams, directory / "mams.json")
    write_facilities(registry.facilities, directory / "facilities.json")
    write_requests(registry.requests, directory / "requests.json")
    return [
        directory / f"{name}.json" for name in ("childminders", "mams", "facilities", "requests")
    ]
