"""Completing an address while it is typed: every word must be there, the last one may be unfinished."""

from __future__ import annotations

import math
import re
from bisect import bisect_left

from shapely import Point

from rpe_geo.geocoding.answers import commune_answer, street_answer
from rpe_geo.geocoding.fallback import TextSearch
from rpe_geo.geocoding.house_numbers import SUFFIXES, HouseNumber
from rpe_geo.geocoding.normalize import ARTICLES, BREAK, fold, words
from rpe_geo.geocoding.numbers import find_number, metres
from rpe_geo.geocoding.store import AddressStore, Street
from rpe_geo.geocoding.street_names import STREET_TYPES
from rpe_geo.parameters import ParameterTable
from rpe_geo.protocols import Geocoded

__all__ = ["CommuneNames", "complete"]

_LONGEST = 200
_CANDIDATES = 60
_FEWEST_LETTERS = 2
_LAST_WORD = re.compile(r"[^\W_]+$")


class CommuneNames:
    """The names of a territory's communes in order, to find those that begin with what is typed."""

    def __init__(self, store: AddressStore) -> None:
        names = (
            (name, commune) for name, communes in store.by_name.items() for commune in communes
        )
        self._sorted = sorted(
            (name, commune) for name, commune in names if commune in store.covered
        )

    def beginning(self, text: str, *, limit: int) -> list[int]:
        """List the communes whose name begins so."""
        start = bisect_left(self._sorted, (text, 0))
        found: list[int] = []
        for name, commune in self._sorted[start : start + 20 * limit]:
            if not name.startswith(text) or len(found) >= limit:
                break
            if commune not in found:
                found.append(commune)
        return found


def complete(
    text: str,
    store: AddressStore,
    search: TextSearch,
    names: CommuneNames,
    limits: ParameterTable,
    *,
    limit: int,
    near: Point | None,
) -> list[Geocoded]:
    """
    Complete what is being typed.

    Parameters
    ----------
    text
        So far; the last word may be unfinished.
    store, search, names, limits
        The index and its parameters.
    limit
        How many answers at most.
    near
        Prefer places near this point (EPSG:4326).

    Returns
    -------
    list of Geocoded
        Best first; the number typed is placed where the street has it.
    """
    text = text[:_LONGEST]
    typed, unfinished = _split(text)
    number, typed = _leading_number(typed, unfinished)
    if len(fold(unfinished)) + sum(map(len, typed)) < _FEWEST_LETTERS:
        return []
    communes = [] if number else names.beginning(" ".join([*typed, unfinished]).strip(), limit=2)
    answers = [commune_answer(c, store, postcode="", score=1.0, doubt=None) for c in communes]
    spelled = [STREET_TYPES.get(word, word) for word in typed]
    terms = [part for word in spelled for part in word.split(" ")]
    found = search.completing(terms, unfinished, limit=_CANDIDATES, forgiving=False)
    if len(found) < limit:
        more = search.completing(terms, unfinished, limit=_CANDIDATES, forgiving=True)
        found.extend(street for street in more if street not in found)
    streets = [store.street(street) for street in found[:_CANDIDATES]]
    ranked = sorted(
        enumerate(streets),
        key=lambda pair: (-_rank(pair[1], typed, unfinished, number, near), pair[0]),
    )
    for _, street in ranked[: max(0, limit - len(answers))]:
        place = find_number(street.plates, number) if number and street.plates else None
        rank = _rank(street, typed, unfinished, number, near)
        answers.append(
            street_answer(street, place, store, limits, score=min(0.99, 0.5 + rank / 10))
        )
    return answers[:limit]


def _split(text: str) -> tuple[list[str], str]:
    """Cut what is typed into whole words and the unfinished one."""
    last = _LAST_WORD.search(text)
    if last is None:
        return [word for word in words(text) if word != BREAK], ""
    whole = [word for word in words(text[: last.start()]) if word != BREAK]
    return whole, fold(last[0])


def _leading_number(typed: list[str], unfinished: str) -> tuple[HouseNumber | None, list[str]]:
    """Take the house number that the text begins with."""
    if (
        not typed
        or not typed[0].isdigit()
        or len(typed[0]) > 4
        or not (len(typed) > 1 or unfinished)
    ):
        return None, typed
    number = int(typed[0])
    if len(typed) > 1 and (
        typed[1] in SUFFIXES or (len(typed[1]) == 1 and typed[1] not in {"l", "d", "r"})
    ):
        return HouseNumber(number, SUFFIXES.get(typed[1], typed[1])), typed[2:]
    return HouseNumber(number), typed[1:]


def _rank(
    street: Street,
    typed: list[str],
    unfinished: str,
    number: HouseNumber | None,
    near: Point | None,
) -> float:
    """Rank a completion: in the order typed, with the number asked for, larger and nearer ones first."""
    name = [word for word in words(street.name) if word not in ARTICLES]
    wanted = [STREET_TYPES.get(word, word) for word in typed if word not in ARTICLES]
    rank = 0.3 * math.log10(len(street.plates) + 1)
    begins = [STREET_TYPES.get(word, word) for word in name[: len(wanted)]] == wanted[: len(name)]
    if begins:
        rank += 1.0
        following = name[len(wanted) : len(wanted) + 1]
        if not unfinished or (following and following[0].startswith(unfinished)):
            rank += 1.0
    elif wanted and wanted[0] in name:
        rank += 0.3
    if number and street.plates.numbered(number.number):
        rank += 1.2
    if near is not None:
        away_km = metres(near.x, near.y, street.longitude, street.latitude) / 1000
        rank += 1.0 / (1.0 + away_km)
    return rank
