"""The registry as one list: childminders, MAM and other places, searched, filtered, sorted and cut into pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

import numpy as np
from starlette.datastructures import FormData, QueryParams

from api.pages.requests.inbox import matches
from api.pages.work import Work
from rpe_geo.domain import Childminder, Facility, Mam
from rpe_geo.folding import fold_words
from rpe_geo.messages.fields import CHOICES
from rpe_geo.schedule import QUARTERS_PER_WEEK

__all__ = [
    "FRESHNESS",
    "FRESH_DAYS",
    "KINDS",
    "PAGE",
    "SORTS",
    "Entry",
    "Wanted",
    "age_of",
    "entries",
    "free_places",
    "page_of",
]

FRESH_DAYS = 183
PAGE = 50
KINDS: dict[str, type[Any]] = {"am": Childminder, "mam": Mam, "lieu": Facility}
"""The word of each kind of record in addresses of pages."""

FRESHNESS = {
    "fraiche": "Confirmée depuis 6 mois",
    "verifier": "À vérifier",
    "jamais": "Jamais confirmée",
}
SORTS = {
    "nom": "Nom",
    "commune": "Commune",
    "nature": "Nature",
    "libres": "Places libres",
    "confirme": "Confirmation",
}
_COMMUNE = re.compile(r"\b\d{5}\s+(?P<name>[^\d,]+)$")


def age_of(record: Childminder, today: date) -> int | None:
    """Count the days since she confirmed her availability; None when she never did."""
    confirmed = record.availability_confirmed_on
    return None if confirmed is None else (today - confirmed).days


def page_of(kind: str, identity: str) -> str:
    """Write the address of the page of a record."""
    return f"/pro/registre/{'' if kind == 'am' else f'{kind}/'}{quote(identity, safe='')}"


def free_places(record: Childminder, today: date) -> int | None:
    """
    Count the places that stay free at the busiest hour of her week; None when nobody knows.

    Parameters
    ----------
    record
        With the contracts in force; without them, what she declared free counts.
    today
        Contracts that ended before, or begin later, take no place.
    """
    if record.agrement.status != "active":
        return 0
    offered = record.agrement.places_offered
    if record.contracts is None:
        declared = [
            one.places
            for one in record.availabilities or ()
            if (one.start is None or one.start <= today)
            and (one.until is None or today <= one.until)
        ]
        return min(offered, max(declared)) if declared else None
    taken = np.zeros(QUARTERS_PER_WEEK, dtype=np.intp)
    for contract in record.contracts:
        if contract.start <= today and (contract.end is None or today <= contract.end):
            taken += contract.presence.slots.reshape(-1, QUARTERS_PER_WEEK).any(axis=0)
    return max(0, offered - int(taken.max()))


@dataclass(frozen=True)
class Entry:
    """
    One line of the list.

    Parameters
    ----------
    kind
        `am`, `mam` or `lieu`.
    nature
        What it is, as people say.
    state
        Key of its state: a status of agrément, `open` or `closed`.
    free
        Places free; None when not known.
    age
        Days since the last confirmation; None when there is none.
    """

    kind: str
    record: Childminder | Mam | Facility
    identity: str
    nature: str
    commune: str
    state: str
    places: int | None
    free: int | None
    age: int | None

    @property
    def name(self) -> str:
        """Its name, or its number when it has none."""
        return self.record.name or self.identity

    @property
    def path(self) -> str:
        """The address of its page."""
        return page_of(self.kind, self.identity)

    @property
    def state_said(self) -> str:
        """Its state in words."""
        words = {"open": "Ouvert", "closed": "Fermé"} | CHOICES["agrement.status"]
        return words[self.state]

    @property
    def freshness(self) -> str:
        """`fraiche`, `verifier`, `jamais`; empty where nothing is to be confirmed."""
        if not isinstance(self.record, Childminder) or self.record.agrement.status in {
            "ceased",
            "withdrawn",
            "ended",
        }:
            return ""
        if self.age is None:
            return "jamais"
        return "fraiche" if self.age <= FRESH_DAYS else "verifier"


def entries(work: Work, today: date) -> list[Entry]:
    """List every record of the registry, those that are closed too."""
    repository = work.repository
    found = [
        Entry(
            "am",
            one,
            one.childminder_id,
            "Assistant·e maternel·le",
            _commune(one.address),
            one.agrement.status,
            one.agrement.places_offered,
            free_places(one, today),
            age_of(one, today),
        )
        for one in repository.childminders()
    ]
    for state, mams, places in (
        ("open", repository.mams(), repository.facilities()),
        ("closed", repository.ceased(Mam), repository.ceased(Facility)),
    ):
        found += [
            Entry("mam", mam, mam.mam_id, "MAM", _commune(mam.address), state, None, None, None)
            for mam in mams
        ]
        found += [
            Entry(
                "lieu", one, one.facility_id, one.kind[:1].upper() + one.kind[1:], _commune(one.address),
                state, one.places, None, None,
            )
            for one in places
        ]  # fmt: skip
    return found


def _commune(address: str) -> str:
    found = _COMMUNE.search(address.strip())
    return found["name"].strip() if found else ""


def _sorted(found: Iterable[Entry], order: str) -> list[Entry]:
    keys: dict[str, Callable[[Entry], Any]] = {
        "nom": lambda one: fold_words(one.name),
        "commune": lambda one: (not one.commune, fold_words(one.commune), fold_words(one.name)),
        "nature": lambda one: (fold_words(one.nature), fold_words(one.name)),
        "libres": lambda one: (one.free is None, -(one.free or 0), fold_words(one.name)),
        "confirme": lambda one: (
            one.kind != "am",
            -1 if one.age is None else 0,
            -(one.age or 0),
            fold_words(one.name),
        ),
    }
    return sorted(found, key=keys[order])


@dataclass(frozen=True)
class Wanted:
    """What the list is asked for; names that are looked for are never in addresses of pages."""

    text: str = ""
    nature: str = ""
    state: str = ""
    free: bool = False
    freshness: str = ""
    order: str = "nom"
    page: int = 0

    @classmethod
    def read(cls, given: FormData | QueryParams, *, text: str = "") -> Wanted:
        """Read the filters; words that are none are passed over."""
        page, order = str(given.get("page", "")), str(given.get("tri", ""))
        fresh = str(given.get("fraicheur", "") or given.get("filtre", ""))
        return cls(
            text=text.strip()[:100],
            nature=str(given.get("nature", ""))[:60],
            state=str(given.get("etat", ""))[:20],
            free=given.get("libres") == "oui",
            freshness=fresh if fresh in FRESHNESS else "",
            order=order if order in SORTS else "nom",
            page=int(page) if page.isdecimal() and len(page) < 5 else 0,
        )

    @property
    def narrows(self) -> bool:
        """Whether anything is asked for but an order."""
        return bool(self.text or self.nature or self.state or self.free or self.freshness)

    def choose(self, found: Sequence[Entry]) -> list[Entry]:
        """Keep and sort what is asked for."""
        return _sorted((one for one in found if self._keeps(one)), self.order)

    def _keeps(self, one: Entry) -> bool:
        stale = {"verifier", "jamais"} if self.freshness == "verifier" else {self.freshness}
        return (
            (not self.nature or self.nature in {one.kind, one.nature})
            and (
                one.state == self.state if self.state else one.state != "closed" or bool(self.text)
            )
            and (not self.free or (one.free or 0) > 0)
            and (not self.freshness or one.freshness in stale)
            and matches(self.text, (one.name, one.record.address, one.identity))
        )
