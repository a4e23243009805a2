"""Invented requests of families, with addresses as a parent would type them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from rpe_geo.domain import Child, Household, Request, TravelMode
from rpe_geo.folding import without_accents
from rpe_geo.parameters import ParameterTable
from rpe_geo.schedule import monday_of
from rpe_geo.synthetic.hours import choose_frame, presence_inside, timetable
from rpe_geo.synthetic.people import draw
from rpe_geo.synthetic.places import Place
from rpe_geo.synthetic.schools import Schools

__all__ = ["invent_requests", "typed_by_hand"]

_SHORT = (
    ("Avenue", "av"),
    ("Avenue", "ave."),
    ("Boulevard", "bd"),
    ("Place", "pl."),
    ("Impasse", "imp."),
    ("Rue", "r."),
    ("Chemin", "ch."),
    ("Allée", "all."),
    ("Route", "rte"),
    ("Saint-", "St "),
    ("Docteur", "Dr"),
    ("Général", "Gal"),
    ("Square", "sq."),
)
_NEEDS = (
    "step_free",
    "medicines",
    "small_group",
    "therapist_visits",
    "trained_autism",
    "trained_motor",
    "epilepsy_first_aid",
    "sign_language",
)
_WISHES = ("garden", "no_pets", "no_smoker", "mam", "home", "car", "language_en")
_MINUTES: dict[str, tuple[int, ...]] = {
    "walk": (10, 15, 15, 20, 25),
    "bike": (10, 15, 20),
    "car": (10, 15, 15, 20, 25, 30),
}


def typed_by_hand(label: str, rng: Random) -> str:
    """
    Write an address as a parent types it.

    Parameters
    ----------
    label
        Number, street, postcode and commune.
    rng
        Source of chance.

    Returns
    -------
    str
        Often the label itself or with commas; else without accents, shortened, without postcode, or with a slip.
    """
    match = re.fullmatch(r"(?P<street>.*) (?P<postcode>\d{5}) (?P<city>.*)", label)
    if match is None:
        return label
    street, postcode, city = match["street"], match["postcode"], match["city"]
    chance = rng.random()
    if chance < 0.34:
        return f"{street}, {postcode} {city}"
    if chance < 0.48:
        return label
    if chance < 0.62:
        return without_accents(f"{street} {postcode} {city}").lower()
    if chance < 0.74:
        for long, short in rng.sample(_SHORT, len(_SHORT)):
            if long in street:
                return f"{street.replace(long, short, 1)}, {postcode} {city}"
        return f"{street} {city.upper()}"
    if chance < 0.84:
        return f"{street} {city}"
    if chance < 0.90:
        return without_accents(f"{street}, {postcode} {city}".replace("-", " "))
    if chance < 0.94:
        return f"{rng.choice(('Résidence les Lilas', 'Bât. B', 'Appt 12', 'chez Mme Petit'))}, {street}, {postcode} {city}"
    spot = rng.randrange(len(street) // 2, len(street))
    slip = street[:spot] + street[spot + 1 :] if street[spot].isalpha() else street
    return f"{slip} {postcode} {city}"


def _schedule(kind: str, rng: Random) -> str | tuple[str, ...]:
    """Write the hours asked for."""
    if kind == "school":
        return rng.choice(
            (
                "Mo,Tu,Th,Fr 07:30-08:30,16:30-18:30",
                "Mo,Tu,Th,Fr 16:30-18:30; We 08:00-18:00",
                "We 08:00-17:30",
            )
        )
    if kind == "full":
        begin = rng.choice((30, 31, 32, 32, 33, 34))
        days = rng.choice(("Mo-Fr", "Mo-Fr", "Mo-Fr", "Mo,Tu,Th,Fr"))
        end = min(begin + rng.choice((34, 36, 38, 40)), 74)
        return f"{days} {begin // 4:02d}:{begin % 4 * 15:02d}-{end // 4:02d}:{end % 4 * 15:02d}"
    if kind == "part":
        return rng.choice(
            (
                "Mo,Tu 08:00-17:30",
                "Mo-We 08:30-17:00",
                "Th,Fr 08:00-18:00",
                "Mo,Th,Fr 08:00-17:00",
                "Mo-Fr 08:00-12:30",
                "Mo-Fr 13:00-18:00",
                "Tu,Th 08:30-17:30",
                "Mo,Tu,Th,Fr 08:30-16:30",
            )
        )
    if kind == "cycle":
        return rng.choice(
            (
                ("Mo-Fr 06:00-14:00", "Mo-Fr 13:00-21:00"),
                ("Mo-We 07:00-19:00", "Th,Fr 07:00-19:00"),
                ("Mo-Fr 08:00-18:00", "off"),
                ("Mo,Tu,Fr 06:30-18:30", "We,Th 06:30-18:30"),
                ("Mo-Fr 05:30-13:30", "Mo-Fr 13:00-20:30"),
            )
        )
    if kind == "night":
        return rng.choice(
            ("Mo-We 20:00-07:00", "Tu,Th 19:30-07:00", "Fr 20:00-06:00", "Mo,Tu 21:00-06:30")
        )
    if kind == "saturday":
        return rng.choice(
            (
                "Tu-Sa 08:30-17:30",
                "Sa 08:00-18:00",
                "Mo,Th-Sa 09:00-19:00",
                "Tu-Fr 08:30-17:30; Sa 08:30-12:30",
            )
        )
    return presence_inside(choose_frame(kind, rng, (0, 1, 2, 3, 4)), rng)


def invent_requests(
    places: Sequence[Place],
    count: int,
    parameters: ParameterTable,
    on: date,
    rng: Random,
    schools: Schools,
) -> list[Request]:
    """
    Invent requests.

    Parameters
    ----------
    places
        Where families live and work.
    count
        How many.
    parameters
        The table `synthetic`.
    on
        The day that is today.
    rng
        Source of chance.
    schools
        Where older children go.

    Returns
    -------
    list of Request
        With a free-text address where places have labels, with coordinates where they have none.
    """
    width = max(4, len(str(count)))
    communes: dict[str, list[Place]] = {}
    for place in places:
        communes.setdefault(place.code_commune, []).append(place)
    largest = max(communes.values(), key=len)
    requests = []
    for number in range(1, count + 1):
        home = places[rng.randrange(len(places))]
        kind = draw(parameters["request_schedules"], rng)
        start = monday_of(on + timedelta(days=rng.randrange(7, 330))) + timedelta(
            days=7 if rng.random() < 0.8 else 8
        )
        if rng.random() < 0.4:
            start = _rentree(on, rng)
        children = _children(kind, start, parameters, rng, schools.near(home))
        mode: TravelMode = draw(parameters["request_modes"], rng)  # type: ignore[assignment]
        work = None
        if rng.random() < parameters["work_address_share"] and len(places) > 1:
            work = rng.choice(largest if rng.random() < 0.6 else places)
        median, spread = parameters["income"]
        at_charge = len(children) + rng.choices((0, 1, 2, 3), (52, 34, 11, 3))[0]
        requests.append(
            Request(
                request_id=f"R-{number:0{width}d}",
                children=children,
                start=start,
                schedule=timetable(_schedule(kind, rng)),
                address=typed_by_hand(home.label, rng) if home.label else "",
                longitude=None if home.label else home.longitude,
                latitude=None if home.label else home.latitude,
                work_address=work.label or None if work else None,
                work_longitude=work.longitude if work and not work.label else None,
                work_latitude=work.latitude if work and not work.label else None,
                mode=mode,
                max_minutes=rng.choice(_MINUTES[mode]),
                start_tolerance_days=rng.choice((0, 0, 7, 14, 14, 21, 30)),
                end=None if rng.random() < 0.8 else start + timedelta(days=rng.randrange(120, 700)),
                min_hours_share=rng.choices((1.0, 0.9, 0.8), (70, 18, 12))[0],
                preferences=_preferences(rng),
                household=None
                if rng.random() < 0.15
                else Household(
                    monthly_income=float(round(median * rng.lognormvariate(0, spread) / 50) * 50),
                    children_at_charge=at_charge,
                    lone_parent=rng.random() < parameters["lone_parent_share"],
                    aeeh_children=int(
                        any(child.needs for child in children) and rng.random() < 0.4
                    ),
                ),
            )
        )
    return requests


def _rentree(on: date, rng: Random) -> date:
    """Choose the next first working day of September or of January."""
    candidates = [
        date(year, month, day) for year in (on.year, on.year + 1) for month, day in ((1, 4), (9, 1))
    ]
    coming = [day for day in candidates if day > on + timedelta(days=10)]
    day = rng.choice(coming[:2])
    return day if day.weekday() < 5 else monday_of(day) + timedelta(days=7)


def _children(
    kind: str, start: date, parameters: ParameterTable, rng: Random, schools: tuple[str, ...]
) -> tuple[Child, ...]:
    needs = (
        frozenset({rng.choice(_NEEDS)}) if rng.random() < parameters["need_share"] else frozenset()
    )
    if kind == "school":
        birth = start - timedelta(days=rng.randrange(1_140, 2_600))
        first = Child(birth, needs, rng.choice(schools[:2]) if schools else None)
    else:
        birth = start - timedelta(
            days=rng.choices((rng.randrange(75, 240), rng.randrange(240, 1_000)), (64, 36))[0]
        )
        first = Child(birth, needs)
    if rng.random() >= parameters["siblings_share"]:
        return (first,)
    if rng.random() < 0.25:
        return (first, Child(birth, frozenset(), first.school))
    older = birth - timedelta(days=rng.randrange(480, 1_200))
    return (first, Child(older, frozenset(), first.school))


def _preferences(rng: Random) -> dict[str, float]:
    preferences: dict[str, float] = {"travel": rng.choice((1, 2, 3))}
    if rng.random() < 0.5:
        preferences["continuity"] = rng.choice((1, 2))
    for wish in _WISHES:
        if rng.random() < (0.3 if wish in {"garden", "no_smoker"} else 0.08):
            preferences[wish] = rng.choice((1, 1, 2))
    if "mam" in preferences:
        preferences.pop("home", None)
    return preferences
