"""The trips of a day with one provider, in words: there and back, and to school."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import time
from typing import Protocol

from rpe_geo.messages.french import MODES, NBSP, minutes, typeset

__all__ = [
    "MESSAGES",
    "clock_time",
    "detour_said",
    "last_return_said",
    "legs_said",
    "return_said",
    "schools_said",
    "sides_said",
]

MESSAGES = {
    "trip_detour": "détour {morning}",
    "trip_detours": "détour {morning} le matin, {evening} le soir",
    "trip_return": "retour {evening}",
    "trip_morning": "Matin : {there} jusqu’à l’accueil, puis {onward} jusqu’au travail, {detour} de plus que sans s’arrêter",
    "trip_evening": "Soir : {there} jusqu’à l’accueil, puis {onward} jusqu’à la maison, {detour} de plus que sans s’arrêter",
    "trip_evening_home": "Soir : {onward} de l’accueil à la maison",
    "trip_legs": "En transports en commun : {legs}",
    "trip_on_foot": "{spent} à pied",
    "trip_last": "Dernier départ de l’accueil pour rentrer en transports en commun : {moment}",
    "trip_school": "{school} à {there} {mode}",
    "trip_school_both": "{school} à {there} {mode}, {back} au retour",
}

_SCHOOL = re.compile(r"^\W*[ée]cole\b", re.IGNORECASE)


class _Step(Protocol):
    """One step of a route; see `rpe_geo.protocols.RouteStep`."""

    @property
    def name(self) -> str: ...
    @property
    def mode(self) -> str: ...
    @property
    def distance_m(self) -> float: ...
    @property
    def travel_time_min(self) -> float: ...


class _Side(Protocol):
    """One side of the day; see `rpe_geo.verdicts.TripSide`."""

    @property
    def to_provider_min(self) -> float | None: ...
    @property
    def from_provider_min(self) -> float | None: ...
    @property
    def detour_min(self) -> float | None: ...


class _School(Protocol):
    """One school; see `rpe_geo.verdicts.SchoolTrip`."""

    @property
    def name(self) -> str: ...
    @property
    def mode(self) -> str: ...
    @property
    def to_school_min(self) -> float: ...
    @property
    def from_school_min(self) -> float: ...


def detour_said(morning: _Side | None, evening: _Side | None) -> str:
    """
    Tell the detours of a day in a few words.

    Parameters
    ----------
    morning, evening
        The two sides.

    Returns
    -------
    str
        « détour 5 min », or « détour 5 min le matin, 8 min le soir » where they differ; empty without work.
    """
    there = None if morning is None else morning.detour_min
    back = None if evening is None else evening.detour_min
    if there is None:
        return ""
    if back is None or round(back) == round(there):
        return _said("trip_detour", morning=minutes(there))
    return _said("trip_detours", morning=minutes(there), evening=minutes(back))


def return_said(morning: _Side | None, evening: _Side | None) -> str:
    """
    Tell the way back where it is not as long as the way there.

    Parameters
    ----------
    morning, evening
        The two sides, without work.

    Returns
    -------
    str
        « retour 15 min », or nothing.
    """
    there = None if morning is None else morning.to_provider_min
    back = None if evening is None else evening.from_provider_min
    if there is None or back is None or round(there) == round(back):
        return ""
    return _said("trip_return", evening=minutes(back))


def sides_said(morning: _Side | None, evening: _Side | None) -> list[str]:
    """
    Tell each side of the day in a sentence.

    Parameters
    ----------
    morning, evening
        The two sides.

    Returns
    -------
    list of str
        Two sentences when work is given; one where the way back is not as long as the way there; else nothing.
    """
    if morning is None or morning.detour_min is None:
        back = return_said(morning, evening)
        if not back or evening is None or evening.from_provider_min is None:
            return []
        return [_said("trip_evening_home", onward=minutes(evening.from_provider_min))]
    told = []
    for code, side in (("trip_morning", morning), ("trip_evening", evening)):
        if side is None:
            continue
        there, onward, detour = side.to_provider_min, side.from_provider_min, side.detour_min
        if there is not None and onward is not None and detour is not None:
            told.append(
                _said(code, there=minutes(there), onward=minutes(onward), detour=minutes(detour))
            )
    return told


def last_return_said(moment: time | None) -> list[str]:
    """
    Tell when the last vehicle home leaves.

    Parameters
    ----------
    moment
        Local clock time.

    Returns
    -------
    list of str
        One sentence, or none.
    """
    if moment is None:
        return []
    return [_said("trip_last", moment=clock_time(moment.hour * 3600 + moment.minute * 60))]


def schools_said(schools: Iterable[_School]) -> list[str]:
    """
    Tell how far the schools are from the provider.

    Parameters
    ----------
    schools
        Trips between the provider and schools.

    Returns
    -------
    list of str
        « École Jules-Ferry à 6 min à pied », with the way back where it differs.
    """
    told = []
    for one in schools:
        named = one.name if _SCHOOL.match(one.name) else f"École {one.name}"
        there, back = minutes(one.to_school_min), minutes(one.from_school_min)
        code = "trip_school" if there == back else "trip_school_both"
        told.append(_said(code, school=named, there=there, back=back, mode=MODES[one.mode]))
    return told


def clock_time(seconds: float) -> str:
    """
    Write a time of the timetable.

    Parameters
    ----------
    seconds
        After midnight; past 24 h on the next day.

    Returns
    -------
    str
        « 8 h 05 »; whole minutes, as on the timetable at the stop.
    """
    hour, minute = divmod(int(seconds // 60), 60)
    return f"{hour % 24}{NBSP}h{NBSP}{minute:02d}"


def legs_said(steps: Iterable[_Step]) -> str:
    """
    Tell a journey by public transport: what is walked, and which lines are ridden when.

    Parameters
    ----------
    steps
        Of a route.

    Returns
    -------
    str
        « En transports en commun : 2 min à pied, ligne 24 de Mairie (8 h 05) à Gare (8 h 12), 1 min à pied »; empty where all is walked.
    """
    legs: list[str] = []
    walked, ridden = 0.0, False
    for step in [*steps, None]:
        if step is not None and step.mode == "walk":
            walked += step.travel_time_min
            continue
        if step is not None and not step.distance_m:
            continue  # the wait shows between two times
        if round(walked):
            legs.append(_said("trip_on_foot", spent=minutes(walked)))
        walked = 0.0
        if step is not None:
            legs.append(step.name)
            ridden = True
    return _said("trip_legs", legs=", ".join(legs)) if ridden else ""


def _said(code: str, **values: str) -> str:
    return typeset(MESSAGES[code].format(**values))
