"""What only the whole file shows, or only a person can judge: ids twice, swapped coordinates, rare words and ages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from math import lcm
from typing import Any

import numpy as np

from rpe_geo.domain import FUNCTIONAL_NEEDS, Childminder, Facility, Mam, Request, months_after
from rpe_geo.errors import Where
from rpe_geo.formats.faults import FaultLog, Origin
from rpe_geo.schedule import CYCLE_WEEKS_MAX, QUARTERS_PER_DAY, monday_of

__all__ = ["check_ids", "check_places", "check_records", "id_of", "in_france"]

_FRANCE = (
    # south, west, north, east
    (41.0, -6.0, 52.0, 10.0),  # métropole
    (14.0, -63.5, 18.5, -60.5),  # Guadeloupe, Martinique, Saint-Martin, Saint-Barthélemy
    (2.0, -55.0, 6.0, -51.0),  # Guyane
    (-21.6, 55.0, -20.7, 56.0),  # La Réunion
    (-13.2, 44.8, -12.5, 45.5),  # Mayotte
    (46.6, -56.6, 47.3, -56.0),  # Saint-Pierre-et-Miquelon
    (-23.0, 163.0, -18.0, 169.0),  # Nouvelle-Calédonie
    (-28.0, -155.0, -7.0, -134.0),  # Polynésie française
    (-15.0, -179.0, -13.0, -176.0),  # Wallis-et-Futuna
)
_TWELVE_YEARS = 144
_TWELVE_MONTHS = 12
_LONGEST_YEAR = 53
_LONGEST_ID = 128


def id_of(record: Childminder | Mam | Facility | Request) -> tuple[str, str]:
    """Return the name of a record's identifier and its value."""
    match record:
        case Childminder():
            return "childminder_id", record.childminder_id
        case Mam():
            return "mam_id", record.mam_id
        case Facility():
            return "facility_id", record.facility_id
        case Request():
            return "request_id", record.request_id


def check_ids(ids: Mapping[tuple[str | None, int | None], str], name: str, log: FaultLog) -> None:
    """
    Refuse identifiers that a file uses twice, or that are no identifiers.

    Parameters
    ----------
    ids
        (file, row) → identifier, in the order of the file.
    name
        The field that holds it.
    log
        Receives a fault for the second and every later use, and for more than 128 characters.
    """
    first_rows: dict[str, int | None] = {}
    for (file, row), value in ids.items():
        if len(value) > _LONGEST_ID:
            log.refuse(Where(file, row, name), "id_too_long", limit=_LONGEST_ID)
        if value in first_rows:
            log.refuse(Where(file, row, name), "id_twice", value=value, first=first_rows[value])
        else:
            first_rows[value] = row


def check_records(records: Sequence[tuple[Any, Origin]], log: FaultLog) -> None:
    """
    Look at what only a person can judge, and at contracts that contradict each other.

    Parameters
    ----------
    records
        Each record with where it was read.
    log
        Receives faults and warnings.
    """
    for record, origin in records:
        match record:
            case Childminder():
                _check_childminder(record, origin, log)
            case Facility():
                _check_words(record.capabilities, origin, "capabilities", log)
            case Request():
                _check_request(record, origin, log)


def check_places(values: Any, origin: Origin, log: FaultLog) -> None:
    """
    Refuse coordinates that are swapped, and warn of those that are far from France.

    Parameters
    ----------
    values
        A record as a JSON object, faulty or not.
    origin
        Where it was read.
    log
        Receives the fault or the warning.
    """
    if not isinstance(values, Mapping):
        return
    for prefix in ("", "work_"):
        longitude, latitude = values.get(f"{prefix}longitude"), values.get(f"{prefix}latitude")
        if not isinstance(longitude, (int, float)) or not isinstance(latitude, (int, float)):
            continue
        where = origin.at(f"{prefix}latitude")
        shown = {"latitude": f"{latitude:g}", "longitude": f"{longitude:g}"}
        if in_france(latitude, longitude):
            continue
        if in_france(longitude, latitude):
            log.refuse(where, "coordinates_swapped", **shown)
        elif abs(latitude) <= 90 and abs(longitude) <= 180:
            log.note(where, "coordinates_far", **shown)


def in_france(latitude: float, longitude: float) -> bool:
    """Say whether a point is in the box of métropole or of an overseas territory, in degrees."""
    return any(
        south <= latitude <= north and west <= longitude <= east
        for south, west, north, east in _FRANCE
    )


def _check_words(words: frozenset[str], origin: Origin, name: str, log: FaultLog) -> None:
    for word in sorted(words - FUNCTIONAL_NEEDS):
        log.note(origin.at(name), "capability_unknown", value=word)


def _check_childminder(record: Childminder, origin: Origin, log: FaultLog) -> None:
    _check_words(record.capabilities, origin, "capabilities", log)
    if record.agrement.places > 4:
        log.note(origin.at("agrement.places"), "agrement_above_four", value=record.agrement.places)
    if record.mam_id is not None and len(record.mam_id) > _LONGEST_ID:
        log.refuse(origin.at("mam_id"), "id_too_long", limit=_LONGEST_ID)
    seen: set[str] = set()
    for number, contract in enumerate(record.contracts or (), start=1):
        if contract.contract_id in seen:
            log.refuse(
                origin.at(f"contracts[{number}].contract_id"),
                "contract_twice",
                value=contract.contract_id,
            )
        seen.add(contract.contract_id)
        weeks = contract.weeks_per_year
        if weeks is not None and not 0 < weeks <= _LONGEST_YEAR:
            log.refuse(
                origin.at(f"contracts[{number}].weeks_per_year"),
                "weeks_per_year_range",
                value=weeks,
                limit=_LONGEST_YEAR,
            )
    together = [one.hours for one in record.availabilities or ()]
    if record.working_hours is not None:
        together.append(record.working_hours)
    weeks_together = lcm(*map(len, together))
    if weeks_together > CYCLE_WEEKS_MAX:
        log.refuse(
            origin.at("availabilities"),
            "cycles_too_long_together",
            weeks=weeks_together,
            limit=CYCLE_WEEKS_MAX,
        )
    crowd = _first_crowd(record)
    if crowd is not None:
        log.note(
            origin.at("contracts"),
            "contracts_beyond_places",
            since=crowd[0],
            children=crowd[1],
            places=record.agrement.places,
        )


def _first_crowd(record: Childminder) -> tuple[date, int] | None:
    """Find the first start of a contract from which more children than places are together, and how many."""
    places = record.agrement.places
    for day in sorted({contract.start for contract in record.contracts or ()}):
        there = [
            contract
            for contract in record.contracts or ()
            if contract.start <= day and (contract.end is None or contract.end >= day)
        ]
        if len(there) <= places:
            continue
        weeks = min(lcm(*(len(contract.presence) for contract in there)), CYCLE_WEEKS_MAX)
        together = np.zeros(7 * weeks * QUARTERS_PER_DAY, dtype=np.int16)
        for contract in there:
            together += contract.presence.presence(
                monday_of(day),
                7 * weeks,
                week_1=contract.start,
                start=contract.start,
                end=contract.end,
            )
        if together.max() > places:
            return day, int(together.max())
    return None


def _check_request(record: Request, origin: Origin, log: FaultLog) -> None:
    for number, child in enumerate(record.children, start=1):
        _check_words(child.needs, origin, f"children[{number}].needs", log)
        if months_after(child.birth_date, _TWELVE_YEARS) <= record.start:
            log.note(
                origin.at(f"children[{number}].birth_date"),
                "child_age",
                birth_date=child.birth_date,
            )
        elif child.birth_date > months_after(record.start, _TWELVE_MONTHS):
            log.note(
                origin.at(f"children[{number}].birth_date"),
                "birth_far",
                birth_date=child.birth_date,
            )
