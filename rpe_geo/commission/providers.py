"""
The providers of a commission in one list: childminders, then crèches, each in its house.

A crèche is judged by the same laws of places and age bands as an attestation of before 2022: its sections are bands of
places by age and hours. `stand_in` writes it as such a record, which is never asked the laws of a person at work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np

from rpe_geo.domain import (
    MONTHS_MAX,
    PLACES_MAX,
    Agrement,
    Attributes,
    Childminder,
    Contract,
    Facility,
    LegacyPlaces,
    Mam,
    ProviderKind,
    Request,
)
from rpe_geo.errors import InputError
from rpe_geo.rules.compiled import Registry, compile_registry

__all__ = ["HeldPlace", "Providers", "gather_providers"]


@dataclass(frozen=True)
class HeldPlace:
    """The place of a family that asks for a transfer: with whom, and the contracts that end if it moves."""

    provider: int
    contracts: tuple[Contract, ...]


@dataclass(frozen=True)
class Providers:
    """
    Everybody who offers places, numbered: childminders first, then crèches.

    Parameters
    ----------
    records
        Childminders, and crèches as stand-ins; contracts that a transfer would end are not in them.
    childminders
        How many of the records are childminders.
    mams, facilities
        As given.
    law
        The dated table `law`; crèches are judged by its places and ages alone.
    held
        Family number to the place that it holds.
    left_out
        Ids of those without any place to offer.
    """

    records: tuple[Childminder, ...]
    childminders: int
    mams: Mapping[str, Mam]
    facilities: tuple[Facility, ...]
    law: Mapping[str, Any]
    held: Mapping[int, HeldPlace]
    left_out: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.records)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Id to number; a childminder and a crèche of the same id are told apart by `kind_of` only."""
        return {record.childminder_id: number for number, record in enumerate(self.records)}

    @cached_property
    def house(self) -> list[int]:
        """The house of each provider: the members of a MAM share one, judged as a whole."""
        houses: dict[object, int] = {}
        return [
            houses.setdefault(("mam", record.mam_id) if record.mam_id else number, len(houses))
            for number, record in enumerate(self.records)
        ]

    @cached_property
    def members(self) -> list[list[int]]:
        """The providers of each house."""
        members: list[list[int]] = [[] for _ in range(max(self.house, default=-1) + 1)]
        for number, house in enumerate(self.house):
            members[house].append(number)
        return members

    @cached_property
    def minders_registry(self) -> Registry:
        """The childminders, compiled."""
        return compile_registry(self.records[: self.childminders], tuple(self.mams.values()))

    @cached_property
    def crib_registry(self) -> Registry:
        """The crèches as stand-ins, compiled."""
        return compile_registry(self.records[self.childminders :])

    def is_facility(self, number: int) -> bool:
        """Tell whether a provider is a crèche."""
        return number >= self.childminders

    def kind_of(self, number: int) -> ProviderKind:
        """Return the kind of a provider as results write it."""
        return "facility" if self.is_facility(number) else "childminder"

    def id_of(self, number: int) -> str:
        """Return the id of a provider."""
        return self.records[number].childminder_id

    def name_of(self, number: int) -> str:
        """Return what people call a provider."""
        return self.records[number].name or self.records[number].childminder_id


def stand_in(facility: Facility, schools: Sequence[str] = ()) -> Childminder:
    """
    Write the places that a crèche offers as an attestation with age bands.

    Parameters
    ----------
    facility
        With `sections`, or with `places` for all its ages.
    schools
        Of the families: a crèche is never refused for the school of an elder child.

    Returns
    -------
    Childminder
        Never shown; judged by the laws of places and age bands.
    """
    low = facility.age_min_months or 0
    high = MONTHS_MAX if facility.age_max_months is None else facility.age_max_months
    whole = LegacyPlaces(facility.places or 0, low, high)
    bands: tuple[LegacyPlaces, ...] = facility.sections or (whole,)
    bands = tuple(
        replace(band, presence=band.presence or facility.opening_hours)
        for band in bands
        if band.places
    )
    total = min(sum(band.places for band in bands), PLACES_MAX)
    return Childminder(
        childminder_id=facility.facility_id,
        agrement=Agrement(places=max(total, 1), places_offered=total, legacy_ages=bands or None),
        name=facility.name,
        address=facility.address.strip() or "-",
        working_hours=facility.opening_hours,
        annual_hours_consent=False,
        contracts=(),
        capabilities=facility.capabilities,
        attributes=Attributes(schools_served=tuple(schools)),
    )


def gather_providers(
    requests: Sequence[Request],
    childminders: Sequence[Childminder],
    mams: Sequence[Mam],
    facilities: Sequence[Facility],
    *,
    law: Mapping[str, Any],
) -> Providers:
    """
    Put everybody who offers places in one list, ordered by id, and find the places that families hold.

    Parameters
    ----------
    requests
        In the order of the families.
    childminders, mams, facilities
        The registry; kinds of facilities where no child is left are ignored.
    law
        The dated table `law`.

    Returns
    -------
    Providers
        Crèches without a known place to offer are not in it; their ids, and those of childminders who offer none, are in
        `left_out`.

    Raises
    ------
    InputError
        For a place held that nobody knows.
    """
    schools = sorted({child.school for r in requests for child in r.children if child.school})
    minders = [
        replace(one, contracts=one.contracts or ())
        for one in sorted(childminders, key=lambda one: one.childminder_id)
    ]
    caring = sorted((one for one in facilities if one.offers_care), key=lambda one: one.facility_id)
    offering = [one for one in caring if one.sections or one.places]
    left_out = [one.childminder_id for one in minders if not one.agrement.places_offered]
    left_out += [one.facility_id for one in caring if not (one.sections or one.places)]
    records = [*minders, *(stand_in(one, schools) for one in offering)]
    numbers = {record.childminder_id: number for number, record in enumerate(records)}
    held: dict[int, HeldPlace] = {}
    for family, request in enumerate(requests):
        if request.holds is None:
            continue
        number = numbers.get(request.holds)
        if number is None:
            raise InputError(
                "held_place_unknown", request_id=request.request_id, provider_id=request.holds
            )
        if number < len(minders):
            records[number], place = _without_contracts(records[number], request, number)
        else:
            records[number], place = _with_one_more(records[number], request, number)
        held[family] = place
    return Providers(
        records=tuple(records),
        childminders=len(minders),
        mams={mam.mam_id: mam for mam in mams},
        facilities=tuple(offering),
        law=law,
        held=held,
        left_out=tuple(left_out),
    )


def _without_contracts(
    record: Childminder, request: Request, number: int
) -> tuple[Childminder, HeldPlace]:
    """Take the contracts of a family's children out of a record."""
    births = {child.birth_date for child in request.children}
    contracts = record.contracts or ()
    theirs = tuple(one for one in contracts if one.child_birth_date in births)
    if len(theirs) != len(request.children):
        raise InputError(
            "held_contract_unclear",
            request_id=request.request_id,
            provider_id=record.childminder_id,
            found=len(theirs),
        )
    others = tuple(one for one in contracts if one not in theirs)
    return replace(record, contracts=others), HeldPlace(number, theirs)


def _with_one_more(
    record: Childminder, request: Request, number: int
) -> tuple[Childminder, HeldPlace]:
    """
    Add the place that a family holds in a crèche to those it offers.

    The file of a crèche tells the places on offer; the one held comes besides, and is free only if its holder moves.
    """
    contracts = tuple(
        Contract(
            f"{request.request_id}/{turn}", date(2000, 1, 3), request.schedule, child.birth_date
        )
        for turn, child in enumerate(request.children)
    )
    bands = record.agrement.legacy_ages or ()
    ages = [
        (request.start.year - child.birth_date.year) * 12
        + request.start.month
        - child.birth_date.month
        for child in request.children
    ]
    for age in ages:
        fitting = [
            turn for turn, band in enumerate(bands) if band.min_months <= age < band.max_months
        ] or [0]
        bands = tuple(
            replace(band, places=band.places + (turn == fitting[0]))
            for turn, band in enumerate(bands)
        )
    total = min(int(np.sum([band.places for band in bands])), PLACES_MAX)
    agrement = replace(record.agrement, places=total, places_offered=total, legacy_ages=bands)
    return replace(record, agrement=agrement), HeldPlace(number, contracts)
