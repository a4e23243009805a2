"""Places that a provider reserves: for children with a disability, parents on the way to work, an employer's families."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rpe_geo.errors import InputError

__all__ = ["Quota", "check_quotas"]


@dataclass(frozen=True)
class Quota:
    """
    Some places kept for some families; the others share what is left.

    Parameters
    ----------
    provider
        Number of the provider.
    criterion
        Who they are kept for.
    places
        How many.
    families
        Numbers of the families that the criterion names.
    """

    provider: int
    criterion: str
    places: int
    families: frozenset[int]


def check_quotas(quotas: Sequence[Quota], places: Sequence[int], names: Sequence[str]) -> None:
    """
    Refuse reservations that ask for more places than there are.

    Parameters
    ----------
    quotas
        All of them.
    places, names
        Offered by each provider, and what it is called.

    Raises
    ------
    InputError
        Naming the provider, the places reserved and those offered.
    """
    reserved: dict[int, int] = {}
    for quota in quotas:
        reserved[quota.provider] = reserved.get(quota.provider, 0) + quota.places
    for provider, asked in reserved.items():
        if asked > places[provider]:
            raise InputError(
                "quota_too_large", name=names[provider], asked=asked, places=places[provider]
            )
