"""A scenario as a difference: what opens, who is recruited, what closes, who retires, which hours change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
from shapely import Point

from rpe_geo.domain import Agrement, Childminder, Facility, Mam
from rpe_geo.errors import InputError, Where
from rpe_geo.schedule import Timetable

__all__ = ["Applied", "Change", "Scenario", "Supply", "apply_changes"]

_RECRUIT_PLACES_MAX = 4
_SPREAD_DEG_LAT = 0.006
"""Recruits stand on a spiral of some 650 m around the place named: where they will live is not known."""


@dataclass(frozen=True)
class Supply:
    """The providers of a registry."""

    childminders: tuple[Childminder, ...]
    mams: tuple[Mam, ...]
    facilities: tuple[Facility, ...]


@dataclass(frozen=True)
class Change:
    """
    One change of a scenario.

    Parameters
    ----------
    kind
        open, recruit, close, retire or change.
    place
        Where it opens or recruits, EPSG:4326; None for the others.
    values
        The other fields, as written.
    """

    kind: str
    values: Mapping[str, Any]
    place: Point | None = None


@dataclass(frozen=True)
class Scenario:
    """A title and its changes, in the order in which they are applied."""

    title: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Applied:
    """
    A supply after a scenario.

    Parameters
    ----------
    supply
        The providers then.
    free_places
        Places of facilities that the scenario makes known to be free, by id.
    recruits
        Ids of those whose home is not known.
    places_added, places_removed
        Places by the changes.
    cost
        Euros a year that the changes name, added up; None where none is named.
    """

    supply: Supply
    free_places: Mapping[str, int] = field(default_factory=dict)
    recruits: tuple[str, ...] = ()
    places_added: int = 0
    places_removed: int = 0
    cost: float | None = None


class _Registry:
    """The records by id, while changes are applied."""

    def __init__(self, supply: Supply) -> None:
        self.childminders = {one.childminder_id: one for one in supply.childminders}
        self.mams = {one.mam_id: one for one in supply.mams}
        self.facilities = {one.facility_id: one for one in supply.facilities}
        self.free: dict[str, int] = {}
        self.recruits: list[str] = []
        self.added = self.removed = 0
        self.cost: float | None = None

    def refuse_known(self, name: str, number: int) -> None:
        """Refuse to open under an id that exists."""
        if name in self.childminders or name in self.mams or name in self.facilities:
            raise InputError("scenario_id_known", where=_where(number, "id"), id=name)


def _where(number: int, name: str) -> Where:
    return Where(row=number, field=name)


def apply_changes(
    scenario: Scenario, supply: Supply, *, ages: Mapping[str, int] | None = None, on: date
) -> Applied:
    """
    Apply a scenario to a supply; the records that no change names stay the same objects, in the same order.

    Parameters
    ----------
    scenario
        Title and changes.
    supply
        The providers before.
    ages
        Year of birth by childminder id, for retirements by age.
    on
        Day from which ages are counted.

    Returns
    -------
    Applied
        The providers after.

    Raises
    ------
    InputError
        With the number of the change and its field.
    """
    registry = _Registry(supply)
    for number, change in enumerate(scenario.changes, start=1):
        match change.kind:
            case "open":
                _open(registry, change, number)
            case "recruit":
                _recruit(registry, change, number)
            case "close":
                _close(registry, change.values["ids"], number)
            case "retire":
                _close(registry, _retiring(registry, change, number, ages, on), number)
            case _:
                _alter(registry, change, number)
        cost = change.values.get("cost")
        if cost is not None:
            registry.cost = (registry.cost or 0.0) + float(cost)
    after = Supply(
        tuple(registry.childminders.values()),
        tuple(registry.mams.values()),
        tuple(registry.facilities.values()),
    )
    free = {name: places for name, places in registry.free.items() if places > 0}
    return Applied(
        after, free, tuple(registry.recruits), registry.added, registry.removed, registry.cost
    )


def _open(registry: _Registry, change: Change, number: int) -> None:
    values, place = change.values, change.place
    assert place is not None
    name = values.get("id") or f"scenario-{number}"
    registry.refuse_known(name, number)
    if values["what"] == "mam":
        registry.mams[name] = Mam(name, values.get("name", ""), longitude=place.x, latitude=place.y)
        _members(registry, change, number, name)
        return
    facility = Facility(
        name,
        values.get("kind") or "creche",
        values.get("name", ""),
        longitude=place.x,
        latitude=place.y,
        places=values["places"],
        opening_hours=values.get("opening_hours"),
    )
    registry.facilities[name] = facility
    registry.free[name] = values["places"]
    registry.added += values["places"]


def _members(registry: _Registry, change: Change, number: int, mam_id: str) -> None:
    """Fill a new MAM with childminders who share its places."""
    values = change.values
    places, members = values["places"], values.get("members") or -(-values["places"] // 4)
    if not 1 <= members <= 6 or places > 4 * min(members, 4):
        raise InputError(
            "scenario_mam_places", where=_where(number, "places"), places=places, members=members
        )
    for member in range(members):
        own = places // members + (member < places % members)
        if own:
            minder = _minder(f"{mam_id}-{member + 1}", own, values.get("opening_hours"), None)
            registry.childminders[minder.childminder_id] = replace(minder, mam_id=mam_id)
            registry.added += own


def _minder(name: str, places: int, hours: Timetable | None, place: Point | None) -> Childminder:
    return Childminder(
        name,
        Agrement(places),
        address="" if place is not None else "–",
        longitude=None if place is None else place.x,
        latitude=None if place is None else place.y,
        working_hours=hours,
        contracts=(),
    )


def _recruit(registry: _Registry, change: Change, number: int) -> None:
    values, place = change.values, change.place
    assert place is not None
    places = values["places"]
    if not 1 <= places <= _RECRUIT_PLACES_MAX:
        raise InputError(
            "scenario_recruit_places",
            where=_where(number, "places"),
            given=places,
            most=_RECRUIT_PLACES_MAX,
        )
    for rank in range(values["count"]):
        angle, radius = rank * np.pi * (3 - np.sqrt(5)), np.sqrt((rank + 0.5) / values["count"])
        north = _SPREAD_DEG_LAT * radius * np.cos(angle)
        east = _SPREAD_DEG_LAT * radius * np.sin(angle) / np.cos(np.radians(place.y))
        name = f"scenario-{number}-{rank + 1}"
        registry.refuse_known(name, number)
        home = Point(place.x + float(east), place.y + float(north))
        registry.childminders[name] = _minder(name, places, values.get("working_hours"), home)
        registry.recruits.append(name)
        registry.added += places


def _close(registry: _Registry, ids: tuple[str, ...], number: int) -> None:
    for name in ids:
        if name in registry.childminders:
            registry.removed += registry.childminders.pop(name).agrement.places_offered
        elif name in registry.facilities:
            gone = registry.facilities.pop(name)
            registry.removed += gone.places or 0
            registry.free.pop(name, None)
        elif name in registry.mams:
            del registry.mams[name]
            members = [one for one in registry.childminders.values() if one.mam_id == name]
            for member in members:
                del registry.childminders[member.childminder_id]
                registry.removed += member.agrement.places_offered
        else:
            raise InputError("scenario_id_unknown", where=_where(number, "close"), id=name)


def _retiring(
    registry: _Registry,
    change: Change,
    number: int,
    ages: Mapping[str, int] | None,
    on: date,
) -> tuple[str, ...]:
    """Find who leaves: by name, by the end of the agrément, or by age where ages are known."""
    values = change.values
    if "ids" in values:
        return tuple(values["ids"])
    if "agrement_ends_before" in values:
        last = values["agrement_ends_before"]
        return tuple(
            name
            for name, one in registry.childminders.items()
            if one.agrement.valid_until is not None and one.agrement.valid_until < last
        )
    if not ages:
        raise InputError("scenario_ages_unknown", where=_where(number, "retire"))
    return tuple(
        name
        for name in registry.childminders
        if name in ages and on.year - ages[name] > values["age_over"]
    )


def _alter(registry: _Registry, change: Change, number: int) -> None:
    """Give a provider other hours or places."""
    values = change.values
    name = values["id"]
    hours, places = values.get("hours"), values.get("places")
    if name in registry.childminders:
        minder = registry.childminders[name]
        if hours is not None:
            minder = replace(minder, working_hours=hours)
        if places is not None:
            moved = places - minder.agrement.places_offered
            registry.added += max(moved, 0)
            registry.removed += max(-moved, 0)
            most = max(places, minder.agrement.places)
            minder = replace(
                minder, agrement=replace(minder.agrement, places=most, places_offered=places)
            )
        registry.childminders[name] = minder
    elif name in registry.facilities:
        facility = registry.facilities[name]
        if hours is not None:
            facility = replace(facility, opening_hours=hours)
        if places is not None:
            moved = places - (facility.places or 0)
            registry.added += max(moved, 0)
            registry.removed += max(-moved, 0)
            registry.free[name] = registry.free.get(name, 0) + moved
            facility = replace(facility, places=places)
        registry.facilities[name] = facility
    else:
        raise InputError("scenario_id_unknown", where=_where(number, "change"), id=name)
