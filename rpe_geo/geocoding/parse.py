"""
An address as typed, taken apart: number, postcode, arrondissement, what may name the street and the city.

Nothing is looked up here. What cannot be known without an index (where the street ends and the city begins) is left
open: the reader gets the words in order, with their breaks, and tries the possible cuts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA

from rpe_geo.geocoding.house_numbers import (
    NUMBER_WORDS,
    NUMBERED,
    HouseNumber,
    begins_way,
    take_number,
)
from rpe_geo.geocoding.normalize import ARTICLES, BREAK, MARK, MONTHS
from rpe_geo.geocoding.premises import drop_premises
from rpe_geo.geocoding.street_names import split_type
from rpe_geo.geocoding.typed_text import drop_departement_name, drop_regions, typed_words

__all__ = ["LONGEST_ADDRESS", "ParsedAddress", "parse"]

LONGEST_ADDRESS = 400
"""Characters; no French address is longer, so a longer text is not read as one."""

# 96 is nobody's: invented places use it (data/communes/demonstration).
_POSTCODE = re.compile(r"(?:0[1-9]|[1-8]\d|9[0-68])\d{3}$|97\d{3}$")
_POST_BOX = frozenset({"bp", "cs", "tsa", "cedex", "cdx"})
_ARRONDISSEMENT = frozenset({"arrondissement", "arrdt", "arrdts", "arr", "ardt", "arrond", "arrt"})
_WITH_ARRONDISSEMENTS = frozenset({"paris", "marseille", "lyon"})


@dataclass(frozen=True, slots=True)
class ParsedAddress:
    """
    What an address says, before anything is looked up.

    Parameters
    ----------
    number, second
        House number; the upper end of a range (« 12-14 »).
    postcode
        Five digits, or "".
    cedex
        Whether the postcode is one of business mail, not of a place.
    arrondissement
        Of Paris, Lyon or Marseille; 0 when none is named.
    head
        Words before the number: a building, a city written first, or nothing.
    body
        Words of the street and, mostly after it, of the city, with `BREAK` where a comma stood.
    after_postcode
        Where in `body` the words that followed the postcode begin; None when it was not inside.
    city
        Words of the city when it came in a column of its own.
    beside
        Words of the part that the number belongs to.
    begins_way
        Whether the number stands right before a type of way.
    unclear
        Whether a number was typed that cannot be read, or two that contend.
    """

    number: HouseNumber | None = None
    second: HouseNumber | None = None
    postcode: str = ""
    cedex: bool = False
    arrondissement: int = 0
    head: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    after_postcode: int | None = None
    city: tuple[str, ...] = field(default=())
    beside: tuple[str, ...] = ()
    begins_way: bool = False
    unclear: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was said."""
        return not (self.head or self.body or self.city or self.postcode)


def parse(
    text: str,
    postcode: str | None = None,
    city: str | None = None,
    *,
    places: Collection[tuple[str, ...]] = (),
    postcodes: Container[str] = (),
) -> ParsedAddress:
    """
    Take an address apart.

    Parameters
    ----------
    text
        The address, or its street part when the postcode and the city have columns of their own.
    postcode, city
        Those columns; "" and None are the same.
    places
        Names of places that begin like an occupant, « Chez Jarry », as plain words: they are kept.
    postcodes
        Those of the territory: one that lost its zero in a spreadsheet, « 1100 Valmont », is known by them.

    Returns
    -------
    ParsedAddress
        Its parts; `is_empty` when there is nothing.

    Examples
    --------
    >>> parsed = parse("Bât. B, 12bis av. Jean Jaurès 90000 Belfort Cedex")
    >>> parsed.number, parsed.postcode, parsed.cedex
    (HouseNumber(number=12, suffix='bis'), '90000', True)
    >>> parsed.body
    ('av', 'jean', 'jaures', 'belfort')
    """
    found = typed_words(text)
    city_words = typed_words(city or "")
    typed_postcode = _column_postcode(postcode)
    found, cedex = _drop_post_boxes(found)
    if (
        len(found) > 1 and found[-1] == "sp"
    ):  # « Paris 07 SP », the service postal of the ministries
        found = found[:-1]
    city_words, city_cedex = _drop_post_boxes(city_words)
    found, inner = _take_postcode(found, postcodes)
    city_words, beside = _take_postcode(city_words, postcodes)
    city_words = [word for word in city_words if word != MARK]
    read_postcode = typed_postcode or inner or beside
    if BREAK in found:
        found = drop_regions(found, read_postcode)
    found, arrondissement = _take_arrondissement(found)
    city_words, city_arrondissement = _take_arrondissement(city_words, whole=True)
    read = take_number(drop_premises(found, places))
    number, body = read.number, read.body
    if MARK in body:
        after_postcode: int | None = body.index(MARK)
        body = _trim([word for word in body if word != MARK])
    else:
        after_postcode = None
    if not city_words:
        body, after_postcode = _drop_country(body, after_postcode)
    if number and not (typed_postcode or inner or city_words):
        body = _drop_departement(drop_departement_name(body))
    return ParsedAddress(
        number=number,
        second=read.second,
        postcode=read_postcode,
        cedex=cedex or city_cedex,
        arrondissement=city_arrondissement or arrondissement,
        head=tuple(word for word in read.head if word != MARK),
        body=tuple(body),
        after_postcode=after_postcode,
        city=tuple(word for word in city_words if word != BREAK),
        beside=read.beside,
        begins_way=read.begins_way,
        unclear=read.unclear,
    )


def _column_postcode(postcode: str | None) -> str:
    """Read a postcode column: « 1000 » has lost its zero in a spreadsheet, « 75012.0 » gained a decimal."""
    digits = re.sub(r"\D", "", re.sub(r"[.,]0+$", "", (postcode or "").strip()))
    digits = digits.zfill(5) if len(digits) == 4 else digits
    return digits if len(digits) == 5 and _POSTCODE.match(digits) else ""


def _drop_post_boxes(found: list[str]) -> tuple[list[str], bool]:
    """Remove « BP 12 », « CS 90001 », « TSA 1 », « Cedex 09 »; tell whether the postcode is a Cedex."""
    kept: list[str] = []
    cedex = False
    index = 0
    while index < len(found):
        word = found[index]
        if word in _POST_BOX:
            business = word in {"cedex", "cdx"}
            following = found[index + 1] if index + 1 < len(found) else ""
            if following in NUMBER_WORDS and index + 2 < len(found) and not business:
                index += 1
                following = found[index + 1]
            if business:
                cedex = True
                # « Paris Cedex 1 rue Scotto »: the figure is the house's
                figure = following.isdigit() and len(following) <= 2
                index += 2 if figure and not begins_way(found, index + 2) else 1
                continue
            if following.isdigit():
                index += 2
                # « CS 90 001 »; but « CS 7 12 rue »
                cut_in_two = len(following) == 2 and index < len(found) and len(found[index]) == 3
                if cut_in_two and found[index].isdigit() and word != "bp":
                    index += 1
                continue
        kept.append(word)
        index += 1
    return kept, cedex


def _take_postcode(found: list[str], postcodes: Container[str]) -> tuple[list[str], str]:
    """Take the last group of five digits that may be a postcode; leave a mark in its place."""
    for index in range(len(found) - 1, -1, -1):
        word = found[index]
        if len(word) != 5 or not word.isdigit() or not _POSTCODE.match(word):
            continue
        if (
            index + 1 < len(found)
            and index == 0
            and split_type(found[1:])[0]
            and _numbers_later(found)
        ):
            continue  # « 12345 chemin de … 34000 … »: the first one is a house number
        before = index - 1 if index and found[index - 1] == "f" else index
        return [*found[:before], MARK, *found[index + 1 :]], word
    for index in range(1, len(found) - 1):  # « 75 012 Paris »
        first, second = found[index], found[index + 1]
        if len(first) == 2 and len(second) == 3 and first.isdigit() and second.isdigit():
            joined = first + second
            tail = found[index + 2 :]
            if _POSTCODE.match(joined) and tail and not any(word.isdigit() for word in tail):
                return [*found[:index], MARK, *tail], joined
    for index in range(len(found) - 1, 0, -1):  # « 1100 Valmont » has lost its zero
        word = found[index]
        if len(word) == 4 and word.isdigit() and "0" + word in postcodes:
            if found[index - 1] in MONTHS or found[index - 1] in NUMBER_WORDS:
                continue
            if not split_type(found[index + 1 : index + 3])[0]:
                return [*found[:index], MARK, *found[index + 1 :]], "0" + word
    return found, ""


def _numbers_later(found: Sequence[str]) -> bool:
    return any(len(word) == 5 and word.isdigit() for word in found[1:])


def _take_arrondissement(found: list[str], *, whole: bool = False) -> tuple[list[str], int]:
    """Take « 12e arrondissement », « Paris 12 »; 0 when there is none."""
    for index, word in enumerate(found):
        if _names_arrondissement(word) and index and _is_arrondissement(found[index - 1]):
            return [*found[: index - 1], *found[index + 1 :]], int(found[index - 1])
        if (
            _names_arrondissement(word)
            and index > 1
            and found[index - 1] == "e"
            and _is_arrondissement(found[index - 2])
        ):
            return [*found[: index - 2], *found[index + 1 :]], int(found[index - 2])
    for index in range(len(found) - 1):
        after = found[index + 1]
        divided = _divided_city(found[index])
        if not divided or not _is_arrondissement(after):
            continue
        alone = (
            whole
            or index == 0
            or found[index - 1] in {BREAK, MARK}
            or found[index - 1] not in ARTICLES
        )
        rest = found[index + 2 :]
        ends = not rest or rest[0] in {BREAK, MARK} or rest[0] == "e"
        # « Paris 12e 11 rue Lacuée »
        begins = index == 0 or found[index - 1] in {BREAK, MARK}
        ends = ends or (begins and rest[0].isdigit() and _names_a_type(rest[1:]))
        if alone and ends:
            skip = 3 if rest and rest[0] == "e" else 2
            return [*found[:index], divided, *found[index + skip :]], int(after)
    return found, 0


def _names_a_type(found: Sequence[str]) -> bool:
    return any(split_type(found[at : at + 2])[0] for at in range(min(4, len(found))))


def _divided_city(word: str) -> str:
    """Name the city with arrondissements that a word means, slips forgiven; "" for none."""
    if word in _WITH_ARRONDISSEMENTS:
        return word
    if len(word) < 4:
        return ""
    return next((city for city in ("paris", "marseille") if OSA.distance(word, city) == 1), "")


def _names_arrondissement(word: str) -> bool:
    return word in _ARRONDISSEMENT or (
        len(word) > 9 and word.startswith("ar") and OSA.distance(word, "arrondissement") <= 3
    )


def _is_arrondissement(word: str) -> bool:
    return word.isdigit() and len(word) <= 2 and 1 <= int(word) <= 20


def _trim(words: Sequence[str]) -> list[str]:
    """Remove breaks at both ends."""
    trimmed = list(words)
    while trimmed and trimmed[0] == BREAK:
        trimmed.pop(0)
    while trimmed and trimmed[-1] == BREAK:
        trimmed.pop()
    return trimmed


def _drop_country(body: list[str], after_postcode: int | None) -> tuple[list[str], int | None]:
    """Remove a final « France »."""
    if (
        len(body) > 1
        and body[-1] == "france"
        and body[-2] not in ARTICLES
        and body[-2] not in {"anatole", "mendes"}
        and "ile" not in body[-3:]
    ):
        body = _trim(body[:-1])
    if after_postcode is not None:
        after_postcode = min(after_postcode, len(body))
    return body, after_postcode


def _drop_departement(body: list[str]) -> list[str]:
    """Remove a final département: « Belfort (90) », « Mende 48 »."""
    if len(body) > 2 and len(body[-1]) == 2 and body[-1].isdigit():
        before = body[-2]
        if before not in ARTICLES and before not in NUMBERED and before not in MONTHS:
            return _trim(body[:-1])
    return body
