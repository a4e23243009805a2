"""Invented people: names put together by chance, telephone numbers reserved for fiction, addresses at example.org."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from rpe_geo.domain import Contact
from rpe_geo.synthetic.names import FIRST_NAMES, SURNAMES, plain_capitals

__all__ = ["draw", "invent_contact", "invent_name"]

_PLAIN = {
    name: plain_capitals(name).lower().replace(" ", "-") for name in {*FIRST_NAMES, *SURNAMES}
}


def draw(shares: Mapping[str, float], rng: Random) -> str:
    """Draw a name by its share."""
    return rng.choices(tuple(shares), tuple(shares.values()))[0]


def invent_name(rng: Random) -> tuple[str, str]:
    """Put a common first name and a common surname together."""
    return rng.choice(FIRST_NAMES), rng.choice(SURNAMES)


def invent_contact(first: str, last: str, number: int, rng: Random) -> Contact:
    """
    Invent a way to reach somebody who does not exist.

    Parameters
    ----------
    first, last
        The name.
    number
        Keeps two of the same name apart.
    rng
        Source of chance.

    Returns
    -------
    Contact
        A number of the ranges that Arcep keeps for fiction (01 99 00 and 06 39 98), a domain of RFC 2606.
    """
    prefix = "06 39 98" if rng.random() < 0.8 else "01 99 00"
    digits = rng.randrange(10_000)
    phone = f"{prefix} {digits // 100:02d} {digits % 100:02d}"
    return Contact(phone=phone, email=f"{_PLAIN[first]}.{_PLAIN[last]}{number}@example.org")
