"""Completing an address while it is typed: every word must be there, the last one may be unfinished."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA
from shapely import Point

from rpe_geo.folding import fold
from rpe_geo.geocoding.answers import commune_answer, street_answer
from rpe_geo.geocoding.fallback import TextSearch
from rpe_geo.geocoding.house_numbers import SUFFIXES, HouseNumber
from rpe_geo.geocoding.normalize import ARTICLES, BREAK, MONTHS, numerals_beginning, words
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
_POSTCODE_LENGTH = 5
_FEWEST_FIGURES = 3
_FEWEST_BEGINNING = 3
_LONG_WORD = 8


class CommuneNames:
    """The names of a territory's communes in order, to find those that begin with what is typed."""

    def __init__(self, store: AddressStore) -> None:
        names = (
            (name, commune) for name, communes in store.by_name.items() for commune in communes
        )
        self._sorted = sorted(
            (name, commune) for name, commune in names if commune in store.covered
        )
        self._postcodes = {
            code: [commune for commune in communes if commune in store.covered]
            for code, communes in sorted(store.by_postcode.items())
            if code in store.covered_postcodes
        }

    def beginning(self, text: str, postcode: str, *, limit: int) -> list[int]:
        """
        List the communes whose name begins so, those of the postcode typed first.

        A postcode alone lists its communes, by its first figures too; one that has no such commune excludes none.
        """
        of_postcode = {
            commune
            for code, communes in self._postcodes.items()
            if postcode and code.startswith(postcode)
            for commune in communes
        }
        if not text:
            return sorted(of_postcode)[:limit]
        start = bisect_left(self._sorted, (text, 0))
        found: list[int] = []
        for name, commune in self._sorted[start : start + 20 * limit]:
            if not name.startswith(text):
                break
            if commune not in found:
                found.append(commune)
        return ([commune for commune in found if commune in of_postcode] or found)[:limit]


@dataclass(frozen=True)
class _Typed:
    """What has been typed: whole words, types written out, and the unfinished one."""

    words: list[str]
    unfinished: str
    number: HouseNumber | None
    postcode: str

    @property
    def numerals(self) -> list[str]:
        """What the unfinished word may become as a number."""
        return numerals_beginning(self.unfinished)


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
        Best first; the number typed is placed where the street has it. Nothing that lacks a word typed.
    """
    typed = _read(text[:_LONGEST])
    if len(typed.unfinished) + sum(map(len, typed.words)) < _FEWEST_LETTERS:
        return []
    answers = []
    if typed.number is None:
        city = " ".join(word for word in (*typed.words, typed.unfinished) if word)
        communes = names.beginning(city, typed.postcode, limit=2)
        if not city and len(typed.postcode) < _FEWEST_FIGURES:
            communes = []
        for commune in communes:
            postcode = typed.postcode if typed.postcode in store.covered_postcodes else ""
            answers.append(commune_answer(commune, store, postcode=postcode, score=1.0, doubt=None))
    if typed.words or typed.unfinished:
        ranked = _streets(typed, store, search, near, limit)
        for rank, street in ranked[: max(0, limit - len(answers))]:
            place = (
                find_number(street.plates, typed.number) if typed.number and street.plates else None
            )
            score = min(0.99, 0.5 + rank / 10)
            answers.append(street_answer(street, place, store, limits, score=score))
    return answers[:limit]


def _streets(
    typed: _Typed, store: AddressStore, search: TextSearch, near: Point | None, limit: int
) -> list[tuple[float, Street]]:
    """Find the streets that hold what is typed, best first; slips are forgiven where nothing holds it as it is."""
    terms = [part for word in typed.words for part in word.split(" ")]
    if typed.postcode:
        terms = [*terms, typed.postcode] if len(typed.postcode) == _POSTCODE_LENGTH else terms
    for forgiving in (False, True):
        found = search.completing(terms, typed.unfinished, limit=_CANDIDATES, forgiving=forgiving)
        ranked = []
        for order, number in enumerate(found):
            street = store.street(number)
            rank = _rank(street, typed, store, near, forgiving=forgiving)
            if rank is not None:
                ranked.append((rank, -order, street))
        if ranked:
            ranked.sort(key=lambda entry: entry[:2], reverse=True)
            return [(rank, street) for rank, _, street in ranked[:limit]]
    return []


def _read(text: str) -> _Typed:
    """Cut what is typed into house number, postcode, whole words and the unfinished one."""
    last = _LAST_WORD.search(text)
    unfinished = fold(last[0]) if last else ""
    whole = words(text[: last.start()] if last else text)
    found = [word for word in whole if word != BREAK]
    number, found = _leading_number(found, unfinished)
    postcode = next(
        (word for word in found if len(word) == _POSTCODE_LENGTH and word.isdigit()), ""
    )
    if postcode:
        found.remove(postcode)
    elif unfinished.isdigit() and len(unfinished) >= _FEWEST_FIGURES:
        postcode, unfinished = unfinished[:_POSTCODE_LENGTH], ""
    return _Typed([STREET_TYPES.get(word, word) for word in found], unfinished, number, postcode)


def _leading_number(typed: list[str], unfinished: str) -> tuple[HouseNumber | None, list[str]]:
    """Take the house number that the text begins with; « 8 mai » is a date."""
    following = typed[1] if len(typed) > 1 else unfinished
    if not typed or not typed[0].isdigit() or len(typed[0]) > 4 or not following:
        return None, typed
    if any(month.startswith(following) for month in MONTHS) and len(following) > 2:
        return None, typed
    number = int(typed[0])
    if len(typed) > 1 and (
        typed[1] in SUFFIXES or (len(typed[1]) == 1 and typed[1] not in {"l", "d", "r"})
    ):
        return HouseNumber(number, SUFFIXES.get(typed[1], typed[1])), typed[2:]
    return HouseNumber(number), typed[1:]


def _rank(
    street: Street, typed: _Typed, store: AddressStore, near: Point | None, *, forgiving: bool
) -> float | None:
    """
    Rank a completion: in the order typed, articles too, with the number asked for, larger and nearer ones first.

    None for a street that does not hold what was typed, or holds it in its city's name alone.
    """
    name = [part for word in words(street.name) for part in STREET_TYPES.get(word, word).split(" ")]
    commune = store.communes[street.commune]
    city = {*words(commune.city), *words(street.old_city)}
    wanted = [part for word in typed.words for part in word.split(" ")]
    if commune.arrondissement and city.intersection(wanted):
        city.add(str(commune.arrondissement))
    if not _holds(name, city, wanted, typed, forgiving=forgiving):
        return None
    rank = 0.3 * math.log10(len(street.plates) + 1)
    in_name = _leading(wanted, name)
    rank += _follows(name, wanted[:in_name], typed if in_name == len(wanted) else None)
    if typed.number and street.plates.numbered(typed.number.number):
        rank += 1.2
    if near is not None:
        away_km = metres(near.x, near.y, street.longitude, street.latitude) / 1000
        rank += 1.0 / (1.0 + away_km)
    return rank


def _holds(
    name: Sequence[str], city: set[str], wanted: Sequence[str], typed: _Typed, *, forgiving: bool
) -> bool:
    """Tell whether every word is in the name or the city, and one of them in the name."""
    in_name = False
    for word in wanted:
        if word in ARTICLES:
            continue
        if word in name:
            in_name = True
        elif forgiving and any(_nearly(word, other) for other in name):
            in_name = in_name or word not in STREET_TYPES
        elif forgiving and word in STREET_TYPES:
            continue
        elif not (word in city or (forgiving and any(_nearly(word, other) for other in city))):
            return False
    unfinished = typed.unfinished
    if not unfinished:
        return in_name
    written_out = words(unfinished)
    whole = written_out[0] if len(written_out) == 1 else unfinished
    beginnings = {unfinished, whole}
    numerals = typed.numerals
    for word in name:
        begins = word.startswith(tuple(beginnings)) or word in numerals
        if begins or STREET_TYPES.get(unfinished) == word:
            return True
        if forgiving and len(unfinished) >= 4 and _nearly(unfinished, word[: len(unfinished)]):
            return True
    if unfinished in ARTICLES:
        return False
    return in_name and any(word.startswith(tuple(beginnings)) for word in city)


def _nearly(typed: str, known: str) -> bool:
    if len(typed) >= _FEWEST_BEGINNING and known.startswith(typed):
        return True
    slips = 1 if len(typed) < _LONG_WORD else 2
    return len(typed) >= 4 and OSA.distance(typed, known, score_cutoff=slips) <= slips


def _leading(wanted: Sequence[str], name: Sequence[str]) -> int:
    """Count the words typed up to the last one that the name holds; the rest names a city."""
    return next((index for index in range(len(wanted), 0, -1) if wanted[index - 1] in name), 0)


def _follows(name: Sequence[str], wanted: Sequence[str], typed: _Typed | None) -> float:
    """Rate how a name follows what is typed: word for word with its articles 2.6, without 2, elsewhere less."""

    def goes_on(following: Sequence[str]) -> bool:
        if typed is None or not typed.unfinished:
            return True
        return bool(following) and (
            following[0].startswith(typed.unfinished) or following[0] in typed.numerals
        )

    def rate(words_typed: Sequence[str], words_known: Sequence[str]) -> float:
        begins = list(words_known[: len(words_typed)]) == list(words_typed)
        if begins and words_typed:
            return 1.0 + goes_on(words_known[len(words_typed) :])
        if not words_typed and typed is not None:
            return 2.0 * goes_on(words_known)
        return 0.3 if words_typed and words_typed[0] in words_known else 0.0

    plain = rate(
        [word for word in wanted if word not in ARTICLES],
        [word for word in name if word not in ARTICLES],
    )
    # an unfinished « du » is an article before it is a beginning
    exact = rate(wanted, name)
    if typed is not None and typed.unfinished in ARTICLES and typed.unfinished not in name:
        exact = min(exact, 1.0)
    return max(plain, exact + 0.6 if exact >= 2 else exact)
