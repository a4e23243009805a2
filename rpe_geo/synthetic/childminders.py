"""Invented childminders and MAM: agréments, weeks, own children, and contracts that keep to the law by construction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import cast

from rpe_geo.domain import (
    AddressVisibility,
    Agrement,
    Attributes,
    Availability,
    Childminder,
    Contract,
    LegacyPlaces,
    Mam,
    OwnChild,
    Publication,
    months_after,
)
from rpe_geo.parameters import ParameterTable
from rpe_geo.schedule import monday_of
from rpe_geo.synthetic.hours import Frame, choose_frame, offered_hours, presence_inside, timetable
from rpe_geo.synthetic.people import draw, invent_contact, invent_name
from rpe_geo.synthetic.places import Place
from rpe_geo.synthetic.schools import Schools

__all__ = ["ChildminderMaker", "invent_mams"]

_UNDER_3_MAX = 4
_UNDER_11_MAX = 6
_MAM_NAMES = (
    "Les P'tits Loups",
    "Les Coccinelles",
    "Au Pays des Doudous",
    "Les Petits Pas",
    "La Maison des Lutins",
    "Bulles de Rêves",
    "Les Bambins",
    "La Ronde des Câlins",
    "Les Petits Explorateurs",
    "À Petits Pas",
    "Les Lucioles",
    "Le Jardin des Malices",
    "Les Marmottes",
    "Pom d'Api",
    "Les Galopins",
    "La Cabane Enchantée",
    "Tom Pouce",
    "Les Petites Canailles",
    "Brins de Malice",
    "Le Nid Douillet",
    "Les Trois Petits Chats",
    "L'Île aux Enfants",
    "Les Pitchouns",
    "Câlin-Câline",
)
# Who works on which days in a MAM of five or six, so that four at most are there together.
_ROTAS: dict[int, tuple[tuple[int, ...], ...]] = {
    5: ((1, 2, 3, 4), (0, 2, 3, 4), (0, 1, 3, 4), (0, 1, 2, 4), (0, 1, 2, 3)),
    6: ((0, 1, 2), (0, 1, 3, 4), (0, 2, 3), (1, 2, 4), (0, 1, 3, 4), (2, 3, 4)),
}


def invent_mams(
    places: Sequence[Place], childminders: int, parameters: ParameterTable, rng: Random
) -> list[tuple[Mam, Place, int]]:
    """
    Invent MAM for a part of the childminders.

    Parameters
    ----------
    places
        Where they may stand.
    childminders
        How many childminders there will be in all.
    parameters
        The table `synthetic`.
    rng
        Source of chance.

    Returns
    -------
    list of (Mam, Place, int)
        Each with the number of its members.
    """
    left = round(childminders * parameters["mam_share"])
    made: list[tuple[Mam, Place, int]] = []
    while left >= 2:
        members = min(int(draw(parameters["mam_members"], rng)), left)
        place = places[rng.randrange(len(places))]
        number = len(made) + 1
        name = _MAM_NAMES[(number - 1) % len(_MAM_NAMES)]
        mam = Mam(
            mam_id=f"MAM-{number:03d}",
            name=f"MAM {name}",
            address=place.label,
            longitude=place.longitude,
            latitude=place.latitude,
        )
        made.append((mam, place, members))
        left -= members
    return made


class ChildminderMaker:
    """
    Makes one childminder after another.

    Parameters
    ----------
    parameters
        The table `synthetic`.
    on
        The day that is today.
    rng
        Source of chance.
    schools
        Where children may be fetched.
    id_width
        Digits of the identifiers.
    """

    def __init__(
        self,
        parameters: ParameterTable,
        on: date,
        rng: Random,
        schools: Schools,
        id_width: int = 4,
    ) -> None:
        self.schools = schools
        self.on, self.rng, self.id_width = on, rng, id_width
        self.parameters = dict(parameters)
        self.capabilities = tuple(self.parameters["capabilities"].items())
        self.atypical = self.parameters["atypical_kinds"]
        self.fortnight = monday_of(date(2024, 1, 1))

    def make(
        self, number: int, place: Place, mam: Mam | None = None, rota: tuple[int, int] | None = None
    ) -> Childminder:
        """
        Make a childminder.

        Parameters
        ----------
        number
            Her number in the registry.
        place
            Her home, or her MAM's house.
        mam
            Her MAM.
        rota
            In a MAM, how many members there are and which one she is.

        Returns
        -------
        Childminder
        """
        rng = self.rng
        first, last = invent_name(rng)
        agrement = self._agrement(mam)
        kind = "standard"
        if rng.random() < self.parameters["atypical_share"]:
            kind = draw(
                {k: v for k, v in self.atypical.items() if mam is None or k in {"early", "late"}},
                rng,
            )
        days = _ROTAS[rota[0]][rota[1]] if rota and rota[0] in _ROTAS else None
        frame = choose_frame(kind, rng, days)
        if (
            mam is None
            and kind in {"early", "standard"}
            and rng.random() < self.parameters["existing_breach_share"] / 0.6
        ):
            # A registry of real life holds some weeks that are too long.
            frame = Frame(kind, (((0, 1, 2, 3, 4), frame.weeks[0][1], frame.weeks[0][1] + 42),))
        own = () if mam else self._own_children()
        identifier = f"AM-{number:0{self.id_width}d}"
        contracts: tuple[Contract, ...] | None = ()
        if agrement.status in {"active", "suspended"}:
            contracts = self._contracts(
                identifier, agrement, own, frame, frame_starts=agrement.valid_from or self.on
            )
        hours = offered_hours(frame, rng)
        availabilities, declared_only = self._availabilities(agrement, contracts, hours.write())
        if declared_only:
            contracts = None
        chance = rng.random()
        freshness = self.parameters["fresh_availability"]
        confirmed = None
        if chance < freshness["fresh"]:
            confirmed = self.on - timedelta(days=rng.randrange(0, 182))
        elif chance < freshness["fresh"] + freshness["stale"]:
            confirmed = self.on - timedelta(days=rng.randrange(184, 900))
        low, mean, deviation = self.parameters["hourly_rate"]
        cheapest, dearest = self.parameters["maintenance_per_day"]
        return Childminder(
            childminder_id=identifier,
            agrement=agrement,
            name=f"{first} {last}",
            address=place.label,
            longitude=place.longitude,
            latitude=place.latitude,
            mam_id=mam.mam_id if mam else None,
            own_children=own,
            working_hours=hours if rng.random() < 0.97 else None,
            accepts_variable_hours=rng.choice((True, False, None)) if kind != "cycle" else True,
            annual_hours_consent=rng.random() < 0.15,
            contracts=contracts,
            availabilities=availabilities,
            min_notice_days=rng.choice((0, 0, 0, 7, 14, 30)),
            capabilities=frozenset(
                name for name, share in self.capabilities if rng.random() < share
            ),
            attributes=self._attributes(mam, place),
            hourly_rate=round(max(low, rng.gauss(mean, deviation)) * 20) / 20,
            maintenance_per_day=round(cheapest + (dearest - cheapest) * rng.random() ** 2, 2),
            meals_per_day=rng.choice((0.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0)),
            availability_confirmed_on=confirmed,
            contact=invent_contact(first, last, number, rng),
            publication=self._publication(mam),
        )

    def _agrement(self, mam: Mam | None) -> Agrement:
        rng = self.rng
        places = int(draw(self.parameters["places"], rng))
        status = draw(self.parameters["status"], rng)
        years = self.parameters["validity_years"]
        since = self.on - timedelta(days=rng.randrange(20, years * 365 - 30))
        if places <= 2 and status == "active":
            # Two places are a beginner's.
            since = self.on - timedelta(days=rng.randrange(20, 700))
        if places > 4:
            # More than four places come from a derogation of before 24 May 2021, renewed for ten years.
            since = date(2021, 5, 1) - timedelta(days=rng.randrange(0, 900))
        until = months_after(since, 12 * (10 if places > 4 else years)) - timedelta(days=1)
        offered = places - 1 if places > 1 and rng.random() < 0.2 else places
        legacy = None
        if mam is None and places in {3, 4} and rng.random() < 0.015:
            legacy = (LegacyPlaces(places - 1, 0, 36), LegacyPlaces(1, 18, 132))
            since = date(2021, 12, 1) - timedelta(days=rng.randrange(0, 1_000))
            until = months_after(since, 120) - timedelta(days=1)
        return Agrement(
            places=places,
            places_offered=offered,
            status=status,  # type: ignore[arg-type]
            valid_from=since,
            valid_until=until,
            suspended_until=self.on + timedelta(days=rng.randrange(10, 120))
            if status == "suspended" and rng.random() < 0.6
            else None,
            exceptional_excess=rng.random() < 0.7,
            own_under_3_takes_place=legacy is not None or rng.random() < 0.03,
            legacy_ages=legacy,
        )

    def _own_children(self) -> tuple[OwnChild, ...]:
        rng = self.rng
        children = []
        for _ in range(int(draw(self.parameters["own_children"], rng))):
            young = rng.random() < self.parameters["own_child_ages"]["0-3"]
            age_days = rng.randrange(60, 1_080) if young else rng.randrange(1_100, 4_000)
            presence = (
                None
                if young or rng.random() < 0.4
                else timetable("Mo,Tu,Th,Fr 16:45-24:00; We,Sa,Su 00:00-24:00")
            )
            children.append(OwnChild(self.on - timedelta(days=age_days), presence))
        return tuple(children)

    def _contracts(
        self,
        identifier: str,
        agrement: Agrement,
        own: tuple[OwnChild, ...],
        frame: Frame,
        frame_starts: date,
    ) -> tuple[Contract, ...]:
        """Fill places one by one; the limits hold whatever the hours, as each place holds one child at a time."""
        rng = self.rng
        own_under_3 = sum(child.birth_date > months_after(self.on, -36) for child in own)
        limit = min(agrement.places_offered, _UNDER_11_MAX - len(own), _UNDER_3_MAX - own_under_3)
        if agrement.own_under_3_takes_place:
            limit = min(limit, agrement.places - own_under_3)
        if agrement.legacy_ages:
            limit = min(limit, agrement.legacy_ages[0].places)
        if agrement.places <= 2 and limit > 0 and rng.random() < 0.3:
            limit -= 1
        contracts: list[Contract] = []
        for _ in range(max(limit, 0)):
            use = draw(self.parameters["place_use"], rng)
            if frame.kind == "night" and use in {"school", "part", "shared_days"}:
                use = "full"
            for presence in self._presences(use, frame):
                contracts.append(
                    self._contract(
                        f"{identifier}-C{len(contracts) + 1}", presence, use, agrement, frame_starts
                    )
                )
        return tuple(contracts)

    def _presences(self, use: str, frame: Frame) -> list[str | tuple[str, ...]]:
        """List the hours of the children who take turns on one place."""
        rng = self.rng
        days = frame.days
        if use == "empty":
            return []
        if use == "full":
            return [presence_inside(frame, rng)]
        if use == "school":
            school = presence_inside(frame, rng, part="school")
            return [] if school == "off" else [school]
        if use == "part":
            part = rng.choice(("full", "morning", "afternoon"))
            chosen = tuple(day for day in days if part != "full" or rng.random() < 0.6) or days[:1]
            return [presence_inside(frame, rng, chosen, part)]
        if use == "shared_weeks":
            whole = presence_inside(frame, rng)
            first, second = (whole, whole) if isinstance(whole, str) else whole
            return [(first, "off"), ("off", second)]
        cut = max(1, len(days) // 2 + rng.choice((0, 0, 1)))
        return [
            presence_inside(frame, rng, days[:cut]),
            *([presence_inside(frame, rng, days[cut:])] if days[cut:] else []),
        ]

    def _contract(
        self,
        identifier: str,
        presence: str | tuple[str, ...],
        use: str,
        agrement: Agrement,
        since: date,
    ) -> Contract:
        rng, on = self.rng, self.on
        cycle = not isinstance(presence, str)
        if use == "school":
            birth = on - timedelta(days=rng.randrange(1_130, 2_900))
            start = max(on - timedelta(days=rng.randrange(5, 700)), since)
            end = None
        else:
            age = rng.randrange(110, 1_020)
            birth = on - timedelta(days=age)
            start = max(birth + timedelta(days=rng.randrange(75, max(76, min(age, 420)))), since)
            # The school year in which the child turns three begins without the childminder.
            third = birth.year + 3
            end = (
                date(third if birth.month < 9 else third + 1, 8, 31)
                if agrement.legacy_ages is None
                else date(third, birth.month, 1) - timedelta(days=1)
            )
            if agrement.legacy_ages is None and rng.random() < 0.35:
                end = None
            if end is not None and end <= start:
                end = None
        if cycle:
            # Weeks of a cycle begin at the contract's own start: all begin on the same fortnight.
            weeks = (monday_of(start) - self.fortnight).days // 7
            start = monday_of(start) + timedelta(days=7 * (weeks % 2))
        return Contract(
            contract_id=identifier,
            start=start,
            presence=timetable(presence),
            child_birth_date=birth if rng.random() < 0.97 else None,
            end=end,
            weeks_per_year=47 if rng.random() < 0.6 else rng.choice((36, 40, 42, 44, 45, 46)),
        )

    def _availabilities(
        self, agrement: Agrement, contracts: tuple[Contract, ...] | None, hours: str | list[str]
    ) -> tuple[tuple[Availability, ...] | None, bool]:
        """Declare places free, for some; a few declare without showing their contracts."""
        rng = self.rng
        chance = rng.random()
        if chance > 0.2 or agrement.status != "active":
            return None, False
        free = max(agrement.places_offered - len(contracts or ()), 0)
        if free == 0 and chance > 0.07:
            return (), False
        written = hours if isinstance(hours, str) else tuple(hours)
        start = monday_of(self.on) + timedelta(days=7 * rng.randrange(0, 26))
        return (
            Availability(timetable(written), max(free, 1 if chance <= 0.07 else 0), start, None),
        ), chance <= 0.07

    def _attributes(self, mam: Mam | None, place: Place) -> Attributes:
        rng = self.rng
        languages = (
            ("fr",)
            if rng.random() < 0.86
            else ("fr", rng.choice(("en", "ar", "pt", "es", "de", "it", "tr")))
        )
        pets: tuple[str, ...] | None = ()
        if mam is None:
            pets = rng.choices(
                ((), ("dog",), ("cat",), ("dog", "cat"), ("rabbit",), None), (48, 17, 19, 6, 3, 7)
            )[0]
        return Attributes(
            smoker=False if mam or rng.random() < 0.86 else rng.choice((True, None)),
            pets=pets,
            garden=rng.random() < 0.72,
            car=None if rng.random() < 0.1 else rng.random() < 0.8,
            languages=languages,
            schools_served=tuple(name for name in self.schools.near(place) if rng.random() < 0.35),
        )

    def _publication(self, mam: Mam | None) -> Publication | None:
        rng = self.rng
        choice = draw(self.parameters["publication"], rng)
        if choice == "none":
            return None
        if choice == "refused":
            return Publication(consent=False)
        address = cast("AddressVisibility", "exact" if mam else choice)
        phone = rng.random() < 0.6
        return Publication(
            consent=True, address=address, phone=phone, email=not phone or rng.random() < 0.4
        )
