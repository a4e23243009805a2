"""How a legal case is written: who is asked, what is asked, and the verdict that the text gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = [
    "ABSENT",
    "DAYS",
    "FIVE_TO_ELEVEN",
    "MAM",
    "MORNINGS",
    "NEVER_SAID",
    "OVER_ELEVEN",
    "TODAY",
    "UNDER_THREE",
    "WANTED",
    "Case",
    "Record",
    "contract",
    "declared",
    "house",
    "member",
    "minder",
    "need",
]

Record = dict[str, Any]

TODAY = "2026-11-22"
WANTED = "2027-01-04"
"""A Monday: the start of most needs, and the `accepted` of a case whose care begins on the wanted day."""
MORNINGS = "Mo-Fr 08:00-12:00"
DAYS = "Mo-Fr 08:00-17:00"
UNDER_THREE, FIVE_TO_ELEVEN, OVER_ELEVEN = "2026-06-01", "2021-06-01", "2010-01-01"
"""Birth dates of children who keep that age over the 24 months from the wanted start."""
ABSENT = object()
"""A field that is not written."""
NEVER_SAID: tuple[str, ...] = ("availability_stale", "working_hours_unknown")
MAM = "M"


@dataclass(frozen=True)
class Case:
    """
    One question and its answer.

    Parameters
    ----------
    number
        Paragraph of §4bis and a number; those of 30 combine several paragraphs.
    reason
        Why the verdict is what it is, in one line.
    who, asked
        The childminder and the need, as they stand in the files.
    others, mams
        Other childminders of the registry, and its MAM; None without a file of MAM.
    accepted
        The start of an accepted need; None for a refused one.
    refused
        Every broken rule, with the fields (`have`, `limit`, `from`, `when`) that the text fixes.
    relaxed
        Every relaxation, as (change, to); None where the case is not about them.
    warned
        Every warning.
    share
        `hours_share`.
    atypical
        Fields of `atypical` that the case is about.
    """

    number: str
    reason: str
    who: Record
    asked: Record
    accepted: str | None = None
    refused: Mapping[str, Mapping[str, object]] | None = None
    relaxed: Sequence[tuple[str, object]] | None = None
    warned: Sequence[str] = ()
    share: float = 1.0
    atypical: Mapping[str, object] | None = None
    others: Sequence[Record] = ()
    mams: Sequence[Record] | None = None


def contract(
    hours: str | list[str] = DAYS,
    birth: str | None = UNDER_THREE,
    *,
    start: str = "2026-01-05",
    **fields: object,
) -> Record:
    """A contract already begun, of a child who stays under three; its number is that of its place in the list."""
    written = {"start": start, "presence": hours, **fields}
    return written if birth is None else {**written, "child_birth_date": birth}


def minder(
    *contracts: Record,
    number: str = "A",
    hours: object = "Mo-Su 00:00-24:00",
    places: int = 4,
    own: Sequence[str | Record] = (),
    agrement: Mapping[str, object] | None = None,
    **fields: object,
) -> Record:
    """A childminder who works at any hour, confirmed lately, with four places."""
    record: Record = {
        "childminder_id": number,
        "longitude": 3.9,
        "latitude": 43.6,
        "agrement": {"places": places, **(agrement or {})},
        "own_children": [{"birth_date": one} if isinstance(one, str) else one for one in own],
        "working_hours": hours,
        "contracts": [
            {"contract_id": f"C-{place}", **one} for place, one in enumerate(contracts, start=1)
        ],
        "availability_confirmed_on": "2026-11-01",
        **fields,
    }
    return {name: value for name, value in record.items() if value is not ABSENT}


def member(number: int | str, *contracts: Record, **fields: Any) -> Record:
    """A member of the MAM; by her number, another than the one asked."""
    return minder(*contracts, number=f"B-{number}", mam_id=MAM, **fields)


def house(**limits: int) -> list[Record]:
    """The MAM with its limits."""
    return [{"mam_id": MAM, "longitude": 3.9, "latitude": 43.6, **limits}]


def declared(
    hours: str | list[str], places: int = 1, since: str | None = None, until: str | None = None
) -> Record:
    """Places declared free."""
    return {"hours": hours, "places": places, "from": since, "until": until}


def need(
    hours: str | list[str] = DAYS,
    *births: str | Record,
    start: str = WANTED,
    tolerance: int | None = None,
    share: float | None = None,
    **fields: object,
) -> Record:
    """What is asked for a child born on 1 May 2026, from the wanted start on."""
    record: Record = {
        "request_id": "R",
        "longitude": 3.9,
        "latitude": 43.6,
        "children": [
            {"birth_date": one} if isinstance(one, str) else one
            for one in births or ("2026-05-01",)
        ],
        "start": start,
        "schedule": hours,
        **fields,
    }
    if tolerance is not None:
        record["start_tolerance_days"] = tolerance
    if share is not None:
        record["min_hours_share"] = share
    return record
