"""Invented crèches, relais and other places."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from rpe_geo.domain import Contact, Facility
from rpe_geo.parameters import ParameterTable
from rpe_geo.synthetic.hours import timetable
from rpe_geo.synthetic.places import Place
from rpe_geo.synthetic.schools import SCHOOL_KIND

__all__ = ["invent_facilities", "invent_facility"]

_NAMES = (
    "Les Petits Poucets",
    "La Farandole",
    "Les Moussaillons",
    "L'Arc-en-Ciel",
    "La Souris Verte",
    "Les Hirondelles",
    "Le Petit Prince des Prés",
    "Pirouette",
    "Les Oursons",
    "La Maison Bleue",
    "À Cloche-Pied",
    "Les Papillons",
    "Tournicoti",
    "Les Bouts de Chou",
    "La Clé des Songes",
    "Les Grenouilles",
    "Les Écureuils",
    "La Marelle",
    "Mille et Une Pattes",
    "Le Manège Enchanté",
)
_SCHOOLS = (
    "des Tilleuls", "du Centre", "du Bourg", "Sainte-Anne", "des Prés", "du Moulin", "de la Fontaine", "des Marronniers", "du Parc",
    "Notre-Dame", "des Vignes", "du Château", "de la Gare", "des Peupliers", "du Stade", "de la Forêt",
)  # fmt: skip
_SIZES = {
    "crèche": (25, 30, 35, 40, 45, 60),
    "multi-accueil": (18, 20, 24, 30, 40),
    "micro-crèche": (9, 10, 11, 12),
    "halte-garderie": (8, 10, 12, 15),
}
_HOURS = {
    "crèche": ("Mo-Fr 07:30-18:30", "Mo-Fr 07:30-18:45", "Mo-Fr 07:00-19:00"),
    "multi-accueil": ("Mo-Fr 07:30-18:30", "Mo-Fr 08:00-18:00"),
    "micro-crèche": ("Mo-Fr 07:30-18:30", "Mo-Fr 07:30-19:00", "Mo-Fr 06:30-19:30"),
    "halte-garderie": ("Mo,Tu,Th,Fr 08:30-12:00,13:30-17:30", "Mo-Fr 08:30-17:30"),
    "RPE": ("Mo-Fr 09:00-12:00,13:30-17:30", "Mo,Tu,Th,Fr 09:00-12:30,14:00-18:00"),
    "LAEP": ("We 09:00-11:30", "Tu 15:00-18:00", "Fr 09:00-11:30"),
    "PMI": ("Mo,Th 09:00-12:00", "Tu 13:30-16:30"),
    "école": ("Mo,Tu,Th,Fr 08:30-12:00,13:30-16:30",),
}


def invent_facility(
    identifier: str, kind: str, name: str, place: Place, rng: Random, places: int | None = None
) -> Facility:
    """
    Invent a place of a kind.

    Parameters
    ----------
    identifier, kind, name
        As the records want them.
    place
        Where it stands.
    rng
        Source of chance.
    places
        Capacity; drawn when absent, for the kinds that keep children.

    Returns
    -------
    Facility
    """
    keeps = kind in _SIZES
    micro = kind == "micro-crèche"
    funding = None if not keeps else "paje" if micro and rng.random() < 0.75 else "psu"
    digits = rng.randrange(10_000)
    return Facility(
        facility_id=identifier,
        kind=kind,
        name=name,
        address=place.label,
        longitude=place.longitude,
        latitude=place.latitude,
        places=(places or rng.choice(_SIZES[kind])) if keeps else None,
        opening_hours=timetable(rng.choice(_HOURS[kind])),
        age_min_months=2
        if keeps and kind != "halte-garderie"
        else 6
        if keeps
        else 36
        if kind == "école"
        else None,
        age_max_months=48 if keeps else 72 if kind == "école" else None,
        funding=funding,  # type: ignore[arg-type]
        hourly_rate=round(rng.uniform(7.5, 10.0) * 10) / 10 if funding == "paje" else None,
        capabilities=frozenset({"step_free", "wide_door"})
        if keeps and rng.random() < 0.8
        else frozenset(),
        contact=Contact(
            phone=f"01 99 00 {digits // 100:02d} {digits % 100:02d}",
            email=f"{identifier.lower()}@example.org",
        ),
    )


def invent_facilities(
    places: Sequence[Place], childminders: int, parameters: ParameterTable, rng: Random
) -> list[Facility]:
    """
    Invent facilities in proportion to the childminders.

    Parameters
    ----------
    places
        Where they may stand.
    childminders
        How many childminders the registry holds.
    parameters
        The table `synthetic`.
    rng
        Source of chance.

    Returns
    -------
    list of Facility
    """
    wanted = round(childminders * parameters["facility_places_per_childminder"])
    made: list[Facility] = []

    def add(kind: str, name: str) -> Facility:
        place = places[rng.randrange(len(places))]
        made.append(invent_facility(f"F-{len(made) + 1:04d}", kind, name, place, rng))
        return made[-1]

    while wanted > 8:
        kind = rng.choices(
            ("crèche", "multi-accueil", "micro-crèche", "halte-garderie"), (2, 4, 5, 1)
        )[0]
        name = _NAMES[len(made) % len(_NAMES)]
        facility = add(kind, f"{kind[0].upper()}{kind[1:]} {name}")
        wanted -= facility.places or 0
    for _ in range(max(1, round(childminders / parameters["childminders_per_rpe"]))):
        add("RPE", "Relais petite enfance")
    for _ in range(round(childminders / 120)):
        add("LAEP", "Lieu d'accueil enfants-parents")
    for _ in range(round(childminders / 250)):
        add("PMI", "Centre de PMI")
    for number in range(round(childminders / 25)):
        facility = add(SCHOOL_KIND, f"École {_SCHOOLS[number % len(_SCHOOLS)]}")
        city = re.sub(r".* \d{5} ", "", facility.address)
        if city:
            made[-1] = replace(facility, name=f"{facility.name}, {city}")
    return made
