"""Who comes before whom, and where a family would rather go: points, lots, wishes, held places, providers' own wishes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from rpe_geo.commission.bareme import Bareme, points_of
from rpe_geo.commission.case import Case
from rpe_geo.commission.lots import lot
from rpe_geo.commission.quotas import Quota
from rpe_geo.commission.values import wish_rank
from rpe_geo.errors import InputError

__all__ = ["Priorities", "rank_families"]


@dataclass(frozen=True)
class Priorities:
    """
    The order of families, and the orders of the families.

    Parameters
    ----------
    details
        By family: criterion id to points.
    special
        By family: provider number to more points there.
    lots
        By family; the smallest comes first among equals.
    own
        Provider number to family to its rank there (0 first): wishes of the provider, above points.
    priority
        Families that meet a criterion of priority.
    quotas
        Places reserved.
    """

    case: Case
    details: tuple[Mapping[str, Fraction], ...]
    special: tuple[Mapping[int, Fraction], ...]
    lots: tuple[str, ...]
    own: Mapping[int, Mapping[int, int]]
    priority: frozenset[int]
    quotas: tuple[Quota, ...]

    @cached_property
    def base(self) -> tuple[Fraction, ...]:
        """Points of each family wherever it goes."""
        return tuple(sum(one.values(), Fraction(0)) for one in self.details)

    def points(self, family: int, provider: int) -> Fraction:
        """Return the points of a family at a provider."""
        return self.base[family] + self.special[family].get(provider, Fraction(0))

    def key(self, family: int, provider: int) -> tuple[int, int, Fraction, str]:
        """Return what families are sorted by at a provider, the first one smallest: holder, wish of hers, points, lot."""
        held = self.case.providers.held.get(family)
        holds = (
            0
            if (held is not None and held.provider == provider) or family in self.case.fixed
            else 1
        )
        own = self.own.get(provider, {}).get(family, 1_000_000)
        return (holds, own, -self.points(family, provider), self.lots[family])

    def before(self, family: int, other: int, provider: int) -> bool:
        """Tell whether a family strictly comes before another at a provider: a lot alone is no reason for envy."""
        return self.key(family, provider)[:3] < self.key(other, provider)[:3]

    @property
    def alike(self) -> bool:
        """Whether every provider ranks families the same."""
        return not any(self.special) and not self.own and not self.case.providers.held

    @cached_property
    def preferences(self) -> list[list[int]]:
        """The options of each family, the dearest first: wishes in their order, then what is worth most."""
        case, options = self.case, self.case.options
        ordered = []
        for family, mine in enumerate(case.of_family):
            request = case.requests[family]
            keyed = []
            for option in mine.tolist():
                record = case.providers.records[int(options.provider[option])]
                rank = wish_rank(request, record.childminder_id, record.mam_id)
                wished = len(request.wishes) if rank is None else rank
                keyed.append((wished, -int(options.value[option]), record.childminder_id, option))
            ordered.append([option for *_, option in sorted(keyed)])
        return ordered

    @cached_property
    def taste(self) -> list[int]:
        """The place of each option in its family's order."""
        places = [0] * len(self.case.options)
        for mine in self.preferences:
            for turn, option in enumerate(mine):
                places[option] = turn
        return places


def rank_families(
    case: Case,
    bareme: Bareme,
    *,
    seed: int,
    own_wishes: Sequence[tuple[str, str, int]] = (),
) -> Priorities:
    """
    Count points, draw lots and lay out reservations.

    Parameters
    ----------
    case
        The commission.
    bareme
        Its barème.
    seed
        Of the lots.
    own_wishes
        Provider id, request id and rank: families that a provider would rather have.

    Returns
    -------
    Priorities
        For every policy and for the reasons.

    Raises
    ------
    InputError
        For a reservation or a wish that names nobody, or reservations beyond the places.
    """
    numbers, families = (
        case.providers.numbers,
        {r.request_id: n for n, r in enumerate(case.requests)},
    )
    details, special = [], []
    ids = list(numbers)
    for request in case.requests:
        everywhere, at = points_of(
            bareme, request, case.today, ids if any(":" in f for f in request.criteria) else ()
        )
        details.append(everywhere)
        special.append(
            {numbers[one]: sum(found.values(), Fraction(0)) for one, found in at.items()}
        )
    quotas = []
    for reservation in bareme.reserved:
        if reservation.provider_id not in numbers:
            raise InputError("quota_provider_unknown", provider_id=reservation.provider_id)
        provider = numbers[reservation.provider_id]
        there = frozenset(
            family for family, found in enumerate(details) if reservation.criterion_id in found
        )
        quotas.append(Quota(provider, reservation.criterion_id, reservation.places, there))
    _check_reserved(case, quotas)
    own: dict[int, dict[int, int]] = {}
    for provider_id, request_id, rank in own_wishes:
        if provider_id not in numbers or request_id not in families:
            raise InputError("own_wish_unknown", provider_id=provider_id, request_id=request_id)
        own.setdefault(numbers[provider_id], {})[families[request_id]] = rank
    urgent = {one.criterion_id for one in bareme.criteria if one.priority}
    return Priorities(
        case=case,
        details=tuple(details),
        special=tuple(special),
        lots=tuple(lot(seed, request.request_id) for request in case.requests),
        own=own,
        priority=frozenset(n for n, found in enumerate(details) if urgent & found.keys()),
        quotas=tuple(quotas),
    )


def _check_reserved(case: Case, quotas: Sequence[Quota]) -> None:
    from rpe_geo.commission.quotas import check_quotas

    offered = np.array([record.agrement.places_offered for record in case.providers.records])
    names = [case.providers.name_of(number) for number in range(len(case.providers))]
    check_quotas(quotas, offered.tolist(), names)
